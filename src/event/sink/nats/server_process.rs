//! The real NATS server as a process on loopback.

use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::clock::{self, Clock, System};

/// Longest time in which a server starts.
const START_MAX: Duration = Duration::from_secs(30);

/// A server with JetStream and a folder of its own. It ends when this is dropped.
pub struct NatsServer {
    folder: TempDir,
    more: String,
    port: u16,
    process: Child,
}

impl NatsServer {
    /// Starts it on a free port, with these lines more in its configuration.
    pub async fn start(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (process, port) = run(&folder, more, None).await;
        Self { folder, more: more.to_owned(), port, process }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it at once, as a crash would.
    pub async fn kill(&mut self) {
        self.process.kill().await.unwrap();
    }

    /// Starts it again where it was, with what it kept.
    pub async fn restart(&mut self) {
        (self.process, self.port) = run(&self.folder, &self.more, Some(self.port)).await;
    }
}

async fn run(folder: &TempDir, more: &str, port: Option<u16>) -> (Child, u16) {
    let path = folder.path();
    let store = path.join("store");
    let listen = port.map_or(-1, i32::from);
    let text = format!(
        "listen: '127.0.0.1:{listen}'\njetstream {{ store_dir: '{}' }}\nports_file_dir: '{}'\n{more}\n",
        store.display(),
        path.display()
    );
    let settings = path.join("nats.conf");
    std::fs::write(&settings, text).unwrap();
    let log = std::fs::File::create(path.join("log")).unwrap();
    let process = Command::new("nats-server")
        .arg("--config")
        .arg(&settings)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .expect("nats-server is installed");
    let ports = path.join(format!("nats-server_{}.ports", process.id().unwrap()));
    let clock = System::default();
    let wait = async {
        loop {
            // It is written when the server listens.
            if let Some(port) = std::fs::read_to_string(&ports).ok().as_deref().and_then(port_of) {
                return port;
            }
            clock.sleep(Duration::from_millis(10)).await;
        }
    };
    let port = clock::timeout(&clock, START_MAX, wait).await;
    let log = || std::fs::read_to_string(path.join("log")).unwrap_or_default();
    let port = port.unwrap_or_else(|| panic!("nats-server did not start: {}", log()));
    (process, port)
}

/// Shape: `{"nats":["nats://127.0.0.1:4222"],…}`.
fn port_of(ports: &str) -> Option<u16> {
    let ports: serde_json::Value = serde_json::from_str(ports).ok()?;
    ports["nats"][0].as_str()?.rsplit(':').next()?.parse().ok()
}
