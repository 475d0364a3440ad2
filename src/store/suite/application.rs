//! Removal of applications.

use std::sync::Arc;

use jiff::Timestamp;

use super::event::event;
use super::ledger::{activity, batch, create};
use super::{NOW, Place, application, application_id, at, put, text_lists, with_application};
use crate::domain::{ApplicationId, CampaignId, ChannelType};
use crate::store::{ActivityState, AttributeGroup, Error, Kind, Store};

/// Gives the application something of everything.
async fn fill(store: &dyn Store, id: &ApplicationId) {
    let mut endpoint = at("e", ChannelType::Sms, "+1");
    endpoint.update.attributes = text_lists(&[("color", &["red"])]);
    endpoint.update.user.id = Some("u".into());
    store.upsert_endpoints(id, vec![endpoint, at("gone", ChannelType::Sms, "+2")], NOW.into()).await.unwrap();
    store.delete_endpoints(id, vec!["gone".into()]).await.unwrap();
    for kind in [Kind::Segment, Kind::Campaign, Kind::Channel] {
        store.put_definition(Some(id), kind, "d", "{}".into(), NOW.into()).await.unwrap();
    }
    store.put_segment_members(id, "d", 1, [0].into_iter().collect()).await.unwrap();
    store.append_events(id, vec![event("e", "1")], Timestamp::UNIX_EPOCH).await.unwrap();
}

/// Whether nothing of the application can be seen.
async fn is_gone(store: &dyn Store, id: &ApplicationId) -> bool {
    store.endpoint(id, "e").await.unwrap().is_empty()
        && store.endpoints_of_user(id, "u").await.unwrap().is_empty()
        && store.endpoints_at_address(id, ChannelType::Sms, "+1").await.unwrap().is_empty()
        && store.endpoint_numbers(id).await.unwrap().is_empty()
        && store.scan_endpoints(id, 0, 10).await.unwrap().is_empty()
        && store.load_endpoints(id, vec![0]).await.unwrap().is_empty()
        && store.attribute_names(id, AttributeGroup::Endpoint).await.unwrap().is_empty()
        && store.definition(Some(id), Kind::Segment, "d", None).await.unwrap().is_none()
        && store.definitions(Some(id), Kind::Channel).await.unwrap().is_empty()
        && store.definition_versions(Some(id), Kind::Campaign, "d", None, 10).await.unwrap().is_empty()
        && store.segment_members(id, "d", 1).await.unwrap().is_none()
        && store.events_after(id, 0, 10).await.unwrap().is_empty()
        && store.activities(id, &CampaignId::new("c1")).await.unwrap().is_empty()
        && store.activities_since(id, Timestamp::UNIX_EPOCH).await.unwrap().is_empty()
}

pub async fn a_removed_application_is_gone_at_once(place: &dyn Place) {
    let store = with_application(place).await;
    let (here, other) = (application_id(), ApplicationId::new("00"));
    store.put_application(application(&other)).await.unwrap();
    fill(&*store, &here).await;
    fill(&*store, &other).await;
    let running = activity("a1");
    create(&*store, &[&running]).await.unwrap();
    store.record_batch(&running.id, batch(0)).await.unwrap();

    assert!(store.delete_application(&here).await.unwrap());
    assert!(is_gone(&*store, &here).await);
    assert_eq!(store.application(&here).await.unwrap(), None);
    assert!(!store.delete_application(&here).await.unwrap());
    assert!(matches!(store.record_batch(&running.id, batch(1)).await, Err(Error::NotFound { kind: "activity", .. })));
    assert!(matches!(store.frozen(&running.id).await, Err(Error::NotFound { kind: "activity", .. })));
    let update = store.update_activity(running.clone()).await;
    assert!(matches!(update, Err(Error::NotFound { kind: "activity", .. })), "also while its rows are still there");
    assert_eq!(store.activity(&running.id).await.unwrap(), None);
    assert_eq!(store.batches(&running.id, 0, 10).await.unwrap(), []);
    assert_eq!(store.activities_in_state(ActivityState::Running).await.unwrap(), []);
    for refused in [
        create(&*store, &[&running]).await,
        store.append_events(&here, vec![event("e", "2")], Timestamp::UNIX_EPOCH).await.map(drop),
        store.upsert_endpoints(&here, vec![at("e", ChannelType::Sms, "+1")], NOW.into()).await.map(drop),
        store.put_definition(Some(&here), Kind::Segment, "d", "{}".into(), NOW.into()).await.map(drop),
    ] {
        assert!(matches!(refused, Err(Error::NotFound { kind: "application", .. })));
    }
    drop(store);

    let store = place.open().await;
    assert!(is_gone(&*store, &here).await);
    assert!(!is_gone(&*store, &other).await);
    assert_eq!(store.scan_endpoints(&other, 0, 10).await.unwrap().len(), 1, "the others keep theirs");
    assert_eq!(store.events_after(&other, 0, 10).await.unwrap().len(), 1);
}

pub async fn an_application_made_again_has_nothing_of_the_old_one(place: &dyn Place) {
    let store = with_application(place).await;
    let id = application_id();
    for _ in 0..3 {
        fill(&*store, &id).await;
        assert!(!is_gone(&*store, &id).await);
        store.delete_application(&id).await.unwrap();
        store.put_application(application(&id)).await.unwrap();
        assert!(is_gone(&*store, &id).await);
    }
    assert_eq!(put(&*store, vec![at("e", ChannelType::Sms, "+1")]).await, [0], "it counts from the beginning");
    let again = store.append_events(&id, vec![event("e", "1")], Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(again, [true], "events of the old one are not known");
}

/// Writes go on while a large application is cleared away.
pub async fn others_write_while_an_application_is_cleared(place: &dyn Place) {
    let store = with_application(place).await;
    let (here, other) = (application_id(), ApplicationId::new("00"));
    store.put_application(application(&other)).await.unwrap();
    put(&*store, (0..5_000).map(|i| at(&format!("e{i}"), ChannelType::Sms, &format!("+{i}"))).collect()).await;
    store.delete_application(&here).await.unwrap();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (store, other) = (Arc::clone(&store), other.clone());
            tokio::spawn(async move {
                for i in 0..20 {
                    let write = at(&format!("{writer} {i}"), ChannelType::Sms, &format!("+{writer}{i}"));
                    store.upsert_endpoints(&other, vec![write], NOW.into()).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(store.endpoint_numbers(&other).await.unwrap().len(), 80);
}
