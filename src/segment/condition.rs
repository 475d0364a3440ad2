//! What the values of one dimension must be.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::wire::instant;
use crate::wire::lenient::Text;

/// What the stored values of an attribute must be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
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
    /// Whether the stored values fulfil it; an attribute that is not there has none.
    ///
    /// Source: API reference, `AttributeDimension`; that missing and unreadable values fulfil nothing but `EXCLUSIVE` is
    /// our choice.
    pub(super) fn matches(&self, values: &[Text<'_>]) -> bool {
        let texts = || values.iter().map(Text::as_str);
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
pub(super) fn utc_date(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

/// A set of texts, and whether to be in it or not.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Set {
    include: bool,
    /// Sorted.
    values: Vec<String>,
}

impl Set {
    pub(super) fn new(include: bool, mut values: Vec<String>) -> Self {
        values.sort_unstable();
        Self { include, values }
    }

    /// Inclusive: one of the texts is in the set. Exclusive: none is.
    pub(super) fn matches<'a>(&self, mut texts: impl Iterator<Item = &'a str>) -> bool {
        texts.any(|text| self.contains(text)) == self.include
    }

    fn contains(&self, text: &str) -> bool {
        self.values.binary_search_by(|value| value.as_str().cmp(text)).is_ok()
    }
}
