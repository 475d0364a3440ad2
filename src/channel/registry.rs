//! Which section of the settings carries which channel type, and which one takes over while its provider fails.

use std::sync::Arc;

use serde::Deserialize;

use super::{ALL, Adapter, Credentials, Deps, Error, Factory, Spec};
use crate::domain::ChannelType;

/// The keys of a section that are ours and not its adapter's.
const ADAPTER: &str = "adapter";
const ROLE: &str = "role";

/// The sections of the settings, and the channel types they carry.
#[derive(Default)]
pub struct Channels {
    sections: Vec<Section>,
    /// In the order of [`ChannelType::ALL`].
    by_type: [Serving; ChannelType::ALL.len()],
}

/// A section of the settings, with the adapter it sets up.
pub struct Section {
    /// Letters, digits, `-` and `_`; a label in metrics.
    pub name: Arc<str>,
    pub spec: &'static Spec,
    pub adapter: Arc<dyn Adapter>,
}

/// How messages of a type leave: places in [`Channels::sections`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Route {
    pub primary: usize,
    /// Used while the primary's provider fails.
    pub fallback: Option<usize>,
}

/// A route that may still lack its primary.
#[derive(Clone, Copy, Default)]
struct Serving {
    primary: Option<usize>,
    fallback: Option<usize>,
}

/// What a section is to its channel types.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Role {
    #[default]
    Primary,
    Fallback,
}

impl Serving {
    fn place(&mut self, role: Role) -> &mut Option<usize> {
        match role {
            Role::Primary => &mut self.primary,
            Role::Fallback => &mut self.fallback,
        }
    }
}

/// A section that was read, but for what is its adapter's.
struct Selected<'a> {
    name: &'a str,
    factory: &'static dyn Factory,
    role: Role,
    settings: toml::Table,
}

/// Builds an adapter for each section of the settings.
///
/// Errors: a section without an adapter, wrong settings, two primaries or two fallbacks for one channel type, a fallback
/// without a primary, a fallback that is the sink or is for it.
pub fn build_all(sections: &toml::Table, deps: &Deps) -> Result<Channels, Error> {
    let mut channels = Channels::default();
    for Selected { name, factory, role, settings } in select(ALL, sections)? {
        let spec = factory.spec();
        let adapter = factory.build(settings, deps).map_err(|error| of_section(name, spec, error))?;
        channels.add(Section { name: name.into(), spec, adapter }, role)?;
    }
    channels.check_routes()?;
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
        let settings = own_settings(spec, sections);
        Some(factory.build_own(credentials, settings.as_ref(), deps)?.map(|adapter| (spec, adapter)))
    })
}

/// The settings in an adapter's section of its own name, unless that section is another adapter's.
fn own_settings(spec: &Spec, sections: &toml::Table) -> Option<toml::Table> {
    let mut settings = sections.get(spec.name)?.as_table()?.clone();
    settings.remove(ROLE);
    match settings.remove(ADAPTER) {
        Some(adapter) if adapter.as_str() != Some(spec.name) => None,
        _ => Some(settings),
    }
}

/// Calls of [`Adapter::send`] at once: the lower of what the spec and the adapter's settings say, at least one.
pub fn calls_at_once(spec: &Spec, adapter: &dyn Adapter) -> usize {
    adapter.in_flight().min(spec.in_flight_max).max(1)
}

/// Finds the adapter of each section, and takes out the keys that are not the adapter's.
fn select<'a>(factories: &[&'static dyn Factory], sections: &'a toml::Table) -> Result<Vec<Selected<'a>>, Error> {
    sections.iter().map(|(name, section)| select_one(factories, name, section)).collect()
}

fn select_one<'a>(
    factories: &[&'static dyn Factory],
    name: &'a str,
    section: &toml::Value,
) -> Result<Selected<'a>, Error> {
    let wrong = |problem: &str| Error::Section { section: name.to_owned(), problem: problem.to_owned() };
    let is_allowed = |sign: u8| sign.is_ascii_alphanumeric() || b"-_".contains(&sign);
    if name.is_empty() || !name.bytes().all(is_allowed) {
        return Err(wrong("the name of a section has letters, digits, `-` and `_` only"));
    }
    let toml::Value::Table(section) = section else { return Err(wrong("must be a section of settings")) };
    let mut settings = section.clone();
    let adapter = match settings.remove(ADAPTER) {
        None => name.to_owned(),
        Some(toml::Value::String(adapter)) => adapter,
        Some(_) => return Err(wrong("`adapter` must be the name of an adapter, as text")),
    };
    let role = match settings.remove(ROLE) {
        None => Role::default(),
        Some(role) => role.try_into().map_err(|_| wrong("`role` must be \"primary\" or \"fallback\""))?,
    };
    let Some(factory) = factories.iter().find(|factory| factory.spec().name == adapter) else {
        let known = factories.iter().map(|factory| format!("`{}`", factory.spec().name)).collect::<Vec<_>>();
        return Err(Error::UnknownAdapter { section: name.to_owned(), name: adapter, known: known.join(", ") });
    };
    Ok(Selected { name, factory: *factory, role, settings })
}

/// Names the section in an adapter's error, where the adapter's name does not.
fn of_section(section: &str, spec: &Spec, error: Error) -> Error {
    match section == spec.name {
        true => error,
        false => Error::Section { section: section.to_owned(), problem: error.to_string() },
    }
}

impl Channels {
    /// Every section, in the order of their names.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// How messages of this type leave, if they do. [`CustomContent`](super::CustomContent) leaves as CUSTOM, whatever the
    /// type of the endpoint.
    pub fn route(&self, channel_type: ChannelType) -> Option<Route> {
        let Serving { primary, fallback } = self.by_type[channel_type as usize];
        primary.map(|primary| Route { primary, fallback })
    }

    /// Asks every adapter whether it can work. Never sends. One that cannot, where another carries all its types, is logged.
    ///
    /// Errors: that of a section whose types would not be carried.
    pub async fn check(&self) -> Result<(), Error> {
        let mut failed = Vec::with_capacity(self.sections.len());
        for Section { name, spec, adapter } in &self.sections {
            failed.push(adapter.check().await.err().map(|error| of_section(name, spec, error)));
        }
        for route in ChannelType::ALL.into_iter().filter_map(|channel_type| self.route(channel_type)) {
            if route.fallback.is_none_or(|fallback| failed[fallback].is_some())
                && let Some(error) = failed[route.primary].take()
            {
                return Err(error);
            }
        }
        for error in failed.into_iter().flatten() {
            tracing::warn!(error = %error, "a channel cannot be used now; its types have another");
        }
        Ok(())
    }

    fn add(&mut self, section: Section, role: Role) -> Result<(), Error> {
        for &channel_type in section.adapter.types() {
            let place = self.by_type[channel_type as usize].place(role);
            if let Some(first) = *place {
                let first = &self.sections[first].name;
                let rule = match role {
                    Role::Primary => {
                        "a type has one primary; `role = \"fallback\"` makes a section the one that is used while the \
                         primary's provider fails, and `sink` has the setting `types`"
                    }
                    Role::Fallback => "a type has one fallback",
                };
                let problem = format!("it would serve {channel_type}, and so would `channel.{first}`: {rule}");
                return Err(Error::Section { section: section.name.to_string(), problem });
            }
            *place = Some(self.sections.len());
        }
        self.sections.push(section);
        Ok(())
    }

    /// Makes sure that every fallback has a primary, and that what goes to the sink neither leaves after all nor stays behind
    /// unnoticed.
    fn check_routes(&self) -> Result<(), Error> {
        for channel_type in ChannelType::ALL {
            let Serving { primary, fallback: Some(fallback) } = self.by_type[channel_type as usize] else { continue };
            let fallback = &self.sections[fallback];
            let problem = match primary.map(|primary| &self.sections[primary]) {
                None => format!("it would be the fallback for {channel_type}, which has no primary"),
                Some(primary) if primary.spec.is_sink() => {
                    format!(
                        "it would be the fallback for {channel_type} of `channel.{}`, a sink: then messages would leave",
                        primary.name
                    )
                }
                Some(primary) if fallback.spec.is_sink() => {
                    format!(
                        "a sink is no fallback, as it is to be for {channel_type} of `channel.{}`: messages that nobody gets \
                         would count as sent",
                        primary.name
                    )
                }
                Some(_) => continue,
            };
            return Err(Error::Section { section: fallback.name.to_string(), problem });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::BoxFuture;

    use super::Role::{Fallback, Primary};
    use super::*;
    use crate::channel::{Message, Outcome, sink};

    /// An adapter that serves its spec's types and asks for this many calls at once. Nobody is where PUSH leads.
    struct Fake(&'static Spec, usize);

    impl Adapter for Fake {
        fn types(&self) -> &[ChannelType] {
            self.0.types
        }

        fn in_flight(&self) -> usize {
            self.1
        }

        fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
            Box::pin(async {
                match self.0.name != PUSH.name {
                    true => Ok(()),
                    false => Err(Error::Check { channel: self.0.name, problem: "nobody is there".into() }),
                }
            })
        }

        fn send<'a>(&'a self, _batch: &'a [Message]) -> BoxFuture<'a, Vec<Outcome>> {
            Box::pin(async { Vec::new() })
        }
    }

    const fn spec(name: &'static str, types: &'static [ChannelType]) -> Spec {
        Spec { name, types, batch_messages_max: 1, in_flight_max: 8 }
    }

    static PUSH: Spec = spec("push", &[ChannelType::Gcm, ChannelType::Sms]);
    static OTHER: Spec = spec("other", &[ChannelType::Gcm, ChannelType::Sms]);
    static TEXT: Spec = spec("text", &[ChannelType::Sms]);
    static OWN: Spec = spec("own", &[ChannelType::Custom]);
    static SINK: Spec = spec(sink::NAME, &[ChannelType::Sms]);

    fn channels(given: &[(&str, &'static Spec, Role)]) -> Result<Channels, String> {
        let mut channels = Channels::default();
        for &(name, spec, role) in given {
            let section = Section { name: name.into(), spec, adapter: Arc::new(Fake(spec, 4)) };
            channels.add(section, role).map_err(|error| error.to_string())?;
        }
        channels.check_routes().map_err(|error| error.to_string())?;
        Ok(channels)
    }

    #[test]
    fn every_type_leads_to_its_sections() {
        let channels =
            channels(&[("backup", &TEXT, Fallback), ("own", &OWN, Primary), ("push", &PUSH, Primary)]).unwrap();
        let route = |channel_type| channels.route(channel_type).map(|route| (route.primary, route.fallback));
        assert_eq!(route(ChannelType::Gcm), Some((2, None)));
        assert_eq!(route(ChannelType::Sms), Some((2, Some(0))));
        assert_eq!(route(ChannelType::Custom), Some((1, None)));
        assert_eq!(route(ChannelType::Email), None);
        let names: Vec<&str> = channels.sections().iter().map(|section| &*section.name).collect();
        assert_eq!(names, ["backup", "own", "push"]);
    }

    #[test]
    fn the_lower_limit_of_calls_holds() {
        for (asked, expected) in [(usize::MAX, 8), (3, 3), (0, 1)] {
            assert_eq!(calls_at_once(&TEXT, &Fake(&TEXT, asked)), expected);
        }
    }

    #[test]
    fn sections_that_do_not_fit_together_are_named() {
        let problem = |given: &[_]| channels(given).err().unwrap();
        let two = problem(&[("push", &PUSH, Primary), ("relay", &TEXT, Primary)]);
        assert!(two.starts_with("`channel.relay`: it would serve SMS, and so would `channel.push`: "), "{two}");
        assert!(two.contains("`role = \"fallback\"`"), "{two}");
        let two = problem(&[("a", &TEXT, Fallback), ("b", &TEXT, Fallback), ("push", &PUSH, Primary)]);
        assert_eq!(two, "`channel.b`: it would serve SMS, and so would `channel.a`: a type has one fallback");
        let alone = problem(&[("own", &OWN, Primary), ("relay", &TEXT, Fallback)]);
        assert_eq!(alone, "`channel.relay`: it would be the fallback for SMS, which has no primary");
        // A push that falls back for GCM alone would still have no primary for SMS.
        let half = problem(&[("push", &PUSH, Fallback), ("text", &TEXT, Primary)]);
        assert_eq!(half, "`channel.push`: it would be the fallback for GCM, which has no primary");
        let leaving = problem(&[("relay", &TEXT, Fallback), ("trial", &SINK, Primary)]);
        assert!(leaving.starts_with("`channel.relay`: ") && leaving.contains("`channel.trial`, a sink"), "{leaving}");
        let lost = problem(&[("text", &TEXT, Primary), ("trial", &SINK, Fallback)]);
        assert!(
            lost.starts_with("`channel.trial`: a sink is no fallback") && lost.contains("`channel.text`"),
            "{lost}"
        );
    }

    fn selected(sections: &str) -> Result<Vec<(String, &'static str, Role, String)>, String> {
        let sections = sections.parse().unwrap();
        let selected = select(ALL, &sections).map_err(|error| error.to_string())?.into_iter();
        Ok(selected
            .map(|Selected { name, factory, role, settings }| {
                (name.to_owned(), factory.spec().name, role, settings.to_string().trim().to_owned())
            })
            .collect())
    }

    #[test]
    fn a_section_is_its_adapters_but_for_two_keys() {
        let all =
            "[sink]\n[gcm]\nrole = \"primary\"\n[My-relay_2]\nadapter = \"email\"\nrole = \"fallback\"\nport = 25";
        let expected = [
            ("My-relay_2", "email", Fallback, "port = 25"),
            ("gcm", "gcm", Primary, ""),
            ("sink", "sink", Primary, ""),
        ];
        let expected = expected.map(|(name, adapter, role, left)| (name.to_owned(), adapter, role, left.to_owned()));
        assert_eq!(selected(all).unwrap(), expected);
        assert_eq!(selected("").unwrap(), []);
    }

    #[test]
    fn sections_are_refused_by_name() {
        let known = "is none of `custom`, `email`, `gcm`, `sink`";
        for (sections, expected) in [
            ("sink = true", "`channel.sink`: must be a section of settings"),
            ("[smoke]", "`channel.smoke` is for no channel adapter: `smoke` is none of "),
            ("[relay]\nadapter = \"smoke\"", "`channel.relay` is for no channel adapter: `smoke` is none of "),
            ("[relay]\nadapter = 1", "`channel.relay`: `adapter` must be the name of an adapter, as text"),
            ("[gcm]\nrole = \"backup\"", "`channel.gcm`: `role` must be \"primary\" or \"fallback\""),
            (
                "[\"a b\"]\nadapter = \"gcm\"",
                "`channel.a b`: the name of a section has letters, digits, `-` and `_` only",
            ),
        ] {
            let problem = selected(sections).unwrap_err();
            assert!(problem.starts_with(expected), "{problem}");
        }
        let unknown = selected("[smoke]").unwrap_err();
        assert!(known.split(", ").all(|name| unknown.contains(name.trim_start_matches("is none of "))), "{unknown}");
        assert!(unknown.ends_with("needs `adapter`"), "{unknown}");
    }

    #[tokio::test]
    async fn errors_of_adapters_name_sections_of_other_names() {
        let wrong = |name: &str| {
            of_section(name, &TEXT, Error::Settings { channel: "text", problem: "`port`: too high".into() }).to_string()
        };
        assert_eq!(wrong("text"), "channel `text`: `port`: too high");
        assert_eq!(wrong("relay"), "`channel.relay`: channel `text`: `port`: too high");
        let problem = channels(&[("relay", &PUSH, Primary)]).unwrap().check().await.unwrap_err().to_string();
        assert_eq!(problem, "`channel.relay`: channel `push` is not usable: nobody is there");
    }

    #[tokio::test]
    async fn a_type_needs_one_section_that_works() {
        for (given, is_usable) in [
            (&[("text", &TEXT, Primary)][..], true),
            (&[("push", &PUSH, Primary), ("other", &OTHER, Fallback)], true),
            (&[("other", &OTHER, Primary), ("push", &PUSH, Fallback)], true),
            // Nobody stands in for GCM.
            (&[("push", &PUSH, Primary), ("text", &TEXT, Fallback)], false),
            (&[("push", &PUSH, Primary), ("push-2", &PUSH, Fallback)], false),
        ] {
            let names: Vec<&str> = given.iter().map(|(name, ..)| *name).collect();
            assert_eq!(channels(given).unwrap().check().await.is_ok(), is_usable, "{names:?}");
        }
    }

    #[test]
    fn own_credentials_go_by_the_section_of_the_adapters_name() {
        let settings = |sections: &str| own_settings(&TEXT, &sections.parse().unwrap()).map(|table| table.to_string());
        assert_eq!(settings("[relay]\nadapter = \"text\"\nport = 25"), None);
        assert_eq!(settings("[text]\nport = 25").unwrap().trim(), "port = 25");
        let fallback = "[text]\nadapter = \"text\"\nrole = \"fallback\"\nport = 25";
        assert_eq!(settings(fallback).unwrap().trim(), "port = 25");
        assert_eq!(settings("[text]\nadapter = \"push\"\nport = 25"), None, "that is another adapter's");
    }
}
