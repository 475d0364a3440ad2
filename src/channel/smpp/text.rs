//! Texts as octets: GSM's 7-bit alphabet where it has all characters, else UTF-16, in one part or several.

use rusmpp::extra::encoding::gsm7bit::Gsm7BitUnpacked;
use rusmpp::pdus::SubmitSm;
use rusmpp::tlvs::MessageSubmissionRequestTlvValue as Tlv;
use rusmpp::types::{AnyOctetString, OctetString};
use rusmpp::values::{DataCoding, MessagePayload};
use serde::Deserialize;

/// Characters of GSM's alphabet in one message, and in each of several: an octet each on its way, 7 bits in the air.
/// Source: 3GPP TS 23.040, section 9.2.3.24.1.
const GSM_OCTETS: Lengths = Lengths { alone: 160, each: 153 };

/// Octets of UTF-16, likewise.
const UTF16_OCTETS: Lengths = Lengths { alone: 140, each: 134 };

/// The first octet of a character that takes two.
const ESCAPE: u8 = 0x1B;

/// Parts that one octet can count.
const PARTS_MAX: usize = 255;

/// Octets that a message's payload can have.
const PAYLOAD_OCTETS_MAX: usize = 64_000;

/// The octets of a part begin with a header.
const HAS_HEADER: u8 = 0x40;

/// How texts go that are too long for one message.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum LongTexts {
    /// In parts that the phone puts together.
    #[default]
    Parts,
    /// Whole, as the parameter `message_payload`: the message centre makes the parts.
    Payload,
}

struct Lengths {
    alone: usize,
    each: usize,
}

/// A text in octets.
pub struct Coded {
    octets: Vec<u8>,
    pub data_coding: DataCoding,
}

/// What one `submit_sm` carries.
#[derive(Debug, Eq, PartialEq)]
pub struct Part {
    pub esm_class: u8,
    octets: Vec<u8>,
}

impl Coded {
    pub fn new(text: &str) -> Self {
        match Gsm7BitUnpacked::new().encode_to_vec(text) {
            // The message centre's default, which is this alphabet.
            Ok(octets) => Self { octets, data_coding: DataCoding::McSpecific },
            Err(_) => {
                let octets = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
                Self { octets, data_coding: DataCoding::Ucs2 }
            }
        }
    }

    /// The parts of the text; `reference` tells them from those of other texts to the same receiver.
    ///
    /// Shape: at least one. Errors: the text is too long.
    pub fn parts(&self, long_texts: LongTexts, reference: u8) -> Result<Vec<Part>, String> {
        let lengths = if self.is_gsm() { GSM_OCTETS } else { UTF16_OCTETS };
        if self.octets.len() <= lengths.alone {
            return Ok(vec![Part { esm_class: 0, octets: self.octets.clone() }]);
        }
        if long_texts == LongTexts::Payload {
            return match self.octets.len() {
                0..=PAYLOAD_OCTETS_MAX => Ok(vec![Part { esm_class: 0, octets: self.octets.clone() }]),
                octets => Err(format!("the text has {octets} octets, and a message at most {PAYLOAD_OCTETS_MAX}")),
            };
        }
        let pieces = self.pieces(lengths.each);
        let count = pieces.len();
        let Ok(total) = u8::try_from(count) else {
            return Err(format!("the text makes {count} parts, and a message has at most {PARTS_MAX}"));
        };
        let part = |(number, piece): (u8, &[u8])| {
            // Length of the header, kind and length of its one element: 8-bit reference, parts, this part.
            let mut octets = vec![5, 0, 3, reference, total, number];
            octets.extend_from_slice(piece);
            Part { esm_class: HAS_HEADER, octets }
        };
        Ok((1..=total).zip(pieces).map(part).collect())
    }

    /// Pieces of at most so many octets, none of which ends within a character.
    fn pieces(&self, octets_max: usize) -> Vec<&[u8]> {
        let mut pieces = Vec::new();
        let mut rest = self.octets.as_slice();
        while rest.len() > octets_max {
            let is_within = match self.is_gsm() {
                true => rest[octets_max - 1] == ESCAPE,
                // The first half of a pair.
                false => (0xD8..0xDC).contains(&rest[octets_max - 2]),
            };
            let end = match (is_within, self.is_gsm()) {
                (false, _) => octets_max,
                (true, true) => octets_max - 1,
                (true, false) => octets_max - 2,
            };
            let (piece, after) = rest.split_at(end);
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        pieces
    }

    fn is_gsm(&self) -> bool {
        self.data_coding == DataCoding::McSpecific
    }
}

impl Part {
    /// Puts the octets where they have room: in the message itself if they fit into one that a phone can get.
    pub fn fill(self, submit: &mut SubmitSm) {
        match OctetString::from_slice(&self.octets) {
            Ok(octets) if octets.len() <= GSM_OCTETS.alone => submit.set_short_message(octets),
            _ => {
                let payload = MessagePayload { value: AnyOctetString::from_vec(self.octets) };
                submit.push_tlv(Tlv::MessagePayload(payload));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<Part> {
        Coded::new(text).parts(LongTexts::Parts, 7).unwrap()
    }

    #[test]
    fn the_content_chooses_the_alphabet() {
        let gsm = Coded::new("@Hé{");
        assert_eq!(
            (gsm.octets.as_slice(), gsm.data_coding),
            ([0x00, b'H', 0x05, ESCAPE, 0x28].as_slice(), DataCoding::McSpecific)
        );
        let wide = Coded::new("ж😀");
        assert_eq!(wide.octets, [0x04, 0x36, 0xD8, 0x3D, 0xDE, 0x00]);
        assert_eq!(wide.data_coding, DataCoding::Ucs2);
    }

    #[test]
    fn a_short_text_is_one_message_without_a_header() {
        for (text, octets) in [("a".repeat(160), 160), ("ж".repeat(70), 140), ("{".repeat(80), 160), (String::new(), 0)]
        {
            let [part] = parts(&text).try_into().unwrap();
            assert_eq!((part.esm_class, part.octets.len()), (0, octets));
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        for (text, lengths) in [
            ("a".repeat(161), vec![153, 8]),
            ("a".repeat(307), vec![153, 153, 1]),
            ("ж".repeat(71), vec![134, 8]),
            // A character of two octets would stand across the cut.
            (format!("{}{{{}", "a".repeat(152), "a".repeat(20)), vec![152, 22]),
            (format!("{}😀{}", "ж".repeat(66), "ж".repeat(10)), vec![132, 24]),
        ] {
            let parts = parts(&text);
            let total = u8::try_from(lengths.len()).unwrap();
            for ((number, part), length) in (1..).zip(&parts).zip(&lengths) {
                assert_eq!(part.esm_class, HAS_HEADER);
                assert_eq!(part.octets[..6], [5, 0, 3, 7, total, number]);
                assert_eq!(part.octets.len() - 6, *length, "part {number}");
            }
            assert_eq!(parts.len(), lengths.len());
            let joined: Vec<u8> = parts.iter().flat_map(|part| &part.octets[6..]).copied().collect();
            assert_eq!(joined, Coded::new(&text).octets);
        }
    }

    #[test]
    fn a_text_has_its_limits() {
        assert_eq!(parts(&"a".repeat(153 * 255)).len(), 255);
        let problem = |text: &str, long_texts| Coded::new(text).parts(long_texts, 0).unwrap_err();
        assert!(problem(&"a".repeat(153 * 255 + 1), LongTexts::Parts).contains("256 parts"));
        assert!(problem(&"a".repeat(64_001), LongTexts::Payload).contains("64001 octets"));
    }

    #[test]
    fn a_long_text_may_go_whole() {
        let text = "a".repeat(161);
        let [part] = Coded::new(&text).parts(LongTexts::Payload, 0).unwrap().try_into().unwrap();
        let mut submit = SubmitSm::default();
        part.fill(&mut submit);
        assert!(submit.short_message().is_empty());
        assert_eq!(submit.tlvs().len(), 1);
        let [part] = Coded::new("Hi").parts(LongTexts::Payload, 0).unwrap().try_into().unwrap();
        let mut submit = SubmitSm::default();
        part.fill(&mut submit);
        assert_eq!((submit.short_message().as_ref(), submit.tlvs()), (b"Hi".as_slice(), [].as_slice()));
    }
}
