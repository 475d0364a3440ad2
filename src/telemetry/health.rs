//! Whether the process is ready for work, and whether its work moves.

use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;

use crate::clock::Clock;

/// Told by those who work, asked by `/healthz` and `/readyz`. Clones share what they know.
#[derive(Clone)]
pub struct Health(Arc<State>);

struct State {
    clock: Arc<dyn Clock>,
    stalled_after: Duration,
    phase: AtomicU8,
    /// For each work its last sign of life, in milliseconds since 1970. One that hangs shows, however much others move.
    under_way: Mutex<Vec<Weak<AtomicI64>>>,
}

const STARTING: u8 = 0;
const READY: u8 = 1;
const DRAINING: u8 = 2;

/// Work that is under way until this is dropped.
#[must_use]
pub struct Work {
    clock: Arc<dyn Clock>,
    progress_at: Arc<AtomicI64>,
}

impl Work {
    /// This work moved: a message was sent, a batch was read. Cheap.
    pub fn progress(&self) {
        self.progress_at.store(self.clock.now().as_millisecond(), Ordering::Relaxed);
    }
}

impl Health {
    /// A process that is starting.
    pub fn new(clock: Arc<dyn Clock>, stalled_after: Duration) -> Self {
        Self(Arc::new(State { clock, stalled_after, phase: AtomicU8::new(STARTING), under_way: Mutex::default() }))
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
        let State { clock, under_way, .. } = &*self.0;
        let progress_at = Arc::new(AtomicI64::new(clock.now().as_millisecond()));
        let mut under_way = under_way.lock();
        under_way.retain(|work| work.strong_count() > 0);
        under_way.push(Arc::downgrade(&progress_at));
        Work { clock: clock.clone(), progress_at }
    }

    /// Whether the process takes work.
    pub fn is_ready(&self) -> bool {
        self.0.phase.load(Ordering::Relaxed) == READY
    }

    /// How long work under way has not moved, if that is too long.
    pub fn stalled_for(&self) -> Option<Duration> {
        let works: Vec<_> = self.0.under_way.lock().iter().filter_map(Weak::upgrade).collect();
        let oldest = works.iter().map(|progress_at| progress_at.load(Ordering::Relaxed)).min()?;
        let since_ms = self.0.clock.now().as_millisecond() - oldest;
        // A clock that was set back makes this negative, which is no stall.
        let since = Duration::from_millis(since_ms.try_into().unwrap_or(0));
        (since > self.0.stalled_after).then_some(since)
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
        work.progress();
        assert_eq!(health.stalled_for(), None, "moved");

        let other = health.begin();
        clock.advance(MINUTE * 2);
        other.progress();
        assert_eq!(health.stalled_for(), Some(MINUTE * 2), "the other one does not hide it");
        drop(work);
        assert_eq!(health.stalled_for(), None, "done");
    }
}
