use std::cmp::Reverse;
use std::collections::BinaryHeap;

use futures_util::FutureExt;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn table(places: usize, needs: &[Need]) -> Table {
    Table { places, runs: (0..).zip(needs.iter().copied()).collect() }
}

fn wants(places: usize) -> Need {
    Need { ready: places, ..Need::default() }
}

const ENDLESS: Need = Need { working: 0, ready: 1_000, is_reading: true };

#[test]
fn what_one_cannot_use_others_get() {
    let shares = |places, needs: &[Need]| table(places, needs).shares().into_values().collect::<Vec<_>>();
    assert_eq!(shares(64, &[ENDLESS]), [64]);
    assert_eq!(shares(64, &[ENDLESS, ENDLESS]), [32, 32]);
    assert_eq!(shares(64, &[wants(4), ENDLESS, ENDLESS]), [4, 30, 30]);
    assert_eq!(shares(64, &[wants(0), ENDLESS]), [0, 64]);
    assert_eq!(shares(64, &[wants(3), wants(2)]), [3, 2]);
    assert_eq!(shares(7, &[ENDLESS, ENDLESS, ENDLESS]), [2, 2, 3]);
    assert_eq!(shares(2, &[ENDLESS, ENDLESS, wants(1), wants(0), ENDLESS]), [1, 1, 1, 0, 1]);
}

fn any_need() -> impl Strategy<Value = Need> {
    let (working, ready) = (0..20_usize, prop_oneof![Just(0), 0..100_usize]);
    (working, ready, any::<bool>()).prop_map(|(working, ready, is_reading)| Need { working, ready, is_reading })
}

/// What runs do, one after the other.
#[derive(Clone, Debug)]
enum Step {
    Ready(u64, usize),
    Reading(u64, bool),
    Take(u64),
    End(u64),
    Leave(u64),
}

fn any_step() -> impl Strategy<Value = Step> {
    let id = || 0..6_u64;
    prop_oneof![
        1 => (id(), 1..20_usize).prop_map(|(id, batches)| Step::Ready(id, batches)),
        1 => (id(), any::<bool>()).prop_map(|(id, is_reading)| Step::Reading(id, is_reading)),
        8 => id().prop_map(Step::Take),
        6 => id().prop_map(Step::End),
        1 => id().prop_map(Step::Leave),
    ]
}

proptest! {
    #[test]
    fn shares_are_fair_and_waste_nothing(places in 1..100_usize, needs in vec(any_need(), 1..40)) {
        let table = table(places, &needs);
        let shares = table.shares();
        let total: usize = shares.values().sum();
        let wanting = needs.iter().filter(|need| need.places() > 0).count();
        prop_assert!(total <= places.max(wanting));
        for (id, share) in &shares {
            let places = table.runs[id].places();
            prop_assert!(*share <= places, "nobody gets what is of no use");
            prop_assert!(*share >= 1 || places == 0, "whoever has work has a place");
            if *share < places {
                prop_assert!(total >= table.places, "nobody goes without while there is some left");
                prop_assert!(shares.values().all(|other| *other <= share + 1), "nobody has more than who goes without");
            }
        }
    }

    /// However runs come and go, a run below its share waits for the batches of others at most, and never with none under way.
    #[test]
    fn places_are_kept_to(places in 1..12_usize, steps in vec(any_step(), 1..200)) {
        let mut table = table(places, &[Need::default(); 6]);
        for step in steps {
            match step {
                Step::Ready(id, batches) => table.change(id, |need| need.ready += batches),
                Step::Reading(id, is_reading) => table.change(id, |need| need.is_reading = is_reading),
                Step::Take(id) => {
                    let before = table.runs[&id];
                    let share = table.shares()[&id];
                    let taken = table.take(id);
                    prop_assert!(!taken || before.working < share && before.ready > 0);
                    prop_assert!(taken || before.working > 0 || before.ready == 0, "one place is always there");
                }
                Step::End(id) => table.change(id, |need| need.working = need.working.saturating_sub(1)),
                Step::Leave(id) => table.change(id, |need| *need = Need { working: need.working, ..Need::default() }),
            }
            let working: usize = table.runs.values().map(|need| need.working).sum();
            let first = table.runs.values().filter(|need| need.working == 1).count();
            prop_assert!(working <= places || first > 0 && working <= places + table.runs.len());
            // The places of a run whose next batches are being read are kept for it.
            let is_kept = table.runs.values().any(|need| need.is_reading && need.ready == 0);
            let may_go_on = table.runs.values().any(|need| need.ready > 0) && working < places && !is_kept;
            prop_assert!(!may_go_on || table.admitted().next().is_some(), "no place stays empty while a batch waits");
        }
    }
}

/// Batches that ended by a moment, of runs that have endless work from their start on, and whose batches take so many ticks.
fn simulate(places: usize, runs: &[(u64, u64)], until: u64) -> Vec<usize> {
    let mut table = Table::new(places);
    let mut done = vec![0; runs.len()];
    let mut ends = BinaryHeap::new();
    for now in 0..=until {
        while let Some(&Reverse((end, run))) = ends.peek()
            && end <= now
        {
            ends.pop();
            done[run] += 1;
            table.change(run as u64, |need| need.working -= 1);
        }
        for (run, (start, _)) in runs.iter().enumerate() {
            if *start == now {
                table.runs.insert(run as u64, Need { ready: usize::MAX / 2, ..ENDLESS });
            }
        }
        loop {
            let Some(id) = table.admitted().next() else { break };
            assert!(table.take(id));
            ends.push(Reverse((now + runs[id as usize].1, id as usize)));
        }
    }
    done
}

#[test]
fn a_slow_run_costs_a_fast_one_its_share_and_no_more() {
    const FAST: u64 = 1;
    const SLOW: u64 = 500;
    // Alone, the fast one ends a batch a tick in every place.
    assert_eq!(simulate(8, &[(0, FAST)], 1_000), [8_000]);
    // Both from the start: half of the places.
    let done = simulate(8, &[(0, SLOW), (0, FAST)], 1_000);
    assert_eq!(done, [8, 4_000]);
    // The slow one had all places when the other came: one at once, the share within one of its batches.
    let done = simulate(8, &[(0, SLOW), (100, FAST)], 2_100);
    assert_eq!(done[1], 400 + 4 * 1_600);
    // Nine slow ones: a tenth.
    let mut runs = vec![(0, SLOW); 9];
    runs.push((0, FAST));
    assert_eq!(simulate(20, &runs, 1_000)[9], 2_000);
    // And with more runs than places, one.
    let mut runs = vec![(0, SLOW); 99];
    runs.push((0, FAST));
    assert_eq!(simulate(64, &runs, 1_000)[99], 1_000);
}

#[test]
fn who_waits_is_told_when_a_place_is_free() {
    let pool = Pool::new(2);
    let (one, other) = (pool.join(), pool.join());
    one.ready(3);
    let taken: Vec<Place> = (0..2).map(|_| one.take().now_or_never().unwrap()).collect();
    let mut waits = Box::pin(one.take());
    assert!(waits.as_mut().now_or_never().is_none());
    other.ready(1);
    let its_first = other.take().now_or_never().expect("the first place is always there");
    drop(taken);
    let third = waits.now_or_never().expect("places came back");
    drop((its_first, third, other));
    one.ready(2);
    let all: Vec<_> = (0..2).map(|_| one.take().now_or_never().unwrap()).collect();
    assert_eq!(pool.seats.lock().admitted.len(), 1, "who went is forgotten");
    drop(all);
}

#[test]
fn a_batch_that_waits_for_others_of_its_run_lends_them_its_place() {
    let pool = Pool::new(1);
    let seat = pool.join();
    seat.ready(2);
    let place = seat.take().now_or_never().unwrap();
    assert!(seat.take().now_or_never().is_none());
    let lent = seat.lend();
    let next = seat.take().now_or_never().unwrap();
    drop(lent);
    seat.ready(1);
    drop(next);
    assert!(seat.take().now_or_never().is_none(), "it has its place back");
    drop(place);
    assert!(seat.take().now_or_never().is_some());
}
