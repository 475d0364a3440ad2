//! The messages of each kind of channel: compiled from inline messages and templates, composed for an endpoint.

use super::{Error, Field, Overrides, Values, overridden};
use crate::channel::{EmailContent, PushAction, PushContent, SmsContent};
use crate::template::{Defaults, Escape, Missing};
use crate::wire::generated::{
    APNSPushNotificationTemplate, Action, AndroidPushNotificationTemplate, DefaultPushNotificationTemplate,
    EmailTemplateRequest, Message, MessageConfiguration, MessageHeader, MessageType, PushNotificationTemplateRequest,
    SMSTemplateRequest,
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
    inline: &MessageConfiguration,
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
    let messages = [
        ("MessageConfiguration.ADMMessage", &inline.adm_message),
        ("MessageConfiguration.APNSMessage", &inline.apns_message),
        ("MessageConfiguration.BaiduMessage", &inline.baidu_message),
        ("MessageConfiguration.GCMMessage", &inline.gcm_message),
    ];
    let defaults = defaults("PushTemplate", template.default_substitutions.as_deref())?;
    let mut compiled = [const { None }; 4];
    for ((section, (name, message)), place) in sections.into_iter().zip(messages).zip(&mut compiled) {
        let section = section.or_else(|| template.default.as_ref().map(Section::common));
        let default_message = ("MessageConfiguration.DefaultMessage", inline.default_message.as_ref());
        let (name, message) = if message.is_some() { (name, message.as_ref()) } else { default_message };
        if section.is_some() || message.is_some() {
            *place = Some(Push::new(section.unwrap_or_default(), name, message, &defaults, missing)?);
        }
    }
    Ok(compiled)
}

impl Push {
    fn new(
        section: Section<'_>,
        name: &str,
        message: Option<&Message>,
        defaults: &Defaults,
        missing: Missing,
    ) -> Result<Self, Error> {
        let nothing = Message::default();
        let message = message.unwrap_or(&nothing);
        let layers = Layers { template: section.name, inline: name, missing };
        let text = |field, template, inline: &Option<String>, escape| {
            layers.text((field, template), (field, inline.as_deref()), escape)
        };
        let action = match (section.action, message.action.as_ref()) {
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
        let time_to_live = message.time_to_live.map(|seconds| {
            u32::try_from(seconds).map_err(|_| Error::Field {
                field: format!("{name}.TimeToLive"),
                problem: format!("is {seconds}; it must be a number of seconds from 0"),
            })
        });
        let push = Self {
            defaults: defaults.clone(),
            title: text("Title", section.title, &message.title, Escape::None)?,
            body: text("Body", section.body, &message.body, Escape::None)?,
            url: text("Url", section.url, &message.url, Escape::None)?,
            json_body: text("JsonBody", None, &message.json_body, Escape::Json)?,
            image_url: text("ImageUrl", section.image_url, &message.image_url, Escape::None)?,
            image_icon_url: text("ImageIconUrl", section.image_icon_url, &message.image_icon_url, Escape::None)?,
            small_image_icon_url: layers.text(
                ("SmallImageIconUrl", section.small_image_icon_url),
                ("ImageSmallIconUrl", message.image_small_icon_url.as_deref()),
                Escape::None,
            )?,
            media_url: text("MediaUrl", section.media_url, &message.media_url, Escape::None)?,
            raw_content: text("RawContent", section.raw_content, &message.raw_content, Escape::Json)?,
            fixed: PushContent {
                action,
                silent: message.silent_push.unwrap_or(false),
                time_to_live: time_to_live.transpose()?,
                sound: section.sound.map(str::to_owned),
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
    subject: Option<Field>,
    text: Option<Field>,
    html: Option<Field>,
    from_address: Option<String>,
    headers: Vec<(String, Field)>,
}

/// The e-mail of a campaign. A default message gives it a subject and a text.
pub fn email(
    inline: &MessageConfiguration,
    template: Option<&EmailTemplateRequest>,
    missing: Missing,
) -> Result<Option<Email>, Error> {
    let default_message =
        inline.default_message.as_ref().filter(|message| message.body.is_some() || message.title.is_some());
    if template.is_none() && inline.email_message.is_none() && default_message.is_none() {
        return Ok(None);
    }
    let nothing = EmailTemplateRequest::default();
    let template = template.unwrap_or(&nothing);
    let (name, title, body, own) = match (&inline.email_message, default_message) {
        (Some(own), _) => ("MessageConfiguration.EmailMessage", own.title.as_deref(), own.body.as_deref(), Some(own)),
        (None, Some(message)) => {
            ("MessageConfiguration.DefaultMessage", message.title.as_deref(), message.body.as_deref(), None)
        }
        (None, None) => ("", None, None, None),
    };
    let layers = Layers { template: "EmailTemplate", inline: name, missing };
    let html_body = own.and_then(|own| own.html_body.as_deref());
    let email = Email {
        defaults: defaults("EmailTemplate", template.default_substitutions.as_deref())?,
        subject: layers.text(("Subject", template.subject.as_deref()), ("Title", title), Escape::None)?,
        text: layers.text(("TextPart", template.text_part.as_deref()), ("Body", body), Escape::None)?,
        html: layers.text(("HtmlPart", template.html_part.as_deref()), ("HtmlBody", html_body), Escape::Html)?,
        from_address: own.and_then(|own| own.from_address.clone()),
        headers: match (&template.headers, own.and_then(|own| own.headers.as_ref())) {
            (Some(own), _) => headers("EmailTemplate", own, missing)?,
            (None, Some(own)) => headers(name, own, Missing::Empty)?,
            (None, None) => Vec::new(),
        },
    };
    if email.subject.is_none() && email.text.is_none() && email.html.is_none() {
        let field = if own.is_some() { name } else { "EmailTemplate" }.to_owned();
        return Err(Error::Field { field, problem: "has neither a subject nor a text nor an HTML part".to_owned() });
    }
    Ok(Some(email))
}

fn headers(name: &str, headers: &[MessageHeader], missing: Missing) -> Result<Vec<(String, Field)>, Error> {
    let mut compiled = Vec::with_capacity(headers.len());
    for header in headers {
        let Some(header_name) = header.name.clone().filter(|name| !name.is_empty()) else {
            let problem = "has a header without a `Name`".to_owned();
            return Err(Error::Field { field: format!("{name}.Headers"), problem });
        };
        let value = header.value.as_deref().unwrap_or_default();
        let field = Field::new(format!("{name}.Headers.{header_name}"), value, Escape::None, missing)?;
        compiled.push((header_name, field));
    }
    Ok(compiled)
}

impl Email {
    pub fn compose(&self, values: &Values<'_>) -> Result<EmailContent, Error> {
        let subject = render(self.subject.as_ref(), values)?.unwrap_or_default();
        let header = |(name, field): &(String, Field)| Ok((name.clone(), one_line(field.render(values)?)));
        Ok(EmailContent {
            subject: one_line(subject),
            text: render(self.text.as_ref(), values)?,
            html: render(self.html.as_ref(), values)?,
            from_address: self.from_address.clone(),
            headers: self.headers.iter().map(header).collect::<Result<_, _>>()?,
        })
    }
}

/// A header's value without line breaks: an endpoint's attribute must not be able to add headers of its own.
fn one_line(text: String) -> String {
    if text.contains(['\r', '\n']) { text.split(['\r', '\n']).collect::<Vec<_>>().join(" ") } else { text }
}

/// A text message before it is composed.
#[derive(Debug)]
pub struct Sms {
    pub defaults: Defaults,
    body: Field,
    /// What has no variables.
    fixed: SmsContent,
}

/// The text message of a campaign. A default message gives it a text, if it has one.
pub fn sms(
    inline: &MessageConfiguration,
    template: Option<&SMSTemplateRequest>,
    missing: Missing,
) -> Result<Option<Sms>, Error> {
    let own = inline.sms_message.as_ref();
    let (name, body) = match (own, &inline.default_message) {
        (Some(own), _) => ("MessageConfiguration.SMSMessage", own.body.as_deref()),
        (None, Some(message)) => ("MessageConfiguration.DefaultMessage", message.body.as_deref()),
        (None, None) => ("", None),
    };
    let layers = Layers { template: "SMSTemplate", inline: name, missing };
    let body =
        layers.text(("Body", template.and_then(|template| template.body.as_deref())), ("Body", body), Escape::None)?;
    let Some(body) = body else {
        let field = match (own, template) {
            (Some(_), _) => name.to_owned(),
            (None, Some(_)) => "SMSTemplate".to_owned(),
            (None, None) => return Ok(None),
        };
        return Err(Error::Field { field, problem: "has no `Body`".to_owned() });
    };
    let is_transactional = match own.and_then(|own| own.message_type.as_ref()) {
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
        sender_id: own.and_then(|own| own.sender_id.clone()),
        origination_number: own.and_then(|own| own.origination_number.clone()),
        entity_id: own.and_then(|own| own.entity_id.clone()),
        template_id: own.and_then(|own| own.template_id.clone()),
    };
    Ok(Some(Sms { defaults, body, fixed }))
}

impl Sms {
    pub fn compose(&self, overrides: &Overrides<'_>, values: &Values<'_>) -> Result<SmsContent, Error> {
        let body = overridden("BodyOverride", overrides.body, Some(&self.body), values)?.unwrap_or_default();
        Ok(SmsContent { body, ..self.fixed.clone() })
    }
}
