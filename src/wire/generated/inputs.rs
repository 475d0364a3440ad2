//! What operations take, written by `generate-wire` from `pinpoint-model.json`. Do not edit.
#![allow(missing_docs)]
#![cfg_attr(rustfmt, rustfmt::skip)]

use bytes::Bytes;

use super::shapes::*;
use crate::wire::body;
use crate::wire::call::Parts;
use crate::wire::invalid::Invalid;

#[derive(Clone, Debug, PartialEq)]
pub struct CreateAppInput {
    pub body: CreateApplicationRequest,
}

impl CreateAppInput {
    pub fn read(_: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct CreateCampaignInput {
    pub application_id: String,
    pub body: WriteCampaignRequest,
}

impl CreateCampaignInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct CreateEmailTemplateInput {
    pub template_name: String,
    pub body: EmailTemplateRequest,
}

impl CreateEmailTemplateInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            template_name: parts.take("template-name")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct CreateExportJobInput {
    pub application_id: String,
    pub body: ExportJobRequest,
}

impl CreateExportJobInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct CreateImportJobInput {
    pub application_id: String,
    pub body: ImportJobRequest,
}

impl CreateImportJobInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct CreateInAppTemplateInput {
    pub template_name: String,
    pub body: InAppTemplateRequest,
}

impl CreateInAppTemplateInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            template_name: parts.take("template-name")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct CreateJourneyInput {
    pub application_id: String,
    pub body: WriteJourneyRequest,
}

impl CreateJourneyInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct CreatePushTemplateInput {
    pub template_name: String,
    pub body: PushNotificationTemplateRequest,
}

impl CreatePushTemplateInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            template_name: parts.take("template-name")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct CreateRecommenderConfigurationInput {
    pub body: CreateRecommenderConfiguration,
}

impl CreateRecommenderConfigurationInput {
    pub fn read(_: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct CreateSegmentInput {
    pub application_id: String,
    pub body: WriteSegmentRequest,
}

impl CreateSegmentInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct CreateSmsTemplateInput {
    pub template_name: String,
    pub body: SMSTemplateRequest,
}

impl CreateSmsTemplateInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            template_name: parts.take("template-name")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct CreateVoiceTemplateInput {
    pub template_name: String,
    pub body: VoiceTemplateRequest,
}

impl CreateVoiceTemplateInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            template_name: parts.take("template-name")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteAdmChannelInput {
    pub application_id: String,
}

impl DeleteAdmChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteApnsChannelInput {
    pub application_id: String,
}

impl DeleteApnsChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteApnsSandboxChannelInput {
    pub application_id: String,
}

impl DeleteApnsSandboxChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteApnsVoipChannelInput {
    pub application_id: String,
}

impl DeleteApnsVoipChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteApnsVoipSandboxChannelInput {
    pub application_id: String,
}

impl DeleteApnsVoipSandboxChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteAppInput {
    pub application_id: String,
}

impl DeleteAppInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteBaiduChannelInput {
    pub application_id: String,
}

impl DeleteBaiduChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteCampaignInput {
    pub application_id: String,
    pub campaign_id: String,
}

impl DeleteCampaignInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            campaign_id: parts.take("campaign-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteEmailChannelInput {
    pub application_id: String,
}

impl DeleteEmailChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteEmailTemplateInput {
    pub template_name: String,
    pub version: Option<String>,
}

impl DeleteEmailTemplateInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            template_name: parts.take("template-name")?,
            version: parts.query("version"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteEndpointInput {
    pub application_id: String,
    pub endpoint_id: String,
}

impl DeleteEndpointInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            endpoint_id: parts.take("endpoint-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteEventStreamInput {
    pub application_id: String,
}

impl DeleteEventStreamInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteGcmChannelInput {
    pub application_id: String,
}

impl DeleteGcmChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteInAppTemplateInput {
    pub template_name: String,
    pub version: Option<String>,
}

impl DeleteInAppTemplateInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            template_name: parts.take("template-name")?,
            version: parts.query("version"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteJourneyInput {
    pub application_id: String,
    pub journey_id: String,
}

impl DeleteJourneyInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            journey_id: parts.take("journey-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeletePushTemplateInput {
    pub template_name: String,
    pub version: Option<String>,
}

impl DeletePushTemplateInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            template_name: parts.take("template-name")?,
            version: parts.query("version"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteRecommenderConfigurationInput {
    pub recommender_id: String,
}

impl DeleteRecommenderConfigurationInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            recommender_id: parts.take("recommender-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteSegmentInput {
    pub application_id: String,
    pub segment_id: String,
}

impl DeleteSegmentInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            segment_id: parts.take("segment-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteSmsChannelInput {
    pub application_id: String,
}

impl DeleteSmsChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteSmsTemplateInput {
    pub template_name: String,
    pub version: Option<String>,
}

impl DeleteSmsTemplateInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            template_name: parts.take("template-name")?,
            version: parts.query("version"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteUserEndpointsInput {
    pub application_id: String,
    pub user_id: String,
}

impl DeleteUserEndpointsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            user_id: parts.take("user-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteVoiceChannelInput {
    pub application_id: String,
}

impl DeleteVoiceChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeleteVoiceTemplateInput {
    pub template_name: String,
    pub version: Option<String>,
}

impl DeleteVoiceTemplateInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            template_name: parts.take("template-name")?,
            version: parts.query("version"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetAdmChannelInput {
    pub application_id: String,
}

impl GetAdmChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetApnsChannelInput {
    pub application_id: String,
}

impl GetApnsChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetApnsSandboxChannelInput {
    pub application_id: String,
}

impl GetApnsSandboxChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetApnsVoipChannelInput {
    pub application_id: String,
}

impl GetApnsVoipChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetApnsVoipSandboxChannelInput {
    pub application_id: String,
}

impl GetApnsVoipSandboxChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetAppInput {
    pub application_id: String,
}

impl GetAppInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetApplicationDateRangeKpiInput {
    pub application_id: String,
    pub end_time: Option<String>,
    pub kpi_name: String,
    pub next_token: Option<String>,
    pub page_size: Option<String>,
    pub start_time: Option<String>,
}

impl GetApplicationDateRangeKpiInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            end_time: parts.query("end-time"),
            kpi_name: parts.take("kpi-name")?,
            next_token: parts.query("next-token"),
            page_size: parts.query("page-size"),
            start_time: parts.query("start-time"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetApplicationSettingsInput {
    pub application_id: String,
}

impl GetApplicationSettingsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetAppsInput {
    pub page_size: Option<String>,
    pub token: Option<String>,
}

impl GetAppsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            page_size: parts.query("page-size"),
            token: parts.query("token"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetBaiduChannelInput {
    pub application_id: String,
}

impl GetBaiduChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetCampaignInput {
    pub application_id: String,
    pub campaign_id: String,
}

impl GetCampaignInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            campaign_id: parts.take("campaign-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetCampaignActivitiesInput {
    pub application_id: String,
    pub campaign_id: String,
    pub page_size: Option<String>,
    pub token: Option<String>,
}

impl GetCampaignActivitiesInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            campaign_id: parts.take("campaign-id")?,
            page_size: parts.query("page-size"),
            token: parts.query("token"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetCampaignDateRangeKpiInput {
    pub application_id: String,
    pub campaign_id: String,
    pub end_time: Option<String>,
    pub kpi_name: String,
    pub next_token: Option<String>,
    pub page_size: Option<String>,
    pub start_time: Option<String>,
}

impl GetCampaignDateRangeKpiInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            campaign_id: parts.take("campaign-id")?,
            end_time: parts.query("end-time"),
            kpi_name: parts.take("kpi-name")?,
            next_token: parts.query("next-token"),
            page_size: parts.query("page-size"),
            start_time: parts.query("start-time"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetCampaignVersionInput {
    pub application_id: String,
    pub campaign_id: String,
    pub version: String,
}

impl GetCampaignVersionInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            campaign_id: parts.take("campaign-id")?,
            version: parts.take("version")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetCampaignVersionsInput {
    pub application_id: String,
    pub campaign_id: String,
    pub page_size: Option<String>,
    pub token: Option<String>,
}

impl GetCampaignVersionsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            campaign_id: parts.take("campaign-id")?,
            page_size: parts.query("page-size"),
            token: parts.query("token"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetCampaignsInput {
    pub application_id: String,
    pub page_size: Option<String>,
    pub token: Option<String>,
}

impl GetCampaignsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            page_size: parts.query("page-size"),
            token: parts.query("token"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetChannelsInput {
    pub application_id: String,
}

impl GetChannelsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetEmailChannelInput {
    pub application_id: String,
}

impl GetEmailChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetEmailTemplateInput {
    pub template_name: String,
    pub version: Option<String>,
}

impl GetEmailTemplateInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            template_name: parts.take("template-name")?,
            version: parts.query("version"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetEndpointInput {
    pub application_id: String,
    pub endpoint_id: String,
}

impl GetEndpointInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            endpoint_id: parts.take("endpoint-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetEventStreamInput {
    pub application_id: String,
}

impl GetEventStreamInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetExportJobInput {
    pub application_id: String,
    pub job_id: String,
}

impl GetExportJobInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            job_id: parts.take("job-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetExportJobsInput {
    pub application_id: String,
    pub page_size: Option<String>,
    pub token: Option<String>,
}

impl GetExportJobsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            page_size: parts.query("page-size"),
            token: parts.query("token"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetGcmChannelInput {
    pub application_id: String,
}

impl GetGcmChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetImportJobInput {
    pub application_id: String,
    pub job_id: String,
}

impl GetImportJobInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            job_id: parts.take("job-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetImportJobsInput {
    pub application_id: String,
    pub page_size: Option<String>,
    pub token: Option<String>,
}

impl GetImportJobsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            page_size: parts.query("page-size"),
            token: parts.query("token"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetInAppMessagesInput {
    pub application_id: String,
    pub endpoint_id: String,
}

impl GetInAppMessagesInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            endpoint_id: parts.take("endpoint-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetInAppTemplateInput {
    pub template_name: String,
    pub version: Option<String>,
}

impl GetInAppTemplateInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            template_name: parts.take("template-name")?,
            version: parts.query("version"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetJourneyInput {
    pub application_id: String,
    pub journey_id: String,
}

impl GetJourneyInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            journey_id: parts.take("journey-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetJourneyDateRangeKpiInput {
    pub application_id: String,
    pub end_time: Option<String>,
    pub journey_id: String,
    pub kpi_name: String,
    pub next_token: Option<String>,
    pub page_size: Option<String>,
    pub start_time: Option<String>,
}

impl GetJourneyDateRangeKpiInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            end_time: parts.query("end-time"),
            journey_id: parts.take("journey-id")?,
            kpi_name: parts.take("kpi-name")?,
            next_token: parts.query("next-token"),
            page_size: parts.query("page-size"),
            start_time: parts.query("start-time"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetJourneyExecutionActivityMetricsInput {
    pub application_id: String,
    pub journey_activity_id: String,
    pub journey_id: String,
    pub next_token: Option<String>,
    pub page_size: Option<String>,
}

impl GetJourneyExecutionActivityMetricsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            journey_activity_id: parts.take("journey-activity-id")?,
            journey_id: parts.take("journey-id")?,
            next_token: parts.query("next-token"),
            page_size: parts.query("page-size"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetJourneyExecutionMetricsInput {
    pub application_id: String,
    pub journey_id: String,
    pub next_token: Option<String>,
    pub page_size: Option<String>,
}

impl GetJourneyExecutionMetricsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            journey_id: parts.take("journey-id")?,
            next_token: parts.query("next-token"),
            page_size: parts.query("page-size"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetJourneyRunExecutionActivityMetricsInput {
    pub application_id: String,
    pub journey_activity_id: String,
    pub journey_id: String,
    pub next_token: Option<String>,
    pub page_size: Option<String>,
    pub run_id: String,
}

impl GetJourneyRunExecutionActivityMetricsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            journey_activity_id: parts.take("journey-activity-id")?,
            journey_id: parts.take("journey-id")?,
            next_token: parts.query("next-token"),
            page_size: parts.query("page-size"),
            run_id: parts.take("run-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetJourneyRunExecutionMetricsInput {
    pub application_id: String,
    pub journey_id: String,
    pub next_token: Option<String>,
    pub page_size: Option<String>,
    pub run_id: String,
}

impl GetJourneyRunExecutionMetricsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            journey_id: parts.take("journey-id")?,
            next_token: parts.query("next-token"),
            page_size: parts.query("page-size"),
            run_id: parts.take("run-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetJourneyRunsInput {
    pub application_id: String,
    pub journey_id: String,
    pub page_size: Option<String>,
    pub token: Option<String>,
}

impl GetJourneyRunsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            journey_id: parts.take("journey-id")?,
            page_size: parts.query("page-size"),
            token: parts.query("token"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetPushTemplateInput {
    pub template_name: String,
    pub version: Option<String>,
}

impl GetPushTemplateInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            template_name: parts.take("template-name")?,
            version: parts.query("version"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetRecommenderConfigurationInput {
    pub recommender_id: String,
}

impl GetRecommenderConfigurationInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            recommender_id: parts.take("recommender-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetRecommenderConfigurationsInput {
    pub page_size: Option<String>,
    pub token: Option<String>,
}

impl GetRecommenderConfigurationsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            page_size: parts.query("page-size"),
            token: parts.query("token"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetSegmentInput {
    pub application_id: String,
    pub segment_id: String,
}

impl GetSegmentInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            segment_id: parts.take("segment-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetSegmentExportJobsInput {
    pub application_id: String,
    pub page_size: Option<String>,
    pub segment_id: String,
    pub token: Option<String>,
}

impl GetSegmentExportJobsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            page_size: parts.query("page-size"),
            segment_id: parts.take("segment-id")?,
            token: parts.query("token"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetSegmentImportJobsInput {
    pub application_id: String,
    pub page_size: Option<String>,
    pub segment_id: String,
    pub token: Option<String>,
}

impl GetSegmentImportJobsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            page_size: parts.query("page-size"),
            segment_id: parts.take("segment-id")?,
            token: parts.query("token"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetSegmentVersionInput {
    pub application_id: String,
    pub segment_id: String,
    pub version: String,
}

impl GetSegmentVersionInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            segment_id: parts.take("segment-id")?,
            version: parts.take("version")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetSegmentVersionsInput {
    pub application_id: String,
    pub page_size: Option<String>,
    pub segment_id: String,
    pub token: Option<String>,
}

impl GetSegmentVersionsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            page_size: parts.query("page-size"),
            segment_id: parts.take("segment-id")?,
            token: parts.query("token"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetSegmentsInput {
    pub application_id: String,
    pub page_size: Option<String>,
    pub token: Option<String>,
}

impl GetSegmentsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            page_size: parts.query("page-size"),
            token: parts.query("token"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetSmsChannelInput {
    pub application_id: String,
}

impl GetSmsChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetSmsTemplateInput {
    pub template_name: String,
    pub version: Option<String>,
}

impl GetSmsTemplateInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            template_name: parts.take("template-name")?,
            version: parts.query("version"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetUserEndpointsInput {
    pub application_id: String,
    pub user_id: String,
}

impl GetUserEndpointsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            user_id: parts.take("user-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetVoiceChannelInput {
    pub application_id: String,
}

impl GetVoiceChannelInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GetVoiceTemplateInput {
    pub template_name: String,
    pub version: Option<String>,
}

impl GetVoiceTemplateInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            template_name: parts.take("template-name")?,
            version: parts.query("version"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct ListJourneysInput {
    pub application_id: String,
    pub page_size: Option<String>,
    pub token: Option<String>,
}

impl ListJourneysInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            page_size: parts.query("page-size"),
            token: parts.query("token"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct ListTagsForResourceInput {
    pub resource_arn: String,
}

impl ListTagsForResourceInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            resource_arn: parts.take("resource-arn")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct ListTemplateVersionsInput {
    pub next_token: Option<String>,
    pub page_size: Option<String>,
    pub template_name: String,
    pub template_type: String,
}

impl ListTemplateVersionsInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            next_token: parts.query("next-token"),
            page_size: parts.query("page-size"),
            template_name: parts.take("template-name")?,
            template_type: parts.take("template-type")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct ListTemplatesInput {
    pub next_token: Option<String>,
    pub page_size: Option<String>,
    pub prefix: Option<String>,
    pub template_type: Option<String>,
}

impl ListTemplatesInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            next_token: parts.query("next-token"),
            page_size: parts.query("page-size"),
            prefix: parts.query("prefix"),
            template_type: parts.query("template-type"),
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct PhoneNumberValidateInput {
    pub body: NumberValidateRequest,
}

impl PhoneNumberValidateInput {
    pub fn read(_: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct PutEventStreamInput {
    pub application_id: String,
    pub body: WriteEventStream,
}

impl PutEventStreamInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct PutEventsInput {
    pub application_id: String,
    pub body: Bytes,
}

impl PutEventsInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct RemoveAttributesInput {
    pub application_id: String,
    pub attribute_type: String,
    pub body: UpdateAttributesRequest,
}

impl RemoveAttributesInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            attribute_type: parts.take("attribute-type")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct SendMessagesInput {
    pub application_id: String,
    pub body: MessageRequest,
}

impl SendMessagesInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct SendOTPMessageInput {
    pub application_id: String,
    pub body: SendOTPMessageRequestParameters,
}

impl SendOTPMessageInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct SendUsersMessagesInput {
    pub application_id: String,
    pub body: SendUsersMessageRequest,
}

impl SendUsersMessagesInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct TagResourceInput {
    pub resource_arn: String,
    pub body: TagsModel,
}

impl TagResourceInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            resource_arn: parts.take("resource-arn")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UntagResourceInput {
    pub resource_arn: String,
    pub tag_keys: Vec<String>,
}

impl UntagResourceInput {
    pub fn read(mut parts: Parts, _: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            resource_arn: parts.take("resource-arn")?,
            tag_keys: parts.values("tagKeys")?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateAdmChannelInput {
    pub application_id: String,
    pub body: ADMChannelRequest,
}

impl UpdateAdmChannelInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateApnsChannelInput {
    pub application_id: String,
    pub body: APNSChannelRequest,
}

impl UpdateApnsChannelInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateApnsSandboxChannelInput {
    pub application_id: String,
    pub body: APNSSandboxChannelRequest,
}

impl UpdateApnsSandboxChannelInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateApnsVoipChannelInput {
    pub application_id: String,
    pub body: APNSVoipChannelRequest,
}

impl UpdateApnsVoipChannelInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateApnsVoipSandboxChannelInput {
    pub application_id: String,
    pub body: APNSVoipSandboxChannelRequest,
}

impl UpdateApnsVoipSandboxChannelInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateApplicationSettingsInput {
    pub application_id: String,
    pub body: WriteApplicationSettingsRequest,
}

impl UpdateApplicationSettingsInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateBaiduChannelInput {
    pub application_id: String,
    pub body: BaiduChannelRequest,
}

impl UpdateBaiduChannelInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateCampaignInput {
    pub application_id: String,
    pub campaign_id: String,
    pub body: WriteCampaignRequest,
}

impl UpdateCampaignInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            campaign_id: parts.take("campaign-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateEmailChannelInput {
    pub application_id: String,
    pub body: EmailChannelRequest,
}

impl UpdateEmailChannelInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateEmailTemplateInput {
    pub create_new_version: Option<bool>,
    pub template_name: String,
    pub version: Option<String>,
    pub body: EmailTemplateRequest,
}

impl UpdateEmailTemplateInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            create_new_version: parts.flag("create-new-version")?,
            template_name: parts.take("template-name")?,
            version: parts.query("version"),
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateEndpointInput {
    pub application_id: String,
    pub endpoint_id: String,
    pub body: Bytes,
}

impl UpdateEndpointInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            endpoint_id: parts.take("endpoint-id")?,
            body,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateEndpointsBatchInput {
    pub application_id: String,
    pub body: Bytes,
}

impl UpdateEndpointsBatchInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateGcmChannelInput {
    pub application_id: String,
    pub body: GCMChannelRequest,
}

impl UpdateGcmChannelInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateInAppTemplateInput {
    pub create_new_version: Option<bool>,
    pub template_name: String,
    pub version: Option<String>,
    pub body: InAppTemplateRequest,
}

impl UpdateInAppTemplateInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            create_new_version: parts.flag("create-new-version")?,
            template_name: parts.take("template-name")?,
            version: parts.query("version"),
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateJourneyInput {
    pub application_id: String,
    pub journey_id: String,
    pub body: WriteJourneyRequest,
}

impl UpdateJourneyInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            journey_id: parts.take("journey-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateJourneyStateInput {
    pub application_id: String,
    pub journey_id: String,
    pub body: JourneyStateRequest,
}

impl UpdateJourneyStateInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            journey_id: parts.take("journey-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdatePushTemplateInput {
    pub create_new_version: Option<bool>,
    pub template_name: String,
    pub version: Option<String>,
    pub body: PushNotificationTemplateRequest,
}

impl UpdatePushTemplateInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            create_new_version: parts.flag("create-new-version")?,
            template_name: parts.take("template-name")?,
            version: parts.query("version"),
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateRecommenderConfigurationInput {
    pub recommender_id: String,
    pub body: UpdateRecommenderConfiguration,
}

impl UpdateRecommenderConfigurationInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            recommender_id: parts.take("recommender-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateSegmentInput {
    pub application_id: String,
    pub segment_id: String,
    pub body: WriteSegmentRequest,
}

impl UpdateSegmentInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            segment_id: parts.take("segment-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateSmsChannelInput {
    pub application_id: String,
    pub body: SMSChannelRequest,
}

impl UpdateSmsChannelInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateSmsTemplateInput {
    pub create_new_version: Option<bool>,
    pub template_name: String,
    pub version: Option<String>,
    pub body: SMSTemplateRequest,
}

impl UpdateSmsTemplateInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            create_new_version: parts.flag("create-new-version")?,
            template_name: parts.take("template-name")?,
            version: parts.query("version"),
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateTemplateActiveVersionInput {
    pub template_name: String,
    pub template_type: String,
    pub body: TemplateActiveVersionRequest,
}

impl UpdateTemplateActiveVersionInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            template_name: parts.take("template-name")?,
            template_type: parts.take("template-type")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateVoiceChannelInput {
    pub application_id: String,
    pub body: VoiceChannelRequest,
}

impl UpdateVoiceChannelInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct UpdateVoiceTemplateInput {
    pub create_new_version: Option<bool>,
    pub template_name: String,
    pub version: Option<String>,
    pub body: VoiceTemplateRequest,
}

impl UpdateVoiceTemplateInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            create_new_version: parts.flag("create-new-version")?,
            template_name: parts.take("template-name")?,
            version: parts.query("version"),
            body: body::read(&body)?,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct VerifyOTPMessageInput {
    pub application_id: String,
    pub body: VerifyOTPMessageRequestParameters,
}

impl VerifyOTPMessageInput {
    pub fn read(mut parts: Parts, body: Bytes) -> Result<Self, Invalid> {
        Ok(Self {
            application_id: parts.take("application-id")?,
            body: body::read(&body)?,
        })
    }
}
