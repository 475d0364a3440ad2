//! What the function is sent: a pool of events, built before the test and sent in turn.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;

use super::Error;
use super::profile::Profile;
use super::report;
use crate::clock::wire_text;
use crate::domain::limit::BATCH_ENDPOINTS_MAX;
use crate::domain::{ActivityId, ApplicationId, CampaignId, TreatmentId};
use crate::hook::event::{Head, Member, Run};
use crate::hook::{self, answer};
use crate::segment;
use crate::store::Store;
use crate::wire;

/// Ids in events that belong to no campaign.
const NOBODY: &str = "00000000000000000000000000000000";

/// An event, and what is needed to read its answer.
pub struct Event {
    pub bytes: Bytes,
    members: Vec<(String, Vec<u8>)>,
}

impl Event {
    pub fn endpoints(&self) -> usize {
        self.members.len()
    }

    /// Reads an answer to this event as a campaign would.
    pub fn decode(&self, answer: Vec<u8>) -> Result<(), hook::Error> {
        answer::decode(answer, &members(&self.members)).map(|_| ())
    }
}

/// Events in turn; never empty.
pub struct Pool {
    source: report::EventSource,
    events: Vec<Event>,
}

impl Pool {
    /// So many events with made-up endpoints. `now` is when they say they are due.
    pub fn of_profile(profile: &Profile, count: usize, seed: u64, now: Timestamp) -> Result<Self, Error> {
        let mut maker = profile.maker(seed)?;
        let head = head(&ApplicationId::new(NOBODY), now);
        let batch = |_| event(&head, (0..profile.endpoints).map(|_| maker.make()).collect());
        let events = (0..count).map(batch).collect::<Result<Vec<_>, Error>>()?;
        Self::new(report::EventSource::Profile, events)
    }

    /// At most so many events from batches that are spread evenly over a segment, as a campaign's would be: who is inactive
    /// or opted out is not in them.
    ///
    /// Errors: a segment that cannot be evaluated, or that nobody in it can be sent to.
    pub async fn of_segment(
        store: &dyn Store,
        application: &ApplicationId,
        segment_id: &str,
        count: usize,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let members = segment::evaluate(store, application, segment_id, None, now).await?;
        let head = head(application, now);
        let batches = members.len().div_ceil(BATCH_ENDPOINTS_MAX as u64);
        let mut events = Vec::new();
        for taken in 0..batches.min(count as u64) {
            let batch = if batches <= count as u64 { taken } else { taken * batches / count as u64 };
            let first = u32::try_from(batch * BATCH_ENDPOINTS_MAX as u64).expect("numbers have 32 bits");
            let from = members.select(first).expect("the batch begins within the segment");
            let numbers = members.range(from..).take(BATCH_ENDPOINTS_MAX).collect();
            let page = store.load_endpoints(application, numbers).await?;
            let stored = page.iter().filter(|endpoint| is_sendable(endpoint.document));
            let batch: Vec<_> = stored.map(|endpoint| (endpoint.id.to_owned(), endpoint.document.to_vec())).collect();
            if !batch.is_empty() {
                events.push(event(&head, batch)?);
            }
        }
        let (application_id, segment_id) = (application.to_string(), segment_id.to_owned());
        Self::new(report::EventSource::Segment { application_id, segment_id }, events)
    }

    fn new(source: report::EventSource, events: Vec<Event>) -> Result<Self, Error> {
        if events.is_empty() {
            return Err(Error::Events("there is nobody who could be sent a message".into()));
        }
        Ok(Self { source, events })
    }

    /// The event of a call, counted from 0.
    pub fn of_call(&self, call: u64) -> &Event {
        let count = self.events.len() as u64;
        &self.events[usize::try_from(call % count).expect("it is an index")]
    }

    /// For the report.
    pub fn data(&self) -> report::Events {
        let count = self.events.len();
        let mean = |sum: usize| sum as f64 / count as f64;
        let bytes = || self.events.iter().map(|event| event.bytes.len());
        report::Events {
            source: self.source.clone(),
            count,
            endpoints_per_event: mean(self.events.iter().map(Event::endpoints).sum()),
            bytes_min: bytes().min().unwrap_or_default(),
            bytes_mean: mean(bytes().sum()),
            bytes_max: bytes().max().unwrap_or_default(),
        }
    }
}

fn head(application_id: &ApplicationId, now: Timestamp) -> Head {
    let message = json!({ "DefaultMessage": { "Title": "Load test", "Body": "Nobody gets this message." } });
    let run = Run {
        application_id,
        campaign_id: &CampaignId::new(NOBODY),
        treatment_id: &TreatmentId::new("0"),
        activity_id: &ActivityId::new(NOBODY),
        scheduled_time: &wire_text(now),
    };
    Head::filter(&message, &run)
}

fn event(head: &Head, batch: Vec<(String, Vec<u8>)>) -> Result<Event, Error> {
    let bytes = head.event(&members(&batch)).map_err(|error| Error::Events(error.to_string()))?;
    Ok(Event { bytes, members: batch })
}

fn members(batch: &[(String, Vec<u8>)]) -> Vec<Member<'_>> {
    batch.iter().map(|(id, document)| (id.as_str(), document.as_slice())).collect()
}

fn is_sendable(document: &[u8]) -> bool {
    let head = wire::endpoint::Head::read(document);
    head.is_ok_and(|head| head.is_active() && !head.is_opted_out() && head.address().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_makes_events_that_answers_are_read_against() {
        let profile = Profile { endpoints: 3, ..Profile::default() };
        let pool = Pool::of_profile(&profile, 4, 1, Timestamp::UNIX_EPOCH).unwrap();
        let data = pool.data();
        assert_eq!((data.count, data.endpoints_per_event, data.source), (4, 3.0, report::EventSource::Profile));
        assert!(data.bytes_min > 3 * 680 && data.bytes_max < 3 * 800 + 500, "{} {}", data.bytes_min, data.bytes_max);
        let event = pool.of_call(5);
        assert!(std::ptr::eq(event, pool.of_call(1)) && !std::ptr::eq(event, pool.of_call(2)));
        let sent: serde_json::Value = serde_json::from_slice(&event.bytes).unwrap();
        assert_eq!(sent["Endpoints"].as_object().unwrap().len(), 3);
        event.decode(sent["Endpoints"].to_string().into_bytes()).unwrap();
        assert_eq!(event.decode(b"[]".to_vec()).unwrap_err().kind(), "undecodable");
    }

    #[test]
    fn no_events_are_no_pool() {
        assert!(matches!(Pool::of_profile(&Profile::default(), 0, 1, Timestamp::UNIX_EPOCH), Err(Error::Events(_))));
    }
}
