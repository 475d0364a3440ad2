//! Dead letters: batches put aside because their hook failed, with what is needed to see why and to redrive them.
//!
//! A letter belongs to a batch of an activity. A batch has members of the fate `HELD` exactly while its letter is
//! [`Held`](LetterState::Held): both change in one write. The request is kept for as long, and no longer: it holds personal data.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::ledger::{BatchRow, Stage};
use super::{Call, Error};
use crate::domain::{ActivityId, ApplicationId, CampaignId, Fate, TreatmentId};

/// A batch that was put aside at least once.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// Its place among all letters: they are listed in this order.
    pub position: u64,
    pub application_id: ApplicationId,
    pub campaign_id: CampaignId,
    pub treatment_id: TreatmentId,
    pub activity_id: ActivityId,
    /// The batch's index in the activity.
    pub batch: u32,
    pub state: LetterState,
    /// The label of the function that failed; empty for a batch that an older release put aside.
    pub function: String,
    /// When the batch was put aside last.
    pub held_at: Timestamp,
    /// When it was put aside, redriven or dropped last.
    pub changed_at: Timestamp,
    /// A bit for each member that was put aside last, lowest first, by its place in the batch.
    pub members: u64,
    /// How often it was redriven.
    pub redrives: u32,
    /// Why the hook failed last.
    pub error: String,
    /// The attempts of all rounds, in order.
    pub attempts: Vec<LetterAttempt>,
}

impl DeadLetter {
    /// How many endpoints were put aside last.
    pub fn endpoints(&self) -> u32 {
        self.members.count_ones()
    }
}

/// What is to become of a letter's batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum LetterState {
    /// Its members wait for an operator.
    Held = 1,
    /// It was handed back to its activity. If its hook fails again, it is held again.
    Redriven = 2,
    /// An operator gave it up.
    Dropped = 3,
}

impl LetterState {
    /// The name shown to users.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "HELD",
            Self::Redriven => "REDRIVEN",
            Self::Dropped => "DROPPED",
        }
    }

    /// The state of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Held, Self::Redriven, Self::Dropped].into_iter().find(|state| state.as_str() == name)
    }
}

/// One attempt at the hook's call.
#[derive(Clone, Debug, PartialEq)]
pub struct LetterAttempt {
    /// 1 for those of the first run, one more after each redrive.
    pub round: u32,
    pub at: Timestamp,
    /// Kept to the microsecond.
    pub latency: Duration,
    /// What kind of error it was, as in metrics.
    pub kind: String,
    pub error: String,
}

/// A batch to be put aside.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The label of the function that failed.
    pub function: String,
    /// Why it failed.
    pub error: String,
    /// Shape: in order; the store gives them their round. Empty if the function was not called.
    pub attempts: Vec<LetterAttempt>,
    /// The event as it was sent; empty if there was none.
    pub request: Bytes,
}

/// Which letters are meant. Everything that is `None` is not looked at.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Letters {
    pub activity: Option<ActivityId>,
    pub campaign: Option<CampaignId>,
    pub state: Option<LetterState>,
}

/// Batches that were redriven or dropped.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Released {
    /// Shape: ascending.
    pub batches: Vec<u32>,
    /// The members that were held.
    pub endpoints: u64,
}

/// Dead letters. Those of a removed application are unknown from then on.
pub trait DeadLetterStore: Send + Sync {
    /// Writes the row of a batch that is done and has members of the fate `HELD`, and in the same write its letter. A letter
    /// that is there already keeps its attempts and the number of its redrives.
    ///
    /// Errors: [`NotFound`](Error::NotFound) for an unknown activity.
    fn hold_batch(&self, activity: &ActivityId, row: BatchRow, held: Held) -> Call<'_, ()>;

    /// Up to `letters_max` letters behind a position, in order.
    fn dead_letters(&self, of: Letters, after: Option<u64>, letters_max: usize) -> Call<'_, Vec<DeadLetter>>;

    /// The letter of a batch.
    fn dead_letter(&self, activity: &ActivityId, batch: u32) -> Call<'_, Option<DeadLetter>>;

    /// The event of a batch that is held, as it was sent last.
    fn dead_letter_request(&self, activity: &ActivityId, batch: u32) -> Call<'_, Option<Bytes>>;

    /// How many batches are held, over all applications.
    fn held_batches(&self) -> Call<'_, u64>;

    /// Hands held batches back to their activity, all or none: these, or every one that is held. Their rows are cut off where
    /// `HELD` was, their letters redriven, and the activity is under way again, if there is any batch; a paused one stays paused.
    ///
    /// Errors: `NotFound` for an unknown activity and for a batch that is not held; [`Conflict`](Error::Conflict) for a
    /// cancelled activity.
    fn redrive_batches(&self, activity: &ActivityId, batches: Option<Vec<u32>>, at: Timestamp) -> Call<'_, Released>;

    /// Gives held batches up, all or none: these, or every one that is held. Members that were held met `HOOK_ERROR` for this
    /// reason; a completed activity has ended only now.
    ///
    /// Errors: `NotFound` for an unknown activity and for a batch that is not held.
    fn drop_batches(
        &self,
        activity: &ActivityId,
        batches: Option<Vec<u32>>,
        reason: String,
        at: Timestamp,
    ) -> Call<'_, Released>;
}

/// The places of a row's held members, a bit each.
pub fn held_members(row: &BatchRow) -> u64 {
    let places = row.fates.iter().enumerate().filter(|(_, byte)| **byte == Fate::Held.as_byte());
    places.fold(0, |mask, (place, _)| mask | 1 << place)
}

/// The row of a redriven batch: who was held is open again, and nobody else. If anybody has got a message, or may have, the row
/// keeps their time.
///
/// Errors: reasons that cannot be read.
pub fn redriven(row: BatchRow, at: Timestamp) -> Result<BatchRow, Error> {
    let reasons = without_reasons(&row, held_members(&row))?;
    let sent = [Fate::Sent, Fate::Unknown].map(Fate::as_byte);
    let at = if row.fates.iter().any(|byte| sent.contains(byte)) { row.at } else { at };
    let mut row = BatchRow { stage: Stage::Intent, at, reasons: to_text(&reasons), ..row };
    replace_held(&mut row, BatchRow::OPEN);
    Ok(row)
}

/// The row of a dropped batch. It keeps its time, which is that of messages.
///
/// Errors: as of [`redriven`].
pub fn dropped(row: BatchRow, reason: &str) -> Result<BatchRow, Error> {
    let held = held_members(&row);
    let mut reasons = without_reasons(&row, held)?;
    let places = (0..row.fates.len()).filter(|place| held >> place & 1 == 1);
    reasons.entry(reason.to_owned()).or_default().extend(places);
    let mut row = BatchRow { reasons: to_text(&reasons), ..row };
    replace_held(&mut row, Fate::HookError.as_byte());
    Ok(row)
}

fn replace_held(row: &mut BatchRow, byte: u8) {
    row.fates.iter_mut().filter(|fate| **fate == Fate::Held.as_byte()).for_each(|fate| *fate = byte);
}

/// Text, then the places it holds for.
type Reasons = BTreeMap<String, Vec<usize>>;

fn without_reasons(row: &BatchRow, members: u64) -> Result<Reasons, Error> {
    let Some(text) = &row.reasons else { return Ok(Reasons::new()) };
    let damaged = |error| Error::Damaged { what: format!("the reasons of batch {}: {error}", row.index) };
    let mut reasons: Reasons = serde_json::from_str(text).map_err(damaged)?;
    reasons.retain(|_, places| {
        places.retain(|place| members >> place & 1 == 0);
        !places.is_empty()
    });
    Ok(reasons)
}

fn to_text(reasons: &Reasons) -> Option<String> {
    (!reasons.is_empty()).then(|| serde_json::to_string(reasons).expect("places and text are JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> BatchRow {
        let fates = [Fate::Held, Fate::OptOut, Fate::Held, Fate::RenderFailed, Fate::Unknown];
        BatchRow {
            index: 3,
            stage: Stage::Done,
            fates: fates.map(Fate::as_byte).to_vec(),
            unknown: 0b10000,
            reasons: Some(r#"{"no `Name`":[3],"the hook failed":[0,2]}"#.into()),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    fn later() -> Timestamp {
        Timestamp::from_second(60).unwrap()
    }

    #[test]
    fn who_was_held_is_open_again_and_nobody_else() {
        assert_eq!(held_members(&row()), 0b101);
        let row = redriven(row(), later()).unwrap();
        assert_eq!(row.fates, [BatchRow::OPEN, 12, BatchRow::OPEN, 18, 23]);
        assert_eq!((row.stage, row.unknown, row.at), (Stage::Intent, 0b10000, Timestamp::UNIX_EPOCH));
        assert_eq!(row.reasons.as_deref(), Some(r#"{"no `Name`":[3]}"#));
        assert_eq!(held_members(&row), 0);
    }

    #[test]
    fn the_time_of_messages_stays() {
        for (fate, at) in
            [(Fate::Sent, Timestamp::UNIX_EPOCH), (Fate::Unknown, Timestamp::UNIX_EPOCH), (Fate::OptOut, later())]
        {
            let fates = vec![fate.as_byte(), Fate::Held.as_byte()];
            let row = BatchRow { fates, reasons: None, ..row() };
            assert_eq!(redriven(row.clone(), later()).unwrap().at, at, "{fate:?}");
            assert_eq!(dropped(row, "gone").unwrap().at, Timestamp::UNIX_EPOCH);
        }
    }

    #[test]
    fn who_was_held_is_dropped_for_a_reason() {
        let row = dropped(row(), "gone").unwrap();
        assert_eq!(row.fates, [5, 12, 5, 18, 23]);
        assert_eq!((row.stage, row.unknown), (Stage::Done, 0b10000));
        assert_eq!(row.reasons.as_deref(), Some(r#"{"gone":[0,2],"no `Name`":[3]}"#));
    }

    #[test]
    fn rows_without_reasons_have_none_afterwards() {
        let row = BatchRow { reasons: None, ..row() };
        assert_eq!(redriven(row.clone(), later()).unwrap().reasons, None);
        let damaged = BatchRow { reasons: Some("[]".into()), ..row };
        assert!(redriven(damaged, later()).is_err());
    }

    #[test]
    fn states_have_names() {
        for state in [LetterState::Held, LetterState::Redriven, LetterState::Dropped] {
            assert_eq!(LetterState::parse(state.as_str()), Some(state));
        }
        assert_eq!(LetterState::parse("held"), None);
    }
}
