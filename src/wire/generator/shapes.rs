//! Renders structures, enumerations and their checks.

use std::fmt::Write;

use super::head;
use super::model::{Model, Shape};
use super::name::{camel_case, snake_case, type_name};
use super::table::is_secret;

/// Everything that bodies of requests and answers are made of.
pub fn shapes(model: &Model) -> String {
    let mut out = head("Shapes of the Pinpoint API");
    out += "use std::collections::BTreeMap;\n\n\
            use serde::{Deserialize, Serialize};\n\n\
            use crate::wire::secret::Secret;\n";
    let operations = model.operations.values();
    let roots = operations.flat_map(|operation| [model.request(operation), model.response(operation)]).flatten();
    for name in model.reachable(roots) {
        let shape = &model.shapes[name];
        match shape.r#type.as_str() {
            "structure" => structure(&mut out, model, name, shape),
            "string" if shape.is_enumeration() => enumeration(&mut out, name, shape),
            _ => {}
        }
    }
    out
}

/// What bodies of requests are checked for.
pub fn checks(model: &Model) -> String {
    let mut out = head("What is checked in requests");
    out += "use super::shapes::*;\n\
            use crate::wire::check::{Check, Key, member, unknown};\n\
            use crate::wire::invalid::Invalid;\n";
    let requests = model.operations.values().filter_map(|operation| model.request(operation));
    let reachable = model.reachable(requests);
    for name in &reachable {
        let shape = &model.shapes[*name];
        match shape.r#type.as_str() {
            "structure" => structure_check(&mut out, model, name, shape),
            "string" if shape.is_enumeration() => enumeration_check(&mut out, name),
            "map" => {
                let key = &shape.key.as_ref().expect("a map names its key").shape;
                if model.shapes[key].is_enumeration() {
                    key_impl(&mut out, key);
                }
            }
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
        let wire = member.wire(member_name);
        let field = snake_case(member_name);
        let target = if is_secret(member_name) { "Secret".to_owned() } else { rust_type(model, &member.shape) };
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

fn structure_check(out: &mut String, model: &Model, name: &str, shape: &Shape) {
    let name = type_name(name);
    write!(out, "\nimpl Check for {name} {{\n    fn check(&self) -> Result<(), Invalid> {{\n").unwrap();
    for (member_name, member) in &shape.members {
        if model.holds_enumeration(&member.shape) {
            let (wire, field) = (member.wire(member_name), snake_case(member_name));
            writeln!(out, "        member(\"{wire}\", &self.{field})?;").unwrap();
        }
    }
    out.push_str("        Ok(())\n    }\n}\n");
}

fn enumeration_check(out: &mut String, name: &str) {
    let name = type_name(name);
    write!(
        out,
        "\nimpl Check for {name} {{\n    fn check(&self) -> Result<(), Invalid> {{\n        match self {{\n            \
         Self::Unknown(value) => Err(unknown(value, Self::VALUES)),\n            _ => Ok(()),\n        }}\n    }}\n}}\n"
    )
    .unwrap();
}

fn key_impl(out: &mut String, name: &str) {
    let name = type_name(name);
    write!(
        out,
        "\nimpl Key for {name} {{\n    fn text(&self) -> &str {{\n        self.as_str()\n    }}\n\n    \
         fn check_key(&self) -> Result<(), Invalid> {{\n        self.check()\n    }}\n}}\n"
    )
    .unwrap();
}

pub fn rust_type(model: &Model, name: &str) -> String {
    let shape = &model.shapes[name];
    let inner = |member: &Option<super::model::Member>| {
        rust_type(model, &member.as_ref().expect("a list or map names its members").shape)
    };
    match shape.r#type.as_str() {
        "structure" => type_name(name),
        "string" if shape.is_enumeration() => type_name(name),
        "string" | "timestamp" | "blob" => "String".to_owned(),
        "boolean" => "bool".to_owned(),
        "integer" => "i32".to_owned(),
        "long" => "i64".to_owned(),
        "double" => "f64".to_owned(),
        "list" => format!("Vec<{}>", inner(&shape.member)),
        "map" => format!("BTreeMap<{}, {}>", inner(&shape.key), inner(&shape.value)),
        other => panic!("the model has a type this generator does not know: `{other}`"),
    }
}
