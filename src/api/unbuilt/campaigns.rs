//! Campaigns: not built yet.

use crate::api::{Call, Error};
use crate::wire::generated as wire;

impl wire::Campaigns for Call<'_> {
    async fn create_campaign(&self, _: wire::CreateCampaignInput) -> Result<wire::CampaignResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_campaign(&self, _: wire::DeleteCampaignInput) -> Result<wire::CampaignResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_campaign(&self, _: wire::GetCampaignInput) -> Result<wire::CampaignResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_campaign_activities(&self, _: wire::GetCampaignActivitiesInput) -> Result<wire::ActivitiesResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_campaign_version(&self, _: wire::GetCampaignVersionInput) -> Result<wire::CampaignResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_campaign_versions(&self, _: wire::GetCampaignVersionsInput) -> Result<wire::CampaignsResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_campaigns(&self, _: wire::GetCampaignsInput) -> Result<wire::CampaignsResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_campaign(&self, _: wire::UpdateCampaignInput) -> Result<wire::CampaignResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
}
