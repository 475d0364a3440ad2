//! The API over HTTP, laid out like its paths.

mod campaign;
mod campaign_crash;
mod connection;
mod endpoint;
mod event;
pub(crate) mod event_crash;
mod event_stream;
mod identity;
mod in_app;
mod job;
mod journey;
mod kpi;
mod lambda;
mod recency;
mod recommender;
mod segment;
mod served;
mod template;
mod trigger;
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
        Self::with(&[]).await
    }

    /// With settings such as `in_app.withdraw=true`.
    pub async fn with(settings: &[&str]) -> Self {
        let directory = TempDir::new().unwrap();
        let data = format!("data.directory={}", directory.path().join("data").display());
        let flags = settings.iter().map(|&setting| setting.to_owned()).chain([data]).collect();
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
