//! What functions answer: who stays, and what changes.
//!
//! The answer is a map from endpoint ids to endpoint definitions. An endpoint that comes back as it was sent is never
//! parsed: its bytes are compared. Only what differs is parsed and merged.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use simd_json::Buffers;

use super::event::Member;
use super::same::same;
use super::{Error, returned};

use crate::domain::limit::HOOK_PAYLOAD_BYTES_MAX;
use crate::wire::lenient::Text;
pub use returned::Changed;

/// What an answer says about each endpoint that was sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// Shape: one for each member sent, in the same order.
    pub verdicts: Vec<Verdict>,
    /// Endpoints in the answer that were not sent. They get nothing.
    pub unknown_ids: usize,
    /// The answer looks like the whole event, or like an HTTP response, with the endpoints inside: common mistakes, and
    /// nobody was recognised.
    pub looks_wrapped: bool,
}

/// What a function decided about an endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// No message: left out, or returned opted out or inactive.
    Removed,
    /// Returned as it was sent.
    Unchanged,
    /// Returned with changes, or at least printed in another way.
    Changed(Box<Changed>),
}

/// Reads an answer to an event with these members.
///
/// Values are strict where a guess would send something nobody wrote: a member of an endpoint with a wrong type, a
/// misspelled `OptOut`, or an endpoint that is not an object make the whole answer undecodable. Scalars in attributes are
/// taken as lists of strings, unknown members of endpoints are ignored, and of an id that comes twice the last counts.
///
/// Errors: [`Error::Undecodable`]; names the endpoint and the member, never the value.
/// Panics: when a member sent is not a stored document.
/// Source: Pinpoint developer guide, "Customizing segments with AWS Lambda"; details are our choice.
pub fn decode(mut answer: Vec<u8>, sent: &[Member<'_>]) -> Result<Answer, Error> {
    if answer.len() > HOOK_PAYLOAD_BYTES_MAX {
        return Err(Error::Undecodable(format!("it is longer than {HOOK_PAYLOAD_BYTES_MAX} bytes")));
    }
    let outline = Outline::read(&answer, sent)?;
    let mut buffers = Buffers::new(2048);
    let mut verdicts = Vec::with_capacity(sent.len());
    for (found, (id, document)) in outline.found.into_iter().zip(sent) {
        verdicts.push(match found {
            Found::Nowhere => Verdict::Removed,
            Found::Same => Verdict::Unchanged,
            Found::Different(range) => match returned::merge(&mut answer[range], document, &mut buffers) {
                Ok(Some(changed)) => Verdict::Changed(Box::new(changed)),
                Ok(None) => Verdict::Removed,
                Err(problem) => return Err(Error::Undecodable(format!("endpoint `{id}`: {problem}"))),
            },
        });
    }
    Ok(Answer { verdicts, unknown_ids: outline.unknown_ids, looks_wrapped: outline.looks_wrapped })
}

/// Where the endpoints stand in an answer.
struct Outline {
    found: Vec<Found>,
    unknown_ids: usize,
    looks_wrapped: bool,
}

#[derive(Clone)]
enum Found {
    Nowhere,
    Same,
    /// Byte positions in the answer.
    Different(Range<usize>),
}

impl Outline {
    fn read(answer: &[u8], sent: &[Member<'_>]) -> Result<Self, Error> {
        let problem = match answer.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => None,
            Some(b'[') => Some("a list"),
            Some(b'"') => Some("a string"),
            Some(b'n') => Some("null"),
            Some(_) => Some("no object"),
            None => Some("empty"),
        };
        if let Some(problem) = problem {
            return Err(Error::Undecodable(format!("it is {problem}, and not a map of endpoints")));
        }
        let mut json = serde_json::Deserializer::from_slice(answer);
        let outline = json
            .deserialize_map(OutlineVisitor { start: answer.as_ptr().addr(), sent })
            .and_then(|outline| json.end().map(|()| outline))
            .map_err(|error| Error::Undecodable(error.to_string()))?;
        Ok(outline)
    }
}

struct OutlineVisitor<'a> {
    /// Address of the answer's first byte.
    start: usize,
    sent: &'a [Member<'a>],
}

impl<'de> Visitor<'de> for OutlineVisitor<'_> {
    type Value = Outline;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of endpoints")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Outline, A::Error> {
        let mut outline =
            Outline { found: vec![Found::Nowhere; self.sent.len()], unknown_ids: 0, looks_wrapped: false };
        let mut is_wrapper = false;
        // Functions mostly keep the order, so that the next endpoint is looked for where the last one ended.
        let mut next = 0;
        while let Some((id, raw)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
            let position = (next..self.sent.len()).chain(0..next).find(|&at| self.sent[at].0 == id.as_str());
            let Some(position) = position else {
                outline.unknown_ids += 1;
                is_wrapper |= matches!(id.as_str(), "Endpoints" | "statusCode");
                continue;
            };
            next = position + 1;
            let json = raw.get().as_bytes();
            let document = self.sent[position].1;
            outline.found[position] = if json == document || same(json, document) {
                Found::Same
            } else if json.starts_with(b"{") {
                let start = json.as_ptr().addr() - self.start;
                Found::Different(start..start + json.len())
            } else {
                return Err(serde::de::Error::custom(format_args!("endpoint `{}` is not an object", id.as_str())));
            };
        }
        outline.looks_wrapped = is_wrapper && outline.found.iter().all(|found| matches!(found, Found::Nowhere));
        Ok(outline)
    }
}

#[cfg(test)]
mod tests;
