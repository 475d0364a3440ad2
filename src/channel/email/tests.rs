//! The adapter against the sandbox's mail server.

use super::*;
use crate::channel::suite::{self, Behaviour, Provider};
use crate::clock;
use crate::sandbox::smtp::{PASSWORD, Smtp, USERNAME};
use crate::sandbox::{Entry, Record};

struct Sandbox {
    smtp: Smtp,
    email: Arc<Email>,
}

impl Sandbox {
    async fn start() -> Self {
        let smtp = Smtp::start(Record::memory()).await.unwrap();
        let email = Arc::new(adapter(&smtp, ""));
        Self { smtp, email }
    }
}

fn build(section: &str) -> Result<Email, Error> {
    Email::new(settings::read(NAME, section.parse().unwrap())?, Arc::new(clock::System::default()))
}

fn adapter(smtp: &Smtp, more: &str) -> Email {
    let port = smtp.address().port();
    build(&format!("from_address = 'news@example.com'\nport = {port}\n{more}")).unwrap()
}

fn email(address: &str) -> Message {
    let content = EmailContent { subject: "Hello".into(), text: Some("Hi".into()), ..EmailContent::default() };
    suite::message(ChannelType::Email, address, Content::Email(content))
}

async fn send(adapter: &Email, address: &str) -> Outcome {
    adapter.send(&[email(address)]).await.remove(0)
}

impl Provider for Sandbox {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn adapter(&self) -> Arc<dyn Adapter> {
        self.email.clone()
    }

    fn message(&self, behaviour: Behaviour) -> Option<Message> {
        Some(email(&match behaviour {
            Behaviour::Accept(n) => format!("ann-{n}@example.net"),
            Behaviour::Throttle => "throttle@example.net".into(),
            Behaviour::Gone => "gone@example.net".into(),
            Behaviour::Hang => "hang@example.net".into(),
            Behaviour::Drop => "drop@example.net".into(),
        }))
    }

    fn taken(&self) -> BoxFuture<'_, u64> {
        Box::pin(async { self.smtp.messages() })
    }

    fn refused_adapter(&self) -> Option<Arc<dyn Adapter>> {
        Some(Arc::new(adapter(&self.smtp, "username = 'me'\npassword = 'wrong'")))
    }

    fn hanging(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.smtp.hanging())
    }
}

#[tokio::test]
async fn it_passes_the_suite() {
    suite::run(&Sandbox::start().await).await;
}

#[tokio::test]
async fn each_reply_has_its_outcome() {
    let Sandbox { smtp, email } = Sandbox::start().await;
    assert!(matches!(send(&email, "policy@example.net").await, Outcome::PermanentFailure { .. }));
    assert!(matches!(send(&email, "reject-data@example.net").await, Outcome::PermanentFailure { .. }));
    assert!(matches!(send(&email, "busy@example.net").await, Outcome::TemporaryFailure { .. }));
    assert!(matches!(send(&email, "not an address").await, Outcome::PermanentFailure { .. }));
    let gone = send(&email, "gone@example.net").await;
    assert_eq!(gone.reason(), Some("recipient not taken: 550 5.1.1 no such mailbox"));
    assert_eq!(smtp.messages(), 0);

    let dropped = send(&email, "drop@example.net").await;
    assert!(matches!(dropped, Outcome::Unknown { .. }), "{dropped:?}");
    assert_eq!(smtp.messages(), 1);
}

#[tokio::test]
async fn attempts_at_one_message_carry_one_id() {
    let Sandbox { smtp, email } = Sandbox::start().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        match send(&email, "ann@example.net").await {
            Outcome::Successful { message_id: Some(id), .. } => ids.push(id),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(ids[0], ids[1]);
    let entry = Entry { address: "ann@example.net".into(), marker: Some(ids.remove(0)) };
    assert_eq!(smtp.record().entries(), [entry.clone(), entry]);
}

#[tokio::test]
async fn one_connection_carries_many_messages_also_after_refusals() {
    let Sandbox { smtp, email } = Sandbox::start().await;
    email.check().await.unwrap();
    for address in
        ["ann@example.net", "gone@example.net", "reject-data@example.net", "busy@example.net", "bob@example.net"]
    {
        send(&email, address).await;
    }
    assert_eq!((smtp.messages(), smtp.connections()), (2, 1));
}

#[tokio::test]
async fn a_connection_that_the_server_ends_is_replaced() {
    let Sandbox { smtp, email } = Sandbox::start().await;
    for address in ["last@example.net", "ann@example.net", "bob@example.net"] {
        let outcome = send(&email, address).await;
        assert!(matches!(outcome, Outcome::Successful { .. }), "{outcome:?}");
    }
    assert_eq!((smtp.messages(), smtp.connections()), (3, 2));
}

#[tokio::test]
async fn a_connection_that_was_idle_for_long_is_replaced() {
    let smtp = Smtp::start(Record::None).await.unwrap();
    let hands = Arc::new(clock::Held::default());
    let section = format!("from_address = 'news@example.com'\nport = {}", smtp.address().port());
    let email = Email::new(settings::read(NAME, section.parse().unwrap()).unwrap(), hands.clone()).unwrap();
    for (seconds, connections) in [(0, 1), (30, 1), (30, 1), (31, 2)] {
        hands.advance(Duration::from_secs(seconds));
        assert!(matches!(send(&email, "ann@example.net").await, Outcome::Successful { .. }));
        assert_eq!(smtp.connections(), connections, "{seconds} seconds later");
    }
}

#[tokio::test]
async fn nobody_listening_is_temporary() {
    let Sandbox { smtp, email } = Sandbox::start().await;
    assert!(matches!(send(&email, "ann@example.net").await, Outcome::Successful { .. }));
    drop(smtp);
    let outcome = send(&email, "ann@example.net").await;
    assert!(
        matches!(&outcome, Outcome::TemporaryFailure { reason, .. } if reason.starts_with("no connection: ")),
        "{outcome:?}"
    );
    email.check().await.expect_err("nobody is there");
}

#[tokio::test]
async fn a_server_that_never_greets_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let section = format!("from_address = 'a@b.example'\nport = {port}\nconnect_timeout = '0s'");
    let outcome = send(&build(&section).unwrap(), "ann@example.net").await;
    assert!(
        matches!(&outcome, Outcome::TemporaryFailure { reason, .. } if reason.contains("not within")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn credentials_are_used_and_tls_is_insisted_on() {
    let smtp = Smtp::start(Record::None).await.unwrap();
    let known = adapter(&smtp, &format!("username = '{USERNAME}'\npassword = '{PASSWORD}'"));
    assert!(matches!(send(&known, "ann@example.net").await, Outcome::Successful { .. }));
    let strict = adapter(&smtp, "tls = 'required'");
    assert!(matches!(send(&strict, "ann@example.net").await, Outcome::Misconfigured { .. }));
    let easy = adapter(&smtp, "tls = 'opportunistic'");
    assert!(matches!(send(&easy, "ann@example.net").await, Outcome::Successful { .. }));
}

#[test]
fn wrong_settings_are_named() {
    let problem = |section: &str| build(section).map(|_| ()).unwrap_err().to_string();
    assert!(problem("").contains("missing field `from_address`"));
    assert!(problem("from_address = 'x'").contains("`from_address` `x` is not a mail address"));
    let problem = |more: &str| problem(&format!("from_address = 'a@b.example'\n{more}"));
    assert!(problem("tls = 'maybe'").contains("`tls`"));
    assert!(problem("username = 'me'").contains("`password` is missing"));
    assert!(problem("password = 'x'").contains("`username` is missing"));
    assert!(problem("host = 'mail.example'\ntls = 'none'\nusername = 'me'\npassword = 'x'").contains("encrypted"));
    assert!(problem("ca_file = '/no/such/file'").contains("`ca_file` `/no/such/file`"));
    assert!(problem("headers = { Subject = 'x' }").contains("the header `Subject`"));
    assert!(problem("connect_timeout = '10'").contains("`connect_timeout`"));
}

#[test]
fn defaults_follow_the_host() {
    let of = |more: &str| {
        let section = format!("from_address = 'a@b.example'\n{more}");
        let settings = settings::read(NAME, section.parse().unwrap()).unwrap();
        let server = server(settings, Arc::new(clock::System::default())).unwrap();
        (server.host, server.port, server.tls)
    };
    assert_eq!(of(""), ("127.0.0.1".into(), 25, Tls::None));
    assert_eq!(of("host = 'mail.example'"), ("mail.example".into(), 25, Tls::Required));
    assert_eq!(of("host = 'mail.example'\nusername = 'a'\npassword = 'b'").1, 587);
    assert_eq!(of("host = 'mail.example'\ntls = 'wrapper'").1, 465);
}
