//! The API of an app on loopback, and who calls it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::{Method, Request, StatusCode};
use pinwheel::api::{self, Api};
use pinwheel::app::{self, App};
use pinwheel::campaign::Scheduler;
use pinwheel::domain::ApplicationId;
use pinwheel::http::{Access, Client};
use pinwheel::telemetry::Health;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// More than any answer.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

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
    /// `Retry-After`, if there is one.
    pub retry_after: Option<String>,
    /// `X-Pinwheel-Warning`, each of them.
    pub warnings: Vec<String>,
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

    pub fn address(&self) -> SocketAddr {
        self.address
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
        let warnings = response.headers().get_all("x-pinwheel-warning").iter();
        let warnings = warnings.map(|value| value.to_str().unwrap().to_owned()).collect();
        let body = match response.body() {
            body if body.is_empty() => Value::Null,
            body => serde_json::from_slice(body).unwrap(),
        };
        Ok(Answer {
            status: response.status().as_u16(),
            request_id: header("x-amzn-requestid").unwrap(),
            error_type: header("x-amzn-errortype"),
            retry_after: header("retry-after"),
            warnings,
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

/// The API of an app, which lets everybody in, with its scheduler at work. Ends when this is dropped.
pub struct Serving {
    pub client: HttpClient,
    pub api: Arc<Api>,
    pub scheduler: Arc<Scheduler>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Serving {
    pub async fn start(app: &App) -> Self {
        Self::serve(app, true).await
    }

    /// Lets in only who signs with a key.
    pub async fn verifying(app: &App) -> Self {
        Self::serve(app, false).await
    }

    async fn serve(app: &App, open: bool) -> Self {
        app::install_tls();
        let server = api::Server::bind((Ipv4Addr::LOCALHOST, 0).into(), None).await.unwrap();
        let client = HttpClient::new(server.address());
        let scheduler = app.scheduler(Health::new(app.clock.clone(), PATIENCE));
        let api = app.api(open, scheduler.clone()).unwrap();
        let stop = CancellationToken::new();
        let (serving, running) = (server.run(api.clone(), stop.clone(), PATIENCE), scheduler.clone().run(stop.clone()));
        let streaming = app.streams.clone().run(stop.clone());
        let task = tokio::spawn(async move {
            let ((), ran, ()) = tokio::join!(serving, running, streaming);
            ran.unwrap();
        });
        Self { client, api, scheduler, stop, task }
    }

    /// Ends as a server does that is asked to.
    pub async fn stop(mut self) {
        self.stop.cancel();
        (&mut self.task).await.unwrap();
        self.api.jobs.stop().await;
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
