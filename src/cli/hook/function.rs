//! The function that a command names, with the one rule for all that call one: what is on this machine may be called, the
//! rest only with `--allow-remote`.

use std::sync::Arc;

use anyhow::bail;
use url::{Host, Url};

use crate::app;
use crate::config::Config;
use crate::hook::{Invoker, Target};

/// Opens a local function by its name, a function on AWS Lambda by name or ARN, or a URL.
///
/// A URL on this machine may be plain http, whatever the settings say of those of campaigns.
///
/// Errors: a name that cannot be one; a function elsewhere, without `allow_remote`; a URL that the settings forbid.
pub async fn open(config: &Config, name: &str, allow_remote: bool) -> anyhow::Result<Arc<dyn Invoker>> {
    let target = Target::of_delivery_uri(name)?;
    let is_near = match &target {
        Target::Url(url) => is_loopback(url),
        _ => config.functions.contains_key(name) || is_loopback(&config.aws.lambda_endpoint_url),
    };
    if !is_near && !allow_remote {
        let label = target.label();
        match target {
            Target::Url(_) => bail!("`{label}` is not on this machine; `--allow-remote` calls it all the same"),
            _ => bail!(
                "`{label}` is none of the `[functions]` in the settings, and on AWS Lambda it is called with \
                 `--allow-remote` alone, unless `aws.lambda_endpoint_url` leads to this machine"
            ),
        }
    }
    let mut config = config.clone();
    if is_near && matches!(target, Target::Url(_)) {
        config.hook.allow_http = true;
        config.hook.allow_private_addresses = true;
    }
    Ok(app::invokers(&config)?.invoker(&target)?)
}

/// Whether a URL leads to this machine. What its host resolves to is not looked up: only `localhost` is known to stay here.
fn is_loopback(url: &str) -> bool {
    match Url::parse(url).as_ref().ok().and_then(Url::host) {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    async fn opens(set: &[&str], name: &str, allow_remote: bool) -> Result<(), String> {
        app::install_tls();
        let flags = set.iter().map(|&flag| flag.to_owned()).collect();
        let config = Config::load(Sources { flags, ..Sources::default() }).unwrap();
        open(&config, name, allow_remote).await.map(|_| ()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn what_is_elsewhere_needs_the_flag() {
        let near = ["http://127.0.0.1:9/f", "http://localhost:9/", "https://[::1]/", "http://127.8.8.8"];
        for url in near {
            opens(&[], url, false).await.unwrap();
        }
        let far = ["https://example.com/f?key=1", "https://localhost.example.com/", "https://10.0.0.1/", "filter"];
        for name in far {
            let error = opens(&[], name, false).await.unwrap_err();
            assert!(error.contains("--allow-remote") && !error.contains("key"), "{name}: {error}");
        }
        opens(&[], "https://example.com/f", true).await.unwrap();
        opens(&[], "filter", true).await.unwrap();
        opens(&["aws.lambda_endpoint_url=http://127.0.0.1:9"], "filter", false).await.unwrap();
    }

    #[tokio::test]
    async fn the_settings_of_campaigns_hold_for_what_is_elsewhere() {
        assert!(opens(&[], "http://example.com/", true).await.unwrap_err().contains("plain http"));
        assert!(opens(&[], "https://10.0.0.1/", true).await.unwrap_err().contains("private address"));
        opens(&["hook.allow_private_addresses=true"], "https://10.0.0.1/", true).await.unwrap();
        assert!(opens(&[], "two words", true).await.is_err());
    }
}
