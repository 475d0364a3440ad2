//! The members of records. Empty objects are written, unknown texts are not.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

#[derive(Default, Serialize)]
pub(super) struct Envelope<'a> {
    pub event_type: &'a str,
    /// In milliseconds, as all times of records.
    pub event_timestamp: i64,
    pub arrival_timestamp: i64,
    pub event_version: &'static str,
    pub application: Application<'a>,
    pub client: Client<'a>,
    pub device: Device,
    pub session: Session,
    pub attributes: BTreeMap<String, String>,
    pub metrics: BTreeMap<String, f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_context: Option<ClientContext>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facets: Option<Facets>,
    #[serde(rename = "awsAccountId")]
    pub account_id: &'a str,
}

#[derive(Default, Serialize)]
pub(super) struct Application<'a> {
    pub app_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_name: Option<String>,
    pub sdk: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_code: Option<String>,
}

#[derive(Default, Serialize)]
pub(super) struct Named {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

#[derive(Default, Serialize)]
pub(super) struct Client<'a> {
    pub client_id: &'a str,
}

#[derive(Default, Serialize)]
pub(super) struct Device {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub make: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    pub platform: Named,
}

#[derive(Default, Serialize)]
pub(super) struct Locale {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

#[derive(Default, Serialize)]
pub(super) struct Session {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_timestamp: Option<i64>,
}

#[derive(Serialize)]
pub(super) struct ClientContext {
    custom: Custom,
}

impl ClientContext {
    pub fn of(custom: Custom) -> Self {
        Self { custom }
    }
}

#[derive(Default, Serialize)]
pub(super) struct Custom {
    /// JSON within JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legacy_identifier: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Facets {
    pub email_channel: EmailChannel,
}

#[derive(Serialize)]
pub(super) struct EmailChannel {
    pub mail_event: Map<String, Value>,
}
