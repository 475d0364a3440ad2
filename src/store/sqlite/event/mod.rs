//! Events in SQLite.

mod activity;
mod read;
mod recent;
mod write;

use jiff::Timestamp;
use roaring::RoaringBitmap;

use super::writer::Size;
use super::{Sqlite, application};
use crate::domain::ApplicationId;
use crate::store::{Call, Event, EventPage, EventStore};

pub use self::activity::Activities;
pub use self::recent::Recent;

/// Events of one call from which on it is worth a commit of its own.
const BULK_EVENTS: usize = 2_000;
/// Events read at once for the activity of endpoints: some tenths of a second.
const ACTIVITY_EVENTS: usize = 50_000;

impl EventStore for Sqlite {
    fn append_events(
        &self,
        application: &ApplicationId,
        events: Vec<Event>,
        arrived_at: Timestamp,
    ) -> Call<'_, Vec<bool>> {
        let application = application.clone();
        let size = if events.len() < BULK_EVENTS { Size::Small } else { Size::Bulk };
        self.write("keep events", size, move |session| {
            let key = application::known_key(&session.connection, &application)?;
            write::append(session, key, &events, arrived_at)
        })
    }

    fn events_after(&self, application: &ApplicationId, after: u64, events_max: usize) -> Call<'_, EventPage> {
        let application = application.clone();
        self.read("read events", move |connection| {
            let Some(key) = application::key(connection, &application)? else { return Ok(EventPage::new()) };
            read::after(connection, key, after, events_max)
        })
    }

    fn events_between(
        &self,
        application: &ApplicationId,
        event_types: &[&str],
        from: Timestamp,
        to: Timestamp,
        after: u64,
        events_max: usize,
    ) -> Call<'_, EventPage> {
        let application = application.clone();
        let event_types: Vec<_> = event_types.iter().map(|&event_type| event_type.to_owned()).collect();
        self.read("read events of some types", move |connection| {
            let Some(key) = application::key(connection, &application)? else { return Ok(EventPage::new()) };
            read::between(connection, key, event_types, from..to, after, events_max)
        })
    }

    fn active_since(&self, application: &ApplicationId, moment: Timestamp) -> Call<'_, RoaringBitmap> {
        let application = application.clone();
        Box::pin(async move {
            let begin = self.read("find the events since a moment", move |connection| {
                let Some(key) = application::key(connection, &application)? else { return Ok(None) };
                Ok(Some((key, read::position_before(connection, moment)?)))
            });
            let Some((key, after)) = begin.await? else { return Ok(RoaringBitmap::new()) };
            let mut activity = self.activities.of(key).lock_owned().await;
            loop {
                let step = self.read("find active endpoints", move |connection| {
                    let is_all = activity.read_on(connection, key, after.cast_signed(), ACTIVITY_EVENTS)?;
                    let active = is_all.then(|| activity.since(moment));
                    Ok((activity, active))
                });
                match step.await? {
                    (_, Some(active)) => return Ok(active),
                    (read, None) => activity = read,
                }
            }
        })
    }

    fn position_before(&self, moment: Timestamp) -> Call<'_, u64> {
        self.read("find the events since a moment", move |connection| read::position_before(connection, moment))
    }

    fn delete_events_before(&self, moment: Timestamp) -> Call<'_, u64> {
        Box::pin(async move {
            let mut deleted = 0;
            loop {
                let step = self.write("delete events", Size::Bulk, move |session| {
                    write::delete_before(&session.connection, moment)
                });
                match step.await? {
                    0 => return Ok(deleted),
                    step => deleted += step,
                }
            }
        })
    }
}

/// The day of a moment, as the column has it.
fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(24 * 60 * 60)
}
