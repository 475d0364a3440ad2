//! Time: the only place that asks the operating system for it.

#[cfg(test)]
mod fake;

use std::future::Future;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

#[cfg(test)]
pub use fake::{Held, Paused};

/// Where time comes from. Waiting goes through it too, so that a test can hold it still.
pub trait Clock: Send + Sync {
    /// The time of day. May jump when somebody sets the clock.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment. Never goes back; for rates and waits.
    fn elapsed(&self) -> Duration;

    /// Ends after `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug)]
pub struct System {
    start: std::time::Instant,
}

impl Default for System {
    #[allow(clippy::disallowed_methods)]
    fn default() -> Self {
        Self { start: std::time::Instant::now() }
    }
}

impl Clock for System {
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    #[allow(clippy::disallowed_methods)]
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Waits for `work`, but no longer than `duration`: then `None`.
pub async fn timeout<T>(clock: &dyn Clock, duration: Duration, work: impl Future<Output = T>) -> Option<T> {
    let sleep = clock.sleep(duration);
    tokio::select! {
        biased;
        output = work => Some(output),
        () = sleep => None,
    }
}

/// Waits until a time of day. In steps, so that a clock that is set meanwhile counts.
pub async fn sleep_until(clock: &dyn Clock, moment: Timestamp) {
    const STEP: Duration = Duration::from_secs(1);
    while let Ok(left) = Duration::try_from(moment.duration_since(clock.now()))
        && !left.is_zero()
    {
        clock.sleep(left.min(STEP)).await;
    }
}

/// Measures how long something takes; not for deciding anything.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Begins to measure.
    #[allow(clippy::disallowed_methods)]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// Blocks this thread until so long after the start; at once when that has passed. Timers of tokio have a grain of a
    /// millisecond: this wakes within some microseconds on a [`sharpened`](sharpen_thread) thread, on a machine with time
    /// for it.
    pub fn block_until(&self, elapsed: Duration) {
        std::thread::sleep(elapsed.saturating_sub(self.elapsed()));
    }
}

/// Asks the operating system to wake this thread on time: Linux puts wake-ups off by up to 50 µs to do several at once.
pub fn sharpen_thread() {
    #[cfg(target_os = "linux")]
    {
        // Without it wake-ups are a little late, which whoever waits measures.
        let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1_000));
    }
}

/// Processor time that this process has taken on all cores.
pub fn process_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// The wire's form of a time: UTC with milliseconds, as in `2026-03-01T09:00:00.000Z`.
pub fn wire_text(time: Timestamp) -> String {
    format!("{time:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_text_has_milliseconds_and_z() {
        let time: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        assert_eq!(wire_text(time), "2026-03-01T09:00:00.000Z");
    }

    #[test]
    fn a_blocked_thread_wakes_no_earlier_than_asked() {
        sharpen_thread();
        let (watch, busy) = (Stopwatch::start(), process_time());
        for ms in [3, 1, 5] {
            let until = Duration::from_millis(ms);
            watch.block_until(until);
            assert!(watch.elapsed() >= until);
        }
        assert!(process_time() >= busy && process_time() > Duration::ZERO);
    }
}
