use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::config;
use crate::domain::{ActivityId, ApplicationId, CampaignId, TreatmentId};
use crate::store::ActivityState;

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A look by a process that has run long enough to miss nothing.
pub fn look(now: Timestamp) -> Look {
    Look { now, since: Timestamp::UNIX_EPOCH, policy: policy() }
}

fn policy() -> config::Policy {
    config::Config::load(config::Sources::default()).unwrap().policy
}

/// It began when it was due, and if it is over it took a second.
pub fn activity(treatment: usize, moment: Timestamp, state: ActivityState) -> Activity {
    let is_over = matches!(state, ActivityState::Completed | ActivityState::Cancelled);
    Activity {
        id: ActivityId::new(format!("{treatment}-{moment}")),
        application_id: ApplicationId::new("a"),
        campaign_id: CampaignId::new("c"),
        campaign_version: 1,
        treatment_id: TreatmentId::new(treatment.to_string()),
        state,
        scheduled_start: moment,
        started_at: Some(moment),
        ended_at: is_over.then(|| moment + SignedDuration::from_secs(1)),
        failure: None,
        definition: None,
        is_streamed: false,
    }
}

fn document(campaign: Value) -> Document {
    let made = json!({ "0": "2026-03-01T00:00:00Z" });
    serde_json::from_value(json!({ "Campaign": campaign, "Scheduled": true, "Made": made })).unwrap()
}

fn timetable(schedule: Value) -> Timetable {
    Timetable::read(&document(json!({ "Schedule": schedule })), policy()).unwrap()
}

fn daily() -> Value {
    json!({ "StartTime": "2026-03-01T10:00:00Z", "EndTime": "2026-03-07T10:00:00Z", "Frequency": "DAILY" })
}

fn due(next: &Next) -> Vec<(Timestamp, Vec<usize>)> {
    let places = |due: &Due| due.turns.iter().map(|turn| turn.treatment).collect();
    next.due.iter().map(|due| (due.moment, places(due))).collect()
}

fn skips(next: &Next) -> Vec<(u32, u32, Why)> {
    next.skipped.iter().map(|skipped| (skipped.first, skipped.last, skipped.why)).collect()
}

#[test]
fn the_latest_run_is_due_and_then_the_next() {
    let table = timetable(daily());
    let ten = |day: &str| at(&format!("2026-03-{day}T10:00:00Z"));
    let over = |day: &str| activity(0, ten(day), ActivityState::Completed);
    let next = |now: &str, activities: &[Activity]| table.next(activities, &look(at(now)));

    let before = next("2026-03-01T09:59:59Z", &[]);
    assert_eq!((due(&before), before.look), (vec![], Some(ten("01"))));
    let first = next("2026-03-01T10:00:00Z", &[]);
    assert_eq!((due(&first), first.look, skips(&first)), (vec![(ten("01"), vec![0])], Some(ten("02")), vec![]));
    let between = next("2026-03-01T12:00:00Z", &[over("01")]);
    assert_eq!((due(&between), between.look), (vec![], Some(ten("02"))));
    let last = next("2026-03-07T10:00:00Z", &[over("01"), over("06")]);
    assert_eq!((due(&last), last.look), (vec![(ten("07"), vec![0])], None));
    assert_eq!(next("2026-03-07T12:00:00Z", &[over("07")]), Next::default());
}

#[test]
fn a_pause_keeps_runs_back_and_they_are_not_made_up() {
    let mut written = document(json!({ "Schedule": daily(), "IsPaused": true }));
    let paused = Timetable::read(&written, policy()).unwrap();
    let now = look(at("2026-03-03T12:00:00Z"));
    assert_eq!(paused.next(&[], &now), Next::default());
    written.campaign.is_paused = None;
    written.resumed = Some(now.now);
    let next = Timetable::read(&written, policy()).unwrap().next(&[], &now);
    assert_eq!((due(&next), next.look, skips(&next)), (vec![], Some(at("2026-03-04T10:00:00Z")), vec![]));

    // One that runs once has no other run that could make up for it.
    let once = json!({ "Schedule": { "StartTime": "2026-03-01T10:00:00Z" } });
    let once = Document { resumed: written.resumed, ..document(once) };
    let next = Timetable::read(&once, policy()).unwrap().next(&[], &now);
    assert_eq!(due(&next), [(at("2026-03-01T10:00:00Z"), vec![0])]);
}

#[test]
fn runs_that_were_missed_are_skipped_but_for_the_latest() {
    let table = |misfire: &str| {
        let campaign = json!({ "Schedule": daily(), "tags": { "pinwheel:misfire": misfire } });
        Timetable::read(&document(campaign), policy()).unwrap()
    };
    let first = [activity(0, at("2026-03-01T10:00:00Z"), ActivityState::Completed)];
    let now = at("2026-03-04T11:00:00Z");
    let down = Look { since: now, ..look(now) };
    let run = table("run").next(&first, &down);
    assert_eq!((due(&run), skips(&run)), (vec![(at("2026-03-04T10:00:00Z"), vec![0])], vec![(1, 2, Why::Misfire)]));
    let skip = table("skip").next(&first, &down);
    assert_eq!((due(&skip), skips(&skip)), (vec![], vec![(1, 3, Why::Misfire)]));
    assert_eq!(skip.look, Some(at("2026-03-05T10:00:00Z")));
    let restarted = Look { since: at("2026-03-04T10:01:00Z"), ..look(at("2026-03-04T10:01:00Z")) };
    assert_eq!(due(&table("skip").next(&first, &restarted)).len(), 1, "a short restart misses nothing");
    let late = at("2026-03-09T10:00:00Z");
    let after_end = table("run").next(&first, &Look { since: late, ..look(late) });
    assert_eq!((due(&after_end), skips(&after_end)), (vec![], vec![(1, 6, Why::Misfire)]));
}

#[test]
fn a_run_under_way_delays_the_next_or_it_is_skipped() {
    let table = |overlap: &str| {
        let campaign = json!({ "Schedule": daily(), "tags": { "pinwheel:overlap": overlap } });
        Timetable::read(&document(campaign), policy()).unwrap()
    };
    let ten = |day: &str| at(&format!("2026-03-{day}T10:00:00Z"));
    let mut first = [activity(0, ten("01"), ActivityState::Running)];
    let now = look(at("2026-03-03T11:00:00Z"));
    for (overlap, skipped) in [("delay", (1, 1, Why::Overlap)), ("skip", (1, 2, Why::Overlap))] {
        let next = table(overlap).next(&first, &now);
        assert_eq!((due(&next), skips(&next)), (vec![], vec![skipped]), "{overlap}");
        assert_eq!(next.look, Some(ten("04")), "{overlap}");
    }
    first[0].state = ActivityState::Completed;
    first[0].ended_at = Some(now.now);
    assert_eq!(due(&table("delay").next(&first, &now)), [(ten("03"), vec![0])]);
    assert!(due(&table("skip").next(&first, &now)).is_empty());
}

#[test]
fn runs_in_local_time_go_side_by_side_until_the_last_clocks_show_the_time() {
    let daily = json!({ "StartTime": "2026-03-02T18:00:00Z", "Frequency": "DAILY", "IsLocalTime": true });
    let table = timetable(daily);
    // On the first clocks on earth; on the last ones it is 26 hours later.
    let begins = |day: i64| at("2026-03-02T04:00:00Z") + SignedDuration::from_hours(24 * day);
    let moment = |day: i64| begins(day) + SignedDuration::from_hours(14);
    let begun =
        |day: i64| Activity { started_at: Some(begins(day)), ..activity(0, moment(day), ActivityState::Running) };
    let due = |now: Timestamp, activities: &[Activity]| due(&table.next(activities, &look(now)));
    assert_eq!(table.next(&[], &look(begins(0) - SignedDuration::from_secs(1))).look, Some(begins(0)));
    assert_eq!(due(begins(0), &[]), [(moment(0), vec![0])]);
    assert_eq!(due(begins(1), &[begun(0)]), [(moment(1), vec![0])], "the first has two hours to go");
    assert!(due(begins(2), &[begun(0), begun(1)]).is_empty(), "the first should be over");
    assert_eq!(due(begins(2), &[begun(1)]), [(moment(2), vec![0])]);
    // Western zones still wait for what nobody began, and eastern ones for the next.
    let late = begins(1) + SignedDuration::from_hours(1);
    assert_eq!(due(late, &[]), [(moment(0), vec![0])]);
    assert_eq!(due(late, &[begun(0)]), [(moment(1), vec![0])]);
}

#[test]
fn treatments_begin_when_they_are_due_and_together_if_that_is_the_same() {
    let own = |start: &str| json!({ "StartTime": start, "Frequency": "DAILY" });
    let campaign = json!({
        "Schedule": own("2026-03-01T10:00:00Z"),
        "AdditionalTreatments": [
            { "SizePercent": 10 },
            { "SizePercent": 10, "Schedule": own("2026-03-01T12:00:00Z") },
            { "SizePercent": 10, "Schedule": own("2026-03-02T10:00:00Z") }
        ]
    });
    let table = Timetable::read(&document(campaign), policy()).unwrap();
    let first = table.next(&[], &look(at("2026-03-01T10:00:00Z")));
    assert_eq!(due(&first), [(at("2026-03-01T10:00:00Z"), vec![0, 1])]);
    assert_eq!(first.look, Some(at("2026-03-01T12:00:00Z")));
    let mut activities = vec![
        activity(0, at("2026-03-01T10:00:00Z"), ActivityState::Completed),
        activity(1, at("2026-03-01T10:00:00Z"), ActivityState::Completed),
        activity(2, at("2026-03-01T12:00:00Z"), ActivityState::Completed),
    ];
    let second = table.next(&activities, &look(at("2026-03-02T10:00:00Z")));
    assert_eq!(due(&second), [(at("2026-03-02T10:00:00Z"), vec![0, 1, 3])]);
    // Treatments that share a schedule wait for each other.
    activities[1].state = ActivityState::Running;
    let second = table.next(&activities, &look(at("2026-03-02T10:00:00Z")));
    assert_eq!(due(&second), [(at("2026-03-02T10:00:00Z"), vec![3])]);
}

#[test]
fn schedules_are_written_when_they_change_and_pauses_end_once() {
    let (monday, tuesday, friday) =
        (at("2026-03-02T00:00:00Z"), at("2026-03-03T00:00:00Z"), at("2026-03-06T00:00:00Z"));
    let own = json!({ "StartTime": "2026-03-05T10:00:00Z" });
    let mut before =
        document(json!({ "Schedule": daily(), "AdditionalTreatments": [{ "SizePercent": 1, "Schedule": own }] }));
    before.note_schedules(None, false, monday);
    assert_eq!((before.made(0), before.made(1), before.resumed), (monday, monday, None));

    let mut changed = before.clone();
    changed.campaign.schedule.as_mut().unwrap().end_time = None;
    changed.note_schedules(Some(&before), true, tuesday);
    assert_eq!((changed.made(0), changed.written(0), changed.written(1)), (monday, tuesday, monday));

    let mut paused = changed.clone();
    paused.campaign.is_paused = Some(true);
    paused.note_schedules(Some(&changed), true, friday);
    assert_eq!((paused.written(0), paused.resumed), (tuesday, None));
    let mut resumed = paused.clone();
    resumed.campaign.is_paused = Some(false);
    resumed.note_schedules(Some(&paused), true, friday);
    assert_eq!((resumed.written(0), resumed.resumed), (tuesday, Some(friday)));

    let mut immediate = document(json!({ "Schedule": { "StartTime": "IMMEDIATE" }, "IsPaused": true }));
    immediate.note_schedules(None, false, monday);
    let before = immediate.clone();
    immediate.campaign.is_paused = None;
    immediate.note_schedules(Some(&before), false, friday);
    assert_eq!(immediate.made(0), friday, "it goes out when the pause ends, and its window begins then");
}

#[test]
fn a_run_that_began_at_once_does_not_begin_again_when_its_schedule_is_edited() {
    let (monday, tuesday) = (at("2026-03-02T09:00:00Z"), at("2026-03-03T08:00:00Z"));
    for frequency in ["ONCE", "DAILY"] {
        let schedule = json!({ "StartTime": "IMMEDIATE", "EndTime": "2026-03-07T10:00:00Z", "Frequency": frequency });
        let mut before = document(json!({ "Schedule": schedule }));
        before.note_schedules(None, false, monday);
        let first = [activity(0, monday, ActivityState::Completed)];
        let quiet = json!({ "Start": "20:00", "End": "21:00" });
        let edits = [("EndTime", json!("2026-03-09T10:00:00Z")), ("QuietTime", quiet), ("IsLocalTime", json!(false))];
        let next_of = |name: &str, value: Value| {
            let mut schedule = schedule.clone();
            schedule[name] = value;
            let mut edited = document(json!({ "Schedule": schedule }));
            edited.note_schedules(Some(&before), true, tuesday);
            Timetable::read(&edited, policy()).unwrap().next(&first, &look(tuesday))
        };
        for (name, value) in edits {
            let next = next_of(name, value);
            let look = (frequency == "DAILY").then(|| at("2026-03-03T09:00:00Z"));
            assert_eq!((due(&next), next.look), (vec![], look), "{frequency}, {name}");
        }
        assert_eq!(due(&next_of("Timezone", json!("UTC+01"))), [(tuesday, vec![0])], "another start");
    }
}

#[test]
fn a_pause_over_the_time_of_the_only_run_leaves_no_zone_out() {
    let schedule = json!({ "StartTime": "2026-03-02T10:00:00", "IsLocalTime": true, "Timezone": "UTC" });
    let mut written = document(json!({ "Schedule": schedule }));
    let resumed = at("2026-03-05T10:00:00Z");
    written.resumed = Some(resumed);
    let next = Timetable::read(&written, policy()).unwrap().next(&[], &look(resumed));
    assert_eq!(due(&next), [(at("2026-03-02T10:00:00Z"), vec![0])]);
    let turn = next.due[0].turns[0];
    assert!(turn.since <= turn.run.first_due(), "{turn:?}");
}

#[test]
fn events_go_with_no_other_schedule() {
    let event = json!({ "StartTime": "2026-03-01T10:00:00Z", "EndTime": "2026-03-05T10:00:00Z", "Frequency": "EVENT",
        "EventFilter": { "FilterType": "ENDPOINT", "Dimensions": { "EventType": { "Values": ["a"] } } } });
    let mixed =
        document(json!({ "Schedule": daily(), "AdditionalTreatments": [{ "SizePercent": 1, "Schedule": event }] }));
    let error = Timetable::read(&mixed, policy()).unwrap_err().to_string();
    assert!(error.starts_with("AdditionalTreatments[0].Schedule.Frequency: "), "{error}");
}

/// A process at work: what happens to it and to the campaign, in seconds since the last.
#[derive(Clone, Debug)]
enum Step {
    /// Time passes, and the campaign is looked at whenever it is due.
    Wait(i64),
    /// Whatever is under way ends.
    End,
    /// The process is killed, and another one comes after that time.
    Down(i64),
    /// The campaign is paused for that time, with a process at work.
    Pause(i64),
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let seconds = prop_oneof![1_i64..600, 600_i64..200_000];
        let step = prop_oneof![
            4 => seconds.clone().prop_map(Step::Wait),
            3 => Just(Step::End),
            1 => seconds.clone().prop_map(Step::Down),
            1 => seconds.prop_map(Step::Pause),
        ];
        prop::collection::vec(step, 1..40)
    }

    /// What a scheduler does with a campaign, with runs that take as long as the steps say.
    struct Simulated {
        document: Document,
        now: Timestamp,
        since: Timestamp,
        activities: Vec<Activity>,
        skipped: Vec<Skipped>,
        /// When nobody could begin anything: no process, or a pause.
        gaps: Vec<(Timestamp, Timestamp, bool)>,
    }

    impl Simulated {
        fn table(&self) -> Timetable {
            Timetable::read(&self.document, policy()).unwrap()
        }

        /// Begins what is due, and returns when to look again.
        fn look(&mut self) -> Option<Timestamp> {
            for _ in 0..1_000 {
                let next = self.table().next(&self.activities, &Look { since: self.since, ..look(self.now) });
                self.skipped.extend(next.skipped);
                let Some(due) = next.due.first() else { return next.look };
                for turn in &due.turns {
                    assert!(turn.run.first_due() <= self.now, "none before its time");
                    let mut begun = activity(turn.treatment, turn.run.moment, ActivityState::Running);
                    begun.started_at = Some(self.now);
                    self.activities.push(begun);
                }
            }
            panic!("it begins runs for ever");
        }

        fn wait(&mut self, until: Timestamp) {
            while let Some(moment) = self.look().filter(|moment| *moment <= until) {
                assert!(moment > self.now, "it looks again at once, for ever");
                self.now = moment;
            }
            self.now = until;
        }

        fn step(&mut self, step: &Step) {
            match *step {
                Step::Wait(seconds) => self.wait(self.now + SignedDuration::from_secs(seconds)),
                Step::End => {
                    for activity in self.activities.iter_mut().filter(|own| own.state == ActivityState::Running) {
                        activity.state = ActivityState::Completed;
                        activity.ended_at = Some(self.now);
                    }
                    self.look();
                }
                Step::Down(seconds) | Step::Pause(seconds) => {
                    let from = self.now;
                    self.now += SignedDuration::from_secs(seconds);
                    let is_pause = matches!(step, Step::Pause(_));
                    self.gaps.push((from, self.now, is_pause));
                    if is_pause {
                        self.document.resumed = Some(self.now);
                    } else {
                        self.since = self.now;
                    }
                    self.look();
                }
            }
        }
    }

    fn frequencies() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["ONCE", "HOURLY", "DAILY"])
    }

    proptest! {
        #[test]
        fn no_run_begins_twice_and_none_is_lost_unless_a_policy_says_so(
            frequency in frequencies(),
            is_local_time in any::<bool>(),
            own in any::<bool>(),
            misfire in prop::sample::select(vec!["run", "skip"]),
            overlap in prop::sample::select(vec!["delay", "skip"]),
            steps in steps(),
        ) {
            let schedule = |start: &str| json!({
                "StartTime": start, "EndTime": "2026-03-08T10:00:00Z", "Frequency": frequency, "IsLocalTime": is_local_time
            });
            let mut treatment = json!({ "SizePercent": 10 });
            if own {
                treatment["Schedule"] = schedule("2026-03-01T13:30:00Z");
            }
            let campaign = json!({
                "Schedule": schedule("2026-03-01T10:00:00Z"), "AdditionalTreatments": [treatment],
                "tags": { "pinwheel:misfire": misfire, "pinwheel:overlap": overlap }
            });
            let now = at("2026-03-01T00:00:00Z");
            let mut world = Simulated {
                document: document(campaign), now, since: now, activities: Vec::new(), skipped: Vec::new(), gaps: Vec::new()
            };
            world.look();
            for step in &steps {
                world.step(step);
            }

            let mut begun: Vec<_> =
                world.activities.iter().map(|own| (own.treatment_id.as_str().to_owned(), own.scheduled_start)).collect();
            let all = begun.len();
            begun.sort();
            begun.dedup();
            prop_assert_eq!(begun.len(), all, "no run twice");

            let table = world.table();
            for line in &table.lines {
                let own = line.own(&world.activities);
                for number in 0.. {
                    let Some(run) = line.schedule.run(number, line.made) else { break };
                    if run.first_due() > world.now {
                        break;
                    }
                    let first = line.treatments[0].to_string();
                    if own.iter().any(|own| own.scheduled_start == run.moment && own.treatment_id.as_str() == first) {
                        let together = own.iter().filter(|own| own.scheduled_start == run.moment).count();
                        prop_assert_eq!(together, line.treatments.len(), "all treatments of a line begin together");
                        continue;
                    }
                    let is_told = world.skipped.iter().any(|skipped| {
                        skipped.treatment == line.treatments[0] && (skipped.first..=skipped.last).contains(&number)
                    });
                    let earlier = own.iter().filter(|own| own.scheduled_start < run.moment);
                    let waits = earlier.clone().any(|own| own.state == ActivityState::Running);
                    let was_beside =
                        earlier.clone().any(|own| own.ended_at.is_none_or(|ended| ended > run.first_due()));
                    // Also one that waited for another when the pause began.
                    let is_kept_back = world.gaps.iter().any(|(from, until, is_pause)| {
                        *is_pause && (*from <= run.last_due() || was_beside) && run.last_due() < *until
                    });
                    prop_assert!(is_told || is_kept_back || waits, "run {number} is lost");
                    if is_told {
                        let was_down = world.gaps.iter().any(|(from, until, is_pause)| {
                            !*is_pause && *from <= run.last_due() && run.last_due() < *until
                        });
                        prop_assert!(was_down || was_beside, "run {number} is skipped for nothing");
                    }
                }
            }
        }
    }
}
