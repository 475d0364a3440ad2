//! The definition of an imported segment.

use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

use super::{Format, Segment};
use crate::domain::ApplicationId;
use crate::store::{self, DefinitionStore, Kind};

/// The stored document: the request and the import, as `SegmentResponse` has them.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    name: &'a str,
    import_definition: ImportDefinition<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ImportDefinition<'a> {
    external_id: &'a str,
    format: &'a str,
    role_arn: &'a str,
    s3_url: &'a str,
    size: u64,
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "Name")]
    name: Option<String>,
}

/// Saves a version of the segment with these members.
pub(super) async fn define<S: DefinitionStore + ?Sized>(
    store: &S,
    application: &ApplicationId,
    segment: &Segment,
    format: Format,
    source: &str,
    members: &RoaringBitmap,
    now: String,
) -> Result<(String, u32), store::Error> {
    let id = segment.id.clone().unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string());
    let name = match &segment.name {
        Some(name) => name.clone(),
        None => earlier_name(store, application, &id).await?.unwrap_or_else(|| id.clone()),
    };
    let import_definition = ImportDefinition {
        external_id: "",
        format: format.as_str(),
        role_arn: "",
        s3_url: source,
        size: members.len(),
    };
    let document = serde_json::to_string(&Document { name: &name, import_definition }).expect("text and numbers");
    let version = store.put_definition(Some(application), Kind::Segment, &id, document, now).await?;
    store.put_segment_members(application, &id, version, members.clone()).await?;
    Ok((id, version))
}

async fn earlier_name<S: DefinitionStore + ?Sized>(
    store: &S,
    application: &ApplicationId,
    id: &str,
) -> Result<Option<String>, store::Error> {
    let earlier = store.definition(Some(application), Kind::Segment, id, None).await?;
    let named = earlier.and_then(|earlier| serde_json::from_str::<Named>(&earlier.document).ok());
    Ok(named.and_then(|named| named.name))
}
