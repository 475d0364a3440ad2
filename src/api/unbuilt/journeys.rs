//! Journeys: not built yet.

use crate::api::{Call, Error};
use crate::wire::generated as wire;

impl wire::Journeys for Call<'_> {
    async fn create_journey(&self, _: wire::CreateJourneyInput) -> Result<wire::JourneyResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_journey(&self, _: wire::DeleteJourneyInput) -> Result<wire::JourneyResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_journey(&self, _: wire::GetJourneyInput) -> Result<wire::JourneyResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_journey_execution_activity_metrics(&self, _: wire::GetJourneyExecutionActivityMetricsInput) -> Result<wire::JourneyExecutionActivityMetricsResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_journey_execution_metrics(&self, _: wire::GetJourneyExecutionMetricsInput) -> Result<wire::JourneyExecutionMetricsResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_journey_run_execution_activity_metrics(&self, _: wire::GetJourneyRunExecutionActivityMetricsInput) -> Result<wire::JourneyRunExecutionActivityMetricsResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_journey_run_execution_metrics(&self, _: wire::GetJourneyRunExecutionMetricsInput) -> Result<wire::JourneyRunExecutionMetricsResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_journey_runs(&self, _: wire::GetJourneyRunsInput) -> Result<wire::JourneyRunsResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn list_journeys(&self, _: wire::ListJourneysInput) -> Result<wire::JourneysResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_journey(&self, _: wire::UpdateJourneyInput) -> Result<wire::JourneyResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_journey_state(&self, _: wire::UpdateJourneyStateInput) -> Result<wire::JourneyResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
}
