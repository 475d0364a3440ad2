//! Hands the messages of a batch to their adapters: rate, then a turn on a lane, then timeout, then send; again after a
//! pause where another attempt can help. A pausing message keeps no permit, and neither pauses nor rates outlast a stop.
//! Each attempt is made on the lane that its route chooses then.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::SemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::lane::{Lane, Ticket};
use super::rate::Rate;
use super::route::{Route, Turn};
use super::way::Ways;
use crate::channel::{Content, Message, Outcome};
use crate::clock::{self, Clock};
use crate::config;
use crate::domain::{self, AddressNews, ChannelType, Fate};
use crate::telemetry::metric;

/// The longest `Retry-After` that is waited for; a provider that wants more gets no further attempt.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// Hands messages to routes.
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
    /// How long a standstill of all providers of a channel type is waited out.
    pub patience: Duration,
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
    /// Shape: one delivery for each message, in no order; and the route among those used, if any, whose every provider
    /// refused too many messages in a row because of our settings or credentials. Panics when a message's channel has no
    /// route; the audience was tested for that.
    pub async fn deliver<'a>(
        &self,
        ways: &'a Ways,
        messages: Vec<(usize, Message)>,
        terms: &Terms<'_>,
    ) -> (Vec<Delivery>, Option<&'a Route>) {
        // A handful of routes at most.
        let mut by_route: Vec<(&Arc<Route>, Vec<(Slip, Message)>)> = Vec::new();
        for (place, message) in messages {
            let channel_type = match message.content {
                Content::Custom(_) => ChannelType::Custom,
                _ => message.channel_type,
            };
            let route = ways.route(channel_type).expect("the audience holds only channels that are served");
            let item = (Slip { place, was_unknown: false }, message);
            match by_route.iter_mut().find(|(known, _)| Arc::ptr_eq(known, route)) {
                Some((_, items)) => items.push(item),
                None => by_route.push((route, vec![item])),
            }
        }
        let used: Vec<&Route> = by_route.iter().map(|(route, _)| &***route).collect();
        let mut calls = Vec::new();
        for (route, mut items) in by_route {
            while !items.is_empty() {
                let rest = items.split_off(items.len().min(route.batch_messages_max()));
                calls.push(self.send(route, std::mem::replace(&mut items, rest), terms));
            }
        }
        let deliveries = join_all(calls).await.into_iter().flatten().collect();
        (deliveries, used.into_iter().find(|route| route.is_refused()))
    }

    /// One call of an adapter, with its further attempts.
    async fn send(&self, route: &Route, mut items: Vec<(Slip, Message)>, terms: &Terms<'_>) -> Vec<Delivery> {
        let mut deliveries = Vec::with_capacity(items.len());
        let mut avoided = None;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let turn = tokio::select! {
                biased;
                turn = self.turn(route, items.len(), avoided, terms) => match turn {
                    Some(turn) => Some(turn),
                    None => break,
                },
                () = self.passed(terms.deadline) => None,
            };
            // What was waited for may have taken long: the gate decides by the hour it is now.
            let now = self.clock.now();
            let may_send = turn.is_some();
            let mut open = Vec::with_capacity(items.len());
            for (slip, message) in items.drain(..) {
                match if may_send { (terms.gate)(slip.place, now) } else { Err(Fate::Expired) } {
                    Ok(()) => open.push((slip, message)),
                    Err(fate) => deliveries.push(slip.ends(Some(fate), None)),
                }
            }
            let Some((ticket, permit)) = turn.filter(|_| !open.is_empty()) else { break };
            let (lane, is_probe) = (ticket.lane(), ticket.is_probe());
            let (slips, messages): (Vec<Slip>, Vec<Message>) = open.into_iter().unzip();
            let outcomes = self.attempt(ticket, &messages).await;
            drop(permit);

            let mut asked = Duration::ZERO;
            // Who is sent ahead to see whether the provider works again does not pay for it.
            let failed_as_probe = is_probe && outcomes.iter().all(|it| matches!(it, Outcome::TemporaryFailure { .. }));
            let is_last = attempt + 1 >= terms.attempts_max;
            avoided = outcomes.iter().any(|outcome| is_for_the_other(outcome, is_last)).then_some(lane);
            for ((mut slip, message), outcome) in slips.into_iter().zip(messages).zip(outcomes) {
                slip.was_unknown |= matches!(outcome, Outcome::Unknown { .. });
                // What this provider asks for is nothing to the other.
                let goes_over = route.avoids(lane) || avoided.is_some() && route.has_fallback();
                let wait = outcome.retry_after().filter(|_| !goes_over).unwrap_or_default();
                let may_help = wait <= RETRY_AFTER_MAX && another_may_help(&outcome, route, terms.unknown);
                if (failed_as_probe || attempt < attempts_max(&outcome, route, terms)) && may_help {
                    metric::send_retry(message.channel_type);
                    asked = asked.max(wait);
                    items.push((slip, message));
                } else {
                    deliveries.push(delivery(slip, &outcome));
                }
            }
            if items.is_empty() {
                break;
            }
            let ours = domain::pause(attempt, self.settings.pause_min, self.settings.pause_max, fastrand::f64());
            if failed_as_probe {
                attempt -= 1;
            }
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

    /// Waits for the campaign's rate, then for a turn on a lane of the route; `None` when a stop ends a wait.
    async fn turn<'a>(
        &self,
        route: &'a Route,
        messages: usize,
        avoided: Option<&Lane>,
        terms: &Terms<'_>,
    ) -> Option<(Ticket<'a>, SemaphorePermit<'a>)> {
        if let Some(rate) = terms.rate {
            rate.acquire_or_stop(messages, terms.stop).await?;
        }
        let turn = Turn { avoided, patience: terms.patience, stop: terms.stop, clock: &*self.clock };
        route.turn(messages, &turn).await
    }

    async fn passed(&self, deadline: Option<Timestamp>) {
        match deadline {
            Some(deadline) => clock::sleep_until(&*self.clock, deadline).await,
            None => pending().await,
        }
    }

    /// One attempt.
    async fn attempt(&self, ticket: Ticket<'_>, messages: &[Message]) -> Vec<Outcome> {
        let timeout = self.settings.timeout;
        let outcomes = clock::timeout(&*self.clock, timeout, ticket.lane().adapter().send(messages)).await;
        let outcomes = outcomes.unwrap_or_else(|| {
            let reason = format!("no answer within {timeout:?}");
            vec![Outcome::Unknown { reason }; messages.len()]
        });
        assert_eq!(outcomes.len(), messages.len(), "an adapter gives one outcome a message");
        ticket.used(messages, &outcomes, self.clock.elapsed());
        outcomes
    }
}

/// Each provider is tried at least once with what the other surely did not send.
fn attempts_max(outcome: &Outcome, route: &Route, terms: &Terms<'_>) -> u32 {
    match outcome {
        Outcome::TemporaryFailure { .. } | Outcome::Misconfigured { .. } if route.has_fallback() => {
            terms.attempts_max.max(2)
        }
        _ => terms.attempts_max,
    }
}

/// Whether the next attempt is better made by the other provider, circuits or not: one that refuses us will go on to, one
/// that wants to be left alone for long is not waited for, and the last attempt is not for one that just failed.
fn is_for_the_other(outcome: &Outcome, is_last: bool) -> bool {
    match outcome {
        Outcome::Misconfigured { .. } => true,
        Outcome::Throttled { retry_after, .. } => retry_after.is_some_and(|wait| wait > RETRY_AFTER_MAX),
        Outcome::TemporaryFailure { retry_after, .. } => {
            is_last || retry_after.is_some_and(|wait| wait > RETRY_AFTER_MAX)
        }
        Outcome::Unknown { .. } => is_last,
        _ => false,
    }
}

fn another_may_help(outcome: &Outcome, route: &Route, unknown: config::Unknown) -> bool {
    match outcome {
        Outcome::Unknown { .. } => unknown == config::Unknown::Resend,
        // What one provider refuses because of us, the other may take.
        Outcome::Misconfigured { .. } => route.has_fallback(),
        _ => outcome.is_retryable(),
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

#[cfg(test)]
mod tests;
