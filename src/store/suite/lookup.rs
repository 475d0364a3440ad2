//! Finding endpoints, whatever way they were written.

use std::collections::BTreeMap;

use super::{NOW, Place, application_id, at, with_application};
use crate::domain::ChannelType;

/// Writes and deletes at random in calls of very different sizes, and compares with a map in memory.
pub async fn endpoints_are_found_after_many_writes_of_all_sizes(place: &dyn Place) {
    const IDS: u32 = 3_000;
    let mut random = fastrand::Rng::with_seed(7);
    let mut store = with_application(place).await;
    let application = application_id();
    // Id → address and user, the last ones written.
    let mut expected: BTreeMap<String, (String, String)> = BTreeMap::new();
    for size in [1, 2_500, 3, 1, 700, 40, 1, 1_200, 5, 600, 2, 900] {
        let picked: Vec<_> = (0..size).map(|_| format!("e{}", random.u32(0..IDS))).collect();
        let writes = picked.into_iter().map(|id| {
            let (address, user) = (format!("+{}", random.u32(..)), format!("u of {id} {}", random.u32(0..3)));
            expected.insert(id.clone(), (address.clone(), user.clone()));
            let mut write = at(&id, ChannelType::Sms, &address);
            write.update.user.id = Some(user);
            write
        });
        let writes: Vec<_> = writes.collect();
        let results = store.upsert_endpoints(&application, writes, NOW.into()).await.unwrap();
        assert!(results.iter().all(Result::is_ok));

        let gone: Vec<_> = (0..size / 4).map(|_| format!("e{}", random.u32(0..IDS))).collect();
        gone.iter().for_each(|id| drop(expected.remove(id)));
        store.delete_endpoints(&application, gone).await.unwrap();
        if random.bool() {
            drop(store);
            store = place.open().await;
        }
    }

    assert_eq!(store.endpoint_numbers(&application).await.unwrap().len(), expected.len() as u64);
    for id in (0..IDS).map(|id| format!("e{id}")) {
        let page = store.endpoint(&application, &id).await.unwrap();
        assert_eq!(page.len(), usize::from(expected.contains_key(&id)), "{id}");
        for user in (0..3).map(|user| format!("u of {id} {user}")) {
            let page = store.endpoints_of_user(&application, &user).await.unwrap();
            let is_current = expected.get(&id).is_some_and(|(_, current)| *current == user);
            assert_eq!(page.len(), usize::from(is_current), "{user}");
        }
    }
    for (id, (address, _)) in &expected {
        let page = store.endpoints_at_address(&application, ChannelType::Sms, address).await.unwrap();
        assert_eq!(super::ids(&page), [id.as_str()], "{address}");
    }
}
