//! Amazon SNS over HTTPS: envelopes, their signatures, and subscriptions.
//!
//! Source: Amazon SNS developer guide, "Parsing Amazon SNS message formats" and "Verifying the signatures of Amazon SNS
//! messages".

use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::{SignedDuration, Timestamp};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters, UnparsedPublicKey,
};
use serde::Deserialize;

use super::{TEXT, Told, answered, end_user_messaging, ses, shown};
use crate::api::Error;
use crate::channel::Report;

/// How old a message may be: SNS tries for hours, and the store knows a repeated event for a day.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(24);
/// How far ahead SNS's clock may be.
const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(5);

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
enum Kind {
    Notification,
    SubscriptionConfirmation,
    UnsubscribeConfirmation,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    #[serde(rename = "Type")]
    kind: Kind,
    message_id: String,
    topic_arn: String,
    subject: Option<String>,
    message: String,
    timestamp: String,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL")]
    certificate_url: String,
    token: Option<String>,
    #[serde(rename = "SubscribeURL")]
    subscribe_url: Option<String>,
}

impl Envelope {
    /// What the signature is of: names and values, a line each, in the order of the names.
    fn signed_text(&self) -> String {
        let kind = format!("{:?}", self.kind);
        let members = [
            ("Message", Some(&self.message)),
            ("MessageId", Some(&self.message_id)),
            ("Subject", self.subject.as_ref().filter(|_| self.kind == Kind::Notification)),
            ("SubscribeURL", self.subscribe_url.as_ref().filter(|_| self.kind != Kind::Notification)),
            ("Timestamp", Some(&self.timestamp)),
            ("Token", self.token.as_ref().filter(|_| self.kind != Kind::Notification)),
            ("TopicArn", Some(&self.topic_arn)),
            ("Type", Some(&kind)),
        ];
        members.iter().filter_map(|(name, value)| value.map(|value| format!("{name}\n{value}\n"))).collect()
    }

    /// Errors: 403 with what is wrong.
    fn check_time(&self, now: Timestamp) -> Result<(), Error> {
        let at: Timestamp =
            self.timestamp.parse().map_err(|_| Error::forbidden("Timestamp: it is no date and time"))?;
        let age = now.duration_since(at);
        if age > AGE_MAX || age < -AHEAD_MAX {
            return Err(Error::forbidden("Timestamp: the message is too old, or our clocks differ"));
        }
        Ok(())
    }

    /// Errors: 403 unless the owner of this key signed it.
    fn check_signature(&self, public_key: &[u8]) -> Result<(), Error> {
        let scheme: &RsaParameters = match self.signature_version.as_str() {
            "1" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            "2" => &RSA_PKCS1_2048_8192_SHA256,
            _ => return Err(Error::forbidden("SignatureVersion: it is neither 1 nor 2")),
        };
        let wrong = || Error::forbidden("Signature: it is wrong");
        let signature = BASE64_STANDARD.decode(&self.signature).map_err(|_| wrong())?;
        let key = UnparsedPublicKey::new(scheme, public_key);
        key.verify(self.signed_text().as_bytes(), &signature).map_err(|_| wrong())
    }
}

impl Told<'_> {
    pub(super) async fn sns(&self) -> Result<Response, Error> {
        let envelope: Envelope = serde_json::from_slice(self.body).map_err(|_| {
            Error::bad_request(
                "this is no message of SNS with a signature; raw message delivery has none, so switch it off",
            )
        })?;
        self.check(&envelope).await?;
        match (envelope.kind, &envelope.subscribe_url) {
            (Kind::Notification, _) => {
                let reports = self.reports(&envelope.message);
                self.apply(reports).await?;
            }
            (Kind::SubscriptionConfirmation, Some(url)) => {
                self.api.feedback.certificates.confirm(url, &envelope.topic_arn, &*self.api.clock).await?;
                tracing::info!(topic = envelope.topic_arn, "the subscription to a topic of SNS is confirmed");
            }
            (Kind::SubscriptionConfirmation, None) => return Err(Error::bad_request("SubscribeURL: it is missing")),
            (Kind::UnsubscribeConfirmation, _) => {
                tracing::warn!(topic = envelope.topic_arn, "somebody ended the subscription to a topic of SNS");
            }
        }
        Ok(answered(TEXT, "taken\n"))
    }

    /// Makes sure that SNS sent this, for a topic that we want, and not long ago.
    async fn check(&self, envelope: &Envelope) -> Result<(), Error> {
        // First what asks nobody: strangers are not to make us fetch anything.
        if !self.api.config.feedback.sns_topic_arns.contains(&envelope.topic_arn) {
            let topic_arn = shown(&envelope.topic_arn);
            return Err(Error::forbidden(format!("TopicArn: `{topic_arn}` is not in `feedback.sns_topic_arns`")));
        }
        envelope.check_time(self.api.clock.now())?;
        let Envelope { certificate_url, topic_arn, .. } = envelope;
        let certificate = self.api.feedback.certificates.get(certificate_url, topic_arn, &*self.api.clock).await?;
        envelope.check_signature(&certificate.public_key)
    }

    /// What the services of AWS report; nothing for what is none of theirs, such as SES's word that a topic works.
    fn reports(&self, message: &str) -> Vec<Report> {
        let reports = ses::read(message).or_else(|| end_user_messaging::read(message, &self.api.feedback.stop_words));
        reports.unwrap_or_else(|| {
            if is_event(message) && self.api.feedback.unreadable.is_due() {
                tracing::warn!("an event of AWS cannot be read, so nobody learns from it");
            } else {
                tracing::debug!("a message of SNS is no report");
            }
            Vec::new()
        })
    }
}

/// Whether a message says that it is an event, whatever else is in it.
fn is_event(message: &str) -> bool {
    let message: serde_json::Value = serde_json::from_str(message).unwrap_or_default();
    ["eventType", "notificationType"].iter().any(|name| message.get(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(kind: &str) -> Envelope {
        serde_json::from_value(serde_json::json!({
            "Type": kind, "MessageId": "m", "TopicArn": "t", "Subject": "s", "Message": "x",
            "Timestamp": "2026-03-01T09:00:00.000Z", "SignatureVersion": "1", "Signature": "", "SigningCertURL": "",
            "Token": "k", "SubscribeURL": "u",
        }))
        .unwrap()
    }

    #[test]
    fn each_kind_signs_its_own_members() {
        let mut notification = envelope("Notification");
        let rest = "Timestamp\n2026-03-01T09:00:00.000Z\nTopicArn\nt\nType\nNotification\n";
        assert_eq!(notification.signed_text(), format!("Message\nx\nMessageId\nm\nSubject\ns\n{rest}"));
        notification.subject = None;
        assert_eq!(notification.signed_text(), format!("Message\nx\nMessageId\nm\n{rest}"));
        for kind in ["SubscriptionConfirmation", "UnsubscribeConfirmation"] {
            assert_eq!(
                envelope(kind).signed_text(),
                format!(
                    "Message\nx\nMessageId\nm\nSubscribeURL\nu\nTimestamp\n2026-03-01T09:00:00.000Z\nToken\nk\n\
                     TopicArn\nt\nType\n{kind}\n"
                )
            );
        }
    }

    #[test]
    fn both_versions_of_signatures_are_verified() {
        use rustls_pki_types::CertificateDer;
        use rustls_pki_types::pem::PemObject;
        use x509_parser::prelude::{FromDer, X509Certificate};

        let pem = include_bytes!("../../../tests/support/sns/certificate.pem");
        let der = CertificateDer::from_pem_slice(pem).unwrap();
        let (_, certificate) = X509Certificate::from_der(&der).unwrap();
        let key = &certificate.public_key().subject_public_key.data;
        // Made with `openssl dgst -sign` over the text of the test above.
        let signatures = [
            ("1", include_str!("../../../tests/data/feedback/sns-1.sig")),
            ("2", include_str!("../../../tests/data/feedback/sns-2.sig")),
        ];
        for (version, signature) in signatures {
            let signed = Envelope {
                signature_version: version.to_owned(),
                signature: signature.trim().to_owned(),
                ..envelope("Notification")
            };
            signed.check_signature(key).unwrap();
            let refused = |envelope: Envelope| envelope.check_signature(key).unwrap_err().status() == 403;
            assert!(refused(Envelope { message: "y".to_owned(), ..signed.clone() }));
            assert!(refused(Envelope { subject: None, ..signed.clone() }));
            assert!(refused(Envelope { signature: String::new(), ..signed.clone() }));
            for other in ["1", "2", "3", ""].into_iter().filter(|other| *other != version) {
                assert!(refused(Envelope { signature_version: other.to_owned(), ..signed.clone() }));
            }
        }
    }

    #[test]
    fn events_are_told_from_other_texts() {
        assert!(is_event(r#"{"eventType": "Bounce", "mail": 7}"#) && is_event(r#"{"notificationType": "Bounce"}"#));
        assert!(!is_event(r#"{"mail": {}}"#) && !is_event("Successfully validated SNS topic") && !is_event("[]"));
    }

    #[test]
    fn messages_are_of_today() {
        let check = |now: &str| envelope("Notification").check_time(now.parse().unwrap()).is_ok();
        assert!(check("2026-03-01T09:00:00Z") && check("2026-03-02T09:00:00Z") && check("2026-03-01T08:55:00Z"));
        assert!(!check("2026-03-02T09:00:01Z") && !check("2026-03-01T08:54:59Z"));
    }
}
