use super::*;

/// An event with these members besides the required ones.
fn with(members: &str) -> String {
    format!(r#"{{"EventType":"cart.add","Timestamp":"2026-03-01T09:00:00Z"{members}}}"#)
}

#[test]
fn a_request_is_taken_apart_into_the_bytes_it_came_in() {
    let json = br#" { "BatchItem": {
        "a/b": {"Endpoint": { "OptOut": "ALL" }, "Events": {"1": { "x" : 1 }, "2": null, "1": {"y":2}}, "More": []},
        "none": null, "empty": {}, "nulls": {"Endpoint": null, "Events": null}
    }, "More": 1 } "#;
    let items = read(json).unwrap();
    let ids: Vec<_> = items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["a/b", "none", "empty", "nulls"]);
    assert_eq!(items[0].endpoint, Some(r#"{ "OptOut": "ALL" }"#));
    let events: Vec<_> = items[0].events.iter().map(|(id, event)| (id.as_str(), *event)).collect();
    assert_eq!(events, [("1", r#"{"y":2}"#), ("2", "null")]);
    assert!(items[1..].iter().all(|item| item.endpoint.is_none() && item.events.is_empty()));
}

#[test]
fn requests_that_cannot_be_read_are_refused_as_a_whole() {
    let fifty = |first: usize| (first..first + 50).map(|id| format!(r#""{id}":{{}}"#)).collect::<Vec<_>>().join(",");
    let items = |events: [String; 2]| {
        format!(r#"{{"BatchItem":{{"a":{{"Events":{{{}}}}},"b":{{"Events":{{{}}}}}}}}}"#, events[0], events[1])
    };
    assert_eq!(read(items([fifty(0), fifty(0)]).as_bytes()).unwrap().len(), 2);
    let in_two = items([fifty(0), format!("{},\"x\":{{}}", fifty(0))]);
    let in_one = items([format!("{},{},\"x\":{{}}", fifty(0), fifty(50)), String::new()]);
    let endpoints = format!(r#"{{"BatchItem":{{{},{},"x":{{}}}}}}"#, fifty(0), fifty(50));
    let cases = [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("[]", "invalid type: sequence, expected an object"),
        ("{}", "BatchItem: missing, it is required"),
        (r#"{"BatchItem":[]}"#, "BatchItem: invalid type: sequence, expected an object"),
        (r#"{"BatchItem":{"a":[]}}"#, "BatchItem.a: invalid type: sequence, expected an object"),
        (r#"{"BatchItem":{"a":{"Events":[1]}}}"#, "BatchItem.a.Events: invalid type: sequence, expected an object"),
        (r#"{"BatchItem":{}} x"#, "trailing characters at line 1 column 18"),
        (&in_two, "BatchItem: 101 events, the limit is 100"),
        (&in_one, "BatchItem.a.Events: 101 entries, the limit is 100"),
        (&endpoints, "BatchItem: 101 entries, the limit is 100"),
    ];
    for (json, expected) in cases {
        assert_eq!(read(json.as_bytes()).map(drop).expect_err(json).to_string(), expected, "{json}");
    }
}

#[test]
fn events_are_taken_as_clients_send_them() {
    let nine: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
    for (time, offset_us) in [
        ("2026-03-01T09:00:00.000Z", 0),
        ("2026-03-01T10:00:00+01:00", 0),
        ("2026-03-01T09:00:00", 0),
        ("2026-03-01T09:00:00.609123", 609_123),
        ("20260301T090000Z", 0),
    ] {
        let head = check(&format!(r#"{{"EventType":"a","Timestamp":"{time}"}}"#)).expect(time);
        assert_eq!(head.at.as_microsecond() - nine.as_microsecond(), offset_us, "{time}");
        assert_eq!(head.event_type, "a");
    }
    let names: Vec<_> = (0..40).map(|name| format!(r#""{name}":1.5"#)).collect();
    for members in [
        "",
        r#","Attributes":null,"Metrics":null,"Session":null,"AppTitle":null"#,
        r#","Attributes":{"a":"x","b":7,"c":true,"d":null},"Metrics":{"m":1,"n":-2.5e3,"o":null},"Unknown":{"x":[]}"#,
        r#","Session":{"Id":"s","StartTimestamp":"2026-03-01T08:00:00","StopTimestamp":"","Duration":"12"}"#,
        &format!(r#","AppPackageName":"{0}","Session":{{"Id":"{0}","StartTimestamp":"2026-03-01"}}"#, "é".repeat(200)),
        &format!(r#","Metrics":{{{}}}"#, names.join(",")),
        &format!(r#","Attributes":{{"{}":"{}"}}"#, "é".repeat(50), "é".repeat(200)),
    ] {
        check(&with(members)).expect(members);
    }
}

#[test]
fn refused_events_say_why() {
    let names: Vec<_> = (0..40).map(|name| format!(r#""{name}":1"#)).collect();
    let cases = [
        ("[]".to_owned(), "event: invalid type: sequence, expected an object"),
        ("null".to_owned(), "event: invalid type: null, expected an object"),
        ("{}".to_owned(), "EventType: missing, it is required"),
        (r#"{"EventType":""}"#.to_owned(), "EventType: missing, it is required"),
        (r#"{"EventType":"a"}"#.to_owned(), "Timestamp: missing, it is required"),
        (r#"{"EventType":"a","Timestamp":"yesterday"}"#.to_owned(), "Timestamp: not an ISO 8601 date and time"),
        (r#"{"EventType":"a","Timestamp":1772355600}"#.to_owned(), "Timestamp: not an ISO 8601 date and time"),
        (
            format!(r#"{{"EventType":"{}","Timestamp":"2026-03-01"}}"#, "t".repeat(256)),
            "EventType: the value `tttttttttttttttttttt…` has 256 characters, the limit is 255",
        ),
        (
            with(&format!(r#","Attributes":{{"a":"x"}},"Metrics":{{{}}}"#, names.join(","))),
            "Attributes: 41 names of attributes and metrics together, the limit is 40",
        ),
        (
            with(&format!(r#","Metrics":{{"{}":1}}"#, "n".repeat(51))),
            "Metrics.`nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: the name has 51 characters, the limit is 50",
        ),
        (
            with(&format!(r#","Attributes":{{"a":"{}"}}"#, "v".repeat(201))),
            "Attributes.`a`: the value `vvvvvvvvvvvvvvvvvvvv…` has 201 characters, the limit is 200",
        ),
        (with(r#","Attributes":{"":"v"}"#), "Attributes.``: the name is empty"),
        (with(r#","Attributes":{"a":["v"]}"#), "Attributes.a: invalid type: sequence, expected a string"),
        (with(r#","Metrics":{"m":"1"}"#), r#"Metrics.m: invalid type: string "1", expected a number"#),
        (
            with(&format!(r#","Session":{{"Id":"{}","StartTimestamp":"2026-03-01"}}"#, "s".repeat(201))),
            "Session.Id: the value `ssssssssssssssssssss…` has 201 characters, the limit is 200",
        ),
        (
            with(&format!(r#","Session":{{"Id":"s","StartTimestamp":"{}"}}"#, "2".repeat(201))),
            "Session.StartTimestamp: the value `22222222222222222222…` has 201 characters, the limit is 200",
        ),
        (
            with(&format!(r#","AppTitle":"{}""#, "t".repeat(201))),
            "AppTitle: the value `tttttttttttttttttttt…` has 201 characters, the limit is 200",
        ),
        (
            with(&format!(r#","SdkName":"{}""#, "n".repeat(201))),
            "SdkName: the value `nnnnnnnnnnnnnnnnnnnn…` has 201 characters, the limit is 200",
        ),
        (with(r#","Session":[]"#), "Session: invalid type: sequence, expected an object"),
        (with(r#","Session":{"StartTimestamp":"2026-03-01"}"#), "Session.Id: missing, it is required"),
        (with(r#","Session":{"Id":"s"}"#), "Session.StartTimestamp: missing, it is required"),
        (
            with(r#","Session":{"Id":"s","StartTimestamp":"2026-03-01","StopTimestamp":"later"}"#),
            "Session.StopTimestamp: not an ISO 8601 date and time",
        ),
        (with(&" ".repeat(EVENT_BYTES_MAX)), "event: 1024059 bytes, the limit is 1024000"),
    ];
    for (json, expected) in cases {
        let start: String = json.chars().take(200).collect();
        assert_eq!(check(&json).expect_err(&start).to_string(), expected, "{start}");
    }
}

#[test]
fn answers_have_a_verdict_on_everything() {
    assert_eq!(write(&[]), br#"{"Results":{}}"#);
    let results = [
        Verdicts {
            id: "a \"b\"",
            endpoint: Ok(()),
            events: vec![("1", Ok(())), ("2", Err(Refusal::Forbidden("no \"good\"".into())))],
        },
        Verdicts { id: "c", endpoint: Err(Refusal::Invalid("bad".into())), events: Vec::new() },
    ];
    let expected = concat!(
        r#"{"Results":{"a \"b\"":{"EndpointItemResponse":{"Message":"Accepted","StatusCode":202},"EventsItemResponse":{"#,
        r#""1":{"Message":"Accepted","StatusCode":202},"2":{"Message":"no \"good\"","StatusCode":403}}},"#,
        r#""c":{"EndpointItemResponse":{"Message":"bad","StatusCode":400},"EventsItemResponse":{}}}}"#
    );
    assert_eq!(String::from_utf8(write(&results)).unwrap(), expected);
}
