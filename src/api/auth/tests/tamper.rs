//! Whoever changes anything that counts is refused.

use std::sync::LazyLock;

use axum::http::{HeaderName, HeaderValue, Method, Uri};
use proptest::prelude::*;

use super::*;

/// Made once: making one writes a file.
static GATE: LazyLock<Gate> = LazyLock::new(Gate::new);

/// Headers of [`sign`] that count, among those the official signer signs.
const SIGNED: [&str; 4] = ["content-type", "host", "x-amz-date", "x-amz-content-sha256"];

/// What a path and a query mean: two requests that mean the same have the same signature, and are handled alike.
fn meaning(uri: &Uri) -> (String, Vec<(String, String)>) {
    let query = uri.query().unwrap_or_default().replace('+', "%20");
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<_> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (hex_of(name), hex_of(value)))
        .collect();
    pairs.sort();
    (signed_path(uri).into_owned(), pairs)
}

fn hex_of(text: &str) -> String {
    hex::encode(percent_encoding::percent_decode_str(text).collect::<Vec<_>>())
}

/// Changes one byte, if it can be changed so.
fn changed(text: &[u8], at: usize, to: u8) -> Option<Vec<u8>> {
    let mut bytes = text.to_vec();
    let place = bytes.get_mut(at)?;
    if *place == to {
        return None;
    }
    *place = to;
    Some(bytes)
}

fn forms() -> impl Strategy<Value = Form> {
    prop_oneof![Just(Form::Header), Just(Form::HeaderWithHash), Just(Form::Query)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn targets(form in forms(), target in 0..TARGETS.len(), at in 0usize..400, to in 0x21u8..0x7f) {
        let gate = &*GATE;
        let mut request = gate.sign(form, "GET", TARGETS[target], b"");
        let before = meaning(&request.head.uri);
        let Some(bytes) = changed(request.head.uri.to_string().as_bytes(), at, to) else { return Ok(()) };
        let Ok(uri) = Uri::try_from(bytes) else { return Ok(()) };
        request.head.uri = uri;
        let same = meaning(&request.head.uri) == before && request.head.uri.authority().is_none();
        prop_assert_eq!(gate.ask(&request).is_ok(), same, "{}", request.head.uri);
    }

    #[test]
    fn bodies(form in forms(), body in prop::collection::vec(any::<u8>(), 1..64), at in 0usize..64, to: u8) {
        let gate = &*GATE;
        let mut request = gate.sign(form, "POST", "/v1/apps", &body);
        gate.ask(&request).unwrap();
        request.body.push(to);
        prop_assert!(gate.ask(&request).is_err(), "longer");
        request.body.truncate(body.len() - 1);
        prop_assert!(gate.ask(&request).is_err(), "shorter");
        let Some(changed) = changed(&body, at % body.len(), to) else { return Ok(()) };
        request.body = changed;
        prop_assert!(gate.ask(&request).is_err());
    }

    #[test]
    fn headers(form in forms(), name in 0..SIGNED.len(), at in 0usize..80, to in 0x21u8..0xff) {
        let gate = &*GATE;
        let mut request = gate.sign(form, "POST", "/v1/apps", b"{}");
        let name = HeaderName::from_static(SIGNED[name]);
        let Some(value) = request.head.headers.get(&name).cloned() else { return Ok(()) };
        let Some(bytes) = changed(value.as_bytes(), at % value.len(), to) else { return Ok(()) };
        let Ok(changed) = HeaderValue::from_bytes(&bytes) else { return Ok(()) };
        request.head.headers.insert(&name, changed);
        prop_assert!(gate.ask(&request).is_err(), "another value");
        request.head.headers.remove(&name);
        prop_assert!(gate.ask(&request).is_err(), "none");
        request.head.headers.insert(&name, value.clone());
        gate.ask(&request).unwrap();
        request.head.headers.append(&name, value);
        prop_assert!(gate.ask(&request).is_err(), "twice");
    }

    #[test]
    fn signatures(at in 0usize..300, to in 0x20u8..0x7f) {
        let gate = &*GATE;
        let mut request = gate.request();
        let value = request.head.headers[AUTHORIZATION].clone();
        let Some(bytes) = changed(value.as_bytes(), at % value.len(), to) else { return Ok(()) };
        request.head.headers.insert(AUTHORIZATION, HeaderValue::from_bytes(&bytes).unwrap());
        // A space or comma more or less between the parts is no change.
        let squeeze = |bytes: &[u8]| bytes.iter().copied().filter(|byte| !b" ,".contains(byte)).collect::<Vec<_>>();
        if squeeze(&bytes) != squeeze(value.as_bytes()) {
            prop_assert!(gate.ask(&request).is_err(), "{}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn nothing_panics(text in "(AWS4-HMAC-SHA256 )?(Credential=|SignedHeaders=|Signature=|[ -~]|,|;|/){0,30}", query in "(X-Amz-[A-Za-z]{4,12}=|%|&|[!-~&&[^#]]){0,20}") {
        let gate = &*GATE;
        let mut request = gate.request();
        request.head.headers.insert(AUTHORIZATION, text.parse().unwrap());
        prop_assert!(gate.ask(&request).is_err());
        let Ok(uri) = format!("/{query}?{query}").parse() else { return Ok(()) };
        request.head.uri = uri;
        prop_assert!(gate.ask(&request).is_err());
        request.head.headers.remove(AUTHORIZATION);
        prop_assert!(gate.ask(&request).is_err());
    }
}

#[test]
fn methods() {
    let gate = Gate::new();
    let mut request = gate.sign(Form::Header, "GET", "/v1/apps", b"");
    for method in [Method::PUT, Method::DELETE, Method::HEAD, Method::from_bytes(b"get").unwrap()] {
        request.head.method = method;
        assert!(matches!(gate.ask(&request), Err(Error::Mismatch)));
    }
}
