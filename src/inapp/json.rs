//! Texts within a value that apps may read as JSON.

use std::borrow::Cow;

/// JSON within JSON, further than anybody means it.
const ROUNDS_MAX: usize = 8;

/// Whether the value, taken for JSON, holds such a text. One that does not begin as JSON holds none.
///
/// Nothing is parsed: parsers differ in what they take, in how deep they go, and in which of two members with the same name
/// counts. What stands between quotes is looked at, with escapes and without.
pub fn any(value: &str, is_such: impl Fn(&str) -> bool) -> bool {
    if !value.trim_start().starts_with(['{', '[', '"']) {
        return false;
    }
    let mut text = Cow::Borrowed(value);
    for _ in 0..ROUNDS_MAX {
        if text.split(['"', '\'']).any(&is_such) {
            return true;
        }
        if !text.contains('\\') {
            return false;
        }
        text = Cow::Owned(unescaped(&text));
    }
    true
}

/// The text with each escape undone, but without control characters.
fn unescaped(text: &str) -> String {
    let mut unescaped = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            unescaped.push(letter);
            continue;
        }
        match letters.next() {
            Some('u') => {
                let rest = letters.as_str();
                let code = rest.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
                match code.and_then(char::from_u32) {
                    Some(letter) => {
                        letters = rest[4..].chars();
                        unescaped.extend(Some(letter).filter(|letter| !letter.is_control()));
                    }
                    // Half of a letter, or no escape.
                    None => unescaped.push('u'),
                }
            }
            Some('n' | 'r' | 't' | 'b' | 'f') | None => {}
            Some(letter) => unescaped.push(letter),
        }
    }
    unescaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_script(value: &str) -> bool {
        any(value, |text| text.starts_with("script:"))
    }

    #[test]
    fn texts_are_found_wherever_they_stand_and_however_they_are_written() {
        for value in [
            r#"{"url":"script:1"}"#,
            r#" ["a", {"b": [1, "script:1"]}]"#,
            r#"{"script:1": 2}"#,
            r#"{"url":"script:1","url":"https://example.com"}"#,
            r#"{"url":"scr\u0069pt:1"}"#,
            r#"{"url":"scr\nipt:1"}"#,
            r#"{"half":"\ud800","far":1e999,"url":"script:1"}"#,
            r#""{\"url\":\"s\\u0063ript:1\"}""#,
            r#"{url:'script:1'}"#,
            r#"{"url":"script:1"#,
        ] {
            assert!(has_script(value), "{value}");
        }
        let deep = format!("{}\"script:1\"", "[".repeat(1_000));
        assert!(has_script(&deep), "no parser would go so deep");
        let hidden = format!("\"{}u0073cript:1\"", "\\".repeat(1_000));
        assert!(has_script(&hidden), "nobody means this");
    }

    #[test]
    fn other_values_hold_none() {
        for value in [
            "",
            "1",
            "script:1",
            "he said \"script:1\"",
            "{}",
            r#"{"a":"prescript:1","b":"C:\\users\\me","c":"\u00e9\ud83c\udf89"}"#,
        ] {
            assert!(!has_script(value), "{value}");
        }
    }
}
