//! `pinwheel keys`: who may call the API. Works beside a running server, which sees each change within a second.

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::api::auth::{self, Issued};
use crate::app;
use crate::clock::{Clock, System, wire_text};
use crate::config::Config;
use crate::domain::ApplicationId;
use crate::store::{AccessKey, Policy};

/// Signs of a key's name.
const NAME_SIGNS_MAX: usize = 128;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a key and print it with its secret, which is never shown again.
    Create(Create),
    /// List all keys, oldest first.
    List(List),
    /// Revoke a key for good.
    Revoke(Revoke),
}

#[derive(Args, Debug)]
pub struct Create {
    /// Limit the key to UpdateEndpoint, PutEvents and GetInAppMessages of this application; else it may do everything
    #[arg(long, value_name = "ID")]
    application: Option<String>,
    /// What the key is for, to tell it from others
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    name: String,
    /// Print JSON, in the form that AWS's `credential_process` takes
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub struct Revoke {
    /// The access key id
    id: String,
}

pub async fn run(command: Command, config: &Config) -> anyhow::Result<()> {
    let clock = Arc::new(System::default());
    let stdout = &mut std::io::stdout();
    if !matches!(command, Command::Create(_)) && !config.data.directory.is_dir() {
        bail!("there is no data in `{}`", config.data.directory.display());
    }
    match command {
        Command::Create(args) => {
            let policy = policy(args.application.as_deref(), config).await?;
            check_name(&args.name)?;
            let keys = app::open_keys(config, clock.clone())?;
            let issued = auth::issue(&app::open_vault(config)?, policy, args.name, clock.now())?;
            keys.put_key(issued.key.clone()).await?;
            if !auth::can_verify(&app::open_vault(config)?, &issued.key) {
                keys.revoke_key(&issued.key.id, clock.now()).await?;
                bail!("the vault's key was changed meanwhile; make the key again");
            }
            print_new(&issued, args.json, stdout)
        }
        Command::List(List { json }) => {
            let keys = app::open_keys(config, clock)?.keys().await?;
            print_list(&keys, json, stdout)
        }
        Command::Revoke(Revoke { id }) => {
            let keys = app::open_keys(config, clock.clone())?;
            let key = keys.revoke_key(&id, clock.now()).await?.with_context(|| format!("there is no key `{id}`"))?;
            let at = key.revoked_at.map(wire_text).unwrap_or_default();
            Ok(writeln!(stdout, "revoked {} at {at}", key.id)?)
        }
    }
}

/// The policy of a new key. Its application has to be there, so that a mistyped id is seen at once.
async fn policy(application: Option<&str>, config: &Config) -> anyhow::Result<Policy> {
    let Some(id) = application.map(ApplicationId::new) else { return Ok(Policy::Administrator) };
    if app::open_to_read(config)?.application(&id).await?.is_none() {
        bail!("there is no application `{id}`");
    }
    Ok(Policy::Application(id))
}

fn check_name(name: &str) -> anyhow::Result<()> {
    if name.chars().count() > NAME_SIGNS_MAX || name.chars().any(char::is_control) {
        bail!("a name is one line of at most {NAME_SIGNS_MAX} signs");
    }
    Ok(())
}

fn print_new(issued: &Issued, json: bool, to: &mut dyn Write) -> anyhow::Result<()> {
    let Issued { key, secret } = issued;
    let secret = secret.expose_secret();
    if json {
        let new = New { version: 1, secret_access_key: secret, key: Row::of(key) };
        return Ok(writeln!(to, "{}", serde_json::to_string_pretty(&new)?)?);
    }
    writeln!(to, "access key id      {}", key.id)?;
    writeln!(to, "secret access key  {secret}")?;
    writeln!(to, "allows             {}", allows(&key.policy))?;
    eprintln!("keep the secret: it is not shown again");
    Ok(())
}

fn print_list(keys: &[AccessKey], json: bool, to: &mut dyn Write) -> anyhow::Result<()> {
    if json {
        let list = Listed { keys: keys.iter().map(Row::of).collect() };
        return Ok(writeln!(to, "{}", serde_json::to_string_pretty(&list)?)?);
    }
    for key in keys {
        let state = match key.revoked_at {
            Some(at) => format!("revoked {}", wire_text(at)),
            None => "active".to_owned(),
        };
        let line = format!(
            "{}  created {}  {state}  {}  {}",
            key.id,
            wire_text(key.created_at),
            allows(&key.policy),
            key.name
        );
        writeln!(to, "{}", line.trim_end())?;
    }
    Ok(())
}

fn allows(policy: &Policy) -> String {
    match policy {
        Policy::Administrator => "everything".to_owned(),
        Policy::Application(id) => format!("users of application {id}"),
    }
}

/// A new key for programs.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct New<'a> {
    /// Of the form, for `credential_process`.
    version: u32,
    secret_access_key: &'a str,
    #[serde(flatten)]
    key: Row<'a>,
}

/// All keys for programs.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed<'a> {
    keys: Vec<Row<'a>>,
}

/// A key for programs, without its secret.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row<'a> {
    access_key_id: &'a str,
    policy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_id: Option<&'a str>,
    name: &'a str,
    creation_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revocation_date: Option<String>,
}

impl<'a> Row<'a> {
    fn of(key: &'a AccessKey) -> Self {
        let (policy, application_id) = match &key.policy {
            Policy::Administrator => ("ADMINISTRATOR", None),
            Policy::Application(id) => ("APPLICATION", Some(id.as_str())),
        };
        Self {
            access_key_id: &key.id,
            policy,
            application_id,
            name: &key.name,
            creation_date: wire_text(key.created_at),
            revocation_date: key.revoked_at.map(wire_text),
        }
    }
}
