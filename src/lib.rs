//! Pinwheel: a self-hosted campaign engine that speaks Amazon Pinpoint's API.
//!
//! The map of the house is `ARCHITECTURE.md`. Imports run down only:
//!
//! `main → cli → app → campaign → {channel, segment, template, hook, store, http, wire} → {domain, clock, config, telemetry}`

pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod http;
pub mod segment;
pub mod store;
pub mod telemetry;
pub mod wire;
