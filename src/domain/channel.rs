//! Channel types and the rules that depend on nothing but the type.

/// The channel an endpoint is reached through.
///
/// Source: model shape `ChannelType`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum ChannelType {
    Adm,
    Apns,
    ApnsSandbox,
    ApnsVoip,
    ApnsVoipSandbox,
    Baidu,
    Custom,
    Email,
    Gcm,
    InApp,
    Push,
    Sms,
    Voice,
}

impl ChannelType {
    /// Every channel type, in the order of their names.
    pub const ALL: [Self; 13] = [
        Self::Adm,
        Self::Apns,
        Self::ApnsSandbox,
        Self::ApnsVoip,
        Self::ApnsVoipSandbox,
        Self::Baidu,
        Self::Custom,
        Self::Email,
        Self::Gcm,
        Self::InApp,
        Self::Push,
        Self::Sms,
        Self::Voice,
    ];

    /// The name the API uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Adm => "ADM",
            Self::Apns => "APNS",
            Self::ApnsSandbox => "APNS_SANDBOX",
            Self::ApnsVoip => "APNS_VOIP",
            Self::ApnsVoipSandbox => "APNS_VOIP_SANDBOX",
            Self::Baidu => "BAIDU",
            Self::Custom => "CUSTOM",
            Self::Email => "EMAIL",
            Self::Gcm => "GCM",
            Self::InApp => "IN_APP",
            Self::Push => "PUSH",
            Self::Sms => "SMS",
            Self::Voice => "VOICE",
        }
    }

    /// The type of that API name, exactly as spelled by [`as_str`](Self::as_str).
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == name)
    }

    /// Whether this is a mobile push type; a segment's `Channel: PUSH` means any of them.
    pub const fn is_push(self) -> bool {
        matches!(
            self,
            Self::Adm
                | Self::Apns
                | Self::ApnsSandbox
                | Self::ApnsVoip
                | Self::ApnsVoipSandbox
                | Self::Baidu
                | Self::Gcm
                | Self::Push
        )
    }

    /// Whether a hook's `TitleOverride` and `BodyOverride` apply to this type.
    ///
    /// Source: Pinpoint developer guide, "Customizing segments with AWS Lambda".
    pub const fn takes_overrides(self) -> bool {
        matches!(
            self,
            Self::Adm
                | Self::Apns
                | Self::ApnsSandbox
                | Self::ApnsVoip
                | Self::ApnsVoipSandbox
                | Self::Baidu
                | Self::Gcm
                | Self::Sms
        )
    }
}

impl std::fmt::Display for ChannelType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for channel in ChannelType::ALL {
            assert_eq!(ChannelType::parse(channel.as_str()), Some(channel));
        }
        assert_eq!(ChannelType::parse("gcm"), None);
    }

    #[test]
    fn overrides_apply_to_the_documented_types_only() {
        let taking: Vec<_> =
            ChannelType::ALL.into_iter().filter(|c| c.takes_overrides()).map(ChannelType::as_str).collect();
        let documented = ["ADM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "BAIDU", "GCM", "SMS"];
        assert_eq!(taking, documented);
    }
}
