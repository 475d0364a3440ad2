//! The API over HTTP, laid out like its paths.

mod campaign;
mod campaign_crash;
mod connection;
mod endpoint;
mod event;
pub(crate) mod event_crash;
mod event_stream;
mod job;
mod journey;
mod kpi;
mod lambda;
mod recommender;
mod segment;
mod served;
mod template;
mod wire;

use pinwheel::app::App;
use pinwheel::config::{Config, Sources};
use pinwheel::domain::ApplicationId;
use serde_json::Value;
use tempfile::TempDir;

use crate::client::{Answer, HttpClient, Serving};
use served::Served;
use wire::{Server, Wire};

/// A server on loopback that lets everybody in, with one application.
pub struct Api {
    pub app: App,
    pub client: HttpClient,
    pub application: ApplicationId,
    _serving: Serving,
    _directory: TempDir,
}

impl Api {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With these settings.
    pub async fn start_with(settings: &[String]) -> Self {
        let directory = TempDir::new().unwrap();
        let mut flags = vec![format!("data.directory={}", directory.path().join("data").display())];
        flags.extend_from_slice(settings);
        let app = App::open(Config::load(Sources { flags, ..Sources::default() }).unwrap()).unwrap();
        let serving = Serving::start(&app).await;
        let client = serving.client.clone();
        let application = client.create_app().await;
        Self { app, client, application, _serving: serving, _directory: directory }
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
