//! Pulling the plug: functions and policies are there after it, whole.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::{Server, folder, zip_of};

const MANAGE: &[&str] = &["api.functions=manage"];

#[tokio::test]
async fn functions_and_policies_outlive_the_process() {
    let folder = folder();
    let at = folder.path();
    let mut server = Server::start(at, MANAGE).await;
    server.create_echo(at).await;
    let environment = ["--environment", "Variables={GREETING=hunter2}"];
    server.ok(&[&["update-function-configuration", "--function-name", "echo"], &environment[..]].concat()).await;
    server
        .ok(&[
            "add-permission",
            "--function-name",
            "echo",
            "--statement-id",
            "s",
            "--action",
            "lambda:InvokeFunction",
            "--principal",
            "pinpoint.us-east-1.amazonaws.com",
        ])
        .await;
    let before = server.ok(&["get-function", "--function-name", "echo"]).await;
    let policy = server.ok(&["get-policy", "--function-name", "echo"]).await;
    server.kill();

    // The environment may hold secrets.
    let kept = at.join("data/functions/echo");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&kept), mode(&kept.join("function.json"))), (0o700, 0o600));
    assert!(!server.log().contains("hunter2"));

    let mut server = Server::start(at, MANAGE).await;
    assert_eq!(server.ok(&["get-function", "--function-name", "echo"]).await, before);
    assert_eq!(server.ok(&["get-policy", "--function-name", "echo"]).await, policy);
    assert_eq!(server.invoke(at, "{}").await["greeting"], "hunter2");

    // In the middle of changes: the code is the old or the new one, and fits what is said of it.
    let zips = ["2", "3"].map(|version| zip_of(at, version));
    for round in 0..3 {
        let zip = format!("fileb://{}", zips[round % 2].display());
        let changing = ["update-function-code", "--function-name", "echo", "--zip-file", &zip];
        let changing = super::aws(server.address, ("key", "secret"), &changing);
        let killing = async {
            // The command takes a good part of a second before it asks.
            let wait = std::time::Duration::from_millis(fastrand::u64(300..1_500));
            pinwheel::clock::Clock::sleep(&pinwheel::clock::System::default(), wait).await;
            server.kill();
        };
        tokio::join!(changing, killing);
        server = Server::start(at, MANAGE).await;
        let read: Value = server.ok(&["get-function-configuration", "--function-name", "echo"]).await;
        let version = server.invoke(at, "{}").await["version"].clone();
        let zip = std::fs::read(at.join(format!("echo-{version}.zip"))).unwrap();
        assert_eq!(read["CodeSha256"], pinwheel::hook::local::shelf::code_sha256(&zip), "round {round}");
        let code = std::fs::read_dir(&kept)
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("code-"));
        assert!(code.count() <= 2, "what is left over is removed");
    }

    server.ok(&["delete-function", "--function-name", "echo"]).await;
    server.kill();
    let server = Server::start(at, MANAGE).await;
    assert_eq!(server.ok(&["list-functions"]).await["Functions"], json!([]));
    // A new one of the same name begins without the old one's permissions.
    server.create_echo(at).await;
    let none = server.refused(&["get-policy", "--function-name", "echo"]).await;
    assert!(none.contains("ResourceNotFoundException"), "{none}");
}

#[tokio::test]
async fn a_name_that_is_made_and_set_is_told_at_the_start() {
    let folder = folder();
    let at = folder.path();
    let mut server = Server::start(at, MANAGE).await;
    server.create_echo(at).await;
    server.kill();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_pinwheel"))
        .args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data"])
        .arg(at.join("data"))
        .args(["--set", &format!("functions.echo.code={}", at.display()), "--set", "functions.echo.runtime=nodejs"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && text.contains("`echo` stands in the settings"), "{text}");
}
