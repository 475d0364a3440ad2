//! Messages: not built yet.

use crate::api::{Call, Error};
use crate::wire::generated as wire;

impl wire::Messages for Call<'_> {
    async fn phone_number_validate(&self, _: wire::PhoneNumberValidateInput) -> Result<wire::NumberValidateResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn send_messages(&self, _: wire::SendMessagesInput) -> Result<wire::MessageResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn send_otp_message(&self, _: wire::SendOTPMessageInput) -> Result<wire::MessageResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn send_users_messages(&self, _: wire::SendUsersMessagesInput) -> Result<wire::SendUsersMessageResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn verify_otp_message(&self, _: wire::VerifyOTPMessageInput) -> Result<wire::VerificationResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
}
