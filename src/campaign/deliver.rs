//! Hands the messages of a batch to their adapters: rate, then permit, then timeout, then send; again after a pause
//! where another attempt can help. A waiting attempt keeps no permit.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::rate::Rate;
use crate::channel::{Adapter, Channels, Content, Message, Outcome};
use crate::clock::{self, Clock};
use crate::config;
use crate::domain::{self, ChannelType, Fate};
use crate::telemetry::metric;

/// The longest `Retry-After` that is waited for; a provider that wants more gets no further attempt.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// The way to one adapter, shared by all campaigns.
struct Lane {
    adapter: Arc<dyn Adapter>,
    batch_messages_max: usize,
    permits: Semaphore,
    rate: Option<Rate>,
}

/// The ways to all adapters.
pub struct Lanes {
    lanes: HashMap<&'static str, Lane>,
    channels: Arc<Channels>,
    clock: Arc<dyn Clock>,
    settings: config::Send,
}

/// What holds for all messages of an activity.
pub struct Terms<'a> {
    /// The campaign's own rate.
    pub rate: Option<&'a Rate>,
    /// No attempt begins after it.
    pub deadline: Option<Timestamp>,
    /// Whether an attempt of unknown outcome is repeated.
    pub unknown: config::Unknown,
}

/// What became of a message.
#[derive(Debug, Eq, PartialEq)]
pub struct Delivery {
    /// The message's place in its batch.
    pub place: usize,
    pub fate: Fate,
    pub reason: Option<String>,
    /// An attempt may have arrived of which we do not know; maybe not the last one.
    pub was_unknown: bool,
    /// The provider says the address will never work again.
    pub is_dead: bool,
}

impl Lanes {
    /// One lane for each adapter, with the rates of the settings.
    pub fn new(channels: Arc<Channels>, settings: config::Send, clock: Arc<dyn Clock>) -> Self {
        let lane = |name: &'static str, adapter: Arc<dyn Adapter>, batch_messages_max, in_flight_max| {
            let rate = settings.rates.get(name).map(|rate| Rate::new(*rate, clock.clone()));
            (name, Lane { adapter, batch_messages_max, permits: Semaphore::new(in_flight_max), rate })
        };
        let lanes = channels
            .iter()
            .map(|(spec, adapter)| {
                let in_flight = adapter.in_flight().min(spec.in_flight_max).max(1);
                lane(spec.name, adapter.clone(), spec.batch_messages_max, in_flight)
            })
            .collect();
        Self { lanes, channels, clock, settings }
    }

    /// Delivers messages, each with its place in its batch. Cheap to call with none.
    ///
    /// Shape: one delivery for each message, in no order. Panics when a message's channel has no adapter; the audience
    /// was tested for that.
    pub async fn deliver(&self, messages: Vec<(usize, Message)>, terms: &Terms<'_>) -> Vec<Delivery> {
        let mut by_lane: HashMap<&'static str, Vec<(usize, Message)>> = HashMap::new();
        for (place, message) in messages {
            let channel_type = match message.content {
                Content::Custom(_) => ChannelType::Custom,
                _ => message.channel_type,
            };
            let spec = self.channels.spec_for(channel_type).expect("the audience holds only channels that are served");
            by_lane.entry(spec.name).or_default().push((place, message));
        }
        let mut calls = Vec::new();
        for (name, mut messages) in by_lane {
            let lane = &self.lanes[name];
            while !messages.is_empty() {
                let rest = messages.split_off(messages.len().min(lane.batch_messages_max));
                calls.push(self.send(lane, std::mem::replace(&mut messages, rest), terms));
            }
        }
        join_all(calls).await.into_iter().flatten().collect()
    }

    /// One call of an adapter, with its further attempts.
    async fn send(&self, lane: &Lane, messages: Vec<(usize, Message)>, terms: &Terms<'_>) -> Vec<Delivery> {
        let (mut places, mut messages): (Vec<usize>, Vec<Message>) = messages.into_iter().unzip();
        let mut unknown = vec![false; places.len()];
        let mut deliveries = Vec::with_capacity(places.len());
        for attempt in 1.. {
            let Some(outcomes) = self.attempt(lane, &messages, terms).await else {
                let expired = |(place, was_unknown)| Delivery {
                    place,
                    fate: Fate::Expired,
                    reason: Some("the sending window ended".to_owned()),
                    was_unknown,
                    is_dead: false,
                };
                deliveries.extend(places.into_iter().zip(unknown).map(expired));
                return deliveries;
            };
            let mut wait = Duration::ZERO;
            let mut again = (Vec::new(), Vec::new(), Vec::new());
            for (((place, message), mut was_unknown), outcome) in
                places.into_iter().zip(messages).zip(unknown).zip(outcomes)
            {
                metric::message(message.channel_type, label(&outcome));
                was_unknown |= matches!(outcome, Outcome::Unknown { .. });
                if attempt < self.settings.attempts_max && another_may_help(&outcome, terms.unknown) {
                    metric::send_retry(message.channel_type);
                    wait = wait.max(outcome.retry_after().unwrap_or_default());
                    again.0.push(place);
                    again.1.push(message);
                    again.2.push(was_unknown);
                } else {
                    deliveries.push(delivery(place, outcome, was_unknown));
                }
            }
            if again.0.is_empty() {
                break;
            }
            (places, messages, unknown) = again;
            let ours = domain::pause(attempt, self.settings.pause_min, self.settings.pause_max, fastrand::f64());
            self.clock.sleep(wait.max(ours)).await;
        }
        deliveries
    }

    /// One attempt; `None` when the sending window ended before its turn.
    async fn attempt(&self, lane: &Lane, messages: &[Message], terms: &Terms<'_>) -> Option<Vec<Outcome>> {
        let turn = async {
            for rate in terms.rate.into_iter().chain(&lane.rate) {
                rate.acquire(messages.len()).await;
            }
            lane.permits.acquire().await.expect("lanes are never closed")
        };
        let permit = match terms.deadline {
            None => turn.await,
            Some(deadline) => {
                let left = Duration::try_from(deadline.duration_since(self.clock.now())).ok()?;
                clock::timeout(&*self.clock, left, turn).await?
            }
        };
        let timeout = self.settings.timeout;
        let outcomes = clock::timeout(&*self.clock, timeout, lane.adapter.send(messages)).await;
        drop(permit);
        let outcomes = outcomes.unwrap_or_else(|| {
            let reason = format!("no answer within {timeout:?}");
            vec![Outcome::Unknown { reason }; messages.len()]
        });
        assert_eq!(outcomes.len(), messages.len(), "an adapter gives one outcome a message");
        Some(outcomes)
    }
}

fn another_may_help(outcome: &Outcome, unknown: config::Unknown) -> bool {
    match outcome {
        Outcome::Unknown { .. } => unknown == config::Unknown::Resend,
        _ => outcome.is_retryable() && outcome.retry_after().is_none_or(|wait| wait <= RETRY_AFTER_MAX),
    }
}

fn delivery(place: usize, outcome: Outcome, was_unknown: bool) -> Delivery {
    let fate = match &outcome {
        Outcome::Successful { .. } => Fate::Sent,
        Outcome::Throttled { .. } => Fate::Throttled,
        Outcome::TemporaryFailure { .. } => Fate::TemporaryFailure,
        Outcome::DeadAddress { .. } | Outcome::PermanentFailure { .. } | Outcome::Misconfigured { .. } => {
            Fate::PermanentFailure
        }
        Outcome::Unknown { .. } => Fate::Unknown,
    };
    let is_dead = matches!(outcome, Outcome::DeadAddress { .. });
    Delivery { place, fate, reason: outcome.reason().map(str::to_owned), was_unknown, is_dead }
}

fn label(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Successful { .. } => "successful",
        Outcome::Throttled { .. } => "throttled",
        Outcome::TemporaryFailure { .. } => "temporary_failure",
        Outcome::DeadAddress { .. } => "dead_address",
        Outcome::PermanentFailure { .. } => "permanent_failure",
        Outcome::Misconfigured { .. } => "misconfigured",
        Outcome::Unknown { .. } => "unknown",
    }
}
