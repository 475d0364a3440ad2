//! Finds endpoints by id, user and address: an index of 64-bit keys that grows by sorted runs.
//!
//! An entry says "the endpoint of this number may be found under this key"; what it leads to must be compared with what
//! was looked for. Entries of one write are sorted and become a run, which never changes. Runs of similar size are merged
//! into one as newer ones come, so that there are few, each entry is rewritten a few times only, and all of it is
//! written in order. An entry is taken back by a newer one that says so; both vanish when their runs are merged into the
//! oldest one. A run lies in chunks that fill a page of the file each.

mod chunk;
mod filter;
mod index;
mod merge;

use xxhash_rust::xxh3::Xxh3;

pub use self::filter::Filter;
pub use self::index::Index;
use crate::domain::EndpointNumber;
use crate::store::upsert::{Address, Places};

/// What an endpoint is found under.
///
/// Shape: two bits of kind, 60 bits of hash, and a bit that is 0; below 2^63, so that it is a positive SQL integer.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key(u64);

/// Bits of a key below its kind.
const HASH_BITS: u32 = 61;
const KIND_ID: u64 = 0;
const KIND_USER: u64 = 1;
const KIND_ADDRESS: u64 = 2;

impl Key {
    /// The key of an endpoint's id.
    pub fn of_id(id: &str) -> Self {
        Self::new(KIND_ID, &[id.as_bytes()])
    }

    /// The key of a user's id.
    pub fn of_user(user: &str) -> Self {
        Self::new(KIND_USER, &[user.as_bytes()])
    }

    /// The key of a channel type and address.
    pub fn of_address(address: &Address) -> Self {
        Self::new(KIND_ADDRESS, &[address.channel_type().as_str().as_bytes(), b"\0", address.text().as_bytes()])
    }

    /// The keys an endpoint has besides that of its id.
    pub fn of_places(places: Option<&Places>) -> [Option<Self>; 2] {
        let user = places.and_then(|places| places.user.as_deref());
        let address = places.and_then(Places::found_at);
        [user.map(Self::of_user), address.map(Self::of_address)]
    }

    /// The lowest and the highest key of addresses.
    pub fn addresses() -> (Self, Self) {
        (Self(KIND_ADDRESS << HASH_BITS), Self((KIND_ADDRESS + 1) << HASH_BITS))
    }

    /// The key as SQL has it.
    fn as_sql(self) -> i64 {
        self.0.cast_signed()
    }

    fn new(kind: u64, parts: &[&[u8]]) -> Self {
        let mut hasher = Xxh3::new();
        parts.iter().for_each(|part| hasher.update(part));
        let hash = hasher.digest() >> (64 - HASH_BITS) & !1;
        Self(kind << HASH_BITS | hash)
    }
}

/// That an endpoint is found under a key, or no longer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry {
    pub key: Key,
    pub number: EndpointNumber,
    pub removed: bool,
}

impl Entry {
    /// What entries are sorted by; a newer entry replaces an older one with the same.
    fn place(self) -> (Key, EndpointNumber) {
        (self.key, self.number)
    }
}
