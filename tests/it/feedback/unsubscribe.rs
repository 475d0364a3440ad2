//! One click in a mail, from the campaign that sent it to the run that leaves its reader alone.

use hyper::Method;
use mail_parser::MessageParser;
use pinwheel::domain::{ApplicationId, ChannelType, Fate, OptOut};
use pinwheel::sandbox::Record;
use pinwheel::sandbox::smtp::Smtp;
use serde_json::json;

use super::{BASE_URL, MAIL, Server, endpoints};
use crate::client::Serving;
use crate::support::{APPLICATION, World, endpoint, populate, run, set};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A server whose mails go to this one.
async fn start(smtp: &Smtp) -> Server {
    let world = World::new(pinwheel::sandbox::function::echo).await;
    let mut settings = world.settings();
    set(&mut settings, "channel.sink.types", vec!["SMS"]);
    set(&mut settings, "channel.email.port", i64::from(smtp.address().port()));
    set(&mut settings, "channel.email.from_address", "news@example.com");
    set(&mut settings, "feedback.base_url", BASE_URL);
    let app = world.app_of(settings);
    populate(&app, endpoints()).await;
    let serving = Serving::start(&app).await;
    Server { world, app, serving }
}

/// A header of the mail that was taken last.
fn header(smtp: &Smtp, name: &'static str) -> Option<String> {
    let mail = smtp.last_message();
    let mail = MessageParser::default().parse(&mail).unwrap();
    mail.header_raw(name).map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_opts_out() {
    let smtp = Smtp::start(Record::memory()).await.unwrap();
    let server = start(&smtp).await;
    assert_eq!(run(&server.app, json!({})).await.fates["mail"], Fate::Sent);
    assert_eq!(header(&smtp, "List-Unsubscribe-Post").unwrap(), "List-Unsubscribe=One-Click");
    let link = header(&smtp, "List-Unsubscribe").unwrap();
    let path = link.trim_matches(['<', '>']).strip_prefix(BASE_URL).unwrap();
    let reference = path.rsplit('/').next().unwrap();
    assert_eq!(header(&smtp, "X-Pinwheel-Reference").unwrap(), reference);

    let before = server.standing().await;
    let (status, page) = server.send(Method::GET, path, &[], "").await;
    assert_eq!(status, 200);
    assert!(page.contains(r#"<form method="post">"#) && page.contains("<button>Unsubscribe</button>"), "{page}");
    let mut forged = reference.to_owned();
    let at = forged.len() / 2;
    let other = if &forged[at..=at] == "A" { "B" } else { "A" };
    forged.replace_range(at..=at, other);
    for wrong in [forged.as_str(), &reference[1..], "x", ""] {
        let path = format!("/feedback/unsubscribe/{wrong}");
        assert_eq!(server.send(Method::POST, &path, &[FORM], "List-Unsubscribe=One-Click").await.0, 404, "{wrong}");
    }
    for body in ["", "List-Unsubscribe=Two-Clicks", "One-Click"] {
        assert_eq!(server.send(Method::POST, path, &[FORM], body).await.0, 400, "{body}");
    }
    let long = format!("List-Unsubscribe=One-Click&x={}", "x".repeat(4096));
    assert_eq!(server.send(Method::POST, path, &[FORM], long).await.0, 413);
    assert_eq!(server.send(Method::DELETE, path, &[], "").await.0, 405);
    assert_eq!(server.standing().await, before, "looking and guessing change nothing");

    for _ in 0..2 {
        let (status, page) = server.send(Method::POST, path, &[FORM], "List-Unsubscribe=One-Click").await;
        assert_eq!(status, 200);
        assert!(page.contains("You will get no more of these mails."), "{page}");
    }
    let standing = server.standing().await;
    assert_eq!((standing.of("mail"), standing.of("phone")), ((true, true), (true, false)));
    let (endpoint_id, event_type, attributes) = standing.event();
    assert_eq!((endpoint_id, event_type), ("mail", "_email.unsubscribe"));
    assert_eq!((&attributes["campaign_id"], &attributes["treatment_id"]), (&json!("c"), &json!("0")));
    assert_eq!(run(&server.app, json!({})).await.fates["mail"], Fate::OptOut);
    assert_eq!(smtp.messages(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_unsubscribes_is_left_alone_under_every_name() {
    let smtp = Smtp::start(Record::memory()).await.unwrap();
    let server = start(&smtp).await;
    run(&server.app, json!({})).await;
    let path = header(&smtp, "List-Unsubscribe").unwrap().trim_matches(['<', '>']).replace(BASE_URL, "");
    let click = async || server.send(Method::POST, &path, &[FORM], "List-Unsubscribe=One-Click").await;
    let endpoint_of =
        async |id: &str| server.serving.client.get(&format!("/v1/apps/{APPLICATION}/endpoints/{id}")).await.body(200);

    // It takes the address over, and the first one becomes inactive.
    server.add(endpoint("newer", ChannelType::Email, MAIL)).await;
    assert_eq!(server.standing().await.of("mail"), (false, false));
    assert_eq!(click().await.0, 200);
    assert_eq!(endpoint_of("newer").await["OptOut"], "ALL");
    assert_eq!(server.standing().await.of("mail"), (false, true));

    // The endpoint has another address by now, and is still the same person.
    server.add(endpoint("mail", ChannelType::Email, "ann@example.org")).await;
    let mut willing = endpoint("mail", ChannelType::Email, "ann@example.org");
    willing.update.opt_out = Some(OptOut::None);
    server.add(willing).await;
    assert_eq!(endpoint_of("mail").await["OptOut"], "NONE");
    assert_eq!(click().await.0, 200);
    assert_eq!(endpoint_of("mail").await["OptOut"], "ALL");

    server.app.store.delete_endpoints(&ApplicationId::new(APPLICATION), vec!["mail".into()]).await.unwrap();
    let (status, page) = click().await;
    assert_eq!(status, 404);
    assert!(page.contains("newer mail") && !page.contains("Unsubscribed"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_programs_may_send_a_form_in_parts() {
    let smtp = Smtp::start(Record::memory()).await.unwrap();
    let server = start(&smtp).await;
    run(&server.app, json!({})).await;
    let path = header(&smtp, "List-Unsubscribe").unwrap().trim_matches(['<', '>']).replace(BASE_URL, "");
    let form = |value: &str| {
        format!(
            "--b0undary\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\n{value}\r\n--b0undary--\r\n"
        )
    };
    let headers = [("content-type", "multipart/form-data; boundary=b0undary")];
    assert_eq!(server.send(Method::POST, &path, &headers, form("Two-Clicks")).await.0, 400);
    assert_eq!(server.send(Method::POST, &path, &headers, form("One-Click")).await.0, 200);
    assert_eq!(server.standing().await.of("mail"), (true, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn direct_messages_and_text_messages_have_no_link() {
    let smtp = Smtp::start(Record::memory()).await.unwrap();
    let server = start(&smtp).await;
    let request = json!({
        "Addresses": {"bob@example.net": {"ChannelType": "EMAIL"}}, "Endpoints": {"phone": {}},
        "MessageConfiguration": {"DefaultMessage": {"Body": "x"}},
    });
    let path = format!("/v1/apps/{APPLICATION}/messages");
    server.serving.client.post(&path, request).await.body(200);
    assert_eq!(header(&smtp, "List-Unsubscribe"), None);
    let of_mail = header(&smtp, "X-Pinwheel-Reference").unwrap();
    let of_text = server.world.sunk()[0]["reference"].as_str().unwrap().to_owned();
    for reference in [of_mail, of_text] {
        let path = format!("/feedback/unsubscribe/{reference}");
        let (status, page) = server.send(Method::POST, &path, &[FORM], "List-Unsubscribe=One-Click").await;
        assert_eq!(status, 404);
        assert!(page.contains("This link does not work"), "{page}");
    }
    assert_eq!(server.standing().await.events, []);
}
