//! A store in memory that keeps endpoints and definitions, for tests of this room.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use jiff::Timestamp;
use parking_lot::Mutex;
use roaring::RoaringBitmap;

use crate::domain::{ApplicationId, ChannelType, Endpoint, EndpointNumber};
use crate::store::{
    Application, AttributeGroup, Call, Definition, DefinitionStore, DefinitionWrite, EndpointPage, EndpointStore,
    EndpointWrite, Event, EventPage, EventStore, Kind, Owner, Refused, Versioning, Withdrawal,
};
use crate::wire;

/// The id that stands for an endpoint the store refuses.
pub(super) const REFUSED: &str = "refused";

#[derive(Default)]
pub(super) struct Fake {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    endpoints: Vec<(String, Endpoint)>,
    definitions: BTreeMap<String, Vec<String>>,
    members: BTreeMap<(String, u32), RoaringBitmap>,
    events: Vec<(EndpointNumber, Timestamp)>,
}

impl Fake {
    pub(super) fn add(&self, id: &str, endpoint: Endpoint) {
        self.state.lock().endpoints.push((id.to_owned(), endpoint));
    }

    pub(super) fn define(&self, id: &str, document: &str) {
        self.state.lock().definitions.entry(id.to_owned()).or_default().push(document.to_owned());
    }

    pub(super) fn import(&self, id: &str, version: u32, members: &[EndpointNumber]) {
        self.state.lock().members.insert((id.to_owned(), version), members.iter().collect());
    }

    pub(super) fn had_event(&self, number: EndpointNumber, arrived_at: Timestamp) {
        self.state.lock().events.push((number, arrived_at));
    }

    pub(super) fn endpoints(&self) -> Vec<(String, Endpoint)> {
        self.state.lock().endpoints.clone()
    }

    fn page(&self, mut keep: impl FnMut(EndpointNumber, &str, &Endpoint) -> bool) -> EndpointPage {
        let mut page = EndpointPage::default();
        for (number, (id, endpoint)) in (0..).zip(&self.state.lock().endpoints) {
            if keep(number, id, endpoint) {
                page.push(number, id, &wire::endpoint::write(endpoint));
            }
        }
        page
    }
}

fn ready<T: Send + 'static>(value: T) -> Call<'static, T> {
    async move { Ok(value) }.boxed()
}

impl EndpointStore for Fake {
    fn upsert_endpoints(
        &self,
        _: &ApplicationId,
        writes: Vec<EndpointWrite>,
        now: String,
    ) -> Call<'_, Vec<Result<EndpointNumber, Refused>>> {
        let mut state = self.state.lock();
        let mut results = Vec::new();
        for write in writes {
            if write.id == REFUSED {
                results.push(Err(Refused::TooManyUserEndpoints));
                continue;
            }
            let place = state.endpoints.iter().position(|(id, _)| *id == write.id).unwrap_or_else(|| {
                state.endpoints.push((write.id, Endpoint::default()));
                state.endpoints.len() - 1
            });
            state.endpoints[place].1.merge(write.update, &now);
            results.push(Ok(place as EndpointNumber));
        }
        ready(results)
    }

    fn upsert_endpoints_of(
        &self,
        _: &ApplicationId,
        _: Owner,
        _: Vec<EndpointWrite>,
        _: String,
    ) -> Call<'_, Vec<Result<EndpointNumber, Refused>>> {
        unreachable!("segments write for no user")
    }

    fn endpoint(&self, _: &ApplicationId, wanted: &str) -> Call<'_, EndpointPage> {
        ready(self.page(|_, id, _| id == wanted))
    }

    fn find_endpoints(&self, _: &ApplicationId, _: Vec<String>) -> Call<'_, Vec<Option<EndpointNumber>>> {
        unreachable!("segments know numbers")
    }

    fn endpoints_of_user(&self, _: &ApplicationId, user_id: &str) -> Call<'_, EndpointPage> {
        ready(self.page(|_, _, endpoint| endpoint.user.id.as_deref() == Some(user_id)))
    }

    fn endpoint_numbers(&self, _: &ApplicationId) -> Call<'_, RoaringBitmap> {
        ready((0..self.state.lock().endpoints.len() as EndpointNumber).collect())
    }

    fn scan_endpoints(&self, _: &ApplicationId, from: EndpointNumber, endpoints_max: usize) -> Call<'_, EndpointPage> {
        // Short pages, so that a handful of endpoints makes several.
        let mut left = endpoints_max.min(7);
        ready(self.page(|number, _, _| {
            let keep = number >= from && left > 0;
            left -= usize::from(keep);
            keep
        }))
    }

    fn load_endpoints(&self, _: &ApplicationId, numbers: Vec<EndpointNumber>) -> Call<'_, EndpointPage> {
        ready(self.page(|number, _, _| numbers.contains(&number)))
    }

    fn endpoints_at_address(&self, _: &ApplicationId, _: ChannelType, _: &str) -> Call<'_, EndpointPage> {
        unreachable!("segments do not ask for addresses")
    }

    fn delete_endpoints(&self, _: &ApplicationId, _: Vec<String>) -> Call<'_, u64> {
        unreachable!("segments delete nothing")
    }

    fn withdraw_endpoints(&self, _: &ApplicationId, _: Vec<Withdrawal>) -> Call<'_, ()> {
        unreachable!("segments deactivate nothing")
    }

    fn remove_attributes(&self, _: &ApplicationId, _: AttributeGroup, _: Vec<String>) -> Call<'_, Vec<String>> {
        unreachable!("segments remove no attributes")
    }

    fn attribute_names(&self, _: &ApplicationId, _: AttributeGroup) -> Call<'_, Vec<String>> {
        unreachable!("segments do not ask for names")
    }

    fn endpoints_sharing_address(&self, _: &ApplicationId) -> Call<'_, RoaringBitmap> {
        unreachable!("segments do not ask for addresses")
    }
}

impl DefinitionStore for Fake {
    fn put_definition(
        &self,
        _: Option<&ApplicationId>,
        _: Kind,
        id: &str,
        document: String,
        _: String,
    ) -> Call<'_, u32> {
        self.define(id, &document);
        ready(self.state.lock().definitions[id].len() as u32)
    }

    fn definition(
        &self,
        _: Option<&ApplicationId>,
        _: Kind,
        id: &str,
        version: Option<u32>,
    ) -> Call<'_, Option<Definition>> {
        let state = self.state.lock();
        let versions = state.definitions.get(id).map_or(&[][..], Vec::as_slice);
        let version = version.unwrap_or(versions.len() as u32);
        let document = (version as usize).checked_sub(1).and_then(|i| versions.get(i)).cloned();
        ready(document.map(|document| Definition {
            id: id.to_owned(),
            version,
            document,
            creation_date: String::new(),
            last_modified_date: String::new(),
            revision: version,
            position: 1,
        }))
    }

    fn put_segment_members(&self, _: &ApplicationId, id: &str, version: u32, members: RoaringBitmap) -> Call<'_, ()> {
        self.state.lock().members.insert((id.to_owned(), version), members);
        ready(())
    }

    fn segment_members(&self, _: &ApplicationId, id: &str, version: u32) -> Call<'_, Option<RoaringBitmap>> {
        ready(self.state.lock().members.get(&(id.to_owned(), version)).cloned())
    }

    fn put_application(&self, _: Application) -> Call<'_, ()> {
        unreachable!("segments write no applications")
    }

    fn delete_application(&self, _: &ApplicationId) -> Call<'_, bool> {
        unreachable!("segments delete nothing")
    }

    fn application(&self, _: &ApplicationId) -> Call<'_, Option<Application>> {
        unreachable!("segments read no applications")
    }

    fn applications(&self) -> Call<'_, Vec<Application>> {
        unreachable!("segments read no applications")
    }

    fn definitions(&self, _: Option<&ApplicationId>, _: Kind) -> Call<'_, Vec<Definition>> {
        unreachable!("segments are asked for one by one")
    }

    fn write_definition(&self, application: Option<&ApplicationId>, write: DefinitionWrite) -> Call<'_, Definition> {
        if write.versioning == Versioning::Latest {
            self.state.lock().definitions.entry(write.id.clone()).or_default().pop();
        }
        self.define(&write.id, &write.document);
        let written = self.definition(application, write.kind, &write.id, None);
        async move { Ok(written.await?.expect("it was written")) }.boxed()
    }

    fn definitions_before(
        &self,
        _: Option<&ApplicationId>,
        _: Kind,
        _: Option<u64>,
        _: usize,
    ) -> Call<'_, Vec<Definition>> {
        unreachable!("segments are asked for one by one")
    }

    fn definition_versions(
        &self,
        application: Option<&ApplicationId>,
        kind: Kind,
        id: &str,
        below: Option<u32>,
        versions_max: usize,
    ) -> Call<'_, Vec<Definition>> {
        assert_eq!((below, versions_max), (None, 1), "only the latest version is asked for");
        let latest = self.definition(application, kind, id, None);
        async move { Ok(latest.await?.into_iter().collect()) }.boxed()
    }

    fn active_version(&self, _: Option<&ApplicationId>, _: Kind, _: &str) -> Call<'_, Option<u32>> {
        unreachable!("segments have no active version")
    }

    fn set_active_version(&self, _: Option<&ApplicationId>, _: Kind, _: &str, _: Option<u32>) -> Call<'_, ()> {
        unreachable!("segments have no active version")
    }

    fn delete_definition_version(&self, _: Option<&ApplicationId>, _: Kind, _: &str, _: u32) -> Call<'_, bool> {
        unreachable!("segments delete nothing")
    }

    fn delete_definition(&self, _: Option<&ApplicationId>, _: Kind, _: &str) -> Call<'_, bool> {
        unreachable!("segments delete nothing")
    }
}

impl EventStore for Fake {
    fn active_since(&self, _: &ApplicationId, moment: Timestamp) -> Call<'_, RoaringBitmap> {
        let state = self.state.lock();
        ready(state.events.iter().filter(|(_, arrived_at)| *arrived_at >= moment).map(|(number, _)| number).collect())
    }

    fn append_events(&self, _: &ApplicationId, _: Vec<Event>, _: Timestamp) -> Call<'_, Vec<bool>> {
        unreachable!("segments report nothing")
    }

    fn events_after(&self, _: &ApplicationId, _: u64, _: usize) -> Call<'_, EventPage> {
        unreachable!("segments read no events")
    }

    fn events_between(
        &self,
        _: &ApplicationId,
        _: &[&str],
        _: Timestamp,
        _: Timestamp,
        _: u64,
        _: usize,
    ) -> Call<'_, EventPage> {
        unreachable!("segments read no events")
    }

    fn position_before(&self, _: Timestamp) -> Call<'_, u64> {
        unreachable!("segments read no events")
    }

    fn delete_events_before(&self, _: Timestamp) -> Call<'_, u64> {
        unreachable!("segments delete nothing")
    }
}
