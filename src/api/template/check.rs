//! What the content of a template must be.

use crate::api::Error;
use crate::domain::limit::{
    ADM_TEMPLATE_CHARS_MAX, EMAIL_HEADERS_MAX, EMAIL_TEMPLATE_CHARS_MAX, IN_APP_TEMPLATE_CHARS_MAX,
    PUSH_TEMPLATE_CHARS_MAX, SMS_TEMPLATE_CHARS_MAX, VOICE_TEMPLATE_CHARS_MAX,
};
use crate::inapp::Removal;
use crate::inapp::sanitise;
use crate::template::{Defaults, Escape, Template};
use crate::wire::generated as wire;

/// A template whose content has rules.
pub trait Checked {
    /// Finds the first part that breaks a rule. What may be left out of the others is removed.
    ///
    /// Errors: 400 with the part, and line and column of what is no template.
    fn check_content(&mut self) -> Result<Vec<Removal>, Error>;
}

/// Errors: more characters than the limit.
pub fn chars(field: &str, chars: usize, chars_max: usize) -> Result<(), Error> {
    if chars <= chars_max {
        return Ok(());
    }
    Err(Error::bad_request(format!("{field}: {chars} characters, the limit is {chars_max}")))
}

/// A part of a template: its name and text.
type Part<'a> = (&'a str, &'a Option<String>);

/// Checks parts that share a limit, and compiles them as they are compiled to be sent.
fn parts(within: &str, parts: &[Part<'_>], chars_max: usize) -> Result<(), Error> {
    let texts = || parts.iter().filter_map(|(name, text)| Some((*name, text.as_deref()?)));
    let place = |name: &str| if within.is_empty() { name.to_owned() } else { format!("{within}.{name}") };
    let total = texts().map(|(_, text)| text.chars().count()).sum();
    // The limit holds for all of them together; with one text it is that one's.
    let field = match texts().collect::<Vec<_>>()[..] {
        [(name, _)] => place(name),
        _ if within.is_empty() => "body".to_owned(),
        _ => within.to_owned(),
    };
    chars(&field, total, chars_max)?;
    for (name, text) in texts() {
        let escape = match name {
            "HtmlPart" => Escape::Html,
            "RawContent" => Escape::Json,
            _ => Escape::None,
        };
        Template::compile(text, escape).map_err(|error| Error::bad_request(format!("{}: {error}", place(name))))?;
    }
    Ok(())
}

fn defaults(json: Option<&str>) -> Result<(), Error> {
    let problem = |error| Error::bad_request(format!("DefaultSubstitutions: {error}"));
    json.map_or(Ok(()), |json| Defaults::parse(json).map(|_| ()).map_err(problem))
}

impl Checked for wire::EmailTemplateRequest {
    fn check_content(&mut self) -> Result<Vec<Removal>, Error> {
        defaults(self.default_substitutions.as_deref())?;
        let texts = [("Subject", &self.subject), ("HtmlPart", &self.html_part), ("TextPart", &self.text_part)];
        parts("", &texts, EMAIL_TEMPLATE_CHARS_MAX)?;
        count("Headers", self.headers.iter().flatten().count(), EMAIL_HEADERS_MAX)?;
        for (i, header) in self.headers.iter().flatten().enumerate() {
            let field = format!("Headers[{i}]");
            let name = header.name.as_deref().unwrap_or_default();
            // RFC 5322, section 2.2: printable ASCII but the colon.
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
                return Err(Error::bad_request(format!("{field}.Name: `{name}` is not the name of a header")));
            }
            if header.value.as_deref().is_some_and(|value| value.contains(['\r', '\n'])) {
                return Err(Error::bad_request(format!("{field}.Value: it has a line break")));
            }
            parts(&field, &[("Value", &header.value)], EMAIL_TEMPLATE_CHARS_MAX)?;
        }
        Ok(Vec::new())
    }
}

impl Checked for wire::SMSTemplateRequest {
    fn check_content(&mut self) -> Result<Vec<Removal>, Error> {
        defaults(self.default_substitutions.as_deref())?;
        parts("", &[("Body", &self.body)], SMS_TEMPLATE_CHARS_MAX)?;
        Ok(Vec::new())
    }
}

impl Checked for wire::VoiceTemplateRequest {
    fn check_content(&mut self) -> Result<Vec<Removal>, Error> {
        defaults(self.default_substitutions.as_deref())?;
        parts("", &[("Body", &self.body)], VOICE_TEMPLATE_CHARS_MAX)?;
        Ok(Vec::new())
    }
}

impl Checked for wire::PushNotificationTemplateRequest {
    fn check_content(&mut self) -> Result<Vec<Removal>, Error> {
        defaults(self.default_substitutions.as_deref())?;
        if let Some(own) = &self.default {
            let texts = [("Title", &own.title), ("Body", &own.body), ("Url", &own.url)];
            parts("Default", &texts, PUSH_TEMPLATE_CHARS_MAX)?;
        }
        if let Some(own) = &self.apns {
            let texts = [
                ("Title", &own.title),
                ("Body", &own.body),
                ("Url", &own.url),
                ("MediaUrl", &own.media_url),
                ("RawContent", &own.raw_content),
            ];
            parts("APNS", &texts, PUSH_TEMPLATE_CHARS_MAX)?;
        }
        for (name, own, chars_max) in [
            ("ADM", &self.adm, ADM_TEMPLATE_CHARS_MAX),
            ("Baidu", &self.baidu, PUSH_TEMPLATE_CHARS_MAX),
            ("GCM", &self.gcm, PUSH_TEMPLATE_CHARS_MAX),
        ] {
            let Some(own) = own else { continue };
            let texts = [
                ("Title", &own.title),
                ("Body", &own.body),
                ("Url", &own.url),
                ("ImageUrl", &own.image_url),
                ("ImageIconUrl", &own.image_icon_url),
                ("SmallImageIconUrl", &own.small_image_icon_url),
                ("RawContent", &own.raw_content),
            ];
            parts(name, &texts, chars_max)?;
        }
        Ok(Vec::new())
    }
}

impl Checked for wire::InAppTemplateRequest {
    fn check_content(&mut self) -> Result<Vec<Removal>, Error> {
        // Apps show these texts as they are: no variables.
        let size = serde_json::to_string(self).map_or(0, |json| json.chars().count());
        chars("body", size, IN_APP_TEMPLATE_CHARS_MAX)?;
        Ok(sanitise::clean("", self)?)
    }
}

fn count(field: &str, items: usize, items_max: usize) -> Result<(), Error> {
    if items <= items_max {
        return Ok(());
    }
    Err(Error::bad_request(format!("{field}: {items} items, the limit is {items_max}")))
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;

    fn refusal<T: Checked + DeserializeOwned>(body: Value) -> String {
        let mut template: T = serde_json::from_value(body).unwrap();
        template.check_content().map_or_else(|error| error.message().to_owned(), |_| String::new())
    }

    #[test]
    fn what_does_not_compile_names_part_line_and_column() {
        let email = refusal::<wire::EmailTemplateRequest>;
        assert_eq!(email(json!({"Subject": "{{Attributes.a}}", "HtmlPart": "<b>", "TextPart": ""})), "");
        let message = email(json!({"Subject": "hello", "HtmlPart": "a\nb {{nope 1}}"}));
        assert_eq!(message, "HtmlPart: unknown helper `nope` at line 2, column 3");
        let message = email(json!({"Headers": [{"Name": "X-A", "Value": "{{#if}}"}]}));
        assert!(message.starts_with("Headers[0].Value: ") && message.contains("line 1, column"), "{message}");
        let push = refusal::<wire::PushNotificationTemplateRequest>;
        let message = push(json!({"GCM": {"Title": "x", "RawContent": "{\"a\": {{}"}}));
        assert!(message.starts_with("GCM.RawContent: ") && message.contains("line 1, column"), "{message}");
    }

    #[test]
    fn sizes_have_limits() {
        let long = |n: usize| "é".repeat(n);
        assert_eq!(refusal::<wire::SMSTemplateRequest>(json!({"Body": long(1_600)})), "");
        let message = refusal::<wire::SMSTemplateRequest>(json!({"Body": long(1_601)}));
        assert_eq!(message, "Body: 1601 characters, the limit is 1600");
        let message = refusal::<wire::VoiceTemplateRequest>(json!({"Body": long(10_001)}));
        assert_eq!(message, "Body: 10001 characters, the limit is 10000");
        let body = json!({"Subject": "s", "HtmlPart": long(300_000), "TextPart": long(300_000)});
        assert_eq!(refusal::<wire::EmailTemplateRequest>(body), "body: 600001 characters, the limit is 600000");
        let push = refusal::<wire::PushNotificationTemplateRequest>;
        assert_eq!(push(json!({"ADM": {"Body": long(6_000)}, "GCM": {"Body": long(4_000)}})), "");
        let message = push(json!({"GCM": {"Body": long(4_000), "Title": "t"}}));
        assert_eq!(message, "GCM: 4001 characters, the limit is 4000");
    }

    #[test]
    fn default_substitutions_are_an_object_in_a_text() {
        let sms = |text: &str| refusal::<wire::SMSTemplateRequest>(json!({"Body": "b", "DefaultSubstitutions": text}));
        assert_eq!(sms(r#"{"Attributes.a": "x"}"#), "");
        for bad in ["[]", "x", "", r#"{"a": {}}"#] {
            assert!(sms(bad).starts_with("DefaultSubstitutions: "), "{bad}");
        }
    }

    #[test]
    fn headers_cannot_break_out_of_their_line() {
        let header = |name: &str, value: &str| {
            refusal::<wire::EmailTemplateRequest>(json!({"Headers": [{"Name": name, "Value": value}]}))
        };
        assert_eq!(header("List-Unsubscribe", "<mailto:a@example.com>"), "");
        assert!(header("", "x").starts_with("Headers[0].Name: "));
        assert!(header("A: b", "x").starts_with("Headers[0].Name: "));
        assert_eq!(header("A", "x\r\nBcc: y"), "Headers[0].Value: it has a line break");
    }

    #[test]
    fn in_app_contents_have_limits() {
        let content = || {
            json!({
                "BackgroundColor": "#FFF",
                "HeaderConfig": {"Header": "h", "Alignment": "LEFT", "TextColor": "#000000"},
                "BodyConfig": {"Body": "b", "Alignment": "LEFT", "TextColor": "#000000"},
                "PrimaryBtn": {"DefaultConfig": {"Text": "ok", "ButtonAction": "CLOSE"}},
            })
        };
        let in_app = refusal::<wire::InAppTemplateRequest>;
        assert_eq!(in_app(json!({"Content": vec![content(); 5]})), "");
        assert_eq!(in_app(json!({"Content": vec![content(); 6]})), "Content: 6 items, the limit is 5");
        let custom: serde_json::Map<_, _> = (0..11).map(|i| (i.to_string(), json!("x"))).collect();
        assert_eq!(in_app(json!({"CustomConfig": custom})), "CustomConfig: 11 items, the limit is 10");
        for (path, value, expected) in [
            ("/HeaderConfig/Header", json!("h".repeat(65)), "HeaderConfig.Header: 65 characters, the limit is 64"),
            ("/BodyConfig/Body", json!("b".repeat(151)), "BodyConfig.Body: 151 characters, the limit is 150"),
            ("/BackgroundColor", json!("red"), "BackgroundColor: `red` is not a colour such as `#FF9900`"),
            ("/HeaderConfig", Value::Null, "HeaderConfig: missing, it is required"),
            (
                "/PrimaryBtn/DefaultConfig/Text",
                json!("t".repeat(65)),
                "PrimaryBtn.DefaultConfig.Text: 65 characters, the limit is 64",
            ),
        ] {
            let mut content = content();
            *content.pointer_mut(path).unwrap() = value;
            assert_eq!(in_app(json!({"Content": [content]})), format!("Content[0].{expected}"));
        }
    }
}
