//! What a check found, put together for people and for machines.

use std::time::Duration;

use serde::Serialize;

use super::cases::Case;
use super::finding::{Code, Finding, Severity};
use crate::hook;
use crate::hook::decision::Decision;

/// Places that are shown of findings that are alike.
const EXAMPLES_MAX: usize = 3;

/// The calls of a check, and what was found. `docs/hook-check.schema.json` describes its JSON.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    pub calls: Vec<Called>,
    /// Shape: the worst first, and of the same severity in the order they were found.
    pub findings: Vec<Group>,
}

/// One call of a check.
#[derive(Clone, Debug, Serialize)]
pub struct Called {
    pub case: &'static str,
    pub endpoints: usize,
    pub event_bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_bytes: Option<usize>,
    pub latency_ms: f64,
    /// What became of the endpoints; `None` when the batch would have failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped: Option<usize>,
}

/// Findings of one code with the same text.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    pub severity: Severity,
    pub code: Code,
    pub found: String,
    pub rule: &'static str,
    pub effect: &'static str,
    /// How often it was found.
    pub times: usize,
    /// Cases it was found in.
    pub cases: Vec<&'static str>,
    /// Some of the places.
    pub examples: Vec<Example>,
}

/// A place where something was found.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    pub case: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl Called {
    pub(super) fn new(
        case: &Case,
        result: &Result<Vec<u8>, hook::Error>,
        latency: Duration,
        decisions: Option<&[Decision]>,
    ) -> Self {
        let dropped = |decisions: &[Decision]| decisions.iter().filter(|one| **one == Decision::Dropped).count();
        Self {
            case: case.name,
            endpoints: case.sent.len(),
            event_bytes: case.event.len(),
            answer_bytes: result.as_ref().ok().map(Vec::len),
            latency_ms: (latency.as_secs_f64() * 1e6).round() / 1e3,
            kept: decisions.map(|decisions| decisions.len() - dropped(decisions)),
            dropped: decisions.map(dropped),
        }
    }
}

impl Report {
    pub(super) fn add(&mut self, called: Called, findings: &[Finding]) {
        self.calls.push(called);
        for finding in findings {
            let example =
                Example { case: finding.case, endpoint: finding.endpoint.clone(), place: finding.place.clone() };
            let alike =
                self.findings.iter_mut().find(|group| group.code == finding.code && group.found == finding.found);
            match alike {
                Some(group) => {
                    group.times += 1;
                    if !group.cases.contains(&finding.case) {
                        group.cases.push(finding.case);
                    }
                    if group.examples.len() < EXAMPLES_MAX {
                        group.examples.push(example);
                    }
                }
                None => self.findings.push(Group {
                    severity: finding.code.severity(),
                    code: finding.code,
                    found: finding.found.clone(),
                    rule: finding.code.rule(),
                    effect: finding.code.effect(),
                    times: 1,
                    cases: vec![finding.case],
                    examples: vec![example],
                }),
            }
        }
        self.findings.sort_by_key(|group| group.severity);
    }

    /// The worst there is.
    pub fn severity(&self) -> Option<Severity> {
        self.findings.first().map(|group| group.severity)
    }
}
