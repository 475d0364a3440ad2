//! The index of one application.

use std::collections::HashSet;

use roaring::RoaringBitmap;
use rusqlite::{Connection, params};

use super::chunk::{self, CHUNK_ENTRIES_MAX};
use super::merge::merge;
use super::{Entry, Key};
use crate::store::sqlite::failure::Failure;

/// All keys there can be.
const EVERYTHING: (Key, Key) = (Key(0), Key(i64::MAX as u64));

/// The index of one application, as a connection sees it.
#[derive(Clone, Copy)]
pub struct Index<'a> {
    connection: &'a Connection,
    application: i64,
}

struct Run {
    key: i64,
    entries: u32,
}

impl<'a> Index<'a> {
    pub fn new(connection: &'a Connection, application: i64) -> Self {
        Self { connection, application }
    }

    /// Entries in all runs, those that are replaced or removed by newer ones counted too.
    pub fn len(self) -> Result<usize, Failure> {
        Ok(self.runs()?.iter().map(|run| run.entries as usize).sum())
    }

    /// Passes all entries on in order, also those that say that an endpoint is gone.
    pub fn for_each(self, take: impl FnMut(Entry) -> Result<(), Failure>) -> Result<(), Failure> {
        merge(self.connection, &run_keys(&self.runs()?), &[], EVERYTHING, take)
    }

    /// Numbers of the endpoints that may be found under one of these keys.
    ///
    /// Shape: `keys` ascend.
    pub fn find(self, keys: &[Key]) -> Result<RoaringBitmap, Failure> {
        let mut found = RoaringBitmap::new();
        if keys.is_empty() {
            return Ok(found);
        }
        let mut removed = HashSet::new();
        let mut statement = self.connection.prepare_cached(
            "SELECT entries FROM lookup_chunk WHERE run = ?1 AND first <= ?2
                 AND first >= ifnull((SELECT max(first) FROM lookup_chunk WHERE run = ?1 AND first < ?2), 0)
             ORDER BY first, key",
        )?;
        let mut bytes = Vec::new();
        for run in self.runs()? {
            bytes.clear();
            for &key in keys {
                if !covers(&bytes, key) {
                    bytes.clear();
                    let mut rows = statement.query(params![run.key, key.as_sql()])?;
                    while let Some(row) = rows.next()? {
                        bytes.extend_from_slice(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?);
                    }
                }
                let entries =
                    (chunk::lower_bound(&bytes, key)..chunk::len(&bytes)).map(|index| chunk::get(&bytes, index));
                for entry in entries.take_while(|entry| entry.key == key) {
                    // Runs come from the newest to the oldest: what is removed here may still stand in later ones.
                    if entry.removed {
                        removed.insert(entry.place());
                    } else if removed.is_empty() || !removed.contains(&entry.place()) {
                        found.insert(entry.number);
                    }
                }
            }
        }
        Ok(found)
    }

    /// Numbers of endpoints that share an address with another one.
    pub fn sharing_address(self) -> Result<RoaringBitmap, Failure> {
        let mut sharing = RoaringBitmap::new();
        let mut last: Option<Entry> = None;
        merge(self.connection, &run_keys(&self.runs()?), &[], Key::addresses(), |entry| {
            if entry.removed {
                return Ok(());
            }
            if let Some(last) = last.filter(|last| last.key == entry.key) {
                sharing.extend([last.number, entry.number]);
            }
            last = Some(entry);
            Ok(())
        })?;
        Ok(sharing)
    }

    /// Adds entries as a new run, together with the newest runs that are not larger.
    pub fn add(self, mut entries: Vec<Entry>) -> Result<(), Failure> {
        if entries.is_empty() {
            return Ok(());
        }
        entries.sort_unstable_by_key(|entry| entry.place());
        let runs = self.runs()?;
        let mut entries_merged = entries.len() as u64;
        let merged: Vec<_> = runs
            .iter()
            .take_while(|run| {
                let joins = u64::from(run.entries) <= entries_merged.max(CHUNK_ENTRIES_MAX as u64);
                entries_merged += if joins { u64::from(run.entries) } else { 0 };
                joins
            })
            .collect();
        let oldest_merged = merged.len() == runs.len();

        let mut run = NewRun::begin(self)?;
        let keys: Vec<_> = merged.iter().map(|run| run.key).collect();
        merge(self.connection, &keys, &entries, EVERYTHING, |entry| {
            // With nothing older left, nothing is left to take back.
            if entry.removed && oldest_merged { Ok(()) } else { run.push(entry) }
        })?;
        run.end()?;
        for key in keys {
            self.connection.prepare_cached("DELETE FROM lookup_chunk WHERE run = ?")?.execute([key])?;
            self.connection.prepare_cached("DELETE FROM lookup_run WHERE key = ?")?.execute([key])?;
        }
        Ok(())
    }

    /// The runs from the newest to the oldest.
    fn runs(self) -> Result<Vec<Run>, Failure> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT key, entries FROM lookup_run WHERE application = ? ORDER BY key DESC")?;
        let runs = statement.query_map([self.application], |row| Ok(Run { key: row.get(0)?, entries: row.get(1)? }))?;
        Ok(runs.collect::<Result<_, _>>()?)
    }
}

fn run_keys(runs: &[Run]) -> Vec<i64> {
    runs.iter().map(|run| run.key).collect()
}

/// Whether these entries of a run hold all there are of this key: some come before, some after.
fn covers(bytes: &[u8], key: Key) -> bool {
    let len = chunk::len(bytes);
    len > 0 && chunk::get(bytes, 0).key < key && key < chunk::get(bytes, len - 1).key
}

/// A run that is being written.
struct NewRun<'a> {
    connection: &'a Connection,
    key: i64,
    entries: u32,
    chunk: Vec<u8>,
}

impl<'a> NewRun<'a> {
    /// Its key is greater than that of any other, which makes it the newest.
    fn begin(index: Index<'a>) -> Result<Self, Failure> {
        let connection = index.connection;
        connection
            .prepare_cached("INSERT INTO lookup_run (application, entries) VALUES (?, 0)")?
            .execute([index.application])?;
        Ok(Self { connection, key: connection.last_insert_rowid(), entries: 0, chunk: Vec::new() })
    }

    fn push(&mut self, entry: Entry) -> Result<(), Failure> {
        chunk::push(&mut self.chunk, entry);
        self.entries += 1;
        if chunk::len(&self.chunk) == CHUNK_ENTRIES_MAX { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let first = chunk::get(&self.chunk, 0).key;
        self.connection
            .prepare_cached("INSERT INTO lookup_chunk (run, first, entries) VALUES (?, ?, ?)")?
            .execute(params![self.key, first.as_sql(), self.chunk])?;
        self.chunk.clear();
        Ok(())
    }

    fn end(mut self) -> Result<(), Failure> {
        if !self.chunk.is_empty() {
            self.flush()?;
        }
        self.connection
            .prepare_cached("UPDATE lookup_run SET entries = ? WHERE key = ?")?
            .execute(params![self.entries, self.key])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::{ChannelType, EndpointNumber};
    use crate::store::upsert::Address;

    fn key(address: u32) -> Key {
        Key::of_address(&Address::new(ChannelType::Sms, &format!("+{address}")).unwrap())
    }

    /// Adds and removes at random and compares with a set in memory.
    #[test]
    fn the_index_holds_what_was_added_and_not_removed() {
        const KEYS: u32 = 400;
        // Enough numbers under one key to fill chunks with it.
        const CROWDED: u32 = 7;
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../schema/1.sql")).unwrap();
        let index = Index::new(&connection, 1);
        Index::new(&connection, 2).add(vec![Entry { key: key(1), number: 9, removed: false }]).unwrap();

        let mut random = fastrand::Rng::with_seed(3);
        let mut expected: BTreeSet<(Key, EndpointNumber)> = BTreeSet::new();
        for size in [1, 5_000, 1, 2, 3_000, 900, 1, 4_000, 700, 1, 1, 1, 650, 2_000, 30] {
            let mut entries: Vec<Entry> = Vec::new();
            for _ in 0..size {
                let key = key(if random.bool() { CROWDED } else { random.u32(0..KEYS) });
                let number = random.u32(0..5_000);
                // One write says one thing of a key and number.
                if entries.iter().all(|entry| entry.place() != (key, number)) {
                    let removed = !expected.insert((key, number));
                    if removed {
                        expected.remove(&(key, number));
                    }
                    entries.push(Entry { key, number, removed });
                }
            }
            index.add(entries).unwrap();
        }

        let mut keys: Vec<_> = (0..KEYS + 10).map(key).collect();
        keys.sort_unstable();
        let of_key = |key: Key| expected.range((key, 0)..=(key, u32::MAX)).map(|(_, number)| *number);
        for &key in &keys {
            assert_eq!(index.find(&[key]).unwrap(), of_key(key).collect::<RoaringBitmap>());
        }
        let every_fifth: Vec<_> = keys.iter().copied().step_by(5).collect();
        let all: RoaringBitmap = every_fifth.iter().copied().flat_map(of_key).collect();
        assert_eq!(index.find(&every_fifth).unwrap(), all);
        let shared = keys.iter().copied().filter(|key| of_key(*key).count() > 1).flat_map(of_key);
        assert_eq!(index.sharing_address().unwrap(), shared.collect::<RoaringBitmap>());
        assert_eq!(Index::new(&connection, 2).find(&[key(1)]).unwrap().iter().collect::<Vec<_>>(), [9]);
        assert!(index.runs().unwrap().len() < 8, "small runs are merged");
    }

    #[test]
    fn a_key_taken_back_in_the_oldest_run_leaves_nothing() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../schema/1.sql")).unwrap();
        let index = Index::new(&connection, 1);
        for removed in [false, true] {
            index.add(vec![Entry { key: key(1), number: 9, removed }]).unwrap();
        }
        assert_eq!(index.len().unwrap(), 0);
        let chunks: u32 = connection.query_row("SELECT count(*) FROM lookup_chunk", [], |row| row.get(0)).unwrap();
        assert_eq!(chunks, 0);
    }
}
