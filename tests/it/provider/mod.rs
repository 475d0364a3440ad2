//! Providers on loopback that keep what arrives, and the words that steer them.

mod render;

use std::time::Duration;

use pinwheel::sandbox::Record;
use pinwheel::sandbox::fcm::{self, Fcm};
use pinwheel::sandbox::server::Seen;
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
    let key = toml::Value::from(fcm.service_account_json());
    let sections = format!("[gcm]\nbase_url = \"{}\"\nservice_account_json = {key}\n", fcm.base_url());
    let steered = Steered {
        taken: "token-1",
        throttled: ("throttle-1", Some(fcm::RETRY_AFTER)),
        gone: Some("gone-1"),
        dropped: "drop-1",
    };
    Provider::http(&sections, steered, move || fcm.server().requests())
}
