//! Channels of applications: what they send through, and with which credentials.
//!
//! One shape serves all types: a channel is written, shown and removed by [`resource`], and [`rule`] says what each type
//! needs. An application without a channel of its own is served by the adapters of the settings.

mod resource;
mod rule;

use super::{Call, Error};
use crate::domain::ChannelType::{Adm, Apns, ApnsSandbox, ApnsVoip, ApnsVoipSandbox, Baidu, Email, Gcm, Sms, Voice};
use crate::store::{Definition, Kind};
use crate::wire::generated as wire;

impl wire::Channels for Call<'_> {
    async fn get_channels(&self, input: wire::GetChannelsInput) -> Result<wire::ChannelsResponse, Error> {
        let application_id = self.application_id(&input.application_id).await?;
        let stored = self.store().definitions(Some(&application_id), Kind::Channel).await?;
        let channel = |stored: &Definition| Ok((stored.id.clone(), resource::response(&application_id, stored)?));
        Ok(wire::ChannelsResponse { channels: stored.iter().map(channel).collect::<Result<_, Error>>()? })
    }

    async fn get_adm_channel(&self, input: wire::GetAdmChannelInput) -> Result<wire::ADMChannelResponse, Error> {
        self.channel(&input.application_id, Adm).await
    }

    async fn update_adm_channel(&self, input: wire::UpdateAdmChannelInput) -> Result<wire::ADMChannelResponse, Error> {
        self.write_channel(&input.application_id, Adm, &input.body).await
    }

    async fn delete_adm_channel(&self, input: wire::DeleteAdmChannelInput) -> Result<wire::ADMChannelResponse, Error> {
        self.remove_channel(&input.application_id, Adm).await
    }

    async fn get_apns_channel(&self, input: wire::GetApnsChannelInput) -> Result<wire::APNSChannelResponse, Error> {
        self.channel(&input.application_id, Apns).await
    }

    async fn update_apns_channel(
        &self,
        input: wire::UpdateApnsChannelInput,
    ) -> Result<wire::APNSChannelResponse, Error> {
        self.write_channel(&input.application_id, Apns, &input.body).await
    }

    async fn delete_apns_channel(
        &self,
        input: wire::DeleteApnsChannelInput,
    ) -> Result<wire::APNSChannelResponse, Error> {
        self.remove_channel(&input.application_id, Apns).await
    }

    async fn get_apns_sandbox_channel(
        &self,
        input: wire::GetApnsSandboxChannelInput,
    ) -> Result<wire::APNSSandboxChannelResponse, Error> {
        self.channel(&input.application_id, ApnsSandbox).await
    }

    async fn update_apns_sandbox_channel(
        &self,
        input: wire::UpdateApnsSandboxChannelInput,
    ) -> Result<wire::APNSSandboxChannelResponse, Error> {
        self.write_channel(&input.application_id, ApnsSandbox, &input.body).await
    }

    async fn delete_apns_sandbox_channel(
        &self,
        input: wire::DeleteApnsSandboxChannelInput,
    ) -> Result<wire::APNSSandboxChannelResponse, Error> {
        self.remove_channel(&input.application_id, ApnsSandbox).await
    }

    async fn get_apns_voip_channel(
        &self,
        input: wire::GetApnsVoipChannelInput,
    ) -> Result<wire::APNSVoipChannelResponse, Error> {
        self.channel(&input.application_id, ApnsVoip).await
    }

    async fn update_apns_voip_channel(
        &self,
        input: wire::UpdateApnsVoipChannelInput,
    ) -> Result<wire::APNSVoipChannelResponse, Error> {
        self.write_channel(&input.application_id, ApnsVoip, &input.body).await
    }

    async fn delete_apns_voip_channel(
        &self,
        input: wire::DeleteApnsVoipChannelInput,
    ) -> Result<wire::APNSVoipChannelResponse, Error> {
        self.remove_channel(&input.application_id, ApnsVoip).await
    }

    async fn get_apns_voip_sandbox_channel(
        &self,
        input: wire::GetApnsVoipSandboxChannelInput,
    ) -> Result<wire::APNSVoipSandboxChannelResponse, Error> {
        self.channel(&input.application_id, ApnsVoipSandbox).await
    }

    async fn update_apns_voip_sandbox_channel(
        &self,
        input: wire::UpdateApnsVoipSandboxChannelInput,
    ) -> Result<wire::APNSVoipSandboxChannelResponse, Error> {
        self.write_channel(&input.application_id, ApnsVoipSandbox, &input.body).await
    }

    async fn delete_apns_voip_sandbox_channel(
        &self,
        input: wire::DeleteApnsVoipSandboxChannelInput,
    ) -> Result<wire::APNSVoipSandboxChannelResponse, Error> {
        self.remove_channel(&input.application_id, ApnsVoipSandbox).await
    }

    async fn get_baidu_channel(&self, input: wire::GetBaiduChannelInput) -> Result<wire::BaiduChannelResponse, Error> {
        self.channel(&input.application_id, Baidu).await
    }

    async fn update_baidu_channel(
        &self,
        input: wire::UpdateBaiduChannelInput,
    ) -> Result<wire::BaiduChannelResponse, Error> {
        self.write_channel(&input.application_id, Baidu, &input.body).await
    }

    async fn delete_baidu_channel(
        &self,
        input: wire::DeleteBaiduChannelInput,
    ) -> Result<wire::BaiduChannelResponse, Error> {
        self.remove_channel(&input.application_id, Baidu).await
    }

    async fn get_email_channel(&self, input: wire::GetEmailChannelInput) -> Result<wire::EmailChannelResponse, Error> {
        self.channel(&input.application_id, Email).await
    }

    async fn update_email_channel(
        &self,
        input: wire::UpdateEmailChannelInput,
    ) -> Result<wire::EmailChannelResponse, Error> {
        self.write_channel(&input.application_id, Email, &input.body).await
    }

    async fn delete_email_channel(
        &self,
        input: wire::DeleteEmailChannelInput,
    ) -> Result<wire::EmailChannelResponse, Error> {
        self.remove_channel(&input.application_id, Email).await
    }

    async fn get_gcm_channel(&self, input: wire::GetGcmChannelInput) -> Result<wire::GCMChannelResponse, Error> {
        self.channel(&input.application_id, Gcm).await
    }

    async fn update_gcm_channel(&self, input: wire::UpdateGcmChannelInput) -> Result<wire::GCMChannelResponse, Error> {
        self.write_channel(&input.application_id, Gcm, &input.body).await
    }

    async fn delete_gcm_channel(&self, input: wire::DeleteGcmChannelInput) -> Result<wire::GCMChannelResponse, Error> {
        self.remove_channel(&input.application_id, Gcm).await
    }

    async fn get_sms_channel(&self, input: wire::GetSmsChannelInput) -> Result<wire::SMSChannelResponse, Error> {
        self.channel(&input.application_id, Sms).await
    }

    async fn update_sms_channel(&self, input: wire::UpdateSmsChannelInput) -> Result<wire::SMSChannelResponse, Error> {
        self.write_channel(&input.application_id, Sms, &input.body).await
    }

    async fn delete_sms_channel(&self, input: wire::DeleteSmsChannelInput) -> Result<wire::SMSChannelResponse, Error> {
        self.remove_channel(&input.application_id, Sms).await
    }

    async fn get_voice_channel(&self, input: wire::GetVoiceChannelInput) -> Result<wire::VoiceChannelResponse, Error> {
        self.channel(&input.application_id, Voice).await
    }

    async fn update_voice_channel(
        &self,
        input: wire::UpdateVoiceChannelInput,
    ) -> Result<wire::VoiceChannelResponse, Error> {
        self.write_channel(&input.application_id, Voice, &input.body).await
    }

    async fn delete_voice_channel(
        &self,
        input: wire::DeleteVoiceChannelInput,
    ) -> Result<wire::VoiceChannelResponse, Error> {
        self.remove_channel(&input.application_id, Voice).await
    }
}
