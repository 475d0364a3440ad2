//! The layers around an invoker, from the outside in: attempts with pauses, the function's gate, timeout.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::gate::{Gate, Suspicion, Waiting};
use super::{Error, Invoker, Source};
use crate::clock::{self, Clock, Stopwatch};
use crate::config;
use crate::domain;
use crate::domain::limit::{HOOK_ATTEMPTS_MAX, HOOK_TIMEOUT_MAX};
use crate::telemetry::metric;

/// Attempts of a call that are told of: the first ones and the latest. A call that waits for its function may make more.
const ATTEMPTS_KEPT: usize = 20;

/// How one attempt at a call went.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    pub latency: Duration,
    /// `None` after an answer.
    pub error: Option<Error>,
}

/// A call with its attempts.
#[derive(Clone, Debug)]
pub struct Called {
    /// Shape: in order; the last one's error is that of the result. None when the function was left alone all the time.
    pub attempts: Vec<Attempt>,
    pub result: Result<Vec<u8>, Error>,
}

/// Calls one function for all campaigns.
///
/// Dropping a call ends it and frees its turn.
pub struct Caller {
    invoker: Arc<dyn Invoker>,
    gate: Gate,
    timeout: Duration,
    attempts_max: u32,
    pauses: Pauses,
    wait_max: Duration,
    clock: Arc<dyn Clock>,
}

impl Caller {
    /// A caller with the limits of the settings, which [`check`] accepts.
    pub fn new(
        function: impl Into<String>,
        invoker: Arc<dyn Invoker>,
        settings: &config::Hook,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            invoker,
            gate: Gate::new(function.into(), settings, clock.clone()),
            timeout: settings.timeout,
            attempts_max: settings.attempts_max,
            pauses: Pauses { min: settings.pause_min, max: settings.pause_max },
            wait_max: settings.circuit.wait_max,
            clock,
        }
    }

    /// What metrics and logs call the function.
    pub fn function(&self) -> &str {
        self.gate.function()
    }

    /// Calls that wait until the function may be called again.
    pub fn waiting(&self) -> &Waiting {
        self.gate.waiting()
    }

    /// How often the function went down so far.
    pub fn outages(&self) -> u64 {
        self.gate.outages()
    }

    /// Calls of the function that succeeded so far.
    pub fn successes(&self) -> u64 {
        self.gate.successes()
    }

    /// Gives a function that is down another chance: somebody may have mended it. One call is let through, and not all.
    pub fn forgive(&self) {
        self.gate.forgive();
    }

    /// Calls the function, several times if need be.
    ///
    /// Each attempt takes its own turn: a call that pauses before its next attempt does not keep others waiting. What uses up
    /// attempts is failing where others succeed. It does not when the function is down: then the call waits with all others,
    /// until it works again or `hook.circuit.wait_max` is over. Nor does being asked to slow down, since then the function did
    /// not run: the call waits as long as it was asked to, and ends when that would be longer than `hook.circuit.wait_max` in
    /// all.
    ///
    /// Shape: `None` when `stop` came before an answer; no attempt begins after it, one under way is awaited.
    pub async fn call(&self, event: Bytes, source: Option<&Source>, stop: &CancellationToken) -> Option<Called> {
        let mut attempts: Vec<Attempt> = Vec::with_capacity(1);
        let mut used = 0;
        let mut random = fastrand::Rng::new();
        let mut throttled = None;
        let mut suspicion = Suspicion::default();
        loop {
            let waiting = Stopwatch::start();
            let turn = match self.gate.turn(stop).await? {
                Ok(turn) => turn,
                Err(left_alone) => {
                    // What it met itself says more.
                    let met = attempts.last().and_then(|attempt| attempt.error.clone());
                    return Some(Called { attempts, result: Err(met.unwrap_or(left_alone)) });
                }
            };
            metric::hook_permit_wait(waiting.elapsed());
            if !attempts.is_empty() {
                metric::hook_retry(self.function());
            }
            let (attempt, answer) = self.attempt(event.clone(), source).await;
            let pause = if let Err(Error::Throttled { retry_after, .. }) = answer {
                let now = self.clock.elapsed();
                let (since, times) = throttled.unwrap_or((now, 0));
                throttled = Some((since, times + 1));
                let pause = self.pauses.asked(times + 1, retry_after, &mut random);
                Some(pause).filter(|pause| (now - since).saturating_add(*pause) <= self.wait_max)
            } else {
                throttled = None;
                None
            };
            let is_down =
                turn.ended(answer.as_ref().map(|_| ()), attempt.latency, pause.unwrap_or_default(), &mut suspicion);
            if attempts.len() == ATTEMPTS_KEPT {
                attempts.remove(ATTEMPTS_KEPT / 2);
            }
            attempts.push(attempt);
            let error = match answer {
                Ok(answer) => return Some(Called { attempts, result: Ok(answer) }),
                Err(error) if error.is_retryable() => error,
                Err(error) => return Some(Called { attempts, result: Err(error) }),
            };
            if throttled.is_some() {
                match pause {
                    Some(_) => continue,
                    None => return Some(Called { attempts, result: Err(error) }),
                }
            }
            if is_down {
                continue;
            }
            used += 1;
            if used >= self.attempts_max {
                return Some(Called { attempts, result: Err(error) });
            }
            let pause = self.pauses.after(used, &mut random);
            stop.run_until_cancelled(self.clock.sleep(pause)).await?;
        }
    }

    /// One attempt, in its turn.
    async fn attempt(&self, event: Bytes, source: Option<&Source>) -> (Attempt, Result<Vec<u8>, Error>) {
        let event_bytes = event.len();
        let (at, began) = (self.clock.now(), self.clock.elapsed());
        let result = clock::timeout(&*self.clock, self.timeout, self.invoker.invoke(event, source))
            .await
            .unwrap_or(Err(Error::Timeout(self.timeout)));
        let latency = self.clock.elapsed().saturating_sub(began);
        metric::hook_attempt(self.function(), result.as_ref().map_or_else(Error::kind, |_| "ok"), latency);
        metric::hook_bytes(event_bytes, result.as_ref().map_or(0, Vec::len));
        (Attempt { at, latency, error: result.as_ref().err().cloned() }, result)
    }
}

/// Checks the settings against the limits of hooks.
///
/// Errors: [`Error::Refused`]; names the setting, its value and the rule.
pub(super) fn check(settings: &config::Hook) -> Result<(), Error> {
    let refused = |problem: String| Err(Error::Refused(problem));
    if settings.timeout.is_zero() || settings.timeout > HOOK_TIMEOUT_MAX {
        return refused(format!(
            "setting `hook.timeout` is {:?}, and must be more than 0s and at most {HOOK_TIMEOUT_MAX:?}",
            settings.timeout
        ));
    }
    if !(1..=HOOK_ATTEMPTS_MAX).contains(&settings.attempts_max) {
        return refused(format!(
            "setting `hook.attempts_max` is {}, and must be 1 to {HOOK_ATTEMPTS_MAX}",
            settings.attempts_max
        ));
    }
    if settings.pause_min > settings.pause_max {
        return refused(format!(
            "setting `hook.pause_min` is {:?}, and must be at most `hook.pause_max`, {:?}",
            settings.pause_min, settings.pause_max
        ));
    }
    if !(1..=Semaphore::MAX_PERMITS).contains(&settings.calls_in_flight) {
        return refused(format!(
            "setting `hook.calls_in_flight` is {}, and must be at least 1",
            settings.calls_in_flight
        ));
    }
    if !(1..=settings.calls_in_flight).contains(&settings.calls_in_flight_min) {
        return refused(format!(
            "setting `hook.calls_in_flight_min` is {}, and must be at least 1 and at most `hook.calls_in_flight`, {}",
            settings.calls_in_flight_min, settings.calls_in_flight
        ));
    }
    Ok(())
}

/// How long a call waits between its attempts.
#[derive(Clone, Copy, Debug)]
struct Pauses {
    min: Duration,
    max: Duration,
}

impl Pauses {
    /// The pause after this failed attempt.
    fn after(&self, attempt: u32, random: &mut fastrand::Rng) -> Duration {
        domain::pause(attempt, self.min, self.max, random.f64())
    }

    /// The pause after having been asked to slow down that often: what was asked for, and at least our own.
    fn asked(&self, times: u32, asked: Option<Duration>, random: &mut fastrand::Rng) -> Duration {
        self.after(times, random).max(asked.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
