//! What became of everybody, as an equation for people or as JSON for programs.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::campaign::{counts, dead, ledger};
use crate::cli::plain::plain;
use crate::clock::wire_text;
use crate::store::{Activity, ActivityState, LedgerStore, Store};

/// The activities of a run and what became of everybody.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Summary {
    pub activities: Vec<ActivitySummary>,
}

/// One activity and what became of everybody in it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ActivitySummary {
    pub id: String,
    pub application_id: String,
    pub campaign_id: String,
    pub treatment_id: String,
    pub state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    pub scheduled_start: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// Endpoints of the frozen audience.
    pub audience: u64,
    /// Endpoints by fate.
    pub fates: BTreeMap<&'static str, u64>,
    /// Endpoints without a fate so far.
    pub open: u64,
    /// Endpoints that may have been sent to twice, or not at all.
    pub unknown: u64,
    /// One reason for each fate that has any.
    pub examples: BTreeMap<&'static str, String>,
    /// Pinpoint's names for some of the fates; text, as in Pinpoint.
    pub execution_metrics: BTreeMap<String, String>,
    /// Whether it is a run of a campaign file, with settings of its own.
    #[serde(skip)]
    is_of_file: bool,
}

impl Summary {
    /// Reads it from the ledger.
    pub async fn read(store: &dyn Store, activities: &[Activity]) -> anyhow::Result<Self> {
        let mut summaries = Vec::with_capacity(activities.len());
        for activity in activities {
            summaries.push(ActivitySummary::read(store, activity).await?);
        }
        Ok(Self { activities: summaries })
    }

    /// The first failure there is.
    pub fn failure(&self) -> Option<&str> {
        self.activities.iter().find_map(|activity| activity.failure.as_deref())
    }

    /// Prints it on standard output.
    pub fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            println!("{}", serde_json::to_string_pretty(self)?);
        } else {
            print!("{}", plain(&self.to_text()));
        }
        Ok(())
    }

    /// For people: a block for each activity.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for activity in &self.activities {
            activity.write_text(&mut text).expect("writing to a string does not fail");
        }
        text
    }
}

impl ActivitySummary {
    async fn read(store: &dyn LedgerStore, activity: &Activity) -> anyhow::Result<Self> {
        let activity = store.activity(&activity.id).await?.unwrap_or_else(|| activity.clone());
        let frozen = store.frozen(&activity.id).await?;
        let standing = ledger::standing(store, &activity, &frozen).await?;
        Ok(Self {
            id: activity.id.to_string(),
            application_id: activity.application_id.to_string(),
            campaign_id: activity.campaign_id.to_string(),
            treatment_id: activity.treatment_id.to_string(),
            state: activity.state.as_str(),
            result: match (activity.state, &activity.failure) {
                (ActivityState::Running | ActivityState::Paused, _) => None,
                (_, Some(_)) => Some("FAIL"),
                (_, None) => Some("SUCCESS"),
            },
            scheduled_start: wire_text(activity.scheduled_start),
            start: activity.started_at.map(wire_text),
            end: activity.ended_at.map(wire_text),
            is_of_file: !dead::is_served(&activity),
            failure: activity.failure,
            audience: frozen.endpoints(),
            open: standing.open(&frozen),
            unknown: standing.unknown,
            fates: standing.tally.iter().map(|(fate, endpoints)| (fate.as_str(), endpoints)).collect(),
            examples: standing.examples.into_iter().map(|(fate, reason)| (fate.as_str(), reason)).collect(),
            execution_metrics: counts::execution_metrics(&standing.tally, frozen.endpoints(), 0),
        })
    }

    fn write_text(&self, out: &mut String) -> std::fmt::Result {
        let Self { id, treatment_id, state, audience, open, unknown, .. } = self;
        writeln!(out, "activity {id}, treatment {treatment_id}: {state}")?;
        let mut rows: Vec<(&str, u64)> = self.fates.iter().map(|(fate, endpoints)| (*fate, *endpoints)).collect();
        rows.sort_by_key(|(_, endpoints)| std::cmp::Reverse(*endpoints));
        if *open > 0 {
            rows.push(("(no fate yet)", *open));
        }
        write_equation(out, &rows, |fate| self.examples.get(fate).map(String::as_str), *audience)?;
        if *unknown > 0 {
            writeln!(out, "  {} of them were in flight when a process or a connection ended", grouped(*unknown))?;
        }
        if let Some(held) = self.fates.get("HELD") {
            writeln!(
                out,
                "  {} of them wait until their hook works; then: pinwheel hook redrive {id}{}",
                grouped(*held),
                // One beside a running server has another flag, which the command tells.
                if self.is_of_file { " --file FILE" } else { "" }
            )?;
        }
        match (*state, &self.failure) {
            ("PAUSED", _) => {
                writeln!(out, "  not finished: an operator paused it; then: pinwheel activity resume {id}")?
            }
            ("RUNNING", None) => {
                writeln!(
                    out,
                    "  not finished: it runs in another process, whose log says if it waits for its hook; or it was cut off \
                     and can be resumed"
                )?;
            }
            ("RUNNING", Some(held)) => writeln!(out, "  not finished: {held}")?,
            (_, Some(failure)) => writeln!(out, "  FAIL: {failure}")?,
            (_, None) => {}
        }
        Ok(())
    }
}

/// A line for each fate, with an example of why if there is one, and their sum.
pub fn write_equation<'a>(
    out: &mut String,
    rows: &[(&str, u64)],
    example: impl Fn(&str) -> Option<&'a str>,
    audience: u64,
) -> std::fmt::Result {
    for (fate, endpoints) in rows {
        write!(out, "  {:>12}  {fate:<18}", grouped(*endpoints))?;
        match example(fate) {
            Some(example) => writeln!(out, "e.g. {example}")?,
            None => writeln!(out)?,
        }
    }
    let sum: Vec<String> = rows.iter().map(|(_, endpoints)| grouped(*endpoints)).collect();
    let total: u64 = rows.iter().map(|(_, endpoints)| endpoints).sum();
    let sign = if total == audience { "=" } else { "does not equal" };
    let sum = if sum.is_empty() { "0".to_owned() } else { sum.join(" + ") };
    writeln!(out, "  {sum} {sign} {} endpoints in the audience", grouped(audience))
}

/// A number of something: `1 batch`, `1,234 batches`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// Thousands apart: `1,234,567`.
pub fn grouped(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}
