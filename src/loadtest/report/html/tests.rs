//! Pages of the samples, looked at as text. `tests/it/load_report.rs` opens them in a browser.

use super::*;
use crate::loadtest::report::plot::Ink;
use crate::loadtest::report::{Second, compare, sample};

/// Every part of the text between these two.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    text.split(before).skip(1).map(|rest| rest.split(after).next().unwrap_or_default()).collect()
}

fn pages() -> [String; 3] {
    let (steady, stalled) = (sample::steady(), sample::stalled());
    [report(&steady), report(&stalled), comparison(&compare::compare(&steady, &stalled), &steady, &stalled)]
}

/// The text without what lies between these two.
fn without(text: &str, before: &str, after: &str) -> String {
    let mut parts = text.split(before);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| format!("{kept}{before}…{after}{}", part.split_once(after).unwrap_or_default().1))
}

#[test]
fn a_page_stays_as_it_is() {
    let page = report(&sample::stalled());
    let page = without(&page, "sha256-", "'");
    insta::assert_snapshot!("page", without(&without(&page, "<style>", "</style>"), "<svg", "</svg>"));
    let search = page.split("<figure id=\"search\"").nth(1).unwrap();
    insta::assert_snapshot!("plot", between(search, "<svg", "</svg>")[0]);
}

#[test]
fn names_are_text() {
    let [_, stalled, comparison] = pages();
    for page in [stalled, comparison] {
        assert!(page.contains("&lt;script&gt;alert(") && !page.contains("<script"), "the function's name is markup");
    }
    let mut evil = sample::stalled();
    let name = "\"><img src=x onerror=alert(1)>";
    evil.started_at = name.into();
    evil.warnings[0].message = name.into();
    evil.thresholds[0].rule = name.into();
    evil.thresholds[0].unit = name.into();
    evil.search.as_mut().unwrap().steps[0].reason = name.into();
    evil.totals.failures = [(name.to_owned(), 12)].into();
    evil.machine.os = name.into();
    assert!(!report(&evil).contains("<img"));
}

#[test]
fn nothing_is_asked_of_anybody() {
    for page in pages() {
        for part in ["http:", "https:", "url(", "src=", "href=", "@import", "<link", "<script", " on", "style=\""] {
            let text = page.replace("http-equiv", "");
            let found = between(&text, "<", ">").into_iter().find(|tag| tag.contains(part));
            assert_eq!(found, None, "{part}");
        }
        let policy = between(&page, "Content-Security-Policy\" content=\"", "\"")[0];
        let style = between(&page, "<style>", "</style>")[0];
        let hash = STANDARD.encode(Sha256::digest(style));
        assert_eq!(
            policy,
            format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
        );
    }
}

#[test]
fn every_plot_has_words_and_lines() {
    let [steady, stalled, comparison] = pages();
    let cases = [
        (
            &steady,
            ["percentiles", "latency-over-time", "rate-over-time", "schedule-error", "in-flight", "failures"]
                .as_slice(),
        ),
        (
            &stalled,
            &[
                "percentiles",
                "latency-over-time",
                "rate-over-time",
                "schedule-error",
                "in-flight",
                "search",
                "failures",
            ],
        ),
        (&comparison, &["from-intended", "from-send"]),
    ];
    for (page, ids) in cases {
        assert_eq!(between(page, "<figure id=\"", "\""), ids);
        for (id, svg) in ids.iter().zip(between(page, "<svg", "</svg>")) {
            assert!(svg.contains(&format!("aria-labelledby=\"{id}-title {id}-words\"")), "{id}");
            assert!(svg.contains("<title id=") && svg.contains("<desc id="), "{id}");
            assert!(between(svg, "points=\"", "\"").iter().all(|points| points.split(' ').count() > 2), "{id}");
        }
    }
}

#[test]
fn every_ink_has_a_name_in_the_style_sheet() {
    for ink in Ink::ALL {
        let plotters::style::RGBColor(red, green, blue) = ink.color();
        for part in ["fill", "stroke"] {
            let line = format!("[{part}=\"#{red:02X}{green:02X}{blue:02X}\"] {{ {part}: var(--{})", ink.name());
            assert!(STYLE.contains(&line), "{line}");
        }
        // On the light page, the dark one and paper.
        assert_eq!(STYLE.matches(&format!("--{}: #", ink.name())).count(), 3, "{ink:?}");
    }
}

#[test]
fn an_hour_fits_on_a_small_page() {
    let mut long = sample::stalled();
    let day = long.timeline.clone();
    let second = |at: u32| Second { second: at, warm_up: at < 5, ..day[at as usize % day.len()] };
    long.timeline = (0..3_605).map(second).collect();
    let page = report(&long);
    assert!(page.len() < 150_000, "{} bytes", page.len());
    assert!(page.contains("Each point is 13 seconds"), "the page does not say what its points are");
}

/// Reports of tests that ended before there was anything to draw.
#[test]
fn a_page_of_nothing_is_a_page() {
    let mut empty = sample::steady();
    (empty.timeline, empty.thresholds) = (Vec::new(), Vec::new());
    (empty.latency, empty.totals) = Default::default();
    let page = report(&empty);
    assert_eq!(between(&page, "<svg", "</svg>").len(), 5);
    assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
    let comparison = compare::compare(&empty, &empty);
    assert!(super::comparison(&comparison, &empty, &empty).contains("No difference beyond noise."));
}
