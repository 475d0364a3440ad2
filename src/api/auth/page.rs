//! Keeps web pages of others away from a server that lets everybody in.
//!
//! Such a server listens on loopback only, but the browser of whoever runs it loads pages from anywhere, and their scripts
//! may call it: under its own name, since it answers every origin, or under one of their own that is made to point here
//! (DNS rebinding). So requests have to come for a name, and from a page, that nobody outside can have.

use std::net::IpAddr;

use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::uri::Authority;

use super::Error;

/// Top-level domains that public DNS never has.
///
/// Source: RFC 6761, RFC 6762, ICANN resolution 2024.07.29.06.
const LOCAL_DOMAINS: [&str; 4] = ["localhost", "internal", "local", "test"];

/// Checks where a request was sent to, and the page it was sent from if there is one.
///
/// Errors: [`Foreign`](Error::Foreign).
pub fn check(head: &Parts) -> Result<(), Error> {
    let hosts = head.headers.get_all(HOST).iter().map(|host| (HOST, host.to_str().unwrap_or_default()));
    let authority = head.uri.authority().map(|authority| (HOST, authority.as_str()));
    let origins = head.headers.get_all(ORIGIN).iter().map(|origin| (ORIGIN, origin.to_str().unwrap_or_default()));
    for (header, value) in hosts.chain(authority).chain(origins) {
        let is_ours = if header == HOST { is_host(value) } else { is_origin(value) };
        if !is_ours {
            let header = if header == HOST { "Host" } else { "Origin" };
            return Err(Error::Foreign { header, value: value.to_owned() });
        }
    }
    Ok(())
}

/// Addresses need no name, so that nobody can have made one point here.
fn is_host(text: &str) -> bool {
    name(text).is_some_and(|name| is_local(&name) || name.parse::<IpAddr>().is_ok())
}

fn is_origin(text: &str) -> bool {
    let Some(name) = text.split_once("://").and_then(|(_scheme, host)| name(host)) else { return false };
    is_local(&name) || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The name or address of `name:port`, in small letters and without brackets.
fn name(text: &str) -> Option<String> {
    let authority: Authority = text.parse().ok()?;
    let host = authority.host();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Some(host.to_ascii_lowercase()).filter(|host| !host.is_empty() && !text.contains('@'))
}

/// Whether public DNS cannot have a name.
fn is_local(name: &str) -> bool {
    match name.strip_suffix('.').unwrap_or(name).rsplit_once('.') {
        Some((_, domain)) => LOCAL_DOMAINS.contains(&domain),
        // An address of IPv6 has no dots either, and some browsers take numbers for addresses.
        None => !name.contains(':') && !name.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_nobody_outside_can_have() {
        for host in
            ["localhost", "LOCALHOST:80", "a.localhost", "host.docker.internal", "pinwheel:5000", "x.test", "x.local."]
        {
            assert!(is_host(host) && is_origin(&format!("http://{host}")), "{host}");
        }
        for host in ["127.0.0.1", "127.8.9.1:5000", "[::1]", "[::1]:5000"] {
            assert!(is_host(host) && is_origin(&format!("https://{host}")), "{host}");
        }
        for host in ["192.168.0.7:5000", "93.184.216.34", "[2001:db8::1]"] {
            assert!(is_host(host) && !is_origin(&format!("http://{host}")), "{host}");
        }
        for host in
            ["", "evil.example", "localhost.evil.example", "localhost@evil.example", "a b", "xlocal.host", ":80"]
        {
            assert!(!is_host(host) && !is_origin(&format!("http://{host}")), "{host}");
        }
        for origin in ["null", "", "localhost", "https://"] {
            assert!(!is_origin(origin), "{origin}");
        }
    }
}
