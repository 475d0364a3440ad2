//! Ten campaigns at once under the application's daily cap of 5, with failures that release places, and a restart.

use std::collections::HashMap;

use pinwheel::domain::EndpointUpdate;
use pinwheel::store::EndpointWrite;

use super::*;

const DAILY: u32 = 5;
const CAMPAIGNS: usize = 10;

/// Everybody is in all segments, but who has an even number only in those of even campaigns, and who has a multiple of 7 in the
/// first three.
fn segments_of(number: usize) -> Vec<usize> {
    let is_in = |campaign: &usize| match (number % 7, number % 2) {
        (0, _) => *campaign < 3,
        (_, 0) => campaign.is_multiple_of(2),
        _ => true,
    };
    (0..CAMPAIGNS).filter(is_in).collect()
}

fn member(number: usize) -> EndpointWrite {
    // Every eleventh fails each time, every thirteenth once.
    let address = match (number % 11, number % 13) {
        (0, _) => format!("unavailable-{number}"),
        (_, 0) => format!("once-{number}"),
        _ => format!("works-{number}"),
    };
    let groups = segments_of(number).into_iter().map(|campaign| format!("g{campaign}")).collect();
    let update = EndpointUpdate {
        channel_type: Some(ChannelType::Gcm),
        address: Some(address),
        attributes: [("group".to_owned(), groups)].into(),
        ..EndpointUpdate::default()
    };
    EndpointWrite { id: format!("e{number:05}"), update }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_a_sixth_message_and_who_can_gets_five() {
    const ENDPOINTS: usize = 1_001;
    let world = slow_world(Duration::from_millis(5)).await;
    let mut settings = world.settings();
    crate::support::set(&mut settings, "send.attempts_max", 1);
    let clock = Leaping::new();
    let stage = Stage::with(world.engine_of(settings.clone(), Arc::new(clock.clone())), clock).await;
    populate_store(&*stage.store, (0..ENDPOINTS).map(member).collect()).await;
    let application = application();
    for campaign in 0..CAMPAIGNS {
        let values = json!([format!("g{campaign}")]);
        let group = json!({ "group": { "AttributeType": "INCLUSIVE", "Values": values } });
        let segment = json!({ "Dimensions": { "Attributes": group } }).to_string();
        let (id, now) = (format!("s{campaign}"), "2026-03-01T09:00:00.000Z".to_owned());
        stage.store.put_definition(Some(&application), Kind::Segment, &id, segment, now).await.unwrap();
    }
    let begin = async |stage: &Stage, campaigns: std::ops::Range<usize>| {
        for campaign in campaigns {
            let changes = json!({ "SegmentId": format!("s{campaign}"), "Hook": lambda_hook() });
            let defaults = json!({ "Limits": { "Daily": DAILY } });
            let document =
                json!({ "Campaign": crate::support::campaign(changes), "Scheduled": true, "Defaults": defaults });
            let (id, now) = (format!("c{campaign}"), "2026-03-01T09:00:00.000Z".to_owned());
            let owner = Some(&application);
            stage.store.put_definition(owner, Kind::Campaign, &id, document.to_string(), now).await.unwrap();
            stage.scheduler.changed(&application, &CampaignId::new(id));
        }
    };

    // Seven at once, a restart in their midst, and then all ten.
    begin(&stage, 0..7).await;
    until(async || world.fcm.messages() > 1_000, "messages go out").await;
    let (clock, _) = stage.stop().await;
    let stage = Stage::with(world.engine_of(settings, Arc::new(clock.clone())), clock).await;
    begin(&stage, 7..10).await;
    for campaign in 0..CAMPAIGNS {
        until(
            async || {
                let activities = stage.activities(&format!("c{campaign}")).await;
                !activities.is_empty() && activities.iter().all(|activity| activity.state == ActivityState::Completed)
            },
            "it is over",
        )
        .await;
        stage.over(&format!("c{campaign}")).await;
    }

    let mut got = HashMap::<String, u32>::new();
    for entry in world.fcm.record().entries() {
        *got.entry(entry.address).or_default() += 1;
    }
    for number in 0..ENDPOINTS {
        let address = member(number).update.address.unwrap();
        let messages = got.get(&address).copied().unwrap_or_default();
        let most = (segments_of(number).len() as u32).min(DAILY);
        assert!(messages <= most, "{address} got {messages} messages");
        if address.starts_with("works") {
            assert_eq!(messages, most, "{address}, where nothing failed");
        }
    }
}
