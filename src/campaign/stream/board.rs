//! How the rest of the process and the pumps of event streams talk to each other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use parking_lot::{Mutex, RwLock};
use tokio::sync::{MutexGuard, Notify};

use crate::domain::ApplicationId;

/// Cheap to tell; nobody waits here but the pumps.
#[derive(Default)]
pub struct Board {
    desks: RwLock<BTreeMap<ApplicationId, Arc<Desk>>>,
    changed: Mutex<BTreeSet<ApplicationId>>,
    wake: Notify,
    /// Held by who begins or ends a stream, since that takes several writes.
    turn: tokio::sync::Mutex<()>,
}

/// The application's event stream is being put or deleted. The pump is told when this ends, also if it was cut off.
pub struct Change<'a> {
    board: &'a Board,
    application_id: ApplicationId,
    _turn: MutexGuard<'a, ()>,
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        self.board.changed_of(&self.application_id);
    }
}

/// What one pump is told, and what it tells.
pub(super) struct Desk {
    /// There is something to tell.
    pub wake: Notify,
    /// The stream was put or deleted.
    pub changed: Notify,
    /// As `changed`, until the pump has looked.
    is_changed: AtomicBool,
    pub status: Mutex<Status>,
}

/// How an event stream is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Status {
    pub application_id: ApplicationId,
    /// `DestinationStreamArn`.
    pub destination: String,
    pub sink: String,
    /// When the oldest of what is being told happened; `None` when all is told.
    pub oldest: Option<Timestamp>,
    /// Records that the sink refused for good since the start, and those that could not be made.
    pub refused: u64,
    /// Why the sink takes nothing, since when; `None` once it takes something again.
    pub failure: Option<(Timestamp, String)>,
    /// Why the sink refused a record for good last.
    pub refusal: Option<String>,
}

impl Board {
    /// Something happened that the application's event stream tells, if it has one.
    pub fn wake(&self, application_id: &ApplicationId) {
        if let Some(desk) = self.desks.read().get(application_id) {
            desk.wake.notify_one();
        }
    }

    /// To be held while the application's event stream is put or deleted.
    pub async fn change(&self, application_id: &ApplicationId) -> Change<'_> {
        Change { board: self, application_id: application_id.clone(), _turn: self.turn().await }
    }

    /// Waits until nobody else begins or ends a stream.
    pub(super) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// The application's event stream was put or deleted.
    pub(super) fn changed_of(&self, application_id: &ApplicationId) {
        self.changed.lock().insert(application_id.clone());
        self.wake.notify_one();
    }

    /// How the streams are that this process keeps going, by application.
    pub fn statuses(&self) -> Vec<Status> {
        let desks: Vec<_> = self.desks.read().values().cloned().collect();
        let statuses = desks.iter().map(|desk| desk.status.lock().clone());
        statuses.filter(|status| !status.sink.is_empty()).collect()
    }

    /// Waits for streams that were put or deleted.
    pub(super) async fn changed(&self) -> BTreeSet<ApplicationId> {
        loop {
            let changed = std::mem::take(&mut *self.changed.lock());
            if !changed.is_empty() {
                return changed;
            }
            self.wake.notified().await;
        }
    }

    /// A desk for a new pump; `None` if there is one already, which is told to look.
    pub(super) fn desk(&self, application_id: &ApplicationId) -> Option<Arc<Desk>> {
        let mut desks = self.desks.write();
        if let Some(desk) = desks.get(application_id) {
            desk.is_changed.store(true, Ordering::Relaxed);
            desk.changed.notify_one();
            return None;
        }
        let desk = Arc::new(Desk::new(application_id.clone()));
        desks.insert(application_id.clone(), desk.clone());
        Some(desk)
    }

    /// A pump ended. If it was told to look meanwhile, another one does.
    pub(super) fn clear(&self, application_id: &ApplicationId, desk: &Desk) {
        self.desks.write().remove(application_id);
        if desk.take_changed() {
            self.changed_of(application_id);
        }
    }
}

impl Desk {
    fn new(application_id: ApplicationId) -> Self {
        let status = Status {
            application_id,
            destination: String::new(),
            sink: String::new(),
            oldest: None,
            refused: 0,
            failure: None,
            refusal: None,
        };
        Self {
            wake: Notify::new(),
            changed: Notify::new(),
            is_changed: AtomicBool::new(false),
            status: Mutex::new(status),
        }
    }

    /// Whether the stream was put or deleted since this was asked last.
    pub fn take_changed(&self) -> bool {
        self.is_changed.swap(false, Ordering::Relaxed)
    }
}
