//! Which sink a destination's records go to.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Deps, Error, Sink, build};
use crate::config;
use crate::domain::glob;

/// The sink that is there without a section.
const FILE: &str = "file";

/// All sinks of the settings.
pub struct Sinks {
    /// In the order of their names, with their patterns.
    sinks: Vec<(Vec<String>, Arc<dyn Sink>)>,
    default: Arc<dyn Sink>,
}

impl Sinks {
    /// Makes all sinks. Reaches for nobody.
    ///
    /// Errors: settings that break a rule, a default that is not there.
    pub fn build(settings: &config::EventStream, deps: &Deps) -> Result<Self, Error> {
        let mut sections: BTreeMap<&str, &config::Sink> =
            settings.sinks.iter().map(|(name, section)| (name.as_str(), section)).collect();
        let file = config::Sink::File(config::FileSink::default());
        sections.entry(FILE).or_insert(&file);
        let mut sinks = Vec::with_capacity(sections.len());
        for (name, section) in sections {
            sinks.push((section.destinations().to_vec(), build(name, section, deps)?));
        }
        let default = sinks.iter().find(|(_, sink)| sink.name() == settings.default).map(|(_, sink)| sink.clone());
        let default = default.ok_or_else(|| Error::UnknownDefault { name: settings.default.clone() })?;
        Ok(Self { sinks, default })
    }

    /// One sink for all destinations.
    #[cfg(test)]
    pub fn only(sink: Arc<dyn Sink>) -> Self {
        Self { sinks: vec![(Vec::new(), sink.clone())], default: sink }
    }

    /// The sink of a destination: the first that lists it, else the default.
    pub fn of(&self, arn: &str) -> &Arc<dyn Sink> {
        let lists = |patterns: &[String]| patterns.iter().any(|pattern| glob::fits(pattern, arn));
        self.sinks.iter().find(|(patterns, _)| lists(patterns)).map_or(&self.default, |(_, sink)| sink)
    }

    /// The names of all sinks, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sinks.iter().map(|(_, sink)| sink.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Held;
    use crate::http::Aws;

    fn sinks(settings: &str) -> Result<Sinks, Error> {
        let rest = "records_max = 1\npause_min = \"1s\"\npause_max = \"1s\"\n";
        let settings = toml::from_str(&format!("{rest}{settings}")).unwrap();
        let deps = Deps {
            clock: Arc::new(Held::default()),
            aws: Arc::new(Aws::by_sdk_config(&aws_config::SdkConfig::builder().build())),
            data_directory: "data".into(),
        };
        Sinks::build(&settings, &deps)
    }

    #[test]
    fn the_first_sink_that_lists_a_destination_gets_it() {
        let sinks = sinks(
            r#"default = "file"
            [sinks.b]
            type = "file"
            destinations = ["*:stream/shop*", "*:stream/web"]
            [sinks.a]
            type = "file"
            destinations = ["*:stream/shop-eu"]"#,
        )
        .unwrap();
        let of = |name| sinks.of(&format!("arn:aws:kinesis:eu-west-1:111122223333:stream/{name}")).name().to_owned();
        assert_eq!([of("shop-eu"), of("shop-us"), of("web"), of("other")], ["a", "b", "b", "file"]);
        assert_eq!(sinks.names().collect::<Vec<_>>(), ["a", "b", "file"]);
    }

    #[test]
    fn the_default_is_one_of_them() {
        let own = sinks("default = \"file\"\n[sinks.file]\ntype = \"file\"\nfiles_max = 0").err().unwrap();
        assert!(own.to_string().starts_with("`event_stream.sinks.file.files_max`: "), "a section of that name counts");
        let unknown = sinks("default = \"fiel\"").err().unwrap();
        assert_eq!(unknown.to_string(), "`event_stream.default`: there is no sink `fiel`");
    }
}
