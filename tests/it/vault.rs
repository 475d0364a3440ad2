//! The vault's key, as an operator changes it: at any step a crash loses nothing.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use aws_sdk_pinpoint::config::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hyper::Method;
use pinwheel::app::App;
use pinwheel::clock::{Clock, System};
use pinwheel::domain::Fate;
use pinwheel::sandbox::Record;
use pinwheel::sandbox::fcm::Fcm;
use pinwheel::sandbox::function;
use serde_json::{Value, json};

use crate::cli::{fails, pinwheel, stderr, stdout};
use crate::client::Serving;
use crate::support::{APPLICATION, World, gcm_endpoints, populate, run, set};

/// A data directory with a channel that has credentials of its own, and keys to the API.
struct Place {
    world: World,
    /// What only the credentials of the channel lead to.
    own: Fcm,
    /// Key of the settings, as base64; empty for a key file.
    key: String,
    access_keys: Vec<(String, String)>,
}

impl Place {
    async fn new(key: &str) -> Self {
        let world = World::new(function::echo).await;
        let own = Fcm::start(Record::memory()).await.unwrap();
        let mut place = Self { world, own, key: key.to_owned(), access_keys: Vec::new() };
        let app = place.app();
        populate(&app, gcm_endpoints(1)).await;
        let serving = Serving::start(&app).await;
        let channel = json!({"ServiceJson": place.own.service_account_json()});
        serving.client.put(&format!("/v1/apps/{APPLICATION}/channels/gcm"), channel).await.body(200);
        serving.stop().await;
        drop(app);
        place.create_access_key();
        place
    }

    fn app(&self) -> App {
        let mut settings = self.world.settings();
        set(&mut settings, "vault.key", self.key.as_str());
        set(&mut settings, "channel.gcm.base_url", self.own.base_url());
        self.world.app_of(settings)
    }

    fn key_file(&self) -> PathBuf {
        self.world.directory.path().join("data/pinwheel.key")
    }

    /// A command line for this place.
    fn arguments<'a>(&'a self, arguments: &[&'a str], key: &'a str) -> Vec<&'a str> {
        [arguments, &["--data", "data", "--set", key]].concat()
    }

    fn run(&self, arguments: &[&str]) -> String {
        let key = format!("vault.key={}", self.key);
        let output = pinwheel(self.world.directory.path(), &self.arguments(arguments, &key));
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    }

    fn rotate(&self) -> Value {
        serde_json::from_str(&self.run(&["vault", "rotate", "--json"])).unwrap()
    }

    /// Changes the key of the settings to one that is given on standard input.
    fn rotate_to(&self, new_key: &str) -> Result<String, String> {
        let key = format!("vault.key={}", self.key);
        let mut command = Command::new(env!("CARGO_BIN_EXE_pinwheel"))
            .args(self.arguments(&["vault", "rotate"], &key))
            .current_dir(self.world.directory.path())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(command.stdin.take().unwrap(), "{new_key}").unwrap();
        let output = command.wait_with_output().unwrap();
        if output.status.success() { Ok(stdout(&output)) } else { Err(stderr(&output)) }
    }

    fn create_access_key(&mut self) {
        let made: Value = serde_json::from_str(&self.run(&["keys", "create", "--json"])).unwrap();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        self.access_keys.push((text("AccessKeyId"), text("SecretAccessKey")));
    }

    /// Asserts that every secret opens: a message leaves with the channel's own credentials, and signed requests are let in.
    async fn assert_usable(&self) {
        let app = self.app();
        let before = self.own.grants();
        assert_eq!(run(&app, json!({})).await.tally.get(Fate::Sent), 1);
        assert_eq!(self.own.grants(), before + 1, "the token comes from the application's own account");
        let serving = Serving::verifying(&app).await;
        for (id, secret) in &self.access_keys {
            let url = format!("http://{}/v1/apps", serving.client.address());
            let headers = signed(id, secret, &url);
            let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let answer = serving.client.send_with(Method::GET, "/v1/apps", Bytes::new(), headers).await.unwrap();
            answer.body(200);
        }
        serving.stop().await;
    }
}

/// The headers of a signed `GET`.
fn signed(id: &str, secret: &str, url: &str) -> Vec<(String, String)> {
    let identity = Credentials::new(id, secret, None, None, "test").into();
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("mobiletargeting")
        .time(SystemTime::from(System::default().now()))
        .settings(SigningSettings::default())
        .build()
        .unwrap();
    let request = SignableRequest::new("GET", url, std::iter::empty(), SignableBody::Bytes(b"")).unwrap();
    let (instructions, _) = sign(request, &parameters.into()).unwrap().into_parts();
    instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_gets_a_new_key_and_everything_is_sealed_anew() {
    let mut place = Place::new("").await;
    place.create_access_key();
    let revoked = place.access_keys.pop().unwrap().0;
    place.run(&["keys", "revoke", &revoked]);
    let file = place.key_file();
    let old = fs::read(&file).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();

    let rotated = place.rotate();
    assert_eq!((&rotated["Definitions"], &rotated["AccessKeys"]), (&json!(1), &json!(1)));
    let new = fs::read(&file).unwrap();
    assert!(new.len() == 32 && new != old);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o400);
    place.assert_usable().await;
    let text = place.run(&["vault", "rotate"]);
    assert!(
        text.starts_with("sealed anew with key ")
            && text.ends_with(": 1 secrets of channels and feedback, 1 access keys\n"),
        "{text}"
    );
    place.assert_usable().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_was_cut_off_is_finished_by_the_next() {
    let mut place = Place::new("").await;
    let file = place.key_file();
    let both = |new: u8| [vec![new; 32], fs::read(&file).unwrap()].concat();

    // Cut off before anything was sealed anew. A server works with both keys.
    fs::write(&file, both(1)).unwrap();
    place.assert_usable().await;
    let rotated = place.rotate();
    assert_eq!((&rotated["Definitions"], &rotated["AccessKeys"]), (&json!(1), &json!(1)));
    assert_eq!(fs::read(&file).unwrap(), [1; 32], "no further key is made");
    place.assert_usable().await;

    // Cut off in between: some secrets are sealed with the new key, others with the old one.
    fs::write(&file, both(2)).unwrap();
    place.create_access_key();
    let rotated = place.rotate();
    assert_eq!((&rotated["Definitions"], &rotated["AccessKeys"]), (&json!(1), &json!(1)));
    assert_eq!(fs::read(&file).unwrap(), [2; 32]);
    place.assert_usable().await;

    // Cut off when only the old key was left to be dropped.
    fs::write(&file, [[2; 32], [9; 32]].concat()).unwrap();
    let rotated = place.rotate();
    assert_eq!((&rotated["Definitions"], &rotated["AccessKeys"]), (&json!(0), &json!(0)));
    assert_eq!(fs::read(&file).unwrap(), [2; 32]);
    place.assert_usable().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_changes_beside_a_server_or_with_a_wrong_key() {
    let place = Place::new("").await;
    let (file, directory) = (place.key_file(), place.world.directory.path());
    let key = fs::read(&file).unwrap();
    let rotate = ["vault", "rotate", "--data", "data"];
    let app = place.app();
    fails(directory, &rotate, "`data` is in use by another pinwheel process");
    assert_eq!(fs::read(&file).unwrap(), key);
    drop(app);

    fs::write(&file, [7; 32]).unwrap();
    let expected = format!("channel `GCM` of application `{APPLICATION}`: the secret was sealed with key ");
    fails(directory, &rotate, &expected);
    assert_eq!(fs::read(&file).unwrap(), [7; 32]);
    fs::write(&file, [7; 31]).unwrap();
    fails(directory, &rotate, "has 31 bytes, but a key has 32");
    fs::remove_file(&file).unwrap();
    fails(directory, &rotate, "cannot open key file `data/pinwheel.key`");
    assert!(!file.exists(), "no key is made up");
    fails(directory, &["vault", "rotate", "--data", "nowhere"], "there is no data in `nowhere`");

    fs::write(&file, key).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    place.assert_usable().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_the_settings_is_changed_to_a_given_one() {
    let text = |byte| BASE64_STANDARD.encode([byte; 32]);
    let mut place = Place::new(&text(1)).await;
    assert!(!place.key_file().exists());
    place.assert_usable().await;

    for wrong in ["", "hunter2"] {
        let error = place.rotate_to(wrong).unwrap_err();
        assert!(
            error.starts_with("error: a key is 32 random bytes as base64") && !error.contains("hunter2"),
            "{error}"
        );
    }
    assert!(place.rotate_to(&text(1)).unwrap_err().contains("the new key is the one that the settings have"));
    place.assert_usable().await;

    assert!(place.rotate_to(&text(2)).unwrap().ends_with(": 1 secrets of channels and feedback, 1 access keys\n"));
    // As after a crash that cut off the answer alone.
    assert!(place.rotate_to(&text(2)).unwrap().ends_with(": 0 secrets of channels and feedback, 0 access keys\n"));
    assert!(place.rotate_to(&text(3)).unwrap_err().contains("the secret was sealed with key "));
    place.key = text(2);
    place.assert_usable().await;
    assert!(!place.key_file().exists());
}
