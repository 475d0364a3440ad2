//! Twilio: what became of messages, and what people answer.
//!
//! Source: Twilio documentation, "Security", "Track the status of your outbound messages", "Error and warning dictionary"
//! and "Advanced opt-out".

use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;

use super::{TEXT, Told, XML, answered};
use crate::api::{Error, route};
use crate::channel::{self, Report, ReportKind};
use crate::domain::ChannelType;

const SIGNATURE: &str = "x-twilio-signature";

/// The parameter of our URL that has the message's reference.
const REFERENCE: &str = "reference";

/// Names and values of a form.
type Form = Vec<(String, String)>;

/// Verifies what Twilio signs with the account's token.
pub struct Verifier(hmac::Key);

impl Verifier {
    pub fn new(auth_token: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, auth_token.as_bytes()))
    }

    /// Whether the signature is Twilio's, over the URL as it called it and the form's names and values in their order.
    fn verifies(&self, url: &str, form: &Form, signature: &str) -> bool {
        let mut form: Vec<_> = form.iter().collect();
        form.sort();
        let signed = form.iter().fold(url.to_owned(), |text, (name, value)| text + name + value);
        let code = BASE64_STANDARD.decode(signature);
        code.is_ok_and(|code| hmac::verify(&self.0, signed.as_bytes(), &code).is_ok())
    }
}

impl Told<'_> {
    /// What became of a message.
    pub(super) async fn twilio_status(&self) -> Result<Response, Error> {
        let form = self.twilio_form()?;
        let query = route::query(self.head.uri.query());
        self.apply(status(&form, get(&query, REFERENCE)).into_iter().collect()).await?;
        Ok(answered(TEXT, ""))
    }

    /// What somebody answers. An empty reply, since Twilio would send what it is given.
    pub(super) async fn twilio_inbound(&self) -> Result<Response, Error> {
        let form = self.twilio_form()?;
        // Where Twilio looks for stop words itself, it says what it found.
        let is_stop = match get(&form, "OptOutType") {
            Some(found) => found == "STOP",
            None => get(&form, "Body").is_some_and(|body| self.api.feedback.stop_words.is_one(body)),
        };
        if let Some(from) = get(&form, "From").filter(|_| is_stop) {
            self.apply(vec![channel::opt_out(from, get(&form, "MessageSid"))]).await?;
        }
        Ok(answered(XML, "<Response/>"))
    }

    /// Errors: 403 unless Twilio signed it.
    fn twilio_form(&self) -> Result<Form, Error> {
        let Some(verifier) = &self.api.feedback.twilio else {
            return Err(Error::forbidden("`feedback.twilio_auth_token` is not set"));
        };
        let signature = self.head.headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let form: Form = url::form_urlencoded::parse(self.body).into_owned().collect();
        let url = self.public_url();
        if !verifier.verifies(&url, &form, signature) {
            let url = url.split('?').next().unwrap_or_default();
            return Err(Error::forbidden(format!(
                "X-Twilio-Signature: it is not that of `{url}` with this form and `feedback.twilio_auth_token`"
            )));
        }
        Ok(form)
    }
}

fn get<'a>(form: &'a Form, name: &str) -> Option<&'a str> {
    form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn status(form: &Form, reference: Option<&str>) -> Option<Report> {
    let status = get(form, "MessageStatus").or_else(|| get(form, "SmsStatus"))?;
    let code = get(form, "ErrorCode").unwrap_or_default();
    let (kind, record_status) = match status {
        "sent" => (ReportKind::Buffered, "SUCCESSFUL"),
        "delivered" | "read" => (ReportKind::Delivered, "DELIVERED"),
        "undelivered" | "failed" => failure(code),
        // Accepted, scheduled, queued, sending: it is still Twilio's. Canceled: somebody wanted that.
        _ => return None,
    };
    let details = [
        ("record_status", Some(record_status)),
        ("error_code", Some(code).filter(|code| !code.is_empty())),
        ("origination_phone_number", get(form, "From")),
    ];
    Some(Report {
        channel_type: ChannelType::Sms,
        kind,
        reference: reference.map(str::to_owned),
        address: get(form, "To").map(str::to_owned),
        message_id: get(form, "MessageSid").or_else(|| get(form, "SmsSid")).map(str::to_owned),
        at: None,
        details: details.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect(),
    })
}

/// What an error code means, and the nearest word of Pinpoint's. Only codes that say that there is no such number give an
/// address up.
fn failure(code: &str) -> (ReportKind, &'static str) {
    match code {
        // Not a number; not one of a mobile; unknown or no longer in service.
        "21211" | "21614" | "30005" => (ReportKind::HardBounce, "INVALID"),
        "21610" => (ReportKind::OptOut, "OPTED_OUT"),
        "30003" => (ReportKind::SoftBounce, "UNREACHABLE"),
        // A landline, or a carrier that the short code does not reach: a message from another sender may arrive.
        "30006" => (ReportKind::SoftBounce, "CARRIER_UNREACHABLE"),
        "30004" => (ReportKind::Failed, "BLOCKED"),
        "30007" => (ReportKind::Failed, "CARRIER_BLOCKED"),
        "30036" => (ReportKind::Failed, "TTL_EXPIRED"),
        _ => (ReportKind::Failed, "UNKNOWN"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Form {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_documented_example_verifies() {
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        let mut sent = form(&[
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
        ]);
        let verifier = Verifier::new("12345");
        let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
        assert!(verifier.verifies(url, &sent, signature));
        sent.reverse();
        assert!(verifier.verifies(url, &sent, signature), "the order of a form means nothing");
        assert!(!verifier.verifies("https://mycompany.com/myapp.php?foo=1", &sent, signature));
        assert!(!Verifier::new("12346").verifies(url, &sent, signature));
        assert!(!verifier.verifies(url, &sent, "") && !verifier.verifies(url, &sent, "x"));
        sent.push(("Extra".into(), "1".into()));
        assert!(!verifier.verifies(url, &sent, signature));
    }

    #[test]
    fn every_status_has_its_report() {
        use ReportKind::{Buffered, Delivered, Failed, HardBounce, OptOut, SoftBounce};
        for (found, code, expected) in [
            ("queued", "", None),
            ("sending", "", None),
            ("sent", "", Some((Buffered, "SUCCESSFUL"))),
            ("delivered", "", Some((Delivered, "DELIVERED"))),
            ("undelivered", "30003", Some((SoftBounce, "UNREACHABLE"))),
            ("undelivered", "30005", Some((HardBounce, "INVALID"))),
            ("undelivered", "30006", Some((SoftBounce, "CARRIER_UNREACHABLE"))),
            ("undelivered", "30007", Some((Failed, "CARRIER_BLOCKED"))),
            ("failed", "21610", Some((OptOut, "OPTED_OUT"))),
            ("failed", "30008", Some((Failed, "UNKNOWN"))),
            ("failed", "", Some((Failed, "UNKNOWN"))),
        ] {
            let form = form(&[("MessageStatus", found), ("ErrorCode", code), ("To", "+1206"), ("MessageSid", "SM1")]);
            let report = status(&form, Some("r"));
            let found = report.as_ref().map(|report| (report.kind, report.details["record_status"].as_str()));
            assert_eq!(found, expected, "{form:?}");
            if let Some(report) = report {
                assert_eq!((report.address.as_deref(), report.message_id.as_deref()), (Some("+1206"), Some("SM1")));
                assert_eq!(report.reference.as_deref(), Some("r"));
            }
        }
        assert_eq!(status(&form(&[]), None), None);
    }
}
