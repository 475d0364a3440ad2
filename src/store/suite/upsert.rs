//! Endpoints: the rules of updates that reach beyond one endpoint.

use super::{NOW, Place, at, get, ids, of_user, put, text_lists, upsert, with_application};
use crate::domain::limit::{ATTRIBUTE_NAMES_MAX, ENDPOINT_BYTES_MAX, USER_ENDPOINTS_MAX};
use crate::domain::{ChannelType, EndpointStatus, EndpointUpdate};
use crate::store::suite::application_id;
use crate::store::{EndpointWrite, Refused, Store};

fn update(id: &str, update: EndpointUpdate) -> EndpointWrite {
    EndpointWrite { id: id.into(), update }
}

fn with_user_attributes(mut write: EndpointWrite, pairs: &[(&str, &[&str])]) -> EndpointWrite {
    write.update.user.attributes = text_lists(pairs);
    write
}

async fn is_active(store: &dyn Store, id: &str) -> bool {
    get(store, id).await.status == EndpointStatus::Active
}

async fn ids_of_user(store: &dyn Store, user: &str) -> Vec<String> {
    let page = store.endpoints_of_user(&application_id(), user).await.unwrap();
    ids(&page).into_iter().map(str::to_owned).collect()
}

pub async fn updates_merge(place: &dyn Place) {
    let store = with_application(place).await;
    put(&*store, vec![of_user("a", ChannelType::Gcm, "u")]).await;
    let inactive = EndpointUpdate {
        status: Some(EndpointStatus::Inactive),
        attributes: text_lists(&[("Color", &["red"])]),
        ..EndpointUpdate::default()
    };
    put(&*store, vec![update("a", inactive)]).await;
    let endpoint = get(&*store, "a").await;
    assert_eq!(endpoint.address.as_deref(), Some("address of a"));
    assert_eq!(endpoint.user.id.as_deref(), Some("u"));
    assert_eq!(endpoint.attributes, text_lists(&[("Color", &["red"])]));
    assert_eq!(endpoint.status, EndpointStatus::Inactive);
    assert_eq!(ids_of_user(&*store, "u").await, ["a"]);

    let later = "2026-04-01T09:00:00.000Z";
    let write = vec![update("a", EndpointUpdate::default())];
    store.upsert_endpoints(&application_id(), write, later.into()).await.unwrap();
    let endpoint = get(&*store, "a").await;
    assert_eq!((endpoint.creation_date.as_str(), endpoint.effective_date.as_str()), (NOW, later));
    assert_eq!(endpoint.status, EndpointStatus::Active);
}

pub async fn writes_of_a_call_see_each_other(place: &dyn Place) {
    let store = with_application(place).await;
    let color =
        |value: &str| EndpointUpdate { attributes: text_lists(&[("Color", &[value])]), ..EndpointUpdate::default() };
    let written = put(
        &*store,
        vec![
            at("a", ChannelType::Sms, "+1"),
            update("a", color("red")),
            at("b", ChannelType::Sms, "+1"),
            update("a", color("blue")),
            with_user_attributes(of_user("c", ChannelType::Gcm, "u"), &[("Age", &["30"])]),
            of_user("d", ChannelType::Gcm, "u"),
        ],
    )
    .await;
    assert_eq!(written, [0, 0, 1, 0, 2, 3]);
    assert_eq!(get(&*store, "a").await.attributes, text_lists(&[("Color", &["blue"])]));
    assert!(is_active(&*store, "a").await, "its last update made it active again");
    assert!(is_active(&*store, "b").await, "that update named no address");
    assert_eq!(get(&*store, "d").await.user.attributes, text_lists(&[("Age", &["30"])]));
}

pub async fn an_address_is_taken_over(place: &dyn Place) {
    let store = with_application(place).await;
    put(&*store, vec![at("a", ChannelType::Email, "Ann@example.com"), at("v", ChannelType::Voice, "+1")]).await;
    put(&*store, vec![at("b", ChannelType::Email, "ann@Example.com"), at("s", ChannelType::Sms, "+1")]).await;
    assert!(!is_active(&*store, "a").await, "e-mail addresses know no case");
    assert!(is_active(&*store, "b").await);
    assert!(is_active(&*store, "v").await, "another channel type has its own addresses");
    put(&*store, vec![at("a", ChannelType::Email, "ann@example.com")]).await;
    assert!(is_active(&*store, "a").await);
    assert!(!is_active(&*store, "b").await, "and back");
}

/// Takes minutes if each write looks at all before it.
pub async fn a_crowd_at_one_address_is_no_burden(place: &dyn Place) {
    let store = with_application(place).await;
    let crowd = |from: u32| (from..from + 5_000).map(|i| at(&format!("e{i}"), ChannelType::Gcm, "no token")).collect();
    put(&*store, crowd(0)).await;
    put(&*store, crowd(5_000)).await;
    let sole = store.scan_endpoints(&application_id(), 0, 10_000).await.unwrap();
    let says_active = |document| memchr::memmem::find(document, br#""EndpointStatus":"ACTIVE""#).is_some();
    let active: Vec<_> =
        sole.iter().filter(|endpoint| says_active(endpoint.document)).map(|endpoint| endpoint.id).collect();
    assert_eq!(active, ["e9999"]);
    put(&*store, vec![at("e7", ChannelType::Gcm, "no token")]).await;
    assert!(is_active(&*store, "e7").await);
    assert!(!is_active(&*store, "e9999").await);
}

pub async fn half_an_address_is_completed_from_what_is_stored(place: &dyn Place) {
    let store = with_application(place).await;
    put(&*store, vec![at("a", ChannelType::Sms, "+1"), at("b", ChannelType::Sms, "+2")]).await;
    let address = EndpointUpdate { address: Some("+1".into()), ..EndpointUpdate::default() };
    put(&*store, vec![update("b", address)]).await;
    assert!(!is_active(&*store, "a").await);

    put(&*store, vec![at("c", ChannelType::Voice, "+1")]).await;
    let channel_type = EndpointUpdate { channel_type: Some(ChannelType::Sms), ..EndpointUpdate::default() };
    put(&*store, vec![update("c", channel_type)]).await;
    assert!(!is_active(&*store, "b").await);
    assert!(is_active(&*store, "c").await);
}

pub async fn an_inactive_endpoint_takes_no_address_over(place: &dyn Place) {
    let store = with_application(place).await;
    let mut inactive = at("b", ChannelType::Sms, "+1");
    inactive.update.status = Some(EndpointStatus::Inactive);
    put(&*store, vec![at("a", ChannelType::Sms, "+1"), inactive]).await;
    assert!(is_active(&*store, "a").await);
}

pub async fn user_attributes_are_shared(place: &dyn Place) {
    let store = with_application(place).await;
    put(&*store, vec![with_user_attributes(of_user("a", ChannelType::Sms, "u"), &[("Age", &["30"])])]).await;
    put(&*store, vec![of_user("b", ChannelType::Email, "u"), of_user("x", ChannelType::Email, "other")]).await;
    let shared = text_lists(&[("Age", &["30"])]);
    assert_eq!(get(&*store, "b").await.user.attributes, shared, "a new endpoint gets what its user has");
    assert!(get(&*store, "x").await.user.attributes.is_empty());

    let mut change = update("b", EndpointUpdate::default());
    change.update.user.attributes = text_lists(&[("Age", &["31"]), ("City", &["Rome"])]);
    put(&*store, vec![change]).await;
    let shared = text_lists(&[("Age", &["31"]), ("City", &["Rome"])]);
    assert_eq!(get(&*store, "a").await.user.attributes, shared);
    assert_eq!(get(&*store, "b").await.user.attributes, shared);

    put(&*store, vec![with_user_attributes(of_user("a", ChannelType::Sms, "u"), &[("Age", &[])])]).await;
    assert_eq!(get(&*store, "b").await.user.attributes, text_lists(&[("City", &["Rome"])]), "removed for all");
    assert!(get(&*store, "x").await.user.attributes.is_empty());
}

pub async fn a_moved_endpoint_gets_the_attributes_of_its_new_user(place: &dyn Place) {
    let store = with_application(place).await;
    put(
        &*store,
        vec![
            with_user_attributes(of_user("a", ChannelType::Sms, "u1"), &[("Age", &["30"])]),
            of_user("b", ChannelType::Gcm, "u1"),
            with_user_attributes(of_user("c", ChannelType::Sms, "u2"), &[("City", &["Rome"])]),
            with_user_attributes(at("d", ChannelType::Sms, "+9"), &[("Shoe", &["44"])]),
        ],
    )
    .await;
    put(&*store, vec![with_user_attributes(of_user("b", ChannelType::Gcm, "u2"), &[("Pet", &["cat"])])]).await;
    let of_u2 = text_lists(&[("City", &["Rome"]), ("Pet", &["cat"])]);
    assert_eq!(get(&*store, "b").await.user.attributes, of_u2);
    assert_eq!(get(&*store, "c").await.user.attributes, of_u2);
    assert_eq!(get(&*store, "a").await.user.attributes, text_lists(&[("Age", &["30"])]));
    assert_eq!(ids_of_user(&*store, "u1").await, ["a"]);
    assert_eq!(ids_of_user(&*store, "u2").await, ["b", "c"]);

    put(&*store, vec![of_user("b", ChannelType::Gcm, "u3"), of_user("d", ChannelType::Sms, "u4")]).await;
    assert!(get(&*store, "b").await.user.attributes.is_empty(), "a user nobody knew has none");
    let shoe = text_lists(&[("Shoe", &["44"])]);
    assert_eq!(get(&*store, "d").await.user.attributes, shoe, "those of nobody go with the endpoint");
}

pub async fn the_sixteenth_endpoint_is_refused(place: &dyn Place) {
    let store = with_application(place).await;
    let full = |kind| (0..USER_ENDPOINTS_MAX).map(move |i| of_user(&format!("{kind}{i}"), kind, &format!("u{kind}")));
    put(&*store, full(ChannelType::Sms).chain(full(ChannelType::Gcm)).collect()).await;
    let refused = [Err(Refused::TooManyUserEndpoints)];
    assert_eq!(upsert(&*store, vec![of_user("new", ChannelType::Sms, "uGCM")]).await, refused, "not a push type");
    assert_eq!(upsert(&*store, vec![of_user("new", ChannelType::Gcm, "uSMS")]).await, refused, "nobody gives way");
    assert_eq!(upsert(&*store, vec![of_user("new", ChannelType::Push, "uGCM")]).await, refused);
    assert!(store.endpoint(&application_id(), "new").await.unwrap().is_empty());
    assert!(upsert(&*store, vec![of_user("SMS3", ChannelType::Sms, "uSMS")]).await[0].is_ok(), "it is one of the 15");
    store.delete_endpoints(&application_id(), vec!["SMS3".into()]).await.unwrap();
    assert!(upsert(&*store, vec![of_user("new", ChannelType::Sms, "uSMS")]).await[0].is_ok(), "there is room again");
}

pub async fn the_sixteenth_endpoint_replaces_the_oldest_push_endpoint(place: &dyn Place) {
    let store = with_application(place).await;
    let mut writes: Vec<_> =
        (0..USER_ENDPOINTS_MAX).map(|i| of_user(&format!("e{i}"), ChannelType::Sms, "u")).collect();
    let dates = [
        // Without an offset: UTC.
        (2, ChannelType::Gcm, "2026-01-02T00:00:00"),
        // Later by its text, earlier by its time.
        (5, ChannelType::Apns, "2026-01-02T03:00:00+04:00"),
        (7, ChannelType::Push, "2020-01-01T00:00:00Z"),
    ];
    for (index, channel_type, date) in dates {
        writes[index].update.channel_type = Some(channel_type);
        writes[index].update.effective_date = Some(date.into());
    }
    writes[5].update.user.attributes = text_lists(&[("Age", &["30"])]);
    put(&*store, writes).await;

    put(&*store, vec![of_user("new", ChannelType::Baidu, "u")]).await;
    let evicted = get(&*store, "e5").await;
    assert_eq!(evicted.status, EndpointStatus::Inactive);
    assert_eq!(evicted.user, Default::default());
    assert_eq!(get(&*store, "new").await.user.attributes, text_lists(&[("Age", &["30"])]));
    let of_user_now = ids_of_user(&*store, "u").await;
    assert_eq!(of_user_now.len(), USER_ENDPOINTS_MAX);
    assert!(!of_user_now.contains(&"e5".to_owned()) && of_user_now.contains(&"new".to_owned()));

    put(&*store, vec![of_user("e5", ChannelType::Apns, "u")]).await;
    assert_eq!(get(&*store, "e2").await.user.id, None, "the next oldest");
    assert!(is_active(&*store, "e5").await);
}

pub async fn attribute_names_are_limited(place: &dyn Place) {
    let store = with_application(place).await;
    let named = |name: &str| EndpointUpdate { attributes: text_lists(&[(name, &["x"])]), ..EndpointUpdate::default() };
    let mut first = update("a", named("shared"));
    first.update.metrics.insert("shared".into(), Some(1.0));
    first.update.metrics.insert("metric".into(), Some(1.0));
    first.update.metrics.insert("removed".into(), None);
    first.update.user.attributes = text_lists(&[("of user", &["x"]), ("removed too", &[])]);
    put(&*store, vec![first]).await;
    let rest = (3..ATTRIBUTE_NAMES_MAX).map(|i| update("a", named(&format!("name {i}"))));
    put(&*store, rest.collect()).await;
    drop(store);

    let store = place.open().await;
    let refused = Refused::TooManyAttributeNames { name: "one more".into(), max: ATTRIBUTE_NAMES_MAX };
    assert_eq!(upsert(&*store, vec![update("b", named("one more"))]).await, [Err(refused)]);
    assert!(store.endpoint(&application_id(), "b").await.unwrap().is_empty());
    put(&*store, vec![update("b", named("name 9"))]).await;
}

pub async fn large_endpoints_are_refused(place: &dyn Place) {
    let store = with_application(place).await;
    let values = |bytes: usize| vec!["x".repeat(100); bytes / 103];
    let mut half = of_user("a", ChannelType::Sms, "u");
    half.update.attributes.insert("A".into(), values(ENDPOINT_BYTES_MAX / 2));
    put(&*store, vec![half, of_user("b", ChannelType::Gcm, "u")]).await;

    let mut rest = update("a", EndpointUpdate::default());
    rest.update.attributes.insert("B".into(), values(ENDPOINT_BYTES_MAX / 2));
    let results = upsert(&*store, vec![rest]).await;
    assert!(
        matches!(results[0], Err(Refused::TooLarge { bytes, max: ENDPOINT_BYTES_MAX }) if bytes > ENDPOINT_BYTES_MAX)
    );
    let mut rest = update("b", EndpointUpdate::default());
    rest.update.user.attributes.insert("B".into(), values(ENDPOINT_BYTES_MAX / 2));
    let results = upsert(&*store, vec![rest]).await;
    assert!(matches!(results[0], Err(Refused::TooLarge { .. })), "it would be too much for another one of the user");
    assert!(get(&*store, "b").await.user.attributes.is_empty());
    assert_eq!(get(&*store, "a").await.attributes.len(), 1);
}

pub async fn a_refusal_spares_the_other_writes(place: &dyn Place) {
    let store = with_application(place).await;
    let mut large = at("b", ChannelType::Sms, "+1");
    large.update.attributes.insert("A".into(), vec!["x".repeat(ENDPOINT_BYTES_MAX)]);
    let results = upsert(&*store, vec![at("a", ChannelType::Sms, "+1"), large, at("c", ChannelType::Sms, "+3")]).await;
    assert_eq!(results[0], Ok(0));
    assert!(results[1].is_err());
    assert_eq!(results[2], Ok(1), "a refused write takes no number");
    assert!(is_active(&*store, "a").await, "and no address");
    assert!(store.endpoint(&application_id(), "b").await.unwrap().is_empty());
}
