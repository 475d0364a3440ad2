//! What the hook writes reaches the message where the channel takes it, and only there.

use std::collections::BTreeMap;

use pinwheel::domain::{ChannelType, Fate};
use pinwheel::sandbox::function::{Event, Reply};
use serde_json::{Value, json};

use crate::support::{World, endpoint, lambda_hook, populate, run};

fn override_everybody(event: &Event) -> Reply {
    let mut endpoints: BTreeMap<String, Value> = serde_json::from_slice(&event.endpoints()).unwrap();
    for endpoint in endpoints.values_mut() {
        endpoint["TitleOverride"] = json!("Mine");
        endpoint["BodyOverride"] = json!("For {{Attributes.Nick}}");
        endpoint["Attributes"]["Nick"] = json!(["ami"]);
    }
    Reply::answer(serde_json::to_vec(&endpoints).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn overrides_apply_to_push_and_sms_but_not_to_email() {
    let world = World::new(override_everybody).await;
    let app = world.app("");
    populate(
        &app,
        vec![
            endpoint("apns", ChannelType::Apns, "token"),
            endpoint("sms", ChannelType::Sms, "+12065550100"),
            endpoint("email", ChannelType::Email, "a@example.com"),
        ],
    )
    .await;
    let outcome = run(&app, json!({ "Hook": lambda_hook() })).await;
    assert_eq!(outcome.tally.get(Fate::Sent), 3);
    let text_of = |id: &str| {
        let lines = world.sunk();
        lines.iter().find(|line| line.to_string().contains(&format!("\"{id}\""))).unwrap().to_string()
    };
    assert!(text_of("apns").contains("Mine") && text_of("apns").contains("For ami"));
    assert!(text_of("sms").contains("For ami") && !text_of("sms").contains("Mine"));
    assert!(text_of("email").contains("World") && !text_of("email").contains("For ami"));
}
