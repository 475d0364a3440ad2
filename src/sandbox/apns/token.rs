//! Tokens that senders sign, and the key that makes them good.

use std::collections::HashMap;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use parking_lot::Mutex;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};
use serde::Deserialize;

/// What the sandbox calls its one key.
pub const KEY_ID: &str = "SANDBOXKEY";
/// The one team.
pub const TEAM_ID: &str = "SANDBOXTEA";

/// The key of one server, and the tokens it has seen.
pub(super) struct Tokens {
    pkcs8: Vec<u8>,
    public_key: Vec<u8>,
    seen: Mutex<HashMap<String, State>>,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum State {
    Good,
    Expired,
}

impl Default for Tokens {
    fn default() -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("the system has random numbers");
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("it was just made");
        let public_key = key.public_key().as_ref().to_vec();
        Self { pkcs8: pkcs8.as_ref().to_vec(), public_key, seen: Mutex::default() }
    }
}

impl Tokens {
    pub fn key_pem(&self) -> String {
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64_STANDARD.encode(&self.pkcs8))
    }

    pub fn count(&self) -> usize {
        self.seen.lock().len()
    }

    pub fn expire(&self) {
        self.seen.lock().values_mut().for_each(|state| *state = State::Expired);
    }

    /// Looks at an `authorization` header. The time itself is not compared: tests hold it still.
    ///
    /// Errors: APNs's reason.
    pub fn check(&self, authorization: Option<&[u8]>) -> Result<(), &'static str> {
        let Some(authorization) = authorization else { return Err("MissingProviderToken") };
        let text = str::from_utf8(authorization).ok().and_then(|text| text.strip_prefix("bearer "));
        let text = text.filter(|text| self.is_signed(text)).ok_or("InvalidProviderToken")?;
        match self.seen.lock().entry(text.to_owned()).or_insert(State::Good) {
            State::Good => Ok(()),
            State::Expired => Err("ExpiredProviderToken"),
        }
    }

    fn is_signed(&self, token: &str) -> bool {
        let Some((signed, signature)) = token.rsplit_once('.') else { return false };
        let Some((header, claims)) = signed.split_once('.') else { return false };
        let (Some(header), Some(claims)) = (decode::<Header>(header), decode::<Claims>(claims)) else { return false };
        let Ok(signature) = BASE64_URL_SAFE_NO_PAD.decode(signature) else { return false };
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.public_key);
        header.alg == "ES256"
            && header.kid == KEY_ID
            && claims.iss == TEAM_ID
            && claims.iat > 0
            && key.verify(signed.as_bytes(), &signature).is_ok()
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    /// Seconds since 1970.
    iat: i64,
}

fn decode<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
