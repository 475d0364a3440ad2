//! A server on a world of the campaign tests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use pinwheel::app::App;
use pinwheel::campaign::Scheduler;
use pinwheel::clock::{Clock, System};
use serde_json::Value;

use crate::client::Serving;
use crate::support::{APPLICATION, World};

/// A server that lets everybody in, with its scheduler at work.
pub struct Served {
    pub app: Arc<App>,
    pub scheduler: Arc<Scheduler>,
    pub address: SocketAddr,
    serving: Serving,
}

impl Served {
    pub async fn start(world: &World) -> Self {
        let app = Arc::new(world.app(""));
        let serving = Serving::start(&app).await;
        Self { scheduler: serving.scheduler.clone(), address: serving.client.address(), serving, app }
    }

    /// Sends a request with a path within the application, and reads status and body.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let path = format!("/v1/apps/{APPLICATION}/{path}");
        let answer = self.serving.client.send(method, &path, body).await.unwrap();
        (answer.status, answer.body)
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path, Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.call(Method::POST, path, body).await;
        assert_eq!(status, 201, "{path}: {body}");
        body
    }

    pub async fn put(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.call(Method::PUT, path, body).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub async fn delete(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::DELETE, path, Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Waits until a campaign has that status.
    pub async fn becomes(&self, campaign: &str, expected: &str) {
        let mut seen = Value::Null;
        for _ in 0..2_000 {
            seen = self.get(&format!("campaigns/{campaign}")).await["State"]["CampaignStatus"].clone();
            if seen == expected {
                return;
            }
            System::default().sleep(Duration::from_millis(5)).await;
        }
        panic!("the campaign is {seen} and not {expected}");
    }
}
