//! The EMAIL adapter against a real mail server, aiosmtpd.
//!
//! It needs a Python with the packages of `tests/support/requirements.txt`: the one that PINWHEEL_TEST_PYTHON names, or
//! `.venv/bin/python` in the repository.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;

use pinwheel::channel::{self, Adapter, Content, Deps, EmailContent, Factory, Message, Outcome, Spec};
use pinwheel::domain::{self, ChannelType};
use pinwheel::http::Aws;
use pinwheel::{clock, config, hook};

#[path = "../src/channel/suite.rs"]
mod suite;

use suite::{Behaviour, Provider};

/// The server, which ends with this.
struct Server {
    ports: Value,
    dialogue: Mutex<Dialogue>,
    _child: Child,
}

struct Dialogue {
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Server {
    async fn start() -> Self {
        let script = root().join("tests/support/smtp_server.py");
        let python = python();
        let mut child = Command::new(&python)
            .arg(&script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("`{}` does not run: {error}. {HINT}", python.display()));
        let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
        let Some(ports) = answers.next_line().await.unwrap() else {
            panic!("`{}` cannot run the mail server, which needs aiosmtpd. {HINT}", python.display());
        };
        let dialogue = Mutex::new(Dialogue { questions: child.stdin.take().unwrap(), answers });
        Self { ports: serde_json::from_str(&ports).unwrap(), dialogue, _child: child }
    }

    async fn ask(&self, question: &str) -> Value {
        let mut dialogue = self.dialogue.lock().await;
        dialogue.questions.write_all(format!("{question}\n").as_bytes()).await.unwrap();
        let answer = dialogue.answers.next_line().await.unwrap().expect("the server is there");
        serde_json::from_str(&answer).unwrap()
    }

    /// The adapter for one of the ports, with these settings besides.
    fn adapter(&self, port: &str, more: &str) -> Arc<dyn Adapter> {
        let port = &self.ports[port];
        let section = format!("from_address = 'News <news@example.com>'\nhost = 'localhost'\nport = {port}\n{more}");
        factory().build(section.parse().unwrap(), &deps()).unwrap()
    }
}

const HINT: &str = "Make a `.venv` with the packages of tests/support/requirements.txt (./test.sh does), or name another \
                    interpreter in PINWHEEL_TEST_PYTHON";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn python() -> PathBuf {
    std::env::var_os("PINWHEEL_TEST_PYTHON").map_or_else(|| root().join(".venv/bin/python"), PathBuf::from)
}

fn factory() -> &'static dyn Factory {
    *channel::ALL.iter().find(|factory| factory.spec().name == "email").unwrap()
}

fn deps() -> Deps {
    let config: config::Config = toml::from_str(include_str!("../config/default.toml")).unwrap();
    let clock = Arc::new(clock::System::default());
    let aws = Arc::new(Aws::by_settings(&config.aws));
    let invokers = Arc::new(hook::Invokers::new(&config.hook, &config.aws, aws.clone(), clock.clone()).unwrap());
    Deps { clock, invokers, aws, reports: None }
}

fn trusting() -> String {
    format!("ca_file = {:?}", root().join("tests/support/tls/ca.pem"))
}

fn email(address: &str) -> Message {
    let content = EmailContent {
        subject: "Grüße".into(),
        text: Some(".\n..a line with dots\nund Umlauten: äöü\n".into()),
        html: Some("<p>Hi</p>".into()),
        ..EmailContent::default()
    };
    suite::message(ChannelType::Email, address, Content::Email(content))
}

async fn send(adapter: &dyn Adapter, address: &str) -> Outcome {
    adapter.send(&[email(address)]).await.remove(0)
}

struct Plain {
    server: Server,
    adapter: Arc<dyn Adapter>,
}

impl Provider for Plain {
    fn spec(&self) -> &'static Spec {
        factory().spec()
    }

    fn adapter(&self) -> Arc<dyn Adapter> {
        self.adapter.clone()
    }

    fn message(&self, behaviour: Behaviour) -> Option<Message> {
        Some(email(&match behaviour {
            Behaviour::Accept(n) => format!("ann-{n}@example.net"),
            Behaviour::Throttle => "throttle@example.net".into(),
            Behaviour::Gone => "gone@example.net".into(),
            Behaviour::Hang => "slow@example.net".into(),
            Behaviour::Drop => "drop@example.net".into(),
        }))
    }

    fn taken(&self) -> BoxFuture<'_, u64> {
        Box::pin(async { self.server.ask("taken").await.as_u64().unwrap() })
    }

    fn refused_adapter(&self) -> Option<Arc<dyn Adapter>> {
        let wrong = format!("{}\ntls = 'required'\nusername = 'test'\npassword = 'wrong'", trusting());
        Some(self.server.adapter("starttls", &wrong))
    }

    fn hanging(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.server.ask("hanging").await;
        })
    }
}

#[tokio::test]
async fn the_adapter_passes_the_suite() {
    let server = Server::start().await;
    let adapter = server.adapter("plain", "");
    suite::run(&Plain { server, adapter }).await;
}

#[tokio::test]
async fn messages_arrive_as_they_were_written() {
    let server = Server::start().await;
    let adapter = server.adapter("plain", "");
    let outcome = send(&*adapter, "ann@example.net").await;
    let Outcome::Successful { message_id: Some(id), .. } = outcome else { panic!("{outcome:?}") };
    let last = server.ask("last").await;
    assert_eq!(last["recipient"], "ann@example.net");
    assert_eq!(last["subject"], "Grüße");
    assert_eq!(last["message_id"], id);
    assert_eq!(last["text"].as_str().unwrap().trim_end(), ".\r\n..a line with dots\r\nund Umlauten: äöü");
}

#[tokio::test]
async fn failures_are_told_apart() {
    let server = Server::start().await;
    let adapter = server.adapter("plain", "");
    let refused = send(&*adapter, "reject-data@example.net").await;
    assert_eq!(refused, Outcome::PermanentFailure { reason: "content not taken: 554 5.6.0 not such content".into() });
    let dropped = send(&*adapter, "drop@example.net").await;
    assert!(matches!(dropped, Outcome::Unknown { .. }), "{dropped:?}");
    assert_eq!(server.ask("taken").await, 1);
}

#[tokio::test]
async fn starttls_and_log_in_work() {
    let server = Server::start().await;
    let credentials = "username = 'test'\npassword = 'secret'";
    for tls in ["required", "opportunistic"] {
        let adapter = server.adapter("starttls", &format!("{}\ntls = '{tls}'\n{credentials}", trusting()));
        adapter.check().await.unwrap();
        let outcome = send(&*adapter, "ann@example.net").await;
        assert!(matches!(outcome, Outcome::Successful { .. }), "{outcome:?}");
    }
    let anonymous = server.adapter("starttls", &format!("{}\ntls = 'required'", trusting()));
    let outcome = send(&*anonymous, "ann@example.net").await;
    assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{outcome:?}");
}

#[tokio::test]
async fn tls_from_the_first_byte_works() {
    let server = Server::start().await;
    let adapter = server.adapter("wrapper", &format!("{}\ntls = 'wrapper'", trusting()));
    let outcome = send(&*adapter, "ann@example.net").await;
    assert!(matches!(outcome, Outcome::Successful { .. }), "{outcome:?}");
}

#[tokio::test]
async fn addresses_beyond_ascii_need_a_server_that_takes_them() {
    let server = Server::start().await;
    let plain = server.adapter("plain", "");
    let outcome = send(&*plain, "änn@example.net").await;
    assert!(matches!(outcome, Outcome::Successful { .. }), "{outcome:?}");
    assert_eq!(server.ask("last").await["recipient"], "änn@example.net");
    let ascii = server.adapter("wrapper", &format!("{}\ntls = 'wrapper'", trusting()));
    let outcome = send(&*ascii, "änn@example.net").await;
    assert!(matches!(outcome, Outcome::PermanentFailure { .. }), "{outcome:?}");
}

#[tokio::test]
async fn an_unknown_certificate_is_our_fault() {
    let server = Server::start().await;
    for (port, tls) in [("starttls", "required"), ("wrapper", "wrapper")] {
        let adapter = server.adapter(port, &format!("tls = '{tls}'"));
        adapter.check().await.unwrap_err();
        let outcome = send(&*adapter, "ann@example.net").await;
        assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{tls}: {outcome:?}");
    }
}
