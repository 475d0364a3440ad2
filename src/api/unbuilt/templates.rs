//! Templates: not built yet.

use crate::api::{Call, Error};
use crate::wire::generated as wire;

impl wire::Templates for Call<'_> {
    async fn create_email_template(&self, _: wire::CreateEmailTemplateInput) -> Result<wire::CreateTemplateMessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn create_in_app_template(&self, _: wire::CreateInAppTemplateInput) -> Result<wire::TemplateCreateMessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn create_push_template(&self, _: wire::CreatePushTemplateInput) -> Result<wire::CreateTemplateMessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn create_sms_template(&self, _: wire::CreateSmsTemplateInput) -> Result<wire::CreateTemplateMessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn create_voice_template(&self, _: wire::CreateVoiceTemplateInput) -> Result<wire::CreateTemplateMessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_email_template(&self, _: wire::DeleteEmailTemplateInput) -> Result<wire::MessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_in_app_template(&self, _: wire::DeleteInAppTemplateInput) -> Result<wire::MessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_push_template(&self, _: wire::DeletePushTemplateInput) -> Result<wire::MessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_sms_template(&self, _: wire::DeleteSmsTemplateInput) -> Result<wire::MessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_voice_template(&self, _: wire::DeleteVoiceTemplateInput) -> Result<wire::MessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_email_template(&self, _: wire::GetEmailTemplateInput) -> Result<wire::EmailTemplateResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_in_app_template(&self, _: wire::GetInAppTemplateInput) -> Result<wire::InAppTemplateResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_push_template(&self, _: wire::GetPushTemplateInput) -> Result<wire::PushNotificationTemplateResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_sms_template(&self, _: wire::GetSmsTemplateInput) -> Result<wire::SMSTemplateResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_voice_template(&self, _: wire::GetVoiceTemplateInput) -> Result<wire::VoiceTemplateResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn list_template_versions(&self, _: wire::ListTemplateVersionsInput) -> Result<wire::TemplateVersionsResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn list_templates(&self, _: wire::ListTemplatesInput) -> Result<wire::TemplatesResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_email_template(&self, _: wire::UpdateEmailTemplateInput) -> Result<wire::MessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_in_app_template(&self, _: wire::UpdateInAppTemplateInput) -> Result<wire::MessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_push_template(&self, _: wire::UpdatePushTemplateInput) -> Result<wire::MessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_sms_template(&self, _: wire::UpdateSmsTemplateInput) -> Result<wire::MessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_template_active_version(&self, _: wire::UpdateTemplateActiveVersionInput) -> Result<wire::MessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_voice_template(&self, _: wire::UpdateVoiceTemplateInput) -> Result<wire::MessageBody, Error> {
        Err(Error::bad_request("not built yet"))
    }
}
