//! What a worker writes: lines of the function's log, and the end of it for the call under way.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::unconstrained;
use tokio_util::task::AbortOnDropHandle;

use super::log::Log;
use crate::clock::{self, Clock};

/// Bytes of a call's log that its caller may see. Source: Lambda API reference, Invoke, `LogType`.
const TAIL_BYTES_MAX: usize = 4096;
/// Longer lines are cut in pieces.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// Bytes that a pipe holds, and so the most that was written and not read yet. Source: pipe(7).
const PIPE_BYTES: usize = 64 * 1024;
/// How long a flush may take: there may be much else to do.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(250);

/// The output of one worker.
pub(super) struct Output {
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    readers: Vec<mpsc::Sender<oneshot::Sender<()>>>,
    _reading: Vec<AbortOnDropHandle<()>>,
}

struct Shared {
    log: Arc<Log>,
    current: Mutex<Current>,
}

#[derive(Default)]
struct Current {
    request_id: Option<String>,
    tail: VecDeque<u8>,
    last_line: Option<String>,
}

impl Output {
    pub fn new(log: Arc<Log>, clock: Arc<dyn Clock>) -> Self {
        let shared = Arc::new(Shared { log, current: Mutex::default() });
        Self { shared, clock, readers: Vec::new(), _reading: Vec::new() }
    }

    /// Reads this from now on, until its end.
    pub fn read(&mut self, from: impl AsyncRead + Unpin + Send + 'static) {
        let (sender, flushes) = mpsc::channel(1);
        self.readers.push(sender);
        self._reading.push(AbortOnDropHandle::new(tokio::spawn(read(from, self.shared.clone(), flushes))));
    }

    /// From here on lines belong to this call. `keeps_tail` counts what was written before as its own: the start of a worker.
    pub fn begin(&self, request_id: &str, keeps_tail: bool) {
        let mut current = self.shared.current.lock();
        current.request_id = Some(request_id.to_owned());
        if !keeps_tail {
            current.tail.clear();
        }
    }

    /// Adds a line of ours.
    pub fn say(&self, line: &str) {
        self.shared.add(line);
    }

    /// Waits until what was written so far has been read, but not long.
    pub async fn flush(&self) {
        let flushed = async {
            for reader in &self.readers {
                let (sender, done) = oneshot::channel();
                // A reader that is gone has read everything.
                if reader.send(sender).await.is_ok() {
                    let _ = done.await;
                }
            }
        };
        let _ = clock::timeout(&*self.clock, FLUSH_TIMEOUT, flushed).await;
    }

    /// The end of what was logged since [`begin`](Self::begin).
    pub fn tail(&self) -> String {
        let mut current = self.shared.current.lock();
        let bytes = current.tail.make_contiguous();
        let first = bytes.iter().position(|byte| (byte & 0xC0) != 0x80).unwrap_or(0);
        String::from_utf8_lossy(&bytes[first..]).into_owned()
    }

    /// The last line that the process itself wrote.
    pub fn last_line(&self) -> Option<String> {
        self.shared.current.lock().last_line.clone()
    }
}

impl Shared {
    fn add(&self, line: &str) {
        let mut current = self.current.lock();
        current.tail.extend(line.bytes().chain([b'\n']));
        let over = current.tail.len().saturating_sub(TAIL_BYTES_MAX);
        current.tail.drain(..over);
        self.log.write(current.request_id.as_deref(), line);
    }

    fn heard(&self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches('\r');
        if !line.trim().is_empty() {
            self.current.lock().last_line = Some(line.trim().to_owned());
        }
        self.add(line);
    }
}

/// Flushes are answered when nothing more can be read at once, or as much was as the pipe held: a process may write without
/// end. What it wrote before it answered is ready before its answer is, so that nothing of a call is missed.
async fn read(mut from: impl AsyncRead + Unpin, shared: Arc<Shared>, mut flushes: mpsc::Receiver<oneshot::Sender<()>>) {
    let mut pending = Vec::with_capacity(1024);
    loop {
        tokio::select! {
            biased;
            Some(done) = flushes.recv() => {
                let mut left = PIPE_BYTES;
                while left > 0 && let Some(Ok(read @ 1..)) = unconstrained(from.read_buf(&mut pending)).now_or_never() {
                    take_lines(&mut pending, |line| shared.heard(line));
                    left = left.saturating_sub(read);
                }
                let _ = done.send(());
            }
            read = from.read_buf(&mut pending) => {
                if !matches!(read, Ok(1..)) {
                    break;
                }
                take_lines(&mut pending, |line| shared.heard(line));
            }
        }
    }
    if !pending.is_empty() {
        shared.heard(&pending);
    }
}

/// Takes whole lines, and pieces of lines that are too long.
fn take_lines(pending: &mut Vec<u8>, mut line: impl FnMut(&[u8])) {
    let mut start = 0;
    while let Some(length) = memchr::memchr(b'\n', &pending[start..]) {
        line(&pending[start..start + length]);
        start += length + 1;
    }
    while pending.len() - start > LINE_BYTES_MAX {
        line(&pending[start..start + LINE_BYTES_MAX]);
        start += LINE_BYTES_MAX;
    }
    pending.drain(..start);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Paused;

    #[test]
    fn lines_are_taken_whole_and_long_ones_in_pieces() {
        let mut pending = b"one\n\ntwo\nthr".to_vec();
        let mut lines = Vec::new();
        take_lines(&mut pending, |line| lines.push(String::from_utf8_lossy(line).into_owned()));
        assert_eq!(lines, ["one", "", "two"]);
        assert_eq!(pending, b"thr");

        let mut pending = vec![b'x'; 2 * LINE_BYTES_MAX + 3];
        let mut lengths = Vec::new();
        take_lines(&mut pending, |line| lengths.push(line.len()));
        assert_eq!(lengths, [LINE_BYTES_MAX, LINE_BYTES_MAX]);
        assert_eq!(pending.len(), 3);
    }

    #[tokio::test]
    async fn a_flush_takes_what_is_there_and_ends_though_more_comes_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        // Its time stands still, so that no flush ends because it took too long.
        let clock = Arc::new(Paused::default());
        let mut output = Output::new(Arc::new(Log::new(folder.path(), clock.clone())), clock);
        output.read(&b"all\nof it\n"[..]);
        output.flush().await;
        assert_eq!(output.tail(), "all\nof it\n");
        output.read(tokio::io::repeat(b'x'));
        output.flush().await;
    }
}
