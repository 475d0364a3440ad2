//! When endpoints had their last events, in memory.
//!
//! An index by endpoint would be written at random for every event that arrives. Few segments ask, so this is read when one
//! does: first the events since the moment asked for, and from then on only what came in between.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;
use roaring::RoaringBitmap;
use rusqlite::{Connection, params};

use crate::domain::EndpointNumber;
use crate::store::event::is_activity;
use crate::store::sqlite::endpoint;
use crate::store::sqlite::failure::Failure;

/// The activity of each application that was asked for, by its key.
#[derive(Default)]
pub struct Activities {
    slots: Mutex<HashMap<i64, Arc<tokio::sync::Mutex<Activity>>>>,
}

impl Activities {
    /// Who waits for it holds no connection meanwhile.
    pub fn of(&self, application: i64) -> Arc<tokio::sync::Mutex<Activity>> {
        Arc::clone(self.slots.lock().entry(application).or_default())
    }
}

/// The activity of an application.
#[derive(Default)]
pub struct Activity {
    /// The positions that were read: those after the first, up to the second.
    read: Option<(i64, i64)>,
    /// When the newest event of each endpoint arrived, in microseconds.
    newest: BTreeMap<EndpointNumber, i64>,
}

impl Activity {
    /// Reads some of the events after this position that were not read yet; says whether that was all.
    pub fn read_on(
        &mut self,
        connection: &Connection,
        application: i64,
        after: i64,
        events_max: usize,
    ) -> Result<bool, Failure> {
        let (first, last) = self.read.unwrap_or((after, after));
        let is_back = after < first;
        // Backwards from what is known, or onwards, so that it stays one stretch.
        let (from, to, order) = if is_back { (after, first, "DESC") } else { (last, i64::MAX, "ASC") };
        let mut statement = connection.prepare_cached(&format!(
            "SELECT position, endpoint_id, event_type, arrived_at FROM event INDEXED BY event_of_application
             WHERE application = ? AND position > ? AND position <= ? ORDER BY position {order} LIMIT ?"
        ))?;
        let mut rows = statement.query(params![application, from, to, events_max as i64])?;
        let mut newest = HashMap::<String, i64>::new();
        let (mut count, mut position) = (0, None);
        while let Some(row) = rows.next()? {
            count += 1;
            position = Some(row.get(0)?);
            if is_activity(row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?) {
                let arrived_at = row.get(3)?;
                let known = newest.entry(row.get(1)?).or_insert(arrived_at);
                *known = arrived_at.max(*known);
            }
        }
        let (ids, times): (Vec<_>, Vec<_>) = newest.into_iter().unzip();
        for (number, arrived_at) in endpoint::numbers_of(connection, application, &ids)?.into_iter().zip(times) {
            let Some(number) = number else { continue };
            let known = self.newest.entry(number).or_insert(arrived_at);
            *known = arrived_at.max(*known);
        }
        let is_end = count < events_max;
        self.read = Some(match (is_back, position) {
            (true, Some(position)) if !is_end => (position - 1, last),
            (true, _) => (after, last),
            (false, position) => (first, position.unwrap_or(last)),
        });
        Ok(is_end && !is_back)
    }

    /// The endpoints with an event that arrived at that moment or later.
    pub fn since(&self, moment: Timestamp) -> RoaringBitmap {
        let moment = moment.as_microsecond();
        self.newest.iter().filter(|(_, arrived_at)| **arrived_at >= moment).map(|(number, _)| *number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ApplicationId, EndpointUpdate};
    use crate::store::sqlite::{Mode, Sqlite, application};
    use crate::store::{Application, DefinitionStore, EndpointStore, EndpointWrite, Event, EventStore};

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Ten endpoints; event `n` is of endpoint `n mod 10` and arrives at second `n`.
    async fn store(events: std::ops::Range<i64>) -> (tempfile::TempDir, Sqlite, ApplicationId) {
        let directory = tempfile::tempdir().unwrap();
        let store = Sqlite::open(directory.path(), Mode::Exclusive).unwrap();
        let id = ApplicationId::new("app");
        let application = Application {
            id: id.clone(),
            name: String::new(),
            settings: "{}".into(),
            tags: "{}".into(),
            creation_date: String::new(),
            last_modified_date: String::new(),
            revision: 0,
        };
        store.put_application(application).await.unwrap();
        let write = |n: i64| EndpointWrite { id: n.to_string(), update: EndpointUpdate::default() };
        store.upsert_endpoints(&id, (0..10).map(write).collect(), String::new()).await.unwrap();
        for n in events {
            let event = Event {
                endpoint_id: (n % 10).to_string(),
                id: n.to_string(),
                event_type: "t".into(),
                at: second(n),
                document: "{}".into(),
            };
            store.append_events(&id, vec![event], second(n)).await.unwrap();
        }
        (directory, store, id)
    }

    #[tokio::test]
    async fn one_stretch_grows_at_both_ends_in_steps() {
        let (_directory, store, id) = store(0..30).await;
        let steps = store.read("test", move |connection| {
            let key = application::key(connection, &id)?.unwrap();
            let mut activity = Activity::default();
            let mut steps = Vec::new();
            // Positions are 1 to 30. A step back that is not full is followed by one onwards.
            for after in [24, 24, 13, 20] {
                let mut taken = 1;
                while !activity.read_on(connection, key, after, 4)? {
                    taken += 1;
                }
                let members: Vec<_> = activity.since(second(after)).into_iter().collect();
                steps.push((taken, activity.read.unwrap(), members));
            }
            Ok(steps)
        });
        let all: Vec<_> = (0..10).collect();
        assert_eq!(
            steps.await.unwrap(),
            [
                (2, (24, 30), (4..10).collect::<Vec<_>>()),
                (1, (24, 30), (4..10).collect()),
                (4, (13, 30), all.clone()),
                (1, (13, 30), all),
            ]
        );
    }
}
