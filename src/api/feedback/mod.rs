//! What recipients and providers tell us about messages: the routes below `/feedback/`.
//!
//! Nobody there has a key to the API. Each route has a proof of its own, and nothing is believed without it:
//!
//! | Route | Who | Proof |
//! |---|---|---|
//! | `sns` | SES and End User Messaging, through SNS | SNS's signature; the topic is listed |
//! | `twilio/status`, `twilio/inbound` | Twilio | `X-Twilio-Signature` |
//! | `bounce` | a mail server of ours | Standard Webhooks, and the reference in each mail: anybody can send it one |
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
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;

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
/// Bytes of a body, by what each tells in them. SNS's messages have 256 KB, and JSON may escape each character.
const SNS_BYTES_MAX: usize = 1024 * 1024;
const TWILIO_BYTES_MAX: usize = 64 * 1024;
const UNSUBSCRIBE_BYTES_MAX: usize = 4 * 1024;
/// The largest bodies of one route that are held at once. Most are far smaller.
const BODIES_MAX: usize = 4;
/// Characters shown of what a stranger wrote.
const SHOWN_CHARS_MAX: usize = 200;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const XML: HeaderValue = HeaderValue::from_static("text/xml; charset=utf-8");

/// What proves who tells us something.
pub struct Feedback {
    certificates: Certificates,
    twilio: Option<twilio::Verifier>,
    bounces: Option<Signer>,
    stop_words: StopWords,
    /// Bytes of bodies that each route may still hold: what strangers send to one is not in the way of the others, or of the
    /// API.
    bodies: [Arc<Semaphore>; Source::ALL.len()],
    /// Requests that were refused.
    refused: Damper,
    /// Mails with reports that nothing proves.
    unproven: Damper,
    /// Events of AWS that have a shape of their own.
    unreadable: Damper,
}

/// Lets the first one through to the log, then the second, fourth, eighth, …: what is set up wrongly should be seen, and
/// strangers should not fill the log.
#[derive(Default)]
struct Damper(AtomicU64);

impl Damper {
    fn is_due(&self) -> bool {
        (self.0.fetch_add(1, Ordering::Relaxed) + 1).is_power_of_two()
    }
}

impl Feedback {
    pub fn new(settings: &config::Feedback) -> Self {
        let set = |secret: &str| (!secret.is_empty()).then(|| secret.to_owned());
        Self {
            certificates: Certificates::new(&settings.sns_certificate_hosts),
            twilio: set(settings.twilio_auth_token.expose_secret()).map(|token| twilio::Verifier::new(&token)),
            bounces: set(settings.secret.expose_secret()).and_then(|secret| Signer::new(&secret)),
            stop_words: StopWords::new(&settings.stop_words),
            bodies: Source::ALL.map(|source| Arc::new(Semaphore::new(BODIES_MAX * source.bytes_max()))),
            refused: Damper::default(),
            unproven: Damper::default(),
            unreadable: Damper::default(),
        }
    }

    /// Errors: 403 without the secret that bounces are signed with.
    fn bounce_signer(&self) -> Result<&Signer, Error> {
        self.bounces.as_ref().ok_or_else(|| Error::forbidden("`feedback.secret` is not set"))
    }

    /// Errors: 403 unless the request says that it is signed.
    fn check_twilio(&self, head: &Parts) -> Result<(), Error> {
        if self.twilio.is_none() {
            return Err(Error::forbidden("`feedback.twilio_auth_token` is not set"));
        }
        if !head.headers.contains_key("x-twilio-signature") {
            return Err(Error::forbidden("X-Twilio-Signature: it is missing"));
        }
        Ok(())
    }

    /// Errors: 403 unless the request says that it was signed a short while ago.
    fn check_bounce(&self, head: &Parts, now: Timestamp) -> Result<(), Error> {
        self.bounce_signer()?;
        if !Signer::is_recent(&head.headers, now) {
            return Err(Error::forbidden(
                "webhook-signature: it is missing, or `webhook-timestamp` is not of these minutes",
            ));
        }
        Ok(())
    }

    /// Logs a refusal, now and then.
    fn report(&self, source: Source, error: &Error, request_id: &str) {
        let is_refused = error.status().is_client_error() || error.status() == StatusCode::SERVICE_UNAVAILABLE;
        if is_refused && self.refused.is_due() {
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
    const ALL: [Self; 5] = [Self::Sns, Self::TwilioStatus, Self::TwilioInbound, Self::Bounce, Self::Unsubscribe];

    fn bytes_max(self) -> usize {
        match self {
            Self::Sns => SNS_BYTES_MAX,
            Self::TwilioStatus | Self::TwilioInbound => TWILIO_BYTES_MAX,
            Self::Bounce => REQUEST_BYTES_MAX,
            Self::Unsubscribe => UNSUBSCRIBE_BYTES_MAX,
        }
    }

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
        match (source, error.status()) {
            (Source::Unsubscribe, StatusCode::NOT_FOUND) => unsubscribe::unknown_link(),
            _ => handle::failure(&error, source.name(), &id),
        }
    });
    metric::api_request(source.name(), response.status().as_u16(), began.elapsed());
    response
}

async fn take(source: Source, api: Arc<Api>, request: Request<Body>) -> Result<Response, Error> {
    if api.config.feedback.base_url.is_empty() {
        return Err(Error::not_found());
    }
    let (head, body) = request.into_parts();
    // Who cannot prove what its head should gets no room for the body.
    let refused = announce(source, &api, &head).await.err();
    let room = &api.feedback.bodies[source as usize];
    let reading = handle::read(&head.headers, body, source.bytes_max(), room, refused);
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

/// What can be seen before the body is read.
///
/// Errors: 403 for what cannot be proven, 404 for a link that is none.
async fn announce(source: Source, api: &Api, head: &Parts) -> Result<(), Error> {
    match source {
        Source::Sns if api.config.feedback.sns_topic_arns.is_empty() => {
            Err(Error::forbidden("`feedback.sns_topic_arns` is empty"))
        }
        Source::Sns => Ok(()),
        Source::TwilioStatus | Source::TwilioInbound => api.feedback.check_twilio(head),
        Source::Bounce => api.feedback.check_bounce(head, api.clock.now()),
        Source::Unsubscribe => api.link(head).await.map(drop),
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

/// What may be shown of a URL or name that a stranger gave: neither what follows a `?`, which may be secret, nor megabytes.
fn shown(text: &str) -> String {
    text.split(['?', '#']).next().unwrap_or_default().chars().take(SHOWN_CHARS_MAX).collect()
}

fn answered(content_type: HeaderValue, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    fn feedback(secret: &str) -> Feedback {
        Feedback::new(&config::Feedback {
            base_url: String::new(),
            sns_topic_arns: Vec::new(),
            sns_certificate_hosts: Vec::new(),
            twilio_auth_token: secret.into(),
            secret: secret.into(),
            stop_words: Vec::new(),
        })
    }

    #[test]
    fn the_log_gets_fewer_and_fewer() {
        let damper = Damper::default();
        let logged: Vec<_> = (1..=20).filter(|_| damper.is_due()).collect();
        assert_eq!(logged, [1, 2, 4, 8, 16]);
    }

    #[test]
    fn who_claims_no_proof_gets_no_room() {
        let now: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        let head = |headers: HeaderMap| {
            let (mut head, ()) = Request::new(()).into_parts();
            head.headers = headers;
            head
        };
        let mut signed = HeaderMap::new();
        Signer::new("c2VjcmV0").unwrap().sign("m", now, b"", &mut signed);
        signed.insert("webhook-id", HeaderValue::from_static("m"));
        let late = now + jiff::SignedDuration::from_secs(301);
        let feedback = feedback("c2VjcmV0");
        assert!(feedback.check_bounce(&head(signed.clone()), now).is_ok());
        assert!(feedback.check_bounce(&head(signed.clone()), late).is_err());
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            let mut headers = signed.clone();
            headers.remove(name);
            assert!(feedback.check_bounce(&head(headers), now).is_err(), "{name}");
        }
        let by_twilio = HeaderMap::from_iter([(
            header::HeaderName::from_static("x-twilio-signature"),
            HeaderValue::from_static("x"),
        )]);
        assert!(feedback.check_twilio(&head(by_twilio.clone())).is_ok());
        assert!(feedback.check_twilio(&head(HeaderMap::new())).is_err());

        let silent = self::feedback("");
        assert!(silent.check_bounce(&head(signed), now).is_err());
        assert!(silent.check_twilio(&head(by_twilio)).is_err());
    }
}
