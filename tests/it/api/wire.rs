//! A server that can be started again on the same data.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use pinwheel::app::{self, App};
use pinwheel::clock::{Clock, System};
use pinwheel::config::{Config, Sources};
use serde_json::{Value, json};

use crate::client::{HttpClient, PATIENCE, Serving};

/// Where the API answers.
pub struct Wire {
    client: HttpClient,
}

impl Wire {
    pub fn to(address: SocketAddr) -> Self {
        Self { client: HttpClient::new(address) }
    }

    /// Status and body of an answer.
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.client.send(method.parse().unwrap(), path, body).await.unwrap();
        (answer.status, answer.body)
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
    serving: Serving,
}

impl Server {
    /// Starts on the data of a directory, with settings such as `api.job_folder=/x`.
    pub async fn start(directory: &Path, settings: &[String]) -> Self {
        let mut flags = settings.to_vec();
        flags.push(format!("data.directory={}", directory.join("data").display()));
        app::install_tls();
        let app = App::open(Config::load(Sources { flags, ..Sources::default() }).unwrap()).unwrap();
        let serving = Serving::start(&app).await;
        Self { wire: Wire { client: serving.client.clone() }, app, serving }
    }

    /// Ends as a server does that is asked to.
    pub async fn stop(self) {
        self.serving.stop().await;
    }
}
