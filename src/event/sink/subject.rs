//! Subjects of NATS: a template, filled in for each record.

use std::fmt::Write;

/// Bytes of an event type in a subject. A subject has to fit a line of the protocol, 4 KiB with all else on it.
const EVENT_TYPE_BYTES_MAX: usize = 256;

/// A template such as `pinwheel.{application}.{event_type}`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Template(String);

impl Template {
    /// Errors: the rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let bare = text.replace("{application}", "a").replace("{event_type}", "a");
        if bare.contains(['{', '}']) {
            return Err("must have no braces but those of `{application}` and `{event_type}`");
        }
        if bare.contains(|c: char| !is_plain(c) && c != '.') || bare.split('.').any(str::is_empty) {
            return Err("must be tokens of printable ASCII without `*` and `>`, with dots between");
        }
        // Apps choose the names of their events: those must not lead to subjects with a meaning of their own.
        if text.starts_with(['{', '$', '_']) {
            return Err("must begin with a name of its own, such as `pinwheel`, and not with `{`, `$` or `_`");
        }
        if text.len() > 1024 {
            return Err("must have at most 1024 bytes");
        }
        Ok(Self(text.to_owned()))
    }

    /// The subject of a record.
    ///
    /// Shape: dots of an event type divide tokens, so that `_email.delivered` can be subscribed to as `_email.>`. What NATS
    /// does not allow in a token is written as `_`.
    pub fn fill(&self, application: &str, event_type: &str) -> String {
        self.0.replace("{application}", &token(application)).replace("{event_type}", &tokens(event_type))
    }
}

fn tokens(event_type: &str) -> String {
    let mut end = event_type.len().min(EVENT_TYPE_BYTES_MAX);
    while !event_type.is_char_boundary(end) {
        end -= 1;
    }
    event_type[..end].split('.').map(token).collect::<Vec<_>>().join(".")
}

fn token(text: &str) -> String {
    let mut token = String::with_capacity(text.len());
    for c in text.chars() {
        token.write_char(if is_plain(c) { c } else { '_' }).expect("a string takes all");
    }
    if token.is_empty() { "_".to_owned() } else { token }
}

/// Source: NATS documentation, "Subject names".
fn is_plain(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, '*' | '>' | '.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(template: &str, event_type: &str) -> String {
        Template::parse(template).unwrap().fill("app", event_type)
    }

    #[test]
    fn dots_of_event_types_divide_tokens() {
        for (event_type, expected) in [
            ("_email.delivered", "pinwheel.app._email.delivered"),
            ("cart", "pinwheel.app.cart"),
            ("cart add", "pinwheel.app.cart_add"),
            ("a..b.", "pinwheel.app.a._.b._"),
            ("", "pinwheel.app._"),
            ("*", "pinwheel.app._"),
            (">", "pinwheel.app._"),
            ("größe\r\nPUB x", "pinwheel.app.gr__e__PUB_x"),
            ("{application}", "pinwheel.app.{application}"),
        ] {
            assert_eq!(filled("pinwheel.{application}.{event_type}", event_type), expected, "{event_type}");
        }
        assert_eq!(filled("events-{application}", "x"), "events-app");
    }

    #[test]
    fn templates_have_rules() {
        for good in ["events", "events.{application}", "a.b-{event_type}.c", "x.$y._z"] {
            assert!(Template::parse(good).is_ok(), "{good}");
        }
        for (wrong, rule) in [
            ("", "tokens"),
            ("a..b", "tokens"),
            ("a.", "tokens"),
            ("a b", "tokens"),
            ("a.*", "tokens"),
            ("a.>", "tokens"),
            ("a.{type}", "braces"),
            ("{event_type}", "begin with"),
            ("$JS.API", "begin with"),
            ("_INBOX.x", "begin with"),
        ] {
            let broken = Template::parse(wrong).unwrap_err();
            assert!(broken.contains(rule), "{wrong}: {broken}");
        }
        assert!(Template::parse(&"a".repeat(1025)).is_err());
    }

    proptest! {
        #[test]
        fn every_event_type_makes_a_subject(event_type in any::<String>()) {
            let subject = filled("pinwheel.{application}.{event_type}", &event_type);
            prop_assert!(subject.len() < 1024);
            prop_assert!(subject.starts_with("pinwheel.app."));
            let is_token = |token: &str| !token.is_empty() && token.chars().all(is_plain);
            prop_assert!(subject.split('.').all(is_token), "{subject}");
        }
    }
}
