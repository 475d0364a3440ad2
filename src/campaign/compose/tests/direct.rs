//! Direct messages: their own shapes, and what each recipient may change.

use super::*;
use crate::channel::{PushExtra, PushPriority, VoiceContent};

fn direct_of(message: Value, templates: &Templates) -> Result<Composer, Error> {
    Composer::direct(&serde_json::from_value(message).unwrap(), templates, MissingVariable::Fail)
}

fn direct(message: Value) -> Composer {
    direct_of(message, &Templates::default()).unwrap()
}

fn substitutions(given: Value) -> Substitutions {
    serde_json::from_value(given).unwrap()
}

#[test]
fn a_channel_without_a_message_of_its_own_has_the_nearest_default() {
    let composer = direct(json!({
        "DefaultMessage": {"Body": "default"},
        "DefaultPushNotificationMessage": {"Title": "push", "Body": "push", "Data": {"k": "v"}},
        "APNSMessage": {"Title": "apns"},
    }));
    let apns = push_of(plain(&composer, ChannelType::ApnsVoip));
    assert_eq!((apns.title.as_deref(), apns.body), (Some("apns"), None), "a message is taken whole");
    let gcm = push_of(plain(&composer, ChannelType::Gcm));
    assert_eq!((gcm.title.as_deref(), gcm.json_body.as_deref()), (Some("push"), Some(r#"{"k":"v"}"#)));
    let sms = SmsContent { body: "default".into(), ..SmsContent::default() };
    assert_eq!(plain(&composer, ChannelType::Sms), Content::Sms(sms));
    let voice = VoiceContent { body: "default".into(), ..VoiceContent::default() };
    assert_eq!(plain(&composer, ChannelType::Voice), Content::Voice(voice));
    let email = EmailContent { text: Some("default".into()), ..EmailContent::default() };
    assert_eq!(plain(&composer, ChannelType::Email), Content::Email(email));

    let composer = direct(json!({"DefaultMessage": {"Body": "default"}}));
    assert_eq!(push_of(plain(&composer, ChannelType::Baidu)).body.as_deref(), Some("default"));
    for channel in [ChannelType::Custom, ChannelType::InApp, ChannelType::Push] {
        assert!(!composer.has_message_for(channel), "{channel}");
    }
}

#[test]
fn a_push_message_keeps_every_field() {
    let composer = direct(json!({"GCMMessage": {
        "Action": "URL", "Title": "t", "Body": "b", "Url": "u", "Data": {"q": "{{Attributes.Quote}}"}, "SilentPush": false,
        "ImageUrl": "i", "ImageIconUrl": "ii", "SmallImageIconUrl": "s", "TimeToLive": 60, "Sound": "ding",
        "IconReference": "icon", "CollapseKey": "c", "Priority": "5", "RestrictedPackageName": "app",
    }}));
    let expected = PushContent {
        title: Some("t".into()),
        body: Some("b".into()),
        action: PushAction::Url,
        url: Some("u".into()),
        json_body: Some(r#"{"q":"say \"hi\" & <go>"}"#.into()),
        image_url: Some("i".into()),
        image_icon_url: Some("ii".into()),
        small_image_icon_url: Some("s".into()),
        time_to_live: Some(60),
        sound: Some("ding".into()),
        extra: Some(Box::new(PushExtra {
            icon: Some("icon".into()),
            collapse_key: Some("c".into()),
            priority: Some(PushPriority::Normal),
            restricted_package_name: Some("app".into()),
            ..PushExtra::default()
        })),
        ..PushContent::default()
    };
    assert_eq!(push_of(plain(&composer, ChannelType::Gcm)), expected);

    let composer = direct(json!({
        "APNSMessage": {"Body": "b", "Badge": 3, "Category": "c", "ThreadId": "t", "APNSPushType": "background",
            "CollapseId": "id", "Priority": "high"},
        "ADMMessage": {"Body": "b", "ExpiresAfter": "90", "ConsolidationKey": "k"},
    }));
    let apns = push_of(plain(&composer, ChannelType::Apns)).extra.unwrap();
    assert_eq!((apns.badge, apns.priority), (Some(3), Some(PushPriority::High)));
    assert_eq!((apns.category.as_deref(), apns.thread_id.as_deref()), (Some("c"), Some("t")));
    assert_eq!((apns.push_type.as_deref(), apns.collapse_key.as_deref()), (Some("background"), Some("id")));
    let adm = push_of(plain(&composer, ChannelType::Adm));
    assert_eq!((adm.time_to_live, adm.extra.unwrap().collapse_key.as_deref()), (Some(90), Some("k")));
}

#[test]
fn an_email_keeps_every_field() {
    let composer = direct(json!({"EmailMessage": {
        "FromAddress": "from@example.com", "FeedbackForwardingAddress": "bounce@example.com",
        "ReplyToAddresses": ["a@example.com", "b@example.com"], "Body": "unused",
        "SimpleEmail": {"Subject": {"Data": "s"}, "TextPart": {"Data": "t"}, "HtmlPart": {"Data": "<b>h</b>"},
            "Headers": [{"Name": "X-A", "Value": "1"}]},
    }}));
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = EmailContent {
        subject: "s".into(),
        text: Some("t".into()),
        html: Some("<b>h</b>".into()),
        from_address: Some("from@example.com".into()),
        configuration_set: None,
        headers: vec![header("X-A", "1"), header("Reply-To", "a@example.com, b@example.com")],
        bounce_address: Some("bounce@example.com".into()),
        raw: None,
    };
    assert_eq!(plain(&composer, ChannelType::Email), Content::Email(expected));

    let raw = direct(json!({"EmailMessage": {"RawEmail": {"Data": "aGk="}}}));
    let expected = EmailContent { raw: Some("aGk=".into()), ..EmailContent::default() };
    assert_eq!(plain(&raw, ChannelType::Email), Content::Email(expected));
}

#[test]
fn what_a_recipient_overrides_holds_on_every_channel() {
    let composer = direct(json!({
        "GCMMessage": {"Title": "t", "Body": "b", "RawContent": "{}"},
        "EmailMessage": {"SimpleEmail": {"Subject": {"Data": "s"}, "HtmlPart": {"Data": "h"}}},
        "SMSMessage": {"Body": "b"},
    }));
    let overrides = Overrides { title: Some("new title"), body: Some("new body"), ..Overrides::default() };
    let email = EmailContent { subject: "new title".into(), text: Some("new body".into()), ..EmailContent::default() };
    assert_eq!(compose(&composer, ChannelType::Email, overrides), Ok(Content::Email(email)), "no part says otherwise");
    let sms = SmsContent { body: "new body".into(), ..SmsContent::default() };
    assert_eq!(compose(&composer, ChannelType::Sms, overrides), Ok(Content::Sms(sms)));

    let raw = Overrides { raw_content: Some(r#"{"a":"{{Attributes.Quote}}"}"#), ..overrides };
    let gcm = push_of(compose(&composer, ChannelType::Gcm, raw).unwrap());
    assert_eq!(gcm.raw_content.as_deref(), Some(r#"{"a":"say \"hi\" & <go>"}"#));
    assert_eq!(gcm.title, None);
    let error = compose(&composer, ChannelType::Sms, raw).unwrap_err();
    assert_eq!(error.to_string(), "RawContent is for push messages; text messages have none");
}

#[test]
fn substitutions_come_in_the_documented_order() {
    let template = json!({
        "Body": "{{name}} {{Attributes.Color}} {{User.UserAttributes.FirstName}} {{city}}",
        "DefaultSubstitutions": "{\"name\":\"default\",\"city\":\"default\",\"Attributes.Color\":\"default\"}",
    });
    let templates = Templates { sms: Some(serde_json::from_value(template).unwrap()), ..Templates::default() };
    let message = json!({"SMSMessage": {"Substitutions": {
        "name": ["message", "unused"], "User.UserAttributes.FirstName": ["message"],
    }}});
    let composer = direct_of(message, &templates).unwrap();
    let body = |own: Value| {
        let own = substitutions(own);
        let overrides = Overrides { substitutions: Some(&own), ..Overrides::default() };
        match compose(&composer, ChannelType::Sms, overrides).unwrap() {
            Content::Sms(sms) => sms.body,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(body(json!({})), "message red message default");
    assert_eq!(body(json!({"name": ["own"], "Attributes.Color": ["blue"]})), "own blue message default");
}

#[test]
fn a_template_without_a_value_fails_and_an_inline_text_does_not() {
    let templates = Templates {
        voice: Some(serde_json::from_value(json!({"Body": "Hi {{name}}", "VoiceId": "Joanna"})).unwrap()),
        ..Templates::default()
    };
    let composer = direct_of(json!({"SMSMessage": {"Body": "Hi {{name}}."}}), &templates).unwrap();
    let sms = SmsContent { body: "Hi .".into(), ..SmsContent::default() };
    assert_eq!(plain(&composer, ChannelType::Sms), Content::Sms(sms));
    let error = compose(&composer, ChannelType::Voice, Overrides::default()).unwrap_err();
    assert_eq!(error.to_string(), "VoiceTemplate.Body: no value for the variable `name`");
    let own = substitutions(json!({"name": ["Ann"]}));
    let given = Overrides { substitutions: Some(&own), ..Overrides::default() };
    let voice = VoiceContent { body: "Hi Ann".into(), voice_id: Some("Joanna".into()), ..VoiceContent::default() };
    assert_eq!(compose(&composer, ChannelType::Voice, given), Ok(Content::Voice(voice)));
}

#[test]
fn what_cannot_be_sent_is_named() {
    let problem = |message: Value| direct_of(message, &Templates::default()).unwrap_err().to_string();
    assert!(problem(json!({})).starts_with("there is no message that can be sent"));
    let priority = problem(json!({"GCMMessage": {"Body": "b", "Priority": "urgent"}}));
    assert_eq!(
        priority,
        "MessageConfiguration.GCMMessage.Priority is `urgent`; it must be `normal` or `5`, or `high` or `10`"
    );
    let expiry = problem(json!({"ADMMessage": {"Body": "b", "ExpiresAfter": "soon"}}));
    assert_eq!(expiry, "MessageConfiguration.ADMMessage.ExpiresAfter is `soon`; it must be a number of seconds from 0");
    let raw = problem(json!({"EmailMessage": {"RawEmail": {"Data": "?"}}}));
    assert_eq!(raw, "MessageConfiguration.EmailMessage.RawEmail.Data is not base64");
}

#[test]
fn fields_of_push_messages_have_their_limits() {
    let refused = |platform: &str, field: &str, value: Value| {
        let mut message = json!({ platform: {"Body": "b"} });
        message[platform][field] = value;
        match direct_of(message, &Templates::default()) {
            Ok(_) => String::new(),
            Err(error) => error.to_string().replacen(&format!("MessageConfiguration.{platform}.{field} "), "", 1),
        }
    };
    for (platform, field, value) in [
        ("GCMMessage", "TimeToLive", json!(2_419_200)),
        ("BaiduMessage", "TimeToLive", json!(604_800)),
        ("APNSMessage", "TimeToLive", json!(i32::MAX)),
        ("ADMMessage", "ExpiresAfter", json!("2678400")),
        ("ADMMessage", "MD5", json!("kAFQmDzST7DWlj99KOF/cg==")),
        ("APNSMessage", "CollapseId", json!("x".repeat(64))),
        ("APNSMessage", "PreferredAuthenticationMethod", json!("CERTIFICATE")),
        ("GCMMessage", "PreferredAuthenticationMethod", json!("TOKEN")),
    ] {
        assert_eq!(refused(platform, field, value), "", "{platform}.{field}");
    }
    for (platform, field, value, expected) in [
        (
            "GCMMessage",
            "TimeToLive",
            json!(2_419_201),
            "is `2419201`; it must be a number of seconds from 0 to 2419200",
        ),
        ("BaiduMessage", "TimeToLive", json!(604_801), "is `604801`; it must be a number of seconds from 0 to 604800"),
        ("APNSMessage", "TimeToLive", json!(-1), "is `-1`; it must be a number of seconds from 0"),
        ("ADMMessage", "MD5", json!("abc"), "is not a checksum of 16 bytes as base64"),
        ("APNSMessage", "CollapseId", json!("x".repeat(65)), "has 65 bytes; 64 are allowed"),
        ("APNSMessage", "PreferredAuthenticationMethod", json!("KEY"), "is `KEY`; it must be `CERTIFICATE` or `TOKEN`"),
        ("GCMMessage", "PreferredAuthenticationMethod", json!("x"), "is `x`; it must be `KEY` or `TOKEN`"),
    ] {
        assert_eq!(refused(platform, field, value), expected, "{platform}.{field}");
    }
}

#[test]
fn headers_of_an_email_have_their_limits() {
    let refused = |headers: Value| {
        let part = json!({"Subject": {"Data": "s"}, "Headers": headers});
        let message = json!({"EmailMessage": {"SimpleEmail": part}});
        direct_of(message, &Templates::default()).map_or_else(|error| error.to_string(), |_| String::new())
    };
    let headers = |count: usize| (0..count).map(|i| json!({"Name": format!("X-{i}"), "Value": "v"})).collect();
    let of = "MessageConfiguration.EmailMessage.Headers has";
    assert_eq!(refused(headers(15)), "");
    assert_eq!(refused(headers(16)), format!("{of} 16 headers; 15 are allowed"));
    assert_eq!(refused(json!([{"Name": "X".repeat(126), "Value": "ü".repeat(870)}])), "");
    assert_eq!(
        refused(json!([{"Name": "X", "Value": "v".repeat(871)}])),
        format!("{of} a `X` of more than 870 characters")
    );
    assert_eq!(refused(json!([{"Value": "v"}])), format!("{of} a header without a `Name`"));
    for name in ["a b", "a:b", "a\r\nBcc", "ü"] {
        let expected = format!("{of} `{}`, which is not the name of a header", name.escape_debug());
        assert_eq!(refused(json!([{"Name": name, "Value": "v"}])), expected);
    }
    assert!(refused(json!([{"Name": "X".repeat(127), "Value": "v"}])).contains("is not the name of a header"));
}
