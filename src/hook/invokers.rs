//! Which function or URL a campaign names, and the one caller each of them has.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use hyper::Uri;
use parking_lot::Mutex;
use secrecy::ExposeSecret;

use super::caller::{self, Caller};
use super::http::Webhook;
use super::lambda::{Function, Lambda};
use super::local::{Functions, LocalOrAws};
use super::record::Recorder;
use super::{Error, Invoker, Source};
use crate::clock::Clock;
use crate::config;
use crate::domain::{ApplicationId, CampaignId};
use crate::http::{Access, Aws, Signer};
use crate::wire::generated::{CampaignHook, Mode};

/// What is called.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Target {
    /// A function on AWS Lambda: name, ARN or partial ARN, with or without a version or alias.
    Function(String),
    /// A URL that takes a POST.
    Url(String),
}

impl Target {
    /// What a campaign's or application's hook names; `None` when it names nothing.
    ///
    /// A function wins over a URL. A missing mode means FILTER.
    ///
    /// Errors: [`Error::Refused`] for another mode and for a name that cannot be one.
    /// Source: model shape `CampaignHook`.
    pub fn of_hook(hook: &CampaignHook) -> Result<Option<Self>, Error> {
        let target = match (given(&hook.lambda_function_name), given(&hook.web_url)) {
            (Some(name), _) => Self::function(name)?,
            (None, Some(url)) => Self::url(url)?,
            (None, None) => return Ok(None),
        };
        match &hook.mode {
            None | Some(Mode::Filter) => Ok(Some(target)),
            Some(mode) => Err(Error::Refused(format!(
                "`Mode` is `{}`, and only `FILTER` is supported; deliver through a custom channel instead",
                mode.as_str()
            ))),
        }
    }

    /// What a custom channel delivers to: an URL, else a function.
    ///
    /// Errors: [`Error::Refused`] for text that is neither.
    /// Source: model shape `CustomDeliveryConfiguration`.
    pub fn of_delivery_uri(uri: &str) -> Result<Self, Error> {
        if uri.contains("://") { Self::url(uri) } else { Self::function(uri) }
    }

    /// A short name without credentials, for metrics.
    pub fn label(&self) -> &str {
        match self {
            Self::Function(name) => name,
            // The query may hold keys.
            Self::Url(url) => url.split(['?', '#']).next().unwrap_or(url),
        }
    }

    /// Whether it is where campaigns are: a function's ARN may name no other region.
    ///
    /// Errors: [`Error::Refused`].
    /// Source: Pinpoint developer guide, "Customizing segments with AWS Lambda".
    fn check_region(&self, home: &str) -> Result<(), Error> {
        let Self::Function(name) = self else { return Ok(()) };
        match name.split(':').collect::<Vec<_>>()[..] {
            ["arn", _, "lambda", region, ..] if region != home => Err(Error::Refused(format!(
                "`{name}` is in region `{region}`, and must be in the region of campaigns, `aws.region`, which is `{home}`"
            ))),
            _ => Ok(()),
        }
    }

    fn function(name: &str) -> Result<Self, Error> {
        let is_name = name.len() <= 170 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_:$.".contains(c));
        if !is_name || name.is_empty() {
            return Err(Error::Refused(format!("`{name}` is not the name or ARN of a Lambda function")));
        }
        Ok(Self::Function(name.to_owned()))
    }

    fn url(url: &str) -> Result<Self, Error> {
        let parsed: Uri = url.parse().map_err(|_| Error::Refused(format!("`{url}` is not a URL")))?;
        if !matches!(parsed.scheme_str(), Some("http" | "https")) {
            return Err(Error::Refused(format!("`{url}` is not an https URL")));
        }
        if parsed.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            // Not printed: it has a password in it.
            return Err(Error::Refused("a URL must not hold a user and password".into()));
        }
        Ok(Self::Url(url.to_owned()))
    }
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// Makes invokers, and keeps one [`Caller`] a target, so that its limits hold over all campaigns.
pub struct Invokers {
    settings: config::Hook,
    /// The region and account of campaigns.
    home: config::Aws,
    access: Access,
    signer: Option<Arc<Signer>>,
    lambda: Arc<Lambda>,
    /// Local functions, which go before those on AWS.
    functions: Option<Arc<Functions>>,
    clock: Arc<dyn Clock>,
    /// Records the attempts of callers, if they are to be recorded.
    recorder: OnceLock<Arc<Recorder>>,
    callers: Mutex<HashMap<Target, Arc<Caller>>>,
}

impl Invokers {
    /// Invokers by the settings. Functions on AWS are called through `aws`.
    ///
    /// Errors: [`Error::Refused`] for settings out of their limits.
    pub fn new(
        settings: &config::Hook,
        home: &config::Aws,
        aws: Arc<Aws>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let lambda = Lambda::new(aws, &home.lambda_endpoint_url);
        caller::check(settings)?;
        let secret = settings.signing_secret.expose_secret();
        let signer = match secret {
            "" => None,
            secret => {
                let signer = Signer::new(secret)
                    .ok_or_else(|| Error::Refused("setting `hook.signing_secret` is not a `whsec_` secret".into()))?;
                Some(Arc::new(signer))
            }
        };
        let access = Access { http: settings.allow_http, private_addresses: settings.allow_private_addresses };
        Ok(Self {
            settings: settings.clone(),
            home: home.clone(),
            access,
            signer,
            lambda: Arc::new(lambda),
            functions: None,
            clock,
            recorder: OnceLock::new(),
            callers: Mutex::default(),
        })
    }

    /// From now on, the attempts of new callers are recorded. The first recorder stays.
    pub fn record(&self, recorder: Recorder) {
        self.recorder.get_or_init(|| Arc::new(recorder));
    }

    /// Makes sure that a campaign may deliver to this; calls nobody. Whether a URL may be called is the channel's to say.
    ///
    /// Errors: [`Error::Refused`] for text that is neither URL nor function, and for a function in another region.
    pub fn check_delivery_uri(&self, uri: &str) -> Result<(), Error> {
        Target::of_delivery_uri(uri)?.check_region(&self.home.region)
    }

    /// These invokers, with functions of this machine: a name that one of them has leads to it, and not to AWS.
    pub fn with_functions(self, functions: Arc<Functions>) -> Self {
        Self { functions: Some(functions), ..self }
    }

    /// A campaign as functions' policies see it.
    pub fn source(&self, application_id: &ApplicationId, campaign_id: &CampaignId) -> Source {
        Source::campaign(&self.home, application_id, campaign_id)
    }

    /// The caller of a target: the same one each time.
    ///
    /// Errors: [`Error::Refused`] for a function in another region and a URL that may not be called.
    pub fn caller(&self, target: &Target) -> Result<Arc<Caller>, Error> {
        let mut callers = self.callers.lock();
        if let Some(caller) = callers.get(target) {
            return Ok(Arc::clone(caller));
        }
        let mut invoker = self.invoker(target)?;
        if let Some(recorder) = self.recorder.get() {
            invoker = recorder.around(target.label(), invoker);
        }
        let caller = Arc::new(Caller::new(target.label(), invoker, &self.settings, Arc::clone(&self.clock)));
        callers.insert(target.clone(), Arc::clone(&caller));
        Ok(caller)
    }

    /// A new invoker of a target: single attempts, for who has limits and retries of their own.
    ///
    /// Errors: as for [`Self::caller`].
    pub fn invoker(&self, target: &Target) -> Result<Arc<dyn Invoker>, Error> {
        target.check_region(&self.home.region)?;
        Ok(match target {
            Target::Function(name) => {
                let aws = Function::new(name, Arc::clone(&self.lambda));
                match &self.functions {
                    Some(functions) => Arc::new(LocalOrAws::new(name, Arc::clone(functions), aws)),
                    None => Arc::new(aws),
                }
            }
            Target::Url(url) => {
                Arc::new(Webhook::new(url, self.access, self.signer.clone(), Arc::clone(&self.clock))?.repeating())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(name: &str, url: &str, mode: &str) -> CampaignHook {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        CampaignHook { lambda_function_name: given(name), web_url: given(url), mode: given(mode).map(Mode::from) }
    }

    fn function(name: &str) -> Target {
        Target::Function(name.into())
    }

    fn url(url: &str) -> Target {
        Target::Url(url.into())
    }

    #[test]
    fn hooks_name_a_function_or_a_url() {
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:filter:live";
        let taken = [
            (hook("filter", "", "FILTER"), Some(function("filter"))),
            (hook("filter:live", "", "FILTER"), Some(function("filter:live"))),
            (hook(arn, "", ""), Some(function(arn))),
            (hook("filter", "https://example.com/", "FILTER"), Some(function("filter"))),
            (hook("", "https://example.com/f?x=1", "FILTER"), Some(url("https://example.com/f?x=1"))),
            (hook("", "", "FILTER"), None),
            (hook("", "", "DELIVERY"), None),
            (CampaignHook { lambda_function_name: Some(String::new()), ..CampaignHook::default() }, None),
        ];
        for (hook, expected) in taken {
            assert_eq!(Target::of_hook(&hook).unwrap(), expected, "{hook:?}");
        }
        let refused = [
            hook("filter", "", "DELIVERY"),
            hook("filter", "", "filter"),
            hook("two words", "", "FILTER"),
            hook("", "example.com", "FILTER"),
            hook("", "ftp://example.com/", "FILTER"),
            hook("", "https://me:secret@example.com/", "FILTER"),
        ];
        for hook in refused {
            let error = Target::of_hook(&hook).unwrap_err();
            assert!(matches!(error, Error::Refused(_)), "{hook:?}");
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn delivery_uris_are_urls_or_functions() {
        assert_eq!(Target::of_delivery_uri("https://example.com/x").unwrap(), url("https://example.com/x"));
        assert_eq!(Target::of_delivery_uri("deliver").unwrap(), function("deliver"));
        for uri in ["", "ftp://example.com", "two words"] {
            assert!(Target::of_delivery_uri(uri).is_err(), "{uri}");
        }
    }

    #[test]
    fn functions_are_where_campaigns_are() {
        let region = |name: &str| Target::of_delivery_uri(name).unwrap().check_region("us-east-1");
        for name in [
            "filter",
            "123456789012:function:filter",
            "arn:aws:lambda:us-east-1:123456789012:function:filter:live",
            "https://eu-west-1.example.com/arn:aws:lambda:eu-west-1",
        ] {
            region(name).unwrap();
        }
        let error = region("arn:aws:lambda:eu-west-1:123456789012:function:filter").unwrap_err().to_string();
        assert!(error.contains("`eu-west-1`") && error.contains("`us-east-1`"), "{error}");
    }

    #[test]
    fn labels_hold_no_query() {
        assert_eq!(url("https://example.com/x?key=1").label(), "https://example.com/x");
        assert_eq!(function("filter:live").label(), "filter:live");
    }
}
