//! The API over HTTP, laid out like its paths.

mod campaign;
mod connection;
mod endpoint;
mod event;
mod event_crash;
mod event_stream;
mod job;
mod journey;
mod kpi;
mod recommender;
mod segment;
mod served;
mod template;
mod wire;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use hyper::{Method, Request, StatusCode};
use pinwheel::app::{self, App};
use pinwheel::config::{Config, Sources};
use pinwheel::domain::ApplicationId;
use pinwheel::http::{Access, Client};
use pinwheel::telemetry::Health;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

use served::Served;
use wire::{Server, Wire};

/// More than any answer.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A server on loopback that lets everybody in, with one application.
pub struct Api {
    pub app: App,
    pub client: HttpClient,
    pub application: ApplicationId,
    _directory: TempDir,
    _stop: DropGuard,
}

/// Sends requests to a server.
#[derive(Clone)]
pub struct HttpClient {
    address: SocketAddr,
    client: Client,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub request_id: String,
    /// `X-Amzn-ErrorType`, if there is one.
    pub error_type: Option<String>,
    /// `null` when there is none.
    pub body: Value,
}

impl Answer {
    /// The message, asserting the status.
    #[track_caller]
    pub fn refusal(&self, status: u16) -> &str {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.body["RequestID"], self.request_id.as_str());
        assert!(self.error_type.is_some(), "{self:?}");
        self.body["Message"].as_str().unwrap()
    }

    /// The body, asserting the status.
    #[track_caller]
    pub fn body(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.body
    }
}

impl HttpClient {
    pub fn new(address: SocketAddr) -> Self {
        app::install_tls();
        Self { address, client: Client::new(Access::ANY) }
    }

    /// Sends bytes. Fails when there is no answer.
    pub async fn send(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Result<Answer, String> {
        self.send_with(method, path, body, []).await
    }

    /// As [`send`](Self::send), with headers.
    pub async fn send_with<'a>(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Answer, String> {
        let mut request = Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = self.client.send(request.body(body.into()).unwrap(), ANSWER_BYTES_MAX).await;
        let response = response.map_err(|error| error.to_string())?;
        let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let body = match response.body() {
            body if body.is_empty() => Value::Null,
            body => serde_json::from_slice(body).unwrap(),
        };
        Ok(Answer {
            status: response.status().as_u16(),
            request_id: header("x-amzn-requestid").unwrap(),
            error_type: header("x-amzn-errortype"),
            body,
        })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "").await.unwrap()
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, body.to_string()).await.unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, body.to_string()).await.unwrap()
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, "").await.unwrap()
    }

    /// Creates an application and returns its id.
    pub async fn create_app(&self) -> ApplicationId {
        let answer = self.post("/v1/apps", json!({"Name": "shop"})).await;
        assert_eq!(answer.status, StatusCode::CREATED.as_u16());
        ApplicationId::new(answer.body["Id"].as_str().unwrap())
    }
}

impl Api {
    pub async fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let data = format!("data.directory={}", directory.path().join("data").display());
        let flags = vec![data, "api.listen=127.0.0.1:0".to_owned()];
        let app = App::open(Config::load(Sources { flags, ..Sources::default() }).unwrap()).unwrap();
        let server = app.listen().await.unwrap();
        let client = HttpClient::new(server.address());
        let stop = CancellationToken::new();
        let drain = app.config.api.drain_timeout;
        let scheduler = app.scheduler(Health::new(app.clock.clone(), Duration::from_secs(60)));
        tokio::spawn(server.run(app.api(true, scheduler).unwrap(), stop.clone(), drain));
        let application = client.create_app().await;
        Self { app, client, application, _directory: directory, _stop: stop.drop_guard() }
    }

    /// A path within the application, such as `/endpoints/x`.
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/apps/{}{rest}", self.application)
    }

    pub async fn get(&self, rest: &str) -> Answer {
        self.client.get(&self.path(rest)).await
    }

    pub async fn put(&self, rest: &str, body: Value) -> Answer {
        self.client.put(&self.path(rest), body).await
    }

    pub async fn post(&self, rest: &str, body: Value) -> Answer {
        self.client.post(&self.path(rest), body).await
    }

    pub async fn delete(&self, rest: &str) -> Answer {
        self.client.delete(&self.path(rest)).await
    }
}
