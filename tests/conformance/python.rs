//! Scripts of this folder, run by the Python of the tests.

use std::path::PathBuf;
use std::process::Command;

use crate::root;
use crate::server::Server;

const HINT: &str = "Make a `.venv` with the packages of tests/support/requirements.txt (./test.sh does), or name another \
                    interpreter in PINWHEEL_TEST_PYTHON";

pub fn interpreter() -> PathBuf {
    std::env::var_os("PINWHEEL_TEST_PYTHON").map_or_else(|| root().join(".venv/bin/python"), PathBuf::from)
}

/// Runs a script with the server's key in its environment, and nothing else of AWS.
///
/// Errors: what the script complains of.
pub fn run(script: &str, arguments: &[&str], server: &Server) -> Result<(), String> {
    let mut command = Command::new(interpreter());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    let nowhere = server.files().join("no-such-file");
    let output = command
        .arg(root().join("tests/conformance").join(script))
        .args(arguments)
        .env("AWS_ACCESS_KEY_ID", &server.key.id)
        .env("AWS_SECRET_ACCESS_KEY", &server.key.secret)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_CONFIG_FILE", &nowhere)
        .env("AWS_SHARED_CREDENTIALS_FILE", &nowhere)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("HYPOTHESIS_STORAGE_DIRECTORY", server.files().join("hypothesis"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap_or_else(|error| panic!("`{}` does not run: {error}. {HINT}", interpreter().display()));
    if output.status.success() {
        return Ok(());
    }
    let complaints = String::from_utf8_lossy(&output.stderr);
    let hint = if complaints.contains("ModuleNotFoundError") { HINT } else { "" };
    Err(format!("{script} {}:\n{complaints}{hint}{}", output.status, server.errors()))
}
