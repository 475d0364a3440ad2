//! Applications and definitions.

use roaring::RoaringBitmap;

use super::{Place, application, application_id, with_application};
use crate::domain::ApplicationId;
use crate::store::{Application, Definition, Error, Kind};

pub async fn applications_are_created_and_replaced(place: &dyn Place) {
    let store = place.open().await;
    assert_eq!(store.application(&application_id()).await.unwrap(), None);

    let first = application(&application_id());
    let second = application(&ApplicationId::new("00"));
    store.put_application(first.clone()).await.unwrap();
    store.put_application(second.clone()).await.unwrap();
    let mut renamed = first.clone();
    renamed.name = "market".into();
    renamed.settings = r#"{"QuietTime":{}}"#.into();
    renamed.tags = r#"{"team":"a"}"#.into();
    renamed.creation_date = "2030-01-01T00:00:00.000Z".into();
    renamed.last_modified_date = "2030-01-02T00:00:00.000Z".into();
    renamed.revision = 1;
    store.put_application(renamed.clone()).await.unwrap();
    let stale = store.put_application(renamed.clone()).await;
    assert!(matches!(stale, Err(Error::Conflict { kind: "application", .. })), "it is at revision 2 now");
    assert!(matches!(store.put_application(first.clone()).await, Err(Error::Conflict { .. })), "it is there already");
    let gone = store.put_application(Application { revision: 1, ..application(&ApplicationId::new("11")) }).await;
    assert!(matches!(gone, Err(Error::Conflict { .. })), "it is not there any more");
    drop(store);

    let store = place.open().await;
    renamed.creation_date = first.creation_date;
    renamed.revision = 2;
    let second = Application { revision: 1, ..second };
    assert_eq!(store.application(&application_id()).await.unwrap(), Some(renamed.clone()));
    assert_eq!(store.applications().await.unwrap(), [second, renamed]);
}

pub async fn versions_count_up_and_stay_readable(place: &dyn Place) {
    let store = with_application(place).await;
    let application = application_id();
    let put = |document: &str, now: &str| {
        store.put_definition(Some(&application), Kind::Campaign, "c1", document.into(), now.into())
    };
    assert_eq!(put("{}", "monday").await.unwrap(), 1);
    assert_eq!(put(r#"{"Name":"b"}"#, "tuesday").await.unwrap(), 2);
    drop(store);

    let store = place.open().await;
    let first = Definition {
        id: "c1".into(),
        version: 1,
        document: "{}".into(),
        creation_date: "monday".into(),
        last_modified_date: "monday".into(),
        revision: 2,
        position: 1,
    };
    let second = Definition {
        version: 2,
        document: r#"{"Name":"b"}"#.into(),
        last_modified_date: "tuesday".into(),
        ..first.clone()
    };
    let get = |version| store.definition(Some(&application), Kind::Campaign, "c1", version);
    assert_eq!(get(Some(1)).await.unwrap(), Some(first));
    assert_eq!(get(Some(2)).await.unwrap(), Some(second.clone()));
    assert_eq!(get(Some(3)).await.unwrap(), None);
    assert_eq!(get(None).await.unwrap(), Some(second));

    assert!(store.delete_definition(Some(&application), Kind::Campaign, "c1").await.unwrap());
    assert!(!store.delete_definition(Some(&application), Kind::Campaign, "c1").await.unwrap());
    assert_eq!(store.definition(Some(&application), Kind::Campaign, "c1", Some(1)).await.unwrap(), None);
}

pub async fn definitions_keep_apart(place: &dyn Place) {
    let store = with_application(place).await;
    let application = application_id();
    let puts = [
        (Some(&application), Kind::Segment, "a"),
        (Some(&application), Kind::Segment, "b"),
        (Some(&application), Kind::Campaign, "a"),
        (None, Kind::SmsTemplate, "a"),
        (Some(&application), Kind::Segment, "a"),
    ];
    for (application, kind, id) in puts {
        store.put_definition(application, kind, id, "{}".into(), "now".into()).await.unwrap();
    }
    let list = async |application, kind| {
        let definitions = store.definitions(application, kind).await.unwrap();
        definitions.into_iter().map(|definition| (definition.id, definition.version)).collect::<Vec<_>>()
    };
    assert_eq!(list(Some(&application), Kind::Segment).await, [("b".into(), 1), ("a".into(), 2)], "newest first");
    assert_eq!(list(Some(&application), Kind::Campaign).await, [("a".into(), 1)]);
    assert_eq!(list(None, Kind::SmsTemplate).await, [("a".into(), 1)]);
    assert_eq!(list(None, Kind::EmailTemplate).await, []);

    let stranger = ApplicationId::new("00");
    assert_eq!(list(Some(&stranger), Kind::Segment).await, []);
    let refused = store.put_definition(Some(&stranger), Kind::Segment, "a", "{}".into(), "now".into()).await;
    assert!(matches!(refused, Err(Error::NotFound { kind: "application", id }) if id == "00"));
}

pub async fn segment_members_read_back(place: &dyn Place) {
    let store = with_application(place).await;
    let application = application_id();
    store.put_definition(Some(&application), Kind::Segment, "s", "{}".into(), "now".into()).await.unwrap();
    let mut members: RoaringBitmap = [1, 5, u32::MAX].into_iter().collect();
    members.insert_range(100_000..300_000);
    store.put_segment_members(&application, "s", 1, members.clone()).await.unwrap();
    drop(store);

    let store = place.open().await;
    assert_eq!(store.segment_members(&application, "s", 1).await.unwrap(), Some(members));
    assert_eq!(store.segment_members(&application, "s", 2).await.unwrap(), None);
    store.delete_definition(Some(&application), Kind::Segment, "s").await.unwrap();
    assert_eq!(store.segment_members(&application, "s", 1).await.unwrap(), None);
}
