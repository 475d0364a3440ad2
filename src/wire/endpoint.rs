//! Stored endpoint documents: the endpoint definition exactly as a hook event carries it.
//!
//! Shape: a JSON object without the id, members in the order `ChannelType`, `Address`, `EndpointStatus`, `OptOut`,
//! `Location`, `Demographic`, `EffectiveDate`, `Attributes`, `Metrics`, `User`, `CreationDate`, `RequestId`. Published
//! functions write into `Attributes` without a check, so that `Attributes`, `Demographic` and `User` are always there;
//! empty `Location` and `Metrics` are left out.
//!
//! Written by hand, not generated: campaigns read these documents by the million.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lenient::Text;
use crate::domain::endpoint::{Demographic, Location, User};
use crate::domain::{ChannelType, Endpoint, EndpointStatus, OptOut};

/// What decides whether an endpoint can be sent to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub struct Head<'a> {
    #[serde(rename = "ChannelType", default)]
    channel_type: Option<Text<'a>>,
    #[serde(rename = "Address", default)]
    address: Option<Text<'a>>,
    #[serde(rename = "EndpointStatus", default)]
    status: Option<Text<'a>>,
    #[serde(rename = "OptOut", default)]
    opt_out: Option<Text<'a>>,
    #[serde(rename = "Demographic", default)]
    demographic: HeadDemographic<'a>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct HeadDemographic<'a> {
    #[serde(rename = "Timezone", default)]
    timezone: Option<Text<'a>>,
}

impl<'a> Head<'a> {
    /// Errors: when the document is not one of ours.
    pub fn read(document: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(document)
    }

    /// The channel type, if it is a known one.
    pub fn channel_type(&self) -> Option<ChannelType> {
        self.channel_type.as_ref().and_then(|text| ChannelType::parse(text.as_str()))
    }

    /// The address; never empty.
    pub fn address(&self) -> Option<&str> {
        self.address.as_ref().map(Text::as_str).filter(|address| !address.is_empty())
    }

    /// Whether the endpoint is active.
    pub fn is_active(&self) -> bool {
        self.status.as_ref().is_none_or(|status| status.as_str() != "INACTIVE")
    }

    /// Whether the endpoint opted out of everything.
    pub fn is_opted_out(&self) -> bool {
        self.opt_out.as_ref().is_some_and(|opt_out| opt_out.as_str() == "ALL")
    }

    /// The time zone's name as given; it may not exist.
    pub fn timezone(&self) -> Option<&str> {
        self.demographic.timezone.as_ref().map(Text::as_str)
    }
}

/// Named lists of strings, in document order.
pub type TextLists<'a> = BTreeMap<Text<'a>, Vec<Text<'a>>>;

/// All an endpoint document holds, borrowed from it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub struct View<'a> {
    #[serde(rename = "ChannelType", default)]
    pub channel_type: Option<Text<'a>>,
    #[serde(rename = "Address", default)]
    pub address: Option<Text<'a>>,
    #[serde(rename = "EndpointStatus", default)]
    pub status: Option<Text<'a>>,
    #[serde(rename = "OptOut", default)]
    pub opt_out: Option<Text<'a>>,
    #[serde(rename = "Location", default)]
    pub location: LocationView<'a>,
    #[serde(rename = "Demographic", default)]
    pub demographic: DemographicView<'a>,
    #[serde(rename = "EffectiveDate", default)]
    pub effective_date: Option<Text<'a>>,
    #[serde(rename = "Attributes", default)]
    pub attributes: TextLists<'a>,
    #[serde(rename = "Metrics", default)]
    pub metrics: BTreeMap<Text<'a>, f64>,
    #[serde(rename = "User", default)]
    pub user: UserView<'a>,
    #[serde(rename = "CreationDate", default)]
    pub creation_date: Option<Text<'a>>,
    #[serde(rename = "RequestId", default)]
    pub request_id: Option<Text<'a>>,
}

/// `Location` of a [`View`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"), rename_all = "PascalCase", default)]
pub struct LocationView<'a> {
    pub city: Option<Text<'a>>,
    pub country: Option<Text<'a>>,
    pub postal_code: Option<Text<'a>>,
    pub region: Option<Text<'a>>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
}

/// `Demographic` of a [`View`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"), rename_all = "PascalCase", default)]
pub struct DemographicView<'a> {
    pub app_version: Option<Text<'a>>,
    pub locale: Option<Text<'a>>,
    pub make: Option<Text<'a>>,
    pub model: Option<Text<'a>>,
    pub model_version: Option<Text<'a>>,
    pub platform: Option<Text<'a>>,
    pub platform_version: Option<Text<'a>>,
    pub timezone: Option<Text<'a>>,
}

/// `User` of a [`View`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"), default)]
pub struct UserView<'a> {
    #[serde(rename = "UserId")]
    pub id: Option<Text<'a>>,
    #[serde(rename = "UserAttributes")]
    pub attributes: TextLists<'a>,
}

impl<'a> View<'a> {
    /// Errors: when the document is not one of ours.
    pub fn read(document: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(document)
    }
}

/// Reads a stored document.
///
/// Errors: when the document is not one of ours.
pub fn read(document: &[u8]) -> Result<Endpoint, serde_json::Error> {
    let view = View::read(document)?;
    Ok(Endpoint {
        channel_type: view.channel_type.and_then(|text| ChannelType::parse(text.as_str())),
        address: owned(view.address),
        status: match view.status {
            Some(text) if text.as_str() == "INACTIVE" => EndpointStatus::Inactive,
            _ => EndpointStatus::Active,
        },
        opt_out: match view.opt_out {
            Some(text) if text.as_str() == "ALL" => OptOut::All,
            _ => OptOut::None,
        },
        location: Location {
            city: owned(view.location.city),
            country: owned(view.location.country),
            postal_code: owned(view.location.postal_code),
            region: owned(view.location.region),
            latitude: view.location.latitude,
            longitude: view.location.longitude,
        },
        demographic: Demographic {
            app_version: owned(view.demographic.app_version),
            locale: owned(view.demographic.locale),
            make: owned(view.demographic.make),
            model: owned(view.demographic.model),
            model_version: owned(view.demographic.model_version),
            platform: owned(view.demographic.platform),
            platform_version: owned(view.demographic.platform_version),
            timezone: owned(view.demographic.timezone),
        },
        effective_date: owned(view.effective_date).unwrap_or_default(),
        attributes: owned_lists(view.attributes),
        metrics: view.metrics.into_iter().map(|(name, value)| (name.0.into_owned(), value)).collect(),
        user: User { id: owned(view.user.id), attributes: owned_lists(view.user.attributes) },
        creation_date: owned(view.creation_date).unwrap_or_default(),
        request_id: owned(view.request_id),
    })
}

fn owned(text: Option<Text<'_>>) -> Option<String> {
    text.map(|text| text.0.into_owned())
}

fn owned_lists(lists: TextLists<'_>) -> BTreeMap<String, Vec<String>> {
    lists
        .into_iter()
        .map(|(name, values)| (name.0.into_owned(), values.into_iter().map(|value| value.0.into_owned()).collect()))
        .collect()
}

/// Writes an endpoint as a stored document.
pub fn write(endpoint: &Endpoint) -> Vec<u8> {
    let location = &endpoint.location;
    let demographic = &endpoint.demographic;
    let document = Document {
        channel_type: endpoint.channel_type.map(ChannelType::as_str),
        address: endpoint.address.as_deref(),
        status: match endpoint.status {
            EndpointStatus::Active => "ACTIVE",
            EndpointStatus::Inactive => "INACTIVE",
        },
        opt_out: match endpoint.opt_out {
            OptOut::All => "ALL",
            OptOut::None => "NONE",
        },
        location: (*location != Location::default()).then_some(LocationDocument {
            city: location.city.as_deref(),
            country: location.country.as_deref(),
            postal_code: location.postal_code.as_deref(),
            region: location.region.as_deref(),
            latitude: location.latitude,
            longitude: location.longitude,
        }),
        demographic: DemographicDocument {
            app_version: demographic.app_version.as_deref(),
            locale: demographic.locale.as_deref(),
            make: demographic.make.as_deref(),
            model: demographic.model.as_deref(),
            model_version: demographic.model_version.as_deref(),
            platform: demographic.platform.as_deref(),
            platform_version: demographic.platform_version.as_deref(),
            timezone: demographic.timezone.as_deref(),
        },
        effective_date: &endpoint.effective_date,
        attributes: &endpoint.attributes,
        metrics: &endpoint.metrics,
        user: UserDocument {
            id: endpoint.user.id.as_deref(),
            attributes: (!endpoint.user.attributes.is_empty()).then_some(&endpoint.user.attributes),
        },
        creation_date: &endpoint.creation_date,
        request_id: endpoint.request_id.as_deref(),
    };
    serde_json::to_vec(&document).expect("text, lists and finite numbers are JSON")
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    #[serde(rename = "EndpointStatus")]
    status: &'a str,
    opt_out: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<LocationDocument<'a>>,
    demographic: DemographicDocument<'a>,
    effective_date: &'a str,
    attributes: &'a BTreeMap<String, Vec<String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metrics: &'a BTreeMap<String, f64>,
    user: UserDocument<'a>,
    creation_date: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct LocationDocument<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    longitude: Option<f64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DemographicDocument<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    app_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    make: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<&'a str>,
}

#[derive(Serialize)]
struct UserDocument<'a> {
    #[serde(rename = "UserId", skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "UserAttributes", skip_serializing_if = "Option::is_none")]
    attributes: Option<&'a BTreeMap<String, Vec<String>>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_read_back_and_always_have_the_groups_functions_write_into() {
        let now = "2026-03-01T09:00:00.000Z".to_owned();
        let mut endpoint = Endpoint { effective_date: now.clone(), creation_date: now, ..Endpoint::default() };
        let document = write(&endpoint);
        let expected = concat!(
            r#"{"EndpointStatus":"ACTIVE","OptOut":"NONE","Demographic":{},"EffectiveDate":"2026-03-01T09:00:00.000Z","#,
            r#""Attributes":{},"User":{},"CreationDate":"2026-03-01T09:00:00.000Z"}"#
        );
        assert_eq!(String::from_utf8(document.clone()).unwrap(), expected);
        assert_eq!(read(&document).unwrap(), endpoint);

        endpoint.channel_type = Some(ChannelType::Email);
        endpoint.address = Some("a \"quoted\" name@example.com".into());
        endpoint.location.latitude = Some(48.2);
        endpoint.metrics.insert("visits".into(), 3.0);
        endpoint.attributes.insert("Color".into(), vec!["red".into(), "blue".into()]);
        endpoint.user.id = Some("user".into());
        let document = write(&endpoint);
        assert_eq!(read(&document).unwrap(), endpoint);
        let head = Head::read(&document).unwrap();
        assert_eq!(head.channel_type(), Some(ChannelType::Email));
        assert_eq!(head.address(), Some("a \"quoted\" name@example.com"));
        assert!(head.is_active() && !head.is_opted_out());
    }
}
