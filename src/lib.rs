//! Pinwheel: a self-hosted campaign engine that speaks Amazon Pinpoint's API.
//!
//! The map of the house is `ARCHITECTURE.md`. Imports run down only:
//!
//! `main → cli → app → api → campaign → {channel, inapp, event} → {segment, template, hook, store} → {http, wire} → {domain, clock, config, telemetry, vault}`
//!
//! `loadtest` stands beside `campaign`, and `sandbox` beside both.

pub mod api;
pub mod app;
pub mod campaign;
pub mod channel;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod event;
pub mod hook;
pub mod http;
pub mod inapp;
pub mod loadtest;
pub mod sandbox;
pub mod segment;
pub mod store;
pub mod telemetry;
pub mod template;
pub mod vault;
pub mod wire;
