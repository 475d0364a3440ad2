//! Authentication: who sent a request, and what they may do.
//!
//! Requests are signed with AWS Signature Version 4, in their `Authorization` header or, as presigned URLs, in their
//! query. Verified are the method, the path, the query, the signed headers and the whole body, all as they were received:
//! before a body is unpacked. Beyond the signature itself:
//!
//! * The signature is for the service of the path, `mobiletargeting` or `lambda`, in any region, on the day of its time.
//! * Its time is at most 5 minutes from ours. A presigned URL is valid from 5 minutes before its time for as long as it
//!   says, at most 7 days.
//! * A signature for `pinpoint.REGION.amazonaws.com`, with the region it is for, is as good as one for the host of the request:
//!   clients that know no other host are led here by a proxy or a few lines of theirs.
//! * `host` is signed, and so is every `x-amz-*` header that is sent, but `x-amz-user-agent` and `x-amz-cf-id`, which
//!   official signers leave out or proxies add. HTTP/2's `:authority` counts as the host.
//! * `x-amz-content-sha256` is absent or the hash of the body. Official signers say `UNSIGNED-PAYLOAD` and `STREAMING-…`
//!   for S3 alone, also in presigned URLs, so both are refused.
//! * A session token has to be signed. It says whose a temporary key is, and for how long; other keys need none, and one that
//!   is sent with them is not looked at.
//! * The signature covers [`signed_path`], so that path is the one to route.
//!
//! What clients see, always with status 403:
//!
//! | Error type | When |
//! |---|---|
//! | `MissingAuthenticationTokenException` | the request carries no signature |
//! | `IncompleteSignatureException` | the signature lacks a part, has a malformed one, or there are two |
//! | `InvalidSignatureException` | it does not match: tampered with, wrong secret, wrong scope, unsigned header or body |
//! | `InvalidSignatureException` | too old or in the future; `Signature expired: …` is what SDKs correct their clocks by |
//! | `UnrecognizedClientException` | there is no such key, it was revoked, or its session token is not good |
//! | `ExpiredTokenException` | the time of a temporary key is over |
//! | `AccessDeniedException` | the key may not do this; where everybody is let in, a web page from elsewhere asks |
//!
//! These are the types and texts with which Pinpoint, and the services of AWS that speak its protocol, refuse; they come
//! from AWS's front ends, so the API model does not list them. If keys cannot be read, the answer is
//! `InternalServerErrorException` with status 500.

mod canonical;
mod error;
pub mod identity;
mod issue;
mod page;
mod principal;
mod service;
mod signing_keys;
mod sigv4;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::ORIGIN;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use secrecy::{ExposeSecret, SecretSlice};

pub use self::error::Error;
use self::identity::{Assumed, Identities, Void};
pub use self::issue::{Issued, can_verify, issue, sealed_for};
pub use self::principal::{APPLICATION_OPERATIONS, Grant, Principal, USER_OPERATIONS, User};
pub use self::service::Service;
use self::signing_keys::SigningKeys;
use self::sigv4::{Claim, SigningKey};
use crate::clock::Clock;
pub use crate::store::Policy;
use crate::store::{AccessKey, KeyStore};
use crate::vault::Vault;

/// Says who sent a request.
pub struct Authenticator {
    mode: Mode,
    /// Where there are roles.
    identities: Option<Identities>,
}

enum Mode {
    Verify { keys: Arc<dyn KeyStore>, vault: Arc<Vault>, clock: Arc<dyn Clock>, signing_keys: SigningKeys },
    Open,
}

impl Authenticator {
    /// Verifies each request.
    pub fn verifying(keys: Arc<dyn KeyStore>, vault: Arc<Vault>, clock: Arc<dyn Clock>) -> Self {
        let mode = Mode::Verify { keys, vault, clock, signing_keys: SigningKeys::default() };
        Self { mode, identities: None }
    }

    /// Verifies nothing: everybody is an administrator, but for web pages from elsewhere. For development, on loopback
    /// only.
    pub fn open() -> Self {
        Self { mode: Mode::Open, identities: None }
    }

    /// Exchanges tokens for temporary keys too.
    pub fn with_identities(self, identities: Identities) -> Self {
        Self { identities: Some(identities), ..self }
    }

    /// Exchanges a token of a provider for a temporary key.
    ///
    /// Errors: a token that is not good for this role.
    pub async fn assume(&self, role: &str, token: &str, asked: Option<Duration>) -> Result<Assumed, identity::Error> {
        match &self.identities {
            Some(identities) => identities.assume(role, token, asked).await,
            None => Err(identity::Error::UnknownRole(role.to_owned())),
        }
    }

    /// Keeps web pages from elsewhere off where everybody is let in.
    ///
    /// Errors: [`Foreign`](Error::Foreign).
    pub fn refuse_foreign(&self, head: &Parts) -> Result<(), Error> {
        match self.mode {
            Mode::Open => page::check(head),
            Mode::Verify { .. } => Ok(()),
        }
    }

    /// Keeps web pages, wherever they are from, off functions and what is for operators, where everybody is let in: whatever
    /// they show may have come from anywhere. Command lines and SDKs send no `Origin`, browsers cannot leave it out.
    ///
    /// Errors: [`Page`](Error::Page).
    pub fn refuse_page(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Error> {
        let path = signed_path(uri);
        let is_private = Service::of(&path) == Service::Lambda || path.starts_with("/pinwheel/");
        match (&self.mode, headers.get(ORIGIN)) {
            (Mode::Open, Some(origin)) if is_private => {
                Err(Error::Page { origin: origin.to_str().unwrap_or_default().to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Whether it is worth reading the body of this request: who it says it comes from, by what its head alone tells.
    /// Nothing is proven, so this may only refuse.
    ///
    /// Errors: as [`authenticate`](Self::authenticate).
    pub async fn announce(&self, head: &Parts) -> Result<Principal, Error> {
        let Mode::Verify { keys, clock, .. } = &self.mode else { return anybody(head) };
        let claim = Claim::read(head)?;
        claim.check(head, clock.now())?;
        self.caller(head, &claim, &**keys).await.map(Principal::from)
    }

    /// Who sent this request. `body` is all of it, as it was received.
    ///
    /// Errors: the request is not let in; [`Keys`](Error::Keys) and [`Vault`](Error::Vault) when that cannot be told.
    pub async fn authenticate(&self, head: &Parts, body: &[u8]) -> Result<Principal, Error> {
        let Mode::Verify { keys, vault, clock, signing_keys } = &self.mode else { return anybody(head) };
        let claim = Claim::read(head)?;
        claim.check(head, clock.now())?;
        let caller = self.caller(head, &claim, &**keys).await?;

        let date = claim.date();
        let known = signing_keys.get(&claim.key_id, &date, &claim.region, claim.service);
        let signing_key = match &known {
            Some(signing_key) => signing_key.clone(),
            None => {
                let secret = caller.secret(vault)?;
                SigningKey::derive(secret.expose_secret(), &date, &claim.region, claim.service)
            }
        };
        claim.verify(&signing_key, head, body)?;
        // Kept only now, so that nobody without a secret can fill the memory.
        if known.is_none() {
            signing_keys.keep(&claim.key_id, &date, &claim.region, claim.service, signing_key);
        }
        Ok(caller.into())
    }

    /// Whose key a signature names.
    async fn caller(&self, head: &Parts, claim: &Claim, keys: &dyn KeyStore) -> Result<Caller, Error> {
        if !claim.key_id.starts_with(issue::TEMPORARY_PREFIX) {
            let key = keys.key(&claim.key_id).await?.filter(|key| key.revoked_at.is_none());
            return key.map(Caller::Key).ok_or(Error::UnknownKey);
        }
        let token = sigv4::session_token(head)?.ok_or(Error::UnknownKey)?;
        let identities = self.identities.as_ref().ok_or(Error::UnknownKey)?;
        let (user, secret) = identities.open(&claim.key_id, &token).map_err(|void| match void {
            Void::Invalid => Error::UnknownKey,
            Void::Expired => Error::ExpiredToken,
        })?;
        let secret = SecretSlice::from(secret.expose_secret().as_bytes().to_vec());
        Ok(Caller::User { key_id: claim.key_id.clone(), user, secret })
    }
}

/// Whose key a request names; that they signed it is another matter.
enum Caller {
    Key(AccessKey),
    User { key_id: String, user: User, secret: SecretSlice<u8> },
}

impl Caller {
    fn secret(&self, vault: &Vault) -> Result<SecretSlice<u8>, Error> {
        match self {
            Self::Key(key) => Ok(vault.unseal(&sealed_for(&key.id), &key.sealed_secret)?),
            Self::User { secret, .. } => Ok(secret.clone()),
        }
    }
}

impl From<Caller> for Principal {
    fn from(caller: Caller) -> Self {
        match caller {
            Caller::Key(key) => key.into(),
            Caller::User { key_id, user, .. } => Self { key_id: Some(key_id), grant: Grant::User(user) },
        }
    }
}

/// Who it is where everybody is let in, but web pages from elsewhere.
fn anybody(head: &Parts) -> Result<Principal, Error> {
    page::check(head)?;
    let key_id = Claim::read(head).ok().map(|claim| claim.key_id);
    Ok(Principal { key_id, grant: Grant::Policy(Policy::Administrator) })
}

/// The path a signature covers, and therefore the one to route: the raw one without `.`, `..` and empty segments, still
/// percent-encoded.
pub fn signed_path(uri: &Uri) -> Cow<'_, str> {
    canonical::path(uri.path())
}
