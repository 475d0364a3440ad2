//! Writes: one thread that commits everything that waits for it at once.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};

use super::checkpoint::Checkpointer;
use super::failure::Failure;
use super::{clearing, connection, definition, endpoint, event};
use crate::clock::Stopwatch;
use crate::store::Error;
use crate::telemetry::metric;

/// Writes that wait; callers of more wait to hand theirs over.
const QUEUE_WRITES_MAX: usize = 512;

/// How much a write does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Size {
    /// Shares a commit with others.
    Small,
    /// Has a commit of its own: to undo just a part of a large transaction costs a copy of all pages it changes.
    Bulk,
}

/// What a write works with.
pub struct Session {
    pub connection: Connection,
    /// What is known of the endpoints of applications.
    pub endpoints: endpoint::Cache,
    /// What is known of recent events.
    pub recent: event::Recent,
    /// What is known of removed definitions.
    pub removed: definition::Removed,
    /// Whether removed applications may have left something behind.
    pub clearing: bool,
}

/// The queue to the writing thread.
pub struct Writer {
    /// `None` only while the writer is dropped.
    queue: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

struct Job {
    size: Size,
    work: Work,
}

/// Works with the session, or passes on why there is none.
type Work = Box<dyn FnOnce(Result<&mut Session, Error>) -> Done + Send>;

/// What a job has done, to be told once it is known whether it lasts.
struct Done {
    succeeded: bool,
    reply: Box<dyn FnOnce(Result<(), Error>)>,
}

impl Writer {
    /// Opens the database and starts the thread. `lock` is held until the database is closed.
    pub fn start(path: &Path, lock: File) -> Result<Self, Error> {
        let mut connection = connection::open_writer(path)?;
        let checkpointer = Checkpointer::start(path, &mut connection)?;
        let (queue, jobs) = mpsc::channel(QUEUE_WRITES_MAX);
        let session = Session {
            connection,
            endpoints: endpoint::Cache::default(),
            recent: event::Recent::default(),
            removed: definition::Removed::default(),
            // The last process may not have come to the end of it.
            clearing: true,
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || {
                write_all(session, checkpointer, jobs);
                drop(lock);
            })
            .map_err(|error| Error::Backend { operation: "start the writing thread", source: Box::new(error) })?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Has `work` done, and waits until it is on stable storage. Once handed over it is done even if nobody waits.
    pub async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        size: Size,
        work: impl FnOnce(&mut Session) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = oneshot::channel();
        let work: Work = Box::new(move |session| {
            let result = session.and_then(|session| {
                // The thread serves everybody and has to go on. What a job changed is undone, as after any failure, and
                // what it had taken out of the session is read again.
                match catch_unwind(AssertUnwindSafe(|| work(session))) {
                    Ok(result) => result.map_err(|failure| failure.during(operation)),
                    Err(_) => Err(Error::Backend { operation, source: "a panic, which the log shows".into() }),
                }
            });
            Done {
                succeeded: result.is_ok(),
                // Nobody may be waiting any more, which is fine.
                reply: Box::new(move |committed| drop(sender.send(committed.and(result)))),
            }
        });
        let queue = self.queue.as_ref().ok_or(Error::Closed)?;
        queue.send(Job { size, work }).await.map_err(|_| Error::Closed)?;
        receiver.await.map_err(|_| Error::Closed)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // If it panicked, that was reported when it happened.
            let _ = thread.join();
        }
    }
}

fn write_all(mut session: Session, mut checkpointer: Checkpointer, mut jobs: mpsc::Receiver<Job>) {
    let mut waiting = Vec::new();
    while receive(&mut jobs, &mut waiting, !session.clearing) {
        let mut group = Vec::new();
        for job in waiting.drain(..) {
            if job.size == Size::Bulk {
                write_group(&mut session, std::mem::take(&mut group));
                write_group(&mut session, vec![job]);
                checkpointer.committed(&session.connection);
            } else {
                group.push(job);
            }
        }
        write_group(&mut session, group);
        if session.clearing {
            session.clearing = clear(&mut session.connection);
        }
        checkpointer.committed(&session.connection);
    }
    // The last connection to close copies the rest.
    drop(checkpointer);
}

/// Takes the jobs that wait, and may wait for one itself; `false` when there will be none any more.
fn receive(jobs: &mut mpsc::Receiver<Job>, waiting: &mut Vec<Job>, may_wait: bool) -> bool {
    if may_wait {
        return jobs.blocking_recv_many(waiting, QUEUE_WRITES_MAX) > 0;
    }
    while waiting.len() < QUEUE_WRITES_MAX {
        match jobs.try_recv() {
            Ok(job) => waiting.push(job),
            Err(TryRecvError::Empty) => break,
            Err(TryRecvError::Disconnected) => return !waiting.is_empty(),
        }
    }
    true
}

/// Clears away a bit; whether there is more. After a failure the rest has to wait.
fn clear(connection: &mut Connection) -> bool {
    clearing::step(connection).unwrap_or_else(|failure| {
        let error = failure.during("clear away a removed application");
        tracing::warn!(%error, "removed applications still take room; clearing goes on after the next removal or start");
        false
    })
}

/// Does the jobs and commits them at once. One that fails changes nothing and leaves the others as they are.
fn write_group(session: &mut Session, group: Vec<Job>) {
    if group.is_empty() {
        return;
    }
    let mut jobs = group.into_iter();
    let mut done = Vec::with_capacity(jobs.len());
    match write_jobs(session, &mut jobs, &mut done) {
        Ok(()) => done.into_iter().for_each(|done| (done.reply)(Ok(()))),
        Err(error) => {
            if !session.connection.is_autocommit() {
                // If this fails too, the next `BEGIN` will say so.
                let _ = session.connection.execute_batch("ROLLBACK");
            }
            // What was learnt was never written. To remember too much of removed definitions does no harm.
            session.endpoints = endpoint::Cache::default();
            session.recent = event::Recent::default();
            let source = Arc::new(error);
            let failed = || Error::Backend { operation: "commit", source: Box::new(Arc::clone(&source)) };
            done.extend(jobs.map(|job| (job.work)(Err(failed()))));
            done.into_iter().for_each(|done| (done.reply)(Err(failed())));
        }
    }
}

/// Errors: when all jobs are undone.
fn write_jobs(session: &mut Session, jobs: &mut std::vec::IntoIter<Job>, done: &mut Vec<Done>) -> rusqlite::Result<()> {
    let writes = jobs.len();
    session.connection.execute_batch("BEGIN IMMEDIATE")?;
    if writes == 1 {
        done.extend(jobs.map(|job| (job.work)(Ok(session))));
        if !done[0].succeeded {
            // A full disk, for one, undoes the transaction by itself.
            return if session.connection.is_autocommit() {
                Ok(())
            } else {
                session.connection.execute_batch("ROLLBACK")
            };
        }
    }
    for job in jobs {
        session.connection.execute_batch("SAVEPOINT job")?;
        let job = (job.work)(Ok(session));
        let end = if job.succeeded { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
        done.push(job);
        session.connection.execute_batch(end)?;
    }
    let stopwatch = Stopwatch::start();
    session.connection.execute_batch("COMMIT")?;
    metric::store_commit(stopwatch.elapsed(), writes);
    Ok(())
}
