//! `pinwheel hook invoke`: one attempt at one call.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use crate::app;
use crate::cli::Settings;
use crate::hook::Target;

#[derive(clap::Args, Debug)]
pub struct Args {
    /// A local function, a function on AWS Lambda, or a URL.
    function: String,
    /// The event as JSON; `-` for standard input.
    #[arg(value_name = "FILE")]
    event: PathBuf,
}

pub async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let config = settings.load(None)?;
    let event = read(&args.event)?;
    let target = Target::of_delivery_uri(&args.function)?;
    let (invokers, functions) = app::invokers(&config)?;
    let answer = invokers.invoker(&target)?.invoke(event.into(), None).await;
    functions.shut_down().await;
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
