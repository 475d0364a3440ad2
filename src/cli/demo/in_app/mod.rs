//! `pinwheel demo --in-app`: a page with the real Amplify library, and behind it a server with in-app messages to show.
//!
//! Everything is real but who vouches for the users: an OpenID Connect provider on loopback that this process runs itself.

mod campaign;
mod page;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use aws_sdk_pinpoint::config::{Credentials, Region, SharedCredentialsProvider};
use secrecy::ExposeSecret;
use toml::{Table, Value};

use self::page::Page;
use super::super::{Settings, serve};
use crate::api::auth::Policy;
use crate::api::{self, auth};
use crate::app::{self, App};
use crate::domain::ApplicationId;
use crate::http::Aws;
use crate::sandbox::oidc::Oidc;

/// Where the demo keeps its store unless told otherwise.
const DIRECTORY: &str = "pinwheel-demo-in-app";
/// The role that tokens are exchanged for, and whom they are for.
const ROLE: &str = "demo";
/// Who can sign in.
const USERS: [&str; 2] = ["Ada", "Ben"];

#[derive(clap::Args, Debug)]
#[group(skip)]
pub struct Args {
    /// Serve a page that shows in-app messages instead, with the real Amplify library. Needs npm, unless --packages names a
    /// folder that has what the page is built from.
    #[arg(long)]
    pub in_app: bool,
    /// With --in-app: where the page is served, on loopback.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8470", requires = "in_app")]
    page: SocketAddr,
    /// With --in-app: folder whose `node_modules` has the page's libraries; they are installed there if they are missing.
    #[arg(long, value_name = "DIR", requires = "in_app")]
    packages: Option<PathBuf>,
}

pub async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    if !args.page.ip().is_loopback() {
        bail!("`--page`: the page signs in whoever asks, so it listens on loopback only, not on `{}`", args.page);
    }
    let oidc = Oidc::start().await?;
    // One application for each demo: an earlier one may have ended in the middle.
    let application_id = ApplicationId::new(uuid::Uuid::new_v4().simple().to_string());
    let mut config = settings.load(Some(overlay(&oidc, &application_id)))?;
    if settings.data.is_none() {
        config.data.directory = DIRECTORY.into();
    }
    let packages = args.packages.unwrap_or_else(|| config.data.directory.join("page"));
    let built = page::build(&packages).await?;

    let has_tls = !config.api.tls_certificate.as_os_str().is_empty();
    let app = App::open(config)?;
    let stop = app::stop_on_signal();
    let plain = api::Server::bind((std::net::Ipv4Addr::LOCALHOST, 0).into(), None).await?;
    let address = plain.address();
    let mut servers = vec![plain];
    if has_tls {
        servers.push(app.listen().await?);
    }
    let page =
        Page::bind(args.page, built).await.with_context(|| format!("`--page`: cannot listen on `{}`", args.page))?;
    let page_address = page.address();

    let setting_up = async {
        super::create_application(&app, &application_id).await?;
        let define = async |client| campaign::define(&client, application_id.as_str(), app.clock.now()).await;
        with_client(&app, &format!("http://{address}"), define).await?;
        let shown = page::Shown {
            api: format!("http://{address}"),
            app_id: application_id.to_string(),
            events: campaign::EVENTS.map(str::to_owned).to_vec(),
            region: app.config.aws.region.clone(),
            role_arn: format!("arn:aws:iam::{}:role/{ROLE}", app.config.aws.account_id),
            users: USERS.map(str::to_owned).to_vec(),
        };
        println!("http://{page_address}/");
        eprintln!("open this page, sign in, and dispatch an event; Ctrl-C ends the demo");
        anyhow::Ok(shown)
    };
    let showing = async {
        let shown = match setting_up.await {
            Ok(shown) => shown,
            Err(error) => {
                stop.cancel();
                return Err(error);
            }
        };
        page.run(shown, oidc, app.clock.clone(), stop.clone()).await;
        Ok(())
    };
    let (served, shown) = tokio::join!(serve::serve(&app, servers, false, stop.clone()), showing);
    shown?;
    served?;
    Ok(ExitCode::SUCCESS)
}

/// The demo's settings: who vouches for users, and a sink for whatever else is sent.
fn overlay(oidc: &Oidc, application_id: &ApplicationId) -> Table {
    let text = |text: &str| Value::String(text.to_owned());
    let role = Table::from_iter([
        ("issuer".to_owned(), text(&oidc.issuer())),
        ("audiences".to_owned(), Value::Array(vec![text(page::AUDIENCE)])),
        ("applications".to_owned(), Value::Array(vec![text(application_id.as_str())])),
    ]);
    let identity = Table::from_iter([(ROLE.to_owned(), role.into())]);
    let channel = Table::from_iter([("sink".to_owned(), Table::new().into())]);
    Table::from_iter([("identity".to_owned(), identity.into()), ("channel".to_owned(), channel.into())])
}

/// Does something with the SDK, which has a key of its own for as long as that takes.
async fn with_client(
    app: &App,
    url: &str,
    work: impl AsyncFnOnce(aws_sdk_pinpoint::Client) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let keys = app::open_keys(&app.config, app.clock.clone())?;
    let vault = app::open_vault(&app.config)?;
    let issued = auth::issue(&vault, Policy::Administrator, "demo".to_owned(), app.clock.now())?;
    let id = issued.key.id.clone();
    keys.put_key(issued.key).await?;
    let credentials = Credentials::new(&id, issued.secret.expose_secret(), None, None, "demo");
    let sdk = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(Region::new(app.config.aws.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(url)
        .build();
    let worked = work(aws_sdk_pinpoint::Client::new(Aws::by_sdk_config(&sdk).config().await)).await;
    // Whether that worked or not.
    keys.revoke_key(&id, app.clock.now()).await?;
    worked
}
