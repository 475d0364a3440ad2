//! Words that end it all when somebody answers with one of them.

use std::collections::{BTreeMap, HashSet};

use super::{Report, ReportKind};
use crate::domain::ChannelType;

/// Stop words, in lower case.
pub struct StopWords(HashSet<String>);

impl StopWords {
    pub fn new(words: &[String]) -> Self {
        Self(words.iter().map(|word| word.trim().to_lowercase()).collect())
    }

    /// Whether a text is one of them and nothing else; what stands around it that is no letter does not count.
    pub fn is_one(&self, text: &str) -> bool {
        self.0.contains(&text.trim_matches(|sign: char| !sign.is_alphanumeric()).to_lowercase())
    }
}

/// That the owner of a telephone number wants no more messages.
pub fn opt_out(number: &str, message_id: Option<&str>) -> Report {
    Report {
        channel_type: ChannelType::Sms,
        kind: ReportKind::OptOut,
        reference: None,
        address: Some(number.to_owned()),
        message_id: message_id.map(str::to_owned),
        at: None,
        details: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_word_stands_alone() {
        let words = StopWords::new(&["STOP".to_owned(), "Arrêt".to_owned()]);
        for text in ["STOP", "stop", " Stop.\n", "ARRÊT", "\"stop\"!"] {
            assert!(words.is_one(text), "{text}");
        }
        for text in ["", "please stop", "stop it", "nonstop", "s t o p", "!"] {
            assert!(!words.is_one(text), "{text}");
        }
    }
}
