//! `RawContent`: payloads in a provider's own form.

use serde_json::{Map, Value};

/// Reads a JSON object.
///
/// Errors: the reason why the message can never be sent.
pub(super) fn object(raw: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(raw) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err("`RawContent` is not a JSON object".into()),
    }
}

/// A text as it is, and anything else as its JSON.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Makes a value text, for providers that take nothing else.
pub(super) fn into_text(value: &mut Value) {
    if !value.is_string() {
        *value = text(value).into();
    }
}

/// Bytes of keys and values, which is what providers count.
pub(super) fn text_bytes(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.iter().map(|(key, value)| key.len() + text_bytes(value)).sum(),
        Value::String(text) => text.len(),
        other => other.to_string().len(),
    }
}
