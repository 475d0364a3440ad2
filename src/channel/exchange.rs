//! Requests over HTTP that got no answer.

use super::{Outcome, reason};
use crate::http;

/// What became of a message whose request got no answer.
pub(super) fn failed(error: &http::Error) -> Outcome {
    let reason = reason::tidy(&error.to_string());
    match error {
        http::Error::Connect(_) => Outcome::TemporaryFailure { reason, retry_after: None },
        http::Error::Forbidden(_) => Outcome::Misconfigured { reason },
        // The request was on its way.
        http::Error::Exchange(_) | http::Error::AnswerTooLarge { .. } => Outcome::Unknown { reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_connection_leaves_the_message_unknown_but_no_connection_does_not() {
        let unsent = failed(&http::Error::Connect("refused".into()));
        assert!(matches!(unsent, Outcome::TemporaryFailure { .. }), "{unsent:?}");
        let forbidden = failed(&http::Error::Forbidden("private".into()));
        assert!(matches!(forbidden, Outcome::Misconfigured { .. }), "{forbidden:?}");
        for error in [http::Error::Exchange("reset".into()), http::Error::AnswerTooLarge { bytes_max: 1 }] {
            let lost = failed(&error);
            assert!(matches!(lost, Outcome::Unknown { .. }), "{lost:?}");
        }
    }
}
