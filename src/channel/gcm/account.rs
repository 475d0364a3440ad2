//! A Google service account, and the assertions it signs.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::channel::oauth::Grant;

/// What an access token is asked for.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";

/// Seconds an assertion is valid; Google takes no more than an hour.
const ASSERTION_SECONDS: i64 = 3600;

/// A service account with its private key.
pub struct Account {
    pub project_id: Option<String>,
    pub token_uri: String,
    client_email: String,
    private_key_id: Option<String>,
    key: RsaKeyPair,
}

#[derive(Deserialize)]
struct KeyFile {
    project_id: Option<String>,
    private_key_id: Option<String>,
    private_key: SecretString,
    client_email: String,
    #[serde(default = "google_token_uri")]
    token_uri: String,
}

fn google_token_uri() -> String {
    "https://oauth2.googleapis.com/token".into()
}

impl Account {
    /// Reads the text of a key file.
    ///
    /// Errors: say what is wrong, and never repeat the text.
    pub fn parse(text: &SecretString) -> Result<Self, String> {
        let file: KeyFile = serde_json::from_str(text.expose_secret()).map_err(|error| {
            // serde's own message may quote the value.
            let (line, column) = (error.line(), error.column());
            format!(
                "the service account is not a key file with `client_email` and `private_key` (see line {line}, \
                 column {column})"
            )
        })?;
        let key = PrivatePkcs8KeyDer::from_pem_slice(file.private_key.expose_secret().as_bytes())
            .map_err(|_| "the service account's `private_key` is not a PKCS #8 key in PEM form".to_owned())?;
        let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der())
            .map_err(|error| format!("the service account's `private_key` is not a usable RSA key: {error}"))?;
        Ok(Self {
            project_id: file.project_id,
            token_uri: file.token_uri,
            client_email: file.client_email,
            private_key_id: file.private_key_id,
            key,
        })
    }

    /// Signs a request for an access token.
    ///
    /// Source: RFC 7523 and Google's "Using OAuth 2.0 for Server to Server Applications".
    fn assertion(&self, now: Timestamp) -> String {
        let issued = now.as_second();
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.private_key_id });
        let claims = json!({
            "iss": self.client_email,
            "scope": SCOPE,
            // The audience is Google's token endpoint also where requests take another way to it.
            "aud": self.token_uri,
            "iat": issued,
            "exp": issued + ASSERTION_SECONDS,
        });
        let mut text = format!("{}.{}", base64_json(&header), base64_json(&claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .expect("the buffer has the length of the modulus");
        text.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(&signature, &mut text);
        text
    }
}

impl Grant for Account {
    fn parameters(&self, now: Timestamp) -> Vec<(&'static str, SecretString)> {
        vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer".into()),
            ("assertion", self.assertion(now).into()),
        ]
    }
}

fn base64_json(value: &serde_json::Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Account::parse(&text.into()).err().unwrap()
    }

    #[test]
    fn a_wrong_key_file_is_described_without_its_content() {
        let no_json = problem("hunter2");
        assert!(no_json.contains("`private_key`") && !no_json.contains("hunter2"), "{no_json}");
        let wrong_type = problem(r#"{"client_email":"a@b","private_key":8675309}"#);
        assert!(!wrong_type.contains("8675309"), "{wrong_type}");
        let no_pem = problem(r#"{"client_email":"a@b","private_key":"hunter2"}"#);
        assert!(no_pem.contains("PEM") && !no_pem.contains("hunter2"), "{no_pem}");
    }
}
