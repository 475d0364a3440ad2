//! The secret of references: made once, kept in the store, sealed by the vault.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Serialize};

use super::reference::Key;
use super::{Error, References};
use crate::campaign::engine::Engine;
use crate::clock;
use crate::store::{self, Definition, DefinitionStore, DefinitionWrite, Kind, Versioning};
use crate::vault::{self, Vault};

/// What the one secret is stored under.
const ID: &str = "feedback";

/// What the secret is sealed for, whoever seals it anew.
pub const SEALED_FOR: &str = "feedback-key";

/// What the store keeps.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    /// Base64.
    sealed: String,
}

impl Document {
    fn seal(vault: &Vault, secret: &[u8]) -> Result<String, Error> {
        let document = Self { sealed: BASE64_STANDARD.encode(vault.seal(SEALED_FOR, secret)?) };
        Ok(serde_json::to_string(&document).expect("text is JSON"))
    }

    fn open(vault: &Vault, stored: &Definition) -> Result<Key, Error> {
        let document: Self = serde_json::from_str(&stored.document).map_err(|_| Error::Unreadable)?;
        let sealed = BASE64_STANDARD.decode(&document.sealed).map_err(|_| Error::Unreadable)?;
        Ok(Key::new(vault.unseal(SEALED_FOR, &sealed)?.expose_secret()))
    }
}

/// Removes the secret; the next message makes a new one.
///
/// Shape: whether there was one.
pub async fn forget_secret(store: &dyn DefinitionStore) -> Result<bool, store::Error> {
    store.delete_definition(None, Kind::FeedbackKey, ID).await
}

impl Engine {
    /// What gives messages their references; `None` without a vault, or where `feedback.base_url` is empty. The first call
    /// makes the secret, unless the store has it from earlier.
    ///
    /// Errors: a secret that another vault sealed.
    pub async fn references(&self) -> Result<Option<Arc<References>>, Error> {
        let base_url = &self.config.feedback.base_url;
        let Some(vault) = self.vault.as_deref().filter(|_| !base_url.is_empty()) else { return Ok(None) };
        let references = self.references.get_or_try_init(|| async {
            let key = Document::open(vault, &self.stored_key(vault).await?)?;
            Ok::<_, Error>(Arc::new(References::new(key, base_url)))
        });
        Ok(Some(references.await?.clone()))
    }

    async fn stored_key(&self, vault: &Vault) -> Result<Definition, Error> {
        let stored = || self.store.definition(None, Kind::FeedbackKey, ID, None);
        if let Some(stored) = stored().await? {
            return Ok(stored);
        }
        let mut secret = Zeroizing::new([0; Key::BYTES]);
        SystemRandom::new().fill(&mut *secret).map_err(|_| vault::Error::Random)?;
        let write = DefinitionWrite {
            kind: Kind::FeedbackKey,
            id: ID.to_owned(),
            document: Document::seal(vault, &*secret)?,
            versioning: Versioning::Latest,
            after: None,
            now: clock::wire_text(self.clock.now()),
        };
        match self.store.write_definition(None, write).await {
            // Somebody made it at the same time.
            Err(store::Error::Conflict { .. }) => stored().await?.ok_or(Error::Unreadable),
            written => Ok(written?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::feedback::reference::{Receiver, Reference};
    use crate::domain::{ApplicationId, ChannelType};

    #[test]
    fn the_secret_opens_with_its_own_vault_alone() {
        let folder = tempfile::tempdir().unwrap();
        let vault = |name: &str| Vault::open(&folder.path().join(name)).unwrap();
        let secret = [7; Key::BYTES];
        let stored = |document: String| Definition {
            id: ID.to_owned(),
            version: 1,
            document,
            creation_date: String::new(),
            last_modified_date: String::new(),
            revision: 1,
            position: 1,
        };
        let sealed = stored(Document::seal(&vault("a"), &secret).unwrap());
        let reference = Reference {
            channel_type: ChannelType::Email,
            application_id: ApplicationId::new("a"),
            receiver: Receiver::Endpoint("e".to_owned()),
            run: None,
        };
        let text = Key::new(&secret).write(&reference);
        assert_eq!(Document::open(&vault("a"), &sealed).unwrap().read(&text), Some(reference));
        assert!(matches!(Document::open(&vault("b"), &sealed), Err(Error::Vault(vault::Error::OtherKey { .. }))));
        for damaged in ["", "{}", r#"{"Sealed":"?"}"#] {
            let opened = Document::open(&vault("a"), &stored(damaged.to_owned()));
            assert!(matches!(opened, Err(Error::Unreadable)), "{damaged}");
        }
    }
}
