//! The link in e-mails: a page that asks, and the click that opts out.
//!
//! Looking changes nothing, since programs look at every link of a mail; a POST does, from the page or from the mail program's
//! own button. Whoever has the link may use it: it is in no mail but the recipient's.
//!
//! Source: RFC 8058.

use std::collections::BTreeMap;

use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use mail_parser::{MessageParser, MimeHeaders};

use super::{HTML, Told, answered};
use crate::api::{Api, Error};
use crate::campaign::feedback::UNSUBSCRIBE_PATH;
use crate::campaign::feedback::reference::{Receiver, Reference};
use crate::channel::{Report, ReportKind};
use crate::domain::ChannelType;

const PAGE: &str = include_str!("unsubscribe.html");

const FORM: &str = r#"<form method="post">
<input type="hidden" name="List-Unsubscribe" value="One-Click">
<button>Unsubscribe</button>
</form>"#;

/// Pages are for the one who has the link: kept nowhere, shown in no frame, and the link is told to nobody.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

impl Told<'_> {
    pub(super) async fn unsubscribe(&self) -> Result<Response, Error> {
        if !self.api.is_receiver_known(&self.api.link(self.head).await?).await? {
            let text = "Nobody is known here under this link any more. Please use the link of a newer mail.";
            return Ok(page(StatusCode::NOT_FOUND, "Old link", text, ""));
        }
        if self.head.method != Method::POST {
            return Ok(page(StatusCode::OK, "Unsubscribe", "Do you want to get no more of these mails?", FORM));
        }
        if !self.is_one_click() {
            return Err(Error::bad_request("the body is not `List-Unsubscribe=One-Click`"));
        }
        let report = Report {
            channel_type: ChannelType::Email,
            kind: ReportKind::OptOut,
            reference: Some(path_reference(self.head).to_owned()),
            address: None,
            message_id: None,
            at: None,
            details: BTreeMap::new(),
        };
        self.apply(vec![report]).await?;
        Ok(page(StatusCode::OK, "Unsubscribed", "You will get no more of these mails.", ""))
    }

    /// Whether the body is what mail programs send: as a form of either type.
    fn is_one_click(&self) -> bool {
        let content_type = self.head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default();
        if !content_type.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
            let mut form = url::form_urlencoded::parse(self.body);
            return form.any(|(name, value)| name == "List-Unsubscribe" && value == "One-Click");
        }
        // A form in parts is a message in MIME without its head.
        let mail = [format!("Content-Type: {content_type}\r\n\r\n").as_bytes(), self.body].concat();
        let Some(parts) = MessageParser::default().parse(&mail).map(|mail| mail.parts) else { return false };
        parts.iter().any(|part| {
            let name = part.content_disposition().and_then(|disposition| disposition.attribute("name"));
            name == Some("List-Unsubscribe") && part.contents().trim_ascii() == b"One-Click"
        })
    }
}

impl Api {
    /// The reference of a link, if it is that of a campaign's e-mail.
    ///
    /// Errors: 404 for any other.
    pub(super) async fn link(&self, head: &Parts) -> Result<Reference, Error> {
        let references = self.engine.references().await?.ok_or_else(Error::not_found)?;
        let found = references.read(path_reference(head));
        let found = found.filter(|found| found.channel_type == ChannelType::Email && found.run.is_some());
        found.ok_or_else(Error::not_found)
    }

    /// Whether who got the mail is still there.
    async fn is_receiver_known(&self, reference: &Reference) -> Result<bool, Error> {
        let Receiver::Endpoint(endpoint_id) = &reference.receiver else { return Ok(false) };
        Ok(!self.store.endpoint(&reference.application_id, endpoint_id).await?.is_empty())
    }
}

fn path_reference(head: &Parts) -> &str {
    head.uri.path().strip_prefix(UNSUBSCRIBE_PATH).unwrap_or_default()
}

/// What a link leads to that is none of ours.
pub fn unknown_link() -> Response {
    let text = "This link does not work. Perhaps it was cut: please use the whole link of the mail.";
    page(StatusCode::NOT_FOUND, "Unknown link", text, "")
}

fn page(status: StatusCode, title: &str, text: &str, form: &str) -> Response {
    let page = PAGE.replace("{{title}}", title).replace("{{text}}", text).replace("{{form}}", form);
    let mut response = answered(HTML, page);
    *response.status_mut() = status;
    response.headers_mut().extend(HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}
