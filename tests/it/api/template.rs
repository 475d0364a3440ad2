use pinwheel::store::Kind;
use serde_json::{Value, json};

use super::Api;

const EMAIL: &str = "/v1/templates/welcome/email";

async fn create_email(api: &Api) {
    let body = json!({"Subject": "one", "DefaultSubstitutions": "{\"Attributes.a\":\"x\"}", "tags": {"team": "red"}});
    let answer = api.client.post(EMAIL, body).await;
    let request_id = answer.request_id.clone();
    let arn = "arn:aws:mobiletargeting:us-east-1:000000000000:templates/welcome/EMAIL";
    assert_eq!(answer.body(201), json!({"Arn": arn, "Message": "Created", "RequestID": request_id}));
}

fn versions(list: &Value) -> Vec<&str> {
    list["Item"].as_array().unwrap().iter().map(|item| item["Version"].as_str().unwrap()).collect()
}

fn names(list: &Value) -> Vec<&str> {
    list["Item"].as_array().unwrap().iter().map(|item| item["TemplateName"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn versions_are_made_activated_and_removed() {
    let api = Api::start().await;
    let client = &api.client;
    create_email(&api).await;
    assert!(client.post(EMAIL, json!({})).await.refusal(400).contains("there is an EMAIL template `welcome` already"));

    // Without a word about versions the latest is replaced, as a whole; tags stay.
    let answer = client.put(EMAIL, json!({"Subject": "two", "tags": {"team": "blue"}})).await;
    assert_eq!(answer.body(202)["Message"], "Accepted");
    let template = client.get(EMAIL).await.body(200);
    assert_eq!(template["Version"], "1");
    assert_eq!(template["Subject"], "two");
    assert_eq!(template["DefaultSubstitutions"], Value::Null);
    assert_eq!(template["TemplateType"], "EMAIL");
    assert_eq!(template["tags"], json!({"team": "red"}));

    // A new version is not the active one until somebody says so.
    client.put(&format!("{EMAIL}?create-new-version=true"), json!({"Subject": "three"})).await.body(202);
    client.put(&format!("{EMAIL}?create-new-version=true"), json!({"Subject": "four"})).await.body(202);
    assert_eq!(client.get(EMAIL).await.body(200)["Subject"], "two");
    assert_eq!(client.get(&format!("{EMAIL}?version=2")).await.body(200)["Subject"], "three");
    let latest = client.get(&format!("{EMAIL}?version=latest")).await.body(200);
    assert_eq!((&latest["Subject"], &latest["Version"]), (&json!("four"), &json!("3")));
    let active = "/v1/templates/welcome/email/active-version";
    client.put(active, json!({"Version": "2"})).await.body(200);
    assert_eq!(client.get(EMAIL).await.body(200)["Version"], "2");
    client.put(active, json!({"Version": "9"})).await.refusal(404);
    client.put(active, json!({"Version": "newest"})).await.refusal(400);
    client.put(active, json!({})).await.refusal(400);

    // The one lock of the API.
    let refused = client.put(&format!("{EMAIL}?version=2"), json!({"Subject": "x"})).await;
    assert_eq!(refused.refusal(400), "version: `2` is not the latest version, which is `3`");
    client.put(&format!("{EMAIL}?version=3"), json!({"Subject": "five"})).await.body(202);
    client.put(&format!("{EMAIL}?version=3&create-new-version=true"), json!({})).await.refusal(400);

    // The active version stays; numbers are not given again; tags outlive the version they stood in.
    assert!(client.delete(&format!("{EMAIL}?version=2")).await.refusal(400).contains("is the active version"));
    client.delete(&format!("{EMAIL}?version=3")).await.body(202);
    client.delete(&format!("{EMAIL}?version=3")).await.refusal(404);
    client.put(&format!("{EMAIL}?create-new-version=true"), json!({"Subject": "six"})).await.body(202);
    client.put(active, json!({"Version": "latest"})).await.body(200);
    let template = client.get(EMAIL).await.body(200);
    assert_eq!((&template["Version"], &template["tags"]), (&json!("4"), &json!({"team": "red"})));

    let list = client.get("/v1/templates/welcome/EMAIL/versions?page-size=2").await.body(200);
    assert_eq!(versions(&list), ["4", "2"]);
    let token = list["NextToken"].as_str().unwrap();
    let list =
        client.get(&format!("/v1/templates/welcome/EMAIL/versions?page-size=2&next-token={token}")).await.body(200);
    assert_eq!(versions(&list), ["1"]);
    assert_eq!(list["NextToken"], Value::Null);
    assert_eq!(list["Item"][0]["Subject"], Value::Null);

    client.delete(EMAIL).await.body(202);
    client.delete(EMAIL).await.refusal(404);
    client.get(EMAIL).await.refusal(404);
    client.put(EMAIL, json!({})).await.refusal(404);
    client.get("/v1/templates/welcome/email/versions").await.refusal(404);
    client.get("/v1/templates/welcome/fax/versions").await.refusal(400);
}

#[tokio::test]
async fn tags_hold_for_all_versions() {
    let api = Api::start().await;
    create_email(&api).await;
    api.client.put(&format!("{EMAIL}?create-new-version=true"), json!({"Subject": "two"})).await.body(202);
    let arn = "arn:aws:mobiletargeting:us-east-1:000000000000:templates%2Fwelcome%2FEMAIL";
    let tagged = api.client.post(&format!("/v1/tags/{arn}"), json!({"tags": {"year": "2026"}})).await;
    assert_eq!(tagged.status, 204);
    let expected = json!({"team": "red", "year": "2026"});
    assert_eq!(api.client.get(EMAIL).await.body(200)["tags"], expected);
    assert_eq!(api.client.get("/v1/templates").await.body(200)["Item"][0]["tags"], expected);
}

#[tokio::test]
async fn every_kind_is_kept_and_shown() {
    let api = Api::start().await;
    let client = &api.client;
    let content = json!({
        "BackgroundColor": "#FFFFFF",
        "HeaderConfig": {"Header": "h", "Alignment": "LEFT", "TextColor": "#000000"},
        "BodyConfig": {"Body": "b", "Alignment": "CENTER", "TextColor": "#000000"},
        "PrimaryBtn": {"DefaultConfig": {"Text": "ok", "ButtonAction": "CLOSE"}},
    });
    for (kind, template_type, body, changed) in [
        ("sms", "SMS", json!({"Body": "hi {{User.UserId}}"}), json!({"Body": "bye"})),
        (
            "push",
            "PUSH",
            json!({"Default": {"Title": "t", "Action": "URL", "Url": "https://example.com"}}),
            json!({"GCM": {"Body": "b"}}),
        ),
        (
            "voice",
            "VOICE",
            json!({"Body": "hello", "VoiceId": "Joanna", "LanguageCode": "en-US"}),
            json!({"Body": "bye"}),
        ),
        ("inapp", "INAPP", json!({"Content": [content], "Layout": "MOBILE_FEED"}), json!({"CustomConfig": {"a": "b"}})),
        ("email", "EMAIL", json!({"Headers": [{"Name": "X-A", "Value": "b"}]}), json!({"TextPart": "t"})),
    ] {
        // All of one name: each kind has names of its own.
        let path = format!("/v1/templates/same/{kind}");
        let created = client.post(&path, body.clone()).await.body(201);
        assert!(created["Arn"].as_str().unwrap().ends_with(&format!(":templates/same/{template_type}")), "{created}");
        for (version, expected) in [(None, &body), (Some("1"), &body), (Some("2"), &changed)] {
            if version == Some("2") {
                client.put(&format!("{path}?create-new-version=true"), changed.clone()).await.body(202);
            }
            let query = version.map(|version| format!("?version={version}")).unwrap_or_default();
            let template = client.get(&format!("{path}{query}")).await.body(200);
            assert_eq!(template["TemplateType"], template_type);
            for (member, value) in expected.as_object().unwrap() {
                assert_eq!(&template[member], value, "{kind} {member}");
            }
        }
    }
    let list = client.get("/v1/templates").await.body(200);
    let types: Vec<_> =
        list["Item"].as_array().unwrap().iter().map(|item| item["TemplateType"].as_str().unwrap()).collect();
    assert_eq!(types, ["EMAIL", "INAPP", "VOICE", "PUSH", "SMS"], "newest first");
    assert_eq!(versions(&list), ["1"; 5], "lists show active versions");
    client.delete("/v1/templates/same/voice").await.body(202);
    assert_eq!(client.get("/v1/templates").await.body(200)["Item"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let api = Api::start().await;
    for i in 0..5 {
        api.client.post(&format!("/v1/templates/spring-{i}/sms"), json!({"Body": "b"})).await.body(201);
        api.client.post(&format!("/v1/templates/autumn-{i}/email"), json!({"HtmlPart": "b"})).await.body(201);
    }
    let (mut seen, mut path) = (Vec::new(), "/v1/templates?prefix=spring&page-size=2".to_owned());
    loop {
        let page = api.client.get(&path).await.body(200);
        seen.extend(names(&page).into_iter().map(str::to_owned));
        let Some(token) = page["NextToken"].as_str() else { break };
        path = format!("/v1/templates?prefix=spring&page-size=2&next-token={token}");
    }
    assert_eq!(seen, ["spring-4", "spring-3", "spring-2", "spring-1", "spring-0"]);
    let emails = api.client.get("/v1/templates?template-type=EMAIL&page-size=1").await.body(200);
    assert_eq!(names(&emails), ["autumn-4"]);
    assert_eq!(emails["Item"][0]["HtmlPart"], Value::Null);
    assert_eq!(names(&api.client.get("/v1/templates?prefix=x").await.body(200)), [""; 0]);
    api.client.get("/v1/templates?template-type=FAX").await.refusal(400);
    api.client.get("/v1/templates?next-token=x").await.refusal(400);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused() {
    let api = Api::start().await;
    let client = &api.client;
    let answer = client.post(EMAIL, json!({"Subject": "hello", "HtmlPart": "a\nb {{nope 1}}"})).await;
    assert_eq!(answer.refusal(400), "HtmlPart: unknown helper `nope` at line 2, column 3");
    let answer = client.post("/v1/templates/two%20words/sms", json!({"Body": "b"})).await;
    assert!(answer.refusal(400).starts_with("template-name: `two words`: "));
    let answer = client.post(EMAIL, json!({"RecommenderId": "x"})).await;
    assert_eq!(answer.refusal(400), "RecommenderId: there is no recommender configuration `x`");
    let answer = client.post(EMAIL, json!({"TemplateDescription": "d".repeat(501)})).await;
    assert_eq!(answer.refusal(400), "TemplateDescription: 501 characters, the limit is 500");
    // What is refused changes nothing.
    create_email(&api).await;
    client.put(EMAIL, json!({"Subject": "{{#if}}"})).await.refusal(400);
    assert_eq!(client.get(EMAIL).await.body(200)["Subject"], "one");
}

#[tokio::test]
async fn a_making_that_a_crash_cut_short_activates_no_later_version() {
    let api = Api::start().await;
    // The template is there, and which version is active was not said yet.
    let now = "2026-03-01T09:00:00.000Z".to_owned();
    let document = json!({"Subject": "one"}).to_string();
    api.app.store.put_definition(None, Kind::EmailTemplate, "welcome", document, now).await.unwrap();
    api.client.put(&format!("{EMAIL}?create-new-version=true"), json!({"Subject": "draft"})).await.body(202);
    let template = api.client.get(EMAIL).await.body(200);
    assert_eq!((&template["Subject"], &template["Version"]), (&json!("one"), &json!("1")));
}
