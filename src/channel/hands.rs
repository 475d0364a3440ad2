//! A clock for tests, whose hands move only when they are moved.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use parking_lot::Mutex;

use crate::clock::Clock;

/// Stands still; whoever sleeps by it sleeps forever.
pub(super) struct Hands(Mutex<Timestamp>);

impl Hands {
    pub(super) fn new() -> Self {
        Self(Mutex::new("2026-03-01T09:00:00Z".parse().expect("a time")))
    }

    pub(super) fn forward(&self, duration: Duration) {
        *self.0.lock() += duration;
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }

    fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}
