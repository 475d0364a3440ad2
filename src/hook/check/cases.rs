//! The events of a check, made by the code that makes those of campaigns. The same for the same seed.

use bytes::Bytes;

use crate::domain::endpoint::{Demographic, Location, User};
use crate::domain::limit::{BATCH_ENDPOINTS_MAX, ENDPOINT_BYTES_MAX, HOOK_PAYLOAD_BYTES_MAX, ID_BYTES_MAX};
use crate::domain::{ActivityId, ApplicationId, CampaignId, ChannelType, Endpoint, TreatmentId};
use crate::hook::event::{Head, Run};
use crate::hook::sent::Endpoints;
use crate::wire::endpoint;
use crate::wire::generated::DirectMessageConfiguration;

/// An event to call the function with.
#[derive(Clone, Debug)]
pub struct Case {
    /// Short and stable.
    pub name: &'static str,
    pub event: Bytes,
    pub sent: Endpoints,
}

impl Case {
    /// An event of somebody's own.
    ///
    /// Errors: what keeps it from being one.
    pub fn of_event(event: Vec<u8>) -> Result<Self, String> {
        if event.len() > HOOK_PAYLOAD_BYTES_MAX {
            return Err(format!("it has {} bytes, and at most {HOOK_PAYLOAD_BYTES_MAX} are allowed", event.len()));
        }
        let sent = Endpoints::read(&event)?;
        Ok(Self { name: "file", event: event.into(), sent })
    }
}

/// Calls at once in a check. More than the workers a local function has by default.
pub const CONCURRENT: u64 = 8;

/// The largest event stays this much below the limit.
const ROOM_BYTES: usize = 16 * 1024;

const NOW: &str = "2026-03-01T09:00:00.000Z";

/// Text that breaks what is not made for Unicode: emoji of several characters, scripts from right to left, what JSON
/// escapes, control characters, what lies beyond the basic plane, and accents that stand by themselves.
const TEXTS: &[&str] = &[
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "مرحبا بالعالم",
    "שלום \u{202e}dlrow",
    "\"quotes\" 'and' \\ back\\slashes/",
    "tab\there\nline\r\u{1}\u{7f}\u{1f}",
    "𝒳𐍈𠜎",
    "e\u{301}o\u{308}\u{200d}\u{feff}",
    "\u{2028}\u{2029}",
    "</script>&amp;{{Attributes.X}}%s",
    " leading and trailing ",
    "日本語テキスト",
    "",
];

/// Ids that functions trip over.
const IDS: &[&str] = &[
    "__proto__",
    "constructor",
    "toString",
    "0",
    "10",
    "-1",
    "007",
    "null",
    "a.b[c]",
    "with space",
    "with\"quote",
    "back\\slash",
    "slash/slash",
    "line\nbreak",
    "someone@example.com",
    "+12065550100",
    "日本語",
    "👩‍👩‍👧‍👦",
    "e\u{301}",
    "Endpoint",
    "Attributes",
];

/// All composed events, in the order they are sent.
pub fn compose(seed: u64) -> Vec<Case> {
    let mut make = Make { random: fastrand::Rng::with_seed(seed), endpoints: 0 };
    vec![
        make.one(),
        make.fifty(),
        make.channel_types(),
        make.missing_groups(),
        make.unicode(),
        make.ids(),
        make.metrics(),
        make.template(),
        make.largest(),
    ]
}

/// Events of one kind that are sent at once: no id is in two of them.
pub fn concurrent(seed: u64) -> Vec<Case> {
    let mut make = Make { random: fastrand::Rng::with_seed(seed ^ 0x5eed), endpoints: 0 };
    (0..CONCURRENT)
        .map(|_| {
            let endpoints = make.people(10);
            make.case("concurrent", &messages("20% off until Sunday."), endpoints)
        })
        .collect()
}

struct Make {
    random: fastrand::Rng,
    endpoints: u64,
}

impl Make {
    fn case(
        &mut self,
        name: &'static str,
        messages: &DirectMessageConfiguration,
        endpoints: Vec<(String, Endpoint)>,
    ) -> Case {
        let head = Head::filter(
            messages,
            &Run {
                application_id: &ApplicationId::new(self.hex()),
                campaign_id: &CampaignId::new(self.hex()),
                treatment_id: &TreatmentId::new("0"),
                activity_id: &ActivityId::new(self.hex()),
                scheduled_time: NOW,
            },
        );
        let documents = endpoints.into_iter().map(|(id, endpoint)| (id, endpoint::write(&endpoint))).collect();
        let sent = Endpoints::of_documents(documents);
        let event = head.event(&sent.members()).expect("composed events are within the limit");
        Case { name, event, sent }
    }

    fn hex(&mut self) -> String {
        format!("{:032x}", self.random.u128(..))
    }

    fn one(&mut self) -> Case {
        let endpoints = self.people(1);
        self.case("one", &messages("20% off until Sunday."), endpoints)
    }

    fn fifty(&mut self) -> Case {
        let endpoints = self.people(BATCH_ENDPOINTS_MAX);
        self.case("fifty", &messages("20% off until Sunday."), endpoints)
    }

    fn channel_types(&mut self) -> Case {
        let endpoints = ChannelType::ALL.map(|channel_type| self.person(channel_type));
        self.case("channel-types", &messages("20% off until Sunday."), endpoints.into())
    }

    /// What a stored endpoint may lack: everything but its type and address.
    fn missing_groups(&mut self) -> Case {
        let without: [fn(&mut Endpoint); 6] = [
            |endpoint| endpoint.attributes.clear(),
            |endpoint| endpoint.user = User::default(),
            |endpoint| endpoint.location = Location::default(),
            |endpoint| endpoint.metrics.clear(),
            |endpoint| endpoint.demographic = Demographic::default(),
            |endpoint| endpoint.user.id = None,
        ];
        let mut endpoints = self.people(without.len());
        for ((_, endpoint), remove) in endpoints.iter_mut().zip(without) {
            remove(endpoint);
        }
        let (id, mut bare) = self.person(ChannelType::Sms);
        without.iter().for_each(|remove| remove(&mut bare));
        endpoints.push((id, bare));
        self.case("missing-groups", &messages("20% off until Sunday."), endpoints)
    }

    fn unicode(&mut self) -> Case {
        let mut endpoints = self.people(TEXTS.len());
        for (at, (id, endpoint)) in endpoints.iter_mut().enumerate() {
            let text = |after: usize| TEXTS[(at + after) % TEXTS.len()].to_owned();
            *id = format!("{at}-{}", text(0));
            endpoint.attributes.insert(format!("Name {}", text(1)), vec![text(0), text(2)]);
            endpoint.user.attributes.insert("FirstName".to_owned(), vec![text(3)]);
            endpoint.location.city = Some(text(4));
            endpoint.demographic.model = Some(text(5));
        }
        self.case("unicode", &messages(&TEXTS.join(" ")), endpoints)
    }

    fn ids(&mut self) -> Case {
        let mut endpoints = self.people(IDS.len() + 1);
        for ((id, _), text) in endpoints.iter_mut().zip(IDS) {
            *id = (*text).to_owned();
        }
        endpoints[IDS.len()].0 = "x".repeat(ID_BYTES_MAX);
        self.case("ids", &messages("20% off until Sunday."), endpoints)
    }

    fn metrics(&mut self) -> Case {
        const NUMBERS: &[f64] = &[0.0, -1.5, 3.0, 0.1 + 0.2, 1e21, 1.7e308, 5e-324, 9_007_199_254_740_992.0, -273.15];
        let mut endpoints = self.people(NUMBERS.len());
        for ((_, endpoint), number) in endpoints.iter_mut().zip(NUMBERS) {
            endpoint.metrics.insert("number".to_owned(), *number);
        }
        self.case("metrics", &messages("20% off until Sunday."), endpoints)
    }

    /// A campaign of templates alone.
    fn template(&mut self) -> Case {
        let endpoints = self.people(10);
        self.case("template", &DirectMessageConfiguration::default(), endpoints)
    }

    /// Near what an event may have. Endpoints alone do not come near: 50 of 15 KB are 750 KB. The HTML of an e-mail may be
    /// large, and fills the rest.
    fn largest(&mut self) -> Case {
        let mut endpoints = self.people(BATCH_ENDPOINTS_MAX);
        for (_, endpoint) in &mut endpoints {
            let room = ENDPOINT_BYTES_MAX - endpoint::write(endpoint).len();
            // Names of 7 characters, and values of 100, as long as attributes may be.
            for at in 0..room / 115 {
                endpoint.attributes.insert(format!("Fill{at:03}"), vec!["f".repeat(100)]);
            }
        }
        let rest = HOOK_PAYLOAD_BYTES_MAX
            - ROOM_BYTES
            - endpoints.iter().map(|(id, endpoint)| id.len() + endpoint::write(endpoint).len() + 4).sum::<usize>();
        self.case("largest", &messages(&"<p>20% off</p>".repeat(rest / 14)), endpoints)
    }

    /// Endpoints of the types that most campaigns have.
    fn people(&mut self, count: usize) -> Vec<(String, Endpoint)> {
        const TYPES: [ChannelType; 4] = [ChannelType::Gcm, ChannelType::Email, ChannelType::Sms, ChannelType::Apns];
        (0..count).map(|at| self.person(TYPES[at % TYPES.len()])).collect()
    }

    /// An endpoint with everything.
    fn person(&mut self, channel_type: ChannelType) -> (String, Endpoint) {
        let number = self.endpoints;
        self.endpoints += 1;
        let address = match channel_type {
            ChannelType::Email => format!("check.{number}@example.com"),
            ChannelType::Sms | ChannelType::Voice => format!("+1206555{number:04}"),
            _ => format!("check-{number}-{:016x}", self.random.u64(..)),
        };
        let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        let text = |value: &str| Some(value.to_owned());
        let endpoint = Endpoint {
            channel_type: Some(channel_type),
            address: Some(address),
            location: Location {
                city: text("Seattle"),
                country: text("US"),
                postal_code: text("98101"),
                region: text("WA"),
                latitude: Some(47.6),
                longitude: Some(-122.3),
            },
            demographic: Demographic {
                app_version: text("5.2"),
                locale: text("en_US"),
                make: text("example"),
                model: text("Phone"),
                model_version: text("1"),
                platform: text("android"),
                platform_version: text("16"),
                timezone: text("America/Los_Angeles"),
            },
            effective_date: NOW.to_owned(),
            attributes: [
                ("Interests".to_owned(), texts(&["chess", "trail"])),
                ("Tier".to_owned(), texts(&[["bronze", "silver", "gold"][self.random.usize(..3)]])),
            ]
            .into(),
            metrics: [
                ("orders".to_owned(), f64::from(self.random.u8(..40))),
                ("lifetime_value".to_owned(), f64::from(self.random.u32(..400_000)) / 100.0),
            ]
            .into(),
            user: User {
                id: Some(format!("user-{number}")),
                attributes: [("FirstName".to_owned(), texts(&["Amara"]))].into(),
            },
            creation_date: NOW.to_owned(),
            request_id: None,
            ..Endpoint::default()
        };
        (format!("check-{number:04}-{:08x}", self.random.u32(..)), endpoint)
    }
}

/// A message of every flavour.
fn messages(html: &str) -> DirectMessageConfiguration {
    let (title, body) = ("Spring sale", "{{User.UserAttributes.FirstName}}, 20% off until Sunday.");
    let push = serde_json::json!({
        "Action": "OPEN_APP", "Title": title, "Body": body, "SilentPush": false, "Data": { "sale": "spring" }
    });
    let configuration = serde_json::json!({
        "ADMMessage": push,
        "APNSMessage": push,
        "BaiduMessage": push,
        "DefaultMessage": { "Body": body },
        "DefaultPushNotificationMessage": push,
        "EmailMessage": {
            "FromAddress": "news@example.com",
            "SimpleEmail": {
                "Subject": { "Data": title }, "TextPart": { "Data": body }, "HtmlPart": { "Data": html }
            }
        },
        "GCMMessage": push,
        "SMSMessage": { "Body": body, "MessageType": "PROMOTIONAL", "SenderId": "EXAMPLE" },
        "VoiceMessage": { "Body": body, "LanguageCode": "en-US" }
    });
    serde_json::from_value(configuration).expect("it has the members of a DirectMessageConfiguration")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn events_are_the_same_for_the_same_seed() {
        let events = |seed| compose(seed).into_iter().map(|case| case.event).collect::<Vec<_>>();
        assert_eq!(events(7), events(7));
        assert_ne!(events(7), events(8));
    }

    #[test]
    fn events_are_what_campaigns_could_send() {
        for case in compose(1).iter().chain(&concurrent(1)) {
            let read = Endpoints::read(&case.event).unwrap();
            assert_eq!(read.members(), case.sent.members(), "{}", case.name);
            assert!(read.ids().all(|id| !id.is_empty() && id.len() <= ID_BYTES_MAX), "{}", case.name);
            for (id, document) in case.sent.members() {
                assert!(document.len() <= ENDPOINT_BYTES_MAX, "{}: {id}: {} bytes", case.name, document.len());
            }
        }
    }

    #[test]
    fn every_part_of_the_contract_has_a_case() {
        let cases = compose(1);
        let by_name = |name: &str| cases.iter().find(|case| case.name == name).unwrap();
        let text = |name: &str| std::str::from_utf8(&by_name(name).event).unwrap();
        assert_eq!((by_name("one").sent.len(), by_name("fifty").sent.len()), (1, BATCH_ENDPOINTS_MAX));
        for channel_type in ChannelType::ALL {
            assert!(text("channel-types").contains(&format!(r#""ChannelType":"{channel_type}""#)), "{channel_type}");
        }
        for group in [r#""Attributes":{}"#, r#""User":{}"#, r#""Demographic":{}"#] {
            assert!(text("missing-groups").contains(group), "{group}");
        }
        assert!(text("template").starts_with(r#"{"MessageConfiguration":{},"#));
        assert!(text("unicode").contains('👩') && text("unicode").contains("\\u0001"));
        assert!(text("ids").contains(r#""with\"quote":{"#) && text("ids").contains(r#""__proto__":{"#));
        let largest = by_name("largest").event.len();
        assert!((HOOK_PAYLOAD_BYTES_MAX * 99 / 100..=HOOK_PAYLOAD_BYTES_MAX).contains(&largest), "{largest} bytes");
        let endpoints: usize = by_name("largest").sent.members().iter().map(|(_, document)| document.len()).sum();
        assert!(endpoints > 740_000, "{endpoints} bytes");
    }

    #[test]
    fn no_id_is_in_two_events_at_once() {
        let mut ids = HashSet::new();
        assert!(concurrent(1).iter().all(|case| case.sent.ids().all(|id| ids.insert(id.to_owned()))));
        assert_eq!(ids.len(), 80);
    }
}
