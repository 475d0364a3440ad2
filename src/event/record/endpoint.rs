//! What records say of an endpoint.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::wire::endpoint::View;

/// An endpoint as it is now. One that is not there has nothing.
#[derive(Default)]
pub(super) struct Endpoint<'a> {
    pub view: Option<View<'a>>,
    shown: Shown<'a>,
}

/// What a record shows: the members of model shape `PublicEndpoint` but the address, in their stored form.
#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
struct Shown<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    channel_type: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    endpoint_status: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    opt_out: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    location: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    demographic: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    effective_date: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    attributes: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    metrics: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    user: Option<&'a RawValue>,
}

impl<'a> Endpoint<'a> {
    pub fn read(document: &'a [u8]) -> Result<Self, serde_json::Error> {
        Ok(Self { view: Some(View::read(document)?), shown: serde_json::from_slice(document)? })
    }

    /// The endpoint as JSON, without its address.
    pub fn text(&self) -> String {
        serde_json::to_string(&self.shown).expect("JSON is JSON")
    }

    /// Empty for one that has none.
    pub fn channel_type(&self) -> &str {
        let view = self.view.as_ref();
        view.and_then(|view| view.channel_type.as_ref()).map_or("", |channel_type| channel_type.as_str())
    }

    pub fn address(&self) -> Option<&str> {
        Some(self.view.as_ref()?.address.as_ref()?.as_str())
    }

    pub fn user_id(&self) -> Option<&str> {
        Some(self.view.as_ref()?.user.id.as_ref()?.as_str())
    }
}
