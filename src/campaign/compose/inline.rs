//! The messages of a request in one form: campaigns and direct messages have other shapes for the same things.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::Error;
use crate::channel::PushPriority;
use crate::domain::limit::{BAIDU_TIME_TO_LIVE_SECONDS_MAX, COLLAPSE_ID_BYTES_MAX, GCM_TIME_TO_LIVE_SECONDS_MAX};
use crate::template::Substitutions;
use crate::wire::generated::{
    ADMMessage, APNSMessage, Action, BaiduMessage, DefaultMessage, DefaultPushNotificationMessage,
    DirectMessageConfiguration, GCMMessage, Message, MessageConfiguration, MessageHeader, MessageType, SimpleEmailPart,
};

/// Bytes of an MD5 checksum.
const MD5_BYTES: usize = 16;

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
    /// The field's name, its value in seconds, and the most it may be.
    pub time_to_live: Option<(&'static str, Cow<'a, str>, u32)>,
    pub sound: Option<&'a str>,
    pub icon: Option<&'a str>,
    pub collapse_key: Option<&'a str>,
    /// What APNs calls its collapse key.
    pub collapse_id: Option<&'a str>,
    pub priority: Option<&'a str>,
    pub restricted_package_name: Option<&'a str>,
    pub badge: Option<i32>,
    pub category: Option<&'a str>,
    pub thread_id: Option<&'a str>,
    pub push_type: Option<&'a str>,
    /// How to prove who we are to the provider, and the words for it. The channel's credentials decide; it has to be one of
    /// these words.
    pub authentication: Option<(&'a str, [&'static str; 2])>,
    /// Checksum of `Data`. What is sent has other data around it, whose checksum ADM gets.
    pub md5: Option<&'a str>,
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
        // `TimeToLive` is not for ADM. Source: API reference, campaign `Message`.
        let adm = push("MessageConfiguration.ADMMessage", &configuration.adm_message)
            .map(|adm| PushText { time_to_live: None, ..adm });
        Self {
            push: [
                adm,
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

/// `TimeToLive` of up to so many seconds.
fn seconds<'a>(seconds: Option<i32>, seconds_max: u32) -> Option<(&'static str, Cow<'a, str>, u32)> {
    seconds.map(|seconds| ("TimeToLive", Cow::Owned(seconds.to_string()), seconds_max))
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
            time_to_live: seconds(message.time_to_live, u32::MAX),
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
            time_to_live: message.expires_after.as_deref().map(|text| ("ExpiresAfter", Cow::Borrowed(text), u32::MAX)),
            sound: message.sound.as_deref(),
            icon: message.icon_reference.as_deref(),
            collapse_key: message.consolidation_key.as_deref(),
            md5: message.md5.as_deref(),
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
            time_to_live: seconds(message.time_to_live, u32::MAX),
            sound: message.sound.as_deref(),
            collapse_id: message.collapse_id.as_deref(),
            priority: message.priority.as_deref(),
            badge: message.badge,
            category: message.category.as_deref(),
            thread_id: message.thread_id.as_deref(),
            push_type: message.apns_push_type.as_deref(),
            authentication: message
                .preferred_authentication_method
                .as_deref()
                .map(|method| (method, ["CERTIFICATE", "TOKEN"])),
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
            time_to_live: seconds(message.time_to_live, BAIDU_TIME_TO_LIVE_SECONDS_MAX),
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
            time_to_live: seconds(message.time_to_live, GCM_TIME_TO_LIVE_SECONDS_MAX),
            sound: message.sound.as_deref(),
            icon: message.icon_reference.as_deref(),
            collapse_key: message.collapse_key.as_deref(),
            priority: message.priority.as_deref(),
            restricted_package_name: message.restricted_package_name.as_deref(),
            authentication: message.preferred_authentication_method.as_deref().map(|method| (method, ["KEY", "TOKEN"])),
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

    /// What must hold whoever gets the message.
    ///
    /// Errors: the first field that breaks a rule.
    pub fn check(&self) -> Result<(), Error> {
        let broken =
            |field: &str, problem: String| Err(Error::Field { field: format!("{}.{field}", self.name), problem });
        if let Some((method, words)) = self.authentication.filter(|(method, words)| !words.contains(method)) {
            let problem = format!("is `{method}`; it must be `{}` or `{}`", words[0], words[1]);
            return broken("PreferredAuthenticationMethod", problem);
        }
        if let Some(id) = self.collapse_id.filter(|id| id.len() > COLLAPSE_ID_BYTES_MAX) {
            let problem = format!("has {} bytes; {COLLAPSE_ID_BYTES_MAX} are allowed", id.len());
            return broken("CollapseId", problem);
        }
        match self.md5.map(|md5| BASE64_STANDARD.decode(md5)) {
            None => Ok(()),
            Some(Ok(digest)) if digest.len() == MD5_BYTES => Ok(()),
            Some(_) => broken("MD5", format!("is not a checksum of {MD5_BYTES} bytes as base64")),
        }
    }

    /// How long the provider keeps the message for a device that cannot be reached, in seconds.
    ///
    /// Errors: what is no number of seconds, or more than the provider's longest time.
    pub fn time_to_live(&self) -> Result<Option<u32>, Error> {
        let Some((field, text, seconds_max)) = &self.time_to_live else { return Ok(None) };
        let seconds = text.parse::<u32>().ok().filter(|seconds| seconds <= seconds_max);
        seconds.map(Some).ok_or_else(|| {
            let upto = if *seconds_max == u32::MAX { String::new() } else { format!(" to {seconds_max}") };
            let problem = format!("is `{text}`; it must be a number of seconds from 0{upto}");
            Error::Field { field: format!("{}.{field}", self.name), problem }
        })
    }
}
