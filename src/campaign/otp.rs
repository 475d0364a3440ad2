//! One-time passwords: codes sent by SMS, and verified once.
//!
//! The store has a salted hash of a code, when it ends and the attempts that are left. An attempt is counted before its
//! answer is known to anybody, by a write that fails when another attempt came first.
//!
//! Source: Pinpoint developer guide, "Sending and validating one-time passwords"; defaults and texts are our choice.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::direct::{Error, Receipt};
use super::engine::Engine;
use crate::clock;
use crate::domain::{ApplicationId, ChannelType};
use crate::store::{self, Definition, DefinitionWrite, Kind, Versioning};
use crate::wire::generated::{self as wire, DeliveryStatus};

/// Attempts at writing against others who write the same password.
const WRITE_ATTEMPTS_MAX: u32 = 8;
const SALT_BYTES: usize = 16;
/// Passwords looked at at once by the sweep.
const PAGE_PASSWORDS: usize = 500;
/// Between two sweeps.
const SWEEP_PAUSE: Duration = Duration::from_secs(600);
/// How long a password outlives its end: a sweep never meets one that is just being replaced.
const KEPT_AFTER_END: SignedDuration = SignedDuration::from_hours(1);

/// Between two messages to one recipient. Source: Pinpoint developer guide, "Quotas", one-time passwords.
const RECIPIENT_PAUSE: Duration = Duration::from_secs(1);

/// When recipients were sent a password, by the clock's elapsed time; of the last second alone.
#[derive(Default)]
pub(super) struct Recent(Mutex<HashMap<String, Duration>>);

impl Recent {
    /// Notes a message; `false` when the last one to this number was too short a while ago.
    fn note(&self, destination: &str, now: Duration) -> bool {
        let mut recent = self.0.lock();
        recent.retain(|_, sent| now < *sent + RECIPIENT_PAUSE);
        match recent.entry(same_number(destination).to_owned()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(now);
                true
            }
        }
    }
}

/// What the store keeps of a password. Never the code, nor whom it went to.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    salt: String,
    hash: String,
    ends_at: Timestamp,
    attempts_left: u32,
}

/// A checked request.
struct Order {
    destination: String,
    reference: String,
    brand: String,
    attempts_max: u32,
    code_digits: u32,
    validity: SignedDuration,
    text: &'static str,
}

impl Order {
    fn check(request: &wire::SendOTPMessageRequestParameters) -> Result<Self, Error> {
        if request.channel != ChannelType::Sms.as_str() {
            return Err(invalid("Channel", format!("`{}` is not `SMS`, the only one", request.channel)));
        }
        let chars = request.brand_name.chars().count();
        if !(1..=20).contains(&chars) {
            return Err(invalid("BrandName", format!("it has {chars} characters, not 1 to 20")));
        }
        let language = request.language.as_deref().unwrap_or("en-US");
        let Some((_, text)) = TEXTS.iter().find(|(name, _)| *name == language) else {
            let known = TEXTS.map(|(name, _)| name).join(", ");
            return Err(invalid("Language", format!("`{language}` is not one of {known}")));
        };
        if request.origination_identity.is_empty() {
            return Err(invalid("OriginationIdentity", "it is empty".to_owned()));
        }
        let minutes = within("ValidityPeriod", request.validity_period, 15, 5, 60)?;
        Ok(Self {
            destination: destination(&request.destination_identity)?,
            reference: reference(&request.reference_id)?,
            brand: request.brand_name.clone(),
            attempts_max: within("AllowedAttempts", request.allowed_attempts, 3, 1, 5)?,
            code_digits: within("CodeLength", request.code_length, 6, 5, 8)?,
            validity: SignedDuration::from_mins(minutes.into()),
            text,
        })
    }
}

/// What recipients read, by language.
const TEXTS: [(&str, &str); 13] = [
    ("de-DE", "Ihr Einmalpasswort lautet {{otp}}. Absender: {{brand}}"),
    ("en-GB", "This is your One Time Password: {{otp}} from {{brand}}"),
    ("en-US", "This is your One Time Password: {{otp}} from {{brand}}"),
    ("es-419", "Esta es tu contraseña de un solo uso: {{otp}} de {{brand}}"),
    ("es-ES", "Esta es tu contraseña de un solo uso: {{otp}} de {{brand}}"),
    ("fr-CA", "Voici votre mot de passe à usage unique : {{otp}} de {{brand}}"),
    ("fr-FR", "Voici votre mot de passe à usage unique : {{otp}} de {{brand}}"),
    ("it-IT", "Questa è la tua password monouso: {{otp}} da {{brand}}"),
    ("ja-JP", "{{brand}} のワンタイムパスワード: {{otp}}"),
    ("ko-KR", "{{brand}} 일회용 비밀번호: {{otp}}"),
    ("pt-BR", "Esta é sua senha de uso único: {{otp}} de {{brand}}"),
    ("zh-CN", "您的一次性密码是 {{otp}}，来自 {{brand}}"),
    ("zh-TW", "您的一次性密碼是 {{otp}}，來自 {{brand}}"),
];

impl Engine {
    /// Makes a password, replacing an earlier one of the same number and reference, and sends it by SMS. One that was
    /// certainly not sent is not kept.
    ///
    /// Shape: what became of the message. Errors: a request that breaks a rule, a further message within a second.
    pub async fn send_one_time_password(
        self: &Arc<Self>,
        application_id: &ApplicationId,
        request: &wire::SendOTPMessageRequestParameters,
    ) -> Result<Receipt, Error> {
        let order = Order::check(request)?;
        if !self.recent_passwords.note(&order.destination, self.clock.elapsed()) {
            return Err(Error::TooSoon);
        }
        let id = id(&order.destination, &order.reference);
        let random = SystemRandom::new();
        let code = code(&random, order.code_digits);
        let mut salt = [0; SALT_BYTES];
        random.fill(&mut salt).expect("the system has random numbers");
        let document = Document {
            salt: hex::encode(salt),
            hash: hex::encode(hmac::sign(&key(&salt), code.as_bytes())),
            ends_at: self.clock.now() + order.validity,
            attempts_left: order.attempts_max,
        };
        self.change_password(application_id, &id, |_| Some((document.write(), ()))).await?;

        let message = message(&order, request, code);
        let mut receipts = self.send_messages(application_id, &message).await?;
        let receipt = receipts.by_address.remove(&order.destination).expect("each address has a receipt");
        if !matches!(receipt.status, DeliveryStatus::Successful | DeliveryStatus::UnknownFailure) {
            self.store.delete_definition(Some(application_id), Kind::OneTimePassword, &id).await?;
        }
        Ok(receipt)
    }

    /// Whether this is the password. Yes only once, and only in time and while there are attempts left; why not is not told.
    ///
    /// Errors: a request that breaks a rule.
    pub async fn verify_one_time_password(
        &self,
        application_id: &ApplicationId,
        request: &wire::VerifyOTPMessageRequestParameters,
    ) -> Result<bool, Error> {
        let (destination, reference) = (destination(&request.destination_identity)?, reference(&request.reference_id)?);
        let id = id(&destination, &reference);
        let now = self.clock.now();
        let attempt = |stored: Option<&Definition>| {
            let mut document = Document::read(stored?)?;
            if document.attempts_left == 0 || now >= document.ends_at {
                return None;
            }
            let is_right = document.is(request.otp.expose());
            document.attempts_left = if is_right { 0 } else { document.attempts_left - 1 };
            Some((document.write(), is_right))
        };
        let is_right = self.change_password(application_id, &id, attempt).await?.unwrap_or(false);
        if is_right {
            // It is of no use any more, whether this succeeds or not.
            let deleted = self.store.delete_definition(Some(application_id), Kind::OneTimePassword, &id).await;
            if let Err(error) = deleted {
                tracing::debug!(error = %error, "a used one-time password stays until the next sweep");
            }
        }
        Ok(is_right)
    }

    /// Sweeps now and then, until it is to stop.
    pub async fn keep_swept(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.clock.sleep(SWEEP_PAUSE) => {}
            }
            if let Err(error) = self.sweep_one_time_passwords().await {
                tracing::warn!(error = %error, "one-time passwords that ended could not be removed");
            }
        }
    }

    /// Removes passwords that ended a while ago; returns how many.
    pub async fn sweep_one_time_passwords(&self) -> Result<u64, store::Error> {
        let mut removed = 0;
        for application in self.store.applications().await? {
            let mut position = None;
            loop {
                let (owner, kind) = (Some(&application.id), Kind::OneTimePassword);
                let page = self.store.definitions_before(owner, kind, position, PAGE_PASSWORDS).await?;
                let Some(last) = page.last() else { break };
                position = Some(last.position);
                let end = self.clock.now() - KEPT_AFTER_END;
                for stored in page.iter().filter(|stored| Document::read(stored).is_none_or(|it| it.ends_at < end)) {
                    removed += u64::from(self.store.delete_definition(owner, kind, &stored.id).await?);
                }
            }
        }
        Ok(removed)
    }

    /// Writes what `change` makes of the stored password, again when somebody else wrote meanwhile; `None` when it wants
    /// nothing written.
    async fn change_password<T>(
        &self,
        application_id: &ApplicationId,
        id: &str,
        change: impl Fn(Option<&Definition>) -> Option<(String, T)>,
    ) -> Result<Option<T>, store::Error> {
        let (owner, kind) = (Some(application_id), Kind::OneTimePassword);
        for attempt in 1.. {
            let stored = self.store.definition(owner, kind, id, None).await?;
            let Some((document, value)) = change(stored.as_ref()) else { return Ok(None) };
            let write = DefinitionWrite {
                kind,
                id: id.to_owned(),
                document,
                versioning: Versioning::Latest,
                after: stored.map(|stored| stored.revision),
                now: clock::wire_text(self.clock.now()),
            };
            match self.store.write_definition(owner, write).await {
                Err(store::Error::Conflict { .. }) if attempt < WRITE_ATTEMPTS_MAX => {}
                Err(error) => return Err(error),
                Ok(_) => return Ok(Some(value)),
            }
        }
        unreachable!("the last attempt returns")
    }
}

impl Document {
    /// `None` for what is no password, which verifies nothing.
    fn read(stored: &Definition) -> Option<Self> {
        serde_json::from_str(&stored.document).ok()
    }

    fn write(&self) -> String {
        serde_json::to_string(self).expect("text and numbers are JSON")
    }

    /// Takes the same time for every code.
    fn is(&self, code: &str) -> bool {
        let (Ok(salt), Ok(hash)) = (hex::decode(&self.salt), hex::decode(&self.hash)) else { return false };
        hmac::verify(&key(&salt), code.trim().as_bytes(), &hash).is_ok()
    }
}

fn key(salt: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, salt)
}

/// A number is the same with and without `+`.
fn same_number(destination: &str) -> &str {
    destination.trim_start_matches('+')
}

/// What the store calls a password: it says nothing about whose it is.
fn id(destination: &str, reference: &str) -> String {
    let destination = same_number(destination);
    hex::encode(digest(&SHA256, format!("{destination}\0{reference}").as_bytes()))
}

/// A code of so many digits, each as likely as any other.
fn code(random: &dyn SecureRandom, digits: u32) -> String {
    let codes = 10_u64.pow(digits);
    loop {
        let mut bytes = [0; 8];
        random.fill(&mut bytes).expect("the system has random numbers");
        let number = u64::from_ne_bytes(bytes);
        // The last part of the range is not a whole one.
        if number < u64::MAX - u64::MAX % codes {
            return format!("{:0width$}", number % codes, width = digits as usize);
        }
    }
}

/// A phone number without what people write between its digits.
fn destination(text: &str) -> Result<String, Error> {
    let number: String = text.chars().filter(|c| !" -.()".contains(*c)).collect();
    let digits = number.strip_prefix('+').unwrap_or(&number);
    if (5..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(number);
    }
    Err(invalid("DestinationIdentity", "it is not a phone number such as +12065550100".to_owned()))
}

fn reference(text: &str) -> Result<String, Error> {
    match text.chars().count() {
        1..=48 => Ok(text.to_owned()),
        chars => Err(invalid("ReferenceId", format!("it has {chars} characters, not 1 to 48"))),
    }
}

fn within(field: &'static str, given: Option<i32>, default: u32, min: u32, max: u32) -> Result<u32, Error> {
    let Some(given) = given else { return Ok(default) };
    let number = u32::try_from(given).ok().filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| invalid(field, format!("{given} is not between {min} and {max}")))
}

fn invalid(field: &'static str, problem: String) -> Error {
    Error::Invalid { field, problem }
}

fn message(order: &Order, request: &wire::SendOTPMessageRequestParameters, code: String) -> wire::MessageRequest {
    let origin = &request.origination_identity;
    let is_number = origin.trim_start_matches('+').bytes().all(|byte| byte.is_ascii_digit());
    let sms = wire::SMSMessage {
        body: Some(order.text.to_owned()),
        message_type: Some(wire::MessageType::Transactional),
        origination_number: is_number.then(|| origin.clone()),
        sender_id: (!is_number).then(|| origin.clone()),
        entity_id: request.entity_id.clone(),
        template_id: request.template_id.clone(),
        substitutions: Some(BTreeMap::from([
            ("otp".to_owned(), vec![code]),
            ("brand".to_owned(), vec![order.brand.clone()]),
        ])),
        ..wire::SMSMessage::default()
    };
    let address = wire::AddressConfiguration {
        channel_type: Some(wire::ChannelType::Sms),
        ..wire::AddressConfiguration::default()
    };
    wire::MessageRequest {
        addresses: Some(BTreeMap::from([(order.destination.clone(), address)])),
        context: None,
        endpoints: None,
        message_configuration: wire::DirectMessageConfiguration {
            sms_message: Some(sms),
            ..wire::DirectMessageConfiguration::default()
        },
        template_configuration: None,
        trace_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_digits() {
        let random = SystemRandom::new();
        for digits in 5..=8 {
            for _ in 0..100 {
                let code = code(&random, digits);
                assert!(code.len() == digits as usize && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
            }
        }
        assert_ne!(code(&random, 8), code(&random, 8));
    }

    #[test]
    fn a_stored_password_knows_its_code_and_does_not_hold_it() {
        let salt = [7; SALT_BYTES];
        let hash = hex::encode(hmac::sign(&key(&salt), b"012345"));
        let ends_at = Timestamp::UNIX_EPOCH;
        let document = Document { salt: hex::encode(salt), hash, ends_at, attempts_left: 3 };
        assert!(document.is("012345") && document.is(" 012345 "));
        assert!(!document.is("12345") && !document.is(""));
        assert!(!document.write().contains("012345"));
    }

    #[test]
    fn numbers_are_the_same_however_they_are_written() {
        for text in ["+12065550100", "+1 (206) 555-0100", "+1.206.555.0100"] {
            assert_eq!(destination(text).unwrap(), "+12065550100");
        }
        for text in ["", "+", "1234", "+1206555010012345", "ann@example.com", "+1206555٠100"] {
            assert!(destination(text).is_err(), "{text}");
        }
        assert_ne!(id("+1", "23"), id("+12", "3"));
        assert_eq!(id("+12065550100", "r"), id("12065550100", "r"));
    }

    #[test]
    fn a_recipient_gets_one_message_a_second() {
        let (recent, at) = (Recent::default(), Duration::from_millis);
        assert!(recent.note("+12065550100", at(0)) && recent.note("+12065550101", at(500)));
        assert!(!recent.note("12065550100", at(999)), "with and without `+`");
        assert!(recent.note("+12065550100", at(1000)), "one that was refused does not count");
        assert!(!recent.note("+12065550101", at(1499)) && recent.note("+12065550101", at(1500)));
        assert!(recent.note("+12065550102", at(9000)));
        assert_eq!(recent.0.lock().len(), 1, "others are forgotten");
    }

    #[test]
    fn requests_have_their_limits() {
        let request = |change: &[(&str, serde_json::Value)]| {
            let mut request = serde_json::json!({"BrandName": "ACME", "Channel": "SMS", "ReferenceId": "r",
                "DestinationIdentity": "+12065550100", "OriginationIdentity": "ACME"});
            for (name, value) in change {
                request[*name] = value.clone();
            }
            Order::check(&serde_json::from_value(request).unwrap())
        };
        let order = request(&[]).unwrap();
        assert_eq!((order.attempts_max, order.code_digits, order.validity.as_mins()), (3, 6, 15));
        for (name, value) in [
            ("BrandName", "".into()),
            ("BrandName", "x".repeat(21).into()),
            ("Channel", "VOICE".into()),
            ("ReferenceId", "".into()),
            ("ReferenceId", "x".repeat(49).into()),
            ("OriginationIdentity", "".into()),
            ("AllowedAttempts", 0.into()),
            ("AllowedAttempts", 6.into()),
            ("CodeLength", 4.into()),
            ("CodeLength", 9.into()),
            ("ValidityPeriod", 4.into()),
            ("ValidityPeriod", 61.into()),
            ("Language", "la".into()),
        ] {
            let error = request(&[(name, value)]).err().unwrap().to_string();
            assert!(error.starts_with(&format!("{name}: ")), "{error}");
        }
    }
}
