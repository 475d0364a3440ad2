//! What the API calls the state of a campaign: nothing that is stored, but what follows from its definition, its
//! activities and its segment. Pure.
//!
//! Source: API reference, `CampaignState`; what is left open there is our choice: `pinpoint-semantics` 5.3.

use super::definition::Document;
use super::timetable::{Line, Look, Timetable};
use crate::domain::TreatmentId;
use crate::store::{Activity, ActivityState};
use crate::wire::generated::CampaignStatus;

/// The status of a campaign. `activities` are those that tell (`ledger::telling`), in any order.
///
/// A pause does not show while a run is under way, or when there is none to come: it keeps back further runs.
/// Campaigns of events have no runs to come, and their activities do not count: only their schedule and `IsPaused` do.
pub fn of_campaign(document: &Document, activities: &[Activity], segment_exists: bool, look: &Look) -> CampaignStatus {
    status(document, activities, segment_exists, look, |_, _| true)
}

/// The status of one treatment.
pub fn of_treatment(
    document: &Document,
    activities: &[Activity],
    segment_exists: bool,
    treatment_id: &TreatmentId,
    look: &Look,
) -> CampaignStatus {
    let place = treatment_id.as_str().parse().ok();
    status(document, activities, segment_exists, look, |line, treatment| {
        Some(treatment) == place && line.treatments.contains(&treatment)
    })
}

/// What the statuses of these treatments make together.
fn status(
    document: &Document,
    activities: &[Activity],
    segment_exists: bool,
    look: &Look,
    is_meant: impl Fn(&Line, usize) -> bool,
) -> CampaignStatus {
    if !segment_exists {
        return CampaignStatus::Deleted;
    }
    let Ok(timetable) = Timetable::read(document, look.policy) else {
        let is_running = activities.iter().any(|activity| activity.state == ActivityState::Running);
        return if is_running { CampaignStatus::Executing } else { CampaignStatus::Invalid };
    };
    let mut statuses = Vec::new();
    for line in &timetable.lines {
        for treatment in line.treatments.iter().copied().filter(|treatment| is_meant(line, *treatment)) {
            let id = treatment.to_string();
            let own: Vec<&Activity> = activities.iter().filter(|own| own.treatment_id.as_str() == id).collect();
            statuses.push(timetable.status(line, &own, look));
        }
    }
    let has = |status: CampaignStatus| statuses.contains(&status);
    // A treatment that is over waits for the others.
    let others =
        if has(CampaignStatus::Completed) { CampaignStatus::PendingNextRun } else { CampaignStatus::Scheduled };
    [CampaignStatus::Executing, CampaignStatus::Paused, CampaignStatus::PendingNextRun]
        .into_iter()
        .find(|status| has(status.clone()))
        .or_else(|| has(CampaignStatus::Scheduled).then_some(others))
        .unwrap_or(CampaignStatus::Completed)
}

/// Whether a campaign with this status counts towards the quota of active ones.
pub fn is_active(status: &CampaignStatus) -> bool {
    matches!(status, CampaignStatus::Scheduled | CampaignStatus::Executing | CampaignStatus::PendingNextRun)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::campaign::timetable::tests::{activity, at, look};

    fn document(campaign: Value) -> Document {
        let made = json!({ "0": "2026-03-01T00:00:00Z" });
        serde_json::from_value(json!({ "Campaign": campaign, "Scheduled": true, "Made": made })).unwrap()
    }

    fn before_ten() -> Look {
        look(at("2026-03-01T00:00:01Z"))
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
            assert_eq!(of_campaign(&document, &[], true, &before_ten()), expected, "{campaign}");
            assert_eq!(of_campaign(&document, &[], false, &before_ten()), CampaignStatus::Deleted, "{campaign}");
        }
        let mut left_over = document(json!({ "Schedule": { "StartTime": "IMMEDIATE" } }));
        left_over.scheduled = false;
        assert_eq!(
            of_campaign(&left_over, &[], true, &before_ten()),
            CampaignStatus::Paused,
            "it never starts by itself"
        );
    }

    #[test]
    fn a_campaign_is_completed_when_all_its_treatments_are() {
        use ActivityState::{Cancelled, Completed, Paused, Running};
        let schedule = json!({ "StartTime": "2026-03-01T10:00:00Z" });
        let document = document(
            json!({ "Schedule": schedule, "IsPaused": true, "AdditionalTreatments": [{ "SizePercent": 10 }] }),
        );
        let (moment, look) = (at("2026-03-01T10:00:00Z"), look(at("2026-03-01T11:00:00Z")));
        let cases = [
            ([Running, Running], CampaignStatus::Executing),
            ([Completed, Running], CampaignStatus::Executing),
            ([Running, Paused], CampaignStatus::Executing),
            ([Completed, Paused], CampaignStatus::Paused),
            ([Completed, Completed], CampaignStatus::Completed),
            ([Cancelled, Completed], CampaignStatus::Completed),
        ];
        for (states, expected) in cases {
            let activities = [activity(0, moment, states[0]), activity(1, moment, states[1])];
            assert_eq!(of_campaign(&document, &activities, true, &look), expected, "{states:?}");
        }
        let activities = [activity(0, moment, Completed), activity(1, moment, Running)];
        let of = |treatment| of_treatment(&document, &activities, true, &TreatmentId::new(treatment), &look);
        assert_eq!((of("0"), of("1")), (CampaignStatus::Completed, CampaignStatus::Executing));
    }

    #[test]
    fn a_recurring_campaign_waits_between_its_runs_and_is_completed_after_the_last() {
        let schedule =
            json!({ "StartTime": "2026-03-01T10:00:00Z", "EndTime": "2026-03-03T10:00:00Z", "Frequency": "DAILY" });
        let campaign = json!({ "Schedule": schedule });
        let first = activity(0, at("2026-03-01T10:00:00Z"), ActivityState::Completed);
        let last = activity(0, at("2026-03-03T10:00:00Z"), ActivityState::Completed);
        let runs = [first, last];
        let cases: [(&str, &[Activity], CampaignStatus, CampaignStatus); 5] = [
            ("2026-03-01T09:00:00Z", &[], CampaignStatus::Scheduled, CampaignStatus::Paused),
            ("2026-03-01T12:00:00Z", &runs[..1], CampaignStatus::PendingNextRun, CampaignStatus::Paused),
            ("2026-03-03T10:00:00Z", &runs[..1], CampaignStatus::PendingNextRun, CampaignStatus::Paused),
            ("2026-03-03T12:00:00Z", &runs, CampaignStatus::Completed, CampaignStatus::Completed),
            // Its end came while no process ran.
            ("2026-03-08T12:00:00Z", &[], CampaignStatus::Completed, CampaignStatus::Completed),
        ];
        for (now, activities, expected, paused) in cases {
            let look = Look { since: at(now), ..look(at(now)) };
            let mut document = document(campaign.clone());
            assert_eq!(of_campaign(&document, activities, true, &look), expected, "{now}");
            document.campaign.is_paused = Some(true);
            assert_eq!(of_campaign(&document, activities, true, &look), paused, "{now}, paused");
        }
    }

    #[test]
    fn campaigns_of_events_execute_from_start_to_end() {
        let end = "2026-03-03T10:00:00Z";
        for frequency in ["EVENT", "IN_APP_EVENT"] {
            let filter = json!({ "FilterType": "ENDPOINT", "Dimensions": { "EventType": { "Values": ["a"] } } });
            let schedule = json!({
                "StartTime": "2026-03-01T10:00:00Z", "EndTime": end, "Frequency": frequency, "EventFilter": filter
            });
            let document = document(json!({ "Schedule": schedule }));
            let mut paused = document.clone();
            paused.campaign.is_paused = Some(true);
            let status = |now: &str| {
                let look = look(at(now));
                let statuses = (of_campaign(&document, &[], true, &look), of_campaign(&paused, &[], true, &look));
                for state in [ActivityState::Running, ActivityState::Paused] {
                    let runs = [activity(0, at("2026-03-01T10:00:00Z"), state)];
                    let of = |document| of_campaign(document, &runs, true, &look);
                    assert_eq!((of(&document), of(&paused)), statuses, "{state:?}");
                }
                statuses
            };
            assert_eq!(status("2026-03-01T09:59:59Z"), (CampaignStatus::Scheduled, CampaignStatus::Paused));
            assert_eq!(status("2026-03-02T09:59:59Z"), (CampaignStatus::Executing, CampaignStatus::Paused));
            assert_eq!(status("2026-03-03T10:00:01Z"), (CampaignStatus::Completed, CampaignStatus::Completed));
        }
    }

    #[test]
    fn a_treatment_with_a_schedule_of_its_own_has_a_status_of_its_own() {
        let schedule = |start: &str| json!({ "StartTime": start });
        let campaign = json!({
            "Schedule": schedule("2026-03-01T10:00:00Z"),
            "AdditionalTreatments": [{ "SizePercent": 10, "Schedule": schedule("2026-03-02T10:00:00Z") }]
        });
        let document = document(campaign);
        let first = [activity(0, at("2026-03-01T10:00:00Z"), ActivityState::Completed)];
        let look = look(at("2026-03-01T12:00:00Z"));
        let of = |treatment| of_treatment(&document, &first, true, &TreatmentId::new(treatment), &look);
        assert_eq!((of("0"), of("1")), (CampaignStatus::Completed, CampaignStatus::Scheduled));
        assert_eq!(of_campaign(&document, &first, true, &look), CampaignStatus::PendingNextRun);
    }
}
