//! The limit of calls in flight against simulated functions: it ends within a band, and calls keep up.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures_util::future::join_all;
use tokio::sync::Semaphore;

use super::*;

/// A function that works on some calls at a time and queues the rest, or refuses them.
struct Simulated {
    clock: Arc<Paused>,
    random: Mutex<fastrand::Rng>,
    phases: &'static [Phase],
    places: Semaphore,
    calls_in_flight_max: usize,
    in_flight: AtomicUsize,
    answered: AtomicUsize,
}

/// How it behaves until some second.
#[derive(Clone, Copy)]
struct Phase {
    until_s: u64,
    /// Calls it works on at a time; more wait.
    workers: usize,
    /// Calls in flight above which it asks to slow down.
    refuses_above: usize,
    latency_ms: u64,
    /// The latency varies by a factor of up to this, both ways.
    jitter: f64,
}

const PHASE: Phase = Phase { until_s: 60, workers: 1_000, refuses_above: 1_000, latency_ms: 200, jitter: 1.0 };

impl Simulated {
    fn phase(&self) -> Phase {
        let second = self.clock.elapsed().as_secs();
        *self.phases.iter().find(|phase| second < phase.until_s).or(self.phases.last()).unwrap()
    }
}

impl Invoker for Simulated {
    fn invoke<'a>(&'a self, _: Bytes, _: Option<&'a Source>) -> BoxFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(async move {
            let phase = self.phase();
            let in_flight = self.in_flight.fetch_add(1, Relaxed) + 1;
            assert!(in_flight <= self.calls_in_flight_max);
            let _leaves = Leaves(&self.in_flight);
            if in_flight > phase.refuses_above {
                return throttled(100);
            }
            // A call takes as many places as make `workers` calls fill all of them.
            let places = 1_000 / u32::try_from(phase.workers).unwrap();
            let _working = self.places.acquire_many(places).await.unwrap();
            let factor = phase.jitter.powf(self.random.lock().f64() * 2.0 - 1.0);
            self.clock.sleep(Duration::from_millis(phase.latency_ms).mul_f64(factor)).await;
            self.answered.fetch_add(1, Relaxed);
            Ok(vec![])
        })
    }
}

struct Leaves<'a>(&'a AtomicUsize);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// A function under as many calls as may be, and what is seen of it.
struct Case {
    name: &'static str,
    phases: &'static [Phase],
    calls_in_flight: (usize, usize),
    /// In these seconds the limit is within the band, on average.
    bands: &'static [(std::ops::Range<u64>, std::ops::RangeInclusive<f64>)],
    /// Share of the answers that the best limit would have brought, at least.
    answers: f64,
}

const CASES: &[Case] = &[
    Case {
        name: "a fast function gets all there is",
        phases: &[Phase { latency_ms: 5, until_s: 10, ..PHASE }],
        calls_in_flight: (1, 32),
        bands: &[(0..1, 30.0..=32.0), (1..10, 31.5..=32.0)],
        answers: 0.99,
    },
    Case {
        name: "one that takes its time too, after four round trips",
        phases: &[Phase { latency_ms: 1_000, ..PHASE }],
        calls_in_flight: (1, 32),
        bands: &[(6..60, 31.5..=32.0)],
        answers: 0.92,
    },
    Case {
        name: "jitter is no crowd",
        phases: &[Phase { jitter: 4.0, ..PHASE }],
        calls_in_flight: (1, 32),
        bands: &[(5..60, 29.0..=32.0)],
        answers: 0.85,
    },
    Case {
        name: "a few workers are kept busy, and no more",
        phases: &[Phase { workers: 5, ..PHASE }],
        calls_in_flight: (1, 100),
        bands: &[(10..60, 4.5..=10.5)],
        answers: 0.95,
    },
    Case {
        name: "one worker too",
        phases: &[Phase { workers: 1, ..PHASE }],
        calls_in_flight: (1, 32),
        bands: &[(10..60, 1.0..=2.5)],
        answers: 0.95,
    },
    Case {
        name: "what a few workers do varies",
        phases: &[Phase { workers: 10, jitter: 2.0, ..PHASE }],
        calls_in_flight: (1, 100),
        bands: &[(10..60, 8.0..=22.0)],
        answers: 0.85,
    },
    Case {
        name: "refusals lower it",
        phases: &[Phase { refuses_above: 20, ..PHASE }],
        calls_in_flight: (1, 100),
        bands: &[(10..60, 9.0..=21.0)],
        answers: 0.6,
    },
    Case {
        name: "workers that are lost and come back",
        phases: &[
            Phase { until_s: 20, workers: 20, ..PHASE },
            Phase { until_s: 60, workers: 2, ..PHASE },
            Phase { until_s: 120, workers: 20, ..PHASE },
        ],
        calls_in_flight: (1, 32),
        bands: &[(10..20, 20.0..=32.0), (35..60, 1.5..=5.0), (100..120, 18.0..=32.0)],
        answers: 0.75,
    },
    Case {
        name: "to become slow is not to be crowded",
        phases: &[
            Phase { until_s: 20, ..PHASE },
            Phase { until_s: 60, latency_ms: 900, ..PHASE },
            Phase { until_s: 90, ..PHASE },
        ],
        calls_in_flight: (1, 32),
        bands: &[(5..20, 31.0..=32.0), (30..60, 28.0..=32.0), (65..90, 31.0..=32.0)],
        answers: 0.9,
    },
    Case {
        name: "it never goes below the least",
        phases: &[Phase { workers: 1, ..PHASE }],
        calls_in_flight: (6, 32),
        bands: &[(10..60, 5.9..=12.5)],
        answers: 0.95,
    },
    Case {
        name: "a fixed one stays",
        phases: &[Phase { workers: 1, ..PHASE }],
        calls_in_flight: (16, 16),
        bands: &[(0..60, 15.5..=16.0)],
        answers: 0.95,
    },
];

/// The answers that a limit would bring that knew everything.
fn best(case: &Case) -> f64 {
    let mut from = 0;
    let mut answers = 0.0;
    for phase in case.phases {
        let at_once = case.calls_in_flight.1.min(phase.workers).min(phase.refuses_above);
        // The mean of a latency whose logarithm is spread evenly.
        let mean =
            if phase.jitter > 1.0 { (phase.jitter - 1.0 / phase.jitter) / (2.0 * phase.jitter.ln()) } else { 1.0 };
        answers += (phase.until_s - from) as f64 * 1e3 / (phase.latency_ms as f64 * mean) * at_once as f64;
        from = phase.until_s;
    }
    answers
}

#[tokio::test(start_paused = true)]
async fn the_limit_ends_where_the_function_is_busy_and_not_crowded() {
    let mut wrong = Vec::new();
    for case in CASES {
        let clock = Arc::new(Paused::default());
        let function = Arc::new(Simulated {
            clock: clock.clone(),
            random: Mutex::new(fastrand::Rng::with_seed(7)),
            phases: case.phases,
            places: Semaphore::new(1_000),
            calls_in_flight_max: case.calls_in_flight.1,
            in_flight: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
        });
        let (min, max) = case.calls_in_flight;
        let settings = config::Hook { calls_in_flight_min: min, calls_in_flight: max, ..settings() };
        let caller = Caller::new("f", function.clone(), &settings, clock.clone());
        let stop = CancellationToken::new();
        let calls = join_all((0..max + 5).map(|_| async {
            while let Some(called) = caller.call(Bytes::new(), None, &stop).await {
                called.result.unwrap();
            }
        }));
        let mut seen: Vec<(u64, usize)> = Vec::new();
        let look = async {
            let end = case.phases.last().unwrap().until_s;
            while clock.elapsed().as_secs() < end {
                seen.push((clock.elapsed().as_secs(), caller.gate.limit()));
                clock.sleep(Duration::from_micros(7_300)).await;
            }
            stop.cancel();
            function.answered.load(Relaxed) as f64 / best(case)
        };
        let ((), share) = tokio::join!(async { drop(calls.await) }, look);
        for (seconds, band) in case.bands {
            let looks = seen.iter().filter(|(second, _)| seconds.contains(second));
            let (sum, count) = looks.fold((0, 0), |(sum, count), (_, calls)| (sum + calls, count + 1));
            let average = sum as f64 / f64::from(count);
            if !band.contains(&average) {
                wrong.push(format!("{}: a limit of {average:.1} in the seconds {seconds:?}", case.name));
            }
        }
        if share < case.answers {
            wrong.push(format!("{}: {share:.3} of the answers", case.name));
        }
        println!("{}: {:.3}", case.name, share);
    }
    assert_eq!(wrong, Vec::<String>::new());
}
