//! VOICE through `SendVoiceMessage`: a text that Amazon Polly reads out to whoever takes the call.

use std::sync::Arc;

use aws_sdk_pinpointsmsvoicev2::Client;
use aws_sdk_pinpointsmsvoicev2::types::{VoiceId, VoiceMessageBodyTextType as TextType};
use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::answer::{self, Origin};
use super::{check, context, is_price};
use crate::channel::aws::{Place, Service};
use crate::channel::{Adapter, Content, Deps, Error, Factory, Message, Outcome, Spec, VoiceContent, settings};
use crate::domain::ChannelType;
use crate::http::Aws;

const NAME: &str = "voice";

/// Characters of a text, and of one in SSML with its tags. Source: API reference, `SendVoiceMessage`.
const TEXT_CHARS_MAX: usize = 3000;
const SSML_CHARS_MAX: usize = 6000;

/// A voice for each language; of languages that are spoken in several countries, the first also speaks those that are not
/// listed. Source: Amazon Polly developer guide, "Standard voices", as far as the service offers them.
const VOICES: &[(&str, VoiceId)] = &[
    ("arb", VoiceId::Zeina),
    ("cmn-CN", VoiceId::Zhiyu),
    ("cy-GB", VoiceId::Gwyneth),
    ("da-DK", VoiceId::Naja),
    ("de-DE", VoiceId::Vicki),
    ("en-US", VoiceId::Joanna),
    ("en-AU", VoiceId::Nicole),
    ("en-GB", VoiceId::Amy),
    ("en-GB-WLS", VoiceId::Geraint),
    ("en-IN", VoiceId::Raveena),
    ("es-ES", VoiceId::Lucia),
    ("es-MX", VoiceId::Mia),
    ("es-US", VoiceId::Lupe),
    ("fr-FR", VoiceId::Lea),
    ("fr-CA", VoiceId::Chantal),
    ("is-IS", VoiceId::Dora),
    ("it-IT", VoiceId::Bianca),
    ("ja-JP", VoiceId::Mizuki),
    ("ko-KR", VoiceId::Seoyeon),
    ("nb-NO", VoiceId::Liv),
    ("nl-NL", VoiceId::Lotte),
    ("pl-PL", VoiceId::Ewa),
    ("pt-BR", VoiceId::Camila),
    ("pt-PT", VoiceId::Ines),
    ("ro-RO", VoiceId::Carmen),
    ("ru-RU", VoiceId::Tatyana),
    ("sv-SE", VoiceId::Astrid),
    ("tr-TR", VoiceId::Filiz),
];

pub(super) static SPEC: Spec = Spec {
    name: NAME,
    types: &[ChannelType::Voice],
    // One call carries one message.
    batch_messages_max: 1,
    in_flight_max: 64,
};

/// The factory of this adapter.
pub static VOICE: VoiceFactory = VoiceFactory;

pub struct VoiceFactory;

impl Factory for VoiceFactory {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn build(&self, settings: toml::Table, deps: &Deps) -> Result<Arc<dyn Adapter>, Error> {
        Ok(Arc::new(Voice::new(settings::read(NAME, settings)?, deps.aws.clone())?))
    }
}

/// The section `[channel.voice]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// What calls come from whose message names no number: a phone number or a pool, or the id or ARN of one. Default:
    /// none, and such messages fail.
    origination_identity: Option<String>,
    /// The configuration set, whose event destinations get what becomes of calls. Default: none.
    configuration_set: Option<String>,
    /// US dollars a minute may cost, such as `"0.05"`; dearer calls are not made. Default: no limit.
    max_price_per_minute: Option<String>,
    /// Has messages checked and nobody called. Default: false.
    #[serde(default)]
    dry_run: bool,
    /// Default: that of `[aws]`.
    region: Option<String>,
    /// Default: the SDK's.
    endpoint_url: Option<String>,
    /// Messages at once; at most 64. Default: 8.
    in_flight: Option<usize>,
}

pub(super) struct Voice {
    service: Service<Client>,
    origination_identity: Option<String>,
    configuration_set: Option<String>,
    max_price_per_minute: Option<String>,
    dry_run: bool,
    in_flight: usize,
}

impl Voice {
    pub fn new(settings: Settings, aws: Arc<Aws>) -> Result<Self, Error> {
        if let Some(price) = settings.max_price_per_minute.as_ref().filter(|price| !is_price(price)) {
            let problem = format!("`max_price_per_minute` is `{price}`, which is not an amount such as \"0.05\"");
            return Err(Error::Settings { channel: NAME, problem });
        }
        Ok(Self {
            service: Service::new(aws, Place::new(NAME, settings.region, settings.endpoint_url)?, Client::new),
            origination_identity: settings.origination_identity,
            configuration_set: settings.configuration_set,
            max_price_per_minute: settings.max_price_per_minute,
            dry_run: settings.dry_run,
            in_flight: settings.in_flight.unwrap_or(8),
        })
    }

    async fn send_one(&self, message: &Message, voice: &VoiceContent) -> Outcome {
        let (text_type, voice_id) = match read(voice) {
            Ok(read) => read,
            Err(reason) => return Outcome::PermanentFailure { reason },
        };
        let own = voice.origination_number.as_ref();
        let origin = if own.is_some() { Origin::Message } else { Origin::Settings };
        let Some(origination_identity) = own.or(self.origination_identity.as_ref()) else {
            let reason = "neither the message nor `channel.voice.origination_identity` says what number calls";
            return Outcome::PermanentFailure { reason: reason.into() };
        };
        let client = match self.service.client().await {
            Ok(client) => client,
            Err(missing) => return Outcome::Misconfigured { reason: missing.to_string() },
        };
        let sent = client
            .send_voice_message()
            .destination_phone_number(&message.address)
            .origination_identity(origination_identity)
            .message_body(voice.body.trim())
            .message_body_text_type(text_type)
            .set_voice_id(voice_id)
            .set_configuration_set_name(self.configuration_set.clone())
            .set_max_price_per_minute(self.max_price_per_minute.clone())
            .set_context(context(message))
            .dry_run(self.dry_run)
            .send()
            .await;
        match sent {
            Ok(sent) => Outcome::successful(sent.message_id),
            Err(error) => answer::outcome(error, origin),
        }
    }
}

impl Adapter for Voice {
    fn types(&self) -> &[ChannelType] {
        SPEC.types
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }

    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(check(&self.service, NAME))
    }

    fn send<'a>(&'a self, batch: &'a [Message]) -> BoxFuture<'a, Vec<Outcome>> {
        SPEC.admit(batch);
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(batch.len());
            for message in batch {
                outcomes.push(match &message.content {
                    Content::Voice(voice) => self.send_one(message, voice).await,
                    _ => Outcome::PermanentFailure { reason: "SendVoiceMessage carries voice messages only".into() },
                });
            }
            outcomes
        })
    }
}

/// How a text is to be read, and by whom; `None` leaves it to the service, which has an American speak.
///
/// Errors: the reason why it can never be read out.
fn read(voice: &VoiceContent) -> Result<(TextType, Option<VoiceId>), String> {
    let body = voice.body.trim();
    let (text_type, chars_max) = match body.starts_with("<speak>") || body.starts_with("<speak ") {
        true => (TextType::Ssml, SSML_CHARS_MAX),
        false => (TextType::Text, TEXT_CHARS_MAX),
    };
    match body.chars().count() {
        0 => return Err("the text is empty".into()),
        chars if chars > chars_max => return Err(format!("the text has {chars} characters, and may have {chars_max}")),
        _ => {}
    }
    let voice_id = match (&voice.voice_id, &voice.language_code) {
        (Some(name), _) => Some(VoiceId::from(name.to_ascii_uppercase().as_str())),
        (None, Some(code)) => {
            Some(voice_of(code).ok_or_else(|| format!("there is no voice for the language `{code}`: set `VoiceId`"))?)
        }
        (None, None) => None,
    };
    Ok((text_type, voice_id))
}

/// The voice for a language, as `de-DE`, or for its next relative.
fn voice_of(code: &str) -> Option<VoiceId> {
    let code = code.replace('_', "-");
    let language = |code: &str| code.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let exact = VOICES.iter().find(|(known, _)| known.eq_ignore_ascii_case(&code));
    let found = exact.or_else(|| VOICES.iter().find(|(known, _)| language(known) == language(&code)));
    found.map(|(_, voice)| voice.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_has_its_voice() {
        let voice = |code: &str| voice_of(code).map(|voice| voice.as_str().to_owned());
        for (code, expected) in [
            ("en-US", "JOANNA"),
            ("en-GB", "AMY"),
            ("en-gb-wls", "GERAINT"),
            ("de_DE", "VICKI"),
            ("de-AT", "VICKI"),
            ("en-NZ", "JOANNA"),
            ("es", "LUCIA"),
            ("es-MX", "MIA"),
            ("arb", "ZEINA"),
        ] {
            assert_eq!(voice(code).as_deref(), Some(expected), "{code}");
        }
        assert_eq!((voice("tlh"), voice("")), (None, None));
    }

    #[test]
    fn a_text_says_how_it_is_read() {
        let read = |body: &str, language_code: Option<&str>, voice_id: Option<&str>| {
            let text = |text: Option<&str>| text.map(str::to_owned);
            let (language_code, voice_id) = (text(language_code), text(voice_id));
            let voice = VoiceContent { body: body.into(), language_code, voice_id, origination_number: None };
            super::read(&voice).map(|(text, voice)| (text, voice.map(|voice| voice.as_str().to_owned())))
        };
        assert_eq!(read("Hello", None, None), Ok((TextType::Text, None)));
        assert_eq!(read("Hello <speak>", None, Some("Hans")), Ok((TextType::Text, Some("HANS".into()))));
        assert_eq!(read("\n<speak>Hi</speak>", Some("fr-FR"), None), Ok((TextType::Ssml, Some("LEA".into()))));
        assert_eq!(read("<speak version='1.1'>Hi</speak>", None, None), Ok((TextType::Ssml, None)));
        assert_eq!(read("Hi", Some("fr-FR"), Some("Mathieu")), Ok((TextType::Text, Some("MATHIEU".into()))));
        assert!(read("Hi", Some("tlh"), None).unwrap_err().contains("the language `tlh`"));
        assert_eq!(read(" \n", None, None), Err("the text is empty".into()));
        assert!(read(&"x".repeat(3000), None, None).is_ok());
        assert_eq!(read(&"x".repeat(3001), None, None), Err("the text has 3001 characters, and may have 3000".into()));
        assert!(read(&format!("<speak>{}</speak>", "x".repeat(5985)), None, None).is_ok());
        assert!(read(&format!("<speak>{}</speak>", "x".repeat(5986)), None, None).unwrap_err().contains("6001"));
    }
}
