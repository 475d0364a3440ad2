//! From JSON to shapes, saying what is wrong in the words of the API.
//!
//! What serde_json itself would do differs in three ways: it takes lists for objects whose members come in order, it
//! tells no member of a shape from a key that a user chose, and its messages quote values, which may be secrets.

use serde::de::value::StringDeserializer;
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value, map};
use std::{fmt, vec};

use super::invalid::{Invalid, Problem};

/// Reads a shape.
pub fn read<'de, T: Deserialize<'de>>(value: Value) -> Result<T, Invalid> {
    T::deserialize(Node(value)).map_err(|error| error.0)
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Error(Invalid);

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Problem::rule(message.to_string()).at(""))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        if matches!(found, Unexpected::Unit) {
            return Self(Problem::Missing { rule: "it is required" }.at(""));
        }
        let wanted = wanted(expected);
        // A number that is too large looks right unless it is shown. Where text is wanted it may be a secret.
        let found = match found {
            Unexpected::Unsigned(number) if wanted.contains("number") => number.to_string(),
            Unexpected::Signed(number) if wanted.contains("number") => number.to_string(),
            Unexpected::Float(number) if wanted.contains("number") => number.to_string(),
            _ => kind(found).to_owned(),
        };
        Self(Problem::rule(format!("expected {wanted}, found {found}")).at(""))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self(Problem::Missing { rule: "it is required" }.at(field))
    }
}

/// What serde expects, for people who do not write Rust.
fn wanted(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "i32" => "a whole number of 32 bits".to_owned(),
        "i64" => "a whole number of 64 bits".to_owned(),
        "f64" => "a number".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        _ => text,
    }
}

fn kind(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
        Unexpected::Str(_) => "a string",
        Unexpected::Seq => "a list",
        Unexpected::Map => "an object",
        _ => "something else",
    }
}

struct Node(Value);

impl Node {
    fn object<'de, V: Visitor<'de>>(self, visitor: V, are_keys: bool) -> Result<V::Value, Error> {
        let found = match self.0 {
            Value::Object(members) => return visitor.visit_map(Members::new(members, are_keys)),
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(value),
            Value::Number(number) => Unexpected::Float(number.as_f64().unwrap_or(f64::NAN)),
            Value::String(_) => Unexpected::Str(""),
            Value::Array(_) => Unexpected::Seq,
        };
        Err(de::Error::invalid_type(found, &"an object"))
    }
}

impl<'de> Deserializer<'de> for Node {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(value), _) => visitor.visit_u64(value),
                (None, Some(value)) => visitor.visit_i64(value),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(value) => visitor.visit_string(value),
            Value::Array(items) => visitor.visit_seq(Items { items: items.into_iter(), next: 0 }),
            Value::Object(members) => visitor.visit_map(Members::new(members, true)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.object(visitor, false)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.object(visitor, true)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct enum identifier
    }
}

struct Items {
    items: vec::IntoIter<Value>,
    next: usize,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let at = self.next;
        self.next += 1;
        seed.deserialize(Node(item)).map(Some).map_err(|error| Error(error.0.in_item(at)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Members {
    members: map::IntoIter,
    /// Whether names are keys that users chose.
    are_keys: bool,
    current: Option<(String, Value)>,
}

impl Members {
    fn new(members: Map<String, Value>, are_keys: bool) -> Self {
        Self { members: members.into_iter(), are_keys, current: None }
    }
}

impl<'de> MapAccess<'de> for Members {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((name, value)) = self.members.next() else { return Ok(None) };
        self.current = Some((name.clone(), value));
        let name: StringDeserializer<Error> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (name, value) = self.current.take().expect("serde asks for the name first");
        seed.deserialize(Node(value))
            .map_err(|error| Error(if self.are_keys { error.0.in_key(&name) } else { error.0.in_member(&name) }))
    }
}
