//! `pinwheel feedback`: hands on what came back by mail.

use std::io::Read;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use clap::{Args, Subcommand};
use hyper::Request;
use secrecy::ExposeSecret;
use uuid::Uuid;

use crate::clock::{Clock, timeout};
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
    /// Hand on a bounce or complaint from standard input, for a mail server's pipe. Ends with 75 when it should be tried
    /// again.
    Bounce(Bounce),
}

#[derive(Args, Debug)]
pub struct Bounce {
    /// Where the server is; `feedback.base_url` of the settings if it is not given
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

pub async fn run(Command::Bounce(args): Command, config: &Config, clock: &dyn Clock) -> anyhow::Result<ExitCode> {
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

    let answer = timeout(clock, ANSWER_TIMEOUT, Client::new(Access::ANY).send(request, ANSWER_BYTES_MAX)).await;
    let (status, text) = match answer {
        None => return Ok(later(&format!("no answer from {url} within {ANSWER_TIMEOUT:?}"))),
        Some(Err(error)) => return Ok(later(&format!("cannot reach {url}: {error}"))),
        Some(Ok(answer)) => (answer.status(), String::from_utf8_lossy(answer.body()).trim_end().to_owned()),
    };
    if status.is_success() {
        println!("{text}");
        return Ok(ExitCode::SUCCESS);
    }
    if status.is_server_error() || status.as_u16() == 429 {
        return Ok(later(&format!("{url} answered {status}: {text}")));
    }
    bail!("{url} answered {status}: {text}")
}

/// Says why, and asks for another attempt.
fn later(problem: &str) -> ExitCode {
    eprintln!("error: {problem}");
    ExitCode::from(EXIT_LATER)
}
