//! Black-box tests: whole campaigns against servers on loopback, and the command line as a user meets it.

mod adapter;
mod api;
mod campaign;
mod cli;
mod client;
mod dead_letter;
mod feedback;
mod function;
mod hook_check;
mod hook_replay;
mod keys;
mod load;
mod load_saved;
mod payload;
mod provider;
mod schedule;
mod send;
mod support;
mod template;
mod vault;
