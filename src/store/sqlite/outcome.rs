//! Outcomes in SQLite. What notes them is called within the writes that settle fates, before those change anything.

use rusqlite::{Connection, OptionalExtension, params};

use super::failure::Failure;
use super::writer::Size;
use super::{Sqlite, application};
use crate::domain::{ActivityId, ApplicationId, Fate};
use crate::store::outcome::EVENT_STREAM;
use crate::store::{
    Activity, ActivityState, BatchRow, Call, Frozen, Lag, LetterState, Outcome, OutcomeStore, Settled, Stage,
};

/// `members` of rows without a batch.
const AT_BEGIN: i64 = 0;
const BY_CANCELLING: i64 = 1;
/// Outcomes forgotten in one write: some milliseconds.
const FORGOTTEN_AT_ONCE: usize = 2_000;

impl OutcomeStore for Sqlite {
    fn begin_stream(&self, application: &ApplicationId) -> Call<'_, ()> {
        let application = application.clone();
        Box::pin(async move {
            self.end_stream(&application).await?;
            let begun = self.write("begin an event stream", Size::Small, move |session| {
                let connection = &session.connection;
                let key = application::known_key(connection, &application)?;
                // Positions of all applications count as one, and are given once.
                connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO reader (application, name, position)
                         VALUES (?, ?, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0))",
                    )?
                    .execute(params![key, EVENT_STREAM])?;
                Ok(())
            });
            begun.await
        })
    }

    fn end_stream(&self, application: &ApplicationId) -> Call<'_, ()> {
        let application = application.clone();
        Box::pin(async move {
            loop {
                let application = application.clone();
                let step = self.write("end an event stream", Size::Bulk, move |session| {
                    match application::key(&session.connection, &application)? {
                        Some(key) => forget(&session.connection, key),
                        None => Ok(true),
                    }
                });
                if step.await? {
                    return Ok(());
                }
            }
        })
    }

    fn advance_stream(&self, application: &ApplicationId, from: u64, to: u64) -> Call<'_, ()> {
        let application = application.clone();
        self.write("write how far an event stream is", Size::Small, move |session| {
            let Some(key) = application::key(&session.connection, &application)? else { return Ok(()) };
            session
                .connection
                .prepare_cached("UPDATE reader SET position = ? WHERE application = ? AND name = ? AND position = ?")?
                .execute(params![as_sql(to), key, EVENT_STREAM, as_sql(from)])?;
            Ok(())
        })
    }

    fn outcomes_after(&self, application: &ApplicationId, after: u64, outcomes_max: usize) -> Call<'_, Vec<Outcome>> {
        let application = application.clone();
        self.read("read outcomes", move |connection| {
            let Some(key) = application::key(connection, &application)? else { return Ok(Vec::new()) };
            let mut statement = connection.prepare_cached(
                "SELECT position, activity.id, batch, members FROM outcome INDEXED BY outcome_of_application
                 JOIN activity ON activity.key = outcome.activity
                 WHERE outcome.application = ? AND position > ? ORDER BY position LIMIT ?",
            )?;
            let outcomes_max = i64::try_from(outcomes_max).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![key, as_sql(after), outcomes_max])?;
            let mut outcomes = Vec::new();
            while let Some(row) = rows.next()? {
                let members: i64 = row.get(3)?;
                outcomes.push(Outcome {
                    position: row.get::<_, i64>(0)?.cast_unsigned(),
                    activity_id: ActivityId::new(row.get::<_, String>(1)?),
                    settled: match row.get::<_, Option<u32>>(2)? {
                        Some(index) => Settled::InBatch { index, members: members.cast_unsigned() },
                        None if members == BY_CANCELLING => Settled::ByCancelling,
                        None => Settled::AtBegin,
                    },
                });
            }
            Ok(outcomes)
        })
    }

    fn delete_outcomes_through(&self, application: &ApplicationId, position: u64) -> Call<'_, ()> {
        let application = application.clone();
        self.write("delete outcomes", Size::Small, move |session| {
            let Some(key) = application::key(&session.connection, &application)? else { return Ok(()) };
            session
                .connection
                .prepare_cached("DELETE FROM outcome WHERE application = ? AND position <= ?")?
                .execute(params![key, as_sql(position)])?;
            Ok(())
        })
    }

    fn stream_lag(&self, application: &ApplicationId, rows_max: u64) -> Call<'_, Lag> {
        let application = application.clone();
        self.read("count what an event stream has yet to tell", move |connection| {
            let Some(key) = application::key(connection, &application)? else { return Ok(Lag::default()) };
            let count = |sql: &str| -> Result<u64, Failure> {
                let mut statement = connection.prepare_cached(sql)?;
                let counted: i64 =
                    statement.query_row(params![key, EVENT_STREAM, as_sql(rows_max)], |row| row.get(0))?;
                Ok(counted.cast_unsigned())
            };
            Ok(Lag {
                events: count(
                    "SELECT count(*) FROM (
                         SELECT 1 FROM event INDEXED BY event_of_application WHERE application = ?1 AND position > (
                             SELECT position FROM reader WHERE application = ?1 AND name = ?2
                         ) LIMIT ?3
                     )",
                )?,
                outcomes: count(
                    "SELECT count(*) FROM (
                         SELECT 1 FROM outcome WHERE application = ?1 AND ?2 IS NOT NULL LIMIT ?3
                     )",
                )?,
            })
        })
    }
}

/// Forgets some of what an event stream has not told, and the reader with the last of it; whether that is done.
fn forget(connection: &Connection, application: i64) -> Result<bool, Failure> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM outcome WHERE position IN (SELECT position FROM outcome WHERE application = ? LIMIT ?)",
    )?;
    if statement.execute(params![application, FORGOTTEN_AT_ONCE as i64])? == FORGOTTEN_AT_ONCE {
        return Ok(false);
    }
    connection
        .prepare_cached("DELETE FROM reader WHERE application = ? AND name = ?")?
        .execute(params![application, EVENT_STREAM])?;
    Ok(true)
}

/// Notes whose fates are settled as an activity begins.
pub fn note_begun(connection: &Connection, key: i64, activity: &Activity, frozen: &Frozen) -> Result<(), Failure> {
    let is_told = frozen.settled.iter().any(|(fate, members)| fate.send_status().is_some() && !members.is_empty());
    if activity.is_streamed && is_told { insert(connection, key, None, AT_BEGIN) } else { Ok(()) }
}

/// Notes that an activity is being cancelled, unless it was before.
pub fn note_cancelled(connection: &Connection, activity: &Activity) -> Result<(), Failure> {
    if activity.state != ActivityState::Cancelled || !activity.is_streamed {
        return Ok(());
    }
    let mut statement = connection.prepare_cached("SELECT key FROM activity WHERE id = ? AND state <> ?")?;
    let found =
        statement.query_row(params![activity.id.as_str(), activity.state as u8], |row| row.get(0)).optional()?;
    found.map_or(Ok(()), |key| insert(connection, key, None, BY_CANCELLING))
}

/// Notes whose fates a batch's row settles that is about to replace the one that is there.
pub fn note_batch(connection: &Connection, activity: i64, key: i64, row: &BatchRow) -> Result<(), Failure> {
    if row.stage != Stage::Done || !is_streamed(connection, activity)? {
        return Ok(());
    }
    let mut statement = connection.prepare_cached("SELECT stage, fates FROM batch WHERE key = ?")?;
    let before: Option<(u8, Vec<u8>)> = statement.query_row([key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let members = match before {
        None => places(row, |_, _| true),
        Some((stage, fates)) if stage == Stage::Done as u8 => {
            places(row, |place, status| status_of(fates.get(place).copied().unwrap_or_default()) != Some(status))
        }
        // Of a redriven batch, all but those who were held were told before.
        Some(_) => {
            let mut statement =
                connection.prepare_cached("SELECT members FROM dead_letter WHERE key = ? AND state = ?")?;
            let redriven: Option<i64> =
                statement.query_row(params![key, LetterState::Redriven as u8], |row| row.get(0)).optional()?;
            places(row, |_, _| true) & redriven.map_or(u64::MAX, i64::cast_unsigned)
        }
    };
    if members == 0 { Ok(()) } else { insert(connection, activity, Some(row.index), members.cast_signed()) }
}

fn is_streamed(connection: &Connection, activity: i64) -> Result<bool, Failure> {
    let mut statement = connection.prepare_cached("SELECT is_streamed FROM activity WHERE key = ?")?;
    Ok(statement.query_row([activity], |row| row.get(0))?)
}

/// Without a stream there is nobody to tell.
fn insert(connection: &Connection, activity: i64, batch: Option<u32>, members: i64) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "INSERT INTO outcome (application, activity, batch, members)
             SELECT activity.application, key, ?2, ?3 FROM activity
             JOIN reader ON reader.application = activity.application AND name = ?4 WHERE key = ?1",
        )?
        .execute(params![activity, batch, members, EVENT_STREAM])?;
    Ok(())
}

/// The places of a row whose fates have a status that is wanted.
fn places(row: &BatchRow, is_wanted: impl Fn(usize, &'static str) -> bool) -> u64 {
    let found = row.fates.iter().enumerate().filter_map(|(place, &byte)| Some((place, status_of(byte)?)));
    found.filter(|&(place, status)| is_wanted(place, status)).fold(0, |members, (place, _)| members | 1 << place)
}

fn status_of(byte: u8) -> Option<&'static str> {
    Fate::from_byte(byte)?.send_status()
}

fn as_sql(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}
