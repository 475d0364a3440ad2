//! Clocks for tests.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use parking_lot::Mutex;

use super::Clock;

/// When both clocks start.
const EPOCH: &str = "2026-03-01T09:00:00Z";

/// Follows tokio's paused time: stands still until everybody waits, then jumps to the first who is due.
pub struct Paused {
    start: tokio::time::Instant,
    epoch: Timestamp,
}

impl Default for Paused {
    fn default() -> Self {
        Self { start: tokio::time::Instant::now(), epoch: EPOCH.parse().expect("a time") }
    }
}

impl Clock for Paused {
    fn now(&self) -> Timestamp {
        self.epoch + self.start.elapsed()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    #[allow(clippy::disallowed_methods)]
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Moves when told to. Whoever sleeps by it sleeps forever.
#[derive(Default)]
pub struct Held(Mutex<Duration>);

impl Held {
    /// Moves the hands forward.
    pub fn advance(&self, duration: Duration) {
        *self.0.lock() += duration;
    }
}

impl Clock for Held {
    fn now(&self) -> Timestamp {
        EPOCH.parse::<Timestamp>().expect("a time") + *self.0.lock()
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}
