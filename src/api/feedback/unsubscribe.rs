//! The link in e-mails: a page that asks, and the click that opts out.
//!
//! Looking changes nothing, since programs look at every link of a mail; a POST does, from the page or from the mail program's
//! own button. Whoever has the link may use it: it is in no mail but the recipient's.
//!
//! Source: RFC 8058.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use mail_parser::{MessageParser, MimeHeaders};

use super::{HTML, Told, answered};
use crate::api::Error;
use crate::campaign::feedback::UNSUBSCRIBE_PATH;
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
        let reference = self.head.uri.path().strip_prefix(UNSUBSCRIBE_PATH).unwrap_or_default();
        if !self.is_of_a_mail(reference).await? {
            let text = "This link does not work. Perhaps it was cut: please use the whole link of the mail.";
            return Ok(page(StatusCode::NOT_FOUND, "Unknown link", text, ""));
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
            reference: Some(reference.to_owned()),
            address: None,
            message_id: None,
            at: None,
            details: BTreeMap::new(),
        };
        self.apply(vec![report]).await?;
        Ok(page(StatusCode::OK, "Unsubscribed", "You will get no more of these mails.", ""))
    }

    /// Whether this is the reference of a campaign's e-mail.
    async fn is_of_a_mail(&self, reference: &str) -> Result<bool, Error> {
        let Some(references) = self.api.engine.references().await? else { return Ok(false) };
        let found = references.read(reference);
        Ok(found.is_some_and(|found| found.channel_type == ChannelType::Email && found.run.is_some()))
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

fn page(status: StatusCode, title: &str, text: &str, form: &str) -> Response {
    let page = PAGE.replace("{{title}}", title).replace("{{text}}", text).replace("{{form}}", form);
    let mut response = answered(HTML, page);
    *response.status_mut() = status;
    response.headers_mut().extend(HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}
