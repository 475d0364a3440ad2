//! The life of a function over the API.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pinwheel::clock::{Clock, System};
use serde_json::json;

use super::{Server, create, folder, zip_of};

const MANAGE: &[&str] = &["api.functions=manage"];

#[tokio::test]
async fn a_function_is_made_called_changed_and_removed() {
    let folder = folder();
    let at = folder.path();
    let server = Server::start(at, MANAGE).await;

    let made = server.create_echo(at).await;
    assert_eq!(made["FunctionArn"], "arn:aws:lambda:us-east-1:000000000000:function:echo");
    assert_eq!((&made["Timeout"], &made["MemorySize"], &made["Version"]), (&json!(3), &json!(128), &json!("$LATEST")));
    server.ok(&["wait", "function-active", "--function-name", "echo"]).await;
    let zip = std::fs::read(at.join("echo-1.zip")).unwrap();
    assert_eq!(made["CodeSize"], zip.len());

    // What it answers, with the end of its log.
    let out = at.join("out.json").display().to_string();
    let arn = made["FunctionArn"].as_str().unwrap();
    let answer =
        server.ok(&["invoke", "--function-name", arn, "--log-type", "Tail", "--payload", r#"{"a":1}"#, &out]).await;
    assert_eq!((&answer["StatusCode"], &answer["ExecutedVersion"]), (&json!(200), &json!("$LATEST")));
    let log = BASE64_STANDARD.decode(answer["LogResult"].as_str().unwrap()).unwrap();
    let log = String::from_utf8(log).unwrap();
    assert!(log.contains("version 1 was called") && log.contains("REPORT RequestId: "), "{log}");
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!(told, json!({ "version": 1, "event": { "a": 1 } }));

    // A function that fails: the call went well all the same.
    let failed = server.ok(&["invoke", "--function-name", "echo", "--payload", r#"{"fail":true}"#, &out]).await;
    assert_eq!((&failed["StatusCode"], &failed["FunctionError"]), (&json!(200), &json!("Unhandled")));
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!((&told["errorType"], &told["errorMessage"]), (&json!("TypeError"), &json!("asked to fail")));

    // Without waiting, and without calling.
    let later = ["invoke", "--function-name", "echo", "--invocation-type", "Event", "--payload", "{}", &out];
    assert_eq!(server.ok(&later).await["StatusCode"], 202);
    let log = at.join("data/functions/echo/function.log");
    let calls = || std::fs::read_to_string(&log).unwrap().matches("version 1 was called").count();
    for _ in 0..1_000 {
        if calls() == 3 {
            break;
        }
        System::default().sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(calls(), 3, "an event is worked on though nobody waits");
    let dry = ["invoke", "--function-name", "echo", "--invocation-type", "DryRun", &out];
    assert_eq!(server.ok(&dry).await["StatusCode"], 204);
    assert_eq!(calls(), 3);

    // New code, and other settings.
    let zip = format!("fileb://{}", zip_of(at, "2").display());
    let update = ["update-function-code", "--function-name", "echo", "--zip-file", &zip];
    let stale = server.refused(&[&update[..], &["--revision-id", "another"]].concat()).await;
    assert!(stale.contains("PreconditionFailedException"), "{stale}");
    let updated = server.ok(&[&update[..], &["--revision-id", made["RevisionId"].as_str().unwrap()]].concat()).await;
    assert_ne!(updated["CodeSha256"], made["CodeSha256"]);
    server.ok(&["wait", "function-updated", "--function-name", "echo"]).await;
    let environment = ["--environment", "Variables={GREETING=hello}", "--timeout", "10", "--memory-size", "256"];
    let configured =
        server.ok(&[&["update-function-configuration", "--function-name", "echo"], &environment[..]].concat()).await;
    assert_eq!(configured["Environment"]["Variables"], json!({ "GREETING": "hello" }));
    assert_eq!(server.invoke(at, "{}").await, json!({ "version": 2, "event": {}, "greeting": "hello" }));
    let read = server.ok(&["get-function", "--function-name", "echo"]).await["Configuration"].take();
    assert_eq!((&read["Timeout"], &read["MemorySize"]), (&json!(10), &json!(256)));
    assert_eq!(read["RevisionId"], configured["RevisionId"]);
    assert_eq!(server.ok(&["get-function-configuration", "--function-name", "echo"]).await, read);
    assert_eq!(server.ok(&["list-functions"]).await["Functions"], json!([read]));

    assert_eq!(server.aws(&["delete-function", "--function-name", "echo"]).await.status.code(), Some(0));
    let gone = server.refused(&["get-function", "--function-name", "echo"]).await;
    assert!(gone.contains("ResourceNotFoundException"), "{gone}");
    assert_eq!(server.ok(&["list-functions"]).await["Functions"], json!([]));
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_lambdas_words() {
    let folder = folder();
    let at = folder.path();
    let code = at.join("code");
    std::fs::create_dir(&code).unwrap();
    std::fs::write(code.join("index.js"), super::NODE.replace("VERSION", "0")).unwrap();
    let given = [
        format!("functions.given.code={}", code.display()),
        "functions.given.runtime=nodejs".to_owned(),
        "functions.given.environment.PASSWORD=hunter2".to_owned(),
        "api.functions=manage".to_owned(),
    ];
    let server = Server::start(at, &given.each_ref().map(String::as_str)).await;
    server.create_echo(at).await;
    let zip = zip_of(at, "1");
    let rubbish = at.join("rubbish.zip");
    std::fs::write(&rubbish, "PK or not").unwrap();
    let out = at.join("out.json").display().to_string();
    let zip_file = format!("fileb://{}", zip.display());
    let role = "arn:aws:iam::000000000000:role/hook";

    let create_again = create(&zip, &[]);
    let create_rubbish: Vec<String> = create(&rubbish, &[]).iter().map(|text| text.replace("echo", "other")).collect();
    let create_named = |name: &str| create(&zip, &[]).iter().map(|text| text.replace("echo", name)).collect::<Vec<_>>();
    let words = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let cases: Vec<(Vec<String>, &str, &str)> = vec![
        (create_again, "ResourceConflictException", "already exist: echo"),
        (create_named("given"), "ResourceConflictException", "already exist: given"),
        (create_rubbish, "InvalidParameterValueException", "Could not unzip uploaded file"),
        (create(&zip, &["--timeout", "901"]), "ResourceConflictException", "already exist"),
        (
            words(&[
                "create-function",
                "--function-name",
                "s3",
                "--runtime",
                "nodejs20.x",
                "--role",
                role,
                "--handler",
                "a.b",
                "--code",
                "S3Bucket=bucket,S3Key=key",
            ]),
            "InvalidParameterValueException",
            "S3 is not supported",
        ),
        (
            words(&["update-function-configuration", "--function-name", "echo", "--timeout", "901"]),
            "InvalidParameterValueException",
            "Timeout",
        ),
        (
            words(&["update-function-configuration", "--function-name", "echo", "--runtime", "java21"]),
            "InvalidParameterValueException",
            "Runtime",
        ),
        (
            words(&["update-function-code", "--function-name", "given", "--zip-file", &zip_file]),
            "InvalidParameterValueException",
            "stands in the settings",
        ),
        (
            words(&["delete-function", "--function-name", "given"]),
            "InvalidParameterValueException",
            "stands in the settings",
        ),
        (
            words(&["invoke", "--function-name", "nobody", "--payload", "{}", &out]),
            "ResourceNotFoundException",
            "Function not found: nobody",
        ),
        (
            words(&["invoke", "--function-name", "echo:live", "--payload", "{}", &out]),
            "ResourceNotFoundException",
            "Function not found",
        ),
        (
            words(&["invoke", "--function-name", "echo", "--qualifier", "3", "--payload", "{}", &out]),
            "ResourceNotFoundException",
            "Function not found",
        ),
        (
            words(&["invoke", "--function-name", "echo", "--payload", "no json", &out]),
            "InvalidRequestContentException",
            "Could not parse request body into json",
        ),
        (words(&["publish-version", "--function-name", "echo"]), "UnknownOperationException", "it has Invoke"),
        (words(&["list-layers"]), "UnknownOperationException", "GET /2018-10-31/layers"),
    ];
    for (arguments, exception, text) in cases {
        let refused = server.refused(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert!(refused.contains(exception) && refused.contains(text), "{arguments:?}: {refused}");
    }
    assert_eq!(server.invoke(at, "{}").await["version"], 1, "nothing of that changed anything");

    // A function of the settings is read and called as any other, but for its secrets.
    let list = server.ok(&["list-functions", "--max-items", "1"]).await;
    assert_eq!(list["Functions"][0]["FunctionName"], "echo");
    let next = server.ok(&["list-functions", "--starting-token", list["NextToken"].as_str().unwrap()]).await;
    assert_eq!(next["Functions"][0]["FunctionName"], "given");
    let read = server.ok(&["get-function", "--function-name", "given"]).await;
    assert!(!read.to_string().contains("hunter2"), "{read}");
    server.ok(&["invoke", "--function-name", "given", "--payload", "{}", &out]).await;
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&std::fs::read(&out).unwrap()).unwrap()["version"], 0);
}
