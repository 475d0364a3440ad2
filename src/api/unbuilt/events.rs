//! Events: not built yet.

use crate::api::{Call, Error};
use crate::wire::generated as wire;

impl wire::Events for Call<'_> {
    async fn get_in_app_messages(&self, _: wire::GetInAppMessagesInput) -> Result<wire::InAppMessagesResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn put_events(&self, _: wire::PutEventsInput) -> Result<crate::wire::body::Json, Error> {
        Err(Error::bad_request("not built yet"))
    }
}
