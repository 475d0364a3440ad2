//! Feedback: what recipients and providers tell about messages after they went out.
//!
//! ```text
//! message → reference → provider … route below /feedback/, or an adapter's own connection → report → apply
//!                                                                                             ├─ endpoint: inactive, opted out
//!                                                                                             └─ event
//! ```
//!
//! A [`reference`] is what a message carries so that a report about it finds back: signed, so that nobody can make one. It
//! also stands in the link to unsubscribe. [`key`] keeps the secret behind it, [`event`] says how a report looks as an
//! event, and [`apply`] does what a report asks for.

mod apply;
pub(super) mod event;
mod key;
pub mod reference;

use std::sync::Arc;

pub use self::key::{SEALED_FOR, forget_secret};
use self::reference::Reference;
use crate::channel::{Content, EmailContent, Message};
use crate::domain::ChannelType;
use crate::store;
use crate::vault;

/// Where people unsubscribe, below the base URL; the reference follows.
pub const UNSUBSCRIBE_PATH: &str = "/feedback/unsubscribe/";

/// Source: RFC 2369 and RFC 8058.
const UNSUBSCRIBE: &str = "List-Unsubscribe";
const UNSUBSCRIBE_POST: &str = "List-Unsubscribe-Post";

/// Headers that an e-mail may have of its own, ours included. Source: Pinpoint model, `CampaignEmailMessage.Headers`; SES
/// takes no more either.
const HEADERS_MAX: usize = 15;
/// Bytes of a header's value. Source: Pinpoint model, `MessageHeader`.
const HEADER_VALUE_BYTES_MAX: usize = 870;

/// Characters of a reference that every provider gives back; SES refuses messages with longer tags. Source: SES API reference,
/// `MessageTag`.
pub const REFERENCE_CHARS_MAX: usize = 256;

/// Why messages cannot be given references.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the secret of references cannot be used")]
    Vault(#[from] vault::Error),
    #[error("the stored secret of references cannot be read")]
    Unreadable,
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Gives messages their references, and reads them back.
pub struct References {
    key: reference::Key,
    /// Without a slash at its end.
    base_url: String,
}

impl References {
    fn new(key: reference::Key, base_url: &str) -> Self {
        Self { key, base_url: base_url.trim_end_matches('/').to_owned() }
    }

    /// What the reference says; `None` for one that is not ours.
    pub fn read(&self, reference: &str) -> Option<Reference> {
        self.key.read(reference)
    }

    /// Gives a message its reference, if its provider can tell anything, and an e-mail of a campaign the way to
    /// unsubscribe. Direct messages get none: they answer something that a person did. Nor does a message get a reference that
    /// is too long for providers, which only ids of a hundred characters and more lead to.
    pub(super) fn mark(&self, message: &mut Message) {
        if !matches!(message.channel_type, ChannelType::Email | ChannelType::Sms | ChannelType::Voice)
            || matches!(message.content, Content::Custom(_))
        {
            return;
        }
        let reference: Arc<str> = self.key.write(&Reference::of(message)).into();
        if let Content::Email(email) = &mut message.content
            && message.origin.activity_id.is_some()
        {
            self.add_unsubscribe(email, &reference);
        }
        message.reference = Some(reference).filter(|reference| reference.len() <= REFERENCE_CHARS_MAX);
    }

    /// Leaves a message alone that says itself how to unsubscribe, or that would have too much in its head to be sent.
    fn add_unsubscribe(&self, email: &mut EmailContent, reference: &str) {
        let says_itself = email.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(UNSUBSCRIBE));
        let link = format!("<{}{UNSUBSCRIBE_PATH}{reference}>", self.base_url);
        if says_itself || email.headers.len() + 2 > HEADERS_MAX || link.len() > HEADER_VALUE_BYTES_MAX {
            return;
        }
        email.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(UNSUBSCRIBE_POST));
        email.headers.push((UNSUBSCRIBE.to_owned(), link));
        email.headers.push((UNSUBSCRIBE_POST.to_owned(), "List-Unsubscribe=One-Click".to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{Origin, SmsContent};
    use crate::domain::{ActivityId, ApplicationId, CampaignId, TreatmentId};

    fn references() -> References {
        References::new(reference::Key::new(&[7; 32]), "https://example.com/pinwheel/")
    }

    fn message(channel_type: ChannelType, content: Content, is_direct: bool) -> Message {
        let origin = Origin {
            application_id: ApplicationId::new("0123456789abcdef0123456789abcdef"),
            campaign_id: CampaignId::new(if is_direct { Origin::DIRECT } else { "c" }),
            activity_id: (!is_direct).then(|| ActivityId::new("a")),
            treatment_id: (!is_direct).then(|| TreatmentId::new("0")),
            scheduled_time: String::new(),
        };
        Message {
            endpoint_id: "e".into(),
            channel_type,
            address: "ann@example.com".into(),
            idempotency_key: "k".into(),
            content,
            origin: Arc::new(origin),
            reference: None,
        }
    }

    fn marked(email: EmailContent, is_direct: bool) -> (Message, Vec<(String, String)>) {
        let mut message = message(ChannelType::Email, Content::Email(email), is_direct);
        references().mark(&mut message);
        let Content::Email(email) = &message.content else { panic!("{message:?}") };
        let headers = email.headers.clone();
        (message, headers)
    }

    fn headers(names: impl IntoIterator<Item = String>) -> EmailContent {
        let headers = names.into_iter().map(|name| (name, "x".to_owned())).collect();
        EmailContent { headers, ..EmailContent::default() }
    }

    #[test]
    fn mails_of_campaigns_say_how_to_unsubscribe() {
        let (message, headers) = marked(EmailContent::default(), false);
        let reference = message.reference.as_deref().unwrap();
        let link = format!("<https://example.com/pinwheel/feedback/unsubscribe/{reference}>");
        assert_eq!(headers[0], ("List-Unsubscribe".to_owned(), link));
        assert_eq!(headers[1], ("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()));
        assert_eq!(references().read(reference), Some(Reference::of(&message)));

        let (message, headers) = marked(EmailContent::default(), true);
        assert!(message.reference.is_some() && headers.is_empty(), "a direct message");
    }

    #[test]
    fn what_a_message_says_itself_stays() {
        let (message, found) = marked(headers(["list-unsubscribe".to_owned()]), false);
        assert!(message.reference.is_some());
        assert_eq!(found, [("list-unsubscribe".to_owned(), "x".to_owned())]);
        let (_, found) = marked(headers(["List-unsubscribe-POST".to_owned()]), false);
        assert_eq!(found.len(), 2, "of no use without the link");
        assert_eq!(marked(headers((0..13).map(|i| format!("X-{i}"))), false).1.len(), 15);
        assert_eq!(marked(headers((0..14).map(|i| format!("X-{i}"))), false).1.len(), 14, "it could not be sent");
    }

    #[test]
    fn long_references_stay_at_home_but_links_work() {
        let mut message = message(ChannelType::Email, Content::Email(EmailContent::default()), false);
        message.endpoint_id = "long".repeat(50);
        references().mark(&mut message);
        let Content::Email(email) = &message.content else { panic!("{message:?}") };
        let link = email.headers[0].1.trim_end_matches('>').rsplit('/').next().unwrap();
        assert_eq!(message.reference, None);
        assert_eq!(references().read(link), Some(Reference::of(&message)));
    }

    #[test]
    fn only_who_can_be_reported_about_gets_a_reference() {
        let sms = || Content::Sms(SmsContent::default());
        for (channel_type, has_one) in [(ChannelType::Sms, true), (ChannelType::Voice, true), (ChannelType::Gcm, false)]
        {
            let mut message = message(channel_type, sms(), false);
            references().mark(&mut message);
            assert_eq!(message.reference.is_some(), has_one, "{channel_type}");
        }
    }
}
