use super::*;

fn settings() -> config::Hold {
    config::Hold {
        batches: 10,
        failures_min: 3,
        percent: 50,
        pause_min: Duration::from_secs(60),
        pause_max: Duration::from_secs(900),
    }
}

/// What happens to a rule: `.` a call succeeds, `x` it fails, `o` it stays under way.
fn after(rule: &mut Rule, story: &str) -> Option<(usize, usize)> {
    for step in story.chars() {
        rule.working += 1;
        let call = rule.begin();
        match step {
            '.' => rule.succeeded(call),
            'x' => rule.failed(call, "function", "out of luck".to_owned()),
            _ => {}
        }
        rule.decide();
    }
    rule.held.as_ref().map(|held| (held.failed, held.ended))
}

#[test]
fn enough_failures_in_number_and_share_hold() {
    let cases = [
        ("", None),
        ("xx", None),
        ("xxx", Some((3, 3))),
        ("...xxx", Some((3, 6))),
        ("....xxx", None),
        // What is under way is not counted.
        ("ooooooxxx", Some((3, 3))),
        // Every third batch.
        ("x..x..x..x..x..x..", None),
        ("..x..x..x..x..x..x", None),
        // Ten are looked at, so that an old success is soon forgotten, and an old failure too.
        ("............xxxxx", Some((5, 10))),
        ("xx........xx........xx", None),
    ];
    for (story, held) in cases {
        assert_eq!(after(&mut Rule::new(settings(), 100, false), story), held, "{story}");
    }
}

#[test]
fn a_call_that_began_before_the_window_does_not_count_when_it_ends() {
    let mut rule = Rule::new(settings(), 100, false);
    let early = rule.begin();
    assert_eq!(after(&mut rule, "..........xx"), None);
    rule.failed(early, "timeout", String::new());
    assert_eq!((rule.held.clone(), rule.count()), (None, (2, 10)));
    // One that is called again is under way again.
    let call = rule.begin();
    rule.failed(call, "timeout", String::new());
    assert_eq!(rule.count(), (3, 10));
    rule.note(call, None);
    assert_eq!(rule.count(), (2, 9));
}

#[test]
fn who_waits_is_told_when_another_succeeds_or_nothing_else_can_come() {
    let mut rule = Rule::new(settings(), 3, false);
    rule.ready = 1;
    after(&mut rule, "ox");
    assert_eq!(rule.verdict(0), None, "one is under way, and another can begin");
    after(&mut rule, ".");
    assert_eq!((rule.verdict(0), rule.waiting), (Some(Verdict::Works), 0));
    assert_eq!(rule.verdict(rule.told), None, "a success tells those who wait, not those who come later");

    // All places are taken by those that wait.
    let mut rule = Rule::new(settings(), 2, false);
    rule.ready = 5;
    after(&mut rule, "xx");
    assert_eq!(rule.verdict(0), Some(Verdict::Alone));

    // Places are free, but there is nothing to be done in them.
    let mut rule = Rule::new(settings(), 9, false);
    after(&mut rule, "xx");
    assert_eq!(rule.verdict(0), None, "more may be read");
    rule.is_reading = false;
    rule.decide();
    assert_eq!(rule.verdict(0), Some(Verdict::Alone));
}

#[test]
fn enough_that_wait_in_all_places_hold_whatever_was_before() {
    for (slots, held) in [(5, None), (4, Some((4, 10)))] {
        let mut rule = Rule::new(settings(), slots, false);
        rule.ready = 99;
        after(&mut rule, "......");
        rule.working = 0;
        assert_eq!(after(&mut rule, "xxxx"), held, "{slots} places");
    }
}

#[test]
fn an_activity_that_was_held_is_held_again_until_its_hook_succeeds() {
    let mut rule = Rule::new(settings(), 9, true);
    rule.is_reading = false;
    assert_eq!(after(&mut rule, "x"), Some((1, 1)), "one failure is all there can be");
    assert_eq!(rule.verdict(0), Some(Verdict::GiveBack));

    let mut rule = Rule::new(settings(), 9, true);
    after(&mut rule, ".");
    rule.working = 0;
    rule.is_reading = false;
    assert_eq!(after(&mut rule, "x"), None);
    assert_eq!(rule.verdict(1), Some(Verdict::Alone));
}

#[test]
fn pauses_double_up_to_the_longest() {
    let minutes: Vec<u64> = [1, 2, 3, 4, 5, 6, 99].map(|times| pause(times, &settings()).as_secs() / 60).into();
    assert_eq!(minutes, [1, 2, 4, 8, 15, 15, 15]);
}

#[test]
fn a_note_says_since_when_and_why() {
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let (nine, ten) = (at("2026-03-01T09:00:00Z"), at("2026-03-01T10:00:00Z"));
    let held = |has_worked| Held { failed: 5, ended: 6, kind: "function", example: "a: b".to_owned(), has_worked };
    let first = note(&held(false), "filter", None, nine);
    let expected = "held since 2026-03-01T09:00:00.000Z: the hook `filter` failed for 5 of 6 batches, such as: a: b";
    assert_eq!(first, expected);
    assert_eq!(note(&held(false), "filter", Some(&first), ten), first, "nothing came of it since");
    assert!(note(&held(true), "filter", Some(&first), ten).starts_with("held since 2026-03-01T10:00:00.000Z: "));
}

#[tokio::test]
async fn a_batch_waits_for_its_verdict_and_no_longer_than_a_stop() {
    let (hold, stop) = (Hold::new(settings(), HookFailure::Drop, 9, false), CancellationToken::new());
    hold.ready(3);
    let calls = [0; 3].map(|_| {
        hold.begin_batch();
        hold.begin()
    });
    let failing = |call| hold.failed(call, "timeout", String::new(), &stop);
    let (verdict, is_first) = tokio::join!(failing(calls[0]), async { hold.succeeded(calls[1]) });
    assert_eq!((verdict, is_first), (Verdict::Works, true));
    let (verdict, ()) = tokio::join!(failing(calls[2]), async { stop.cancel() });
    assert_eq!(verdict, Verdict::GiveBack);
    assert_eq!(hold.rule.lock().waiting, 0);

    let sends = Hold::new(settings(), HookFailure::Send, 9, false);
    let call = sends.begin();
    let verdict = sends.failed(call, "timeout", String::new(), &CancellationToken::new()).await;
    assert_eq!(verdict, Verdict::Alone, "nobody is lost by it");
    let verdict = sends.failed(call, "transport", String::new(), &stop).await;
    assert_eq!(verdict, Verdict::GiveBack, "after a stop it may have been stopped itself");
}
