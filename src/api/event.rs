//! Events that applications report, and the in-app messages they may show.
//!
//! Each event and each endpoint of a request has an answer of its own; the request as a whole fails only if it cannot be
//! read, is too large, or is for an unknown application. Accepted events are on stable storage before the answer. One that
//! was accepted before is accepted again and kept once.
//!
//! In-app messages come from campaigns with the frequency `IN_APP_EVENT`. They cannot be created yet, so that no endpoint
//! has a message to show: the list is empty because there is nothing to list.

use super::{Call, Error};
use crate::clock;
use crate::domain::{ApplicationId, EndpointUpdate};
use crate::store::{EndpointWrite, Event};
use crate::wire::body::Json;
use crate::wire::endpoint_update::Reader;
use crate::wire::event::{self, Item, Verdict, Verdicts};
use crate::wire::generated::{self as wire, Events};
use crate::wire::invalid::{Invalid, id_bytes};

impl Events for Call<'_> {
    async fn put_events(&self, input: wire::PutEventsInput) -> Result<Json, Error> {
        let application = ApplicationId::new(input.application_id);
        let items = event::read(&input.body)?;
        let Sorted { mut verdicts, writes, writers, events } = self.sort(&items);
        if writes.is_empty() && events.is_empty() {
            // No write will tell.
            self.application_id(application.as_str()).await?;
        }

        let arrived_at = self.api.clock.now();
        let endpoints = async {
            if writes.is_empty() {
                return Ok(Vec::new());
            }
            self.store().upsert_endpoints(&application, writes, clock::wire_text(arrived_at)).await
        };
        let kept = async {
            if events.is_empty() {
                return Ok(Vec::new());
            }
            self.store().append_events(&application, events, arrived_at).await
        };
        // At once, so that they can share a commit.
        let (endpoints, kept) = tokio::join!(endpoints, kept);
        // An event that is there already is as good as accepted.
        kept?;
        self.api.engine.streams().wake(&application);
        for (writer, result) in writers.into_iter().zip(endpoints?) {
            verdicts[writer].endpoint = result.map(drop).map_err(|refused| refused.to_string());
        }
        Ok(Json(event::write(&verdicts)))
    }

    async fn get_in_app_messages(
        &self,
        input: wire::GetInAppMessagesInput,
    ) -> Result<wire::InAppMessagesResponse, Error> {
        let application = ApplicationId::new(input.application_id);
        if self.store().endpoint(&application, &input.endpoint_id).await?.is_empty() {
            return Err(Error::not_found());
        }
        Ok(wire::InAppMessagesResponse { in_app_message_campaigns: Some(Vec::new()) })
    }
}

/// A request, checked.
struct Sorted<'a> {
    verdicts: Vec<Verdicts<'a>>,
    writes: Vec<EndpointWrite>,
    /// For each write, the place of its endpoint in `verdicts`.
    writers: Vec<usize>,
    events: Vec<Event>,
}

impl Call<'_> {
    /// Checks what a request brings, and sorts it by where it goes.
    fn sort<'a>(&self, items: &'a [Item<'a>]) -> Sorted<'a> {
        let mut reader = Reader::default();
        let mut sorted = Sorted { verdicts: Vec::new(), writes: Vec::new(), writers: Vec::new(), events: Vec::new() };
        for (at, item) in items.iter().enumerate() {
            let endpoint_id = item.id.as_str();
            let is_named = id_bytes(endpoint_id).map_err(|problem| problem.at("endpoint id"));
            let update = is_named.clone().and_then(|()| update(&mut reader, item.endpoint));
            let endpoint = update.map(|update| {
                if let Some(update) = update {
                    sorted.writes.push(self.endpoint_write(endpoint_id.to_owned(), update));
                    sorted.writers.push(at);
                }
            });
            let events = item.events.iter().map(|(id, document)| {
                let event = is_named.clone().and_then(|()| read_event(endpoint_id, id.as_str(), document));
                (id.as_str(), verdict(event.map(|event| sorted.events.push(event))))
            });
            let events = events.collect();
            sorted.verdicts.push(Verdicts { id: endpoint_id, endpoint: verdict(endpoint), events });
        }
        sorted
    }
}

/// The update of an endpoint; `None` if it changes nothing. That makes no endpoint either.
fn update(reader: &mut Reader, json: Option<&str>) -> Result<Option<EndpointUpdate>, Invalid> {
    let Some(json) = json else { return Ok(None) };
    let update = reader.read(json.as_bytes())?.update;
    Ok((update != EndpointUpdate::default()).then_some(update))
}

fn read_event(endpoint_id: &str, id: &str, document: &str) -> Result<Event, Invalid> {
    id_bytes(id).map_err(|problem| problem.at("event id"))?;
    let event::Head { event_type, at } = event::check(document)?;
    Ok(Event {
        endpoint_id: endpoint_id.to_owned(),
        id: id.to_owned(),
        event_type,
        at,
        // As it was sent: it has all members of session and application that records of the event stream want.
        document: document.to_owned(),
    })
}

fn verdict(outcome: Result<(), Invalid>) -> Verdict {
    outcome.map_err(|invalid| invalid.to_string())
}
