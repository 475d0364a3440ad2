//! The keys of a provider, as its JWK set has them. Pure.
//!
//! Kept are the public keys that sign, each with the algorithms it may be used with: a token never chooses one that its key is
//! not for. Keys of other kinds are passed over, symmetric ones above all: what is published is no secret.
//!
//! Source: RFC 7517, RFC 7518.

use std::sync::Arc;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// Algorithms of tokens that are taken, by their names in RFC 7518 and RFC 8037.
pub const ALGORITHMS: [(&str, Algorithm); 7] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// Keys of a set that are looked at.
const KEYS_MAX: usize = 100;

/// A provider's keys.
pub struct Keys(Vec<Arc<Key>>);

/// A key that signs tokens.
pub struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

impl Keys {
    /// Reads a set.
    ///
    /// Errors: what is wrong with it; a set without any key that signs tokens is of no use.
    pub fn read(json: &[u8]) -> Result<Self, &'static str> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_slice(json).map_err(|_| "is no JWK set")?;
        // One by one, since one of an unknown kind is not to hide the others.
        let keys = set.keys.into_iter().take(KEYS_MAX).filter_map(|jwk| Key::of(&serde_json::from_value(jwk).ok()?));
        let keys: Vec<_> = keys.map(Arc::new).collect();
        if keys.is_empty() {
            return Err("has no key that signs with an algorithm that is taken");
        }
        Ok(Self(keys))
    }

    /// The key that a token names. Without a name it has to be the only one for this algorithm.
    pub fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&Arc<Key>> {
        let mut fitting = self.0.iter().filter(|key| key.algorithms.contains(&algorithm));
        match id {
            Some(id) => fitting.find(|key| key.id.as_deref() == Some(id)),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        }
    }
}

impl Key {
    fn of(jwk: &Jwk) -> Option<Self> {
        if jwk.common.public_key_use.as_ref().is_some_and(|kind| *kind != PublicKeyUse::Signature) {
            return None;
        }
        let mut algorithms = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => vec![Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256],
            AlgorithmParameters::EllipticCurve(key) => match key.curve {
                EllipticCurve::P256 => vec![Algorithm::ES256],
                EllipticCurve::P384 => vec![Algorithm::ES384],
                _ => return None,
            },
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => vec![Algorithm::EdDSA],
            AlgorithmParameters::OctetKeyPair(_) | AlgorithmParameters::OctetKey(_) => return None,
        };
        if let Some(own) = jwk.common.key_algorithm {
            algorithms.retain(|algorithm| is_same(own, *algorithm));
        }
        let key = DecodingKey::from_jwk(jwk).ok().filter(|_| !algorithms.is_empty())?;
        Some(Self { id: jwk.common.key_id.clone(), algorithms, key })
    }

    /// Whether this key made the signature.
    pub fn verifies(&self, algorithm: Algorithm, message: &str, signature: &str) -> bool {
        self.algorithms.contains(&algorithm)
            && jsonwebtoken::crypto::verify(signature, message.as_bytes(), &self.key, algorithm).unwrap_or(false)
    }
}

fn is_same(key: KeyAlgorithm, algorithm: Algorithm) -> bool {
    let name = key.to_string();
    ALGORITHMS.iter().any(|(known, other)| *known == name && *other == algorithm)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const P256_X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const P256_Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    fn ec(changes: Value) -> Value {
        let mut key = json!({"kty": "EC", "crv": "P-256", "x": P256_X, "y": P256_Y, "kid": "1"});
        key.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        key
    }

    fn read(keys: Vec<Value>) -> Result<Keys, &'static str> {
        Keys::read(json!({ "keys": keys }).to_string().as_bytes())
    }

    #[test]
    fn keys_that_do_not_sign_are_passed_over() {
        for other in [
            json!({"kty": "oct", "k": "c2VjcmV0", "kid": "1", "alg": "HS256"}),
            ec(json!({"use": "enc"})),
            ec(json!({"alg": "RS256"})),
            ec(json!({"alg": "ECDH-ES"})),
            ec(json!({"crv": "P-521"})),
            ec(json!({"crv": "secp256k1"})),
            ec(json!({"x": "*"})),
            json!({"kty": "OKP", "crv": "X25519", "x": P256_X, "kid": "1"}),
            json!({"kty": "new", "kid": "1"}),
            json!(3),
        ] {
            assert!(read(vec![other.clone()]).is_err(), "{other}");
            let keys = read(vec![other.clone(), ec(json!({"kid": "2", "use": "sig", "alg": "ES256"}))]).unwrap();
            assert!(keys.find(Some("2"), Algorithm::ES256).is_some(), "{other}");
            for (_, algorithm) in ALGORITHMS {
                assert!(keys.find(Some("1"), algorithm).is_none(), "{other}");
            }
        }
        for wrong in ["", "{}", "[]", r#"{"keys":{}}"#, r#"{"keys":[]}"#] {
            assert!(Keys::read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_is_found_by_name_and_algorithm() {
        let keys = read(vec![ec(json!({})), ec(json!({"kid": "2"}))]).unwrap();
        assert!(keys.find(Some("2"), Algorithm::ES256).is_some());
        assert!(keys.find(Some("2"), Algorithm::RS256).is_none(), "the key is not for it");
        assert!(keys.find(Some("3"), Algorithm::ES256).is_none());
        assert!(keys.find(None, Algorithm::ES256).is_none(), "there are two");
        assert!(read(vec![ec(json!({}))]).unwrap().find(None, Algorithm::ES256).is_some());
    }
}
