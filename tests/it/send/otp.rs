//! One-time passwords: sent by SMS, right once, and only for a while.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use jiff::Timestamp;
use parking_lot::Mutex;
use pinwheel::clock::{Clock, System};
use pinwheel::domain::ApplicationId;
use pinwheel::sandbox::function;
use pinwheel::store::Kind;
use pinwheel::wire::generated as wire;
use serde_json::{Value, json};

use super::Server;
use crate::support::{APPLICATION, World, populate, populate_store};

fn order(changes: Value) -> Value {
    let mut order = json!({"BrandName": "ACME", "Channel": "SMS", "DestinationIdentity": "+1 206 555 0100",
        "OriginationIdentity": "ACMEID", "ReferenceId": "login"});
    for (name, value) in changes.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

fn attempt(code: &str) -> Value {
    json!({"DestinationIdentity": "+12065550100", "ReferenceId": "login", "Otp": code})
}

/// The digits of the last message that the sink took.
fn last_code(world: &World) -> String {
    let last = world.sunk().pop().unwrap();
    let body = last["content"]["sms"]["body"].as_str().unwrap().to_owned();
    body.chars().filter(char::is_ascii_digit).collect()
}

fn wrong(code: &str) -> String {
    let number = (code.parse::<u64>().unwrap() + 1) % 100_000;
    format!("{number:0width$}", width = code.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_right_once() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, Vec::new()).await;
    let server = Server::start(&app).await;
    let sent = server.ask("POST", "otp", order(json!({"EntityId": "e", "TemplateId": "t"}))).await;
    assert_eq!(sent["Result"]["+1 206 555 0100"]["DeliveryStatus"], "SUCCESSFUL");
    let line = world.sunk().pop().unwrap();
    let sms = &line["content"]["sms"];
    let code = last_code(&world);
    assert_eq!(sms["body"], format!("This is your One Time Password: {code} from ACME"));
    assert_eq!((code.len(), &sms["sender_id"], &sms["is_transactional"]), (6, &json!("ACMEID"), &json!(true)));
    assert_eq!((&sms["entity_id"], &sms["template_id"]), (&json!("e"), &json!("t")));
    assert!(!sent.to_string().contains(&code), "the answer does not tell the code");

    let stored = app.store.definitions(Some(&ApplicationId::new(APPLICATION)), Kind::OneTimePassword).await.unwrap();
    assert_eq!(stored.len(), 1);
    let kept = format!("{} {}", stored[0].id, stored[0].document);
    assert!(!kept.contains(&code) && !kept.contains("2065550100"), "{kept}");

    assert_eq!(server.ask("POST", "verify-otp", attempt(&wrong(&code))).await, json!({"Valid": false}));
    assert_eq!(server.ask("POST", "verify-otp", attempt(&code)).await, json!({"Valid": true}));
    assert_eq!(server.ask("POST", "verify-otp", attempt(&code)).await, json!({"Valid": false}));
    let other = json!({"DestinationIdentity": "+12065550100", "ReferenceId": "other", "Otp": code});
    assert_eq!(server.ask("POST", "verify-otp", other).await, json!({"Valid": false}));

    let other = json!({"CodeLength": 8, "Language": "de-DE", "DestinationIdentity": "+12065550101"});
    server.ask("POST", "otp", order(other)).await;
    assert_eq!(last_code(&world).len(), 8);
    assert!(world.sunk().pop().unwrap()["content"]["sms"]["body"].as_str().unwrap().starts_with("Ihr Einmalpasswort"));
    let refused = server.refused(400, "POST", "otp", order(json!({"CodeLength": 9}))).await;
    assert_eq!(refused, "CodeLength: 9 is not between 5 and 8");
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_counted_however_many_come_at_once() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, Vec::new()).await;
    let server = Server::start(&app).await;
    server.ask("POST", "otp", order(json!({"AllowedAttempts": 2}))).await;
    let code = last_code(&world);
    for _ in 0..2 {
        assert_eq!(server.ask("POST", "verify-otp", attempt(&wrong(&code))).await, json!({"Valid": false}));
    }
    assert_eq!(server.ask("POST", "verify-otp", attempt(&code)).await, json!({"Valid": false}), "no attempt is left");

    // Of many who have a code, one is let in.
    server.ask("POST", "otp", order(json!({"AllowedAttempts": 5, "DestinationIdentity": "+12065550101"}))).await;
    let mut attempt = attempt(&last_code(&world));
    attempt["DestinationIdentity"] = json!("+12065550101");
    let answers = join_all((0..4).map(|_| server.ask("POST", "verify-otp", attempt.clone()))).await;
    assert_eq!(answers.iter().filter(|answer| answer["Valid"] == true).count(), 1, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_cannot_be_sent_is_not_kept() {
    let world = World::new(function::echo).await;
    let mut settings = world.settings();
    settings.remove("channel");
    let app = world.app_of(settings);
    populate(&app, Vec::new()).await;
    let server = Server::start(&app).await;
    let sent = server.ask("POST", "otp", order(json!({}))).await;
    let result = &sent["Result"]["+1 206 555 0100"];
    assert_eq!(result["DeliveryStatus"], "PERMANENT_FAILURE");
    assert_eq!(
        result["StatusMessage"],
        "no adapter serves the SMS channel: a section `[channel.…]` of the settings adds one"
    );
    let stored = app.store.definitions(Some(&ApplicationId::new(APPLICATION)), Kind::OneTimePassword).await.unwrap();
    assert!(stored.is_empty());
}

/// The system's clock, put forward.
#[derive(Default)]
struct Forward(System, Mutex<Duration>);

impl Clock for Forward {
    fn now(&self) -> Timestamp {
        self.0.now() + *self.1.lock()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed() + *self.1.lock()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.sleep(duration)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_ends_and_is_swept_away() {
    let world = World::new(function::echo).await;
    let clock = Arc::new(Forward::default());
    let (engine, store) = world.engine(clock.clone());
    populate_store(&*store, Vec::new()).await;
    let application_id = ApplicationId::new(APPLICATION);
    let request = |change| serde_json::from_value(order(change)).unwrap();
    let verify =
        |code: &str| -> wire::VerifyOTPMessageRequestParameters { serde_json::from_value(attempt(code)).unwrap() };

    engine.send_one_time_password(&application_id, &request(json!({"ValidityPeriod": 5}))).await.unwrap();
    *clock.1.lock() = Duration::from_secs(4 * 60);
    assert!(engine.verify_one_time_password(&application_id, &verify(&last_code(&world))).await.unwrap());

    engine.send_one_time_password(&application_id, &request(json!({"ValidityPeriod": 5}))).await.unwrap();
    *clock.1.lock() += Duration::from_secs(5 * 60);
    assert!(!engine.verify_one_time_password(&application_id, &verify(&last_code(&world))).await.unwrap());
    assert_eq!(engine.sweep_one_time_passwords().await.unwrap(), 0, "it may be replaced right now");
    *clock.1.lock() += Duration::from_secs(3600);
    assert_eq!(engine.sweep_one_time_passwords().await.unwrap(), 1);
    assert_eq!(engine.sweep_one_time_passwords().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_gets_one_code_a_second() {
    let world = World::new(function::echo).await;
    let clock = Arc::new(Forward::default());
    let (engine, store) = world.engine(clock.clone());
    populate_store(&*store, Vec::new()).await;
    let application_id = ApplicationId::new(APPLICATION);
    let send = async |change| {
        let request = serde_json::from_value(order(change)).unwrap();
        engine.send_one_time_password(&application_id, &request).await.map_err(|error| error.to_string())
    };
    send(json!({})).await.unwrap();
    let first = last_code(&world);
    let refused = send(json!({"ReferenceId": "other", "DestinationIdentity": "12065550100"})).await.unwrap_err();
    assert_eq!(refused, "DestinationIdentity: a number gets one message a second, and there was one just now");
    send(json!({"DestinationIdentity": "+12065550101"})).await.unwrap();
    assert_eq!(world.sunk().len(), 2);
    let verify = serde_json::from_value(attempt(&first)).unwrap();
    assert!(engine.verify_one_time_password(&application_id, &verify).await.unwrap(), "the first code stays");

    *clock.1.lock() += Duration::from_secs(1);
    send(json!({})).await.unwrap();
    let verify = serde_json::from_value(attempt(&last_code(&world))).unwrap();
    assert!(engine.verify_one_time_password(&application_id, &verify).await.unwrap(), "a new code has attempts again");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_codes_are_refused_over_the_api() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, Vec::new()).await;
    let server = Server::start(&app).await;
    // Five at once: not all of them have a second for themselves.
    let path = format!("/v1/apps/{APPLICATION}/otp");
    let body = order(json!({}));
    let answers = join_all((0..5).map(|_| server.call("POST", &path, Some(&body)))).await;
    let refused: Vec<_> = answers.iter().filter(|(status, _)| *status == 429).collect();
    assert!(!refused.is_empty() && answers.iter().any(|(status, _)| *status == 200), "{answers:?}");
    assert!(refused[0].1["Message"].as_str().unwrap().starts_with("DestinationIdentity: "), "{:?}", refused[0]);
}
