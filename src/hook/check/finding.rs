//! What a check can find: a table of codes, each with its rule and what a campaign does.

use serde::Serialize;

use crate::hook;

/// How bad it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// People get no message who should.
    Error,
    /// Hardly meant.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing that was found, at one place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    pub code: Code,
    /// Name of the case.
    pub case: &'static str,
    /// The endpoint's id, where it is about one.
    pub endpoint: Option<String>,
    /// JSON path, or line and column, in the answer.
    pub place: Option<String>,
    /// What was there; the same text for the same mistake at another endpoint.
    pub found: String,
}

macro_rules! codes {
    ($($variant:ident, $name:literal, $severity:ident, $rule:literal, $effect:literal;)*) => {
        /// What was found. Its name is stable.
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        pub enum Code { $($variant),* }

        impl Code {
            /// All of them, those of failed calls first.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),* }
            }

            /// What the contract says.
            pub fn rule(self) -> &'static str {
                match self { $(Self::$variant => $rule),* }
            }

            /// What happens in a campaign.
            pub fn effect(self) -> &'static str {
                match self { $(Self::$variant => $effect),* }
            }
        }
    };
}

codes! {
    Unreachable, "unreachable", Error,
        "the function can be reached", "the call is tried again, and then the batch fails: HOOK_ERROR, or what `policy.hook_failure` says";
    Transport, "transport", Error,
        "the connection holds until the answer is there", "the call is tried again, and then the batch fails";
    Throttled, "throttled", Error,
        "the function takes single calls, and 8 at once", "calls are made again later, and fewer at once";
    FunctionError, "function-error", Error,
        "the function answers every event of the contract", "the call is tried again, and then the batch fails";
    Timeout, "timeout", Error,
        "the answer comes within the time for one attempt, at most 15 s", "the call is tried again, and then the batch fails: HOOK_TIMEOUT";
    Refused, "refused", Error,
        "the function can be called", "the batch fails at once, without another attempt";
    NotAllowed, "not-allowed", Error,
        "the function's resource policy allows campaigns to call it", "the batch fails at once, without another attempt";

    TooLarge, "too-large", Error,
        "an answer has at most 6 MB", "the batch fails at once: HOOK_UNDECODABLE";
    Empty, "empty", Error,
        "the answer is a map from endpoint ids to endpoints", "the batch fails at once: HOOK_UNDECODABLE";
    Null, "null", Error,
        "the answer is a map from endpoint ids to endpoints", "the batch fails at once: HOOK_UNDECODABLE";
    ListInsteadOfMap, "list-instead-of-map", Error,
        "the answer is a map from endpoint ids to endpoints", "the batch fails at once: HOOK_UNDECODABLE";
    TextInsteadOfMap, "text-instead-of-map", Error,
        "the answer is a map from endpoint ids to endpoints, and not that map as a text", "the batch fails at once: HOOK_UNDECODABLE";
    NotAMap, "not-a-map", Error,
        "the answer is a map from endpoint ids to endpoints", "the batch fails at once: HOOK_UNDECODABLE";
    NotJson, "not-json", Error,
        "the answer is JSON in UTF-8", "the batch fails at once: HOOK_UNDECODABLE";
    NotAnObject, "not-an-object", Error,
        "each endpoint in the answer is an object; who gets no message is left out", "the batch fails at once: HOOK_UNDECODABLE";
    WrongType, "wrong-type", Error,
        "members of endpoints have the types of endpoint definitions", "the batch fails at once: HOOK_UNDECODABLE";
    UnknownValue, "unknown-value", Error,
        "members with a list of values have one of them, in capital letters", "the batch fails at once: HOOK_UNDECODABLE";
    Undecodable, "undecodable", Error,
        "the answer can be read as a map of endpoints", "the batch fails at once: HOOK_UNDECODABLE";

    Wrapped, "wrapped", Error,
        "the answer is the bare map of endpoints, without the event or an HTTP response around it", "nobody of the batch gets a message";
    RemovedAll, "removed-all", Warning,
        "who is to get a message comes back", "nobody of the batch gets a message: HOOK_REMOVED";
    UnknownIds, "unknown-ids", Warning,
        "ids are those of the event, exactly", "they are ignored; who is not in the answer under the right id gets no message";
    DuplicateId, "duplicate-id", Warning,
        "each id comes once", "the last one counts";
    ChannelTypeChanged, "channel-type-changed", Warning,
        "`ChannelType` stays as it was", "the message of the new type is sent if the campaign has one; else there is none: CHANNEL_DISABLED";
    AddressRemoved, "address-removed", Warning,
        "`ChannelType` and `Address` stay", "the endpoint gets no message: NO_ADDRESS";
    AddressChanged, "address-changed", Warning,
        "`Address` stays as it was", "this message goes to the new address; the stored endpoint does not change";
    OverrideIgnored, "override-ignored", Warning,
        "`TitleOverride` and `BodyOverride` are for ADM, APNS and its variants, BAIDU, GCM and SMS", "the override is ignored: the endpoint gets the campaign's text";
    TitleOverrideForSms, "title-override-for-sms", Warning,
        "text messages have no title", "`TitleOverride` is ignored";
    EmptyOverride, "empty-override", Warning,
        "an override is the text that is sent", "the title or body is empty; leave the member out to keep the campaign's";
    NumberNotList, "number-not-list", Warning,
        "attributes are lists of texts", "it becomes a list of one text, as in `712` → `[\"712\"]`; Pinpoint is not documented to take it";
    TextNotList, "text-not-list", Warning,
        "attributes are lists of texts", "it becomes a list of one text, as in `\"gold\"` → `[\"gold\"]`; Pinpoint is not documented to take it";
    UnknownMember, "unknown-member", Warning,
        "endpoints have the members of endpoint definitions, and `TitleOverride` and `BodyOverride`", "it is ignored";
    Slow, "slow", Warning,
        "the answer comes within 5 s", "the campaign goes on, slowly, and with less than 10 s left before a timeout";
    NumberInList, "number-in-list", Note,
        "attributes are lists of texts", "it becomes text, as in `[712]` → `[\"712\"]`";
    NullInList, "null-in-list", Note,
        "attributes are lists of texts", "it is left out";
    AttributesLost, "attributes-lost", Note,
        "a member that comes back replaces the one that was sent, whole", "this message has no values for them; the stored endpoint keeps them";
    OptedOut, "opted-out", Note,
        "`OptOut` of `ALL` and `EndpointStatus` of `INACTIVE` mean no message", "the endpoint gets no message: HOOK_REMOVED; the stored endpoint does not change";
    Removed, "removed", Note,
        "who is left out gets no message", "the endpoint gets no message: HOOK_REMOVED";
    AnswersDiffer, "answers-differ", Note,
        "calls are made again after a failure, so that the same event may come twice", "which answer counts depends on which attempt succeeds";
}

impl Code {
    /// Whether it makes the whole answer undecodable.
    pub fn is_undecodable(self) -> bool {
        (Self::TooLarge..=Self::Undecodable).contains(&self)
    }

    /// What a call that ended without an answer is called.
    pub fn of_error(error: &hook::Error) -> Self {
        match error {
            hook::Error::Timeout(_) => Self::Timeout,
            hook::Error::Unreachable(_) => Self::Unreachable,
            hook::Error::Transport(_) => Self::Transport,
            hook::Error::Throttled { .. } => Self::Throttled,
            hook::Error::Function(_) => Self::FunctionError,
            hook::Error::NotAllowed(_) => Self::NotAllowed,
            // An invoker says so of nothing but the size, which it finds out before the end.
            hook::Error::Undecodable(_) => Self::TooLarge,
            // What else there is comes from callers, which a check does without.
            _ => Self::Refused,
        }
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
