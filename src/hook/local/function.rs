//! A function and its workers.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::backoff::Backoff;
use super::client;
use super::code;
use super::invoked::{Failure, FunctionError, Invoked};
use super::log::Log;
use super::memory::Census;
use super::policy::{self, Policy, Statement};
use super::runtime_api::Event;
use super::worker::{Launch, Surroundings, Worker};
use super::{Configuration, EVENT_BYTES_MAX, Error, Home};
use crate::clock::{self, Clock};
use crate::hook::{self, Source, lambda};
use crate::telemetry::metric;

/// How long a look at the code is good for.
const CODE_FRESH: Duration = Duration::from_secs(1);

/// How long an answer waits for the worker to be ready for the next call.
const SETTLING: Duration = Duration::from_millis(250);

/// How long workers may take to end once they were killed.
const ENDING: Duration = Duration::from_secs(5);

/// How long a worker may wait for a call until it is ended, and how often that is looked at.
const IDLE_MAX: Duration = Duration::from_secs(10 * 60);
const IDLE_INTERVAL: Duration = Duration::from_secs(60);

/// One local function.
pub struct Function {
    pool: Arc<Pool>,
    policy: RwLock<Arc<Policy>>,
}

impl Function {
    /// `replaced` is the function of this name until now. It may still write to its log, which goes on as the new one's.
    pub(super) fn new(configuration: Configuration, added: &Policy, home: Home, replaced: Option<&Self>) -> Self {
        let log = match replaced {
            Some(replaced) => replaced.pool.surroundings.log.clone(),
            None => Arc::new(Log::new(&home.directory.join(&configuration.name), home.clock.clone())),
        };
        let (tracker, closed) = (TaskTracker::new(), CancellationToken::new());
        let surroundings = Surroundings {
            log,
            census: Arc::new(Census::new(home.clock.clone())),
            tracker: tracker.clone(),
            memory_mb: configuration.memory_mb,
            timeout: configuration.timeout,
            clock: home.clock.clone(),
            name: configuration.name.clone(),
            closed: closed.clone(),
        };
        let pool = Pool {
            arn: home.arn(&configuration.name),
            turns: Arc::new(Semaphore::new(configuration.workers)),
            idle: Mutex::default(),
            starts: Mutex::default(),
            launch: Mutex::default(),
            looked_at: tokio::sync::Mutex::default(),
            surroundings: Arc::new(surroundings),
            configuration,
            home,
            tracker,
            closed,
        };
        let policy = RwLock::new(Arc::new(pool.policy(added)));
        Self { pool: Arc::new(pool), policy }
    }

    pub fn configuration(&self) -> Configuration {
        self.pool.configuration.clone()
    }

    pub fn arn(&self) -> &str {
        &self.pool.arn
    }

    /// Who may call it: what the settings allow, and what was added.
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.read().clone()
    }

    /// Sets what its policy has beside the settings.
    pub fn permit(&self, added: &Policy) {
        *self.policy.write() = Arc::new(self.pool.policy(added));
    }

    /// Lives as long as it can be called or has workers.
    pub(super) fn life(&self) -> Weak<Surroundings> {
        Arc::downgrade(&self.pool.surroundings)
    }

    /// Whether somebody may call it.
    ///
    /// Errors: [`hook::Error::NotAllowed`]; says what would allow it.
    pub fn authorize(&self, source: &Source) -> Result<(), hook::Error> {
        let request = policy::Request {
            principal: &policy::principal(&self.pool.home.region),
            action: policy::INVOKE,
            resource: &self.pool.arn,
            source_arn: &source.arn,
            source_account: &source.account_id,
        };
        policy::evaluate(&self.policy(), &request).map_err(|refusal| {
            hook::Error::NotAllowed(format!("function `{}`: {refusal}", self.pool.configuration.name))
        })
    }

    /// Calls it; waits for a free worker as long as it takes. Asks no policy: for the operator and the Lambda API.
    ///
    /// A call that has begun goes on to its end when this is dropped, as on Lambda.
    ///
    /// Errors: never what the function does wrong, which is in [`Invoked`].
    pub async fn call(&self, event: Bytes) -> Result<Invoked, Error> {
        let turn = self.pool.turns.clone().acquire_owned().await;
        self.pool.clone().begin(turn.map_err(|_| self.pool.gone())?, event).await
    }

    /// As [`call`](Self::call), but waits for a worker no longer than this.
    ///
    /// Errors: also [`Error::Busy`].
    pub async fn call_within(&self, patience: Duration, event: Bytes) -> Result<Invoked, Error> {
        let Configuration { name, workers, .. } = &self.pool.configuration;
        let turn = self.pool.turns.clone().acquire_owned();
        match clock::timeout(&*self.pool.home.clock, patience, turn).await {
            Some(turn) => self.pool.clone().begin(turn.map_err(|_| self.pool.gone())?, event).await,
            None => Err(Error::Busy { name: name.clone(), workers: *workers }),
        }
    }

    /// As [`call`](Self::call), but does not wait for a worker.
    ///
    /// Errors: also [`Error::Busy`].
    pub async fn try_call(&self, event: Bytes) -> Result<Invoked, Error> {
        let Configuration { name, workers, .. } = &self.pool.configuration;
        let busy = || Error::Busy { name: name.clone(), workers: *workers };
        let turn = self.pool.turns.clone().try_acquire_owned().map_err(|_| busy())?;
        self.pool.clone().begin(turn, event).await
    }

    /// Starts the workers that do not run yet, so that no call has to wait for that.
    ///
    /// Errors: also [`Error::Start`].
    pub async fn warm(&self) -> Result<(), Error> {
        let pool = &self.pool;
        let workers = u32::try_from(pool.configuration.workers).unwrap_or(u32::MAX);
        let _turns = pool.turns.acquire_many(workers).await.map_err(|_| pool.gone())?;
        let launch = pool.launch().await?;
        let (running, request_id) = (pool.of_use(&launch), Uuid::nil().to_string());
        let missing = pool.configuration.workers - running;
        let starts = (0..missing).map(|_| pool.start(&launch, &request_id));
        for started in futures_util::future::join_all(starts).await {
            let name = || pool.configuration.name.clone();
            let problem = |failure: Failure| lambda::message_of(&failure.payload);
            let worker = started.map_err(|(failure, _)| Error::Start { name: name(), problem: problem(failure) })?;
            pool.keep(worker);
        }
        Ok(())
    }

    /// Ends all workers, also those with a call, and waits until they are gone, but not longer than is good for them.
    pub(super) async fn shut_down(&self) {
        self.pool.closed.cancel();
        self.pool.turns.close();
        self.pool.idle.lock().workers.clear();
        self.pool.tracker.close();
        let _ = clock::timeout(&*self.pool.home.clock, ENDING, self.pool.tracker.wait()).await;
    }
}

/// The workers, and what new ones are made from.
struct Pool {
    configuration: Configuration,
    arn: String,
    home: Home,
    /// As many as there are workers at most; taken for the time of a call.
    turns: Arc<Semaphore>,
    idle: Mutex<Idle>,
    starts: Mutex<Starts>,
    /// Of the code as it was when it was last looked at.
    launch: Mutex<Option<Arc<Launch>>>,
    /// When that was.
    looked_at: tokio::sync::Mutex<Option<Duration>>,
    surroundings: Arc<Surroundings>,
    tracker: TaskTracker,
    closed: CancellationToken,
}

/// The workers that wait for a call, and since when. The last to come is the first to go.
#[derive(Default)]
struct Idle {
    workers: Vec<(Worker, Duration)>,
    /// Whether a task ends those that wait too long.
    is_watched: bool,
}

/// Counts a worker as busy while it lives.
struct Busy<'a>(&'a str);

impl<'a> Busy<'a> {
    fn count(function: &'a str) -> Self {
        metric::function_worker_busy(function, true);
        Self(function)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        metric::function_worker_busy(self.0, false);
    }
}

/// How starts of workers went.
#[derive(Default)]
struct Starts {
    backoff: Backoff,
    last_failure: Option<Failure>,
}

impl Pool {
    fn gone(&self) -> Error {
        Error::Closed { name: self.configuration.name.clone() }
    }

    /// What the settings allow, and these statements.
    fn policy(&self, added: &Policy) -> Policy {
        let principal = policy::principal(&self.home.region);
        let allow = self.configuration.allow.iter().enumerate().map(|(at, pattern)| {
            Statement::allowing(format!("settings-{}", at + 1), principal.clone(), self.arn.clone(), pattern)
        });
        let statement = allow.chain(added.statement.iter().cloned()).collect();
        Policy { statement, ..added.clone() }
    }

    /// A call that has its turn.
    async fn begin(self: Arc<Self>, turn: OwnedSemaphorePermit, event: Bytes) -> Result<Invoked, Error> {
        if event.len() > EVENT_BYTES_MAX {
            return Err(Error::EventTooLarge(event.len()));
        }
        let (sender, invoked) = oneshot::channel();
        let gone = self.gone();
        self.tracker.clone().spawn(async move {
            let _busy = Busy::count(&self.configuration.name);
            self.run(turn, event, sender).await;
        });
        invoked.await.unwrap_or(Err(gone))
    }

    async fn run(
        self: &Arc<Self>,
        turn: OwnedSemaphorePermit,
        event: Bytes,
        reply: oneshot::Sender<Result<Invoked, Error>>,
    ) {
        let request_id = Uuid::new_v4().to_string();
        let launch = match self.launch().await {
            Ok(launch) => launch,
            Err(error) => {
                drop(turn);
                return drop(reply.send(Err(error)));
            }
        };
        let began = self.home.clock.elapsed();
        let (mut worker, cold_start) = match self.idle_worker(&launch) {
            Some(worker) => (worker, None),
            None => match self.start(&launch, &request_id).await {
                Ok(worker) => (worker, Some(self.home.clock.elapsed().saturating_sub(began))),
                Err((failure, log_tail)) => {
                    let invoked = Invoked {
                        request_id,
                        payload: failure.payload,
                        function_error: Some(FunctionError::Unhandled),
                        log_tail,
                        duration: Duration::ZERO,
                        cold_start: None,
                        memory_used_mb: 0,
                    };
                    drop(turn);
                    return drop(reply.send(Ok(invoked)));
                }
            },
        };
        let invoked = self.call(&mut worker, request_id, event, cold_start).await;
        // Who calls again at once is to meet this worker and not to start another, so that it is waited for, but not long.
        let at_once = clock::timeout(&*self.home.clock, SETTLING, worker.settle()).await;
        if at_once == Some(true) {
            self.keep(worker);
            drop(turn);
            return drop(reply.send(Ok(invoked)));
        }
        drop(reply.send(Ok(invoked)));
        if at_once.is_none() && worker.settle().await {
            self.keep(worker);
        }
    }

    /// For the next call.
    fn keep(self: &Arc<Self>, worker: Worker) {
        let mut idle = self.idle.lock();
        // Under the lock: who closes cancels first, and clears then.
        if self.closed.is_cancelled() {
            return;
        }
        idle.workers.push((worker, self.home.clock.elapsed()));
        if !std::mem::replace(&mut idle.is_watched, true) {
            self.tracker.spawn(watch_idle(Arc::downgrade(self), self.home.clock.clone(), self.closed.clone()));
        }
    }

    /// Ends the workers that wait for too long. Whether others wait.
    fn end_idle(&self) -> bool {
        let now = self.home.clock.elapsed();
        let mut idle = self.idle.lock();
        let ended: Vec<_> = idle.workers.extract_if(.., |(_, since)| now.saturating_sub(*since) >= IDLE_MAX).collect();
        idle.is_watched = !idle.workers.is_empty();
        let others = idle.is_watched;
        drop(idle);
        ended.iter().for_each(|_| metric::function_worker_ended(&self.configuration.name, "idle"));
        others
    }

    async fn call(
        &self,
        worker: &mut Worker,
        request_id: String,
        event: Bytes,
        cold_start: Option<Duration>,
    ) -> Invoked {
        let began = self.home.clock.elapsed();
        worker.output.begin(&request_id, cold_start.is_some());
        worker.output.say(&format!("START RequestId: {request_id} Version: $LATEST"));
        let now = self.home.clock.now();
        let deadline_ms =
            now.as_millisecond() + i64::try_from(self.configuration.timeout.as_millis()).unwrap_or(i64::MAX);
        let trace = Uuid::new_v4().simple().to_string();
        let trace_id = format!("Root=1-{:08x}-{};Parent={};Sampled=0", now.as_second(), &trace[..24], &trace[16..]);
        let arn = self.arn.clone();
        let result =
            worker.call(Event { request_id: request_id.clone(), payload: event, deadline_ms, arn, trace_id }).await;
        let duration = self.home.clock.elapsed().saturating_sub(began);
        worker.output.flush().await;
        let memory_used_mb = worker.memory_used_mb();
        worker.output.say(&format!("END RequestId: {request_id}"));
        worker.output.say(&self.report(&request_id, duration, cold_start, memory_used_mb));
        let (payload, function_error) = match result {
            Ok(payload) => (payload, None),
            Err(failure) => {
                let function_error = failure.function_error();
                (failure.payload, Some(function_error))
            }
        };
        let log_tail = worker.output.tail();
        Invoked { request_id, payload, function_error, log_tail, duration, cold_start, memory_used_mb }
    }

    /// Source: AWS Lambda developer guide, "Viewing CloudWatch logs", the REPORT line.
    fn report(
        &self,
        request_id: &str,
        duration: Duration,
        cold_start: Option<Duration>,
        memory_used_mb: u32,
    ) -> String {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let init = cold_start.map(|init| format!("\tInit Duration: {:.2} ms", ms(init))).unwrap_or_default();
        format!(
            "REPORT RequestId: {request_id}\tDuration: {:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {memory_used_mb} MB{init}",
            ms(duration),
            ms(duration).ceil(),
            self.configuration.memory_mb,
        )
    }

    /// A worker that waits and has the present code. Others are ended.
    fn idle_worker(&self, launch: &Launch) -> Option<Worker> {
        self.of_use(launch);
        self.idle.lock().workers.pop().map(|(worker, _)| worker)
    }

    /// Ends the waiting workers that are of no use any more. Shape: how many are left.
    fn of_use(&self, launch: &Launch) -> usize {
        let mut idle = self.idle.lock();
        idle.workers.retain(|(worker, _)| worker.is_of_use(launch));
        idle.workers.len()
    }

    async fn start(&self, launch: &Launch, request_id: &str) -> Result<Worker, (Failure, String)> {
        let began = self.home.clock.elapsed();
        {
            let starts = self.starts.lock();
            if let Some(failure) = starts.last_failure.as_ref().filter(|_| starts.backoff.holds(began)) {
                return Err((failure.clone(), String::new()));
            }
        }
        let started = Worker::start(launch, self.surroundings.clone(), request_id).await;
        let mut starts = self.starts.lock();
        match &started {
            Ok(_) => *starts = Starts::default(),
            Err((failure, _)) => {
                starts.backoff.failed(began, self.home.clock.elapsed());
                starts.last_failure = Some(failure.clone());
            }
        }
        started
    }

    /// What workers are started with, made anew when the code has changed. The code is looked at once a second at most, by one
    /// call; others go on with what is known.
    async fn launch(&self) -> Result<Arc<Launch>, Error> {
        let known = self.launch.lock().clone();
        let mut looked_at = match (self.looked_at.try_lock(), known) {
            (Err(_), Some(known)) => return Ok(known),
            (Err(_), None) => self.looked_at.lock().await,
            (Ok(looked_at), _) => looked_at,
        };
        let now = self.home.clock.elapsed();
        let known = self.launch.lock().clone();
        if let Some(known) = &known
            && looked_at.is_some_and(|at| now.saturating_sub(at) < CODE_FRESH)
        {
            return Ok(known.clone());
        }
        let launch = self.look(known).await?;
        *looked_at = Some(self.home.clock.elapsed());
        *self.launch.lock() = Some(launch.clone());
        Ok(launch)
    }

    async fn look(&self, known: Option<Arc<Launch>>) -> Result<Arc<Launch>, Error> {
        let Configuration { name, code, .. } = &self.configuration;
        let failed = |problem| Error::Code { name: name.clone(), problem };
        let path = code.clone();
        let fingerprint = blocking(move || code::fingerprint(&path)).await.map_err(failed)?;
        if let Some(known) = known.filter(|known| known.fingerprint == fingerprint) {
            return Ok(known);
        }
        let (path, directory) = (code.clone(), self.home.directory.join(name));
        let folder = blocking(move || code::folder(&path, &directory)).await.map_err(failed)?;
        let (program, warning) = client::program(&self.configuration, &folder, &self.home).await?;
        if let Some(warning) = warning {
            tracing::warn!(function = name, "{warning}");
            self.surroundings.log.write(None, &warning);
        }
        *self.starts.lock() = Starts::default();
        let environment = client::environment(&self.configuration, &folder, &self.home);
        Ok(Arc::new(Launch { fingerprint, program, environment }))
    }
}

/// Ends workers that wait for too long, until none waits.
async fn watch_idle(pool: Weak<Pool>, clock: Arc<dyn Clock>, closed: CancellationToken) {
    loop {
        tokio::select! {
            () = closed.cancelled() => return,
            () = clock.sleep(IDLE_INTERVAL) => {}
        }
        if !pool.upgrade().is_some_and(|pool| pool.end_idle()) {
            return;
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("looking at code does not panic")
}
