//! Dead letters over HTTP, and their shape for programs.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::api::page::Page;
use crate::api::{Api, Error};
use crate::clock::wire_text;
use crate::domain::{ActivityId, CampaignId};
use crate::store::{Activity, DeadLetter, LetterAttempt, LetterState, Letters, Released};

/// The list that tokens are for.
const LIST: &str = "dead-letters";

/// A letter in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Item<'a> {
    application_id: &'a str,
    campaign_id: &'a str,
    treatment_id: &'a str,
    activity_id: &'a str,
    batch: u32,
    state: &'static str,
    /// Members that were held last.
    endpoint_count: u32,
    function: &'a str,
    held_date: String,
    last_modified_date: String,
    redrives: u32,
    error: &'a str,
}

impl<'a> Item<'a> {
    pub fn of(letter: &'a DeadLetter) -> Self {
        Self {
            application_id: letter.application_id.as_str(),
            campaign_id: letter.campaign_id.as_str(),
            treatment_id: letter.treatment_id.as_str(),
            activity_id: letter.activity_id.as_str(),
            batch: letter.batch,
            state: letter.state.as_str(),
            endpoint_count: letter.endpoints(),
            function: &letter.function,
            held_date: wire_text(letter.held_at),
            last_modified_date: wire_text(letter.changed_at),
            redrives: letter.redrives,
            error: &letter.error,
        }
    }
}

/// A letter with its attempts, and with its request if that was asked for and is there.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Shown<'a> {
    #[serde(flatten)]
    item: Item<'a>,
    attempts: Vec<AttemptItem<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a RawValue>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttemptItem<'a> {
    round: u32,
    date: String,
    latency_ms: f64,
    error_kind: &'a str,
    error: &'a str,
}

impl<'a> Shown<'a> {
    pub fn of(letter: &'a DeadLetter, request: Option<&'a RawValue>) -> Self {
        let attempt = |attempt: &'a LetterAttempt| AttemptItem {
            round: attempt.round,
            date: wire_text(attempt.at),
            latency_ms: attempt.latency.as_micros() as f64 / 1_000.0,
            error_kind: &attempt.kind,
            error: &attempt.error,
        };
        Self { item: Item::of(letter), attempts: letter.attempts.iter().map(attempt).collect(), request }
    }
}

/// What was redriven or dropped.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReleasedList<'a> {
    activities: Vec<ReleasedItem<'a>>,
    batch_count: usize,
    endpoint_count: u64,
}

/// What was redriven or dropped of one activity.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReleasedItem<'a> {
    application_id: &'a str,
    campaign_id: &'a str,
    activity_id: &'a str,
    batches: &'a [u32],
    endpoint_count: u64,
}

impl<'a> ReleasedList<'a> {
    pub fn of(released: &'a [(Activity, Released)]) -> Self {
        let item = |(activity, released): &'a (Activity, Released)| ReleasedItem {
            application_id: activity.application_id.as_str(),
            campaign_id: activity.campaign_id.as_str(),
            activity_id: activity.id.as_str(),
            batches: &released.batches,
            endpoint_count: released.endpoints,
        };
        Self {
            activities: released.iter().map(item).collect(),
            batch_count: released.iter().map(|(_, released)| released.batches.len()).sum(),
            endpoint_count: released.iter().map(|(_, released)| released.endpoints).sum(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct List<'a> {
    items: Vec<Item<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// Which batches are meant; all that are held without it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
struct Which {
    batches: Option<Vec<u32>>,
}

impl Which {
    /// Errors: 400 for what is not of this shape.
    fn read(body: &[u8]) -> Result<Option<Vec<u32>>, Error> {
        if body.is_empty() {
            return Ok(None);
        }
        let which: Self =
            serde_json::from_slice(body).map_err(|error| Error::bad_request(format!("the body: {error}")))?;
        if which.batches.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::bad_request("Batches: it is empty; without it, all that are held are meant"));
        }
        Ok(which.batches)
    }
}

/// Names and values of a query.
pub struct Query(pub Vec<(String, String)>);

impl Query {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

/// An answer.
pub(super) type Answer = Result<(StatusCode, Vec<u8>), Error>;

pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    Ok((status, serde_json::to_vec(body).expect("numbers and text are JSON")))
}

impl Api {
    pub(super) async fn list_letters(&self, query: &Query) -> Answer {
        let page = Page::<u64>::read(LIST, query.get("page-size"), query.get("token"))?;
        let state = query.get("state").map(|name| {
            let wrong = || Error::bad_request(format!("state: `{name}` is not HELD, REDRIVEN or DROPPED"));
            LetterState::parse(name).ok_or_else(wrong)
        });
        let of = Letters {
            activity: query.get("activity-id").map(ActivityId::new),
            campaign: query.get("campaign-id").map(CampaignId::new),
            state: state.transpose()?,
        };
        let mut letters = self.store.dead_letters(of, page.after, page.items_max + 1).await?;
        let next_token = page.cut(LIST, &mut letters, |letter| letter.position);
        json(StatusCode::OK, &List { items: letters.iter().map(Item::of).collect(), next_token })
    }

    pub(super) async fn show_letter(&self, id: &str, batch: &str, query: &Query) -> Answer {
        let (id, batch) = (ActivityId::new(id), batch.parse().map_err(|_| Error::not_found())?);
        let letter = self.store.dead_letter(&id, batch).await?.ok_or_else(Error::not_found)?;
        let request = match query.get("include-request") {
            None | Some("false") => None,
            Some("true") => self.store.dead_letter_request(&id, batch).await?,
            Some(other) => return Err(Error::bad_request(format!("include-request: `{other}` is not true or false"))),
        };
        let request: Option<&RawValue> =
            request.as_deref().map(serde_json::from_slice).transpose().map_err(Error::internal)?;
        json(StatusCode::OK, &Shown::of(&letter, request))
    }

    /// They are on their way when this answers, not there: the activity tells how far it is.
    pub(super) async fn redrive_letters(&self, id: &str, body: &[u8]) -> Answer {
        let redriven = self.scheduler.redrive(id, Which::read(body)?).await?;
        json(StatusCode::ACCEPTED, &ReleasedList::of(&redriven))
    }

    pub(super) async fn drop_letters(&self, id: &str, body: &[u8]) -> Answer {
        let dropped = self.engine.drop_held(id, Which::read(body)?).await?;
        json(StatusCode::OK, &ReleasedList::of(&dropped))
    }
}
