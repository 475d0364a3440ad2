//! What a worker runs: an interpreter with AWS's runtime interface client or our bootstrap, or the function's own executable.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

use super::configuration::{Client, Configuration, Family};
use super::process::Program;
use super::{Error, Home, private};
use crate::clock;

/// Our bootstraps, in a folder that no function's name can be.
const BOOTSTRAP_FOLDER: &str = ".bootstrap";
const NODE_BOOTSTRAP: (&str, &str) = ("index.mjs", include_str!("bootstrap/index.mjs"));
const PYTHON_BOOTSTRAP: (&str, &str) = ("bootstrap.py", include_str!("bootstrap/bootstrap.py"));

/// How long an interpreter may take to say its version.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// What runs the function in this folder, and a warning if that is not quite what was asked for.
///
/// Errors: [`Error::Interpreter`], [`Error::Io`].
pub(super) async fn program(
    configuration: &Configuration,
    folder: &Path,
    home: &Home,
) -> Result<(Program, Option<String>), Error> {
    let at = |path, arguments| Program { path, arguments, folder: folder.to_owned() };
    let finder = Finder { configuration, folder, home };
    if configuration.runtime.family == Family::Provided {
        let path = folder.join("bootstrap");
        if !is_executable(&path) {
            return Err(finder.failed(format!("there is no executable `{}`", path.display())));
        }
        return Ok((at(path, vec![]), None));
    }
    let (interpreter, warning) = finder.interpreter().await?;
    let arguments = match configuration.runtime.family {
        Family::Node => finder.node(&interpreter)?,
        Family::Python => finder.python(&interpreter).await?,
        Family::Provided => vec![],
    };
    Ok((at(interpreter, arguments), warning))
}

struct Finder<'a> {
    configuration: &'a Configuration,
    folder: &'a Path,
    home: &'a Home,
}

impl Finder<'_> {
    fn failed(&self, problem: String) -> Error {
        Error::Interpreter { name: self.configuration.name.clone(), problem }
    }

    /// One of the version asked for, else the one that is installed, with a warning.
    async fn interpreter(&self) -> Result<(PathBuf, Option<String>), Error> {
        let runtime = &self.configuration.runtime;
        let mut other = None;
        for path in self.candidates() {
            let Some(version) = self.version(&path).await else { continue };
            match &runtime.version {
                Some(asked) if !is_of(&version, asked) => other = other.or(Some((path, version))),
                _ => return Ok((path, None)),
            }
        }
        let Some((path, version)) = other else {
            let what = match &self.configuration.interpreter {
                Some(path) => format!("`{}` does not run", path.display()),
                None => format!("there is none for runtime `{}` on the PATH", runtime.name),
            };
            return Err(self.failed(what));
        };
        let warning = format!("runtime `{}` is run by version {version}: another is not there", runtime.name);
        Ok((path, Some(warning)))
    }

    fn candidates(&self) -> Vec<PathBuf> {
        if let Some(path) = &self.configuration.interpreter {
            return vec![path.clone()];
        }
        let runtime = &self.configuration.runtime;
        let names = match runtime.family {
            Family::Node => vec!["node".to_owned(), "nodejs".to_owned()],
            Family::Python => {
                let versioned = runtime.version.iter().map(|version| format!("python{version}"));
                versioned.chain(["python3".to_owned(), "python".to_owned()]).collect()
            }
            Family::Provided => vec![],
        };
        let path = self.home.inherited.get("PATH").map(String::as_str).unwrap_or_default();
        let folders: Vec<_> = std::env::split_paths(path).collect();
        let all = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
        all.filter(|path| is_executable(path)).collect()
    }

    /// Such as `20.20.2`; `None` when it does not run.
    async fn version(&self, path: &Path) -> Option<String> {
        let output = self.run(path, &["--version"]).await?;
        let text = String::from_utf8(output.stdout).ok()?;
        let version = text.trim().trim_start_matches("Python ").trim_start_matches('v');
        (output.status.success() && !version.is_empty()).then(|| version.to_owned())
    }

    async fn run(&self, path: &Path, arguments: &[&str]) -> Option<Output> {
        let mut command = Command::new(path);
        command.args(arguments).current_dir(self.folder).env_clear().envs(&*self.home.inherited);
        command.stdin(Stdio::null()).kill_on_drop(true);
        clock::timeout(&*self.home.clock, PROBE_TIMEOUT, command.output()).await?.ok()
    }

    fn node(&self, interpreter: &Path) -> Result<Vec<OsString>, Error> {
        // The rest is for what is not JavaScript's heap. Lambda leaves about as much.
        let heap = format!("--max-old-space-size={}", self.configuration.memory_mb * 9 / 10);
        let script = match self.chosen(self.node_client(interpreter), "the package `aws-lambda-ric`")? {
            Some(script) => script,
            None => self.bootstrap(NODE_BOOTSTRAP)?,
        };
        Ok(vec![heap.into(), script.into(), self.configuration.handler.clone().into()])
    }

    /// In the function's own packages, else in those that are installed for all.
    fn node_client(&self, interpreter: &Path) -> Option<PathBuf> {
        let installed = fs::canonicalize(interpreter).ok();
        let installed = installed.and_then(|path| Some(path.parent()?.parent()?.join("lib/node_modules")));
        let folders = self.folder.ancestors().map(|folder| folder.join("node_modules")).chain(installed);
        folders.map(|folder| folder.join("aws-lambda-ric/bin/index.mjs")).find(|script| script.is_file())
    }

    async fn python(&self, interpreter: &Path) -> Result<Vec<OsString>, Error> {
        const FIND: &str = "import importlib.util, sys; sys.exit(importlib.util.find_spec('awslambdaric') is None)";
        let found = match self.configuration.client {
            Client::Pinwheel => None,
            Client::Auto | Client::Aws => {
                let output = self.run(interpreter, &["-c", FIND]).await;
                output.filter(|output| output.status.success()).map(|_| ())
            }
        };
        let mut arguments: Vec<OsString> = match self.chosen(found, "the module `awslambdaric`")? {
            Some(()) => vec!["-m".into(), "awslambdaric".into()],
            None => vec![self.bootstrap(PYTHON_BOOTSTRAP)?.into()],
        };
        arguments.push(self.configuration.handler.clone().into());
        Ok(arguments)
    }

    /// AWS's client, if it was found and is wanted.
    fn chosen<T>(&self, found: Option<T>, what: &str) -> Result<Option<T>, Error> {
        match self.configuration.client {
            Client::Auto => Ok(found),
            Client::Pinwheel => Ok(None),
            Client::Aws if found.is_none() => {
                Err(self.failed(format!("it is to use AWS's runtime interface client, and {what} is not there")))
            }
            Client::Aws => Ok(found),
        }
    }

    /// Writes one of our bootstraps, unless it is there.
    fn bootstrap(&self, (name, text): (&str, &str)) -> Result<PathBuf, Error> {
        let folder = self.home.directory.join(BOOTSTRAP_FOLDER);
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|present| present == text.as_bytes()) {
            return Ok(path);
        }
        // Others may be about to read it, so that it comes whole.
        let unfinished = folder.join(format!("{name}.{}", std::process::id()));
        private::make_folder(&folder)
            .and_then(|()| private::file().write(true).truncate(true).open(&unfinished))
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&unfinished, &path))
            .map_err(|error| Error::io(format!("`{}` cannot be written", path.display()), &error))?;
        Ok(path)
    }
}

/// Whether version `20.20.2` is of `20`, or `3.12.1` of `3.12`.
fn is_of(version: &str, asked: &str) -> bool {
    version.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// Variables of the process that workers get as well.
pub(super) fn environment(configuration: &Configuration, folder: &Path, home: &Home) -> BTreeMap<OsString, OsString> {
    use secrecy::ExposeSecret as _;
    let Configuration { name, runtime, handler, memory_mb, .. } = configuration;
    let folder = folder.display().to_string();
    let bootstraps = home.directory.join(BOOTSTRAP_FOLDER).display().to_string();
    let memory_mb = memory_mb.to_string();
    let execution = format!("AWS_Lambda_{}", runtime.name);
    let group = format!("/aws/lambda/{name}");
    let defaults = [("TZ", ":UTC"), ("LANG", "C.UTF-8"), ("PYTHONUNBUFFERED", "1"), ("PYTHONDONTWRITEBYTECODE", "1")];
    let defaults = defaults.into_iter().map(|(name, value)| (name, value.to_owned()));
    let inherited = home.inherited.iter().map(|(name, value)| (name.as_str(), value.clone()));
    let regions = ["AWS_REGION", "AWS_DEFAULT_REGION"].map(|name| (name, home.region.clone()));
    let own = configuration.environment.iter().map(|(name, value)| (name.as_str(), value.expose_secret().to_owned()));
    let lambdas = [
        ("AWS_LAMBDA_FUNCTION_NAME", name.as_str()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory_mb),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", &group),
        ("AWS_EXECUTION_ENV", &execution),
        ("LAMBDA_TASK_ROOT", &folder),
        ("LAMBDA_RUNTIME_DIR", &bootstraps),
        ("_HANDLER", handler),
    ];
    let lambdas = lambdas.map(|(name, value)| (name, value.to_owned()));
    // The later wins: the function's own over what it inherits, Lambda's over all.
    let all = defaults.chain(inherited).chain(regions).chain(own).chain(lambdas);
    all.map(|(name, value)| (name.into(), value.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn versions_are_compared_by_their_parts() {
        for (version, asked, expected) in [
            ("20.20.2", "20", true),
            ("3.12.1", "3.12", true),
            ("3.12", "3.12", true),
            ("3.11.7", "3.1", false),
            ("2.0", "20", false),
        ] {
            assert_eq!(is_of(version, asked), expected, "{version} for {asked}");
        }
    }
}
