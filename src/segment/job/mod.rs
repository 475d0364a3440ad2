//! Import and export jobs: made by the API, run here, taken up again after a restart.
//!
//! ```text
//! CREATED → INITIALIZING → PROCESSING → COMPLETING → COMPLETED
//!               (look)       (files)  ↘  (segment)
//!                                       FAILED
//! ```
//!
//! A job is a document in the store. What it has done so far is written into it about once a second; a job that was cut off
//! is done again from its start, which ends the same: imports write what is there already, exports replace their files.
//!
//! The `RoleArn` of a request is kept and shown, and not used: files are reached with this process' own credentials.

mod export;
mod import;
mod place;
mod record;
mod task;

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub use record::{Counts, Definition, Record};

use self::task::{Shared, Task, Work};
use crate::clock::{self, Clock};
use crate::config::Config;
use crate::domain::ApplicationId;
use crate::domain::limit::ACTIVE_JOBS_MAX;
use crate::store::{self, DefinitionWrite, Kind, Store, Versioning};
use crate::wire::generated::{ExportJobRequest, ExportJobResource, ImportJobRequest, ImportJobResource};
use crate::wire::invalid::Invalid;

/// Jobs read from the store at once.
const PAGE_JOBS: usize = 100;

/// Why a job was not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("{max} {} run already, the limit", plural(.kind))]
    TooMany { kind: Kind, max: usize },
    #[error(transparent)]
    Store(#[from] store::Error),
}

fn plural(kind: &Kind) -> String {
    format!("{}s", kind.as_str())
}

/// The import and export jobs of this process.
pub struct Jobs {
    shared: Arc<Shared>,
    imports: Arc<Semaphore>,
    exports: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Jobs {
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, config: Arc<Config>) -> Self {
        Self {
            shared: Arc::new(Shared { store, clock, config, stop: CancellationToken::new() }),
            imports: Arc::new(Semaphore::new(ACTIVE_JOBS_MAX)),
            exports: Arc::new(Semaphore::new(ACTIVE_JOBS_MAX)),
            tasks: TaskTracker::new(),
        }
    }

    /// Makes an import job, and begins it. Returns its id and what is stored of it.
    ///
    /// Errors: a request that cannot work; more jobs at once than are allowed.
    pub async fn import(
        &self,
        application: &ApplicationId,
        request: ImportJobRequest,
    ) -> Result<(String, Record<ImportJobResource>), Error> {
        let definition = import::check(&self.shared, application, request).await?;
        self.create(application, definition).await
    }

    /// Makes an export job, and begins it.
    ///
    /// Errors: as above.
    pub async fn export(
        &self,
        application: &ApplicationId,
        request: ExportJobRequest,
    ) -> Result<(String, Record<ExportJobResource>), Error> {
        let definition = export::check(&self.shared, application, request).await?;
        self.create(application, definition).await
    }

    /// Takes up the jobs that were cut off, and returns how many. Call it once, before jobs are made.
    pub async fn resume(&self) -> Result<usize, store::Error> {
        let mut resumed = 0;
        for application in self.shared.store.applications().await? {
            resumed += self.resume_kind::<ImportJobResource>(&application.id).await?;
            resumed += self.resume_kind::<ExportJobResource>(&application.id).await?;
        }
        Ok(resumed)
    }

    /// Stops the jobs where they are and waits for them; the next start takes them up.
    pub async fn stop(&self) {
        self.shared.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn create<D: Work>(&self, application: &ApplicationId, definition: D) -> Result<(String, Record<D>), Error> {
        let slot = self.slots(D::KIND).clone().try_acquire_owned();
        let slot = slot.map_err(|_| Error::TooMany { kind: D::KIND, max: ACTIVE_JOBS_MAX })?;
        let now = clock::wire_text(self.shared.clock.now());
        let record = Record::new(definition, now.clone());
        let write = DefinitionWrite {
            kind: D::KIND,
            id: Uuid::new_v4().simple().to_string(),
            document: record.to_document(),
            versioning: Versioning::Latest,
            after: None,
            now,
        };
        let stored = self.shared.store.write_definition(Some(application), write).await?;
        let task = Task::new(self.shared.clone(), application.clone(), &stored, record.clone());
        self.tasks.spawn(async move {
            let _slot = slot;
            task.run().await;
        });
        Ok((stored.id, record))
    }

    async fn resume_kind<D: Work>(&self, application: &ApplicationId) -> Result<usize, store::Error> {
        let (store, mut position, mut resumed) = (&self.shared.store, None, 0);
        loop {
            let page = store.definitions_before(Some(application), D::KIND, position, PAGE_JOBS).await?;
            let Some(last) = page.last() else { return Ok(resumed) };
            position = Some(last.position);
            for stored in &page {
                let record = match Record::<D>::read(&stored.document) {
                    Ok(record) if record.is_ended() => continue,
                    Ok(record) => record,
                    Err(error) => {
                        let job = stored.id.as_str();
                        tracing::error!(job.id = job, error = %error, "a stored job is damaged and is not taken up");
                        continue;
                    }
                };
                let task = Task::new(self.shared.clone(), application.clone(), stored, record);
                let (slots, stop) = (self.slots(D::KIND).clone(), self.shared.stop.clone());
                self.tasks.spawn(async move {
                    let slot = stop.run_until_cancelled(slots.acquire_owned()).await;
                    if let Some(Ok(_slot)) = slot {
                        task.run().await;
                    }
                });
                resumed += 1;
            }
        }
    }

    fn slots(&self, kind: Kind) -> &Arc<Semaphore> {
        if kind == Kind::ImportJob { &self.imports } else { &self.exports }
    }
}
