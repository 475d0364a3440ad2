//! The span of time a KPI is asked for. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::api::Error;
use crate::wire::instant;

/// Longest span. Source: API reference, "Campaign metrics", `end-time`.
const SPAN_MAX: SignedDuration = SignedDuration::from_hours(31 * 24);
/// How long ago a span may begin. Source: as above, `start-time`.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A span of time; both ends are part of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Range {
    pub start: Timestamp,
    pub end: Timestamp,
}

impl Range {
    /// Reads the ends; without them it is the last 31 days.
    ///
    /// Errors: text that is no time, ends in the wrong order or too far apart, a start too long ago.
    pub fn read(start: Option<&str>, end: Option<&str>, now: Timestamp) -> Result<Self, Error> {
        let end = end.map(|text| read("end-time", text)).transpose()?;
        let start = start.map(|text| read("start-time", text)).transpose()?;
        let range = match (start, end) {
            (Some(start), Some(end)) => Self { start, end },
            (Some(start), None) => Self { start, end: now },
            (None, end) => {
                let end = end.unwrap_or(now);
                Self { start: end.saturating_sub(SPAN_MAX).unwrap_or(Timestamp::MIN), end }
            }
        };
        let span = range.end.duration_since(range.start);
        if span.is_negative() {
            return Err(Error::bad_request("end-time: it is before `start-time`"));
        }
        if span > SPAN_MAX {
            return Err(Error::bad_request("end-time: it is more than 31 days after `start-time`"));
        }
        if now.duration_since(range.start) > AGE_MAX {
            return Err(Error::bad_request("start-time: it is more than 90 days ago"));
        }
        Ok(range)
    }
}

fn read(name: &str, text: &str) -> Result<Timestamp, Error> {
    instant::read(text).ok_or_else(|| Error::bad_request(format!("{name}: `{text}` is not an ISO 8601 time")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_limits() {
        let now: Timestamp = "2026-04-15T00:00:00Z".parse().unwrap();
        let read = |start, end| Range::read(start, end, now).map_err(|error| error.message().to_owned());
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let default = Range { start: at("2026-03-15T00:00:00Z"), end: now };
        assert_eq!(read(None, None), Ok(default));
        assert_eq!(read(Some("2026-03-15"), None), Ok(default));
        let march = Range { start: at("2026-03-01T00:00:00Z"), end: at("2026-03-31T23:59:59Z") };
        assert_eq!(read(Some("2026-03-01T00:00:00Z"), Some("2026-03-31T23:59:59Z")), Ok(march));
        for (start, end, expected) in [
            (Some("2026-04-02"), Some("2026-04-01"), "before"),
            (Some("2026-03-01"), Some("2026-04-02"), "31 days"),
            (Some("2026-01-01"), Some("2026-01-20"), "90 days"),
            (Some("yesterday"), None, "`yesterday`"),
        ] {
            assert!(read(start, end).unwrap_err().contains(expected), "{start:?} {end:?}");
        }
    }
}
