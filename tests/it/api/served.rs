//! A server on a world of the campaign tests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::{Method, Request};
use pinwheel::app::App;
use pinwheel::campaign::Scheduler;
use pinwheel::clock::{Clock, System};
use pinwheel::http::{Access, Client};
use pinwheel::telemetry::Health;
use serde_json::Value;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::support::{APPLICATION, World};

/// A server that lets everybody in, with its scheduler at work.
pub struct Served {
    pub app: Arc<App>,
    pub scheduler: Arc<Scheduler>,
    pub address: SocketAddr,
    client: Client,
    _stop: DropGuard,
}

impl Served {
    pub async fn start(world: &World) -> Self {
        let app = Arc::new(world.app("api.listen=127.0.0.1:0"));
        let stop = CancellationToken::new();
        let scheduler = app.scheduler(Health::new(app.clock.clone(), Duration::from_secs(60)));
        let api = app.api(true, scheduler.clone()).unwrap();
        let server = app.listen().await.unwrap();
        let address = server.address();
        tokio::spawn(server.run(api, stop.clone(), Duration::from_secs(1)));
        tokio::spawn(scheduler.clone().run(stop.clone()));
        Self { app, scheduler, address, client: Client::new(Access::ANY), _stop: stop.drop_guard() }
    }

    /// Sends a request with a path within the application, and reads status and body.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}/v1/apps/{APPLICATION}/{path}", self.address))
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        let response = self.client.send(request, 1 << 24).await.unwrap();
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
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
