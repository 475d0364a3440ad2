//! Writes the wire types from the API model; see `src/bin/generate_wire.rs`.

mod model;
mod name;
mod operations;
mod shapes;
mod table;

use model::Model;

/// Renders the files of `src/wire/generated/`, formatted as they stay.
///
/// Shape: pairs of file name and text.
pub fn generate() -> Vec<(&'static str, String)> {
    let model = Model::read();
    vec![
        ("mod.rs", root()),
        ("shapes.rs", shapes::shapes(&model)),
        ("checks.rs", shapes::checks(&model)),
        ("operation.rs", operations::enumeration(&model)),
        ("inputs.rs", operations::inputs(&model)),
        ("services.rs", operations::services(&model)),
        ("dispatch.rs", operations::dispatch(&model)),
    ]
}

/// The head of a generated file.
fn head(what: &str) -> String {
    format!(
        "//! {what}, written by `generate-wire` from `pinpoint-model.json`. Do not edit.\n\
         #![allow(missing_docs)]\n\
         #![cfg_attr(rustfmt, rustfmt::skip)]\n\n"
    )
}

fn root() -> String {
    head("The Pinpoint API")
        + "mod checks;\n\
           mod dispatch;\n\
           mod inputs;\n\
           mod operation;\n\
           mod services;\n\
           mod shapes;\n\n\
           pub use dispatch::{dispatch, examine};\n\
           pub use inputs::*;\n\
           pub use operation::Operation;\n\
           pub use services::*;\n\
           pub use shapes::*;\n"
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    #[test]
    fn the_committed_types_are_those_of_the_model() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/wire/generated");
        let files = super::generate();
        for (file, text) in &files {
            let committed = fs::read_to_string(folder.join(file)).unwrap_or_default();
            assert!(committed == *text, "{file}: run `cargo run --features generate --bin generate-wire`");
        }
        let committed = fs::read_dir(folder).unwrap().count();
        assert_eq!(committed, files.len(), "the folder holds files that the generator does not write");
    }
}
