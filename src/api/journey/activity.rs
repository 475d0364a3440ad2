//! Activities of a journey: what each must be, and where it leads.

use std::collections::BTreeMap;

use super::schedule;
use crate::api::Error;
use crate::domain::limit::{
    JOURNEY_ACTIVITIES_MAX, JOURNEY_ACTIVITY_ID_CHARS_MAX, JOURNEY_CONDITIONS_MAX, JOURNEY_CONTACT_CENTER_MAX,
    JOURNEY_CUSTOM_DATA_CHARS_MAX, JOURNEY_RANDOM_BRANCHES_MAX, JOURNEY_WAIT_MAX, JOURNEY_WAIT_MIN,
};
use crate::wire::generated as wire;

type Activities = BTreeMap<String, wire::Activity>;

/// What the metrics call the kind of an activity; `None` for one without a kind.
///
/// Source: Pinpoint developer guide, "Journey activity execution metrics".
pub fn metrics_type(activity: &wire::Activity) -> Option<&'static str> {
    let kinds = kinds(activity);
    kinds.into_iter().find(|(_, is_there, _)| *is_there).map(|(.., metrics_type)| metrics_type)
}

/// The members of which an activity has one.
fn kinds(activity: &wire::Activity) -> [(&'static str, bool, &'static str); 10] {
    [
        ("CUSTOM", activity.custom.is_some(), "MESSAGE"),
        ("ConditionalSplit", activity.conditional_split.is_some(), "CONDITIONAL_SPLIT"),
        ("ContactCenter", activity.contact_center.is_some(), "CONTACT_CENTER"),
        ("EMAIL", activity.email.is_some(), "MESSAGE"),
        ("Holdout", activity.holdout.is_some(), "HOLDOUT"),
        ("MultiCondition", activity.multi_condition.is_some(), "MULTI_CONDITIONAL_SPLIT"),
        ("PUSH", activity.push.is_some(), "MESSAGE"),
        ("RandomSplit", activity.random_split.is_some(), "RANDOM_SPLIT"),
        ("SMS", activity.sms.is_some(), "MESSAGE"),
        ("Wait", activity.wait.is_some(), "WAIT"),
    ]
}

/// Checks the activities, and that the journey starts at one of them.
///
/// Errors: the first that breaks a rule.
/// Source: API reference, journeys; Pinpoint user guide, "Add activities to the journey".
pub fn check(activities: &Activities, start: Option<&str>) -> Result<(), Error> {
    if activities.len() > JOURNEY_ACTIVITIES_MAX {
        return refuse("Activities", format!("{} activities, the limit is {JOURNEY_ACTIVITIES_MAX}", activities.len()));
    }
    let calls = activities.values().filter(|activity| activity.contact_center.is_some()).count();
    if calls > JOURNEY_CONTACT_CENTER_MAX {
        let problem = format!("{calls} contact center activities, the limit is {JOURNEY_CONTACT_CENTER_MAX}");
        return refuse("Activities", problem);
    }
    leads("StartActivity", start, activities)?;
    for (id, activity) in activities {
        let field = format!("Activities.`{id}`");
        let is_id = (1..=JOURNEY_ACTIVITY_ID_CHARS_MAX).contains(&id.len()) && id.chars().all(char::is_alphanumeric);
        if !is_id {
            let rule = format!("the id of an activity is 1 to {JOURNEY_ACTIVITY_ID_CHARS_MAX} letters and digits");
            return refuse(&field, rule);
        }
        check_one(&field, activity, activities)?;
    }
    Ok(())
}

fn refuse(field: &str, problem: impl Into<String>) -> Result<(), Error> {
    Err(Error::bad_request(format!("{field}: {}", problem.into())))
}

/// Errors: an id that no activity has. Ending there, without an id, is fine.
fn leads(field: &str, to: Option<&str>, activities: &Activities) -> Result<(), Error> {
    match to {
        Some(id) if !activities.contains_key(id) => refuse(field, format!("there is no activity `{id}`")),
        _ => Ok(()),
    }
}

fn check_one(field: &str, activity: &wire::Activity, activities: &Activities) -> Result<(), Error> {
    let kinds = kinds(activity);
    let there: Vec<&str> = kinds.iter().filter(|(_, is_there, _)| *is_there).map(|(name, ..)| *name).collect();
    let [kind] = there[..] else {
        let all = kinds.map(|(name, ..)| name).join(", ");
        let found = if there.is_empty() { "none".to_owned() } else { there.join(" and ") };
        return refuse(field, format!("an activity has exactly one of {all}; it has {found}"));
    };
    let field = format!("{field}.{kind}");
    let next = |to: &Option<String>| leads(&format!("{field}.NextActivity"), to.as_deref(), activities);
    if let Some(own) = &activity.email {
        next(&own.next_activity)?;
    }
    if let Some(own) = &activity.sms {
        next(&own.next_activity)?;
    }
    if let Some(own) = &activity.push {
        next(&own.next_activity)?;
        let seconds = own.message_config.as_ref().and_then(|config| config.time_to_live.as_deref());
        if let Some(text) = seconds.filter(|text| text.parse::<u32>().is_err()) {
            return refuse(&format!("{field}.MessageConfig.TimeToLive"), format!("`{text}` is no number of seconds"));
        }
    }
    if let Some(own) = &activity.custom {
        next(&own.next_activity)?;
        let data = own.message_config.as_ref().and_then(|config| config.data.as_deref());
        let chars = data.map_or(0, |data| data.chars().count());
        if chars > JOURNEY_CUSTOM_DATA_CHARS_MAX {
            let problem = format!("{chars} characters, the limit is {JOURNEY_CUSTOM_DATA_CHARS_MAX}");
            return refuse(&format!("{field}.MessageConfig.Data"), problem);
        }
    }
    if let Some(own) = &activity.contact_center {
        next(&own.next_activity)?;
    }
    if let Some(own) = &activity.wait {
        next(&own.next_activity)?;
        let wait = own.wait_time.as_ref();
        let Some(wait) = wait.filter(|wait| wait.wait_for.is_some() || wait.wait_until.is_some()) else {
            return refuse(&format!("{field}.WaitTime"), "missing, it needs `WaitFor` or `WaitUntil`");
        };
        check_wait(&format!("{field}.WaitTime"), wait, JOURNEY_WAIT_MIN)?;
    }
    if let Some(own) = &activity.holdout {
        next(&own.next_activity)?;
        percentage(&field, own.percentage)?;
    }
    if let Some(own) = &activity.random_split {
        random_split(&field, own, activities)?;
    }
    if let Some(own) = &activity.conditional_split {
        leads(&format!("{field}.TrueActivity"), own.true_activity.as_deref(), activities)?;
        leads(&format!("{field}.FalseActivity"), own.false_activity.as_deref(), activities)?;
        let conditions = own.condition.as_ref().and_then(|condition| condition.conditions.as_deref());
        for (i, condition) in conditions.unwrap_or_default().iter().enumerate() {
            simple_condition(&format!("{field}.Condition.Conditions[{i}]"), condition, activities)?;
        }
        evaluation_wait(&field, own.evaluation_wait_time.as_ref())?;
    }
    if let Some(own) = &activity.multi_condition {
        leads(&format!("{field}.DefaultActivity"), own.default_activity.as_deref(), activities)?;
        let branches = own.branches.as_deref().unwrap_or_default();
        if !(1..=JOURNEY_CONDITIONS_MAX).contains(&branches.len()) {
            let problem = format!("{} branches; there are 1 to {JOURNEY_CONDITIONS_MAX}", branches.len());
            return refuse(&format!("{field}.Branches"), problem);
        }
        for (i, branch) in branches.iter().enumerate() {
            let field = format!("{field}.Branches[{i}]");
            leads(&format!("{field}.NextActivity"), branch.next_activity.as_deref(), activities)?;
            match &branch.condition {
                Some(condition) => simple_condition(&format!("{field}.Condition"), condition, activities)?,
                None => return refuse(&format!("{field}.Condition"), "missing, it is required"),
            }
        }
        evaluation_wait(&field, own.evaluation_wait_time.as_ref())?;
    }
    Ok(())
}

fn random_split(field: &str, split: &wire::RandomSplitActivity, activities: &Activities) -> Result<(), Error> {
    let branches = split.branches.as_deref().unwrap_or_default();
    let field = format!("{field}.Branches");
    if !(2..=JOURNEY_RANDOM_BRANCHES_MAX).contains(&branches.len()) {
        let problem = format!("{} branches; there are 2 to {JOURNEY_RANDOM_BRANCHES_MAX}", branches.len());
        return refuse(&field, problem);
    }
    let mut sum = 0;
    for (i, branch) in branches.iter().enumerate() {
        let field = format!("{field}[{i}]");
        leads(&format!("{field}.NextActivity"), branch.next_activity.as_deref(), activities)?;
        let Some(share) = branch.percentage else {
            return refuse(&format!("{field}.Percentage"), "missing, it is required");
        };
        percentage(&field, share)?;
        sum += share;
    }
    if sum == 100 { Ok(()) } else { refuse(&field, format!("the percentages make up {sum}, and must make up 100")) }
}

fn percentage(field: &str, percentage: i32) -> Result<(), Error> {
    if (0..=100).contains(&percentage) {
        return Ok(());
    }
    refuse(&format!("{field}.Percentage"), format!("{percentage} is not between 0 and 100"))
}

fn simple_condition(field: &str, condition: &wire::SimpleCondition, activities: &Activities) -> Result<(), Error> {
    let kinds = [
        condition.event_condition.is_some(),
        condition.segment_condition.is_some(),
        condition.segment_dimensions.is_some(),
    ];
    if kinds.into_iter().filter(|is_there| *is_there).count() != 1 {
        let rule = "a condition has exactly one of EventCondition, SegmentCondition, segmentDimensions";
        return refuse(field, rule);
    }
    let message = condition.event_condition.as_ref().and_then(|event| event.message_activity.as_deref());
    let field = format!("{field}.EventCondition.MessageActivity");
    leads(&field, message, activities)?;
    let is_message = |id| {
        let activity: Option<&wire::Activity> = activities.get(id);
        // What a contact centre makes of a call is an event too.
        activity.and_then(metrics_type).is_some_and(|kind| matches!(kind, "MESSAGE" | "CONTACT_CENTER"))
    };
    match message {
        Some(id) if !is_message(id) => refuse(&field, format!("the activity `{id}` sends no message")),
        _ => Ok(()),
    }
}

fn evaluation_wait(field: &str, wait: Option<&wire::WaitTime>) -> Result<(), Error> {
    let field = format!("{field}.EvaluationWaitTime");
    wait.map_or(Ok(()), |wait| check_wait(&field, wait, std::time::Duration::ZERO))
}

fn check_wait(field: &str, wait: &wire::WaitTime, min: std::time::Duration) -> Result<(), Error> {
    if wait.wait_for.is_some() && wait.wait_until.is_some() {
        return refuse(field, "it has `WaitFor` and `WaitUntil`, and only one of them counts");
    }
    if let Some(text) = &wait.wait_for {
        let field = format!("{field}.WaitFor");
        let duration = schedule::duration(&field, text)?;
        if !(min..=JOURNEY_WAIT_MAX).contains(&duration) {
            let rule =
                format!("a wait takes {} hours to {} days", min.as_secs() / 3600, JOURNEY_WAIT_MAX.as_secs() / 86_400);
            return refuse(&field, format!("`{text}`: {rule}"));
        }
    }
    if let Some(text) = &wait.wait_until {
        schedule::moment(&format!("{field}.WaitUntil"), text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refusal(activities: Value) -> String {
        let activities = serde_json::from_value(activities).unwrap();
        check(&activities, None).map_or_else(|error| error.message().to_owned(), |()| String::new())
    }

    #[test]
    fn an_activity_is_one_thing() {
        assert_eq!(refusal(json!({"a": {"EMAIL": {"NextActivity": "b"}}, "b": {"Holdout": {"Percentage": 10}}})), "");
        assert!(refusal(json!({"a": {"Description": "d"}})).ends_with("it has none"));
        let two = refusal(json!({"a": {"EMAIL": {}, "SMS": {}}}));
        assert!(two.starts_with("Activities.`a`: ") && two.ends_with("it has EMAIL and SMS"), "{two}");
        assert!(refusal(json!({"a b": {"EMAIL": {}}})).starts_with("Activities.`a b`: "));
    }

    #[test]
    fn references_lead_to_activities() {
        for (activity, field) in [
            (json!({"EMAIL": {"NextActivity": "x"}}), "EMAIL.NextActivity"),
            (json!({"CUSTOM": {"NextActivity": "x"}}), "CUSTOM.NextActivity"),
            (json!({"Wait": {"NextActivity": "x"}}), "Wait.NextActivity"),
            (json!({"ConditionalSplit": {"TrueActivity": "x"}}), "ConditionalSplit.TrueActivity"),
            (json!({"ConditionalSplit": {"FalseActivity": "x"}}), "ConditionalSplit.FalseActivity"),
            (json!({"MultiCondition": {"DefaultActivity": "x"}}), "MultiCondition.DefaultActivity"),
            (
                json!({"ConditionalSplit": {"Condition": {"Conditions": [{"EventCondition": {"MessageActivity": "x"}}]}}}),
                "ConditionalSplit.Condition.Conditions[0].EventCondition.MessageActivity",
            ),
        ] {
            assert_eq!(refusal(json!({"a": activity})), format!("Activities.`a`.{field}: there is no activity `x`"));
        }
        let error = check(&Activities::new(), Some("x")).unwrap_err();
        assert_eq!(error.message(), "StartActivity: there is no activity `x`");
    }

    #[test]
    fn splits_have_branches_that_add_up() {
        let random = |shares: &[i32]| {
            let branches: Vec<_> = shares.iter().map(|share| json!({"Percentage": share})).collect();
            refusal(json!({"a": {"RandomSplit": {"Branches": branches}}}))
        };
        assert_eq!(random(&[50, 30, 20]), "");
        assert_eq!(
            random(&[50, 30]),
            "Activities.`a`.RandomSplit.Branches: the percentages make up 80, and must make up 100"
        );
        assert!(random(&[100]).ends_with("1 branches; there are 2 to 5"));
        assert!(random(&[20, 20, 20, 20, 10, 10]).ends_with("6 branches; there are 2 to 5"));
        assert!(random(&[120, -20]).ends_with("120 is not between 0 and 100"));
        let multi = |n: usize| {
            let branches = vec![json!({"Condition": {"SegmentCondition": {"SegmentId": "s"}}}); n];
            refusal(json!({"a": {"MultiCondition": {"Branches": branches}}}))
        };
        assert_eq!(multi(4), "");
        assert!(multi(5).ends_with("5 branches; there are 1 to 4"));
        let both = json!({"SegmentCondition": {"SegmentId": "s"}, "EventCondition": {}});
        let both = refusal(json!({"a": {"ConditionalSplit": {"Condition": {"Conditions": [both]}}}}));
        assert!(both.contains("exactly one of"), "{both}");
    }

    #[test]
    fn waits_have_bounds() {
        let wait = |time: Value| refusal(json!({"a": {"Wait": {"WaitTime": time}}}));
        for good in
            [json!({"WaitFor": "PT1H"}), json!({"WaitFor": "P365D"}), json!({"WaitUntil": "2026-03-01T00:00:00Z"})]
        {
            assert_eq!(wait(good.clone()), "", "{good}");
        }
        for bad in ["PT59M", "P366D", "P1M", "1h", "-PT2H", ""] {
            assert!(wait(json!({"WaitFor": bad})).starts_with("Activities.`a`.Wait.WaitTime.WaitFor: "), "{bad}");
        }
        assert!(wait(json!({"WaitUntil": "soon"})).starts_with("Activities.`a`.Wait.WaitTime.WaitUntil: "));
        assert!(wait(json!({"WaitFor": "PT1H", "WaitUntil": "2026-03-01T00:00:00Z"})).contains("only one of them"));
        assert!(wait(json!({})).starts_with("Activities.`a`.Wait.WaitTime: missing"));
        let split = json!({"a": {"ConditionalSplit": {"EvaluationWaitTime": {"WaitFor": "PT0S"}}}});
        assert_eq!(refusal(split), "", "a split may look at once");
    }

    #[test]
    fn activities_are_counted() {
        let many = |n: usize, activity: Value| {
            refusal((0..n).map(|i| (format!("a{i}"), activity.clone())).collect::<serde_json::Map<_, _>>().into())
        };
        assert_eq!(many(40, json!({"EMAIL": {}})), "");
        assert_eq!(many(41, json!({"EMAIL": {}})), "Activities: 41 activities, the limit is 40");
        assert_eq!(many(3, json!({"ContactCenter": {}})), "");
        assert_eq!(many(4, json!({"ContactCenter": {}})), "Activities: 4 contact center activities, the limit is 3");
    }
}
