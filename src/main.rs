//! Reads the arguments and turns the outcome into an exit code.

use clap::Parser;
use pinwheel::cli::{self, Cli};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    let readable = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    cli::main(Cli::parse(), std::env::vars_os().filter_map(readable).collect())
}
