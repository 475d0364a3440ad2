//! Helpers on text. Lengths and places count characters.

use serde_json::Value;

use super::function::{Absent, Arguments, Function};
use crate::template::TEXT_BYTES_MAX;
use crate::template::value;

pub const FUNCTIONS: &[Function] = &[
    function("abbreviate", 2, 2, abbreviate),
    function("capitalize", 1, 1, |arguments| Ok(capitalize(&arguments.text(0)).into())),
    function("capitalizeFirst", 1, 1, |arguments| Ok(capitalize_first(&arguments.text(0)).into())),
    function("center", 1, 2, |arguments| pad(arguments, |gap| (gap / 2, gap - gap / 2))),
    function("ljust", 1, 2, |arguments| pad(arguments, |gap| (0, gap))),
    function("rjust", 1, 2, |arguments| pad(arguments, |gap| (gap, 0))),
    function("cut", 1, 2, cut),
    function("replace", 3, 3, |arguments| replace(arguments, &arguments.text(1), &arguments.text(2))),
    function("lower", 1, 1, |arguments| Ok(arguments.text(0).to_lowercase().into())),
    function("upper", 1, 1, |arguments| Ok(arguments.text(0).to_uppercase().into())),
    function("slugify", 1, 1, |arguments| Ok(slugify(&arguments.text(0)).into())),
    function("stripTags", 1, 1, |arguments| Ok(strip_tags(&arguments.text(0)).into())),
    function("substring", 2, 3, substring),
    function("ordinalize", 1, 1, ordinalize),
    function("inflect", 3, 3, inflect),
    function("join", 1, 32, join),
    Function { name: "yesno", arguments: 1..=1, absent: Absent::Allowed, apply: yesno },
];

const fn function(
    name: &'static str,
    least: usize,
    most: usize,
    apply: fn(&Arguments<'_, '_>) -> Result<Value, String>,
) -> Function {
    Function { name, arguments: least..=most, absent: Absent::Missing, apply }
}

/// `abbreviate text size`: at most `size` characters, the last three of them dots if something was cut off. Sizes that
/// leave no room for the dots only cut.
fn abbreviate(arguments: &Arguments<'_, '_>) -> Result<Value, String> {
    let (text, size) = (arguments.text(0), arguments.count(1)?);
    if text.chars().count() <= size {
        return Ok(text.into());
    }
    let short: String = match size.checked_sub(3) {
        Some(kept) if kept > 0 => text.chars().take(kept).chain("...".chars()).collect::<String>(),
        _ => text.chars().take(size).collect(),
    };
    Ok(short.into())
}

/// Every word begins with a capital; the rest stays.
fn capitalize(text: &str) -> String {
    let mut is_start = true;
    let mut capitalized = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_start {
            capitalized.extend(letter.to_uppercase());
        } else {
            capitalized.push(letter);
        }
        is_start = letter.is_whitespace();
    }
    capitalized
}

fn capitalize_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `center text size [pad=]`, and `ljust` and `rjust` alike: filled up to `size` characters. `size=` works too.
fn pad(arguments: &Arguments<'_, '_>, split: fn(usize) -> (usize, usize)) -> Result<Value, String> {
    let size = match arguments.len() {
        1 => arguments.named_count("size")?.ok_or("the size is missing")?,
        _ => arguments.count(1)?,
    };
    let text = arguments.text(0);
    let pad = arguments.named_text("pad").and_then(|pad| pad.chars().next()).unwrap_or(' ');
    let gap = size.saturating_sub(text.chars().count());
    if gap.saturating_mul(pad.len_utf8()) > TEXT_BYTES_MAX {
        return Err(format!("a size of {size} is too large"));
    }
    let (before, after) = split(gap);
    let fill = |count| std::iter::repeat_n(pad, count);
    Ok(fill(before).chain(text.chars()).chain(fill(after)).collect::<String>().into())
}

/// `cut text [part]`: without any `part`, by default without spaces.
fn cut(arguments: &Arguments<'_, '_>) -> Result<Value, String> {
    if arguments.len() == 1 {
        return replace(arguments, " ", "");
    }
    replace(arguments, &arguments.text(1), "")
}

fn replace(arguments: &Arguments<'_, '_>, from: &str, to: &str) -> Result<Value, String> {
    let text = arguments.text(0);
    if from.is_empty() {
        return Ok(text.into());
    }
    let grown = text.len().saturating_add(text.matches(from).count().saturating_mul(to.len()));
    if grown > 2 * TEXT_BYTES_MAX {
        return Err("the result is too long".to_owned());
    }
    Ok(text.replace(from, to).into())
}

/// Letters and digits in lower case, with one hyphen for each run of spaces and hyphens; everything else is left out.
/// Letters of any script stay.
fn slugify(text: &str) -> String {
    let kept: String = text
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || letter.is_whitespace() || matches!(letter, '-' | '_'))
        .collect();
    let words = kept.split(|letter: char| letter.is_whitespace() || letter == '-').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// Without anything between angle brackets; a bracket that is never closed stays.
fn strip_tags(text: &str) -> String {
    let mut stripped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<')
        && let Some((_, after)) = tag.split_once('>')
    {
        stripped.push_str(before);
        rest = after;
    }
    stripped + rest
}

/// `substring text start [end]`: from `start` up to and without `end`, both from zero. Beyond the end there is nothing.
fn substring(arguments: &Arguments<'_, '_>) -> Result<Value, String> {
    let start = arguments.count(1)?;
    let end = if arguments.len() == 3 { arguments.count(2)? } else { usize::MAX };
    Ok(arguments.text(0).chars().take(end).skip(start).collect::<String>().into())
}

/// `1st`, `2nd`, `3rd`, `4th`, `11th`.
fn ordinalize(arguments: &Arguments<'_, '_>) -> Result<Value, String> {
    let number = arguments.count(0)?;
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    Ok(format!("{number}{ending}").into())
}

/// `inflect count singular plural [includeCount=true]`.
fn inflect(arguments: &Arguments<'_, '_>) -> Result<Value, String> {
    let count = arguments.number(0)?;
    let word = arguments.text(if count == 1.0 { 1 } else { 2 });
    if arguments.named("includeCount").is_some_and(is_yes) {
        return Ok(format!("{} {word}", arguments.text(0)).into());
    }
    Ok(word.into())
}

/// `join list separator [prefix=] [suffix=]`, or `join value … separator`.
fn join(arguments: &Arguments<'_, '_>) -> Result<Value, String> {
    let last = arguments.len() - 1;
    let separator = if last == 0 { "".into() } else { arguments.text(last) };
    let mut texts = Vec::new();
    for index in 0..last.max(1) {
        match arguments.raw(index) {
            Value::Array(items) => texts.extend(items.iter().filter_map(value::text)),
            single => texts.extend(value::text(single)),
        }
    }
    let total = texts.iter().map(|text| text.len() + separator.len()).fold(0, usize::saturating_add);
    if total > 2 * TEXT_BYTES_MAX {
        return Err("the result is too long".to_owned());
    }
    let prefix = arguments.named_text("prefix").unwrap_or_default();
    let suffix = arguments.named_text("suffix").unwrap_or_default();
    Ok(format!("{prefix}{}{suffix}", texts.join(&separator)).into())
}

/// `yesno value [yes=] [no=] [maybe=]`: `maybe` for a missing value. The texts `false`, `no`, `0` and the empty one mean
/// no, as attributes have no other way to say it.
fn yesno(arguments: &Arguments<'_, '_>) -> Result<Value, String> {
    let value = arguments.value(0);
    let answer = match value {
        value if value::is_missing(value) => "maybe",
        value if is_yes(value) => "yes",
        _ => "no",
    };
    Ok(arguments.named(answer).cloned().unwrap_or_else(|| answer.into()))
}

fn is_yes(value: &Value) -> bool {
    let says_no = |text: &str| ["false", "no", "0"].iter().any(|no| text.eq_ignore_ascii_case(no));
    value::is_true(value) && !value::text(value).is_some_and(|text| says_no(&text))
}
