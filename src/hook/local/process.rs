//! A worker's process, and those that it has started.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Once;

use rustix::process::{DumpableBehavior, Pid, Signal, kill_process, kill_process_group, set_dumpable_behavior};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::family::{Processes, marked};

/// Looks for strays at most: each may start others until it is killed.
const STRAY_LOOKS_MAX: u32 = 10;

/// What is run.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub path: PathBuf,
    pub arguments: Vec<OsString>,
    pub folder: PathBuf,
}

/// A process that leads a group of its own. The group and all who descend from it are killed when this is dropped, or when its
/// leader ends.
pub(super) struct Process {
    group: Pid,
    exited: watch::Receiver<Option<ExitStatus>>,
}

impl Process {
    /// Starts it with these variables and no others; `mark` is one that no other process has. `tracker` knows when it is gone.
    pub fn start(
        program: &Program,
        environment: &BTreeMap<OsString, OsString>,
        mark: (&str, &str),
        tracker: &TaskTracker,
    ) -> io::Result<(Self, ChildStdout, ChildStderr)> {
        hide();
        let mut child = Command::new(&program.path)
            .args(&program.arguments)
            .current_dir(&program.folder)
            .env_clear()
            .envs(environment)
            .env(mark.0, mark.1)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().expect("it is piped");
        let errors = child.stderr.take().expect("it is piped");
        let id = child.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("a new child has an id");
        let (sender, exited) = watch::channel(None);
        tracker.spawn(reap(child, id, format!("{}={}", mark.0, mark.1), sender));
        Ok((Self { group: id, exited }, output, errors))
    }

    pub fn group(&self) -> Pid {
        self.group
    }

    pub fn is_alive(&self) -> bool {
        self.exited.borrow().is_none()
    }

    /// Waits until it ends, and says how in Lambda's words.
    pub async fn exited(&mut self) -> String {
        match self.exited.wait_for(Option::is_some).await {
            Ok(status) => status.map(how).unwrap_or_default(),
            // Nobody reaps any more: the runtime is going down.
            Err(_) => "signal: killed".to_owned(),
        }
    }

    pub fn kill(&self) {
        if self.is_alive() {
            let family: Vec<_> = Processes::look().of(self.group).collect();
            // It fails when they are gone already.
            let _ = kill_process_group(self.group, Signal::KILL);
            for id in family {
                let _ = kill_process(id, Signal::KILL);
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn reap(mut child: Child, group: Pid, mark: String, exited: watch::Sender<Option<ExitStatus>>) {
    let status = child.wait().await;
    // Its children would outlive it. The id cannot have been given to others so soon: ids are handed out in turn.
    let _ = kill_process_group(group, Signal::KILL);
    exited.send_replace(Some(status.unwrap_or_default()));
    let _ = tokio::task::spawn_blocking(move || kill_strays(mark.as_bytes())).await;
}

/// Those that left the group and have lost their parents.
fn kill_strays(mark: &[u8]) {
    for _ in 0..STRAY_LOOKS_MAX {
        if marked(mark).map(|id| kill_process(id, Signal::KILL)).filter(Result::is_ok).count() == 0 {
            return;
        }
    }
}

/// Keeps our own environment and memory from those who run as the same user, and so from what we start: keys stand there.
fn hide() {
    static HIDDEN: Once = Once::new();
    HIDDEN.call_once(|| {
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    });
}

/// Source: what Lambda says in `Runtime.ExitError`.
fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(9)) => "signal: killed".to_owned(),
        (None, Some(6)) => "signal: aborted".to_owned(),
        (None, Some(11)) => "signal: segmentation fault".to_owned(),
        (None, Some(15)) => "signal: terminated".to_owned(),
        (None, signal) => format!("signal: {}", signal.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_told_as_lambda_does() {
        for (raw, expected) in
            [(0, "exit status 0"), (1 << 8, "exit status 1"), (9, "signal: killed"), (1, "signal: 1")]
        {
            assert_eq!(how(ExitStatus::from_raw(raw)), expected);
        }
    }
}
