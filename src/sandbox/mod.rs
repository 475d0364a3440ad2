//! Providers and functions on loopback: what `pinwheel demo`, tests and benchmarks send to instead of the world.
//!
//! They speak the real protocols, listen on port 0 and are steered by what is sent to them.

pub mod apns;
pub mod fcm;
pub mod function;
mod record;
pub mod sample;
pub mod server;
pub mod smtp;

pub use record::{Entry, Record};
