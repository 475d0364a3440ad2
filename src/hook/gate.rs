//! Who may call a function now: as many at once as it bears, when it asked to be called again, and while it works.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

use super::Error;
use super::concurrency::{Answer, Begun, Limit};
use crate::clock::Clock;
use crate::config;
use crate::domain::circuit::{Circuit, Pass, Phase, Verdict};
use crate::telemetry::metric;

/// How often those who wait for a probe look again, whatever they are told.
const LOOK: Duration = Duration::from_secs(1);

/// The gate of one function. A turn takes a permit, then one short lock; so does its end.
pub struct Gate {
    /// The function's label in metrics and logs.
    function: String,
    turns: Semaphore,
    state: Mutex<State>,
    /// Those who wait may go on, or look again.
    changed: Notify,
    waiting: Waiting,
    outages: AtomicU64,
    wait_max: Duration,
    clock: Arc<dyn Clock>,
}

struct State {
    limit: Limit,
    /// Turns to be taken away when they end: the limit was lowered below the calls in flight.
    surplus: usize,
    circuit: Circuit,
    /// Calls that succeeded so far.
    successes: u64,
    /// No call begins earlier: the function asked for that.
    not_before: Duration,
}

/// What is known of a call that makes several attempts. A call that fails where others succeed says nothing of the function:
/// its failures after the first do not count for the circuit, else a few bad batches at the end of a campaign would open it.
#[derive(Debug, Default)]
pub struct Suspicion {
    /// Successes of the function when its last attempt ended.
    seen: Option<u64>,
    is_confirmed: bool,
}

/// Calls that wait until a function may be called again. Clones share what they know.
#[derive(Clone, Debug, Default)]
pub struct Waiting(Arc<AtomicU64>);

impl Waiting {
    /// Whether there are any.
    pub fn is_any(&self) -> bool {
        self.0.load(Relaxed) > 0
    }

    fn begin(&self) -> impl Drop {
        struct Wait(Arc<AtomicU64>);
        impl Drop for Wait {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Relaxed);
            }
        }
        self.0.fetch_add(1, Relaxed);
        Wait(self.0.clone())
    }
}

/// What a wait for the gate may end with.
enum Look {
    Go,
    Wait(Duration),
    LeftAlone(Error),
}

impl Gate {
    pub fn new(function: String, settings: &config::Hook, clock: Arc<dyn Clock>) -> Self {
        let limit = Limit::new(settings.calls_in_flight_min, settings.calls_in_flight);
        Self {
            turns: Semaphore::new(limit.now()),
            state: Mutex::new(State {
                limit,
                surplus: 0,
                circuit: Circuit::new(settings.circuit.limits()),
                successes: 0,
                not_before: Duration::ZERO,
            }),
            changed: Notify::new(),
            waiting: Waiting::default(),
            outages: AtomicU64::new(0),
            wait_max: settings.circuit.wait_max,
            function,
            clock,
        }
    }

    pub fn function(&self) -> &str {
        &self.function
    }

    pub fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// Calls that succeeded so far.
    pub fn successes(&self) -> u64 {
        self.state.lock().successes
    }

    /// Calls that may be in flight at once now.
    pub fn limit(&self) -> usize {
        self.state.lock().limit.now()
    }

    /// How often the circuit opened so far.
    pub fn outages(&self) -> u64 {
        self.outages.load(Relaxed)
    }

    /// Lets a probe through now, if the circuit is open: somebody may have mended the function.
    pub fn forgive(&self) {
        self.change(&mut self.state.lock(), Circuit::probe);
        self.changed.notify_waiters();
        self.report();
    }

    /// Waits for a turn, in the order of coming; `None` when a stop comes first.
    ///
    /// Errors: [`Error::LeftAlone`] when the circuit is open and has not been closed for too long.
    pub async fn turn(&self, stop: &CancellationToken) -> Option<Result<Turn<'_>, Error>> {
        loop {
            let permit = tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                permit = self.turns.acquire() => permit.expect("the semaphore is never closed"),
            };
            if let Some(turn) = self.admit(permit) {
                return Some(Ok(turn));
            }
            if let Err(error) = self.wait(stop).await? {
                return Some(Err(error));
            }
        }
    }

    fn admit<'a>(&'a self, permit: SemaphorePermit<'a>) -> Option<Turn<'a>> {
        let now = self.clock.elapsed();
        let mut state = self.state.lock();
        let pass = match now < state.not_before {
            true => None,
            false => self.change(&mut state, |circuit| circuit.admit(now)),
        };
        match pass {
            Some(pass) => Some(Turn { gate: self, held: Some(Held { permit, pass, begun: state.limit.begin() }) }),
            None => {
                release(&mut state, permit);
                None
            }
        }
    }

    /// Waits until a call may begin, likely.
    async fn wait(&self, stop: &CancellationToken) -> Option<Result<(), Error>> {
        let _waiting = self.waiting.begin();
        loop {
            let mut changed = pin!(self.changed.notified());
            // From here on no change is missed.
            changed.as_mut().enable();
            let pause = match self.look() {
                Look::Go => return Some(Ok(())),
                Look::LeftAlone(error) => return Some(Err(error)),
                Look::Wait(pause) => pause,
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                () = changed => {}
                () = self.clock.sleep(pause) => {}
            }
        }
    }

    fn look(&self) -> Look {
        let now = self.clock.elapsed();
        let mut state = self.state.lock();
        if now < state.not_before {
            return Look::Wait(state.not_before - now);
        }
        let pass = self.change(&mut state, |circuit| {
            let pass = circuit.admit(now)?;
            circuit.give_back(pass);
            Some(())
        });
        if pass.is_some() {
            return Look::Go;
        }
        let Some(until) = state.circuit.open_until() else { return Look::Wait(LOOK) };
        let failing = now.saturating_sub(state.circuit.failing_since().unwrap_or(now));
        match self.wait_max.checked_sub(failing).filter(|left| !left.is_zero()) {
            Some(left) => Look::Wait(until.saturating_sub(now).min(left)),
            None => Look::LeftAlone(Error::LeftAlone(failing)),
        }
    }

    /// Does something to the circuit, and tells those who care if its phase changed.
    fn change<T>(&self, state: &mut State, work: impl FnOnce(&mut Circuit) -> T) -> T {
        let before = state.circuit.phase();
        let done = work(&mut state.circuit);
        let phase = state.circuit.phase();
        if phase != before {
            self.changed.notify_waiters();
            metric::hook_circuit(&self.function, phase);
            match phase {
                Phase::Open => {
                    if before == Phase::Closed {
                        self.outages.fetch_add(1, Relaxed);
                        tracing::warn!(
                            hook.function = self.function,
                            "a function fails: calls wait until it works again"
                        );
                    }
                }
                Phase::Closed => tracing::info!(hook.function = self.function, "a function works again"),
                Phase::HalfOpen => {}
            }
        }
        done
    }

    fn report(&self) {
        metric::hook_circuit(&self.function, self.state.lock().circuit.phase());
        metric::hook_limit(&self.function, self.limit());
    }

    /// Ends a turn; whether the function is left alone now. `verdict` is on the function; no call begins before `pause` is over.
    fn end(
        &self,
        held: Held<'_>,
        verdict: Option<Verdict>,
        answer: Answer,
        pause: Duration,
        call: &mut Suspicion,
    ) -> bool {
        let Held { permit, pass, begun } = held;
        let now = self.clock.elapsed();
        let mut state = self.state.lock();
        state.not_before = state.not_before.max(now.saturating_add(pause));
        state.successes += u64::from(verdict == Some(Verdict::Works));
        call.is_confirmed |= call.seen.is_some_and(|seen| state.successes > seen);
        call.seen = Some(state.successes);
        // A probe counts in any case: the next one comes after it.
        let is_suspect = call.is_confirmed && state.circuit.phase() == Phase::Closed;
        match verdict.filter(|verdict| *verdict == Verdict::Works || !is_suspect) {
            Some(verdict) => self.change(&mut state, |circuit| circuit.report(pass, verdict, now)),
            None => self.change(&mut state, |circuit| circuit.give_back(pass)),
        }
        let phase = state.circuit.phase();
        if phase == Phase::HalfOpen {
            // There may be a place for a probe again.
            self.changed.notify_waiters();
        }
        let before = state.limit.now();
        state.limit.ended(begun, answer);
        let limit = state.limit.now();
        if limit != before {
            self.resize(&mut state, before, limit);
            metric::hook_limit(&self.function, limit);
        }
        release(&mut state, permit);
        phase != Phase::Closed
    }

    /// Permits that exist are always the limit and the surplus.
    fn resize(&self, state: &mut State, before: usize, limit: usize) {
        if limit < before {
            let less = before - limit;
            state.surplus += less - self.turns.forget_permits(less);
        } else {
            let more = limit - before;
            let kept = more.min(state.surplus);
            state.surplus -= kept;
            self.turns.add_permits(more - kept);
        }
    }
}

/// Gives a permit to the next, or takes it away if there are too many.
fn release(state: &mut State, permit: SemaphorePermit<'_>) {
    if state.surplus > 0 {
        state.surplus -= 1;
        permit.forget();
    }
}

/// Leave to make one attempt. Dropped before its end, it leaves its place to another and says nothing of the function.
pub struct Turn<'a> {
    gate: &'a Gate,
    held: Option<Held<'a>>,
}

struct Held<'a> {
    permit: SemaphorePermit<'a>,
    pass: Pass,
    begun: Begun,
}

impl Turn<'_> {
    /// The attempt of a call was made, and no call is to begin before `pause` is over; whether the function is left alone now.
    pub fn ended(
        mut self,
        result: Result<(), &Error>,
        latency: Duration,
        pause: Duration,
        call: &mut Suspicion,
    ) -> bool {
        let (verdict, answer) = match result {
            Ok(()) => (Some(Verdict::Works), Answer::Took(latency)),
            Err(Error::Timeout(_)) => (Some(Verdict::Fails), Answer::TimedOut),
            Err(Error::Unreachable(_) | Error::Transport(_) | Error::Function(_)) => {
                (Some(Verdict::Fails), Answer::Other)
            }
            Err(Error::Throttled { .. }) => (None, Answer::SlowDown),
            // They are about the call, not the function.
            Err(Error::Refused(_) | Error::NotAllowed(_) | Error::Undecodable(_) | Error::LeftAlone(_)) => {
                (None, Answer::Other)
            }
        };
        let held = self.held.take().expect("it ends once");
        self.gate.end(held, verdict, answer, pause, call)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            self.gate.end(held, None, Answer::Other, Duration::ZERO, &mut Suspicion::default());
        }
    }
}
