//! In how many parts a text message goes out, which is what providers charge for and limit.

use rusmpp::extra::encoding::gsm7bit::Gsm7BitUnpacked;

/// Septets of a message of one part, and of each part of a longer one. Source: 3GPP TS 23.040, section 9.2.3.24.1.
const SEPTETS: (usize, usize) = (160, 153);

/// The septet that says that the next one is of the extension. Source: 3GPP TS 23.038, section 6.2.1.
const ESCAPE: u8 = 0x1B;

/// As [`SEPTETS`], in units of UTF-16.
const UTF16_UNITS: (usize, usize) = (70, 67);

/// The parts that a text needs: at least one.
///
/// A text of GSM's basic alphabet takes a septet a character, and two for one of the extension; any other text goes out
/// in UTF-16. No character is torn in two. Source: 3GPP TS 23.038, section 6.2.1.
pub fn count(text: &str) -> usize {
    match Gsm7BitUnpacked::new().encode_to_vec(text) {
        Ok(septets) => fill(septets.split_inclusive(|septet| *septet != ESCAPE).map(<[u8]>::len), SEPTETS),
        Err(_) => fill(text.chars().map(char::len_utf16), UTF16_UNITS),
    }
}

/// Parts that characters of these sizes fill.
fn fill(sizes: impl Iterator<Item = usize> + Clone, (alone_max, part_max): (usize, usize)) -> usize {
    if sizes.clone().sum::<usize>() <= alone_max {
        return 1;
    }
    let (mut parts, mut filled) = (1, 0);
    for size in sizes {
        if filled + size > part_max {
            (parts, filled) = (parts + 1, 0);
        }
        filled += size;
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusmpp::extra::concatenation::{Concatenation, Concatenator};

    use super::*;

    #[test]
    fn parts_follow_the_alphabet_and_the_length() {
        let cases = [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("@£é\nΔÄß".repeat(20), 1),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            // 76 of them fill 152 septets of a part, and the next one is not torn.
            ("€".repeat(152), 2),
            ("€".repeat(153), 3),
            (format!("{}€", "a".repeat(158)), 1),
            (format!("{}€", "a".repeat(159)), 2),
            // A letter that GSM lacks makes all of it UTF-16.
            ("ç".repeat(70), 1),
            ("ç".repeat(71), 2),
            (format!("ç{}", "a".repeat(69)), 1),
            (format!("ç{}", "a".repeat(70)), 2),
            ("ч".repeat(134), 2),
            ("ч".repeat(135), 3),
            ("😀".repeat(35), 1),
            ("😀".repeat(36), 2),
            // 33 of them fill 66 units of a part.
            ("😀".repeat(66), 2),
            ("😀".repeat(67), 3),
        ];
        for (text, expected) in cases {
            assert_eq!(count(&text), expected, "{} characters: {text}", text.chars().count());
        }
    }

    proptest! {
        /// An encoder that cuts the text for real comes to the same number.
        #[test]
        fn the_count_is_that_of_the_parts_made(text in "[a-zA-Z0-9 .!€\\[\\]~Äö\n]{1,900}") {
            let (cut, _) = Gsm7BitUnpacked::new().concatenate(&text, SEPTETS.0, SEPTETS.0 - SEPTETS.1).unwrap();
            let made = match cut {
                Concatenation::Single(_) => 1,
                Concatenation::Concatenated(parts) => parts.len(),
            };
            prop_assert_eq!(count(&text), made);
        }

        #[test]
        fn more_text_never_needs_fewer_parts(text in "[a-z€ч😀]{0,300}", more in "[a-z€ч😀]{0,50}") {
            let longer = format!("{text}{more}");
            prop_assert!(count(&longer) >= count(&text));
        }
    }
}
