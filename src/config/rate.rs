//! Rates as text: `"500/s"`, `"30/min"`.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// How often something may happen: a count in a period.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    count: NonZeroU32,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
}

const UNITS: [(Unit, &str, Duration); 4] = [
    (Unit::Second, "s", Duration::from_secs(1)),
    (Unit::Minute, "min", Duration::from_secs(60)),
    (Unit::Hour, "h", Duration::from_secs(60 * 60)),
    (Unit::Day, "d", Duration::from_secs(24 * 60 * 60)),
];

impl Rate {
    /// This many a second.
    pub const fn per_second(count: NonZeroU32) -> Self {
        Self { count, unit: Unit::Second }
    }

    /// How many in one [`period`](Self::period).
    pub const fn count(self) -> NonZeroU32 {
        self.count
    }

    /// The time in which the count may happen.
    pub fn period(self) -> Duration {
        self.entry().2
    }

    /// The time from one to the next when they are evenly spread.
    pub fn interval(self) -> Duration {
        self.period() / self.count.get()
    }

    fn entry(self) -> (Unit, &'static str, Duration) {
        UNITS[self.unit as usize]
    }
}

/// Why a text is not a rate.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a rate is a whole number above 0 and a unit (s, min, h, d), such as \"500/s\" or \"30/min\"")]
pub struct RateError;

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let (count, unit) = text.split_once('/').ok_or(RateError)?;
        let (count, unit) = (count.trim(), unit.trim());
        // `u32::from_str` takes a sign; a rate has none.
        if !count.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(RateError);
        }
        let count = count.replace('_', "").parse().map_err(|_| RateError)?;
        let (unit, ..) = UNITS.into_iter().find(|(_, name, _)| *name == unit).ok_or(RateError)?;
        Ok(Self { count, unit })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, self.entry().1)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read() {
        for (text, count, period, interval) in [
            ("500/s", 500, 1, Duration::from_millis(2)),
            ("30/min", 30, 60, Duration::from_secs(2)),
            ("1/h", 1, 3600, Duration::from_secs(3600)),
            ("86_400/d", 86_400, 86_400, Duration::from_secs(1)),
            (" 5 / s ", 5, 1, Duration::from_millis(200)),
        ] {
            let rate: Rate = text.parse().unwrap();
            assert_eq!((rate.count().get(), rate.period().as_secs(), rate.interval()), (count, period, interval));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", "500", "/s", "500/", "0/s", "-1/s", "+1/s", "_1/s", "1.5/s", "5/sec", "5/S", "4294967296/s", "5//s"]
        {
            assert_eq!(text.parse::<Rate>(), Err(RateError), "{text}");
        }
    }

    #[test]
    fn printing_and_reading_agree() {
        for text in ["500/s", "30/min", "7/h", "1/d"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        let five = NonZeroU32::new(5).unwrap();
        assert_eq!(Rate::per_second(five), "5/s".parse().unwrap());
    }
}
