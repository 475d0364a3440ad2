//! `pinwheel hook replay`: who would be dropped or kept, and what would change, if another function had been called.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use serde::Serialize;

use super::{EXIT_UNUSABLE, function};
use crate::cli::Settings;
use crate::cli::plain::{Plain, plain};
use crate::clock::System;
use crate::hook::record::compare::{Difference, What};
use crate::hook::record::read::Recording;
use crate::hook::record::replay::{Latency, Options, Report, replay};

#[derive(clap::Args, Debug)]
pub struct Args {
    /// A file of a recording, or the folder that `hook.record.directory` named.
    recording: PathBuf,
    /// A local function, a function on AWS Lambda, or a URL.
    function: String,
    /// Batches that are replayed, from the first.
    #[arg(long)]
    limit: Option<usize>,
    /// Calls at once.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=4096))]
    in_flight: u16,
    /// Calls with differences that are shown.
    #[arg(long, value_name = "N", default_value_t = 5)]
    examples: usize,
    /// Show the values of members that differ, and not their names alone.
    #[arg(long)]
    values: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Also call what is not on this machine: a public URL, AWS Lambda.
    #[arg(long)]
    allow_remote: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Output<'a> {
    version: u32,
    identical: bool,
    #[serde(flatten)]
    report: &'a Report,
}

/// Exit codes: 0 when nothing differs, 1 when something does, 2 when it could not be run.
pub async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    match replayed(&args, settings).await {
        Ok(report) => {
            print(&args, &report, &mut Plain(std::io::stdout().lock()))?;
            Ok(if report.is_same() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Err(error) => {
            eprintln!("error: {}", plain(&format!("{error:#}")));
            Ok(ExitCode::from(EXIT_UNUSABLE))
        }
    }
}

async fn replayed(args: &Args, settings: &Settings) -> anyhow::Result<Report> {
    let config = settings.load(None)?;
    let recording = Recording::open(&args.recording)?;
    if recording.is_empty() {
        bail!("there are no calls in `{}`", args.recording.display());
    }
    let opened = function::open(&config, &args.function, args.allow_remote).await?;
    let options = Options {
        timeout: config.hook.timeout,
        in_flight: args.in_flight.into(),
        limit: args.limit.unwrap_or(usize::MAX),
        examples_max: args.examples,
        values: args.values,
    };
    let replayed = replay(&recording, opened.invoker.clone(), &System::default(), options).await;
    opened.close().await;
    let mut report = replayed?;
    if let Some(error) = report.unreached.take() {
        return Err(error.into());
    }
    if report.summary.calls == 0 {
        bail!("none of the calls in `{}` can be made again", args.recording.display());
    }
    Ok(report)
}

fn print(args: &Args, report: &Report, out: &mut impl Write) -> anyhow::Result<()> {
    if args.json {
        serde_json::to_writer_pretty(&mut *out, &Output { version: 1, identical: report.is_same(), report })?;
        writeln!(out)?;
        return Ok(());
    }
    let summary = &report.summary;
    writeln!(
        out,
        "{} calls with {} endpoints; {} without a difference",
        summary.calls, summary.endpoints, summary.same
    )?;
    if report.unreadable > 0 {
        writeln!(out, "{} recorded events cannot be sent", report.unreadable)?;
    }
    for (label, Latency { calls, p50_ms, p99_ms }) in [("old", report.old_latency), ("new", report.new_latency)] {
        writeln!(out, "{label} latency: p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms over {calls} answers")?;
    }
    let counts = [
        (summary.dropped, "would get no message any more"),
        (summary.kept, "would get a message now"),
        (summary.title_overrides, "would get another TitleOverride"),
        (summary.body_overrides, "would get another BodyOverride"),
    ];
    for (count, what) in counts.iter().filter(|(count, _)| *count > 0) {
        writeln!(out, "{count} endpoints {what}")?;
    }
    for (member, count) in &summary.members {
        writeln!(out, "{count} endpoints would have another {member}")?;
    }
    for (error, count) in &summary.errors {
        writeln!(out, "{count} calls: {error}")?;
    }
    for example in &report.examples {
        writeln!(
            out,
            "\ncall {}{}",
            example.call,
            example.error.as_ref().map(|e| format!(": {e}")).unwrap_or_default()
        )?;
        for difference in &example.endpoints {
            writeln!(out, "  {}", text(difference))?;
        }
    }
    Ok(())
}

fn text(difference: &Difference) -> String {
    let Difference { endpoint, what, old, new } = difference;
    let side = |value: &Option<String>| value.as_ref().map_or_else(|| "none".to_owned(), |value| format!("{value:?}"));
    let change = format!("{} → {}", side(old), side(new));
    match what {
        What::Dropped => format!("{endpoint}: dropped"),
        What::Kept => format!("{endpoint}: kept"),
        What::TitleOverride => format!("{endpoint}: TitleOverride {change}"),
        What::BodyOverride => format!("{endpoint}: BodyOverride {change}"),
        What::Member(name) if old.is_none() && new.is_none() => format!("{endpoint}: {name}"),
        What::Member(name) => format!("{endpoint}: {name} {change}"),
    }
}
