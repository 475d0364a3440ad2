//! What else is asked of a schedule when it is written: rules over several members, and about now.

use jiff::{SignedDuration, Timestamp};

use super::{Frequency, Problem, Schedule, Start};
use crate::wire::generated as wire;

/// How far in the past a start may lie before it is refused; clients' clocks are not ours.
pub const START_TOLERANCE: SignedDuration = SignedDuration::from_mins(2);

/// How far ahead campaigns of events must start in the strict mode. Source: Pinpoint user guide, pages of the console.
pub const STRICT_START: SignedDuration = SignedDuration::from_mins(15);

impl Schedule {
    /// The rules that do not depend on when the schedule is written.
    ///
    /// Campaigns of events need an end and a filter. A filter that nothing asks for does no harm, and neither does
    /// `IsLocalTime` there: both are kept and have no effect.
    pub fn check(&self, wire: &wire::Schedule) -> Result<(), Problem> {
        let problem = |member: &str, text: String| Err((format!("Schedule.{member}"), text));
        if self.frequency.is_of_events() {
            let frequency = wire.frequency.as_ref().map(wire::Frequency::as_str).unwrap_or_default();
            if self.end.is_none() {
                return problem("EndTime", format!("it is missing, and `{frequency}` campaigns need one"));
            }
            if wire.event_filter.is_none() {
                return problem("EventFilter", format!("it is missing, and `{frequency}` campaigns need one"));
            }
        }
        match (self.start, self.end) {
            (Start::At { moment, .. }, Some(end)) if end <= moment => {
                problem("EndTime", "it is not after `StartTime`".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// The rules about when the schedule is written. `is_strict` is the setting `campaign.strict_start`.
    ///
    /// Errors: a start in the past is told in Pinpoint's own words.
    pub fn check_start(&self, now: Timestamp, is_strict: bool) -> Result<(), Problem> {
        let problem = |member: &str, text: &str| Err((format!("Schedule.{member}"), text.to_owned()));
        match self.start {
            Start::At { moment, .. } if moment < now - START_TOLERANCE => {
                problem("StartTime", "StartTime must be at least current time.")
            }
            _ if is_strict && self.frequency.is_of_events() && self.start.moment(now) < now + STRICT_START => {
                problem("StartTime", "StartTime must be at least 15 minutes ahead for campaigns of events.")
            }
            Start::Immediate if self.end.is_some_and(|end| end <= now) => {
                problem("EndTime", "EndTime must be after current time.")
            }
            _ => Ok(()),
        }
    }
}

impl Frequency {
    /// Whether events decide who gets a message when, and there are no runs.
    pub fn is_of_events(self) -> bool {
        matches!(self, Self::Event | Self::InAppEvent)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(json: &Value) -> (Schedule, wire::Schedule) {
        let wire: wire::Schedule = serde_json::from_value(json.clone()).unwrap();
        (Schedule::read(&wire, None).unwrap(), wire)
    }

    #[test]
    fn what_is_missing_or_contradicts_is_named() {
        let filter = json!({ "FilterType": "ENDPOINT", "Dimensions": { "EventType": { "Values": ["a"] } } });
        let (start, end) = ("2026-03-01T09:00:00Z", "2026-03-02T09:00:00Z");
        let cases = [
            (json!({ "StartTime": start }), None),
            (json!({ "StartTime": start, "EndTime": "" }), None),
            (json!({ "StartTime": start, "EndTime": start }), Some("Schedule.EndTime")),
            (json!({ "StartTime": start, "EndTime": "2026-03-01T09:00:01" }), None),
            (
                json!({ "StartTime": start, "EndTime": "2026-03-01T09:00:01", "Timezone": "UTC+01" }),
                Some("Schedule.EndTime"),
            ),
            (json!({ "StartTime": start, "Frequency": "DAILY", "EventFilter": filter }), None),
            (json!({ "StartTime": "IMMEDIATE", "Frequency": "HOURLY" }), None),
            (json!({ "StartTime": start, "Frequency": "EVENT", "EventFilter": filter }), Some("Schedule.EndTime")),
            (json!({ "StartTime": start, "Frequency": "EVENT", "EndTime": end }), Some("Schedule.EventFilter")),
            (json!({ "StartTime": start, "Frequency": "IN_APP_EVENT", "EndTime": end }), Some("Schedule.EventFilter")),
            (
                json!({ "StartTime": "IMMEDIATE", "Frequency": "IN_APP_EVENT", "EndTime": end, "EventFilter": filter,
                        "IsLocalTime": true }),
                None,
            ),
        ];
        for (json, expected) in cases {
            let (schedule, wire) = read(&json);
            let field = schedule.check(&wire).err().map(|(field, _)| field);
            assert_eq!(field.as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn starts_are_not_past_and_in_strict_mode_ahead() {
        let now = "2026-03-01T09:00:00Z".parse().unwrap();
        let cases = [
            // Start, frequency, and whether it is taken: as it is, and in strict mode.
            ("2026-03-01T08:58:00Z", "ONCE", true, true),
            ("2026-03-01T08:57:59Z", "ONCE", false, false),
            ("2026-03-01T08:57:59Z", "DAILY", false, false),
            ("2026-03-01T09:01:00Z", "DAILY", true, true),
            ("IMMEDIATE", "HOURLY", true, true),
            ("IMMEDIATE", "EVENT", true, false),
            ("2026-03-01T09:14:59Z", "EVENT", true, false),
            ("2026-03-01T09:15:00Z", "EVENT", true, true),
            ("2026-03-01T09:14:59Z", "IN_APP_EVENT", true, false),
        ];
        for (start, frequency, lax, strict) in cases {
            let (schedule, _) = read(&json!({ "StartTime": start, "Frequency": frequency }));
            let taken = [false, true].map(|is_strict| schedule.check_start(now, is_strict).is_ok());
            assert_eq!(taken, [lax, strict], "{start} {frequency}");
        }
        let (schedule, _) = read(&json!({ "StartTime": "IMMEDIATE", "EndTime": "2026-03-01T09:00:00Z" }));
        assert_eq!(schedule.check_start(now, false).unwrap_err().0, "Schedule.EndTime");
    }
}
