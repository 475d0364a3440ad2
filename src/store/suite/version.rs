//! Definitions: conflicts, pages, active and removed versions.

use std::sync::Arc;

use super::{Place, application_id, with_application};
use crate::domain::ApplicationId;
use crate::store::{Definition, DefinitionStore, DefinitionWrite, Error, Kind, Versioning};

const KIND: Kind = Kind::SmsTemplate;

fn write(id: &str, document: &str, versioning: Versioning, after: Option<u32>) -> DefinitionWrite {
    DefinitionWrite { kind: KIND, id: id.into(), document: document.into(), versioning, after, now: "today".into() }
}

async fn put(store: &dyn DefinitionStore, id: &str, document: &str) -> u32 {
    store.put_definition(None, KIND, id, document.into(), "today".into()).await.unwrap()
}

async fn get(store: &dyn DefinitionStore, id: &str, version: Option<u32>) -> Option<Definition> {
    store.definition(None, KIND, id, version).await.unwrap()
}

fn summary(definitions: &[Definition]) -> Vec<(&str, u32)> {
    definitions.iter().map(|definition| (definition.id.as_str(), definition.version)).collect()
}

fn is_conflict<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::Conflict { kind: "SMS template", .. }))
}

pub async fn a_write_replaces_the_latest_version_or_adds_one(place: &dyn Place) {
    let store = with_application(place).await;
    let first = store.write_definition(None, write("t", "a", Versioning::Latest, None)).await.unwrap();
    assert_eq!((first.version, first.revision, first.document.as_str()), (1, 1, "a"));
    let second =
        DefinitionWrite { now: "tomorrow".into(), ..write("t", "b", Versioning::Latest, Some(first.revision)) };
    let second = store.write_definition(None, second).await.unwrap();
    let expected = Definition {
        document: "b".into(),
        last_modified_date: "tomorrow".into(),
        revision: 2,
        creation_date: "today".into(),
        ..first
    };
    assert_eq!(second, expected);
    let third = store.write_definition(None, write("t", "c", Versioning::Next, Some(2))).await.unwrap();
    assert_eq!((third.version, third.revision, third.position), (2, 3, second.position));
    let fourth = store.write_definition(None, write("t", "d", Versioning::Latest, Some(3))).await.unwrap();
    assert_eq!((fourth.version, fourth.revision), (2, 4));
    drop(store);

    let store = place.open().await;
    assert_eq!(get(&*store, "t", None).await, Some(fourth));
    let first = get(&*store, "t", Some(1)).await.unwrap();
    assert_eq!((first.document.as_str(), first.revision), ("b", 4), "the revision is the definition's");
    assert_eq!(put(&*store, "t", "e").await, 3);
    assert_eq!(get(&*store, "t", None).await.unwrap().revision, 5);
}

pub async fn a_write_after_another_one_is_a_conflict(place: &dyn Place) {
    let store = with_application(place).await;
    let attempt = |document: &str, after| store.write_definition(None, write("t", document, Versioning::Next, after));
    assert!(is_conflict(attempt("a", Some(1)).await), "it is not there any more");
    attempt("a", None).await.unwrap();
    assert!(is_conflict(attempt("b", None).await), "it is there already");
    attempt("b", Some(1)).await.unwrap();
    assert!(is_conflict(attempt("c", Some(1)).await), "somebody else wrote");
    put(&*store, "t", "c").await;
    assert!(is_conflict(attempt("d", Some(2)).await), "somebody else wrote without looking");
    assert!(store.delete_definition_version(None, KIND, "t", 3).await.unwrap());
    assert!(is_conflict(attempt("d", Some(3)).await), "somebody else removed a version");
    let read = get(&*store, "t", None).await.unwrap();
    assert_eq!(read.document, "b", "a conflict changes nothing");

    store.delete_definition(None, KIND, "t").await.unwrap();
    assert!(is_conflict(attempt("d", Some(read.revision)).await), "somebody else removed it");
    let made = attempt("d", None).await.unwrap();
    assert_eq!(made.version, 1);
    assert!(made.revision > read.revision && made.position > read.position);
    assert!(is_conflict(attempt("e", Some(1)).await), "another one that only has the same name");

    let stranger = ApplicationId::new("00");
    let refused = store.write_definition(Some(&stranger), write("t", "a", Versioning::Next, None)).await;
    assert!(matches!(refused, Err(Error::NotFound { kind: "application", .. })));
}

/// Many add one each to a number; none is lost.
pub async fn of_concurrent_writers_one_wins_each_time(place: &dyn Place) {
    const WRITERS: usize = 8;
    const WRITES: usize = 10;
    let store = with_application(place).await;
    put(&*store, "t", "0").await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let (mut done, mut conflicts) = (0, 0);
                while done < WRITES {
                    let read = get(&*store, "t", None).await.unwrap();
                    let next = (read.document.parse::<usize>().unwrap() + 1).to_string();
                    let versioning = if writer % 2 == 0 { Versioning::Latest } else { Versioning::Next };
                    match store.write_definition(None, write("t", &next, versioning, Some(read.revision))).await {
                        Ok(written) => {
                            assert_eq!((written.document, written.revision), (next, read.revision + 1));
                            done += 1;
                        }
                        result => {
                            assert!(is_conflict(result));
                            conflicts += 1;
                        }
                    }
                }
                conflicts
            })
        })
        .collect();
    let mut conflicts = 0;
    for writer in writers {
        conflicts += writer.await.unwrap();
    }
    assert!(conflicts > 0, "they got into each other's way");
    let last = get(&*store, "t", None).await.unwrap();
    assert_eq!(last.document, (WRITERS * WRITES).to_string());
    assert_eq!(last.version as usize, 1 + WRITERS / 2 * WRITES);

    let makers = (0..20).map(|_| store.write_definition(None, write("new", "x", Versioning::Latest, None)));
    let made = futures_util::future::join_all(makers).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
    assert!(made.into_iter().filter(Result::is_err).all(is_conflict));
}

pub async fn definitions_are_paged_and_keep_their_places(place: &dyn Place) {
    let store = with_application(place).await;
    for id in ["a", "b", "c", "d", "e"] {
        put(&*store, id, "1").await;
    }
    put(&*store, "b", "2").await;
    store.put_definition(None, Kind::PushTemplate, "x", "1".into(), "today".into()).await.unwrap();
    let page = async |position| store.definitions_before(None, KIND, position, 2).await.unwrap();

    let first = page(None).await;
    assert_eq!(summary(&first), [("e", 1), ("d", 1)]);
    // What comes and goes meanwhile neither hides nor doubles anything.
    store.delete_definition(None, KIND, "d").await.unwrap();
    store.delete_definition(None, KIND, "e").await.unwrap();
    put(&*store, "f", "1").await;
    put(&*store, "e", "again").await;
    let second = page(Some(first[1].position)).await;
    assert_eq!(summary(&second), [("c", 1), ("b", 2)]);
    assert_eq!(summary(&page(Some(second[1].position)).await), [("a", 1)]);
    assert_eq!(page(Some(1)).await, []);
    let all = store.definitions(None, KIND).await.unwrap();
    assert_eq!(summary(&all), [("e", 1), ("f", 1), ("c", 1), ("b", 2), ("a", 1)]);
    assert!(all[1].position > first[0].position, "the place of one that is gone is not given again");
    let application = application_id();
    assert_eq!(store.definitions_before(Some(&application), KIND, None, 9).await.unwrap(), []);
}

pub async fn versions_are_paged(place: &dyn Place) {
    let store = with_application(place).await;
    for document in ["1", "2", "3", "4", "5"] {
        put(&*store, "t", document).await;
    }
    store.delete_definition_version(None, KIND, "t", 3).await.unwrap();
    let page = async |version| store.definition_versions(None, KIND, "t", version, 2).await.unwrap();
    assert_eq!(summary(&page(None).await), [("t", 5), ("t", 4)]);
    let second = page(Some(4)).await;
    assert_eq!(summary(&second), [("t", 2), ("t", 1)]);
    assert_eq!(second[0].document, "2");
    assert_eq!(page(Some(1)).await, []);
    assert_eq!(store.definition_versions(None, KIND, "u", None, 2).await.unwrap(), []);
}

pub async fn the_active_version_is_the_chosen_one_or_the_latest(place: &dyn Place) {
    let store = with_application(place).await;
    for document in ["1", "2"] {
        put(&*store, "t", document).await;
    }
    let active = async || {
        let chosen = store.active_version(None, KIND, "t").await.unwrap();
        (chosen, get(&*store, "t", None).await.unwrap().version)
    };
    let choose = |version| store.set_active_version(None, KIND, "t", version);
    assert_eq!(active().await, (None, 2));
    choose(Some(1)).await.unwrap();
    put(&*store, "t", "3").await;
    assert_eq!(active().await, (Some(1), 1));
    assert_eq!(summary(&store.definitions(None, KIND).await.unwrap()), [("t", 3)], "lists tell the latest");
    let seen = get(&*store, "t", None).await.unwrap();
    let written = store.write_definition(None, write("t", "4", Versioning::Latest, Some(seen.revision))).await.unwrap();
    assert_eq!(written.version, 3, "who saw the active version replaces the latest all the same");
    assert_eq!(active().await, (Some(1), 1));

    assert!(matches!(choose(Some(9)).await, Err(Error::NotFound { kind: "SMS template", .. })));
    let nowhere = store.set_active_version(None, KIND, "u", None).await;
    assert!(matches!(nowhere, Err(Error::NotFound { .. })));
    choose(None).await.unwrap();
    assert_eq!(active().await, (None, 3));
    choose(Some(2)).await.unwrap();
    assert!(store.delete_definition_version(None, KIND, "t", 2).await.unwrap());
    assert_eq!(active().await, (None, 3), "with the active version its choice is gone");
    assert_eq!(store.active_version(None, KIND, "u").await.unwrap(), None);
}

pub async fn the_number_of_a_removed_version_is_not_given_again(place: &dyn Place) {
    let store = with_application(place).await;
    for document in ["1", "2", "3"] {
        put(&*store, "t", document).await;
    }
    let delete = |version| store.delete_definition_version(None, KIND, "t", version);
    assert!(delete(3).await.unwrap() && delete(1).await.unwrap());
    assert!(!delete(3).await.unwrap());
    assert_eq!(get(&*store, "t", Some(3)).await, None);
    assert_eq!(get(&*store, "t", None).await.unwrap().document, "2");
    drop(store);

    let store = place.open().await;
    assert_eq!(put(&*store, "t", "4").await, 4);
    assert_eq!(get(&*store, "t", None).await.unwrap().creation_date, "today");
    let delete = |version| store.delete_definition_version(None, KIND, "t", version);
    assert!(delete(2).await.unwrap() && delete(4).await.unwrap());
    assert_eq!(get(&*store, "t", None).await, None, "the last version takes the definition with it");
    assert_eq!(store.definitions(None, KIND).await.unwrap(), []);
    assert!(!store.delete_definition(None, KIND, "t").await.unwrap());
    assert_eq!(put(&*store, "t", "new").await, 1);
}

pub async fn the_members_of_a_removed_version_go_with_it(place: &dyn Place) {
    let store = with_application(place).await;
    let application = application_id();
    for version in 1..=2 {
        store.put_definition(Some(&application), Kind::Segment, "s", "{}".into(), "today".into()).await.unwrap();
        store.put_segment_members(&application, "s", version, [version].into_iter().collect()).await.unwrap();
    }
    store.delete_definition_version(Some(&application), Kind::Segment, "s", 2).await.unwrap();
    assert_eq!(store.segment_members(&application, "s", 2).await.unwrap(), None);
    assert!(store.segment_members(&application, "s", 1).await.unwrap().is_some());
}
