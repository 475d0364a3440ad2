//! Policies as AWS's guides and its command line write them, and what they let through.

use proptest::prelude::*;

use super::*;

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:filter";
const CAMPAIGN: &str = "arn:aws:mobiletargeting:us-east-1:123456789012:apps/a1/campaigns/c1";
const ACCOUNT: &str = "123456789012";
const PINPOINT: &str = "pinpoint.us-east-1.amazonaws.com";

fn request() -> Request<'static> {
    Request { principal: PINPOINT, action: INVOKE, resource: FUNCTION, source_arn: CAMPAIGN, source_account: ACCOUNT }
}

fn allowed_by(statements: &str) -> Result<(), Refusal> {
    let policy = format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":{statements}}}"#);
    evaluate(&serde_json::from_str(&policy).unwrap(), &request())
}

/// A statement with these conditions, as JSON.
fn statement(effect: &str, principal: &str, condition: &str) -> String {
    format!(
        r#"{{"Sid":"s1","Effect":"{effect}","Principal":{principal},"Action":"lambda:InvokeFunction",
            "Resource":"{FUNCTION}","Condition":{condition}}}"#
    )
}

fn service() -> String {
    format!(r#"{{"Service":"{PINPOINT}"}}"#)
}

fn by_conditions(effect: &str, condition: &str) -> Result<(), Refusal> {
    allowed_by(&format!("[{}]", statement(effect, &service(), condition)))
}

#[test]
fn what_the_developer_guide_writes_allows_its_campaigns() {
    for source in [
        CAMPAIGN,
        "arn:aws:mobiletargeting:us-east-1:123456789012:apps/a1/campaigns/*",
        "arn:aws:mobiletargeting:us-east-1:123456789012:apps/a1/*",
        "arn:aws:mobiletargeting:us-east-1:123456789012:/apps/a1/*",
        "arn:aws:mobiletargeting:*:*:apps/*",
        "arn:*:*:*:*:*",
        "*",
    ] {
        let condition = format!(
            r#"{{"ArnLike":{{"AWS:SourceArn":"{source}"}},"StringEquals":{{"AWS:SourceAccount":"{ACCOUNT}"}}}}"#
        );
        by_conditions("Allow", &condition).unwrap();
    }
}

#[test]
fn conditions_hold_or_not() {
    let cases = [
        // No condition restricts nothing: also a policy from before the account was asked for.
        ("{}", true),
        (r#"{"ArnLike":{"AWS:SourceArn":"arn:aws:mobiletargeting:us-east-1:123456789012:apps/a1/*"}}"#, true),
        (r#"{"ArnEquals":{"aws:sourcearn":"arn:aws:mobiletargeting:us-east-1:123456789012:apps/a?/*"}}"#, true),
        (r#"{"StringEquals":{"aws:SourceAccount":"123456789012"}}"#, true),
        (r#"{"StringEquals":{"aws:SourceAccount":"12345678901*"}}"#, false),
        (r#"{"StringLike":{"aws:SourceAccount":"12345678901*"}}"#, true),
        (r#"{"StringEquals":{"AWS:SourceAccount":"999999999999"}}"#, false),
        (r#"{"ArnLike":{"AWS:SourceArn":"arn:aws:mobiletargeting:us-east-1:123456789012:apps/a2/*"}}"#, false),
        (r#"{"ArnLike":{"AWS:SourceArn":"arn:aws:mobiletargeting:eu-west-1:123456789012:apps/a1/*"}}"#, false),
        (r#"{"ArnLike":{"AWS:SourceArn":"arn:aws:mobiletargeting:us-east-1:999999999999:apps/a1/*"}}"#, false),
        // A star stays within its part.
        (r#"{"ArnLike":{"AWS:SourceArn":"arn:aws:*:apps/a1/campaigns/c1"}}"#, false),
        (r#"{"ArnLike":{"AWS:SourceArn":"arn:aws:*"}}"#, false),
        (r#"{"ArnLike":{"AWS:SourceArn":""}}"#, false),
        // An extra slash is one, not two, and makes no difference elsewhere.
        (r#"{"ArnLike":{"AWS:SourceArn":"arn:aws:mobiletargeting:us-east-1:123456789012://apps/a1/*"}}"#, false),
        // Each of several must hold.
        (r#"{"ArnLike":{"AWS:SourceArn":"*"},"StringEquals":{"AWS:SourceAccount":"999999999999"}}"#, false),
        // What is not understood allows nothing.
        (r#"{"StringNotEquals":{"AWS:SourceAccount":"999999999999"}}"#, false),
        (r#"{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#, false),
        (r#"{"ForAnyValue:StringLike":{"AWS:SourceAccount":"*"}}"#, false),
    ];
    for (condition, expected) in cases {
        assert_eq!(by_conditions("Allow", condition).is_ok(), expected, "{condition}");
    }
}

#[test]
fn principals_fit_or_not() {
    let cases = [
        (service(), true),
        (r#""*""#.to_owned(), true),
        (r#"{"AWS":"*"}"#.to_owned(), true),
        (r#"{"AWS":"arn:aws:iam::123456789012:root"}"#.to_owned(), false),
        (r#"{"Service":"pinpoint.amazonaws.com"}"#.to_owned(), false),
        (r#"{"Service":"pinpoint.eu-west-1.amazonaws.com"}"#.to_owned(), false),
        (r#"{"Service":"s3.amazonaws.com"}"#.to_owned(), false),
        (r#"{"Service":"*"}"#.to_owned(), false),
    ];
    for (principal, expected) in cases {
        let refused = allowed_by(&format!("[{}]", statement("Allow", &principal, "{}"))).is_err();
        assert_eq!(!refused, expected, "{principal}");
    }
    assert_eq!(principal("us-east-1"), PINPOINT);
    assert_eq!(principal("cn-north-1"), "pinpoint.cn-north-1.amazonaws.com.cn");
}

#[test]
fn actions_and_resources_fit_or_not() {
    let cases = [
        ("lambda:InvokeFunction", FUNCTION, true),
        ("lambda:*", FUNCTION, true),
        ("*", "*", true),
        ("lambda:invokefunction", FUNCTION, true),
        ("lambda:GetFunction", FUNCTION, false),
        ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:123456789012:function:*", true),
        ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:123456789012:function:filter:live", false),
        ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:123456789012:function:other", false),
    ];
    for (action, resource, expected) in cases {
        let statement =
            format!(r#"[{{"Sid":"s","Effect":"Allow","Principal":"*","Action":"{action}","Resource":"{resource}"}}]"#);
        assert_eq!(allowed_by(&statement).is_ok(), expected, "{action} {resource}");
    }
}

#[test]
fn a_denial_wins_wherever_it_stands() {
    let allow = statement("Allow", &service(), "{}");
    for (condition, denies) in [
        ("{}", true),
        (r#"{"ArnLike":{"AWS:SourceArn":"arn:aws:mobiletargeting:*:*:apps/a1/*"}}"#, true),
        (r#"{"ArnLike":{"AWS:SourceArn":"arn:aws:mobiletargeting:*:*:apps/a2/*"}}"#, false),
        // What is not understood denies all the same, where the rest fits.
        (r#"{"StringNotLike":{"AWS:SourceArn":"x"}}"#, true),
        (r#"{"Bool":{"aws:SecureTransport":"true"}}"#, true),
        (r#"{"Bool":{"aws:SecureTransport":"true"},"StringEquals":{"AWS:SourceAccount":"999999999999"}}"#, false),
    ] {
        let deny = statement("Deny", &service(), condition);
        for both in [format!("[{allow},{deny}]"), format!("[{deny},{allow}]")] {
            assert_eq!(allowed_by(&both).is_err(), denies, "{condition}");
        }
    }
    assert!(allowed_by(&format!("[{}]", statement("Deny", &service(), "{}"))).is_err());
}

#[test]
fn a_refusal_says_what_is_missing_and_what_would_help() {
    let remedy = "aws lambda add-permission --function-name filter --statement-id campaign-c1 --action \
        lambda:InvokeFunction --principal pinpoint.us-east-1.amazonaws.com --source-arn \
        arn:aws:mobiletargeting:us-east-1:123456789012:apps/a1/campaigns/c1 --source-account 123456789012";
    let nothing = allowed_by("[]").unwrap_err().to_string();
    assert_eq!(
        nothing,
        format!(
            "no statement of its policy allows anything; to allow it, set `functions.filter.allow`, or ask this server, by `--endpoint-url`: `{remedy}`"
        )
    );

    let far = statement("Allow", r#"{"Service":"s3.amazonaws.com"}"#, r#"{"StringEquals":{"AWS:SourceAccount":"1"}}"#);
    let near = statement("Allow", &service(), r#"{"StringEquals":{"AWS:SourceAccount":"999999999999"}}"#)
        .replace("s1", "near");
    let error = allowed_by(&format!("[{far},{near}]")).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "no statement of its policy allows it; for the nearest, `near`, AWS:SourceAccount `123456789012` is not \
             `999999999999`; to allow it, set `functions.filter.allow`, or ask this server, by `--endpoint-url`: `{remedy}`"
        )
    );

    let unclear = by_conditions("Allow", r#"{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#).unwrap_err().to_string();
    assert!(unclear.contains("its condition `StringEquals` on `aws:PrincipalOrgID` is not supported"), "{unclear}");

    let denied = by_conditions("Deny", "{}").unwrap_err().to_string();
    assert!(denied.contains("statement `s1` of its policy denies it"), "{denied}");
    assert!(denied.contains("remove-permission --function-name filter --statement-id s1"), "{denied}");
}

#[test]
fn the_settings_allow_by_pattern() {
    let policy = |pattern: &str| Policy {
        statement: vec![Statement::allowing("settings-1".into(), PINPOINT.into(), FUNCTION.into(), pattern)],
        ..Policy::default()
    };
    assert!(evaluate(&policy("*"), &request()).is_ok());
    assert!(evaluate(&policy("arn:aws:mobiletargeting:*:*:apps/a1/campaigns/*"), &request()).is_ok());
    assert!(evaluate(&policy("arn:aws:mobiletargeting:*:*:apps/a2/campaigns/*"), &request()).is_err());
}

#[test]
fn policies_read_back_as_lambda_writes_them() {
    let text = format!(
        r#"{{"Version":"2012-10-17","Id":"default","Statement":[{{"Sid":"a","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::1:root"}},"Action":"lambda:InvokeFunction","Resource":"{FUNCTION}","Condition":{{"ArnLike":{{"AWS:SourceArn":"{CAMPAIGN}"}}}}}},{{"Sid":"b","Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}]}}"#
    );
    let policy: Policy = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&policy).unwrap(), text);
    // A condition or an element that would be lost is no policy: it might have denied something.
    for damaged in
        [text.replace("\"Action\"", "\"NotAction\""), text.replace(":1:root\"", ":1:root\",\"Service\":\"x\"")]
    {
        assert!(serde_json::from_str::<Policy>(&damaged).is_err(), "{damaged}");
    }
}

/// A part of a statement: often what fits, else something near it.
fn part(fitting: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(fitting.to_owned()),
        1 => Just("*".to_owned()),
        1 => (0..=fitting.len()).prop_map(move |end| format!("{}*", &fitting[..end])),
        1 => (1..fitting.len()).prop_map(move |end| fitting[..end].to_owned()),
        1 => "[a-z:*?/]{0,12}",
    ]
}

prop_compose! {
    fn any_statement()(
        deny in prop::bool::weighted(0.1),
        principal in prop_oneof![
            Just(Principal::Everybody),
            part(PINPOINT).prop_map(Principal::Service),
            part(ACCOUNT).prop_map(Principal::Aws),
        ],
        action in part(INVOKE),
        resource in part(FUNCTION),
        operator in prop::sample::select(vec!["ArnLike", "ArnEquals", "StringEquals", "StringLike", "Null"]),
        key in prop::sample::select(vec![SOURCE_ARN, SOURCE_ACCOUNT, "aws:PrincipalOrgID"]),
        value in prop_oneof![part(CAMPAIGN), part(ACCOUNT)],
        conditions in 0..2usize,
    ) -> Statement {
        let effect = if deny { Effect::Deny } else { Effect::Allow };
        let condition = (0..conditions)
            .map(|_| (operator.to_owned(), [(key.to_owned(), value.clone())].into()))
            .collect();
        Statement { sid: "s".to_owned(), effect, principal, action, resource, condition }
    }
}

proptest! {
    /// Each statement alone tells whether all of them together may allow.
    #[test]
    fn nothing_is_allowed_that_no_statement_allows(statements in prop::collection::vec(any_statement(), 0..5)) {
        let alone = |statement: &Statement| {
            let statement = Statement { effect: Effect::Allow, ..statement.clone() };
            evaluate(&Policy { statement: vec![statement], ..Policy::default() }, &request()).is_ok()
        };
        let (denying, allowing): (Vec<_>, Vec<_>) =
            statements.iter().partition(|statement| statement.effect == Effect::Deny);
        let policy = Policy { statement: statements.clone(), ..Policy::default() };
        let result = evaluate(&policy, &request());
        if result.is_ok() {
            prop_assert!(allowing.into_iter().any(alone));
            prop_assert!(!denying.into_iter().any(alone));
        } else {
            prop_assert!(!allowing.into_iter().any(alone) || !denying.is_empty());
        }
    }

    /// What is allowed for a campaign holds no other application's: the stated text decides, up to its wildcards.
    #[test]
    fn an_exact_arn_allows_itself_alone(other in "[a-z0-9]{1,6}", campaign in "[a-z0-9]{1,6}") {
        let arn = format!("arn:aws:mobiletargeting:us-east-1:123456789012:apps/{other}/campaigns/{campaign}");
        let statement = Statement::allowing("s".into(), PINPOINT.into(), FUNCTION.into(), &arn);
        let policy = Policy { statement: vec![statement], ..Policy::default() };
        prop_assert_eq!(evaluate(&policy, &request()).is_ok(), arn == CAMPAIGN);
        let own = Request { source_arn: &arn, ..request() };
        prop_assert!(evaluate(&policy, &own).is_ok());
    }

    /// Text of any kind neither panics nor allows.
    #[test]
    fn rubbish_allows_nothing(pattern in "[^*]{0,40}") {
        let statement = Statement::allowing("s".into(), PINPOINT.into(), FUNCTION.into(), &pattern);
        let policy = Policy { statement: vec![statement], ..Policy::default() };
        prop_assert!(evaluate(&policy, &request()).is_err());
    }
}
