//! Dead letters as operators meet them: on the command line, and over the admin API of a server.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use hyper::Method;
use pinwheel::app::App;
use pinwheel::clock::{Clock, System};
use pinwheel::domain::{ActivityId, ApplicationId, CampaignId, Fate};
use pinwheel::store::{Activity, ActivityState, Kind};
use serde_json::{Value, json};

use crate::campaign::dead_letters::{Fix, holding};
use crate::cli::{stderr, stdout};
use crate::client::{Answer, Serving};
use crate::support::{APPLICATION, World, campaign, gcm_endpoints, populate, run};

const LETTERS: &str = "/pinwheel/v1/dead-letters";
/// Every third of the seven batches is held: 0, 3 and 6.
const ENDPOINTS: usize = 350;

/// A key to the API.
struct Key {
    id: String,
    secret: String,
}

/// A world, and the command line in it.
struct Operator {
    fix: Fix,
    world: World,
    settings: PathBuf,
}

impl Operator {
    async fn new() -> Self {
        let fix = Fix::default();
        let world = fix.world().await;
        let settings = world.directory.path().join("pinwheel.toml");
        std::fs::write(&settings, toml::to_string(&world.settings()).unwrap()).unwrap();
        Self { fix, world, settings }
    }

    fn hook(&self) -> Value {
        json!({ "WebUrl": format!("{}/filter", self.world.functions.url()) })
    }

    fn command_as(&self, key: Option<&Key>, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pinwheel"));
        command.args(arguments).arg("--config").arg(&self.settings).env_clear();
        if let Some(Key { id, secret }) = key {
            command.env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret);
        }
        command.output().unwrap()
    }

    /// The standard output of a command that has to succeed.
    #[track_caller]
    fn run(&self, arguments: &[&str]) -> String {
        let output = self.command_as(None, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.run(&[arguments, &["--json"]].concat())).unwrap()
    }

    #[track_caller]
    fn fails(&self, key: Option<&Key>, arguments: &[&str], expected: &str) {
        let output = self.command_as(key, arguments);
        assert!(!output.status.success(), "{arguments:?} succeeded");
        assert!(stderr(&output).contains(expected), "{arguments:?}: {}", stderr(&output));
    }

    fn key(&self, arguments: &[&str]) -> Key {
        let made = self.json(&[&["keys", "create"], arguments].concat());
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Key { id: text("AccessKeyId"), secret: text("SecretAccessKey") }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_shows_redrives_and_drops() {
    let operator = Operator::new().await;
    let id = {
        let app = operator.world.app("");
        populate(&app, gcm_endpoints(ENDPOINTS)).await;
        run(&app, holding(json!({ "Hook": operator.hook() }))).await.activities[0].id.to_string()
    };
    let id = id.as_str();
    let show = operator.run(&["activity", "show", id]);
    assert!(
        show.contains(&format!("150 of them wait until their hook works; then: pinwheel hook redrive {id}")),
        "{show}"
    );

    for arguments in [&["hook", "dead"][..], &["hook", "dead", "list", id], &["hook", "dead", "c"]] {
        let list = operator.run(arguments);
        let lines: Vec<&str> = list.lines().collect();
        assert!(lines[0].starts_with("ACTIVITY ") && lines[1].starts_with(id), "{list}");
        assert!(lines[1].contains("HELD") && lines[1].ends_with("the hook failed: status 500"), "{list}");
        assert_eq!((lines.len(), lines[4]), (5, "3 batches, 150 endpoints"));
    }
    let listed = operator.json(&["hook", "dead", id]);
    let item = &listed["Items"][1];
    let expected =
        [("ActivityId", json!(id)), ("Batch", json!(3)), ("State", json!("HELD")), ("EndpointCount", json!(50))];
    expected.iter().for_each(|(name, value)| assert_eq!(&item[name], value, "{item}"));
    operator.fails(None, &["hook", "dead", "nobody"], "there is no activity or campaign `nobody`");

    let text = operator.run(&["hook", "dead", "show", id, "3"]);
    assert!(text.contains("ROUND") && text.matches("  function  ").count() == 3, "{text}");
    assert!(!text.contains("e00150"), "the request holds personal data");
    assert!(operator.run(&["hook", "dead", "show", id, "3", "--request"]).contains("e00150"));
    let shown = operator.json(&["hook", "dead", "show", id, "3", "--request"]);
    assert_eq!(shown["Attempts"].as_array().unwrap().len(), 3);
    assert_eq!(shown["Request"]["Endpoints"].as_object().unwrap().len(), 50);
    assert_eq!(operator.json(&["hook", "dead", "show", id, "3"])["Request"], Value::Null);
    operator.fails(None, &["hook", "dead", "show", id, "1"], "was never held");

    operator.fails(None, &["hook", "redrive", id, "--batch", "0"], "1 of the redriven batches are held again");
    operator.fails(None, &["hook", "redrive", id, "--batch", "1"], "batch 1 of activity");
    operator.fails(None, &["hook", "dead", "drop", id], "confirm it with --yes");
    let dropped = operator.run(&["hook", "dead", "drop", id, "--batch", "6", "--yes"]);
    assert_eq!(dropped, "dropped 1 batch: 50 endpoints met HOOK_ERROR\n");

    operator.fix.apply();
    let redriven = operator.run(&["hook", "redrive", "c"]);
    assert!(redriven.contains("300 + 50 = 350 endpoints in the audience"), "{redriven}");
    operator.fails(None, &["hook", "redrive", id], "no batch of");
    let states = operator.json(&["hook", "dead", id, "--all"])["Items"].take();
    let states: Vec<_> = states.as_array().unwrap().iter().map(|item| (&item["State"], &item["Redrives"])).collect();
    assert_eq!(
        states,
        [(&json!("REDRIVEN"), &json!(2)), (&json!("REDRIVEN"), &json!(1)), (&json!("DROPPED"), &json!(0))]
    );
    assert!(stderr(&operator.command_as(None, &["hook", "dead"])).contains("no batch is held"));
    let gone = operator.command_as(None, &["hook", "dead", "show", id, "3", "--request"]);
    assert!(stderr(&gone).contains("kept only while the batch is held"));
    assert_eq!(operator.world.fcm.messages(), 300);
}

/// A request, signed as the official tools do.
async fn ask(serving: &Serving, key: &Key, method: Method, path: &str, body: &str) -> Answer {
    let identity = Credentials::new(&key.id, &key.secret, None, None, "test").into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("mobiletargeting")
        .time(SystemTime::from(System::default().now()))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let url = format!("http://{}{path}", serving.client.address());
    let signable =
        SignableRequest::new(method.as_str(), &url, std::iter::empty(), SignableBody::Bytes(body.as_bytes())).unwrap();
    let (instructions, _) = sign(signable, &params).unwrap().into_parts();
    serving.client.send_with(method, path, body.to_owned(), instructions.headers()).await.unwrap()
}

/// Makes a campaign as the API does, and waits for its end.
async fn run_served(app: &App, serving: &Serving, id: &str, hook: Value) -> Activity {
    let document = json!({ "Campaign": campaign(holding(json!({ "Hook": hook }))), "Scheduled": true }).to_string();
    let application = ApplicationId::new(APPLICATION);
    let now = "2026-03-01T09:00:00.000Z".to_owned();
    app.store.put_definition(Some(&application), Kind::Campaign, id, document, now).await.unwrap();
    serving.scheduler.changed(&application, &CampaignId::new(id));
    loop {
        let found = app.store.activities(&application, &CampaignId::new(id)).await.unwrap();
        if let Some(activity) = found.into_iter().find(|activity| activity.state == ActivityState::Completed) {
            return activity;
        }
        System::default().sleep(Duration::from_millis(5)).await;
    }
}

/// How many were sent to, once the activity is over.
async fn sent(app: &App, serving: &Serving, id: &ActivityId) -> u64 {
    for _ in 0..2_000 {
        let activity = app.store.activity(id).await.unwrap().unwrap();
        let counts = serving.scheduler.count(&activity).await.unwrap();
        assert!(counts.tally.total() <= counts.audience, "{counts:?}");
        if activity.state == ActivityState::Completed {
            assert_eq!(counts.tally.total(), counts.audience);
            return counts.successful();
        }
        System::default().sleep(Duration::from_millis(5)).await;
    }
    panic!("activity {id} does not end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_lists_shows_redrives_and_drops() {
    let operator = Operator::new().await;
    let app = operator.world.app("");
    populate(&app, gcm_endpoints(ENDPOINTS)).await;
    let of_file = run(&app, holding(json!({ "Hook": operator.hook() }))).await.activities.remove(0);
    let serving = Serving::verifying(&app).await;
    let activity = run_served(&app, &serving, "served", operator.hook()).await;
    let id = activity.id.as_str();
    assert_eq!(sent(&app, &serving, &activity.id).await, 200);
    let admin = operator.key(&[]);
    let user = operator.key(&["--application", APPLICATION]);
    // The server sees a new key within a second.
    System::default().sleep(Duration::from_secs(1)).await;
    let get = async |path: &str| ask(&serving, &admin, Method::GET, &format!("{LETTERS}{path}"), "").await;
    let post =
        async |path: &str, body: &str| ask(&serving, &admin, Method::POST, &format!("{LETTERS}{path}"), body).await;

    // Who may.
    for (method, path) in
        [(Method::GET, String::new()), (Method::POST, format!("/{id}/redrive")), (Method::POST, format!("/{id}/drop"))]
    {
        let path = format!("{LETTERS}{path}");
        let stranger = serving.client.send(method.clone(), &path, "").await.unwrap();
        assert_eq!(stranger.error_type.as_deref(), Some("MissingAuthenticationTokenException"));
        let denied = ask(&serving, &user, method, &path, "").await;
        assert!(denied.refusal(403).contains("DeadLetters"), "{denied:?}");
        assert_eq!(denied.error_type.as_deref(), Some("AccessDeniedException"));
    }
    let unknown = get(&format!("/{id}/99")).await;
    assert_eq!(unknown.refusal(404), "Resource not found");
    assert_eq!(get(&format!("/{id}/drop")).await.status, 405);

    // What is held.
    let (mut token, mut seen, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let page = get(&format!("?activity-id={id}&state=HELD&page-size=2&token={token}")).await.body(200);
        seen.extend(page["Items"].as_array().unwrap().iter().map(|item| item["Batch"].as_u64().unwrap()));
        pages += 1;
        match page["NextToken"].as_str() {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    assert_eq!((seen, pages), (vec![0, 3, 6], 2));
    assert_eq!(get("").await.body(200)["Items"].as_array().unwrap().len(), 6, "of both runs");
    assert_eq!(get("?campaign-id=c").await.body(200)["Items"][0]["ActivityId"], of_file.id.as_str());
    assert_eq!(get("?state=DROPPED").await.body(200), json!({ "Items": [] }));
    assert!(get("?state=gone").await.refusal(400).starts_with("state: `gone` is not"));
    let shown = get(&format!("/{id}/3")).await.body(200);
    assert_eq!((&shown["Attempts"][2]["Round"], &shown["Attempts"][2]["ErrorKind"]), (&json!(1), &json!("function")));
    assert_eq!(shown["Request"], Value::Null);
    let shown = get(&format!("/{id}/3?include-request=true")).await.body(200);
    assert_eq!(shown["Request"]["CampaignId"], "served");
    operator.run(&["hook", "dead", "show", id, "3"]);

    // Redrive: one batch over HTTP, the others by the command line, which cannot have the store.
    operator.fix.apply();
    let answer = post(&format!("/{id}/redrive"), r#"{"Batches":[3]}"#).await.body(202);
    assert_eq!((&answer["BatchCount"], &answer["EndpointCount"]), (&json!(1), &json!(50)));
    assert_eq!(answer["Activities"][0]["Batches"], json!([3]));
    assert_eq!(sent(&app, &serving, &activity.id).await, 250);
    assert!(post(&format!("/{id}/redrive"), r#"{"Batches":[3]}"#).await.refusal(409).ends_with("is not held"));
    assert!(post(&format!("/{id}/redrive"), r#"{"Batches":[]}"#).await.refusal(400).starts_with("Batches: "));
    assert_eq!(post("/nobody/redrive", "").await.status, 404);

    let url = format!("http://{}", serving.client.address());
    let redrive = ["hook", "redrive", id];
    operator.fails(None, &redrive, "is in use by another pinwheel process; if that is `pinwheel serve`");
    let redrive = [&redrive[..], &["--endpoint-url", &url]].concat();
    operator.fails(None, &redrive, "the server refuses with status 403");
    operator.fails(Some(&user), &redrive, "the server refuses with status 403");
    let output = operator.command_as(Some(&admin), &redrive);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).starts_with(&format!("activity {id} goes on with 2 batches, 100 endpoints;")));
    assert_eq!(sent(&app, &serving, &activity.id).await, 350);
    operator.fails(Some(&admin), &redrive, "no batch of");

    // Runs of `pinwheel run` had settings of their own; dropping needs none.
    let file = of_file.id.as_str();
    let refused = post(&format!("/{file}/redrive"), "").await;
    assert!(refused.refusal(409).contains(&format!("`pinwheel hook redrive {file} --file FILE`")), "{refused:?}");
    let drop = ["hook", "dead", "drop", file, "--yes", "--endpoint-url", &url, "--json"];
    let output = operator.command_as(Some(&admin), &drop);
    assert!(output.status.success(), "{}", stderr(&output));
    let dropped: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&dropped["BatchCount"], &dropped["EndpointCount"]), (&json!(3), &json!(150)));
    let of_file = app.store.activity(&of_file.id).await.unwrap().unwrap();
    assert_eq!(serving.scheduler.count(&of_file).await.unwrap().tally.get(Fate::HookError), 150);

    let mut messages = std::collections::BTreeMap::<String, u32>::new();
    for entry in operator.world.fcm.record().entries() {
        *messages.entry(entry.address).or_default() += 1;
    }
    let expected = |id: &str| if (crate::support::number_of(id) / 50).is_multiple_of(3) { 1 } else { 2 };
    assert_eq!(messages.len(), ENDPOINTS);
    assert!(messages.iter().all(|(id, messages)| *messages == expected(id)), "{messages:?}");
}

/// The server would end such a run, and abort those who were held.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_not_redriven() {
    let operator = Operator::new().await;
    let app = operator.world.app("");
    populate(&app, gcm_endpoints(50)).await;
    let serving = Serving::start(&app).await;
    let activity = run_served(&app, &serving, "served", operator.hook()).await;
    let campaign = format!("/v1/apps/{APPLICATION}/campaigns/served");
    assert_eq!(serving.client.delete(&campaign).await.status, 200);
    let refused = serving.client.post(&format!("{LETTERS}/{}/redrive", activity.id), json!({})).await;
    assert!(refused.refusal(409).starts_with("the campaign of activity"), "{refused:?}");
    assert_eq!(app.store.held_batches().await.unwrap(), 1);
    assert_eq!(serving.client.post(&format!("{LETTERS}/{}/drop", activity.id), json!({})).await.status, 200);
    assert_eq!(app.store.held_batches().await.unwrap(), 0);
}
