//! What a campaign does next. It follows from its schedules, its activities, its policies and the time, and from nothing else
//! that is stored: so nothing can disagree, wherever a process was killed. Pure.
//!
//! A run is known by its treatment and its moment, the `scheduled_start` of its activity: a run with an activity has begun.
//! Of several runs that could begin, the latest does; what lies before it is skipped. In local time a run can begin as long as
//! the last clocks on earth do not show its time.

mod line;
#[cfg(test)]
pub(super) mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use self::line::Line;
use super::definition::{self, Document};
use super::schedule::{Frequency, Run};
use crate::config;
use crate::store::{Activity, ActivityState};
use crate::wire::generated::CampaignStatus;

/// When the treatments of a campaign run.
#[derive(Clone, Debug)]
pub struct Timetable {
    /// The default treatment's first.
    pub lines: Vec<Line>,
    /// Further runs are kept back.
    pub is_paused: bool,
    /// Whether the scheduler begins runs of it.
    pub is_scheduled: bool,
    policy: config::Policy,
}

/// What a campaign is looked at with.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub now: Timestamp,
    /// Since when there is a process that begins runs.
    pub since: Timestamp,
    /// What the settings say.
    pub policy: config::Policy,
}

/// What a campaign does next.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Next {
    /// Runs to begin now, by their moment.
    pub due: Vec<Due>,
    /// When there is more to do, if nothing changes.
    pub look: Option<Timestamp>,
    /// Runs that will never begin, though nobody paused the campaign.
    pub skipped: Vec<Skipped>,
}

/// Treatments whose runs have the same moment, and begin together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Due {
    pub moment: Timestamp,
    /// By their place.
    pub turns: Vec<Turn>,
}

/// A treatment's part in what begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Turn {
    /// The treatment's place.
    pub treatment: usize,
    pub run: Run,
    /// Nothing that was due earlier is made up.
    pub since: Timestamp,
}

/// Runs of a line that never begin, by their numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Skipped {
    /// The line's first treatment.
    pub treatment: usize,
    pub first: u32,
    pub last: u32,
    pub why: Why,
}

/// Why runs are skipped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Why {
    /// No process ran when they were due.
    Misfire,
    /// Another run was under way.
    Overlap,
}

impl Why {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Misfire => "misfire",
            Self::Overlap => "overlap",
        }
    }
}

impl Timetable {
    /// Shape: treatments that have the campaign's schedule share a line; each other one has its own.
    ///
    /// Errors: a schedule or policy that cannot be read.
    pub fn read(document: &Document, policy: config::Policy) -> Result<Self, definition::Error> {
        let Document { campaign, .. } = document;
        let policy = definition::read_policy(campaign.tags.as_ref(), policy)?;
        let schedules = definition::read_schedules(document)?;
        let mut lines: Vec<Line> = Vec::new();
        for (treatment, own) in schedules.into_iter().enumerate() {
            match own {
                Some(schedule) => lines.push(Line {
                    treatments: vec![treatment],
                    schedule,
                    made: document.made(treatment),
                    written: document.written(treatment),
                    resumed: document.resumed,
                }),
                None => lines[0].treatments.push(treatment),
            }
        }
        Ok(Self { lines, is_paused: campaign.is_paused == Some(true), is_scheduled: document.scheduled, policy })
    }

    /// What is next. `activities` are those of the campaign that tell (`ledger::telling`), in any order.
    pub fn next(&self, activities: &[Activity], look: &Look) -> Next {
        let mut next = Next::default();
        if self.is_paused || !self.is_scheduled {
            return next;
        }
        let mut due: BTreeMap<Timestamp, Vec<Turn>> = BTreeMap::new();
        for line in &self.lines {
            let standing = line.next(&line.own(activities), self.policy, look);
            next.look = [next.look, standing.look].into_iter().flatten().min();
            next.skipped.extend(standing.skipped);
            if let Some(run) = standing.due {
                due.entry(run.moment).or_default().extend(line.turns(run));
            }
        }
        next.due = due
            .into_iter()
            .map(|(moment, mut turns)| {
                turns.sort_by_key(|turn| turn.treatment);
                Due { moment, turns }
            })
            .collect();
        next
    }

    /// The first run of every treatment, whether or not it is due; `now` is what `IMMEDIATE` means.
    ///
    /// Shape: empty for campaigns of events, which have no runs.
    pub fn first_turns(&self, now: Timestamp) -> Vec<Turn> {
        let mut turns: Vec<Turn> =
            self.lines.iter().filter_map(|line| Some(line.turns(line.schedule.run(0, now)?))).flatten().collect();
        turns.sort_by_key(|turn| turn.treatment);
        turns
    }

    /// The status of a treatment in this line. `own` are its activities.
    pub(super) fn status(&self, line: &Line, own: &[&Activity], look: &Look) -> CampaignStatus {
        let status = line.status(own, self.policy, look);
        let is_kept_back = self.is_paused || !self.is_scheduled;
        let is_under_way = own.iter().any(|activity| activity.state == ActivityState::Running);
        match status {
            CampaignStatus::Completed => status,
            CampaignStatus::Executing if is_under_way && !self.is_of_events() => status,
            _ if is_kept_back => CampaignStatus::Paused,
            _ => status,
        }
    }

    /// Whether events begin its runs.
    pub fn is_triggered(&self) -> bool {
        self.lines[0].schedule.frequency == Frequency::Event
    }

    /// Whether events decide who gets a message when, and there are no runs.
    pub fn is_of_events(&self) -> bool {
        self.lines[0].schedule.frequency.is_of_events()
    }
}
