//! Connections to the mail server: opened when needed, reused, and driven command by command.
//!
//! lettre's own transport has a pool too, but tells neither which command failed nor whether the content had gone out
//! when a connection broke, and what became of a message depends on both. So this uses lettre's connections.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io, iter};

use jiff::Timestamp;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use parking_lot::Mutex;
use tokio::net::TcpStream;

use super::Tls;
use super::reply::{self, Stage};
use crate::channel::{Outcome, reason};
use crate::clock::{self, Clock};

/// A mail server and how to talk to it.
pub struct Server {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub tls_parameters: TlsParameters,
    pub hello_name: ClientId,
    pub credentials: Option<Credentials>,
    pub connect_timeout: Duration,
    pub clock: Arc<dyn Clock>,
}

impl Server {
    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let connecting = clock::timeout(&*self.clock, self.connect_timeout, self.open());
        connecting.await.unwrap_or(Err(Failure { stage: Stage::Connect, cause: Cause::Slow(self.connect_timeout) }))
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, Failure> {
        let address = (self.host.as_str(), self.port);
        // `connect` limits the time of all of it.
        let opened = if self.tls == Tls::Wrapper {
            let parameters = Some(self.tls_parameters.clone());
            AsyncSmtpConnection::connect_tokio1(address, None, &self.hello_name, parameters, None).await
        } else {
            // lettre writes a message and its final dot apart and leaves Nagle's algorithm on: 40 ms for each message.
            let socket = TcpStream::connect(address).await.at(Stage::Connect)?;
            socket.set_nodelay(true).at(Stage::Connect)?;
            AsyncSmtpConnection::connect_with_transport(Box::new(socket), &self.hello_name).await
        };
        let mut connection = opened.at(Stage::Connect)?;
        let upgrade = match self.tls {
            Tls::Required => true,
            Tls::Opportunistic => connection.can_starttls(),
            Tls::Wrapper | Tls::None => false,
        };
        if upgrade {
            connection.starttls(self.tls_parameters.clone(), &self.hello_name).await.at(Stage::StartTls)?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await.at(Stage::LogIn)?;
        }
        Ok(connection)
    }
}

/// How long a connection may wait for the next message: less than servers and networks give it, so that it is not found
/// dead by a message that then waits for an answer in vain.
const IDLE_MAX: Duration = Duration::from_secs(30);

/// Connections to one server. There are as many as messages on their way at once.
pub struct Pool {
    server: Server,
    /// Idle ones with the time when they became idle, the longest idle first.
    idle: Mutex<Vec<(Timestamp, AsyncSmtpConnection)>>,
}

impl Pool {
    pub fn new(server: Server) -> Self {
        Self { server, idle: Mutex::default() }
    }

    /// Opens a connection, to see whether it can be.
    pub async fn check(&self) -> Result<(), Failure> {
        let connection = self.server.connect().await?;
        self.put(connection);
        Ok(())
    }

    /// Hands a message to the server. Cancelled, it leaves the pool as it was, without the connection it used.
    pub async fn deliver(&self, envelope: Envelope, message: &[u8]) -> Result<(), Failure> {
        let (mut connection, greeted) = self.begin(&envelope).await?;
        let delivered = match greeted {
            Ok(()) => converse(&mut connection, &envelope, message).await,
            Err(failure) => Err(failure),
        };
        // After a refusal the connection is as good as before, once the transaction is forgotten.
        let usable = match &delivered {
            Ok(()) => true,
            Err(failure) if failure.ends_connection() => false,
            Err(_) => connection.command(Rset).await.is_ok(),
        };
        if usable {
            self.put(connection);
        }
        delivered
    }

    /// Opens a transaction, on an idle connection if there is one.
    async fn begin(&self, envelope: &Envelope) -> Result<(AsyncSmtpConnection, Result<(), Failure>), Failure> {
        if let Some(mut connection) = self.take() {
            let greeted = greet(&mut connection, envelope).await;
            // Servers end connections that have carried enough: then it takes a new one.
            if !matches!(&greeted, Err(failure) if failure.ends_connection()) {
                return Ok((connection, greeted));
            }
        }
        let mut connection = self.server.connect().await?;
        let greeted = greet(&mut connection, envelope).await;
        Ok((connection, greeted))
    }

    fn put(&self, connection: AsyncSmtpConnection) {
        self.idle.lock().push((self.server.clock.now(), connection));
    }

    fn take(&self) -> Option<AsyncSmtpConnection> {
        let oldest = self.server.clock.now() - IDLE_MAX;
        let mut idle = self.idle.lock();
        idle.retain(|(since, _)| *since >= oldest);
        idle.pop().map(|(_, connection)| connection)
    }
}

async fn greet(connection: &mut AsyncSmtpConnection, envelope: &Envelope) -> Result<(), Failure> {
    let mut parameters = Vec::new();
    let mut addresses = envelope.from().into_iter().chain(envelope.to());
    if addresses.any(|address| !AsRef::<str>::as_ref(address).is_ascii()) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(Failure { stage: Stage::Sender, cause: Cause::NoUtf8Addresses });
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    connection.command(Mail::new(envelope.from().cloned(), parameters)).await.at(Stage::Sender)?;
    Ok(())
}

async fn converse(connection: &mut AsyncSmtpConnection, envelope: &Envelope, message: &[u8]) -> Result<(), Failure> {
    for recipient in envelope.to() {
        connection.command(Rcpt::new(recipient.clone(), Vec::new())).await.at(Stage::Recipient)?;
    }
    connection.command(Data).await.at(Stage::Data)?;
    connection.message(message).await.at(Stage::Content)?;
    Ok(())
}

/// Why a message was not taken, or is not known to have been.
#[derive(Debug)]
pub struct Failure {
    stage: Stage,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    Smtp(lettre::transport::smtp::Error),
    Socket(io::Error),
    /// No usable connection within this time.
    Slow(Duration),
    /// The address needs SMTPUTF8, which the server does not offer.
    NoUtf8Addresses,
}

trait At<T> {
    fn at(self, stage: Stage) -> Result<T, Failure>;
}

impl<T> At<T> for Result<T, lettre::transport::smtp::Error> {
    fn at(self, stage: Stage) -> Result<T, Failure> {
        self.map_err(|error| Failure { stage, cause: Cause::Smtp(error) })
    }
}

impl<T> At<T> for io::Result<T> {
    fn at(self, stage: Stage) -> Result<T, Failure> {
        self.map_err(|error| Failure { stage, cause: Cause::Socket(error) })
    }
}

impl Failure {
    /// What became of the message.
    pub fn outcome(&self) -> Outcome {
        let reason = self.to_string();
        match (&self.cause, self.reply()) {
            (_, Some((code, text))) => reply::outcome(self.stage, code, &text, reason),
            // Once the content is on its way, only a reply tells whether it was taken.
            (_, None) if self.stage == Stage::Content => Outcome::Unknown { reason },
            (Cause::NoUtf8Addresses, None) => Outcome::PermanentFailure { reason },
            // A certificate that is not trusted, STARTTLS or log-in that the server does not offer.
            (Cause::Smtp(error), None) if is_about_tls(error) || error.is_client() => Outcome::Misconfigured { reason },
            (Cause::Smtp(_) | Cause::Socket(_) | Cause::Slow(_), None) => {
                Outcome::TemporaryFailure { reason, retry_after: None }
            }
        }
    }

    /// Whether the connection cannot be used any more.
    fn ends_connection(&self) -> bool {
        match (&self.cause, self.reply()) {
            // 421 announces the end of the connection. Source: RFC 5321, section 3.8.
            (Cause::Smtp(_), Some((code, _))) => code == 421,
            (Cause::Smtp(_) | Cause::Socket(_) | Cause::Slow(_), None) => true,
            (Cause::NoUtf8Addresses, _) | (Cause::Socket(_) | Cause::Slow(_), Some(_)) => false,
        }
    }

    /// The server's refusal, if it is one: code and text.
    fn reply(&self) -> Option<(u16, String)> {
        let Cause::Smtp(error) = &self.cause else { return None };
        let text = error.source().map(ToString::to_string).unwrap_or_default();
        Some((error.status()?.into(), text))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Connect => "no connection",
            Stage::StartTls => "no TLS",
            Stage::LogIn => "log-in failed",
            Stage::Sender => "sender not taken",
            Stage::Recipient => "recipient not taken",
            Stage::Data => "message not taken",
            Stage::Content => "content not taken",
        };
        let cause = match (&self.cause, self.reply()) {
            (_, Some((code, text))) => reason::tidy(&format!("{code} {text}")),
            (Cause::Smtp(error), None) => reason::tidy(&root(error).to_string()),
            (Cause::Socket(error), None) => reason::tidy(&error.to_string()),
            (Cause::Slow(limit), None) => format!("not within {limit:?}"),
            (Cause::NoUtf8Addresses, None) => "the server takes no addresses beyond ASCII".into(),
        };
        write!(f, "{stage}: {cause}")
    }
}

/// Whether the handshake failed for what was said in it. lettre wraps this like any failure to connect.
fn is_about_tls(error: &lettre::transport::smtp::Error) -> bool {
    causes(error).any(|cause| {
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inner.is_some_and(|inner| inner.is::<rustls::Error>())
    })
}

/// The error that all others wrap.
fn root(error: &lettre::transport::smtp::Error) -> &dyn Error {
    causes(error).last().expect("an error is the first of its causes")
}

fn causes(error: &lettre::transport::smtp::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    iter::successors(Some(error as &(dyn Error + 'static)), |error| (*error).source())
}
