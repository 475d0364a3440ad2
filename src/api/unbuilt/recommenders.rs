//! Recommenders: not built yet.

use crate::api::{Call, Error};
use crate::wire::generated as wire;

impl wire::Recommenders for Call<'_> {
    async fn create_recommender_configuration(&self, _: wire::CreateRecommenderConfigurationInput) -> Result<wire::RecommenderConfigurationResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_recommender_configuration(&self, _: wire::DeleteRecommenderConfigurationInput) -> Result<wire::RecommenderConfigurationResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_recommender_configuration(&self, _: wire::GetRecommenderConfigurationInput) -> Result<wire::RecommenderConfigurationResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_recommender_configurations(&self, _: wire::GetRecommenderConfigurationsInput) -> Result<wire::ListRecommenderConfigurationsResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_recommender_configuration(&self, _: wire::UpdateRecommenderConfigurationInput) -> Result<wire::RecommenderConfigurationResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
}
