//! The campaigns of each application that apps may ask for, in memory.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use super::definition::{Campaign, InApp, is_in_app};
use crate::campaign::Error;
use crate::campaign::definition::Document;
use crate::domain::ApplicationId;
use crate::segment;
use crate::store::{self, Kind, Store};

/// How long a board is good. Some changes tell nobody here, such as an import into a segment, and recency goes by days.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(1);

/// The boards of all applications that were asked for lately.
#[derive(Default)]
pub struct Boards {
    boards: Mutex<HashMap<ApplicationId, Arc<Slot>>>,
}

/// Filled by the first who asks; others wait for it.
struct Slot {
    made: Timestamp,
    board: OnceCell<Arc<Board>>,
}

impl Slot {
    /// Clocks may be set back, too.
    fn is_good(&self, now: Timestamp) -> bool {
        now.duration_since(self.made).abs() < GOOD_FOR
    }
}

/// The campaigns of an application that are not over: those that run, and those that will.
pub struct Board {
    campaigns: Vec<InApp>,
}

impl Board {
    pub fn campaigns(&self) -> impl Iterator<Item = &InApp> {
        self.campaigns.iter()
    }
}

impl Boards {
    /// The board of an application. Cheap, but for the first who asks in a while.
    ///
    /// Errors: those of the store.
    pub async fn of(
        &self,
        store: &dyn Store,
        application_id: &ApplicationId,
        now: Timestamp,
    ) -> Result<Arc<Board>, Error> {
        let slot = {
            let mut boards = self.boards.lock();
            match boards.get(application_id) {
                Some(slot) if slot.is_good(now) => slot.clone(),
                _ => {
                    boards.retain(|_, slot| slot.is_good(now));
                    let slot = Arc::new(Slot { made: now, board: OnceCell::new() });
                    boards.insert(application_id.clone(), slot.clone());
                    slot
                }
            }
        };
        // Whoever asks after a change has another slot than those who read before it.
        slot.board.get_or_try_init(|| load(store, application_id, now)).await.cloned()
    }

    /// Something that the messages of an application are made of was changed. To be called after the change. Cheap.
    pub fn forget(&self, application_id: &ApplicationId) {
        self.boards.lock().remove(application_id);
    }

    /// A template was changed. As [`forget`](Self::forget), for all applications.
    pub fn forget_all(&self) {
        self.boards.lock().clear();
    }
}

async fn load(store: &dyn Store, application_id: &ApplicationId, now: Timestamp) -> Result<Arc<Board>, Error> {
    let mut campaigns = Vec::new();
    for stored in store.definitions(Some(application_id), Kind::Campaign).await? {
        let Ok(document) = serde_json::from_str::<Document>(&stored.document) else {
            tracing::error!(campaign.id = stored.id, "a stored campaign cannot be read, and nobody gets its messages");
            continue;
        };
        let is_meant = document.scheduled && document.campaign.is_paused != Some(true);
        if !is_meant || !is_in_app(&document.campaign) {
            continue;
        }
        match compile(store, application_id, &stored.id, document, now).await {
            Ok(Some(campaign)) => campaigns.push(campaign),
            Ok(None) => {}
            Err(Error::Store(error)) => return Err(error.into()),
            Err(Error::Segment(segment::Error::Store(error))) => return Err(error.into()),
            // Its segment was deleted, and the campaign with it.
            Err(Error::Segment(segment::Error::NotFound { .. })) => {}
            Err(error) => {
                tracing::warn!(campaign.id = stored.id, error = %error, "nobody gets the messages of an in-app campaign");
            }
        }
    }
    Ok(Arc::new(Board { campaigns }))
}

/// A campaign as it runs; `None` when it is over.
async fn compile(
    store: &dyn Store,
    application_id: &ApplicationId,
    id: &str,
    mut document: Document,
    now: Timestamp,
) -> Result<Option<InApp>, Error> {
    document.resolve(store).await.map_err(retryable)?;
    let campaign = Campaign::compile(id, &document)?;
    if campaign.is_over(now) {
        return Ok(None);
    }
    let segment_id = document.campaign.segment_id.as_deref().unwrap_or_default();
    let version = document.campaign.segment_version.and_then(|version| u32::try_from(version).ok());
    let segment = segment::Compiled::load(store, application_id, segment_id, version, now).await?;
    Ok(Some(InApp { segment, campaign }))
}

/// Tells a store that fails from one that has not what the campaign names.
fn retryable(error: crate::campaign::definition::Error) -> Error {
    use crate::campaign::definition::Error::Store;
    match error {
        Store(error @ store::Error::NotFound { .. }) => Store(error).into(),
        Store(error) => error.into(),
        error => error.into(),
    }
}
