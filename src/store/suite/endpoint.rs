//! Endpoints: what is read back.

use super::{NOW, Place, application, application_id, at, get, ids, numbers, of_user, put, read, with_application};
use crate::domain::{ApplicationId, ChannelType, EndpointStatus, EndpointUpdate, OptOut};
use crate::store::{Cause, EndpointWrite, Error, Withdrawal};

pub async fn endpoints_read_back_after_reopening(place: &dyn Place) {
    let store = with_application(place).await;
    let written = put(
        &*store,
        vec![
            of_user("e1", ChannelType::Gcm, "u1"),
            of_user("e2", ChannelType::Email, "u1"),
            at("e3", ChannelType::Gcm, "token"),
        ],
    )
    .await;
    drop(store);

    let store = place.open().await;
    let application = application_id();
    let endpoint = get(&*store, "e1").await;
    assert_eq!(endpoint.user.id.as_deref(), Some("u1"));
    assert_eq!((endpoint.creation_date.as_str(), endpoint.effective_date.as_str()), (NOW, NOW));
    assert!(store.endpoint(&application, "e9").await.unwrap().is_empty());
    assert!(store.endpoint(&application, "E1").await.unwrap().is_empty(), "ids are compared as they are");

    let of_user = store.endpoints_of_user(&application, "u1").await.unwrap();
    assert_eq!((ids(&of_user), numbers(&of_user)), (vec!["e1", "e2"], written[..2].to_vec()));
    assert!(store.endpoints_of_user(&application, "u2").await.unwrap().is_empty());

    let at = async |channel_type, address: &str| {
        let page = store.endpoints_at_address(&application, channel_type, address).await.unwrap();
        ids(&page).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(at(ChannelType::Gcm, "token").await, ["e3"]);
    assert!(at(ChannelType::Adm, "token").await.is_empty(), "another channel type");
    assert!(at(ChannelType::Gcm, "TOKEN").await.is_empty(), "another token");
    assert_eq!(at(ChannelType::Email, "Address of E2").await, ["e2"], "e-mail addresses know no case");
    assert!(at(ChannelType::Gcm, "").await.is_empty());
}

pub async fn numbers_are_dense_and_never_reused(place: &dyn Place) {
    let store = with_application(place).await;
    let application = application_id();
    let sms = |id: &str| at(id, ChannelType::Sms, id);
    assert_eq!(put(&*store, ["a", "b", "c"].map(sms).into()).await, [0, 1, 2]);
    assert_eq!(put(&*store, vec![sms("b"), sms("d")]).await, [1, 3], "an update keeps the number");
    let deleted = store.delete_endpoints(&application, ["c", "d", "nobody", "c"].map(str::to_owned).into()).await;
    assert_eq!(deleted.unwrap(), 2);
    drop(store);

    let store = place.open().await;
    assert_eq!(put(&*store, vec![sms("d"), sms("e")]).await, [4, 5], "numbers of the deleted are not given again");
    let all = store.endpoint_numbers(&application).await.unwrap();
    assert_eq!(all.into_iter().collect::<Vec<_>>(), [0, 1, 4, 5]);
    assert!(store.endpoint(&application, "c").await.unwrap().is_empty());
    let at_address = store.endpoints_at_address(&application, ChannelType::Sms, "c").await.unwrap();
    assert!(at_address.is_empty(), "a deleted endpoint has no address");
    assert_eq!(store.delete_endpoints(&application, vec!["c".into()]).await.unwrap(), 0);
}

pub async fn pages_ascend_and_load_what_is_asked_for(place: &dyn Place) {
    let store = with_application(place).await;
    let application = application_id();
    put(&*store, (0..1_000).map(|i| at(&format!("e{i}"), ChannelType::Sms, &format!("+{i}"))).collect()).await;
    store.delete_endpoints(&application, vec!["e10".into(), "e500".into()]).await.unwrap();

    let page = store.scan_endpoints(&application, 8, 4).await.unwrap();
    assert_eq!((numbers(&page), ids(&page)), (vec![8, 9, 11, 12], vec!["e8", "e9", "e11", "e12"]));
    let page = store.scan_endpoints(&application, 998, 100).await.unwrap();
    assert_eq!(numbers(&page), [998, 999]);
    assert!(store.scan_endpoints(&application, 1_000, 100).await.unwrap().is_empty());

    let load = async |wanted: Vec<u32>| numbers(&store.load_endpoints(&application, wanted).await.unwrap());
    assert!(load(vec![]).await.is_empty());
    assert_eq!(load(vec![0, 9, 10, 11, 14, 300, 500, 999, 5_000]).await, [0, 9, 11, 14, 300, 999]);
    assert_eq!(load((0..2_000).collect()).await.len(), 998);
    assert_eq!(load((0..2_000).step_by(2).collect()).await.len(), 498);
    let page = store.load_endpoints(&application, vec![300]).await.unwrap();
    assert_eq!(page.get(0).id, "e300");
    assert_eq!(read(page.get(0)).address.as_deref(), Some("+300"));
}

pub async fn dead_addresses_are_deactivated_while_they_are_the_same(place: &dyn Place) {
    let store = with_application(place).await;
    put(&*store, ["a", "b", "c", "d"].map(|id| at(id, ChannelType::Gcm, &format!("token of {id}"))).into()).await;
    put(&*store, vec![at("b", ChannelType::Gcm, "fresh token")]).await;
    let dead = [(1, "token of b"), (0, "token of a"), (77, "token")].map(|(number, address)| Withdrawal {
        number,
        address: Some(address.into()),
        cause: Cause::Dead,
    });
    store.withdraw_endpoints(&application_id(), dead.into()).await.unwrap();
    let unwilling = |number, address: Option<&str>| {
        let address = address.map(str::to_owned);
        Withdrawal { number, address, cause: Cause::OptedOut }
    };
    let unwilling = vec![unwilling(1, Some("token of b")), unwilling(2, Some("token of c")), unwilling(3, None)];
    store.withdraw_endpoints(&application_id(), unwilling).await.unwrap();
    drop(store);

    let store = place.open().await;
    assert_eq!(get(&*store, "a").await.status, EndpointStatus::Inactive);
    let at_address = store.endpoints_at_address(&application_id(), ChannelType::Gcm, "token of a").await.unwrap();
    assert!(at_address.is_empty(), "nobody is found at a dead address");
    assert_eq!(get(&*store, "b").await.status, EndpointStatus::Active, "it has another address by now");
    let c = get(&*store, "c").await;
    assert_eq!((c.status, c.opt_out), (EndpointStatus::Active, OptOut::All));
    assert_eq!(get(&*store, "b").await.opt_out, OptOut::None);
    assert_eq!(get(&*store, "d").await.opt_out, OptOut::All, "whatever its address");
    let at_address = store.endpoints_at_address(&application_id(), ChannelType::Gcm, "token of c").await.unwrap();
    assert_eq!(at_address.len(), 1, "who opted out is still found");
}

pub async fn unknown_applications_are_empty_to_read_and_refused_to_write(place: &dyn Place) {
    let store = place.open().await;
    let stranger = ApplicationId::new("00");
    assert!(store.endpoint(&stranger, "a").await.unwrap().is_empty());
    assert!(store.endpoint_numbers(&stranger).await.unwrap().is_empty());
    assert!(store.scan_endpoints(&stranger, 0, 10).await.unwrap().is_empty());
    assert!(store.endpoints_sharing_address(&stranger).await.unwrap().is_empty());
    let refused = store.upsert_endpoints(&stranger, vec![at("a", ChannelType::Sms, "+1")], NOW.into()).await;
    assert!(matches!(refused, Err(Error::NotFound { kind: "application", .. })));
}

pub async fn sharing_an_address_is_seen(place: &dyn Place) {
    let store = with_application(place).await;
    let application = application_id();
    let other = ApplicationId::new("00");
    store.put_application(super::application(&other)).await.unwrap();
    store.upsert_endpoints(&other, vec![at("x", ChannelType::Sms, "+1")], NOW.into()).await.unwrap();
    let sharing = async || store.endpoints_sharing_address(&application).await.unwrap().into_iter().collect::<Vec<_>>();

    put(&*store, vec![at("a", ChannelType::Sms, "+1"), at("b", ChannelType::Voice, "+1")]).await;
    assert!(sharing().await.is_empty(), "neither the channel type nor the application is another's");
    put(&*store, vec![at("c", ChannelType::Email, "Ann@Example.com")]).await;
    put(&*store, vec![at("d", ChannelType::Sms, "+1"), at("e", ChannelType::Email, "ann@example.com")]).await;
    put(&*store, vec![at("f", ChannelType::Sms, "+1")]).await;
    assert!(sharing().await.is_empty(), "who took an address over has it alone");
    // An update makes an endpoint active again.
    let again = |id: &str| EndpointWrite { id: id.to_owned(), update: EndpointUpdate::default() };
    put(&*store, ["a", "c", "d"].map(again).into()).await;
    assert_eq!(sharing().await, [0, 2, 3, 4, 5]);
    put(&*store, vec![at("e", ChannelType::Email, "eve@example.com")]).await;
    store.delete_endpoints(&application, vec!["a".into()]).await.unwrap();
    assert_eq!(sharing().await, [3, 5], "those that left no longer share");
}

pub async fn applications_keep_apart(place: &dyn Place) {
    let store = with_application(place).await;
    let other = ApplicationId::new("00");
    store.put_application(application(&other)).await.unwrap();
    let here = application_id();
    let write = |application, address: &str| {
        store.upsert_endpoints(application, vec![at("a", ChannelType::Sms, address)], NOW.into())
    };
    assert_eq!(write(&here, "+1").await.unwrap(), [Ok(0)]);
    assert_eq!(write(&other, "+1").await.unwrap(), [Ok(0)], "each application counts by itself");
    assert_eq!(get(&*store, "a").await.status, EndpointStatus::Active, "an address is an application's");
    store.delete_endpoints(&other, vec!["a".into()]).await.unwrap();
    assert_eq!(get(&*store, "a").await.address.as_deref(), Some("+1"));
    assert!(store.endpoint(&other, "a").await.unwrap().is_empty());
}

pub async fn endpoints_are_found_by_their_ids(place: &dyn Place) {
    let store = super::with_application(place).await;
    let find = async |ids: &[&str]| {
        let ids = ids.iter().map(|&id| id.to_owned()).collect();
        store.find_endpoints(&super::application_id(), ids).await.unwrap()
    };
    let writes = ["a", "b", "c"].map(|id| super::at(id, crate::domain::ChannelType::Gcm, id));
    let numbers = super::put(&*store, writes.to_vec()).await;
    store.delete_endpoints(&super::application_id(), vec!["b".into()]).await.unwrap();
    assert_eq!(
        find(&["c", "nobody", "b", "a", "c"]).await,
        [Some(numbers[2]), None, None, Some(numbers[0]), Some(numbers[2])]
    );
    assert!(find(&[]).await.is_empty());
    let nobody = crate::domain::ApplicationId::new("nobody");
    assert_eq!(store.find_endpoints(&nobody, vec!["a".into()]).await.unwrap(), [None]);
}
