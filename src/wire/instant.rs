//! Times as clients write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Reads an ISO 8601 time. Without an offset it is UTC; a date alone is its midnight.
pub fn read(text: &str) -> Option<Timestamp> {
    if let Ok(timestamp) = text.parse() {
        return Some(timestamp);
    }
    let local: DateTime = text.parse().ok()?;
    Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_write_times_in_several_ways() {
        let nine: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        for text in [
            "2026-03-01T09:00:00Z",
            "2026-03-01T09:00:00.000Z",
            "2026-03-01T09:00Z",
            "2026-03-01T10:00:00+01:00",
            "2026-03-01T10:00:00+0100",
            "2026-03-01T09:00:00",
            "2026-03-01 09:00:00",
        ] {
            assert_eq!(read(text), Some(nine), "{text}");
        }
        assert_eq!(read("2026-03-01"), Some("2026-03-01T00:00:00Z".parse().unwrap()));
        for text in ["", "yesterday", "2026-13-01", "1772355600"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
