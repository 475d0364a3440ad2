//! The official clients of Pinpoint as referees: boto3, the AWS CLI and aws-sdk-pinpoint against a `pinwheel serve`, over
//! every operation of the API. From what they did `docs/conformance.md` is generated; it changes with PINWHEEL_BLESS=1.
//!
//! boto3 and the CLI play the same cases, `cases/`. All of it needs a Python with the packages of
//! `tests/support/requirements.txt`: the one that PINWHEEL_TEST_PYTHON names, or `.venv/bin/python` in the repository.

mod python;
mod report;
mod sdk;
mod server;

use std::collections::BTreeSet;
use std::path::Path;
use std::thread;

use report::Note;
use server::{Access, Server};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What one client did, and what it complains of.
type Played = (Vec<Note>, Vec<String>);

#[test]
fn official_clients_are_content_with_every_operation() {
    let played: Vec<Played> = thread::scope(|scope| {
        let sdk = scope.spawn(sdk::play);
        let python = ["boto3", "cli"].map(|client| scope.spawn(move || play(client)));
        python.into_iter().chain([sdk]).map(|thread| thread.join().unwrap()).collect()
    });
    let (notes, complaints): (Vec<_>, Vec<_>) = played.into_iter().unzip();
    let notes: BTreeSet<Note> = notes.into_iter().flatten().collect();
    let mut complaints: Vec<String> = complaints.into_iter().flatten().collect();
    complaints.extend(report::gaps(&notes));
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
    report::compare(&notes);
}

/// The cases with a client of Python.
fn play(client: &str) -> Played {
    let server = Server::start(Access::Keys);
    let out = server.files().join("notes.jsonl");
    let files = server.files().display().to_string();
    let arguments = ["--client", client, "--url", &server.url, "--files", &files, "--out", out.to_str().unwrap()];
    let done = python::run("referee.py", &arguments, &server);
    let notes = std::fs::read_to_string(out).unwrap_or_default();
    (report::read(&notes), done.err().into_iter().collect())
}

/// A campaign with a function that filters, from `aws pinpoint create-app` to COMPLETED, each step a process of its own.
#[test]
fn a_campaign_is_carried_by_the_command_line() {
    let server = Server::start(Access::Keys);
    let aws = python::interpreter().with_file_name("aws");
    python::run("campaign.py", &["--url", &server.url, "--aws", aws.to_str().unwrap()], &server).unwrap();
}

/// The signer of botocore as referee: what is signed well gets in, and nothing else does.
#[test]
fn signatures_are_verified() {
    let server = Server::start(Access::Keys);
    let application = server.administrator_makes_an_application();
    let users = server.make_key(&["--application", &application]);
    let revoked = server.make_key(&[]);
    server.revoke_key(&revoked.id);
    let keys = serde_json::json!({
        "application": application,
        "users": [users.id, users.secret],
        "revoked": [revoked.id, revoked.secret],
    });
    python::run("signatures.py", &["--url", &server.url, "--keys", &keys.to_string()], &server).unwrap();
}

/// Requests made at random from the model: no answer is 5xx, and all are well formed.
#[test]
fn random_requests_are_answered() {
    let server = Server::start(Access::Open);
    let model = root().join("src/wire/pinpoint-model.json");
    let files = server.files().display().to_string();
    let arguments = ["--url", &server.url, "--model", model.to_str().unwrap(), "--files", &files];
    python::run("random_requests.py", &arguments, &server).unwrap();
}
