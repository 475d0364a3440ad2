//! The embedded store: one SQLite file in the data directory.
//!
//! One thread writes, and commits all that waits for it at once; a few connections read beside it. Endpoints stand under
//! dense integer keys, so that new ones are appended; they are found through the index of `lookup`, which grows by
//! sorted runs, because a B-tree of five million hashes is rewritten by every few thousand random inserts.

mod application;
mod checkpoint;
mod clearing;
mod connection;
mod dead_letter;
mod definition;
mod display;
mod endpoint;
mod event;
mod failure;
pub mod key;
mod ledger;
mod lookup;
mod outcome;
mod place;
mod reader;
mod schema;
#[cfg(test)]
mod tests;
mod writer;

use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use roaring::RoaringBitmap;
use rusqlite::Connection;

use self::failure::{Failure, damaged};
use self::reader::Readers;
use self::writer::{Session, Size, Writer};
use super::{Call, Error};

/// Of files that are made: a data directory that somebody else made may let others in.
const FILE_MODE: u32 = 0o600;

/// What a store is opened for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// Reading and writing, for one process at a time. Creates what is missing and brings the schema up to date.
    Exclusive,
    /// Reading, also beside a process that writes.
    Shared,
}

/// The embedded store.
pub struct Sqlite {
    readers: Arc<Readers>,
    writer: Option<Writer>,
    activities: event::Activities,
}

impl Sqlite {
    /// Opens the store of a data directory. Dropping it waits for the writes that were handed over.
    ///
    /// Errors: [`Locked`](Error::Locked) when another process writes there; [`Missing`](Error::Missing) when there is
    /// nothing to read; [`NewerSchema`](Error::NewerSchema), [`OlderSchema`](Error::OlderSchema).
    pub fn open(directory: &Path, mode: Mode) -> Result<Self, Error> {
        let path = connection::file(directory);
        let writer = match mode {
            Mode::Exclusive => {
                let lock = lock(directory)?;
                create_file(&path)?;
                Some(Writer::start(&path, lock)?)
            }
            Mode::Shared if !path.is_file() => {
                return Err(Error::Missing { path: directory.display().to_string() });
            }
            Mode::Shared => {
                schema::check(&connection::open_reader(&path)?, &path)?;
                None
            }
        };
        Ok(Self { readers: Arc::new(Readers::new(path)), writer, activities: event::Activities::default() })
    }

    fn read<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Call<'_, T> {
        Box::pin(Arc::clone(&self.readers).run(operation, work))
    }

    fn write<T: Send + 'static>(
        &self,
        operation: &'static str,
        size: Size,
        work: impl FnOnce(&mut Session) -> Result<T, Failure> + Send + 'static,
    ) -> Call<'_, T> {
        Box::pin(async move { self.writer.as_ref().ok_or(Error::ReadOnly)?.run(operation, size, work).await })
    }
}

/// Takes the data directory for this process, and creates it if need be.
fn lock(directory: &Path) -> Result<File, Error> {
    let failed = |error| Error::Backend { operation: "lock the data directory", source: Box::new(error) };
    create(directory).map_err(failed)?;
    let file = File::options()
        .create(true)
        .append(true)
        .mode(FILE_MODE)
        .open(directory.join("pinwheel.lock"))
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { path: directory.display().to_string() }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Makes a data directory that nobody else can read: it holds addresses. One that is there stays as it is.
fn create(directory: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Makes the database file, unless it is there. SQLite gives the files beside it the same mode.
fn create_file(path: &Path) -> Result<(), Error> {
    let made = File::options().create(true).append(true).mode(FILE_MODE).open(path);
    made.map(drop).map_err(|error| Error::Backend { operation: "create the database", source: Box::new(error) })
}

fn bitmap_to_bytes(bitmap: &RoaringBitmap) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(bitmap.serialized_size());
    bitmap.serialize_into(&mut bytes).expect("memory takes any bytes");
    bytes
}

fn bitmap_from_bytes(bytes: &[u8]) -> Result<RoaringBitmap, Failure> {
    RoaringBitmap::deserialize_from(bytes).map_err(|error| damaged(format!("a bitmap is not readable: {error}")))
}
