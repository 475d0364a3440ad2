//! Nothing of a function outlives Pinwheel.

use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;

use super::limits::pids;
use super::{Host, data, eventually, is_running};

#[tokio::test]
async fn shutting_down_ends_waiting_and_busy_workers() {
    let host = Host::new(
        "[functions.waits]\ncode = 'DATA'\nruntime = 'python'\nhandler = 'shapes.pid'\nclient = 'pinwheel'\n\
         [functions.works]\ncode = 'DATA'\nruntime = 'python'\nhandler = 'misbehaving.sleeps'\nclient = 'pinwheel'\n",
    );
    let mut ids = vec![host.answer("waits", json!({})).await.as_i64().unwrap()];
    let works = host.function("works");
    let (ended, ()) = tokio::join!(works.call("{}".into()), async {
        eventually("the handler", || host.log("works").contains("pids ").then_some(())).await;
        ids.extend(pids(&host.log("works")));
        host.functions.shut_down().await;
    });
    assert!(ended.is_err() || ended.is_ok_and(|invoked| invoked.function_error.is_some()));
    assert_eq!(ids.len(), 3);
    for id in ids {
        eventually("its end", || (!is_running(id)).then_some(())).await;
    }
    assert!(host.functions.find("waits").is_none());
    assert!(works.call("{}".into()).await.is_err());
}

/// `pinwheel hook invoke` of a handler that takes a second, and what the handler's process is.
async fn invoking(directory: &TempDir) -> (Child, i64) {
    let settings = format!(
        "[functions.f]\ncode = '{}'\nruntime = 'python'\nhandler = 'misbehaving.spins'\nclient = 'pinwheel'\n",
        data().display()
    );
    std::fs::write(directory.path().join("pinwheel.toml"), settings).unwrap();
    std::fs::write(directory.path().join("event.json"), "{}").unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_pinwheel"))
        .args(["--data", "data", "hook", "invoke", "f", "event.json"])
        .current_dir(directory.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let log = directory.path().join("data/functions/f/function.log");
    let look = || std::fs::read_to_string(&log).ok().filter(|log| log.contains("pids ")).map(|log| pids(&log)[0]);
    (child, eventually("the handler", look).await)
}

#[tokio::test]
async fn workers_end_when_pinwheel_is_killed() {
    let directory = TempDir::new().unwrap();
    let (mut pinwheel, worker) = invoking(&directory).await;
    assert!(is_running(worker));
    kill_process(Pid::from_child(&pinwheel), Signal::KILL).unwrap();
    pinwheel.wait().unwrap();
    // At the latest when it has done its work and nobody takes the answer.
    eventually("its end", || (!is_running(worker)).then_some(())).await;
}
