//! How services of AWS are reached: one configuration and one client of the SDK for all of them.

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_lambda::config::SharedHttpClient;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use tokio::sync::OnceCell;

use crate::config;

/// The way to AWS. Credentials are looked for when they are first needed, not before.
pub struct Aws {
    source: Source,
    config: OnceCell<SdkConfig>,
}

enum Source {
    /// The settings, and for what they leave open the SDK's own chain of environment, profile and machine.
    Settings {
        region: Option<String>,
    },
    Sdk(Box<SdkConfig>),
}

impl Aws {
    pub fn by_settings(settings: &config::Aws) -> Self {
        let region = (!settings.region.is_empty()).then(|| settings.region.clone());
        Self { source: Source::Settings { region }, config: OnceCell::new() }
    }

    /// With this configuration of the SDK instead of the settings' and environment's.
    pub fn by_sdk_config(sdk: &SdkConfig) -> Self {
        Self { source: Source::Sdk(Box::new(sdk.clone())), config: OnceCell::new() }
    }

    /// What the clients of services are made from: no retries, since attempts and their time are the caller's, and our TLS.
    pub async fn config(&self) -> &SdkConfig {
        self.config
            .get_or_init(|| async {
                let builder = match &self.source {
                    Source::Settings { region } => {
                        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client());
                        if let Some(region) = region {
                            loader = loader.region(Region::new(region.clone()));
                        }
                        loader.load().await.into_builder()
                    }
                    Source::Sdk(sdk) => sdk.to_builder().http_client(http_client()),
                };
                builder
                    .behavior_version(BehaviorVersion::latest())
                    .retry_config(RetryConfig::disabled())
                    .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
                    .build()
            })
            .await
    }
}

fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// Whether a request may have arrived, of which the SDK says that it could not be dispatched.
///
/// Without an error of the exchange, nothing was sent: there was no connection, or there were no credentials.
pub fn may_have_arrived(error: &(dyn std::error::Error + 'static)) -> bool {
    let connects = find::<hyper_util::client::legacy::Error>(error).is_some_and(|error| error.is_connect());
    find::<hyper::Error>(error).is_some() && !connects
}

fn find<'a, E: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a E> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}
