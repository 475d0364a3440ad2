//! What recipients and providers tell us about messages: the routes below `/feedback/`.
//!
//! Nobody there has a key to the API. Each route has a proof of its own, and nothing is believed without it:
//!
//! | Route | Who | Proof |
//! |---|---|---|
//! | `sns` | SES and End User Messaging, through SNS | SNS's signature; the topic is listed |
//! | `twilio/status`, `twilio/inbound` | Twilio | `X-Twilio-Signature` |
//! | `bounce` | a mail server of ours | Standard Webhooks |
//! | `unsubscribe/{reference}` | recipients | the signed reference |
//!
//! They make [`Report`](crate::channel::Report)s of what they get; the campaign applies them.

mod bounce;
mod certificate;
mod end_user_messaging;
mod mail;
mod ses;
mod sns;
mod twilio;
mod unsubscribe;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Request, header};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use secrecy::ExposeSecret;

use self::certificate::Certificates;
use super::handle::{self, RequestId};
use super::{Api, Error};
use crate::channel::{Report, StopWords};
use crate::clock::{self, Stopwatch};
use crate::config;
use crate::domain::limit::REQUEST_BYTES_MAX;
use crate::hook::Signer;
use crate::telemetry::metric;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const XML: HeaderValue = HeaderValue::from_static("text/xml; charset=utf-8");

/// What proves who tells us something.
pub struct Feedback {
    certificates: Certificates,
    twilio: Option<twilio::Verifier>,
    bounces: Option<Signer>,
    stop_words: StopWords,
    /// Requests that were refused.
    refused: AtomicU64,
}

impl Feedback {
    pub fn new(settings: &config::Feedback) -> Self {
        let set = |secret: &str| (!secret.is_empty()).then(|| secret.to_owned());
        Self {
            certificates: Certificates::new(&settings.sns_certificate_hosts),
            twilio: set(settings.twilio_auth_token.expose_secret()).map(|token| twilio::Verifier::new(&token)),
            bounces: set(settings.secret.expose_secret()).and_then(|secret| Signer::new(&secret)),
            stop_words: StopWords::new(&settings.stop_words),
            refused: AtomicU64::new(0),
        }
    }

    /// Logs the first refusal, then the second, fourth, eighth, …: what is set up wrongly should be seen, and strangers
    /// should not fill the log.
    fn report(&self, source: Source, error: &Error, request_id: &str) {
        if error.status().is_client_error() && (self.refused.fetch_add(1, Relaxed) + 1).is_power_of_two() {
            tracing::warn!(
                request.id = request_id,
                source = source.name(),
                problem = error.message(),
                "somebody told us something and is not believed"
            );
        }
    }
}

/// Who tells something.
#[derive(Clone, Copy, Debug)]
enum Source {
    Sns,
    TwilioStatus,
    TwilioInbound,
    Bounce,
    Unsubscribe,
}

impl Source {
    /// Its label in metrics and logs.
    fn name(self) -> &'static str {
        match self {
            Self::Sns => "FeedbackSns",
            Self::TwilioStatus => "FeedbackTwilioStatus",
            Self::TwilioInbound => "FeedbackTwilioInbound",
            Self::Bounce => "FeedbackBounce",
            Self::Unsubscribe => "FeedbackUnsubscribe",
        }
    }
}

/// The routes.
pub fn routes() -> Router<Arc<Api>> {
    let from = |source| {
        move |State(api): State<Arc<Api>>, Extension(id): Extension<RequestId>, request: Request<Body>| {
            answer(source, api, id, request)
        }
    };
    Router::new()
        .route("/feedback/sns", post(from(Source::Sns)))
        .route("/feedback/twilio/status", post(from(Source::TwilioStatus)))
        .route("/feedback/twilio/inbound", post(from(Source::TwilioInbound)))
        .route("/feedback/bounce", post(from(Source::Bounce)))
        .route("/feedback/unsubscribe/{reference}", get(from(Source::Unsubscribe)).post(from(Source::Unsubscribe)))
}

async fn answer(source: Source, api: Arc<Api>, RequestId(id): RequestId, request: Request<Body>) -> Response {
    let began = Stopwatch::start();
    // A task of its own, since this one ends with its connection: people close pages as soon as they have clicked.
    let task = api.operations.spawn(take(source, api.clone(), request));
    let outcome = task.await.unwrap_or_else(|error| Err(Error::internal(error)));
    let response = outcome.unwrap_or_else(|error| {
        api.feedback.report(source, &error, &id);
        handle::failure(&error, None, &id)
    });
    metric::api_request(source.name(), response.status().as_u16(), began.elapsed());
    response
}

async fn take(source: Source, api: Arc<Api>, request: Request<Body>) -> Result<Response, Error> {
    if api.config.feedback.base_url.is_empty() {
        return Err(Error::not_found());
    }
    let (head, body) = request.into_parts();
    let reading = handle::read(&head.headers, body, REQUEST_BYTES_MAX, &api.bodies, None);
    let body = clock::timeout(&*api.clock, api.config.api.body_timeout, reading).await;
    let body = body.unwrap_or_else(|| Err(Error::bad_request("the request body did not arrive in time")))?;
    let told = Told { api: &api, head: &head, body: &body.bytes };
    match source {
        Source::Sns => told.sns().await,
        Source::TwilioStatus => told.twilio_status().await,
        Source::TwilioInbound => told.twilio_inbound().await,
        Source::Bounce => told.bounce().await,
        Source::Unsubscribe => told.unsubscribe().await,
    }
}

/// A request: each provider has its own way to read it.
struct Told<'a> {
    api: &'a Api,
    head: &'a Parts,
    body: &'a Bytes,
}

impl Told<'_> {
    /// Applies reports, and says how many were about somebody known.
    async fn apply(&self, reports: Vec<Report>) -> Result<usize, Error> {
        if reports.is_empty() {
            return Ok(0);
        }
        Ok(self.api.engine.apply_reports(reports).await?)
    }

    /// The public URL of this request.
    fn public_url(&self) -> String {
        let base_url = self.api.config.feedback.base_url.trim_end_matches('/');
        let path = self.head.uri.path_and_query().map_or("", |path| path.as_str());
        format!("{base_url}{path}")
    }
}

fn answered(content_type: HeaderValue, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}
