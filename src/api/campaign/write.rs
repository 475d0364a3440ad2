//! What may be written of a campaign, and when. Pure.

use crate::api::Error;
use crate::campaign::schedule::{Problem, Schedule};
use crate::campaign::{Document, definition};
use crate::domain::limit::EMAIL_HEADERS_MAX;
use crate::wire::generated::{self as wire, CampaignStatus, MessageConfiguration, WriteCampaignRequest};

/// Members that an update changes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Changes {
    /// `IsPaused`.
    pub pause: bool,
    /// `Name`.
    pub name: bool,
    /// Anything but `Name`, `Description` and `IsPaused`.
    pub other: bool,
}

/// Writes the members of an update over a campaign. Absent members stay as they are, and tags have calls of their own.
///
/// A campaign that was left over from `pinwheel run` is the scheduler's from the moment somebody lifts its pause here.
pub fn merge(document: &mut Document, update: WriteCampaignRequest) {
    fn put<T>(member: &mut Option<T>, update: Option<T>) {
        if update.is_some() {
            *member = update;
        }
    }
    let campaign = &mut document.campaign;
    if update.segment_id.is_some() && update.segment_id != campaign.segment_id {
        // The version was one of the other segment.
        campaign.segment_version = None;
    }
    document.scheduled |= update.is_paused == Some(false);
    put(&mut campaign.additional_treatments, update.additional_treatments);
    put(&mut campaign.custom_delivery_configuration, update.custom_delivery_configuration);
    put(&mut campaign.description, update.description);
    put(&mut campaign.holdout_percent, update.holdout_percent);
    put(&mut campaign.hook, update.hook);
    put(&mut campaign.is_paused, update.is_paused);
    put(&mut campaign.limits, update.limits);
    put(&mut campaign.message_configuration, update.message_configuration);
    put(&mut campaign.name, update.name);
    put(&mut campaign.priority, update.priority);
    put(&mut campaign.schedule, update.schedule);
    put(&mut campaign.segment_id, update.segment_id);
    put(&mut campaign.segment_version, update.segment_version);
    put(&mut campaign.template_configuration, update.template_configuration);
    put(&mut campaign.treatment_description, update.treatment_description);
    put(&mut campaign.treatment_name, update.treatment_name);
}

/// What differs between a campaign and the same after an update.
pub fn changes(before: &WriteCampaignRequest, after: &WriteCampaignRequest) -> Changes {
    let mut rest = after.clone();
    rest.name.clone_from(&before.name);
    rest.description.clone_from(&before.description);
    rest.is_paused = before.is_paused;
    Changes {
        pause: before.is_paused.unwrap_or(false) != after.is_paused.unwrap_or(false),
        other: rest != *before,
        name: before.name != after.name,
    }
}

/// Whether a campaign in this state takes such an update.
///
/// A run goes by the definition with which it began: what it could not follow any more is refused.
pub fn check_state(status: &CampaignStatus, has_paused_run: bool, changes: &Changes) -> Result<(), Error> {
    let refused = |what: &str| {
        let problem = format!("the campaign is {}, and {what} can be changed then", status.as_str());
        Err(Error::bad_request(problem))
    };
    match status {
        CampaignStatus::Completed | CampaignStatus::Deleted if changes.other || changes.pause => {
            refused("only `Name` and `Description`")
        }
        CampaignStatus::Executing if changes.other => refused("only `Name`, `Description` and `IsPaused`"),
        _ if has_paused_run && changes.other => {
            let problem =
                "a run of the campaign is paused, and only `Name`, `Description` and `IsPaused` can be changed then";
            Err(Error::bad_request(problem))
        }
        _ => Ok(()),
    }
}

/// The rules for which nothing but the campaign is needed. Compiling it finds the others.
pub fn check(campaign: &WriteCampaignRequest) -> Result<(), Error> {
    check_name(campaign)?;
    if is_missing(campaign.segment_id.as_deref()) {
        return Err(Error::bad_request("SegmentId: it is missing"));
    }
    if let Some(version) = campaign.segment_version.filter(|version| *version < 1) {
        return Err(Error::bad_request(format!("SegmentVersion: `{version}` is not a version; they count from 1")));
    }
    check_schedules(campaign)?;
    check_headers("MessageConfiguration", campaign.message_configuration.as_ref())?;
    for (i, treatment) in campaign.additional_treatments.iter().flatten().enumerate() {
        let place = format!("AdditionalTreatments[{i}]");
        check_headers(&format!("{place}.MessageConfiguration"), treatment.message_configuration.as_ref())?;
    }
    Ok(())
}

/// The rule for a name; its change concerns nothing else of a campaign.
pub fn check_name(campaign: &WriteCampaignRequest) -> Result<(), Error> {
    if is_missing(campaign.name.as_deref()) {
        return Err(Error::bad_request("Name: it is missing"));
    }
    Ok(())
}

fn is_missing(text: Option<&str>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}

/// The schedules of a campaign and of its treatments, with their places.
fn schedules(campaign: &WriteCampaignRequest) -> impl Iterator<Item = (String, &wire::Schedule)> {
    let own = campaign.schedule.iter().map(|schedule| (String::new(), schedule));
    let additional = campaign.additional_treatments.iter().flatten().enumerate();
    own.chain(
        additional
            .filter_map(|(i, treatment)| Some((format!("AdditionalTreatments[{i}]."), treatment.schedule.as_ref()?))),
    )
}

fn read_schedule(place: &str, schedule: &wire::Schedule) -> Result<Schedule, Error> {
    Schedule::read(schedule, None).map_err(|problem| schedule_error(place, problem))
}

fn schedule_error(place: &str, (field, problem): Problem) -> Error {
    Error::bad_request(format!("{place}{field}: {problem}"))
}

/// The rules for schedules that do not depend on the time. Treatments may run at other times, but not for other reasons.
fn check_schedules(campaign: &WriteCampaignRequest) -> Result<(), Error> {
    let Some(campaigns) = &campaign.schedule else {
        return Err(Error::bad_request("Schedule: it is missing, and `Schedule.StartTime` is needed"));
    };
    let frequency = read_schedule("", campaigns)?.frequency;
    for (place, written) in schedules(campaign) {
        let schedule = read_schedule(&place, written)?;
        schedule.check(written).map_err(|problem| schedule_error(&place, problem))?;
        if (frequency.is_of_events() || schedule.frequency.is_of_events()) && schedule.frequency != frequency {
            let [own, campaigns] = [written, campaigns].map(|schedule| match &schedule.frequency {
                Some(frequency) => frequency.as_str(),
                None => wire::Frequency::Once.as_str(),
            });
            let problem = format!("`{own}` does not go with the campaign's `{campaigns}`");
            return Err(schedule_error(&place, ("Schedule.Frequency".to_owned(), problem)));
        }
    }
    Ok(())
}

/// A start that is refused is told in Pinpoint's own words, alone: clients compare them.
pub fn start_error(error: definition::Error) -> Error {
    match error {
        definition::Error::Invalid { problem, .. } => Error::bad_request(problem),
        error => error.into(),
    }
}

fn check_headers(place: &str, message: Option<&MessageConfiguration>) -> Result<(), Error> {
    let headers = message.and_then(|message| message.email_message.as_ref()?.headers.as_ref());
    let count = headers.map_or(0, Vec::len);
    if count > EMAIL_HEADERS_MAX {
        let problem = format!("{place}.EmailMessage.Headers: {count} headers, the limit is {EMAIL_HEADERS_MAX}");
        return Err(Error::bad_request(problem));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn document(campaign: Value) -> Document {
        serde_json::from_value(json!({ "Campaign": campaign })).unwrap()
    }

    fn request(json: Value) -> WriteCampaignRequest {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn absent_members_stay_and_present_ones_replace_whole() {
        let mut document = document(json!({
            "Name": "a", "SegmentId": "s", "SegmentVersion": 3, "Limits": { "Daily": 1, "Total": 2 }, "tags": { "k": "v" }
        }));
        merge(&mut document, request(json!({ "IsPaused": true, "Limits": { "Total": 5 }, "tags": {} })));
        let expected = json!({
            "Name": "a", "SegmentId": "s", "SegmentVersion": 3, "Limits": { "Total": 5 }, "tags": { "k": "v" },
            "IsPaused": true
        });
        assert_eq!(document.campaign, request(expected));
        assert!(!document.scheduled, "a pause makes a left-over campaign nobody's");

        merge(&mut document, request(json!({ "SegmentId": "other", "IsPaused": false })));
        assert_eq!((document.campaign.segment_version, document.scheduled), (None, true));
    }

    #[test]
    fn states_refuse_what_has_no_effect_any_more() {
        let before = request(json!({ "Name": "a", "Schedule": { "StartTime": "IMMEDIATE" } }));
        let is_taken = |status: CampaignStatus, has_paused_run, update: Value| {
            let mut document = document(serde_json::to_value(&before).unwrap());
            merge(&mut document, request(update));
            check_state(&status, has_paused_run, &changes(&before, &document.campaign)).is_ok()
        };
        let name = || json!({ "Name": "b", "Description": "c", "Schedule": { "StartTime": "IMMEDIATE" } });
        let pause = || json!({ "IsPaused": true });
        let other = || json!({ "HoldoutPercent": 10 });
        let cases = [
            (CampaignStatus::Scheduled, false, [true, true, true]),
            (CampaignStatus::Paused, false, [true, true, true]),
            (CampaignStatus::Paused, true, [true, true, false]),
            (CampaignStatus::PendingNextRun, false, [true, true, true]),
            (CampaignStatus::Executing, false, [true, true, false]),
            (CampaignStatus::Completed, false, [true, false, false]),
            (CampaignStatus::Deleted, false, [true, false, false]),
        ];
        for (status, has_paused_run, expected) in cases {
            let taken = [name(), pause(), other()].map(|update| is_taken(status.clone(), has_paused_run, update));
            assert_eq!(taken, expected, "{status:?}, {has_paused_run}");
        }
    }

    #[test]
    fn missing_members_are_named() {
        let whole = json!({ "Name": "a", "SegmentId": "s", "Schedule": { "StartTime": "2026-03-01T09:00:00Z" } });
        assert!(check(&request(whole.clone())).is_ok());
        let problem = |name: &str, value: Value| {
            let mut campaign = whole.clone();
            campaign[name] = value;
            check(&request(campaign)).unwrap_err().message().to_owned()
        };
        assert_eq!(problem("Name", json!(" ")), "Name: it is missing");
        assert_eq!(problem("SegmentId", Value::Null), "SegmentId: it is missing");
        assert!(problem("SegmentVersion", json!(0)).starts_with("SegmentVersion: `0`"));
        assert!(problem("Schedule", Value::Null).starts_with("Schedule: "));
        let ends = |end: &str| json!({ "StartTime": "2026-03-01T09:00:00Z", "EndTime": end });
        assert!(problem("Schedule", ends("soon")).contains("`soon`"));
        assert!(problem("Schedule", ends("2026-03-01T08:00:00Z")).contains("not after"));
        let treatment = |schedule: Value| json!([{ "SizePercent": 10, "Schedule": schedule }]);
        let wrong = problem("AdditionalTreatments", treatment(ends("2026-03-01T08:00:00Z")));
        assert!(wrong.starts_with("AdditionalTreatments[0].Schedule.EndTime: "), "{wrong}");
        let events = json!({
            "StartTime": "2026-03-01T09:00:00Z", "EndTime": "2026-03-02T09:00:00Z", "Frequency": "EVENT",
            "EventFilter": { "FilterType": "ENDPOINT", "Dimensions": { "EventType": { "Values": ["a"] } } }
        });
        let wrong = problem("AdditionalTreatments", treatment(events));
        assert_eq!(wrong, "AdditionalTreatments[0].Schedule.Frequency: `EVENT` does not go with the campaign's `ONCE`");
        let headers: Vec<Value> = (0..16).map(|i| json!({ "Name": format!("X-{i}"), "Value": "1" })).collect();
        let message = json!({ "EmailMessage": { "Headers": headers } });
        assert!(problem("MessageConfiguration", message).contains("16 headers, the limit is 15"));
    }

    #[test]
    fn new_starts_of_treatments_are_found() {
        let starts = |own: &str, treatment: &str| {
            let treatment = json!({ "SizePercent": 10, "Schedule": { "StartTime": treatment } });
            request(json!({ "Schedule": { "StartTime": own }, "AdditionalTreatments": [treatment] }))
        };
        let (soon, later, latest) = ("2026-03-01T09:30:00Z", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z");
        let changed = |before: [&str; 2], after: [&str; 2]| {
            definition::changed_starts(&starts(before[0], before[1]), &starts(after[0], after[1]))
        };
        assert_eq!(changed([soon, later], [soon, latest]), [1]);
        assert_eq!(changed([soon, later], [latest, later]), [0]);
        assert!(changed([soon, later], [soon, later]).is_empty());
        assert_eq!(definition::changed_starts(&request(json!({})), &starts(soon, later)), [0, 1]);
    }
}
