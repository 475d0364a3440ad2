//! Providers on loopback that keep what arrives.

use pinwheel::sandbox::Record;
use pinwheel::sandbox::fcm::Fcm;
use pinwheel::sandbox::server::Seen;
use serde_json::Value;

use super::render;

/// A provider, and the settings that lead to it.
pub struct Provider {
    sections: toml::Table,
    address: &'static str,
    arrived: Box<dyn Fn() -> Vec<Value> + Send + Sync>,
}

impl Provider {
    /// One that speaks HTTP.
    fn http(sections: &str, address: &'static str, requests: impl Fn() -> Vec<Seen> + Send + Sync + 'static) -> Self {
        let is_message = |seen: &&Seen| !render::is_token_request(seen);
        let arrived = move || requests().iter().filter(is_message).map(render::request).collect();
        Self { sections: sections.parse().unwrap(), address, arrived: Box::new(arrived) }
    }

    /// An address that it takes.
    pub fn address(&self) -> &'static str {
        self.address
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
    Provider::http(&sections, "token-1", move || fcm.server().requests())
}
