//! Runs: which there are, and when each is due where.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp};

use super::offset::{EARLIEST_OFFSET, LATEST_OFFSET};
use super::{Frequency, Schedule, Start};

/// What lies between two runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Period {
    Hour,
    Day,
    Week,
    Month,
}

/// A run of a schedule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Run {
    /// From 0.
    pub number: u32,
    /// When it is due: for local time what the schedule's own clock says, which is what identifies the run.
    pub moment: Timestamp,
    /// What the schedule's own clock shows then, and every endpoint's when its messages are due in local time.
    pub wall: DateTime,
    /// Whether its messages are due when clocks show `wall`, and not all at once.
    is_local_time: bool,
}

impl Run {
    /// A run that no schedule brings, everywhere at once.
    pub fn at(moment: Timestamp) -> Self {
        Self { number: 0, moment, wall: Offset::UTC.to_datetime(moment), is_local_time: false }
    }

    /// When its first messages can be due: in local time, when the first clocks on earth show its time.
    pub fn first_due(self) -> Timestamp {
        if self.is_local_time { EARLIEST_OFFSET.to_timestamp(self.wall).unwrap_or(self.moment) } else { self.moment }
    }

    /// When its last messages can be due: in local time, when the last clocks on earth show its time.
    pub fn last_due(self) -> Timestamp {
        if self.is_local_time { LATEST_OFFSET.to_timestamp(self.wall).unwrap_or(self.moment) } else { self.moment }
    }

    /// When messages are due for endpoints in `zone`. In a gap of daylight saving time the clock shows the time that comes
    /// after it; of a time that comes twice, the first is meant.
    pub fn due_in(self, zone: &TimeZone) -> Timestamp {
        if !self.is_local_time {
            return self.moment;
        }
        zone.to_ambiguous_timestamp(self.wall).compatible().unwrap_or(self.moment)
    }

    /// The zones by the moment at which messages are due there.
    pub fn waves(self, zones: impl IntoIterator<Item = TimeZone>) -> BTreeMap<Timestamp, Vec<TimeZone>> {
        let mut waves: BTreeMap<Timestamp, Vec<TimeZone>> = BTreeMap::new();
        for zone in zones {
            waves.entry(self.due_in(&zone)).or_default().push(zone);
        }
        waves
    }
}

impl Schedule {
    /// The run of this number; `None` past the end, after the only one, and for campaigns that events trigger.
    /// `made` is what `IMMEDIATE` stands for: when the campaign was made.
    pub fn run(&self, number: u32, made: Timestamp) -> Option<Run> {
        let (first, wall) = self.first(made);
        let run = |moment, wall| Run { number, moment, wall, is_local_time: self.follows_clocks() };
        match self.frequency {
            // Its end does not keep a campaign with one run from it.
            Frequency::Once => (number == 0).then(|| run(first, wall)),
            Frequency::Event | Frequency::InAppEvent => None,
            Frequency::Every(period) => {
                let (n, span) = (i64::from(number), Span::new());
                // Always from the start: a run on the 28th of February does not move those of March.
                let span = match period {
                    Period::Hour => span.try_hours(n),
                    Period::Day => span.try_days(n),
                    Period::Week => span.try_weeks(n),
                    Period::Month => span.try_months(n),
                };
                let wall = wall.checked_add(span.ok()?).ok()?;
                let moment = self.offset.to_timestamp(wall).ok()?;
                self.end.is_none_or(|end| moment <= end).then(|| run(moment, wall))
            }
        }
    }

    /// The last run whose moment is not after `now`.
    pub fn latest_run_at(&self, now: Timestamp, made: Timestamp) -> Option<Run> {
        let until = match self.frequency {
            Frequency::Every(_) => self.end.map_or(now, |end| end.min(now)),
            _ => now,
        };
        self.run(self.number_at(until, made)?, made)
    }

    /// The first run whose moment is after this one.
    pub fn run_after(&self, moment: Timestamp, made: Timestamp) -> Option<Run> {
        let number = self.number_at(moment, made).map_or(Some(0), |latest| latest.checked_add(1))?;
        self.run(number, made)
    }

    /// How long before its moment a run begins, the same for all: in local time, the way from the first clocks on earth to the
    /// schedule's own.
    ///
    /// So `latest_run_at(now + lead)` is the last run that has begun somewhere.
    pub fn lead(&self) -> SignedDuration {
        let seconds = if self.follows_clocks() { EARLIEST_OFFSET.seconds() - self.offset.seconds() } else { 0 };
        SignedDuration::from_secs(seconds.into())
    }

    /// Whether messages are due by the clocks of endpoints. `IMMEDIATE` is the same moment everywhere, and so is what
    /// follows it; and the runs of an hourly campaign would be under way all at once, each for more than a day.
    pub fn follows_clocks(&self) -> bool {
        let is_wall_known = self.start != Start::Immediate;
        self.is_local_time && is_wall_known && self.frequency != Frequency::Every(Period::Hour)
    }

    fn first(&self, made: Timestamp) -> (Timestamp, DateTime) {
        match self.start {
            Start::Immediate => (made, self.offset.to_datetime(made)),
            Start::At { moment, wall } => (moment, wall),
        }
    }

    /// The number of the last run whose moment is not after this one, of endless runs. By arithmetic: an hourly campaign may
    /// be years old.
    fn number_at(&self, moment: Timestamp, made: Timestamp) -> Option<u32> {
        let (first, wall) = self.first(made);
        if moment < first {
            return None;
        }
        let passed = moment.duration_since(first).as_hours();
        let number = match self.frequency {
            Frequency::Once | Frequency::Event | Frequency::InAppEvent => 0,
            Frequency::Every(Period::Hour) => passed,
            Frequency::Every(Period::Day) => passed / 24,
            Frequency::Every(Period::Week) => passed / (7 * 24),
            Frequency::Every(Period::Month) => {
                let now = self.offset.to_datetime(moment);
                let months = |at: DateTime| i64::from(at.year()) * 12 + i64::from(at.month());
                let number = months(now) - months(wall);
                // There is one run a month, and this month's may be still to come.
                let is_to_come = wall.checked_add(Span::new().try_months(number).ok()?).is_ok_and(|run| run > now);
                number - i64::from(is_to_come)
            }
        };
        u32::try_from(number).ok()
    }
}
