//! What channels of each type need.

use crate::api::Error;
use crate::campaign::way::{Carrier, ChannelDocument};
use crate::channel::Credentials;
use crate::domain::ChannelType;

/// Members of the request that are sealed, and never shown: secrets, and what is of use only with them.
pub fn credentials_of(channel_type: ChannelType) -> &'static [&'static str] {
    match channel_type {
        ChannelType::Adm => &["ClientId", "ClientSecret"],
        ChannelType::Baidu => &["ApiKey", "SecretKey"],
        ChannelType::Gcm => &["ApiKey", "ServiceJson"],
        channel_type if is_apns(channel_type) => {
            &["BundleId", "Certificate", "PrivateKey", "TeamId", "TokenKey", "TokenKeyId"]
        }
        _ => &[],
    }
}

pub fn is_apns(channel_type: ChannelType) -> bool {
    use ChannelType::{Apns, ApnsSandbox, ApnsVoip, ApnsVoipSandbox};
    matches!(channel_type, Apns | ApnsSandbox | ApnsVoip | ApnsVoipSandbox)
}

/// Checks what a request brings.
///
/// Errors: 400 that names the member.
pub fn check(
    channel_type: ChannelType,
    document: &ChannelDocument,
    credentials: &Credentials,
    carrier: Option<Carrier>,
) -> Result<(), Error> {
    let has = |name: &str| credentials.get(name).is_some();
    let text = |name: &str| document.settings.get(name).and_then(serde_json::Value::as_str);
    let method = text("DefaultAuthenticationMethod");
    match channel_type {
        ChannelType::Adm => all_of(&["ClientId", "ClientSecret"], has),
        ChannelType::Baidu => all_of(&["ApiKey", "SecretKey"], has),
        ChannelType::Gcm => {
            one_of("DefaultAuthenticationMethod", method, &["KEY", "TOKEN"])?;
            let uses_key = method.is_some_and(|method| method.eq_ignore_ascii_case("KEY"));
            // The sink needs none.
            if carrier != Some(Carrier::Sink) && (uses_key || has("ApiKey") && !has("ServiceJson")) {
                let problem = "ApiKey: Google has switched off the interface that takes server keys; give the key file of a \
                               service account as ServiceJson, with DefaultAuthenticationMethod TOKEN";
                return Err(Error::bad_request(problem));
            }
            Ok(())
        }
        ChannelType::Email => {
            for name in ["FromAddress", "Identity"] {
                if text(name).is_none_or(|text| text.trim().is_empty()) {
                    return Err(Error::bad_request(format!("{name}: it is empty")));
                }
            }
            let sender = text("FromAddress").unwrap_or_default();
            if !sender.contains('@') || sender.chars().any(char::is_control) {
                return Err(Error::bad_request("FromAddress: it is not a mail address"));
            }
            Ok(())
        }
        channel_type if is_apns(channel_type) => {
            one_of("DefaultAuthenticationMethod", method, &["CERTIFICATE", "KEY", "TOKEN"])?;
            if has("Certificate") || has("PrivateKey") {
                all_of(&["Certificate", "PrivateKey"], has)?;
            }
            if has("TokenKey") || has("TokenKeyId") || has("TeamId") {
                all_of(&["BundleId", "TeamId", "TokenKey", "TokenKeyId"], has)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Makes sure that messages of a channel that is on can leave.
///
/// Errors: 400 that says what to do.
pub fn check_served(
    channel_type: ChannelType,
    document: &ChannelDocument,
    carrier: Option<Carrier>,
) -> Result<(), Error> {
    if is_apns(channel_type) && carrier != Some(Carrier::Sink) {
        check_method(document)?;
    }
    if !document.enabled || carrier.is_some() || brings_its_own(channel_type, document) {
        return Ok(());
    }
    let what = match channel_type {
        channel_type if is_apns(channel_type) => {
            "give TokenKey, TokenKeyId, TeamId and BundleId, or Certificate and PrivateKey, or set `[channel.apns]` for all \
             applications"
        }
        ChannelType::Adm => "give ClientId and ClientSecret, or set `[channel.adm]` for all applications",
        ChannelType::Baidu => "give ApiKey and SecretKey, or set `[channel.baidu]` for all applications",
        ChannelType::Gcm => "give ServiceJson, or set `[channel.gcm]` for all applications",
        ChannelType::Email => "set `[channel.email]` or `[channel.ses]`",
        ChannelType::Sms => "set `[channel.sms]`",
        ChannelType::Voice => "set `[channel.voice]`",
        _ => "this release sends no such messages",
    };
    let name = channel_type.as_str();
    Err(Error::bad_request(format!(
        "there is no adapter for the {name} channel in the settings of this server: {what}; to take messages without sending \
         them, set `[channel.sink] types = [\"{name}\"]`"
    )))
}

/// Whether the channel has credentials that make an adapter. Those that are kept were found to work when they came.
fn brings_its_own(channel_type: ChannelType, document: &ChannelDocument) -> bool {
    let has = |name: &str| document.credentials.iter().any(|found| found == name);
    match channel_type {
        ChannelType::Adm | ChannelType::Baidu | ChannelType::Gcm => document.sealed.is_some(),
        channel_type if is_apns(channel_type) => has("TokenKey") || has("Certificate"),
        _ => false,
    }
}

/// Makes sure that credentials that are kept are of the kind that is to be used from now on.
fn check_method(document: &ChannelDocument) -> Result<(), Error> {
    let has = |name: &str| document.credentials.iter().any(|found| found == name);
    let Some(method) = document.authentication_method() else { return Ok(()) };
    let needed = if method.eq_ignore_ascii_case("CERTIFICATE") { "Certificate" } else { "TokenKey" };
    if document.credentials.is_empty() || has(needed) {
        return Ok(());
    }
    Err(Error::bad_request(format!("DefaultAuthenticationMethod: it is {method}, and the channel has no {needed}")))
}

/// All or an error that names the first that is missing.
fn all_of(names: &[&str], has: impl Fn(&str) -> bool) -> Result<(), Error> {
    match names.iter().find(|name| !has(name)) {
        None => Ok(()),
        Some(missing) => Err(Error::bad_request(format!("{missing}: missing, {} go together", names.join(" and ")))),
    }
}

fn one_of(name: &str, value: Option<&str>, allowed: &[&str]) -> Result<(), Error> {
    match value {
        Some(value) if !allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(value)) => {
            Err(Error::bad_request(format!("{name}: `{value}` is not one of {}", allowed.join(", "))))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(channel_type: ChannelType, given: &[&str], settings: serde_json::Value, carrier: Carrier) -> String {
        let credentials = given.iter().map(|name| ((*name).to_owned(), "x".into())).collect();
        let settings = settings.as_object().unwrap().clone();
        let document = ChannelDocument { enabled: true, settings, ..ChannelDocument::default() };
        match check(channel_type, &document, &credentials, Some(carrier)) {
            Ok(()) => String::new(),
            Err(error) => error.message().to_owned(),
        }
    }

    #[test]
    fn each_type_needs_its_credentials() {
        use ChannelType::{Adm, Apns, Baidu};
        let problem = |channel_type, given: &[&str]| problem(channel_type, given, json!({}), Carrier::Sink);
        let text = |missing: &str, all: &str| format!("{missing}: missing, {all} go together");
        assert_eq!(problem(Adm, &["ClientId"]), text("ClientSecret", "ClientId and ClientSecret"));
        assert_eq!(problem(Baidu, &["SecretKey"]), text("ApiKey", "ApiKey and SecretKey"));
        assert_eq!(problem(Apns, &["Certificate"]), text("PrivateKey", "Certificate and PrivateKey"));
        let token = "BundleId and TeamId and TokenKey and TokenKeyId";
        assert_eq!(problem(Apns, &["TokenKey", "TeamId", "BundleId"]), text("TokenKeyId", token));
        for given in [&[][..], &["Certificate", "PrivateKey"], &["BundleId", "TeamId", "TokenKey", "TokenKeyId"]] {
            assert_eq!(problem(Apns, given), "");
        }
    }

    #[test]
    fn server_keys_are_refused_where_something_would_be_sent() {
        for (given, settings) in [
            (&["ApiKey"][..], json!({})),
            (&["ApiKey"], json!({"DefaultAuthenticationMethod": "KEY"})),
            (&["ServiceJson"], json!({"DefaultAuthenticationMethod": "key"})),
        ] {
            let refused = problem(ChannelType::Gcm, given, settings.clone(), Carrier::Settings);
            assert!(refused.starts_with("ApiKey: Google has switched off"), "{refused}");
            assert_eq!(problem(ChannelType::Gcm, given, settings, Carrier::Sink), "");
        }
        let wrong = json!({"DefaultAuthenticationMethod": "TOCKEN"});
        let wrong = problem(ChannelType::Gcm, &[], wrong, Carrier::Sink);
        assert_eq!(wrong, "DefaultAuthenticationMethod: `TOCKEN` is not one of KEY, TOKEN");
    }

    #[test]
    fn credentials_for_apns_serve_it_by_the_method_they_are_for() {
        let served = |credentials: &[&str], method: Option<&str>, carrier| {
            let settings = method.map(|method| ("DefaultAuthenticationMethod".to_owned(), json!(method)));
            let document = ChannelDocument {
                enabled: true,
                settings: settings.into_iter().collect(),
                credentials: credentials.iter().map(|name| (*name).to_owned()).collect(),
                ..ChannelDocument::default()
            };
            check_served(ChannelType::ApnsVoip, &document, carrier).map_err(|error| error.message().to_owned())
        };
        let token = ["BundleId", "TeamId", "TokenKey", "TokenKeyId"];
        let certificate = ["Certificate", "PrivateKey"];
        for method in [None, Some("KEY"), Some("token")] {
            assert_eq!(served(&token, method, None), Ok(()));
        }
        for method in [None, Some("Certificate")] {
            assert_eq!(served(&certificate, method, None), Ok(()));
        }
        assert!(
            served(&["BundleId"], None, None).unwrap_err().contains("give TokenKey, TokenKeyId, TeamId and BundleId")
        );
        let refused = |method, needed| {
            Err(format!("DefaultAuthenticationMethod: it is {method}, and the channel has no {needed}"))
        };
        assert_eq!(served(&token, Some("CERTIFICATE"), None), refused("CERTIFICATE", "Certificate"));
        assert_eq!(served(&certificate, Some("KEY"), None), refused("KEY", "TokenKey"));
        assert_eq!(served(&certificate, Some("KEY"), Some(Carrier::Settings)), refused("KEY", "TokenKey"));
        assert_eq!(served(&certificate, Some("KEY"), Some(Carrier::Sink)), Ok(()), "the sink needs none");
    }

    #[test]
    fn what_nothing_serves_is_refused_unless_it_is_off() {
        let document = |enabled| ChannelDocument { enabled, ..ChannelDocument::default() };
        for channel_type in [ChannelType::Apns, ChannelType::Gcm, ChannelType::Email, ChannelType::Voice] {
            let error = check_served(channel_type, &document(true), None).unwrap_err();
            assert!(
                error.message().contains(&format!("[channel.sink] types = [\"{channel_type}\"]")),
                "{channel_type}"
            );
            assert!(check_served(channel_type, &document(false), None).is_ok());
            assert!(check_served(channel_type, &document(true), Some(Carrier::Sink)).is_ok());
        }
    }

    #[test]
    fn kept_credentials_serve_the_channels_that_can_use_them() {
        let document = ChannelDocument { enabled: true, sealed: Some("x".into()), ..ChannelDocument::default() };
        for channel_type in [ChannelType::Adm, ChannelType::Baidu, ChannelType::Gcm] {
            assert!(check_served(channel_type, &document, None).is_ok(), "{channel_type}");
        }
        assert!(check_served(ChannelType::Email, &document, None).is_err());
    }
}
