//! Helpers that encode, digest and make ids.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::Digest;
use serde_json::Value;

use super::function::{Absent, Arguments, Function};

pub const FUNCTIONS: &[Function] = &[
    unary("encode64", |arguments| Ok(STANDARD.encode(arguments.text(0).as_bytes()).into())),
    unary("decode64", decode64),
    unary("md5", digest::<md5::Md5>),
    unary("sha256", digest::<sha2::Sha256>),
    unary("sha512", digest::<sha2::Sha512>),
    Function { name: "uuid", arguments: 0..=0, absent: Absent::Missing, apply: |_| Ok(uuid().into()) },
];

const fn unary(name: &'static str, apply: fn(&Arguments<'_, '_>) -> Result<Value, String>) -> Function {
    Function { name, arguments: 1..=1, absent: Absent::Missing, apply }
}

fn decode64(arguments: &Arguments<'_, '_>) -> Result<Value, String> {
    let bytes = STANDARD.decode(arguments.text(0).as_bytes()).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.map(Value::from).ok_or_else(|| format!("{} is not the Base64 form of a text", arguments.describe(0)))
}

fn digest<D: Digest>(arguments: &Arguments<'_, '_>) -> Result<Value, String> {
    Ok(hex::encode(D::digest(arguments.text(0).as_bytes())).into())
}

fn uuid() -> String {
    let bytes = fastrand::u128(..).to_be_bytes();
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}
