//! Tables for people.

/// Which side the cells of a column stand at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    Left,
    Right,
}

/// Lines with the columns below each other, headings first. A column without any content is left out.
pub fn table<const N: usize>(columns: [(&str, Side); N], rows: &[[String; N]]) -> String {
    let widths: Vec<Option<usize>> = (0..N)
        .map(|i| {
            let widest = rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0);
            (widest > 0).then(|| widest.max(columns[i].0.chars().count()))
        })
        .collect();
    let line = |cells: [&str; N]| {
        let mut line = String::new();
        for ((cell, (_, side)), width) in cells.into_iter().zip(columns).zip(&widths) {
            let Some(width) = *width else { continue };
            let gap = if line.is_empty() { "" } else { "  " };
            let cell = match side {
                Side::Left => format!("{gap}{cell:<width$}"),
                Side::Right => format!("{gap}{cell:>width$}"),
            };
            line.push_str(&cell);
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
        line
    };
    let heading = line(columns.map(|(heading, _)| heading));
    rows.iter().fold(heading, |text, row| text + &line(row.each_ref().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        let columns = [("RUN", Side::Right), ("NOTHING", Side::Left), ("ZONE", Side::Left), ("N", Side::Right)];
        let row = |run: &str, zone: &str, n: &str| [run.to_owned(), String::new(), zone.to_owned(), n.to_owned()];
        let text = table(columns, &[row("1", "Europe/Vienna", ""), row("10", "UTC", "1,000")]);
        assert_eq!(text, "RUN  ZONE               N\n  1  Europe/Vienna\n 10  UTC            1,000\n");
    }
}
