//! Reads the arguments and turns the outcome into an exit code.

use clap::Parser;
use pinwheel::cli::{self, Cli};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::main(Cli::parse())
}
