//! Direct messages, one-time passwords and phone numbers.

mod phone;

use std::collections::BTreeMap;

use super::{Call, Error};
use crate::campaign::direct::Receipt;
use crate::wire::generated as wire;

impl wire::Messages for Call<'_> {
    async fn send_messages(&self, input: wire::SendMessagesInput) -> Result<wire::MessageResponse, Error> {
        let application_id = self.application_id(&input.application_id).await?;
        let receipts = self.api.engine.send_messages(&application_id, &input.body).await?;
        let by_address = receipts.by_address.into_iter().map(|(address, receipt)| (address, result(receipt)));
        let by_endpoint = receipts.by_endpoint.into_iter().map(|(id, receipt)| (id, endpoint_result(receipt)));
        Ok(wire::MessageResponse {
            application_id: input.application_id,
            result: input.body.addresses.map(|_| by_address.collect()),
            endpoint_result: input.body.endpoints.map(|_| by_endpoint.collect()),
            request_id: Some(self.request_id.to_owned()),
        })
    }

    async fn send_users_messages(
        &self,
        input: wire::SendUsersMessagesInput,
    ) -> Result<wire::SendUsersMessageResponse, Error> {
        let application_id = self.application_id(&input.application_id).await?;
        let receipts = self.api.engine.send_users_messages(&application_id, &input.body).await?;
        let results = |receipts: BTreeMap<String, Receipt>| {
            receipts.into_iter().map(|(id, receipt)| (id, endpoint_result(receipt))).collect()
        };
        Ok(wire::SendUsersMessageResponse {
            application_id: input.application_id,
            request_id: Some(self.request_id.to_owned()),
            result: Some(receipts.into_iter().map(|(user, receipts)| (user, results(receipts))).collect()),
        })
    }

    async fn send_otp_message(&self, input: wire::SendOTPMessageInput) -> Result<wire::MessageResponse, Error> {
        let application_id = self.application_id(&input.application_id).await?;
        let receipt = self.api.engine.send_one_time_password(&application_id, &input.body).await?;
        Ok(wire::MessageResponse {
            application_id: input.application_id,
            endpoint_result: None,
            request_id: Some(self.request_id.to_owned()),
            result: Some(BTreeMap::from([(input.body.destination_identity, result(receipt))])),
        })
    }

    async fn verify_otp_message(
        &self,
        input: wire::VerifyOTPMessageInput,
    ) -> Result<wire::VerificationResponse, Error> {
        let application_id = self.application_id(&input.application_id).await?;
        let valid = self.api.engine.verify_one_time_password(&application_id, &input.body).await?;
        Ok(wire::VerificationResponse { valid: Some(valid) })
    }

    async fn phone_number_validate(
        &self,
        input: wire::PhoneNumberValidateInput,
    ) -> Result<wire::NumberValidateResponse, Error> {
        // Reading the numbering plans for the first time takes a while.
        tokio::task::spawn_blocking(|| phone::validate(input.body)).await.map_err(Error::internal)?
    }
}

fn result(receipt: Receipt) -> wire::MessageResult {
    wire::MessageResult {
        delivery_status: receipt.status,
        message_id: receipt.message_id,
        status_code: receipt.code.into(),
        status_message: Some(receipt.text),
        updated_token: receipt.updated_token,
    }
}

fn endpoint_result(receipt: Receipt) -> wire::EndpointMessageResult {
    wire::EndpointMessageResult {
        address: receipt.address,
        delivery_status: receipt.status,
        message_id: receipt.message_id,
        status_code: receipt.code.into(),
        status_message: Some(receipt.text),
        updated_token: receipt.updated_token,
    }
}
