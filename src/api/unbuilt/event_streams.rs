//! EventStreams: not built yet.

use crate::api::{Call, Error};
use crate::wire::generated as wire;

impl wire::EventStreams for Call<'_> {
    async fn delete_event_stream(&self, _: wire::DeleteEventStreamInput) -> Result<wire::EventStream, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_event_stream(&self, _: wire::GetEventStreamInput) -> Result<wire::EventStream, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn put_event_stream(&self, _: wire::PutEventStreamInput) -> Result<wire::EventStream, Error> {
        Err(Error::bad_request("not built yet"))
    }
}
