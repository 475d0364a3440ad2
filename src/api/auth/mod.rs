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
//! * A session token is not looked at, but has to be signed.
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
//! | `UnrecognizedClientException` | there is no such key, or it was revoked |
//! | `AccessDeniedException` | the key may not do this; where everybody is let in, a web page from elsewhere asks |
//!
//! These are the types and texts with which Pinpoint, and the services of AWS that speak its protocol, refuse; they come
//! from AWS's front ends, so the API model does not list them. If keys cannot be read, the answer is
//! `InternalServerErrorException` with status 500.

mod canonical;
mod error;
mod issue;
mod page;
mod service;
mod signing_keys;
mod sigv4;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use axum::http::header::ORIGIN;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use secrecy::ExposeSecret;

pub use self::error::Error;
pub use self::issue::{Issued, can_verify, issue, sealed_for};
pub use self::service::Service;
use self::signing_keys::SigningKeys;
use self::sigv4::{Claim, SigningKey};
use crate::clock::Clock;
use crate::domain::ApplicationId;
pub use crate::store::Policy;
use crate::store::{AccessKey, KeyStore};
use crate::vault::Vault;

/// What the users of an application may do.
///
/// Source: Pinpoint developer guide, "IAM policies for Amazon Pinpoint", the policy for app users.
pub const APPLICATION_OPERATIONS: [&str; 3] = ["GetInAppMessages", "PutEvents", "UpdateEndpoint"];

/// Says who sent a request.
pub struct Authenticator(Mode);

enum Mode {
    Verify { keys: Arc<dyn KeyStore>, vault: Arc<Vault>, clock: Arc<dyn Clock>, signing_keys: SigningKeys },
    Open,
}

/// Who sent a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Principal {
    /// The key that signed; when nothing is verified, the one that is named, if any.
    pub key_id: Option<String>,
    pub policy: Policy,
}

impl Authenticator {
    /// Verifies each request.
    pub fn verifying(keys: Arc<dyn KeyStore>, vault: Arc<Vault>, clock: Arc<dyn Clock>) -> Self {
        Self(Mode::Verify { keys, vault, clock, signing_keys: SigningKeys::default() })
    }

    /// Verifies nothing: everybody is an administrator, but for web pages from elsewhere. For development, on loopback
    /// only.
    pub fn open() -> Self {
        Self(Mode::Open)
    }

    /// Keeps web pages, wherever they are from, off functions and what is for operators, where everybody is let in: whatever
    /// they show may have come from anywhere. Command lines and SDKs send no `Origin`, browsers cannot leave it out.
    ///
    /// Errors: [`Page`](Error::Page).
    pub fn refuse_page(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Error> {
        let path = signed_path(uri);
        let is_private = Service::of(&path) == Service::Lambda || path.starts_with("/pinwheel/");
        match (&self.0, headers.get(ORIGIN)) {
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
        let Mode::Verify { keys, clock, .. } = &self.0 else { return anybody(head) };
        let claim = Claim::read(head)?;
        claim.check(head, clock.now())?;
        known(&**keys, &claim).await.map(Principal::from)
    }

    /// Who sent this request. `body` is all of it, as it was received.
    ///
    /// Errors: the request is not let in; [`Keys`](Error::Keys) and [`Vault`](Error::Vault) when that cannot be told.
    pub async fn authenticate(&self, head: &Parts, body: &[u8]) -> Result<Principal, Error> {
        let Mode::Verify { keys, vault, clock, signing_keys } = &self.0 else { return anybody(head) };
        let claim = Claim::read(head)?;
        claim.check(head, clock.now())?;
        let key = known(&**keys, &claim).await?;

        let date = claim.date();
        let known = signing_keys.get(&key.id, &date, &claim.region, claim.service);
        let signing_key = match &known {
            Some(signing_key) => signing_key.clone(),
            None => {
                let secret = vault.unseal(&sealed_for(&key.id), &key.sealed_secret)?;
                SigningKey::derive(secret.expose_secret(), &date, &claim.region, claim.service)
            }
        };
        claim.verify(&signing_key, head, body)?;
        // Kept only now, so that nobody without a secret can fill the memory.
        if known.is_none() {
            signing_keys.keep(&key.id, &date, &claim.region, claim.service, signing_key);
        }
        Ok(key.into())
    }
}

/// Who it is where everybody is let in, but web pages from elsewhere.
fn anybody(head: &Parts) -> Result<Principal, Error> {
    page::check(head)?;
    let key_id = Claim::read(head).ok().map(|claim| claim.key_id);
    Ok(Principal { key_id, policy: Policy::Administrator })
}

/// The key that a signature names.
async fn known(keys: &dyn KeyStore, claim: &Claim) -> Result<AccessKey, Error> {
    keys.key(&claim.key_id).await?.filter(|key| key.revoked_at.is_none()).ok_or(Error::UnknownKey)
}

impl From<AccessKey> for Principal {
    fn from(key: AccessKey) -> Self {
        Self { key_id: Some(key.id), policy: key.policy }
    }
}

impl Principal {
    /// Whether this operation of Lambda is allowed. Functions are code that runs here: they are for administrators alone.
    ///
    /// Errors: [`Denied`](Error::Denied).
    pub fn may_call_lambda(&self, operation: &str) -> Result<(), Error> {
        match &self.policy {
            Policy::Administrator => Ok(()),
            Policy::Application(_) => Err(self.denied(Service::Lambda, operation, None)),
        }
    }

    /// Whether this operation of Pinpoint is allowed, on this application if it has one.
    ///
    /// Errors: [`Denied`](Error::Denied).
    pub fn may(&self, operation: &str, application: Option<&ApplicationId>) -> Result<(), Error> {
        let allowed = match &self.policy {
            Policy::Administrator => true,
            Policy::Application(own) => APPLICATION_OPERATIONS.contains(&operation) && application == Some(own),
        };
        if allowed {
            return Ok(());
        }
        Err(self.denied(Service::Pinpoint, operation, application))
    }

    fn denied(&self, service: Service, operation: &str, application: Option<&ApplicationId>) -> Error {
        Error::Denied {
            key_id: self.key_id.clone().unwrap_or_default(),
            action: format!("{}:{operation}", service.name()),
            application: application.map(|id| id.as_str().to_owned()),
        }
    }
}

/// The path a signature covers, and therefore the one to route: the raw one without `.`, `..` and empty segments, still
/// percent-encoded.
pub fn signed_path(uri: &Uri) -> Cow<'_, str> {
    canonical::path(uri.path())
}
