//! `pinwheel hook check`: whether a function keeps to the contract, and what would happen in a campaign if not.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde::Serialize;

use super::{EXIT_UNUSABLE, duration, function};
use crate::cli::Settings;
use crate::cli::plain::{Plain, plain};
use crate::clock::System;
use crate::domain::limit::HOOK_TIMEOUT_MAX;
use crate::hook::check::cases::{self, CONCURRENT, Case};
use crate::hook::check::check;
use crate::hook::check::finding::Severity;
use crate::hook::check::report::{Called, Report};

#[derive(clap::Args, Debug)]
pub struct Args {
    /// A local function, a function on AWS Lambda, or a URL.
    function: String,
    /// Call it with this event instead of composed ones; may be repeated.
    #[arg(long, value_name = "FILE")]
    event: Vec<PathBuf>,
    /// Time for each call, at most 15s; `hook.timeout` if not given.
    #[arg(long, value_parser = duration)]
    timeout: Option<Duration>,
    /// Another seed composes other events of the same kinds.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Fail on warnings too.
    #[arg(long)]
    strict: bool,
    /// Print JSON, as docs/hook-check.schema.json describes it.
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
    function: &'a str,
    seed: u64,
    /// What the exit code goes by.
    passed: bool,
    errors: usize,
    warnings: usize,
    notes: usize,
    #[serde(flatten)]
    report: &'a Report,
}

/// Exit codes: 0 when it keeps to the contract, 1 when not, 2 when it cannot be checked.
pub async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    match checked(&args, settings).await {
        Ok(report) => {
            let worst = if args.strict { Severity::Warning } else { Severity::Error };
            let passed = report.severity().is_none_or(|severity| severity > worst);
            print(&args, &report, passed, &mut Plain(std::io::stdout().lock()))?;
            Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Err(error) => {
            eprintln!("error: {}", plain(&format!("{error:#}")));
            Ok(ExitCode::from(EXIT_UNUSABLE))
        }
    }
}

async fn checked(args: &Args, settings: &Settings) -> anyhow::Result<Report> {
    let config = settings.load(None)?;
    let timeout = args.timeout.unwrap_or(config.hook.timeout);
    if timeout.is_zero() || timeout > HOOK_TIMEOUT_MAX {
        return Err(anyhow!("`--timeout` is {timeout:?}, and must be more than 0s and at most {HOOK_TIMEOUT_MAX:?}"));
    }
    let (cases, concurrent) = cases(args)?;
    let opened = function::open(&config, &args.function, args.allow_remote).await?;
    let report = check(&*opened.invoker, &System::default(), timeout, &cases, &concurrent).await;
    opened.close().await;
    Ok(report)
}

/// The events, and those of them that are sent at once.
fn cases(args: &Args) -> anyhow::Result<(Vec<Case>, Vec<Case>)> {
    if args.event.is_empty() {
        return Ok((cases::compose(args.seed), cases::concurrent(args.seed)));
    }
    let mut cases = Vec::with_capacity(args.event.len());
    for path in &args.event {
        let name = path.display();
        let event = std::fs::read(path).with_context(|| format!("cannot read `{name}`"))?;
        cases.push(Case::of_event(event).map_err(|problem| anyhow!("`{name}`: {problem}"))?);
    }
    let concurrent = cases.iter().cycle().take(CONCURRENT as usize);
    let concurrent = concurrent.map(|case| Case { name: "concurrent", ..case.clone() }).collect();
    Ok((cases, concurrent))
}

fn print(args: &Args, report: &Report, passed: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let count = |severity| report.findings.iter().filter(|group| group.severity == severity).count();
    let (errors, warnings, notes) = (count(Severity::Error), count(Severity::Warning), count(Severity::Note));
    if args.json {
        let function = args.function.split(['?', '#']).next().unwrap_or_default();
        let output = Output { version: 1, function, seed: args.seed, passed, errors, warnings, notes, report };
        serde_json::to_writer_pretty(&mut *out, &output)?;
        writeln!(out)?;
        return Ok(());
    }
    writeln!(out, "{:<16}{:>10}{:>12}{:>12}{:>12}  endpoints", "case", "endpoints", "event", "answer", "time")?;
    for called in &report.calls {
        let Called { case, endpoints, event_bytes, answer_bytes, latency_ms, kept, dropped } = called;
        let answer = answer_bytes.map_or_else(|| "-".to_owned(), |bytes| format!("{bytes} B"));
        let became = match (kept, dropped) {
            (Some(kept), Some(dropped)) => format!("{kept} kept, {dropped} dropped"),
            _ => "the batch fails".to_owned(),
        };
        let event = format!("{event_bytes} B");
        let time = format!("{latency_ms:.1} ms");
        writeln!(out, "{case:<16}{endpoints:>10}{event:>12}{answer:>12}{time:>12}  {became}")?;
    }
    for group in &report.findings {
        writeln!(out, "\n{} {}: {}", group.severity.as_str(), group.code.as_str(), group.found)?;
        writeln!(out, "  rule    {}", group.rule)?;
        writeln!(out, "  effect  {}", group.effect)?;
        for example in &group.examples {
            let place = example.place.clone().or_else(|| example.endpoint.clone()).unwrap_or_default();
            writeln!(out, "  at      {}{}{place}", example.case, if place.is_empty() { "" } else { ": " })?;
        }
        let more = group.times - group.examples.len();
        if more > 0 {
            writeln!(out, "          and {more} more, in {}", group.cases.join(", "))?;
        }
    }
    let verdict = if passed { "the function keeps to the contract" } else { "the function breaks the contract" };
    writeln!(out, "\n{verdict}: {} calls, {errors} errors, {warnings} warnings, {notes} notes", report.calls.len())?;
    Ok(())
}
