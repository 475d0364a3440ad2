//! Why an answer cannot be decoded.

use serde_json::Value;
use serde_json::value::RawValue;

use super::cases::Case;
use super::finding::Code;
use super::judge::{Findings, below, path_of};
use super::shape::{ENDPOINT, Shape, kind};
use crate::domain::limit::HOOK_PAYLOAD_BYTES_MAX;
use crate::hook::sent::Members;

/// Adds what is wrong with an answer that was refused: all of it, while the decoder stops at the first.
pub(super) fn diagnose(case: &Case, answer: &[u8], findings: &mut Findings) {
    if answer.len() > HOOK_PAYLOAD_BYTES_MAX {
        return findings.add(Code::TooLarge, None, None, format!("more than {HOOK_PAYLOAD_BYTES_MAX} bytes"));
    }
    let (code, found) = match answer.trim_ascii_start().first() {
        Some(b'{') => return in_map(case, answer, findings),
        Some(b'[') => (Code::ListInsteadOfMap, "a list"),
        Some(b'"') => match serde_json::from_slice::<String>(answer) {
            Ok(text) if text.trim_start().starts_with('{') => {
                (Code::TextInsteadOfMap, "a text that holds an object: it was made JSON twice")
            }
            _ => (Code::TextInsteadOfMap, "a text"),
        },
        Some(b'n') => (Code::Null, "null: the function returned nothing"),
        None => (Code::Empty, "nothing"),
        Some(_) => match serde_json::from_slice::<Value>(answer) {
            Ok(value) => (Code::NotAMap, kind(&value)),
            Err(_) => (Code::NotJson, "neither JSON nor an object"),
        },
    };
    findings.add(code, None, None, found);
}

fn in_map(case: &Case, answer: &[u8], findings: &mut Findings) {
    let members = match serde_json::from_slice::<Members<Box<RawValue>>>(answer) {
        Ok(members) => members.0,
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            return findings.add(Code::NotJson, None, Some(place), what(&error));
        }
    };
    for (id, raw) in members {
        if !case.sent.ids().any(|sent| sent == id) {
            continue;
        }
        let path = path_of(&id);
        match serde_json::from_str::<Value>(raw.get()) {
            Ok(Value::Object(endpoint)) => {
                for (name, value) in endpoint {
                    if let Some((_, shape)) = ENDPOINT.iter().find(|(known, _)| *known == name) {
                        walk(&below(&path, &name), &value, *shape, &mut |code, place, found| {
                            findings.add(code, Some(&id), Some(place), found);
                        });
                    }
                }
            }
            Ok(other) => findings.add(Code::NotAnObject, Some(&id), Some(path), kind(&other)),
            Err(error) => findings.add(Code::NotJson, Some(&id), Some(path), what(&error)),
        }
    }
}

/// An error without its position.
fn what(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(what, _)| what.to_owned())
}

/// Reports what a value must not be, there and below.
fn walk(path: &str, value: &Value, shape: Shape, report: &mut impl FnMut(Code, String, String)) {
    let mut wrong = |expected: &str| {
        report(Code::WrongType, path.to_owned(), format!("{}, and not {expected}", kind(value)));
    };
    match (shape, value) {
        (_, Value::Null) | (Shape::Text, Value::String(_)) | (Shape::Number, Value::Number(_)) => {}
        (Shape::Text, _) => wrong("a text"),
        (Shape::Number, _) => wrong("a number"),
        (Shape::Choice(choice, is_known), Value::String(text)) => {
            if !is_known(text) {
                report(Code::UnknownValue, path.to_owned(), format!("a text that is not {choice}"));
            }
        }
        (Shape::Choice(choice, _), _) => wrong(choice),
        (Shape::Texts, Value::Array(items)) => {
            for (at, item) in items.iter().enumerate() {
                if matches!(item, Value::Array(_) | Value::Object(_)) {
                    let found = format!("{} in a list of texts", kind(item));
                    report(Code::WrongType, format!("{path}[{at}]"), found);
                }
            }
        }
        (Shape::Texts, Value::Object(_)) => wrong("a list of texts"),
        // Scalars are taken.
        (Shape::Texts, _) => {}
        (Shape::MapOf(inner), Value::Object(members)) => {
            for (name, value) in members {
                walk(&below(path, name), value, *inner, report);
            }
        }
        (Shape::Object(shapes), Value::Object(members)) => {
            for (name, value) in members {
                if let Some((_, shape)) = shapes.iter().find(|(known, _)| known == name) {
                    walk(&below(path, name), value, *shape, report);
                }
            }
        }
        (Shape::MapOf(_) | Shape::Object(_), _) => wrong("an object"),
    }
}
