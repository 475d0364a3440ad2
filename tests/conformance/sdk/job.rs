//! Import and export jobs, on files.

use std::sync::Arc;

use aws_sdk_pinpoint::types::{Format, JobStatus};

use super::{NOWHERE, ROLE, Run, bad, happy, missing, shape, until};

pub async fn play(run: Arc<Run>) {
    let app = &run.new_app().await;
    let file = run.files.join("endpoints.json");
    std::fs::write(&file, "{\"Id\":\"e1\",\"ChannelType\":\"GCM\",\"Address\":\"t1\"}\n").unwrap();
    let request = shape!(ImportJobRequest {
        format: Format::Json,
        role_arn: ROLE,
        s3_url: format!("file://{}", file.display()),
        register_endpoints: true,
        define_segment: true,
        segment_name: "imported",
    });
    let made =
        happy!(run, create_import_job => import_job_response, application_id: app, import_job_request: request.clone());
    let (run, id) = (&run, made.id().unwrap());
    let done = until("the import is done", || async move {
        let found = happy!(run, get_import_job => import_job_response, application_id: app, job_id: id);
        (found.job_status() == Some(&JobStatus::Completed)).then_some(found)
    })
    .await;
    assert_eq!((done.total_processed(), done.total_failures()), (Some(1), Some(0)));
    let segment = done.definition().unwrap().segment_id().unwrap();
    let listed = happy!(run, get_import_jobs => import_jobs_response, application_id: app);
    assert_eq!(listed.item().len(), 1);
    let listed = happy!(run, get_segment_import_jobs => import_jobs_response, application_id: app, segment_id: segment);
    assert_eq!(listed.item()[0].id(), Some(id));
    missing!(run, get_import_job, application_id: app, job_id: NOWHERE);
    missing!(run, create_import_job, application_id: NOWHERE, import_job_request: request);

    let target = format!("file://{}", run.files.join("out").display());
    let request = shape!(ExportJobRequest { role_arn: ROLE, s3_url_prefix: target, segment_id: segment });
    let made = happy!(run, create_export_job => export_job_response, application_id: app, export_job_request: request);
    let id = made.id().unwrap();
    let done = until("the export is done", || async move {
        let found = happy!(run, get_export_job => export_job_response, application_id: app, job_id: id);
        (found.job_status() == Some(&JobStatus::Completed)).then_some(found)
    })
    .await;
    assert_eq!(done.total_processed(), Some(1));
    let listed = happy!(run, get_export_jobs => export_jobs_response, application_id: app);
    assert_eq!(listed.item().len(), 1);
    let listed = happy!(run, get_segment_export_jobs => export_jobs_response, application_id: app, segment_id: segment);
    assert_eq!(listed.item()[0].id(), Some(id));
    let request = shape!(ExportJobRequest { role_arn: ROLE, s3_url_prefix: "somewhere" });
    bad!(run, create_export_job, application_id: app, export_job_request: request);
    missing!(run, get_export_job, application_id: app, job_id: NOWHERE);
}
