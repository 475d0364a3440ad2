//! Pulling the plug: an event that was accepted is kept, whenever the process is killed, and once, however often it is sent.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::Method;
use pinwheel::clock::{Clock, System};
use pinwheel::domain::ApplicationId;
use pinwheel::store::sqlite::{Mode, Sqlite};
use pinwheel::store::{EndpointStore, EventStore};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::HttpClient;

const KILLS: usize = 8;
const CONNECTIONS: u64 = 6;
const EVENTS_A_REQUEST: u64 = 5;

/// `pinwheel serve` on a port of its own choice, which its log names; `more` are further arguments.
pub(crate) fn serve(data: &Path, more: &[&str]) -> (Child, SocketAddr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pinwheel"))
        .args(["serve", "--dev", "--listen", "127.0.0.1:0", "--set", "telemetry.listen=127.0.0.1:0", "--data"])
        .arg(data)
        .args(more)
        .env_clear()
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = lines.by_ref().find_map(|line| {
        let line = line.unwrap();
        line.contains("answering Pinpoint").then(|| line.split_once("address=").unwrap().1.trim().parse().unwrap())
    });
    // The rest is read too, so that the log never stands in the way.
    std::thread::spawn(move || lines.for_each(drop));
    (child, address.expect("the server says where it listens"))
}

/// One client. It sends what got no answer again before anything else, as clients do.
struct Client {
    number: u64,
    next_event: u64,
    unanswered: Option<Value>,
    accepted: Vec<(String, String)>,
}

impl Client {
    async fn send_until_cut_off(&mut self, http: HttpClient, path: String, answers: Arc<AtomicU64>) {
        loop {
            let body = self.unanswered.get_or_insert_with(|| {
                let first = self.next_event;
                self.next_event += EVENTS_A_REQUEST;
                let event = json!({"EventType": "tick", "Timestamp": "2026-03-01T09:00:00Z"});
                let events = (first..self.next_event).map(|id| (id.to_string(), event.clone()));
                let events: serde_json::Map<_, _> = events.collect();
                let endpoint = json!({"Metrics": {"events": self.next_event}});
                json!({"BatchItem": {self.number.to_string(): {"Endpoint": endpoint, "Events": events}}})
            });
            let Ok(answer) = http.send(Method::POST, &path, body.to_string()).await else { return };
            let results = answer.body(202)["Results"].take();
            for (endpoint_id, result) in results.as_object().unwrap() {
                for (id, event) in result["EventsItemResponse"].as_object().unwrap() {
                    assert_eq!(event, &json!({"StatusCode": 202, "Message": "Accepted"}));
                    self.accepted.push((endpoint_id.clone(), id.clone()));
                }
            }
            self.unanswered = None;
            answers.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_no_accepted_event() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let clock = System::default();
    let mut random = fastrand::Rng::with_seed(20_261_122);
    let new = |number| Client { number, next_event: 0, unanswered: None, accepted: Vec::new() };
    let mut clients: Vec<_> = (0..CONNECTIONS).map(new).collect();
    let mut application: Option<ApplicationId> = None;
    for _ in 0..KILLS {
        let (mut server, address) = serve(&data, &[]);
        let http = HttpClient::new(address);
        let application = match &application {
            Some(application) => application,
            None => application.insert(http.create_app().await),
        };
        let answers = Arc::new(AtomicU64::new(0));
        let tasks: Vec<_> = clients
            .drain(..)
            .map(|mut client| {
                let (http, answers) = (http.clone(), answers.clone());
                let path = format!("/v1/apps/{application}/events");
                tokio::spawn(async move {
                    client.send_until_cut_off(http, path, answers).await;
                    client
                })
            })
            .collect();
        // In the middle of the work, at a moment that nobody chose.
        let target = random.u64(1..60);
        while answers.load(Ordering::Relaxed) < target {
            clock.sleep(Duration::from_micros(random.u64(100..3_000))).await;
        }
        server.kill().unwrap();
        server.wait().unwrap();
        for task in tasks {
            clients.push(task.await.unwrap());
        }
    }

    let application = application.unwrap();
    let store = Sqlite::open(&data, Mode::Shared).unwrap();
    let mut kept = Vec::new();
    let mut after = 0;
    loop {
        let page = store.events_after(&application, after, 1_000).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.position;
        kept.extend(page.into_iter().map(|row| (row.event.endpoint_id, row.event.id)));
    }
    let distinct: BTreeSet<_> = kept.iter().cloned().collect();
    assert_eq!(distinct.len(), kept.len(), "an event that was sent again is kept once");
    for client in &clients {
        assert!(!client.accepted.is_empty());
        for event in &client.accepted {
            assert!(distinct.contains(event), "{event:?} was accepted and is gone");
        }
        let page = store.endpoint(&application, &client.number.to_string()).await.unwrap();
        let endpoint: Value = serde_json::from_slice(page.get(0).document).unwrap();
        let accepted = client.accepted.len() as f64;
        assert!(endpoint["Metrics"]["events"].as_f64().unwrap() >= accepted, "{endpoint} after {accepted}");
    }
    let accepted: usize = clients.iter().map(|client| client.accepted.len()).sum();
    println!("{KILLS} kills: {accepted} events accepted, {} kept", kept.len());
}
