//! `pinwheel hook invoke`: one attempt at one call.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use serde::de::IgnoredAny;

use super::function;
use crate::cli::Settings;

#[derive(clap::Args, Debug)]
pub struct Args {
    /// A local function, a function on AWS Lambda, or a URL.
    function: String,
    /// The event as JSON; `-` for standard input.
    #[arg(value_name = "FILE")]
    event: PathBuf,
    /// Also call what is not on this machine: a public URL, AWS Lambda.
    #[arg(long)]
    allow_remote: bool,
}

pub async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let config = settings.load(None)?;
    let event = read(&args.event)?;
    serde_json::from_slice::<IgnoredAny>(&event).context("the event is not JSON")?;
    let opened = function::open(&config, &args.function, args.allow_remote).await?;
    let answer = opened.invoker.invoke(event.into(), None).await;
    opened.close().await;
    let answer = answer?;
    let mut out = std::io::stdout().lock();
    out.write_all(&answer)?;
    out.write_all(b"\n")?;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &PathBuf) -> anyhow::Result<Vec<u8>> {
    let mut event = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().read_to_end(&mut event)?;
    } else {
        event = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    }
    Ok(event)
}
