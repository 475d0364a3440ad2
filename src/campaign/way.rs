//! The ways out of an application: which route carries which channel type.
//!
//! The adapters of the settings serve every application. An application's own channel may switch a type off, or bring
//! credentials for an adapter of its own. A type that the settings lead to the sink goes there whatever an application
//! brings: where messages are to be kept from leaving, none leaves.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use parking_lot::Mutex;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::engine::Engine;
use super::lane::Lane;
use super::route::Route;
use crate::channel::{self, Channels, Content, Credentials};
use crate::clock::Clock;
use crate::config;
use crate::domain::{ApplicationId, ChannelType};
use crate::store::{self, Definition, Kind};
use crate::vault::{self, Vault};

/// Which of its credentials an application wants to be used.
const METHOD: &str = "DefaultAuthenticationMethod";

/// What the store keeps of an application's channel.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ChannelDocument {
    pub enabled: bool,
    /// What else the client wrote, but for credentials.
    pub settings: Map<String, Value>,
    /// Which credentials are sealed, by the names the API gives them.
    pub credentials: Vec<String>,
    /// The credentials, sealed, as base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified_by: Option<String>,
}

/// Why credentials cannot be sealed or used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("this process has no key to seal credentials with")]
    NoKey,
    #[error(transparent)]
    Vault(#[from] vault::Error),
    #[error("the stored credentials cannot be read")]
    Unreadable,
    #[error(transparent)]
    Channel(#[from] channel::Error),
}

impl ChannelDocument {
    /// Errors: [`Damaged`](store::Error::Damaged) when the document is not one of ours.
    pub fn read(definition: &Definition) -> Result<Self, store::Error> {
        serde_json::from_str(&definition.document)
            .map_err(|error| store::Error::Damaged { what: format!("channel `{}`: {error}", definition.id) })
    }

    /// Seals credentials for this channel of the application; none take away what was there.
    pub fn seal(
        &mut self,
        vault: Option<&Vault>,
        application_id: &ApplicationId,
        channel_type: ChannelType,
        credentials: &Credentials,
    ) -> Result<(), Error> {
        self.credentials = credentials.names().map(str::to_owned).collect();
        self.sealed = None;
        if !credentials.is_empty() {
            let plain = credentials.to_json();
            let vault = vault.ok_or(Error::NoKey)?;
            let sealed = vault.seal(&context(application_id, channel_type), plain.expose_secret().as_bytes())?;
            self.sealed = Some(BASE64_STANDARD.encode(sealed));
        }
        Ok(())
    }

    /// Takes over the credentials of what stood here before, and how they are used.
    pub fn keep_credentials(&mut self, before: Self) {
        if let (false, Some(kept)) = (self.settings.contains_key(METHOD), before.settings.get(METHOD)) {
            self.settings.insert(METHOD.to_owned(), kept.clone());
        }
        (self.credentials, self.sealed) = (before.credentials, before.sealed);
    }

    fn unseal(
        &self,
        vault: Option<&Vault>,
        application_id: &ApplicationId,
        channel_type: ChannelType,
    ) -> Result<Credentials, Error> {
        let Some(sealed) = &self.sealed else { return Ok(Credentials::default()) };
        let sealed = BASE64_STANDARD.decode(sealed).map_err(|_| Error::Unreadable)?;
        let plain = vault.ok_or(Error::NoKey)?.unseal(&context(application_id, channel_type), &sealed)?;
        let credentials = Credentials::from_json(plain.expose_secret()).ok_or(Error::Unreadable)?;
        Ok(credentials.with_method(self.authentication_method()))
    }

    /// Which of the credentials are to be used; `None` leaves it to the adapter.
    pub fn authentication_method(&self) -> Option<String> {
        self.text(METHOD)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.settings.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    }
}

/// What the credentials of a channel are sealed for, by the channel's application and id.
pub fn sealed_for(application_id: Option<&ApplicationId>, id: &str) -> Option<String> {
    Some(context(application_id?, ChannelType::parse(id)?))
}

/// What credentials are sealed for: those of another application or channel do not open in its place.
fn context(application_id: &ApplicationId, channel_type: ChannelType) -> String {
    format!("channel {application_id} {channel_type}")
}

/// How messages of one type leave.
#[derive(Clone, Default)]
pub enum Way {
    /// Not at all: nothing serves the type.
    #[default]
    None,
    Open(Arc<Route>),
    /// Not at all: the application switched the channel off.
    Disabled,
    /// Not now: its credentials cannot be used. Says why.
    Broken(Arc<str>),
}

/// The ways out of one application, and what its channels add to messages.
#[derive(Clone, Default)]
pub struct Ways {
    /// In the order of [`ChannelType::ALL`].
    by_type: [Way; ChannelType::ALL.len()],
    from_address: Option<String>,
    configuration_set: Option<String>,
    sender_id: Option<String>,
    short_code: Option<String>,
}

impl Ways {
    /// Those of the settings: one lane for each section, and one route for all types with the same lanes.
    pub fn of_settings(channels: &Channels, settings: &config::Send, clock: &Arc<dyn Clock>) -> Self {
        let lane = |section| Arc::new(Lane::of_section(section, settings, clock));
        let lanes: Vec<Arc<Lane>> = channels.sections().iter().map(lane).collect();
        let mut routes: Vec<(channel::Route, Arc<Route>)> = Vec::new();
        let mut ways = Self::default();
        for channel_type in ChannelType::ALL {
            let Some(places) = channels.route(channel_type) else { continue };
            let known = routes.iter().find(|(known, _)| *known == places).map(|(_, route)| route.clone());
            let route = known.unwrap_or_else(|| {
                let fallback = places.fallback.map(|place| lanes[place].clone());
                let route = Arc::new(Route::new(lanes[places.primary].clone(), fallback));
                routes.push((places, route.clone()));
                route
            });
            ways.by_type[channel_type as usize] = Way::Open(route);
        }
        ways
    }

    /// One route for one type.
    #[cfg(test)]
    pub(super) fn of_route(channel_type: ChannelType, route: Route) -> Self {
        let mut ways = Self::default();
        ways.by_type[channel_type as usize] = Way::Open(Arc::new(route));
        ways
    }

    pub fn way(&self, channel_type: ChannelType) -> &Way {
        &self.by_type[channel_type as usize]
    }

    /// The route of messages of this type, if they can leave.
    pub fn route(&self, channel_type: ChannelType) -> Option<&Arc<Route>> {
        match self.way(channel_type) {
            Way::Open(route) => Some(route),
            Way::None | Way::Disabled | Way::Broken(_) => None,
        }
    }

    /// Gives every provider another chance.
    pub fn forgive(&self) {
        ChannelType::ALL
            .into_iter()
            .filter_map(|channel_type| self.route(channel_type))
            .for_each(|route| route.forgive());
    }

    /// Channel types that these ways have from others, and not from the application.
    pub fn shared_with<'a>(&'a self, others: &'a Self) -> impl Iterator<Item = ChannelType> + 'a {
        let same = |channel_type: &ChannelType| match (self.route(*channel_type), others.route(*channel_type)) {
            (Some(mine), Some(theirs)) => Arc::ptr_eq(mine, theirs),
            _ => false,
        };
        ChannelType::ALL.into_iter().filter(same)
    }

    /// Fills in what the application's channels say for messages that do not say it themselves.
    pub fn complete(&self, mut content: Content) -> Content {
        let fill = |field: &mut Option<String>, default: &Option<String>| {
            if field.is_none() {
                field.clone_from(default);
            }
        };
        match &mut content {
            Content::Email(email) => {
                fill(&mut email.from_address, &self.from_address);
                fill(&mut email.configuration_set, &self.configuration_set);
            }
            Content::Sms(sms) => {
                // A message with an origin of its own gets no other.
                if sms.sender_id.is_none() && sms.origination_number.is_none() {
                    fill(&mut sms.origination_number, &self.short_code);
                    fill(&mut sms.sender_id, &self.sender_id);
                }
            }
            Content::Push(_) | Content::Voice(_) | Content::Custom(_) => {}
        }
        content
    }
}

/// Who would carry messages of an application's channel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Carrier {
    /// The sink of the settings.
    Sink,
    /// An adapter made from the application's credentials.
    Own,
    /// An adapter of the settings.
    Settings,
}

/// The ways that applications made for themselves, by application and type: adapters hold connections and tokens, so
/// they outlive a message.
#[derive(Default)]
pub(super) struct OwnWays(Mutex<HashMap<(ApplicationId, ChannelType), (Mark, Way)>>);

/// Which writing of a channel a way was made from.
#[derive(Clone, Copy, Eq, PartialEq)]
struct Mark {
    position: u64,
    revision: u32,
}

impl Engine {
    /// The ways out of an application, as its channels are now.
    pub async fn ways(&self, application_id: &ApplicationId) -> Result<Arc<Ways>, store::Error> {
        let definitions = self.store.definitions(Some(application_id), Kind::Channel).await?;
        let has_own = |channel_type: ChannelType| definitions.iter().any(|found| found.id == channel_type.as_str());
        self.own_ways.0.lock().retain(|(owner, channel_type), _| owner != application_id || has_own(*channel_type));
        if definitions.is_empty() {
            return Ok(self.settings_ways.clone());
        }
        let mut ways = (*self.settings_ways).clone();
        for definition in &definitions {
            let Some(channel_type) = ChannelType::parse(&definition.id) else { continue };
            let document = ChannelDocument::read(definition)?;
            match channel_type {
                ChannelType::Email => {
                    ways.from_address = document.text("FromAddress");
                    ways.configuration_set = document.text("ConfigurationSet");
                }
                ChannelType::Sms => {
                    ways.sender_id = document.text("SenderId");
                    ways.short_code = document.text("ShortCode");
                }
                _ => {}
            }
            if !document.enabled {
                ways.by_type[channel_type as usize] = Way::Disabled;
            } else if document.sealed.is_some() && !self.has_sink(channel_type) {
                let mark = Mark { position: definition.position, revision: definition.revision };
                if let Some(own) = self.own_way(application_id, channel_type, &document, mark) {
                    ways.by_type[channel_type as usize] = own;
                }
            }
        }
        Ok(Arc::new(ways))
    }

    /// Drops what is kept for an application that is gone: its credentials above all.
    pub fn forget(&self, application_id: &ApplicationId) {
        self.caps.forget(application_id);
        self.own_ways.0.lock().retain(|(owner, _), _| owner != application_id);
    }

    /// Who would carry messages of this type for an application that brings these credentials; `None`: nobody.
    ///
    /// Errors: credentials that cannot work.
    pub fn carrier(
        &self,
        channel_type: ChannelType,
        credentials: &Credentials,
    ) -> Result<Option<Carrier>, channel::Error> {
        if self.has_sink(channel_type) {
            return Ok(Some(Carrier::Sink));
        }
        match channel::build_own(channel_type, credentials, &self.config.channel, &self.channel_deps) {
            Some(built) => built.map(|_| Some(Carrier::Own)),
            None => Ok(self.settings_ways.route(channel_type).map(|_| Carrier::Settings)),
        }
    }

    fn has_sink(&self, channel_type: ChannelType) -> bool {
        self.settings_ways.route(channel_type).is_some_and(|route| route.is_sink())
    }

    /// The way that an application's credentials make; `None` where no adapter has a use for them.
    fn own_way(
        &self,
        application_id: &ApplicationId,
        channel_type: ChannelType,
        document: &ChannelDocument,
        mark: Mark,
    ) -> Option<Way> {
        // Held while an adapter is built, which reaches for nobody: two of them would be two limits.
        let mut own = self.own_ways.0.lock();
        let key = (application_id.clone(), channel_type);
        if let Some((made_from, way)) = own.get(&key)
            && *made_from == mark
        {
            return Some(way.clone());
        }
        let way = match self.make_way(application_id, channel_type, document) {
            Ok(Some(lane)) => Way::Open(Arc::new(Route::new(Arc::new(lane), None))),
            Ok(None) => return None,
            Err(error) => {
                tracing::error!(
                    application.id = %application_id, channel = %channel_type, error = %error,
                    "the credentials of a channel cannot be used"
                );
                Way::Broken(error.to_string().into())
            }
        };
        own.insert(key, (mark, way.clone()));
        Some(way)
    }

    fn make_way(
        &self,
        application_id: &ApplicationId,
        channel_type: ChannelType,
        document: &ChannelDocument,
    ) -> Result<Option<Lane>, Error> {
        let credentials = document.unseal(self.vault.as_deref(), application_id, channel_type)?;
        match channel::build_own(channel_type, &credentials, &self.config.channel, &self.channel_deps) {
            None => Ok(None),
            Some(built) => {
                let (spec, adapter) = built?;
                Ok(Some(Lane::of_credentials(spec, adapter, &self.config.send, &self.clock)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{EmailContent, SmsContent};
    use crate::clock;
    use crate::hook::Invokers;
    use crate::http::Aws;

    fn credentials() -> Credentials {
        [("ServiceJson".to_owned(), "hunter2".into())].into_iter().collect()
    }

    #[test]
    fn credentials_are_sealed_for_their_place_and_shown_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(&folder.path().join("key")).unwrap();
        let (mine, other) = (ApplicationId::new("a"), ApplicationId::new("b"));
        let mut document = ChannelDocument { enabled: true, ..ChannelDocument::default() };
        document.seal(Some(&vault), &mine, ChannelType::Gcm, &credentials()).unwrap();
        assert_eq!(document.credentials, ["ServiceJson"]);
        let written = serde_json::to_string(&document).unwrap();
        assert!(!written.contains("hunter2") && !format!("{document:?}").contains("hunter2"), "{written}");

        let opened = document.unseal(Some(&vault), &mine, ChannelType::Gcm).unwrap();
        assert_eq!(opened.get("ServiceJson").unwrap().expose_secret(), "hunter2");
        assert_eq!(opened.method(), None);
        document.settings.insert(METHOD.into(), "TOKEN".into());
        assert_eq!(document.unseal(Some(&vault), &mine, ChannelType::Gcm).unwrap().method(), Some("TOKEN"));
        assert!(document.unseal(Some(&vault), &other, ChannelType::Gcm).is_err());
        assert!(document.unseal(Some(&vault), &mine, ChannelType::Adm).is_err());
        assert!(matches!(document.unseal(None, &mine, ChannelType::Gcm), Err(Error::NoKey)));

        document.seal(None, &mine, ChannelType::Gcm, &Credentials::default()).unwrap();
        assert_eq!((document.sealed, document.credentials.len()), (None, 0));
    }

    #[test]
    fn types_with_the_same_sections_share_a_route() {
        let sections = r#"
            [email]
            from_address = "news@example.com"
            [relay]
            adapter = "email"
            role = "fallback"
            from_address = "news@example.com"
            [trial]
            adapter = "sink"
            types = ["GCM", "SMS"]
        "#;
        let config = config::Config::load(config::Sources::default()).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(clock::System::default());
        let aws = Arc::new(Aws::by_settings(&config.aws));
        let invokers = Arc::new(Invokers::new(&config.hook, &config.aws, aws.clone(), clock.clone()).unwrap());
        let deps = channel::Deps { clock: clock.clone(), invokers, aws, reports: None };
        let channels = channel::build_all(&sections.parse().unwrap(), &deps).unwrap();
        let ways = Ways::of_settings(&channels, &config.send, &clock);

        let route = |channel_type| ways.route(channel_type).unwrap();
        assert!(Arc::ptr_eq(route(ChannelType::Gcm), route(ChannelType::Sms)));
        assert!(route(ChannelType::Gcm).is_sink() && !route(ChannelType::Gcm).has_fallback());
        let email = route(ChannelType::Email);
        assert_eq!(email.to_string(), "`email` (and its fallback `relay`)");
        assert!(email.has_fallback() && !email.is_sink());
        assert!(ways.route(ChannelType::Voice).is_none());

        let mut own = ways.clone();
        own.by_type[ChannelType::Sms as usize] = Way::Disabled;
        let others = Ways::of_settings(&channels, &config.send, &clock);
        own.by_type[ChannelType::Email as usize] = others.way(ChannelType::Email).clone();
        assert_eq!(own.shared_with(&ways).collect::<Vec<_>>(), [ChannelType::Gcm]);
    }

    #[test]
    fn channels_fill_in_what_messages_leave_open() {
        let text = |text: &str| Some(text.to_owned());
        let ways = Ways {
            from_address: text("news@example.com"),
            configuration_set: text("news"),
            sender_id: text("ACME"),
            short_code: text("12345"),
            ..Ways::default()
        };
        let email = |from_address, configuration_set| {
            let email = EmailContent { from_address, configuration_set, ..EmailContent::default() };
            match ways.complete(Content::Email(email)) {
                Content::Email(email) => (email.from_address, email.configuration_set),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(email(None, None), (text("news@example.com"), text("news")));
        assert_eq!(email(text("own@example.com"), text("own")), (text("own@example.com"), text("own")));

        let origin = |sender_id, origination_number| {
            let sms = SmsContent { sender_id, origination_number, ..SmsContent::default() };
            match ways.complete(Content::Sms(sms)) {
                Content::Sms(sms) => (sms.sender_id, sms.origination_number),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(origin(None, None), (text("ACME"), text("12345")));
        assert_eq!(origin(text("OWN"), None), (text("OWN"), None));
        assert_eq!(origin(None, text("+1")), (None, text("+1")));
    }
}
