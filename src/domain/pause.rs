//! Pauses between attempts.

use std::time::Duration;

/// The pause after an attempt, counted from 1: `min`, doubled for each further attempt up to `max`, then shortened by
/// up to half, so that callers who failed together do not come back together.
///
/// Shape: `random` is from 0 (the whole pause) to 1 (half of it).
pub fn pause(attempt: u32, min: Duration, max: Duration, random: f64) -> Duration {
    let doubled = min.saturating_mul(2u32.saturating_pow(attempt.saturating_sub(1)));
    doubled.min(max).mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_lose_up_to_half() {
        let pauses = |random| {
            let pause =
                |attempt| pause(attempt, Duration::from_millis(250), Duration::from_secs(1), random).as_millis();
            (1..=5).map(pause).collect::<Vec<_>>()
        };
        assert_eq!(pauses(0.0), [250, 500, 1000, 1000, 1000]);
        assert_eq!(pauses(1.0), [125, 250, 500, 500, 500]);
        assert_eq!(pause(40, Duration::from_secs(1), Duration::from_secs(9), 0.0), Duration::from_secs(9));
    }
}
