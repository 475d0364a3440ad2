//! How much memory workers use.

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustix::process::Pid;

use super::family::Processes;
use crate::clock::Clock;

/// How long one look at all processes is good for.
const FRESH: Duration = Duration::from_millis(100);

/// Resident memory by the process that leads a group or has descendants. Workers share one look at `/proc`, which costs more the more processes there are.
pub(super) struct Census {
    clock: Arc<dyn Clock>,
    last: Mutex<Option<(Duration, HashMap<i32, u64>)>>,
}

impl Census {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, last: Mutex::new(None) }
    }

    /// Bytes that a process, its group and its descendants use; pages that its processes share count once for each.
    pub async fn bytes(self: Arc<Self>, leader: Pid) -> u64 {
        let look = tokio::task::spawn_blocking(move || {
            let mut last = self.last.lock();
            let now = self.clock.elapsed();
            if last.as_ref().is_none_or(|(at, _)| now.saturating_sub(*at) >= FRESH) {
                *last = Some((now, usage()));
            }
            last.as_ref().and_then(|(_, usage)| usage.get(&leader.as_raw_nonzero().get()).copied()).unwrap_or_default()
        });
        look.await.unwrap_or_default()
    }
}

/// Most that a process has used so far, in bytes.
pub(super) fn peak_bytes(process: Pid) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.as_raw_nonzero())).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or_default() * 1024
}

fn usage() -> HashMap<i32, u64> {
    let page_bytes = rustix::param::page_size() as u64;
    let mut usage = HashMap::new();
    for (leader, pages) in Processes::look().pages() {
        *usage.entry(leader).or_default() += pages * page_bytes;
    }
    usage
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory() {
        let me = rustix::process::getpid();
        assert!(usage()[&me.as_raw_nonzero().get()] > 1024 * 1024);
        assert!(peak_bytes(me) > 1024 * 1024);
    }
}
