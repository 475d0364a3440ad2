//! How many calls of a function may be in flight at once. Pure: answers come as arguments.
//!
//! The limit is found by trying, in rounds. A round has as many answers as calls may be in flight, and at least
//! [`ROUND_MIN`]; only calls that began in it count, so that one round is about one round trip.
//!
//! - It begins at [`START`]: a function's usual latency can only be learned while it is at leisure. It is the shortest of the
//!   first round, and then follows the medians of rounds downwards.
//! - After a round in which the limit was reached and the median was near the usual, it doubles; once it was lowered, it grows
//!   by about a sixteenth. Where calls do not reach the limit, there is nothing to learn about more of them.
//! - After two rounds whose medians are [`CROWDED`] times the usual or more, it is halved: in the first, a queue may still be
//!   building up. If the next round is hardly faster, then the function is slow, and not crowded: the limit goes back to what
//!   it was, and this latency is the usual from now on. A latency within [`LEISURE`] never counts as crowded: nobody needs to
//!   be protected from that.
//! - A call that was cut off by its timeout counts as the latest of all, so that timeouts lower the limit when half of a round
//!   has them: a few are about what is in those batches.
//! - Being asked to slow down halves at once what was in flight, once a round.
//!
//! So a function that works on `n` calls at a time and queues the rest gets `n` to `2n`: enough to keep it busy, and a queue
//! that at most doubles its latency. Medians make jitter harmless. The lessons are those of Vector's adaptive concurrency
//! (rounds, the limit must be reached) and Netflix's gradient (a tolerance for queues); both let the usual latency follow a
//! function that is crowded for long, and forget what it could do.

use std::time::Duration;

/// Calls in flight at first.
const START: usize = 4;
/// Answers of a round, at least.
const ROUND_MIN: usize = 8;
/// Latencies of a round that are kept, at most: a median needs no more.
const SAMPLES_MAX: usize = 64;
/// How many times the usual latency is too much.
const CROWDED: u32 = 2;
/// Latency that is short enough whatever is usual.
const LEISURE: Duration = Duration::from_millis(50);

/// Of a call's answer, what matters here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    Took(Duration),
    TimedOut,
    SlowDown,
    /// It says nothing of the function's load.
    Other,
}

/// A call that began. It has to come back by [`ended`](Limit::ended).
#[derive(Debug)]
pub struct Begun {
    round: u64,
}

/// The limit of one function.
#[derive(Debug)]
pub struct Limit {
    min: usize,
    max: usize,
    now: usize,
    in_flight: usize,
    /// The latency of the function at leisure, once it is known.
    usual: Option<Duration>,
    /// Whether it was never lowered with reason.
    doubles: bool,
    /// Whether the last round was crowded.
    was_crowded: bool,
    /// What it was before it was halved for a latency, in the round that tells whether that helped.
    halved: Option<Halved>,
    round: u64,
    /// Calls in flight at once in this round, at most.
    peak: usize,
    answers: usize,
    latencies: Vec<Duration>,
}

#[derive(Debug)]
struct Halved {
    from: usize,
    latency: Duration,
    doubled: bool,
}

impl Limit {
    /// Stays within `min` and `max`; is fixed if they are the same. At least 1 call is always allowed.
    pub fn new(min: usize, max: usize) -> Self {
        let max = max.max(1);
        let min = min.clamp(1, max);
        Self {
            min,
            max,
            now: START.clamp(min, max),
            in_flight: 0,
            usual: None,
            doubles: true,
            was_crowded: false,
            halved: None,
            round: 0,
            peak: 0,
            answers: 0,
            latencies: Vec::new(),
        }
    }

    /// Calls that may be in flight.
    pub fn now(&self) -> usize {
        self.now
    }

    /// A call begins.
    pub fn begin(&mut self) -> Begun {
        self.in_flight += 1;
        self.peak = self.peak.max(self.in_flight);
        Begun { round: self.round }
    }

    /// A call ended.
    pub fn ended(&mut self, call: Begun, answer: Answer) {
        self.in_flight -= 1;
        if self.min == self.max || call.round != self.round {
            return;
        }
        match answer {
            Answer::Other => return,
            Answer::SlowDown => {
                let at_once = self.peak.min(self.now);
                (self.halved, self.doubles) = (None, false);
                return self.begin_round(at_once / 2);
            }
            Answer::Took(latency) => self.note(latency),
            Answer::TimedOut => self.note(Duration::MAX),
        }
        if self.answers >= self.now.max(ROUND_MIN) {
            let limit = self.judge();
            self.begin_round(limit);
        }
    }

    fn note(&mut self, latency: Duration) {
        match self.latencies.len() {
            SAMPLES_MAX.. => self.latencies[self.answers % SAMPLES_MAX] = latency,
            _ => self.latencies.push(latency),
        }
        self.answers += 1;
    }

    fn begin_round(&mut self, limit: usize) {
        self.now = limit.clamp(self.min, self.max);
        self.round += 1;
        self.peak = self.in_flight;
        self.answers = 0;
        self.latencies.clear();
    }

    /// The limit after a round.
    fn judge(&mut self) -> usize {
        self.latencies.sort_unstable();
        let (shortest, median) = (self.latencies[0], self.latencies[self.latencies.len() / 2]);
        let timed_out = median == Duration::MAX;
        if let Some(Halved { from, latency, doubled }) = self.halved.take()
            && !timed_out
            && median > latency / 4 * 3
        {
            (self.usual, self.doubles, self.was_crowded) = (Some(median), doubled, false);
            return from;
        }
        let usual = self.usual.unwrap_or(shortest);
        // Timeouts alone say nothing of it.
        self.usual = Some(usual).filter(|usual| *usual < Duration::MAX);
        let was_reached = self.peak >= self.now;
        let is_crowded = median > LEISURE && median >= usual.saturating_mul(CROWDED);
        let was_crowded = std::mem::replace(&mut self.was_crowded, is_crowded);
        if is_crowded && !was_crowded {
            return self.now;
        }
        match (is_crowded, was_reached) {
            (true, _) if self.now == self.min => {
                // It cannot be left more at leisure: that is what it takes.
                if !timed_out {
                    self.usual = Some(median);
                }
                self.now
            }
            (true, true) => {
                self.halved = Some(Halved { from: self.now, latency: median, doubled: self.doubles });
                self.doubles = false;
                self.now / 2
            }
            (true, false) => self.now,
            (false, _) => {
                if median < usual {
                    self.usual = Some(usual - (usual - median) / 4);
                }
                match (was_reached, self.doubles) {
                    (false, _) => self.now,
                    (true, true) => self.now * 2,
                    (true, false) => self.now + self.now / 16 + 1,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A round in which the limit is reached.
    fn round(limit: &mut Limit, answer: Answer) {
        let calls: Vec<Begun> = (0..limit.now().max(ROUND_MIN)).map(|_| limit.begin()).collect();
        calls.into_iter().for_each(|call| limit.ended(call, answer));
    }

    #[test]
    fn a_beginning_of_timeouts_says_nothing_of_the_usual_latency() {
        let took = |ms| Answer::Took(Duration::from_millis(ms));
        let mut limit = Limit::new(1, 64);
        (0..2).for_each(|_| round(&mut limit, Answer::TimedOut));
        assert_eq!(limit.now(), START / 2);
        (0..5).for_each(|_| round(&mut limit, took(20)));
        let at_leisure = limit.now();
        assert!(at_leisure > START, "{at_leisure}");
        (0..2).for_each(|_| round(&mut limit, took(500)));
        assert_eq!(limit.now(), at_leisure / 2);
    }
}
