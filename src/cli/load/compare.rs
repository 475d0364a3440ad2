//! `pinwheel load compare`: two runs side by side.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use serde::Serialize;

use super::saved;
use crate::loadtest::report::compare::{Comparison, compare};
use crate::loadtest::report::html;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Report of the first run, as JSON.
    a: PathBuf,
    /// Report of the second run.
    b: PathBuf,
    /// Print the comparison as JSON.
    #[arg(long)]
    json: bool,
    /// Write the comparison as a page, with the curves of both runs.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Exit with 1 when p50 or p99 of the second run is higher by more than this and by more than noise, when more of its
    /// calls failed, or when the runs are not comparable.
    #[arg(long, value_name = "PERCENT", value_parser = share)]
    fail_if_slower: Option<f64>,
}

/// The comparison with what it comes to.
#[derive(Serialize)]
struct Output<'a> {
    summary: String,
    comparable: bool,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (a, b) = (saved::read(&args.a)?, saved::read(&args.b)?);
    let comparison = compare(&a, &b);
    if let Some(path) = &args.html {
        let page = html::comparison(&comparison, &a, &b);
        std::fs::write(path, page).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    if args.json {
        let (summary, comparable) = (comparison.summary(), comparison.is_comparable());
        println!("{}", serde_json::to_string_pretty(&Output { summary, comparable, comparison: &comparison })?);
    } else {
        print!("{}", text(&comparison));
    }
    let Some(share) = args.fail_if_slower else { return Ok(ExitCode::SUCCESS) };
    let slower = comparison.slower_than(share);
    if !comparison.is_comparable() {
        eprintln!("not comparable, so it cannot be told whether the second run is slower");
    } else if slower.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for reason in slower {
        eprintln!("slower: {reason}");
    }
    Ok(ExitCode::FAILURE)
}

fn text(comparison: &Comparison) -> String {
    let mut text = String::new();
    let mut line = |line: String| writeln!(text, "{}", line.trim_end()).expect("text takes text");
    for (name, side) in [("A", &comparison.a), ("B", &comparison.b)] {
        let verdict = format!("{:?}", side.verdict).to_lowercase();
        line(format!("{name}  {}, {}, {verdict}", side.function, side.started_at));
    }
    for difference in &comparison.differences {
        line(format!("not comparable: {}: {} / {}", difference.what, difference.a, difference.b));
    }
    for note in &comparison.notes {
        line(format!("note: {note}"));
    }
    line(format!("\n{:28}{:>12}{:>12}{:>9}", "", "A", "B", "B / A"));
    for measure in &comparison.measures {
        let (a, b) = (measure.unit.write(measure.a), measure.unit.write(measure.b));
        let ratio = measure.ratio_text();
        let judgement = measure.judgement.map_or("", |judgement| judgement.words());
        line(format!("{:28}{a:>12}{b:>12}{ratio:>9}  {judgement}", measure.name));
    }
    line(format!("\n{}", comparison.summary()));
    text
}

/// `10%` or `10` as 0.1.
fn share(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    let percent = number.parse().ok().filter(|percent: &f64| percent.is_finite() && *percent >= 0.0);
    percent.map(|percent| percent / 100.0).ok_or_else(|| "it is a percentage such as `10%`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percentages() {
        let cases =
            [("10%", Some(0.1)), ("2.5", Some(0.025)), ("0%", Some(0.0)), ("-1%", None), ("NaN", None), ("x", None)];
        for (text, expected) in cases {
            assert_eq!(share(text).ok(), expected, "{text}");
        }
    }
}
