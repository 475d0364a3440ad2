//! Where import files come from: a file, a folder or S3.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use object_store::{ObjectStore, ObjectStoreExt};

use super::Error;
use crate::config::Aws;
use crate::segment::remote;

/// What to import.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file, or a folder with everything below it. With `within`, a path without links, only files below that one are
    /// read: links that lead out of it are failures.
    Local { path: PathBuf, within: Option<PathBuf> },
    /// An object, or every object below a prefix.
    Remote { store: Arc<dyn ObjectStore>, key: object_store::path::Path, url: String },
}

impl Source {
    /// Reads `s3://bucket/prefix`, or the path of a file or folder.
    pub fn parse(text: &str, aws: &Aws) -> Result<Self, Error> {
        if !text.starts_with(remote::SCHEME) {
            return Ok(Self::Local { path: text.into(), within: None });
        }
        let (store, key) = remote::open(text, aws).map_err(Error::Remote)?;
        Ok(Self::Remote { store, key, url: text.to_owned() })
    }

    /// How people name it.
    pub fn name(&self) -> String {
        match self {
            Self::Local { path, .. } => path.display().to_string(),
            Self::Remote { url, .. } => url.clone(),
        }
    }

    /// The objects it has: files in the order of their names, hidden ones left out.
    pub(super) async fn objects(&self) -> Result<Vec<Object>, Error> {
        match self {
            Self::Local { path, within } => {
                let (path, within) = (path.clone(), within.clone());
                let walk = tokio::task::spawn_blocking(move || {
                    let mut objects = Vec::new();
                    let unreadable = |source| Error::Unreadable { name: path.display().to_string(), source };
                    fs::metadata(&path).map_err(unreadable)?;
                    walk(&path, within.as_deref(), &mut objects).map_err(unreadable)?;
                    Ok(objects)
                });
                walk.await.expect("walking folders does not panic")
            }
            Self::Remote { store, key, .. } => {
                let meta = match store.head(key).await {
                    Ok(meta) => vec![meta],
                    Err(object_store::Error::NotFound { .. }) => {
                        let mut below: Vec<_> = store.list(Some(key)).try_collect().await.map_err(Error::Remote)?;
                        below.sort_by(|a, b| a.location.cmp(&b.location));
                        below
                    }
                    Err(error) => return Err(Error::Remote(error)),
                };
                let object = |meta: object_store::ObjectMeta| Object {
                    name: meta.location.to_string(),
                    bytes: meta.size,
                    place: Place::Remote(Arc::clone(store), meta.location),
                };
                Ok(meta.into_iter().map(object).collect())
            }
        }
    }
}

fn walk(path: &Path, within: Option<&Path>, objects: &mut Vec<Object>) -> io::Result<()> {
    let found = match within {
        Some(folder) => inside(path, folder),
        None => Ok(path.to_owned()),
    };
    let (meta, place) = match found.and_then(|found| Ok((fs::metadata(&found)?, found))) {
        Ok((meta, found)) => (meta, Place::Local(found)),
        // One bad file does not stop the others.
        Err(error) => (fs::symlink_metadata(path)?, Place::Unreadable(error.kind(), error.to_string())),
    };
    if !meta.is_dir() {
        objects.push(Object { name: path.display().to_string(), bytes: meta.len(), place });
        return Ok(());
    }
    let mut entries = fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        // A link to a folder may lead back up.
        let linked_folder = entry.file_type()?.is_symlink() && entry.path().is_dir();
        if !hidden && !linked_folder {
            walk(&entry.path(), within, objects)?;
        }
    }
    Ok(())
}

/// The path without links.
///
/// Errors: it leads out of the folder, which has none either.
fn inside(path: &Path, folder: &Path) -> io::Result<PathBuf> {
    let real = fs::canonicalize(path)?;
    if real.starts_with(folder) {
        return Ok(real);
    }
    let problem = format!("it leads out of `{}`", folder.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, problem))
}

/// One file or object.
pub(super) struct Object {
    pub(super) name: String,
    pub(super) bytes: u64,
    place: Place,
}

enum Place {
    Local(PathBuf),
    Remote(Arc<dyn ObjectStore>, object_store::path::Path),
    Unreadable(io::ErrorKind, String),
}

impl Object {
    /// Opens it, to be read on a thread that may block.
    pub(super) async fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match &self.place {
            Place::Local(path) => Box::new(File::open(path)?),
            Place::Unreadable(kind, problem) => return Err(io::Error::new(*kind, problem.clone())),
            Place::Remote(store, key) => Box::new(Stream {
                chunks: store.get(key).await?.into_stream(),
                current: Bytes::new(),
                runtime: tokio::runtime::Handle::current(),
            }),
        })
    }
}

/// An object's stream as blocking reads.
struct Stream {
    chunks: BoxStream<'static, object_store::Result<Bytes>>,
    current: Bytes,
    runtime: tokio::runtime::Handle,
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.runtime.block_on(self.chunks.next()) {
                Some(chunk) => self.current = chunk?,
                None => return Ok(0),
            }
        }
        let count = self.current.len().min(into.len());
        self.current.copy_to_slice(&mut into[..count]);
        Ok(count)
    }
}
