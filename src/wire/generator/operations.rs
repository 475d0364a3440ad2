//! Renders operations: their names and routes, what they take, the traits that do them, and the way to those.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::head;
use super::model::{Model, Operation};
use super::name::{snake_case, type_name};
use super::shapes::rust_type;
use super::table::{group, is_raw_answer, is_raw_body};

pub fn enumeration(model: &Model) -> String {
    let mut out = head("Operations of the Pinpoint API");
    out += "#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]\npub enum Operation {\n";
    for name in model.operations.keys() {
        writeln!(out, "    {name},").unwrap();
    }
    let count = model.operations.len();
    write!(
        out,
        "}}\n\nstruct Facts {{\n    name: &'static str,\n    method: &'static str,\n    path: &'static str,\n    \
         success: u16,\n}}\n\n/// In the order of the operations.\nconst FACTS: [Facts; {count}] = [\n"
    )
    .unwrap();
    for (name, operation) in &model.operations {
        let http = &operation.http;
        let (method, path, success) = (&http.method, &http.request_uri, http.response_code);
        writeln!(out, "    Facts {{ name: \"{name}\", method: \"{method}\", path: \"{path}\", success: {success} }},")
            .unwrap();
    }
    write!(out, "];\n\nimpl Operation {{\n    pub const ALL: [Self; {count}] = [\n").unwrap();
    for name in model.operations.keys() {
        writeln!(out, "        Self::{name},").unwrap();
    }
    out += "    ];\n\n    \
            fn facts(self) -> &'static Facts {\n        &FACTS[self as usize]\n    }\n\n    \
            /// The operation's name in the model.\n    \
            pub fn name(self) -> &'static str {\n        self.facts().name\n    }\n\n    \
            pub fn method(self) -> &'static str {\n        self.facts().method\n    }\n\n    \
            /// The path, with parameters in braces, such as `/v1/apps/{application-id}`.\n    \
            pub fn path(self) -> &'static str {\n        self.facts().path\n    }\n\n    \
            /// The HTTP status of success.\n    \
            pub fn success(self) -> u16 {\n        self.facts().success\n    }\n\n    \
            /// Whether the path names an application.\n    \
            pub fn has_application(self) -> bool {\n        self.path().contains(\"{application-id}\")\n    }\n}\n";
    out
}

pub fn inputs(model: &Model) -> String {
    let mut out = head("What operations take");
    out += "use bytes::Bytes;\n\n\
            use super::shapes::*;\n\
            use crate::wire::body;\n\
            use crate::wire::call::Parts;\n\
            use crate::wire::invalid::Invalid;\n";
    for (name, operation) in &model.operations {
        input(&mut out, model, name, operation);
    }
    out
}

fn input(out: &mut String, model: &Model, name: &str, operation: &Operation) {
    let shape = model.input(operation);
    let mut fields = Vec::new();
    for (member_name, member) in &shape.members {
        let (field, wire) = (snake_case(member_name), member.wire(member_name));
        let is_required = shape.required.contains(member_name);
        let (kind, read) = match member.location.as_deref() {
            Some("uri") => ("String".to_owned(), format!("parts.take(\"{wire}\")?")),
            Some("querystring") => match (rust_type(model, &member.shape).as_str(), is_required) {
                ("Vec<String>", true) => ("Vec<String>".to_owned(), format!("parts.values(\"{wire}\")?")),
                ("bool", false) => ("Option<bool>".to_owned(), format!("parts.flag(\"{wire}\")?")),
                ("String", false) => ("Option<String>".to_owned(), format!("parts.query(\"{wire}\")")),
                (other, _) => panic!("{name}: no way to read a query's `{wire}` as `{other}`"),
            },
            Some(other) => panic!("{name}: no way to read members from `{other}`"),
            None => continue,
        };
        fields.push((field, kind, read));
    }
    let request = model.request(operation);
    match request {
        Some(_) if is_raw_body(name) => fields.push(("body".into(), "Bytes".into(), "body".into())),
        Some(shape) => fields.push(("body".into(), type_name(shape), "body::read(&body)?".into())),
        None => {}
    }

    write!(out, "\n#[derive(Clone, Debug, PartialEq)]\npub struct {name}Input {{\n").unwrap();
    for (field, kind, _) in &fields {
        writeln!(out, "    pub {field}: {kind},").unwrap();
    }
    let takes_parts = fields.iter().any(|(_, _, read)| read.starts_with("parts"));
    let parts = if takes_parts { "mut parts" } else { "_" };
    let body = if request.is_some() { "body" } else { "_" };
    write!(
        out,
        "}}\n\nimpl {name}Input {{\n    pub fn read({parts}: Parts, {body}: Bytes) -> Result<Self, Invalid> {{\n        Ok(Self {{\n"
    )
    .unwrap();
    for (field, _, read) in &fields {
        if field == read {
            writeln!(out, "            {field},").unwrap();
        } else {
            writeln!(out, "            {field}: {read},").unwrap();
        }
    }
    out.push_str("        })\n    }\n}\n");
}

pub fn services(model: &Model) -> String {
    let mut groups: BTreeMap<&str, Vec<(&String, &Operation)>> = BTreeMap::new();
    for entry in &model.operations {
        groups.entry(group(&entry.1.http.request_uri)).or_default().push(entry);
    }
    let mut out = head("What a server of the API does");
    out += "use std::future::Future;\n\n\
            use super::inputs::*;\n\
            use super::shapes::*;\n\
            use crate::wire::body::Json;\n\
            use crate::wire::call::Service;\n";
    for (name, operations) in &groups {
        write!(out, "\npub trait {name}: Service {{\n").unwrap();
        for (name, operation) in operations {
            let (method, path) = (&operation.http.method, &operation.http.request_uri);
            writeln!(
                out,
                "    /// `{method} {path}`\n    fn {}(&self, input: {name}Input) -> impl Future<Output = Result<{}, Self::Error>> + Send;",
                snake_case(name),
                answer_type(model, name, operation)
            )
            .unwrap();
        }
        out.push_str("}\n");
    }
    let all = groups.keys().copied().collect::<Vec<_>>().join(" + ");
    write!(out, "\n/// All of the API.\npub trait Pinpoint: {all} {{}}\n\nimpl<S: {all}> Pinpoint for S {{}}\n")
        .unwrap();
    out
}

pub fn dispatch(model: &Model) -> String {
    let mut out = head("The way from a request to the operation");
    out += "use bytes::Bytes;\n\n\
            use super::inputs::*;\n\
            use super::operation::Operation;\n\
            use super::services::Pinpoint;\n\
            use crate::wire::body;\n\
            use crate::wire::call::Parts;\n\
            use crate::wire::invalid::Invalid;\n\n\
            /// Reads and checks a request, runs its operation and writes the answer.\n\
            ///\n\
            /// Shape: the answer's body; empty for operations that answer none. Errors: the service's, of which an\n\
            /// invalid request is one.\n\
            pub async fn dispatch<S: Pinpoint>(\n    service: &S,\n    operation: Operation,\n    parts: Parts,\n    body: Bytes,\n\
            ) -> Result<Vec<u8>, S::Error> {\n    \
            // Boxed, or the future would be as large as the largest of all operations.\n    match operation {\n";
    for (name, operation) in &model.operations {
        let method = snake_case(name);
        let run = format!("service.{method}({name}Input::read(parts, body)?).await?");
        let answer = if is_raw_answer(name) {
            format!("Ok({run}.0)")
        } else if model.response(operation).is_some() {
            format!("Ok(body::write(&{run}))")
        } else {
            format!("{run};\n            Ok(Vec::new())\n       ")
        };
        if answer.contains('\n') {
            writeln!(out, "        Operation::{name} => Box::pin(async move {{\n            {answer} }}).await,")
                .unwrap();
        } else {
            writeln!(out, "        Operation::{name} => Box::pin(async move {{ {answer} }}).await,").unwrap();
        }
    }
    out += "    }\n}\n\n\
            /// Reads and checks a request, and does nothing with it.\n\
            pub fn examine(operation: Operation, parts: Parts, body: Bytes) -> Result<(), Invalid> {\n    \
            match operation {\n";
    for name in model.operations.keys() {
        writeln!(out, "        Operation::{name} => {name}Input::read(parts, body).map(drop),").unwrap();
    }
    out.push_str("    }\n}\n");
    out
}

fn answer_type(model: &Model, name: &str, operation: &Operation) -> String {
    match model.response(operation) {
        Some(_) if is_raw_answer(name) => "Json".to_owned(),
        Some(shape) => type_name(shape),
        None => "()".to_owned(),
    }
}
