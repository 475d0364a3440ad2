//! The messages of a request in one form: campaigns and direct messages have other shapes for the same things.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Error;
use crate::channel::PushPriority;
use crate::template::Substitutions;
use crate::wire::generated::{
    ADMMessage, APNSMessage, Action, BaiduMessage, DefaultMessage, DefaultPushNotificationMessage,
    DirectMessageConfiguration, GCMMessage, Message, MessageConfiguration, MessageHeader, MessageType, SimpleEmailPart,
};

/// What a request says to each kind of channel; a channel without a message of its own has the default one, whole.
#[derive(Default)]
pub struct Inline<'a> {
    /// Of ADM, APNS, BAIDU and GCM, in this order.
    pub push: [Option<PushText<'a>>; 4],
    pub email: Option<EmailText<'a>>,
    pub sms: Option<SmsText<'a>>,
    pub voice: Option<VoiceText<'a>>,
}

/// A push message. `name` is for errors, here and below.
#[derive(Clone, Default)]
pub struct PushText<'a> {
    pub name: &'static str,
    pub action: Option<&'a Action>,
    pub title: Option<&'a str>,
    pub body: Option<&'a str>,
    pub url: Option<&'a str>,
    pub json_body: Option<Cow<'a, str>>,
    pub image_url: Option<&'a str>,
    pub image_icon_url: Option<&'a str>,
    pub small_image_icon_url: Option<&'a str>,
    pub media_url: Option<&'a str>,
    pub raw_content: Option<&'a str>,
    pub silent: Option<bool>,
    /// The field's name, and its value in seconds.
    pub time_to_live: Option<(&'static str, Cow<'a, str>)>,
    pub sound: Option<&'a str>,
    pub icon: Option<&'a str>,
    pub collapse_key: Option<&'a str>,
    pub priority: Option<&'a str>,
    pub restricted_package_name: Option<&'a str>,
    pub badge: Option<i32>,
    pub category: Option<&'a str>,
    pub thread_id: Option<&'a str>,
    pub push_type: Option<&'a str>,
    pub substitutions: Option<&'a Substitutions>,
}

/// An e-mail.
#[derive(Default)]
pub struct EmailText<'a> {
    pub name: &'static str,
    /// Whether it is a message of its own, and not the default one.
    pub is_own: bool,
    /// The fields' names, and what they hold.
    pub subject: (&'static str, Option<&'a str>),
    pub text: (&'static str, Option<&'a str>),
    pub html: (&'static str, Option<&'a str>),
    pub from_address: Option<&'a str>,
    pub headers: Option<&'a [MessageHeader]>,
    pub reply_to: Option<&'a [String]>,
    pub bounce_address: Option<&'a str>,
    pub raw: Option<&'a str>,
    pub substitutions: Option<&'a Substitutions>,
}

/// A text message.
#[derive(Default)]
pub struct SmsText<'a> {
    pub name: &'static str,
    pub is_own: bool,
    pub body: Option<&'a str>,
    pub message_type: Option<&'a MessageType>,
    pub sender_id: Option<&'a str>,
    pub origination_number: Option<&'a str>,
    pub entity_id: Option<&'a str>,
    pub template_id: Option<&'a str>,
    pub keyword: Option<&'a str>,
    pub substitutions: Option<&'a Substitutions>,
}

/// A text to be read out.
#[derive(Default)]
pub struct VoiceText<'a> {
    pub name: &'static str,
    pub body: Option<&'a str>,
    pub language_code: Option<&'a str>,
    pub voice_id: Option<&'a str>,
    pub origination_number: Option<&'a str>,
    pub substitutions: Option<&'a Substitutions>,
}

impl<'a> Inline<'a> {
    /// The messages of a campaign.
    pub fn campaign(configuration: &'a MessageConfiguration) -> Self {
        let default = configuration.default_message.as_ref();
        let push = |name, own: &'a Option<Message>| match (own, default) {
            (Some(own), _) => Some(PushText::campaign(name, own)),
            (None, Some(default)) => Some(PushText::campaign("MessageConfiguration.DefaultMessage", default)),
            (None, None) => None,
        };
        let email = match (&configuration.email_message, default) {
            (Some(own), _) => Some(EmailText {
                name: "MessageConfiguration.EmailMessage",
                is_own: true,
                subject: ("Title", own.title.as_deref()),
                text: ("Body", own.body.as_deref()),
                html: ("HtmlBody", own.html_body.as_deref()),
                from_address: own.from_address.as_deref(),
                headers: own.headers.as_deref(),
                ..EmailText::default()
            }),
            (None, Some(default)) => Some(EmailText {
                name: "MessageConfiguration.DefaultMessage",
                subject: ("Title", default.title.as_deref()),
                text: ("Body", default.body.as_deref()),
                ..EmailText::default()
            }),
            (None, None) => None,
        };
        let sms = match (&configuration.sms_message, default) {
            (Some(own), _) => Some(SmsText {
                name: "MessageConfiguration.SMSMessage",
                is_own: true,
                body: own.body.as_deref(),
                message_type: own.message_type.as_ref(),
                sender_id: own.sender_id.as_deref(),
                origination_number: own.origination_number.as_deref(),
                entity_id: own.entity_id.as_deref(),
                template_id: own.template_id.as_deref(),
                ..SmsText::default()
            }),
            (None, Some(default)) => Some(SmsText {
                name: "MessageConfiguration.DefaultMessage",
                body: default.body.as_deref(),
                ..SmsText::default()
            }),
            (None, None) => None,
        };
        Self {
            push: [
                push("MessageConfiguration.ADMMessage", &configuration.adm_message),
                push("MessageConfiguration.APNSMessage", &configuration.apns_message),
                push("MessageConfiguration.BaiduMessage", &configuration.baidu_message),
                push("MessageConfiguration.GCMMessage", &configuration.gcm_message),
            ],
            email,
            sms,
            voice: None,
        }
    }

    /// The messages of a direct request: a provider's own, else the default push message, else the default message.
    pub fn direct(configuration: &'a DirectMessageConfiguration) -> Self {
        let default = configuration.default_message.as_ref();
        let default_push = configuration.default_push_notification_message.as_ref();
        let push = |own: Option<PushText<'a>>| {
            own.or_else(|| default_push.map(PushText::default_push)).or_else(|| default.map(PushText::default_message))
        };
        let push = [
            push(configuration.adm_message.as_ref().map(PushText::adm)),
            push(configuration.apns_message.as_ref().map(PushText::apns)),
            push(configuration.baidu_message.as_ref().map(PushText::baidu)),
            push(configuration.gcm_message.as_ref().map(PushText::gcm)),
        ];
        let email = match (&configuration.email_message, default) {
            (Some(own), _) => {
                let simple = own.simple_email.as_ref();
                let part = |part: Option<&'a SimpleEmailPart>| part?.data.as_deref();
                let text = part(simple.and_then(|simple| simple.text_part.as_ref()));
                Some(EmailText {
                    name: "MessageConfiguration.EmailMessage",
                    is_own: true,
                    subject: ("SimpleEmail.Subject", part(simple.and_then(|simple| simple.subject.as_ref()))),
                    text: if text.is_some() { ("SimpleEmail.TextPart", text) } else { ("Body", own.body.as_deref()) },
                    html: ("SimpleEmail.HtmlPart", part(simple.and_then(|simple| simple.html_part.as_ref()))),
                    from_address: own.from_address.as_deref(),
                    headers: simple.and_then(|simple| simple.headers.as_deref()),
                    reply_to: own.reply_to_addresses.as_deref(),
                    bounce_address: own.feedback_forwarding_address.as_deref(),
                    raw: own.raw_email.as_ref().and_then(|raw| raw.data.as_deref()),
                    substitutions: own.substitutions.as_ref(),
                })
            }
            (None, Some(default)) => Some(EmailText {
                name: "MessageConfiguration.DefaultMessage",
                text: ("Body", default.body.as_deref()),
                substitutions: default.substitutions.as_ref(),
                ..EmailText::default()
            }),
            (None, None) => None,
        };
        let sms = match (&configuration.sms_message, default) {
            (Some(own), _) => Some(SmsText {
                name: "MessageConfiguration.SMSMessage",
                is_own: true,
                body: own.body.as_deref(),
                message_type: own.message_type.as_ref(),
                sender_id: own.sender_id.as_deref(),
                origination_number: own.origination_number.as_deref(),
                entity_id: own.entity_id.as_deref(),
                template_id: own.template_id.as_deref(),
                keyword: own.keyword.as_deref(),
                substitutions: own.substitutions.as_ref(),
            }),
            (None, Some(default)) => Some(SmsText {
                name: "MessageConfiguration.DefaultMessage",
                body: default.body.as_deref(),
                substitutions: default.substitutions.as_ref(),
                ..SmsText::default()
            }),
            (None, None) => None,
        };
        let voice = match (&configuration.voice_message, default) {
            (Some(own), _) => Some(VoiceText {
                name: "MessageConfiguration.VoiceMessage",
                body: own.body.as_deref(),
                language_code: own.language_code.as_deref(),
                voice_id: own.voice_id.as_deref(),
                origination_number: own.origination_number.as_deref(),
                substitutions: own.substitutions.as_ref(),
            }),
            (None, Some(default)) => Some(VoiceText {
                name: "MessageConfiguration.DefaultMessage",
                body: default.body.as_deref(),
                substitutions: default.substitutions.as_ref(),
                ..VoiceText::default()
            }),
            (None, None) => None,
        };
        Self { push, email, sms, voice }
    }
}

/// `Data` as the JSON text that campaigns call `JsonBody`.
fn json<'a>(data: &Option<BTreeMap<String, String>>) -> Option<Cow<'a, str>> {
    data.as_ref().map(|data| Cow::Owned(serde_json::to_string(data).expect("text is JSON")))
}

fn seconds<'a>(name: &'static str, seconds: Option<i32>) -> Option<(&'static str, Cow<'a, str>)> {
    seconds.map(|seconds| (name, Cow::Owned(seconds.to_string())))
}

impl<'a> PushText<'a> {
    fn campaign(name: &'static str, message: &'a Message) -> Self {
        Self {
            name,
            action: message.action.as_ref(),
            title: message.title.as_deref(),
            body: message.body.as_deref(),
            url: message.url.as_deref(),
            json_body: message.json_body.as_deref().map(Cow::Borrowed),
            image_url: message.image_url.as_deref(),
            image_icon_url: message.image_icon_url.as_deref(),
            small_image_icon_url: message.image_small_icon_url.as_deref(),
            media_url: message.media_url.as_deref(),
            raw_content: message.raw_content.as_deref(),
            silent: message.silent_push,
            time_to_live: seconds("TimeToLive", message.time_to_live),
            ..Self::default()
        }
    }

    fn default_message(message: &'a DefaultMessage) -> Self {
        Self {
            name: "MessageConfiguration.DefaultMessage",
            body: message.body.as_deref(),
            substitutions: message.substitutions.as_ref(),
            ..Self::default()
        }
    }

    fn default_push(message: &'a DefaultPushNotificationMessage) -> Self {
        Self {
            name: "MessageConfiguration.DefaultPushNotificationMessage",
            action: message.action.as_ref(),
            title: message.title.as_deref(),
            body: message.body.as_deref(),
            url: message.url.as_deref(),
            json_body: json(&message.data),
            silent: message.silent_push,
            substitutions: message.substitutions.as_ref(),
            ..Self::default()
        }
    }

    fn adm(message: &'a ADMMessage) -> Self {
        Self {
            name: "MessageConfiguration.ADMMessage",
            action: message.action.as_ref(),
            title: message.title.as_deref(),
            body: message.body.as_deref(),
            url: message.url.as_deref(),
            json_body: json(&message.data),
            image_url: message.image_url.as_deref(),
            image_icon_url: message.image_icon_url.as_deref(),
            small_image_icon_url: message.small_image_icon_url.as_deref(),
            raw_content: message.raw_content.as_deref(),
            silent: message.silent_push,
            time_to_live: message.expires_after.as_deref().map(|text| ("ExpiresAfter", Cow::Borrowed(text))),
            sound: message.sound.as_deref(),
            icon: message.icon_reference.as_deref(),
            collapse_key: message.consolidation_key.as_deref(),
            substitutions: message.substitutions.as_ref(),
            ..Self::default()
        }
    }

    fn apns(message: &'a APNSMessage) -> Self {
        Self {
            name: "MessageConfiguration.APNSMessage",
            action: message.action.as_ref(),
            title: message.title.as_deref(),
            body: message.body.as_deref(),
            url: message.url.as_deref(),
            json_body: json(&message.data),
            media_url: message.media_url.as_deref(),
            raw_content: message.raw_content.as_deref(),
            silent: message.silent_push,
            time_to_live: seconds("TimeToLive", message.time_to_live),
            sound: message.sound.as_deref(),
            collapse_key: message.collapse_id.as_deref(),
            priority: message.priority.as_deref(),
            badge: message.badge,
            category: message.category.as_deref(),
            thread_id: message.thread_id.as_deref(),
            push_type: message.apns_push_type.as_deref(),
            substitutions: message.substitutions.as_ref(),
            ..Self::default()
        }
    }

    fn baidu(message: &'a BaiduMessage) -> Self {
        Self {
            name: "MessageConfiguration.BaiduMessage",
            action: message.action.as_ref(),
            title: message.title.as_deref(),
            body: message.body.as_deref(),
            url: message.url.as_deref(),
            json_body: json(&message.data),
            image_url: message.image_url.as_deref(),
            image_icon_url: message.image_icon_url.as_deref(),
            small_image_icon_url: message.small_image_icon_url.as_deref(),
            raw_content: message.raw_content.as_deref(),
            silent: message.silent_push,
            time_to_live: seconds("TimeToLive", message.time_to_live),
            sound: message.sound.as_deref(),
            icon: message.icon_reference.as_deref(),
            substitutions: message.substitutions.as_ref(),
            ..Self::default()
        }
    }

    fn gcm(message: &'a GCMMessage) -> Self {
        Self {
            name: "MessageConfiguration.GCMMessage",
            action: message.action.as_ref(),
            title: message.title.as_deref(),
            body: message.body.as_deref(),
            url: message.url.as_deref(),
            json_body: json(&message.data),
            image_url: message.image_url.as_deref(),
            image_icon_url: message.image_icon_url.as_deref(),
            small_image_icon_url: message.small_image_icon_url.as_deref(),
            raw_content: message.raw_content.as_deref(),
            silent: message.silent_push,
            time_to_live: seconds("TimeToLive", message.time_to_live),
            sound: message.sound.as_deref(),
            icon: message.icon_reference.as_deref(),
            collapse_key: message.collapse_key.as_deref(),
            priority: message.priority.as_deref(),
            restricted_package_name: message.restricted_package_name.as_deref(),
            substitutions: message.substitutions.as_ref(),
            ..Self::default()
        }
    }

    /// The priority, in the words of either platform.
    ///
    /// Errors: any other word.
    pub fn priority(&self) -> Result<Option<PushPriority>, Error> {
        match self.priority {
            None => Ok(None),
            Some("5" | "normal") => Ok(Some(PushPriority::Normal)),
            Some("10" | "high") => Ok(Some(PushPriority::High)),
            Some(other) => Err(Error::Field {
                field: format!("{}.Priority", self.name),
                problem: format!("is `{other}`; it must be `normal` or `5`, or `high` or `10`"),
            }),
        }
    }
}
