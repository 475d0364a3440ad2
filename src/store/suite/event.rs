//! Events.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Place, application, application_id, at, put, with_application};
use crate::domain::{ApplicationId, ChannelType};
use crate::store::{Error, Event, EventPage, EventStore};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn noon() -> Timestamp {
    time("2026-03-01T12:00:00.5Z")
}

pub fn event(endpoint_id: &str, id: &str) -> Event {
    Event {
        endpoint_id: endpoint_id.into(),
        id: id.into(),
        event_type: "cart.add".into(),
        at: time("2026-03-01T11:59:00.000001Z"),
        document: r#"{"EventType":"cart.add"}"#.into(),
    }
}

async fn append(store: &dyn EventStore, events: &[Event], arrived_at: Timestamp) -> Vec<bool> {
    store.append_events(&application_id(), events.to_vec(), arrived_at).await.unwrap()
}

async fn all(store: &dyn EventStore) -> EventPage {
    store.events_after(&application_id(), 0, usize::MAX).await.unwrap()
}

fn ids(page: &EventPage) -> Vec<&str> {
    page.iter().map(|row| row.event.id.as_str()).collect()
}

pub async fn events_read_back_after_reopening(place: &dyn Place) {
    let store = with_application(place).await;
    let (first, second) = (event("e", "1"), event("e", "2"));
    let third = Event { event_type: "ordered".into(), at: Timestamp::UNIX_EPOCH, ..event("", "3") };
    assert_eq!(append(&*store, &[first.clone(), second.clone()], noon()).await, [true, true]);
    assert_eq!(append(&*store, std::slice::from_ref(&third), noon()).await, [true]);
    assert!(append(&*store, &[], noon()).await.is_empty());
    drop(store);

    let store = place.open().await;
    let page = all(&*store).await;
    assert_eq!(page.iter().map(|row| row.event.clone()).collect::<Vec<_>>(), [first, second, third]);
    assert!(page.iter().all(|row| row.arrived_at == noon()));
    assert!(page[0].position > 0 && page.is_sorted_by(|a, b| a.position < b.position));
}

pub async fn events_sent_again_are_passed_over_for_a_day(place: &dyn Place) {
    let store = with_application(place).await;
    let events = [event("e", "1"), event("e", "2"), event("e", "1"), event("f", "1"), event("e1", "")];
    assert_eq!(append(&*store, &events, noon()).await, [true, true, false, true, true]);
    let changed = Event { event_type: "other".into(), document: "{}".into(), ..event("e", "1") };
    assert_eq!(append(&*store, &[changed, event("e", "3")], noon()).await, [false, true]);
    drop(store);

    let store = place.open().await;
    let day = SignedDuration::from_hours(24);
    let microsecond = SignedDuration::from_micros(1);
    assert_eq!(append(&*store, &[event("e", "1")], noon() + day - microsecond).await, [false]);
    assert_eq!(append(&*store, &[event("e", "1")], noon() + day).await, [true], "a day is over");
    assert_eq!(append(&*store, &[event("e", "1")], noon() + day + day - microsecond).await, [false], "the new one");
    assert_eq!(append(&*store, &[event("e", "2")], noon() + SignedDuration::from_hours(100)).await, [true]);
    assert_eq!(ids(&all(&*store).await), ["1", "2", "1", "", "3", "1", "2"]);

    let other = ApplicationId::new("00");
    store.put_application(application(&other)).await.unwrap();
    let elsewhere = store.append_events(&other, vec![event("e", "3")], noon()).await.unwrap();
    assert_eq!(elsewhere, [true], "an event is an application's");
    let stranger = store.append_events(&ApplicationId::new("11"), vec![event("e", "1")], noon()).await;
    assert!(matches!(stranger, Err(Error::NotFound { kind: "application", .. })));
}

/// Many callers send the same events at once; each is kept once.
pub async fn events_of_many_tasks_are_kept_once_each(place: &dyn Place) {
    const TASKS: usize = 16;
    const CALLS: usize = 10;
    const EVENTS: usize = 30;
    let store = with_application(place).await;
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut fresh = 0;
                for call in 0..CALLS {
                    // Two tasks share their events.
                    let id = |i| format!("{} {call} {i}", task / 2);
                    let events: Vec<_> = (0..EVENTS).map(|i| event("e", &id(i))).collect();
                    fresh += append(&*store, &events, noon()).await.into_iter().filter(|is_new| *is_new).count();
                }
                fresh
            })
        })
        .collect();
    let mut fresh = 0;
    for task in tasks {
        fresh += task.await.unwrap();
    }
    drop(store);

    let store = place.open().await;
    assert_eq!(fresh, TASKS / 2 * CALLS * EVENTS);
    let page = all(&*store).await;
    assert_eq!(page.len(), fresh);
    let mut ids = ids(&page);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), fresh);
}

pub async fn events_are_read_on_from_a_position(place: &dyn Place) {
    let store = with_application(place).await;
    let other = ApplicationId::new("00");
    store.put_application(application(&other)).await.unwrap();
    for i in 0..10 {
        append(&*store, &[event("e", &i.to_string())], noon()).await;
        store.append_events(&other, vec![event("e", "x")], noon() + SignedDuration::from_hours(30 * i)).await.unwrap();
    }
    let mut after = 0;
    let mut read = Vec::new();
    loop {
        let page = store.events_after(&application_id(), after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3 && page[0].position > after);
        after = last.position;
        read.extend(page.into_iter().map(|row| row.event.id));
    }
    assert_eq!(read, (0..10).map(|i| i.to_string()).collect::<Vec<_>>());
    assert_eq!(store.events_after(&application_id(), u64::MAX, 3).await.unwrap(), []);

    assert_eq!(store.delete_events_before(noon() + SignedDuration::from_hours(1_000)).await.unwrap(), 20);
    append(&*store, &[event("e", "next")], noon() + SignedDuration::from_hours(1_000)).await;
    let page = store.events_after(&application_id(), after, 3).await.unwrap();
    assert_eq!(ids(&page), ["next"], "positions of removed events are not given again");
}

pub async fn a_page_of_large_events_ends_early(place: &dyn Place) {
    let store = with_application(place).await;
    let large = |i: u32| Event { document: " ".repeat(1_000_000), ..event("e", &i.to_string()) };
    append(&*store, &(0..7).map(large).collect::<Vec<_>>(), noon()).await;
    let page = store.events_after(&application_id(), 0, 100).await.unwrap();
    assert_eq!(ids(&page), ["0", "1", "2", "3", "4"], "up to the one that goes beyond 4 MiB");
    let (from, to) = (page[0].event.at, noon());
    let same = store.events_between(&application_id(), &["cart.add"], from, to, 0, 100).await.unwrap();
    assert_eq!(same, page);
    let rest = store.events_after(&application_id(), page[4].position, 100).await.unwrap();
    assert_eq!(ids(&rest), ["5", "6"]);
}

/// Compares with a list in memory, for many spans and page sizes.
pub async fn events_of_types_are_found_in_a_span_of_time(place: &dyn Place) {
    let store = with_application(place).await;
    let mut random = fastrand::Rng::with_seed(5);
    let types = ["a", "b", "c"];
    let hours = |hours: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
    let mut events: Vec<_> = (0..600)
        .map(|i| Event {
            event_type: types[random.usize(0..3)].into(),
            // Days around 1970, mostly but not always in the order in which they arrive; some at the same moment.
            at: hours(random.i64(-24..24) + i / 4 - 70),
            ..event("e", &i.to_string())
        })
        .collect();
    events.extend([Timestamp::MIN, Timestamp::MAX].map(|at| Event {
        at,
        event_type: "a".into(),
        ..event("e", &at.to_string())
    }));
    for events in events.chunks(50) {
        append(&*store, events, noon()).await;
    }
    // A moment that counts by the microsecond is at the end of one span and in the next.
    let spans =
        [(hours(-50), hours(50)), (hours(-100), hours(-20)), (hours(3), hours(4)), (Timestamp::MIN, Timestamp::MAX)];
    for (from, to) in spans.into_iter().chain([(hours(4), hours(4)), (hours(5), hours(4))]) {
        for wanted in [&["a", "b", "c"][..], &["b"], &["c", "a", "c"], &["other"], &[]] {
            for events_max in [1, 7, 1_000] {
                let mut read = Vec::new();
                let mut after = 0;
                loop {
                    let page =
                        store.events_between(&application_id(), wanted, from, to, after, events_max).await.unwrap();
                    assert!(page.len() <= events_max && page.is_sorted_by(|a, b| a.position < b.position));
                    let Some(last) = page.last() else { break };
                    assert!(page[0].position > after);
                    after = last.position;
                    read.extend(page.into_iter().map(|row| row.event));
                    if events_max == 1 && read.len() > 20 {
                        break;
                    }
                }
                let mut expected: Vec<_> = events
                    .iter()
                    .filter(|event| wanted.contains(&event.event_type.as_str()) && (from..to).contains(&event.at))
                    .cloned()
                    .collect();
                if events_max == 1 {
                    expected.truncate(21);
                }
                assert_eq!(read, expected, "{wanted:?} from {from} to {to} by {events_max}");
            }
        }
    }
}

pub async fn old_events_are_removed(place: &dyn Place) {
    let store = with_application(place).await;
    let hour = SignedDuration::from_hours(1);
    // Arrivals out of order, and more than a step removes.
    let many: Vec<_> = (0..4_500).map(|i| event("e", &format!("m{i}"))).collect();
    append(&*store, &[event("e", "late")], noon() + hour).await;
    append(&*store, &many, noon() - hour).await;
    append(&*store, &[event("e", "on time")], noon()).await;
    append(&*store, &[event("e", "early")], noon() - hour).await;
    assert_eq!(store.delete_events_before(noon()).await.unwrap(), 4_501);
    assert_eq!(store.delete_events_before(noon()).await.unwrap(), 0);
    drop(store);
    assert_eq!(ids(&all(&*place.open().await).await), ["late", "on time"]);
}

pub async fn a_position_before_a_moment_misses_nothing_after_it(place: &dyn Place) {
    let store = with_application(place).await;
    assert_eq!(store.position_before(noon()).await.unwrap(), 0);
    for hour in 0..4 {
        append(&*store, &[event("e", &hour.to_string())], noon() + SignedDuration::from_hours(hour)).await;
    }
    let since = async |hour: i64| {
        let from = store.position_before(noon() + SignedDuration::from_hours(hour)).await.unwrap();
        let page = store.events_after(&application_id(), from, usize::MAX).await.unwrap();
        page.iter().map(|row| row.event.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(since(0).await, ["0", "1", "2", "3"]);
    assert_eq!(since(2).await, ["2", "3"]);
    assert!(since(5).await.is_empty());
}

pub async fn endpoints_with_events_since_a_moment_are_active(place: &dyn Place) {
    let store = with_application(place).await;
    let hours = |hours: i64| noon() + SignedDuration::from_hours(hours);
    let active = async |store: &dyn EventStore, moment| {
        store.active_since(&application_id(), moment).await.unwrap().into_iter().collect::<Vec<_>>()
    };
    put(&*store, ["a", "b", "c", "d"].map(|id| at(id, ChannelType::Sms, id)).into()).await;
    append(&*store, &[event("b", "1"), event("nobody", "1")], hours(0)).await;
    append(&*store, &[event("a", "1"), event("a", "2")], hours(24)).await;
    append(&*store, &[event("b", "2")], hours(48)).await;
    let reports = ["_email.delivered", "_SMS.SUCCESS"];
    let reports = reports.map(|name| Event { event_type: name.into(), ..event("d", name) });
    append(&*store, &reports, hours(48)).await;

    let microsecond = SignedDuration::from_micros(1);
    // Later moments first: the earlier ones ask for what was not read yet.
    assert_eq!(active(&*store, hours(48) + microsecond).await, [0; 0]);
    assert_eq!(active(&*store, hours(48)).await, [1]);
    assert_eq!(active(&*store, hours(24) + microsecond).await, [1]);
    assert_eq!(active(&*store, hours(24)).await, [0, 1]);
    assert_eq!(active(&*store, Timestamp::MIN).await, [0, 1]);

    append(&*store, &[event("c", "1")], hours(72)).await;
    append(&*store, &[event("c", "2")], hours(72) - SignedDuration::from_mins(1)).await;
    append(&*store, &[Event { event_type: "_email.open".into(), ..event("d", "2") }], hours(73)).await;
    for _ in 0..2 {
        assert_eq!(active(&*store, hours(72)).await, [2, 3], "what comes a little late takes nothing back");
        assert_eq!(active(&*store, hours(24)).await, [0, 1, 2, 3]);
    }
    drop(store);

    let store = place.open().await;
    assert_eq!(active(&*store, hours(48)).await, [1, 2, 3]);
    assert_eq!(active(&*store, hours(0)).await, [0, 1, 2, 3]);
    let other = ApplicationId::new("00");
    assert!(store.active_since(&other, hours(0)).await.unwrap().is_empty(), "there is no such application");
    store.put_application(application(&other)).await.unwrap();
    assert!(store.active_since(&other, hours(0)).await.unwrap().is_empty(), "others' events are not its own");
}
