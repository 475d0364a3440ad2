//! Blocks that are no conditions.

use handlebars::{BlockContext, BlockParams, Context, Handlebars, HelperDef, HelperResult, Output, RenderContext};
use handlebars::{Renderable, Template};
use serde_json::Value;

use crate::template::EACH_ITEMS_MAX;
use crate::template::value::is_true;

/// `{{#each list}}…{{else}}…{{/each}}`: the block for each element, at most [`EACH_ITEMS_MAX`]; `else` if there is none.
///
/// Knows `this`, `@index`, `@key`, `@first`, `@last` and `as |item key|`. A single value is a list of one; of a group,
/// the members are taken in the order of their names.
pub struct Each;

impl HelperDef for Each {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &handlebars::Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        state: &mut RenderContext<'reg, 'rc>,
        output: &mut dyn Output,
    ) -> HelperResult {
        let value = helper.param(0).map_or(&Value::Null, |argument| argument.value());
        let items: Vec<(Value, &Value)> = match value {
            value if !is_true(value) => Vec::new(),
            Value::Array(items) => items.iter().enumerate().map(|(index, item)| (Value::from(index), item)).collect(),
            Value::Object(members) => members.iter().map(|(name, item)| (Value::from(name.as_str()), item)).collect(),
            single => vec![(Value::from(0), single)],
        };
        if items.is_empty() {
            return render(helper.inverse(), registry, context, state, output);
        }
        let last = items.len().min(EACH_ITEMS_MAX) - 1;
        for (index, (key, item)) in items.into_iter().take(EACH_ITEMS_MAX).enumerate() {
            let mut block = BlockContext::new();
            block.set_base_value(item.clone());
            let mut names = BlockParams::new();
            if let Some(name) = helper.block_param() {
                names.add_value(name, item.clone())?;
            } else if let Some((name, key_name)) = helper.block_param_pair() {
                names.add_value(name, item.clone())?;
                names.add_value(key_name, key.clone())?;
            }
            block.set_block_params(names);
            block.set_local_var("index", Value::from(index));
            block.set_local_var("key", key);
            block.set_local_var("first", Value::from(index == 0));
            block.set_local_var("last", Value::from(index == last));
            state.push_block(block);
            render(helper.template(), registry, context, state, output)?;
            state.pop_block();
        }
        Ok(())
    }
}

fn render<'reg: 'rc, 'rc>(
    block: Option<&'rc Template>,
    registry: &'reg Handlebars<'reg>,
    context: &'rc Context,
    state: &mut RenderContext<'reg, 'rc>,
    output: &mut dyn Output,
) -> HelperResult {
    block.map_or(Ok(()), |block| block.render(registry, context, state, output))
}
