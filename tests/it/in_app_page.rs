//! The page of `pinwheel demo --in-app` in headless Chromium: the real Amplify library identifies a user, syncs, dispatches events and
//! shows the right messages, over each way that leads it to Pinwheel.
//!
//! Screenshots stay in `target/tmp/in-app`, to be looked at.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::PublicKeyData as _;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The page's headers, by event.
const HEADERS: [(&str, &str); 4] =
    [("banner", "Fresh today"), ("modal", "Your basket"), ("fullscreen", "Spring sale"), ("carousel", "Tulips")];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A running demo.
struct Demo {
    process: Child,
    page: String,
    directory: tempfile::TempDir,
}

impl Demo {
    fn start(settings: &[String]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_pinwheel"))
            .args(["demo", "--in-app", "--page", "127.0.0.1:0", "--packages"])
            .arg(root().join(".node"))
            .arg("--data")
            .arg(directory.path().join("data"))
            .args(settings)
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut page = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut page).unwrap();
        Self { process, page: page.trim().to_owned(), directory }
    }

    /// Plays these acts in a browser of its own.
    fn play(&self, query: &str, arguments: &[String], acts: Value) -> Seen {
        let pictures = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("in-app");
        std::fs::create_dir_all(&pictures).unwrap();
        let play = json!({
            "page": format!("{}{query}", self.page),
            "arguments": arguments,
            "modules": root().join(".node"),
            "pictures": pictures,
            "acts": acts,
        });
        let mut node = Command::new("node")
            .arg(root().join("tests/support/node/in_app.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        node.stdin.take().unwrap().write_all(play.to_string().as_bytes()).unwrap();
        let output = node.wait_with_output().unwrap();
        let seen: Seen = serde_json::from_slice(&output.stdout).expect("the player says what it saw");
        assert_eq!(seen.errors, [""; 0], "{seen:?}");
        seen
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Nothing of it is needed any more.
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

#[derive(Debug, Deserialize)]
struct Seen {
    /// The texts of messages, in the order of the acts.
    shown: Vec<String>,
    errors: Vec<String>,
    /// Calls of the API with their status.
    statuses: Vec<String>,
    /// What the page noted while somebody signed in.
    log: Vec<String>,
}

impl Seen {
    fn has(&self, status: &str) -> bool {
        self.statuses.iter().any(|line| line == status)
    }
}

#[test]
fn amplify_shows_the_messages_of_whoever_signed_in_and_of_nobody_else() {
    let demo = Demo::start(&[]);
    let mut acts = vec![json!(["open"]), json!(["signIn", "Ada"])];
    acts.extend(HEADERS.map(|(event, _)| json!(["dispatch", event, event])));
    acts.extend([json!(["dispatch", "for-ada", "for-ada"]), json!(["settle", 1])]);
    let seen = demo.play("", &[], json!(acts));
    let expected = HEADERS.map(|(_, header)| header).into_iter().chain(["Hello Ada"]);
    for (shown, header) in seen.shown.iter().zip(expected) {
        assert!(shown.contains(header), "{shown:?} should show {header:?}");
    }
    assert_eq!(
        (seen.shown.len(), &seen.log[..]),
        (5, &["sign in as Ada: done".to_owned(), "sync messages: done".to_owned()][..])
    );
    assert!(seen.has("PUT endpoints 202") && seen.has("GET endpoints/inappmessages 200"), "{seen:?}");
    assert!(seen.has("POST events 202"), "what was shown is told: {seen:?}");

    // Ben has an endpoint of his own. Ada's message is not for him: of two events, only the second has one.
    let acts = json!([["open"], ["signIn", "Ben"], ["dispatch", "ben", "for-ada", "banner"]]);
    let seen = demo.play("", &[], acts);
    assert!(seen.shown[0].contains("Fresh today"), "{seen:?}");
}

#[test]
fn an_endpoint_id_alone_opens_nothing() {
    let demo = Demo::start(&[]);
    // Ben signs in on Ada's device, and the page is made to believe that the endpoint there is his.
    let acts = json!([["open"], ["signIn", "Ada"], ["remember", "demo:user", "Ben"], ["open"], ["signIn", "Ben"]]);
    let seen = demo.play("", &[], acts);
    assert!(seen.has("PUT endpoints 403") && seen.has("GET endpoints/inappmessages 403"), "{seen:?}");
    assert!(seen.log.iter().any(|line| line.starts_with("sign in as Ben: refused")), "{seen:?}");
    assert!(seen.log.iter().any(|line| line.starts_with("sync messages: refused")), "{seen:?}");
}

#[test]
fn host_mapping_and_the_region_trick_need_no_change_to_fetch() {
    let files = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let names = ["pinpoint.us-east-1.amazonaws.com".to_owned(), "pinpoint.localhost".to_owned()];
    let certificate = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    let (certificate_file, key_file) = (files.path().join("certificate.pem"), files.path().join("key.pem"));
    std::fs::write(&certificate_file, certificate.pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let set = |setting: String| ["--set".to_owned(), setting];
    let settings = [
        set(format!("api.tls_certificate={}", certificate_file.display())),
        set(format!("api.tls_key={}", key_file.display())),
        set(format!("api.listen=127.0.0.1:{port}")),
    ];
    let demo = Demo::start(&settings.concat());

    // The browser trusts this one key, and resolves AWS' name to us.
    let profile = tempfile::tempdir().unwrap();
    let hash = BASE64_STANDARD.encode(Sha256::digest(key.subject_public_key_info()));
    let arguments = [
        format!("--user-data-dir={}", profile.path().display()),
        format!("--ignore-certificate-errors-spki-list={hash}"),
        format!("--host-resolver-rules=MAP pinpoint.us-east-1.amazonaws.com:443 127.0.0.1:{port}"),
    ];
    let acts = |picture: &str| json!([["open"], ["signIn", "Ada"], ["dispatch", picture, "modal"], ["settle", 1]]);
    for (way, query) in
        [("host", "?way=host".to_owned()), ("region", format!("?way=region&region=localhost:{port}%23"))]
    {
        let seen = demo.play(&query, &arguments, acts(&format!("modal-{way}")));
        assert!(seen.shown[0].contains("Your basket"), "{way}: {seen:?}");
        assert!(seen.has("POST events 202"), "{way}: {seen:?}");
    }
    assert!(demo.directory.path().join("data").is_dir());
}
