//! Endpoints: one address of one user on one channel, and how updates merge into them.

use std::collections::BTreeMap;

use super::ChannelType;

/// An endpoint's dense number within its application; given once, never reused.
pub type EndpointNumber = u32;

/// Whether an endpoint can be sent to at all.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum EndpointStatus {
    #[default]
    Active,
    Inactive,
}

/// What a provider says of an address.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum AddressNews {
    /// It will never work again.
    Dead,
    /// Whoever is there wants no more messages.
    OptedOut,
    /// The same receiver has this address by now.
    Moved(String),
}

/// Whether the person behind an endpoint refuses messages.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OptOut {
    /// Takes no campaign or journey messages.
    All,
    #[default]
    None,
}

/// An endpoint as it is stored. Its id stands beside it, not in it.
///
/// Dates are kept as the text they came in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Endpoint {
    pub channel_type: Option<ChannelType>,
    pub address: Option<String>,
    pub status: EndpointStatus,
    pub opt_out: OptOut,
    pub location: Location,
    pub demographic: Demographic,
    pub effective_date: String,
    pub attributes: BTreeMap<String, Vec<String>>,
    pub metrics: BTreeMap<String, f64>,
    pub user: User,
    pub creation_date: String,
    pub request_id: Option<String>,
}

/// Where an endpoint is. Coordinates have one decimal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Location {
    pub city: Option<String>,
    pub country: Option<String>,
    pub postal_code: Option<String>,
    pub region: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
}

/// The device and application of an endpoint.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Demographic {
    pub app_version: Option<String>,
    pub locale: Option<String>,
    pub make: Option<String>,
    pub model: Option<String>,
    pub model_version: Option<String>,
    pub platform: Option<String>,
    pub platform_version: Option<String>,
    /// A name of the tz database.
    pub timezone: Option<String>,
}

/// The user an endpoint belongs to. All endpoints with one id share the attributes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct User {
    pub id: Option<String>,
    pub attributes: BTreeMap<String, Vec<String>>,
}

/// A partial update: what is absent stays.
///
/// An attribute given as an empty list is removed; a given name replaces its whole value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointUpdate {
    pub channel_type: Option<ChannelType>,
    pub address: Option<String>,
    pub status: Option<EndpointStatus>,
    pub opt_out: Option<OptOut>,
    pub location: Location,
    pub demographic: Demographic,
    pub effective_date: Option<String>,
    pub attributes: BTreeMap<String, Vec<String>>,
    pub metrics: BTreeMap<String, Option<f64>>,
    pub user: User,
    pub request_id: Option<String>,
}

impl Endpoint {
    /// Merges an update into this endpoint, or into a default one to create it.
    ///
    /// `now` is the server's time as wire text: the effective date when the update has none, and the creation date of
    /// a new endpoint. Every update makes the endpoint active again unless it says otherwise. User attributes are
    /// merged into those this endpoint has; who shares them is the store's business.
    ///
    /// Source: API reference, `EndpointRequest`; details are our choice.
    pub fn merge(&mut self, update: EndpointUpdate, now: &str) {
        replace(&mut self.channel_type, update.channel_type);
        replace(&mut self.address, update.address);
        self.status = update.status.unwrap_or_default();
        self.opt_out = update.opt_out.unwrap_or(self.opt_out);
        self.location.merge(update.location);
        self.demographic.merge(update.demographic);
        self.effective_date = update.effective_date.unwrap_or_else(|| now.to_owned());
        merge_attributes(&mut self.attributes, update.attributes);
        for (name, value) in update.metrics {
            match value {
                Some(value) => self.metrics.insert(name, value),
                None => self.metrics.remove(&name),
            };
        }
        replace(&mut self.user.id, update.user.id);
        // An empty id takes the endpoint from its user.
        self.user.id.take_if(|id| id.is_empty());
        merge_attributes(&mut self.user.attributes, update.user.attributes);
        if self.creation_date.is_empty() {
            self.creation_date = now.to_owned();
        }
        replace(&mut self.request_id, update.request_id);
    }
}

impl Location {
    fn merge(&mut self, update: Self) {
        replace(&mut self.city, update.city);
        replace(&mut self.country, update.country);
        replace(&mut self.postal_code, update.postal_code);
        replace(&mut self.region, update.region);
        replace(&mut self.latitude, update.latitude.map(round_to_tenth));
        replace(&mut self.longitude, update.longitude.map(round_to_tenth));
    }
}

impl Demographic {
    fn merge(&mut self, update: Self) {
        replace(&mut self.app_version, update.app_version);
        replace(&mut self.locale, update.locale);
        replace(&mut self.make, update.make);
        replace(&mut self.model, update.model);
        replace(&mut self.model_version, update.model_version);
        replace(&mut self.platform, update.platform);
        replace(&mut self.platform_version, update.platform_version);
        replace(&mut self.timezone, update.timezone);
    }
}

fn replace<T>(stored: &mut Option<T>, update: Option<T>) {
    if update.is_some() {
        *stored = update;
    }
}

/// Merges attributes by name; an empty list removes the name.
pub fn merge_attributes(stored: &mut BTreeMap<String, Vec<String>>, update: BTreeMap<String, Vec<String>>) {
    for (name, values) in update {
        if values.is_empty() {
            stored.remove(&name);
        } else {
            stored.insert(name, values);
        }
    }
}

/// Coordinates are stored with one decimal. Source: API reference, `EndpointLocation`.
fn round_to_tenth(degrees: f64) -> f64 {
    // There is no zero below zero: -0.04 is 0.
    (degrees * 10.0).round() / 10.0 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(pairs: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        pairs
            .iter()
            .map(|(name, values)| ((*name).to_owned(), values.iter().map(|v| (*v).to_owned()).collect()))
            .collect()
    }

    #[test]
    fn an_update_keeps_what_it_does_not_name() {
        let mut endpoint = Endpoint::default();
        endpoint.merge(
            EndpointUpdate {
                channel_type: Some(ChannelType::Gcm),
                address: Some("token".into()),
                attributes: attributes(&[("Color", &["red", "blue"]), ("Size", &["L"])]),
                location: Location { latitude: Some(47.61), city: Some("Seattle".into()), ..Location::default() },
                ..EndpointUpdate::default()
            },
            "2026-03-01T09:00:00.000Z",
        );
        endpoint.merge(
            EndpointUpdate {
                attributes: attributes(&[("Color", &["green"]), ("Size", &[])]),
                status: Some(EndpointStatus::Inactive),
                ..EndpointUpdate::default()
            },
            "2026-03-02T09:00:00.000Z",
        );
        assert_eq!(endpoint.channel_type, Some(ChannelType::Gcm));
        assert_eq!(endpoint.attributes, attributes(&[("Color", &["green"])]));
        assert_eq!(endpoint.location.latitude, Some(47.6));
        assert_eq!(endpoint.location.city.as_deref(), Some("Seattle"));
        assert_eq!(endpoint.status, EndpointStatus::Inactive);
        assert_eq!(endpoint.creation_date, "2026-03-01T09:00:00.000Z");
        assert_eq!(endpoint.effective_date, "2026-03-02T09:00:00.000Z");

        let nobody = User { id: Some(String::new()), ..User::default() };
        endpoint.user.id = Some("user".into());
        endpoint.merge(EndpointUpdate { user: nobody, ..EndpointUpdate::default() }, "2026-03-03T09:00:00.000Z");
        assert_eq!(endpoint.status, EndpointStatus::Active, "every accepted update makes the endpoint active again");
        assert_eq!(endpoint.user.id, None);
    }

    #[test]
    fn coordinates_have_one_decimal() {
        for (given, stored) in [(47.61, "47.6"), (-122.35, "-122.4"), (47.65, "47.7"), (-0.04, "0.0"), (90.0, "90.0")] {
            assert_eq!(format!("{:?}", round_to_tenth(given)), stored);
        }
    }
}
