use async_nats::jetstream::stream::{Config, Stream};
use futures_util::StreamExt;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use secrecy::SecretString;
use tokio::sync::Mutex;

use super::super::suite::{self, Behaviour, IMPATIENT, OtherSide, PATIENT, deps, destination, json, record, records};
use super::server_process::NatsServer;
use super::*;
use crate::clock::System;
use crate::http::Aws;
use crate::sandbox::aws::{sdk_config, url_of_nobody};

fn settings(url: &str, timeout: Duration) -> config::NatsSink {
    config::NatsSink {
        destinations: Vec::new(),
        url: SecretString::from(url),
        subject: "pinwheel.{application}.{event_type}".into(),
        credentials_file: "".into(),
        ca_file: "".into(),
        timeout,
    }
}

fn sink(settings: &config::NatsSink) -> Result<Nats, Error> {
    Nats::new("test", settings, &deps(Aws::by_sdk_config(&sdk_config(&url_of_nobody()))))
}

/// A server, a stream that takes what is for the application `take`, and one that never says so for `hang`.
struct Side {
    server: NatsServer,
    sink: Arc<Nats>,
    client: async_nats::Client,
    stream: Stream,
    /// What came for `hang`.
    silent: Mutex<async_nats::Subscriber>,
}

impl Side {
    async fn start() -> Self {
        let server = NatsServer::start("").await;
        let url = format!("nats://127.0.0.1:{}", server.port());
        let client = async_nats::connect(&url).await.unwrap();
        let context = jetstream::new(client.clone());
        let config = |name: &str, subject: &str, no_ack| Config {
            name: name.into(),
            subjects: vec![subject.into()],
            no_ack,
            ..Config::default()
        };
        let stream = context.create_stream(config("TAKEN", "pinwheel.take.>", false)).await.unwrap();
        context.create_stream(config("SILENT", "pinwheel.hang.>", true)).await.unwrap();
        let silent = Mutex::new(client.subscribe("pinwheel.hang.>").await.unwrap());
        client.flush().await.unwrap();
        let sink = Arc::new(sink(&settings(&url, PATIENT)).unwrap());
        Self { server, sink, client, stream, silent }
    }

    async fn messages(&self) -> Vec<jetstream::message::StreamMessage> {
        let state = self.stream.get_info().await.unwrap().state;
        let mut messages = Vec::new();
        for sequence in 1..=state.last_sequence {
            messages.push(self.stream.get_raw_message(sequence).await.unwrap());
        }
        messages
    }
}

impl OtherSide for Side {
    fn sink(&self) -> Arc<dyn Sink> {
        self.sink.clone()
    }

    fn impatient(&self) -> Arc<dyn Sink> {
        Arc::new(sink(&settings(&format!("nats://127.0.0.1:{}", self.server.port()), IMPATIENT)).unwrap())
    }

    fn lost(&self) -> Arc<dyn Sink> {
        let url = url_of_nobody().replace("http://", "nats://me:hunter2@");
        Arc::new(sink(&settings(&url, PATIENT)).unwrap())
    }

    fn to(&self, behaviour: Behaviour) -> Destination {
        let application = match behaviour {
            Behaviour::Take => "take",
            Behaviour::Refuse => "refuse",
            Behaviour::Hang => "hang",
        };
        destination(application, "arn")
    }

    fn taken(&self) -> BoxFuture<'_, Vec<String>> {
        Box::pin(async {
            let text = |payload: &[u8]| String::from_utf8(payload.to_vec()).unwrap();
            self.messages().await.iter().map(|message| text(&message.payload)).collect()
        })
    }

    fn record_bytes_max(&self) -> usize {
        self.client.max_payload()
    }

    fn hanging(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let mut silent = self.silent.lock().await;
            for _ in 0..3 {
                silent.next().await.unwrap();
            }
        })
    }
}

#[tokio::test]
async fn passes_the_suite() {
    suite::run(&Side::start().await).await;
}

#[tokio::test]
async fn messages_have_their_subject_and_the_records_id() {
    let side = Side::start().await;
    let odd = Record { id: "odd\r\n100%".into(), event_type: "_email.delivered >".into(), ..record("odd", 0) };
    let bunch = [record("plain", 1), odd];
    // Twice: the server drops what it has.
    for _ in 0..2 {
        side.sink.deliver(&side.to(Behaviour::Take), &bunch).await.unwrap();
    }
    let messages = side.messages().await;
    let told: Vec<_> = messages
        .iter()
        .map(|message| (message.subject.as_str(), message.headers.get("Nats-Msg-Id").unwrap().as_str()))
        .collect();
    let expected =
        [("pinwheel.take.cart.add", "take/plain-1"), ("pinwheel.take._email.delivered__", "take/odd%0D%0A100%25")];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_subject_without_a_stream_is_named() {
    let side = Side::start().await;
    let refused = side.sink.deliver(&side.to(Behaviour::Refuse), &records("none", 0..2)).await.unwrap_err();
    let port = side.server.port();
    assert_eq!(refused.error, format!("no stream of `127.0.0.1:{port}` takes the subject `pinwheel.refuse.cart.add`"));
}

#[tokio::test]
async fn what_the_stream_itself_finds_too_large_is_refused_for_good() {
    let side = Side::start().await;
    let mut config = side.stream.get_info().await.unwrap().config;
    config.max_message_size = 1000;
    jetstream::new(side.client.clone()).update_stream(config).await.unwrap();
    let mut bunch = records("large", 0..3);
    bunch[1].json = format!(r#"{{"filler":"{}"}}"#, "x".repeat(2000)).into();
    let refused = side.sink.deliver(&side.to(Behaviour::Take), &bunch).await.unwrap_err();
    assert_eq!((refused.places.as_slice(), refused.is_permanent), ([1].as_slice(), true), "{refused}");
    assert_eq!(side.taken().await.len(), 2);
}

/// What a pump does: all again that was not taken, until all is.
async fn insist(sink: &Nats, to: &Destination, mut records: Vec<Record>) -> usize {
    let mut refusals = 0;
    while let Err(refused) = sink.deliver(to, &records).await {
        assert!(!refused.is_permanent, "{refused}");
        refusals += 1;
        records = refused.places.iter().map(|&place| records[place].clone()).collect();
        System::default().sleep(Duration::from_millis(20)).await;
    }
    refusals
}

#[tokio::test]
async fn a_server_that_is_killed_and_comes_back_loses_and_doubles_nothing() {
    let mut side = Side::start().await;
    let url = format!("nats://127.0.0.1:{}", side.server.port());
    let sink = Arc::new(sink(&settings(&url, Duration::from_secs(2))).unwrap());
    let to = side.to(Behaviour::Take);
    let bunches: Vec<_> = (0..30).map(|bunch| records("kill", bunch * 100..(bunch + 1) * 100)).collect();
    insist(&sink, &to, bunches[0].clone()).await;

    let pumping = tokio::spawn({
        let (sink, to, bunches) = (sink.clone(), to.clone(), bunches.clone());
        async move {
            let mut refusals = 0;
            for bunch in bunches {
                refusals += insist(&sink, &to, bunch).await;
            }
            refusals
        }
    });
    side.server.kill().await;
    // It is gone: nothing can be taken until it is back.
    let refused = sink.deliver(&to, &records("gone", 0..1)).await;
    side.server.restart().await;
    let refusals = clock::timeout(&System::default(), Duration::from_secs(120), pumping).await.unwrap().unwrap();
    assert!(refused.is_err() && refusals > 0);

    let context = jetstream::new(async_nats::connect(&url).await.unwrap());
    side.stream = context.get_stream("TAKEN").await.unwrap();
    let mut taken = side.taken().await;
    taken.retain(|json| !json.contains("\"gone\""));
    taken.sort_unstable();
    let mut expected: Vec<_> = bunches.concat().iter().map(json).collect();
    expected.sort_unstable();
    assert_eq!(taken.len(), expected.len(), "each once");
    assert_eq!(taken, expected);
}

#[tokio::test]
async fn a_password_opens_and_is_never_told() {
    let server = NatsServer::start("authorization { user: 'me@home', password: 'hunter2' }").await;
    let with = |user: &str| sink(&settings(&format!("nats://{user}127.0.0.1:{}", server.port()), PATIENT)).unwrap();
    let bunch = records("password", 0..1);
    let told = async |sink: Nats| sink.deliver(&destination("app", "arn"), &bunch).await.unwrap_err().error;
    let opened = told(with("me%40home:hunter2@")).await;
    assert!(opened.starts_with("no stream of"), "{opened}");
    for wrong in ["", "me%40home:hunter3@"] {
        let error = told(with(wrong)).await;
        assert!(error.contains("authorization violation") && !error.contains("hunter"), "{error}");
    }
}

#[tokio::test]
async fn tls_is_spoken_with_whoever_is_trusted() {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    std::fs::write(&certificate, cert.pem()).unwrap();
    std::fs::write(&key, signing_key.serialize_pem()).unwrap();
    let tls = format!("tls {{ cert_file: '{}', key_file: '{}' }}", certificate.display(), key.display());
    let server = NatsServer::start(&tls).await;
    let url = format!("tls://localhost:{}", server.port());
    let bunch = records("tls", 0..1);
    let told = async |ca_file: &Path| {
        let sink = sink(&config::NatsSink { ca_file: ca_file.into(), ..settings(&url, PATIENT) }).unwrap();
        sink.deliver(&destination("app", "arn"), &bunch).await.unwrap_err().error
    };
    let trusting = told(&certificate).await;
    assert!(trusting.starts_with("no stream of"), "{trusting}");
    let wary = told(Path::new("")).await;
    assert!(wary.starts_with("no connection to `localhost:"), "{wary}");
}

#[test]
fn settings_have_rules() {
    let good = || settings("nats://a,tls://b:4333/", PATIENT);
    assert!(sink(&good()).is_ok());
    assert!(sink(&settings("nats://me:hunter2@a,tls://me:hunter2@b", PATIENT)).is_ok());
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    let missing = folder.path().join("missing");
    let url = |url: &str| config::NatsSink { url: url.into(), ..good() };
    let cases = [
        (url(""), "url", SERVERS),
        (url("nats://a,"), "url", SERVERS),
        (url("http://me:hunter2@a"), "url", SERVERS),
        (url("nats://a/hunter2"), "url", SERVERS),
        (url("nats://me:hunter2@a,nats://me:hunter3@b"), "url", CREDENTIALS),
        (url("nats://me:hunter2@a,nats://you:hunter2@b"), "url", CREDENTIALS),
        (url("nats://me:hunter2@a,nats://b"), "url", CREDENTIALS),
        (config::NatsSink { subject: "a.*".into(), ..good() }, "subject", "`a.*` must be tokens"),
        (config::NatsSink { subject: "$JS.x".into(), ..good() }, "subject", "must begin with"),
        (
            config::NatsSink { credentials_file: missing.clone(), ..good() },
            "credentials_file",
            "must be a file of credentials",
        ),
        (config::NatsSink { credentials_file: empty, ..good() }, "credentials_file", "must be a file of credentials"),
        (config::NatsSink { ca_file: missing, ..good() }, "ca_file", "missing"),
    ];
    for (settings, key, rule) in cases {
        let error = sink(&settings).err().unwrap().to_string();
        assert!(error.starts_with(&format!("`event_stream.sinks.test.{key}`: ")) && error.contains(rule), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
