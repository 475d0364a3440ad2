//! A mail server on loopback that takes everything and delivers nothing.
//!
//! A recipient whose local part begins with one of these words steers the answer; any other is taken:
//!
//! | Prefix | Answer |
//! |---|---|
//! | `throttle` | 450 4.7.1 to RCPT: rate limit exceeded |
//! | `busy` | 451 4.3.0 to RCPT |
//! | `once` | 451 4.3.0 at first sight, then taken |
//! | `gone` | 550 5.1.1 to RCPT: no such mailbox |
//! | `policy` | 550 5.7.1 to RCPT |
//! | `reject-data` | 554 5.6.0 to the content |
//! | `drop` | the message is taken, and the connection breaks without a reply |
//! | `hang` | no reply to the content, ever |
//! | `last` | taken; the next MAIL on the connection meets 421 and the end of it |

use std::collections::HashSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use parking_lot::Mutex;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter,
};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

use super::Record;

/// What AUTH PLAIN takes; nobody has to log in.
pub const USERNAME: &str = "sandbox";
/// The password for [`USERNAME`].
pub const PASSWORD: &str = "sandbox";

/// Bytes of one message, as announced by SIZE.
const MESSAGE_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Bytes of a command line. Source: RFC 5321, section 4.5.3.1.4, with room for extensions.
const COMMAND_BYTES_MAX: u64 = 2048;

/// The server. It ends when this is dropped.
pub struct Smtp {
    address: SocketAddr,
    state: Arc<State>,
    _accepting: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct State {
    messages: AtomicU64,
    connections: AtomicU64,
    record: Record,
    last: Mutex<Vec<u8>>,
    /// Recipients of `once` that were seen.
    seen: Mutex<HashSet<String>>,
    hanging: Notify,
}

impl Smtp {
    /// Starts a server on a free port.
    pub async fn start(record: Record) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State { record, ..State::default() });
        let accepting = AbortOnDropHandle::new(tokio::spawn(accept(listener, state.clone())));
        Ok(Self { address, state, _accepting: accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The section of settings that leads here.
    pub fn section(&self) -> String {
        let (host, port) = (self.address.ip(), self.address.port());
        format!("host = '{host}'\nport = {port}\nfrom_address = 'News <news@example.com>'\n")
    }

    /// Messages taken, once for each recipient.
    pub fn messages(&self) -> u64 {
        self.state.messages.load(Ordering::Relaxed)
    }

    /// Connections accepted.
    pub fn connections(&self) -> u64 {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// Recipients of the messages taken, marked with the messages' ids.
    pub fn record(&self) -> &Record {
        &self.state.record
    }

    /// The content of the message taken last; empty before the first one.
    pub fn last_message(&self) -> Vec<u8> {
        self.state.last.lock().clone()
    }

    /// Ends when a message that hangs has arrived.
    pub async fn hanging(&self) {
        self.state.hanging.notified().await;
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                let _ = stream.set_nodelay(true);
                state.connections.fetch_add(1, Ordering::Relaxed);
                let state = state.clone();
                // A connection that ends badly is the client's affair.
                connections.spawn(async move { Session::new(&state).serve(stream).await.is_ok() });
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// What follows a command.
enum Next {
    Reply(&'static str),
    /// The client may send the content.
    Content(&'static str),
    /// The last reply of the connection.
    Close(&'static str),
}

/// One connection: the transaction that is under way.
struct Session<'a> {
    state: &'a State,
    has_sender: bool,
    recipients: Vec<String>,
    /// A message to `last` was taken.
    is_last: bool,
}

impl<'a> Session<'a> {
    fn new(state: &'a State) -> Self {
        Self { state, has_sender: false, recipients: Vec::new(), is_last: false }
    }

    async fn serve(mut self, stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        let mut stream = BufReader::new(BufWriter::new(stream));
        stream.write_all(b"220 sandbox ESMTP\r\n").await?;
        let mut line = Vec::new();
        loop {
            // Commands that came together are answered together.
            if stream.buffer().is_empty() {
                stream.flush().await?;
            }
            line.clear();
            if (&mut stream).take(COMMAND_BYTES_MAX).read_until(b'\n', &mut line).await? == 0 {
                return Ok(());
            }
            let next = self.command(String::from_utf8_lossy(&line).trim_end());
            match next {
                Next::Reply(reply) => stream.write_all(reply.as_bytes()).await?,
                Next::Close(reply) => {
                    stream.write_all(reply.as_bytes()).await?;
                    return stream.flush().await;
                }
                Next::Content(reply) => {
                    stream.write_all(reply.as_bytes()).await?;
                    stream.flush().await?;
                    let content = read_content(&mut stream).await?;
                    let Some(reply) = self.content(content.as_deref()).await else { return Ok(()) };
                    stream.write_all(reply.as_bytes()).await?;
                }
            }
        }
    }

    fn command(&mut self, line: &str) -> Next {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => Next::Reply(
                "250-sandbox\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n\
                 250-AUTH PLAIN\r\n250 SIZE 10485760\r\n",
            ),
            "HELO" => Next::Reply("250 sandbox\r\n"),
            "AUTH" => Next::Reply(auth(argument)),
            "MAIL" => self.mail(argument),
            "RCPT" => Next::Reply(self.recipient(argument)),
            "DATA" if self.recipients.is_empty() => Next::Reply("503 5.5.1 no recipients\r\n"),
            "DATA" => Next::Content("354 go on, and end with a dot\r\n"),
            "RSET" => {
                self.end_transaction();
                Next::Reply("250 2.0.0 forgotten\r\n")
            }
            "NOOP" => Next::Reply("250 2.0.0 nothing done\r\n"),
            "QUIT" => Next::Close("221 2.0.0 bye\r\n"),
            _ => Next::Reply("500 5.5.2 unknown command\r\n"),
        }
    }

    fn mail(&mut self, argument: &str) -> Next {
        if self.is_last {
            return Next::Close("421 4.7.0 enough for one connection\r\n");
        }
        if self.has_sender {
            return Next::Reply("503 5.5.1 one sender is enough\r\n");
        }
        if path(argument, "FROM:").is_none() {
            return Next::Reply("501 5.5.4 no sender\r\n");
        }
        self.has_sender = true;
        Next::Reply("250 2.1.0 sender taken\r\n")
    }

    fn recipient(&mut self, argument: &str) -> &'static str {
        if !self.has_sender {
            return "503 5.5.1 first the sender\r\n";
        }
        let Some(address) = path(argument, "TO:").filter(|address| address.contains('@')) else {
            return "501 5.1.3 no recipient\r\n";
        };
        let steered = |prefix| address.starts_with(prefix);
        if steered("throttle") {
            "450 4.7.1 rate limit exceeded, slow down\r\n"
        } else if steered("busy") || (steered("once") && self.state.seen.lock().insert(address.to_owned())) {
            "451 4.3.0 the mail system is busy\r\n"
        } else if steered("gone") {
            "550 5.1.1 no such mailbox\r\n"
        } else if steered("policy") {
            "550 5.7.1 not from you\r\n"
        } else {
            self.recipients.push(address.to_owned());
            "250 2.1.5 recipient taken\r\n"
        }
    }

    /// Takes a message's content, or refuses it; `None` breaks the connection.
    async fn content(&mut self, content: Option<&[u8]>) -> Option<&'static str> {
        let recipients = std::mem::take(&mut self.recipients);
        self.end_transaction();
        let Some(content) = content else { return Some("552 5.3.4 the message is too large\r\n") };
        let steered = |prefix| recipients.iter().any(|recipient| recipient.starts_with(prefix));
        if steered("reject-data") {
            return Some("554 5.6.0 not such content\r\n");
        }
        if steered("hang") {
            self.state.hanging.notify_one();
            std::future::pending::<()>().await;
        }
        self.state.messages.fetch_add(recipients.len() as u64, Ordering::Relaxed);
        content.clone_into(&mut self.state.last.lock());
        let id = message_id(content);
        for recipient in &recipients {
            self.state.record.add(recipient, id);
        }
        self.is_last = steered("last");
        if steered("drop") { None } else { Some("250 2.0.0 message taken\r\n") }
    }

    fn end_transaction(&mut self) {
        self.has_sender = false;
        self.recipients.clear();
    }
}

fn auth(argument: &str) -> &'static str {
    let expected = BASE64_STANDARD.encode(format!("\0{USERNAME}\0{PASSWORD}"));
    match argument.split_once(' ') {
        Some((mechanism, response)) if mechanism.eq_ignore_ascii_case("PLAIN") => {
            if response == expected {
                "235 2.7.0 welcome\r\n"
            } else {
                "535 5.7.8 wrong user or password\r\n"
            }
        }
        _ => "504 5.5.4 AUTH PLAIN with an initial response only\r\n",
    }
}

/// The address in `FROM:<…>` or `TO:<…>`; parameters after it are not looked at.
fn path<'a>(argument: &'a str, keyword: &str) -> Option<&'a str> {
    let (head, rest) = argument.split_at_checked(keyword.len())?;
    let rest = rest.trim_start().strip_prefix('<').filter(|_| head.eq_ignore_ascii_case(keyword))?;
    Some(rest.split_once('>')?.0)
}

/// Reads to the line with a single dot; `None` if the message was too long and is forgotten.
///
/// Errors: also when the connection ends before the dot.
async fn read_content(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut content = Vec::new();
    let mut line_start = 0;
    let mut too_long = false;
    loop {
        if stream.read_until(b'\n', &mut content).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if content[line_start..] == *b".\r\n" {
            content.truncate(line_start);
            return Ok((!too_long).then_some(content));
        }
        if content[line_start] == b'.' {
            content.remove(line_start);
        }
        too_long |= content.len() > MESSAGE_BYTES_MAX;
        if too_long {
            content.clear();
        }
        line_start = content.len();
    }
}

fn message_id(content: &[u8]) -> Option<&str> {
    let header = content.split(|&byte| byte == b'\n').take_while(|line| !line.trim_ascii().is_empty());
    let mut lines = header.filter_map(|line| std::str::from_utf8(line).ok());
    lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("message-id").then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::Entry;

    /// Sends all of it at once, as a client that pipelines without asking, and returns the replies' codes.
    async fn talk(state: &State, text: &str) -> Vec<String> {
        let (mut client, server) = tokio::io::duplex(1 << 20);
        client.write_all(text.as_bytes()).await.unwrap();
        client.shutdown().await.unwrap();
        let _ = Session::new(state).serve(server).await;
        let mut replies = String::new();
        client.read_to_string(&mut replies).await.unwrap();
        replies.lines().filter(|line| line.as_bytes()[3] == b' ').map(|line| line[..3].to_owned()).collect()
    }

    #[tokio::test]
    async fn a_pipelined_transaction_is_taken_once_for_each_recipient() {
        let state = State { record: Record::memory(), ..State::default() };
        let replies = talk(
            &state,
            "EHLO me\r\nMAIL FROM:<a@b> BODY=8BITMIME\r\nRCPT TO:<x@y>\r\nrcpt to:<gone@y>\r\nRCPT TO:<z@y>\r\nDATA\r\n\
             Subject: s\r\nMessage-ID: <1@b>\r\n\r\nMessage-ID: no\r\n..\r\n.\r\nNOOP\r\nQUIT\r\n",
        )
        .await;
        assert_eq!(replies, ["220", "250", "250", "250", "550", "250", "354", "250", "250", "221"]);
        let entry = |address: &str| Entry { address: address.into(), marker: Some("<1@b>".into()) };
        assert_eq!(state.record.entries(), [entry("x@y"), entry("z@y")]);
        assert_eq!(state.messages.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn commands_out_of_order_are_refused() {
        let state = State::default();
        let replies = talk(
            &state,
            "HELO me\r\nRCPT TO:<x@y>\r\nDATA\r\nMAIL FROM:a\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\nRSET\r\nDATA\r\n\
             AUTH PLAIN AAAA\r\nAUTH PLAIN AHNhbmRib3gAc2FuZGJveA==\r\nWHAT\r\n",
        )
        .await;
        let expected = ["220", "250", "503", "503", "501", "250", "503", "250", "503", "535", "235", "500"];
        assert_eq!(replies, expected);
    }

    #[tokio::test]
    async fn dots_are_unstuffed() {
        for (sent, content) in [
            (".\r\n", Some("")),
            ("a\r\n..\r\n..b\r\n.c\r\n.\r\n", Some("a\r\n.\r\n.b\r\nc\r\n")),
            ("a.\r\n\r\n.\r\n", Some("a.\r\n\r\n")),
        ] {
            let read = read_content(&mut sent.as_bytes()).await.unwrap();
            assert_eq!(read.as_deref(), content.map(str::as_bytes), "{sent:?}");
        }
        assert!(read_content(&mut "a\r\n".as_bytes()).await.is_err(), "the end came before the dot");
        let long = format!("{}\r\n.\r\n", "x".repeat(MESSAGE_BYTES_MAX));
        assert_eq!(read_content(&mut long.as_bytes()).await.unwrap(), None);
    }
}
