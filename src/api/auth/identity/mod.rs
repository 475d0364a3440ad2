//! Identities: tokens of OpenID Connect providers are exchanged for temporary keys, which are bound to the user's own
//! endpoints.
//!
//! ```text
//! token → role of the settings → provider's key → signature, issuer, audience, times → temporary key
//! (token)      (here)              (provider)               (token)                     (session)
//! ```
//!
//! A temporary key ends when its role is removed from the settings, or says something else about who vouches for whom, and
//! where.

mod jwks;
mod provider;
mod session;
#[cfg(test)]
mod tests;
mod token;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use secrecy::SecretString;

use self::provider::Provider;
use self::session::Session;
pub use self::token::Subject;
use self::token::Token;
use super::issue;
use super::principal::User;
use crate::clock::Clock;
use crate::config::Identity;
use crate::domain::ApplicationId;
use crate::vault::{self, Vault};

pub use provider::Error as ProviderError;
pub use token::Error as TokenError;

/// The roles of the settings.
pub struct Identities {
    roles: BTreeMap<String, Role>,
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
}

/// Why a token is not exchanged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such role.
    #[error("there is no role `{0}` in the settings")]
    UnknownRole(String),
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The provider's keys cannot be had.
    #[error("the provider's keys cannot be fetched: {0}")]
    Provider(#[from] ProviderError),
    #[error("a session token cannot be sealed")]
    Vault(#[from] vault::Error),
}

/// Why a session token is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Void {
    /// It is none of ours, of another key, or of a role that is no more what it was.
    Invalid,
    /// Its time is over.
    Expired,
}

/// What a token is exchanged for.
pub struct Assumed {
    pub key_id: String,
    pub secret: SecretString,
    pub session_token: String,
    pub expires_at: Timestamp,
    pub subject: Subject,
}

/// A section of the settings.
struct Role {
    settings: Identity,
    /// Of what the section says about who may do what.
    fingerprint: String,
    provider: Arc<Provider>,
    applications: Arc<[ApplicationId]>,
}

impl Role {
    fn new(settings: &Identity, clock: Arc<dyn Clock>) -> Self {
        let Identity { issuer, audiences, user_claim, applications, .. } = settings;
        let text = serde_json::to_string(&(issuer, audiences, user_claim, applications)).expect("text is JSON");
        Self {
            fingerprint: hex::encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16]),
            provider: Provider::new(settings, clock),
            applications: applications.iter().map(ApplicationId::new).collect(),
            settings: settings.clone(),
        }
    }

    async fn verify(&self, text: &str, clock: &dyn Clock) -> Result<Subject, Error> {
        let token = Token::read(text)?;
        let key = self.provider.key(token.key_id.as_deref(), token.algorithm).await?;
        Ok(token.verify(&*key.ok_or(TokenError::UnknownKey)?, &self.settings, clock.now())?)
    }
}

/// Who a token is about, for a role with these settings; makes no key.
///
/// Errors: as [`Identities::assume`].
pub async fn check(settings: &Identity, token: &str, clock: Arc<dyn Clock>) -> Result<Subject, Error> {
    Role::new(settings, clock.clone()).verify(token, &*clock).await
}

impl Identities {
    /// The roles of these sections.
    pub fn new(sections: &BTreeMap<String, Identity>, vault: Arc<Vault>, clock: Arc<dyn Clock>) -> Self {
        let roles = sections.iter().map(|(name, settings)| (name.clone(), Role::new(settings, clock.clone())));
        Self { roles: roles.collect(), vault, clock }
    }

    /// Exchanges a token for a temporary key, which lasts as long as the role says, unless less is asked for.
    ///
    /// The token's own end is no limit: a key that ends with it would be of no use to who comes late. So a user who is
    /// blocked at the provider keeps a key for at most the rest of the token and one session.
    ///
    /// Errors: a token that does not prove anything for this role.
    pub async fn assume(&self, role: &str, token: &str, asked: Option<Duration>) -> Result<Assumed, Error> {
        let found = self.roles.get(role).ok_or_else(|| Error::UnknownRole(role.to_owned()))?;
        let subject = found.verify(token, &*self.clock).await?;
        let lasts = asked.map_or(found.settings.session, |asked| asked.min(found.settings.session));
        let (key_id, secret) = issue::temporary()?;
        // As exact as clients are told.
        let expires_at = Timestamp::from_second((self.clock.now() + lasts).as_second()).unwrap_or(Timestamp::MAX);
        let session = Session {
            key_id,
            secret,
            role: role.to_owned(),
            fingerprint: found.fingerprint.clone(),
            user_id: subject.user_id.clone(),
            expires_at,
        };
        let session_token = session.seal(&self.vault)?;
        let Session { key_id, secret, .. } = session;
        Ok(Assumed { key_id, secret, session_token, expires_at, subject })
    }

    /// Who has the temporary key of this id and session token, and its secret. Cheap: asked for each request.
    pub(super) fn open(&self, key_id: &str, token: &str) -> Result<(User, SecretString), Void> {
        let session = Session::open(&self.vault, token).filter(|session| session.key_id == key_id);
        let session = session.ok_or(Void::Invalid)?;
        let role = self.roles.get(&session.role).filter(|role| role.fingerprint == session.fingerprint);
        let role = role.ok_or(Void::Invalid)?;
        if self.clock.now() >= session.expires_at {
            return Err(Void::Expired);
        }
        let user = User {
            id: session.user_id,
            applications: role.applications.clone(),
            may_adopt: role.settings.adopt_endpoints,
        };
        Ok((user, session.secret))
    }
}
