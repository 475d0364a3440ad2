//! Endpoints as wire documents under a dense number.

use roaring::RoaringBitmap;

use super::Call;
use crate::domain::{ApplicationId, ChannelType, EndpointNumber, EndpointUpdate};

/// A page of endpoints: what the store reads at once.
///
/// Shape: rows in ascending order of number; documents are endpoint definitions as the hook event carries them, without
/// the id. One allocation holds all text.
#[derive(Debug, Default)]
pub struct EndpointPage {
    text: Vec<u8>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    number: EndpointNumber,
    id_start: usize,
    document_start: usize,
    end: usize,
}

/// One endpoint of a page.
#[derive(Clone, Copy, Debug)]
pub struct EndpointRef<'a> {
    pub number: EndpointNumber,
    pub id: &'a str,
    /// The endpoint definition as JSON; see `wire::endpoint`.
    pub document: &'a [u8],
}

impl EndpointPage {
    /// Appends an endpoint. Panics if numbers do not ascend.
    pub fn push(&mut self, number: EndpointNumber, id: &str, document: &[u8]) {
        assert!(self.rows.last().is_none_or(|last| last.number < number), "endpoints of a page ascend");
        let id_start = self.text.len();
        self.text.extend_from_slice(id.as_bytes());
        let document_start = self.text.len();
        self.text.extend_from_slice(document);
        self.rows.push(Row { number, id_start, document_start, end: self.text.len() });
    }

    /// Endpoints in the page.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the page has no endpoint.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The endpoint at this place. Panics past the end.
    pub fn get(&self, index: usize) -> EndpointRef<'_> {
        let row = &self.rows[index];
        EndpointRef {
            number: row.number,
            id: std::str::from_utf8(&self.text[row.id_start..row.document_start]).expect("`push` took a str"),
            document: &self.text[row.document_start..row.end],
        }
    }

    /// The place of the endpoint with this number.
    pub fn find(&self, number: EndpointNumber) -> Option<usize> {
        self.rows.binary_search_by_key(&number, |row| row.number).ok()
    }

    /// The endpoints in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = EndpointRef<'_>> {
        (0..self.len()).map(|index| self.get(index))
    }
}

/// One endpoint to create or update.
#[derive(Clone, Debug, PartialEq)]
pub struct EndpointWrite {
    pub id: String,
    pub update: EndpointUpdate,
}

/// On whose behalf endpoints are written: somebody who may write their own alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Owner {
    /// Their `User.UserId`. Not empty.
    pub user_id: String,
    /// Whether an endpoint that is there and has no user may become theirs.
    pub may_adopt: bool,
}

/// Why a single endpoint of a write was refused; the others of the call are written.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refused {
    /// Source: Pinpoint developer guide, "Adding endpoints": the sixteenth endpoint of a user.
    #[error("User.UserId: Exceeded maximum endpoint per user count: 15")]
    TooManyUserEndpoints,
    /// Source: Pinpoint developer guide, "Quotas", endpoint.
    #[error("Too many custom attributes: an application can have {max} attribute names, and `{name}` is one more")]
    TooManyAttributeNames { name: String, max: usize },
    /// Source: as above.
    #[error("the endpoint has {bytes} bytes after the update, the limit is {max}")]
    TooLarge { bytes: usize, max: usize },
    /// The endpoint is not the owner's, or is to become somebody else's. Says nothing of whether it is there.
    #[error("the endpoint is not one of the user's own")]
    NotOwned,
}

/// Where an endpoint has attributes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum AttributeGroup {
    /// `Attributes`.
    Endpoint,
    /// `Metrics`.
    Metric,
    /// `User.UserAttributes`.
    User,
}

/// An endpoint that is to get no more messages.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Withdrawal {
    pub number: EndpointNumber,
    /// The address that this is about; `None` for whichever the endpoint has, also none.
    pub address: Option<String>,
    pub cause: Cause,
}

/// Why an endpoint gets no more messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cause {
    /// The address will never work again: the endpoint becomes inactive.
    Dead,
    /// The person wants none: the endpoint opts out of all.
    OptedOut,
}

/// Endpoints of applications.
pub trait EndpointStore: Send + Sync {
    /// Creates or updates endpoints in order, by the rules of [`Endpoint::merge`](crate::domain::Endpoint::merge) and:
    ///
    /// * user attributes are shared by all endpoints of the user;
    /// * another endpoint with the same channel type and address becomes inactive;
    /// * the sixteenth endpoint of a user is refused, or takes the place of the oldest push endpoint.
    ///
    /// Shape: one result for each write, in order: the number of the endpoint.
    /// `now` is wire text. Errors: [`NotFound`](super::Error::NotFound) for an unknown application.
    fn upsert_endpoints(
        &self,
        application: &ApplicationId,
        writes: Vec<EndpointWrite>,
        now: String,
    ) -> Call<'_, Vec<Result<EndpointNumber, Refused>>>;

    /// As [`upsert_endpoints`](Self::upsert_endpoints), on behalf of a user. Whose an endpoint is is looked up in the
    /// transaction of the write:
    ///
    /// * one that is not theirs is [`NotOwned`](Refused::NotOwned), whether it is there or not;
    /// * a new one, and one that they may adopt, becomes theirs, unless they have as many as a user can have: no other endpoint
    ///   gives way;
    /// * one of somebody else at the same address becomes inactive only if it is a push endpoint: who knows a device's token
    ///   has the device, but anybody may know an e-mail address.
    fn upsert_endpoints_of(
        &self,
        application: &ApplicationId,
        owner: Owner,
        writes: Vec<EndpointWrite>,
        now: String,
    ) -> Call<'_, Vec<Result<EndpointNumber, Refused>>>;

    /// The endpoint of this id, as a page of at most one row.
    fn endpoint(&self, application: &ApplicationId, id: &str) -> Call<'_, EndpointPage>;

    /// The numbers of the endpoints with these ids.
    ///
    /// Shape: one for each id, in order; `None` for one that does not exist.
    fn find_endpoints(&self, application: &ApplicationId, ids: Vec<String>) -> Call<'_, Vec<Option<EndpointNumber>>>;

    /// All endpoints of the user.
    fn endpoints_of_user(&self, application: &ApplicationId, user_id: &str) -> Call<'_, EndpointPage>;

    /// All active endpoints with this channel type and address.
    fn endpoints_at_address(
        &self,
        application: &ApplicationId,
        channel_type: ChannelType,
        address: &str,
    ) -> Call<'_, EndpointPage>;

    /// Removes endpoints; unknown ids are passed over. Their numbers are not given again.
    fn delete_endpoints(&self, application: &ApplicationId, ids: Vec<String>) -> Call<'_, u64>;

    /// Takes endpoints out of what is sent, whose address is still the one given, if one is: makes them inactive, or opts
    /// them out.
    fn withdraw_endpoints(&self, application: &ApplicationId, withdrawn: Vec<Withdrawal>) -> Call<'_, ()>;

    /// Removes attributes by name from all endpoints of the application, and frees their names. Shared user attributes are
    /// removed from every endpoint of every user. In steps, so that other writes go on meanwhile; done when it returns.
    /// What is written under such a name meanwhile may be removed with the rest, but its name stays known. An error may
    /// leave the removal half done; the names stay known, and it can be done again.
    ///
    /// Shape: the removed ones of `names`, in their order. Nothing else of an endpoint changes.
    fn remove_attributes(
        &self,
        application: &ApplicationId,
        group: AttributeGroup,
        names: Vec<String>,
    ) -> Call<'_, Vec<String>>;

    /// The names in use, in order. A name stays until it is removed, also when the last endpoint with it is gone. Names from
    /// before groups were kept are in all of them, unless an endpoint had them when the data was brought up to date.
    fn attribute_names(&self, application: &ApplicationId, group: AttributeGroup) -> Call<'_, Vec<String>>;

    /// The numbers of all endpoints.
    fn endpoint_numbers(&self, application: &ApplicationId) -> Call<'_, RoaringBitmap>;

    /// Up to `endpoints_max` endpoints with numbers from `from` on. An empty page is the end.
    fn scan_endpoints(
        &self,
        application: &ApplicationId,
        from: EndpointNumber,
        endpoints_max: usize,
    ) -> Call<'_, EndpointPage>;

    /// The endpoints with these numbers; those that no longer exist are left out.
    ///
    /// Shape: `numbers` ascend. Cheap when they are close together.
    fn load_endpoints(&self, application: &ApplicationId, numbers: Vec<EndpointNumber>) -> Call<'_, EndpointPage>;

    /// Numbers of active endpoints that share their channel type and address with another one of the application.
    ///
    /// May hold a few that do not (hash collisions, those that an older release wrote), never misses one. Small where addresses are unique.
    fn endpoints_sharing_address(&self, application: &ApplicationId) -> Call<'_, RoaringBitmap>;
}
