//! Reads several runs as one.

use rusqlite::{Connection, Rows, params};

use super::{Entry, Key, chunk};
use crate::store::sqlite::failure::Failure;

/// Passes the entries of these runs with keys from `from` to `to` on, in order. Where several speak of one key and
/// number, only the newest is passed on.
///
/// Shape: `runs` from the newest to the oldest; `fresh` are sorted, newer than all, and within the limits.
pub fn merge(
    connection: &Connection,
    runs: &[i64],
    fresh: &[Entry],
    (from, to): (Key, Key),
    mut take: impl FnMut(Entry) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut statements = Vec::with_capacity(runs.len());
    for _ in runs {
        statements.push(connection.prepare_cached(
            "SELECT entries FROM lookup_chunk WHERE run = ?1
                 AND first >= ifnull((SELECT max(first) FROM lookup_chunk WHERE run = ?1 AND first < ?2), 0)
             ORDER BY first, key",
        )?);
    }
    let mut sources = Vec::with_capacity(runs.len() + 1);
    sources.push(Source::of_entries(fresh)?);
    for (statement, run) in statements.iter_mut().zip(runs) {
        let mut source = Source::of_run(statement.query(params![run, from.as_sql()])?)?;
        source.skip_to(from)?;
        sources.push(source);
    }
    sources.retain(|source| source.head.is_some());

    while let Some(entry) = least(&sources).filter(|entry| entry.key <= to) {
        for source in &mut sources {
            if source.head.is_some_and(|head| head.place() == entry.place()) {
                source.advance()?;
            }
        }
        sources.retain(|source| source.head.is_some());
        take(entry)?;
    }
    Ok(())
}

/// The first entry of all; of several with one place the newest.
fn least(sources: &[Source<'_>]) -> Option<Entry> {
    sources.iter().filter_map(|source| source.head).min_by_key(|entry| entry.place())
}

/// Entries in order: a run, or entries in memory.
struct Source<'a> {
    /// The chunks still to be read.
    rows: Option<Rows<'a>>,
    chunk: Vec<u8>,
    /// The place of `head` in the chunk.
    index: usize,
    head: Option<Entry>,
}

impl<'a> Source<'a> {
    fn of_entries(entries: &[Entry]) -> Result<Self, Failure> {
        let mut bytes = Vec::new();
        entries.iter().for_each(|entry| chunk::push(&mut bytes, *entry));
        let mut source = Self { rows: None, chunk: bytes, index: 0, head: None };
        source.settle()?;
        Ok(source)
    }

    fn of_run(rows: Rows<'a>) -> Result<Self, Failure> {
        let mut source = Self { rows: Some(rows), chunk: Vec::new(), index: 0, head: None };
        source.settle()?;
        Ok(source)
    }

    fn advance(&mut self) -> Result<(), Failure> {
        self.index += 1;
        self.settle()
    }

    fn skip_to(&mut self, key: Key) -> Result<(), Failure> {
        while self.head.is_some_and(|head| head.key < key) {
            self.index = chunk::lower_bound(&self.chunk, key);
            self.settle()?;
        }
        Ok(())
    }

    /// Makes the entry at `index` the head, and goes on to the next chunk where this one ends.
    fn settle(&mut self) -> Result<(), Failure> {
        while self.index == chunk::len(&self.chunk) {
            let Some(row) = self.rows.as_mut().map(Rows::next).transpose()?.flatten() else {
                self.head = None;
                return Ok(());
            };
            self.chunk.clear();
            self.chunk.extend_from_slice(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?);
            self.index = 0;
        }
        self.head = Some(chunk::get(&self.chunk, self.index));
        Ok(())
    }
}
