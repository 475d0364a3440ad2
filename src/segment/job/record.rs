//! What is stored of a job.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::store::Kind;
use crate::wire::generated::{ExportJobResource, ImportJobResource, JobStatus};

/// What a job is asked to do.
pub trait Definition: Clone + DeserializeOwned + Serialize + Send + Sync + 'static {
    const KIND: Kind;
}

impl Definition for ImportJobResource {
    const KIND: Kind = Kind::ImportJob;
}

impl Definition for ExportJobResource {
    const KIND: Kind = Kind::ExportJob;
}

/// A job as it is stored, under the names of `ImportJobResponse` and `ExportJobResponse`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Record<D> {
    pub definition: D,
    pub job_status: JobStatus,
    /// Wire text.
    pub creation_date: String,
    /// When it ended; wire text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_date: Option<String>,
    #[serde(default)]
    pub counts: Counts,
    /// Texts about lines and files that failed, the first ones.
    #[serde(default)]
    pub failures: Vec<String>,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Counts {
    /// Files done.
    pub completed_pieces: u64,
    /// Files that could not be read or written, or not to their end.
    pub failed_pieces: u64,
    /// Files in all; an export knows them at its end only.
    pub total_pieces: Option<u64>,
    /// Endpoints, bad ones included.
    pub total_processed: u64,
    /// Bad endpoints.
    pub total_failures: u64,
}

impl<D: Definition> Record<D> {
    pub(super) fn new(definition: D, now: String) -> Self {
        Self {
            definition,
            job_status: JobStatus::Created,
            creation_date: now,
            completion_date: None,
            counts: Counts::default(),
            failures: Vec::new(),
        }
    }

    /// Reads a stored document.
    pub fn read(document: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(document)
    }

    pub(super) fn to_document(&self) -> String {
        serde_json::to_string(self).expect("text and numbers are JSON")
    }

    pub(super) fn is_ended(&self) -> bool {
        matches!(self.job_status, JobStatus::Completed | JobStatus::Failed)
    }
}
