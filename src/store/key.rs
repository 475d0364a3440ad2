//! Access keys: who may call the API.
//!
//! They stand apart from the rest of the store, since they are made and revoked while another process works on it.

use std::time::Duration;

use jiff::Timestamp;

use super::Call;
use crate::domain::ApplicationId;

/// How long a change of another process may stay unseen. A new key never is.
pub const SEEN_WITHIN: Duration = Duration::from_millis(250);

/// Access keys, shared by processes. What one of them changes, the others see within [`SEEN_WITHIN`].
pub trait KeyStore: Send + Sync {
    /// Saves a new key.
    ///
    /// Errors: [`Backend`](super::Error::Backend) when the id is taken.
    fn put_key(&self, key: AccessKey) -> Call<'_, ()>;

    /// The key of this id, also when it is revoked. Cheap: asked for each request.
    fn key(&self, id: &str) -> Call<'_, Option<AccessKey>>;

    /// All keys, oldest first.
    fn keys(&self) -> Call<'_, Vec<AccessKey>>;

    /// Replaces the sealed secret of a key; an id without a key is passed over.
    fn put_sealed_secret(&self, id: &str, sealed_secret: Vec<u8>) -> Call<'_, ()>;

    /// Revokes a key for good and gives it as it then is; `None` when there is no such key. A key that was revoked
    /// before keeps the time of then.
    fn revoke_key(&self, id: &str, now: Timestamp) -> Call<'_, Option<AccessKey>>;
}

/// A key to the API.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccessKey {
    /// What requests name it by.
    pub id: String,
    /// Its secret, sealed by the vault.
    pub sealed_secret: Vec<u8>,
    pub policy: Policy,
    /// For people; may be empty.
    pub name: String,
    pub created_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

/// What a key may do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Policy {
    /// Everything.
    Administrator,
    /// What the users of one application need: `UpdateEndpoint`, `PutEvents` and `GetInAppMessages`.
    Application(ApplicationId),
}
