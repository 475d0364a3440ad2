//! Providers and functions on loopback: what `pinwheel demo`, tests and benchmarks send to instead of the world.
//!
//! They speak the real protocols, listen on port 0 and are steered by what is sent to them.

pub mod fcm;
pub mod function;
pub mod pinpoint;
mod record;
pub mod sample;
pub mod server;
pub mod smpp;
pub mod smtp;
pub mod twilio;

pub use record::{Entry, Record};
