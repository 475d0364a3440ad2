//! Displays of in-app messages.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Place, application_id, with_application};
use crate::domain::ApplicationId;
use crate::domain::limit::{IN_APP_CAMPAIGN_CHARS_MAX, IN_APP_DISPLAYS_MAX};
use crate::store::{Display, Event, Store};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn event(endpoint_id: &str, id: &str, event_type: &str, attributes: Value, session: Option<&str>) -> Event {
    let mut document = json!({ "EventType": event_type, "Attributes": attributes });
    if let Some(id) = session {
        document["Session"] = json!({ "Id": id, "StartTimestamp": "2026-03-01T09:00:00Z" });
    }
    Event {
        endpoint_id: endpoint_id.into(),
        id: id.into(),
        event_type: event_type.into(),
        at: at("2026-03-01T09:00:00Z"),
        document: document.to_string(),
    }
}

fn shown(endpoint_id: &str, id: &str, campaign: &str, session: Option<&str>) -> Event {
    event(endpoint_id, id, "_inapp.message_displayed", json!({ "campaign_id": campaign }), session)
}

async fn keep(store: &dyn Store, events: Vec<Event>) {
    store.append_events(&application_id(), events, at("2026-03-01T09:00:05Z")).await.unwrap();
}

async fn displays(store: &dyn Store, endpoint_ids: &[&str]) -> Vec<(String, String, Option<String>)> {
    let endpoint_ids = endpoint_ids.iter().map(|&id| id.to_owned()).collect();
    let displays = store.displays(&application_id(), endpoint_ids).await.unwrap();
    displays.into_iter().map(|display| (display.endpoint_id, display.campaign, display.session)).collect()
}

fn row(endpoint_id: &str, campaign: &str, session: Option<&str>) -> (String, String, Option<String>) {
    (endpoint_id.into(), campaign.into(), session.map(Into::into))
}

pub async fn displays_outlive_their_events(place: &dyn Place) {
    let store = with_application(place).await;
    let early = Event { at: at("2026-02-01T00:00:00Z"), ..shown("a", "1", "sale-c1", Some("s")) };
    let of_the_future = Event { at: at("2027-01-01T00:00:00Z"), ..shown("a", "2", "sale-c1", None) };
    keep(&*store, vec![early, of_the_future, shown("b", "1", "other-c2", None)]).await;
    keep(&*store, vec![shown("a", "1", "sale-c1", Some("s"))]).await;
    store.delete_events_before(at("2026-04-01T00:00:00Z")).await.unwrap();
    drop(store);

    let store = place.open().await;
    let display = |session: Option<&str>, moment: &str| Display {
        endpoint_id: "a".into(),
        campaign: "sale-c1".into(),
        session: session.map(Into::into),
        at: at(moment),
    };
    let expected = [display(Some("s"), "2026-02-01T00:00:00Z"), display(None, "2026-03-01T09:00:05Z")];
    let found = store.displays(&application_id(), vec!["a".into()]).await.unwrap();
    assert_eq!(found, expected, "sent again it counts once, and nothing is shown after it arrived");
    let both = displays(&*store, &["b", "nobody", "a"]).await;
    assert_eq!(both.iter().map(|(endpoint_id, ..)| endpoint_id.as_str()).collect::<Vec<_>>(), ["b", "a", "a"]);
    let nowhere = store.displays(&ApplicationId::new("nobody"), vec!["a".into()]).await.unwrap();
    assert_eq!(nowhere, []);
}

pub async fn sessions_after_a_display_are_known(place: &dyn Place) {
    let store = with_application(place).await;
    let start = |id: &str, session: &str| event("a", id, "_session.start", json!({}), Some(session));
    keep(&*store, vec![start("1", "s1")]).await;
    assert_eq!(displays(&*store, &["a"]).await, [], "who was shown nothing has no row");
    keep(&*store, vec![shown("a", "2", "sale-c1", Some("s1")), start("3", "s1")]).await;
    assert_eq!(displays(&*store, &["a"]).await, [row("a", "sale-c1", Some("s1"))]);
    let without = event("a", "4", "cart.add", json!({}), None);
    keep(&*store, vec![start("5", "s2"), without, start("6", "s3")]).await;
    assert_eq!(displays(&*store, &["a"]).await, [row("a", "sale-c1", Some("s1")), row("a", "", Some("s3"))]);
    keep(&*store, vec![shown("a", "7", "sale-c1", Some("s3")), start("8", "s3")]).await;
    let newest = displays(&*store, &["a"]).await.pop();
    assert_eq!(newest, Some(row("a", "sale-c1", Some("s3"))));
}

pub async fn events_that_name_no_campaign_are_no_displays(place: &dyn Place) {
    let store = with_application(place).await;
    let other = event("a", "1", "_inapp.message_clicked", json!({ "campaign_id": "sale-c1" }), None);
    let nameless = event("a", "2", "_inapp.message_displayed", json!({}), None);
    let number = event("a", "3", "_inapp.message_displayed", json!({ "campaign_id": 7 }), None);
    let long = "é".repeat(IN_APP_CAMPAIGN_CHARS_MAX);
    let longest = shown("a", "4", &long, None);
    let too_long = shown("a", "5", &format!("{long}x"), None);
    keep(&*store, vec![other, nameless, number, longest, too_long]).await;
    assert_eq!(displays(&*store, &["a"]).await, [row("a", "7", None), row("a", &long, None)]);
}

pub async fn an_endpoint_keeps_its_newest_displays(place: &dyn Place) {
    let store = with_application(place).await;
    let display = |endpoint_id: &str, n: usize| shown(endpoint_id, &n.to_string(), &format!("sale-{n}"), Some("s"));
    keep(&*store, vec![display("b", 0)]).await;
    keep(&*store, (0..IN_APP_DISPLAYS_MAX + 2).map(|n| display("a", n)).collect()).await;
    let found = displays(&*store, &["a", "b"]).await;
    assert_eq!(found.len(), IN_APP_DISPLAYS_MAX + 1);
    assert_eq!(found[0], row("a", "sale-2", Some("s")));
    assert_eq!(found[IN_APP_DISPLAYS_MAX - 1], row("a", &format!("sale-{}", IN_APP_DISPLAYS_MAX + 1), Some("s")));
    assert_eq!(found[IN_APP_DISPLAYS_MAX], row("b", "sale-0", Some("s")), "others lose nothing");
}
