//! `EndpointBatchRequest`: up to a hundred updates, read and checked as a whole.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::bounded::{List, Object};
use super::endpoint_update::{WireItem, read_slowly};
use super::invalid::{Invalid, Problem, id_bytes};
use super::lenient::Scalar;
use crate::domain::EndpointUpdate;
use crate::domain::limit::ENDPOINTS_REQUEST_MAX;

#[derive(Deserialize)]
struct Batch<T> {
    #[serde(rename = "Item", default = "Option::default")]
    items: Option<List<T, ENDPOINTS_REQUEST_MAX>>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "Id", default)]
    id: Scalar,
}

/// Reads a batch: each endpoint's id and its update, in order. An id may come more than once.
///
/// Errors: the first item that breaks a rule, by its place and its id.
pub fn read(json: &[u8]) -> Result<Vec<(String, EndpointUpdate)>, Invalid> {
    if json.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::rule("the body is not a JSON object").at(""));
    }
    let items = match simd_json::serde::from_slice::<Batch<Object<WireItem>>>(&mut json.to_vec()) {
        Ok(batch) => batch.items.map(|items| items.0.into_iter().map(|item| item.0).collect()),
        Err(_) => read_one_by_one(json)?,
    };
    let items = items.ok_or_else(|| Problem::Missing { rule: "it is required" }.at("Item"))?;
    let mut updates = Vec::with_capacity(items.len());
    for (at, item) in items.into_iter().enumerate() {
        let id = item.id().unwrap_or_default().to_owned();
        id_bytes(&id).map_err(|problem| problem.at("Id").in_item(at).in_member("Item"))?;
        match item.checked() {
            Ok(item) => updates.push((id, item.update)),
            Err(invalid) => return Err(name(invalid, at, Some(&id))),
        }
    }
    Ok(updates)
}

/// Reads a batch the fast parser did not take, to say what is wrong with which item.
fn read_one_by_one(json: &[u8]) -> Result<Option<Vec<WireItem>>, Invalid> {
    let batch: Batch<&RawValue> = read_slowly(json, "")?;
    let Some(items) = batch.items else { return Ok(None) };
    let items = items.0.into_iter().enumerate().map(|(at, item)| {
        let read = read_slowly::<Object<WireItem>>(item.get().as_bytes(), "");
        read.map(|item| item.0).map_err(|invalid| {
            let named: Option<Object<Named>> = serde_json::from_str(item.get()).ok();
            name(invalid, at, named.and_then(|named| named.0.id.0).as_deref())
        })
    });
    items.collect::<Result<_, _>>().map(Some)
}

/// Names the item.
fn name(invalid: Invalid, at: usize, id: Option<&str>) -> Invalid {
    let Invalid { field, problem } = invalid.in_item(at).in_member("Item");
    match id {
        Some(id) => Problem::rule(format!("{problem} (Id `{id}`)")).at(field),
        None => problem.at(field),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_keep_their_order() {
        let batch =
            br#"{"Item":[{"Id":"b","Address":"x"},{"Id":7,"OptOut":"ALL","Unknown":[{}]},{"Id":"b"}],"More":1}"#;
        let updates = read(batch).unwrap();
        let ids: Vec<_> = updates.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["b", "7", "b"]);
        assert_eq!(updates[0].1.address.as_deref(), Some("x"));
        assert!(read(br#" {"Item":[]}"#).unwrap().is_empty());
    }

    #[test]
    fn refusals_name_the_item() {
        let many = format!(r#"{{"Item":[{}{{}}]}}"#, r#"{"Id":"x"},"#.repeat(100));
        let cases = [
            ("", "the body is not a JSON object"),
            ("[]", "the body is not a JSON object"),
            ("{}", "Item: missing, it is required"),
            (r#"{"Item":null}"#, "Item: missing, it is required"),
            (r#"{"Item":{}}"#, "Item: invalid type: map, expected a list"),
            (r#"{"Item":[{"Id":"a"},{}]}"#, "Item[1].Id: missing, it is required"),
            (r#"{"Item":[{"Id":""}]}"#, "Item[0].Id: missing, it is required"),
            (r#"{"Item":[null]}"#, "Item[0]: invalid type: null, expected an object"),
            (r#"{"Item":[["a"]]}"#, "Item[0]: invalid type: sequence, expected an object"),
            (
                r#"{"Item":[{"Id":"a"},{"Id":"b","OptOut":"SOME"}]}"#,
                "Item[1].OptOut: `SOME` is not one of ALL, NONE (Id `b`)",
            ),
            (
                r#"{"Item":[{"Id":"a","Location":{"Latitude":"north"}}]}"#,
                r#"Item[0].Location.Latitude: invalid type: string "north", expected a number (Id `a`)"#,
            ),
            (r#"{"Item":[{"Id":"a""#, "Item[0]: EOF while parsing an object at line 1 column 18"),
            (&many, "Item: 101 items, the limit is 100"),
        ];
        for (json, expected) in cases {
            assert_eq!(read(json.as_bytes()).expect_err(json).to_string(), expected, "{json}");
        }
    }
}
