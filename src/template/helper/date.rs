//! Helpers on dates.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::Value;

use super::function::{Absent, Arguments, Function};
use super::pattern;

pub const FUNCTIONS: &[Function] = &[
    Function { name: "dateFormat", arguments: 1..=2, absent: Absent::Missing, apply: date_format },
    Function { name: "now", arguments: 0..=1, absent: Absent::Missing, apply: now },
];

/// The pattern used when none is given.
const MEDIUM: &str = "MMM d, y";

/// `dateFormat date [inputFormat=] [outputFormat=] [tz=]`.
///
/// Without an input format the date is in ISO 8601: a time with a zone or offset, or a time or day in UTC.
fn date_format(arguments: &Arguments<'_, '_>) -> Result<Value, String> {
    let text = arguments.text(0);
    let time = match arguments.named_text("inputFormat") {
        Some(format) => pattern::parse(&format, text.trim())?,
        None => parse_iso(text.trim()),
    };
    let time = time.ok_or_else(|| format!("{} is not a date of that format", arguments.describe(0)))?;
    format(time, arguments, 1)
}

/// `now [format] [tz=]`.
fn now(arguments: &Arguments<'_, '_>) -> Result<Value, String> {
    format(arguments.now(), arguments, 0)
}

fn format(time: Timestamp, arguments: &Arguments<'_, '_>, place: usize) -> Result<Value, String> {
    let zone = match arguments.named_text("tz") {
        Some(name) => TimeZone::get(&name).map_err(|_| "`tz` is not a name of the time zone database".to_owned())?,
        None => TimeZone::UTC,
    };
    let named = ["outputFormat", "format"].into_iter().find_map(|name| arguments.named_text(name));
    let format = named.unwrap_or_else(|| arguments.text(place));
    let pattern = match format.as_ref() {
        "full" => "EEEE, MMMM d, y",
        "long" => "MMMM d, y",
        "medium" | "" => MEDIUM,
        "short" => "M/d/yy",
        pattern => pattern,
    };
    pattern::format(pattern, &time.to_zoned(zone)).map(Value::from)
}

fn parse_iso(text: &str) -> Option<Timestamp> {
    let timestamp = || text.parse::<Timestamp>().ok();
    let zoned = || text.parse::<Zoned>().ok().map(|zoned| zoned.timestamp());
    let civil = || text.parse::<DateTime>().ok();
    let date = || text.parse::<Date>().ok().map(DateTime::from);
    let in_utc = |time: DateTime| time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    timestamp().or_else(zoned).or_else(|| civil().or_else(date).and_then(in_utc))
}
