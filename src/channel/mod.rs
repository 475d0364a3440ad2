//! Channels: the adapters that hand messages to providers.
//!
//! An adapter does not retry, sleep, batch, pace, read the clock or touch the store: the campaign does. A new one is one
//! file and two lines here.

mod credentials;
mod exchange;
mod message;
mod oauth;
mod pinpoint_data;
mod raw;
mod reason;
mod registry;
mod report;
mod retry_after;
mod settings;
mod sms_parts;
mod stop;
#[cfg(test)]
mod suite;

mod adm;
mod apns;
mod aws;
mod baidu;
mod custom;
mod email;
mod end_user_messaging;
mod gcm;
mod pinpoint;
mod ses;
mod sink;
mod smpp;
mod twilio;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::clock::Clock;
use crate::domain::ChannelType;
use crate::hook;
use crate::http::Aws;

pub use credentials::Credentials;
pub use message::{
    Content, CustomContent, EmailContent, Message, Origin, PushAction, PushContent, PushExtra, PushPriority,
    SmsContent, VoiceContent,
};
pub use registry::{Channels, Route, Section, build_all, build_own, calls_at_once};
pub use report::{Report, ReportKind, Reports};
pub use stop::{StopWords, opt_out};

/// Every adapter there is.
pub const ALL: &[&dyn Factory] = &[
    &adm::ADM,
    &apns::APNS,
    &baidu::BAIDU,
    &custom::CUSTOM,
    &email::EMAIL,
    &end_user_messaging::SMS,
    &end_user_messaging::VOICE,
    &gcm::GCM,
    &pinpoint::PINPOINT,
    &ses::SES,
    &sink::SINK,
    &smpp::SMPP,
    &twilio::TWILIO,
];

/// Facts about an adapter that the campaign enforces.
#[derive(Debug)]
pub struct Spec {
    /// What settings call it, and what its section is called unless they say otherwise.
    pub name: &'static str,
    /// Channel types it can serve.
    pub types: &'static [ChannelType],
    /// Messages in one call of [`Adapter::send`].
    pub batch_messages_max: usize,
    /// Calls of [`Adapter::send`] at once.
    pub in_flight_max: usize,
}

impl Spec {
    /// Whether it is the adapter that sends nothing.
    pub fn is_sink(&self) -> bool {
        self.name == sink::NAME
    }

    /// Whether it hands messages to functions and webhooks that campaigns name.
    pub fn is_custom(&self) -> bool {
        matches!(self.types, [ChannelType::Custom])
    }

    /// Panics if a batch is larger than the adapter takes: the campaign cuts batches by the spec.
    fn admit(&self, batch: &[Message]) {
        let max = self.batch_messages_max;
        assert!(batch.len() <= max, "channel `{}` got {} messages at once, and takes {max}", self.name, batch.len());
    }
}

/// Makes an adapter from its settings: one static value a file, listed in [`ALL`].
pub trait Factory: Sync {
    fn spec(&self) -> &'static Spec;

    /// Errors: settings that name the field, the value and the rule.
    fn build(&self, settings: toml::Table, deps: &Deps) -> Result<Arc<dyn Adapter>, Error>;

    /// Makes an adapter from the credentials that an application brings; `None` for credentials it has no use for.
    /// `settings` is the adapter's section, if there is one: it may say where the provider is.
    ///
    /// Errors: credentials that cannot work, without repeating them.
    fn build_own(
        &self,
        _credentials: &Credentials,
        _settings: Option<&toml::Table>,
        _deps: &Deps,
    ) -> Option<Result<Arc<dyn Adapter>, Error>> {
        None
    }
}

/// What adapters may use.
#[derive(Clone)]
pub struct Deps {
    /// For tokens and connections that expire, and for how long opening one may take; never for pausing or pacing.
    pub clock: Arc<dyn Clock>,
    /// For delivery to functions.
    pub invokers: Arc<hook::Invokers>,
    /// For delivery through services of AWS.
    pub aws: Arc<Aws>,
    /// Takes reports that come in over an adapter's own connection. `None` where nobody wants them.
    pub reports: Option<Reports>,
}

/// Hands messages to a provider.
pub trait Adapter: Send + Sync {
    /// The channel types this adapter is set up to serve; a subset of its spec's. Whoever serves CUSTOM gets all
    /// [`CustomContent`], whatever the endpoint's type.
    fn types(&self) -> &[ChannelType];

    /// Calls of [`send`](Self::send) at once that its settings ask for; its spec's maximum holds whatever this says.
    fn in_flight(&self) -> usize {
        usize::MAX
    }

    /// Whether the provider can be reached and takes our credentials. Called at start; never sends.
    fn check(&self) -> BoxFuture<'_, Result<(), Error>>;

    /// Keeps the connection open over which the provider reports by itself, and never ends. `None` for adapters that hear
    /// nothing by themselves.
    fn listen(&self) -> Option<BoxFuture<'_, ()>> {
        None
    }

    /// Shape: one outcome a message, in the same order. At most `batch_messages_max` messages; panics on more.
    fn send<'a>(&'a self, batch: &'a [Message]) -> BoxFuture<'a, Vec<Outcome>>;
}

/// What became of one attempt at one message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The provider took it.
    Successful {
        message_id: Option<String>,
        /// Where the receiver is to be reached from now on, if the provider says so.
        new_address: Option<String>,
    },
    /// The provider asked to slow down; nothing was sent.
    Throttled { reason: String, retry_after: Option<Duration> },
    /// The provider failed or could not be reached; nothing was sent.
    TemporaryFailure { reason: String, retry_after: Option<Duration> },
    /// The address will never work again.
    DeadAddress { reason: String },
    /// The receiver told the provider to get no more messages; nothing was sent.
    OptedOut { reason: String },
    /// The provider refused this message for good.
    PermanentFailure { reason: String },
    /// Our settings or credentials are wrong; every message would fail.
    Misconfigured { reason: String },
    /// It may have been sent: the connection broke or time ran out after the request went out.
    Unknown { reason: String },
}

impl Outcome {
    /// The provider took it, and has nothing to say about the address.
    pub fn successful(message_id: Option<String>) -> Self {
        Self::Successful { message_id, new_address: None }
    }

    /// Whether another attempt may help, without the risk of sending twice.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::TemporaryFailure { .. })
    }

    /// How long the provider asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } | Self::TemporaryFailure { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Why, for people; `None` for success.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Successful { .. } => None,
            Self::Throttled { reason, .. }
            | Self::TemporaryFailure { reason, .. }
            | Self::DeadAddress { reason }
            | Self::OptedOut { reason }
            | Self::PermanentFailure { reason }
            | Self::Misconfigured { reason }
            | Self::Unknown { reason } => Some(reason),
        }
    }
}

/// Why a channel could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting is missing or wrong.
    #[error("channel `{channel}`: {problem}")]
    Settings { channel: &'static str, problem: String },
    /// The provider does not take us or cannot be reached.
    #[error("channel `{channel}` is not usable: {problem}")]
    Check { channel: &'static str, problem: String },
    /// A section of the settings names no adapter, by its own name or by `adapter`.
    #[error(
        "`channel.{section}` is for no channel adapter: `{name}` is none of {known}; a section of a name of its own needs `adapter`"
    )]
    UnknownAdapter { section: String, name: String, known: String },
    /// A section breaks a rule that is not its adapter's.
    #[error("`channel.{section}`: {problem}")]
    Section { section: String, problem: String },
}
