//! Reports that were written to files.

use std::path::Path;

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::loadtest::report::{FORMAT, Report};

/// Reads a report of `pinwheel load --json`.
pub fn read(path: &Path) -> anyhow::Result<Report> {
    #[derive(Deserialize)]
    struct Form {
        format: u32,
    }
    let json = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let is_none = || format!("`{}` is no report of `pinwheel load --json`", path.display());
    // Before the rest, which another form may spell differently.
    let Form { format } = serde_json::from_slice(&json).with_context(is_none)?;
    if format != FORMAT {
        bail!("`{}` has format {format}, and this version reads {FORMAT} only", path.display());
    }
    serde_json::from_slice(&json).with_context(is_none)
}
