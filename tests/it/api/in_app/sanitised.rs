//! Vectors of cross-site scripting go through the API and come out harmless, or do not go in.

use pinwheel::store::Kind;
use serde_json::{Value, json};

use super::{campaign, content, endpoint, fetch, make, segment};
use crate::api::Api;

const TEXT: &str = include_str!("../../../data/xss/text.txt");
const TEMPLATE: &str = include_str!("../../../data/xss/template.txt");
const LINK: &str = include_str!("../../../data/xss/link.txt");
const COLOR: &str = include_str!("../../../data/xss/color.txt");

/// A JSON string a line; `#` begins a comment.
fn vectors(file: &str) -> Vec<String> {
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

/// Every text of a document, names too.
fn texts(document: &Value) -> Vec<&str> {
    match document {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => {
            members.iter().flat_map(|(name, value)| [vec![name.as_str()], texts(value)].concat()).collect()
        }
        _ => Vec::new(),
    }
}

/// What a reader of HTML makes of the references that hide markup.
fn decoded(text: &str) -> String {
    let mut decoded = text.to_owned();
    for (entity, letter) in [("lt", "<"), ("gt", ">"), ("quot", "\""), ("colon", ":"), ("lpar", "("), ("amp", "&")] {
        for name in [entity.to_owned(), entity.to_uppercase()] {
            decoded = decoded.replace(&format!("&{name};"), letter).replace(&format!("&{name}"), letter);
        }
    }
    while let Some(at) = decoded.find("&#") {
        let rest = &decoded[at + 2..];
        let (radix, digits) = match rest.strip_prefix(['x', 'X']) {
            Some(digits) => (16, digits),
            None => (10, rest),
        };
        let digits: String = digits.chars().take_while(|digit| digit.is_digit(radix)).collect();
        let letter = u32::from_str_radix(&digits, radix).ok().and_then(char::from_u32).unwrap_or('?');
        let end = at + 2 + usize::from(radix == 16) + digits.len();
        let end = end + usize::from(decoded[end..].starts_with(';'));
        decoded.replace_range(at..end, &letter.to_string());
    }
    decoded
}

/// Whether a reader of HTML would see a tag, a comment or a declaration in the text, also after decoding it several times, or
/// in capitals.
fn has_markup(text: &str) -> bool {
    let mut text = text.to_owned();
    for _ in 0..4 {
        for text in [text.clone(), text.to_uppercase(), text.to_lowercase()] {
            let begins = |next: char| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?');
            if text.split('<').skip(1).any(|rest| rest.starts_with(begins)) {
                return true;
            }
        }
        text = decoded(&text);
    }
    text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t'))
}

#[track_caller]
fn assert_harmless(document: &Value, vector: &str) {
    for text in texts(document) {
        assert!(!has_markup(text), "{vector:?} left {text:?}");
    }
}

/// A content with this text wherever it fits.
fn with_text(vector: &str) -> Value {
    let mut content = content("H");
    content["BodyConfig"]["Body"] = json!(vector);
    if vector.chars().count() <= 64 {
        content["HeaderConfig"]["Header"] = json!(vector);
        content["PrimaryBtn"] = json!({ "DefaultConfig": { "Text": vector, "ButtonAction": "CLOSE" } });
    }
    json!({ "Content": [content], "CustomConfig": { "a": vector } })
}

#[test]
fn the_test_itself_knows_markup() {
    for bad in
        ["<b>", "a </b", "&lt;b>", "&amp;lt;b", "&#60;b", "&#x3Csvg", "&LTb", "<!--", "<?x", "<\u{131}mg", "a\u{0}"]
    {
        assert!(has_markup(bad), "{bad:?}");
    }
    for good in ["1 < 2", "<3", "a & b", "", "<", "a\nb"] {
        assert!(!has_markup(good), "{good:?}");
    }
    assert!(vectors(TEXT).len() + vectors(TEMPLATE).len() + vectors(LINK).len() + vectors(COLOR).len() >= 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn text_comes_out_of_templates_and_campaigns_without_markup() {
    let api = Api::start().await;
    endpoint(&api, "e", json!({})).await;
    api.client.post("/v1/templates/t/inapp", json!({ "Content": [content("H")] })).await.body(201);
    make(&api, json!({ "TemplateConfiguration": { "InAppTemplate": { "Name": "t" } } })).await;
    let everybody = segment(&api, json!({})).await;
    for vector in vectors(TEXT) {
        let message = with_text(&vector);
        let has_changed = |stored: &Value| stored["Content"][0]["BodyConfig"]["Body"] != vector.as_str();

        let answer = api.client.put("/v1/templates/t/inapp", message.clone()).await;
        assert_eq!(answer.status, 202, "{vector:?}: {answer:?}");
        let template = api.client.get("/v1/templates/t/inapp").await.body(200);
        assert_harmless(&template, &vector);
        let has_told =
            answer.warnings.iter().any(|warning| warning.starts_with("Content[0].BodyConfig.Body: markup was removed"));
        assert_eq!(has_told, has_changed(&template), "{vector:?}: {:?}", answer.warnings);
        let fetched = fetch(&api, "e").await;
        assert_eq!(fetched[0]["InAppMessage"]["Content"], template["Content"]);
        assert_harmless(&json!(fetched), &vector);

        let changes = json!({ "Name": vector, "MessageConfiguration": { "InAppMessage": message } });
        let answer = api.post("/campaigns", campaign(&everybody, changes)).await;
        assert_eq!(answer.status, 201, "{vector:?}: {answer:?}");
        let stored = &answer.body["MessageConfiguration"]["InAppMessage"];
        assert_harmless(stored, &vector);
        let place = "MessageConfiguration.InAppMessage.CustomConfig.`a`: ";
        assert_eq!(answer.warnings.iter().any(|warning| warning.starts_with(place)), has_changed(stored), "{vector:?}");
        let fetched = fetch(&api, "e").await;
        assert_eq!(fetched.len(), 2);
        assert_harmless(&json!(fetched), &vector);
        api.delete(&format!("/campaigns/{}", answer.body["Id"].as_str().unwrap())).await.body(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn expressions_of_templates_are_refused() {
    let api = Api::start().await;
    for vector in vectors(TEMPLATE) {
        let answer = api.client.post("/v1/templates/t/inapp", with_text(&vector)).await;
        let problem = answer.refusal(400);
        assert!(
            problem.starts_with("Content[0].") && problem.contains("no message variables"),
            "{vector:?}: {problem}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_do_harm_are_refused_wherever_they_stand() {
    let api = Api::start().await;
    let everybody = segment(&api, json!({})).await;
    for vector in vectors(LINK) {
        let button = |action: &str| json!({ "DefaultConfig": { "Text": "t", "ButtonAction": action, "Link": vector } });
        let of_web = json!({ "DefaultConfig": { "Text": "t", "ButtonAction": "CLOSE" }, "Web": { "ButtonAction": "DEEP_LINK", "Link": vector } });
        for (member, value, field) in [
            ("PrimaryBtn", button("LINK"), "PrimaryBtn.DefaultConfig.Link"),
            ("SecondaryBtn", button("DEEP_LINK"), "SecondaryBtn.DefaultConfig.Link"),
            ("PrimaryBtn", button("CLOSE"), "PrimaryBtn.DefaultConfig.Link"),
            ("PrimaryBtn", of_web, "PrimaryBtn.Web.Link"),
            ("ImageUrl", json!(vector), "ImageUrl"),
        ] {
            let mut content = content("H");
            content[member] = value;
            let answer = api.client.post("/v1/templates/t/inapp", json!({ "Content": [content] })).await;
            let expected = format!("Content[0].{field}: `");
            assert!(answer.refusal(400).starts_with(&expected), "{vector:?}: {answer:?}");
            let message = json!({ "MessageConfiguration": { "InAppMessage": { "Content": [content] } } });
            let answer = api.post("/campaigns", campaign(&everybody, message)).await;
            assert!(answer.refusal(400).contains(field), "{vector:?}: {answer:?}");
        }
    }
    for value in [
        "java\tscript:alert(1)",
        "ms-msdt:/id PCWDiagnostic",
        r#"{"url":"javascript:alert(1)"}"#,
        r#"[{"a":{"url":"java\u0073cript:alert(1)"}}]"#,
        r#"{"url":"javascript:alert(1)","url":"https://example.com"}"#,
        r#"{"text":"\u003cimg src=x onerror=alert(1)\u003e"}"#,
    ] {
        let custom = json!({ "Content": [content("H")], "CustomConfig": { "link": value } });
        let answer = api.client.post("/v1/templates/t/inapp", custom).await;
        assert!(answer.refusal(400).starts_with("CustomConfig.`link`: "), "{value}: {answer:?}");
    }
    let json = r#"{"url":"https://example.com/?a=1","text":"1 < 2","list":[1,"é \ud83c\udf89"]}"#;
    let custom = json!({ "Content": [content("H")], "CustomConfig": { "link": json } });
    let answer = api.client.post("/v1/templates/t/inapp", custom).await;
    assert_eq!((answer.status, answer.warnings), (201, vec![]), "JSON is fine in itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_text_is_refused_before_it_is_cleaned() {
    let api = Api::start().await;
    let everybody = segment(&api, json!({})).await;
    let nested = "<b>".repeat(1_000_000);
    for (message, field) in [
        (json!({ "Content": [content("H")], "CustomConfig": { "a": nested } }), "CustomConfig"),
        (json!({ "Content": [content("H")], "CustomConfig": { &nested: "a" } }), "CustomConfig"),
        (json!({ "Content": [content("H")], "Body": nested }), "Body"),
    ] {
        let message = json!({ "MessageConfiguration": { "InAppMessage": message } });
        let answer = api.post("/campaigns", campaign(&everybody, message)).await;
        let problem = answer.refusal(400);
        let expected = format!("MessageConfiguration.InAppMessage.{field}: 300000");
        assert!(problem.starts_with(&expected) && problem.ends_with("the limit is 5120"), "{problem:.200}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn colors_are_nothing_else() {
    let api = Api::start().await;
    for vector in vectors(COLOR) {
        for (path, field) in [
            ("/BackgroundColor", "BackgroundColor"),
            ("/HeaderConfig/TextColor", "HeaderConfig.TextColor"),
            ("/BodyConfig/TextColor", "BodyConfig.TextColor"),
            ("/PrimaryBtn/DefaultConfig/BackgroundColor", "PrimaryBtn.DefaultConfig.BackgroundColor"),
        ] {
            let mut content = content("H");
            content["PrimaryBtn"] =
                json!({ "DefaultConfig": { "Text": "t", "ButtonAction": "CLOSE", "BackgroundColor": "#fff" } });
            *content.pointer_mut(path).unwrap() = json!(vector);
            let answer = api.client.post("/v1/templates/t/inapp", json!({ "Content": [content] })).await;
            assert!(answer.refusal(400).starts_with(&format!("Content[0].{field}: `")), "{vector:?}: {answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_from_before_the_rules_are_cleaned_when_they_are_read() {
    let api = Api::start().await;
    endpoint(&api, "e", json!({})).await;
    let everybody = segment(&api, json!({})).await;
    let mut linked = content("H");
    linked["ImageUrl"] = json!("javascript:alert(1)");
    let mut old = vec![
        ("marked", with_text("<img src=x onerror=alert(1)>old")),
        ("linked", json!({ "Content": [linked] })),
        ("laid", json!({ "Content": [content("H")], "Layout": "<img src=x>" })),
    ];
    for (name, path) in [("header", "/HeaderConfig/Alignment"), ("body", "/BodyConfig/Alignment")] {
        let mut aligned = content("H");
        *aligned.pointer_mut(path).unwrap() = json!("<img src=x>");
        old.push((name, json!({ "Content": [aligned] })));
    }
    let odd = json!({ "ButtonAction": "<img src=x>", "Text": "t" });
    for (name, button) in [
        ("button", json!({ "DefaultConfig": odd })),
        ("own", json!({ "DefaultConfig": { "Text": "t", "ButtonAction": "CLOSE" }, "Web": odd })),
    ] {
        let mut acting = content("H");
        acting["PrimaryBtn"] = button;
        old.push((name, json!({ "Content": [acting] })));
    }
    for (name, template) in old {
        let now = "2026-01-01T00:00:00.000Z".to_owned();
        api.app.store.put_definition(None, Kind::InAppTemplate, name, template.to_string(), now.clone()).await.unwrap();
        let names = json!({ "TemplateConfiguration": { "InAppTemplate": { "Name": name } } });
        let document = json!({ "Campaign": campaign(&everybody, names), "Scheduled": true }).to_string();
        api.app.store.put_definition(Some(&api.application), Kind::Campaign, name, document, now).await.unwrap();
    }
    let fetched = fetch(&api, "e").await;
    assert_eq!(fetched.len(), 1, "what cannot be cleaned is not handed over");
    assert_eq!(fetched[0]["InAppMessage"]["Content"][0]["HeaderConfig"]["Header"], "old");
    assert_harmless(&json!(fetched), "old");
}
