//! The API model, as far as the generator needs it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// The model of the API, the single source of the wire types.
const MODEL: &str = include_str!("../pinpoint-model.json");

#[derive(Deserialize)]
pub struct Model {
    pub operations: BTreeMap<String, Operation>,
    pub shapes: BTreeMap<String, Shape>,
}

#[derive(Deserialize)]
pub struct Operation {
    pub http: Http,
    input: Member,
    output: Option<Member>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Http {
    pub method: String,
    pub request_uri: String,
    pub response_code: u16,
}

#[derive(Deserialize)]
pub struct Shape {
    pub r#type: String,
    #[serde(default)]
    pub members: BTreeMap<String, Member>,
    #[serde(default)]
    pub required: BTreeSet<String>,
    #[serde(default, rename = "enum")]
    pub values: Vec<String>,
    pub member: Option<Member>,
    pub key: Option<Member>,
    pub value: Option<Member>,
    payload: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    pub shape: String,
    pub location: Option<String>,
    pub location_name: Option<String>,
}

impl Model {
    pub fn read() -> Self {
        let mut model: Self = serde_json::from_str(MODEL).expect("the committed model is valid");
        for (name, value, _) in super::table::EXTRA_VALUES {
            model.shapes.get_mut(*name).expect("the table names shapes").values.push((*value).to_owned());
        }
        model
    }

    pub fn input(&self, operation: &Operation) -> &Shape {
        &self.shapes[&operation.input.shape]
    }

    /// The shape of the request's body, if there is one.
    pub fn request(&self, operation: &Operation) -> Option<&str> {
        self.input(operation).payload_shape()
    }

    /// The shape of the answer's body, if there is one.
    pub fn response(&self, operation: &Operation) -> Option<&str> {
        let output = operation.output.as_ref()?;
        self.shapes[&output.shape].payload_shape()
    }

    /// The shapes that these refer to, with themselves.
    pub fn reachable<'a>(&'a self, roots: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let mut reachable = BTreeSet::new();
        let mut queue: Vec<&str> = roots.collect();
        while let Some(name) = queue.pop() {
            if reachable.insert(name) {
                queue.extend(self.shapes[name].references());
            }
        }
        reachable
    }

    /// Whether a value of this shape may hold an enumeration.
    pub fn holds_enumeration(&self, name: &str) -> bool {
        self.reachable([name].into_iter()).iter().any(|name| self.shapes[*name].is_enumeration())
    }
}

impl Shape {
    pub fn is_enumeration(&self) -> bool {
        self.r#type == "string" && !self.values.is_empty()
    }

    fn references(&self) -> impl Iterator<Item = &str> {
        let members = self.members.values().chain(&self.member).chain(&self.key).chain(&self.value);
        members.map(|member| member.shape.as_str())
    }

    fn payload_shape(&self) -> Option<&str> {
        let payload = self.payload.as_ref()?;
        Some(&self.members[payload].shape)
    }
}

impl Member {
    /// The member's name on the wire.
    pub fn wire<'a>(&'a self, name: &'a str) -> &'a str {
        self.location_name.as_deref().unwrap_or(name)
    }
}
