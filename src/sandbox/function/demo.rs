//! The function behind `pinwheel demo`: drops some endpoints, writes to some in person, and gives everybody an offer.

use memchr::memmem;
use xxhash_rust::xxh3::xxh3_64;

use super::{Event, Reply, members};

/// What the demo's function decides about an endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Choice {
    /// Left out of the answer.
    Dropped,
    /// Kept, with a title and body of its own.
    Personal,
    /// Kept.
    Kept,
}

impl Choice {
    /// The choice for this id, always the same: one in ten is dropped, two are personal.
    pub fn of(id: &str) -> Self {
        match xxh3_64(id.as_bytes()) % 10 {
            0 => Self::Dropped,
            1 | 2 => Self::Personal,
            _ => Self::Kept,
        }
    }
}

const ATTRIBUTE: &str = r#""Offer":["free shipping"]"#;
const OVERRIDES: &str = concat!(
    r#","TitleOverride":"Just for you""#,
    r#","BodyOverride":"Your offer: {{Attributes.Offer}}. Until Sunday only.""#
);

/// Answers by [`Choice`]; everybody who stays gets the attribute `Offer`.
pub fn demo(event: &Event) -> Reply {
    let endpoints = event.endpoints();
    let mut answer = Vec::with_capacity(endpoints.len() + 50 * 128);
    for (id, document) in members(&endpoints) {
        let choice = Choice::of(&id);
        let document = document.get();
        // Stored documents always have the group, and nothing before it can look like it.
        let Some(at) = memmem::find(document.as_bytes(), br#""Attributes":{"#) else { continue };
        if choice == Choice::Dropped {
            continue;
        }
        let (before, attributes) = document.split_at(at + br#""Attributes":{"#.len());
        answer.push(if answer.is_empty() { b'{' } else { b',' });
        serde_json::to_writer(&mut answer, &id).expect("text is JSON");
        answer.push(b':');
        answer.extend_from_slice(before.as_bytes());
        answer.extend_from_slice(ATTRIBUTE.as_bytes());
        if !attributes.starts_with('}') {
            answer.push(b',');
        }
        match choice {
            Choice::Personal => {
                let end = attributes.len() - 1;
                answer.extend_from_slice(&attributes.as_bytes()[..end]);
                answer.extend_from_slice(OVERRIDES.as_bytes());
                answer.push(b'}');
            }
            Choice::Dropped | Choice::Kept => answer.extend_from_slice(attributes.as_bytes()),
        }
    }
    answer.extend_from_slice(if answer.is_empty() { b"{}" } else { b"}" });
    Reply::answer(answer)
}
