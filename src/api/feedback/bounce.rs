//! Bounce mails that a mail server of ours hands on, whole and signed.

use axum::response::Response;

use super::{TEXT, Told, answered, mail};
use crate::api::Error;

impl Told<'_> {
    pub(super) async fn bounce(&self) -> Result<Response, Error> {
        let Some(signer) = &self.api.feedback.bounces else {
            return Err(Error::forbidden("`feedback.secret` is not set"));
        };
        if !signer.verifies(&self.head.headers, self.body, self.api.clock.now()) {
            return Err(Error::forbidden(
                "webhook-signature: it is not that of this mail with `feedback.secret`, or it is not of these minutes",
            ));
        }
        let reports = mail::read(self.body);
        let (found, applied) = (reports.len(), self.apply(reports).await?);
        Ok(answered(TEXT, format!("{found} reports, {applied} of them about somebody known\n")))
    }
}
