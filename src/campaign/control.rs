//! What operators order of activities: pause, resume, abort; and where an activity stands then.
//!
//! An order changes an activity that nobody drives: [`scheduler`](super::scheduler) sees to that for its own.

use super::engine::Engine;
use super::ledger::{self, Standing};
use super::{batch, dead};
use crate::domain::{ActivityId, Tally};
use crate::store::{self, Activity, ActivityState, Frozen, LedgerStore, Store};

/// Why an aborted activity ended.
const ABORTED: &str = "an operator aborted it";

/// What an operator orders.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Order {
    /// No batch begins until it is resumed, also after a restart.
    Pause,
    /// It goes on where it was paused.
    Resume,
    /// It ends for good: whom it did not come to meets `ABORTED`.
    Abort,
}

impl Order {
    /// Whether it means anything to an activity in this state.
    pub fn fits(self, state: ActivityState) -> bool {
        match self {
            Self::Pause => state == ActivityState::Running,
            Self::Resume => state == ActivityState::Paused,
            Self::Abort => matches!(state, ActivityState::Running | ActivityState::Paused),
        }
    }
}

/// Why an order is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no activity or campaign `{id}`")]
    Unknown { id: String },
    #[error("`{id}` is over already")]
    Over { id: String },
    #[error("`{id}` is paused already")]
    AlreadyPaused { id: String },
    #[error("`{id}` is not paused: it is under way, or goes on by itself")]
    NotPaused { id: String },
    #[error(
        "activity `{activity_id}` is a run of `pinwheel run`, which had settings of its own: stop the server, then \
         `pinwheel activity resume {activity_id} --file FILE`"
    )]
    NotServed { activity_id: ActivityId },
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Where an activity stands: between which batches the line runs.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Boundary {
    /// Endpoints of the frozen audience.
    pub audience: u64,
    /// Fates so far.
    pub tally: Tally,
    /// Endpoints without a fate so far.
    pub open: u64,
    /// Endpoints that may have been sent to more than once, or not at all.
    pub unknown: u64,
    /// Batches of the audience: those whose every member has a fate, those that were cut off after their intent, and those
    /// that have not begun.
    pub batches: u32,
    pub batches_done: u32,
    pub batches_cut_off: u32,
    /// The first batch that is not done.
    pub first_open: Option<u32>,
}

impl Boundary {
    /// Reads it from the ledger.
    pub async fn read(store: &dyn LedgerStore, activity: &Activity) -> Result<Self, store::Error> {
        let frozen = store.frozen(&activity.id).await?;
        let standing = ledger::standing(store, activity, &frozen).await?;
        Ok(Self::of(&frozen, &standing))
    }

    /// Pure.
    pub fn of(frozen: &Frozen, standing: &Standing) -> Self {
        let batches = batch::count(frozen);
        Self {
            audience: frozen.endpoints(),
            tally: standing.tally.clone(),
            open: standing.open(frozen),
            unknown: standing.unknown,
            batches,
            batches_done: u32::try_from(standing.finished.len()).expect("they are of the audience"),
            batches_cut_off: u32::try_from(standing.cut_off.len()).expect("they are of the audience"),
            first_open: (0..batches).find(|index| !standing.finished.contains(*index)),
        }
    }

    /// Batches that have not begun.
    pub fn batches_left(&self) -> u32 {
        self.batches - self.batches_done - self.batches_cut_off
    }
}

/// An activity after an order, and where it stands.
#[derive(Clone, Debug)]
pub struct Stood {
    pub activity: Activity,
    pub boundary: Boundary,
}

/// The activities that an order on an activity or campaign means: those of its that the order fits.
///
/// Shape: at least one.
pub async fn meant(store: &dyn Store, id: &str, order: Order) -> Result<Vec<Activity>, Error> {
    let mut activities = dead::of_id(store, id).await?;
    if activities.is_empty() {
        return Err(Error::Unknown { id: id.to_owned() });
    }
    let refusal = refusal(id, &activities);
    activities.retain(|activity| order.fits(activity.state));
    if activities.is_empty() { Err(refusal) } else { Ok(activities) }
}

/// The activity of this id, or those of a campaign's latest run: treatments of one run share its start.
///
/// Shape: at least one.
pub async fn of_latest_run(store: &dyn Store, id: &str) -> Result<Vec<Activity>, Error> {
    let mut activities = dead::of_id(store, id).await?;
    let latest = activities.iter().map(|activity| activity.started_at).max();
    let latest = latest.ok_or_else(|| Error::Unknown { id: id.to_owned() })?;
    activities.retain(|activity| activity.started_at == latest);
    Ok(activities)
}

/// Why an order fits none of these.
fn refusal(id: &str, activities: &[Activity]) -> Error {
    let id = id.to_owned();
    let any = |state| activities.iter().any(|activity| activity.state == state);
    match (any(ActivityState::Running), any(ActivityState::Paused)) {
        (true, _) => Error::NotPaused { id },
        (false, true) => Error::AlreadyPaused { id },
        (false, false) => Error::Over { id },
    }
}

impl Engine {
    /// Carries out an order on an activity that nobody drives. `None` if it does not fit any more: the activity came to its end
    /// meanwhile.
    pub async fn carry_out(&self, order: Order, id: &ActivityId) -> Result<Option<Stood>, store::Error> {
        let stored = self.store.activity(id).await?;
        let Some(mut activity) = stored.filter(|stored| order.fits(stored.state)) else { return Ok(None) };
        match order {
            Order::Abort => {
                let boundary = self.abort(&activity, ABORTED).await?;
                activity.state = ActivityState::Cancelled;
                return Ok(boundary.map(|boundary| Stood { activity, boundary }));
            }
            Order::Pause => activity.state = ActivityState::Paused,
            Order::Resume => activity.state = ActivityState::Running,
        }
        self.store.update_activity(activity.clone()).await?;
        let boundary = Boundary::read(&*self.store, &activity).await?;
        Ok(Some(Stood { activity, boundary }))
    }
}
