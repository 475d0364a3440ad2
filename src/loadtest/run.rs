//! One load test as it happens: a thread that starts calls when they are due, the calls, and who adds up what came of them.
//!
//! The thread knows nothing of how calls fare, but for one thing: at the in-flight limit the next call waits until another
//! one has ended, and everything after it is late. Calls are never left out: what still waits at the end of the plan is a
//! failed call that never started.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::Error;
use super::events::Pool;
use super::pacer::{Due, Plan};
use super::report::{Arrivals, Client, Second};
use super::tally::{Outcome, Tally};
use super::threshold::Threshold;
use crate::clock::{self, Clock, Stopwatch};
use crate::hook::{self, Invoker};

/// How often outcomes are added up.
const TICK: Duration = Duration::from_millis(100);
/// The longest the thread sleeps before it looks whether the test was ended.
const NAP_MAX: Duration = Duration::from_millis(50);
/// A wake-up later than this is counted.
const WAKE_UP_LATE: Duration = Duration::from_millis(1);

/// What a load test does.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Without the warm-up.
    pub plan: Plan,
    /// At the mean rate of the first stage, and not counted.
    pub warm_up: Duration,
    pub arrivals: Arrivals,
    pub seed: u64,
    /// At least 1.
    pub in_flight_max: usize,
    /// For one call, from the moment it is sent.
    pub timeout: Duration,
    pub decode: bool,
    pub thresholds: Vec<Threshold>,
    /// Whether thresholds end the test early, and the time that they are given first.
    pub abort_after: Option<Duration>,
}

/// Why a test ended before its plan did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stopped {
    Operator,
    Threshold,
}

/// A test that has ended.
#[derive(Debug)]
pub struct Ran {
    pub tally: Tally,
    pub client: Client,
    pub stopped: Option<Stopped>,
}

/// How a test is going.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// From the beginning of the warm-up.
    pub elapsed: Duration,
    pub duration: Duration,
    pub warm_up: Duration,
    /// Calls a second that are meant to start now.
    pub rate_per_s: f64,
    pub in_flight: usize,
    /// The last second that is over.
    pub last: Second,
    /// Of each second that is over; 0 for those without successes.
    pub p99s_ms: Vec<f64>,
    pub intended: u64,
    pub succeeded: u64,
    pub failures: Vec<(String, u64)>,
}

/// Runs a test to its end, or until `stop`: then calls in flight are awaited, each for its time at most.
pub async fn run(
    settings: &Settings,
    invoker: Arc<dyn Invoker>,
    pool: Arc<Pool>,
    clock: Arc<dyn Clock>,
    stop: &CancellationToken,
    live: &watch::Sender<Live>,
) -> Result<Ran, Error> {
    let plan = settings.plan.after_warm_up(settings.warm_up);
    let halt = stop.child_token();
    // Should this future be dropped, no more calls are started.
    let _halt = halt.clone().drop_guard();
    live.send_replace(Live::default());
    let (sender, outcomes) = channel();
    let slots = Arc::new(Semaphore::new(settings.in_flight_max));
    let busy = clock::process_time();
    let watch = Stopwatch::start();
    let call = Call {
        invoker,
        pool,
        timeout: settings.timeout,
        decode: settings.decode,
        watch,
        clock: Arc::clone(&clock),
        sender,
    };
    let dispatcher = Dispatcher {
        due: plan.arrivals(settings.arrivals, settings.seed),
        end: plan.duration(),
        slots: Arc::clone(&slots),
        call: Arc::new(call),
        halt: halt.clone(),
        halted: None,
        runtime: Handle::current(),
    };
    let thread = thread::Builder::new().name("load-pacer".into()).spawn(|| dispatcher.run()).map_err(Error::Thread)?;

    let mut collector = Collector { tally: Tally::new(settings.warm_up, settings.plan.duration()), second: 0 };
    let mut stopped = None;
    loop {
        let have_ended = collector.drain(&outcomes);
        let elapsed = watch.elapsed();
        let is_new_second = collector.close_seconds(elapsed);
        if is_new_second && stopped.is_none() && settings.gives_up(&collector.tally, elapsed) {
            stopped = Some(Stopped::Threshold);
            halt.cancel();
        }
        let in_flight = settings.in_flight_max - slots.available_permits();
        live.send_modify(|live| {
            live.elapsed = elapsed;
            live.duration = plan.duration();
            live.warm_up = settings.warm_up;
            live.rate_per_s = if elapsed < plan.duration() { plan.rate_at(elapsed) } else { 0.0 };
            live.in_flight = in_flight;
            collector.show(live, is_new_second);
        });
        if have_ended {
            break;
        }
        clock.sleep(TICK).await;
    }
    let dispatched = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let elapsed = watch.elapsed();
    let Collector { mut tally, .. } = collector;
    tally.close_seconds(elapsed + Duration::from_secs(2));
    if let Some(end) = dispatched.ended_early {
        tally.cut_short(end);
        stopped = stopped.or(Some(Stopped::Operator));
    }
    let busy = clock::process_time().saturating_sub(busy);
    let client = Client {
        cores_busy: busy.as_secs_f64() / elapsed.as_secs_f64(),
        late_wake_ups: dispatched.late_wake_ups,
        in_flight_max: dispatched.in_flight_max,
    };
    Ok(Ran { tally, client, stopped })
}

impl Settings {
    /// Whether the test is to end now because of a threshold.
    fn gives_up(&self, tally: &Tally, elapsed: Duration) -> bool {
        let Some(grace) = self.abort_after else { return false };
        let is_grace_over = elapsed >= self.warm_up + grace;
        let calls = self.plan.calls();
        self.thresholds.iter().any(|threshold| threshold.gives_up(tally, calls, is_grace_over))
    }
}

/// News of a call.
enum News {
    Ended(Outcome),
    NotStarted { intended: Duration, end: Duration },
}

/// Adds up what came of calls.
struct Collector {
    tally: Tally,
    second: u64,
}

impl Collector {
    /// Adds all news there are. True when there can be no more.
    fn drain(&mut self, news: &Receiver<News>) -> bool {
        loop {
            match news.try_recv() {
                Ok(News::Ended(outcome)) => self.tally.add(&outcome),
                Ok(News::NotStarted { intended, end }) => self.tally.add_not_started(intended, end),
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => return true,
            }
        }
    }

    /// Closes seconds whose news have come. True when there is one more.
    fn close_seconds(&mut self, elapsed: Duration) -> bool {
        // A call that has just ended may still be on its way here.
        let over = elapsed.saturating_sub(TICK);
        let is_new = over.as_secs() > self.second;
        if is_new {
            self.second = over.as_secs();
            self.tally.close_seconds(over);
        }
        is_new
    }

    fn show(&self, live: &mut Live, is_new_second: bool) {
        if is_new_second {
            let timeline = self.tally.timeline();
            let over = usize::try_from(self.second).unwrap_or(usize::MAX).min(timeline.len());
            live.p99s_ms = timeline[..over].iter().map(|row| row.p99_ms.unwrap_or_default()).collect();
            live.last = timeline[..over].last().copied().unwrap_or_default();
        }
        let totals = self.tally.totals();
        live.intended = totals.intended;
        live.succeeded = totals.succeeded;
        live.failures = totals.failures.iter().map(|(kind, count)| (kind.clone(), *count)).collect();
    }
}

/// Starts calls when they are due; a thread of its own, for timers of the runtime are coarse.
struct Dispatcher {
    due: Due,
    /// Of the plan.
    end: Duration,
    slots: Arc<Semaphore>,
    call: Arc<Call>,
    halt: CancellationToken,
    /// When the thread saw that it was halted: what was due by then is still called if there is room.
    halted: Option<Duration>,
    runtime: Handle,
}

struct Dispatched {
    late_wake_ups: u64,
    in_flight_max: usize,
    /// When it was halted, if it was.
    ended_early: Option<Duration>,
}

impl Dispatcher {
    fn run(mut self) -> Dispatched {
        clock::sharpen_thread();
        let slots = self.slots.available_permits();
        let mut dispatched = Dispatched { late_wake_ups: 0, in_flight_max: 0, ended_early: None };
        let mut number = 0;
        while let Some(due) = self.due.next() {
            dispatched.late_wake_ups += self.wait(due);
            let slot = if self.halted().is_some_and(|halted| due > halted) { None } else { self.slot() };
            let Some((slot, waited)) = slot else {
                self.give_up(due, &mut dispatched);
                return dispatched;
            };
            assert!(self.halted.is_some() || self.call.watch.elapsed() >= due, "no call is made before it is due");
            dispatched.in_flight_max = dispatched.in_flight_max.max(slots - self.slots.available_permits());
            self.runtime.spawn(Arc::clone(&self.call).make(number, due, slot, waited));
            number += 1;
        }
        // The plan's last stage may be silent.
        self.wait(self.end);
        dispatched.ended_early = self.halted();
        dispatched
    }

    fn halted(&mut self) -> Option<Duration> {
        if self.halted.is_none() && self.halt.is_cancelled() {
            self.halted = Some(self.call.watch.elapsed().min(self.end));
        }
        self.halted
    }

    /// Sleeps until a call is due or the test is halted. Counts the times that it woke late.
    fn wait(&self, due: Duration) -> u64 {
        let watch = &self.call.watch;
        let mut late = 0;
        loop {
            let now = watch.elapsed();
            if now >= due || self.halt.is_cancelled() {
                return late;
            }
            let until = due.min(now + NAP_MAX);
            watch.block_until(until);
            late += u64::from(watch.elapsed() > until + WAKE_UP_LATE);
        }
    }

    /// A turn to call, and whether there was none at first. `None` when the test ended before there was one.
    fn slot(&self) -> Option<(OwnedSemaphorePermit, bool)> {
        if let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() {
            return Some((slot, false));
        }
        let left = self.end.saturating_sub(self.call.watch.elapsed());
        let slot = clock::timeout(&*self.call.clock, left, Arc::clone(&self.slots).acquire_owned());
        let slot = self.runtime.block_on(self.halt.run_until_cancelled(slot))??;
        Some((slot.expect("the semaphore is never closed"), true))
    }

    /// Tells of this call and all others that are due by the end: they are not started.
    fn give_up(&mut self, due: Duration, dispatched: &mut Dispatched) {
        dispatched.ended_early = self.halted();
        let end = self.halted.unwrap_or(self.end);
        for intended in std::iter::once(due).chain(&mut self.due).take_while(|due| *due <= end) {
            self.call.tell(News::NotStarted { intended, end });
        }
    }
}

/// What all calls share.
struct Call {
    invoker: Arc<dyn Invoker>,
    pool: Arc<Pool>,
    timeout: Duration,
    decode: bool,
    watch: Stopwatch,
    clock: Arc<dyn Clock>,
    sender: Sender<News>,
}

impl Call {
    async fn make(self: Arc<Self>, number: u64, intended: Duration, slot: OwnedSemaphorePermit, waited: bool) {
        let event = self.pool.of_call(number);
        let sent = self.watch.elapsed();
        let answer = clock::timeout(&*self.clock, self.timeout, self.invoker.invoke(event.bytes.clone(), None))
            .await
            .unwrap_or(Err(hook::Error::Timeout(self.timeout)));
        let ended = self.watch.elapsed();
        drop(slot);
        let result = answer.and_then(|answer| {
            let bytes = answer.len();
            if self.decode { event.decode(answer).map(|()| bytes) } else { Ok(bytes) }
        });
        self.tell(News::Ended(Outcome {
            intended,
            sent,
            ended,
            result: result.map_err(|error| error.kind()),
            event_bytes: event.bytes.len(),
            endpoints: event.endpoints(),
            waited,
        }));
    }

    fn tell(&self, news: News) {
        // Nobody listens any more when the test itself was dropped.
        let _ = self.sender.send(news);
    }
}
