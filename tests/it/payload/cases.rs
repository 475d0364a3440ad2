//! What is sent, by kind of channel. Names are keys of the snapshots.

use serde_json::{Value, json};

/// Direct messages for a push channel whose own message is this member of `DirectMessageConfiguration`.
///
/// `Own` is what the request says for the one endpoint.
pub fn push_direct(member: &str) -> Vec<(&'static str, Value)> {
    let own = |message: Value| json!({ "MessageConfiguration": { member: message } });
    let default = |message: Value| json!({ "MessageConfiguration": { "DefaultPushNotificationMessage": message } });
    let with = |mut request: Value, extra: Value| {
        request.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        request
    };
    let raw = raw(member).to_string();
    vec![
        ("the default message", json!({ "MessageConfiguration": { "DefaultMessage": { "Body": "Only text" } } })),
        ("the default push message", default(json!({ "Title": "Title", "Body": "Body", "Action": "OPEN_APP" }))),
        (
            "the channel's own message",
            with(
                default(json!({ "Title": "Not this", "Body": "Nor this" })),
                own(json!({ "Title": "Title", "Body": "Body" })),
            ),
        ),
        (
            "an own message over the default one",
            json!({ "MessageConfiguration": {
                "DefaultPushNotificationMessage": { "Title": "Default title", "Body": "Default body", "Url": "https://example.com" },
                member: { "Title": "Own title" },
            }}),
        ),
        ("a deep link", own(json!({ "Title": "T", "Body": "B", "Action": "DEEP_LINK", "Url": "app://orders/7" }))),
        (
            "a web page",
            own(json!({ "Title": "T", "Body": "B", "Action": "URL", "Url": "https://example.com/7?a=b&c=d" })),
        ),
        ("silent with data", own(json!({ "SilentPush": true, "Data": { "sync": "orders", "n": "7" } }))),
        ("raw content", own(json!({ "Title": "unused", "RawContent": raw }))),
        (
            "raw content of one receiver",
            with(own(json!({ "Title": "T", "Body": "B" })), json!({ "Own": { "RawContent": raw } })),
        ),
        ("raw content that is no JSON", own(json!({ "RawContent": "{oops" }))),
        (
            "overrides of one receiver",
            with(
                own(json!({ "Title": "T", "Body": "B" })),
                json!({ "Own": { "TitleOverride": "Their title", "BodyOverride": "Their body" } }),
            ),
        ),
        (
            "substitutions",
            with(
                own(json!({
                    "Title": "Hi {{name}}", "Body": "{{User.UserAttributes.Name}} likes {{Attributes.Color}} in {{Attributes.Sizes}} for {{price}}",
                    "Substitutions": { "name": ["friend"], "price": ["5 €"] },
                })),
                json!({ "Own": { "Substitutions": { "name": ["Ann"] } } }),
            ),
        ),
        ("everything", own(everything(member))),
        (
            "context and trace",
            with(
                own(json!({ "Title": "T", "Body": "B" })),
                json!({ "Context": { "order": "7" }, "TraceId": "trace-1", "Own": { "Context": { "seat": "12a" } } }),
            ),
        ),
        ("too long", own(json!({ "Title": "T", "Body": "x".repeat(7_000) }))),
    ]
}

/// All members that the channel's direct message has, but those that exclude the others.
fn everything(member: &str) -> Value {
    let common = json!({
        "Title": "Title", "Body": "Body", "Action": "DEEP_LINK", "Url": "app://x", "Data": { "k": "v" }, "Sound": "ding.caf",
    });
    let more = match member {
        "GCMMessage" => json!({
            "CollapseKey": "news", "IconReference": "bell", "ImageIconUrl": "https://example.com/l.png",
            "ImageUrl": "https://example.com/i.png", "SmallImageIconUrl": "https://example.com/s.png", "Priority": "normal",
            "RestrictedPackageName": "com.example", "TimeToLive": 60,
        }),
        "APNSMessage" => json!({
            "APNSPushType": "alert", "Badge": 3, "Category": "ORDER", "CollapseId": "news",
            "MediaUrl": "https://example.com/i.png", "Priority": "5", "ThreadId": "thread-1", "TimeToLive": 60,
        }),
        "ADMMessage" => json!({
            "ConsolidationKey": "news", "ExpiresAfter": "60", "IconReference": "bell", "ImageIconUrl": "https://example.com/l.png",
            "ImageUrl": "https://example.com/i.png", "SmallImageIconUrl": "https://example.com/s.png",
        }),
        "BaiduMessage" => json!({
            "IconReference": "bell", "ImageIconUrl": "https://example.com/l.png", "ImageUrl": "https://example.com/i.png",
            "SmallImageIconUrl": "https://example.com/s.png", "TimeToLive": 60,
        }),
        other => panic!("{other}"),
    };
    let mut all = common;
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

/// A payload in the provider's own form.
fn raw(member: &str) -> Value {
    match member {
        "GCMMessage" => {
            json!({ "fcmV1Message": { "message": { "notification": { "title": "Raw" }, "data": { "n": 7 } } } })
        }
        "APNSMessage" => json!({ "aps": { "alert": "Raw", "content-available": 0 }, "own": { "n": 7 } }),
        "ADMMessage" => json!({ "data": { "message": "Raw" }, "consolidationKey": "raw" }),
        "BaiduMessage" => json!({ "title": "Raw", "description": "Raw text", "custom_content": { "n": "7" } }),
        other => panic!("{other}"),
    }
}

/// Campaigns for a push channel. `Overridden` has a hook override title and body.
pub fn push_campaign(member: &str) -> Vec<(&'static str, Value)> {
    // The member's name is the same in both flavours, and what is in it is not.
    let own = |message: Value| json!({ "MessageConfiguration": { member: message } });
    let raw = raw(member).to_string();
    vec![
        (
            "the default message",
            json!({ "MessageConfiguration": { "DefaultMessage": { "Title": "Title", "Body": "Body" } } }),
        ),
        (
            "a deep link with data and media",
            own(json!({
                "Title": "T", "Body": "B", "Action": "DEEP_LINK", "Url": "app://orders/7", "JsonBody": "{\"k\": [1, 2]}",
                "MediaUrl": "https://example.com/m.png", "ImageUrl": "https://example.com/i.png",
                "ImageIconUrl": "https://example.com/l.png", "ImageSmallIconUrl": "https://example.com/s.png",
            })),
        ),
        ("silent", own(json!({ "SilentPush": true, "JsonBody": "{\"sync\": true}" }))),
        ("raw content", own(json!({ "Title": "unused", "Body": "unused", "RawContent": raw }))),
        (
            "substitutions",
            own(
                json!({ "Title": "Hi {{User.UserAttributes.Name}}", "Body": "In {{Attributes.Color}}{{Attributes.None}}" }),
            ),
        ),
        ("overrides by the hook", {
            let mut campaign = own(json!({ "Title": "T", "Body": "B", "Url": "app://x", "Action": "DEEP_LINK" }));
            campaign["Overridden"] = json!(true);
            campaign
        }),
    ]
}

/// Direct text messages.
pub fn sms_direct() -> Vec<(&'static str, Value)> {
    let own = |message: Value| json!({ "MessageConfiguration": { "SMSMessage": message } });
    vec![
        ("the default message", json!({ "MessageConfiguration": { "DefaultMessage": { "Body": "Only text" } } })),
        ("promotional", own(json!({ "Body": "20 % off", "MessageType": "PROMOTIONAL", "SenderId": "ACME" }))),
        (
            "transactional from a number",
            own(
                json!({ "Body": "Your code", "MessageType": "TRANSACTIONAL", "OriginationNumber": "+12065550199", "Keyword": "codes" }),
            ),
        ),
        ("registered in India", own(json!({ "Body": "Namaste", "EntityId": "entity-1", "TemplateId": "template-1" }))),
        ("substitutions", {
            let mut request = own(json!({
                "Body": "{{name}}: {{User.UserAttributes.Name}} likes {{Attributes.Color}} & 5 < 6",
                "Substitutions": { "name": ["friend"] },
            }));
            request["Own"] = json!({ "Substitutions": { "name": ["Ann"] } });
            request
        }),
        ("override of one receiver", {
            let mut request = own(json!({ "Body": "B" }));
            request["Own"] = json!({ "BodyOverride": "Their text", "TitleOverride": "unused" });
            request
        }),
        ("beyond the basic alphabet", own(json!({ "Body": "Grüße 👋 {} €" }))),
        ("too long", own(json!({ "Body": "x".repeat(1_601) }))),
    ]
}

/// Campaigns with a text message.
pub fn sms_campaign() -> Vec<(&'static str, Value)> {
    let own = |message: Value| json!({ "MessageConfiguration": { "SMSMessage": message } });
    vec![
        (
            "the default message",
            json!({ "MessageConfiguration": { "DefaultMessage": { "Title": "unused", "Body": "Body" } } }),
        ),
        (
            "transactional",
            own(
                json!({ "Body": "For {{User.UserAttributes.Name}}", "MessageType": "TRANSACTIONAL", "SenderId": "ACME" }),
            ),
        ),
        ("override by the hook", {
            let mut campaign = own(json!({ "Body": "B" }));
            campaign["Overridden"] = json!(true);
            campaign
        }),
    ]
}

/// Direct calls.
pub fn voice_direct() -> Vec<(&'static str, Value)> {
    let own = |message: Value| json!({ "MessageConfiguration": { "VoiceMessage": message } });
    vec![
        ("the default message", json!({ "MessageConfiguration": { "DefaultMessage": { "Body": "Only text" } } })),
        (
            "a voice and a language",
            own(json!({ "Body": "Grüezi {{User.UserAttributes.Name}}", "LanguageCode": "de-DE", "VoiceId": "VICKI" })),
        ),
        ("a language alone", own(json!({ "Body": "Bonjour", "LanguageCode": "fr-FR" }))),
        ("from a number", own(json!({ "Body": "Hello", "OriginationNumber": "+12065550199" }))),
        ("speech markup", own(json!({ "Body": "<speak>One <break time=\"1s\"/> two</speak>" }))),
    ]
}

/// Direct e-mails.
pub fn email_direct() -> Vec<(&'static str, Value)> {
    let own = |message: Value| json!({ "MessageConfiguration": { "EmailMessage": message } });
    let part = |text: &str| json!({ "Charset": "UTF-8", "Data": text });
    let simple = |subject: &str, text: &str, html: &str| json!({ "Subject": part(subject), "TextPart": part(text), "HtmlPart": part(html) });
    vec![
        ("the default message", json!({ "MessageConfiguration": { "DefaultMessage": { "Body": "Only text" } } })),
        ("text and HTML", own(json!({ "SimpleEmail": simple("Grüße", "Text: ä", "<p>HTML: ä</p>") }))),
        (
            "senders and headers",
            own(json!({
                "FromAddress": "Own <own@example.com>", "ReplyToAddresses": ["a@example.com", "b@example.com"],
                "FeedbackForwardingAddress": "bounces@example.com",
                "SimpleEmail": {
                    "Subject": part("S"), "TextPart": part("T"),
                    "Headers": [{ "Name": "List-Unsubscribe", "Value": "<https://example.com/u>" }, { "Name": "X-Own", "Value": "1" }],
                },
            })),
        ),
        ("substitutions", {
            let mut request = own(json!({
                "SimpleEmail": simple("For {{name}}", "{{User.UserAttributes.Name}} & {{name}}", "<p>{{User.UserAttributes.Name}} & {{{name}}}</p>"),
                "Substitutions": { "name": ["<friend>"] },
            }));
            request["TraceId"] = json!("trace-1");
            request
        }),
        ("overrides of one receiver", {
            let mut request = own(json!({ "SimpleEmail": simple("S", "T", "H") }));
            request["Own"] = json!({ "BodyOverride": "Their text", "TitleOverride": "Their subject" });
            request
        }),
        (
            "raw",
            // From: raw@example.com, To: somebody@example.net, Subject: Raw, and one line of text.
            own(
                json!({ "RawEmail": { "Data": "RnJvbTogcmF3QGV4YW1wbGUuY29tDQpUbzogc29tZWJvZHlAZXhhbXBsZS5uZXQNClN1YmplY3Q6IFJhdw0KDQpSYXcgdGV4dC4NCg==" } }),
            ),
        ),
    ]
}

/// Campaigns with an e-mail.
pub fn email_campaign() -> Vec<(&'static str, Value)> {
    let own = |message: Value| json!({ "MessageConfiguration": { "EmailMessage": message } });
    vec![
        (
            "text and HTML",
            own(json!({
                "Title": "For {{User.UserAttributes.Name}}", "Body": "{{User.UserAttributes.Name}}",
                "HtmlBody": "<p>{{User.UserAttributes.Name}}</p>", "FromAddress": "Own <own@example.com>",
            })),
        ),
        ("no override by the hook", {
            let mut campaign = own(json!({ "Title": "T", "Body": "B" }));
            campaign["Overridden"] = json!(true);
            campaign
        }),
    ]
}

/// Campaigns that hand endpoints to a function of their own.
pub fn custom_campaign() -> Vec<(&'static str, Value)> {
    let campaign = |message: Value| {
        json!({
            "MessageConfiguration": message,
            "CustomDeliveryConfiguration": { "DeliveryUri": "deliver", "EndpointTypes": ["CUSTOM"] },
        })
    };
    vec![
        ("data as it is", campaign(json!({ "CustomMessage": { "Data": "not JSON, {{Attributes.Color}}" } }))),
        ("no data", campaign(json!({ "CustomMessage": {} }))),
        ("no overrides by the hook", {
            let mut campaign = campaign(json!({ "CustomMessage": { "Data": "{}" } }));
            campaign["Hook"] = json!({ "LambdaFunctionName": "filter", "Mode": "FILTER" });
            campaign
        }),
    ]
}
