//! Endpoints in SQLite.

mod read;
mod write;

use roaring::RoaringBitmap;

use super::writer::Size;
use super::{Sqlite, application_key, known_application_key};
use crate::domain::{ApplicationId, ChannelType, EndpointNumber};
use crate::store::{Call, EndpointPage, EndpointStore, EndpointWrite, Refused};

pub use write::Cache;

/// Writes of one call from which on it is worth a commit of its own, and a filter of all keys.
const BULK_WRITES: usize = 500;

impl EndpointStore for Sqlite {
    fn upsert_endpoints(
        &self,
        application: &ApplicationId,
        writes: Vec<EndpointWrite>,
        now: String,
    ) -> Call<'_, Vec<Result<EndpointNumber, Refused>>> {
        let application = application.clone();
        let size = size(writes.len());
        self.write("write endpoints", size, move |session| {
            let key = known_application_key(&session.connection, &application)?;
            write::upsert(session, key, writes, size, &now)
        })
    }

    fn endpoint(&self, application: &ApplicationId, id: &str) -> Call<'_, EndpointPage> {
        let (application, id) = (application.clone(), id.to_owned());
        self.read("read an endpoint", move |connection| {
            let Some(key) = application_key(connection, &application)? else { return Ok(EndpointPage::default()) };
            read::by_id(connection, key, &id)
        })
    }

    fn endpoints_of_user(&self, application: &ApplicationId, user_id: &str) -> Call<'_, EndpointPage> {
        let (application, user) = (application.clone(), user_id.to_owned());
        self.read("read the endpoints of a user", move |connection| {
            let Some(key) = application_key(connection, &application)? else { return Ok(EndpointPage::default()) };
            read::of_user(connection, key, &user)
        })
    }

    fn endpoints_at_address(
        &self,
        application: &ApplicationId,
        channel_type: ChannelType,
        address: &str,
    ) -> Call<'_, EndpointPage> {
        let (application, address) = (application.clone(), address.to_owned());
        self.read("read the endpoints at an address", move |connection| {
            let Some(key) = application_key(connection, &application)? else { return Ok(EndpointPage::default()) };
            read::at_address(connection, key, channel_type, &address)
        })
    }

    fn delete_endpoints(&self, application: &ApplicationId, ids: Vec<String>) -> Call<'_, u64> {
        let application = application.clone();
        self.write("delete endpoints", size(ids.len()), move |session| {
            let Some(key) = application_key(&session.connection, &application)? else { return Ok(0) };
            write::delete(session, key, ids)
        })
    }

    fn deactivate_endpoints(&self, application: &ApplicationId, dead: Vec<(EndpointNumber, String)>) -> Call<'_, ()> {
        let application = application.clone();
        self.write("deactivate endpoints", size(dead.len()), move |session| {
            let Some(key) = application_key(&session.connection, &application)? else { return Ok(()) };
            write::deactivate(session, key, dead)
        })
    }

    fn endpoint_numbers(&self, application: &ApplicationId) -> Call<'_, RoaringBitmap> {
        let application = application.clone();
        self.read("read the numbers of all endpoints", move |connection| {
            let Some(key) = application_key(connection, &application)? else { return Ok(RoaringBitmap::new()) };
            read::numbers(connection, key)
        })
    }

    fn scan_endpoints(
        &self,
        application: &ApplicationId,
        from: EndpointNumber,
        endpoints_max: usize,
    ) -> Call<'_, EndpointPage> {
        let application = application.clone();
        self.read("scan endpoints", move |connection| {
            let Some(key) = application_key(connection, &application)? else { return Ok(EndpointPage::default()) };
            read::scan(connection, key, from, endpoints_max)
        })
    }

    fn load_endpoints(&self, application: &ApplicationId, numbers: Vec<EndpointNumber>) -> Call<'_, EndpointPage> {
        let application = application.clone();
        self.read("load endpoints", move |connection| {
            let Some(key) = application_key(connection, &application)? else { return Ok(EndpointPage::default()) };
            read::load(connection, key, &numbers)
        })
    }

    fn endpoints_sharing_address(&self, application: &ApplicationId) -> Call<'_, RoaringBitmap> {
        let application = application.clone();
        self.read("read which endpoints share an address", move |connection| {
            let Some(key) = application_key(connection, &application)? else { return Ok(RoaringBitmap::new()) };
            read::sharing_address(connection, key)
        })
    }
}

fn size(writes: usize) -> Size {
    if writes < BULK_WRITES { Size::Small } else { Size::Bulk }
}

/// The key of an endpoint's row.
fn row_key(application: i64, number: EndpointNumber) -> i64 {
    application << 32 | i64::from(number)
}

/// The number of the endpoint with this row key; the upper half is the application's.
fn number_of(row_key: i64) -> EndpointNumber {
    row_key as EndpointNumber
}
