//! Values: how they print, compare and count as true.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Number, Value};

/// The largest number up to which every whole number is exact.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// The text of a value; `None` if there is nothing to print.
pub fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null | Value::Object(_) => None,
        Value::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number_text(number))),
        Value::Array(items) => match items.as_slice() {
            [] => None,
            [item] => text(item),
            items => {
                let texts: Vec<_> = items.iter().map(|item| text(item).unwrap_or_default()).collect();
                Some(Cow::Owned(texts.join(",")))
            }
        },
    }
}

/// The only element of a list of one; any other value as it is.
pub fn unwrapped(value: &Value) -> &Value {
    match value {
        Value::Array(items) if items.len() == 1 => unwrapped(&items[0]),
        value => value,
    }
}

/// Whether there is nothing to print.
pub fn is_missing(value: &Value) -> bool {
    match unwrapped(value) {
        Value::Null | Value::Object(_) => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Whether a value counts as true: `null`, `false`, zero, and empty texts, lists and groups do not.
pub fn is_true(value: &Value) -> bool {
    match unwrapped(value) {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// The number a value is or spells.
pub fn number(value: &Value) -> Option<f64> {
    match unwrapped(value) {
        Value::Number(number) => number.as_f64(),
        // Rust's parser takes words such as `inf` and `nan`, which are no numbers to people.
        Value::String(text) if text.bytes().any(|byte| byte.is_ascii_digit()) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

/// A number as a value; whole ones without a fraction, others rounded to nine decimals so that sums of prices print well.
pub fn from_number(number: f64) -> Option<Value> {
    let rounded = if number.abs() < 1e6 { (number * 1e9).round() / 1e9 } else { number };
    if rounded.fract() == 0.0 && rounded.abs() < WHOLE_MAX {
        return Some(Value::from(rounded as i64));
    }
    Number::from_f64(rounded).map(Value::Number)
}

/// Compares as numbers if both are or spell numbers, else as texts. A missing value has no order.
pub fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (number(left), number(right)) {
        return left.partial_cmp(&right);
    }
    Some(text(left)?.cmp(&text(right)?))
}

/// Whether two values compare as equal; what is missing equals what is missing and the empty text.
pub fn equal(left: &Value, right: &Value) -> bool {
    match compare(left, right) {
        Some(ordering) => ordering == Ordering::Equal,
        None => text(left).unwrap_or_default() == text(right).unwrap_or_default(),
    }
}

fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(value) if number.is_f64() && value.fract() == 0.0 && value.abs() < WHOLE_MAX => (value as i64).to_string(),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts() {
        let cases = [
            (json!(null), None),
            (json!({"a": 1}), None),
            (json!([]), None),
            (json!([[]]), None),
            (json!(""), Some("")),
            (json!("a"), Some("a")),
            (json!(["a"]), Some("a")),
            (json!(["a", "b"]), Some("a,b")),
            (json!(["a", null, "b"]), Some("a,,b")),
            (json!(1.0), Some("1")),
            (json!(-0.0), Some("0")),
            (json!(48.2), Some("48.2")),
            (json!(u64::MAX), Some("18446744073709551615")),
            (json!(true), Some("true")),
        ];
        for (value, expected) in cases {
            assert_eq!(text(&value).as_deref(), expected, "{value}");
            assert_eq!(is_missing(&value), expected.is_none(), "{value}");
        }
    }

    #[test]
    fn comparisons() {
        use Ordering::{Equal, Greater, Less};
        let cases = [
            (json!("9"), json!("17"), Some(Less)),
            (json!(["18"]), json!("17"), Some(Greater)),
            (json!("1.0"), json!(1), Some(Equal)),
            (json!("nan"), json!("1"), Some(Greater)),
            (json!("b"), json!("a"), Some(Greater)),
            (json!("10 km"), json!("9"), Some(Less)),
            (json!(null), json!("1"), None),
            (json!([]), json!(null), None),
        ];
        for (left, right, expected) in cases {
            assert_eq!(compare(&left, &right), expected, "{left} {right}");
        }
        assert!(equal(&json!([]), &json!("")));
        assert!(!equal(&json!([]), &json!("a")));
        assert!(equal(&json!(" 7"), &json!(7.0)));
    }

    #[test]
    fn numbers_stay_whole_or_short() {
        let cases = [(3.0, json!(3)), (0.1 + 0.2, json!(0.3)), (1e300, json!(1e300)), (-2.5, json!(-2.5))];
        for (number, expected) in cases {
            assert_eq!(from_number(number), Some(expected), "{number}");
        }
        assert_eq!(from_number(f64::INFINITY), None);
        assert_eq!(from_number(f64::NAN), None);
    }
}
