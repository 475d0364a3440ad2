//! Jobs: not built yet.

use crate::api::{Call, Error};
use crate::wire::generated as wire;

impl wire::Jobs for Call<'_> {
    async fn create_export_job(&self, _: wire::CreateExportJobInput) -> Result<wire::ExportJobResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn create_import_job(&self, _: wire::CreateImportJobInput) -> Result<wire::ImportJobResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_export_job(&self, _: wire::GetExportJobInput) -> Result<wire::ExportJobResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_export_jobs(&self, _: wire::GetExportJobsInput) -> Result<wire::ExportJobsResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_import_job(&self, _: wire::GetImportJobInput) -> Result<wire::ImportJobResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_import_jobs(&self, _: wire::GetImportJobsInput) -> Result<wire::ImportJobsResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
}
