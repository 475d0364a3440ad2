mod direct;

use serde_json::{Value, json};

use super::*;
use crate::channel::{EmailContent, PushAction, PushContent, SmsContent};

const DOCUMENT: &[u8] =
    br#"{"ChannelType":"GCM","Address":"a","Attributes":{"Color":["red"],"Quote":["say \"hi\" & <go>"]},
    "User":{"UserAttributes":{"FirstName":["Ann"]}}}"#;

fn now() -> Timestamp {
    "2026-03-01T09:00:00Z".parse().unwrap()
}

fn composer_of(
    inline: Value,
    templates: &Templates,
    delivery: Option<Value>,
    missing: MissingVariable,
) -> Result<Composer, Error> {
    let inline: MessageConfiguration = serde_json::from_value(inline).unwrap();
    let delivery: Option<CustomDeliveryConfiguration> = delivery.map(|value| serde_json::from_value(value).unwrap());
    Composer::new(Some(&inline), templates, delivery.as_ref(), missing)
}

fn composer(inline: Value) -> Composer {
    composer_of(inline, &Templates::default(), None, MissingVariable::Fail).unwrap()
}

fn compose(composer: &Composer, channel_type: ChannelType, overrides: Overrides<'_>) -> Result<Content, Error> {
    composer.compose(&Target { id: "e1", channel_type, document: DOCUMENT, overrides }, now())
}

fn plain(composer: &Composer, channel_type: ChannelType) -> Content {
    compose(composer, channel_type, Overrides::default()).unwrap()
}

fn push_of(content: Content) -> PushContent {
    match content {
        Content::Push(push) => push,
        other => panic!("{other:?}"),
    }
}

fn everything() -> Composer {
    let message = |name: &str| json!({"Title": format!("{name} title"), "Body": format!("{name} body")});
    let inline = json!({
        "ADMMessage": message("ADM"),
        "APNSMessage": message("APNS"),
        "BaiduMessage": message("BAIDU"),
        "GCMMessage": message("GCM"),
        "EmailMessage": {"Title": "EMAIL title", "Body": "EMAIL body"},
        "SMSMessage": {"Body": "SMS body"},
        "CustomMessage": {"Data": "CUSTOM body"},
        "InAppMessage": {"Body": "IN_APP body"},
    });
    let delivery = json!({"DeliveryUri": "deliver", "EndpointTypes": ["CUSTOM", "VOICE"]});
    composer_of(inline, &Templates::default(), Some(delivery), MissingVariable::Fail).unwrap()
}

/// What an endpoint of each type is told when the hook overrides title and body.
#[test]
fn overrides_apply_to_the_documented_types_only() {
    let composer = everything();
    let overrides = Overrides { title: Some("new title"), body: Some("new body"), ..Overrides::default() };
    for channel in ChannelType::ALL {
        let content = compose(&composer, channel, overrides);
        let told = match content {
            Ok(Content::Push(push)) => (push.title, push.body),
            Ok(Content::Email(email)) => (Some(email.subject), email.text),
            Ok(Content::Sms(sms)) => (None, Some(sms.body)),
            Ok(Content::Voice(voice)) => (None, Some(voice.body)),
            Ok(Content::Custom(custom)) => (None, custom.data.map(|data| data.to_string())),
            Err(error) => {
                assert_eq!(error, Error::NoMessageFor { channel });
                (None, None)
            }
        };
        let both = |title: &str, body: &str| (Some(title.to_owned()), Some(body.to_owned()));
        let expected = match channel {
            ChannelType::Adm => both("new title", "new body"),
            ChannelType::Apns => both("new title", "new body"),
            ChannelType::ApnsSandbox => both("new title", "new body"),
            ChannelType::ApnsVoip => both("new title", "new body"),
            ChannelType::ApnsVoipSandbox => both("new title", "new body"),
            ChannelType::Baidu => both("new title", "new body"),
            ChannelType::Custom => (None, Some("CUSTOM body".to_owned())),
            ChannelType::Email => both("EMAIL title", "EMAIL body"),
            ChannelType::Gcm => both("new title", "new body"),
            ChannelType::InApp => (None, None),
            ChannelType::Push => (None, None),
            ChannelType::Sms => (None, Some("new body".to_owned())),
            ChannelType::Voice => (None, Some("CUSTOM body".to_owned())),
        };
        assert_eq!(told, expected, "{channel}");
    }
}

#[test]
fn one_override_leaves_the_other_text() {
    let composer = everything();
    let title = Overrides { title: Some("new"), body: None, ..Overrides::default() };
    let push = push_of(compose(&composer, ChannelType::Gcm, title).unwrap());
    assert_eq!((push.title.as_deref(), push.body.as_deref()), (Some("new"), Some("GCM body")));
    let body = Overrides { title: None, body: Some(""), ..Overrides::default() };
    let push = push_of(compose(&composer, ChannelType::ApnsVoip, body).unwrap());
    assert_eq!((push.title.as_deref(), push.body.as_deref()), (Some("APNS title"), Some("")));
}

#[test]
fn overrides_are_templates() {
    let composer = everything();
    let overrides = Overrides {
        title: Some("Hi {{User.UserAttributes.FirstName}}"),
        body: Some("[{{Attributes.None}}]"),
        ..Overrides::default()
    };
    let push = push_of(compose(&composer, ChannelType::Gcm, overrides).unwrap());
    assert_eq!((push.title.as_deref(), push.body.as_deref()), (Some("Hi Ann"), Some("[]")));
    let broken = Overrides { title: Some("x {{uper Id}}"), body: None, ..Overrides::default() };
    let error = compose(&composer, ChannelType::Gcm, broken).unwrap_err();
    assert_eq!(error.to_string(), "TitleOverride: unknown helper `uper` at line 1, column 3");
    let broken = Overrides { body: Some("{{"), ..Overrides::default() };
    let error = compose(&composer, ChannelType::Sms, broken).unwrap_err();
    assert!(error.to_string().starts_with("BodyOverride: broken template syntax at line 1"), "{error}");
    // Where overrides do not apply, broken ones do no harm.
    assert!(compose(&composer, ChannelType::Email, broken).is_ok());
}

#[test]
fn every_type_finds_its_message() {
    use ChannelType::*;
    let with = |composer: &Composer| {
        ChannelType::ALL.into_iter().filter(|channel| composer.has_message_for(*channel)).collect::<Vec<_>>()
    };
    let apns = [Apns, ApnsSandbox, ApnsVoip, ApnsVoipSandbox];
    let message = json!({"Body": "b"});
    let cases = [
        (json!({"ADMMessage": message}), vec![Adm]),
        (json!({"APNSMessage": message}), apns.to_vec()),
        (json!({"BaiduMessage": message}), vec![Baidu]),
        (json!({"GCMMessage": message}), vec![Gcm]),
        (json!({"EmailMessage": message}), vec![Email]),
        (json!({"SMSMessage": message}), vec![Sms]),
        (
            json!({"DefaultMessage": message}),
            vec![Adm, Apns, ApnsSandbox, ApnsVoip, ApnsVoipSandbox, Baidu, Email, Gcm, Sms],
        ),
        // A text message has no title.
        (
            json!({"DefaultMessage": {"Title": "t"}}),
            vec![Adm, Apns, ApnsSandbox, ApnsVoip, ApnsVoipSandbox, Baidu, Email, Gcm],
        ),
    ];
    for (inline, expected) in cases {
        assert_eq!(with(&composer(inline.clone())), expected, "{inline}");
    }

    let push =
        Templates { push: Some(serde_json::from_value(json!({"APNS": message})).unwrap()), ..Templates::default() };
    assert_eq!(with(&composer_of(json!({}), &push, None, MissingVariable::Fail).unwrap()), apns);
    let push =
        Templates { push: Some(serde_json::from_value(json!({"Default": message})).unwrap()), ..Templates::default() };
    let all = [Adm, Apns, ApnsSandbox, ApnsVoip, ApnsVoipSandbox, Baidu, Gcm];
    assert_eq!(with(&composer_of(json!({}), &push, None, MissingVariable::Fail).unwrap()), all);

    let custom = json!({"CustomMessage": {"Data": "d"}});
    let cases = [
        (json!({"DeliveryUri": "f"}), vec![Custom]),
        (json!({"DeliveryUri": "f", "EndpointTypes": []}), vec![Custom]),
        (json!({"DeliveryUri": "f", "EndpointTypes": ["VOICE", "SMS", "IN_APP"]}), vec![Sms, Voice]),
        (
            json!({"DeliveryUri": "f", "EndpointTypes": ["PUSH"]}),
            vec![Adm, Apns, ApnsSandbox, ApnsVoip, ApnsVoipSandbox, Baidu, Gcm, Push],
        ),
    ];
    for (delivery, expected) in cases {
        let composer = composer_of(custom.clone(), &Templates::default(), Some(delivery), MissingVariable::Fail);
        assert_eq!(with(&composer.unwrap()), expected);
    }
}

#[test]
fn own_messages_stand_before_the_default_one() {
    let composer = composer(json!({
        "DefaultMessage": {"Title": "default title", "Body": "default body"},
        "APNSMessage": {"Body": "own body"},
    }));
    let apns = push_of(plain(&composer, ChannelType::ApnsSandbox));
    assert_eq!((apns.title, apns.body.as_deref()), (None, Some("own body")));
    let gcm = push_of(plain(&composer, ChannelType::Gcm));
    assert_eq!((gcm.title.as_deref(), gcm.body.as_deref()), (Some("default title"), Some("default body")));
    let email =
        EmailContent { subject: "default title".into(), text: Some("default body".into()), ..EmailContent::default() };
    assert_eq!(plain(&composer, ChannelType::Email), Content::Email(email));
    let sms = SmsContent { body: "default body".into(), ..SmsContent::default() };
    assert_eq!(plain(&composer, ChannelType::Sms), Content::Sms(sms));
}

#[test]
fn push_messages_keep_every_field() {
    let composer = composer(json!({"GCMMessage": {
        "Action": "DEEP_LINK", "Title": "t {{Attributes.Color}}", "Body": "b {{Attributes.Quote}}",
        "Url": "app://{{Attributes.Color}}", "JsonBody": "{\"q\":\"{{Attributes.Quote}}\"}", "SilentPush": true,
        "ImageUrl": "i", "ImageIconUrl": "ii", "ImageSmallIconUrl": "s {{Id}}", "MediaUrl": "m", "TimeToLive": 60,
    }}));
    let expected = PushContent {
        title: Some("t red".into()),
        body: Some("b say \"hi\" & <go>".into()),
        action: PushAction::DeepLink,
        url: Some("app://red".into()),
        silent: true,
        json_body: Some(r#"{"q":"say \"hi\" & <go>"}"#.into()),
        image_url: Some("i".into()),
        image_icon_url: Some("ii".into()),
        small_image_icon_url: Some("s e1".into()),
        media_url: Some("m".into()),
        raw_content: None,
        time_to_live: Some(60),
        ..PushContent::default()
    };
    assert_eq!(push_of(plain(&composer, ChannelType::Gcm)), expected);
}

#[test]
fn raw_content_replaces_everything_else() {
    let composer = composer(json!({"GCMMessage": {
        "Title": "t", "Body": "{{add Attributes.Color 1}}", "RawContent": "{\"data\":{\"q\":\"{{Attributes.Quote}}\"}}",
        "TimeToLive": 60,
    }}));
    let overrides = Overrides { title: Some("new"), body: Some("new"), ..Overrides::default() };
    let expected = PushContent {
        raw_content: Some(r#"{"data":{"q":"say \"hi\" & <go>"}}"#.into()),
        time_to_live: Some(60),
        ..PushContent::default()
    };
    assert_eq!(push_of(compose(&composer, ChannelType::Gcm, overrides).unwrap()), expected);
}

#[test]
fn email_escapes_html_only_and_keeps_headers_on_one_line() {
    let inline = json!({"EmailMessage": {
        "Title": "{{Attributes.Quote}}", "Body": "{{Attributes.Quote}}", "HtmlBody": "<p>{{Attributes.Quote}}</p>",
        "FromAddress": "from@example.com", "Headers": [{"Name": "X-Who", "Value": "{{Attributes.Lines}}"}],
    }});
    let document = json!({"Attributes": {"Quote": ["\"a\" & <b>"], "Lines": ["one\r\nBcc: two"]}}).to_string();
    let target = Target {
        id: "e1",
        channel_type: ChannelType::Email,
        document: document.as_bytes(),
        overrides: Overrides::default(),
    };
    let expected = EmailContent {
        subject: "\"a\" & <b>".into(),
        text: Some("\"a\" & <b>".into()),
        html: Some("<p>&quot;a&quot; &amp; &lt;b&gt;</p>".into()),
        from_address: Some("from@example.com".into()),
        headers: vec![("X-Who".into(), "one  Bcc: two".into())],
        ..EmailContent::default()
    };
    assert_eq!(composer(inline).compose(&target, now()), Ok(Content::Email(expected)));
}

#[test]
fn sms_keeps_every_field() {
    let composer = composer(json!({"SMSMessage": {
        "Body": "Hi {{User.UserAttributes.FirstName}}", "MessageType": "TRANSACTIONAL", "SenderId": "s",
        "OriginationNumber": "o", "EntityId": "e", "TemplateId": "t",
    }}));
    let expected = SmsContent {
        body: "Hi Ann".into(),
        is_transactional: true,
        sender_id: Some("s".into()),
        origination_number: Some("o".into()),
        entity_id: Some("e".into()),
        template_id: Some("t".into()),
        ..SmsContent::default()
    };
    assert_eq!(plain(&composer, ChannelType::Sms), Content::Sms(expected));
}

#[test]
fn custom_delivery_takes_the_types_it_lists() {
    let inline =
        json!({"CustomMessage": {"Data": "{{as it is}}"}, "GCMMessage": {"Body": "b"}, "SMSMessage": {"Body": "b"}});
    let delivery = json!({"DeliveryUri": "https://example.com/hook", "EndpointTypes": ["GCM"]});
    let composer = composer_of(inline, &Templates::default(), Some(delivery), MissingVariable::Fail).unwrap();
    let expected = CustomContent {
        delivery_uri: "https://example.com/hook".into(),
        data: Some("{{as it is}}".into()),
        endpoint_document: Bytes::from_static(DOCUMENT),
    };
    assert_eq!(plain(&composer, ChannelType::Gcm), Content::Custom(expected));
    assert!(matches!(plain(&composer, ChannelType::Sms), Content::Sms(_)));
}

#[test]
fn templates_win_for_the_fields_they_have() {
    let templates = Templates {
        email: Some(
            serde_json::from_value(json!({
                "Subject": "Hi {{User.UserAttributes.Nickname}}", "HtmlPart": "<b>{{Attributes.Quote}}</b>",
                "DefaultSubstitutions": "{\"User.UserAttributes.Nickname\":\"friend\"}",
            }))
            .unwrap(),
        ),
        sms: Some(serde_json::from_value(json!({"Body": "template"})).unwrap()),
        push: Some(
            serde_json::from_value(json!({
                "Default": {"Title": "default", "Sound": "ding"},
                "GCM": {"Body": "gcm", "Action": "URL", "Url": "u", "SmallImageIconUrl": "s"},
            }))
            .unwrap(),
        ),
        ..Templates::default()
    };
    let inline = json!({
        "DefaultMessage": {"Title": "inline title", "Body": "inline body", "TimeToLive": 5},
        "EmailMessage": {"Title": "inline", "Body": "inline text", "FromAddress": "from@example.com"},
        "SMSMessage": {"Body": "inline", "SenderId": "s"},
    });
    let composer = composer_of(inline, &templates, None, MissingVariable::Fail).unwrap();
    let email = EmailContent {
        subject: "Hi friend".into(),
        text: Some("inline text".into()),
        html: Some("<b>say &quot;hi&quot; &amp; &lt;go&gt;</b>".into()),
        from_address: Some("from@example.com".into()),
        ..EmailContent::default()
    };
    assert_eq!(plain(&composer, ChannelType::Email), Content::Email(email));
    let sms = SmsContent { body: "template".into(), sender_id: Some("s".into()), ..SmsContent::default() };
    assert_eq!(plain(&composer, ChannelType::Sms), Content::Sms(sms));
    let gcm = PushContent {
        title: Some("inline title".into()),
        body: Some("gcm".into()),
        action: PushAction::Url,
        url: Some("u".into()),
        small_image_icon_url: Some("s".into()),
        time_to_live: Some(5),
        ..PushContent::default()
    };
    assert_eq!(push_of(plain(&composer, ChannelType::Gcm)), gcm);
    let adm = PushContent {
        title: Some("default".into()),
        body: Some("inline body".into()),
        // `TimeToLive` of campaigns is not for ADM.
        sound: Some("ding".into()),
        ..PushContent::default()
    };
    assert_eq!(push_of(plain(&composer, ChannelType::Adm)), adm);
}

#[test]
fn missing_variables_fail_in_templates_only() {
    let templates = Templates {
        sms: Some(serde_json::from_value(json!({"Body": "Hi {{Attributes.None}}"})).unwrap()),
        ..Templates::default()
    };
    let inline = json!({"GCMMessage": {"Body": "Hi {{Attributes.None}}"}});
    let strict = composer_of(inline.clone(), &templates, None, MissingVariable::Fail).unwrap();
    let error = compose(&strict, ChannelType::Sms, Overrides::default()).unwrap_err();
    assert_eq!(error.to_string(), "SMSTemplate.Body: no value for the variable `Attributes.None`");
    assert_eq!(push_of(plain(&strict, ChannelType::Gcm)).body.as_deref(), Some("Hi "));
    let lenient = composer_of(inline, &templates, None, MissingVariable::Empty).unwrap();
    assert_eq!(
        plain(&lenient, ChannelType::Sms),
        Content::Sms(SmsContent { body: "Hi ".into(), ..SmsContent::default() })
    );
}

#[test]
fn documents_are_read_only_for_variables() {
    let target =
        Target { id: "e1", channel_type: ChannelType::Gcm, document: b"broken", overrides: Overrides::default() };
    let fixed = composer(json!({"GCMMessage": {"Title": "t", "Body": "b"}}));
    assert!(fixed.compose(&target, now()).is_ok());
    let variable = composer(json!({"GCMMessage": {"Title": "t", "Body": "{{Id}}"}}));
    let error = variable.compose(&target, now()).unwrap_err();
    assert!(matches!(error, Error::Template { source: template::Error::Document { .. }, .. }));
}

#[test]
fn unusable_campaigns_say_why() {
    let message = json!({"Body": "b"});
    let long = "x".repeat(CUSTOM_DATA_BYTES_MAX + 1);
    let cases = [
        (json!({}), None, Error::NoMessage.to_string()),
        (json!({"InAppMessage": {"Body": "b"}}), None, Error::NoMessage.to_string()),
        (
            json!({"EmailMessage": {"HtmlBody": "{{uper Id}}"}}),
            None,
            "MessageConfiguration.EmailMessage.HtmlBody: unknown helper `uper` at line 1, column 1".to_owned(),
        ),
        (
            json!({"GCMMessage": {"Body": "b", "Action": "OPEN"}}),
            None,
            "MessageConfiguration.GCMMessage.Action is `OPEN`; it must be one of OPEN_APP, DEEP_LINK, URL".to_owned(),
        ),
        (
            json!({"GCMMessage": {"Body": "b", "TimeToLive": -1}}),
            None,
            "MessageConfiguration.GCMMessage.TimeToLive is `-1`; it must be a number of seconds from 0".to_owned(),
        ),
        (
            json!({"SMSMessage": {"Body": "b", "MessageType": "LOUD"}}),
            None,
            "MessageConfiguration.SMSMessage.MessageType is `LOUD`; it must be one of TRANSACTIONAL, PROMOTIONAL".to_owned(),
        ),
        (json!({"SMSMessage": {"SenderId": "s"}}), None, "MessageConfiguration.SMSMessage has no `Body`".to_owned()),
        (
            json!({"EmailMessage": {"FromAddress": "f"}}),
            None,
            "MessageConfiguration.EmailMessage has neither a subject nor a text nor an HTML part".to_owned(),
        ),
        (
            json!({"EmailMessage": {"Body": "b", "Headers": [{"Value": "v"}]}}),
            None,
            "MessageConfiguration.EmailMessage.Headers has a header without a `Name`".to_owned(),
        ),
        (
            json!({"GCMMessage": {"Url": "u"}}),
            None,
            "MessageConfiguration.GCMMessage has nothing to say: it needs a title, body, JSON body or raw content, or to be silent"
                .to_owned(),
        ),
        (
            json!({"CustomMessage": {"Data": "d"}}),
            None,
            "CustomDeliveryConfiguration is missing; `MessageConfiguration.CustomMessage` needs it".to_owned(),
        ),
        (
            json!({"CustomMessage": {"Data": long}}),
            Some(json!({"DeliveryUri": "f"})),
            "MessageConfiguration.CustomMessage.Data has 5121 bytes; 5120 are allowed".to_owned(),
        ),
        (
            json!({"SMSMessage": message}),
            Some(json!({"DeliveryUri": ""})),
            "CustomDeliveryConfiguration.DeliveryUri is empty; it must be a function's name or ARN, or an `https://` URL"
                .to_owned(),
        ),
        (
            json!({"SMSMessage": message}),
            Some(json!({"DeliveryUri": "f", "EndpointTypes": ["FAX"]})),
            "CustomDeliveryConfiguration.EndpointTypes has `FAX`, which is no channel type".to_owned(),
        ),
    ];
    for (inline, delivery, expected) in cases {
        let error = composer_of(inline.clone(), &Templates::default(), delivery, MissingVariable::Fail).unwrap_err();
        assert_eq!(error.to_string(), expected, "{inline}");
    }
    let templates = Templates {
        sms: Some(serde_json::from_value(json!({"Body": "b", "DefaultSubstitutions": "[]"})).unwrap()),
        ..Templates::default()
    };
    let error = composer_of(json!({}), &templates, None, MissingVariable::Fail).unwrap_err();
    assert!(
        error.to_string().starts_with("SMSTemplate.DefaultSubstitutions: default substitutions must be a JSON object")
    );
}
