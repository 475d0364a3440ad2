//! What is kept of functions beyond a restart: those that were made over the API, and who may call which.
//!
//! ```text
//! <data.directory>/functions/NAME/function.json    what it is and its policy; of a function of the settings, the policy alone
//!                                 code-HASH.zip    the code it was made with
//! ```
//!
//! `function.json` is the commit: it is replaced as a whole, after the code it names is on the disk, so that a process which is
//! killed leaves the state before a change or the one after it. Folder and files are for their owner alone, since a function's
//! environment may hold secrets.

use std::any::Any;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use parking_lot::Mutex;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::policy::Policy;
use super::{Client, Configuration, Function, Functions, Runtime, code, private};

const DOCUMENT: &str = "function.json";
/// Functions that may be made over the API.
const FUNCTIONS_MAX: usize = 1000;
/// What code is called: its zip files, and the folders they are unpacked to.
const CODE: &str = "code-";

/// Functions made over the API, and the policies of all.
pub struct Shelf {
    directory: PathBuf,
    functions: Arc<Functions>,
    /// Held through a change, which may write and unpack for seconds, so that there is one at a time.
    changes: Mutex<()>,
    /// Held for moments only, and together with what `functions` gets: who reads does not wait for the disk.
    kept: Mutex<BTreeMap<String, Kept>>,
    /// Code that was replaced and may still be run.
    replaced: Mutex<Vec<Replaced>>,
}

/// What is kept of one function.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Kept {
    /// `None` for a function of the settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<Made>,
    /// What was added to it over the API.
    pub policy: Policy,
    /// Another one with every change of the policy.
    pub policy_revision_id: String,
}

/// Of a function whose policy nobody has changed.
impl Default for Kept {
    fn default() -> Self {
        Self { function: None, policy: Policy::default(), policy_revision_id: Uuid::nil().to_string() }
    }
}

/// A function that was made over the API. No `Debug`: its environment may hold secrets.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Made {
    pub description: String,
    /// As Lambda names it, such as `nodejs22.x`.
    pub runtime: String,
    pub handler: String,
    /// Kept for clients that compare it; nothing here assumes a role.
    pub role: String,
    pub timeout_seconds: u64,
    pub memory_mb: u32,
    pub workers: usize,
    pub environment: BTreeMap<String, String>,
    /// As Lambda has it: SHA-256 of the zip file in base64.
    pub code_sha256: String,
    pub code_bytes: u64,
    /// As Lambda writes it, such as `2026-03-01T09:00:00.000+0000`.
    pub last_modified: String,
    /// Another one with every change.
    pub revision_id: String,
}

/// Code that was replaced while workers may run it.
struct Replaced {
    name: String,
    stem: String,
    life: Weak<dyn Any + Send + Sync>,
}

/// A function as it is served, and what is kept of it.
pub struct Entry {
    pub function: Arc<Function>,
    pub kept: Kept,
}

/// Why the shelf cannot do something. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no function `{name}`")]
    Unknown { name: String },
    #[error("there is a function `{name}` already")]
    Exists { name: String },
    #[error("function `{name}` stands in the settings, as `functions.{name}`, and is changed there")]
    OfSettings { name: String },
    #[error("there are {FUNCTIONS_MAX} functions that were made over the API, and may be no more")]
    Full,
    /// Somebody else was quicker.
    #[error("the revision is `{found}`, and the request is for `{expected}`")]
    Revision { expected: String, found: String },
    /// A value is out of its limits, or the code is no zip file that can be unpacked.
    #[error(transparent)]
    Function(#[from] super::Error),
    #[error(
        "function `{name}` stands in the settings, as `functions.{name}`, and was also made over the API: call one of them \
         otherwise, or remove `{}`",
        .document.display()
    )]
    Twice { name: String, document: PathBuf },
    #[error("`{}` is damaged", .document.display())]
    Damaged {
        document: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("`{}` cannot be read or written", .path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl Shelf {
    /// Reads what is kept in `directory` and puts it among `functions`. Writes nothing.
    ///
    /// Errors: [`Twice`](Error::Twice), [`Damaged`](Error::Damaged), [`Io`](Error::Io).
    pub fn open(directory: &Path, functions: Arc<Functions>) -> Result<Self, Error> {
        let mut kept = BTreeMap::new();
        for name in folders(directory)? {
            let document = directory.join(&name).join(DOCUMENT);
            let text = match fs::read(&document) {
                Ok(text) => text,
                // It was removed, and its log is left.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(source) => return Err(Error::Io { path: document, source }),
            };
            let read: Kept = match serde_json::from_slice(&text) {
                Ok(read) => read,
                Err(source) => return Err(Error::Damaged { document, source }),
            };
            match (&read.function, functions.find(&name)) {
                (Some(_), Some(_)) => return Err(Error::Twice { name, document }),
                (Some(made), None) => {
                    let code = zip(&directory.join(&name), &made.code_sha256);
                    functions.put(made.configuration(&name, &code)?, &read.policy);
                }
                // It is no longer in the settings. Should it come back, so do its permissions.
                (None, None) => {}
                (None, Some(function)) => function.permit(&read.policy),
            }
            kept.insert(name, read);
        }
        Ok(Self {
            directory: directory.to_owned(),
            functions,
            changes: Mutex::default(),
            kept: Mutex::new(kept),
            replaced: Mutex::default(),
        })
    }

    /// Removes code that no function has any more, as a process that was killed leaves it. For who has the data directory to
    /// itself, before the first call.
    pub fn tidy(&self) {
        let _change = self.changes.lock();
        let kept = self.kept.lock().clone();
        let is_of_settings = |name: &str| {
            self.functions.find(name).is_some() && kept.get(name).is_none_or(|kept| kept.function.is_none())
        };
        for name in folders(&self.directory).unwrap_or_default() {
            // Their code is theirs to unpack.
            if !is_of_settings(&name) {
                self.tidy_one(&kept, &name);
            }
        }
    }

    fn tidy_one(&self, kept: &BTreeMap<String, Kept>, name: &str) {
        let made = kept.get(name).and_then(|kept| kept.function.as_ref());
        let mut replaced = self.replaced.lock();
        replaced.retain(|code| code.life.strong_count() > 0);
        let in_use = replaced.iter().filter(|code| code.name == name).map(|code| code.stem.clone());
        let in_use: Vec<_> = in_use.chain(made.map(|made| stem(&made.code_sha256))).collect();
        for entry in fs::read_dir(self.directory.join(name)).into_iter().flatten().flatten() {
            let file = entry.file_name();
            let file = file.to_string_lossy();
            let is_in_use = in_use.iter().any(|stem| file.strip_suffix(".zip").unwrap_or(&file) == stem);
            if file.starts_with(CODE) && !is_in_use {
                // What cannot be removed only takes room.
                let path = entry.path();
                let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            }
        }
    }

    /// Remembers that this code may be in use though it is replaced.
    fn replace(&self, name: &str, made: &Made) {
        if let Some(function) = self.functions.find(name) {
            let replaced = Replaced { name: name.to_owned(), stem: stem(&made.code_sha256), life: function.life() };
            self.replaced.lock().push(replaced);
        }
    }

    /// What calls functions.
    pub fn functions(&self) -> &Arc<Functions> {
        &self.functions
    }

    /// A function by a name or ARN.
    ///
    /// Errors: [`Unknown`](Error::Unknown).
    pub fn get(&self, name: &str) -> Result<Entry, Error> {
        let kept = self.kept.lock();
        let function = self.functions.find(name).ok_or_else(|| unknown(name))?;
        let kept = kept.get(&function.configuration().name).cloned().unwrap_or_default();
        Ok(Entry { function, kept })
    }

    /// Makes a function from a zip file.
    ///
    /// Errors: [`Exists`](Error::Exists), [`Full`](Error::Full), [`Function`](Error::Function), [`Io`](Error::Io).
    pub fn create(&self, name: &str, mut made: Made, zip: &[u8]) -> Result<Entry, Error> {
        let _change = self.changes.lock();
        if self.functions.find(name).is_some() {
            return Err(Error::Exists { name: name.to_owned() });
        }
        if self.kept.lock().values().filter(|kept| kept.function.is_some()).count() >= FUNCTIONS_MAX {
            return Err(Error::Full);
        }
        // Before anything is written: the name becomes that of a folder.
        made.configuration(name, Path::new("/")).and_then(|configuration| configuration.check_values())?;
        made.take_code(zip);
        made.revision_id = revision_id();
        let created = Kept { function: Some(made), ..Kept::default() };
        self.put_code(name, zip)?;
        self.put(name, created)
    }

    /// Changes a function, its code too if there is a zip file. The old code is removed; where calls are under way on it, with
    /// the next change of this function or the next start.
    ///
    /// Errors: [`Unknown`](Error::Unknown), [`OfSettings`](Error::OfSettings), [`Revision`](Error::Revision),
    /// [`Function`](Error::Function), [`Io`](Error::Io).
    pub fn update(
        &self,
        name: &str,
        revision_id: Option<&str>,
        zip: Option<&[u8]>,
        change: impl FnOnce(&mut Made),
    ) -> Result<Entry, Error> {
        let _change = self.changes.lock();
        let (name, mut updated) = self.made(name)?;
        let made = updated.function.as_mut().expect("it was made over the API");
        check_revision(revision_id, &made.revision_id)?;
        let before = made.clone();
        change(made);
        made.configuration(&name, Path::new("/")).and_then(|configuration| configuration.check_values())?;
        if let Some(zip) = zip {
            made.take_code(zip);
            self.put_code(&name, zip)?;
        }
        made.revision_id = self::revision_id();
        self.replace(&name, &before);
        let entry = self.put(&name, updated)?;
        self.tidy_one(&self.kept.lock(), &name);
        Ok(entry)
    }

    /// Removes a function and its policy. Calls under way end; its log stays.
    ///
    /// Errors: [`Unknown`](Error::Unknown), [`OfSettings`](Error::OfSettings), [`Io`](Error::Io).
    pub fn delete(&self, name: &str) -> Result<(), Error> {
        let _change = self.changes.lock();
        let (name, removed) = self.made(name)?;
        let folder = self.directory.join(&name);
        let document = folder.join(DOCUMENT);
        fs::remove_file(&document).and_then(|()| sync_folder(&folder)).map_err(io_error(&document))?;
        if let Some(made) = &removed.function {
            self.replace(&name, made);
        }
        let mut kept = self.kept.lock();
        kept.remove(&name);
        self.functions.remove(&name);
        self.tidy_one(&kept, &name);
        Ok(())
    }

    /// Changes what was added to a function's policy.
    ///
    /// Errors: [`Unknown`](Error::Unknown), [`Revision`](Error::Revision), [`Io`](Error::Io), and those of `change`.
    pub fn change_policy<E: From<Error>>(
        &self,
        name: &str,
        revision_id: Option<&str>,
        change: impl FnOnce(&Function, &mut Policy) -> Result<(), E>,
    ) -> Result<Entry, E> {
        let _change = self.changes.lock();
        let Entry { function, kept: mut changed } = self.get(name)?;
        let name = function.configuration().name.clone();
        check_revision(revision_id, &changed.policy_revision_id)?;
        change(&function, &mut changed.policy)?;
        changed.policy_revision_id = self::revision_id();
        self.put_document(&name, &changed)?;
        let mut kept = self.kept.lock();
        function.permit(&changed.policy);
        kept.insert(name, changed.clone());
        Ok(Entry { function, kept: changed })
    }

    /// A function that was made over the API.
    fn made(&self, name: &str) -> Result<(String, Kept), Error> {
        let Entry { function, kept } = self.get(name)?;
        let name = function.configuration().name.clone();
        if kept.function.is_some() { Ok((name, kept)) } else { Err(Error::OfSettings { name }) }
    }

    /// Writes a made function down, then serves it.
    fn put(&self, name: &str, new: Kept) -> Result<Entry, Error> {
        let folder = self.directory.join(name);
        let made = new.function.as_ref().expect("it was made over the API");
        let configuration = made.configuration(name, &zip(&folder, &made.code_sha256))?;
        configuration.check()?;
        self.put_document(name, &new)?;
        let mut kept = self.kept.lock();
        self.functions.put(configuration, &new.policy);
        let function = self.functions.find(name).ok_or_else(|| unknown(name))?;
        kept.insert(name.to_owned(), new.clone());
        Ok(Entry { function, kept: new })
    }

    fn put_document(&self, name: &str, kept: &Kept) -> Result<(), Error> {
        let folder = self.folder(name)?;
        let text = serde_json::to_vec_pretty(kept).expect("text is JSON");
        write(&folder, DOCUMENT, &text)
    }

    /// Writes code down and unpacks it, which tells whether it can be.
    fn put_code(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let folder = self.folder(name)?;
        let path = zip(&folder, &code_sha256(bytes));
        let file = path.file_name().and_then(|name| name.to_str()).expect("its name is text");
        write(&folder, file, bytes)?;
        code::folder(&path, &folder).map(drop).map_err(|problem| {
            let _ = fs::remove_file(&path);
            super::Error::Code { name: name.to_owned(), problem }.into()
        })
    }

    /// The folder of a function, which is made if need be.
    fn folder(&self, name: &str) -> Result<PathBuf, Error> {
        let folder = self.directory.join(name);
        let made = private::make_folder(&folder);
        made.and_then(|()| sync_folder(&self.directory)).map_err(io_error(&folder))?;
        Ok(folder)
    }
}

impl Made {
    fn take_code(&mut self, zip: &[u8]) {
        self.code_sha256 = code_sha256(zip);
        self.code_bytes = zip.len() as u64;
    }

    fn configuration(&self, name: &str, code: &Path) -> Result<Configuration, super::Error> {
        let runtime = Runtime::parse(&self.runtime).ok_or_else(|| super::Error::Setting {
            name: name.to_owned(),
            key: Some("runtime"),
            problem: format!(
                "it is `{}`, and must be one like `nodejs22.x`, `python3.12`, `provided.al2023`",
                self.runtime
            ),
        })?;
        let secret = |(name, value): (&String, &String)| (name.clone(), SecretString::from(value.as_str()));
        Ok(Configuration {
            name: name.to_owned(),
            description: self.description.clone(),
            runtime,
            handler: self.handler.clone(),
            workers: self.workers,
            timeout: Duration::from_secs(self.timeout_seconds),
            memory_mb: self.memory_mb,
            environment: self.environment.iter().map(secret).collect(),
            code: code.to_owned(),
            interpreter: None,
            client: Client::Auto,
            allow: Vec::new(),
        })
    }
}

fn unknown(name: &str) -> Error {
    Error::Unknown { name: name.to_owned() }
}

fn revision_id() -> String {
    Uuid::new_v4().to_string()
}

fn check_revision(expected: Option<&str>, found: &str) -> Result<(), Error> {
    match expected {
        Some(expected) if expected != found => {
            Err(Error::Revision { expected: expected.to_owned(), found: found.to_owned() })
        }
        _ => Ok(()),
    }
}

/// What Lambda calls `CodeSha256`.
pub fn code_sha256(zip: &[u8]) -> String {
    BASE64_STANDARD.encode(Sha256::digest(zip))
}

/// What the code with this hash is called.
fn stem(code_sha256: &str) -> String {
    // The unpacked folder has the same name, by the same hash.
    let hash = BASE64_STANDARD.decode(code_sha256).unwrap_or_default();
    format!("{CODE}{}", hex::encode(&hash[..hash.len().min(8)]))
}

fn zip(folder: &Path, code_sha256: &str) -> PathBuf {
    folder.join(format!("{}.zip", stem(code_sha256)))
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    |source| Error::Io { path, source }
}

/// The folders in a folder, by name; none when it is not there.
fn folders(directory: &Path) -> Result<Vec<String>, Error> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(Error::Io { path: directory.to_owned(), source }),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(io_error(directory))?;
        if entry.path().is_dir() {
            names.extend(entry.file_name().into_string());
        }
    }
    names.sort();
    Ok(names)
}

/// Replaces a file as a whole: whatever happens, there is the old one or the new one.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let (path, unfinished) = (folder.join(name), folder.join(format!(".{name}.new")));
    let written = || {
        let mut file = private::file().write(true).truncate(true).open(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, &path)?;
        sync_folder(folder)
    };
    written().map_err(io_error(&path))
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
