//! Bounce mails: posted by a mail server's pipe.

use std::io::Write;
use std::process::{Command, Stdio};

use hyper::{HeaderMap, Method};
use pinwheel::domain::ChannelType;
use serde_json::json;
use standardwebhooks::Webhook;

use super::{MAIL, Server};
use crate::support::{APPLICATION, endpoint};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BOUNCE: &str = include_str!("../../data/feedback/bounce.eml");
const COMPLAINT: &str = include_str!("../../data/feedback/complaint.eml");

async fn start() -> Server {
    Server::start(&format!("feedback.secret={SECRET}")).await
}

/// What the crate `standardwebhooks` signs for a mail, at a time.
fn signed(secret: &str, mail: &str, at: i64) -> Vec<(&'static str, String)> {
    let signature = Webhook::new(secret).unwrap().sign("msg_1", at, mail.as_bytes()).unwrap();
    vec![("webhook-id", "msg_1".to_owned()), ("webhook-timestamp", at.to_string()), ("webhook-signature", signature)]
}

async fn post(server: &Server, mail: &str, headers: &[(&str, String)]) -> (u16, String) {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    server.send(Method::POST, "/feedback/bounce", &headers, mail.to_owned()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_ends_the_address_and_is_an_event_of_its_campaign() {
    let server = start().await;
    let mail = BOUNCE.replace("REFERENCE", &server.reference("mail").await);
    let now = server.app.clock.now().as_second();
    let before = server.standing().await;

    let other = mail.replace("5.1.1", "5.1.2");
    let mut nameless = signed(SECRET, &mail, now);
    nameless.retain(|(name, _)| *name != "webhook-id");
    for (forged, headers) in [
        (&mail, Vec::new()),
        (&mail, nameless),
        (&mail, signed("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx", &mail, now)),
        (&mail, signed(SECRET, &mail, now - 301)),
        (&mail, signed(SECRET, &mail, now + 330)),
        (&other, signed(SECRET, &mail, now)),
    ] {
        let (status, body) = post(&server, forged, &headers).await;
        assert_eq!(status, 403, "{headers:?}: {body}");
    }
    assert_eq!(server.standing().await, before);

    for _ in 0..2 {
        let answer = post(&server, &mail, &signed(SECRET, &mail, now)).await;
        assert_eq!(answer, (200, "1 reports, 1 of them about somebody known\n".to_owned()));
    }
    let standing = server.standing().await;
    assert_eq!((standing.of("mail"), standing.of("phone")), ((false, false), (true, false)));
    let (endpoint_id, event_type, attributes) = standing.event();
    assert_eq!((endpoint_id, event_type), ("mail", "_email.hardbounce"));
    assert_eq!((&attributes["campaign_id"], &attributes["treatment_id"]), (&json!("c"), &json!("0")));
    assert_eq!(attributes["status"], "5.1.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_address_than_that_of_now_is_an_event_alone() {
    let server = start().await;
    let now = server.app.clock.now().as_second();
    let elsewhere = BOUNCE.replace("REFERENCE", &server.reference("mail").await).replace(MAIL, "bob@example.net");
    assert_eq!(post(&server, &elsewhere, &signed(SECRET, &elsewhere, now)).await.0, 200);
    let standing = server.standing().await;
    assert_eq!(standing.of("mail"), (true, false), "it has another address by now");
    assert_eq!(standing.event().1, "_email.hardbounce");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_can_send_a_mail_can_end_nobody() {
    let server = start().await;
    let now = server.app.clock.now().as_second();
    let of_a_text = server.reference("phone").await;
    let before = server.standing().await;
    for reference in ["REFERENCE", "", &of_a_text] {
        for mail in [BOUNCE, COMPLAINT] {
            let forged = mail.replace("REFERENCE", reference);
            let answer = post(&server, &forged, &signed(SECRET, &forged, now)).await;
            assert_eq!(answer, (200, "1 reports, 0 of them about somebody known\n".to_owned()), "{reference}");
        }
    }
    assert_eq!(server.standing().await, before, "our mail server signs whatever it gets");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_of_a_direct_message_is_good_for_its_address_alone() {
    let server = start().await;
    let now = server.app.clock.now().as_second();
    let request = json!({
        "Addresses": {"mallory@example.net": {"ChannelType": "EMAIL"}},
        "MessageConfiguration": {"DefaultMessage": {"Body": "x"}},
    });
    let path = format!("/v1/apps/{APPLICATION}/messages");
    server.serving.client.post(&path, request).await.body(200);
    let reference = server.world.sunk()[0]["reference"].as_str().unwrap().to_owned();
    let before = server.standing().await.endpoints;
    for mail in [BOUNCE, COMPLAINT] {
        let forged = mail.replace("REFERENCE", &reference);
        assert_eq!(post(&server, &forged, &signed(SECRET, &forged, now)).await.0, 200);
        assert_eq!(server.standing().await.endpoints, before, "it is about somebody else's address");
    }

    server.add(endpoint("hers", ChannelType::Email, "Mallory@example.net")).await;
    let hers = COMPLAINT.replace("REFERENCE", &reference).replace(MAIL, "mallory@example.net");
    assert_eq!(post(&server, &hers, &signed(SECRET, &hers, now)).await.0, 200);
    let hers = server.serving.client.get(&format!("/v1/apps/{APPLICATION}/endpoints/hers")).await.body(200);
    assert_eq!(hers["OptOut"], "ALL");
}

#[tokio::test(flavor = "multi_thread")]
async fn complaints_that_hide_the_address_are_about_it_all_the_same() {
    let server = start().await;
    let complaint =
        COMPLAINT.replace("REFERENCE", &server.reference("mail").await).replace(MAIL, "redacted@example.net");
    server.add(endpoint("newer", ChannelType::Email, MAIL)).await;
    let now = server.app.clock.now().as_second();
    assert_eq!(post(&server, &complaint, &signed(SECRET, &complaint, now)).await.0, 200);
    assert!(server.standing().await.of("mail").1);
    let newer = server.serving.client.get(&format!("/v1/apps/{APPLICATION}/endpoints/newer")).await.body(200);
    assert_eq!(newer["OptOut"], "ALL");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_mails_are_taken_and_passed_over() {
    let server = start().await;
    let mail = "Subject: on holiday\r\n\r\nUntil Monday.";
    let answer = post(&server, mail, &signed(SECRET, mail, server.app.clock.now().as_second())).await;
    assert_eq!(answer, (200, "0 reports, 0 of them about somebody known\n".to_owned()));
    assert_eq!(server.standing().await.events, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_hands_a_mail_on() {
    let server = start().await;
    let reference = server.reference("mail").await;
    let url = format!("http://{}", server.serving.client.address());
    let directory = server.world.directory.path().to_owned();
    let hand_on = move |url: String, secret: &str, mail: Vec<u8>| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pinwheel"))
            .args(["feedback", "bounce", "--url", &url, "--set", &format!("feedback.secret={secret}")])
            .current_dir(&directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&mail).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap(), output.stderr)
    };
    let told = tokio::task::spawn_blocking(move || {
        // Mails need not be UTF-8.
        let mut mail = BOUNCE.replace("REFERENCE", &reference).into_bytes();
        mail.extend_from_slice(b"\xff\n");
        let wrong = hand_on(url.clone(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx", mail.clone());
        let nobody = hand_on("http://127.0.0.1:1".into(), SECRET, mail.clone());
        let unset = hand_on(url.clone(), "nonsense", mail.clone());
        (wrong.0, nobody.0, unset.0, hand_on(url, SECRET, mail))
    });
    let (wrong, nobody, unset, taken) = told.await.unwrap();
    assert_eq!((wrong, nobody, unset), (75, 75, 75), "nothing of it is the mail's fault");
    assert_eq!((taken.0, taken.1.as_str()), (0, "1 reports, 1 of them about somebody known\n"), "{taken:?}");
    assert_eq!(server.standing().await.of("mail"), (false, false));
}

#[test]
fn the_crate_and_we_sign_alike() {
    let mut headers = HeaderMap::new();
    let now = "2026-03-01T09:00:00Z".parse().unwrap();
    let signer = pinwheel::hook::Signer::new(SECRET).unwrap();
    signer.sign("msg_1", now, b"{}", &mut headers);
    for (name, value) in signed(SECRET, "{}", now.as_second()).into_iter().skip(1) {
        assert_eq!(headers[name], value);
    }
}
