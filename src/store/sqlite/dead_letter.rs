//! Dead letters in SQLite.

use std::io::{Read, Write};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::failure::{Failure, conflict, damaged, not_found};
use super::ledger::{batch_key, known_activity_key, put_batch, read_batch, time};
use super::writer::Size;
use super::{Sqlite, ledger};
use crate::domain::{ActivityId, ApplicationId, CampaignId, TreatmentId};
use crate::store::dead_letter::{dropped, held_members, redriven};
use crate::store::{
    ActivityState, BatchRow, Call, DeadLetter, DeadLetterStore, Error, Held, LetterAttempt, LetterState, Letters,
    Released,
};

/// The columns of [`read_letter`], to be followed by a condition. Letters of a removed application are not joined to one.
const SELECT: &str = "SELECT dead_letter.key, application.id, campaign, treatment, activity.id, dead_letter.state,
     function, held_at, changed_at, members, redrives, error, attempts
     FROM dead_letter JOIN activity ON activity.key = dead_letter.key >> 32
     JOIN application ON application.key = activity.application ";

impl DeadLetterStore for Sqlite {
    fn hold_batch(&self, activity: &ActivityId, row: BatchRow, held: Held) -> Call<'_, ()> {
        let activity = activity.clone();
        Box::pin(async move {
            // Of a few megabytes, this takes a while.
            let Held { function, error, attempts, request } = held;
            let event = tokio::task::spawn_blocking(move || pack(&request)).await.map_err(|_| Error::Closed)?;
            let letter = Letter { function, error, attempts, event };
            self.write("hold a batch", Size::Small, move |session| {
                let key = known_activity_key(&session.connection, &activity)?;
                put_batch(&session.connection, key, &row)?;
                put_letter(&session.connection, batch_key(key, row.index), &row, letter)
            })
            .await
        })
    }

    fn dead_letters(&self, of: Letters, after: Option<u64>, letters_max: usize) -> Call<'_, Vec<DeadLetter>> {
        self.read("read dead letters", move |connection| {
            let mut first = after.map_or(0, |after| i64::try_from(after).unwrap_or(i64::MAX).saturating_add(1));
            let mut last = i64::MAX;
            if let Some(activity) = &of.activity {
                let Some(key) = ledger::activity_key(connection, activity)? else { return Ok(Vec::new()) };
                (first, last) = (first.max(batch_key(key, 0)), batch_key(key, u32::MAX));
            }
            let mut statement = connection.prepare_cached(&format!(
                "{SELECT} WHERE dead_letter.key BETWEEN ?1 AND ?2 AND (?3 IS NULL OR dead_letter.state = ?3)
                 AND (?4 IS NULL OR campaign = ?4) ORDER BY dead_letter.key LIMIT ?5"
            ))?;
            let letters_max = i64::try_from(letters_max).unwrap_or(i64::MAX);
            let (state, campaign) = (of.state.map(|state| state as u8), of.campaign.as_ref().map(CampaignId::as_str));
            let mut rows = statement.query(params![first, last, state, campaign, letters_max])?;
            let mut letters = Vec::new();
            while let Some(row) = rows.next()? {
                letters.push(read_letter(row)?);
            }
            Ok(letters)
        })
    }

    fn dead_letter(&self, activity: &ActivityId, batch: u32) -> Call<'_, Option<DeadLetter>> {
        let activity = activity.clone();
        self.read("read a dead letter", move |connection| {
            let Some(key) = ledger::activity_key(connection, &activity)? else { return Ok(None) };
            let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE dead_letter.key = ?"))?;
            let mut rows = statement.query([batch_key(key, batch)])?;
            rows.next()?.map(read_letter).transpose()
        })
    }

    fn dead_letter_request(&self, activity: &ActivityId, batch: u32) -> Call<'_, Option<Bytes>> {
        let activity = activity.clone();
        self.read("read the request of a dead letter", move |connection| {
            let Some(key) = ledger::activity_key(connection, &activity)? else { return Ok(None) };
            let mut statement = connection.prepare_cached("SELECT event FROM dead_letter_request WHERE key = ?")?;
            let packed: Option<Vec<u8>> = statement.query_row([batch_key(key, batch)], |row| row.get(0)).optional()?;
            packed.map(|packed| unpack(&packed)).transpose()
        })
    }

    fn held_batches(&self) -> Call<'_, u64> {
        self.read("count held batches", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT count(*) FROM dead_letter JOIN activity ON activity.key = dead_letter.key >> 32
                 JOIN application ON application.key = activity.application WHERE dead_letter.state = ?",
            )?;
            let held: i64 = statement.query_row([LetterState::Held as u8], |row| row.get(0))?;
            Ok(held.cast_unsigned())
        })
    }

    fn redrive_batches(&self, activity: &ActivityId, batches: Option<Vec<u32>>, at: Timestamp) -> Call<'_, Released> {
        let id = activity.clone();
        self.write("redrive batches", Size::Bulk, move |session| {
            let connection = &session.connection;
            let key = known_activity_key(connection, &id)?;
            let state: u8 = connection
                .prepare_cached("SELECT state FROM activity WHERE key = ?")?
                .query_row([key], |row| row.get(0))?;
            if state == ActivityState::Cancelled as u8 {
                return Err(conflict("activity", id.as_str()));
            }
            let released = release(connection, &id, key, batches, LetterState::Redriven, at, |row| redriven(row, at))?;
            if !released.batches.is_empty() {
                connection
                    .prepare_cached(
                        "UPDATE activity SET state = ?, ended_at = NULL, failure = NULL WHERE key = ? AND state <> ?",
                    )?
                    .execute(params![ActivityState::Running as u8, key, ActivityState::Paused as u8])?;
            }
            Ok(released)
        })
    }

    fn drop_batches(
        &self,
        activity: &ActivityId,
        batches: Option<Vec<u32>>,
        reason: String,
        at: Timestamp,
    ) -> Call<'_, Released> {
        let id = activity.clone();
        self.write("drop batches", Size::Bulk, move |session| {
            let connection = &session.connection;
            let key = known_activity_key(connection, &id)?;
            let drop = |row| dropped(row, &reason);
            let released = release(connection, &id, key, batches, LetterState::Dropped, at, drop)?;
            if !released.batches.is_empty() {
                connection
                    .prepare_cached("UPDATE activity SET ended_at = max(ended_at, ?) WHERE key = ? AND state = ?")?
                    .execute(params![at.as_microsecond(), key, ActivityState::Completed as u8])?;
            }
            Ok(released)
        })
    }
}

/// Held batches leave their state: rows become what `change` makes of them, letters get `state` and lose their requests.
fn release(
    connection: &Connection,
    id: &ActivityId,
    activity: i64,
    batches: Option<Vec<u32>>,
    state: LetterState,
    at: Timestamp,
    change: impl Fn(BatchRow) -> Result<BatchRow, Error>,
) -> Result<Released, Failure> {
    let mut batches = match batches {
        Some(batches) => batches,
        None => held_of(connection, activity)?,
    };
    batches.sort_unstable();
    batches.dedup();
    let mut released = Released::default();
    let mut select = connection.prepare_cached(
        "SELECT batch.key, stage, fates, unknown, reasons, at FROM batch
         JOIN dead_letter USING (key) WHERE key = ? AND state = ?",
    )?;
    let mut update = connection.prepare_cached(
        "UPDATE dead_letter SET state = ?1, changed_at = ?2, redrives = redrives + (?1 = ?3) WHERE key = ?4",
    )?;
    let mut forget = connection.prepare_cached("DELETE FROM dead_letter_request WHERE key = ?")?;
    for &batch in &batches {
        let key = batch_key(activity, batch);
        let mut rows = select.query(params![key, LetterState::Held as u8])?;
        let Some(row) = rows.next()?.map(read_batch).transpose()? else {
            return Err(not_found("held batch", &format!("{id}/{batch}")));
        };
        drop(rows);
        released.endpoints += u64::from(held_members(&row).count_ones());
        put_batch(connection, activity, &change(row)?)?;
        update.execute(params![state as u8, at.as_microsecond(), LetterState::Redriven as u8, key])?;
        forget.execute([key])?;
    }
    released.batches = batches;
    Ok(released)
}

/// The held batches of an activity, ascending.
fn held_of(connection: &Connection, activity: i64) -> Result<Vec<u32>, Failure> {
    let mut statement = connection
        .prepare_cached("SELECT key FROM dead_letter WHERE state = ? AND key BETWEEN ? AND ? ORDER BY key")?;
    let (first, last) = (batch_key(activity, 0), batch_key(activity, u32::MAX));
    let keys = statement.query_map(params![LetterState::Held as u8, first, last], |row| row.get::<_, i64>(0))?;
    // The upper half is the activity's.
    Ok(keys.map(|key| key.map(|key| key as u32)).collect::<Result<_, _>>()?)
}

/// What is written of a letter.
struct Letter {
    function: String,
    error: String,
    attempts: Vec<LetterAttempt>,
    /// Packed.
    event: Option<Vec<u8>>,
}

fn put_letter(connection: &Connection, key: i64, row: &BatchRow, letter: Letter) -> Result<(), Failure> {
    let earlier: Option<(u32, String)> = connection
        .prepare_cached("SELECT redrives, attempts FROM dead_letter WHERE key = ?")?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (redrives, mut attempts) = match earlier {
        Some((redrives, attempts)) => (redrives, read_attempts(&attempts)?),
        None => (0, Vec::new()),
    };
    attempts.extend(
        letter.attempts.into_iter().map(|attempt| Attempt::of(LetterAttempt { round: redrives + 1, ..attempt })),
    );
    let attempts = serde_json::to_string(&attempts).expect("numbers and text are JSON");
    connection
        .prepare_cached(
            "REPLACE INTO dead_letter (key, state, function, held_at, changed_at, members, redrives, error, attempts)
             VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            key,
            LetterState::Held as u8,
            letter.function,
            row.at.as_microsecond(),
            held_members(row).cast_signed(),
            redrives,
            letter.error,
            attempts
        ])?;
    connection.prepare_cached("DELETE FROM dead_letter_request WHERE key = ?")?.execute([key])?;
    if let Some(event) = letter.event {
        let insert = "INSERT INTO dead_letter_request (key, event) VALUES (?, ?)";
        connection.prepare_cached(insert)?.execute(params![key, event])?;
    }
    Ok(())
}

/// Gives each batch that an older release put aside its letter. What was sent, when and where to, is not known of these.
pub fn write_missing(connection: &Connection) -> Result<(), Failure> {
    let mut statement = connection
        .prepare("SELECT key, stage, fates, unknown, reasons, at FROM batch WHERE instr(fates, x'06') > 0")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (key, row) = (row.get::<_, i64>(0)?, read_batch(row)?);
        let error = "an older release held the batch; `pinwheel activity show` has the reason".to_owned();
        let letter = Letter { function: String::new(), error, attempts: Vec::new(), event: None };
        put_letter(connection, key, &row, letter)?;
    }
    Ok(())
}

fn read_letter(row: &Row<'_>) -> Result<DeadLetter, Failure> {
    let key: i64 = row.get(0)?;
    let state = match row.get(5)? {
        1 => LetterState::Held,
        2 => LetterState::Redriven,
        3 => LetterState::Dropped,
        other => return Err(damaged(format!("there is no state {other} of dead letters"))),
    };
    let attempts = row.get_ref(12)?.as_str().map_err(rusqlite::Error::from)?;
    Ok(DeadLetter {
        position: key.cast_unsigned(),
        application_id: ApplicationId::new(row.get::<_, String>(1)?),
        campaign_id: CampaignId::new(row.get::<_, String>(2)?),
        treatment_id: TreatmentId::new(row.get::<_, String>(3)?),
        activity_id: ActivityId::new(row.get::<_, String>(4)?),
        // The upper half is the activity's.
        batch: key as u32,
        state,
        function: row.get(6)?,
        held_at: time(row.get(7)?)?,
        changed_at: time(row.get(8)?)?,
        members: row.get::<_, i64>(9)?.cast_unsigned(),
        redrives: row.get(10)?,
        error: row.get(11)?,
        attempts: read_attempts(attempts)?.into_iter().map(Attempt::read).collect::<Result<_, _>>()?,
    })
}

/// An attempt as it is stored.
#[derive(Deserialize, Serialize)]
struct Attempt {
    round: u32,
    at: i64,
    latency_us: u64,
    kind: String,
    error: String,
}

impl Attempt {
    fn of(attempt: LetterAttempt) -> Self {
        let LetterAttempt { round, at, latency, kind, error } = attempt;
        let latency_us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        Self { round, at: at.as_microsecond(), latency_us, kind, error }
    }

    fn read(self) -> Result<LetterAttempt, Failure> {
        let Self { round, at, latency_us, kind, error } = self;
        Ok(LetterAttempt { round, at: time(at)?, latency: Duration::from_micros(latency_us), kind, error })
    }
}

fn read_attempts(json: &str) -> Result<Vec<Attempt>, Failure> {
    serde_json::from_str(json).map_err(|error| damaged(format!("attempts of a dead letter: {error}")))
}

/// `None` for nothing.
fn pack(event: &[u8]) -> Option<Vec<u8>> {
    if event.is_empty() {
        return None;
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(event).and_then(|()| encoder.finish()).map(Some).expect("memory takes any bytes")
}

fn unpack(packed: &[u8]) -> Result<Bytes, Failure> {
    let mut event = Vec::new();
    let read = ZlibDecoder::new(packed).read_to_end(&mut event);
    read.map_err(|error| damaged(format!("the request of a dead letter is not readable: {error}")))?;
    Ok(event.into())
}
