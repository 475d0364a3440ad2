//! Any head and body: nobody gets in without the secret, and nothing panics.
#![no_main]

use std::sync::{Arc, LazyLock};

use arbitrary::Arbitrary;
use futures_util::FutureExt;
use http::Request;
use libfuzzer_sys::fuzz_target;
use pinwheel::api::auth::{Authenticator, Policy, issue};
use pinwheel::clock::{Clock, System, wire_text};
use pinwheel::store::{self, AccessKey, KeyStore};
use pinwheel::vault::Vault;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    method: &'a str,
    uri: &'a str,
    headers: Vec<(&'a str, &'a [u8])>,
    body: &'a [u8],
    /// A signature of the right form but for these parts, so that more than the parser is reached.
    signed: Option<(&'a str, &'a str, &'a str)>,
}

/// A store with one key, whatever the id that is asked for.
struct OneKey(AccessKey);

impl KeyStore for OneKey {
    fn put_key(&self, _: AccessKey) -> store::Call<'_, ()> {
        async { Ok(()) }.boxed()
    }

    fn key(&self, _: &str) -> store::Call<'_, Option<AccessKey>> {
        async { Ok(Some(self.0.clone())) }.boxed()
    }

    fn keys(&self) -> store::Call<'_, Vec<AccessKey>> {
        async { Ok(vec![self.0.clone()]) }.boxed()
    }

    fn put_sealed_secret(&self, _: &str, _: Vec<u8>) -> store::Call<'_, ()> {
        async { Ok(()) }.boxed()
    }

    fn revoke_key(&self, _: &str, _: jiff::Timestamp) -> store::Call<'_, Option<AccessKey>> {
        async { Ok(None) }.boxed()
    }
}

static CLOCK: LazyLock<Arc<System>> = LazyLock::new(Arc::default);

static AUTHENTICATOR: LazyLock<Authenticator> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let vault = Vault::open(&folder.path().join("key")).expect("a key can be made");
    let issued = issue(&vault, Policy::Administrator, String::new(), CLOCK.now()).expect("a key can be issued");
    Authenticator::verifying(Arc::new(OneKey(issued.key)), Arc::new(vault), CLOCK.clone())
});

fuzz_target!(|input: Input<'_>| {
    let mut request = Request::builder().method(input.method).uri(input.uri);
    for (name, value) in &input.headers {
        request = request.header(*name, *value);
    }
    if let Some((region, headers, signature)) = input.signed {
        let time: String = wire_text(CLOCK.now()).split('.').next().unwrap_or_default().replace(['-', ':'], "") + "Z";
        let scope = format!("KEY/{}/{region}/mobiletargeting/aws4_request", &time[..8]);
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date;{headers}, Signature={signature}");
        request = request.header("authorization", authorization).header("x-amz-date", time).header("host", "h");
    }
    let Ok(request) = request.body(()) else { return };
    let (head, ()) = request.into_parts();
    let answer = AUTHENTICATOR.authenticate(&head, input.body).now_or_never().expect("nothing here waits");
    assert!(answer.is_err(), "a signature was guessed");
});
