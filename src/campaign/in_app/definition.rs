//! What makes a campaign one for apps to fetch, and what it has to be like.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::campaign::definition::{self, Document, Error, invalid};
use crate::campaign::schedule::{QuietTime, Schedule, Start};
use crate::domain::ApplicationId;
use crate::domain::limit::CAP_MAX;
use crate::domain::{Allotment, Cohort, Share};
use crate::event::filter::Filter;
use crate::inapp::{self, Caps, Offer, Removal, offer};
use crate::segment;
use crate::store::{self, DefinitionStore, Kind};
use crate::wire::generated as wire;

/// Whether apps fetch the messages of this campaign.
pub fn is_in_app(campaign: &wire::WriteCampaignRequest) -> bool {
    campaign.schedule.as_ref().is_some_and(|schedule| schedule.frequency == Some(wire::Frequency::InAppEvent))
}

/// A campaign that was read and compiled.
pub struct InApp {
    pub segment: segment::Compiled,
    pub campaign: Campaign,
}

/// A campaign apart from its segment.
#[derive(Debug)]
pub struct Campaign {
    allotment: Allotment,
    /// The default treatment, then the additional ones in order.
    treatments: Vec<Treatment>,
}

#[derive(Debug)]
struct Treatment {
    start: Start,
    quiet_time: Option<QuietTime>,
    offer: Offer,
}

impl InApp {
    /// The message for an endpoint of this cohort in this zone, if there is one now.
    pub fn offer(&self, cohort: Cohort, zone: Option<&TimeZone>, now: Timestamp) -> Option<&Offer> {
        self.campaign.offer(cohort, zone, now)
    }
}

impl Campaign {
    fn offer(&self, cohort: Cohort, zone: Option<&TimeZone>, now: Timestamp) -> Option<&Offer> {
        let Share::Treatment(i) = self.allotment.share(cohort) else { return None };
        let Treatment { start, quiet_time, offer } = &self.treatments[i];
        let is_quiet = quiet_time.zip(zone).is_some_and(|(quiet_time, zone)| quiet_time.is_quiet(now, zone));
        let runs = start.moment(now) <= now && now < offer.end;
        (runs && !is_quiet).then_some(offer)
    }

    /// Errors: the first field that breaks a rule.
    pub fn compile(campaign_id: &str, document: &Document) -> Result<Self, Error> {
        let Document { campaign, defaults, templates, .. } = document;
        if campaign.hook.as_ref().is_some_and(|hook| *hook != wire::CampaignHook::default()) {
            return Err(invalid("Hook", "no hook is called for in-app messages: apps fetch them"));
        }
        let name = campaign.name.as_deref().unwrap_or_default();
        let priority = campaign.priority.unwrap_or(offer::PRIORITY_DEFAULT);
        if !(1..=offer::PRIORITY_LOWEST).contains(&priority) {
            let problem = format!("`{priority}` is not a priority from 1, the highest, to {}", offer::PRIORITY_LOWEST);
            return Err(invalid("Priority", problem));
        }
        let schedule = campaign.schedule.as_ref().ok_or_else(|| invalid("Schedule", "is missing"))?;
        let caps = read_caps(campaign.limits.as_ref(), defaults.limits.as_ref())?;
        let additional = campaign.additional_treatments.as_deref().unwrap_or_default();
        let own = [(&campaign.message_configuration, &campaign.template_configuration, None)];
        let others = additional.iter().map(|treatment| {
            (&treatment.message_configuration, &treatment.template_configuration, treatment.schedule.as_ref())
        });
        let mut treatments = Vec::with_capacity(additional.len() + 1);
        for (i, (message, template, own_schedule)) in own.into_iter().chain(others).enumerate() {
            let parts = Parts { message: message.as_ref(), template: template.as_ref() };
            let schedule = own_schedule.unwrap_or(schedule);
            let compiled = parts.message(templates).and_then(|message| {
                let (read, end, event_filter) = read_schedule(schedule, defaults)?;
                let quiet_time =
                    read.quiet_time.and(schedule.quiet_time.clone().or_else(|| defaults.quiet_time.clone()));
                let treatment_id = i.to_string();
                let treatment_id = &treatment_id;
                let offer = Offer::new(offer::Source {
                    name,
                    campaign_id,
                    treatment_id,
                    priority,
                    caps,
                    message,
                    end,
                    event_filter,
                    quiet_time,
                });
                Ok(Treatment { start: read.start, quiet_time: read.quiet_time, offer })
            });
            treatments.push(match i.checked_sub(1) {
                None => compiled?,
                Some(i) => compiled.map_err(|error| Error::Treatment {
                    place: format!("AdditionalTreatments[{i}]"),
                    source: Box::new(error),
                })?,
            });
        }
        Ok(Self { allotment: definition::read_allotment(campaign_id, campaign, additional)?, treatments })
    }

    pub fn is_over(&self, now: Timestamp) -> bool {
        self.treatments.iter().all(|treatment| treatment.offer.end <= now)
    }
}

/// The parts of a treatment that say what is shown.
struct Parts<'a> {
    message: Option<&'a wire::MessageConfiguration>,
    template: Option<&'a wire::TemplateConfiguration>,
}

impl Parts<'_> {
    /// The message: the template's parts, and the inline message's where the template has none.
    fn message(&self, shelf: &definition::Shelf) -> Result<wire::InAppMessage, Error> {
        let inline = self.message.and_then(|message| message.in_app_message.clone()).unwrap_or_default();
        let template = self.template.and_then(|names| names.in_app_template.as_ref());
        let template = definition::take(&shelf.in_app, template)?.unwrap_or_default();
        let mut message = wire::InAppMessage {
            content: template.content.or(inline.content),
            custom_config: template.custom_config.or(inline.custom_config),
            layout: template.layout.or(inline.layout),
        };
        if message.content.as_ref().is_none_or(Vec::is_empty) && message.custom_config.is_none() {
            let problem = "no message for apps: there is neither `InAppMessage` nor `InAppTemplate` with `Content` or \
                           `CustomConfig`";
            return Err(invalid("MessageConfiguration", problem));
        }
        // Also here, since templates may be older than the rules.
        inapp::sanitise::clean("InAppMessage", &mut message).map_err(definition::invalid_value)?;
        Ok(message)
    }
}

/// The schedule, its end and its filter, all of which are needed.
fn read_schedule(
    schedule: &wire::Schedule,
    defaults: &wire::WriteApplicationSettingsRequest,
) -> Result<(Schedule, Timestamp, wire::CampaignEventFilter), Error> {
    if schedule.frequency != Some(wire::Frequency::InAppEvent) {
        return Err(invalid("Schedule.Frequency", "it is not `IN_APP_EVENT` as the campaign's"));
    }
    let read = definition::read_schedule(schedule, defaults)?;
    read.check(schedule).map_err(|(field, problem)| invalid(&field, problem))?;
    let end = read.end.ok_or_else(|| invalid("Schedule.EndTime", "it is missing"))?;
    let filter = schedule.event_filter.clone().ok_or_else(|| invalid("Schedule.EventFilter", "it is missing"))?;
    Filter::compile_in_app(&filter).map_err(|value| definition::invalid_value(value.in_member(FILTER)))?;
    Ok((read, end, filter))
}

const FILTER: &str = "Schedule.EventFilter";

/// The campaign's own caps override the application's, member by member; 0 is no limit.
fn read_caps(own: Option<&wire::CampaignLimits>, defaults: Option<&wire::CampaignLimits>) -> Result<Caps, Error> {
    let cap = |name: &str, member: fn(&wire::CampaignLimits) -> Option<i32>| {
        let value = own.and_then(member).or_else(|| defaults.and_then(member)).unwrap_or(0);
        let cap = u32::try_from(value).ok().filter(|cap| *cap <= CAP_MAX);
        cap.ok_or_else(|| invalid(&format!("Limits.{name}"), format!("`{value}` is not a number from 0 to {CAP_MAX}")))
    };
    Ok(Caps {
        session: cap("Session", |limits| limits.session)?,
        daily: cap("Daily", |limits| limits.daily)?,
        total: cap("Total", |limits| limits.total)?,
    })
}

/// Cleans the in-app messages that are written in the campaign itself.
///
/// Errors: the first value that breaks a rule.
pub fn clean(campaign: &mut wire::WriteCampaignRequest) -> Result<Vec<Removal>, Error> {
    let mut removals = Vec::new();
    let mut clean = |place: &str, message: Option<&mut wire::MessageConfiguration>| {
        if let Some(message) = message.and_then(|message| message.in_app_message.as_mut()) {
            let place = format!("{place}MessageConfiguration.InAppMessage");
            removals.extend(inapp::sanitise::clean(&place, message).map_err(definition::invalid_value)?);
        }
        Ok::<_, Error>(())
    };
    clean("", campaign.message_configuration.as_mut())?;
    for (i, treatment) in campaign.additional_treatments.iter_mut().flatten().enumerate() {
        clean(&format!("AdditionalTreatments[{i}]."), treatment.message_configuration.as_mut())?;
    }
    Ok(removals)
}

/// Checks a campaign whose templates are resolved.
///
/// Shape: what apps make of it that its writer hardly means. Errors: the first field that breaks a rule.
pub fn check(campaign_id: &str, document: &Document) -> Result<Vec<String>, Error> {
    Campaign::compile(campaign_id, document)?;
    let campaign = &document.campaign;
    let additional = campaign.additional_treatments.iter().flatten().enumerate();
    let additional = additional.map(|(i, treatment)| (format!("AdditionalTreatments[{i}]."), &treatment.schedule));
    let mut notes = Vec::new();
    for (place, schedule) in [(String::new(), &campaign.schedule)].into_iter().chain(additional) {
        let Some(schedule) = schedule else { continue };
        let filter = schedule.event_filter.as_ref().and_then(|filter| Filter::compile_in_app(filter).ok());
        for warning in filter.into_iter().flat_map(|(_, warnings)| warnings) {
            notes.push(format!("{place}{}", warning.in_member(FILTER)));
        }
        if schedule.is_local_time == Some(true) {
            notes.push(format!(
                "{place}Schedule.IsLocalTime: in-app messages start and end at one moment for everybody"
            ));
        }
    }
    Ok(notes)
}

/// Errors: when a message starts in the past, or too soon for the strict mode.
pub fn check_start(document: &Document, now: Timestamp, is_strict: bool) -> Result<(), Error> {
    let schedule = document.campaign.schedule.as_ref().ok_or_else(|| invalid("Schedule", "is missing"))?;
    let schedule = definition::read_schedule(schedule, &document.defaults)?;
    schedule.check_start(now, is_strict).map_err(|(field, problem)| invalid(&field, problem))
}

/// How many campaigns for apps an application has, other than this one, that are not over.
pub async fn count(
    store: &dyn DefinitionStore,
    application_id: &ApplicationId,
    campaign_id: &str,
    now: Timestamp,
) -> Result<usize, store::Error> {
    let stored = store.definitions(Some(application_id), Kind::Campaign).await?;
    let others = stored.iter().filter(|stored| stored.id != campaign_id);
    let documents = others.filter_map(|stored| serde_json::from_str::<Document>(&stored.document).ok());
    let is_open = |document: &Document| {
        let schedule = document.campaign.schedule.as_ref();
        let read = schedule.and_then(|schedule| definition::read_schedule(schedule, &document.defaults).ok());
        read.is_some_and(|schedule| schedule.end.is_none_or(|end| now < end))
    };
    Ok(documents.filter(|document| is_in_app(&document.campaign) && is_open(document)).count())
}
