//! What functions there are and how they are set up.

use std::env::consts::ARCH;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::error::Error;
use super::{Answer, Call};
use crate::hook::local::shelf::Entry;

/// Functions of one page. Source: Lambda API reference, ListFunctions: more than 50 are never answered at once.
const PAGE_MAX: usize = 50;
const MAX_ITEMS: std::ops::RangeInclusive<usize> = 1..=10_000;

impl Call {
    pub(super) fn list_functions(&self) -> Result<Answer, Error> {
        let items = match self.parameter("MaxItems") {
            None => PAGE_MAX,
            Some(text) => text.parse().ok().filter(|items| MAX_ITEMS.contains(items)).ok_or_else(|| {
                Error::invalid(format!(
                    "MaxItems: `{text}` is no number from {} to {}",
                    MAX_ITEMS.start(),
                    MAX_ITEMS.end()
                ))
            })?,
        };
        // A marker is the name before the page.
        let after = self.parameter("Marker").unwrap_or_default();
        let names = self.api.functions.functions().names();
        let mut names = names.into_iter().filter(|name| name.as_str() > after).peekable();
        let page: Vec<String> = names.by_ref().take(items.min(PAGE_MAX)).collect();
        // One that is removed in between is left out.
        let entries = page.iter().filter_map(|name| self.api.functions.get(name).ok());
        let mut body = json!({ "Functions": entries.map(|entry| configuration(&entry)).collect::<Vec<_>>() });
        if names.peek().is_some() {
            body["NextMarker"] = page.last().cloned().into();
        }
        Ok(Answer::json(StatusCode::OK, &body))
    }

    pub(super) fn get_function(&self) -> Result<Answer, Error> {
        let entry = self.entry()?;
        let body = json!({
            "Configuration": configuration(&entry),
            // Lambda has a link to the code here.
            "Code": { "RepositoryType": "local" },
            "Concurrency": { "ReservedConcurrentExecutions": entry.function.configuration().workers },
        });
        Ok(Answer::json(StatusCode::OK, &body))
    }

    pub(super) fn get_function_configuration(&self) -> Result<Answer, Error> {
        Ok(Answer::json(StatusCode::OK, &configuration(&self.entry()?)))
    }
}

/// A function as Lambda describes one. It is always ready: no process runs before the first call.
///
/// The environment of a function of the settings is left out: it stands among secrets, and nobody changes it from here.
pub(super) fn configuration(entry: &Entry) -> Value {
    let set_up = entry.function.configuration();
    let mut described = Map::new();
    let mut put = |name: &str, value: Value| described.insert(name.to_owned(), value);
    put("FunctionName", set_up.name.into());
    put("FunctionArn", entry.function.arn().into());
    put("Runtime", set_up.runtime.name.into());
    put("Handler", set_up.handler.into());
    put("Description", set_up.description.into());
    put("Timeout", set_up.timeout.as_secs().max(1).into());
    put("MemorySize", set_up.memory_mb.into());
    put("Version", "$LATEST".into());
    put("State", "Active".into());
    put("LastUpdateStatus", "Successful".into());
    put("PackageType", "Zip".into());
    put("Architectures", json!([if ARCH == "aarch64" { "arm64" } else { ARCH }]));
    put("TracingConfig", json!({ "Mode": "PassThrough" }));
    if let Some(made) = &entry.kept.function {
        put("Role", made.role.as_str().into());
        put("CodeSize", made.code_bytes.into());
        put("CodeSha256", made.code_sha256.as_str().into());
        put("LastModified", made.last_modified.as_str().into());
        put("RevisionId", made.revision_id.as_str().into());
        if !made.environment.is_empty() {
            put("Environment", json!({ "Variables": made.environment }));
        }
    }
    described.into()
}
