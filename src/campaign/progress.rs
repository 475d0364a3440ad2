//! How far a run is, for whoever watches it while it goes on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;

use crate::domain::{Fate, Tally};
use crate::hook::Waiting;
use crate::store::BatchRow;

/// Counts of a run, shared by its workers and its watchers.
#[derive(Debug, Default)]
pub struct Progress {
    audience: AtomicU64,
    batches: AtomicU64,
    batches_done: AtomicU64,
    in_flight: AtomicU64,
    waiting: AtomicBool,
    /// Of the hooks of the runs.
    hooks: Mutex<Vec<Waiting>>,
    fates: [AtomicU64; Fate::ALL.len()],
}

impl Progress {
    pub(super) fn add_audience(&self, endpoints: u64, batches: u64) {
        self.audience.fetch_add(endpoints, Relaxed);
        self.batches.fetch_add(batches, Relaxed);
    }

    pub(super) fn add_done(&self, batches: u64, tally: &Tally) {
        self.batches_done.fetch_add(batches, Relaxed);
        for (fate, endpoints) in tally.iter() {
            self.fates[fate as usize - 1].fetch_add(endpoints, Relaxed);
        }
    }

    /// Batches that were done, whose held members are open again.
    pub(super) fn take_back<'a>(&self, redriven: impl Iterator<Item = &'a BatchRow>) {
        for row in redriven {
            self.batches_done.fetch_sub(1, Relaxed);
            for &byte in &row.fates {
                let was = Fate::from_byte(byte).unwrap_or(Fate::Held);
                self.fates[was as usize - 1].fetch_sub(1, Relaxed);
            }
        }
    }

    pub(super) fn set_waiting(&self, waiting: bool) {
        self.waiting.store(waiting, Relaxed);
    }

    /// Batches may wait for this hook.
    pub(super) fn watch(&self, hook: Waiting) {
        self.hooks.lock().push(hook);
    }

    pub(super) fn begin_batch(&self) {
        self.in_flight.fetch_add(1, Relaxed);
    }

    pub(super) fn end_batch(&self) {
        self.in_flight.fetch_sub(1, Relaxed);
    }

    /// Endpoints of the frozen audiences.
    pub fn audience(&self) -> u64 {
        self.audience.load(Relaxed)
    }

    /// Batches of the audiences.
    pub fn batches(&self) -> u64 {
        self.batches.load(Relaxed)
    }

    /// Batches whose every member has a fate.
    pub fn batches_done(&self) -> u64 {
        self.batches_done.load(Relaxed)
    }

    /// Batches being worked on.
    pub fn in_flight(&self) -> u64 {
        self.in_flight.load(Relaxed)
    }

    /// Whether nothing has to move: there is nothing to do until the next messages are due, or batches wait until their hook may
    /// be called again, which has an end.
    pub fn is_waiting(&self) -> bool {
        self.waiting.load(Relaxed) && self.in_flight() == 0 || self.hooks.lock().iter().any(Waiting::is_any)
    }

    /// Fates so far.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for (fate, count) in Fate::ALL.into_iter().zip(&self.fates) {
            tally.add(fate, count.load(Relaxed));
        }
        tally
    }
}
