//! Provider tokens: signed with a key from Apple's developer account, kept until they grow old.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hyper::header::HeaderValue;
use jiff::Timestamp;
use parking_lot::Mutex;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::clock::Clock;

/// A token this old is replaced. APNs refuses those of more than an hour.
const AGE_MAX: Duration = Duration::from_secs(40 * 60);

/// A token younger than this is never replaced: APNs refuses providers that change theirs more often.
///
/// Source: Apple, "Establishing a token-based connection to APNs".
const AGE_MIN: Duration = Duration::from_secs(20 * 60);

/// A key of a developer team, which signs tokens.
pub struct Signer {
    pub team_id: String,
    pub key_id: String,
    key: EcdsaKeyPair,
}

impl Signer {
    /// Reads the text of a `.p8` file.
    ///
    /// Errors: say what is wrong, and never repeat the text.
    pub fn parse(text: &SecretString, key_id: String, team_id: String) -> Result<Self, String> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(text.expose_secret().as_bytes())
            .map_err(|_| "the token key is not a PKCS #8 key in PEM form, as in Apple's `.p8` file".to_owned())?;
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = EcdsaKeyPair::from_pkcs8(algorithm, der.secret_pkcs8_der(), &SystemRandom::new())
            .map_err(|error| format!("the token key is not a usable P-256 key: {error}"))?;
        Ok(Self { team_id, key_id, key })
    }

    fn sign(&self, now: Timestamp) -> Token {
        let header = json!({ "alg": "ES256", "kid": self.key_id });
        let claims = json!({ "iss": self.team_id, "iat": now.as_second() });
        let mut text = format!("{}.{}", base64_json(&header), base64_json(&claims));
        let signature =
            self.key.sign(&SystemRandom::new(), text.as_bytes()).expect("the system has random numbers to sign with");
        text.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut text);
        let mut authorization = HeaderValue::try_from(format!("bearer {text}")).expect("base64 and dots");
        authorization.set_sensitive(true);
        Token { authorization, issued: now }
    }
}

fn base64_json(value: &serde_json::Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token as it goes over the wire.
#[derive(Debug)]
pub struct Token {
    /// `bearer …`, marked as sensitive.
    pub authorization: HeaderValue,
    issued: Timestamp,
}

impl Token {
    /// Whether it is younger than this. One from the future, as after the clock was set back, is not.
    fn is_younger(&self, age: Duration, now: Timestamp) -> bool {
        Duration::try_from(now.duration_since(self.issued)).is_ok_and(|its| its < age)
    }
}

/// Where tokens come from: one at a time, for all connections.
pub struct Tokens {
    signer: Signer,
    clock: Arc<dyn Clock>,
    current: Mutex<Option<Arc<Token>>>,
}

impl Tokens {
    pub fn new(signer: Signer, clock: Arc<dyn Clock>) -> Self {
        Self { signer, clock, current: Mutex::default() }
    }

    /// The current token, or a new one if there is none or it grew old.
    pub fn get(&self) -> Arc<Token> {
        let now = self.clock.now();
        let mut current = self.current.lock();
        match &*current {
            Some(token) if token.is_younger(AGE_MAX, now) => token.clone(),
            _ => current.insert(Arc::new(self.signer.sign(now))).clone(),
        }
    }

    /// A token other than this one, which APNs calls expired; `None` if this one is too young to be replaced.
    pub fn replace(&self, expired: &Arc<Token>) -> Option<Arc<Token>> {
        let now = self.clock.now();
        let mut current = self.current.lock();
        match &*current {
            // Somebody else was here first.
            Some(token) if !Arc::ptr_eq(token, expired) => Some(token.clone()),
            Some(token) if token.is_younger(AGE_MIN, now) => None,
            _ => Some(current.insert(Arc::new(self.signer.sign(now))).clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Held;

    const MINUTE: Duration = Duration::from_secs(60);

    fn tokens(clock: Arc<dyn Clock>) -> Tokens {
        let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
        Tokens::new(Signer::parse(&key.into(), "KEY".into(), "TEAM".into()).unwrap(), clock)
    }

    #[test]
    fn a_token_is_used_for_forty_minutes() {
        let hands = Arc::new(Held::default());
        let tokens = tokens(hands.clone());
        let first = tokens.get();
        hands.advance(39 * MINUTE);
        assert!(Arc::ptr_eq(&tokens.get(), &first));
        hands.advance(MINUTE);
        assert!(!Arc::ptr_eq(&tokens.get(), &first));
    }

    #[test]
    fn an_expired_token_is_replaced_once_and_not_too_soon() {
        let hands = Arc::new(Held::default());
        let tokens = tokens(hands.clone());
        let first = tokens.get();
        hands.advance(19 * MINUTE);
        assert!(tokens.replace(&first).is_none());
        hands.advance(MINUTE);
        let second = tokens.replace(&first).unwrap();
        assert!(!Arc::ptr_eq(&second, &first));
        assert!(Arc::ptr_eq(&tokens.replace(&first).unwrap(), &second), "for all who held the first");
        assert!(Arc::ptr_eq(&tokens.get(), &second));
    }

    #[test]
    fn a_token_from_the_future_is_not_used() {
        let token = tokens(Arc::new(Held::default())).get();
        assert!(token.is_younger(AGE_MAX, token.issued));
        assert!(!token.is_younger(AGE_MAX, token.issued - MINUTE));
    }

    #[test]
    fn keys_and_tokens_show_nowhere() {
        let problem = |text: &str| Signer::parse(&text.into(), "KEY".into(), "TEAM".into()).err().unwrap();
        let no_pem = problem("hunter2");
        assert!(no_pem.contains("PEM") && !no_pem.contains("hunter2"), "{no_pem}");
        let no_key = problem("-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n");
        assert!(no_key.contains("P-256") && !no_key.contains("aHVudGVyMg"), "{no_key}");
        let token = tokens(Arc::new(Held::default())).get();
        let text = token.authorization.to_str().unwrap().to_owned();
        assert!(text.starts_with("bearer ") && !format!("{token:?}").contains(&text["bearer ".len()..]));
    }
}
