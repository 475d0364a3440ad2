//! Providers and functions on loopback: what `pinwheel demo`, tests and benchmarks send to instead of the world.
//!
//! They speak the real protocols, listen on port 0 and are steered by what is sent to them.

pub mod adm;
pub mod apns;
pub mod aws;
pub mod baidu;
pub mod fcm;
pub mod function;
pub mod oidc;
pub mod pinpoint;
mod record;
pub mod sample;
pub mod server;
pub mod smpp;
pub mod smtp;
mod token;
pub mod twilio;

pub use record::{Entry, Record};
