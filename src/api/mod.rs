//! The Pinpoint API over HTTP.
//!
//! ```text
//! connection → request id → route → body → signature → key's policy → operation → answer
//!  (server)     (handle)    (route)  (handle)  (auth)      (auth)     (one file a resource)
//! ```
//!
//! Operations are the methods of the traits in [`wire::generated`](crate::wire::generated), implemented by [`Call`], one
//! file a resource; [`admin`], [`feedback`] and [`lambda`] stand beside them, and their routes are no operations of
//! Pinpoint. They read and write the store and start what works on; [`error`] alone knows how failures look on the
//! wire. No SQL here, and no rule of campaigns.

pub mod admin;
mod app;
mod arn;
pub mod auth;
mod campaign;
mod change;
mod channel;
mod connection;
mod endpoint;
mod error;
mod event;
mod event_stream;
mod feedback;
mod handle;
mod job;
mod journey;
mod kpi;
mod lambda;
mod message;
mod page;
mod recommender;
pub mod route;
mod segment;
mod server;
mod sts;
mod tag;
mod template;

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use self::auth::{Authenticator, Principal};
use self::route::Router;
use crate::campaign::{Engine, Scheduler};
use crate::clock::{self, Clock};
use crate::config::Config;
use crate::domain::ApplicationId;
use crate::hook::local::Shelf;
use crate::segment::job::Jobs;
use crate::store::{Application, Store};
use crate::wire::call::Service;
use crate::wire::generated as wire;

pub use error::Error;
pub use server::Server;

/// KPIs counted at once; each may read much of the ledger.
const KPIS_MAX: usize = 2;

/// Bytes of request bodies held at once: anybody who reaches the address can send them, without a key.
const BODIES_BYTES_MAX: usize = 256 * 1024 * 1024;

/// What all requests share.
pub struct Api {
    pub store: Arc<dyn Store>,
    pub engine: Arc<Engine>,
    pub scheduler: Arc<Scheduler>,
    pub clock: Arc<dyn Clock>,
    pub config: Arc<Config>,
    pub authenticator: Authenticator,
    pub jobs: Jobs,
    /// KPIs counted at once.
    kpis: Semaphore,
    /// Bytes of bodies that may still be held.
    bodies: Arc<Semaphore>,
    /// The same for exchanges of tokens.
    exchanges: Arc<Semaphore>,
    /// Functions of this machine.
    functions: Arc<Shelf>,
    /// Bytes of events of asynchronous calls of functions that may still wait.
    events: Arc<Semaphore>,
    /// Functions uploaded at once.
    uploads: Arc<Semaphore>,
    /// What proves who tells us something.
    feedback: feedback::Feedback,
    /// Operations under way, also those whose clients are gone.
    operations: TaskTracker,
    router: Router,
}

/// One request: what operations are methods of.
pub struct Call<'a> {
    api: &'a Api,
    request_id: &'a str,
    principal: Principal,
    /// What the answer warns of in its headers.
    warnings: Mutex<Vec<String>>,
}

impl Api {
    pub fn new(
        store: Arc<dyn Store>,
        engine: Arc<Engine>,
        scheduler: Arc<Scheduler>,
        clock: Arc<dyn Clock>,
        config: Arc<Config>,
        authenticator: Authenticator,
        functions: Arc<Shelf>,
    ) -> Self {
        let jobs = Jobs::new(store.clone(), clock.clone(), config.clone());
        let (kpis, bodies) = (Semaphore::new(KPIS_MAX), Arc::new(Semaphore::new(BODIES_BYTES_MAX)));
        let exchanges = Arc::new(Semaphore::new(sts::BODIES_BYTES_MAX));
        let events = Arc::new(Semaphore::new(lambda::EVENTS_BYTES_MAX));
        let uploads = Arc::new(Semaphore::new(lambda::UPLOADS_MAX));
        let feedback = feedback::Feedback::new(&config.feedback);
        let (operations, router) = (TaskTracker::new(), Router::default());
        Self {
            store,
            engine,
            scheduler,
            clock,
            config,
            authenticator,
            jobs,
            kpis,
            bodies,
            exchanges,
            functions,
            events,
            uploads,
            feedback,
            operations,
            router,
        }
    }
}

impl Service for Call<'_> {
    type Error = Error;
}

impl Call<'_> {
    fn store(&self) -> &dyn Store {
        &*self.api.store
    }

    /// The moment, as the wire writes it.
    fn now(&self) -> String {
        clock::wire_text(self.api.clock.now())
    }

    /// The key that signed the request, if one did.
    fn key_id(&self) -> Option<String> {
        self.principal.key_id.clone()
    }

    /// The application of the path.
    ///
    /// Errors: 404 for an unknown one.
    async fn application(&self, id: &str) -> Result<Application, Error> {
        let found = self.store().application(&ApplicationId::new(id)).await?;
        found.ok_or_else(Error::not_found)
    }

    /// The id of the application of the path, which is there.
    ///
    /// Errors: 404 for an unknown one.
    async fn application_id(&self, id: &str) -> Result<ApplicationId, Error> {
        Ok(self.application(id).await?.id)
    }

    /// Tells the client something that is no reason to refuse the request.
    fn warn(&self, warning: impl Into<String>) {
        self.warnings.lock().push(warning.into());
    }

    /// The answer of operations that have nothing else to say.
    fn message_body(&self, message: &str) -> wire::MessageBody {
        wire::MessageBody { message: Some(message.to_owned()), request_id: Some(self.request_id.to_owned()) }
    }
}
