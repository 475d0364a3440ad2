//! The store suite on a real file, and what is SQLite's alone.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use rusqlite::Connection;
use tempfile::TempDir;

use super::connection::file;
use super::{Mode, Sqlite};
use crate::store::suite::{Place, suite};
use crate::store::{Application, DefinitionStore, Error, Store};

impl Place for TempDir {
    fn open(&self) -> BoxFuture<'_, Arc<dyn Store>> {
        Box::pin(async { Arc::new(Sqlite::open(self.path(), Mode::Exclusive).unwrap()) as Arc<dyn Store> })
    }
}

suite!(tempfile::tempdir().unwrap());

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
