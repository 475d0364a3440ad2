//! What all channels have in common: reading, writing and removing one, whatever its type.

use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::rule;
use crate::api::change::{self, Changed};
use crate::api::{Call, Error};
use crate::campaign::way::ChannelDocument;
use crate::channel::Credentials;
use crate::domain::{ApplicationId, ChannelType};
use crate::store::{Definition, Kind, Versioning};

impl Call<'_> {
    /// The channel, in the shape of its type.
    ///
    /// Errors: 404 for an unknown application, or one that never had this channel.
    pub(super) async fn channel<R: DeserializeOwned>(
        &self,
        application_id: &str,
        channel_type: ChannelType,
    ) -> Result<R, Error> {
        let application_id = self.application_id(application_id).await?;
        let stored = self.stored_channel(&application_id, channel_type).await?;
        response(&application_id, &stored)
    }

    /// Removes the channel, and returns it as it was.
    pub(super) async fn remove_channel<R: DeserializeOwned>(
        &self,
        application_id: &str,
        channel_type: ChannelType,
    ) -> Result<R, Error> {
        let application_id = self.application_id(application_id).await?;
        let stored = self.stored_channel(&application_id, channel_type).await?;
        let (owner, id) = (Some(&application_id), channel_type.as_str());
        if !self.store().delete_definition(owner, Kind::Channel, id).await? {
            return Err(Error::not_found());
        }
        self.api.scheduler.channel_changed(&application_id);
        response(&application_id, &stored)
    }

    /// Makes the channel, or replaces it. A request without any credentials keeps those that are there, so that a channel
    /// can be switched off and on.
    ///
    /// Errors: credentials that cannot work; a channel that nothing here can serve, unless it is to be switched off.
    pub(super) async fn write_channel<R: DeserializeOwned>(
        &self,
        application_id: &str,
        channel_type: ChannelType,
        request: &impl Serialize,
    ) -> Result<R, Error> {
        let application_id = self.application_id(application_id).await?;
        let mut settings = match serde_json::to_value(request).map_err(Error::internal)? {
            Value::Object(members) => members,
            _ => return Err(Error::internal("a request is an object")),
        };
        let credentials = take_credentials(&mut settings, rule::credentials_of(channel_type));
        // Not said is on: who sets a channel up wants to use it.
        let enabled = settings.remove("Enabled").is_none_or(|enabled| enabled != json!(false));
        let mut document = ChannelDocument { enabled, settings, ..ChannelDocument::default() };
        let credentials = credentials.with_method(document.authentication_method());
        let engine = &self.api.engine;
        let carrier =
            engine.carrier(channel_type, &credentials).map_err(|error| Error::bad_request(error.to_string()))?;
        rule::check(channel_type, &document, &credentials, carrier)?;
        document.seal(engine.vault(), &application_id, channel_type, &credentials).map_err(Error::internal)?;
        document.last_modified_by = self.key_id();

        let write = |before: Option<&Definition>| {
            let mut document = document.clone();
            if document.sealed.is_none()
                && let Some(before) = before
            {
                document.keep_credentials(ChannelDocument::read(before)?);
            }
            rule::check_served(channel_type, &document, carrier)?;
            let document = serde_json::to_string(&document).map_err(Error::internal)?;
            Ok(Changed { document, versioning: Versioning::Latest, value: () })
        };
        let (owner, id) = (Some(&application_id), channel_type.as_str());
        let (stored, ()) = change::change(self.store(), owner, Kind::Channel, id, &self.now(), write).await?;
        // A run that waits for this channel may go on.
        self.api.scheduler.channel_changed(&application_id);
        response(&application_id, &stored)
    }

    async fn stored_channel(
        &self,
        application_id: &ApplicationId,
        channel_type: ChannelType,
    ) -> Result<Definition, Error> {
        let found = change::latest(self.store(), Some(application_id), Kind::Channel, channel_type.as_str()).await?;
        found.ok_or_else(Error::not_found)
    }
}

/// Takes the secrets out of a request, and what is of use only with them.
fn take_credentials(request: &mut Map<String, Value>, names: &[&str]) -> Credentials {
    let secret = |name: &&str| match request.remove(*name) {
        Some(Value::String(text)) if !text.is_empty() => Some(((*name).to_owned(), SecretString::from(text))),
        _ => None,
    };
    names.iter().filter_map(secret).collect()
}

/// What the API shows of a channel, in the shape of its type; members that the shape does not have fall away.
pub(super) fn response<R: DeserializeOwned>(application_id: &ApplicationId, stored: &Definition) -> Result<R, Error> {
    let document = ChannelDocument::read(stored)?;
    let has = |name: &str| document.credentials.iter().any(|found| found == name);
    let mut members = json!({
        "ApplicationId": application_id.as_str(),
        "CreationDate": stored.creation_date,
        // Baidu's shape demands it, and what it asks for is a credential.
        "Credential": "",
        "Enabled": document.enabled,
        "HasCredential": !document.credentials.is_empty(),
        "Id": stored.id.to_lowercase(),
        "IsArchived": false,
        "LastModifiedBy": document.last_modified_by,
        "LastModifiedDate": stored.last_modified_date,
        "Platform": stored.id,
        "Version": stored.revision,
    });
    match ChannelType::parse(&stored.id) {
        Some(ChannelType::Gcm) => {
            members["HasFcmServiceCredentials"] = json!(has("ServiceJson"));
            members["Credential"] = Value::Null;
        }
        Some(channel_type) if rule::is_apns(channel_type) => members["HasTokenKey"] = json!(has("TokenKey")),
        _ => {}
    }
    let mut all = document.settings;
    if let Value::Object(members) = members {
        all.extend(members);
    }
    serde_json::from_value(Value::Object(all)).map_err(Error::internal)
}
