//! Direct messages: to addresses, endpoints and users.

use pinwheel::app::App;
use pinwheel::domain::{ApplicationId, ChannelType, EndpointStatus, OptOut};
use pinwheel::sandbox::adm::{self, Adm};
use pinwheel::sandbox::baidu::{self, Baidu};
use pinwheel::sandbox::{Record, function};
use pinwheel::store::{EndpointWrite, Kind};
use pinwheel::wire::endpoint::Head;
use serde_json::{Value, json};

use super::Server;
use crate::support::{APPLICATION, World, endpoint, populate, set};

fn hello() -> Value {
    json!({"DefaultPushNotificationMessage": {"Title": "Hi", "Body": "b"}, "DefaultMessage": {"Body": "text"}})
}

fn of_user(mut write: EndpointWrite, user: &str) -> EndpointWrite {
    write.update.user.id = Some(user.to_owned());
    write
}

async fn is_active(app: &App, id: &str) -> bool {
    let page = app.store.endpoint(&ApplicationId::new(APPLICATION), id).await.unwrap();
    Head::read(page.get(0).document).unwrap().is_active()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_address_has_its_result() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, vec![endpoint("e", ChannelType::Gcm, "gone-1")]).await;
    let server = Server::start(&app).await;
    let gcm = json!({"ChannelType": "GCM"});
    let request = json!({
        "Addresses": {
            "taken-1": gcm, "throttle-1": gcm, "unavailable-1": gcm, "gone-1": gcm, "denied-1": gcm, "drop-1": gcm,
            "nobody": {"ChannelType": "VOICE"}, "typeless": {}, "+12065550100": {"ChannelType": "SMS"},
        },
        "MessageConfiguration": hello(), "TraceId": "trace-1", "Context": {"order": "7"},
    });
    let answer = server.ask("POST", "messages", request).await;
    assert_eq!(answer["ApplicationId"], APPLICATION);
    assert!(answer["RequestId"].is_string());
    let result = |address: &str| {
        let result = &answer["Result"][address];
        (result["DeliveryStatus"].as_str().unwrap(), result["StatusCode"].as_i64().unwrap())
    };
    assert_eq!(result("taken-1"), ("SUCCESSFUL", 200));
    assert_eq!(result("+12065550100"), ("SUCCESSFUL", 200));
    assert_eq!(result("throttle-1"), ("THROTTLED", 429));
    assert_eq!(result("unavailable-1"), ("TEMPORARY_FAILURE", 500));
    assert_eq!(result("gone-1"), ("PERMANENT_FAILURE", 410));
    assert_eq!(result("denied-1"), ("PERMANENT_FAILURE", 400));
    assert_eq!(result("drop-1"), ("UNKNOWN_FAILURE", 500));
    assert_eq!(result("nobody"), ("PERMANENT_FAILURE", 400));
    assert_eq!(result("typeless"), ("PERMANENT_FAILURE", 400));
    assert_eq!(
        answer["Result"]["nobody"]["StatusMessage"],
        "no adapter serves the VOICE channel: a section `[channel.…]` of the settings adds one"
    );
    let taken = &answer["Result"]["taken-1"];
    let id = taken["MessageId"].as_str().unwrap();
    assert_eq!(taken["StatusMessage"], format!("MessageId: {id}"));
    assert_eq!(answer.get("EndpointResult"), None);

    // Tried once each, and a dead address is dead whoever names it.
    assert!(!is_active(&app, "e").await);
    assert_eq!((world.fcm.messages(), world.fcm.refusals()), (2, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_have_their_own_words_and_duplicates_are_told() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    let mut out = endpoint("out", ChannelType::Sms, "+12065550101");
    out.update.opt_out = Some(OptOut::All);
    out.update.attributes.insert("Color".into(), vec!["red".into()]);
    let mut silent = endpoint("silent", ChannelType::Sms, "+12065550102");
    silent.update.status = Some(EndpointStatus::Inactive);
    let twin = endpoint("twin", ChannelType::Email, "A@example.com");
    populate(&app, vec![out, silent, twin]).await;
    let server = Server::start(&app).await;
    let request = json!({
        "Addresses": {"a@example.com": {"ChannelType": "EMAIL", "TitleOverride": "Own"}},
        "Endpoints": {
            "out": {"BodyOverride": "{{Attributes.Color}} {{name}}", "Substitutions": {"name": ["Ann", "unused"]}},
            "silent": {}, "twin": {}, "unknown": {},
        },
        "MessageConfiguration": hello(),
    });
    let answer = server.ask("POST", "messages", request).await;
    assert_eq!(answer["Result"]["a@example.com"]["DeliveryStatus"], "SUCCESSFUL");
    let results = &answer["EndpointResult"];
    assert_eq!(results["out"]["DeliveryStatus"], "SUCCESSFUL", "an opt-out is no matter here");
    assert_eq!(results["out"]["Address"], "+12065550101");
    assert_eq!(results["silent"]["DeliveryStatus"], "SUCCESSFUL");
    assert_eq!(
        (&results["twin"]["DeliveryStatus"], &results["twin"]["StatusCode"]),
        (&json!("DUPLICATE"), &json!(409))
    );
    assert_eq!(
        (&results["unknown"]["DeliveryStatus"], &results["unknown"]["StatusCode"]),
        (&json!("PERMANENT_FAILURE"), &json!(404))
    );
    let sunk = world.sunk();
    assert_eq!(sunk.len(), 3);
    let sms = sunk.iter().find(|line| line["endpoint_id"] == "out").unwrap();
    assert_eq!(sms["content"]["sms"]["body"], "red Ann");
    let mail = sunk.iter().find(|line| line["channel"] == "EMAIL").unwrap();
    assert_eq!((&mail["endpoint_id"], &mail["content"]["email"]["subject"]), (&json!(""), &json!("Own")));
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_reached_on_all_their_channels() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    let mut silent = of_user(endpoint("silent", ChannelType::Gcm, "t2"), "ann");
    silent.update.status = Some(EndpointStatus::Inactive);
    populate(
        &app,
        vec![
            of_user(endpoint("phone", ChannelType::Sms, "+12065550101"), "ann"),
            of_user(endpoint("app", ChannelType::Gcm, "t1"), "ann"),
            of_user(endpoint("call", ChannelType::Voice, "+12065550101"), "ann"),
            silent,
            of_user(endpoint("bobs", ChannelType::Voice, "+12065550102"), "bob"),
        ],
    )
    .await;
    let server = Server::start(&app).await;
    let message = json!({"SMSMessage": {"Body": "text"}, "GCMMessage": {"Title": "push"}});
    let request = |users: Value| json!({"Users": users, "MessageConfiguration": message});
    let answer = server.ask("POST", "users-messages", request(json!({"ann": {}, "bob": {}, "nobody": {}}))).await;
    let users = answer["Result"].as_object().unwrap();
    assert_eq!(users.keys().collect::<Vec<_>>(), ["ann", "bob"]);
    assert_eq!(users["ann"].as_object().unwrap().keys().collect::<Vec<_>>(), ["app", "phone"]);
    assert_eq!(users["ann"]["phone"]["Address"], "+12065550101");
    assert_eq!(users["bob"], json!({}));
    assert_eq!(
        server.refused(404, "POST", "users-messages", request(json!({"nobody": {}}))).await,
        "Resource not found"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_speak_for_direct_messages() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, Vec::new()).await;
    let template = json!({"Body": "Hi {{name}}, {{city}}", "DefaultSubstitutions": "{\"city\":\"Rome\"}"}).to_string();
    let now = "2026-03-01T09:00:00.000Z".to_owned();
    app.store.put_definition(None, Kind::SmsTemplate, "greeting", template, now).await.unwrap();
    let server = Server::start(&app).await;
    let request = |substitutions: Value, name: &str| {
        json!({
            "Addresses": {"+12065550100": {"ChannelType": "SMS", "Substitutions": substitutions}},
            "MessageConfiguration": {}, "TemplateConfiguration": {"SMSTemplate": {"Name": name}},
        })
    };
    let answer = server.ask("POST", "messages", request(json!({"name": ["Ann"]}), "greeting")).await;
    assert_eq!(answer["Result"]["+12065550100"]["DeliveryStatus"], "SUCCESSFUL");
    assert_eq!(world.sunk()[0]["content"]["sms"]["body"], "Hi Ann, Rome");
    let answer = server.ask("POST", "messages", request(json!({}), "greeting")).await;
    let result = &answer["Result"]["+12065550100"];
    assert_eq!(result["DeliveryStatus"], "PERMANENT_FAILURE");
    assert_eq!(result["StatusMessage"], "SMSTemplate.Body: no value for the variable `name`");
    let unknown = server.refused(400, "POST", "messages", request(json!({}), "unknown")).await;
    assert_eq!(unknown, "there is no SMS template `unknown`");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_have_their_rules() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, Vec::new()).await;
    let server = Server::start(&app).await;
    let addresses = |count: usize| -> Value {
        (0..count)
            .map(|i| (format!("+1206555{i:04}"), json!({"ChannelType": "SMS"})))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let request = |count| json!({"Addresses": addresses(count), "MessageConfiguration": hello()});
    let many = server.refused(400, "POST", "messages", request(101)).await;
    assert_eq!(many, "Addresses: 101 recipients, the limit is 100");
    assert_eq!(server.refused(400, "POST", "messages", request(0)).await, "Addresses: there is no recipient");
    let answer = server.ask("POST", "messages", request(100)).await;
    assert_eq!(answer["Result"].as_object().unwrap().len(), 100);
    assert_eq!(world.sunk().len(), 100);
    let nothing = json!({"Addresses": addresses(1), "MessageConfiguration": {}});
    let nothing = server.refused(400, "POST", "messages", nothing).await;
    assert!(nothing.starts_with("there is no message that can be sent"), "{nothing}");
    let unknown = json!({"Addresses": {"x": {"ChannelType": "PIGEON"}}, "MessageConfiguration": hello()});
    let unknown = server.refused(400, "POST", "messages", unknown).await;
    assert!(unknown.contains("PIGEON"), "{unknown}");
    let (status, _) =
        server.call("POST", "/v1/apps/ffffffffffffffffffffffffffffffff/messages", Some(&request(1))).await;
    assert_eq!(status, 404);

    server.ask("PUT", "channels/sms", json!({"Enabled": false})).await;
    let answer = server.ask("POST", "messages", request(1)).await;
    let result = &answer["Result"]["+12065550000"];
    assert_eq!((&result["DeliveryStatus"], &result["StatusCode"]), (&json!("PERMANENT_FAILURE"), &json!(400)));
    assert_eq!(result["StatusMessage"], "the SMS channel is disabled");
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_with_credentials_of_their_own_learn_what_providers_say_of_addresses() {
    let world = World::new(function::echo).await;
    let adm = Adm::start(Record::memory()).await.unwrap();
    let baidu = Baidu::start(Record::memory()).await.unwrap();
    let mut settings = world.settings();
    // The sections say where the providers are; their own credentials would be refused.
    for (key, value) in [
        ("adm.base_url", adm.base_url()),
        ("adm.client_id", "nobody".into()),
        ("adm.client_secret", "wrong".into()),
        ("baidu.base_url", baidu.base_url()),
        ("baidu.api_key", "nobody".into()),
        ("baidu.secret_key", "wrong".into()),
    ] {
        set(&mut settings, &format!("channel.{key}"), value);
    }
    let app = world.app_of(settings);
    let endpoints = vec![
        endpoint("adm-gone", ChannelType::Adm, "gone-1"),
        endpoint("adm-moved", ChannelType::Adm, "moved-1"),
        endpoint("baidu-gone", ChannelType::Baidu, "gone-1"),
        endpoint("baidu-taken", ChannelType::Baidu, "1"),
    ];
    populate(&app, endpoints).await;
    let server = Server::start(&app).await;
    let credentials = json!({"ClientId": adm::CLIENT_ID, "ClientSecret": adm::CLIENT_SECRET});
    server.ask("PUT", "channels/adm", credentials).await;
    let credentials = json!({"ApiKey": baidu::API_KEY, "SecretKey": baidu::SECRET_KEY});
    server.ask("PUT", "channels/baidu", credentials).await;

    let request = json!({
        "Endpoints": {"adm-gone": {}, "adm-moved": {}, "baidu-gone": {}, "baidu-taken": {}},
        "MessageConfiguration": hello(),
    });
    let answer = server.ask("POST", "messages", request).await;
    let result = |id: &str| &answer["EndpointResult"][id];
    for id in ["adm-gone", "baidu-gone"] {
        assert_eq!(result(id)["StatusCode"], 410, "{}", result(id));
        assert!(!is_active(&app, id).await, "{id}");
    }
    for id in ["adm-moved", "baidu-taken"] {
        assert_eq!(result(id)["DeliveryStatus"], "SUCCESSFUL", "{}", result(id));
        assert!(is_active(&app, id).await, "{id}");
    }
    assert_eq!((adm.messages(), baidu.messages()), (1, 1));
    assert_eq!(result("adm-moved")["UpdatedToken"], adm::moved_to("moved-1"));
    let page = app.store.endpoint(&ApplicationId::new(APPLICATION), "adm-moved").await.unwrap();
    assert_eq!(Head::read(page.get(0).document).unwrap().address(), Some(&*adm::moved_to("moved-1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_part_of_a_message_reaches_its_channel() {
    let world = World::new(function::echo).await;
    let mut settings = world.settings();
    settings["channel"].as_table_mut().unwrap().retain(|name, _| name == "sink");
    settings["channel"]["sink"].as_table_mut().unwrap().remove("types");
    let app = world.app_of(settings);
    populate(&app, Vec::new()).await;
    let server = Server::start(&app).await;
    let raw = r#"{"aps": {"alert": "{{name}}", "content-available": 1}}"#;
    let request = json!({
        "Addresses": {
            "ann@example.com": {"ChannelType": "EMAIL", "Substitutions": {"name": ["<Ann>"]}},
            "+12065550100": {"ChannelType": "SMS"}, "+12065550101": {"ChannelType": "VOICE"},
            "kindle": {"ChannelType": "ADM", "Context": {"order": "8"}},
            "iphone": {"ChannelType": "APNS", "RawContent": raw, "Substitutions": {"name": ["Ann"]}},
        },
        "Context": {"order": "7", "shop": "s"}, "TraceId": "trace-1",
        "MessageConfiguration": {
            "EmailMessage": {
                "FromAddress": "from@example.com", "FeedbackForwardingAddress": "bounce@example.com",
                "ReplyToAddresses": ["reply@example.com"], "Substitutions": {"name": ["you"], "day": ["Monday"]},
                "SimpleEmail": {
                    "Subject": {"Data": "{{name}}, {{day}}", "Charset": "UTF-8"}, "TextPart": {"Data": "{{name}}"},
                    "HtmlPart": {"Data": "<b>{{name}}</b>"}, "Headers": [{"Name": "X-Day", "Value": "{{day}}"}],
                },
            },
            "SMSMessage": {"Body": "b", "MessageType": "TRANSACTIONAL", "OriginationNumber": "+12065550199",
                "Keyword": "STOP", "EntityId": "e", "TemplateId": "t"},
            "VoiceMessage": {"Body": "Hallo", "LanguageCode": "de-DE", "VoiceId": "Vicki",
                "OriginationNumber": "+12065550199"},
            "ADMMessage": {"Title": "t", "Data": {"k": "v"}, "MD5": "kAFQmDzST7DWlj99KOF/cg==", "ExpiresAfter": "3600",
                "ConsolidationKey": "c"},
            "APNSMessage": {"Title": "t", "PreferredAuthenticationMethod": "TOKEN", "Badge": 2},
        },
    });
    let answer = server.ask("POST", "messages", request).await;
    for (address, result) in answer["Result"].as_object().unwrap() {
        assert_eq!(result["DeliveryStatus"], "SUCCESSFUL", "{address}: {result}");
    }
    let sunk = world.sunk();
    let of = |channel: &str| &sunk.iter().find(|line| line["channel"] == channel).unwrap()["content"];
    let email = &of("EMAIL")["email"];
    assert_eq!((&email["subject"], &email["text"]), (&json!("<Ann>, Monday"), &json!("<Ann>")));
    assert_eq!(email["html"], "<b>&lt;Ann&gt;</b>");
    assert_eq!(
        (&email["from_address"], &email["bounce_address"]),
        (&json!("from@example.com"), &json!("bounce@example.com"))
    );
    let headers = json!([["X-Day", "Monday"], ["Reply-To", "reply@example.com"], ["X-Trace-Id", "trace-1"]]);
    assert_eq!(email["headers"], headers);
    let sms = &of("SMS")["sms"];
    assert_eq!((&sms["is_transactional"], &sms["keyword"]), (&json!(true), &json!("STOP")));
    assert_eq!((&sms["entity_id"], &sms["template_id"]), (&json!("e"), &json!("t")));
    let voice = json!({"body": "Hallo", "language_code": "de-DE", "voice_id": "Vicki",
        "origination_number": "+12065550199"});
    assert_eq!(of("VOICE")["voice"], voice);
    let adm = &of("ADM")["push"];
    assert_eq!((&adm["time_to_live"], &adm["collapse_key"]), (&json!(3600), &json!("c")));
    assert_eq!(adm["context"], json!({"order": "8", "shop": "s", "trace_id": "trace-1"}), "a recipient's own wins");
    let apns = &of("APNS")["push"];
    assert_eq!(apns["raw_content"], r#"{"aps": {"alert": "Ann", "content-available": 1}}"#);
    assert_eq!((&apns["title"], &apns["badge"]), (&Value::Null, &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_a_rule_is_refused_as_a_whole() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, Vec::new()).await;
    let server = Server::start(&app).await;
    for (message, expected) in [
        (json!({"GCMMessage": {"Body": "b", "TimeToLive": 2_419_201}}), "GCMMessage.TimeToLive is `2419201`"),
        (json!({"ADMMessage": {"Body": "b", "MD5": "x"}}), "ADMMessage.MD5 is not a checksum"),
        (
            json!({"APNSMessage": {"Body": "b", "PreferredAuthenticationMethod": "KEY"}}),
            "APNSMessage.PreferredAuthenticationMethod is `KEY`",
        ),
        (json!({"EmailMessage": {"RawEmail": {"Data": "?"}}}), "EmailMessage.RawEmail.Data is not base64"),
        (json!({"SMSMessage": {"Body": "{{#if}}"}}), "SMSMessage.Body: broken template syntax at line 1"),
    ] {
        let request = json!({"Addresses": {"+12065550100": {"ChannelType": "SMS"}}, "MessageConfiguration": message});
        let refused = server.refused(400, "POST", "messages", request).await;
        assert!(refused.starts_with(&format!("MessageConfiguration.{expected}")), "{refused}");
    }
    let voice = json!({"Addresses": {"+12065550100": {"ChannelType": "SMS"}}, "MessageConfiguration": {},
        "TemplateConfiguration": {"InAppTemplate": {"Name": "x"}}});
    let refused = server.refused(400, "POST", "messages", voice).await;
    assert_eq!(refused, "TemplateConfiguration.InAppTemplate: in-app messages are fetched by apps, not sent");
    assert!(world.sunk().is_empty(), "nobody was sent anything");
}
