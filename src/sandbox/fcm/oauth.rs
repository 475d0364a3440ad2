//! Google's token endpoint: an assertion signed by the service account's key gets an access token.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::json;

use crate::sandbox::server::Reply;
use crate::sandbox::token::Tokens;

pub(super) const PROJECT_ID: &str = "sandbox";
const CLIENT_EMAIL: &str = "pinwheel@sandbox.iam.gserviceaccount.com";
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";

/// Public and fixed, since nothing in the tree makes RSA keys. The file says so too.
const KEY_PEM: &str = include_str!("key.pem");

/// The key file of the sandbox's one service account.
pub fn service_account_json(base_url: &str) -> String {
    let key = KEY_PEM.find("-----BEGIN").map_or("", |start| &KEY_PEM[start..]);
    json!({
        "type": "service_account",
        "project_id": PROJECT_ID,
        "private_key_id": "sandbox-key-1",
        "private_key": key,
        "client_email": CLIENT_EMAIL,
        "token_uri": format!("{base_url}/token"),
    })
    .to_string()
}

/// Google's token endpoint, for the sandbox's one service account.
pub(super) struct Grants {
    public_key: Vec<u8>,
    pub tokens: Tokens,
}

impl Default for Grants {
    fn default() -> Self {
        let der = PrivatePkcs8KeyDer::from_pem_slice(KEY_PEM.as_bytes()).expect("the committed key is PEM");
        let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).expect("the committed key is an RSA key");
        Self { public_key: key.public_key().as_ref().to_vec(), tokens: Tokens::default() }
    }
}

impl Grants {
    /// Answers a request for a token.
    pub fn grant(&self, form: &[u8]) -> Reply {
        match self.verify(form) {
            Ok(()) => self.tokens.give(),
            Err(problem) => Tokens::refuse("invalid_grant", problem),
        }
    }

    fn verify(&self, form: &[u8]) -> Result<(), &'static str> {
        let field = |name: &str| {
            let (_, value) = url::form_urlencoded::parse(form).find(|(key, _)| key == name)?;
            Some(value.into_owned())
        };
        if field("grant_type").as_deref() != Some("urn:ietf:params:oauth:grant-type:jwt-bearer") {
            return Err("Invalid grant type.");
        }
        let assertion = field("assertion").ok_or("No assertion.")?;
        let (signed, signature) = assertion.rsplit_once('.').ok_or("Invalid JWT.")?;
        let (header, claims) = signed.split_once('.').ok_or("Invalid JWT.")?;
        let header: Header = decode(header).ok_or("Invalid JWT header.")?;
        let claims: Claims = decode(claims).ok_or("Invalid JWT claims.")?;
        if header.alg != "RS256" || header.typ != "JWT" {
            return Err("Invalid JWT header.");
        }
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| "Invalid JWT Signature.")?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_key)
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| "Invalid JWT Signature.")?;
        // The time itself is not compared: tests hold it still.
        if claims.exp <= claims.iat || claims.exp - claims.iat > 3600 {
            return Err("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.");
        }
        if claims.iss != CLIENT_EMAIL {
            return Err("Invalid grant: account not found");
        }
        if claims.scope != SCOPE {
            return Err("Invalid OAuth scope.");
        }
        if !claims.aud.ends_with("/token") {
            return Err("Invalid JWT: Failed audience check.");
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    scope: String,
    aud: String,
    iat: i64,
    exp: i64,
}

fn decode<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
