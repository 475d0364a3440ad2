//! Logs on standard error, as text or JSON.

use std::io::IsTerminal;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use super::Error;
use crate::config::{Log, LogFormat};

/// Sends the logs of this process to standard error. Once a process.
pub fn install(log: &Log) -> Result<(), Error> {
    subscriber(log, std::io::stderr, std::io::stderr().is_terminal())?
        .try_init()
        .map_err(|_| Error::Installed { what: "logs" })
}

fn subscriber<W>(log: &Log, writer: W, colour: bool) -> Result<Box<dyn Subscriber + Send + Sync>, Error>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&log.filter).map_err(|_| Error::Filter { filter: log.filter.clone() })?;
    // The SMPP client logs what it sends in full: passwords, addresses and texts. Whoever names its modules gets them.
    let filter = filter.add_directive("rusmpp=off".parse().expect("a directive"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(colour);
    Ok(match log.format {
        LogFormat::Text => Box::new(builder.finish()),
        LogFormat::Json => Box::new(builder.json().flatten_event(true).finish()),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What is written when one line is logged and one is below the filter.
    fn logged(format: LogFormat) -> String {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let log = Log { format, filter: "info".to_owned() };
        let subscriber = subscriber(&log, move || writer.clone(), false).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(activity.id = "a1", duration_ms = 5, "activity completed");
            tracing::debug!("too much");
        });
        let written = buffer.0.lock().unwrap().clone();
        String::from_utf8(written).unwrap()
    }

    #[test]
    fn a_library_that_logs_passwords_is_silent() {
        for filter in ["trace", "rusmpp=trace"] {
            let buffer = Buffer::default();
            let writer = buffer.clone();
            let log = Log { format: LogFormat::Text, filter: filter.to_owned() };
            let subscriber = subscriber(&log, move || writer.clone(), false).unwrap();
            tracing::subscriber::with_default(subscriber, || {
                tracing::debug!(target: "rusmpp::codec::encode", command = "hunter2");
                tracing::error!(target: "rusmppc::connection::smpp", "peer closed");
            });
            assert_eq!(String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap(), "");
        }
    }

    #[test]
    fn text_is_for_people() {
        let line = logged(LogFormat::Text);
        assert!(line.ends_with("activity completed activity.id=\"a1\" duration_ms=5\n"), "{line}");
        assert_eq!(line.lines().count(), 1);
    }

    #[test]
    fn json_is_one_object_a_line() {
        let value: serde_json::Value = serde_json::from_str(&logged(LogFormat::Json)).unwrap();
        assert_eq!(value["message"], "activity completed");
        assert_eq!(value["activity.id"], "a1");
        assert_eq!(value["duration_ms"], 5);
        assert_eq!(value["level"], "INFO");
    }

    #[test]
    fn a_wrong_filter_is_refused() {
        let log = Log { format: LogFormat::Text, filter: "pinwheel=loud".to_owned() };
        assert!(matches!(subscriber(&log, std::io::sink, false), Err(Error::Filter { .. })));
    }
}
