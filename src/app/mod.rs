//! Composition: from settings to a running engine. The only place that picks implementations.

mod reset;
mod rotate;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use aws_config::SdkConfig;
use secrecy::ExposeSecret;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::api::auth::Authenticator;
use crate::api::auth::identity::Identities;
use crate::api::{self, Api};
use crate::campaign::stream::Streams;
use crate::campaign::{Engine, Scheduler};
use crate::channel::{self, Channels, Deps, Reports, StopWords};
use crate::clock::{Clock, System};
use crate::config::Config;
use crate::event::sink::{self, Sinks};
use crate::hook::local::{self, Functions, Shelf, shelf};
use crate::hook::record::{self, Recorder};
use crate::hook::{self, Invokers};
use crate::http::Aws;
use crate::store::{self, KeyStore, Store, sqlite};
use crate::telemetry::Health;
use crate::vault::{self, Vault};

pub use reset::reset_feedback;
pub use rotate::{Rotated, rotate_vault};

/// The vault's key in the data directory, unless the settings name another.
const KEY_FILE: &str = "pinwheel.key";

/// Reports of adapters that wait to be applied; more make their adapters wait.
const REPORTS_MAX: usize = 1024;

/// Everything a process needs to run campaigns.
pub struct App {
    pub config: Arc<Config>,
    pub clock: Arc<dyn Clock>,
    pub store: Arc<dyn Store>,
    pub engine: Arc<Engine>,
    /// Event streams. Nothing is told until they run.
    pub streams: Arc<Streams>,
    pub channels: Arc<Channels>,
    /// Functions that run on this machine. Their processes are to be ended before this one does.
    pub functions: Arc<Functions>,
    shelf: Arc<Shelf>,
}

/// Why the parts cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Hook(#[from] hook::Error),
    #[error(transparent)]
    Record(#[from] record::StartError),
    #[error(transparent)]
    Function(#[from] local::Error),
    #[error(transparent)]
    Shelf(#[from] shelf::Error),
    #[error(transparent)]
    Channel(#[from] channel::Error),
    #[error(transparent)]
    Sink(#[from] sink::Error),
    #[error(transparent)]
    Tls(#[from] tls::Error),
    #[error("`api.listen`: cannot listen on `{address}`")]
    Listen {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Vault(#[from] vault::Error),
    #[error("{what}")]
    Sealed {
        what: String,
        #[source]
        source: vault::Error,
    },
    #[error("the new key is the one that the settings have")]
    SameKey,
    #[error("`send.rates.{name}`: there is no channel section and no channel adapter `{name}`")]
    UnknownRate { name: String },
}

/// Chooses the one TLS implementation of the process. Call it first.
pub fn install_tls() {
    // Fails only if it was chosen before, and then it is this one.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Opens the store to read from, beside a process that may be running campaigns on it.
pub fn open_to_read(config: &Config) -> Result<Arc<dyn Store>, Error> {
    Ok(Arc::new(sqlite::Sqlite::open(&config.data.directory, sqlite::Mode::Shared)?))
}

/// Opens the access keys, also beside other processes.
pub fn open_keys(config: &Config, clock: Arc<dyn Clock>) -> Result<Arc<dyn KeyStore>, Error> {
    Ok(Arc::new(sqlite::key::Keys::open(&config.data.directory, clock)?))
}

/// Opens the vault, also beside other processes. The data directory has to be there.
pub fn open_vault(config: &Config) -> Result<Vault, Error> {
    let key = &config.vault.key;
    if key.expose_secret().is_empty() {
        return Ok(Vault::open(&vault_key_file(config))?);
    }
    Ok(Vault::of_keys(&[key])?)
}

/// The key file, where the settings have no key.
fn vault_key_file(config: &Config) -> PathBuf {
    let Config { vault, data, .. } = config;
    if vault.key_file.as_os_str().is_empty() { data.directory.join(KEY_FILE) } else { vault.key_file.clone() }
}

/// Makes sure that hooks and channels can be set up from these settings; reaches for nobody.
pub fn check_settings(config: &Config) -> Result<(), Error> {
    let clock: Arc<dyn Clock> = Arc::new(System::default());
    let functions = functions(config, clock.clone())?;
    let deps = deps(config, clock, Aws::by_settings(&config.aws), functions)?;
    build_channels(config, &deps)?;
    build_sinks(config, &deps)?;
    Ok(())
}

/// The sinks of event streams.
fn build_sinks(config: &Config, deps: &Deps) -> Result<Sinks, Error> {
    let Deps { clock, aws, .. } = deps.clone();
    Ok(Sinks::build(&config.event_stream, &sink::Deps { clock, aws, data_directory: config.data.directory.clone() })?)
}

/// What channels and hooks share.
fn deps(config: &Config, clock: Arc<dyn Clock>, aws: Aws, functions: Arc<Functions>) -> Result<Deps, Error> {
    let aws = Arc::new(aws);
    let invokers = Invokers::new(&config.hook, &config.aws, aws.clone(), clock.clone())?.with_functions(functions);
    Ok(Deps { clock, invokers: Arc::new(invokers), aws, reports: None })
}

/// What calls functions, without a store or channels; and the local ones, whose processes are the caller's to end.
///
/// Errors: settings out of their limits.
pub fn invokers(config: &Config) -> Result<(Arc<Invokers>, Arc<Functions>), Error> {
    let clock: Arc<dyn Clock> = Arc::new(System::default());
    let functions = functions(config, clock.clone())?;
    Shelf::open(&functions_directory(config), functions.clone())?;
    let deps = deps(config, clock, Aws::by_settings(&config.aws), functions.clone())?;
    Ok((deps.invokers, functions))
}

/// Variables of this process that local functions get. Others may hold secrets.
const INHERITED: &[&str] = &["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// The functions of the settings.
fn functions(config: &Config, clock: Arc<dyn Clock>) -> Result<Arc<Functions>, Error> {
    let inherited = INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
    let directory = functions_directory(config);
    Ok(Functions::new(&config.functions, &config.aws, &directory, inherited.collect(), clock)?)
}

/// Where local functions have their logs and unpacked code, a folder each.
pub fn functions_directory(config: &Config) -> PathBuf {
    config.data.directory.join("functions")
}

fn build_channels(config: &Config, deps: &Deps) -> Result<Channels, Error> {
    // Those of adapters also hold for the credentials that applications bring.
    let is_adapter = |name: &str| channel::ALL.iter().any(|factory| factory.spec().name == name);
    let is_known = |name: &&String| config.channel.contains_key(*name) || is_adapter(name);
    if let Some(name) = config.send.rates.keys().find(|name| !is_known(name)) {
        return Err(Error::UnknownRate { name: name.clone() });
    }
    Ok(channel::build_all(&config.channel, deps)?)
}

impl App {
    /// Opens the store for this process alone and sets up hooks and channels.
    ///
    /// Errors: a store in use, settings of a channel that cannot work.
    pub fn open(config: Config) -> Result<Self, Error> {
        let aws = Aws::by_settings(&config.aws);
        Self::assemble(config, aws)
    }

    /// As [`open`](Self::open), but AWS is reached with this configuration of its SDK.
    pub fn open_with_functions(config: Config, sdk: &SdkConfig) -> Result<Self, Error> {
        Self::assemble(config, Aws::by_sdk_config(sdk))
    }

    fn assemble(config: Config, aws: Aws) -> Result<Self, Error> {
        let clock: Arc<dyn Clock> = Arc::new(System::default());
        let (report_to, reports) = mpsc::channel(REPORTS_MAX);
        let stop_words = Arc::new(StopWords::new(&config.feedback.stop_words));
        let reports_to = Reports { sender: report_to, stop_words };
        let functions = functions(&config, clock.clone())?;
        let deps = Deps { reports: Some(reports_to), ..deps(&config, clock.clone(), aws, functions.clone())? };
        if let Some(recorder) = Recorder::start(&config.hook, clock.clone())? {
            deps.invokers.record(recorder);
        }
        let config = Arc::new(config);
        let store: Arc<dyn Store> = Arc::new(sqlite::Sqlite::open(&config.data.directory, sqlite::Mode::Exclusive)?);
        // Only now the data directory is surely ours alone.
        let shelf = Arc::new(Shelf::open(&functions_directory(&config), functions.clone())?);
        shelf.tidy();
        let channels = Arc::new(build_channels(&config, &deps)?);
        let sinks = build_sinks(&config, &deps)?;
        let vault = Arc::new(open_vault(&config)?);
        let engine = Engine::new(store.clone(), channels.clone(), deps, config.clone());
        let engine = Arc::new(engine.with_vault(vault).with_reports(reports));
        let streams = Streams::new(engine.clone(), sinks);
        Ok(Self { config, clock, store, engine, streams, channels, functions, shelf })
    }
}

impl App {
    /// Takes the address of the API.
    ///
    /// Errors: an address that is in use or not ours, files that cannot serve TLS.
    pub async fn listen(&self) -> Result<api::Server, Error> {
        let tls = tls::server(&self.config.api)?;
        let address = self.config.api.listen;
        api::Server::bind(address, tls).await.map_err(|source| Error::Listen { address, source })
    }

    /// What begins and resumes campaigns made over the API. `health` learns which of their runs are under way.
    pub fn scheduler(&self, health: Health) -> Arc<Scheduler> {
        Scheduler::new(self.engine.clone(), health)
    }

    /// The API over this process' store, engine and scheduler. `open` lets everybody in.
    ///
    /// Errors: keys that cannot be read.
    pub fn api(&self, open: bool, scheduler: Arc<Scheduler>) -> Result<Arc<Api>, Error> {
        let vault = Arc::new(open_vault(&self.config)?);
        let identities = Identities::new(&self.config.identity, vault.clone(), self.clock.clone());
        let authenticator = match open {
            true => Authenticator::open(),
            false => Authenticator::verifying(open_keys(&self.config, self.clock.clone())?, vault, self.clock.clone()),
        };
        let authenticator = authenticator.with_identities(identities);
        let (store, engine, shelf) = (self.store.clone(), self.engine.clone(), self.shelf.clone());
        Ok(Arc::new(Api::new(store, engine, scheduler, self.clock.clone(), self.config.clone(), authenticator, shelf)))
    }
}

/// Asks for a stop on SIGTERM or Ctrl-C; a second one ends the process at once.
pub fn stop_on_signal() -> CancellationToken {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = CancellationToken::new();
    let asked = stop.clone();
    tokio::spawn(async move {
        let mut terminate = signal(SignalKind::terminate()).expect("signals can be listened for");
        let mut interrupt = signal(SignalKind::interrupt()).expect("signals can be listened for");
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if asked.is_cancelled() {
                std::process::exit(130);
            }
            tracing::info!("stopping: batches in flight are finished first; once more to end at once");
            asked.cancel();
        }
    });
    stop
}
