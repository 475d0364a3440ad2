//! Copies what was committed from the log to its places, beside the writer.

use std::ffi::c_int;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use super::connection;
use crate::store::Error;

/// Pages by which the log grows before more of it is copied: 32 MiB.
const STEP_PAGES: u32 = 4096;
/// Pages at which the writer waits for the rest to be copied, so that the log begins anew: 128 MiB.
const LOG_PAGES_MAX: u32 = 4 * STEP_PAGES;

/// Keeps the log short. A log begins anew only when all of it was copied and nobody writes, so the writer helps.
pub struct Checkpointer {
    /// Pages in the log after the last commit.
    log_pages: Arc<AtomicU32>,
    /// Pages in the log when the thread was woken last.
    woken_at: u32,
    /// `None` only while the checkpointer is dropped.
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread and watches the log of `writer`.
    pub fn start(path: &Path, writer: &mut Connection) -> Result<Self, Error> {
        let log_pages = Arc::new(AtomicU32::new(0));
        let pages_seen = Arc::clone(&log_pages);
        let watch = move |_: &mut Wal, pages: c_int| {
            pages_seen.store(pages.unsigned_abs(), Ordering::Relaxed);
            Ok(())
        };
        let failed =
            |source: Box<dyn std::error::Error + Send + Sync>| Error::Backend { operation: "watch the log", source };
        writer.wal_hook(Some(watch)).map_err(|error| failed(Box::new(error)))?;
        let connection = connection::open_checkpointer(path)?;
        let (wake, wakings) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".into())
            .spawn(move || checkpoint_all(&connection, &wakings))
            .map_err(|error| failed(Box::new(error)))?;
        Ok(Self { log_pages, woken_at: 0, wake: Some(wake), thread: Some(thread) })
    }

    /// To be called by the writer after each commit.
    pub fn committed(&mut self, writer: &Connection) {
        let pages = self.log_pages.load(Ordering::Relaxed);
        if pages < self.woken_at {
            self.woken_at = 0;
        }
        if pages >= LOG_PAGES_MAX {
            checkpoint(writer);
        } else if pages >= self.woken_at + STEP_PAGES {
            self.woken_at = pages;
            // If it is still at work, it is woken by a later commit.
            let _ = self.wake.as_ref().map(|wake| wake.try_send(()));
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            // If it panicked, that was reported when it happened.
            let _ = thread.join();
        }
    }
}

fn checkpoint_all(connection: &Connection, wakings: &Receiver<()>) {
    while wakings.recv().is_ok() {
        checkpoint(connection);
    }
}

/// Copies as much as can be copied without waiting for readers. What fails now is done by a later one.
fn checkpoint(connection: &Connection) {
    let copied = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    if let Err(error) = copied {
        tracing::warn!(%error, "the store's log was not copied; it grows until this works");
    }
}
