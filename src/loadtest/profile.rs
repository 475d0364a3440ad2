//! Endpoints made up by a profile: the same for the same seed and number.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Error;
use crate::domain::endpoint::{Demographic, Location, User};
use crate::domain::limit::BATCH_ENDPOINTS_MAX;
use crate::domain::{ChannelType, Endpoint};
use crate::wire;

/// Bytes of an endpoint that nothing can be left out of, and of the largest one.
const BYTES_MIN: usize = 450;
const BYTES_MAX: usize = 100_000;

/// When made-up endpoints were created.
const DATE: &str = "2026-03-01T09:00:00.000Z";

/// What events look like.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// Endpoints of an event, 1 to 50.
    pub endpoints: usize,
    /// Bytes of an endpoint's document, 450 to 100000.
    pub bytes: usize,
    /// Weights of channel types.
    pub channel_types: BTreeMap<String, u32>,
}

impl Default for Profile {
    /// Full batches of what campaigns mostly send: push, e-mail, SMS.
    fn default() -> Self {
        let weights = [("GCM", 40), ("EMAIL", 25), ("APNS", 20), ("SMS", 15)];
        let channel_types = weights.map(|(name, weight)| (name.to_owned(), weight)).into();
        Self { endpoints: BATCH_ENDPOINTS_MAX, bytes: 700, channel_types }
    }
}

impl Profile {
    /// Reads TOML. What is not given is as by default.
    pub fn parse(text: &str) -> Result<Self, Error> {
        toml::from_str(text).map_err(|error| Error::Profile(error.to_string().trim().to_owned()))
    }

    /// Reads weights such as `GCM=40,EMAIL=60`.
    pub fn weights(text: &str) -> Result<BTreeMap<String, u32>, Error> {
        let weight = |part: &str| {
            let (name, weight) = part.split_once('=').unwrap_or((part, "1"));
            Some((name.trim().to_owned(), weight.trim().parse().ok()?))
        };
        let weights: Option<_> = text.split(',').map(weight).collect();
        weights.ok_or_else(|| Error::Profile(format!("`{text}` is not a list such as `GCM=40,EMAIL=60`")))
    }

    /// Makes endpoints by this profile.
    pub fn maker(&self, seed: u64) -> Result<Maker, Error> {
        let refused = |name: &str, value: usize, rule: String| {
            Err(Error::Profile(format!("`{name}` is {value}, and must be {rule}")))
        };
        if !(1..=BATCH_ENDPOINTS_MAX).contains(&self.endpoints) {
            return refused("endpoints", self.endpoints, format!("1 to {BATCH_ENDPOINTS_MAX}"));
        }
        if !(BYTES_MIN..=BYTES_MAX).contains(&self.bytes) {
            return refused("bytes", self.bytes, format!("{BYTES_MIN} to {BYTES_MAX}"));
        }
        let mut types = Vec::new();
        for (name, &weight) in &self.channel_types {
            let channel_type =
                ChannelType::parse(name).ok_or_else(|| Error::Profile(format!("`{name}` is no channel type")))?;
            types.push((channel_type, weight));
        }
        let weight: u32 = types.iter().fold(0, |sum, (_, weight)| sum.saturating_add(*weight));
        if weight == 0 {
            return Err(Error::Profile("`channel_types` has no weight above 0".into()));
        }
        Ok(Maker { types, weight, bytes: self.bytes, random: fastrand::Rng::with_seed(seed), made: 0 })
    }
}

/// Makes endpoints, one after the other.
#[derive(Debug)]
pub struct Maker {
    types: Vec<(ChannelType, u32)>,
    weight: u32,
    bytes: usize,
    random: fastrand::Rng,
    made: u64,
}

/// City, country, time zone, language.
const PLACES: [(&str, &str, &str, &str); 6] = [
    ("Wien", "AT", "Europe/Vienna", "de"),
    ("大阪市", "JP", "Asia/Tokyo", "ja"),
    ("Seattle", "US", "America/Los_Angeles", "en"),
    ("São Paulo", "BR", "America/Sao_Paulo", "pt"),
    ("Kraków", "PL", "Europe/Warsaw", "pl"),
    ("Lima", "PE", "America/Lima", "es"),
];
const NAMES: [&str; 8] = ["Amara", "Zoë", "Chiyo", "Diego", "Łucja", "Farid", "Grace", "June"];
const TIERS: [&str; 3] = ["bronze", "silver", "gold"];

impl Maker {
    /// An id and a stored document.
    pub fn make(&mut self) -> (String, Vec<u8>) {
        let number = self.made;
        self.made += 1;
        let mut endpoint = self.endpoint(number);
        let id = format!("{:016x}{number:016x}", self.random.u64(..));
        let mut document = wire::endpoint::write(&endpoint);
        // What is missing is one more attribute: quotes, brackets, colon and comma are ten bytes with its name.
        let frame = br#","Notes":[""]"#.len();
        if let Some(missing) = self.bytes.checked_sub(document.len() + frame) {
            let text = (0..missing).map(|_| char::from(self.random.u8(b'a'..=b'z'))).collect();
            endpoint.attributes.insert("Notes".to_owned(), vec![text]);
            document = wire::endpoint::write(&endpoint);
        }
        (id, document)
    }

    fn endpoint(&mut self, number: u64) -> Endpoint {
        let channel_type = self.channel_type();
        let random = &mut self.random;
        let (city, country, timezone, language) = PLACES[random.usize(..PLACES.len())];
        let address = match channel_type {
            ChannelType::Email => format!("customer.{number}@example.com"),
            ChannelType::Sms | ChannelType::Voice => format!("+1206{number:07}"),
            _ => format!("{:016x}{:016x}{:016x}{number:016x}", random.u64(..), random.u64(..), random.u64(..)),
        };
        let is_roomy = self.bytes >= 600;
        let text = |text: &str| Some(text.to_owned());
        Endpoint {
            channel_type: Some(channel_type),
            address: Some(address),
            location: Location { city: text(city), country: text(country), ..Location::default() },
            demographic: match is_roomy {
                true => Demographic {
                    app_version: Some(format!("5.{}.{}", random.u8(..9), random.u8(..9))),
                    locale: Some(format!("{language}_{country}")),
                    platform: text(if random.bool() { "android" } else { "ios" }),
                    timezone: text(timezone),
                    ..Demographic::default()
                },
                false => Demographic { timezone: text(timezone), ..Demographic::default() },
            },
            effective_date: DATE.to_owned(),
            attributes: [("Tier".to_owned(), vec![TIERS[random.usize(..TIERS.len())].to_owned()])].into(),
            metrics: [("orders".to_owned(), f64::from(random.u8(..40)))].into(),
            user: User {
                id: Some(format!("user-{number}")),
                attributes: match is_roomy {
                    true => [("FirstName".to_owned(), vec![NAMES[random.usize(..NAMES.len())].to_owned()])].into(),
                    false => BTreeMap::new(),
                },
            },
            creation_date: DATE.to_owned(),
            ..Endpoint::default()
        }
    }

    fn channel_type(&mut self) -> ChannelType {
        let mut left = self.random.u32(..self.weight);
        for &(channel_type, weight) in &self.types {
            match left.checked_sub(weight) {
                None => return channel_type,
                Some(rest) => left = rest,
            }
        }
        unreachable!("it is below the sum of weights")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn endpoints_have_the_size_asked_for() {
        for bytes in [BYTES_MIN, 700, 5_000] {
            let mut maker = Profile { bytes, ..Profile::default() }.maker(1).unwrap();
            let mut ids = HashSet::new();
            for _ in 0..200 {
                let (id, document) = maker.make();
                assert!((bytes - 15..=bytes).contains(&document.len()), "{} for {bytes}", document.len());
                assert_eq!(wire::endpoint::write(&wire::endpoint::read(&document).unwrap()), document);
                assert!(ids.insert(id));
            }
        }
    }

    #[test]
    fn channel_types_follow_their_weights_and_the_seed() {
        let profile = Profile::parse("endpoints = 3\nchannel_types = { SMS = 1, EMAIL = 3 }").unwrap();
        assert_eq!((profile.endpoints, profile.bytes), (3, 700));
        let documents = |seed| {
            let mut maker = profile.maker(seed).unwrap();
            (0..1_000).map(|_| maker.make()).collect::<Vec<_>>()
        };
        assert_eq!(documents(1), documents(1));
        assert_ne!(documents(1), documents(2));
        let emails =
            documents(1).iter().filter(|(_, document)| document.starts_with(br#"{"ChannelType":"EMAIL""#)).count();
        assert!((700..800).contains(&emails), "{emails}");
        assert_eq!(Profile::weights("SMS, EMAIL=3").unwrap(), profile.channel_types);
    }

    #[test]
    fn what_cannot_be_made_is_refused() {
        let cases = [
            ("endpoints = 51", "`endpoints` is 51, and must be 1 to 50"),
            ("bytes = 10", "`bytes` is 10, and must be 450 to 100000"),
            ("channel_types = { FAX = 1 }", "`FAX` is no channel type"),
            ("channel_types = { SMS = 0 }", "`channel_types` has no weight above 0"),
            ("colour = 1", "unknown field `colour`"),
        ];
        for (text, expected) in cases {
            let error = Profile::parse(text).and_then(|profile| profile.maker(0)).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(Profile::weights("SMS=x").is_err());
    }
}
