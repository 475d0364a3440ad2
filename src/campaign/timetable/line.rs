//! The runs of treatments that share a schedule.

use jiff::{SignedDuration, Timestamp};

use super::{Look, Skipped, Turn, Why};
use crate::campaign::schedule::{Frequency, Run, START_TOLERANCE, Schedule};
use crate::config::{self, Misfire, Overlap};
use crate::store::{Activity, ActivityState};
use crate::wire::generated::CampaignStatus;

/// Treatments that run together, since they have one schedule.
#[derive(Clone, Debug)]
pub struct Line {
    /// Their places, ascending.
    pub treatments: Vec<usize>,
    pub schedule: Schedule,
    /// What `IMMEDIATE` stands for: when the schedule's start was written.
    pub made: Timestamp,
    /// When the schedule was last written.
    pub written: Timestamp,
    /// When the campaign's last pause was lifted.
    pub resumed: Option<Timestamp>,
}

/// How a line stands.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Standing {
    /// A run to begin now.
    pub due: Option<Run>,
    /// Whether a run is to begin when the one before is over.
    pub waits: bool,
    /// When the next thing happens by itself.
    pub look: Option<Timestamp>,
    pub skipped: Option<Skipped>,
}

impl Line {
    /// The activities of this line's treatments.
    pub(super) fn own<'a>(&self, activities: &'a [Activity]) -> Vec<&'a Activity> {
        let is_own = |activity: &&Activity| {
            activity.treatment_id.as_str().parse().is_ok_and(|place: usize| self.treatments.contains(&place))
        };
        activities.iter().filter(is_own).collect()
    }

    pub(super) fn turns(&self, run: Run) -> impl Iterator<Item = Turn> + '_ {
        let since = self.since();
        self.treatments.iter().map(move |&treatment| Turn { treatment, run, since })
    }

    /// What was due earlier is not made up: the schedule is younger, or the campaign was paused. The only run of a schedule
    /// goes out when the pause ends, also where its time has passed.
    fn since(&self) -> Timestamp {
        if self.schedule.frequency == Frequency::Once {
            return self.made - START_TOLERANCE;
        }
        let written = self.written - START_TOLERANCE;
        self.resumed.map_or(written, |resumed| resumed.max(written))
    }

    /// When the line's treatments start to be looked at by events, and when they stop.
    pub fn window(&self) -> (Timestamp, Option<Timestamp>) {
        (self.schedule.start.moment(self.made), self.schedule.end)
    }

    /// `own` are the activities of the line.
    pub(super) fn next(&self, own: &[&Activity], policy: config::Policy, look: &Look) -> Standing {
        match self.schedule.frequency {
            Frequency::Once => self.once(own, look),
            Frequency::Every(_) => self.every(own, policy, look),
            Frequency::Event | Frequency::InAppEvent => {
                let (start, end) = self.window();
                let boundaries = [Some(start), end].into_iter().flatten();
                Standing { look: boundaries.filter(|moment| *moment > look.now).min(), ..Standing::default() }
            }
        }
    }

    /// One that is no longer paused after its start is due at once: who lifts the pause wants it to go out, and it has no other
    /// run that could make up for it.
    fn once(&self, own: &[&Activity], look: &Look) -> Standing {
        let run = self.schedule.run(0, self.made).filter(|run| !self.has_begun(own, *run));
        match run {
            Some(run) if run.first_due() <= look.now => Standing { due: Some(run), ..Standing::default() },
            run => Standing { look: run.map(Run::first_due), ..Standing::default() },
        }
    }

    fn every(&self, own: &[&Activity], policy: config::Policy, look: &Look) -> Standing {
        let (schedule, made) = (&self.schedule, self.made);
        // Runs up to this moment have begun somewhere on earth, if it is theirs to decide.
        let come = look.now + schedule.lead();
        let mut standing = Standing { look: schedule.run_after(come, made).map(Run::first_due), ..Standing::default() };
        let Some(newest) = schedule.latest_run_at(come, made) else { return standing };
        let window = newest.last_due().duration_since(newest.first_due());
        let up_to_newest = |run: &Run| run.number <= newest.number;
        let mut candidate = schedule.run_after(come - window, made).filter(up_to_newest).or(Some(newest));
        // The first run after those that have begun, or that a pause kept back.
        let mut unmet = self.first_unmet(own, window);
        while let Some(run) = candidate {
            candidate = schedule.run_after(run.moment, made).filter(up_to_newest);
            if self.has_begun(own, run) || run.last_due() < self.since() {
                continue;
            }
            let is_over = schedule.end.is_some_and(|end| look.now > end.max(run.last_due()) + START_TOLERANCE);
            let is_misfire = is_missed(run, look) && policy.misfire == Misfire::Skip;
            let is_skipped = policy.overlap == Overlap::Skip && self.overlaps(own, run, run.first_due());
            if is_over || is_misfire || is_skipped {
                standing.skipped = self.skipped(unmet, run.number, look).or(standing.skipped);
                continue;
            }
            if let Some(before) = run.number.checked_sub(1) {
                standing.skipped = self.skipped(unmet.take(), before, look).or(standing.skipped);
            }
            if self.overlaps(own, run, look.now) {
                standing.waits = true;
            } else {
                standing.due = Some(run);
            }
            break;
        }
        standing
    }

    /// Whether the run has begun, or a later one of the same schedule.
    fn has_begun(&self, own: &[&Activity], run: Run) -> bool {
        // Times are stored to the microsecond.
        let moment = run.moment.as_microsecond();
        own.iter().any(|activity| {
            let begun = activity.scheduled_start.as_microsecond();
            begun == moment || (begun > moment && self.is_of_schedule(activity))
        })
    }

    /// Whether the activity began after the schedule's start was written, and so is a run of it.
    fn is_of_schedule(&self, activity: &Activity) -> bool {
        activity.started_at.is_some_and(|began| began.as_microsecond() >= self.made.as_microsecond())
    }

    /// Whether an earlier run is in the way of this one at that moment. Those in local time go side by side, until the last
    /// clocks show the time of the earlier one: each endpoint gets the one before the other all the same.
    fn overlaps(&self, own: &[&Activity], run: Run, at: Timestamp) -> bool {
        let window = run.last_due().duration_since(run.first_due());
        own.iter().any(|activity| {
            let last_due = activity.scheduled_start - self.schedule.lead() + window;
            let began = activity.started_at.unwrap_or(activity.scheduled_start) <= at;
            let is_under_way = is_open(activity) || activity.ended_at.is_some_and(|ended| ended > at);
            activity.scheduled_start.as_microsecond() < run.moment.as_microsecond()
                && last_due <= at
                && began
                && is_under_way
        })
    }

    /// The number of the first run that neither began nor was kept back.
    fn first_unmet(&self, own: &[&Activity], window: SignedDuration) -> Option<u32> {
        let begun =
            own.iter().filter(|activity| self.is_of_schedule(activity)).map(|activity| activity.scheduled_start);
        let kept_back = self.since() + self.schedule.lead() - window;
        let kept_back = kept_back - SignedDuration::from_micros(1);
        let until = begun.max().map_or(kept_back, |begun| begun.max(kept_back));
        // Times of activities are cut to the microsecond.
        let until = until + SignedDuration::from_nanos(999);
        self.schedule.latest_run_at(until, self.made).map_or(Some(0), |met| met.number.checked_add(1))
    }

    fn skipped(&self, first: Option<u32>, last: u32, look: &Look) -> Option<Skipped> {
        let first = first.filter(|first| *first <= last)?;
        let run = self.schedule.run(last, self.made)?;
        let why = if is_missed(run, look) { Why::Misfire } else { Why::Overlap };
        Some(Skipped { treatment: self.treatments[0], first, last, why })
    }

    /// The status of a treatment, by its own activities.
    pub(super) fn status(&self, own: &[&Activity], policy: config::Policy, look: &Look) -> CampaignStatus {
        if self.schedule.frequency.is_of_events() {
            // Whatever becomes of a run, the next events are listened to.
            return match self.window() {
                (start, _) if look.now < start => CampaignStatus::Scheduled,
                (_, Some(end)) if look.now > end => CampaignStatus::Completed,
                _ => CampaignStatus::Executing,
            };
        }
        let is_in = |state| own.iter().any(|activity| activity.state == state);
        if is_in(ActivityState::Running) {
            return CampaignStatus::Executing;
        }
        if is_in(ActivityState::Paused) {
            return CampaignStatus::Paused;
        }
        let standing = self.next(own, policy, look);
        match standing {
            Standing { due: None, waits: false, look: None, .. } => CampaignStatus::Completed,
            _ if own.is_empty() => CampaignStatus::Scheduled,
            _ => CampaignStatus::PendingNextRun,
        }
    }
}

/// Whether no process ran as long as the run could begin in time. A short restart does not count.
fn is_missed(run: Run, look: &Look) -> bool {
    run.last_due() < look.since - START_TOLERANCE
}

fn is_open(activity: &Activity) -> bool {
    matches!(activity.state, ActivityState::Running | ActivityState::Paused)
}
