//! How messages of a channel type leave: by a lane and, while its provider fails, by the one that stands in for it.

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::SemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::lane::{Lane, Ticket};
use crate::clock::Clock;
use crate::domain::circuit::Phase;

/// Messages in a row that fail because of our settings or credentials, before a run stops.
const MISCONFIGURED_MAX: u32 = 100;

/// How often those who wait for a provider look again, whatever they are told: places of probes come free without a word.
const LOOK_MIN: Duration = Duration::from_millis(10);
const LOOK_MAX: Duration = Duration::from_secs(1);

/// What a turn depends on.
pub struct Turn<'a> {
    /// A lane that is only taken when the other lets nothing through.
    pub avoided: Option<&'a Lane>,
    /// How long a standstill of all providers is waited out, from its beginning; then attempts are made all the same.
    pub patience: Duration,
    pub stop: &'a CancellationToken,
    pub clock: &'a dyn Clock,
}

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
    /// meanwhile. `None` when a stop ends the wait.
    pub async fn turn(&self, messages: usize, terms: &Turn<'_>) -> Option<(Ticket<'_>, SemaphorePermit<'_>)> {
        let now = || terms.clock.elapsed();
        loop {
            if let Some(ticket) = terms.avoided.and_then(|avoided| self.other(avoided)?.admit(now())) {
                let permit = ticket.lane().turn(messages, terms.stop).await?;
                return Some((ticket, permit));
            }
            let ticket = match (self.choose(now()), self.standstill(terms.patience, now())) {
                (Some(ticket), _) => ticket,
                (None, Some(pause)) => {
                    tokio::select! {
                        biased;
                        () = terms.stop.cancelled() => return None,
                        () = self.changes() => {}
                        () = terms.clock.sleep(pause) => {}
                    }
                    continue;
                }
                (None, None) => self.primary.admit_anyway(),
            };
            tokio::select! {
                biased;
                () = self.outdates(&ticket, terms.patience) => {}
                permit = ticket.lane().turn(messages, terms.stop) => return Some((ticket, permit?)),
            }
        }
    }

    /// Whether the next attempt after one on this lane will likely be on the other.
    pub fn avoids(&self, lane: &Lane) -> bool {
        let is_open = |lane: &Lane| lane.phase() == Phase::Open;
        is_open(lane) && self.lanes().any(|other| !is_open(other))
    }

    /// The lane beside this one.
    fn other(&self, lane: &Lane) -> Option<&Lane> {
        self.lanes().find(|other| !std::ptr::eq(*other, lane))
    }

    /// The primary while its circuit lets the attempt through, else the fallback.
    fn choose(&self, now: Duration) -> Option<Ticket<'_>> {
        let fallback = || self.fallback.as_ref()?.admit(now);
        self.primary.admit(now).or_else(fallback)
    }

    /// How long to wait before choosing again, when no circuit lets anything through; `None` when that has gone on for
    /// longer than `patience`, or when a provider refuses us: a run that sends nothing because of our settings has to stop.
    fn standstill(&self, patience: Duration, now: Duration) -> Option<Duration> {
        if self.lanes().any(|lane| lane.misconfigured() > 0) {
            return None;
        }
        let failing: Vec<_> = self.lanes().filter_map(Lane::failing).collect();
        let since = failing.iter().map(|(since, _)| *since).max()?;
        let left = patience.checked_sub(now.saturating_sub(since)).filter(|left| !left.is_zero())?;
        let opens = failing.iter().filter_map(|(_, until)| *until).map(|until| until.saturating_sub(now)).min();
        Some(opens.unwrap_or(left).min(left).clamp(LOOK_MIN, LOOK_MAX))
    }

    /// Waits until a circuit is in another phase than now.
    async fn changes(&self) {
        match &self.fallback {
            None => self.primary.changes().await,
            Some(fallback) => tokio::select! {
                () = self.primary.changes() => {}
                () = fallback.changes() => {}
            },
        }
    }

    /// Waits until the choice would be another. Without a fallback that is to wait for the provider, for who is patient.
    async fn outdates(&self, ticket: &Ticket<'_>, patience: Duration) {
        let Some(fallback) = &self.fallback else {
            return match ticket.is_admitted() && !patience.is_zero() {
                true => self.primary.reaches(Phase::Open).await,
                false => pending().await,
            };
        };
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
