//! `pinwheel template`: what a message template says to an endpoint, before anybody is sent it.
//!
//! Works beside a running server, sends nothing and writes nothing. Texts are composed as for a message that is sent.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Settings;
use crate::app;
use crate::campaign::compose::{self, Composer, Overrides, Target, Templates};
use crate::campaign::definition;
use crate::clock::{Clock, System, wire_text};
use crate::config::{Config, MissingVariable};
use crate::domain::{ApplicationId, ChannelType, Endpoint};
use crate::template::{self, Substitutions};
use crate::wire::check::Check;
use crate::wire::generated as wire;
use crate::wire::{body, endpoint, endpoint_update};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what a template says to an endpoint, part by part.
    Render(Render),
}

#[derive(Args, Debug)]
pub struct Render {
    /// Kind of the template
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    kind: Kind,
    /// Template of the store
    #[arg(long, required_unless_present = "file")]
    name: Option<String>,
    /// Version of the template: a number or `latest`; the active one if not given
    #[arg(long, requires = "name", conflicts_with = "file")]
    version: Option<String>,
    /// Template file: the JSON that Create…Template takes
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    file: Option<PathBuf>,
    /// Endpoint of the store
    #[arg(long, value_name = "ID", requires = "application", conflicts_with = "endpoint_file")]
    endpoint: Option<String>,
    /// Application the endpoint belongs to
    #[arg(long, value_name = "ID", requires = "endpoint")]
    application: Option<String>,
    /// Endpoint file: the JSON that UpdateEndpoint takes
    #[arg(long, value_name = "FILE")]
    endpoint_file: Option<PathBuf>,
    /// Values for variables, before the endpoint's: `Substitutions` of SendMessages as JSON
    #[arg(long, value_name = "FILE")]
    substitutions: Option<PathBuf>,
    /// Platform of a push template, such as GCM; its default part if not given
    #[arg(long, value_name = "TYPE")]
    channel: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Kind {
    Email,
    Sms,
    Push,
    Voice,
    Inapp,
}

pub async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let Command::Render(args) = command;
    let config = settings.load(None)?;
    let stdout = &mut std::io::stdout();
    if args.kind != Kind::Push && args.channel.is_some() {
        bail!("`--channel` chooses the platform of a push template");
    }
    if args.kind == Kind::Inapp {
        let template: wire::InAppTemplateRequest = match &args.file {
            Some(file) => read(file)?,
            None => definition::in_app_template(&*app::open_to_read(&config)?, &args.reference()).await?,
        };
        // Apps show its texts as they are.
        let content =
            json!({ "Content": template.content, "CustomConfig": template.custom_config, "Layout": template.layout });
        print(&content, args.json, stdout)?;
        return Ok(ExitCode::SUCCESS);
    }
    let templates = args.templates(&config).await?;
    let (templates, channel_type) = args.platform(templates)?;
    let (id, document) = args.endpoint(&config).await?;
    let substitutions = args.substitutions()?;
    let target = Target { id: &id, channel_type, document: &document, overrides: Overrides::default() };

    let now = System::default().now();
    let policy = config.policy.missing_variable;
    let missing = missing(&composer(&templates, MissingVariable::Fail)?, &target, &substitutions, now);
    for (field, path) in &missing {
        eprintln!("{field}: no value for the variable `{path}`");
    }
    if !missing.is_empty() && policy == MissingVariable::Fail {
        bail!("the endpoint gets no message: variables without a value and a default: {}", missing.len());
    }
    let overrides = Overrides { substitutions: Some(&substitutions), ..Overrides::default() };
    let content = composer(&templates, policy)?.compose(&Target { overrides, ..target }, now);
    let content = content.map_err(|error| anyhow!("{error}"))?;
    // Of one kind: `{"email": {…}}`.
    let content = serde_json::to_value(&content)?;
    let parts = content.as_object().and_then(|kinds| kinds.values().next()).context("the message has no content")?;
    print(parts, args.json, stdout)?;
    Ok(ExitCode::SUCCESS)
}

impl Render {
    fn reference(&self) -> wire::Template {
        wire::Template { name: self.name.clone(), version: self.version.clone() }
    }

    /// The template as those of a direct message.
    async fn templates(&self, config: &Config) -> anyhow::Result<Templates> {
        let mut templates = Templates::default();
        if let Some(file) = &self.file {
            match self.kind {
                Kind::Email => templates.email = Some(read(file)?),
                Kind::Sms => templates.sms = Some(read(file)?),
                Kind::Push => templates.push = Some(read(file)?),
                Kind::Voice => templates.voice = Some(read(file)?),
                Kind::Inapp => {}
            }
            return Ok(templates);
        }
        let of = |kind| (self.kind == kind).then(|| self.reference());
        let names = wire::TemplateConfiguration {
            email_template: of(Kind::Email),
            sms_template: of(Kind::Sms),
            push_template: of(Kind::Push),
            voice_template: of(Kind::Voice),
            in_app_template: None,
        };
        Ok(definition::templates(&*app::open_to_read(config)?, &names).await?)
    }

    /// The channel to compose for. A push template without a platform is left with its default part alone, which reads the
    /// same on all of them.
    fn platform(&self, mut templates: Templates) -> anyhow::Result<(Templates, ChannelType)> {
        let channel_type = match (self.kind, self.channel.as_deref()) {
            (Kind::Email, _) => ChannelType::Email,
            (Kind::Sms, _) => ChannelType::Sms,
            (Kind::Voice | Kind::Inapp, _) => ChannelType::Voice,
            (Kind::Push, Some(name)) => {
                let known = ChannelType::parse(name).filter(|channel| channel.is_push());
                known.with_context(|| format!("`--channel`: `{name}` is no platform of push messages"))?
            }
            (Kind::Push, None) => {
                let Some(push) = &mut templates.push else { bail!("there is no push template") };
                if push.default.is_none() {
                    bail!("the template has no `Default` part: choose a platform, such as `--channel GCM`");
                }
                (push.adm, push.apns, push.baidu, push.gcm) = (None, None, None, None);
                ChannelType::Gcm
            }
        };
        Ok((templates, channel_type))
    }

    /// The endpoint's id and its document as the store keeps it; an empty one if none is given.
    async fn endpoint(&self, config: &Config) -> anyhow::Result<(String, Vec<u8>)> {
        if let (Some(id), Some(application)) = (&self.endpoint, &self.application) {
            let store = app::open_to_read(config)?;
            let page = store.endpoint(&ApplicationId::new(application), id).await?;
            let found = page.iter().next();
            let found = found.with_context(|| format!("application `{application}` has no endpoint `{id}`"))?;
            return Ok((found.id.to_owned(), found.document.to_owned()));
        }
        let Some(file) = &self.endpoint_file else { return Ok((String::new(), b"{}".to_vec())) };
        let item = endpoint_update::read(&bytes(file)?).with_context(|| format!("`{}`", file.display()))?;
        let mut endpoint = Endpoint::default();
        endpoint.merge(item.update, &wire_text(System::default().now()));
        Ok((item.id.unwrap_or_default(), endpoint::write(&endpoint)))
    }

    fn substitutions(&self) -> anyhow::Result<Substitutions> {
        let Some(file) = &self.substitutions else { return Ok(Substitutions::new()) };
        serde_json::from_slice(&bytes(file)?)
            .with_context(|| format!("`{}` is not a JSON object of lists of text", file.display()))
    }
}

fn bytes(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))
}

/// Reads a template as the API does.
fn read<T: DeserializeOwned + Check>(file: &Path) -> anyhow::Result<T> {
    body::read(&bytes(file)?).with_context(|| format!("`{}`", file.display()))
}

fn composer(templates: &Templates, missing: MissingVariable) -> anyhow::Result<Composer> {
    match Composer::direct(&wire::DirectMessageConfiguration::default(), templates, missing) {
        Err(compose::Error::NoMessage) => bail!("the template has nothing to say"),
        // It says what its source says.
        composer => composer.map_err(|error| anyhow!("{error}")),
    }
}

/// The variables without a value, each with a part that names it.
///
/// A strict composer stops at the first one. It is given an empty text, and asked for the next.
fn missing(
    strict: &Composer,
    target: &Target<'_>,
    given: &Substitutions,
    now: jiff::Timestamp,
) -> Vec<(String, String)> {
    let mut substitutions = given.clone();
    let mut missing: Vec<(String, String)> = Vec::new();
    loop {
        let overrides = Overrides { substitutions: Some(&substitutions), ..target.overrides };
        match strict.compose(&Target { overrides, ..*target }, now) {
            // One that cannot be given a value, such as that of a loop, comes again.
            Err(compose::Error::Template { field, source: template::Error::MissingVariable { path } })
                if missing.iter().all(|(_, known)| *known != path) =>
            {
                substitutions.insert(path.clone(), vec![String::new()]);
                missing.push((field, path));
            }
            _ => return missing,
        }
    }
}

/// Prints the parts that have something in them.
fn print(parts: &Value, json: bool, to: &mut dyn Write) -> anyhow::Result<()> {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    let parts = parts.as_object().into_iter().flatten().filter(|(_, value)| !is_empty(value));
    if json {
        let parts: serde_json::Map<_, _> = parts.map(|(name, value)| (name.clone(), value.clone())).collect();
        return Ok(writeln!(to, "{}", serde_json::to_string_pretty(&parts)?)?);
    }
    for (name, value) in parts {
        match value {
            Value::String(text) => writeln!(to, "[{name}]\n{text}")?,
            value => match serde_json::from_value::<Vec<(String, String)>>(value.clone()) {
                Ok(headers) => {
                    writeln!(to, "[{name}]")?;
                    headers.iter().try_for_each(|(name, text)| writeln!(to, "{name}: {text}"))?;
                }
                Err(_) => writeln!(to, "[{name}]\n{}", serde_json::to_string_pretty(value)?)?,
            },
        }
    }
    Ok(())
}
