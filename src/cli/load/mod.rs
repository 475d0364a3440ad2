//! `pinwheel load FUNCTION`: how a hook behaves under load.

mod args;
mod command;
mod compare;
mod forecast;
mod saved;
mod screen;
mod summary;

use std::io::{IsTerminal as _, stderr};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use self::args::Args;
pub use self::command::{Command, run};
use self::screen::Screen;
use super::Settings;
use super::hook::function;
use crate::app;
use crate::clock::{Clock, System};
use crate::config::Config;
use crate::hook::{Invoker, Target};
use crate::loadtest::events::Pool;
use crate::loadtest::pacer::{Plan, Rate, Stage};
use crate::loadtest::report::{self, Report, Verdict, html};
use crate::loadtest::search::{Limits, Search};
use crate::loadtest::{self, About, Live, Ran, Stopped, assemble};

/// The test could not be run at all.
const EXIT_NOT_RUN: u8 = 2;
/// It was ended from the keyboard, as shells count it.
const EXIT_INTERRUPTED: u8 = 130;

/// Tests, prints and writes what was found, and tells by the exit code whether it was good.
async fn test_and_tell(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (report, config) = match test(&args, settings).await {
        Ok(tested) => tested,
        Err(error) => {
            eprintln!("error: {error:#}");
            return Ok(ExitCode::from(EXIT_NOT_RUN));
        }
    };
    let written = write(&args, &report, &config);
    if let Err(error) = written {
        eprintln!("error: {error:#}");
        return Ok(ExitCode::from(EXIT_NOT_RUN));
    }
    Ok(match report.verdict {
        Verdict::Passed => ExitCode::SUCCESS,
        Verdict::Failed | Verdict::Aborted => ExitCode::FAILURE,
        Verdict::Interrupted => ExitCode::from(EXIT_INTERRUPTED),
    })
}

async fn test(args: &Args, settings: &Settings) -> anyhow::Result<(Report, Config)> {
    let config = settings.load(None)?;
    let clock: Arc<dyn Clock> = Arc::new(System::default());
    let plan = args.settings(&config)?;
    let search = args.search()?;
    let function = Target::of_delivery_uri(args.function())?.label().to_owned();
    let opened = function::open(&config, args.function(), args.allow_remote).await?;
    let pool = Arc::new(args.pool(&config, clock.now()).await?);
    for path in args.json.iter().chain(&args.html) {
        check_writable(path)?;
    }
    let events = pool.data();
    let (live, watching) = watch::channel(Live::default());
    let stop = app::stop_on_signal();
    let screen = Screen::start(format!("pinwheel load {function}"), watching, stop.clone(), clock.clone());
    let tester = Tester { invoker: opened.invoker.clone(), pool, clock, stop, live };
    let started_at = tester.clock.now() + plan.warm_up;
    let about = About { function, started_at, events, search: None };
    let tested = match search {
        None => tester.run(&plan).await.map(|ran| (plan, ran, about)),
        Some((search, limits, step)) => tester.search(search, limits, step, plan, about).await,
    };
    screen.end().await;
    opened.close().await;
    let (plan, ran, about) = tested?;
    Ok((assemble(&plan, &ran, about), config))
}

/// What all steps of a test share.
struct Tester {
    invoker: Arc<dyn Invoker>,
    pool: Arc<Pool>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
    live: watch::Sender<Live>,
}

impl Tester {
    async fn run(&self, settings: &loadtest::Settings) -> Result<Ran, loadtest::Error> {
        let Self { invoker, pool, clock, stop, live } = self;
        loadtest::run(settings, invoker.clone(), pool.clone(), clock.clone(), stop, live).await
    }

    /// Tests rate after rate. What is reported is the highest one that held, or else the last one.
    async fn search(
        &self,
        mut search: Search,
        limits: Limits,
        step_duration: Duration,
        settings: loadtest::Settings,
        about: About,
    ) -> Result<(loadtest::Settings, Ran, About), loadtest::Error> {
        let mut steps: Vec<report::Step> = Vec::new();
        let mut best = None;
        while let Some(rate) = search.next() {
            let stage = Stage::constant(Rate::per_second(rate), step_duration);
            let settings = loadtest::Settings { plan: Plan::new(vec![stage])?, ..settings.clone() };
            let about = About { started_at: self.clock.now() + settings.warm_up, ..about.clone() };
            let ran = self.run(&settings).await?;
            if ran.stopped == Some(Stopped::Operator) {
                // Too little is known of this rate to judge it.
                best = best.or(Some((settings, ran, about)));
                break;
            }
            let step = limits.judge(rate, &ran.tally);
            if !stderr().is_terminal() {
                eprintln!("{}", summary::step(&step));
            }
            search.tried(rate, step.holds);
            // Rates that held come in ascending order, so that the last of them is the highest.
            if step.holds || !steps.iter().any(|step| step.holds) {
                best = Some((settings, ran, about));
            }
            steps.push(step);
        }
        let (settings, mut ran, mut about) = best.expect("a search tries at least one rate");
        if self.stop.is_cancelled() {
            ran.stopped = Some(Stopped::Operator);
        }
        about.search = Some(search.data(&limits, steps));
        Ok((settings, ran, about))
    }
}

/// Finds out before the test whether there will be a place for the report.
fn check_writable(path: &Path) -> anyhow::Result<()> {
    if path.as_os_str() != "-" {
        std::fs::File::create(path).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    Ok(())
}

fn write(args: &Args, report: &Report, config: &Config) -> anyhow::Result<()> {
    let to_stdout = args.json.as_ref().is_some_and(|path| path.as_os_str() == "-");
    if let Some(path) = &args.json {
        let mut json = serde_json::to_string_pretty(report)?;
        json.push('\n');
        if to_stdout {
            print!("{json}");
        } else {
            std::fs::write(path, json).with_context(|| format!("cannot write `{}`", path.display()))?;
        }
    }
    if let Some(path) = &args.html {
        let page = html::report(report);
        std::fs::write(path, page).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    let text = summary::text(report) + &args.forecast.text(report, config);
    if to_stdout {
        eprint!("{text}");
    } else {
        print!("{text}");
    }
    Ok(())
}
