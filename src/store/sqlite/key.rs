//! Access keys in SQLite: a file of their own, which several processes read and write.
//!
//! All keys are held in memory. Whether another process changed the file is asked (`PRAGMA data_version`) at most once in
//! [`SEEN_WITHIN`], or for an id that is not known, and never on the caller's thread; between that, a look-up costs a lock
//! and a hash.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::{Mutex, RwLock};
use rusqlite::{Connection, Row, TransactionBehavior, params};

use super::failure::{Failure, damaged};
use crate::clock::Clock;
use crate::domain::ApplicationId;
use crate::store::key::{AccessKey, KeyStore, Policy, SEEN_WITHIN};
use crate::store::{Call, Error};

/// Steps of the schema; the file's `user_version` counts those done. Released steps never change.
const STEPS: &[&str] = &[include_str!("schema/key/1.sql")];
const SCHEMA_VERSION: u32 = STEPS.len() as u32;
/// How long a statement waits for another process. Writes are short.
const BUSY_TIMEOUT_MS: u32 = 10_000;
const COLUMNS: &str = "id, sealed_secret, application, name, created_at, revoked_at";

/// The keys of a data directory.
pub struct Keys {
    file: Arc<KeyFile>,
    clock: Arc<dyn Clock>,
}

struct KeyFile {
    connection: Mutex<Connection>,
    snapshot: RwLock<Snapshot>,
}

/// The keys as they were when the file was last looked at.
#[derive(Default)]
struct Snapshot {
    keys: HashMap<String, AccessKey>,
    /// What SQLite called this state; `None` when it has to be read again.
    version: Option<i64>,
    /// By the clock's elapsed time.
    looked_at: Option<Duration>,
}

impl Keys {
    /// Opens the keys of a data directory, also while another process works on them. Creates what is missing.
    ///
    /// Errors: [`NewerSchema`](Error::NewerSchema).
    pub fn open(directory: &Path, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let failed = |error| Error::Backend { operation: "create the data directory", source: Box::new(error) };
        super::create(directory).map_err(failed)?;
        let connection = connect(&directory.join("keys.sqlite")).map_err(|failure| failure.during("open the keys"))?;
        let file = KeyFile { connection: Mutex::new(connection), snapshot: RwLock::default() };
        Ok(Self { file: Arc::new(file), clock })
    }

    /// Runs `work` where it may wait.
    async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&KeyFile) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        let file = Arc::clone(&self.file);
        match tokio::task::spawn_blocking(move || work(&file)).await {
            Ok(result) => result.map_err(|failure| failure.during(operation)),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Error::Closed),
            },
        }
    }
}

impl KeyStore for Keys {
    fn put_key(&self, key: AccessKey) -> Call<'_, ()> {
        Box::pin(self.run("save a key", move |file| {
            let AccessKey { id, sealed_secret, policy, name, created_at, revoked_at } = key;
            let application = match &policy {
                Policy::Administrator => None,
                Policy::Application(id) => Some(id.as_str()),
            };
            file.write(|connection| {
                connection.execute(
                    &format!("INSERT INTO access_key ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"),
                    params![
                        id,
                        sealed_secret,
                        application,
                        name,
                        created_at.as_millisecond(),
                        revoked_at.map(Timestamp::as_millisecond)
                    ],
                )?;
                Ok(())
            })
        }))
    }

    fn key(&self, id: &str) -> Call<'_, Option<AccessKey>> {
        let id = id.to_owned();
        Box::pin(async move {
            let now = self.clock.elapsed();
            if let Some(found) = self.file.known(&id, now) {
                return Ok(Some(found));
            }
            self.run("read a key", move |file| {
                let connection = file.connection.lock();
                // Whoever had the connection before may have looked just now.
                if let Some(found) = file.known(&id, now) {
                    return Ok(Some(found));
                }
                file.look(&connection, now)?;
                Ok(file.snapshot.read().keys.get(&id).cloned())
            })
            .await
        })
    }

    fn keys(&self) -> Call<'_, Vec<AccessKey>> {
        Box::pin(self.run("read the keys", |file| {
            let mut keys = read(&file.connection.lock())?;
            keys.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
            Ok(keys)
        }))
    }

    fn put_sealed_secret(&self, id: &str, sealed_secret: Vec<u8>) -> Call<'_, ()> {
        let id = id.to_owned();
        Box::pin(self.run("save a key", move |file| {
            file.write(|connection| {
                let statement = "UPDATE access_key SET sealed_secret = ? WHERE id = ?";
                connection.execute(statement, params![sealed_secret, id])?;
                Ok(())
            })
        }))
    }

    fn revoke_key(&self, id: &str, now: Timestamp) -> Call<'_, Option<AccessKey>> {
        let id = id.to_owned();
        Box::pin(self.run("revoke a key", move |file| {
            file.write(|connection| {
                connection.execute(
                    "UPDATE access_key SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?",
                    params![now.as_millisecond(), id],
                )?;
                Ok(read(connection)?.into_iter().find(|key| key.id == id))
            })
        }))
    }
}

impl KeyFile {
    /// The key by what is known without looking at the file. `None` when it has to be looked at: for an id that is not
    /// known always, since its key may have been made just now.
    fn known(&self, id: &str, now: Duration) -> Option<AccessKey> {
        let snapshot = self.snapshot.read();
        let is_fresh = snapshot.looked_at.is_some_and(|looked_at| now < looked_at + SEEN_WITHIN);
        snapshot.keys.get(id).filter(|_| is_fresh).cloned()
    }

    /// Brings the snapshot up to date. `now` lies before the look.
    fn look(&self, connection: &Connection, now: Duration) -> Result<(), Failure> {
        let version: i64 = connection.query_row("PRAGMA data_version", [], |row| row.get(0))?;
        let is_same = self.snapshot.read().version == Some(version);
        let keys = if is_same { None } else { Some(read(connection)?) };
        let mut snapshot = self.snapshot.write();
        if let Some(keys) = keys {
            snapshot.keys = keys.into_iter().map(|key| (key.id.clone(), key)).collect();
            snapshot.version = Some(version);
        }
        snapshot.looked_at = Some(now);
        Ok(())
    }

    fn write<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T, Failure> {
        let connection = self.connection.lock();
        let result = work(&connection);
        // Changes of this connection do not count in its own `data_version`.
        *self.snapshot.write() = Snapshot::default();
        result
    }
}

fn connect(path: &Path) -> Result<Connection, Failure> {
    let mut connection = Connection::open(path)?;
    // No write-ahead log: the file is small and seldom written, and the switch to one does not wait for others.
    connection.execute_batch(&format!(
        "PRAGMA busy_timeout = {BUSY_TIMEOUT_MS};
         PRAGMA synchronous = FULL;
         PRAGMA mmap_size = 0;"
    ))?;
    // Two processes may open a new file at once: the version is read under the lock.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > SCHEMA_VERSION {
        let path = path.display().to_string();
        return Err(Error::NewerSchema { path, found, known: SCHEMA_VERSION }.into());
    }
    for (version, step) in (1..).zip(STEPS).skip(found as usize) {
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    transaction.commit()?;
    Ok(connection)
}

fn read(connection: &Connection) -> Result<Vec<AccessKey>, Failure> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM access_key"))?;
    let mut rows = statement.query([])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        keys.push(read_key(row)?);
    }
    Ok(keys)
}

fn read_key(row: &Row<'_>) -> Result<AccessKey, Failure> {
    let time = |milliseconds| {
        Timestamp::from_millisecond(milliseconds).map_err(|_| damaged("a key has a time that cannot be"))
    };
    let application: Option<String> = row.get(2)?;
    Ok(AccessKey {
        id: row.get(0)?,
        sealed_secret: row.get(1)?,
        policy: application.map_or(Policy::Administrator, |id| Policy::Application(ApplicationId::new(id))),
        name: row.get(3)?,
        created_at: time(row.get(4)?)?,
        revoked_at: row.get::<_, Option<i64>>(5)?.map(time).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::clock::Held;
    use crate::store::suite::cases;
    use crate::store::suite::key::{KeyPlace, key};

    struct Place(TempDir, Arc<Held>);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap(), Arc::default())
        }
    }

    impl KeyPlace for Place {
        fn open(&self) -> Arc<dyn KeyStore> {
            Arc::new(Keys::open(self.0.path(), self.1.clone()).unwrap())
        }

        fn pass_on(&self) {
            self.1.advance(SEEN_WITHIN);
        }
    }

    cases! { Place::new();
        key::keys_read_back
        key::ids_are_taken_once
        key::revoked_keys_stay_revoked
        key::sealed_secrets_are_replaced
        key::what_one_process_changes_others_see
        key::processes_write_at_once
    }

    #[test]
    fn a_new_file_is_opened_by_many_at_once() {
        let place = Place::new();
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| place.open())).collect();
            threads.into_iter().for_each(|thread| drop(thread.join().unwrap()));
        });
    }

    #[tokio::test]
    async fn the_file_is_looked_at_once_in_a_while() {
        let place = Place::new();
        let keys = Keys::open(place.0.path(), place.1.clone()).unwrap();
        keys.put_key(key("a", Policy::Administrator, 1)).await.unwrap();
        assert!(keys.key("a").await.unwrap().is_some());
        // Whoever held the connection would block a look.
        let connection = keys.file.connection.lock();
        place.1.advance(SEEN_WITHIN - Duration::from_millis(1));
        assert!(keys.file.known("a", keys.clock.elapsed()).is_some());
        assert!(keys.file.known("b", keys.clock.elapsed()).is_none(), "it may have been made just now");
        place.1.advance(Duration::from_millis(1));
        assert!(keys.file.known("a", keys.clock.elapsed()).is_none());
        drop(connection);
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let place = Place::new();
        drop(place.open());
        let path = place.0.path().join("keys.sqlite");
        Connection::open(&path).unwrap().pragma_update(None, "user_version", SCHEMA_VERSION + 1).unwrap();
        let refused = Keys::open(place.0.path(), place.1.clone()).map(drop);
        assert!(matches!(refused, Err(Error::NewerSchema { found, .. }) if found == SCHEMA_VERSION + 1), "{refused:?}");
    }
}
