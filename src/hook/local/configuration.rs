//! What a function is: its code, its runtime and its limits.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::{Error, policy};
use crate::config;

/// Source: AWS Lambda developer guide, "Lambda quotas" and "Configure Lambda function memory"; a thousand workers are the
/// default of a whole account.
const WORKERS: RangeInclusive<usize> = 1..=1000;
const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(15 * 60);
const MEMORY_MB: RangeInclusive<u32> = 128..=10_240;
const NAME_CHARS_MAX: usize = 64;

/// A function as it is set up.
#[derive(Clone, Debug)]
pub struct Configuration {
    pub name: String,
    pub description: String,
    pub runtime: Runtime,
    /// `file.function`; says nothing to a `provided` runtime.
    pub handler: String,
    /// Processes, and so calls at once.
    pub workers: usize,
    pub timeout: Duration,
    pub memory_mb: u32,
    pub environment: BTreeMap<String, SecretString>,
    /// A folder, or a zip file.
    pub code: PathBuf,
    /// What runs the code, instead of what `PATH` has for the runtime.
    pub interpreter: Option<PathBuf>,
    pub client: Client,
    /// Patterns of the ARNs that may call it, beside what its policy allows.
    pub allow: Vec<String>,
}

/// What speaks with the Runtime API on a function's behalf.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Client {
    /// AWS's runtime interface client where the function finds it, else ours.
    #[default]
    Auto,
    /// AWS's runtime interface client.
    Aws,
    /// The bootstrap that comes with Pinwheel.
    Pinwheel,
}

impl Client {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "aws" => Some(Self::Aws),
            "pinwheel" => Some(Self::Pinwheel),
            _ => None,
        }
    }
}

/// What a function is written for, by Lambda's names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Runtime {
    pub family: Family,
    /// Such as `22` for Node.js and `3.12` for Python; `None` for whichever is installed.
    pub version: Option<String>,
    /// As it was given, such as `nodejs22.x`.
    pub name: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Family {
    Node,
    Python,
    /// An executable `bootstrap` in the code.
    Provided,
}

impl Runtime {
    /// Reads `nodejs22.x`, `python3.12` or `provided.al2023`; without a version, whichever is installed.
    pub fn parse(name: &str) -> Option<Self> {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (family, version) = if let Some(rest) = name.strip_prefix("nodejs") {
            (
                Family::Node,
                rest.strip_suffix(".x").filter(|major| is_number(major)).or((rest.is_empty()).then_some(""))?,
            )
        } else if let Some(rest) = name.strip_prefix("python") {
            let is_version = rest.split_once('.').is_some_and(|(major, minor)| is_number(major) && is_number(minor));
            (Family::Python, (rest.is_empty() || is_version).then_some(rest)?)
        } else {
            matches!(name, "provided" | "provided.al2" | "provided.al2023").then_some((Family::Provided, ""))?
        };
        let version = (!version.is_empty()).then(|| version.to_owned());
        Some(Self { family, version, name: name.to_owned() })
    }
}

impl Configuration {
    /// Errors: [`Error::Setting`]; names the key and what is wrong with it.
    pub(super) fn of_settings(name: &str, settings: &config::Function) -> Result<Self, Error> {
        let wrong = |key, problem: String| Error::Setting { name: name.to_owned(), key: Some(key), problem };
        let runtime =
            Runtime::parse(&settings.runtime).ok_or_else(|| wrong("runtime", unknown_runtime(&settings.runtime)))?;
        let client = Client::parse(&settings.client).ok_or_else(|| {
            wrong("client", format!("it is `{}`, and must be `auto`, `aws` or `pinwheel`", settings.client))
        })?;
        let configuration = Self {
            name: name.to_owned(),
            description: settings.description.clone(),
            runtime,
            handler: settings.handler.clone(),
            workers: settings.workers,
            timeout: settings.timeout,
            memory_mb: settings.memory_mb,
            environment: settings.environment.clone(),
            code: settings.code.clone(),
            interpreter: Some(settings.interpreter.clone()).filter(|path| !path.as_os_str().is_empty()),
            client,
            allow: settings.allow.clone(),
        };
        configuration.check()?;
        Ok(configuration)
    }

    /// Makes sure that the values are within Lambda's limits and that the code is there.
    ///
    /// Errors: [`Error::Setting`].
    pub fn check(&self) -> Result<(), Error> {
        self.check_values()?;
        let is_zip = self.code.extension().is_some_and(|extension| extension == "zip") && self.code.is_file();
        if !is_zip && !self.code.is_dir() {
            let problem = format!("`{}` is neither a folder nor a zip file", self.code.display());
            return Err(Error::Setting { name: self.name.clone(), key: Some("code"), problem });
        }
        Ok(())
    }

    /// As [`check`](Self::check), but for the code.
    pub(super) fn check_values(&self) -> Result<(), Error> {
        let wrong = |key, problem| Err(Error::Setting { name: self.name.clone(), key, problem });
        if !is_name(&self.name) {
            let rule = format!("a name must be 1 to {NAME_CHARS_MAX} letters, digits, `-` and `_`");
            return wrong(None, rule);
        }
        if self.runtime.family != Family::Provided && !is_handler(&self.handler) {
            let problem = format!("it is `{}`, and must be `file.function`, such as `index.handler`", self.handler);
            return wrong(Some("handler"), problem);
        }
        if !WORKERS.contains(&self.workers) {
            let (least, most) = WORKERS.into_inner();
            return wrong(Some("workers"), format!("it is {}, and must be from {least} to {most}", self.workers));
        }
        if !TIMEOUT.contains(&self.timeout) {
            let (least, most) = TIMEOUT.into_inner();
            let problem = format!("it is {:?}, and must be from {least:?} to {most:?}", self.timeout);
            return wrong(Some("timeout"), problem);
        }
        if !MEMORY_MB.contains(&self.memory_mb) {
            let (least, most) = MEMORY_MB.into_inner();
            return wrong(Some("memory_mb"), format!("it is {}, and must be from {least} to {most}", self.memory_mb));
        }
        if let Some(arn) = self.allow.iter().find(|arn| !policy::is_arn(arn)) {
            let example = "arn:aws:mobiletargeting:*:*:apps/*/campaigns/*";
            return wrong(Some("allow"), format!("`{arn}` is no ARN such as `{example}`"));
        }
        if let Some(variable) = self.environment.keys().find(|name| !is_variable(name)) {
            let problem = format!("`{variable}` cannot be the name of a variable here: {VARIABLE_RULE}");
            return wrong(Some("environment"), problem);
        }
        Ok(())
    }
}

fn unknown_runtime(given: &str) -> String {
    format!("it is `{given}`, and must be `nodejs22.x`, `python3.12`, `provided.al2023` or one like them")
}

pub(super) fn is_name(name: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_handler(handler: &str) -> bool {
    let parts = handler.rsplit_once('.');
    parts.is_some_and(|(file, function)| !file.is_empty() && !function.is_empty())
        && !handler.contains(char::is_whitespace)
        && !handler.split(['/', '\\']).any(|part| part == "..")
}

const VARIABLE_RULE: &str = "letters, digits and `_`, the first a letter; those that Lambda sets are its own";

/// Source: AWS Lambda developer guide, "Defined runtime environment variables", those that are reserved.
fn is_variable(name: &str) -> bool {
    const RESERVED: &[&str] = &["_HANDLER", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"];
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !RESERVED.contains(&name)
        && !name.starts_with("AWS_LAMBDA_FUNCTION_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtimes_have_lambdas_names() {
        for (name, family, version) in [
            ("nodejs22.x", Family::Node, Some("22")),
            ("nodejs", Family::Node, None),
            ("python3.12", Family::Python, Some("3.12")),
            ("python", Family::Python, None),
            ("provided", Family::Provided, None),
            ("provided.al2023", Family::Provided, None),
        ] {
            let runtime = Runtime::parse(name).unwrap();
            assert_eq!((runtime.family, runtime.version.as_deref(), runtime.name.as_str()), (family, version, name));
        }
        for name in ["", "nodejs22", "nodejs.x", "node", "python3", "python3.x", "provided.x", "java21", "NODEJS22.x"] {
            assert_eq!(Runtime::parse(name), None, "{name}");
        }
    }

    #[test]
    fn handlers_are_in_the_code() {
        for good in ["index.handler", "src/index.handler", "a.b.c", "my-file.handler"] {
            assert!(is_handler(good), "{good}");
        }
        for wrong in ["", "index", ".handler", "index.", "../index.handler", "a/../b.handler", "in dex.handler"] {
            assert!(!is_handler(wrong), "{wrong}");
        }
    }
}
