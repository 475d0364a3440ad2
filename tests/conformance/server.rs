//! `pinwheel serve` as a child process.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

const START_MAX: Duration = Duration::from_secs(60);

/// Who is let in.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Access {
    /// Whoever signs with a key that the server knows.
    Keys,
    /// Everybody.
    Open,
}

/// A key to the API.
pub struct Key {
    pub id: String,
    pub secret: String,
}

/// A server with a store of its own. It ends with this.
pub struct Server {
    pub url: String,
    /// May do everything.
    pub key: Key,
    directory: TempDir,
    child: Child,
    errors: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts a server on a free port. Messages of all channels go to `sink.jsonl` in its files; hooks may be on loopback.
    pub fn start(access: Access) -> Self {
        let directory = TempDir::new().unwrap();
        let files = directory.path().join("files");
        std::fs::create_dir(&files).unwrap();
        let settings = format!(
            "[api]\nlisten = \"127.0.0.1:0\"\njob_folder = {files:?}\n\
             [hook]\nallow_http = true\nallow_private_addresses = true\n\
             [aws]\nlambda_endpoint_url = \"http://127.0.0.1:1\"\ns3_endpoint_url = \"http://127.0.0.1:1\"\n\
             [log]\nformat = \"json\"\n\
             [channel.sink]\npath = {:?}\n",
            files.join("sink.jsonl")
        );
        std::fs::write(directory.path().join("pinwheel.toml"), settings).unwrap();
        let key = match access {
            Access::Keys => make_key(directory.path(), &[]),
            Access::Open => Key { id: "anybody".to_owned(), secret: "anything".to_owned() },
        };
        let mut serve = pinwheel(directory.path(), &["serve"]);
        if access == Access::Open {
            serve.arg("--dev");
        }
        let mut child = serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let errors = Arc::new(Mutex::new(Vec::new()));
        let (tell, told) = mpsc::channel();
        thread::spawn({
            let errors = errors.clone();
            move || listen(log, &tell, &errors)
        });
        let address = told.recv_timeout(START_MAX);
        let mut server = Self { url: String::new(), key, directory, child, errors };
        let Ok(address) = address else { panic!("the server did not start{}", server.errors()) };
        server.url = format!("http://{address}");
        server
    }

    /// Files that jobs may touch.
    pub fn files(&self) -> PathBuf {
        self.directory.path().join("files")
    }

    /// The errors in its log, to be appended to a complaint.
    pub fn errors(&self) -> String {
        let errors = self.errors.lock().unwrap();
        if errors.is_empty() { String::new() } else { format!("\nthe server logged:\n{}", errors.join("\n")) }
    }

    /// The id of a new application.
    pub fn administrator_makes_an_application(&self) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(crate::sdk::new_application(self))
    }

    pub fn make_key(&self, arguments: &[&str]) -> Key {
        make_key(self.directory.path(), arguments)
    }

    pub fn revoke_key(&self, id: &str) {
        let output = pinwheel(self.directory.path(), &["keys", "revoke", id]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gone already, when it crashed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pinwheel(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pinwheel"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("AWS_") || name.starts_with("PINWHEEL_") {
            command.env_remove(name);
        }
    }
    command.current_dir(directory).args(arguments);
    command
}

fn make_key(directory: &Path, arguments: &[&str]) -> Key {
    let output = pinwheel(directory, &["keys", "create", "--json"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    Key { id: text("AccessKeyId"), secret: text("SecretAccessKey") }
}

/// Reads the log to its end: tells the address, keeps the errors.
fn listen(log: impl BufRead, tell: &mpsc::Sender<String>, errors: &Mutex<Vec<String>>) {
    for line in log.lines().map_while(Result::ok) {
        let entry: Value = serde_json::from_str(&line).unwrap_or_default();
        let is_start = entry["message"] == "answering Pinpoint's API";
        if let (true, Some(address)) = (is_start, entry["address"].as_str()) {
            // Nobody waits any more when it took too long.
            let _ = tell.send(address.to_owned());
        } else if entry.is_null() || entry["level"] == "ERROR" {
            errors.lock().unwrap().push(line);
        }
    }
}
