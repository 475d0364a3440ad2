//! Segments as they are stored, and as the API shows them.

use serde::{Deserialize, Serialize};

use crate::api::{Error, arn};
use crate::config;
use crate::domain::ApplicationId;
use crate::store::Definition;
use crate::wire::generated as wire;

/// A stored segment: the request, or the name and the import. `crate::segment` reads it, too.
#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Document {
    #[serde(flatten)]
    pub(super) request: wire::WriteSegmentRequest,
    #[serde(rename = "ImportDefinition", default, skip_serializing_if = "Option::is_none")]
    pub(super) import_definition: Option<wire::SegmentImportResource>,
}

impl Document {
    pub(super) fn read(stored: &Definition) -> Result<Self, Error> {
        serde_json::from_str(&stored.document).map_err(Error::internal)
    }

    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).expect("text and numbers are JSON")
    }

    /// Takes over what an update gives: members that are absent keep their values, present ones replace them whole, and
    /// dimensions and groups replace each other.
    ///
    /// Errors: the segment is imported.
    /// Source: not documented, our choice.
    pub(super) fn update(&mut self, given: wire::WriteSegmentRequest) -> Result<(), Error> {
        if self.import_definition.is_some() {
            let problem = "the segment is imported and cannot be changed; an import job with its `SegmentId` can";
            return Err(Error::bad_request(format!("segment-id: {problem} define a further version")));
        }
        let wire::WriteSegmentRequest { dimensions, name, segment_groups, tags: _ } = given;
        if name.is_some() {
            self.request.name = name;
        }
        if dimensions.is_some() || segment_groups.is_some() {
            self.request.dimensions = dimensions;
            self.request.segment_groups = segment_groups;
        }
        Ok(())
    }
}

/// What the API shows of a version.
pub(super) fn response(
    aws: &config::Aws,
    application: &ApplicationId,
    stored: Definition,
) -> Result<wire::SegmentResponse, Error> {
    let Document { request, import_definition } = Document::read(&stored)?;
    Ok(wire::SegmentResponse {
        application_id: application.as_str().to_owned(),
        arn: arn::of(aws, &format!("apps/{application}/segments/{}", stored.id)),
        creation_date: stored.creation_date,
        dimensions: request.dimensions,
        id: stored.id,
        segment_type: match import_definition {
            Some(_) => wire::SegmentType::Import,
            None => wire::SegmentType::Dimensional,
        },
        import_definition,
        last_modified_date: Some(stored.last_modified_date),
        name: request.name,
        segment_groups: request.segment_groups,
        version: Some(i32::try_from(stored.version).unwrap_or(i32::MAX)),
        tags: Some(request.tags.unwrap_or_default()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn document(value: Value) -> Document {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn updates_merge() {
        let dimensions = json!({"Demographic": {"Make": {"Values": ["a"]}}});
        let groups = json!({"Groups": [{}]});
        let stored = json!({"Name": "n", "Dimensions": dimensions, "tags": {"k": "v"}});
        let cases = [
            (json!({}), stored.clone()),
            (json!({"Name": "m"}), json!({"Name": "m", "Dimensions": dimensions, "tags": {"k": "v"}})),
            (json!({"Dimensions": {}}), json!({"Name": "n", "Dimensions": {}, "tags": {"k": "v"}})),
            (json!({"SegmentGroups": groups}), json!({"Name": "n", "SegmentGroups": groups, "tags": {"k": "v"}})),
            (json!({"tags": {"k": "other"}}), stored.clone()),
        ];
        for (given, expected) in cases {
            let mut changed = document(stored.clone());
            changed.update(serde_json::from_value(given.clone()).unwrap()).unwrap();
            assert_eq!(changed, document(expected), "{given}");
            assert_eq!(document(serde_json::from_str(&changed.write()).unwrap()), changed);
        }
    }

    #[test]
    fn imported_segments_are_not_changed() {
        let import = json!({"ExternalId": "", "Format": "CSV", "RoleArn": "", "S3Url": "s3://b", "Size": 1});
        let mut imported = document(json!({"Name": "n", "ImportDefinition": import, "ImportJob": "j"}));
        let error = imported.update(wire::WriteSegmentRequest::default()).unwrap_err();
        assert_eq!(error.status(), 400);
        assert!(error.message().starts_with("segment-id: the segment is imported"), "{}", error.message());
    }
}
