//! Tags of applications, campaigns, segments, journeys and templates.
//!
//! Campaigns take policies from theirs, so tags stand in the document of what they tag: in its latest version.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::change::{Changed, change};
use super::{Call, Error, arn};
use crate::domain::ApplicationId;
use crate::domain::limit::{TAG_KEY_CHARS_MAX, TAG_VALUE_CHARS_MAX, TAGS_MAX};
use crate::store::{Application, Kind, Versioning};
use crate::wire::generated as wire;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

impl wire::Tags for Call<'_> {
    async fn list_tags_for_resource(&self, input: wire::ListTagsForResourceInput) -> Result<wire::TagsModel, Error> {
        Ok(wire::TagsModel { tags: self.tags_of(&self.tagged(&input.resource_arn)?).await? })
    }

    async fn tag_resource(&self, input: wire::TagResourceInput) -> Result<(), Error> {
        let added = input.body.tags;
        self.change_tags(&self.tagged(&input.resource_arn)?, |tags| tags.extend(added.clone())).await
    }

    async fn untag_resource(&self, input: wire::UntagResourceInput) -> Result<(), Error> {
        let resource = self.tagged(&input.resource_arn)?;
        self.change_tags(&resource, |tags| tags.retain(|key, _| !input.tag_keys.contains(key))).await
    }
}

/// What an ARN names.
#[derive(Debug, Eq, PartialEq)]
enum Resource {
    Application(ApplicationId),
    Definition { owner: Option<ApplicationId>, kind: Kind, id: String },
}

impl Resource {
    /// Reads the resource part of an ARN.
    fn parse(resource: &str) -> Option<Self> {
        match *resource.split('/').collect::<Vec<_>>() {
            ["apps", id] => Some(Self::Application(ApplicationId::new(id))),
            ["apps", application, collection, id] => {
                let kind = match collection {
                    "campaigns" => Kind::Campaign,
                    "segments" => Kind::Segment,
                    "journeys" => Kind::Journey,
                    _ => return None,
                };
                Some(Self::Definition { owner: Some(ApplicationId::new(application)), kind, id: id.to_owned() })
            }
            ["templates", name, kind] => {
                Some(Self::Definition { owner: None, kind: template_kind(kind)?, id: name.to_owned() })
            }
            _ => None,
        }
    }
}

/// The kind of template that an ARN or a path calls so, in capitals or not.
pub fn template_kind(name: &str) -> Option<Kind> {
    match name.to_ascii_uppercase().as_str() {
        "EMAIL" => Some(Kind::EmailTemplate),
        "SMS" => Some(Kind::SmsTemplate),
        "PUSH" => Some(Kind::PushTemplate),
        "VOICE" => Some(Kind::VoiceTemplate),
        "INAPP" => Some(Kind::InAppTemplate),
        _ => None,
    }
}

impl Call<'_> {
    fn tagged(&self, resource_arn: &str) -> Result<Resource, Error> {
        let resource = arn::resource(&self.api.config.aws, resource_arn).and_then(Resource::parse);
        resource.ok_or_else(|| {
            let problem = "it names no application, campaign, segment, journey or template of this account";
            Error::bad_request(format!("resource-arn: `{resource_arn}`: {problem}"))
        })
    }

    async fn tags_of(&self, resource: &Resource) -> Result<Tags, Error> {
        match resource {
            Resource::Application(id) => read(&self.application(id.as_str()).await?.tags),
            Resource::Definition { owner, kind, id } => {
                let found = super::change::latest(self.store(), owner.as_ref(), *kind, id).await?;
                let (_, tags) = split(&found.ok_or_else(Error::not_found)?.document)?;
                Ok(tags)
            }
        }
    }

    async fn change_tags(&self, resource: &Resource, edit: impl Fn(&mut Tags) + Send + Sync) -> Result<(), Error> {
        let edited = |mut tags: Tags| {
            edit(&mut tags);
            check(tags)
        };
        match resource {
            Resource::Application(id) => {
                let now = self.now();
                let change = |application: &mut Application| {
                    application.tags = write(&edited(read(&application.tags)?)?);
                    application.last_modified_date.clone_from(&now);
                    Ok(())
                };
                self.change_application(id.as_str(), change).await?;
            }
            Resource::Definition { owner, kind, id } => {
                let now = self.now();
                change(self.store(), owner.as_ref(), *kind, id, &now, |before| {
                    let (mut document, tags) = split(&before.ok_or_else(Error::not_found)?.document)?;
                    put(&mut document, *kind, edited(tags)?);
                    let document = Value::Object(document).to_string();
                    Ok(Changed { document, versioning: Versioning::Latest, value: () })
                })
                .await?;
            }
        }
        Ok(())
    }
}

/// Checks tags that are about to be stored.
///
/// Errors: too many, a key or value that is too long, a key that is empty.
/// Source: Pinpoint developer guide, "Tagging resources".
pub fn check(tags: Tags) -> Result<Tags, Error> {
    if tags.len() > TAGS_MAX {
        return Err(Error::bad_request(format!("tags: {} tags, the limit is {TAGS_MAX}", tags.len())));
    }
    for (key, value) in &tags {
        for (what, text, chars_max) in [("key", key, TAG_KEY_CHARS_MAX), ("value", value, TAG_VALUE_CHARS_MAX)] {
            let chars = text.chars().count();
            if chars > chars_max {
                let problem = format!("the {what} has {chars} characters, the limit is {chars_max}");
                return Err(Error::bad_request(format!("tags.`{key}`: {problem}")));
            }
        }
        if key.is_empty() {
            return Err(Error::bad_request("tags: a key is empty"));
        }
    }
    Ok(tags)
}

/// Reads the tags of an application.
pub fn read(json: &str) -> Result<Tags, Error> {
    serde_json::from_str(json).map_err(Error::internal)
}

/// Tags as an application has them.
pub fn write(tags: &Tags) -> String {
    serde_json::to_string(tags).expect("text is JSON")
}

/// A stored document, and the tags in it.
fn split(document: &str) -> Result<(Map<String, Value>, Tags), Error> {
    let document: Map<String, Value> = serde_json::from_str(document).map_err(Error::internal)?;
    // What the store keeps of a campaign stands around what the client wrote.
    let inner = document.get("Campaign").and_then(Value::as_object).unwrap_or(&document);
    let tags = match inner.get("tags") {
        None | Some(Value::Null) => Tags::default(),
        Some(tags) => Tags::deserialize(tags).map_err(Error::internal)?,
    };
    Ok((document, tags))
}

fn put(document: &mut Map<String, Value>, kind: Kind, tags: Tags) {
    let tags = serde_json::to_value(tags).expect("text is JSON");
    let inner = match document.get_mut("Campaign") {
        Some(Value::Object(campaign)) if kind == Kind::Campaign => campaign,
        _ => document,
    };
    inner.insert("tags".to_owned(), tags);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_read_from_their_arns() {
        let definition = |owner: Option<&str>, kind, id: &str| {
            let owner = owner.map(ApplicationId::new);
            Some(Resource::Definition { owner, kind, id: id.to_owned() })
        };
        let cases = [
            ("apps/1", Some(Resource::Application(ApplicationId::new("1")))),
            ("apps/1/campaigns/2", definition(Some("1"), Kind::Campaign, "2")),
            ("apps/1/segments/2", definition(Some("1"), Kind::Segment, "2")),
            ("apps/1/journeys/2", definition(Some("1"), Kind::Journey, "2")),
            ("templates/hello/EMAIL", definition(None, Kind::EmailTemplate, "hello")),
            ("templates/hello/INAPP", definition(None, Kind::InAppTemplate, "hello")),
            ("apps/1/endpoints/2", None),
            ("templates/hello/FAX", None),
            ("", None),
        ];
        for (resource, expected) in cases {
            assert_eq!(Resource::parse(resource), expected, "{resource}");
        }
    }

    #[test]
    fn tags_have_limits() {
        let tag = |key: usize, value: usize| check([("k".repeat(key), "v".repeat(value))].into()).map(|_| ());
        assert!(tag(128, 256).is_ok());
        for (key, value) in [(129, 1), (1, 257), (0, 1)] {
            assert_eq!(tag(key, value).unwrap_err().status(), 400, "{key} {value}");
        }
        let many = |n: usize| check((0..n).map(|i| (i.to_string(), String::new())).collect()).map(|_| ());
        assert!(many(50).is_ok() && many(51).is_err());
    }

    #[test]
    fn tags_stand_with_what_the_client_wrote() {
        for (kind, stored, expected) in [
            (Kind::Segment, r#"{"Name":"s","tags":{"a":"1"}}"#, r#"{"Name":"s","tags":{"b":"2"}}"#),
            (Kind::Campaign, r#"{"Campaign":{"tags":{"a":"1"}}}"#, r#"{"Campaign":{"tags":{"b":"2"}}}"#),
        ] {
            let (mut document, tags) = split(stored).unwrap();
            assert_eq!(tags, [("a".to_owned(), "1".to_owned())].into());
            put(&mut document, kind, [("b".to_owned(), "2".to_owned())].into());
            assert_eq!(Value::Object(document).to_string(), expected);
        }
    }
}
