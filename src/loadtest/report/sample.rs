//! Two reports for tests: made up, but as whole as real ones.

use super::Report;

/// Without a hitch, at 1,000 calls a second for a minute.
pub fn steady() -> Report {
    read(include_str!("../../../tests/data/load/steady.json"))
}

/// The highest rate of a search, with a stall of three seconds, failures and warnings. Its function has an evil name.
pub fn stalled() -> Report {
    read(include_str!("../../../tests/data/load/stalled.json"))
}

fn read(json: &str) -> Report {
    serde_json::from_str(json).expect("the sample is a report")
}
