//! The form in which entries are stored.

use super::{Entry, Key};

/// Bytes of an entry: the key with the bit for "removed" in its lowest place, then the number, both little-endian.
const ENTRY_BYTES: usize = 12;
/// Entries of a full chunk: with the row's other columns they fill a page of 8 KiB without spilling over.
pub const CHUNK_ENTRIES_MAX: usize = 670;

/// Appends an entry.
pub fn push(bytes: &mut Vec<u8>, entry: Entry) {
    bytes.extend_from_slice(&(entry.key.0 | u64::from(entry.removed)).to_le_bytes());
    bytes.extend_from_slice(&entry.number.to_le_bytes());
}

/// Entries in these bytes.
pub fn len(bytes: &[u8]) -> usize {
    bytes.len() / ENTRY_BYTES
}

/// The entry at this place. Panics past the end.
pub fn get(bytes: &[u8], index: usize) -> Entry {
    let entry = &bytes[index * ENTRY_BYTES..(index + 1) * ENTRY_BYTES];
    let (key, number) = entry.split_at(8);
    let key = u64::from_le_bytes(key.try_into().expect("an entry begins with eight bytes"));
    let number = u32::from_le_bytes(number.try_into().expect("an entry ends with four bytes"));
    Entry { key: Key(key & !1), number, removed: key & 1 == 1 }
}

/// The place of the first entry whose key is not below this one.
pub fn lower_bound(bytes: &[u8], key: Key) -> usize {
    let (mut low, mut high) = (0, len(bytes));
    while low < high {
        let middle = low.midpoint(high);
        if get(bytes, middle).key < key { low = middle + 1 } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_back_and_are_found_by_key() {
        let entries = [(2, 7, false), (4, 0, true), (4, 9, false), (10, u32::MAX, false)]
            .map(|(key, number, removed)| Entry { key: Key(key), number, removed });
        let mut bytes = Vec::new();
        entries.iter().for_each(|entry| push(&mut bytes, *entry));
        let read: Vec<_> = (0..len(&bytes)).map(|index| get(&bytes, index)).collect();
        assert_eq!(read, entries);
        let bounds = [0, 2, 4, 6, 10, 12].map(|key| lower_bound(&bytes, Key(key)));
        assert_eq!(bounds, [0, 0, 1, 3, 3, 4]);
    }
}
