//! Every metric, its name and its labels. Labels are bounded: channel, section, fate, function and result, never endpoint
//! ids.

use std::sync::Arc;
use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use crate::domain::circuit::Phase;
use crate::domain::{ChannelType, Fate};

const API_REQUESTS: &str = "pinwheel_api_requests_total";
const API_LATENCY: &str = "pinwheel_api_request_duration_seconds";
const BATCHES_PLANNED: &str = "pinwheel_batches_planned_total";
const BATCHES_DONE: &str = "pinwheel_batches_done_total";
const BATCHES_HELD: &str = "pinwheel_batches_held";
const BATCHES_IN_FLIGHT: &str = "pinwheel_batches_in_flight";
const BATCH_WAIT: &str = "pinwheel_batch_queue_wait_seconds";
const ENDPOINTS: &str = "pinwheel_endpoints_total";
const DEAD_LETTERS: &str = "pinwheel_dead_letters_total";
const HOOK_ATTEMPTS: &str = "pinwheel_hook_attempts_total";
const HOOK_LATENCY: &str = "pinwheel_hook_attempt_duration_seconds";
const HOOK_RETRIES: &str = "pinwheel_hook_retries_total";
const HOOK_WAIT: &str = "pinwheel_hook_permit_wait_seconds";
const HOOK_BYTES: &str = "pinwheel_hook_bytes_total";
const HOOK_RECORDS: &str = "pinwheel_hook_records_total";
const COLD_START: &str = "pinwheel_function_cold_start_duration_seconds";
const WORKERS_BUSY: &str = "pinwheel_function_workers_busy";
const WORKERS_ENDED: &str = "pinwheel_function_workers_ended_total";
const HOOK_LIMIT: &str = "pinwheel_hook_calls_in_flight_max";
const HOOK_CIRCUIT: &str = "pinwheel_hook_circuit_state";
const HELD: &str = "pinwheel_campaigns_held";
const RUNS_SKIPPED: &str = "pinwheel_runs_skipped_total";
const MESSAGES: &str = "pinwheel_messages_total";
const CIRCUIT: &str = "pinwheel_circuit_state";
const SMS_PARTS: &str = "pinwheel_sms_parts_total";
const SEND_RETRIES: &str = "pinwheel_send_retries_total";
const LIMITER_WAIT: &str = "pinwheel_limiter_wait_seconds";
const TRIGGER_EVENTS: &str = "pinwheel_trigger_events_total";
const STREAM_RECORDS: &str = "pinwheel_event_stream_records_total";
const STREAM_RETRIES: &str = "pinwheel_event_stream_retries_total";
const STREAM_WAITING: &str = "pinwheel_event_stream_waiting";
const STREAM_LAG: &str = "pinwheel_event_stream_lag_seconds";
const STORE_COMMIT: &str = "pinwheel_store_commit_duration_seconds";
const STORE_COMMIT_WRITES: &str = "pinwheel_store_commit_writes_total";

/// The histograms; all measure seconds.
pub(super) const HISTOGRAMS: &[&str] =
    &[API_LATENCY, BATCH_WAIT, COLD_START, HOOK_LATENCY, HOOK_WAIT, LIMITER_WAIT, STORE_COMMIT];

/// Tells the recorder what each metric means.
pub(super) fn describe() {
    describe_counter!(API_REQUESTS, "Requests to the API by operation and status");
    describe_histogram!(API_LATENCY, Unit::Seconds, "Time from a request's head to its answer, by operation");
    describe_counter!(BATCHES_PLANNED, "Batches read from the audience");
    describe_counter!(BATCHES_DONE, "Batches whose every endpoint has a fate");
    describe_gauge!(BATCHES_HELD, "Batches that are held because their hook failed");
    describe_gauge!(BATCHES_IN_FLIGHT, "Batches being worked on");
    describe_histogram!(BATCH_WAIT, Unit::Seconds, "Time a loaded batch waits for a free place");
    describe_counter!(ENDPOINTS, "Endpoints by fate");
    describe_counter!(DEAD_LETTERS, "Batches that were held, redriven or dropped, by which of them");
    describe_counter!(HOOK_ATTEMPTS, "Attempts at hook calls by function and result");
    describe_histogram!(HOOK_LATENCY, Unit::Seconds, "Time of one attempt at a hook call, by function and result");
    describe_counter!(HOOK_RETRIES, "Attempts at hook calls after the first, by function");
    describe_histogram!(HOOK_WAIT, Unit::Seconds, "Time a hook call waits for its turn at the function");
    describe_counter!(HOOK_BYTES, Unit::Bytes, "Bytes of hook events and answers, by direction");
    describe_counter!(HOOK_RECORDS, "Attempts at hook calls that were to be recorded, by result");
    describe_histogram!(COLD_START, Unit::Seconds, "Time in which workers of local functions started, by function");
    describe_gauge!(WORKERS_BUSY, "Workers of local functions that have a call, by function");
    describe_counter!(WORKERS_ENDED, "Workers of local functions that ended unasked, by function and reason");
    describe_gauge!(HOOK_LIMIT, "Calls of a function that may be in flight at once, by function");
    describe_gauge!(HOOK_CIRCUIT, "Circuits of hook functions by function: 0 closed, 1 half open, 2 open");
    describe_gauge!(HELD, "Campaigns that hold themselves because their hook fails");
    describe_counter!(RUNS_SKIPPED, "Runs of recurring campaigns that never begin, by why: misfire or overlap");
    describe_counter!(MESSAGES, "Attempts at messages by channel type, channel section and outcome");
    describe_gauge!(CIRCUIT, "Circuits by channel section: 0 closed, 1 half open, 2 open");
    describe_counter!(SMS_PARTS, "Parts of the text messages that providers took, by adapter");
    describe_counter!(SEND_RETRIES, "Attempts at messages after the first, by channel type");
    describe_histogram!(LIMITER_WAIT, Unit::Seconds, "Time a message waits for its rate limits");
    describe_counter!(TRIGGER_EVENTS, "Events that met the filter of a campaign, by what became of them");
    describe_counter!(STREAM_RECORDS, "Records of event streams by sink and result");
    describe_counter!(STREAM_RETRIES, "Deliveries to sinks of event streams that are tried again, by sink");
    describe_gauge!(STREAM_WAITING, "Events and batches that event streams have yet to tell, by sink");
    describe_gauge!(STREAM_LAG, Unit::Seconds, "Age of the oldest record that waits for its sink, by sink");
    describe_histogram!(STORE_COMMIT, Unit::Seconds, "Time of one commit to stable storage");
    describe_counter!(STORE_COMMIT_WRITES, "Writes that shared those commits");
}

/// A request was answered; `operation` is `none` for a path without one.
pub fn api_request(operation: &'static str, status: u16, elapsed: Duration) {
    counter!(API_REQUESTS, "operation" => operation, "status" => status.to_string()).increment(1);
    histogram!(API_LATENCY, "operation" => operation).record(elapsed);
}

/// A page of the audience was cut into batches.
pub fn batches_planned(batches: u64) {
    counter!(BATCHES_PLANNED).increment(batches);
}

/// A batch waited this long for a free place and is now worked on.
pub fn batch_started(waited: Duration) {
    histogram!(BATCH_WAIT).record(waited);
    gauge!(BATCHES_IN_FLIGHT).increment(1.0);
}

/// A batch is no longer worked on; `done` unless it was cut off.
pub fn batch_ended(done: bool) {
    gauge!(BATCHES_IN_FLIGHT).decrement(1.0);
    if done {
        counter!(BATCHES_DONE).increment(1);
    }
}

/// Endpoints met a fate.
pub fn endpoints(fate: Fate, endpoints: u64) {
    counter!(ENDPOINTS, "fate" => fate.as_str()).increment(endpoints);
}

/// So many batches are held.
pub fn held_batches(batches: u64) {
    gauge!(BATCHES_HELD).set(batches as f64);
}

/// Batches were held, redriven or dropped.
pub fn dead_letters(state: &'static str, batches: usize) {
    counter!(DEAD_LETTERS, "state" => state).increment(batches as u64);
}

/// An attempt at a hook call ended. `result` is `ok` or a kind of `hook::Error`.
pub fn hook_attempt(function: &str, result: &'static str, elapsed: Duration) {
    let function = function.to_owned();
    counter!(HOOK_ATTEMPTS, "function" => function.clone(), "result" => result).increment(1);
    histogram!(HOOK_LATENCY, "function" => function, "result" => result).record(elapsed);
}

/// A hook call is tried again.
pub fn hook_retry(function: &str) {
    counter!(HOOK_RETRIES, "function" => function.to_owned()).increment(1);
}

/// A hook call waited this long for its turn.
pub fn hook_permit_wait(waited: Duration) {
    histogram!(HOOK_WAIT).record(waited);
}

/// A hook call carried this many bytes there and back.
pub fn hook_bytes(event: usize, answer: usize) {
    counter!(HOOK_BYTES, "direction" => "event").increment(event as u64);
    counter!(HOOK_BYTES, "direction" => "answer").increment(answer as u64);
}

/// An attempt at a hook call was to be recorded: `written`, `failed`, or `dropped`.
pub fn hook_record(result: &'static str) {
    counter!(HOOK_RECORDS, "result" => result).increment(1);
}

/// A worker of a local function has started.
pub fn function_cold_start(function: &str, elapsed: Duration) {
    histogram!(COLD_START, "function" => function.to_owned()).record(elapsed);
}

/// A worker of a local function got a call, or is done with it.
pub fn function_worker_busy(function: &str, is_busy: bool) {
    gauge!(WORKERS_BUSY, "function" => function.to_owned()).increment(if is_busy { 1.0 } else { -1.0 });
}

/// A worker of a local function ended: `exit`, `init`, `timeout`, `memory` or `code`.
pub fn function_worker_ended(function: &str, reason: &'static str) {
    counter!(WORKERS_ENDED, "function" => function.to_owned(), "reason" => reason).increment(1);
}

/// As many calls of a function may be in flight from now on.
pub fn hook_limit(function: &str, calls: usize) {
    gauge!(HOOK_LIMIT, "function" => function.to_owned()).set(u32::try_from(calls).unwrap_or(u32::MAX));
}

/// The circuit of a function changed.
pub fn hook_circuit(function: &str, phase: Phase) {
    gauge!(HOOK_CIRCUIT, "function" => function.to_owned()).set(level(phase));
}

/// As many campaigns hold themselves now.
pub fn campaigns_held(campaigns: usize) {
    gauge!(HELD).set(u32::try_from(campaigns).unwrap_or(u32::MAX));
}

/// As many runs of a recurring campaign never begin.
pub fn runs_skipped(reason: &'static str, runs: u64) {
    counter!(RUNS_SKIPPED, "reason" => reason).increment(runs);
}

/// An attempt at a message ended. `section` is the channel section it was made through.
pub fn message(channel: ChannelType, section: &Arc<str>, outcome: &'static str) {
    counter!(MESSAGES, "channel" => channel.as_str(), "section" => section.clone(), "outcome" => outcome).increment(1);
}

/// The circuit of a channel section changed.
pub fn circuit(section: &Arc<str>, phase: Phase) {
    gauge!(CIRCUIT, "section" => section.clone()).set(level(phase));
}

fn level(phase: Phase) -> u32 {
    match phase {
        Phase::Closed => 0,
        Phase::HalfOpen => 1,
        Phase::Open => 2,
    }
}

/// A provider took a text message of this many parts.
pub fn sms_parts(adapter: &'static str, parts: usize) {
    counter!(SMS_PARTS, "adapter" => adapter).increment(parts as u64);
}

/// A message is tried again.
pub fn send_retry(channel: ChannelType) {
    counter!(SEND_RETRIES, "channel" => channel.as_str()).increment(1);
}

/// Messages waited this long for their rate limits.
pub fn limiter_wait(waited: Duration) {
    histogram!(LIMITER_WAIT).record(waited);
}

/// Events met the filter of a campaign: `begun` a run, `filtered_by_segment`, or of an `unknown_endpoint`.
pub fn trigger_events(outcome: &'static str, events: u64) {
    counter!(TRIGGER_EVENTS, "outcome" => outcome).increment(events);
}

/// Records of event streams are `taken` by a sink or `refused` for good; `unreadable` ones are not made, nor those of endpoints
/// that were deleted since, which are `forgotten`.
pub fn event_stream_records(sink: &str, result: &'static str, records: u64) {
    counter!(STREAM_RECORDS, "sink" => sink.to_owned(), "result" => result).increment(records);
}

/// A delivery to a sink is tried again.
pub fn event_stream_retry(sink: &str) {
    counter!(STREAM_RETRIES, "sink" => sink.to_owned()).increment(1);
}

/// As much waits for a sink, the oldest for this long.
pub fn event_stream_lag(sink: &str, waiting: u64, age: Duration) {
    gauge!(STREAM_WAITING, "sink" => sink.to_owned()).set(waiting as f64);
    gauge!(STREAM_LAG, "sink" => sink.to_owned()).set(age);
}

/// The store committed this many writes at once.
pub fn store_commit(elapsed: Duration, writes: usize) {
    histogram!(STORE_COMMIT).record(elapsed);
    counter!(STORE_COMMIT_WRITES).increment(writes as u64);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::recorder::recorded;
    use super::*;

    /// Every metric there is, with its kind, as the exposition has it.
    fn kinds() -> BTreeMap<String, String> {
        let exposition = recorded(|| {
            api_request("GetApps", 200, Duration::ZERO);
            batches_planned(1);
            batch_started(Duration::ZERO);
            batch_ended(true);
            endpoints(Fate::Sent, 1);
            held_batches(1);
            dead_letters("HELD", 1);
            hook_attempt("f", "ok", Duration::ZERO);
            hook_retry("f");
            hook_permit_wait(Duration::ZERO);
            hook_bytes(1, 1);
            hook_record("written");
            function_cold_start("f", Duration::ZERO);
            function_worker_busy("f", true);
            function_worker_ended("f", "exit");
            message(ChannelType::Gcm, &"relay".into(), "successful");
            hook_limit("f", 4);
            hook_circuit("f", Phase::Open);
            campaigns_held(1);
            runs_skipped("misfire", 1);
            circuit(&"relay".into(), Phase::Open);
            sms_parts("sms", 2);
            send_retry(ChannelType::Gcm);
            limiter_wait(Duration::ZERO);
            trigger_events("begun", 1);
            event_stream_records("file", "taken", 1);
            event_stream_retry("file");
            event_stream_lag("file", 1, Duration::ZERO);
            store_commit(Duration::ZERO, 1);
        });
        let lines = exposition.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        lines.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
    }

    #[test]
    fn names_follow_the_conventions() {
        for (name, kind) in kinds() {
            assert!(name.starts_with("pinwheel_"), "{name}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{name} is a {kind}");
            assert!(name.ends_with("_seconds") || kind != "histogram", "{name} is a {kind}");
        }
    }

    #[test]
    fn every_metric_is_documented_with_its_kind_and_nothing_else_is() {
        let page = include_str!("../../docs/metrics.md");
        let rows = page.lines().filter(|line| line.starts_with("| `pinwheel_"));
        let documented = rows.map(|row| {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            (cells[1].trim_matches('`').to_owned(), cells[2].to_owned())
        });
        assert_eq!(documented.collect::<BTreeMap<_, _>>(), kinds());
    }

    #[test]
    fn fates_are_labels_of_endpoints() {
        let exposition = recorded(|| endpoints(Fate::OptOut, 3));
        assert!(exposition.contains("pinwheel_endpoints_total{fate=\"OPT_OUT\"} 3\n"), "{exposition}");
    }
}
