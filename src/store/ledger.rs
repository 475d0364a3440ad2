//! Activities, their frozen audiences, and what became of each batch.
//!
//! Times are kept to the microsecond.

use jiff::Timestamp;
use roaring::RoaringBitmap;

use super::{Call, Reader};
use crate::domain::{ActivityId, ApplicationId, CampaignId, Fate, TreatmentId};

/// One run of one treatment.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    pub id: ActivityId,
    pub application_id: ApplicationId,
    pub campaign_id: CampaignId,
    pub campaign_version: u32,
    pub treatment_id: TreatmentId,
    pub state: ActivityState,
    /// When the messages are due.
    pub scheduled_start: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// Why the activity failed, for people; `None` after success. While it is running, since when and why it holds itself, if
    /// it does.
    pub failure: Option<String>,
    /// The campaign as it was when the activity began, with the templates it names; JSON. Lists leave it out of those that are
    /// over.
    pub definition: Option<String>,
    /// Whether the event stream tells what becomes of its audience.
    pub is_streamed: bool,
}

impl Activity {
    /// Its definition; empty if it comes from a list that left it out.
    pub fn definition(&self) -> &str {
        self.definition.as_deref().unwrap_or_default()
    }
}

/// How far an activity is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum ActivityState {
    /// Frozen and under way, or cut off and to be resumed.
    Running = 1,
    /// Every endpoint has its fate.
    Completed = 2,
    /// Stopped for good by an operator; the rest of the audience is `ABORTED`.
    Cancelled = 3,
    /// Cut off by an operator, who resumes it.
    Paused = 4,
}

impl ActivityState {
    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Paused => "PAUSED",
        }
    }

    /// Whether nobody is to work on it.
    pub fn is_stopped(self) -> bool {
        matches!(self, Self::Cancelled | Self::Paused)
    }
}

/// The audience of an activity, fixed when it begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frozen {
    /// Members that met their fate before the first batch; the sets are disjoint.
    pub settled: Vec<(Fate, RoaringBitmap)>,
    /// Members to be batched, in the order of their due times; the sets are disjoint from each other and from `settled`.
    pub waves: Vec<Wave>,
}

/// Members due at the same moment. Only campaigns in local time have more than one.
#[derive(Clone, Debug, PartialEq)]
pub struct Wave {
    pub due: Timestamp,
    pub members: RoaringBitmap,
}

impl Frozen {
    /// Endpoints of the whole audience.
    pub fn endpoints(&self) -> u64 {
        self.settled.iter().map(|(_, set)| set.len()).sum::<u64>()
            + self.waves.iter().map(|wave| wave.members.len()).sum::<u64>()
    }
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Stage {
    /// Written before the first send: members marked [`BatchRow::TO_SEND`] may or may not have been sent to.
    Intent = 1,
    /// Every member has its fate.
    Done = 2,
}

/// The ledger's row of a batch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BatchRow {
    /// The batch's place in the activity, from 0: members of rank `50 * index ..` over the waves in order.
    pub index: u32,
    pub stage: Stage,
    /// A byte a member, in rank order: a [`Fate`], or in an intent [`TO_SEND`](Self::TO_SEND) or [`OPEN`](Self::OPEN).
    pub fates: Vec<u8>,
    /// A bit a member, lowest first: a send to it may have happened more than once or not at all, because a first
    /// attempt's outcome is not known.
    pub unknown: u64,
    /// Reasons of failures as a JSON object, text → places in the batch; `None` if there are none.
    pub reasons: Option<String>,
    /// When the row was last written.
    pub at: Timestamp,
}

impl BatchRow {
    /// Marks, in an intent, a member about to be sent to: after a crash it may or may not have been.
    pub const TO_SEND: u8 = 0xff;
    /// Marks, in an intent, a member that was given back without being sent to.
    pub const OPEN: u8 = 0;
}

/// The ledger. Activities of a removed application are unknown from then on.
pub trait LedgerStore: Send + Sync {
    /// Saves new activities of one run with their audiences: all or none. With them goes how far the reader of events has come
    /// that began them.
    ///
    /// Errors: [`NotFound`](super::Error::NotFound) for an unknown application.
    fn create_activities(&self, activities: Vec<(Activity, Frozen)>, reader: Option<Reader>) -> Call<'_, ()>;

    /// The activity of this id, always with its definition.
    fn activity(&self, id: &ActivityId) -> Call<'_, Option<Activity>>;

    /// Activities of a campaign, newest first.
    fn activities(&self, application: &ApplicationId, campaign: &CampaignId) -> Call<'_, Vec<Activity>>;

    /// Activities of a campaign that are not over, newest first.
    fn open_activities(&self, application: &ApplicationId, campaign: &CampaignId) -> Call<'_, Vec<Activity>>;

    /// Activities of all applications in that state, oldest first.
    fn activities_in_state(&self, state: ActivityState) -> Call<'_, Vec<Activity>>;

    /// Activities of an application that were under way at or after `since`, oldest first.
    fn activities_since(&self, application: &ApplicationId, since: Timestamp) -> Call<'_, Vec<Activity>>;

    /// Replaces state, times and failure of an activity.
    ///
    /// Errors: [`NotFound`](super::Error::NotFound) for an unknown activity, here and below.
    fn update_activity(&self, activity: Activity) -> Call<'_, ()>;

    /// The audience of an activity.
    fn frozen(&self, id: &ActivityId) -> Call<'_, Frozen>;

    /// Writes a batch's row, replacing an earlier one of the same index. Many at once share a commit.
    fn record_batch(&self, activity: &ActivityId, row: BatchRow) -> Call<'_, ()>;

    /// Up to `rows_max` rows of an activity with indexes from `from` on, in order. An empty answer is the end, also
    /// for an unknown activity.
    fn batches(&self, activity: &ActivityId, from: u32, rows_max: usize) -> Call<'_, Vec<BatchRow>>;
}
