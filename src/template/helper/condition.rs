//! Helpers that are true or false.

use std::cmp::Ordering;
use std::ops::RangeInclusive;

use handlebars::{Context, Handlebars, HelperDef, HelperResult, Output, PathAndJson, RenderContext, RenderError};
use handlebars::{Renderable, ScopedJson};
use serde_json::Value;

use super::function::print;
use crate::template::Missing;
use crate::template::value::{compare, equal, is_true};

/// A test of its arguments. A missing one is an argument like any other.
pub struct Condition {
    pub name: &'static str,
    pub arguments: RangeInclusive<usize>,
    pub test: fn(&[&Value]) -> bool,
}

const MANY: usize = 32;

pub const CONDITIONS: &[Condition] = &[
    Condition { name: "if", arguments: 1..=1, test: |values| is_true(values[0]) },
    Condition { name: "unless", arguments: 1..=1, test: |values| !is_true(values[0]) },
    Condition { name: "not", arguments: 1..=1, test: |values| !is_true(values[0]) },
    Condition { name: "and", arguments: 1..=MANY, test: |values| values.iter().all(|value| is_true(value)) },
    Condition { name: "or", arguments: 1..=MANY, test: |values| values.iter().any(|value| is_true(value)) },
    Condition { name: "eq", arguments: 2..=2, test: |values| equal(values[0], values[1]) },
    Condition { name: "neq", arguments: 2..=2, test: |values| !equal(values[0], values[1]) },
    Condition { name: "gt", arguments: 2..=2, test: |values| order(values).is_some_and(Ordering::is_gt) },
    Condition { name: "gte", arguments: 2..=2, test: |values| order(values).is_some_and(Ordering::is_ge) },
    Condition { name: "lt", arguments: 2..=2, test: |values| order(values).is_some_and(Ordering::is_lt) },
    Condition { name: "lte", arguments: 2..=2, test: |values| order(values).is_some_and(Ordering::is_le) },
];

fn order(values: &[&Value]) -> Option<Ordering> {
    compare(values[0], values[1])
}

/// A condition as Handlebars calls it.
pub struct Helper {
    pub condition: &'static Condition,
    pub missing: Missing,
}

impl Helper {
    fn holds(&self, helper: &handlebars::Helper<'_>) -> bool {
        let values: Vec<_> = helper.params().iter().map(PathAndJson::value).collect();
        (self.condition.test)(&values)
    }
}

impl HelperDef for Helper {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &handlebars::Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let holds = self.holds(helper);
        let chosen = helper.hash_get(if holds { "yes" } else { "no" });
        Ok(ScopedJson::Derived(chosen.map_or(Value::Bool(holds), |chosen| chosen.value().clone())))
    }

    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &handlebars::Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        state: &mut RenderContext<'reg, 'rc>,
        output: &mut dyn Output,
    ) -> HelperResult {
        if helper.is_block() {
            let branch = if self.holds(helper) { helper.template() } else { helper.inverse() };
            return branch.map_or(Ok(()), |branch| branch.render(registry, context, state, output));
        }
        let result = self.call_inner(helper, registry, context, state)?;
        print(result.as_json(), self.missing, helper, registry, context, state, output)
    }
}
