//! The flags of `pinwheel load`, and what they ask for.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::ArgAction;
use jiff::Timestamp;

use super::forecast::Asked;
use crate::app;
use crate::config::Config;
use crate::domain::ApplicationId;
use crate::loadtest::events::Pool;
use crate::loadtest::pacer::{Plan, Rate, Stage};
use crate::loadtest::profile::Profile;
use crate::loadtest::report::Arrivals;
use crate::loadtest::search::{Limits, Search};
use crate::loadtest::threshold::Threshold;
use crate::loadtest::{Error, Settings, duration};

/// A test for whoever only names a function: enough to see that it answers.
const RATE: Rate = Rate::per_second(10);
const DURATION: Duration = Duration::from_secs(30);
/// So that a search does not judge a function by its cold starts.
const SEARCH_WARM_UP: Duration = Duration::from_secs(3);

#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// A local function, a function on AWS Lambda, or a URL.
    // Required, but for the subcommands beside it.
    #[arg(required = true)]
    function: Option<String>,
    /// Call a function that is not on this machine.
    #[arg(long)]
    pub allow_remote: bool,

    /// Calls that start in a time, such as `500/s` or `30/min`; 10/s if nothing is given.
    #[arg(long, value_name = "RATE", conflicts_with = "stage", help_heading = "Plan")]
    rate: Option<Rate>,
    /// How long calls start at that rate; 30s if not given.
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with = "stage", help_heading = "Plan")]
    duration: Option<Duration>,
    /// A stretch of the plan, such as `30s:500/s`, or a ramp such as `10s:0/s..500/s`; may be repeated.
    #[arg(long, value_name = "TIME:RATE[..RATE]", help_heading = "Plan")]
    stage: Vec<Stage>,
    /// How calls are spread: evenly, or at random as from many independent callers.
    #[arg(long, value_enum, default_value_t = Spread::Uniform, help_heading = "Plan")]
    arrivals: Spread,
    /// Of random arrivals and made-up endpoints.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, help_heading = "Plan")]
    seed: u64,
    /// Time before the plan, at the mean rate of its first stage, that is not counted; before each step of a search. 3s for
    /// searches, else none.
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Plan")]
    warm_up: Option<Duration>,
    /// Calls under way at once, at most; more wait, and their latency counts from when they were due.
    #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = in_flight, help_heading = "Plan")]
    in_flight_max: usize,

    /// TOML file with `endpoints`, `bytes` and `channel_types`: see docs/load.md.
    #[arg(long, value_name = "FILE", conflicts_with = "segment", help_heading = "Events")]
    profile: Option<PathBuf>,
    /// Endpoints of an event; 50 if not given.
    #[arg(long, value_name = "NUMBER", conflicts_with = "segment", help_heading = "Events")]
    endpoints: Option<usize>,
    /// Bytes of an endpoint; 700 if not given.
    #[arg(long, value_name = "NUMBER", conflicts_with = "segment", help_heading = "Events")]
    bytes: Option<usize>,
    /// Weights of channel types, such as `GCM=40,EMAIL=60`.
    #[arg(long, value_name = "WEIGHTS", conflicts_with = "segment", help_heading = "Events")]
    channel_types: Option<String>,
    /// Application of the segment.
    #[arg(long, value_name = "ID", requires = "segment", help_heading = "Events")]
    application: Option<String>,
    /// Send stored endpoints of this segment.
    #[arg(long, value_name = "ID", requires = "application", help_heading = "Events")]
    segment: Option<String>,
    /// Different events, sent in turn.
    #[arg(long, value_name = "NUMBER", default_value_t = 100, help_heading = "Events")]
    events: usize,
    /// Take every answer for a success, without reading it.
    #[arg(long = "no-decode", action = ArgAction::SetFalse, help_heading = "Events")]
    decode: bool,

    /// Search the highest rate at which the 99th percentile stays within this.
    #[arg(
        long,
        value_name = "TIME",
        value_parser = duration,
        conflicts_with_all = ["rate", "duration", "stage", "abort_on_threshold"],
        help_heading = "Search"
    )]
    until_p99: Option<Duration>,
    /// The first rate of the search, a whole number a second.
    #[arg(long, value_name = "RATE", default_value = "50/s", requires = "until_p99", help_heading = "Search")]
    from: Rate,
    /// The highest rate of the search.
    #[arg(long, value_name = "RATE", default_value = "20000/s", requires = "until_p99", help_heading = "Search")]
    to: Rate,
    /// Time at each rate of the search.
    #[arg(
        long,
        value_name = "TIME",
        value_parser = duration,
        default_value = "10s",
        requires = "until_p99",
        help_heading = "Search"
    )]
    step_duration: Duration,
    /// Percent of calls that may fail at a rate that holds.
    #[arg(long, value_name = "PERCENT", default_value_t = 1.0, requires = "until_p99", help_heading = "Search")]
    failures_max: f64,

    /// A limit that decides the exit code: `p99<500ms`, `failures<1%`, `rate>=450/s`; also p50, p90, p95, p99.9, mean, max
    /// and lag; may be repeated.
    #[arg(long, value_name = "LIMIT", help_heading = "Verdict")]
    threshold: Vec<Threshold>,
    /// End the test as soon as a threshold cannot hold any more, or does not hold after the grace period.
    #[arg(long, requires = "threshold", help_heading = "Verdict")]
    abort_on_threshold: bool,
    /// Time that thresholds get before they can end the test by not holding.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10s", help_heading = "Verdict")]
    abort_grace: Duration,

    /// Write the report as JSON, by docs/load-report.schema.json; `-` for standard output.
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub json: Option<PathBuf>,
    /// Write the report as one HTML file with plots.
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub html: Option<PathBuf>,
    #[command(flatten)]
    pub forecast: Asked,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Spread {
    Uniform,
    Poisson,
}

fn in_flight(text: &str) -> Result<usize, String> {
    let calls = text.parse().ok().filter(|calls| (1..=100_000).contains(calls));
    calls.ok_or_else(|| "it is a number of 1 to 100000".to_owned())
}

impl Args {
    pub fn function(&self) -> &str {
        self.function.as_deref().expect("it is required")
    }

    /// The settings of a test; of a search, those of its first step.
    pub fn settings(&self, config: &Config) -> Result<Settings, Error> {
        let stages = match (self.until_p99, self.stage.as_slice()) {
            (Some(_), _) => vec![Stage::constant(self.from, self.step_duration)],
            (None, []) => vec![Stage::constant(self.rate.unwrap_or(RATE), self.duration.unwrap_or(DURATION))],
            (None, stages) => stages.to_vec(),
        };
        Ok(Settings {
            plan: Plan::new(stages)?,
            warm_up: self.warm_up.unwrap_or(if self.until_p99.is_some() { SEARCH_WARM_UP } else { Duration::ZERO }),
            arrivals: match self.arrivals {
                Spread::Uniform => Arrivals::Uniform,
                Spread::Poisson => Arrivals::Poisson,
            },
            seed: self.seed,
            in_flight_max: self.in_flight_max,
            timeout: config.hook.timeout,
            decode: self.decode,
            thresholds: self.threshold.clone(),
            abort_after: self.abort_on_threshold.then_some(self.abort_grace),
        })
    }

    /// The search that is asked for, with the time at each of its rates.
    pub fn search(&self) -> Result<Option<(Search, Limits, Duration)>, Error> {
        let Some(p99_max) = self.until_p99 else { return Ok(None) };
        // Rates below one a second are too low to search among.
        let whole = |rate: Rate| rate.as_per_second().floor() as u64;
        let search = Search::new(whole(self.from), whole(self.to))?;
        let limits = Limits { p99_max, failures_percent_max: self.failures_max };
        Ok(Some((search, limits, self.step_duration)))
    }

    /// The events to send.
    pub async fn pool(&self, config: &Config, now: Timestamp) -> anyhow::Result<Pool> {
        if let (Some(application), Some(segment)) = (&self.application, &self.segment) {
            let store = app::open_to_read(config)?;
            let application = ApplicationId::new(application);
            return Ok(Pool::of_segment(&*store, &application, segment, self.events, now).await?);
        }
        let mut profile = match &self.profile {
            Some(path) => {
                let text =
                    std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
                Profile::parse(&text)?
            }
            None => Profile::default(),
        };
        if let Some(endpoints) = self.endpoints {
            profile.endpoints = endpoints;
        }
        if let Some(bytes) = self.bytes {
            profile.bytes = bytes;
        }
        if let Some(weights) = &self.channel_types {
            profile.channel_types = Profile::weights(weights)?;
        }
        Ok(Pool::of_profile(&profile, self.events, self.seed, now)?)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::config::Sources;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    fn args(flags: &str) -> Result<Args, String> {
        let words = ["load", "f"].into_iter().chain(flags.split_whitespace());
        Command::try_parse_from(words).map(|command| command.args).map_err(|error| error.to_string())
    }

    fn settings(flags: &str) -> Settings {
        args(flags).unwrap().settings(&Config::load(Sources::default()).unwrap()).unwrap()
    }

    #[test]
    fn flags_become_settings() {
        let plain = settings("");
        assert_eq!((plain.plan.calls(), plain.in_flight_max, plain.decode), (300.0, 1000, true));
        assert_eq!((plain.timeout, plain.abort_after), (Duration::from_secs(15), None));
        let staged = settings("--stage 10s:0/s..1000/s --stage 30s:1000/s --arrivals poisson --no-decode --warm-up 5s");
        assert_eq!((staged.plan.calls(), staged.plan.stages().len(), staged.decode), (35_000.0, 2, false));
        assert_eq!((staged.arrivals, staged.warm_up), (Arrivals::Poisson, Duration::from_secs(5)));
        let judged = settings("--rate 500/s --threshold p99<500ms --threshold failures<1% --abort-on-threshold");
        assert_eq!((judged.thresholds.len(), judged.abort_after), (2, Some(Duration::from_secs(10))));
        let search = args("--until-p99 200ms --from 5/s --to 100/s --step-duration 2s").unwrap().search().unwrap();
        let (search, limits, step) = search.unwrap();
        assert_eq!((search.next(), limits.p99_max.as_millis(), step.as_secs()), (Some(5), 200, 2));
    }

    #[test]
    fn flags_that_contradict_or_say_nothing_are_refused() {
        let cases = [
            ("--rate 5/s --stage 1s:5/s", "cannot be used with"),
            ("--until-p99 1s --rate 5/s", "cannot be used with"),
            ("--from 5/s", "required"),
            ("--segment s", "required"),
            ("--abort-on-threshold", "required"),
            ("--rate 5", "rate `5`"),
            ("--duration 5", "duration `5`"),
            ("--threshold p99", "threshold `p99`"),
            ("--in-flight-max 0", "1 to 100000"),
        ];
        for (flags, expected) in cases {
            let error = args(flags).unwrap_err();
            assert!(error.contains(expected), "{flags}: {error}");
        }
        assert!(args("--until-p99 1s --from 50/s --to 5/s").unwrap().search().is_err());
    }
}
