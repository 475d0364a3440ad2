//! Pulling the plug: functions and policies are there after it, whole.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use hyper::Method;
use pinwheel::clock::{Clock, System};
use pinwheel::hook::local::shelf::code_sha256;
use serde_json::{Value, json};

use super::{Server, code_of, create_request, folder, zip_of};
use crate::client::HttpClient;

const MANAGE: &[&str] = &["api.functions=manage"];

#[tokio::test]
async fn functions_and_policies_outlive_the_process() {
    let folder = folder();
    let at = folder.path();
    let mut server = Server::start(at, MANAGE).await;
    let create = create_request(&zip_of(at, "1"));
    server.call(Method::POST, "", create.clone()).await.body(201);
    let environment = json!({ "Environment": { "Variables": { "GREETING": "hunter2" } } });
    server.call(Method::PUT, "/echo/configuration", environment).await.body(200);
    let service = "pinpoint.us-east-1.amazonaws.com";
    let permission = json!({ "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": service });
    server.call(Method::POST, "/echo/policy", permission).await.body(201);
    let before = server.call(Method::GET, "/echo", Value::Null).await.body(200);
    let policy = server.call(Method::GET, "/echo/policy", Value::Null).await.body(200);
    server.kill();

    // The environment may hold secrets.
    let kept = at.join("data/functions/echo");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&kept), mode(&kept.join("function.json"))), (0o700, 0o600));
    assert!(!server.log().contains("hunter2"));

    let mut server = Server::start(at, MANAGE).await;
    assert_eq!(server.call(Method::GET, "/echo", Value::Null).await.body(200), before);
    assert_eq!(server.call(Method::GET, "/echo/policy", Value::Null).await.body(200), policy);
    assert_eq!(server.invoke(json!({})).await["greeting"], "hunter2");

    // In the middle of changes: the code is the old or the new one, and fits what is said of it.
    let zips = ["2", "3"].map(|version| zip_of(at, version));
    for round in 0..6 {
        let (address, changes) = (server.address, zips.clone().map(|zip| code_of(&zip)));
        let changing = tokio::spawn(async move {
            let http = HttpClient::new(address);
            // Until nobody answers.
            for change in changes.iter().cycle() {
                let path = "/2015-03-31/functions/echo/code";
                if http.send(Method::PUT, path, change.to_string()).await.is_err() {
                    return;
                }
            }
        });
        System::default().sleep(Duration::from_millis(fastrand::u64(20..300))).await;
        server.kill();
        changing.await.unwrap();
        server = Server::start(at, MANAGE).await;
        let read = server.call(Method::GET, "/echo/configuration", Value::Null).await.body(200);
        let version = server.invoke(json!({})).await["version"].clone();
        let zip = std::fs::read(at.join(format!("echo-{version}.zip"))).unwrap();
        assert_eq!(read["CodeSha256"], code_sha256(&zip), "round {round}");
        let code = std::fs::read_dir(&kept)
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("code-"));
        assert!(code.count() <= 2, "what is left over is removed");
    }

    assert_eq!(server.call(Method::DELETE, "/echo", Value::Null).await.status, 204);
    server.kill();
    let server = Server::start(at, MANAGE).await;
    assert_eq!(server.call(Method::GET, "", Value::Null).await.body(200)["Functions"], json!([]));
    // A new one of the same name begins without the old one's permissions.
    server.call(Method::POST, "", create).await.body(201);
    assert_eq!(server.call(Method::GET, "/echo/policy", Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_name_that_is_made_and_set_is_told_at_the_start() {
    let folder = folder();
    let at = folder.path();
    let mut server = Server::start(at, MANAGE).await;
    server.call(Method::POST, "", create_request(&zip_of(at, "1"))).await.body(201);
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
