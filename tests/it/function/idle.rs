//! Workers that nobody needs any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use pinwheel::clock::{Clock, System};
use serde_json::json;

use super::{Host, eventually, is_running};

/// Shortens long waits, and can be ahead of time.
#[derive(Default)]
struct Hurried {
    system: System,
    ahead_s: AtomicU64,
}

impl Clock for Hurried {
    fn now(&self) -> Timestamp {
        self.system.now()
    }

    fn elapsed(&self) -> Duration {
        self.system.elapsed() + Duration::from_secs(self.ahead_s.load(Ordering::Relaxed))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let is_long = duration >= Duration::from_secs(60);
        self.system.sleep(if is_long { Duration::from_millis(20) } else { duration })
    }
}

#[tokio::test]
async fn workers_that_wait_for_long_end() {
    let clock = Arc::new(Hurried::default());
    let settings = "[functions.f]\ncode = 'DATA'\nclient = 'pinwheel'\nruntime = 'python'\nhandler = 'shapes.pid'";
    let host = Host::timed(settings, &[], clock.clone());
    let id = host.answer("f", json!({})).await.as_i64().unwrap();
    clock.ahead_s.store(9 * 60, Ordering::Relaxed);
    System::default().sleep(Duration::from_millis(200)).await;
    assert_eq!(host.answer("f", json!({})).await, id, "nine minutes are not long");
    clock.ahead_s.store(20 * 60, Ordering::Relaxed);
    eventually("its end", || (!is_running(id)).then_some(())).await;
    assert_ne!(host.answer("f", json!({})).await, id);
}
