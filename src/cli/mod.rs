//! The command line: one file a subcommand. Results go to standard output, progress to standard error.

pub mod export;
pub mod import;
