//! Date patterns as Java's `SimpleDateFormat` has them, in English and with weeks that begin on Sunday.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// A piece of a pattern.
#[derive(Debug, Eq, PartialEq)]
enum Piece {
    Text(String),
    /// A letter and how often it stands there.
    Field(char, usize),
}

/// Writes a time by a pattern.
///
/// Errors: when the pattern is not one.
pub fn format(pattern: &str, time: &Zoned) -> Result<String, String> {
    let mut text = String::new();
    for piece in pieces(pattern)? {
        match piece {
            Piece::Text(literal) => text += &literal,
            Piece::Field(letter, count) => text += &field(letter, count, time)?,
        }
    }
    Ok(text)
}

/// Reads a time by a pattern; what the pattern does not say is midnight and UTC. `None` if the text does not fit.
///
/// Errors: when the pattern is not one that can be read by.
pub fn parse(pattern: &str, text: &str) -> Result<Option<Timestamp>, String> {
    let mut format = String::new();
    for piece in pieces(pattern)? {
        match piece {
            Piece::Text(literal) => format += &literal.replace('%', "%%"),
            Piece::Field(letter, count) => format += directive(letter, count)?,
        }
    }
    let Ok(parts) = BrokenDownTime::parse(&format, text) else { return Ok(None) };
    let zoned = || parts.to_zoned().ok().map(|zoned| zoned.timestamp());
    let civil = || parts.to_datetime().ok().or_else(|| parts.to_date().ok().map(DateTime::from));
    let in_utc = || civil()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    Ok(parts.to_timestamp().ok().or_else(zoned).or_else(in_utc))
}

/// Cuts a pattern into runs of one letter and the text between them. Text in quotes stands for itself.
fn pieces(pattern: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\'' {
            let mut literal = String::new();
            if letters.next_if_eq(&'\'').is_some() {
                literal.push('\'');
            } else {
                loop {
                    match letters.next() {
                        Some('\'') if letters.next_if_eq(&'\'').is_some() => literal.push('\''),
                        Some('\'') => break,
                        Some(letter) => literal.push(letter),
                        None => return Err("a quote of the date pattern is not closed".to_owned()),
                    }
                }
            }
            pieces.push(Piece::Text(literal));
        } else if letter.is_ascii_alphabetic() {
            let mut count = 1;
            while letters.next_if_eq(&letter).is_some() {
                count += 1;
            }
            pieces.push(Piece::Field(letter, count));
        } else {
            pieces.push(Piece::Text(letter.to_string()));
        }
    }
    Ok(pieces)
}

fn field(letter: char, count: usize, time: &Zoned) -> Result<String, String> {
    let named = |short: &str, long: &str| time.strftime(if count < 4 { short } else { long }).to_string();
    // Nobody means more digits, and a pattern must not print without end.
    let width = count.min(20);
    let digits = |number: i64| format!("{number:0width$}");
    let hour = i64::from(time.hour());
    Ok(match letter {
        'G' => if time.year() > 0 { "AD" } else { "BC" }.to_owned(),
        'y' => year(time.year(), count, width),
        'Y' => year(week_of_year(time.date()).0, count, width),
        'M' | 'L' if count > 2 => named("%b", "%B"),
        'M' | 'L' => digits(time.month().into()),
        'w' => digits(week_of_year(time.date()).1),
        'W' => digits((i64::from(time.day()) - 1 + days_since_sunday(time.date().first_of_month())) / 7 + 1),
        'D' => digits(time.day_of_year().into()),
        'd' => digits(time.day().into()),
        'F' => digits((i64::from(time.day()) - 1) / 7 + 1),
        'E' => named("%a", "%A"),
        'u' => digits(time.weekday().to_monday_one_offset().into()),
        'a' => if hour < 12 { "AM" } else { "PM" }.to_owned(),
        'H' => digits(hour),
        'k' => digits(if hour == 0 { 24 } else { hour }),
        'K' => digits(hour % 12),
        'h' => digits(if hour % 12 == 0 { 12 } else { hour % 12 }),
        'm' => digits(time.minute().into()),
        's' => digits(time.second().into()),
        'S' => digits(time.millisecond().into()),
        'z' => time.strftime("%Z").to_string(),
        'Z' => time.strftime("%z").to_string(),
        'X' if time.offset().is_zero() => "Z".to_owned(),
        'X' if count == 1 => time.strftime("%z").to_string().chars().take(3).collect(),
        'X' => time.strftime(if count == 2 { "%z" } else { "%:z" }).to_string(),
        _ => return Err(unknown(letter)),
    })
}

fn year(year: i16, count: usize, width: usize) -> String {
    if count == 2 { format!("{:02}", year.rem_euclid(100)) } else { format!("{year:0width$}") }
}

/// The year and number of a week that begins on Sunday; the first week is the one with the first of January.
fn week_of_year(date: Date) -> (i16, i64) {
    let sunday = i64::from(date.day_of_year()) - 1 - days_since_sunday(date);
    let days = i64::from(date.days_in_year());
    if sunday + 6 >= days {
        return (date.year().saturating_add(1), 1);
    }
    (date.year(), (sunday + days_since_sunday(date.first_of_year())) / 7 + 1)
}

fn days_since_sunday(date: Date) -> i64 {
    date.weekday().since(Weekday::Sunday).into()
}

fn directive(letter: char, count: usize) -> Result<&'static str, String> {
    Ok(match (letter, count) {
        ('y', 2) => "%y",
        ('y', _) => "%Y",
        ('M' | 'L', 1 | 2) => "%m",
        ('M' | 'L', 3) => "%b",
        ('M' | 'L', _) => "%B",
        ('d', _) => "%d",
        ('D', _) => "%j",
        ('E', 1..=3) => "%a",
        ('E', _) => "%A",
        ('H', _) => "%H",
        ('h', _) => "%I",
        ('m', _) => "%M",
        ('s', _) => "%S",
        ('S', _) => "%f",
        ('a', _) => "%p",
        ('z', _) => "%Q",
        ('Z', _) => "%z",
        ('X', 3) => "%:z",
        ('X', _) => "%z",
        ('G' | 'Y' | 'w' | 'W' | 'F' | 'u' | 'k' | 'K', _) => {
            return Err(format!("dates cannot be read by `{letter}` of the date pattern"));
        }
        _ => return Err(unknown(letter)),
    })
}

fn unknown(letter: char) -> String {
    format!("`{letter}` means nothing in a date pattern; text stands in single quotes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_java_writes_them() {
        let time: Zoned = "2020-09-19T21:05:07.042-07:00[America/Los_Angeles]".parse().unwrap();
        let cases = [
            ("yyyy-MM-dd'T'HH:mm:ss.SSSX", "2020-09-19T21:05:07.042-07"),
            ("EEEE, MMMM d, y", "Saturday, September 19, 2020"),
            ("EEE MMM d h:mm a z", "Sat Sep 19 9:05 PM PDT"),
            ("M/d/yy", "9/19/20"),
            ("G D w W F u", "AD 263 38 3 3 6"),
            ("k K H h", "21 9 21 9"),
            ("S SS Z XX XXX", "42 42 -0700 -0700 -07:00"),
            ("'o''clock' ''", "o'clock '"),
            ("yyyyy", "02020"),
            ("", ""),
        ];
        for (pattern, expected) in cases {
            assert_eq!(format(pattern, &time).as_deref(), Ok(expected), "{pattern}");
        }
        let midnight: Zoned = "2024-12-31T00:00:00Z[UTC]".parse().unwrap();
        assert_eq!(format("k h K a YYYY w X z", &midnight).as_deref(), Ok("24 12 0 AM 2025 1 Z UTC"));
        for pattern in ["Q", "yyyy-MM-ddTHH", "'open"] {
            assert!(format(pattern, &time).is_err(), "{pattern}");
        }
    }

    #[test]
    fn weeks_begin_on_sunday() {
        let cases = [
            ("2023-01-01", (2023, 1)),
            ("2023-01-07", (2023, 1)),
            ("2023-01-08", (2023, 2)),
            ("2022-12-31", (2022, 53)),
            ("2024-12-28", (2024, 52)),
            ("2024-12-29", (2025, 1)),
            ("2021-01-01", (2021, 1)),
        ];
        for (date, expected) in cases {
            assert_eq!(week_of_year(date.parse().unwrap()), expected, "{date}");
        }
    }

    #[test]
    fn times_are_read_by_a_pattern() {
        let cases = [
            ("MM/dd/yyyy", "09/19/2020", "2020-09-19T00:00:00Z"),
            ("M/d/yy h:mm a", "9/19/20 9:05 PM", "2020-09-19T21:05:00Z"),
            ("d MMMM yyyy", "19 September 2020", "2020-09-19T00:00:00Z"),
            ("EEE, d MMM yyyy HH:mm:ss Z", "Sat, 19 Sep 2020 21:05:07 -0700", "2020-09-20T04:05:07Z"),
            ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2020-09-19T21:05:07.042+02:00", "2020-09-19T19:05:07.042Z"),
            ("yyyyMMdd", "20200919", "2020-09-19T00:00:00Z"),
            ("100% yyyy-DDD", "100% 2020-263", "2020-09-19T00:00:00Z"),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(
                parse(pattern, text).map(|time| time.unwrap().to_string()).as_deref(),
                Ok(expected),
                "{pattern}"
            );
        }
        assert_eq!(parse("yyyy-MM-dd", "soon"), Ok(None));
        assert_eq!(parse("yyyy", "2020"), Ok(None));
        assert!(parse("w", "3").is_err());
        assert!(parse("b", "3").is_err());
    }
}
