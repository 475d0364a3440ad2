//! The way to one adapter: its places, its rate, and the circuit that says whether its provider works.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio_util::sync::CancellationToken;

use super::rate::Rate;
use crate::channel::{self, Adapter, Message, Outcome, Section, Spec};
use crate::clock::Clock;
use crate::config;
use crate::domain::circuit::{Circuit, Pass, Phase, Verdict};
use crate::telemetry::metric;

/// The way to one adapter, shared by all campaigns that use it.
pub struct Lane {
    /// The section of the settings; of an application's own credentials, the adapter's name.
    name: Arc<str>,
    spec: &'static Spec,
    adapter: Arc<dyn Adapter>,
    permits: Semaphore,
    rate: Option<Rate>,
    /// Messages in a row that failed because of our settings or credentials.
    misconfigured: AtomicU32,
    circuit: Mutex<Circuit>,
    /// The circuit's, for those who wait for it to change.
    phase: watch::Sender<Phase>,
    /// Whether the circuit is reported: those of applications would all have one name.
    is_reported: bool,
}

impl Lane {
    /// A lane of the settings.
    pub fn of_section(section: &Section, settings: &config::Send, clock: &Arc<dyn Clock>) -> Self {
        let lane = Self::new(section.name.clone(), section.spec, section.adapter.clone(), settings, clock);
        Self { is_reported: true, ..lane }
    }

    /// A lane of an application's own credentials, with the rate of the adapter's section to itself.
    pub fn of_credentials(
        spec: &'static Spec,
        adapter: Arc<dyn Adapter>,
        settings: &config::Send,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        Self::new(spec.name.into(), spec, adapter, settings, clock)
    }

    fn new(
        name: Arc<str>,
        spec: &'static Spec,
        adapter: Arc<dyn Adapter>,
        settings: &config::Send,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        Self {
            permits: Semaphore::new(channel::calls_at_once(spec, &*adapter)),
            rate: settings.rates.get(&*name).map(|rate| Rate::new(*rate, clock.clone())),
            misconfigured: AtomicU32::new(0),
            circuit: Mutex::new(Circuit::new(settings.circuit.limits())),
            phase: watch::Sender::new(Phase::Closed),
            is_reported: false,
            name,
            spec,
            adapter,
        }
    }

    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub fn spec(&self) -> &'static Spec {
        self.spec
    }

    pub fn adapter(&self) -> &dyn Adapter {
        &*self.adapter
    }

    /// Messages in a row that failed because of our settings or credentials.
    pub fn misconfigured(&self) -> u32 {
        self.misconfigured.load(Relaxed)
    }

    /// Gives the provider another chance: somebody may have mended our settings. An open circuit is probed at once, and not
    /// closed: others are sending too.
    pub fn forgive(&self) {
        self.misconfigured.store(0, Relaxed);
        self.change(Circuit::probe);
        self.report_phase();
    }

    /// Waits for a place, then for the rate; `None` when a stop ends a wait.
    pub async fn turn(&self, messages: usize, stop: &CancellationToken) -> Option<SemaphorePermit<'_>> {
        let permit = match self.permits.try_acquire() {
            Ok(permit) => permit,
            Err(_) => tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                permit = self.permits.acquire() => permit.expect("lanes are never closed"),
            },
        };
        if let Some(rate) = &self.rate {
            rate.acquire_or_stop(messages, stop).await?;
        }
        Some(permit)
    }

    /// A ticket for an attempt, if the circuit lets it through.
    pub fn admit(&self, now: Duration) -> Option<Ticket<'_>> {
        let (pass, phase) = self.change(|circuit| (circuit.admit(now), circuit.phase()));
        Some(Ticket { lane: self, pass: Some(pass?), is_probe: phase == Phase::HalfOpen })
    }

    /// A ticket for an attempt that is made whatever the circuit says, and does not count for it.
    pub fn admit_anyway(&self) -> Ticket<'_> {
        Ticket { lane: self, pass: None, is_probe: false }
    }

    /// Since when its provider fails, and until when the circuit lets nothing through, if that is a matter of time; `None`
    /// while the circuit is closed.
    pub fn failing(&self) -> Option<(Duration, Option<Duration>)> {
        let circuit = self.circuit.lock();
        Some((circuit.failing_since()?, circuit.open_until()))
    }

    /// Waits until the circuit is in another phase than now.
    pub async fn changes(&self) {
        self.phase.subscribe().changed().await.expect("the sender is in here");
    }

    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Waits until the circuit is in this phase.
    pub async fn reaches(&self, phase: Phase) {
        let mut phases = self.phase.subscribe();
        phases.wait_for(|now| *now == phase).await.expect("the sender is in here");
    }

    /// Does something to the circuit and tells those who care if its phase changed.
    fn change<T>(&self, work: impl FnOnce(&mut Circuit) -> T) -> T {
        let mut circuit = self.circuit.lock();
        let done = work(&mut circuit);
        let phase = circuit.phase();
        if self.phase.send_if_modified(|known| std::mem::replace(known, phase) != phase) {
            self.report_phase();
            match phase {
                Phase::Open if self.is_reported => {
                    tracing::warn!(channel = %self.name, "a provider fails: its circuit is open");
                }
                Phase::Closed if self.is_reported => {
                    tracing::info!(channel = %self.name, "the circuit of a provider is closed again")
                }
                Phase::Open | Phase::Closed | Phase::HalfOpen => {}
            }
        }
        done
    }

    fn report_phase(&self) {
        if self.is_reported {
            metric::circuit(&self.name, self.phase());
        }
    }
}

/// Leave to make one attempt on a lane. Dropped unused, it leaves its place to another.
pub struct Ticket<'a> {
    lane: &'a Lane,
    /// `None`: what comes of the attempt does not count for the circuit.
    pass: Option<Pass>,
    is_probe: bool,
}

impl<'a> Ticket<'a> {
    pub fn lane(&self) -> &'a Lane {
        self.lane
    }

    /// Whether the attempt shows if the provider works again.
    pub fn is_probe(&self) -> bool {
        self.is_probe
    }

    /// Whether the circuit let the attempt through.
    pub fn is_admitted(&self) -> bool {
        self.pass.is_some()
    }

    /// The attempt was made: one call, with an outcome for each message.
    pub fn used(mut self, messages: &[Message], outcomes: &[Outcome], now: Duration) {
        for (message, outcome) in messages.iter().zip(outcomes) {
            metric::message(message.channel_type, &self.lane.name, label(outcome));
            match outcome {
                Outcome::Misconfigured { .. } => self.lane.misconfigured.fetch_add(1, Relaxed),
                _ => self.lane.misconfigured.swap(0, Relaxed),
            };
        }
        // A campaign's own function or webhook is nobody else's.
        if let Some(verdict) = verdict(outcomes).filter(|_| !self.lane.spec.is_custom())
            && let Some(pass) = self.pass.take()
        {
            self.lane.change(|circuit| circuit.report(pass, verdict, now));
        }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if let Some(pass) = self.pass.take() {
            self.lane.change(|circuit| circuit.give_back(pass));
        }
    }
}

/// What a call says of the provider: that it works if it took a message or knows an address, that it fails if it did not
/// and one failed for no reason of its own. A call that was throttled, or whose messages were refused, says neither.
fn verdict(outcomes: &[Outcome]) -> Option<Verdict> {
    let any = |is: fn(&Outcome) -> bool| outcomes.iter().any(is);
    if any(|outcome| {
        matches!(outcome, Outcome::Successful { .. } | Outcome::DeadAddress { .. } | Outcome::OptedOut { .. })
    }) {
        return Some(Verdict::Works);
    }
    any(|outcome| {
        matches!(outcome, Outcome::TemporaryFailure { .. } | Outcome::Unknown { .. } | Outcome::Misconfigured { .. })
    })
    .then_some(Verdict::Fails)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_about_the_provider() {
        let reason = String::new;
        let successful = Outcome::successful(None);
        let throttled = Outcome::Throttled { reason: reason(), retry_after: None };
        let temporary = Outcome::TemporaryFailure { reason: reason(), retry_after: None };
        let dead = Outcome::DeadAddress { reason: reason() };
        let permanent = Outcome::PermanentFailure { reason: reason() };
        let opted_out = Outcome::OptedOut { reason: reason() };
        let misconfigured = Outcome::Misconfigured { reason: reason() };
        let unknown = Outcome::Unknown { reason: reason() };
        for (outcomes, expected) in [
            (vec![], None),
            (vec![&successful], Some(Verdict::Works)),
            (vec![&temporary], Some(Verdict::Fails)),
            (vec![&misconfigured], Some(Verdict::Fails)),
            (vec![&unknown], Some(Verdict::Fails)),
            (vec![&throttled, &permanent], None),
            (vec![&permanent, &unknown], Some(Verdict::Fails)),
            (vec![&dead], Some(Verdict::Works)),
            (vec![&opted_out, &temporary], Some(Verdict::Works)),
            (vec![&temporary, &successful, &unknown], Some(Verdict::Works)),
        ] {
            let outcomes: Vec<Outcome> = outcomes.into_iter().cloned().collect();
            assert_eq!(verdict(&outcomes), expected, "{outcomes:?}");
        }
    }
}
