//! SMPP: text messages over a bound session with a message centre, version 3.4 of the protocol.
//!
//! The parts: [`text`] writes a text in octets and parts, [`address`] writes addresses, [`session`] keeps the session,
//! [`status`] says what a refusal means, [`incoming`] reads what the message centre delivers to us.

mod address;
mod incoming;
mod session;
mod status;
mod text;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use rusmpp::pdus::SubmitSm;
use rusmpp::values::{EsmClass, RegisteredDelivery};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use secrecy::SecretString;
use serde::Deserialize;

use super::{Adapter, Content, Deps, Error, Factory, Message, Outcome, Reports, SmsContent, Spec, settings};
use crate::clock::Clock;
use crate::config;
use crate::domain::ChannelType;
use crate::http;
use address::Address;
use session::{Centre, Link};
use text::{Coded, LongTexts};

const NAME: &str = "smpp";

static SPEC: Spec = Spec {
    name: NAME,
    types: &[ChannelType::Sms],
    // Each message is submitted by itself.
    batch_messages_max: 1,
    in_flight_max: 500,
};

/// The factory of this adapter.
pub static SMPP: SmppFactory = SmppFactory;

pub struct SmppFactory;

impl Factory for SmppFactory {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn build(&self, settings: toml::Table, deps: &Deps) -> Result<Arc<dyn Adapter>, Error> {
        let settings = settings::read(NAME, settings)?;
        Ok(Arc::new(Smpp::new(settings, deps.clock.clone(), deps.reports.clone())?))
    }
}

/// The section `[channel.smpp]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The message centre. Default: `127.0.0.1`.
    #[serde(default = "loopback")]
    host: String,
    /// Default: 2775, or 3550 with TLS.
    port: Option<u16>,
    /// Whether the connection is encrypted, from its first octet. Default: false where `host` is loopback, else true.
    tls: Option<bool>,
    /// A PEM file with certificates to trust besides the system's.
    ca_file: Option<PathBuf>,
    /// Who we are to the message centre; up to 15 characters.
    system_id: String,
    /// Up to 8 characters, as the protocol has it. Default: none.
    #[serde(default, deserialize_with = "settings::secret")]
    password: Option<SecretString>,
    /// What kind of system we are, where the message centre wants to know; up to 12 characters.
    #[serde(default)]
    system_type: String,
    /// The sender of messages that name none: a number, a short code or a name.
    from: String,
    /// Type of the sender's number, and its numbering plan. Default: by its form.
    from_ton: Option<u8>,
    from_npi: Option<u8>,
    /// How texts go that are too long for one message.
    #[serde(default)]
    long_texts: LongTexts,
    /// Whether to ask for a delivery receipt. Default: true.
    #[serde(default = "yes")]
    registered_delivery: bool,
    /// How often the message centre is asked whether it is there. Default: `"30s"`.
    #[serde(default = "thirty_seconds", deserialize_with = "config::duration")]
    enquire_link: Duration,
    /// Time for a connection, its TLS and the bind. Default: `"10s"`.
    #[serde(default = "ten_seconds", deserialize_with = "config::duration")]
    connect_timeout: Duration,
    /// Messages without an answer at once, the window; at most 500. Default: 10.
    in_flight: Option<usize>,
}

fn loopback() -> String {
    "127.0.0.1".into()
}

fn yes() -> bool {
    true
}

fn thirty_seconds() -> Duration {
    Duration::from_secs(30)
}

fn ten_seconds() -> Duration {
    Duration::from_secs(10)
}

struct Smpp {
    link: Link,
    from: String,
    from_ton: Option<u8>,
    from_npi: Option<u8>,
    long_texts: LongTexts,
    wants_receipts: bool,
    in_flight: usize,
    /// Of the next text in parts.
    next_reference: AtomicU8,
}

impl Smpp {
    fn new(settings: Settings, clock: Arc<dyn Clock>, reports: Option<Reports>) -> Result<Self, Error> {
        let is_loopback =
            settings.host == "localhost" || settings.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let is_encrypted = settings.tls.unwrap_or(!is_loopback);
        let tls = match (is_encrypted, settings.ca_file) {
            (true, ca_file) => Some(tls(&settings.host, ca_file)?),
            (false, None) => None,
            (false, Some(_)) => return Err(wrong("`ca_file` is of no use without `tls`".into())),
        };
        let bind =
            session::bind(&settings.system_id, settings.password.as_ref(), &settings.system_type).map_err(wrong)?;
        let centre = Centre {
            port: settings.port.unwrap_or(if is_encrypted { 3550 } else { 2775 }),
            host: settings.host,
            tls,
            bind,
            enquire_link: settings.enquire_link,
            connect_timeout: settings.connect_timeout,
        };
        let smpp = Self {
            link: Link::new(centre, clock, reports),
            from: settings.from,
            from_ton: settings.from_ton,
            from_npi: settings.from_npi,
            long_texts: settings.long_texts,
            wants_receipts: settings.registered_delivery,
            in_flight: settings.in_flight.unwrap_or(10),
            next_reference: AtomicU8::new(0),
        };
        smpp.sender(&SmsContent::default()).map_err(|problem| wrong(format!("`from` {problem}")))?;
        Ok(smpp)
    }

    async fn send_one(&self, message: &Message, sms: &SmsContent) -> Outcome {
        let to = match Address::receiver(&message.address) {
            Ok(to) => to,
            // Nobody was asked: another provider may read it.
            Err(problem) => return Outcome::PermanentFailure { reason: format!("the address {problem}") },
        };
        let from = match self.sender(sms) {
            Ok(from) => from,
            Err(problem) => return Outcome::PermanentFailure { reason: format!("the sender {problem}") },
        };
        let coded = Coded::new(&sms.body);
        let reference = self.next_reference.fetch_add(1, Ordering::Relaxed);
        let parts = match coded.parts(self.long_texts, reference) {
            Ok(parts) => parts,
            Err(reason) => return Outcome::PermanentFailure { reason },
        };
        let count = parts.len();
        let names_sender = sms.origination_number.is_some() || sms.sender_id.is_some();
        let mut outcome = Outcome::successful(None);
        for (index, part) in parts.into_iter().enumerate() {
            // One receipt a message, for the part whose id the message goes by.
            let is_last = index + 1 == count;
            let mut submit = SubmitSm::builder()
                .source_addr_ton(from.ton)
                .source_addr_npi(from.npi)
                .source_addr(from.digits.clone())
                .dest_addr_ton(to.ton)
                .dest_addr_npi(to.npi)
                .destination_addr(to.digits.clone())
                .esm_class(EsmClass::from(part.esm_class))
                .registered_delivery(RegisteredDelivery::from(u8::from(self.wants_receipts && is_last)))
                .data_coding(coded.data_coding)
                .build();
            part.fill(&mut submit);
            outcome = self.link.submit(submit, names_sender).await;
            match &outcome {
                Outcome::Successful { .. } => {}
                // Another attempt would send the first parts again.
                failed if index > 0 => {
                    let reason = failed.reason().unwrap_or_default();
                    return Outcome::Unknown { reason: format!("{index} of {count} parts were taken, then: {reason}") };
                }
                _ => return outcome,
            }
        }
        outcome
    }

    /// Who a message comes from.
    ///
    /// Errors: why that cannot be a sender.
    fn sender(&self, sms: &SmsContent) -> Result<Address, String> {
        match sms.origination_number.as_ref().or(sms.sender_id.as_ref()) {
            Some(own) => Address::sender(own, None, None),
            None => Address::sender(&self.from, self.from_ton, self.from_npi),
        }
    }
}

impl Adapter for Smpp {
    fn types(&self) -> &[ChannelType] {
        SPEC.types
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Binds, and keeps the session for the first message.
    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            match self.link.bound().await {
                Ok(_) => Ok(()),
                Err(outcome) => {
                    Err(Error::Check { channel: NAME, problem: outcome.reason().unwrap_or_default().to_owned() })
                }
            }
        })
    }

    /// Only where reports are wanted.
    fn listen(&self) -> Option<BoxFuture<'_, ()>> {
        self.link.hears().then(|| -> BoxFuture<'_, ()> { Box::pin(self.link.stay_bound()) })
    }

    fn send<'a>(&'a self, batch: &'a [Message]) -> BoxFuture<'a, Vec<Outcome>> {
        SPEC.admit(batch);
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(batch.len());
            for message in batch {
                outcomes.push(match &message.content {
                    Content::Sms(sms) => self.send_one(message, sms).await,
                    _ => Outcome::PermanentFailure { reason: "SMPP carries text messages only".into() },
                });
            }
            outcomes
        })
    }
}

fn tls(host: &str, ca_file: Option<PathBuf>) -> Result<(ServerName<'static>, Arc<rustls::ClientConfig>), Error> {
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|_| wrong(format!("`host` `{host}` cannot be the name in a certificate")))?;
    let mut tls = http::Tls::default();
    if let Some(path) = ca_file {
        let unusable = |error| wrong(format!("`ca_file` `{}`: {error}", path.display()));
        let certificates = CertificateDer::pem_file_iter(&path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        tls.roots = certificates.map_err(unusable)?;
    }
    let trust = http::client_config(tls).map_err(|problem| wrong(format!("`tls`: {problem}")))?;
    Ok((name, Arc::new(trust)))
}

fn wrong(problem: String) -> Error {
    Error::Settings { channel: NAME, problem }
}

#[cfg(test)]
mod tests;
