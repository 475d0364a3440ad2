//! A token of a provider, and what it has to say to be taken. Pure, with the keys and the time as arguments.
//!
//! Source: RFC 7515, RFC 7519; OpenID Connect Core 1.0, section 3.1.3.7.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::jwks::{ALGORITHMS, Key};
use crate::config::Identity;

/// How far the provider's clock may be from ours.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);
/// Bytes of a user's id.
const USER_BYTES_MAX: usize = 1024;
/// Kinds of tokens that prove no sign-in, by the same keys and for the same audiences.
///
/// Source: RFC 9068; OpenID Connect Back-Channel Logout 1.0; RFC 8417; RFC 9449.
const OTHER_KINDS: [&str; 4] = ["at+jwt", "logout+jwt", "secevent+jwt", "dpop+jwt"];

/// Why a token is not taken. Never holds any of its text but the name of an algorithm.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("the token is no signed JWT: {0}")]
    Malformed(&'static str),
    #[error("`alg` is `{0}`, and must be RS256, RS384, RS512, PS256, ES256, ES384 or EdDSA")]
    Algorithm(String),
    #[error("`crit`: the token wants extensions that are not known here")]
    Critical,
    #[error("`typ` is `{0}`, and only ID tokens are taken")]
    Kind(&'static str),
    #[error("`events`: the token tells what happened, and only ID tokens are taken")]
    Event,
    #[error("the provider has no key with the token's `kid` that signs with its `alg`")]
    UnknownKey,
    #[error("the signature is not of the provider's key")]
    Signature,
    #[error("the token has no `{0}`")]
    Missing(&'static str),
    #[error("`iss` is not the role's issuer `{expected}`")]
    Issuer { expected: String },
    #[error("`aud` is none of the role's audiences")]
    Audience,
    #[error("`azp`: the token was made for several, and whom it was given to is none of the role's audiences")]
    Party,
    #[error("Token expired: current date/time {now} must be before the expiration date/time {until}")]
    Expired { now: i64, until: i64 },
    #[error("the token is good from {from} on, and it is {now}")]
    NotYetValid { now: i64, from: i64 },
    #[error("`{claim}`, which is to be the user's id, is no text of 1 to {USER_BYTES_MAX} bytes")]
    User { claim: String },
    #[error("`email` is to be the user's id, and `email_verified` is not true")]
    Unverified,
}

/// A token, taken apart. Nothing of it is verified.
pub struct Token<'a> {
    pub algorithm: Algorithm,
    pub key_id: Option<String>,
    message: &'a str,
    signature: &'a str,
    claims: Map<String, Value>,
}

/// What a token proves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subject {
    /// The user's id, from the claim that the settings name.
    pub user_id: String,
    /// `sub`.
    pub subject: String,
    /// The one of the token's audiences that is the role's.
    pub audience: String,
    pub issuer: String,
    pub expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

impl<'a> Token<'a> {
    /// Takes a token apart.
    ///
    /// Errors: one that no provider's key could make good.
    pub fn read(text: &'a str) -> Result<Self, Error> {
        let (message, signature) = text.rsplit_once('.').ok_or(Error::Malformed("it has not three parts"))?;
        let (header, claims) = message.split_once('.').ok_or(Error::Malformed("it has not three parts"))?;
        if claims.contains('.') {
            return Err(Error::Malformed("it has not three parts"));
        }
        let header: Header = decode(header).ok_or(Error::Malformed("its header cannot be read"))?;
        let named = ALGORITHMS.iter().find(|(name, _)| *name == header.alg);
        let Some((_, algorithm)) = named else {
            return Err(Error::Algorithm(header.alg.chars().filter(char::is_ascii_alphanumeric).take(16).collect()));
        };
        if header.crit.is_some() {
            return Err(Error::Critical);
        }
        if let Some(kind) = header.typ.and_then(|kind| other_kind(&kind)) {
            return Err(Error::Kind(kind));
        }
        let claims = decode(claims).ok_or(Error::Malformed("its claims cannot be read"))?;
        Ok(Self { algorithm: *algorithm, key_id: header.kid, message, signature, claims })
    }

    /// Who this token is about, for a role with these settings.
    ///
    /// Errors: the first thing that is wrong with it; the signature comes before all that it says.
    pub fn verify(&self, key: &Key, role: &Identity, now: Timestamp) -> Result<Subject, Error> {
        if !key.verifies(self.algorithm, self.message, self.signature) {
            return Err(Error::Signature);
        }
        self.judge(role, now)
    }

    /// What the claims come to.
    fn judge(&self, role: &Identity, now: Timestamp) -> Result<Subject, Error> {
        let issuer = self.text("iss")?;
        if issuer != role.issuer {
            return Err(Error::Issuer { expected: role.issuer.clone() });
        }
        if self.claims.contains_key("events") {
            return Err(Error::Event);
        }
        let audience = self.audience(&role.audiences)?;
        let expires_at = self.check_times(now)?;
        let subject = self.text("sub")?.to_owned();
        Ok(Subject { user_id: self.user(&role.user_claim)?, subject, audience, issuer: issuer.to_owned(), expires_at })
    }

    fn text(&self, claim: &'static str) -> Result<&str, Error> {
        let text = self.claims.get(claim).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.ok_or(Error::Missing(claim))
    }

    fn audience(&self, taken: &[String]) -> Result<String, Error> {
        let given = match self.claims.get("aud") {
            Some(one @ Value::String(_)) => std::slice::from_ref(one),
            Some(Value::Array(several)) => several,
            _ => return Err(Error::Missing("aud")),
        };
        let is_taken = |audience: &str| taken.iter().any(|known| known == audience);
        let found = given.iter().filter_map(Value::as_str).find(|audience| is_taken(audience));
        let found = found.ok_or(Error::Audience)?;
        if given.len() > 1 && !is_taken(self.text("azp")?) {
            return Err(Error::Party);
        }
        Ok(found.to_owned())
    }

    /// When it expires.
    fn check_times(&self, now: Timestamp) -> Result<Timestamp, Error> {
        let until = self.time("exp")?.ok_or(Error::Missing("exp"))?;
        let issued = self.time("iat")?.ok_or(Error::Missing("iat"))?;
        if now >= later(until) {
            return Err(Error::Expired { now: now.as_second(), until: until.as_second() });
        }
        for from in [Some(issued), self.time("nbf")?].into_iter().flatten() {
            if later(now) < from {
                return Err(Error::NotYetValid { now: now.as_second(), from: from.as_second() });
            }
        }
        Ok(until)
    }

    /// Numbers may have a fraction.
    fn time(&self, claim: &'static str) -> Result<Option<Timestamp>, Error> {
        let Some(value) = self.claims.get(claim) else { return Ok(None) };
        let seconds = value.as_f64().ok_or(Error::Missing(claim))?;
        Timestamp::from_second(seconds as i64).map(Some).map_err(|_| Error::Missing(claim))
    }

    fn user(&self, claim: &str) -> Result<String, Error> {
        // Who may choose an address freely may choose that of somebody else.
        let is_verified = || matches!(self.claims.get("email_verified"), Some(Value::Bool(true)));
        if claim == "email" && !is_verified() {
            return Err(Error::Unverified);
        }
        let user = self.claims.get(claim).and_then(Value::as_str);
        let user = user.filter(|user| !user.is_empty() && user.len() <= USER_BYTES_MAX);
        user.map(str::to_owned).ok_or_else(|| Error::User { claim: claim.to_owned() })
    }
}

/// Which of the [`OTHER_KINDS`] this is. It is a media type, of which `application/` may be left out.
///
/// Source: RFC 7515, section 4.1.9.
fn other_kind(kind: &str) -> Option<&'static str> {
    let kind = kind.to_ascii_lowercase();
    let kind = kind.strip_prefix("application/").unwrap_or(&kind);
    OTHER_KINDS.into_iter().find(|other| *other == kind)
}

fn later(time: Timestamp) -> Timestamp {
    time.checked_add(LEEWAY).unwrap_or(Timestamp::MAX)
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests;
