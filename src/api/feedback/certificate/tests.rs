use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::sync::Barrier;
use tokio_util::task::AbortOnDropHandle;

use super::*;
use crate::clock::Held;

const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:feedback";
const CERTIFICATE: &str = include_str!("../../../../tests/support/sns/certificate.pem");

#[test]
fn certificates_come_from_the_region_of_the_topic() {
    let certificates = Certificates::new(&[]);
    let is_good = |url: &str, topic| certificates.certificate_url(url, topic).is_ok();
    let good = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a1B.pem";
    assert!(is_good(good, TOPIC));
    assert!(is_good("https://SNS.us-east-1.amazonaws.com:443/SimpleNotificationService-1.pem", TOPIC));
    let of_china = "arn:aws-cn:sns:cn-north-1:000000000000:feedback";
    let in_china = "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem";
    assert!(is_good(in_china, of_china));
    assert!(!is_good(in_china, TOPIC) && !is_good(good, of_china), "of another region");
    for topic in ["", "arn:aws:sns", "arn:aws:sns::0:t", "arn:other:sns:us-east-1:0:t", "arn:aws:sns:x.evil/:0:t"] {
        assert!(!is_good(good, topic), "{topic}");
    }
    for url in [
        "http://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com:8443/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem",
        "https://evil.example/sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.s3.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns..amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://me@sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem?x",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem#x",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1/2.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-%31.pem",
        "https://sns.us-east-1.amazonaws.com/x/../?Action=SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com/",
        "file:///SimpleNotificationService-1.pem",
        "",
    ] {
        assert!(!is_good(url, TOPIC), "{url}");
    }
    let long = format!("https://sns.us-east-1.amazonaws.com/SimpleNotificationService-{}.pem", "1".repeat(1 << 20));
    let refused = certificates.certificate_url(&long, TOPIC).unwrap_err();
    assert!(refused.message().len() < 300, "{}", refused.message());
}

#[test]
fn confirmations_go_to_the_topic_and_show_no_token() {
    let certificates = Certificates::new(&[]);
    let confirms = |url: &str| certificates.confirmation_url(url, TOPIC);
    assert!(confirms("https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=secret").is_ok());
    for url in
        ["https://sns.us-east-1.amazonaws.com/x?Token=secret", "https://evil.example/?Token=secret", "?Token=secret"]
    {
        let refused = confirms(url).unwrap_err();
        assert!(refused.status() == 403 && !refused.message().contains("secret"), "{}", refused.message());
    }
}

#[test]
fn mirrors_take_the_place_of_the_hosts_of_sns() {
    let certificates = Certificates::new(&["http://127.0.0.1:9000".to_owned()]);
    let is_good = |url| certificates.certificate_url(url, TOPIC).is_ok();
    assert!(is_good("http://127.0.0.1:9000/SimpleNotificationService-1.pem"));
    for url in [
        "http://127.0.0.1:9001/SimpleNotificationService-1.pem",
        "https://127.0.0.1:9000/SimpleNotificationService-1.pem",
        "http://127.0.0.1:9000/other.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
    ] {
        assert!(!is_good(url), "{url}");
    }
}

#[test]
fn a_certificate_says_when_it_is_good() {
    let certificate = read(CERTIFICATE.as_bytes()).unwrap();
    assert_eq!(certificate.starts_at, "2026-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(certificate.ends_at, "2126-01-01T00:00:00Z".parse().unwrap());
    assert!(read(b"nothing").is_none());
}

/// A mirror that counts what it is asked.
async fn mirror() -> (String, Arc<AtomicUsize>, AbortOnDropHandle<()>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let counted = move |status: StatusCode, body: &'static str| {
        let count = count.clone();
        get(move || async move {
            count.fetch_add(1, Ordering::SeqCst);
            (status, body)
        })
    };
    let routes = Router::new()
        .route("/SimpleNotificationService-1.pem", counted(StatusCode::OK, CERTIFICATE))
        .route("/SimpleNotificationService-2.pem", counted(StatusCode::OK, "nothing"))
        .route("/SimpleNotificationService-3.pem", counted(StatusCode::BAD_GATEWAY, ""));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let serving = AbortOnDropHandle::new(tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() }));
    (base_url, asked, serving)
}

#[tokio::test]
async fn many_at_once_fetch_once() {
    let (base_url, asked, _serving) = mirror().await;
    let certificates = Arc::new(Certificates::new(std::slice::from_ref(&base_url)));
    let barrier = Arc::new(Barrier::new(8));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (certificates, barrier) = (certificates.clone(), barrier.clone());
            let url = format!("{base_url}/SimpleNotificationService-1.pem");
            tokio::spawn(async move {
                barrier.wait().await;
                certificates.get(&url, TOPIC, &clock::System::default()).await.map(drop)
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn failures_are_remembered_for_a_while() {
    let (base_url, asked, _serving) = mirror().await;
    let certificates = Certificates::new(std::slice::from_ref(&base_url));
    let clock = Held::default();
    for (name, status, asked_before) in [("2", 403, 0), ("3", 503, 2)] {
        let url = format!("{base_url}/SimpleNotificationService-{name}.pem");
        for (seconds, asked_now) in [(0, 1), (59, 1), (1, 2)] {
            clock.advance(Duration::from_secs(seconds));
            let error = certificates.get(&url, TOPIC, &clock).await.unwrap_err();
            assert_eq!(error.status(), status, "{}", error.message());
            assert!(error.cause().is_none(), "nobody must act on what a stranger may have caused");
            assert_eq!(asked.load(Ordering::SeqCst), asked_before + asked_now, "{name} after {seconds} s");
        }
    }
}
