//! The store suite on a real file, and what is SQLite's alone.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use roaring::RoaringBitmap;
use rusqlite::Connection;
use tempfile::TempDir;

use super::connection::file;
use super::failure::Failure;
use super::writer::Size;
use super::{Mode, Sqlite, schema};
use crate::domain::{ApplicationId, EndpointUpdate, Fate};
use crate::store::suite::{self, Place, suite};
use crate::store::{
    Activity, Application, AttributeGroup, DeadLetterStore, Definition, DefinitionStore, EndpointStore, EndpointWrite,
    Error, Event, EventStore, Frozen, Kind, LedgerStore, Store,
};

impl Place for TempDir {
    fn open(&self) -> BoxFuture<'_, Arc<dyn Store>> {
        Box::pin(async { Arc::new(Sqlite::open(self.path(), Mode::Exclusive).unwrap()) as Arc<dyn Store> })
    }
}

suite!(tempfile::tempdir().unwrap());

#[test]
fn files_are_for_their_owner_alone_wherever_they_are() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let _store = Sqlite::open(directory.path(), Mode::Exclusive).unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
        names.push(entry.file_name());
    }
    assert!(names.contains(&"pinwheel.db".into()) && names.len() > 2, "{names:?}");
}

fn application() -> Application {
    Application {
        id: crate::domain::ApplicationId::new("a"),
        name: "shop".into(),
        settings: "{}".into(),
        tags: "{}".into(),
        creation_date: String::new(),
        last_modified_date: String::new(),
        revision: 0,
    }
}

#[test]
fn one_process_writes_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let first = Sqlite::open(directory.path(), Mode::Exclusive).unwrap();
    let second = Sqlite::open(directory.path(), Mode::Exclusive);
    assert!(matches!(second, Err(Error::Locked { path }) if path == directory.path().display().to_string()));
    drop(first);
    assert!(Sqlite::open(directory.path(), Mode::Exclusive).is_ok());
}

#[tokio::test]
async fn a_write_that_panics_harms_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(directory.path(), Mode::Exclusive).unwrap();
    let broken = store.write("break", Size::Small, |session| -> Result<(), Failure> {
        super::application::put(&session.connection, &application())?;
        panic!("a promise is broken")
    });
    let other = Application { id: ApplicationId::new("b"), ..application() };
    let (broken, kept) = tokio::join!(broken, store.put_application(other));
    assert!(matches!(broken, Err(Error::Backend { operation: "break", .. })), "{broken:?}");
    kept.unwrap();
    let found: Vec<_> = store.applications().await.unwrap().into_iter().map(|found| found.id).collect();
    assert_eq!(found, [ApplicationId::new("b")]);
    store.put_application(application()).await.unwrap();
}

#[tokio::test]
async fn shared_stores_read_beside_the_writer() {
    let directory = tempfile::tempdir().unwrap();
    assert!(matches!(Sqlite::open(directory.path(), Mode::Shared), Err(Error::Missing { .. })));
    let writer = Sqlite::open(directory.path(), Mode::Exclusive).unwrap();
    let reader = Sqlite::open(directory.path(), Mode::Shared).unwrap();
    assert_eq!(reader.applications().await.unwrap(), []);
    writer.put_application(application()).await.unwrap();
    assert_eq!(reader.applications().await.unwrap(), [Application { revision: 1, ..application() }]);
    assert!(matches!(reader.put_application(application()).await, Err(Error::ReadOnly)));
    drop(writer);
    assert_eq!(
        reader.applications().await.unwrap(),
        [Application { revision: 1, ..application() }],
        "also when the writer is gone"
    );
    drop(reader);
    let reader = Sqlite::open(directory.path(), Mode::Shared).unwrap();
    assert_eq!(
        reader.applications().await.unwrap(),
        [Application { revision: 1, ..application() }],
        "also without one"
    );
}

#[test]
fn other_schemas_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    drop(Sqlite::open(directory.path(), Mode::Exclusive).unwrap());
    let set_version = |version: u32| {
        let connection = Connection::open(file(directory.path())).unwrap();
        connection.pragma_update(None, "user_version", version).unwrap();
    };
    set_version(9999);
    for mode in [Mode::Exclusive, Mode::Shared] {
        assert!(matches!(Sqlite::open(directory.path(), mode), Err(Error::NewerSchema { found: 9999, .. })));
    }
    set_version(0);
    assert!(matches!(Sqlite::open(directory.path(), Mode::Shared), Err(Error::OlderSchema { found: 0, .. })));
}

#[test]
fn a_file_of_another_kind_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(file(directory.path()), "these are not the pages you are looking for".repeat(100)).unwrap();
    assert!(matches!(Sqlite::open(directory.path(), Mode::Exclusive), Err(Error::Damaged { .. })));
}

/// Rows of a table, seen from outside.
fn rows(directory: &TempDir, table: &str) -> u32 {
    let connection = Connection::open(file(directory.path())).unwrap();
    connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_file_of_the_first_schema_is_brought_up_to_date() {
    let directory = tempfile::tempdir().unwrap();
    let old = schema::create_old(&file(directory.path()), 1);
    let document = |attribute: &str, user: &str| {
        format!(
            r#"{{"Attributes":{{"{attribute}":["x"]}},"Demographic":{{}},"User":{{"UserAttributes":{{"{user}":["x"]}}}}}}"#
        )
    };
    old.execute_batch(&format!(
        r#"INSERT INTO application VALUES (3, 'a', 'shop', '{{"x":1}}', 'monday', 7), (5, 'b', 'market', '{{}}', 'tuesday', 1);
        INSERT INTO attribute_name (application, name) VALUES (3, 'one'), (3, 'both'), (3, 'lost'), (5, 'one');
        INSERT INTO endpoint VALUES
            (3 << 32, 'e0', '{}'), (3 << 32 | 6, 'e6', '{}'), (3 << 32 | 7, 'e7', 'no document'), (5 << 32, 'x', '{}');
        INSERT INTO definition VALUES
            (1, 3, 1, 's', 1, 'one', 'monday', 'monday'), (2, 0, 4, 't', 1, 'one', 'monday', 'monday'),
            (3, 3, 1, 'r', 1, 'one', 'monday', 'monday'), (4, 3, 1, 's', 2, 'two', 'monday', 'friday');"#,
        document("one", "both"),
        document("both", "both"),
        document("none", "one"),
    ))
    .unwrap();
    drop(old);
    assert!(matches!(
        Sqlite::open(directory.path(), Mode::Shared),
        Err(Error::OlderSchema { found: 1, needed: 4, .. })
    ));

    for _ in 0..2 {
        let store = Sqlite::open(directory.path(), Mode::Exclusive).unwrap();
        let (a, b) = (ApplicationId::new("a"), ApplicationId::new("b"));
        let expected = Application {
            id: a.clone(),
            name: "shop".into(),
            settings: r#"{"x":1}"#.into(),
            tags: "{}".into(),
            creation_date: "monday".into(),
            last_modified_date: "monday".into(),
            revision: 1,
        };
        assert_eq!(store.application(&a).await.unwrap(), Some(expected));
        let names = async |application, group| store.attribute_names(application, group).await.unwrap();
        assert_eq!(names(&a, AttributeGroup::Endpoint).await, ["both", "lost", "one"]);
        assert_eq!(names(&a, AttributeGroup::User).await, ["both", "lost"]);
        assert_eq!(names(&a, AttributeGroup::Metric).await, ["lost"], "what no endpoint has may be from anywhere");
        assert_eq!(names(&b, AttributeGroup::Endpoint).await, [""; 0]);
        assert_eq!(names(&b, AttributeGroup::User).await, ["one"]);

        let segments = store.definitions(Some(&a), Kind::Segment).await.unwrap();
        let expected = Definition {
            id: "s".into(),
            version: 2,
            document: "two".into(),
            creation_date: "monday".into(),
            last_modified_date: "friday".into(),
            revision: 2,
            position: 1,
        };
        assert_eq!((segments.len(), segments[0].id.as_str(), &segments[1]), (2, "r", &expected));
        assert!(store.definition(None, Kind::SmsTemplate, "t", None).await.unwrap().is_some());
    }

    let store = Sqlite::open(directory.path(), Mode::Exclusive).unwrap();
    let b = ApplicationId::new("b");
    store.delete_application(&b).await.unwrap();
    store.put_application(Application { id: b.clone(), ..application() }).await.unwrap();
    assert!(store.scan_endpoints(&b, 0, 9).await.unwrap().is_empty(), "the key is a new one");
    let new = store.put_definition(Some(&b), Kind::Segment, "new", "{}".into(), "now".into()).await;
    assert_eq!(new.unwrap(), 1);
    assert!(store.definition(Some(&b), Kind::Segment, "new", None).await.unwrap().unwrap().position > 3);
}

/// An older release held batches without keeping anything of them.
#[tokio::test]
async fn batches_that_were_held_before_there_were_letters_get_theirs() {
    let directory = tempfile::tempdir().unwrap();
    let old = schema::create_old(&file(directory.path()), 2);
    let activity = suite::ledger::activity("a1");
    let (id, definition) = (&activity.id, activity.definition());
    old.execute_batch(&format!(
        "INSERT INTO application (key, id, name, settings, tags, creation_date, last_modified_date, revision)
            VALUES (3, 'a', 'shop', '{{}}', '{{}}', 'monday', 'monday', 1);
         INSERT INTO activity (key, id, application, campaign, campaign_version, treatment, state, scheduled_start, definition)
            VALUES (5, '{id}', 3, 'c1', 1, '0', 2, 0, '{definition}');
         INSERT INTO batch (key, stage, fates, unknown, reasons, at) VALUES
            (5 << 32, 2, x'0101', 0, NULL, 1), (5 << 32 | 1, 2, x'060C06', 0, '{{\"out of luck\":[0,2]}}', 7000000);"
    ))
    .unwrap();
    drop(old);

    let store = Sqlite::open(directory.path(), Mode::Exclusive).unwrap();
    assert_eq!(store.held_batches().await.unwrap(), 1);
    let letter = store.dead_letter(id, 1).await.unwrap().unwrap();
    assert_eq!((letter.members, letter.redrives, letter.attempts.len()), (0b101, 0, 0));
    assert_eq!(letter.held_at, Timestamp::from_second(7).unwrap());
    assert_eq!(store.redrive_batches(id, None, Timestamp::UNIX_EPOCH).await.unwrap().batches, [1]);
    let rows = store.batches(id, 1, 1).await.unwrap();
    assert_eq!((&rows[0].fates[..], &rows[0].reasons), (&[0, 12, 0][..], &None));
}

/// Everything of the application goes, nothing of the other one, and the store may be closed at any time meanwhile.
#[tokio::test]
async fn removed_applications_are_cleared_away_also_after_a_restart() {
    const ENDPOINTS: u32 = 7_000;
    let directory = tempfile::tempdir().unwrap();
    let open = || Sqlite::open(directory.path(), Mode::Exclusive).unwrap();
    let store = open();
    let mut held = Vec::new();
    for id in ["a", "b"] {
        let id = ApplicationId::new(id);
        store.put_application(Application { id: id.clone(), ..application() }).await.unwrap();
        let write = |i: u32| {
            let mut write = EndpointWrite { id: format!("e{i}"), update: EndpointUpdate::default() };
            write.update.attributes.insert("name".into(), vec!["x".into()]);
            write
        };
        store.upsert_endpoints(&id, (0..ENDPOINTS).map(write).collect(), String::new()).await.unwrap();
        store.delete_endpoints(&id, (0..50).map(|i| format!("e{i}")).collect()).await.unwrap();
        store.put_definition(Some(&id), Kind::Segment, "s", "{}".into(), "now".into()).await.unwrap();
        store.put_segment_members(&id, "s", 1, RoaringBitmap::new()).await.unwrap();
        let event = |i: u32| Event {
            endpoint_id: "e".into(),
            id: i.to_string(),
            event_type: "t".into(),
            at: Timestamp::UNIX_EPOCH,
            document: "{}".into(),
        };
        store.append_events(&id, (0..3_000).map(event).collect(), Timestamp::UNIX_EPOCH).await.unwrap();
        let activities: Vec<_> = (0..3).map(|i| suite::ledger::activity(&format!("{id}{i}"))).collect();
        for activity in activities {
            let activity = Activity { application_id: id.clone(), ..activity };
            let settled = vec![(Fate::OptOut, RoaringBitmap::new()); 30];
            let activity_id = activity.id.clone();
            store.create_activities(vec![(activity, Frozen { settled, waves: Vec::new() })], None).await.unwrap();
            for index in 0..10 {
                store.record_batch(&activity_id, suite::ledger::batch(index)).await.unwrap();
            }
            let (row, held) = (suite::dead_letter::held_row(7), suite::dead_letter::held("{}"));
            store.hold_batch(&activity_id, row, held).await.unwrap();
        }
        if held.is_empty() {
            held = TABLES.map(|table| (table, rows(&directory, table))).into();
            assert!(held.iter().all(|(_, rows)| *rows > 0), "{held:?}");
        }
    }
    assert!(store.delete_application(&ApplicationId::new("b")).await.unwrap());
    // At most a few steps are done by now; the rest falls to those who open it later.
    drop(store);
    assert_eq!(rows(&directory, "application_removed"), 1);
    assert!(rows(&directory, "endpoint") > ENDPOINTS);

    for attempt in 0.. {
        let store = open();
        // A write that is refused, after which the writer goes on clearing.
        let refused = store.put_application(Application { revision: 9, ..application() }).await;
        assert!(matches!(refused, Err(Error::Conflict { .. })));
        drop(store);
        if rows(&directory, "application_removed") == 0 {
            break;
        }
        assert!(attempt < 100, "every process goes on a bit");
    }
    let left: Vec<_> = TABLES.map(|table| (table, rows(&directory, table))).into();
    assert_eq!(left, held);
    let store = open();
    let a = ApplicationId::new("a");
    assert_eq!(store.endpoint(&a, "e77").await.unwrap().len(), 1, "the index of the other one is whole");
    assert_eq!(store.events_after(&a, 0, usize::MAX).await.unwrap().len(), 3_000);
}

/// The tables with rows of applications.
const TABLES: [&str; 13] = [
    "endpoint",
    "endpoint_removed",
    "lookup_run",
    "lookup_chunk",
    "activity",
    "audience",
    "batch",
    "dead_letter",
    "dead_letter_request",
    "event",
    "segment_members",
    "definition_head",
    "attribute_name",
];
