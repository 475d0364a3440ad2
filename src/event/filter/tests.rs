use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn wire(dimensions: Value) -> CampaignEventFilter {
    serde_json::from_value(json!({ "FilterType": "ENDPOINT", "Dimensions": dimensions })).unwrap()
}

fn types(values: &[&str]) -> Value {
    json!({ "DimensionType": "INCLUSIVE", "Values": values })
}

/// A filter of `cart.add` with these dimensions too.
fn filter(mut dimensions: Value) -> Filter {
    dimensions["EventType"] = types(&["cart.add"]);
    Filter::compile(&wire(dimensions)).unwrap()
}

fn matches(filter: &Filter, event_type: &str, document: &Value) -> bool {
    let document = document.to_string();
    filter.matches(event_type, &Facts::read(&document).unwrap())
}

#[test]
fn types_are_in_the_list_or_not() {
    let cases = [
        ("INCLUSIVE", "b", true, Some(&["a", "b"][..])),
        ("INCLUSIVE", "B", false, Some(&["a", "b"])),
        ("EXCLUSIVE", "b", false, None),
        ("EXCLUSIVE", "c", true, None),
    ];
    for (kind, event_type, expected, known) in cases {
        let filter =
            Filter::compile(&wire(json!({ "EventType": { "DimensionType": kind, "Values": ["b", "a"] } }))).unwrap();
        assert_eq!(matches(&filter, event_type, &json!({})), expected, "{kind} {event_type}");
        assert_eq!(filter.may_match(event_type), expected);
        let types = filter.event_types().map(|types| types.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(types.as_deref(), known);
    }
    let plain = Filter::compile(&wire(json!({ "EventType": { "Values": ["a"] } }))).unwrap();
    assert!(matches(&plain, "a", &json!({})), "INCLUSIVE is the default");
    let system = json!({ "FilterType": "SYSTEM", "Dimensions": { "EventType": types(&["_email.open"]) } });
    let system = Filter::compile(&serde_json::from_value(system).unwrap()).unwrap();
    assert!(matches(&system, "_email.open", &json!({})));
}

#[test]
fn attributes_are_text_however_they_came() {
    let event =
        json!({ "Attributes": { "sku": "A1", "count": 7, "gift": true, "none": null, "day": "2026-03-01T09:00:00Z" } });
    let cases = [
        (json!({ "sku": { "Values": ["A0", "A1"] } }), true),
        (json!({ "sku": { "Values": ["a1"] } }), false),
        (json!({ "sku": { "Values": ["A1"] }, "gift": { "Values": ["false"] } }), false),
        (json!({ "count": { "Values": ["7"] }, "gift": { "Values": ["true"] } }), true),
        (json!({ "sku": { "AttributeType": "EXCLUSIVE", "Values": ["A2"] } }), true),
        (json!({ "sku": { "AttributeType": "EXCLUSIVE", "Values": ["A1"] } }), false),
        (json!({ "sku": { "AttributeType": "CONTAINS", "Values": ["1"] } }), true),
        (json!({ "day": { "AttributeType": "BEFORE", "Values": ["2026-03-02"] } }), true),
        (json!({ "day": { "AttributeType": "AFTER", "Values": ["2026-03-02"] } }), false),
        (json!({ "absent": { "Values": [""] } }), false),
        (json!({ "absent": { "AttributeType": "EXCLUSIVE", "Values": ["x"] } }), false),
        (json!({ "none": { "AttributeType": "EXCLUSIVE", "Values": ["x"] } }), false),
    ];
    for (attributes, expected) in cases {
        let filter = filter(json!({ "Attributes": attributes }));
        assert_eq!(matches(&filter, "cart.add", &event), expected, "{attributes}");
        assert!(!matches(&filter, "cart.add", &json!({})), "{attributes}");
        assert!(!matches(&filter, "other", &event));
    }
}

#[test]
fn metrics_are_compared() {
    let cases = [
        ("GREATER_THAN", 9.9, false),
        ("GREATER_THAN_OR_EQUAL", 9.9, true),
        ("LESS_THAN", 10.0, true),
        ("LESS_THAN_OR_EQUAL", 9.8, false),
        ("EQUAL", 9.9, true),
    ];
    for (operator, value, expected) in cases {
        let filter = filter(json!({ "Metrics": { "price": { "ComparisonOperator": operator, "Value": value } } }));
        assert_eq!(matches(&filter, "cart.add", &json!({ "Metrics": { "price": 9.9 } })), expected, "{operator}");
        for absent in [json!({}), json!({ "Metrics": null }), json!({ "Metrics": { "price": null, "other": 9.9 } })] {
            assert!(!matches(&filter, "cart.add", &absent), "{absent}");
        }
    }
}

#[test]
fn refusals_name_field_value_and_rule() {
    let long = "x".repeat(51);
    let many: Value =
        (0..41).map(|i| (i.to_string(), json!({ "Values": ["x"] }))).collect::<serde_json::Map<_, _>>().into();
    let a = types(&["a"]);
    let cases = [
        (json!({}), "Dimensions.EventType: missing, a filter names at least one type of event"),
        (
            json!({ "EventType": types(&[]) }),
            "Dimensions.EventType.Values: missing, a filter names at least one type of event",
        ),
        (json!({ "EventType": types(&["a", ""]) }), "Dimensions.EventType.Values[1]: it is empty"),
        (
            json!({ "EventType": { "DimensionType": "MAYBE", "Values": ["a"] } }),
            "Dimensions.EventType.DimensionType: `MAYBE` is not one of INCLUSIVE, EXCLUSIVE",
        ),
        (
            json!({ "EventType": a, "Attributes": { "at": { "AttributeType": "ON", "Values": ["soon"] } } }),
            "Dimensions.Attributes.`at`.Values[0]: `soon` is not a time such as 2026-03-01T00:00:00Z",
        ),
        (
            json!({ "EventType": a, "Attributes": { "at": { "Values": ["x".repeat(201)] } } }),
            "Dimensions.Attributes.`at`.Values[0]: the value `xxxxxxxxxxxxxxxxxxxx…` has 201 characters, the limit is 200",
        ),
        (
            json!({ "EventType": a, "Metrics": { "n": { "ComparisonOperator": "ABOUT", "Value": 1 } } }),
            "Dimensions.Metrics.`n`.ComparisonOperator: `ABOUT` is not one of GREATER_THAN, LESS_THAN, \
             GREATER_THAN_OR_EQUAL, LESS_THAN_OR_EQUAL, EQUAL",
        ),
        (
            json!({ "EventType": a, "Metrics": { &long: { "ComparisonOperator": "EQUAL", "Value": 1 } } }),
            &format!("Dimensions.Metrics.`{long}`: the name has 51 characters, the limit is 50"),
        ),
        (
            json!({ "EventType": a, "Attributes": many }),
            "Dimensions.Attributes: 41 names of attributes and metrics together, the limit is 40",
        ),
    ];
    for (dimensions, expected) in cases {
        assert_eq!(Filter::compile(&wire(dimensions.clone())).unwrap_err().to_string(), expected, "{dimensions}");
    }
    let other = json!({ "FilterType": "BOTH", "Dimensions": { "EventType": a } });
    let error = Filter::compile(&serde_json::from_value(other).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "FilterType: `BOTH` is not one of SYSTEM, ENDPOINT");
}

#[test]
fn filters_of_apps_have_rules_and_traps_of_their_own() {
    let equal = |value: i32| json!({ "ComparisonOperator": "EQUAL", "Value": value });
    let two = json!({ "EventType": types(&["a"]), "Metrics": { "m": equal(1), "n": equal(2) } });
    assert_eq!(
        Filter::compile_in_app(&wire(two.clone())).unwrap_err().to_string(),
        "Dimensions.Metrics: 2 metrics, the limit for in-app messages is 1"
    );
    assert!(Filter::compile(&wire(two)).is_ok());

    let plain = json!({
        "EventType": types(&["a"]), "Attributes": { "x": { "AttributeType": "INCLUSIVE", "Values": ["1"] } },
        "Metrics": { "m": equal(1) }
    });
    assert_eq!(Filter::compile_in_app(&wire(plain)).unwrap().1, []);
    let traps = json!({
        "EventType": { "DimensionType": "EXCLUSIVE", "Values": ["a"] },
        "Attributes": { "x": { "AttributeType": "CONTAINS", "Values": ["1"] } }, "Metrics": { "m": equal(0) }
    });
    let warnings: Vec<_> = Filter::compile_in_app(&wire(traps)).unwrap().1.iter().map(Invalid::to_string).collect();
    assert_eq!(
        warnings,
        [
            "Dimensions.EventType.DimensionType: `EXCLUSIVE` has no effect in apps: they show the message on the events that \
             are listed",
            "Dimensions.Attributes.`x`.AttributeType: `CONTAINS` has no effect in apps: they compare with the values as they \
             are",
            "Dimensions.Metrics.`m`.Value: apps never show a message whose metric is compared with 0",
        ]
    );
}

fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c"])
}

proptest! {
    /// What is listed is an AND over dimensions and an OR over their values.
    #[test]
    fn an_event_matches_if_every_dimension_does(
        event_type in word(),
        types_listed in prop::collection::btree_set(word(), 1..3),
        is_exclusive: bool,
        attributes in prop::collection::btree_map(word(), word(), 0..3),
        wanted in prop::collection::btree_map(word(), prop::collection::btree_set(word(), 1..3), 0..3),
        metrics in prop::collection::btree_map(word(), -2i32..3, 0..3),
        above in prop::collection::btree_map(word(), -2i32..3, 0..2),
    ) {
        let kind = if is_exclusive { "EXCLUSIVE" } else { "INCLUSIVE" };
        let attribute = |(name, values): (&&str, _)| ((*name).to_owned(), json!({ "Values": values }));
        let metric = |(name, value): (&&str, &i32)| {
            ((*name).to_owned(), json!({ "ComparisonOperator": "GREATER_THAN", "Value": value }))
        };
        let filter = Filter::compile(&wire(json!({
            "EventType": { "DimensionType": kind, "Values": types_listed },
            "Attributes": wanted.iter().map(attribute).collect::<serde_json::Map<_, _>>(),
            "Metrics": above.iter().map(metric).collect::<serde_json::Map<_, _>>(),
        }))).unwrap();
        let expected = types_listed.contains(event_type) != is_exclusive
            && wanted.iter().all(|(name, values)| attributes.get(name).is_some_and(|value| values.contains(value)))
            && above.iter().all(|(name, least)| metrics.get(name).is_some_and(|value| value > least));
        let event = json!({ "Attributes": attributes, "Metrics": metrics });
        prop_assert_eq!(matches(&filter, event_type, &event), expected);
        prop_assert!(!expected || filter.event_types().is_none_or(|types| types.iter().any(|known| known == event_type)));
    }
}
