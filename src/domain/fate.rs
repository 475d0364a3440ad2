//! What became of each endpoint of an audience, and how fates add up.

/// The one end of an endpoint in an activity.
///
/// The discriminants are stored in the ledger: never change or reuse one.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Fate {
    /// The provider took the message.
    Sent = 1,
    /// The hook left the endpoint out, switched it off or opted it out.
    HookRemoved = 2,
    /// The hook did not answer in time, on every attempt.
    HookTimeout = 3,
    /// The hook answered something other than a map of endpoints.
    HookUndecodable = 4,
    /// The hook failed on every attempt, or in a way that no further attempt can help.
    HookError = 5,
    /// The batch was put aside because its hook failed and the policy says `hold`.
    Held = 6,
    /// It was quiet time where the endpoint is.
    QuietTime = 7,
    /// The campaign uses local time and the endpoint has no valid time zone.
    NoTimezone = 8,
    /// The endpoint already got its messages of the last 24 hours.
    DailyCap = 9,
    /// The endpoint already got all messages of this campaign.
    TotalCap = 10,
    /// The endpoint's cohort is held out.
    Holdout = 11,
    /// The endpoint opted out.
    OptOut = 12,
    /// The endpoint is inactive or no longer exists.
    Inactive = 13,
    /// The endpoint has no address or no channel type.
    NoAddress = 14,
    /// The campaign has no message for the endpoint's channel.
    NoMessage = 15,
    /// Another endpoint of the run has the same channel and address.
    DuplicateAddress = 16,
    /// The application has no enabled channel for the endpoint.
    ChannelDisabled = 17,
    /// The message could not be rendered for this endpoint.
    RenderFailed = 18,
    /// The provider asked to slow down, on every attempt.
    Throttled = 19,
    /// The provider failed on every attempt.
    TemporaryFailure = 20,
    /// The provider refused the message for good.
    PermanentFailure = 21,
    /// The sending window ended before the endpoint's turn.
    Expired = 22,
    /// Sent or not: it cannot be known.
    Unknown = 23,
    /// The activity was aborted before the endpoint's turn.
    Aborted = 24,
}

impl Fate {
    /// Every fate, in the order of their discriminants.
    pub const ALL: [Self; 24] = [
        Self::Sent,
        Self::HookRemoved,
        Self::HookTimeout,
        Self::HookUndecodable,
        Self::HookError,
        Self::Held,
        Self::QuietTime,
        Self::NoTimezone,
        Self::DailyCap,
        Self::TotalCap,
        Self::Holdout,
        Self::OptOut,
        Self::Inactive,
        Self::NoAddress,
        Self::NoMessage,
        Self::DuplicateAddress,
        Self::ChannelDisabled,
        Self::RenderFailed,
        Self::Throttled,
        Self::TemporaryFailure,
        Self::PermanentFailure,
        Self::Expired,
        Self::Unknown,
        Self::Aborted,
    ];

    /// The name shown to users and used in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "SENT",
            Self::HookRemoved => "HOOK_REMOVED",
            Self::HookTimeout => "HOOK_TIMEOUT",
            Self::HookUndecodable => "HOOK_UNDECODABLE",
            Self::HookError => "HOOK_ERROR",
            Self::Held => "HELD",
            Self::QuietTime => "QUIET_TIME",
            Self::NoTimezone => "NO_TIMEZONE",
            Self::DailyCap => "DAILY_CAP",
            Self::TotalCap => "TOTAL_CAP",
            Self::Holdout => "HOLDOUT",
            Self::OptOut => "OPT_OUT",
            Self::Inactive => "INACTIVE",
            Self::NoAddress => "NO_ADDRESS",
            Self::NoMessage => "NO_MESSAGE",
            Self::DuplicateAddress => "DUPLICATE_ADDRESS",
            Self::ChannelDisabled => "CHANNEL_DISABLED",
            Self::RenderFailed => "RENDER_FAILED",
            Self::Throttled => "THROTTLED",
            Self::TemporaryFailure => "TEMPORARY_FAILURE",
            Self::PermanentFailure => "PERMANENT_FAILURE",
            Self::Expired => "EXPIRED",
            Self::Unknown => "UNKNOWN",
            Self::Aborted => "ABORTED",
        }
    }

    /// The fate stored as this byte.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        if byte == 0 || byte as usize > Self::ALL.len() { None } else { Some(Self::ALL[byte as usize - 1]) }
    }

    /// The byte the ledger stores.
    pub const fn as_byte(self) -> u8 {
        self as u8
    }

    /// Pinpoint's `ExecutionMetrics` key for this fate, where it has one.
    ///
    /// Source: Pinpoint developer guide, "Standard metrics"; see the table in `ARCHITECTURE.md`.
    pub const fn execution_metric(self) -> Option<&'static str> {
        match self {
            Self::Inactive => Some("ENDPOINT_INACTIVE"),
            Self::OptOut => Some("ENDPOINT_OPT_OUT"),
            Self::NoAddress => Some("ENDPOINT_MISSING_ADDRESS"),
            Self::NoMessage => Some("ENDPOINT_CHANNEL_MISMATCH"),
            Self::NoTimezone => Some("ENDPOINT_MISSING_TIMEZONE"),
            Self::Holdout => Some("TREATMENT_HOLDOUT"),
            Self::DuplicateAddress => Some("DUPLICATE_ENDPOINT"),
            _ => None,
        }
    }

    /// Pinpoint's `campaign_send_status` for this fate; `None` where Pinpoint writes no send event.
    pub const fn send_status(self) -> Option<&'static str> {
        match self {
            Self::Sent => Some("SUCCESS"),
            Self::HookTimeout | Self::HookUndecodable | Self::HookError | Self::Held => Some("HOOK_FAILURE"),
            Self::QuietTime => Some("QUIET_TIME"),
            Self::DailyCap => Some("DAILY_CAP"),
            Self::TotalCap => Some("CAMPAIGN_CAP"),
            Self::Holdout => Some("HOLDOUT"),
            Self::DuplicateAddress => Some("DUPLICATE_ADDRESS"),
            Self::ChannelDisabled => Some("UNSUPPORTED_CHANNEL"),
            Self::RenderFailed | Self::PermanentFailure => Some("FAILURE_PERMANENT"),
            Self::Throttled => Some("THROTTLED"),
            Self::TemporaryFailure => Some("TRANSIENT_FAILURE"),
            Self::Expired | Self::Aborted => Some("EXPIRED"),
            Self::Unknown => Some("UNKNOWN"),
            Self::HookRemoved
            | Self::NoTimezone
            | Self::OptOut
            | Self::Inactive
            | Self::NoAddress
            | Self::NoMessage => None,
        }
    }

    /// Whether something went wrong, as opposed to somebody's wish or a limit.
    pub const fn is_failure(self) -> bool {
        matches!(
            self,
            Self::HookTimeout
                | Self::HookUndecodable
                | Self::HookError
                | Self::Held
                | Self::RenderFailed
                | Self::Throttled
                | Self::TemporaryFailure
                | Self::PermanentFailure
                | Self::Unknown
        )
    }

    /// Whether a message was on its way to the provider, whatever came of it.
    pub const fn is_attempted(self) -> bool {
        matches!(
            self,
            Self::Sent | Self::Throttled | Self::TemporaryFailure | Self::PermanentFailure | Self::Unknown
        )
    }

    /// Whether a message with this end counts towards a daily cap: everything that may have reached the endpoint.
    pub const fn counts_daily(self) -> bool {
        matches!(self, Self::Sent | Self::Unknown)
    }

    /// Whether a message with this end counts towards a total cap, which counts targeting and not delivery.
    ///
    /// Source: API reference, `CampaignLimits.Total`: a message suppressed by quiet time counts.
    pub const fn counts_total(self) -> bool {
        matches!(self, Self::Sent | Self::Unknown | Self::QuietTime)
    }
}

impl std::fmt::Display for Fate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many endpoints met each fate.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tally([u64; Fate::ALL.len()]);

impl Tally {
    /// Counts `endpoints` more of this fate.
    pub fn add(&mut self, fate: Fate, endpoints: u64) {
        self.0[fate as usize - 1] += endpoints;
    }

    /// Adds another tally to this one.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }

    /// Endpoints that met this fate.
    pub fn get(&self, fate: Fate) -> u64 {
        self.0[fate as usize - 1]
    }

    /// Endpoints of all fates.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The fates that occurred, with their counts, in the order of [`Fate::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Fate, u64)> + '_ {
        Fate::ALL.into_iter().zip(self.0).filter(|(_, endpoints)| *endpoints > 0)
    }
}

impl FromIterator<Fate> for Tally {
    fn from_iter<I: IntoIterator<Item = Fate>>(fates: I) -> Self {
        let mut tally = Self::default();
        for fate in fates {
            tally.add(fate, 1);
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_fates_agree() {
        for fate in Fate::ALL {
            assert_eq!(Fate::from_byte(fate.as_byte()), Some(fate));
        }
        assert_eq!(Fate::from_byte(0), None);
        assert_eq!(Fate::from_byte(25), None);
        assert_eq!(Fate::from_byte(255), None);
    }

    #[test]
    fn a_tally_adds_up() {
        let mut tally: Tally = [Fate::Sent, Fate::Sent, Fate::OptOut].into_iter().collect();
        let mut other = Tally::default();
        other.add(Fate::Sent, 7);
        tally.merge(&other);
        assert_eq!(tally.get(Fate::Sent), 9);
        assert_eq!(tally.total(), 10);
        assert_eq!(tally.iter().collect::<Vec<_>>(), [(Fate::Sent, 9), (Fate::OptOut, 1)]);
    }
}
