//! Where exports go: a stream, a file, a folder or S3.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use object_store::ObjectStore;
use object_store::buffered::BufWriter;
use tokio::io::AsyncWriteExt;

use super::Error;
use crate::config::Aws;
use crate::segment::remote;

/// Where to write.
pub enum Destination {
    /// One stream, such as standard output.
    Stream { writer: Box<dyn Write + Send>, name: String },
    /// One file.
    File(PathBuf),
    /// Numbered files in a folder, which is made if need be.
    Folder(PathBuf),
    /// Numbered objects below a prefix.
    Remote { store: Arc<dyn ObjectStore>, prefix: object_store::path::Path },
}

impl Destination {
    /// Reads `s3://bucket/prefix`, `-` for standard output, or a path: a folder if it is one or ends like one, else a
    /// file.
    pub fn parse(text: &str, aws: &Aws) -> Result<Self, Error> {
        if text == "-" {
            return Ok(Self::Stream { writer: Box::new(io::stdout()), name: "standard output".to_owned() });
        }
        if text.starts_with(remote::SCHEME) {
            let (store, prefix) = remote::open(text, aws).map_err(Error::Remote)?;
            return Ok(Self::Remote { store, prefix });
        }
        let path = PathBuf::from(text);
        Ok(if text.ends_with('/') || path.is_dir() { Self::Folder(path) } else { Self::File(path) })
    }

    /// Whether it takes more than one file.
    pub(super) fn takes_pieces(&self) -> bool {
        matches!(self, Self::Folder(_) | Self::Remote { .. })
    }

    /// Opens the file of this number; a stream can be opened once.
    pub(super) async fn open(&mut self, piece: usize, extension: &str) -> Result<Piece, Error> {
        let file_name = format!("{piece:05}.{extension}");
        let (name, sink) = match self {
            Self::Stream { writer, name } => {
                let writer = std::mem::replace(writer, Box::new(io::sink()));
                (name.clone(), Sink::Local(Some(writer)))
            }
            Self::File(path) => create(path.clone())?,
            Self::Folder(folder) => {
                fs::create_dir_all(&*folder)
                    .map_err(|source| Error::Unwritable { name: folder.display().to_string(), source })?;
                create(folder.join(file_name))?
            }
            Self::Remote { store, prefix } => {
                let key = prefix.clone().join(file_name);
                (key.to_string(), Sink::Remote(Box::new(BufWriter::new(Arc::clone(store), key))))
            }
        };
        Ok(Piece { name, sink })
    }
}

fn create(path: PathBuf) -> Result<(String, Sink), Error> {
    let name = path.display().to_string();
    match File::create(path) {
        Ok(file) => Ok((name, Sink::Local(Some(Box::new(file))))),
        Err(source) => Err(Error::Unwritable { name, source }),
    }
}

/// A file being written.
pub(super) struct Piece {
    pub(super) name: String,
    sink: Sink,
}

enum Sink {
    /// Absent only while a thread that may block writes to it.
    Local(Option<Box<dyn Write + Send>>),
    Remote(Box<BufWriter>),
}

impl Piece {
    pub(super) async fn write(&mut self, bytes: Vec<u8>) -> Result<(), Error> {
        match &mut self.sink {
            Sink::Local(writer) => blocking(&self.name, writer, move |writer| writer.write_all(&bytes)).await,
            Sink::Remote(writer) => writer.put(Bytes::from(bytes)).await.map_err(Error::Remote),
        }
    }

    /// Ends the file; one that is not ended may lack its end, or not exist.
    pub(super) async fn finish(mut self) -> Result<String, Error> {
        match &mut self.sink {
            Sink::Local(writer) => blocking(&self.name, writer, |writer| writer.flush()).await?,
            Sink::Remote(writer) => {
                let closed = writer.shutdown().await;
                closed.map_err(|source| Error::Unwritable { name: self.name.clone(), source })?;
            }
        }
        Ok(self.name)
    }
}

async fn blocking(
    name: &str,
    slot: &mut Option<Box<dyn Write + Send>>,
    work: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
) -> Result<(), Error> {
    let mut writer = slot.take().expect("nothing is written after a failure");
    let written = tokio::task::spawn_blocking(move || work(&mut *writer).map(|()| writer)).await;
    let writer = written
        .expect("writing does not panic")
        .map_err(|source| Error::Unwritable { name: name.to_owned(), source })?;
    *slot = Some(writer);
    Ok(())
}
