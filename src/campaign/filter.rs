//! Applies a hook's answer to a batch: who stays, and what changes for this one message. Pure.

use std::borrow::Cow;

use crate::config::HookFailure;
use crate::domain::{ChannelType, Fate};
use crate::hook;
use crate::hook::answer::{Answer, Verdict};
use crate::store::EndpointRef;
use crate::wire::endpoint::Head;

/// A member of a batch that is still to get its message.
#[derive(Debug)]
pub struct Candidate<'a> {
    /// The place in the batch.
    pub place: usize,
    pub endpoint: EndpointRef<'a>,
    pub channel_type: ChannelType,
    pub address: String,
}

/// A candidate after the hook: what its message is made from.
#[derive(Debug)]
pub struct Target<'a> {
    pub place: usize,
    pub endpoint: EndpointRef<'a>,
    /// The endpoint definition, with what the hook changed.
    pub document: Cow<'a, [u8]>,
    pub channel_type: ChannelType,
    pub address: String,
    pub overrides: Overrides,
}

/// What the hook wrote instead of the campaign's title and body.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Overrides {
    pub title: Option<String>,
    pub body: Option<String>,
}

impl<'a> Target<'a> {
    /// The candidate as the store has it.
    pub fn unchanged(candidate: Candidate<'a>) -> Self {
        let Candidate { place, endpoint, channel_type, address } = candidate;
        let document = Cow::Borrowed(endpoint.document);
        Self { place, endpoint, document, channel_type, address, overrides: Overrides::default() }
    }
}

/// One that gets no message: its place, its fate, and why.
pub type Settled = (usize, Fate, Option<String>);

/// Applies an answer.
///
/// Shape: every candidate comes out once, as a target or settled. `serves` says whether the campaign has a message and
/// a channel for a type.
pub fn apply<'a>(
    candidates: Vec<Candidate<'a>>,
    answer: Answer,
    serves: impl Fn(ChannelType) -> bool,
) -> (Vec<Target<'a>>, Vec<Settled>) {
    assert_eq!(candidates.len(), answer.verdicts.len(), "an answer is decoded against what was sent");
    let mut targets = Vec::with_capacity(candidates.len());
    let mut settled = Vec::new();
    for (candidate, verdict) in candidates.into_iter().zip(answer.verdicts) {
        match verdict {
            Verdict::Removed => settled.push((candidate.place, Fate::HookRemoved, None)),
            Verdict::Unchanged => targets.push(Target::unchanged(candidate)),
            Verdict::Changed(changed) => {
                let place = candidate.place;
                let overrides = Overrides { title: changed.title_override, body: changed.body_override };
                match read_changed(candidate, changed.document, overrides, &serves) {
                    Ok(target) => targets.push(target),
                    Err((fate, reason)) => settled.push((place, fate, Some(reason))),
                }
            }
        }
    }
    (targets, settled)
}

fn read_changed<'a>(
    candidate: Candidate<'a>,
    document: Vec<u8>,
    overrides: Overrides,
    serves: impl Fn(ChannelType) -> bool,
) -> Result<Target<'a>, (Fate, String)> {
    let head = Head::read(&document).expect("the answer's decoder writes endpoint documents");
    let channel_type =
        head.channel_type().ok_or_else(|| (Fate::NoAddress, "the hook took the channel type away".to_owned()))?;
    if channel_type != candidate.channel_type && !serves(channel_type) {
        return Err((Fate::ChannelDisabled, format!("the hook changed the channel type to {channel_type}")));
    }
    let address =
        head.address().ok_or_else(|| (Fate::NoAddress, "the hook took the address away".to_owned()))?.to_owned();
    let Candidate { place, endpoint, .. } = candidate;
    Ok(Target { place, endpoint, document: Cow::Owned(document), channel_type, address, overrides })
}

/// The fate of a batch whose hook failed, by policy; `None` to send as if there were no hook.
pub fn fate_of_failure(error: &hook::Error, policy: HookFailure) -> Option<Fate> {
    match (policy, error) {
        (HookFailure::Send, _) => None,
        (HookFailure::Hold, _) => Some(Fate::Held),
        (HookFailure::Drop, hook::Error::Timeout(_)) => Some(Fate::HookTimeout),
        (HookFailure::Drop, hook::Error::Undecodable(_)) => Some(Fate::HookUndecodable),
        (HookFailure::Drop, _) => Some(Fate::HookError),
    }
}
