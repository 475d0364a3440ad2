//! Hands the messages of a batch to their adapters: rate, then permit, then timeout, then send; again after a pause
//! where another attempt can help. A pausing message keeps no permit, and neither pauses nor rates outlast a stop.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

use super::rate::Rate;
use super::way::Ways;
use crate::channel::{self, Adapter, Content, Message, Outcome, Spec};
use crate::clock::{self, Clock};
use crate::config;
use crate::domain::{self, AddressNews, ChannelType, Fate};
use crate::telemetry::metric;

/// The longest `Retry-After` that is waited for; a provider that wants more gets no further attempt.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// The way to one adapter, shared by all campaigns that use it.
pub struct Lane {
    /// The adapter's name.
    name: &'static str,
    adapter: Arc<dyn Adapter>,
    batch_messages_max: usize,
    permits: Semaphore,
    rate: Option<Rate>,
    /// Messages in a row that failed because of our settings or credentials.
    misconfigured: AtomicU32,
}

/// Messages in a row that fail because of our settings or credentials, before a run stops.
const MISCONFIGURED_MAX: u32 = 100;

impl Lane {
    /// A lane with the adapter's rate of the settings, to itself.
    pub fn new(
        spec: &'static Spec,
        adapter: Arc<dyn Adapter>,
        settings: &config::Send,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        Self {
            name: spec.name,
            batch_messages_max: spec.batch_messages_max,
            permits: Semaphore::new(channel::calls_at_once(spec, &*adapter)),
            adapter,
            rate: settings.rates.get(spec.name).map(|rate| Rate::new(*rate, clock.clone())),
            misconfigured: AtomicU32::new(0),
        }
    }

    /// The adapter's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Gives the adapter another chance: somebody may have mended its settings.
    pub fn forgive(&self) {
        self.misconfigured.store(0, Relaxed);
    }
}

/// Hands messages to lanes.
pub struct Deliverer {
    clock: Arc<dyn Clock>,
    settings: config::Send,
}

/// What holds for the messages of a batch.
pub struct Terms<'a> {
    /// The campaign's own rate.
    pub rate: Option<&'a Rate>,
    /// Whether a message may still go out, asked right before each attempt: its place, and now.
    pub gate: &'a (dyn Fn(usize, Timestamp) -> Result<(), Fate> + Sync),
    /// Attempts at a message, the first one included.
    pub attempts_max: u32,
    /// Whether an attempt of unknown outcome is repeated.
    pub unknown: config::Unknown,
    /// No message waits longer.
    pub deadline: Option<Timestamp>,
    /// Ends waiting for rates and pauses; messages that were not sent are given back.
    pub stop: &'a CancellationToken,
}

/// What became of a message.
#[derive(Debug, Eq, PartialEq)]
pub struct Delivery {
    /// The message's place in its batch.
    pub place: usize,
    /// `None`: given back, nothing is sent but what `was_unknown` says.
    pub fate: Option<Fate>,
    pub reason: Option<String>,
    /// An attempt may have arrived of which we do not know; maybe not the last one.
    pub was_unknown: bool,
    /// What the provider says of the address.
    pub news: Option<AddressNews>,
    /// What the provider calls the message.
    pub message_id: Option<String>,
}

/// What is known of a message on its way.
struct Slip {
    place: usize,
    was_unknown: bool,
}

impl Slip {
    fn ends(self, fate: Option<Fate>, reason: Option<String>) -> Delivery {
        Delivery { place: self.place, fate, reason, was_unknown: self.was_unknown, news: None, message_id: None }
    }
}

impl Deliverer {
    pub fn new(settings: config::Send, clock: Arc<dyn Clock>) -> Self {
        Self { clock, settings }
    }

    /// Delivers messages, each with its place in its batch. Cheap to call with none.
    ///
    /// Shape: one delivery for each message, in no order; and the adapter among those used, if any, that refused too many
    /// messages in a row because of our settings or credentials. Panics when a message's channel has no lane; the audience
    /// was tested for that.
    pub async fn deliver(
        &self,
        ways: &Ways,
        messages: Vec<(usize, Message)>,
        terms: &Terms<'_>,
    ) -> (Vec<Delivery>, Option<&'static str>) {
        // A handful of lanes at most.
        let mut by_lane: Vec<(&Arc<Lane>, Vec<(Slip, Message)>)> = Vec::new();
        for (place, message) in messages {
            let channel_type = match message.content {
                Content::Custom(_) => ChannelType::Custom,
                _ => message.channel_type,
            };
            let lane = ways.lane(channel_type).expect("the audience holds only channels that are served");
            let item = (Slip { place, was_unknown: false }, message);
            match by_lane.iter_mut().find(|(known, _)| Arc::ptr_eq(known, lane)) {
                Some((_, items)) => items.push(item),
                None => by_lane.push((lane, vec![item])),
            }
        }
        let used: Vec<&Arc<Lane>> = by_lane.iter().map(|(lane, _)| *lane).collect();
        let mut calls = Vec::new();
        for (lane, mut items) in by_lane {
            while !items.is_empty() {
                let rest = items.split_off(items.len().min(lane.batch_messages_max));
                calls.push(self.send(lane, std::mem::replace(&mut items, rest), terms));
            }
        }
        let deliveries = join_all(calls).await.into_iter().flatten().collect();
        let refuses = |lane: &&Arc<Lane>| lane.misconfigured.load(Relaxed) >= MISCONFIGURED_MAX;
        (deliveries, used.into_iter().find(refuses).map(|lane| lane.name))
    }

    /// One call of an adapter, with its further attempts.
    async fn send(&self, lane: &Lane, mut items: Vec<(Slip, Message)>, terms: &Terms<'_>) -> Vec<Delivery> {
        let mut deliveries = Vec::with_capacity(items.len());
        for attempt in 1.. {
            let turn = tokio::select! {
                biased;
                turn = self.turn(lane, items.len(), terms) => match turn {
                    Some(permit) => Some(permit),
                    None => break,
                },
                () = self.passed(terms.deadline) => None,
            };
            // What was waited for may have taken long: the gate decides by the hour it is now.
            let now = self.clock.now();
            let mut open = Vec::with_capacity(items.len());
            for (slip, message) in items.drain(..) {
                match if turn.is_some() { (terms.gate)(slip.place, now) } else { Err(Fate::Expired) } {
                    Ok(()) => open.push((slip, message)),
                    Err(fate) => deliveries.push(slip.ends(Some(fate), None)),
                }
            }
            if open.is_empty() {
                break;
            }
            let (slips, messages): (Vec<Slip>, Vec<Message>) = open.into_iter().unzip();
            let outcomes = self.attempt(lane, &messages).await;
            drop(turn);

            let mut asked = Duration::ZERO;
            for ((mut slip, message), outcome) in slips.into_iter().zip(messages).zip(outcomes) {
                slip.was_unknown |= matches!(outcome, Outcome::Unknown { .. });
                if attempt < terms.attempts_max && another_may_help(&outcome, terms.unknown) {
                    metric::send_retry(message.channel_type);
                    asked = asked.max(outcome.retry_after().unwrap_or_default());
                    items.push((slip, message));
                } else {
                    deliveries.push(delivery(slip, &outcome));
                }
            }
            if items.is_empty() {
                break;
            }
            let ours = domain::pause(attempt, self.settings.pause_min, self.settings.pause_max, fastrand::f64());
            tokio::select! {
                biased;
                () = terms.stop.cancelled() => break,
                () = self.clock.sleep(asked.max(ours)) => {}
            }
        }
        // Only a stop leaves any.
        deliveries.extend(items.into_iter().map(|(slip, _)| slip.ends(None, None)));
        deliveries
    }

    /// Waits for the campaign's rate, a place in the lane, and the lane's rate; `None` when a stop ends the wait for a
    /// rate. Places come free soon, so that a stop waits for them and batches in flight are finished.
    async fn turn<'a>(&self, lane: &'a Lane, messages: usize, terms: &Terms<'_>) -> Option<SemaphorePermit<'a>> {
        if let Some(rate) = terms.rate {
            acquire(rate, messages, terms.stop).await?;
        }
        let permit = lane.permits.acquire().await.expect("lanes are never closed");
        if let Some(rate) = &lane.rate {
            acquire(rate, messages, terms.stop).await?;
        }
        Some(permit)
    }

    async fn passed(&self, deadline: Option<Timestamp>) {
        match deadline {
            Some(deadline) => clock::sleep_until(&*self.clock, deadline).await,
            None => pending().await,
        }
    }

    /// One attempt.
    async fn attempt(&self, lane: &Lane, messages: &[Message]) -> Vec<Outcome> {
        let timeout = self.settings.timeout;
        let outcomes = clock::timeout(&*self.clock, timeout, lane.adapter.send(messages)).await;
        let outcomes = outcomes.unwrap_or_else(|| {
            let reason = format!("no answer within {timeout:?}");
            vec![Outcome::Unknown { reason }; messages.len()]
        });
        assert_eq!(outcomes.len(), messages.len(), "an adapter gives one outcome a message");
        for (message, outcome) in messages.iter().zip(&outcomes) {
            metric::message(message.channel_type, label(outcome));
            match outcome {
                Outcome::Misconfigured { .. } => lane.misconfigured.fetch_add(1, Relaxed),
                _ => lane.misconfigured.swap(0, Relaxed),
            };
        }
        outcomes
    }
}

async fn acquire(rate: &Rate, messages: usize, stop: &CancellationToken) -> Option<()> {
    tokio::select! {
        biased;
        () = rate.acquire(messages) => Some(()),
        () = stop.cancelled() => None,
    }
}

fn another_may_help(outcome: &Outcome, unknown: config::Unknown) -> bool {
    match outcome {
        Outcome::Unknown { .. } => unknown == config::Unknown::Resend,
        _ => outcome.is_retryable() && outcome.retry_after().is_none_or(|wait| wait <= RETRY_AFTER_MAX),
    }
}

fn delivery(slip: Slip, outcome: &Outcome) -> Delivery {
    let fate = match outcome {
        Outcome::Successful { .. } => Fate::Sent,
        Outcome::Throttled { .. } => Fate::Throttled,
        Outcome::TemporaryFailure { .. } => Fate::TemporaryFailure,
        Outcome::DeadAddress { .. } | Outcome::PermanentFailure { .. } | Outcome::Misconfigured { .. } => {
            Fate::PermanentFailure
        }
        Outcome::OptedOut { .. } => Fate::OptOut,
        Outcome::Unknown { .. } => Fate::Unknown,
    };
    let (message_id, news) = match outcome {
        Outcome::Successful { message_id, new_address } => {
            (message_id.clone(), new_address.clone().map(AddressNews::Moved))
        }
        Outcome::DeadAddress { .. } => (None, Some(AddressNews::Dead)),
        Outcome::OptedOut { .. } => (None, Some(AddressNews::OptedOut)),
        _ => (None, None),
    };
    Delivery { news, message_id, ..slip.ends(Some(fate), outcome.reason().map(str::to_owned)) }
}

fn label(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Successful { .. } => "successful",
        Outcome::Throttled { .. } => "throttled",
        Outcome::TemporaryFailure { .. } => "temporary_failure",
        Outcome::DeadAddress { .. } => "dead_address",
        Outcome::OptedOut { .. } => "opted_out",
        Outcome::PermanentFailure { .. } => "permanent_failure",
        Outcome::Misconfigured { .. } => "misconfigured",
        Outcome::Unknown { .. } => "unknown",
    }
}
