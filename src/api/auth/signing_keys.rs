//! Signing keys that were derived before: deriving one takes opening a secret and five hashes.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::service::Service;
use super::sigv4::SigningKey;

/// Keys that are kept; one takes less than a kilobyte.
const KEPT_MAX: usize = 1024;

/// Signing keys by key id, date, region and service.
#[derive(Default)]
pub struct SigningKeys(Mutex<HashMap<Place, SigningKey>>);

type Place = (String, String, String, Service);

impl SigningKeys {
    pub fn get(&self, id: &str, date: &str, region: &str, service: Service) -> Option<SigningKey> {
        self.0.lock().get(&place(id, date, region, service)).cloned()
    }

    /// Keeps a signing key. When there are too many, those of other days go, then all.
    pub fn keep(&self, id: &str, date: &str, region: &str, service: Service, key: SigningKey) {
        let mut keys = self.0.lock();
        if keys.len() >= KEPT_MAX {
            keys.retain(|(_, of, ..), _| of == date);
        }
        if keys.len() >= KEPT_MAX {
            keys.clear();
        }
        keys.insert(place(id, date, region, service), key);
    }
}

fn place(id: &str, date: &str, region: &str, service: Service) -> Place {
    (id.to_owned(), date.to_owned(), region.to_owned(), service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_bounded() {
        let keys = SigningKeys::default();
        for (date, count) in [("20260301", 10), ("20260302", 3 * KEPT_MAX)] {
            for region in 0..count {
                let region = format!("r{region}");
                let key = SigningKey::derive(b"secret", date, &region, Service::Pinpoint);
                keys.keep("id", date, &region, Service::Pinpoint, key);
                assert!(keys.get("id", date, &region, Service::Pinpoint).is_some());
                assert!(keys.get("id", date, &region, Service::Lambda).is_none());
                assert!(keys.0.lock().len() <= KEPT_MAX);
            }
        }
        assert!(keys.get("id", "20260301", "r0", Service::Pinpoint).is_none(), "other days go first");
        assert!(keys.get("id", "20260302", "r0", Service::Pinpoint).is_none());
    }
}
