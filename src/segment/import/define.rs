//! The definition of an imported segment.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Error, Format, Segment};
use crate::domain::{ApplicationId, EndpointNumber};
use crate::segment::pool;
use crate::store::{self, Definition, DefinitionStore, DefinitionWrite, EndpointPage, EndpointStore, Kind, Versioning};

/// Endpoints read at once to count their channels.
const PAGE_ENDPOINTS: usize = 5_000;

/// The stored document: the request and the import, as `SegmentResponse` has them.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    name: &'a str,
    import_definition: ImportDefinition<'a>,
    /// The job that defined this version, so that it does not define another when it is done again.
    #[serde(skip_serializing_if = "Option::is_none")]
    import_job: Option<&'a str>,
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    tags: Option<&'a RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ImportDefinition<'a> {
    channel_counts: &'a BTreeMap<String, u64>,
    external_id: &'a str,
    format: &'a str,
    role_arn: &'a str,
    s3_url: &'a str,
    size: u64,
}

/// What a version takes over from the one before.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Earlier {
    name: Option<String>,
    import_job: Option<String>,
    #[serde(rename = "tags")]
    tags: Option<Box<RawValue>>,
}

/// Saves a version of the segment with these members.
///
/// Errors: a segment that a job names and that is gone.
pub(super) async fn define<S: EndpointStore + DefinitionStore + ?Sized>(
    store: &S,
    application: &ApplicationId,
    segment: &Segment,
    format: Format,
    source: &str,
    members: &RoaringBitmap,
    now: String,
) -> Result<(String, u32), Error> {
    let channel_counts = channel_counts(store, application, members).await?;
    let job = segment.job.as_ref();
    let id = match (&segment.id, job) {
        (Some(id), _) => id.clone(),
        // The same one when the job is done again.
        (None, Some(job)) => job.id.clone(),
        (None, None) => uuid::Uuid::new_v4().simple().to_string(),
    };
    loop {
        let versions = store.definition_versions(Some(application), Kind::Segment, &id, None, 1).await?;
        let before: Option<Definition> = versions.into_iter().next();
        if before.is_none() && job.is_some() && segment.id.is_some() {
            return Err(Error::SegmentGone { id });
        }
        let earlier = before.as_ref().and_then(|before| serde_json::from_str::<Earlier>(&before.document).ok());
        let earlier = earlier.unwrap_or_default();
        let document = Document {
            name: segment.name.as_deref().or(earlier.name.as_deref()).unwrap_or(&id),
            import_definition: ImportDefinition {
                channel_counts: &channel_counts,
                external_id: job.map_or("", |job| &job.external_id),
                format: format.as_str(),
                role_arn: job.map_or("", |job| &job.role_arn),
                s3_url: job.map_or(source, |job| &job.s3_url),
                // 32 bits on the wire.
                size: members.len().min(i32::MAX as u64),
            },
            import_job: job.map(|job| job.id.as_str()),
            tags: earlier.tags.as_deref(),
        };
        let again = job.is_some_and(|job| earlier.import_job.as_ref() == Some(&job.id));
        let write = DefinitionWrite {
            kind: Kind::Segment,
            id: id.clone(),
            document: serde_json::to_string(&document).expect("text and numbers"),
            versioning: if again { Versioning::Latest } else { Versioning::Next },
            after: before.map(|before| before.revision),
            now: now.clone(),
        };
        match store.write_definition(Some(application), write).await {
            Ok(written) => {
                store.put_segment_members(application, &id, written.version, members.clone()).await?;
                return Ok((id, written.version));
            }
            // Somebody changed its tags, say: a next reading sees that.
            Err(store::Error::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// How many of the members each channel type has.
async fn channel_counts<S: EndpointStore + ?Sized>(
    store: &S,
    application: &ApplicationId,
    members: &RoaringBitmap,
) -> Result<BTreeMap<String, u64>, store::Error> {
    let mut counts = BTreeMap::new();
    let mut numbers = members.iter();
    loop {
        let page: Vec<EndpointNumber> = numbers.by_ref().take(PAGE_ENDPOINTS).collect();
        if page.is_empty() {
            return Ok(counts);
        }
        let page = store.load_endpoints(application, page).await?;
        for (channel, count) in pool::run(move || count(&page)).await {
            *counts.entry(channel).or_default() += count;
        }
    }
}

fn count(page: &EndpointPage) -> BTreeMap<String, u64> {
    #[derive(Deserialize)]
    struct Channel<'a> {
        #[serde(rename = "ChannelType", borrow)]
        channel_type: Option<&'a str>,
    }

    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for endpoint in page.iter() {
        // Endpoints without a channel type yet are in no count.
        if let Ok(Channel { channel_type: Some(channel) }) = serde_json::from_slice(endpoint.document) {
            *counts.entry(channel).or_default() += 1;
        }
    }
    counts.into_iter().map(|(channel, count)| (channel.to_owned(), count)).collect()
}
