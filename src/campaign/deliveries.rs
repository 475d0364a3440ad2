//! Who was sent to and when, by day, for those who count deliveries.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;

use super::batch;
use super::definition::Document;
use super::engine::Engine;
use crate::domain::{ChannelType, EndpointNumber, Fate};
use crate::store::{self, Activity, BatchRow, LedgerStore, Stage};

/// Rows read at once.
const ROWS_MAX: usize = 2_000;

/// The messages of one activity on one day, in UTC.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deliveries {
    /// Messages that a provider may have seen.
    pub attempted: u64,
    /// Endpoints that were sent to; an activity sends to each once.
    pub sent: RoaringBitmap,
}

/// Reads the messages of an activity from `from` to `to`, both included, by day. What is still under way does not count.
pub async fn read(
    store: &dyn LedgerStore,
    activity: &Activity,
    from: Timestamp,
    to: Timestamp,
) -> Result<BTreeMap<Date, Deliveries>, store::Error> {
    let frozen = store.frozen(&activity.id).await?;
    let mut days: BTreeMap<Date, Deliveries> = BTreeMap::new();
    let mut next = 0;
    loop {
        let rows = store.batches(&activity.id, next, ROWS_MAX).await?;
        let Some(last) = rows.last() else { return Ok(days) };
        next = last.index + 1;
        for row in rows.iter().filter(|row| row.stage == Stage::Done && from <= row.at && row.at <= to) {
            let day = days.entry(TimeZone::UTC.to_datetime(row.at).date()).or_default();
            add(day, row, &batch::members(&frozen, row.index));
        }
    }
}

fn add(day: &mut Deliveries, row: &BatchRow, members: &[EndpointNumber]) {
    for (&byte, &number) in row.fates.iter().zip(members) {
        let Some(fate) = Fate::from_byte(byte) else { continue };
        day.attempted += u64::from(fate.is_attempted());
        if fate == Fate::Sent {
            day.sent.insert(number);
        }
    }
}

/// Kinds of messages that answers come back to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Medium {
    Push,
    Email,
}

impl Engine {
    /// What all messages of an activity are, by the messages of its treatment and the channel types that were served when it
    /// began. `None` if they can be of several kinds: the ledger does not tell which of them each one got.
    pub fn medium(&self, activity: &Activity) -> Option<Medium> {
        let document: Document = serde_json::from_str(activity.definition()).ok()?;
        let definition = self.check(&activity.campaign_id, &document).ok()?;
        let treatment = definition.treatments.iter().find(|treatment| treatment.id == activity.treatment_id)?;
        let composer = &treatment.composer;
        if ChannelType::ALL.into_iter().any(|channel| composer.is_custom(channel)) {
            return None;
        }
        let served = |channel: &ChannelType| document.served.iter().any(|name| name == channel.as_str());
        let mut media = ChannelType::ALL
            .into_iter()
            .filter(|channel| composer.has_message_for(*channel) && served(channel))
            .map(|channel| match channel {
                ChannelType::Email => Some(Medium::Email),
                channel if channel.is_push() => Some(Medium::Push),
                _ => None,
            });
        let first = media.next()?;
        media.all(|medium| medium == first).then_some(first)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_count_and_only_sent_is_delivered() {
        let row = BatchRow {
            index: 0,
            stage: Stage::Done,
            fates: [Fate::Sent, Fate::OptOut, Fate::Throttled, Fate::Sent].map(Fate::as_byte).to_vec(),
            unknown: 0,
            reasons: None,
            at: Timestamp::UNIX_EPOCH,
        };
        let mut day = Deliveries::default();
        add(&mut day, &row, &[4, 5, 6, 7]);
        assert_eq!(day, Deliveries { attempted: 3, sent: [4, 7].into_iter().collect() });
    }
}
