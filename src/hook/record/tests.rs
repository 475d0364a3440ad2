use std::future::pending;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;
use tempfile::TempDir;

use super::read::Recording;
use super::*;
use crate::clock::System;
use crate::config::{Config, Sources};
use crate::hook::check::cases;

/// Answers each call with the next of these; hangs when there are no more.
struct Script(Mutex<Vec<Result<Vec<u8>, Error>>>);

impl Invoker for Script {
    fn invoke<'a>(&'a self, _: Bytes, _: Option<&'a Source>) -> BoxFuture<'a, Result<Vec<u8>, Error>> {
        let next = self.0.lock().pop();
        Box::pin(async move {
            match next {
                Some(result) => result,
                None => pending().await,
            }
        })
    }
}

fn settings(directory: &TempDir, changes: &[&str]) -> config::Hook {
    let mut flags: Vec<_> = changes.iter().map(|&change| change.to_owned()).collect();
    flags.push(format!("hook.record.directory={}", directory.path().join("recording").display()));
    flags.push("hook.timeout=1ms".to_owned());
    Config::load(Sources { flags, ..Sources::default() }).unwrap().hook
}

fn start(settings: &config::Hook) -> Arc<Recorder> {
    Arc::new(Recorder::start(settings, Arc::new(System::default())).unwrap().unwrap())
}

fn endpoints(event: &Bytes) -> Vec<u8> {
    serde_json::from_slice::<Value>(event).unwrap()["Endpoints"].to_string().into_bytes()
}

/// The lines in a folder.
fn lines(settings: &config::Hook) -> Vec<Value> {
    let files = list(&settings.record.directory).unwrap();
    let texts = files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect::<String>();
    texts.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn every_attempt_is_recorded_with_its_outcome() {
    let directory = TempDir::new().unwrap();
    let settings = settings(&directory, &[]);
    let recorder = start(&settings);
    let event = cases::compose(1)[1].event.clone();
    let results = vec![Ok(endpoints(&event)), Ok(b"no JSON".to_vec()), Err(Error::Function("secret".into()))];
    let invoker = recorder.around("f", Arc::new(Script(Mutex::new(results))));
    assert!(invoker.invoke(event.clone(), None).await.is_err());
    assert_eq!(invoker.invoke(event.clone(), None).await.unwrap(), b"no JSON");
    assert_eq!(invoker.invoke(event.clone(), None).await.unwrap(), endpoints(&event));
    // Given up after its time was over.
    let hangs = invoker.invoke(event.clone(), None);
    assert!(crate::clock::timeout(&System::default(), settings.timeout * 2, hangs).await.is_none());
    drop((invoker, recorder));

    let lines = lines(&settings);
    let errors: Vec<_> = lines.iter().map(|line| line["error"].as_str().unwrap_or("-")).collect();
    assert_eq!(errors, ["function", "-", "-", "timeout"]);
    assert_eq!(lines[1]["answer_text"], "not recorded: 7 bytes that are no JSON");
    assert_eq!(lines[2]["answer"], lines[2]["event"]["Endpoints"], "event and answer are masked alike");
    assert_eq!(lines[0]["event"], lines[3]["event"]);
    for line in &lines {
        assert!(line["time"].as_str().unwrap().ends_with('Z') && line["function"] == "f");
        let text = line.to_string();
        for secret in ["check.0", "check-00", "user-", "\"98101\"", "secret"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        assert!(text.contains("Amara") && text.contains("Seattle"), "what is not named stays");
    }
    let file = list(&settings.record.directory).unwrap().remove(0);
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn members_keep_their_order_so_that_events_can_be_sent_again() {
    let directory = TempDir::new().unwrap();
    let settings = settings(&directory, &["hook.record.mask=[]"]);
    let recorder = start(&settings);
    let cases = cases::compose(1);
    for case in &cases {
        let invoker = recorder.around("f", Arc::new(Script(Mutex::new(vec![Ok(b"{}".to_vec())]))));
        invoker.invoke(case.event.clone(), None).await.unwrap();
    }
    drop(recorder);
    let recording = Recording::open(&settings.record.directory).unwrap();
    assert_eq!(recording.len(), cases.len());
    for (at, case) in cases.iter().enumerate() {
        let line = recording.line(at).unwrap();
        assert!(line.event.get().as_bytes() == case.event, "{}", case.name);
        assert_eq!(line.outcome(), Ok(&b"{}"[..]));
    }
}

#[tokio::test]
async fn all_attempts_of_a_batch_are_kept_or_none() {
    let directory = TempDir::new().unwrap();
    let settings = settings(&directory, &["hook.record.percent=30"]);
    let recorder = start(&settings);
    let mut events = Vec::new();
    for seed in 0..40 {
        events.extend(cases::concurrent(seed).into_iter().map(|case| case.event));
    }
    for _ in 0..2 {
        for event in &events {
            let invoker = recorder.around("f", Arc::new(Script(Mutex::new(vec![Ok(b"{}".to_vec())]))));
            invoker.invoke(event.clone(), None).await.unwrap();
        }
    }
    drop(recorder);
    let kept = Recording::open(&settings.record.directory).unwrap().len();
    assert!((events.len() / 5..events.len() * 2 / 5).contains(&kept), "{kept} of {}", events.len());
    assert_eq!(lines(&settings).len(), kept * 2);
}

#[test]
fn the_last_attempt_counts_and_a_cut_off_line_does_not() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("recording.jsonl");
    let line = |event: u32, outcome: &str| format!(r#"{{"latency_ms":1.5,{outcome},"event":{{"n":{event}}}}}"#);
    let text = [
        line(1, r#""error":"timeout""#),
        line(2, r#""answer":null"#),
        line(1, r#""answer":{}"#),
        line(3, r#""answer_text":"x""#),
        line(4, "\"answer\":{}")[..20].to_owned(),
    ]
    .join("\n");
    std::fs::write(&path, &text).unwrap();
    let recording = Recording::open(&path).unwrap();
    let outcomes: Vec<_> = (0..recording.len()).map(|at| recording.line(at).unwrap()).collect();
    let outcomes: Vec<_> = outcomes.iter().map(|line| line.outcome().map(<[u8]>::to_vec)).collect();
    assert_eq!(outcomes, [Ok(b"{}".to_vec()), Ok(b"null".to_vec()), Ok(b"x".to_vec())]);

    std::fs::write(&path, format!("{text}\n")).unwrap();
    let error = Recording::open(&path).unwrap_err().to_string();
    assert!(error.contains("line 5"), "{error}");
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_at_the_start() {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("recording"), "a file").unwrap();
    let error = Recorder::start(&settings(&directory, &[]), Arc::new(System::default())).err().unwrap();
    assert!(error.to_string().contains("`hook.record.directory`"), "{error}");
    let none = Config::load(Sources::default()).unwrap().hook;
    assert!(Recorder::start(&none, Arc::new(System::default())).unwrap().is_none());
}

#[tokio::test]
async fn what_cannot_be_kept_up_with_is_left_out_and_fails_no_call() {
    let directory = TempDir::new().unwrap();
    let settings = settings(&directory, &[]);
    let recorder = start(&settings);
    recorder.queued_bytes.store(QUEUE_BYTES_MAX, Ordering::Relaxed);
    let event = cases::compose(1)[0].event.clone();
    let invoker = recorder.around("f", Arc::new(Script(Mutex::new(vec![Ok(b"{}".to_vec())]))));
    assert_eq!(invoker.invoke(event, None).await.unwrap(), b"{}");
    drop((invoker, recorder));
    assert!(lines(&settings).is_empty());
}
