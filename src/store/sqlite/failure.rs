//! How work on a connection fails, before the call that asked for it gives the failure a name.

use rusqlite::ErrorCode;

use crate::store::Error;

/// Why a piece of work failed: a statement did, or the store says no.
#[derive(Debug)]
pub enum Failure {
    Statement(rusqlite::Error),
    Store(Error),
}

impl Failure {
    /// The store's error for a call that was to do this.
    pub fn during(self, operation: &'static str) -> Error {
        match self {
            Self::Store(error) => error,
            Self::Statement(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    Error::Damaged { what: error.to_string() }
                }
                _ => Error::Backend { operation, source: Box::new(error) },
            },
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Statement(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

/// Something stored that we did not write.
pub fn damaged(what: impl Into<String>) -> Failure {
    Failure::Store(Error::Damaged { what: what.into() })
}

/// Nothing of this kind has this id.
pub fn not_found(kind: &'static str, id: &str) -> Failure {
    Failure::Store(Error::NotFound { kind, id: id.to_owned() })
}

/// Somebody else wrote it meanwhile.
pub fn conflict(kind: &'static str, id: &str) -> Failure {
    Failure::Store(Error::Conflict { kind, id: id.to_owned() })
}
