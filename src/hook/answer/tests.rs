use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::Endpoint;
use crate::wire::endpoint;

const EVENT: &str = include_str!("../../../tests/data/hook-examples/filter-event.json");
const RESPONSE: &str = include_str!("../../../tests/data/hook-examples/filter-response.json");

/// The endpoints of the example event, as they are stored.
fn example() -> Vec<(String, Vec<u8>)> {
    let event: Value = serde_json::from_str(EVENT).unwrap();
    let endpoints = event["Endpoints"].as_object().unwrap();
    let stored = |endpoint: &Value| endpoint::write(&endpoint::read(endpoint.to_string().as_bytes()).unwrap());
    endpoints.iter().map(|(id, endpoint)| (id.clone(), stored(endpoint))).collect()
}

fn members(endpoints: &[(String, Vec<u8>)]) -> Vec<Member<'_>> {
    endpoints.iter().map(|(id, document)| (id.as_str(), document.as_slice())).collect()
}

/// The endpoint an endpoint's message is rendered from; `None` when it gets none.
fn kept(verdict: &Verdict, document: &[u8]) -> Option<Endpoint> {
    match verdict {
        Verdict::Removed => None,
        Verdict::Unchanged => Some(endpoint::read(document).unwrap()),
        Verdict::Changed(changed) => Some(endpoint::read(&changed.document).unwrap()),
    }
}

#[test]
fn the_example_answer_means_what_its_description_says() {
    let sent = example();
    let answer = decode(RESPONSE.into(), &members(&sent)).unwrap();
    assert_eq!((answer.verdicts.len(), answer.unknown_ids, answer.looks_wrapped), (50, 1, false));

    let mut untouched = 0;
    let mut messages = 0;
    for ((_, document), verdict) in sent.iter().zip(&answer.verdicts) {
        let Some(endpoint) = kept(verdict, document) else { continue };
        messages += 1;
        let overrides = match verdict {
            Verdict::Changed(changed) => changed.title_override.is_some() || changed.body_override.is_some(),
            _ => false,
        };
        untouched += usize::from(!overrides && endpoint == endpoint::read(document).unwrap());
    }
    assert_eq!((messages, untouched), (41, 25));

    let original = |id: &str| endpoint::read(&sent.iter().find(|(sent, _)| sent == id).unwrap().1).unwrap();
    let verdict = |id: &str| &answer.verdicts[sent.iter().position(|(sent, _)| sent == id).unwrap()];
    let changed = |id: &str| match verdict(id) {
        Verdict::Changed(changed) => (endpoint::read(&changed.document).unwrap(), (**changed).clone()),
        other => panic!("{id}: {other:?}"),
    };
    let removed = [
        "913ac19d-5632-4989-a1d3-8699496951bb",
        "7bded8d1-6d1f-4fda-a3d7-f36dc5a9a273",
        "44bc3643-b3ca-4113-a333-8888a4a718d4",
        "a8276264-9eed-470d-a4d1-bc80f64c6a0a",
        "6b1343dd-9223-435b-aca6-2e7768b56a21",
        "2ca3f950-5819-4356-a0d3-de4f7d9cfd26",
        "323b89c77390b1b0d7bab8613c",
        // Opted out and deactivated by the function.
        "35f6ce02-d263-4d2c-aad2-f20a69bfd5cf",
        "55e6e596-9a9d-457e-a0c6-e4a64cab4652",
    ];
    for id in removed {
        assert_eq!(verdict(id), &Verdict::Removed, "{id}");
    }
    let added = [
        ("6932ab68-3dbc-43fb-ab6c-2f3fc6811dc8", true),
        ("86e93962-aea5-4a4a-a24c-526011d7b2db", true),
        ("347f1315-7718-43f2-a98a-86056c6474a3", true),
        ("2f43bf2c7566c09619adbfc9d8", false),
        ("c491deee-d026-4db3-a4a4-340003e22faf", false),
        ("598acb12-fded-4db8-afcc-aa45ddd51772", false),
    ];
    for (id, is_number) in added {
        let mut endpoint = changed(id).0;
        let before = original(id);
        let name = endpoint.attributes.keys().find(|name| !before.attributes.contains_key(*name)).unwrap().clone();
        let values = endpoint.attributes.remove(&name).unwrap();
        assert_eq!(values.iter().all(|value| value.parse::<f64>().is_ok()), is_number, "{id}: {values:?}");
        assert_eq!(endpoint, before, "{id}: nothing else changed");
    }
    let replaced = changed("d9529c74-5cb8-4cf4-ae35-d66f7904e1ea").0;
    assert_ne!(replaced.attributes, original("d9529c74-5cb8-4cf4-ae35-d66f7904e1ea").attributes);
    let overrides = [
        ("9ef82e31-9721-4743-a091-eb97b82c3b7d", true, true),
        ("03ba5296-3082-44d5-a416-7c0a84f8b3da", true, true),
        ("e0d75b848172a2183927619bc9", true, true),
        ("36c320cc-0b66-4c9f-ad30-81c699150005", true, false),
        // Whether the channel takes them is not this stage's business.
        ("d9bca06a-35a8-4ad0-ab73-f0fd7674c7e4", true, true),
    ];
    for (id, title, body) in overrides {
        let changed = changed(id).1;
        assert_eq!((changed.title_override.is_some(), changed.body_override.is_some()), (title, body), "{id}");
    }
    for id in ["6f4481c4-66d9-46e8-aab1-3a1043e44412", "31d2bf03-0dd5-4f90-acbc-965597dc877b"] {
        assert!(changed(id).1.body_override.is_some(), "{id}");
    }
    let moved = changed("be34888d-2739-4a1c-a6af-aec275a67fb2").0;
    assert_ne!(moved.address, original("be34888d-2739-4a1c-a6af-aec275a67fb2").address);
    let partial = changed("651747ab-cc41-4b8c-a16f-a4348a76ac7d").0;
    let before = original("651747ab-cc41-4b8c-a16f-a4348a76ac7d");
    assert_eq!((&partial.address, &partial.user), (&before.address, &before.user), "absent members stay");
}

const SENT: &str = concat!(
    r#"{"ChannelType":"GCM","Address":"token","EndpointStatus":"ACTIVE","OptOut":"NONE","Location":{"City":"Graz"},"#,
    r#""Demographic":{"Make":"x"},"EffectiveDate":"2026-03-01T09:00:00.000Z","Attributes":{"Tier":["gold"]},"#,
    r#""Metrics":{"orders":3.0},"User":{"UserId":"u","UserAttributes":{"Name":["Ada"]}},"#,
    r#""CreationDate":"2026-02-01T09:00:00.000Z"}"#
);

/// What a function that returns this for one endpoint decides about it.
fn decide(returned: &str) -> Result<Verdict, Error> {
    let answer = decode(format!(r#"{{"id":{returned}}}"#).into(), &[("id", SENT.as_bytes())])?;
    assert_eq!(answer.verdicts.len(), 1);
    Ok(answer.verdicts.into_iter().next().unwrap())
}

#[test]
fn members_stand_for_themselves() {
    // What comes back, and what the merged document has in place of what was sent.
    let cases: [(&str, &str, &str); 17] = [
        ("{}", "", ""),
        (r#"{"Id":"other","ApplicationId":7,"Deep":[[{}]]}"#, "", ""),
        (r#"{"Attributes":{"A":["1","2"]}}"#, r#""Attributes":{"Tier":["gold"]}"#, r#""Attributes":{"A":["1","2"]}"#),
        (
            r#"{"Attributes":{"A":[712,0.5,true,null,"x"],"B":"bare","C":7,"D":null,"E":[]}}"#,
            r#""Attributes":{"Tier":["gold"]}"#,
            r#""Attributes":{"A":["712","0.5","true","x"],"B":["bare"],"C":["7"]}"#,
        ),
        (r#"{"Attributes":null}"#, r#""Attributes":{"Tier":["gold"]}"#, r#""Attributes":{}"#),
        (r#"{"Demographic":null}"#, r#""Demographic":{"Make":"x"}"#, r#""Demographic":{}"#),
        (r#"{"Demographic":{"Make":null,"Locale":"de"}}"#, r#"{"Make":"x"}"#, r#"{"Locale":"de"}"#),
        (r#"{"Location":null}"#, r#""Location":{"City":"Graz"},"#, ""),
        (r#"{"Location":{}}"#, r#""Location":{"City":"Graz"},"#, ""),
        (r#"{"Location":{"Latitude":47}}"#, r#"{"City":"Graz"}"#, r#"{"Latitude":47.0}"#),
        (r#"{"Metrics":{"orders":4,"a":null}}"#, r#"{"orders":3.0}"#, r#"{"orders":4.0}"#),
        (r#"{"Metrics":null}"#, r#""Metrics":{"orders":3.0},"#, ""),
        (r#"{"User":null}"#, r#"{"UserId":"u","UserAttributes":{"Name":["Ada"]}}"#, "{}"),
        (
            r#"{"User":{"UserAttributes":{"Name":"Bob"}}}"#,
            r#"{"UserId":"u","UserAttributes":{"Name":["Ada"]}}"#,
            r#"{"UserAttributes":{"Name":["Bob"]}}"#,
        ),
        (r#"{"Address":"a \"new\" \u00e9"}"#, r#""Address":"token""#, "\"Address\":\"a \\\"new\\\" é\""),
        (r#"{"Address":null,"ChannelType":"EMAIL"}"#, r#""GCM","Address":"token""#, r#""EMAIL""#),
        (r#"{"RequestId":"r","OptOut":null}"#, r#"09:00:00.000Z"}"#, r#"09:00:00.000Z","RequestId":"r"}"#),
    ];
    for (returned, sent, merged) in cases {
        let Verdict::Changed(changed) = decide(returned).unwrap() else { panic!("{returned}") };
        let document = String::from_utf8(changed.document).unwrap();
        assert!(SENT.contains(sent), "{sent}");
        assert_eq!(document, SENT.replace(sent, merged), "{returned}");
        endpoint::read(document.as_bytes()).unwrap();
    }
}

#[test]
fn overrides_are_taken_as_they_are() {
    let overrides = |returned: &str| match decide(returned).unwrap() {
        Verdict::Changed(changed) => {
            assert_eq!(changed.document, SENT.as_bytes());
            (changed.title_override, changed.body_override)
        }
        other => panic!("{other:?}"),
    };
    let given = |text: &str| Some(text.to_owned());
    let cases = [
        (r#"{"TitleOverride":"T","BodyOverride":"B {{x}}"}"#, given("T"), given("B {{x}}")),
        (r#"{"BodyOverride":""}"#, None, given("")),
        (r#"{"TitleOverride":null}"#, None, None),
    ];
    for (returned, title, body) in cases {
        assert_eq!(overrides(returned), (title, body), "{returned}");
    }
}

#[test]
fn switched_off_means_removed_only_if_it_was_on() {
    for returned in [r#"{"OptOut":"ALL"}"#, r#"{"EndpointStatus":"INACTIVE"}"#] {
        assert_eq!(decide(returned).unwrap(), Verdict::Removed, "{returned}");
    }
    let off = SENT.replace("NONE", "ALL").replace(r#""ACTIVE""#, r#""INACTIVE""#);
    let returned = r#"{"id":{"OptOut":"ALL","EndpointStatus":"INACTIVE"}}"#;
    let answer = decode(returned.into(), &[("id", off.as_bytes())]).unwrap();
    assert!(matches!(&answer.verdicts[..], [Verdict::Changed(changed)] if changed.document == off.as_bytes()));
}

#[test]
fn ids_decide_who_stays() {
    let sent: [Member<'_>; 3] = [("a", SENT.as_bytes()), ("b\"", SENT.as_bytes()), ("Endpoints", SENT.as_bytes())];
    use Verdict::{Removed, Unchanged};
    let cases = [
        ("{}".to_owned(), [Removed, Removed, Removed], 0),
        (format!(r#" {{"b\"":{SENT},"a":{SENT}}} "#), [Unchanged, Unchanged, Removed], 0),
        (format!(r#"{{"b\u0022":{SENT},"x":7,"y":null}}"#), [Removed, Unchanged, Removed], 2),
        (format!(r#"{{"a":{{"OptOut":"ALL"}},"a":{SENT}}}"#), [Unchanged, Removed, Removed], 0),
        (format!(r#"{{"a":{SENT},"a":{{"OptOut":"ALL"}}}}"#), [Removed, Removed, Removed], 0),
        (format!(r#"{{"Endpoints":{SENT}}}"#), [Removed, Removed, Unchanged], 0),
    ];
    for (json, verdicts, unknown_ids) in cases {
        let answer = decode(json.clone().into(), &sent).unwrap();
        assert_eq!((&answer.verdicts[..], answer.unknown_ids), (&verdicts[..], unknown_ids), "{json}");
        assert!(!answer.looks_wrapped);
    }
}

#[test]
fn a_wrapped_answer_is_noticed() {
    let wrapped = format!(r#"{{"ApplicationId":"x","Endpoints":{{"id":{SENT}}}}}"#);
    let answer = decode(wrapped.into(), &[("id", SENT.as_bytes())]).unwrap();
    assert_eq!(answer, Answer { verdicts: vec![Verdict::Removed], unknown_ids: 2, looks_wrapped: true });
    let response = br#"{"statusCode":200,"body":"{}"}"#;
    assert!(decode(response.to_vec(), &[("id", SENT.as_bytes())]).unwrap().looks_wrapped);
}

#[test]
fn what_is_no_map_of_endpoints_cannot_be_decoded() {
    let not_a_map =
        ["null", "[]", "\"Complete\"", "7", "true", "", "  ", "{", "{}x", "{\"id\":{}", "{\"id\":}", "{7:{}}"];
    for answer in not_a_map {
        let error = decode(answer.into(), &[("id", SENT.as_bytes())]).unwrap_err();
        assert!(matches!(error, Error::Undecodable(_)), "{answer}: {error}");
        assert!(!error.to_string().contains("Complete"));
    }
    assert!(matches!(decode(vec![0xff, 0xfe], &[]), Err(Error::Undecodable(_))));
    assert!(matches!(decode(vec![b' '; HOOK_PAYLOAD_BYTES_MAX + 1], &[]), Err(Error::Undecodable(_))));
}

#[test]
fn wrong_types_name_the_member_and_not_the_value() {
    let cases = [
        ("null", "is not an object"),
        ("[\"secret\"]", "is not an object"),
        ("\"secret\"", "is not an object"),
        (r#"{"Address":1234}"#, "`Address` is not a string"),
        (r#"{"ChannelType":"secret"}"#, "`ChannelType` is not a channel type"),
        (r#"{"OptOut":"all"}"#, "`OptOut` is not `ALL` or `NONE`"),
        (r#"{"EndpointStatus":false}"#, "`EndpointStatus` is not `ACTIVE` or `INACTIVE`"),
        (r#"{"Attributes":["secret"]}"#, "`Attributes` is not a map of lists of strings"),
        (r#"{"Attributes":{"A":{"secret":1}}}"#, "`Attributes` is not a map of lists of strings"),
        (r#"{"Attributes":{"A":[["secret"]]}}"#, "`Attributes` is not a map of lists of strings"),
        (r#"{"Metrics":{"orders":"secret"}}"#, "`Metrics` is not a map of numbers"),
        (r#"{"Location":{"Latitude":"secret"}}"#, "`Location` is not a map of strings and coordinates"),
        (r#"{"Demographic":{"Make":7}}"#, "`Demographic` is not a map of strings"),
        (r#"{"User":{"UserId":["secret"]}}"#, "`User` is not a map with a `UserId`"),
        (r#"{"TitleOverride":{"secret":1}}"#, "`TitleOverride` is not a string"),
        (r#"{"BodyOverride":1234}"#, "`BodyOverride` is not a string"),
        (r#"{"EffectiveDate":1234}"#, "`EffectiveDate` is not a string"),
    ];
    for (returned, problem) in cases {
        let error = decide(returned).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::Undecodable(_)), "{returned}");
        assert!(text.contains("`id`") && text.contains(problem), "{returned}: {text}");
        assert!(!text.contains("secret") && !text.contains("1234"), "{returned}: {text}");
    }
    assert!(decide(r#"{"Metrics":{"orders":1e999}}"#).is_err(), "a number that cannot be printed");
    assert!(decide(&format!("{{\"X\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000))).is_err(), "too deep");
}

/// How functions print what they return.
#[derive(Clone, Copy, Debug)]
enum Print {
    AsSent,
    Indented,
    /// As Python does.
    Spaced,
    /// Members in another order.
    Reordered,
}

fn print(document: &[u8], how: Print) -> String {
    let value: Value = serde_json::from_slice(document).unwrap();
    match how {
        Print::AsSent => String::from_utf8(document.to_vec()).unwrap(),
        Print::Indented => serde_json::to_string_pretty(&value).unwrap(),
        Print::Spaced => std::str::from_utf8(document).unwrap().replace("\":", "\": ").replace(",\"", ", \""),
        Print::Reordered => {
            let members = value.as_object().unwrap().iter().rev();
            let members: Vec<String> = members.map(|(name, value)| format!("{}:{value}", json!(name))).collect();
            format!("{{{}}}", members.join(","))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn who_comes_back_is_kept_and_nobody_else(
        stays in proptest::collection::vec(any::<bool>(), 50),
        how in proptest::sample::select(vec![Print::AsSent, Print::Indented, Print::Spaced, Print::Reordered]),
        from in 0_usize..50,
    ) {
        let sent = example();
        let order = (from..sent.len()).chain(0..from);
        let entries: Vec<String> = order
            .filter(|&at| stays[at])
            .map(|at| format!("{}:{}", json!(sent[at].0), print(&sent[at].1, how)))
            .collect();
        let answer = decode(format!("{{{}}}", entries.join(",")).into(), &members(&sent)).unwrap();
        prop_assert_eq!(answer.unknown_ids, 0);
        for ((stays, (_, document)), verdict) in stays.iter().zip(&sent).zip(&answer.verdicts) {
            match (stays, verdict) {
                (false, Verdict::Removed) | (true, Verdict::Unchanged) => {}
                (true, Verdict::Changed(changed)) => prop_assert_eq!(&changed.document, document),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
