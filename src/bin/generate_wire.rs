//! Writes `src/wire/generated/` from the committed API model.
//!
//! ```sh
//! cargo run --features generate --bin generate-wire
//! ```

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/wire/generated");
    for (file, text) in pinwheel::wire::generator::generate() {
        fs::write(folder.join(file), text)?;
    }
    Ok(())
}
