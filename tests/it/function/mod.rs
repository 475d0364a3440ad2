//! Local Lambda functions: real interpreters, real processes.

mod campaign;
mod client;
mod documented;
mod end;
mod environment;
mod idle;
mod init;
mod limits;
mod log;
mod node;
mod provided;
mod python;
mod reload;
mod settings;
mod workers;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pinwheel::clock::{Clock, Stopwatch, System};
use pinwheel::config::{Config, Sources};
use pinwheel::hook::local::{Function, Functions, Invoked};
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
        Self::inheriting(settings, &[])
    }

    /// As [`new`](Self::new), with variables of Pinwheel's own environment that functions get.
    pub fn inheriting(settings: &str, more: &[(&str, &str)]) -> Self {
        Self::timed(settings, more, Arc::new(System::default()))
    }

    /// As [`inheriting`](Self::inheriting), by this clock.
    pub fn timed(settings: &str, more: &[(&str, &str)], clock: Arc<dyn Clock>) -> Self {
        let directory = TempDir::new().unwrap();
        let config = settings_of(settings);
        let own = ["PATH", "HOME"].map(|name| (name.to_owned(), std::env::var(name).unwrap()));
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let inherited = own.into_iter().chain(more).collect();
        let functions = Functions::new(&config.functions, &config.aws, directory.path(), inherited, clock).unwrap();
        Self { directory, functions }
    }

    /// A function of the sample files with our bootstrap: `runtime` is `nodejs` or `python`.
    pub fn of(runtime: &str, handler: &str, more: &str) -> Self {
        Self::new(&format!(
            "[functions.f]\ncode = 'DATA'\nclient = 'pinwheel'\nruntime = '{runtime}'\nhandler = '{handler}'\n{more}"
        ))
    }

    pub fn function(&self, name: &str) -> Arc<Function> {
        self.functions.find(name).unwrap()
    }

    pub async fn call(&self, name: &str, event: Value) -> Invoked {
        self.function(name).call(Bytes::from(event.to_string())).await.unwrap()
    }

    /// The answer of a call that goes well.
    pub async fn answer(&self, name: &str, event: Value) -> Value {
        let invoked = self.call(name, event).await;
        assert_eq!(invoked.function_error, None, "{}", String::from_utf8_lossy(&invoked.payload));
        serde_json::from_slice(&invoked.payload).unwrap()
    }

    /// The error of a call that fails.
    pub async fn error(&self, name: &str, event: Value) -> Value {
        failure(&self.call(name, event).await)
    }

    pub fn log(&self, name: &str) -> String {
        fs::read_to_string(self.directory.path().join(name).join("function.log")).unwrap_or_default()
    }
}

pub fn settings_of(settings: &str) -> Config {
    let overlay = settings.replace("DATA", &data().display().to_string()).parse().unwrap();
    Config::load(Sources { overlay: Some(overlay), ..Sources::default() }).unwrap()
}

/// The error of a call that failed.
pub fn failure(invoked: &Invoked) -> Value {
    let payload = String::from_utf8_lossy(&invoked.payload);
    assert!(invoked.function_error.is_some(), "{payload}");
    serde_json::from_str(&payload).unwrap()
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

/// Whether a process runs; one that waits to be reaped does not.
pub fn is_running(id: i64) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// Waits until something is there; panics after a time that is long for everything.
pub async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let waiting = Stopwatch::start();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(waiting.elapsed() < Duration::from_secs(30), "{what} did not come");
        System::default().sleep(Duration::from_millis(20)).await;
    }
}
