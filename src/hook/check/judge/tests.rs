use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::ChannelType;
use crate::domain::limit::HOOK_PAYLOAD_BYTES_MAX;
use crate::hook::check::cases;
use crate::hook::check::finding::Severity;
use crate::hook::sent::Endpoints;

fn document(channel_type: ChannelType) -> Value {
    json!({
        "ChannelType": channel_type.as_str(), "Address": "someone", "Attributes": { "Tier": ["gold"] },
        "Metrics": { "orders": 3.0 }, "User": { "UserId": "u", "UserAttributes": { "Name": ["Ada"] } }
    })
}

/// Two endpoints: `a` of type GCM, and `b`, of this one.
fn case(channel_type: ChannelType) -> Case {
    let event = json!({ "Endpoints": { "a": document(ChannelType::Gcm), "b": document(channel_type) } });
    Case::of_event(event.to_string().into_bytes()).unwrap()
}

fn judged(case: &Case, answer: impl Into<Vec<u8>>) -> Judged {
    judge(case, &Ok(answer.into()), Duration::ZERO)
}

/// What is found in an answer to [`case`]: code, endpoint, and place.
fn found(channel_type: ChannelType, answer: &str) -> Vec<(&'static str, String, String)> {
    let findings = judged(&case(channel_type), answer).findings.into_iter();
    findings
        .map(|finding| (finding.code.as_str(), finding.endpoint.unwrap_or_default(), finding.place.unwrap_or_default()))
        .collect()
}

/// The same for an endpoint `a` that comes back like this, with `b` as it was sent.
fn of_endpoint(returned: &str) -> Vec<(&'static str, String)> {
    let b = document(ChannelType::Gcm);
    let found = found(ChannelType::Gcm, &format!(r#"{{"a":{returned},"b":{b}}}"#));
    found
        .into_iter()
        .map(|(code, endpoint, place)| {
            assert_eq!(endpoint, "a", "{returned}");
            (code, place)
        })
        .collect()
}

#[test]
fn what_is_as_it_should_be_has_no_findings() {
    for case in cases::compose(3).iter().chain(&cases::concurrent(3)) {
        let endpoints = serde_json::from_slice::<Value>(&case.event).unwrap()["Endpoints"].to_string();
        assert_eq!(judged(case, endpoints).findings, [], "{}", case.name);
    }
}

#[test]
fn answers_that_are_no_map_are_told_apart() {
    let cases: [(&str, &str, &str); 15] = [
        ("", "empty", ""),
        (" \n", "empty", ""),
        ("null", "null", ""),
        ("[]", "list-instead-of-map", ""),
        (r#"[{"Id":"a"}]"#, "list-instead-of-map", ""),
        (r#""Complete""#, "text-instead-of-map", ""),
        (r#""{\"a\":{}}""#, "text-instead-of-map", ""),
        ("7", "not-a-map", ""),
        ("true", "not-a-map", ""),
        ("Hello", "not-json", ""),
        ("{", "not-json", "line 1, column 1"),
        ("{\n  \"a\": {},\n  \"b\" {}\n}", "not-json", "line 3, column 7"),
        (r#"{"a":{}} extra"#, "not-json", "line 1, column 10"),
        (r#"{"a":null}"#, "not-an-object", r#"$["a"]"#),
        (r#"{"a":[]}"#, "not-an-object", r#"$["a"]"#),
    ];
    for (answer, code, place) in cases {
        let judged = judged(&case(ChannelType::Gcm), answer);
        let [finding] = &judged.findings[..] else { panic!("{answer}: {:?}", judged.findings) };
        assert_eq!((finding.code.as_str(), finding.place.as_deref().unwrap_or_default()), (code, place), "{answer}");
        assert_eq!(finding.code.severity(), Severity::Error, "{answer}");
        assert_eq!(judged.decisions, None, "{answer}");
    }
    let long = judged(&case(ChannelType::Gcm), vec![b' '; HOOK_PAYLOAD_BYTES_MAX + 1]);
    assert_eq!(long.findings[0].code, Code::TooLarge);
}

#[test]
fn wrong_members_are_found_all_at_once_with_their_paths() {
    let cases: [(&str, &[(&str, &str)]); 11] = [
        (r#"{"Address":7}"#, &[("wrong-type", ".Address")]),
        (r#"{"ChannelType":"FAX"}"#, &[("unknown-value", ".ChannelType")]),
        (r#"{"OptOut":"all","EndpointStatus":1}"#, &[("wrong-type", ".EndpointStatus"), ("unknown-value", ".OptOut")]),
        (r#"{"Attributes":["x"]}"#, &[("wrong-type", ".Attributes")]),
        (r#"{"Attributes":{"Credit Score":{}}}"#, &[("wrong-type", r#".Attributes["Credit Score"]"#)]),
        (r#"{"Attributes":{"Scores":[1,[2]]}}"#, &[("wrong-type", ".Attributes.Scores[1]")]),
        (r#"{"Metrics":{"orders":"3"}}"#, &[("wrong-type", ".Metrics.orders")]),
        (r#"{"Location":{"Latitude":"47"}}"#, &[("wrong-type", ".Location.Latitude")]),
        (r#"{"Demographic":{"Make":[]}}"#, &[("wrong-type", ".Demographic.Make")]),
        (r#"{"User":{"UserAttributes":{"Name":{}}}}"#, &[("wrong-type", ".User.UserAttributes.Name")]),
        (
            r#"{"BodyOverride":{"a":1},"TitleOverride":1}"#,
            &[("wrong-type", ".BodyOverride"), ("wrong-type", ".TitleOverride")],
        ),
    ];
    for (returned, expected) in cases {
        let expected: Vec<_> = expected.iter().map(|(code, place)| (*code, format!(r#"$["a"]{place}"#))).collect();
        assert_eq!(of_endpoint(returned), expected, "{returned}");
    }
}

#[test]
fn oddities_of_endpoints_are_found() {
    let lost = |group: &str| ("attributes-lost", group.to_owned());
    let at = |code: &'static str, place: &str| (code, place.to_owned());
    let cases: [(&str, Vec<(&str, String)>); 14] = [
        ("{}", vec![]),
        (r#"{"Attributes":{"Tier":["gold"],"Score":712}}"#, vec![at("number-not-list", ".Attributes.Score")]),
        (r#"{"Attributes":{"Tier":"gold"}}"#, vec![at("text-not-list", ".Attributes.Tier")]),
        (
            r#"{"Attributes":{"Tier":["x"],"S":[712,null]}}"#,
            vec![at("number-in-list", ".Attributes.S[0]"), at("null-in-list", ".Attributes.S[1]")],
        ),
        (r#"{"Attributes":{"S":["x"]}}"#, vec![lost(".Attributes")]),
        (r#"{"Metrics":{}}"#, vec![lost(".Metrics")]),
        (r#"{"User":{}}"#, vec![lost(".User.UserAttributes")]),
        (
            r#"{"Adress":"x","User":{"UserAttributes":{"Name":["x"]},"Attributes":{}}}"#,
            vec![at("unknown-member", ".Adress"), at("unknown-member", ".User.Attributes")],
        ),
        (r#"{"Address":"other"}"#, vec![at("address-changed", ".Address")]),
        (r#"{"Address":null}"#, vec![at("address-removed", ".Address")]),
        (r#"{"Address":""}"#, vec![at("address-removed", ".Address")]),
        (r#"{"ChannelType":"APNS"}"#, vec![at("channel-type-changed", ".ChannelType")]),
        (r#"{"ChannelType":null}"#, vec![at("address-removed", ".ChannelType")]),
        (r#"{"OptOut":"ALL"}"#, vec![at("opted-out", ".OptOut")]),
    ];
    for (returned, expected) in cases {
        let expected: Vec<_> = expected.into_iter().map(|(code, place)| (code, format!(r#"$["a"]{place}"#))).collect();
        assert_eq!(of_endpoint(returned), expected, "{returned}");
    }
    assert_eq!(of_endpoint(r#"{"BodyOverride":""}"#), [at("empty-override", r#"$["a"].BodyOverride"#)]);
}

#[test]
fn oddities_of_answers_are_found() {
    let a = document(ChannelType::Gcm);
    let cases: [(String, &[(&str, &str)]); 7] = [
        (format!(r#"{{"a":{a}}}"#), &[("removed", "b")]),
        ("{}".into(), &[("removed-all", "")]),
        (r#"{"x":{}}"#.into(), &[("unknown-ids", ""), ("removed-all", "")]),
        (format!(r#"{{"a":{a},"b":{a},"c":1}}"#), &[("unknown-ids", "")]),
        (format!(r#"{{"a":{a},"b":{a},"a":{a}}}"#), &[("duplicate-id", "a")]),
        (format!(r#"{{"MessageConfiguration":{{}},"Endpoints":{{"a":{a}}}}}"#), &[("wrapped", "")]),
        (r#"{"statusCode":200,"body":"{}"}"#.into(), &[("wrapped", "")]),
    ];
    for (answer, expected) in cases {
        let found = found(ChannelType::Gcm, &answer);
        let found: Vec<_> = found.iter().map(|(code, endpoint, _)| (*code, endpoint.as_str())).collect();
        assert_eq!(found, expected, "{answer}");
    }
}

#[test]
fn overrides_are_for_the_types_that_take_them() {
    let a = document(ChannelType::Gcm);
    for channel_type in ChannelType::ALL {
        let answer = format!(r#"{{"a":{a},"b":{{"TitleOverride":"T","BodyOverride":"B"}}}}"#);
        let codes: Vec<_> = found(channel_type, &answer).into_iter().map(|(code, ..)| code).collect();
        let expected: &[&str] = match channel_type {
            ChannelType::Sms => &["title-override-for-sms"],
            _ if channel_type.takes_overrides() => &[],
            _ => &["override-ignored", "override-ignored"],
        };
        assert_eq!(codes, expected, "{channel_type}");
    }
}

#[test]
fn failed_and_slow_calls_are_found() {
    let case = case(ChannelType::Gcm);
    let code = |error| judge(&case, &Err(error), Duration::ZERO).findings[0].clone();
    assert_eq!(code(hook::Error::Timeout(SLOW)).code, Code::Timeout);
    let function = code(hook::Error::Function("TypeError: x is not a function".into()));
    assert_eq!(function.code, Code::FunctionError);
    assert!(function.found.contains("TypeError: x is not a function"), "{}", function.found);
    assert_eq!(code(hook::Error::Undecodable("it is longer".into())).code, Code::TooLarge);
    let slow = judge(&case, &Ok(b"{\"a\":{},\"b\":{}}".to_vec()), SLOW + Duration::from_millis(1));
    assert_eq!(slow.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [Code::Slow]);
}

#[test]
fn findings_hold_no_values() {
    let answers = [
        r#"{"a":{"Address":"SECRET","Attributes":{"Tier":["SECRET"],"S":"SECRET"},"Metrics":{"orders":9999}}}"#,
        r#"{"a":{"Address":["SECRET"],"OptOut":"SECRET","Attributes":"SECRET"}}"#,
        r#"{"a":"SECRET","b":{"OptOut":"SECRET"}}"#,
        r#"{"a":{"Address":"SECRET"#,
        "\"SECRET\"",
        "[\"SECRET\"]",
        "SECRET",
    ];
    for answer in answers {
        let findings = judged(&case(ChannelType::Email), answer).findings;
        assert!(!findings.is_empty(), "{answer}");
        assert!(!format!("{findings:?}").contains("SECRET"), "{findings:?}");
    }
}

#[test]
fn codes_are_distinct_and_explained() {
    let names: std::collections::HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), Code::ALL.len());
    let page = include_str!("../../../../docs/hook-tools.md");
    for code in Code::ALL {
        let row = format!("| `{}` | {} |", code.as_str(), code.severity().as_str());
        assert!(page.contains(&row), "docs/hook-tools.md has no row `{row}`");
        assert!(!code.is_undecodable() || code.severity() == Severity::Error);
    }
}

/// JSON such as functions answer: mostly members of endpoints, with values of all kinds.
fn value(depth: u32) -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(json!(0.5)),
        prop::sample::select(vec!["ALL", "NONE", "ACTIVE", "INACTIVE", "SMS", "EMAIL", "x", ""]).prop_map(Value::from),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let names = vec![
        "ChannelType",
        "Address",
        "EndpointStatus",
        "OptOut",
        "Location",
        "Latitude",
        "City",
        "Demographic",
        "Make",
        "Attributes",
        "Metrics",
        "User",
        "UserId",
        "UserAttributes",
        "TitleOverride",
        "BodyOverride",
        "RequestId",
        "Tier",
    ];
    let members = prop::collection::vec((prop::sample::select(names), value(depth - 1)), 0..4);
    let object = members.prop_map(|members| members.into_iter().map(|(n, v)| (n.to_owned(), v)).collect::<Value>());
    prop_oneof![3 => leaf, 1 => prop::collection::vec(value(depth - 1), 0..3).prop_map(Value::from), 4 => object]
        .boxed()
}

fn answer() -> impl Strategy<Value = String> {
    let entries = prop::collection::vec((prop::sample::select(vec!["a", "b", "c", "Endpoints"]), value(3)), 0..4);
    let map = entries.prop_map(|entries| {
        let entries: Vec<_> = entries.into_iter().map(|(id, value)| format!("{}:{value}", json!(id))).collect();
        format!("{{{}}}", entries.join(","))
    });
    // Whole, cut off, or with a byte changed.
    (map, any::<prop::sample::Index>(), 0..10_u8, any::<char>()).prop_map(|(map, at, how, other)| {
        let at = at.index(map.chars().count());
        match how {
            0 => map.chars().take(at).collect(),
            1 => map.chars().enumerate().map(|(i, c)| if i == at { other } else { c }).collect(),
            _ => map,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_the_decoder_refuses_is_an_error_and_nothing_else_is_called_undecodable(answer in answer()) {
        let case = case(ChannelType::Email);
        let judged = judged(&case, answer.clone());
        let decoded = decode(answer.clone().into(), &case.sent.members());
        let undecodable = judged.findings.iter().any(|finding| finding.code.is_undecodable());
        prop_assert_eq!(decoded.is_err(), undecodable, "{}: {:?}", answer, judged.findings);
        prop_assert_eq!(decoded.is_ok(), judged.decisions.is_some());
        // All that decodes but reaches nobody is an error, too, unless the function said so itself.
        let errors = judged.findings.iter().filter(|finding| finding.code.severity() == Severity::Error);
        prop_assert_eq!(errors.count() > 0, decoded.is_err() || decoded.unwrap().looks_wrapped, "{}", answer);
    }

    #[test]
    fn the_reason_is_found_for_nearly_every_refusal(answer in answer()) {
        let case = case(ChannelType::Email);
        let judged = judged(&case, answer.clone());
        // Only what the decoder reads and this one does not may go without a precise reason.
        prop_assert!(judged.findings.iter().all(|finding| finding.code != Code::Undecodable), "{}: {:?}", answer, judged.findings);
    }

    #[test]
    fn bytes_of_any_kind_are_judged(answer in prop::collection::vec(any::<u8>(), 0..64)) {
        let case = case(ChannelType::Sms);
        let is_refused = decode(answer.clone(), &case.sent.members()).is_err();
        let findings = judged(&case, answer).findings;
        prop_assert_eq!(findings.iter().any(|finding| finding.code.is_undecodable()), is_refused);
    }
}

#[test]
fn endpoints_of_events_are_those_of_the_case() {
    let case = case(ChannelType::Sms);
    let read = Endpoints::read(&case.event).unwrap();
    assert_eq!(read.members(), case.sent.members());
}

#[test]
fn the_same_failure_reads_the_same_each_time() {
    let cases = [
        (
            "the hook failed: Sandbox.Timedout: RequestId: 8476a536-e9f4-11e8-9739-2dfe598c3fcd Error: Task timed out",
            "the hook failed: Sandbox.Timedout: Error: Task timed out",
        ),
        (
            "2026-03-01T09:00:00.000Z 8476a536-e9f4-11e8-9739-2dfe598c3fcd Task timed out after 3.00 seconds",
            "Task timed out after 3.00 seconds",
        ),
        ("the hook failed: Error: no `Id` at 9:00", "the hook failed: Error: no `Id` at 9:00"),
    ];
    for (message, expected) in cases {
        assert_eq!(without_request(message), expected);
    }
}
