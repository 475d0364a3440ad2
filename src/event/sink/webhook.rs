//! Records by POST to a URL: a JSON object a line, signed by the Standard Webhooks rules.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::header::{CONTENT_TYPE, USER_AGENT};
use hyper::{Request, StatusCode, Uri};
use secrecy::ExposeSecret;
use xxhash_rust::xxh3::Xxh3;

use super::{Deps, Destination, Error, Record, Refused, Sink};
use crate::clock::{self, Clock};
use crate::config;
use crate::http::{Access, Client, Signer, WEBHOOK_ID};

/// Bytes of a request, unless a single record has more. What nginx takes without settings.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of an answer that are read; nothing is done with them.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// A sink of this type.
pub struct Webhook {
    name: String,
    url: Uri,
    client: Client,
    signer: Option<Signer>,
    timeout: Duration,
    clock: Arc<dyn Clock>,
    /// Bytes of a request. Fewer once the other side found one too large.
    bytes_max: AtomicUsize,
}

/// Why a request took nothing.
enum Failure {
    /// It is longer than the other side reads.
    TooLarge,
    Other(String),
}

impl Webhook {
    /// Errors: settings that break a rule.
    pub fn new(name: &str, settings: &config::WebhookSink, deps: &Deps) -> Result<Self, Error> {
        let config::WebhookSink { url, signing_secret, timeout, allow_http, allow_private_addresses, .. } = settings;
        let wrong = |key, problem| Error::Setting { sink: name.to_owned(), key, problem };
        let uri: Uri = url.parse().map_err(|_| wrong("url", format!("`{url}` must be an https URL")))?;
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(wrong("url", "must hold no user and password: sign with `signing_secret` instead".into()));
        }
        let access = match is_loopback(&uri) {
            true => Access::ANY,
            false => Access { http: *allow_http, private_addresses: *allow_private_addresses },
        };
        access.check(&uri).map_err(|error| wrong("url", error.to_string()))?;
        let signer = match signing_secret.expose_secret() {
            "" => None,
            secret => Some(
                Signer::new(secret)
                    .ok_or_else(|| wrong("signing_secret", "must be a `whsec_` secret, or empty".into()))?,
            ),
        };
        Ok(Self {
            name: name.to_owned(),
            url: uri,
            client: Client::new(access),
            signer,
            timeout: *timeout,
            clock: Arc::clone(&deps.clock),
            bytes_max: AtomicUsize::new(REQUEST_BYTES_MAX),
        })
    }

    async fn deliver_all(&self, to: &Destination, records: &[Record]) -> Result<(), Refused> {
        let mut too_large = Vec::new();
        let mut start = 0;
        while start < records.len() {
            let (end, body) = self.body(records, start);
            let bytes = body.len();
            match self.post(to, &records[start..end], body).await {
                Ok(()) => start = end,
                Err(Failure::TooLarge) if end == start + 1 => {
                    too_large.push(start);
                    start = end;
                }
                // The same again in smaller requests: nothing of it was taken.
                Err(Failure::TooLarge) => {
                    self.bytes_max.fetch_min(bytes / 2, Relaxed);
                }
                Err(Failure::Other(error)) => {
                    // What is too large is found out again.
                    let places = too_large.into_iter().chain(start..records.len()).collect();
                    return Err(Refused { places, error, is_permanent: false });
                }
            }
        }
        if too_large.is_empty() {
            return Ok(());
        }
        let error = "the webhook refused a single record as too large, with status 413".to_owned();
        Err(Refused { places: too_large, error, is_permanent: true })
    }

    /// The lines of as many records from `start` as one request takes, at least one; and where they end.
    fn body(&self, records: &[Record], start: usize) -> (usize, Vec<u8>) {
        let bytes_max = self.bytes_max.load(Relaxed);
        let mut body = Vec::new();
        for (place, record) in records.iter().enumerate().skip(start) {
            let length = body.len();
            push_line(&mut body, record);
            if body.len() > bytes_max && place > start {
                body.truncate(length);
                return (place, body);
            }
        }
        (records.len(), body)
    }

    async fn post(&self, to: &Destination, records: &[Record], body: Vec<u8>) -> Result<(), Failure> {
        let id = id(to, records);
        let mut request = Request::post(&self.url)
            .header(CONTENT_TYPE, "application/x-ndjson")
            .header(USER_AGENT, concat!("pinwheel/", env!("CARGO_PKG_VERSION")))
            .header(WEBHOOK_ID, &id)
            .body(Bytes::from(body))
            .expect("all parts are valid");
        if let Some(signer) = &self.signer {
            let (body, now) = (request.body().clone(), self.clock.now());
            signer.sign(&id, now, &body, request.headers_mut());
        }
        match clock::timeout(&*self.clock, self.timeout, self.client.send(request, ANSWER_BYTES_MAX)).await {
            None => Err(Failure::Other(format!("the webhook did not answer within {:?}", self.timeout))),
            Some(Err(error)) => Err(Failure::Other(error.to_string())),
            Some(Ok(answer)) => match answer.status() {
                status if status.is_success() => Ok(()),
                StatusCode::PAYLOAD_TOO_LARGE => Err(Failure::TooLarge),
                // Whatever else it says is about the request as a whole, and so about settings or the other side.
                status => Err(Failure::Other(format!("the webhook answered with status {}", status.as_u16()))),
            },
        }
    }
}

impl Sink for Webhook {
    fn name(&self) -> &str {
        &self.name
    }

    fn deliver<'a>(&'a self, to: &'a Destination, records: &'a [Record]) -> BoxFuture<'a, Result<(), Refused>> {
        Box::pin(self.deliver_all(to, records))
    }
}

/// The operator's own machine, which the operator's own settings may name.
fn is_loopback(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// The record with its id as the first member, and the end of the line.
fn push_line(body: &mut Vec<u8>, record: &Record) {
    let id = serde_json::to_string(&record.id).expect("text is JSON");
    let rest = record.json.strip_prefix(b"{").expect("a record is a JSON object");
    body.extend_from_slice(b"{\"record_id\":");
    body.extend_from_slice(id.as_bytes());
    if rest != b"}" {
        body.push(b',');
    }
    body.extend_from_slice(rest);
    body.push(b'\n');
}

/// The same for the same records.
fn id(to: &Destination, records: &[Record]) -> String {
    let mut hash = Xxh3::new();
    hash.update(to.application_id.as_str().as_bytes());
    for record in records {
        hash.update(b"\n");
        hash.update(record.id.as_bytes());
    }
    format!("msg_{:032x}", hash.digest128())
}

#[cfg(test)]
mod tests;
