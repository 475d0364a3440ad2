//! What a comparison's page says, as texts.

use serde::Serialize;

use super::{Banner, figures};
use crate::loadtest::report::compare::{Comparison, Difference, Judgement, Measure, NOISE_SHARE, Side};
use crate::loadtest::report::plot::{Figure, Ink};
use crate::loadtest::report::{Distribution, Report, text};

#[derive(Serialize)]
pub struct Content {
    a: Run,
    b: Run,
    verdict: Banner,
    differences: Vec<Difference>,
    notes: Vec<String>,
    rule: String,
    measures: Vec<Row>,
    figures: Vec<Figure>,
}

#[derive(Serialize)]
struct Run {
    function: String,
    started_at: String,
    verdict: String,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    a: String,
    b: String,
    ratio: String,
    judgement: &'static str,
    class: &'static str,
}

pub fn content(comparison: &Comparison, a: &Report, b: &Report) -> Content {
    Content {
        a: run(&comparison.a),
        b: run(&comparison.b),
        verdict: verdict(comparison),
        differences: comparison.differences.clone(),
        notes: comparison.notes.clone(),
        rule: format!(
            "Latency from the intended start unless it says otherwise, of successes. A difference is noise unless the 95% \
             confidence intervals lie apart and it is at least {}.",
            text::share(NOISE_SHARE)
        ),
        measures: comparison.measures.iter().map(row).collect(),
        figures: vec![
            curves(
                "from-intended",
                "Latency from the intended start",
                "Successes: how many took at most how long, as a caller sees it.",
                &a.latency.from_intended.successes,
                &b.latency.from_intended.successes,
            ),
            curves(
                "from-send",
                "Service time",
                "Successes: what the function and the network took, from the moment a call was sent.",
                &a.latency.from_send.successes,
                &b.latency.from_send.successes,
            ),
        ],
    }
}

fn run(side: &Side) -> Run {
    Run {
        function: side.function.clone(),
        started_at: side.started_at.clone(),
        verdict: format!("{:?}", side.verdict).to_lowercase(),
    }
}

fn verdict(comparison: &Comparison) -> Banner {
    let has = |wanted| comparison.measures.iter().any(|measure| measure.judgement == Some(wanted));
    let (class, word) = match (comparison.is_comparable(), has(Judgement::Worse), has(Judgement::Better)) {
        (false, ..) => ("warn", "Not comparable"),
        (true, true, true) => ("warn", "Mixed"),
        (true, true, false) => ("bad", "Worse"),
        (true, false, true) => ("good", "Better"),
        (true, false, false) => ("good", "The same"),
    };
    Banner { class, word, sentence: text::sentence(&comparison.summary()) }
}

fn row(measure: &Measure) -> Row {
    let (judgement, class) = match measure.judgement {
        None => ("", ""),
        Some(judgement @ Judgement::WithinNoise) => (judgement.words(), "soft"),
        Some(judgement @ Judgement::Better) => (judgement.words(), "good-text"),
        Some(judgement @ Judgement::Worse) => (judgement.words(), "bad-text"),
    };
    Row {
        name: measure.name,
        a: measure.unit.write(measure.a),
        b: measure.unit.write(measure.b),
        ratio: measure.ratio_text(),
        judgement,
        class,
    }
}

fn curves(
    id: &'static str,
    title: &'static str,
    words: &str,
    a: &Option<Distribution>,
    b: &Option<Distribution>,
) -> Figure {
    let sides = [("A", Ink::First, a), ("B", Ink::Second, b)];
    let curves = sides.into_iter().filter_map(|(name, ink, of)| Some((name.to_owned(), ink, of.as_ref()?)));
    figures::percentiles(id, title, words.to_owned(), curves.collect())
}
