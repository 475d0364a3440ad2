//! How messages of a channel type leave: by a lane and, while its provider fails, by the one that stands in for it.

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::SemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::circuit::Phase;
use super::lane::{Lane, Ticket};

/// Messages in a row that fail because of our settings or credentials, before a run stops.
const MISCONFIGURED_MAX: u32 = 100;

/// A lane, and the one that is used while its provider fails.
pub struct Route {
    primary: Arc<Lane>,
    fallback: Option<Arc<Lane>>,
}

impl Route {
    pub fn new(primary: Arc<Lane>, fallback: Option<Arc<Lane>>) -> Self {
        Self { primary, fallback }
    }

    pub fn has_fallback(&self) -> bool {
        self.fallback.is_some()
    }

    /// Whether nothing leaves: the sink takes it.
    pub fn is_sink(&self) -> bool {
        self.primary.spec().is_sink()
    }

    /// Messages that every lane takes in one call.
    pub fn batch_messages_max(&self) -> usize {
        self.lanes().map(|lane| lane.spec().batch_messages_max).min().expect("there is a lane")
    }

    /// Gives every provider another chance.
    pub fn forgive(&self) {
        self.lanes().for_each(Lane::forgive);
    }

    /// Whether all providers refuse what we send because of our settings or credentials.
    pub fn is_refused(&self) -> bool {
        let refuses = |lane: &Lane| match lane.misconfigured() {
            0 => false,
            // Few attempts are made on a lane whose circuit is open.
            refusals => refusals >= MISCONFIGURED_MAX || lane.phase() != Phase::Closed,
        };
        self.lanes().all(refuses) && self.lanes().map(Lane::misconfigured).sum::<u32>() >= MISCONFIGURED_MAX
    }

    /// Chooses the lane of the next attempt and waits for a turn on it; chooses again when a provider fails or works again
    /// meanwhile. `None` when a stop ends the wait for a rate. `now` is the clock's elapsed time.
    pub async fn turn(
        &self,
        messages: usize,
        stop: &CancellationToken,
        now: impl Fn() -> Duration,
    ) -> Option<(Ticket<'_>, SemaphorePermit<'_>)> {
        loop {
            let ticket = self.choose(now());
            tokio::select! {
                biased;
                () = self.outdates(&ticket) => {}
                permit = ticket.lane().turn(messages, stop) => return Some((ticket, permit?)),
            }
        }
    }

    /// Whether the next attempt after one on this lane will likely be on the other.
    pub fn avoids(&self, lane: &Lane) -> bool {
        let is_open = |lane: &Lane| lane.phase() == Phase::Open;
        is_open(lane) && self.lanes().any(|other| !is_open(other))
    }

    /// The primary while its circuit lets the attempt through, else the fallback; the primary if neither does.
    fn choose(&self, now: Duration) -> Ticket<'_> {
        let fallback = || self.fallback.as_ref()?.admit(now);
        self.primary.admit(now).or_else(fallback).unwrap_or_else(|| self.primary.admit_anyway())
    }

    /// Waits until the choice would be another. Without a fallback there is none.
    async fn outdates(&self, ticket: &Ticket<'_>) {
        let Some(fallback) = &self.fallback else { return pending().await };
        let is_primary = std::ptr::eq(ticket.lane(), &*self.primary);
        match (is_primary, ticket.is_admitted()) {
            (true, true) => self.primary.reaches(Phase::Open).await,
            (true, false) => tokio::select! {
                () = self.primary.reaches(Phase::Closed) => {}
                () = fallback.reaches(Phase::Closed) => {}
            },
            (false, _) => tokio::select! {
                () = self.primary.reaches(Phase::Closed) => {}
                () = fallback.reaches(Phase::Open) => {}
            },
        }
    }

    fn lanes(&self) -> impl Iterator<Item = &Lane> {
        [Some(&self.primary), self.fallback.as_ref()].into_iter().flatten().map(|lane| &**lane)
    }
}

/// Its sections, as an error names them.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fallback {
            None => write!(f, "`{}`", self.primary.name()),
            Some(fallback) => write!(f, "`{}` (and its fallback `{}`)", self.primary.name(), fallback.name()),
        }
    }
}
