//! Requests that write endpoints (`EndpointRequest`, `EndpointBatchItem`, lines of import files), and endpoints as
//! responses and exports show them.
//!
//! Written by hand, not generated: clients send scalars for lists and numbers for text, `null` and absent differ from
//! `[]`, and imports read such documents by the million.

use std::collections::BTreeMap;

use serde::Deserialize;
use simd_json::Buffers;

use super::instant;
use super::invalid::{Invalid, Problem, value_chars};
use super::lenient::{Scalar, StringList};
use crate::domain::endpoint::{Demographic, Location, User};
use crate::domain::limit::{ATTRIBUTE_NAME_CHARS_MAX, ATTRIBUTE_VALUE_CHARS_MAX, ATTRIBUTE_VALUES_MAX};
use crate::domain::{ApplicationId, ChannelType, Cohort, EndpointStatus, EndpointUpdate, OptOut};

/// An update, and the endpoint it is for if the document says so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    pub id: Option<String>,
    pub update: EndpointUpdate,
}

/// Reads updates; keep one to read many.
#[derive(Default)]
pub struct Reader {
    buffers: Buffers,
    scratch: Vec<u8>,
}

impl Reader {
    /// Reads and checks an update. Unknown members are passed over.
    pub fn read(&mut self, json: &[u8]) -> Result<Item, Invalid> {
        // Derived readers would take a list for an object whose members come in order.
        if json.trim_ascii_start().first() != Some(&b'{') {
            return Err(Problem::rule("not a JSON object").at("endpoint"));
        }
        // The parser writes into what it reads.
        self.scratch.clear();
        self.scratch.extend_from_slice(json);
        let wire = match simd_json::serde::from_slice_with_buffers::<WireItem>(&mut self.scratch, &mut self.buffers) {
            Ok(wire) => wire,
            Err(_) => read_slowly(json, "endpoint")?,
        };
        wire.checked()
    }
}

/// Reads and checks one update.
pub fn read(json: &[u8]) -> Result<Item, Invalid> {
    Reader::default().read(json)
}

/// Reads a document that a faster way did not take, to say what is wrong and where. `whole` is what the document is
/// called.
pub(super) fn read_slowly<'de, T: Deserialize<'de>>(json: &'de [u8], whole: &str) -> Result<T, Invalid> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let error = match serde_path_to_error::deserialize(&mut deserializer) {
        Ok(wire) => {
            let ended = deserializer.end();
            return ended.map(|()| wire).map_err(|error| Problem::rule(error.to_string()).at(whole));
        }
        Err(error) => error,
    };
    let path = error.path().to_string();
    let field = if matches!(path.as_str(), "." | "?") { whole.to_owned() } else { path };
    let error = error.into_inner();
    let mut rule = error.to_string();
    // The path says more than the column, unless the text is no JSON at all.
    if error.is_data()
        && let Some(end) = rule.rfind(" at line ")
    {
        rule.truncate(end);
    }
    // Clients know JSON's types, not ours.
    Err(Problem::Rule { rule: rule.replace("expected f64", "expected a number") }.at(field))
}

/// An update as it stands in a request, not checked.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, expecting = "an object")]
pub(super) struct WireItem {
    id: Scalar,
    channel_type: Scalar,
    address: Scalar,
    endpoint_status: Scalar,
    opt_out: Scalar,
    location: Option<WireLocation>,
    demographic: Option<WireDemographic>,
    effective_date: Scalar,
    attributes: Option<BTreeMap<String, StringList>>,
    metrics: Option<BTreeMap<String, Option<f64>>>,
    user: Option<WireUser>,
    request_id: Scalar,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, expecting = "an object")]
struct WireLocation {
    city: Scalar,
    country: Scalar,
    postal_code: Scalar,
    region: Scalar,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, expecting = "an object")]
struct WireDemographic {
    app_version: Scalar,
    locale: Scalar,
    make: Scalar,
    model: Scalar,
    model_version: Scalar,
    platform: Scalar,
    platform_version: Scalar,
    timezone: Scalar,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, expecting = "an object")]
struct WireUser {
    user_id: Scalar,
    user_attributes: Option<BTreeMap<String, StringList>>,
}

impl WireItem {
    /// The id, as far as there is one.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.0.as_deref()
    }

    /// Errors: the first value that is not allowed.
    pub(super) fn checked(self) -> Result<Item, Invalid> {
        let item = self.into_item()?;
        check(&item.update)?;
        Ok(item)
    }

    fn into_item(self) -> Result<Item, Invalid> {
        let location = self.location.unwrap_or_default();
        let demographic = self.demographic.unwrap_or_default();
        let user = self.user.unwrap_or_default();
        let update = EndpointUpdate {
            channel_type: self.channel_type.0.as_deref().map(channel_type).transpose()?,
            address: self.address.0,
            status: self.endpoint_status.0.as_deref().map(endpoint_status).transpose()?,
            opt_out: self.opt_out.0.as_deref().map(opt_out).transpose()?,
            location: Location {
                city: location.city.0,
                country: location.country.0,
                postal_code: location.postal_code.0,
                region: location.region.0,
                latitude: location.latitude,
                longitude: location.longitude,
            },
            demographic: Demographic {
                app_version: demographic.app_version.0,
                locale: demographic.locale.0,
                make: demographic.make.0,
                model: demographic.model.0,
                model_version: demographic.model_version.0,
                platform: demographic.platform.0,
                platform_version: demographic.platform_version.0,
                timezone: demographic.timezone.0,
            },
            effective_date: self.effective_date.0.filter(|date| !date.is_empty()),
            attributes: lists(self.attributes),
            metrics: self.metrics.unwrap_or_default(),
            user: User { id: user.user_id.0, attributes: lists(user.user_attributes) },
            request_id: self.request_id.0,
        };
        Ok(Item { id: self.id.0, update })
    }
}

fn lists(lists: Option<BTreeMap<String, StringList>>) -> BTreeMap<String, Vec<String>> {
    lists.into_iter().flatten().map(|(name, values)| (name, values.0)).collect()
}

/// Reads a `ChannelType`.
pub fn channel_type(name: &str) -> Result<ChannelType, Invalid> {
    ChannelType::parse(name).ok_or_else(|| {
        let allowed = ChannelType::ALL.iter().map(|channel| channel.as_str()).collect();
        Problem::NotOneOf { value: name.to_owned(), allowed }.at("ChannelType")
    })
}

/// Reads an `EndpointStatus`.
pub fn endpoint_status(name: &str) -> Result<EndpointStatus, Invalid> {
    match name {
        "ACTIVE" => Ok(EndpointStatus::Active),
        "INACTIVE" => Ok(EndpointStatus::Inactive),
        _ => {
            Err(Problem::NotOneOf { value: name.to_owned(), allowed: vec!["ACTIVE", "INACTIVE"] }.at("EndpointStatus"))
        }
    }
}

/// Reads an `OptOut`.
pub fn opt_out(name: &str) -> Result<OptOut, Invalid> {
    match name {
        "ALL" => Ok(OptOut::All),
        "NONE" => Ok(OptOut::None),
        _ => Err(Problem::NotOneOf { value: name.to_owned(), allowed: vec!["ALL", "NONE"] }.at("OptOut")),
    }
}

/// Checks what types cannot say: lengths, counts and ranges.
///
/// Source: Pinpoint developer guide, "Quotas", endpoint; API reference, `EndpointLocation`.
pub fn check(update: &EndpointUpdate) -> Result<(), Invalid> {
    for (field, value, max) in
        [("Latitude", update.location.latitude, 90), ("Longitude", update.location.longitude, 180)]
    {
        if let Some(degrees) = value
            && !(f64::from(-max)..=f64::from(max)).contains(&degrees)
        {
            let problem = Problem::OutOfRange { value: degrees.to_string(), min: -max, max };
            return Err(problem.at(format!("Location.{field}")));
        }
    }
    if let Some(date) = &update.effective_date
        && instant::read(date).is_none()
    {
        return Err(Problem::NotATime { value: date.clone() }.at("EffectiveDate"));
    }
    for (group, attributes) in [("Attributes", &update.attributes), ("User.UserAttributes", &update.user.attributes)] {
        for (name, values) in attributes {
            check_attribute(name, values).map_err(|problem| problem.at(format!("{group}.`{name}`")))?;
        }
    }
    for (name, value) in &update.metrics {
        check_name(name).map_err(|problem| problem.at(format!("Metrics.`{name}`")))?;
        if let Some(value) = value
            && !value.is_finite()
        {
            return Err(Problem::NotANumber { value: value.to_string() }.at(format!("Metrics.`{name}`")));
        }
    }
    Ok(())
}

fn check_attribute(name: &str, values: &[String]) -> Result<(), Problem> {
    check_name(name)?;
    if values.len() > ATTRIBUTE_VALUES_MAX {
        return Err(Problem::TooManyValues { values: values.len(), max: ATTRIBUTE_VALUES_MAX });
    }
    values.iter().try_for_each(|value| value_chars(value, ATTRIBUTE_VALUE_CHARS_MAX))
}

fn check_name(name: &str) -> Result<(), Problem> {
    // Characters are never more than bytes.
    if name.len() > ATTRIBUTE_NAME_CHARS_MAX && name.chars().count() > ATTRIBUTE_NAME_CHARS_MAX {
        return Err(Problem::NameTooLong { chars: name.chars().count(), max: ATTRIBUTE_NAME_CHARS_MAX });
    }
    Ok(())
}

/// Appends an endpoint as `GetEndpoint` and exports show it: its ids and cohort, then the stored document as it is.
pub fn append_response(out: &mut Vec<u8>, application: &ApplicationId, id: &str, document: &[u8]) {
    let cohort = Cohort::of(application.as_str(), id).number();
    out.extend_from_slice(b"{\"ApplicationId\":");
    append_text(out, application.as_str());
    out.extend_from_slice(b",\"Id\":");
    append_text(out, id);
    out.extend_from_slice(format!(",\"CohortId\":\"{cohort}\",").as_bytes());
    // Stored documents always have members: see `wire::endpoint`.
    out.extend_from_slice(&document[1..]);
}

/// Appends a string.
pub fn append_text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a string can be written to memory");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_request_is_read() {
        let item = read(
            br#"{"Id":"e1","ChannelType":"GCM","Address":"token","EndpointStatus":"INACTIVE","OptOut":"ALL",
            "Location":{"City":"Ulm","Country":"DE","PostalCode":"89073","Region":"BW","Latitude":48,"Longitude":9.99},
            "Demographic":{"AppVersion":"1","Locale":"de_DE","Make":"m","Model":"n","ModelVersion":"2",
                "Platform":"android","PlatformVersion":"15","Timezone":"Europe/Berlin"},
            "EffectiveDate":"2026-03-01T09:00:00Z","Attributes":{"Color":["red"],"Gone":[]},
            "Metrics":{"visits":3,"gone":null},"User":{"UserId":"u","UserAttributes":{"Plan":["gold"]}},
            "RequestId":"r","CohortId":"7","Unheard":{"of":[1]}}"#,
        )
        .unwrap();
        let text = |text: &str| Some(text.to_owned());
        let expected = EndpointUpdate {
            channel_type: Some(ChannelType::Gcm),
            address: text("token"),
            status: Some(EndpointStatus::Inactive),
            opt_out: Some(OptOut::All),
            location: Location {
                city: text("Ulm"),
                country: text("DE"),
                postal_code: text("89073"),
                region: text("BW"),
                latitude: Some(48.0),
                longitude: Some(9.99),
            },
            demographic: Demographic {
                app_version: text("1"),
                locale: text("de_DE"),
                make: text("m"),
                model: text("n"),
                model_version: text("2"),
                platform: text("android"),
                platform_version: text("15"),
                timezone: text("Europe/Berlin"),
            },
            effective_date: text("2026-03-01T09:00:00Z"),
            attributes: [("Color".into(), vec!["red".into()]), ("Gone".into(), vec![])].into(),
            metrics: [("visits".into(), Some(3.0)), ("gone".into(), None)].into(),
            user: User { id: text("u"), attributes: [("Plan".into(), vec!["gold".into()])].into() },
            request_id: text("r"),
        };
        assert_eq!(item, Item { id: text("e1"), update: expected });
    }

    #[test]
    fn null_is_absent_and_scalars_stand_for_lists_and_text() {
        let nothing = br#"{"ChannelType":null,"Address":null,"Location":null,"Demographic":{"Make":null},
            "Attributes":null,"Metrics":null,"User":null}"#;
        assert_eq!(read(nothing).unwrap(), Item::default());
        assert_eq!(read(b"{}").unwrap(), Item::default());

        let item = read(
            br#"{"Address":12065550100,"Attributes":{"a":"x","b":7,"c":null,"d":[1,true]},
            "User":{"UserId":5,"UserAttributes":{"e":"y"}}}"#,
        )
        .unwrap();
        assert_eq!(item.update.address.as_deref(), Some("12065550100"));
        assert_eq!(item.update.user.id.as_deref(), Some("5"));
        assert_eq!(item.update.user.attributes["e"], ["y"]);
        let attributes: Vec<_> = item.update.attributes.values().map(|values| values.join("+")).collect();
        assert_eq!(attributes, ["x", "7", "", "1+true"]);
    }

    #[test]
    fn refusals_name_field_value_and_rule() {
        let many: Vec<String> = (0..51).map(|i| i.to_string()).collect();
        let many = format!(r#"{{"Attributes":{{"Interests":{}}}}}"#, serde_json::to_string(&many).unwrap());
        let long_value = format!(r#"{{"User":{{"UserAttributes":{{"Bio":["{}"]}}}}}}"#, "é".repeat(101));
        let long_name = format!(r#"{{"Metrics":{{"{}":1}}}}"#, "n".repeat(51));
        let cases = [
            (many.as_str(), "Attributes.`Interests`: 51 values, the limit is 50"),
            (
                &long_value,
                "User.UserAttributes.`Bio`: the value `éééééééééééééééééééé…` has 101 characters, the limit is 100",
            ),
            (
                &long_name,
                "Metrics.`nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: the name has 51 characters, the limit \
                 is 50",
            ),
            (
                r#"{"ChannelType":"FAX"}"#,
                "ChannelType: `FAX` is not one of ADM, APNS, APNS_SANDBOX, APNS_VOIP, APNS_VOIP_SANDBOX, BAIDU, \
                 CUSTOM, EMAIL, GCM, IN_APP, PUSH, SMS, VOICE",
            ),
            (r#"{"OptOut":"all"}"#, "OptOut: `all` is not one of ALL, NONE"),
            (r#"{"EndpointStatus":"GONE"}"#, "EndpointStatus: `GONE` is not one of ACTIVE, INACTIVE"),
            (r#"{"EffectiveDate":"today"}"#, "EffectiveDate: `today` is not a time such as 2026-03-01T00:00:00Z"),
            (r#"{"Location":{"Latitude":90.5}}"#, "Location.Latitude: 90.5 is not between -90 and 90"),
            (r#"{"Location":{"Longitude":-181}}"#, "Location.Longitude: -181 is not between -180 and 180"),
            (
                r#"{"Location":{"Latitude":"north"}}"#,
                r#"Location.Latitude: invalid type: string "north", expected a number"#,
            ),
            (r#"{"Attributes":{"a":[["x"]]}}"#, "Attributes.a[0]: invalid type: sequence, expected a string"),
            (r#"{"Address":"x""#, "endpoint: EOF while parsing an object at line 1 column 14"),
            (r#"{} {}"#, "endpoint: trailing characters at line 1 column 4"),
            ("[]", "endpoint: not a JSON object"),
            ("", "endpoint: not a JSON object"),
        ];
        for (json, expected) in cases {
            assert_eq!(read(json.as_bytes()).expect_err(json).to_string(), expected, "{json}");
        }
        let fits = format!(r#"{{"Attributes":{{"{}":["{}"]}}}}"#, "é".repeat(50), "é".repeat(100));
        assert!(read(fits.as_bytes()).is_ok(), "lengths are in characters");
    }

    #[test]
    fn a_response_is_the_ids_and_the_stored_document() {
        let mut out = Vec::new();
        let application = ApplicationId::new("app");
        append_response(&mut out, &application, "a \"b\"", br#"{"EndpointStatus":"ACTIVE","User":{}}"#);
        let cohort = Cohort::of("app", "a \"b\"").number();
        let expected = format!(
            r#"{{"ApplicationId":"app","Id":"a \"b\"","CohortId":"{cohort}","EndpointStatus":"ACTIVE","User":{{}}}}"#
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
