//! Temporary keys. All there is to know of one is sealed into its session token, so that it needs no table and outlives the
//! process that gave it out.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::vault::{self, Vault};

/// What the vault seals session tokens for.
const PLACE: &str = "identity-session";
/// Bytes of a session token that are looked at: more than any of ours has.
const TOKEN_BYTES_MAX: usize = 8192;

/// A temporary key.
pub struct Session {
    pub key_id: String,
    pub secret: SecretString,
    pub role: String,
    /// Of the role's settings, as they were.
    pub fingerprint: String,
    pub user_id: String,
    pub expires_at: Timestamp,
}

/// As it is sealed.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Sealed<'a> {
    key_id: &'a str,
    secret: &'a str,
    role: &'a str,
    fingerprint: &'a str,
    /// The only one that may have to be escaped.
    user_id: std::borrow::Cow<'a, str>,
    /// Seconds since 1970.
    expires_at: i64,
}

impl Session {
    /// The session token of this key.
    ///
    /// Shape: letters, digits, `-` and `_`.
    pub fn seal(&self, vault: &Vault) -> Result<String, vault::Error> {
        let sealed = Sealed {
            key_id: &self.key_id,
            secret: self.secret.expose_secret(),
            role: &self.role,
            fingerprint: &self.fingerprint,
            user_id: self.user_id.as_str().into(),
            expires_at: self.expires_at.as_second(),
        };
        let plain = Zeroizing::new(serde_json::to_vec(&sealed).expect("text is JSON"));
        Ok(BASE64_URL_SAFE_NO_PAD.encode(vault.seal(PLACE, &plain)?))
    }

    /// The key of a session token; `None` for one that this vault did not seal.
    pub fn open(vault: &Vault, token: &str) -> Option<Self> {
        let token = Some(token).filter(|token| token.len() <= TOKEN_BYTES_MAX)?;
        let plain = vault.unseal(PLACE, &BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let sealed: Sealed<'_> = serde_json::from_slice(plain.expose_secret()).ok()?;
        Some(Self {
            key_id: sealed.key_id.to_owned(),
            secret: sealed.secret.into(),
            role: sealed.role.to_owned(),
            fingerprint: sealed.fingerprint.to_owned(),
            user_id: sealed.user_id.into_owned(),
            expires_at: Timestamp::from_second(sealed.expires_at).ok()?,
        })
    }
}
