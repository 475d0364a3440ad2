//! What a sandbox got, for those who want to compare it with what was sent.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use parking_lot::Mutex;
use serde::Serialize;

/// One message that was taken.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Entry {
    pub address: String,
    /// What tells two attempts at one message from two messages, where the protocol carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
}

/// Where entries go.
#[derive(Debug, Default)]
pub enum Record {
    /// Nowhere.
    #[default]
    None,
    Memory(Mutex<Vec<Entry>>),
    /// One JSON line each, written at once.
    Lines(Mutex<File>),
}

impl Record {
    /// An empty record in memory.
    pub fn memory() -> Self {
        Self::Memory(Mutex::default())
    }

    /// Appends to a file, which is made if it is missing.
    pub fn lines(path: &Path) -> io::Result<Self> {
        Ok(Self::Lines(Mutex::new(OpenOptions::new().create(true).append(true).open(path)?)))
    }

    /// What is kept in memory, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        match self {
            Self::Memory(entries) => entries.lock().clone(),
            Self::None | Self::Lines(_) => Vec::new(),
        }
    }

    /// Panics if the file cannot be written: a record with holes would be taken for lost messages.
    pub(super) fn add(&self, address: &str, marker: Option<&str>) {
        if matches!(self, Self::None) {
            return;
        }
        let entry = Entry { address: address.to_owned(), marker: marker.map(str::to_owned) };
        match self {
            Self::None => {}
            Self::Memory(entries) => entries.lock().push(entry),
            Self::Lines(file) => {
                let mut line = serde_json::to_vec(&entry).expect("text is JSON");
                line.push(b'\n');
                file.lock().write_all(&line).expect("the sandbox can write its record");
            }
        }
    }
}
