//! Offsets and zones: what the API knows, and the ends of the earth.

use jiff::tz::{Offset, TimeZone};

/// The offset whose clocks are ahead of all others.
pub(super) const EARLIEST_OFFSET: Offset = Offset::constant(14);

/// The offset whose clocks are behind all others.
pub(super) const LATEST_OFFSET: Offset = Offset::constant(-12);

/// Offsets the API knows besides the whole hours from -11 to +13. Source: model shape `Schedule`.
const ODD_OFFSETS: &[&str] =
    &["UTC+03:30", "UTC+04:30", "UTC+05:30", "UTC+05:45", "UTC+06:30", "UTC+09:30", "UTC+10:30"];

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

/// The zone of that name in the tz database.
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn unknown_zones_are_none() {
        assert!(zone("Mars/Olympus").is_none());
        assert!(zone("").is_none());
    }
}
