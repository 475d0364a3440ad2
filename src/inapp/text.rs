//! Text that holds no markup, however often somebody decodes it.

use std::borrow::Cow;
use std::sync::LazyLock;

use ammonia::Builder;

/// Keeps no tag, and of scripts and styles not what is in them either.
static NO_TAGS: LazyLock<Builder<'static>> = LazyLock::new(Builder::empty);

/// Decodings before text is taken for an attack, and loses every angle bracket instead.
const ROUNDS_MAX: usize = 8;

/// The text without markup and control characters.
///
/// Clients show it as it is, so `<` and `&` stay what they are where they begin no tag and no entity: `1 < 2` is text. What
/// comes out is the same to a reader who takes it for HTML: entities are decoded, and what they hide is removed too.
pub fn plain(text: &str) -> Cow<'_, str> {
    let mut plain = visible(text);
    for _ in 0..ROUNDS_MAX {
        if !plain.contains(['<', '&']) {
            return plain;
        }
        let next = decode(&NO_TAGS.clean(&plain).to_string());
        let next = visible(&next);
        if next == plain {
            return plain;
        }
        plain = Cow::Owned(next.into_owned());
    }
    Cow::Owned(plain.replace(['<', '>', '&'], ""))
}

/// The text without control characters other than line breaks and tabs, which some readers pass over and others do not, and
/// without brackets before letters that become others in capitals: in them `<ımg` is a tag.
fn visible(text: &str) -> Cow<'_, str> {
    let is_hidden = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t') || letter == '\u{feff}';
    let mut visible = Cow::Borrowed(text);
    if text.contains(is_hidden) {
        visible = Cow::Owned(text.replace(is_hidden, ""));
    }
    if !visible.is_ascii() && visible.contains('<') {
        let mut next = visible.chars().skip(1).map(Some).chain([None]);
        let kept = visible.chars().filter(|&letter| {
            let is_letter = next.next().flatten().is_some_and(|next| !next.is_ascii() && next.is_alphabetic());
            !(letter == '<' && is_letter)
        });
        visible = Cow::Owned(kept.collect());
    }
    // To a parser it is text at the very end alone, and a tag once something comes after it.
    while let Some(before) = visible.strip_suffix("</") {
        visible = Cow::Owned(before.to_owned());
    }
    visible
}

/// Undoes what the serialiser of HTML does to text, which is no more than this.
fn decode(html: &str) -> String {
    html.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u{a0}").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_without_markup_stays_as_it_is() {
        for text in ["", "Welcome back", "1 < 2 & 3 > 2", "I <3 you", "AT&T", "a\nb\tc", "\"50%\" off – é 🎉", "a{b}c"]
        {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn markup_is_removed_however_it_is_hidden() {
        for (text, expected) in [
            ("<b>Sale</b> today", "Sale today"),
            ("a<script>alert(1)</script>b", "ab"),
            ("a<img src=x onerror=alert(1)>b", "ab"),
            ("&lt;img src=x onerror=alert(1)&gt;b", "b"),
            ("&amp;lt;img src=x onerror=alert(1)&amp;gt;b", "b"),
            ("<<b>script>alert(1)", ""),
            ("a</", "a"),
            ("<scr\0ipt>x</scr\0ipt>", ""),
            ("a<!-- b -->c", "ac"),
            ("Tom &amp; Jerry", "Tom & Jerry"),
            ("<\u{131}mg src=x>", "\u{131}mg src=x>"),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_plain_stays_plain(text in "[<>&;!/a-z\"'= #x0-9-]{0,40}") {
            let once = plain(&text).into_owned();
            prop_assert_eq!(plain(&once), once.as_str());
            let mut letters = once.chars().peekable();
            while let Some(letter) = letters.next() {
                if letter == '<' {
                    let next = letters.peek().copied().unwrap_or(' ');
                    prop_assert!(!next.is_ascii_alphabetic() && !matches!(next, '/' | '!' | '?'), "{}", once);
                }
            }
        }
    }
}
