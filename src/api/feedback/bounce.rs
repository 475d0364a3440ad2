//! Bounce mails that a mail server of ours hands on, whole and signed.
//!
//! The signature says which server got the mail, and nothing of who wrote it: anybody can send us one. So only the reference
//! proves a report, since nobody has it but the one who got the message. A report without one is passed over.

use axum::response::Response;

use super::{TEXT, Told, answered, mail};
use crate::api::Error;
use crate::channel::Report;

impl Told<'_> {
    pub(super) async fn bounce(&self) -> Result<Response, Error> {
        let signer = self.api.feedback.bounce_signer()?;
        if !signer.verifies(&self.head.headers, self.body, self.api.clock.now()) {
            return Err(Error::forbidden(
                "webhook-signature: it is not that of this mail with `feedback.secret`, or it is not of these minutes",
            ));
        }
        let mail = self.body.clone();
        let reports = tokio::task::spawn_blocking(move || mail::read(&mail)).await.map_err(Error::internal)?;
        let found = reports.len();
        let reports = self.proven(reports).await?;
        if reports.len() < found && self.api.feedback.unproven.is_due() {
            tracing::warn!(
                reports = found - reports.len(),
                "a mail that reports about mails has no reference of ours, and is passed over"
            );
        }
        let applied = self.apply(reports).await?;
        Ok(answered(TEXT, format!("{found} reports, {applied} of them about somebody known\n")))
    }

    /// The reports with a reference of one of our e-mails.
    async fn proven(&self, mut reports: Vec<Report>) -> Result<Vec<Report>, Error> {
        let Some(references) = self.api.engine.references().await? else { return Ok(Vec::new()) };
        reports.retain(|report| {
            let reference = report.reference.as_deref().and_then(|reference| references.read(reference));
            reference.is_some_and(|reference| reference.channel_type == report.channel_type)
        });
        Ok(reports)
    }
}
