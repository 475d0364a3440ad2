//! Resource policies of functions: who may call them. Pure.
//!
//! As IAM evaluates them: what is not allowed is refused, and an explicit denial wins. What a statement says and is not
//! understood here, such as another condition, is taken the careful way: it allows nothing, and a denial holds.
//!
//! Source: Lambda developer guide, "Using resource-based policies in Lambda"; IAM user guide, "Policy evaluation logic"
//! and "IAM JSON policy elements: Condition operators".

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::glob;

/// What calls of a function are called.
pub const INVOKE: &str = "lambda:InvokeFunction";
/// The only version of the policy language that Lambda writes.
const VERSION: &str = "2012-10-17";
/// What Lambda calls a function's policy.
const ID: &str = "default";
/// The conditions of `add-permission`.
pub const SOURCE_ARN: &str = "AWS:SourceArn";
pub const SOURCE_ACCOUNT: &str = "AWS:SourceAccount";

/// Who may call a function.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Policy {
    pub version: String,
    pub id: String,
    pub statement: Vec<Statement>,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Statement {
    pub sid: String,
    pub effect: Effect,
    pub principal: Principal,
    pub action: String,
    /// The ARN of the function, or a pattern.
    pub resource: String,
    /// Values by operator and key: all of them must hold.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub condition: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Effect {
    Allow,
    Deny,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Principal {
    /// Such as `pinpoint.us-east-1.amazonaws.com`.
    Service(String),
    /// The ARN of an account, a user or a role.
    #[serde(rename = "AWS")]
    Aws(String),
    #[serde(rename = "*")]
    Everybody,
}

/// A call by a service on behalf of one of its resources.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The service: campaigns are called by [`principal`].
    pub principal: &'a str,
    pub action: &'a str,
    /// The ARN of the function.
    pub resource: &'a str,
    pub source_arn: &'a str,
    pub source_account: &'a str,
}

/// The service that calls on behalf of campaigns.
///
/// Source: Pinpoint developer guide, "Customizing segments with AWS Lambda". That China has a suffix of its own is our reading
/// of how services are called there.
pub fn principal(region: &str) -> String {
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("pinpoint.{region}.amazonaws.com{suffix}")
}

impl Default for Policy {
    fn default() -> Self {
        Self { version: VERSION.to_owned(), id: ID.to_owned(), statement: Vec::new() }
    }
}

impl Statement {
    /// A statement that lets a service call for resources that fit a pattern, as the settings' `allow` has it.
    pub fn allowing(sid: String, principal: String, resource: String, source_arn: &str) -> Self {
        let condition = [("ArnLike".to_owned(), [(SOURCE_ARN.to_owned(), source_arn.to_owned())].into())].into();
        let principal = Principal::Service(principal);
        Self { sid, effect: Effect::Allow, principal, action: INVOKE.to_owned(), resource, condition }
    }
}

/// Whether a text can be an ARN, or a pattern of one.
pub fn is_arn(text: &str) -> bool {
    text == "*" || text.starts_with("arn:") && text.split(':').count() >= 6
}

/// Whether a policy allows a call.
///
/// A statement without `AWS:SourceAccount` counts as it is written: what it does not name, it does not restrict. Since 2021
/// Pinpoint asks for that condition, so that nobody guesses the ids of another account's campaigns. Here the account is part of
/// the source's ARN and one server has one account, so the condition adds nothing to `AWS:SourceArn`; and policies from before
/// that rule go on working.
///
/// Errors: the refusal, which says what would have to change.
pub fn evaluate(policy: &Policy, request: &Request<'_>) -> Result<(), Refusal> {
    let mut nearest: Option<(&Statement, Vec<Mismatch>)> = None;
    let mut allowed = false;
    for statement in &policy.statement {
        match statement.effect {
            Effect::Deny if statement.mismatches(request).iter().all(Mismatch::is_unclear) => {
                let reason = Reason::Denied { sid: statement.sid.clone() };
                return Err(Refusal::new(request, reason));
            }
            Effect::Deny => {}
            Effect::Allow => {
                let mismatches = statement.mismatches(request);
                allowed |= mismatches.is_empty();
                if nearest.as_ref().is_none_or(|(_, fewest)| mismatches.len() < fewest.len()) {
                    nearest = Some((statement, mismatches));
                }
            }
        }
    }
    if allowed {
        return Ok(());
    }
    let reason = match nearest {
        None => Reason::Nothing,
        Some((statement, mismatches)) => Reason::Mismatch { sid: statement.sid.clone(), mismatches },
    };
    Err(Refusal::new(request, reason))
}

impl Statement {
    /// Everything in which the statement does not fit a call.
    fn mismatches(&self, request: &Request<'_>) -> Vec<Mismatch> {
        let mut found = Vec::new();
        let mut compare = |part: &str, stated: &str, asked: &str, fits: bool| {
            if !fits {
                let (part, stated, asked) = (part.to_owned(), stated.to_owned(), asked.to_owned());
                found.push(Mismatch::Differs { part, stated, asked });
            }
        };
        match &self.principal {
            Principal::Everybody => {}
            Principal::Service(service) => {
                compare("principal", service, request.principal, service == request.principal)
            }
            // An account is no service. Only the pattern for all stands for everybody.
            Principal::Aws(account) => compare("principal", account, request.principal, account == "*"),
        }
        // IAM takes actions in any case.
        let action_fits = glob::fits(&self.action.to_ascii_lowercase(), &request.action.to_ascii_lowercase());
        compare("action", &self.action, request.action, action_fits);
        let resource_fits = self.resource == "*" || arn_fits(&self.resource, request.resource);
        compare("resource", &self.resource, request.resource, resource_fits);
        for (operator, keys) in &self.condition {
            for (key, stated) in keys {
                let (part, asked) = match key {
                    key if key.eq_ignore_ascii_case(SOURCE_ARN) => (SOURCE_ARN, request.source_arn),
                    key if key.eq_ignore_ascii_case(SOURCE_ACCOUNT) => (SOURCE_ACCOUNT, request.source_account),
                    _ => {
                        found.push(Mismatch::Unclear { operator: operator.clone(), key: key.clone() });
                        continue;
                    }
                };
                let fits = match operator.as_str() {
                    "StringEquals" => stated == asked,
                    "StringLike" => glob::fits(stated, asked),
                    // IAM gives both the same meaning.
                    "ArnLike" | "ArnEquals" => arn_fits(stated, asked),
                    _ => {
                        found.push(Mismatch::Unclear { operator: operator.clone(), key: key.clone() });
                        continue;
                    }
                };
                if !fits {
                    let (part, stated, asked) = (part.to_owned(), stated.clone(), asked.to_owned());
                    found.push(Mismatch::Differs { part, stated, asked });
                }
            }
        }
        found
    }
}

/// Whether an ARN fits a pattern: each of the six parts by itself, so that `*` does not reach over a colon but in the last.
///
/// Samples of AWS write `…:{account}:/apps/{app}/*`, with a slash that campaigns' ARNs do not have; it is overlooked.
fn arn_fits(pattern: &str, arn: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let patterns: Vec<&str> = pattern.splitn(6, ':').collect();
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ([.., stated], [_, _, service, _, _, resource]) = (&patterns[..], &parts[..]) else { return false };
    let slashed = stated.strip_prefix('/').filter(|_| *service == "mobiletargeting");
    patterns.len() == parts.len()
        && patterns[..5].iter().zip(&parts).all(|(pattern, part)| glob::fits(pattern, part))
        && (glob::fits(stated, resource) || slashed.is_some_and(|stated| glob::fits(stated, resource)))
}

/// One thing in which a statement does not fit a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Mismatch {
    Differs {
        part: String,
        stated: String,
        asked: String,
    },
    /// A condition that is not understood.
    Unclear {
        operator: String,
        key: String,
    },
}

impl Mismatch {
    fn is_unclear(&self) -> bool {
        matches!(self, Self::Unclear { .. })
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs { part, stated, asked } => write!(f, "{part} `{asked}` is not `{stated}`"),
            Self::Unclear { operator, key } => write!(f, "its condition `{operator}` on `{key}` is not supported"),
        }
    }
}

/// Why a policy does not allow a call, and what would allow it. Holds no secrets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    pub reason: Reason,
    /// The function's name.
    function: String,
    /// The command that would allow it.
    pub remedy: String,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reason {
    /// No statement allows anything.
    Nothing,
    /// A statement denies it.
    Denied { sid: String },
    /// In what the statement that comes nearest does not fit.
    Mismatch { sid: String, mismatches: Vec<Mismatch> },
}

impl Refusal {
    fn new(request: &Request<'_>, reason: Reason) -> Self {
        let function = request.resource.rsplit(':').next().unwrap_or_default();
        let remedy = match &reason {
            Reason::Denied { sid } => {
                format!("aws lambda remove-permission --function-name {function} --statement-id {sid}")
            }
            _ => {
                let last = request.source_arn.rsplit('/').next().unwrap_or_default();
                format!(
                    "aws lambda add-permission --function-name {function} --statement-id campaign-{last} --action {} \
                     --principal {} --source-arn {} --source-account {}",
                    request.action, request.principal, request.source_arn, request.source_account
                )
            }
        };
        Self { reason, function: function.to_owned(), remedy }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::Nothing => f.write_str("no statement of its policy allows anything")?,
            Reason::Denied { sid } => write!(f, "statement `{sid}` of its policy denies it")?,
            Reason::Mismatch { sid, mismatches } => {
                write!(f, "no statement of its policy allows it; for the nearest, `{sid}`, ")?;
                for (at, mismatch) in mismatches.iter().enumerate() {
                    write!(f, "{}{mismatch}", if at == 0 { "" } else { ", " })?;
                }
            }
        }
        let function = &self.function;
        write!(
            f,
            "; to allow it, set `functions.{function}.allow`, or ask this server, by `--endpoint-url`: `{}`",
            self.remedy
        )
    }
}

#[cfg(test)]
mod tests;
