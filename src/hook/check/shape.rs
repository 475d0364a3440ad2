//! The members of an endpoint in an answer, and what each may be.

use serde_json::Value;

use crate::domain::ChannelType;

/// What a member may be, `null` apart.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    Text,
    /// One of some texts: what they are, and which.
    Choice(&'static str, fn(&str) -> bool),
    Number,
    /// An object of members of any name, all of one shape.
    MapOf(&'static Shape),
    /// An object of these members.
    Object(&'static [(&'static str, Shape)]),
    /// A list of texts; scalars are taken for them.
    Texts,
}

/// Source: model shape `EndpointResponse`, and the overrides of the developer guide's "Customizing segments with AWS
/// Lambda".
pub const ENDPOINT: &[(&str, Shape)] = &[
    ("ChannelType", Shape::Choice("a channel type", |name| ChannelType::parse(name).is_some())),
    ("Address", Shape::Text),
    ("EndpointStatus", Shape::Choice("`ACTIVE` or `INACTIVE`", |name| matches!(name, "ACTIVE" | "INACTIVE"))),
    ("OptOut", Shape::Choice("`ALL` or `NONE`", |name| matches!(name, "ALL" | "NONE"))),
    ("Location", Shape::Object(LOCATION)),
    ("Demographic", Shape::Object(DEMOGRAPHIC)),
    ("EffectiveDate", Shape::Text),
    ("Attributes", Shape::MapOf(&Shape::Texts)),
    ("Metrics", Shape::MapOf(&Shape::Number)),
    ("User", Shape::Object(&[("UserId", Shape::Text), ("UserAttributes", Shape::MapOf(&Shape::Texts))])),
    ("CreationDate", Shape::Text),
    ("RequestId", Shape::Text),
    ("TitleOverride", Shape::Text),
    ("BodyOverride", Shape::Text),
];

const LOCATION: &[(&str, Shape)] = &[
    ("City", Shape::Text),
    ("Country", Shape::Text),
    ("PostalCode", Shape::Text),
    ("Region", Shape::Text),
    ("Latitude", Shape::Number),
    ("Longitude", Shape::Number),
];

const DEMOGRAPHIC: &[(&str, Shape)] = &[
    ("AppVersion", Shape::Text),
    ("Locale", Shape::Text),
    ("Make", Shape::Text),
    ("Model", Shape::Text),
    ("ModelVersion", Shape::Text),
    ("Platform", Shape::Text),
    ("PlatformVersion", Shape::Text),
    ("Timezone", Shape::Text),
];

/// What a value is, without the value.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
