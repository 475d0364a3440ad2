use hyper::Response;
use hyper::http::request::Parts;
use parking_lot::Mutex;
use secrecy::SecretString;
use tokio::sync::Notify;

use super::super::suite::{self, Behaviour, IMPATIENT, OtherSide, PATIENT, deps, destination, json, record, records};
use super::*;
use crate::http::Aws;
use crate::sandbox::aws::{sdk_config, url_of_nobody};
use crate::sandbox::server::{Cut, Handler, Reply, Server, reply};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// More is answered with 413.
const BODY_BYTES_MAX: usize = 64 * 1024;

fn settings(url: &str, timeout: Duration) -> config::WebhookSink {
    config::WebhookSink {
        destinations: Vec::new(),
        url: url.to_owned(),
        signing_secret: SecretString::from(SECRET),
        timeout,
        allow_http: false,
        allow_private_addresses: false,
    }
}

fn webhook(settings: &config::WebhookSink) -> Result<Webhook, Error> {
    Webhook::new("test", settings, &deps(Aws::by_sdk_config(&sdk_config(&url_of_nobody()))))
}

/// Somebody who takes records.
struct Receiver {
    server: Server,
    inbox: Arc<Inbox>,
    sink: Arc<Webhook>,
}

struct Inbox {
    behaviour: Mutex<Behaviour>,
    /// The answer to what is taken, and from which request on.
    status: Mutex<(u16, usize)>,
    requests: Mutex<Vec<(Parts, Bytes)>>,
    lines: Mutex<Vec<String>>,
    hanging: Notify,
}

impl Receiver {
    async fn start() -> Self {
        let inbox = Arc::new(Inbox {
            behaviour: Mutex::new(Behaviour::Take),
            status: Mutex::new((200, 0)),
            requests: Mutex::default(),
            lines: Mutex::default(),
            hanging: Notify::new(),
        });
        let server = Server::start(None, Arc::new(Front(inbox.clone()))).await.unwrap();
        let sink = Arc::new(webhook(&settings(&format!("{}/events?a=b", server.base_url()), PATIENT)).unwrap());
        Self { server, inbox, sink }
    }

    async fn deliver(&self, records: &[Record]) -> Result<(), Refused> {
        self.sink.deliver(&destination("app", "arn"), records).await
    }
}

struct Front(Arc<Inbox>);

impl Handler for Front {
    const REQUEST_BYTES_MAX: usize = 16 * 1024 * 1024;

    async fn answer(&self, head: Parts, body: Bytes) -> Result<Reply, Cut> {
        let behaviour = *self.0.behaviour.lock();
        match behaviour {
            Behaviour::Take => {}
            Behaviour::Refuse => return Ok(reply(StatusCode::SERVICE_UNAVAILABLE, "hunter2")),
            Behaviour::Hang => {
                self.0.hanging.notify_one();
                std::future::pending::<()>().await;
            }
        }
        let number = {
            let mut requests = self.0.requests.lock();
            requests.push((head, body.clone()));
            requests.len()
        };
        if body.len() > BODY_BYTES_MAX {
            return Ok(reply(StatusCode::PAYLOAD_TOO_LARGE, ""));
        }
        let (status, from) = *self.0.status.lock();
        if status != 200 && number >= from {
            let mut reply = Response::new("hunter2".into());
            *reply.status_mut() = StatusCode::from_u16(status).unwrap();
            return Ok(reply);
        }
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.ends_with('\n'));
        self.0.lines.lock().extend(text.lines().map(str::to_owned));
        Ok(reply(StatusCode::NO_CONTENT, ""))
    }
}

/// A line without the id that was added.
fn without_id(line: &str) -> String {
    let (_, rest) = line.split_once("\",").unwrap();
    assert!(line.starts_with("{\"record_id\":\""));
    format!("{{{rest}")
}

impl OtherSide for Receiver {
    fn sink(&self) -> Arc<dyn Sink> {
        self.sink.clone()
    }

    fn impatient(&self) -> Arc<dyn Sink> {
        Arc::new(webhook(&settings(&self.server.base_url(), IMPATIENT)).unwrap())
    }

    fn lost(&self) -> Arc<dyn Sink> {
        Arc::new(webhook(&settings(&url_of_nobody(), PATIENT)).unwrap())
    }

    fn to(&self, behaviour: Behaviour) -> Destination {
        *self.inbox.behaviour.lock() = behaviour;
        destination("app", "arn")
    }

    fn taken(&self) -> BoxFuture<'_, Vec<String>> {
        let taken = self.inbox.lines.lock().iter().map(|line| without_id(line)).collect();
        Box::pin(async { taken })
    }

    fn record_bytes_max(&self) -> usize {
        BODY_BYTES_MAX
    }

    fn hanging(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.inbox.hanging.notified())
    }
}

#[tokio::test]
async fn passes_the_suite() {
    suite::run(&Receiver::start().await).await;
}

#[tokio::test]
async fn requests_are_signed_lines_of_json() {
    let receiver = Receiver::start().await;
    let records = records("signed", 0..3);
    for bunch in [&records[..], &records, &records[..2]] {
        receiver.deliver(bunch).await.unwrap();
    }
    let requests = receiver.inbox.requests.lock().clone();
    let verifier = standardwebhooks::Webhook::new(SECRET).unwrap();
    for (head, body) in &requests {
        assert_eq!((head.method.as_str(), head.uri.to_string().as_str()), ("POST", "/events?a=b"));
        assert_eq!(head.headers[CONTENT_TYPE], "application/x-ndjson");
        verifier.verify(body, &head.headers).unwrap();
    }
    let ids: Vec<_> = requests.iter().map(|(head, _)| head.headers[WEBHOOK_ID].clone()).collect();
    assert!(ids[0] == ids[1] && ids[1] != ids[2], "the same bunch has the same id: {ids:?}");
    let line: serde_json::Value = serde_json::from_str(&receiver.inbox.lines.lock()[1]).unwrap();
    assert_eq!((&line["record_id"], &line["number"]), (&"signed-1".into(), &1.into()));
}

#[test]
fn a_line_begins_with_the_records_id() {
    for (id, json, expected) in [
        ("a", "{\"b\":1}", "{\"record_id\":\"a\",\"b\":1}\n"),
        ("a", "{}", "{\"record_id\":\"a\"}\n"),
        ("\"\n", "{\"b\":1}", "{\"record_id\":\"\\\"\\n\",\"b\":1}\n"),
    ] {
        let mut body = Vec::new();
        push_line(&mut body, &Record { id: id.into(), json: json.into(), ..record("x", 1) });
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }
}

#[tokio::test]
async fn a_request_that_is_too_large_is_sent_in_parts() {
    let receiver = Receiver::start().await;
    let bunch = records("parts", 0..1000);
    receiver.deliver(&bunch).await.unwrap();
    let expected: Vec<_> = bunch.iter().map(json).collect();
    assert_eq!(receiver.taken().await, expected);
    let tried = receiver.inbox.requests.lock().len();
    receiver.deliver(&bunch).await.unwrap();
    let requests = receiver.inbox.requests.lock().split_off(tried);
    assert!(requests.iter().all(|(_, body)| body.len() <= BODY_BYTES_MAX), "it is remembered");
    assert_eq!(receiver.taken().await, [expected.clone(), expected].concat());
}

#[tokio::test]
async fn what_a_part_took_is_taken() {
    let receiver = Receiver::start().await;
    let bunch = records("half", 0..1000);
    receiver.deliver(&bunch).await.unwrap();
    let number = receiver.inbox.requests.lock().len();
    *receiver.inbox.status.lock() = (500, number + 2);
    let before = receiver.taken().await.len();
    let refused = receiver.deliver(&bunch).await.unwrap_err();
    let taken = receiver.taken().await.len() - before;
    assert!(taken > 0 && !refused.is_permanent);
    assert_eq!(refused.places, (taken..1000).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_status_is_about_the_whole_bunch_and_may_change() {
    let receiver = Receiver::start().await;
    let bunch = records("status", 0..2);
    for status in [301, 400, 401, 404, 408, 410, 429, 500, 503] {
        *receiver.inbox.status.lock() = (status, 0);
        let refused = receiver.deliver(&bunch).await.unwrap_err();
        assert_eq!(refused.error, format!("the webhook answered with status {status}"));
        assert_eq!((refused.places.as_slice(), refused.is_permanent), ([0, 1].as_slice(), false));
    }
}

#[test]
fn urls_have_rules() {
    let with = |url: &str| webhook(&settings(url, PATIENT)).map(drop).map_err(|error| error.to_string());
    for good in
        ["https://example.com/x", "http://127.0.0.1:1/", "http://localhost", "http://[::1]:8/", "https://[::1]/"]
    {
        assert_eq!(with(good), Ok(()), "{good}");
    }
    for (wrong, rule) in [
        ("", "must be an https URL"),
        ("example.com", "not an https URL"),
        ("ftp://example.com", "not an https URL"),
        ("http://example.com", "plain http, and `allow_http` is off"),
        ("https://10.0.0.1", "private address, and `allow_private_addresses` is off"),
        ("https://169.254.169.254/latest", "private address"),
        ("https://me:hunter2@example.com", "must hold no user and password"),
    ] {
        let error = with(wrong).unwrap_err();
        assert!(error.starts_with("`event_stream.sinks.test.url`: ") && error.contains(rule), "{wrong}: {error}");
        assert!(!error.contains("hunter2"));
    }
    let open = config::WebhookSink {
        allow_http: true,
        allow_private_addresses: true,
        ..settings("http://10.0.0.1:8080", PATIENT)
    };
    assert!(webhook(&open).is_ok());
    let wrong = config::WebhookSink { signing_secret: "whsec_?".into(), ..settings("https://example.com", PATIENT) };
    let error = webhook(&wrong).err().unwrap().to_string();
    assert_eq!(error, "`event_stream.sinks.test.signing_secret`: must be a `whsec_` secret, or empty");
}
