//! Serves `/metrics`, `/healthz` and `/readyz`.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;

use super::{Error, Health, Recorder};

/// Prometheus' text format.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A server that listens and does not answer yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes the address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr) -> Result<Self, Error> {
        let failed = |source| Error::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// The address taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `shutdown` ends, then finishes the answers under way.
    pub async fn run(self, recorder: Recorder, health: Health, shutdown: impl Future<Output = ()> + Send + 'static) {
        let routes = Router::new()
            .route("/metrics", get(metrics))
            .with_state(recorder)
            .merge(Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz)).with_state(health));
        // Accepting goes on after an error, so that serving ends only by `shutdown`.
        if let Err(error) = axum::serve(self.listener, routes).with_graceful_shutdown(shutdown).await {
            tracing::error!(error = %error, "metrics and health are no longer served");
        }
    }
}

async fn metrics(State(recorder): State<Recorder>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], recorder.render())
}

async fn healthz(State(health): State<Health>) -> (StatusCode, String) {
    match health.stalled_for() {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(since) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("work under way has not moved for {} s\n", since.as_secs()))
        }
    }
}

async fn readyz(State(health): State<Health>) -> (StatusCode, &'static str) {
    if health.is_ready() { (StatusCode::OK, "ready\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready\n") }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::clock::Held;

    const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

    /// Status and body of a path.
    async fn get_text(address: SocketAddr, path: &str) -> (u16, String) {
        let mut connection = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    #[tokio::test]
    async fn metrics_and_health_are_served_until_shutdown() {
        let server = Server::bind(LOOPBACK).await.unwrap();
        let address = server.address();
        let clock = Arc::new(Held::default());
        let health = Health::new(clock.clone(), Duration::from_secs(60));
        let recorder = Recorder::detached();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let shutdown = async move { _ = stopped.await };
        let running = tokio::spawn(server.run(recorder, health.clone(), shutdown));

        let ask = async |path| get_text(address, path).await;
        assert_eq!(ask("/readyz").await, (503, "not ready\n".to_owned()));
        health.ready();
        assert_eq!(ask("/readyz").await, (200, "ready\n".to_owned()));
        let _work = health.begin();
        assert_eq!(ask("/healthz").await, (200, "ok\n".to_owned()));
        clock.advance(Duration::from_secs(61));
        assert_eq!(ask("/healthz").await, (503, "work under way has not moved for 61 s\n".to_owned()));
        assert_eq!(ask("/metrics").await.0, 200);
        assert_eq!(ask("/").await.0, 404);
        health.draining();
        assert_eq!(ask("/readyz").await.0, 503);

        stop.send(()).unwrap();
        running.await.unwrap();
    }

    #[tokio::test]
    async fn a_taken_address_is_named() {
        let first = Server::bind(LOOPBACK).await.unwrap();
        let error = Server::bind(first.address()).await.err().unwrap().to_string();
        let expected = format!("cannot listen on `{}` (`telemetry.listen`): ", first.address());
        assert!(error.starts_with(&expected), "{error}");
    }
}
