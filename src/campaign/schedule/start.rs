//! Times as clients write them, and the start of a campaign.

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use super::offset::{EARLIEST_OFFSET, parse_offset};

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
    pub(super) fn read(text: &str, timezone: Option<&str>) -> Result<(Self, Offset), String> {
        if text == "IMMEDIATE" {
            return Ok((Self::Immediate, parse_offset(timezone.unwrap_or("UTC"))?));
        }
        let Written { moment, wall, offset } = parse_time(text, timezone, "an ISO 8601 time or `IMMEDIATE`")?;
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

/// A time as it was written.
pub(super) struct Written {
    pub moment: Timestamp,
    pub wall: DateTime,
    pub offset: Offset,
}

/// Reads an ISO 8601 time; one without offset is read in `timezone`, or in UTC. `expected` is what an error asks for.
pub(super) fn parse_time(text: &str, timezone: Option<&str>, expected: &str) -> Result<Written, String> {
    let problem = || format!("`{text}` is not {expected}");
    let pieces = jiff::fmt::temporal::Pieces::parse(text).map_err(|_| problem())?;
    let wall = DateTime::from_parts(pieces.date(), pieces.time().unwrap_or(Time::midnight()));
    let offset = match pieces.to_numeric_offset() {
        Some(offset) => offset,
        None => parse_offset(timezone.unwrap_or("UTC"))?,
    };
    let moment = offset.to_timestamp(wall).map_err(|_| problem())?;
    Ok(Written { moment, wall, offset })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::schedule::zone;

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
    fn local_time_is_due_when_the_wall_clock_shows_it() {
        let start = Start::parse("2026-03-29T02:30:00", None).unwrap();
        let now = at("2026-03-01T00:00:00Z");
        // In Vienna this half hour does not exist that day; the clock goes from 02:00 to 03:00.
        assert_eq!(start.due_in(&zone("Europe/Vienna").unwrap(), now), at("2026-03-29T01:30:00Z"));
        assert_eq!(start.due_in(&zone("Asia/Kolkata").unwrap(), now), at("2026-03-28T21:00:00Z"));
        assert_eq!(Start::Immediate.due_in(&zone("Asia/Kolkata").unwrap(), now), now);
    }
}
