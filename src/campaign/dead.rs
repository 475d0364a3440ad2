//! Dead letters: what is kept of a batch whose hook failed, and how an operator releases held batches.
//!
//! A redriven batch is one that was cut off: whoever drives its activity next does it again, with every test of who may be
//! sent to, and with a fresh event.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use super::definition::{self, Document};
use super::engine::Engine;
use super::{ledger, run};
use crate::domain::{ActivityId, CampaignId, Fate};
use crate::hook;
use crate::hook::answer::Answer;
use crate::store::{
    self, Activity, ActivityState, DeadLetter, Held, Kind, LetterAttempt, LetterState, Letters, Released, Store,
};
use crate::telemetry::metric;

/// Why members of dropped batches met their fate.
const DROPPED: &str = "the hook had failed, and an operator dropped the batch";

/// Time between two counts of the batches that are held.
const COUNT_PERIOD: Duration = Duration::from_secs(15);

/// How asking a batch's hook went.
pub(super) struct Asked {
    pub result: Result<Answer, hook::Error>,
    /// The event as it was sent; empty if there was none.
    pub event: Bytes,
    pub attempts: Vec<hook::Attempt>,
}

impl Asked {
    /// The hook was not called at all.
    pub fn not_called(error: hook::Error) -> Self {
        Self { result: Err(error), event: Bytes::new(), attempts: Vec::new() }
    }
}

/// What a dead letter says of a call that ended in this error.
pub(super) fn held(function: &str, error: &hook::Error, event: Bytes, attempts: Vec<hook::Attempt>) -> Held {
    let attempts = attempts.into_iter().map(|attempt| {
        // One that was answered failed all the same, as a whole: the answer is nothing we can use.
        let error = attempt.error.as_ref().unwrap_or(error);
        LetterAttempt {
            round: 0,
            at: attempt.at,
            latency: attempt.latency,
            kind: error.kind().to_owned(),
            error: error.to_string(),
        }
    });
    Held { function: function.to_owned(), error: error.to_string(), attempts: attempts.collect(), request: event }
}

/// Why held batches stay as they are.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no activity or campaign `{id}`")]
    Unknown { id: String },
    #[error("no batch of `{id}` is held")]
    NothingHeld { id: String },
    #[error("batch {batch} of activity `{activity_id}` is not held")]
    NotHeld { activity_id: ActivityId, batch: u32 },
    #[error(
        "several activities of campaign `{campaign_id}` have held batches: name the activity whose batches are meant"
    )]
    SeveralActivities { campaign_id: CampaignId },
    #[error("activity `{activity_id}` was cancelled: its held batches can be dropped, but not redriven")]
    Cancelled { activity_id: ActivityId },
    #[error("the {what} of activity `{activity_id}` was deleted: its held batches can be dropped, but not redriven")]
    Deleted { activity_id: ActivityId, what: &'static str },
    #[error(
        "activity `{activity_id}` is a run of `pinwheel run`, which had settings of its own: stop the server, then \
         `pinwheel hook redrive {activity_id} --file FILE`"
    )]
    NotServed { activity_id: ActivityId },
    #[error("activity `{activity_id}` cannot go on: {source}")]
    CannotGoOn { activity_id: ActivityId, source: Box<super::Error> },
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The activities with held batches that an id means: one activity, or all of a campaign. `batches` are of one activity.
///
/// Shape: at least one.
/// Errors: also a batch that is not held.
pub async fn activities(store: &dyn Store, id: &str, batches: Option<&[u32]>) -> Result<Vec<Activity>, Error> {
    let mut found = Vec::new();
    let mut is_known = false;
    for activity in of_id(store, id).await? {
        is_known = true;
        if first_held(store, &activity.id).await?.is_some() {
            // Lists leave out the definition, by which it goes on.
            found.extend(store.activity(&activity.id).await?);
        }
    }
    let id = id.to_owned();
    match (&found[..], batches) {
        ([], _) if is_known => Err(Error::NothingHeld { id }),
        ([], _) => Err(Error::Unknown { id }),
        ([_, _, ..], Some(_)) => Err(Error::SeveralActivities { campaign_id: CampaignId::new(id) }),
        ([activity], Some(batches)) => {
            for &batch in batches {
                let letter = store.dead_letter(&activity.id, batch).await?;
                if letter.is_none_or(|letter| letter.state != LetterState::Held) {
                    return Err(Error::NotHeld { activity_id: activity.id.clone(), batch });
                }
            }
            Ok(found)
        }
        _ => Ok(found),
    }
}

/// The activity of this id, or all of the campaign of this id.
pub async fn of_id(store: &dyn Store, id: &str) -> Result<Vec<Activity>, store::Error> {
    if let Some(activity) = store.activity(&ActivityId::new(id)).await? {
        return Ok(vec![activity]);
    }
    let mut activities = Vec::new();
    for application in store.applications().await? {
        activities.extend(store.activities(&application.id, &CampaignId::new(id)).await?);
    }
    Ok(activities)
}

async fn first_held(store: &dyn Store, activity: &ActivityId) -> Result<Option<DeadLetter>, store::Error> {
    let of = Letters { activity: Some(activity.clone()), state: Some(LetterState::Held), ..Letters::default() };
    Ok(store.dead_letters(of, None, 1).await?.into_iter().next())
}

impl Engine {
    /// Hands held batches back to their activity: these, or all that are held. Driving it sends to their members.
    ///
    /// Errors: nothing is changed then.
    pub async fn redrive(&self, activity: &Activity, batches: Option<Vec<u32>>) -> Result<Released, Error> {
        // No run completes meanwhile: one that is at its end sees either none of these batches or all.
        let _releasing = self.releasing.lock().await;
        self.check_redrive(activity).await?;
        let released = self.store.redrive_batches(&activity.id, batches, self.clock.now()).await;
        let released = released.map_err(|error| match error {
            store::Error::Conflict { .. } => Error::Cancelled { activity_id: activity.id.clone() },
            error => error.into(),
        })?;
        metric::dead_letters(LetterState::Redriven.as_str(), released.batches.len());
        Ok(released)
    }

    /// Whether batches of this activity can be redriven.
    pub async fn check_redrive(&self, activity: &Activity) -> Result<(), Error> {
        let activity_id = activity.id.clone();
        if activity.state == ActivityState::Cancelled {
            return Err(Error::Cancelled { activity_id });
        }
        self.check_channels(activity).await?;
        if !is_served(activity) {
            return Ok(());
        }
        // A server ends what has lost its campaign or segment, and its held members would be aborted.
        let application = Some(&activity.application_id);
        let campaign = self.store.definition(application, Kind::Campaign, activity.campaign_id.as_str(), None).await?;
        let Some(campaign) = campaign else { return Err(Error::Deleted { activity_id, what: "campaign" }) };
        let document: Option<Document> = serde_json::from_str(&campaign.document).ok();
        let segment_id = document.and_then(|document| document.campaign.segment_id);
        let segment = match segment_id {
            Some(id) => self.store.definition(application, Kind::Segment, &id, None).await?,
            None => None,
        };
        if segment.is_some() { Ok(()) } else { Err(Error::Deleted { activity_id, what: "segment" }) }
    }

    /// Released batches that nobody can send have no way back.
    async fn check_channels(&self, activity: &Activity) -> Result<(), Error> {
        let cannot = |source| Error::CannotGoOn { activity_id: activity.id.clone(), source: Box::new(source) };
        let document: Document = serde_json::from_str(activity.definition())
            .map_err(|error| cannot(definition::Error::Document(error).into()))?;
        let ways = self.ways(&activity.application_id).await.map_err(|error| cannot(error.into()))?;
        run::check_served(&document, &ways).map_err(cannot)
    }

    /// Gives held batches up: all of an activity or campaign, or these of one activity.
    pub async fn drop_held(&self, id: &str, batches: Option<Vec<u32>>) -> Result<Vec<(Activity, Released)>, Error> {
        let _releasing = self.releasing.lock().await;
        let mut dropped = Vec::new();
        for activity in activities(&*self.store, id, batches.as_deref()).await? {
            let released = self.drop_of(&activity, batches.clone()).await?;
            dropped.push((activity, released));
        }
        Ok(dropped)
    }

    /// To be called while `releasing` is held.
    async fn drop_of(&self, activity: &Activity, batches: Option<Vec<u32>>) -> Result<Released, Error> {
        let (id, now) = (&activity.id, self.clock.now());
        let released = self.store.drop_batches(id, batches, DROPPED.to_owned(), now).await?;
        metric::dead_letters(LetterState::Dropped.as_str(), released.batches.len());
        metric::endpoints(Fate::HookError, released.endpoints);
        // Why nobody got a message, if that is so, has another name now.
        if let Some(mut over) = self.store.activity(id).await?
            && over.state == ActivityState::Completed
            && over.failure.is_some()
        {
            let frozen = self.store.frozen(id).await?;
            over.failure = ledger::standing(&*self.store, &over, &frozen).await?.failure();
            self.store.update_activity(over).await?;
        }
        Ok(released)
    }

    /// Keeps the metric of held batches true.
    pub async fn keep_counting_held(self: Arc<Self>, over: CancellationToken) {
        loop {
            match self.store.held_batches().await {
                Ok(batches) => metric::held_batches(batches),
                Err(error) => tracing::debug!(error = %error, "held batches could not be counted"),
            }
            if over.run_until_cancelled(self.clock.sleep(COUNT_PERIOD)).await.is_none() {
                return;
            }
        }
    }
}

/// Whether the activity is of a campaign made over the API.
pub fn is_served(activity: &Activity) -> bool {
    serde_json::from_str::<Document>(activity.definition()).is_ok_and(|document| document.scheduled)
}
