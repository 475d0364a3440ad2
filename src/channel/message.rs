//! Messages as adapters get them: rendered, for one endpoint each.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::domain::{ActivityId, ApplicationId, CampaignId, ChannelType, TreatmentId};

/// A message for one endpoint.
#[derive(Clone, Debug)]
pub struct Message {
    pub endpoint_id: String,
    pub channel_type: ChannelType,
    pub address: String,
    /// The same for every attempt at this message, also after a crash; different for any other message.
    pub idempotency_key: String,
    pub content: Content,
    pub origin: Arc<Origin>,
    /// What a provider is to give back when it reports about this message: signed, and opaque to all but those who made
    /// it. Letters, digits, `-`, `_` and `.`. `None` where no reports are awaited.
    pub reference: Option<Arc<str>>,
}

/// Where a message comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    pub application_id: ApplicationId,
    /// [`DIRECT`](Self::DIRECT) for direct messages.
    pub campaign_id: CampaignId,
    /// `None` for direct messages.
    pub activity_id: Option<ActivityId>,
    /// `None` for direct messages.
    pub treatment_id: Option<TreatmentId>,
    /// When the messages are due; wire text.
    pub scheduled_time: String,
}

impl Origin {
    /// What apps find as the campaign of a direct message. Source: device logs of Pinpoint's own messages.
    pub const DIRECT: &'static str = "_DIRECT";
}

/// What a message says, by kind of channel. Serialised only where it is written down, never for a provider.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(clippy::large_enum_variant)] // Most messages are pushes, and a box is one more allocation each.
pub enum Content {
    Push(PushContent),
    Email(EmailContent),
    Sms(SmsContent),
    Voice(VoiceContent),
    Custom(CustomContent),
}

/// A push notification, of any provider.
///
/// Source: model shape `Message`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PushContent {
    pub title: Option<String>,
    pub body: Option<String>,
    pub action: PushAction,
    pub url: Option<String>,
    pub silent: bool,
    /// A JSON text for the app (`JsonBody`).
    pub json_body: Option<String>,
    pub image_url: Option<String>,
    pub image_icon_url: Option<String>,
    pub small_image_icon_url: Option<String>,
    pub media_url: Option<String>,
    /// Replaces everything else: a payload in the provider's own form.
    pub raw_content: Option<String>,
    /// Seconds.
    pub time_to_live: Option<u32>,
    pub sound: Option<String>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Box<PushExtra>>,
}

/// What only direct messages say; a provider takes what it knows. Apart, since campaigns make messages by the million.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PushExtra {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Of messages with the same one only the last is kept (`CollapseKey`, `CollapseId`, `ConsolidationKey`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collapse_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<PushPriority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restricted_package_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub badge: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// `APNSPushType`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_type: Option<String>,
    /// What the sender adds for the app (`Context`, `TraceId`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub context: BTreeMap<String, String>,
}

/// How soon a notification is to be delivered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PushPriority {
    Normal,
    High,
}

/// What a tap on a notification does.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PushAction {
    #[default]
    OpenApp,
    DeepLink,
    Url,
}

/// An e-mail.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EmailContent {
    pub subject: String,
    pub text: Option<String>,
    pub html: Option<String>,
    /// `None`: the channel's own sender.
    pub from_address: Option<String>,
    pub headers: Vec<(String, String)>,
    /// The configuration set of SES, where that is the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration_set: Option<String>,
    /// Where bounces go (`FeedbackForwardingAddress`); `None`: to the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounce_address: Option<String>,
    /// Replaces everything else: a whole message in MIME, as base64 (`RawEmail.Data`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
}

/// A text message.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SmsContent {
    pub body: String,
    pub is_transactional: bool,
    pub sender_id: Option<String>,
    pub origination_number: Option<String>,
    pub entity_id: Option<String>,
    pub template_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyword: Option<String>,
}

/// A text that is read out to somebody who is called.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct VoiceContent {
    pub body: String,
    pub language_code: Option<String>,
    pub voice_id: Option<String>,
    pub origination_number: Option<String>,
}

/// Delivery by the customer's own function or webhook.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CustomContent {
    /// A Lambda function's name or ARN, or an `https://` URL.
    #[serde(serialize_with = "text")]
    pub delivery_uri: Arc<str>,
    /// `CustomMessage.Data`, as it is.
    #[serde(serialize_with = "optional_text")]
    pub data: Option<Arc<str>>,
    /// The endpoint definition, with what the hook changed.
    #[serde(serialize_with = "document")]
    pub endpoint_document: Bytes,
}

fn text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

fn optional_text<S: Serializer>(text: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_deref().serialize(serializer)
}

fn document<S: Serializer>(json: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serde_json::from_slice::<&RawValue>(json).map_err(S::Error::custom)?.serialize(serializer)
}
