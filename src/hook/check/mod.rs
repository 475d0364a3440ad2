//! The contract check: calls a function with composed events, and says precisely what is wrong with its answers.
//!
//! [`cases`] composes the events, [`judge`] is the judgement, [`report`] puts it together.

pub mod cases;
mod diagnose;
pub mod finding;
pub mod judge;
mod observe;
pub mod report;
mod shape;

use std::time::Duration;

use futures_util::future::join_all;

use self::cases::Case;
use self::finding::{Code, Finding};
use self::judge::{Judged, judge};
use self::report::{Called, Report};
use crate::clock::{self, Clock, Stopwatch};
use crate::hook::{self, Invoker};

/// Checks a function: each case in turn, one of them again, and then some at once.
///
/// Ends early when the function cannot be called at all. Nothing is tried again: a check wants to see failures.
pub async fn check(
    invoker: &dyn Invoker,
    clock: &dyn Clock,
    timeout: Duration,
    cases: &[Case],
    concurrent: &[Case],
) -> Report {
    let mut report = Report::default();
    let mut first: Option<(&Case, Judged)> = None;
    for case in cases {
        let (result, called, judged) = call(invoker, clock, timeout, case).await;
        report.add(called, &judged.findings);
        if result.as_ref().is_err_and(|error| !may_answer(error)) {
            return report;
        }
        // The larger of the two ordinary events.
        if first.as_ref().is_none_or(|_| case.name == "fifty") && judged.decisions.is_some() {
            first = Some((case, judged));
        }
    }
    if let Some((case, before)) = first {
        let (_, called, again) = call(invoker, clock, timeout, &Case { name: "again", ..case.clone() }).await;
        let differ = again.decisions.is_some() && again.decisions != before.decisions;
        let mut findings = failures(again);
        if differ {
            findings.push(Finding {
                code: Code::AnswersDiffer,
                case: "again",
                endpoint: None,
                place: None,
                found: "another answer to the same event".to_owned(),
            });
        }
        report.add(called, &findings);
    }
    let calls = concurrent.iter().map(|case| call(invoker, clock, timeout, case));
    for (_, called, judged) in join_all(calls).await {
        report.add(called, &judged.findings);
    }
    report
}

/// Of a call that repeats another one, what says that it failed.
fn failures(judged: Judged) -> Vec<Finding> {
    let is_failure = judged.decisions.is_none();
    judged.findings.into_iter().filter(|_| is_failure).collect()
}

/// Whether other events may fare better.
fn may_answer(error: &hook::Error) -> bool {
    !matches!(error, hook::Error::Unreachable(_) | hook::Error::Refused(_) | hook::Error::NotAllowed(_))
}

async fn call(
    invoker: &dyn Invoker,
    clock: &dyn Clock,
    timeout: Duration,
    case: &Case,
) -> (Result<Vec<u8>, hook::Error>, Called, Judged) {
    let running = Stopwatch::start();
    let result = clock::timeout(clock, timeout, invoker.invoke(case.event.clone(), None))
        .await
        .unwrap_or(Err(hook::Error::Timeout(timeout)));
    let latency = running.elapsed();
    let judged = judge(case, &result, latency);
    let called = Called::new(case, &result, latency, judged.decisions.as_deref());
    (result, called, judged)
}
