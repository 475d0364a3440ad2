//! What a function decided about an endpoint, however it printed that.

use super::answer::Verdict;
use super::event::Member;
use crate::domain::Endpoint;
use crate::wire::endpoint;

/// What becomes of an endpoint after the hook.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// No message.
    Dropped,
    Kept(Box<Kept>),
}

/// What a message is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub endpoint: Endpoint,
    pub title: Option<String>,
    pub body: Option<String>,
}

impl Decision {
    /// The decision of a verdict about this member.
    ///
    /// Panics: when the member sent is not a stored document.
    pub fn of(verdict: &Verdict, (_, document): &Member<'_>) -> Self {
        let read = |document: &[u8]| endpoint::read(document).expect("stored documents are endpoints");
        Self::Kept(Box::new(match verdict {
            Verdict::Removed => return Self::Dropped,
            Verdict::Unchanged => Kept { endpoint: read(document), title: None, body: None },
            Verdict::Changed(changed) => Kept {
                endpoint: read(&changed.document),
                title: changed.title_override.clone(),
                body: changed.body_override.clone(),
            },
        }))
    }
}
