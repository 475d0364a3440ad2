//! Which adapter serves which channel type.

use std::sync::Arc;

use super::{ALL, Adapter, Credentials, Deps, Error, Factory, Spec};
use crate::domain::ChannelType;

/// The adapters that the settings enable, by channel type.
#[derive(Default)]
pub struct Channels {
    enabled: Vec<Enabled>,
    /// Indices into `enabled`, in the order of [`ChannelType::ALL`].
    by_type: [Option<usize>; ChannelType::ALL.len()],
}

struct Enabled {
    spec: &'static Spec,
    adapter: Arc<dyn Adapter>,
}

/// Builds an adapter for each section of the settings.
///
/// Errors: a section without an adapter, wrong settings, two adapters for one channel type.
pub fn build_all(sections: &toml::Table, deps: &Deps) -> Result<Channels, Error> {
    let mut channels = Channels::default();
    for (factory, settings) in select(ALL, sections)? {
        channels.add(factory.spec(), factory.build(settings.clone(), deps)?)?;
    }
    Ok(channels)
}

/// Builds an adapter for messages of this type from credentials that an application brings; `None` where no adapter has a
/// use for them.
///
/// Errors: credentials that cannot work, without repeating them.
pub fn build_own(
    channel_type: ChannelType,
    credentials: &Credentials,
    sections: &toml::Table,
    deps: &Deps,
) -> Option<Result<(&'static Spec, Arc<dyn Adapter>), Error>> {
    ALL.iter().filter(|factory| factory.spec().types.contains(&channel_type)).find_map(|factory| {
        let spec = factory.spec();
        let section = sections.get(spec.name).and_then(toml::Value::as_table);
        Some(factory.build_own(credentials, section, deps)?.map(|adapter| (spec, adapter)))
    })
}

/// Calls of [`Adapter::send`] at once: the lower of what the spec and the adapter's settings say, at least one.
pub fn calls_at_once(spec: &Spec, adapter: &dyn Adapter) -> usize {
    adapter.in_flight().min(spec.in_flight_max).max(1)
}

/// Finds the adapter of each section.
fn select<'a>(
    factories: &[&'static dyn Factory],
    sections: &'a toml::Table,
) -> Result<Vec<(&'static dyn Factory, &'a toml::Table)>, Error> {
    let named = |(name, section): (&String, &'a toml::Value)| {
        let Some(factory) = factories.iter().find(|factory| factory.spec().name == name) else {
            let known = factories.iter().map(|factory| format!("`{}`", factory.spec().name)).collect::<Vec<_>>();
            return Err(Error::UnknownAdapter { name: name.clone(), known: known.join(", ") });
        };
        match section {
            toml::Value::Table(settings) => Ok((*factory, settings)),
            _ => Err(Error::Settings { channel: factory.spec().name, problem: "must be a section of settings".into() }),
        }
    };
    sections.iter().map(named).collect()
}

impl Channels {
    /// The adapter for messages of this type, if there is one.
    pub fn adapter_for(&self, channel_type: ChannelType) -> Option<&Arc<dyn Adapter>> {
        self.enabled_for(channel_type).map(|enabled| &enabled.adapter)
    }

    /// The adapter for [`CustomContent`](super::CustomContent), whatever the type of the endpoint.
    pub fn custom(&self) -> Option<&Arc<dyn Adapter>> {
        self.adapter_for(ChannelType::Custom)
    }

    /// The facts about the adapter for this type.
    pub fn spec_for(&self, channel_type: ChannelType) -> Option<&'static Spec> {
        self.enabled_for(channel_type).map(|enabled| enabled.spec)
    }

    /// Every enabled adapter, once each, with the calls of [`Adapter::send`] it takes at once: the lower of what its spec
    /// and its settings say, at least one.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Spec, &Arc<dyn Adapter>, usize)> + '_ {
        self.enabled.iter().map(|Enabled { spec, adapter }| (*spec, adapter, calls_at_once(spec, &**adapter)))
    }

    /// Asks every adapter whether it can work. Never sends.
    ///
    /// Errors: the first one found.
    pub async fn check(&self) -> Result<(), Error> {
        for (_, adapter, _) in self.iter() {
            adapter.check().await?;
        }
        Ok(())
    }

    fn enabled_for(&self, channel_type: ChannelType) -> Option<&Enabled> {
        self.by_type[channel_type as usize].map(|index| &self.enabled[index])
    }

    fn add(&mut self, spec: &'static Spec, adapter: Arc<dyn Adapter>) -> Result<(), Error> {
        for &channel_type in adapter.types() {
            if let Some(first) = self.enabled_for(channel_type) {
                let problem = format!(
                    "it would serve {channel_type}, and so would `{}`: one adapter serves a channel type (`sink` has \
                     the setting `types`)",
                    first.spec.name
                );
                return Err(Error::Settings { channel: spec.name, problem });
            }
            self.by_type[channel_type as usize] = Some(self.enabled.len());
        }
        self.enabled.push(Enabled { spec, adapter });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::BoxFuture;

    use super::*;
    use crate::channel::{Message, Outcome};

    /// An adapter that serves its spec's types and asks for this many calls at once.
    struct Fake(&'static Spec, usize);

    impl Adapter for Fake {
        fn types(&self) -> &[ChannelType] {
            self.0.types
        }

        fn in_flight(&self) -> usize {
            self.1
        }

        fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
            Box::pin(async { Ok(()) })
        }

        fn send<'a>(&'a self, _batch: &'a [Message]) -> BoxFuture<'a, Vec<Outcome>> {
            Box::pin(async { Vec::new() })
        }
    }

    const fn spec(name: &'static str, types: &'static [ChannelType]) -> Spec {
        Spec { name, types, batch_messages_max: 1, in_flight_max: 8 }
    }

    static PUSH: Spec = spec("push", &[ChannelType::Gcm, ChannelType::Sms]);
    static TEXT: Spec = spec("text", &[ChannelType::Sms]);
    static OWN: Spec = spec("own", &[ChannelType::Custom]);

    fn channels(fakes: impl IntoIterator<Item = Fake>) -> Result<Channels, Error> {
        let mut channels = Channels::default();
        for fake in fakes {
            channels.add(fake.0, Arc::new(fake))?;
        }
        Ok(channels)
    }

    #[test]
    fn every_type_leads_to_its_adapter() {
        let channels = channels([Fake(&PUSH, 4), Fake(&OWN, 4)]).unwrap();
        assert_eq!(channels.spec_for(ChannelType::Gcm).unwrap().name, "push");
        assert_eq!(channels.spec_for(ChannelType::Sms).unwrap().name, "push");
        assert!(channels.adapter_for(ChannelType::Email).is_none());
        assert!(channels.custom().is_some());
        assert_eq!(channels.iter().map(|(spec, ..)| spec.name).collect::<Vec<_>>(), ["push", "own"]);
    }

    #[test]
    fn the_lower_limit_of_calls_holds() {
        for (asked, expected) in [(usize::MAX, 8), (3, 3), (0, 1)] {
            let channels = channels([Fake(&TEXT, asked)]).unwrap();
            assert_eq!(channels.iter().map(|(.., in_flight)| in_flight).collect::<Vec<_>>(), [expected]);
        }
    }

    #[test]
    fn two_adapters_for_one_type_are_both_named() {
        let problem = channels([Fake(&PUSH, 4), Fake(&TEXT, 4)]).err().unwrap().to_string();
        assert!(problem.starts_with("channel `text`: it would serve SMS, and so would `push`"), "{problem}");
    }

    #[test]
    fn sections_are_matched_by_name() {
        let names = |sections: &str| {
            let sections = sections.parse().unwrap();
            let selected = select(ALL, &sections).map_err(|error| error.to_string())?;
            Ok::<_, String>(selected.iter().map(|(factory, _)| factory.spec().name).collect::<Vec<_>>())
        };
        assert_eq!(names(""), Ok(vec![]));
        assert_eq!(names("[sink]\n[gcm]").map(|names| names.len()), Ok(2));
        assert_eq!(names("sink = true"), Err("channel `sink`: must be a section of settings".into()));
        let unknown = names("[smoke]").unwrap_err();
        assert!(unknown.starts_with("`channel.smoke` names no channel adapter: there are"), "{unknown}");
        assert!(unknown.contains("`gcm`") && unknown.contains("`sink`"), "{unknown}");
    }
}
