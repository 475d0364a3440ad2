//! `pinwheel import`: endpoints from files into the store.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::clock::{Clock, wire_text};
use crate::config::Config;
use crate::domain::ApplicationId;
use crate::segment::import::{self, Event, Existing, FAILURES_MAX, Format, Options, Segment, Source, Summary};
use crate::store::{Application, Store};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// File, folder or s3://bucket/prefix; CSV or newline-delimited JSON, packed with gzip or not
    source: String,
    /// Application the endpoints belong to
    #[arg(long, value_name = "ID")]
    application: String,
    /// Make the application if there is none
    #[arg(long)]
    create: bool,
    /// Skip files of the other format
    #[arg(long, value_enum, ignore_case = true)]
    format: Option<FormatArg>,
    /// Define this segment from the endpoints and users in the files
    #[arg(long, value_name = "ID")]
    segment: Option<String>,
    /// Name of the segment; alone, it defines a new one
    #[arg(long, value_name = "NAME")]
    segment_name: Option<String>,
    /// Leave endpoints that exist as they are; they only become members of the segment
    #[arg(long)]
    keep_existing: bool,
    /// Fail if any line or file could not be imported
    #[arg(long)]
    strict: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FormatArg {
    Csv,
    Json,
}

impl Args {
    fn options(&self) -> Options {
        let (id, name) = (self.segment.clone(), self.segment_name.clone());
        Options {
            format: self.format.map(|format| match format {
                FormatArg::Csv => Format::Csv,
                FormatArg::Json => Format::Json,
            }),
            existing: if self.keep_existing { Existing::Keep } else { Existing::Update },
            segment: (id.is_some() || name.is_some()).then_some(Segment { id, name, job: None }),
        }
    }
}

/// Imports and says what came of it.
///
/// Errors: nothing was imported, or with `--strict` not everything.
pub async fn run(args: Args, store: Arc<dyn Store>, clock: &dyn Clock, config: &Config) -> anyhow::Result<ExitCode> {
    let application = ApplicationId::new(&args.application);
    let source = Source::parse(&args.source, &config.aws)?;
    if store.application(&application).await?.is_none() {
        if !args.create {
            bail!("there is no application `{application}`; add `--create` to make it");
        }
        let now = wire_text(clock.now());
        let new = Application {
            id: application.clone(),
            name: args.application.clone(),
            settings: "{}".to_owned(),
            tags: "{}".to_owned(),
            creation_date: now.clone(),
            last_modified_date: now,
            revision: 0,
        };
        store.put_application(new).await?;
    }

    let summary = import(&*store, clock, &application, &source, &args.options())
        .await
        .with_context(|| format!("cannot import `{}`", args.source))?;
    println!("{}", render(&summary, args.json));
    if summary.imported == 0 {
        bail!("nothing was imported");
    }
    if args.strict && summary.failed + summary.files_failed > 0 {
        let failed = (count(summary.failed, "line"), count(summary.files_failed, "file"));
        bail!("{} and {} could not be imported", failed.0, failed.1);
    }
    Ok(ExitCode::SUCCESS)
}

/// Imports while somebody watches: a bar on a terminal, bad lines as they come.
pub async fn import(
    store: &dyn Store,
    clock: &dyn Clock,
    application: &ApplicationId,
    source: &Source,
    options: &Options,
) -> Result<Summary, import::Error> {
    let style = "{elapsed_precise} {bar:30} {percent:>3} %  {binary_bytes} of {binary_total_bytes}  {msg}";
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(style).expect("the template is valid"));
    let failures = AtomicU64::new(0);
    let observer = |event: Event<'_>| match event {
        Event::Failed(failure) => {
            if failures.fetch_add(1, Ordering::Relaxed) < FAILURES_MAX as u64 {
                bar.suspend(|| eprintln!("{failure}"));
            }
        }
        Event::Progressed { bytes_read, bytes_total, summary } => {
            bar.set_length(bytes_total);
            bar.set_position(bytes_read);
            bar.set_message(format!("{} imported, {} failed", summary.imported, summary.failed));
        }
        Event::Defining => bar.set_message("the segment is being defined"),
    };
    let summary = import::run(store, clock, application, source, options, &observer).await?;
    bar.finish_and_clear();

    let unsaid = failures.into_inner().saturating_sub(FAILURES_MAX as u64);
    if unsaid > 0 {
        eprintln!("and {unsaid} more");
    }
    Ok(summary)
}

fn render(summary: &Summary, json: bool) -> String {
    if json {
        return serde_json::to_string_pretty(&Report::new(summary)).expect("text and numbers are JSON");
    }
    let endpoints = count(summary.touched.len(), "endpoint");
    let mut text = format!(
        "{} of {}: {} imported, {} failed; {endpoints}",
        count(summary.lines, "line"),
        count(summary.files, "file"),
        summary.imported,
        summary.failed,
    );
    for (files, what) in [(summary.files_failed, "unreadable"), (summary.files_skipped, "of the other format")] {
        if files > 0 {
            text.push_str(&format!("; {} {what}", count(files, "file")));
        }
    }
    if let Some((id, version)) = &summary.segment {
        text.push_str(&format!("\nsegment `{id}`, version {version}: {endpoints}"));
    }
    text
}

fn count(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The summary for programs.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Report<'a> {
    files: u64,
    files_skipped: u64,
    files_failed: u64,
    lines: u64,
    imported: u64,
    failed: u64,
    /// Distinct endpoints that the lines named.
    endpoints: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    segment_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segment_version: Option<u32>,
    /// The first ones.
    failures: Vec<FailureReport<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct FailureReport<'a> {
    file: &'a str,
    line: u64,
    reason: &'a str,
}

impl<'a> Report<'a> {
    fn new(summary: &'a Summary) -> Self {
        let failures = summary.failures.iter();
        Self {
            files: summary.files,
            files_skipped: summary.files_skipped,
            files_failed: summary.files_failed,
            lines: summary.lines,
            imported: summary.imported,
            failed: summary.failed,
            endpoints: summary.touched.len(),
            segment_id: summary.segment.as_ref().map(|(id, _)| id.as_str()),
            segment_version: summary.segment.as_ref().map(|(_, version)| *version),
            failures: failures
                .map(|failure| FailureReport { file: &failure.file, line: failure.line, reason: &failure.reason })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::segment::import::Failure;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    fn options(flags: &[&str]) -> Options {
        let flags = ["import", "file", "--application", "app"].iter().chain(flags);
        Command::parse_from(flags).args.options()
    }

    #[test]
    fn flags_become_options() {
        let plain = options(&[]);
        assert!(plain.segment.is_none() && plain.format.is_none() && plain.existing == Existing::Update);
        let all = options(&["--format", "CSV", "--segment", "s", "--segment-name", "n", "--keep-existing"]);
        assert_eq!((all.format, all.existing), (Some(Format::Csv), Existing::Keep));
        let segment = all.segment.unwrap();
        assert_eq!((segment.id.as_deref(), segment.name.as_deref()), (Some("s"), Some("n")));
        assert_eq!(options(&["--segment-name", "n"]).segment.unwrap().id, None);
    }

    #[test]
    fn summaries_are_text_or_json() {
        let summary = Summary {
            files: 2,
            files_failed: 1,
            lines: 5,
            imported: 4,
            failed: 1,
            failures: vec![Failure { file: "a.csv".into(), line: 3, reason: "Id: missing".into() }],
            touched: (0..3).collect(),
            segment: Some(("s".into(), 2)),
            ..Summary::default()
        };
        let text = "5 lines of 2 files: 4 imported, 1 failed; 3 endpoints; 1 file unreadable\n\
                    segment `s`, version 2: 3 endpoints";
        assert_eq!(render(&summary, false), text);
        let json: serde_json::Value = serde_json::from_str(&render(&summary, true)).unwrap();
        let expected = serde_json::json!({
            "Files": 2, "FilesSkipped": 0, "FilesFailed": 1, "Lines": 5, "Imported": 4, "Failed": 1, "Endpoints": 3,
            "SegmentId": "s", "SegmentVersion": 2,
            "Failures": [{ "File": "a.csv", "Line": 3, "Reason": "Id: missing" }],
        });
        assert_eq!(json, expected);
    }
}
