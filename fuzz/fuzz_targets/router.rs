//! Any verb, path and query: found or refused, never a panic; and what is found was decoded.
#![no_main]

use std::sync::LazyLock;

use http::Method;
use libfuzzer_sys::fuzz_target;
use pinwheel::api::route::{Router, query};

static ROUTER: LazyLock<Router> = LazyLock::new(Router::default);

fuzz_target!(|request: (&str, &str, Option<&str>)| {
    let (method, path, raw_query) = request;
    let Ok(method) = Method::from_bytes(method.as_bytes()) else { return };
    if let Ok(route) = ROUTER.find(&method, path) {
        assert_eq!(route.operation.method(), method.as_str());
        assert!(route.path.iter().all(|(_, value)| !value.is_empty()));
    }
    _ = query(raw_query);
});
