//! Previews of message templates, as an author asks for them on the command line.

use std::path::Path;

use pinwheel::app::App;
use pinwheel::config::{Config, Sources};
use pinwheel::domain::ApplicationId;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::{fails, pinwheel, stderr, stdout};
use crate::client::Serving;

const EMAIL: &str = r#"{
    "Subject": "Hi {{User.UserAttributes.FirstName}}",
    "HtmlPart": "<p>{{Attributes.City}} {{{Attributes.City}}}</p>",
    "TextPart": "{{Attributes.City}} {{code}}",
    "Headers": [{"Name": "X-Id", "Value": "{{Id}}"}],
    "DefaultSubstitutions": "{\"User.UserAttributes.FirstName\": \"friend\", \"code\": \"none\"}"
}"#;
const PUSH: &str = r#"{
    "Default": {"Title": "For {{Id}}", "Body": "{{Attributes.City}}", "Action": "URL", "Url": "https://example.com"},
    "GCM": {"Title": "{{upper Id}}", "Body": "x", "ImageUrl": "https://example.com/i"},
    "APNS": {"Title": "t", "RawContent": "{\"city\": \"{{Attributes.City}}\"}"}
}"#;
const ENDPOINT: &str = r#"{"Id": "e1", "ChannelType": "EMAIL", "Address": "ann@example.com",
    "Attributes": {"City": ["\"<Ulm>\""]}}"#;

/// A directory with these files.
fn files(files: &[(&str, &str)]) -> TempDir {
    let directory = TempDir::new().unwrap();
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

/// What `template render` prints, as text.
fn rendered(directory: &Path, arguments: &[&str]) -> String {
    let output = pinwheel(directory, &[&["template", "render"], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    stdout(&output)
}

fn json_of(directory: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&rendered(directory, &[arguments, &["--json"]].concat())).unwrap()
}

#[test]
fn every_part_is_shown_as_it_would_be_sent() {
    let directory = files(&[
        ("mail.json", EMAIL),
        ("push.json", PUSH),
        ("text.json", r#"{"Body": "{{Attributes.City}}"}"#),
        ("voice.json", r#"{"Body": "{{Attributes.City}}", "LanguageCode": "de-DE", "VoiceId": "Vicki"}"#),
        ("inapp.json", r#"{"Layout": "TOP_BANNER", "CustomConfig": {"a": "{{Id}}"}}"#),
        ("ann.json", ENDPOINT),
        ("values.json", r#"{"code": ["42"], "User.UserAttributes.FirstName": ["Ann", "Bob"]}"#),
    ]);
    let directory = directory.path();
    let of = |kind, file| ["--type", kind, "--file", file, "--endpoint-file", "ann.json"];

    let text = rendered(directory, &of("email", "mail.json"));
    let html = "<p>&quot;&lt;Ulm&gt;&quot; \"<Ulm>\"</p>";
    let expected = format!("[headers]\nX-Id: e1\n[html]\n{html}\n[subject]\nHi friend\n[text]\n\"<Ulm>\" none\n");
    assert_eq!(text, expected, "only the HTML part is escaped");
    let own = [&of("email", "mail.json")[..], &["--substitutions", "values.json"]].concat();
    let own = json_of(directory, &own);
    assert_eq!((&own["subject"], &own["text"]), (&json!("Hi Ann,Bob"), &json!("\"<Ulm>\" 42")));
    assert_eq!(own["headers"], json!([["X-Id", "e1"]]));

    let push = json_of(directory, &of("push", "push.json"));
    let default = json!({"title": "For e1", "body": "\"<Ulm>\"", "action": "URL", "url": "https://example.com",
        "silent": false});
    assert_eq!(push, default);
    let on = |platform| json_of(directory, &[&of("push", "push.json")[..], &["--channel", platform]].concat());
    assert_eq!(on("BAIDU"), default);
    assert_eq!((&on("GCM")["title"], &on("GCM")["image_url"]), (&json!("E1"), &json!("https://example.com/i")));
    let raw = on("APNS_SANDBOX");
    assert_eq!(raw["raw_content"], r#"{"city": "\"<Ulm>\""}"#, "a quote breaks no JSON");
    assert_eq!(raw.get("title"), None, "raw content replaces all other texts");

    assert_eq!(json_of(directory, &of("sms", "text.json"))["body"], "\"<Ulm>\"");
    let voice = json_of(directory, &of("voice", "voice.json"));
    assert_eq!(voice, json!({"body": "\"<Ulm>\"", "language_code": "de-DE", "voice_id": "Vicki"}));
    let in_app = json_of(directory, &of("inapp", "inapp.json"));
    assert_eq!(in_app, json!({"Layout": "TOP_BANNER", "CustomConfig": {"a": "{{Id}}"}}), "apps show it as it is");
}

#[test]
fn missing_variables_are_all_listed() {
    let template = r#"{"Subject": "{{name}} {{#if name}}x{{/if}}",
        "TextPart": "{{Attributes.[Last Name].[0]}} {{upper code}} {{name}}"}"#;
    let directory = files(&[("mail.json", template), ("ann.json", ENDPOINT)]);
    let directory = directory.path();
    let render = ["template", "render", "--type", "email", "--file", "mail.json", "--endpoint-file", "ann.json"];
    let expected = "EmailTemplate.Subject: no value for the variable `name`\n\
        EmailTemplate.TextPart: no value for the variable `Attributes.[Last Name].[0]`\n\
        EmailTemplate.TextPart: no value for the variable `code`\n";

    let strict = pinwheel(directory, &render);
    assert_eq!((strict.status.code(), stdout(&strict)), (Some(1), String::new()));
    let error = "error: the endpoint gets no message: variables without a value and a default: 3\n";
    assert_eq!(stderr(&strict), format!("{expected}{error}"));

    let lenient = pinwheel(directory, &[&render[..], &["--set", "policy.missing_variable=empty"]].concat());
    assert!(lenient.status.success());
    assert_eq!((stdout(&lenient), stderr(&lenient)), ("[subject]\n \n[text]\n  \n".to_owned(), expected.to_owned()));
}

#[test]
fn mistakes_are_told_with_their_place() {
    let directory = files(&[
        ("broken.json", r#"{"Body": "one\ntwo {{#if}}"}"#),
        ("helper.json", r#"{"HtmlPart": "<p>\n{{uper Id}}</p>"}"#),
        ("date.json", r#"{"Body": "{{dateFormat 'soon'}}"}"#),
        ("number.json", r#"{"Body": 3}"#),
        ("defaults.json", r#"{"Body": "x", "DefaultSubstitutions": "[]"}"#),
        ("gcm.json", r#"{"GCM": {"Title": "x"}}"#),
        ("empty.json", "{}"),
        ("values.json", r#"{"name": "Ann"}"#),
        ("fax.json", r#"{"ChannelType": "FAX"}"#),
    ]);
    let directory = directory.path();
    let case = |kind, file, more: &[&str], expected| {
        fails(directory, &[&["template", "render", "--type", kind, "--file", file], more].concat(), expected);
    };
    case("sms", "broken.json", &[], "SMSTemplate.Body: broken template syntax at line 2, column 12: ");
    case("email", "helper.json", &[], "EmailTemplate.HtmlPart: unknown helper `uper` at line 2, column 1");
    case("voice", "date.json", &[], "VoiceTemplate.Body: `dateFormat`: argument 1 is not a date of that format");
    case("sms", "number.json", &[], "`number.json`: Body: expected a string, found a number");
    case("sms", "defaults.json", &[], "SMSTemplate.DefaultSubstitutions: default substitutions must be a JSON object");
    case("push", "gcm.json", &[], "the template has no `Default` part: choose a platform, such as `--channel GCM`");
    case("push", "gcm.json", &["--channel", "APNS"], "there is no message for endpoints of type APNS");
    case("push", "gcm.json", &["--channel", "SMS"], "`--channel`: `SMS` is no platform of push messages");
    case("sms", "date.json", &["--channel", "GCM"], "`--channel` chooses the platform of a push template");
    case("voice", "empty.json", &[], "the template has nothing to say");
    case("sms", "missing.json", &[], "cannot read `missing.json`");
    case(
        "sms",
        "date.json",
        &["--substitutions", "values.json"],
        "`values.json` is not a JSON object of lists of text",
    );
    case("sms", "date.json", &["--endpoint-file", "fax.json"], "`fax.json`: ChannelType: `FAX`");
    case("sms", "date.json", &["--endpoint", "e", "--application", "a"], "there is no data in `pinwheel-data`");
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_and_endpoints_come_from_the_store_beside_a_server() {
    let directory = TempDir::new().unwrap();
    let flags = vec![format!("data.directory={}", directory.path().join("pinwheel-data").display())];
    let app = App::open(Config::load(Sources { flags, ..Sources::default() }).unwrap()).unwrap();
    let serving = Serving::start(&app).await;
    let client = &serving.client;
    let application: ApplicationId = client.create_app().await;
    let endpoint = json!({"ChannelType": "SMS", "Address": "+12065550100", "Attributes": {"City": ["Ulm"]}});
    client.put(&format!("/v1/apps/{application}/endpoints/ann"), endpoint).await.body(202);
    client.post("/v1/templates/city/sms", json!({"Body": "one {{Attributes.City}}"})).await.body(201);
    let second = "/v1/templates/city/sms?create-new-version=true";
    client.put(second, json!({"Body": "two {{Attributes.City}}"})).await.body(202);
    let banner = json!({"Layout": "TOP_BANNER"});
    client.post("/v1/templates/banner/inapp", banner.clone()).await.body(201);

    let directory = directory.path();
    let ann = ["--endpoint", "ann", "--application", application.as_str()];
    let body = |more: &[&str]| rendered(directory, &[&["--type", "sms", "--name", "city"], &ann[..], more].concat());
    assert!(body(&[]).starts_with("[body]\none Ulm\n"), "the active version");
    assert!(body(&["--version", "latest"]).starts_with("[body]\ntwo Ulm\n"));
    assert!(body(&["--version", "2"]).starts_with("[body]\ntwo Ulm\n"));
    assert_eq!(json_of(directory, &["--type", "inapp", "--name", "banner"]), banner);

    let refused =
        |arguments: &[&str], expected| fails(directory, &[&["template", "render"], arguments].concat(), expected);
    refused(&["--type", "sms", "--name", "city", "--version", "3"], "SMS template `city@3`");
    refused(&["--type", "email", "--name", "city"], "email template `city`");
    refused(&["--type", "inapp", "--name", "city"], "in-app template `city`");
    let bob = ["--type", "sms", "--name", "city", "--endpoint", "bob", "--application", application.as_str()];
    refused(&bob, &format!("application `{application}` has no endpoint `bob`"));
}
