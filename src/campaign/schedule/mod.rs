//! When a campaign's messages are due, and when they must not go out. Pure: time comes as an argument.

mod check;
mod offset;
mod quiet;
mod run;
mod start;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::tz::Offset;

pub use self::check::{START_TOLERANCE, STRICT_START};
pub use self::offset::{parse_offset, zone};
pub use self::quiet::QuietTime;
pub use self::run::{Period, Run};
pub use self::start::Start;
use self::start::parse_time;
use crate::wire::generated as wire;

/// The member that breaks a rule, from the schedule on, and what is wrong with it.
pub type Problem = (String, String);

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

impl Schedule {
    /// Reads the wire shape. `quiet_time` is the application's, which counts if the schedule has none.
    ///
    /// Errors: the first member that breaks a rule of its own; [`check`](Self::check) has the rules over several.
    pub fn read(wire: &wire::Schedule, quiet_time: Option<&wire::QuietTime>) -> Result<Self, Problem> {
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
        let end = end
            .map(|text| parse_time(text, timezone, "an ISO 8601 time"))
            .transpose()
            .map_err(at("Schedule.EndTime"))?;
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
}
