//! Segments: not built yet.

use crate::api::{Call, Error};
use crate::wire::generated as wire;

impl wire::Segments for Call<'_> {
    async fn create_segment(&self, _: wire::CreateSegmentInput) -> Result<wire::SegmentResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_segment(&self, _: wire::DeleteSegmentInput) -> Result<wire::SegmentResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_segment(&self, _: wire::GetSegmentInput) -> Result<wire::SegmentResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_segment_export_jobs(&self, _: wire::GetSegmentExportJobsInput) -> Result<wire::ExportJobsResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_segment_import_jobs(&self, _: wire::GetSegmentImportJobsInput) -> Result<wire::ImportJobsResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_segment_version(&self, _: wire::GetSegmentVersionInput) -> Result<wire::SegmentResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_segment_versions(&self, _: wire::GetSegmentVersionsInput) -> Result<wire::SegmentsResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_segments(&self, _: wire::GetSegmentsInput) -> Result<wire::SegmentsResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_segment(&self, _: wire::UpdateSegmentInput) -> Result<wire::SegmentResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
}
