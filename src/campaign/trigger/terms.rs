//! Which events trigger a campaign, and when it listens to them. Pure.

use jiff::{SignedDuration, Timestamp};

use super::WINDOW;
use crate::campaign::definition::{self, Document};
use crate::campaign::schedule::{Frequency, Schedule};
use crate::domain::CampaignId;
use crate::event::filter::{Facts, Filter};
use crate::store::EventRow;
use crate::wire::generated as wire;

/// Events that are told to the event stream only.
const NOT_KEPT: [&str; 2] = ["_campaign.send", "_journey.send"];

/// What an event must be to trigger a campaign.
#[derive(Clone, Debug)]
pub struct Terms {
    campaign_id: CampaignId,
    filter: Filter,
    /// Events that arrived before do not count: the start, or the end of the last pause.
    pub from: Timestamp,
    /// Events that arrived later do not count.
    pub to: Timestamp,
}

/// What a campaign that events trigger does now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// It is paused, and nothing triggers it.
    Paused,
    /// It will listen from then on.
    Waits(Timestamp),
    Listens,
    /// Its end is past, and so is the time for messages of its last events.
    Over,
}

impl Terms {
    /// Reads the terms of a campaign.
    ///
    /// Errors: a schedule that is not one of events, or breaks a rule.
    pub fn read(campaign_id: &CampaignId, document: &Document) -> Result<Self, definition::Error> {
        let Some(wire) = &document.campaign.schedule else {
            return Err(definition::invalid("Schedule", "is missing"));
        };
        let schedule = definition::read_schedule(wire, &document.defaults)?;
        let (filter, to) = check(wire, &schedule)?;
        let start = schedule.start.moment(document.made(0));
        let from = document.resumed.map_or(start, |resumed| resumed.max(start));
        Ok(Self { campaign_id: campaign_id.clone(), filter, from, to })
    }

    /// What the campaign does at this moment.
    pub fn phase(&self, document: &Document, now: Timestamp) -> Phase {
        if document.campaign.is_paused == Some(true) || !document.scheduled {
            Phase::Paused
        } else if now < self.from {
            Phase::Waits(self.from)
        } else if self.last_look().is_none_or(|last| now <= last) {
            Phase::Listens
        } else {
            Phase::Over
        }
    }

    /// Until when events may trigger it: nothing goes out later. `None` if that lies past all time.
    pub fn last_look(&self) -> Option<Timestamp> {
        self.to.checked_add(WINDOW).ok()
    }

    /// Whether a run begins for this event.
    pub fn is_met_by(&self, row: &EventRow) -> bool {
        let event = &row.event;
        let age = row.arrived_at.duration_since(event.at);
        if !(self.from..=self.to).contains(&row.arrived_at)
            || age > SignedDuration::try_from(WINDOW).expect("it is short")
            || !self.filter.may_match(&event.event_type)
        {
            return false;
        }
        // It was read when it arrived; one that cannot be read has nothing that was asked for.
        let facts = Facts::read(&event.document).unwrap_or_default();
        // What a campaign caused does not trigger it again, or it would never end.
        facts.attribute("campaign_id") != Some(self.campaign_id.as_str())
            && self.filter.matches(&event.event_type, &facts)
    }
}

/// Checks what only campaigns have that events trigger: their filter, and their end.
pub fn check(wire: &wire::Schedule, schedule: &Schedule) -> Result<(Filter, Timestamp), definition::Error> {
    if schedule.frequency != Frequency::Event {
        return Err(definition::invalid("Schedule.Frequency", "is not `EVENT`, and no event triggers the campaign"));
    }
    let Some(filter) = &wire.event_filter else {
        return Err(definition::invalid("Schedule.EventFilter", "it is missing, and `EVENT` campaigns need one"));
    };
    let filter = Filter::compile(filter).map_err(|error| {
        definition::invalid(&format!("Schedule.EventFilter.{}", error.field), error.problem.to_string())
    })?;
    let not_kept = |known: &&String| NOT_KEPT.contains(&known.as_str());
    if let Some(event_type) = filter.event_types().into_iter().flatten().find(not_kept) {
        let problem = format!("`{event_type}` does not trigger campaigns here, it goes to the event stream only");
        return Err(definition::invalid("Schedule.EventFilter.Dimensions.EventType.Values", problem));
    }
    let Some(end) = schedule.end else {
        return Err(definition::invalid("Schedule.EndTime", "it is missing, and `EVENT` campaigns need one"));
    };
    Ok((filter, end))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::store::Event;

    const MADE: &str = "2026-03-01T09:30:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn document(changes: Value) -> Document {
        let mut campaign = json!({ "Schedule": {
            "StartTime": "2026-03-01T10:00:00Z", "EndTime": "2026-03-01T12:00:00Z", "Frequency": "EVENT",
            "EventFilter": { "FilterType": "ENDPOINT", "Dimensions": {
                "EventType": { "DimensionType": "INCLUSIVE", "Values": ["cart.add", "_email.open"] },
                "Attributes": { "sku": { "Values": ["A1"] } } } }
        } });
        for (name, value) in changes.as_object().unwrap() {
            match campaign["Schedule"].get(name).is_some() {
                true => campaign["Schedule"][name] = value.clone(),
                false => campaign[name] = value.clone(),
            }
        }
        serde_json::from_value(json!({ "Campaign": campaign, "Scheduled": true, "Made": { "0": MADE } })).unwrap()
    }

    fn terms(document: &Document) -> Result<Terms, String> {
        Terms::read(&CampaignId::new("c"), document).map_err(|error| error.to_string())
    }

    fn row(event_type: &str, at: &str, arrived_at: &str, attributes: Value) -> EventRow {
        EventRow {
            position: 1,
            arrived_at: self::at(arrived_at),
            event: Event {
                endpoint_id: "e".into(),
                id: "1".into(),
                event_type: event_type.into(),
                at: self::at(at),
                document: json!({ "Attributes": attributes }).to_string(),
            },
        }
    }

    #[test]
    fn events_count_by_name_content_age_and_span() {
        let terms = terms(&document(json!({}))).unwrap();
        let a1 = || json!({ "sku": "A1" });
        let cases = [
            ("cart.add", "10:00:00", "10:00:00", a1(), true),
            ("cart.add", "09:58:00", "10:00:00", a1(), true),
            ("cart.add", "10:00:00", "09:59:59", a1(), false),
            ("cart.add", "12:00:00", "12:00:00", a1(), true),
            ("cart.add", "12:00:00", "12:00:01", a1(), false),
            ("cart.add", "10:55:00", "11:00:00", a1(), true),
            ("cart.add", "10:54:59", "11:00:00", a1(), false),
            ("cart.add", "23:00:00", "11:00:00", a1(), true),
            ("cart.remove", "11:00:00", "11:00:00", a1(), false),
            ("cart.add", "11:00:00", "11:00:00", json!({ "sku": "A2" }), false),
            ("_email.open", "11:00:00", "11:00:00", json!({ "sku": "A1", "campaign_id": "other" }), true),
            ("_email.open", "11:00:00", "11:00:00", json!({ "sku": "A1", "campaign_id": "c" }), false),
        ];
        for (event_type, at, arrived_at, attributes, expected) in cases {
            let on_day = |time: &str| format!("2026-03-01T{time}Z");
            let row = row(event_type, &on_day(at), &on_day(arrived_at), attributes.clone());
            assert_eq!(terms.is_met_by(&row), expected, "{event_type} {at} {arrived_at} {attributes}");
        }
    }

    #[test]
    fn it_listens_from_its_start_until_its_last_messages_are_due() {
        let plain = document(json!({}));
        let immediate = document(json!({ "StartTime": "IMMEDIATE" }));
        let paused = document(json!({ "IsPaused": true }));
        let mut resumed = document(json!({}));
        resumed.resumed = Some(at("2026-03-01T11:00:00Z"));
        let mut left_over = document(json!({}));
        left_over.scheduled = false;
        let ten = Phase::Waits(at("2026-03-01T10:00:00Z"));
        let cases = [
            (&plain, "09:59:59", ten),
            (&plain, "10:00:00", Phase::Listens),
            (&plain, "12:05:00", Phase::Listens),
            (&plain, "12:05:01", Phase::Over),
            (&immediate, "09:31:00", Phase::Listens),
            (&paused, "11:00:00", Phase::Paused),
            (&left_over, "11:00:00", Phase::Paused),
            (&resumed, "11:00:01", Phase::Listens),
        ];
        for (document, now, expected) in cases {
            let phase = terms(document).unwrap().phase(document, at(&format!("2026-03-01T{now}Z")));
            assert_eq!(phase, expected, "{now}");
        }
        let terms = terms(&resumed).unwrap();
        let during_the_pause = row("cart.add", "2026-03-01T10:59:00Z", "2026-03-01T10:59:59Z", json!({ "sku": "A1" }));
        assert!(!terms.is_met_by(&during_the_pause));
    }

    #[test]
    fn refusals_name_field_value_and_rule() {
        let of_type = |name: &str| {
            json!({ "FilterType": "SYSTEM", "Dimensions": {
                "EventType": { "DimensionType": "INCLUSIVE", "Values": ["a", name] } } })
        };
        let cases = [
            (json!({ "Frequency": "ONCE" }), "Schedule.Frequency: is not `EVENT`, and no event triggers the campaign"),
            (json!({ "EventFilter": null }), "Schedule.EventFilter: it is missing, and `EVENT` campaigns need one"),
            (json!({ "EndTime": null }), "Schedule.EndTime: it is missing, and `EVENT` campaigns need one"),
            (json!({ "EventFilter": of_type("") }), "Schedule.EventFilter.Dimensions.EventType.Values[1]: it is empty"),
            (
                json!({ "EventFilter": of_type("_campaign.send") }),
                "Schedule.EventFilter.Dimensions.EventType.Values: `_campaign.send` does not trigger campaigns here, it goes to \
                 the event stream only",
            ),
        ];
        for (changes, expected) in cases {
            assert_eq!(terms(&document(changes.clone())).unwrap_err(), expected, "{changes}");
        }
    }
}
