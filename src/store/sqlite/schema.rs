//! The schema of the file, and how an older one is brought up to date.

use std::path::Path;

use rusqlite::{Connection, params};

use super::dead_letter;
use super::failure::Failure;
use crate::store::names::{Groups, Names};
use crate::store::{AttributeGroup, Error};
use crate::wire;

/// Steps of the schema; the file's `user_version` counts those done. Released steps never change.
const STEPS: &[Step] = &[
    Step { statements: include_str!("schema/1.sql"), then: |_| Ok(()) },
    Step { statements: include_str!("schema/2.sql"), then: learn_groups_of_names },
    Step { statements: include_str!("schema/3.sql"), then: dead_letter::write_missing },
    Step { statements: include_str!("schema/4.sql"), then: |_| Ok(()) },
];
/// The schema this release works with.
const SCHEMA_VERSION: u32 = STEPS.len() as u32;

struct Step {
    statements: &'static str,
    /// What SQL cannot do.
    then: fn(&Connection) -> Result<(), Failure>,
}

/// Checks that the file has the schema of this release, without changing it.
pub fn check(connection: &Connection, path: &Path) -> Result<(), Error> {
    let found = version(connection, path).map_err(|failure| failure.during("read the schema version"))?;
    if found < SCHEMA_VERSION {
        return Err(Error::OlderSchema { path: path.display().to_string(), found, needed: SCHEMA_VERSION });
    }
    Ok(())
}

/// Does the steps that are missing.
pub fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Failure> {
    let found = version(connection, path)?;
    migrate_to(connection, found, SCHEMA_VERSION)
}

fn migrate_to(connection: &mut Connection, from: u32, to: u32) -> Result<(), Failure> {
    for (version, step) in (1..=to).zip(STEPS).skip(from as usize) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step.statements)?;
        (step.then)(&transaction)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Makes a file of an older release.
#[cfg(test)]
pub fn create_old(path: &Path, version: u32) -> Connection {
    let mut connection = Connection::open(path).unwrap();
    migrate_to(&mut connection, 0, version).unwrap();
    connection
}

fn version(connection: &Connection, path: &Path) -> Result<u32, Failure> {
    let found = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > SCHEMA_VERSION {
        let path = path.display().to_string();
        return Err(Error::NewerSchema { path, found, known: SCHEMA_VERSION }.into());
    }
    Ok(found)
}

/// Reads all endpoints to see where each attribute name is in use. A name that no endpoint has any more stays in all
/// groups, so that it can be removed from any.
fn learn_groups_of_names(connection: &Connection) -> Result<(), Failure> {
    let mut statement = connection.prepare("SELECT key, document FROM endpoint ORDER BY key")?;
    let mut rows = statement.query([])?;
    let (mut application, mut names) = (0, Names::default());
    while let Some(row) = rows.next()? {
        let owner = row.get::<_, i64>(0)? >> 32;
        if owner != application {
            save_groups(connection, application, &std::mem::take(&mut names))?;
            application = owner;
        }
        // A document that cannot be read is reported when somebody asks for it.
        let Ok(view) = wire::endpoint::View::read(row.get_ref(1)?.as_bytes().map_err(rusqlite::Error::from)?) else {
            continue;
        };
        let of_endpoint = view.attributes.keys().map(|name| (AttributeGroup::Endpoint, name));
        let of_user = view.user.attributes.keys().map(|name| (AttributeGroup::User, name));
        let metrics = view.metrics.keys().map(|name| (AttributeGroup::Metric, name));
        for (group, name) in of_endpoint.chain(of_user).chain(metrics) {
            match names.get_mut(name.as_str()) {
                Some(groups) => groups.enter(group),
                None => names.entry(name.as_str().to_owned()).or_insert_with(Groups::default).enter(group),
            }
        }
    }
    save_groups(connection, application, &names)
}

fn save_groups(connection: &Connection, application: i64, names: &Names) -> Result<(), Failure> {
    for (name, groups) in names {
        connection
            .prepare_cached("UPDATE attribute_name SET found_in = ? WHERE application = ? AND name = ?")?
            .execute(params![groups.bits(), application, name])?;
    }
    Ok(())
}
