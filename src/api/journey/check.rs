//! What a journey must be. A draft may lack what a journey needs to run, but what is there is right.

use super::{activity, schedule};
use crate::api::Error;
use crate::campaign::schedule::QuietTime;
use crate::domain::limit::{CAP_MAX, JOURNEY_NAME_CHARS_MAX, MESSAGES_PER_SECOND_MAX};
use crate::wire::generated as wire;

/// Highest `TimeframeCap.Days`. Source: API reference, `JourneyTimeframeCap`.
const TIMEFRAME_DAYS_MAX: u32 = 30;

/// Checks a journey.
///
/// Errors: the first member that breaks a rule.
/// Source: API reference, `WriteJourneyRequest`.
pub fn check(journey: &wire::WriteJourneyRequest) -> Result<(), Error> {
    name(&journey.name)?;
    let activities = journey.activities.clone().unwrap_or_default();
    activity::check(&activities, journey.start_activity.as_deref())?;
    start(journey)?;
    if let Some(limits) = &journey.limits {
        check_limits(limits)?;
    }
    let quiet_time = match &journey.quiet_time {
        Some(quiet_time) => {
            QuietTime::parse(quiet_time).map_err(|problem| Error::bad_request(format!("QuietTime: {problem}")))?
        }
        None => None,
    };
    if let Some(text) = &journey.refresh_frequency
        && schedule::duration("RefreshFrequency", text)?.is_zero()
    {
        return refuse("RefreshFrequency", "it is zero");
    }
    if journey.refresh_on_segment_update == Some(true) && journey.refresh_frequency.is_none() {
        return refuse("RefreshOnSegmentUpdate", "it needs `RefreshFrequency`");
    }
    if journey.sending_schedule == Some(true) && quiet_time.is_none() {
        return refuse("SendingSchedule", "it needs `QuietTime`");
    }
    let span = schedule::check(journey.schedule.as_ref())?;
    for (id, activity) in &activities {
        let until = activity.wait.as_ref().and_then(|wait| wait.wait_time.as_ref()?.wait_until.as_deref());
        if let (Some(text), Some(end)) = (until, span.end) {
            let field = format!("Activities.`{id}`.Wait.WaitTime.WaitUntil");
            if schedule::moment(&field, text)? >= end {
                return refuse(&field, "it is not before the end of the journey");
            }
        }
    }
    schedule::open_hours(journey.open_hours.as_ref())?;
    schedule::closed_days(journey.closed_days.as_ref())
}

fn refuse<T>(field: &str, problem: &str) -> Result<T, Error> {
    Err(Error::bad_request(format!("{field}: {problem}")))
}

fn name(name: &str) -> Result<(), Error> {
    let chars = name.chars().count();
    if chars > JOURNEY_NAME_CHARS_MAX {
        return refuse("Name", &format!("{chars} characters, the limit is {JOURNEY_NAME_CHARS_MAX}"));
    }
    let is_fit = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    if !name.is_empty() && name.chars().all(is_fit) {
        return Ok(());
    }
    refuse("Name", &format!("`{name}`: a name is made of letters, digits, `_` and `-`"))
}

fn start(journey: &wire::WriteJourneyRequest) -> Result<(), Error> {
    let Some(start) = &journey.start_condition else { return Ok(()) };
    match (&start.event_start_condition, &start.segment_start_condition) {
        (Some(_), Some(_)) => {
            let problem = "it has EventStartCondition and SegmentStartCondition, and a journey starts with one of them";
            refuse("StartCondition", problem)
        }
        (Some(event), None) => {
            if journey.local_time == Some(true) {
                return refuse("LocalTime", "journeys that events start have no local time");
            }
            if event.event_filter.is_none() {
                return refuse("StartCondition.EventStartCondition.EventFilter", "missing, it is required");
            }
            Ok(())
        }
        (None, Some(segment)) if segment.segment_id.is_empty() => {
            refuse("StartCondition.SegmentStartCondition.SegmentId", "it is empty")
        }
        _ => Ok(()),
    }
}

fn check_limits(limits: &wire::JourneyLimits) -> Result<(), Error> {
    let timeframe = limits.timeframe_cap.as_ref();
    for (name, value, max) in [
        ("DailyCap", limits.daily_cap, CAP_MAX),
        ("TotalCap", limits.total_cap, CAP_MAX),
        ("EndpointReentryCap", limits.endpoint_reentry_cap, CAP_MAX),
        ("MessagesPerSecond", limits.messages_per_second, MESSAGES_PER_SECOND_MAX),
        ("TimeframeCap.Cap", timeframe.and_then(|timeframe| timeframe.cap), CAP_MAX),
        ("TimeframeCap.Days", timeframe.and_then(|timeframe| timeframe.days), TIMEFRAME_DAYS_MAX),
    ] {
        if let Some(value) = value
            && u32::try_from(value).map_or(true, |value| value > max)
        {
            return refuse(&format!("Limits.{name}"), &format!("`{value}` is not a number from 0 to {max}"));
        }
    }
    if let Some(text) = &limits.endpoint_reentry_interval {
        schedule::duration("Limits.EndpointReentryInterval", text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refusal(members: Value) -> String {
        let mut journey = json!({"Name": "welcome"});
        journey.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let journey = serde_json::from_value(journey).unwrap();
        check(&journey).map_or_else(|error| error.message().to_owned(), |()| String::new())
    }

    #[test]
    fn a_name_is_enough_for_a_draft() {
        assert_eq!(refusal(json!({})), "");
        for bad in ["", "two words", "a/b", &"n".repeat(151)] {
            assert!(refusal(json!({"Name": bad})).starts_with("Name: "), "{bad}");
        }
    }

    #[test]
    fn members_that_do_not_go_together_are_refused() {
        let event = json!({"EventStartCondition": {"EventFilter": {"FilterType": "ENDPOINT", "Dimensions": {}}}});
        for (members, field) in [
            (json!({"StartCondition": event, "LocalTime": true}), "LocalTime"),
            (
                json!({"StartCondition": {"EventStartCondition": {}, "SegmentStartCondition": {"SegmentId": "s"}}}),
                "StartCondition",
            ),
            (json!({"RefreshOnSegmentUpdate": true}), "RefreshOnSegmentUpdate"),
            (json!({"RefreshFrequency": "daily"}), "RefreshFrequency"),
            (json!({"SendingSchedule": true}), "SendingSchedule"),
            (json!({"QuietTime": {"Start": "25:00", "End": "06:00"}}), "QuietTime"),
            (
                json!({
                    "Schedule": {"EndTime": "2026-03-01T00:00:00Z"},
                    "Activities": {"w": {"Wait": {"WaitTime": {"WaitUntil": "2026-03-02T00:00:00Z"}}}},
                }),
                "Activities.`w`.Wait.WaitTime.WaitUntil",
            ),
        ] {
            let message = refusal(members);
            assert!(message.starts_with(&format!("{field}: ")), "{message}");
        }
        assert_eq!(refusal(json!({"RefreshFrequency": "P1D", "RefreshOnSegmentUpdate": true})), "");
        assert_eq!(refusal(json!({"SendingSchedule": true, "QuietTime": {"Start": "22:00", "End": "06:00"}})), "");
    }

    #[test]
    fn limits_have_ranges() {
        assert_eq!(refusal(json!({"Limits": {"DailyCap": 100, "TimeframeCap": {"Cap": 100, "Days": 30}}})), "");
        for (limits, expected) in [
            (json!({"DailyCap": 101}), "DailyCap: `101` is not a number from 0 to 100"),
            (json!({"TotalCap": -1}), "TotalCap: `-1` is not a number from 0 to 100"),
            (json!({"EndpointReentryCap": 101}), "EndpointReentryCap: `101` is not a number from 0 to 100"),
            (json!({"TimeframeCap": {"Days": 31}}), "TimeframeCap.Days: `31` is not a number from 0 to 30"),
        ] {
            assert_eq!(refusal(json!({"Limits": limits})), format!("Limits.{expected}"));
        }
        let interval = refusal(json!({"Limits": {"EndpointReentryInterval": "an hour"}}));
        assert!(interval.starts_with("Limits.EndpointReentryInterval: "), "{interval}");
    }
}
