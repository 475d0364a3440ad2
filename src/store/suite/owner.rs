//! Endpoints: writes on behalf of a user.

use super::{NOW, Place, at, get, of_user, put, text_lists, with_application};
use crate::domain::limit::USER_ENDPOINTS_MAX;
use crate::domain::{ChannelType, EndpointNumber, EndpointStatus, EndpointUpdate};
use crate::store::suite::application_id;
use crate::store::{EndpointWrite, Owner, Refused, Store};

const OWN: bool = true;
const ADOPTS: bool = true;

fn owner(user: &str, may_adopt: bool) -> Owner {
    Owner { user_id: user.into(), may_adopt }
}

async fn write_as(store: &dyn Store, owner: Owner, writes: Vec<EndpointWrite>) -> Vec<Result<EndpointNumber, Refused>> {
    store.upsert_endpoints_of(&application_id(), owner, writes, NOW.into()).await.unwrap()
}

/// A write that says this of the user.
fn naming(id: &str, user: Option<&str>) -> EndpointWrite {
    let mut update = EndpointUpdate { attributes: text_lists(&[("Color", &["red"])]), ..EndpointUpdate::default() };
    update.user.id = user.map(str::to_owned);
    EndpointWrite { id: id.into(), update }
}

pub async fn users_write_their_own_endpoints_alone(place: &dyn Place) {
    let store = with_application(place).await;
    // Whose the endpoint is before, and what the write says of the user: by ann.
    for (number, (before, said, adopts, expected)) in [
        (None, None, !ADOPTS, OWN),
        (None, Some("ann"), !ADOPTS, OWN),
        (None, Some("bob"), ADOPTS, !OWN),
        (None, Some(""), ADOPTS, !OWN),
        (Some(Some("ann")), None, !ADOPTS, OWN),
        (Some(Some("ann")), Some("ann"), !ADOPTS, OWN),
        (Some(Some("ann")), Some("bob"), ADOPTS, !OWN),
        (Some(Some("ann")), Some(""), ADOPTS, !OWN),
        (Some(Some("ann")), Some("Ann"), ADOPTS, !OWN),
        (Some(Some("bob")), None, ADOPTS, !OWN),
        (Some(Some("bob")), Some("ann"), ADOPTS, !OWN),
        (Some(Some("bob")), Some("bob"), ADOPTS, !OWN),
        (Some(None), None, !ADOPTS, !OWN),
        (Some(None), Some("ann"), !ADOPTS, !OWN),
        (Some(None), None, ADOPTS, OWN),
        (Some(None), Some("ann"), ADOPTS, OWN),
        (Some(None), Some(""), ADOPTS, !OWN),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("e{number}");
        match before {
            Some(Some(user)) => drop(put(&*store, vec![of_user(&id, ChannelType::InApp, user)]).await),
            Some(None) => drop(put(&*store, vec![at(&id, ChannelType::InApp, &id)]).await),
            None => {}
        }
        let result = write_as(&*store, owner("ann", adopts), vec![naming(&id, said)]).await.remove(0);
        let case = format!("{before:?} {said:?} {adopts}");
        if expected == OWN {
            result.unwrap_or_else(|refused| panic!("{case}: {refused}"));
            let written = get(&*store, &id).await;
            assert_eq!(written.user.id.as_deref(), Some("ann"), "{case}");
            assert_eq!(written.attributes, text_lists(&[("Color", &["red"])]), "{case}");
        } else {
            assert_eq!(result, Err(Refused::NotOwned), "{case}");
            let page = store.endpoint(&application_id(), &id).await.unwrap();
            assert_eq!(page.is_empty(), before.is_none(), "{case}");
            if let Some(user) = before {
                let kept = get(&*store, &id).await;
                assert_eq!(kept.user.id.as_deref(), user, "{case}");
                assert!(kept.attributes.is_empty(), "{case}");
            }
        }
    }
}

pub async fn a_refused_write_leaves_no_trace(place: &dyn Place) {
    let store = with_application(place).await;
    put(&*store, vec![of_user("b", ChannelType::InApp, "bob")]).await;
    let mut shares = naming("b", Some("ann"));
    shares.update.user.attributes = text_lists(&[("Plan", &["free"])]);
    let results = write_as(&*store, owner("ann", ADOPTS), vec![naming("a", None), shares, naming("c", None)]).await;
    assert_eq!(results[1], Err(Refused::NotOwned));
    assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
    assert!(get(&*store, "a").await.user.attributes.is_empty());
    assert_eq!(get(&*store, "c").await.user.id.as_deref(), Some("ann"));
    let bobs = get(&*store, "b").await;
    assert!(bobs.attributes.is_empty() && bobs.user.attributes.is_empty());
    let names = store.attribute_names(&application_id(), crate::store::AttributeGroup::User).await.unwrap();
    assert!(names.is_empty(), "{names:?}");
}

pub async fn of_two_who_claim_an_endpoint_one_gets_it(place: &dyn Place) {
    let store = with_application(place).await;
    for round in 0..10 {
        let id = format!("e{round}");
        let (ann, bob) = tokio::join!(
            write_as(&*store, owner("ann", ADOPTS), vec![naming(&id, None)]),
            write_as(&*store, owner("bob", ADOPTS), vec![naming(&id, None)]),
        );
        let user = match (&ann[0], &bob[0]) {
            (Ok(_), Err(Refused::NotOwned)) => "ann",
            (Err(Refused::NotOwned), Ok(_)) => "bob",
            both => panic!("{both:?}"),
        };
        assert_eq!(get(&*store, &id).await.user.id.as_deref(), Some(user));
    }
}

pub async fn addresses_of_others_are_left_to_them(place: &dyn Place) {
    let store = with_application(place).await;
    let bobs = |id, channel_type, address| {
        let mut write = at(id, channel_type, address);
        write.update.user.id = Some("bob".into());
        write
    };
    put(&*store, vec![bobs("mail", ChannelType::Email, "bob@example.com"), bobs("push", ChannelType::Gcm, "token")])
        .await;
    let taken = vec![at("a", ChannelType::Email, "bob@example.com"), at("b", ChannelType::Gcm, "token")];
    for result in write_as(&*store, owner("ann", !ADOPTS), taken).await {
        result.unwrap();
    }
    assert_eq!(get(&*store, "mail").await.status, EndpointStatus::Active, "anybody can name an e-mail address");
    assert_eq!(get(&*store, "push").await.status, EndpointStatus::Inactive, "the device has another user now");
    let mut own = at("c", ChannelType::Email, "bob@example.com");
    own.update.user.id = Some("ann".into());
    write_as(&*store, owner("ann", !ADOPTS), vec![own]).await.remove(0).unwrap();
    assert_eq!(get(&*store, "a").await.status, EndpointStatus::Inactive, "it is the same user's");
}

pub async fn a_full_user_gets_no_endpoint_more(place: &dyn Place) {
    let store = with_application(place).await;
    put(&*store, (0..USER_ENDPOINTS_MAX).map(|i| of_user(&format!("e{i}"), ChannelType::Gcm, "ann")).collect()).await;
    let fresh = vec![of_user("new", ChannelType::Gcm, "ann"), of_user("e0", ChannelType::Gcm, "ann")];
    let results = write_as(&*store, owner("ann", !ADOPTS), fresh).await;
    assert_eq!(results[0], Err(Refused::TooManyUserEndpoints));
    assert!(results[1].is_ok(), "it is one of the 15: {results:?}");
    for i in 0..USER_ENDPOINTS_MAX {
        let kept = get(&*store, &format!("e{i}")).await;
        assert_eq!((kept.user.id.as_deref(), kept.status), (Some("ann"), EndpointStatus::Active), "e{i}");
    }
    assert!(store.endpoint(&application_id(), "new").await.unwrap().is_empty());
    let by_others = vec![of_user("new", ChannelType::Gcm, "ann")];
    store.upsert_endpoints(&application_id(), by_others, NOW.into()).await.unwrap().remove(0).unwrap();
}
