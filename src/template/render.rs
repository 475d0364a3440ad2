//! Rendering a compiled template.

use std::io;

use handlebars::{Output, RenderContext, RenderError, RenderErrorReason, Renderable};

use super::helper;
use super::{Context, Error, Escape, Missing, TEXT_BYTES_MAX};

pub fn render(
    tree: &handlebars::Template,
    context: &Context,
    escape: Escape,
    missing: Missing,
) -> Result<String, Error> {
    let mut output = Bounded { text: String::new() };
    tree.render(helper::registry(escape, missing), &context.0, &mut RenderContext::new(None), &mut output)
        .map_err(error)?;
    Ok(output.text)
}

/// Text that does not grow beyond [`TEXT_BYTES_MAX`].
struct Bounded {
    text: String,
}

impl Output for Bounded {
    fn write(&mut self, text: &str) -> io::Result<()> {
        if self.text.len() + text.len() > TEXT_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.text.push_str(text);
        Ok(())
    }
}

fn error(error: RenderError) -> Error {
    match error.reason() {
        RenderErrorReason::MissingVariable(path) => {
            Error::MissingVariable { path: path.clone().unwrap_or_else(|| "this".to_owned()) }
        }
        // The only output there is refuses for one reason.
        RenderErrorReason::IOError(_) => Error::TooLong,
        RenderErrorReason::InvalidJsonIndex(name) => {
            Error::Helper { problem: format!("a list is indexed by a number such as `[0]`, not by `{name}`") }
        }
        RenderErrorReason::PartialNotFound(name) => {
            Error::Helper { problem: format!("the inline partial `{name}` is used before it is defined") }
        }
        reason => Error::Helper { problem: reason.to_string() },
    }
}
