//! The colours of plots.

use plotters::style::RGBColor;

/// What a colour stands for.
///
/// Plots are drawn in the colours of the light page. The page's style sheet replaces each by its name on a dark one, so it
/// has a line for every ink; a test looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Text,
    Grid,
    /// A span that does not count, such as the warm-up.
    Shade,
    /// The first series; of two runs, the first.
    First,
    /// The second series; of two runs, the second.
    Second,
    Third,
    /// What was meant, beside what was.
    Meant,
    /// What failed, or a limit.
    Bad,
}

impl Ink {
    #[cfg(test)]
    pub const ALL: [Self; 8] =
        [Self::Text, Self::Grid, Self::Shade, Self::First, Self::Second, Self::Third, Self::Meant, Self::Bad];

    /// Light enough to tell apart without colour vision: blue, orange and green of Okabe and Ito.
    pub fn color(self) -> RGBColor {
        match self {
            Self::Text => RGBColor(0x4B, 0x55, 0x63),
            Self::Grid => RGBColor(0xDD, 0xE1, 0xE6),
            Self::Shade => RGBColor(0xEE, 0xF0, 0xF3),
            Self::First => RGBColor(0x00, 0x72, 0xB2),
            Self::Second => RGBColor(0xC8, 0x5A, 0x00),
            Self::Third => RGBColor(0x00, 0x8A, 0x66),
            Self::Meant => RGBColor(0x7A, 0x84, 0x90),
            Self::Bad => RGBColor(0xC6, 0x28, 0x28),
        }
    }

    /// The style sheet's class for swatches.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Grid => "grid",
            Self::Shade => "shade",
            Self::First => "first",
            Self::Second => "second",
            Self::Third => "third",
            Self::Meant => "meant",
            Self::Bad => "bad",
        }
    }
}
