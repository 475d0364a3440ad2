//! Processes as `/proc` shows them: which belong to a worker, and what they take.

use std::fs;

use memchr::memmem;
use rustix::process::Pid;

/// Generations that are followed upwards. More would be a circle, which processes that come and go may seem to be.
const GENERATIONS_MAX: usize = 64;

/// One look at all processes, by id.
pub(super) struct Processes(Vec<Entry>);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Entry {
    id: i32,
    parent: i32,
    group: i32,
    pages: u64,
}

impl Processes {
    pub fn look() -> Self {
        // A process may be gone by now.
        let stats = ids().filter_map(|id| fs::read_to_string(format!("/proc/{id}/stat")).ok());
        Self::new(stats.filter_map(|stat| Entry::parse(&stat)).collect())
    }

    fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable_by_key(|entry| entry.id);
        Self(entries)
    }

    fn get(&self, id: i32) -> Option<&Entry> {
        self.0.binary_search_by_key(&id, |entry| entry.id).ok().map(|at| &self.0[at])
    }

    /// The ids of a process, those it descends from, and the groups of all of them.
    fn heads(&self, entry: &Entry) -> Vec<i32> {
        let line = std::iter::successors(Some(entry), |entry| self.get(entry.parent)).take(GENERATIONS_MAX);
        let mut heads: Vec<_> = line.flat_map(|entry| [entry.id, entry.group]).collect();
        heads.sort_unstable();
        heads.dedup();
        heads
    }

    /// The processes of a leader: its group, its descendants and theirs, also those in sessions of their own.
    pub fn of(&self, leader: Pid) -> impl Iterator<Item = Pid> {
        let leader = leader.as_raw_nonzero().get();
        let own = self.0.iter().filter(move |entry| self.heads(entry).contains(&leader));
        own.filter_map(|entry| Pid::from_raw(entry.id))
    }

    /// Pages in memory by leader; those that processes share count once for each.
    pub fn pages(&self) -> impl Iterator<Item = (i32, u64)> {
        self.0.iter().flat_map(|entry| self.heads(entry).into_iter().map(|head| (head, entry.pages)))
    }
}

impl Entry {
    /// Source: proc_pid_stat(5): the fields `pid`, `ppid`, `pgrp` and `rss`. The name is in parentheses and may hold anything.
    fn parse(stat: &str) -> Option<Self> {
        let id = stat.split(' ').next()?.parse().ok()?;
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        let parent = fields.nth(1)?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        let pages = fields.nth(18)?.parse().ok()?;
        Some(Self { id, parent, group, pages })
    }
}

/// The processes that were started with this variable, `NAME=VALUE`, whoever their parents are now.
pub(super) fn marked(variable: &[u8]) -> impl Iterator<Item = Pid> {
    let is_marked = move |id: &i32| {
        fs::read(format!("/proc/{id}/environ")).is_ok_and(|environment| memmem::find(&environment, variable).is_some())
    };
    ids().filter(is_marked).filter_map(Pid::from_raw)
}

fn ids() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_after_the_name() {
        let numbers: Vec<_> = (5..=52).map(|field| field.to_string()).collect();
        let stat = format!("17 (a) b (c) S 4 {}", numbers.join(" "));
        assert_eq!(Entry::parse(&stat), Some(Entry { id: 17, parent: 4, group: 5, pages: 24 }));
        assert_eq!(Entry::parse(""), None);
    }

    #[test]
    fn a_leader_has_its_group_and_all_who_descend_from_it() {
        let entry = |(id, parent, group, pages)| Entry { id, parent, group, pages };
        let all = [
            (1, 0, 1, 1),
            (10, 1, 10, 1),
            // The leader, a child in its group, one in a session of its own, and a child of that.
            (20, 10, 20, 1),
            (21, 20, 20, 10),
            (22, 20, 22, 100),
            (23, 22, 22, 1000),
            // One of its group whose parent is gone, and a child of it.
            (24, 1, 20, 10_000),
            (25, 24, 25, 100_000),
            // Another leader.
            (30, 10, 30, 7),
        ];
        let processes = Processes::new(all.map(entry).to_vec());
        let ids: Vec<_> = processes.of(Pid::from_raw(20).unwrap()).map(|id| id.as_raw_nonzero().get()).collect();
        assert_eq!(ids, [20, 21, 22, 23, 24, 25]);
        let pages = |leader| processes.pages().filter(|(head, _)| *head == leader).map(|(_, pages)| pages).sum::<u64>();
        assert_eq!((pages(20), pages(30)), (111_111, 7));
        let circle = Processes::new([(2, 3, 2, 1), (3, 2, 3, 1)].map(entry).to_vec());
        assert_eq!(circle.of(Pid::from_raw(2).unwrap()).count(), 2);
    }

    #[test]
    fn this_process_is_among_its_own() {
        let me = rustix::process::getpid();
        assert!(Processes::look().of(me).any(|id| id == me));
    }
}
