//! Places of readers in SQLite.

use rusqlite::{Connection, OptionalExtension, params};

use super::failure::Failure;
use super::writer::Size;
use super::{Sqlite, application};
use crate::domain::ApplicationId;
use crate::store::{Call, Reader, ReaderStore};

impl ReaderStore for Sqlite {
    fn reader(&self, application: &ApplicationId, name: &str) -> Call<'_, Option<u64>> {
        let (application, name) = (application.clone(), name.to_owned());
        self.read("read how far a reader is", move |connection| {
            let Some(key) = application::key(connection, &application)? else { return Ok(None) };
            let mut statement =
                connection.prepare_cached("SELECT position FROM reader WHERE application = ? AND name = ?")?;
            let position: Option<i64> = statement.query_row(params![key, name], |row| row.get(0)).optional()?;
            Ok(position.map(i64::cast_unsigned))
        })
    }

    fn put_reader(&self, reader: Reader) -> Call<'_, ()> {
        self.write("write how far a reader is", Size::Small, move |session| put(&session.connection, &reader))
    }

    fn delete_reader(&self, application: &ApplicationId, name: &str) -> Call<'_, ()> {
        let (application, name) = (application.clone(), name.to_owned());
        self.write("forget a reader", Size::Small, move |session| {
            let Some(key) = application::key(&session.connection, &application)? else { return Ok(()) };
            delete(&session.connection, key, &name)
        })
    }
}

pub fn delete(connection: &Connection, application: i64, name: &str) -> Result<(), Failure> {
    let mut statement = connection.prepare_cached("DELETE FROM reader WHERE application = ? AND name = ?")?;
    statement.execute(params![application, name])?;
    Ok(())
}

pub fn put(connection: &Connection, reader: &Reader) -> Result<(), Failure> {
    let key = application::known_key(connection, &reader.application_id)?;
    let mut statement =
        connection.prepare_cached("REPLACE INTO reader (application, name, position) VALUES (?, ?, ?)")?;
    statement.execute(params![key, reader.name, reader.position.cast_signed()])?;
    Ok(())
}
