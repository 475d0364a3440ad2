//! A message centre on loopback, which speaks SMPP 3.4.
//!
//! A receiver's number that begins with one of these, after its `+`, steers the answer; any other is taken:
//!
//! | Prefix | Answer |
//! |---|---|
//! | `1555429` | ESME_RTHROTTLED |
//! | `1555611` | ESME_RMSGQFUL |
//! | `1555301` | ESME_RTHROTTLED for all parts of a long text but the first |
//! | `1555211` | ESME_RINVDSTADR |
//! | `1555401` | ESME_RINVSRCADR |
//! | `1555503` | ESME_RSYSERR |
//! | `1555700` | taken, and its receipt says UNDELIV |
//! | `1555200` | taken, and the message centre unbinds |
//! | `1555000` | taken, and the connection breaks without an answer |
//! | `1555999` | no answer, ever |
//!
//! Messages that ask for a receipt get one right after they are taken.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use rusmpp::command::CommandParts;
use rusmpp::pdus::{BindTransceiver, BindTransceiverResp, DeliverSm, SubmitSm, SubmitSmResp};
use rusmpp::tokio_codec::CommandCodec;
use rusmpp::types::{COctetString, OctetString};
use rusmpp::values::EsmClass;
use rusmpp::{Command, CommandId, CommandStatus, Pdu};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::codec::Framed;
use tokio_util::task::AbortOnDropHandle;

use super::Record;

/// Who may bind.
pub const SYSTEM_ID: &str = "sandbox";
pub const PASSWORD: &str = "secret";

/// The one sender that messages may not come from.
pub const REFUSED_SENDER: &str = "NOBODY";

/// A message that receivers send to us is marked by no class at all; a receipt by this one.
const RECEIPT: u8 = 0x04;

/// Where the header of a part has its number.
const PART_AT: usize = 5;

/// The message centre. It ends when this is dropped.
pub struct Smpp {
    address: SocketAddr,
    state: Arc<State>,
    /// The answers to what was delivered.
    answers: tokio::sync::Mutex<mpsc::UnboundedReceiver<CommandStatus>>,
    _accepting: AbortOnDropHandle<()>,
}

struct State {
    messages: AtomicU64,
    binds: watch::Sender<u64>,
    next_number: AtomicU32,
    record: Record,
    submits: Mutex<Vec<SubmitSm>>,
    /// Where the sessions that are bound take what is to be delivered.
    sessions: Mutex<Vec<mpsc::UnboundedSender<DeliverSm>>>,
    answers: mpsc::UnboundedSender<CommandStatus>,
    hanging: Notify,
}

impl Smpp {
    /// Starts a message centre on a free port.
    pub async fn start(tls: Option<Arc<rustls::ServerConfig>>, record: Record) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (answers, answered) = mpsc::unbounded_channel();
        let state = Arc::new(State {
            messages: AtomicU64::new(0),
            binds: watch::Sender::default(),
            next_number: AtomicU32::new(1),
            record,
            submits: Mutex::default(),
            sessions: Mutex::default(),
            answers,
            hanging: Notify::new(),
        });
        let accepting = tokio::spawn(accept(listener, tls.map(TlsAcceptor::from), state.clone()));
        let _accepting = AbortOnDropHandle::new(accepting);
        Ok(Self { address, state, answers: tokio::sync::Mutex::new(answered), _accepting })
    }

    /// For the adapter's `port`.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The section of settings that leads here.
    pub fn section(&self) -> String {
        let port = self.port();
        format!(
            "host = '127.0.0.1'\nport = {port}\nsystem_id = '{SYSTEM_ID}'\npassword = '{PASSWORD}'\nfrom = '+15550100001'\n"
        )
    }

    /// Messages taken; each part of a long text is one.
    pub fn messages(&self) -> u64 {
        self.state.messages.load(Ordering::Relaxed)
    }

    /// Sessions that were bound so far.
    pub fn binds(&self) -> u64 {
        *self.state.binds.borrow()
    }

    /// Ends when so many sessions were bound.
    pub async fn bound(&self, binds: u64) {
        let enough = |so_far: &u64| *so_far >= binds;
        self.state.binds.subscribe().wait_for(enough).await.expect("the state keeps the other end");
    }

    /// The addresses of the messages taken.
    pub fn record(&self) -> &Record {
        &self.state.record
    }

    /// The messages taken, oldest first; they are kept no longer.
    pub fn submits(&self) -> Vec<SubmitSm> {
        std::mem::take(&mut *self.state.submits.lock())
    }

    /// Delivers a message from a receiver, with an international number, to whoever is bound.
    pub fn deliver(&self, from: &str, text: &str) {
        self.state.deliver(delivery(0, from, text));
    }

    /// The next answer to something that was delivered.
    pub async fn answered(&self) -> CommandStatus {
        self.answers.lock().await.recv().await.expect("the state keeps the other end")
    }

    /// Ends when a message that hangs has arrived.
    pub async fn hanging(&self) {
        self.state.hanging.notified().await;
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(open(stream, tls.clone(), state.clone()));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn open(stream: TcpStream, tls: Option<TlsAcceptor>, state: Arc<State>) {
    let _ = stream.set_nodelay(true);
    match tls {
        None => serve(stream, &state).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                serve(stream, &state).await;
            }
        }
    }
}

/// Serves a connection until either side ends it.
async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, state: &State) {
    let mut framed = Framed::new(stream, CommandCodec::new());
    let (session, mut deliveries) = mpsc::unbounded_channel();
    let mut is_bound = false;
    loop {
        let commands = tokio::select! {
            Some(deliver) = deliveries.recv() => vec![state.request(deliver)],
            received = framed.next() => match received {
                Some(Ok(command)) => match state.answer(&command, &mut is_bound, &session) {
                    Some(commands) => commands,
                    None => return,
                },
                // A connection that ends badly is the client's affair.
                Some(Err(_)) | None => return,
            },
        };
        for command in commands {
            if framed.send(command).await.is_err() {
                return;
            }
        }
    }
}

impl State {
    /// What to send for a command; `None` breaks the connection.
    fn answer(
        &self,
        command: &Command,
        is_bound: &mut bool,
        session: &mpsc::UnboundedSender<DeliverSm>,
    ) -> Option<Vec<Command>> {
        let number = command.sequence_number();
        let answer = |status, pdu: Pdu| vec![Command::new(status, number, pdu)];
        Some(match (command.id(), command.pdu()) {
            (_, Some(Pdu::BindTransceiver(bind))) => {
                let status = may_bind(bind);
                if status == CommandStatus::EsmeRok {
                    *is_bound = true;
                    self.sessions.lock().push(session.clone());
                    self.binds.send_modify(|binds| *binds += 1);
                }
                answer(status, BindTransceiverResp::default().into())
            }
            (_, Some(Pdu::SubmitSm(_))) if !*is_bound => vec![refusal(CommandStatus::EsmeRinvbndsts, number)],
            (_, Some(Pdu::SubmitSm(submit))) => return self.submit(submit, number),
            (CommandId::EnquireLink, _) => answer(CommandStatus::EsmeRok, Pdu::EnquireLinkResp),
            (CommandId::DeliverSmResp, _) => {
                let _ = self.answers.send(command.status());
                Vec::new()
            }
            // It answered our unbind, and waits for the end of the connection.
            (CommandId::UnbindResp, _) => return None,
            (id, _) if id.is_response() => Vec::new(),
            _ => answer(CommandStatus::EsmeRinvcmdid, Pdu::GenericNack),
        })
    }

    fn submit(&self, submit: &SubmitSm, number: u32) -> Option<Vec<Command>> {
        let to = submit.destination_addr.as_str();
        let steering = to.get(..7).unwrap_or(to);
        let refused = match steering {
            "1555429" => Some(CommandStatus::EsmeRthrottled),
            "1555301" if submit.short_message().get(PART_AT).is_some_and(|part| *part > 1) => {
                Some(CommandStatus::EsmeRthrottled)
            }
            "1555611" => Some(CommandStatus::EsmeRmsgqful),
            "1555211" => Some(CommandStatus::EsmeRinvdstadr),
            "1555401" => Some(CommandStatus::EsmeRinvsrcadr),
            "1555503" => Some(CommandStatus::EsmeRsyserr),
            _ if submit.source_addr.as_str() == REFUSED_SENDER => Some(CommandStatus::EsmeRinvsrcadr),
            _ => None,
        };
        if let Some(status) = refused {
            return Some(vec![refusal(status, number)]);
        }
        if steering == "1555999" {
            self.hanging.notify_one();
            return Some(Vec::new());
        }
        let id = format!("m-{}", self.messages.fetch_add(1, Ordering::Relaxed));
        self.record.add(&format!("+{to}"), None);
        self.submits.lock().push(submit.clone());
        if steering == "1555000" {
            return None;
        }
        let message_id = COctetString::from_str(&id).expect("a short id");
        let taken = SubmitSmResp::builder().message_id(message_id).build();
        let mut commands = vec![Command::new(CommandStatus::EsmeRok, number, taken)];
        if u8::from(submit.registered_delivery) & 1 == 1 {
            let state = if steering == "1555700" { "UNDELIV" } else { "DELIVRD" };
            let text = format!("id:{id} sub:001 dlvrd:001 stat:{state} err:000 text:");
            commands.push(self.request(delivery(RECEIPT, to, &text)));
        }
        if steering == "1555200" {
            commands.push(self.request(Pdu::Unbind));
        }
        Some(commands)
    }

    fn deliver(&self, deliver: DeliverSm) {
        self.sessions.lock().retain(|session| session.send(deliver.clone()).is_ok());
    }

    /// A command of our own.
    fn request(&self, pdu: impl Into<Pdu>) -> Command {
        Command::new(CommandStatus::EsmeRok, self.next_number.fetch_add(1, Ordering::Relaxed), pdu)
    }
}

fn may_bind(bind: &BindTransceiver) -> CommandStatus {
    if bind.system_id.as_str() != SYSTEM_ID {
        CommandStatus::EsmeRinvsysid
    } else if bind.password.as_str() != PASSWORD {
        CommandStatus::EsmeRinvpaswd
    } else {
        CommandStatus::EsmeRok
    }
}

/// A refusal has no body. Source: SMPP 3.4, section 4.4.2.
fn refusal(status: CommandStatus, number: u32) -> Command {
    Command::from_parts(CommandParts::new(CommandId::SubmitSmResp, status, number, None))
}

fn delivery(esm_class: u8, from: &str, text: &str) -> DeliverSm {
    DeliverSm::builder()
        .source_addr_ton(rusmpp::values::Ton::International)
        .source_addr(COctetString::from_str(from).expect("a number"))
        .esm_class(EsmClass::from(esm_class))
        .short_message(OctetString::from_slice(text.as_bytes()).expect("a short text"))
        .build()
}
