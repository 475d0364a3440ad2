//! Cuts a frozen audience into batches. Pure.

use roaring::RoaringBitmap;

use crate::domain::EndpointNumber;
use crate::domain::limit::BATCH_ENDPOINTS_MAX;
use crate::store::{Frozen, Wave};

/// At most fifty endpoints of one activity: the unit of hook call, retry and checkpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Batch {
    /// The place in the activity, from 0.
    pub index: u32,
    /// The members, ascending; 1 to 50.
    pub members: Vec<EndpointNumber>,
}

/// How many batches an audience makes.
pub fn count(frozen: &Frozen) -> u32 {
    frozen.waves.iter().map(batches_of).sum()
}

fn batches_of(wave: &Wave) -> u32 {
    u32::try_from(wave.members.len().div_ceil(BATCH_ENDPOINTS_MAX as u64)).expect("numbers are 32 bits wide")
}

/// The batches of one wave that are not in `finished`.
///
/// Shape: in order of index; `first` is the index of the wave's first batch. Every batch of a wave but its last is
/// full, so that a batch is a range of ranks and the same after every restart.
pub fn unfinished<'a>(wave: &'a Wave, first: u32, finished: &'a RoaringBitmap) -> impl Iterator<Item = Batch> + 'a {
    let mut members = wave.members.iter();
    let mut index = first;
    std::iter::from_fn(move || {
        loop {
            let batch: Vec<EndpointNumber> = members.by_ref().take(BATCH_ENDPOINTS_MAX).collect();
            if batch.is_empty() {
                return None;
            }
            let this = index;
            index += 1;
            if !finished.contains(this) {
                return Some(Batch { index: this, members: batch });
            }
        }
    })
}

/// Every wave with the index of its first batch.
pub fn waves(frozen: &Frozen) -> impl Iterator<Item = (u32, &Wave)> {
    frozen.waves.iter().scan(0, |next, wave| {
        let first = *next;
        *next += batches_of(wave);
        Some((first, wave))
    })
}

/// The members of the batch with this index.
///
/// Shape: ascending; empty past the last batch.
pub fn members(frozen: &Frozen, index: u32) -> Vec<EndpointNumber> {
    for (first, wave) in waves(frozen) {
        if index < first + batches_of(wave) {
            let rank = (index - first) * BATCH_ENDPOINTS_MAX as u32;
            let Some(start) = wave.members.select(rank) else { return Vec::new() };
            return wave.members.range(start..).take(BATCH_ENDPOINTS_MAX).collect();
        }
    }
    Vec::new()
}

/// The batch an endpoint is in, and its place there.
pub fn find(frozen: &Frozen, number: EndpointNumber) -> Option<(u32, usize)> {
    let (first, wave) = waves(frozen).find(|(_, wave)| wave.members.contains(number))?;
    let rank = wave.members.rank(number) - 1;
    let batch = u32::try_from(rank / BATCH_ENDPOINTS_MAX as u64).expect("numbers are 32 bits wide");
    Some((first + batch, (rank % BATCH_ENDPOINTS_MAX as u64) as usize))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn frozen(waves: Vec<RoaringBitmap>) -> Frozen {
        let wave = |members| Wave { due: Timestamp::UNIX_EPOCH, members };
        Frozen { settled: Vec::new(), waves: waves.into_iter().map(wave).collect() }
    }

    #[test]
    fn every_batch_of_a_wave_but_its_last_is_full() {
        let frozen = frozen(vec![(0..120).collect(), (200..201).collect()]);
        assert_eq!(count(&frozen), 4);
        let none = RoaringBitmap::new();
        let sizes: Vec<_> = waves(&frozen)
            .flat_map(|(first, wave)| unfinished(wave, first, &none))
            .map(|batch| (batch.index, batch.members.len()))
            .collect();
        assert_eq!(sizes, [(0, 50), (1, 50), (2, 20), (3, 1)]);
    }

    #[test]
    fn an_empty_audience_has_no_batches() {
        assert_eq!(count(&frozen(vec![])), 0);
        assert_eq!(count(&frozen(vec![RoaringBitmap::new()])), 0);
        assert!(members(&frozen(vec![]), 0).is_empty());
    }

    proptest! {
        #[test]
        fn batches_hold_every_member_once_whatever_is_finished(
            first in proptest::collection::btree_set(0u32..2_000, 0..400),
            second in proptest::collection::btree_set(5_000u32..9_000, 0..400),
            finished in proptest::collection::btree_set(0u32..20, 0..10),
        ) {
            let frozen = frozen(vec![first.iter().copied().collect(), second.iter().copied().collect()]);
            let finished: RoaringBitmap = finished.into_iter().collect();
            let mut seen = Vec::new();
            for (start, wave) in waves(&frozen) {
                for batch in unfinished(wave, start, &finished) {
                    prop_assert!((1..=BATCH_ENDPOINTS_MAX).contains(&batch.members.len()));
                    prop_assert!(!finished.contains(batch.index));
                    prop_assert_eq!(&members(&frozen, batch.index), &batch.members);
                    for (place, &number) in batch.members.iter().enumerate() {
                        prop_assert_eq!(find(&frozen, number), Some((batch.index, place)));
                    }
                    seen.extend(batch.members);
                }
            }
            for index in finished.iter().filter(|&index| index < count(&frozen)) {
                seen.extend(members(&frozen, index));
            }
            seen.sort_unstable();
            let all: Vec<u32> = first.into_iter().chain(second).collect();
            prop_assert_eq!(seen, all);
        }
    }
}
