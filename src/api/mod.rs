//! The API: Pinpoint's operations over HTTP.

pub mod auth;
