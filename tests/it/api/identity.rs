//! Temporary keys over HTTP: the exchange, and what such a key may do.

use std::process::Stdio;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use bytes::Bytes;
use hyper::{Request, Response};
use pinwheel::api::auth::{Policy, issue};
use pinwheel::app::{self, App};
use pinwheel::config::{Config, Sources};
use pinwheel::http::{Access, Client};
use pinwheel::sandbox::oidc::Oidc;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::lambda::root;
use crate::client::Serving;
use crate::support::{APPLICATION, populate};

/// A server with keys, whose role `app` trusts a provider.
struct World {
    app: App,
    serving: Serving,
    oidc: Oidc,
    client: Client,
    _directory: TempDir,
}

impl World {
    async fn start(more: &[&str]) -> Self {
        let (directory, oidc) = (TempDir::new().unwrap(), Oidc::start_with_public_rsa_key().await.unwrap());
        let mut flags = vec![
            format!("data.directory={}", directory.path().join("data").display()),
            format!("identity.app.issuer={}", oidc.issuer()),
            "identity.app.audiences=[\"web\"]".to_owned(),
            format!("identity.app.applications=[\"{APPLICATION}\"]"),
        ];
        flags.extend(more.iter().map(|flag| (*flag).to_owned()));
        let app = App::open(Config::load(Sources { flags, ..Sources::default() }).unwrap()).unwrap();
        populate(&app, Vec::new()).await;
        let serving = Serving::verifying(&app).await;
        Self { app, serving, oidc, client: Client::new(Access::ANY), _directory: directory }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.serving.client.address())
    }

    fn token(&self, user: &str) -> String {
        let now = self.app.clock.now().as_second();
        let claims = json!({"iss": self.oidc.issuer(), "aud": "web", "sub": user, "iat": now, "exp": now + 600});
        self.oidc.token("RS256", &claims)
    }

    /// Status and XML of an exchange.
    async fn exchange(&self, role: &str, token: &str) -> (u16, String) {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15")])
            .extend_pairs([("RoleArn", &*format!("arn:aws:iam::000000000000:role/{role}"))])
            .extend_pairs([("RoleSessionName", "web"), ("WebIdentityToken", token)])
            .finish();
        let request = Request::post(self.url("/")).header("content-type", "application/x-www-form-urlencoded");
        let answer = self.client.send(request.body(form.into()).unwrap(), 1 << 20).await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/xml");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        (answer.status().as_u16(), String::from_utf8(answer.body().to_vec()).unwrap())
    }

    /// A temporary key.
    async fn key(&self, user: &str) -> Credentials {
        let (status, xml) = self.exchange("app", &self.token(user)).await;
        assert_eq!(status, 200, "{xml}");
        let [id, secret, token] = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| element(&xml, name));
        Credentials::new(id, secret, Some(token), None, "test")
    }

    /// A key that does not end.
    async fn static_key(&self, policy: Policy) -> Credentials {
        let vault = app::open_vault(&self.app.config).unwrap();
        let keys = app::open_keys(&self.app.config, self.app.clock.clone()).unwrap();
        let issued = issue(&vault, policy, String::new(), self.app.clock.now()).unwrap();
        let key = Credentials::new(&issued.key.id, issued.secret.expose_secret(), None, None, "test");
        keys.put_key(issued.key).await.unwrap();
        // The server asks for changes four times a second.
        self.app.clock.sleep(Duration::from_secs(1)).await;
        key
    }

    /// Status, error type and body of a signed request.
    async fn send(&self, key: &Credentials, method: &str, rest: &str, body: Value) -> (u16, String, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = self.sign(key, method, &format!("/v1/apps/{APPLICATION}{rest}"), body, false);
        read(self.client.send(request, 1 << 20).await.unwrap())
    }

    fn sign(&self, key: &Credentials, method: &str, path: &str, body: String, in_query: bool) -> Request<Bytes> {
        let mut settings = SigningSettings::default();
        if in_query {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(Duration::from_secs(60));
        }
        let identity = key.clone().into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name("mobiletargeting")
            .time(SystemTime::from(self.app.clock.now()))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let url = self.url(path);
        let signable =
            SignableRequest::new(method, &url, std::iter::empty(), SignableBody::Bytes(body.as_bytes())).unwrap();
        let (instructions, _) = sign(signable, &params).unwrap().into_parts();
        let mut request = Request::builder().method(method).uri(url).body(Bytes::from(body)).unwrap();
        instructions.apply_to_request_http1x(&mut request);
        request
    }
}

fn read(answer: Response<Bytes>) -> (u16, String, Value) {
    let kind = answer.headers().get("x-amzn-errortype").map_or("", |kind| kind.to_str().unwrap()).to_owned();
    (answer.status().as_u16(), kind, serde_json::from_slice(answer.body()).unwrap_or_default())
}

fn element(xml: &str, name: &str) -> String {
    let (_, rest) = xml.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name} in {xml}"));
    rest.split_once("</").unwrap().0.to_owned()
}

#[track_caller]
fn denied(answer: &(u16, String, Value)) {
    let expected = "the endpoint is not one of the user's own";
    let (status, kind, body) = answer;
    assert_eq!((*status, kind.as_str(), &body["Message"]), (403, "AccessDeniedException", &json!(expected)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_good_for_the_users_own_endpoints() {
    let world = World::start(&[]).await;
    let (ann, bob) = (world.key("ann").await, world.key("bob").await);
    let in_app = json!({"ChannelType": "IN_APP"});
    assert_eq!(world.send(&ann, "PUT", "/endpoints/a", in_app.clone()).await.0, 202);
    assert_eq!(world.send(&bob, "PUT", "/endpoints/b", in_app.clone()).await.0, 202);
    let own = world.send(&ann, "GET", "/endpoints/a", Value::Null).await;
    assert_eq!((own.0, &own.2["User"]["UserId"]), (200, &json!("ann")), "the server says whose it is");
    assert_eq!(world.send(&ann, "GET", "/endpoints/a/inappmessages", Value::Null).await.0, 200);
    assert_eq!(world.send(&ann, "GET", "/users/ann", Value::Null).await.2["Item"].as_array().unwrap().len(), 1);

    // Nobody can tell an endpoint of somebody else from none.
    for id in ["b", "nobody"] {
        denied(&world.send(&ann, "GET", &format!("/endpoints/{id}"), Value::Null).await);
        denied(&world.send(&ann, "GET", &format!("/endpoints/{id}/inappmessages"), Value::Null).await);
    }
    denied(&world.send(&ann, "GET", "/users/bob", Value::Null).await);
    denied(&world.send(&ann, "GET", "/users/nobody", Value::Null).await);
    denied(&world.send(&ann, "PUT", "/endpoints/b", in_app.clone()).await);
    denied(&world.send(&ann, "PUT", "/endpoints/a", json!({"User": {"UserId": "bob"}})).await);
    denied(&world.send(&ann, "PUT", "/endpoints/new", json!({"User": {"UserId": "bob"}})).await);
    let batch = json!({"Item": [{"Id": "c", "ChannelType": "IN_APP"}, {"Id": "b", "OptOut": "ALL"}]});
    let refused = world.send(&ann, "PUT", "/endpoints", batch).await;
    assert_eq!((refused.0, refused.1.as_str()), (403, "AccessDeniedException"), "{refused:?}");
    let bobs = world.send(&bob, "GET", "/endpoints/b", Value::Null).await.2;
    assert_eq!((&bobs["User"]["UserId"], &bobs["OptOut"]), (&json!("bob"), &json!("NONE")));

    // And nothing else.
    for (method, rest) in [("DELETE", "/endpoints/a"), ("GET", ""), ("GET", "/campaigns"), ("DELETE", "/users/ann")] {
        let answer = world.send(&ann, method, rest, Value::Null).await;
        assert_eq!((answer.0, answer.1.as_str()), (403, "AccessDeniedException"), "{method} {rest}");
    }
    let elsewhere = world.sign(&ann, "PUT", "/v1/apps/other/endpoints/a", in_app.to_string(), false);
    assert_eq!(read(world.client.send(elsewhere, 1 << 20).await.unwrap()).0, 403);
    let presigned = world.sign(&ann, "GET", &format!("/v1/apps/{APPLICATION}/endpoints/a"), String::new(), true);
    assert_eq!(read(world.client.send(presigned, 1 << 20).await.unwrap()).0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_others_are_refused_one_by_one() {
    let world = World::start(&[]).await;
    let (ann, bob) = (world.key("ann").await, world.key("bob").await);
    world.send(&bob, "PUT", "/endpoints/b", json!({"ChannelType": "IN_APP"})).await;
    let event = |kind: &str| json!({"1": {"EventType": kind, "Timestamp": "2026-03-01T09:00:00Z"}});
    let body = json!({"BatchItem": {
        "a": {"Endpoint": {"ChannelType": "IN_APP"}, "Events": event("_inapp.message_displayed")},
        "b": {"Endpoint": {}, "Events": event("_inapp.message_displayed")},
        "b2": {"Endpoint": {"User": {"UserId": "bob"}}, "Events": event("x")},
        "nobody": {"Endpoint": {}, "Events": event("x")},
    }});
    let (status, _, answer) = world.send(&ann, "POST", "/events", body).await;
    assert_eq!(status, 202);
    let results = &answer["Results"];
    assert_eq!(results["a"]["EndpointItemResponse"]["StatusCode"], 202, "{answer}");
    assert_eq!(results["a"]["EventsItemResponse"]["1"]["StatusCode"], 202);
    for id in ["b", "b2", "nobody"] {
        let forbidden = json!({"Message": "the endpoint is not one of the user's own", "StatusCode": 403});
        assert_eq!(results[id], json!({"EndpointItemResponse": forbidden, "EventsItemResponse": {"1": forbidden}}));
    }
    let kept = world.app.store.events_after(&pinwheel::domain::ApplicationId::new(APPLICATION), 0, 100).await.unwrap();
    let kept: Vec<_> = kept.iter().map(|row| row.event.endpoint_id.as_str()).collect();
    assert_eq!(kept, ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_the_server_are_taken_from_administrators_alone() {
    let world = World::start(&[]).await;
    let application = pinwheel::domain::ApplicationId::new(APPLICATION);
    let forged = ["_campaign.send", "_journey.send", "_email.open", "_SMS.SUCCESS", "_endpoint.inactive"];
    let own = ["_campaign.opened_notification", "_inapp.message_displayed", "_session.start", "_userauth.sign_in"];
    let keys = [
        ("user", world.key("ann").await, 403),
        ("application", world.static_key(Policy::Application(application.clone())).await, 403),
        ("administrator", world.static_key(Policy::Administrator).await, 202),
    ];
    let mut expected = Vec::new();
    for (holder, key, status) in &keys {
        let event = |kind: &&str| ((*kind).to_owned(), json!({"EventType": kind, "Timestamp": "2026-03-01T09:00:00Z"}));
        let events: serde_json::Map<_, _> = forged.iter().chain(&own).map(event).collect();
        let id = format!("of-{holder}");
        let body = json!({"BatchItem": {&id: {"Endpoint": {"ChannelType": "IN_APP"}, "Events": events}}});
        let (answered, _, answer) = world.send(key, "POST", "/events", body).await;
        assert_eq!(answered, 202, "{holder}: {answer}");
        let item = &answer["Results"][&id];
        assert_eq!(item["EndpointItemResponse"]["StatusCode"], 202, "{holder}: {answer}");
        for kind in forged {
            let message = match status {
                403 => format!("EventType: `{kind}` is an event that only the server makes"),
                _ => "Accepted".to_owned(),
            };
            let refused = json!({"StatusCode": status, "Message": message});
            assert_eq!(item["EventsItemResponse"][kind], refused, "{holder}");
        }
        for kind in own {
            assert_eq!(item["EventsItemResponse"][kind]["StatusCode"], 202, "{holder}: {kind}");
        }
        let kept = if *status == 403 { own.to_vec() } else { [&forged[..], &own].concat() };
        expected.extend(kept.into_iter().map(|kind| (id.clone(), kind.to_owned())));
    }
    let kept = world.app.store.events_after(&application, 0, 100).await.unwrap();
    let mut kept: Vec<_> = kept.into_iter().map(|row| (row.event.endpoint_id, row.event.event_type)).collect();
    kept.sort();
    expected.sort();
    assert_eq!(kept, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_key_cannot_push_out_the_users_endpoints() {
    let world = World::start(&[]).await;
    let ann = world.key("ann").await;
    let push = |n: usize| json!({"ChannelType": "GCM", "Address": format!("token{n}")});
    for n in 0..15 {
        assert_eq!(world.send(&ann, "PUT", &format!("/endpoints/e{n}"), push(n)).await.0, 202);
    }
    let (status, _, answer) = world.send(&ann, "PUT", "/endpoints/e15", push(15)).await;
    assert_eq!(
        (status, &answer["Message"]),
        (400, &json!("User.UserId: Exceeded maximum endpoint per user count: 15"))
    );
    let kept = world.send(&ann, "GET", "/users/ann", Value::Null).await.2;
    assert_eq!(kept["Item"].as_array().unwrap().len(), 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_without_a_user_are_adopted_if_the_settings_say_so() {
    let nameless = crate::support::endpoint("old", pinwheel::domain::ChannelType::InApp, "x");
    for (setting, status) in [("identity.app.adopt_endpoints=false", 403), ("identity.app.adopt_endpoints=true", 202)] {
        let world = World::start(&[setting]).await;
        let (application, now) =
            (pinwheel::domain::ApplicationId::new(APPLICATION), "2026-03-01T09:00:00.000Z".to_owned());
        world.app.store.upsert_endpoints(&application, vec![nameless.clone()], now).await.unwrap();
        let ann = world.key("ann").await;
        denied(&world.send(&ann, "GET", "/endpoints/old", Value::Null).await);
        assert_eq!(world.send(&ann, "PUT", "/endpoints/old", json!({"OptOut": "ALL"})).await.0, status, "{setting}");
        let bob = world.key("bob").await;
        let bobs = world.send(&bob, "PUT", "/endpoints/old", json!({"OptOut": "NONE"})).await;
        assert_eq!(bobs.0, 403, "{setting}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stolen_and_swapped_keys_are_refused() {
    let world = World::start(&[]).await;
    let (ann, bob) = (world.key("ann").await, world.key("bob").await);
    world.send(&ann, "PUT", "/endpoints/a", json!({"ChannelType": "IN_APP"})).await;
    let with = |id: &Credentials, secret: &Credentials, token: Option<&str>| {
        Credentials::new(id.access_key_id(), secret.secret_access_key(), token.map(str::to_owned), None, "test")
    };
    let mut cut = ann.session_token().unwrap().to_owned();
    cut.pop();
    for (what, key, kind) in [
        ("no session token", with(&ann, &ann, None), "UnrecognizedClientException"),
        ("a cut one", with(&ann, &ann, Some(&cut)), "UnrecognizedClientException"),
        ("an empty one", with(&ann, &ann, Some("")), "UnrecognizedClientException"),
        ("that of another key", with(&bob, &bob, ann.session_token()), "UnrecognizedClientException"),
        ("another secret", with(&ann, &bob, ann.session_token()), "InvalidSignatureException"),
    ] {
        let answer = world.send(&key, "GET", "/endpoints/a", Value::Null).await;
        assert_eq!((answer.0, answer.1.as_str()), (403, kind), "{what}");
    }
    let answer = world.send(&ann, "GET", "/endpoints/a", Value::Null).await;
    assert_eq!(answer.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_stss_own() {
    let world = World::start(&[]).await;
    let now = world.app.clock.now().as_second();
    let claims =
        |aud: &str, exp: i64| json!({"iss": world.oidc.issuer(), "aud": aud, "sub": "ann", "iat": now, "exp": exp});
    for (role, token, status, code) in [
        ("app", "a.b.c".to_owned(), 400, "InvalidIdentityToken"),
        ("app", world.oidc.token("ES256", &claims("other", now + 60)), 400, "InvalidIdentityToken"),
        ("app", world.oidc.token("ES256", &claims("web", now - 120)), 400, "ExpiredTokenException"),
        ("none", world.token("ann"), 403, "AccessDenied"),
    ] {
        let (answered, xml) = world.exchange(role, &token).await;
        assert_eq!((answered, element(&xml, "Code").as_str()), (status, code), "{xml}");
        assert!(!xml.contains(&token), "{xml}");
    }
    let preflight = Request::options(world.url("/"))
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "content-type,amz-sdk-invocation-id,amz-sdk-request,x-amz-user-agent",
        );
    let answer = world.client.send(preflight.body(Bytes::new()).unwrap(), 1 << 20).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["access-control-allow-origin"].to_str().unwrap()),
        (200, "*")
    );
}

const SCRIPT: &str = r#"
import sys, boto3, botocore
url, application, good, expired = sys.argv[1:]
sts = boto3.client("sts", endpoint_url=url, region_name="us-east-1", config=botocore.config.Config(retries={"total_max_attempts": 1}))
role = dict(RoleArn="arn:aws:iam::000000000000:role/app", RoleSessionName="web")
try:
    sts.assume_role_with_web_identity(WebIdentityToken=expired, **role)
    raise SystemExit("an expired token is taken")
except sts.exceptions.ExpiredTokenException as error:
    assert "Token expired" in str(error), error
try:
    sts.assume_role_with_web_identity(WebIdentityToken="a.b.c", **role)
    raise SystemExit("no token is taken")
except sts.exceptions.InvalidIdentityTokenException:
    pass
answer = sts.assume_role_with_web_identity(WebIdentityToken=good, DurationSeconds=900, **role)
assert answer["SubjectFromWebIdentityToken"] == "ann" and answer["Audience"] == "web", answer
assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::000000000000:assumed-role/app/web", answer
key = answer["Credentials"]
left = key["Expiration"] - __import__("datetime").datetime.now(key["Expiration"].tzinfo)
assert 800 < left.total_seconds() <= 900, left
pinpoint = boto3.client("pinpoint", endpoint_url=url, region_name="us-east-1", aws_access_key_id=key["AccessKeyId"],
    aws_secret_access_key=key["SecretAccessKey"], aws_session_token=key["SessionToken"])
pinpoint.update_endpoint(ApplicationId=application, EndpointId="e", EndpointRequest={"ChannelType": "IN_APP"})
event = {"EventType": "x", "Timestamp": "2026-03-01T09:00:00Z"}
results = pinpoint.put_events(ApplicationId=application, EventsRequest={"BatchItem": {"e": {"Endpoint": {}, "Events": {"1": event}}}})
assert results["EventsResponse"]["Results"]["e"]["EventsItemResponse"]["1"]["StatusCode"] == 202, results
pinpoint.get_in_app_messages(ApplicationId=application, EndpointId="e")
try:
    pinpoint.get_in_app_messages(ApplicationId=application, EndpointId="f")
    raise SystemExit("another endpoint's messages are shown")
except botocore.exceptions.ClientError as error:
    assert error.response["Error"]["Code"] == "AccessDeniedException", error
"#;

#[tokio::test(flavor = "multi_thread")]
async fn boto3_exchanges_tokens() {
    let world = World::start(&[]).await;
    let now = world.app.clock.now().as_second();
    let claims = json!({"iss": world.oidc.issuer(), "aud": "web", "sub": "ann", "iat": now - 600, "exp": now - 300});
    let python = std::env::var_os("PINWHEEL_TEST_PYTHON").unwrap_or_else(|| root().join(".venv/bin/python").into());
    let mut command = tokio::process::Command::new(python);
    command.args(["-c", SCRIPT, &world.url(""), APPLICATION, &world.token("ann"), &world.oidc.token("EdDSA", &claims)]);
    command.env_clear().envs([("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_CONFIG_FILE", "/nonexistent")]);
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A connection with a POST for STS of which the body is only begun.
async fn begun(world: &World, announced: usize, sent: usize) -> TcpStream {
    let mut stream = TcpStream::connect(world.serving.client.address()).await.unwrap();
    let head = format!("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: {announced}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b'a'; sent]).await.unwrap();
    stream
}

/// The answer, as far as it is there at first.
async fn answer(mut stream: TcpStream) -> String {
    let mut answer = vec![0; 4096];
    let bytes = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..bytes]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_roles_no_body_is_read() {
    let mut world = World::start(&[]).await;
    let directory = TempDir::new().unwrap();
    let flags = vec![format!("data.directory={}", directory.path().join("data").display())];
    let app = App::open(Config::load(Sources { flags, ..Sources::default() }).unwrap()).unwrap();
    world.serving = Serving::verifying(&app).await;
    let answer = answer(begun(&world, 1000, 0).await).await;
    assert!(answer.contains("403 Forbidden") && answer.contains("<Code>AccessDenied</Code>"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_does_not_hold_an_exchange() {
    let world = World::start(&[]).await;
    world.oidc.set_hanging(true);
    let (status, xml) = world.exchange("app", &world.token("ann")).await;
    assert!(status == 400 && xml.contains("<Code>IDPCommunicationError</Code>"), "{xml}");
}
