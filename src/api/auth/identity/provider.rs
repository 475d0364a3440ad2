//! Where a provider's keys come from: a file, a URL, or what its discovery document names.
//!
//! Keys are kept. They are fetched anew after an hour, and when a token names one that is not there, but no more than once a
//! minute: strangers choose what tokens say. As long as fetching fails, the keys of before hold.
//!
//! Source: OpenID Connect Discovery 1.0.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Request;
use jsonwebtoken::Algorithm;
use parking_lot::RwLock;
use serde::Deserialize;
use tokio::sync::{Mutex, OnceCell};

use super::jwks::{Key, Keys};
use crate::clock::{self, Clock};
use crate::config::{Identity, is_safe_url};
use crate::http::{Access, Client, Tls};

/// How long keys are used without a look at whether they are still the provider's.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// Pause between two looks, and while there are no keys at all.
const PAUSE: Duration = Duration::from_secs(60);
const PAUSE_WITHOUT_KEYS: Duration = Duration::from_secs(5);
/// How long one answer of the provider may take, and how large it may be.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Why there are no keys.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    #[error("`{place}` {problem}")]
    Place { place: String, problem: String },
    #[error("`{found}` is the issuer of the discovery document, and must be `{expected}`")]
    Issuer { found: String, expected: String },
}

/// A provider and its keys.
pub struct Provider {
    source: Source,
    clock: Arc<dyn Clock>,
    client: OnceCell<Client>,
    kept: RwLock<Option<Kept>>,
    /// The last look; held by the one that looks.
    last: Mutex<Option<Look>>,
}

enum Source {
    File(PathBuf),
    Url(String),
    /// The issuer.
    Discovery(String),
}

struct Kept {
    keys: Arc<Keys>,
    /// When, by [`Clock::elapsed`].
    since: Duration,
}

struct Look {
    at: Duration,
    failed: Option<Error>,
}

impl Provider {
    pub fn new(role: &Identity, clock: Arc<dyn Clock>) -> Self {
        let source = if !role.jwks_file.as_os_str().is_empty() {
            Source::File(role.jwks_file.clone())
        } else if !role.jwks_url.is_empty() {
            Source::Url(role.jwks_url.clone())
        } else {
            Source::Discovery(role.issuer.clone())
        };
        Self { source, clock, client: OnceCell::new(), kept: RwLock::default(), last: Mutex::default() }
    }

    /// The key that a token names, if the provider has it.
    ///
    /// Errors: the provider cannot be asked.
    pub async fn key(&self, id: Option<&str>, algorithm: Algorithm) -> Result<Option<Arc<Key>>, Error> {
        let (found, is_fresh) = self.find(id, algorithm);
        if found.is_some() && is_fresh {
            return Ok(found);
        }
        if found.is_some() {
            // One looks, the others go on with what there is.
            if let Ok(mut last) = self.last.try_lock() {
                // It is known to the log, and the keys of before hold.
                _ = self.look(&mut last).await;
            }
            return Ok(self.find(id, algorithm).0);
        }
        let mut last = self.last.lock().await;
        // Perhaps the one before found it.
        if let (Some(found), _) = self.find(id, algorithm) {
            return Ok(Some(found));
        }
        self.look(&mut last).await?;
        Ok(self.find(id, algorithm).0)
    }

    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> (Option<Arc<Key>>, bool) {
        match &*self.kept.read() {
            None => (None, false),
            Some(Kept { keys, since }) => {
                let is_fresh = self.clock.elapsed().saturating_sub(*since) < FRESH;
                (keys.find(id, algorithm).cloned(), is_fresh)
            }
        }
    }

    /// Fetches the keys, unless that was done a short while ago: then its outcome holds.
    async fn look(&self, last: &mut Option<Look>) -> Result<(), Error> {
        let now = self.clock.elapsed();
        if let Some(Look { at, failed }) = last {
            let pause = if self.kept.read().is_some() { PAUSE } else { PAUSE_WITHOUT_KEYS };
            if now.saturating_sub(*at) < pause {
                return failed.clone().map_or(Ok(()), Err);
            }
        }
        let fetched = self.fetch().await;
        let failed = match fetched {
            Ok(keys) => {
                *self.kept.write() = Some(Kept { keys: Arc::new(keys), since: now });
                None
            }
            Err(error) => {
                tracing::warn!(error = %error, "the keys of an identity provider cannot be fetched");
                Some(error)
            }
        };
        *last = Some(Look { at: now, failed: failed.clone() });
        failed.map_or(Ok(()), Err)
    }

    async fn fetch(&self) -> Result<Keys, Error> {
        let (place, json) = match &self.source {
            Source::File(path) => {
                let place = path.display().to_string();
                let read = tokio::fs::read(path).await;
                let json = read.map_err(|error| problem(&place, format!("cannot be read: {error}")))?;
                (place, json.into())
            }
            Source::Url(url) => (url.clone(), self.ask(url).await?),
            Source::Discovery(issuer) => {
                let url = self.discover(issuer).await?;
                let json = self.ask(&url).await?;
                (url, json)
            }
        };
        Keys::read(&json).map_err(|wrong| problem(&place, wrong))
    }

    /// Where the discovery document of an issuer says that its keys are.
    async fn discover(&self, issuer: &str) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Document {
            issuer: String,
            jwks_uri: String,
        }
        let place = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let json = self.ask(&place).await?;
        let document = serde_json::from_slice(&json);
        let Document { issuer: found, jwks_uri } = document.map_err(|_| problem(&place, "is no discovery document"))?;
        if found != issuer {
            return Err(Error::Issuer { found, expected: issuer.to_owned() });
        }
        Ok(jwks_uri)
    }

    async fn ask(&self, url: &str) -> Result<Bytes, Error> {
        if !is_safe_url(url) {
            return Err(problem(url, "must be an https URL, or an http one on loopback"));
        }
        let request = Request::get(url).header("accept", "application/json").body(Bytes::new());
        let request = request.map_err(|_| problem(url, "is no URL"))?;
        let client = self.client.get_or_try_init(|| async {
            // The system's root certificates are read from its disk.
            let made = tokio::task::spawn_blocking(|| Client::with_tls(Access::ANY, Tls::default())).await;
            made.map_err(|error| error.to_string())?
        });
        let client = client.await.map_err(|error| problem(url, format!("cannot be asked: {error}")))?;
        let asked = clock::timeout(&*self.clock, ANSWER_TIMEOUT, client.send(request, ANSWER_BYTES_MAX)).await;
        match asked {
            None => Err(problem(url, "did not answer in time")),
            Some(Err(error)) => Err(problem(url, format!("cannot be asked: {error}"))),
            Some(Ok(answer)) if answer.status() == 200 => Ok(answer.into_body()),
            Some(Ok(answer)) => Err(problem(url, format!("answers {}", answer.status().as_u16()))),
        }
    }
}

fn problem(place: &str, problem: impl Into<String>) -> Error {
    Error::Place { place: place.to_owned(), problem: problem.into() }
}
