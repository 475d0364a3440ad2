//! One job from its start to its end, with its progress written down on the way.

use std::error::Error;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::record::{Counts, Definition, Record};
use crate::clock::{self, Clock, Stopwatch};
use crate::config::Config;
use crate::domain::ApplicationId;
use crate::store::{self, DefinitionWrite, Kind, Store, Versioning};
use crate::wire::generated::JobStatus;

/// Time between two writes of a job's progress.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);
/// Attempts at writing how a job ended.
const WRITES_MAX: u32 = 5;

/// What all jobs use.
pub(super) struct Shared {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) config: Arc<Config>,
    pub(super) stop: CancellationToken,
}

/// What a job does.
pub(super) trait Work: Definition {
    /// Does it, and tells `progress` how far it is. What it changes of its definition is kept if it ends well.
    fn perform<'a>(&'a mut self, on: On<'a>, progress: &'a Mutex<Progress>) -> impl Future<Output = End> + Send + 'a;
}

/// Where a job works.
#[derive(Clone, Copy)]
pub(super) struct On<'a> {
    pub(super) shared: &'a Shared,
    pub(super) application: &'a ApplicationId,
    pub(super) job_id: &'a str,
}

/// How far a job is, for those who watch.
pub(super) struct Progress {
    pub(super) status: JobStatus,
    pub(super) counts: Counts,
    /// What goes into `Failures`.
    pub(super) failures: Vec<String>,
}

/// How a job ended; what it has to say about it is in its progress.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    Completed,
    Failed,
}

impl Progress {
    /// The whole job failed, whatever its files did.
    pub(super) fn fail(&mut self, reason: String) -> End {
        // The reason counts more than the hundredth bad line.
        self.failures.truncate(crate::segment::import::FAILURES_MAX - 1);
        self.failures.push(reason);
        End::Failed
    }
}

/// An error and its causes in one line.
pub(super) fn reasons(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let said = next.to_string();
        // Some errors repeat their causes.
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = next.source();
    }
    text
}

pub(super) struct Task<D> {
    shared: Arc<Shared>,
    application: ApplicationId,
    id: String,
    revision: u32,
    record: Record<D>,
}

impl<D: Work> Task<D> {
    pub(super) fn new(
        shared: Arc<Shared>,
        application: ApplicationId,
        stored: &store::Definition,
        record: Record<D>,
    ) -> Self {
        Self { shared, application, id: stored.id.clone(), revision: stored.revision, record }
    }

    /// Does the job, from its start. A stop leaves it as it is.
    pub(super) async fn run(mut self) {
        let began = Stopwatch::start();
        match self.work().await {
            Ok(None) => {}
            Ok(Some(end)) => {
                let counts = &self.record.counts;
                let (pieces, pieces_failed) = (counts.completed_pieces, counts.failed_pieces);
                let (processed, failed) = (counts.total_processed, counts.total_failures);
                let (application, job, kind) = (self.application.as_str(), &self.id, D::KIND.as_str());
                let duration_ms = began.elapsed().as_millis() as u64;
                match end {
                    End::Completed => tracing::info!(
                        application.id = application,
                        job.id = job,
                        kind,
                        pieces,
                        pieces_failed,
                        processed,
                        failed,
                        duration_ms,
                        "job completed"
                    ),
                    // Why may hold what stands in the files.
                    End::Failed => tracing::warn!(
                        application.id = application,
                        job.id = job,
                        kind,
                        pieces,
                        pieces_failed,
                        processed,
                        failed,
                        duration_ms,
                        "job failed; its `Failures` have the reasons"
                    ),
                }
            }
            // With its application it went itself.
            Err(store::Error::NotFound { .. } | store::Error::Conflict { .. }) => {
                tracing::info!(job.id = self.id, kind = D::KIND.as_str(), "job was removed while it ran");
            }
            Err(error) => {
                let error = reasons(&error);
                tracing::error!(job.id = self.id, error, "a job's end cannot be written; the next start takes it up");
            }
        }
    }

    /// `None` when it was stopped.
    async fn work(&mut self) -> Result<Option<End>, store::Error> {
        let shared = self.shared.clone();
        let (application, job_id) = (self.application.clone(), self.id.clone());
        let mut definition = self.record.definition.clone();
        let start = Progress { status: JobStatus::Initializing, counts: Counts::default(), failures: Vec::new() };
        let progress = Mutex::new(start);
        self.take(&progress);
        self.write().await?;
        let end = {
            let on = On { shared: &shared, application: &application, job_id: &job_id };
            let mut work = pin!(definition.perform(on, &progress));
            loop {
                tokio::select! {
                    biased;
                    () = shared.stop.cancelled() => return Ok(None),
                    end = &mut work => break end,
                    () = shared.clock.sleep(PROGRESS_INTERVAL) => {}
                }
                if self.take(&progress) {
                    match self.write().await {
                        Err(error) if error.is_retryable() => {
                            let error = reasons(&error);
                            tracing::warn!(job.id = self.id, error, "a job's progress cannot be written");
                        }
                        written => written?,
                    }
                }
            }
        };
        self.take(&progress);
        self.record.job_status = match end {
            End::Completed => JobStatus::Completed,
            End::Failed => JobStatus::Failed,
        };
        if end == End::Completed {
            self.record.definition = definition;
        }
        self.record.completion_date = Some(clock::wire_text(shared.clock.now()));
        let mut attempt = 1;
        loop {
            match self.write().await {
                Err(error) if error.is_retryable() && attempt < WRITES_MAX => {}
                written => return written.map(|()| Some(end)),
            }
            attempt += 1;
            shared.clock.sleep(PROGRESS_INTERVAL).await;
        }
    }

    /// Whether there is something new.
    fn take(&mut self, progress: &Mutex<Progress>) -> bool {
        let progress = progress.lock();
        let before = (&self.record.job_status, &self.record.counts, self.record.failures.len());
        let is_new = before != (&progress.status, &progress.counts, progress.failures.len());
        self.record.job_status = progress.status.clone();
        self.record.counts = progress.counts;
        self.record.failures.clone_from(&progress.failures);
        is_new
    }

    async fn write(&mut self) -> Result<(), store::Error> {
        let write = DefinitionWrite {
            kind: D::KIND,
            id: self.id.clone(),
            document: self.record.to_document(),
            versioning: Versioning::Latest,
            after: Some(self.revision),
            now: clock::wire_text(self.shared.clock.now()),
        };
        let written = self.shared.store.write_definition(Some(&self.application), write).await?;
        self.revision = written.revision;
        Ok(())
    }
}

impl Shared {
    /// The latest version of a segment.
    pub(super) async fn segment(
        &self,
        application: &ApplicationId,
        id: &str,
        version: Option<u32>,
    ) -> Result<Option<store::Definition>, store::Error> {
        self.store.definition(Some(application), Kind::Segment, id, version).await
    }
}
