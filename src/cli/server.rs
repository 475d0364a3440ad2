//! Asks a running server for what needs its store.

use std::time::SystemTime;

use anyhow::{Context, bail};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use url::Url;

use crate::app::{self, App};
use crate::cli::Settings;
use crate::clock::{Clock, System};
use crate::config::Config;
use crate::http::{Access, Client};
use crate::store;

/// The service that signatures are for.
const SERVICE: &str = "mobiletargeting";
const JSON: &str = "application/json";
/// Bytes of an answer at most.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Opens the store for this process alone; where a server has it, says how to ask that.
pub fn open(config: Config) -> anyhow::Result<App> {
    let address = config.api.listen;
    App::open(config).map_err(|error| match error {
        app::Error::Store(store::Error::Locked { path }) => anyhow::anyhow!(
            "`{path}` is in use by another pinwheel process; if that is `pinwheel serve`, have it do this with \
             `--endpoint-url http://{address}`, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of a key to its API; if it \
             is `pinwheel run`, stop that first, with SIGTERM"
        ),
        error => error.into(),
    })
}

/// Posts to `/pinwheel/v1/{list}/{id}/{verb}`, and returns the answer.
///
/// Signed with the key of the environment; not at all without one, as development mode takes it.
pub async fn ask(
    base: &Url,
    [list, id, verb]: [&str; 3],
    body: Option<Value>,
    settings: &Settings,
    config: &Config,
) -> anyhow::Result<Value> {
    let id = utf8_percent_encode(id, NON_ALPHANUMERIC);
    let url = format!("{}/pinwheel/v1/{list}/{id}/{verb}", base.as_str().trim_end_matches('/'));
    let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
    let host = base.host_str().with_context(|| format!("`--endpoint-url`: `{base}` names no host"))?;
    let host = base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let request = Request::builder().method(Method::POST).uri(&url);
    let mut request = request.header(HOST, host).header(CONTENT_TYPE, JSON).body(body)?;
    if let Some(credentials) = credentials(settings)? {
        let region = variable(settings, "AWS_REGION").unwrap_or(&config.aws.region);
        add_signature(&mut request, credentials, region, System::default().now().into())?;
    }

    let answer = Client::new(Access::ANY).send(request, ANSWER_BYTES_MAX).await;
    let answer = answer.with_context(|| format!("cannot reach `{base}`"))?;
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    if !answer.status().is_success() {
        let message = body["Message"].as_str().or(body["message"].as_str()).unwrap_or("it does not say why");
        bail!("the server refuses with status {}: {message}", answer.status().as_u16());
    }
    Ok(body)
}

fn add_signature(
    request: &mut Request<Bytes>,
    credentials: Credentials,
    region: &str,
    now: SystemTime,
) -> anyhow::Result<()> {
    let identity = credentials.into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(SERVICE)
        .time(now)
        .settings(SigningSettings::default())
        .build()?
        .into();
    let url = request.uri().to_string();
    let headers = request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let signable = SignableRequest::new(request.method().as_str(), &url, headers, SignableBody::Bytes(request.body()))?;
    let (instructions, _) = sign(signable, &params)?.into_parts();
    instructions.apply_to_request_http1x(request);
    Ok(())
}

fn variable<'a>(settings: &'a Settings, name: &str) -> Option<&'a str> {
    let found = settings.environment.iter().find(|(given, value)| given == name && !value.is_empty());
    found.map(|(_, value)| value.as_str())
}

/// The key of the environment.
///
/// Errors: an id without a secret.
fn credentials(settings: &Settings) -> anyhow::Result<Option<Credentials>> {
    let Some(id) = variable(settings, "AWS_ACCESS_KEY_ID") else { return Ok(None) };
    let secret = variable(settings, "AWS_SECRET_ACCESS_KEY").context("AWS_SECRET_ACCESS_KEY is not set")?;
    let token = variable(settings, "AWS_SESSION_TOKEN").map(str::to_owned);
    Ok(Some(Credentials::new(id, secret, token, None, "environment")))
}
