//! Tells events that were sent again from new ones.
//!
//! What tells events apart is hashed to 64 bits, and a hash that was seen is verified against its event. The hashes of
//! recent events stand in a table by slices of positions: inserts go at random into the newest slice only, which stays
//! in the page cache, and whole slices are dropped as they age. A filter for each slice in memory, 15 bits an event,
//! says for nearly all new events that there is nothing to look up.

use std::collections::BTreeMap;

use fastbloom::BloomFilter;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use xxhash_rust::xxh3::Xxh3;

use crate::store::sqlite::failure::Failure;

/// How long an event is remembered.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// How long a slice is kept after its newest event. More than the window, as arrivals may be a little out of order.
const SLICE_KEPT: SignedDuration = SignedDuration::from_hours(25);
/// Positions of a slice, as a power of two. Its part of the table takes some 3 MiB.
const SLICE_BITS: u32 = 17;
/// Share of new events that are looked up in a slice for nothing.
const FALSE_POSITIVES: f64 = 0.001;
/// Hashes dropped for each event that is added, so that dropping keeps up and no write waits for long.
const DROPPED_PER_EVENT: usize = 8;

/// What tells an event apart.
pub struct Identity<'a> {
    application: i64,
    endpoint_id: &'a str,
    id: &'a str,
    hash: u64,
}

impl<'a> Identity<'a> {
    pub fn new(application: i64, endpoint_id: &'a str, id: &'a str) -> Self {
        let mut hasher = Xxh3::new();
        hasher.update(&application.to_le_bytes());
        // The length keeps the two texts apart, whatever they hold.
        hasher.update(&(endpoint_id.len() as u64).to_le_bytes());
        hasher.update(endpoint_id.as_bytes());
        hasher.update(id.as_bytes());
        Self { application, endpoint_id, id, hash: hasher.digest() }
    }
}

/// What the writer keeps in memory of recent events.
#[derive(Default)]
pub struct Recent {
    /// By number; `None` until they are read.
    slices: Option<BTreeMap<i64, Slice>>,
}

struct Slice {
    /// `None` until it is built: then every hash has to be looked up.
    filter: Option<BloomFilter>,
    /// When the newest event arrived, in microseconds.
    newest: i64,
}

impl Slice {
    fn may_hold(&self, hash: u64) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.contains_hash(hash))
    }
}

impl Recent {
    /// To be called before events are added: reads what is missing in memory and drops what is too old, a bit at a time.
    pub fn prepare(&mut self, connection: &Connection, events: usize, now: Timestamp) -> Result<(), Failure> {
        let slices = match &mut self.slices {
            Some(slices) => slices,
            none => none.insert(read_slices(connection)?),
        };
        let limit = (now - SLICE_KEPT).as_microsecond();
        let old = slices.iter().find(|(_, slice)| slice.newest < limit).map(|(number, _)| *number);
        if let Some(number) = old {
            let rows_max = DROPPED_PER_EVENT * events;
            let dropped = connection
                .prepare_cached(
                    "DELETE FROM event_recent WHERE (slice, hash, position) IN (
                         SELECT slice, hash, position FROM event_recent WHERE slice = ? LIMIT ?
                     )",
                )?
                .execute(params![number, rows_max as i64])?;
            if dropped < rows_max {
                slices.remove(&number);
            }
        }
        if let Some((number, slice)) = slices.iter_mut().find(|(_, slice)| slice.filter.is_none()) {
            slice.filter = Some(read_filter(connection, *number)?);
        }
        Ok(())
    }

    /// Whether the event arrived in the window that ends now.
    pub fn holds(&self, connection: &Connection, event: &Identity<'_>, now: Timestamp) -> Result<bool, Failure> {
        let since = (now - WINDOW).as_microsecond();
        let slices = self.slices.iter().flatten().rev();
        for (number, _) in slices.filter(|(_, slice)| slice.may_hold(event.hash)) {
            let mut statement = connection.prepare_cached(
                "SELECT 1 FROM event_recent CROSS JOIN event USING (position)
                 WHERE slice = ? AND hash = ? AND application = ? AND endpoint_id = ? AND id = ? AND arrived_at > ?",
            )?;
            let hash = event.hash.cast_signed();
            if statement.exists(params![number, hash, event.application, event.endpoint_id, event.id, since])? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Remembers an event that was given this position.
    pub fn add(
        &mut self,
        connection: &Connection,
        event: &Identity<'_>,
        position: i64,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let number = position >> SLICE_BITS;
        connection
            .prepare_cached("INSERT INTO event_recent (slice, hash, position) VALUES (?, ?, ?)")?
            .execute(params![number, event.hash.cast_signed(), position])?;
        let slices = self.slices.get_or_insert_default();
        let slice = slices.entry(number).or_insert_with(|| Slice { filter: Some(empty_filter()), newest: i64::MIN });
        slice.newest = slice.newest.max(now.as_microsecond());
        if let Some(filter) = &mut slice.filter {
            filter.insert_hash(event.hash);
        }
        Ok(())
    }
}

fn empty_filter() -> BloomFilter {
    BloomFilter::with_false_pos(FALSE_POSITIVES).expected_items(1 << SLICE_BITS)
}

fn read_filter(connection: &Connection, slice: i64) -> Result<BloomFilter, Failure> {
    let mut filter = empty_filter();
    let mut statement = connection.prepare_cached("SELECT hash FROM event_recent WHERE slice = ?")?;
    let mut rows = statement.query([slice])?;
    while let Some(row) = rows.next()? {
        filter.insert_hash(row.get::<_, i64>(0)?.cast_unsigned());
    }
    Ok(filter)
}

fn read_slices(connection: &Connection) -> Result<BTreeMap<i64, Slice>, Failure> {
    let mut next = connection.prepare_cached("SELECT min(slice) FROM event_recent WHERE slice >= ?")?;
    let mut newest = connection
        .prepare_cached("SELECT arrived_at FROM event WHERE position BETWEEN ? AND ? ORDER BY position DESC LIMIT 1")?;
    let mut slices = BTreeMap::new();
    let mut from = i64::MIN;
    while let Some(number) = next.query_row([from], |row| row.get::<_, Option<i64>>(0))? {
        let (first, last) = (number << SLICE_BITS, ((number + 1) << SLICE_BITS) - 1);
        // Without events there is nothing to remember.
        let newest = newest.query_row([first, last], |row| row.get(0)).optional()?.unwrap_or(i64::MIN);
        slices.insert(number, Slice { filter: None, newest });
        from = number + 1;
    }
    Ok(slices)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::schema;

    fn hours(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    /// A file, since the schema wants one.
    fn database() -> (tempfile::TempDir, Connection) {
        let directory = tempfile::tempdir().unwrap();
        let connection = schema::create_old(&directory.path().join("events"), 2);
        (directory, connection)
    }

    /// Adds an event the way `write` does, at a position of our choice.
    fn add(recent: &mut Recent, connection: &Connection, id: &str, position: i64, now: Timestamp) {
        connection
            .execute(
                "INSERT INTO event VALUES (?, 1, 'e', ?, 't', 0, 0, ?, '{}')",
                params![position, id, now.as_microsecond()],
            )
            .unwrap();
        recent.add(connection, &Identity::new(1, "e", id), position, now).unwrap();
    }

    fn rows(connection: &Connection) -> u32 {
        connection.query_row("SELECT count(*) FROM event_recent", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn events_are_known_over_slices_and_restarts_and_dropped_in_steps() {
        let (_directory, connection) = database();
        let mut recent = Recent::default();
        recent.prepare(&connection, 1, hours(0)).unwrap();
        // Four slices of ten events each, six hours apart.
        let positions = |slice: i64| (0..10).map(move |i| (slice << SLICE_BITS) + i);
        for slice in 0..4 {
            for position in positions(slice) {
                add(&mut recent, &connection, &position.to_string(), position, hours(6 * slice));
            }
        }
        let known = |recent: &Recent, now| {
            let holds =
                |position: i64| recent.holds(&connection, &Identity::new(1, "e", &position.to_string()), now).unwrap();
            (0..4).map(|slice| positions(slice).filter(|position| holds(*position)).count()).collect::<Vec<_>>()
        };
        assert_eq!(known(&recent, hours(18)), [10; 4]);
        assert_eq!(known(&recent, hours(30)), [0, 0, 10, 10]);
        let stranger = Identity::new(2, "e", "1");
        assert!(!recent.holds(&connection, &stranger, hours(18)).unwrap());

        // After a restart nothing is in memory at first, and all is known all the same.
        let mut recent = Recent::default();
        for _ in 0..6 {
            recent.prepare(&connection, 1, hours(20)).unwrap();
            assert_eq!(known(&recent, hours(20)), [10; 4]);
        }
        assert!(recent.slices.as_ref().unwrap().values().all(|slice| slice.filter.is_some()));

        // The slices of hours 0 and 6 are too old: eight rows go at a time.
        let mut left = Vec::new();
        for _ in 0..6 {
            recent.prepare(&connection, 1, hours(32)).unwrap();
            left.push(rows(&connection));
        }
        assert_eq!(left, [32, 30, 22, 20, 20, 20]);
        assert_eq!(recent.slices.as_ref().unwrap().len(), 2);
        assert_eq!(known(&recent, hours(32)), [0, 0, 10, 10]);
    }

    #[test]
    fn a_hash_alone_says_nothing() {
        let (_directory, connection) = database();
        let mut recent = Recent::default();
        recent.prepare(&connection, 1, hours(0)).unwrap();
        add(&mut recent, &connection, "1", 1, hours(0));
        let of_same_hash = Identity { id: "2", ..Identity::new(1, "e", "1") };
        assert!(!recent.holds(&connection, &of_same_hash, hours(0)).unwrap());
        add(&mut recent, &connection, "2", 2, hours(0));
        recent.add(&connection, &of_same_hash, 2, hours(0)).unwrap();
        assert!(recent.holds(&connection, &of_same_hash, hours(0)).unwrap());
        assert!(recent.holds(&connection, &Identity::new(1, "e", "1"), hours(0)).unwrap());
    }
}
