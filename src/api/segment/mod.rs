//! Segments and their versions.

mod document;
mod source;

use uuid::Uuid;

use self::document::Document;
use super::change::{Changed, change, latest};
use super::page::Page;
use super::{Call, Error, tag};
use crate::domain::ApplicationId;
use crate::segment;
use crate::store::{Definition, DefinitionWrite, Kind, Versioning};
use crate::wire::generated::{self as wire, Segments};

const LIST: &str = "segments";
const VERSIONS: &str = "segment-versions";

impl Segments for Call<'_> {
    async fn create_segment(&self, input: wire::CreateSegmentInput) -> Result<wire::SegmentResponse, Error> {
        let application = self.application_id(&input.application_id).await?;
        let mut request = input.body;
        self.check_segment(&application, None, &request).await?;
        request.tags = Some(tag::check(request.tags.unwrap_or_default())?);
        let document = Document { request, import_definition: None };
        let write = DefinitionWrite {
            kind: Kind::Segment,
            id: Uuid::new_v4().simple().to_string(),
            document: document.write(),
            versioning: Versioning::Next,
            after: None,
            now: self.now(),
        };
        let stored = self.store().write_definition(Some(&application), write).await?;
        self.segment_response(&application, stored)
    }

    async fn get_segments(&self, input: wire::GetSegmentsInput) -> Result<wire::SegmentsResponse, Error> {
        let application = self.application_id(&input.application_id).await?;
        let page = Page::read(LIST, input.page_size.as_deref(), input.token.as_deref())?;
        let (store, count) = (self.store(), page.items_max + 1);
        let mut found = store.definitions_before(Some(&application), Kind::Segment, page.after, count).await?;
        let next_token = page.cut(LIST, &mut found, |definition| definition.position);
        self.segments_response(&application, found, next_token)
    }

    async fn get_segment(&self, input: wire::GetSegmentInput) -> Result<wire::SegmentResponse, Error> {
        let application = self.application_id(&input.application_id).await?;
        let stored = self.segment(&application, &input.segment_id).await?;
        self.segment_response(&application, stored)
    }

    async fn update_segment(&self, input: wire::UpdateSegmentInput) -> Result<wire::SegmentResponse, Error> {
        let application = self.application_id(&input.application_id).await?;
        let id = &input.segment_id;
        // What is not there is not wrong in some other way first.
        self.segment(&application, id).await?;
        self.check_segment(&application, Some(id), &input.body).await?;
        let (stored, ()) = change(self.store(), Some(&application), Kind::Segment, id, &self.now(), |before| {
            let mut document = Document::read(before.ok_or_else(Error::not_found)?)?;
            document.update(input.body.clone())?;
            Ok(Changed { document: document.write(), versioning: Versioning::Next, value: () })
        })
        .await?;
        self.api.engine.boards().forget(&application);
        self.segment_response(&application, stored)
    }

    async fn delete_segment(&self, input: wire::DeleteSegmentInput) -> Result<wire::SegmentResponse, Error> {
        let application = self.application_id(&input.application_id).await?;
        let stored = self.segment(&application, &input.segment_id).await?;
        if !self.store().delete_definition(Some(&application), Kind::Segment, &stored.id).await? {
            return Err(Error::not_found());
        }
        self.api.scheduler.segment_deleted(&application, &stored.id);
        self.api.engine.boards().forget(&application);
        self.segment_response(&application, stored)
    }

    async fn get_segment_versions(
        &self,
        input: wire::GetSegmentVersionsInput,
    ) -> Result<wire::SegmentsResponse, Error> {
        let application = self.application_id(&input.application_id).await?;
        let (store, id) = (self.store(), &input.segment_id);
        self.segment(&application, id).await?;
        let page = Page::read(VERSIONS, input.page_size.as_deref(), input.token.as_deref())?;
        let count = page.items_max + 1;
        let mut found = store.definition_versions(Some(&application), Kind::Segment, id, page.after, count).await?;
        let next_token = page.cut(VERSIONS, &mut found, |definition| definition.version);
        self.segments_response(&application, found, next_token)
    }

    async fn get_segment_version(&self, input: wire::GetSegmentVersionInput) -> Result<wire::SegmentResponse, Error> {
        let application = self.application_id(&input.application_id).await?;
        let version = match input.version.parse::<u32>() {
            Ok(version @ 1..) => version,
            _ => {
                let problem = format!("version: `{}` is not a whole number above 0", input.version);
                return Err(Error::bad_request(problem));
            }
        };
        let (store, id) = (self.store(), &input.segment_id);
        let found = store.definition(Some(&application), Kind::Segment, id, Some(version)).await?;
        self.segment_response(&application, found.ok_or_else(Error::not_found)?)
    }

    async fn get_segment_import_jobs(
        &self,
        input: wire::GetSegmentImportJobsInput,
    ) -> Result<wire::ImportJobsResponse, Error> {
        let application = self.application_id(&input.application_id).await?;
        let id = self.segment(&application, &input.segment_id).await?.id;
        let (size, token) = (input.page_size.as_deref(), input.token.as_deref());
        self.import_jobs(&application, Some(&id), size, token).await
    }

    async fn get_segment_export_jobs(
        &self,
        input: wire::GetSegmentExportJobsInput,
    ) -> Result<wire::ExportJobsResponse, Error> {
        let application = self.application_id(&input.application_id).await?;
        let id = self.segment(&application, &input.segment_id).await?.id;
        let (size, token) = (input.page_size.as_deref(), input.token.as_deref());
        self.export_jobs(&application, Some(&id), size, token).await
    }
}

impl Call<'_> {
    /// The latest version of a segment.
    ///
    /// Errors: 404 for an unknown one.
    async fn segment(&self, application: &ApplicationId, id: &str) -> Result<Definition, Error> {
        latest(self.store(), Some(application), Kind::Segment, id).await?.ok_or_else(Error::not_found)
    }

    /// Checks what a client gives. Of an update that is enough: what it leaves out was checked before.
    async fn check_segment(
        &self,
        application: &ApplicationId,
        id: Option<&str>,
        request: &wire::WriteSegmentRequest,
    ) -> Result<(), Error> {
        if request.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
            return Err(Error::bad_request("Name: it is empty"));
        }
        segment::validate(request)?;
        match &request.segment_groups {
            Some(groups) => self.check_sources(application, id, groups).await,
            None => Ok(()),
        }
    }

    fn segment_response(
        &self,
        application: &ApplicationId,
        stored: Definition,
    ) -> Result<wire::SegmentResponse, Error> {
        document::response(&self.api.config.aws, application, stored)
    }

    fn segments_response(
        &self,
        application: &ApplicationId,
        found: Vec<Definition>,
        next_token: Option<String>,
    ) -> Result<wire::SegmentsResponse, Error> {
        let item =
            found.into_iter().map(|stored| self.segment_response(application, stored)).collect::<Result<_, _>>()?;
        Ok(wire::SegmentsResponse { item, next_token })
    }
}
