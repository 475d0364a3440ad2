//! Access keys.

use std::sync::Arc;

use jiff::Timestamp;

use super::application_id;
use crate::store::{AccessKey, Error, KeyStore, Policy};

/// Where a test keeps its keys.
pub trait KeyPlace: Sync {
    /// Opens the keys as one more process would. Others may have them open.
    fn open(&self) -> Arc<dyn KeyStore>;

    /// Lets the time pass in which the changes of one process reach the others.
    fn pass_on(&self);
}

pub fn key(id: &str, policy: Policy, second: i64) -> AccessKey {
    AccessKey {
        id: id.into(),
        sealed_secret: vec![0, 0xff, second as u8],
        policy,
        name: format!("key of \"{id}\""),
        created_at: Timestamp::from_second(second).unwrap(),
        revoked_at: None,
    }
}

pub async fn keys_read_back(place: &dyn KeyPlace) {
    let keys = place.open();
    assert_eq!(keys.key("a").await.unwrap(), None);
    assert_eq!(keys.keys().await.unwrap(), []);
    let late = key("a", Policy::Administrator, 200);
    let early = key("b", Policy::Application(application_id()), 100);
    for key in [&late, &early] {
        keys.put_key(key.clone()).await.unwrap();
        assert_eq!(keys.key(&key.id).await.unwrap().as_ref(), Some(key), "at once");
    }
    assert_eq!(keys.key("A").await.unwrap(), None);
    drop(keys);

    let keys = place.open();
    assert_eq!(keys.key("a").await.unwrap(), Some(late.clone()));
    assert_eq!(keys.keys().await.unwrap(), [early, late], "oldest first");
}

pub async fn ids_are_taken_once(place: &dyn KeyPlace) {
    let keys = place.open();
    let first = key("a", Policy::Administrator, 1);
    keys.put_key(first.clone()).await.unwrap();
    let second = keys.put_key(key("a", Policy::Application(application_id()), 2)).await;
    assert!(matches!(second, Err(Error::Backend { .. })), "{second:?}");
    assert_eq!(keys.keys().await.unwrap(), [first]);
}

pub async fn sealed_secrets_are_replaced(place: &dyn KeyPlace) {
    let keys = place.open();
    let (mut one, other) = (key("a", Policy::Administrator, 1), key("b", Policy::Administrator, 2));
    for key in [&one, &other] {
        keys.put_key(key.clone()).await.unwrap();
    }
    one.sealed_secret = vec![7; 40];
    keys.put_sealed_secret("a", one.sealed_secret.clone()).await.unwrap();
    keys.put_sealed_secret("c", vec![8]).await.unwrap();
    assert_eq!(keys.key("a").await.unwrap().as_ref(), Some(&one), "at once");
    assert_eq!(keys.keys().await.unwrap(), [one, other]);
}

pub async fn revoked_keys_stay_revoked(place: &dyn KeyPlace) {
    let keys = place.open();
    let (other, mut revoked) = (key("b", Policy::Administrator, 2), key("a", Policy::Administrator, 1));
    keys.put_key(revoked.clone()).await.unwrap();
    keys.put_key(other.clone()).await.unwrap();
    let then = Timestamp::from_second(1_000).unwrap();
    revoked.revoked_at = Some(then);
    assert_eq!(keys.revoke_key("a", then).await.unwrap(), Some(revoked.clone()));
    assert_eq!(keys.key("a").await.unwrap(), Some(revoked.clone()), "at once");
    let later = Timestamp::from_second(2_000).unwrap();
    assert_eq!(keys.revoke_key("a", later).await.unwrap(), Some(revoked.clone()), "since the first time");
    assert_eq!(keys.revoke_key("c", later).await.unwrap(), None);
    assert_eq!(keys.keys().await.unwrap(), [revoked, other]);
}

pub async fn what_one_process_changes_others_see(place: &dyn KeyPlace) {
    let (server, tool) = (place.open(), place.open());
    assert_eq!(server.key("a").await.unwrap(), None);
    let mut made = key("a", Policy::Administrator, 1);
    tool.put_key(made.clone()).await.unwrap();
    // Whoever makes a key uses it at once.
    assert_eq!(server.key("a").await.unwrap(), Some(made.clone()));

    let now = Timestamp::from_second(1_000).unwrap();
    made.revoked_at = Some(now);
    tool.revoke_key("a", now).await.unwrap();
    place.pass_on();
    assert_eq!(server.key("a").await.unwrap(), Some(made.clone()));
    // Without a change, too.
    place.pass_on();
    assert_eq!(server.key("a").await.unwrap(), Some(made));
}

pub async fn processes_write_at_once(place: &dyn KeyPlace) {
    const EACH: i64 = 20;
    let writers = ["a", "b", "c"].map(|writer| {
        let keys = place.open();
        tokio::spawn(async move {
            for second in 0..EACH {
                keys.put_key(key(&format!("{writer}{second}"), Policy::Administrator, second)).await.unwrap();
            }
        })
    });
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(place.open().keys().await.unwrap().len(), 3 * EACH as usize);
}
