//! When a campaign holds itself because its hook fails, instead of losing its audience to it.
//!
//! Looked at are the batches that began last, and of those the ones whose hook has answered or failed: failing takes longer,
//! so that those that *end* one after another are no fair sample. Enough failures, in number and share, hold the activity:
//! what is under way is given back, and all of it is tried again later.
//!
//! So that nobody is lost before that is known, a batch whose hook failed waits for what becomes of others. If one succeeds
//! after it, the function works, and the batch meets its fate. If the activity is held, the batch is given back. If nothing
//! else can come, its fate is met too, since few failures are no reason to hold; unless they are enough in number and take all
//! places, or the activity was held before and its hook has not succeeded since: then it is held.

use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::wire_text;
use crate::config::{self, HookFailure};
use crate::domain;

/// Why an activity holds itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Held {
    pub failed: usize,
    pub ended: usize,
    /// A late failure; its text may name endpoints.
    pub example: String,
    /// Its kind, which names nobody.
    pub kind: &'static str,
    /// Whether the hook succeeded for a batch before.
    pub has_worked: bool,
}

/// What becomes of a batch whose hook failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// The hook works for others.
    Works,
    /// Nothing tells, and nothing will.
    Alone,
    /// The activity is held, or was stopped.
    GiveBack,
}

/// The call of a batch's hook.
#[derive(Clone, Copy, Debug)]
pub struct Call(u64);

/// The pause before the next try of a campaign that was held so many times in a row.
pub fn pause(times: u32, settings: &config::Hold) -> Duration {
    domain::pause(times, settings.pause_min, settings.pause_max, 0.0)
}

/// What people are told of a held activity. One that was held before, and has not sent anything since, is held since then.
pub fn note(held: &Held, function: &str, earlier: Option<&str>, now: Timestamp) -> String {
    let earlier = earlier.filter(|_| !held.has_worked);
    let since = earlier.and_then(|text| Some(text.strip_prefix(HELD_SINCE)?.split_once(": ")?.0));
    let since = since.map_or_else(|| wire_text(now), str::to_owned);
    let Held { failed, ended, example, .. } = held;
    format!("{HELD_SINCE}{since}: the hook `{function}` failed for {failed} of {ended} batches, such as: {example}")
}

/// The kind of [`Error::LeftAlone`](crate::hook::Error::LeftAlone).
const LEFT_ALONE: &str = "left_alone";

const HELD_SINCE: &str = "held since ";

/// The rule. Pure.
#[derive(Debug)]
struct Rule {
    settings: config::Hold,
    /// Batches worked on at once.
    slots: usize,
    was_held: bool,
    /// The calls that began last, the latest at the back; whether they failed, once that is known.
    window: VecDeque<Option<bool>>,
    /// Calls that began so far.
    begun: u64,
    /// Batches that are ready to be worked on, that are worked on, and those of them that wait for a verdict and were not told.
    ready: usize,
    working: usize,
    waiting: usize,
    /// Whether more get ready soon.
    is_reading: bool,
    has_worked: bool,
    last_failure: (&'static str, String),
    /// How often those who waited were told, and what.
    told: u64,
    verdict: Verdict,
    held: Option<Held>,
}

impl Rule {
    fn new(settings: config::Hold, slots: usize, was_held: bool) -> Self {
        Self {
            settings,
            slots,
            was_held,
            window: VecDeque::new(),
            begun: 0,
            ready: 0,
            working: 0,
            waiting: 0,
            is_reading: true,
            has_worked: false,
            last_failure: ("", String::new()),
            told: 0,
            verdict: Verdict::Alone,
            held: None,
        }
    }

    fn begin(&mut self) -> Call {
        self.window.push_back(None);
        if self.window.len() > self.settings.batches {
            self.window.pop_front();
        }
        self.begun += 1;
        Call(self.begun - 1)
    }

    /// Whether the call failed; `None` while it is not known.
    fn note(&mut self, call: Call, failed: Option<bool>) {
        let oldest = self.begun - self.window.len() as u64;
        if let Some(place) = call.0.checked_sub(oldest) {
            self.window[place as usize] = failed;
        }
    }

    fn succeeded(&mut self, call: Call) {
        self.note(call, Some(false));
        self.has_worked = true;
        self.tell(Verdict::Works);
    }

    /// The batch waits from now on.
    fn failed(&mut self, call: Call, kind: &'static str, example: String) {
        self.note(call, Some(true));
        // What a call met itself says more.
        if kind != LEFT_ALONE || self.last_failure.0.is_empty() {
            self.last_failure = (kind, example);
        }
        self.waiting += 1;
        let (failed, ended) = self.count();
        if failed >= self.settings.failures_min && failed * 100 >= self.settings.percent as usize * ended {
            self.hold();
        }
    }

    /// Failed calls of those that have ended, and those.
    fn count(&self) -> (usize, usize) {
        let ended = self.window.iter().flatten();
        (ended.clone().filter(|failed| **failed).count(), ended.count())
    }

    /// Nobody waits for what cannot come: when all that is worked on waits, and nothing else can begin.
    fn decide(&mut self) {
        let is_full = self.working >= self.slots;
        let is_over = self.ready == 0 && !self.is_reading;
        if self.waiting == 0 || self.waiting < self.working || !(is_full || is_over) {
            return;
        }
        let is_enough = is_full && self.waiting >= self.settings.failures_min;
        match is_enough || self.was_held && !self.has_worked {
            true => self.hold(),
            false => self.tell(Verdict::Alone),
        }
    }

    fn hold(&mut self) {
        let (failed, ended) = self.count();
        let (kind, example) = self.last_failure.clone();
        self.held.get_or_insert(Held { failed, ended, kind, example, has_worked: self.has_worked });
    }

    fn tell(&mut self, verdict: Verdict) {
        self.told += 1;
        self.waiting = 0;
        self.verdict = verdict;
    }

    /// What a batch is told that waits since `told` was this.
    fn verdict(&self, told: u64) -> Option<Verdict> {
        match self.held {
            Some(_) => Some(Verdict::GiveBack),
            None => (self.told > told).then_some(self.verdict),
        }
    }
}

/// The rule of one drive of an activity, shared by its batches.
#[derive(Debug)]
pub struct Hold {
    /// Whether the activity holds itself at all.
    is_on: bool,
    rule: Mutex<Rule>,
    changed: Notify,
}

impl Hold {
    /// Works on `slots` batches at once; `was_held` if a drive before this one ended so.
    ///
    /// Nobody is lost to a failing hook where the policy is to send all the same; that never holds. Dead letters do: they are
    /// for a few batches, and somebody has to redrive them, while a held activity goes on by itself.
    pub fn new(settings: config::Hold, policy: HookFailure, slots: usize, was_held: bool) -> Self {
        let is_on = policy != HookFailure::Send && settings.percent <= 100;
        Self { is_on, rule: Mutex::new(Rule::new(settings, slots, was_held)), changed: Notify::new() }
    }

    /// Whether a drive before this one ended so.
    pub fn was_held(&self) -> bool {
        self.rule.lock().was_held
    }

    /// Why the activity holds itself, once it does.
    pub fn held(&self) -> Option<Held> {
        self.rule.lock().held.clone()
    }

    /// Batches are ready to be worked on.
    pub fn ready(&self, batches: usize) {
        self.change(|rule| rule.ready += batches);
    }

    /// Whether more batches get ready soon.
    pub fn set_reading(&self, is_reading: bool) {
        self.change(|rule| rule.is_reading = is_reading);
    }

    /// One of those that are ready is worked on.
    pub fn begin_batch(&self) {
        self.change(|rule| {
            rule.ready -= 1;
            rule.working += 1;
        });
    }

    /// A batch is no longer worked on.
    pub fn end_batch(&self) {
        self.change(|rule| rule.working -= 1);
    }

    /// The hook of a batch is called.
    pub fn begin(&self) -> Call {
        self.change(Rule::begin)
    }

    /// The hook of a batch is called again.
    pub fn again(&self, call: Call) {
        self.change(|rule| rule.note(call, None));
    }

    /// The hook of a batch succeeded; whether it is the first.
    pub fn succeeded(&self, call: Call) -> bool {
        self.change(|rule| {
            let is_first = !rule.has_worked;
            rule.succeeded(call);
            is_first
        })
    }

    /// The hook of a batch failed: waits for what is to become of the batch. After a stop that says nothing of the hook, since
    /// functions may be stopped too.
    pub async fn failed(&self, call: Call, kind: &'static str, example: String, stop: &CancellationToken) -> Verdict {
        if stop.is_cancelled() {
            return Verdict::GiveBack;
        }
        if !self.is_on {
            return Verdict::Alone;
        }
        let told = self.change(|rule| {
            rule.failed(call, kind, example);
            rule.told
        });
        let _waits = Waits { hold: self, told };
        loop {
            let mut changed = pin!(self.changed.notified());
            // From here on no change is missed.
            changed.as_mut().enable();
            if let Some(verdict) = self.rule.lock().verdict(told) {
                return verdict;
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return Verdict::GiveBack,
                () = changed => {}
            }
        }
    }

    fn change<T>(&self, work: impl FnOnce(&mut Rule) -> T) -> T {
        let mut rule = self.rule.lock();
        let done = work(&mut rule);
        rule.decide();
        self.changed.notify_waiters();
        done
    }
}

/// A batch that waits for its verdict, until this is dropped.
struct Waits<'a> {
    hold: &'a Hold,
    told: u64,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let mut rule = self.hold.rule.lock();
        if rule.told == self.told {
            rule.waiting -= 1;
        }
    }
}

#[cfg(test)]
mod tests;
