//! What may be in an in-app message: limits are checked, text loses its markup, addresses and colours that could do harm are
//! refused.
//!
//! All text is plain: clients show it as it is, and none of it may hold HTML. Markup in it is removed, since the rest can still
//! be what was meant, and the writer is told. An address that runs a script cannot be meant: it is refused.

use std::collections::BTreeMap;

use super::link::{self, Use};
use super::{json, text};
use crate::domain::limit::{
    IN_APP_BODY_CHARS_MAX, IN_APP_CONTENTS_MAX, IN_APP_CUSTOM_BYTES_MAX, IN_APP_CUSTOM_CONFIG_MAX,
    IN_APP_HEADER_CHARS_MAX,
};
use crate::wire::generated::{self as wire, Alignment, ButtonAction, Layout};
use crate::wire::invalid::{Invalid, Problem};

/// Characters of a value that a message quotes.
const QUOTED_CHARS_MAX: usize = 60;

/// What is cleaned of a message or template.
pub struct Parts<'a> {
    content: &'a mut Option<Vec<wire::InAppMessageContent>>,
    custom_config: &'a mut Option<BTreeMap<String, String>>,
    layout: Option<&'a Layout>,
    /// No client gets it.
    body: Option<&'a mut String>,
}

impl<'a> From<&'a mut wire::CampaignInAppMessage> for Parts<'a> {
    fn from(message: &'a mut wire::CampaignInAppMessage) -> Self {
        let wire::CampaignInAppMessage { content, custom_config, body, layout } = message;
        Self { content, custom_config, layout: layout.as_ref(), body: body.as_mut() }
    }
}

impl<'a> From<&'a mut wire::InAppTemplateRequest> for Parts<'a> {
    fn from(template: &'a mut wire::InAppTemplateRequest) -> Self {
        let wire::InAppTemplateRequest { content, custom_config, layout, .. } = template;
        Self { content, custom_config, layout: layout.as_ref(), body: None }
    }
}

impl<'a> From<&'a mut wire::InAppMessage> for Parts<'a> {
    fn from(message: &'a mut wire::InAppMessage) -> Self {
        let wire::InAppMessage { content, custom_config, layout } = message;
        Self { content, custom_config, layout: layout.as_ref(), body: None }
    }
}

/// Something that was removed from a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Removal {
    /// Where, as a dotted path.
    pub field: String,
    before: String,
    after: String,
}

/// For the writer: it quotes the text.
impl std::fmt::Display for Removal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { field, before, after } = self;
        write!(f, "{field}: markup was removed, `{}` became `{}`", quoted(before), quoted(after))
    }
}

/// Checks a message and cleans it. `place` is the path to it; empty for a request that is one.
///
/// Errors: the first value that breaks a rule. Source: Pinpoint user guide, "In-app templates"; API reference,
/// `InAppMessageContent`.
pub fn clean<'a>(place: &str, parts: impl Into<Parts<'a>>) -> Result<Vec<Removal>, Invalid> {
    let Parts { content, custom_config, layout, body } = parts.into();
    let mut cleaner = Cleaner::default();
    let at = |member: &str| if place.is_empty() { member.to_owned() } else { format!("{place}.{member}") };
    // Requests cannot bring an unknown one, but what is stored may be older than that rule.
    if let Some(Layout::Unknown(value)) = layout {
        return Err(one_of(value, Layout::VALUES).at(at("Layout")));
    }
    count(&at("Content"), content.as_ref().map_or(0, Vec::len), IN_APP_CONTENTS_MAX)?;
    for (i, content) in content.iter_mut().flatten().enumerate() {
        cleaner.content(&at(&format!("Content[{i}]")), content)?;
    }
    if let Some(body) = body {
        room(&at("Body"), body.len())?;
        cleaner.text(at("Body"), body, IN_APP_CUSTOM_BYTES_MAX)?;
    }
    count(&at("CustomConfig"), custom_config.as_ref().map_or(0, BTreeMap::len), IN_APP_CUSTOM_CONFIG_MAX)?;
    room(&at("CustomConfig"), custom_config.iter().flatten().map(|(name, value)| name.len() + value.len()).sum())?;
    for (name, value) in custom_config.iter_mut().flatten() {
        cleaner.custom(&at("CustomConfig"), name, value)?;
    }
    Ok(cleaner.removals)
}

#[derive(Default)]
struct Cleaner {
    removals: Vec<Removal>,
}

impl Cleaner {
    fn content(&mut self, field: &str, content: &mut wire::InAppMessageContent) -> Result<(), Invalid> {
        let at = |member: &str| format!("{field}.{member}");
        color(at("BackgroundColor"), required(at("BackgroundColor"), content.background_color.as_mut())?)?;
        let header = required(at("HeaderConfig"), content.header_config.as_mut())?;
        self.text(at("HeaderConfig.Header"), &mut header.header, IN_APP_HEADER_CHARS_MAX)?;
        color(at("HeaderConfig.TextColor"), &header.text_color)?;
        alignment(at("HeaderConfig.Alignment"), &header.alignment)?;
        let body = required(at("BodyConfig"), content.body_config.as_mut())?;
        self.text(at("BodyConfig.Body"), &mut body.body, IN_APP_BODY_CHARS_MAX)?;
        color(at("BodyConfig.TextColor"), &body.text_color)?;
        alignment(at("BodyConfig.Alignment"), &body.alignment)?;
        address(at("ImageUrl"), content.image_url.as_deref(), Use::Image)?;
        for (name, button) in [("PrimaryBtn", &mut content.primary_btn), ("SecondaryBtn", &mut content.secondary_btn)] {
            if let Some(button) = button {
                self.button(&at(name), button)?;
            }
        }
        Ok(())
    }

    fn button(&mut self, field: &str, button: &mut wire::InAppMessageButton) -> Result<(), Invalid> {
        if let Some(default) = &mut button.default_config {
            let at = |member: &str| format!("{field}.DefaultConfig.{member}");
            self.text(at("Text"), &mut default.text, IN_APP_HEADER_CHARS_MAX)?;
            action(at("ButtonAction"), &default.button_action)?;
            address(at("Link"), default.link.as_deref(), purpose(&default.button_action))?;
            for (name, value) in [("BackgroundColor", &default.background_color), ("TextColor", &default.text_color)] {
                value.as_deref().map_or(Ok(()), |value| color(at(name), value))?;
            }
            if let Some(radius) = default.border_radius.filter(|radius| *radius < 0) {
                return Err(Problem::rule(format!("{radius} is below 0")).at(at("BorderRadius")));
            }
        }
        for (name, own) in [("Android", &button.android), ("IOS", &button.ios), ("Web", &button.web)] {
            if let Some(own) = own {
                action(format!("{field}.{name}.ButtonAction"), &own.button_action)?;
                address(format!("{field}.{name}.Link"), own.link.as_deref(), purpose(&own.button_action))?;
            }
        }
        Ok(())
    }

    /// What apps make of these pairs is not known here.
    fn custom(&mut self, field: &str, name: &str, value: &mut String) -> Result<(), Invalid> {
        let field = format!("{field}.`{}`", quoted(name));
        if text::plain(name) != name || link::is_dangerous(name) {
            return Err(Problem::rule("the name holds markup, control characters or a script").at(field));
        }
        self.remove(field.clone(), value);
        if link::is_dangerous(value) {
            let rule = format!("`{}`: addresses that hold or run a script are never allowed", quoted(value));
            return Err(Problem::rule(rule).at(field));
        }
        if json::any(value, |text| link::is_dangerous(text) || text::plain(text) != text) {
            return Err(
                Problem::rule("the JSON in it holds markup, or an address that holds or runs a script").at(field)
            );
        }
        Ok(())
    }

    /// Text as its writer sent it is held against the limit.
    fn text(&mut self, field: String, text: &mut String, chars_max: usize) -> Result<(), Invalid> {
        let chars = text.chars().count();
        if chars > chars_max {
            return Err(Problem::rule(format!("{chars} characters, the limit is {chars_max}")).at(field));
        }
        self.remove(field.clone(), text);
        // After the cleaning, which can bring them together.
        no_variable(field, text)
    }

    fn remove(&mut self, field: String, text: &mut String) {
        let plain = text::plain(text);
        if plain != *text {
            let after = plain.into_owned();
            self.removals.push(Removal { field, before: text.clone(), after: after.clone() });
            *text = after;
        }
    }
}

/// Nothing would fill it in, and the people who read the message would see it.
fn no_variable(field: String, text: &str) -> Result<(), Invalid> {
    if !text.contains("{{") {
        return Ok(());
    }
    Err(Problem::rule(format!("`{}`: in-app messages have no message variables `{{{{…}}}}`", quoted(text))).at(field))
}

fn address(field: String, address: Option<&str>, purpose: Use) -> Result<(), Invalid> {
    let Some(address) = address.filter(|address| !address.is_empty()) else { return Ok(()) };
    no_variable(field.clone(), address)?;
    link::check(address, purpose).map_err(|rule| Problem::rule(format!("`{}`: {rule}", quoted(address))).at(field))
}

/// What a client does with the link of a button that closes the message is not known; it opens no app.
fn purpose(action: &ButtonAction) -> Use {
    match action {
        ButtonAction::DeepLink => Use::DeepLink,
        _ => Use::Link,
    }
}

fn action(field: String, action: &ButtonAction) -> Result<(), Invalid> {
    match action {
        ButtonAction::Unknown(value) => Err(one_of(value, ButtonAction::VALUES).at(field)),
        _ => Ok(()),
    }
}

fn alignment(field: String, alignment: &Alignment) -> Result<(), Invalid> {
    match alignment {
        Alignment::Unknown(value) => Err(one_of(value, Alignment::VALUES).at(field)),
        _ => Ok(()),
    }
}

fn one_of(value: &str, allowed: &'static [&'static str]) -> Problem {
    Problem::NotOneOf { value: quoted(value), allowed: allowed.to_vec() }
}

fn color(field: String, text: &str) -> Result<(), Invalid> {
    let is_color = text.strip_prefix('#').is_some_and(|digits| {
        matches!(digits.len(), 3 | 4 | 6 | 8) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    });
    if is_color {
        return Ok(());
    }
    Err(Problem::rule(format!("`{}` is not a colour such as `#FF9900`", quoted(text))).at(field))
}

fn required<T>(field: String, value: Option<T>) -> Result<T, Invalid> {
    value.ok_or_else(|| Problem::Missing { rule: "it is required" }.at(field))
}

fn count(field: &str, items: usize, items_max: usize) -> Result<(), Invalid> {
    if items <= items_max {
        return Ok(());
    }
    Err(Problem::rule(format!("{items} items, the limit is {items_max}")).at(field))
}

/// To be asked before the text is cleaned: that takes long where markup is nested deep.
fn room(field: &str, bytes: usize) -> Result<(), Invalid> {
    if bytes <= IN_APP_CUSTOM_BYTES_MAX {
        return Ok(());
    }
    Err(Problem::rule(format!("{bytes} bytes, the limit is {IN_APP_CUSTOM_BYTES_MAX}")).at(field))
}

/// The beginning of a text, on one line.
fn quoted(text: &str) -> String {
    let mut letters = text.chars();
    let mut quoted: String = letters.by_ref().take(QUOTED_CHARS_MAX).flat_map(char::escape_debug).collect();
    if letters.next().is_some() {
        quoted.push('…');
    }
    quoted
}
