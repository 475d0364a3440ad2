//! Endpoints: not built yet.

use crate::api::{Call, Error};
use crate::wire::generated as wire;

impl wire::Endpoints for Call<'_> {
    async fn delete_endpoint(&self, _: wire::DeleteEndpointInput) -> Result<crate::wire::body::Json, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_user_endpoints(&self, _: wire::DeleteUserEndpointsInput) -> Result<crate::wire::body::Json, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_endpoint(&self, _: wire::GetEndpointInput) -> Result<crate::wire::body::Json, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_user_endpoints(&self, _: wire::GetUserEndpointsInput) -> Result<crate::wire::body::Json, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn remove_attributes(&self, _: wire::RemoveAttributesInput) -> Result<wire::AttributesResource, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_endpoint(&self, _: wire::UpdateEndpointInput) -> Result<wire::MessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_endpoints_batch(&self, _: wire::UpdateEndpointsBatchInput) -> Result<wire::MessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
}
