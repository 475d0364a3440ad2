//! Quiet time: when endpoints get no messages.

use std::fmt;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::wire::generated as wire;

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

    /// The first moment at which it is no longer quiet in this zone; `None` when it is not quiet now, or always.
    ///
    /// What the clocks skip or repeat counts as they show it: a change of the clocks may end quiet time, or have it twice.
    pub fn ends_after(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let over = self.end.wrapping_add(Span::new().minutes(1));
        if over == self.start || !self.is_quiet(now, zone) {
            return None;
        }
        let mut since = now;
        loop {
            let offset = zone.to_offset(since);
            let shown = offset.to_datetime(since);
            let mut wall = shown.date().to_datetime(over);
            if wall <= shown {
                wall = wall.checked_add(Span::new().days(1)).ok()?;
            }
            let by_clock = offset.to_timestamp(wall).ok()?;
            // Until the clocks change, they show one minute after the other.
            match zone.following(since).next().map(|change| change.timestamp()) {
                Some(change) if change <= by_clock && self.is_quiet(change, zone) => since = change,
                Some(change) if change <= by_clock => return Some(change),
                _ => return Some(by_clock),
            }
        }
    }
}

/// As people say it: `22:00 to 06:00`.
impl fmt::Display for QuietTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.start.strftime("%H:%M"), self.end.strftime("%H:%M"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::schedule::zone;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
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
}
