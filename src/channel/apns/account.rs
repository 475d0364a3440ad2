//! Who we are to APNs: a team with a key, or the holder of a certificate.

use std::path::Path;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::Settings;
use super::certificate::Certificate;
use super::token::Signer;
use crate::channel::Credentials;
use crate::http::Identity;

/// How we show who we are.
pub enum Account {
    /// By a token in each request.
    Token(Box<Signer>),
    /// By the certificate of each connection.
    Certificate(Identity),
}

/// Reads who we are, and the app's bundle id.
///
/// Errors: name the setting and the rule, and never repeat a key.
pub fn read(settings: &Settings, now: Timestamp) -> Result<(Account, String), String> {
    let token_key = secret(("token_key", &settings.token_key), ("token_key_file", settings.token_key_file.as_deref()))?;
    let certificate =
        secret(("certificate", &settings.certificate), ("certificate_file", settings.certificate_file.as_deref()))?;
    let private_key =
        secret(("private_key", &settings.private_key), ("private_key_file", settings.private_key_file.as_deref()))?;
    let bundle_id = settings.bundle_id.as_deref();
    match (token_key, certificate) {
        (None, None) if private_key.is_some() => Err("`certificate_file` is missing (or `certificate`)".into()),
        (None, None) => Err("`token_key_file` is missing (or `token_key`, or `certificate_file`)".into()),
        (Some(_), Some(_)) => Err("a token key and a certificate exclude each other".into()),
        (Some(_), None) if private_key.is_some() => Err("`private_key` belongs to a certificate: there is none".into()),
        (Some(key), None) => {
            let key_id = required("key_id", settings.key_id.as_deref())?;
            let team_id = required("team_id", settings.team_id.as_deref())?;
            let bundle_id = check_bundle_id(required("bundle_id", bundle_id)?)?;
            let signer = Signer::parse(&key, key_id.to_owned(), team_id.to_owned())?;
            Ok((Account::Token(Box::new(signer)), bundle_id))
        }
        (None, Some(certificate)) => {
            let private_key = private_key.ok_or("`private_key_file` is missing (or `private_key`)")?;
            let certificate = Certificate::parse(&certificate, &private_key, now)?;
            let bundle_id = bundle_id.or(certificate.bundle_id.as_deref());
            let bundle_id = bundle_id.ok_or("`bundle_id` is missing, in the settings and in the certificate")?;
            let bundle_id = check_bundle_id(bundle_id)?;
            Ok((Account::Certificate(certificate.identity), bundle_id))
        }
    }
}

/// What an application brings, as settings; `None` if there is nothing to sign or to connect with.
///
/// Errors: what is missing for the way it wants to be known.
pub fn brought(credentials: &Credentials) -> Option<Result<Settings, String>> {
    let has = |name| credentials.get(name).is_some();
    if !has("TokenKey") && !has("Certificate") {
        return None;
    }
    let uses_certificate = match credentials.method() {
        Some(method) => method.eq_ignore_ascii_case("CERTIFICATE"),
        None => !has("TokenKey"),
    };
    let needed: &[&str] = match uses_certificate {
        true => &["Certificate", "PrivateKey"],
        false => &["BundleId", "TeamId", "TokenKey", "TokenKeyId"],
    };
    if let Some(missing) = needed.iter().find(|name| !has(name)) {
        let way = if uses_certificate { "a certificate" } else { "a token key" };
        return Some(Err(format!("`{missing}` is missing, to be known by {way}")));
    }
    // Settings that have nothing of the other way.
    let secret = |name| credentials.get(name).filter(|_| needed.contains(&name)).cloned();
    let text = |name| credentials.get(name).map(|text| text.expose_secret().to_owned());
    Some(Ok(Settings {
        bundle_id: text("BundleId"),
        token_key: secret("TokenKey"),
        key_id: text("TokenKeyId"),
        team_id: text("TeamId"),
        certificate: secret("Certificate"),
        private_key: secret("PrivateKey"),
        ..Settings::default()
    }))
}

/// The same certificate for one more connection.
pub fn copy(identity: &Identity) -> Identity {
    Identity { chain: identity.chain.clone(), key: identity.key.clone_key() }
}

/// A secret that is given as text or as a file.
fn secret(
    (field, text): (&str, &Option<SecretString>),
    (file_field, file): (&str, Option<&Path>),
) -> Result<Option<SecretString>, String> {
    match (text, file) {
        (Some(_), Some(_)) => Err(format!("`{file_field}` and `{field}` exclude each other")),
        (Some(text), None) => Ok(Some(text.clone())),
        (None, None) => Ok(None),
        (None, Some(path)) => match std::fs::read_to_string(path) {
            Ok(text) => Ok(Some(text.into())),
            Err(error) => Err(format!("`{file_field}` `{}` cannot be read: {error}", path.display())),
        },
    }
}

fn required<'a>(field: &str, value: Option<&'a str>) -> Result<&'a str, String> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| format!("`{field}` is missing, and belongs to a token key"))
}

/// Letters, digits, `.` and `-`. Source: Apple, "CFBundleIdentifier".
fn check_bundle_id(id: &str) -> Result<String, String> {
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-') {
        return Ok(id.to_owned());
    }
    Err(format!("`bundle_id` `{id}` is not a bundle id: letters, digits, `.` and `-`"))
}
