//! Changing the vault's key: everything sealed is sealed anew, then the old key is dropped.
//!
//! A crash at any moment loses nothing of what was there, since a key is dropped only when nothing needs it any more. With a
//! key file: the new key is put before the old one, texts are sealed anew one by one, the old key is taken out. A further
//! call goes on where the last one was cut off. With a key of the settings the caller brings the new one, and changes the
//! settings when this is done.
//!
//! One thing is not covered: a key to the API that is made meanwhile is sealed with the old key. It is found at the end;
//! when the process is killed before that, it has to be revoked.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::{Error, open_keys, open_vault, vault_key_file};
use crate::api::auth;
use crate::campaign::{feedback, way};
use crate::clock::System;
use crate::config::Config;
use crate::domain::ApplicationId;
use crate::store::{self, Definition, DefinitionStore, DefinitionWrite, KeyStore, Kind, Versioning, sqlite};
use crate::vault::{self, Vault};

/// Definitions with a sealed text: base64 in the member `Sealed` of their documents. Each kind with what the text of a
/// definition is sealed for, by its application and id; `None` for one that has none.
const SEALED: &[(Kind, fn(Option<&ApplicationId>, &str) -> Option<String>)] =
    &[(Kind::Channel, way::sealed_for), (Kind::FeedbackKey, |_, _| Some(feedback::SEALED_FOR.to_owned()))];

/// What a change of the key did.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rotated {
    /// What the new key is called.
    pub key_id: String,
    /// Definitions whose texts were sealed anew.
    pub definitions: usize,
    /// Keys to the API whose secrets were sealed anew.
    pub access_keys: usize,
}

/// Changes the key of the vault. `new_key` is for a vault whose key stands in the settings, as base64.
///
/// Errors: a store that another process works on, a text that does not open with the present key, a new key that is none or
/// the present one; then nothing was changed.
pub async fn rotate_vault(config: &Config, new_key: Option<&SecretString>) -> Result<Rotated, Error> {
    let store = sqlite::Sqlite::open(&config.data.directory, sqlite::Mode::Exclusive)?;
    let keys = open_keys(config, Arc::new(System::default()))?;
    let sealed = Sealed { store: &store, keys: &*keys };
    let Some(new_key) = new_key else {
        let file = vault_key_file(config);
        sealed.check(&Vault::open_existing(&file)?).await?;
        vault::add_key(&file)?;
        let vault = Vault::open_existing(&file)?;
        let mut rotated = sealed.reseal(&vault).await?;
        vault::drop_old_keys(&file)?;
        // A key to the API that was being made has been sealed with the old key, too.
        rotated.access_keys += sealed.reseal_access_keys(&vault).await?;
        return Ok(rotated);
    };
    let vault = Vault::of_keys(&[new_key, &config.vault.key])?;
    if vault.key_id() == open_vault(config)?.key_id() {
        return Err(Error::SameKey);
    }
    sealed.check(&vault).await?;
    sealed.reseal(&vault).await
}

/// Everything that is sealed.
struct Sealed<'a> {
    store: &'a dyn DefinitionStore,
    keys: &'a dyn KeyStore,
}

/// A definition with a sealed text.
struct Document {
    owner: Option<ApplicationId>,
    kind: Kind,
    definition: Definition,
    members: Map<String, Value>,
    context: String,
    sealed: Vec<u8>,
}

impl Sealed<'_> {
    /// Errors: a text that does not open.
    async fn check(&self, vault: &Vault) -> Result<(), Error> {
        for document in self.documents().await? {
            vault.unseal(&document.context, &document.sealed).map_err(|error| document.failed(error))?;
        }
        for key in self.active_keys().await? {
            let context = auth::sealed_for(&key.id);
            vault
                .unseal(&context, &key.sealed_secret)
                .map_err(|error| failed(format!("access key `{}`", key.id), error))?;
        }
        Ok(())
    }

    async fn reseal(&self, vault: &Vault) -> Result<Rotated, Error> {
        let mut definitions = 0;
        for mut document in self.documents().await? {
            let resealed = vault.reseal(&document.context, &document.sealed);
            let Some(resealed) = resealed.map_err(|error| document.failed(error))? else { continue };
            document.members.insert(SEALED_MEMBER.to_owned(), Value::from(BASE64_STANDARD.encode(resealed)));
            let write = DefinitionWrite {
                kind: document.kind,
                id: document.definition.id,
                document: Value::Object(document.members).to_string(),
                versioning: Versioning::Latest,
                after: Some(document.definition.revision),
                // For clients nothing changes.
                now: document.definition.last_modified_date,
            };
            self.store.write_definition(document.owner.as_ref(), write).await?;
            definitions += 1;
        }
        let access_keys = self.reseal_access_keys(vault).await?;
        Ok(Rotated { key_id: vault.key_id(), definitions, access_keys })
    }

    async fn reseal_access_keys(&self, vault: &Vault) -> Result<usize, Error> {
        let mut resealed = 0;
        for key in self.active_keys().await? {
            let secret = vault.reseal(&auth::sealed_for(&key.id), &key.sealed_secret);
            let secret = secret.map_err(|error| failed(format!("access key `{}`", key.id), error))?;
            if let Some(secret) = secret {
                self.keys.put_sealed_secret(&key.id, secret).await?;
                resealed += 1;
            }
        }
        Ok(resealed)
    }

    /// Keys whose secrets may be needed again.
    async fn active_keys(&self) -> Result<Vec<store::AccessKey>, Error> {
        let mut keys = self.keys.keys().await?;
        keys.retain(|key| key.revoked_at.is_none());
        Ok(keys)
    }

    async fn documents(&self) -> Result<Vec<Document>, Error> {
        let applications = self.store.applications().await?.into_iter().map(|application| Some(application.id));
        let mut documents = Vec::new();
        for owner in applications.chain([None]) {
            for (kind, sealed_for) in SEALED {
                for definition in self.store.definitions(owner.as_ref(), *kind).await? {
                    let Some(context) = sealed_for(owner.as_ref(), &definition.id) else { continue };
                    let owner = owner.clone();
                    documents.extend(Document::read(owner, *kind, definition, context)?);
                }
            }
        }
        Ok(documents)
    }
}

/// Where a document has its sealed text.
const SEALED_MEMBER: &str = "Sealed";

impl Document {
    /// `None` when nothing in it is sealed.
    fn read(
        owner: Option<ApplicationId>,
        kind: Kind,
        definition: Definition,
        context: String,
    ) -> Result<Option<Self>, Error> {
        let damaged = || store::Error::Damaged { what: format!("{} `{}`", kind.as_str(), definition.id) };
        let members: Map<String, Value> = serde_json::from_str(&definition.document).map_err(|_| damaged())?;
        let Some(sealed) = members.get(SEALED_MEMBER) else { return Ok(None) };
        let sealed = sealed.as_str().and_then(|text| BASE64_STANDARD.decode(text).ok()).ok_or_else(damaged)?;
        Ok(Some(Self { owner, kind, definition, members, context, sealed }))
    }

    fn failed(&self, source: vault::Error) -> Error {
        let id = &self.definition.id;
        let owner = self.owner.as_ref().map(|owner| format!(" of application `{owner}`")).unwrap_or_default();
        failed(format!("{} `{id}`{owner}", self.kind.as_str()), source)
    }
}

fn failed(what: String, source: vault::Error) -> Error {
    Error::Sealed { what, source }
}
