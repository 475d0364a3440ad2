//! Statements that write events.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::day;
use super::recent::Identity;
use crate::store::Event;
use crate::store::sqlite::display;
use crate::store::sqlite::failure::Failure;
use crate::store::sqlite::writer::Session;

/// Events removed in one write: some milliseconds.
const DELETED_AT_ONCE: usize = 2_000;

/// Keeps the events that are new, and says which are.
pub fn append(
    session: &mut Session,
    application: i64,
    events: &[Event],
    arrived_at: Timestamp,
) -> Result<Vec<bool>, Failure> {
    let Session { connection, recent, .. } = session;
    recent.prepare(connection, events.len(), arrived_at)?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO event (application, endpoint_id, id, event_type, day, at, arrived_at, document)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let mut are_new = Vec::with_capacity(events.len());
    for event in events {
        let identity = Identity::new(application, &event.endpoint_id, &event.id);
        let is_new = !recent.holds(connection, &identity, arrived_at)?;
        if is_new {
            insert.execute(params![
                application,
                event.endpoint_id,
                event.id,
                event.event_type,
                day(event.at),
                event.at.as_microsecond(),
                arrived_at.as_microsecond(),
                event.document
            ])?;
            let position = connection.last_insert_rowid();
            recent.add(connection, &identity, position, arrived_at)?;
            display::add(connection, application, event, position, arrived_at)?;
        }
        are_new.push(is_new);
    }
    Ok(are_new)
}

/// Removes some events that arrived before that moment, and says how many.
pub fn delete_before(connection: &Connection, moment: Timestamp) -> Result<u64, Failure> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM event WHERE position IN (
             SELECT position FROM event WHERE arrived_at < ? ORDER BY arrived_at LIMIT ?
         )",
    )?;
    Ok(statement.execute(params![moment.as_microsecond(), DELETED_AT_ONCE as i64])? as u64)
}
