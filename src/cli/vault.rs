//! `pinwheel vault`: the key that seals secrets at rest.

use std::io::Write;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::app::{self, Rotated};
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Change the key: seal all secrets anew, then drop the old key. No server may run. After a crash, run it again.
    ///
    /// A key file gets a new random key. Where the settings have `vault.key`, the new one is read from standard input, as
    /// base64, and takes its place in the settings afterwards.
    Rotate(Rotate),
}

#[derive(Args, Debug)]
pub struct Rotate {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(command: Command, config: &Config) -> anyhow::Result<()> {
    let Command::Rotate(Rotate { json }) = command;
    if !config.data.directory.is_dir() {
        bail!("there is no data in `{}`", config.data.directory.display());
    }
    let new_key = match config.vault.key.expose_secret() {
        "" => None,
        _ => Some(read_key().context("the new key, on standard input")?),
    };
    let rotated = app::rotate_vault(config, new_key.as_ref()).await?;
    print(&rotated, json, &mut std::io::stdout())?;
    if new_key.is_some() {
        eprintln!("set `vault.key` to the new key now: the old one opens nothing any more");
    }
    Ok(())
}

fn read_key() -> std::io::Result<SecretString> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.into())
}

fn print(rotated: &Rotated, json: bool, to: &mut dyn Write) -> anyhow::Result<()> {
    let Rotated { key_id, definitions, access_keys } = rotated;
    if json {
        let report = Report { key_id, definitions: *definitions, access_keys: *access_keys };
        return Ok(writeln!(to, "{}", serde_json::to_string_pretty(&report)?)?);
    }
    Ok(writeln!(
        to,
        "sealed anew with key {key_id}: {definitions} secrets of channels and feedback, {access_keys} access keys"
    )?)
}

/// What was done, for programs.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Report<'a> {
    key_id: &'a str,
    definitions: usize,
    access_keys: usize,
}
