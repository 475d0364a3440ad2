//! What a mail server's refusal means for the message.

use crate::channel::Outcome;

/// Enhanced status codes that say that there is no such mailbox, or no longer.
///
/// The plain codes 550, 551 and 553 do not say it: servers use them for policy and for relaying as well, and then every
/// address would be given up. Source: RFC 3463, section 3.2; RFC 7505 for 5.1.10.
const DEAD: &[&str] = &["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"];

/// Words by which servers say that a temporary refusal is about how much we send.
const RATE_WORDS: &[&str] = &["exceeded", "limit", "limited", "quickly", "quota", "rate", "throttled", "throttling"];

/// Phrases to the same effect.
const RATE_PHRASES: &[&str] = &["too many", "too fast", "slow down"];

/// How far a message came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    Connect,
    StartTls,
    LogIn,
    Sender,
    Recipient,
    /// The DATA command: nothing of the content has gone out.
    Data,
    /// Some or all of the content may have gone out.
    Content,
}

/// What became of a message that was refused with a code of 400 and above.
pub fn outcome(stage: Stage, code: u16, text: &str, reason: String) -> Outcome {
    match (stage, code) {
        // Log-in is needed, has failed, needs encryption, or is too weak. Source: RFC 4954, section 6.
        (_, 530 | 534 | 535 | 538) => Outcome::Misconfigured { reason },
        (_, 400..=499) if is_about_rate(text) => Outcome::Throttled { reason, retry_after: None },
        (_, 400..=499) => Outcome::TemporaryFailure { reason, retry_after: None },
        (Stage::Recipient, _) if is_dead(text) => Outcome::DeadAddress { reason },
        (Stage::Recipient | Stage::Data | Stage::Content, _) => Outcome::PermanentFailure { reason },
        // No connection, no TLS, no log-in, or the sender is not allowed to send: no message would come further.
        (Stage::Connect | Stage::StartTls | Stage::LogIn | Stage::Sender, _) => Outcome::Misconfigured { reason },
    }
}

fn is_dead(text: &str) -> bool {
    text.split_whitespace().next().is_some_and(|first| DEAD.contains(&first))
}

fn is_about_rate(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| RATE_WORDS.contains(&word)) || RATE_PHRASES.iter().any(|phrase| text.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_its_outcome() {
        use Stage::*;
        let cases = [
            (Recipient, 550, "5.1.1 no such user", "dead"),
            (Recipient, 551, "5.1.6 moved away", "dead"),
            (Recipient, 553, "5.1.3 bad address syntax", "dead"),
            (Recipient, 556, "5.1.10 the domain takes no mail", "dead"),
            (Recipient, 550, "5.1.11 is no code we know", "permanent"),
            (Recipient, 550, "Unrouteable address", "permanent"),
            (Recipient, 550, "5.7.1 relaying denied", "permanent"),
            (Recipient, 554, "5.7.1 blocked, see 5.1.1", "permanent"),
            (Recipient, 552, "5.2.2 mailbox full", "permanent"),
            (Content, 554, "5.6.0 looks like spam", "permanent"),
            (Content, 550, "5.1.1 no such user, said late", "permanent"),
            (Data, 554, "no valid recipients", "permanent"),
            (Sender, 550, "5.7.1 sender not allowed", "misconfigured"),
            (Sender, 530, "5.7.0 must issue STARTTLS first", "misconfigured"),
            (Recipient, 530, "authentication required", "misconfigured"),
            (LogIn, 535, "5.7.8 wrong password", "misconfigured"),
            (LogIn, 454, "4.7.0 temporary authentication failure", "temporary"),
            (Connect, 554, "no service for you", "misconfigured"),
            (Connect, 421, "4.3.2 shutting down", "temporary"),
            (Connect, 421, "too many connections from your host", "throttled"),
            (Recipient, 450, "4.2.0 greylisted, come back later", "temporary"),
            (Recipient, 450, "4.2.1 the user is receiving mail too quickly", "throttled"),
            (Recipient, 452, "4.5.3 too many recipients", "throttled"),
            (Recipient, 451, "4.3.0 cannot separate or moderate", "temporary"),
            (Content, 451, "4.3.0 queue file write error", "temporary"),
            (Content, 454, "Throttling failure: Maximum sending rate exceeded.", "throttled"),
        ];
        for (stage, code, text, expected) in cases {
            let kind = match outcome(stage, code, text, String::new()) {
                Outcome::DeadAddress { .. } => "dead",
                Outcome::PermanentFailure { .. } => "permanent",
                Outcome::Misconfigured { .. } => "misconfigured",
                Outcome::TemporaryFailure { .. } => "temporary",
                Outcome::Throttled { .. } => "throttled",
                Outcome::Successful { .. } | Outcome::OptedOut { .. } | Outcome::Unknown { .. } => "something else",
            };
            assert_eq!(kind, expected, "{stage:?} {code} {text}");
        }
    }
}
