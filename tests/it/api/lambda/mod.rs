//! Lambda's API for local functions, driven by AWS's own command line.

mod access;
mod durable;
mod operations;
mod permission;

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::Method;
use pinwheel::clock::{Clock, System};
use serde_json::{Value, json};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::client::{Answer, HttpClient};

/// How to get what is missing.
const HINT: &str = "Make a `.venv` with the packages of tests/support/requirements.txt (./test.sh does), or name another \
    Python that has them by PINWHEEL_TEST_PYTHON";

pub const ROLE: &str = "arn:aws:iam::000000000000:role/hook";

/// Answers what it got, the number of its code and a variable; logs a line.
pub const NODE: &str = r#"
exports.handler = async (event) => {
  console.log("version VERSION was called");
  if (event.fail) throw new TypeError("asked to fail");
  if (event.Endpoints) return event.Endpoints;
  return { version: VERSION, event, greeting: process.env.GREETING };
};
"#;

/// `pinwheel serve --dev` as a process of its own. Killed when this is dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub http: HttpClient,
    log: PathBuf,
}

impl Server {
    /// Serves the data directory `data` in this folder.
    pub async fn start(folder: &Path, settings: &[&str]) -> Self {
        let log = folder.join("server.log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_pinwheel"));
        command.args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data"]).arg(folder.join("data"));
        command.args(["--set", "telemetry.listen=127.0.0.1:0"]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        command.env_clear().envs(["PATH", "HOME"].map(|name| (name, std::env::var_os(name).unwrap_or_default())));
        let mut child =
            command.stdout(Stdio::null()).stderr(File::create(&log).unwrap()).current_dir(folder).spawn().unwrap();
        let clock = System::default();
        for _ in 0..2_000 {
            let text = std::fs::read_to_string(&log).unwrap();
            let line = text.lines().find(|line| line.contains("answering Pinpoint"));
            if let Some((_, address)) = line.and_then(|line| line.split_once("address=")) {
                let address = address.trim().parse().unwrap();
                return Self { child, address, http: HttpClient::new(address), log };
            }
            assert!(child.try_wait().unwrap().is_none(), "{text}");
            clock.sleep(Duration::from_millis(10)).await;
        }
        panic!("the server does not say where it listens");
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// `aws lambda` with these arguments, and keys that a server for development does not look at.
    pub async fn aws(&self, arguments: &[&str]) -> Output {
        aws(self.address, ("key", "secret"), arguments).await
    }

    /// What `aws lambda` prints, as JSON.
    pub async fn ok(&self, arguments: &[&str]) -> Value {
        let output = self.aws(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        if output.stdout.is_empty() { Value::Null } else { serde_json::from_slice(&output.stdout).unwrap() }
    }

    /// What `aws lambda` complains about, with the name of the exception.
    pub async fn refused(&self, arguments: &[&str]) -> String {
        let output = self.aws(arguments).await;
        assert!(!output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }

    /// A request below `/2015-03-31/functions`, without the command line, which takes its time.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.http.send(method, &format!("/2015-03-31/functions{path}"), body).await.unwrap()
    }

    /// Calls `echo` and reads its answer.
    pub async fn invoke(&self, event: Value) -> Value {
        self.call(Method::POST, "/echo/invocations", event).await.body(200)
    }

    /// Pulls the plug.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request that makes the function `echo` from this zip file.
pub fn create_request(zip: &Path) -> Value {
    json!({
        "FunctionName": "echo", "Runtime": "nodejs20.x", "Role": ROLE, "Handler": "index.handler", "Code": code_of(zip),
    })
}

/// A zip file in a request.
pub fn code_of(zip: &Path) -> Value {
    json!({ "ZipFile": BASE64_STANDARD.encode(std::fs::read(zip).unwrap()) })
}

/// Arguments that make the function `echo`.
pub fn create(zip: &Path) -> Vec<String> {
    let zip = format!("fileb://{}", zip.display());
    let fixed = ["create-function", "--function-name", "echo", "--runtime", "nodejs20.x", "--role", ROLE];
    let rest = ["--handler", "index.handler", "--zip-file", &zip];
    fixed.iter().chain(&rest).map(|text| (*text).to_owned()).collect()
}

/// A zip file with [`NODE`] of a version.
pub fn zip_of(folder: &Path, version: &str) -> PathBuf {
    let path = folder.join(format!("echo-{version}.zip"));
    let mut zip = ZipWriter::new(File::create(&path).unwrap());
    zip.start_file("index.js", SimpleFileOptions::default()).unwrap();
    zip.write_all(NODE.replace("VERSION", version).as_bytes()).unwrap();
    zip.finish().unwrap();
    path
}

/// AWS's command line, on a server of ours.
pub async fn aws(address: SocketAddr, (id, secret): (&str, &str), arguments: &[&str]) -> Output {
    let python = std::env::var_os("PINWHEEL_TEST_PYTHON");
    let python = python.unwrap_or_else(|| root().join(".venv/bin/python").into());
    let mut command = tokio::process::Command::new(&python);
    command.args(["-m", "awscli", "lambda"]).args(arguments);
    command.args(["--endpoint-url", &format!("http://{address}"), "--region", "us-east-1", "--output", "json"]);
    let aws_env = [
        ("AWS_ACCESS_KEY_ID", OsString::from(id)),
        ("AWS_SECRET_ACCESS_KEY", secret.into()),
        ("AWS_EC2_METADATA_DISABLED", "true".into()),
        ("AWS_MAX_ATTEMPTS", "1".into()),
        ("AWS_CONFIG_FILE", "/nonexistent".into()),
        ("AWS_PAGER", "".into()),
        ("PATH", std::env::var_os("PATH").unwrap_or_default()),
    ];
    command.env_clear().envs(aws_env).stdin(Stdio::null()).kill_on_drop(true);
    command.output().await.unwrap_or_else(|error| panic!("{}: {error}. {HINT}", Path::new(&python).display()))
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn folder() -> TempDir {
    TempDir::new().unwrap()
}
