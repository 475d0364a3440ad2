//! What recipients and providers tell us, as they tell it: by routes that believe nobody without a proof.

mod bounce;
mod connection;
mod crash;
mod sns;
mod twilio;
mod unsubscribe;
mod verdict;

use std::process::Command;

use bytes::Bytes;
use hyper::{Method, Request};
use pinwheel::app::App;
use pinwheel::domain::{ApplicationId, ChannelType};
use pinwheel::http::{Access, Client};
use pinwheel::sandbox::function;
use pinwheel::store::EndpointWrite;
use pinwheel::wire::endpoint::Head;
use serde_json::{Value, json};

use crate::client::Serving;
use crate::support::{APPLICATION, World, endpoint, populate, run};

/// Under which recipients and providers know the server.
const BASE_URL: &str = "https://pinwheel.example.com";
const MAIL: &str = "ann@example.net";
const NUMBER: &str = "+12065550100";

/// A server with an endpoint for mail and one for text messages.
struct Server {
    world: World,
    app: App,
    serving: Serving,
}

/// What a report may change.
#[derive(Debug, PartialEq)]
struct Standing {
    /// By endpoint: whether it is active, and whether it is opted out.
    endpoints: Vec<(String, bool, bool)>,
    /// Endpoint, type and attributes of each event.
    events: Vec<(String, String, Value)>,
}

impl Server {
    /// `overlay` has settings, a line each.
    async fn start(overlay: &str) -> Self {
        let world = World::new(function::echo).await;
        let app = world.app(&format!("feedback.base_url={BASE_URL}\n{overlay}"));
        populate(&app, endpoints()).await;
        let serving = Serving::start(&app).await;
        Self { world, app, serving }
    }

    /// Status and body of the answer to any request.
    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> (u16, String) {
        let url = format!("http://{}{path}", self.serving.client.address());
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = Client::new(Access::ANY).send(request.body(body.into()).unwrap(), 1 << 20).await.unwrap();
        (answer.status().as_u16(), String::from_utf8(answer.body().to_vec()).unwrap())
    }

    /// Runs a campaign, and returns the reference that the message to this endpoint carried.
    async fn reference(&self, endpoint_id: &str) -> String {
        run(&self.app, json!({})).await;
        let sunk = self.world.sunk();
        let line = sunk.iter().rev().find(|line| line["endpoint_id"] == endpoint_id).unwrap();
        line["reference"].as_str().unwrap().to_owned()
    }

    /// Adds an endpoint, or changes it.
    async fn add(&self, write: EndpointWrite) {
        let now = "2026-03-01T10:00:00.000Z".to_owned();
        self.app.store.upsert_endpoints(&ApplicationId::new(APPLICATION), vec![write], now).await.unwrap();
    }

    async fn standing(&self) -> Standing {
        let (store, application) = (&self.app.store, ApplicationId::new(APPLICATION));
        let mut endpoints = Vec::new();
        for id in ["mail", "phone"] {
            let page = store.endpoint(&application, id).await.unwrap();
            let head = Head::read(page.get(0).document).unwrap();
            endpoints.push((id.to_owned(), head.is_active(), head.is_opted_out()));
        }
        let events = store.events_after(&application, 0, 1_000).await.unwrap().into_iter().map(|row| {
            let document: Value = serde_json::from_str(&row.event.document).unwrap();
            assert_eq!(document["EventType"], row.event.event_type.as_str());
            (row.event.endpoint_id, row.event.event_type, document["Attributes"].clone())
        });
        Standing { endpoints, events: events.collect() }
    }
}

impl Standing {
    /// Active, and opted out.
    fn of(&self, id: &str) -> (bool, bool) {
        let (_, is_active, is_opted_out) = self.endpoints.iter().find(|(known, ..)| known == id).unwrap();
        (*is_active, *is_opted_out)
    }

    /// The only event.
    #[track_caller]
    fn event(&self) -> (&str, &str, &Value) {
        assert_eq!(self.events.len(), 1, "{self:?}");
        let (endpoint_id, event_type, attributes) = &self.events[0];
        (endpoint_id, event_type, attributes)
    }
}

fn endpoints() -> Vec<EndpointWrite> {
    vec![endpoint("mail", ChannelType::Email, MAIL), endpoint("phone", ChannelType::Sms, NUMBER)]
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_base_url_there_is_no_feedback() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, endpoints()).await;
    let serving = Serving::start(&app).await;
    let server = Server { world, app, serving };
    run(&server.app, json!({})).await;
    assert!(server.world.sunk().iter().all(|line| line.get("reference").is_none()));
    for path in ["sns", "twilio/status", "twilio/inbound", "bounce", "unsubscribe/x"] {
        let (status, _) = server.send(Method::POST, &format!("/feedback/{path}"), &[], "").await;
        assert_eq!(status, 404, "{path}");
    }
    assert!(server.serving.client.get("/v1/apps").await.body(200).is_object(), "the API is where it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn references_outlive_the_process() {
    let mut server = Server::start("").await;
    let reference = server.reference("mail").await;
    server.serving.stop().await;
    drop(server.app);
    server.app = server.world.app(&format!("feedback.base_url={BASE_URL}"));
    server.serving = Serving::start(&server.app).await;
    let (status, _) = server.send(Method::GET, &format!("/feedback/unsubscribe/{reference}"), &[], "").await;
    assert_eq!(status, 200);
    assert_eq!(server.reference("mail").await.len(), reference.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_whose_key_is_lost_can_be_forgotten() {
    let mut server = Server::start("").await;
    let reference = server.reference("mail").await;
    let link = format!("/feedback/unsubscribe/{reference}");
    let data = server.app.config.data.directory.clone();
    let reset = |flags: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pinwheel"));
        let output = command.args(["feedback", "reset", "--data"]).arg(&data).args(flags).output().unwrap();
        (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    let (done, text) = reset(&["--yes"]);
    assert!(!done, "a server runs: {text}");
    server.serving.stop().await;
    drop(server.app);
    std::fs::remove_file(data.join("pinwheel.key")).unwrap();
    let (done, text) = reset(&[]);
    assert!(!done && text.contains("`--yes`"), "{text}");
    let (done, text) = reset(&["--yes"]);
    assert!(done && text.contains("is forgotten"), "{text}");
    assert!(reset(&["--yes"]).1.contains("there is no secret"));

    server.app = server.world.app(&format!("feedback.base_url={BASE_URL}"));
    server.serving = Serving::start(&server.app).await;
    let again = server.reference("mail").await;
    assert_eq!(server.send(Method::GET, &link, &[], "").await.0, 404);
    assert_eq!(server.send(Method::GET, &format!("/feedback/unsubscribe/{again}"), &[], "").await.0, 200);
}
