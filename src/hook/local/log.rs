//! A function's log: a file of lines with time and request id, and the one before it.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::private;
use crate::clock::{Clock, wire_text};

/// The log in a function's folder.
pub const LOG_FILE: &str = "function.log";
/// What it is called when a new one was begun.
pub const OLD_LOG_FILE: &str = "function.log.1";

/// Bytes of a file before a new one is begun.
const FILE_BYTES_MAX: u64 = 10 * 1024 * 1024;

pub(super) struct Log {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    file: Mutex<Option<Open>>,
}

struct Open {
    file: File,
    bytes: u64,
}

impl Log {
    pub fn new(folder: &Path, clock: Arc<dyn Clock>) -> Self {
        Self { folder: folder.to_owned(), clock, file: Mutex::new(None) }
    }

    /// Adds a line. One that cannot be written is lost: a full disk must not stop campaigns.
    pub fn write(&self, request_id: Option<&str>, line: &str) {
        let line = format!("{} {} {line}\n", wire_text(self.clock.now()), request_id.unwrap_or("-"));
        let mut open = self.file.lock();
        if open.as_ref().is_some_and(|open| open.bytes + line.len() as u64 > FILE_BYTES_MAX) {
            *open = None;
            let _ = fs::rename(self.folder.join(LOG_FILE), self.folder.join(OLD_LOG_FILE));
        }
        if open.is_none() {
            *open = self.open();
        }
        if let Some(open) = &mut *open
            && open.file.write_all(line.as_bytes()).is_ok()
        {
            open.bytes += line.len() as u64;
        }
    }

    fn open(&self) -> Option<Open> {
        private::make_folder(&self.folder).ok()?;
        let file = private::file().append(true).open(self.folder.join(LOG_FILE)).ok()?;
        let bytes = file.metadata().ok()?.len();
        Some(Open { file, bytes })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::clock::Paused;

    #[test]
    fn a_full_file_makes_room_for_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("in/f");
        let log = Log::new(&folder, Arc::new(Paused::default()));
        let line = "x".repeat(1024 * 1024);
        for _ in 0..25 {
            log.write(Some("id"), &line);
        }
        let size = |name| fs::metadata(folder.join(name)).unwrap().len();
        assert!(size(OLD_LOG_FILE) <= FILE_BYTES_MAX && size(OLD_LOG_FILE) > FILE_BYTES_MAX / 2);
        assert!(size(LOG_FILE) <= FILE_BYTES_MAX && size(LOG_FILE) > 0);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!([folder.parent().unwrap(), &folder].map(mode), [0o700; 2]);
        assert_eq!([LOG_FILE, OLD_LOG_FILE].map(|name| mode(&folder.join(name))), [0o600; 2]);
    }
}
