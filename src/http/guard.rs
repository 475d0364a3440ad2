//! Keeps requests to customer-given URLs away from private networks, also when a public name resolves into one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use hyper::Uri;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};

use super::Error;

/// Where a client may connect to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Access {
    /// Plain `http://` too.
    pub http: bool,
    /// Loopback, private and link-local addresses too.
    pub private_addresses: bool,
}

impl Access {
    /// Anywhere: for URLs that come from the operator's own settings.
    pub const ANY: Self = Self { http: true, private_addresses: true };

    /// Checks what can be seen in the URL itself. Names are checked when they are resolved.
    pub fn check(&self, url: &Uri) -> Result<(), Error> {
        let host = url.host().unwrap_or_default();
        match url.scheme_str() {
            Some("https") => {}
            Some("http") if self.http => {}
            Some("http") => {
                return Err(Error::Forbidden(format!(
                    "`{url}` is plain http, and `allow_http` is off in the settings"
                )));
            }
            _ => return Err(Error::Forbidden(format!("`{url}` is not an https URL"))),
        }
        match host.trim_matches(['[', ']']).parse() {
            Ok(address) if !self.allows(address) => Err(Error::Forbidden(format!(
                "`{host}` is a private address, and `allow_private_addresses` is off in the settings"
            ))),
            _ => Ok(()),
        }
    }

    fn allows(&self, address: IpAddr) -> bool {
        self.private_addresses || is_public(address)
    }
}

/// Whether an address is out on the internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b); // RFC 6598
    let benchmarking = a == 198 && (b == 18 || b == 19); // RFC 2544
    let assignments = a == 192 && b == 0 && c == 0; // RFC 6890
    let azure = address == Ipv4Addr::new(168, 63, 129, 16); // Its machines' own services, as 169.254.169.254 elsewhere.
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || shared
        || benchmarking
        || assignments
        || azure)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let first = segments[0];
    // NAT64, 6to4, Teredo and what came before them wrap IPv4 addresses that would have to be checked again; nobody's
    // webhook needs them.
    let wraps_v4 =
        [[0x64, 0xff9b], [0x2001, 0]].contains(&[first, segments[1]]) || first == 0x2002 || segments[..6] == [0; 6];
    let site_local = first & 0xffc0 == 0xfec0; // RFC 3879
    !(address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || wraps_v4
        || site_local)
}

/// Resolves names and drops addresses that [`Access`] forbids.
#[derive(Clone)]
pub struct GuardedResolver {
    access: Access,
    inner: GaiResolver,
}

impl GuardedResolver {
    pub(super) fn new(access: Access) -> Self {
        Self { access, inner: GaiResolver::new() }
    }
}

impl tower_service::Service<Name> for GuardedResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        tower_service::Service::poll_ready(&mut self.inner, cx)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let access = self.access;
        let host = name.as_str().to_owned();
        let lookup = tower_service::Service::call(&mut self.inner, name);
        Pin::from(Box::new(async move {
            let addresses: Vec<SocketAddr> = lookup.await?.filter(|address| access.allows(address.ip())).collect();
            if addresses.is_empty() {
                return Err(std::io::Error::other(format!(
                    "`{host}` has no address that may be called while `allow_private_addresses` is off in the settings"
                )));
            }
            Ok(addresses.into_iter())
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_seen_in_every_spelling() {
        let strict = Access { http: true, private_addresses: false };
        for url in [
            "http://127.0.0.1/",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://100.64.0.1/",
            "http://0.0.0.0/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[fd00::1]/",
            "http://[fe80::1]/",
            "http://[fec0::1]/",
            "http://[feff::1]/",
            "http://[2001::a00:1]/",
            "http://[::7f00:1]/",
            "http://[64:ff9b::a00:1]/",
            "http://168.63.129.16/",
            "http://192.0.0.192/",
        ] {
            assert!(strict.check(&url.parse().unwrap()).is_err(), "{url}");
            assert!(Access::ANY.check(&url.parse().unwrap()).is_ok(), "{url}");
        }
        for url in ["http://93.184.216.34/", "http://168.63.129.17/", "http://192.0.1.1/", "http://[2001:1::1]/"] {
            assert!(strict.check(&url.parse().unwrap()).is_ok(), "{url}");
        }
    }

    #[test]
    fn plain_http_is_refused_unless_allowed() {
        let strict = Access { http: false, private_addresses: true };
        assert!(strict.check(&"http://example.com/".parse().unwrap()).is_err());
        assert!(strict.check(&"https://example.com/".parse().unwrap()).is_ok());
        assert!(Access::ANY.check(&"ftp://example.com/".parse().unwrap()).is_err());
    }
}
