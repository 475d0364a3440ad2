//! Amazon SNS: messages signed with a certificate of ours, on a host that the settings name.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::Method;
use jiff::{SignedDuration, Timestamp};
use pinwheel::domain::ChannelType;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;

use super::{MAIL, NUMBER, Server};
use crate::support::{APPLICATION, endpoint};

const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:feedback";
const CERTIFICATE: &str = include_str!("../../support/sns/certificate.pem");
const KEY: &str = include_str!("../../support/sns/key.pem");

/// SNS: its certificate, and its subscriptions.
struct Sns {
    base_url: String,
    fetched: Arc<AtomicUsize>,
    confirmed: Arc<AtomicUsize>,
    key: RsaKeyPair,
    _serving: AbortOnDropHandle<()>,
}

impl Sns {
    async fn start() -> Self {
        let (fetched, confirmed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = |count: &Arc<AtomicUsize>, body: &'static str| {
            let count = count.clone();
            get(move || async move {
                count.fetch_add(1, Ordering::SeqCst);
                body
            })
        };
        let routes = Router::new()
            .route("/SimpleNotificationService-1.pem", counted(&fetched, CERTIFICATE))
            .route("/SimpleNotificationService-nonsense.pem", get(|| async { "nothing" }))
            .route("/", counted(&confirmed, "<ok/>"));
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let der = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
        let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
        Self { base_url, fetched, confirmed, key, _serving: AbortOnDropHandle::new(serving) }
    }

    fn settings(&self) -> String {
        format!("feedback.sns_topic_arns=[\"{TOPIC}\"]\nfeedback.sns_certificate_hosts=[\"{}\"]", self.base_url)
    }

    /// A message as SNS sends it; `changes` come before the signature.
    fn message(&self, kind: &str, message: &str, at: Timestamp, changes: Value) -> Value {
        let mut envelope = json!({
            "Type": kind, "MessageId": "m-1", "TopicArn": TOPIC, "Message": message, "Timestamp": at.to_string(),
            "SignatureVersion": "2", "SigningCertURL": format!("{}/SimpleNotificationService-1.pem", self.base_url),
        });
        if kind != "Notification" {
            envelope["Token"] = json!("t");
            envelope["SubscribeURL"] = json!(format!("{}/?Action=ConfirmSubscription&Token=t", self.base_url));
        }
        envelope.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
        let members = names.iter().filter_map(|name| Some(format!("{name}\n{}\n", envelope[name].as_str()?)));
        let text: String = members.collect();
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
        envelope["Signature"] = json!(BASE64_STANDARD.encode(signature));
        envelope
    }
}

async fn post(server: &Server, envelope: &Value) -> (u16, String) {
    let headers = [("content-type", "text/plain; charset=UTF-8")];
    server.send(Method::POST, "/feedback/sns", &headers, envelope.to_string()).await
}

fn bounce(reference: &str) -> String {
    json!({
        "eventType": "Bounce",
        "bounce": {
            "bounceType": "Permanent", "bounceSubType": "General",
            "bouncedRecipients": [{"emailAddress": MAIL, "action": "failed", "status": "5.1.1"}],
            "timestamp": "2026-03-01T09:00:00.000Z",
        },
        "mail": {
            "timestamp": "2026-03-01T08:59:59.000Z", "messageId": "ses-1", "destination": [MAIL],
            "tags": {"pinwheel-reference": [reference]},
        },
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn bounces_of_ses_end_addresses_and_forgeries_do_nothing() {
    let sns = Sns::start().await;
    let server = Server::start(&sns.settings()).await;
    let bounce = bounce(&server.reference("mail").await);
    let now = server.app.clock.now();
    let before = server.standing().await;
    let good = sns.message("Notification", &bounce, now, json!({"Subject": "s"}));

    let with = |name: &str, value: Value| {
        let mut envelope = good.clone();
        envelope[name] = value;
        envelope
    };
    let signed_with = |changes: Value| sns.message("Notification", &bounce, now, changes);
    let old = now - SignedDuration::from_hours(25);
    let forged = [
        with("Message", json!(bounce.replace("5.1.1", "5.1.2"))),
        with("Subject", json!("t")),
        with("MessageId", json!("m-2")),
        with("Timestamp", json!((now + SignedDuration::from_secs(1)).to_string())),
        with("Signature", json!("")),
        with("Signature", json!(BASE64_STANDARD.encode([7; 256]))),
        with("SignatureVersion", json!("1")),
        with("SignatureVersion", json!("3")),
        signed_with(json!({"TopicArn": "arn:aws:sns:us-east-1:999999999999:feedback"})),
        signed_with(json!({"SigningCertURL": "http://127.0.0.1:1/SimpleNotificationService-1.pem"})),
        signed_with(json!({"SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem"})),
        signed_with(json!({"SigningCertURL": format!("{}/SimpleNotificationService-nonsense.pem", sns.base_url)})),
        signed_with(json!({"SigningCertURL": format!("{}/SimpleNotificationService-missing.pem", sns.base_url)})),
        sns.message("Notification", &bounce, old, json!({})),
        sns.message("Notification", &bounce, now + SignedDuration::from_mins(10), json!({})),
    ];
    for envelope in &forged {
        assert_eq!(post(&server, envelope).await.0, 403, "{envelope}");
    }
    // Raw delivery, and nothing of SNS at all.
    for body in [bounce.as_str(), "{}", "", "[]"] {
        let (status, text) = server.send(Method::POST, "/feedback/sns", &[], body.to_owned()).await;
        assert_eq!(status, 400, "{body}");
        assert!(text.contains("raw message delivery"), "{text}");
    }
    assert_eq!(server.standing().await, before);

    for _ in 0..2 {
        assert_eq!(post(&server, &good).await.0, 200);
    }
    assert_eq!(sns.fetched.load(Ordering::SeqCst), 1, "the certificate is kept");
    let standing = server.standing().await;
    assert_eq!((standing.of("mail"), standing.of("phone")), ((false, false), (true, false)));
    let (endpoint_id, event_type, attributes) = standing.event();
    assert_eq!((endpoint_id, event_type), ("mail", "_email.hardbounce"));
    assert_eq!((&attributes["campaign_id"], &attributes["message_id"]), (&json!("c"), &json!("ses-1")));
    assert_eq!(attributes["bounce_type"], "Permanent");
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_to_listed_topics_are_confirmed() {
    let sns = Sns::start().await;
    let server = Server::start(&sns.settings()).await;
    let now = server.app.clock.now();
    let subscription = |changes| sns.message("SubscriptionConfirmation", "You have chosen …", now, changes);
    for changes in [
        json!({"TopicArn": "arn:aws:sns:us-east-1:999999999999:other"}),
        json!({"SubscribeURL": "http://127.0.0.1:1/?Token=t"}),
    ] {
        assert_eq!(post(&server, &subscription(changes)).await.0, 403);
    }
    let mut forged = subscription(json!({}));
    forged["Token"] = json!("u");
    assert_eq!(post(&server, &forged).await.0, 403);
    assert_eq!(sns.confirmed.load(Ordering::SeqCst), 0);

    assert_eq!(post(&server, &subscription(json!({}))).await.0, 200);
    assert_eq!(sns.confirmed.load(Ordering::SeqCst), 1);
    let ended = sns.message("UnsubscribeConfirmation", "You have chosen …", now, json!({}));
    assert_eq!(post(&server, &ended).await.0, 200);
    assert_eq!(sns.confirmed.load(Ordering::SeqCst), 1, "whoever ended it had a reason");
}

#[tokio::test(flavor = "multi_thread")]
async fn text_messages_report_and_are_answered() {
    let sns = Sns::start().await;
    let server = Server::start(&sns.settings()).await;
    let reference = server.reference("phone").await;
    let now = server.app.clock.now();
    let notify = async |message: Value| {
        let envelope = sns.message("Notification", &message.to_string(), now, json!({}));
        assert_eq!(post(&server, &envelope).await.0, 200);
    };
    let event = |event_type: &str, status: &str| {
        json!({
            "eventType": event_type, "eventVersion": "1.0", "eventTimestamp": now.as_millisecond(), "isFinal": true,
            "destinationPhoneNumber": NUMBER, "isoCountryCode": "US", "messageId": "eum-1", "messageStatus": status,
            "totalMessageParts": 1, "context": {"pinwheel-reference": reference},
        })
    };
    notify(json!("Successfully validated SNS topic for Amazon SES event publishing.")).await;
    notify(event("TEXT_DELIVERED", "DELIVERED")).await;
    let standing = server.standing().await;
    let (endpoint_id, event_type, attributes) = standing.event();
    assert_eq!((endpoint_id, event_type), ("phone", "_SMS.SUCCESS"));
    assert_eq!((&attributes["campaign_id"], &attributes["iso_country_code"]), (&json!("c"), &json!("US")));

    // The same number in another application.
    let other = server.serving.client.create_app().await;
    let writes = vec![endpoint("theirs", ChannelType::Sms, NUMBER)];
    server.app.store.upsert_endpoints(&other, writes, "2026-03-01T09:00:00.000Z".into()).await.unwrap();
    notify(json!({
        "originationNumber": NUMBER, "destinationNumber": "+12125550101", "messageKeyword": "KEYWORD",
        "messageBody": "STOP", "inboundMessageId": "in-1",
    }))
    .await;
    let standing = server.standing().await;
    assert_eq!((standing.of("phone"), standing.of("mail")), ((true, true), (true, false)));
    assert_eq!(standing.events[1].1, "_SMS.OPTOUT");
    let theirs = server.serving.client.get(&format!("/v1/apps/{other}/endpoints/theirs")).await.body(200);
    assert_eq!(theirs["OptOut"], "ALL", "a telephone number is the same everywhere");

    notify(event("TEXT_INVALID", "INVALID")).await;
    let standing = server.standing().await;
    assert_eq!(standing.of("phone"), (false, true));
    assert_eq!(standing.events[2].1, "_SMS.FAILURE");
}

#[tokio::test(flavor = "multi_thread")]
async fn opens_are_counted_by_kpis() {
    let sns = Sns::start().await;
    let server = Server::start(&sns.settings()).await;
    let reference = server.reference("mail").await;
    let now = server.app.clock.now();
    let open = |at: Timestamp| {
        json!({
            "eventType": "Open", "open": {"ipAddress": "192.0.2.1", "userAgent": "x", "timestamp": at.to_string()},
            "mail": {"messageId": "ses-1", "destination": [MAIL], "tags": {"pinwheel-reference": [reference]}},
        })
        .to_string()
    };
    for at in [now, now, now - SignedDuration::from_secs(5)] {
        let envelope = sns.message("Notification", &open(at), now, json!({}));
        assert_eq!(post(&server, &envelope).await.0, 200);
    }
    assert_eq!(server.standing().await.events.len(), 2, "somebody opened it twice");
    let kpi = "direct-email-opens-grouped-by-campaign-activity";
    let path = format!("/v1/apps/{APPLICATION}/campaigns/c/kpis/daterange/{kpi}");
    let answer = server.serving.client.get(&path).await.body(200);
    assert_eq!(answer["KpiResult"]["Rows"][0]["Values"][0]["Value"], "2.0", "{answer}");
}
