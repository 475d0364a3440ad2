//! Plots as SVG: axes, lines, points and bars, with their words for people who cannot see them.
//!
//! Texts are laid out by the browser, at anchors: nothing here measures a font. One unit is half a pixel of the page, since
//! the backend rounds to whole units.

mod ink;
mod scale;

use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use serde::Serialize;

pub use ink::Ink;
pub use scale::{Scale, Unit};

/// A plot of series over two axes.
#[derive(Debug)]
pub struct Plot {
    /// Unique on its page; letters and dashes.
    pub id: &'static str,
    pub title: &'static str,
    /// What is to be seen, in words.
    pub description: String,
    pub size: Size,
    pub x: Axis,
    pub y: Axis,
    /// Spans of x that do not count.
    pub shaded: Option<(f64, f64)>,
    /// Limits on y.
    pub limit: Option<f64>,
    pub series: Vec<Series>,
}

#[derive(Debug)]
pub struct Axis {
    pub title: &'static str,
    pub scale: Scale,
}

/// The room a plot takes on the page.
#[derive(Clone, Copy, Debug)]
pub enum Size {
    /// The page's width.
    Wide,
    /// Half of it.
    Half,
}

#[derive(Debug)]
pub struct Series {
    pub name: String,
    pub ink: Ink,
    pub shape: Shape,
    /// Shape: x ascends; lines break where y is `None`.
    pub points: Vec<(f64, Option<f64>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Line,
    Dots,
    Crosses,
}

/// A plot as the page's template takes it.
#[derive(Debug, Serialize)]
pub struct Figure {
    pub id: &'static str,
    pub title: &'static str,
    pub description: String,
    pub wide: bool,
    pub legend: Vec<Entry>,
    pub svg: String,
}

#[derive(Debug, Serialize)]
pub struct Entry {
    pub name: String,
    pub ink: &'static str,
    pub mark: &'static str,
}

const TEXT: i32 = 30;
const LINE: u32 = 4;
const LEFT: u32 = 156;
const RIGHT: u32 = 44;
const TOP: u32 = 20;
const BOTTOM: u32 = 96;
const TICK: i32 = 10;

impl Size {
    fn units(self) -> (u32, u32) {
        match self {
            Self::Wide => (2080, 680),
            Self::Half => (1024, 600),
        }
    }
}

/// Drawing into a text cannot fail: the backend's errors are those of files.
const INFALLIBLE: &str = "a text takes all that is drawn";

impl Plot {
    pub fn draw(self) -> Figure {
        let mut svg = String::new();
        let size = self.size.units();
        {
            let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            let mut chart = ChartBuilder::on(&root)
                .margin_left(LEFT)
                .margin_right(RIGHT)
                .margin_top(TOP)
                .margin_bottom(BOTTOM)
                .build_cartesian_2d(self.x.scale.clone(), self.y.scale.clone())
                .expect(INFALLIBLE);
            self.frame(&root, &chart);
            for series in &self.series {
                series.draw(&mut chart);
            }
            root.present().expect(INFALLIBLE);
        }
        let legend = self.series.iter().map(Series::entry);
        let limit = self.limit.map(|_| Entry { name: "limit".into(), ink: Ink::Bad.name(), mark: "limit" });
        Figure {
            id: self.id,
            title: self.title,
            wide: matches!(self.size, Size::Wide),
            legend: legend.chain(limit).collect(),
            svg: with_words(&svg, self.id, self.title, &self.description, size),
            description: self.description,
        }
    }

    /// Grid, shaded span, limit, and the names along both axes.
    fn frame<'a>(&self, root: &Canvas<'a>, chart: &Chart<'a>) {
        let area = chart.plotting_area();
        let (x, y) = (&self.x.scale, &self.y.scale);
        let at = |x: f64, y: f64| chart.backend_coord(&(x, y));
        if let Some((from, to)) = self.shaded {
            let corners = [(from, y.max()), (to, y.min())];
            area.draw(&Rectangle::new(corners, Ink::Shade.color().filled())).expect(INFALLIBLE);
        }
        let grid = Ink::Grid.color().stroke_width(2);
        for (value, name) in y.ticks() {
            area.draw(&PathElement::new([(x.min(), value), (x.max(), value)], grid)).expect(INFALLIBLE);
            let (left, height) = at(x.min(), value);
            root.draw_text(&name, &label(HPos::Right, VPos::Center), (left - TICK, height)).expect(INFALLIBLE);
        }
        for (value, name) in x.ticks() {
            area.draw(&PathElement::new([(value, y.min()), (value, y.max())], grid)).expect(INFALLIBLE);
            let (across, bottom) = at(value, y.min());
            root.draw_text(&name, &label(HPos::Center, VPos::Top), (across, bottom + TICK)).expect(INFALLIBLE);
        }
        let axis = Ink::Text.color().stroke_width(2);
        area.draw(&PathElement::new([(x.min(), y.min()), (x.max(), y.min())], axis)).expect(INFALLIBLE);
        let (width, height) = self.size.units();
        let (middle, bottom) = ((LEFT + width - RIGHT) / 2, height - 8);
        let below = (middle as i32, bottom as i32);
        root.draw_text(self.x.title, &label(HPos::Center, VPos::Bottom), below).expect(INFALLIBLE);
        let beside = label(HPos::Center, VPos::Top).transform(FontTransform::Rotate270);
        let middle = (TOP + height - BOTTOM) / 2;
        root.draw_text(self.y.title, &beside, (4, middle as i32)).expect(INFALLIBLE);
        if let Some(limit) = self.limit {
            let dashes = PathElement::new([(x.min(), limit), (x.max(), limit)], Ink::Bad.color().stroke_width(3));
            area.draw(&dashes).expect(INFALLIBLE);
        }
    }
}

type Canvas<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<Scale, Scale>>;

impl Series {
    fn draw(&self, chart: &mut Chart<'_>) {
        let color = self.ink.color();
        let points = || self.points.iter().filter_map(|(x, y)| Some((*x, (*y)?)));
        match self.shape {
            Shape::Line => {
                for stretch in self.points.split(|(_, y)| y.is_none()) {
                    let stretch: Vec<_> = stretch.iter().filter_map(|(x, y)| Some((*x, (*y)?))).collect();
                    match stretch[..] {
                        [] => {}
                        // A line of one point would not be seen.
                        [point] => {
                            chart.draw_series([Circle::new(point, LINE, color.filled())]).expect(INFALLIBLE);
                        }
                        _ => {
                            let line = LineSeries::new(stretch, color.stroke_width(LINE));
                            chart.draw_series(line).expect(INFALLIBLE);
                        }
                    }
                }
            }
            Shape::Dots => {
                chart.draw_series(points().map(|point| Circle::new(point, 10, color.filled()))).expect(INFALLIBLE);
            }
            Shape::Crosses => {
                let cross = |point| Cross::new(point, 10, color.stroke_width(LINE));
                chart.draw_series(points().map(cross)).expect(INFALLIBLE);
            }
        }
    }

    fn entry(&self) -> Entry {
        let mark = match self.shape {
            Shape::Line => "line",
            Shape::Dots => "dot",
            Shape::Crosses => "cross",
        };
        Entry { name: self.name.clone(), ink: self.ink.name(), mark }
    }
}

/// Horizontal bars, one for each name, the largest first.
pub fn bars(id: &'static str, title: &'static str, description: String, ink: Ink, rows: &[(String, u64)]) -> Figure {
    const ROW: u32 = 64;
    let size = (Size::Half.units().0, ROW * rows.len() as u32 + 24);
    let largest = rows.iter().map(|(_, count)| *count).max().unwrap_or_default().max(1);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let chart = ChartBuilder::on(&root)
            .margin_left(230)
            .margin_right(170)
            .build_cartesian_2d(RangedCoordf64::from(0.0..largest as f64), RangedCoordf64::from(rows.len() as f64..0.0))
            .expect(INFALLIBLE);
        for (row, (name, count)) in rows.iter().enumerate() {
            let row = row as f64;
            let corners = [(0.0, row + 0.18), (*count as f64, row + 0.82)];
            chart.plotting_area().draw(&Rectangle::new(corners, ink.color().filled())).expect(INFALLIBLE);
            let (left, height) = chart.backend_coord(&(0.0, row + 0.5));
            root.draw_text(name, &label(HPos::Right, VPos::Center), (left - TICK, height)).expect(INFALLIBLE);
            let (right, _) = chart.backend_coord(&(*count as f64, row + 0.5));
            let number = super::text::count(*count);
            root.draw_text(&number, &label(HPos::Left, VPos::Center), (right + TICK, height)).expect(INFALLIBLE);
        }
        root.present().expect(INFALLIBLE);
    }
    let svg = with_words(&svg, id, title, &description, size);
    Figure { id, title, description, wide: false, legend: Vec::new(), svg }
}

/// Text that the browser places at an anchor.
fn label(horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    TextStyle {
        color: Ink::Text.color().to_backend_color(),
        pos: Pos::new(horizontal, vertical),
        ..("sans-serif", TEXT).into_font().into()
    }
}

/// The drawing with a title and a description, and with a size that follows the page's.
fn with_words(svg: &str, id: &str, title: &str, description: &str, (width, height): (u32, u32)) -> String {
    let inner = svg.split_once('>').map_or("", |(_, inner)| inner);
    let (title, description) = (handlebars::html_escape(title), handlebars::html_escape(description));
    // The backend writes each colour's opacity, which is 1.
    let inner = inner.replace(" opacity=\"1\"", "");
    format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-words\">\n\
         <title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-words\">{description}</desc>{inner}"
    )
}
