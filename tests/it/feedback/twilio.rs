//! Twilio's calls, signed as Twilio signs them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::Method;
use ring::hmac;
use serde_json::json;

use super::{BASE_URL, NUMBER, Server};

const TOKEN: &str = "12345678901234567890123456789012";

async fn start() -> Server {
    Server::start(&format!("feedback.twilio_auth_token={TOKEN}")).await
}

fn sign(token: &str, url: &str, form: &[(&str, &str)]) -> String {
    let mut form = form.to_vec();
    form.sort_unstable();
    let text = form.iter().fold(url.to_owned(), |text, (name, value)| text + name + value);
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    BASE64_STANDARD.encode(hmac::sign(&key, text.as_bytes()))
}

async fn call(server: &Server, path: &str, form: &[(&str, &str)], signature: &str) -> (u16, String) {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-twilio-signature", signature)];
    server.send(Method::POST, path, &headers, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_become_events_and_invalid_numbers_inactive() {
    let server = start().await;
    let path = format!("/feedback/twilio/status?reference={}", server.reference("phone").await);
    let url = format!("{BASE_URL}{path}");
    let form = |status, code| {
        [
            ("MessageSid", "SM1"),
            ("MessageStatus", status),
            ("ErrorCode", code),
            ("To", NUMBER),
            ("From", "+15005550006"),
        ]
    };
    let undelivered = form("undelivered", "30005");
    let before = server.standing().await;
    let elsewhere = url.replace("status", "inbound");
    for forged in [
        String::new(),
        "AAAA".to_owned(),
        sign("wrong", &url, &undelivered),
        sign(TOKEN, &elsewhere, &undelivered),
        sign(TOKEN, &url.replace("https", "http"), &undelivered),
        sign(TOKEN, &url, &form("delivered", "")),
    ] {
        assert_eq!(call(&server, &path, &undelivered, &forged).await.0, 403, "{forged}");
    }
    let other = path.replace("reference=", "reference=A");
    assert_eq!(call(&server, &other, &undelivered, &sign(TOKEN, &url, &undelivered)).await.0, 403);
    assert_eq!(server.standing().await, before);

    for (status, code) in [("queued", ""), ("sent", ""), ("sent", ""), ("delivered", "")] {
        let form = form(status, code);
        assert_eq!(call(&server, &path, &form, &sign(TOKEN, &url, &form)).await.0, 200);
    }
    let standing = server.standing().await;
    let types: Vec<_> = standing.events.iter().map(|(_, event_type, _)| event_type.as_str()).collect();
    assert_eq!(types, ["_SMS.BUFFERED", "_SMS.SUCCESS"], "a repeated one is kept once");
    let attributes = &standing.events[1].2;
    assert_eq!((&attributes["campaign_id"], &attributes["message_id"]), (&json!("c"), &json!("SM1")));
    assert_eq!(attributes["record_status"], "DELIVERED");
    assert_eq!(standing.of("phone"), (true, false));

    assert_eq!(call(&server, &path, &undelivered, &sign(TOKEN, &url, &undelivered)).await.0, 200);
    let standing = server.standing().await;
    assert_eq!((standing.of("phone"), standing.of("mail")), ((false, false), (true, false)));
    assert_eq!((standing.events[2].1.as_str(), &standing.events[2].2["error_code"]), ("_SMS.FAILURE", &json!("30005")));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_answers_stop_is_opted_out() {
    let server = start().await;
    let path = "/feedback/twilio/inbound";
    let url = format!("{BASE_URL}{path}");
    let answer = |body, kind| [("MessageSid", "SM2"), ("From", NUMBER), ("Body", body), ("OptOutType", kind)];
    for silent in [&answer("please stop calling", "")[..3], &answer("START", "START"), &answer("STOP", "HELP")] {
        let answer = call(&server, path, silent, &sign(TOKEN, &url, silent)).await;
        assert_eq!(answer, (200, "<Response/>".to_owned()));
    }
    let stop = &answer("Stop ", "")[..3];
    assert_eq!(call(&server, path, stop, &sign("wrong", &url, stop)).await.0, 403);
    let standing = server.standing().await;
    assert_eq!((standing.of("phone"), standing.events.len()), ((true, false), 0));

    assert_eq!(call(&server, path, stop, &sign(TOKEN, &url, stop)).await.0, 200);
    let standing = server.standing().await;
    assert_eq!((standing.of("phone"), standing.of("mail")), ((true, true), (true, false)));
    assert_eq!((standing.event().0, standing.event().1), ("phone", "_SMS.OPTOUT"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_twilio_is_refused() {
    let server = Server::start("").await;
    let form = [("MessageSid", "SM1"), ("MessageStatus", "sent"), ("To", NUMBER)];
    let signature = sign("", &format!("{BASE_URL}/feedback/twilio/status"), &form);
    let (status, body) = call(&server, "/feedback/twilio/status", &form, &signature).await;
    assert_eq!(status, 403);
    assert!(body.contains("`feedback.twilio_auth_token` is not set"), "{body}");
}
