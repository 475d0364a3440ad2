//! The verifier against requests of the official signer, and against whoever changes them.

mod request;
mod tamper;

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{HeaderValue, StatusCode, Version};
use futures_util::FutureExt;
use jiff::{Timestamp, ToSpan};
use parking_lot::Mutex;
use secrecy::SecretString;
use tempfile::TempDir;

use self::request::{Form, Signed, sign};
use super::*;
use crate::clock::Held;
use crate::domain::ApplicationId;
use crate::store::{AccessKey, Call};

/// Keys in memory.
#[derive(Default)]
struct Keys(Mutex<Vec<AccessKey>>);

impl KeyStore for Keys {
    fn put_key(&self, key: AccessKey) -> Call<'_, ()> {
        self.0.lock().push(key);
        Box::pin(async { Ok(()) })
    }

    fn key(&self, id: &str) -> Call<'_, Option<AccessKey>> {
        let found = self.0.lock().iter().find(|key| key.id == id).cloned();
        Box::pin(async { Ok(found) })
    }

    fn keys(&self) -> Call<'_, Vec<AccessKey>> {
        let keys = self.0.lock().clone();
        Box::pin(async { Ok(keys) })
    }

    fn put_sealed_secret(&self, id: &str, sealed_secret: Vec<u8>) -> Call<'_, ()> {
        if let Some(key) = self.0.lock().iter_mut().find(|key| key.id == id) {
            key.sealed_secret = sealed_secret;
        }
        Box::pin(async { Ok(()) })
    }

    fn revoke_key(&self, id: &str, now: Timestamp) -> Call<'_, Option<AccessKey>> {
        let mut keys = self.0.lock();
        let key = keys.iter_mut().find(|key| key.id == id).map(|key| {
            key.revoked_at.get_or_insert(now);
            key.clone()
        });
        Box::pin(async { Ok(key) })
    }
}

/// An authenticator with one administrator's key.
struct Gate {
    authenticator: Authenticator,
    keys: Arc<Keys>,
    clock: Arc<Held>,
    key_id: String,
    secret: SecretString,
    _folder: TempDir,
}

impl Gate {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vault = Arc::new(Vault::open(&folder.path().join("key")).unwrap());
        let (keys, clock) = (Arc::new(Keys::default()), Arc::new(Held::default()));
        let Issued { key, secret } = issue(&vault, Policy::Administrator, String::new(), clock.now()).unwrap();
        let key_id = key.id.clone();
        keys.0.lock().push(key);
        let authenticator = Authenticator::verifying(keys.clone(), vault, clock.clone());
        Self { authenticator, keys, clock, key_id, secret, _folder: folder }
    }

    /// A plain request that would be let in.
    fn request(&self) -> Signed {
        self.sign(Form::Header, "GET", "/v1/apps?page-size=5", b"")
    }

    fn sign(&self, form: Form, method: &str, target: &str, body: &[u8]) -> Signed {
        sign(&self.key_id, &self.secret, form, method, target, body, self.clock.now())
    }

    fn ask(&self, request: &Signed) -> Result<Principal, Error> {
        let asked = self.authenticator.authenticate(&request.head, &request.body);
        asked.now_or_never().expect("keys in memory do not wait")
    }

    /// The error type and text a request is refused with.
    fn refusal(&self, request: &Signed) -> (&'static str, String) {
        let error = self.ask(request).expect_err("let in");
        assert_eq!(error.status(), StatusCode::FORBIDDEN);
        (error.kind(), error.to_string())
    }
}

const TARGETS: [&str; 16] = [
    "/v1/apps",
    "/v1/apps/",
    "/v1/apps?page-size=5&token=",
    "/v1/apps?token=a%2Bb%2Fc%3D%3D&page-size=100",
    "/v1/apps?flag",
    "/v1/tags/arn%3Aaws%3Amobiletargeting%3Aus-east-1%3A000000000000%3Aapps%2F0123",
    "/v1/tags/arn%3Aaws%3Ax?tagKeys=b&tagKeys=a&tagKeys=&tagKeys=%C3%A9",
    "/v1/tags/arn:aws:mobiletargeting:us-east-1:000000000000:apps/0123",
    "/v1/apps/0123/endpoints/a%20b",
    "/v1/apps/0123/endpoints/%C3%A9%F0%9F%90%B1",
    "/v1/apps/0123/endpoints/a%2Fb%2F..%2Fc",
    "/v1/apps/0123/endpoints/100%25%3F%23",
    "/v1/apps/0123/endpoints/a!b'c(d)e*f,g;h=i@j$k&l+m~n",
    "/v1//apps/./0123/../4567/endpoints//x",
    "/v1/templates/%7B%7Bname%7D%7D/email?version=1&create-new-version=true",
    "/?z=1&a=%7E&A=2&-=3",
];

#[test]
fn what_is_signed_for_pinpoints_own_host_may_be_led_here() {
    let gate = Gate::new();
    let led = |host: &str, to: &'static str| {
        let mut request = request::sign_at(host, &gate.key_id, &gate.secret, gate.clock.now());
        request.head.headers.insert(HOST, HeaderValue::from_static(to));
        gate.ask(&request).is_ok()
    };
    assert!(led("pinpoint.us-east-1.amazonaws.com", "pinwheel.example.com"));
    assert!(led("pinpoint.us-east-1.amazonaws.com", "pinpoint.us-east-1.amazonaws.com"));
    assert!(!led("pinpoint.eu-west-1.amazonaws.com", "pinwheel.example.com"), "the host of another region");
    assert!(!led("pinwheel.example.com", "pinpoint.us-east-1.amazonaws.com"), "a host of ours that is changed");
}

#[test]
fn requests_of_the_official_signer_are_let_in() {
    let gate = Gate::new();
    for form in [Form::Header, Form::HeaderWithHash, Form::Query] {
        for target in TARGETS {
            for (method, body) in [("GET", &b""[..]), ("PUT", b"{\"Name\":\"x\"}"), ("DELETE", b"")] {
                let mut request = gate.sign(form, method, target, body);
                let principal =
                    gate.ask(&request).unwrap_or_else(|error| panic!("{form:?} {method} {target}: {error}"));
                assert_eq!(principal.key_id.as_ref(), Some(&gate.key_id));
                assert_eq!(principal.grant, Grant::Policy(Policy::Administrator));

                request.over_http2();
                gate.ask(&request).unwrap_or_else(|error| panic!("HTTP/2 {form:?} {method} {target}: {error}"));
            }
        }
    }
}

#[test]
fn any_region_will_do_and_no_other_service() {
    let gate = Gate::new();
    for region in ["us-east-1", "moon-base-1", "x"] {
        let request = request::sign_for(region, "mobiletargeting", &gate.key_id, &gate.secret, gate.clock.now());
        gate.ask(&request).unwrap();
    }
    let request = request::sign_for("us-east-1", "pinpoint", &gate.key_id, &gate.secret, gate.clock.now());
    let expected = "Credential should be scoped to correct service: 'mobiletargeting'.";
    assert_eq!(gate.refusal(&request), ("InvalidSignatureException", expected.to_owned()));
}

#[test]
fn unsigned_requests_are_refused() {
    let gate = Gate::new();
    let mut request = gate.request();
    request.head.headers.remove(AUTHORIZATION);
    let expected = ("MissingAuthenticationTokenException", "Missing Authentication Token".to_owned());
    assert_eq!(gate.refusal(&request), expected);
    request.head.headers.insert(AUTHORIZATION, HeaderValue::from_static(""));
    assert_eq!(gate.refusal(&request), expected);
}

#[test]
fn malformed_signatures_are_refused_and_not_repeated() {
    let gate = Gate::new();
    let good = gate.request();
    let header = good.head.headers[AUTHORIZATION].to_str().unwrap().to_owned();
    let (start, signature) = header.rsplit_once('=').unwrap();
    let upper = format!("{start}={}", signature.to_uppercase());
    for text in [
        "Bearer hunter2",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 hunter2",
        "AWS4-HMAC-SHA256 Credential=hunter2",
        "AWS4-ECDSA-P256-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=00",
        &header.replace("Signature=", "Signatur="),
        &header.replace(";host;", ";Host;"),
        &header.replace(";host;", ";a;host;"),
        &header.replace(";host;", ";host;host;"),
        &header.replace(";host;", ";;host;"),
        &header.replace("/aws4_request", ""),
        &header.replace(&gate.key_id, ""),
        &header.replace("us-east-1", ""),
        &header[..header.len() - 1],
        &format!("{header}0"),
        &upper,
        &format!("{header}, Signature={signature}"),
    ] {
        let mut request = gate.request();
        request.head.headers.insert(AUTHORIZATION, text.parse().unwrap());
        let (kind, message) = gate.refusal(&request);
        assert_eq!(kind, "IncompleteSignatureException", "{text}: {message}");
        assert!(!message.contains("hunter2") && !message.contains(signature), "{message}");
    }

    let mut twice = gate.request();
    twice.head.headers.append(AUTHORIZATION, header.parse().unwrap());
    assert_eq!(gate.refusal(&twice).0, "IncompleteSignatureException");
    let mut both = gate.sign(Form::Query, "GET", "/v1/apps", b"");
    both.head.headers.insert(AUTHORIZATION, header.parse().unwrap());
    assert_eq!(gate.refusal(&both).0, "IncompleteSignatureException");
    let mut undated = gate.request();
    undated.head.headers.remove("x-amz-date");
    let expected = "Authorization header requires existence of a 'X-Amz-Date' header.";
    assert_eq!(gate.refusal(&undated), ("IncompleteSignatureException", expected.to_owned()));
    for date in ["20260301", "2026-03-01T09:00:00Z", "20261301T090000Z", "2026 301T090000Z", "x"] {
        let mut request = gate.request();
        request.head.headers.insert("x-amz-date", date.parse().unwrap());
        assert_eq!(gate.refusal(&request).0, "IncompleteSignatureException", "{date}");
    }
    let mut scope = gate.request();
    scope.head.headers.insert(AUTHORIZATION, header.replace("aws4_request", "aws5_request").parse().unwrap());
    assert_eq!(gate.refusal(&scope).0, "InvalidSignatureException");
    let mut day = gate.request();
    day.head.headers.insert("x-amz-date", "20260228T235959Z".parse().unwrap());
    let expected = "Date in Credential scope does not match the date of the request.";
    assert_eq!(gate.refusal(&day), ("InvalidSignatureException", expected.to_owned()));
}

#[test]
fn malformed_urls_are_refused() {
    let gate = Gate::new();
    let good = gate.sign(Form::Query, "GET", "/v1/apps", b"").head.uri.to_string();
    let with = |name: &str, value: &str| {
        let (start, rest) = good.split_once(&format!("{name}=")).unwrap();
        let end = rest.find('&').unwrap_or(rest.len());
        format!("{start}{name}={value}{}", &rest[end..])
    };
    for target in [
        "/v1/apps?X-Amz-Signature=00".to_owned(),
        with("X-Amz-Algorithm", "AWS4-HMAC-SHA1"),
        with("X-Amz-Credential", "x"),
        with("X-Amz-Date", "now"),
        with("X-Amz-Expires", "0"),
        with("X-Amz-Expires", "604801"),
        with("X-Amz-Expires", "-1"),
        with("X-Amz-Expires", ""),
        with("X-Amz-SignedHeaders", "%FF"),
        with("X-Amz-Signature", "00"),
        format!("{good}&X-Amz-Signature=00"),
        format!("{good}&X-Amz-Expires=600"),
    ] {
        let mut request = gate.sign(Form::Query, "GET", "/v1/apps", b"");
        request.head.uri = target.parse().unwrap();
        let (kind, message) = gate.refusal(&request);
        assert_eq!(kind, "IncompleteSignatureException", "{target}: {message}");
    }
}

#[test]
fn clocks_may_be_five_minutes_apart() {
    let gate = Gate::new();
    let at = |form, seconds: i64| {
        let time = gate.clock.now() + seconds.seconds();
        let request = sign(&gate.key_id, &gate.secret, form, "GET", "/v1/apps", b"", time);
        gate.ask(&request).map(drop).map_err(|error| (error.kind(), error.to_string()))
    };
    let refused = |text: &str| Err(("InvalidSignatureException", text.to_owned()));
    for seconds in [-300, -299, 0, 299, 300] {
        assert_eq!(at(Form::Header, seconds), Ok(()), "{seconds} s");
    }
    assert_eq!(
        at(Form::Header, -301),
        refused("Signature expired: 20260301T085459Z is now earlier than 20260301T085500Z (20260301T090000Z - 5 min.)")
    );
    let early =
        "Signature not yet current: 20260301T090501Z is still later than 20260301T090500Z (20260301T090000Z + 5 min.)";
    assert_eq!(at(Form::Header, 301), refused(early));

    // A URL is valid for ten minutes here.
    for seconds in [-600, -301, 0, 300] {
        assert_eq!(at(Form::Query, seconds), Ok(()), "{seconds} s");
    }
    let late = "Signature expired: the URL was valid until 20260301T085959Z, and it is now 20260301T090000Z";
    assert_eq!(at(Form::Query, -601), refused(late));
    assert_eq!(at(Form::Query, 301), refused(early));
}

#[test]
fn what_must_be_signed_is() {
    let gate = Gate::new();
    let mut forgotten = gate.request();
    forgotten.head.headers.insert("x-amz-target", HeaderValue::from_static("x"));
    let expected = "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.";
    assert_eq!(gate.refusal(&forgotten), ("InvalidSignatureException", expected.to_owned()));
    for form in [Form::Header, Form::Query] {
        let mut harmless = gate.sign(form, "GET", "/v1/apps", b"");
        for name in ["x-amz-user-agent", "x-amz-cf-id", "x-amzn-trace-id", "amz-sdk-request", "user-agent"] {
            harmless.head.headers.insert(name, HeaderValue::from_static("x"));
        }
        gate.ask(&harmless).unwrap();
    }
    let mut hostless = gate.request();
    let header = hostless.head.headers[AUTHORIZATION].to_str().unwrap().replace(";host;", ";");
    hostless.head.headers.insert(AUTHORIZATION, header.parse().unwrap());
    let expected = "'host' must be a 'SignedHeader' in the AWS Authorization.";
    assert_eq!(gate.refusal(&hostless), ("InvalidSignatureException", expected.to_owned()));
    let mut elsewhere = gate.request();
    elsewhere.head.headers.insert(HOST, HeaderValue::from_static("example.com"));
    assert_eq!(gate.refusal(&elsewhere).0, "InvalidSignatureException");
}

#[test]
fn the_body_must_be_signed_whole() {
    let gate = Gate::new();
    for form in [Form::Unsigned, Form::Streaming] {
        let request = gate.sign(form, "POST", "/v1/apps", b"{}");
        let (kind, message) = gate.refusal(&request);
        assert_eq!(kind, "InvalidSignatureException");
        assert!(message.contains("UNSIGNED-PAYLOAD and STREAMING-… are not supported"), "{message}");
    }
    // The hash alone is not enough, and neither is a signature over another one.
    let mut request = gate.sign(Form::HeaderWithHash, "POST", "/v1/apps", b"{}");
    request.body = b"[]".to_vec();
    assert!(matches!(gate.ask(&request), Err(Error::Mismatch)));
    let other = gate.sign(Form::HeaderWithHash, "POST", "/v1/apps", b"[]");
    request.head.headers.insert("x-amz-content-sha256", other.head.headers["x-amz-content-sha256"].clone());
    assert!(matches!(gate.ask(&request), Err(Error::Mismatch)));
}

#[test]
fn unknown_and_revoked_keys_are_refused() {
    let gate = Gate::new();
    let request = gate.request();
    gate.ask(&request).unwrap();
    let expected = "The security token included in the request is invalid.".to_owned();
    gate.keys.revoke_key(&gate.key_id, gate.clock.now()).now_or_never().unwrap().unwrap();
    assert_eq!(
        gate.refusal(&request),
        ("UnrecognizedClientException", expected.clone()),
        "though it was let in before"
    );

    let stranger = sign("AKIAIOSFODNN7EXAMPLE", &gate.secret, Form::Header, "GET", "/v1/apps", b"", gate.clock.now());
    assert_eq!(gate.refusal(&stranger), ("UnrecognizedClientException", expected));
}

#[test]
fn a_wrong_secret_is_refused_whatever_was_let_in_before() {
    let gate = Gate::new();
    let wrong = SecretString::from("wrong");
    for _ in 0..2 {
        let request = sign(&gate.key_id, &wrong, Form::Header, "GET", "/v1/apps", b"", gate.clock.now());
        assert!(matches!(gate.ask(&request), Err(Error::Mismatch)));
        gate.ask(&gate.request()).unwrap();
    }
    gate.clock.advance(Duration::from_secs(24 * 60 * 60));
    gate.ask(&gate.request()).unwrap();
}

#[test]
fn a_key_of_another_vault_is_our_fault() {
    let (gate, other) = (Gate::new(), Gate::new());
    gate.keys.0.lock().extend(other.keys.0.lock().iter().cloned());
    let request = sign(&other.key_id, &other.secret, Form::Header, "GET", "/v1/apps", b"", gate.clock.now());
    let error = gate.ask(&request).unwrap_err();
    assert_eq!((error.kind(), error.status()), ("InternalServerErrorException", StatusCode::INTERNAL_SERVER_ERROR));
    assert_eq!(error.to_string(), "the secret of a key cannot be opened");
}

#[test]
fn the_open_gate_lets_everybody_in() {
    let gate = Authenticator::open();
    let ask = |request: &Signed| gate.authenticate(&request.head, &request.body).now_or_never().unwrap().unwrap();
    let mut request = sign("test", &"test".into(), Form::Header, "GET", "/", b"", Held::default().now());
    request.body = b"tampered".to_vec();
    let principal = ask(&request);
    let administrator = Grant::Policy(Policy::Administrator);
    assert_eq!((principal.key_id.as_deref(), &principal.grant), (Some("test"), &administrator));
    request.head.headers.clear();
    assert_eq!(ask(&request), Principal { key_id: None, grant: administrator });
}

#[test]
fn an_application_key_does_three_things_in_one_application() {
    let (own, other) = (ApplicationId::new("own"), ApplicationId::new("other"));
    let key_id = Some("PWAKX".to_owned());
    let user = Principal { key_id: key_id.clone(), grant: Grant::Policy(Policy::Application(own.clone())) };
    let administrator = Principal { key_id, grant: Grant::Policy(Policy::Administrator) };
    for operation in ["UpdateEndpoint", "PutEvents", "GetInAppMessages"] {
        user.may(operation, Some(&own)).unwrap();
        for elsewhere in [Some(&other), None] {
            assert_eq!(user.may(operation, elsewhere).unwrap_err().kind(), "AccessDeniedException");
            administrator.may(operation, elsewhere).unwrap();
        }
    }
    for operation in ["UpdateEndpointsBatch", "GetEndpoint", "DeleteApp", "GetApps", "putevents", ""] {
        for application in [Some(&own), Some(&other), None] {
            let error = user.may(operation, application).unwrap_err();
            assert_eq!((error.kind(), error.status()), ("AccessDeniedException", StatusCode::FORBIDDEN));
            administrator.may(operation, application).unwrap();
        }
    }
    let text = |application| user.may("GetApp", application).unwrap_err().to_string();
    let start = "User: PWAKX is not authorized to perform: mobiletargeting:GetApp";
    assert_eq!(text(None), start);
    assert_eq!(text(Some(&own)), format!("{start} on resource: apps/own"));
}

#[test]
fn events_of_the_server_are_for_administrators() {
    let own = ApplicationId::new("own");
    let user = User { id: "ann".into(), applications: [own.clone()].into(), may_adopt: true };
    let key_id = || Some("PWAKX".to_owned());
    let others = [Grant::Policy(Policy::Application(own)), Grant::User(user)];
    let others = others.map(|grant| Principal { key_id: key_id(), grant });
    let administrator = Principal { key_id: key_id(), grant: Grant::Policy(Policy::Administrator) };
    for (event_type, is_of_clients) in [
        ("_campaign.send", false),
        ("_Campaign.Send", false),
        ("_journey.send", false),
        ("_email.delivered", false),
        ("_EMAIL.open", false),
        ("_SMS.SUCCESS", false),
        ("_sms.optout", false),
        ("_endpoint.inactive", false),
        ("_campaign.opened_notification", true),
        ("_campaign.sender", true),
        ("_inapp.message_displayed", true),
        ("_session.start", true),
        ("_userauth.sign_in", true),
        ("_monetization.purchase", true),
        ("_email", true),
        ("_emaié.x", true),
        ("email.open", true),
        ("cart.add", true),
    ] {
        assert!(administrator.may_report(event_type), "{event_type}");
        for principal in &others {
            assert_eq!(principal.may_report(event_type), is_of_clients, "{event_type}");
        }
    }
}

#[test]
fn http1_and_http2_name_the_host_their_way() {
    let gate = Gate::new();
    let mut request = gate.request();
    assert!(request.head.headers.contains_key(HOST) && request.head.uri.authority().is_none());
    request.over_http2();
    assert!(!request.head.headers.contains_key(HOST) && request.head.version == Version::HTTP_2);
    gate.ask(&request).unwrap();
}
