//! Kpis: not built yet.

use crate::api::{Call, Error};
use crate::wire::generated as wire;

impl wire::Kpis for Call<'_> {
    async fn get_application_date_range_kpi(&self, _: wire::GetApplicationDateRangeKpiInput) -> Result<wire::ApplicationDateRangeKpiResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_campaign_date_range_kpi(&self, _: wire::GetCampaignDateRangeKpiInput) -> Result<wire::CampaignDateRangeKpiResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_journey_date_range_kpi(&self, _: wire::GetJourneyDateRangeKpiInput) -> Result<wire::JourneyDateRangeKpiResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
}
