//! Sample endpoints: invented people on mixed channels, the same for the same number every time.

use crate::domain::endpoint::{Demographic, Location, User};
use crate::domain::{ChannelType, EndpointStatus, EndpointUpdate, OptOut};
use crate::store::EndpointWrite;

/// City, region, country, postal code, latitude, longitude, time zone, language.
const PLACES: &[(&str, &str, &str, &str, f64, f64, &str, &str)] = &[
    ("Vienna", "Vienna", "AT", "1010", 48.2, 16.4, "Europe/Vienna", "de"),
    ("Osaka", "Osaka", "JP", "530-0001", 34.7, 135.5, "Asia/Tokyo", "ja"),
    ("Seattle", "WA", "US", "98101", 47.6, -122.3, "America/Los_Angeles", "en"),
    ("Lisbon", "Lisbon", "PT", "1100-148", 38.7, -9.1, "Europe/Lisbon", "pt"),
    ("Nairobi", "Nairobi", "KE", "00100", -1.3, 36.8, "Africa/Nairobi", "en"),
    ("Lima", "Lima", "PE", "15001", -12.0, -77.0, "America/Lima", "es"),
    ("Pune", "Maharashtra", "IN", "411001", 18.5, 73.9, "Asia/Kolkata", "en"),
    ("Lyon", "Auvergne-Rhone-Alpes", "FR", "69001", 45.8, 4.8, "Europe/Paris", "fr"),
];
const FIRST_NAMES: &[&str] = &["Amara", "Bruno", "Chiyo", "Diego", "Edda", "Farid", "Grace", "Hana", "Ivo", "June"];
const LAST_NAMES: &[&str] = &["Okafor", "Meyer", "Tanaka", "Silva", "Novak", "Haddad", "Wanjiru", "Laurent"];
const INTERESTS: &[&str] = &["cycling", "running", "trail", "chess", "cooking", "sailing", "photography", "theatre"];
const TIERS: &[&str] = &["bronze", "silver", "gold"];

/// The sample endpoint of this number: about 700 bytes as a stored document.
///
/// Of a thousand: 400 GCM, 250 EMAIL, 150 SMS, 100 APNS, 50 CUSTOM, 30 ADM, 20 BAIDU. About 3 % opted out, 2 % are
/// inactive, 1 % have no address.
pub fn endpoint(number: u64) -> EndpointWrite {
    let mut random = fastrand::Rng::with_seed(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let channel_type = match number * 7919 % 1000 {
        0..400 => ChannelType::Gcm,
        400..650 => ChannelType::Email,
        650..800 => ChannelType::Sms,
        800..900 => ChannelType::Apns,
        900..950 => ChannelType::Custom,
        950..980 => ChannelType::Adm,
        _ => ChannelType::Baidu,
    };
    let (city, region, country, postal_code, latitude, longitude, timezone, language) =
        PLACES[random.usize(..PLACES.len())];
    let first_name = FIRST_NAMES[random.usize(..FIRST_NAMES.len())];
    let last_name = LAST_NAMES[random.usize(..LAST_NAMES.len())];
    let address = match channel_type {
        ChannelType::Email => format!("{}.{number}@example.com", first_name.to_lowercase()),
        ChannelType::Sms => format!("+1206{number:07}"),
        ChannelType::Custom => format!("chat:{number}"),
        _ => format!("{number:012x}:APA91b{:016x}{:016x}{:016x}", random.u64(..), random.u64(..), random.u64(..)),
    };
    let android = matches!(channel_type, ChannelType::Gcm | ChannelType::Adm | ChannelType::Baidu);
    let percent = random.u8(..100);
    let interest = random.usize(..INTERESTS.len());
    let update = EndpointUpdate {
        channel_type: Some(channel_type),
        address: (percent != 5).then_some(address),
        status: Some(if (3..5).contains(&percent) { EndpointStatus::Inactive } else { EndpointStatus::Active }),
        opt_out: Some(if percent < 3 { OptOut::All } else { OptOut::None }),
        location: Location {
            city: Some(city.to_owned()),
            country: Some(country.to_owned()),
            postal_code: Some(postal_code.to_owned()),
            region: Some(region.to_owned()),
            latitude: Some(latitude),
            longitude: Some(longitude),
        },
        demographic: Demographic {
            app_version: Some(format!("5.{}.{}", random.u8(..9), random.u8(..9))),
            locale: Some(format!("{language}_{country}")),
            make: Some(if android { "samsung" } else { "apple" }.to_owned()),
            model: Some(if android { "SM-S921B" } else { "iPhone" }.to_owned()),
            model_version: None,
            platform: Some(if android { "android" } else { "ios" }.to_owned()),
            platform_version: Some(format!("{}", 12 + random.u8(..6))),
            timezone: Some(timezone.to_owned()),
        },
        effective_date: Some(format!("2026-02-{:02}T{:02}:00:11.000Z", 1 + number % 28, number % 24)),
        attributes: [
            (
                "Interests".to_owned(),
                vec![INTERESTS[interest].to_owned(), INTERESTS[(interest + 3) % INTERESTS.len()].to_owned()],
            ),
            ("Tier".to_owned(), vec![TIERS[random.usize(..TIERS.len())].to_owned()]),
        ]
        .into(),
        metrics: [
            ("orders".to_owned(), Some(f64::from(random.u8(..40)))),
            ("lifetime_value".to_owned(), Some(f64::from(random.u32(..400_000)) / 100.0)),
        ]
        .into(),
        user: User {
            id: Some(format!("user-{number}")),
            attributes: [
                ("FirstName".to_owned(), vec![first_name.to_owned()]),
                ("LastName".to_owned(), vec![last_name.to_owned()]),
                ("Language".to_owned(), vec![language.to_owned()]),
            ]
            .into(),
        },
        request_id: None,
    };
    EndpointWrite { id: format!("{:016x}{number:016x}", random.u64(..)), update }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Endpoint;
    use crate::wire;

    #[test]
    fn samples_are_stable_distinct_and_of_the_usual_size() {
        let mut bytes = 0;
        let mut ids = std::collections::HashSet::new();
        for number in 0..1_000 {
            let write = endpoint(number);
            assert_eq!(write.update, endpoint(number).update);
            let mut stored = Endpoint::default();
            stored.merge(write.update, "2026-03-01T09:00:00.000Z");
            bytes += wire::endpoint::write(&stored).len();
            assert!(ids.insert(write.id));
        }
        assert!((650_000..800_000).contains(&bytes), "{bytes} bytes in 1000 endpoints");
    }
}
