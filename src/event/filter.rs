//! Which events trigger a campaign, or show its in-app message: `Schedule.EventFilter`. Pure.
//!
//! ENDPOINT and SYSTEM filters match alike, by names: clients report events with Pinpoint's own names too, and `SYSTEM` is not
//! documented.

use std::collections::BTreeMap;
use std::iter;

use serde::Deserialize;

use crate::domain::limit::{EVENT_NAME_CHARS_MAX, EVENT_NAMES_MAX, EVENT_TYPE_CHARS_MAX, EVENT_VALUE_CHARS_MAX};
use crate::segment::condition::{Comparison, Condition, Set, one_of};
use crate::wire::generated::{
    AttributeDimension, AttributeType, CampaignEventFilter, FilterType, MetricDimension, SetDimension,
};
use crate::wire::invalid::{Invalid, Problem, value_chars};
use crate::wire::lenient::{Scalar, Text};

/// Metrics that the filter of an in-app campaign may have. Source: Pinpoint user guide, "Create an in-app message campaign".
const IN_APP_METRICS_MAX: usize = 1;

/// Tests an event against all dimensions of a `CampaignEventFilter`.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    event_type: Set,
    attributes: Vec<(String, Condition)>,
    metrics: Vec<(String, Comparison)>,
}

impl Filter {
    /// Checks and compiles a filter.
    ///
    /// Errors: the first rule it breaks. Its type of event is required: a filter without one would take in every event, and
    /// clients fail over it. Source: API reference, `CampaignEventFilter`.
    pub fn compile(filter: &CampaignEventFilter) -> Result<Self, Invalid> {
        if let FilterType::Unknown(value) = &filter.filter_type {
            return Err(one_of(value, FilterType::VALUES).at("FilterType"));
        }
        let dimensions = &filter.dimensions;
        let event_type = read_event_type(dimensions.event_type.as_ref())?;
        let (attributes, metrics) = (dimensions.attributes.as_ref(), dimensions.metrics.as_ref());
        let names = attributes.map_or(0, BTreeMap::len) + metrics.map_or(0, BTreeMap::len);
        if names > EVENT_NAMES_MAX {
            let rule = format!("{names} names of attributes and metrics together, the limit is {EVENT_NAMES_MAX}");
            return Err(Problem::rule(rule).at("Dimensions.Attributes"));
        }
        let attributes = attributes.into_iter().flatten().map(|(name, dimension)| read_attribute(name, dimension));
        let metrics = metrics.into_iter().flatten().map(|(name, dimension)| read_metric(name, dimension));
        Ok(Self {
            event_type,
            attributes: attributes.collect::<Result<_, _>>()?,
            metrics: metrics.collect::<Result<_, _>>()?,
        })
    }

    /// As [`compile`](Self::compile), by the rules of in-app campaigns, and says what apps make of it that its writer hardly
    /// means.
    ///
    /// Source: `pinpoint-semantics` 8.1 and 8.2.
    pub fn compile_in_app(filter: &CampaignEventFilter) -> Result<(Self, Vec<Invalid>), Invalid> {
        let compiled = Self::compile(filter)?;
        let metrics = compiled.metrics.len();
        if metrics > IN_APP_METRICS_MAX {
            let rule = format!("{metrics} metrics, the limit for in-app messages is {IN_APP_METRICS_MAX}");
            return Err(Problem::rule(rule).at("Dimensions.Metrics"));
        }
        let mut warnings = Vec::new();
        if compiled.event_types().is_none() {
            let rule = "`EXCLUSIVE` has no effect in apps: they show the message on the events that are listed";
            warnings.push(Problem::rule(rule).at("Dimensions.EventType.DimensionType"));
        }
        for (name, dimension) in filter.dimensions.attributes.iter().flatten() {
            if let Some(kind) = dimension.attribute_type.as_ref().filter(|kind| **kind != AttributeType::Inclusive) {
                let rule =
                    format!("`{}` has no effect in apps: they compare with the values as they are", kind.as_str());
                warnings.push(Problem::rule(rule).at(format!("Dimensions.Attributes.`{name}`.AttributeType")));
            }
        }
        for (name, _) in compiled.metrics.iter().filter(|(_, comparison)| comparison.value == 0.0) {
            let rule = "apps never show a message whose metric is compared with 0";
            warnings.push(Problem::rule(rule).at(format!("Dimensions.Metrics.`{name}`.Value")));
        }
        Ok((compiled, warnings))
    }

    /// The types of events that may match, sorted; `None` if all may but some.
    pub fn event_types(&self) -> Option<&[String]> {
        self.event_type.included()
    }

    /// Whether events of this type may match.
    pub fn may_match(&self, event_type: &str) -> bool {
        self.event_type.matches(iter::once(event_type))
    }

    /// Whether an event matches. One without an attribute or metric that is asked for does not, whatever is asked of it.
    pub fn matches(&self, event_type: &str, facts: &Facts<'_>) -> bool {
        self.may_match(event_type)
            && self.attributes.iter().all(|(name, condition)| {
                facts.attribute(name).is_some_and(|value| condition.matches(iter::once(value)))
            })
            && self
                .metrics
                .iter()
                .all(|(name, comparison)| facts.metric(name).is_some_and(|value| comparison.holds(value)))
    }
}

fn read_event_type(dimension: Option<&SetDimension>) -> Result<Set, Invalid> {
    const PATH: &str = "Dimensions.EventType";
    let missing = |field: String| Problem::Missing { rule: "a filter names at least one type of event" }.at(field);
    let dimension = dimension.ok_or_else(|| missing(PATH.to_owned()))?;
    if dimension.values.is_empty() {
        return Err(missing(format!("{PATH}.Values")));
    }
    for (i, value) in dimension.values.iter().enumerate() {
        let field = || format!("{PATH}.Values[{i}]");
        if value.is_empty() {
            return Err(Problem::rule("it is empty").at(field()));
        }
        value_chars(value, EVENT_TYPE_CHARS_MAX).map_err(|problem| problem.at(field()))?;
    }
    Set::read(PATH, dimension)
}

fn read_attribute(name: &str, dimension: &AttributeDimension) -> Result<(String, Condition), Invalid> {
    let path = format!("Dimensions.Attributes.`{name}`");
    check_name(&path, name)?;
    for (i, value) in dimension.values.iter().enumerate() {
        value_chars(value, EVENT_VALUE_CHARS_MAX).map_err(|problem| problem.at(format!("{path}.Values[{i}]")))?;
    }
    Ok((name.to_owned(), Condition::read(&path, dimension)?))
}

fn read_metric(name: &str, dimension: &MetricDimension) -> Result<(String, Comparison), Invalid> {
    let path = format!("Dimensions.Metrics.`{name}`");
    check_name(&path, name)?;
    Ok((name.to_owned(), Comparison::read(&path, dimension)?))
}

/// No event has a longer name.
fn check_name(path: &str, name: &str) -> Result<(), Invalid> {
    match name.chars().count() {
        chars if chars > EVENT_NAME_CHARS_MAX => {
            Err(Problem::NameTooLong { chars, max: EVENT_NAME_CHARS_MAX }.at(path))
        }
        _ => Ok(()),
    }
}

/// What filters look at in a kept event.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Facts<'a> {
    #[serde(borrow)]
    attributes: Option<BTreeMap<Text<'a>, Scalar>>,
    #[serde(borrow)]
    metrics: Option<BTreeMap<Text<'a>, Option<f64>>>,
}

impl<'a> Facts<'a> {
    /// Reads a kept event. Numbers and booleans are the text of attributes as they stand.
    pub fn read(document: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(document)
    }

    /// The value of an attribute; none for `null`.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.as_ref()?.get(name)?.0.as_deref()
    }

    fn metric(&self, name: &str) -> Option<f64> {
        *self.metrics.as_ref()?.get(name)?
    }
}

#[cfg(test)]
mod tests;
