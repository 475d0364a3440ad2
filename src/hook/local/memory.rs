//! How much memory workers use.

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustix::process::Pid;

use crate::clock::Clock;

/// How long one look at all processes is good for.
const FRESH: Duration = Duration::from_millis(100);

/// Resident memory by process group. Workers share one look at `/proc`, which costs more the more processes there are.
pub(super) struct Census {
    clock: Arc<dyn Clock>,
    last: Mutex<Option<(Duration, HashMap<i32, u64>)>>,
}

impl Census {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, last: Mutex::new(None) }
    }

    /// Bytes that a group uses; pages that its processes share count once for each.
    pub async fn bytes(self: Arc<Self>, group: Pid) -> u64 {
        let look = tokio::task::spawn_blocking(move || {
            let mut last = self.last.lock();
            let now = self.clock.elapsed();
            if last.as_ref().is_none_or(|(at, _)| now.saturating_sub(*at) >= FRESH) {
                *last = Some((now, groups()));
            }
            last.as_ref().and_then(|(_, groups)| groups.get(&group.as_raw_nonzero().get()).copied()).unwrap_or_default()
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

fn groups() -> HashMap<i32, u64> {
    let page_bytes = rustix::param::page_size() as u64;
    let mut groups = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        if !entry.file_name().as_encoded_bytes().first().is_some_and(u8::is_ascii_digit) {
            continue;
        }
        // A process may be gone by now.
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        if let Some((group, pages)) = group_and_pages(&stat) {
            *groups.entry(group).or_default() += pages * page_bytes;
        }
    }
    groups
}

/// Source: proc_pid_stat(5): the fields `pgrp` and `rss`. The name before them is in parentheses and may hold anything.
fn group_and_pages(stat: &str) -> Option<(i32, u64)> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let group = fields.nth(2)?.parse().ok()?;
    let pages = fields.nth(18)?.parse().ok()?;
    Some((group, pages))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_after_the_name() {
        let numbers: Vec<_> = (5..=52).map(|field| field.to_string()).collect();
        let stat = format!("17 (a) b (c) S 4 {}", numbers.join(" "));
        assert_eq!(group_and_pages(&stat), Some((5, 24)));
        assert_eq!(group_and_pages(""), None);
    }

    #[test]
    fn this_process_uses_memory() {
        let me = rustix::process::getpid();
        let group = rustix::process::getpgrp().as_raw_nonzero().get();
        assert!(groups()[&group] > 1024 * 1024);
        assert!(peak_bytes(me) > 1024 * 1024);
    }
}
