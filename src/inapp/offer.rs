//! Messages that an endpoint may get, and which of them it does, in what order.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Caps, Shown};
use crate::domain::limit::IN_APP_CAMPAIGN_NAME_CHARS_MAX;
use crate::wire::generated::{self as wire, DimensionType, FilterType, Layout};

/// Source: Pinpoint console; 1 is the highest.
pub const PRIORITY_DEFAULT: i32 = 3;
pub const PRIORITY_LOWEST: i32 = 5;

/// The message of one treatment of a campaign.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The campaign's own id.
    pub campaign_id: String,
    pub caps: Caps,
    /// After it, no client shows the message.
    pub end: Timestamp,
    /// As it is handed over, but for the caps.
    message: wire::InAppMessageCampaign,
}

/// What an offer is made of.
pub struct Source<'a> {
    pub name: &'a str,
    pub campaign_id: &'a str,
    pub treatment_id: &'a str,
    pub priority: i32,
    pub caps: Caps,
    pub message: wire::InAppMessage,
    pub end: Timestamp,
    pub event_filter: wire::CampaignEventFilter,
    pub quiet_time: Option<wire::QuietTime>,
}

impl Offer {
    pub fn new(source: Source<'_>) -> Self {
        let Source { name, campaign_id, treatment_id, priority, caps, message, end, event_filter, quiet_time } = source;
        let name: String = name.chars().take(IN_APP_CAMPAIGN_NAME_CHARS_MAX).collect();
        // Clients only compare it, but somebody may show it.
        let name = super::text::plain(&name);
        let mut dimensions = event_filter.dimensions;
        // Clients get them also when they are empty.
        dimensions.attributes.get_or_insert_default();
        dimensions.metrics.get_or_insert_default();
        let schedule = wire::InAppCampaignSchedule {
            end_date: Some(end_date(end)),
            event_filter: Some(wire::CampaignEventFilter { dimensions, filter_type: FilterType::Endpoint }),
            quiet_time,
        };
        let message = wire::InAppMessageCampaign {
            campaign_id: Some(format!("{name}-{campaign_id}")),
            treatment_id: Some(treatment_id.to_owned()),
            priority: Some(priority),
            in_app_message: Some(message),
            schedule: Some(schedule),
            session_cap: None,
            daily_cap: None,
            total_cap: None,
        };
        Self { campaign_id: campaign_id.to_owned(), caps, end, message }
    }

    fn priority(&self) -> i32 {
        self.message.priority.unwrap_or(PRIORITY_LOWEST)
    }

    fn with(&self, caps: Caps) -> wire::InAppMessageCampaign {
        let number = |cap: u32| Some(i32::try_from(cap).unwrap_or(i32::MAX));
        wire::InAppMessageCampaign {
            session_cap: number(caps.session),
            daily_cap: number(caps.daily),
            total_cap: number(caps.total),
            ..self.message.clone()
        }
    }
}

/// The offers in the order in which clients choose among them: by priority, then the one that ends first. Without those whose
/// caps are used up, unless nobody counts them here.
pub fn choose(mut offers: Vec<&Offer>, shown: Option<&Shown<'_>>) -> Vec<wire::InAppMessageCampaign> {
    offers.sort_by_key(|offer| (offer.priority(), offer.end));
    let caps = |offer: &Offer| shown.map_or(Some(offer.caps), |shown| shown.left_of(offer.caps, &offer.campaign_id));
    offers.into_iter().filter_map(|offer| Some(offer.with(caps(offer)?))).collect()
}

/// A message that no client shows. It takes the place of all that a client has, which an empty list would not.
pub fn withdrawal() -> wire::InAppMessageCampaign {
    let never = wire::SetDimension {
        dimension_type: Some(DimensionType::Inclusive),
        values: vec!["_pinwheel.withdrawn".to_owned()],
    };
    let dimensions = wire::EventDimensions {
        event_type: Some(never),
        attributes: Some(BTreeMap::new()),
        metrics: Some(BTreeMap::new()),
    };
    let message =
        wire::InAppMessage { content: Some(Vec::new()), custom_config: None, layout: Some(Layout::TopBanner) };
    let offer = Offer::new(Source {
        name: "withdrawn",
        campaign_id: "0",
        treatment_id: "0",
        priority: PRIORITY_LOWEST,
        caps: Caps::default(),
        message,
        end: Timestamp::UNIX_EPOCH,
        event_filter: wire::CampaignEventFilter { dimensions, filter_type: FilterType::Endpoint },
        quiet_time: None,
    });
    offer.with(Caps::default())
}

/// As the wire has it: whole seconds.
fn end_date(end: Timestamp) -> String {
    Timestamp::from_second(end.as_second()).unwrap_or(end).to_string()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::store::Display;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn offer(id: &str, priority: i32, ends_in_s: i64, total: u32) -> Offer {
        let filter = serde_json::json!({ "FilterType": "SYSTEM", "Dimensions": { "EventType": { "Values": ["e"] } } });
        Offer::new(Source {
            name: "n<b>",
            campaign_id: id,
            treatment_id: "0",
            priority,
            caps: Caps { total, ..Caps::default() },
            message: wire::InAppMessage::default(),
            end: NOW + SignedDuration::from_secs(ends_in_s),
            event_filter: serde_json::from_value(filter).unwrap(),
            quiet_time: None,
        })
    }

    fn ids(messages: &[wire::InAppMessageCampaign]) -> Vec<&str> {
        messages.iter().filter_map(|message| message.campaign_id.as_deref()).collect()
    }

    #[test]
    fn priority_comes_first_then_the_nearest_end() {
        let offers = [offer("late", 3, 20, 0), offer("low", 5, 1, 0), offer("soon", 3, 10, 0), offer("high", 1, 90, 0)];
        let chosen = choose(offers.iter().collect(), None);
        assert_eq!(ids(&chosen), ["n-high", "n-soon", "n-late", "n-low"]);
    }

    #[test]
    fn used_up_offers_are_left_out_and_the_others_keep_what_is_left() {
        let offers = [offer("a", 3, 1, 1), offer("b", 3, 2, 3)];
        let display = |endpoint_id: &str, campaign: &str| Display {
            endpoint_id: endpoint_id.into(),
            campaign: campaign.into(),
            session: None,
            at: NOW,
        };
        let displays = [display("tablet", "n-a"), display("tablet", "n-b")];
        let shown = Shown::new(&displays, "phone", NOW);
        let chosen = choose(offers.iter().collect(), Some(&shown));
        assert_eq!((ids(&chosen), chosen[0].total_cap), (vec!["n-b"], Some(2)));
        assert_eq!(choose(offers.iter().collect(), None)[1].total_cap, Some(3), "clients count alone");
    }

    #[test]
    fn the_shape_is_the_documented_one() {
        let message = serde_json::to_value(&choose(vec![&offer("c", 2, 1, 4)], None)[0]).unwrap();
        let dimensions = serde_json::json!({ "EventType": { "Values": ["e"] }, "Attributes": {}, "Metrics": {} });
        let expected = serde_json::json!({
            "CampaignId": "n-c", "TreatmentId": "0", "Priority": 2, "SessionCap": 0, "DailyCap": 0, "TotalCap": 4,
            "InAppMessage": {},
            "Schedule": {
                "EndDate": "1970-01-01T00:00:01Z",
                "EventFilter": { "FilterType": "ENDPOINT", "Dimensions": dimensions },
            },
        });
        assert_eq!(message, expected);
    }

    #[test]
    fn a_withdrawal_has_ended() {
        let message = withdrawal();
        assert_eq!(message.schedule.unwrap().end_date.as_deref(), Some("1970-01-01T00:00:00Z"));
    }
}
