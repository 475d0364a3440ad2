//! Events of apps, as `PutEvents` brought them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::endpoint::Endpoint;
use super::envelope::{ClientContext, Custom, Device, Envelope, Locale, Named, Session};
use crate::wire::endpoint::DemographicView;
use crate::wire::instant;
use crate::wire::lenient::{Scalar, Text};

/// An event as it is kept: the bytes the client sent.
///
/// Source: model shape `Event`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Document {
    attributes: Option<BTreeMap<String, Scalar>>,
    metrics: Option<BTreeMap<String, Option<f64>>>,
    session: Option<WireSession>,
    app_package_name: Scalar,
    app_title: Scalar,
    app_version_code: Scalar,
    client_sdk_version: Scalar,
    sdk_name: Scalar,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct WireSession {
    id: Scalar,
    start_timestamp: Scalar,
    stop_timestamp: Scalar,
}

impl Document {
    pub fn read(json: &str) -> Result<Self, serde_json::Error> {
        // A member that is there twice is taken, and the last one counts.
        serde_json::from_str(json).or_else(|_| serde_json::from_value(serde_json::from_str(json)?))
    }

    /// Attributes without those that have no value.
    pub fn attributes(&mut self) -> BTreeMap<String, String> {
        let attributes = self.attributes.take().unwrap_or_default();
        attributes.into_iter().filter_map(|(name, value)| Some((name, value.0?))).collect()
    }

    pub fn metrics(&mut self) -> BTreeMap<String, f64> {
        let metrics = self.metrics.take().unwrap_or_default();
        metrics.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Makes a record that of an app's event. The device is the endpoint's.
pub(super) fn fill(envelope: &mut Envelope<'_>, mut event: Document, endpoint: &Endpoint<'_>) {
    envelope.event_version = "3.0";
    envelope.attributes = event.attributes();
    envelope.metrics = event.metrics();
    envelope.application.package_name = event.app_package_name.0;
    envelope.application.title = event.app_title.0;
    envelope.application.version_code = event.app_version_code.0;
    envelope.application.sdk = Named { name: event.sdk_name.0, version: event.client_sdk_version.0 };
    envelope.session = event.session.map(session_of).unwrap_or_default();
    envelope.device = Device { locale: Some(Locale::default()), ..Device::default() };
    if let Some(view) = &endpoint.view {
        envelope.application.version_name = owned(view.demographic.app_version.as_ref());
        envelope.device = device(&view.demographic);
    }
    envelope.client_context = Some(ClientContext::of(Custom { endpoint: Some(endpoint.text()), ..Custom::default() }));
}

fn session_of(session: WireSession) -> Session {
    let time = |text: Scalar| text.0.and_then(|text| instant::read(&text)).map(|time| time.as_millisecond());
    Session {
        session_id: session.id.0,
        start_timestamp: time(session.start_timestamp),
        stop_timestamp: time(session.stop_timestamp),
    }
}

fn device(demographic: &DemographicView<'_>) -> Device {
    Device {
        locale: Some(demographic.locale.as_ref().map(|locale| locale_of(locale.as_str())).unwrap_or_default()),
        make: owned(demographic.make.as_ref()),
        model: owned(demographic.model.as_ref()),
        platform: Named {
            name: owned(demographic.platform.as_ref()),
            version: owned(demographic.platform_version.as_ref()),
        },
    }
}

/// `en_US` or `en-US`, with or without more behind it.
fn locale_of(code: &str) -> Locale {
    let mut parts = code.split(['_', '-', '.', '@']);
    let language = parts.next().filter(|language| !language.is_empty());
    let country = parts.find(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic()));
    Locale {
        code: Some(code.to_owned()),
        country: country.map(str::to_ascii_uppercase),
        language: language.map(str::to_ascii_lowercase),
    }
}

fn owned(text: Option<&Text<'_>>) -> Option<String> {
    text.map(|text| text.as_str().to_owned())
}
