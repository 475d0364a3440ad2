//! Applications and what belongs to them or to the account, as documents: versioned ones such as segments, campaigns
//! and templates, and those that are only replaced, such as channels and jobs.

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
    /// A JSON object of text.
    pub tags: String,
    /// Wire text.
    pub creation_date: String,
    /// When name, settings or tags were last written; wire text.
    pub last_modified_date: String,
    /// Counts the writes; 0 for an application that is not stored yet.
    pub revision: u32,
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
    InAppTemplate = 6,
    VoiceTemplate = 7,
    Journey = 8,
    Recommender = 9,
    /// Under the name of its channel type.
    Channel = 10,
    EventStream = 11,
    ImportJob = 12,
    ExportJob = 13,
    OneTimePassword = 14,
    /// The one secret that references of messages are signed with; it belongs to no application.
    FeedbackKey = 15,
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
            Self::InAppTemplate => "in-app template",
            Self::VoiceTemplate => "voice template",
            Self::Journey => "journey",
            Self::Recommender => "recommender configuration",
            Self::Channel => "channel",
            Self::EventStream => "event stream",
            Self::ImportJob => "import job",
            Self::ExportJob => "export job",
            Self::OneTimePassword => "one-time password",
            Self::FeedbackKey => "feedback key",
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
    /// When this version was last written; wire text.
    pub last_modified_date: String,
    /// Counts the writes of the definition, over all its versions; the removal of a version is one, the choice of the
    /// active version is none.
    pub revision: u32,
    /// The definition's place among all, the same for all its versions: a newer one has a greater one.
    pub position: u64,
}

/// A write that depends on what its writer saw.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DefinitionWrite {
    pub kind: Kind,
    pub id: String,
    /// The wire shape as JSON.
    pub document: String,
    pub versioning: Versioning,
    /// The revision of what the writer read; `None` if there was none.
    pub after: Option<u32>,
    /// Wire text.
    pub now: String,
}

/// What a write does to the versions of a definition.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Versioning {
    /// Adds one.
    Next,
    /// Replaces the document of the latest; a definition that is not there yet gets version 1.
    Latest,
}

/// Applications and what they define. Templates and recommenders belong to no application: pass `None`.
pub trait DefinitionStore: Send + Sync {
    /// Creates the application, or replaces name, settings, tags and modification date.
    ///
    /// Errors: [`Conflict`](super::Error::Conflict) unless `revision` is that of the stored one, or 0 for a new one.
    fn put_application(&self, application: Application) -> Call<'_, ()>;

    /// Removes an application with all that belongs to it; `false` if there was none. When this returns it is gone for
    /// every other call; what it had is cleared away in steps after it, also after a restart. An activity of it is not found
    /// any more, so that a run under way ends.
    fn delete_application(&self, id: &ApplicationId) -> Call<'_, bool>;

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

    /// Writes a definition, and returns it as it is then.
    ///
    /// Errors: [`NotFound`](super::Error::NotFound) for an unknown application; [`Conflict`](super::Error::Conflict)
    /// when somebody else wrote since, made it or removed it.
    fn write_definition(&self, application: Option<&ApplicationId>, write: DefinitionWrite) -> Call<'_, Definition>;

    /// A version; without one the active version, which is the latest unless one was chosen.
    fn definition(
        &self,
        application: Option<&ApplicationId>,
        kind: Kind,
        id: &str,
        version: Option<u32>,
    ) -> Call<'_, Option<Definition>>;

    /// The latest version of every definition of the kind, newest first.
    fn definitions(&self, application: Option<&ApplicationId>, kind: Kind) -> Call<'_, Vec<Definition>>;

    /// The latest versions of the definitions of a kind made before that `position`, newest first.
    fn definitions_before(
        &self,
        application: Option<&ApplicationId>,
        kind: Kind,
        position: Option<u64>,
        definitions_max: usize,
    ) -> Call<'_, Vec<Definition>>;

    /// The versions below `version`, highest first.
    fn definition_versions(
        &self,
        application: Option<&ApplicationId>,
        kind: Kind,
        id: &str,
        version: Option<u32>,
        versions_max: usize,
    ) -> Call<'_, Vec<Definition>>;

    /// The version that was chosen to be the active one; `None` for the latest.
    fn active_version(&self, application: Option<&ApplicationId>, kind: Kind, id: &str) -> Call<'_, Option<u32>>;

    /// Chooses the active version, or the latest whatever comes. The choice ends with the removal of that version.
    ///
    /// Errors: [`NotFound`](super::Error::NotFound) for an unknown version.
    fn set_active_version(
        &self,
        application: Option<&ApplicationId>,
        kind: Kind,
        id: &str,
        version: Option<u32>,
    ) -> Call<'_, ()>;

    /// Removes one version, whose number is not given again; `false` if there was none. The last one takes the definition
    /// with it, and another one of its id begins with version 1.
    fn delete_definition_version(
        &self,
        application: Option<&ApplicationId>,
        kind: Kind,
        id: &str,
        version: u32,
    ) -> Call<'_, bool>;

    /// Removes all versions, and the [reader](super::reader::of_campaign) of a campaign; `false` if there were none.
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
