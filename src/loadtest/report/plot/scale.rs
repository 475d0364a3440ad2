//! Scales: where a value lies on an axis, and which values the axis names.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use crate::loadtest::report::text;

/// What an axis counts, and so how its values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Latency,
    /// Seconds since the start.
    Time,
    /// Calls a second.
    Rate,
    /// Parts of all calls, from 0 to 1.
    Quantile,
}

impl Unit {
    fn write(self, value: f64) -> String {
        match self {
            Self::Latency => text::latency(value),
            Self::Time => text::clock(value),
            Self::Rate => text::number(value),
            Self::Quantile => text::percent(value),
        }
    }
}

/// How values are spread over an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Spread {
    Linear,
    /// Equal factors have equal lengths.
    Log,
    /// Each nine of a quantile (90 %, 99 %, 99.9 %) has the same length, as in plots of HdrHistogram.
    Nines,
}

/// The scale of one axis, with the values it names.
///
/// Shape: `min < max`; ticks lie within, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    unit: Unit,
    spread: Spread,
    min: f64,
    max: f64,
    ticks: Vec<f64>,
}

/// Values whose largest is more than this many times their smallest are spread by factors: a linear axis would show all
/// but the largest as zero.
const LINEAR_FACTOR_MAX: f64 = 40.0;

impl Scale {
    /// From 0 to a round value that holds all of these.
    pub fn from_zero(unit: Unit, values: impl IntoIterator<Item = f64>) -> Self {
        let max = values.into_iter().filter(|value| value.is_finite()).fold(0.0, f64::max);
        let max = if max > 0.0 { max } else { 1.0 };
        let step = round_step(unit, max / 5.0);
        let count = (max / step - 1e-9).ceil().max(1.0);
        let ticks = (0..=count as u32).map(|at| f64::from(at) * step).collect();
        Self { unit, spread: Spread::Linear, min: 0.0, max: step * count, ticks }
    }

    /// By factors when the values need it, else linear from 0.
    pub fn fitting(unit: Unit, values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite() && *value > 0.0).collect();
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = values.iter().copied().fold(0.0, f64::max);
        if max <= min * LINEAR_FACTOR_MAX || values.is_empty() {
            return Self::from_zero(unit, values);
        }
        Self::log(unit, min, max)
    }

    /// Time from the start to the end of a run.
    pub fn time(end: f64) -> Self {
        let end = if end > 0.0 { end } else { 1.0 };
        let step = round_step(Unit::Time, end / 8.0);
        let count = (end / step + 1e-9).floor() as u32;
        let ticks = (0..=count).map(|at| f64::from(at) * step).collect();
        Self { unit: Unit::Time, spread: Spread::Linear, min: 0.0, max: end, ticks }
    }

    /// Quantiles from 0 % to one call in `samples`.
    pub fn nines(samples: u64) -> Self {
        let nines = (samples.max(10) as f64).log10().min(6.0);
        let named = [0.0, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999_999];
        let max = 1.0 - 10f64.powf(-nines);
        let ticks = named.into_iter().filter(|quantile| *quantile <= max + 1e-12).collect();
        Self { unit: Unit::Quantile, spread: Spread::Nines, min: 0.0, max, ticks }
    }

    fn log(unit: Unit, min: f64, max: f64) -> Self {
        let (first, last) = (min.log10().floor() as i32, max.log10().ceil() as i32);
        // Few decades leave room for names between them.
        let parts: &[f64] = match last - first {
            ..=2 => &[1.0, 2.0, 5.0],
            3..=4 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let all = (first..=last).flat_map(|power| parts.iter().map(move |part| part * 10f64.powi(power)));
        let all: Vec<f64> = all.collect();
        let from = all.iter().rposition(|tick| *tick <= min).unwrap_or(0);
        let to = all.iter().position(|tick| *tick >= max * (1.0 - 1e-9)).unwrap_or(all.len() - 1);
        let ticks = all[from..=to].to_vec();
        Self { unit, spread: Spread::Log, min: ticks[0], max: ticks[ticks.len() - 1], ticks }
    }

    pub fn min(&self) -> f64 {
        self.min
    }

    pub fn max(&self) -> f64 {
        self.max
    }

    pub fn is_log(&self) -> bool {
        self.spread == Spread::Log
    }

    /// The values to name, with their names.
    pub fn ticks(&self) -> impl Iterator<Item = (f64, String)> + '_ {
        self.ticks.iter().map(|value| (*value, self.unit.write(*value)))
    }

    /// Where the value lies: 0 at the axis' start, 1 at its end. Values beyond lie on the edge.
    pub fn place(&self, value: f64) -> f64 {
        let spread = |value: f64| match self.spread {
            Spread::Linear => value,
            Spread::Log => value.max(f64::MIN_POSITIVE).log10(),
            Spread::Nines => -(1.0 - value).max(f64::MIN_POSITIVE).log10(),
        };
        let (min, max) = (spread(self.min), spread(self.max));
        ((spread(value) - min) / (max - min)).clamp(0.0, 1.0)
    }
}

/// The next larger step that people like to count by.
fn round_step(unit: Unit, least: f64) -> f64 {
    const SECONDS: [f64; 14] =
        [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0];
    if unit == Unit::Time
        && let Some(step) = SECONDS.into_iter().find(|step| *step >= least)
    {
        return step;
    }
    let power = 10f64.powf(least.log10().floor());
    let step =
        [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|part| part * power).find(|step| *step >= least * (1.0 - 1e-9));
    step.unwrap_or(10.0 * power)
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        limit.0 + (f64::from(limit.1 - limit.0) * self.place(*value)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.min..self.max
    }
}

impl ValueFormatter<f64> for Scale {
    fn format_ext(&self, value: &f64) -> String {
        self.unit.write(*value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(scale: &Scale) -> Vec<String> {
        scale.ticks().map(|(_, name)| name).collect()
    }

    #[test]
    fn axes_name_round_values() {
        let cases: &[(Scale, &[&str])] = &[
            (Scale::from_zero(Unit::Rate, [4_870.0]), &["0", "1,000", "2,000", "3,000", "4,000", "5,000"]),
            (Scale::from_zero(Unit::Rate, []), &["0", "0.2", "0.4", "0.6", "0.8", "1"]),
            (Scale::from_zero(Unit::Latency, [0.9, 1.1]), &["0 ms", "250 µs", "500 µs", "750 µs", "1 ms", "1.25 ms"]),
            (Scale::time(60.0), &["0:00", "0:10", "0:20", "0:30", "0:40", "0:50", "1:00"]),
            (Scale::time(3.5), &["0:00", "0:01", "0:02", "0:03"]),
            (Scale::time(3_600.0), &["0:00", "10:00", "20:00", "30:00", "40:00", "50:00", "1:00:00"]),
            (Scale::nines(20_000), &["0%", "50%", "75%", "90%", "99%", "99.9%", "99.99%"]),
            (
                Scale::fitting(Unit::Latency, [1.2, 60.0]),
                &["1 ms", "2 ms", "5 ms", "10 ms", "20 ms", "50 ms", "100 ms"],
            ),
            (
                Scale::fitting(Unit::Latency, [0.1, 900.0]),
                &["100 µs", "300 µs", "1 ms", "3 ms", "10 ms", "30 ms", "100 ms", "300 ms", "1 s"],
            ),
        ];
        for (scale, names) in cases {
            assert_eq!(named(scale), *names, "{scale:?}");
        }
    }

    #[test]
    fn places_rise_from_edge_to_edge() {
        let nines = Scale::nines(1_000);
        let log = Scale::fitting(Unit::Latency, [100.0, 1e6]);
        let linear = Scale::from_zero(Unit::Rate, [10.0]);
        let cases = [
            (&nines, 0.0, 0.0),
            (&nines, 0.9, 1.0 / 3.0),
            (&nines, 0.99, 2.0 / 3.0),
            (&nines, 0.999, 1.0),
            (&nines, 1.0, 1.0),
            (&log, 100.0, 0.0),
            (&log, 1_000.0, 0.25),
            (&log, 0.0, 0.0),
            (&log, 1e9, 1.0),
            (&linear, -1.0, 0.0),
            (&linear, 2.5, 0.25),
        ];
        for (scale, value, place) in cases {
            assert!((scale.place(value) - place).abs() < 1e-6, "{value} on {scale:?}: {}", scale.place(value));
        }
    }

    proptest::proptest! {
        #[test]
        fn an_axis_holds_all_its_values(values in proptest::collection::vec(1e-3f64..1e10, 1..20)) {
            let largest = values.iter().copied().fold(0.0, f64::max);
            let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
            for scale in [Scale::fitting(Unit::Latency, values.clone()), Scale::from_zero(Unit::Rate, values)] {
                proptest::prop_assert!(scale.min() <= smallest && scale.max() >= largest * (1.0 - 1e-9), "{scale:?}");
                let ticks = scale.ticks().count();
                proptest::prop_assert!((2..=14).contains(&ticks), "{ticks} ticks: {scale:?}");
            }
        }
    }
}
