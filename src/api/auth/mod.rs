//! Who asks, and what they may.

use crate::domain::ApplicationId;

/// Whether keys are verified.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    Verify,
    Open,
}

pub struct Authenticator {
    pub mode: Mode,
}

pub struct Principal;

#[derive(Debug, thiserror::Error)]
#[error("refused")]
pub struct Error;

impl Error {
    pub fn exception(&self) -> &'static str {
        "ForbiddenException"
    }
}

impl Authenticator {
    pub async fn authenticate(&self, _: &axum::http::request::Parts, _: &[u8]) -> Result<Principal, Error> {
        Ok(Principal)
    }
}

impl Principal {
    pub fn may(&self, _: &str, _: Option<&ApplicationId>) -> Result<(), Error> {
        Ok(())
    }
}
