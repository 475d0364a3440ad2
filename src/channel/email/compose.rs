//! Builds the message that goes over the wire.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use mail_parser::MessageParser;
use sha2::{Digest, Sha256};

use crate::channel::{EmailContent, Message};
use crate::domain::limit::EMAIL_HEADERS_MAX;

/// Headers of a message's own, and the two that other fields of it make: `Reply-To`, and the trace id.
const HEADERS_MAX: usize = EMAIL_HEADERS_MAX + 2;
/// Bytes of a header's name that lettre writes; Pinpoint allows 126.
const HEADER_NAME_BYTES_MAX: usize = 76;
/// Bytes of a header's value. Source: Pinpoint model, `MessageHeader`.
const HEADER_VALUE_BYTES_MAX: usize = 870;

/// Headers that we or the servers on the way write, in lower case; those of MIME and of forwarding are told by prefix.
const PROTECTED: &[&str] = &[
    "bcc",
    "cc",
    "date",
    "dkim-signature",
    "from",
    "message-id",
    "mime-version",
    "received",
    "return-path",
    "sender",
    "subject",
    "to",
    "x-pinwheel-reference",
];
const PROTECTED_PREFIXES: &[&str] = &["content-", "resent-", "arc-"];

/// Carries a message's [`reference`](Message::reference) to whoever reports about it: bounces and events quote headers.
const REFERENCE: HeaderName = HeaderName::new_from_ascii_str("X-Pinwheel-Reference");

/// A message that is ready to go.
#[derive(Debug)]
pub struct Composed {
    pub envelope: Envelope,
    pub sender: Address,
    /// Its `Message-ID`; of a raw message only if it has one.
    pub message_id: Option<String>,
    pub bytes: Vec<u8>,
}

/// Builds messages with the channel's defaults.
pub struct Composer {
    sender: Mailbox,
    headers: Vec<HeaderValue>,
}

impl Composer {
    /// Errors: the first header that may not be set.
    pub fn new(sender: Mailbox, headers: Vec<(String, String)>) -> Result<Self, String> {
        let headers = headers.iter().map(|(name, value)| header(name, value)).collect::<Result<_, _>>()?;
        Ok(Self { sender, headers })
    }

    /// Errors: the reason why the message can never be sent.
    pub fn compose(&self, message: &Message, email: &EmailContent, now: Timestamp) -> Result<Composed, String> {
        let sender = match &email.from_address {
            None => self.sender.clone(),
            Some(text) => {
                text.parse().map_err(|error| format!("the sender `{text}` is not a mail address: {error}"))?
            }
        };
        let recipient: Address = message
            .address
            .parse()
            .map_err(|error| format!("the endpoint's address is not a mail address: {error}"))?;
        let message_id = message_id(&message.idempotency_key, sender.email.domain());
        let bounces = email.bounce_address.as_deref().map(str::parse::<Address>).transpose();
        let bounces = bounces.map_err(|error| format!("the address for bounces is not a mail address: {error}"))?;
        let envelope = bounces
            .or_else(|| email.raw.is_some().then(|| sender.email.clone()))
            .map(|from| Envelope::new(Some(from), vec![recipient.clone()]).expect("there is a recipient"));
        if let Some(raw) = &email.raw {
            let raw = BASE64_STANDARD.decode(raw).map_err(|_| "the raw message is not base64".to_owned())?;
            if !raw.split(|&byte| byte == b'\n').next().is_some_and(|line| line.contains(&b':')) {
                return Err("the raw message is no e-mail: it has no headers".into());
            }
            let head = MessageParser::default().parse_headers(&raw);
            let message_id = head.and_then(|head| head.message_id().map(|id| format!("<{id}>")));
            let mut bytes = message.reference.as_deref().map(reference_line).unwrap_or_default();
            bytes.extend_from_slice(&raw);
            let envelope = envelope.expect("a raw message has one");
            return Ok(Composed { envelope, sender: sender.email, message_id, bytes });
        }
        let address = sender.email.clone();
        let mut builder = lettre::Message::builder()
            .from(sender)
            .to(Mailbox::new(None, recipient))
            .subject(one_line(&email.subject)?)
            .date(now.into())
            .message_id(Some(message_id.clone()));
        if let Some(envelope) = envelope {
            builder = builder.envelope(envelope);
        }
        for header in self.headers.iter().cloned().chain(own_headers(email)?) {
            builder = builder.raw_header(header);
        }
        if let Some(reference) = message.reference.as_deref() {
            // As it is: folding or encoding would tear it.
            let header = HeaderValue::dangerous_new_pre_encoded(REFERENCE, reference.into(), reference.into());
            builder = builder.raw_header(header);
        }
        let built = match (&email.text, &email.html) {
            (Some(text), Some(html)) => {
                builder.multipart(MultiPart::alternative_plain_html(text.clone(), html.clone()))
            }
            (Some(text), None) => builder.singlepart(SinglePart::plain(text.clone())),
            (None, Some(html)) => builder.singlepart(SinglePart::html(html.clone())),
            (None, None) => return Err("the message has neither text nor HTML".into()),
        };
        let built = built.map_err(|error| format!("the message cannot be built: {error}"))?;
        Ok(Composed {
            envelope: built.envelope().clone(),
            sender: address,
            message_id: Some(message_id),
            bytes: built.formatted(),
        })
    }
}

/// The header of a reference, for a message that has its others already.
fn reference_line(reference: &str) -> Vec<u8> {
    format!("{REFERENCE}: {reference}\r\n").into_bytes()
}

/// The same for every attempt at a message, so that receivers can drop a second copy.
fn message_id(idempotency_key: &str, domain: &str) -> String {
    let digest = Sha256::digest(idempotency_key);
    format!("<{}@{domain}>", hex::encode(&digest[..16]))
}

/// A subject without the line end that files and templates leave behind.
fn one_line(subject: &str) -> Result<&str, String> {
    let subject = subject.trim();
    if subject.contains(|c: char| c.is_control() && c != '\t') {
        return Err("the subject has a line break or another control character".into());
    }
    Ok(subject)
}

fn own_headers(email: &EmailContent) -> Result<Vec<HeaderValue>, String> {
    if email.headers.len() > HEADERS_MAX {
        return Err(format!("the message has {} headers of its own, and may have {HEADERS_MAX}", email.headers.len()));
    }
    for (index, (name, _)) in email.headers.iter().enumerate() {
        if email.headers[..index].iter().any(|(earlier, _)| earlier.eq_ignore_ascii_case(name)) {
            return Err(format!("the message has two headers `{name}`"));
        }
    }
    email.headers.iter().map(|(name, value)| header(name, value)).collect()
}

fn header(name: &str, value: &str) -> Result<HeaderValue, String> {
    let lower = name.to_ascii_lowercase();
    if PROTECTED.contains(&&*lower) || PROTECTED_PREFIXES.iter().any(|prefix| lower.starts_with(prefix)) {
        return Err(format!("the header `{name}` is not for messages to set"));
    }
    if name.is_empty() || name.len() > HEADER_NAME_BYTES_MAX || !name.bytes().all(|b| b.is_ascii_graphic() && b != b':')
    {
        return Err(format!("`{}` is not the name of a header", name.escape_debug()));
    }
    if value.len() > HEADER_VALUE_BYTES_MAX {
        return Err(format!("the header `{name}` has {} bytes, and may have {HEADER_VALUE_BYTES_MAX}", value.len()));
    }
    if value.contains(char::is_control) {
        return Err(format!("the header `{name}` has a line break or another control character"));
    }
    let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|error| format!("`{name}`: {error}"))?;
    Ok(HeaderValue::new(name, value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{Content, suite};
    use crate::domain::ChannelType;

    fn composer() -> Composer {
        let headers = [("Reply-To", "help@example.com"), ("X-Team", "a")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Composer::new("News <news@example.com>".parse().unwrap(), headers.to_vec()).unwrap()
    }

    fn compose_to(address: &str, email: &EmailContent) -> Result<Composed, String> {
        let message = suite::message(ChannelType::Email, address, Content::Email(email.clone()));
        composer().compose(&message, email, "2026-03-01T09:00:00Z".parse().unwrap())
    }

    fn compose(email: EmailContent) -> Result<String, String> {
        compose_to("ann@example.net", &email).map(|composed| String::from_utf8(composed.bytes).unwrap())
    }

    fn hello() -> EmailContent {
        EmailContent { subject: "Hello".into(), text: Some("Hi Ann".into()), ..EmailContent::default() }
    }

    #[test]
    fn bounces_go_where_the_message_says_and_raw_messages_go_as_they_are() {
        let bounce_address = Some("bounce@example.com".to_owned());
        let composed = compose_to("ann@example.com", &EmailContent { bounce_address, ..hello() }).unwrap();
        assert_eq!(composed.envelope.from().unwrap().to_string(), "bounce@example.com");
        let raw = EmailContent { raw: Some(BASE64_STANDARD.encode("Subject: x\r\n\r\nHi")), ..EmailContent::default() };
        let composed = compose_to("ann@example.com", &raw).unwrap();
        assert_eq!((composed.message_id, &composed.bytes[..]), (None, &b"Subject: x\r\n\r\nHi"[..]));
        assert_eq!(composed.envelope.from().unwrap().to_string(), "news@example.com");
        assert_eq!(composed.envelope.to()[0].to_string(), "ann@example.com");
        let raw = |text: &str| EmailContent { raw: Some(BASE64_STANDARD.encode(text)), ..EmailContent::default() };
        let composed = compose_to("ann@example.com", &raw("Message-ID: <1@x>\r\nSubject: x\r\n\r\nHi")).unwrap();
        assert_eq!(composed.message_id.as_deref(), Some("<1@x>"));
        assert!(compose_to("ann@example.com", &raw("garbage")).unwrap_err().contains("it has no headers"));
        let wrong = EmailContent { bounce_address: Some("nobody".to_owned()), ..hello() };
        assert!(compose_to("ann@example.com", &wrong).unwrap_err().contains("the address for bounces"));
    }

    #[test]
    fn a_reference_travels_in_a_header_of_its_own() {
        let reference = format!("v1.{}_{}-z", "a".repeat(150), "b".repeat(150));
        let line = format!("X-Pinwheel-Reference: {reference}\r\n");
        let compose = |email: &EmailContent| {
            let content = Content::Email(email.clone());
            let message = suite::message(ChannelType::Email, "ann@example.net", content);
            let message = Message { reference: Some(reference.as_str().into()), ..message };
            let composed = composer().compose(&message, email, Timestamp::UNIX_EPOCH).unwrap();
            String::from_utf8(composed.bytes).unwrap()
        };
        assert!(compose(&hello()).contains(&format!("\r\n{line}")), "{}", compose(&hello()));
        let raw = BASE64_STANDARD.encode("Subject: x\r\n\r\nHi");
        let raw = EmailContent { raw: Some(raw), ..EmailContent::default() };
        assert_eq!(compose(&raw), format!("{line}Subject: x\r\n\r\nHi"));
        assert!(super::header("x-pinwheel-reference", "forged").is_err());
    }

    fn with_header(name: &str, value: &str) -> EmailContent {
        EmailContent { headers: vec![(name.into(), value.into())], ..hello() }
    }

    #[test]
    fn a_plain_message_has_the_headers_it_needs_and_no_more() {
        let composed = compose_to("ann@example.net", &hello()).unwrap();
        let id = "<b024c566a230b9b98c64c926c7861b38@example.com>";
        let expected = format!(
            "From: News <news@example.com>\r\nTo: ann@example.net\r\nSubject: Hello\r\n\
             Date: Sun, 01 Mar 2026 09:00:00 +0000\r\nMessage-ID: {id}\r\n\
             Reply-To: help@example.com\r\nX-Team: a\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\nHi Ann\r\n"
        );
        assert_eq!(String::from_utf8(composed.bytes).unwrap(), expected);
        assert_eq!(composed.message_id.as_deref(), Some(id));
        assert_eq!(composed.envelope.from().unwrap().to_string(), "news@example.com");
        assert_eq!(composed.envelope.to()[0].to_string(), "ann@example.net");
    }

    #[test]
    fn text_and_html_are_alternatives() {
        let both = compose(EmailContent { html: Some("<p>Hi Änn</p>".into()), ..hello() }).unwrap();
        assert!(both.contains("Content-Type: multipart/alternative"));
        let (plain, html) = (both.find("text/plain").unwrap(), both.find("text/html").unwrap());
        assert!(plain < html, "the richest form comes last");
        assert!(both.is_ascii());
        let html = compose(EmailContent { html: Some("<p>Hi</p>".into()), text: None, ..hello() }).unwrap();
        assert!(html.contains("Content-Type: text/html") && !html.contains("multipart"));
        assert!(compose(EmailContent { text: None, ..hello() }).unwrap_err().contains("neither text nor HTML"));
    }

    #[test]
    fn the_same_message_keeps_its_id_and_another_has_its_own() {
        let id = |address| compose_to(address, &hello()).unwrap().message_id;
        assert_eq!(id("ann@example.net"), id("ann@example.net"));
        assert_ne!(id("ann@example.net"), id("bob@example.net"));
    }

    #[test]
    fn a_message_can_have_its_own_sender_and_headers() {
        let own = EmailContent {
            from_address: Some("Shop <shop@example.org>".into()),
            headers: vec![
                ("List-Unsubscribe".into(), "<https://example.org/u?id=1>, <mailto:u@example.org>".into()),
                ("List-Unsubscribe-Post".into(), "List-Unsubscribe=One-Click".into()),
                ("x-team".into(), "b".into()),
            ],
            ..hello()
        };
        let text = compose(own).unwrap();
        assert!(text.starts_with("From: Shop <shop@example.org>\r\n"));
        assert!(text.contains("@example.org>\r\nReply-To"), "the id is of the sender's domain");
        assert!(text.contains("\r\nList-Unsubscribe: <https://example.org/u?id=1>, <mailto:u@example.org>\r\n"));
        assert!(text.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
        assert!(text.contains("\r\nx-team: b\r\n") && !text.contains("X-Team: a"));
    }

    #[test]
    fn protected_headers_cannot_be_set() {
        for name in ["From", "bcc", "SUBJECT", "Message-ID", "Content-Type", "content-foo", "Resent-To", "Date"] {
            let problem = compose(with_header(name, "x")).unwrap_err();
            assert_eq!(problem, format!("the header `{name}` is not for messages to set"));
            assert!(Composer::new("a@b.example".parse().unwrap(), vec![(name.into(), "x".into())]).is_err());
        }
    }

    #[test]
    fn nothing_is_injected() {
        for (name, value) in [
            ("X-A", "x\r\nBcc: all@example.com"),
            ("X-A", "x\nBcc: all@example.com"),
            ("X-A", "x\0"),
            ("X-A\r\nBcc", "all@example.com"),
            ("X-A: x\r\nBcc", "y"),
            ("X A", "y"),
            ("", "y"),
            ("X-Ä", "y"),
        ] {
            assert!(compose(with_header(name, value)).is_err(), "{name:?}: {value:?}");
        }
        let subject = EmailContent { subject: "Hi\r\nBcc: all@example.com".into(), ..hello() };
        assert!(compose(subject).unwrap_err().contains("subject"));
        let sender = EmailContent { from_address: Some("a@b.example\r\nBcc: c@d.example".into()), ..hello() };
        assert!(compose(sender).is_err());
        assert!(compose_to("a@b.example\r\nRCPT TO:<c@d.example>", &hello()).is_err());
        assert!(
            compose(EmailContent { subject: " Hello\n".into(), ..hello() }).unwrap().contains("Subject: Hello\r\n")
        );
    }

    #[test]
    fn headers_have_limits() {
        let headers = |count| (0..count).map(|index| (format!("X-{index}"), "v".into())).collect();
        assert!(compose(EmailContent { headers: headers(17), ..hello() }).is_ok());
        assert!(compose(EmailContent { headers: headers(18), ..hello() }).unwrap_err().contains("18 headers"));
        assert!(compose(with_header("X-A", &"v".repeat(870))).is_ok());
        assert!(compose(with_header("X-A", &"v".repeat(871))).unwrap_err().contains("871 bytes"));
        let twice = vec![("X-A".into(), "1".into()), ("x-a".into(), "2".into())];
        assert!(compose(EmailContent { headers: twice, ..hello() }).unwrap_err().contains("two headers"));
    }

    #[test]
    fn a_wrong_address_is_told_apart_from_a_wrong_sender() {
        assert!(compose_to("nobody", &hello()).unwrap_err().contains("the endpoint's address"));
        let sender = EmailContent { from_address: Some("nobody".into()), ..hello() };
        assert!(compose(sender).unwrap_err().contains("the sender `nobody`"));
    }
}
