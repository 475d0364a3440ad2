//! The sink: takes every message, sends nothing, and can write down what it got.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::{Adapter, Content, Deps, Error, Factory, Message, Outcome, Spec, settings};
use crate::domain::limit::BATCH_ENDPOINTS_MAX;
use crate::domain::{ActivityId, ChannelType, TreatmentId};

pub(super) const NAME: &str = "sink";

static SPEC: Spec =
    Spec { name: NAME, types: &ChannelType::ALL, batch_messages_max: BATCH_ENDPOINTS_MAX, in_flight_max: 1024 };

/// The factory of this adapter.
pub static SINK: SinkFactory = SinkFactory;

pub struct SinkFactory;

impl Factory for SinkFactory {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn build(&self, settings: toml::Table, _deps: &Deps) -> Result<Arc<dyn Adapter>, Error> {
        Ok(Arc::new(Sink::new(settings::read(NAME, settings)?)?))
    }
}

/// The section `[channel.sink]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Channel types to take, such as `["SMS", "VOICE"]`. Default: all.
    types: Option<Vec<String>>,
    /// A file that gets one JSON line a message; made on first use and only ever appended to. Default: none.
    path: Option<PathBuf>,
}

struct Sink {
    types: Vec<ChannelType>,
    file: Option<Mutex<File>>,
    /// Messages taken since the start.
    messages: AtomicU64,
}

impl Sink {
    fn new(settings: Settings) -> Result<Self, Error> {
        let types = match settings.types {
            None => ChannelType::ALL.to_vec(),
            Some(names) => names.iter().map(|name| parse_type(name)).collect::<Result<_, _>>()?,
        };
        let file = match settings.path {
            None => None,
            Some(path) => Some(
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(&path)
                    .map_err(|error| wrong(format!("`path` `{}` cannot be written: {error}", path.display())))?,
            ),
        };
        Ok(Self { types, file: file.map(Mutex::new), messages: AtomicU64::new(0) })
    }

    fn take(&self, batch: &[Message]) -> Vec<Outcome> {
        if let Some(file) = &self.file {
            let lines = lines(batch);
            // The whole batch in one write to the end of the file, so that a process killed at any moment leaves whole
            // lines, and nothing waits in a buffer when we drain. It lands in the page cache: handing it to another
            // thread would take longer.
            if let Err((error, written)) = append(&mut *file.lock(), &lines) {
                let reason = format!("the sink's file cannot be written: {error}");
                let outcome = match written {
                    0 => Outcome::TemporaryFailure { reason, retry_after: None },
                    _ => Outcome::Unknown { reason },
                };
                return vec![outcome; batch.len()];
            }
        }
        let first = self.messages.fetch_add(batch.len() as u64, Ordering::Relaxed);
        (0..batch.len() as u64).map(|index| Outcome::successful(Some(format!("sink-{}", first + index + 1)))).collect()
    }
}

impl Adapter for Sink {
    fn types(&self) -> &[ChannelType] {
        &self.types
    }

    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }

    fn send<'a>(&'a self, batch: &'a [Message]) -> BoxFuture<'a, Vec<Outcome>> {
        SPEC.admit(batch);
        Box::pin(async move { self.take(batch) })
    }
}

/// Writes all bytes; on failure says how many were written before it.
fn append(file: &mut impl Write, mut bytes: &[u8]) -> Result<(), (std::io::Error, usize)> {
    let total = bytes.len();
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err((error, total - bytes.len())),
        }
    }
    Ok(())
}

fn lines(batch: &[Message]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(batch.len() * 512);
    for message in batch {
        let line = Line {
            endpoint_id: &message.endpoint_id,
            channel: message.channel_type.as_str(),
            address: &message.address,
            idempotency_key: &message.idempotency_key,
            campaign_id: message.origin.campaign_id.as_str(),
            activity_id: message.origin.activity_id.as_ref().map(ActivityId::as_str),
            treatment_id: message.origin.treatment_id.as_ref().map(TreatmentId::as_str),
            reference: message.reference.as_deref(),
            content: &message.content,
        };
        serde_json::to_writer(&mut lines, &line).expect("text, and documents that are JSON");
        lines.push(b'\n');
    }
    lines
}

/// One line of the file.
#[derive(Serialize)]
struct Line<'a> {
    endpoint_id: &'a str,
    channel: &'static str,
    address: &'a str,
    idempotency_key: &'a str,
    campaign_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    treatment_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    content: &'a Content,
}

fn parse_type(name: &str) -> Result<ChannelType, Error> {
    ChannelType::parse(name).ok_or_else(|| {
        let known = ChannelType::ALL.map(ChannelType::as_str).join(", ");
        wrong(format!("`types` has `{name}`, which is none of {known}"))
    })
}

fn wrong(problem: String) -> Error {
    Error::Settings { channel: NAME, problem }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::channel::suite::{self, Behaviour, Provider};
    use crate::channel::{CustomContent, PushContent};

    fn sink(settings: &str) -> Result<Sink, Error> {
        Sink::new(settings::read(NAME, settings.parse().unwrap())?)
    }

    struct Nowhere(Arc<Sink>);

    impl Provider for Nowhere {
        fn spec(&self) -> &'static Spec {
            &SPEC
        }

        fn adapter(&self) -> Arc<dyn Adapter> {
            self.0.clone()
        }

        fn message(&self, behaviour: Behaviour) -> Option<Message> {
            let Behaviour::Accept(n) = behaviour else { return None };
            Some(suite::message(ChannelType::Gcm, &format!("token-{n}"), Content::Push(PushContent::default())))
        }

        fn taken(&self) -> BoxFuture<'_, u64> {
            Box::pin(async { self.0.messages.load(Ordering::Relaxed) })
        }
    }

    #[tokio::test]
    async fn it_passes_the_suite() {
        suite::run(&Nowhere(Arc::new(sink("").unwrap()))).await;
    }

    #[test]
    fn it_takes_all_types_or_those_that_are_named() {
        assert_eq!(sink("").unwrap().types(), ChannelType::ALL);
        assert_eq!(sink("types = [\"SMS\", \"VOICE\"]").unwrap().types(), [ChannelType::Sms, ChannelType::Voice]);
        let problem = sink("types = [\"sms\"]").err().unwrap().to_string();
        assert!(problem.contains("`types` has `sms`"), "{problem}");
        let problem = sink("latency = \"1s\"").err().unwrap().to_string();
        assert!(problem.contains("unknown field `latency`"), "{problem}");
    }

    #[test]
    fn every_message_is_a_line_at_the_end_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sink.jsonl");
        std::fs::write(&path, "{\"from\":\"before\"}\n").unwrap();
        let push = Content::Push(PushContent { title: Some("Hi\n".into()), ..PushContent::default() });
        let custom = Content::Custom(CustomContent {
            delivery_uri: "f".into(),
            data: None,
            endpoint_document: r#"{"Address":"a"}"#.into(),
        });
        let batch = [push, custom].map(|content| suite::message(ChannelType::Gcm, "token", content));
        let sink = sink(&format!("path = {path:?}")).unwrap();
        assert_eq!(sink.take(&batch).len(), 2);
        assert_eq!(sink.take(&batch)[1], Outcome::successful(Some("sink-4".into())));

        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[1]["content"]["push"]["title"], "Hi\n");
        assert_eq!(lines[1]["idempotency_key"], batch[0].idempotency_key.as_str());
        assert_eq!(lines[4]["content"]["custom"]["endpoint_document"]["Address"], "a");
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let problem = sink(&format!("path = {:?}", folder.path())).err().unwrap().to_string();
        assert!(problem.contains("`path`") && problem.contains("cannot be written"), "{problem}");
    }

    #[test]
    fn a_failed_write_says_how_much_was_written() {
        /// Takes three bytes at a time, and six in all.
        struct Full(usize);
        impl Write for Full {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                if self.0 >= 6 {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                let written = bytes.len().min(3);
                self.0 += written;
                Ok(written)
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert!(append(&mut Full(0), b"123456").is_ok());
        assert_eq!(append(&mut Full(0), b"1234567").unwrap_err().1, 6);
        assert_eq!(append(&mut Full(6), b"1").unwrap_err().1, 0);
    }
}
