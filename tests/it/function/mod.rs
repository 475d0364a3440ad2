//! Local Lambda functions: real interpreters, real processes.

mod documented;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use pinwheel::clock::System;
use pinwheel::config::{Config, Sources};
use pinwheel::hook::local::{Functions, Invoked};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Functions of settings, and the directory they work in.
pub struct Host {
    pub directory: TempDir,
    pub functions: Arc<Functions>,
}

impl Host {
    /// `settings` is TOML: sections `[functions.NAME]`. `DATA` in it stands for the folder of the sample functions.
    pub fn new(settings: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let overlay = settings.replace("DATA", &data().display().to_string()).parse().unwrap();
        let config = Config::load(Sources { overlay: Some(overlay), ..Sources::default() }).unwrap();
        let inherited = ["PATH", "HOME"].map(|name| (name.to_owned(), std::env::var(name).unwrap())).into();
        let clock = Arc::new(System::default());
        let functions = Functions::new(&config.functions, &config.aws, directory.path(), inherited, clock).unwrap();
        Self { directory, functions }
    }

    pub async fn call(&self, name: &str, event: Value) -> Invoked {
        let function = self.functions.find(name).unwrap();
        function.call(Bytes::from(event.to_string())).await.unwrap()
    }

    /// The answer of a call that goes well.
    pub async fn answer(&self, name: &str, event: Value) -> Value {
        let invoked = self.call(name, event).await;
        assert_eq!(invoked.function_error, None, "{}", String::from_utf8_lossy(&invoked.payload));
        serde_json::from_slice(&invoked.payload).unwrap()
    }

    pub fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.directory.path().join(name).join("function.log")).unwrap_or_default()
    }
}

/// The sample functions.
pub fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/functions")
}

/// An event with these endpoints.
pub fn event(ids: &[&str]) -> Value {
    let endpoints = ids.iter().map(|id| ((*id).to_owned(), json!({ "ChannelType": "SMS", "Attributes": {} })));
    json!({ "CampaignId": "c", "Endpoints": endpoints.collect::<serde_json::Map<_, _>>() })
}
