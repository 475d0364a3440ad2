//! Keys of settings: `hook.timeout`, `channel.email.host`.

use std::fmt;

/// What stands in for a secret wherever settings are shown.
pub(super) const HIDDEN: &str = "********";

/// The path of a setting, from the section inwards.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Key(Vec<String>);

impl Key {
    /// The key of a dotted text; parts are not quoted.
    pub fn dotted(text: &str) -> Self {
        Self(text.split('.').map(|part| part.trim().to_owned()).collect())
    }

    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// This key with one part more.
    pub fn child(&self, part: &str) -> Self {
        Self(self.0.iter().cloned().chain([part.to_owned()]).collect())
    }

    /// Whether the value must not be shown. Decided by the name, so that it also holds for the adapters' own settings.
    pub fn is_secret(&self) -> bool {
        // What functions are told may be anything.
        if let [section, _, table, ..] = self.parts()
            && section == "functions"
            && table == "environment"
        {
            return true;
        }
        let name = self.0.last().map_or("", String::as_str);
        // Credentials that are files come as JSON texts.
        ["password", "secret", "token", "key", "json"]
            .iter()
            .any(|word| name == *word || name.strip_suffix(word).is_some_and(|head| head.ends_with('_')))
    }

    /// The value as text for people, unless it is a secret.
    pub fn show(&self, value: &toml::Value) -> String {
        match value {
            _ if self.is_secret() => HIDDEN.to_owned(),
            toml::Value::String(text) => without_password(text),
            toml::Value::Table(_) => "a table".to_owned(),
            other => other.to_string(),
        }
    }
}

/// The text, and of URLs in it without user and password.
pub(super) fn without_password(text: &str) -> String {
    let urls = text.split(',').map(|url| match url.split_once("://") {
        Some((scheme, rest)) => match rest[..rest.find('/').unwrap_or(rest.len())].rfind('@') {
            Some(end) => format!("{scheme}://{HIDDEN}{}", &rest[end..]),
            None => url.to_owned(),
        },
        None => url.to_owned(),
    });
    urls.collect::<Vec<_>>().join(",")
}

impl FromIterator<String> for Key {
    fn from_iter<I: IntoIterator<Item = String>>(parts: I) -> Self {
        Self(parts.into_iter().collect())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_name() {
        for (key, secret) in [
            ("hook.signing_secret", true),
            ("channel.email.password", true),
            ("channel.adm.client_secret", true),
            ("channel.baidu.key", true),
            ("channel.gcm.service_account_json", true),
            ("channel.gcm.token_url", false),
            ("channel.gcm.service_account_file", false),
            ("channel.x.monkey", false),
            ("functions.filter.environment.TABLE", true),
            ("functions.filter.handler", false),
            ("hook.timeout", false),
        ] {
            assert_eq!(Key::dotted(key).is_secret(), secret, "{key}");
        }
    }

    #[test]
    fn secret_values_are_not_shown() {
        let value = toml::Value::String("hunter2".to_owned());
        assert_eq!(Key::dotted("channel.email.password").show(&value), HIDDEN);
        assert_eq!(Key::dotted("channel.email.username").show(&value), "hunter2");
    }

    #[test]
    fn passwords_in_urls_are_not_shown() {
        for (text, shown) in [
            ("nats://me:hunter2@a:4222", "nats://********@a:4222"),
            ("tls://token@a,nats://b,nats://me:x@y@c/", "tls://********@a,nats://b,nats://********@c/"),
            ("https://example.com/me@home", "https://example.com/me@home"),
            ("News <news@example.com>", "News <news@example.com>"),
        ] {
            assert_eq!(without_password(text), shown);
        }
    }
}
