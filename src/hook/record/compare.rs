//! Two answers to one event: who gets a message, and which. Pure.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::endpoint::User;
use crate::domain::{ChannelType, Endpoint, EndpointStatus, OptOut};
use crate::hook::answer::decode;
use crate::hook::decision::Decision;
use crate::hook::sent::Endpoints;

/// What became of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// One decision for each endpoint sent, in the same order.
    Decided(Vec<Decision>),
    /// The kind of its error.
    Failed(String),
}

/// How one endpoint fares differently.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Difference {
    pub endpoint: String,
    pub what: What,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// What differs.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It got a message, and would get none.
    Dropped,
    /// It got none, and would get one.
    Kept,
    TitleOverride,
    BodyOverride,
    /// A member of the endpoint that its message is made from, such as `Attributes.Tier`.
    Member(String),
}

/// What two outcomes have apart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Compared {
    Same,
    Endpoints(Vec<Difference>),
    /// One of them failed, or both in different ways: the kinds of error, `ok` for an answer.
    Errors {
        old: String,
        new: String,
    },
}

impl Outcome {
    /// Reads an answer to these endpoints, or the kind of error there was.
    pub fn of(result: Result<&[u8], &str>, sent: &Endpoints) -> Self {
        let members = sent.members();
        match result.map(|answer| decode(answer.to_vec(), &members)) {
            Err(kind) => Self::Failed(kind.to_owned()),
            Ok(Err(error)) => Self::Failed(error.kind().to_owned()),
            Ok(Ok(answer)) => Self::Decided(
                answer.verdicts.iter().zip(&members).map(|(one, member)| Decision::of(one, member)).collect(),
            ),
        }
    }
}

/// Compares what became of the same event.
pub fn compare(sent: &Endpoints, old: &Outcome, new: &Outcome) -> Compared {
    let kind = |outcome: &Outcome| match outcome {
        Outcome::Decided(_) => "ok".to_owned(),
        Outcome::Failed(kind) => kind.clone(),
    };
    let (Outcome::Decided(old_decisions), Outcome::Decided(new_decisions)) = (old, new) else {
        let (old, new) = (kind(old), kind(new));
        return if old == new { Compared::Same } else { Compared::Errors { old, new } };
    };
    let mut differences = Vec::new();
    for ((id, old), new) in sent.ids().zip(old_decisions).zip(new_decisions) {
        let mut add = |what, old, new| differences.push(Difference { endpoint: id.to_owned(), what, old, new });
        match (old, new) {
            (Decision::Dropped, Decision::Dropped) => {}
            (Decision::Kept(_), Decision::Dropped) => add(What::Dropped, None, None),
            (Decision::Dropped, Decision::Kept(_)) => add(What::Kept, None, None),
            (Decision::Kept(old), Decision::Kept(new)) => {
                if old.title != new.title {
                    add(What::TitleOverride, old.title.clone(), new.title.clone());
                }
                if old.body != new.body {
                    add(What::BodyOverride, old.body.clone(), new.body.clone());
                }
                if old.endpoint != new.endpoint {
                    let (mut old, new) = (members(&old.endpoint), members(&new.endpoint));
                    for (name, value) in new {
                        let before = old.remove(&name);
                        if before.as_ref() != Some(&value) {
                            add(What::Member(name), before, Some(value));
                        }
                    }
                    old.into_iter().for_each(|(name, value)| add(What::Member(name), Some(value), None));
                }
            }
        }
    }
    if differences.is_empty() { Compared::Same } else { Compared::Endpoints(differences) }
}

/// Members of an endpoint by path, their values as text.
fn members(endpoint: &Endpoint) -> BTreeMap<String, String> {
    let Endpoint {
        channel_type,
        address,
        status,
        opt_out,
        location,
        demographic,
        effective_date,
        attributes,
        metrics,
        user: User { id: user_id, attributes: user_attributes },
        creation_date,
        request_id,
    } = endpoint;
    let texts = [
        ("ChannelType", channel_type.map(ChannelType::as_str)),
        ("Address", address.as_deref()),
        ("EndpointStatus", (*status == EndpointStatus::Inactive).then_some("INACTIVE")),
        ("OptOut", (*opt_out == OptOut::All).then_some("ALL")),
        ("Location.City", location.city.as_deref()),
        ("Location.Country", location.country.as_deref()),
        ("Location.PostalCode", location.postal_code.as_deref()),
        ("Location.Region", location.region.as_deref()),
        ("Demographic.AppVersion", demographic.app_version.as_deref()),
        ("Demographic.Locale", demographic.locale.as_deref()),
        ("Demographic.Make", demographic.make.as_deref()),
        ("Demographic.Model", demographic.model.as_deref()),
        ("Demographic.ModelVersion", demographic.model_version.as_deref()),
        ("Demographic.Platform", demographic.platform.as_deref()),
        ("Demographic.PlatformVersion", demographic.platform_version.as_deref()),
        ("Demographic.Timezone", demographic.timezone.as_deref()),
        ("EffectiveDate", Some(effective_date.as_str())),
        ("User.UserId", user_id.as_deref()),
        ("CreationDate", Some(creation_date.as_str())),
        ("RequestId", request_id.as_deref()),
    ];
    let texts = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.to_owned())));
    let places = [("Location.Latitude", location.latitude), ("Location.Longitude", location.longitude)];
    let places = places.into_iter().filter_map(|(name, degrees)| Some((name.to_owned(), degrees?.to_string())));
    let numbers = metrics.iter().map(|(name, number)| (format!("Metrics.{name}"), number.to_string()));
    let lists = |group: &'static str, lists: &BTreeMap<String, Vec<String>>| {
        let lists = lists.iter().map(|(name, list)| (format!("{group}.{name}"), format!("{list:?}")));
        lists.collect::<Vec<_>>()
    };
    let lists = lists("Attributes", attributes).into_iter().chain(lists("User.UserAttributes", user_attributes));
    texts.chain(places).chain(numbers).chain(lists).collect()
}

/// Differences of many calls, counted.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Summary {
    pub calls: u64,
    /// Calls without any difference.
    pub same: u64,
    pub endpoints: u64,
    /// Endpoints that would get no message any more.
    pub dropped: u64,
    /// Endpoints that would get one now.
    pub kept: u64,
    pub title_overrides: u64,
    pub body_overrides: u64,
    /// Endpoints by the member that differs.
    pub members: BTreeMap<String, u64>,
    /// Calls by what became of them: `ok → timeout`.
    pub errors: BTreeMap<String, u64>,
}

impl Summary {
    /// Counts a call with this many endpoints.
    pub fn add(&mut self, endpoints: usize, compared: &Compared) {
        self.calls += 1;
        self.endpoints += endpoints as u64;
        match compared {
            Compared::Same => self.same += 1,
            Compared::Errors { old, new } => *self.errors.entry(format!("{old} → {new}")).or_default() += 1,
            Compared::Endpoints(differences) => {
                for difference in differences {
                    match &difference.what {
                        What::Dropped => self.dropped += 1,
                        What::Kept => self.kept += 1,
                        What::TitleOverride => self.title_overrides += 1,
                        What::BodyOverride => self.body_overrides += 1,
                        What::Member(name) => *self.members.entry(name.clone()).or_default() += 1,
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent() -> Endpoints {
        let endpoint = json!({
            "ChannelType": "GCM", "Address": "token", "Attributes": { "Tier": ["gold"] }, "Metrics": { "orders": 3.0 }
        });
        let event = json!({ "Endpoints": { "a": endpoint, "b": endpoint } });
        Endpoints::read(event.to_string().as_bytes()).unwrap()
    }

    fn compared(old: Result<&str, &str>, new: Result<&str, &str>) -> Compared {
        let sent = sent();
        let outcome = |result: Result<&str, &str>| {
            // `ok` keeps both as they are.
            let result = result.map(|answer| if answer == "ok" { r#"{"a":{},"b":{}}"# } else { answer });
            let answer = result.map(str::to_owned).map_err(str::to_owned);
            Outcome::of(answer.as_ref().map(String::as_bytes).map_err(String::as_str), &sent)
        };
        compare(&sent, &outcome(old), &outcome(new))
    }

    /// The differences of `a`, as `what: old → new`.
    fn differences(old: &str, new: &str) -> Vec<String> {
        let returned = |a: &str| format!(r#"{{"a":{a},"b":{{}}}}"#);
        match compared(Ok(&returned(old)), Ok(&returned(new))) {
            Compared::Same => Vec::new(),
            Compared::Errors { old, new } => vec![format!("{old} → {new}")],
            Compared::Endpoints(differences) => {
                let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
                let line = |one: &Difference| {
                    assert_eq!(one.endpoint, "a");
                    format!("{:?}: {} → {}", one.what, text(&one.old), text(&one.new))
                };
                differences.iter().map(line).collect()
            }
        }
    }

    #[test]
    fn what_would_be_said_to_an_endpoint_is_compared_and_not_how_it_is_printed() {
        let cases: [(&str, &str, &[&str]); 12] = [
            ("{}", "{}", &[]),
            ("{}", r#"{"Address":"token","ChannelType":"GCM"}"#, &[]),
            (r#"{"Attributes":{"Tier":"gold"}}"#, r#"{"Attributes":{"Tier":["gold"]}}"#, &[]),
            (r#"{"Unknown":1}"#, "{}", &[]),
            ("{}", r#"{"OptOut":"ALL"}"#, &["Dropped: - → -"]),
            (r#"{"EndpointStatus":"INACTIVE"}"#, "{}", &["Kept: - → -"]),
            (r#"{"TitleOverride":"A"}"#, r#"{"TitleOverride":"B"}"#, &["TitleOverride: A → B"]),
            ("{}", r#"{"BodyOverride":""}"#, &["BodyOverride: - → "]),
            ("{}", r#"{"Address":"other"}"#, &[r#"Member("Address"): token → other"#]),
            (
                r#"{"Attributes":{"Tier":["gold"],"Old":["x"]}}"#,
                r#"{"Attributes":{"Tier":["silver"],"New":[712]}}"#,
                &[
                    r#"Member("Attributes.New"): - → ["712"]"#,
                    r#"Member("Attributes.Tier"): ["gold"] → ["silver"]"#,
                    r#"Member("Attributes.Old"): ["x"] → -"#,
                ],
            ),
            (r#"{"Metrics":{"orders":4}}"#, "{}", &[r#"Member("Metrics.orders"): 4 → 3"#]),
            ("{}", r#"{"Location":{"Latitude":1}}"#, &[r#"Member("Location.Latitude"): - → 1"#]),
        ];
        for (old, new, expected) in cases {
            assert_eq!(differences(old, new), expected, "{old} {new}");
        }
    }

    #[test]
    fn errors_appear_vanish_and_change() {
        let errors = |old: &str, new: &str| Compared::Errors { old: old.to_owned(), new: new.to_owned() };
        let cases = [
            (Err("timeout"), Err("timeout"), Compared::Same),
            (Err("timeout"), Err("function"), errors("timeout", "function")),
            (Ok("ok"), Err("timeout"), errors("ok", "timeout")),
            (Err("function"), Ok("ok"), errors("function", "ok")),
            (Ok("ok"), Ok("[]"), errors("ok", "undecodable")),
            (Ok("null"), Ok("nonsense"), Compared::Same),
        ];
        for (old, new, expected) in cases {
            assert_eq!(compared(old, new), expected, "{old:?} {new:?}");
        }
    }

    #[test]
    fn differences_are_counted() {
        let mut summary = Summary::default();
        summary.add(2, &compared(Ok("ok"), Ok("ok")));
        summary.add(2, &compared(Ok("ok"), Ok("{}")));
        summary.add(2, &compared(Ok("ok"), Err("timeout")));
        summary.add(2, &compared(Ok("ok"), Ok(r#"{"a":{"BodyOverride":"x","Address":"y"},"b":{"Address":"y"}}"#)));
        let expected = Summary {
            calls: 4,
            same: 1,
            endpoints: 8,
            dropped: 2,
            body_overrides: 1,
            members: [("Address".to_owned(), 2)].into(),
            errors: [("ok → timeout".to_owned(), 1)].into(),
            ..Summary::default()
        };
        assert_eq!(summary, expected);
    }
}
