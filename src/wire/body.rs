//! Bodies of requests and answers.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::check::Check;
use super::invalid::{Invalid, Problem};
use super::strict;

/// An answer that is JSON already.
#[derive(Clone, Eq, PartialEq)]
pub struct Json(pub Vec<u8>);

/// Documents hold addresses; they are not printed.
impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({} bytes)", self.0.len())
    }
}

/// Reads and checks the body of a request.
///
/// Members that the shape does not have are passed over; `null` is as good as absent.
/// Errors: the first member that is missing, of another type, or of a value that does not exist, named by its path.
pub fn read<T: DeserializeOwned + Check>(body: &[u8]) -> Result<T, Invalid> {
    if body.trim_ascii().is_empty() {
        return Err(Problem::Missing { rule: "it is required" }.at("body"));
    }
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Problem::rule(format!("the body is not valid JSON: {error}")).at(""))?;
    if !value.is_object() {
        return Err(Problem::rule("the body is not a JSON object").at(""));
    }
    let request: T = strict::read(value)?;
    request.check()?;
    Ok(request)
}

/// Writes the body of an answer.
pub fn write(answer: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(answer).expect("shapes have text for keys and nothing else that JSON lacks")
}
