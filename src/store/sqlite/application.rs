//! Statements on applications.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::failure::{Failure, conflict, not_found};
use crate::domain::ApplicationId;
use crate::store::Application;

/// The columns of [`read`], to be followed by a condition.
const SELECT: &str = "SELECT id, name, settings, tags, creation_date, last_modified_date, revision FROM application ";

/// The key that stands for an application in other tables; never 0, and never given twice.
pub fn key(connection: &Connection, id: &ApplicationId) -> Result<Option<i64>, Failure> {
    let mut statement = connection.prepare_cached("SELECT key FROM application WHERE id = ?")?;
    Ok(statement.query_row([id.as_str()], |row| row.get(0)).optional()?)
}

/// As [`key`], for an application that has to be there.
pub fn known_key(connection: &Connection, id: &ApplicationId) -> Result<i64, Failure> {
    key(connection, id)?.ok_or_else(|| not_found("application", id.as_str()))
}

/// The application of this id.
pub fn find(connection: &Connection, id: &ApplicationId) -> Result<Option<Application>, Failure> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE id = ?"))?;
    Ok(statement.query_row([id.as_str()], read).optional()?)
}

/// All applications, by id.
pub fn all(connection: &Connection) -> Result<Vec<Application>, Failure> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} ORDER BY id"))?;
    Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
}

/// Creates the application or replaces it, if it is at the revision that its writer saw.
pub fn put(connection: &Connection, application: &Application) -> Result<(), Failure> {
    let Application { id, name, settings, tags, creation_date, last_modified_date, revision } = application;
    let written = if *revision == 0 {
        connection
            .prepare_cached(
                "INSERT INTO application (id, name, settings, tags, creation_date, last_modified_date, revision)
                 VALUES (?, ?, ?, ?, ?, ?, 1) ON CONFLICT (id) DO NOTHING",
            )?
            .execute(params![id.as_str(), name, settings, tags, creation_date, last_modified_date])?
    } else {
        connection
            .prepare_cached(
                "UPDATE application
                 SET name = ?, settings = ?, tags = ?, last_modified_date = ?, revision = revision + 1
                 WHERE id = ? AND revision = ?",
            )?
            .execute(params![name, settings, tags, last_modified_date, id.as_str(), revision])?
    };
    if written == 0 { Err(conflict("application", id.as_str())) } else { Ok(()) }
}

/// Removes the application itself and notes its key, so that the rest is cleared away.
pub fn remove(connection: &Connection, key: i64) -> Result<(), Failure> {
    connection.execute("DELETE FROM application WHERE key = ?", [key])?;
    connection.execute("INSERT INTO application_removed (application) VALUES (?)", [key])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Application> {
    Ok(Application {
        id: ApplicationId::new(row.get::<_, String>(0)?),
        name: row.get(1)?,
        settings: row.get(2)?,
        tags: row.get(3)?,
        creation_date: row.get(4)?,
        last_modified_date: row.get(5)?,
        revision: row.get(6)?,
    })
}
