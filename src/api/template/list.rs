//! Lists of templates and of their versions.

use super::super::page::Page;
use super::{read_kind, tag};
use crate::api::{Call, Error};
use crate::store::{Definition, Kind};
use crate::wire::generated::{self as wire, TemplateType};

/// The list of templates, for its tokens: newest first.
const LIST: &str = "templates";
/// The lists of versions, for their tokens: highest first.
const VERSIONS: &str = "versions of";

/// Templates read from the store at once, at least: a page may be small, and few names may start as asked for.
const READ_MIN: usize = 100;

/// What lists show of a template, of any kind.
#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Outline {
    template_description: Option<String>,
    #[serde(rename = "tags", default)]
    tags: Option<tag::Tags>,
}

fn outline(document: &str) -> Result<Outline, Error> {
    serde_json::from_str(document).map_err(Error::internal)
}

const KINDS: [(Kind, TemplateType); 5] = [
    (Kind::EmailTemplate, TemplateType::Email),
    (Kind::SmsTemplate, TemplateType::Sms),
    (Kind::PushTemplate, TemplateType::Push),
    (Kind::VoiceTemplate, TemplateType::Voice),
    (Kind::InAppTemplate, TemplateType::Inapp),
];

impl Call<'_> {
    pub(super) async fn templates(&self, input: wire::ListTemplatesInput) -> Result<wire::TemplatesResponse, Error> {
        let page = Page::<u64>::read(LIST, input.page_size.as_deref(), input.next_token.as_deref())?;
        let only = input.template_type.as_deref().map(|kind| read_kind("template-type", kind)).transpose()?;
        let prefix = input.prefix.unwrap_or_default();

        let mut found = Vec::new();
        for (kind, template_type) in KINDS {
            if only.is_none_or(|only| only == kind) {
                let named = self.templates_named(kind, &prefix, page.after, page.items_max + 1).await?;
                found.extend(named.into_iter().map(|template| (kind, template_type.clone(), template)));
            }
        }
        // Places are counted over all kinds.
        found.sort_by_key(|(.., template)| std::cmp::Reverse(template.position));
        let next_token = page.cut(LIST, &mut found, |(.., template)| template.position);

        let mut item = Vec::with_capacity(found.len());
        for (kind, template_type, latest) in found {
            item.push(self.template_item(kind, template_type, latest).await?);
        }
        Ok(wire::TemplatesResponse { item, next_token })
    }

    /// The latest versions of the newest templates whose names start so, made before that place.
    async fn templates_named(
        &self,
        kind: Kind,
        prefix: &str,
        mut before: Option<u64>,
        templates_max: usize,
    ) -> Result<Vec<Definition>, Error> {
        let mut found = Vec::new();
        let count = templates_max.max(READ_MIN);
        loop {
            let read = self.store().definitions_before(None, kind, before, count).await?;
            let is_last = read.len() < count;
            before = read.last().map(|template| template.position);
            found.extend(read.into_iter().filter(|template| template.id.starts_with(prefix)));
            if is_last || found.len() >= templates_max {
                return Ok(found);
            }
        }
    }

    /// A template as a list shows it: its active version, without the content.
    async fn template_item(
        &self,
        kind: Kind,
        template_type: TemplateType,
        latest: Definition,
    ) -> Result<wire::TemplateResponse, Error> {
        let Outline { mut template_description, tags } = outline(&latest.document)?;
        let name = latest.id.clone();
        let mut shown = latest;
        if let Some(active) = self.store().active_version(None, kind, &name).await?
            && active != shown.version
            && let Some(active) = self.store().definition(None, kind, &name, Some(active)).await?
        {
            template_description = outline(&active.document)?.template_description;
            shown = active;
        }
        Ok(wire::TemplateResponse {
            arn: Some(self.template_arn(&name, template_type.as_str())),
            creation_date: shown.creation_date,
            default_substitutions: None,
            last_modified_date: shown.last_modified_date,
            template_description,
            template_name: name,
            template_type,
            version: Some(shown.version.to_string()),
            tags: Some(tags.unwrap_or_default()),
        })
    }

    pub(super) async fn template_versions(
        &self,
        input: wire::ListTemplateVersionsInput,
    ) -> Result<wire::TemplateVersionsResponse, Error> {
        let kind = read_kind("template-type", &input.template_type)?;
        let template_type = KINDS.into_iter().find(|(known, _)| *known == kind).map(|(_, template_type)| template_type);
        let template_type = template_type.ok_or_else(Error::not_found)?;
        let name = input.template_name;
        let list = format!("{VERSIONS} {name} {}", template_type.as_str());
        let page = Page::<u32>::read(&list, input.page_size.as_deref(), input.next_token.as_deref())?;
        let mut versions = self.store().definition_versions(None, kind, &name, page.after, page.items_max + 1).await?;
        if versions.is_empty() && page.after.is_none() {
            return Err(Error::not_found());
        }
        let next_token = page.cut(&list, &mut versions, |version| version.version);
        let item = versions.into_iter().map(|version| {
            Ok(wire::TemplateVersionResponse {
                creation_date: version.creation_date,
                default_substitutions: None,
                last_modified_date: version.last_modified_date,
                template_description: outline(&version.document)?.template_description,
                template_name: version.id,
                template_type: template_type.as_str().to_owned(),
                version: Some(version.version.to_string()),
            })
        });
        let item = item.collect::<Result<_, Error>>()?;
        let wire::MessageBody { request_id, .. } = self.message_body("");
        Ok(wire::TemplateVersionsResponse { item, message: None, next_token, request_id })
    }
}
