//! Imports from their files to the store.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::ObjectStoreExt;
use parking_lot::Mutex;

use super::*;
use crate::clock::{self, Clock};
use crate::domain::{ApplicationId, Endpoint};
use crate::segment;
use crate::segment::fake::{Fake, REFUSED};
use crate::store::DefinitionStore;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

async fn import(store: &Fake, source: &Source, options: &Options) -> Result<Summary, Error> {
    run(store, &clock::System::default(), &ApplicationId::new("app"), source, options, &|_| ()).await
}

fn local(path: impl Into<PathBuf>) -> Source {
    Source::Local { path: path.into(), within: None }
}

async fn import_path(store: &Fake, path: impl Into<PathBuf>) -> Summary {
    import(store, &local(path), &Options::default()).await.unwrap()
}

/// Failures without their folders.
fn failures(summary: &Summary) -> Vec<String> {
    summary
        .failures
        .iter()
        .map(|failure| {
            let file = Path::new(&failure.file).file_name().unwrap().to_string_lossy();
            format!("{file}:{}: {}", failure.line, failure.reason)
        })
        .collect()
}

fn counts(summary: &Summary) -> [u64; 6] {
    [summary.files, summary.files_skipped, summary.files_failed, summary.lines, summary.imported, summary.failed]
}

fn endpoint(store: &Fake, id: &str) -> Endpoint {
    store.endpoints().into_iter().find(|(found, _)| found == id).expect(id).1
}

#[tokio::test]
async fn good_lines_of_csv_are_kept_and_bad_ones_named() {
    let store = Fake::default();
    let summary = import_path(&store, data("endpoints.csv")).await;
    assert_eq!(counts(&summary), [1, 0, 0, 9, 4, 5]);
    let channels = "ADM, APNS, APNS_SANDBOX, APNS_VOIP, APNS_VOIP_SANDBOX, BAIDU, CUSTOM, EMAIL, GCM, IN_APP, \
                    PUSH, SMS, VOICE";
    let expected = [
        format!("endpoints.csv:4: ChannelType: `FAX` is not one of {channels}"),
        "endpoints.csv:7: Location.Latitude: 147.61 is not between -90 and 90".to_owned(),
        "endpoints.csv:9: line: 5 values, the header has 14 columns".to_owned(),
        "endpoints.csv:10: line: a quote is not closed".to_owned(),
        "endpoints.csv:11: Metrics.visits: `many` is not a number".to_owned(),
    ];
    assert_eq!(failures(&summary), expected);
    assert_eq!(summary.touched.len(), 4);
    let push = endpoint(&store, "push-1");
    assert_eq!(push.attributes["Interests"], ["music", "food, and wine"]);
    assert_eq!((push.location.latitude, push.metrics["visits"]), (Some(52.5), 12.0));
    let ids: Vec<_> = store.endpoints().into_iter().map(|(id, _)| id).collect();
    assert_eq!([&ids[0], &ids[1], &ids[2]], ["push-1", "mail-1", "text-1"]);
    assert_eq!(ids[3].len(), 32, "the fourth had no id and got one");

    let again = import_path(&store, data("endpoints.csv")).await;
    assert_eq!((again.imported, store.endpoints().len()), (4, 4), "a second import makes no second endpoint");
}

#[tokio::test]
async fn good_lines_of_json_are_kept_and_bad_ones_named() {
    let store = Fake::default();
    let summary = import_path(&store, data("endpoints.jsonl")).await;
    assert_eq!(counts(&summary), [1, 0, 0, 9, 4, 5]);
    let expected = [
        "endpoints.jsonl:5: OptOut: `SOME` is not one of ALL, NONE",
        r#"endpoints.jsonl:6: Location.Latitude: invalid type: string "north", expected a number"#,
        "endpoints.jsonl:7: endpoint: EOF while parsing a value at line 1 column 14",
        "endpoints.jsonl:8: endpoint: not a JSON object",
        "endpoints.jsonl:9: Id: missing, without it `ChannelType` and `Address` are needed",
    ];
    assert_eq!(failures(&summary), expected);
    let push = endpoint(&store, "push-1");
    assert_eq!(push.address.as_deref(), Some("device-token-1"), "a later line updates an earlier one");
    assert!(push.attributes.is_empty());
    assert_eq!(push.location.latitude, Some(48.1));
    assert_eq!(summary.touched.len(), 3);
}

#[tokio::test]
async fn packed_files_line_ends_and_byte_order_marks_make_no_difference() {
    let lines = b"{\"Id\":\"a\"}\r\n\r\n{\"Id\":\"b\"}\n{\"Id\":\"c\",\"OptOut\":\"X\"}";
    let marked = [b"\xef\xbb\xbf", &lines[..]].concat();
    let members = [gzip(&lines[..15]), gzip(&lines[15..])].concat();
    let csv = b"\xef\xbb\xbfId,OptOut\r\na,\r\n\r\nb,\r\nc,X\r\n";
    for (name, content) in
        [("a.json", &lines[..]), ("a.json", &marked), ("a.bin", &gzip(&marked)), ("a.gz", &members), ("a.csv", csv)]
    {
        let folder = folder(&[(name, content)]);
        let store = Fake::default();
        let summary = import_path(&store, folder.path().join(name)).await;
        assert_eq!(counts(&summary), [1, 0, 0, 3, 2, 1], "{name}");
        let line = if name == "a.csv" { 5 } else { 4 };
        assert_eq!(failures(&summary), [format!("{name}:{line}: OptOut: `X` is not one of ALL, NONE")]);
        assert_eq!(store.endpoints().len(), 2);
    }
}

#[tokio::test]
async fn folders_are_read_in_order_and_bad_files_do_not_stop_the_others() {
    let cut_off = gzip(&b"{\"Id\":\"x\"}\n".repeat(3));
    let folder = folder(&[
        ("b/2.csv", b"Id,Address\na,second\n"),
        ("a.json", b"{\"Id\":\"a\",\"Address\":\"first\"}\n"),
        ("c.csv", b"Id,Colour\na,red\n"),
        ("d.json.gz", &cut_off[..cut_off.len() - 9]),
        ("e.json", b""),
        (".hidden", b"nonsense"),
    ]);
    let store = Fake::default();
    let summary = import_path(&store, folder.path()).await;
    assert_eq!(endpoint(&store, "a").address.as_deref(), Some("second"));
    assert_eq!((summary.files, summary.files_failed), (4, 2));
    let failures = failures(&summary);
    assert_eq!(failures[0], "c.csv:1: `Colour` is not a column of an import file");
    assert!(failures[1].starts_with("d.json.gz:"), "{failures:?}");

    let options = Options { format: Some(Format::Json), ..Options::default() };
    let source = local(folder.path());
    let summary = import(&Fake::default(), &source, &options).await.unwrap();
    assert_eq!((summary.files, summary.files_skipped), (2, 2), "objects of the other format are skipped");
}

#[tokio::test]
async fn long_files_keep_their_order_and_line_numbers() {
    // Several chunks, and a line in the middle that no endpoint has.
    let mut text = String::from("Id,Address,OptOut\n");
    for i in 0..40_000 {
        let opt_out = if i == 30_000 { "X" } else { "" };
        let address = "x".repeat(60);
        text.push_str(&format!("e{},{i}-{address},{opt_out}\n", i % 5));
        if i == 20_000 {
            text.push_str(&format!("long,{},\n", "y".repeat(2 << 20)));
        }
    }
    let folder = folder(&[("long.csv", text.as_bytes())]);
    let store = Fake::default();
    let summary = import_path(&store, folder.path()).await;
    assert_eq!(counts(&summary), [1, 0, 0, 40_001, 39_999, 2]);
    let expected = [
        "long.csv:20003: line: longer than 1048576 bytes, no endpoint is",
        "long.csv:30003: OptOut: `X` is not one of ALL, NONE",
    ];
    assert_eq!(failures(&summary), expected);
    let address = endpoint(&store, "e4").address.unwrap();
    assert!(address.starts_with("39999-"), "the last line wins");
}

#[tokio::test]
async fn what_the_store_refuses_is_a_bad_line() {
    let content = format!("{{\"Id\":\"a\"}}\n{{\"Id\":\"{REFUSED}\"}}\n");
    let folder = folder(&[("a.json", content.as_bytes())]);
    let summary = import_path(&Fake::default(), folder.path()).await;
    let expected = ["a.json:2: User.UserId: Exceeded maximum endpoint per user count: 15"];
    assert_eq!(failures(&summary), expected);
    assert_eq!((summary.imported, summary.failed), (1, 1));
}

#[tokio::test]
async fn a_segment_is_defined_from_endpoints_and_users() {
    let store = Fake::default();
    import_path(&store, data("endpoints.jsonl")).await;
    let folder = folder(&[
        ("1.csv", b"User.UserId\nuser-1 nobody\nuser-1\n"),
        ("2.json", b"{\"Id\":\"new\",\"Address\":\"n\"}\n{\"Id\":\"mail-1\",\"Address\":\"changed\"}\n"),
    ]);
    let source = local(folder.path());
    let segment = Segment { id: Some("vip".into()), name: Some("People".into()), job: None };
    let options = Options { existing: Existing::Keep, segment: Some(segment), ..Options::default() };
    let summary = import(&store, &source, &options).await.unwrap();
    assert_eq!(failures(&summary), ["1.csv:2: User.UserId: there is no endpoint of `nobody`"]);
    assert_eq!(summary.segment, Some(("vip".to_owned(), 1)));
    assert_eq!(endpoint(&store, "mail-1").address.as_deref(), Some("ann@example.com"), "it existed, and stays");
    assert_eq!(endpoint(&store, "new").address.as_deref(), Some("n"));

    let application = ApplicationId::new("app");
    let now = clock::System::default().now();
    let members = segment::evaluate(&store, &application, "vip", None, now).await.unwrap();
    assert_eq!(members, summary.touched);
    let ids: Vec<_> = members.iter().map(|number| store.endpoints()[number as usize].0.clone()).collect();
    assert_eq!(ids, ["push-1", "mail-1", "new"]);

    // A further version keeps the name.
    let segment = Segment { id: Some("vip".into()), name: None, job: None };
    let options = Options { segment: Some(segment), ..Options::default() };
    let summary = import(&store, &local(folder.path().join("2.json")), &options).await.unwrap();
    assert_eq!(summary.segment, Some(("vip".to_owned(), 2)));
    let application = ApplicationId::new("app");
    let document =
        store.definition(Some(&application), store::Kind::Segment, "vip", None).await.unwrap().unwrap().document;
    assert!(document.starts_with(r#"{"Name":"People","ImportDefinition":{"#), "{document}");
}

#[tokio::test]
async fn nothing_to_do_says_why() {
    let store = Fake::default();
    let folder = folder(&[("users.csv", b"User.UserId\nu\n"), ("empty/e.json", b"")]);
    let summary = import_path(&store, folder.path().join("users.csv")).await;
    let expected = ["users.csv:2: User.UserId: alone it makes no endpoint, it can only define a segment"];
    assert_eq!(failures(&summary), expected);

    let error = |source: Source, options: Options| {
        let store = &store;
        async move { import(store, &source, &options).await.unwrap_err().to_string() }
    };
    let keep = Options { existing: Existing::Keep, ..Options::default() };
    assert_eq!(error(local("x"), keep).await, Error::NothingToDo.to_string());
    let missing = local("/no/such/file");
    assert_eq!(error(missing, Options::default()).await, "cannot read `/no/such/file`");
    let empty = folder.path().join("empty");
    let expected = format!("there is nothing to import in `{}`", empty.display());
    assert_eq!(error(local(empty), Options::default()).await, expected);
}

#[tokio::test]
async fn an_import_that_failed_leaves_the_segment_alone() {
    let store = Fake::default();
    let folder = folder(&[("a.json", b"{}\n")]);
    let segment = Segment { id: Some("s".into()), name: None, job: None };
    let options = Options { segment: Some(segment), ..Options::default() };
    let summary = import(&store, &local(folder.path()), &options).await.unwrap();
    assert_eq!((summary.failed, summary.segment), (1, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_read_from_an_object_store() {
    let remote = Arc::new(object_store::memory::InMemory::new());
    let objects: [(&str, Vec<u8>); 3] = [
        ("in/2.json.gz", gzip(b"{\"Id\":\"b\"}\n{\"Id\":\"c\"}\n")),
        ("in/1.csv", b"Id\na\n".to_vec()),
        ("input/3.csv", b"Id\nd\n".to_vec()),
    ];
    for (key, content) in objects {
        remote.put(&key.into(), content.into()).await.unwrap();
    }
    let source = |key: &str| Source::Remote { store: remote.clone(), key: key.into(), url: format!("s3://b/{key}") };
    let store = Fake::default();
    let progress = Mutex::new(Vec::new());
    let observer = |event: Event<'_>| {
        if let Event::Progressed { bytes_read, bytes_total, summary } = event {
            progress.lock().push((bytes_read == bytes_total, summary.imported));
        }
    };
    let application = ApplicationId::new("app");
    let options = Options::default();
    run(&store, &clock::System::default(), &application, &source("in"), &options, &observer).await.unwrap();
    let ids: Vec<_> = store.endpoints().into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    assert_eq!(progress.lock().last(), Some(&(true, 3)));

    let summary = import(&Fake::default(), &source("input/3.csv"), &options).await.unwrap();
    assert_eq!(summary.imported, 1);
    let error = import(&store, &source("nowhere"), &options).await.unwrap_err();
    assert_eq!(error.to_string(), "there is nothing to import in `s3://b/nowhere`");
}

#[tokio::test]
async fn a_job_that_is_done_again_defines_one_version() {
    let store = Fake::default();
    let folder = folder(&[("1.csv", b"Id,ChannelType,Address\na,SMS,1\nb,SMS,2\nc,EMAIL,c@example.com\n")]);
    let job =
        |id: &str| Job { id: id.into(), role_arn: "role".into(), external_id: "x".into(), s3_url: "s3://b/k".into() };
    let options = |id: Option<&str>, by: &str| {
        let segment = Segment { id: id.map(str::to_owned), name: None, job: Some(job(by)) };
        Options { segment: Some(segment), ..Options::default() }
    };
    let defined = async |options: Options| {
        let summary = import(&store, &local(folder.path()), &options).await;
        summary.map(|summary| summary.segment.unwrap()).map_err(|error| error.to_string())
    };
    // The id of a new segment is that of its job.
    for _ in 0..2 {
        assert_eq!(defined(options(None, "job-1")).await, Ok(("job-1".to_owned(), 1)));
    }
    for _ in 0..2 {
        assert_eq!(defined(options(Some("job-1"), "job-2")).await, Ok(("job-1".to_owned(), 2)));
    }
    let gone = "segment `gone` was deleted while its import ran".to_owned();
    assert_eq!(defined(options(Some("gone"), "job-3")).await, Err(gone));

    let document = store.definition(None, store::Kind::Segment, "job-1", None).await.unwrap().unwrap().document;
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let definition = &document["ImportDefinition"];
    assert_eq!(definition["ChannelCounts"], serde_json::json!({"EMAIL": 1, "SMS": 2}));
    assert_eq!((&definition["RoleArn"], &definition["ExternalId"]), (&"role".into(), &"x".into()));
}

#[tokio::test]
async fn tags_of_a_segment_outlive_a_further_version() {
    let store = Fake::default();
    store.define("s", r#"{"Name":"n","tags":{"team":"a"},"ImportDefinition":{}}"#);
    let folder = folder(&[("1.csv", b"Id\na\n")]);
    let segment = Segment { id: Some("s".into()), ..Segment::default() };
    let options = Options { segment: Some(segment), ..Options::default() };
    import(&store, &local(folder.path()), &options).await.unwrap();
    let document = store.definition(None, store::Kind::Segment, "s", Some(2)).await.unwrap().unwrap().document;
    assert!(document.contains(r#""tags":{"team":"a"}"#), "{document}");
}

#[tokio::test]
async fn links_out_of_the_folder_are_not_followed() {
    let folder = folder(&[("in/a.csv", b"Id\na\n"), ("b.csv", b"Id\nb\n")]);
    let root = folder.path().canonicalize().unwrap();
    for (target, link) in [("b.csv", "out.csv"), ("in/a.csv", "inside.csv"), ("none", "nowhere.csv")] {
        std::os::unix::fs::symlink(root.join(target), root.join("in").join(link)).unwrap();
    }
    let within = |within: Option<PathBuf>| Source::Local { path: root.join("in"), within };
    let store = Fake::default();
    let summary = import(&store, &within(Some(root.join("in"))), &Options::default()).await.unwrap();
    assert_eq!(counts(&summary), [4, 0, 2, 2, 2, 0]);
    let failures = failures(&summary);
    assert!(failures[0].starts_with("nowhere.csv:1: No such file"), "{failures:?}");
    assert!(failures[1].starts_with("out.csv:1: it leads out of"), "{failures:?}");
    assert!(store.endpoints().iter().all(|(id, _)| id != "b"));

    let summary = import(&store, &within(None), &Options::default()).await.unwrap();
    assert_eq!((summary.imported, summary.files_failed), (3, 1));
}
