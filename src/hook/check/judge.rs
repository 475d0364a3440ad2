//! What is to be said of an answer. Pure.
//!
//! [`answer::decode`](decode) alone decides whether an answer can be used, and what it means: a refused one is searched
//! for the reason, a taken one for what was hardly meant.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::cases::Case;
use super::finding::{Code, Finding};
use super::{diagnose, observe};
use crate::hook::answer::decode;
use crate::hook::decision::Decision;
use crate::hook::{self};

/// An answer that takes longer is worth a warning: a third of what a campaign waits for.
pub const SLOW: Duration = Duration::from_secs(5);

/// An answer and what is to be said of it.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    pub findings: Vec<Finding>,
    /// One for each endpoint sent, in the same order; `None` when the call failed or the answer cannot be decoded.
    pub decisions: Option<Vec<Decision>>,
}

/// Judges what a function answered to a case's event, or why it did not.
pub fn judge(case: &Case, result: &Result<Vec<u8>, hook::Error>, latency: Duration) -> Judged {
    let mut findings = Findings { case: case.name, list: Vec::new() };
    let answer = match result {
        Ok(answer) => answer,
        Err(error) => {
            findings.add(Code::of_error(error), None, None, without_request(&error.to_string()));
            return Judged { findings: findings.list, decisions: None };
        }
    };
    if latency > SLOW {
        findings.add(Code::Slow, None, None, format!("the answer took more than {} s", SLOW.as_secs()));
    }
    let members = case.sent.members();
    let decisions = match decode(answer.clone(), &members) {
        Err(error) => {
            diagnose::diagnose(case, answer, &mut findings);
            if !findings.list.iter().any(|finding| finding.code.is_undecodable()) {
                findings.add(Code::Undecodable, None, None, error.to_string());
            }
            None
        }
        Ok(decoded) => {
            let verdicts = decoded.verdicts.iter().zip(&members);
            let decisions: Vec<Decision> = verdicts.map(|(verdict, member)| Decision::of(verdict, member)).collect();
            observe::observe(case, answer, &decoded, &decisions, &mut findings);
            Some(decisions)
        }
    };
    Judged { findings: findings.list, decisions }
}

/// Findings about one answer.
pub(super) struct Findings {
    case: &'static str,
    list: Vec<Finding>,
}

impl Findings {
    pub(super) fn add(&mut self, code: Code, endpoint: Option<&str>, place: Option<String>, found: impl Into<String>) {
        let endpoint = endpoint.map(str::to_owned);
        self.list.push(Finding { code, case: self.case, endpoint, place, found: found.into() });
    }
}

/// The JSON path of an endpoint.
pub(super) fn path_of(id: &str) -> String {
    format!("$[{}]", serde_json::Value::from(id))
}

/// The path of a member.
pub(super) fn below(path: &str, name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_plain { format!("{path}.{name}") } else { format!("{path}[{}]", serde_json::Value::from(name)) }
}

/// A function's message without the id and the time of the request, so that the same failure reads the same each time.
fn without_request(message: &str) -> String {
    let is_kept =
        |word: &&str| *word != "RequestId:" && Uuid::try_parse(word).is_err() && word.parse::<Timestamp>().is_err();
    message.split(' ').filter(is_kept).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
