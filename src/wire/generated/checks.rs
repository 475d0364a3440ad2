//! What is checked in requests, written by `generate-wire` from `pinpoint-model.json`. Do not edit.
#![allow(missing_docs)]
#![cfg_attr(rustfmt, rustfmt::skip)]

use super::shapes::*;
use crate::wire::check::{Check, Key, member, unknown};
use crate::wire::invalid::Invalid;

impl Check for ADMChannelRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for ADMMessage {
    fn check(&self) -> Result<(), Invalid> {
        member("Action", &self.action)?;
        Ok(())
    }
}

impl Check for APNSChannelRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for APNSMessage {
    fn check(&self) -> Result<(), Invalid> {
        member("Action", &self.action)?;
        Ok(())
    }
}

impl Check for APNSPushNotificationTemplate {
    fn check(&self) -> Result<(), Invalid> {
        member("Action", &self.action)?;
        Ok(())
    }
}

impl Check for APNSSandboxChannelRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for APNSVoipChannelRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for APNSVoipSandboxChannelRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for Action {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for Activity {
    fn check(&self) -> Result<(), Invalid> {
        member("CUSTOM", &self.custom)?;
        member("ConditionalSplit", &self.conditional_split)?;
        member("MultiCondition", &self.multi_condition)?;
        member("SMS", &self.sms)?;
        Ok(())
    }
}

impl Check for AddressConfiguration {
    fn check(&self) -> Result<(), Invalid> {
        member("ChannelType", &self.channel_type)?;
        Ok(())
    }
}

impl Check for Alignment {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for AndroidPushNotificationTemplate {
    fn check(&self) -> Result<(), Invalid> {
        member("Action", &self.action)?;
        Ok(())
    }
}

impl Check for ApplicationSettingsJourneyLimits {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for AttributeDimension {
    fn check(&self) -> Result<(), Invalid> {
        member("AttributeType", &self.attribute_type)?;
        Ok(())
    }
}

impl Check for AttributeType {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for BaiduChannelRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for BaiduMessage {
    fn check(&self) -> Result<(), Invalid> {
        member("Action", &self.action)?;
        Ok(())
    }
}

impl Check for ButtonAction {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for CampaignCustomMessage {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for CampaignEmailMessage {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for CampaignEventFilter {
    fn check(&self) -> Result<(), Invalid> {
        member("Dimensions", &self.dimensions)?;
        member("FilterType", &self.filter_type)?;
        Ok(())
    }
}

impl Check for CampaignHook {
    fn check(&self) -> Result<(), Invalid> {
        member("Mode", &self.mode)?;
        Ok(())
    }
}

impl Check for CampaignInAppMessage {
    fn check(&self) -> Result<(), Invalid> {
        member("Content", &self.content)?;
        member("Layout", &self.layout)?;
        Ok(())
    }
}

impl Check for CampaignLimits {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for CampaignSmsMessage {
    fn check(&self) -> Result<(), Invalid> {
        member("MessageType", &self.message_type)?;
        Ok(())
    }
}

impl Check for ChannelType {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for ClosedDays {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for ClosedDaysRule {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for Condition {
    fn check(&self) -> Result<(), Invalid> {
        member("Conditions", &self.conditions)?;
        member("Operator", &self.operator)?;
        Ok(())
    }
}

impl Check for ConditionalSplitActivity {
    fn check(&self) -> Result<(), Invalid> {
        member("Condition", &self.condition)?;
        Ok(())
    }
}

impl Check for ContactCenterActivity {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for CreateApplicationRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for CreateRecommenderConfiguration {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for CustomDeliveryConfiguration {
    fn check(&self) -> Result<(), Invalid> {
        member("EndpointTypes", &self.endpoint_types)?;
        Ok(())
    }
}

impl Check for CustomMessageActivity {
    fn check(&self) -> Result<(), Invalid> {
        member("EndpointTypes", &self.endpoint_types)?;
        Ok(())
    }
}

impl Check for DayOfWeek {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for DefaultButtonConfiguration {
    fn check(&self) -> Result<(), Invalid> {
        member("ButtonAction", &self.button_action)?;
        Ok(())
    }
}

impl Check for DefaultMessage {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for DefaultPushNotificationMessage {
    fn check(&self) -> Result<(), Invalid> {
        member("Action", &self.action)?;
        Ok(())
    }
}

impl Check for DefaultPushNotificationTemplate {
    fn check(&self) -> Result<(), Invalid> {
        member("Action", &self.action)?;
        Ok(())
    }
}

impl Check for DimensionType {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for DirectMessageConfiguration {
    fn check(&self) -> Result<(), Invalid> {
        member("ADMMessage", &self.adm_message)?;
        member("APNSMessage", &self.apns_message)?;
        member("BaiduMessage", &self.baidu_message)?;
        member("DefaultPushNotificationMessage", &self.default_push_notification_message)?;
        member("GCMMessage", &self.gcm_message)?;
        member("SMSMessage", &self.sms_message)?;
        Ok(())
    }
}

impl Check for Duration {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for EmailChannelRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for EmailMessage {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for EmailMessageActivity {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for EmailTemplateRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for EndpointBatchItem {
    fn check(&self) -> Result<(), Invalid> {
        member("ChannelType", &self.channel_type)?;
        Ok(())
    }
}

impl Check for EndpointBatchRequest {
    fn check(&self) -> Result<(), Invalid> {
        member("Item", &self.item)?;
        Ok(())
    }
}

impl Check for EndpointDemographic {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for EndpointLocation {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for EndpointRequest {
    fn check(&self) -> Result<(), Invalid> {
        member("ChannelType", &self.channel_type)?;
        Ok(())
    }
}

impl Check for EndpointSendConfiguration {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for EndpointUser {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for Event {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for EventCondition {
    fn check(&self) -> Result<(), Invalid> {
        member("Dimensions", &self.dimensions)?;
        Ok(())
    }
}

impl Check for EventDimensions {
    fn check(&self) -> Result<(), Invalid> {
        member("Attributes", &self.attributes)?;
        member("EventType", &self.event_type)?;
        Ok(())
    }
}

impl Check for EventFilter {
    fn check(&self) -> Result<(), Invalid> {
        member("Dimensions", &self.dimensions)?;
        member("FilterType", &self.filter_type)?;
        Ok(())
    }
}

impl Check for EventStartCondition {
    fn check(&self) -> Result<(), Invalid> {
        member("EventFilter", &self.event_filter)?;
        Ok(())
    }
}

impl Check for EventsBatch {
    fn check(&self) -> Result<(), Invalid> {
        member("Endpoint", &self.endpoint)?;
        Ok(())
    }
}

impl Check for EventsRequest {
    fn check(&self) -> Result<(), Invalid> {
        member("BatchItem", &self.batch_item)?;
        Ok(())
    }
}

impl Check for ExportJobRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for FilterType {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for Format {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for Frequency {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for GCMChannelRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for GCMMessage {
    fn check(&self) -> Result<(), Invalid> {
        member("Action", &self.action)?;
        Ok(())
    }
}

impl Check for GPSCoordinates {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for GPSPointDimension {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for HoldoutActivity {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for ImportJobRequest {
    fn check(&self) -> Result<(), Invalid> {
        member("Format", &self.format)?;
        Ok(())
    }
}

impl Check for InAppMessageBodyConfig {
    fn check(&self) -> Result<(), Invalid> {
        member("Alignment", &self.alignment)?;
        Ok(())
    }
}

impl Check for InAppMessageButton {
    fn check(&self) -> Result<(), Invalid> {
        member("Android", &self.android)?;
        member("DefaultConfig", &self.default_config)?;
        member("IOS", &self.ios)?;
        member("Web", &self.web)?;
        Ok(())
    }
}

impl Check for InAppMessageContent {
    fn check(&self) -> Result<(), Invalid> {
        member("BodyConfig", &self.body_config)?;
        member("HeaderConfig", &self.header_config)?;
        member("PrimaryBtn", &self.primary_btn)?;
        member("SecondaryBtn", &self.secondary_btn)?;
        Ok(())
    }
}

impl Check for InAppMessageHeaderConfig {
    fn check(&self) -> Result<(), Invalid> {
        member("Alignment", &self.alignment)?;
        Ok(())
    }
}

impl Check for InAppTemplateRequest {
    fn check(&self) -> Result<(), Invalid> {
        member("Content", &self.content)?;
        member("Layout", &self.layout)?;
        Ok(())
    }
}

impl Check for Include {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for JourneyChannelSettings {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for JourneyCustomMessage {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for JourneyEmailMessage {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for JourneyLimits {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for JourneyPushMessage {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for JourneySMSMessage {
    fn check(&self) -> Result<(), Invalid> {
        member("MessageType", &self.message_type)?;
        Ok(())
    }
}

impl Check for JourneySchedule {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for JourneyStateRequest {
    fn check(&self) -> Result<(), Invalid> {
        member("State", &self.state)?;
        Ok(())
    }
}

impl Check for JourneyTimeframeCap {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for Layout {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Key for DayOfWeek {
    fn text(&self) -> &str {
        self.as_str()
    }

    fn check_key(&self) -> Result<(), Invalid> {
        self.check()
    }
}

impl Check for Message {
    fn check(&self) -> Result<(), Invalid> {
        member("Action", &self.action)?;
        Ok(())
    }
}

impl Check for MessageConfiguration {
    fn check(&self) -> Result<(), Invalid> {
        member("ADMMessage", &self.adm_message)?;
        member("APNSMessage", &self.apns_message)?;
        member("BaiduMessage", &self.baidu_message)?;
        member("DefaultMessage", &self.default_message)?;
        member("GCMMessage", &self.gcm_message)?;
        member("InAppMessage", &self.in_app_message)?;
        member("SMSMessage", &self.sms_message)?;
        Ok(())
    }
}

impl Check for MessageHeader {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for MessageRequest {
    fn check(&self) -> Result<(), Invalid> {
        member("Addresses", &self.addresses)?;
        member("MessageConfiguration", &self.message_configuration)?;
        Ok(())
    }
}

impl Check for MessageType {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for MetricDimension {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for Mode {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for MultiConditionalBranch {
    fn check(&self) -> Result<(), Invalid> {
        member("Condition", &self.condition)?;
        Ok(())
    }
}

impl Check for MultiConditionalSplitActivity {
    fn check(&self) -> Result<(), Invalid> {
        member("Branches", &self.branches)?;
        Ok(())
    }
}

impl Check for NumberValidateRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for OpenHours {
    fn check(&self) -> Result<(), Invalid> {
        member("CUSTOM", &self.custom)?;
        member("EMAIL", &self.email)?;
        member("PUSH", &self.push)?;
        member("SMS", &self.sms)?;
        member("VOICE", &self.voice)?;
        Ok(())
    }
}

impl Check for OpenHoursRule {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for Operator {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for OverrideButtonConfiguration {
    fn check(&self) -> Result<(), Invalid> {
        member("ButtonAction", &self.button_action)?;
        Ok(())
    }
}

impl Check for PublicEndpoint {
    fn check(&self) -> Result<(), Invalid> {
        member("ChannelType", &self.channel_type)?;
        Ok(())
    }
}

impl Check for PushMessageActivity {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for PushNotificationTemplateRequest {
    fn check(&self) -> Result<(), Invalid> {
        member("ADM", &self.adm)?;
        member("APNS", &self.apns)?;
        member("Baidu", &self.baidu)?;
        member("Default", &self.default)?;
        member("GCM", &self.gcm)?;
        Ok(())
    }
}

impl Check for QuietTime {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for RandomSplitActivity {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for RandomSplitEntry {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for RawEmail {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for RecencyDimension {
    fn check(&self) -> Result<(), Invalid> {
        member("Duration", &self.duration)?;
        member("RecencyType", &self.recency_type)?;
        Ok(())
    }
}

impl Check for RecencyType {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for SMSChannelRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for SMSMessage {
    fn check(&self) -> Result<(), Invalid> {
        member("MessageType", &self.message_type)?;
        Ok(())
    }
}

impl Check for SMSMessageActivity {
    fn check(&self) -> Result<(), Invalid> {
        member("MessageConfig", &self.message_config)?;
        Ok(())
    }
}

impl Check for SMSTemplateRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for Schedule {
    fn check(&self) -> Result<(), Invalid> {
        member("EventFilter", &self.event_filter)?;
        member("Frequency", &self.frequency)?;
        Ok(())
    }
}

impl Check for SegmentBehaviors {
    fn check(&self) -> Result<(), Invalid> {
        member("Recency", &self.recency)?;
        Ok(())
    }
}

impl Check for SegmentCondition {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for SegmentDemographics {
    fn check(&self) -> Result<(), Invalid> {
        member("AppVersion", &self.app_version)?;
        member("Channel", &self.channel)?;
        member("DeviceType", &self.device_type)?;
        member("Make", &self.make)?;
        member("Model", &self.model)?;
        member("Platform", &self.platform)?;
        Ok(())
    }
}

impl Check for SegmentDimensions {
    fn check(&self) -> Result<(), Invalid> {
        member("Attributes", &self.attributes)?;
        member("Behavior", &self.behavior)?;
        member("Demographic", &self.demographic)?;
        member("Location", &self.location)?;
        member("UserAttributes", &self.user_attributes)?;
        Ok(())
    }
}

impl Check for SegmentGroup {
    fn check(&self) -> Result<(), Invalid> {
        member("Dimensions", &self.dimensions)?;
        member("SourceType", &self.source_type)?;
        member("Type", &self.r#type)?;
        Ok(())
    }
}

impl Check for SegmentGroupList {
    fn check(&self) -> Result<(), Invalid> {
        member("Groups", &self.groups)?;
        member("Include", &self.include)?;
        Ok(())
    }
}

impl Check for SegmentLocation {
    fn check(&self) -> Result<(), Invalid> {
        member("Country", &self.country)?;
        Ok(())
    }
}

impl Check for SegmentReference {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for SendOTPMessageRequestParameters {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for SendUsersMessageRequest {
    fn check(&self) -> Result<(), Invalid> {
        member("MessageConfiguration", &self.message_configuration)?;
        Ok(())
    }
}

impl Check for Session {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for SetDimension {
    fn check(&self) -> Result<(), Invalid> {
        member("DimensionType", &self.dimension_type)?;
        Ok(())
    }
}

impl Check for SimpleCondition {
    fn check(&self) -> Result<(), Invalid> {
        member("EventCondition", &self.event_condition)?;
        member("segmentDimensions", &self.segment_dimensions)?;
        Ok(())
    }
}

impl Check for SimpleEmail {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for SimpleEmailPart {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for SourceType {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for StartCondition {
    fn check(&self) -> Result<(), Invalid> {
        member("EventStartCondition", &self.event_start_condition)?;
        Ok(())
    }
}

impl Check for State {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for TagsModel {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for Template {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for TemplateActiveVersionRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for TemplateConfiguration {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for Type {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for UpdateAttributesRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for UpdateRecommenderConfiguration {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for VerifyOTPMessageRequestParameters {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for VoiceChannelRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for VoiceMessage {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for VoiceTemplateRequest {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for WaitActivity {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for WaitTime {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for WriteApplicationSettingsRequest {
    fn check(&self) -> Result<(), Invalid> {
        member("CampaignHook", &self.campaign_hook)?;
        Ok(())
    }
}

impl Check for WriteCampaignRequest {
    fn check(&self) -> Result<(), Invalid> {
        member("AdditionalTreatments", &self.additional_treatments)?;
        member("CustomDeliveryConfiguration", &self.custom_delivery_configuration)?;
        member("Hook", &self.hook)?;
        member("MessageConfiguration", &self.message_configuration)?;
        member("Schedule", &self.schedule)?;
        Ok(())
    }
}

impl Check for WriteEventStream {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Check for WriteJourneyRequest {
    fn check(&self) -> Result<(), Invalid> {
        member("Activities", &self.activities)?;
        member("OpenHours", &self.open_hours)?;
        member("StartCondition", &self.start_condition)?;
        member("State", &self.state)?;
        member("TimezoneEstimationMethods", &self.timezone_estimation_methods)?;
        Ok(())
    }
}

impl Check for WriteSegmentRequest {
    fn check(&self) -> Result<(), Invalid> {
        member("Dimensions", &self.dimensions)?;
        member("SegmentGroups", &self.segment_groups)?;
        Ok(())
    }
}

impl Check for WriteTreatmentResource {
    fn check(&self) -> Result<(), Invalid> {
        member("CustomDeliveryConfiguration", &self.custom_delivery_configuration)?;
        member("MessageConfiguration", &self.message_configuration)?;
        member("Schedule", &self.schedule)?;
        Ok(())
    }
}

impl Check for EndpointTypesElement {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}

impl Check for TimezoneEstimationMethodsElement {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Unknown(value) => Err(unknown(value, Self::VALUES)),
            _ => Ok(()),
        }
    }
}
