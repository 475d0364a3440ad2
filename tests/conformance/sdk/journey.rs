//! Journeys, which are kept and checked and do not run yet.

use std::sync::Arc;

use aws_sdk_pinpoint::types::State;

use super::{NOWHERE, Run, bad, happy, missing, shape};

pub async fn play(run: Arc<Run>) {
    let app = &run.new_app().await;
    let wait = shape!(WaitActivity { wait_time: shape!(WaitTime { wait_for: "PT1H" }) });
    let activity = shape!(Activity { wait: wait });
    let request =
        shape!(WriteJourneyRequest { name: "welcome", start_activity: "first", activities: "first" => activity });
    let made =
        happy!(run, create_journey => journey_response, application_id: app, write_journey_request: request.clone());
    assert_eq!((made.state(), made.activities()), (Some(&State::Draft), request.activities()));
    let id = made.id().unwrap();
    assert_eq!(happy!(run, get_journey => journey_response, application_id: app, journey_id: id), made);
    let change = shape!(WriteJourneyRequest { name: "hello" });
    let changed = happy!(
        run, update_journey => journey_response, application_id: app, journey_id: id, write_journey_request: change,
    );
    assert_eq!(changed.name(), Some("hello"));
    let listed = happy!(run, list_journeys => journeys_response, application_id: app);
    assert_eq!(listed.item().len(), 1);
    let active = shape!(JourneyStateRequest { state: State::Active });
    bad!(run, update_journey_state, application_id: app, journey_id: id, journey_state_request: active);
    let request = shape!(WriteJourneyRequest { name: "with spaces" });
    bad!(run, create_journey, application_id: app, write_journey_request: request);

    let found = happy!(run, get_journey_execution_metrics => journey_execution_metrics_response, application_id: app, journey_id: id);
    assert_eq!(found.journey_id(), Some(id));
    let found = happy!(
        run, get_journey_execution_activity_metrics => journey_execution_activity_metrics_response,
        application_id: app, journey_id: id, journey_activity_id: "first",
    );
    assert_eq!(found.activity_type(), Some("WAIT"));
    let runs = happy!(run, get_journey_runs => journey_runs_response, application_id: app, journey_id: id);
    assert!(runs.item().is_empty());
    missing!(run, get_journey_run_execution_metrics, application_id: app, journey_id: id, run_id: NOWHERE);
    missing!(
        run, get_journey_run_execution_activity_metrics,
        application_id: app, journey_id: id, run_id: NOWHERE, journey_activity_id: "first",
    );
    happy!(run, delete_journey => journey_response, application_id: app, journey_id: id);
    missing!(run, get_journey, application_id: app, journey_id: id);
}
