//! `pinwheel load forecast`, and `--forecast` of a test: what a run over a segment will take.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use super::saved;
use crate::app;
use crate::cli::Settings;
use crate::clock::{Clock, System};
use crate::config::Config;
use crate::domain::ApplicationId;
use crate::loadtest::report::Report;
use crate::loadtest::report::forecast::{Computing, Forecast, Prices, Question, forecast};
use crate::segment;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Report of a test, as JSON.
    report: PathBuf,
    /// Endpoints of the run, such as `10000000` or `10,000,000`.
    #[arg(long, value_name = "NUMBER", value_parser = whole, required_unless_present = "segment", conflicts_with = "segment")]
    endpoints: Option<u64>,
    /// As many endpoints as this segment has now.
    #[arg(long, value_name = "ID", requires = "application")]
    segment: Option<String>,
    /// Application of the segment.
    #[arg(long, value_name = "ID", requires = "segment")]
    application: Option<String>,
    /// Calls in flight; the setting `hook.calls_in_flight` if not given.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    in_flight: Option<u32>,
    #[command(flatten)]
    price: Price,
    /// Print the forecast as JSON.
    #[arg(long)]
    json: bool,
}

/// A forecast at the end of a test.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Asked {
    /// Tell how long a run over so many endpoints will take, with the calls in flight of the settings.
    #[arg(long, value_name = "ENDPOINTS", value_parser = whole, help_heading = "Forecast")]
    forecast: Option<u64>,
    #[command(flatten)]
    price: Price,
}

impl Asked {
    /// The forecast as lines of text, if there is one.
    pub fn text(&self, report: &Report, config: &Config) -> String {
        let Some(endpoints) = self.forecast else { return String::new() };
        match ask(report, config, endpoints, None, self.price) {
            Ok(forecast) => words(&forecast),
            Err(error) => format!("no forecast: {error:#}\n"),
        }
    }
}

/// What the function costs, in any currency.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Price {
    /// Price of a million requests.
    #[arg(long, value_name = "PRICE", value_parser = amount, help_heading = "Forecast")]
    price_per_million_requests: Option<f64>,
    /// Price of a second of computing with a GB of memory.
    #[arg(long, value_name = "PRICE", value_parser = amount, requires = "memory_mb", help_heading = "Forecast")]
    price_per_gb_second: Option<f64>,
    /// Memory of the function.
    #[arg(long, value_name = "MB", requires = "price_per_gb_second", help_heading = "Forecast")]
    memory_mb: Option<u32>,
}

impl Price {
    fn prices(self) -> Prices {
        let computing = self.price_per_gb_second.zip(self.memory_mb);
        Prices {
            per_million_requests: self.price_per_million_requests,
            computing: computing.map(|(per_gb_second, memory_mb)| Computing { per_gb_second, memory_mb }),
        }
    }
}

/// The forecast with what it comes to.
#[derive(Serialize)]
struct Output<'a> {
    summary: String,
    #[serde(flatten)]
    forecast: &'a Forecast,
}

pub async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let report = saved::read(&args.report)?;
    let config = settings.load(None)?;
    let endpoints = match (args.endpoints, &args.application, &args.segment) {
        (Some(endpoints), ..) => endpoints,
        (None, Some(application), Some(id)) => {
            let store = app::open_to_read(&config)?;
            let (application, now) = (ApplicationId::new(application), System::default().now());
            segment::evaluate(&*store, &application, id, None, now).await?.len()
        }
        (None, ..) => unreachable!("the flags ask for either"),
    };
    let forecast = ask(&report, &config, endpoints, args.in_flight, args.price)?;
    if args.json {
        let output = Output { summary: forecast.summary(), forecast: &forecast };
        println!("{}", serde_json::to_string_pretty(&output)?);
    } else {
        print!("{}", words(&forecast));
    }
    Ok(ExitCode::SUCCESS)
}

/// A forecast with the attempts of the settings and, unless given, their calls in flight.
fn ask(
    report: &Report,
    config: &Config,
    endpoints: u64,
    in_flight: Option<u32>,
    price: Price,
) -> anyhow::Result<Forecast> {
    let ours = u32::try_from(config.hook.calls_in_flight).unwrap_or(u32::MAX);
    let question = Question {
        endpoints,
        in_flight: in_flight.unwrap_or(ours),
        attempts_max: config.hook.attempts_max,
        prices: price.prices(),
    };
    Ok(forecast(report, question)?)
}

/// The forecast as lines of text.
fn words(forecast: &Forecast) -> String {
    let details = forecast.details().into_iter().map(|line| format!("  {line}\n"));
    let warnings = forecast.warnings.iter().map(|warning| format!("warning: {warning}\n"));
    let lines = std::iter::once(format!("{}\n", forecast.summary())).chain(details).chain(warnings);
    lines.collect()
}

/// A whole number; its thousands may be set apart.
fn whole(text: &str) -> Result<u64, String> {
    let digits = text.replace([',', '_'], "");
    digits.parse().ok().filter(|number| *number > 0).ok_or_else(|| "it is a whole number of at least 1".to_owned())
}

fn amount(text: &str) -> Result<f64, String> {
    let amount = text.parse().ok().filter(|amount: &f64| amount.is_finite() && *amount >= 0.0);
    amount.ok_or_else(|| "it is an amount such as `0.20`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_have_their_thousands_apart() {
        let cases = [
            ("10000000", Some(10_000_000)),
            ("10,000,000", Some(10_000_000)),
            ("1_000", Some(1_000)),
            ("0", None),
            ("-1", None),
        ];
        for (text, expected) in cases {
            assert_eq!(whole(text).ok(), expected, "{text}");
        }
        assert_eq!(amount("0.0000166667"), Ok(0.0000166667));
        assert!(amount("-1").is_err() && amount("inf").is_err());
    }
}
