//! Who works on how many batches: the places of a process, shared by its runs.
//!
//! Each run gets as many places as it can use, up to an equal share; what one cannot use, others get (max-min fairness). So a
//! run whose hook or provider is slow keeps its own share busy, and no other. A place is taken for one batch; shares that
//! shrink, since a run came, come back as batches end. Every run that has work has one place at least, however many there are.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// What a run could use.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Need {
    /// Places it has taken.
    working: usize,
    /// Batches that wait for a place.
    ready: usize,
    /// Whether more get ready soon.
    is_reading: bool,
}

impl Need {
    fn places(self) -> usize {
        if self.is_reading { usize::MAX } else { self.working + self.ready }
    }
}

/// The rule. Pure.
#[derive(Debug)]
struct Table {
    places: usize,
    runs: BTreeMap<u64, Need>,
}

impl Table {
    fn new(places: usize) -> Self {
        Self { places, runs: BTreeMap::new() }
    }

    /// How many places each run may take.
    fn shares(&self) -> BTreeMap<u64, usize> {
        let mut runs: Vec<(usize, u64)> = self.runs.iter().map(|(id, need)| (need.places(), *id)).collect();
        runs.sort_unstable();
        let (count, mut left) = (runs.len(), self.places);
        let share = |(i, (places, id)): (usize, (usize, u64))| {
            let share = places.min((left / (count - i)).max(1));
            left = left.saturating_sub(share);
            (id, share)
        };
        runs.into_iter().enumerate().map(share).collect()
    }

    /// Runs that may take a place now.
    fn admitted(&self) -> impl Iterator<Item = u64> {
        let shares = self.shares();
        let is_free = self.runs.values().map(|need| need.working).sum::<usize>() < self.places;
        let admits =
            move |id: u64, need: Need| need.ready > 0 && need.working < shares[&id] && (is_free || need.working == 0);
        self.runs.iter().filter(move |(id, need)| admits(**id, **need)).map(|(id, _)| *id)
    }

    /// Takes a place for a batch that waits, if the run may.
    fn take(&mut self, id: u64) -> bool {
        let may = self.admitted().any(|admitted| admitted == id);
        if may {
            self.change(id, |need| {
                need.ready -= 1;
                need.working += 1;
            });
        }
        may
    }

    fn change(&mut self, id: u64, change: impl FnOnce(&mut Need)) {
        change(self.runs.get_mut(&id).expect("a run has its seat until it is dropped"));
    }
}

/// The places of a process.
#[derive(Debug)]
pub struct Pool {
    seats: Mutex<Seats>,
}

#[derive(Debug)]
struct Seats {
    table: Table,
    /// Told when the run may take a place.
    admitted: HashMap<u64, Arc<Notify>>,
    next: u64,
}

impl Pool {
    /// A pool of so many places.
    pub fn new(places: usize) -> Arc<Self> {
        let seats = Seats { table: Table::new(places), admitted: HashMap::new(), next: 0 };
        Arc::new(Self { seats: Mutex::new(seats) })
    }

    /// A run comes; it goes when this is dropped.
    pub fn join(self: &Arc<Self>) -> Arc<Seat> {
        let admitted = Arc::new(Notify::new());
        let mut seats = self.seats.lock();
        let id = seats.next;
        seats.next += 1;
        seats.table.runs.insert(id, Need::default());
        seats.admitted.insert(id, admitted.clone());
        Arc::new(Seat { pool: self.clone(), id, admitted })
    }

    fn change<T>(&self, change: impl FnOnce(&mut Table) -> T) -> T {
        let mut seats = self.seats.lock();
        let changed = change(&mut seats.table);
        for id in seats.table.admitted() {
            seats.admitted[&id].notify_one();
        }
        changed
    }
}

/// A run's part of the pool.
#[derive(Debug)]
pub struct Seat {
    pool: Arc<Pool>,
    id: u64,
    admitted: Arc<Notify>,
}

impl Seat {
    /// Batches are ready to be worked on.
    pub fn ready(&self, batches: usize) {
        self.change(|need| need.ready += batches);
    }

    /// Whether more batches get ready soon.
    pub fn set_reading(&self, is_reading: bool) {
        self.change(|need| need.is_reading = is_reading);
    }

    /// No further batch is worked on.
    pub fn leave(&self) {
        self.change(|need| *need = Need { working: need.working, ..Need::default() });
    }

    /// Waits for a place for a batch that is ready. Dropping the wait takes none.
    pub async fn take(self: &Arc<Self>) -> Place {
        while !self.pool.change(|table| table.take(self.id)) {
            self.admitted.notified().await;
        }
        Place(self.clone())
    }

    /// The batch in one of the run's places only waits for others of its run, which may use the place until this is dropped.
    pub fn lend(&self) -> Lent<'_> {
        self.change(|need| need.working -= 1);
        Lent(self)
    }

    fn change(&self, change: impl FnOnce(&mut Need)) {
        self.pool.change(|table| table.change(self.id, change));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.pool.change(|table| table.runs.remove(&self.id));
        self.pool.seats.lock().admitted.remove(&self.id);
    }
}

/// A place for one batch, until it is dropped.
#[derive(Debug)]
#[must_use = "the place is free again once it is dropped"]
pub struct Place(Arc<Seat>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.change(|need| need.working -= 1);
    }
}

/// A place that others of its run may use, until this is dropped.
pub struct Lent<'a>(&'a Seat);

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.0.change(|need| need.working += 1);
    }
}

#[cfg(test)]
mod tests;
