//! The endpoints of an event that was not composed here: one of a file, or of a recording.

use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::event::Member;
use crate::domain::limit::BATCH_ENDPOINTS_MAX;
use crate::wire::endpoint;

/// Endpoints by id, in the order of their event.
#[derive(Clone, Debug, Default)]
pub struct Endpoints(Vec<(String, Vec<u8>)>);

impl Endpoints {
    /// Endpoints that are stored documents already.
    pub fn of_documents(documents: Vec<(String, Vec<u8>)>) -> Self {
        Self(documents)
    }

    /// Reads the endpoints of an event; what was printed in another way becomes a stored document.
    ///
    /// Errors: what is wrong with the event; endpoints are counted from 1, not named.
    pub fn read(event: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Event {
            #[serde(rename = "Endpoints")]
            endpoints: Members<Box<RawValue>>,
        }
        let event: Event = serde_json::from_slice(event).map_err(|error| format!("it is no event: {error}"))?;
        let members = event.endpoints.0;
        if !(1..=BATCH_ENDPOINTS_MAX).contains(&members.len()) {
            return Err(format!("`Endpoints` has {} members, and must have 1 to {BATCH_ENDPOINTS_MAX}", members.len()));
        }
        let mut documents: Vec<(String, Vec<u8>)> = Vec::with_capacity(members.len());
        for (at, (id, raw)) in members.into_iter().enumerate() {
            // Derived readers would take a list for an object whose members come in order.
            if !raw.get().starts_with('{') {
                return Err(format!("endpoint {} is not an object", at + 1));
            }
            let endpoint =
                endpoint::read(raw.get().as_bytes()).map_err(|error| format!("endpoint {}: {error}", at + 1))?;
            if documents.iter().any(|(known, _)| *known == id) {
                return Err(format!("endpoint {} has an id that another one has", at + 1));
            }
            documents.push((id, endpoint::write(&endpoint)));
        }
        Ok(Self(documents))
    }

    /// As events carry them.
    pub fn members(&self) -> Vec<Member<'_>> {
        self.0.iter().map(|(id, document)| (id.as_str(), document.as_slice())).collect()
    }

    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(id, _)| id.as_str())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Members of an object in their order, those with the same name included.
pub(super) struct Members<T>(pub Vec<(String, T)>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: DeserializeOwned> Visitor<'de> for MembersVisitor<T> {
            type Value = Members<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<T>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_others_are_read_into_stored_documents() {
        let event = br#"{ "Endpoints": { "b\"": { "Address": "x", "ChannelType": "SMS" }, "a": {"OptOut":"NONE"} } }"#;
        let endpoints = Endpoints::read(event).unwrap();
        assert_eq!(endpoints.ids().collect::<Vec<_>>(), ["b\"", "a"]);
        let document = std::str::from_utf8(endpoints.members()[0].1).unwrap().to_owned();
        assert!(document.starts_with(r#"{"ChannelType":"SMS","Address":"x","EndpointStatus":"ACTIVE""#), "{document}");
    }

    #[test]
    fn what_is_no_event_is_refused() {
        let cases = [
            ("[]", "it is no event"),
            ("{}", "missing field `Endpoints`"),
            (r#"{"Endpoints":[]}"#, "an object"),
            (r#"{"Endpoints":{}}"#, "has 0 members"),
            (r#"{"Endpoints":{"a":[]}}"#, "endpoint 1 is not an object"),
            (r#"{"Endpoints":{"a":{},"b":{"Address":7}}}"#, "endpoint 2: "),
            (r#"{"Endpoints":{"a":{},"a":{}}}"#, "endpoint 2 has an id"),
        ];
        for (event, problem) in cases {
            let found = Endpoints::read(event.as_bytes()).unwrap_err();
            assert!(found.contains(problem), "{event}: {found}");
        }
    }
}
