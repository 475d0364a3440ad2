//! The plots of a report.

use crate::loadtest::report::plot::{Axis, Figure, Ink, Plot, Scale, Series, Shape, Size, Unit, bars};
use crate::loadtest::report::thin::{Span, thin};
use crate::loadtest::report::{Distribution, Report, Search, text};

/// Points along the time of a plot.
const SPANS_MAX: usize = 300;

/// Bars of failures.
const KINDS_MAX: usize = 10;

pub fn of(report: &Report) -> Vec<Figure> {
    let (intended, sent) = (&report.latency.from_intended, &report.latency.from_send);
    let curves = [
        ("successes, from intended start", Ink::First, &intended.successes),
        ("successes, service time", Ink::Third, &sent.successes),
        ("failures, from intended start", Ink::Bad, &intended.failures),
    ];
    let words = "How many of the calls took at most how long. Each step to the right is a rarer, slower call.";
    let curves = curves.into_iter().filter_map(|(name, ink, of)| Some((name.to_owned(), ink, of.as_ref()?)));
    let percentiles = percentiles("percentiles", "Latency by percentile", words.into(), curves.collect());
    let spans = thin(&report.timeline, SPANS_MAX);
    let over_time = OverTime { warm_up_s: report.plan.warm_up_s, spans: &spans };
    let mut figures = vec![percentiles, over_time.latency(), over_time.rate(), over_time.lag(), over_time.in_flight()];
    figures.extend(report.search.as_ref().map(steps));
    figures.extend(failures(report));
    figures
}

/// Percentile curves on the axis of HdrHistogram's plots.
pub fn percentiles(
    id: &'static str,
    title: &'static str,
    description: String,
    curves: Vec<(String, Ink, &Distribution)>,
) -> Figure {
    let samples = curves.iter().map(|(_, _, of)| of.count).max().unwrap_or_default();
    let all = curves.iter().flat_map(|(_, _, of)| of.curve.iter().map(|point| point.ms));
    let y = Scale::fitting(Unit::Latency, all);
    let series = curves.into_iter().map(|(name, ink, of)| {
        let points = of.curve.iter().map(|point| (point.percentile / 100.0, Some(point.ms)));
        Series { name, ink, shape: Shape::Line, points: points.collect() }
    });
    Plot {
        id,
        title,
        description,
        size: Size::Wide,
        series: series.collect(),
        x: Axis { title: "percentile, a nine for each step", scale: Scale::nines(samples) },
        y: Axis { title: latency_title(&y), scale: y },
        shaded: None,
        limit: None,
    }
    .draw()
}

fn latency_title(scale: &Scale) -> &'static str {
    if scale.is_log() { "latency, log scale" } else { "latency" }
}

/// What became of every second.
#[derive(Clone, Copy)]
struct OverTime<'a> {
    warm_up_s: f64,
    spans: &'a [Span],
}

impl OverTime<'_> {
    fn latency(&self) -> Figure {
        let series = vec![
            self.series("p50", Ink::First, |span| span.p50_ms),
            self.series("p99", Ink::Second, |span| span.p99_ms),
        ];
        let y = Scale::fitting(Unit::Latency, values(&series));
        let words = format!("Of successes, from the intended start. {}", each(self.spans));
        let axis = Axis { title: latency_title(&y), scale: y };
        self.plot("latency-over-time", "Latency over time", words, axis, series)
    }

    fn rate(&self) -> Figure {
        // Late calls end in a last second that is not a whole one: no rate can be told for it.
        let whole = match self.spans {
            [whole @ .., last] if last.intended_per_s == 0.0 => whole,
            all => all,
        };
        let whole = OverTime { spans: whole, ..*self };
        let mut series = vec![whole.series("succeeded", Ink::First, |span| Some(span.succeeded_per_s))];
        if self.spans.iter().any(|span| span.failed_per_s > 0.0) {
            series.push(whole.series("failed", Ink::Bad, |span| Some(span.failed_per_s)));
        }
        // Last, so that its dashes lie on what came of it.
        series.push(whole.series("intended", Ink::Meant, |span| Some(span.intended_per_s)));
        let axis = Axis { title: "calls a second", scale: Scale::from_zero(Unit::Rate, values(&series)) };
        let words = "Calls that were due, and calls that ended well or badly.".into();
        self.plot("rate-over-time", "Rate over time", words, axis, series)
    }

    fn lag(&self) -> Figure {
        let series = vec![self.series("longest delay", Ink::Second, |span| Some(span.lag_max_ms))];
        let axis = Axis { title: "late by", scale: Scale::from_zero(Unit::Latency, values(&series)) };
        let words =
            "How late after its intended start the latest call was sent. Large values are the tester's, or those of \
                     the in-flight limit."
                .into();
        self.plot("schedule-error", "Schedule error over time", words, axis, series)
    }

    fn in_flight(&self) -> Figure {
        let series = vec![self.series("in flight", Ink::Third, |span| Some(span.in_flight))];
        let axis = Axis { title: "calls", scale: Scale::from_zero(Unit::Rate, values(&series)) };
        let words =
            "Calls under way at the end of each second. Growing without end, they say that the function takes less than it gets.".into();
        self.plot("in-flight", "Calls in flight", words, axis, series)
    }

    fn series(&self, name: &str, ink: Ink, value: impl Fn(&Span) -> Option<f64>) -> Series {
        let points = self.spans.iter().map(|span| (span.middle_s(), value(span)));
        Series { name: name.to_owned(), ink, shape: Shape::Line, points: points.collect() }
    }

    fn plot(&self, id: &'static str, title: &'static str, words: String, y: Axis, series: Vec<Series>) -> Figure {
        let end = self.spans.last().map_or(0.0, |span| span.from_s + span.seconds);
        let warm_up = self.warm_up_s.min(end);
        let description = if warm_up > 0.0 { format!("{words} The shaded part is the warm-up.") } else { words };
        Plot {
            id,
            title,
            description,
            size: Size::Half,
            series,
            x: Axis { title: "since the start", scale: Scale::time(end) },
            y,
            shaded: (warm_up > 0.0).then_some((0.0, warm_up)),
            limit: None,
        }
        .draw()
    }
}

fn values(series: &[Series]) -> Vec<f64> {
    series.iter().flat_map(|series| series.points.iter().filter_map(|(_, y)| *y)).collect()
}

/// What a point of the timeline stands for, in words.
pub fn each(spans: &[Span]) -> String {
    match spans.iter().map(|span| span.seconds).fold(0.0, f64::max) {
        ..=1.0 => "Each point is a second.".into(),
        seconds => format!("Each point is {seconds} seconds: the mean of p50, the worst p99."),
    }
}

/// The steps of a search: which rates held, and which did not.
fn steps(search: &Search) -> Figure {
    let points = |holds: bool| {
        let steps = search.steps.iter().filter(|step| step.holds == holds);
        let mut points: Vec<_> = steps.map(|step| (step.rate_per_s, step.p99_ms)).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    };
    let series = vec![
        Series { name: "p99 of a rate that held".into(), ink: Ink::First, shape: Shape::Dots, points: points(true) },
        Series { name: "p99 of one that did not".into(), ink: Ink::Bad, shape: Shape::Crosses, points: points(false) },
    ];
    let y = Scale::fitting(Unit::Latency, values(&series).into_iter().chain([search.p99_ms_max]));
    let found = match search.highest_per_s {
        Some(rate) => format!("{}/s is the highest rate that held.", text::number(rate)),
        None => "No rate held.".into(),
    };
    Plot {
        id: "search",
        title: "Search for the highest rate",
        description: format!("{found} The limit is a p99 of {}.", text::latency(search.p99_ms_max)),
        size: Size::Half,
        x: Axis {
            title: "calls a second",
            scale: Scale::from_zero(Unit::Rate, search.steps.iter().map(|step| step.rate_per_s)),
        },
        y: Axis { title: latency_title(&y), scale: y },
        shaded: None,
        limit: Some(search.p99_ms_max),
        series,
    }
    .draw()
}

/// Failures by kind, the most frequent first.
pub fn by_kind(report: &Report) -> Vec<(String, u64)> {
    let mut kinds: Vec<_> = report.totals.failures.iter().map(|(kind, count)| (kind.clone(), *count)).collect();
    kinds.retain(|(_, count)| *count > 0);
    kinds.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    kinds
}

fn failures(report: &Report) -> Option<Figure> {
    let mut rows = by_kind(report);
    rows.truncate(KINDS_MAX);
    let words =
        format!("{} of {} calls failed.", text::count(report.totals.failed), text::count(report.totals.intended));
    (!rows.is_empty()).then(|| bars("failures", "Failures by kind", words, Ink::Bad, &rows))
}
