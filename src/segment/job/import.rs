//! Import jobs: what a request may ask for, and how it is done.

use parking_lot::Mutex;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::task::{End, On, Progress, Shared, Work, reasons};
use super::{Error, place};
use crate::domain::ApplicationId;
use crate::segment::import::{self, Event, Existing, Format, Options, Segment, Summary};
use crate::store;
use crate::wire::generated::{self as wire, ImportJobRequest, ImportJobResource, JobStatus};
use crate::wire::invalid::{Invalid, Problem};

/// What an imported segment's document has beside the request.
#[derive(Deserialize)]
struct Imported {
    #[serde(rename = "ImportDefinition")]
    definition: Option<IgnoredAny>,
}

/// Makes the definition of a job from its request.
///
/// Shape: a `SegmentId` alone says that a segment is to be defined.
/// Errors: URLs that lead nowhere or not there; nothing to do; a segment that is not there or no imported one.
/// Source: API reference, `ImportJobRequest`; what combinations mean is our choice.
pub(super) async fn check(
    shared: &Shared,
    application: &ApplicationId,
    request: ImportJobRequest,
) -> Result<ImportJobResource, Error> {
    check_alone(shared, &request)?;
    if let Some(id) = &request.segment_id {
        let invalid = |rule: String| Problem::rule(rule).at("SegmentId");
        let found = shared.segment(application, id, None).await?;
        let found = found.ok_or_else(|| invalid(format!("there is no segment `{id}`")))?;
        let imported = serde_json::from_str::<Imported>(&found.document).is_ok_and(|found| found.definition.is_some());
        if !imported {
            let rule = format!("segment `{id}` is dimensional, an import defines imported ones only");
            return Err(invalid(rule).into());
        }
    }
    Ok(ImportJobResource {
        define_segment: request.define_segment,
        external_id: request.external_id,
        format: request.format,
        register_endpoints: request.register_endpoints,
        role_arn: request.role_arn,
        s3_url: request.s3_url,
        segment_id: request.segment_id,
        segment_name: request.segment_name,
    })
}

/// What can be said without asking the store.
fn check_alone(shared: &Shared, request: &ImportJobRequest) -> Result<(), Invalid> {
    if request.role_arn.trim().is_empty() {
        return Err(Problem::rule("it is empty").at("RoleArn"));
    }
    let defines = defines(request.define_segment, request.segment_id.as_deref());
    if request.segment_id.is_some() && !defines {
        return Err(Problem::rule("given, but `DefineSegment` is false").at("SegmentId"));
    }
    if !defines && request.register_endpoints != Some(true) {
        let rule = "neither this nor `DefineSegment` is true: nothing is left to do";
        return Err(Problem::rule(rule).at("RegisterEndpoints"));
    }
    if request.segment_name.as_ref().is_some_and(|name| name.trim().is_empty()) {
        return Err(Problem::rule("it is empty").at("SegmentName"));
    }
    place::source("S3Url", &request.s3_url, &shared.config).map(|_| ())
}

fn defines(define_segment: Option<bool>, segment_id: Option<&str>) -> bool {
    define_segment.unwrap_or(segment_id.is_some())
}

impl Work for ImportJobResource {
    async fn perform<'a>(&'a mut self, on: On<'a>, progress: &'a Mutex<Progress>) -> End {
        match run(self, on, progress).await {
            Ok(summary) => {
                let end = judge(self, &summary, &mut progress.lock());
                if let Some((id, _)) = summary.segment {
                    self.segment_id = Some(id);
                }
                end
            }
            Err(error) => progress.lock().fail(error),
        }
    }
}

async fn run(job: &ImportJobResource, on: On<'_>, progress: &Mutex<Progress>) -> Result<Summary, String> {
    let On { shared, application, job_id } = on;
    // Again: the settings and the folders may have changed since.
    let source = place::source("S3Url", &job.s3_url, &shared.config).map_err(|error| error.to_string())?;
    let format = match &job.format {
        wire::Format::Csv => Format::Csv,
        wire::Format::Json => Format::Json,
        wire::Format::Unknown(name) => return Err(format!("Format: `{name}` is not known")),
    };
    let segment = defines(job.define_segment, job.segment_id.as_deref()).then(|| Segment {
        id: job.segment_id.clone(),
        name: job.segment_name.clone(),
        job: Some(import::Job {
            id: job_id.to_owned(),
            role_arn: job.role_arn.clone(),
            external_id: job.external_id.clone().unwrap_or_default(),
            s3_url: job.s3_url.clone(),
        }),
    });
    let existing = if job.register_endpoints == Some(true) { Existing::Update } else { Existing::Keep };
    let options = Options { format: Some(format), existing, segment };
    let observer = |event: Event<'_>| {
        let mut progress = progress.lock();
        match event {
            Event::Failed(_) => {}
            Event::Progressed { summary, .. } => {
                progress.status = JobStatus::Processing;
                show(&mut progress, summary);
            }
            Event::Defining => progress.status = JobStatus::Completing,
        }
    };
    let summary = import::run(&*shared.store, &*shared.clock, application, &source, &options, &observer).await;
    let summary = summary.map_err(|error| match error {
        // The application goes, and the job with it.
        import::Error::Store(store::Error::NotFound { .. }) => "the application was deleted".to_owned(),
        error => reasons(&error),
    })?;
    show(&mut progress.lock(), &summary);
    Ok(summary)
}

fn show(progress: &mut Progress, summary: &Summary) {
    let counts = &mut progress.counts;
    counts.completed_pieces = summary.files - summary.files_failed;
    counts.failed_pieces = summary.files_failed;
    counts.total_pieces = Some(summary.files_total - summary.files_skipped);
    counts.total_processed = summary.lines;
    counts.total_failures = summary.failed;
    let known = progress.failures.len();
    progress.failures.extend(summary.failures.iter().skip(known).map(ToString::to_string));
}

/// How an import ended that came to its end. Bad lines alone are no failure.
///
/// Source: API reference, `ImportJobResponse.JobStatus`.
fn judge(job: &ImportJobResource, summary: &Summary, progress: &mut Progress) -> End {
    let defines = defines(job.define_segment, job.segment_id.as_deref());
    if summary.files == 0 {
        let format = job.format.as_str();
        return progress.fail(format!("none of the {} files is {format}", summary.files_total));
    }
    if summary.files_failed > 0 {
        if defines {
            return progress.fail("no segment was defined, because not all files could be read".to_owned());
        }
        return End::Failed;
    }
    if defines && summary.segment.is_none() {
        return progress.fail("no segment was defined, because no line could be imported".to_owned());
    }
    End::Completed
}
