//! Helpers that make a value of their arguments.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use handlebars::{Context, Handlebars, HelperDef, HelperResult, Output, PathAndJson, RenderContext, RenderError};
use handlebars::{RenderErrorReason, ScopedJson};
use jiff::Timestamp;
use serde_json::Value;

use super::PRINT;
use crate::template::{Missing, TEXT_BYTES_MAX, context, value};

/// A helper that makes a value of its arguments.
pub struct Function {
    pub name: &'static str,
    /// How many arguments it takes, named ones not counted.
    pub arguments: RangeInclusive<usize>,
    pub absent: Absent,
    /// Errors: what is wrong with the arguments, without their values.
    pub apply: fn(&Arguments<'_, '_>) -> Result<Value, String>,
}

/// What an argument without a value means to a function.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Absent {
    /// The function has no value either.
    Missing,
    /// The function knows what to do.
    Allowed,
}

pub const FUNCTIONS: &[Function] = &[
    Function {
        name: PRINT,
        arguments: 1..=1,
        absent: Absent::Missing,
        apply: |arguments| Ok(arguments.value(0).clone()),
    },
    Function { name: "lookup", arguments: 2..=2, absent: Absent::Missing, apply: lookup },
];

/// `lookup list index` and `lookup group name`.
fn lookup(arguments: &Arguments<'_, '_>) -> Result<Value, String> {
    let key = arguments.text(1);
    let found = match arguments.raw(0) {
        Value::Array(items) => key.parse::<usize>().ok().and_then(|index| items.get(index)),
        Value::Object(members) => members.get(key.as_ref()),
        _ => None,
    };
    Ok(found.cloned().unwrap_or_default())
}

/// The arguments of one call.
pub struct Arguments<'a, 'rc> {
    helper: &'a handlebars::Helper<'rc>,
    root: &'a Value,
}

impl Arguments<'_, '_> {
    /// How many there are, named ones not counted.
    pub fn len(&self) -> usize {
        self.helper.params().len()
    }

    /// An argument as it is; `null` if it is missing.
    pub fn raw(&self, index: usize) -> &Value {
        self.helper.param(index).map_or(&Value::Null, PathAndJson::value)
    }

    /// An argument, a list of one as its element.
    pub fn value(&self, index: usize) -> &Value {
        value::unwrapped(self.raw(index))
    }

    /// An argument as text; empty if it is missing.
    pub fn text(&self, index: usize) -> Cow<'_, str> {
        value::text(self.raw(index)).unwrap_or_default()
    }

    /// An argument as a number.
    pub fn number(&self, index: usize) -> Result<f64, String> {
        value::number(self.raw(index)).ok_or_else(|| format!("{} is not a number", self.describe(index)))
    }

    /// An argument as a count of characters. Too large ones are cut to what no text reaches.
    pub fn count(&self, index: usize) -> Result<usize, String> {
        count(self.raw(index)).ok_or_else(|| format!("{} is not a whole number", self.describe(index)))
    }

    /// A named argument; `None` if it is not given or missing.
    pub fn named(&self, name: &str) -> Option<&Value> {
        self.helper.hash_get(name).map(PathAndJson::value).filter(|value| !value::is_missing(value))
    }

    /// A named argument as text.
    pub fn named_text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.named(name).and_then(value::text)
    }

    /// A named argument as a count of characters.
    pub fn named_count(&self, name: &str) -> Result<Option<usize>, String> {
        let Some(value) = self.named(name) else { return Ok(None) };
        count(value).map(Some).ok_or_else(|| format!("`{name}` is not a whole number"))
    }

    /// The time of rendering.
    pub fn now(&self) -> Timestamp {
        let now = self.root.get(context::NOW).and_then(Value::as_str).and_then(|text| text.parse().ok());
        now.expect("every context holds the time it was made for")
    }

    /// What to call an argument in an error: its path, or its place.
    pub fn describe(&self, index: usize) -> String {
        match self.helper.param(index).and_then(PathAndJson::relative_path) {
            Some(path) => format!("`{path}`"),
            None => format!("argument {}", index + 1),
        }
    }
}

fn count(value: &Value) -> Option<usize> {
    value::number(value).filter(|number| *number >= 0.0 && number.fract() == 0.0).map(|number| number as usize)
}

/// A function as Handlebars calls it.
pub struct Helper {
    pub function: &'static Function,
    pub missing: Missing,
}

impl HelperDef for Helper {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &handlebars::Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let function = self.function;
        if function.absent == Absent::Missing && helper.params().iter().any(|argument| is_missing(&argument)) {
            return Ok(ScopedJson::Missing);
        }
        let result = (function.apply)(&Arguments { helper, root: context.data() })
            .map_err(|problem| RenderErrorReason::Other(format!("`{}`: {problem}", function.name)))?;
        match result {
            Value::Null => Ok(ScopedJson::Missing),
            Value::String(text) if text.len() > TEXT_BYTES_MAX => {
                Err(RenderErrorReason::IOError(std::io::ErrorKind::FileTooLarge.into()).into())
            }
            result => Ok(ScopedJson::Derived(result)),
        }
    }

    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &handlebars::Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        state: &mut RenderContext<'reg, 'rc>,
        output: &mut dyn Output,
    ) -> HelperResult {
        let result = self.call_inner(helper, registry, context, state)?;
        print(result.as_json(), self.missing, helper, registry, context, state, output)
    }
}

/// Prints what a helper made, or does what is to be done about a missing value.
pub fn print<'reg: 'rc, 'rc>(
    result: &Value,
    missing: Missing,
    helper: &handlebars::Helper<'rc>,
    registry: &'reg Handlebars<'reg>,
    context: &'rc Context,
    state: &mut RenderContext<'reg, 'rc>,
    output: &mut dyn Output,
) -> HelperResult {
    match value::text(result) {
        Some(text) => Printed(&text).call(helper, registry, context, state, output),
        None if missing == Missing::Empty => Ok(()),
        None => Err(RenderErrorReason::MissingVariable(Some(missing_path(helper))).into()),
    }
}

/// Text on its way out: Handlebars escapes and indents what `call_inner` returns, and in no other way.
struct Printed<'a>(&'a str);

impl HelperDef for Printed<'_> {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        _: &handlebars::Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        Ok(ScopedJson::Derived(Value::from(self.0)))
    }
}

/// Whether an argument has no value. Groups are values to the helpers that look into them.
fn is_missing(argument: &&PathAndJson<'_>) -> bool {
    let value = argument.value();
    value::is_missing(value) && !value.is_object()
}

/// The path of the argument that has no value; for a nested call, the helper around it.
fn missing_path(helper: &handlebars::Helper<'_>) -> String {
    let path = helper.params().iter().filter(is_missing).find_map(PathAndJson::relative_path);
    path.cloned().unwrap_or_else(|| format!("({} …)", helper.name()))
}
