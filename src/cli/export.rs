//! `pinwheel export`: endpoints from the store into files.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::ApplicationId;
use crate::segment::export::{self, Destination, Options, PIECE_ENDPOINTS, Summary};
use crate::store::Store;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// File, folder, s3://bucket/prefix, or - for standard output; a name that ends in .gz is packed with gzip
    #[arg(default_value = "-")]
    destination: String,
    /// Application the endpoints belong to
    #[arg(long, value_name = "ID")]
    application: String,
    /// Export the endpoints of this segment only
    #[arg(long, value_name = "ID")]
    segment: Option<String>,
    /// Version of the segment; the latest if not given
    #[arg(long, value_name = "NUMBER", requires = "segment")]
    segment_version: Option<u32>,
    /// Pack with gzip
    #[arg(long)]
    gzip: bool,
    /// Endpoints of one file of a folder or bucket, give or take a few thousand
    #[arg(long, value_name = "NUMBER", default_value_t = PIECE_ENDPOINTS)]
    piece_endpoints: u64,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

impl Args {
    fn options(&self) -> Options {
        Options {
            segment: self.segment.clone().map(|id| (id, self.segment_version)),
            gzip: self.gzip || self.destination.ends_with(".gz"),
            piece_endpoints: self.piece_endpoints,
        }
    }
}

/// Exports and says what came of it; on standard error when the endpoints go to standard output.
pub async fn run(args: Args, store: Arc<dyn Store>, clock: &dyn Clock, config: &Config) -> anyhow::Result<ExitCode> {
    let application = ApplicationId::new(&args.application);
    if store.application(&application).await?.is_none() {
        bail!("there is no application `{application}`");
    }
    let destination = Destination::parse(&args.destination, &config.aws)?;
    let to_stdout = matches!(destination, Destination::Stream { .. });

    let style = ProgressStyle::with_template("{elapsed_precise} {spinner} {human_pos} endpoints  {per_sec}");
    let bar = ProgressBar::no_length().with_style(style.expect("the template is valid"));
    let observer = |summary: &Summary| bar.set_position(summary.endpoints);
    let summary = export::run(&*store, &application, destination, &args.options(), clock.now(), &observer)
        .await
        .with_context(|| format!("cannot export to `{}`", args.destination))?;
    bar.finish_and_clear();

    let report = render(&summary, args.json);
    if to_stdout {
        eprintln!("{report}");
    } else {
        println!("{report}");
    }
    Ok(ExitCode::SUCCESS)
}

fn render(summary: &Summary, json: bool) -> String {
    let Summary { endpoints, bytes, files } = summary;
    if json {
        let report = Report { endpoints: *endpoints, bytes: *bytes, files };
        return serde_json::to_string_pretty(&report).expect("text and numbers are JSON");
    }
    format!("{endpoints} endpoints, {bytes} bytes, in {}", files.join(", "))
}

/// The summary for programs.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Report<'a> {
    endpoints: u64,
    bytes: u64,
    files: &'a [String],
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    fn options(flags: &[&str]) -> Options {
        let flags = ["export", "--application", "app"].iter().chain(flags);
        Command::parse_from(flags).args.options()
    }

    #[test]
    fn flags_become_options() {
        let plain = options(&[]);
        assert!(plain.segment.is_none() && !plain.gzip && plain.piece_endpoints == PIECE_ENDPOINTS);
        assert!(options(&["all.json.gz"]).gzip && options(&["folder", "--gzip"]).gzip);
        let segment = options(&["--segment", "s", "--segment-version", "3", "--piece-endpoints", "10"]);
        assert_eq!((segment.segment, segment.piece_endpoints), (Some(("s".to_owned(), Some(3))), 10));
    }

    #[test]
    fn summaries_are_text_or_json() {
        let summary = Summary { endpoints: 3, bytes: 90, files: vec!["a".into(), "b".into()] };
        assert_eq!(render(&summary, false), "3 endpoints, 90 bytes, in a, b");
        let json: serde_json::Value = serde_json::from_str(&render(&summary, true)).unwrap();
        assert_eq!(json, serde_json::json!({ "Endpoints": 3, "Bytes": 90, "Files": ["a", "b"] }));
    }
}
