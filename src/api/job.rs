//! Import and export jobs.

use super::page::Page;
use super::{Call, Error};
use crate::domain::ApplicationId;
use crate::segment::job::{Counts, Definition as Work, Record};
use crate::store::Definition;
use crate::wire::generated::{self as wire, Jobs};

const IMPORTS: &str = "import-jobs";
const EXPORTS: &str = "export-jobs";
/// Jobs read from the store at once, at least, when only some of them are listed.
const READ_MIN: usize = 100;

impl Jobs for Call<'_> {
    async fn create_import_job(&self, input: wire::CreateImportJobInput) -> Result<wire::ImportJobResponse, Error> {
        let application = self.application_id(&input.application_id).await?;
        let (id, record) = self.api.jobs.import(&application, input.body).await?;
        Ok(import_response(&application, id, record))
    }

    async fn get_import_job(&self, input: wire::GetImportJobInput) -> Result<wire::ImportJobResponse, Error> {
        let application = self.application_id(&input.application_id).await?;
        let record = self.job(&application, &input.job_id).await?;
        Ok(import_response(&application, input.job_id, record))
    }

    async fn get_import_jobs(&self, input: wire::GetImportJobsInput) -> Result<wire::ImportJobsResponse, Error> {
        let application = self.application_id(&input.application_id).await?;
        self.import_jobs(&application, None, input.page_size.as_deref(), input.token.as_deref()).await
    }

    async fn create_export_job(&self, input: wire::CreateExportJobInput) -> Result<wire::ExportJobResponse, Error> {
        let application = self.application_id(&input.application_id).await?;
        let (id, record) = self.api.jobs.export(&application, input.body).await?;
        Ok(export_response(&application, id, record))
    }

    async fn get_export_job(&self, input: wire::GetExportJobInput) -> Result<wire::ExportJobResponse, Error> {
        let application = self.application_id(&input.application_id).await?;
        let record = self.job(&application, &input.job_id).await?;
        Ok(export_response(&application, input.job_id, record))
    }

    async fn get_export_jobs(&self, input: wire::GetExportJobsInput) -> Result<wire::ExportJobsResponse, Error> {
        let application = self.application_id(&input.application_id).await?;
        self.export_jobs(&application, None, input.page_size.as_deref(), input.token.as_deref()).await
    }
}

impl Call<'_> {
    /// A page of import jobs, newest first; with a segment, of those that define it.
    pub(super) async fn import_jobs(
        &self,
        application: &ApplicationId,
        segment: Option<&str>,
        size: Option<&str>,
        token: Option<&str>,
    ) -> Result<wire::ImportJobsResponse, Error> {
        let list = list(IMPORTS, segment);
        let page = Page::read(&list, size, token)?;
        let keep = |job: &wire::ImportJobResource| segment.is_none() || job.segment_id.as_deref() == segment;
        let (found, next_token) = self.jobs(application, &list, &page, keep).await?;
        let item = found.into_iter().map(|(id, record)| import_response(application, id, record)).collect();
        Ok(wire::ImportJobsResponse { item, next_token })
    }

    /// A page of export jobs, newest first; with a segment, of those that export it.
    pub(super) async fn export_jobs(
        &self,
        application: &ApplicationId,
        segment: Option<&str>,
        size: Option<&str>,
        token: Option<&str>,
    ) -> Result<wire::ExportJobsResponse, Error> {
        let list = list(EXPORTS, segment);
        let page = Page::read(&list, size, token)?;
        let keep = |job: &wire::ExportJobResource| segment.is_none() || job.segment_id.as_deref() == segment;
        let (found, next_token) = self.jobs(application, &list, &page, keep).await?;
        let item = found.into_iter().map(|(id, record)| export_response(application, id, record)).collect();
        Ok(wire::ExportJobsResponse { item, next_token })
    }

    async fn job<D: Work>(&self, application: &ApplicationId, id: &str) -> Result<Record<D>, Error> {
        let found = self.store().definition(Some(application), D::KIND, id, None).await?;
        Record::read(&found.ok_or_else(Error::not_found)?.document).map_err(Error::internal)
    }

    async fn jobs<D: Work>(
        &self,
        application: &ApplicationId,
        list: &str,
        page: &Page<u64>,
        keep: impl Fn(&D) -> bool + Send + Sync,
    ) -> Result<(Vec<(String, Record<D>)>, Option<String>), Error> {
        let wanted = page.items_max + 1;
        let mut position = page.after;
        let mut kept: Vec<(Definition, Record<D>)> = Vec::new();
        while kept.len() < wanted {
            let count = wanted.max(READ_MIN);
            let found = self.store().definitions_before(Some(application), D::KIND, position, count).await?;
            let is_last = found.len() < count;
            position = found.last().map(|last| last.position);
            for stored in found {
                let record = Record::<D>::read(&stored.document).map_err(Error::internal)?;
                if keep(&record.definition) {
                    kept.push((stored, record));
                }
            }
            if is_last {
                break;
            }
        }
        kept.truncate(wanted);
        let next_token = page.cut(list, &mut kept, |(stored, _)| stored.position);
        Ok((kept.into_iter().map(|(stored, record)| (stored.id, record)).collect(), next_token))
    }
}

/// A list's name, for its tokens.
fn list(jobs: &str, segment: Option<&str>) -> String {
    segment.map_or_else(|| jobs.to_owned(), |segment| format!("{jobs}/{segment}"))
}

fn import_response(
    application: &ApplicationId,
    id: String,
    record: Record<wire::ImportJobResource>,
) -> wire::ImportJobResponse {
    let Record { definition, job_status, creation_date, completion_date, counts, failures } = record;
    let Counts { completed_pieces, failed_pieces, total_pieces, total_processed, total_failures } = counts;
    wire::ImportJobResponse {
        application_id: application.as_str().to_owned(),
        completed_pieces: Some(number(completed_pieces)),
        completion_date,
        creation_date,
        definition,
        failed_pieces: Some(number(failed_pieces)),
        failures: Some(failures),
        id,
        job_status,
        total_failures: Some(number(total_failures)),
        total_pieces: total_pieces.map(number),
        total_processed: Some(number(total_processed)),
        r#type: "IMPORT".to_owned(),
    }
}

fn export_response(
    application: &ApplicationId,
    id: String,
    record: Record<wire::ExportJobResource>,
) -> wire::ExportJobResponse {
    let Record { definition, job_status, creation_date, completion_date, counts, failures } = record;
    let Counts { completed_pieces, failed_pieces, total_pieces, total_processed, total_failures } = counts;
    wire::ExportJobResponse {
        application_id: application.as_str().to_owned(),
        completed_pieces: Some(number(completed_pieces)),
        completion_date,
        creation_date,
        definition,
        failed_pieces: Some(number(failed_pieces)),
        failures: Some(failures),
        id,
        job_status,
        total_failures: Some(number(total_failures)),
        total_pieces: total_pieces.map(number),
        total_processed: Some(number(total_processed)),
        r#type: "EXPORT".to_owned(),
    }
}

/// A count in the wire's 32 bits.
fn number(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
