//! Identifiers as newtypes, so that one kind is never taken for another.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// The application that owns endpoints, segments and campaigns: 32 lower-case hex characters when made by us.
    ApplicationId
);
id!(
    /// A campaign: 32 lower-case hex characters when made by us.
    CampaignId
);
id!(
    /// A segment: 32 lower-case hex characters when made by us.
    SegmentId
);
id!(
    /// One run of one treatment of a campaign: 32 lower-case hex characters.
    ActivityId
);
id!(
    /// A treatment of a campaign: `"0"` is the default one, `"1"` to `"4"` the additional ones.
    TreatmentId
);
