//! What a message centre's refusal means.

use rusmpp::CommandStatus;

use crate::channel::Outcome;

/// What became of a message that was refused with this status. `names_sender`: it brought its own sender, so that a refusal
/// of it says nothing of our settings.
///
/// Source: SMPP 3.4, section 5.1.3.
pub fn of_submit(status: CommandStatus, names_sender: bool) -> Outcome {
    use CommandStatus as Status;
    let reason = format!("the message centre refused the message: {}", name(status));
    match status {
        Status::EsmeRthrottled | Status::EsmeRmsgqful => Outcome::Throttled { reason, retry_after: None },
        // It failed, or says itself that it is for now; or it forgot that we are bound, and the next bind will tell.
        Status::EsmeRsyserr | Status::EsmeRxTAppn | Status::EsmeRsertypunavail | Status::EsmeRinvbndsts => {
            Outcome::TemporaryFailure { reason, retry_after: None }
        }
        Status::EsmeRinvsrcadr | Status::EsmeRinvsrcton | Status::EsmeRinvsrcnpi if names_sender => {
            Outcome::PermanentFailure { reason }
        }
        // The sender is not one of ours, or the service not for us.
        Status::EsmeRinvsrcadr
        | Status::EsmeRinvsrcton
        | Status::EsmeRinvsrcnpi
        | Status::EsmeRinvsertyp
        | Status::EsmeRsertypunauth
        | Status::EsmeRsertypdenied
        | Status::EsmeRprohibited
        | Status::EsmeRinvsysid
        | Status::EsmeRinvpaswd => Outcome::Misconfigured { reason },
        // EsmeRinvdstadr, too: message centres say it of numbers that nobody has, and of all numbers that the account has
        // no route to or that our type of number does not fit. The latter would give up every address.
        _ => Outcome::PermanentFailure { reason },
    }
}

/// What becomes of messages when the bind was refused with this status. None was sent.
pub fn of_bind(status: CommandStatus) -> Outcome {
    use CommandStatus as Status;
    let reason = format!("the message centre refused to bind us: {}", name(status));
    match status {
        // As many sessions as we may have are there still: they end by themselves when their connections are gone.
        Status::EsmeRalybnd
        | Status::EsmeRsyserr
        | Status::EsmeRthrottled
        | Status::EsmeRmsgqful
        | Status::EsmeRxTAppn => Outcome::TemporaryFailure { reason, retry_after: None },
        // EsmeRinvpaswd, EsmeRinvsysid, EsmeRinvsystyp, EsmeRbindfail, and what makes no sense here.
        _ => Outcome::Misconfigured { reason },
    }
}

/// As the standard spells it, and its number, which operators of message centres look it up by.
fn name(status: CommandStatus) -> String {
    let number = u32::from(status);
    match status {
        CommandStatus::Other(_) => format!("status {number:#010x}"),
        known => {
            let spelled = format!("{known:?}").to_ascii_uppercase();
            format!("ESME_{} ({number:#010x})", spelled.trim_start_matches("ESME"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(outcome: &Outcome) -> &'static str {
        match outcome {
            Outcome::Throttled { .. } => "throttled",
            Outcome::TemporaryFailure { .. } => "temporary",
            Outcome::PermanentFailure { .. } => "permanent",
            Outcome::Misconfigured { .. } => "misconfigured",
            _ => "something else",
        }
    }

    #[test]
    fn each_status_has_its_outcome() {
        for (status, submit, bind) in [
            (0x01, "permanent", "misconfigured"),
            (0x04, "temporary", "misconfigured"),
            (0x05, "permanent", "temporary"),
            (0x08, "temporary", "temporary"),
            (0x0A, "misconfigured", "misconfigured"),
            (0x0B, "permanent", "misconfigured"),
            (0x0D, "permanent", "misconfigured"),
            (0x0E, "misconfigured", "misconfigured"),
            (0x0F, "misconfigured", "misconfigured"),
            (0x14, "throttled", "temporary"),
            (0x15, "misconfigured", "misconfigured"),
            (0x45, "permanent", "misconfigured"),
            (0x48, "misconfigured", "misconfigured"),
            (0x49, "misconfigured", "misconfigured"),
            (0x50, "permanent", "misconfigured"),
            (0x53, "permanent", "misconfigured"),
            (0x58, "throttled", "temporary"),
            (0x64, "temporary", "temporary"),
            (0x65, "permanent", "misconfigured"),
            (0x101, "misconfigured", "misconfigured"),
            (0x102, "temporary", "misconfigured"),
            (0x401, "permanent", "misconfigured"),
        ] {
            let status = CommandStatus::from(status);
            assert_eq!((kind(&of_submit(status, false)), kind(&of_bind(status))), (submit, bind), "{status:?}");
        }
    }

    #[test]
    fn the_reason_names_the_status() {
        let reason = of_submit(CommandStatus::EsmeRinvdstadr, false);
        assert_eq!(reason.reason(), Some("the message centre refused the message: ESME_RINVDSTADR (0x0000000b)"));
        let reason = of_bind(CommandStatus::Other(0x401));
        assert_eq!(reason.reason(), Some("the message centre refused to bind us: status 0x00000401"));
    }
}
