//! Reads the ledger: how far an activity is, what became of everybody, and why.

use std::collections::BTreeMap;

use jiff::Timestamp;
use roaring::RoaringBitmap;

use super::batch;
use super::definition::Document;
use crate::domain::limit::BATCH_ENDPOINTS_MAX;
use crate::domain::{ApplicationId, CampaignId, EndpointNumber, Fate, Tally};
use crate::store::{self, Activity, ActivityState, BatchRow, Frozen, LedgerStore, Stage};

/// Rows read at once.
const ROWS_MAX: usize = 5_000;

/// How far an activity is.
#[derive(Debug, Default)]
pub struct Standing {
    /// Indexes of finished batches.
    pub finished: RoaringBitmap,
    /// Batches that were cut off after their intent, by index. At most as many as were in flight at once.
    pub cut_off: BTreeMap<u32, BatchRow>,
    /// Fates so far.
    pub tally: Tally,
    /// Members that may have been sent to more than once, or not at all.
    pub unknown: u64,
    /// A reason for each fate that has one, for people.
    pub examples: BTreeMap<Fate, String>,
}

impl Standing {
    /// Members without a fate so far.
    pub fn open(&self, frozen: &Frozen) -> u64 {
        frozen.endpoints() - self.tally.total()
    }

    /// Why nobody got a message, if that is so and something failed.
    pub fn failure(&self) -> Option<String> {
        let (fate, endpoints) = self.tally.iter().filter(|(fate, _)| fate.is_failure()).max_by_key(|(_, n)| *n)?;
        if self.tally.get(Fate::Sent) > 0 || self.tally.get(Fate::Unknown) > 0 {
            return None;
        }
        let example = self.examples.get(&fate).map(|reason| format!(": {reason}")).unwrap_or_default();
        Some(format!("no message was sent, and {endpoints} endpoints met {fate}{example}"))
    }

    fn note_examples(&mut self, row: &BatchRow) {
        let Some(reasons) = row.reasons.as_deref() else { return };
        // Only failures have reasons, and rows with the same few failures are many.
        let mut failures = row.fates.iter().filter_map(|&byte| Fate::from_byte(byte)).filter(|fate| fate.is_failure());
        if failures.all(|fate| self.examples.contains_key(&fate)) {
            return;
        }
        for (place, reason) in read_reasons(reasons) {
            if let Some(fate) = row.fates.get(place).and_then(|&byte| Fate::from_byte(byte)) {
                self.examples.entry(fate).or_insert(reason);
            }
        }
    }
}

/// A row's reasons: place in the batch, text.
fn read_reasons(reasons: &str) -> BTreeMap<usize, String> {
    let by_text: BTreeMap<String, Vec<usize>> = serde_json::from_str(reasons).unwrap_or_default();
    by_text.into_iter().flat_map(|(text, places)| places.into_iter().map(move |place| (place, text.clone()))).collect()
}

/// The activities from which follows what a campaign does next and what its status is: all of it. Campaigns of events may have
/// one a second, and for them those that are not over do.
pub async fn telling(
    store: &dyn LedgerStore,
    application_id: &ApplicationId,
    campaign_id: &CampaignId,
    document: &Document,
) -> Result<Vec<Activity>, store::Error> {
    match document.is_of_events() {
        true => store.open_activities(application_id, campaign_id).await,
        false => store.activities(application_id, campaign_id).await,
    }
}

/// Reads how far an activity is. Whom a cancelled one did not come to is `ABORTED`, and who was about to be sent to then is
/// `UNKNOWN`: that follows from its state, and no row says so.
pub async fn standing(store: &dyn LedgerStore, activity: &Activity, frozen: &Frozen) -> Result<Standing, store::Error> {
    let mut standing = Standing::default();
    for (fate, members) in &frozen.settled {
        standing.tally.add(*fate, members.len());
    }
    let mut from = 0;
    loop {
        let rows = store.batches(&activity.id, from, ROWS_MAX).await?;
        let Some(last) = rows.last() else { break };
        from = last.index + 1;
        for row in rows {
            standing.unknown += u64::from(row.unknown.count_ones());
            standing.note_examples(&row);
            match row.stage {
                Stage::Done => {
                    standing.finished.insert(row.index);
                    for &byte in &row.fates {
                        standing.tally.add(read_fate(activity, byte)?, 1);
                    }
                }
                Stage::Intent if activity.state == ActivityState::Cancelled => {
                    for place in 0..row.fates.len() {
                        let is_new = row.fates[place] == BatchRow::TO_SEND && row.unknown >> place & 1 == 0;
                        standing.unknown += u64::from(is_new);
                        standing.tally.add(cancelled_fate(activity, &row, place)?, 1);
                    }
                    standing.cut_off.insert(row.index, row);
                }
                Stage::Intent => {
                    standing.cut_off.insert(row.index, row);
                }
            }
        }
    }
    if activity.state == ActivityState::Cancelled {
        standing.tally.add(Fate::Aborted, standing.open(frozen));
    }
    Ok(standing)
}

/// What an unfinished row says of a member once its activity is cancelled.
pub(super) fn cancelled_fate(activity: &Activity, row: &BatchRow, place: usize) -> Result<Fate, store::Error> {
    match row.fates[place] {
        BatchRow::TO_SEND => Ok(Fate::Unknown),
        BatchRow::OPEN if row.unknown >> place & 1 == 1 => Ok(Fate::Unknown),
        BatchRow::OPEN => Ok(Fate::Aborted),
        byte => read_fate(activity, byte),
    }
}

fn read_fate(activity: &Activity, byte: u8) -> Result<Fate, store::Error> {
    Fate::from_byte(byte).ok_or_else(|| store::Error::Damaged {
        what: format!("activity `{}` holds the unknown fate {byte}", activity.id),
    })
}

/// Who was sent to, or may have been, and when: what caps count of an activity.
///
/// Shape: calls `each` with sets of members of one fate and time, for the fates that count.
pub async fn messages(
    store: &dyn LedgerStore,
    activity: &Activity,
    mut each: impl FnMut(Timestamp, Fate, RoaringBitmap) + Send,
) -> Result<(), store::Error> {
    let frozen = store.frozen(&activity.id).await?;
    let mut from = 0;
    loop {
        let rows = store.batches(&activity.id, from, ROWS_MAX).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        from = last.index + 1;
        for row in rows {
            let members = batch::members(&frozen, row.index);
            let mut by_fate: BTreeMap<Fate, RoaringBitmap> = BTreeMap::new();
            for (place, (&byte, &number)) in row.fates.iter().zip(&members).enumerate() {
                let was_unknown = row.unknown >> place & 1 == 1;
                // About to be sent to when the process ended: it may have been.
                let fate = match byte {
                    BatchRow::TO_SEND => Fate::Unknown,
                    // Given back: nothing was sent but what an earlier attempt may have.
                    BatchRow::OPEN if was_unknown => Fate::Unknown,
                    BatchRow::OPEN => continue,
                    byte => read_fate(activity, byte)?,
                };
                if fate.counts_daily() || fate.counts_total() {
                    by_fate.entry(fate).or_default().insert(number);
                }
            }
            for (fate, numbers) in by_fate {
                each(row.at, fate, numbers);
            }
        }
    }
}

/// What became of one endpoint in an activity.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// It is not in the audience.
    NotInAudience,
    /// It met its fate before the first batch.
    Settled(Fate),
    /// Its batch has not begun.
    Waiting { batch: u32 },
    /// Its batch was cut off while sending, or is sending now.
    Sending { batch: u32 },
    /// It met its fate in a batch.
    Done { batch: u32, fate: Fate, reason: Option<String>, was_unknown: bool, at: Timestamp },
}

/// Tells what became of an endpoint.
pub async fn why(store: &dyn LedgerStore, activity: &Activity, number: EndpointNumber) -> Result<Answer, store::Error> {
    let frozen = store.frozen(&activity.id).await?;
    if let Some((fate, _)) = frozen.settled.iter().find(|(_, members)| members.contains(number)) {
        return Ok(Answer::Settled(*fate));
    }
    let Some((index, place)) = batch::find(&frozen, number) else { return Ok(Answer::NotInAudience) };
    debug_assert!(place < BATCH_ENDPOINTS_MAX);
    let rows = store.batches(&activity.id, index, 1).await?;
    let cancelled_at = (activity.state == ActivityState::Cancelled).then_some(activity.ended_at).flatten();
    let Some(row) = rows.into_iter().find(|row| row.index == index) else {
        return Ok(match cancelled_at {
            None => Answer::Waiting { batch: index },
            Some(at) => Answer::Done {
                batch: index,
                fate: Fate::Aborted,
                reason: activity.failure.clone(),
                was_unknown: false,
                at,
            },
        });
    };
    let byte = if cancelled_at.is_some() && row.stage == Stage::Intent {
        cancelled_fate(activity, &row, place)?.as_byte()
    } else {
        row.fates[place]
    };
    match byte {
        BatchRow::TO_SEND => return Ok(Answer::Sending { batch: index }),
        BatchRow::OPEN if row.unknown >> place & 1 == 1 => return Ok(Answer::Sending { batch: index }),
        BatchRow::OPEN => return Ok(Answer::Waiting { batch: index }),
        _ => {}
    }
    let reasons = row.reasons.as_deref().map(read_reasons).unwrap_or_default();
    Ok(Answer::Done {
        batch: index,
        fate: read_fate(activity, byte)?,
        reason: reasons.get(&place).cloned(),
        was_unknown: row.unknown >> place & 1 == 1,
        at: row.at,
    })
}
