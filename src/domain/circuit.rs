//! When a provider or a function is left alone. Pure: times come as arguments.
//!
//! A circuit is closed while its provider works, and opens when enough of the last attempts failed. Open, it lets nothing
//! through for a while; then, half open, a few probes: as many successes close it, one failure opens it for twice as long.
//!
//! The last attempts are counted, not those of the last seconds: a provider that fails every second attempt is one to leave
//! at any pace, and where there is no traffic there is nothing to decide.

use std::time::Duration;

/// How much failure it takes, and for how long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Attempts that are looked at, 1 to 64.
    pub attempts: u32,
    /// Failures among them that open the circuit; more than `attempts` means all of them.
    pub failures: u32,
    /// How long it is open at first, doubled each time up to `open_max`.
    pub open_min: Duration,
    pub open_max: Duration,
    /// Attempts let through after that, at least 1.
    pub probes: u32,
}

/// Where a circuit stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    Closed,
    HalfOpen,
    Open,
}

/// What an attempt says of its provider. Many say nothing: that an address is dead, or that we are too fast.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    Works,
    Fails,
}

/// Leave to make an attempt. What came of it counts as long as the circuit has not changed since.
#[derive(Debug)]
pub struct Pass {
    generation: u64,
}

/// The circuit of one provider.
#[derive(Debug)]
pub struct Circuit {
    limits: Limits,
    state: State,
    /// How often it opened without closing since.
    openings: u32,
    /// When it opened first without closing since.
    failing_since: Option<Duration>,
    /// Changes with every change of the phase.
    generation: u64,
}

#[derive(Debug)]
enum State {
    /// The last attempts, the latest in the lowest bit; set for those that failed.
    Closed { failed: u64 },
    /// Until this time of the clock.
    Open { until: Duration },
    /// Probes under way, and those that succeeded.
    HalfOpen { probing: u32, succeeded: u32 },
}

impl Circuit {
    /// A closed one.
    pub fn new(limits: Limits) -> Self {
        Self { limits, state: State::Closed { failed: 0 }, openings: 0, failing_since: None, generation: 0 }
    }

    pub fn phase(&self) -> Phase {
        match self.state {
            State::Closed { .. } => Phase::Closed,
            State::HalfOpen { .. } => Phase::HalfOpen,
            State::Open { .. } => Phase::Open,
        }
    }

    /// Since when the provider fails; `None` while the circuit is closed.
    pub fn failing_since(&self) -> Option<Duration> {
        self.failing_since
    }

    /// Until when it lets nothing through; `None` if that is no matter of time.
    pub fn open_until(&self) -> Option<Duration> {
        match self.state {
            State::Open { until } => Some(until),
            State::Closed { .. } | State::HalfOpen { .. } => None,
        }
    }

    /// Whether an attempt may be made now. The pass has to come back, by [`report`](Self::report) or
    /// [`give_back`](Self::give_back).
    pub fn admit(&mut self, now: Duration) -> Option<Pass> {
        if let State::Open { until } = self.state
            && now >= until
        {
            self.enter(State::HalfOpen { probing: 0, succeeded: 0 });
        }
        match &mut self.state {
            State::Closed { .. } => {}
            State::Open { .. } => return None,
            State::HalfOpen { probing, succeeded } => {
                if *probing + *succeeded >= self.limits.probes {
                    return None;
                }
                *probing += 1;
            }
        }
        Some(Pass { generation: self.generation })
    }

    /// Counts an attempt.
    pub fn report(&mut self, pass: Pass, verdict: Verdict, now: Duration) {
        if pass.generation != self.generation {
            return;
        }
        match (&mut self.state, verdict) {
            (State::Closed { failed }, verdict) => {
                *failed = *failed << 1 | u64::from(verdict == Verdict::Fails);
                let counted = u64::MAX >> (u64::BITS - self.limits.attempts);
                if (*failed & counted).count_ones() >= self.limits.failures.min(self.limits.attempts) {
                    self.open(now);
                }
            }
            (State::HalfOpen { .. }, Verdict::Fails) => self.open(now),
            (State::HalfOpen { probing, succeeded }, Verdict::Works) => {
                *probing -= 1;
                *succeeded += 1;
                if *succeeded >= self.limits.probes {
                    self.reset();
                }
            }
            (State::Open { .. }, _) => unreachable!("an open circuit gives no passes"),
        }
    }

    /// Takes back the pass of an attempt that was not made, or that says nothing of the provider.
    pub fn give_back(&mut self, pass: Pass) {
        if pass.generation == self.generation
            && let State::HalfOpen { probing, .. } = &mut self.state
        {
            *probing -= 1;
        }
    }

    /// Lets probes through now, if it is open.
    pub fn probe(&mut self) {
        if let State::Open { until } = &mut self.state {
            *until = Duration::ZERO;
        }
    }

    /// Closes it and forgets all attempts.
    fn reset(&mut self) {
        self.openings = 0;
        self.failing_since = None;
        self.enter(State::Closed { failed: 0 });
    }

    fn open(&mut self, now: Duration) {
        let doubled = self.limits.open_min.saturating_mul(2_u32.saturating_pow(self.openings));
        self.openings += 1;
        self.failing_since.get_or_insert(now);
        self.enter(State::Open { until: now.saturating_add(doubled.min(self.limits.open_max)) });
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Verdict::{Fails, Works};
    use super::*;

    const LIMITS: Limits = Limits {
        attempts: 4,
        failures: 2,
        open_min: Duration::from_secs(10),
        open_max: Duration::from_secs(60),
        probes: 2,
    };

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Makes an attempt, if it may be made, and says where that leads.
    fn attempt(circuit: &mut Circuit, at: u64, verdict: Option<Verdict>) -> (bool, Phase) {
        let pass = circuit.admit(seconds(at));
        let admitted = pass.is_some();
        match (pass, verdict) {
            (Some(pass), Some(verdict)) => circuit.report(pass, verdict, seconds(at)),
            (Some(pass), None) => circuit.give_back(pass),
            (None, _) => {}
        }
        (admitted, circuit.phase())
    }

    #[test]
    fn every_transition() {
        use Phase::{Closed, HalfOpen, Open};
        let mut circuit = Circuit::new(LIMITS);
        // Second, verdict, whether the attempt was let through, phase afterwards.
        let story = [
            (0, Some(Fails), true, Closed),
            (0, Some(Works), true, Closed),
            (0, None, true, Closed),
            (0, Some(Works), true, Closed),
            (0, Some(Works), true, Closed),
            // The first failure is no longer among the last four.
            (0, Some(Fails), true, Closed),
            (0, Some(Works), true, Closed),
            (1, Some(Fails), true, Open),
            (10, Some(Works), false, Open),
            // Probes after 10 s; one that says nothing leaves its place to another.
            (11, None, true, HalfOpen),
            (11, Some(Works), true, HalfOpen),
            (11, Some(Fails), true, Open),
            // Then after 20, 40, 60 and 60.
            (30, None, false, Open),
            (31, Some(Fails), true, Open),
            (70, None, false, Open),
            (71, Some(Fails), true, Open),
            (130, None, false, Open),
            (131, Some(Fails), true, Open),
            (190, None, false, Open),
            (191, Some(Works), true, HalfOpen),
            (191, Some(Works), true, Closed),
            // Nothing is left of what was before.
            (192, Some(Fails), true, Closed),
            (192, Some(Fails), true, Open),
            (201, None, false, Open),
            (202, Some(Works), true, HalfOpen),
        ];
        for (step, (at, verdict, admitted, phase)) in story.into_iter().enumerate() {
            assert_eq!(attempt(&mut circuit, at, verdict), (admitted, phase), "step {step}");
        }
    }

    #[test]
    fn no_more_probes_than_set_are_under_way() {
        let mut circuit = Circuit::new(LIMITS);
        attempt(&mut circuit, 0, Some(Fails));
        attempt(&mut circuit, 0, Some(Fails));
        let (first, second) = (circuit.admit(seconds(10)).unwrap(), circuit.admit(seconds(10)).unwrap());
        assert!(circuit.admit(seconds(10)).is_none());
        circuit.report(first, Works, seconds(11));
        assert!(circuit.admit(seconds(11)).is_none(), "two successes are needed, one is there and one may come");
        circuit.give_back(second);
        assert!(circuit.admit(seconds(11)).is_some());
    }

    #[test]
    fn what_began_before_a_change_does_not_count_after_it() {
        let mut circuit = Circuit::new(LIMITS);
        let mut passes: Vec<Pass> = (0..5).map(|_| circuit.admit(seconds(0)).unwrap()).collect();
        for pass in passes.drain(..2) {
            circuit.report(pass, Fails, seconds(0));
        }
        assert_eq!(circuit.phase(), Phase::Open);
        circuit.report(passes.remove(0), Works, seconds(1));
        assert_eq!(circuit.phase(), Phase::Open);
        let probe = circuit.admit(seconds(10)).unwrap();
        circuit.report(passes.remove(0), Fails, seconds(10));
        circuit.give_back(passes.remove(0));
        assert_eq!(circuit.phase(), Phase::HalfOpen);
        circuit.reset();
        circuit.report(probe, Fails, seconds(10));
        attempt(&mut circuit, 10, Some(Fails));
        assert_eq!(circuit.phase(), Phase::Closed);
    }

    #[test]
    fn no_more_than_all_attempts_can_fail() {
        let mut circuit = Circuit::new(Limits { failures: 5, ..LIMITS });
        let phases = [0; 4].map(|at| attempt(&mut circuit, at, Some(Fails)).1);
        assert_eq!(phases, [Phase::Closed, Phase::Closed, Phase::Closed, Phase::Open]);
    }

    proptest! {
        /// Whatever happens: it opens just when enough of the last attempts failed, is open no longer than set, and lets
        /// no more probes out than set.
        #[test]
        fn promises_hold(
            attempts in 1..=64_u32,
            failures in 1..=64_u32,
            probes in 1..=5_u32,
            steps in prop::collection::vec((0..30_u64, prop::option::of(any::<bool>()), 0..4_usize), 1..200),
        ) {
            let mut circuit = Circuit::new(Limits { attempts, failures, probes, ..LIMITS });
            let (mut now, mut opened, mut last, mut held) = (0, 0, Vec::new(), Vec::new());
            for (passed, works, picked) in steps {
                now += passed;
                let before = circuit.phase();
                let Some(pass) = circuit.admit(seconds(now)) else {
                    match circuit.phase() {
                        Phase::Closed => prop_assert!(false, "a closed circuit lets everything through"),
                        Phase::Open => prop_assert!(now < opened + 60),
                        Phase::HalfOpen => prop_assert!(!held.is_empty()),
                    }
                    if let Some(pass) = held.pop() {
                        circuit.give_back(pass);
                    }
                    continue;
                };
                let probing = before != Phase::Closed;
                if probing {
                    prop_assert_eq!(circuit.phase(), Phase::HalfOpen);
                    prop_assert!(held.len() < probes as usize);
                }
                match works {
                    None if probing && picked == 0 => held.push(pass),
                    None => circuit.give_back(pass),
                    Some(works) => {
                        circuit.report(pass, if works { Works } else { Fails }, seconds(now));
                        if !probing {
                            last.push(works);
                            let failed = last.iter().rev().take(attempts as usize).filter(|works| !**works).count();
                            prop_assert_eq!(circuit.phase() == Phase::Open, failed >= failures.min(attempts) as usize);
                        } else if !works {
                            prop_assert_eq!(circuit.phase(), Phase::Open);
                        }
                        if circuit.phase() == Phase::Open {
                            opened = now;
                        }
                        if circuit.phase() != Phase::HalfOpen {
                            held.clear();
                        }
                        if probing && circuit.phase() == Phase::Closed {
                            last.clear();
                        }
                    }
                }
            }
        }
    }
}
