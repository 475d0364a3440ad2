//! What was exercised, and the document that says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use pinwheel::wire::generated::Operation;
use serde::Deserialize;
use serde_json::Value;

use crate::root;

/// One client exercised one operation in one way.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
pub struct Note {
    pub client: String,
    pub operation: String,
    pub kind: Kind,
}

/// What a call was about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Happy,
    Missing,
    Bad,
    /// A recipient that gets nothing, told in an answer that succeeds.
    Partial,
    Pagination,
}

/// The clients and what the document calls them.
const CLIENTS: [(&str, &str); 3] = [("boto3", "boto3"), ("cli", "AWS CLI"), ("sdk", "aws-sdk-pinpoint")];

/// Titles and what of a path, after `/v1`, tells the group; the first that fits counts.
const GROUPS: &[(&str, &[&str])] = &[
    ("Message templates", &["/templates"]),
    ("Tags", &["/tags"]),
    ("Recommender configurations", &["/recommenders"]),
    ("Figures", &["/kpis/"]),
    ("Import and export jobs", &["/jobs/"]),
    ("Campaigns", &["/campaigns"]),
    ("Segments", &["/segments"]),
    ("Journeys", &["/journeys"]),
    ("Channels", &["/channels"]),
    ("Event stream", &["/eventstream"]),
    ("Events and in-app messages", &["/events", "/inappmessages"]),
    ("Direct messages, one-time passwords, phone numbers", &["messages", "otp", "/phone/"]),
    ("Endpoints, users, attributes", &["/endpoints", "/users", "/attributes"]),
    ("Applications and settings", &["/apps"]),
];

/// `differences.toml`.
#[derive(Deserialize)]
struct Known {
    difference: Vec<Difference>,
    exempt: Vec<Exempt>,
}

/// Where this server and Pinpoint differ.
#[derive(Deserialize)]
struct Difference {
    operations: Vec<String>,
    text: String,
}

/// What no client can exercise, and why.
#[derive(Deserialize)]
struct Exempt {
    operations: Vec<String>,
    kind: Kind,
    because: String,
}

fn known() -> Known {
    let text = fs::read_to_string(root().join("tests/conformance/differences.toml")).unwrap();
    let known: Known = toml::from_str(&text).unwrap();
    let names: BTreeSet<_> = Operation::ALL.into_iter().map(Operation::name).collect();
    let named = known.difference.iter().flat_map(|difference| &difference.operations);
    for name in named.chain(known.exempt.iter().flat_map(|exempt| &exempt.operations)) {
        assert!(names.contains(name.as_str()), "differences.toml: there is no operation `{name}`");
    }
    known
}

/// Reads notes, a line of JSON each.
pub fn read(notes: &str) -> Vec<Note> {
    notes.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Operations that answer for each recipient.
const PER_RECIPIENT: [&str; 3] = ["SendMessages", "SendUsersMessages", "SendOTPMessage"];

/// The ways in which an operation has to be exercised by boto3 and the CLI.
fn due(operation: Operation, model: &Value) -> BTreeSet<Kind> {
    let shape = &model["operations"][operation.name()]["input"]["shape"];
    let input = &model["shapes"][shape.as_str().unwrap_or_default()];
    let mut due = BTreeSet::from([Kind::Happy]);
    if operation.path().contains('{') {
        due.insert(Kind::Missing);
    }
    if !input["payload"].is_null() {
        due.insert(Kind::Bad);
    }
    if PER_RECIPIENT.contains(&operation.name()) {
        due.insert(Kind::Partial);
    }
    // Figures and metrics have the parameter, and Pinpoint's documents say that it does nothing.
    let is_list = !operation.path().contains("/kpis/") && !operation.path().contains("metrics");
    if is_list && !input["members"]["PageSize"].is_null() {
        due.insert(Kind::Pagination);
    }
    due
}

/// What was not exercised and should have been.
pub fn gaps(notes: &BTreeSet<Note>) -> Vec<String> {
    let model = fs::read_to_string(root().join("src/wire/pinpoint-model.json")).unwrap();
    let model: Value = serde_json::from_str(&model).unwrap();
    let known = known();
    let mut gaps = Vec::new();
    for operation in Operation::ALL {
        let name = operation.name().to_owned();
        for (client, title) in CLIENTS {
            let did = |kind| notes.contains(&Note { client: client.to_owned(), operation: name.clone(), kind });
            let is_exempt =
                |kind| known.exempt.iter().any(|exempt| exempt.kind == kind && exempt.operations.contains(&name));
            let mut due = due(operation, &model);
            if client == "sdk" {
                due.retain(|kind| *kind == Kind::Happy);
            }
            let all = [Kind::Happy, Kind::Missing, Kind::Bad, Kind::Partial, Kind::Pagination];
            if !all.into_iter().any(did) {
                gaps.push(format!("{name}: {title} never called it"));
            }
            gaps.extend(
                due.into_iter()
                    .filter(|kind| !did(*kind) && !is_exempt(*kind))
                    .map(|kind| format!("{name}: {title} has no case of kind {kind:?}")),
            );
        }
    }
    gaps
}

/// Holds the document against the one in the repository, or writes it there when PINWHEEL_BLESS is set.
pub fn compare(notes: &BTreeSet<Note>) {
    let path = root().join("docs/conformance.md");
    let document = document(notes, &known());
    if std::env::var_os("PINWHEEL_BLESS").is_some() {
        fs::write(&path, &document).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == document, "docs/conformance.md is out of date: run this test with PINWHEEL_BLESS=1");
}

fn document(notes: &BTreeSet<Note>, known: &Known) -> String {
    let mut kinds: BTreeMap<(&str, &str), BTreeSet<Kind>> = BTreeMap::new();
    for note in notes {
        kinds.entry((&note.client, &note.operation)).or_default().insert(note.kind);
    }
    let exercised =
        |operation: &Operation| CLIENTS.iter().all(|(client, _)| kinds.contains_key(&(*client, operation.name())));
    let count = Operation::ALL.iter().filter(|operation| exercised(operation)).count();
    let happy = |operation: &Operation| {
        CLIENTS.iter().all(|(client, _)| {
            kinds.get(&(*client, operation.name())).is_some_and(|kinds| kinds.contains(&Kind::Happy))
        })
    };
    let succeed = Operation::ALL.iter().filter(|operation| happy(operation)).count();
    let mut text = format!(
        "# Conformance\n\n\
         Generated by `tests/conformance` from what it ran; `PINWHEEL_BLESS=1 cargo test --test conformance` writes it anew.\n\n\
         **{count} of {} operations** of Pinpoint's API are exercised by all of boto3, the AWS CLI and aws-sdk-pinpoint, the\n\
         official SDK for Rust, against a real `pinwheel serve` that verifies their signatures. {succeed} succeed with all three;\n\
         why the others cannot stands [at the end](#what-cannot-be-exercised).\n\n\
         | Sign | Means |\n|---|---|\n\
         | ok | it succeeds, with the model's status and every member that the model requires |\n\
         | 404 | the path names something that is not there: `NotFoundException` |\n\
         | 400 | bad input: `BadRequestException` with a message that names it |\n\
         | failed | a recipient that gets nothing is told by `DeliveryStatus` and `StatusCode` in an answer that succeeds |\n\
         | pages | a list that comes page by page, everything once; foreign tokens and bad sizes are refused |\n",
        Operation::ALL.len(),
    );
    let mut open: Vec<_> = Operation::ALL.into_iter().collect();
    let mut groups = Vec::new();
    for (title, marks) in GROUPS {
        let fits = |operation: &Operation| marks.iter().any(|mark| operation.path().contains(mark));
        let (here, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(fits);
        groups.push((*title, here));
        open = rest;
    }
    assert!(open.is_empty(), "these operations have no group: {open:?}");
    // From the general to the special, the reverse of how they are told apart.
    for (title, operations) in groups.iter().rev() {
        writeln!(text, "\n## {title}\n\n| Operation | Request | {} |", CLIENTS.map(|(_, title)| title).join(" | "))
            .unwrap();
        text.push_str("|---|---|---|---|---|\n");
        for operation in operations {
            let cells = CLIENTS.map(|(client, _)| cell(kinds.get(&(client, operation.name()))));
            let (name, method, path) = (operation.name(), operation.method(), operation.path());
            writeln!(text, "| {name} | `{method} {path}` | {} |", cells.join(" | ")).unwrap();
        }
    }
    text.push_str("\n## Known differences to Pinpoint\n\n");
    for Difference { operations, text: difference } in &known.difference {
        writeln!(text, "* {}: {difference}", names(operations)).unwrap();
    }
    text.push_str("\n## What cannot be exercised\n\n");
    for Exempt { operations, kind, because } in &known.exempt {
        writeln!(text, "* {}, {}: {because}", names(operations), sign(*kind)).unwrap();
    }
    text
}

fn names(operations: &[String]) -> String {
    operations.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn cell(kinds: Option<&BTreeSet<Kind>>) -> String {
    kinds.into_iter().flatten().map(|kind| sign(*kind)).collect::<Vec<_>>().join(", ")
}

fn sign(kind: Kind) -> &'static str {
    match kind {
        Kind::Happy => "ok",
        Kind::Missing => "404",
        Kind::Bad => "400",
        Kind::Partial => "failed",
        Kind::Pagination => "pages",
    }
}
