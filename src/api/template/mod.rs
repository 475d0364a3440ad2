//! Message templates of the account: five kinds, one life.
//!
//! A kind says which rules its content obeys ([`check`]); names, versions, tags and answers are the same for all. The
//! documents in the store are the requests; answers are a document with what the store knows about it around.

mod check;
mod list;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use self::check::Checked;
use super::change::{self, Changed, change};
use super::tag::{self, Tags};
use super::{Call, Error, arn};
use crate::domain::limit::{TEMPLATE_DESCRIPTION_CHARS_MAX, TEMPLATE_NAME_CHARS_MAX, TEMPLATE_VERSIONS_MAX};
use crate::store::{Definition, Kind, Versioning};
use crate::wire::generated::{self as wire, TemplateType};

/// What the paths call the version that was written last.
const LATEST: &str = "latest";

/// A kind of templates: the shape of its requests.
trait Template: Checked + Serialize + DeserializeOwned + Send + Sync {
    const KIND: Kind;
    const TYPE: TemplateType;
    /// What a template of this kind is read as.
    type Response: DeserializeOwned;

    fn tags(&mut self) -> &mut Option<Tags>;
    fn description(&self) -> Option<&str>;
    fn recommender_id(&self) -> Option<&str> {
        None
    }
}

macro_rules! template {
    ($request:ident, $response:ident, $kind:ident, $type:ident $(, $recommender:ident)?) => {
        impl Template for wire::$request {
            const KIND: Kind = Kind::$kind;
            const TYPE: TemplateType = TemplateType::$type;
            type Response = wire::$response;

            fn tags(&mut self) -> &mut Option<Tags> {
                &mut self.tags
            }

            fn description(&self) -> Option<&str> {
                self.template_description.as_deref()
            }

            $(fn recommender_id(&self) -> Option<&str> {
                self.$recommender.as_deref()
            })?
        }
    };
}

template!(EmailTemplateRequest, EmailTemplateResponse, EmailTemplate, Email, recommender_id);
template!(SMSTemplateRequest, SMSTemplateResponse, SmsTemplate, Sms, recommender_id);
template!(PushNotificationTemplateRequest, PushNotificationTemplateResponse, PushTemplate, Push, recommender_id);
template!(VoiceTemplateRequest, VoiceTemplateResponse, VoiceTemplate, Voice);
template!(InAppTemplateRequest, InAppTemplateResponse, InAppTemplate, Inapp);

/// The operations of one kind, which differ in their names alone.
macro_rules! operations {
    ($($request:ident -> $created:ident:
        $create:ident($create_input:ident) $get:ident($get_input:ident) -> $response:ident
        $update:ident($update_input:ident) $delete:ident($delete_input:ident);)*) => {$(
        async fn $create(&self, input: wire::$create_input) -> Result<wire::$created, Error> {
            let arn = self.create_template(input.template_name, input.body).await?;
            let wire::MessageBody { message, request_id } = self.message_body("Created");
            Ok(wire::$created { arn: Some(arn), message, request_id })
        }

        async fn $get(&self, input: wire::$get_input) -> Result<wire::$response, Error> {
            self.get_template::<wire::$request>(&input.template_name, input.version.as_deref()).await
        }

        async fn $update(&self, input: wire::$update_input) -> Result<wire::MessageBody, Error> {
            let write = match (input.create_new_version, input.version) {
                (Some(true), None) => Write::Next,
                (Some(true), Some(_)) => {
                    return Err(Error::bad_request("version: a new version has none yet, so leave it out"));
                }
                (_, version) => Write::Latest(version),
            };
            self.update_template(&input.template_name, write, input.body).await
        }

        async fn $delete(&self, input: wire::$delete_input) -> Result<wire::MessageBody, Error> {
            self.delete_template(wire::$request::KIND, &input.template_name, input.version.as_deref()).await
        }
    )*};
}

impl wire::Templates for Call<'_> {
    operations! {
        EmailTemplateRequest -> CreateTemplateMessageBody:
            create_email_template(CreateEmailTemplateInput)
            get_email_template(GetEmailTemplateInput) -> EmailTemplateResponse
            update_email_template(UpdateEmailTemplateInput)
            delete_email_template(DeleteEmailTemplateInput);
        SMSTemplateRequest -> CreateTemplateMessageBody:
            create_sms_template(CreateSmsTemplateInput)
            get_sms_template(GetSmsTemplateInput) -> SMSTemplateResponse
            update_sms_template(UpdateSmsTemplateInput)
            delete_sms_template(DeleteSmsTemplateInput);
        PushNotificationTemplateRequest -> CreateTemplateMessageBody:
            create_push_template(CreatePushTemplateInput)
            get_push_template(GetPushTemplateInput) -> PushNotificationTemplateResponse
            update_push_template(UpdatePushTemplateInput)
            delete_push_template(DeletePushTemplateInput);
        VoiceTemplateRequest -> CreateTemplateMessageBody:
            create_voice_template(CreateVoiceTemplateInput)
            get_voice_template(GetVoiceTemplateInput) -> VoiceTemplateResponse
            update_voice_template(UpdateVoiceTemplateInput)
            delete_voice_template(DeleteVoiceTemplateInput);
        InAppTemplateRequest -> TemplateCreateMessageBody:
            create_in_app_template(CreateInAppTemplateInput)
            get_in_app_template(GetInAppTemplateInput) -> InAppTemplateResponse
            update_in_app_template(UpdateInAppTemplateInput)
            delete_in_app_template(DeleteInAppTemplateInput);
    }

    async fn list_templates(&self, input: wire::ListTemplatesInput) -> Result<wire::TemplatesResponse, Error> {
        self.templates(input).await
    }

    async fn list_template_versions(
        &self,
        input: wire::ListTemplateVersionsInput,
    ) -> Result<wire::TemplateVersionsResponse, Error> {
        self.template_versions(input).await
    }

    async fn update_template_active_version(
        &self,
        input: wire::UpdateTemplateActiveVersionInput,
    ) -> Result<wire::MessageBody, Error> {
        let kind = read_kind("template-type", &input.template_type)?;
        let version = input.body.version.ok_or_else(|| Error::bad_request("Version: missing, it is required"))?;
        let found = self.template_version(kind, &input.template_name, Some(&version), "Version").await?;
        self.store().set_active_version(None, kind, &input.template_name, Some(found.version)).await?;
        self.api.engine.boards().forget_all();
        Ok(self.message_body("Accepted"))
    }
}

/// Which version an update writes.
enum Write {
    /// A new one.
    Next,
    /// The latest, which is this one if the client says so.
    Latest(Option<String>),
}

impl Call<'_> {
    /// Makes a template, and returns its ARN.
    async fn create_template<T: Template>(&self, name: String, mut template: T) -> Result<String, Error> {
        check_name(&name)?;
        self.check_template(&mut template).await?;
        let tags = template.tags();
        *tags = Some(tag::check(tags.take().unwrap_or_default())?);
        let document = serde_json::to_string(&template).map_err(Error::internal)?;
        change(self.store(), None, T::KIND, &name, &self.now(), |before| match before {
            None => Ok(Changed { document: document.clone(), versioning: Versioning::Latest, value: () }),
            Some(_) => {
                let problem = format!("there is an {} template `{name}` already", T::TYPE.as_str());
                Err(Error::bad_request(format!("template-name: {problem}")))
            }
        })
        .await?;
        // Later versions become active only when somebody says so.
        self.store().set_active_version(None, T::KIND, &name, Some(1)).await?;
        Ok(self.template_arn(&name, T::TYPE.as_str()))
    }

    async fn get_template<T: Template>(&self, name: &str, version: Option<&str>) -> Result<T::Response, Error> {
        let found = self.template_version(T::KIND, name, version, "version").await?;
        let mut document = read(&found.document)?;
        // Tags are those of the template, and stand in its latest version.
        let latest = change::latest(self.store(), None, T::KIND, name).await?.ok_or_else(Error::not_found)?;
        let tags = read(&latest.document)?.remove("tags").unwrap_or_else(|| Value::Object(Map::new()));
        document.insert("tags".to_owned(), tags);
        document.extend(self.template_frame(T::TYPE, &found));
        serde_json::from_value(Value::Object(document)).map_err(Error::internal)
    }

    async fn update_template<T: Template>(
        &self,
        name: &str,
        write: Write,
        mut template: T,
    ) -> Result<wire::MessageBody, Error> {
        self.check_template(&mut template).await?;
        *template.tags() = None;
        let document = match serde_json::to_value(&template).map_err(Error::internal)? {
            Value::Object(document) => document,
            _ => return Err(Error::internal("a template is no object")),
        };
        if matches!(write, Write::Next) {
            self.check_room(T::KIND, name).await?;
            self.keep_active(T::KIND, name).await?;
        }
        change(self.store(), None, T::KIND, name, &self.now(), |before| {
            let before = before.ok_or_else(Error::not_found)?;
            if let Write::Latest(Some(given)) = &write
                && given != LATEST
                && *given != before.version.to_string()
            {
                let problem = format!("`{given}` is not the latest version, which is `{}`", before.version);
                return Err(Error::bad_request(format!("version: {problem}")));
            }
            let mut document = document.clone();
            document.extend(read(&before.document)?.remove_entry("tags"));
            let versioning = match write {
                Write::Next => Versioning::Next,
                Write::Latest(_) => Versioning::Latest,
            };
            Ok(Changed { document: Value::Object(document).to_string(), versioning, value: () })
        })
        .await?;
        self.api.engine.boards().forget_all();
        Ok(self.message_body("Accepted"))
    }

    async fn delete_template(&self, kind: Kind, name: &str, version: Option<&str>) -> Result<wire::MessageBody, Error> {
        let removed = match version {
            None => self.store().delete_definition(None, kind, name).await?,
            Some(_) => {
                let found = self.template_version(kind, name, version, "version").await?;
                let active = self.store().definition(None, kind, name, None).await?;
                if active.is_some_and(|active| active.version == found.version) {
                    let problem = "is the active version; make another one active first, or delete the whole template";
                    return Err(Error::bad_request(format!("version: `{}` {problem}", found.version)));
                }
                let removed = self.store().delete_definition_version(None, kind, name, found.version).await?;
                self.hand_on_tags(kind, name, &found).await?;
                removed
            }
        };
        self.api.engine.boards().forget_all();
        if removed { Ok(self.message_body("Accepted")) } else { Err(Error::not_found()) }
    }

    /// Gives the tags of a removed version, if it was the latest, to the one that is now.
    async fn hand_on_tags(&self, kind: Kind, name: &str, removed: &Definition) -> Result<(), Error> {
        let Some(latest) = change::latest(self.store(), None, kind, name).await? else { return Ok(()) };
        let tags = read(&removed.document)?.remove("tags");
        if latest.version > removed.version || tags == read(&latest.document)?.remove("tags") {
            return Ok(());
        }
        change(self.store(), None, kind, name, &latest.last_modified_date, |before| {
            let mut document = read(&before.ok_or_else(Error::not_found)?.document)?;
            document.extend(tags.clone().map(|tags| ("tags".to_owned(), tags)));
            let document = Value::Object(document).to_string();
            Ok(Changed { document, versioning: Versioning::Latest, value: () })
        })
        .await?;
        Ok(())
    }

    /// A version by its text; without one the active version.
    ///
    /// Errors: 404 for a version or template that is not there, 400 for text that is no version.
    async fn template_version(
        &self,
        kind: Kind,
        name: &str,
        version: Option<&str>,
        field: &str,
    ) -> Result<Definition, Error> {
        let found = match version {
            None => self.store().definition(None, kind, name, None).await?,
            Some(LATEST) => change::latest(self.store(), None, kind, name).await?,
            Some(text) => {
                let version = text.parse().ok().filter(|version| *version > 0).ok_or_else(|| {
                    Error::bad_request(format!("{field}: `{text}` is neither a version such as `2` nor `{LATEST}`"))
                })?;
                self.store().definition(None, kind, name, Some(version)).await?
            }
        };
        found.ok_or_else(Error::not_found)
    }

    async fn check_template<T: Template>(&self, template: &mut T) -> Result<(), Error> {
        let chars = template.description().map_or(0, |text| text.chars().count());
        check::chars("TemplateDescription", chars, TEMPLATE_DESCRIPTION_CHARS_MAX)?;
        for removal in template.check_content()? {
            tracing::info!(field = removal.field, "markup was removed from an in-app template");
            self.warn(removal.to_string());
        }
        if let Some(id) = template.recommender_id() {
            let found = self.store().definition(None, Kind::Recommender, id, None).await?;
            if found.is_none() {
                let problem = format!("there is no recommender configuration `{id}`");
                return Err(Error::bad_request(format!("RecommenderId: {problem}")));
            }
        }
        Ok(())
    }

    /// Errors: 400 when a template has all the versions it may have.
    async fn check_room(&self, kind: Kind, name: &str) -> Result<(), Error> {
        let latest = change::latest(self.store(), None, kind, name).await?.ok_or_else(Error::not_found)?;
        // Numbers are not given again, so fewer numbers than versions are impossible.
        if (latest.version as usize) < TEMPLATE_VERSIONS_MAX {
            return Ok(());
        }
        let versions = self.store().definition_versions(None, kind, name, None, TEMPLATE_VERSIONS_MAX).await?.len();
        if versions < TEMPLATE_VERSIONS_MAX {
            return Ok(());
        }
        let problem = format!("the template has {versions} versions, the limit is {TEMPLATE_VERSIONS_MAX}");
        Err(Error::bad_request(format!("create-new-version: {problem}")))
    }

    /// Makes sure that the next version does not become active by itself: a template may have been made without a choice, when
    /// its maker was cut off.
    async fn keep_active(&self, kind: Kind, name: &str) -> Result<(), Error> {
        if self.store().active_version(None, kind, name).await?.is_none()
            && let Some(latest) = change::latest(self.store(), None, kind, name).await?
        {
            self.store().set_active_version(None, kind, name, Some(latest.version)).await?;
        }
        Ok(())
    }

    fn template_arn(&self, name: &str, kind: &str) -> String {
        arn::of(&self.api.config.aws, &format!("templates/{name}/{kind}"))
    }

    /// What answers say about a version apart from its content.
    fn template_frame(&self, kind: TemplateType, version: &Definition) -> [(String, Value); 6] {
        [
            ("Arn", self.template_arn(&version.id, kind.as_str())),
            ("CreationDate", version.creation_date.clone()),
            ("LastModifiedDate", version.last_modified_date.clone()),
            ("TemplateName", version.id.clone()),
            ("TemplateType", kind.as_str().to_owned()),
            ("Version", version.version.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
    }
}

fn read(document: &str) -> Result<Map<String, Value>, Error> {
    serde_json::from_str(document).map_err(Error::internal)
}

/// Reads the kind that a path or a query names.
fn read_kind(field: &str, name: &str) -> Result<Kind, Error> {
    tag::template_kind(name).ok_or_else(|| {
        Error::bad_request(format!("{field}: `{name}` is not one of {}", TemplateType::VALUES.join(", ")))
    })
}

/// Errors: a name that is too long, or has characters that names do not have.
/// Source: API reference, templates.
fn check_name(name: &str) -> Result<(), Error> {
    check::chars("template-name", name.chars().count(), TEMPLATE_NAME_CHARS_MAX)?;
    let is_fit = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    if name.starts_with(|first: char| first.is_ascii_alphanumeric()) && name.chars().all(is_fit) {
        return Ok(());
    }
    let rule = "a name starts with a letter or digit and goes on with letters, digits, `_` and `-`";
    Err(Error::bad_request(format!("template-name: `{name}`: {rule}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_start_with_a_letter_or_digit() {
        for good in ["a", "Hello_World-2", "1st", &"n".repeat(128)] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "_a", "-a", "a b", "a/b", "é", &"n".repeat(129)] {
            assert_eq!(check_name(bad).unwrap_err().status(), 400, "{bad}");
        }
    }
}
