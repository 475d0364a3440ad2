//! Composing: what one endpoint is told, by its channel type.
//!
//! Pure: no I/O, no clock. A campaign's texts are compiled once; an endpoint's document is parsed only if a text has
//! variables, so that a campaign without them costs an endpoint a few copies.
//!
//! What wins, from the strongest:
//! * Custom delivery takes every endpoint type it lists, whatever other messages there are.
//! * `RawContent` replaces all other texts of its message, overrides included: nobody knows where in a payload of the
//!   provider's own form a title would go. A direct message may have its own for each recipient, which comes first.
//! * `TitleOverride` and `BodyOverride`: a hook's on the types of [`ChannelType::takes_overrides`], a direct message's on
//!   all. They may hold variables, as inline texts do.
//! * A template, for the fields it has; then the inline message.
//!
//! Within both, a channel's own message or section stands before the default one, whole.

mod inline;
mod message;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use self::inline::Inline;
use self::message::{Email, Push, Sms, Voice};
use crate::channel::{Content, CustomContent};
use crate::config::MissingVariable;
use crate::domain::ChannelType;
use crate::domain::limit::CUSTOM_DATA_BYTES_MAX;
use crate::template::{self, Context, Defaults, Escape, Missing, Substitutions, Template};
use crate::wire::generated::{
    CustomDeliveryConfiguration, DirectMessageConfiguration, EmailTemplateRequest, MessageConfiguration,
    PushNotificationTemplateRequest, SMSTemplateRequest, VoiceTemplateRequest,
};

/// The message templates of a campaign or a direct request, resolved.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    pub email: Option<EmailTemplateRequest>,
    pub sms: Option<SMSTemplateRequest>,
    pub push: Option<PushNotificationTemplateRequest>,
    /// For direct messages alone.
    pub voice: Option<VoiceTemplateRequest>,
}

/// One endpoint to compose for.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    pub id: &'a str,
    pub channel_type: ChannelType,
    /// The stored endpoint definition, with what the hook changed.
    pub document: &'a [u8],
    pub overrides: Overrides<'a>,
}

/// What a hook or a direct message wants an endpoint to be told instead. An empty text is a text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overrides<'a> {
    pub title: Option<&'a str>,
    pub body: Option<&'a str>,
    /// A payload in the provider's own form, of a direct message.
    pub raw_content: Option<&'a str>,
    /// Values for variables, of a direct message: before the message's own, and before what the endpoint has.
    pub substitutions: Option<&'a Substitutions>,
}

/// The messages of a campaign's treatment or of a direct request, ready to be composed.
#[derive(Debug)]
pub struct Composer {
    is_direct: bool,
    adm: Option<Push>,
    apns: Option<Push>,
    baidu: Option<Push>,
    gcm: Option<Push>,
    email: Option<Email>,
    sms: Option<Sms>,
    voice: Option<Voice>,
    custom: Option<Custom>,
}

/// Delivery by the customer's own function or webhook.
#[derive(Debug)]
struct Custom {
    types: Vec<ChannelType>,
    delivery_uri: Arc<str>,
    data: Option<Arc<str>>,
}

/// The message an endpoint type gets.
enum Chosen<'a> {
    Push(&'a Push),
    Email(&'a Email),
    Sms(&'a Sms),
    Voice(&'a Voice),
    Custom(&'a Custom),
}

impl Composer {
    /// What the custom channel delivers to.
    pub fn delivery_uri(&self) -> Option<&str> {
        self.custom.as_ref().map(|custom| &*custom.delivery_uri)
    }

    /// Compiles everything a treatment can say.
    ///
    /// `missing` is for texts of templates; in inline texts a variable without a value prints as nothing.
    ///
    /// Errors: no message that can be sent, or a field that breaks a rule; they name field, value and rule.
    pub fn new(
        configuration: Option<&MessageConfiguration>,
        templates: &Templates,
        custom_delivery: Option<&CustomDeliveryConfiguration>,
        missing: MissingVariable,
    ) -> Result<Self, Error> {
        let nothing = MessageConfiguration::default();
        let configuration = configuration.unwrap_or(&nothing);
        let custom = custom(configuration, custom_delivery)?;
        Self::compile(&Inline::campaign(configuration), templates, custom, missing)
    }

    /// Compiles everything a direct request can say; `missing` and errors as above.
    pub fn direct(
        configuration: &DirectMessageConfiguration,
        templates: &Templates,
        missing: MissingVariable,
    ) -> Result<Self, Error> {
        let composer = Self::compile(&Inline::direct(configuration), templates, None, missing)?;
        Ok(Self { is_direct: true, ..composer })
    }

    fn compile(
        inline: &Inline<'_>,
        templates: &Templates,
        custom: Option<Custom>,
        missing: MissingVariable,
    ) -> Result<Self, Error> {
        let missing = match missing {
            MissingVariable::Fail => Missing::Fail,
            MissingVariable::Empty => Missing::Empty,
        };
        let [adm, apns, baidu, gcm] = message::push(&inline.push, templates.push.as_ref(), missing)?;
        let composer = Self {
            is_direct: false,
            adm,
            apns,
            baidu,
            gcm,
            email: message::email(inline.email.as_ref(), templates.email.as_ref(), missing)?,
            sms: message::sms(inline.sms.as_ref(), templates.sms.as_ref(), missing)?,
            voice: message::voice(inline.voice.as_ref(), templates.voice.as_ref(), missing)?,
            custom,
        };
        if ChannelType::ALL.into_iter().any(|channel| composer.has_message_for(channel)) {
            Ok(composer)
        } else {
            Err(Error::NoMessage)
        }
    }

    /// Whether endpoints of that type get a message.
    ///
    /// In-app messages are fetched by apps and never sent, so `IN_APP` has none; neither has `VOICE` in campaigns, unless
    /// custom delivery takes it.
    pub fn has_message_for(&self, channel: ChannelType) -> bool {
        self.choose(channel).is_some()
    }

    /// Whether endpoints of that type are delivered to by the customer's own function or webhook.
    pub fn is_custom(&self, channel: ChannelType) -> bool {
        matches!(self.choose(channel), Some(Chosen::Custom(_)))
    }

    fn choose(&self, channel: ChannelType) -> Option<Chosen<'_>> {
        use ChannelType::{
            Adm, Apns, ApnsSandbox, ApnsVoip, ApnsVoipSandbox, Baidu, Custom, Email, Gcm, InApp, Push, Sms, Voice,
        };
        if channel == InApp {
            return None;
        }
        if let Some(custom) = self.custom.as_ref().filter(|custom| custom.types.contains(&channel)) {
            return Some(Chosen::Custom(custom));
        }
        match channel {
            Adm => self.adm.as_ref().map(Chosen::Push),
            Apns | ApnsSandbox | ApnsVoip | ApnsVoipSandbox => self.apns.as_ref().map(Chosen::Push),
            Baidu => self.baidu.as_ref().map(Chosen::Push),
            Gcm => self.gcm.as_ref().map(Chosen::Push),
            Email => self.email.as_ref().map(Chosen::Email),
            Sms => self.sms.as_ref().map(Chosen::Sms),
            Voice => self.voice.as_ref().map(Chosen::Voice),
            Custom | InApp | Push => None,
        }
    }

    /// Composes the message of one endpoint.
    ///
    /// Errors: no message for its type, an override that is no template, or a text that cannot be rendered for this
    /// endpoint. They name fields and variables, never values of the endpoint.
    pub fn compose(&self, target: &Target<'_>, now: Timestamp) -> Result<Content, Error> {
        let chosen = self.choose(target.channel_type).ok_or(Error::NoMessageFor { channel: target.channel_type })?;
        let takes_overrides = self.is_direct || target.channel_type.takes_overrides();
        let overrides = if takes_overrides { target.overrides } else { Overrides::default() };
        match chosen {
            Chosen::Push(push) => {
                let values = Values::new(target, now, &push.defaults, &push.substitutions);
                push.compose(&overrides, &values).map(Content::Push)
            }
            Chosen::Email(email) => {
                let values = Values::new(target, now, &email.defaults, &email.substitutions);
                email.compose(&overrides, &values).map(Content::Email)
            }
            Chosen::Sms(sms) => {
                let values = Values::new(target, now, &sms.defaults, &sms.substitutions);
                sms.compose(&overrides, &values).map(Content::Sms)
            }
            Chosen::Voice(voice) => {
                let values = Values::new(target, now, &voice.defaults, &voice.substitutions);
                voice.compose(&overrides, &values).map(Content::Voice)
            }
            Chosen::Custom(custom) => Ok(Content::Custom(CustomContent {
                delivery_uri: Arc::clone(&custom.delivery_uri),
                data: custom.data.clone(),
                endpoint_document: Bytes::copy_from_slice(target.document),
            })),
        }
    }
}

/// An endpoint's values, read when the first variable needs them.
struct Values<'a> {
    target: &'a Target<'a>,
    now: Timestamp,
    defaults: &'a Defaults,
    substitutions: &'a Substitutions,
    context: OnceCell<Context>,
}

impl<'a> Values<'a> {
    fn new(target: &'a Target<'a>, now: Timestamp, defaults: &'a Defaults, substitutions: &'a Substitutions) -> Self {
        Self { target, now, defaults, substitutions, context: OnceCell::new() }
    }

    fn render(&self, template: &Template, missing: Missing) -> Result<String, template::Error> {
        if let Some(text) = template.as_static() {
            return Ok(text.to_owned());
        }
        let context = match self.context.get() {
            Some(context) => context,
            None => {
                let Target { document, id, overrides, .. } = self.target;
                let mut context = Context::new(document, id, self.now, self.defaults)?;
                context.substitute(self.substitutions);
                context.substitute(overrides.substitutions.unwrap_or(&Substitutions::new()));
                self.context.get_or_init(|| context)
            }
        };
        template.render(context, missing)
    }
}

/// One text of a message.
#[derive(Clone, Debug)]
struct Field {
    name: String,
    template: Template,
    missing: Missing,
}

impl Field {
    fn new(name: String, source: &str, escape: Escape, missing: Missing) -> Result<Self, Error> {
        match Template::compile(source, escape) {
            Ok(template) => Ok(Self { name, template, missing }),
            Err(source) => Err(Error::Template { field: name, source }),
        }
    }

    fn render(&self, values: &Values<'_>) -> Result<String, Error> {
        values
            .render(&self.template, self.missing)
            .map_err(|source| Error::Template { field: self.name.clone(), source })
    }
}

/// A text as overridden, or else as the campaign has it.
fn overridden(
    name: &str,
    text: Option<&str>,
    field: Option<&Field>,
    values: &Values<'_>,
) -> Result<Option<String>, Error> {
    match text {
        Some(text) => Field::new(name.to_owned(), text, Escape::None, Missing::Empty)?.render(values).map(Some),
        None => field.map(|field| field.render(values)).transpose(),
    }
}

/// Custom delivery, if the campaign has it. Without a list of types it takes `CUSTOM` endpoints; `PUSH` means every
/// push type.
fn custom(
    inline: &MessageConfiguration,
    delivery: Option<&CustomDeliveryConfiguration>,
) -> Result<Option<Custom>, Error> {
    let data = inline.custom_message.as_ref().and_then(|message| message.data.as_deref());
    if let Some(bytes) = data.map(str::len).filter(|bytes| *bytes > CUSTOM_DATA_BYTES_MAX) {
        return Err(Error::Field {
            field: "MessageConfiguration.CustomMessage.Data".to_owned(),
            problem: format!("has {bytes} bytes; {CUSTOM_DATA_BYTES_MAX} are allowed"),
        });
    }
    let Some(delivery) = delivery else {
        return match inline.custom_message {
            None => Ok(None),
            Some(_) => Err(Error::Field {
                field: "CustomDeliveryConfiguration".to_owned(),
                problem: "is missing; `MessageConfiguration.CustomMessage` needs it".to_owned(),
            }),
        };
    };
    if delivery.delivery_uri.is_empty() {
        return Err(Error::Field {
            field: "CustomDeliveryConfiguration.DeliveryUri".to_owned(),
            problem: "is empty; it must be a function's name or ARN, or an `https://` URL".to_owned(),
        });
    }
    let mut types = Vec::new();
    for name in delivery.endpoint_types.iter().flatten() {
        match ChannelType::parse(name.as_str()) {
            Some(ChannelType::Push) => types.extend(ChannelType::ALL.into_iter().filter(|channel| channel.is_push())),
            Some(channel) => types.push(channel),
            None => {
                return Err(Error::Field {
                    field: "CustomDeliveryConfiguration.EndpointTypes".to_owned(),
                    problem: format!("has `{}`, which is no channel type", name.as_str()),
                });
            }
        }
    }
    if types.is_empty() {
        types.push(ChannelType::Custom);
    }
    Ok(Some(Custom { types, delivery_uri: delivery.delivery_uri.as_str().into(), data: data.map(Arc::from) }))
}

/// Why a campaign's messages cannot be used, or one endpoint's cannot be composed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// Nothing to send.
    #[error(
        "there is no message that can be sent: `MessageConfiguration` or `TemplateConfiguration` must have one \
         (in-app messages are fetched, not sent)"
    )]
    NoMessage,
    /// A field that breaks a rule.
    #[error("{field} {problem}")]
    Field { field: String, problem: String },
    /// A text that is no template, or cannot be rendered for an endpoint.
    #[error("{field}: {source}")]
    Template { field: String, source: template::Error },
    /// No message for this type of endpoint.
    #[error("there is no message for endpoints of type {channel}")]
    NoMessageFor { channel: ChannelType },
}
