//! Collects metrics and prints them in Prometheus' text format.

use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::{Error, metric};
use crate::clock::Clock;

/// Upper bounds of the buckets of every histogram, in seconds: from a commit on a fast disk to a hook that times out
/// and a message that waits for a slow limit.
const BUCKETS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0];

/// How often samples are moved into their buckets when nobody asks for them.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// The metrics of this process.
#[derive(Clone)]
pub struct Recorder(PrometheusHandle);

impl Recorder {
    /// Collects metrics from now on. Once a process.
    ///
    /// Panics: outside a tokio runtime, which carries the upkeep.
    pub fn install(clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let handle = builder().install_recorder().map_err(|_| Error::Installed { what: "metrics" })?;
        metric::describe();
        let recorder = Self(handle);
        tokio::spawn(recorder.clone().keep_up(clock));
        Ok(recorder)
    }

    /// All metrics in Prometheus' text format.
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// A recorder that nothing reports to.
    #[cfg(test)]
    pub(super) fn detached() -> Self {
        Self(builder().build_recorder().handle())
    }

    /// Keeps the memory that waiting samples take small. Never ends.
    async fn keep_up(self, clock: Arc<dyn Clock>) {
        loop {
            clock.sleep(UPKEEP_INTERVAL).await;
            self.0.run_upkeep();
        }
    }
}

fn builder() -> PrometheusBuilder {
    metric::HISTOGRAMS.iter().fold(PrometheusBuilder::new(), |builder, name| {
        builder.set_buckets_for_metric(Matcher::Full((*name).to_owned()), BUCKETS).expect("there are buckets")
    })
}

/// A recorder for `work` alone, and what it says afterwards.
#[cfg(test)]
pub(super) fn recorded(work: impl FnOnce()) -> String {
    let recorder = builder().build_recorder();
    metrics::with_local_recorder(&recorder, || {
        metric::describe();
        work();
    });
    recorder.handle().render()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_ascend_and_hold_a_hook_timeout() {
        assert!(BUCKETS.is_sorted_by(|low, high| low < high));
        let timeout = crate::domain::limit::HOOK_TIMEOUT_MAX.as_secs_f64();
        assert!(BUCKETS.contains(&timeout), "attempts that timed out are told from those that just made it");
    }

    #[test]
    fn histograms_have_buckets() {
        let text = recorded(|| metric::limiter_wait(Duration::from_millis(3)));
        assert!(text.contains("pinwheel_limiter_wait_seconds_bucket{le=\"0.0025\"} 0\n"), "{text}");
        assert!(text.contains("pinwheel_limiter_wait_seconds_bucket{le=\"0.005\"} 1\n"), "{text}");
    }
}
