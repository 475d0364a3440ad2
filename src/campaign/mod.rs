//! Campaigns: the way of an endpoint from segment to fate.
//!
//! One file a stage: [`schedule`] (due?), [`audience`] (who?), [`batch`] (in fifties), [`filter`] (the hook's answer),
//! [`compose`] (what each one gets), [`deliver`] (through its adapter), [`ledger`] (what became of each). [`run`] drives
//! them and reads like that list. `schedule`, `batch`, `filter`, `compose`, `cap`, `sheet`, `status` and `timetable` are pure; so
//! are the rules of [`hold`] and [`share`]. [`in_app`] is for campaigns whose messages are fetched, not sent.
//!
//! [`dead`] are batches whose hook failed. [`feedback`] is what comes back about them. [`scheduler`] begins and resumes runs,
//! which [`control`] lets operators pause and abort, and [`trigger`] begins those that events are for; [`share`] gives each its
//! places. [`status`] and [`counts`] tell how they are, and [`stream`] tells others.

mod address;
pub mod audience;
pub mod batch;
mod begin;
pub mod cap;
pub mod compose;
pub mod control;
pub mod counts;
pub mod dead;
pub mod definition;
pub mod deliver;
pub mod deliveries;
pub mod direct;
mod engine;
pub mod feedback;
pub mod filter;
mod hold;
pub mod in_app;
mod lane;
pub mod ledger;
mod message;
mod otp;
mod progress;
mod rate;
mod route;
mod run;
pub mod schedule;
pub mod scheduler;
mod share;
mod sheet;
pub mod status;
pub mod stream;
pub mod timetable;
mod trigger;
pub mod way;
mod work;

pub use begin::Prepared;
pub use counts::Counts;
pub use definition::{Definition, Document};
pub use engine::Engine;
pub use progress::Progress;
pub use rate::Rate;
pub use run::Ending;
pub use scheduler::Scheduler;
pub use timetable::{Look, Timetable};

use crate::domain::{ChannelType, TreatmentId};
use crate::{hook, segment, store};

/// Why a campaign cannot run, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The definition breaks a rule.
    #[error(transparent)]
    Definition(#[from] definition::Error),
    /// The segment cannot be evaluated.
    #[error(transparent)]
    Segment(#[from] segment::Error),
    /// The hook cannot be set up.
    #[error(transparent)]
    Hook(#[from] hook::Error),
    /// The store failed. The activity can be resumed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Messages cannot be given references.
    #[error(transparent)]
    Feedback(#[from] feedback::Error),
    /// Nobody could be sent to.
    #[error(
        "the campaign has messages for {wanted}, and no channel serves any of them, neither of the settings nor of the application"
    )]
    NoChannel { wanted: String },
    /// An application's own credentials are of no use.
    #[error("the {channel_type} channel of the application cannot be used: {problem}")]
    ChannelBroken { channel_type: ChannelType, problem: String },
    /// A channel that the audience counts on is not there any more.
    #[error(
        "no channel in the settings serves {channel_types}, but one did when the activity began: nothing was done; give \
         the same settings again, with `--file FILE` for a run of a campaign file"
    )]
    ChannelGone { channel_types: String },
    /// The provider refuses everything we send, and so does the fallback's if there is one.
    #[error("channel {channel} refuses us message after message; mend its settings, then resume")]
    ChannelRefuses { channel: String },
    /// The hook fails for so many batches that the activity holds itself instead of losing its audience.
    #[error(
        "hook `{function}` failed for {failed} of {ended} batches ({kind}): the activity holds itself, and nobody of them is \
         lost; mend the hook, then resume"
    )]
    HookFails {
        function: String,
        failed: usize,
        ended: usize,
        /// The kind of the last failure.
        kind: &'static str,
        /// Whether the hook succeeded for a batch before.
        has_worked: bool,
    },
    /// The activity belongs to a treatment that its campaign does not have.
    #[error("the campaign has no treatment `{treatment_id}`")]
    UnknownTreatment { treatment_id: TreatmentId },
}

impl Error {
    /// Whether the same call may succeed later, with nothing changed but time.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Store(error)
            | Self::Definition(definition::Error::Store(error))
            | Self::Feedback(feedback::Error::Store(error)) => error.is_retryable(),
            Self::Segment(error) => error.is_retryable(),
            // Somebody has to change a definition or a setting first.
            Self::Definition(_)
            | Self::Feedback(_)
            | Self::Hook(_)
            | Self::NoChannel { .. }
            | Self::ChannelBroken { .. }
            | Self::ChannelGone { .. }
            | Self::ChannelRefuses { .. }
            | Self::HookFails { .. }
            | Self::UnknownTreatment { .. } => false,
        }
    }
}
