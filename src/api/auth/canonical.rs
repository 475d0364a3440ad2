//! The canonical request: the text both sides of a signature agree on.
//!
//! The client signs the path as it sends it, percent-encoded once more (as all services but S3 want it), after removing
//! `.`, `..` and empty segments. The signature therefore says nothing about those, and a server must route what was
//! signed: [`path`]. `%2F` and `%2E` are not touched.
//!
//! Source: IAM user guide, "Create a signed AWS API request", step 1.

use std::borrow::Cow;

use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::{HeaderName, Uri, uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

/// Everything but letters, digits and these four.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const ENCODED_IN_PATH: &AsciiSet = &ENCODED.remove(b'/');

/// The path that was signed: without `.`, `..` and empty segments, which signers remove. Percent-encoding stays as it is.
///
/// Shape: begins with `/`; ends with one if the path ends with a slash or a dot segment.
pub fn path(raw: &str) -> Cow<'_, str> {
    let is_plain = |segment: &str| !matches!(segment, "" | "." | "..");
    if let Some(inner) = raw.strip_prefix('/') {
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        if raw == "/" || inner.split('/').all(is_plain) {
            return Cow::Borrowed(raw);
        }
    }
    let mut kept = Vec::new();
    for segment in raw.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let mut path = kept.iter().fold(String::new(), |path, segment| path + "/" + segment);
    if path.is_empty() || raw.rsplit('/').next().is_some_and(|last| !is_plain(last)) {
        path.push('/');
    }
    Cow::Owned(path)
}

/// A query's names and values, decoded: `+` and `%20` are spaces, a name without `=` has an empty value.
pub fn parameters(query: &str) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

fn decode(text: &str) -> Vec<u8> {
    percent_decode(text.replace('+', " ").as_bytes()).collect()
}

fn encode(bytes: &[u8], set: &'static AsciiSet) -> String {
    percent_encode(bytes, set).to_string()
}

/// The query in its canonical form: encoded anew, sorted, without the parameter of this name.
fn query(raw: &str, without: Option<&str>) -> String {
    let mut pairs: Vec<_> = parameters(raw)
        .filter(|(name, _)| without.is_none_or(|without| name != without.as_bytes()))
        .map(|(name, value)| (encode(&name, ENCODED), encode(&value, ENCODED)))
        .collect();
    pairs.sort_unstable();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// The canonical request.
///
/// Shape: bytes, since header values need not be text. `without` names a query parameter that is left out. `host` stands for the
/// one that the request has.
/// Errors: the first name among the signed headers that the request does not have.
pub fn request<'a>(
    head: &Parts,
    signed: &'a [String],
    without: Option<&str>,
    host: Option<&str>,
    body_hash: &str,
) -> Result<Vec<u8>, &'a str> {
    let path = encode(path(head.uri.path()).as_bytes(), ENCODED_IN_PATH);
    let query = query(head.uri.query().unwrap_or_default(), without);
    let mut text = format!("{}\n{path}\n{query}\n", head.method).into_bytes();
    for name in signed {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        match host.filter(|_| name == HOST.as_str()) {
            Some(host) => text.extend_from_slice(host.as_bytes()),
            None => header(head, name, &mut text).ok_or(name.as_str())?,
        }
        text.push(b'\n');
    }
    text.push(b'\n');
    text.extend_from_slice(signed.join(";").as_bytes());
    text.push(b'\n');
    text.extend_from_slice(body_hash.as_bytes());
    Ok(text)
}

/// Appends a header's values, joined by commas. `None` when the request has none.
fn header(head: &Parts, name: &str, text: &mut Vec<u8>) -> Option<()> {
    let name: HeaderName = name.parse().ok()?;
    let mut values = head.headers.get_all(&name).iter().peekable();
    if values.peek().is_none() {
        if name == HOST {
            text.extend_from_slice(authority(&head.uri)?.as_bytes());
            return Some(());
        }
        return None;
    }
    for (index, value) in values.enumerate() {
        if index > 0 {
            text.push(b',');
        }
        trim(value.as_bytes(), text);
    }
    Some(())
}

/// Appends a value without spaces at its ends, and with single ones within.
fn trim(value: &[u8], text: &mut Vec<u8>) {
    let mut was_space = false;
    for byte in value.trim_ascii() {
        if *byte != b' ' || !was_space {
            text.push(*byte);
        }
        was_space = *byte == b' ';
    }
}

/// The host of a request that names it in its target, as HTTP/2 does. Signers leave the scheme's own port out.
fn authority(uri: &Uri) -> Option<&str> {
    let authority = uri.authority()?;
    let own_port = match uri.scheme() {
        Some(scheme) if *scheme == uri::Scheme::HTTPS => Some(443),
        Some(scheme) if *scheme == uri::Scheme::HTTP => Some(80),
        _ => None,
    };
    let is_own = own_port.is_some() && authority.port_u16() == own_port;
    Some(if is_own { authority.host() } else { authority.as_str() })
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[test]
    fn paths_lose_what_signers_remove() {
        for (raw, expected) in [
            ("", "/"),
            ("/", "/"),
            ("/v1/apps", "/v1/apps"),
            ("/v1/apps/", "/v1/apps/"),
            ("//v1///apps//", "/v1/apps/"),
            ("/v1/./apps/.", "/v1/apps/"),
            ("/v1/x/../apps", "/v1/apps"),
            ("/v1/apps/x/..", "/v1/apps/"),
            ("/../..", "/"),
            ("/a%2Fb/%2E%2E/%2F%2Fc", "/a%2Fb/%2E%2E/%2F%2Fc"),
            ("/a.b/..c/.d", "/a.b/..c/.d"),
        ] {
            assert_eq!(path(raw), expected, "{raw}");
            assert_eq!(path(&path(raw)), expected, "{raw} twice");
        }
        assert!(matches!(path("/v1/apps/a.b"), Cow::Borrowed(_)));
    }

    #[test]
    fn queries_are_encoded_anew_and_sorted() {
        for (raw, expected) in [
            ("", ""),
            ("a", "a="),
            ("b=2&a=1", "a=1&b=2"),
            ("tagKeys=b&tagKeys=a&tagKeys=", "tagKeys=&tagKeys=a&tagKeys=b"),
            ("a=1&&b=2&", "a=1&b=2"),
            ("t=x%2fy+z%20%7E", "t=x%2Fy%20z%20~"),
            ("k=a=b", "k=a%3Db"),
            ("a-b=1&a=2", "a=2&a-b=1"),
            ("%C3%A9=%FF", "%C3%A9=%FF"),
            ("X-Amz-Signature=1&a=1", "a=1"),
        ] {
            assert_eq!(query(raw, Some("X-Amz-Signature")), expected, "{raw}");
        }
        assert_eq!(query("X-Amz-Signature=1", None), "X-Amz-Signature=1");
    }

    fn canonical(request_: axum::http::request::Builder, signed: &[&str]) -> Result<String, String> {
        let (head, ()) = request_.body(()).unwrap().into_parts();
        let signed: Vec<_> = signed.iter().map(|name| (*name).to_owned()).collect();
        let bytes = request(&head, &signed, None, None, "hash").map_err(str::to_owned)?;
        Ok(String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn the_parts_stand_in_order() {
        let request = Request::put("/v1/apps/a%20b?x=1")
            .header("Host", "localhost:5000")
            .header("X-Amz-Date", "20260301T090000Z")
            .header("a", "  one   two ")
            .header("a", "three");
        let expected = "PUT\n/v1/apps/a%2520b\nx=1\na:one two,three\nhost:localhost:5000\nx-amz-date:20260301T090000Z\n\n\
                        a;host;x-amz-date\nhash";
        assert_eq!(canonical(request, &["a", "host", "x-amz-date"]), Ok(expected.to_owned()));
        assert_eq!(canonical(Request::get("/"), &["date"]), Err("date".to_owned()));
    }

    #[test]
    fn a_host_that_is_given_stands_for_the_one_of_the_request() {
        let (head, ()) = Request::get("/").header("host", "here").body(()).unwrap().into_parts();
        let text = request(&head, &["host".to_owned()], None, Some("there"), "hash").unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), "GET\n/\n\nhost:there\n\nhost\nhash");
    }

    #[test]
    fn the_authority_stands_in_for_the_host() {
        for (target, expected) in [
            ("https://example.com/", "example.com"),
            ("https://example.com:443/", "example.com"),
            ("https://example.com:80/", "example.com:80"),
            ("http://example.com:80/", "example.com"),
            ("http://[::1]:5000/", "[::1]:5000"),
        ] {
            let text = canonical(Request::get(target), &["host"]).unwrap();
            assert!(text.contains(&format!("\nhost:{expected}\n")), "{target}: {text}");
        }
        assert_eq!(canonical(Request::get("/"), &["host"]), Err("host".to_owned()));
    }
}
