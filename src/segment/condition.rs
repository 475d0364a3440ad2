//! What the values of one dimension must be. Filters of events have the same dimensions as segments.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::wire::generated::{AttributeDimension, AttributeType, DimensionType, MetricDimension, SetDimension};
use crate::wire::instant;
use crate::wire::invalid::{Invalid, Problem};

/// What the stored values of an attribute must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A stored value is in the set, or none is.
    Set(Set),
    /// A stored value contains one of these texts.
    Contains(Vec<String>),
    Before(Timestamp),
    After(Timestamp),
    /// Both ends included.
    Between(Timestamp, Timestamp),
    /// A stored value is a time, and none lies in between.
    NotBetween(Timestamp, Timestamp),
    /// Same date in UTC.
    On(Date),
}

impl Condition {
    /// Reads a dimension. `path` names it in what is wrong.
    pub fn read(path: &str, dimension: &AttributeDimension) -> Result<Self, Invalid> {
        let values = &dimension.values;
        let time = |i: usize| {
            let text = &values[i];
            instant::read(text)
                .ok_or_else(|| Problem::NotATime { value: text.clone() }.at(format!("{path}.Values[{i}]")))
        };
        let one_time = |kind: &AttributeType| match values.len() {
            1 => time(0),
            count => Err(Problem::rule(format!("{count} values, `{}` takes one time", kind.as_str()))
                .at(format!("{path}.Values"))),
        };
        let two_times = |kind: &AttributeType| {
            if values.len() != 2 {
                let problem = Problem::rule(format!("{} values, `{}` takes two times", values.len(), kind.as_str()));
                return Err(problem.at(format!("{path}.Values")));
            }
            let (first, last) = (time(0)?, time(1)?);
            if first > last {
                let problem = Problem::rule(format!("`{}` comes after `{}`", values[0], values[1]));
                return Err(problem.at(format!("{path}.Values")));
            }
            Ok((first, last))
        };
        let kind = dimension.attribute_type.as_ref().unwrap_or(&AttributeType::Inclusive);
        Ok(match kind {
            AttributeType::Inclusive => Self::Set(Set::new(true, values.clone())),
            AttributeType::Exclusive => Self::Set(Set::new(false, values.clone())),
            AttributeType::Contains => Self::Contains(values.clone()),
            AttributeType::Before => Self::Before(one_time(kind)?),
            AttributeType::After => Self::After(one_time(kind)?),
            AttributeType::On => Self::On(utc_date(one_time(kind)?)),
            AttributeType::Between => {
                let (first, last) = two_times(kind)?;
                Self::Between(first, last)
            }
            AttributeType::NotBetween => {
                let (first, last) = two_times(kind)?;
                Self::NotBetween(first, last)
            }
            AttributeType::Unknown(value) => {
                return Err(one_of(value, AttributeType::VALUES).at(format!("{path}.AttributeType")));
            }
        })
    }

    /// Whether the stored values fulfil it; an attribute that is not there has none.
    ///
    /// Source: API reference, `AttributeDimension`; that missing and unreadable values fulfil nothing but `EXCLUSIVE` is
    /// our choice.
    pub fn matches<'v>(&self, values: impl Iterator<Item = &'v str> + Clone) -> bool {
        let texts = || values.clone();
        let times = || texts().filter_map(instant::read);
        match self {
            Self::Set(set) => set.matches(texts()),
            Self::Contains(parts) => texts().any(|text| parts.iter().any(|part| text.contains(part.as_str()))),
            Self::Before(limit) => times().any(|time| time < *limit),
            Self::After(limit) => times().any(|time| time > *limit),
            Self::Between(first, last) => times().any(|time| (*first..=*last).contains(&time)),
            Self::NotBetween(first, last) => {
                let mut times = times().peekable();
                times.peek().is_some() && times.all(|time| !(*first..=*last).contains(&time))
            }
            Self::On(date) => times().any(|time| utc_date(time) == *date),
        }
    }
}

/// The date of a time in UTC.
pub fn utc_date(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

/// A set of texts, and whether to be in it or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Set {
    include: bool,
    /// Sorted.
    values: Vec<String>,
}

impl Set {
    /// Reads a dimension. `path` names it in what is wrong.
    pub fn read(path: &str, dimension: &SetDimension) -> Result<Self, Invalid> {
        let include = match &dimension.dimension_type {
            None | Some(DimensionType::Inclusive) => true,
            Some(DimensionType::Exclusive) => false,
            Some(DimensionType::Unknown(value)) => {
                return Err(one_of(value, DimensionType::VALUES).at(format!("{path}.DimensionType")));
            }
        };
        Ok(Self::new(include, dimension.values.clone()))
    }

    fn new(include: bool, mut values: Vec<String>) -> Self {
        values.sort_unstable();
        Self { include, values }
    }

    /// Inclusive: one of the texts is in the set. Exclusive: none is.
    pub fn matches<'a>(&self, mut texts: impl Iterator<Item = &'a str>) -> bool {
        texts.any(|text| self.contains(text)) == self.include
    }

    /// The values that fulfil it; `None` if that is every value but some.
    pub fn included(&self) -> Option<&[String]> {
        self.include.then_some(&*self.values)
    }

    fn contains(&self, text: &str) -> bool {
        self.values.binary_search_by(|value| value.as_str().cmp(text)).is_ok()
    }
}

/// What a metric must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    operator: Operator,
    pub value: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
}

impl Comparison {
    /// Reads a dimension. `path` names it in what is wrong.
    pub fn read(path: &str, metric: &MetricDimension) -> Result<Self, Invalid> {
        const OPERATORS: [(&str, Operator); 5] = [
            ("GREATER_THAN", Operator::Greater),
            ("LESS_THAN", Operator::Less),
            ("GREATER_THAN_OR_EQUAL", Operator::GreaterOrEqual),
            ("LESS_THAN_OR_EQUAL", Operator::LessOrEqual),
            ("EQUAL", Operator::Equal),
        ];
        let name = &metric.comparison_operator;
        let known = OPERATORS.into_iter().find(|(known, _)| known == name);
        let (_, operator) = known.ok_or_else(|| {
            let allowed = OPERATORS.map(|(known, _)| known).to_vec();
            Problem::NotOneOf { value: name.clone(), allowed }.at(format!("{path}.ComparisonOperator"))
        })?;
        Ok(Self { operator, value: metric.value })
    }

    /// Whether a stored value fulfils it.
    pub fn holds(self, stored: f64) -> bool {
        let Self { operator, value } = self;
        match operator {
            Operator::Greater => stored > value,
            Operator::GreaterOrEqual => stored >= value,
            Operator::Less => stored < value,
            Operator::LessOrEqual => stored <= value,
            Operator::Equal => stored == value,
        }
    }
}

/// A value that an enumeration does not have.
pub fn one_of(value: &str, allowed: &[&'static str]) -> Problem {
    Problem::NotOneOf { value: value.to_owned(), allowed: allowed.to_vec() }
}
