//! Credentials that an application brings along for one of its channels.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// Secrets by the names the API gives them, such as `ServiceJson`.
#[derive(Clone, Default)]
pub struct Credentials {
    secrets: BTreeMap<String, SecretString>,
    method: Option<String>,
}

impl Credentials {
    /// The secret of this name; empty text counts as none.
    pub fn get(&self, name: &str) -> Option<&SecretString> {
        self.secrets.get(name).filter(|secret| !secret.expose_secret().is_empty())
    }

    /// How the application wants to be known to the provider, if it brings what more than one way needs.
    pub fn method(&self) -> Option<&str> {
        self.method.as_deref()
    }

    /// The same secrets, for this way of being known (`DefaultAuthenticationMethod`).
    pub fn with_method(self, method: Option<String>) -> Self {
        Self { method, ..self }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.secrets.keys().map(String::as_str)
    }

    /// Reads the secrets that [`to_json`](Self::to_json) wrote; `None` for anything else.
    pub fn from_json(json: &[u8]) -> Option<Self> {
        let secrets = serde_json::from_slice(json).ok()?;
        Some(Self { secrets, method: None })
    }

    /// The secrets as a JSON object in plain text: for sealing, and nothing else.
    pub fn to_json(&self) -> SecretString {
        let plain: BTreeMap<&str, &str> =
            self.secrets.iter().map(|(name, secret)| (name.as_str(), secret.expose_secret())).collect();
        serde_json::to_string(&plain).expect("text is JSON").into()
    }
}

impl FromIterator<(String, SecretString)> for Credentials {
    fn from_iter<I: IntoIterator<Item = (String, SecretString)>>(secrets: I) -> Self {
        Self { secrets: secrets.into_iter().collect(), method: None }
    }
}

/// Names only.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.secrets.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_come_back_from_json_and_show_nowhere() {
        let secrets = [("ServiceJson", "hunter2"), ("ApiKey", "")];
        let credentials: Credentials = secrets.map(|(name, text)| (name.to_owned(), text.into())).into_iter().collect();
        let read = Credentials::from_json(credentials.to_json().expose_secret().as_bytes()).unwrap();
        assert_eq!(read.get("ServiceJson").unwrap().expose_secret(), "hunter2");
        assert!(read.get("ApiKey").is_none(), "empty text is no secret");
        assert_eq!(format!("{read:?}"), r#"{"ApiKey", "ServiceJson"}"#);
        assert!(Credentials::from_json(b"[]").is_none());
    }
}
