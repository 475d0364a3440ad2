//! Places of readers.

use super::Place;
use crate::domain::{ApplicationId, CampaignId};
use crate::store::reader::of_campaign;
use crate::store::{Error, Kind, Reader};

pub async fn readers_go_on_where_they_were(place: &dyn Place) {
    let store = super::with_application(place).await;
    let (known, other) = (super::application_id(), ApplicationId::new("b"));
    store.put_application(super::application(&other)).await.unwrap();
    let reader = |name: &str, position| Reader { application_id: known.clone(), name: name.into(), position };
    assert_eq!(store.reader(&known, "r").await.unwrap(), None);
    store.put_reader(reader("r", 7)).await.unwrap();
    store.put_reader(reader("s", u64::MAX)).await.unwrap();
    store.put_reader(reader("r", 5)).await.unwrap();
    let nobody = Reader { application_id: ApplicationId::new("nobody"), ..reader("r", 1) };
    assert!(matches!(store.put_reader(nobody).await, Err(Error::NotFound { .. })));
    drop(store);

    let store = place.open().await;
    assert_eq!(store.reader(&known, "r").await.unwrap(), Some(5));
    assert_eq!(store.reader(&known, "s").await.unwrap(), Some(u64::MAX));
    assert_eq!(store.reader(&other, "r").await.unwrap(), None);
    let name = of_campaign(&CampaignId::new("c"));
    store.put_reader(reader(&name, 5)).await.unwrap();
    store.put_definition(Some(&known), Kind::Campaign, "c", "{}".into(), "".into()).await.unwrap();
    store.delete_definition(Some(&known), Kind::Campaign, "c").await.unwrap();
    assert_eq!(store.reader(&known, &name).await.unwrap(), None, "it goes with its campaign");
    store.delete_reader(&known, "r").await.unwrap();
    assert_eq!(store.reader(&known, "r").await.unwrap(), None);
}
