//! Dimensions as a test of one endpoint.

use jiff::Timestamp;

use super::condition::{Comparison, Condition, Set};
use super::narrow::Needs;
use crate::domain::ChannelType;
use crate::wire::endpoint::View;
use crate::wire::instant;
use crate::wire::lenient::Text;

/// Mean radius of the earth.
const EARTH_RADIUS_KM: f64 = 6371.0;

/// Tests an endpoint against all entries of a `SegmentDimensions`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predicate {
    tests: Vec<Test>,
}

/// One entry of the dimensions.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    Attribute {
        name: String,
        condition: Condition,
    },
    UserAttribute {
        name: String,
        condition: Condition,
    },
    Metric {
        name: String,
        comparison: Comparison,
    },
    Channel(Set),
    Demographic {
        field: DemographicField,
        set: Set,
    },
    Country(Set),
    Near(Circle),
    /// The endpoint was updated or had an event since then, or neither.
    Recency {
        since: Timestamp,
        active: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum DemographicField {
    AppVersion,
    /// Endpoints have no such field: their platform and their model are taken for it.
    DeviceType,
    Make,
    Model,
    Platform,
}

/// Everything within a distance of a point, over the great circle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Circle {
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(super) radius_km: f64,
}

impl Predicate {
    pub(super) fn new(tests: Vec<Test>) -> Self {
        Self { tests }
    }

    /// Whether there is nothing to test: everyone matches.
    pub fn is_everyone(&self) -> bool {
        self.tests.is_empty()
    }

    /// Whether the endpoint passes every test. Whether it had an event since a moment is not in its document.
    pub fn matches(&self, endpoint: &View<'_>, had_event_since: impl Fn(Timestamp) -> bool) -> bool {
        self.tests.iter().all(|test| test.matches(endpoint, &had_event_since))
    }

    /// The moments since which this asks for events.
    pub(super) fn moments(&self) -> impl Iterator<Item = Timestamp> {
        self.tests.iter().filter_map(|test| match test {
            Test::Recency { since, .. } => Some(*since),
            _ => None,
        })
    }

    /// Adds the parts of a document this reads.
    pub(super) fn add_needs(&self, needs: &mut Needs) {
        for test in &self.tests {
            match test {
                Test::Attribute { name, .. } => needs.attributes.push(name.clone()),
                Test::UserAttribute { name, .. } => needs.user_attributes.push(name.clone()),
                Test::Metric { name, .. } => needs.metrics.push(name.clone()),
                Test::Channel(_) => needs.channel_type = true,
                Test::Demographic { .. } => needs.demographic = true,
                Test::Country(_) | Test::Near(_) => needs.location = true,
                Test::Recency { .. } => needs.effective_date = true,
            }
        }
    }
}

impl Test {
    fn matches(&self, endpoint: &View<'_>, had_event_since: &impl Fn(Timestamp) -> bool) -> bool {
        match self {
            Self::Attribute { name, condition } => condition.matches(values(&endpoint.attributes, name)),
            Self::UserAttribute { name, condition } => condition.matches(values(&endpoint.user.attributes, name)),
            Self::Metric { name, comparison } => {
                endpoint.metrics.get(name.as_str()).is_some_and(|stored| comparison.holds(*stored))
            }
            Self::Channel(set) => {
                let stored = text(&endpoint.channel_type);
                let push = stored.and_then(ChannelType::parse).filter(|channel| channel.is_push());
                set.matches(stored.into_iter().chain(push.map(|_| ChannelType::Push.as_str())))
            }
            Self::Demographic { field, set } => {
                let demographic = &endpoint.demographic;
                let (stored, second) = match field {
                    DemographicField::AppVersion => (&demographic.app_version, None),
                    DemographicField::DeviceType => (&demographic.platform, text(&demographic.model)),
                    DemographicField::Make => (&demographic.make, None),
                    DemographicField::Model => (&demographic.model, None),
                    DemographicField::Platform => (&demographic.platform, None),
                };
                set.matches(text(stored).into_iter().chain(second))
            }
            Self::Country(set) => set.matches(text(&endpoint.location.country).into_iter()),
            Self::Near(circle) => match (endpoint.location.latitude, endpoint.location.longitude) {
                (Some(latitude), Some(longitude)) => circle.contains(latitude, longitude),
                _ => false,
            },
            // An endpoint whose date cannot be read was not updated lately, as far as anyone can tell.
            Self::Recency { since, active } => {
                let updated = text(&endpoint.effective_date).and_then(instant::read).is_some_and(|date| date >= *since);
                (updated || had_event_since(*since)) == *active
            }
        }
    }
}

fn values<'v>(lists: &'v crate::wire::endpoint::TextLists<'_>, name: &str) -> impl Iterator<Item = &'v str> + Clone {
    lists.get(name).map_or(&[][..], Vec::as_slice).iter().map(Text::as_str)
}

fn text<'t>(text: &'t Option<Text<'_>>) -> Option<&'t str> {
    text.as_ref().map(Text::as_str)
}

impl Circle {
    fn contains(&self, latitude: f64, longitude: f64) -> bool {
        self.distance_km(latitude, longitude) <= self.radius_km
    }

    /// The haversine formula.
    fn distance_km(&self, latitude: f64, longitude: f64) -> f64 {
        let half_latitude = (latitude - self.latitude).to_radians() / 2.0;
        let half_longitude = (longitude - self.longitude).to_radians() / 2.0;
        let haversine = half_latitude.sin().powi(2)
            + self.latitude.to_radians().cos() * latitude.to_radians().cos() * half_longitude.sin().powi(2);
        2.0 * EARTH_RADIUS_KM * haversine.sqrt().min(1.0).asin()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Definition, compile};
    use super::*;
    use crate::wire::generated::WriteSegmentRequest;

    const ENDPOINT: &str = r#"{"ChannelType":"APNS","Address":"token","EndpointStatus":"ACTIVE","OptOut":"NONE",
        "Location":{"Country":"DE","Latitude":52.5,"Longitude":13.4},
        "Demographic":{"AppVersion":"2.1","Make":"apple","Model":"iPhone","Platform":"ios"},
        "EffectiveDate":"2026-03-01T09:00:00.000Z",
        "Attributes":{"Color":["red","dark blue"],"Since":["2026-02-10T12:00:00Z"],"Text":["soon"],
            "Dates":["2026-01-01T00:00:00Z","x","2026-06-01T23:59:59Z"]},
        "Metrics":{"visits":3.5},"User":{"UserId":"u","UserAttributes":{"Plan":["gold"]}}}"#;
    const NOW: &str = "2026-03-02T09:00:00Z";

    fn matches(dimensions: &str, endpoint: &str) -> bool {
        matches_after(dimensions, endpoint, None)
    }

    /// For an endpoint with its last event then.
    fn matches_after(dimensions: &str, endpoint: &str, last_event: Option<Timestamp>) -> bool {
        let had_event_since = |since| last_event >= Some(since);
        let json = format!(r#"{{"Dimensions":{dimensions}}}"#);
        let request: WriteSegmentRequest = serde_json::from_str(&json).unwrap();
        let Definition::Dimensions(predicate) = compile(&request, NOW.parse().unwrap()).unwrap() else {
            panic!("{dimensions} are dimensions");
        };
        let whole = predicate.matches(&View::read(endpoint.as_bytes()).unwrap(), had_event_since);
        let needs = Needs::of(std::slice::from_ref(&predicate));
        let narrow = predicate.matches(&needs.read(endpoint.as_bytes()).unwrap(), had_event_since);
        assert_eq!(whole, narrow, "a narrow reading decides {dimensions} differently");
        whole
    }

    #[test]
    fn attributes_of_every_type() {
        let cases = [
            ("Color", "INCLUSIVE", r#"["green","red"]"#, true),
            ("Color", "INCLUSIVE", r#"["Red"]"#, false),
            ("Color", "INCLUSIVE", "[]", false),
            ("color", "INCLUSIVE", r#"["red"]"#, false),
            ("Color", "EXCLUSIVE", r#"["green"]"#, true),
            ("Color", "EXCLUSIVE", r#"["green","dark blue"]"#, false),
            ("Absent", "EXCLUSIVE", r#"["green"]"#, true),
            ("Absent", "INCLUSIVE", r#"["green"]"#, false),
            ("Color", "CONTAINS", r#"["k bl"]"#, true),
            ("Color", "CONTAINS", r#"["Blue"]"#, false),
            ("Absent", "CONTAINS", r#"[""]"#, false),
            ("Since", "BEFORE", r#"["2026-02-10T12:00:01Z"]"#, true),
            ("Since", "BEFORE", r#"["2026-02-10T12:00:00Z"]"#, false),
            ("Since", "AFTER", r#"["2026-02-10T11:59:59Z"]"#, true),
            ("Since", "AFTER", r#"["2026-02-10T12:00:00Z"]"#, false),
            ("Since", "ON", r#"["2026-02-10T23:59:59Z"]"#, true),
            ("Since", "ON", r#"["2026-02-10"]"#, true),
            ("Since", "ON", r#"["2026-02-11T00:00:00Z"]"#, false),
            ("Since", "ON", r#"["2026-02-11T00:30:00+01:00"]"#, true),
            ("Since", "BETWEEN", r#"["2026-02-10T12:00:00Z","2026-02-11T00:00:00Z"]"#, true),
            ("Since", "BETWEEN", r#"["2026-02-01T00:00:00Z","2026-02-10T12:00:00Z"]"#, true),
            ("Since", "BETWEEN", r#"["2026-02-11T00:00:00Z","2026-02-12T00:00:00Z"]"#, false),
            ("Since", "NOT_BETWEEN", r#"["2026-02-11T00:00:00Z","2026-02-12T00:00:00Z"]"#, true),
            ("Since", "NOT_BETWEEN", r#"["2026-02-10T12:00:00Z","2026-02-12T00:00:00Z"]"#, false),
            ("Dates", "BEFORE", r#"["2026-01-02"]"#, true),
            ("Dates", "AFTER", r#"["2026-06-01"]"#, true),
            ("Dates", "NOT_BETWEEN", r#"["2026-02-01","2026-03-01"]"#, true),
            ("Dates", "NOT_BETWEEN", r#"["2026-05-01","2026-07-01"]"#, false),
            ("Text", "BEFORE", r#"["2030-01-01T00:00:00Z"]"#, false),
            ("Text", "NOT_BETWEEN", r#"["2026-02-01","2026-03-01"]"#, false),
            ("Absent", "BEFORE", r#"["2030-01-01T00:00:00Z"]"#, false),
            ("Absent", "NOT_BETWEEN", r#"["2026-02-01","2026-03-01"]"#, false),
        ];
        for (name, kind, values, expected) in cases {
            let dimensions = format!(r#"{{"Attributes":{{"{name}":{{"AttributeType":"{kind}","Values":{values}}}}}}}"#);
            assert_eq!(matches(&dimensions, ENDPOINT), expected, "{dimensions}");
        }
    }

    #[test]
    fn metrics_with_every_operator() {
        let cases = [
            ("visits", "GREATER_THAN", 3.5, false),
            ("visits", "GREATER_THAN", 3.4, true),
            ("visits", "GREATER_THAN_OR_EQUAL", 3.5, true),
            ("visits", "GREATER_THAN_OR_EQUAL", 3.6, false),
            ("visits", "LESS_THAN", 3.5, false),
            ("visits", "LESS_THAN", 3.6, true),
            ("visits", "LESS_THAN_OR_EQUAL", 3.5, true),
            ("visits", "LESS_THAN_OR_EQUAL", 3.4, false),
            ("visits", "EQUAL", 3.5, true),
            ("visits", "EQUAL", 3.0, false),
            ("absent", "LESS_THAN", 9.0, false),
        ];
        for (name, operator, value, expected) in cases {
            let dimensions =
                format!(r#"{{"Metrics":{{"{name}":{{"ComparisonOperator":"{operator}","Value":{value}}}}}}}"#);
            assert_eq!(matches(&dimensions, ENDPOINT), expected, "{dimensions}");
        }
    }

    #[test]
    fn sets_of_demographic_location_and_user() {
        let cases = [
            (r#"{"Demographic":{"Channel":{"Values":["APNS"]}}}"#, true),
            (r#"{"Demographic":{"Channel":{"Values":["PUSH"]}}}"#, true),
            (r#"{"Demographic":{"Channel":{"Values":["EMAIL","SMS"]}}}"#, false),
            (r#"{"Demographic":{"Channel":{"DimensionType":"EXCLUSIVE","Values":["PUSH"]}}}"#, false),
            (r#"{"Demographic":{"Channel":{"DimensionType":"EXCLUSIVE","Values":["GCM"]}}}"#, true),
            (r#"{"Demographic":{"AppVersion":{"DimensionType":"INCLUSIVE","Values":["2.1","2.2"]}}}"#, true),
            (r#"{"Demographic":{"AppVersion":{"DimensionType":"EXCLUSIVE","Values":["2.1"]}}}"#, false),
            (r#"{"Demographic":{"Make":{"Values":["apple"]}}}"#, true),
            (r#"{"Demographic":{"Make":{"Values":["Apple"]}}}"#, false),
            (r#"{"Demographic":{"Model":{"DimensionType":"EXCLUSIVE","Values":["iPad"]}}}"#, true),
            (r#"{"Demographic":{"Platform":{"Values":["ios"]}}}"#, true),
            (r#"{"Demographic":{"DeviceType":{"Values":["iPhone"]}}}"#, true),
            (r#"{"Demographic":{"DeviceType":{"Values":["ios"]}}}"#, true),
            (r#"{"Demographic":{"DeviceType":{"DimensionType":"EXCLUSIVE","Values":["ios"]}}}"#, false),
            (r#"{"Location":{"Country":{"Values":["AT","DE"]}}}"#, true),
            (r#"{"Location":{"Country":{"DimensionType":"EXCLUSIVE","Values":["AT","DE"]}}}"#, false),
            (r#"{"UserAttributes":{"Plan":{"Values":["gold"]}}}"#, true),
            (r#"{"UserAttributes":{"Color":{"Values":["red"]}}}"#, false),
            (r#"{"Attributes":{"Color":{"Values":["red"]}},"Demographic":{"Make":{"Values":["apple"]}}}"#, true),
            (r#"{"Attributes":{"Color":{"Values":["red"]}},"Demographic":{"Make":{"Values":["acme"]}}}"#, false),
            ("{}", true),
        ];
        for (dimensions, expected) in cases {
            assert_eq!(matches(dimensions, ENDPOINT), expected, "{dimensions}");
        }
        let excluding = r#"{"Demographic":{"Make":{"DimensionType":"EXCLUSIVE","Values":["apple"]}}}"#;
        assert!(matches(excluding, "{}"), "what is not there is not excluded");
    }

    #[test]
    fn distance_is_over_the_great_circle() {
        // Berlin to Hamburg is 255 km; the endpoint is at 52.5, 13.4.
        let near = |latitude: f64, longitude: f64, km: f64| {
            let coordinates = format!(r#"{{"Latitude":{latitude},"Longitude":{longitude}}}"#);
            format!(r#"{{"Location":{{"GPSPoint":{{"Coordinates":{coordinates},"RangeInKilometers":{km}}}}}}}"#)
        };
        let cases = [
            (near(53.55, 9.99, 250.0), ENDPOINT, false),
            (near(53.55, 9.99, 260.0), ENDPOINT, true),
            (near(52.5, 13.4, 0.0), ENDPOINT, true),
            (near(-52.5, -166.6, 20_000.0), ENDPOINT, false),
            (near(-52.5, -166.6, 20_016.0), ENDPOINT, true),
            (near(0.0, 0.0, 30_000.0), r#"{"Location":{"Country":"DE"}}"#, false),
            (near(0.0, 179.95, 12.0), r#"{"Location":{"Latitude":0.0,"Longitude":-179.95}}"#, true),
            (near(0.0, 179.95, 11.0), r#"{"Location":{"Latitude":0.0,"Longitude":-179.95}}"#, false),
        ];
        for (dimensions, endpoint, expected) in cases {
            assert_eq!(matches(&dimensions, endpoint), expected, "{dimensions} {endpoint}");
        }
    }

    #[test]
    fn recency_counts_back_from_now() {
        let at = |date: &str| format!(r#"{{"EffectiveDate":"{date}"}}"#);
        let cases = [
            ("HR_24", at("2026-03-01T09:00:00.000Z"), true),
            ("HR_24", at("2026-03-01T08:59:59.999Z"), false),
            ("DAY_7", at("2026-02-23T09:00:00Z"), true),
            ("DAY_7", at("2026-02-23T08:59:59Z"), false),
            ("DAY_14", at("2026-02-16T09:00:00Z"), true),
            ("DAY_14", at("2026-02-16T08:59:59Z"), false),
            ("DAY_30", at("2026-01-31T09:00:00Z"), true),
            ("DAY_30", at("2026-01-31T08:59:59Z"), false),
            ("DAY_30", at("some day"), false),
            ("DAY_30", "{}".to_owned(), false),
        ];
        for (duration, endpoint, active) in cases {
            for (kind, expected) in [("ACTIVE", active), ("INACTIVE", !active)] {
                let recency = format!(r#"{{"Duration":"{duration}","RecencyType":"{kind}"}}"#);
                let dimensions = format!(r#"{{"Behavior":{{"Recency":{recency}}}}}"#);
                assert_eq!(matches(&dimensions, &endpoint), expected, "{dimensions} {endpoint}");
            }
        }
    }

    #[test]
    fn recency_is_of_the_last_update_or_the_last_event() {
        let (old, new) = ("2026-02-01T09:00:00Z", "2026-03-02T08:00:00Z");
        let cases = [
            ("HR_24", old, None, false),
            ("HR_24", old, Some("2026-03-01T08:59:59.999Z"), false),
            ("HR_24", old, Some("2026-03-01T09:00:00Z"), true),
            ("HR_24", new, None, true),
            ("HR_24", new, Some("2026-02-01T09:00:00Z"), true),
            ("DAY_7", old, Some("2026-02-23T09:00:00Z"), true),
            ("DAY_7", old, Some("2026-02-23T08:59:59Z"), false),
            ("DAY_7", "some day", Some("2026-03-01T09:00:00Z"), true),
        ];
        for (duration, updated, event, active) in cases {
            let endpoint = format!(r#"{{"EffectiveDate":"{updated}"}}"#);
            for (kind, expected) in [("ACTIVE", active), ("INACTIVE", !active)] {
                let recency = format!(r#"{{"Duration":"{duration}","RecencyType":"{kind}"}}"#);
                let dimensions = format!(r#"{{"Behavior":{{"Recency":{recency}}}}}"#);
                let event = event.map(|event| event.parse().unwrap());
                assert_eq!(matches_after(&dimensions, &endpoint, event), expected, "{dimensions} {updated} {event:?}");
            }
        }
    }
}
