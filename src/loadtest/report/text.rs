//! Numbers as people read them.

/// Three digits that matter, with commas between thousands.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    if value.abs() >= 100.0 {
        return count(value.round() as u64);
    }
    short(value)
}

/// A count with commas between thousands.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A latency in milliseconds, in the unit that suits it.
pub fn latency(ms: f64) -> String {
    match ms {
        ms if !ms.is_finite() => "–".into(),
        0.0 => "0 ms".into(),
        // Rounded before the unit is chosen: 999.9 µs is 1 ms.
        ms if ms < 0.9995 => format!("{} µs", short(ms * 1e3)),
        ms if ms < 999.5 => format!("{} ms", short(ms)),
        ms => format!("{} s", short(ms / 1e3)),
    }
}

/// A time since the start as on a watch: `1:30`, `1:00:00`.
pub fn clock(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// How long something takes, in the two largest units: `41 min`, `2 h 5 min`, `3 d 4 h`.
pub fn span(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "–".into();
    }
    let pair = |large: u64, unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{} {unit}", count(large)),
        small => format!("{} {unit} {small} {small_unit}", count(large)),
    };
    let whole = seconds.round() as u64;
    let minutes = (seconds / 60.0).round() as u64;
    let hours = (seconds / 3600.0).round() as u64;
    match whole {
        _ if seconds < 9.95 => format!("{} s", short((seconds * 10.0).round() / 10.0)),
        0..120 => format!("{whole} s"),
        120..600 => pair(whole / 60, "min", whole % 60, "s"),
        600..3_600 => format!("{minutes} min"),
        3_600..172_800 => pair(minutes / 60, "h", minutes % 60, "min"),
        _ => pair(hours / 24, "d", hours % 24, "h"),
    }
}

/// A share from 0 to 1, with three digits that matter.
pub fn share(share: f64) -> String {
    format!("{}%", number(share * 100.0))
}

/// A quantile from 0 to 1, with every nine.
pub fn percent(quantile: f64) -> String {
    let text = format!("{:.4}", quantile * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// An amount of bytes.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    let mut amount = bytes as f64;
    let mut unit = "B";
    for larger in UNITS {
        if amount < 999.5 {
            break;
        }
        (amount, unit) = (amount / 1000.0, larger);
    }
    format!("{} {unit}", number(amount))
}

/// A factor between two values: `1.25×`.
pub fn ratio(value: f64) -> String {
    if value < 9.995 { format!("{value:.2}×") } else { format!("{}×", number(value)) }
}

/// An amount in whatever currency the prices were given in.
pub fn money(amount: f64) -> String {
    let cents = (amount * 100.0).round() as u64;
    format!("{}.{:02}", count(cents / 100), cents % 100)
}

/// A message as a sentence: with a capital and a full stop.
pub fn sentence(message: &str) -> String {
    let mut signs = message.chars();
    signs.next().map(|first| format!("{}{}.", first.to_uppercase(), signs.as_str())).unwrap_or_default()
}

/// Three digits that matter, without zeros at the end.
fn short(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if size >= 0.9995 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let cases = [
            (number(0.0), "0"),
            (number(0.25), "0.25"),
            (number(99.94), "99.9"),
            (number(99.99), "100"),
            (number(4999.7), "5,000"),
            (number(f64::NAN), "–"),
            (count(200_000), "200,000"),
            (count(999), "999"),
            (latency(0.0), "0 ms"),
            (latency(0.9994), "999 µs"),
            (latency(0.9999), "1 ms"),
            (latency(12.345), "12.3 ms"),
            (latency(999.999), "1 s"),
            (latency(15_000.0), "15 s"),
            (clock(90.0), "1:30"),
            (clock(3_600.0), "1:00:00"),
            (span(0.25), "0.3 s"),
            (span(61.0), "61 s"),
            (span(150.0), "2 min 30 s"),
            (span(2_460.0), "41 min"),
            (span(3_599.0), "60 min"),
            (span(7_500.0), "2 h 5 min"),
            (span(273_600.0), "3 d 4 h"),
            (share(0.004_467), "0.447%"),
            (percent(0.0), "0%"),
            (percent(0.999), "99.9%"),
            (percent(0.000_012), "0.0012%"),
            (bytes(12), "12 B"),
            (bytes(999_900), "1 MB"),
            (bytes(42_300), "42.3 KB"),
            (ratio(1.254), "1.25×"),
            (ratio(9.999), "10×"),
            (ratio(3_103.2), "3,103×"),
            (money(1_234.567), "1,234.57"),
            (sentence("no rate held"), "No rate held."),
            (sentence(""), ""),
            (money(0.04), "0.04"),
        ];
        for (text, expected) in cases {
            assert_eq!(text, expected);
        }
    }
}
