//! Whether the process is ready for work, and whether its work moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use crate::clock::Clock;

/// Told by those who work, asked by `/healthz` and `/readyz`. Clones share what they know.
#[derive(Clone)]
pub struct Health(Arc<State>);

struct State {
    clock: Arc<dyn Clock>,
    stalled_after: Duration,
    phase: AtomicU8,
    under_way: AtomicUsize,
    /// Milliseconds since 1970 of the last sign of life.
    progress_at: AtomicI64,
}

const STARTING: u8 = 0;
const READY: u8 = 1;
const DRAINING: u8 = 2;

/// Work that is under way until this is dropped.
#[must_use]
pub struct Work(Health);

impl Health {
    /// A process that is starting.
    pub fn new(clock: Arc<dyn Clock>, stalled_after: Duration) -> Self {
        let progress_at = AtomicI64::new(clock.now().as_millisecond());
        Self(Arc::new(State {
            clock,
            stalled_after,
            phase: AtomicU8::new(STARTING),
            under_way: AtomicUsize::new(0),
            progress_at,
        }))
    }

    /// The process takes work. Does not undo [`draining`](Self::draining).
    pub fn ready(&self) {
        // Drain may have been asked for during the start: then it stays so.
        _ = self.0.phase.compare_exchange(STARTING, READY, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The process finishes what it has and takes no more.
    pub fn draining(&self) {
        self.0.phase.store(DRAINING, Ordering::Relaxed);
    }

    /// Something is under way from now on, and has to make progress.
    pub fn begin(&self) -> Work {
        self.progress();
        self.0.under_way.fetch_add(1, Ordering::Relaxed);
        Work(self.clone())
    }

    /// Work moved: a message was sent, a batch was read. Cheap.
    pub fn progress(&self) {
        self.0.progress_at.store(self.0.clock.now().as_millisecond(), Ordering::Relaxed);
    }

    /// Whether the process takes work.
    pub fn is_ready(&self) -> bool {
        self.0.phase.load(Ordering::Relaxed) == READY
    }

    /// How long work under way has not moved, if that is too long.
    pub fn stalled_for(&self) -> Option<Duration> {
        if self.0.under_way.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let since_ms = self.0.clock.now().as_millisecond() - self.0.progress_at.load(Ordering::Relaxed);
        // A clock that was set back makes this negative, which is no stall.
        let since = Duration::from_millis(since_ms.try_into().unwrap_or(0));
        (since > self.0.stalled_after).then_some(since)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Held;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn ready_between_start_and_drain() {
        let health = Health::new(Arc::new(Held::default()), MINUTE);
        assert!(!health.is_ready());
        health.ready();
        assert!(health.is_ready());
        health.draining();
        health.ready();
        assert!(!health.is_ready(), "drain is final");
    }

    #[test]
    fn only_work_under_way_can_stall() {
        let clock = Arc::new(Held::default());
        let health = Health::new(clock.clone(), MINUTE);
        clock.advance(MINUTE * 10);
        assert_eq!(health.stalled_for(), None, "nothing to do");

        let work = health.begin();
        clock.advance(MINUTE);
        assert_eq!(health.stalled_for(), None, "not too long yet");
        clock.advance(MINUTE);
        assert_eq!(health.stalled_for(), Some(MINUTE * 2));
        health.progress();
        assert_eq!(health.stalled_for(), None, "moved");

        clock.advance(MINUTE * 2);
        drop(work);
        assert_eq!(health.stalled_for(), None, "done");
    }
}
