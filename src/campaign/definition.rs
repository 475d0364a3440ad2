//! A campaign as it runs: the stored wire document, checked and compiled.

mod when;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) use self::when::check_end;
pub use self::when::{changed_starts, read_policy, read_schedules};
use super::compose::{self, Composer, Templates};
use super::message::direct_message_configuration;
use super::schedule::{Frequency, QuietTime, Run, Schedule};
use super::trigger;
use crate::config::{self, HookFailure, Unknown};
use crate::domain::limit::{CAP_MAX, MAXIMUM_DURATION_MIN, MESSAGES_PER_SECOND_MAX, TREATMENTS_MAX};
use crate::domain::{Allotment, ApplicationId, TreatmentId};
use crate::hook::Target;
use crate::store::{self, DefinitionStore, Kind};
use crate::wire::generated as wire;
use crate::wire::invalid::Invalid;

/// What the store keeps of a campaign: what the client wrote, and the application's settings at that moment.
///
/// Settings of the application apply to campaigns made after a change. Source: API reference, application settings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Document {
    pub campaign: wire::WriteCampaignRequest,
    #[serde(default)]
    pub defaults: wire::WriteApplicationSettingsRequest,
    /// The templates that the campaign names. An activity keeps them, so that all of it says the same.
    #[serde(default)]
    pub templates: Shelf,
    /// Channel types that had an adapter when an activity began.
    #[serde(default)]
    pub served: Vec<String>,
    /// Whether it begins by itself when it is due: made over the API, and not left over from `pinwheel run`.
    #[serde(default)]
    pub scheduled: bool,
    /// The segment's version when the campaign was written; it runs on the latest one unless the client chose.
    #[serde(default)]
    pub segment_version: u32,
    /// What `IMMEDIATE` stands for: when the start of each treatment's schedule was written, by its id; those without have the
    /// default treatment's.
    #[serde(default)]
    pub made: BTreeMap<String, Timestamp>,
    /// When anything of each treatment's schedule was last written, likewise.
    #[serde(default)]
    pub written: BTreeMap<String, Timestamp>,
    /// When the last pause ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed: Option<Timestamp>,
    /// Endpoints of the segment when an activity began, whatever their treatment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment_endpoints: Option<u64>,
}

/// Templates by what campaigns call them: a name, or a name and a version.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Shelf {
    pub email: BTreeMap<String, wire::EmailTemplateRequest>,
    pub sms: BTreeMap<String, wire::SMSTemplateRequest>,
    pub push: BTreeMap<String, wire::PushNotificationTemplateRequest>,
    pub in_app: BTreeMap<String, wire::InAppTemplateRequest>,
}

impl Document {
    /// Takes from the store what the campaign names and is not on the shelf yet.
    ///
    /// Errors: a template that does not exist.
    pub async fn resolve(&mut self, store: &dyn DefinitionStore) -> Result<(), Error> {
        let additional = self.campaign.additional_treatments.iter().flatten();
        let named = additional.map(|treatment| &treatment.template_configuration);
        let named: Vec<_> = named.chain([&self.campaign.template_configuration]).flatten().collect();
        let shelf = &mut self.templates;
        for names in named {
            fetch(store, &mut shelf.email, Kind::EmailTemplate, names.email_template.as_ref()).await?;
            fetch(store, &mut shelf.sms, Kind::SmsTemplate, names.sms_template.as_ref()).await?;
            fetch(store, &mut shelf.push, Kind::PushTemplate, names.push_template.as_ref()).await?;
            fetch(store, &mut shelf.in_app, Kind::InAppTemplate, names.in_app_template.as_ref()).await?;
        }
        Ok(())
    }
}

/// The templates that a direct request names, from the store.
///
/// Errors: a template that does not exist, or is not for direct messages.
pub async fn templates(store: &dyn DefinitionStore, names: &wire::TemplateConfiguration) -> Result<Templates, Error> {
    if names.in_app_template.is_some() {
        return Err(invalid("TemplateConfiguration.InAppTemplate", "in-app messages are fetched by apps, not sent"));
    }
    let mut shelf = Shelf::default();
    let mut voice = BTreeMap::new();
    fetch(store, &mut shelf.email, Kind::EmailTemplate, names.email_template.as_ref()).await?;
    fetch(store, &mut shelf.sms, Kind::SmsTemplate, names.sms_template.as_ref()).await?;
    fetch(store, &mut shelf.push, Kind::PushTemplate, names.push_template.as_ref()).await?;
    fetch(store, &mut voice, Kind::VoiceTemplate, names.voice_template.as_ref()).await?;
    Ok(Templates {
        email: shelf.email.into_values().next(),
        sms: shelf.sms.into_values().next(),
        push: shelf.push.into_values().next(),
        voice: voice.into_values().next(),
    })
}

/// An in-app template, from the store.
///
/// Errors: a template that does not exist.
pub async fn in_app_template(
    store: &dyn DefinitionStore,
    template: &wire::Template,
) -> Result<wire::InAppTemplateRequest, Error> {
    let mut shelf = BTreeMap::new();
    fetch(store, &mut shelf, Kind::InAppTemplate, Some(template)).await?;
    Ok(shelf.into_values().next().expect("it was just fetched"))
}

/// The version of a template that a campaign asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum TemplateVersion {
    /// The one that is active when an activity begins.
    Active,
    /// The one that was written last.
    Latest,
    Exactly(u32),
}

/// What a campaign calls a template: the shelf's key, its name, and the version it asks for.
fn reference(template: &wire::Template) -> Result<(String, &str, TemplateVersion), Error> {
    let field = "TemplateConfiguration";
    let name = template.name.as_deref().ok_or_else(|| invalid(field, "a template has no `Name`"))?;
    match template.version.as_deref() {
        None => Ok((name.to_owned(), name, TemplateVersion::Active)),
        Some("latest") => Ok((format!("{name}@latest"), name, TemplateVersion::Latest)),
        Some(text) => {
            let version = text.parse().map_err(|_| invalid(field, format!("`{text}` is not a template version")))?;
            Ok((format!("{name}@{version}"), name, TemplateVersion::Exactly(version)))
        }
    }
}

async fn fetch<T: serde::de::DeserializeOwned>(
    store: &dyn DefinitionStore,
    shelf: &mut BTreeMap<String, T>,
    kind: Kind,
    template: Option<&wire::Template>,
) -> Result<(), Error> {
    let Some(template) = template else { return Ok(()) };
    let (key, name, version) = reference(template)?;
    if shelf.contains_key(&key) {
        return Ok(());
    }
    let definition = match version {
        TemplateVersion::Active => store.definition(None, kind, name, None).await?,
        TemplateVersion::Latest => store.definition_versions(None, kind, name, None, 1).await?.into_iter().next(),
        TemplateVersion::Exactly(version) => store.definition(None, kind, name, Some(version)).await?,
    };
    let definition = definition.ok_or_else(|| store::Error::NotFound { kind: kind.as_str(), id: key.clone() })?;
    shelf.insert(key, serde_json::from_str(&definition.document).map_err(Error::Document)?);
    Ok(())
}

pub(super) fn take<T: Clone>(
    shelf: &BTreeMap<String, T>,
    template: Option<&wire::Template>,
) -> Result<Option<T>, Error> {
    let Some(template) = template else { return Ok(None) };
    let (key, ..) = reference(template)?;
    match shelf.get(&key) {
        Some(found) => Ok(Some(found.clone())),
        None => Err(invalid("TemplateConfiguration", format!("there is no template `{key}`"))),
    }
}

/// A campaign that can run.
#[derive(Debug)]
pub struct Definition {
    pub name: String,
    pub segment_id: String,
    pub segment_version: Option<u32>,
    pub allotment: Allotment,
    /// The default treatment, then the additional ones in order.
    pub treatments: Vec<Treatment>,
    pub hook: Option<Target>,
    pub limits: Limits,
    pub hook_failure: HookFailure,
    pub unknown: Unknown,
    /// What becomes of messages in quiet time.
    pub quiet_time: config::QuietTime,
}

/// A variant of a campaign.
#[derive(Debug)]
pub struct Treatment {
    pub id: TreatmentId,
    /// Its own, or the campaign's.
    pub schedule: Schedule,
    pub composer: Composer,
    /// `MessageConfiguration` of the hook event.
    pub message_configuration: wire::DirectMessageConfiguration,
}

/// Limits of a campaign; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Limits {
    pub daily: Option<DailyCap>,
    /// Messages to one endpoint over all runs of the campaign.
    pub total: Option<u32>,
    pub messages_per_second: Option<NonZeroU32>,
    /// From the scheduled start to the last message.
    pub duration_max: Option<Duration>,
}

/// Messages to one endpoint in 24 hours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DailyCap {
    pub messages_max: u32,
    pub scope: CapScope,
}

/// Which messages a daily cap counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CapScope {
    /// Those of this campaign: the cap is the campaign's own.
    Campaign,
    /// Those of every campaign: the cap is the application's.
    Application,
}

/// Why a campaign cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A field's value breaks a rule.
    #[error("{field}: {problem}")]
    Invalid { field: String, problem: String },
    /// A message cannot be compiled.
    #[error(transparent)]
    Message(#[from] compose::Error),
    /// Something is wrong in an additional treatment.
    #[error("{place}.{source}")]
    Treatment { place: String, source: Box<Error> },
    /// The document is not what the store should hold.
    #[error("a stored campaign or template cannot be read")]
    Document(#[source] serde_json::Error),
    /// The store failed, or has not what the campaign names.
    #[error(transparent)]
    Store(#[from] store::Error),
}

pub(super) fn invalid(field: &str, problem: impl Into<String>) -> Error {
    Error::Invalid { field: field.to_owned(), problem: problem.into() }
}

pub(super) fn invalid_value(value: Invalid) -> Error {
    Error::Invalid { field: value.field, problem: value.problem.to_string() }
}

impl Definition {
    /// Checks and compiles a campaign whose templates are on its shelf.
    ///
    /// Errors: the first field that breaks a rule.
    pub fn compile(campaign_id: &str, document: &Document, policy: config::Policy) -> Result<Self, Error> {
        let Document { campaign, defaults, templates, .. } = document;
        let name = campaign.name.clone().filter(|name| !name.is_empty());
        let segment_id = campaign.segment_id.clone().filter(|id| !id.is_empty());
        let schedules = read_schedules(document)?;
        let shared = schedules[0].clone().expect("the default treatment has a schedule");
        if shared.frequency == Frequency::Event
            && let Some(i) = schedules[1..].iter().position(Option::is_some)
        {
            let problem = "differs from the campaign's, and the same events trigger all treatments";
            return Err(invalid(&format!("AdditionalTreatments[{i}].Schedule"), problem));
        }
        let additional = campaign.additional_treatments.as_deref().unwrap_or_default();
        let policy = read_policy(campaign.tags.as_ref(), policy)?;
        if campaign.is_paused == Some(true) {
            return Err(invalid("IsPaused", "is `true`, and a paused campaign does not run"));
        }

        let parts = Parts {
            message: campaign.message_configuration.as_ref(),
            templates: campaign.template_configuration.as_ref(),
            custom: campaign.custom_delivery_configuration.as_ref(),
        };
        let mut treatments =
            vec![Treatment::compile(TreatmentId::new("0"), shared.clone(), &parts, templates, policy)?];
        for ((i, treatment), own) in additional.iter().enumerate().zip(schedules.into_iter().skip(1)) {
            let place = format!("AdditionalTreatments[{i}]");
            let schedule = own.unwrap_or_else(|| shared.clone());
            let parts = Parts {
                message: treatment.message_configuration.as_ref(),
                templates: treatment.template_configuration.as_ref(),
                custom: treatment.custom_delivery_configuration.as_ref(),
            };
            let id = TreatmentId::new((i + 1).to_string());
            let compiled = Treatment::compile(id, schedule, &parts, templates, policy);
            treatments.push(compiled.map_err(|error| Error::Treatment { place, source: Box::new(error) })?);
        }

        let mut limits = Limits::read(campaign.limits.as_ref(), defaults.limits.as_ref())?;
        if let (Frequency::Event, Some(schedule)) = (shared.frequency, &campaign.schedule) {
            trigger::check(schedule, &shared)?;
            limits.duration_max = Some(limits.duration_max.unwrap_or(trigger::WINDOW).min(trigger::WINDOW));
        }

        Ok(Self {
            name: name.ok_or_else(|| invalid("Name", "is missing"))?,
            segment_id: segment_id.ok_or_else(|| invalid("SegmentId", "is missing"))?,
            segment_version: campaign.segment_version.map(read_segment_version).transpose()?,
            allotment: read_allotment(campaign_id, campaign, additional)?,
            treatments,
            hook: read_hook(campaign, defaults)?,
            limits,
            hook_failure: policy.hook_failure,
            unknown: policy.unknown,
            quiet_time: policy.quiet_time,
        })
    }

    /// When the first run of the first treatment begins: for local time on the first clocks on earth.
    pub fn due(&self, now: Timestamp) -> Timestamp {
        let runs = self.treatments.iter().filter_map(|treatment| treatment.schedule.run(0, now));
        runs.map(Run::first_due).min().unwrap_or(now)
    }

    /// Errors: when one of these treatments starts in the past by more than clocks differ, or too soon.
    pub fn check_start(&self, now: Timestamp, is_strict: bool, treatments: &[usize]) -> Result<(), Error> {
        treatments.iter().try_for_each(|&place| {
            let checked = self.treatments[place].schedule.check_start(now, is_strict);
            checked.map_err(|(field, problem)| invalid(&field, problem))
        })
    }
}

/// Checks the settings of an application, which its campaigns take over, and reads their hook.
///
/// Errors: the first field that breaks a rule.
pub(super) fn read_settings(settings: &wire::WriteApplicationSettingsRequest) -> Result<Option<Target>, Error> {
    Limits::read(None, settings.limits.as_ref())?;
    let hook = read_hook(&wire::WriteCampaignRequest::default(), settings)?;
    if let Some(quiet_time) = &settings.quiet_time {
        QuietTime::parse(quiet_time).map_err(|problem| invalid("QuietTime", problem))?;
    }
    Ok(hook)
}

/// The parts of a treatment that say what is sent.
struct Parts<'a> {
    message: Option<&'a wire::MessageConfiguration>,
    templates: Option<&'a wire::TemplateConfiguration>,
    custom: Option<&'a wire::CustomDeliveryConfiguration>,
}

impl Treatment {
    fn compile(
        id: TreatmentId,
        schedule: Schedule,
        parts: &Parts<'_>,
        shelf: &Shelf,
        policy: config::Policy,
    ) -> Result<Self, Error> {
        let templates = match parts.templates {
            None => Templates::default(),
            Some(names) if names.voice_template.is_some() => {
                return Err(invalid("TemplateConfiguration.VoiceTemplate", "campaigns do not send voice messages"));
            }
            Some(names) => Templates {
                email: take(&shelf.email, names.email_template.as_ref())?,
                sms: take(&shelf.sms, names.sms_template.as_ref())?,
                push: take(&shelf.push, names.push_template.as_ref())?,
                voice: None,
            },
        };
        Ok(Self {
            id,
            schedule,
            composer: Composer::new(parts.message, &templates, parts.custom, policy.missing_variable)?,
            message_configuration: parts.message.map(direct_message_configuration).unwrap_or_default(),
        })
    }
}

fn read_segment_version(version: i32) -> Result<u32, Error> {
    u32::try_from(version)
        .ok()
        .filter(|version| *version > 0)
        .ok_or_else(|| invalid("SegmentVersion", format!("`{version}` is not a version; they count from 1")))
}

/// Reads a schedule of a campaign and checks it; the application's quiet time counts if it has none.
pub fn read_schedule(
    schedule: &wire::Schedule,
    defaults: &wire::WriteApplicationSettingsRequest,
) -> Result<Schedule, Error> {
    let refused = |(field, problem): (String, String)| invalid(&field, problem);
    let read = Schedule::read(schedule, defaults.quiet_time.as_ref()).map_err(refused)?;
    read.check(schedule).map_err(refused)?;
    Ok(read)
}

/// How a campaign divides its endpoints.
pub fn read_allotment(
    campaign_id: &str,
    campaign: &wire::WriteCampaignRequest,
    additional: &[wire::WriteTreatmentResource],
) -> Result<Allotment, Error> {
    if additional.len() >= TREATMENTS_MAX {
        let problem = format!("{} treatments, the limit is {}", additional.len(), TREATMENTS_MAX - 1);
        return Err(invalid("AdditionalTreatments", problem));
    }
    let percent = |field: &str, value: i32| {
        u8::try_from(value)
            .ok()
            .filter(|percent| *percent <= 100)
            .ok_or_else(|| invalid(field, format!("`{value}` is not a percentage from 0 to 100")))
    };
    let holdout = percent("HoldoutPercent", campaign.holdout_percent.unwrap_or(0))?;
    let sizes = additional
        .iter()
        .enumerate()
        .map(|(i, treatment)| percent(&format!("AdditionalTreatments[{i}].SizePercent"), treatment.size_percent))
        .collect::<Result<_, _>>()?;
    Allotment::new(campaign_id, holdout, sizes).ok_or_else(|| {
        invalid("AdditionalTreatments", "`HoldoutPercent` and the sizes of the treatments make up more than 100")
    })
}

/// The campaign's hook, else the application's. One that names nothing means none.
fn read_hook(
    campaign: &wire::WriteCampaignRequest,
    defaults: &wire::WriteApplicationSettingsRequest,
) -> Result<Option<Target>, Error> {
    let (field, hook) = match (&campaign.hook, &defaults.campaign_hook) {
        (Some(own), _) => ("Hook", own),
        (None, Some(default)) => ("CampaignHook", default),
        (None, None) => return Ok(None),
    };
    Target::of_hook(hook).map_err(|error| invalid(field, error.to_string()))
}

impl Limits {
    /// The campaign's own limits override the application's, member by member; 0 is no limit.
    fn read(own: Option<&wire::CampaignLimits>, defaults: Option<&wire::CampaignLimits>) -> Result<Self, Error> {
        let pick = |member: fn(&wire::CampaignLimits) -> Option<i32>| {
            let own = own.and_then(member).map(|value| (value, CapScope::Campaign));
            own.or_else(|| defaults.and_then(member).map(|value| (value, CapScope::Application)))
        };
        let number = |name: &str, value: i32, max: u32| match u32::try_from(value) {
            Ok(value) if value <= max => Ok((value > 0).then_some(value)),
            _ => Err(invalid(&format!("Limits.{name}"), format!("`{value}` is not a number from 0 to {max}"))),
        };
        let mut limits = Self::default();
        if let Some((value, scope)) = pick(|limits| limits.daily) {
            limits.daily = number("Daily", value, CAP_MAX)?.map(|messages_max| DailyCap { messages_max, scope });
        }
        if let Some((value, _)) = pick(|limits| limits.total) {
            limits.total = number("Total", value, CAP_MAX)?;
        }
        if let Some((value, _)) = pick(|limits| limits.messages_per_second) {
            limits.messages_per_second =
                number("MessagesPerSecond", value, MESSAGES_PER_SECOND_MAX)?.and_then(NonZeroU32::new);
        }
        if let Some((value, _)) = pick(|limits| limits.maximum_duration) {
            limits.duration_max = match u64::try_from(value) {
                Ok(0) => None,
                Ok(seconds) if seconds >= MAXIMUM_DURATION_MIN.as_secs() => Some(Duration::from_secs(seconds)),
                _ => {
                    let min = MAXIMUM_DURATION_MIN.as_secs();
                    let problem = format!("`{value}` is not 0 or a number of seconds from {min} on");
                    return Err(invalid("Limits.MaximumDuration", problem));
                }
            };
        }
        Ok(limits)
    }
}

/// Reads a policy from a tag, in the words of the settings file.
pub fn tag<T: serde::de::DeserializeOwned>(tags: &BTreeMap<String, String>, name: &str) -> Result<Option<T>, Error> {
    let Some(value) = tags.get(name) else { return Ok(None) };
    serde_json::from_value(serde_json::Value::String(value.clone()))
        .map(Some)
        .map_err(|error| invalid(&format!("tags.{name}"), error.to_string()))
}

/// Reads the latest version of a stored campaign.
pub async fn load(
    store: &dyn DefinitionStore,
    application_id: &ApplicationId,
    campaign_id: &str,
) -> Result<(Document, store::Definition), Error> {
    let definition = store.definition(Some(application_id), Kind::Campaign, campaign_id, None).await?;
    let definition =
        definition.ok_or_else(|| store::Error::NotFound { kind: "campaign", id: campaign_id.to_owned() })?;
    let document = Document::read(&definition).map_err(Error::Document)?;
    Ok((document, definition))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(json: &str) -> wire::CampaignLimits {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn own_limits_override_the_applications_member_by_member() {
        let own = limits(r#"{"Daily": 2, "MessagesPerSecond": 0}"#);
        let defaults = limits(r#"{"Daily": 5, "Total": 7, "MessagesPerSecond": 100, "MaximumDuration": 60}"#);
        let read = Limits::read(Some(&own), Some(&defaults)).unwrap();
        assert_eq!(read.daily, Some(DailyCap { messages_max: 2, scope: CapScope::Campaign }));
        assert_eq!(read.total, Some(7));
        assert_eq!(read.messages_per_second, None, "0 is no limit, and it is the campaign's own");
        assert_eq!(read.duration_max, Some(Duration::from_secs(60)));

        let read = Limits::read(None, Some(&defaults)).unwrap();
        assert_eq!(read.daily, Some(DailyCap { messages_max: 5, scope: CapScope::Application }));
    }

    #[test]
    fn limits_out_of_range_name_field_value_and_rule() {
        let cases = [
            (r#"{"Daily": 101}"#, "Limits.Daily: `101` is not a number from 0 to 100"),
            (r#"{"Total": -1}"#, "Limits.Total: `-1` is not a number from 0 to 100"),
            (r#"{"MessagesPerSecond": 20001}"#, "Limits.MessagesPerSecond: `20001` is not a number from 0 to 20000"),
            (r#"{"MaximumDuration": 59}"#, "Limits.MaximumDuration: `59` is not 0 or a number of seconds from 60 on"),
        ];
        for (json, expected) in cases {
            assert_eq!(Limits::read(Some(&limits(json)), None).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn policies_come_from_tags() {
        let tags = [("pinwheel:hook-failure".to_owned(), "hold".to_owned())].into();
        assert_eq!(tag::<HookFailure>(&tags, "pinwheel:hook-failure").unwrap(), Some(HookFailure::Hold));
        assert_eq!(tag::<Unknown>(&tags, "pinwheel:unknown").unwrap(), None);
        let tags = [("pinwheel:unknown".to_owned(), "maybe".to_owned())].into();
        let error = tag::<Unknown>(&tags, "pinwheel:unknown").unwrap_err().to_string();
        assert!(error.contains("tags.pinwheel:unknown: ") && error.contains("maybe"), "{error}");
    }
}
