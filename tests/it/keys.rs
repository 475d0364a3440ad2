//! Keys to the API, as an operator makes and revokes them beside a running server.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use pinwheel::app;
use pinwheel::clock::{Clock, System};
use pinwheel::config::{Config, Sources};
use pinwheel::store::KeyStore;
use pinwheel::store::sqlite::{Mode, Sqlite};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::{fails, pinwheel, stderr, stdout};

/// How soon a running server has to know.
const SECOND: Duration = Duration::from_secs(1);

fn config(directory: &TempDir) -> Config {
    let flags = vec![format!("data.directory={}", directory.path().join("pinwheel-data").display())];
    Config::load(Sources { flags, ..Sources::default() }).unwrap()
}

/// The output of a command that has to succeed.
fn run(directory: &TempDir, arguments: &[&str]) -> String {
    let output = pinwheel(directory.path(), arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    stdout(&output)
}

fn json_of(directory: &TempDir, arguments: &[&str]) -> Value {
    serde_json::from_str(&run(directory, &[arguments, &["--json"]].concat())).unwrap()
}

/// Whether the key is there and not revoked.
async fn is_active(keys: &dyn KeyStore, id: &str) -> bool {
    keys.key(id).await.unwrap().is_some_and(|key| key.revoked_at.is_none())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_and_revoked_beside_a_server() {
    let directory = TempDir::new().unwrap();
    let config = config(&directory);
    let clock = System::default();
    // What a server holds.
    let _store = Sqlite::open(&config.data.directory, Mode::Exclusive).unwrap();
    let keys = app::open_keys(&config, Arc::new(clock)).unwrap();
    let vault = app::open_vault(&config).unwrap();
    assert!(keys.keys().await.unwrap().is_empty());

    let made = json_of(&directory, &["keys", "create", "--name", "ops"]);
    let (id, secret) = (made["AccessKeyId"].as_str().unwrap(), made["SecretAccessKey"].as_str().unwrap());
    assert_eq!((made["Version"].as_u64(), secret.len()), (Some(1), 40));
    assert_eq!((&made["Policy"], &made["Name"]), (&json!("ADMINISTRATOR"), &json!("ops")));
    clock.sleep(SECOND).await;
    assert!(is_active(&*keys, id).await);
    let sealed = keys.key(id).await.unwrap().unwrap().sealed_secret;
    let opened = vault.unseal(&format!("access-key/{id}"), &sealed).unwrap();
    assert_eq!(opened.expose_secret(), secret.as_bytes());

    assert!(run(&directory, &["keys", "revoke", id]).starts_with(&format!("revoked {id} at 2")));
    clock.sleep(SECOND).await;
    assert!(!is_active(&*keys, id).await);
}

#[test]
fn secrets_are_shown_once_and_lie_nowhere() {
    let directory = TempDir::new().unwrap();
    let text = run(&directory, &["keys", "create"]);
    let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start)).unwrap().trim().to_owned();
    let (id, secret) = (line("access key id"), line("secret access key"));
    assert_eq!(line("allows"), "everything");
    let list = run(&directory, &["keys", "list"]) + &json_of(&directory, &["keys", "list"]).to_string();
    assert!(list.contains(&id) && !list.contains(&secret), "{list}");
    for entry in std::fs::read_dir(directory.path().join("pinwheel-data")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
}

#[test]
fn lists_tell_keys_apart() {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("a.csv"), "Id,ChannelType,Address\na,SMS,+12065550100\n").unwrap();
    run(&directory, &["import", "a.csv", "--application", "shop", "--create"]);
    let all = json_of(&directory, &["keys", "create", "--name", "ops"]);
    let users = json_of(&directory, &["keys", "create", "--application", "shop"]);
    run(&directory, &["keys", "revoke", all["AccessKeyId"].as_str().unwrap()]);

    let list = json_of(&directory, &["keys", "list"]);
    let mut expected = [all, users];
    for key in &mut expected {
        let key = key.as_object_mut().unwrap();
        key.remove("SecretAccessKey").and(key.remove("Version")).unwrap();
    }
    assert_eq!(list["Keys"][1], expected[1]);
    assert_eq!((&expected[1]["Policy"], &expected[1]["ApplicationId"]), (&json!("APPLICATION"), &json!("shop")));
    expected[0]["RevocationDate"] = list["Keys"][0]["RevocationDate"].clone();
    assert_eq!(list["Keys"][0], expected[0]);
    assert!(expected[0]["RevocationDate"].is_string());

    let text = run(&directory, &["keys", "list"]);
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].contains("  revoked 2") && lines[0].ends_with("  everything  ops"), "{text}");
    assert!(lines[1].ends_with("  active  users of application shop") && lines.len() == 2, "{text}");
}

#[test]
fn mistakes_are_told() {
    let directory = TempDir::new().unwrap();
    let at = directory.path();
    fails(at, &["keys", "list"], "there is no data in `pinwheel-data`");
    fails(at, &["keys", "create", "--application", "shop"], "there is no data in `pinwheel-data`");
    fails(at, &["keys", "create", "--name", "two\nlines"], "a name is one line of at most 128 signs");
    run(&directory, &["keys", "create"]);
    fails(at, &["keys", "revoke", "PWAKX"], "there is no key `PWAKX`");
    std::fs::write(at.join("short.key"), "x").unwrap();
    let short = ["keys", "create", "--set", "vault.key_file=short.key"];
    let set_mode = |mode| {
        std::fs::set_permissions(at.join("short.key"), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set_mode(0o644);
    fails(at, &short, "key file `short.key` has mode 0644, so that others may read it");
    set_mode(0o600);
    fails(at, &short, "key file `short.key` has 1 bytes, but a key has 32");
}
