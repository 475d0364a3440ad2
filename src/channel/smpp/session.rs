//! The session with a message centre: opened when it is needed, shared by all messages, and opened again after it is lost.

use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use rusmpp::pdus::{BindTransceiver, DeliverSm, DeliverSmResp, SubmitSm};
use rusmpp::types::COctetString;
use rusmpp::values::InterfaceVersion;
use rusmpp::{Command, CommandId, CommandStatus, Pdu};
use rusmppc::error::Error;
use rusmppc::{Client, ConnectionBuilder, Event};
use rustls_pki_types::ServerName;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;
use tokio_util::task::AbortOnDropHandle;

use super::{incoming, status};
use crate::channel::{Outcome, Reports, reason};
use crate::clock::{self, Clock};
use crate::domain;

/// Octets of what a message centre may send at once: a message with the largest payload there is.
const COMMAND_OCTETS_MAX: usize = 128 * 1024;

/// How often a listening session is looked at, and the first pause before it is bound again.
const LOOK: Duration = Duration::from_millis(250);
/// The longest pause.
const REBIND_PAUSE_MAX: Duration = Duration::from_secs(60);

/// A message centre, and how to bind to it.
pub struct Centre {
    pub host: String,
    pub port: u16,
    /// The name that its certificate has, and whom we trust.
    pub tls: Option<(ServerName<'static>, Arc<rustls::ClientConfig>)>,
    pub bind: BindTransceiver,
    pub enquire_link: Duration,
    pub connect_timeout: Duration,
}

/// Who we are, as a bind says it: one session sends and receives.
///
/// Errors: name the setting, and never show the password.
pub fn bind(system_id: &str, password: Option<&SecretString>, system_type: &str) -> Result<BindTransceiver, String> {
    let rule = |field: &str, chars: usize| format!("`{field}` must have at most {chars} characters of ASCII");
    let password = password.map_or("", |password| password.expose_secret());
    Ok(BindTransceiver::builder()
        .system_id(COctetString::from_str(system_id).map_err(|_| rule("system_id", 15))?)
        .password(COctetString::from_str(password).map_err(|_| rule("password", 8))?)
        .system_type(COctetString::from_str(system_type).map_err(|_| rule("system_type", 12))?)
        .interface_version(InterfaceVersion::Smpp3_4)
        .build())
}

type Socket = Either<TcpStream, TlsStream<TcpStream>>;

impl Centre {
    /// Errors: what becomes of the messages that wait for the session; none was sent.
    async fn open(&self, reports: Option<Reports>) -> Result<Bound, Outcome> {
        let socket = self.connect().await.map_err(|error| unconnected(&error))?;
        let (client, events) = ConnectionBuilder::new()
            .max_command_length(COMMAND_OCTETS_MAX)
            .enquire_link_interval(self.enquire_link)
            // Time is the campaign's to measure.
            .no_response_timeout()
            .disable_interface_version_check()
            .connected(socket);
        match client.bind_transceiver(self.bind.clone()).await {
            Ok(_) => {}
            // A body is not needed to know that we are bound.
            Err(Error::UnexpectedResponse { response }) if is_answer(&response, CommandId::BindTransceiverResp) => {}
            Err(Error::UnexpectedResponse { response }) => return Err(status::of_bind(response.status())),
            Err(error) => return Err(unavailable(format!("no session: {error}"))),
        }
        let _listening = AbortOnDropHandle::new(tokio::spawn(listen(client.clone(), events, reports)));
        Ok(Bound { client, is_lost: AtomicBool::new(false), _listening })
    }

    async fn connect(&self) -> io::Result<Socket> {
        let socket = TcpStream::connect((self.host.as_str(), self.port)).await?;
        socket.set_nodelay(true)?;
        let Some(tls) = &self.tls else { return Ok(Either::Left(socket)) };
        let (name, tls) = tls.clone();
        Ok(Either::Right(TlsConnector::from(tls).connect(name, socket).await?))
    }
}

fn unconnected(error: &io::Error) -> Outcome {
    let reason = reason::tidy(&format!("no connection: {error}"));
    // A certificate that is not trusted, or no TLS there.
    if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) {
        return Outcome::Misconfigured { reason };
    }
    unavailable(reason)
}

fn unavailable(reason: String) -> Outcome {
    Outcome::TemporaryFailure { reason: reason::tidy(&reason), retry_after: None }
}

fn is_answer(response: &Command, id: CommandId) -> bool {
    response.id() == id && response.status() == CommandStatus::EsmeRok
}

/// The way to a message centre.
pub struct Link {
    centre: Centre,
    clock: Arc<dyn Clock>,
    reports: Option<Reports>,
    /// Held while a session is opened: the others wait for it instead of opening their own.
    current: tokio::sync::Mutex<Option<Arc<Bound>>>,
}

/// A session. It ends when this is dropped.
pub struct Bound {
    client: Client,
    is_lost: AtomicBool,
    _listening: AbortOnDropHandle<()>,
}

impl Link {
    pub fn new(centre: Centre, clock: Arc<dyn Clock>, reports: Option<Reports>) -> Self {
        Self { centre, clock, reports, current: tokio::sync::Mutex::default() }
    }

    /// Whether somebody wants to know what comes in.
    pub fn hears(&self) -> bool {
        self.reports.is_some()
    }

    /// The session, or a new one if there is none or it was lost.
    ///
    /// Errors: what becomes of a message that needs it; nothing was sent.
    pub async fn bound(&self) -> Result<Arc<Bound>, Outcome> {
        let limit = self.centre.connect_timeout;
        let waiting = clock::timeout(&*self.clock, limit, self.current.lock());
        let mut current = waiting.await.ok_or_else(|| unavailable(format!("no session within {limit:?}")))?;
        if let Some(bound) = current.as_ref().filter(|bound| bound.is_usable()) {
            return Ok(bound.clone());
        }
        // The message centre may allow only one: what is left of the old session ends first.
        *current = None;
        let opening = clock::timeout(&*self.clock, limit, self.centre.open(self.reports.clone()));
        let opened = opening.await.unwrap_or_else(|| Err(unavailable(format!("no session within {limit:?}"))));
        let bound = Arc::new(opened?);
        *current = Some(bound.clone());
        Ok(bound)
    }

    /// Binds, and binds again after each loss: receipts and opt-outs come in whether or not anything is sent.
    pub async fn stay_bound(&self) {
        let mut failures = 0_u32;
        loop {
            match self.bound().await {
                Ok(bound) => {
                    failures = 0;
                    // Not held, since the session ends with its last holder.
                    let bound = Arc::downgrade(&bound);
                    while bound.upgrade().is_some_and(|bound| bound.is_usable()) {
                        self.clock.sleep(LOOK).await;
                    }
                }
                Err(refusal) => {
                    failures = failures.saturating_add(1);
                    if failures.is_power_of_two() {
                        let reason = refusal.reason().unwrap_or_default();
                        tracing::warn!(channel = "smpp", failures, reason, "there is no session to hear reports over");
                    }
                    self.clock.sleep(domain::pause(failures, LOOK, REBIND_PAUSE_MAX, fastrand::f64())).await;
                }
            }
        }
    }

    /// Hands a message to the message centre and waits for its answer. `names_sender`: the message brought its own.
    pub async fn submit(&self, submit: SubmitSm, names_sender: bool) -> Outcome {
        let bound = match self.bound().await {
            Ok(bound) => bound,
            Err(outcome) => return outcome,
        };
        match bound.client.submit_sm(submit).await {
            Ok(response) => {
                let id = response.message_id().to_string();
                Outcome::successful((!id.is_empty()).then_some(id))
            }
            // Taken, and without a body that could have an id.
            Err(Error::UnexpectedResponse { response }) if is_answer(&response, CommandId::SubmitSmResp) => {
                Outcome::successful(None)
            }
            Err(Error::UnexpectedResponse { response }) if response.status() != CommandStatus::EsmeRok => {
                if response.status() == CommandStatus::EsmeRinvbndsts {
                    bound.is_lost.store(true, Ordering::Relaxed);
                }
                status::of_submit(response.status(), names_sender)
            }
            // The session ended somewhere between the message's first octet and its answer.
            Err(error) => {
                bound.is_lost.store(true, Ordering::Relaxed);
                let reason = match error {
                    Error::UnexpectedResponse { response } => {
                        format!("the message centre answered with {:?}", response.id())
                    }
                    error => format!("the session was lost before an answer: {error}"),
                };
                Outcome::Unknown { reason: reason::tidy(&reason) }
            }
        }
    }
}

impl Bound {
    fn is_usable(&self) -> bool {
        !self.is_lost.load(Ordering::Relaxed) && self.client.is_active()
    }

    /// Ends with the session.
    #[cfg(test)]
    pub async fn ended(&self) {
        self.client.closed().await;
    }
}

/// Answers what the message centre sends by itself, until the session ends.
async fn listen(client: Client, mut events: impl Stream<Item = Event> + Unpin, reports: Option<Reports>) {
    while let Some(event) = events.next().await {
        // Errors end the session, and whoever sends next finds out.
        let Event::Incoming(command) = event else { continue };
        let number = command.sequence_number();
        let answered = match (command.id(), command.pdu()) {
            (_, Some(Pdu::DeliverSm(deliver))) => {
                let status = hand_over(deliver, reports.as_ref());
                client.status(status).deliver_sm_resp(number, DeliverSmResp::default()).await
            }
            (CommandId::Unbind, _) => {
                let _ = client.unbind_resp(number).await;
                client.close().await
            }
            // They have no answer.
            (CommandId::AlertNotification | CommandId::Outbind, _) => Ok(()),
            // An answer to a message that was given up meanwhile.
            (id, _) if id.is_response() => Ok(()),
            _ => client.status(CommandStatus::EsmeRinvcmdid).generic_nack(number).await,
        };
        if answered.is_err() {
            return;
        }
    }
}

/// Hands a report on without waiting; the status to answer with.
fn hand_over(deliver: &DeliverSm, reports: Option<&Reports>) -> CommandStatus {
    let Some(reports) = reports else { return CommandStatus::EsmeRok };
    let Some(report) = incoming::read(deliver, &reports.stop_words) else { return CommandStatus::EsmeRok };
    match reports.sender.try_send(report) {
        // Nobody listens any more: there is no sense in delivering it again.
        Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => CommandStatus::EsmeRok,
        // A temporary error of ours: the message centre delivers it again later.
        Err(mpsc::error::TrySendError::Full(_)) => CommandStatus::EsmeRxTAppn,
    }
}
