//! References of messages: whose message it was, signed.
//!
//! A reference is the base64url text of `version (1 byte) | parts | code (16)`. A part is a text as its length and its
//! bytes; ids in hex, as ours are, take half as many. The code is HMAC-SHA256 over all before it, shortened to 16 bytes: who
//! does not know the key cannot make one, and nobody can change one. It hides nothing. An endpoint stands for its address;
//! where there is none, the reference names the address itself, so that it is good for that one alone.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::{digest, hmac};

use crate::channel::{Message, Origin};
use crate::domain::{ActivityId, ApplicationId, CampaignId, ChannelType, TreatmentId};

const VERSION: u8 = 1;
/// Bytes of the code. RFC 2104, section 5, asks for half of the hash at least.
const CODE_BYTES: usize = 16;
/// Bytes of an address' mark.
const MARK_BYTES: usize = 16;
/// In the length of a part: its bytes are those that a text in hex stands for.
const IS_HEX: u16 = 1 << 15;
/// Longer ones are no reference of ours: five parts of at most [`ID_BYTES_MAX`](crate::domain::limit::ID_BYTES_MAX).
const REFERENCE_CHARS_MAX: usize = 8 * 1024;

/// Whose message it was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reference {
    pub channel_type: ChannelType,
    pub application_id: ApplicationId,
    pub receiver: Receiver,
    /// `None` for a direct message.
    pub run: Option<Run>,
}

/// Who a message went to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Receiver {
    /// An endpoint, by its id.
    Endpoint(String),
    /// An address that a direct message named.
    Address(Mark),
}

/// What tells an address from others, and does not show it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mark(String);

impl Mark {
    /// The same for all ways to write an address.
    pub fn of(channel_type: ChannelType, address: &str) -> Self {
        let hash = digest::digest(&digest::SHA256, normalized(channel_type, address).as_bytes());
        Self(hex::encode(&hash.as_ref()[..MARK_BYTES]))
    }
}

/// An address as it is compared: providers write addresses in their own ways.
pub fn normalized(channel_type: ChannelType, address: &str) -> String {
    match channel_type {
        ChannelType::Email => address.trim().to_lowercase(),
        ChannelType::Sms | ChannelType::Voice => address.chars().filter(char::is_ascii_digit).collect(),
        _ => address.to_owned(),
    }
}

/// What of a campaign sent it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Run {
    pub campaign_id: CampaignId,
    pub activity_id: ActivityId,
    pub treatment_id: TreatmentId,
}

impl Run {
    /// `None` for a direct message.
    pub fn of(origin: &Origin) -> Option<Self> {
        Some(Self {
            campaign_id: origin.campaign_id.clone(),
            activity_id: origin.activity_id.clone()?,
            treatment_id: origin.treatment_id.clone()?,
        })
    }
}

impl Reference {
    /// That of a message.
    pub fn of(message: &Message) -> Self {
        let receiver = match message.endpoint_id.as_str() {
            "" => Receiver::Address(Mark::of(message.channel_type, &message.address)),
            id => Receiver::Endpoint(id.to_owned()),
        };
        Self {
            channel_type: message.channel_type,
            application_id: message.origin.application_id.clone(),
            receiver,
            run: Run::of(&message.origin),
        }
    }
}

/// Signs references.
pub struct Key(hmac::Key);

impl Key {
    /// Bytes of a secret.
    pub const BYTES: usize = 32;

    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// Shape: letters, digits, `-` and `_`; 159 of them for ids of our own making and an endpoint named by a UUID.
    pub fn write(&self, reference: &Reference) -> String {
        let mut bytes = vec![VERSION];
        append(&mut bytes, reference.channel_type.as_str());
        append(&mut bytes, reference.application_id.as_str());
        match &reference.receiver {
            Receiver::Endpoint(id) => append(&mut bytes, id),
            Receiver::Address(Mark(mark)) => ["", mark].iter().for_each(|part| append(&mut bytes, part)),
        }
        if let Some(run) = &reference.run {
            append(&mut bytes, run.campaign_id.as_str());
            append(&mut bytes, run.activity_id.as_str());
            append(&mut bytes, run.treatment_id.as_str());
        }
        let code = hmac::sign(&self.0, &bytes);
        bytes.extend_from_slice(&code.as_ref()[..CODE_BYTES]);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// `None` for what this key did not sign.
    pub fn read(&self, text: &str) -> Option<Reference> {
        if text.len() > REFERENCE_CHARS_MAX {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, code) = bytes.split_at_checked(bytes.len().checked_sub(CODE_BYTES)?)?;
        let expected = hmac::sign(&self.0, signed);
        if !is_same(&expected.as_ref()[..CODE_BYTES], code) {
            return None;
        }
        let (&VERSION, mut rest) = signed.split_first()? else { return None };
        let mut part = || take(&mut rest);
        let channel_type = ChannelType::parse(&part()?)?;
        let application_id = ApplicationId::new(part()?);
        let receiver = match part()? {
            id if id.is_empty() => Receiver::Address(Mark(part()?)),
            id => Receiver::Endpoint(id),
        };
        let run = match part() {
            None => None,
            Some(campaign_id) => Some(Run {
                campaign_id: CampaignId::new(campaign_id),
                activity_id: ActivityId::new(part()?),
                treatment_id: TreatmentId::new(part()?),
            }),
        };
        Some(Reference { channel_type, application_id, receiver, run })
    }
}

/// Takes the same time wherever they differ. [`hmac::verify`] knows whole codes only.
fn is_same(expected: &[u8], given: &[u8]) -> bool {
    expected.len() == given.len() && expected.iter().zip(given).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

fn append(bytes: &mut Vec<u8>, text: &str) {
    let packed = hex::decode(text).ok().filter(|packed| hex::encode(packed) == text);
    let (part, mark) = match &packed {
        Some(packed) => (packed.as_slice(), IS_HEX),
        None => (text.as_bytes(), 0),
    };
    let length = u16::try_from(part.len()).ok().filter(|length| length & IS_HEX == 0).expect("ids are short");
    bytes.extend_from_slice(&(length | mark).to_be_bytes());
    bytes.extend_from_slice(part);
}

fn take(bytes: &mut &[u8]) -> Option<String> {
    let (head, rest) = bytes.split_first_chunk()?;
    let head = u16::from_be_bytes(*head);
    let (part, rest) = rest.split_at_checked(usize::from(head & !IS_HEX))?;
    *bytes = rest;
    match head & IS_HEX {
        0 => String::from_utf8(part.to_owned()).ok(),
        _ => Some(hex::encode(part)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> Key {
        Key::new(&[7; Key::BYTES])
    }

    fn reference(ids: [&str; 5], channel_type: ChannelType, is_direct: bool) -> Reference {
        let [application_id, endpoint_id, campaign_id, activity_id, treatment_id] = ids;
        let run = Run {
            campaign_id: CampaignId::new(campaign_id),
            activity_id: ActivityId::new(activity_id),
            treatment_id: TreatmentId::new(treatment_id),
        };
        Reference {
            channel_type,
            application_id: ApplicationId::new(application_id),
            receiver: match endpoint_id {
                "" => Receiver::Address(Mark::of(channel_type, "ann@example.com")),
                id => Receiver::Endpoint(id.to_owned()),
            },
            run: (!is_direct).then_some(run),
        }
    }

    fn usual() -> Reference {
        let id = "0123456789abcdef0123456789abcdef";
        reference([id, "2847ea8a-b8a4-4e5f-ab2c-1fdb51e1a682", id, id, "0"], ChannelType::Email, false)
    }

    #[test]
    fn usual_ones_are_short_and_plain() {
        let text = key().write(&usual());
        assert_eq!(text.len(), 159);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{text}");
    }

    #[test]
    fn a_mark_is_that_of_one_address_however_it_is_written() {
        use ChannelType::{Email, Gcm, Sms};
        let is_same = |channel_type, one, other| Mark::of(channel_type, one) == Mark::of(channel_type, other);
        assert!(is_same(Email, "Ann@Example.com", "ann@example.com"));
        assert!(is_same(Sms, "+12065550100", "1 (206) 555-0100"));
        assert!(!is_same(Email, "ann@example.com", "bob@example.com"));
        assert!(!is_same(Sms, "+12065550100", "+12065550101"));
        assert!(!is_same(Gcm, "a", "A"), "tokens are no addresses of people");
        let direct =
            Reference { receiver: Receiver::Address(Mark::of(Email, "Ann@example.com")), run: None, ..usual() };
        let text = key().write(&direct);
        assert_eq!(key().read(&text), Some(direct));
    }

    #[test]
    fn another_key_reads_nothing() {
        assert_eq!(Key::new(&[8; Key::BYTES]).read(&key().write(&usual())), None);
    }

    #[test]
    fn every_cut_and_every_longer_text_is_refused() {
        let text = key().write(&usual());
        for end in 0..text.len() {
            assert_eq!(key().read(&text[..end]), None, "cut at {end}");
        }
        for longer in [format!("{text}A"), format!("{text}AAAA"), format!("{text}="), format!("{text}.")] {
            assert_eq!(key().read(&longer), None, "{longer}");
        }
    }

    /// Ids of any text, many of them in hex or nearly so.
    fn id() -> impl Strategy<Value = String> {
        prop_oneof!["[0-9a-f]{0,40}", "[0-9A-F]{0,8}", "\\PC{0,60}", Just("x".repeat(1024))]
    }

    proptest! {
        #[test]
        fn any_ids_read_back(
            ids in prop::array::uniform5(id()), channel in 0..ChannelType::ALL.len(), is_direct: bool,
        ) {
            let ids = ids.each_ref().map(String::as_str);
            let reference = reference(ids, ChannelType::ALL[channel], is_direct);
            prop_assert_eq!(key().read(&key().write(&reference)), Some(reference));
        }

        #[test]
        fn a_changed_one_is_refused(at: prop::sample::Index, to in "[A-Za-z0-9_.=-]") {
            let text = key().write(&usual());
            let at = at.index(text.len());
            let changed = format!("{}{to}{}", &text[..at], &text[at + 1..]);
            prop_assume!(changed != text);
            prop_assert_eq!(key().read(&changed), None);
        }

        #[test]
        fn noise_is_refused(text in "[A-Za-z0-9_-]{0,300}|\\PC{0,60}") {
            prop_assert_eq!(key().read(&text), None);
        }
    }
}
