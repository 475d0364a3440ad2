//! Times of a journey: its schedule, opening hours, closed days, and durations.

use std::time::Duration;

use jiff::fmt::temporal::{Pieces, PiecesOffset};
use jiff::tz::Offset;
use jiff::{Span, SpanRelativeTo, Timestamp, civil};

use crate::api::Error;
use crate::campaign::schedule::{QuietTime, parse_offset};
use crate::domain::limit::{CLOSED_DAYS_MAX, JOURNEY_DAYS_MAX, OPEN_HOURS_MAX};
use crate::wire::generated as wire;

/// Offsets in minutes that journeys take and campaigns do not. Source: API reference, `JourneySchedule`.
const MORE_OFFSETS: [(&str, i32); 6] = [
    ("UTC+08:45", 8 * 60 + 45),
    ("UTC+12:45", 12 * 60 + 45),
    ("UTC+13:45", 13 * 60 + 45),
    ("UTC-02:30", -(2 * 60 + 30)),
    ("UTC-03:30", -(3 * 60 + 30)),
    ("UTC-09:30", -(9 * 60 + 30)),
];

/// When a journey starts and ends, where it says so.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Bounds {
    pub start: Option<Timestamp>,
    pub end: Option<Timestamp>,
}

/// Checks the schedule.
///
/// Errors: an unknown zone, what is no time, times in another offset, an end that comes too early or too late.
pub fn check(schedule: Option<&wire::JourneySchedule>) -> Result<Bounds, Error> {
    let Some(schedule) = schedule else { return Ok(Bounds::default()) };
    let offset = schedule.timezone.as_deref().map(zone).transpose()?;
    let read = |field: &str, text: &Option<String>| text.as_deref().map(|text| at(field, text, offset)).transpose();
    let bounds = Bounds {
        start: read("Schedule.StartTime", &schedule.start_time)?,
        end: read("Schedule.EndTime", &schedule.end_time)?,
    };
    if let Bounds { start: Some(start), end: Some(end) } = bounds {
        if end <= start {
            return Err(Error::bad_request("Schedule.EndTime: it is not after `StartTime`"));
        }
        if end.duration_since(start).as_secs() > JOURNEY_DAYS_MAX * 86_400 {
            let problem = format!("it is more than {JOURNEY_DAYS_MAX} days after `StartTime`");
            return Err(Error::bad_request(format!("Schedule.EndTime: {problem}")));
        }
    }
    Ok(bounds)
}

fn zone(text: &str) -> Result<Offset, Error> {
    if let Some((_, minutes)) = MORE_OFFSETS.iter().find(|(name, _)| *name == text) {
        return Offset::from_seconds(minutes * 60).map_err(Error::internal);
    }
    parse_offset(text).map_err(|problem| Error::bad_request(format!("Schedule.Timezone: {problem}")))
}

/// Reads a time of the schedule. One without an offset is in the schedule's zone. `Z` fits every zone: clients that hold
/// times as moments write all of them so, and cannot do otherwise.
fn at(field: &str, text: &str, zone: Option<Offset>) -> Result<Timestamp, Error> {
    let problem = || Error::bad_request(format!("{field}: `{text}` is not an ISO 8601 time"));
    let pieces = Pieces::parse(text).map_err(|_| problem())?;
    let wall = civil::DateTime::from_parts(pieces.date(), pieces.time().unwrap_or(civil::Time::midnight()));
    let offset = match pieces.offset() {
        Some(PiecesOffset::Numeric(numeric)) => {
            if zone.is_some_and(|zone| zone != numeric.offset()) {
                let problem = "the time does not have the same offset as the journey's schedule offset";
                return Err(Error::bad_request(format!("{field}: {problem}: `{text}`")));
            }
            numeric.offset()
        }
        Some(_) => Offset::UTC,
        None => zone.unwrap_or(Offset::UTC),
    };
    offset.to_timestamp(wall).map_err(|_| problem())
}

/// Reads a moment; without an offset it is in UTC.
pub fn moment(field: &str, text: &str) -> Result<Timestamp, Error> {
    at(field, text, None)
}

/// Reads an ISO 8601 duration. A day has 24 hours, and months and years have no length of their own.
///
/// Errors: other text, a duration below zero.
pub fn duration(field: &str, text: &str) -> Result<Duration, Error> {
    let read = || {
        let span: Span = text.parse().ok()?;
        // The parser takes friendlier spellings, too.
        let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok().filter(|_| text.starts_with('P'))?;
        Duration::try_from(duration).ok()
    };
    read().ok_or_else(|| {
        let rule = "is not an ISO 8601 duration of weeks, days, hours, minutes and seconds, such as `PT6H`";
        Error::bad_request(format!("{field}: `{text}` {rule}"))
    })
}

/// Checks the opening hours of every channel.
pub fn open_hours(hours: Option<&wire::OpenHours>) -> Result<(), Error> {
    let Some(hours) = hours else { return Ok(()) };
    let channels = [
        ("CUSTOM", &hours.custom),
        ("EMAIL", &hours.email),
        ("PUSH", &hours.push),
        ("SMS", &hours.sms),
        ("VOICE", &hours.voice),
    ];
    for (channel, days) in channels {
        for (day, rules) in days.iter().flatten() {
            let field = format!("OpenHours.{channel}.{}", day.as_str());
            if rules.len() > OPEN_HOURS_MAX {
                let problem = format!("{} time ranges, the limit is {OPEN_HOURS_MAX}", rules.len());
                return Err(Error::bad_request(format!("{field}: {problem}")));
            }
            for (i, rule) in rules.iter().enumerate() {
                let span = wire::QuietTime { start: rule.start_time.clone(), end: rule.end_time.clone() };
                // A span of a day is written as quiet time is, under other names.
                let problem = match QuietTime::parse(&span) {
                    Ok(Some(_)) => continue,
                    Ok(None) => "needs both `Start` and `End`".to_owned(),
                    Err(problem) => problem,
                };
                let problem = problem.replace("`Start`", "`StartTime`").replace("`End`", "`EndTime`");
                return Err(Error::bad_request(format!("{field}[{i}]: {problem}")));
            }
        }
    }
    Ok(())
}

/// Checks the closed days of every channel.
pub fn closed_days(days: Option<&wire::ClosedDays>) -> Result<(), Error> {
    let Some(days) = days else { return Ok(()) };
    let channels = [
        ("CUSTOM", &days.custom),
        ("EMAIL", &days.email),
        ("PUSH", &days.push),
        ("SMS", &days.sms),
        ("VOICE", &days.voice),
    ];
    for (channel, rules) in channels {
        let field = format!("ClosedDays.{channel}");
        let rules = rules.as_deref().unwrap_or_default();
        if rules.len() > CLOSED_DAYS_MAX {
            let problem = format!("{} closed days, the limit is {CLOSED_DAYS_MAX}", rules.len());
            return Err(Error::bad_request(format!("{field}: {problem}")));
        }
        for (i, rule) in rules.iter().enumerate() {
            let field = format!("{field}[{i}]");
            let read = |member: &str, text: &Option<String>| match text {
                Some(text) => moment(&format!("{field}.{member}"), text),
                None => Err(Error::bad_request(format!("{field}.{member}: missing, it is required"))),
            };
            let start = read("StartDateTime", &rule.start_date_time)?;
            if read("EndDateTime", &rule.end_date_time)? <= start {
                return Err(Error::bad_request(format!("{field}.EndDateTime: it is not after `StartDateTime`")));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refusal<T>(result: Result<T, Error>) -> String {
        result.map_or_else(|error| error.message().to_owned(), |_| String::new())
    }

    fn schedule(json: Value) -> String {
        let schedule: wire::JourneySchedule = serde_json::from_value(json).unwrap();
        refusal(check(Some(&schedule)))
    }

    #[test]
    fn times_have_the_offset_of_the_schedule() {
        let start = |text: &str, zone: &str| schedule(json!({"StartTime": text, "Timezone": zone}));
        assert_eq!(start("2026-03-01T09:00:00+02:00", "UTC+02"), "");
        assert_eq!(start("2026-03-01T09:00:00", "UTC-09:30"), "");
        assert_eq!(start("2026-03-01T09:00:00Z", "UTC+02"), "", "clients write all moments in UTC");
        assert_eq!(
            start("2026-03-01T09:00:00+01:00", "UTC+02"),
            "Schedule.StartTime: the time does not have the same offset as the journey's schedule offset: \
             `2026-03-01T09:00:00+01:00`"
        );
        assert!(start("2026-03-01T09:00:00", "CET").starts_with("Schedule.Timezone: "));
        assert!(start("tomorrow", "UTC").starts_with("Schedule.StartTime: `tomorrow`"));
    }

    #[test]
    fn journeys_end_after_their_start_and_within_540_days() {
        let ends = |end: &str| schedule(json!({"StartTime": "2026-01-01T00:00:00Z", "EndTime": end}));
        assert_eq!(ends("2027-06-25T00:00:00Z"), "");
        assert!(ends("2027-06-25T00:00:01Z").starts_with("Schedule.EndTime: it is more than 540 days"));
        assert!(ends("2026-01-01T00:00:00Z").starts_with("Schedule.EndTime: it is not after"));
    }

    #[test]
    fn durations_are_iso_8601() {
        for (text, seconds) in [("PT1H", 3_600), ("P1D", 86_400), ("P1W", 604_800), ("P1DT12H", 129_600), ("PT0S", 0)] {
            assert_eq!(duration("x", text).unwrap(), Duration::from_secs(seconds), "{text}");
        }
        for bad in ["", "1h", "1 hour", "P1M", "P1Y", "-PT1H", "PT"] {
            assert!(duration("x", bad).unwrap_err().message().starts_with("x: "), "{bad}");
        }
    }

    #[test]
    fn opening_hours_are_at_most_four_spans_a_day() {
        let hours = |rules: Value| {
            let hours: wire::OpenHours = serde_json::from_value(json!({"EMAIL": {"MONDAY": rules}})).unwrap();
            refusal(open_hours(Some(&hours)))
        };
        let rule = json!({"StartTime": "08:00", "EndTime": "17:30"});
        assert_eq!(hours(json!(vec![rule.clone(); 4])), "");
        assert_eq!(hours(json!(vec![rule; 5])), "OpenHours.EMAIL.MONDAY: 5 time ranges, the limit is 4");
        let half = hours(json!([{"StartTime": "08:00"}]));
        assert_eq!(half, "OpenHours.EMAIL.MONDAY[0]: needs both `StartTime` and `EndTime`");
        assert!(hours(json!([{"StartTime": "8", "EndTime": "17:30"}])).contains("`StartTime` is `8`"));
    }

    #[test]
    fn closed_days_are_at_most_twenty_spans() {
        let closed = |rules: Value| {
            let days: wire::ClosedDays = serde_json::from_value(json!({"SMS": rules})).unwrap();
            refusal(closed_days(Some(&days)))
        };
        let rule = json!({"Name": "x", "StartDateTime": "2026-12-24T00:00:00", "EndDateTime": "2026-12-27T00:00:00"});
        assert_eq!(closed(json!(vec![rule.clone(); 20])), "");
        assert_eq!(closed(json!(vec![rule; 21])), "ClosedDays.SMS: 21 closed days, the limit is 20");
        let back = json!([{"StartDateTime": "2026-12-24T00:00:00", "EndDateTime": "2026-12-23T00:00:00"}]);
        assert!(closed(back).starts_with("ClosedDays.SMS[0].EndDateTime: "));
        assert!(closed(json!([{"StartDateTime": "x"}])).starts_with("ClosedDays.SMS[0].StartDateTime: "));
    }
}
