//! Tells an endpoint that was only printed again from one that was changed, without parsing either.

/// Whether two JSON texts say the same, apart from white space between tokens and the `.0` of whole numbers.
///
/// Functions in Python and Node print what they return anew, and these are the two ways their print differs from ours.
/// `false` may be wrong, as for another order of members; `true` never is. `returned` is valid JSON, `stored` compact.
pub(super) fn same(returned: &[u8], stored: &[u8]) -> bool {
    let mut stored = stored;
    let mut place = Place::Between;
    for &byte in returned {
        if place == Place::Between && matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            continue;
        }
        match stored {
            [next, rest @ ..] if *next == byte => stored = rest,
            [b'.', b'0', next, rest @ ..] if *next == byte && place == Place::Between && ends_number(byte) => {
                stored = rest;
            }
            _ => return false,
        }
        place = match (place, byte) {
            (Place::Between, b'"') => Place::Text,
            (Place::Text, b'"') => Place::Between,
            (Place::Text, b'\\') => Place::Escape,
            (Place::Escape, _) => Place::Text,
            (place, _) => place,
        };
    }
    stored.is_empty()
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Place {
    Between,
    Text,
    /// After the backslash in a text.
    Escape,
}

fn ends_number(byte: u8) -> bool {
    matches!(byte, b',' | b'}' | b']')
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn only_print_may_differ() {
        let stored = br#"{"A":["x y","\" ,"],"M":{"n":3.0,"o":0.25}}"#;
        let cases: [(&str, bool); 9] = [
            (r#"{"A":["x y","\" ,"],"M":{"n":3.0,"o":0.25}}"#, true),
            (r#"{"A": ["x y", "\" ,"], "M": {"n": 3.0, "o": 0.25}}"#, true),
            ("{\r\n\t\"A\" :[ \"x y\",\"\\\" ,\"],\"M\":{\"n\":3,\"o\":0.25 } }\n", true),
            (r#"{"A":["xy","\" ,"],"M":{"n":3.0,"o":0.25}}"#, false),
            (r#"{"A":["x  y","\" ,"],"M":{"n":3.0,"o":0.25}}"#, false),
            (r#"{"A":["x y","\","],"M":{"n":3.0,"o":0.25}}"#, false),
            (r#"{"A":["x y","\" ,"],"M":{"n":30,"o":0.25}}"#, false),
            (r#"{"A":["x y","\" ,"],"M":{"n":3.0,"o":0}}"#, false),
            (r#"{"A":["x y","\" ,"],"M":{"n":3.0,"o":0.25},"B":1}"#, false),
        ];
        for (returned, expected) in cases {
            assert_eq!(same(returned.as_bytes(), stored), expected, "{returned}");
        }
        assert!(!same(b"{}", stored));
        assert!(!same(br#"{"a":"1","b":2}"#, br#"{"a":"1.0","b":2}"#), "text is not a number");
        assert!(!same(br#"{"a":1}"#, br#"{"a":1.01}"#));
    }
}
