//! Access tokens that providers on loopback give out.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::AUTHORIZATION;
use hyper::{HeaderMap, StatusCode};
use parking_lot::RwLock;
use serde_json::json;

use super::server::{Reply, reply};

/// Access tokens that were given out.
#[derive(Default)]
pub(super) struct Tokens {
    count: AtomicU64,
    valid: RwLock<HashSet<String>>,
}

impl Tokens {
    /// Answers a request for a token, which has just been found good.
    pub fn give(&self) -> Reply {
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let token = format!("sandbox-token-{number}");
        self.valid.write().insert(token.clone());
        let body = json!({ "access_token": token, "expires_in": 3600, "token_type": "Bearer" });
        reply(StatusCode::OK, body.to_string())
    }

    /// Answers a request for a token that is refused. Source: RFC 6749, section 5.2.
    pub fn refuse(error: &str, description: &str) -> Reply {
        let body = json!({ "error": error, "error_description": description });
        reply(StatusCode::BAD_REQUEST, body.to_string())
    }

    /// Whether a request carries a token of ours.
    pub fn admit(&self, headers: &HeaderMap) -> bool {
        let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = authorization.and_then(|authorization| authorization.strip_prefix("Bearer "));
        token.is_some_and(|token| self.valid.read().contains(token))
    }

    /// Makes all tokens invalid before their time.
    pub fn revoke(&self) {
        self.valid.write().clear();
    }

    /// Tokens given out.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}
