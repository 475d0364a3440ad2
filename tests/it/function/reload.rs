//! Code that changes while it runs.

use std::fs;
use std::io::Write as _;
use std::time::Duration;

use pinwheel::clock::{Clock as _, System};
use serde_json::json;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::Host;

fn code(answer: &str) -> String {
    format!("import time\n\ndef handler(event, context):\n    time.sleep(event.get('s', 0))\n    return {answer}\n")
}

/// A look at the code is good for a second.
async fn a_second() {
    System::default().sleep(Duration::from_millis(1_050)).await;
}

#[tokio::test]
async fn new_code_serves_new_calls_and_the_old_one_ends_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("index.py");
    fs::write(&file, code("1")).unwrap();
    let folder = folder.path().display();
    let host = Host::new(&format!("[functions.f]\ncode = '{folder}'\nruntime = 'python'\nclient = 'pinwheel'"));
    assert_eq!(host.answer("f", json!({})).await, 1);
    let (old, ()) = tokio::join!(host.answer("f", json!({ "s": 3 })), async {
        a_second().await;
        fs::write(&file, code("22")).unwrap();
        assert_eq!(host.answer("f", json!({})).await, 22);
    });
    assert_eq!(old, 1);
    let invoked = host.call("f", json!({})).await;
    assert_eq!((invoked.payload, invoked.cold_start), (b"22".to_vec(), None));
    // What interpreters write for themselves is no change.
    a_second().await;
    fs::create_dir_all(file.with_file_name("__pycache__")).unwrap();
    fs::write(file.with_file_name("__pycache__").join("index.pyc"), "x").unwrap();
    assert_eq!(host.call("f", json!({})).await.cold_start, None);
}

#[tokio::test]
async fn broken_code_that_is_mended_runs_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("index.py");
    fs::write(&file, "import absent\n").unwrap();
    let folder = folder.path().display();
    let host = Host::new(&format!("[functions.f]\ncode = '{folder}'\nruntime = 'python'\nclient = 'pinwheel'"));
    assert_eq!(host.error("f", json!({})).await["errorType"], "Runtime.ImportModuleError");
    a_second().await;
    assert_eq!(host.error("f", json!({})).await["errorType"], "Runtime.ImportModuleError");
    fs::write(&file, code("1")).unwrap();
    a_second().await;
    assert_eq!(host.answer("f", json!({})).await, 1);
}

fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[tokio::test]
async fn zip_files_are_unpacked_and_change_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let zip = folder.path().join("f.zip");
    fs::write(&zip, zipped(&[("index.py", &code("1")), ("lib/x.txt", "x")])).unwrap();
    let settings = format!("[functions.f]\ncode = '{}'\nruntime = 'python'\nclient = 'pinwheel'", zip.display());
    let host = Host::new(&settings);
    assert_eq!(host.answer("f", json!({})).await, 1);
    a_second().await;
    fs::write(&zip, zipped(&[("index.py", &code("'two'"))])).unwrap();
    assert_eq!(host.answer("f", json!({})).await, "two");

    for (name, problem) in [("../out.py", "leads out of the folder"), ("/etc/out.py", "leads out of the folder")] {
        a_second().await;
        fs::write(&zip, zipped(&[("index.py", &code("3")), (name, "x")])).unwrap();
        let error = host.function("f").call("{}".into()).await.unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    }
    a_second().await;
    fs::write(&zip, "no zip").unwrap();
    assert!(host.function("f").call("{}".into()).await.is_err());
    let folders = fs::read_dir(host.directory.path().join("f")).unwrap();
    let names: Vec<_> = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.iter().filter(|name| name.starts_with("code-")).count(), 2, "{names:?}");
    assert_eq!(host.function("f").configuration().code, zip);
}
