//! `pinwheel activity pause` and `abort`, and `resume` of what a server runs.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::Value;
use url::Url;

use crate::api::admin::ActivityList;
use crate::campaign::control::{self, Order};
use crate::cli::plain::plain;
use crate::cli::summary::{counted, grouped, write_equation};
use crate::cli::{Settings, server};

#[derive(clap::Args, Debug)]
pub struct Pause {
    /// An activity or a campaign.
    id: String,
    #[command(flatten)]
    way: Way,
}

#[derive(clap::Args, Debug)]
pub struct Abort {
    /// An activity or a campaign.
    id: String,
    /// Really do it: nobody of the rest gets a message.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    way: Way,
}

#[derive(clap::Args, Debug)]
pub struct Way {
    /// Have the server at this address do it; signed with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<Url>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

pub async fn pause(Pause { id, way }: Pause, settings: &Settings) -> anyhow::Result<ExitCode> {
    give(Order::Pause, &id, way, settings).await
}

pub async fn abort(Abort { id, yes, way }: Abort, settings: &Settings) -> anyhow::Result<ExitCode> {
    if !yes {
        bail!("nobody of the rest will get a message: confirm it with --yes");
    }
    give(Order::Abort, &id, way, settings).await
}

/// Has an order carried out, by a server or in the store, and prints where the activities stand.
pub async fn give(order: Order, id: &str, way: Way, settings: &Settings) -> anyhow::Result<ExitCode> {
    let config = settings.load(None)?;
    let verb = match order {
        Order::Pause => "pause",
        Order::Resume => "resume",
        Order::Abort => "abort",
    };
    let answer = match &way.endpoint_url {
        Some(url) => server::ask(url, ["activities", id, verb], None, settings, &config).await?,
        None => {
            // Nobody drives anything while this process has the store.
            let app = server::open(config)?;
            let mut stood = Vec::new();
            for activity in control::meant(&*app.store, id, order).await? {
                stood.extend(app.engine.carry_out(order, &activity.id).await?);
            }
            serde_json::to_value(ActivityList::of(&stood))?
        }
    };
    if way.json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        for activity in answer["Activities"].as_array().into_iter().flatten() {
            print!("{}", plain(&text(activity)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Where an activity stands, for people.
fn text(activity: &Value) -> String {
    let (word, number) = (|name: &str| activity[name].as_str().unwrap_or("?"), |name: &str| activity[name].as_u64());
    let count = |name: &str| number(name).unwrap_or_default();
    let mut text = format!("activity {}, treatment {}: {}\n", word("ActivityId"), word("TreatmentId"), word("State"));
    let fates = activity["Fates"].as_object().into_iter().flatten();
    let mut rows: Vec<(&str, u64)> =
        fates.map(|(fate, endpoints)| (fate.as_str(), endpoints.as_u64().unwrap_or_default())).collect();
    rows.sort_by_key(|(_, endpoints)| std::cmp::Reverse(*endpoints));
    let open = count("OpenEndpointCount");
    if open > 0 {
        rows.push(("(no fate yet)", open));
    }
    write_equation(&mut text, &rows, |_| None, count("EndpointCount")).expect("writing to a string does not fail");
    text += &format!(
        "  of {}, {} done, {} cut off, and {} not begun",
        counted(count("BatchCount"), "batch", "batches"),
        are(count("DoneBatchCount")),
        are(count("CutOffBatchCount")),
        are(count("LeftBatchCount"))
    );
    if let Some(first) = number("FirstOpenBatch") {
        text += &format!("; the first that is not done is batch {}", grouped(first));
    }
    text + "\n"
}

fn are(number: u64) -> String {
    let text = grouped(number);
    if number == 1 { format!("{text} is") } else { format!("{text} are") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn the_boundary_reads_as_an_equation() {
        let activity = json!({
            "ActivityId": "a1", "TreatmentId": "0", "State": "PAUSED", "EndpointCount": 1_000_000,
            "Fates": { "OPT_OUT": 10, "SENT": 612_350 }, "OpenEndpointCount": 387_640,
            "BatchCount": 20_000, "DoneBatchCount": 12_247, "CutOffBatchCount": 1, "LeftBatchCount": 7_752,
            "FirstOpenBatch": 12_240
        });
        let expected = "activity a1, treatment 0: PAUSED
       612,350  SENT
            10  OPT_OUT
       387,640  (no fate yet)
  612,350 + 10 + 387,640 = 1,000,000 endpoints in the audience
  of 20,000 batches, 12,247 are done, 1 is cut off, and 7,752 are not begun; the first that is not done is batch 12,240
";
        let text: Vec<String> = super::text(&activity).lines().map(|line| line.trim_end().to_owned()).collect();
        assert_eq!(text, expected.lines().collect::<Vec<_>>());
    }
}
