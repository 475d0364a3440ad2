//! Stand-ins for the services Pinwheel talks to, on loopback: for `pinwheel demo`, tests and benches.

pub mod function;
