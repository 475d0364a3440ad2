//! HTTP/1 connections to one server: one for each call in flight, kept for the next call.
//!
//! There is no task behind a connection. The call that holds it moves its bytes, which saves a change of task for each
//! read and write; idle connections rest untouched, and whether they still live is seen when they are taken.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{HeaderMap, Request, StatusCode, Uri};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tower_service::Service;

use crate::clock::Clock;
use crate::http::{Access, Connector, Error, Protocol, chain, connector};

type Stream = <Connector as Service<Uri>>::Response;

/// Connections rest no longer than this: what stands between may forget them without a word.
const IDLE_MAX: SignedDuration = SignedDuration::from_secs(30);

/// What a server answered.
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// Connections to the server of a URL.
pub(super) struct Connections {
    url: Uri,
    connector: Connector,
    idle: Mutex<Vec<Idle>>,
    clock: Arc<dyn Clock>,
}

struct Idle {
    connection: Connection,
    since: Timestamp,
}

impl Connections {
    pub(super) fn new(url: Uri, access: Access, clock: Arc<dyn Clock>) -> Self {
        Self { url, connector: connector(access, Protocol::Http1), idle: Mutex::default(), clock }
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// A connection that rested may have been closed by the server. If that shows before the request was sent, another
    /// one is taken; if it shows before the answer began, only when `repeats`, since the request may have arrived.
    pub(super) async fn exchange(
        &self,
        request: impl Fn() -> Request<Full<Bytes>>,
        answer_bytes_max: usize,
        repeats: bool,
    ) -> Result<Answer, Error> {
        while let Some(mut connection) = self.take() {
            match connection.exchange(request(), answer_bytes_max).await {
                Ok(answer) => return Ok(self.keep(connection, answer)),
                Err(Failure::NotSent(_)) => {}
                Err(Failure::NotAnswered(_)) if repeats => break,
                Err(failure) => return Err(failure.into()),
            }
        }
        let mut connection = self.connect().await?;
        let answer = connection.exchange(request(), answer_bytes_max).await?;
        Ok(self.keep(connection, answer))
    }

    /// The connection that rested for the shortest time.
    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle.lock();
        let Idle { connection, since } = idle.pop()?;
        if self.clock.now().duration_since(since) <= IDLE_MAX {
            return Some(connection);
        }
        idle.clear();
        None
    }

    fn keep(&self, connection: Connection, answer: Answer) -> Answer {
        if !connection.has_ended {
            self.idle.lock().push(Idle { connection, since: self.clock.now() });
        }
        answer
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let mut connector = self.connector.clone();
        let failed = |error: &(dyn std::error::Error + 'static)| Error::Connect(chain(error));
        poll_fn(|cx| connector.poll_ready(cx)).await.map_err(|error| failed(&*error))?;
        let stream = connector.call(self.url.clone()).await.map_err(|error| failed(&*error))?;
        let (sender, driver) = http1::handshake(stream).await.map_err(|error| failed(&error))?;
        Ok(Connection { sender, driver, has_ended: false })
    }
}

/// How far an exchange came before it failed.
enum Failure {
    /// The connection was closed already.
    NotSent(String),
    /// It was closed before an answer began.
    NotAnswered(String),
    /// It was closed, or nonsense came, within the answer.
    Broken(String),
    TooLarge {
        bytes_max: usize,
    },
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotSent(reason) => Self::Connect(reason),
            Failure::NotAnswered(reason) | Failure::Broken(reason) => Self::Exchange(reason),
            Failure::TooLarge { bytes_max } => Self::AnswerTooLarge { bytes_max },
        }
    }
}

struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: http1::Connection<Stream, Full<Bytes>>,
    has_ended: bool,
}

impl Connection {
    async fn exchange(&mut self, request: Request<Full<Bytes>>, bytes_max: usize) -> Result<Answer, Failure> {
        let Self { sender, driver, has_ended } = self;
        let work = async move {
            sender.ready().await.map_err(|error| Failure::NotSent(chain(&error)))?;
            let response = sender.send_request(request).await.map_err(|error| {
                if error.is_canceled() {
                    Failure::NotSent(chain(&error))
                } else if error.is_parse() {
                    Failure::Broken(chain(&error))
                } else {
                    Failure::NotAnswered(chain(&error))
                }
            })?;
            let (head, mut body) = response.into_parts();
            let announced = hyper::body::Body::size_hint(&body).lower();
            let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or(usize::MAX).min(bytes_max));
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error| Failure::Broken(chain(&error)))?;
                let data = frame.data_ref().map_or(&[][..], |data| data);
                if bytes.len() + data.len() > bytes_max {
                    return Err(Failure::TooLarge { bytes_max });
                }
                bytes.extend_from_slice(data);
            }
            Ok(Answer { status: head.status, headers: head.headers, body: bytes })
        };
        let mut work = pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(result) = work.as_mut().poll(cx) {
                return Poll::Ready(result);
            }
            if !*has_ended {
                // Its error, if any, is what `work` ends with.
                *has_ended = Pin::new(&mut *driver).poll(cx).is_ready();
            }
            // The connection may just have brought what `work` waits for.
            work.as_mut().poll(cx)
        })
        .await
    }
}
