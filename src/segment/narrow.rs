//! Reading no more of an endpoint document than a scan asks for: most of its bytes are passed over.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::Predicate;
use crate::wire::endpoint::{UserView, View};
use crate::wire::lenient::Text;

/// The parts of a document that predicates look at.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs {
    pub(super) channel_type: bool,
    pub(super) location: bool,
    pub(super) demographic: bool,
    pub(super) effective_date: bool,
    pub(super) attributes: Vec<String>,
    pub(super) user_attributes: Vec<String>,
    pub(super) metrics: Vec<String>,
}

impl Needs {
    pub(super) fn of(predicates: &[Predicate]) -> Self {
        let mut needs = Self::default();
        for predicate in predicates {
            predicate.add_needs(&mut needs);
        }
        needs
    }

    /// Reads these parts of a document; the others are as if they were not there.
    pub(super) fn read<'a>(&self, document: &'a [u8]) -> Result<View<'a>, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_slice(document);
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &Needs {
    type Value = View<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an endpoint definition")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut view = View::default();
        while let Some(name) = map.next_key::<Text<'de>>()? {
            match name.as_str() {
                "ChannelType" if self.channel_type => view.channel_type = map.next_value()?,
                "Location" if self.location => view.location = map.next_value()?,
                "Demographic" if self.demographic => view.demographic = map.next_value()?,
                "EffectiveDate" if self.effective_date => view.effective_date = map.next_value()?,
                "Attributes" if !self.attributes.is_empty() => {
                    view.attributes = map.next_value_seed(Named::new(&self.attributes))?;
                }
                "Metrics" if !self.metrics.is_empty() => {
                    view.metrics = map.next_value_seed(Named::new(&self.metrics))?;
                }
                "User" if !self.user_attributes.is_empty() => {
                    view.user = map.next_value_seed(User(&self.user_attributes))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(view)
    }
}

/// Keeps the members of an object that have one of these names.
struct Named<'n, T> {
    names: &'n [String],
    value: PhantomData<T>,
}

impl<'n, T> Named<'n, T> {
    fn new(names: &'n [String]) -> Self {
        Self { names, value: PhantomData }
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Named<'_, T> {
    type Value = BTreeMap<Text<'de>, T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Named<'_, T> {
    type Value = BTreeMap<Text<'de>, T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut kept = BTreeMap::new();
        while let Some(name) = map.next_key::<Text<'de>>()? {
            if self.names.iter().any(|wanted| wanted == name.as_str()) {
                kept.insert(name, map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(kept)
    }
}

/// Keeps user attributes that have one of these names.
struct User<'n>(&'n [String]);

impl<'de> DeserializeSeed<'de> for User<'_> {
    type Value = UserView<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for User<'_> {
    type Value = UserView<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut user = UserView::default();
        while let Some(name) = map.next_key::<Text<'de>>()? {
            if name.as_str() == "UserAttributes" {
                user.attributes = map.next_value_seed(Named::new(self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_is_read() {
        let document = br#"{"ChannelType":"SMS","Address":"+1","Location":{"City":"Ulm"},"Demographic":{"Make":"X"},
            "EffectiveDate":"2026-03-01","Attributes":{"a":["1"],"b":["2"]},"Metrics":{"m":1,"n":2},
            "User":{"UserId":"u","UserAttributes":{"c":["3"],"d":["4"]}},"Unheard":[{}]}"#;
        let nothing = Needs::default().read(document).unwrap();
        assert!(nothing.channel_type.is_none() && nothing.attributes.is_empty() && nothing.user.attributes.is_empty());

        let needs = Needs {
            channel_type: true,
            attributes: vec!["b".into(), "z".into()],
            user_attributes: vec!["c".into()],
            metrics: vec!["n".into()],
            ..Needs::default()
        };
        let view = needs.read(document).unwrap();
        assert_eq!(view.channel_type.unwrap().as_str(), "SMS");
        assert_eq!(view.location.city, None);
        assert_eq!(view.attributes.keys().map(Text::as_str).collect::<Vec<_>>(), ["b"]);
        assert_eq!(view.user.attributes.keys().map(Text::as_str).collect::<Vec<_>>(), ["c"]);
        assert_eq!(view.metrics.into_values().collect::<Vec<f64>>(), [2.0]);
        assert!(needs.read(b"[]").is_err());
    }
}
