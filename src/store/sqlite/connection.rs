//! Connections: where the file is, and how it is opened.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::failure::Failure;
use super::schema;
use crate::store::Error;

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
        schema::migrate(&mut connection, path)?;
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
