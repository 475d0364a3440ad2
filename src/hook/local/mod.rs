//! Functions written for AWS Lambda that run on this machine.
//!
//! A [`Function`] keeps worker processes, each with a Lambda Runtime API of its own on loopback, and hands every call to one
//! that is free: one call at a time each, as on Lambda. No process runs before the first call. [`Functions`] are all those
//! of this process, by name.

mod backoff;
mod client;
mod code;
mod configuration;
mod family;
mod function;
mod invoked;
mod invoker;
mod log;
mod memory;
mod output;
mod peer;
pub mod policy;
mod private;
mod process;
mod runtime_api;
pub mod shelf;
mod worker;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;

use self::policy::Policy;

pub use configuration::{Client, Configuration, Family, Runtime};
pub use function::Function;
pub use invoked::{FunctionError, Invoked};
pub(super) use invoker::LocalOrAws;
pub use log::{LOG_FILE, OLD_LOG_FILE};
pub use shelf::Shelf;

use crate::clock::Clock;
use crate::config;

/// Bytes of an event. Source: AWS Lambda developer guide, "Lambda quotas", invocation payload.
pub const EVENT_BYTES_MAX: usize = 6 * 1024 * 1024;

/// Why functions cannot be set up or called. What a function itself does wrong is no such error: see [`Invoked`].
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A key of a function's settings.
    #[error("`functions.{name}{key}`: {problem}", key = key.map(|key| format!(".{key}")).unwrap_or_default())]
    Setting { name: String, key: Option<&'static str>, problem: String },
    /// The function's code cannot be used.
    #[error("the code of function `{name}` cannot be used: {problem}")]
    Code { name: String, problem: String },
    /// There is no interpreter for it, or it does not start.
    #[error("function `{name}` cannot be run: {problem}")]
    Interpreter { name: String, problem: String },
    #[error("a worker of function `{name}` does not start: {problem}")]
    Start { name: String, problem: String },
    #[error("an event has {0} bytes, and may have at most {EVENT_BYTES_MAX}")]
    EventTooLarge(usize),
    /// All workers have a call.
    #[error("all {workers} workers of function `{name}` are busy")]
    Busy { name: String, workers: usize },
    #[error("function `{name}` was removed, or Pinwheel is stopping")]
    Closed { name: String },
    #[error("{what}: {problem}")]
    Io { what: String, problem: String },
}

impl Error {
    fn io(what: impl Into<String>, error: &io::Error) -> Self {
        Self::Io { what: what.into(), problem: error.to_string() }
    }
}

/// Where functions live: what they all have in common.
#[derive(Clone)]
struct Home {
    region: String,
    account_id: String,
    /// Absolute. Logs, unpacked code and what interpreters are started with.
    directory: PathBuf,
    /// Variables of this process that every worker gets, such as `PATH`.
    inherited: Arc<BTreeMap<String, String>>,
    clock: Arc<dyn Clock>,
}

impl Home {
    fn arn(&self, name: &str) -> String {
        format!("arn:aws:lambda:{}:{}:function:{name}", self.region, self.account_id)
    }
}

/// All local functions of the process.
pub struct Functions {
    home: Home,
    functions: RwLock<BTreeMap<String, Arc<Function>>>,
}

impl Functions {
    /// The functions of the settings. `directory` takes their logs and unpacked code, and is made when it is needed.
    /// `inherited` are the variables of this process that workers may see; they get no others.
    ///
    /// Errors: [`Error::Setting`].
    pub fn new(
        settings: &BTreeMap<String, config::Function>,
        home: &config::Aws,
        directory: &Path,
        inherited: BTreeMap<String, String>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, Error> {
        let directory = std::path::absolute(directory)
            .map_err(|error| Error::io(format!("`{}` is no place for functions", directory.display()), &error))?;
        let home = Home {
            region: home.region.clone(),
            account_id: home.account_id.clone(),
            directory,
            inherited: Arc::new(inherited),
            clock,
        };
        let functions = Self { home, functions: RwLock::default() };
        for (name, function) in settings {
            functions.put(Configuration::of_settings(name, function)?, &Policy::default());
        }
        Ok(Arc::new(functions))
    }

    /// In alphabetical order.
    pub fn names(&self) -> Vec<String> {
        self.functions.read().keys().cloned().collect()
    }

    /// The function that a name, an ARN of our region and account, or a partial ARN names, also with the qualifier
    /// `$LATEST`. Another qualifier names nothing here: there are no versions and aliases.
    ///
    /// Source: Lambda API reference, Invoke, `FunctionName`.
    pub fn find(&self, name: &str) -> Option<Arc<Function>> {
        let name = self.name_in(name)?;
        self.functions.read().get(name).cloned()
    }

    /// Whether there was a function of this name that is gone: its folder is left.
    ///
    /// Shape: the folder.
    pub(in crate::hook) fn gone(&self, name: &str) -> Option<PathBuf> {
        let name = self.name_in(name).filter(|name| configuration::is_name(name))?;
        let folder = self.home.directory.join(name);
        (!self.functions.read().contains_key(name) && folder.is_dir()).then_some(folder)
    }

    fn name_in<'a>(&self, text: &'a str) -> Option<&'a str> {
        let parts: Vec<_> = text.split(':').collect();
        let Home { region, account_id, .. } = &self.home;
        let (name, rest) = match &parts[..] {
            ["arn", _, "lambda", there, account, "function", name, rest @ ..]
                if there == region && account == account_id =>
            {
                (name, rest)
            }
            ["arn", ..] => return None,
            [account, "function", name, rest @ ..] if account == account_id => (name, rest),
            ["function", name, rest @ ..] | [name, rest @ ..] => (name, rest),
            [] => return None,
        };
        matches!(rest, [] | ["$LATEST"]).then_some(name)
    }

    /// Adds a function or replaces one; `added` is what its policy has beside the settings. Calls under way end on the old one,
    /// and its workers with them.
    pub fn put(&self, configuration: Configuration, added: &Policy) {
        let name = configuration.name.clone();
        let mut functions = self.functions.write();
        let replaced = functions.get(&name).map(|function| &**function);
        let function = Arc::new(Function::new(configuration, added, self.home.clone(), replaced));
        let _replaced = functions.insert(name, function);
        // Its workers end when it is dropped, which others need not wait for.
        drop(functions);
    }

    /// Whether there was one. Calls under way end; its log stays.
    pub fn remove(&self, name: &str) -> bool {
        self.functions.write().remove(name).is_some()
    }

    /// Ends all workers, also those with a call, and waits until they are gone. Nothing can be called afterwards.
    pub async fn shut_down(&self) {
        // They keep their names: a call that comes late must not go to AWS instead.
        let functions: Vec<_> = self.functions.read().values().cloned().collect();
        futures_util::future::join_all(functions.iter().map(|function| function.shut_down())).await;
    }
}
