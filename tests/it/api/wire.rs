//! A server that can be started again on the same data.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Request;
use pinwheel::api::Api;
use pinwheel::app::{self, App};
use pinwheel::clock::{Clock, System};
use pinwheel::config::{Config, Sources};
use pinwheel::http::{Access, Client};
use pinwheel::telemetry::Health;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longer than any answer or job of these tests takes.
const PATIENCE: Duration = Duration::from_secs(30);
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// Where the API answers.
pub struct Wire {
    address: SocketAddr,
    client: Client,
}

impl Wire {
    pub fn to(address: SocketAddr) -> Self {
        app::install_tls();
        let access = Access::ANY;
        Self { address, client: Client::new(access) }
    }

    /// Status and body of an answer.
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let request = Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        let answer = self.client.send(request.body(body).unwrap(), ANSWER_BYTES_MAX).await.unwrap();
        (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or(Value::Null))
    }

    /// The body of an answer that has this status.
    pub async fn expect(&self, status: u16, method: &str, path: &str, body: Value) -> Value {
        let (found, answer) = self.call(method, path, &body).await;
        assert_eq!(found, status, "{method} {path} {body}: {answer}");
        answer
    }

    pub async fn get(&self, path: &str) -> Value {
        self.expect(200, "GET", path, Value::Null).await
    }

    /// What is wrong with a request.
    pub async fn refusal(&self, method: &str, path: &str, body: Value) -> String {
        self.expect(400, method, path, body).await["Message"].as_str().unwrap().to_owned()
    }

    /// Makes an application and returns its path.
    pub async fn application(&self) -> String {
        let application = self.expect(201, "POST", "/v1/apps", json!({"Name": "test"})).await;
        format!("/v1/apps/{}", application["Id"].as_str().unwrap())
    }

    /// The answer of this path when it is as wanted.
    pub async fn wait(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let clock = System::default();
        loop {
            let answer = self.get(path).await;
            if wanted(&answer) {
                return answer;
            }
            assert!(clock.elapsed() < PATIENCE, "{path} stays {answer}");
            clock.sleep(Duration::from_millis(20)).await;
        }
    }
}

/// A server in this process that lets everybody in.
pub struct Server {
    pub wire: Wire,
    pub app: App,
    pub api: Arc<Api>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts on the data of a directory, with settings such as `api.job_folder=/x`.
    pub async fn start(directory: &Path, settings: &[String]) -> Self {
        app::install_tls();
        let mut flags = settings.to_vec();
        flags.push(format!("data.directory={}", directory.join("data").display()));
        flags.push(format!("api.listen={}", SocketAddr::from((Ipv4Addr::LOCALHOST, 0))));
        let app = App::open(Config::load(Sources { flags, ..Sources::default() }).unwrap()).unwrap();
        let scheduler = app.scheduler(Health::new(app.clock.clone(), PATIENCE));
        let (server, api) = (app.listen().await.unwrap(), app.api(true, scheduler).unwrap());
        let (wire, stop) = (Wire::to(server.address()), CancellationToken::new());
        let task = tokio::spawn(server.run(api.clone(), stop.clone(), PATIENCE));
        Self { wire, app, api, stop, task }
    }

    /// Ends as a server does that is asked to.
    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
        self.api.jobs.stop().await;
    }
}
