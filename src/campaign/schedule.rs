//! When a campaign's messages are due, and when they must not go out. Pure: time comes as an argument.

use jiff::civil::{DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};

use crate::wire::generated as wire;

/// How far in the past a start may lie before it is refused; clients' clocks are not ours.
pub const START_TOLERANCE: jiff::SignedDuration = jiff::SignedDuration::from_mins(2);

/// The offset whose clocks are ahead of all others.
const EARLIEST_OFFSET: Offset = Offset::constant(14);

/// Offsets the API knows besides the whole hours from -11 to +13. Source: model shape `Schedule`.
const ODD_OFFSETS: &[&str] =
    &["UTC+03:30", "UTC+04:30", "UTC+05:30", "UTC+05:45", "UTC+06:30", "UTC+09:30", "UTC+10:30"];

/// When a campaign starts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Start {
    /// As soon as it is made.
    Immediate,
    /// At this moment; `wall` is what the clocks show there, which local-time campaigns repeat in every zone.
    At { moment: Timestamp, wall: DateTime },
}

impl Start {
    /// Reads `Schedule.StartTime`: an offset in the text wins, then `Schedule.Timezone`, then UTC.
    ///
    /// Errors: what is wrong with the value, without naming the field.
    pub fn parse(text: &str, timezone: Option<&str>) -> Result<Self, String> {
        Self::read(text, timezone).map(|(start, _)| start)
    }

    /// As [`parse`](Self::parse), with the offset it was read in; that of `IMMEDIATE` is the schedule's.
    fn read(text: &str, timezone: Option<&str>) -> Result<(Self, Offset), String> {
        if text == "IMMEDIATE" {
            return Ok((Self::Immediate, parse_offset(timezone.unwrap_or("UTC"))?));
        }
        let Written { moment, wall, offset } = parse_time(text, timezone)?;
        Ok((Self::At { moment, wall }, offset))
    }

    /// The moment itself, which for `IMMEDIATE` is now.
    pub fn moment(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Immediate => now,
            Self::At { moment, .. } => moment,
        }
    }

    /// When the first clocks on earth show the start: fourteen hours before UTC's do.
    pub fn first_due(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Immediate => now,
            Self::At { moment, wall } => EARLIEST_OFFSET.to_timestamp(wall).unwrap_or(moment),
        }
    }

    /// When messages are due for endpoints in `zone` of a local-time campaign. In a gap of daylight saving time the
    /// clock shows the time that comes after it.
    pub fn due_in(self, zone: &TimeZone, now: Timestamp) -> Timestamp {
        match self {
            Self::Immediate => now,
            Self::At { moment, wall } => zone.to_ambiguous_timestamp(wall).compatible().unwrap_or(moment),
        }
    }
}

/// When a campaign, or a treatment of it, runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Schedule {
    pub start: Start,
    /// No run is due later.
    pub end: Option<Timestamp>,
    pub frequency: Frequency,
    /// Where runs repeat at the same time of day.
    offset: Offset,
    /// Each endpoint's messages are due when its own clock shows the start.
    pub is_local_time: bool,
    pub quiet_time: Option<QuietTime>,
}

/// What makes a campaign run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Frequency {
    /// Its start, once.
    Once,
    /// Its start, and then again and again.
    Every(Period),
    /// Events of endpoints, between start and end.
    Event,
    /// Nothing: apps fetch its messages between start and end.
    InAppEvent,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Period {
    Hour,
    Day,
    Week,
    Month,
}

/// A run of a schedule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Run {
    /// From 0.
    pub number: u32,
    /// When it is due: for local time what the schedule's own clock says, which is what identifies the run.
    pub moment: Timestamp,
    /// What the schedule's own clock shows then, and every endpoint's when its messages are due in local time.
    pub wall: DateTime,
}

impl Run {
    /// When the first clocks on earth show its time.
    pub fn first_due(self) -> Timestamp {
        EARLIEST_OFFSET.to_timestamp(self.wall).unwrap_or(self.moment)
    }

    /// When messages are due for endpoints in `zone`. In a gap of daylight saving time the clock shows the time that comes
    /// after it; of a time that comes twice, the first is meant.
    pub fn due_in(self, zone: &TimeZone) -> Timestamp {
        zone.to_ambiguous_timestamp(self.wall).compatible().unwrap_or(self.moment)
    }
}

impl Schedule {
    /// Reads the wire shape. `quiet_time` is the application's, which counts if the schedule has none.
    ///
    /// Errors: the member that breaks a rule, from the schedule on, and what is wrong with it.
    pub fn read(wire: &wire::Schedule, quiet_time: Option<&wire::QuietTime>) -> Result<Self, (String, String)> {
        let at = |member: &str| {
            let member = member.to_owned();
            move |problem: String| (member, problem)
        };
        let timezone = wire.timezone.as_deref();
        let frequency = match &wire.frequency {
            None | Some(wire::Frequency::Once) => Frequency::Once,
            Some(wire::Frequency::Hourly) => Frequency::Every(Period::Hour),
            Some(wire::Frequency::Daily) => Frequency::Every(Period::Day),
            Some(wire::Frequency::Weekly) => Frequency::Every(Period::Week),
            Some(wire::Frequency::Monthly) => Frequency::Every(Period::Month),
            Some(wire::Frequency::Event) => Frequency::Event,
            Some(wire::Frequency::InAppEvent) => Frequency::InAppEvent,
            Some(wire::Frequency::Unknown(other)) => {
                let values = wire::Frequency::VALUES.join(", ");
                return Err(at("Schedule.Frequency")(format!("`{other}` is not one of {values}")));
            }
        };
        let (start, offset) = Start::read(&wire.start_time, timezone).map_err(at("Schedule.StartTime"))?;
        let end = wire.end_time.as_deref().filter(|text| !text.is_empty());
        let end = end.map(|text| parse_time(text, timezone)).transpose().map_err(at("Schedule.EndTime"))?;
        let quiet_time = match (&wire.quiet_time, quiet_time) {
            (Some(own), _) => QuietTime::parse(own).map_err(at("Schedule.QuietTime"))?,
            (None, Some(default)) => QuietTime::parse(default).map_err(at("QuietTime"))?,
            (None, None) => None,
        };
        Ok(Self {
            start,
            end: end.map(|time| time.moment),
            frequency,
            offset,
            is_local_time: wire.is_local_time.unwrap_or(false),
            quiet_time,
        })
    }

    /// The run of this number; `None` past the end, after the only one, and for campaigns that events trigger.
    /// `made` is what `IMMEDIATE` stands for: when the campaign was made.
    pub fn run(&self, number: u32, made: Timestamp) -> Option<Run> {
        let (first, wall) = match self.start {
            Start::Immediate => (made, self.offset.to_datetime(made)),
            Start::At { moment, wall } => (moment, wall),
        };
        let n = i64::from(number);
        let run = match self.frequency {
            Frequency::Once if number == 0 => Run { number, moment: first, wall },
            Frequency::Once | Frequency::Event | Frequency::InAppEvent => return None,
            Frequency::Every(period) => {
                let span = Span::new();
                // Always from the start: a run on the 28th of February does not move those of March.
                let wall = match period {
                    Period::Hour => wall.checked_add(span.try_hours(n).ok()?),
                    Period::Day => wall.checked_add(span.try_days(n).ok()?),
                    Period::Week => wall.checked_add(span.try_weeks(n).ok()?),
                    Period::Month => wall.checked_add(span.try_months(n).ok()?),
                };
                let wall = wall.ok()?;
                Run { number, moment: self.offset.to_timestamp(wall).ok()?, wall }
            }
        };
        self.end.is_none_or(|end| number == 0 && self.frequency == Frequency::Once || run.moment <= end).then_some(run)
    }
}

/// A time as it was written.
struct Written {
    moment: Timestamp,
    wall: DateTime,
    offset: Offset,
}

/// Reads an ISO 8601 time; one without offset is read in `timezone`, or in UTC.
fn parse_time(text: &str, timezone: Option<&str>) -> Result<Written, String> {
    let problem = || format!("`{text}` is neither `IMMEDIATE` nor an ISO 8601 time");
    let pieces = jiff::fmt::temporal::Pieces::parse(text).map_err(|_| problem())?;
    let wall = DateTime::from_parts(pieces.date(), pieces.time().unwrap_or(Time::midnight()));
    let offset = match pieces.to_numeric_offset() {
        Some(offset) => offset,
        None => parse_offset(timezone.unwrap_or("UTC"))?,
    };
    let moment = offset.to_timestamp(wall).map_err(|_| problem())?;
    Ok(Written { moment, wall, offset })
}

/// Reads `Schedule.Timezone`.
pub fn parse_offset(text: &str) -> Result<Offset, String> {
    let problem = || format!("`{text}` is not `UTC` or an offset such as `UTC+02` or `UTC+05:30`");
    let Some(rest) = text.strip_prefix("UTC") else { return Err(problem()) };
    if rest.is_empty() {
        return Ok(Offset::UTC);
    }
    let (sign, digits) = match rest.split_at(1) {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return Err(problem()),
    };
    let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "00"));
    let whole = minutes == "00" && hours.len() == 2;
    let hours: i32 = hours.parse().map_err(|_| problem())?;
    let minutes: i32 = minutes.parse().map_err(|_| problem())?;
    let known = ODD_OFFSETS.contains(&text) || (whole && (-11..=13).contains(&(sign * hours)) && sign * hours != -1);
    if !known {
        return Err(problem());
    }
    Offset::from_seconds(sign * (hours * 60 + minutes) * 60).map_err(|_| problem())
}

/// A daily span in which endpoints get no messages, by their own clocks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct QuietTime {
    start: Time,
    end: Time,
}

impl QuietTime {
    /// Reads the wire shape; an empty one means none. Errors: what is wrong, with the member's name.
    pub fn parse(wire: &wire::QuietTime) -> Result<Option<Self>, String> {
        match (wire.start.as_deref(), wire.end.as_deref()) {
            (None | Some(""), None | Some("")) => Ok(None),
            (Some(start), Some(end)) => {
                Ok(Some(Self { start: clock_time("Start", start)?, end: clock_time("End", end)? }))
            }
            _ => Err("needs both `Start` and `End`".to_owned()),
        }
    }

    /// Whether it is quiet at this moment in this zone; both ends are part of it.
    ///
    /// Source: model shape `QuietTime`; a span over midnight is our reading.
    pub fn is_quiet(self, now: Timestamp, zone: &TimeZone) -> bool {
        // The ends are whole minutes: at 06:00:59 the clock still shows 06:00.
        let shown = zone.to_datetime(now).time();
        let shown = Time::constant(shown.hour(), shown.minute(), 0, 0);
        if self.start <= self.end {
            self.start <= shown && shown <= self.end
        } else {
            self.start <= shown || shown <= self.end
        }
    }
}

fn clock_time(member: &str, text: &str) -> Result<Time, String> {
    let problem = || format!("`{member}` is `{text}`, not a 24-hour time such as `08:30`");
    let (hours, minutes) = text.split_once(':').ok_or_else(problem)?;
    if hours.len() != 2 || minutes.len() != 2 {
        return Err(problem());
    }
    let hours = hours.parse().map_err(|_| problem())?;
    let minutes = minutes.parse().map_err(|_| problem())?;
    Time::new(hours, minutes, 0, 0).map_err(|_| problem())
}

/// The zone of that name in the tz database.
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn starts_are_read_in_their_offset_then_the_schedules_then_utc() {
        let cases = [
            ("2026-03-01T09:00:00Z", None, "2026-03-01T09:00:00Z"),
            ("2026-03-01T09:00:00.000Z", Some("UTC+02"), "2026-03-01T09:00:00Z"),
            ("2026-03-01T09:00:00+01:00", Some("UTC+05"), "2026-03-01T08:00:00Z"),
            ("2026-03-01T09:00:00", Some("UTC+05:30"), "2026-03-01T03:30:00Z"),
            ("2026-03-01T09:00:00", Some("UTC-08"), "2026-03-01T17:00:00Z"),
            ("2026-03-01T09:00:00", None, "2026-03-01T09:00:00Z"),
        ];
        for (text, timezone, expected) in cases {
            let start = Start::parse(text, timezone).unwrap();
            assert_eq!(start.moment(Timestamp::UNIX_EPOCH), at(expected), "{text} {timezone:?}");
        }
        assert_eq!(Start::parse("IMMEDIATE", None), Ok(Start::Immediate));
        for bad in ["", "now", "2026-13-01T00:00:00Z", "1772355600"] {
            assert!(Start::parse(bad, None).unwrap_err().contains("ISO 8601"), "{bad}");
        }
    }

    #[test]
    fn only_documented_offsets_are_taken() {
        for good in ["UTC", "UTC+01", "UTC+13", "UTC-02", "UTC-11", "UTC+05:45"] {
            assert!(parse_offset(good).is_ok(), "{good}");
        }
        for bad in ["UTC-01", "UTC-12", "UTC+14", "UTC+05:15", "CET", "UTC+1", "UTC5", "UTC+"] {
            assert!(parse_offset(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn quiet_time_includes_its_ends_and_spans_midnight() {
        let quiet = |start: &str, end: &str| {
            QuietTime::parse(&wire::QuietTime { start: Some(start.into()), end: Some(end.into()) }).unwrap().unwrap()
        };
        let vienna = zone("Europe/Vienna").unwrap();
        let night = quiet("22:00", "06:00");
        // Vienna is an hour ahead of UTC in winter.
        for (moment, expected) in [
            ("2026-01-15T20:59:59Z", false),
            ("2026-01-15T21:00:00Z", true),
            ("2026-01-16T00:30:00Z", true),
            ("2026-01-16T05:00:59Z", true),
            ("2026-01-16T05:01:00Z", false),
        ] {
            assert_eq!(night.is_quiet(at(moment), &vienna), expected, "{moment}");
        }
        let noon = quiet("12:00", "13:00");
        assert!(noon.is_quiet(at("2026-01-15T11:00:00Z"), &vienna));
        assert!(!noon.is_quiet(at("2026-01-15T10:59:00Z"), &vienna));
    }

    #[test]
    fn quiet_time_needs_both_ends_as_clock_times() {
        let parse = |start: Option<&str>, end: Option<&str>| {
            QuietTime::parse(&wire::QuietTime { start: start.map(Into::into), end: end.map(Into::into) })
        };
        assert_eq!(parse(None, None), Ok(None));
        assert!(parse(Some("22:00"), None).is_err());
        assert!(parse(Some("24:00"), Some("06:00")).unwrap_err().contains("`24:00`"));
        assert!(parse(Some("9:00"), Some("10:00")).is_err());
    }

    #[test]
    fn local_time_is_due_when_the_wall_clock_shows_it() {
        let start = Start::parse("2026-03-29T02:30:00", None).unwrap();
        let now = at("2026-03-01T00:00:00Z");
        // In Vienna this half hour does not exist that day; the clock goes from 02:00 to 03:00.
        assert_eq!(start.due_in(&zone("Europe/Vienna").unwrap(), now), at("2026-03-29T01:30:00Z"));
        assert_eq!(start.due_in(&zone("Asia/Kolkata").unwrap(), now), at("2026-03-28T21:00:00Z"));
        assert_eq!(Start::Immediate.due_in(&zone("Asia/Kolkata").unwrap(), now), now);
    }

    #[test]
    fn unknown_zones_are_none() {
        assert!(zone("Mars/Olympus").is_none());
        assert!(zone("").is_none());
    }
}
