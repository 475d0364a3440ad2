//! Reports as one HTML file each, that needs nothing else: no script, no font, no network.

mod comparison;
mod figures;
mod view;

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use handlebars::Handlebars;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Comparison, Report};

static PAGES: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut pages = Handlebars::new();
    // A page that lacks a value is a mistake of ours; a test draws every page.
    pages.set_strict_mode(true);
    let texts = [
        ("page", include_str!("page.hbs")),
        ("figures", include_str!("figures.hbs")),
        ("report", include_str!("report.hbs")),
        ("comparison", include_str!("comparison.hbs")),
    ];
    for (name, text) in texts {
        pages.register_template_string(name, text).expect("our templates are well formed");
    }
    pages
});

const STYLE: &str = include_str!("style.css");

/// What every page has.
#[derive(Serialize)]
struct Page<T> {
    title: String,
    style: &'static str,
    /// The policy allows this style sheet and nothing else.
    style_hash: String,
    #[serde(flatten)]
    content: T,
}

/// A report as a page.
pub fn report(report: &Report) -> String {
    page("report", format!("Load test of {}", report.function), view::content(report))
}

/// A comparison as a page, with the curves of both runs.
pub fn comparison(comparison: &Comparison, a: &Report, b: &Report) -> String {
    page("comparison", "Two load tests compared".into(), comparison::content(comparison, a, b))
}

fn page(name: &str, title: String, content: impl Serialize) -> String {
    let style_hash = format!("sha256-{}", STANDARD.encode(Sha256::digest(STYLE)));
    let page = Page { title, style: STYLE, style_hash, content };
    PAGES.render(name, &page).expect("our templates name what their pages have")
}

/// How a page begins: what came out.
#[derive(Serialize)]
struct Banner {
    class: &'static str,
    word: &'static str,
    sentence: String,
}

#[cfg(test)]
mod tests;
