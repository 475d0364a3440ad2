//! An OpenID Connect provider: a discovery document, a JWK set, and whatever tokens somebody wants.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::http::request::Parts;
use parking_lot::Mutex;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding,
    RsaKeyPair,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::server::{Cut, Handler, Reply, Server, reply};

/// The RSA key of tests, which is public and fixed, as that of the other sandbox that needs one: none can be made here.
const RSA_PEM: &str = include_str!("fcm/key.pem");

/// A provider on loopback. It ends when this is dropped.
pub struct Oidc {
    server: Server,
    provider: Arc<Provider>,
}

#[derive(Default)]
struct Provider {
    issuer: Mutex<String>,
    keys: Mutex<Vec<SigningKey>>,
    /// Whether the RSA key is one of them.
    has_rsa: bool,
    fails: AtomicBool,
    hangs: watch::Sender<bool>,
    fetches: AtomicU64,
    made: AtomicU64,
}

/// What signs tokens.
struct SigningKey {
    id: String,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Oidc {
    /// A provider with keys that are made now.
    pub async fn start() -> io::Result<Self> {
        Self::with(Provider::default()).await
    }

    /// A provider with an RSA key too, by which everybody can sign: for tests alone.
    pub async fn start_with_public_rsa_key() -> io::Result<Self> {
        Self::with(Provider { has_rsa: true, ..Provider::default() }).await
    }

    async fn with(provider: Provider) -> io::Result<Self> {
        let provider = Arc::new(provider);
        let server = Server::start(None, provider.clone()).await?;
        *provider.issuer.lock() = server.base_url();
        let oidc = Self { server, provider };
        oidc.rotate();
        Ok(oidc)
    }

    /// The `iss` of its tokens.
    pub fn issuer(&self) -> String {
        self.server.base_url()
    }

    pub fn jwks_url(&self) -> String {
        format!("{}/keys", self.issuer())
    }

    /// Replaces all keys but the RSA one, of which there is just one.
    pub fn rotate(&self) {
        let number = self.provider.made.fetch_add(1, Relaxed) + 1;
        let ec = |algorithm| ec_key(algorithm);
        let rsa = self.provider.has_rsa.then(|| ("rsa".to_owned(), rsa_key()));
        let made = [
            (format!("p256-{number}"), Pair::P256(ec(&ECDSA_P256_SHA256_FIXED_SIGNING))),
            (format!("p384-{number}"), Pair::P384(ec(&ECDSA_P384_SHA384_FIXED_SIGNING))),
            (format!("ed25519-{number}"), ed_key()),
        ];
        *self.provider.keys.lock() = rsa.into_iter().chain(made).map(|(id, pair)| SigningKey { id, pair }).collect();
    }

    /// Whether it answers everything with an error from now on.
    pub fn set_failing(&self, fails: bool) {
        self.provider.fails.store(fails, Relaxed);
    }

    /// Whether it answers nothing from now on. What it was asked meanwhile is answered when this ends.
    pub fn set_hanging(&self, hangs: bool) {
        self.provider.hangs.send_replace(hangs);
    }

    /// How often its keys were asked for.
    pub fn fetches(&self) -> u64 {
        self.provider.fetches.load(Relaxed)
    }

    /// Its JWK set.
    pub fn jwks(&self) -> String {
        self.provider.jwks()
    }

    /// A token about these claims, signed with this algorithm.
    ///
    /// Panics: an algorithm that no key is for.
    pub fn token(&self, algorithm: &str, claims: &Value) -> String {
        let keys = self.provider.keys.lock();
        let key = keys.iter().find(|key| key.pair.algorithms().contains(&algorithm));
        let key = key.unwrap_or_else(|| panic!("no key is for `{algorithm}`"));
        let header = json!({ "alg": algorithm, "kid": key.id, "typ": "JWT" });
        let message = message(&header, claims);
        let signature = key.pair.sign(algorithm, message.as_bytes());
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

/// What is signed of a token.
pub fn message(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

impl Provider {
    fn jwks(&self) -> String {
        let keys: Vec<_> = self.keys.lock().iter().map(SigningKey::jwk).collect();
        json!({ "keys": keys }).to_string()
    }
}

impl Handler for Provider {
    async fn answer(&self, head: Parts, _body: Bytes) -> Result<Reply, Cut> {
        let path = head.uri.path();
        if path == "/keys" {
            self.fetches.fetch_add(1, Relaxed);
        }
        // The sender lives as long as this.
        _ = self.hangs.subscribe().wait_for(|hangs| !hangs).await;
        if self.fails.load(Relaxed) {
            return Ok(reply(StatusCode::SERVICE_UNAVAILABLE, "steered to fail"));
        }
        let issuer = self.issuer.lock().clone();
        Ok(match path {
            "/.well-known/openid-configuration" => {
                let document = json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/keys") });
                reply(StatusCode::OK, document.to_string())
            }
            "/keys" => reply(StatusCode::OK, self.jwks()),
            _ => reply(StatusCode::NOT_FOUND, "there is no such path"),
        })
    }
}

impl SigningKey {
    fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &self.pair {
            Pair::Rsa(pair) => {
                let PublicKeyComponents::<Vec<u8>> { n, e } = pair.public().into();
                json!({ "kty": "RSA", "n": text(&n), "e": text(&e) })
            }
            Pair::P256(pair) => ec_jwk("P-256", pair),
            Pair::P384(pair) => ec_jwk("P-384", pair),
            Pair::Ed25519(pair) => json!({ "kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key().as_ref()) }),
        };
        jwk["kid"] = self.id.as_str().into();
        jwk["use"] = "sig".into();
        jwk
    }
}

impl Pair {
    fn algorithms(&self) -> &'static [&'static str] {
        match self {
            Self::Rsa(_) => &["RS256", "RS384", "RS512", "PS256"],
            Self::P256(_) => &["ES256"],
            Self::P384(_) => &["ES384"],
            Self::Ed25519(_) => &["EdDSA"],
        }
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let encoding: &dyn RsaEncoding = match algorithm {
                    "RS384" => &RSA_PKCS1_SHA384,
                    "RS512" => &RSA_PKCS1_SHA512,
                    "PS256" => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(encoding, &random, message, &mut signature).expect("the key is long enough");
                signature
            }
            Self::P256(pair) | Self::P384(pair) => {
                pair.sign(&random, message).expect("there are random numbers").as_ref().to_vec()
            }
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}

fn rsa_key() -> Pair {
    let der = PrivatePkcs8KeyDer::from_pem_slice(RSA_PEM.as_bytes()).expect("the committed key is PEM");
    let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).expect("the committed key is an RSA key");
    Pair::Rsa(Box::new(pair))
}

fn ec_key(algorithm: &'static EcdsaSigningAlgorithm) -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("there are random numbers");
    EcdsaKeyPair::from_pkcs8(algorithm, der.as_ref(), &random).expect("it was made just now")
}

fn ed_key() -> Pair {
    let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("there are random numbers");
    Pair::Ed25519(Ed25519KeyPair::from_pkcs8(der.as_ref()).expect("it was made just now"))
}

fn ec_jwk(curve: &str, pair: &EcdsaKeyPair) -> Value {
    // An uncompressed point: 4, x, y.
    let point = &pair.public_key().as_ref()[1..];
    let (x, y) = point.split_at(point.len() / 2);
    let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    json!({ "kty": "EC", "crv": curve, "x": text(x), "y": text(y) })
}
