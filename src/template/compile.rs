//! Compiling: what Handlebars parses, checked, bounded and made ready for our rules.
//!
//! A plain variable becomes a call of a printing helper, because Handlebars itself prints lists in brackets and takes no
//! notice of missing values.

use std::collections::BTreeMap;
use std::thread;

use handlebars::template::{DecoratorTemplate, HelperTemplate, Parameter, TemplateElement, TemplateMapping};
use handlebars::{Template, TemplateErrorReason};

use super::helper::{self, PRINT, Signature};
use super::{EACH_ITEMS_MAX, Error};

/// Blocks, partials and calls within each other; every `else if` of a chain counts, so that a chain over countries fits.
const NESTING_MAX: usize = 100;
/// Elements one rendering may visit, with the longest lists everywhere.
const STEPS_MAX: usize = 100_000;
/// Opening parentheses up to which a template is parsed on the caller's stack.
const PARENTHESES_FEW: usize = 64;
/// Opening parentheses a template may have after its first tag.
const PARENTHESES_MAX: usize = 4096;
/// Stack that parsing one call within another takes, generously.
const STACK_BYTES_PER_PARENTHESIS: usize = 16 * 1024;

/// Compiles a template.
pub fn compile(source: &str) -> Result<Template, Error> {
    // The grammar's parser minds the stack, but Handlebars then descends into calls within calls without a look at it,
    // and an exhausted stack ends the process. How deep calls are nested is not known before parsing, but there cannot
    // be more levels than parentheses.
    let tags = source.find("{{").map_or("", |start| &source[start..]);
    let parentheses = tags.matches('(').count();
    if parentheses <= PARENTHESES_FEW {
        return compile_here(source);
    }
    if parentheses > PARENTHESES_MAX {
        return Err(Error::TooComplex { problem: format!("more than {PARENTHESES_MAX} opening parentheses") });
    }
    thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(parentheses * STACK_BYTES_PER_PARENTHESIS);
        let worker = builder
            .spawn_scoped(scope, || compile_here(source))
            .map_err(|error| Error::TooComplex { problem: format!("no stack to parse it: {error}") })?;
        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn compile_here(source: &str) -> Result<Template, Error> {
    let mut template = Template::compile(source).map_err(|error| {
        let (line, column) = error.pos().unwrap_or((1, 1));
        match error.reason() {
            TemplateErrorReason::InvalidSyntax(problem) if problem.contains("stack limit") => too_deep(),
            TemplateErrorReason::InvalidSyntax(problem) => {
                Error::Syntax { line, column, problem: problem.trim().to_owned() }
            }
            reason => Error::Syntax { line, column, problem: reason.to_string() },
        }
    })?;
    Pass::default().template(&mut template, 0)?;
    let mut partials = Partials::default();
    partials.collect(&template);
    let Cost { steps, depth } = partials.cost(&template)?;
    if depth > NESTING_MAX {
        return Err(too_deep());
    }
    if steps > STEPS_MAX {
        return Err(Error::TooComplex {
            problem: format!("rendering could take {steps} steps; {STEPS_MAX} are allowed"),
        });
    }
    Ok(template)
}

fn too_deep() -> Error {
    Error::TooComplex { problem: format!("nested more than {NESTING_MAX} levels deep") }
}

/// Checks every tag and turns plain variables into calls of the printing helper.
#[derive(Default)]
struct Pass {
    line: usize,
    column: usize,
}

impl Pass {
    fn template(&mut self, template: &mut Template, depth: usize) -> Result<(), Error> {
        if depth > NESTING_MAX {
            return Err(too_deep());
        }
        for (index, element) in template.elements.iter_mut().enumerate() {
            (self.line, self.column) = position(&template.mapping, index);
            match element {
                TemplateElement::Expression(call) | TemplateElement::HtmlExpression(call) => {
                    self.expression(call, depth)?
                }
                TemplateElement::HelperBlock(call) => self.block(call, depth)?,
                TemplateElement::DecoratorBlock(decorator) => self.inline_partial(decorator, depth)?,
                TemplateElement::PartialExpression(partial) => self.partial(partial, depth)?,
                TemplateElement::PartialBlock(_) => {
                    return Err(self.misused("partials take no block".to_owned()));
                }
                TemplateElement::DecoratorExpression(decorator) => {
                    return Err(self.misused(format!("unknown decorator `{}`", name(&decorator.name))));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn expression(&self, call: &mut HelperTemplate, depth: usize) -> Result<(), Error> {
        let is_plain = call.params.is_empty() && call.hash.is_empty();
        if is_plain && call.name.as_name().is_none_or(|name| helper::signature(name).is_none()) {
            call.params.push(std::mem::replace(&mut call.name, Parameter::Name(PRINT.to_owned())));
        }
        self.call(call, Use::Inline, depth)
    }

    fn block(&mut self, call: &mut HelperTemplate, depth: usize) -> Result<(), Error> {
        self.call(call, Use::Block, depth)?;
        for branch in [&mut call.template, &mut call.inverse].into_iter().flatten() {
            self.template(branch, depth + 1)?;
        }
        Ok(())
    }

    fn call(&self, call: &HelperTemplate, usage: Use, depth: usize) -> Result<(), Error> {
        let name = name(&call.name);
        let Some(signature) = helper::signature(name) else {
            return Err(Error::UnknownHelper { name: name.to_owned(), line: self.line, column: self.column });
        };
        self.usage(name, &signature, usage)?;
        let (given, wanted) = (call.params.len(), &signature.arguments);
        if !wanted.contains(&given) {
            let wanted = match (*wanted.start(), *wanted.end()) {
                (1, 1) => "1 argument".to_owned(),
                (least, most) if least == most => format!("{least} arguments"),
                (least, most) => format!("{least} to {most} arguments"),
            };
            return Err(self.misused(format!("`{name}` takes {wanted}, not {given}")));
        }
        self.parameters(call.params.iter().chain(call.hash.values()), depth)
    }

    fn usage(&self, name: &str, signature: &Signature, usage: Use) -> Result<(), Error> {
        match usage {
            Use::Inline if !signature.inline => Err(self.misused(format!("`{name}` is a block: `{{{{#{name} …}}}}`"))),
            Use::Block if !signature.block => Err(self.misused(format!("`{name}` is no block helper"))),
            _ => Ok(()),
        }
    }

    fn parameters<'a>(&self, parameters: impl Iterator<Item = &'a Parameter>, depth: usize) -> Result<(), Error> {
        if depth > NESTING_MAX {
            return Err(too_deep());
        }
        for parameter in parameters {
            if let Parameter::Subexpression(inner) = parameter
                && let TemplateElement::Expression(call) = inner.as_element()
            {
                self.call(call, Use::Inline, depth + 1)?;
            }
        }
        Ok(())
    }

    fn inline_partial(&mut self, decorator: &mut DecoratorTemplate, depth: usize) -> Result<(), Error> {
        if name(&decorator.name) != "inline" {
            return Err(self.misused(format!("unknown decorator `{}`", name(&decorator.name))));
        }
        if inline_name(decorator).is_none() {
            return Err(self.misused("an inline partial needs a name in quotes".to_owned()));
        }
        decorator.template.as_mut().map_or(Ok(()), |content| self.template(content, depth + 1))
    }

    fn partial(&self, partial: &DecoratorTemplate, depth: usize) -> Result<(), Error> {
        if !matches!(partial.name, Parameter::Name(_)) {
            return Err(self.misused("a partial needs a plain name".to_owned()));
        }
        self.parameters(partial.params.iter().chain(partial.hash.values()), depth)
    }

    fn misused(&self, problem: String) -> Error {
        Error::Misused { problem, line: self.line, column: self.column }
    }
}

#[derive(Clone, Copy)]
enum Use {
    Inline,
    Block,
}

/// What rendering takes at worst.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    steps: usize,
    depth: usize,
}

impl Cost {
    fn add(&mut self, inner: Self, times: usize) {
        self.steps = self.steps.saturating_add(inner.steps.saturating_mul(times));
        self.depth = self.depth.max(inner.depth + 1);
    }
}

/// The inline partials of a template, wherever they are defined. One name can have several contents.
#[derive(Default)]
struct Partials<'a> {
    contents: BTreeMap<&'a str, Vec<&'a Template>>,
    costs: BTreeMap<&'a str, Cost>,
    /// The partials within each other that are being looked at.
    path: Vec<&'a str>,
}

impl<'a> Partials<'a> {
    fn collect(&mut self, template: &'a Template) {
        for element in &template.elements {
            match element {
                TemplateElement::HelperBlock(call) => {
                    for branch in [&call.template, &call.inverse].into_iter().flatten() {
                        self.collect(branch);
                    }
                }
                TemplateElement::DecoratorBlock(decorator) => {
                    if let (Some(name), Some(content)) = (inline_name(decorator), &decorator.template) {
                        self.contents.entry(name).or_default().push(content);
                        self.collect(content);
                    }
                }
                _ => {}
            }
        }
    }

    fn cost(&mut self, template: &'a Template) -> Result<Cost, Error> {
        let mut cost = Cost::default();
        for (index, element) in template.elements.iter().enumerate() {
            cost.steps = cost.steps.saturating_add(1);
            match element {
                TemplateElement::HelperBlock(call) => {
                    let times = if name(&call.name) == "each" { EACH_ITEMS_MAX } else { 1 };
                    for branch in [&call.template, &call.inverse].into_iter().flatten() {
                        cost.add(self.cost(branch)?, times);
                    }
                }
                TemplateElement::PartialExpression(partial) => {
                    let position = position(&template.mapping, index);
                    cost.add(self.partial_cost(name(&partial.name), position)?, 1);
                }
                _ => {}
            }
        }
        Ok(cost)
    }

    fn partial_cost(&mut self, name: &'a str, (line, column): (usize, usize)) -> Result<Cost, Error> {
        if let Some(cost) = self.costs.get(name) {
            return Ok(*cost);
        }
        if self.path.contains(&name) {
            return Err(Error::Recursion { name: name.to_owned() });
        }
        let Some(contents) = self.contents.get(name).cloned() else {
            return Err(Error::Misused { problem: format!("unknown inline partial `{name}`"), line, column });
        };
        self.path.push(name);
        let mut cost = Cost::default();
        for content in contents {
            let content = self.cost(content)?;
            cost = Cost { steps: cost.steps.max(content.steps), depth: cost.depth.max(content.depth) };
        }
        self.path.pop();
        self.costs.insert(name, cost);
        Ok(cost)
    }
}

/// The line and column of an element.
fn position(mapping: &[TemplateMapping], index: usize) -> (usize, usize) {
    mapping.get(index).map_or((1, 1), |position| (position.0, position.1))
}

fn name(parameter: &Parameter) -> &str {
    parameter.as_name().unwrap_or("(…)")
}

/// The name an inline partial is given.
fn inline_name(decorator: &DecoratorTemplate) -> Option<&str> {
    match decorator.params.as_slice() {
        [Parameter::Literal(name)] => name.as_str(),
        _ => None,
    }
}
