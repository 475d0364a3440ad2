//! Reasons of failures, as they are kept and shown.

/// Characters of a reason that are kept: enough for any provider's sentence, and little beside an endpoint.
const CHARS_MAX: usize = 300;

/// Puts what a provider said on one line of bounded length.
pub(super) fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len().min(CHARS_MAX));
    for (index, word) in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).enumerate()
    {
        if index > 0 {
            tidied.push(' ');
        }
        tidied.push_str(word);
    }
    if let Some((end, _)) = tidied.char_indices().nth(CHARS_MAX) {
        tidied.truncate(end);
        tidied.push('…');
    }
    tidied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_short_line() {
        assert_eq!(tidy("  no such\r\n\tuser\0here "), "no such user here");
        let long = tidy(&"ä".repeat(10_000));
        assert_eq!(long.chars().count(), CHARS_MAX + 1);
        assert!(long.ends_with('…'));
    }
}
