//! Applications and versioned definitions: segments, campaigns and templates as wire documents.

use roaring::RoaringBitmap;

use super::Call;
use crate::domain::ApplicationId;

/// An application and its settings.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Application {
    pub id: ApplicationId,
    pub name: String,
    /// `WriteApplicationSettingsRequest` as JSON.
    pub settings: String,
    /// Wire text.
    pub creation_date: String,
}

/// What a definition defines.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Kind {
    Segment = 1,
    Campaign = 2,
    EmailTemplate = 3,
    SmsTemplate = 4,
    PushTemplate = 5,
}

impl Kind {
    /// What to call it in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::Campaign => "campaign",
            Self::EmailTemplate => "email template",
            Self::SmsTemplate => "SMS template",
            Self::PushTemplate => "push template",
        }
    }
}

/// One version of a definition.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Definition {
    pub id: String,
    /// Counted from 1.
    pub version: u32,
    /// The wire shape as JSON.
    pub document: String,
    /// When the first version was made; wire text.
    pub creation_date: String,
    /// When this version was made; wire text.
    pub last_modified_date: String,
}

/// Applications and what they define. Templates belong to no application: pass `None`.
pub trait DefinitionStore: Send + Sync {
    /// Creates the application, or replaces its name and settings.
    fn put_application(&self, application: Application) -> Call<'_, ()>;

    /// The application of this id.
    fn application(&self, id: &ApplicationId) -> Call<'_, Option<Application>>;

    /// All applications, by id.
    fn applications(&self) -> Call<'_, Vec<Application>>;

    /// Adds a version, 1 if there is none yet, and returns its number. `now` is wire text.
    ///
    /// Errors: [`NotFound`](super::Error::NotFound) for an unknown application.
    fn put_definition(
        &self,
        application: Option<&ApplicationId>,
        kind: Kind,
        id: &str,
        document: String,
        now: String,
    ) -> Call<'_, u32>;

    /// A version, or the latest.
    fn definition(
        &self,
        application: Option<&ApplicationId>,
        kind: Kind,
        id: &str,
        version: Option<u32>,
    ) -> Call<'_, Option<Definition>>;

    /// The latest version of every definition of the kind, newest first.
    fn definitions(&self, application: Option<&ApplicationId>, kind: Kind) -> Call<'_, Vec<Definition>>;

    /// Removes all versions; `false` if there were none.
    fn delete_definition(&self, application: Option<&ApplicationId>, kind: Kind, id: &str) -> Call<'_, bool>;

    /// Saves the members of a version of an imported segment.
    fn put_segment_members(
        &self,
        application: &ApplicationId,
        id: &str,
        version: u32,
        members: RoaringBitmap,
    ) -> Call<'_, ()>;

    /// The members of a version of an imported segment; `None` for a dynamic one.
    fn segment_members(&self, application: &ApplicationId, id: &str, version: u32) -> Call<'_, Option<RoaringBitmap>>;
}
