//! Message templates: variables and helpers over an endpoint.
//!
//! A template is compiled once and rendered for many endpoints. Compiling finds what is wrong with it (syntax, unknown
//! helpers, wrong numbers of arguments, recursion) and bounds what rendering can cost, so that rendering fails only for
//! reasons that lie in an endpoint. Rendering is pure but for the helper `uuid`, which is random.
//!
//! How values print: a list prints its elements with commas between them, so a list of one prints as the element; whole
//! numbers print without a fraction; `null`, an empty list and a group such as `Location` count as missing. As an
//! argument of a helper a list of one is its element.
//!
//! Source: Pinpoint user guide, "Personalizing message templates" and "Using message template helpers"; where they are
//! silent, Handlebars.java.

mod compile;
mod context;
mod escape;
mod helper;
mod render;
mod value;

pub use context::{Context, Defaults, Substitutions};

/// Bytes of one rendered text, and of every value on the way to it. Our choice: above any provider's limit.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Elements of a list that `each` takes; it leaves out the rest. Source: as above.
pub const EACH_ITEMS_MAX: usize = 15;

/// What is done to values as they are printed; `{{{…}}}` prints them untouched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Escape {
    /// Nothing.
    None,
    /// Markup becomes text. For HTML parts.
    Html,
    /// Quotes, backslashes and control characters get a backslash. For values within the strings of a JSON text, so that
    /// a name with a quote in it breaks nothing.
    Json,
}

/// What a variable without a value does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Missing {
    /// It prints as nothing.
    Empty,
    /// Rendering fails.
    Fail,
}

/// A compiled template.
#[derive(Clone, Debug)]
pub struct Template(Form);

#[derive(Clone, Debug)]
enum Form {
    /// Text without variables, as it is.
    Static(String),
    Dynamic {
        tree: Box<handlebars::Template>,
        escape: Escape,
    },
}

impl Template {
    /// Compiles a template.
    ///
    /// Errors: syntax that cannot be parsed, an unknown helper or partial, a wrong number of arguments, recursion, or
    /// more work than a message may cost; each says what and, where known, at which line and column.
    pub fn compile(source: &str, escape: Escape) -> Result<Self, Error> {
        if !source.contains("{{") {
            return Ok(Self(Form::Static(source.to_owned())));
        }
        let tree = Box::new(compile::compile(source)?);
        Ok(Self(Form::Dynamic { tree, escape }))
    }

    /// Whether this is plain text: then [`as_static`](Self::as_static) has it and no context is needed.
    pub fn is_static(&self) -> bool {
        self.as_static().is_some()
    }

    /// The text of a template without variables.
    pub fn as_static(&self) -> Option<&str> {
        match &self.0 {
            Form::Static(text) => Some(text),
            Form::Dynamic { .. } => None,
        }
    }

    /// Renders the template for one endpoint.
    ///
    /// Errors: a missing variable if `missing` says so, a helper that cannot work with what the endpoint has, or a text
    /// above [`TEXT_BYTES_MAX`]. They name paths and helpers, never values of the endpoint.
    pub fn render(&self, context: &Context, missing: Missing) -> Result<String, Error> {
        match &self.0 {
            Form::Static(text) => Ok(text.clone()),
            Form::Dynamic { tree, escape } => render::render(tree, context, *escape, missing),
        }
    }
}

/// Why a template cannot be compiled or rendered.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// Not a template.
    #[error("broken template syntax at line {line}, column {column}: {problem}")]
    Syntax { line: usize, column: usize, problem: String },
    /// A helper that does not exist.
    #[error("unknown helper `{name}` at line {line}, column {column}")]
    UnknownHelper { name: String, line: usize, column: usize },
    /// A helper, partial or decorator used in a way it cannot be.
    #[error("{problem} at line {line}, column {column}")]
    Misused { problem: String, line: usize, column: usize },
    /// A partial that leads back to itself.
    #[error("the inline partial `{name}` leads back to itself")]
    Recursion { name: String },
    /// Nested too deeply, or more work than a message may cost.
    #[error("the template is too complex: {problem}")]
    TooComplex { problem: String },
    /// Default substitutions that are not a JSON object.
    #[error("default substitutions must be a JSON object of strings: {problem}")]
    Defaults { problem: String },
    /// An endpoint document that is not a JSON object.
    #[error("the endpoint document cannot be read: {problem}")]
    Document { problem: String },
    /// A variable without a value and without a default.
    #[error("no value for the variable `{path}`")]
    MissingVariable { path: String },
    /// A helper that cannot work with its arguments.
    #[error("{problem}")]
    Helper { problem: String },
    /// The text is too long.
    #[error("the text is longer than {TEXT_BYTES_MAX} bytes")]
    TooLong,
}

#[cfg(test)]
mod tests;
