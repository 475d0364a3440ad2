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
use parking_lot::{Mutex, RwLock};
use serde::Deserialize;
use tokio::sync::{OnceCell, watch};
use url::Url;

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
/// How long all of a look may take: less than an exchange, so that the keys of before hold in time.
const FETCH_TIMEOUT: Duration = Duration::from_secs(8);

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

/// What a look came to; `None` while it is under way.
type Outcome = watch::Receiver<Option<Result<(), Error>>>;

/// The last look at the provider.
struct Look {
    /// When it began, or ended.
    at: Duration,
    outcome: Outcome,
}

impl Look {
    fn is_under_way(&self) -> bool {
        // One that panicked is not.
        self.outcome.borrow().is_none() && self.outcome.has_changed().is_ok()
    }
}

impl Provider {
    pub fn new(role: &Identity, clock: Arc<dyn Clock>) -> Arc<Self> {
        let source = if !role.jwks_file.as_os_str().is_empty() {
            Source::File(role.jwks_file.clone())
        } else if !role.jwks_url.is_empty() {
            Source::Url(role.jwks_url.clone())
        } else {
            Source::Discovery(role.issuer.clone())
        };
        Arc::new(Self { source, clock, client: OnceCell::new(), kept: RwLock::default(), last: Mutex::default() })
    }

    /// The key that a token names, if the provider has it.
    ///
    /// Errors: the provider cannot be asked.
    pub async fn key(self: &Arc<Self>, id: Option<&str>, algorithm: Algorithm) -> Result<Option<Arc<Key>>, Error> {
        let (found, is_fresh) = self.find(id, algorithm);
        if found.is_some() && is_fresh {
            return Ok(found);
        }
        let mut outcome = self.look();
        let looked = match outcome.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(looked)) => looked.clone(),
            _ => Err(problem(&self.place(), "cannot be asked: the attempt broke off")),
        };
        if found.is_none() {
            looked?;
        }
        // What fails is known to the log, and the keys of before hold.
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

    /// Begins to fetch the keys, unless somebody else does, or did a short while ago: then that holds for this one too.
    ///
    /// It is a task of its own. Strangers, who may go away at any time, would otherwise begin one after the other.
    fn look(self: &Arc<Self>) -> Outcome {
        let now = self.clock.elapsed();
        let mut last = self.last.lock();
        if let Some(look) = &*last {
            let pause = if self.kept.read().is_some() { PAUSE } else { PAUSE_WITHOUT_KEYS };
            if look.is_under_way() || now.saturating_sub(look.at) < pause {
                return look.outcome.clone();
            }
        }
        let (tell, outcome) = watch::channel(None);
        *last = Some(Look { at: now, outcome: outcome.clone() });
        let provider = self.clone();
        tokio::spawn(async move {
            let looked = provider.renew(now).await;
            if let Some(look) = &mut *provider.last.lock() {
                look.at = provider.clock.elapsed();
            }
            tell.send_replace(Some(looked));
        });
        outcome
    }

    /// Fetches the keys.
    async fn renew(&self, now: Duration) -> Result<(), Error> {
        let fetched = clock::timeout(&*self.clock, FETCH_TIMEOUT, self.fetch()).await;
        match fetched.unwrap_or_else(|| Err(problem(&self.place(), "did not answer in time"))) {
            Ok(keys) => {
                *self.kept.write() = Some(Kept { keys: Arc::new(keys), since: now });
                Ok(())
            }
            Err(error) => {
                tracing::warn!(error = %error, "the keys of an identity provider cannot be fetched");
                Err(error)
            }
        }
    }

    /// Where the keys come from, for people.
    fn place(&self) -> String {
        match &self.source {
            Source::File(path) => path.display().to_string(),
            Source::Url(url) | Source::Discovery(url) => shown(url),
        }
    }

    async fn fetch(&self) -> Result<Keys, Error> {
        let (place, json) = match &self.source {
            Source::File(path) => {
                let place = self.place();
                let read = tokio::fs::read(path).await;
                let json = read.map_err(|error| problem(&place, format!("cannot be read: {error}")))?;
                (place, json.into())
            }
            Source::Url(url) => (shown(url), self.ask(url).await?),
            Source::Discovery(issuer) => {
                let url = self.discover(issuer).await?;
                let json = self.ask(&url).await?;
                (shown(&url), json)
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
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let json = self.ask(&url).await?;
        let place = shown(&url);
        let document = serde_json::from_slice(&json);
        let Document { issuer: found, jwks_uri } = document.map_err(|_| problem(&place, "is no discovery document"))?;
        if found != issuer {
            return Err(Error::Issuer { found, expected: issuer.to_owned() });
        }
        Ok(jwks_uri)
    }

    async fn ask(&self, url: &str) -> Result<Bytes, Error> {
        let place = shown(url);
        if !is_safe_url(url) {
            return Err(problem(&place, "must be an https URL, or an http one on loopback"));
        }
        let request = Request::get(url).header("accept", "application/json").body(Bytes::new());
        let request = request.map_err(|_| problem(&place, "is no URL"))?;
        let client = self.client.get_or_try_init(|| async {
            // The system's root certificates are read from its disk.
            let made = tokio::task::spawn_blocking(|| Client::with_tls(Access::ANY, Tls::default())).await;
            made.map_err(|error| error.to_string())?
        });
        let client = client.await.map_err(|error| problem(&place, format!("cannot be asked: {error}")))?;
        let asked = clock::timeout(&*self.clock, ANSWER_TIMEOUT, client.send(request, ANSWER_BYTES_MAX)).await;
        match asked {
            None => Err(problem(&place, "did not answer in time")),
            Some(Err(error)) => Err(problem(&place, format!("cannot be asked: {error}"))),
            Some(Ok(answer)) if answer.status() == 200 => Ok(answer.into_body()),
            Some(Ok(answer)) => Err(problem(&place, format!("answers {}", answer.status().as_u16()))),
        }
    }
}

/// Host and path of a URL: the rest may be nobody else's business.
fn shown(url: &str) -> String {
    let Ok(url) = Url::parse(url) else { return "the URL of the keys".to_owned() };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}{}", url.host_str().unwrap_or_default(), url.path())
}

fn problem(place: &str, problem: impl Into<String>) -> Error {
    Error::Place { place: place.to_owned(), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_urls_people_see_host_and_path() {
        for (url, expected) in [
            ("https://me:hunter2@idp.example/keys?key=hunter2#hunter2", "idp.example/keys"),
            ("http://[::1]:8080/k", "[::1]:8080/k"),
            ("hunter2", "the URL of the keys"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }
}
