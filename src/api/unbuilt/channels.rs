//! Channels: not built yet.

use crate::api::{Call, Error};
use crate::wire::generated as wire;

impl wire::Channels for Call<'_> {
    async fn delete_adm_channel(&self, _: wire::DeleteAdmChannelInput) -> Result<wire::ADMChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_apns_channel(&self, _: wire::DeleteApnsChannelInput) -> Result<wire::APNSChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_apns_sandbox_channel(&self, _: wire::DeleteApnsSandboxChannelInput) -> Result<wire::APNSSandboxChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_apns_voip_channel(&self, _: wire::DeleteApnsVoipChannelInput) -> Result<wire::APNSVoipChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_apns_voip_sandbox_channel(&self, _: wire::DeleteApnsVoipSandboxChannelInput) -> Result<wire::APNSVoipSandboxChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_baidu_channel(&self, _: wire::DeleteBaiduChannelInput) -> Result<wire::BaiduChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_email_channel(&self, _: wire::DeleteEmailChannelInput) -> Result<wire::EmailChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_gcm_channel(&self, _: wire::DeleteGcmChannelInput) -> Result<wire::GCMChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_sms_channel(&self, _: wire::DeleteSmsChannelInput) -> Result<wire::SMSChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn delete_voice_channel(&self, _: wire::DeleteVoiceChannelInput) -> Result<wire::VoiceChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_adm_channel(&self, _: wire::GetAdmChannelInput) -> Result<wire::ADMChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_apns_channel(&self, _: wire::GetApnsChannelInput) -> Result<wire::APNSChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_apns_sandbox_channel(&self, _: wire::GetApnsSandboxChannelInput) -> Result<wire::APNSSandboxChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_apns_voip_channel(&self, _: wire::GetApnsVoipChannelInput) -> Result<wire::APNSVoipChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_apns_voip_sandbox_channel(&self, _: wire::GetApnsVoipSandboxChannelInput) -> Result<wire::APNSVoipSandboxChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_baidu_channel(&self, _: wire::GetBaiduChannelInput) -> Result<wire::BaiduChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_channels(&self, _: wire::GetChannelsInput) -> Result<wire::ChannelsResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_email_channel(&self, _: wire::GetEmailChannelInput) -> Result<wire::EmailChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_gcm_channel(&self, _: wire::GetGcmChannelInput) -> Result<wire::GCMChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_sms_channel(&self, _: wire::GetSmsChannelInput) -> Result<wire::SMSChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn get_voice_channel(&self, _: wire::GetVoiceChannelInput) -> Result<wire::VoiceChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_adm_channel(&self, _: wire::UpdateAdmChannelInput) -> Result<wire::ADMChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_apns_channel(&self, _: wire::UpdateApnsChannelInput) -> Result<wire::APNSChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_apns_sandbox_channel(&self, _: wire::UpdateApnsSandboxChannelInput) -> Result<wire::APNSSandboxChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_apns_voip_channel(&self, _: wire::UpdateApnsVoipChannelInput) -> Result<wire::APNSVoipChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_apns_voip_sandbox_channel(&self, _: wire::UpdateApnsVoipSandboxChannelInput) -> Result<wire::APNSVoipSandboxChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_baidu_channel(&self, _: wire::UpdateBaiduChannelInput) -> Result<wire::BaiduChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_email_channel(&self, _: wire::UpdateEmailChannelInput) -> Result<wire::EmailChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_gcm_channel(&self, _: wire::UpdateGcmChannelInput) -> Result<wire::GCMChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_sms_channel(&self, _: wire::UpdateSmsChannelInput) -> Result<wire::SMSChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
    async fn update_voice_channel(&self, _: wire::UpdateVoiceChannelInput) -> Result<wire::VoiceChannelResponse, Error> {
        Err(Error::bad_request("not built yet"))
    }
}
