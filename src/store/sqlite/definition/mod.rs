//! Applications and definitions in SQLite.

mod version;

use roaring::RoaringBitmap;
use rusqlite::{Connection, params};

use self::version::Name;
pub use self::version::Removed;
use super::failure::Failure;
use super::writer::Size;
use super::{Sqlite, application, bitmap_from_bytes, bitmap_to_bytes, place};
use crate::domain::{ApplicationId, CampaignId};
use crate::store::reader::of_campaign;
use crate::store::{Application, Call, Definition, DefinitionStore, DefinitionWrite, Kind};

/// Stands in the table for "belongs to no application".
const NO_APPLICATION: i64 = 0;

impl DefinitionStore for Sqlite {
    fn put_application(&self, application: Application) -> Call<'_, ()> {
        self.write("save an application", Size::Small, move |session| {
            application::put(&session.connection, &application)
        })
    }

    fn delete_application(&self, id: &ApplicationId) -> Call<'_, bool> {
        let id = id.clone();
        self.write("delete an application", Size::Small, move |session| {
            let Some(key) = application::key(&session.connection, &id)? else { return Ok(false) };
            application::remove(&session.connection, key)?;
            session.endpoints.forget(key);
            session.clearing = true;
            Ok(true)
        })
    }

    fn application(&self, id: &ApplicationId) -> Call<'_, Option<Application>> {
        let id = id.clone();
        self.read("read an application", move |connection| application::find(connection, &id))
    }

    fn applications(&self) -> Call<'_, Vec<Application>> {
        self.read("read the applications", application::all)
    }

    fn put_definition(
        &self,
        application: Option<&ApplicationId>,
        kind: Kind,
        id: &str,
        document: String,
        now: String,
    ) -> Call<'_, u32> {
        let (application, id) = (application.cloned(), id.to_owned());
        self.write("save a definition", Size::Small, move |session| {
            let owner = known_owner(&session.connection, application.as_ref())?;
            version::add(&session.connection, &session.removed, &Name { owner, kind, id: &id }, &document, &now)
        })
    }

    fn write_definition(&self, application: Option<&ApplicationId>, write: DefinitionWrite) -> Call<'_, Definition> {
        let application = application.cloned();
        self.write("write a definition", Size::Small, move |session| {
            let owner = known_owner(&session.connection, application.as_ref())?;
            version::write(&session.connection, &session.removed, owner, &write)
        })
    }

    fn definition(
        &self,
        application: Option<&ApplicationId>,
        kind: Kind,
        id: &str,
        version: Option<u32>,
    ) -> Call<'_, Option<Definition>> {
        let (application, id) = (application.cloned(), id.to_owned());
        self.read("read a definition", move |connection| {
            let Some(owner) = owner(connection, application.as_ref())? else { return Ok(None) };
            version::find(connection, &Name { owner, kind, id: &id }, version)
        })
    }

    fn definitions(&self, application: Option<&ApplicationId>, kind: Kind) -> Call<'_, Vec<Definition>> {
        self.definitions_before(application, kind, None, usize::MAX)
    }

    fn definitions_before(
        &self,
        application: Option<&ApplicationId>,
        kind: Kind,
        position: Option<u64>,
        definitions_max: usize,
    ) -> Call<'_, Vec<Definition>> {
        let application = application.cloned();
        self.read("read definitions", move |connection| {
            let Some(owner) = owner(connection, application.as_ref())? else { return Ok(Vec::new()) };
            version::list(connection, owner, kind, position, definitions_max)
        })
    }

    fn definition_versions(
        &self,
        application: Option<&ApplicationId>,
        kind: Kind,
        id: &str,
        version: Option<u32>,
        versions_max: usize,
    ) -> Call<'_, Vec<Definition>> {
        let (application, id) = (application.cloned(), id.to_owned());
        self.read("read the versions of a definition", move |connection| {
            let Some(owner) = owner(connection, application.as_ref())? else { return Ok(Vec::new()) };
            version::list_versions(connection, &Name { owner, kind, id: &id }, version, versions_max)
        })
    }

    fn active_version(&self, application: Option<&ApplicationId>, kind: Kind, id: &str) -> Call<'_, Option<u32>> {
        let (application, id) = (application.cloned(), id.to_owned());
        self.read("read the active version", move |connection| {
            let Some(owner) = owner(connection, application.as_ref())? else { return Ok(None) };
            version::active(connection, &Name { owner, kind, id: &id })
        })
    }

    fn set_active_version(
        &self,
        application: Option<&ApplicationId>,
        kind: Kind,
        id: &str,
        version: Option<u32>,
    ) -> Call<'_, ()> {
        let (application, id) = (application.cloned(), id.to_owned());
        self.write("choose the active version", Size::Small, move |session| {
            let owner = known_owner(&session.connection, application.as_ref())?;
            version::set_active(&session.connection, &Name { owner, kind, id: &id }, version)
        })
    }

    fn delete_definition_version(
        &self,
        application: Option<&ApplicationId>,
        kind: Kind,
        id: &str,
        version: u32,
    ) -> Call<'_, bool> {
        let (application, id) = (application.cloned(), id.to_owned());
        self.write("delete a version", Size::Small, move |session| {
            let Some(owner) = owner(&session.connection, application.as_ref())? else { return Ok(false) };
            let name = Name { owner, kind, id: &id };
            version::delete(&session.connection, &mut session.removed, &name, version)
        })
    }

    fn delete_definition(&self, application: Option<&ApplicationId>, kind: Kind, id: &str) -> Call<'_, bool> {
        let (application, id) = (application.cloned(), id.to_owned());
        self.write("delete a definition", Size::Small, move |session| {
            let Some(owner) = owner(&session.connection, application.as_ref())? else { return Ok(false) };
            if kind == Kind::Campaign {
                place::delete(&session.connection, owner, &of_campaign(&CampaignId::new(&id)))?;
            }
            version::delete_all(&session.connection, &mut session.removed, &Name { owner, kind, id: &id })
        })
    }

    fn put_segment_members(
        &self,
        application: &ApplicationId,
        id: &str,
        version: u32,
        members: RoaringBitmap,
    ) -> Call<'_, ()> {
        let (application, id) = (application.clone(), id.to_owned());
        self.write("save the members of a segment", Size::Small, move |session| {
            let owner = application::known_key(&session.connection, &application)?;
            session.connection.execute(
                "REPLACE INTO segment_members (application, id, version, members) VALUES (?, ?, ?, ?)",
                params![owner, id, version, bitmap_to_bytes(&members)],
            )?;
            Ok(())
        })
    }

    fn segment_members(&self, application: &ApplicationId, id: &str, version: u32) -> Call<'_, Option<RoaringBitmap>> {
        let (application, id) = (application.clone(), id.to_owned());
        self.read("read the members of a segment", move |connection| {
            let Some(owner) = application::key(connection, &application)? else { return Ok(None) };
            let mut statement = connection.prepare_cached(
                "SELECT members FROM segment_members WHERE application = ? AND id = ? AND version = ?",
            )?;
            let mut rows = statement.query(params![owner, id, version])?;
            rows.next()?
                .map(|row| bitmap_from_bytes(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?))
                .transpose()
        })
    }
}

/// Under which key the definitions of an application stand; `None` when there is no such application.
fn owner(connection: &Connection, application: Option<&ApplicationId>) -> Result<Option<i64>, Failure> {
    match application {
        Some(application) => application::key(connection, application),
        None => Ok(Some(NO_APPLICATION)),
    }
}

/// As [`owner`], for an application that has to be there.
fn known_owner(connection: &Connection, application: Option<&ApplicationId>) -> Result<i64, Failure> {
    application.map_or(Ok(NO_APPLICATION), |application| application::known_key(connection, application))
}
