//! Logs, metrics and health: the only place that spells a metric's name.

mod health;
mod log;
pub mod metric;
mod recorder;
mod server;

use std::net::SocketAddr;

pub use health::{Health, Work};
pub use log::install;
pub use recorder::Recorder;
pub use server::Server;

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The filter is not in tracing's syntax.
    #[error("`log.filter` is `{filter}`, but must be a filter such as \"info\" or \"warn,pinwheel::hook=debug\"")]
    Filter { filter: String },
    /// Logs or metrics were installed before.
    #[error("{what} are installed already")]
    Installed { what: &'static str },
    /// The address for metrics and health cannot be used.
    #[error("cannot listen on `{address}` (`telemetry.listen`): {source}")]
    Bind {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
}
