//! The files of a recording: one is written until it is large enough, and the oldest are deleted.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

const PREFIX: &str = "hooks-";
const SUFFIX: &str = ".jsonl";

/// Names that are tried for a new file: another process may have made some in the same millisecond.
const NAMES_MAX: u32 = 1000;

/// Files in a folder, of which the newest is written.
pub(super) struct Files {
    directory: PathBuf,
    bytes_max: u64,
    files_max: usize,
    file: BufWriter<File>,
    path: PathBuf,
    /// Of the next file.
    number: u32,
    bytes: u64,
}

impl Files {
    /// Makes the folder if need be, and the first file.
    pub(super) fn open(directory: &Path, bytes_max: u64, files_max: usize, now: Timestamp) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let (file, path, number) = create(directory, now, 0)?;
        let files = Self { directory: directory.to_owned(), bytes_max, files_max, file, path, number, bytes: 0 };
        files.delete_oldest()?;
        Ok(files)
    }

    /// Appends a line, to the next file if this one is full.
    pub(super) fn write(&mut self, line: &[u8], now: Timestamp) -> io::Result<()> {
        let bytes = line.len() as u64 + 1;
        if self.bytes > 0 && self.bytes + bytes > self.bytes_max {
            self.file.flush()?;
            (self.file, self.path, self.number) = create(&self.directory, now, self.number)?;
            self.bytes = 0;
            self.delete_oldest()?;
        }
        self.file.write_all(line)?;
        self.file.write_all(b"\n")?;
        self.bytes += bytes;
        Ok(())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    /// Never the one that is written, even if the clock was set back since.
    fn delete_oldest(&self) -> io::Result<()> {
        let mut others = list(&self.directory)?;
        others.retain(|path| *path != self.path);
        for path in &others[..(others.len() + 1).saturating_sub(self.files_max)] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The files of a recording, oldest first.
pub fn list(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let is_ours = |name: &str| name.starts_with(PREFIX) && name.ends_with(SUFFIX);
        if path.file_name().and_then(|name| name.to_str()).is_some_and(is_ours) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A new file, whose name comes after those before; its path, and the number of the next one.
fn create(directory: &Path, now: Timestamp, first: u32) -> io::Result<(BufWriter<File>, PathBuf, u32)> {
    let time = now.strftime("%Y%m%dT%H%M%S.%3fZ");
    let mut number = first;
    loop {
        let path = directory.join(format!("{PREFIX}{time}-{number:06}{SUFFIX}"));
        number += 1;
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => return Ok((BufWriter::new(file), path, number)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number - first < NAMES_MAX => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn full_files_are_followed_and_the_oldest_deleted() {
        let directory = TempDir::new().unwrap();
        let folder = directory.path().join("deep/recording");
        let now: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("notes.txt"), "mine").unwrap();
        let mut files = Files::open(&folder, 25, 2, now).unwrap();
        for line in 0..7 {
            // Ten bytes with the line's end: two lines fit.
            files.write(format!("line {line:04}").as_bytes(), now).unwrap();
        }
        files.flush().unwrap();
        let texts: Vec<_> = list(&folder).unwrap().iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        assert_eq!(texts, ["line 0004\nline 0005\n", "line 0006\n"]);
        for path in list(&folder).unwrap() {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let earlier = "2026-02-01T09:00:00Z".parse().unwrap();
        let mut files = Files::open(&folder, 25, 2, earlier).unwrap();
        assert_eq!(list(&folder).unwrap().len(), 2, "those of an earlier process count");
        files.write(b"set back", earlier).unwrap();
        files.flush().unwrap();
        let first = list(&folder).unwrap().remove(0);
        assert_eq!(fs::read_to_string(first).unwrap(), "set back\n", "the one being written stays");
        assert!(folder.join("notes.txt").exists());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join("file"), "").unwrap();
        assert!(Files::open(&directory.path().join("file/recording"), 1, 1, Timestamp::UNIX_EPOCH).is_err());
    }
}
