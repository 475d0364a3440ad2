//! Export jobs: what a request may ask for, and how it is done.

use parking_lot::Mutex;

use super::task::{End, On, Progress, Shared, Work, reasons};
use super::{Error, place};
use crate::domain::ApplicationId;
use crate::segment::export::{self, Options, PIECE_ENDPOINTS, Summary};
use crate::wire::generated::{ExportJobRequest, ExportJobResource, JobStatus};
use crate::wire::invalid::{Invalid, Problem};

/// Makes the definition of a job from its request.
///
/// Errors: a URL that leads nowhere or not there; a segment or a version of it that is not there.
/// Source: API reference, `ExportJobRequest`.
pub(super) async fn check(
    shared: &Shared,
    application: &ApplicationId,
    request: ExportJobRequest,
) -> Result<ExportJobResource, Error> {
    let version = check_alone(shared, application, &request)?;
    if let Some(id) = &request.segment_id {
        let invalid = |field: &str, rule: String| Problem::rule(rule).at(field);
        if shared.segment(application, id, None).await?.is_none() {
            return Err(invalid("SegmentId", format!("there is no segment `{id}`")).into());
        }
        if let Some(version) = version
            && shared.segment(application, id, Some(version)).await?.is_none()
        {
            return Err(invalid("SegmentVersion", format!("segment `{id}` has no version {version}")).into());
        }
    }
    Ok(ExportJobResource {
        role_arn: request.role_arn,
        s3_url_prefix: request.s3_url_prefix,
        segment_id: request.segment_id,
        segment_version: request.segment_version,
    })
}

/// What can be said without asking the store; gives the version.
fn check_alone(
    shared: &Shared,
    application: &ApplicationId,
    request: &ExportJobRequest,
) -> Result<Option<u32>, Invalid> {
    if request.role_arn.trim().is_empty() {
        return Err(Problem::rule("it is empty").at("RoleArn"));
    }
    let version = match request.segment_version {
        None => None,
        Some(_) if request.segment_id.is_none() => {
            return Err(Problem::rule("given without a `SegmentId`").at("SegmentVersion"));
        }
        Some(version) => match u32::try_from(version) {
            Ok(version @ 1..) => Some(version),
            _ => return Err(Problem::rule(format!("{version} is less than 1")).at("SegmentVersion")),
        },
    };
    place::destination("S3UrlPrefix", &request.s3_url_prefix, [application.as_str(), "job"], &shared.config)?;
    Ok(version)
}

impl Work for ExportJobResource {
    async fn perform<'a>(&'a mut self, on: On<'a>, progress: &'a Mutex<Progress>) -> End {
        match run(self, on, progress).await {
            Ok(summary) => {
                let counts = &mut progress.lock().counts;
                counts.completed_pieces = summary.files.len() as u64;
                counts.total_pieces = Some(counts.completed_pieces);
                counts.total_processed = summary.endpoints;
                End::Completed
            }
            Err(error) => {
                let mut progress = progress.lock();
                progress.counts.failed_pieces = 1;
                progress.counts.total_pieces = Some(progress.counts.completed_pieces + 1);
                progress.fail(error)
            }
        }
    }
}

async fn run(job: &ExportJobResource, on: On<'_>, progress: &Mutex<Progress>) -> Result<Summary, String> {
    let On { shared, application, job_id } = on;
    let parts = [application.as_str(), job_id];
    // Again: the settings and the folders may have changed since.
    let destination = place::destination("S3UrlPrefix", &job.s3_url_prefix, parts, &shared.config);
    let destination = destination.map_err(|error| error.to_string())?;
    let version = job.segment_version.and_then(|version| u32::try_from(version).ok());
    let segment = job.segment_id.clone().map(|id| (id, version));
    let options = Options { segment, gzip: true, piece_endpoints: PIECE_ENDPOINTS };
    progress.lock().status = JobStatus::Processing;
    let observer = |summary: &Summary| {
        let counts = &mut progress.lock().counts;
        counts.completed_pieces = summary.files.len() as u64;
        counts.total_processed = summary.endpoints;
    };
    let now = shared.clock.now();
    let exported = export::run(&*shared.store, application, destination, &options, now, &observer).await;
    exported.map_err(|error| reasons(&error))
}
