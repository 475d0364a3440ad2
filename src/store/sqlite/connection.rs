//! Connections: where the file is, how it is opened, and what its schema is.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::failure::Failure;
use crate::store::Error;

/// Steps of the schema; the file's `user_version` counts those done. Released steps never change.
const STEPS: &[&str] = &[include_str!("schema/1.sql")];
/// The schema this release works with.
const SCHEMA_VERSION: u32 = STEPS.len() as u32;

/// Bytes of a page: holds ten endpoints, or one chunk of the lookup index.
const PAGE_BYTES: u32 = 8192;
/// Memory of the writer's page cache, in KiB.
const WRITER_CACHE_KIB: u32 = 64 * 1024;
/// Memory of one reader's page cache, in KiB. Scans gain nothing from more: the operating system caches the file.
const READER_CACHE_KIB: u32 = 2 * 1024;
/// Bytes the log file shrinks to after it was longer.
const LOG_BYTES_MAX: u32 = 128 * 1024 * 1024;
/// How long a statement waits for another process. Only opening and closing ever do.
const BUSY_TIMEOUT_MS: u32 = 10_000;

/// The database file of a data directory.
pub fn file(directory: &Path) -> PathBuf {
    directory.join("pinwheel.db")
}

/// Opens the connection that writes, and brings the schema up to date.
pub fn open_writer(path: &Path) -> Result<Connection, Error> {
    let open = || -> Result<Connection, Failure> {
        let mut connection = Connection::open(path)?;
        connection.execute_batch(&format!(
            "PRAGMA busy_timeout = {BUSY_TIMEOUT_MS};
             PRAGMA page_size = {PAGE_BYTES};
             PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA mmap_size = 0;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -{WRITER_CACHE_KIB};
             PRAGMA journal_size_limit = {LOG_BYTES_MAX};"
        ))?;
        connection.set_prepared_statement_cache_capacity(64);
        migrate(&mut connection, path)?;
        Ok(connection)
    };
    open().map_err(|failure| failure.during("open the database"))
}

/// Opens a connection that copies the log.
pub fn open_checkpointer(path: &Path) -> Result<Connection, Error> {
    let open = || -> Result<Connection, Failure> {
        let connection = Connection::open(path)?;
        connection.execute_batch(&format!(
            "PRAGMA busy_timeout = {BUSY_TIMEOUT_MS};
             PRAGMA synchronous = FULL;
             PRAGMA mmap_size = 0;"
        ))?;
        Ok(connection)
    };
    open().map_err(|failure| failure.during("open the database"))
}

/// Opens a connection that only reads.
pub fn open_reader(path: &Path) -> Result<Connection, Error> {
    let open = || -> Result<Connection, Failure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.execute_batch(&format!(
            "PRAGMA busy_timeout = {BUSY_TIMEOUT_MS};
             PRAGMA mmap_size = 0;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -{READER_CACHE_KIB};"
        ))?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(connection)
    };
    open().map_err(|failure| failure.during("open the database for reading"))
}

/// Checks that the file has the schema of this release, without changing it.
pub fn check_schema(connection: &Connection, path: &Path) -> Result<(), Error> {
    let found = schema_version(connection, path).map_err(|failure| failure.during("read the schema version"))?;
    if found < SCHEMA_VERSION {
        return Err(Error::OlderSchema { path: path.display().to_string(), found, needed: SCHEMA_VERSION });
    }
    Ok(())
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Failure> {
    let found = schema_version(connection, path)?;
    for (version, step) in (1..).zip(STEPS).skip(found as usize) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

fn schema_version(connection: &Connection, path: &Path) -> Result<u32, Failure> {
    let found = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > SCHEMA_VERSION {
        let path = path.display().to_string();
        return Err(Error::NewerSchema { path, found, known: SCHEMA_VERSION }.into());
    }
    Ok(found)
}
