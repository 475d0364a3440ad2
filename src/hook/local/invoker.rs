//! Local functions as hooks call them.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::{Error, FunctionError, Functions};
use crate::hook::{self, Invoker, Source, lambda};

/// A function by its name: a local one while there is one, else the one on AWS.
pub(in crate::hook) struct LocalOrAws {
    name: String,
    functions: Arc<Functions>,
    aws: lambda::Function,
}

impl LocalOrAws {
    pub fn new(name: &str, functions: Arc<Functions>, aws: lambda::Function) -> Self {
        Self { name: name.to_owned(), functions, aws }
    }
}

impl Invoker for LocalOrAws {
    fn invoke<'a>(&'a self, event: Bytes, source: Option<&'a Source>) -> BoxFuture<'a, Result<Vec<u8>, hook::Error>> {
        Box::pin(async move {
            let Some(function) = self.functions.find(&self.name) else {
                // Events hold people's data: they go to AWS only if nobody had a function of this machine in mind.
                return match self.functions.gone(&self.name) {
                    Some(folder) => Err(gone(&self.name, &folder)),
                    None => self.aws.invoke(event, source).await,
                };
            };
            if let Some(source) = source {
                function.authorize(source)?;
            }
            let invoked = function.call(event).await?;
            match invoked.function_error {
                Some(FunctionError::TimedOut) => Err(hook::Error::Timeout(function.configuration().timeout)),
                Some(FunctionError::Unhandled) => Err(hook::Error::Function(lambda::message_of(&invoked.payload))),
                None => Ok(invoked.payload),
            }
        })
    }
}

fn gone(name: &str, folder: &Path) -> hook::Error {
    hook::Error::Refused(format!(
        "the local function `{name}` is gone; to call one of this name on AWS Lambda, remove `{}`",
        folder.display()
    ))
}

impl From<Error> for hook::Error {
    fn from(error: Error) -> Self {
        let reason = error.to_string();
        match error {
            // Settings and events stay as they are.
            Error::Setting { .. } | Error::EventTooLarge(_) => Self::Refused(reason),
            // Somebody may be putting new code in its place, or installing what is missing.
            Error::Code { .. } | Error::Interpreter { .. } | Error::Start { .. } | Error::Io { .. } => {
                Self::Function(reason)
            }
            Error::Busy { .. } => Self::Throttled { reason, retry_after: None },
            // Replaced or being stopped: the next attempt meets the new one.
            Error::Closed { .. } => Self::Unreachable(reason),
        }
    }
}
