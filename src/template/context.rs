//! What the variables of a template stand for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Error, value};
use crate::clock;

/// Where the time of rendering stands, for the helper `now`.
pub(super) const NOW: &str = "@now";

/// The values of one endpoint: its definition, its id and the time.
///
/// Making one parses the whole document, so make it when the first template with variables is rendered, not before.
#[derive(Clone, Debug)]
pub struct Context(pub(super) handlebars::Context);

impl Context {
    /// Reads a stored endpoint document; `defaults` fill what it lacks.
    ///
    /// Errors: when the document is not a JSON object.
    pub fn new(document: &[u8], id: &str, now: Timestamp, defaults: &Defaults) -> Result<Self, Error> {
        let mut members: Map<String, Value> =
            serde_json::from_slice(document).map_err(|error| Error::Document { problem: error.to_string() })?;
        for name in ["CreationDate", "EffectiveDate"] {
            if let Some(Value::String(date)) = members.get_mut(name)
                && let Ok(time) = date.parse()
            {
                *date = clock::wire_text(time);
            }
        }
        members.insert("Id".to_owned(), Value::from(id));
        members.insert(NOW.to_owned(), Value::from(now.to_string()));
        let mut root = Value::Object(members);
        for (path, text) in &defaults.0 {
            fill(&mut root, path, text);
        }
        Ok(Self(handlebars::Context::from(root)))
    }

    /// Puts values in the place of what is there; later calls win over earlier ones.
    pub fn substitute(&mut self, substitutions: &Substitutions) {
        for (path, values) in substitutions {
            let path = segments(path);
            // What begins so is ours.
            if path.first().is_none_or(|name| name.starts_with('@')) {
                continue;
            }
            let place = path.iter().fold(self.0.data_mut(), |place, name| enter(place, name));
            *place = match attribute_depth(&path) {
                Some(depth) if depth == path.len() => Value::from(values.clone()),
                _ => values.first().map_or(Value::Null, |value| Value::from(value.as_str())),
            };
        }
    }
}

/// Values for the variables of a direct message, by path. An attribute takes the whole list, everything else the first.
pub type Substitutions = BTreeMap<String, Vec<String>>;

/// The member of that name, or the item of that number; what is neither gives way to an object.
fn enter<'a>(place: &'a mut Value, name: &str) -> &'a mut Value {
    let index = name.parse::<usize>().ok().filter(|index| place.as_array().is_some_and(|items| *index < items.len()));
    if let Some(index) = index {
        return &mut place[index];
    }
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    &mut place[name]
}

/// What a template's variables stand for where an endpoint has no value.
#[derive(Clone, Debug, Default)]
pub struct Defaults(Vec<(Vec<String>, String)>);

impl Defaults {
    /// Reads `DefaultSubstitutions`: a text that holds a JSON object whose keys are whole paths, such as
    /// `User.UserAttributes.FirstName`.
    ///
    /// Errors: when it is no such object. Numbers and booleans are taken as texts.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let members: Map<String, Value> =
            serde_json::from_str(json).map_err(|error| Error::Defaults { problem: error.to_string() })?;
        let mut defaults = Vec::with_capacity(members.len());
        for (path, value) in members {
            let segments = segments(&path);
            match value::text(&value) {
                Some(_) if segments.is_empty() => {
                    return Err(Error::Defaults { problem: "a path is empty".to_owned() });
                }
                Some(text) => defaults.push((segments, text.into_owned())),
                None => return Err(Error::Defaults { problem: format!("the value of `{path}` is not a text") }),
            }
        }
        Ok(Self(defaults))
    }
}

/// Cuts a path such as `User.UserAttributes.[Last Name].[0]` into its names.
fn segments(path: &str) -> Vec<String> {
    let mut segments = Vec::new();
    let mut rest = path.trim();
    while !rest.is_empty() {
        let (segment, tail) = match rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((segment, tail)) => (segment, tail.strip_prefix('.').unwrap_or(tail)),
            None => rest.split_once('.').unwrap_or((rest, "")),
        };
        segments.push(segment.to_owned());
        rest = tail;
    }
    segments
}

/// Puts a default where the endpoint has nothing.
///
/// Attributes become lists of one, so that templates find them with and without an index.
fn fill(root: &mut Value, path: &[String], text: &str) {
    let Some(depth) = attribute_depth(path) else {
        if let Some(place @ Value::Null) = reach(root, path) {
            *place = Value::from(text);
        }
        return;
    };
    let index = path.get(depth).map_or(Ok(0), |index| index.parse::<usize>());
    match (reach(root, &path[..depth]), index) {
        (Some(place @ Value::Null), Ok(0)) => *place = Value::from(vec![text]),
        (Some(Value::Array(items)), Ok(index)) if index == items.len() => items.push(Value::from(text)),
        _ => {}
    }
}

/// How many names lead to the list of an attribute; `None` for what is no attribute.
fn attribute_depth(path: &[String]) -> Option<usize> {
    let names: Vec<_> = path.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["Attributes", _] | ["Attributes", _, _] => Some(2),
        ["User", "UserAttributes", _] | ["User", "UserAttributes", _, _] => Some(3),
        _ => None,
    }
}

/// The place a path leads to, made on the way; `None` if something that is no group is in the way.
fn reach<'a>(root: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    path.iter().try_fold(root, |place, name| {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        place.as_object_mut().map(|members| members.entry(name.as_str()).or_insert(Value::Null))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_cut_into_names() {
        let cases: [(&str, &[&str]); 6] = [
            ("User.UserAttributes.FirstName", &["User", "UserAttributes", "FirstName"]),
            ("User.UserAttributes.[Last Name].[0]", &["User", "UserAttributes", "Last Name", "0"]),
            ("Attributes.[a.b]", &["Attributes", "a.b"]),
            ("name", &["name"]),
            ("Attributes.[open", &["Attributes", "[open"]),
            (" ", &[]),
        ];
        for (path, expected) in cases {
            assert_eq!(segments(path), expected, "{path}");
        }
    }

    #[test]
    fn defaults_fill_only_what_is_missing() {
        let defaults = Defaults::parse(
            r#"{"User.UserAttributes.FirstName":"friend","User.UserAttributes.City.[0]":"Rome","Attributes.Color":"red",
                "Attributes.Size.[1]":"XL","Attributes.Age":30,"Location.City":"Oslo","Address.Street":"x","name":"you"}"#,
        )
        .unwrap();
        let document = br#"{"Address":"a","Attributes":{"Color":["blue"],"Size":["M"],"Age":[]},"User":{}}"#;
        let now = "2026-03-01T09:00:00Z".parse().unwrap();
        let Context(context) = Context::new(document, "e1", now, &defaults).unwrap();
        let expected = json!({
            "@now": "2026-03-01T09:00:00Z",
            "Id": "e1",
            "Address": "a",
            "Attributes": {"Color": ["blue"], "Size": ["M", "XL"], "Age": ["30"]},
            "User": {"UserAttributes": {"FirstName": ["friend"], "City": ["Rome"]}},
            "Location": {"City": "Oslo"},
            "name": "you",
        });
        assert_eq!(*context.data(), expected);
    }

    #[test]
    fn substitutions_take_the_place_of_what_is_there() {
        let document = br#"{"Address":"a","Attributes":{"Color":["blue","red"]}}"#;
        let now = "2026-03-01T09:00:00Z".parse().unwrap();
        let mut context = Context::new(document, "e1", now, &Defaults::default()).unwrap();
        let given = r#"{"name":["Ann","Bob"],"empty":[],"Address.Street":["x"],"Attributes.Color.[1]":["green"],
            "Attributes.Size":["M","L"],"User.UserId":["u"],"@now":["never"]}"#;
        context.substitute(&serde_json::from_str(given).unwrap());
        let expected = json!({
            "@now": "2026-03-01T09:00:00Z", "Id": "e1", "name": "Ann", "empty": null, "Address": {"Street": "x"},
            "Attributes": {"Color": ["blue", "green"], "Size": ["M", "L"]}, "User": {"UserId": "u"},
        });
        assert_eq!(*context.0.data(), expected);
    }

    #[test]
    fn dates_get_milliseconds() {
        let document = br#"{"CreationDate":"2026-03-01T10:00:00+01:00","EffectiveDate":"soon"}"#;
        let now = "2026-03-01T09:00:00Z".parse().unwrap();
        let Context(context) = Context::new(document, "e1", now, &Defaults::default()).unwrap();
        assert_eq!(context.data()["CreationDate"], "2026-03-01T09:00:00.000Z");
        assert_eq!(context.data()["EffectiveDate"], "soon");
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for json in ["", "[]", r#""a""#, r#"{"a":null}"#, r#"{"a":{}}"#, r#"{"":"x"}"#] {
            assert!(matches!(Defaults::parse(json), Err(Error::Defaults { .. })), "{json}");
        }
        let context = Context::new(b"[]", "e1", "2026-03-01T09:00:00Z".parse().unwrap(), &Defaults::default());
        assert!(matches!(context, Err(Error::Document { .. })));
    }
}
