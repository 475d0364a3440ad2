//! Documented limits of the service, with their units and sources.

use std::time::Duration;

/// Endpoints in one batch, and so in one hook call. Source: Pinpoint developer guide, "Customizing segments with AWS Lambda".
pub const BATCH_ENDPOINTS_MAX: usize = 50;
/// Time a hook has for one attempt. Source: Pinpoint developer guide, "Quotas", Lambda.
pub const HOOK_TIMEOUT_MAX: Duration = Duration::from_secs(15);
/// Attempts at one hook call. Source: as above.
pub const HOOK_ATTEMPTS_MAX: u32 = 3;
/// Bytes of a hook's event, and of its answer. Source: as above.
pub const HOOK_PAYLOAD_BYTES_MAX: usize = 6 * 1024 * 1024;

/// Bytes of one endpoint. Source: Pinpoint developer guide, "Quotas", endpoint.
pub const ENDPOINT_BYTES_MAX: usize = 15 * 1024;
/// Distinct names over attributes, metrics and user attributes of an application. Source: as above.
pub const ATTRIBUTE_NAMES_MAX: usize = 250;
/// Characters of an attribute name. Source: as above.
pub const ATTRIBUTE_NAME_CHARS_MAX: usize = 50;
/// Characters of an attribute value. Source: as above.
pub const ATTRIBUTE_VALUE_CHARS_MAX: usize = 100;
/// Values of one attribute. Source: as above.
pub const ATTRIBUTE_VALUES_MAX: usize = 50;
/// Endpoints of one user. Source: as above.
pub const USER_ENDPOINTS_MAX: usize = 15;
/// Endpoints of one `UpdateEndpointsBatch`. Source: as above.
pub const ENDPOINTS_REQUEST_MAX: usize = 100;
/// Bytes of an endpoint's or an event's id. Our choice: the documentation has no limit.
pub const ID_BYTES_MAX: usize = 1024;

/// Values over all dimensions of a segment. Source: Pinpoint developer guide, "Quotas", segment.
pub const SEGMENT_VALUES_MAX: usize = 100;
/// Groups of a segment; the documentation disagrees with itself, so this is our choice.
pub const SEGMENT_GROUPS_MAX: usize = 5;

/// Import jobs that run at once, and as many export jobs. Source: Pinpoint developer guide, "Quotas", import; that it
/// holds for exports, too, is our choice.
pub const ACTIVE_JOBS_MAX: usize = 10;

/// Treatments of a campaign, the default one included. Source: Pinpoint developer guide, "Quotas", campaign.
pub const TREATMENTS_MAX: usize = 5;
/// Campaigns that wait for their start or run, over all applications. Source: as above.
pub const ACTIVE_CAMPAIGNS_MAX: usize = 200;
/// Headers of an e-mail message. Source: API reference, `CampaignEmailMessage`.
pub const EMAIL_HEADERS_MAX: usize = 15;
/// Bytes of a header's name. Source: API reference, `MessageHeader`.
pub const EMAIL_HEADER_NAME_BYTES_MAX: usize = 126;
/// Characters of a header's value. Source: as above.
pub const EMAIL_HEADER_VALUE_CHARS_MAX: usize = 870;
/// Bytes of a custom channel's `Data`. Source: as above.
pub const CUSTOM_DATA_BYTES_MAX: usize = 5 * 1024;
/// Highest daily and total cap. Source: API reference, `CampaignLimits`.
pub const CAP_MAX: u32 = 100;
/// Highest `MessagesPerSecond`. Source: API reference, `CampaignLimits`.
pub const MESSAGES_PER_SECOND_MAX: u32 = 20_000;
/// Shortest `MaximumDuration`. Source: API reference, `CampaignLimits`.
pub const MAXIMUM_DURATION_MIN: Duration = Duration::from_secs(60);

/// Longest `TimeToLive` of a direct message by GCM: 28 days. Source: API reference, `GCMMessage`.
pub const GCM_TIME_TO_LIVE_SECONDS_MAX: u32 = 2_419_200;
/// Longest `TimeToLive` of a direct message by Baidu: 7 days. Source: API reference, `BaiduMessage`.
pub const BAIDU_TIME_TO_LIVE_SECONDS_MAX: u32 = 604_800;
/// Bytes of APNs' `CollapseId`. Source: API reference, `APNSMessage`.
pub const COLLAPSE_ID_BYTES_MAX: usize = 64;

/// Recipients of one direct message. Source: Pinpoint developer guide, "Quotas", direct messages.
pub const DIRECT_RECIPIENTS_MAX: usize = 100;

/// Bytes of a push payload but ADM's. Source: Pinpoint developer guide, "Quotas", push.
pub const PUSH_PAYLOAD_BYTES_MAX: usize = 4 * 1024;
/// Bytes of a push payload for ADM. Source: as above.
pub const ADM_PAYLOAD_BYTES_MAX: usize = 6 * 1024;

/// Bytes of a request's body. Source: Pinpoint developer guide, "Quotas", general.
pub const REQUEST_BYTES_MAX: usize = 7 * 1024 * 1024;
/// Bytes of a request's body that holds events. Source: as above, events.
pub const EVENTS_REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Events of one request. Source: as above.
pub const EVENTS_REQUEST_MAX: usize = 100;
/// Bytes of one event as it was sent. Source: as above.
pub const EVENT_BYTES_MAX: usize = 1_000 * 1024;
/// Names of attributes and metrics of one event together. Source: as above.
pub const EVENT_NAMES_MAX: usize = 40;
/// Characters of the name of an event's attribute or metric. Source: as above.
pub const EVENT_NAME_CHARS_MAX: usize = 50;
/// Characters of the value of an event's attribute. Source: as above.
pub const EVENT_VALUE_CHARS_MAX: usize = 200;
/// Characters of every other text of an event, such as its session's id. Our choice: the documentation has no limit.
pub const EVENT_TEXT_CHARS_MAX: usize = 200;
/// Characters of an event's type. Our choice: the documentation has no limit.
pub const EVENT_TYPE_CHARS_MAX: usize = 255;

/// Tags of one resource. Source: Pinpoint developer guide, "Tagging resources".
pub const TAGS_MAX: usize = 50;
/// Characters of a tag's key. Source: as above.
pub const TAG_KEY_CHARS_MAX: usize = 128;
/// Characters of a tag's value. Source: as above.
pub const TAG_VALUE_CHARS_MAX: usize = 256;

/// Characters of a template's name. Source: API reference, templates.
pub const TEMPLATE_NAME_CHARS_MAX: usize = 128;
/// Characters of a template's description. Source: as above.
pub const TEMPLATE_DESCRIPTION_CHARS_MAX: usize = 500;
/// Versions of a template. Source: Pinpoint developer guide, "Quotas", message templates.
pub const TEMPLATE_VERSIONS_MAX: usize = 5_000;
/// Characters of all parts of an e-mail template. Source: as above.
pub const EMAIL_TEMPLATE_CHARS_MAX: usize = 600_000;
/// Characters of a push template's section for ADM. Source: as above.
pub const ADM_TEMPLATE_CHARS_MAX: usize = 6_000;
/// Characters of every other section of a push template. Source: as above.
pub const PUSH_TEMPLATE_CHARS_MAX: usize = 4_000;
/// Characters of an SMS template. Source: as above.
pub const SMS_TEMPLATE_CHARS_MAX: usize = 1_600;
/// Characters of a voice template. Source: as above.
pub const VOICE_TEMPLATE_CHARS_MAX: usize = 10_000;
/// Characters of an in-app template, as JSON. Source: as above.
pub const IN_APP_TEMPLATE_CHARS_MAX: usize = 200_000;
/// In-app campaigns of an application that are not over. Source: Pinpoint developer guide, "Quotas", campaign.
pub const IN_APP_CAMPAIGNS_MAX: usize = 25;
/// Characters of a campaign's name in what clients call an in-app campaign: the name, a hyphen and the id. Our choice: clients
/// report it as an event's attribute, whose value has a limit.
pub const IN_APP_CAMPAIGN_NAME_CHARS_MAX: usize = 128;
/// Characters of what clients call an in-app campaign; ids have 32.
pub const IN_APP_CAMPAIGN_CHARS_MAX: usize = IN_APP_CAMPAIGN_NAME_CHARS_MAX + 1 + 32;
/// Displays of in-app messages that are kept of an endpoint: as many as all campaigns together can have when each has the
/// highest cap. Our choice.
pub const IN_APP_DISPLAYS_MAX: usize = IN_APP_CAMPAIGNS_MAX * CAP_MAX as usize;
/// Bytes of all names and values in the `CustomConfig` of an in-app message, and of its legacy `Body`. Our choice: the
/// documentation has no limit.
pub const IN_APP_CUSTOM_BYTES_MAX: usize = 5 * 1024;
/// Contents of an in-app message. Source: Pinpoint user guide, "In-app templates".
pub const IN_APP_CONTENTS_MAX: usize = 5;
/// Pairs in the `CustomConfig` of an in-app message. Source: as above.
pub const IN_APP_CUSTOM_CONFIG_MAX: usize = 10;
/// Characters of an in-app message's header, and of a button. Source: as above.
pub const IN_APP_HEADER_CHARS_MAX: usize = 64;
/// Characters of an in-app message's body. Source: as above.
pub const IN_APP_BODY_CHARS_MAX: usize = 150;

/// Recommender configurations of an account. Source: Pinpoint developer guide, "Quotas", machine learning.
pub const RECOMMENDERS_MAX: usize = 100;
/// Attributes that a recommender's function fills. Source: as above.
pub const RECOMMENDER_ATTRIBUTES_MAX: usize = 10;
/// Recommendations in a message. Source: as above.
pub const RECOMMENDATIONS_MAX: i32 = 5;

/// Characters of a journey's name. Source: API reference, journeys.
pub const JOURNEY_NAME_CHARS_MAX: usize = 150;
/// Activities of a journey. Source: Pinpoint developer guide, "Quotas", journeys.
pub const JOURNEY_ACTIVITIES_MAX: usize = 40;
/// Activities of a journey that hand over to a contact centre. Source: as above.
pub const JOURNEY_CONTACT_CENTER_MAX: usize = 3;
/// Characters of an activity's id. Source: API reference, journeys.
pub const JOURNEY_ACTIVITY_ID_CHARS_MAX: usize = 100;
/// Characters of a custom activity's `Data`. Source: as above.
pub const JOURNEY_CUSTOM_DATA_CHARS_MAX: usize = 5_000;
/// Branches of a multivariate split, the default one apart. Source: as above.
pub const JOURNEY_CONDITIONS_MAX: usize = 4;
/// Branches of a random split. Source: as above.
pub const JOURNEY_RANDOM_BRANCHES_MAX: usize = 5;
/// Days from a journey's start to its end. Source: Pinpoint developer guide, "Quotas", journeys.
pub const JOURNEY_DAYS_MAX: i64 = 540;
/// Opening times of one day. Source: as above.
pub const OPEN_HOURS_MAX: usize = 4;
/// Closed spans of one channel. Source: as above.
pub const CLOSED_DAYS_MAX: usize = 20;
/// Shortest and longest wait of a journey. Source: Pinpoint user guide, "Wait activity".
pub const JOURNEY_WAIT_MIN: Duration = Duration::from_secs(60 * 60);
pub const JOURNEY_WAIT_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);

// A batch of the largest endpoints always fits a hook event, with room for the message.
const _: () = assert!(BATCH_ENDPOINTS_MAX * ENDPOINT_BYTES_MAX < HOOK_PAYLOAD_BYTES_MAX);
// The members of a batch fit the bits of a `u64`, which the ledger relies on.
const _: () = assert!(BATCH_ENDPOINTS_MAX <= 64);
// What clients call an in-app campaign can be reported.
const _: () = assert!(IN_APP_CAMPAIGN_CHARS_MAX <= EVENT_VALUE_CHARS_MAX);
