use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::store::Event;

fn origin() -> Origin {
    Origin { application_id: ApplicationId::new("app"), account_id: "123456789012".into() }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn row(event_type: &str, document: &Value) -> EventRow {
    EventRow {
        position: 7,
        arrived_at: at("2026-03-01T09:00:00.188Z"),
        event: Event {
            endpoint_id: "phone-1".into(),
            id: "event-1".into(),
            event_type: event_type.into(),
            at: at("2026-03-01T09:00:00.123Z"),
            document: document.to_string(),
        },
    }
}

fn endpoint() -> Value {
    json!({
        "ChannelType": "GCM", "Address": "secret-token", "EndpointStatus": "ACTIVE", "OptOut": "NONE",
        "RequestId": "r", "EffectiveDate": "2026-02-01T00:00:00.000Z", "CreationDate": "2026-01-01T00:00:00.000Z",
        "Attributes": {"interests": ["shoes"]}, "Metrics": {"age": 7.0}, "Location": {"Country": "DE"},
        "Demographic": {
            "AppVersion": "5.4.0", "Locale": "en_us", "Make": "Fairphone", "Model": "5", "Platform": "android",
            "PlatformVersion": "14",
        },
        "User": {"UserId": "ann", "UserAttributes": {"tier": ["gold"]}},
    })
}

/// The record of an event as JSON, with the endpoint's text apart.
fn read(row: &EventRow, endpoint: Option<&Value>) -> (Value, Option<Value>) {
    let document = endpoint.map(Value::to_string);
    let record = of_event(row, document.as_deref().map(str::as_bytes), &origin()).unwrap();
    assert_eq!((&*record.partition_key, &*record.event_type), ("phone-1", &*row.event.event_type));
    apart(&record)
}

fn apart(record: &Record) -> (Value, Option<Value>) {
    assert!(!record.json.contains(&b'\n'));
    let mut json: Value = serde_json::from_slice(&record.json).unwrap();
    let text = json.pointer_mut("/client_context/custom/endpoint").map(Value::take);
    (json, text.map(|text| serde_json::from_str(text.as_str().expect("JSON within JSON")).unwrap()))
}

/// What a record shows of [`endpoint`].
fn shown() -> Value {
    let mut shown = endpoint();
    shown.as_object_mut().unwrap().retain(|name, _| !matches!(name.as_str(), "Address" | "CreationDate"));
    shown
}

#[test]
fn an_apps_event_has_the_documented_members() {
    let document = json!({
        "EventType": "cart.add", "Timestamp": "2026-03-01T09:00:00.123Z",
        "Attributes": {"sku": "A1", "size": 42, "gift": true, "none": null}, "Metrics": {"price": 9.9},
        "Session": {"Id": "s1", "StartTimestamp": "2026-03-01T08:59:00Z", "StopTimestamp": "2026-03-01T09:30:00+00:00"},
        "AppPackageName": "com.example.shop", "AppTitle": "Shop", "AppVersionCode": "540",
        "ClientSdkVersion": "6.0", "SdkName": "aws-amplify",
    });
    let (record, shown_endpoint) = read(&row("cart.add", &document), Some(&endpoint()));
    assert_eq!(
        record,
        json!({
            "event_type": "cart.add", "event_timestamp": 1_772_355_600_123_i64,
            "arrival_timestamp": 1_772_355_600_188_i64, "event_version": "3.0",
            "application": {
                "app_id": "app", "package_name": "com.example.shop", "title": "Shop", "version_name": "5.4.0",
                "version_code": "540", "sdk": {"name": "aws-amplify", "version": "6.0"},
            },
            "client": {"client_id": "phone-1"},
            "device": {
                "locale": {"code": "en_us", "country": "US", "language": "en"}, "make": "Fairphone", "model": "5",
                "platform": {"name": "android", "version": "14"},
            },
            "session": {
                "session_id": "s1", "start_timestamp": 1_772_355_540_000_i64, "stop_timestamp": 1_772_357_400_000_i64,
            },
            "attributes": {"sku": "A1", "size": "42", "gift": "true"}, "metrics": {"price": 9.9},
            "client_context": {"custom": {"endpoint": null}},
            "awsAccountId": "123456789012",
        })
    );
    assert_eq!(shown_endpoint.unwrap(), shown());
}

#[test]
fn objects_without_members_are_there_all_the_same() {
    let (record, shown) = read(&row("tick", &json!({"EventType": "tick"})), None);
    assert_eq!(
        record,
        json!({
            "event_type": "tick", "event_timestamp": 1_772_355_600_123_i64,
            "arrival_timestamp": 1_772_355_600_188_i64, "event_version": "3.0",
            "application": {"app_id": "app", "sdk": {}}, "client": {"client_id": "phone-1"},
            "device": {"locale": {}, "platform": {}}, "session": {}, "attributes": {}, "metrics": {},
            "client_context": {"custom": {"endpoint": null}}, "awsAccountId": "123456789012",
        })
    );
    assert_eq!(shown.unwrap(), json!({}));
}

fn send<'a>(campaign: &'a CampaignId, activity: &'a ActivityId, treatment: &'a TreatmentId) -> Send<'a> {
    Send {
        endpoint_id: "phone-1",
        campaign_id: campaign,
        activity_id: activity,
        treatment_id: treatment,
        status: "SUCCESS",
        custom: &[],
        at: at("2026-03-01T09:00:00.123Z"),
    }
}

#[test]
fn a_campaigns_message_has_the_documented_members() {
    let (campaign, activity, treatment) = (CampaignId::new("c"), ActivityId::new("a"), TreatmentId::new("0"));
    let send = send(&campaign, &activity, &treatment);
    let document = endpoint().to_string();
    let record = of_send(&send, document.as_bytes(), &origin()).unwrap();
    let (json, shown_endpoint) = apart(&record);
    assert_eq!(
        json,
        json!({
            "event_type": "_campaign.send", "event_timestamp": 1_772_355_600_123_i64,
            "arrival_timestamp": 1_772_355_600_123_i64, "event_version": "3.1",
            "application": {"app_id": "app", "sdk": {}}, "client": {"client_id": "phone-1"},
            "device": {"platform": {}}, "session": {}, "metrics": {},
            "attributes": {
                "campaign_id": "c", "campaign_activity_id": "a", "treatment_id": "0", "delivery_type": "GCM",
                "campaign_send_status": "SUCCESS",
            },
            "client_context": {"custom": {"endpoint": null}}, "awsAccountId": "123456789012",
        })
    );
    assert_eq!(shown_endpoint.unwrap(), shown());

    let again = of_send(&Send { at: at("2026-03-02T00:00:00Z"), ..send }, b"{}", &origin()).unwrap();
    assert_eq!(again.id, record.id, "the same message with the same status");
    let others = [
        Send { status: "HOLDOUT", ..send },
        Send { endpoint_id: "phone-2", ..send },
        Send { activity_id: &ActivityId::new("b"), ..send },
    ];
    let ids: BTreeSet<_> = others.iter().map(|send| of_send(send, b"{}", &origin()).unwrap().id).collect();
    assert_eq!(ids.len(), 3);
    assert!(!ids.contains(&record.id));
    let custom = of_send(&Send { custom: &["GCM".to_owned()], ..send }, document.as_bytes(), &origin()).unwrap();
    assert_eq!(apart(&custom).0["attributes"]["delivery_type"], "CUSTOM");
    assert!(of_send(&send, b"x", &origin()).is_err());
}

#[test]
fn mails_have_their_event_in_facets() {
    let attributes = json!({
        "campaign_id": "c", "campaign_activity_id": "a", "treatment_id": "0", "message_id": "m", "feedback": "delivered",
        "smtp_response": "250 ok", "reporting_mta": "mta.example.com",
    });
    let mut receiver = endpoint();
    receiver["ChannelType"] = "EMAIL".into();
    receiver["Address"] = "ann@example.com".into();
    let event = json!({"EventType": "_email.delivered", "Attributes": attributes});
    let (record, _) = read(&row("_email.delivered", &event), Some(&receiver));
    assert_eq!(
        record,
        json!({
            "event_type": "_email.delivered", "event_timestamp": 1_772_355_600_123_i64,
            "arrival_timestamp": 1_772_355_600_188_i64, "event_version": "3.1",
            "application": {"app_id": "app", "sdk": {}}, "client": {"client_id": "phone-1"},
            "device": {"platform": {}}, "session": {}, "metrics": {},
            "attributes": {
                "campaign_id": "c", "campaign_activity_id": "a", "treatment_id": "0", "feedback": "delivered",
            },
            "client_context": {"custom": {"legacy_identifier": "app"}},
            "facets": {"email_channel": {"mail_event": {
                "mail": {
                    "message_id": "m", "destination": ["ann@example.com"], "headers_truncated": false, "headers": [],
                    "common_headers": {"to": ["ann@example.com"]},
                },
                "delivery": {
                    "smtp_response": "250 ok", "reporting_mta": "mta.example.com", "recipients": ["ann@example.com"],
                },
            }}},
            "awsAccountId": "123456789012",
        })
    );
}

#[test]
fn every_mail_event_has_its_member() {
    for (event_type, member, names) in [
        ("_email.send", "send", &[][..]),
        ("_email.open", "open", &["ip_address", "user_agent"]),
        ("_email.click", "click", &["ip_address", "user_agent", "link"]),
        ("_email.hardbounce", "bounce", &["bounce_type", "diagnostic_code"]),
        ("_email.softbounce", "bounce", &["status"]),
        ("_email.complaint", "complaint", &["complaint_feedback_type"]),
        ("_email.rejected", "reject", &["reason"]),
        ("_email.unsubscribe", "unsubscribe", &[]),
    ] {
        let attributes: Value = names.iter().map(|name| ((*name).to_owned(), json!("x"))).collect();
        let (record, _) = read(&row(event_type, &json!({"Attributes": attributes})), None);
        let mail_event = &record["facets"]["email_channel"]["mail_event"];
        assert_eq!(mail_event[member], attributes, "{event_type}");
        assert_eq!(record["attributes"], json!({}), "{event_type}");
        assert_eq!(mail_event["mail"]["destination"], json!([]));
        let is_send = event_type == "_email.send";
        assert_eq!(mail_event["mail"].get("message_send_timestamp").is_some(), is_send, "{event_type}");
    }
}

#[test]
fn text_messages_have_strings_and_a_price() {
    let attributes = json!({
        "message_id": "m", "record_status": "DELIVERED", "destination_phone_number": "+4915112345678",
        "message_type": "Transactional", "origination_phone_number": "+1", "iso_country_code": "DE",
        "number_of_message_parts": 2, "campaign_id": "c", "price_in_millicents_usd": "645.0",
    });
    let (record, _) = read(&row("_SMS.SUCCESS", &json!({"Attributes": attributes})), Some(&endpoint()));
    assert_eq!(
        record["attributes"],
        json!({
            "message_id": "m", "record_status": "DELIVERED", "destination_phone_number": "+4915112345678",
            "message_type": "Transactional", "origination_phone_number": "+1", "iso_country_code": "DE",
            "number_of_message_parts": "2", "campaign_id": "c", "customer_context": "{\"userId\":\"ann\"}",
        })
    );
    assert_eq!(record["metrics"], json!({"price_in_millicents_usd": 645.0}));
    assert_eq!((&record["event_version"], record.get("client_context")), (&json!("3.1"), None));
}

#[test]
fn what_cannot_be_read_makes_no_record_and_twice_named_members_do() {
    let mut event = row("tick", &json!("x"));
    assert!(of_event(&event, None, &origin()).is_err());
    event.event.document = r#"{"AppTitle":"a","AppTitle":"b"}"#.into();
    assert_eq!(read(&event, None).0["application"]["title"], "b");
    let ids = |event: &EventRow| of_event(event, None, &origin()).unwrap().id;
    assert_eq!(ids(&event), ids(&event));
    let later = EventRow { position: 8, ..event.clone() };
    assert_ne!(ids(&event), ids(&later), "a client may use an id again after a day");
}
