//! One connection: its requests, and its end when nothing moves on it.
//!
//! Places for connections are few, and whoever can reach the address can take one without a key. So a connection that has
//! no request under way for a while is closed, whatever the client does: one that sends nothing, half a head or half a
//! preface, one that keeps HTTP/2 open with pings, and one that does not read its answer.

use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use futures_util::future::BoxFuture;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// How long a connection may be without a request under way. Also the time for the head of a request.
const IDLE_MAX: Duration = Duration::from_secs(75);
/// How long a connection that was told to end may take for it.
const END_MAX: Duration = Duration::from_secs(10);
/// Requests at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 256;

/// Why a connection ended early.
type Failure = Box<dyn Error + Send + Sync>;

/// Answers the requests of a connection until it ends, stands idle for too long, or `stop`: then requests under way are
/// still answered.
pub async fn serve<I, S>(stream: I, service: S, clock: Arc<dyn Clock>, stop: &CancellationToken) -> Result<(), Failure>
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    S: Service<Request<Incoming>, Response = Response<Body>, Future: Send + 'static> + 'static,
    S::Error: Into<Failure> + 'static,
{
    let requests = Arc::new(Requests { clock: clock.clone(), state: Mutex::new((0, clock.elapsed())) });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(IDLE_MAX);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(STREAMS_MAX);
    let mut connection =
        pin!(builder.serve_connection(TokioIo::new(stream), Counted { service, requests: requests.clone() }));
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            // Whoever stops the server waits no longer than it likes.
            return connection.await;
        }
        () = requests.idle(IDLE_MAX) => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        ended = connection => ended,
        () = requests.idle(END_MAX) => Err("it stood idle and did not end".into()),
    }
}

/// The requests of one connection.
struct Requests {
    clock: Arc<dyn Clock>,
    /// How many are under way, and when that changed last, by the clock's elapsed time.
    state: Mutex<(usize, Duration)>,
}

impl Requests {
    /// Ends when there was no request for so long, from now on.
    async fn idle(&self, longest: Duration) {
        let began = self.clock.elapsed();
        loop {
            let (under_way, since) = *self.state.lock();
            let since = if under_way > 0 { self.clock.elapsed() } else { since.max(began) };
            let idle = self.clock.elapsed().saturating_sub(since);
            if idle >= longest {
                return;
            }
            self.clock.sleep(longest - idle).await;
        }
    }

    fn change(&self, by: isize) {
        let mut state = self.state.lock();
        *state = (state.0.saturating_add_signed(by), self.clock.elapsed());
    }
}

/// A request under way, until this is dropped.
struct UnderWay(Arc<Requests>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.change(-1);
    }
}

/// A service that counts what it answers.
struct Counted<S> {
    service: S,
    requests: Arc<Requests>,
}

impl<S> Service<Request<Incoming>> for Counted<S>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Future: Send + 'static>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.requests.change(1);
        let under_way = UnderWay(self.requests.clone());
        let answer = self.service.call(request);
        Box::pin(async move {
            let _under_way = under_way;
            answer.await
        })
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::task::JoinHandle;

    use super::*;
    use crate::clock::Paused;

    /// Longer than the longest request of these tests.
    const LONG: Duration = Duration::from_secs(200);
    /// After this an idle connection is closed.
    const CLOSED_WITHIN: Duration = Duration::from_secs(75 + 10);

    /// Answers at once, late or with much, by the path.
    struct Answers(Arc<dyn Clock>);

    impl Service<Request<Incoming>> for Answers {
        type Response = Response<Body>;
        type Error = Infallible;
        type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

        fn call(&self, request: Request<Incoming>) -> Self::Future {
            let sleep = self.0.sleep(if request.uri().path() == "/late" { LONG } else { Duration::ZERO });
            let bytes = if request.uri().path() == "/much" { 1 << 20 } else { 0 };
            Box::pin(async move {
                sleep.await;
                Ok(Response::new(vec![b'x'; bytes].into()))
            })
        }
    }

    /// A connection, and when it ended.
    fn connect(clock: &Arc<Paused>) -> (DuplexStream, JoinHandle<Duration>) {
        let (client, stream) = duplex(1024);
        let clock: Arc<dyn Clock> = clock.clone();
        let task = tokio::spawn(async move {
            let _ = serve(stream, Answers(clock.clone()), clock.clone(), &CancellationToken::new()).await;
            clock.elapsed()
        });
        (client, task)
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_keeps_a_connection_for_nothing() {
        let clock = Arc::new(Paused::default());
        let h2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".as_slice();
        let much = b"GET /much HTTP/1.1\r\nhost: a\r\n\r\n".as_slice();
        let sent = [b"".as_slice(), b"PRI * HT", b"GET / HTTP", b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", much, h2];
        for sent in sent {
            let (mut client, task) = connect(&clock);
            let began = clock.elapsed();
            client.write_all(sent).await.unwrap();
            let lasted = task.await.unwrap() - began;
            assert!(lasted <= CLOSED_WITHIN, "{lasted:?} after {:?}", String::from_utf8_lossy(sent));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_under_way_is_no_idleness() {
        let clock = Arc::new(Paused::default());
        let (mut client, task) = connect(&clock);
        client.write_all(b"GET /late HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"));
        assert_eq!(task.await.unwrap().as_secs(), LONG.as_secs());
    }
}
