//! Access tokens of OAuth 2.0: asked for with what a provider gave us, kept until shortly before they expire.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, StatusCode, Uri};
use jiff::Timestamp;
use parking_lot::RwLock;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Outcome, reason, retry_after};
use crate::clock::{self, Clock};
use crate::http::{self, Client};

/// How long getting a token may take. Shorter than any attempt at a message, so that what was surely not sent is told from
/// what may have been.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

/// A token is replaced this long before it expires, so that none expires on its way.
const MARGIN: Duration = Duration::from_secs(300);

/// Bytes of an answer that are read; tokens have about a thousand.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What a token endpoint is shown to give out a token.
pub trait Grant: Send + Sync {
    /// The parameters of a request for a token.
    fn parameters(&self, now: Timestamp) -> Vec<(&'static str, SecretString)>;
}

/// An access token as it goes over the wire.
#[derive(Debug)]
pub struct Token {
    /// `Bearer …`, marked as sensitive.
    pub authorization: HeaderValue,
    replace_at: Timestamp,
}

/// Where access tokens come from.
pub struct Tokens {
    grant: Box<dyn Grant>,
    url: Uri,
    client: Client,
    clock: Arc<dyn Clock>,
    current: RwLock<Option<Arc<Token>>>,
    /// Held while a token is fetched: the others wait for it instead of fetching their own.
    turn: tokio::sync::Mutex<()>,
}

impl Tokens {
    /// Tokens of the endpoint at `url`.
    pub fn new(grant: impl Grant + 'static, url: Uri, client: Client, clock: Arc<dyn Clock>) -> Self {
        Self {
            grant: Box::new(grant),
            url,
            client,
            clock,
            current: RwLock::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// The current token, or a new one if there is none or it soon expires.
    pub async fn get(&self) -> Result<Arc<Token>, Error> {
        match self.usable() {
            Some(token) => Ok(token),
            None => self.renew(|_| true).await,
        }
    }

    /// A token other than this one, which was refused.
    pub async fn replace(&self, refused: &Arc<Token>) -> Result<Arc<Token>, Error> {
        self.renew(|token| !Arc::ptr_eq(token, refused)).await
    }

    async fn renew(&self, acceptable: impl Fn(&Arc<Token>) -> bool) -> Result<Arc<Token>, Error> {
        // Those who wait give up as the one does who asks: their messages were surely not sent.
        let waiting = clock::timeout(&*self.clock, FETCH_TIMEOUT, self.turn.lock());
        let _turn = waiting.await.ok_or_else(no_answer)?;
        // Somebody else may have fetched one while we waited.
        if let Some(token) = self.usable().filter(acceptable) {
            return Ok(token);
        }
        let fetched = clock::timeout(&*self.clock, FETCH_TIMEOUT, self.fetch()).await;
        let token = Arc::new(fetched.unwrap_or_else(|| Err(no_answer()))?);
        *self.current.write() = Some(token.clone());
        Ok(token)
    }

    fn usable(&self) -> Option<Arc<Token>> {
        let current = self.current.read();
        current.as_ref().filter(|token| self.clock.now() < token.replace_at).cloned()
    }

    async fn fetch(&self) -> Result<Token, Error> {
        let now = self.clock.now();
        let form = form(self.grant.parameters(now));
        let mut request = Request::post(self.url.clone()).body(form).expect("the parts are valid");
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let response = self.client.send(request, ANSWER_BYTES_MAX).await?;
        let retry_after = retry_after::read(response.headers(), self.clock.now());
        match response.status() {
            StatusCode::OK => read_token(response.body(), now),
            StatusCode::TOO_MANY_REQUESTS => Err(Error::Throttled { retry_after }),
            status if status.is_server_error() => Err(Error::Unavailable { reason: status.to_string(), retry_after }),
            status => Err(Error::Refused(refusal(status, response.body()))),
        }
    }
}

fn no_answer() -> Error {
    Error::Unavailable { reason: format!("no answer within {FETCH_TIMEOUT:?}"), retry_after: None }
}

fn form(parameters: Vec<(&'static str, SecretString)>) -> Bytes {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        form.append_pair(name, value.expose_secret());
    }
    form.finish().into()
}

fn read_token(body: &[u8], now: Timestamp) -> Result<Token, Error> {
    #[derive(Deserialize)]
    struct Grant {
        access_token: SecretString,
        expires_in: Option<u32>,
    }
    let grant: Grant = serde_json::from_slice(body)
        .map_err(|_| Error::Refused("it answered 200 without an `access_token`".to_owned()))?;
    let mut authorization = HeaderValue::try_from(format!("Bearer {}", grant.access_token.expose_secret()))
        .map_err(|_| Error::Refused("its `access_token` cannot stand in a header".to_owned()))?;
    authorization.set_sensitive(true);
    let lifetime = Duration::from_secs(grant.expires_in.unwrap_or(3600).into());
    // A token that lives no longer than the margin is used for half its life.
    let replace_after = lifetime.checked_sub(MARGIN).filter(|after| !after.is_zero()).unwrap_or(lifetime / 2);
    Ok(Token { authorization, replace_at: now + replace_after })
}

/// Why we were refused, from OAuth's error body if there is one.
fn refusal(status: StatusCode, body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
        error_description: Option<String>,
    }
    match serde_json::from_slice::<Refusal>(body) {
        Ok(Refusal { error, error_description: Some(text) }) => reason::tidy(&format!("{error}: {text}")),
        Ok(Refusal { error, error_description: None }) => reason::tidy(&error),
        Err(_) => status.to_string(),
    }
}

/// Why there is no access token. Whatever the reason, no message was sent.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the token endpoint refused our credentials: {0}")]
    Refused(String),
    #[error("the token endpoint asked to slow down")]
    Throttled { retry_after: Option<Duration> },
    #[error("the token endpoint failed: {reason}")]
    Unavailable { reason: String, retry_after: Option<Duration> },
}

impl From<http::Error> for Error {
    fn from(error: http::Error) -> Self {
        match error {
            http::Error::Forbidden(_) => Self::Refused(error.to_string()),
            // Asking twice for a token does no harm.
            http::Error::Connect(_) | http::Error::Exchange(_) | http::Error::AnswerTooLarge { .. } => {
                Self::Unavailable { reason: reason::tidy(&error.to_string()), retry_after: None }
            }
        }
    }
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        let reason = error.to_string();
        match error {
            Error::Refused(_) => Self::Misconfigured { reason },
            Error::Throttled { retry_after } => Self::Throttled { reason, retry_after },
            Error::Unavailable { retry_after, .. } => Self::TemporaryFailure { reason, retry_after },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_replaced_before_it_expires() {
        let now: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        for (lifetime, used) in [(3600, 3300), (301, 1), (300, 150), (10, 5)] {
            let body = format!(r#"{{"access_token":"t","expires_in":{lifetime},"token_type":"Bearer"}}"#);
            let token = read_token(body.as_bytes(), now).unwrap();
            assert_eq!(token.replace_at, now + Duration::from_secs(used), "{lifetime}");
        }
    }

    #[test]
    fn a_token_shows_in_no_debug_output() {
        let token = read_token(br#"{"access_token":"hunter2"}"#, Timestamp::UNIX_EPOCH).unwrap();
        assert!(!format!("{token:?}").contains("hunter2"));
    }

    #[test]
    fn refusals_are_told_in_the_endpoints_words() {
        let body = br#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#;
        assert_eq!(refusal(StatusCode::BAD_REQUEST, body), "invalid_grant: Invalid JWT Signature.");
        assert_eq!(refusal(StatusCode::BAD_REQUEST, br#"{"error":"invalid_scope"}"#), "invalid_scope");
        assert_eq!(refusal(StatusCode::NOT_FOUND, b"<html>"), "404 Not Found");
    }
}
