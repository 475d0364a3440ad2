//! Does what reports ask for: endpoints become inactive or opt out, and each report becomes an event.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Error;
use super::event;
use super::reference::{Reference, Run};
use crate::campaign::address::AddressReport;
use crate::campaign::engine::Engine;
use crate::channel::{Report, ReportKind};
use crate::domain::{AddressNews, ApplicationId, ChannelType, EndpointNumber};
use crate::store::{self, EndpointRef, Event};
use crate::wire::endpoint::Head;

/// Reports that are applied at once when they come over an adapter's own connection.
const REPORTS_MAX: usize = 200;
/// Attempts at applying them, and the pause between two: their provider does not say them again.
const ATTEMPTS_MAX: u32 = 5;
const ATTEMPT_PAUSE: Duration = Duration::from_secs(1);

/// Whom a report is about.
struct Subject {
    application_id: ApplicationId,
    endpoint_id: String,
    run: Option<Run>,
    /// The endpoint's number and address, where something is to change.
    endpoint: Option<(EndpointNumber, String)>,
}

impl Engine {
    /// Applies reports. The same report once more changes nothing.
    ///
    /// Shape: how many of them are about somebody known. Errors: those of the store; some may be applied then.
    pub async fn apply_reports(&self, reports: Vec<Report>) -> Result<usize, Error> {
        let now = self.clock.now();
        let mut applied = 0;
        let mut by_application: BTreeMap<ApplicationId, (Vec<AddressReport>, Vec<Event>)> = BTreeMap::new();
        for report in &reports {
            let subjects = self.subjects(report).await?;
            applied += usize::from(!subjects.is_empty());
            for Subject { application_id, endpoint_id, run, endpoint } in subjects {
                let (changes, events) = by_application.entry(application_id).or_default();
                events.extend(event::of_report(report, &endpoint_id, run.as_ref(), now));
                if let (Some(news), Some((number, address))) = (news(report.kind), endpoint) {
                    let channel_type = report.channel_type;
                    changes.push(AddressReport { number, endpoint_id, channel_type, address, news, reason: None });
                }
            }
        }
        for (application_id, (changes, events)) in by_application {
            let written = async {
                self.change_addresses(&application_id, changes).await?;
                if !events.is_empty() {
                    self.store.append_events(&application_id, events, now).await?;
                }
                Ok::<_, store::Error>(())
            };
            match written.await {
                // It was deleted since the message went out.
                Err(store::Error::NotFound { .. }) => {}
                written => written?,
            }
        }
        Ok(applied)
    }

    /// Applies what adapters report over connections of their own, until it is to stop; what has come by then is applied
    /// still.
    pub async fn keep_reports(self: Arc<Self>, stop: CancellationToken) {
        let mut incoming = self.reports.lock().await;
        let Some(incoming) = incoming.as_mut() else { return };
        loop {
            let mut reports = Vec::new();
            tokio::select! {
                biased;
                received = incoming.recv_many(&mut reports, REPORTS_MAX) => if received == 0 { return },
                () = stop.cancelled() => return,
            }
            self.apply_surely(reports).await;
        }
    }

    async fn apply_surely(&self, reports: Vec<Report>) {
        let count = reports.len();
        for attempt in 1.. {
            match self.apply_reports(reports.clone()).await {
                Ok(_) => return,
                Err(Error::Store(error)) if attempt < ATTEMPTS_MAX && error.is_retryable() => {
                    self.clock.sleep(ATTEMPT_PAUSE).await;
                }
                Err(error) => {
                    tracing::error!(reports = count, error = %error, "what providers reported is lost");
                    return;
                }
            }
        }
    }

    async fn subjects(&self, report: &Report) -> Result<Vec<Subject>, Error> {
        let found = match (&report.reference, self.references().await?) {
            (Some(reference), Some(references)) => references.read(reference),
            _ => None,
        };
        match found.filter(|reference| reference.channel_type == report.channel_type) {
            Some(reference) if reference.endpoint_id.is_empty() => {
                let mut subjects = self.at_address(report, &reference.application_id).await?;
                if subjects.is_empty() {
                    subjects.push(stranger(report, reference));
                }
                Ok(subjects)
            }
            Some(reference) => Ok(vec![self.referred(report, reference).await?]),
            None => {
                let mut subjects = Vec::new();
                for application in self.store.applications().await? {
                    subjects.extend(self.at_address(report, &application.id).await?);
                }
                Ok(subjects)
            }
        }
    }

    /// The endpoint of a reference. That an address is dead concerns it only while it has that address; that somebody wants
    /// no more messages does in any case.
    async fn referred(&self, report: &Report, reference: Reference) -> Result<Subject, Error> {
        let Reference { application_id, endpoint_id, run, channel_type } = reference;
        let mut endpoint = None;
        if let Some(news) = news(report.kind) {
            let page = self.store.endpoint(&application_id, &endpoint_id).await?;
            endpoint = page.iter().next().map(number_and_address).transpose()?.flatten().filter(|(_, address)| {
                let is_meant = |given: &String| is_same_address(channel_type, address, given);
                news == AddressNews::OptedOut || report.address.as_ref().is_none_or(is_meant)
            });
        }
        Ok(Subject { application_id, endpoint_id, run, endpoint })
    }

    /// The active endpoints of an application that have the report's address.
    async fn at_address(&self, report: &Report, application_id: &ApplicationId) -> Result<Vec<Subject>, Error> {
        let mut subjects = Vec::new();
        for address in report.address.iter().flat_map(|address| spellings(report.channel_type, address)) {
            let page = self.store.endpoints_at_address(application_id, report.channel_type, &address).await?;
            for endpoint in page.iter() {
                subjects.push(Subject {
                    application_id: application_id.clone(),
                    endpoint_id: endpoint.id.to_owned(),
                    run: None,
                    endpoint: number_and_address(endpoint)?,
                });
            }
        }
        Ok(subjects)
    }
}

/// A direct message to an address that no endpoint has: its events have an endpoint of their own, as with Pinpoint, the same
/// for all of one message.
fn stranger(report: &Report, reference: Reference) -> Subject {
    let of = report.message_id.as_deref().or(report.address.as_deref()).unwrap_or_default();
    let Reference { application_id, run, .. } = reference;
    Subject { application_id, endpoint_id: event::id("direct message", &[of]), run, endpoint: None }
}

/// What a report says of the address.
fn news(kind: ReportKind) -> Option<AddressNews> {
    match kind {
        ReportKind::HardBounce => Some(AddressNews::Dead),
        ReportKind::Complaint | ReportKind::OptOut => Some(AddressNews::OptedOut),
        ReportKind::Buffered
        | ReportKind::Delivered
        | ReportKind::SoftBounce
        | ReportKind::Failed
        | ReportKind::Rejected
        | ReportKind::RenderingFailure
        | ReportKind::Opened
        | ReportKind::Clicked => None,
    }
}

fn number_and_address(endpoint: EndpointRef<'_>) -> Result<Option<(EndpointNumber, String)>, store::Error> {
    let damaged = |error| store::Error::Damaged { what: format!("endpoint number {}: {error}", endpoint.number) };
    let head = Head::read(endpoint.document).map_err(damaged)?;
    Ok(head.address().map(|address| (endpoint.number, address.to_owned())))
}

/// Whether two ways to write an address mean the same: providers write them in their own.
fn is_same_address(channel_type: ChannelType, one: &str, other: &str) -> bool {
    match channel_type {
        ChannelType::Email => one.eq_ignore_ascii_case(other),
        ChannelType::Sms | ChannelType::Voice => digits(one) == digits(other),
        _ => one == other,
    }
}

/// How endpoints may write an address that a provider names.
fn spellings(channel_type: ChannelType, address: &str) -> Vec<String> {
    let mut spellings = vec![address.to_owned()];
    match channel_type {
        ChannelType::Email => spellings.push(address.to_lowercase()),
        ChannelType::Sms | ChannelType::Voice => {
            let digits = digits(address);
            spellings.extend([format!("+{digits}"), digits]);
        }
        _ => {}
    }
    spellings.sort();
    spellings.dedup();
    spellings
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_the_same_however_they_are_written() {
        use ChannelType::{Email, Gcm, Sms};
        assert!(is_same_address(Email, "Ann@Example.com", "ann@example.com"));
        assert!(is_same_address(Sms, "+12065550100", "1 (206) 555-0100"));
        assert!(!is_same_address(Sms, "+12065550100", "+12065550101"));
        assert!(!is_same_address(Gcm, "a", "A"), "tokens are no addresses of people");
        assert_eq!(spellings(Email, "Ann@Example.com"), ["Ann@Example.com", "ann@example.com"]);
        assert_eq!(spellings(Email, "ann@example.com"), ["ann@example.com"]);
        assert_eq!(spellings(Sms, "+12065550100"), ["+12065550100", "12065550100"]);
        assert_eq!(spellings(Gcm, "Token"), ["Token"]);
    }
}
