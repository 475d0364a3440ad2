//! The ledger in SQLite.

use jiff::Timestamp;
use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::failure::{Failure, damaged, not_found};
use super::writer::Size;
use super::{Sqlite, application, bitmap_from_bytes, bitmap_to_bytes, outcome, place};
use crate::domain::{ActivityId, ApplicationId, CampaignId, Fate, TreatmentId};
use crate::store::{Activity, ActivityState, BatchRow, Call, Frozen, LedgerStore, Reader, Stage, Wave};

/// The columns of [`read_activity`], to be followed by a condition. Definitions are large, and activities that are over many.
const LIST_ACTIVITIES: &str = "SELECT activity.id, application.id, campaign, campaign_version, treatment, state,
     scheduled_start, started_at, ended_at, failure, CASE WHEN state IN (1, 4) THEN definition END, is_streamed
     FROM activity JOIN application ON application.key = activity.application ";

/// The same of one.
const SELECT_ACTIVITY: &str = "SELECT activity.id, application.id, campaign, campaign_version, treatment, state,
     scheduled_start, started_at, ended_at, failure, definition, is_streamed
     FROM activity JOIN application ON application.key = activity.application WHERE activity.id = ?";

impl LedgerStore for Sqlite {
    fn create_activities(&self, activities: Vec<(Activity, Frozen)>, reader: Option<Reader>) -> Call<'_, ()> {
        self.write("create activities", Size::Small, move |session| {
            for (activity, frozen) in activities {
                let key = insert_activity(&session.connection, &activity)?;
                insert_audience(&session.connection, key, &frozen)?;
                outcome::note_begun(&session.connection, key, &activity, &frozen)?;
            }
            reader.map_or(Ok(()), |reader| place::put(&session.connection, &reader))
        })
    }

    fn activity(&self, id: &ActivityId) -> Call<'_, Option<Activity>> {
        let id = id.clone();
        self.read("read an activity", move |connection| {
            let mut statement = connection.prepare_cached(SELECT_ACTIVITY)?;
            let mut rows = statement.query([id.as_str()])?;
            rows.next()?.map(read_activity).transpose()
        })
    }

    fn activities(&self, application: &ApplicationId, campaign: &CampaignId) -> Call<'_, Vec<Activity>> {
        let (application, campaign) = (application.clone(), campaign.clone());
        self.read("read the activities of a campaign", move |connection| {
            let Some(application) = application::key(connection, &application)? else { return Ok(Vec::new()) };
            let condition = "WHERE activity.application = ? AND campaign = ? ORDER BY activity.key DESC";
            read_activities(connection, condition, &[&application, &campaign.as_str()])
        })
    }

    fn open_activities(&self, application: &ApplicationId, campaign: &CampaignId) -> Call<'_, Vec<Activity>> {
        let (application, campaign) = (application.clone(), campaign.clone());
        self.read("read the open activities of a campaign", move |connection| {
            let Some(application) = application::key(connection, &application)? else { return Ok(Vec::new()) };
            // By the index of states: of the campaign's activities most are over.
            let condition = "WHERE state IN (1, 4) AND +activity.application = ? AND +campaign = ?
                 ORDER BY +activity.key DESC";
            read_activities(connection, condition, &[&application, &campaign.as_str()])
        })
    }

    fn activities_in_state(&self, state: ActivityState) -> Call<'_, Vec<Activity>> {
        self.read("read activities", move |connection| {
            read_activities(connection, "WHERE state = ? ORDER BY activity.key", &[&(state as u8)])
        })
    }

    fn activities_since(&self, application: &ApplicationId, since: Timestamp) -> Call<'_, Vec<Activity>> {
        let application = application.clone();
        self.read("read recent activities", move |connection| {
            let Some(application) = application::key(connection, &application)? else { return Ok(Vec::new()) };
            let condition =
                "WHERE activity.application = ? AND (ended_at IS NULL OR ended_at >= ?) ORDER BY activity.key";
            read_activities(connection, condition, &[&application, &since.as_microsecond()])
        })
    }

    fn update_activity(&self, activity: Activity) -> Call<'_, ()> {
        self.write("update an activity", Size::Small, move |session| {
            outcome::note_cancelled(&session.connection, &activity)?;
            let updated = session.connection.execute(
                "UPDATE activity SET state = ?, scheduled_start = ?, started_at = ?, ended_at = ?, failure = ?
                 WHERE id = ? AND application IN (SELECT key FROM application)",
                params![
                    activity.state as u8,
                    activity.scheduled_start.as_microsecond(),
                    activity.started_at.map(Timestamp::as_microsecond),
                    activity.ended_at.map(Timestamp::as_microsecond),
                    activity.failure,
                    activity.id.as_str()
                ],
            )?;
            if updated == 0 { Err(not_found("activity", activity.id.as_str())) } else { Ok(()) }
        })
    }

    fn frozen(&self, id: &ActivityId) -> Call<'_, Frozen> {
        let id = id.clone();
        self.read("read an audience", move |connection| {
            let key = known_activity_key(connection, &id)?;
            let mut statement = connection
                .prepare_cached("SELECT fate, due, members FROM audience WHERE activity = ? ORDER BY place")?;
            let mut rows = statement.query([key])?;
            let mut frozen = Frozen::default();
            while let Some(row) = rows.next()? {
                let members = bitmap_from_bytes(row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?)?;
                match (row.get::<_, Option<u8>>(0)?, row.get::<_, Option<i64>>(1)?) {
                    (Some(byte), None) => {
                        let fate = Fate::from_byte(byte).ok_or_else(|| damaged(format!("there is no fate {byte}")))?;
                        frozen.settled.push((fate, members));
                    }
                    (None, Some(due)) => frozen.waves.push(Wave { due: time(due)?, members }),
                    _ => return Err(damaged(format!("a part of the audience of activity `{id}` is of no kind"))),
                }
            }
            Ok(frozen)
        })
    }

    fn record_batch(&self, activity: &ActivityId, row: BatchRow) -> Call<'_, ()> {
        let activity = activity.clone();
        self.write("record a batch", Size::Small, move |session| {
            let key = known_activity_key(&session.connection, &activity)?;
            put_batch(&session.connection, key, &row)
        })
    }

    fn batches(&self, activity: &ActivityId, from: u32, rows_max: usize) -> Call<'_, Vec<BatchRow>> {
        let activity = activity.clone();
        self.read("read batches", move |connection| {
            let Some(key) = activity_key(connection, &activity)? else { return Ok(Vec::new()) };
            let mut statement = connection.prepare_cached(
                "SELECT key, stage, fates, unknown, reasons, at FROM batch WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?",
            )?;
            let rows_max = i64::try_from(rows_max).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![batch_key(key, from), batch_key(key, u32::MAX), rows_max])?;
            let mut batches = Vec::new();
            while let Some(row) = rows.next()? {
                batches.push(read_batch(row)?);
            }
            Ok(batches)
        })
    }
}

fn insert_activity(connection: &Connection, activity: &Activity) -> Result<i64, Failure> {
    let application = application::known_key(connection, &activity.application_id)?;
    connection.execute(
        "INSERT INTO activity (id, application, campaign, campaign_version, treatment, state, scheduled_start,
             started_at, ended_at, failure, definition, is_streamed)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            activity.id.as_str(),
            application,
            activity.campaign_id.as_str(),
            activity.campaign_version,
            activity.treatment_id.as_str(),
            activity.state as u8,
            activity.scheduled_start.as_microsecond(),
            activity.started_at.map(Timestamp::as_microsecond),
            activity.ended_at.map(Timestamp::as_microsecond),
            activity.failure,
            activity.definition,
            activity.is_streamed
        ],
    )?;
    Ok(connection.last_insert_rowid())
}

fn insert_audience(connection: &Connection, activity: i64, frozen: &Frozen) -> Result<(), Failure> {
    let settled = frozen.settled.iter().map(|(fate, members)| (Some(fate.as_byte()), None, members));
    let waves = frozen.waves.iter().map(|wave| (None, Some(wave.due.as_microsecond()), &wave.members));
    for (place, (fate, due, members)) in (0_u32..).zip(settled.chain(waves)) {
        connection.execute(
            "INSERT INTO audience (activity, place, fate, due, members) VALUES (?, ?, ?, ?, ?)",
            params![activity, place, fate, due, bitmap_to_bytes(members)],
        )?;
    }
    Ok(())
}

/// Writes a batch's row, replacing an earlier one.
pub fn put_batch(connection: &Connection, activity: i64, row: &BatchRow) -> Result<(), Failure> {
    let key = batch_key(activity, row.index);
    outcome::note_batch(connection, activity, key, row)?;
    let mut statement = connection
        .prepare_cached("REPLACE INTO batch (key, stage, fates, unknown, reasons, at) VALUES (?, ?, ?, ?, ?, ?)")?;
    let BatchRow { stage, fates, unknown, reasons, at, .. } = row;
    statement.execute(params![key, *stage as u8, fates, unknown.cast_signed(), reasons, at.as_microsecond()])?;
    Ok(())
}

pub fn activity_key(connection: &Connection, id: &ActivityId) -> Result<Option<i64>, Failure> {
    // That of a removed application is gone too, though its rows may still be there.
    let mut statement = connection
        .prepare_cached("SELECT key FROM activity WHERE id = ? AND application IN (SELECT key FROM application)")?;
    Ok(statement.query_row([id.as_str()], |row| row.get(0)).optional()?)
}

pub fn known_activity_key(connection: &Connection, id: &ActivityId) -> Result<i64, Failure> {
    activity_key(connection, id)?.ok_or_else(|| not_found("activity", id.as_str()))
}

fn read_activities(
    connection: &Connection,
    condition: &str,
    parameters: &[&dyn ToSql],
) -> Result<Vec<Activity>, Failure> {
    let mut statement = connection.prepare_cached(&format!("{LIST_ACTIVITIES}{condition}"))?;
    let mut rows = statement.query(parameters)?;
    let mut activities = Vec::new();
    while let Some(row) = rows.next()? {
        activities.push(read_activity(row)?);
    }
    Ok(activities)
}

fn read_activity(row: &Row<'_>) -> Result<Activity, Failure> {
    let state = match row.get(5)? {
        1 => ActivityState::Running,
        2 => ActivityState::Completed,
        3 => ActivityState::Cancelled,
        4 => ActivityState::Paused,
        other => return Err(damaged(format!("there is no activity state {other}"))),
    };
    Ok(Activity {
        id: ActivityId::new(row.get::<_, String>(0)?),
        application_id: ApplicationId::new(row.get::<_, String>(1)?),
        campaign_id: CampaignId::new(row.get::<_, String>(2)?),
        campaign_version: row.get(3)?,
        treatment_id: TreatmentId::new(row.get::<_, String>(4)?),
        state,
        scheduled_start: time(row.get(6)?)?,
        started_at: row.get::<_, Option<i64>>(7)?.map(time).transpose()?,
        ended_at: row.get::<_, Option<i64>>(8)?.map(time).transpose()?,
        failure: row.get(9)?,
        definition: row.get(10)?,
        is_streamed: row.get(11)?,
    })
}

pub fn read_batch(row: &Row<'_>) -> Result<BatchRow, Failure> {
    let stage = match row.get(1)? {
        1 => Stage::Intent,
        2 => Stage::Done,
        other => return Err(damaged(format!("there is no batch stage {other}"))),
    };
    Ok(BatchRow {
        // The upper half is the activity's.
        index: row.get::<_, i64>(0)? as u32,
        stage,
        fates: row.get(2)?,
        unknown: row.get::<_, i64>(3)?.cast_unsigned(),
        reasons: row.get(4)?,
        at: time(row.get(5)?)?,
    })
}

pub fn batch_key(activity: i64, index: u32) -> i64 {
    activity << 32 | i64::from(index)
}

pub fn time(microseconds: i64) -> Result<Timestamp, Failure> {
    Timestamp::from_microsecond(microseconds).map_err(|_| damaged(format!("{microseconds} µs is not a time")))
}
