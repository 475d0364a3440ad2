//! Attempts, waits and limits of a caller, with time held still.

use std::collections::VecDeque;
use std::future::pending;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use super::*;
use crate::clock::Paused;

/// Plays results in order, each after some time; hangs when there are no more.
struct Script {
    clock: Arc<Paused>,
    results: Mutex<VecDeque<(u64, Result<Vec<u8>, Error>)>>,
    started_ms: Mutex<Vec<u128>>,
}

impl Invoker for Script {
    fn invoke<'a>(&'a self, _: Bytes, _: Option<&'a Source>) -> BoxFuture<'a, Result<Vec<u8>, Error>> {
        self.started_ms.lock().push(self.clock.elapsed().as_millis());
        let next = self.results.lock().pop_front();
        Box::pin(async move {
            match next {
                Some((ms, result)) => {
                    self.clock.sleep(Duration::from_millis(ms)).await;
                    result
                }
                None => pending().await,
            }
        })
    }
}

/// A call that nobody stops.
async fn called(caller: &Caller) -> Result<Vec<u8>, Error> {
    caller.call(Bytes::new(), None, &CancellationToken::new()).await.expect("nobody stops it").result
}

fn settings() -> config::Hook {
    let defaults = config::Config::load(config::Sources::default()).unwrap().hook;
    config::Hook { calls_in_flight: 1, ..defaults }
}

fn caller(results: Vec<(u64, Result<Vec<u8>, Error>)>) -> (Arc<Caller>, Arc<Script>, Arc<Paused>) {
    let clock = Arc::new(Paused::default());
    let script = Arc::new(Script {
        clock: Arc::clone(&clock),
        results: Mutex::new(results.into()),
        started_ms: Mutex::default(),
    });
    let caller = Caller::new("f", script.clone(), &settings(), clock.clone());
    (Arc::new(caller), script, clock)
}

fn failed() -> Result<Vec<u8>, Error> {
    Err(Error::Function("x".into()))
}

#[test]
fn pauses_double_vary_and_obey() {
    let pauses = Pauses { min: Duration::from_millis(250), max: Duration::from_secs(1) };
    let mut random = fastrand::Rng::with_seed(7);
    let mut after = |attempt, asked_ms: Option<u64>| {
        pauses.after(attempt, asked_ms.map(Duration::from_millis), &mut random).as_millis()
    };
    let list = [
        after(1, None),
        after(1, None),
        after(2, None),
        after(2, None),
        after(3, None),
        after(4, None),
        after(99, None),
        after(1, Some(700)),
        after(2, Some(10)),
        after(1, Some(60_000)),
    ];
    assert_eq!(list, [153, 222, 320, 379, 941, 917, 604, 700, 465, 1000]);
}

#[tokio::test(start_paused = true)]
async fn a_call_is_tried_three_times_with_pauses_between() {
    let (caller, script, clock) = caller(vec![(10, failed()), (10, failed()), (10, failed()), (10, Ok(vec![1]))]);
    assert!(matches!(called(&caller).await, Err(Error::Function(_))));
    let started = script.started_ms.lock().clone();
    assert_eq!(started.len(), 3);
    assert_eq!(started[0], 0);
    assert!((135..=262).contains(&started[1]), "{started:?}");
    assert!((260..=515).contains(&(started[2] - started[1])), "{started:?}");
    assert!(clock.elapsed().as_millis() < 800);
    assert_eq!(called(&caller).await.unwrap(), [1]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_help_is_not_repeated() {
    let (caller, script, _) =
        caller(vec![(0, Err(Error::Refused("x".into()))), (0, Err(Error::Undecodable("x".into())))]);
    assert!(matches!(called(&caller).await, Err(Error::Refused(_))));
    assert!(matches!(called(&caller).await, Err(Error::Undecodable(_))));
    assert_eq!(script.started_ms.lock().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_its_own_fifteen_seconds() {
    let (caller, script, clock) = caller(vec![]);
    assert!(matches!(called(&caller).await, Err(Error::Timeout(limit)) if limit == HOOK_TIMEOUT_MAX));
    assert_eq!(script.started_ms.lock().len(), 3);
    assert!((45_000..47_000).contains(&clock.elapsed().as_millis()), "{}", clock.elapsed().as_millis());
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_as_long_as_it_was_asked_to() {
    let asked = Error::Throttled { reason: "x".into(), retry_after: Some(Duration::from_millis(900)) };
    let (caller, script, _) = caller(vec![(0, Err(asked)), (0, Ok(vec![]))]);
    called(&caller).await.unwrap();
    assert_eq!(*script.started_ms.lock(), [0, 900]);
}

#[tokio::test(start_paused = true)]
async fn a_pausing_call_lets_others_go_first() {
    let (caller, script, _) = caller(vec![(10, failed()), (20, Ok(vec![2])), (10, Ok(vec![1]))]);
    let (first, second) = tokio::join!(called(&caller), called(&caller));
    assert_eq!((first.unwrap(), second.unwrap()), (vec![1], vec![2]));
    assert_eq!(script.started_ms.lock()[..2], [0, 10], "the second call ran while the first one paused");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_frees_its_turn() {
    let (caller, script, clock) = caller(vec![(60_000, failed()), (10, Ok(vec![1]))]);
    assert!(clock::timeout(&*clock, Duration::from_millis(50), called(&caller)).await.is_none());
    assert_eq!(called(&caller).await.unwrap(), [1]);
    assert_eq!(*script.started_ms.lock(), [0, 50]);
}

#[test]
fn settings_out_of_their_limits_are_refused_by_name() {
    check(&settings()).unwrap();
    let cases: [(&str, fn(&mut config::Hook)); 6] = [
        ("hook.timeout", |hook| hook.timeout = Duration::from_secs(16)),
        ("hook.timeout", |hook| hook.timeout = Duration::ZERO),
        ("hook.attempts_max", |hook| hook.attempts_max = 4),
        ("hook.attempts_max", |hook| hook.attempts_max = 0),
        ("hook.pause_min", |hook| hook.pause_min = Duration::from_secs(2)),
        ("hook.calls_in_flight", |hook| hook.calls_in_flight = 0),
    ];
    for (setting, spoil) in cases {
        let mut settings = settings();
        spoil(&mut settings);
        let error = check(&settings).unwrap_err().to_string();
        assert!(error.contains(setting), "{error}");
    }
}

#[tokio::test]
async fn no_attempt_begins_after_a_stop() {
    let (caller, script, _) = caller(vec![(10, Ok(vec![1])), (10, Ok(vec![2]))]);
    let stop = CancellationToken::new();
    let under_way = caller.call(Bytes::new(), None, &stop);
    let waiting = caller.call(Bytes::new(), None, &stop);
    let (first, second, ()) = tokio::join!(under_way, waiting, async { stop.cancel() });
    assert_eq!(first.unwrap().result.unwrap(), [1], "an attempt under way is awaited");
    assert!(second.is_none(), "one call at once is allowed, and the second waited for its turn");
    assert!(caller.call(Bytes::new(), None, &stop).await.is_none());
    assert_eq!(script.started_ms.lock().len(), 1);
}
