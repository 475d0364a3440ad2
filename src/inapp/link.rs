//! Which addresses a message may lead to or load.

use std::sync::LazyLock;

use url::Url;

/// What an address is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Use {
    /// `LINK`: the browser or what the system has for it.
    Link,
    /// `DEEP_LINK`: a place in some app, under a scheme that only it knows.
    DeepLink,
    /// An image that the app loads.
    Image,
}

const LINK_SCHEMES: &[&str] = &["https", "http", "mailto", "tel", "sms"];
const IMAGE_SCHEMES: &[&str] = &["https", "http"];

/// Schemes that run what the address says, read what is on the device, install something or connect to a file server, start
/// any other app, or hide another address. Apps' own schemes cannot be listed, so deep links have this list instead of one of
/// those allowed. Stores (`itms-apps`, `market`) ask before they do anything, and are not in it.
const DANGEROUS_SCHEMES: &[&str] = &[
    "about",
    "android-app",
    "blob",
    "chrome",
    "chrome-extension",
    "content",
    "data",
    "feed",
    "file",
    "filesystem",
    "hcp",
    "intent",
    "itms-services",
    "jar",
    "javascript",
    "jscript",
    "livescript",
    "mhtml",
    "mk",
    "mocha",
    "moz-extension",
    "ms-appinstaller",
    "ms-excel",
    "ms-its",
    "ms-msdt",
    "ms-officecmd",
    "ms-powerpoint",
    "ms-word",
    "res",
    "resource",
    "search",
    "search-ms",
    "shell",
    "smb",
    "vbs",
    "vbscript",
    "view-source",
    "wyciwyg",
];

/// Where paths are taken to be.
static APP: LazyLock<Url> = LazyLock::new(|| Url::parse("https://app.invalid/").expect("it is a URL"));

/// Errors: the rule that the address breaks.
pub fn check(address: &str, purpose: Use) -> Result<(), String> {
    // Parsers differ in what they do with these: some pass over a line break in `java\nscript:`.
    let is_foreign = |letter: char| {
        letter.is_control() || letter.is_whitespace() || "<>\"`{}|\\^".contains(letter) || is_unseen(letter)
    };
    if let Some(letter) = address.chars().find(|&letter| is_foreign(letter)) {
        return Err(format!("it has the character `{}`, which URLs have percent-encoded", letter.escape_default()));
    }
    if address.starts_with('/') {
        let stays = APP.join(address).is_ok_and(|joined| joined.host_str() == APP.host_str());
        return if stays { Ok(()) } else { Err("it has a host but no scheme".to_owned()) };
    }
    let url = Url::parse(address).map_err(|_| {
        "it is neither a URL with a scheme, such as `https://example.com`, nor a path with `/`".to_owned()
    })?;
    let scheme = url.scheme();
    let allowed = match purpose {
        Use::Link => LINK_SCHEMES,
        Use::Image => IMAGE_SCHEMES,
        Use::DeepLink if DANGEROUS_SCHEMES.contains(&scheme) => {
            return Err(format!("the scheme `{scheme}` is never allowed"));
        }
        Use::DeepLink => return Ok(()),
    };
    if allowed.contains(&scheme) {
        return Ok(());
    }
    Err(format!("the scheme `{scheme}` is not one of {}", allowed.join(", ")))
}

/// Whether somebody who takes the text for an address would run it. For text that may be anything.
pub fn is_dangerous(text: &str) -> bool {
    // As the most lenient reader: without all that one of them passes over, decoded once.
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
    [text, &decoded].into_iter().any(|text| {
        let bare: String = text
            .chars()
            .filter(|&letter| !letter.is_control() && !letter.is_whitespace() && !is_unseen(letter))
            .collect();
        bare.split_once(':').is_some_and(|(scheme, rest)| {
            let scheme = scheme.to_ascii_lowercase();
            // Prose has colons too; `about:` and `file:` begin many a note.
            matches!(scheme.as_str(), "javascript" | "vbscript" | "livescript" | "mocha" | "jscript")
                || scheme == "data" && rest.contains(',')
                || DANGEROUS_SCHEMES.contains(&scheme.as_str()) && (scheme.contains('-') || rest.starts_with("//"))
        })
    })
}

/// Marks that take no room.
fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_have_schemes_that_browsers_open_and_run_nothing() {
        for good in [
            "https://example.com",
            "HTTPS://example.com/a?b=c#d",
            "http://localhost:8080/",
            "mailto:a@example.com",
            "tel:+15550100",
            "sms:+15550100",
            "/season?x=1",
            "https://example.com/é",
        ] {
            assert_eq!(check(good, Use::Link), Ok(()), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\tscript:alert(1)",
            "\u{1}javascript:alert(1)",
            " javascript:alert(1)",
            "java\u{ad}script:alert(1)",
            "javascript&colon;alert(1)",
            "&#106;avascript:alert(1)",
            "javascript%3Aalert(1)",
            "data:text/html,<script>",
            "data:text/html;base64,PHNjcmlwdD4=",
            "//evil.example",
            "/\\evil.example",
            "example.com",
            "exampleshop://cart",
            "file:///etc/passwd",
            "blob:https://example.com/1",
            "https://",
            "https://exa mple.com",
            "{{link}}",
        ] {
            assert!(check(bad, Use::Link).is_err(), "{bad}");
        }
    }

    #[test]
    fn deep_links_have_any_other_scheme() {
        for good in
            ["exampleshop://cart?src=inapp", "com.example.shop:cart", "https://example.com", "itms-apps://x", "/cart"]
        {
            assert_eq!(check(good, Use::DeepLink), Ok(()), "{good}");
        }
        for scheme in DANGEROUS_SCHEMES {
            for bad in [format!("{scheme}:x"), format!("{}://x", scheme.to_uppercase())] {
                assert!(check(&bad, Use::DeepLink).is_err(), "{bad}");
            }
        }
    }

    #[test]
    fn images_come_over_http() {
        assert_eq!(check("https://example.com/i.png", Use::Image), Ok(()));
        for bad in ["data:image/svg+xml,x", "mailto:a@example.com", "exampleshop://i.png"] {
            assert!(check(bad, Use::Image).is_err(), "{bad}");
        }
    }

    #[test]
    fn any_text_is_looked_at_for_scripts() {
        for bad in [
            "javascript:1",
            " java\nscript :1",
            "%6aavascript:1",
            "data:text/html,x",
            "VBScript:x",
            "view-source:x",
            "ms-msdt:/id x",
            "search-ms:query=x",
            "itms-services://?action=download-manifest",
            "android-app://com.example",
            "intent://x#Intent;end",
            "file:///etc/passwd",
        ] {
            assert!(is_dangerous(bad), "{bad}");
        }
        for good in
            ["", "soft", "a: b", "https://example.com/?q=javascript:1", "data: see below", "file: x", "search: shoes"]
        {
            assert!(!is_dangerous(good), "{good}");
        }
    }
}
