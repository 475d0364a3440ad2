//! Applications and definitions in SQLite.

use roaring::RoaringBitmap;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::failure::Failure;
use super::writer::Size;
use super::{Sqlite, application_key, bitmap_from_bytes, bitmap_to_bytes, known_application_key};
use crate::domain::ApplicationId;
use crate::store::{Application, Call, Definition, DefinitionStore, Kind};

/// Stands in the table for "belongs to no application".
const NO_APPLICATION: i64 = 0;

impl DefinitionStore for Sqlite {
    fn put_application(&self, application: Application) -> Call<'_, ()> {
        self.write("save an application", Size::Small, move |session| {
            let Application { id, name, settings, creation_date } = application;
            session.connection.execute(
                "INSERT INTO application (id, name, settings, creation_date) VALUES (?, ?, ?, ?)
                 ON CONFLICT (id) DO UPDATE SET name = excluded.name, settings = excluded.settings",
                params![id.as_str(), name, settings, creation_date],
            )?;
            Ok(())
        })
    }

    fn application(&self, id: &ApplicationId) -> Call<'_, Option<Application>> {
        let id = id.clone();
        self.read("read an application", move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT id, name, settings, creation_date FROM application WHERE id = ?")?;
            Ok(statement.query_row([id.as_str()], read_application).optional()?)
        })
    }

    fn applications(&self) -> Call<'_, Vec<Application>> {
        self.read("read the applications", |connection| {
            let mut statement =
                connection.prepare_cached("SELECT id, name, settings, creation_date FROM application ORDER BY id")?;
            Ok(statement.query_map([], read_application)?.collect::<Result<_, _>>()?)
        })
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
            let connection = &session.connection;
            let owner = match &application {
                Some(application) => known_application_key(connection, application)?,
                None => NO_APPLICATION,
            };
            let latest = latest(connection, owner, kind, &id)?;
            let version = latest.as_ref().map_or(1, |latest| latest.version + 1);
            let creation_date = latest.map_or_else(|| now.clone(), |latest| latest.creation_date);
            connection.execute(
                "INSERT INTO definition (application, kind, id, version, document, creation_date, last_modified_date)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
                params![owner, kind as u8, id, version, document, creation_date, now],
            )?;
            Ok(version)
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
            let Some(version) = version else { return latest(connection, owner, kind, &id) };
            let mut statement = connection.prepare_cached(
                "SELECT id, version, document, creation_date, last_modified_date FROM definition
                 WHERE application = ? AND kind = ? AND id = ? AND version = ?",
            )?;
            Ok(statement.query_row(params![owner, kind as u8, id, version], read_definition).optional()?)
        })
    }

    fn definitions(&self, application: Option<&ApplicationId>, kind: Kind) -> Call<'_, Vec<Definition>> {
        let application = application.cloned();
        self.read("read definitions", move |connection| {
            let Some(owner) = owner(connection, application.as_ref())? else { return Ok(Vec::new()) };
            let mut statement = connection.prepare_cached(
                "SELECT id, version, document, creation_date, last_modified_date
                 FROM definition JOIN (
                     SELECT id, min(key) AS first, max(version) AS version FROM definition
                     WHERE application = ?1 AND kind = ?2 GROUP BY id
                 ) USING (id, version)
                 WHERE application = ?1 AND kind = ?2 ORDER BY first DESC",
            )?;
            Ok(statement.query_map(params![owner, kind as u8], read_definition)?.collect::<Result<_, _>>()?)
        })
    }

    fn delete_definition(&self, application: Option<&ApplicationId>, kind: Kind, id: &str) -> Call<'_, bool> {
        let (application, id) = (application.cloned(), id.to_owned());
        self.write("delete a definition", Size::Small, move |session| {
            let connection = &session.connection;
            let Some(owner) = owner(connection, application.as_ref())? else { return Ok(false) };
            let deleted = connection.execute(
                "DELETE FROM definition WHERE application = ? AND kind = ? AND id = ?",
                params![owner, kind as u8, id],
            )?;
            if kind == Kind::Segment {
                connection
                    .execute("DELETE FROM segment_members WHERE application = ? AND id = ?", params![owner, id])?;
            }
            Ok(deleted > 0)
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
            let owner = known_application_key(&session.connection, &application)?;
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
            let Some(owner) = application_key(connection, &application)? else { return Ok(None) };
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
        Some(application) => application_key(connection, application),
        None => Ok(Some(NO_APPLICATION)),
    }
}

fn latest(connection: &Connection, owner: i64, kind: Kind, id: &str) -> Result<Option<Definition>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT id, version, document, creation_date, last_modified_date FROM definition
         WHERE application = ? AND kind = ? AND id = ? ORDER BY version DESC LIMIT 1",
    )?;
    Ok(statement.query_row(params![owner, kind as u8, id], read_definition).optional()?)
}

fn read_application(row: &Row<'_>) -> rusqlite::Result<Application> {
    Ok(Application {
        id: ApplicationId::new(row.get::<_, String>(0)?),
        name: row.get(1)?,
        settings: row.get(2)?,
        creation_date: row.get(3)?,
    })
}

fn read_definition(row: &Row<'_>) -> rusqlite::Result<Definition> {
    Ok(Definition {
        id: row.get(0)?,
        version: row.get(1)?,
        document: row.get(2)?,
        creation_date: row.get(3)?,
        last_modified_date: row.get(4)?,
    })
}
