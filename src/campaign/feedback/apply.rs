//! Does what reports ask for: endpoints become inactive or opt out, and each report becomes an event.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Error;
use super::event;
use super::reference::{Mark, Receiver, Reference, Run, normalized};
use crate::campaign::engine::Engine;
use crate::channel::{Report, ReportKind};
use crate::domain::{ApplicationId, ChannelType};
use crate::store::{self, Cause, EndpointRef, Event, Withdrawal};
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
    /// What gets no more messages: that endpoint, and others with its address.
    withdrawn: Vec<Withdrawal>,
}

impl Engine {
    /// Applies reports. The same report once more changes nothing.
    ///
    /// Shape: how many of them are about somebody known. Errors: those of the store; some may be applied then.
    pub async fn apply_reports(&self, reports: Vec<Report>) -> Result<usize, Error> {
        let now = self.clock.now();
        let mut applied = 0;
        let mut by_application: BTreeMap<ApplicationId, (Vec<Event>, Vec<Withdrawal>)> = BTreeMap::new();
        for report in &reports {
            let subjects = self.subjects(report).await?;
            applied += usize::from(!subjects.is_empty());
            for subject in subjects {
                let (events, withdrawn) = by_application.entry(subject.application_id).or_default();
                events.extend(event::of_report(report, &subject.endpoint_id, subject.run.as_ref(), now));
                withdrawn.extend(subject.withdrawn);
            }
        }
        for (application_id, (events, withdrawn)) in by_application {
            let written = async {
                // Events first: told once more after a crash, they are known by their ids. An endpoint that is out of it is
                // not found by its address again, and its event would be lost.
                if !events.is_empty() {
                    self.store.append_events(&application_id, events, now).await?;
                    self.events_arrived(&application_id);
                }
                if !withdrawn.is_empty() {
                    self.store.withdraw_endpoints(&application_id, withdrawn).await?;
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
        let Some(reference) = found.filter(|reference| reference.channel_type == report.channel_type) else {
            let mut subjects = Vec::new();
            for application in self.store.applications().await? {
                subjects.extend(self.at_reported_address(report, &application.id).await?);
            }
            return Ok(subjects);
        };
        let Reference { application_id, receiver, run, channel_type } = reference;
        match receiver {
            Receiver::Endpoint(endpoint_id) => {
                let withdrawn = self.withdrawn(report, &application_id, &endpoint_id).await?;
                Ok(vec![Subject { application_id, endpoint_id, run, withdrawn }])
            }
            Receiver::Address(mark) => {
                // It says nothing about other addresses.
                let is_meant = report.address.as_ref().is_some_and(|given| Mark::of(channel_type, given) == mark);
                let mut subjects = Vec::new();
                if is_meant {
                    subjects = self.at_reported_address(report, &application_id).await?;
                }
                if subjects.is_empty() {
                    subjects.push(stranger(report, application_id, run));
                }
                Ok(subjects)
            }
        }
    }

    /// What a report about a message to this endpoint takes out of what is sent: all that the application sends to the
    /// address that the endpoint has. That an address is dead concerns another one not; who wants no more messages is opted
    /// out in any case, and complaints often hide whose they are.
    async fn withdrawn(
        &self,
        report: &Report,
        application_id: &ApplicationId,
        endpoint_id: &str,
    ) -> Result<Vec<Withdrawal>, Error> {
        let mut withdrawn = Vec::new();
        let Some(cause) = cause(report.kind) else { return Ok(withdrawn) };
        let page = self.store.endpoint(application_id, endpoint_id).await?;
        let Some(endpoint) = page.iter().next() else { return Ok(withdrawn) };
        if cause == Cause::OptedOut {
            withdrawn.push(Withdrawal { number: endpoint.number, address: None, cause });
        }
        let channel_type = report.channel_type;
        let is_meant = |own: &String| {
            let is_same = |given: &String| normalized(channel_type, given) == normalized(channel_type, own);
            cause == Cause::OptedOut || report.address.as_ref().is_none_or(is_same)
        };
        if let Some(address) = address(endpoint)?.filter(is_meant) {
            let page = self.store.endpoints_at_address(application_id, channel_type, &address).await?;
            for endpoint in page.iter() {
                withdrawn.push(Withdrawal { number: endpoint.number, address: self::address(endpoint)?, cause });
            }
        }
        Ok(withdrawn)
    }

    /// The active endpoints of an application that have the report's address.
    async fn at_reported_address(
        &self,
        report: &Report,
        application_id: &ApplicationId,
    ) -> Result<Vec<Subject>, Error> {
        let mut subjects = Vec::new();
        for spelling in report.address.iter().flat_map(|address| spellings(report.channel_type, address)) {
            let page = self.store.endpoints_at_address(application_id, report.channel_type, &spelling).await?;
            for endpoint in page.iter() {
                let address = address(endpoint)?;
                let withdrawal = cause(report.kind).map(|cause| Withdrawal { number: endpoint.number, address, cause });
                subjects.push(Subject {
                    application_id: application_id.clone(),
                    endpoint_id: endpoint.id.to_owned(),
                    run: None,
                    withdrawn: withdrawal.into_iter().collect(),
                });
            }
        }
        Ok(subjects)
    }
}

/// A direct message to an address that no endpoint has: its events have an endpoint of their own, as with Pinpoint, the same
/// for all of one message.
fn stranger(report: &Report, application_id: ApplicationId, run: Option<Run>) -> Subject {
    let of = report.message_id.as_deref().or(report.address.as_deref()).unwrap_or_default();
    Subject { application_id, endpoint_id: event::id("direct message", &[of]), run, withdrawn: Vec::new() }
}

/// Why a report takes endpoints out of what is sent, if it does.
fn cause(kind: ReportKind) -> Option<Cause> {
    match kind {
        ReportKind::HardBounce => Some(Cause::Dead),
        ReportKind::Complaint | ReportKind::OptOut => Some(Cause::OptedOut),
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

fn address(endpoint: EndpointRef<'_>) -> Result<Option<String>, store::Error> {
    let damaged = |error| store::Error::Damaged { what: format!("endpoint number {}: {error}", endpoint.number) };
    let head = Head::read(endpoint.document).map_err(damaged)?;
    Ok(head.address().map(str::to_owned))
}

/// How endpoints may write an address that a provider names. The store takes upper and lower case of e-mails for the same.
fn spellings(channel_type: ChannelType, address: &str) -> Vec<String> {
    let mut spellings = vec![address.to_owned()];
    if matches!(channel_type, ChannelType::Sms | ChannelType::Voice) {
        let digits = normalized(channel_type, address);
        spellings.extend([format!("+{digits}"), digits]);
    }
    spellings.sort();
    spellings.dedup();
    spellings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_looked_for_in_each_way_to_write_them() {
        use ChannelType::{Email, Gcm, Sms};
        assert_eq!(spellings(Sms, "+12065550100"), ["+12065550100", "12065550100"]);
        assert_eq!(spellings(Sms, "1 206 555 0100"), ["+12065550100", "1 206 555 0100", "12065550100"]);
        assert_eq!(spellings(Email, "Ann@Example.com"), ["Ann@Example.com"]);
        assert_eq!(spellings(Gcm, "Token"), ["Token"]);
    }
}
