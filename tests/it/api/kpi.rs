//! `…/kpis/daterange/{kpi-name}`.

use hyper::Method;
use pinwheel::domain::ApplicationId;
use pinwheel::sandbox::function;
use pinwheel::store::{Event, Kind};
use serde_json::{Value, json};

use super::Served;
use crate::support::{APPLICATION, World, campaign, gcm_endpoints, populate};

/// Rows as `(group, value)`, where a KPI has one value.
fn rows(answer: &Value) -> Vec<(String, f64)> {
    let number = |row: &Value| {
        let value = &row["Values"][0];
        assert_eq!(value["Type"], "Double");
        value["Value"].as_str().unwrap().parse().unwrap()
    };
    let group = |row: &Value| row["GroupedBys"][0]["Value"].as_str().unwrap_or_default().to_owned();
    answer["KpiResult"]["Rows"].as_array().unwrap().iter().map(|row| (group(row), number(row))).collect()
}

async fn report(served: &Served, event_type: &str, events: &[(&str, Value)]) {
    let event = |(i, (endpoint, attributes)): (usize, &(&str, Value))| Event {
        endpoint_id: (*endpoint).to_owned(),
        id: format!("{event_type}-{i}"),
        event_type: event_type.to_owned(),
        at: served.app.clock.now(),
        document: json!({ "EventType": event_type, "Attributes": attributes }).to_string(),
    };
    let events = events.iter().enumerate().map(event).collect();
    let now = served.app.clock.now();
    served.app.store.append_events(&ApplicationId::new(APPLICATION), events, now).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_counted_from_the_ledger() {
    let world = World::new(function::echo).await;
    let served = Served::start(&world).await;
    populate(&served.app, gcm_endpoints(120)).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let made = served.post("campaigns", campaign(json!({}))).await;
        let id = made["Id"].as_str().unwrap().to_owned();
        served.becomes(&id, "COMPLETED").await;
        ids.push(id);
    }
    let kpi = async |path: &str| rows(&served.get(path).await);
    assert_eq!(kpi("kpis/daterange/unique-deliveries").await, [(String::new(), 120.0)], "each endpoint once");
    let mut expected: Vec<_> = ids.iter().map(|id| (id.clone(), 120.0)).collect();
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(kpi("kpis/daterange/successful-deliveries-grouped-by-campaign").await, expected);
    assert_eq!(kpi("kpis/daterange/successful-delivery-rate").await, [(String::new(), 1.0)]);
    let by_date = kpi("kpis/daterange/unique-deliveries-grouped-by-date").await;
    assert!(by_date.iter().all(|(date, _)| date.len() == "2026-03-01".len()), "{by_date:?}");

    let path = format!("campaigns/{}/kpis/daterange", ids[0]);
    let activity = served.get(&format!("campaigns/{}/activities", ids[0])).await["Item"][0]["Id"].clone();
    let by_activity = kpi(&format!("{path}/attempted-deliveries-grouped-by-campaign-activity")).await;
    assert_eq!(by_activity, [(activity.as_str().unwrap().to_owned(), 120.0)]);

    // What came back was no delivery, once a message.
    let of_run = json!({"campaign_id": ids[0], "campaign_activity_id": activity});
    report(&served, "_email.hardbounce", &[("e00000", of_run.clone()), ("e00001", of_run.clone())]).await;
    report(&served, "_email.softbounce", &[("e00000", of_run.clone()), ("e00002", json!({"campaign_id": ids[0]}))])
        .await;
    let mut expected: Vec<_> = vec![(ids[0].clone(), 118.0), (ids[1].clone(), 120.0)];
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(kpi("kpis/daterange/successful-deliveries-grouped-by-campaign").await, expected);
    assert_eq!(kpi(&format!("{path}/successful-delivery-rate")).await, [(String::new(), 118.0 / 120.0)]);
    assert_eq!(kpi("kpis/daterange/unique-deliveries").await, [(String::new(), 120.0)], "the other run reached them");
    assert_eq!(kpi(&format!("{path}/unique-deliveries")).await, [(String::new(), 118.0)]);
    let answer = served.get(&format!("{path}/unique-deliveries")).await;
    assert_eq!((&answer["CampaignId"], &answer["KpiName"]), (&json!(ids[0]), &json!("unique-deliveries")));
    let expected = json!([{
        "GroupedBys": [], "Values": [{ "Key": "UniqueDeliveries", "Type": "Double", "Value": "118.0" }]
    }]);
    assert_eq!(answer["KpiResult"]["Rows"], expected);
    assert_eq!(kpi(&format!("{path}/sms-spend")).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn opens_are_counted_from_events() {
    let world = World::new(function::echo).await;
    let served = Served::start(&world).await;
    populate(&served.app, gcm_endpoints(10)).await;
    let message = json!({ "GCMMessage": { "Title": "t", "Body": "b" } });
    let made = served.post("campaigns", campaign(json!({ "MessageConfiguration": message }))).await;
    let id = made["Id"].as_str().unwrap().to_owned();
    served.becomes(&id, "COMPLETED").await;
    let path = format!("campaigns/{id}/kpis/daterange");
    let kpi = async |name: &str| rows(&served.get(&format!("{path}/{name}")).await);
    assert_eq!(kpi("push-open-rate").await, [], "nobody told of an open");

    let activity = served.get(&format!("campaigns/{id}/activities")).await["Item"][0]["Id"].clone();
    let activity = activity.as_str().unwrap();
    let of_it = json!({ "campaign_id": id, "campaign_activity_id": activity });
    let other = json!({ "campaign_id": "other", "campaign_activity_id": "other" });
    let opens = [("e00001", of_it.clone()), ("e00001", of_it.clone()), ("e00002", of_it.clone()), ("e00003", other)];
    report(&served, "_campaign.opened_notification", &opens).await;
    assert_eq!(kpi("push-open-rate").await, [(String::new(), 0.2)], "each endpoint once");
    assert_eq!(kpi("direct-push-opens-grouped-by-campaign-activity").await, [(activity.to_owned(), 3.0)]);
    assert_eq!(kpi("email-open-rate").await, [], "it sent no mail");
    assert_eq!(rows(&served.get("kpis/daterange/push-open-rate-grouped-by-campaign").await), [(id.clone(), 0.2)]);

    report(&served, "_email.send", &[("m1", json!({})), ("m2", json!({})), ("m3", of_it)]).await;
    report(&served, "_email.delivered", &[("m1", json!({}))]).await;
    let txn = async |name: &str| rows(&served.get(&format!("kpis/daterange/{name}")).await);
    assert_eq!(txn("txn-emails-sent").await, [(String::new(), 2.0)], "the campaign's is not transactional");
    assert_eq!(txn("txn-emails-delivery-rate").await, [(String::new(), 0.5)]);
    assert_eq!(txn("txn-sms-total-price-grouped-by-country").await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_names_spans_and_parents_are_refused() {
    let world = World::new(function::echo).await;
    let served = Served::start(&world).await;
    populate(&served.app, Vec::new()).await;
    let owner = ApplicationId::new(APPLICATION);
    let now = "2026-03-01T09:00:00.000Z".to_owned();
    served.app.store.put_definition(Some(&owner), Kind::Journey, "j", "{}".into(), now).await.unwrap();
    for (path, status) in [
        ("kpis/daterange/unique-deliveries", 200),
        ("kpis/daterange/clicks", 400),
        ("kpis/daterange/unique-deliveries?start-time=yesterday", 400),
        ("kpis/daterange/unique-deliveries?start-time=2020-01-01&end-time=2020-01-02", 400),
        ("campaigns/none/kpis/daterange/unique-deliveries", 404),
        ("journeys/none/kpis/daterange/journey-emails-sent", 404),
        ("journeys/j/kpis/daterange/journey-emails-sent", 200),
        ("journeys/j/kpis/daterange/unique-deliveries", 400),
    ] {
        let (found, body) = served.call(Method::GET, path, Value::Null).await;
        assert_eq!(found, status, "{path}: {body}");
        assert!(status != 200 || body["KpiResult"]["Rows"] == json!([]), "{path}: {body}");
    }
}
