//! Hooks from outside: real calls over loopback, to a server of functions that misbehave on demand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use pinwheel::clock::{self, Clock};
use pinwheel::config;
use pinwheel::domain::{ActivityId, ApplicationId, CampaignId, TreatmentId};
use pinwheel::hook::answer::{self, Verdict};
use pinwheel::hook::event::{Head, Member, Run};
use pinwheel::hook::local::Functions;
use pinwheel::hook::{Caller, Error, Invoker, Invokers, Target, Webhook};
use pinwheel::http::Access;
use pinwheel::http::Aws;
use pinwheel::sandbox::function::{self, Choice, Record, Reply, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn defaults() -> config::Config {
    config::Config::load(config::Sources::default()).unwrap()
}

fn settings() -> config::Hook {
    let defaults = defaults().hook;
    config::Hook {
        // Nobody waits for a function that asks to slow down.
        circuit: config::Circuit { wait_max: Duration::ZERO, ..defaults.circuit },
        pause_min: Duration::from_millis(1),
        pause_max: Duration::from_millis(2),
        calls_in_flight: 4,
        signing_secret: SECRET.to_owned().into(),
        allow_http: true,
        allow_private_addresses: true,
        ..defaults
    }
}

fn invokers(server: &Server) -> Invokers {
    invokers_with(server, &settings())
}

fn invokers_with(server: &Server, settings: &config::Hook) -> Invokers {
    new_invokers(server, settings).unwrap()
}

fn new_invokers(server: &Server, settings: &config::Hook) -> Result<Invokers, Error> {
    let aws = Arc::new(Aws::by_sdk_config(&server.sdk_config()));
    Invokers::new(settings, &defaults().aws, aws, Arc::new(clock::System::default()))
}

/// The same function, by both ways to call it.
fn targets(server: &Server, name: &str) -> [Target; 2] {
    [Target::Function(name.to_owned()), Target::Url(format!("{}/{name}", server.url()))]
}

/// A call that nobody stops.
async fn call(caller: &Caller, event: Bytes) -> Result<Vec<u8>, Error> {
    caller.call(event, None, &CancellationToken::new()).await.expect("nobody stops it").result
}

fn endpoints(count: usize) -> Vec<(String, Vec<u8>)> {
    let document = |number: usize| {
        format!(
            concat!(
                r#"{{"ChannelType":"GCM","Address":"token-{}","EndpointStatus":"ACTIVE","OptOut":"NONE","#,
                r#""Demographic":{{}},"EffectiveDate":"2026-03-01T09:00:00.000Z","Attributes":{{"N":["{}"]}},"#,
                r#""User":{{}},"CreationDate":"2026-03-01T09:00:00.000Z"}}"#
            ),
            number, number
        )
    };
    (0..count).map(|number| (format!("endpoint-{number}"), document(number).into_bytes())).collect()
}

fn members(endpoints: &[(String, Vec<u8>)]) -> Vec<Member<'_>> {
    endpoints.iter().map(|(id, document)| (id.as_str(), document.as_slice())).collect()
}

fn event(members: &[Member<'_>]) -> Bytes {
    let run = Run {
        application_id: &ApplicationId::new("a"),
        campaign_id: &CampaignId::new("c"),
        treatment_id: &TreatmentId::new("0"),
        activity_id: &ActivityId::new("r"),
        scheduled_time: "2026-03-01T09:00:00.000Z",
    };
    Head::filter(&serde_json::json!({}), &run).event(members).unwrap()
}

#[tokio::test]
async fn an_echo_keeps_everybody_by_either_way() {
    let server = Server::start(Record::Ids, function::echo).await.unwrap();
    let invokers = invokers(&server);
    let endpoints = endpoints(50);
    let members = members(&endpoints);
    for target in targets(&server, "echo") {
        let answer = call(&invokers.caller(&target).unwrap(), event(&members)).await.unwrap();
        let answer = answer::decode(answer, &members).unwrap();
        assert!(answer.verdicts.iter().all(|verdict| *verdict == Verdict::Unchanged), "{target:?}");
    }
    assert_eq!((server.calls(), server.largest_batch(), server.ids().len()), (2, 50, 50));
    assert!(server.ids().values().all(|times| *times == 2));
}

#[tokio::test]
async fn functions_are_named_as_lambda_names_them() {
    let server = Server::start(Record::Nothing, |event| Reply::answer(event.function.clone())).await.unwrap();
    let invokers = invokers(&server);
    let names = [
        "filter",
        "filter:live",
        "filter:$LATEST",
        "123456789012:function:filter",
        "arn:aws:lambda:us-east-1:123456789012:function:filter:live",
    ];
    for name in names {
        let caller = invokers.caller(&Target::Function(name.into())).unwrap();
        let answer = call(&caller, Bytes::from_static(b"{}")).await.unwrap();
        assert_eq!(String::from_utf8(answer).unwrap(), name);
    }
}

#[tokio::test]
async fn the_demo_function_does_what_its_choices_say() {
    let server = Server::start(Record::Nothing, function::demo).await.unwrap();
    let endpoints = endpoints(50);
    let members = members(&endpoints);
    let caller = invokers(&server).caller(&Target::Function("demo".into())).unwrap();
    let answer = answer::decode(call(&caller, event(&members)).await.unwrap(), &members).unwrap();
    let mut choices = [0; 3];
    for ((id, _), verdict) in endpoints.iter().zip(&answer.verdicts) {
        let choice = Choice::of(id);
        choices[choice as usize] += 1;
        let Verdict::Changed(changed) = verdict else {
            assert_eq!((choice, verdict), (Choice::Dropped, &Verdict::Removed), "{id}");
            continue;
        };
        let endpoint = pinwheel::wire::endpoint::read(&changed.document).unwrap();
        assert_eq!(endpoint.attributes["Offer"], ["free shipping"], "{id}");
        assert_eq!(endpoint.attributes.len(), 2, "{id}");
        assert_eq!(changed.title_override.is_some(), choice == Choice::Personal, "{id}");
    }
    assert!(choices.iter().all(|count| *count > 0), "{choices:?}");
}

#[tokio::test]
async fn each_way_to_fail_gives_its_error_after_its_attempts() {
    let server = Server::start(Record::Nothing, |event| match event.function.trim_start_matches('/') {
        "throttled" => Reply::Status { code: 429, retry_after: Some(1) },
        "broken" => Reply::Status { code: 500, retry_after: None },
        "failing" => Reply::FunctionError(format!("no good: {}", "x".repeat(10_000))),
        "forbidden" => Reply::Status { code: 403, retry_after: None },
        "unknown" => Reply::Status { code: 404, retry_after: None },
        "large" => Reply::Status { code: 413, retry_after: None },
        "hanging" => Reply::Hang,
        "late" => Reply::answer("{}").after(Duration::from_secs(3)),
        "dropping" => Reply::Drop,
        "garbage" => Reply::answer("<html>"),
        other => panic!("`{other}` is no case"),
    })
    .await
    .unwrap();
    let patient = invokers(&server);
    let hasty = invokers_with(&server, &config::Hook { timeout: Duration::from_millis(100), ..settings() });
    let cases = [
        ("throttled", "throttled", 1),
        ("broken", "function", 3),
        ("failing", "function", 3),
        ("forbidden", "refused", 1),
        ("unknown", "refused", 1),
        ("large", "refused", 1),
        ("hanging", "timeout", 3),
        ("late", "timeout", 3),
        ("dropping", "transport", 3),
    ];
    for (name, kind, attempts) in cases {
        for target in targets(&server, name) {
            let before = server.calls();
            let invokers = if kind == "timeout" { &hasty } else { &patient };
            let error = call(&invokers.caller(&target).unwrap(), Bytes::from_static(b"{}")).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{target:?}: {error}");
            assert_eq!(server.calls() - before, attempts, "{target:?}: {error}");
            assert!(error.to_string().len() < 400, "{error}");
            if name == "throttled" {
                assert_eq!(error.retry_after(), Some(Duration::from_secs(1)), "{target:?}");
            }
        }
    }
    for target in targets(&server, "garbage") {
        let answer = call(&patient.caller(&target).unwrap(), Bytes::from_static(b"{}")).await.unwrap();
        assert!(matches!(answer::decode(answer, &[]), Err(Error::Undecodable(_))), "{target:?}");
    }
}

#[tokio::test]
async fn a_function_that_asks_to_slow_down_is_called_when_it_said() {
    let server = Server::start(Record::Nothing, |event| match event.call {
        1 | 5 => Reply::Status { code: 429, retry_after: Some(1) },
        _ => Reply::answer("{}"),
    })
    .await
    .unwrap();
    let settings = config::Hook { circuit: defaults().hook.circuit, ..settings() };
    let invokers = invokers_with(&server, &settings);
    for target in targets(&server, "f") {
        let caller = invokers.caller(&target).unwrap();
        let (clock, before) = (clock::System::default(), server.calls());
        let first = call(&caller, Bytes::from_static(b"{}"));
        let others = async {
            while server.calls() == before {
                tokio::task::yield_now().await;
            }
            // The answer is on its way.
            clock.sleep(Duration::from_millis(100)).await;
            let others = join_all((0..2).map(|_| call(&caller, Bytes::from_static(b"{}")))).await;
            assert!(clock.elapsed() >= Duration::from_secs(1), "they wait too");
            others.into_iter().for_each(|answer| assert!(answer.is_ok()));
        };
        let (answer, ()) = tokio::join!(first, others);
        answer.unwrap();
        assert!(clock.elapsed() >= Duration::from_secs(1));
        assert_eq!(server.calls() - before, 4, "{target:?}");
    }
}

#[tokio::test]
async fn a_function_that_recovers_is_called_again() {
    let server = Server::start(Record::Nothing, |event| match event.call % 3 {
        1 => Reply::Status { code: 500, retry_after: None },
        2 => Reply::FunctionError("not yet".into()),
        _ => function::echo(event),
    })
    .await
    .unwrap();
    let endpoints = endpoints(3);
    for target in targets(&server, "f") {
        let answer = call(&invokers(&server).caller(&target).unwrap(), event(&members(&endpoints))).await.unwrap();
        assert_eq!(answer::decode(answer, &members(&endpoints)).unwrap().verdicts, vec![Verdict::Unchanged; 3]);
    }
    assert_eq!(server.calls(), 6);
}

#[tokio::test]
async fn urls_are_signed_and_attempts_of_one_call_share_their_id() {
    let seen = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let ids = Arc::clone(&seen);
    let server = Server::start(Record::Nothing, move |event| {
        standardwebhooks::Webhook::new(SECRET).unwrap().verify(&event.payload, &event.headers).unwrap();
        ids.lock().push(event.headers["webhook-id"].to_str().unwrap().to_owned());
        if event.call == 1 { Reply::Status { code: 503, retry_after: None } } else { Reply::answer("{}") }
    })
    .await
    .unwrap();
    let caller = invokers(&server).caller(&Target::Url(server.url())).unwrap();
    call(&caller, Bytes::from_static(b"{\"a\":1}")).await.unwrap();
    call(&caller, Bytes::from_static(b"{\"a\":2}")).await.unwrap();
    let ids = seen.lock().clone();
    assert_eq!(ids.len(), 3);
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[1], ids[2]);
}

#[tokio::test]
async fn no_more_calls_run_at_once_than_allowed() {
    let running = Arc::new(parking_lot::Mutex::new((0_usize, 0_usize)));
    let (begins, ends) = (Arc::clone(&running), Arc::clone(&running));
    let server = Server::start(Record::Nothing, move |_| {
        let mut running = begins.lock();
        running.0 += 1;
        running.1 = running.1.max(running.0);
        Reply::answer("{}").after(Duration::from_millis(20))
    })
    .await
    .unwrap();
    let invokers = invokers(&server);
    for target in targets(&server, "f") {
        // Two campaigns that name the same function share its caller.
        let callers = [invokers.caller(&target).unwrap(), invokers.caller(&target).unwrap()];
        let calls = (0..24).map(|number| {
            let (caller, ends) = (&callers[number % 2], &ends);
            async move {
                call(caller, Bytes::from_static(b"{}")).await.unwrap();
                ends.lock().0 -= 1;
            }
        });
        join_all(calls).await;
    }
    assert_eq!(*running.lock(), (0, 4));
}

/// When a bare server closes a connection, without having said so.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Closes {
    Never,
    /// Right after each answer.
    AfterAnswer,
    /// When a second request comes, without an answer to it.
    OnSecondRequest,
}

/// A server that answers `{}` to `{}` and counts its connections.
async fn bare_server(closes: Closes) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                for request_number in 1.. {
                    let mut request = Vec::new();
                    while !request.ends_with(b"\r\n\r\n{}") {
                        if stream.read_buf(&mut request).await.unwrap() == 0 {
                            return;
                        }
                    }
                    if closes == Closes::OnSecondRequest && request_number == 2 {
                        return;
                    }
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
                    if closes == Closes::AfterAnswer {
                        return;
                    }
                }
            });
        }
    });
    (url, connections)
}

#[tokio::test]
async fn connections_are_kept_and_stale_ones_replaced_in_silence() {
    for (closes, connections_expected) in [(Closes::Never, 1), (Closes::AfterAnswer, 6), (Closes::OnSecondRequest, 6)] {
        let (url, connections) = bare_server(closes).await;
        let webhook = Webhook::new(&url, Access::ANY, None, Arc::new(clock::System::default())).unwrap().repeating();
        for _ in 0..6 {
            assert_eq!(webhook.invoke(Bytes::from_static(b"{}"), None).await.unwrap(), b"{}", "{closes:?}");
        }
        assert_eq!(connections.load(Ordering::Relaxed), connections_expected, "{closes:?}");
    }
}

#[tokio::test]
async fn a_request_that_may_have_arrived_is_not_repeated_unless_it_may_be() {
    let (url, connections) = bare_server(Closes::OnSecondRequest).await;
    let webhook = Webhook::new(&url, Access::ANY, None, Arc::new(clock::System::default())).unwrap();
    webhook.invoke(Bytes::from_static(b"{}"), None).await.unwrap();
    let error = webhook.invoke(Bytes::from_static(b"{}"), None).await.unwrap_err();
    assert_eq!(error.kind(), "transport", "{error}");
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_call_cut_off_does_not_spoil_the_next_one() {
    let server = Server::start(Record::Nothing, |event| match event.call {
        1 => Reply::answer("\"late\"").after(Duration::from_millis(200)),
        _ => Reply::answer("{}"),
    })
    .await
    .unwrap();
    for target in targets(&server, "f").into_iter().rev() {
        let settings = config::Hook { timeout: Duration::from_millis(50), ..settings() };
        let caller = invokers_with(&server, &settings).caller(&target).unwrap();
        assert_eq!(call(&caller, Bytes::from_static(b"{}")).await.unwrap(), b"{}", "{target:?}");
    }
}

#[tokio::test]
async fn an_answer_over_six_megabytes_is_not_read() {
    let server = Server::start(Record::Nothing, |_| Reply::answer(vec![b' '; 6 * 1024 * 1024 + 1])).await.unwrap();
    for target in targets(&server, "f") {
        let result = call(&invokers(&server).caller(&target).unwrap(), Bytes::from_static(b"{}")).await;
        let error = result.and_then(|answer| answer::decode(answer, &[])).unwrap_err();
        assert_eq!(error.kind(), "undecodable", "{target:?}: {error}");
    }
    assert_eq!(server.calls(), 2);
}

#[tokio::test]
async fn an_unreachable_hook_is_said_to_be_so() {
    let server = Server::start(Record::Nothing, function::echo).await.unwrap();
    let invokers = invokers(&server);
    let targets = targets(&server, "f");
    drop(server);
    for target in targets {
        let error = call(&invokers.caller(&target).unwrap(), Bytes::from_static(b"{}")).await.unwrap_err();
        assert_eq!(error.kind(), "unreachable", "{target:?}: {error}");
    }
}

#[tokio::test]
async fn urls_that_may_not_be_called_are_refused_before_a_call() {
    let server = Server::start(Record::Nothing, function::echo).await.unwrap();
    let strict = config::Hook { allow_http: false, ..settings() };
    let private = config::Hook { allow_private_addresses: false, ..settings() };
    for settings in [strict, private] {
        let invokers = invokers_with(&server, &settings);
        assert!(matches!(invokers.caller(&Target::Url(server.url())), Err(Error::Refused(_))));
    }
    let unsound = config::Hook { signing_secret: "whsec_?".to_owned().into(), ..settings() };
    let error = new_invokers(&server, &unsound).err().unwrap();
    assert!(error.to_string().contains("hook.signing_secret"));
}

#[tokio::test]
async fn a_local_function_that_is_gone_is_not_looked_for_on_aws() {
    let server = Server::start(Record::Nothing, function::echo).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("filter")).unwrap();
    let clock = Arc::new(clock::System::default());
    let home = defaults().aws;
    let functions = Functions::new(&BTreeMap::new(), &home, directory.path(), BTreeMap::new(), clock).unwrap();
    let invokers = invokers(&server).with_functions(functions);
    let call = async |name: &str| {
        let invoker = invokers.invoker(&Target::Function(name.to_owned())).unwrap();
        invoker.invoke(Bytes::from_static(b"{}"), None).await
    };
    for name in ["filter", "filter:$LATEST", "arn:aws:lambda:us-east-1:000000000000:function:filter"] {
        let error = call(name).await.unwrap_err();
        assert!(matches!(&error, Error::Refused(reason) if reason.contains("is gone")), "{name}: {error}");
    }
    assert_eq!(server.calls(), 0);
    for name in ["other", "arn:aws:lambda:us-east-1:111122223333:function:filter"] {
        call(name).await.unwrap();
    }
    assert_eq!(server.calls(), 2);
}
