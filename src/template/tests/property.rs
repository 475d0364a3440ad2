//! What holds for every text, template and argument.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::context;
use crate::template::{Context, Defaults, Escape, Missing, Template, helper};

/// Pieces that make up templates, right and wrong.
const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{{{",
    "}}}",
    "{{#",
    "{{/",
    "{{else}}",
    "{{^}}",
    "{{>",
    "{{#*inline \"a\"}}",
    "{{/inline}}",
    "{{> a}}",
    "{{#if Id}}",
    "{{/if}}",
    "{{#each Attributes.Sizes}}",
    "{{/each}}",
    "{{this}}",
    "{{@index}}",
    "{{../Id}}",
    "~",
    "(upper Id)",
    "(",
    ")",
    "[",
    "]",
    "'",
    "\"",
    "\\",
    "=",
    "|",
    "as |x|",
    " ",
    "\n",
    "Attributes.Color",
    "Id",
    "eq",
    "yes='a'",
    "{{join Attributes.Sizes ','}}",
    "{{now 'yyyy'}}",
    "{{!--",
    "--}}",
    "{{!",
    "{{{{raw}}}}",
    "{{{{/raw}}}}",
    "ä",
    "1",
    "{{#with User}}",
    "{{/with}}",
    "{{lookup Attributes 'Color'}}",
    "{{else if Id}}",
    "&",
    "@root",
    "null",
    "-1E9",
    "{\"a\":1}",
];

proptest! {
    #[test]
    fn text_without_braces_renders_to_itself(text in "[^{]*") {
        let template = Template::compile(&text, Escape::Html).unwrap();
        prop_assert_eq!(template.as_static(), Some(text.as_str()));
        prop_assert_eq!(template.render(&context("{}"), Missing::Fail), Ok(text));
    }

    #[test]
    fn values_print_as_they_are(text in ".*") {
        let document = json!({"Attributes": {"a": [text]}}).to_string();
        let now = "2026-03-01T09:00:00Z".parse().unwrap();
        let context = Context::new(document.as_bytes(), "e1", now, &Defaults::default()).unwrap();
        let template = Template::compile("<{{Attributes.a}}>", Escape::None).unwrap();
        prop_assert_eq!(template.render(&context, Missing::Fail), Ok(format!("<{text}>")));
        let template = Template::compile("{\"a\":\"{{Attributes.a}}\"}", Escape::Json).unwrap();
        let rendered = template.render(&context, Missing::Fail).unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(&rendered).unwrap(), json!({"a": text}));
    }

    #[test]
    fn nothing_panics(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24)) {
        let source = pieces.concat();
        if let Ok(template) = Template::compile(&source, Escape::Html) {
            let _ = template.render(&context("{}"), Missing::Fail);
            let _ = template.render(&context("{}"), Missing::Empty);
        }
    }

    #[test]
    fn no_helper_panics(
        name in prop::sample::select(helper::names().collect::<Vec<_>>()),
        arguments in prop::collection::vec(prop::sample::select(ARGUMENTS), 0..4),
        named in prop::sample::select(NAMED),
    ) {
        let source = format!("{{{{{name} {} {named}}}}}", arguments.join(" "));
        if let Ok(template) = Template::compile(&source, Escape::Json) {
            let _ = template.render(&context("{}"), Missing::Empty);
        }
    }
}

const ARGUMENTS: &[&str] = &[
    "Attributes.Sizes",
    "Attributes",
    "Attributes.None",
    "''",
    "'äöü <b> x'",
    "0",
    "-1",
    "1.5",
    "99999999999999999999",
    "1E308",
    "'2020-02-30'",
    "'9999-12-31T23:59:59Z'",
    "'-009999-01-01'",
    "null",
    "true",
    "[1,\"a\",null]",
    "{\"a\":[]}",
    "(upper Id)",
    "'EEEE yyyy-MM-dd HH:mm:ss.SSS XXX'",
    "'wWFYGkKuDS'",
];

const NAMED: &[&str] = &[
    "",
    "pad='ä'",
    "size=9",
    "size=-1",
    "tz='Asia/Kathmandu'",
    "inputFormat='dd.MM.yy hh:mm a'",
    "outputFormat='YYYY w'",
    "yes=Attributes.Sizes",
    "includeCount=true",
    "prefix=null suffix='x'",
];
