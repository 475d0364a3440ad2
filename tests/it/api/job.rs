//! Import and export jobs that run: files, S3, failures, restarts.

mod restart;

use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use pinwheel::domain::ApplicationId;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Server, Wire};

const ROLE: &str = "arn:aws:iam::000000000000:role/import";

/// A server, and a folder that its jobs may use.
struct World {
    server: Server,
    application: String,
    folder: PathBuf,
    _directory: TempDir,
}

impl World {
    async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let folder = directory.path().join("files");
        std::fs::create_dir(&folder).unwrap();
        let server = Server::start(directory.path(), &[format!("api.job_folder={}", folder.display())]).await;
        let application = server.wire.application().await;
        Self { server, application, folder, _directory: directory }
    }

    fn write(&self, name: &str, content: &[u8]) {
        let path = self.folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn url(&self, name: &str) -> String {
        format!("file://{}/{name}", self.folder.display())
    }

    /// The request for an import, with more members.
    fn request(&self, name: &str, more: Value) -> Value {
        let mut request = json!({"Format": "CSV", "S3Url": self.url(name), "RoleArn": ROLE});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        request
    }

    async fn endpoint(&self, id: &str) -> Option<Value> {
        let application = ApplicationId::new(self.application.rsplit('/').next().unwrap());
        let page = self.server.app.store.endpoint(&application, id).await.unwrap();
        page.iter().next().map(|endpoint| serde_json::from_slice(endpoint.document).unwrap())
    }

    /// An import that came to its end.
    async fn import(&self, name: &str, more: Value) -> Value {
        import(&self.server.wire, &self.application, self.request(name, more)).await
    }
}

async fn import(wire: &Wire, application: &str, request: Value) -> Value {
    let made = wire.expect(201, "POST", &format!("{application}/jobs/import"), request).await;
    ended(wire, &format!("{application}/jobs/import/{}", made["Id"].as_str().unwrap())).await
}

/// A job when it is done.
async fn ended(wire: &Wire, path: &str) -> Value {
    wire.wait(path, |job| job["JobStatus"] == "COMPLETED" || job["JobStatus"] == "FAILED").await
}

/// Status, pieces completed, failed and in all, endpoints processed and failed.
fn counts(job: &Value) -> Value {
    let fields = ["JobStatus", "CompletedPieces", "FailedPieces", "TotalPieces", "TotalProcessed", "TotalFailures"];
    fields.into_iter().map(|field| job[field].clone()).collect()
}

fn failures(job: &Value) -> Vec<String> {
    let text = |failure: &Value| failure.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    job["Failures"].as_array().unwrap().iter().map(text).collect()
}

/// The ids in a packed file of an export.
fn ids(packed: impl Read) -> Vec<String> {
    let mut text = String::new();
    MultiGzDecoder::new(packed).read_to_string(&mut text).unwrap();
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["Id"].as_str().unwrap().to_owned();
    text.lines().map(id).collect()
}

fn exported(folder: &Path, application: &str, job: &Value) -> Vec<String> {
    let path = folder.join(application.rsplit('/').next().unwrap()).join(job["Id"].as_str().unwrap());
    ids(std::fs::File::open(path.join("00000.json.gz")).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_defines_a_segment_that_can_be_exported() {
    let world = World::new().await;
    let (wire, application) = (&world.server.wire, &world.application);
    world.write("in/1.csv", b"Id,ChannelType,Address\na,SMS,+12065550100\nb,FAX,1\nc,EMAIL,c@example.com\n");
    world.write("in/deep/2.csv", b"Id,ChannelType,Address\nd,EMAIL,d@example.com\n");
    world.write("in/3.json", b"{\"Id\":\"skipped\"}\n");
    let more = json!({"DefineSegment": true, "RegisterEndpoints": true, "SegmentName": "People", "ExternalId": "x"});
    let job = world.import("in", more).await;
    assert_eq!(counts(&job), json!(["COMPLETED", 2, 0, 2, 4, 1]), "{job}");
    let failures = failures(&job);
    assert!(failures[0].starts_with("1.csv:3: ChannelType: `FAX` is not one of"), "{failures:?}");
    assert_eq!((failures.len(), &job["Type"]), (1, &json!("IMPORT")));
    assert!(job["CompletionDate"].as_str().unwrap() >= job["CreationDate"].as_str().unwrap());
    let id = job["Definition"]["SegmentId"].as_str().unwrap();
    assert_eq!((&job["Definition"]["RoleArn"], &job["Definition"]["DefineSegment"]), (&json!(ROLE), &json!(true)));

    let path = format!("{application}/segments/{id}");
    let segment = wire.get(&path).await;
    let definition = json!({
        "ChannelCounts": {"EMAIL": 2, "SMS": 1}, "ExternalId": "x", "Format": "CSV", "RoleArn": ROLE,
        "S3Url": world.url("in"), "Size": 3,
    });
    let local = definition["S3Url"].as_str().unwrap().trim_start_matches("file://").to_owned();
    let mut found = segment["ImportDefinition"].clone();
    assert!([&definition["S3Url"], &json!(local)].contains(&&found["S3Url"]), "{found}");
    found["S3Url"] = definition["S3Url"].clone();
    assert_eq!(found, definition);
    assert_eq!((&segment["SegmentType"], &segment["Name"]), (&json!("IMPORT"), &json!("People")));
    let refused = wire.refusal("PUT", &path, json!({"Name": "x"})).await;
    assert!(refused.starts_with("segment-id: the segment is imported and cannot be changed"), "{refused}");

    // A further version, by its id alone, keeps the name.
    let again = world.import("in/deep", json!({"SegmentId": id, "RegisterEndpoints": true})).await;
    assert_eq!(counts(&again), json!(["COMPLETED", 1, 0, 1, 1, 0]), "{again}");
    let segment = wire.get(&path).await;
    assert_eq!((&segment["Version"], &segment["Name"]), (&json!(2), &json!("People")));
    assert_eq!(segment["ImportDefinition"]["Size"], 1);

    // A group takes one imported segment.
    let source =
        |count: usize| json!({"SegmentGroups": {"Groups": [{"SourceSegments": vec![json!({"Id": id}); count]}]}});
    wire.expect(201, "POST", &format!("{application}/segments"), source(1)).await;
    let refused = wire.refusal("POST", &format!("{application}/segments"), source(2)).await;
    assert!(refused.contains("a group has one imported segment or several dimensional ones"), "{refused}");

    for (more, expected) in [
        (json!({}), vec!["a", "c", "d"]),
        (json!({"SegmentId": id}), vec!["d"]),
        (json!({"SegmentId": id, "SegmentVersion": 1}), vec!["a", "c", "d"]),
    ] {
        let mut request = json!({"S3UrlPrefix": world.url("out/"), "RoleArn": ROLE});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = wire.expect(202, "POST", &format!("{application}/jobs/export"), request.clone()).await;
        let job = ended(wire, &format!("{application}/jobs/export/{}", made["Id"].as_str().unwrap())).await;
        assert_eq!(counts(&job), json!(["COMPLETED", 1, 0, 1, expected.len(), 0]), "{job}");
        assert_eq!((&job["Type"], &job["Definition"]), (&json!("EXPORT"), &request));
        assert_eq!(exported(&world.folder.join("out"), application, &job), expected);
    }

    for (list, expected) in [
        ("jobs/import".to_owned(), 2),
        ("jobs/export".to_owned(), 3),
        (format!("segments/{id}/jobs/import"), 2),
        (format!("segments/{id}/jobs/export"), 2),
    ] {
        let mut seen = Vec::new();
        let mut token = String::new();
        loop {
            let page = wire.get(&format!("{application}/{list}?page-size=1{token}")).await;
            seen.extend(page["Item"].as_array().unwrap().iter().map(|job| job["Id"].clone()));
            match page["NextToken"].as_str() {
                Some(next) => token = format!("&token={next}"),
                None => break,
            }
        }
        assert_eq!(seen.len(), expected, "{list}");
    }
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_cannot_read_a_file_fails_and_defines_nothing() {
    let world = World::new().await;
    world.write("mixed/good.csv", b"Id\na\n");
    world.write("mixed/bad.csv", b"Id,Colour\nb,red\n");
    world.write("secret", b"Id\nstolen\n");
    std::os::unix::fs::symlink(world.folder.join("../data/pinwheel.lock"), world.folder.join("mixed/link.csv"))
        .unwrap();
    world.write("json/1.json", b"{\"Id\":\"j\"}\n");
    world.write("lines/1.csv", b"Id,ChannelType\nx,FAX\n");
    let define = || json!({"DefineSegment": true, "RegisterEndpoints": true});

    let job = world.import("mixed", define()).await;
    assert_eq!(counts(&job), json!(["FAILED", 1, 2, 3, 1, 0]), "{job}");
    let failures = failures(&job);
    assert_eq!(failures[0], "bad.csv:1: `Colour` is not a column of an import file");
    assert!(job["Failures"][1].as_str().unwrap().contains("link.csv:1: it leads out of"), "{job}");
    assert_eq!(failures[2], "no segment was defined, because not all files could be read");
    assert!(job["Definition"]["SegmentId"].is_null());
    assert!(world.endpoint("a").await.is_some(), "what could be read is there");

    for (name, counted, expected) in [
        ("json", json!(["FAILED", 0, 0, 0, 0, 0]), "none of the 1 files is CSV"),
        ("lines", json!(["FAILED", 1, 0, 1, 1, 1]), "no segment was defined, because no line could be imported"),
        ("none", json!(["FAILED", 0, 0, null, 0, 0]), "cannot read"),
    ] {
        let job = world.import(name, define()).await;
        assert_eq!(counts(&job), counted, "{job}");
        let last = job["Failures"].as_array().unwrap().last().unwrap().as_str().unwrap();
        assert!(last.starts_with(expected), "{last}");
    }
    let segments = world.server.wire.get(&format!("{}/segments", world.application)).await;
    assert_eq!(segments["Item"], json!([]));
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_that_exist_are_changed_by_registering_alone() {
    let world = World::new().await;
    let address = async |id: &str| world.endpoint(id).await.unwrap()["Address"].as_str().unwrap().to_owned();
    world.write("1.csv", b"Id,ChannelType,Address\na,SMS,first\n");
    world.write("2.csv", b"Id,ChannelType,Address\na,SMS,second\nb,SMS,second-b\n");
    let job = world.import("1.csv", json!({"RegisterEndpoints": true})).await;
    assert_eq!((&job["JobStatus"], &job["Definition"]["SegmentId"]), (&json!("COMPLETED"), &Value::Null));
    let job = world.import("2.csv", json!({"DefineSegment": true, "RegisterEndpoints": false})).await;
    assert!(job["Definition"]["SegmentId"].is_string());
    assert_eq!((address("a").await, address("b").await), ("first".to_owned(), "second-b".to_owned()));
    world.import("2.csv", json!({"RegisterEndpoints": true})).await;
    assert_eq!(address("a").await, "second");
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_break_a_rule_are_refused() {
    let world = World::new().await;
    let (wire, application) = (&world.server.wire, &world.application);
    let segment = wire.expect(201, "POST", &format!("{application}/segments"), json!({"Name": "d"})).await;
    let id = segment["Id"].as_str().unwrap();
    let imports = format!("{application}/jobs/import");
    for (more, expected) in [
        (json!({}), "RegisterEndpoints: neither this nor `DefineSegment` is true: nothing is left to do".to_owned()),
        (json!({"RegisterEndpoints": true, "RoleArn": ""}), "RoleArn: it is empty".to_owned()),
        (
            json!({"DefineSegment": false, "RegisterEndpoints": true, "SegmentId": id}),
            "SegmentId: given, but `DefineSegment` is false".to_owned(),
        ),
        (json!({"SegmentId": "none"}), "SegmentId: there is no segment `none`".to_owned()),
        (
            json!({"SegmentId": id}),
            format!("SegmentId: segment `{id}` is dimensional, an import defines imported ones only"),
        ),
        (json!({"RegisterEndpoints": true, "SegmentName": " "}), "SegmentName: it is empty".to_owned()),
        (
            json!({"RegisterEndpoints": true, "S3Url": "file:///etc/passwd"}),
            "S3Url: `file:///etc/passwd` is not below the folder of the setting `api.job_folder`".to_owned(),
        ),
    ] {
        assert_eq!(wire.refusal("POST", &imports, world.request("x", more)).await, expected);
    }
    let exports = format!("{application}/jobs/export");
    for (more, expected) in [
        (json!({"SegmentVersion": 1}), "SegmentVersion: given without a `SegmentId`".to_owned()),
        (json!({"SegmentId": "none"}), "SegmentId: there is no segment `none`".to_owned()),
        (json!({"SegmentId": id, "SegmentVersion": 0}), "SegmentVersion: 0 is less than 1".to_owned()),
        (json!({"SegmentId": id, "SegmentVersion": 2}), format!("SegmentVersion: segment `{id}` has no version 2")),
        (
            json!({"S3UrlPrefix": "bucket/x"}),
            "S3UrlPrefix: `bucket/x` is neither s3://bucket/prefix nor file:///path".to_owned(),
        ),
    ] {
        let mut request = json!({"S3UrlPrefix": world.url("out"), "RoleArn": ROLE});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(wire.refusal("POST", &exports, request).await, expected);
    }
    for list in [&imports, &exports] {
        assert_eq!(wire.get(list).await, json!({"Item": []}));
        wire.expect(404, "GET", &format!("{list}/none"), Value::Null).await;
    }
    wire.expect(404, "POST", "/v1/apps/none/jobs/import", world.request("x", json!({"RegisterEndpoints": true}))).await;
    world.server.stop().await;
}
