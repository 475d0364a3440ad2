//! Statements on definitions and their versions.

use foldhash::HashMap;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::store::sqlite::failure::{Failure, conflict, damaged, not_found};
use crate::store::{Definition, DefinitionWrite, Kind, Versioning};

/// Removed definitions whose revisions are remembered.
const REMOVED_MAX: usize = 10_000;

/// Which definition: the key of its application or 0, what it is, and its id.
pub struct Name<'a> {
    pub owner: i64,
    pub kind: Kind,
    pub id: &'a str,
}

/// Last revisions of definitions that were removed. One of the same name goes on counting, so that a writer who read the
/// removed one meets a conflict. In memory only: no such writer outlives the process.
#[derive(Default)]
pub struct Removed(HashMap<(i64, Kind, String), u32>);

impl Removed {
    fn revision(&self, name: &Name<'_>) -> u32 {
        self.0.get(&(name.owner, name.kind, name.id.to_owned())).copied().unwrap_or_default()
    }

    fn remember(&mut self, name: &Name<'_>, revision: u32) {
        if self.0.len() >= REMOVED_MAX {
            self.0.clear();
        }
        self.0.insert((name.owner, name.kind, name.id.to_owned()), revision);
    }
}

/// What the versions of a definition have in common.
struct Head {
    latest: u32,
    given: u32,
    revision: u32,
}

/// The columns of [`read`], of the versions that meet `version`, to be followed by a condition.
fn select(version: &str, condition: &str) -> String {
    format!(
        "SELECT head.id, version, document, creation_date, last_modified_date, revision, position
         FROM definition_head AS head CROSS JOIN definition
             ON definition.application = head.application AND definition.kind = head.kind
             AND definition.id = head.id AND version {version}
         WHERE head.application = ?1 AND head.kind = ?2 AND {condition}"
    )
}

/// One version; without a number the active one.
pub fn find(connection: &Connection, name: &Name<'_>, version: Option<u32>) -> Result<Option<Definition>, Failure> {
    let sql = select("= coalesce(?4, head.active, head.latest)", "head.id = ?3");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row(params![name.owner, name.kind as u8, name.id, version], read).optional()?)
}

/// The latest version of each, newest first.
pub fn list(
    connection: &Connection,
    owner: i64,
    kind: Kind,
    before: Option<u64>,
    definitions_max: usize,
) -> Result<Vec<Definition>, Failure> {
    let sql = select("= head.latest", "head.position < ?3 ORDER BY head.position DESC LIMIT ?4");
    let before = before.and_then(|position| i64::try_from(position).ok()).unwrap_or(i64::MAX);
    let definitions_max = i64::try_from(definitions_max).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(&sql)?;
    let definitions = statement.query_map(params![owner, kind as u8, before, definitions_max], read)?;
    Ok(definitions.collect::<Result<_, _>>()?)
}

/// The versions below `before`, highest first.
pub fn list_versions(
    connection: &Connection,
    name: &Name<'_>,
    before: Option<u32>,
    versions_max: usize,
) -> Result<Vec<Definition>, Failure> {
    let sql = select("< ?4", "head.id = ?3 ORDER BY version DESC LIMIT ?5");
    let before = before.map_or(i64::MAX, i64::from);
    let versions_max = i64::try_from(versions_max).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(&sql)?;
    let versions = statement.query_map(params![name.owner, name.kind as u8, name.id, before, versions_max], read)?;
    Ok(versions.collect::<Result<_, _>>()?)
}

/// The version that was chosen.
pub fn active(connection: &Connection, name: &Name<'_>) -> Result<Option<u32>, Failure> {
    let mut statement = connection
        .prepare_cached("SELECT active FROM definition_head WHERE application = ? AND kind = ? AND id = ?")?;
    let active = statement.query_row(params![name.owner, name.kind as u8, name.id], |row| row.get(0)).optional()?;
    Ok(active.flatten())
}

/// Chooses the active version.
pub fn set_active(connection: &Connection, name: &Name<'_>, version: Option<u32>) -> Result<(), Failure> {
    let is_there = match version {
        Some(_) => find(connection, name, version)?.is_some(),
        None => head(connection, name)?.is_some(),
    };
    if !is_there {
        return Err(not_found(name.kind.as_str(), name.id));
    }
    connection
        .prepare_cached("UPDATE definition_head SET active = ?4 WHERE application = ?1 AND kind = ?2 AND id = ?3")?
        .execute(params![name.owner, name.kind as u8, name.id, version])?;
    Ok(())
}

/// Adds a version whatever there is, and returns its number.
pub fn add(
    connection: &Connection,
    removed: &Removed,
    name: &Name<'_>,
    document: &str,
    now: &str,
) -> Result<u32, Failure> {
    let head = head(connection, name)?;
    insert(connection, removed, name, head.as_ref(), document, now)
}

/// Writes if nobody else has written since.
pub fn write(
    connection: &Connection,
    removed: &Removed,
    owner: i64,
    write: &DefinitionWrite,
) -> Result<Definition, Failure> {
    let DefinitionWrite { kind, id, document, versioning, after, now } = write;
    let name = &Name { owner, kind: *kind, id };
    let head = head(connection, name)?;
    if head.as_ref().map(|head| head.revision) != *after {
        return Err(conflict(kind.as_str(), id));
    }
    let version = match (versioning, head) {
        (Versioning::Latest, Some(head)) => {
            replace(connection, name, head.latest, document, now)?;
            head.latest
        }
        (Versioning::Next | Versioning::Latest, head) => {
            insert(connection, removed, name, head.as_ref(), document, now)?
        }
    };
    find(connection, name, Some(version))?.ok_or_else(|| damaged(format!("{} `{id}` has no head", kind.as_str())))
}

/// Removes one version, and with the last one the definition.
pub fn delete(connection: &Connection, removed: &mut Removed, name: &Name<'_>, version: u32) -> Result<bool, Failure> {
    let Some(head) = head(connection, name)? else { return Ok(false) };
    let (kind, revision) = (name.kind as u8, head.revision + 1);
    let deleted = connection.execute(
        "DELETE FROM definition WHERE application = ? AND kind = ? AND id = ? AND version = ?",
        params![name.owner, kind, name.id, version],
    )?;
    if deleted == 0 {
        return Ok(false);
    }
    if name.kind == Kind::Segment {
        connection.execute(
            "DELETE FROM segment_members WHERE application = ? AND id = ? AND version = ?",
            params![name.owner, name.id, version],
        )?;
    }
    let latest: Option<u32> = connection.query_row(
        "SELECT max(version) FROM definition WHERE application = ? AND kind = ? AND id = ?",
        params![name.owner, kind, name.id],
        |row| row.get(0),
    )?;
    match latest {
        None => {
            removed.remember(name, revision);
            delete_head(connection, name)?;
        }
        Some(latest) => {
            connection.execute(
                "UPDATE definition_head SET latest = ?4, active = nullif(active, ?5), revision = ?6
                 WHERE application = ?1 AND kind = ?2 AND id = ?3",
                params![name.owner, kind, name.id, latest, version, revision],
            )?;
        }
    }
    Ok(true)
}

/// Removes all versions.
pub fn delete_all(connection: &Connection, removed: &mut Removed, name: &Name<'_>) -> Result<bool, Failure> {
    let Some(head) = head(connection, name)? else { return Ok(false) };
    connection.execute(
        "DELETE FROM definition WHERE application = ? AND kind = ? AND id = ?",
        params![name.owner, name.kind as u8, name.id],
    )?;
    if name.kind == Kind::Segment {
        connection
            .execute("DELETE FROM segment_members WHERE application = ? AND id = ?", params![name.owner, name.id])?;
    }
    removed.remember(name, head.revision + 1);
    delete_head(connection, name)?;
    Ok(true)
}

fn head(connection: &Connection, name: &Name<'_>) -> Result<Option<Head>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT latest, given, revision FROM definition_head WHERE application = ? AND kind = ? AND id = ?",
    )?;
    let read = |row: &Row<'_>| Ok(Head { latest: row.get(0)?, given: row.get(1)?, revision: row.get(2)? });
    Ok(statement.query_row(params![name.owner, name.kind as u8, name.id], read).optional()?)
}

fn delete_head(connection: &Connection, name: &Name<'_>) -> Result<(), Failure> {
    connection.execute(
        "DELETE FROM definition_head WHERE application = ? AND kind = ? AND id = ?",
        params![name.owner, name.kind as u8, name.id],
    )?;
    Ok(())
}

fn insert(
    connection: &Connection,
    removed: &Removed,
    name: &Name<'_>,
    head: Option<&Head>,
    document: &str,
    now: &str,
) -> Result<u32, Failure> {
    let kind = name.kind as u8;
    let version = head.map_or(1, |head| head.given + 1);
    connection
        .prepare_cached(
            "INSERT INTO definition (application, kind, id, version, document, creation_date, last_modified_date)
             VALUES (?1, ?2, ?3, ?4, ?5, ifnull((
                 SELECT creation_date FROM definition WHERE application = ?1 AND kind = ?2 AND id = ?3 AND version = ?7
             ), ?6), ?6)",
        )?
        .execute(params![name.owner, kind, name.id, version, document, now, head.map(|head| head.latest)])?;
    if head.is_some() {
        connection
            .prepare_cached(
                "UPDATE definition_head SET latest = ?4, given = ?4, revision = revision + 1
                 WHERE application = ?1 AND kind = ?2 AND id = ?3",
            )?
            .execute(params![name.owner, kind, name.id, version])?;
    } else {
        connection
            .prepare_cached(
                "INSERT INTO definition_head (application, kind, id, latest, given, revision)
                 VALUES (?1, ?2, ?3, ?4, ?4, ?5)",
            )?
            .execute(params![name.owner, kind, name.id, version, removed.revision(name) + 1])?;
    }
    Ok(version)
}

fn replace(connection: &Connection, name: &Name<'_>, version: u32, document: &str, now: &str) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "UPDATE definition SET document = ?5, last_modified_date = ?6
             WHERE application = ?1 AND kind = ?2 AND id = ?3 AND version = ?4",
        )?
        .execute(params![name.owner, name.kind as u8, name.id, version, document, now])?;
    connection
        .prepare_cached(
            "UPDATE definition_head SET revision = revision + 1 WHERE application = ? AND kind = ? AND id = ?",
        )?
        .execute(params![name.owner, name.kind as u8, name.id])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Definition> {
    Ok(Definition {
        id: row.get(0)?,
        version: row.get(1)?,
        document: row.get(2)?,
        creation_date: row.get(3)?,
        last_modified_date: row.get(4)?,
        revision: row.get(5)?,
        position: row.get::<_, i64>(6)?.cast_unsigned(),
    })
}
