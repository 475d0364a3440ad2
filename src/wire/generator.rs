//! Writes the wire types from the API model; see `src/bin/generate_wire.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Deserialize;

/// The model of the API, the single source of the wire types.
const MODEL: &str = include_str!("pinpoint-model.json");

/// Shapes to write, with everything they refer to.
const ROOTS: &[&str] = &[
    "ActivityResponse",
    "ApplicationResponse",
    "ApplicationSettingsResource",
    "CampaignResponse",
    "DirectMessageConfiguration",
    "EmailTemplateRequest",
    "EndpointBatchItem",
    "EndpointRequest",
    "EndpointResponse",
    "PushNotificationTemplateRequest",
    "SMSTemplateRequest",
    "SegmentResponse",
    "WriteApplicationSettingsRequest",
    "WriteCampaignRequest",
    "WriteSegmentRequest",
];

#[derive(Deserialize)]
struct Model {
    shapes: BTreeMap<String, Shape>,
}

#[derive(Deserialize)]
struct Shape {
    r#type: String,
    #[serde(default)]
    members: BTreeMap<String, Member>,
    #[serde(default)]
    required: BTreeSet<String>,
    #[serde(default, rename = "enum")]
    values: Vec<String>,
    member: Option<Member>,
    value: Option<Member>,
}

#[derive(Deserialize)]
struct Member {
    shape: String,
    #[serde(rename = "locationName")]
    location_name: Option<String>,
}

impl Shape {
    fn references(&self) -> impl Iterator<Item = &str> {
        let members = self.members.values().chain(&self.member).chain(&self.value);
        members.map(|member| member.shape.as_str())
    }
}

/// Renders `generated.rs`, formatted as rustfmt leaves it.
pub fn generate() -> String {
    let model: Model = serde_json::from_str(MODEL).expect("the committed model is valid");
    let mut reachable = BTreeSet::new();
    let mut queue: Vec<&str> = ROOTS.to_vec();
    while let Some(name) = queue.pop() {
        if reachable.insert(name) {
            queue.extend(model.shapes[name].references());
        }
    }

    let mut out = String::from(
        "//! Shapes of the Pinpoint API, written by `generate-wire` from `pinpoint-model.json`. Do not edit.\n\
         #![allow(missing_docs)]\n\
         #![cfg_attr(rustfmt, rustfmt::skip)]\n\n\
         use std::collections::BTreeMap;\n\n\
         use serde::{Deserialize, Serialize};\n",
    );
    for name in reachable {
        let shape = &model.shapes[name];
        match shape.r#type.as_str() {
            "structure" => structure(&mut out, &model, name, shape),
            "string" if !shape.values.is_empty() => enumeration(&mut out, name, shape),
            _ => {}
        }
    }
    out
}

fn structure(out: &mut String, model: &Model, name: &str, shape: &Shape) {
    let can_default = shape.required.is_empty();
    let default = if can_default { ", Default" } else { "" };
    let name = type_name(name);
    write!(out, "\n#[derive(Clone, Debug, Deserialize, PartialEq, Serialize{default})]\npub struct {name} {{\n")
        .unwrap();
    for (member_name, member) in &shape.members {
        let wire = member.location_name.as_deref().unwrap_or(member_name);
        let field = snake_case(member_name);
        let target = rust_type(model, &member.shape);
        if shape.required.contains(member_name) {
            writeln!(out, "    #[serde(rename = \"{wire}\")]\n    pub {field}: {target},").unwrap();
        } else {
            writeln!(
                out,
                "    #[serde(rename = \"{wire}\", default, skip_serializing_if = \"Option::is_none\")]\n    pub {field}: Option<{target}>,"
            )
            .unwrap();
        }
    }
    out.push_str("}\n");
}

/// Values the model does not know are kept, so that what is read can be written back; validation refuses them.
fn enumeration(out: &mut String, name: &str, shape: &Shape) {
    let name = type_name(name);
    let variants: Vec<(String, &String)> = shape.values.iter().map(|value| (camel_case(value), value)).collect();
    write!(
        out,
        "\n#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]\n\
         #[serde(from = \"String\", into = \"String\")]\npub enum {name} {{\n"
    )
    .unwrap();
    for (variant, _) in &variants {
        writeln!(out, "    {variant},").unwrap();
    }
    out.push_str("    Unknown(String),\n}\n");

    let list = shape.values.iter().map(|value| format!("\"{value}\"")).collect::<Vec<_>>().join(", ");
    write!(
        out,
        "\nimpl {name} {{\n    pub const VALUES: &'static [&'static str] = &[{list}];\n\n    pub fn as_str(&self) -> &str {{\n        match self {{\n"
    )
    .unwrap();
    for (variant, value) in &variants {
        writeln!(out, "            Self::{variant} => \"{value}\",").unwrap();
    }
    out.push_str("            Self::Unknown(value) => value,\n        }\n    }\n}\n");

    write!(
        out,
        "\nimpl From<String> for {name} {{\n    fn from(value: String) -> Self {{\n        match value.as_str() {{\n"
    )
    .unwrap();
    for (variant, value) in &variants {
        writeln!(out, "            \"{value}\" => Self::{variant},").unwrap();
    }
    out.push_str("            _ => Self::Unknown(value),\n        }\n    }\n}\n");
    write!(
        out,
        "\nimpl From<{name}> for String {{\n    fn from(value: {name}) -> Self {{\n        value.as_str().to_owned()\n    }}\n}}\n"
    )
    .unwrap();
}

fn rust_type(model: &Model, name: &str) -> String {
    let shape = &model.shapes[name];
    let inner =
        |member: &Option<Member>| rust_type(model, &member.as_ref().expect("a list or map names its member").shape);
    match shape.r#type.as_str() {
        "structure" => type_name(name),
        "string" if !shape.values.is_empty() => type_name(name),
        "string" | "timestamp" | "blob" => "String".to_owned(),
        "boolean" => "bool".to_owned(),
        "integer" => "i32".to_owned(),
        "long" => "i64".to_owned(),
        "double" => "f64".to_owned(),
        "list" => format!("Vec<{}>", inner(&shape.member)),
        "map" => format!("BTreeMap<String, {}>", inner(&shape.value)),
        other => panic!("the model has a type this generator does not know: `{other}`"),
    }
}

fn type_name(shape: &str) -> String {
    shape.trim_start_matches('_').to_owned()
}

/// `APNS_VOIP` → `ApnsVoip`; names already in mixed case keep it.
fn camel_case(value: &str) -> String {
    let words = value.split(|c: char| !c.is_ascii_alphanumeric());
    let variant: String = words
        .filter(|word| !word.is_empty())
        .map(|word| word[..1].to_ascii_uppercase() + &word[1..].to_ascii_lowercase())
        .collect();
    if variant.starts_with(|c: char| c.is_ascii_digit()) { format!("V{variant}") } else { variant }
}

/// `SMSMessage` → `sms_message`, `S3Url` → `s3_url`.
fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, &c) in chars.iter().enumerate() {
        let starts_word = c.is_ascii_uppercase()
            && i > 0
            && (!chars[i - 1].is_ascii_uppercase() || chars.get(i + 1).is_some_and(|next| next.is_ascii_lowercase()));
        if starts_word {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    if out == "type" { "r#type".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_types_are_those_of_the_model() {
        let committed = include_str!("generated.rs");
        assert!(
            super::generate() == committed,
            "run `cargo run --features generate --bin generate-wire > src/wire/generated.rs`"
        );
    }
}
