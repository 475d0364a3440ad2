//! Channels are written, shown and removed, and decide what leaves and how.

use pinwheel::app::App;
use pinwheel::domain::{ChannelType, Fate};
use pinwheel::sandbox::Record;
use pinwheel::sandbox::apns::{Apns, BUNDLE_ID, KEY_ID, Senders, TEAM_ID};
use pinwheel::sandbox::fcm::Fcm;
use pinwheel::sandbox::function;
use serde_json::{Value, json};

use super::Server;
use crate::support::{APPLICATION, World, endpoint, gcm_endpoints, populate, run};

const TYPES: [&str; 10] =
    ["adm", "apns", "apns_sandbox", "apns_voip", "apns_voip_sandbox", "baidu", "email", "gcm", "sms", "voice"];

/// A request that each type takes.
fn request(channel: &str) -> Value {
    match channel {
        "adm" => json!({"ClientId": "hush-id", "ClientSecret": "hush-secret"}),
        "baidu" => json!({"ApiKey": "hush-key", "SecretKey": "hush-secret"}),
        "email" => json!({"FromAddress": "news@example.com", "Identity": "arn:aws:ses:x", "ConfigurationSet": "set"}),
        "gcm" => json!({"ServiceJson": "hush-json"}),
        "sms" => json!({"SenderId": "ACME", "ShortCode": "12345"}),
        "voice" => json!({}),
        _ => json!({"BundleId": "b", "TeamId": "t", "TokenKey": "hush-token", "TokenKeyId": "hush-token-id"}),
    }
}

/// An app whose settings lead every type to the sink, as in development.
fn sunk(world: &World) -> App {
    let mut settings = world.settings();
    let channels = settings["channel"].as_table_mut().unwrap();
    channels.retain(|name, _| name == "sink");
    channels["sink"].as_table_mut().unwrap().remove("types");
    world.app_of(settings)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_channel_is_made_shown_replaced_and_removed() {
    let world = World::new(function::echo).await;
    let app = sunk(&world);
    populate(&app, Vec::new()).await;
    let server = Server::start(&app).await;
    for channel in TYPES {
        let path = format!("channels/{channel}");
        assert_eq!(server.refused(404, "GET", &path, Value::Null).await, "Resource not found");
        assert_eq!(server.refused(404, "DELETE", &path, Value::Null).await, "Resource not found");

        let made = server.ask("PUT", &path, request(channel)).await;
        assert_eq!(made["ApplicationId"], APPLICATION);
        assert_eq!((&made["Id"], &made["Platform"]), (&json!(channel), &json!(channel.to_uppercase())));
        assert_eq!((&made["Version"], &made["Enabled"], &made["IsArchived"]), (&json!(1), &json!(true), &json!(false)));
        let has_secrets = !["email", "sms", "voice"].contains(&channel);
        assert_eq!(made["HasCredential"], has_secrets, "{channel}");
        assert!(made["CreationDate"].is_string() && made["LastModifiedDate"].is_string());
        assert!(!made.to_string().contains("hush"), "{made}");
        assert_eq!(server.ask("GET", &path, Value::Null).await, made);

        let mut change = request(channel);
        change["Enabled"] = json!(false);
        let changed = server.ask("PUT", &path, change).await;
        assert_eq!((&changed["Version"], &changed["Enabled"]), (&json!(2), &json!(false)));
        assert_eq!(changed["CreationDate"], made["CreationDate"]);
    }

    let all = server.ask("GET", "channels", Value::Null).await;
    let names: Vec<&str> = all["Channels"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, TYPES.map(str::to_uppercase));
    assert_eq!(all["Channels"]["GCM"]["Version"], 2);
    assert!(!all.to_string().contains("hush"), "{all}");

    let email = server.ask("GET", "channels/email", Value::Null).await;
    assert_eq!((&email["FromAddress"], &email["ConfigurationSet"]), (&json!("news@example.com"), &json!("set")));
    let apns = server.ask("GET", "channels/apns", Value::Null).await;
    assert_eq!(apns["HasTokenKey"], true);
    let gcm = server.ask("GET", "channels/gcm", Value::Null).await;
    assert_eq!((&gcm["HasFcmServiceCredentials"], gcm.get("Credential")), (&json!(true), None));

    // What only switches a channel keeps its credentials.
    let gcm = server.ask("PUT", "channels/gcm", json!({"Enabled": true})).await;
    assert_eq!((&gcm["HasCredential"], &gcm["Version"]), (&json!(true), &json!(3)));

    for channel in TYPES {
        let path = format!("channels/{channel}");
        let shown = server.ask("GET", &path, Value::Null).await;
        assert_eq!(server.ask("DELETE", &path, Value::Null).await, shown);
        server.refused(404, "GET", &path, Value::Null).await;
    }
    let (status, _) = server.call("GET", "/v1/apps/ffffffffffffffffffffffffffffffff/channels/gcm", None).await;
    assert_eq!(status, 404);
    let (status, _) = server.call("GET", "/v1/apps/ffffffffffffffffffffffffffffffff/channels", None).await;
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_that_nothing_serves_are_refused() {
    let world = World::new(function::echo).await;
    let mut settings = world.settings();
    settings.remove("channel");
    let app = world.app_of(settings);
    populate(&app, Vec::new()).await;
    let server = Server::start(&app).await;
    // ADM and Baidu channels come with credentials, which serve them.
    for channel in TYPES.into_iter().filter(|channel| !["adm", "baidu"].contains(channel)) {
        let mut request = request(channel);
        if channel == "gcm" || channel.starts_with("apns") {
            request = json!({});
        }
        let path = format!("channels/{channel}");
        let message = server.refused(400, "PUT", &path, request.clone()).await;
        let name = channel.to_uppercase();
        assert!(message.starts_with(&format!("there is no adapter for the {name} channel")), "{message}");
        assert!(message.contains(&format!("[channel.sink] types = [\"{name}\"]")), "{message}");
        // To switch a channel off is no promise to send.
        request["Enabled"] = json!(false);
        server.ask("PUT", &path, request).await;
    }
    let key = server.refused(400, "PUT", "channels/gcm", json!({"ApiKey": "hush"})).await;
    assert!(key.starts_with("ApiKey: Google has switched off") && !key.contains("hush"), "{key}");
    let broken = server.refused(400, "PUT", "channels/gcm", json!({"ServiceJson": "hush"})).await;
    assert!(broken.contains("not a key file") && !broken.contains("hush"), "{broken}");
    let broken = server.refused(400, "PUT", "channels/apns", request("apns")).await;
    assert!(broken.contains("the token key is not") && !broken.contains("hush"), "{broken}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_sends_through_the_credentials_of_its_application() {
    let world = World::new(function::echo).await;
    let own = Fcm::start(Record::memory()).await.unwrap();
    // The settings say where FCM is, and tokens come from where the key file says.
    let app = world.app("");
    populate(&app, gcm_endpoints(3)).await;
    let server = Server::start(&app).await;

    let shared = run(&app, json!({})).await;
    assert_eq!((shared.tally.get(Fate::Sent), own.grants()), (3, 0));
    let before = world.fcm.grants();

    server.ask("PUT", "channels/gcm", json!({"ServiceJson": own.service_account_json()})).await;
    let owned = run(&app, json!({})).await;
    assert_eq!(owned.tally.get(Fate::Sent), 3);
    assert_eq!((own.grants(), world.fcm.grants()), (1, before), "tokens come from the application's own account");
    // Messages after the first find the adapter with its token.
    run(&app, json!({})).await;
    assert_eq!(own.grants(), 1);

    server.ask("PUT", "channels/gcm", json!({"ServiceJson": world.fcm.service_account_json()})).await;
    assert_eq!(run(&app, json!({})).await.tally.get(Fate::Sent), 3, "a change holds for the next activity");
    assert!(world.fcm.grants() > before);

    server.ask("PUT", "channels/gcm", json!({"Enabled": false})).await;
    assert_eq!(run(&app, json!({})).await.tally.get(Fate::ChannelDisabled), 3);
    server.ask("DELETE", "channels/gcm", Value::Null).await;
    assert_eq!(run(&app, json!({})).await.tally.get(Fate::Sent), 3, "without a channel the settings decide");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_known_to_apns_as_its_channel_says() {
    let world = World::new(function::echo).await;
    let apns = Apns::start(None, Senders::Tokens, Record::memory()).await.unwrap();
    let mut settings = world.settings();
    let section = toml::Table::from_iter([
        ("types".to_owned(), toml::Value::from(vec!["APNS_SANDBOX"])),
        ("token_key".to_owned(), apns.token_key().into()),
        ("key_id".to_owned(), KEY_ID.into()),
        ("team_id".to_owned(), TEAM_ID.into()),
        ("bundle_id".to_owned(), BUNDLE_ID.into()),
        ("sandbox_base_url".to_owned(), apns.base_url().into()),
    ]);
    settings["channel"].as_table_mut().unwrap().insert("apns".into(), section.into());
    let app = world.app_of(settings);
    populate(&app, vec![endpoint("phone", ChannelType::ApnsSandbox, "device")]).await;
    let server = Server::start(&app).await;
    assert_eq!(run(&app, json!({})).await.tally.get(Fate::Sent), 1);

    let path = "channels/apns_sandbox";
    let own = json!({"TokenKey": apns.token_key(), "TokenKeyId": KEY_ID, "TeamId": TEAM_ID, "BundleId": BUNDLE_ID});
    let mut other = own.clone();
    other["DefaultAuthenticationMethod"] = json!("CERTIFICATE");
    let refused = server.refused(400, "PUT", path, other).await;
    assert!(refused.contains("`Certificate` is missing"), "{refused}");
    let shown = server.ask("PUT", path, own).await;
    assert_eq!((&shown["HasTokenKey"], &shown["HasCredential"]), (&json!(true), &json!(true)));
    assert_eq!(run(&app, json!({})).await.tally.get(Fate::Sent), 1);
    assert_eq!((apns.messages(), apns.tokens()), (2, 2), "the application signs for itself");

    let refused = server.refused(400, "PUT", path, json!({"DefaultAuthenticationMethod": "CERTIFICATE"})).await;
    assert_eq!(refused, "DefaultAuthenticationMethod: it is CERTIFICATE, and the channel has no Certificate");
    server.ask("PUT", path, json!({"DefaultAuthenticationMethod": "TOKEN"})).await;
    assert_eq!(run(&app, json!({})).await.tally.get(Fate::Sent), 1, "the credentials are kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_of_the_channels_are_defaults_of_messages() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    let endpoints =
        vec![endpoint("mail", ChannelType::Email, "a@example.com"), endpoint("text", ChannelType::Sms, "+12065550100")];
    populate(&app, endpoints).await;
    let server = Server::start(&app).await;
    server.ask("PUT", "channels/email", request("email")).await;
    server.ask("PUT", "channels/sms", request("sms")).await;
    run(&app, json!({})).await;
    let sunk = world.sunk();
    let of = |id: &str| &sunk.iter().find(|line| line["endpoint_id"] == id).unwrap()["content"];
    assert_eq!(of("mail")["email"]["from_address"], "news@example.com");
    assert_eq!(
        (&of("text")["sms"]["sender_id"], &of("text")["sms"]["origination_number"]),
        (&json!("ACME"), &json!("12345"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_sealed_in_the_store() {
    let world = World::new(function::echo).await;
    let app = sunk(&world);
    populate(&app, Vec::new()).await;
    let server = Server::start(&app).await;
    for channel in TYPES {
        server.ask("PUT", &format!("channels/{channel}"), request(channel)).await;
    }
    drop(server);
    drop(app);
    let mut files = 0;
    for entry in std::fs::read_dir(world.directory.path().join("data")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap_or_default();
        assert!(!bytes.windows(5).any(|window| window == b"hush-"), "a secret is in a file");
        files += 1;
    }
    assert!(files > 1);
}
