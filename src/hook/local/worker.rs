//! One worker: a process with its Runtime API, which takes one event at a time.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::invoked::Failure;
use super::log::Log;
use super::memory::{Census, peak_bytes};
use super::output::Output;
use super::process::{Process, Program};
use super::runtime_api::{Event, RuntimeApi, Said, Verdict};
use crate::clock::{Clock, Stopwatch};
use crate::hook::lambda;
use crate::telemetry::metric;

/// How long a worker may take to ask for its first event. Source: AWS Lambda developer guide, "Lambda execution environment
/// lifecycle", init phase.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// How often memory is looked at while a call is under way.
const MEMORY_INTERVAL: Duration = Duration::from_millis(200);

/// Attempts at starting a program whose file is still busy, and the pause between them.
const START_ATTEMPTS_MAX: u32 = 20;
const START_PAUSE: Duration = Duration::from_millis(10);

const MIB: u64 = 1024 * 1024;

/// What workers of the same code have in common.
pub(super) struct Launch {
    /// Of the code. Workers of another one get no more calls.
    pub fingerprint: u64,
    pub program: Program,
    pub environment: BTreeMap<OsString, OsString>,
}

/// What a worker needs besides.
pub(super) struct Surroundings {
    pub log: Arc<Log>,
    pub census: Arc<Census>,
    pub tracker: TaskTracker,
    pub memory_mb: u32,
    pub timeout: Duration,
    pub clock: Arc<dyn Clock>,
    pub name: String,
    /// Ends all workers.
    pub closed: CancellationToken,
}

/// A worker that has started.
pub(super) struct Worker {
    fingerprint: u64,
    process: Process,
    said: mpsc::Receiver<Said>,
    /// What its process waits for.
    ready: Option<oneshot::Sender<Event>>,
    pub output: Output,
    memory_bytes_max: u64,
    surroundings: Arc<Surroundings>,
    _api: RuntimeApi,
}

/// What happened while something of the process was awaited.
enum Heard {
    Said(Said),
    Ended(End),
}

/// Why a worker is good for nothing any more.
enum End {
    Exited(String),
    TimedOut,
    OutOfMemory,
    /// Pinwheel is stopping.
    Closed,
}

impl End {
    /// For metrics; `None` for what was asked for.
    fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Exited(_) => Some("exit"),
            Self::TimedOut => Some("timeout"),
            Self::OutOfMemory => Some("memory"),
            Self::Closed => None,
        }
    }

    fn failure(&self, request_id: &str, timeout: Duration, last_words: Option<&str>) -> Failure {
        match self {
            Self::Exited(how) => Failure::exited(request_id, how, last_words),
            Self::TimedOut => Failure::timed_out(request_id, timeout),
            Self::OutOfMemory => Failure::out_of_memory(request_id),
            Self::Closed => Failure::exited(request_id, "signal: killed", None),
        }
    }
}

impl Worker {
    /// Starts a process and waits until it asks for an event. `request_id` is the call that waits for it.
    ///
    /// Errors: why it did not, and the end of its log.
    pub async fn start(
        launch: &Launch,
        surroundings: Arc<Surroundings>,
        request_id: &str,
    ) -> Result<Self, (Failure, String)> {
        let mut output = Output::new(surroundings.log.clone(), surroundings.clock.clone());
        let unable = |problem: String| (Failure::new("Runtime.InvalidEntrypoint", &problem), String::new());
        let (sender, said) = mpsc::channel(4);
        let api =
            RuntimeApi::start(sender, surroundings.clock.clone()).await.map_err(|error| unable(error.to_string()))?;
        let stream = format!("[$LATEST]{}", uuid::Uuid::new_v4().simple());
        let mut environment = launch.environment.clone();
        environment.insert("AWS_LAMBDA_RUNTIME_API".into(), api.address.to_string().into());
        let mark = ("AWS_LAMBDA_LOG_STREAM_NAME", &*stream);
        let (process, stdout, stderr) = start_process(launch, &environment, mark, &surroundings)
            .await
            .map_err(|error| unable(format!("`{}` cannot be started: {error}", launch.program.path.display())))?;
        output.read(stdout);
        output.read(stderr);
        let mut worker = Self {
            fingerprint: launch.fingerprint,
            process,
            said,
            ready: None,
            output,
            memory_bytes_max: 0,
            surroundings,
            _api: api,
        };
        let running = Stopwatch::start();
        let Err(failure) = worker.init(request_id).await else {
            metric::function_cold_start(&worker.surroundings.name, running.elapsed());
            return Ok(worker);
        };
        metric::function_worker_ended(&worker.surroundings.name, "init");
        worker.process.kill();
        worker.output.flush().await;
        let ms = running.elapsed().as_secs_f64() * 1000.0;
        let Failure { error_type, .. } = &failure;
        worker.output.say(&format!(
            "INIT_REPORT Init Duration: {ms:.2} ms\tPhase: init\tStatus: error\tError Type: {error_type}"
        ));
        Err((failure, worker.output.tail()))
    }

    async fn init(&mut self, request_id: &str) -> Result<(), Failure> {
        let mut deadline = self.surroundings.clock.sleep(INIT_TIMEOUT);
        loop {
            match self.hear(&mut deadline).await {
                Heard::Said(Said::Next(ready)) => {
                    self.ready = Some(ready);
                    return Ok(());
                }
                Heard::Said(Said::InitError { failure, verdict }) => {
                    let _ = verdict.send(Verdict::Accepted);
                    return Err(failure);
                }
                Heard::Said(Said::Answer { verdict, .. }) => {
                    let _ = verdict.send(Verdict::InvalidState);
                }
                Heard::Ended(end) => {
                    self.output.flush().await;
                    // No event has been seen yet, so that nobody's data can be in it.
                    let last_words = self.output.last_line();
                    return Err(end.failure(request_id, INIT_TIMEOUT, last_words.as_deref()));
                }
            }
        }
    }

    /// Whether it can take a call with the present code. Says why not in the metrics.
    pub fn is_of_use(&self, launch: &Launch) -> bool {
        let reason = match self.fingerprint == launch.fingerprint {
            true if self.process.is_alive() => return true,
            true => "exit",
            false => "code",
        };
        metric::function_worker_ended(&self.surroundings.name, reason);
        false
    }

    /// Most memory that it has used so far.
    pub fn memory_used_mb(&mut self) -> u32 {
        self.memory_bytes_max = self.memory_bytes_max.max(peak_bytes(self.process.group()));
        u32::try_from(self.memory_bytes_max.div_ceil(MIB)).unwrap_or(u32::MAX)
    }

    /// Hands over an event and waits for the answer. After a failure that is not the function's own answer the process is
    /// dead.
    pub async fn call(&mut self, event: Event) -> Result<Vec<u8>, Failure> {
        let request_id = event.request_id.clone();
        let mut event = Some(event);
        let mut deadline = self.surroundings.clock.sleep(self.surroundings.timeout);
        loop {
            if let (Some(ready), Some(waiting)) = (self.ready.take(), event.take()) {
                // It comes back when the process has hung up meanwhile; then it asks again.
                event = ready.send(waiting).err();
            }
            match self.hear(&mut deadline).await {
                Heard::Said(Said::Next(ready)) => {
                    // Without an answer to the last event none is due: the process is told so.
                    self.ready = event.is_some().then_some(ready);
                }
                Heard::Said(Said::Answer { request_id: id, answer, verdict })
                    if id == request_id && event.is_none() =>
                {
                    let _ = verdict.send(Verdict::Accepted);
                    return answer;
                }
                Heard::Said(Said::Answer { verdict, .. }) => {
                    let _ = verdict.send(Verdict::InvalidRequestId);
                }
                Heard::Said(Said::InitError { verdict, .. }) => {
                    let _ = verdict.send(Verdict::InvalidState);
                }
                Heard::Ended(end) => {
                    self.end(&end).await;
                    let failure = end.failure(&request_id, self.surroundings.timeout, None);
                    self.output.say(&lambda::message_of(&failure.payload));
                    return Err(failure);
                }
            }
        }
    }

    async fn end(&mut self, end: &End) {
        if let Some(reason) = end.reason() {
            metric::function_worker_ended(&self.surroundings.name, reason);
        }
        self.process.kill();
        self.output.flush().await;
    }

    /// After an answer: waits until the process asks for the next event. Whether it will.
    pub async fn settle(&mut self) -> bool {
        let mut deadline = self.surroundings.clock.sleep(self.surroundings.timeout);
        loop {
            match self.hear(&mut deadline).await {
                Heard::Said(Said::Next(ready)) => {
                    self.ready = Some(ready);
                    return true;
                }
                Heard::Said(Said::Answer { verdict, .. } | Said::InitError { verdict, .. }) => {
                    let _ = verdict.send(Verdict::InvalidState);
                }
                Heard::Ended(end) => {
                    self.end(&end).await;
                    return false;
                }
            }
        }
    }

    /// The next thing that happens.
    async fn hear(&mut self, deadline: &mut (impl Future<Output = ()> + Unpin)) -> Heard {
        let Surroundings { census, clock, memory_mb, closed, .. } = &*self.surroundings;
        let limit = u64::from(*memory_mb) * MIB;
        loop {
            tokio::select! {
                biased;
                () = closed.cancelled() => return Heard::Ended(End::Closed),
                // The sender lives as long as the API.
                Some(said) = self.said.recv() => return Heard::Said(said),
                how = self.process.exited() => return Heard::Ended(End::Exited(how)),
                () = &mut *deadline => return Heard::Ended(End::TimedOut),
                () = clock.sleep(MEMORY_INTERVAL) => {
                    let used = census.clone().bytes(self.process.group()).await;
                    self.memory_bytes_max = self.memory_bytes_max.max(used);
                    if used > limit {
                        return Heard::Ended(End::OutOfMemory);
                    }
                }
            }
        }
    }
}

/// Starts a worker's process; again for a moment while its file is busy. A program that was just unpacked is, as long as
/// another process that begins at the same time holds a copy of the handle it was written through.
async fn start_process(
    launch: &Launch,
    environment: &BTreeMap<OsString, OsString>,
    mark: (&str, &str),
    surroundings: &Surroundings,
) -> io::Result<(Process, ChildStdout, ChildStderr)> {
    let mut attempt = 1;
    loop {
        match Process::start(&launch.program, environment, mark, &surroundings.tracker) {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && attempt < START_ATTEMPTS_MAX => {
                surroundings.clock.sleep(START_PAUSE).await;
                attempt += 1;
            }
            started => return started,
        }
    }
}
