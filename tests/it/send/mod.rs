//! Channels of applications, direct messages and one-time passwords, over the API as clients call it.

mod channel;
mod direct;
mod otp;
mod phone;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Request;
use pinwheel::api;
use pinwheel::app::App;
use pinwheel::http::{Access, Client};
use pinwheel::telemetry::Health;
use serde_json::Value;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::support::APPLICATION;

/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// The API of an app on loopback, which lets everybody in. It ends when this is dropped.
struct Server {
    address: SocketAddr,
    client: Client,
    _stop: DropGuard,
}

impl Server {
    async fn start(app: &App) -> Self {
        let server = api::Server::bind("127.0.0.1:0".parse().unwrap(), None).await.unwrap();
        let (address, stop) = (server.address(), CancellationToken::new());
        let api: Arc<api::Api> =
            app.api(true, app.scheduler(Health::new(app.clock.clone(), Duration::from_secs(60)))).unwrap();
        tokio::spawn(server.run(api, stop.clone(), Duration::from_secs(1)));
        Self { address, client: Client::new(Access::ANY), _stop: stop.drop_guard() }
    }

    /// Status and body of a call.
    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        let response = self.client.send(request.body(Bytes::from(body)).unwrap(), ANSWER_BYTES_MAX).await.unwrap();
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
    }

    /// The answer to a call within the application that has to succeed.
    async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let body = (!body.is_null()).then_some(body);
        let (status, answer) = self.call(method, &format!("/v1/apps/{APPLICATION}/{path}"), body.as_ref()).await;
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    /// The message of a call within the application that has to fail with this status.
    async fn refused(&self, status: u16, method: &str, path: &str, body: Value) -> String {
        let body = (!body.is_null()).then_some(body);
        let (found, answer) = self.call(method, &format!("/v1/apps/{APPLICATION}/{path}"), body.as_ref()).await;
        assert_eq!(found, status, "{method} {path}: {answer}");
        answer["Message"].as_str().unwrap().to_owned()
    }
}
