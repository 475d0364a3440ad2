//! Requests as the official signer makes them and a server receives them.

use std::time::{Duration, SystemTime};

use aws_sdk_pinpoint::config::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign as official,
};
use aws_sigv4::sign::v4::SigningParams;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{Request, Uri, Version};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

/// Where the signature stands, and what it says about the body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    Header,
    /// With `x-amz-content-sha256`.
    HeaderWithHash,
    /// A URL that is valid for ten minutes.
    Query,
    Unsigned,
    Streaming,
}

/// A request as a server received it.
#[derive(Clone)]
pub struct Signed {
    pub head: Parts,
    pub body: Vec<u8>,
}

const HOST_NAME: &str = "localhost:5000";

pub fn sign(
    key_id: &str,
    secret: &SecretString,
    form: Form,
    method: &str,
    target: &str,
    body: &[u8],
    now: Timestamp,
) -> Signed {
    let scope = ("us-east-1", "mobiletargeting");
    sign_scoped(HOST_NAME, scope, (key_id, secret), form, (method, target, body), now)
}

/// A plain request, signed for this host.
pub fn sign_at(host: &str, key_id: &str, secret: &SecretString, now: Timestamp) -> Signed {
    let scope = ("us-east-1", "mobiletargeting");
    sign_scoped(host, scope, (key_id, secret), Form::Header, ("GET", "/v1/apps", b""), now)
}

/// A plain request, signed for this region and service.
pub fn sign_for(region: &str, service: &str, key_id: &str, secret: &SecretString, now: Timestamp) -> Signed {
    sign_scoped(HOST_NAME, (region, service), (key_id, secret), Form::Header, ("GET", "/v1/apps", b""), now)
}

fn sign_scoped(
    host: &str,
    (region, service): (&str, &str),
    (key_id, secret): (&str, &SecretString),
    form: Form,
    (method, target, body): (&str, &str, &[u8]),
    now: Timestamp,
) -> Signed {
    let mut settings = SigningSettings::default();
    let mut signable = SignableBody::Bytes(body);
    match form {
        Form::Header => {}
        Form::Query => {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(Duration::from_secs(600));
        }
        Form::HeaderWithHash | Form::Unsigned | Form::Streaming => {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
    }
    if form == Form::Unsigned {
        signable = SignableBody::UnsignedPayload;
    } else if form == Form::Streaming {
        signable = SignableBody::StreamingUnsignedPayloadTrailer;
    }
    let identity = Credentials::new(key_id, secret.expose_secret(), None, None, "test").into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(SystemTime::from(now))
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let uri = format!("http://{host}{target}");
    // Spaces at the ends and within, as clients may send them.
    let headers = [(CONTENT_TYPE.as_str(), "application/json;  charset=utf-8")];
    let signable = SignableRequest::new(method, &uri, headers.into_iter(), signable).unwrap();
    let (instructions, _) = official(signable, &params).unwrap().into_parts();

    let mut request = Request::builder().method(method).uri(&uri).body(()).unwrap();
    request.headers_mut().insert(CONTENT_TYPE, headers[0].1.parse().unwrap());
    request.headers_mut().insert(HOST, host.parse().unwrap());
    instructions.apply_to_request_http1x(&mut request);
    let (mut head, ()) = request.into_parts();
    head.uri = Uri::from(head.uri.path_and_query().unwrap().clone());
    Signed { head, body: body.to_vec() }
}

impl Signed {
    /// The same request, as HTTP/2 carries it.
    pub fn over_http2(&mut self) {
        self.head.headers.remove(HOST);
        self.head.version = Version::HTTP_2;
        let target = self.head.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        self.head.uri = format!("http://{HOST_NAME}{target}").parse().unwrap();
    }
}
