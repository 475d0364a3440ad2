//! When a function whose workers do not start is tried again.

use std::time::Duration;

const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Counts starts that failed in a row. Times are of [`Clock::elapsed`](crate::clock::Clock::elapsed).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    failed_at: Duration,
    until: Duration,
}

impl Backoff {
    /// Whether no start should be made now.
    pub fn holds(&self, now: Duration) -> bool {
        now < self.until
    }

    /// A start that began at `began` has failed. Of several under way at once the first counts: the others say nothing new.
    pub fn failed(&mut self, began: Duration, now: Duration) {
        if self.failures > 0 && began < self.failed_at {
            return;
        }
        let pause = PAUSE_MIN.saturating_mul(1 << self.failures.min(16)).min(PAUSE_MAX);
        *self = Self { failures: self.failures + 1, failed_at: now, until: now + pause };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn pauses_double_up_to_a_limit() {
        let mut backoff = Backoff::default();
        let mut now = ms(1000);
        assert!(!backoff.holds(now));
        let pauses: Vec<_> = (0..8)
            .map(|_| {
                backoff.failed(now, now);
                let failed_at = now;
                while backoff.holds(now) {
                    now += ms(100);
                }
                (now - failed_at).as_millis()
            })
            .collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    }

    #[test]
    fn starts_at_once_count_once() {
        let mut backoff = Backoff::default();
        for _ in 0..4 {
            backoff.failed(ms(0), ms(10));
        }
        assert!(backoff.holds(ms(509)) && !backoff.holds(ms(510)));
        backoff.failed(ms(510), ms(520));
        assert!(backoff.holds(ms(1519)));
    }
}
