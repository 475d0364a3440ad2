use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::config::{self, Misfire, Overlap};
use crate::domain::{ActivityId, ApplicationId, CampaignId, TreatmentId};
use crate::store::ActivityState;

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A look by a process that has run long enough to miss nothing.
pub fn look(now: Timestamp) -> Look {
    Look { now, since: Timestamp::UNIX_EPOCH, policy: policy() }
}

fn policy() -> config::Policy {
    config::Config::load(config::Sources::default()).unwrap().policy
}

/// It began when it was due, and if it is over it took a second.
pub fn activity(treatment: usize, moment: Timestamp, state: ActivityState) -> Activity {
    let is_over = matches!(state, ActivityState::Completed | ActivityState::Cancelled);
    Activity {
        id: ActivityId::new(format!("{treatment}-{moment}")),
        application_id: ApplicationId::new("a"),
        campaign_id: CampaignId::new("c"),
        campaign_version: 1,
        treatment_id: TreatmentId::new(treatment.to_string()),
        state,
        scheduled_start: moment,
        started_at: Some(moment),
        ended_at: is_over.then(|| moment + SignedDuration::from_secs(1)),
        failure: None,
        definition: String::new(),
        is_streamed: false,
    }
}
