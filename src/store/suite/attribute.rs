//! Attribute names and their removal.

use std::sync::Arc;

use super::{NOW, Place, application, application_id, at, get, put, text_lists, upsert, with_application};
use crate::domain::limit::ATTRIBUTE_NAMES_MAX;
use crate::domain::{ApplicationId, ChannelType};
use crate::store::{AttributeGroup, EndpointWrite, Refused, Store};

/// An endpoint of the user that has this name in the groups.
fn named(id: &str, user: &str, name: &str, groups: &[AttributeGroup]) -> EndpointWrite {
    let mut write = at(id, ChannelType::Sms, &format!("+{id}"));
    write.update.user.id = Some(user.into());
    for group in groups {
        match group {
            AttributeGroup::Endpoint => write.update.attributes = text_lists(&[(name, &["x"])]),
            AttributeGroup::User => write.update.user.attributes = text_lists(&[(name, &["x"])]),
            AttributeGroup::Metric => drop(write.update.metrics.insert(name.into(), Some(1.0))),
        }
    }
    write
}

async fn names(store: &dyn Store, group: AttributeGroup) -> Vec<String> {
    store.attribute_names(&application_id(), group).await.unwrap()
}

async fn remove(store: &dyn Store, group: AttributeGroup, names: &[&str]) -> Vec<String> {
    let names = names.iter().map(|&name| name.to_owned()).collect();
    store.remove_attributes(&application_id(), group, names).await.unwrap()
}

pub async fn names_are_known_by_group(place: &dyn Place) {
    use AttributeGroup::{Endpoint, Metric, User};
    let store = with_application(place).await;
    put(&*store, vec![named("1", "u", "b", &[Endpoint, Metric]), named("2", "u", "a", &[Endpoint])]).await;
    put(&*store, vec![named("3", "v", "b", &[User]), named("4", "v", "\"quoted\"\n", &[User])]).await;
    store.delete_endpoints(&application_id(), vec!["2".into()]).await.unwrap();
    drop(store);

    let store = place.open().await;
    assert_eq!(names(&*store, Endpoint).await, ["a", "b"], "in order, also those that no endpoint has any more");
    assert_eq!(names(&*store, Metric).await, ["b"]);
    assert_eq!(names(&*store, User).await, ["\"quoted\"\n", "b"]);
    let stranger = ApplicationId::new("00");
    assert!(store.attribute_names(&stranger, User).await.unwrap().is_empty());
}

pub async fn attributes_are_removed_from_their_group_only(place: &dyn Place) {
    use AttributeGroup::{Endpoint, Metric, User};
    let store = with_application(place).await;
    let other = ApplicationId::new("00");
    store.put_application(application(&other)).await.unwrap();
    store.upsert_endpoints(&other, vec![named("1", "u", "a", &[Endpoint])], NOW.into()).await.unwrap();
    let everywhere = [Endpoint, Metric, User];
    put(&*store, vec![named("1", "u", "a", &everywhere), named("2", "v", "\"q\"", &everywhere)]).await;
    put(&*store, vec![at("3", ChannelType::Sms, "+3"), named("4", "u", "keep", &[Endpoint])]).await;
    let before = get(&*store, "1").await;

    let removed = remove(&*store, Endpoint, &["none", "\"q\"", "a", "\"q\""]).await;
    assert_eq!(removed, ["\"q\"", "a"], "in the order given");
    let mut expected = before.clone();
    expected.attributes.clear();
    assert_eq!(get(&*store, "1").await, expected, "nothing else changes, not even the date");
    assert!(get(&*store, "2").await.attributes.is_empty());
    assert_eq!(get(&*store, "4").await.attributes.len(), 1);
    assert_eq!(remove(&*store, Endpoint, &["a"]).await, Vec::<String>::new(), "it is gone");

    assert_eq!(get(&*store, "4").await.user.attributes.len(), 1, "shared by the user's endpoints");
    assert_eq!(remove(&*store, User, &["a"]).await, ["a"]);
    assert_eq!(remove(&*store, Metric, &["a"]).await, ["a"]);
    drop(store);

    let store = place.open().await;
    for id in ["1", "4"] {
        let endpoint = get(&*store, id).await;
        assert!(endpoint.user.attributes.is_empty() && endpoint.metrics.is_empty(), "{id}");
    }
    assert_eq!(names(&*store, Endpoint).await, ["keep"]);
    assert_eq!(names(&*store, User).await, ["\"q\""]);
    let elsewhere = store.endpoint(&other, "1").await.unwrap();
    assert!(!super::read(elsewhere.get(0)).attributes.is_empty(), "an attribute is an application's");
    let stranger = ApplicationId::new("11");
    assert!(store.remove_attributes(&stranger, User, vec!["a".into()]).await.unwrap().is_empty());
}

pub async fn removed_names_are_free_again(place: &dyn Place) {
    use AttributeGroup::{Endpoint, Metric, User};
    let store = with_application(place).await;
    let mut first = named("first", "u", "in two", &[Endpoint, User]);
    first.update.metrics.insert("metric".into(), Some(1.0));
    put(&*store, vec![first]).await;
    let rest =
        (2..ATTRIBUTE_NAMES_MAX).map(|i| named(&i.to_string(), &format!("v{i}"), &format!("name {i}"), &[Endpoint]));
    put(&*store, rest.collect()).await;
    let one_more = |name: &str| vec![named("more", "w", name, &[Endpoint])];
    let refused = |name: &str| Refused::TooManyAttributeNames { name: name.into(), max: ATTRIBUTE_NAMES_MAX };
    assert_eq!(upsert(&*store, one_more("one")).await, [Err(refused("one"))]);

    remove(&*store, Endpoint, &["in two"]).await;
    assert_eq!(upsert(&*store, one_more("one")).await, [Err(refused("one"))], "it is still a user attribute");
    remove(&*store, User, &["in two"]).await;
    put(&*store, one_more("one")).await;
    assert_eq!(upsert(&*store, one_more("two")).await, [Err(refused("two"))]);
    remove(&*store, Metric, &["metric"]).await;
    put(&*store, one_more("two")).await;
}

/// Removes while others write the same name: whatever they wrote last, the names tell it.
pub async fn names_stay_true_while_attributes_are_removed(place: &dyn Place) {
    use AttributeGroup::User;
    const ENDPOINTS: u32 = 6_000;
    let store = with_application(place).await;
    let write = |i: u32| named(&i.to_string(), &format!("u{}", i / 2), "a", &[User]);
    put(&*store, (0..ENDPOINTS).map(write).collect()).await;
    let writer = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for i in (0..ENDPOINTS).step_by(301) {
                // Moves an endpoint to a user that the removal may not have come to yet.
                let mut moved = named(&i.to_string(), &format!("u{}", (ENDPOINTS - 1 - i) / 2), "b", &[]);
                moved.update.attributes = text_lists(&[("b", &["x"])]);
                put(&*store, vec![moved]).await;
            }
        })
    };
    assert_eq!(remove(&*store, User, &["a"]).await, ["a"]);
    writer.await.unwrap();
    assert!(names(&*store, User).await.is_empty());
    let page = store.scan_endpoints(&application_id(), 0, usize::MAX).await.unwrap();
    assert_eq!(page.len() as u32, ENDPOINTS);
    assert!(page.iter().all(|endpoint| super::read(endpoint).user.attributes.is_empty()));

    put(&*store, vec![write(0)]).await;
    let (removed, ()) = futures_util::join!(remove(&*store, User, &["a"]), async {
        for i in (1..ENDPOINTS).step_by(499) {
            put(&*store, vec![write(i)]).await;
        }
    });
    assert_eq!(removed, ["a"]);
    let page = store.scan_endpoints(&application_id(), 0, usize::MAX).await.unwrap();
    let in_use = page.iter().any(|endpoint| !super::read(endpoint).user.attributes.is_empty());
    assert!(!in_use || names(&*store, User).await == ["a"], "a name in use is known");
    remove(&*store, User, &["a"]).await;
    assert!(names(&*store, User).await.is_empty());
}
