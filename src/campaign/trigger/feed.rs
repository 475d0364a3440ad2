//! Events as they arrive, read once for all campaigns that are at the same place.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::domain::ApplicationId;
use crate::store::{self, EventPage, EventStore};

/// Events read at once.
const PAGE_EVENTS: usize = 1_000;

/// The feeds of applications that somebody listens to.
#[derive(Default)]
pub struct Feeds {
    by_application: Mutex<HashMap<ApplicationId, Weak<Feed>>>,
}

impl Feeds {
    /// The feed of an application, for as long as it is held.
    pub fn of(&self, application_id: &ApplicationId) -> Arc<Feed> {
        let mut feeds = self.by_application.lock();
        if let Some(feed) = feeds.get(application_id).and_then(Weak::upgrade) {
            return feed;
        }
        feeds.retain(|_, feed| feed.strong_count() > 0);
        let feed = Arc::new(Feed { arrivals: watch::Sender::new(()), latest: tokio::sync::Mutex::default() });
        feeds.insert(application_id.clone(), Arc::downgrade(&feed));
        feed
    }

    /// Events of an application were kept. Cheap, and nothing where nobody listens.
    pub fn arrived(&self, application_id: &ApplicationId) {
        let feed = self.by_application.lock().get(application_id).and_then(Weak::upgrade);
        if let Some(feed) = feed {
            feed.arrivals.send_replace(());
        }
    }
}

/// The events of one application.
pub struct Feed {
    arrivals: watch::Sender<()>,
    /// The page that was read last, and the position it comes after.
    latest: tokio::sync::Mutex<Option<(u64, Arc<EventPage>)>>,
}

impl Feed {
    /// Says when events have arrived.
    pub fn arrivals(&self) -> watch::Receiver<()> {
        self.arrivals.subscribe()
    }

    /// Events after a position; an empty page is the end so far. Campaigns that keep up ask for the same pages.
    pub async fn read(
        &self,
        store: &dyn EventStore,
        application_id: &ApplicationId,
        after: u64,
    ) -> Result<Arc<EventPage>, store::Error> {
        let mut latest = self.latest.lock().await;
        if let Some((_, page)) = latest.as_ref().filter(|(from, _)| *from == after) {
            return Ok(page.clone());
        }
        let page = Arc::new(store.events_after(application_id, after, PAGE_EVENTS).await?);
        // An empty one will not be empty for long.
        if !page.is_empty() {
            *latest = Some((after, page.clone()));
        }
        Ok(page)
    }
}
