//! What is there after a restart, and after a process that was killed between any two steps.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::super::policy::Statement;
use super::*;
use crate::clock::System;
use crate::config::{self, Config, Sources};

const PINPOINT: &str = "pinpoint.us-east-1.amazonaws.com";

struct Place {
    directory: TempDir,
    settings: BTreeMap<String, config::Function>,
}

impl Place {
    fn new() -> Self {
        Self { directory: TempDir::new().unwrap(), settings: BTreeMap::new() }
    }

    /// As after a start of the process.
    fn open(&self) -> Result<Shelf, Error> {
        let home = Config::load(Sources::default()).unwrap().aws;
        let clock = Arc::new(System::default());
        let functions = Functions::new(&self.settings, &home, self.path(), BTreeMap::new(), clock).unwrap();
        Shelf::open(self.path(), functions)
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn files(&self, name: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path().join(name)).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn zip_with(text: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
    zip.start_file("index.js", SimpleFileOptions::default()).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

fn made() -> Made {
    Made {
        description: "d".into(),
        runtime: "nodejs20.x".into(),
        handler: "index.handler".into(),
        role: "arn:aws:iam::1:role/r".into(),
        timeout_seconds: 3,
        memory_mb: 128,
        workers: 2,
        environment: [("PASSWORD".to_owned(), "hunter2".to_owned())].into(),
        code_sha256: String::new(),
        code_bytes: 0,
        last_modified: "2026-03-01T09:00:00.000+0000".into(),
        revision_id: String::new(),
    }
}

fn permit(shelf: &Shelf, name: &str, sid: &str) -> Result<Entry, Error> {
    shelf.change_policy(name, None, |function, policy| {
        policy.statement.push(Statement::allowing(sid.into(), PINPOINT.into(), function.arn().into(), "*"));
        Ok(())
    })
}

fn sids(entry: &Entry) -> Vec<String> {
    entry.function.policy().statement.iter().map(|statement| statement.sid.clone()).collect()
}

#[test]
fn what_was_made_is_there_after_a_restart() {
    let place = Place::new();
    let shelf = place.open().unwrap();
    let created = shelf.create("f", made(), &zip_with("1")).unwrap();
    permit(&shelf, "f", "s").unwrap();
    let updated = shelf.update("f", None, Some(&zip_with("2")), |made| made.memory_mb = 256).unwrap();
    assert_eq!(sids(&updated), ["s"], "a function that is replaced keeps its policy");
    assert_ne!(created.kept.function.unwrap().code_sha256, updated.kept.function.as_ref().unwrap().code_sha256);

    let again = place.open().unwrap().get("f").unwrap();
    assert_eq!(sids(&again), ["s"]);
    assert_eq!(again.kept.policy_revision_id, updated.kept.policy_revision_id);
    let (again, updated) = (again.kept.function.unwrap(), updated.kept.function.unwrap());
    assert_eq!((again.memory_mb, &again.revision_id), (256, &updated.revision_id));
    assert_eq!(again.environment["PASSWORD"], "hunter2");

    let mode = |name: &str| fs::metadata(place.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("f"), mode("f/function.json")), (0o700, 0o600));
}

#[test]
fn left_overs_of_a_kill_are_overlooked_and_removed() {
    let place = Place::new();
    let shelf = place.open().unwrap();
    shelf.create("f", made(), &zip_with("1")).unwrap();
    let before = place.files("f");
    // Killed after the code of an update was written and unpacked, in the middle of its document.
    shelf.put_code("f", &zip_with("2")).unwrap();
    fs::write(place.path().join("f/.function.json.new"), "{\"Function\"").unwrap();
    // Killed while a new function was made, and while one was removed.
    shelf.put_code("half", &zip_with("3")).unwrap();
    fs::create_dir(place.path().join("gone")).unwrap();
    fs::write(place.path().join("gone/function.log"), "x").unwrap();

    let shelf = place.open().unwrap();
    assert_eq!(shelf.functions().names(), ["f"]);
    shelf.tidy();
    let mut after = place.files("f");
    after.retain(|name| name != ".function.json.new");
    assert_eq!(after, before);
    assert!(place.files("half").is_empty());
    assert_eq!(place.files("gone"), ["function.log"], "logs are for people to remove");
    shelf.create("half", made(), &zip_with("3")).unwrap();
    shelf.update("f", None, Some(&zip_with("2")), |_| {}).unwrap();
    assert!(!place.files("f").contains(&".function.json.new".to_owned()));
}

#[test]
fn damage_is_told_and_not_guessed_at() {
    let place = Place::new();
    place.open().unwrap().create("f", made(), &zip_with("1")).unwrap();
    let document = place.path().join("f/function.json");
    let text = fs::read_to_string(&document).unwrap();
    for damaged in [&text[..text.len() / 2], "", &text.replace("\"Policy\"", "\"Police\"")] {
        fs::write(&document, damaged).unwrap();
        let error = place.open().err().unwrap();
        assert!(matches!(error, Error::Damaged { .. }) && error.to_string().contains("function.json"), "{error}");
    }
}

#[test]
fn functions_of_the_settings_have_policies_and_nothing_else() {
    let mut place = Place::new();
    let code = place.path().join(".code");
    fs::create_dir(&code).unwrap();
    let settings = format!("code = '{}'\nruntime = 'nodejs'\nallow = ['arn:*:*:*:*:*']", code.display());
    place.settings.insert("given".into(), toml::from_str(&settings).unwrap());
    let shelf = place.open().unwrap();
    assert_eq!(sids(&permit(&shelf, "given", "s").unwrap()), ["settings-1", "s"]);
    assert!(matches!(shelf.delete("given"), Err(Error::OfSettings { .. })));
    assert!(matches!(shelf.update("given", None, None, |_| {}), Err(Error::OfSettings { .. })));
    assert!(matches!(shelf.create("given", made(), &zip_with("1")), Err(Error::Exists { .. })));
    assert_eq!(sids(&place.open().unwrap().get("given").unwrap()), ["settings-1", "s"]);

    // It leaves the settings and comes back.
    let given = std::mem::take(&mut place.settings);
    assert!(matches!(place.open().unwrap().get("given"), Err(Error::Unknown { .. })));
    place.settings = given;
    assert_eq!(sids(&place.open().unwrap().get("given").unwrap()), ["settings-1", "s"]);

    place.settings.clear();
    place.open().unwrap().create("other", made(), &zip_with("1")).unwrap();
    place.settings.insert("other".into(), toml::from_str(&settings).unwrap());
    assert!(matches!(place.open().err().unwrap(), Error::Twice { .. }));
}

#[test]
fn what_cannot_be_changed_stays_as_it_was() {
    let place = Place::new();
    let shelf = place.open().unwrap();
    for name in ["", "a/b", "..", "a b", &"x".repeat(65)] {
        assert!(matches!(shelf.create(name, made(), &zip_with("1")), Err(Error::Function(_))), "{name}");
    }
    assert!(matches!(shelf.create("f", made(), b"no zip"), Err(Error::Function(super::super::Error::Code { .. }))));
    assert!(matches!(shelf.get("f"), Err(Error::Unknown { .. })));
    let created = shelf.create("f", made(), &zip_with("1")).unwrap().kept.function.unwrap();
    assert!(shelf.update("f", None, None, |made| made.timeout_seconds = 0).is_err());
    assert!(shelf.update("f", None, Some(b"no zip"), |_| {}).is_err());
    assert!(matches!(shelf.update("f", Some("other"), None, |_| {}), Err(Error::Revision { .. })));
    let now = shelf.get("f").unwrap().kept.function.unwrap();
    assert_eq!((now.revision_id, now.code_sha256, now.timeout_seconds), (created.revision_id, created.code_sha256, 3));

    shelf.delete("f").unwrap();
    assert!(matches!(shelf.get("f"), Err(Error::Unknown { .. })));
    assert!(place.open().unwrap().functions().names().is_empty());
}

#[test]
fn replaced_code_is_removed_once_nobody_can_run_it() {
    let place = Place::new();
    let shelf = place.open().unwrap();
    let code = |text: &str| stem(&code_sha256(&zip_with(text)));
    let left = || place.files("f").into_iter().filter(|name| name.starts_with(CODE)).collect::<Vec<_>>();
    let of = |texts: &[&str]| {
        let mut names: Vec<_> = texts.iter().flat_map(|text| [code(text), format!("{}.zip", code(text))]).collect();
        names.sort();
        names
    };
    shelf.create("f", made(), &zip_with("1")).unwrap();
    let update = |text: &str| shelf.update("f", None, Some(&zip_with(text)), |_| {}).unwrap();
    update("2");
    assert_eq!(left(), of(&["2"]));
    let in_use = shelf.get("f").unwrap();
    update("3");
    assert_eq!(left(), of(&["2", "3"]));
    // Back to what is still in use: it stays when that is not any more.
    update("2");
    drop(in_use);
    shelf.update("f", None, None, |made| made.memory_mb += 1).unwrap();
    assert_eq!(left(), of(&["2"]));
    shelf.delete("f").unwrap();
    assert!(left().is_empty());
}

#[test]
fn there_may_be_so_many_functions_and_no_more() {
    let place = Place::new();
    let shelf = place.open().unwrap();
    let kept = || Kept { function: Some(made()), ..Kept::default() };
    shelf.kept.lock().extend((1..FUNCTIONS_MAX).map(|at| (format!("f{at}"), kept())));
    shelf.create("last", made(), &zip_with("1")).unwrap();
    assert!(matches!(shelf.create("more", made(), &zip_with("1")), Err(Error::Full)));
    assert!(!place.path().join("more").exists());
}

#[test]
fn changes_at_once_lose_none() {
    let place = Place::new();
    let shelf = place.open().unwrap();
    shelf.create("f", made(), &zip_with("1")).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let shelf = &shelf;
            scope.spawn(move || {
                for at in 0..5 {
                    permit(shelf, "f", &format!("s{thread}-{at}")).unwrap();
                    shelf.update("f", None, None, |made| made.memory_mb += 1).unwrap();
                }
            });
        }
    });
    let after = place.open().unwrap().get("f").unwrap();
    assert_eq!((sids(&after).len(), after.kept.function.unwrap().memory_mb), (20, 148));
}

#[test]
fn who_reads_does_not_wait_for_a_change() {
    let place = Place::new();
    let shelf = place.open().unwrap();
    shelf.create("f", made(), &zip_with("1")).unwrap();
    let changed = shelf.update("f", None, None, |made| {
        assert!(shelf.changes.is_locked() && !shelf.kept.is_locked());
        assert_eq!(shelf.get("f").unwrap().kept.function.unwrap().description, "d");
        made.description = "e".into();
    });
    assert_eq!(changed.unwrap().kept.function.unwrap().description, "e");
}
