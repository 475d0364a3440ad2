//! Black-box tests: whole campaigns against servers on loopback, and the command line as a user meets it.

mod api;
mod campaign;
mod cli;
mod client;
mod feedback;
mod keys;
mod send;
mod support;
