//! Tells keys that are surely new from others, so that ingesting new endpoints reads nothing.

use fastbloom::BloomFilter;

use super::{Index, Key};
use crate::store::sqlite::failure::Failure;

/// Share of new keys that are looked up for nothing. Ten bits a key.
const FALSE_POSITIVES: f64 = 0.01;
/// Room for keys in the smallest filter, which takes 80 KiB.
const KEYS_MIN: usize = 1 << 16;

/// All keys of an application's index, and a few that are not in it.
pub struct Filter {
    bloom: BloomFilter,
    room: usize,
}

impl Filter {
    /// Reads the whole index.
    pub fn build(index: Index<'_>) -> Result<Self, Failure> {
        let stored = index.len()?;
        let capacity = (stored + stored / 2).max(KEYS_MIN);
        let mut bloom = BloomFilter::with_false_pos(FALSE_POSITIVES).expected_items(capacity);
        index.for_each(|entry| {
            bloom.insert_hash(entry.key.0);
            Ok(())
        })?;
        Ok(Self { bloom, room: capacity - stored })
    }

    /// Whether the index may have this key; `false` is certain.
    pub fn may_hold(&self, key: Key) -> bool {
        self.bloom.contains_hash(key.0)
    }

    /// Takes further keys; `None` when they do not fit and a larger filter must be built.
    pub fn extended(mut self, keys: impl ExactSizeIterator<Item = Key>) -> Option<Self> {
        self.room = self.room.checked_sub(keys.len())?;
        for key in keys {
            self.bloom.insert_hash(key.0);
        }
        Some(self)
    }
}
