//! Records of event streams, in Pinpoint's own formats. Pure.
//!
//! [`of_event`] makes the record of an event that is kept: one of an app, or what a provider told of an e-mail or a text
//! message. [`of_send`] makes that of a campaign's message.
//!
//! Source: Pinpoint developer guide, "Streaming Amazon Pinpoint event data".

mod email;
mod endpoint;
mod envelope;
mod event;
mod sms;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use self::endpoint::Endpoint;
use self::envelope::{Application, Client, ClientContext, Custom, Envelope};
use self::event::Document;
use super::sink::Record;
use crate::domain::{ActivityId, ApplicationId, CampaignId, ChannelType, TreatmentId};
use crate::store::EventRow;

/// What is the same in all records of an application.
#[derive(Clone, Debug)]
pub struct Origin {
    pub application_id: ApplicationId,
    /// `awsAccountId`.
    pub account_id: String,
}

/// Why there is no record.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the event cannot be read")]
    Event(#[source] serde_json::Error),
    #[error("the endpoint cannot be read")]
    Endpoint(#[source] serde_json::Error),
}

/// What became of a campaign's message to one endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Send<'a> {
    pub endpoint_id: &'a str,
    pub campaign_id: &'a CampaignId,
    pub activity_id: &'a ActivityId,
    pub treatment_id: &'a TreatmentId,
    /// `campaign_send_status`.
    pub status: &'static str,
    /// Channel types whose messages go to a function or webhook that the campaign names.
    pub custom: &'a [String],
    pub at: Timestamp,
}

/// The record of a kept event. `document` is its endpoint as it is now, if it is there.
pub fn of_event(row: &EventRow, document: Option<&[u8]>, origin: &Origin) -> Result<Record, Error> {
    let event = Document::read(&row.event.document).map_err(Error::Event)?;
    let endpoint = document.map(Endpoint::read).transpose().map_err(Error::Endpoint)?.unwrap_or_default();
    let kind = &*row.event.event_type;
    let mut envelope = Envelope::new(kind, row.event.at, row.arrived_at, &row.event.endpoint_id, origin);
    if kind.starts_with("_email.") {
        email::fill(&mut envelope, event, &endpoint, origin);
    } else if kind.starts_with("_SMS.") {
        sms::fill(&mut envelope, event, &endpoint);
    } else {
        event::fill(&mut envelope, event, &endpoint);
    }
    let ids = [origin.application_id.as_str(), &row.event.endpoint_id, &row.event.id, &row.position.to_string()];
    Ok(record(id("event", &ids), &envelope))
}

/// The record of a campaign's message to an endpoint. `document` is the endpoint as it is now.
///
/// Shape: the same message and status give the same id.
pub fn of_send(send: &Send<'_>, document: &[u8], origin: &Origin) -> Result<Record, Error> {
    let endpoint = Endpoint::read(document).map_err(Error::Endpoint)?;
    let mut envelope = Envelope::new("_campaign.send", send.at, send.at, send.endpoint_id, origin);
    let channel_type = endpoint.channel_type();
    let is_custom = send.custom.iter().any(|custom| custom == channel_type);
    let delivery_type = if is_custom { ChannelType::Custom.as_str() } else { channel_type };
    let attributes = [
        ("campaign_id", send.campaign_id.as_str()),
        ("campaign_activity_id", send.activity_id.as_str()),
        ("treatment_id", send.treatment_id.as_str()),
        ("delivery_type", delivery_type),
        ("campaign_send_status", send.status),
    ];
    envelope.attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    envelope.client_context = Some(ClientContext::of(Custom { endpoint: Some(endpoint.text()), ..Custom::default() }));
    let ids = [send.activity_id.as_str(), send.endpoint_id, send.status];
    Ok(record(id("send", &ids), &envelope))
}

fn record(id: String, envelope: &Envelope<'_>) -> Record {
    let json = serde_json::to_vec(envelope).expect("text and finite numbers are JSON").into();
    Record { id, partition_key: envelope.client.client_id.to_owned(), event_type: envelope.event_type.to_owned(), json }
}

/// A name made from texts: the same for the same ones, and for no others.
fn id(kind: &str, texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in [kind].iter().chain(texts) {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    hex::encode(&hash.finalize()[..16])
}

impl<'a> Envelope<'a> {
    /// A record with nothing in it. What describes the app stays away from all but app events.
    fn new(
        event_type: &'a str,
        at: Timestamp,
        arrived_at: Timestamp,
        endpoint_id: &'a str,
        origin: &'a Origin,
    ) -> Self {
        Envelope {
            event_type,
            event_timestamp: at.as_millisecond(),
            arrival_timestamp: arrived_at.as_millisecond(),
            event_version: "3.1",
            application: Application { app_id: origin.application_id.as_str(), ..Application::default() },
            client: Client { client_id: endpoint_id },
            account_id: &origin.account_id,
            ..Envelope::default()
        }
    }
}
