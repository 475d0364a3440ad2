//! Providers on loopback that keep what arrives, and the words that steer them.

pub mod render;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use pinwheel::app;
use pinwheel::domain::ChannelType;
use pinwheel::sandbox::Record;
use pinwheel::sandbox::adm::{self, Adm};
use pinwheel::sandbox::apns::{self, Apns, Senders};
use pinwheel::sandbox::aws::{self, Messaging, Ses};
use pinwheel::sandbox::baidu::Baidu;
use pinwheel::sandbox::fcm::{self, Fcm};
use pinwheel::sandbox::pinpoint::{self, Pinpoint};
use pinwheel::sandbox::server::Seen;
use pinwheel::sandbox::smpp::Smpp;
use pinwheel::sandbox::smtp::Smtp;
use pinwheel::sandbox::twilio::{self, Twilio};
use serde_json::Value;

/// A provider, and the settings that lead to it.
pub struct Provider {
    sections: toml::Table,
    steered: Steered,
    arrived: Box<dyn Fn() -> Vec<Value> + Send + Sync>,
}

/// Addresses, by what the provider does with them.
pub struct Steered {
    pub taken: &'static str,
    /// Refused, with the wish to be left alone for so long, if it can say that.
    pub throttled: (&'static str, Option<Duration>),
    /// Refused for ever. `None` if the provider never says so.
    pub gone: Option<&'static str>,
    /// Taken, and then the connection breaks.
    pub dropped: &'static str,
}

impl Provider {
    /// One that speaks HTTP.
    fn http(sections: &str, steered: Steered, requests: impl Fn() -> Vec<Seen> + Send + Sync + 'static) -> Self {
        let is_message = |seen: &&Seen| !render::is_token_request(seen);
        let arrived = move || requests().iter().filter(is_message).map(render::request).collect();
        Self { sections: sections.parse().unwrap(), steered, arrived: Box::new(arrived) }
    }

    /// Addresses, by what it does with them.
    pub fn steered(&self) -> &Steered {
        &self.steered
    }

    /// These settings with this provider's channel as the only one.
    pub fn settings(&self, mut settings: toml::Table) -> toml::Table {
        settings.insert("channel".to_owned(), toml::Value::Table(self.sections.clone()));
        settings
    }

    /// The messages that arrived since the last call.
    pub fn arrived(&self) -> Vec<Value> {
        (self.arrived)()
    }
}

pub async fn gcm() -> Provider {
    let fcm = Fcm::start(Record::None).await.unwrap();
    fcm.server().keep_requests();
    let throttled = ("throttle-1", Some(fcm::RETRY_AFTER));
    let steered = Steered { taken: "token-1", throttled, gone: Some("gone-1"), dropped: "drop-1" };
    Provider::http(&format!("[gcm]\n{}", fcm.section()), steered, move || fcm.server().requests())
}

pub async fn apns() -> Provider {
    app::install_tls();
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls_pki_types::PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let builder = rustls::ServerConfig::builder().with_no_client_auth();
    let mut tls = builder.with_single_cert(vec![cert.der().clone()], key).unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let apns = Apns::start(Some(tls.into()), Senders::Tokens, Record::None).await.unwrap();
    apns.server().keep_requests();
    let directory = tempfile::tempdir().unwrap();
    let ca_file = directory.path().join("ca.pem");
    std::fs::write(&ca_file, cert.pem()).unwrap();
    let throttled = ("throttle-1", Some(apns::RETRY_AFTER));
    let steered = Steered { taken: "device-1", throttled, gone: Some("gone-1"), dropped: "drop-1" };
    Provider::http(&format!("[apns]\n{}", apns.section(&ca_file)), steered, move || {
        let _lives_as_long = &directory;
        apns.server().requests()
    })
}

pub async fn adm() -> Provider {
    let adm = Adm::start(Record::None).await.unwrap();
    adm.server().keep_requests();
    let throttled = ("throttle-1", Some(adm::RETRY_AFTER));
    let steered = Steered { taken: "registration-1", throttled, gone: Some("gone-1"), dropped: "drop-1" };
    Provider::http(&format!("[adm]\n{}", adm.section()), steered, move || adm.server().requests())
}

pub async fn baidu() -> Provider {
    let baidu = Baidu::start(Record::None).await.unwrap();
    baidu.server().keep_requests();
    let steered = Steered { taken: "1", throttled: ("throttle-1", None), gone: Some("gone-1"), dropped: "drop-1" };
    Provider::http(&format!("[baidu]\n{}", baidu.section()), steered, move || baidu.server().requests())
}

/// Push of this type through AWS.
pub async fn pinpoint(channel_type: ChannelType) -> Provider {
    let pinpoint = Pinpoint::start(Record::None).await.unwrap();
    pinpoint.server().keep_requests();
    let sections = format!("[pinpoint]\n{}types = ['{channel_type}']\n", pinpoint.section());
    let throttled = ("limit-1", Some(pinpoint::RETRY_AFTER));
    let steered = Steered { taken: "token-1", throttled, gone: Some("gone-1"), dropped: "drop-1" };
    Provider::http(&sections, steered, move || pinpoint.server().requests())
}

const AWS_RETRY_AFTER: Option<Duration> = Some(Duration::from_secs(aws::RETRY_AFTER_SECONDS));

pub async fn sms() -> Provider {
    messaging("sms").await
}

pub async fn voice() -> Provider {
    messaging("voice").await
}

async fn messaging(section: &str) -> Provider {
    let messaging = Messaging::start(Record::None).await.unwrap();
    messaging.server().keep_requests();
    let throttled = ("+12065559901", AWS_RETRY_AFTER);
    let steered = Steered { taken: "+12065550100", throttled, gone: Some("+12065559905"), dropped: "+12065559913" };
    Provider::http(&format!("[{section}]\n{}", messaging.section()), steered, move || messaging.server().requests())
}

pub async fn twilio() -> Provider {
    let twilio = Twilio::start(Record::None).await.unwrap();
    twilio.server().keep_requests();
    let throttled = ("+15554290001", Some(twilio::RETRY_AFTER));
    let steered = Steered { taken: "+12065550100", throttled, gone: Some("+15552110001"), dropped: "+15550000001" };
    Provider::http(&format!("[twilio]\n{}", twilio.section()), steered, move || twilio.server().requests())
}

pub async fn ses() -> Provider {
    let ses = Ses::start(Record::None).await.unwrap();
    ses.server().keep_requests();
    let throttled = ("throttle@example.net", AWS_RETRY_AFTER);
    let steered = Steered { taken: "ann@example.net", throttled, gone: None, dropped: "drop@example.net" };
    Provider::http(&format!("[ses]\n{}", ses.section()), steered, move || ses.server().requests())
}

pub async fn email() -> Provider {
    let smtp = Smtp::start(Record::None).await.unwrap();
    let sections = format!("[email]\n{}connect_timeout = '15m'\n", smtp.section());
    let known = AtomicU64::new(0);
    let arrived = move || {
        let messages = smtp.messages();
        let new = messages - known.swap(messages, Relaxed);
        let last = || render::mail(&String::from_utf8(smtp.last_message()).unwrap());
        (0..new).map(|_| last()).collect()
    };
    let steered = Steered {
        taken: "ann@example.net",
        throttled: ("throttle@example.net", None),
        gone: Some("gone@example.net"),
        dropped: "drop@example.net",
    };
    Provider { sections: sections.parse().unwrap(), steered, arrived: Box::new(arrived) }
}

pub async fn smpp() -> Provider {
    let smpp = Smpp::start(None, Record::None).await.unwrap();
    let sections = format!("[smpp]\n{}connect_timeout = '15m'\nenquire_link = '15m'\n", smpp.section());
    let arrived = move || {
        // The parts of one message.
        let parts = smpp.submits();
        if parts.is_empty() { Vec::new() } else { vec![parts.iter().map(render::part).collect()] }
    };
    let throttled = ("+15554290001", None);
    let steered = Steered { taken: "+12065550100", throttled, gone: None, dropped: "+15550000001" };
    Provider { sections: sections.parse().unwrap(), steered, arrived: Box::new(arrived) }
}
