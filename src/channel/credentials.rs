//! Credentials that an application brings along for one of its channels.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// Secrets by the names the API gives them, such as `ServiceJson`.
#[derive(Clone, Default)]
pub struct Credentials(BTreeMap<String, SecretString>);

impl Credentials {
    /// The secret of this name; empty text counts as none.
    pub fn get(&self, name: &str) -> Option<&SecretString> {
        self.0.get(name).filter(|secret| !secret.expose_secret().is_empty())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Reads what [`to_json`](Self::to_json) wrote; `None` for anything else.
    pub fn from_json(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok().map(Self)
    }

    /// A JSON object in plain text: for sealing, and nothing else.
    pub fn to_json(&self) -> SecretString {
        let plain: BTreeMap<&str, &str> =
            self.0.iter().map(|(name, secret)| (name.as_str(), secret.expose_secret())).collect();
        serde_json::to_string(&plain).expect("text is JSON").into()
    }
}

impl FromIterator<(String, SecretString)> for Credentials {
    fn from_iter<I: IntoIterator<Item = (String, SecretString)>>(secrets: I) -> Self {
        Self(secrets.into_iter().collect())
    }
}

/// Names only.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
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
