//! The page: built from its sources with npm's libraries, and served.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, bail};
use axum::extract::{Query, Request, State};
use axum::http::uri::Authority;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::sandbox::oidc::Oidc;

/// Whom the demo's tokens are for.
pub const AUDIENCE: &str = "pinwheel-demo";
/// How long a token may be exchanged.
const TOKEN_SECONDS: i64 = 10 * 60;

const INDEX: &str = include_str!("page/index.html");
const PACKAGES: &str = include_str!("page/package.json");
const SOURCES: [(&str, &str); 4] = [
    ("app.jsx", include_str!("page/app.jsx")),
    ("carousel.jsx", include_str!("page/carousel.jsx")),
    ("keys.js", include_str!("page/keys.js")),
    ("way.js", include_str!("page/way.js")),
];

/// What a browser loads.
pub struct Built {
    script: Bytes,
    style: Bytes,
}

/// What the page has to know; `/config.json`.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    pub api: String,
    pub app_id: String,
    pub events: Vec<String>,
    pub region: String,
    pub role_arn: String,
    pub users: Vec<String>,
}

/// Bundles the page with the libraries in the folder, which npm fetches if they are not there.
pub async fn build(folder: &Path) -> anyhow::Result<Built> {
    let modules = folder.join("node_modules");
    if !modules.join("aws-amplify").is_dir() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
        std::fs::write(folder.join("package.json"), PACKAGES)?;
        eprintln!("fetching Amplify and what else the page needs into `{}`", folder.display());
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder);
        run(npm, "npm, Debian's package `npm`").await?;
    }
    let work = tempfile(folder)?;
    let built = bundle(&modules, &work).await;
    std::fs::remove_dir_all(&work).ok();
    built
}

/// A folder below `node_modules`' own, so that imports find it.
fn tempfile(folder: &Path) -> anyhow::Result<PathBuf> {
    let work = folder.join(format!("page-{}", std::process::id()));
    std::fs::create_dir_all(&work).with_context(|| format!("cannot make `{}`", work.display()))?;
    for (name, text) in SOURCES {
        std::fs::write(work.join(name), text)?;
    }
    Ok(work)
}

async fn bundle(modules: &Path, work: &Path) -> anyhow::Result<Built> {
    // Absolute, since the command runs elsewhere.
    let mut esbuild = Command::new(std::path::absolute(modules.join(".bin/esbuild"))?);
    esbuild
        .args(["app.jsx", "--bundle", "--format=esm", "--minify", "--jsx=automatic", "--target=es2022"])
        .args(["--define:process.env.NODE_ENV=\"production\"", "--log-level=warning", "--outfile=out/app.js"])
        .current_dir(work);
    run(esbuild, "esbuild").await?;
    let read = |name: &str| std::fs::read(work.join("out").join(name)).map(Bytes::from);
    Ok(Built { script: read("app.js")?, style: read("app.css")? })
}

async fn run(mut command: Command, what: &str) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output().await;
    let output = output.with_context(|| format!("the page is built with {what}, which cannot be run"))?;
    if !output.status.success() {
        bail!("building the page failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// A server of the page that does not answer yet.
pub struct Page {
    listener: TcpListener,
    address: SocketAddr,
    built: Built,
}

struct Shared {
    built: Built,
    shown: Shown,
    oidc: Oidc,
    clock: Arc<dyn Clock>,
}

#[derive(Deserialize)]
struct Asked {
    user: String,
}

impl Page {
    pub async fn bind(address: SocketAddr, built: Built) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, built })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub async fn run(self, shown: Shown, oidc: Oidc, clock: Arc<dyn Clock>, stop: CancellationToken) {
        let shared = Arc::new(Shared { built: self.built, shown, oidc, clock });
        let typed = |kind: &'static str, body: Bytes| ([(header::CONTENT_TYPE, kind)], body);
        let router = Router::new()
            .route(
                "/",
                get(move || async move { typed("text/html; charset=utf-8", Bytes::from_static(INDEX.as_bytes())) }),
            )
            .route(
                "/app.js",
                get(move |State(page): State<Arc<Shared>>| async move {
                    typed("text/javascript", page.built.script.clone())
                }),
            )
            .route(
                "/app.css",
                get(move |State(page): State<Arc<Shared>>| async move { typed("text/css", page.built.style.clone()) }),
            )
            .route("/config.json", get(|State(page): State<Arc<Shared>>| async move { Json(page.shown.clone()) }))
            .route("/token", get(token))
            .with_state(shared)
            .layer(middleware::from_fn_with_state(self.address, refuse_others));
        let served = axum::serve(self.listener, router).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = served.await {
            tracing::error!(error = %error, "the page is not served any more");
        }
    }
}

/// Refuses what was sent to another name: pages from elsewhere can make one of theirs point here (DNS rebinding).
async fn refuse_others(State(address): State<SocketAddr>, request: Request, next: Next) -> Response {
    let hosts = request.headers().get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default());
    let names: Vec<_> = hosts.chain(request.uri().authority().map(Authority::as_str)).collect();
    if names.is_empty() || !names.iter().all(|name| is_ours(address, name)) {
        let text = format!("`Host` is not `{address}`");
        return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
    }
    next.run(request).await
}

/// Whether a `Host` is this address, or `localhost` at its port.
fn is_ours(address: SocketAddr, text: &str) -> bool {
    let Ok(authority) = text.parse::<Authority>() else { return false };
    let host = authority.host();
    let is_name = host.eq_ignore_ascii_case("localhost") || host.trim_matches(['[', ']']).parse() == Ok(address.ip());
    is_name && authority.port_u16().unwrap_or(80) == address.port() && !text.contains('@')
}

/// What a login page would do.
async fn token(State(page): State<Arc<Shared>>, Query(asked): Query<Asked>) -> Response {
    if !page.shown.users.contains(&asked.user) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let now = page.clock.now().as_second();
    let claims = json!({
        "iss": page.oidc.issuer(), "aud": AUDIENCE, "sub": asked.user, "iat": now, "exp": now + TOKEN_SECONDS,
    });
    page.oidc.token("ES256", &claims).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_answers_under_its_own_address_alone() {
        for (address, host, is_own) in [
            ("127.0.0.1:8470", "127.0.0.1:8470", true),
            ("127.0.0.1:8470", "localhost:8470", true),
            ("127.0.0.1:8470", "LOCALHOST:8470", true),
            ("127.0.0.1:80", "127.0.0.1", true),
            ("[::1]:8470", "[::1]:8470", true),
            ("127.0.0.1:8470", "127.0.0.1", false),
            ("127.0.0.1:8470", "127.0.0.1:8471", false),
            ("127.0.0.1:8470", "127.0.0.2:8470", false),
            ("127.0.0.1:8470", "evil.example:8470", false),
            ("127.0.0.1:8470", "localhost.evil.example:8470", false),
            ("127.0.0.1:8470", "localhost@evil.example:8470", false),
            ("127.0.0.1:8470", "evil@localhost:8470", false),
            ("127.0.0.1:8470", "", false),
        ] {
            assert_eq!(is_ours(address.parse().unwrap(), host), is_own, "{address} {host}");
        }
    }
}
