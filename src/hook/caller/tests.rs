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

type Results = Vec<(u64, Result<Vec<u8>, Error>)>;

fn caller(results: Results) -> (Arc<Caller>, Arc<Script>, Arc<Paused>) {
    caller_with(settings(), results)
}

fn caller_with(settings: config::Hook, results: Results) -> (Arc<Caller>, Arc<Script>, Arc<Paused>) {
    let clock = Arc::new(Paused::default());
    let script = Arc::new(Script {
        clock: Arc::clone(&clock),
        results: Mutex::new(results.into()),
        started_ms: Mutex::default(),
    });
    let caller = Caller::new("f", script.clone(), &settings, clock.clone());
    (Arc::new(caller), script, clock)
}

fn failed() -> Result<Vec<u8>, Error> {
    Err(Error::Function("x".into()))
}

#[test]
fn pauses_double_vary_and_obey() {
    let pauses = Pauses { min: Duration::from_millis(250), max: Duration::from_secs(1) };
    let mut random = fastrand::Rng::with_seed(7);
    let list = [1, 1, 2, 2, 3, 4, 99].map(|attempt| pauses.after(attempt, &mut random).as_millis());
    assert_eq!(list, [153, 222, 320, 379, 941, 917, 604]);
    let mut asked =
        |times, ms: Option<u64>| pauses.asked(times, ms.map(Duration::from_millis), &mut random).as_millis();
    let list = [asked(1, Some(700)), asked(2, Some(10)), asked(1, Some(60_000)), asked(1, None)];
    assert_eq!(list, [700, 465, 60_000, 172]);
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

fn throttled(ms: impl Into<Option<u64>>) -> Result<Vec<u8>, Error> {
    Err(Error::Throttled { reason: "x".into(), retry_after: ms.into().map(Duration::from_millis) })
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_as_long_as_it_was_asked_to_and_so_do_others() {
    let (caller, script, _) = caller_with(
        config::Hook { calls_in_flight: 4, ..settings() },
        vec![(0, throttled(90_000)), (0, Ok(vec![])), (0, Ok(vec![]))],
    );
    let (first, second) = tokio::join!(called(&caller), async {
        script.clock.sleep(Duration::from_millis(1)).await;
        called(&caller).await
    });
    first.unwrap();
    second.unwrap();
    assert_eq!(*script.started_ms.lock(), [0, 90_000, 90_000]);
    assert!(!caller.waiting().is_any());
}

#[tokio::test(start_paused = true)]
async fn to_be_asked_to_slow_down_uses_up_no_attempt_and_has_an_end() {
    let mut results: Vec<_> = (0..9).map(|_| (0, throttled(1_000))).collect();
    results.extend([(0, failed()), (0, failed()), (0, Ok(vec![1]))]);
    let (caller, ..) = caller_with(settings(), results);
    assert_eq!(called(&caller).await.unwrap(), [1]);

    let (caller, script, clock) = caller_with(settings(), (0..2_000).map(|_| (0, throttled(None))).collect());
    let all = caller.call(Bytes::new(), None, &CancellationToken::new()).await.unwrap();
    assert!(matches!(all.result, Err(Error::Throttled { .. })));
    let wait_max = settings().circuit.wait_max;
    assert!((wait_max - Duration::from_secs(1)..=wait_max).contains(&clock.elapsed()), "{:?}", clock.elapsed());
    assert!(script.started_ms.lock().len() > 900, "about one each second, while it pauses up to one");
    assert_eq!(all.attempts.len(), ATTEMPTS_KEPT);

    // Longer than anybody would wait: it ends at once, and nobody else waits for that.
    let (caller, script, _) = caller_with(settings(), vec![(0, throttled(3_600_000)), (0, Ok(vec![]))]);
    assert!(matches!(called(&caller).await, Err(Error::Throttled { .. })));
    called(&caller).await.unwrap();
    assert_eq!(*script.started_ms.lock(), [0, 0]);
}

/// A circuit that opens after two failures in a row, for a second.
fn fragile() -> config::Hook {
    let seconds = Duration::from_secs;
    let circuit = config::Circuit {
        attempts: 2,
        failures: 2,
        open_min: seconds(1),
        open_max: seconds(4),
        probes: 1,
        wait_max: seconds(20),
    };
    config::Hook { circuit, calls_in_flight: 4, ..settings() }
}

#[tokio::test(start_paused = true)]
async fn while_a_function_is_down_calls_wait_and_probe_and_are_not_lost() {
    let mut results: Vec<_> = (0..5).map(|_| (10, failed())).collect();
    results.extend((0..4).map(|_| (10, Ok(vec![1]))));
    let (caller, script, _) = caller_with(fragile(), results);
    let calls = futures_util::future::join_all((0..4).map(|_| called(&caller)));
    let look = async {
        script.clock.sleep(Duration::from_millis(500)).await;
        caller.waiting().is_any()
    };
    let (answers, is_waiting) = tokio::join!(calls, look);
    assert!(answers.into_iter().all(|answer| answer.unwrap() == [1]));
    assert!(is_waiting && !caller.waiting().is_any());
    assert_eq!(caller.outages(), 1);
    // Four at first, then one after one second; it works after two more, and then for the rest at once.
    let started = script.started_ms.lock().clone();
    assert_eq!(started, [0, 0, 0, 0, 1_010, 3_020, 3_030, 3_030, 3_030]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_fails_where_others_succeed_does_not_open_the_circuit() {
    let settings = config::Hook { calls_in_flight: 1, ..fragile() };
    // The bad call, then a good one while it pauses, and then the bad one twice in a row.
    let (caller, script, _) = caller_with(settings, vec![(0, failed()), (0, Ok(vec![])), (0, failed()), (0, failed())]);
    let (bad, good) = tokio::join!(called(&caller), called(&caller));
    assert!(matches!(bad, Err(Error::Function(_))) && good.is_ok());
    assert_eq!((script.started_ms.lock().len(), caller.outages()), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_a_function_that_is_down_has_an_end() {
    let (caller, script, clock) = caller_with(fragile(), (0..99).map(|_| (10, failed())).collect());
    let all = futures_util::future::join_all((0..3).map(|_| called(&caller))).await;
    assert!(
        all.iter().all(|answer| matches!(answer, Err(Error::Function(_)))),
        "what it met itself says more: {all:?}"
    );
    assert_eq!(clock.elapsed().as_secs(), 20);
    let before = script.started_ms.lock().len();
    // Those that come later do not wait again.
    let error = called(&caller).await.unwrap_err();
    assert_eq!((error.kind(), clock.elapsed().as_secs()), ("left_alone", 20));
    assert_eq!(error.to_string(), "the hook has failed for 20s, and is left alone");
    assert!(error.is_retryable());
    assert_eq!(script.started_ms.lock().len(), before);
    // Somebody mended it, perhaps: one looks, and the others wait for that.
    script.results.lock().clear();
    script.results.lock().extend((0..3).map(|_| (50, Ok(vec![1]))));
    caller.forgive();
    let all = futures_util::future::join_all((0..3).map(|_| called(&caller))).await;
    assert!(all.into_iter().all(|answer| answer.is_ok()));
    assert_eq!(script.started_ms.lock()[before..], [20_010, 20_060, 20_060]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_every_wait() {
    for results in [vec![(0, failed()), (0, failed())], vec![(0, throttled(9_000)), (0, throttled(9_000))]] {
        let (caller, _, clock) = caller_with(fragile(), results);
        let stop = CancellationToken::new();
        let calls = futures_util::future::join_all((0..2).map(|_| caller.call(Bytes::new(), None, &stop)));
        let (calls, ()) = tokio::join!(calls, async {
            clock.sleep(Duration::from_millis(100)).await;
            assert!(caller.waiting().is_any());
            stop.cancel();
        });
        assert!(calls.iter().all(Option::is_none));
        assert_eq!(clock.elapsed().as_millis(), 100);
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_leaves_its_place_to_another() {
    let (caller, script, clock) = caller_with(
        fragile(),
        vec![(0, failed()), (0, failed()), (60_000, failed()), (10, Ok(vec![1])), (10, Ok(vec![2]))],
    );
    let dropped = clock::timeout(&*clock, Duration::from_millis(1_500), called(&caller));
    let (dropped, other) = tokio::join!(dropped, called(&caller));
    assert!(dropped.is_none() != other.is_err() && other.is_ok());
    assert_eq!(script.started_ms.lock().len(), 4);
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
    let cases: [(&str, fn(&mut config::Hook)); 7] = [
        ("hook.timeout", |hook| hook.timeout = Duration::from_secs(16)),
        ("hook.timeout", |hook| hook.timeout = Duration::ZERO),
        ("hook.attempts_max", |hook| hook.attempts_max = 4),
        ("hook.attempts_max", |hook| hook.attempts_max = 0),
        ("hook.pause_min", |hook| hook.pause_min = Duration::from_secs(2)),
        ("hook.calls_in_flight", |hook| hook.calls_in_flight = 0),
        ("hook.calls_in_flight_min", |hook| hook.calls_in_flight_min = 2),
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

mod concurrency;
