//! Helpers: what a template can do with values.
//!
//! Three kinds. A [`Function`] makes a value of its arguments; without one of them it has no value itself. A
//! [`Condition`] is true or false: as a block it chooses a branch, inline it prints `yes=` or `no=`. Blocks that are
//! neither stand in [`block`].

mod block;
mod condition;
mod date;
mod encoding;
mod function;
mod math;
mod pattern;
mod text;

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use handlebars::Handlebars;

use self::function::Function;
use super::escape::escape;
use super::{Escape, Missing};

/// The helper that prints a plain variable. No template can name it.
pub const PRINT: &str = "";

const FUNCTIONS: &[&[Function]] =
    &[function::FUNCTIONS, text::FUNCTIONS, math::FUNCTIONS, encoding::FUNCTIONS, date::FUNCTIONS];

/// How a helper may be called.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signature {
    pub arguments: RangeInclusive<usize>,
    pub inline: bool,
    pub block: bool,
}

/// How the helper of that name may be called; `None` if there is none.
pub fn signature(name: &str) -> Option<Signature> {
    if let Some(function) = FUNCTIONS.iter().copied().flatten().find(|function| function.name == name) {
        return Some(Signature { arguments: function.arguments.clone(), inline: true, block: false });
    }
    if let Some(condition) = condition::CONDITIONS.iter().find(|condition| condition.name == name) {
        return Some(Signature { arguments: condition.arguments.clone(), inline: true, block: true });
    }
    match name {
        "each" | "with" => Some(Signature { arguments: 1..=1, inline: false, block: true }),
        "raw" => Some(Signature { arguments: 0..=0, inline: false, block: true }),
        _ => None,
    }
}

/// The helpers, set to print in one way.
pub fn registry(escape: Escape, missing: Missing) -> &'static Handlebars<'static> {
    static REGISTRIES: LazyLock<Vec<(Escape, Missing, Handlebars<'static>)>> = LazyLock::new(|| {
        let escapes = [Escape::None, Escape::Html, Escape::Json];
        let ways = escapes.into_iter().flat_map(|escape| [(escape, Missing::Empty), (escape, Missing::Fail)]);
        ways.map(|(escape, missing)| (escape, missing, build(escape, missing))).collect()
    });
    let found = REGISTRIES.iter().find(|way| (way.0, way.1) == (escape, missing));
    &found.expect("every way has its registry").2
}

fn build(kind: Escape, missing: Missing) -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    // They write to the log, or are other spellings of ours.
    for name in ["log", "ne", "len"] {
        registry.unregister_helper(name);
    }
    for function in FUNCTIONS.iter().copied().flatten() {
        registry.register_helper(function.name, Box::new(function::Helper { function, missing }));
    }
    for condition in condition::CONDITIONS {
        registry.register_helper(condition.name, Box::new(condition::Helper { condition, missing }));
    }
    registry.register_helper("each", Box::new(block::Each));
    registry.register_escape_fn(move |text| escape(text, kind));
    registry
}

/// The names of all helpers a template can name.
#[cfg(test)]
pub fn names() -> impl Iterator<Item = &'static str> {
    let functions = FUNCTIONS.iter().copied().flatten().map(|function| function.name);
    functions.chain(condition::CONDITIONS.iter().map(|condition| condition.name)).filter(|name| *name != PRINT)
}
