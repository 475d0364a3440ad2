//! Prints `src/wire/generated.rs` from the committed API model.
//!
//! ```sh
//! cargo run --features generate --bin generate-wire > src/wire/generated.rs
//! ```

fn main() {
    print!("{}", pinwheel::wire::generator::generate());
}
