//! `pinwheel feedback`: hands on what came back by mail, and forgets a secret whose key is lost.

use std::io::Read;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use clap::{Args, Subcommand};
use hyper::{Request, StatusCode};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::Settings;
use crate::app;
use crate::clock::{Clock, System, timeout};
use crate::config::Config;
use crate::domain::limit::REQUEST_BYTES_MAX;
use crate::hook::{Signer, WEBHOOK_ID};
use crate::http::{Access, Client};

const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What mail servers take for "try again later". Source: sysexits.h, `EX_TEMPFAIL`.
const EXIT_LATER: u8 = 75;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Hand on a bounce or complaint from standard input, for a mail server's pipe. Ends with 75 unless the mail was taken,
    /// so that it is tried again; with 1 for a mail that is too large.
    Bounce(Bounce),
    /// Forget the secret that references and links to unsubscribe are signed with, when the key that opens it is lost. No
    /// server may run. Links in mails that are out stop working, and reports about them are no longer believed.
    Reset(Reset),
}

#[derive(Args, Debug)]
pub struct Bounce {
    /// Where the server is; `feedback.base_url` of the settings if it is not given
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

#[derive(Args, Debug)]
pub struct Reset {
    /// Do it: old links and references stop working
    #[arg(long)]
    yes: bool,
}

pub async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    match command {
        // Whatever is wrong here is not the mail's fault: a mail server gives up a mail at any other number.
        Command::Bounce(args) => Ok(bounce(args, settings).await.unwrap_or_else(|error| later(&format!("{error:#}")))),
        Command::Reset(args) => reset(&args, &settings.load(None)?).await,
    }
}

async fn reset(args: &Reset, config: &Config) -> anyhow::Result<ExitCode> {
    if !config.data.directory.is_dir() {
        bail!("there is no data in `{}`", config.data.directory.display());
    }
    if !args.yes {
        bail!("links to unsubscribe in mails that are out would stop working; give `--yes` if that is what you want");
    }
    match app::reset_feedback(config).await? {
        true => println!("the secret of references is forgotten; the next message makes a new one"),
        false => println!("there is no secret of references"),
    }
    Ok(ExitCode::SUCCESS)
}

async fn bounce(args: Bounce, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (config, clock) = (settings.load(None)?, System::default());
    let base_url = args.url.as_deref().unwrap_or(&config.feedback.base_url);
    if base_url.is_empty() {
        bail!("`feedback.base_url` is empty, so there is nobody to tell: set it, or give `--url`");
    }
    let Some(signer) = Signer::new(config.feedback.secret.expose_secret()) else {
        bail!("`feedback.secret` is empty, and the server takes only what is signed with it");
    };
    let mut mail = Vec::new();
    std::io::stdin().take(REQUEST_BYTES_MAX as u64 + 1).read_to_end(&mut mail).context("cannot read the mail")?;
    // The report comes first in a bounce, and the mail it is about last: what is cut is of no use here.
    mail.truncate(REQUEST_BYTES_MAX);

    let url = format!("{}/feedback/bounce", base_url.trim_end_matches('/'));
    let id = format!("msg_{}", Uuid::new_v4().simple());
    let mut request = Request::post(&url).header(WEBHOOK_ID, &id).header("content-type", "message/rfc822");
    let headers = request.headers_mut().context("the URL is not one")?;
    signer.sign(&id, clock.now(), &mail, headers);
    let request = request.body(Bytes::from(mail))?;

    let answer = timeout(&clock, ANSWER_TIMEOUT, Client::new(Access::ANY).send(request, ANSWER_BYTES_MAX)).await;
    let (status, text) = match answer {
        None => bail!("no answer from {url} within {ANSWER_TIMEOUT:?}"),
        Some(Err(error)) => bail!("cannot reach {url}: {error}"),
        Some(Ok(answer)) => (answer.status(), String::from_utf8_lossy(answer.body()).trim_end().to_owned()),
    };
    if status.is_success() {
        println!("{text}");
        return Ok(ExitCode::SUCCESS);
    }
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        // The one answer that will be the same for this mail whenever it is asked.
        eprintln!("error: {url} answered {status}: {text}");
        return Ok(ExitCode::FAILURE);
    }
    bail!("{url} answered {status}: {text}")
}

/// Says why, and asks for another attempt.
fn later(problem: &str) -> ExitCode {
    eprintln!("error: {problem}");
    ExitCode::from(EXIT_LATER)
}
