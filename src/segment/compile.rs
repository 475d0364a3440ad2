//! From the wire form of a segment to predicates and groups, with every rule checked on the way.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::condition::{Comparison, Condition, Set, one_of};
use super::predicate::{Circle, DemographicField, Test};
use super::{Combine, Group, Predicate, Source};
use crate::domain::limit::{ATTRIBUTE_VALUE_CHARS_MAX, SEGMENT_GROUPS_MAX, SEGMENT_VALUES_MAX};
use crate::wire::generated::{
    AttributeDimension, Duration, GPSPointDimension, Include, RecencyDimension, RecencyType, SegmentDimensions,
    SegmentGroup, SegmentReference, SetDimension, SourceType, Type, WriteSegmentRequest,
};
use crate::wire::invalid::{Invalid, Problem, value_chars};

/// A dynamic segment, ready to be evaluated.
#[derive(Clone, Debug, PartialEq)]
pub enum Definition {
    Dimensions(Predicate),
    Groups { groups: Vec<Group>, include: Combine },
}

/// Checks a segment's definition, but not whether its source segments exist.
pub fn validate(request: &WriteSegmentRequest) -> Result<(), Invalid> {
    compile(request, Timestamp::UNIX_EPOCH).map(|_| ())
}

/// Compiles a segment's definition. `now` is what recency counts back from.
///
/// Shape: without dimensions and groups everyone is meant.
/// Source: API reference, `WriteSegmentRequest`; defaults of what is missing are our choice.
pub fn compile(request: &WriteSegmentRequest, now: Timestamp) -> Result<Definition, Invalid> {
    let mut compiler = Compiler { now, values: 0 };
    let definition = match (&request.dimensions, &request.segment_groups) {
        (Some(_), Some(_)) => {
            return Err(Problem::rule("given beside `Dimensions`, a segment has one or the other").at("SegmentGroups"));
        }
        (Some(dimensions), None) => Definition::Dimensions(compiler.dimensions("Dimensions", dimensions)?),
        (None, None) => Definition::Dimensions(Predicate::default()),
        (None, Some(list)) => {
            let groups = list.groups.as_deref().unwrap_or_default();
            if groups.len() > SEGMENT_GROUPS_MAX {
                let problem = Problem::rule(format!("{} groups, the limit is {SEGMENT_GROUPS_MAX}", groups.len()));
                return Err(problem.at("SegmentGroups.Groups"));
            }
            let groups = groups
                .iter()
                .enumerate()
                .map(|(i, group)| compiler.group(&format!("SegmentGroups.Groups[{i}]"), group))
                .collect::<Result<_, _>>()?;
            let include = match &list.include {
                None | Some(Include::All) => Combine::All,
                Some(Include::Any) => Combine::Any,
                Some(Include::None) => Combine::None,
                Some(Include::Unknown(value)) => return Err(one_of(value, Include::VALUES).at("SegmentGroups.Include")),
            };
            Definition::Groups { groups, include }
        }
    };
    if compiler.values > SEGMENT_VALUES_MAX {
        let field = if request.dimensions.is_some() { "Dimensions" } else { "SegmentGroups" };
        return Err(Problem::TooManyValues { values: compiler.values, max: SEGMENT_VALUES_MAX }.at(field));
    }
    Ok(definition)
}

struct Compiler {
    now: Timestamp,
    /// Values of all dimensions so far.
    values: usize,
}

impl Compiler {
    fn group(&mut self, path: &str, group: &SegmentGroup) -> Result<Group, Invalid> {
        let sources = group
            .source_segments
            .iter()
            .flatten()
            .enumerate()
            .map(|(i, reference)| source(&format!("{path}.SourceSegments[{i}]"), reference))
            .collect::<Result<_, _>>()?;
        let source_type = match &group.source_type {
            None | Some(SourceType::All) => Combine::All,
            Some(SourceType::Any) => Combine::Any,
            Some(SourceType::None) => Combine::None,
            Some(SourceType::Unknown(value)) => {
                return Err(one_of(value, SourceType::VALUES).at(format!("{path}.SourceType")));
            }
        };
        let combine = match &group.r#type {
            None | Some(Type::All) => Combine::All,
            Some(Type::Any) => Combine::Any,
            Some(Type::None) => Combine::None,
            Some(Type::Unknown(value)) => return Err(one_of(value, Type::VALUES).at(format!("{path}.Type"))),
        };
        let predicates = group
            .dimensions
            .iter()
            .flatten()
            .enumerate()
            .map(|(i, dimensions)| self.dimensions(&format!("{path}.Dimensions[{i}]"), dimensions))
            .collect::<Result<_, _>>()?;
        Ok(Group { sources, source_type, predicates, combine })
    }

    fn dimensions(&mut self, path: &str, dimensions: &SegmentDimensions) -> Result<Predicate, Invalid> {
        let mut tests = Vec::new();
        if let Some(demographic) = &dimensions.demographic {
            let path = format!("{path}.Demographic");
            if let Some(channel) = &demographic.channel {
                tests.push(Test::Channel(self.set(&format!("{path}.Channel"), channel)?));
            }
            for (name, field, dimension) in [
                ("AppVersion", DemographicField::AppVersion, &demographic.app_version),
                ("DeviceType", DemographicField::DeviceType, &demographic.device_type),
                ("Make", DemographicField::Make, &demographic.make),
                ("Model", DemographicField::Model, &demographic.model),
                ("Platform", DemographicField::Platform, &demographic.platform),
            ] {
                if let Some(dimension) = dimension {
                    let set = self.set(&format!("{path}.{name}"), dimension)?;
                    tests.push(Test::Demographic { field, set });
                }
            }
        }
        if let Some(location) = &dimensions.location {
            if let Some(country) = &location.country {
                tests.push(Test::Country(self.set(&format!("{path}.Location.Country"), country)?));
            }
            if let Some(point) = &location.gps_point {
                tests.push(Test::Near(circle(&format!("{path}.Location.GPSPoint"), point)?));
            }
        }
        if let Some(recency) = dimensions.behavior.as_ref().and_then(|behavior| behavior.recency.as_ref()) {
            tests.push(self.recency(&format!("{path}.Behavior.Recency"), recency)?);
        }
        for (name, metric) in dimensions.metrics.iter().flatten() {
            let comparison = Comparison::read(&format!("{path}.Metrics.`{name}`"), metric)?;
            tests.push(Test::Metric { name: name.clone(), comparison });
        }
        tests.extend(self.attributes(&format!("{path}.Attributes"), &dimensions.attributes, |name, condition| {
            Test::Attribute { name, condition }
        })?);
        let path = format!("{path}.UserAttributes");
        tests.extend(self.attributes(&path, &dimensions.user_attributes, |name, condition| Test::UserAttribute {
            name,
            condition,
        })?);
        Ok(Predicate::new(tests))
    }

    fn attributes(
        &mut self,
        path: &str,
        dimensions: &Option<BTreeMap<String, AttributeDimension>>,
        test: fn(String, Condition) -> Test,
    ) -> Result<Vec<Test>, Invalid> {
        let mut tests = Vec::new();
        for (name, dimension) in dimensions.iter().flatten() {
            let path = format!("{path}.`{name}`");
            self.count_values(&path, &dimension.values)?;
            tests.push(test(name.clone(), Condition::read(&path, dimension)?));
        }
        Ok(tests)
    }

    fn set(&mut self, path: &str, dimension: &SetDimension) -> Result<Set, Invalid> {
        self.count_values(path, &dimension.values)?;
        Set::read(path, dimension)
    }

    fn count_values(&mut self, path: &str, values: &[String]) -> Result<(), Invalid> {
        self.values += values.len();
        for (i, value) in values.iter().enumerate() {
            value_chars(value, ATTRIBUTE_VALUE_CHARS_MAX)
                .map_err(|problem| problem.at(format!("{path}.Values[{i}]")))?;
        }
        Ok(())
    }

    fn recency(&self, path: &str, recency: &RecencyDimension) -> Result<Test, Invalid> {
        let hours = match &recency.duration {
            Duration::Hr24 => 24,
            Duration::Day7 => 7 * 24,
            Duration::Day14 => 14 * 24,
            Duration::Day30 => 30 * 24,
            Duration::Unknown(value) => return Err(one_of(value, Duration::VALUES).at(format!("{path}.Duration"))),
        };
        let active = match &recency.recency_type {
            RecencyType::Active => true,
            RecencyType::Inactive => false,
            RecencyType::Unknown(value) => {
                return Err(one_of(value, RecencyType::VALUES).at(format!("{path}.RecencyType")));
            }
        };
        Ok(Test::Recency { since: self.now - SignedDuration::from_hours(hours), active })
    }
}

fn circle(path: &str, point: &GPSPointDimension) -> Result<Circle, Invalid> {
    let radius = point
        .range_in_kilometers
        .ok_or_else(|| Problem::Missing { rule: "a GPS point has a range" }.at(format!("{path}.RangeInKilometers")))?;
    let (latitude, longitude) = (point.coordinates.latitude, point.coordinates.longitude);
    for (name, value, min, max) in
        [("Coordinates.Latitude", latitude, -90, 90), ("Coordinates.Longitude", longitude, -180, 180)]
    {
        if !(f64::from(min)..=f64::from(max)).contains(&value) {
            return Err(Problem::OutOfRange { value: value.to_string(), min, max }.at(format!("{path}.{name}")));
        }
    }
    if radius < 0.0 {
        return Err(Problem::rule(format!("{radius} is less than 0")).at(format!("{path}.RangeInKilometers")));
    }
    Ok(Circle { latitude, longitude, radius_km: radius })
}

fn source(path: &str, reference: &SegmentReference) -> Result<Source, Invalid> {
    let version = match reference.version {
        None => None,
        Some(version) => match u32::try_from(version) {
            Ok(version) if version > 0 => Some(version),
            _ => return Err(Problem::rule(format!("{version} is less than 1")).at(format!("{path}.Version"))),
        },
    };
    Ok(Source { id: reference.id.clone(), version })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(json: &str) -> String {
        let request: WriteSegmentRequest = serde_json::from_str(json).unwrap();
        validate(&request).expect_err(json).to_string()
    }

    #[test]
    fn refusals_name_field_value_and_rule() {
        let attribute = |kind: &str, values: &str| {
            format!(r#"{{"Dimensions":{{"Attributes":{{"Born":{{"AttributeType":"{kind}","Values":{values}}}}}}}}}"#)
        };
        let point = |coordinates: &str| format!(r#"{{"Dimensions":{{"Location":{{"GPSPoint":{coordinates}}}}}}}"#);
        let long = "x".repeat(101);
        let many: Vec<String> = (0..60).map(|i| i.to_string()).collect();
        let many = serde_json::to_string(&many).unwrap();
        let cases = [
            (
                r#"{"Dimensions":{},"SegmentGroups":{}}"#.to_owned(),
                "SegmentGroups: given beside `Dimensions`, a segment has one or the other",
            ),
            (
                attribute("NEAR", "[]"),
                "Dimensions.Attributes.`Born`.AttributeType: `NEAR` is not one of INCLUSIVE, EXCLUSIVE, CONTAINS, \
                 BEFORE, AFTER, ON, BETWEEN, NOT_BETWEEN",
            ),
            (
                attribute("BEFORE", r#"["soon"]"#),
                "Dimensions.Attributes.`Born`.Values[0]: `soon` is not a time such as 2026-03-01T00:00:00Z",
            ),
            (attribute("ON", "[]"), "Dimensions.Attributes.`Born`.Values: 0 values, `ON` takes one time"),
            (
                attribute("BETWEEN", r#"["2026-03-01"]"#),
                "Dimensions.Attributes.`Born`.Values: 1 values, `BETWEEN` takes two times",
            ),
            (
                attribute("NOT_BETWEEN", r#"["2026-03-02","2026-03-01"]"#),
                "Dimensions.Attributes.`Born`.Values: `2026-03-02` comes after `2026-03-01`",
            ),
            (
                attribute("INCLUSIVE", &format!(r#"["ok","{long}"]"#)),
                "Dimensions.Attributes.`Born`.Values[1]: the value `xxxxxxxxxxxxxxxxxxxx…` has 101 characters, the \
                 limit is 100",
            ),
            (
                r#"{"Dimensions":{"Metrics":{"n":{"ComparisonOperator":"ABOUT","Value":1}}}}"#.to_owned(),
                "Dimensions.Metrics.`n`.ComparisonOperator: `ABOUT` is not one of GREATER_THAN, LESS_THAN, \
                 GREATER_THAN_OR_EQUAL, LESS_THAN_OR_EQUAL, EQUAL",
            ),
            (
                r#"{"Dimensions":{"Demographic":{"Make":{"DimensionType":"SOME","Values":[]}}}}"#.to_owned(),
                "Dimensions.Demographic.Make.DimensionType: `SOME` is not one of INCLUSIVE, EXCLUSIVE",
            ),
            (
                r#"{"Dimensions":{"Behavior":{"Recency":{"Duration":"HR_1","RecencyType":"ACTIVE"}}}}"#.to_owned(),
                "Dimensions.Behavior.Recency.Duration: `HR_1` is not one of HR_24, DAY_7, DAY_14, DAY_30",
            ),
            (
                point(r#"{"Coordinates":{"Latitude":1,"Longitude":2}}"#),
                "Dimensions.Location.GPSPoint.RangeInKilometers: missing, a GPS point has a range",
            ),
            (
                point(r#"{"Coordinates":{"Latitude":1,"Longitude":181},"RangeInKilometers":1}"#),
                "Dimensions.Location.GPSPoint.Coordinates.Longitude: 181 is not between -180 and 180",
            ),
            (
                point(r#"{"Coordinates":{"Latitude":1,"Longitude":2},"RangeInKilometers":-1}"#),
                "Dimensions.Location.GPSPoint.RangeInKilometers: -1 is less than 0",
            ),
            (
                r#"{"SegmentGroups":{"Groups":[{},{},{},{},{},{}]}}"#.to_owned(),
                "SegmentGroups.Groups: 6 groups, the limit is 5",
            ),
            (
                r#"{"SegmentGroups":{"Groups":[],"Include":"MOST"}}"#.to_owned(),
                "SegmentGroups.Include: `MOST` is not one of ALL, ANY, NONE",
            ),
            (
                r#"{"SegmentGroups":{"Groups":[{},{"Type":"ONE"}]}}"#.to_owned(),
                "SegmentGroups.Groups[1].Type: `ONE` is not one of ALL, ANY, NONE",
            ),
            (
                r#"{"SegmentGroups":{"Groups":[{"SourceSegments":[{"Id":"s","Version":0}]}]}}"#.to_owned(),
                "SegmentGroups.Groups[0].SourceSegments[0].Version: 0 is less than 1",
            ),
            (
                format!(
                    r#"{{"SegmentGroups":{{"Groups":[{{"Dimensions":[
                        {{"Attributes":{{"a":{{"Values":{many}}}}}}},
                        {{"Attributes":{{"b":{{"Values":{many}}}}}}}]}}]}}}}"#
                ),
                "SegmentGroups: 120 values, the limit is 100",
            ),
        ];
        for (json, expected) in cases {
            assert_eq!(refusal(&json), expected, "{json}");
        }
    }

    #[test]
    fn what_is_missing_means_all() {
        let request: WriteSegmentRequest =
            serde_json::from_str(r#"{"SegmentGroups":{"Groups":[{"SourceSegments":[{"Id":"s"}]}]}}"#).unwrap();
        let group = Group {
            sources: vec![Source { id: "s".into(), version: None }],
            source_type: Combine::All,
            predicates: Vec::new(),
            combine: Combine::All,
        };
        let expected = Definition::Groups { groups: vec![group], include: Combine::All };
        assert_eq!(compile(&request, Timestamp::UNIX_EPOCH), Ok(expected));
        let everyone = compile(&WriteSegmentRequest::default(), Timestamp::UNIX_EPOCH);
        assert_eq!(everyone, Ok(Definition::Dimensions(Predicate::default())));
    }
}
