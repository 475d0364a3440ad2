//! How adapters read their sections of the settings.

use hyper::Uri;
use secrecy::SecretString;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use super::Error;

/// Reads a section into an adapter's own type.
///
/// Errors: name the field and the rule.
pub(super) fn read<T: DeserializeOwned>(channel: &'static str, section: toml::Table) -> Result<T, Error> {
    serde_path_to_error::deserialize(toml::Value::Table(section)).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().message().trim().to_owned();
        // Missing and unknown fields are named in the message; their path is the section itself.
        let problem = if path == "." { message } else { format!("`{path}`: {message}") };
        Error::Settings { channel, problem }
    })
}

/// As [`read`]; defaults where there is no section.
pub(super) fn read_optional<T: DeserializeOwned + Default>(
    channel: &'static str,
    section: Option<&toml::Table>,
) -> Result<T, Error> {
    section.map_or_else(|| Ok(T::default()), |section| read(channel, section.clone()))
}

/// Reads an optional secret; empty text counts as none. Unlike a plain field, it never repeats a wrong value in the error.
pub(super) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    match toml::Value::deserialize(deserializer) {
        Ok(toml::Value::String(text)) if text.is_empty() => Ok(None),
        Ok(toml::Value::String(text)) => Ok(Some(text.into())),
        _ => Err(D::Error::custom("must be text")),
    }
}

/// Reads where something is on the web.
///
/// Errors: name the field it was made from.
pub(super) fn url(channel: &'static str, field: &str, text: &str) -> Result<Uri, Error> {
    match text.parse::<Uri>() {
        Ok(url) if matches!(url.scheme_str(), Some("http" | "https")) && url.authority().is_some() => Ok(url),
        _ => {
            let problem = format!("`{field}` makes `{text}`, which is not an http or https URL");
            Err(Error::Settings { channel, problem })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Section {
        #[allow(dead_code)]
        port: u16,
        #[serde(default, deserialize_with = "secret")]
        password: Option<SecretString>,
    }

    fn problem(text: &str) -> String {
        read::<Section>("test", text.parse().unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_the_field_and_the_rule() {
        assert!(problem("port = 70000").contains("`port`: "), "{}", problem("port = 70000"));
        assert!(problem("").contains("missing field `port`"), "{}", problem(""));
        assert!(problem("port = 1\nprot = 2").contains("unknown field `prot`"), "{}", problem("port = 1\nprot = 2"));
    }

    #[test]
    fn a_secret_of_the_wrong_type_stays_secret() {
        let problem = problem("port = 1\npassword = 8675309");
        assert!(problem.contains("`password`: must be text") && !problem.contains("8675309"), "{problem}");
        let section: Section = read("test", "port = 1\npassword = \"x\"".parse().unwrap()).unwrap();
        assert!(section.password.is_some() && !format!("{section:?}").contains("\"x\""));
    }
}
