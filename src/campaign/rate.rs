//! Messages per second: one limiter at the point of sending, for a campaign and for a channel.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as GovernorClock, ReasonablyRealtime, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config;
use crate::telemetry::metric;

/// Time whose messages may go at once, so that no second sees much more than its share.
const BURST: Duration = Duration::from_millis(100);

/// Holds everybody who shares it to a number of messages per second. First come, first served.
pub struct Rate {
    limiter: RateLimiter<NotKeyed, InMemoryState, Monotonic, NoOpMiddleware<Elapsed>>,
    ticks: Monotonic,
    clock: Arc<dyn Clock>,
    /// Whoever is first in line holds it while waiting.
    line: Mutex<()>,
}

impl Rate {
    pub fn new(rate: config::Rate, clock: Arc<dyn Clock>) -> Self {
        let burst = BURST.as_nanos() / rate.interval().as_nanos().max(1);
        let burst = u32::try_from(burst).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(rate.interval().max(Duration::from_nanos(1)))
            .expect("it is not zero")
            .allow_burst(burst);
        let ticks = Monotonic(clock.clone());
        let limiter = RateLimiter::direct_with_clock(quota, ticks.clone());
        Self { limiter, ticks, clock, line: Mutex::new(()) }
    }

    /// Waits until `messages` may be sent. Dropping the wait gives up the place in line.
    pub async fn acquire(&self, messages: usize) {
        let start = self.clock.elapsed();
        let _first = self.line.lock().await;
        for _ in 0..messages {
            while let Err(not_yet) = self.limiter.check() {
                let now = GovernorClock::now(&self.ticks);
                self.clock.sleep(not_yet.wait_time_from(now).max(Duration::from_millis(1))).await;
            }
        }
        metric::limiter_wait(self.clock.elapsed().saturating_sub(start));
    }

    /// As [`acquire`](Self::acquire); `None` when a stop comes first.
    pub async fn acquire_or_stop(&self, messages: usize, stop: &CancellationToken) -> Option<()> {
        tokio::select! {
            biased;
            () = self.acquire(messages) => Some(()),
            () = stop.cancelled() => None,
        }
    }
}

/// Our clock as the limiter wants it.
#[derive(Clone)]
struct Monotonic(Arc<dyn Clock>);

/// Time since the clock's own start.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Elapsed(Duration);

impl GovernorClock for Monotonic {
    type Instant = Elapsed;

    fn now(&self) -> Elapsed {
        Elapsed(self.0.elapsed())
    }
}

impl ReasonablyRealtime for Monotonic {}

impl Reference for Elapsed {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_sub(earlier.0).into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.saturating_sub(duration.into()))
    }
}

impl std::ops::Add<Nanos> for Elapsed {
    type Output = Self;

    fn add(self, duration: Nanos) -> Self {
        Self(self.0 + Duration::from(duration))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Paused;

    #[tokio::test(start_paused = true)]
    async fn no_window_sees_more_than_its_share_and_a_burst() {
        let clock: Arc<dyn Clock> = Arc::new(Paused::default());
        let rate = Arc::new(Rate::new("100/s".parse().unwrap(), clock.clone()));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let (rate, clock) = (rate.clone(), clock.clone());
            tasks.spawn(async move {
                let mut times = Vec::new();
                for _ in 0..30 {
                    rate.acquire(1).await;
                    times.push(clock.elapsed());
                }
                times
            });
        }
        let mut times: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
        times.sort_unstable();
        assert_eq!(times.len(), 300);
        for (i, &start) in times.iter().enumerate() {
            let in_a_second = times[i..].iter().take_while(|&&t| t < start + Duration::from_secs(1)).count();
            assert!(in_a_second <= 110, "{in_a_second} messages in the second from {start:?}");
        }
        let took = *times.last().unwrap();
        assert!(took < Duration::from_millis(3_300), "300 messages at 100/s took {took:?}");
    }
}
