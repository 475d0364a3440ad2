//! Endpoints in SQLite.

mod attribute;
mod names;
mod read;
mod write;

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::writer::Size;
use super::{Sqlite, application};
use crate::domain::{ApplicationId, ChannelType, EndpointNumber};
use crate::store::{AttributeGroup, Call, EndpointPage, EndpointStore, EndpointWrite, Owner, Refused, Withdrawal};

pub use read::numbers_of;
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
        self.upsert(application, None, writes, now)
    }

    fn upsert_endpoints_of(
        &self,
        application: &ApplicationId,
        owner: Owner,
        writes: Vec<EndpointWrite>,
        now: String,
    ) -> Call<'_, Vec<Result<EndpointNumber, Refused>>> {
        self.upsert(application, Some(owner), writes, now)
    }

    fn endpoint(&self, application: &ApplicationId, id: &str) -> Call<'_, EndpointPage> {
        let (application, id) = (application.clone(), id.to_owned());
        self.read("read an endpoint", move |connection| {
            let Some(key) = application::key(connection, &application)? else { return Ok(EndpointPage::default()) };
            read::by_id(connection, key, &id)
        })
    }

    fn find_endpoints(&self, application: &ApplicationId, ids: Vec<String>) -> Call<'_, Vec<Option<EndpointNumber>>> {
        let application = application.clone();
        self.read("find endpoints", move |connection| {
            let Some(key) = application::key(connection, &application)? else { return Ok(vec![None; ids.len()]) };
            read::numbers_of(connection, key, &ids)
        })
    }

    fn endpoints_of_user(&self, application: &ApplicationId, user_id: &str) -> Call<'_, EndpointPage> {
        let (application, user) = (application.clone(), user_id.to_owned());
        self.read("read the endpoints of a user", move |connection| {
            let Some(key) = application::key(connection, &application)? else { return Ok(EndpointPage::default()) };
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
            let Some(key) = application::key(connection, &application)? else { return Ok(EndpointPage::default()) };
            read::at_address(connection, key, channel_type, &address)
        })
    }

    fn delete_endpoints(&self, application: &ApplicationId, ids: Vec<String>) -> Call<'_, u64> {
        let application = application.clone();
        self.write("delete endpoints", size(ids.len()), move |session| {
            let Some(key) = application::key(&session.connection, &application)? else { return Ok(0) };
            write::delete(session, key, ids)
        })
    }

    fn withdraw_endpoints(&self, application: &ApplicationId, withdrawn: Vec<Withdrawal>) -> Call<'_, ()> {
        let application = application.clone();
        self.write("withdraw endpoints", size(withdrawn.len()), move |session| {
            let Some(key) = application::key(&session.connection, &application)? else { return Ok(()) };
            write::withdraw(session, key, &withdrawn)
        })
    }

    fn remove_attributes(
        &self,
        application: &ApplicationId,
        group: AttributeGroup,
        names: Vec<String>,
    ) -> Call<'_, Vec<String>> {
        let application = application.clone();
        Box::pin(async move {
            let id = application.clone();
            let begin = self.write("begin to remove attributes", Size::Small, move |session| {
                let Some(key) = application::key(&session.connection, &id)? else { return Ok(None) };
                Ok(Some((key, attribute::begin(session, key, group, names)?)))
            });
            let Some((key, names)) = begin.await?.filter(|(_, names)| !names.is_empty()) else { return Ok(Vec::new()) };
            let names: Arc<[String]> = names.into();
            let mut from = Some(0);
            while let Some(number) = from {
                let (id, names) = (application.clone(), Arc::clone(&names));
                let step = self.write("remove attributes", Size::Bulk, move |session| {
                    if application::key(&session.connection, &id)? != Some(key) {
                        return Ok(None);
                    }
                    attribute::step(session, key, group, &names, number)
                });
                from = step.await?;
            }
            let removed = names.to_vec();
            let end = self.write("end the removal of attributes", Size::Small, move |session| {
                attribute::end(session, key, group, &names)
            });
            end.await?;
            Ok(removed)
        })
    }

    fn attribute_names(&self, application: &ApplicationId, group: AttributeGroup) -> Call<'_, Vec<String>> {
        let application = application.clone();
        self.read("read attribute names", move |connection| {
            let Some(key) = application::key(connection, &application)? else { return Ok(Vec::new()) };
            let names = names::all(connection, key)?.into_iter().filter(|(_, groups)| groups.may_hold(group));
            let mut names: Vec<_> = names.map(|(name, _)| name).collect();
            names.sort_unstable();
            Ok(names)
        })
    }

    fn endpoint_numbers(&self, application: &ApplicationId) -> Call<'_, RoaringBitmap> {
        let application = application.clone();
        self.read("read the numbers of all endpoints", move |connection| {
            let Some(key) = application::key(connection, &application)? else { return Ok(RoaringBitmap::new()) };
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
            let Some(key) = application::key(connection, &application)? else { return Ok(EndpointPage::default()) };
            read::scan(connection, key, from, endpoints_max)
        })
    }

    fn load_endpoints(&self, application: &ApplicationId, numbers: Vec<EndpointNumber>) -> Call<'_, EndpointPage> {
        let application = application.clone();
        self.read("load endpoints", move |connection| {
            let Some(key) = application::key(connection, &application)? else { return Ok(EndpointPage::default()) };
            read::load(connection, key, &numbers)
        })
    }

    fn endpoints_sharing_address(&self, application: &ApplicationId) -> Call<'_, RoaringBitmap> {
        let application = application.clone();
        self.read("read which endpoints share an address", move |connection| {
            let Some(key) = application::key(connection, &application)? else { return Ok(RoaringBitmap::new()) };
            read::sharing_address(connection, key)
        })
    }
}

impl Sqlite {
    fn upsert(
        &self,
        application: &ApplicationId,
        owner: Option<Owner>,
        writes: Vec<EndpointWrite>,
        now: String,
    ) -> Call<'_, Vec<Result<EndpointNumber, Refused>>> {
        let application = application.clone();
        let size = size(writes.len());
        self.write("write endpoints", size, move |session| {
            let key = application::known_key(&session.connection, &application)?;
            write::upsert(session, key, writes, owner, size, &now)
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
