//! Measures a KPI: a number for each group that has any.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, Hash, RandomState};

use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;
use serde::Deserialize;

use super::name::{Group, Kpi, Measure, Weight};
use super::range::Range;
use crate::api::{Call, Error};
use crate::campaign::deliveries::{self, Medium};
use crate::domain::{ApplicationId, CampaignId};
use crate::store::{Activity, EventRow};

/// Events read at once.
const EVENTS_MAX: usize = 2_000;

/// Numbers by what they are grouped by; the empty text if by nothing.
type Measured = BTreeMap<String, f64>;

/// Deliveries of a group.
#[derive(Default)]
struct Delivered {
    attempted: u64,
    sent: u64,
    endpoints: RoaringBitmap,
}

/// Events of messages that a provider took and did not deliver.
const RETURNED: [&str; 4] = ["_email.hardbounce", "_email.softbounce", "_email.rejected", "_SMS.FAILURE"];

/// Counts distinct things by 64 bits of each: events may come from ten million endpoints, whose ids would fill the memory.
/// Of as many, two are taken for one once in a hundred thousand counts.
#[derive(Default)]
struct Distinct {
    hasher: RandomState,
    hashes: HashSet<u64>,
}

impl Distinct {
    fn is_new(&mut self, thing: impl Hash) -> bool {
        self.hashes.insert(self.hasher.hash_one(thing))
    }

    fn count(&self) -> usize {
        self.hashes.len()
    }
}

/// What KPIs want of an event.
#[derive(Default, Deserialize)]
struct Document {
    #[serde(rename = "Attributes", default)]
    attributes: HashMap<String, String>,
}

impl Document {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    fn is_transactional(&self) -> bool {
        self.get("campaign_id").is_none() && self.get("journey_id").is_none()
    }
}

impl Call<'_> {
    /// Numbers of an application, or of one campaign of it.
    pub(super) async fn measure(
        &self,
        kpi: Kpi,
        application_id: &ApplicationId,
        campaign_id: Option<&CampaignId>,
        range: Range,
    ) -> Result<Measured, Error> {
        let Kpi { measure, group } = kpi;
        // Each may read much of the ledger; together they would hold up everybody else.
        let _turn = self.api.kpis.acquire().await.expect("it is never closed");
        match measure {
            Measure::Nothing => Ok(Measured::new()),
            Measure::UniqueDeliveries | Measure::Deliveries | Measure::Attempts | Measure::DeliveryRate => {
                let activities = self.activities_in(application_id, campaign_id, range).await?;
                let delivered = self.delivered(&activities, group, range).await?;
                let returned = self.returned(application_id, &activities, group, range).await?;
                let number = |key: &str, delivered: Delivered| {
                    let sent = delivered.sent.saturating_sub(returned.get(key).map_or(0, Distinct::count) as u64);
                    match measure {
                        // Who did not get one message may have got another.
                        Measure::UniqueDeliveries => delivered.endpoints.len().min(sent) as f64,
                        Measure::Deliveries => sent as f64,
                        Measure::Attempts => delivered.attempted as f64,
                        _ => sent as f64 / delivered.attempted as f64,
                    }
                };
                Ok(delivered
                    .into_iter()
                    // No attempts are no data, but attempts of which none arrived are.
                    .filter(|(_, delivered)| delivered.attempted > 0)
                    .map(|(group, delivered)| (group.clone(), number(&group, delivered)))
                    .filter(|(_, number)| *number > 0.0 || measure == Measure::DeliveryRate)
                    .collect())
            }
            Measure::Events(event_type) => {
                let mut counts = Measured::new();
                self.each_event(application_id, event_type, range, |row, event| {
                    if is_of_campaign(event, campaign_id)
                        && let Some(key) = event_key(group, row, event)
                    {
                        *counts.entry(key).or_default() += 1.0;
                    }
                })
                .await?;
                Ok(counts)
            }
            Measure::EventRate(event_type, medium) => {
                self.event_rate(event_type, medium, group, application_id, campaign_id, range).await
            }
            Measure::Transactional(event_type, weight) => {
                self.transactional(event_type, weight, group, application_id, range).await
            }
            Measure::TransactionalRate(part, whole) => {
                let parts = self.transactional(part, Weight::One, group, application_id, range).await?;
                let wholes = self.transactional(whole, Weight::One, group, application_id, range).await?;
                let rate = |key: &str, whole: f64| (parts.get(key).copied().unwrap_or(0.0) / whole).min(1.0);
                Ok(wholes.into_iter().map(|(key, whole)| (key.clone(), rate(&key, whole))).collect())
            }
        }
    }

    /// Activities that were under way in the range.
    async fn activities_in(
        &self,
        application_id: &ApplicationId,
        campaign_id: Option<&CampaignId>,
        range: Range,
    ) -> Result<Vec<Activity>, Error> {
        let mut activities = match campaign_id {
            Some(campaign_id) => self.store().activities(application_id, campaign_id).await?,
            None => self.store().activities_since(application_id, range.start).await?,
        };
        activities.retain(|activity| {
            activity.started_at.is_some_and(|started_at| started_at <= range.end)
                && activity.ended_at.is_none_or(|ended_at| ended_at >= range.start)
        });
        Ok(activities)
    }

    async fn delivered(
        &self,
        activities: &[Activity],
        group: Group,
        range: Range,
    ) -> Result<BTreeMap<String, Delivered>, Error> {
        let mut groups: BTreeMap<String, Delivered> = BTreeMap::new();
        for activity in activities {
            for (day, found) in deliveries::read(self.store(), activity, range.start, range.end).await? {
                let group = groups.entry(activity_key(group, activity, day)).or_default();
                group.attempted += found.attempted;
                group.sent += found.sent.len();
                group.endpoints |= found.sent;
            }
        }
        Ok(groups)
    }

    /// What providers took and reported later as not delivered, of these activities.
    async fn returned(
        &self,
        application_id: &ApplicationId,
        activities: &[Activity],
        group: Group,
        range: Range,
    ) -> Result<BTreeMap<String, Distinct>, Error> {
        let ids: HashSet<&str> = activities.iter().map(|activity| activity.id.as_str()).collect();
        let mut groups: BTreeMap<String, Distinct> = BTreeMap::new();
        for event_type in RETURNED {
            self.each_event(application_id, event_type, range, |row, event| {
                let Some(activity_id) = event.get("campaign_activity_id").filter(|id| ids.contains(id)) else { return };
                if let Some(key) = event_key(group, row, event) {
                    groups.entry(key).or_default().is_new((&row.event.endpoint_id, activity_id));
                }
            })
            .await?;
        }
        Ok(groups)
    }

    /// Endpoints with such an event, each once an activity, of those delivered to over the medium. Groups without events
    /// have no rate: whether nobody answered or nobody tells is not known.
    async fn event_rate(
        &self,
        event_type: &str,
        medium: Medium,
        group: Group,
        application_id: &ApplicationId,
        campaign_id: Option<&CampaignId>,
        range: Range,
    ) -> Result<Measured, Error> {
        let activities = self.activities_in(application_id, campaign_id, range).await?;
        let mut of_medium = Vec::with_capacity(activities.len());
        for activity in activities {
            // Lists leave out the definition, which tells.
            let whole = self.store().activity(&activity.id).await?;
            if whole.is_some_and(|whole| self.api.engine.medium(&whole) == Some(medium)) {
                of_medium.push(activity);
            }
        }
        let activities = of_medium;
        let delivered = self.delivered(&activities, group, range).await?;
        let ids: HashSet<&str> = activities.iter().map(|activity| activity.id.as_str()).collect();
        let mut answered: BTreeMap<String, Distinct> = BTreeMap::new();
        self.each_event(application_id, event_type, range, |row, event| {
            let Some(activity_id) = event.get("campaign_activity_id").filter(|id| ids.contains(id)) else { return };
            if let Some(key) = event_key(group, row, event) {
                answered.entry(key).or_default().is_new((&row.event.endpoint_id, activity_id));
            }
        })
        .await?;
        let rate = |(key, answered): (String, Distinct)| {
            let sent = delivered.get(&key).map_or(0, |delivered| delivered.sent);
            // Answers may come after the range of their deliveries has begun.
            (sent > 0).then(|| (key, (answered.count() as f64 / sent as f64).min(1.0)))
        };
        Ok(answered.into_iter().filter_map(rate).collect())
    }

    async fn transactional(
        &self,
        event_type: &str,
        weight: Weight,
        group: Group,
        application_id: &ApplicationId,
        range: Range,
    ) -> Result<Measured, Error> {
        let mut counts = Measured::new();
        let mut seen = Distinct::default();
        self.each_event(application_id, event_type, range, |row, event| {
            if !event.is_transactional() {
                return;
            }
            let Some(key) = event_key(group, row, event) else { return };
            let weighs = match weight {
                Weight::One => 1.0,
                Weight::OncePerEndpoint if seen.is_new((&key, &row.event.endpoint_id)) => 1.0,
                Weight::OncePerEndpoint => return,
                Weight::Parts => match event.get("number_of_message_parts").map(str::parse::<u32>) {
                    Some(Ok(parts)) => f64::from(parts),
                    _ => return,
                },
            };
            *counts.entry(key).or_default() += weighs;
        })
        .await?;
        Ok(counts)
    }

    async fn each_event(
        &self,
        application_id: &ApplicationId,
        event_type: &str,
        range: Range,
        mut each: impl FnMut(&EventRow, &Document) + Send,
    ) -> Result<(), Error> {
        // The end of the range is part of it, down to the millisecond that clients write.
        let to = range.end.saturating_add(SignedDuration::from_millis(1)).unwrap_or(range.end);
        let mut after = 0;
        loop {
            let types = [event_type];
            let page = self.store().events_between(application_id, &types, range.start, to, after, EVENTS_MAX).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.position;
            for row in &page {
                // Attributes were checked when the event was taken; one without them counts in no group.
                let event = serde_json::from_str(&row.event.document).unwrap_or_default();
                each(row, &event);
            }
        }
    }
}

fn activity_key(group: Group, activity: &Activity, day: Date) -> String {
    match group {
        Group::Date => day.to_string(),
        Group::Campaign => activity.campaign_id.as_str().to_owned(),
        Group::CampaignActivity => activity.id.as_str().to_owned(),
        Group::All | Group::Country | Group::JourneyActivity => String::new(),
    }
}

/// The group of an event; `None` if it does not say.
fn event_key(group: Group, row: &EventRow, event: &Document) -> Option<String> {
    match group {
        Group::All => Some(String::new()),
        Group::Date => Some(TimeZone::UTC.to_datetime(row.event.at).date().to_string()),
        Group::Campaign => event.get("campaign_id").map(str::to_owned),
        Group::CampaignActivity => event.get("campaign_activity_id").map(str::to_owned),
        Group::Country => event.get("iso_country_code").map(str::to_owned),
        Group::JourneyActivity => event.get("journey_activity_id").map(str::to_owned),
    }
}

fn is_of_campaign(event: &Document, campaign_id: Option<&CampaignId>) -> bool {
    campaign_id.is_none_or(|id| event.get("campaign_id") == Some(id.as_str()))
}
