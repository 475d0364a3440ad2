//! Any parameters and body for each operation: read or refused, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pinwheel::wire::call::Parts;
use pinwheel::wire::endpoint_update;
use pinwheel::wire::generated::{Operation, examine};

fuzz_target!(|request: (u8, Vec<(String, String)>, &[u8])| {
    let (operation, query, body) = request;
    _ = endpoint_update::read(body);
    let operation = Operation::ALL[operation as usize % Operation::ALL.len()];
    // What the router makes of the path: a value for every name.
    let names = operation.path().split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let path = names.map(|name| (name.to_owned(), "x".to_owned())).collect();
    if let Err(invalid) = examine(operation, Parts { path, query }, body.to_vec().into()) {
        assert!(!invalid.to_string().is_empty());
    }
});
