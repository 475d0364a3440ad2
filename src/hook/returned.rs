//! One endpoint as a function returned it, and how it merges into the one that was sent.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt;

use memchr::memmem;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use simd_json::{Buffers, ErrorType};

use crate::domain::ChannelType;
use crate::wire::lenient::{StringList, Text};

/// What a function made of an endpoint, for this message only.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Changed {
    /// Shape: a stored document, see [`crate::wire::endpoint`].
    pub document: Vec<u8>,
    /// Replaces the title, on channels that take overrides.
    pub title_override: Option<String>,
    /// Replaces the body, on channels that take overrides.
    pub body_override: Option<String>,
}

/// Merges a returned endpoint into the stored document that was sent; `None` when the function switched it off.
///
/// Each member stands for itself: a returned one replaces the sent one whole, an absent one stays, `null` removes.
/// `json` is overwritten.
///
/// Errors: what is wrong with which member; never its value.
/// Panics: when `sent` is not a stored document.
pub(super) fn merge(json: &mut [u8], sent: &[u8], buffers: &mut Buffers) -> Result<Option<Changed>, String> {
    let returned: Returned<'_> =
        simd_json::serde::from_slice_with_buffers(json, buffers).map_err(|error| match error.error() {
            ErrorType::Serde(problem) => problem.clone(),
            other => format!("it is not an endpoint: {other:?}"),
        })?;
    let sent = Sent::new(sent);
    let opts_out = returned.opt_out.is("ALL") && sent.member("OptOut") != Some(r#""ALL""#);
    let deactivates = returned.status.is("INACTIVE") && sent.member("EndpointStatus") != Some(r#""INACTIVE""#);
    if opts_out || deactivates {
        return Ok(None);
    }
    Ok(Some(Changed {
        document: returned.document(sent),
        title_override: returned.title_override.given().map(|text| text.0.into_owned()),
        body_override: returned.body_override.given().map(|text| text.0.into_owned()),
    }))
}

/// A member of a returned endpoint.
#[derive(Default)]
enum Field<T> {
    #[default]
    Absent,
    /// It came as `null`.
    Removed,
    Given(T),
}

impl<T> Field<T> {
    fn given(self) -> Option<T> {
        match self {
            Self::Given(value) => Some(value),
            Self::Absent | Self::Removed => None,
        }
    }

    /// An empty group is the same as none.
    fn unless(self, is_empty: impl Fn(&T) -> bool) -> Self {
        match self {
            Self::Given(value) if is_empty(&value) => Self::Removed,
            other => other,
        }
    }
}

impl Field<Text<'_>> {
    fn is(&self, text: &str) -> bool {
        matches!(self, Self::Given(given) if given.as_str() == text)
    }
}

/// An endpoint in an answer. Members that endpoints do not have are ignored.
#[derive(Default)]
struct Returned<'a> {
    channel_type: Field<Text<'a>>,
    address: Field<Text<'a>>,
    status: Field<Text<'a>>,
    opt_out: Field<Text<'a>>,
    location: Field<Location<'a>>,
    demographic: Field<Demographic<'a>>,
    effective_date: Field<Text<'a>>,
    attributes: Field<Lists<'a>>,
    metrics: Field<Metrics<'a>>,
    user: Field<User<'a>>,
    creation_date: Field<Text<'a>>,
    request_id: Field<Text<'a>>,
    title_override: Field<Text<'a>>,
    body_override: Field<Text<'a>>,
}

impl<'de> Deserialize<'de> for Returned<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ReturnedVisitor;
        impl<'de> Visitor<'de> for ReturnedVisitor {
            type Value = Returned<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an endpoint")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Returned<'de>, A::Error> {
                let mut endpoint = Returned::default();
                while let Some(name) = map.next_key::<Text<'de>>()? {
                    match name.as_str() {
                        "ChannelType" => {
                            endpoint.channel_type = name_of(&mut map, "ChannelType", "a channel type", |name| {
                                ChannelType::parse(name).is_some()
                            })?;
                        }
                        "Address" => endpoint.address = text(&mut map, "Address")?,
                        "EndpointStatus" => {
                            endpoint.status = name_of(&mut map, "EndpointStatus", "`ACTIVE` or `INACTIVE`", |name| {
                                matches!(name, "ACTIVE" | "INACTIVE")
                            })?;
                        }
                        "OptOut" => {
                            endpoint.opt_out =
                                name_of(&mut map, "OptOut", "`ALL` or `NONE`", |name| matches!(name, "ALL" | "NONE"))?;
                        }
                        "Location" => {
                            let location: Field<Location<'_>> =
                                member(&mut map, "Location", "a map of strings and coordinates")?;
                            endpoint.location = location.unless(|location| *location == Location::default());
                        }
                        "Demographic" => endpoint.demographic = member(&mut map, "Demographic", "a map of strings")?,
                        "EffectiveDate" => endpoint.effective_date = text(&mut map, "EffectiveDate")?,
                        "Attributes" => {
                            endpoint.attributes = member(&mut map, "Attributes", "a map of lists of strings")?
                        }
                        "Metrics" => {
                            let metrics: Field<Metrics<'_>> = member(&mut map, "Metrics", "a map of numbers")?;
                            endpoint.metrics = metrics.unless(|metrics| metrics.0.is_empty());
                        }
                        "User" => {
                            endpoint.user = member(
                                &mut map,
                                "User",
                                "a map with a `UserId` and `UserAttributes`, a map of lists of strings",
                            )?;
                        }
                        "CreationDate" => endpoint.creation_date = text(&mut map, "CreationDate")?,
                        "RequestId" => endpoint.request_id = text(&mut map, "RequestId")?,
                        "TitleOverride" => endpoint.title_override = text(&mut map, "TitleOverride")?,
                        "BodyOverride" => endpoint.body_override = text(&mut map, "BodyOverride")?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(endpoint)
            }
        }
        deserializer.deserialize_map(ReturnedVisitor)
    }
}

/// Reads a member. The error says what it should be, and leaves out what it is: that may be anybody's data.
fn member<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    map: &mut A,
    name: &str,
    shape: &str,
) -> Result<Field<T>, A::Error> {
    let value: Option<T> = map.next_value().map_err(|_| A::Error::custom(format!("`{name}` is not {shape}")))?;
    Ok(value.map_or(Field::Removed, Field::Given))
}

fn text<'de, A: MapAccess<'de>>(map: &mut A, name: &str) -> Result<Field<Text<'de>>, A::Error> {
    member(map, name, "a string")
}

/// Reads one of several names. A misspelled one is an error: an `OptOut` of `all` was not meant as `NONE`.
fn name_of<'de, A: MapAccess<'de>>(
    map: &mut A,
    name: &str,
    shape: &str,
    is_known: impl Fn(&str) -> bool,
) -> Result<Field<Text<'de>>, A::Error> {
    let field: Field<Text<'de>> = member(map, name, shape)?;
    match &field {
        Field::Given(given) if !is_known(given.as_str()) => Err(A::Error::custom(format!("`{name}` is not {shape}"))),
        _ => Ok(field),
    }
}

#[derive(Default, Deserialize, PartialEq, Serialize)]
#[serde(bound(deserialize = "'de: 'a"), rename_all = "PascalCase", default)]
struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latitude: Option<Finite>,
    #[serde(skip_serializing_if = "Option::is_none")]
    longitude: Option<Finite>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(bound(deserialize = "'de: 'a"), rename_all = "PascalCase", default)]
struct Demographic<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    app_version: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    make: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_version: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform_version: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<Text<'a>>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(bound(deserialize = "'de: 'a"), default)]
struct User<'a> {
    #[serde(rename = "UserId", skip_serializing_if = "Option::is_none")]
    id: Option<Text<'a>>,
    #[serde(rename = "UserAttributes", skip_serializing_if = "Lists::is_empty")]
    attributes: Lists<'a>,
}

/// Attributes. Scalars become lists, and names without values are left out, as in stored documents.
#[derive(Default, Serialize)]
struct Lists<'a>(BTreeMap<Text<'a>, StringList>);

impl Lists<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Lists<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut lists = Option::<BTreeMap<Text<'a>, StringList>>::deserialize(deserializer)?.unwrap_or_default();
        lists.retain(|_, values| !values.0.is_empty());
        Ok(Self(lists))
    }
}

/// Metrics. Names with `null` are left out.
#[derive(Serialize)]
struct Metrics<'a>(BTreeMap<Text<'a>, Finite>);

impl<'de: 'a, 'a> Deserialize<'de> for Metrics<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let metrics = BTreeMap::<Text<'a>, Option<Finite>>::deserialize(deserializer)?;
        Ok(Self(metrics.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()))
    }
}

/// A number that can be printed again: a huge one could be read as infinite.
#[derive(Clone, Copy, PartialEq, Serialize)]
struct Finite(f64);

impl<'de> Deserialize<'de> for Finite {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        if number.is_finite() { Ok(Self(number)) } else { Err(D::Error::custom("the number is too large")) }
    }
}

/// The document that was sent. It is parsed only if a member that was not returned may be in it: functions mostly return
/// endpoints whole.
struct Sent<'a> {
    document: &'a [u8],
    members: OnceCell<BTreeMap<&'a str, &'a RawValue>>,
}

impl<'a> Sent<'a> {
    fn new(document: &'a [u8]) -> Self {
        Self { document, members: OnceCell::new() }
    }

    /// A member's JSON.
    fn member(&self, name: &str) -> Option<&'a str> {
        memmem::find(self.document, name.as_bytes())?;
        let members = self
            .members
            .get_or_init(|| serde_json::from_slice(self.document).expect("stored documents are JSON objects"));
        members.get(name).map(|raw| raw.get())
    }
}

impl Returned<'_> {
    /// The merged document, in the form of [`crate::wire::endpoint`].
    fn document(&self, sent: Sent<'_>) -> Vec<u8> {
        let mut document = Document { json: Vec::with_capacity(sent.document.len() + 256), sent };
        document.put("ChannelType", &self.channel_type, None);
        document.put("Address", &self.address, None);
        document.put("EndpointStatus", &self.status, Some(r#""ACTIVE""#));
        document.put("OptOut", &self.opt_out, Some(r#""NONE""#));
        document.put("Location", &self.location, None);
        document.put("Demographic", &self.demographic, Some("{}"));
        document.put("EffectiveDate", &self.effective_date, None);
        document.put("Attributes", &self.attributes, Some("{}"));
        document.put("Metrics", &self.metrics, None);
        document.put("User", &self.user, Some("{}"));
        document.put("CreationDate", &self.creation_date, None);
        document.put("RequestId", &self.request_id, None);
        document.json.push(b'}');
        document.json
    }
}

/// A document being put together.
struct Document<'a> {
    json: Vec<u8>,
    sent: Sent<'a>,
}

impl Document<'_> {
    /// Adds a member: as returned, else as sent, else `otherwise`.
    fn put<T: Serialize>(&mut self, name: &str, returned: &Field<T>, otherwise: Option<&str>) {
        let kept = match returned {
            Field::Given(value) => {
                self.name(name);
                return serde_json::to_writer(&mut self.json, value).expect("text and finite numbers are JSON");
            }
            Field::Absent => self.sent.member(name).or(otherwise),
            Field::Removed => otherwise,
        };
        if let Some(kept) = kept {
            self.name(name);
            self.json.extend_from_slice(kept.as_bytes());
        }
    }

    fn name(&mut self, name: &str) {
        self.json.extend_from_slice(if self.json.is_empty() { b"{\"" } else { b",\"" });
        self.json.extend_from_slice(name.as_bytes());
        self.json.extend_from_slice(b"\":");
    }
}
