//! The adapter against the sandbox's message centre.

use rusmpp::CommandStatus;
use rusmpp::pdus::SubmitSm;

use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::*;
use crate::channel::suite::{self, Behaviour, Provider};
use crate::channel::{Report, ReportKind, StopWords};
use crate::clock;
use crate::sandbox;
use crate::sandbox::Record;
use crate::sandbox::smpp::{PASSWORD, REFUSED_SENDER, SYSTEM_ID};

struct Sandbox {
    centre: sandbox::smpp::Smpp,
    smpp: Arc<Smpp>,
}

impl Sandbox {
    async fn start() -> Self {
        Self::with("", None).await
    }

    async fn with(more: &str, reports: Option<Reports>) -> Self {
        let centre = sandbox::smpp::Smpp::start(None, Record::memory()).await.unwrap();
        let smpp = Arc::new(adapter(&centre, PASSWORD, more, reports));
        Self { centre, smpp }
    }
}

fn reports_to(sender: mpsc::Sender<Report>) -> Option<Reports> {
    Some(Reports { sender, stop_words: Arc::new(StopWords::new(&["STOP".to_owned(), "Unsubscribe".to_owned()])) })
}

fn build(section: &str, reports: Option<Reports>) -> Result<Smpp, Error> {
    let settings = settings::read(NAME, section.parse().unwrap())?;
    Smpp::new(settings, Arc::new(clock::System::default()), reports)
}

fn adapter(centre: &sandbox::smpp::Smpp, password: &str, more: &str, reports: Option<Reports>) -> Smpp {
    let port = centre.port();
    let section = format!("port = {port}\nsystem_id = '{SYSTEM_ID}'\npassword = '{password}'\nfrom = 'ACME'\n{more}");
    build(&section, reports).unwrap()
}

fn sms(number: &str, body: &str) -> Message {
    let content = SmsContent { body: body.into(), ..SmsContent::default() };
    suite::message(ChannelType::Sms, number, Content::Sms(content))
}

async fn send(smpp: &Smpp, number: &str) -> Outcome {
    smpp.send(&[sms(number, "Hello")]).await.remove(0)
}

impl Provider for Sandbox {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn adapter(&self) -> Arc<dyn Adapter> {
        self.smpp.clone()
    }

    fn message(&self, behaviour: Behaviour) -> Option<Message> {
        let number = match behaviour {
            Behaviour::Accept(n) => format!("+44770090{n:04}"),
            Behaviour::Throttle => "+15554290000".into(),
            // What SMPP says of dead numbers it says of others, too.
            Behaviour::Gone => return None,
            Behaviour::Hang => "+15559990000".into(),
            Behaviour::Drop => "+15550000000".into(),
        };
        Some(sms(&number, "Hello"))
    }

    fn taken(&self) -> BoxFuture<'_, u64> {
        Box::pin(async { self.centre.messages() })
    }

    fn refused_adapter(&self) -> Option<Arc<dyn Adapter>> {
        Some(Arc::new(adapter(&self.centre, "wrong", "", None)))
    }

    fn hanging(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.centre.hanging())
    }
}

#[tokio::test]
async fn it_passes_the_suite() {
    suite::run(&Sandbox::start().await).await;
}

#[tokio::test]
async fn each_answer_has_its_outcome() {
    let Sandbox { centre, smpp } = Sandbox::start().await;
    assert!(matches!(send(&smpp, "+15556110000").await, Outcome::Throttled { .. }));
    assert!(matches!(send(&smpp, "+15552110000").await, Outcome::PermanentFailure { .. }));
    assert!(matches!(send(&smpp, "+15554010000").await, Outcome::Misconfigured { .. }));
    assert!(matches!(send(&smpp, "+15555030000").await, Outcome::TemporaryFailure { .. }));
    assert_eq!(centre.messages(), 0);
    assert_eq!(send(&smpp, "+447700900000").await, Outcome::successful(Some("m-0".into())));
    // All over one session, refusals or not.
    assert_eq!(centre.binds(), 1);
    let lost = send(&smpp, "+15550000000").await;
    assert!(matches!(lost, Outcome::Unknown { .. }), "{lost:?}");
    assert_eq!(send(&smpp, "+447700900000").await, Outcome::successful(Some("m-2".into())));
    assert_eq!(centre.binds(), 2);
}

#[tokio::test]
async fn many_messages_share_one_session() {
    let Sandbox { centre, smpp } = Sandbox::start().await;
    let messages: Vec<_> = (0..50).map(|n| [sms(&format!("+44770090{n:04}"), "Hello")]).collect();
    let sent = futures_util::future::join_all(messages.iter().map(|batch| smpp.send(batch))).await;
    assert!(sent.iter().flatten().all(|outcome| matches!(outcome, Outcome::Successful { .. })), "{sent:?}");
    assert_eq!((centre.messages(), centre.binds()), (50, 1));
}

/// What tells how a message was written.
fn header(submit: &SubmitSm) -> (String, u8, u8, String, u8, u8, u8, u8) {
    (
        submit.source_addr.to_string(),
        submit.source_addr_ton.into(),
        submit.source_addr_npi.into(),
        submit.destination_addr.to_string(),
        submit.dest_addr_ton.into(),
        submit.esm_class.into(),
        submit.registered_delivery.into(),
        submit.data_coding.into(),
    )
}

#[tokio::test]
async fn a_message_is_written_as_the_settings_say() {
    let Sandbox { centre, smpp } = Sandbox::start().await;
    send(&smpp, "+447700900000").await;
    let [submit] = centre.submits().try_into().unwrap();
    assert_eq!(header(&submit), ("ACME".into(), 5, 0, "447700900000".into(), 1, 0, 1, 0));
    assert_eq!(submit.short_message().as_ref(), b"Hello");

    let Sandbox { centre, smpp } = Sandbox::with("registered_delivery = false\nfrom_ton = 6\nfrom_npi = 9", None).await;
    smpp.send(&[sms("07700900000", "ж")]).await;
    let content = SmsContent {
        body: "Hi".into(),
        sender_id: Some("OTHER".into()),
        origination_number: Some("+15550100001".into()),
        ..SmsContent::default()
    };
    smpp.send(&[suite::message(ChannelType::Sms, "+447700900000", Content::Sms(content))]).await;
    let [set, own] = centre.submits().try_into().unwrap();
    assert_eq!(header(&set), ("ACME".into(), 6, 9, "07700900000".into(), 0, 0, 0, 8));
    assert_eq!(header(&own), ("15550100001".into(), 1, 1, "447700900000".into(), 1, 0, 0, 0));
}

#[tokio::test]
async fn a_long_text_goes_in_parts_and_by_the_id_of_the_last() {
    let Sandbox { centre, smpp } = Sandbox::start().await;
    let outcome = smpp.send(&[sms("+447700900000", &"a".repeat(400))]).await.remove(0);
    assert_eq!(outcome, Outcome::successful(Some("m-2".into())));
    let submits = centre.submits();
    let shapes: Vec<(u8, u8, usize)> = submits
        .iter()
        .map(|submit| {
            let octets = submit.short_message().as_ref();
            (submit.esm_class.into(), submit.registered_delivery.into(), octets.len())
        })
        .collect();
    assert_eq!(shapes, [(0x40, 0, 159), (0x40, 0, 159), (0x40, 1, 100)]);

    let Sandbox { centre, smpp } = Sandbox::with("long_texts = 'payload'", None).await;
    smpp.send(&[sms("+447700900000", &"a".repeat(400))]).await;
    let [submit] = centre.submits().try_into().unwrap();
    assert_eq!((submit.short_message().len(), submit.tlvs().len()), (0, 1));
}

#[tokio::test]
async fn the_first_part_decides_whether_a_text_can_be_tried_again() {
    let Sandbox { centre, smpp } = Sandbox::start().await;
    let long = "a".repeat(400);
    let refused = smpp.send(&[sms("+15554290000", &long)]).await.remove(0);
    assert!(matches!(refused, Outcome::Throttled { .. }), "{refused:?}");
    assert_eq!(centre.messages(), 0);
    let begun = smpp.send(&[sms("+15553010000", &long)]).await.remove(0);
    let reason = "1 of 3 parts were taken, then: the message centre refused the message: ESME_RTHROTTLED (0x00000058)";
    assert_eq!(begun, Outcome::Unknown { reason: reason.into() });
    assert_eq!(centre.messages(), 1);
}

#[tokio::test]
async fn receipts_and_opt_outs_are_handed_on() {
    let (reports, mut reported) = mpsc::channel(10);
    let Sandbox { centre, smpp } = Sandbox::with("", reports_to(reports)).await;
    for (number, kind) in [("+447700900000", ReportKind::Delivered), ("+15557000000", ReportKind::Failed)] {
        let Outcome::Successful { message_id, .. } = send(&smpp, number).await else { panic!("{number}") };
        let report = reported.recv().await.unwrap();
        assert_eq!((report.kind, report.address.as_deref()), (kind, Some(number)));
        assert_eq!(report.message_id, message_id);
        assert_eq!(centre.answered().await, CommandStatus::EsmeRok);
    }
    // What is no stop word is answered, and goes no further.
    for text in ["hello", "Stop"] {
        centre.deliver("447700900001", text);
        assert_eq!(centre.answered().await, CommandStatus::EsmeRok);
    }
    let report = reported.recv().await.unwrap();
    assert_eq!((report.kind, report.address.as_deref()), (ReportKind::OptOut, Some("+447700900001")));
    assert!(reported.try_recv().is_err());
}

#[tokio::test]
async fn a_report_without_room_is_delivered_again_later() {
    let (reports, mut reported) = mpsc::channel(1);
    let Sandbox { centre, smpp } = Sandbox::with("registered_delivery = false", reports_to(reports)).await;
    smpp.check().await.unwrap();
    for expected in [CommandStatus::EsmeRok, CommandStatus::EsmeRxTAppn] {
        centre.deliver("447700900001", "STOP");
        assert_eq!(centre.answered().await, expected);
    }
    reported.recv().await.unwrap();
    centre.deliver("447700900001", "STOP");
    assert_eq!(centre.answered().await, CommandStatus::EsmeRok);
    drop(reported);
    centre.deliver("447700900001", "STOP");
    assert_eq!(centre.answered().await, CommandStatus::EsmeRok);
    assert!(matches!(send(&smpp, "+447700900000").await, Outcome::Successful { .. }));
}

#[tokio::test]
async fn a_message_centre_that_unbinds_is_bound_again() {
    let Sandbox { centre, smpp } = Sandbox::start().await;
    let bound = smpp.link.bound().await.unwrap();
    assert!(matches!(send(&smpp, "+15552000000").await, Outcome::Successful { .. }));
    bound.ended().await;
    assert!(matches!(send(&smpp, "+447700900000").await, Outcome::Successful { .. }));
    assert_eq!((centre.messages(), centre.binds()), (2, 2));
}

#[tokio::test]
async fn who_listens_stays_bound() {
    let (reports, mut reported) = mpsc::channel(8);
    let Sandbox { centre, smpp } = Sandbox::with("registered_delivery = false", reports_to(reports)).await;
    let listening = smpp.clone();
    let _listening = AbortOnDropHandle::new(tokio::spawn(async move { listening.listen().expect("it hears").await }));
    // Before anything was sent, and after the message centre has unbound.
    for binds in [1, 2] {
        centre.bound(binds).await;
        centre.deliver("447700900001", "STOP");
        assert_eq!(reported.recv().await.unwrap().kind, ReportKind::OptOut);
        assert!(matches!(send(&smpp, "+15552000000").await, Outcome::Successful { .. }));
    }
    let Sandbox { smpp, .. } = Sandbox::start().await;
    assert!(smpp.listen().is_none(), "nobody wants reports");
}

#[tokio::test]
async fn nobody_listening_is_temporary() {
    let Sandbox { centre, smpp } = Sandbox::start().await;
    drop(centre);
    let outcome = send(&smpp, "+447700900000").await;
    assert!(
        matches!(&outcome, Outcome::TemporaryFailure { reason, .. } if reason.starts_with("no connection: ")),
        "{outcome:?}"
    );
    smpp.check().await.expect_err("nobody is there");
}

#[tokio::test]
async fn a_message_centre_that_never_answers_a_bind_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let section = format!("port = {port}\nsystem_id = 'me'\nfrom = 'ACME'\nconnect_timeout = '0s'");
    let outcome = send(&build(&section, None).unwrap(), "+447700900000").await;
    assert!(
        matches!(&outcome, Outcome::TemporaryFailure { reason, .. } if reason.starts_with("no session within")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn tls_is_spoken_with_whom_we_trust() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls_pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let tls = rustls::ServerConfig::builder().with_no_client_auth();
    let tls = tls.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let centre = sandbox::smpp::Smpp::start(Some(Arc::new(tls)), Record::None).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let ca_file = directory.path().join("ca.pem");
    std::fs::write(&ca_file, made.cert.pem()).unwrap();

    let trusting = format!("host = 'localhost'\ntls = true\nca_file = {ca_file:?}");
    let trusting = adapter(&centre, PASSWORD, &trusting, None);
    assert!(matches!(send(&trusting, "+447700900000").await, Outcome::Successful { .. }));
    let strict = adapter(&centre, PASSWORD, "host = 'localhost'\ntls = true", None);
    let outcome = send(&strict, "+447700900000").await;
    assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_message_may_have_the_wrong_sender() {
    let Sandbox { centre: _centre, smpp } = Sandbox::start().await;
    for sender_id in [REFUSED_SENDER, "a very long name"] {
        let content = SmsContent { body: "Hi".into(), sender_id: Some(sender_id.into()), ..SmsContent::default() };
        let message = suite::message(ChannelType::Sms, "+447700900000", Content::Sms(content));
        let outcome = smpp.send(&[message]).await.remove(0);
        // It says nothing of the settings.
        assert!(matches!(outcome, Outcome::PermanentFailure { .. }), "{outcome:?}");
    }
}

#[test]
fn wrong_settings_are_named() {
    let problem = |section: &str| build(section, None).map(|_| ()).unwrap_err().to_string();
    assert!(problem("from = 'ACME'").contains("missing field `system_id`"));
    assert!(problem("system_id = 'me'").contains("missing field `from`"));
    let problem = |more: &str| problem(&format!("system_id = 'me'\n{more}"));
    assert!(problem("from = 'twelve chars'").contains("`from` `twelve chars` is a name of more than 11"));
    let problem = |more: &str| problem(&format!("from = 'ACME'\n{more}"));
    let long = problem("password = 'hunter2hunter2'");
    assert!(long.contains("`password` must have at most 8") && !long.contains("hunter2"), "{long}");
    assert!(problem("system_type = 'more than twelve'").contains("`system_type`"));
    assert!(problem("long_texts = 'cut'").contains("`long_texts`"));
    assert!(problem("ca_file = 'x'").contains("`ca_file` is of no use without `tls`"));
    assert!(problem("tls = true\nca_file = '/no/such/file'").contains("`ca_file` `/no/such/file`"));
    assert!(problem("enquire_link = '30'").contains("`enquire_link`"));
}
