//! Segments: which endpoints of an application are meant.
//!
//! A definition in wire form is [compiled](compile) to [predicates](Predicate) and groups, and [evaluated](evaluate) to
//! a bitmap of endpoint numbers. Everything but [`matching`](scan::matching), which asks which endpoints match
//! dimensions, is bitmap algebra.

mod compile;
pub mod condition;
mod evaluate;
pub mod export;
#[cfg(test)]
mod fake;
mod group;
pub mod import;
pub mod job;
mod narrow;
mod pool;
mod predicate;
mod remote;
mod scan;

pub use compile::{Definition, compile, validate};
pub use evaluate::{Compiled, evaluate, evaluate_among};
pub use group::{Combine, Group, Source};
pub use predicate::Predicate;

use crate::domain::EndpointNumber;
use crate::store;
use crate::wire::invalid::Invalid;

/// Why a segment could not be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such segment, or not in that version.
    #[error("there is no {}", segment(.id, *.version))]
    NotFound { id: String, version: Option<u32> },
    /// A group names a segment that does not exist.
    #[error("segment `{of}` has the source {}, which does not exist", segment(.id, *.version))]
    SourceNotFound { of: String, id: String, version: Option<u32> },
    /// A segment is, over its groups, a source of itself.
    #[error("segment `{id}` is a source of itself: {}", .trail.join(" → "))]
    Cycle { id: String, trail: Vec<String> },
    /// An imported segment whose import was cut off before its members were saved.
    #[error("version {version} of the imported segment `{id}` has no members: its import did not end")]
    NoMembers { id: String, version: u32 },
    /// The definition breaks a rule.
    #[error("segment `{id}`, version {version}: {source}")]
    Definition {
        id: String,
        version: u32,
        #[source]
        source: Invalid,
    },
    /// The stored definition is not one.
    #[error("the stored definition of segment `{id}`, version {version}, is damaged")]
    DamagedDefinition {
        id: String,
        version: u32,
        #[source]
        source: serde_json::Error,
    },
    /// A stored endpoint is not one.
    #[error("the stored endpoint number {number} is damaged")]
    DamagedEndpoint {
        number: EndpointNumber,
        #[source]
        source: serde_json::Error,
    },
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Store(error) => error.is_retryable(),
            // What is stored does not change by waiting.
            Self::NotFound { .. }
            | Self::SourceNotFound { .. }
            | Self::Cycle { .. }
            | Self::NoMembers { .. }
            | Self::Definition { .. }
            | Self::DamagedDefinition { .. }
            | Self::DamagedEndpoint { .. } => false,
        }
    }
}

fn segment(id: &str, version: Option<u32>) -> String {
    match version {
        Some(version) => format!("version {version} of segment `{id}`"),
        None => format!("segment `{id}`"),
    }
}
