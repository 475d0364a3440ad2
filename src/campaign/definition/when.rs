//! What a stored campaign says about when it runs.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Document, Error, invalid, read_schedule, tag};
use crate::campaign::schedule::{Schedule, Start};
use crate::config;
use crate::store;
use crate::wire::generated as wire;
use crate::wire::instant;

impl Document {
    /// Reads what the store keeps of a campaign.
    pub fn read(stored: &store::Definition) -> Result<Self, serde_json::Error> {
        let mut document: Self = serde_json::from_str(&stored.document)?;
        // Campaigns that no API wrote.
        let made = || instant::read(&stored.creation_date).unwrap_or(Timestamp::UNIX_EPOCH);
        document.made.entry(DEFAULT.to_owned()).or_insert_with(made);
        Ok(document)
    }

    /// Whether events decide who gets a message when, and there are no runs.
    pub fn is_of_events(&self) -> bool {
        let frequency = self.campaign.schedule.as_ref().and_then(|schedule| schedule.frequency.as_ref());
        matches!(frequency, Some(wire::Frequency::Event | wire::Frequency::InAppEvent))
    }

    /// What `IMMEDIATE` stands for in the schedule of the treatment at that place.
    pub fn made(&self, treatment: usize) -> Timestamp {
        let own = self.made.get(&treatment.to_string()).or_else(|| self.made.get(DEFAULT));
        own.copied().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// When the schedule of the treatment at that place was last written.
    pub fn written(&self, treatment: usize) -> Timestamp {
        let own = self.written.get(&treatment.to_string()).or_else(|| self.written.get(DEFAULT));
        own.copied().unwrap_or_else(|| self.made(treatment))
    }

    /// Notes which schedules are written now, and whether a pause ends. `before` is what was there, `has_begun` whether it ever
    /// ran.
    pub fn note_schedules(&mut self, before: Option<&Self>, has_begun: bool, now: Timestamp) {
        let is_paused = |document: &Self| document.campaign.is_paused == Some(true);
        let is_lifted = before.is_some_and(is_paused) && !is_paused(self);
        let (mut made, mut written) = (BTreeMap::new(), BTreeMap::new());
        for (treatment, own) in own_schedules(&self.campaign).enumerate() {
            let earlier = before.and_then(|before| own_schedules(&before.campaign).nth(treatment)).flatten();
            if own.is_none() && treatment > 0 {
                continue;
            }
            // Who pauses what should go out at once means to let it go when the pause ends.
            let starts_anew = is_lifted && !has_begun && own.is_some_and(|schedule| schedule.start_time == "IMMEDIATE");
            let earlier = earlier.filter(|_| !starts_anew);
            // Another end or quiet time is no other start: what has begun does not begin again.
            let keeps_start = earlier.is_some() && earlier.map(start) == own.map(start);
            let keeps_all = earlier.is_some() && earlier == own;
            let begun = before.filter(|_| keeps_start).map(|before| before.made(treatment));
            made.insert(treatment.to_string(), begun.unwrap_or(now));
            let unchanged = before.filter(|_| keeps_all).map(|before| before.written(treatment));
            written.insert(treatment.to_string(), unchanged.unwrap_or(now));
        }
        (self.made, self.written) = (made, written);
        if is_lifted {
            self.resumed = Some(now);
        }
    }
}

/// The default treatment's place, as its id.
const DEFAULT: &str = "0";

/// The schedule of each treatment, as it was written; one that says the same as the campaign's is none of its own.
fn own_schedules(campaign: &wire::WriteCampaignRequest) -> impl Iterator<Item = Option<&wire::Schedule>> {
    let shared = campaign.schedule.as_ref();
    let additional = campaign.additional_treatments.iter().flatten();
    let own = additional.map(move |treatment| treatment.schedule.as_ref().filter(|own| Some(*own) != shared));
    std::iter::once(shared).chain(own)
}

/// What makes another start of a schedule.
fn start(schedule: &wire::Schedule) -> (&str, Option<&str>, Option<&wire::Frequency>) {
    (&schedule.start_time, schedule.timezone.as_deref(), schedule.frequency.as_ref())
}

/// Treatments whose start was changed, or what it is for, by their places.
pub fn changed_starts(before: &wire::WriteCampaignRequest, after: &wire::WriteCampaignRequest) -> Vec<usize> {
    let before: Vec<_> = own_schedules(before).map(|own| own.map(start)).collect();
    let after = own_schedules(after).map(|own| own.map(start)).enumerate();
    after
        .filter(|(place, start)| start.is_some() && before.get(*place) != Some(start))
        .map(|(place, _)| place)
        .collect()
}

/// The schedule of each treatment that has one of its own. The default treatment's is the first, and always there.
///
/// Errors: the first field that breaks a rule.
pub fn read_schedules(document: &Document) -> Result<Vec<Option<Schedule>>, Error> {
    let mut schedules: Vec<Option<Schedule>> = Vec::new();
    for (treatment, own) in own_schedules(&document.campaign).enumerate() {
        let read = own.map(|own| read_schedule(own, &document.defaults)).transpose();
        let Some(place) = treatment.checked_sub(1) else {
            schedules.push(Some(read?.ok_or_else(|| invalid("Schedule", "is missing"))?));
            continue;
        };
        let place = format!("AdditionalTreatments[{place}]");
        let of_treatment = |error| Error::Treatment { place: place.clone(), source: Box::new(error) };
        let read = read.map_err(of_treatment)?;
        let shared = schedules[0].as_ref().expect("the default treatment has a schedule");
        if let Some(own) = &read
            && own.frequency != shared.frequency
            && (own.frequency.is_of_events() || shared.frequency.is_of_events())
        {
            let problem = "events make all treatments of a campaign run, or none; it does not go with the campaign's";
            return Err(of_treatment(invalid("Schedule.Frequency", problem)));
        }
        schedules.push(read);
    }
    Ok(schedules)
}

/// Errors: when the end of a treatment that runs once is past, so that it must not begin any more.
pub fn check_end(campaign: &wire::WriteCampaignRequest, treatment: usize, now: Timestamp) -> Result<(), Error> {
    let own = own_schedules(campaign).nth(treatment).flatten().or(campaign.schedule.as_ref());
    let end =
        own.filter(|schedule| matches!(schedule.frequency, None | Some(wire::Frequency::Once))).and_then(|schedule| {
            let text = schedule.end_time.as_deref().filter(|text| !text.is_empty())?;
            Some((text, Start::parse(text, schedule.timezone.as_deref())))
        });
    match end {
        Some((text, Ok(Start::At { moment, .. }))) if moment < now => {
            Err(invalid("Schedule.EndTime", format!("`{text}` is past, and the campaign has not begun")))
        }
        _ => Ok(()),
    }
}

/// The policies of a campaign: those of its tags, else the settings'.
///
/// Errors: a tag with a value that is none.
pub fn read_policy(tags: Option<&BTreeMap<String, String>>, settings: config::Policy) -> Result<config::Policy, Error> {
    let Some(tags) = tags else { return Ok(settings) };
    Ok(config::Policy {
        hook_failure: tag(tags, "pinwheel:hook-failure")?.unwrap_or(settings.hook_failure),
        unknown: tag(tags, "pinwheel:unknown")?.unwrap_or(settings.unknown),
        missing_variable: settings.missing_variable,
        quiet_time: tag(tags, "pinwheel:quiet-time")?.unwrap_or(settings.quiet_time),
        misfire: tag(tags, "pinwheel:misfire")?.unwrap_or(settings.misfire),
        overlap: tag(tags, "pinwheel:overlap")?.unwrap_or(settings.overlap),
        pause: tag(tags, "pinwheel:pause")?.unwrap_or(settings.pause),
    })
}
