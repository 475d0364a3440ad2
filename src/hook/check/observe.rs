//! What an answer says that was hardly meant, though it can be used.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::cases::Case;
use super::finding::Code;
use super::judge::{Findings, below, path_of};
use super::shape::{ENDPOINT, Shape};
use crate::domain::{ChannelType, Endpoint};
use crate::hook::answer::Answer;
use crate::hook::decision::{Decision, Kept};
use crate::hook::sent::Members;
use crate::wire::endpoint;

/// How alike two names are that one may be a slip of the other; 1 is the same.
const ALIKE: f64 = 0.85;

/// Names that are listed in one finding.
const NAMES_MAX: usize = 5;

/// Adds what is to be said of an answer that was taken, with what it means for each endpoint.
pub(super) fn observe(case: &Case, answer: &[u8], decoded: &Answer, decisions: &[Decision], findings: &mut Findings) {
    // The decoder has read it the same way.
    let members = serde_json::from_slice::<Members<Box<RawValue>>>(answer).map(|members| members.0).unwrap_or_default();
    if decoded.looks_wrapped {
        let wrapper = if members.iter().any(|(name, _)| name == "Endpoints") { "Endpoints" } else { "statusCode" };
        return findings.add(Code::Wrapped, None, Some(format!("$.{wrapper}")), format!("`{wrapper}` and no endpoint"));
    }
    let mut returned: BTreeMap<&str, Vec<&RawValue>> = BTreeMap::new();
    for (id, raw) in &members {
        returned.entry(id).or_default().push(raw);
    }
    if decoded.unknown_ids > 0 {
        let unknown = members.iter().find(|(id, _)| !case.sent.ids().any(|sent| sent == id));
        let found = format!("{} of {} ids were not sent", decoded.unknown_ids, members.len());
        findings.add(Code::UnknownIds, None, unknown.map(|(id, _)| path_of(id)), found);
    }
    let sent = case.sent.members();
    if !sent.iter().any(|(id, _)| returned.contains_key(id)) {
        let found = if members.is_empty() { "an empty map" } else { "none of the endpoints that were sent" };
        return findings.add(Code::RemovedAll, None, None, found);
    }
    for ((id, document), decision) in sent.iter().zip(decisions) {
        let Some(raws) = returned.get(id) else {
            findings.add(Code::Removed, Some(id), None, "left out");
            continue;
        };
        let path = path_of(id);
        if raws.len() > 1 {
            findings.add(Code::DuplicateId, Some(id), Some(path.clone()), format!("the id comes {} times", raws.len()));
        }
        // It may be too deep for this reader; then only its meaning is known.
        let value = raws.last().and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        let mut about = About { id, path: &path, findings };
        about.members(&value);
        match decision {
            Decision::Dropped => about.opted_out(&value),
            Decision::Kept(kept) => {
                let sent = endpoint::read(document).expect("what was sent are stored documents");
                about.overrides(kept);
                about.address(&sent, &kept.endpoint);
                about.lost(&sent, &kept.endpoint);
            }
        }
    }
}

/// One endpoint of an answer.
struct About<'a> {
    id: &'a str,
    path: &'a str,
    findings: &'a mut Findings,
}

impl About<'_> {
    fn add(&mut self, code: Code, place: String, found: impl Into<String>) {
        self.findings.add(code, Some(self.id), Some(place), found);
    }

    fn at(&self, member: &str) -> String {
        below(self.path, member)
    }

    /// Members that endpoints do not have, and scalars for lists.
    fn members(&mut self, endpoint: &Map<String, Value>) {
        self.object(self.path, endpoint, ENDPOINT);
    }

    fn object(&mut self, path: &str, object: &Map<String, Value>, shapes: &[(&str, Shape)]) {
        for (name, value) in object {
            let place = below(path, name);
            let Some((_, shape)) = shapes.iter().find(|(known, _)| known == name) else {
                let alike = shapes.iter().map(|(known, _)| (strsim::jaro_winkler(known, name), known));
                let found = match alike.max_by(|a, b| a.0.total_cmp(&b.0)) {
                    Some((likeness, known)) if likeness > ALIKE => format!("`{name}`, which is not `{known}`"),
                    _ => format!("`{name}`"),
                };
                self.add(Code::UnknownMember, place, found);
                continue;
            };
            match (shape, value) {
                (Shape::Object(shapes), Value::Object(members)) => self.object(&place, members, shapes),
                (Shape::MapOf(Shape::Texts), Value::Object(lists)) => {
                    for (name, list) in lists {
                        self.list(&below(&place, name), list);
                    }
                }
                _ => {}
            }
        }
    }

    fn list(&mut self, place: &str, value: &Value) {
        match value {
            Value::Number(_) => self.add(Code::NumberNotList, place.to_owned(), "a number"),
            Value::Bool(_) => self.add(Code::NumberNotList, place.to_owned(), "a boolean"),
            Value::String(_) => self.add(Code::TextNotList, place.to_owned(), "a text"),
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    let (code, found) = match item {
                        Value::Number(_) => (Code::NumberInList, "a number in the list"),
                        Value::Bool(_) => (Code::NumberInList, "a boolean in the list"),
                        Value::Null => (Code::NullInList, "null in the list"),
                        _ => continue,
                    };
                    self.add(code, format!("{place}[{at}]"), found);
                }
            }
            _ => {}
        }
    }

    fn opted_out(&mut self, endpoint: &Map<String, Value>) {
        for (name, off) in [("OptOut", "ALL"), ("EndpointStatus", "INACTIVE")] {
            if endpoint.get(name).and_then(Value::as_str) == Some(off) {
                self.add(Code::OptedOut, self.at(name), format!("`{name}` is `{off}`"));
            }
        }
    }

    fn overrides(&mut self, kept: &Kept) {
        let Some(channel_type) = kept.endpoint.channel_type else { return };
        for (name, text) in [("TitleOverride", &kept.title), ("BodyOverride", &kept.body)] {
            let Some(text) = text else { continue };
            if !channel_type.takes_overrides() {
                self.add(Code::OverrideIgnored, self.at(name), format!("`{name}` for {channel_type}"));
            } else if channel_type == ChannelType::Sms && name == "TitleOverride" {
                self.add(Code::TitleOverrideForSms, self.at(name), "`TitleOverride` for SMS");
            } else if text.is_empty() {
                self.add(Code::EmptyOverride, self.at(name), format!("`{name}` is empty"));
            }
        }
    }

    fn address(&mut self, sent: &Endpoint, kept: &Endpoint) {
        match (sent.channel_type, kept.channel_type) {
            (Some(_), None) => self.add(Code::AddressRemoved, self.at("ChannelType"), "no `ChannelType`"),
            (was, is) if was != is => {
                let name = |channel_type: Option<ChannelType>| channel_type.map_or("none", ChannelType::as_str);
                self.add(Code::ChannelTypeChanged, self.at("ChannelType"), format!("{} → {}", name(was), name(is)));
            }
            _ => {}
        }
        let address = |endpoint: &Endpoint| endpoint.address.clone().filter(|address| !address.is_empty());
        match (address(sent), address(kept)) {
            (Some(_), None) => self.add(Code::AddressRemoved, self.at("Address"), "no `Address`"),
            (was, is) if was != is => self.add(Code::AddressChanged, self.at("Address"), "another `Address`"),
            _ => {}
        }
    }

    /// Names that came back members do not have any more.
    fn lost(&mut self, sent: &Endpoint, kept: &Endpoint) {
        self.lost_of("Attributes", sent.attributes.keys(), |name| kept.attributes.contains_key(name));
        self.lost_of("Metrics", sent.metrics.keys(), |name| kept.metrics.contains_key(name));
        let user = |name: &String| kept.user.attributes.contains_key(name);
        self.lost_of("User.UserAttributes", sent.user.attributes.keys(), user);
    }

    fn lost_of<'n>(&mut self, group: &str, sent: impl Iterator<Item = &'n String>, is_kept: impl Fn(&String) -> bool) {
        let mut lost: Vec<String> = sent.filter(|name| !is_kept(name)).map(|name| format!("`{name}`")).collect();
        if lost.is_empty() {
            return;
        }
        if lost.len() > NAMES_MAX {
            let more = lost.len() - NAMES_MAX;
            lost.truncate(NAMES_MAX);
            lost.push(format!("{more} more"));
        }
        self.add(
            Code::AttributesLost,
            format!("{}.{group}", self.path),
            format!("`{group}` without {}", lost.join(", ")),
        );
    }
}
