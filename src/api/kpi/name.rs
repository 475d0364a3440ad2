//! The names of KPIs, and what each measures. Pure.
//!
//! Source: Pinpoint developer guide, "Standard metrics".

use crate::campaign::deliveries::Medium;

/// What a KPI is asked of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    Application,
    Campaign,
    Journey,
}

/// A KPI.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Kpi {
    pub measure: Measure,
    pub group: Group,
}

/// What is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Measure {
    /// Endpoints that campaigns delivered to, each once.
    UniqueDeliveries,
    /// Messages that campaigns delivered.
    Deliveries,
    /// Messages that campaigns tried to deliver.
    Attempts,
    /// Deliveries of attempts.
    DeliveryRate,
    /// Events of campaigns.
    Events(&'static str),
    /// Endpoints with such an event of all that were delivered to over that medium.
    EventRate(&'static str, Medium),
    /// Events of messages that belong to no campaign and no journey.
    Transactional(&'static str, Weight),
    /// Events of the first type of those of the second.
    TransactionalRate(&'static str, &'static str),
    /// There is nothing in this release that could tell.
    Nothing,
}

/// What a transactional event counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Weight {
    One,
    /// One for each endpoint: transactional messages have one of their own.
    OncePerEndpoint,
    /// The parts of an SMS message.
    Parts,
}

/// What rows are made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Group {
    All,
    Date,
    Campaign,
    CampaignActivity,
    Country,
    JourneyActivity,
}

impl Group {
    /// The key of what rows are grouped by.
    pub fn key(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Date => Some("Date"),
            Self::Campaign => Some("CampaignId"),
            Self::CampaignActivity => Some("CampaignActivityId"),
            Self::Country => Some("IsoCountryCode"),
            Self::JourneyActivity => Some("JourneyActivityId"),
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Date => "date",
            Self::Campaign => "campaign",
            Self::CampaignActivity => "campaign-activity",
            Self::Country => "country",
            Self::JourneyActivity => "journey-activity",
        }
    }
}

const OPENED: &str = "_campaign.opened_notification";

type Row = (&'static str, Measure, &'static [Group]);

const APPLICATION: &[Row] = {
    use Group::{All, Campaign, Country, Date};
    use Measure::{Deliveries, DeliveryRate, EventRate, Nothing, Transactional, TransactionalRate, UniqueDeliveries};
    use Weight::{OncePerEndpoint, One, Parts};
    const BY_DATE: &[Group] = &[All, Date];
    &[
        ("successful-delivery-rate", DeliveryRate, BY_DATE),
        ("email-open-rate", EventRate("_email.open", Medium::Email), &[All, Campaign]),
        ("unique-deliveries", UniqueDeliveries, &[All, Campaign, Date]),
        ("successful-deliveries", Deliveries, &[Campaign]),
        ("push-open-rate", EventRate(OPENED, Medium::Push), &[All, Campaign]),
        ("txn-emails-sent", Transactional("_email.send", One), BY_DATE),
        ("txn-emails-delivered", Transactional("_email.delivered", One), BY_DATE),
        ("txn-emails-delivery-rate", TransactionalRate("_email.delivered", "_email.send"), BY_DATE),
        ("txn-emails-opened", Transactional("_email.open", One), BY_DATE),
        ("txn-emails-clicked", Transactional("_email.click", One), BY_DATE),
        ("txn-emails-unique-opens", Transactional("_email.open", OncePerEndpoint), BY_DATE),
        ("txn-emails-unique-clicks", Transactional("_email.click", OncePerEndpoint), BY_DATE),
        ("txn-emails-hard-bounced", Transactional("_email.hardbounce", One), BY_DATE),
        ("txn-emails-soft-bounced", Transactional("_email.softbounce", One), BY_DATE),
        ("txn-emails-complaint-rate", TransactionalRate("_email.complaint", "_email.send"), BY_DATE),
        ("txn-emails-with-complaints", Transactional("_email.complaint", One), BY_DATE),
        ("txn-sms-sent", Transactional("_SMS.BUFFERED", One), &[All, Date, Country]),
        ("txn-sms-sent-by-parts", Transactional("_SMS.BUFFERED", Parts), &[All, Country]),
        ("txn-sms-delivered", Transactional("_SMS.SUCCESS", One), &[All, Date, Country]),
        ("txn-sms-delivered-by-parts", Transactional("_SMS.SUCCESS", Parts), &[All, Country]),
        ("txn-sms-delivery-rate", TransactionalRate("_SMS.SUCCESS", "_SMS.BUFFERED"), BY_DATE),
        ("txn-sms-error-distribution", Nothing, &[All]),
        ("txn-sms-average-price", Nothing, &[Country]),
        ("txn-sms-average-price-by-parts", Nothing, &[Country]),
        ("txn-sms-total-price", Nothing, &[Country]),
    ]
};

const CAMPAIGN: &[Row] = {
    use Group::{All, CampaignActivity, Date};
    use Measure::{Attempts, Deliveries, DeliveryRate, EventRate, Events, Nothing, UniqueDeliveries};
    const BY_ACTIVITY: &[Group] = &[All, CampaignActivity];
    &[
        ("hard-bounce-rate", EventRate("_email.hardbounce", Medium::Email), BY_ACTIVITY),
        ("successful-delivery-rate", DeliveryRate, &[All, CampaignActivity, Date]),
        ("email-open-rate", EventRate("_email.open", Medium::Email), BY_ACTIVITY),
        ("unique-deliveries", UniqueDeliveries, &[All, CampaignActivity, Date]),
        ("push-open-rate", EventRate(OPENED, Medium::Push), BY_ACTIVITY),
        ("direct-email-opens", Events("_email.open"), &[CampaignActivity]),
        ("direct-push-opens", Events(OPENED), &[CampaignActivity]),
        ("clicks", Events("_email.click"), &[CampaignActivity]),
        ("successful-deliveries", Deliveries, &[CampaignActivity]),
        ("attempted-deliveries", Attempts, &[CampaignActivity]),
        ("sms-spend", Nothing, &[All]),
    ]
};

const JOURNEY: &[Row] = &[
    ("journey-emails-sent", Measure::Nothing, &[Group::All]),
    ("journey-emails-delivered", Measure::Nothing, &[Group::All]),
    ("journey-emails-opened", Measure::Nothing, &[Group::All]),
    ("journey-emails-clicked", Measure::Nothing, &[Group::All]),
    ("journey-emails-hardbounced", Measure::Nothing, &[Group::All]),
    ("journey-emails-softbounced", Measure::Nothing, &[Group::All]),
    ("journey-emails-complained", Measure::Nothing, &[Group::All]),
    ("journey-emails-rejected", Measure::Nothing, &[Group::All]),
    ("journey-emails-unsubscribed", Measure::Nothing, &[Group::All]),
    ("emails-sent", Measure::Nothing, &[Group::JourneyActivity]),
    ("emails-delivered", Measure::Nothing, &[Group::JourneyActivity]),
    ("emails-opened", Measure::Nothing, &[Group::JourneyActivity]),
    ("emails-clicked", Measure::Nothing, &[Group::JourneyActivity]),
    ("emails-hardbounced", Measure::Nothing, &[Group::JourneyActivity]),
    ("emails-softbounced", Measure::Nothing, &[Group::JourneyActivity]),
    ("emails-complained", Measure::Nothing, &[Group::JourneyActivity]),
    ("emails-rejected", Measure::Nothing, &[Group::JourneyActivity]),
    ("emails-unsubscribed", Measure::Nothing, &[Group::JourneyActivity]),
];

/// The KPI of that name.
pub fn find(scope: Scope, name: &str) -> Option<Kpi> {
    let table = match scope {
        Scope::Application => APPLICATION,
        Scope::Campaign => CAMPAIGN,
        Scope::Journey => JOURNEY,
    };
    let (base, suffix) = name.split_once("-grouped-by-").unwrap_or((name, ""));
    let (_, measure, groups) = table.iter().find(|(known, ..)| *known == base)?;
    // An empty suffix after the words is none of ours.
    let is_whole = suffix.is_empty() == (base.len() == name.len());
    let group = groups.iter().find(|group| group.suffix() == suffix).filter(|_| is_whole)?;
    Some(Kpi { measure: *measure, group: *group })
}

/// What values of a KPI are called: its name without the grouping, in Pascal case.
pub fn value_key(name: &str) -> String {
    let base = name.split_once("-grouped-by-").map_or(name, |(base, _)| base);
    let capital = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect::<String>()
    };
    base.split('-').map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_a_scope_and_have_their_groups() {
        let measure = |scope, name: &str| find(scope, name).map(|kpi| (kpi.measure, kpi.group));
        use Scope::{Application, Campaign, Journey};
        let unique = Measure::UniqueDeliveries;
        assert_eq!(measure(Application, "unique-deliveries"), Some((unique, Group::All)));
        assert_eq!(measure(Application, "unique-deliveries-grouped-by-campaign"), Some((unique, Group::Campaign)));
        assert_eq!(measure(Campaign, "unique-deliveries-grouped-by-campaign"), None);
        let by_activity = measure(Campaign, "unique-deliveries-grouped-by-campaign-activity");
        assert_eq!(by_activity, Some((unique, Group::CampaignActivity)));
        assert_eq!(measure(Journey, "journey-emails-sent"), Some((Measure::Nothing, Group::All)));
        assert!(measure(Journey, "emails-sent-grouped-by-journey-activity").is_some());
        for unknown in
            ["", "deliveries", "unique-deliveries-grouped-by-", "clicks", "unique-deliveries-grouped-by-moon"]
        {
            assert_eq!(measure(Application, unknown), None, "{unknown}");
        }
    }

    #[test]
    fn every_documented_name_is_known() {
        let names = |table: &[Row]| table.iter().map(|(_, _, groups)| groups.len()).sum::<usize>();
        assert_eq!((names(APPLICATION), names(CAMPAIGN), names(JOURNEY)), (10 + 22 + 16, 18, 18));
    }

    #[test]
    fn values_are_called_like_their_kpi() {
        assert_eq!(value_key("unique-deliveries-grouped-by-campaign"), "UniqueDeliveries");
        assert_eq!(value_key("txn-sms-sent-by-parts"), "TxnSmsSentByParts");
    }
}
