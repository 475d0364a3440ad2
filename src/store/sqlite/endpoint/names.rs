//! Statements on attribute names.

use rusqlite::{Connection, params};

use crate::store::names::{Groups, Names};
use crate::store::sqlite::failure::Failure;

/// All names of the application.
pub fn all(connection: &Connection, application: i64) -> Result<Names, Failure> {
    let mut statement = connection.prepare_cached("SELECT name, found_in FROM attribute_name WHERE application = ?")?;
    let names = statement.query_map([application], |row| Ok((row.get(0)?, Groups::from_bits(row.get(1)?))))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// Saves where a name is in use; one that is nowhere is removed.
pub fn put(connection: &Connection, application: i64, name: &str, groups: Groups) -> Result<(), Failure> {
    if groups.is_empty() {
        connection
            .prepare_cached("DELETE FROM attribute_name WHERE application = ? AND name = ?")?
            .execute(params![application, name])?;
    } else {
        connection
            .prepare_cached("REPLACE INTO attribute_name (application, name, found_in) VALUES (?, ?, ?)")?
            .execute(params![application, name, groups.bits()])?;
    }
    Ok(())
}
