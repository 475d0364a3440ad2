//! Recordings of hook calls: who sent what, what came back, with personal data masked.
//!
//! Every attempt is recorded by itself, with its outcome. The call only copies a pointer and its answer; masking and writing
//! happen in a thread, and what that cannot keep up with is counted and left out.

pub mod compare;
mod files;
mod json;
mod line;
mod mask;
pub mod read;
pub mod replay;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use xxhash_rust::xxh3::xxh3_64;

use self::files::Files;
use self::line::Entry;
use self::mask::Mask;
use super::{Error, Invoker, Source};
use crate::clock::{Clock, Stopwatch};
use crate::config;
use crate::telemetry::metric;

pub use self::files::list;

/// What waits to be written: attempts, and the bytes of their events and answers.
const QUEUE_ATTEMPTS_MAX: usize = 4096;
const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A timeout begins a moment before the attempt it ends.
const TIMEOUT_SLACK: Duration = Duration::from_millis(10);

/// Why no recording can be made.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("`hook.record.directory` is `{}`, and cannot be written", .directory.display())]
    Directory {
        directory: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the system gives no random numbers to mask recordings with")]
    Random,
}

/// Records attempts at calls. Dropping it writes what waits.
pub struct Recorder {
    percent: u32,
    /// Time for one attempt: one that was given up after it had timed out.
    timeout: Duration,
    clock: Arc<dyn Clock>,
    queued_bytes: Arc<AtomicUsize>,
    /// `None` only while it is dropped.
    queue: Option<SyncSender<Entry>>,
    writer: Option<JoinHandle<()>>,
}

impl Recorder {
    /// Begins a recording by the settings; `None` when they name no folder.
    ///
    /// Codes of masked values are the same within one process, and cannot be traced back: their key is never stored.
    ///
    /// Errors: a folder that cannot be written.
    pub fn start(settings: &config::Hook, clock: Arc<dyn Clock>) -> Result<Option<Self>, StartError> {
        let config::Record { directory, percent, mask, file_bytes_max, files_max } = &settings.record;
        if directory.as_os_str().is_empty() {
            return Ok(None);
        }
        let mut key = [0; 32];
        SystemRandom::new().fill(&mut key).map_err(|_| StartError::Random)?;
        let unwritable = |source| StartError::Directory { directory: directory.clone(), source };
        let files = Files::open(directory, *file_bytes_max, *files_max, clock.now()).map_err(unwritable)?;
        let queued_bytes = Arc::new(AtomicUsize::new(0));
        let (queue, entries) = sync_channel(QUEUE_ATTEMPTS_MAX);
        let mut writer = Writer {
            files,
            mask: Mask::new(mask, &key),
            entries,
            queued_bytes: queued_bytes.clone(),
            clock: clock.clone(),
            has_failed: false,
        };
        let thread = std::thread::Builder::new().name("hook-recorder".to_owned());
        let writer = thread.spawn(move || writer.run()).map_err(unwritable)?;
        let timeout = settings.timeout;
        let (queue, writer) = (Some(queue), Some(writer));
        Ok(Some(Self { percent: *percent, timeout, clock, queued_bytes, queue, writer }))
    }

    /// A layer around an invoker that records its attempts.
    pub fn around(self: &Arc<Self>, function: &str, invoker: Arc<dyn Invoker>) -> Arc<dyn Invoker> {
        Arc::new(Recorded { function: function.into(), invoker, recorder: Arc::clone(self) })
    }

    /// Whether attempts with this event are kept: all those of a batch, or none.
    fn keeps(&self, event: &[u8]) -> bool {
        is_sampled(event, self.percent)
    }

    /// Never waits.
    fn record(&self, entry: Entry) {
        let bytes = entry.bytes();
        if self.queued_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > QUEUE_BYTES_MAX {
            self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return metric::hook_record("dropped");
        }
        let sent = self.queue.as_ref().map(|queue| queue.try_send(entry));
        if let Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) = sent {
            self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            metric::hook_record("dropped");
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // It has told of a panic itself.
            let _ = writer.join();
        }
    }
}

/// Whether an event belongs to this share of all events.
fn is_sampled(event: &[u8], percent: u32) -> bool {
    percent >= 100 || xxh3_64(event) % 100 < u64::from(percent)
}

/// The layer.
struct Recorded {
    function: Arc<str>,
    invoker: Arc<dyn Invoker>,
    recorder: Arc<Recorder>,
}

impl Invoker for Recorded {
    fn invoke<'a>(&'a self, event: Bytes, source: Option<&'a Source>) -> BoxFuture<'a, Result<Vec<u8>, Error>> {
        if !self.recorder.keeps(&event) {
            return self.invoker.invoke(event, source);
        }
        Box::pin(async move {
            let mut attempt = Attempt {
                layer: self,
                event: Some(event.clone()),
                at: self.recorder.clock.now(),
                running: Stopwatch::start(),
            };
            let result = self.invoker.invoke(event, source).await;
            attempt.end(result.as_ref().map(|answer| Bytes::copy_from_slice(answer)).map_err(Error::kind));
            result
        })
    }
}

/// An attempt under way. Who drops it has given up.
struct Attempt<'a> {
    layer: &'a Recorded,
    /// `None` once it was recorded.
    event: Option<Bytes>,
    at: Timestamp,
    running: Stopwatch,
}

impl Attempt<'_> {
    fn end(&mut self, outcome: Result<Bytes, &'static str>) {
        let Some(event) = self.event.take() else { return };
        let latency = self.running.elapsed();
        let function = self.layer.function.clone();
        self.layer.recorder.record(Entry { at: self.at, function, latency, event, outcome });
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let timed_out = self.running.elapsed() + TIMEOUT_SLACK >= self.layer.recorder.timeout;
        self.end(Err(if timed_out { "timeout" } else { "cancelled" }));
    }
}

/// The thread that masks and writes.
struct Writer {
    files: Files,
    mask: Mask,
    entries: Receiver<Entry>,
    queued_bytes: Arc<AtomicUsize>,
    clock: Arc<dyn Clock>,
    /// Whether the last line could not be written; told once.
    has_failed: bool,
}

impl Writer {
    fn run(&mut self) {
        loop {
            let entry = match self.entries.try_recv() {
                Ok(entry) => entry,
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => {
                    // Nothing to do for now: what was written may be read.
                    let flushed = self.files.flush();
                    self.note(flushed);
                    match self.entries.recv() {
                        Ok(entry) => entry,
                        Err(_) => break,
                    }
                }
            };
            let bytes = entry.bytes();
            let written = self.files.write(&entry.line(&self.mask), self.clock.now());
            self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            metric::hook_record(if written.is_ok() { "written" } else { "failed" });
            self.note(written);
        }
        let flushed = self.files.flush();
        self.note(flushed);
    }

    /// A disk may be full for a while: calls go on, and so does recording once there is room.
    fn note(&mut self, written: io::Result<()>) {
        match written {
            Ok(()) => self.has_failed = false,
            Err(error) if !self.has_failed => {
                self.has_failed = true;
                tracing::error!(%error, "hook calls are not recorded: `hook.record.directory` cannot be written");
            }
            Err(_) => {}
        }
    }
}

/// The files of a recording, which is one file or a folder of them; oldest first.
///
/// Errors: what cannot be read.
pub fn files(recording: &Path) -> io::Result<Vec<PathBuf>> {
    if recording.is_dir() {
        list(recording)
    } else {
        std::fs::File::open(recording).map(|_| vec![recording.to_owned()])
    }
}

#[cfg(test)]
mod tests;
