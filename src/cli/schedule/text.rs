//! A preview for people.

use std::fmt::Write;

use jiff::Timestamp;

use super::preview::{Preview, RunPreview, SchedulePreview, WavePreview};
use crate::cli::summary::grouped;
use crate::cli::table::{Side, table};
use crate::wire::generated::Frequency;

impl Preview {
    /// A table for each schedule.
    pub fn to_text(&self) -> String {
        let parts: Vec<String> = self.schedules.iter().map(SchedulePreview::to_text).collect();
        parts.join("\n")
    }
}

impl SchedulePreview {
    fn to_text(&self) -> String {
        let mut text = self.heading();
        if matches!(self.schedule.frequency, Some(Frequency::Event | Frequency::InAppEvent)) {
            text.push_str("no runs: events decide who gets a message when\n");
            return text;
        }
        if !self.runs.is_empty() {
            let columns = [
                ("RUN", Side::Right),
                ("DUE (UTC)", Side::Left),
                ("CLOCK", Side::Left),
                ("OFFSET", Side::Left),
                ("ENDPOINTS", Side::Right),
                ("QUIET TIME", Side::Left),
                ("ZONES", Side::Left),
            ];
            let rows: Vec<_> = self.runs.iter().flat_map(RunPreview::rows).collect();
            text.push_str(&table(columns, &rows));
        }
        let end = match (self.runs.is_empty(), self.has_more) {
            (_, true) => "more runs follow; `--count` prints them",
            (true, false) => "no run is to come",
            (false, false) => "no run follows",
        };
        text + end + "\n"
    }

    fn heading(&self) -> String {
        let treatments = named(&self.treatments);
        let schedule = &self.schedule;
        let frequency = schedule.frequency.as_ref().unwrap_or(&Frequency::Once).as_str();
        let mut text = format!("{treatments}: {frequency} from {}", schedule.start_time);
        let mut add = |part: std::fmt::Arguments<'_>| text.write_fmt(part).expect("writing to a string does not fail");
        if let Some(end) = schedule.end_time.as_deref().filter(|end| !end.is_empty()) {
            add(format_args!(" until {end}"));
        }
        if let Some(timezone) = &schedule.timezone {
            add(format_args!(", {timezone}"));
        }
        if schedule.is_local_time == Some(true) {
            add(format_args!(", in local time"));
        }
        if let Some(quiet_time) = &self.quiet_time {
            let becomes = if self.is_deferred { "deferred" } else { "dropped" };
            add(format_args!("; messages from {quiet_time} are {becomes}"));
        }
        text + "\n"
    }
}

fn named(ids: &[String]) -> String {
    let word = if ids.len() == 1 { "treatment" } else { "treatments" };
    format!("{word} {}", ids.join(", "))
}

impl RunPreview {
    fn rows(&self) -> Vec<[String; 7]> {
        if self.waves.is_empty() {
            let none = String::new;
            return vec![[
                self.number.to_string(),
                self.moment.to_string(),
                self.clock.clone(),
                none(),
                none(),
                none(),
                none(),
            ]];
        }
        self.waves.iter().map(|wave| wave.row(self.number)).collect()
    }
}

impl WavePreview {
    fn row(&self, number: u32) -> [String; 7] {
        let quiet_time = match (self.fate, self.deferred_to) {
            (Some(fate), _) if !self.zones.is_empty() => fate.to_owned(),
            (_, Some(over)) => format!("until {over}"),
            _ => String::new(),
        };
        let zones = match (self.zones.is_empty(), self.fate) {
            (false, _) => self.zones.join(", "),
            (true, Some(fate)) => format!("none: {fate}"),
            (true, None) => "none".to_owned(),
        };
        [
            number.to_string(),
            self.due.as_ref().map(Timestamp::to_string).unwrap_or_default(),
            self.clock.clone().unwrap_or_default(),
            self.offset.clone().unwrap_or_default(),
            self.endpoints.map(grouped).unwrap_or_default(),
            quiet_time,
            zones,
        ]
    }
}
