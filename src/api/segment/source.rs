//! The segments that a segment's groups start from.

use std::collections::HashSet;

use super::document::Document;
use crate::api::{Call, Error};
use crate::domain::ApplicationId;
use crate::store::{Definition, Kind};
use crate::wire::generated as wire;

impl Call<'_> {
    /// Makes sure that the sources of a segment about to be written are there, do not lead back to it, and are several
    /// dimensional segments or one imported segment a group. `id` is that of a segment that is there already.
    ///
    /// Errors: as said, with the path of the reference.
    /// Source: Pinpoint user guide, "Building segments"; that circles are refused is our choice.
    pub(super) async fn check_sources(
        &self,
        application: &ApplicationId,
        id: Option<&str>,
        groups: &wire::SegmentGroupList,
    ) -> Result<(), Error> {
        for (g, group) in groups.groups.iter().flatten().enumerate() {
            let sources = group.source_segments.as_deref().unwrap_or_default();
            for (s, source) in sources.iter().enumerate() {
                let path = || format!("SegmentGroups.Groups[{g}].SourceSegments[{s}]");
                let Some(found) = self.source(application, source).await? else {
                    let (id, version) = (&source.id, source.version);
                    let named = version.map_or_else(String::new, |version| format!("version {version} of "));
                    return Err(Error::bad_request(format!("{}.Id: there is no {named}segment `{id}`", path())));
                };
                let document = Document::read(&found)?;
                if document.import_definition.is_some() && sources.len() > 1 {
                    let problem = "is imported, and a group has one imported segment or several dimensional ones";
                    return Err(Error::bad_request(format!("{}.Id: segment `{}` {problem}", path(), source.id)));
                }
                if let Some(id) = id
                    && self.leads_to(application, id, source, found, document).await?
                {
                    let problem = format!("segment `{}` would make segment `{id}` a source of itself", source.id);
                    return Err(Error::bad_request(format!("{}.Id: {problem}", path())));
                }
            }
        }
        Ok(())
    }

    /// Whether the latest version of the segment `id` is this source or, over its groups, one of its sources.
    async fn leads_to(
        &self,
        application: &ApplicationId,
        id: &str,
        reference: &wire::SegmentReference,
        found: Definition,
        document: Document,
    ) -> Result<bool, Error> {
        // A certain version of it is another segment: it does not change when the next one is made.
        let is_it = |reference: &wire::SegmentReference| reference.id == id && reference.version.is_none();
        if is_it(reference) {
            return Ok(true);
        }
        let mut seen = HashSet::from([(found.id, found.version)]);
        let mut documents = vec![document];
        while let Some(document) = documents.pop() {
            let groups = document.request.segment_groups.and_then(|list| list.groups).unwrap_or_default();
            for reference in groups.into_iter().filter_map(|group| group.source_segments).flatten() {
                if is_it(&reference) {
                    return Ok(true);
                }
                // A source that was deleted leads nowhere.
                if let Some(next) = self.source(application, &reference).await? {
                    let document = Document::read(&next)?;
                    if seen.insert((next.id, next.version)) {
                        documents.push(document);
                    }
                }
            }
        }
        Ok(false)
    }

    async fn source(
        &self,
        application: &ApplicationId,
        reference: &wire::SegmentReference,
    ) -> Result<Option<Definition>, Error> {
        let version = reference.version.and_then(|version| u32::try_from(version).ok());
        Ok(self.store().definition(Some(application), Kind::Segment, &reference.id, version).await?)
    }
}
