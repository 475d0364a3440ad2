//! Displays of in-app messages in SQLite.

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, params};

use super::failure::Failure;
use super::{Sqlite, application};
use crate::domain::ApplicationId;
use crate::domain::limit::{IN_APP_CAMPAIGN_CHARS_MAX, IN_APP_DISPLAYS_MAX};
use crate::store::{Call, Display, DisplayStore, Event};
use crate::wire::event::{Shown, shown};

/// The event that tells of a display. Source: Amplify JS, in-app messaging.
const DISPLAYED: &str = "_inapp.message_displayed";

impl DisplayStore for Sqlite {
    fn displays(&self, application: &ApplicationId, endpoint_ids: Vec<String>) -> Call<'_, Vec<Display>> {
        let application = application.clone();
        self.read("read displays of in-app messages", move |connection| {
            let Some(key) = application::key(connection, &application)? else { return Ok(Vec::new()) };
            let mut statement = connection.prepare_cached(
                "SELECT campaign, session, at FROM in_app_display
                 WHERE application = ? AND endpoint_id = ? ORDER BY position DESC LIMIT ?",
            )?;
            let mut displays = Vec::new();
            for endpoint_id in endpoint_ids {
                let first = displays.len();
                let rows = statement.query_map(params![key, endpoint_id, IN_APP_DISPLAYS_MAX as i64], |row| {
                    let at = Timestamp::from_microsecond(row.get(2)?)
                        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(2, Type::Integer, error.into()))?;
                    Ok(Display { endpoint_id: endpoint_id.clone(), campaign: row.get(0)?, session: row.get(1)?, at })
                })?;
                for row in rows {
                    displays.push(row?);
                }
                displays[first..].reverse();
            }
            Ok(displays)
        })
    }
}

/// Keeps what a new event says of displays and sessions, and of an endpoint no more than the newest.
pub fn add(
    connection: &Connection,
    application: i64,
    event: &Event,
    position: i64,
    arrived_at: Timestamp,
) -> Result<(), Failure> {
    let mut newest = connection.prepare_cached(
        "SELECT session FROM in_app_display WHERE application = ? AND endpoint_id = ? ORDER BY position DESC LIMIT 1",
    )?;
    let is_display = event.event_type == DISPLAYED;
    // Sessions matter only to those who were shown something.
    let newest: Option<Option<String>> = if is_display {
        None
    } else {
        newest.query_row(params![application, event.endpoint_id], |row| row.get(0)).optional()?
    };
    if !is_display && newest.is_none() {
        return Ok(());
    }
    let Shown { campaign, session } = shown(&event.document);
    let campaign = match (is_display, campaign) {
        (true, Some(campaign)) if campaign.chars().count() <= IN_APP_CAMPAIGN_CHARS_MAX => campaign,
        // Which message it was cannot be known, or there is none.
        (true, _) => return Ok(()),
        (false, _) if session.is_none() || newest.flatten() == session => return Ok(()),
        (false, _) => {
            let mut earlier = connection.prepare_cached(
                "DELETE FROM in_app_display WHERE application = ? AND endpoint_id = ? AND campaign = ''",
            )?;
            earlier.execute(params![application, event.endpoint_id])?;
            String::new()
        }
    };
    let mut insert = connection.prepare_cached(
        "INSERT INTO in_app_display (application, endpoint_id, position, campaign, session, at) VALUES (?, ?, ?, ?, ?, ?)",
    )?;
    let at = event.at.min(arrived_at).as_microsecond();
    insert.execute(params![application, event.endpoint_id, position, campaign, session, at])?;
    let mut older = connection.prepare_cached(
        "DELETE FROM in_app_display WHERE application = ?1 AND endpoint_id = ?2 AND position <= (
             SELECT position FROM in_app_display WHERE application = ?1 AND endpoint_id = ?2
             ORDER BY position DESC LIMIT 1 OFFSET ?3
         )",
    )?;
    older.execute(params![application, event.endpoint_id, IN_APP_DISPLAYS_MAX as i64])?;
    Ok(())
}
