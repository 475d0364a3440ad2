//! Events that applications report, and the in-app messages they may show.
//!
//! Each event and each endpoint of a request has an answer of its own; the request as a whole fails only if it cannot be
//! read, is too large, or is for an unknown application. Accepted events are on stable storage before the answer. One that
//! was accepted before is accepted again and kept once.
//!
//! For a user with a temporary key, items about endpoints that are not their own are refused one by one, with 403, and
//! nothing of them is kept. So are, for everybody but administrators, events that the server alone makes.
//!
//! In-app messages come from campaigns with the frequency `IN_APP_EVENT`.

use axum::http::StatusCode;
use jiff::Timestamp;

use super::{Call, Error};
use crate::clock;
use crate::domain::{ApplicationId, EndpointUpdate};
use crate::store::{EndpointWrite, Event, Refused};
use crate::wire::body::Json;
use crate::wire::endpoint_update::Reader;
use crate::wire::event::{self, Item, Refusal, Verdicts};
use crate::wire::generated::{self as wire, Events};
use crate::wire::invalid::{Invalid, id_bytes};

impl Events for Call<'_> {
    async fn put_events(&self, input: wire::PutEventsInput) -> Result<Json, Error> {
        let application = ApplicationId::new(input.application_id);
        let items = event::read(&input.body)?;
        let Sorted { mut verdicts, writes, writers, mut events } = self.sort(&items);
        if writes.is_empty() && events.is_empty() {
            // No write will tell.
            self.application_id(application.as_str()).await?;
        }

        let arrived_at = self.api.clock.now();
        if self.principal.owner().is_some() {
            // One after the other: whose an endpoint is that these events are the first of, its write tells.
            if !writes.is_empty() {
                let results = self.upsert_endpoints(&application, writes, clock::wire_text(arrived_at)).await?;
                judge(&mut verdicts, &writers, results);
            }
            self.forbid(&application, &mut verdicts, &mut events).await?;
            self.keep_events(&application, events, arrived_at).await?;
            return Ok(Json(event::write(&verdicts)));
        }
        let endpoints = async {
            if writes.is_empty() {
                return Ok(Vec::new());
            }
            self.store().upsert_endpoints(&application, writes, clock::wire_text(arrived_at)).await
        };
        let kept = self.keep_events(&application, events, arrived_at);
        // At once, so that they can share a commit.
        let (endpoints, kept) = tokio::join!(endpoints, kept);
        kept?;
        judge(&mut verdicts, &writers, endpoints?);
        Ok(Json(event::write(&verdicts)))
    }

    async fn get_in_app_messages(
        &self,
        input: wire::GetInAppMessagesInput,
    ) -> Result<wire::InAppMessagesResponse, Error> {
        let application = ApplicationId::new(input.application_id);
        let endpoint = self.visible_endpoint(&application, &input.endpoint_id).await?;
        if endpoint.is_empty() {
            return Err(Error::not_found());
        }
        let messages = self.api.engine.in_app_messages(&application, &endpoint).await?;
        Ok(wire::InAppMessagesResponse { in_app_message_campaigns: Some(messages) })
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
                let event = event.map_err(|invalid| Refusal::Invalid(invalid.to_string()));
                let event = event.and_then(|event| self.permit(event));
                (id.as_str(), event.map(|event| sorted.events.push(event)))
            });
            let events = events.collect();
            let endpoint = endpoint.map_err(|invalid| Refusal::Invalid(invalid.to_string()));
            sorted.verdicts.push(Verdicts { id: endpoint_id, endpoint, events });
        }
        sorted
    }

    /// Lets an event through that the sender may report.
    fn permit(&self, event: Event) -> Result<Event, Refusal> {
        if self.principal.may_report(&event.event_type) {
            return Ok(event);
        }
        Err(Refusal::Forbidden(format!("EventType: `{}` is an event that only the server makes", event.event_type)))
    }
}

impl Call<'_> {
    /// Keeps events, and tells who waits for some. One that is there already is as good as accepted.
    async fn keep_events(
        &self,
        application: &ApplicationId,
        events: Vec<Event>,
        arrived_at: Timestamp,
    ) -> Result<(), Error> {
        if !events.is_empty() && self.store().append_events(application, events, arrived_at).await?.contains(&true) {
            self.api.scheduler.events_arrived(application);
        }
        Ok(())
    }

    /// Takes out what is about endpoints that are not the sender's own, be they there or not.
    async fn forbid(
        &self,
        application: &ApplicationId,
        verdicts: &mut [Verdicts<'_>],
        events: &mut Vec<Event>,
    ) -> Result<(), Error> {
        for item in verdicts {
            match self.visible_endpoint(application, item.id).await {
                Ok(_) => {}
                Err(error) if error.status() == StatusCode::FORBIDDEN => {
                    let refused = Err(Refusal::Forbidden(error.message().to_owned()));
                    events.retain(|event| event.endpoint_id != item.id);
                    item.events.iter_mut().for_each(|(_, verdict)| *verdict = refused.clone());
                    item.endpoint = refused;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Enters what became of writes.
fn judge<T>(verdicts: &mut [Verdicts<'_>], writers: &[usize], results: Vec<Result<T, Refused>>) {
    for (writer, result) in writers.iter().zip(results) {
        verdicts[*writer].endpoint = result.map(drop).map_err(|refused| Refusal::Invalid(refused.to_string()));
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
