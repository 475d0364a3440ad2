//! The life of a function over the API.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::Method;
use pinwheel::clock::{Clock, System};
use serde_json::{Value, json};

use super::{NODE, Server, code_of, create, create_request, folder, zip_of};

const MANAGE: &[&str] = &["api.functions=manage"];

#[tokio::test]
async fn a_function_is_made_called_changed_and_removed() {
    let folder = folder();
    let at = folder.path();
    let server = Server::start(at, MANAGE).await;

    let arguments = create(&zip_of(at, "1"));
    let made = server.ok(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;
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
    let told: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!(told, json!({ "version": 1, "event": { "a": 1 } }));

    // A function that fails: the call went well all the same.
    let failed = server.ok(&["invoke", "--function-name", "echo", "--payload", r#"{"fail":true}"#, &out]).await;
    assert_eq!((&failed["StatusCode"], &failed["FunctionError"]), (&json!(200), &json!("Unhandled")));
    let told: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
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
    assert_eq!(server.invoke(json!({})).await, json!({ "version": 2, "event": {}, "greeting": "hello" }));
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
    std::fs::write(code.join("index.js"), NODE.replace("VERSION", "0")).unwrap();
    let given = [
        format!("functions.given.code={}", code.display()),
        "functions.given.runtime=nodejs".to_owned(),
        "functions.given.environment.PASSWORD=hunter2".to_owned(),
        "api.functions=manage".to_owned(),
    ];
    let server = Server::start(at, &given.each_ref().map(String::as_str)).await;
    let zip = zip_of(at, "1");
    let rubbish = at.join("rubbish.zip");
    std::fs::write(&rubbish, "PK or not").unwrap();
    let create = |changes: Value| {
        let mut request = create_request(&zip);
        for (name, value) in changes.as_object().unwrap() {
            request[name] = value.clone();
        }
        request
    };
    server.call(Method::POST, "", create(json!({}))).await.body(201);

    let other = |changes: Value| {
        let mut request = create(json!({ "FunctionName": "other" }));
        request.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        request
    };
    let (invalid, conflict, unknown) =
        ("InvalidParameterValueException", "ResourceConflictException", "ResourceNotFoundException");
    let content = "InvalidRequestContentException";
    let nothing = Value::Null;
    let cases = [
        (Method::POST, "", create(json!({})), 409, conflict, "already exist: echo"),
        (Method::POST, "", create(json!({ "FunctionName": "given" })), 409, conflict, "already exist: given"),
        (Method::POST, "", create(json!({ "FunctionName": "../up" })), 400, invalid, "FunctionName"),
        (Method::POST, "", other(json!({ "Code": code_of(&rubbish) })), 400, invalid, "Could not unzip uploaded file"),
        (Method::POST, "", other(json!({ "Code": { "S3Bucket": "b", "S3Key": "k" } })), 400, invalid, "S3"),
        (Method::POST, "", other(json!({ "Timeout": 901 })), 400, invalid, "Timeout"),
        (Method::POST, "", other(json!({ "Runtime": "java21" })), 400, invalid, "Runtime"),
        (Method::POST, "", other(json!({ "Layers": ["arn"] })), 400, invalid, "Layers"),
        (Method::POST, "", json!({ "FunctionName": "other" }), 400, content, "Code"),
        (Method::PUT, "/echo/configuration", json!({ "MemorySize": 64 }), 400, invalid, "MemorySize"),
        (Method::PUT, "/given/code", code_of(&zip), 400, invalid, "stands in the settings"),
        (Method::PUT, "/given/configuration", json!({ "Timeout": 4 }), 400, invalid, "stands in the settings"),
        (Method::DELETE, "/given", nothing.clone(), 400, invalid, "stands in the settings"),
        (Method::POST, "/nobody/invocations", nothing.clone(), 404, unknown, "Function not found: nobody"),
        (Method::POST, "/echo:live/invocations", nothing.clone(), 404, unknown, "Function not found: echo:live"),
        (Method::POST, "/echo/invocations?Qualifier=3", nothing.clone(), 404, unknown, "echo:3"),
        (Method::GET, "/echo/policy", nothing.clone(), 404, unknown, "does not exist"),
        (Method::DELETE, "/echo/policy/s", nothing.clone(), 404, unknown, "Statement s"),
        (Method::GET, "?MaxItems=0", nothing.clone(), 400, invalid, "MaxItems"),
        (Method::POST, "/echo/versions", nothing.clone(), 404, "UnknownOperationException", "it has Invoke"),
    ];
    for (method, path, body, status, exception, text) in cases {
        let answer = server.call(method.clone(), path, body).await;
        let message = answer.body.get("Message").or(answer.body.get("message")).unwrap().as_str().unwrap();
        assert!(message.contains(text), "{method} {path}: {message}");
        assert_eq!(
            (answer.status, answer.error_type.as_deref()),
            (status, Some(exception)),
            "{method} {path}: {message}"
        );
    }
    let no_json = server.http.send(Method::POST, "/2015-03-31/functions/echo/invocations", "no json").await.unwrap();
    assert_eq!((no_json.status, no_json.error_type.as_deref()), (400, Some(content)));
    let long = format!("\"{}\"", "x".repeat(6 * 1024 * 1024));
    let long = server.http.send(Method::POST, "/2015-03-31/functions/echo/invocations", long).await.unwrap();
    assert_eq!((long.status, long.error_type.as_deref()), (413, Some("RequestTooLargeException")));
    // What the command line makes of it.
    let refused = server.refused(&["get-function", "--function-name", "nobody"]).await;
    assert!(
        refused.contains("(ResourceNotFoundException)") && refused.contains("Function not found: nobody"),
        "{refused}"
    );
    assert_eq!(server.invoke(json!({})).await["version"], 1, "nothing of that changed anything");

    // A function of the settings is read and called as any other, but for its secrets.
    let list = server.call(Method::GET, "?MaxItems=1", nothing.clone()).await.body(200);
    assert_eq!(list["Functions"][0]["FunctionName"], "echo");
    let next = format!("?Marker={}", list["NextMarker"].as_str().unwrap());
    let next = server.call(Method::GET, &next, nothing.clone()).await.body(200);
    assert_eq!((&next["Functions"][0]["FunctionName"], &next["NextMarker"]), (&json!("given"), &nothing));
    let read = server.call(Method::GET, "/given", nothing.clone()).await.body(200);
    assert!(!read.to_string().contains("hunter2"), "{read}");
    assert_eq!(server.call(Method::POST, "/given/invocations", nothing).await.body(200)["version"], 0);
}

#[tokio::test]
async fn who_waits_too_long_for_a_worker_is_told_when_to_come_back() {
    let folder = folder();
    let code = folder.path().join("code");
    std::fs::create_dir(&code).unwrap();
    let slow = "exports.handler = () => new Promise((resolve) => setTimeout(() => resolve('done'), 8000));";
    std::fs::write(code.join("index.js"), slow).unwrap();
    let settings = [
        format!("functions.slow.code={}", code.display()),
        "functions.slow.runtime=nodejs".to_owned(),
        "functions.slow.workers=1".to_owned(),
        "functions.slow.timeout=30s".to_owned(),
    ];
    let server = Server::start(folder.path(), &settings.each_ref().map(String::as_str)).await;
    let call = || server.call(Method::POST, "/slow/invocations", json!({}));
    let (one, other) = tokio::join!(call(), call());
    let (worked, refused) = if one.status == 200 { (one, other) } else { (other, one) };
    assert_eq!(worked.body(200), "done");
    assert_eq!((refused.status, refused.error_type.as_deref()), (429, Some("TooManyRequestsException")));
    assert_eq!(refused.body["Reason"], "ConcurrentInvocationLimitExceeded");
    assert_eq!(refused.retry_after.as_deref(), Some("1"), "{refused:?}");
}
