//! Settings: the compiled-in defaults, then a file, then the environment, then flags. Nobody else reads any of them.

mod section;

pub use section::*;
