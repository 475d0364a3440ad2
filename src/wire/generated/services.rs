//! What a server of the API does, written by `generate-wire` from `pinpoint-model.json`. Do not edit.
#![allow(missing_docs)]
#![cfg_attr(rustfmt, rustfmt::skip)]

use std::future::Future;

use super::inputs::*;
use super::shapes::*;
use crate::wire::body::Json;
use crate::wire::call::Service;

pub trait Apps: Service {
    /// `POST /v1/apps`
    fn create_app(&self, input: CreateAppInput) -> impl Future<Output = Result<ApplicationResponse, Self::Error>> + Send;
    /// `DELETE /v1/apps/{application-id}`
    fn delete_app(&self, input: DeleteAppInput) -> impl Future<Output = Result<ApplicationResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}`
    fn get_app(&self, input: GetAppInput) -> impl Future<Output = Result<ApplicationResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/settings`
    fn get_application_settings(&self, input: GetApplicationSettingsInput) -> impl Future<Output = Result<ApplicationSettingsResource, Self::Error>> + Send;
    /// `GET /v1/apps`
    fn get_apps(&self, input: GetAppsInput) -> impl Future<Output = Result<ApplicationsResponse, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/settings`
    fn update_application_settings(&self, input: UpdateApplicationSettingsInput) -> impl Future<Output = Result<ApplicationSettingsResource, Self::Error>> + Send;
}

pub trait Campaigns: Service {
    /// `POST /v1/apps/{application-id}/campaigns`
    fn create_campaign(&self, input: CreateCampaignInput) -> impl Future<Output = Result<CampaignResponse, Self::Error>> + Send;
    /// `DELETE /v1/apps/{application-id}/campaigns/{campaign-id}`
    fn delete_campaign(&self, input: DeleteCampaignInput) -> impl Future<Output = Result<CampaignResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/campaigns/{campaign-id}`
    fn get_campaign(&self, input: GetCampaignInput) -> impl Future<Output = Result<CampaignResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/campaigns/{campaign-id}/activities`
    fn get_campaign_activities(&self, input: GetCampaignActivitiesInput) -> impl Future<Output = Result<ActivitiesResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/campaigns/{campaign-id}/versions/{version}`
    fn get_campaign_version(&self, input: GetCampaignVersionInput) -> impl Future<Output = Result<CampaignResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/campaigns/{campaign-id}/versions`
    fn get_campaign_versions(&self, input: GetCampaignVersionsInput) -> impl Future<Output = Result<CampaignsResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/campaigns`
    fn get_campaigns(&self, input: GetCampaignsInput) -> impl Future<Output = Result<CampaignsResponse, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/campaigns/{campaign-id}`
    fn update_campaign(&self, input: UpdateCampaignInput) -> impl Future<Output = Result<CampaignResponse, Self::Error>> + Send;
}

pub trait Channels: Service {
    /// `DELETE /v1/apps/{application-id}/channels/adm`
    fn delete_adm_channel(&self, input: DeleteAdmChannelInput) -> impl Future<Output = Result<ADMChannelResponse, Self::Error>> + Send;
    /// `DELETE /v1/apps/{application-id}/channels/apns`
    fn delete_apns_channel(&self, input: DeleteApnsChannelInput) -> impl Future<Output = Result<APNSChannelResponse, Self::Error>> + Send;
    /// `DELETE /v1/apps/{application-id}/channels/apns_sandbox`
    fn delete_apns_sandbox_channel(&self, input: DeleteApnsSandboxChannelInput) -> impl Future<Output = Result<APNSSandboxChannelResponse, Self::Error>> + Send;
    /// `DELETE /v1/apps/{application-id}/channels/apns_voip`
    fn delete_apns_voip_channel(&self, input: DeleteApnsVoipChannelInput) -> impl Future<Output = Result<APNSVoipChannelResponse, Self::Error>> + Send;
    /// `DELETE /v1/apps/{application-id}/channels/apns_voip_sandbox`
    fn delete_apns_voip_sandbox_channel(&self, input: DeleteApnsVoipSandboxChannelInput) -> impl Future<Output = Result<APNSVoipSandboxChannelResponse, Self::Error>> + Send;
    /// `DELETE /v1/apps/{application-id}/channels/baidu`
    fn delete_baidu_channel(&self, input: DeleteBaiduChannelInput) -> impl Future<Output = Result<BaiduChannelResponse, Self::Error>> + Send;
    /// `DELETE /v1/apps/{application-id}/channels/email`
    fn delete_email_channel(&self, input: DeleteEmailChannelInput) -> impl Future<Output = Result<EmailChannelResponse, Self::Error>> + Send;
    /// `DELETE /v1/apps/{application-id}/channels/gcm`
    fn delete_gcm_channel(&self, input: DeleteGcmChannelInput) -> impl Future<Output = Result<GCMChannelResponse, Self::Error>> + Send;
    /// `DELETE /v1/apps/{application-id}/channels/sms`
    fn delete_sms_channel(&self, input: DeleteSmsChannelInput) -> impl Future<Output = Result<SMSChannelResponse, Self::Error>> + Send;
    /// `DELETE /v1/apps/{application-id}/channels/voice`
    fn delete_voice_channel(&self, input: DeleteVoiceChannelInput) -> impl Future<Output = Result<VoiceChannelResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/channels/adm`
    fn get_adm_channel(&self, input: GetAdmChannelInput) -> impl Future<Output = Result<ADMChannelResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/channels/apns`
    fn get_apns_channel(&self, input: GetApnsChannelInput) -> impl Future<Output = Result<APNSChannelResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/channels/apns_sandbox`
    fn get_apns_sandbox_channel(&self, input: GetApnsSandboxChannelInput) -> impl Future<Output = Result<APNSSandboxChannelResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/channels/apns_voip`
    fn get_apns_voip_channel(&self, input: GetApnsVoipChannelInput) -> impl Future<Output = Result<APNSVoipChannelResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/channels/apns_voip_sandbox`
    fn get_apns_voip_sandbox_channel(&self, input: GetApnsVoipSandboxChannelInput) -> impl Future<Output = Result<APNSVoipSandboxChannelResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/channels/baidu`
    fn get_baidu_channel(&self, input: GetBaiduChannelInput) -> impl Future<Output = Result<BaiduChannelResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/channels`
    fn get_channels(&self, input: GetChannelsInput) -> impl Future<Output = Result<ChannelsResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/channels/email`
    fn get_email_channel(&self, input: GetEmailChannelInput) -> impl Future<Output = Result<EmailChannelResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/channels/gcm`
    fn get_gcm_channel(&self, input: GetGcmChannelInput) -> impl Future<Output = Result<GCMChannelResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/channels/sms`
    fn get_sms_channel(&self, input: GetSmsChannelInput) -> impl Future<Output = Result<SMSChannelResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/channels/voice`
    fn get_voice_channel(&self, input: GetVoiceChannelInput) -> impl Future<Output = Result<VoiceChannelResponse, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/channels/adm`
    fn update_adm_channel(&self, input: UpdateAdmChannelInput) -> impl Future<Output = Result<ADMChannelResponse, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/channels/apns`
    fn update_apns_channel(&self, input: UpdateApnsChannelInput) -> impl Future<Output = Result<APNSChannelResponse, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/channels/apns_sandbox`
    fn update_apns_sandbox_channel(&self, input: UpdateApnsSandboxChannelInput) -> impl Future<Output = Result<APNSSandboxChannelResponse, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/channels/apns_voip`
    fn update_apns_voip_channel(&self, input: UpdateApnsVoipChannelInput) -> impl Future<Output = Result<APNSVoipChannelResponse, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/channels/apns_voip_sandbox`
    fn update_apns_voip_sandbox_channel(&self, input: UpdateApnsVoipSandboxChannelInput) -> impl Future<Output = Result<APNSVoipSandboxChannelResponse, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/channels/baidu`
    fn update_baidu_channel(&self, input: UpdateBaiduChannelInput) -> impl Future<Output = Result<BaiduChannelResponse, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/channels/email`
    fn update_email_channel(&self, input: UpdateEmailChannelInput) -> impl Future<Output = Result<EmailChannelResponse, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/channels/gcm`
    fn update_gcm_channel(&self, input: UpdateGcmChannelInput) -> impl Future<Output = Result<GCMChannelResponse, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/channels/sms`
    fn update_sms_channel(&self, input: UpdateSmsChannelInput) -> impl Future<Output = Result<SMSChannelResponse, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/channels/voice`
    fn update_voice_channel(&self, input: UpdateVoiceChannelInput) -> impl Future<Output = Result<VoiceChannelResponse, Self::Error>> + Send;
}

pub trait Endpoints: Service {
    /// `DELETE /v1/apps/{application-id}/endpoints/{endpoint-id}`
    fn delete_endpoint(&self, input: DeleteEndpointInput) -> impl Future<Output = Result<Json, Self::Error>> + Send;
    /// `DELETE /v1/apps/{application-id}/users/{user-id}`
    fn delete_user_endpoints(&self, input: DeleteUserEndpointsInput) -> impl Future<Output = Result<Json, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/endpoints/{endpoint-id}`
    fn get_endpoint(&self, input: GetEndpointInput) -> impl Future<Output = Result<Json, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/users/{user-id}`
    fn get_user_endpoints(&self, input: GetUserEndpointsInput) -> impl Future<Output = Result<Json, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/attributes/{attribute-type}`
    fn remove_attributes(&self, input: RemoveAttributesInput) -> impl Future<Output = Result<AttributesResource, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/endpoints/{endpoint-id}`
    fn update_endpoint(&self, input: UpdateEndpointInput) -> impl Future<Output = Result<MessageBody, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/endpoints`
    fn update_endpoints_batch(&self, input: UpdateEndpointsBatchInput) -> impl Future<Output = Result<MessageBody, Self::Error>> + Send;
}

pub trait EventStreams: Service {
    /// `DELETE /v1/apps/{application-id}/eventstream`
    fn delete_event_stream(&self, input: DeleteEventStreamInput) -> impl Future<Output = Result<EventStream, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/eventstream`
    fn get_event_stream(&self, input: GetEventStreamInput) -> impl Future<Output = Result<EventStream, Self::Error>> + Send;
    /// `POST /v1/apps/{application-id}/eventstream`
    fn put_event_stream(&self, input: PutEventStreamInput) -> impl Future<Output = Result<EventStream, Self::Error>> + Send;
}

pub trait Events: Service {
    /// `GET /v1/apps/{application-id}/endpoints/{endpoint-id}/inappmessages`
    fn get_in_app_messages(&self, input: GetInAppMessagesInput) -> impl Future<Output = Result<InAppMessagesResponse, Self::Error>> + Send;
    /// `POST /v1/apps/{application-id}/events`
    fn put_events(&self, input: PutEventsInput) -> impl Future<Output = Result<Json, Self::Error>> + Send;
}

pub trait Jobs: Service {
    /// `POST /v1/apps/{application-id}/jobs/export`
    fn create_export_job(&self, input: CreateExportJobInput) -> impl Future<Output = Result<ExportJobResponse, Self::Error>> + Send;
    /// `POST /v1/apps/{application-id}/jobs/import`
    fn create_import_job(&self, input: CreateImportJobInput) -> impl Future<Output = Result<ImportJobResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/jobs/export/{job-id}`
    fn get_export_job(&self, input: GetExportJobInput) -> impl Future<Output = Result<ExportJobResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/jobs/export`
    fn get_export_jobs(&self, input: GetExportJobsInput) -> impl Future<Output = Result<ExportJobsResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/jobs/import/{job-id}`
    fn get_import_job(&self, input: GetImportJobInput) -> impl Future<Output = Result<ImportJobResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/jobs/import`
    fn get_import_jobs(&self, input: GetImportJobsInput) -> impl Future<Output = Result<ImportJobsResponse, Self::Error>> + Send;
}

pub trait Journeys: Service {
    /// `POST /v1/apps/{application-id}/journeys`
    fn create_journey(&self, input: CreateJourneyInput) -> impl Future<Output = Result<JourneyResponse, Self::Error>> + Send;
    /// `DELETE /v1/apps/{application-id}/journeys/{journey-id}`
    fn delete_journey(&self, input: DeleteJourneyInput) -> impl Future<Output = Result<JourneyResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/journeys/{journey-id}`
    fn get_journey(&self, input: GetJourneyInput) -> impl Future<Output = Result<JourneyResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/journeys/{journey-id}/activities/{journey-activity-id}/execution-metrics`
    fn get_journey_execution_activity_metrics(&self, input: GetJourneyExecutionActivityMetricsInput) -> impl Future<Output = Result<JourneyExecutionActivityMetricsResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/journeys/{journey-id}/execution-metrics`
    fn get_journey_execution_metrics(&self, input: GetJourneyExecutionMetricsInput) -> impl Future<Output = Result<JourneyExecutionMetricsResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/journeys/{journey-id}/runs/{run-id}/activities/{journey-activity-id}/execution-metrics`
    fn get_journey_run_execution_activity_metrics(&self, input: GetJourneyRunExecutionActivityMetricsInput) -> impl Future<Output = Result<JourneyRunExecutionActivityMetricsResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/journeys/{journey-id}/runs/{run-id}/execution-metrics`
    fn get_journey_run_execution_metrics(&self, input: GetJourneyRunExecutionMetricsInput) -> impl Future<Output = Result<JourneyRunExecutionMetricsResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/journeys/{journey-id}/runs`
    fn get_journey_runs(&self, input: GetJourneyRunsInput) -> impl Future<Output = Result<JourneyRunsResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/journeys`
    fn list_journeys(&self, input: ListJourneysInput) -> impl Future<Output = Result<JourneysResponse, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/journeys/{journey-id}`
    fn update_journey(&self, input: UpdateJourneyInput) -> impl Future<Output = Result<JourneyResponse, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/journeys/{journey-id}/state`
    fn update_journey_state(&self, input: UpdateJourneyStateInput) -> impl Future<Output = Result<JourneyResponse, Self::Error>> + Send;
}

pub trait Kpis: Service {
    /// `GET /v1/apps/{application-id}/kpis/daterange/{kpi-name}`
    fn get_application_date_range_kpi(&self, input: GetApplicationDateRangeKpiInput) -> impl Future<Output = Result<ApplicationDateRangeKpiResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/campaigns/{campaign-id}/kpis/daterange/{kpi-name}`
    fn get_campaign_date_range_kpi(&self, input: GetCampaignDateRangeKpiInput) -> impl Future<Output = Result<CampaignDateRangeKpiResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/journeys/{journey-id}/kpis/daterange/{kpi-name}`
    fn get_journey_date_range_kpi(&self, input: GetJourneyDateRangeKpiInput) -> impl Future<Output = Result<JourneyDateRangeKpiResponse, Self::Error>> + Send;
}

pub trait Messages: Service {
    /// `POST /v1/phone/number/validate`
    fn phone_number_validate(&self, input: PhoneNumberValidateInput) -> impl Future<Output = Result<NumberValidateResponse, Self::Error>> + Send;
    /// `POST /v1/apps/{application-id}/messages`
    fn send_messages(&self, input: SendMessagesInput) -> impl Future<Output = Result<MessageResponse, Self::Error>> + Send;
    /// `POST /v1/apps/{application-id}/otp`
    fn send_otp_message(&self, input: SendOTPMessageInput) -> impl Future<Output = Result<MessageResponse, Self::Error>> + Send;
    /// `POST /v1/apps/{application-id}/users-messages`
    fn send_users_messages(&self, input: SendUsersMessagesInput) -> impl Future<Output = Result<SendUsersMessageResponse, Self::Error>> + Send;
    /// `POST /v1/apps/{application-id}/verify-otp`
    fn verify_otp_message(&self, input: VerifyOTPMessageInput) -> impl Future<Output = Result<VerificationResponse, Self::Error>> + Send;
}

pub trait Recommenders: Service {
    /// `POST /v1/recommenders`
    fn create_recommender_configuration(&self, input: CreateRecommenderConfigurationInput) -> impl Future<Output = Result<RecommenderConfigurationResponse, Self::Error>> + Send;
    /// `DELETE /v1/recommenders/{recommender-id}`
    fn delete_recommender_configuration(&self, input: DeleteRecommenderConfigurationInput) -> impl Future<Output = Result<RecommenderConfigurationResponse, Self::Error>> + Send;
    /// `GET /v1/recommenders/{recommender-id}`
    fn get_recommender_configuration(&self, input: GetRecommenderConfigurationInput) -> impl Future<Output = Result<RecommenderConfigurationResponse, Self::Error>> + Send;
    /// `GET /v1/recommenders`
    fn get_recommender_configurations(&self, input: GetRecommenderConfigurationsInput) -> impl Future<Output = Result<ListRecommenderConfigurationsResponse, Self::Error>> + Send;
    /// `PUT /v1/recommenders/{recommender-id}`
    fn update_recommender_configuration(&self, input: UpdateRecommenderConfigurationInput) -> impl Future<Output = Result<RecommenderConfigurationResponse, Self::Error>> + Send;
}

pub trait Segments: Service {
    /// `POST /v1/apps/{application-id}/segments`
    fn create_segment(&self, input: CreateSegmentInput) -> impl Future<Output = Result<SegmentResponse, Self::Error>> + Send;
    /// `DELETE /v1/apps/{application-id}/segments/{segment-id}`
    fn delete_segment(&self, input: DeleteSegmentInput) -> impl Future<Output = Result<SegmentResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/segments/{segment-id}`
    fn get_segment(&self, input: GetSegmentInput) -> impl Future<Output = Result<SegmentResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/segments/{segment-id}/jobs/export`
    fn get_segment_export_jobs(&self, input: GetSegmentExportJobsInput) -> impl Future<Output = Result<ExportJobsResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/segments/{segment-id}/jobs/import`
    fn get_segment_import_jobs(&self, input: GetSegmentImportJobsInput) -> impl Future<Output = Result<ImportJobsResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/segments/{segment-id}/versions/{version}`
    fn get_segment_version(&self, input: GetSegmentVersionInput) -> impl Future<Output = Result<SegmentResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/segments/{segment-id}/versions`
    fn get_segment_versions(&self, input: GetSegmentVersionsInput) -> impl Future<Output = Result<SegmentsResponse, Self::Error>> + Send;
    /// `GET /v1/apps/{application-id}/segments`
    fn get_segments(&self, input: GetSegmentsInput) -> impl Future<Output = Result<SegmentsResponse, Self::Error>> + Send;
    /// `PUT /v1/apps/{application-id}/segments/{segment-id}`
    fn update_segment(&self, input: UpdateSegmentInput) -> impl Future<Output = Result<SegmentResponse, Self::Error>> + Send;
}

pub trait Tags: Service {
    /// `GET /v1/tags/{resource-arn}`
    fn list_tags_for_resource(&self, input: ListTagsForResourceInput) -> impl Future<Output = Result<TagsModel, Self::Error>> + Send;
    /// `POST /v1/tags/{resource-arn}`
    fn tag_resource(&self, input: TagResourceInput) -> impl Future<Output = Result<(), Self::Error>> + Send;
    /// `DELETE /v1/tags/{resource-arn}`
    fn untag_resource(&self, input: UntagResourceInput) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

pub trait Templates: Service {
    /// `POST /v1/templates/{template-name}/email`
    fn create_email_template(&self, input: CreateEmailTemplateInput) -> impl Future<Output = Result<CreateTemplateMessageBody, Self::Error>> + Send;
    /// `POST /v1/templates/{template-name}/inapp`
    fn create_in_app_template(&self, input: CreateInAppTemplateInput) -> impl Future<Output = Result<TemplateCreateMessageBody, Self::Error>> + Send;
    /// `POST /v1/templates/{template-name}/push`
    fn create_push_template(&self, input: CreatePushTemplateInput) -> impl Future<Output = Result<CreateTemplateMessageBody, Self::Error>> + Send;
    /// `POST /v1/templates/{template-name}/sms`
    fn create_sms_template(&self, input: CreateSmsTemplateInput) -> impl Future<Output = Result<CreateTemplateMessageBody, Self::Error>> + Send;
    /// `POST /v1/templates/{template-name}/voice`
    fn create_voice_template(&self, input: CreateVoiceTemplateInput) -> impl Future<Output = Result<CreateTemplateMessageBody, Self::Error>> + Send;
    /// `DELETE /v1/templates/{template-name}/email`
    fn delete_email_template(&self, input: DeleteEmailTemplateInput) -> impl Future<Output = Result<MessageBody, Self::Error>> + Send;
    /// `DELETE /v1/templates/{template-name}/inapp`
    fn delete_in_app_template(&self, input: DeleteInAppTemplateInput) -> impl Future<Output = Result<MessageBody, Self::Error>> + Send;
    /// `DELETE /v1/templates/{template-name}/push`
    fn delete_push_template(&self, input: DeletePushTemplateInput) -> impl Future<Output = Result<MessageBody, Self::Error>> + Send;
    /// `DELETE /v1/templates/{template-name}/sms`
    fn delete_sms_template(&self, input: DeleteSmsTemplateInput) -> impl Future<Output = Result<MessageBody, Self::Error>> + Send;
    /// `DELETE /v1/templates/{template-name}/voice`
    fn delete_voice_template(&self, input: DeleteVoiceTemplateInput) -> impl Future<Output = Result<MessageBody, Self::Error>> + Send;
    /// `GET /v1/templates/{template-name}/email`
    fn get_email_template(&self, input: GetEmailTemplateInput) -> impl Future<Output = Result<EmailTemplateResponse, Self::Error>> + Send;
    /// `GET /v1/templates/{template-name}/inapp`
    fn get_in_app_template(&self, input: GetInAppTemplateInput) -> impl Future<Output = Result<InAppTemplateResponse, Self::Error>> + Send;
    /// `GET /v1/templates/{template-name}/push`
    fn get_push_template(&self, input: GetPushTemplateInput) -> impl Future<Output = Result<PushNotificationTemplateResponse, Self::Error>> + Send;
    /// `GET /v1/templates/{template-name}/sms`
    fn get_sms_template(&self, input: GetSmsTemplateInput) -> impl Future<Output = Result<SMSTemplateResponse, Self::Error>> + Send;
    /// `GET /v1/templates/{template-name}/voice`
    fn get_voice_template(&self, input: GetVoiceTemplateInput) -> impl Future<Output = Result<VoiceTemplateResponse, Self::Error>> + Send;
    /// `GET /v1/templates/{template-name}/{template-type}/versions`
    fn list_template_versions(&self, input: ListTemplateVersionsInput) -> impl Future<Output = Result<TemplateVersionsResponse, Self::Error>> + Send;
    /// `GET /v1/templates`
    fn list_templates(&self, input: ListTemplatesInput) -> impl Future<Output = Result<TemplatesResponse, Self::Error>> + Send;
    /// `PUT /v1/templates/{template-name}/email`
    fn update_email_template(&self, input: UpdateEmailTemplateInput) -> impl Future<Output = Result<MessageBody, Self::Error>> + Send;
    /// `PUT /v1/templates/{template-name}/inapp`
    fn update_in_app_template(&self, input: UpdateInAppTemplateInput) -> impl Future<Output = Result<MessageBody, Self::Error>> + Send;
    /// `PUT /v1/templates/{template-name}/push`
    fn update_push_template(&self, input: UpdatePushTemplateInput) -> impl Future<Output = Result<MessageBody, Self::Error>> + Send;
    /// `PUT /v1/templates/{template-name}/sms`
    fn update_sms_template(&self, input: UpdateSmsTemplateInput) -> impl Future<Output = Result<MessageBody, Self::Error>> + Send;
    /// `PUT /v1/templates/{template-name}/{template-type}/active-version`
    fn update_template_active_version(&self, input: UpdateTemplateActiveVersionInput) -> impl Future<Output = Result<MessageBody, Self::Error>> + Send;
    /// `PUT /v1/templates/{template-name}/voice`
    fn update_voice_template(&self, input: UpdateVoiceTemplateInput) -> impl Future<Output = Result<MessageBody, Self::Error>> + Send;
}

/// All of the API.
pub trait Pinpoint: Apps + Campaigns + Channels + Endpoints + EventStreams + Events + Jobs + Journeys + Kpis + Messages + Recommenders + Segments + Tags + Templates {}

impl<S: Apps + Campaigns + Channels + Endpoints + EventStreams + Events + Jobs + Journeys + Kpis + Messages + Recommenders + Segments + Tags + Templates> Pinpoint for S {}
