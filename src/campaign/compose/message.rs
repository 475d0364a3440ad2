//! The messages of each kind of channel: compiled from inline messages and templates, composed for an endpoint.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::inline::{EmailText, PushText, SmsText, VoiceText};
use super::{Error, Field, Overrides, Values, overridden};
use crate::channel::{EmailContent, PushAction, PushContent, PushExtra, SmsContent, VoiceContent};
use crate::domain::limit::{EMAIL_HEADER_NAME_BYTES_MAX, EMAIL_HEADER_VALUE_CHARS_MAX, EMAIL_HEADERS_MAX};
use crate::template::{Defaults, Escape, Missing, Substitutions};
use crate::wire::generated::{
    APNSPushNotificationTemplate, Action, AndroidPushNotificationTemplate, DefaultPushNotificationTemplate,
    EmailTemplateRequest, MessageHeader, MessageType, PushNotificationTemplateRequest, SMSTemplateRequest,
    VoiceTemplateRequest,
};

/// The two places a text can stand in: a template's section, which wins, and an inline message.
struct Layers<'a> {
    template: &'a str,
    inline: &'a str,
    /// For texts of the template.
    missing: Missing,
}

/// A field's name and text.
type Text<'a> = (&'a str, Option<&'a str>);

impl Layers<'_> {
    fn text(&self, template: Text<'_>, inline: Text<'_>, escape: Escape) -> Result<Option<Field>, Error> {
        if let (name, Some(text)) = template {
            return Field::new(format!("{}.{name}", self.template), text, escape, self.missing).map(Some);
        }
        let (name, text) = inline;
        text.map(|text| Field::new(format!("{}.{name}", self.inline), text, escape, Missing::Empty)).transpose()
    }
}

fn defaults(template: &str, json: Option<&str>) -> Result<Defaults, Error> {
    json.map_or_else(|| Ok(Defaults::default()), Defaults::parse)
        .map_err(|source| Error::Template { field: format!("{template}.DefaultSubstitutions"), source })
}

fn render(field: Option<&Field>, values: &Values<'_>) -> Result<Option<String>, Error> {
    field.map(|field| field.render(values)).transpose()
}

/// A push notification before it is composed.
#[derive(Debug)]
pub struct Push {
    pub defaults: Defaults,
    pub substitutions: Substitutions,
    title: Option<Field>,
    body: Option<Field>,
    url: Option<Field>,
    json_body: Option<Field>,
    image_url: Option<Field>,
    image_icon_url: Option<Field>,
    small_image_icon_url: Option<Field>,
    media_url: Option<Field>,
    raw_content: Option<Field>,
    /// What has no variables.
    fixed: PushContent,
}

/// A section of a push template, of any provider.
#[derive(Clone, Copy, Default)]
struct Section<'a> {
    name: &'a str,
    action: Option<&'a Action>,
    title: Option<&'a str>,
    body: Option<&'a str>,
    url: Option<&'a str>,
    image_url: Option<&'a str>,
    image_icon_url: Option<&'a str>,
    small_image_icon_url: Option<&'a str>,
    media_url: Option<&'a str>,
    raw_content: Option<&'a str>,
    sound: Option<&'a str>,
}

impl<'a> Section<'a> {
    fn android(name: &'a str, template: &'a AndroidPushNotificationTemplate) -> Self {
        Self {
            name,
            action: template.action.as_ref(),
            title: template.title.as_deref(),
            body: template.body.as_deref(),
            url: template.url.as_deref(),
            image_url: template.image_url.as_deref(),
            image_icon_url: template.image_icon_url.as_deref(),
            small_image_icon_url: template.small_image_icon_url.as_deref(),
            media_url: None,
            raw_content: template.raw_content.as_deref(),
            sound: template.sound.as_deref(),
        }
    }

    fn apns(template: &'a APNSPushNotificationTemplate) -> Self {
        Self {
            name: "PushTemplate.APNS",
            action: template.action.as_ref(),
            title: template.title.as_deref(),
            body: template.body.as_deref(),
            url: template.url.as_deref(),
            media_url: template.media_url.as_deref(),
            raw_content: template.raw_content.as_deref(),
            sound: template.sound.as_deref(),
            ..Self::default()
        }
    }

    fn common(template: &'a DefaultPushNotificationTemplate) -> Self {
        Self {
            name: "PushTemplate.Default",
            action: template.action.as_ref(),
            title: template.title.as_deref(),
            body: template.body.as_deref(),
            url: template.url.as_deref(),
            sound: template.sound.as_deref(),
            ..Self::default()
        }
    }
}

/// The messages of ADM, APNS, BAIDU and GCM, in this order.
pub fn push(
    inline: &[Option<PushText<'_>>; 4],
    template: Option<&PushNotificationTemplateRequest>,
    missing: Missing,
) -> Result<[Option<Push>; 4], Error> {
    let nothing = PushNotificationTemplateRequest::default();
    let template = template.unwrap_or(&nothing);
    let sections = [
        template.adm.as_ref().map(|section| Section::android("PushTemplate.ADM", section)),
        template.apns.as_ref().map(Section::apns),
        template.baidu.as_ref().map(|section| Section::android("PushTemplate.Baidu", section)),
        template.gcm.as_ref().map(|section| Section::android("PushTemplate.GCM", section)),
    ];
    let defaults = defaults("PushTemplate", template.default_substitutions.as_deref())?;
    let mut compiled = [const { None }; 4];
    for ((section, message), place) in sections.into_iter().zip(inline).zip(&mut compiled) {
        let section = section.or_else(|| template.default.as_ref().map(Section::common));
        if section.is_some() || message.is_some() {
            *place = Some(Push::new(section.unwrap_or_default(), message.as_ref(), &defaults, missing)?);
        }
    }
    Ok(compiled)
}

/// What only direct messages say, if this one says any of it.
fn extra(message: &PushText<'_>) -> Result<Option<PushExtra>, Error> {
    let extra = PushExtra {
        icon: message.icon.map(str::to_owned),
        collapse_key: message.collapse_key.or(message.collapse_id).map(str::to_owned),
        priority: message.priority()?,
        restricted_package_name: message.restricted_package_name.map(str::to_owned),
        badge: message.badge,
        category: message.category.map(str::to_owned),
        thread_id: message.thread_id.map(str::to_owned),
        push_type: message.push_type.map(str::to_owned),
        context: BTreeMap::new(),
    };
    Ok((extra != PushExtra::default()).then_some(extra))
}

impl Push {
    fn new(
        section: Section<'_>,
        message: Option<&PushText<'_>>,
        defaults: &Defaults,
        missing: Missing,
    ) -> Result<Self, Error> {
        let nothing = PushText::default();
        let message = message.unwrap_or(&nothing);
        let name = message.name;
        let layers = Layers { template: section.name, inline: name, missing };
        let text = |field, template, inline, escape| layers.text((field, template), (field, inline), escape);
        let action = match (section.action, message.action) {
            (Some(Action::Unknown(value)), _) => Err((format!("{}.Action", section.name), value)),
            (None, Some(Action::Unknown(value))) => Err((format!("{name}.Action"), value)),
            (Some(Action::DeepLink), _) | (None, Some(Action::DeepLink)) => Ok(PushAction::DeepLink),
            (Some(Action::Url), _) | (None, Some(Action::Url)) => Ok(PushAction::Url),
            (Some(Action::OpenApp), _) | (None, Some(Action::OpenApp) | None) => Ok(PushAction::OpenApp),
        };
        let action = action.map_err(|(field, value)| Error::Field {
            field,
            problem: format!("is `{value}`; it must be one of {}", Action::VALUES.join(", ")),
        })?;
        message.check()?;
        let push = Self {
            defaults: defaults.clone(),
            substitutions: message.substitutions.cloned().unwrap_or_default(),
            title: text("Title", section.title, message.title, Escape::None)?,
            body: text("Body", section.body, message.body, Escape::None)?,
            url: text("Url", section.url, message.url, Escape::None)?,
            json_body: text("JsonBody", None, message.json_body.as_deref(), Escape::Json)?,
            image_url: text("ImageUrl", section.image_url, message.image_url, Escape::None)?,
            image_icon_url: text("ImageIconUrl", section.image_icon_url, message.image_icon_url, Escape::None)?,
            small_image_icon_url: layers.text(
                ("SmallImageIconUrl", section.small_image_icon_url),
                ("ImageSmallIconUrl", message.small_image_icon_url),
                Escape::None,
            )?,
            media_url: text("MediaUrl", section.media_url, message.media_url, Escape::None)?,
            raw_content: text("RawContent", section.raw_content, message.raw_content, Escape::Json)?,
            fixed: PushContent {
                action,
                silent: message.silent.unwrap_or(false),
                time_to_live: message.time_to_live()?,
                sound: section.sound.or(message.sound).map(str::to_owned),
                extra: extra(message)?.map(Box::new),
                ..PushContent::default()
            },
        };
        let has_text = [&push.title, &push.body, &push.json_body, &push.raw_content].into_iter().any(Option::is_some);
        if has_text || push.fixed.silent {
            return Ok(push);
        }
        let field = if section.name.is_empty() { name } else { section.name }.to_owned();
        let problem =
            "has nothing to say: it needs a title, body, JSON body or raw content, or to be silent".to_owned();
        Err(Error::Field { field, problem })
    }

    pub fn compose(&self, overrides: &Overrides<'_>, values: &Values<'_>) -> Result<PushContent, Error> {
        if let Some(text) = overrides.raw_content {
            let field = Field::new("RawContent".to_owned(), text, Escape::Json, Missing::Empty)?;
            return Ok(PushContent { raw_content: Some(field.render(values)?), ..self.fixed.clone() });
        }
        if let Some(raw_content) = &self.raw_content {
            return Ok(PushContent { raw_content: Some(raw_content.render(values)?), ..self.fixed.clone() });
        }
        Ok(PushContent {
            title: overridden("TitleOverride", overrides.title, self.title.as_ref(), values)?,
            body: overridden("BodyOverride", overrides.body, self.body.as_ref(), values)?,
            url: render(self.url.as_ref(), values)?,
            json_body: render(self.json_body.as_ref(), values)?,
            image_url: render(self.image_url.as_ref(), values)?,
            image_icon_url: render(self.image_icon_url.as_ref(), values)?,
            small_image_icon_url: render(self.small_image_icon_url.as_ref(), values)?,
            media_url: render(self.media_url.as_ref(), values)?,
            ..self.fixed.clone()
        })
    }
}

/// An e-mail before it is composed.
#[derive(Debug)]
pub struct Email {
    pub defaults: Defaults,
    pub substitutions: Substitutions,
    subject: Option<Field>,
    text: Option<Field>,
    html: Option<Field>,
    headers: Vec<(String, Field)>,
    /// What has no variables.
    fixed: EmailContent,
}

/// The e-mail of a request. A default message gives it a text, and a campaign's a subject, too.
pub fn email(
    inline: Option<&EmailText<'_>>,
    template: Option<&EmailTemplateRequest>,
    missing: Missing,
) -> Result<Option<Email>, Error> {
    if inline.is_none() && template.is_none() {
        return Ok(None);
    }
    let (nothing, no_message) = (EmailTemplateRequest::default(), EmailText::default());
    let template = template.unwrap_or(&nothing);
    let message = inline.unwrap_or(&no_message);
    let name = message.name;
    let layers = Layers { template: "EmailTemplate", inline: name, missing };
    let mut headers = match (&template.headers, message.headers) {
        (Some(own), _) => headers("EmailTemplate", own, missing)?,
        (None, Some(own)) => headers(name, own, Missing::Empty)?,
        (None, None) => Vec::new(),
    };
    if let Some(addresses) = message.reply_to.filter(|addresses| !addresses.is_empty()) {
        let field = format!("{name}.ReplyToAddresses");
        headers.push(("Reply-To".to_owned(), Field::new(field, &addresses.join(", "), Escape::None, Missing::Empty)?));
    }
    if let Some(raw) = message.raw
        && BASE64_STANDARD.decode(raw).is_err()
    {
        let problem = "is not base64".to_owned();
        return Err(Error::Field { field: format!("{name}.RawEmail.Data"), problem });
    }
    let email = Email {
        defaults: defaults("EmailTemplate", template.default_substitutions.as_deref())?,
        substitutions: message.substitutions.cloned().unwrap_or_default(),
        subject: layers.text(("Subject", template.subject.as_deref()), message.subject, Escape::None)?,
        text: layers.text(("TextPart", template.text_part.as_deref()), message.text, Escape::None)?,
        html: layers.text(("HtmlPart", template.html_part.as_deref()), message.html, Escape::Html)?,
        headers,
        fixed: EmailContent {
            from_address: message.from_address.map(str::to_owned),
            bounce_address: message.bounce_address.map(str::to_owned),
            raw: message.raw.map(str::to_owned),
            ..EmailContent::default()
        },
    };
    if email.subject.is_none() && email.text.is_none() && email.html.is_none() && email.fixed.raw.is_none() {
        let field = if message.is_own { name } else { "EmailTemplate" }.to_owned();
        return Err(Error::Field { field, problem: "has neither a subject nor a text nor an HTML part".to_owned() });
    }
    Ok(Some(email))
}

fn headers(name: &str, headers: &[MessageHeader], missing: Missing) -> Result<Vec<(String, Field)>, Error> {
    let broken = |problem: String| Err(Error::Field { field: format!("{name}.Headers"), problem });
    if headers.len() > EMAIL_HEADERS_MAX {
        return broken(format!("has {} headers; {EMAIL_HEADERS_MAX} are allowed", headers.len()));
    }
    let mut compiled = Vec::with_capacity(headers.len());
    for header in headers {
        let Some(header_name) = header.name.clone().filter(|name| !name.is_empty()) else {
            return broken("has a header without a `Name`".to_owned());
        };
        // RFC 5322, section 2.2: printable ASCII but the colon.
        let is_name = header_name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        if !is_name || header_name.len() > EMAIL_HEADER_NAME_BYTES_MAX {
            return broken(format!("has `{}`, which is not the name of a header", header_name.escape_debug()));
        }
        let value = header.value.as_deref().unwrap_or_default();
        if value.chars().count() > EMAIL_HEADER_VALUE_CHARS_MAX {
            return broken(format!("has a `{header_name}` of more than {EMAIL_HEADER_VALUE_CHARS_MAX} characters"));
        }
        let field = Field::new(format!("{name}.Headers.{header_name}"), value, Escape::None, missing)?;
        compiled.push((header_name, field));
    }
    Ok(compiled)
}

impl Email {
    /// Shape: a text that is given for the body is the whole of it, so that no HTML part says something else.
    pub fn compose(&self, overrides: &Overrides<'_>, values: &Values<'_>) -> Result<EmailContent, Error> {
        if overrides.raw_content.is_some() {
            return Err(raw_content_of("e-mails"));
        }
        if self.fixed.raw.is_some() {
            return Ok(self.fixed.clone());
        }
        let subject = overridden("TitleOverride", overrides.title, self.subject.as_ref(), values)?;
        let header = |(name, field): &(String, Field)| Ok((name.clone(), one_line(field.render(values)?)));
        let html = self.html.as_ref().filter(|_| overrides.body.is_none());
        Ok(EmailContent {
            subject: one_line(subject.unwrap_or_default()),
            text: overridden("BodyOverride", overrides.body, self.text.as_ref(), values)?,
            html: render(html, values)?,
            headers: self.headers.iter().map(header).collect::<Result<_, _>>()?,
            ..self.fixed.clone()
        })
    }
}

fn raw_content_of(messages: &str) -> Error {
    Error::Field { field: "RawContent".to_owned(), problem: format!("is for push messages; {messages} have none") }
}

/// A header's value without line breaks: an endpoint's attribute must not be able to add headers of its own.
fn one_line(text: String) -> String {
    if text.contains(['\r', '\n']) { text.split(['\r', '\n']).collect::<Vec<_>>().join(" ") } else { text }
}

/// A text message before it is composed.
#[derive(Debug)]
pub struct Sms {
    pub defaults: Defaults,
    pub substitutions: Substitutions,
    body: Field,
    /// What has no variables.
    fixed: SmsContent,
}

/// The text message of a request. A default message gives it a text, if it has one.
pub fn sms(
    inline: Option<&SmsText<'_>>,
    template: Option<&SMSTemplateRequest>,
    missing: Missing,
) -> Result<Option<Sms>, Error> {
    let no_message = SmsText::default();
    let message = inline.unwrap_or(&no_message);
    let name = message.name;
    let layers = Layers { template: "SMSTemplate", inline: name, missing };
    let template_body = template.and_then(|template| template.body.as_deref());
    let body = layers.text(("Body", template_body), ("Body", message.body), Escape::None)?;
    let Some(body) = body else {
        let field = match (message.is_own, template) {
            (true, _) => name.to_owned(),
            (false, Some(_)) => "SMSTemplate".to_owned(),
            (false, None) => return Ok(None),
        };
        return Err(Error::Field { field, problem: "has no `Body`".to_owned() });
    };
    let is_transactional = match message.message_type {
        Some(MessageType::Unknown(value)) => {
            let problem = format!("is `{value}`; it must be one of {}", MessageType::VALUES.join(", "));
            return Err(Error::Field { field: format!("{name}.MessageType"), problem });
        }
        message_type => message_type == Some(&MessageType::Transactional),
    };
    let defaults = defaults("SMSTemplate", template.and_then(|template| template.default_substitutions.as_deref()))?;
    let fixed = SmsContent {
        body: String::new(),
        is_transactional,
        sender_id: message.sender_id.map(str::to_owned),
        origination_number: message.origination_number.map(str::to_owned),
        entity_id: message.entity_id.map(str::to_owned),
        template_id: message.template_id.map(str::to_owned),
        keyword: message.keyword.map(str::to_owned),
    };
    let substitutions = message.substitutions.cloned().unwrap_or_default();
    Ok(Some(Sms { defaults, substitutions, body, fixed }))
}

impl Sms {
    pub fn compose(&self, overrides: &Overrides<'_>, values: &Values<'_>) -> Result<SmsContent, Error> {
        if overrides.raw_content.is_some() {
            return Err(raw_content_of("text messages"));
        }
        let body = overridden("BodyOverride", overrides.body, Some(&self.body), values)?.unwrap_or_default();
        Ok(SmsContent { body, ..self.fixed.clone() })
    }
}

/// A voice message before it is composed.
#[derive(Debug)]
pub struct Voice {
    pub defaults: Defaults,
    pub substitutions: Substitutions,
    body: Field,
    /// What has no variables.
    fixed: VoiceContent,
}

/// The voice message of a request, if it has a text.
pub fn voice(
    inline: Option<&VoiceText<'_>>,
    template: Option<&VoiceTemplateRequest>,
    missing: Missing,
) -> Result<Option<Voice>, Error> {
    let no_message = VoiceText::default();
    let message = inline.unwrap_or(&no_message);
    let layers = Layers { template: "VoiceTemplate", inline: message.name, missing };
    let template_body = template.and_then(|template| template.body.as_deref());
    let Some(body) = layers.text(("Body", template_body), ("Body", message.body), Escape::None)? else {
        return Ok(None);
    };
    let first = |template: Option<&String>, own: Option<&str>| template.cloned().or_else(|| own.map(str::to_owned));
    let fixed = VoiceContent {
        body: String::new(),
        language_code: first(template.and_then(|it| it.language_code.as_ref()), message.language_code),
        voice_id: first(template.and_then(|it| it.voice_id.as_ref()), message.voice_id),
        origination_number: message.origination_number.map(str::to_owned),
    };
    Ok(Some(Voice {
        defaults: defaults("VoiceTemplate", template.and_then(|it| it.default_substitutions.as_deref()))?,
        substitutions: message.substitutions.cloned().unwrap_or_default(),
        body,
        fixed,
    }))
}

impl Voice {
    pub fn compose(&self, overrides: &Overrides<'_>, values: &Values<'_>) -> Result<VoiceContent, Error> {
        if overrides.raw_content.is_some() {
            return Err(raw_content_of("voice messages"));
        }
        let body = overridden("BodyOverride", overrides.body, Some(&self.body), values)?.unwrap_or_default();
        Ok(VoiceContent { body, ..self.fixed.clone() })
    }
}
