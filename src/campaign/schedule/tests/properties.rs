//! What holds for every schedule, zone and moment.

use jiff::civil::{DateTime, Time, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use proptest::prelude::*;

use crate::campaign::schedule::{Frequency, Period, QuietTime, Run, Schedule, parse_offset, zone};
use crate::wire::generated as wire;

/// Zones with all kinds of clocks: no changes, whole and half hours, both hemispheres, the ends of the earth, days skipped.
const ZONES: &[&str] = &[
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Los_Angeles",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Etc/GMT+12",
    "Europe/Dublin",
    "Europe/London",
    "Europe/Vienna",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "UTC",
];

const OFFSETS: &[&str] = &["UTC", "UTC+01", "UTC+05:45", "UTC+09:30", "UTC+13", "UTC-02", "UTC-08", "UTC-11"];

/// A schedule whose members are all absent.
fn nothing() -> wire::Schedule {
    serde_json::from_str(r#"{ "StartTime": "" }"#).unwrap()
}

fn any_zone() -> impl Strategy<Value = TimeZone> {
    prop::sample::select(ZONES).prop_map(|name| zone(name).unwrap())
}

/// A moment from 1990 to 2059.
fn any_moment() -> impl Strategy<Value = Timestamp> {
    (631_152_000_i64..2_840_140_800).prop_map(|second| Timestamp::from_second(second).unwrap())
}

/// A zone, and a moment that is often near a change of its clocks.
fn zone_and_moment() -> impl Strategy<Value = (TimeZone, Timestamp)> {
    (any_zone(), any_moment(), any::<bool>(), -30 * 3600_i64..30 * 3600).prop_map(|(zone, moment, is_near, seconds)| {
        let change = zone.following(moment).next().filter(|_| is_near).map(|change| change.timestamp());
        let moment = change.map_or(moment, |change| change + SignedDuration::from_secs(seconds));
        (zone, moment)
    })
}

fn any_period() -> impl Strategy<Value = Period> {
    prop::sample::select(&[Period::Hour, Period::Day, Period::Week, Period::Month][..])
}

fn frequency(period: Period) -> wire::Frequency {
    match period {
        Period::Hour => wire::Frequency::Hourly,
        Period::Day => wire::Frequency::Daily,
        Period::Week => wire::Frequency::Weekly,
        Period::Month => wire::Frequency::Monthly,
    }
}

prop_compose! {
    /// A recurring schedule, and when its campaign was made.
    fn recurring()(
        start in any_moment(),
        offset in prop::sample::select(OFFSETS),
        period in any_period(),
        is_immediate in prop::bool::weighted(0.2),
        is_local_time in any::<bool>(),
        days in prop::option::of(0..4000_i64),
    ) -> (Schedule, Timestamp) {
        let text = |moment: Timestamp| {
            parse_offset(offset).unwrap().to_datetime(moment).to_string()
        };
        let end = days.map(|days| start + SignedDuration::from_hours(days * 24));
        let wire = wire::Schedule {
            start_time: if is_immediate { "IMMEDIATE".to_owned() } else { text(start) },
            end_time: end.map(text),
            frequency: Some(frequency(period)),
            is_local_time: Some(is_local_time),
            timezone: Some(offset.to_owned()),
            ..nothing()
        };
        (Schedule::read(&wire, None).unwrap(), start)
    }
}

/// The runs one after the other.
fn walk(schedule: &Schedule, made: Timestamp) -> impl Iterator<Item = Run> {
    (0..).map_while(move |number| schedule.run(number, made))
}

fn period_of(schedule: &Schedule) -> Period {
    let Frequency::Every(period) = schedule.frequency else { panic!("{schedule:?} does not recur") };
    period
}

proptest! {
    #[test]
    fn no_run_comes_twice_none_is_lost_and_none_is_early_or_late((schedule, made) in recurring()) {
        let mut before = None;
        let mut runs = 0;
        let first = walk(&schedule, made).next();
        for run in walk(&schedule, made).take(200) {
            prop_assert_eq!(run.number, runs);
            prop_assert!(run.moment >= made, "the start is when the campaign was made");
            prop_assert!(schedule.end.is_none_or(|end| run.moment <= end));
            let anchor = first.unwrap().wall;
            match before {
                None => prop_assert_eq!(run.moment, schedule.start.moment(made)),
                Some(before) => {
                    let between = run.moment.duration_since(before).as_hours();
                    let possible = match period_of(&schedule) {
                        Period::Hour => 1..=1,
                        Period::Day => 24..=24,
                        Period::Week => 168..=168,
                        Period::Month => 28 * 24..=31 * 24,
                    };
                    prop_assert!(possible.contains(&between), "{between} hours between runs");
                }
            }
            if period_of(&schedule) == Period::Month {
                prop_assert_eq!(run.wall.day(), anchor.day().min(run.wall.date().days_in_month()));
            }
            if period_of(&schedule) != Period::Hour {
                prop_assert_eq!(run.wall.time(), anchor.time());
            }
            before = Some(run.moment);
            runs += 1;
        }
        if runs < 200 {
            prop_assert!(schedule.end.is_some(), "only an end ends them");
            prop_assert!((runs..runs + 50).all(|number| schedule.run(number, made).is_none()));
        }
    }

    #[test]
    fn the_latest_and_the_next_run_are_those_that_walking_finds(
        (schedule, made) in recurring(),
        steps in 0..400_i64,
        seconds in -2..3_i64,
    ) {
        // Near a run, before the first one and after the last.
        let hours = match period_of(&schedule) {
            Period::Hour => 1,
            Period::Day => 24,
            Period::Week => 168,
            Period::Month => 730,
        };
        let near = made + SignedDuration::from_hours((steps - 20) * hours);
        let near = schedule.latest_run_at(near, made).map_or(near, |run| run.moment);
        let now = near + SignedDuration::from_secs(seconds);
        let latest = walk(&schedule, made).take_while(|run| run.moment <= now).last();
        let next = walk(&schedule, made).find(|run| run.moment > now);
        prop_assert_eq!(schedule.latest_run_at(now, made), latest);
        prop_assert_eq!(schedule.run_after(now, made), next);
    }

    #[test]
    fn local_time_is_due_when_the_clock_shows_it(
        (zone, near) in zone_and_moment(),
        offset in prop::sample::select(OFFSETS),
        period in prop::sample::select(&[Period::Day, Period::Week, Period::Month][..]),
        runs_before in 0..20_i64,
    ) {
        // Some run falls on the wall clock near a change.
        let wall = zone.to_datetime(near);
        let days = match period { Period::Week => 7, _ => 1 };
        let start = wall.checked_sub(Span::new().days(runs_before * days)).unwrap();
        let wire = wire::Schedule {
            start_time: start.to_string(),
            timezone: Some(offset.to_owned()),
            frequency: Some(frequency(period)),
            is_local_time: Some(true),
            ..nothing()
        };
        let schedule = Schedule::read(&wire, None).unwrap();
        let mut before: Option<Timestamp> = None;
        for run in walk(&schedule, near).take(40) {
            let due = run.due_in(&zone);
            prop_assert!(run.first_due() <= due && due <= run.last_due(), "{due} is in {run:?}");
            prop_assert_eq!(run.first_due(), run.moment - schedule.lead());
            let shown = zone.to_datetime(due);
            if shown == run.wall {
                prop_assert!(!shows_before(&zone, due, run.wall), "the first of a repeat is meant");
            } else {
                // A gap: the clock shows a time after it, later by as much as was skipped.
                let skipped = shown.duration_since(run.wall);
                prop_assert!(skipped > SignedDuration::ZERO);
                let change = zone.preceding(due + SignedDuration::from_nanos(1)).next().unwrap().timestamp();
                let last = change - SignedDuration::from_nanos(1);
                let [from, to] = [last, change].map(|moment| zone.to_offset(moment).seconds());
                prop_assert_eq!(skipped.as_secs(), i64::from(to - from));
                prop_assert!(zone.to_datetime(last) < run.wall && run.wall < zone.to_datetime(change));
            }
            prop_assert!(before.is_none_or(|before| before <= due), "waves of a zone come in order");
            before = Some(due);
        }
    }

    #[test]
    fn waves_hold_every_zone_once((schedule, made) in recurring(), number in 0..20_u32) {
        let Some(run) = schedule.run(number, made) else { return Ok(()) };
        let waves = run.waves(ZONES.iter().map(|name| zone(name).unwrap()));
        let mut seen: Vec<&str> = waves.values().flatten().map(|zone| zone.iana_name().unwrap()).collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, ZONES);
        prop_assert!(schedule.follows_clocks() || waves.keys().eq([&run.moment]));
    }

    #[test]
    fn quiet_time_is_over_when_it_says_and_not_before(
        (zone, now) in zone_and_moment(),
        start in any_minute(),
        end in any_minute(),
    ) {
        let text = |time: Time| Some(time.strftime("%H:%M").to_string());
        let quiet_time = QuietTime::parse(&wire::QuietTime { start: text(start), end: text(end) }).unwrap().unwrap();
        match quiet_time.ends_after(now, &zone) {
            Some(over) => {
                prop_assert!(over > now);
                prop_assert!(!quiet_time.is_quiet(over, &zone));
                let mut moment = now;
                while moment < over {
                    prop_assert!(quiet_time.is_quiet(moment, &zone), "at {moment}");
                    moment += SignedDuration::from_secs(60);
                }
                prop_assert!(quiet_time.is_quiet(over - SignedDuration::from_nanos(1), &zone));
            }
            None => {
                let is_always = end.wrapping_add(Span::new().minutes(1)) == start;
                prop_assert!(is_always || !quiet_time.is_quiet(now, &zone));
            }
        }
    }
}

fn any_minute() -> impl Strategy<Value = Time> {
    (0..24_i8, 0..60_i8).prop_map(|(hour, minute)| Time::constant(hour, minute, 0, 0))
}

/// Whether the clock showed this already in the day before.
fn shows_before(zone: &TimeZone, moment: Timestamp, wall: DateTime) -> bool {
    let since = moment - SignedDuration::from_hours(26);
    let mut changes = zone.following(since).take_while(|change| change.timestamp() <= moment);
    changes.any(|change| {
        let offset = zone.to_offset(change.timestamp() - SignedDuration::from_nanos(1));
        offset.to_timestamp(wall).is_ok_and(|earlier| earlier < moment && zone.to_datetime(earlier) == wall)
    })
}

/// Every zone there is, every day of some years: no wave lies outside its run.
#[test]
fn no_zone_is_beyond_the_ends_of_the_earth() {
    let zones: Vec<TimeZone> = jiff::tz::db().available().map(|name| zone(name.as_str()).unwrap()).collect();
    assert!(zones.len() > 400, "{} zones", zones.len());
    for year in [2011, 2026] {
        let wire = wire::Schedule {
            start_time: date(year, 1, 1).at(2, 30, 0, 0).to_string(),
            frequency: Some(wire::Frequency::Daily),
            is_local_time: Some(true),
            ..nothing()
        };
        let schedule = Schedule::read(&wire, None).unwrap();
        for run in walk(&schedule, Timestamp::UNIX_EPOCH).take(366) {
            for zone in &zones {
                let due = run.due_in(zone);
                assert!(run.first_due() <= due && due <= run.last_due(), "{zone:?}: {due} for {run:?}");
            }
        }
    }
}
