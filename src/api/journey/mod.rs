//! Journeys: drafts that are checked, kept and shown. No release runs them yet, so none becomes active.

mod activity;
mod check;
mod schedule;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::change::{self, Changed, change};
use super::page::Page;
use super::{Call, Error};
use crate::domain::ApplicationId;
use crate::store::{Definition, Kind, Versioning};
use crate::wire::generated::{self as wire, Journeys, State};

/// The list of an application's journeys, for its tokens: newest first.
const LIST: &str = "journeys";
/// The list of a journey's runs, for its tokens.
const RUNS: &str = "journey runs";
/// Why a journey cannot be started.
const NOT_RUN: &str = "this release keeps journeys but does not run them yet, so none can be made `ACTIVE`";
/// What is counted of a journey as a whole. Source: Pinpoint developer guide, "Journey execution metrics".
const METRICS: [&str; 6] = [
    "ENDPOINT_ENTERED",
    "ENDPOINT_ACTIVE",
    "ENDPOINT_LEFT",
    "CANCELLED",
    "REENTRY_CAP_EXCEEDED",
    "ACTIVE_ENDPOINT_REJECTED",
];

impl Journeys for Call<'_> {
    async fn create_journey(&self, input: wire::CreateJourneyInput) -> Result<wire::JourneyResponse, Error> {
        let owner = self.application_id(&input.application_id).await?;
        let document = Value::Object(given(input.body)?);
        check(&document)?;
        let id = Uuid::new_v4().simple().to_string();
        let document = document.to_string();
        let now = self.now();
        let written = change(self.store(), Some(&owner), Kind::Journey, &id, &now, |_| {
            Ok(Changed { document: document.clone(), versioning: Versioning::Latest, value: () })
        });
        response(&owner, written.await?.0)
    }

    async fn get_journey(&self, input: wire::GetJourneyInput) -> Result<wire::JourneyResponse, Error> {
        let (owner, journey) = self.journey(&input.application_id, &input.journey_id).await?;
        response(&owner, journey)
    }

    async fn list_journeys(&self, input: wire::ListJourneysInput) -> Result<wire::JourneysResponse, Error> {
        let owner = self.application_id(&input.application_id).await?;
        let page = Page::<u64>::read(LIST, input.page_size.as_deref(), input.token.as_deref())?;
        let mut found =
            self.store().definitions_before(Some(&owner), Kind::Journey, page.after, page.items_max + 1).await?;
        let next_token = page.cut(LIST, &mut found, |journey| journey.position);
        let item = found.into_iter().map(|journey| response(&owner, journey)).collect::<Result<_, _>>()?;
        Ok(wire::JourneysResponse { item, next_token })
    }

    async fn update_journey(&self, input: wire::UpdateJourneyInput) -> Result<wire::JourneyResponse, Error> {
        let (owner, _) = self.journey(&input.application_id, &input.journey_id).await?;
        let given = given(input.body)?;
        let now = self.now();
        let written = change(self.store(), Some(&owner), Kind::Journey, &input.journey_id, &now, |before| {
            // Members that are not given stay as they are; given ones are replaced as a whole.
            let mut document = read(before.ok_or_else(Error::not_found)?)?;
            let state = document.get("State").and_then(Value::as_str).unwrap_or_default();
            if state != State::Draft.as_str() {
                return Err(Error::conflict(format!("the journey is `{state}`, and only a draft can be changed")));
            }
            document.extend(given.clone());
            let document = Value::Object(document);
            check(&document)?;
            Ok(Changed { document: document.to_string(), versioning: Versioning::Latest, value: () })
        });
        response(&owner, written.await?.0)
    }

    async fn delete_journey(&self, input: wire::DeleteJourneyInput) -> Result<wire::JourneyResponse, Error> {
        let (owner, journey) = self.journey(&input.application_id, &input.journey_id).await?;
        match self.store().delete_definition(Some(&owner), Kind::Journey, &input.journey_id).await? {
            true => response(&owner, journey),
            false => Err(Error::not_found()),
        }
    }

    async fn update_journey_state(&self, input: wire::UpdateJourneyStateInput) -> Result<wire::JourneyResponse, Error> {
        let (_, journey) = self.journey(&input.application_id, &input.journey_id).await?;
        let document = read(&journey)?;
        let state = document.get("State").and_then(Value::as_str).unwrap_or_default();
        let problem = match input.body.state {
            None => "missing, it is required".to_owned(),
            Some(State::Active) => NOT_RUN.to_owned(),
            Some(wanted @ (State::Paused | State::Cancelled)) => {
                format!("the journey is `{state}`, and only one that is `ACTIVE` can become `{}`", wanted.as_str())
            }
            Some(other) => format!("`{}` is not one of ACTIVE, PAUSED, CANCELLED", other.as_str()),
        };
        Err(Error::bad_request(format!("State: {problem}")))
    }

    async fn get_journey_runs(&self, input: wire::GetJourneyRunsInput) -> Result<wire::JourneyRunsResponse, Error> {
        self.journey(&input.application_id, &input.journey_id).await?;
        Page::<u64>::read(RUNS, input.page_size.as_deref(), input.token.as_deref())?;
        Ok(wire::JourneyRunsResponse { item: Vec::new(), next_token: None })
    }

    async fn get_journey_execution_metrics(
        &self,
        input: wire::GetJourneyExecutionMetricsInput,
    ) -> Result<wire::JourneyExecutionMetricsResponse, Error> {
        self.journey(&input.application_id, &input.journey_id).await?;
        Ok(wire::JourneyExecutionMetricsResponse {
            application_id: input.application_id,
            journey_id: input.journey_id,
            last_evaluated_time: self.now(),
            metrics: METRICS.into_iter().map(|name| (name.to_owned(), "0".to_owned())).collect(),
        })
    }

    async fn get_journey_execution_activity_metrics(
        &self,
        input: wire::GetJourneyExecutionActivityMetricsInput,
    ) -> Result<wire::JourneyExecutionActivityMetricsResponse, Error> {
        let (_, journey) = self.journey(&input.application_id, &input.journey_id).await?;
        let journey: wire::WriteJourneyRequest = serde_json::from_str(&journey.document).map_err(Error::internal)?;
        let activity = journey.activities.as_ref().and_then(|activities| activities.get(&input.journey_activity_id));
        let activity_type = activity::metrics_type(activity.ok_or_else(Error::not_found)?);
        Ok(wire::JourneyExecutionActivityMetricsResponse {
            activity_type: activity_type.ok_or_else(|| Error::internal("an activity without a member"))?.to_owned(),
            application_id: input.application_id,
            journey_activity_id: input.journey_activity_id,
            journey_id: input.journey_id,
            last_evaluated_time: self.now(),
            // Nobody has come by.
            metrics: Default::default(),
        })
    }

    async fn get_journey_run_execution_metrics(
        &self,
        _: wire::GetJourneyRunExecutionMetricsInput,
    ) -> Result<wire::JourneyRunExecutionMetricsResponse, Error> {
        // There are no runs.
        Err(Error::not_found())
    }

    async fn get_journey_run_execution_activity_metrics(
        &self,
        _: wire::GetJourneyRunExecutionActivityMetricsInput,
    ) -> Result<wire::JourneyRunExecutionActivityMetricsResponse, Error> {
        Err(Error::not_found())
    }
}

impl Call<'_> {
    async fn journey(&self, application: &str, id: &str) -> Result<(ApplicationId, Definition), Error> {
        let owner = self.application_id(application).await?;
        let found = change::latest(self.store(), Some(&owner), Kind::Journey, id).await?;
        Ok((owner, found.ok_or_else(Error::not_found)?))
    }
}

/// The members that a client writes, as they are stored.
///
/// Errors: a state that a client cannot write.
fn given(mut journey: wire::WriteJourneyRequest) -> Result<Map<String, Value>, Error> {
    match &journey.state {
        None | Some(State::Draft) => {}
        Some(State::Active) => return Err(Error::bad_request(format!("State: {NOT_RUN}"))),
        Some(other) => {
            return Err(Error::bad_request(format!("State: `{}` is not one of DRAFT, ACTIVE", other.as_str())));
        }
    }
    journey.state = Some(State::Draft);
    // The store's dates are the ones that count.
    (journey.creation_date, journey.last_modified_date) = (None, None);
    match serde_json::to_value(journey).map_err(Error::internal)? {
        Value::Object(members) => Ok(members),
        _ => Err(Error::internal("a journey is no object")),
    }
}

fn check(document: &Value) -> Result<(), Error> {
    use serde::Deserialize;
    check::check(&wire::WriteJourneyRequest::deserialize(document).map_err(Error::internal)?)
}

fn read(journey: &Definition) -> Result<Map<String, Value>, Error> {
    serde_json::from_str(&journey.document).map_err(Error::internal)
}

fn response(owner: &ApplicationId, journey: Definition) -> Result<wire::JourneyResponse, Error> {
    let mut document = read(&journey)?;
    document.entry("tags").or_insert_with(|| Value::Object(Map::new()));
    let frame = [
        ("ApplicationId", owner.as_str().to_owned()),
        ("CreationDate", journey.creation_date),
        ("Id", journey.id),
        ("LastModifiedDate", journey.last_modified_date),
    ];
    document.extend(frame.map(|(name, value)| (name.to_owned(), Value::String(value))));
    serde_json::from_value(Value::Object(document)).map_err(Error::internal)
}
