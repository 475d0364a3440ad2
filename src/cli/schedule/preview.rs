//! What is to come of a schedule, seen from some moment. Pure.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::campaign::schedule::{self, Run, Schedule};
use crate::config;
use crate::domain::Fate;
use crate::wire::generated as wire;

/// The longest that a run's last message lies behind its moment, and more: the width of the earth's clocks.
const RUN_MAX: SignedDuration = SignedDuration::from_hours(26);

/// A schedule, and the treatments that have it.
pub struct Plan {
    pub treatments: Vec<String>,
    pub wire: wire::Schedule,
    pub schedule: Schedule,
    /// What becomes of messages in quiet time.
    pub quiet_time: config::QuietTime,
}

/// Where a campaign's endpoints are.
pub struct Endpoints {
    /// Zones with how many are there, if that is known.
    pub zones: Vec<(TimeZone, Option<u64>)>,
    /// How many have no valid zone.
    pub without_zone: u64,
}

impl Endpoints {
    /// Any number in each of these zones.
    pub fn somewhere(zones: impl IntoIterator<Item = TimeZone>) -> Self {
        Self { zones: zones.into_iter().map(|zone| (zone, None)).collect(), without_zone: 0 }
    }

    /// Nobody so far.
    pub fn nobody() -> Self {
        Self::somewhere([])
    }

    /// Counts one in this zone; one that is not in the tz database is none.
    pub fn count(&mut self, name: Option<&str>) {
        let Some(zone) = name.and_then(schedule::zone) else {
            self.without_zone += 1;
            return;
        };
        match self.zones.iter_mut().find(|(known, _)| known.iana_name() == zone.iana_name()) {
            Some((_, count)) => *count = count.map(|count| count + 1),
            None => self.zones.push((zone, Some(1))),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Preview {
    /// Where the clock stands.
    pub from: Timestamp,
    pub schedules: Vec<SchedulePreview>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SchedulePreview {
    pub treatments: Vec<String>,
    pub schedule: wire::Schedule,
    /// The one that counts, be it the schedule's or the application's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet_time: Option<String>,
    /// Whether messages in quiet time are deferred, and not dropped.
    pub is_deferred: bool,
    pub runs: Vec<RunPreview>,
    /// Whether there are more than are shown.
    pub has_more: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RunPreview {
    /// From 0.
    pub number: u32,
    pub moment: Timestamp,
    /// What the schedule's own clock shows then.
    pub clock: String,
    pub waves: Vec<WavePreview>,
}

/// Endpoints that are treated alike.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct WavePreview {
    /// When their messages are due; nothing for those that get none for want of a zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// What their clocks show then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<String>,
    /// Why they get nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fate: Option<&'static str>,
    /// When quiet time is over for them, after which they get their messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deferred_to: Option<Timestamp>,
    /// Empty for endpoints without a valid zone.
    pub zones: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<u64>,
}

impl Preview {
    /// `made` is what `IMMEDIATE` stands for.
    pub fn new(plans: &[Plan], endpoints: &Endpoints, made: Timestamp, from: Timestamp, count: u32) -> Self {
        let schedules = plans.iter().map(|plan| SchedulePreview::new(plan, endpoints, made, from, count)).collect();
        Self { from, schedules }
    }
}

impl SchedulePreview {
    fn new(plan: &Plan, endpoints: &Endpoints, made: Timestamp, from: Timestamp, count: u32) -> Self {
        let Plan { treatments, wire, schedule, quiet_time } = plan;
        let before = from.checked_sub(RUN_MAX).unwrap_or(Timestamp::MIN);
        let first = schedule.run_after(before, made);
        let all = std::iter::successors(first, |run| schedule.run(run.number.checked_add(1)?, made));
        let mut coming = all.filter_map(|run| RunPreview::new(plan, run, endpoints, from));
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let runs: Vec<RunPreview> = coming.by_ref().take(count).collect();
        Self {
            treatments: treatments.clone(),
            schedule: wire.clone(),
            quiet_time: schedule.quiet_time.map(|quiet_time| quiet_time.to_string()),
            is_deferred: *quiet_time == config::QuietTime::Defer,
            runs,
            has_more: coming.next().is_some(),
        }
    }
}

impl RunPreview {
    /// `None` if nothing of it is to come.
    fn new(plan: &Plan, run: Run, endpoints: &Endpoints, from: Timestamp) -> Option<Self> {
        let schedule = &plan.schedule;
        let is_by_zone = schedule.follows_clocks() || schedule.quiet_time.is_some();
        let mut waves: BTreeMap<_, WavePreview> = BTreeMap::new();
        for (zone, count) in endpoints.zones.iter().filter(|_| is_by_zone) {
            let wave = WavePreview::new(plan, run, zone);
            if wave.deferred_to.or(wave.due).is_some_and(|last| last < from) {
                continue;
            }
            let alike = (wave.due, wave.offset.clone(), wave.fate, wave.deferred_to);
            let wave = waves.entry(alike).or_insert(wave);
            wave.zones.push(zone.iana_name().unwrap_or("UTC").to_owned());
            wave.endpoints = wave.endpoints.zip(*count).map(|(sum, count)| sum + count).or(*count);
        }
        let is_over = if is_by_zone && !endpoints.zones.is_empty() { waves.is_empty() } else { run.last_due() < from };
        if is_over {
            return None;
        }
        let mut waves: Vec<WavePreview> = waves.into_values().collect();
        waves.iter_mut().for_each(|wave| wave.zones.sort_unstable());
        if endpoints.without_zone > 0 && (is_by_zone || schedule.is_local_time) {
            waves.push(WavePreview::without_zone(schedule, run, endpoints.without_zone));
        }
        Some(Self { number: run.number, moment: run.moment, clock: shown(run.wall), waves })
    }
}

impl WavePreview {
    fn new(plan: &Plan, run: Run, zone: &TimeZone) -> Self {
        let due = run.due_in(zone);
        let quiet_time = plan.schedule.quiet_time.filter(|quiet_time| quiet_time.is_quiet(due, zone));
        let over = quiet_time.and_then(|quiet_time| quiet_time.ends_after(due, zone));
        let deferred_to = over.filter(|_| plan.quiet_time == config::QuietTime::Defer);
        Self {
            due: Some(due),
            clock: Some(shown(zone.to_datetime(due))),
            offset: Some(zone.to_offset(due).to_string()),
            fate: (quiet_time.is_some() && deferred_to.is_none()).then_some(Fate::QuietTime.as_str()),
            deferred_to,
            zones: Vec::new(),
            endpoints: None,
        }
    }

    /// Endpoints without a zone are not meant by local time, and have no quiet time.
    fn without_zone(schedule: &Schedule, run: Run, count: u64) -> Self {
        let due = (!schedule.is_local_time).then_some(run.moment);
        let fate = schedule.is_local_time.then_some(Fate::NoTimezone.as_str());
        Self { due, clock: None, offset: None, fate, deferred_to: None, zones: Vec::new(), endpoints: Some(count) }
    }
}

/// A clock as people read it; seconds only if there are any.
fn shown(wall: jiff::civil::DateTime) -> String {
    let form = if wall.second() == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
    wall.strftime(form).to_string()
}
