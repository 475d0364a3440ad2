//! Jobs over S3 in a process that is killed.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{ROLE, Wire, counts, ended, ids};

/// As much of S3 as jobs use: one bucket, addressed by path. What is under `locked/` may be listed and not read.
#[derive(Default)]
struct S3 {
    objects: Mutex<BTreeMap<String, Bytes>>,
    /// Whether objects are kept back for ever.
    hangs: AtomicBool,
}

async fn serve(State(s3): State<Arc<S3>>, request: Request) -> Response {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let key = uri.path().trim_start_matches("/bucket").trim_start_matches('/').to_owned();
    let tags = [(header::ETAG, "\"1\""), (header::LAST_MODIFIED, "Sun, 01 Mar 2026 09:00:00 GMT")];
    if method == Method::PUT {
        let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
        s3.objects.lock().insert(key, body);
        return tags.into_response();
    }
    if key.is_empty() {
        let query = uri.query().unwrap();
        let prefix = query.split('&').find_map(|part| part.strip_prefix("prefix=")).unwrap().replace("%2F", "/");
        let item = |(key, body): (&String, &Bytes)| {
            let date = "2026-03-01T09:00:00.000Z";
            let size = body.len();
            format!(
                "<Contents><Key>{key}</Key><LastModified>{date}</LastModified><ETag>1</ETag><Size>{size}</Size></Contents>"
            )
        };
        let objects = s3.objects.lock();
        let contents: String = objects.iter().filter(|(key, _)| key.starts_with(&prefix)).map(item).collect();
        return format!("<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>")
            .into_response();
    }
    if method == Method::GET && s3.hangs.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
    if method == Method::GET && key.starts_with("locked/") {
        return StatusCode::FORBIDDEN.into_response();
    }
    let found = s3.objects.lock().get(&key).cloned();
    found.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |body| (tags, body).into_response())
}

/// `pinwheel serve` as a process of its own; killed when it is dropped.
struct Process {
    child: Child,
    wire: Wire,
}

impl Process {
    fn start(directory: &Path, s3: SocketAddr) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pinwheel"))
            .args(["serve", "--dev", "--listen", "127.0.0.1:0"])
            .args(["--set", "log.format=json", "--set", &format!("aws.s3_endpoint_url=http://{s3}")])
            .current_dir(directory)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .envs([("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret")])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = log.by_ref().map(Result::unwrap).find_map(|line| {
            let at = line.contains("answering").then(|| line.find("127.0.0.1:"))??;
            line[at..].split(['"', ' ']).next()?.parse().ok()
        });
        std::thread::spawn(move || log.for_each(drop));
        Self { child, wire: Wire::to(address.expect("the log names the address")) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_over_s3_go_on_after_a_kill() {
    let s3 = Arc::new(S3::default());
    s3.hangs.store(true, Ordering::Relaxed);
    for (key, body) in [
        ("in/1.json", "{\"Id\":\"a\",\"ChannelType\":\"SMS\",\"Address\":\"1\"}\n"),
        ("in/2.json", "{\"Id\":\"b\",\"ChannelType\":\"SMS\",\"Address\":\"2\"}\n"),
        ("locked/1.json", "{\"Id\":\"c\"}\n"),
    ] {
        s3.objects.lock().insert(key.to_owned(), Bytes::from_static(body.as_bytes()));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, Router::new().fallback(serve).with_state(s3.clone())).into_future());

    let directory = TempDir::new().unwrap();
    let process = Process::start(directory.path(), address);
    let application = process.wire.application().await;
    let imports = format!("{application}/jobs/import");
    let request = |folder: &str| {
        json!({"Format": "JSON", "S3Url": format!("s3://bucket/{folder}"), "RoleArn": ROLE,
            "DefineSegment": true, "RegisterEndpoints": true})
    };
    let mut jobs = Vec::new();
    for folder in ["in"; 9].iter().chain(&["locked"]) {
        let made = process.wire.expect(201, "POST", &imports, request(folder)).await;
        assert_eq!(made["JobStatus"], "CREATED");
        jobs.push(format!("{imports}/{}", made["Id"].as_str().unwrap()));
    }
    let refused = process.wire.expect(429, "POST", &imports, request("in")).await;
    assert_eq!(refused["Message"], "10 import jobs run already, the limit");
    let running = process.wire.wait(&jobs[0], |job| job["JobStatus"] == "PROCESSING").await;
    assert_eq!(counts(&running), json!(["PROCESSING", 0, 0, 2, 0, 0]), "{running}");
    drop(process);

    // A stop does not wait for them.
    let mut process = Process::start(directory.path(), address);
    process.wire.wait(&jobs[9], |job| job["JobStatus"] == "PROCESSING").await;
    let id = process.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let child = std::mem::replace(&mut process.child, Command::new("true").spawn().unwrap());
    let stopped = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap().status);
    assert!(stopped.await.unwrap().success());
    drop(process);

    s3.hangs.store(false, Ordering::Relaxed);
    let process = Process::start(directory.path(), address);
    for (path, expected) in jobs.iter().zip([[2, 0, 2, 2, 0]; 9].iter().chain(&[[0, 1, 1, 0, 0]])) {
        let job = ended(&process.wire, path).await;
        let status = if expected[1] == 0 { "COMPLETED" } else { "FAILED" };
        assert_eq!(counts(&job).as_array().unwrap()[1..], expected.map(Value::from), "{job}");
        assert_eq!(job["JobStatus"], status);
        let segment = job["Definition"]["SegmentId"].as_str();
        assert_eq!(segment.is_some(), status == "COMPLETED");
        if let Some(id) = segment {
            let segment = process.wire.get(&format!("{application}/segments/{id}")).await;
            assert_eq!((&segment["Version"], &segment["ImportDefinition"]["Size"]), (&json!(1), &json!(2)));
        }
    }

    let request = json!({"S3UrlPrefix": "s3://bucket/out/", "RoleArn": ROLE});
    let made = process.wire.expect(202, "POST", &format!("{application}/jobs/export"), request).await;
    let id = made["Id"].as_str().unwrap();
    let job = ended(&process.wire, &format!("{application}/jobs/export/{id}")).await;
    assert_eq!(counts(&job), json!(["COMPLETED", 1, 0, 1, 2, 0]), "{job}");
    let key = format!("out/{}/{id}/00000.json.gz", application.rsplit('/').next().unwrap());
    assert_eq!(ids(&*s3.objects.lock()[&key].clone()), ["a", "b"]);
}
