//! `pinwheel health`: asks a running process whether it is well, for container health checks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use hyper::Request;

use crate::clock::{Clock, timeout};
use crate::config::Config;
use crate::http::{Access, Client};

/// Health is asked often and answered from memory: longer means that nobody is there.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Succeeds if the process that listens on `telemetry.listen` is healthy.
pub async fn run(config: &Config, clock: &dyn Clock) -> anyhow::Result<()> {
    let Some(listen) = config.telemetry.listen else {
        bail!("`telemetry.listen` is empty, so there is nobody to ask");
    };
    let url = format!("http://{}/healthz", reachable(listen));
    let request = Request::get(&url).body(Bytes::new())?;
    let answer = timeout(clock, ANSWER_TIMEOUT, Client::new(Access::ANY).send(request, ANSWER_BYTES_MAX))
        .await
        .with_context(|| format!("no answer from {url} within {ANSWER_TIMEOUT:?}"))?
        .with_context(|| format!("cannot ask {url}"))?;
    if !answer.status().is_success() {
        bail!("{url} answered {}: {}", answer.status(), String::from_utf8_lossy(answer.body()).trim_end());
    }
    Ok(())
}

/// The address under which one that listens everywhere can be reached from here.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::System;
    use crate::config::Sources;

    #[test]
    fn everywhere_is_reached_on_loopback() {
        for (listen, expected) in
            [("0.0.0.0:9464", "127.0.0.1:9464"), ("[::]:9464", "[::1]:9464"), ("10.0.0.7:80", "10.0.0.7:80")]
        {
            assert_eq!(reachable(listen.parse().unwrap()), expected.parse().unwrap());
        }
    }

    #[tokio::test]
    async fn nobody_to_ask_is_an_error() {
        let config = Config::load(Sources::default()).unwrap();
        let error = run(&config, &System::default()).await.unwrap_err();
        assert_eq!(error.to_string(), "`telemetry.listen` is empty, so there is nobody to ask");
    }

    /// What `run` says about a process that answers so.
    async fn asked(status: hyper::StatusCode, body: &'static str) -> Result<(), String> {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let listen = format!("telemetry.listen={}", listener.local_addr().unwrap());
        let routes = axum::Router::new().route("/healthz", axum::routing::get(move || async move { (status, body) }));
        let server = tokio::spawn(async move { axum::serve(listener, routes).await });
        let config = Config::load(Sources { flags: vec![listen], ..Sources::default() }).unwrap();
        let answer = run(&config, &System::default()).await;
        server.abort();
        answer.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn the_answer_decides() {
        assert_eq!(asked(hyper::StatusCode::OK, "ok\n").await, Ok(()));
        let error = asked(hyper::StatusCode::SERVICE_UNAVAILABLE, "stalled\n").await.unwrap_err();
        assert!(error.ends_with(" answered 503 Service Unavailable: stalled"), "{error}");
    }
}
