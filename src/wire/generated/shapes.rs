//! Shapes of the Pinpoint API, written by `generate-wire` from `pinpoint-model.json`. Do not edit.
#![allow(missing_docs)]
#![cfg_attr(rustfmt, rustfmt::skip)]

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::wire::secret::Secret;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ADMChannelRequest {
    #[serde(rename = "ClientId")]
    pub client_id: String,
    #[serde(rename = "ClientSecret")]
    pub client_secret: Secret,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ADMChannelResponse {
    #[serde(rename = "ApplicationId", default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    #[serde(rename = "CreationDate", default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "HasCredential", default, skip_serializing_if = "Option::is_none")]
    pub has_credential: Option<bool>,
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "IsArchived", default, skip_serializing_if = "Option::is_none")]
    pub is_archived: Option<bool>,
    #[serde(rename = "LastModifiedBy", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_by: Option<String>,
    #[serde(rename = "LastModifiedDate", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<String>,
    #[serde(rename = "Platform")]
    pub platform: String,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct ADMMessage {
    #[serde(rename = "Action", default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "ConsolidationKey", default, skip_serializing_if = "Option::is_none")]
    pub consolidation_key: Option<String>,
    #[serde(rename = "Data", default, skip_serializing_if = "Option::is_none")]
    pub data: Option<BTreeMap<String, String>>,
    #[serde(rename = "ExpiresAfter", default, skip_serializing_if = "Option::is_none")]
    pub expires_after: Option<String>,
    #[serde(rename = "IconReference", default, skip_serializing_if = "Option::is_none")]
    pub icon_reference: Option<String>,
    #[serde(rename = "ImageIconUrl", default, skip_serializing_if = "Option::is_none")]
    pub image_icon_url: Option<String>,
    #[serde(rename = "ImageUrl", default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    #[serde(rename = "MD5", default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
    #[serde(rename = "RawContent", default, skip_serializing_if = "Option::is_none")]
    pub raw_content: Option<String>,
    #[serde(rename = "SilentPush", default, skip_serializing_if = "Option::is_none")]
    pub silent_push: Option<bool>,
    #[serde(rename = "SmallImageIconUrl", default, skip_serializing_if = "Option::is_none")]
    pub small_image_icon_url: Option<String>,
    #[serde(rename = "Sound", default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<String>,
    #[serde(rename = "Substitutions", default, skip_serializing_if = "Option::is_none")]
    pub substitutions: Option<BTreeMap<String, Vec<String>>>,
    #[serde(rename = "Title", default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(rename = "Url", default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct APNSChannelRequest {
    #[serde(rename = "BundleId", default, skip_serializing_if = "Option::is_none")]
    pub bundle_id: Option<String>,
    #[serde(rename = "Certificate", default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Secret>,
    #[serde(rename = "DefaultAuthenticationMethod", default, skip_serializing_if = "Option::is_none")]
    pub default_authentication_method: Option<String>,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "PrivateKey", default, skip_serializing_if = "Option::is_none")]
    pub private_key: Option<Secret>,
    #[serde(rename = "TeamId", default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
    #[serde(rename = "TokenKey", default, skip_serializing_if = "Option::is_none")]
    pub token_key: Option<Secret>,
    #[serde(rename = "TokenKeyId", default, skip_serializing_if = "Option::is_none")]
    pub token_key_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct APNSChannelResponse {
    #[serde(rename = "ApplicationId", default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    #[serde(rename = "CreationDate", default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    #[serde(rename = "DefaultAuthenticationMethod", default, skip_serializing_if = "Option::is_none")]
    pub default_authentication_method: Option<String>,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "HasCredential", default, skip_serializing_if = "Option::is_none")]
    pub has_credential: Option<bool>,
    #[serde(rename = "HasTokenKey", default, skip_serializing_if = "Option::is_none")]
    pub has_token_key: Option<bool>,
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "IsArchived", default, skip_serializing_if = "Option::is_none")]
    pub is_archived: Option<bool>,
    #[serde(rename = "LastModifiedBy", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_by: Option<String>,
    #[serde(rename = "LastModifiedDate", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<String>,
    #[serde(rename = "Platform")]
    pub platform: String,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct APNSMessage {
    #[serde(rename = "APNSPushType", default, skip_serializing_if = "Option::is_none")]
    pub apns_push_type: Option<String>,
    #[serde(rename = "Action", default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    #[serde(rename = "Badge", default, skip_serializing_if = "Option::is_none")]
    pub badge: Option<i32>,
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "Category", default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(rename = "CollapseId", default, skip_serializing_if = "Option::is_none")]
    pub collapse_id: Option<String>,
    #[serde(rename = "Data", default, skip_serializing_if = "Option::is_none")]
    pub data: Option<BTreeMap<String, String>>,
    #[serde(rename = "MediaUrl", default, skip_serializing_if = "Option::is_none")]
    pub media_url: Option<String>,
    #[serde(rename = "PreferredAuthenticationMethod", default, skip_serializing_if = "Option::is_none")]
    pub preferred_authentication_method: Option<String>,
    #[serde(rename = "Priority", default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    #[serde(rename = "RawContent", default, skip_serializing_if = "Option::is_none")]
    pub raw_content: Option<String>,
    #[serde(rename = "SilentPush", default, skip_serializing_if = "Option::is_none")]
    pub silent_push: Option<bool>,
    #[serde(rename = "Sound", default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<String>,
    #[serde(rename = "Substitutions", default, skip_serializing_if = "Option::is_none")]
    pub substitutions: Option<BTreeMap<String, Vec<String>>>,
    #[serde(rename = "ThreadId", default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    #[serde(rename = "TimeToLive", default, skip_serializing_if = "Option::is_none")]
    pub time_to_live: Option<i32>,
    #[serde(rename = "Title", default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(rename = "Url", default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct APNSPushNotificationTemplate {
    #[serde(rename = "Action", default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "MediaUrl", default, skip_serializing_if = "Option::is_none")]
    pub media_url: Option<String>,
    #[serde(rename = "RawContent", default, skip_serializing_if = "Option::is_none")]
    pub raw_content: Option<String>,
    #[serde(rename = "Sound", default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<String>,
    #[serde(rename = "Title", default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(rename = "Url", default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct APNSSandboxChannelRequest {
    #[serde(rename = "BundleId", default, skip_serializing_if = "Option::is_none")]
    pub bundle_id: Option<String>,
    #[serde(rename = "Certificate", default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Secret>,
    #[serde(rename = "DefaultAuthenticationMethod", default, skip_serializing_if = "Option::is_none")]
    pub default_authentication_method: Option<String>,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "PrivateKey", default, skip_serializing_if = "Option::is_none")]
    pub private_key: Option<Secret>,
    #[serde(rename = "TeamId", default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
    #[serde(rename = "TokenKey", default, skip_serializing_if = "Option::is_none")]
    pub token_key: Option<Secret>,
    #[serde(rename = "TokenKeyId", default, skip_serializing_if = "Option::is_none")]
    pub token_key_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct APNSSandboxChannelResponse {
    #[serde(rename = "ApplicationId", default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    #[serde(rename = "CreationDate", default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    #[serde(rename = "DefaultAuthenticationMethod", default, skip_serializing_if = "Option::is_none")]
    pub default_authentication_method: Option<String>,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "HasCredential", default, skip_serializing_if = "Option::is_none")]
    pub has_credential: Option<bool>,
    #[serde(rename = "HasTokenKey", default, skip_serializing_if = "Option::is_none")]
    pub has_token_key: Option<bool>,
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "IsArchived", default, skip_serializing_if = "Option::is_none")]
    pub is_archived: Option<bool>,
    #[serde(rename = "LastModifiedBy", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_by: Option<String>,
    #[serde(rename = "LastModifiedDate", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<String>,
    #[serde(rename = "Platform")]
    pub platform: String,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct APNSVoipChannelRequest {
    #[serde(rename = "BundleId", default, skip_serializing_if = "Option::is_none")]
    pub bundle_id: Option<String>,
    #[serde(rename = "Certificate", default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Secret>,
    #[serde(rename = "DefaultAuthenticationMethod", default, skip_serializing_if = "Option::is_none")]
    pub default_authentication_method: Option<String>,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "PrivateKey", default, skip_serializing_if = "Option::is_none")]
    pub private_key: Option<Secret>,
    #[serde(rename = "TeamId", default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
    #[serde(rename = "TokenKey", default, skip_serializing_if = "Option::is_none")]
    pub token_key: Option<Secret>,
    #[serde(rename = "TokenKeyId", default, skip_serializing_if = "Option::is_none")]
    pub token_key_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct APNSVoipChannelResponse {
    #[serde(rename = "ApplicationId", default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    #[serde(rename = "CreationDate", default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    #[serde(rename = "DefaultAuthenticationMethod", default, skip_serializing_if = "Option::is_none")]
    pub default_authentication_method: Option<String>,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "HasCredential", default, skip_serializing_if = "Option::is_none")]
    pub has_credential: Option<bool>,
    #[serde(rename = "HasTokenKey", default, skip_serializing_if = "Option::is_none")]
    pub has_token_key: Option<bool>,
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "IsArchived", default, skip_serializing_if = "Option::is_none")]
    pub is_archived: Option<bool>,
    #[serde(rename = "LastModifiedBy", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_by: Option<String>,
    #[serde(rename = "LastModifiedDate", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<String>,
    #[serde(rename = "Platform")]
    pub platform: String,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct APNSVoipSandboxChannelRequest {
    #[serde(rename = "BundleId", default, skip_serializing_if = "Option::is_none")]
    pub bundle_id: Option<String>,
    #[serde(rename = "Certificate", default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Secret>,
    #[serde(rename = "DefaultAuthenticationMethod", default, skip_serializing_if = "Option::is_none")]
    pub default_authentication_method: Option<String>,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "PrivateKey", default, skip_serializing_if = "Option::is_none")]
    pub private_key: Option<Secret>,
    #[serde(rename = "TeamId", default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
    #[serde(rename = "TokenKey", default, skip_serializing_if = "Option::is_none")]
    pub token_key: Option<Secret>,
    #[serde(rename = "TokenKeyId", default, skip_serializing_if = "Option::is_none")]
    pub token_key_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct APNSVoipSandboxChannelResponse {
    #[serde(rename = "ApplicationId", default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    #[serde(rename = "CreationDate", default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    #[serde(rename = "DefaultAuthenticationMethod", default, skip_serializing_if = "Option::is_none")]
    pub default_authentication_method: Option<String>,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "HasCredential", default, skip_serializing_if = "Option::is_none")]
    pub has_credential: Option<bool>,
    #[serde(rename = "HasTokenKey", default, skip_serializing_if = "Option::is_none")]
    pub has_token_key: Option<bool>,
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "IsArchived", default, skip_serializing_if = "Option::is_none")]
    pub is_archived: Option<bool>,
    #[serde(rename = "LastModifiedBy", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_by: Option<String>,
    #[serde(rename = "LastModifiedDate", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<String>,
    #[serde(rename = "Platform")]
    pub platform: String,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum Action {
    OpenApp,
    DeepLink,
    Url,
    Unknown(String),
}

impl Action {
    pub const VALUES: &'static [&'static str] = &["OPEN_APP", "DEEP_LINK", "URL"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::OpenApp => "OPEN_APP",
            Self::DeepLink => "DEEP_LINK",
            Self::Url => "URL",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for Action {
    fn from(value: String) -> Self {
        match value.as_str() {
            "OPEN_APP" => Self::OpenApp,
            "DEEP_LINK" => Self::DeepLink,
            "URL" => Self::Url,
            _ => Self::Unknown(value),
        }
    }
}

impl From<Action> for String {
    fn from(value: Action) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ActivitiesResponse {
    #[serde(rename = "Item")]
    pub item: Vec<ActivityResponse>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct Activity {
    #[serde(rename = "CUSTOM", default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<CustomMessageActivity>,
    #[serde(rename = "ConditionalSplit", default, skip_serializing_if = "Option::is_none")]
    pub conditional_split: Option<ConditionalSplitActivity>,
    #[serde(rename = "ContactCenter", default, skip_serializing_if = "Option::is_none")]
    pub contact_center: Option<ContactCenterActivity>,
    #[serde(rename = "Description", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(rename = "EMAIL", default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailMessageActivity>,
    #[serde(rename = "Holdout", default, skip_serializing_if = "Option::is_none")]
    pub holdout: Option<HoldoutActivity>,
    #[serde(rename = "MultiCondition", default, skip_serializing_if = "Option::is_none")]
    pub multi_condition: Option<MultiConditionalSplitActivity>,
    #[serde(rename = "PUSH", default, skip_serializing_if = "Option::is_none")]
    pub push: Option<PushMessageActivity>,
    #[serde(rename = "RandomSplit", default, skip_serializing_if = "Option::is_none")]
    pub random_split: Option<RandomSplitActivity>,
    #[serde(rename = "SMS", default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<SMSMessageActivity>,
    #[serde(rename = "Wait", default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<WaitActivity>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ActivityResponse {
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "CampaignId")]
    pub campaign_id: String,
    #[serde(rename = "End", default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    #[serde(rename = "ExecutionMetrics", default, skip_serializing_if = "Option::is_none")]
    pub execution_metrics: Option<BTreeMap<String, String>>,
    #[serde(rename = "Id")]
    pub id: String,
    #[serde(rename = "Result", default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    #[serde(rename = "ScheduledStart", default, skip_serializing_if = "Option::is_none")]
    pub scheduled_start: Option<String>,
    #[serde(rename = "Start", default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    #[serde(rename = "State", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(rename = "SuccessfulEndpointCount", default, skip_serializing_if = "Option::is_none")]
    pub successful_endpoint_count: Option<i32>,
    #[serde(rename = "TimezonesCompletedCount", default, skip_serializing_if = "Option::is_none")]
    pub timezones_completed_count: Option<i32>,
    #[serde(rename = "TimezonesTotalCount", default, skip_serializing_if = "Option::is_none")]
    pub timezones_total_count: Option<i32>,
    #[serde(rename = "TotalEndpointCount", default, skip_serializing_if = "Option::is_none")]
    pub total_endpoint_count: Option<i32>,
    #[serde(rename = "TreatmentId", default, skip_serializing_if = "Option::is_none")]
    pub treatment_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct AddressConfiguration {
    #[serde(rename = "BodyOverride", default, skip_serializing_if = "Option::is_none")]
    pub body_override: Option<String>,
    #[serde(rename = "ChannelType", default, skip_serializing_if = "Option::is_none")]
    pub channel_type: Option<ChannelType>,
    #[serde(rename = "Context", default, skip_serializing_if = "Option::is_none")]
    pub context: Option<BTreeMap<String, String>>,
    #[serde(rename = "RawContent", default, skip_serializing_if = "Option::is_none")]
    pub raw_content: Option<String>,
    #[serde(rename = "Substitutions", default, skip_serializing_if = "Option::is_none")]
    pub substitutions: Option<BTreeMap<String, Vec<String>>>,
    #[serde(rename = "TitleOverride", default, skip_serializing_if = "Option::is_none")]
    pub title_override: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum Alignment {
    Left,
    Center,
    Right,
    Unknown(String),
}

impl Alignment {
    pub const VALUES: &'static [&'static str] = &["LEFT", "CENTER", "RIGHT"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Left => "LEFT",
            Self::Center => "CENTER",
            Self::Right => "RIGHT",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for Alignment {
    fn from(value: String) -> Self {
        match value.as_str() {
            "LEFT" => Self::Left,
            "CENTER" => Self::Center,
            "RIGHT" => Self::Right,
            _ => Self::Unknown(value),
        }
    }
}

impl From<Alignment> for String {
    fn from(value: Alignment) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct AndroidPushNotificationTemplate {
    #[serde(rename = "Action", default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "ImageIconUrl", default, skip_serializing_if = "Option::is_none")]
    pub image_icon_url: Option<String>,
    #[serde(rename = "ImageUrl", default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    #[serde(rename = "RawContent", default, skip_serializing_if = "Option::is_none")]
    pub raw_content: Option<String>,
    #[serde(rename = "SmallImageIconUrl", default, skip_serializing_if = "Option::is_none")]
    pub small_image_icon_url: Option<String>,
    #[serde(rename = "Sound", default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<String>,
    #[serde(rename = "Title", default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(rename = "Url", default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ApplicationDateRangeKpiResponse {
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "EndTime")]
    pub end_time: String,
    #[serde(rename = "KpiName")]
    pub kpi_name: String,
    #[serde(rename = "KpiResult")]
    pub kpi_result: BaseKpiResult,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    #[serde(rename = "StartTime")]
    pub start_time: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ApplicationResponse {
    #[serde(rename = "Arn")]
    pub arn: String,
    #[serde(rename = "CreationDate", default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    #[serde(rename = "Id")]
    pub id: String,
    #[serde(rename = "Name")]
    pub name: String,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct ApplicationSettingsJourneyLimits {
    #[serde(rename = "DailyCap", default, skip_serializing_if = "Option::is_none")]
    pub daily_cap: Option<i32>,
    #[serde(rename = "TimeframeCap", default, skip_serializing_if = "Option::is_none")]
    pub timeframe_cap: Option<JourneyTimeframeCap>,
    #[serde(rename = "TotalCap", default, skip_serializing_if = "Option::is_none")]
    pub total_cap: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ApplicationSettingsResource {
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "CampaignHook", default, skip_serializing_if = "Option::is_none")]
    pub campaign_hook: Option<CampaignHook>,
    #[serde(rename = "JourneyLimits", default, skip_serializing_if = "Option::is_none")]
    pub journey_limits: Option<ApplicationSettingsJourneyLimits>,
    #[serde(rename = "LastModifiedDate", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<String>,
    #[serde(rename = "Limits", default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<CampaignLimits>,
    #[serde(rename = "QuietTime", default, skip_serializing_if = "Option::is_none")]
    pub quiet_time: Option<QuietTime>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct ApplicationsResponse {
    #[serde(rename = "Item", default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Vec<ApplicationResponse>>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct AttributeDimension {
    #[serde(rename = "AttributeType", default, skip_serializing_if = "Option::is_none")]
    pub attribute_type: Option<AttributeType>,
    #[serde(rename = "Values")]
    pub values: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum AttributeType {
    Inclusive,
    Exclusive,
    Contains,
    Before,
    After,
    On,
    Between,
    NotBetween,
    Unknown(String),
}

impl AttributeType {
    pub const VALUES: &'static [&'static str] = &["INCLUSIVE", "EXCLUSIVE", "CONTAINS", "BEFORE", "AFTER", "ON", "BETWEEN", "NOT_BETWEEN"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Inclusive => "INCLUSIVE",
            Self::Exclusive => "EXCLUSIVE",
            Self::Contains => "CONTAINS",
            Self::Before => "BEFORE",
            Self::After => "AFTER",
            Self::On => "ON",
            Self::Between => "BETWEEN",
            Self::NotBetween => "NOT_BETWEEN",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for AttributeType {
    fn from(value: String) -> Self {
        match value.as_str() {
            "INCLUSIVE" => Self::Inclusive,
            "EXCLUSIVE" => Self::Exclusive,
            "CONTAINS" => Self::Contains,
            "BEFORE" => Self::Before,
            "AFTER" => Self::After,
            "ON" => Self::On,
            "BETWEEN" => Self::Between,
            "NOT_BETWEEN" => Self::NotBetween,
            _ => Self::Unknown(value),
        }
    }
}

impl From<AttributeType> for String {
    fn from(value: AttributeType) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct AttributesResource {
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "AttributeType")]
    pub attribute_type: String,
    #[serde(rename = "Attributes", default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct BaiduChannelRequest {
    #[serde(rename = "ApiKey")]
    pub api_key: Secret,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "SecretKey")]
    pub secret_key: Secret,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct BaiduChannelResponse {
    #[serde(rename = "ApplicationId", default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    #[serde(rename = "CreationDate", default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    #[serde(rename = "Credential")]
    pub credential: Secret,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "HasCredential", default, skip_serializing_if = "Option::is_none")]
    pub has_credential: Option<bool>,
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "IsArchived", default, skip_serializing_if = "Option::is_none")]
    pub is_archived: Option<bool>,
    #[serde(rename = "LastModifiedBy", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_by: Option<String>,
    #[serde(rename = "LastModifiedDate", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<String>,
    #[serde(rename = "Platform")]
    pub platform: String,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct BaiduMessage {
    #[serde(rename = "Action", default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "Data", default, skip_serializing_if = "Option::is_none")]
    pub data: Option<BTreeMap<String, String>>,
    #[serde(rename = "IconReference", default, skip_serializing_if = "Option::is_none")]
    pub icon_reference: Option<String>,
    #[serde(rename = "ImageIconUrl", default, skip_serializing_if = "Option::is_none")]
    pub image_icon_url: Option<String>,
    #[serde(rename = "ImageUrl", default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    #[serde(rename = "RawContent", default, skip_serializing_if = "Option::is_none")]
    pub raw_content: Option<String>,
    #[serde(rename = "SilentPush", default, skip_serializing_if = "Option::is_none")]
    pub silent_push: Option<bool>,
    #[serde(rename = "SmallImageIconUrl", default, skip_serializing_if = "Option::is_none")]
    pub small_image_icon_url: Option<String>,
    #[serde(rename = "Sound", default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<String>,
    #[serde(rename = "Substitutions", default, skip_serializing_if = "Option::is_none")]
    pub substitutions: Option<BTreeMap<String, Vec<String>>>,
    #[serde(rename = "TimeToLive", default, skip_serializing_if = "Option::is_none")]
    pub time_to_live: Option<i32>,
    #[serde(rename = "Title", default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(rename = "Url", default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct BaseKpiResult {
    #[serde(rename = "Rows")]
    pub rows: Vec<ResultRow>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum ButtonAction {
    Link,
    DeepLink,
    Close,
    Unknown(String),
}

impl ButtonAction {
    pub const VALUES: &'static [&'static str] = &["LINK", "DEEP_LINK", "CLOSE"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Link => "LINK",
            Self::DeepLink => "DEEP_LINK",
            Self::Close => "CLOSE",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for ButtonAction {
    fn from(value: String) -> Self {
        match value.as_str() {
            "LINK" => Self::Link,
            "DEEP_LINK" => Self::DeepLink,
            "CLOSE" => Self::Close,
            _ => Self::Unknown(value),
        }
    }
}

impl From<ButtonAction> for String {
    fn from(value: ButtonAction) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct CampaignCustomMessage {
    #[serde(rename = "Data", default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CampaignDateRangeKpiResponse {
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "CampaignId")]
    pub campaign_id: String,
    #[serde(rename = "EndTime")]
    pub end_time: String,
    #[serde(rename = "KpiName")]
    pub kpi_name: String,
    #[serde(rename = "KpiResult")]
    pub kpi_result: BaseKpiResult,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    #[serde(rename = "StartTime")]
    pub start_time: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct CampaignEmailMessage {
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "FromAddress", default, skip_serializing_if = "Option::is_none")]
    pub from_address: Option<String>,
    #[serde(rename = "Headers", default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<Vec<MessageHeader>>,
    #[serde(rename = "HtmlBody", default, skip_serializing_if = "Option::is_none")]
    pub html_body: Option<String>,
    #[serde(rename = "Title", default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CampaignEventFilter {
    #[serde(rename = "Dimensions")]
    pub dimensions: EventDimensions,
    #[serde(rename = "FilterType")]
    pub filter_type: FilterType,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct CampaignHook {
    #[serde(rename = "LambdaFunctionName", default, skip_serializing_if = "Option::is_none")]
    pub lambda_function_name: Option<String>,
    #[serde(rename = "Mode", default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    #[serde(rename = "WebUrl", default, skip_serializing_if = "Option::is_none")]
    pub web_url: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct CampaignInAppMessage {
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "Content", default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Vec<InAppMessageContent>>,
    #[serde(rename = "CustomConfig", default, skip_serializing_if = "Option::is_none")]
    pub custom_config: Option<BTreeMap<String, String>>,
    #[serde(rename = "Layout", default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct CampaignLimits {
    #[serde(rename = "Daily", default, skip_serializing_if = "Option::is_none")]
    pub daily: Option<i32>,
    #[serde(rename = "MaximumDuration", default, skip_serializing_if = "Option::is_none")]
    pub maximum_duration: Option<i32>,
    #[serde(rename = "MessagesPerSecond", default, skip_serializing_if = "Option::is_none")]
    pub messages_per_second: Option<i32>,
    #[serde(rename = "Session", default, skip_serializing_if = "Option::is_none")]
    pub session: Option<i32>,
    #[serde(rename = "Total", default, skip_serializing_if = "Option::is_none")]
    pub total: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CampaignResponse {
    #[serde(rename = "AdditionalTreatments", default, skip_serializing_if = "Option::is_none")]
    pub additional_treatments: Option<Vec<TreatmentResource>>,
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "Arn")]
    pub arn: String,
    #[serde(rename = "CreationDate")]
    pub creation_date: String,
    #[serde(rename = "CustomDeliveryConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub custom_delivery_configuration: Option<CustomDeliveryConfiguration>,
    #[serde(rename = "DefaultState", default, skip_serializing_if = "Option::is_none")]
    pub default_state: Option<CampaignState>,
    #[serde(rename = "Description", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(rename = "HoldoutPercent", default, skip_serializing_if = "Option::is_none")]
    pub holdout_percent: Option<i32>,
    #[serde(rename = "Hook", default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<CampaignHook>,
    #[serde(rename = "Id")]
    pub id: String,
    #[serde(rename = "IsPaused", default, skip_serializing_if = "Option::is_none")]
    pub is_paused: Option<bool>,
    #[serde(rename = "LastModifiedDate")]
    pub last_modified_date: String,
    #[serde(rename = "Limits", default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<CampaignLimits>,
    #[serde(rename = "MessageConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub message_configuration: Option<MessageConfiguration>,
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "Priority", default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    #[serde(rename = "Schedule", default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    #[serde(rename = "SegmentId")]
    pub segment_id: String,
    #[serde(rename = "SegmentVersion")]
    pub segment_version: i32,
    #[serde(rename = "State", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<CampaignState>,
    #[serde(rename = "TemplateConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub template_configuration: Option<TemplateConfiguration>,
    #[serde(rename = "TreatmentDescription", default, skip_serializing_if = "Option::is_none")]
    pub treatment_description: Option<String>,
    #[serde(rename = "TreatmentName", default, skip_serializing_if = "Option::is_none")]
    pub treatment_name: Option<String>,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct CampaignSmsMessage {
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "EntityId", default, skip_serializing_if = "Option::is_none")]
    pub entity_id: Option<String>,
    #[serde(rename = "MessageType", default, skip_serializing_if = "Option::is_none")]
    pub message_type: Option<MessageType>,
    #[serde(rename = "OriginationNumber", default, skip_serializing_if = "Option::is_none")]
    pub origination_number: Option<String>,
    #[serde(rename = "SenderId", default, skip_serializing_if = "Option::is_none")]
    pub sender_id: Option<String>,
    #[serde(rename = "TemplateId", default, skip_serializing_if = "Option::is_none")]
    pub template_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct CampaignState {
    #[serde(rename = "CampaignStatus", default, skip_serializing_if = "Option::is_none")]
    pub campaign_status: Option<CampaignStatus>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum CampaignStatus {
    Scheduled,
    Executing,
    PendingNextRun,
    Completed,
    Paused,
    Deleted,
    Invalid,
    Unknown(String),
}

impl CampaignStatus {
    pub const VALUES: &'static [&'static str] = &["SCHEDULED", "EXECUTING", "PENDING_NEXT_RUN", "COMPLETED", "PAUSED", "DELETED", "INVALID"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Executing => "EXECUTING",
            Self::PendingNextRun => "PENDING_NEXT_RUN",
            Self::Completed => "COMPLETED",
            Self::Paused => "PAUSED",
            Self::Deleted => "DELETED",
            Self::Invalid => "INVALID",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for CampaignStatus {
    fn from(value: String) -> Self {
        match value.as_str() {
            "SCHEDULED" => Self::Scheduled,
            "EXECUTING" => Self::Executing,
            "PENDING_NEXT_RUN" => Self::PendingNextRun,
            "COMPLETED" => Self::Completed,
            "PAUSED" => Self::Paused,
            "DELETED" => Self::Deleted,
            "INVALID" => Self::Invalid,
            _ => Self::Unknown(value),
        }
    }
}

impl From<CampaignStatus> for String {
    fn from(value: CampaignStatus) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CampaignsResponse {
    #[serde(rename = "Item")]
    pub item: Vec<CampaignResponse>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct ChannelResponse {
    #[serde(rename = "ApplicationId", default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    #[serde(rename = "CreationDate", default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "HasCredential", default, skip_serializing_if = "Option::is_none")]
    pub has_credential: Option<bool>,
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "IsArchived", default, skip_serializing_if = "Option::is_none")]
    pub is_archived: Option<bool>,
    #[serde(rename = "LastModifiedBy", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_by: Option<String>,
    #[serde(rename = "LastModifiedDate", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<String>,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum ChannelType {
    Push,
    Gcm,
    Apns,
    ApnsSandbox,
    ApnsVoip,
    ApnsVoipSandbox,
    Adm,
    Sms,
    Voice,
    Email,
    Baidu,
    Custom,
    InApp,
    Unknown(String),
}

impl ChannelType {
    pub const VALUES: &'static [&'static str] = &["PUSH", "GCM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "ADM", "SMS", "VOICE", "EMAIL", "BAIDU", "CUSTOM", "IN_APP"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Push => "PUSH",
            Self::Gcm => "GCM",
            Self::Apns => "APNS",
            Self::ApnsSandbox => "APNS_SANDBOX",
            Self::ApnsVoip => "APNS_VOIP",
            Self::ApnsVoipSandbox => "APNS_VOIP_SANDBOX",
            Self::Adm => "ADM",
            Self::Sms => "SMS",
            Self::Voice => "VOICE",
            Self::Email => "EMAIL",
            Self::Baidu => "BAIDU",
            Self::Custom => "CUSTOM",
            Self::InApp => "IN_APP",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for ChannelType {
    fn from(value: String) -> Self {
        match value.as_str() {
            "PUSH" => Self::Push,
            "GCM" => Self::Gcm,
            "APNS" => Self::Apns,
            "APNS_SANDBOX" => Self::ApnsSandbox,
            "APNS_VOIP" => Self::ApnsVoip,
            "APNS_VOIP_SANDBOX" => Self::ApnsVoipSandbox,
            "ADM" => Self::Adm,
            "SMS" => Self::Sms,
            "VOICE" => Self::Voice,
            "EMAIL" => Self::Email,
            "BAIDU" => Self::Baidu,
            "CUSTOM" => Self::Custom,
            "IN_APP" => Self::InApp,
            _ => Self::Unknown(value),
        }
    }
}

impl From<ChannelType> for String {
    fn from(value: ChannelType) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ChannelsResponse {
    #[serde(rename = "Channels")]
    pub channels: BTreeMap<String, ChannelResponse>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct ClosedDays {
    #[serde(rename = "CUSTOM", default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<Vec<ClosedDaysRule>>,
    #[serde(rename = "EMAIL", default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Vec<ClosedDaysRule>>,
    #[serde(rename = "PUSH", default, skip_serializing_if = "Option::is_none")]
    pub push: Option<Vec<ClosedDaysRule>>,
    #[serde(rename = "SMS", default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<Vec<ClosedDaysRule>>,
    #[serde(rename = "VOICE", default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<Vec<ClosedDaysRule>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct ClosedDaysRule {
    #[serde(rename = "EndDateTime", default, skip_serializing_if = "Option::is_none")]
    pub end_date_time: Option<String>,
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "StartDateTime", default, skip_serializing_if = "Option::is_none")]
    pub start_date_time: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct Condition {
    #[serde(rename = "Conditions", default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<SimpleCondition>>,
    #[serde(rename = "Operator", default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Operator>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct ConditionalSplitActivity {
    #[serde(rename = "Condition", default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    #[serde(rename = "EvaluationWaitTime", default, skip_serializing_if = "Option::is_none")]
    pub evaluation_wait_time: Option<WaitTime>,
    #[serde(rename = "FalseActivity", default, skip_serializing_if = "Option::is_none")]
    pub false_activity: Option<String>,
    #[serde(rename = "TrueActivity", default, skip_serializing_if = "Option::is_none")]
    pub true_activity: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct ContactCenterActivity {
    #[serde(rename = "NextActivity", default, skip_serializing_if = "Option::is_none")]
    pub next_activity: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CreateApplicationRequest {
    #[serde(rename = "Name")]
    pub name: String,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CreateRecommenderConfiguration {
    #[serde(rename = "Attributes", default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<BTreeMap<String, String>>,
    #[serde(rename = "Description", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "RecommendationProviderIdType", default, skip_serializing_if = "Option::is_none")]
    pub recommendation_provider_id_type: Option<String>,
    #[serde(rename = "RecommendationProviderRoleArn")]
    pub recommendation_provider_role_arn: String,
    #[serde(rename = "RecommendationProviderUri")]
    pub recommendation_provider_uri: String,
    #[serde(rename = "RecommendationTransformerUri", default, skip_serializing_if = "Option::is_none")]
    pub recommendation_transformer_uri: Option<String>,
    #[serde(rename = "RecommendationsDisplayName", default, skip_serializing_if = "Option::is_none")]
    pub recommendations_display_name: Option<String>,
    #[serde(rename = "RecommendationsPerMessage", default, skip_serializing_if = "Option::is_none")]
    pub recommendations_per_message: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct CreateTemplateMessageBody {
    #[serde(rename = "Arn", default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(rename = "Message", default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(rename = "RequestID", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CustomDeliveryConfiguration {
    #[serde(rename = "DeliveryUri")]
    pub delivery_uri: String,
    #[serde(rename = "EndpointTypes", default, skip_serializing_if = "Option::is_none")]
    pub endpoint_types: Option<Vec<EndpointTypesElement>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct CustomMessageActivity {
    #[serde(rename = "DeliveryUri", default, skip_serializing_if = "Option::is_none")]
    pub delivery_uri: Option<String>,
    #[serde(rename = "EndpointTypes", default, skip_serializing_if = "Option::is_none")]
    pub endpoint_types: Option<Vec<EndpointTypesElement>>,
    #[serde(rename = "MessageConfig", default, skip_serializing_if = "Option::is_none")]
    pub message_config: Option<JourneyCustomMessage>,
    #[serde(rename = "NextActivity", default, skip_serializing_if = "Option::is_none")]
    pub next_activity: Option<String>,
    #[serde(rename = "TemplateName", default, skip_serializing_if = "Option::is_none")]
    pub template_name: Option<String>,
    #[serde(rename = "TemplateVersion", default, skip_serializing_if = "Option::is_none")]
    pub template_version: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum DayOfWeek {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
    Unknown(String),
}

impl DayOfWeek {
    pub const VALUES: &'static [&'static str] = &["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Monday => "MONDAY",
            Self::Tuesday => "TUESDAY",
            Self::Wednesday => "WEDNESDAY",
            Self::Thursday => "THURSDAY",
            Self::Friday => "FRIDAY",
            Self::Saturday => "SATURDAY",
            Self::Sunday => "SUNDAY",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for DayOfWeek {
    fn from(value: String) -> Self {
        match value.as_str() {
            "MONDAY" => Self::Monday,
            "TUESDAY" => Self::Tuesday,
            "WEDNESDAY" => Self::Wednesday,
            "THURSDAY" => Self::Thursday,
            "FRIDAY" => Self::Friday,
            "SATURDAY" => Self::Saturday,
            "SUNDAY" => Self::Sunday,
            _ => Self::Unknown(value),
        }
    }
}

impl From<DayOfWeek> for String {
    fn from(value: DayOfWeek) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct DefaultButtonConfiguration {
    #[serde(rename = "BackgroundColor", default, skip_serializing_if = "Option::is_none")]
    pub background_color: Option<String>,
    #[serde(rename = "BorderRadius", default, skip_serializing_if = "Option::is_none")]
    pub border_radius: Option<i32>,
    #[serde(rename = "ButtonAction")]
    pub button_action: ButtonAction,
    #[serde(rename = "Link", default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    #[serde(rename = "Text")]
    pub text: String,
    #[serde(rename = "TextColor", default, skip_serializing_if = "Option::is_none")]
    pub text_color: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct DefaultMessage {
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "Substitutions", default, skip_serializing_if = "Option::is_none")]
    pub substitutions: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct DefaultPushNotificationMessage {
    #[serde(rename = "Action", default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "Data", default, skip_serializing_if = "Option::is_none")]
    pub data: Option<BTreeMap<String, String>>,
    #[serde(rename = "SilentPush", default, skip_serializing_if = "Option::is_none")]
    pub silent_push: Option<bool>,
    #[serde(rename = "Substitutions", default, skip_serializing_if = "Option::is_none")]
    pub substitutions: Option<BTreeMap<String, Vec<String>>>,
    #[serde(rename = "Title", default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(rename = "Url", default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct DefaultPushNotificationTemplate {
    #[serde(rename = "Action", default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "Sound", default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<String>,
    #[serde(rename = "Title", default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(rename = "Url", default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum DeliveryStatus {
    Successful,
    Throttled,
    TemporaryFailure,
    PermanentFailure,
    UnknownFailure,
    OptOut,
    Duplicate,
    Unknown(String),
}

impl DeliveryStatus {
    pub const VALUES: &'static [&'static str] = &["SUCCESSFUL", "THROTTLED", "TEMPORARY_FAILURE", "PERMANENT_FAILURE", "UNKNOWN_FAILURE", "OPT_OUT", "DUPLICATE"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Successful => "SUCCESSFUL",
            Self::Throttled => "THROTTLED",
            Self::TemporaryFailure => "TEMPORARY_FAILURE",
            Self::PermanentFailure => "PERMANENT_FAILURE",
            Self::UnknownFailure => "UNKNOWN_FAILURE",
            Self::OptOut => "OPT_OUT",
            Self::Duplicate => "DUPLICATE",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for DeliveryStatus {
    fn from(value: String) -> Self {
        match value.as_str() {
            "SUCCESSFUL" => Self::Successful,
            "THROTTLED" => Self::Throttled,
            "TEMPORARY_FAILURE" => Self::TemporaryFailure,
            "PERMANENT_FAILURE" => Self::PermanentFailure,
            "UNKNOWN_FAILURE" => Self::UnknownFailure,
            "OPT_OUT" => Self::OptOut,
            "DUPLICATE" => Self::Duplicate,
            _ => Self::Unknown(value),
        }
    }
}

impl From<DeliveryStatus> for String {
    fn from(value: DeliveryStatus) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum DimensionType {
    Inclusive,
    Exclusive,
    Unknown(String),
}

impl DimensionType {
    pub const VALUES: &'static [&'static str] = &["INCLUSIVE", "EXCLUSIVE"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Inclusive => "INCLUSIVE",
            Self::Exclusive => "EXCLUSIVE",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for DimensionType {
    fn from(value: String) -> Self {
        match value.as_str() {
            "INCLUSIVE" => Self::Inclusive,
            "EXCLUSIVE" => Self::Exclusive,
            _ => Self::Unknown(value),
        }
    }
}

impl From<DimensionType> for String {
    fn from(value: DimensionType) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct DirectMessageConfiguration {
    #[serde(rename = "ADMMessage", default, skip_serializing_if = "Option::is_none")]
    pub adm_message: Option<ADMMessage>,
    #[serde(rename = "APNSMessage", default, skip_serializing_if = "Option::is_none")]
    pub apns_message: Option<APNSMessage>,
    #[serde(rename = "BaiduMessage", default, skip_serializing_if = "Option::is_none")]
    pub baidu_message: Option<BaiduMessage>,
    #[serde(rename = "DefaultMessage", default, skip_serializing_if = "Option::is_none")]
    pub default_message: Option<DefaultMessage>,
    #[serde(rename = "DefaultPushNotificationMessage", default, skip_serializing_if = "Option::is_none")]
    pub default_push_notification_message: Option<DefaultPushNotificationMessage>,
    #[serde(rename = "EmailMessage", default, skip_serializing_if = "Option::is_none")]
    pub email_message: Option<EmailMessage>,
    #[serde(rename = "GCMMessage", default, skip_serializing_if = "Option::is_none")]
    pub gcm_message: Option<GCMMessage>,
    #[serde(rename = "SMSMessage", default, skip_serializing_if = "Option::is_none")]
    pub sms_message: Option<SMSMessage>,
    #[serde(rename = "VoiceMessage", default, skip_serializing_if = "Option::is_none")]
    pub voice_message: Option<VoiceMessage>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum Duration {
    Hr24,
    Day7,
    Day14,
    Day30,
    Unknown(String),
}

impl Duration {
    pub const VALUES: &'static [&'static str] = &["HR_24", "DAY_7", "DAY_14", "DAY_30"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Hr24 => "HR_24",
            Self::Day7 => "DAY_7",
            Self::Day14 => "DAY_14",
            Self::Day30 => "DAY_30",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for Duration {
    fn from(value: String) -> Self {
        match value.as_str() {
            "HR_24" => Self::Hr24,
            "DAY_7" => Self::Day7,
            "DAY_14" => Self::Day14,
            "DAY_30" => Self::Day30,
            _ => Self::Unknown(value),
        }
    }
}

impl From<Duration> for String {
    fn from(value: Duration) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EmailChannelRequest {
    #[serde(rename = "ConfigurationSet", default, skip_serializing_if = "Option::is_none")]
    pub configuration_set: Option<String>,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "FromAddress")]
    pub from_address: String,
    #[serde(rename = "Identity")]
    pub identity: String,
    #[serde(rename = "OrchestrationSendingRoleArn", default, skip_serializing_if = "Option::is_none")]
    pub orchestration_sending_role_arn: Option<String>,
    #[serde(rename = "RoleArn", default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EmailChannelResponse {
    #[serde(rename = "ApplicationId", default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    #[serde(rename = "ConfigurationSet", default, skip_serializing_if = "Option::is_none")]
    pub configuration_set: Option<String>,
    #[serde(rename = "CreationDate", default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "FromAddress", default, skip_serializing_if = "Option::is_none")]
    pub from_address: Option<String>,
    #[serde(rename = "HasCredential", default, skip_serializing_if = "Option::is_none")]
    pub has_credential: Option<bool>,
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "Identity", default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    #[serde(rename = "IsArchived", default, skip_serializing_if = "Option::is_none")]
    pub is_archived: Option<bool>,
    #[serde(rename = "LastModifiedBy", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_by: Option<String>,
    #[serde(rename = "LastModifiedDate", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<String>,
    #[serde(rename = "MessagesPerSecond", default, skip_serializing_if = "Option::is_none")]
    pub messages_per_second: Option<i32>,
    #[serde(rename = "OrchestrationSendingRoleArn", default, skip_serializing_if = "Option::is_none")]
    pub orchestration_sending_role_arn: Option<String>,
    #[serde(rename = "Platform")]
    pub platform: String,
    #[serde(rename = "RoleArn", default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct EmailMessage {
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "FeedbackForwardingAddress", default, skip_serializing_if = "Option::is_none")]
    pub feedback_forwarding_address: Option<String>,
    #[serde(rename = "FromAddress", default, skip_serializing_if = "Option::is_none")]
    pub from_address: Option<String>,
    #[serde(rename = "RawEmail", default, skip_serializing_if = "Option::is_none")]
    pub raw_email: Option<RawEmail>,
    #[serde(rename = "ReplyToAddresses", default, skip_serializing_if = "Option::is_none")]
    pub reply_to_addresses: Option<Vec<String>>,
    #[serde(rename = "SimpleEmail", default, skip_serializing_if = "Option::is_none")]
    pub simple_email: Option<SimpleEmail>,
    #[serde(rename = "Substitutions", default, skip_serializing_if = "Option::is_none")]
    pub substitutions: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct EmailMessageActivity {
    #[serde(rename = "MessageConfig", default, skip_serializing_if = "Option::is_none")]
    pub message_config: Option<JourneyEmailMessage>,
    #[serde(rename = "NextActivity", default, skip_serializing_if = "Option::is_none")]
    pub next_activity: Option<String>,
    #[serde(rename = "TemplateName", default, skip_serializing_if = "Option::is_none")]
    pub template_name: Option<String>,
    #[serde(rename = "TemplateVersion", default, skip_serializing_if = "Option::is_none")]
    pub template_version: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct EmailTemplateRequest {
    #[serde(rename = "DefaultSubstitutions", default, skip_serializing_if = "Option::is_none")]
    pub default_substitutions: Option<String>,
    #[serde(rename = "Headers", default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<Vec<MessageHeader>>,
    #[serde(rename = "HtmlPart", default, skip_serializing_if = "Option::is_none")]
    pub html_part: Option<String>,
    #[serde(rename = "RecommenderId", default, skip_serializing_if = "Option::is_none")]
    pub recommender_id: Option<String>,
    #[serde(rename = "Subject", default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    #[serde(rename = "TemplateDescription", default, skip_serializing_if = "Option::is_none")]
    pub template_description: Option<String>,
    #[serde(rename = "TextPart", default, skip_serializing_if = "Option::is_none")]
    pub text_part: Option<String>,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EmailTemplateResponse {
    #[serde(rename = "Arn", default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(rename = "CreationDate")]
    pub creation_date: String,
    #[serde(rename = "DefaultSubstitutions", default, skip_serializing_if = "Option::is_none")]
    pub default_substitutions: Option<String>,
    #[serde(rename = "Headers", default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<Vec<MessageHeader>>,
    #[serde(rename = "HtmlPart", default, skip_serializing_if = "Option::is_none")]
    pub html_part: Option<String>,
    #[serde(rename = "LastModifiedDate")]
    pub last_modified_date: String,
    #[serde(rename = "RecommenderId", default, skip_serializing_if = "Option::is_none")]
    pub recommender_id: Option<String>,
    #[serde(rename = "Subject", default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    #[serde(rename = "TemplateDescription", default, skip_serializing_if = "Option::is_none")]
    pub template_description: Option<String>,
    #[serde(rename = "TemplateName")]
    pub template_name: String,
    #[serde(rename = "TemplateType")]
    pub template_type: TemplateType,
    #[serde(rename = "TextPart", default, skip_serializing_if = "Option::is_none")]
    pub text_part: Option<String>,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct EndpointBatchItem {
    #[serde(rename = "Address", default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(rename = "Attributes", default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<BTreeMap<String, Vec<String>>>,
    #[serde(rename = "ChannelType", default, skip_serializing_if = "Option::is_none")]
    pub channel_type: Option<ChannelType>,
    #[serde(rename = "Demographic", default, skip_serializing_if = "Option::is_none")]
    pub demographic: Option<EndpointDemographic>,
    #[serde(rename = "EffectiveDate", default, skip_serializing_if = "Option::is_none")]
    pub effective_date: Option<String>,
    #[serde(rename = "EndpointStatus", default, skip_serializing_if = "Option::is_none")]
    pub endpoint_status: Option<String>,
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "Location", default, skip_serializing_if = "Option::is_none")]
    pub location: Option<EndpointLocation>,
    #[serde(rename = "Metrics", default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<BTreeMap<String, f64>>,
    #[serde(rename = "OptOut", default, skip_serializing_if = "Option::is_none")]
    pub opt_out: Option<String>,
    #[serde(rename = "RequestId", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    #[serde(rename = "User", default, skip_serializing_if = "Option::is_none")]
    pub user: Option<EndpointUser>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EndpointBatchRequest {
    #[serde(rename = "Item")]
    pub item: Vec<EndpointBatchItem>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct EndpointDemographic {
    #[serde(rename = "AppVersion", default, skip_serializing_if = "Option::is_none")]
    pub app_version: Option<String>,
    #[serde(rename = "Locale", default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    #[serde(rename = "Make", default, skip_serializing_if = "Option::is_none")]
    pub make: Option<String>,
    #[serde(rename = "Model", default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(rename = "ModelVersion", default, skip_serializing_if = "Option::is_none")]
    pub model_version: Option<String>,
    #[serde(rename = "Platform", default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    #[serde(rename = "PlatformVersion", default, skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    #[serde(rename = "Timezone", default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct EndpointItemResponse {
    #[serde(rename = "Message", default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(rename = "StatusCode", default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct EndpointLocation {
    #[serde(rename = "City", default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(rename = "Country", default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(rename = "Latitude", default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    #[serde(rename = "Longitude", default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
    #[serde(rename = "PostalCode", default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    #[serde(rename = "Region", default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EndpointMessageResult {
    #[serde(rename = "Address", default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(rename = "DeliveryStatus")]
    pub delivery_status: DeliveryStatus,
    #[serde(rename = "MessageId", default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    #[serde(rename = "StatusCode")]
    pub status_code: i32,
    #[serde(rename = "StatusMessage", default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    #[serde(rename = "UpdatedToken", default, skip_serializing_if = "Option::is_none")]
    pub updated_token: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct EndpointRequest {
    #[serde(rename = "Address", default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(rename = "Attributes", default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<BTreeMap<String, Vec<String>>>,
    #[serde(rename = "ChannelType", default, skip_serializing_if = "Option::is_none")]
    pub channel_type: Option<ChannelType>,
    #[serde(rename = "Demographic", default, skip_serializing_if = "Option::is_none")]
    pub demographic: Option<EndpointDemographic>,
    #[serde(rename = "EffectiveDate", default, skip_serializing_if = "Option::is_none")]
    pub effective_date: Option<String>,
    #[serde(rename = "EndpointStatus", default, skip_serializing_if = "Option::is_none")]
    pub endpoint_status: Option<String>,
    #[serde(rename = "Location", default, skip_serializing_if = "Option::is_none")]
    pub location: Option<EndpointLocation>,
    #[serde(rename = "Metrics", default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<BTreeMap<String, f64>>,
    #[serde(rename = "OptOut", default, skip_serializing_if = "Option::is_none")]
    pub opt_out: Option<String>,
    #[serde(rename = "RequestId", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    #[serde(rename = "User", default, skip_serializing_if = "Option::is_none")]
    pub user: Option<EndpointUser>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct EndpointResponse {
    #[serde(rename = "Address", default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(rename = "ApplicationId", default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    #[serde(rename = "Attributes", default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<BTreeMap<String, Vec<String>>>,
    #[serde(rename = "ChannelType", default, skip_serializing_if = "Option::is_none")]
    pub channel_type: Option<ChannelType>,
    #[serde(rename = "CohortId", default, skip_serializing_if = "Option::is_none")]
    pub cohort_id: Option<String>,
    #[serde(rename = "CreationDate", default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    #[serde(rename = "Demographic", default, skip_serializing_if = "Option::is_none")]
    pub demographic: Option<EndpointDemographic>,
    #[serde(rename = "EffectiveDate", default, skip_serializing_if = "Option::is_none")]
    pub effective_date: Option<String>,
    #[serde(rename = "EndpointStatus", default, skip_serializing_if = "Option::is_none")]
    pub endpoint_status: Option<String>,
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "Location", default, skip_serializing_if = "Option::is_none")]
    pub location: Option<EndpointLocation>,
    #[serde(rename = "Metrics", default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<BTreeMap<String, f64>>,
    #[serde(rename = "OptOut", default, skip_serializing_if = "Option::is_none")]
    pub opt_out: Option<String>,
    #[serde(rename = "RequestId", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    #[serde(rename = "User", default, skip_serializing_if = "Option::is_none")]
    pub user: Option<EndpointUser>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct EndpointSendConfiguration {
    #[serde(rename = "BodyOverride", default, skip_serializing_if = "Option::is_none")]
    pub body_override: Option<String>,
    #[serde(rename = "Context", default, skip_serializing_if = "Option::is_none")]
    pub context: Option<BTreeMap<String, String>>,
    #[serde(rename = "RawContent", default, skip_serializing_if = "Option::is_none")]
    pub raw_content: Option<String>,
    #[serde(rename = "Substitutions", default, skip_serializing_if = "Option::is_none")]
    pub substitutions: Option<BTreeMap<String, Vec<String>>>,
    #[serde(rename = "TitleOverride", default, skip_serializing_if = "Option::is_none")]
    pub title_override: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct EndpointUser {
    #[serde(rename = "UserAttributes", default, skip_serializing_if = "Option::is_none")]
    pub user_attributes: Option<BTreeMap<String, Vec<String>>>,
    #[serde(rename = "UserId", default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EndpointsResponse {
    #[serde(rename = "Item")]
    pub item: Vec<EndpointResponse>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Event {
    #[serde(rename = "AppPackageName", default, skip_serializing_if = "Option::is_none")]
    pub app_package_name: Option<String>,
    #[serde(rename = "AppTitle", default, skip_serializing_if = "Option::is_none")]
    pub app_title: Option<String>,
    #[serde(rename = "AppVersionCode", default, skip_serializing_if = "Option::is_none")]
    pub app_version_code: Option<String>,
    #[serde(rename = "Attributes", default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<BTreeMap<String, String>>,
    #[serde(rename = "ClientSdkVersion", default, skip_serializing_if = "Option::is_none")]
    pub client_sdk_version: Option<String>,
    #[serde(rename = "EventType")]
    pub event_type: String,
    #[serde(rename = "Metrics", default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<BTreeMap<String, f64>>,
    #[serde(rename = "SdkName", default, skip_serializing_if = "Option::is_none")]
    pub sdk_name: Option<String>,
    #[serde(rename = "Session", default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    #[serde(rename = "Timestamp")]
    pub timestamp: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct EventCondition {
    #[serde(rename = "Dimensions", default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<EventDimensions>,
    #[serde(rename = "MessageActivity", default, skip_serializing_if = "Option::is_none")]
    pub message_activity: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct EventDimensions {
    #[serde(rename = "Attributes", default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<BTreeMap<String, AttributeDimension>>,
    #[serde(rename = "EventType", default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<SetDimension>,
    #[serde(rename = "Metrics", default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<BTreeMap<String, MetricDimension>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EventFilter {
    #[serde(rename = "Dimensions")]
    pub dimensions: EventDimensions,
    #[serde(rename = "FilterType")]
    pub filter_type: FilterType,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct EventItemResponse {
    #[serde(rename = "Message", default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(rename = "StatusCode", default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct EventStartCondition {
    #[serde(rename = "EventFilter", default, skip_serializing_if = "Option::is_none")]
    pub event_filter: Option<EventFilter>,
    #[serde(rename = "SegmentId", default, skip_serializing_if = "Option::is_none")]
    pub segment_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EventStream {
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "DestinationStreamArn")]
    pub destination_stream_arn: String,
    #[serde(rename = "ExternalId", default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    #[serde(rename = "LastModifiedDate", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<String>,
    #[serde(rename = "LastUpdatedBy", default, skip_serializing_if = "Option::is_none")]
    pub last_updated_by: Option<String>,
    #[serde(rename = "RoleArn")]
    pub role_arn: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EventsBatch {
    #[serde(rename = "Endpoint")]
    pub endpoint: PublicEndpoint,
    #[serde(rename = "Events")]
    pub events: BTreeMap<String, Event>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EventsRequest {
    #[serde(rename = "BatchItem")]
    pub batch_item: BTreeMap<String, EventsBatch>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct EventsResponse {
    #[serde(rename = "Results", default, skip_serializing_if = "Option::is_none")]
    pub results: Option<BTreeMap<String, ItemResponse>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ExportJobRequest {
    #[serde(rename = "RoleArn")]
    pub role_arn: String,
    #[serde(rename = "S3UrlPrefix")]
    pub s3_url_prefix: String,
    #[serde(rename = "SegmentId", default, skip_serializing_if = "Option::is_none")]
    pub segment_id: Option<String>,
    #[serde(rename = "SegmentVersion", default, skip_serializing_if = "Option::is_none")]
    pub segment_version: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ExportJobResource {
    #[serde(rename = "RoleArn")]
    pub role_arn: String,
    #[serde(rename = "S3UrlPrefix")]
    pub s3_url_prefix: String,
    #[serde(rename = "SegmentId", default, skip_serializing_if = "Option::is_none")]
    pub segment_id: Option<String>,
    #[serde(rename = "SegmentVersion", default, skip_serializing_if = "Option::is_none")]
    pub segment_version: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ExportJobResponse {
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "CompletedPieces", default, skip_serializing_if = "Option::is_none")]
    pub completed_pieces: Option<i32>,
    #[serde(rename = "CompletionDate", default, skip_serializing_if = "Option::is_none")]
    pub completion_date: Option<String>,
    #[serde(rename = "CreationDate")]
    pub creation_date: String,
    #[serde(rename = "Definition")]
    pub definition: ExportJobResource,
    #[serde(rename = "FailedPieces", default, skip_serializing_if = "Option::is_none")]
    pub failed_pieces: Option<i32>,
    #[serde(rename = "Failures", default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<Vec<String>>,
    #[serde(rename = "Id")]
    pub id: String,
    #[serde(rename = "JobStatus")]
    pub job_status: JobStatus,
    #[serde(rename = "TotalFailures", default, skip_serializing_if = "Option::is_none")]
    pub total_failures: Option<i32>,
    #[serde(rename = "TotalPieces", default, skip_serializing_if = "Option::is_none")]
    pub total_pieces: Option<i32>,
    #[serde(rename = "TotalProcessed", default, skip_serializing_if = "Option::is_none")]
    pub total_processed: Option<i32>,
    #[serde(rename = "Type")]
    pub r#type: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ExportJobsResponse {
    #[serde(rename = "Item")]
    pub item: Vec<ExportJobResponse>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum FilterType {
    System,
    Endpoint,
    Unknown(String),
}

impl FilterType {
    pub const VALUES: &'static [&'static str] = &["SYSTEM", "ENDPOINT"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::System => "SYSTEM",
            Self::Endpoint => "ENDPOINT",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for FilterType {
    fn from(value: String) -> Self {
        match value.as_str() {
            "SYSTEM" => Self::System,
            "ENDPOINT" => Self::Endpoint,
            _ => Self::Unknown(value),
        }
    }
}

impl From<FilterType> for String {
    fn from(value: FilterType) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum Format {
    Csv,
    Json,
    Unknown(String),
}

impl Format {
    pub const VALUES: &'static [&'static str] = &["CSV", "JSON"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for Format {
    fn from(value: String) -> Self {
        match value.as_str() {
            "CSV" => Self::Csv,
            "JSON" => Self::Json,
            _ => Self::Unknown(value),
        }
    }
}

impl From<Format> for String {
    fn from(value: Format) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum Frequency {
    Once,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Event,
    InAppEvent,
    Unknown(String),
}

impl Frequency {
    pub const VALUES: &'static [&'static str] = &["ONCE", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "EVENT", "IN_APP_EVENT"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Once => "ONCE",
            Self::Hourly => "HOURLY",
            Self::Daily => "DAILY",
            Self::Weekly => "WEEKLY",
            Self::Monthly => "MONTHLY",
            Self::Event => "EVENT",
            Self::InAppEvent => "IN_APP_EVENT",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for Frequency {
    fn from(value: String) -> Self {
        match value.as_str() {
            "ONCE" => Self::Once,
            "HOURLY" => Self::Hourly,
            "DAILY" => Self::Daily,
            "WEEKLY" => Self::Weekly,
            "MONTHLY" => Self::Monthly,
            "EVENT" => Self::Event,
            "IN_APP_EVENT" => Self::InAppEvent,
            _ => Self::Unknown(value),
        }
    }
}

impl From<Frequency> for String {
    fn from(value: Frequency) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct GCMChannelRequest {
    #[serde(rename = "ApiKey", default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<Secret>,
    #[serde(rename = "DefaultAuthenticationMethod", default, skip_serializing_if = "Option::is_none")]
    pub default_authentication_method: Option<String>,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "ServiceJson", default, skip_serializing_if = "Option::is_none")]
    pub service_json: Option<Secret>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct GCMChannelResponse {
    #[serde(rename = "ApplicationId", default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    #[serde(rename = "CreationDate", default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    #[serde(rename = "Credential", default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<Secret>,
    #[serde(rename = "DefaultAuthenticationMethod", default, skip_serializing_if = "Option::is_none")]
    pub default_authentication_method: Option<String>,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "HasCredential", default, skip_serializing_if = "Option::is_none")]
    pub has_credential: Option<bool>,
    #[serde(rename = "HasFcmServiceCredentials", default, skip_serializing_if = "Option::is_none")]
    pub has_fcm_service_credentials: Option<bool>,
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "IsArchived", default, skip_serializing_if = "Option::is_none")]
    pub is_archived: Option<bool>,
    #[serde(rename = "LastModifiedBy", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_by: Option<String>,
    #[serde(rename = "LastModifiedDate", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<String>,
    #[serde(rename = "Platform")]
    pub platform: String,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct GCMMessage {
    #[serde(rename = "Action", default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "CollapseKey", default, skip_serializing_if = "Option::is_none")]
    pub collapse_key: Option<String>,
    #[serde(rename = "Data", default, skip_serializing_if = "Option::is_none")]
    pub data: Option<BTreeMap<String, String>>,
    #[serde(rename = "IconReference", default, skip_serializing_if = "Option::is_none")]
    pub icon_reference: Option<String>,
    #[serde(rename = "ImageIconUrl", default, skip_serializing_if = "Option::is_none")]
    pub image_icon_url: Option<String>,
    #[serde(rename = "ImageUrl", default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    #[serde(rename = "PreferredAuthenticationMethod", default, skip_serializing_if = "Option::is_none")]
    pub preferred_authentication_method: Option<String>,
    #[serde(rename = "Priority", default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    #[serde(rename = "RawContent", default, skip_serializing_if = "Option::is_none")]
    pub raw_content: Option<String>,
    #[serde(rename = "RestrictedPackageName", default, skip_serializing_if = "Option::is_none")]
    pub restricted_package_name: Option<String>,
    #[serde(rename = "SilentPush", default, skip_serializing_if = "Option::is_none")]
    pub silent_push: Option<bool>,
    #[serde(rename = "SmallImageIconUrl", default, skip_serializing_if = "Option::is_none")]
    pub small_image_icon_url: Option<String>,
    #[serde(rename = "Sound", default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<String>,
    #[serde(rename = "Substitutions", default, skip_serializing_if = "Option::is_none")]
    pub substitutions: Option<BTreeMap<String, Vec<String>>>,
    #[serde(rename = "TimeToLive", default, skip_serializing_if = "Option::is_none")]
    pub time_to_live: Option<i32>,
    #[serde(rename = "Title", default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(rename = "Url", default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct GPSCoordinates {
    #[serde(rename = "Latitude")]
    pub latitude: f64,
    #[serde(rename = "Longitude")]
    pub longitude: f64,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct GPSPointDimension {
    #[serde(rename = "Coordinates")]
    pub coordinates: GPSCoordinates,
    #[serde(rename = "RangeInKilometers", default, skip_serializing_if = "Option::is_none")]
    pub range_in_kilometers: Option<f64>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct HoldoutActivity {
    #[serde(rename = "NextActivity", default, skip_serializing_if = "Option::is_none")]
    pub next_activity: Option<String>,
    #[serde(rename = "Percentage")]
    pub percentage: i32,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ImportJobRequest {
    #[serde(rename = "DefineSegment", default, skip_serializing_if = "Option::is_none")]
    pub define_segment: Option<bool>,
    #[serde(rename = "ExternalId", default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    #[serde(rename = "Format")]
    pub format: Format,
    #[serde(rename = "RegisterEndpoints", default, skip_serializing_if = "Option::is_none")]
    pub register_endpoints: Option<bool>,
    #[serde(rename = "RoleArn")]
    pub role_arn: String,
    #[serde(rename = "S3Url")]
    pub s3_url: String,
    #[serde(rename = "SegmentId", default, skip_serializing_if = "Option::is_none")]
    pub segment_id: Option<String>,
    #[serde(rename = "SegmentName", default, skip_serializing_if = "Option::is_none")]
    pub segment_name: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ImportJobResource {
    #[serde(rename = "DefineSegment", default, skip_serializing_if = "Option::is_none")]
    pub define_segment: Option<bool>,
    #[serde(rename = "ExternalId", default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    #[serde(rename = "Format")]
    pub format: Format,
    #[serde(rename = "RegisterEndpoints", default, skip_serializing_if = "Option::is_none")]
    pub register_endpoints: Option<bool>,
    #[serde(rename = "RoleArn")]
    pub role_arn: String,
    #[serde(rename = "S3Url")]
    pub s3_url: String,
    #[serde(rename = "SegmentId", default, skip_serializing_if = "Option::is_none")]
    pub segment_id: Option<String>,
    #[serde(rename = "SegmentName", default, skip_serializing_if = "Option::is_none")]
    pub segment_name: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ImportJobResponse {
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "CompletedPieces", default, skip_serializing_if = "Option::is_none")]
    pub completed_pieces: Option<i32>,
    #[serde(rename = "CompletionDate", default, skip_serializing_if = "Option::is_none")]
    pub completion_date: Option<String>,
    #[serde(rename = "CreationDate")]
    pub creation_date: String,
    #[serde(rename = "Definition")]
    pub definition: ImportJobResource,
    #[serde(rename = "FailedPieces", default, skip_serializing_if = "Option::is_none")]
    pub failed_pieces: Option<i32>,
    #[serde(rename = "Failures", default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<Vec<String>>,
    #[serde(rename = "Id")]
    pub id: String,
    #[serde(rename = "JobStatus")]
    pub job_status: JobStatus,
    #[serde(rename = "TotalFailures", default, skip_serializing_if = "Option::is_none")]
    pub total_failures: Option<i32>,
    #[serde(rename = "TotalPieces", default, skip_serializing_if = "Option::is_none")]
    pub total_pieces: Option<i32>,
    #[serde(rename = "TotalProcessed", default, skip_serializing_if = "Option::is_none")]
    pub total_processed: Option<i32>,
    #[serde(rename = "Type")]
    pub r#type: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ImportJobsResponse {
    #[serde(rename = "Item")]
    pub item: Vec<ImportJobResponse>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct InAppCampaignSchedule {
    #[serde(rename = "EndDate", default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
    #[serde(rename = "EventFilter", default, skip_serializing_if = "Option::is_none")]
    pub event_filter: Option<CampaignEventFilter>,
    #[serde(rename = "QuietTime", default, skip_serializing_if = "Option::is_none")]
    pub quiet_time: Option<QuietTime>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct InAppMessage {
    #[serde(rename = "Content", default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Vec<InAppMessageContent>>,
    #[serde(rename = "CustomConfig", default, skip_serializing_if = "Option::is_none")]
    pub custom_config: Option<BTreeMap<String, String>>,
    #[serde(rename = "Layout", default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct InAppMessageBodyConfig {
    #[serde(rename = "Alignment")]
    pub alignment: Alignment,
    #[serde(rename = "Body")]
    pub body: String,
    #[serde(rename = "TextColor")]
    pub text_color: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct InAppMessageButton {
    #[serde(rename = "Android", default, skip_serializing_if = "Option::is_none")]
    pub android: Option<OverrideButtonConfiguration>,
    #[serde(rename = "DefaultConfig", default, skip_serializing_if = "Option::is_none")]
    pub default_config: Option<DefaultButtonConfiguration>,
    #[serde(rename = "IOS", default, skip_serializing_if = "Option::is_none")]
    pub ios: Option<OverrideButtonConfiguration>,
    #[serde(rename = "Web", default, skip_serializing_if = "Option::is_none")]
    pub web: Option<OverrideButtonConfiguration>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct InAppMessageCampaign {
    #[serde(rename = "CampaignId", default, skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<String>,
    #[serde(rename = "DailyCap", default, skip_serializing_if = "Option::is_none")]
    pub daily_cap: Option<i32>,
    #[serde(rename = "InAppMessage", default, skip_serializing_if = "Option::is_none")]
    pub in_app_message: Option<InAppMessage>,
    #[serde(rename = "Priority", default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    #[serde(rename = "Schedule", default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<InAppCampaignSchedule>,
    #[serde(rename = "SessionCap", default, skip_serializing_if = "Option::is_none")]
    pub session_cap: Option<i32>,
    #[serde(rename = "TotalCap", default, skip_serializing_if = "Option::is_none")]
    pub total_cap: Option<i32>,
    #[serde(rename = "TreatmentId", default, skip_serializing_if = "Option::is_none")]
    pub treatment_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct InAppMessageContent {
    #[serde(rename = "BackgroundColor", default, skip_serializing_if = "Option::is_none")]
    pub background_color: Option<String>,
    #[serde(rename = "BodyConfig", default, skip_serializing_if = "Option::is_none")]
    pub body_config: Option<InAppMessageBodyConfig>,
    #[serde(rename = "HeaderConfig", default, skip_serializing_if = "Option::is_none")]
    pub header_config: Option<InAppMessageHeaderConfig>,
    #[serde(rename = "ImageUrl", default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    #[serde(rename = "PrimaryBtn", default, skip_serializing_if = "Option::is_none")]
    pub primary_btn: Option<InAppMessageButton>,
    #[serde(rename = "SecondaryBtn", default, skip_serializing_if = "Option::is_none")]
    pub secondary_btn: Option<InAppMessageButton>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct InAppMessageHeaderConfig {
    #[serde(rename = "Alignment")]
    pub alignment: Alignment,
    #[serde(rename = "Header")]
    pub header: String,
    #[serde(rename = "TextColor")]
    pub text_color: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct InAppMessagesResponse {
    #[serde(rename = "InAppMessageCampaigns", default, skip_serializing_if = "Option::is_none")]
    pub in_app_message_campaigns: Option<Vec<InAppMessageCampaign>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct InAppTemplateRequest {
    #[serde(rename = "Content", default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Vec<InAppMessageContent>>,
    #[serde(rename = "CustomConfig", default, skip_serializing_if = "Option::is_none")]
    pub custom_config: Option<BTreeMap<String, String>>,
    #[serde(rename = "Layout", default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
    #[serde(rename = "TemplateDescription", default, skip_serializing_if = "Option::is_none")]
    pub template_description: Option<String>,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct InAppTemplateResponse {
    #[serde(rename = "Arn", default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(rename = "Content", default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Vec<InAppMessageContent>>,
    #[serde(rename = "CreationDate")]
    pub creation_date: String,
    #[serde(rename = "CustomConfig", default, skip_serializing_if = "Option::is_none")]
    pub custom_config: Option<BTreeMap<String, String>>,
    #[serde(rename = "LastModifiedDate")]
    pub last_modified_date: String,
    #[serde(rename = "Layout", default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
    #[serde(rename = "TemplateDescription", default, skip_serializing_if = "Option::is_none")]
    pub template_description: Option<String>,
    #[serde(rename = "TemplateName")]
    pub template_name: String,
    #[serde(rename = "TemplateType")]
    pub template_type: TemplateType,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum Include {
    All,
    Any,
    None,
    Unknown(String),
}

impl Include {
    pub const VALUES: &'static [&'static str] = &["ALL", "ANY", "NONE"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::All => "ALL",
            Self::Any => "ANY",
            Self::None => "NONE",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for Include {
    fn from(value: String) -> Self {
        match value.as_str() {
            "ALL" => Self::All,
            "ANY" => Self::Any,
            "NONE" => Self::None,
            _ => Self::Unknown(value),
        }
    }
}

impl From<Include> for String {
    fn from(value: Include) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct ItemResponse {
    #[serde(rename = "EndpointItemResponse", default, skip_serializing_if = "Option::is_none")]
    pub endpoint_item_response: Option<EndpointItemResponse>,
    #[serde(rename = "EventsItemResponse", default, skip_serializing_if = "Option::is_none")]
    pub events_item_response: Option<BTreeMap<String, EventItemResponse>>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum JobStatus {
    Created,
    PreparingForInitialization,
    Initializing,
    Processing,
    PendingJob,
    Completing,
    Completed,
    Failing,
    Failed,
    Unknown(String),
}

impl JobStatus {
    pub const VALUES: &'static [&'static str] = &["CREATED", "PREPARING_FOR_INITIALIZATION", "INITIALIZING", "PROCESSING", "PENDING_JOB", "COMPLETING", "COMPLETED", "FAILING", "FAILED"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Created => "CREATED",
            Self::PreparingForInitialization => "PREPARING_FOR_INITIALIZATION",
            Self::Initializing => "INITIALIZING",
            Self::Processing => "PROCESSING",
            Self::PendingJob => "PENDING_JOB",
            Self::Completing => "COMPLETING",
            Self::Completed => "COMPLETED",
            Self::Failing => "FAILING",
            Self::Failed => "FAILED",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for JobStatus {
    fn from(value: String) -> Self {
        match value.as_str() {
            "CREATED" => Self::Created,
            "PREPARING_FOR_INITIALIZATION" => Self::PreparingForInitialization,
            "INITIALIZING" => Self::Initializing,
            "PROCESSING" => Self::Processing,
            "PENDING_JOB" => Self::PendingJob,
            "COMPLETING" => Self::Completing,
            "COMPLETED" => Self::Completed,
            "FAILING" => Self::Failing,
            "FAILED" => Self::Failed,
            _ => Self::Unknown(value),
        }
    }
}

impl From<JobStatus> for String {
    fn from(value: JobStatus) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct JourneyChannelSettings {
    #[serde(rename = "ConnectCampaignArn", default, skip_serializing_if = "Option::is_none")]
    pub connect_campaign_arn: Option<String>,
    #[serde(rename = "ConnectCampaignExecutionRoleArn", default, skip_serializing_if = "Option::is_none")]
    pub connect_campaign_execution_role_arn: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct JourneyCustomMessage {
    #[serde(rename = "Data", default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct JourneyDateRangeKpiResponse {
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "EndTime")]
    pub end_time: String,
    #[serde(rename = "JourneyId")]
    pub journey_id: String,
    #[serde(rename = "KpiName")]
    pub kpi_name: String,
    #[serde(rename = "KpiResult")]
    pub kpi_result: BaseKpiResult,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    #[serde(rename = "StartTime")]
    pub start_time: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct JourneyEmailMessage {
    #[serde(rename = "FromAddress", default, skip_serializing_if = "Option::is_none")]
    pub from_address: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct JourneyExecutionActivityMetricsResponse {
    #[serde(rename = "ActivityType")]
    pub activity_type: String,
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "JourneyActivityId")]
    pub journey_activity_id: String,
    #[serde(rename = "JourneyId")]
    pub journey_id: String,
    #[serde(rename = "LastEvaluatedTime")]
    pub last_evaluated_time: String,
    #[serde(rename = "Metrics")]
    pub metrics: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct JourneyExecutionMetricsResponse {
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "JourneyId")]
    pub journey_id: String,
    #[serde(rename = "LastEvaluatedTime")]
    pub last_evaluated_time: String,
    #[serde(rename = "Metrics")]
    pub metrics: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct JourneyLimits {
    #[serde(rename = "DailyCap", default, skip_serializing_if = "Option::is_none")]
    pub daily_cap: Option<i32>,
    #[serde(rename = "EndpointReentryCap", default, skip_serializing_if = "Option::is_none")]
    pub endpoint_reentry_cap: Option<i32>,
    #[serde(rename = "EndpointReentryInterval", default, skip_serializing_if = "Option::is_none")]
    pub endpoint_reentry_interval: Option<String>,
    #[serde(rename = "MessagesPerSecond", default, skip_serializing_if = "Option::is_none")]
    pub messages_per_second: Option<i32>,
    #[serde(rename = "TimeframeCap", default, skip_serializing_if = "Option::is_none")]
    pub timeframe_cap: Option<JourneyTimeframeCap>,
    #[serde(rename = "TotalCap", default, skip_serializing_if = "Option::is_none")]
    pub total_cap: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct JourneyPushMessage {
    #[serde(rename = "TimeToLive", default, skip_serializing_if = "Option::is_none")]
    pub time_to_live: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct JourneyResponse {
    #[serde(rename = "Activities", default, skip_serializing_if = "Option::is_none")]
    pub activities: Option<BTreeMap<String, Activity>>,
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "ClosedDays", default, skip_serializing_if = "Option::is_none")]
    pub closed_days: Option<ClosedDays>,
    #[serde(rename = "CreationDate", default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    #[serde(rename = "Id")]
    pub id: String,
    #[serde(rename = "JourneyChannelSettings", default, skip_serializing_if = "Option::is_none")]
    pub journey_channel_settings: Option<JourneyChannelSettings>,
    #[serde(rename = "LastModifiedDate", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<String>,
    #[serde(rename = "Limits", default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<JourneyLimits>,
    #[serde(rename = "LocalTime", default, skip_serializing_if = "Option::is_none")]
    pub local_time: Option<bool>,
    #[serde(rename = "Name")]
    pub name: String,
    #[serde(rename = "OpenHours", default, skip_serializing_if = "Option::is_none")]
    pub open_hours: Option<OpenHours>,
    #[serde(rename = "QuietTime", default, skip_serializing_if = "Option::is_none")]
    pub quiet_time: Option<QuietTime>,
    #[serde(rename = "RefreshFrequency", default, skip_serializing_if = "Option::is_none")]
    pub refresh_frequency: Option<String>,
    #[serde(rename = "RefreshOnSegmentUpdate", default, skip_serializing_if = "Option::is_none")]
    pub refresh_on_segment_update: Option<bool>,
    #[serde(rename = "Schedule", default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<JourneySchedule>,
    #[serde(rename = "SendingSchedule", default, skip_serializing_if = "Option::is_none")]
    pub sending_schedule: Option<bool>,
    #[serde(rename = "StartActivity", default, skip_serializing_if = "Option::is_none")]
    pub start_activity: Option<String>,
    #[serde(rename = "StartCondition", default, skip_serializing_if = "Option::is_none")]
    pub start_condition: Option<StartCondition>,
    #[serde(rename = "State", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    #[serde(rename = "TimezoneEstimationMethods", default, skip_serializing_if = "Option::is_none")]
    pub timezone_estimation_methods: Option<Vec<TimezoneEstimationMethodsElement>>,
    #[serde(rename = "WaitForQuietTime", default, skip_serializing_if = "Option::is_none")]
    pub wait_for_quiet_time: Option<bool>,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct JourneyRunExecutionActivityMetricsResponse {
    #[serde(rename = "ActivityType")]
    pub activity_type: String,
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "JourneyActivityId")]
    pub journey_activity_id: String,
    #[serde(rename = "JourneyId")]
    pub journey_id: String,
    #[serde(rename = "LastEvaluatedTime")]
    pub last_evaluated_time: String,
    #[serde(rename = "Metrics")]
    pub metrics: BTreeMap<String, String>,
    #[serde(rename = "RunId")]
    pub run_id: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct JourneyRunExecutionMetricsResponse {
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "JourneyId")]
    pub journey_id: String,
    #[serde(rename = "LastEvaluatedTime")]
    pub last_evaluated_time: String,
    #[serde(rename = "Metrics")]
    pub metrics: BTreeMap<String, String>,
    #[serde(rename = "RunId")]
    pub run_id: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct JourneyRunResponse {
    #[serde(rename = "CreationTime")]
    pub creation_time: String,
    #[serde(rename = "LastUpdateTime")]
    pub last_update_time: String,
    #[serde(rename = "RunId")]
    pub run_id: String,
    #[serde(rename = "Status")]
    pub status: JourneyRunStatus,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum JourneyRunStatus {
    Scheduled,
    Running,
    Completed,
    Cancelled,
    Unknown(String),
}

impl JourneyRunStatus {
    pub const VALUES: &'static [&'static str] = &["SCHEDULED", "RUNNING", "COMPLETED", "CANCELLED"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for JourneyRunStatus {
    fn from(value: String) -> Self {
        match value.as_str() {
            "SCHEDULED" => Self::Scheduled,
            "RUNNING" => Self::Running,
            "COMPLETED" => Self::Completed,
            "CANCELLED" => Self::Cancelled,
            _ => Self::Unknown(value),
        }
    }
}

impl From<JourneyRunStatus> for String {
    fn from(value: JourneyRunStatus) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct JourneyRunsResponse {
    #[serde(rename = "Item")]
    pub item: Vec<JourneyRunResponse>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct JourneySMSMessage {
    #[serde(rename = "EntityId", default, skip_serializing_if = "Option::is_none")]
    pub entity_id: Option<String>,
    #[serde(rename = "MessageType", default, skip_serializing_if = "Option::is_none")]
    pub message_type: Option<MessageType>,
    #[serde(rename = "OriginationNumber", default, skip_serializing_if = "Option::is_none")]
    pub origination_number: Option<String>,
    #[serde(rename = "SenderId", default, skip_serializing_if = "Option::is_none")]
    pub sender_id: Option<String>,
    #[serde(rename = "TemplateId", default, skip_serializing_if = "Option::is_none")]
    pub template_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct JourneySchedule {
    #[serde(rename = "EndTime", default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    #[serde(rename = "StartTime", default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    #[serde(rename = "Timezone", default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct JourneyStateRequest {
    #[serde(rename = "State", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct JourneyTimeframeCap {
    #[serde(rename = "Cap", default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<i32>,
    #[serde(rename = "Days", default, skip_serializing_if = "Option::is_none")]
    pub days: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct JourneysResponse {
    #[serde(rename = "Item")]
    pub item: Vec<JourneyResponse>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum Layout {
    BottomBanner,
    TopBanner,
    Overlays,
    MobileFeed,
    MiddleBanner,
    Carousel,
    Unknown(String),
}

impl Layout {
    pub const VALUES: &'static [&'static str] = &["BOTTOM_BANNER", "TOP_BANNER", "OVERLAYS", "MOBILE_FEED", "MIDDLE_BANNER", "CAROUSEL"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::BottomBanner => "BOTTOM_BANNER",
            Self::TopBanner => "TOP_BANNER",
            Self::Overlays => "OVERLAYS",
            Self::MobileFeed => "MOBILE_FEED",
            Self::MiddleBanner => "MIDDLE_BANNER",
            Self::Carousel => "CAROUSEL",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for Layout {
    fn from(value: String) -> Self {
        match value.as_str() {
            "BOTTOM_BANNER" => Self::BottomBanner,
            "TOP_BANNER" => Self::TopBanner,
            "OVERLAYS" => Self::Overlays,
            "MOBILE_FEED" => Self::MobileFeed,
            "MIDDLE_BANNER" => Self::MiddleBanner,
            "CAROUSEL" => Self::Carousel,
            _ => Self::Unknown(value),
        }
    }
}

impl From<Layout> for String {
    fn from(value: Layout) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ListRecommenderConfigurationsResponse {
    #[serde(rename = "Item")]
    pub item: Vec<RecommenderConfigurationResponse>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct Message {
    #[serde(rename = "Action", default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "ImageIconUrl", default, skip_serializing_if = "Option::is_none")]
    pub image_icon_url: Option<String>,
    #[serde(rename = "ImageSmallIconUrl", default, skip_serializing_if = "Option::is_none")]
    pub image_small_icon_url: Option<String>,
    #[serde(rename = "ImageUrl", default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    #[serde(rename = "JsonBody", default, skip_serializing_if = "Option::is_none")]
    pub json_body: Option<String>,
    #[serde(rename = "MediaUrl", default, skip_serializing_if = "Option::is_none")]
    pub media_url: Option<String>,
    #[serde(rename = "RawContent", default, skip_serializing_if = "Option::is_none")]
    pub raw_content: Option<String>,
    #[serde(rename = "SilentPush", default, skip_serializing_if = "Option::is_none")]
    pub silent_push: Option<bool>,
    #[serde(rename = "TimeToLive", default, skip_serializing_if = "Option::is_none")]
    pub time_to_live: Option<i32>,
    #[serde(rename = "Title", default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(rename = "Url", default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct MessageBody {
    #[serde(rename = "Message", default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(rename = "RequestID", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct MessageConfiguration {
    #[serde(rename = "ADMMessage", default, skip_serializing_if = "Option::is_none")]
    pub adm_message: Option<Message>,
    #[serde(rename = "APNSMessage", default, skip_serializing_if = "Option::is_none")]
    pub apns_message: Option<Message>,
    #[serde(rename = "BaiduMessage", default, skip_serializing_if = "Option::is_none")]
    pub baidu_message: Option<Message>,
    #[serde(rename = "CustomMessage", default, skip_serializing_if = "Option::is_none")]
    pub custom_message: Option<CampaignCustomMessage>,
    #[serde(rename = "DefaultMessage", default, skip_serializing_if = "Option::is_none")]
    pub default_message: Option<Message>,
    #[serde(rename = "EmailMessage", default, skip_serializing_if = "Option::is_none")]
    pub email_message: Option<CampaignEmailMessage>,
    #[serde(rename = "GCMMessage", default, skip_serializing_if = "Option::is_none")]
    pub gcm_message: Option<Message>,
    #[serde(rename = "InAppMessage", default, skip_serializing_if = "Option::is_none")]
    pub in_app_message: Option<CampaignInAppMessage>,
    #[serde(rename = "SMSMessage", default, skip_serializing_if = "Option::is_none")]
    pub sms_message: Option<CampaignSmsMessage>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct MessageHeader {
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "Value", default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct MessageRequest {
    #[serde(rename = "Addresses", default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<BTreeMap<String, AddressConfiguration>>,
    #[serde(rename = "Context", default, skip_serializing_if = "Option::is_none")]
    pub context: Option<BTreeMap<String, String>>,
    #[serde(rename = "Endpoints", default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<BTreeMap<String, EndpointSendConfiguration>>,
    #[serde(rename = "MessageConfiguration")]
    pub message_configuration: DirectMessageConfiguration,
    #[serde(rename = "TemplateConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub template_configuration: Option<TemplateConfiguration>,
    #[serde(rename = "TraceId", default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct MessageResponse {
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "EndpointResult", default, skip_serializing_if = "Option::is_none")]
    pub endpoint_result: Option<BTreeMap<String, EndpointMessageResult>>,
    #[serde(rename = "RequestId", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    #[serde(rename = "Result", default, skip_serializing_if = "Option::is_none")]
    pub result: Option<BTreeMap<String, MessageResult>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct MessageResult {
    #[serde(rename = "DeliveryStatus")]
    pub delivery_status: DeliveryStatus,
    #[serde(rename = "MessageId", default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    #[serde(rename = "StatusCode")]
    pub status_code: i32,
    #[serde(rename = "StatusMessage", default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    #[serde(rename = "UpdatedToken", default, skip_serializing_if = "Option::is_none")]
    pub updated_token: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum MessageType {
    Transactional,
    Promotional,
    Unknown(String),
}

impl MessageType {
    pub const VALUES: &'static [&'static str] = &["TRANSACTIONAL", "PROMOTIONAL"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Transactional => "TRANSACTIONAL",
            Self::Promotional => "PROMOTIONAL",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for MessageType {
    fn from(value: String) -> Self {
        match value.as_str() {
            "TRANSACTIONAL" => Self::Transactional,
            "PROMOTIONAL" => Self::Promotional,
            _ => Self::Unknown(value),
        }
    }
}

impl From<MessageType> for String {
    fn from(value: MessageType) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct MetricDimension {
    #[serde(rename = "ComparisonOperator")]
    pub comparison_operator: String,
    #[serde(rename = "Value")]
    pub value: f64,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum Mode {
    Delivery,
    Filter,
    Unknown(String),
}

impl Mode {
    pub const VALUES: &'static [&'static str] = &["DELIVERY", "FILTER"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Delivery => "DELIVERY",
            Self::Filter => "FILTER",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for Mode {
    fn from(value: String) -> Self {
        match value.as_str() {
            "DELIVERY" => Self::Delivery,
            "FILTER" => Self::Filter,
            _ => Self::Unknown(value),
        }
    }
}

impl From<Mode> for String {
    fn from(value: Mode) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct MultiConditionalBranch {
    #[serde(rename = "Condition", default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<SimpleCondition>,
    #[serde(rename = "NextActivity", default, skip_serializing_if = "Option::is_none")]
    pub next_activity: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct MultiConditionalSplitActivity {
    #[serde(rename = "Branches", default, skip_serializing_if = "Option::is_none")]
    pub branches: Option<Vec<MultiConditionalBranch>>,
    #[serde(rename = "DefaultActivity", default, skip_serializing_if = "Option::is_none")]
    pub default_activity: Option<String>,
    #[serde(rename = "EvaluationWaitTime", default, skip_serializing_if = "Option::is_none")]
    pub evaluation_wait_time: Option<WaitTime>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct NumberValidateRequest {
    #[serde(rename = "IsoCountryCode", default, skip_serializing_if = "Option::is_none")]
    pub iso_country_code: Option<String>,
    #[serde(rename = "PhoneNumber", default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct NumberValidateResponse {
    #[serde(rename = "Carrier", default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    #[serde(rename = "City", default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(rename = "CleansedPhoneNumberE164", default, skip_serializing_if = "Option::is_none")]
    pub cleansed_phone_number_e164: Option<String>,
    #[serde(rename = "CleansedPhoneNumberNational", default, skip_serializing_if = "Option::is_none")]
    pub cleansed_phone_number_national: Option<String>,
    #[serde(rename = "Country", default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(rename = "CountryCodeIso2", default, skip_serializing_if = "Option::is_none")]
    pub country_code_iso2: Option<String>,
    #[serde(rename = "CountryCodeNumeric", default, skip_serializing_if = "Option::is_none")]
    pub country_code_numeric: Option<String>,
    #[serde(rename = "County", default, skip_serializing_if = "Option::is_none")]
    pub county: Option<String>,
    #[serde(rename = "OriginalCountryCodeIso2", default, skip_serializing_if = "Option::is_none")]
    pub original_country_code_iso2: Option<String>,
    #[serde(rename = "OriginalPhoneNumber", default, skip_serializing_if = "Option::is_none")]
    pub original_phone_number: Option<String>,
    #[serde(rename = "PhoneType", default, skip_serializing_if = "Option::is_none")]
    pub phone_type: Option<String>,
    #[serde(rename = "PhoneTypeCode", default, skip_serializing_if = "Option::is_none")]
    pub phone_type_code: Option<i32>,
    #[serde(rename = "Timezone", default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    #[serde(rename = "ZipCode", default, skip_serializing_if = "Option::is_none")]
    pub zip_code: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct OpenHours {
    #[serde(rename = "CUSTOM", default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<BTreeMap<DayOfWeek, Vec<OpenHoursRule>>>,
    #[serde(rename = "EMAIL", default, skip_serializing_if = "Option::is_none")]
    pub email: Option<BTreeMap<DayOfWeek, Vec<OpenHoursRule>>>,
    #[serde(rename = "PUSH", default, skip_serializing_if = "Option::is_none")]
    pub push: Option<BTreeMap<DayOfWeek, Vec<OpenHoursRule>>>,
    #[serde(rename = "SMS", default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<BTreeMap<DayOfWeek, Vec<OpenHoursRule>>>,
    #[serde(rename = "VOICE", default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<BTreeMap<DayOfWeek, Vec<OpenHoursRule>>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct OpenHoursRule {
    #[serde(rename = "EndTime", default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    #[serde(rename = "StartTime", default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum Operator {
    All,
    Any,
    Unknown(String),
}

impl Operator {
    pub const VALUES: &'static [&'static str] = &["ALL", "ANY"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::All => "ALL",
            Self::Any => "ANY",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for Operator {
    fn from(value: String) -> Self {
        match value.as_str() {
            "ALL" => Self::All,
            "ANY" => Self::Any,
            _ => Self::Unknown(value),
        }
    }
}

impl From<Operator> for String {
    fn from(value: Operator) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct OverrideButtonConfiguration {
    #[serde(rename = "ButtonAction")]
    pub button_action: ButtonAction,
    #[serde(rename = "Link", default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct PublicEndpoint {
    #[serde(rename = "Address", default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(rename = "Attributes", default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<BTreeMap<String, Vec<String>>>,
    #[serde(rename = "ChannelType", default, skip_serializing_if = "Option::is_none")]
    pub channel_type: Option<ChannelType>,
    #[serde(rename = "Demographic", default, skip_serializing_if = "Option::is_none")]
    pub demographic: Option<EndpointDemographic>,
    #[serde(rename = "EffectiveDate", default, skip_serializing_if = "Option::is_none")]
    pub effective_date: Option<String>,
    #[serde(rename = "EndpointStatus", default, skip_serializing_if = "Option::is_none")]
    pub endpoint_status: Option<String>,
    #[serde(rename = "Location", default, skip_serializing_if = "Option::is_none")]
    pub location: Option<EndpointLocation>,
    #[serde(rename = "Metrics", default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<BTreeMap<String, f64>>,
    #[serde(rename = "OptOut", default, skip_serializing_if = "Option::is_none")]
    pub opt_out: Option<String>,
    #[serde(rename = "RequestId", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    #[serde(rename = "User", default, skip_serializing_if = "Option::is_none")]
    pub user: Option<EndpointUser>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct PushMessageActivity {
    #[serde(rename = "MessageConfig", default, skip_serializing_if = "Option::is_none")]
    pub message_config: Option<JourneyPushMessage>,
    #[serde(rename = "NextActivity", default, skip_serializing_if = "Option::is_none")]
    pub next_activity: Option<String>,
    #[serde(rename = "TemplateName", default, skip_serializing_if = "Option::is_none")]
    pub template_name: Option<String>,
    #[serde(rename = "TemplateVersion", default, skip_serializing_if = "Option::is_none")]
    pub template_version: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct PushNotificationTemplateRequest {
    #[serde(rename = "ADM", default, skip_serializing_if = "Option::is_none")]
    pub adm: Option<AndroidPushNotificationTemplate>,
    #[serde(rename = "APNS", default, skip_serializing_if = "Option::is_none")]
    pub apns: Option<APNSPushNotificationTemplate>,
    #[serde(rename = "Baidu", default, skip_serializing_if = "Option::is_none")]
    pub baidu: Option<AndroidPushNotificationTemplate>,
    #[serde(rename = "Default", default, skip_serializing_if = "Option::is_none")]
    pub default: Option<DefaultPushNotificationTemplate>,
    #[serde(rename = "DefaultSubstitutions", default, skip_serializing_if = "Option::is_none")]
    pub default_substitutions: Option<String>,
    #[serde(rename = "GCM", default, skip_serializing_if = "Option::is_none")]
    pub gcm: Option<AndroidPushNotificationTemplate>,
    #[serde(rename = "RecommenderId", default, skip_serializing_if = "Option::is_none")]
    pub recommender_id: Option<String>,
    #[serde(rename = "TemplateDescription", default, skip_serializing_if = "Option::is_none")]
    pub template_description: Option<String>,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PushNotificationTemplateResponse {
    #[serde(rename = "ADM", default, skip_serializing_if = "Option::is_none")]
    pub adm: Option<AndroidPushNotificationTemplate>,
    #[serde(rename = "APNS", default, skip_serializing_if = "Option::is_none")]
    pub apns: Option<APNSPushNotificationTemplate>,
    #[serde(rename = "Arn", default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(rename = "Baidu", default, skip_serializing_if = "Option::is_none")]
    pub baidu: Option<AndroidPushNotificationTemplate>,
    #[serde(rename = "CreationDate")]
    pub creation_date: String,
    #[serde(rename = "Default", default, skip_serializing_if = "Option::is_none")]
    pub default: Option<DefaultPushNotificationTemplate>,
    #[serde(rename = "DefaultSubstitutions", default, skip_serializing_if = "Option::is_none")]
    pub default_substitutions: Option<String>,
    #[serde(rename = "GCM", default, skip_serializing_if = "Option::is_none")]
    pub gcm: Option<AndroidPushNotificationTemplate>,
    #[serde(rename = "LastModifiedDate")]
    pub last_modified_date: String,
    #[serde(rename = "RecommenderId", default, skip_serializing_if = "Option::is_none")]
    pub recommender_id: Option<String>,
    #[serde(rename = "TemplateDescription", default, skip_serializing_if = "Option::is_none")]
    pub template_description: Option<String>,
    #[serde(rename = "TemplateName")]
    pub template_name: String,
    #[serde(rename = "TemplateType")]
    pub template_type: TemplateType,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct QuietTime {
    #[serde(rename = "End", default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    #[serde(rename = "Start", default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct RandomSplitActivity {
    #[serde(rename = "Branches", default, skip_serializing_if = "Option::is_none")]
    pub branches: Option<Vec<RandomSplitEntry>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct RandomSplitEntry {
    #[serde(rename = "NextActivity", default, skip_serializing_if = "Option::is_none")]
    pub next_activity: Option<String>,
    #[serde(rename = "Percentage", default, skip_serializing_if = "Option::is_none")]
    pub percentage: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct RawEmail {
    #[serde(rename = "Data", default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RecencyDimension {
    #[serde(rename = "Duration")]
    pub duration: Duration,
    #[serde(rename = "RecencyType")]
    pub recency_type: RecencyType,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum RecencyType {
    Active,
    Inactive,
    Unknown(String),
}

impl RecencyType {
    pub const VALUES: &'static [&'static str] = &["ACTIVE", "INACTIVE"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for RecencyType {
    fn from(value: String) -> Self {
        match value.as_str() {
            "ACTIVE" => Self::Active,
            "INACTIVE" => Self::Inactive,
            _ => Self::Unknown(value),
        }
    }
}

impl From<RecencyType> for String {
    fn from(value: RecencyType) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RecommenderConfigurationResponse {
    #[serde(rename = "Attributes", default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<BTreeMap<String, String>>,
    #[serde(rename = "CreationDate")]
    pub creation_date: String,
    #[serde(rename = "Description", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(rename = "Id")]
    pub id: String,
    #[serde(rename = "LastModifiedDate")]
    pub last_modified_date: String,
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "RecommendationProviderIdType", default, skip_serializing_if = "Option::is_none")]
    pub recommendation_provider_id_type: Option<String>,
    #[serde(rename = "RecommendationProviderRoleArn")]
    pub recommendation_provider_role_arn: String,
    #[serde(rename = "RecommendationProviderUri")]
    pub recommendation_provider_uri: String,
    #[serde(rename = "RecommendationTransformerUri", default, skip_serializing_if = "Option::is_none")]
    pub recommendation_transformer_uri: Option<String>,
    #[serde(rename = "RecommendationsDisplayName", default, skip_serializing_if = "Option::is_none")]
    pub recommendations_display_name: Option<String>,
    #[serde(rename = "RecommendationsPerMessage", default, skip_serializing_if = "Option::is_none")]
    pub recommendations_per_message: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ResultRow {
    #[serde(rename = "GroupedBys")]
    pub grouped_bys: Vec<ResultRowValue>,
    #[serde(rename = "Values")]
    pub values: Vec<ResultRowValue>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ResultRowValue {
    #[serde(rename = "Key")]
    pub key: String,
    #[serde(rename = "Type")]
    pub r#type: String,
    #[serde(rename = "Value")]
    pub value: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct SMSChannelRequest {
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "SenderId", default, skip_serializing_if = "Option::is_none")]
    pub sender_id: Option<String>,
    #[serde(rename = "ShortCode", default, skip_serializing_if = "Option::is_none")]
    pub short_code: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SMSChannelResponse {
    #[serde(rename = "ApplicationId", default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    #[serde(rename = "CreationDate", default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "HasCredential", default, skip_serializing_if = "Option::is_none")]
    pub has_credential: Option<bool>,
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "IsArchived", default, skip_serializing_if = "Option::is_none")]
    pub is_archived: Option<bool>,
    #[serde(rename = "LastModifiedBy", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_by: Option<String>,
    #[serde(rename = "LastModifiedDate", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<String>,
    #[serde(rename = "Platform")]
    pub platform: String,
    #[serde(rename = "PromotionalMessagesPerSecond", default, skip_serializing_if = "Option::is_none")]
    pub promotional_messages_per_second: Option<i32>,
    #[serde(rename = "SenderId", default, skip_serializing_if = "Option::is_none")]
    pub sender_id: Option<String>,
    #[serde(rename = "ShortCode", default, skip_serializing_if = "Option::is_none")]
    pub short_code: Option<String>,
    #[serde(rename = "TransactionalMessagesPerSecond", default, skip_serializing_if = "Option::is_none")]
    pub transactional_messages_per_second: Option<i32>,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct SMSMessage {
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "EntityId", default, skip_serializing_if = "Option::is_none")]
    pub entity_id: Option<String>,
    #[serde(rename = "Keyword", default, skip_serializing_if = "Option::is_none")]
    pub keyword: Option<String>,
    #[serde(rename = "MediaUrl", default, skip_serializing_if = "Option::is_none")]
    pub media_url: Option<String>,
    #[serde(rename = "MessageType", default, skip_serializing_if = "Option::is_none")]
    pub message_type: Option<MessageType>,
    #[serde(rename = "OriginationNumber", default, skip_serializing_if = "Option::is_none")]
    pub origination_number: Option<String>,
    #[serde(rename = "SenderId", default, skip_serializing_if = "Option::is_none")]
    pub sender_id: Option<String>,
    #[serde(rename = "Substitutions", default, skip_serializing_if = "Option::is_none")]
    pub substitutions: Option<BTreeMap<String, Vec<String>>>,
    #[serde(rename = "TemplateId", default, skip_serializing_if = "Option::is_none")]
    pub template_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct SMSMessageActivity {
    #[serde(rename = "MessageConfig", default, skip_serializing_if = "Option::is_none")]
    pub message_config: Option<JourneySMSMessage>,
    #[serde(rename = "NextActivity", default, skip_serializing_if = "Option::is_none")]
    pub next_activity: Option<String>,
    #[serde(rename = "TemplateName", default, skip_serializing_if = "Option::is_none")]
    pub template_name: Option<String>,
    #[serde(rename = "TemplateVersion", default, skip_serializing_if = "Option::is_none")]
    pub template_version: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct SMSTemplateRequest {
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "DefaultSubstitutions", default, skip_serializing_if = "Option::is_none")]
    pub default_substitutions: Option<String>,
    #[serde(rename = "RecommenderId", default, skip_serializing_if = "Option::is_none")]
    pub recommender_id: Option<String>,
    #[serde(rename = "TemplateDescription", default, skip_serializing_if = "Option::is_none")]
    pub template_description: Option<String>,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SMSTemplateResponse {
    #[serde(rename = "Arn", default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "CreationDate")]
    pub creation_date: String,
    #[serde(rename = "DefaultSubstitutions", default, skip_serializing_if = "Option::is_none")]
    pub default_substitutions: Option<String>,
    #[serde(rename = "LastModifiedDate")]
    pub last_modified_date: String,
    #[serde(rename = "RecommenderId", default, skip_serializing_if = "Option::is_none")]
    pub recommender_id: Option<String>,
    #[serde(rename = "TemplateDescription", default, skip_serializing_if = "Option::is_none")]
    pub template_description: Option<String>,
    #[serde(rename = "TemplateName")]
    pub template_name: String,
    #[serde(rename = "TemplateType")]
    pub template_type: TemplateType,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Schedule {
    #[serde(rename = "EndTime", default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    #[serde(rename = "EventFilter", default, skip_serializing_if = "Option::is_none")]
    pub event_filter: Option<CampaignEventFilter>,
    #[serde(rename = "Frequency", default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<Frequency>,
    #[serde(rename = "IsLocalTime", default, skip_serializing_if = "Option::is_none")]
    pub is_local_time: Option<bool>,
    #[serde(rename = "QuietTime", default, skip_serializing_if = "Option::is_none")]
    pub quiet_time: Option<QuietTime>,
    #[serde(rename = "StartTime")]
    pub start_time: String,
    #[serde(rename = "Timezone", default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct SegmentBehaviors {
    #[serde(rename = "Recency", default, skip_serializing_if = "Option::is_none")]
    pub recency: Option<RecencyDimension>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SegmentCondition {
    #[serde(rename = "SegmentId")]
    pub segment_id: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct SegmentDemographics {
    #[serde(rename = "AppVersion", default, skip_serializing_if = "Option::is_none")]
    pub app_version: Option<SetDimension>,
    #[serde(rename = "Channel", default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<SetDimension>,
    #[serde(rename = "DeviceType", default, skip_serializing_if = "Option::is_none")]
    pub device_type: Option<SetDimension>,
    #[serde(rename = "Make", default, skip_serializing_if = "Option::is_none")]
    pub make: Option<SetDimension>,
    #[serde(rename = "Model", default, skip_serializing_if = "Option::is_none")]
    pub model: Option<SetDimension>,
    #[serde(rename = "Platform", default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<SetDimension>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct SegmentDimensions {
    #[serde(rename = "Attributes", default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<BTreeMap<String, AttributeDimension>>,
    #[serde(rename = "Behavior", default, skip_serializing_if = "Option::is_none")]
    pub behavior: Option<SegmentBehaviors>,
    #[serde(rename = "Demographic", default, skip_serializing_if = "Option::is_none")]
    pub demographic: Option<SegmentDemographics>,
    #[serde(rename = "Location", default, skip_serializing_if = "Option::is_none")]
    pub location: Option<SegmentLocation>,
    #[serde(rename = "Metrics", default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<BTreeMap<String, MetricDimension>>,
    #[serde(rename = "UserAttributes", default, skip_serializing_if = "Option::is_none")]
    pub user_attributes: Option<BTreeMap<String, AttributeDimension>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct SegmentGroup {
    #[serde(rename = "Dimensions", default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<Vec<SegmentDimensions>>,
    #[serde(rename = "SourceSegments", default, skip_serializing_if = "Option::is_none")]
    pub source_segments: Option<Vec<SegmentReference>>,
    #[serde(rename = "SourceType", default, skip_serializing_if = "Option::is_none")]
    pub source_type: Option<SourceType>,
    #[serde(rename = "Type", default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<Type>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct SegmentGroupList {
    #[serde(rename = "Groups", default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<SegmentGroup>>,
    #[serde(rename = "Include", default, skip_serializing_if = "Option::is_none")]
    pub include: Option<Include>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SegmentImportResource {
    #[serde(rename = "ChannelCounts", default, skip_serializing_if = "Option::is_none")]
    pub channel_counts: Option<BTreeMap<String, i32>>,
    #[serde(rename = "ExternalId")]
    pub external_id: String,
    #[serde(rename = "Format")]
    pub format: Format,
    #[serde(rename = "RoleArn")]
    pub role_arn: String,
    #[serde(rename = "S3Url")]
    pub s3_url: String,
    #[serde(rename = "Size")]
    pub size: i32,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct SegmentLocation {
    #[serde(rename = "Country", default, skip_serializing_if = "Option::is_none")]
    pub country: Option<SetDimension>,
    #[serde(rename = "GPSPoint", default, skip_serializing_if = "Option::is_none")]
    pub gps_point: Option<GPSPointDimension>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SegmentReference {
    #[serde(rename = "Id")]
    pub id: String,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SegmentResponse {
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "Arn")]
    pub arn: String,
    #[serde(rename = "CreationDate")]
    pub creation_date: String,
    #[serde(rename = "Dimensions", default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<SegmentDimensions>,
    #[serde(rename = "Id")]
    pub id: String,
    #[serde(rename = "ImportDefinition", default, skip_serializing_if = "Option::is_none")]
    pub import_definition: Option<SegmentImportResource>,
    #[serde(rename = "LastModifiedDate", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<String>,
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "SegmentGroups", default, skip_serializing_if = "Option::is_none")]
    pub segment_groups: Option<SegmentGroupList>,
    #[serde(rename = "SegmentType")]
    pub segment_type: SegmentType,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum SegmentType {
    Dimensional,
    Import,
    Unknown(String),
}

impl SegmentType {
    pub const VALUES: &'static [&'static str] = &["DIMENSIONAL", "IMPORT"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Dimensional => "DIMENSIONAL",
            Self::Import => "IMPORT",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for SegmentType {
    fn from(value: String) -> Self {
        match value.as_str() {
            "DIMENSIONAL" => Self::Dimensional,
            "IMPORT" => Self::Import,
            _ => Self::Unknown(value),
        }
    }
}

impl From<SegmentType> for String {
    fn from(value: SegmentType) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SegmentsResponse {
    #[serde(rename = "Item")]
    pub item: Vec<SegmentResponse>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SendOTPMessageRequestParameters {
    #[serde(rename = "AllowedAttempts", default, skip_serializing_if = "Option::is_none")]
    pub allowed_attempts: Option<i32>,
    #[serde(rename = "BrandName")]
    pub brand_name: String,
    #[serde(rename = "Channel")]
    pub channel: String,
    #[serde(rename = "CodeLength", default, skip_serializing_if = "Option::is_none")]
    pub code_length: Option<i32>,
    #[serde(rename = "DestinationIdentity")]
    pub destination_identity: String,
    #[serde(rename = "EntityId", default, skip_serializing_if = "Option::is_none")]
    pub entity_id: Option<String>,
    #[serde(rename = "Language", default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(rename = "OriginationIdentity")]
    pub origination_identity: String,
    #[serde(rename = "ReferenceId")]
    pub reference_id: String,
    #[serde(rename = "TemplateId", default, skip_serializing_if = "Option::is_none")]
    pub template_id: Option<String>,
    #[serde(rename = "ValidityPeriod", default, skip_serializing_if = "Option::is_none")]
    pub validity_period: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SendUsersMessageRequest {
    #[serde(rename = "Context", default, skip_serializing_if = "Option::is_none")]
    pub context: Option<BTreeMap<String, String>>,
    #[serde(rename = "MessageConfiguration")]
    pub message_configuration: DirectMessageConfiguration,
    #[serde(rename = "TemplateConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub template_configuration: Option<TemplateConfiguration>,
    #[serde(rename = "TraceId", default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    #[serde(rename = "Users")]
    pub users: BTreeMap<String, EndpointSendConfiguration>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SendUsersMessageResponse {
    #[serde(rename = "ApplicationId")]
    pub application_id: String,
    #[serde(rename = "RequestId", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    #[serde(rename = "Result", default, skip_serializing_if = "Option::is_none")]
    pub result: Option<BTreeMap<String, BTreeMap<String, EndpointMessageResult>>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Session {
    #[serde(rename = "Duration", default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<i32>,
    #[serde(rename = "Id")]
    pub id: String,
    #[serde(rename = "StartTimestamp")]
    pub start_timestamp: String,
    #[serde(rename = "StopTimestamp", default, skip_serializing_if = "Option::is_none")]
    pub stop_timestamp: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SetDimension {
    #[serde(rename = "DimensionType", default, skip_serializing_if = "Option::is_none")]
    pub dimension_type: Option<DimensionType>,
    #[serde(rename = "Values")]
    pub values: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct SimpleCondition {
    #[serde(rename = "EventCondition", default, skip_serializing_if = "Option::is_none")]
    pub event_condition: Option<EventCondition>,
    #[serde(rename = "SegmentCondition", default, skip_serializing_if = "Option::is_none")]
    pub segment_condition: Option<SegmentCondition>,
    #[serde(rename = "segmentDimensions", default, skip_serializing_if = "Option::is_none")]
    pub segment_dimensions: Option<SegmentDimensions>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct SimpleEmail {
    #[serde(rename = "Headers", default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<Vec<MessageHeader>>,
    #[serde(rename = "HtmlPart", default, skip_serializing_if = "Option::is_none")]
    pub html_part: Option<SimpleEmailPart>,
    #[serde(rename = "Subject", default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SimpleEmailPart>,
    #[serde(rename = "TextPart", default, skip_serializing_if = "Option::is_none")]
    pub text_part: Option<SimpleEmailPart>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct SimpleEmailPart {
    #[serde(rename = "Charset", default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    #[serde(rename = "Data", default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum SourceType {
    All,
    Any,
    None,
    Unknown(String),
}

impl SourceType {
    pub const VALUES: &'static [&'static str] = &["ALL", "ANY", "NONE"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::All => "ALL",
            Self::Any => "ANY",
            Self::None => "NONE",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for SourceType {
    fn from(value: String) -> Self {
        match value.as_str() {
            "ALL" => Self::All,
            "ANY" => Self::Any,
            "NONE" => Self::None,
            _ => Self::Unknown(value),
        }
    }
}

impl From<SourceType> for String {
    fn from(value: SourceType) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct StartCondition {
    #[serde(rename = "Description", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(rename = "EventStartCondition", default, skip_serializing_if = "Option::is_none")]
    pub event_start_condition: Option<EventStartCondition>,
    #[serde(rename = "SegmentStartCondition", default, skip_serializing_if = "Option::is_none")]
    pub segment_start_condition: Option<SegmentCondition>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum State {
    Draft,
    Active,
    Completed,
    Cancelled,
    Closed,
    Paused,
    Unknown(String),
}

impl State {
    pub const VALUES: &'static [&'static str] = &["DRAFT", "ACTIVE", "COMPLETED", "CANCELLED", "CLOSED", "PAUSED"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Draft => "DRAFT",
            Self::Active => "ACTIVE",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Closed => "CLOSED",
            Self::Paused => "PAUSED",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for State {
    fn from(value: String) -> Self {
        match value.as_str() {
            "DRAFT" => Self::Draft,
            "ACTIVE" => Self::Active,
            "COMPLETED" => Self::Completed,
            "CANCELLED" => Self::Cancelled,
            "CLOSED" => Self::Closed,
            "PAUSED" => Self::Paused,
            _ => Self::Unknown(value),
        }
    }
}

impl From<State> for String {
    fn from(value: State) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct TagsModel {
    #[serde(rename = "tags")]
    pub tags: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct Template {
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct TemplateActiveVersionRequest {
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct TemplateConfiguration {
    #[serde(rename = "EmailTemplate", default, skip_serializing_if = "Option::is_none")]
    pub email_template: Option<Template>,
    #[serde(rename = "InAppTemplate", default, skip_serializing_if = "Option::is_none")]
    pub in_app_template: Option<Template>,
    #[serde(rename = "PushTemplate", default, skip_serializing_if = "Option::is_none")]
    pub push_template: Option<Template>,
    #[serde(rename = "SMSTemplate", default, skip_serializing_if = "Option::is_none")]
    pub sms_template: Option<Template>,
    #[serde(rename = "VoiceTemplate", default, skip_serializing_if = "Option::is_none")]
    pub voice_template: Option<Template>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct TemplateCreateMessageBody {
    #[serde(rename = "Arn", default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(rename = "Message", default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(rename = "RequestID", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct TemplateResponse {
    #[serde(rename = "Arn", default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(rename = "CreationDate")]
    pub creation_date: String,
    #[serde(rename = "DefaultSubstitutions", default, skip_serializing_if = "Option::is_none")]
    pub default_substitutions: Option<String>,
    #[serde(rename = "LastModifiedDate")]
    pub last_modified_date: String,
    #[serde(rename = "TemplateDescription", default, skip_serializing_if = "Option::is_none")]
    pub template_description: Option<String>,
    #[serde(rename = "TemplateName")]
    pub template_name: String,
    #[serde(rename = "TemplateType")]
    pub template_type: TemplateType,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum TemplateType {
    Email,
    Sms,
    Voice,
    Push,
    Inapp,
    Unknown(String),
}

impl TemplateType {
    pub const VALUES: &'static [&'static str] = &["EMAIL", "SMS", "VOICE", "PUSH", "INAPP"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Email => "EMAIL",
            Self::Sms => "SMS",
            Self::Voice => "VOICE",
            Self::Push => "PUSH",
            Self::Inapp => "INAPP",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for TemplateType {
    fn from(value: String) -> Self {
        match value.as_str() {
            "EMAIL" => Self::Email,
            "SMS" => Self::Sms,
            "VOICE" => Self::Voice,
            "PUSH" => Self::Push,
            "INAPP" => Self::Inapp,
            _ => Self::Unknown(value),
        }
    }
}

impl From<TemplateType> for String {
    fn from(value: TemplateType) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct TemplateVersionResponse {
    #[serde(rename = "CreationDate")]
    pub creation_date: String,
    #[serde(rename = "DefaultSubstitutions", default, skip_serializing_if = "Option::is_none")]
    pub default_substitutions: Option<String>,
    #[serde(rename = "LastModifiedDate")]
    pub last_modified_date: String,
    #[serde(rename = "TemplateDescription", default, skip_serializing_if = "Option::is_none")]
    pub template_description: Option<String>,
    #[serde(rename = "TemplateName")]
    pub template_name: String,
    #[serde(rename = "TemplateType")]
    pub template_type: String,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct TemplateVersionsResponse {
    #[serde(rename = "Item")]
    pub item: Vec<TemplateVersionResponse>,
    #[serde(rename = "Message", default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    #[serde(rename = "RequestID", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct TemplatesResponse {
    #[serde(rename = "Item")]
    pub item: Vec<TemplateResponse>,
    #[serde(rename = "NextToken", default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct TreatmentResource {
    #[serde(rename = "CustomDeliveryConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub custom_delivery_configuration: Option<CustomDeliveryConfiguration>,
    #[serde(rename = "Id")]
    pub id: String,
    #[serde(rename = "MessageConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub message_configuration: Option<MessageConfiguration>,
    #[serde(rename = "Schedule", default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    #[serde(rename = "SizePercent")]
    pub size_percent: i32,
    #[serde(rename = "State", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<CampaignState>,
    #[serde(rename = "TemplateConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub template_configuration: Option<TemplateConfiguration>,
    #[serde(rename = "TreatmentDescription", default, skip_serializing_if = "Option::is_none")]
    pub treatment_description: Option<String>,
    #[serde(rename = "TreatmentName", default, skip_serializing_if = "Option::is_none")]
    pub treatment_name: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum Type {
    All,
    Any,
    None,
    Unknown(String),
}

impl Type {
    pub const VALUES: &'static [&'static str] = &["ALL", "ANY", "NONE"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::All => "ALL",
            Self::Any => "ANY",
            Self::None => "NONE",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for Type {
    fn from(value: String) -> Self {
        match value.as_str() {
            "ALL" => Self::All,
            "ANY" => Self::Any,
            "NONE" => Self::None,
            _ => Self::Unknown(value),
        }
    }
}

impl From<Type> for String {
    fn from(value: Type) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct UpdateAttributesRequest {
    #[serde(rename = "Blacklist", default, skip_serializing_if = "Option::is_none")]
    pub blacklist: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct UpdateRecommenderConfiguration {
    #[serde(rename = "Attributes", default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<BTreeMap<String, String>>,
    #[serde(rename = "Description", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "RecommendationProviderIdType", default, skip_serializing_if = "Option::is_none")]
    pub recommendation_provider_id_type: Option<String>,
    #[serde(rename = "RecommendationProviderRoleArn")]
    pub recommendation_provider_role_arn: String,
    #[serde(rename = "RecommendationProviderUri")]
    pub recommendation_provider_uri: String,
    #[serde(rename = "RecommendationTransformerUri", default, skip_serializing_if = "Option::is_none")]
    pub recommendation_transformer_uri: Option<String>,
    #[serde(rename = "RecommendationsDisplayName", default, skip_serializing_if = "Option::is_none")]
    pub recommendations_display_name: Option<String>,
    #[serde(rename = "RecommendationsPerMessage", default, skip_serializing_if = "Option::is_none")]
    pub recommendations_per_message: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct VerificationResponse {
    #[serde(rename = "Valid", default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct VerifyOTPMessageRequestParameters {
    #[serde(rename = "DestinationIdentity")]
    pub destination_identity: String,
    #[serde(rename = "Otp")]
    pub otp: Secret,
    #[serde(rename = "ReferenceId")]
    pub reference_id: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct VoiceChannelRequest {
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct VoiceChannelResponse {
    #[serde(rename = "ApplicationId", default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    #[serde(rename = "CreationDate", default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    #[serde(rename = "Enabled", default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(rename = "HasCredential", default, skip_serializing_if = "Option::is_none")]
    pub has_credential: Option<bool>,
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "IsArchived", default, skip_serializing_if = "Option::is_none")]
    pub is_archived: Option<bool>,
    #[serde(rename = "LastModifiedBy", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_by: Option<String>,
    #[serde(rename = "LastModifiedDate", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<String>,
    #[serde(rename = "Platform")]
    pub platform: String,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct VoiceMessage {
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "LanguageCode", default, skip_serializing_if = "Option::is_none")]
    pub language_code: Option<String>,
    #[serde(rename = "OriginationNumber", default, skip_serializing_if = "Option::is_none")]
    pub origination_number: Option<String>,
    #[serde(rename = "Substitutions", default, skip_serializing_if = "Option::is_none")]
    pub substitutions: Option<BTreeMap<String, Vec<String>>>,
    #[serde(rename = "VoiceId", default, skip_serializing_if = "Option::is_none")]
    pub voice_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct VoiceTemplateRequest {
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "DefaultSubstitutions", default, skip_serializing_if = "Option::is_none")]
    pub default_substitutions: Option<String>,
    #[serde(rename = "LanguageCode", default, skip_serializing_if = "Option::is_none")]
    pub language_code: Option<String>,
    #[serde(rename = "TemplateDescription", default, skip_serializing_if = "Option::is_none")]
    pub template_description: Option<String>,
    #[serde(rename = "VoiceId", default, skip_serializing_if = "Option::is_none")]
    pub voice_id: Option<String>,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct VoiceTemplateResponse {
    #[serde(rename = "Arn", default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(rename = "Body", default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(rename = "CreationDate")]
    pub creation_date: String,
    #[serde(rename = "DefaultSubstitutions", default, skip_serializing_if = "Option::is_none")]
    pub default_substitutions: Option<String>,
    #[serde(rename = "LanguageCode", default, skip_serializing_if = "Option::is_none")]
    pub language_code: Option<String>,
    #[serde(rename = "LastModifiedDate")]
    pub last_modified_date: String,
    #[serde(rename = "TemplateDescription", default, skip_serializing_if = "Option::is_none")]
    pub template_description: Option<String>,
    #[serde(rename = "TemplateName")]
    pub template_name: String,
    #[serde(rename = "TemplateType")]
    pub template_type: TemplateType,
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(rename = "VoiceId", default, skip_serializing_if = "Option::is_none")]
    pub voice_id: Option<String>,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct WaitActivity {
    #[serde(rename = "NextActivity", default, skip_serializing_if = "Option::is_none")]
    pub next_activity: Option<String>,
    #[serde(rename = "WaitTime", default, skip_serializing_if = "Option::is_none")]
    pub wait_time: Option<WaitTime>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct WaitTime {
    #[serde(rename = "WaitFor", default, skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<String>,
    #[serde(rename = "WaitUntil", default, skip_serializing_if = "Option::is_none")]
    pub wait_until: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct WriteApplicationSettingsRequest {
    #[serde(rename = "CampaignHook", default, skip_serializing_if = "Option::is_none")]
    pub campaign_hook: Option<CampaignHook>,
    #[serde(rename = "CloudWatchMetricsEnabled", default, skip_serializing_if = "Option::is_none")]
    pub cloud_watch_metrics_enabled: Option<bool>,
    #[serde(rename = "EventTaggingEnabled", default, skip_serializing_if = "Option::is_none")]
    pub event_tagging_enabled: Option<bool>,
    #[serde(rename = "JourneyLimits", default, skip_serializing_if = "Option::is_none")]
    pub journey_limits: Option<ApplicationSettingsJourneyLimits>,
    #[serde(rename = "Limits", default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<CampaignLimits>,
    #[serde(rename = "QuietTime", default, skip_serializing_if = "Option::is_none")]
    pub quiet_time: Option<QuietTime>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct WriteCampaignRequest {
    #[serde(rename = "AdditionalTreatments", default, skip_serializing_if = "Option::is_none")]
    pub additional_treatments: Option<Vec<WriteTreatmentResource>>,
    #[serde(rename = "CustomDeliveryConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub custom_delivery_configuration: Option<CustomDeliveryConfiguration>,
    #[serde(rename = "Description", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(rename = "HoldoutPercent", default, skip_serializing_if = "Option::is_none")]
    pub holdout_percent: Option<i32>,
    #[serde(rename = "Hook", default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<CampaignHook>,
    #[serde(rename = "IsPaused", default, skip_serializing_if = "Option::is_none")]
    pub is_paused: Option<bool>,
    #[serde(rename = "Limits", default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<CampaignLimits>,
    #[serde(rename = "MessageConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub message_configuration: Option<MessageConfiguration>,
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "Priority", default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    #[serde(rename = "Schedule", default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    #[serde(rename = "SegmentId", default, skip_serializing_if = "Option::is_none")]
    pub segment_id: Option<String>,
    #[serde(rename = "SegmentVersion", default, skip_serializing_if = "Option::is_none")]
    pub segment_version: Option<i32>,
    #[serde(rename = "TemplateConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub template_configuration: Option<TemplateConfiguration>,
    #[serde(rename = "TreatmentDescription", default, skip_serializing_if = "Option::is_none")]
    pub treatment_description: Option<String>,
    #[serde(rename = "TreatmentName", default, skip_serializing_if = "Option::is_none")]
    pub treatment_name: Option<String>,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct WriteEventStream {
    #[serde(rename = "DestinationStreamArn")]
    pub destination_stream_arn: String,
    #[serde(rename = "RoleArn")]
    pub role_arn: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct WriteJourneyRequest {
    #[serde(rename = "Activities", default, skip_serializing_if = "Option::is_none")]
    pub activities: Option<BTreeMap<String, Activity>>,
    #[serde(rename = "ClosedDays", default, skip_serializing_if = "Option::is_none")]
    pub closed_days: Option<ClosedDays>,
    #[serde(rename = "CreationDate", default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    #[serde(rename = "JourneyChannelSettings", default, skip_serializing_if = "Option::is_none")]
    pub journey_channel_settings: Option<JourneyChannelSettings>,
    #[serde(rename = "LastModifiedDate", default, skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<String>,
    #[serde(rename = "Limits", default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<JourneyLimits>,
    #[serde(rename = "LocalTime", default, skip_serializing_if = "Option::is_none")]
    pub local_time: Option<bool>,
    #[serde(rename = "Name")]
    pub name: String,
    #[serde(rename = "OpenHours", default, skip_serializing_if = "Option::is_none")]
    pub open_hours: Option<OpenHours>,
    #[serde(rename = "QuietTime", default, skip_serializing_if = "Option::is_none")]
    pub quiet_time: Option<QuietTime>,
    #[serde(rename = "RefreshFrequency", default, skip_serializing_if = "Option::is_none")]
    pub refresh_frequency: Option<String>,
    #[serde(rename = "RefreshOnSegmentUpdate", default, skip_serializing_if = "Option::is_none")]
    pub refresh_on_segment_update: Option<bool>,
    #[serde(rename = "Schedule", default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<JourneySchedule>,
    #[serde(rename = "SendingSchedule", default, skip_serializing_if = "Option::is_none")]
    pub sending_schedule: Option<bool>,
    #[serde(rename = "StartActivity", default, skip_serializing_if = "Option::is_none")]
    pub start_activity: Option<String>,
    #[serde(rename = "StartCondition", default, skip_serializing_if = "Option::is_none")]
    pub start_condition: Option<StartCondition>,
    #[serde(rename = "State", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    #[serde(rename = "TimezoneEstimationMethods", default, skip_serializing_if = "Option::is_none")]
    pub timezone_estimation_methods: Option<Vec<TimezoneEstimationMethodsElement>>,
    #[serde(rename = "WaitForQuietTime", default, skip_serializing_if = "Option::is_none")]
    pub wait_for_quiet_time: Option<bool>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, Default)]
pub struct WriteSegmentRequest {
    #[serde(rename = "Dimensions", default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<SegmentDimensions>,
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "SegmentGroups", default, skip_serializing_if = "Option::is_none")]
    pub segment_groups: Option<SegmentGroupList>,
    #[serde(rename = "tags", default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct WriteTreatmentResource {
    #[serde(rename = "CustomDeliveryConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub custom_delivery_configuration: Option<CustomDeliveryConfiguration>,
    #[serde(rename = "MessageConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub message_configuration: Option<MessageConfiguration>,
    #[serde(rename = "Schedule", default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    #[serde(rename = "SizePercent")]
    pub size_percent: i32,
    #[serde(rename = "TemplateConfiguration", default, skip_serializing_if = "Option::is_none")]
    pub template_configuration: Option<TemplateConfiguration>,
    #[serde(rename = "TreatmentDescription", default, skip_serializing_if = "Option::is_none")]
    pub treatment_description: Option<String>,
    #[serde(rename = "TreatmentName", default, skip_serializing_if = "Option::is_none")]
    pub treatment_name: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum EndpointTypesElement {
    Push,
    Gcm,
    Apns,
    ApnsSandbox,
    ApnsVoip,
    ApnsVoipSandbox,
    Adm,
    Sms,
    Voice,
    Email,
    Baidu,
    Custom,
    InApp,
    Unknown(String),
}

impl EndpointTypesElement {
    pub const VALUES: &'static [&'static str] = &["PUSH", "GCM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "ADM", "SMS", "VOICE", "EMAIL", "BAIDU", "CUSTOM", "IN_APP"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::Push => "PUSH",
            Self::Gcm => "GCM",
            Self::Apns => "APNS",
            Self::ApnsSandbox => "APNS_SANDBOX",
            Self::ApnsVoip => "APNS_VOIP",
            Self::ApnsVoipSandbox => "APNS_VOIP_SANDBOX",
            Self::Adm => "ADM",
            Self::Sms => "SMS",
            Self::Voice => "VOICE",
            Self::Email => "EMAIL",
            Self::Baidu => "BAIDU",
            Self::Custom => "CUSTOM",
            Self::InApp => "IN_APP",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for EndpointTypesElement {
    fn from(value: String) -> Self {
        match value.as_str() {
            "PUSH" => Self::Push,
            "GCM" => Self::Gcm,
            "APNS" => Self::Apns,
            "APNS_SANDBOX" => Self::ApnsSandbox,
            "APNS_VOIP" => Self::ApnsVoip,
            "APNS_VOIP_SANDBOX" => Self::ApnsVoipSandbox,
            "ADM" => Self::Adm,
            "SMS" => Self::Sms,
            "VOICE" => Self::Voice,
            "EMAIL" => Self::Email,
            "BAIDU" => Self::Baidu,
            "CUSTOM" => Self::Custom,
            "IN_APP" => Self::InApp,
            _ => Self::Unknown(value),
        }
    }
}

impl From<EndpointTypesElement> for String {
    fn from(value: EndpointTypesElement) -> Self {
        value.as_str().to_owned()
    }
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(from = "String", into = "String")]
pub enum TimezoneEstimationMethodsElement {
    PhoneNumber,
    PostalCode,
    Unknown(String),
}

impl TimezoneEstimationMethodsElement {
    pub const VALUES: &'static [&'static str] = &["PHONE_NUMBER", "POSTAL_CODE"];

    pub fn as_str(&self) -> &str {
        match self {
            Self::PhoneNumber => "PHONE_NUMBER",
            Self::PostalCode => "POSTAL_CODE",
            Self::Unknown(value) => value,
        }
    }
}

impl From<String> for TimezoneEstimationMethodsElement {
    fn from(value: String) -> Self {
        match value.as_str() {
            "PHONE_NUMBER" => Self::PhoneNumber,
            "POSTAL_CODE" => Self::PostalCode,
            _ => Self::Unknown(value),
        }
    }
}

impl From<TimezoneEstimationMethodsElement> for String {
    fn from(value: TimezoneEstimationMethodsElement) -> Self {
        value.as_str().to_owned()
    }
}
