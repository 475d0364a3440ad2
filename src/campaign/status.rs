//! What the API calls the state of a campaign: nothing that is stored, but what follows from its definition, its
//! activities and its segment. Pure.
//!
//! Source: API reference, `CampaignState`; what is left open there is our choice: `pinpoint-semantics` 5.3.

use jiff::Timestamp;

use super::definition::{self, Document};
use super::schedule::{Frequency, Schedule};
use crate::domain::TreatmentId;
use crate::store::{Activity, ActivityState};
use crate::wire::generated::{self as wire, CampaignStatus};

/// When a campaign that has not begun is to be looked at again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// It begins then, or at once if that is past.
    Due(Timestamp),
    /// Not before somebody changes it: it is paused, or is not the scheduler's.
    Paused,
    /// Never: nobody can tell when it should.
    Invalid,
}

/// When a campaign that has not begun does.
///
/// One that is no longer paused after its start is due at once: who lifts the pause wants it to go out. It has no other run
/// that could make up for it.
pub fn next(document: &Document, now: Timestamp) -> Next {
    let campaign = &document.campaign;
    let Some(schedule) = &campaign.schedule else { return Next::Invalid };
    let Ok(schedule) = definition::read_schedule(schedule, &document.defaults) else { return Next::Invalid };
    if !document.scheduled
        || campaign.is_paused == Some(true)
        || !matches!(schedule.frequency, Frequency::Once | Frequency::Event)
    {
        return Next::Paused;
    }
    let Schedule { start, is_local_time, .. } = schedule;
    Next::Due(if is_local_time { start.first_due(now) } else { start.moment(now) })
}

/// Whether events trigger it.
pub fn is_of_events(document: &Document) -> bool {
    let frequency = document.campaign.schedule.as_ref().and_then(|schedule| schedule.frequency.as_ref());
    frequency == Some(&wire::Frequency::Event)
}

/// The status of a campaign. `activities` are all of it, in any order.
pub fn of_campaign(document: &Document, activities: &[Activity], segment_exists: bool) -> CampaignStatus {
    if !segment_exists {
        return CampaignStatus::Deleted;
    }
    of_activities(activities.iter()).unwrap_or_else(|| before_the_run(document))
}

/// The status of one treatment.
pub fn of_treatment(
    document: &Document,
    activities: &[Activity],
    segment_exists: bool,
    treatment_id: &TreatmentId,
) -> CampaignStatus {
    if !segment_exists {
        return CampaignStatus::Deleted;
    }
    let own = activities.iter().filter(|activity| activity.treatment_id == *treatment_id);
    of_activities(own).unwrap_or_else(|| before_the_run(document))
}

/// A pause does not show here: it keeps back further runs, and a campaign of one run has none.
fn of_activities<'a>(activities: impl Iterator<Item = &'a Activity>) -> Option<CampaignStatus> {
    activities.fold(None, |status, activity| match (status, activity.state) {
        (_, ActivityState::Running) | (Some(CampaignStatus::Executing), _) => Some(CampaignStatus::Executing),
        (_, ActivityState::Paused) | (Some(CampaignStatus::Paused), _) => Some(CampaignStatus::Paused),
        (_, ActivityState::Completed | ActivityState::Cancelled) => Some(CampaignStatus::Completed),
    })
}

fn before_the_run(document: &Document) -> CampaignStatus {
    match next(document, Timestamp::MIN) {
        Next::Due(_) => CampaignStatus::Scheduled,
        Next::Paused => CampaignStatus::Paused,
        Next::Invalid => CampaignStatus::Invalid,
    }
}

/// Whether a campaign with this status counts towards the quota of active ones.
pub fn is_active(status: &CampaignStatus) -> bool {
    matches!(status, CampaignStatus::Scheduled | CampaignStatus::Executing | CampaignStatus::PendingNextRun)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::{ActivityId, ApplicationId, CampaignId};

    fn document(campaign: Value) -> Document {
        serde_json::from_value(json!({ "Campaign": campaign, "Scheduled": true })).unwrap()
    }

    fn activity(treatment: &str, state: ActivityState) -> Activity {
        Activity {
            id: ActivityId::new(treatment),
            application_id: ApplicationId::new("a"),
            campaign_id: CampaignId::new("c"),
            campaign_version: 1,
            treatment_id: TreatmentId::new(treatment),
            state,
            scheduled_start: Timestamp::UNIX_EPOCH,
            started_at: None,
            ended_at: None,
            failure: None,
            definition: String::new(),
            is_streamed: false,
        }
    }

    #[test]
    fn before_its_run_the_definition_tells() {
        let cases = [
            (json!({ "Schedule": { "StartTime": "2026-03-01T10:00:00Z" } }), CampaignStatus::Scheduled),
            (json!({ "Schedule": { "StartTime": "IMMEDIATE" } }), CampaignStatus::Scheduled),
            (json!({ "Schedule": { "StartTime": "IMMEDIATE" }, "IsPaused": true }), CampaignStatus::Paused),
            (json!({ "Schedule": { "StartTime": "soon" } }), CampaignStatus::Invalid),
            (json!({ "Schedule": { "StartTime": "IMMEDIATE", "Frequency": "NEVER" } }), CampaignStatus::Invalid),
            (json!({}), CampaignStatus::Invalid),
        ];
        for (campaign, expected) in cases {
            let document = document(campaign.clone());
            assert_eq!(of_campaign(&document, &[], true), expected, "{campaign}");
            assert_eq!(of_campaign(&document, &[], false), CampaignStatus::Deleted, "{campaign}");
        }
        let mut left_over = document(json!({ "Schedule": { "StartTime": "IMMEDIATE" } }));
        left_over.scheduled = false;
        assert_eq!(of_campaign(&left_over, &[], true), CampaignStatus::Paused, "it never starts by itself");
    }

    #[test]
    fn a_campaign_is_completed_when_all_its_treatments_are() {
        use ActivityState::{Cancelled, Completed, Running};
        let document = document(json!({ "Schedule": { "StartTime": "IMMEDIATE" }, "IsPaused": true }));
        let cases = [
            ([Running, Running], CampaignStatus::Executing),
            ([Completed, Running], CampaignStatus::Executing),
            ([Running, Completed], CampaignStatus::Executing),
            ([Completed, Completed], CampaignStatus::Completed),
            ([Cancelled, Completed], CampaignStatus::Completed),
        ];
        for (states, expected) in cases {
            let activities = [activity("0", states[0]), activity("1", states[1])];
            assert_eq!(of_campaign(&document, &activities, true), expected, "{states:?}");
        }
        let activities = [activity("0", Completed), activity("1", Running)];
        let of = |treatment| of_treatment(&document, &activities, true, &TreatmentId::new(treatment));
        assert_eq!((of("0"), of("1")), (CampaignStatus::Completed, CampaignStatus::Executing));
    }

    #[test]
    fn local_time_is_due_on_the_first_clocks_on_earth() {
        let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let schedule = |is_local_time: bool| {
            let schedule = json!({ "StartTime": "2026-03-02T18:00:00Z", "IsLocalTime": is_local_time });
            next(&document(json!({ "Schedule": schedule })), now)
        };
        assert_eq!(schedule(false), Next::Due("2026-03-02T18:00:00Z".parse().unwrap()));
        assert_eq!(schedule(true), Next::Due("2026-03-02T04:00:00Z".parse().unwrap()));
    }
}
