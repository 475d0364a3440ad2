//! Reads a recording: the last attempt at each batch.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_128;

pub use super::line::Line;

/// Where a line stands: the file's place in the list, its first byte, and its length.
type Place = (usize, u64, usize);

/// The attempts of a recording. Only their places are in memory.
#[derive(Debug)]
pub struct Recording {
    files: Vec<PathBuf>,
    places: Vec<Place>,
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read `{}`", .path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("`{}`, line {line}: {problem}", .path.display())]
    Line { path: PathBuf, line: usize, problem: serde_json::Error },
}

impl Recording {
    /// Opens a file, or a folder of them. Of several attempts with the same event the last one counts, as it did for the
    /// campaign. A last line that was cut off by a crash is left out.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let of_io = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Io { path, source }
        };
        let files = super::files(path).map_err(of_io(path))?;
        let mut places: Vec<Place> = Vec::new();
        let mut by_event: HashMap<u128, usize> = HashMap::new();
        for (file, path) in files.iter().enumerate() {
            let mut lines = BufReader::new(File::open(path).map_err(of_io(path))?);
            let (mut from, mut number, mut line) = (0, 0, Vec::new());
            while lines.read_until(b'\n', &mut line).map_err(of_io(path))? > 0 {
                number += 1;
                match event_of(&line) {
                    Ok(event) => {
                        let at = *by_event.entry(event).or_insert(places.len());
                        let place = (file, from, line.len());
                        if at < places.len() { places[at] = place } else { places.push(place) }
                    }
                    Err(_) if !line.ends_with(b"\n") => {}
                    Err(problem) => return Err(Error::Line { path: path.clone(), line: number, problem }),
                }
                from += line.len() as u64;
                line.clear();
            }
        }
        Ok(Self { files, places })
    }

    /// Batches in it.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The attempt at one batch.
    pub fn line(&self, at: usize) -> Result<Line, Error> {
        let (file, from, bytes) = self.places[at];
        let path = &self.files[file];
        let read = || {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(from))?;
            let mut line = vec![0; bytes];
            file.read_exact(&mut line)?;
            Ok(line)
        };
        let line = read().map_err(|source| Error::Io { path: path.clone(), source })?;
        serde_json::from_slice(&line).map_err(|problem| Error::Line { path: path.clone(), line: at + 1, problem })
    }
}

/// What tells events apart.
fn event_of(line: &[u8]) -> Result<u128, serde_json::Error> {
    #[derive(Deserialize)]
    struct OfLine<'a> {
        #[serde(borrow)]
        event: &'a RawValue,
    }
    let line: OfLine<'_> = serde_json::from_slice(line)?;
    Ok(xxh3_128(line.event.get().as_bytes()))
}
