//! What a call of `upsert_endpoints` changes: the rules that reach beyond one endpoint, apart from any back end.
//!
//! A back end goes through four steps within the transaction of the write:
//!
//! 1. [`Upsert::new`] with the writes; load what [`Upsert::ids`] names and [`Upsert::add`] it,
//! 2. load what [`Upsert::needs`] names and add it too,
//! 3. [`Upsert::apply`],
//! 4. save the [`Changes`].
//!
//! Endpoints that were not asked for may be added; endpoints that were asked for must be.
//!
//! Writes on behalf of an [`Owner`] are let through here and nowhere else, so that of two users who claim an endpoint at once
//! one gets it.
//!
//! Source: Pinpoint developer guide, "Adding endpoints" and "Quotas"; API reference, `EndpointRequest`. Our choices:
//! an address is taken over by an active endpoint only, so that importing an export changes nothing; an endpoint
//! without a user keeps its own user attributes when it becomes the first endpoint of one; an empty user id takes it from
//! its user, and the user's attributes from it.

use std::collections::BTreeMap;

use foldhash::HashMap;

use super::names::{Groups, Names};
use super::{AttributeGroup, EndpointWrite, Error, Owner, Refused};
use crate::domain::endpoint::{User, merge_attributes};
use crate::domain::limit::{ATTRIBUTE_NAMES_MAX, ENDPOINT_BYTES_MAX, USER_ENDPOINTS_MAX};
use crate::domain::{ChannelType, Endpoint, EndpointNumber, EndpointStatus, EndpointUpdate};
use crate::wire;
use crate::wire::lenient::Text;

/// A channel type and address, in the form in which they are compared.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Address {
    channel_type: ChannelType,
    text: String,
}

impl Address {
    /// `None` for an empty address, which is none. E-mail addresses are compared in lower case, others as they are.
    pub fn new(channel_type: ChannelType, address: &str) -> Option<Self> {
        let text = match channel_type {
            _ if address.is_empty() => return None,
            ChannelType::Email => address.to_lowercase(),
            _ => address.to_owned(),
        };
        Some(Self { channel_type, text })
    }

    /// The channel type.
    pub fn channel_type(&self) -> ChannelType {
        self.channel_type
    }

    /// The address as compared.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// What an endpoint is found by, besides its id.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Places {
    pub user: Option<String>,
    /// Of an inactive endpoint too, though nobody finds it there: thousands may share an address, such as that of devices
    /// without a token, and all but one of them are inactive.
    pub address: Option<Address>,
    pub is_active: bool,
}

impl Places {
    /// Where the endpoint of this document is found.
    ///
    /// Errors: when the document is not one of ours.
    pub fn read(document: &[u8]) -> Result<Self, serde_json::Error> {
        let view = wire::endpoint::View::read(document)?;
        let is_active = view.status.as_ref().is_none_or(|status| status.as_str() != "INACTIVE");
        let channel_type = view.channel_type.and_then(|text| ChannelType::parse(text.as_str()));
        let address = view.address.as_ref().map(Text::as_str);
        Ok(Self::new(view.user.id.map(|user| user.0.into_owned()), channel_type, address, is_active))
    }

    /// The address it is found at.
    pub fn found_at(&self) -> Option<&Address> {
        self.address.as_ref().filter(|_| self.is_active)
    }

    fn of(endpoint: &Endpoint) -> Self {
        let is_active = endpoint.status == EndpointStatus::Active;
        Self::new(endpoint.user.id.clone(), endpoint.channel_type, endpoint.address.as_deref(), is_active)
    }

    fn new(user: Option<String>, channel_type: Option<ChannelType>, address: Option<&str>, is_active: bool) -> Self {
        Self {
            is_active,
            user: user.filter(|user| !user.is_empty()),
            address: channel_type.zip(address).and_then(|(kind, address)| Address::new(kind, address)),
        }
    }
}

/// Whose endpoints must be loaded: all of these users, and all at these addresses. Some may be named twice.
#[derive(Debug, Default, Eq, PartialEq)]
pub struct Needs<'a> {
    pub users: Vec<&'a str>,
    pub addresses: Vec<Address>,
}

/// What is to be saved.
#[derive(Debug)]
pub struct Changes {
    /// One for each write, in order.
    pub results: Vec<Result<EndpointNumber, Refused>>,
    /// Endpoints to insert or replace, ascending by number.
    pub rows: Vec<Change>,
    /// Attribute names that the application did not have yet, or not there. The last one of a name counts.
    pub names: Vec<(String, Groups)>,
    /// The number the next new endpoint gets.
    pub next_number: EndpointNumber,
}

/// One endpoint to insert or replace.
#[derive(Debug)]
pub struct Change {
    pub number: EndpointNumber,
    pub id: String,
    pub document: Vec<u8>,
    /// Where it was found before; `None` when it is new.
    pub before: Option<Places>,
    pub after: Places,
}

/// The writes of one call and the endpoints they touch.
#[derive(Debug)]
pub struct Upsert {
    writes: Vec<EndpointWrite>,
    /// `None` for who may write all endpoints.
    owner: Option<Owner>,
    touched: Touched,
}

impl Upsert {
    /// Begins with the writes of a call; those of an owner that name no user get its user.
    pub fn new(mut writes: Vec<EndpointWrite>, owner: Option<Owner>) -> Self {
        if let Some(owner) = &owner {
            for write in &mut writes {
                write.update.user.id.get_or_insert_with(|| owner.user_id.clone());
            }
        }
        Self { writes, owner, touched: Touched::default() }
    }

    /// The ids of endpoints to load first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.writes.iter().map(|write| write.id.as_str())
    }

    /// Takes a stored endpoint; one that is there already is passed over.
    ///
    /// Errors: [`Damaged`](Error::Damaged) when the document is not one of ours.
    pub fn add(&mut self, number: EndpointNumber, id: &str, document: &[u8]) -> Result<(), Error> {
        if self.touched.by_id.contains_key(id) {
            return Ok(());
        }
        let places = Places::read(document)
            .map_err(|error| Error::Damaged { what: format!("endpoint `{id}` is not readable: {error}") })?;
        self.touched.push(Slot {
            number,
            id: id.to_owned(),
            document: document.to_owned(),
            changed: false,
            before: Some(places.clone()),
            places,
        });
        Ok(())
    }

    /// What to load second, now that the endpoints of the same ids are there.
    pub fn needs(&self) -> Needs<'_> {
        let mut needs = Needs::default();
        let mut halves: HashMap<&str, (Vec<ChannelType>, Vec<&str>)> = HashMap::default();
        for EndpointWrite { id, update } in &self.writes {
            if let Some(user) = &update.user.id {
                needs.users.push(user);
            } else if !update.user.attributes.is_empty() {
                needs.users.extend(self.touched.find(id).and_then(|slot| slot.places.user.as_deref()));
            }
            match (update.channel_type, &update.address) {
                (Some(channel_type), Some(address)) => needs.addresses.extend(Address::new(channel_type, address)),
                (None, None) => {}
                _ => drop(halves.entry(id).or_default()),
            }
        }
        if halves.is_empty() {
            return needs;
        }
        // The other half of such an address is the stored one, or that of another write of this call.
        for EndpointWrite { id, update } in &self.writes {
            if let Some((types, addresses)) = halves.get_mut(id.as_str()) {
                types.extend(update.channel_type);
                addresses.extend(update.address.as_deref());
            }
        }
        for (id, (mut types, mut addresses)) in halves {
            let stored = self.touched.find(id).map(Slot::endpoint);
            if let Some(endpoint) = &stored {
                types.extend(endpoint.channel_type);
                addresses.extend(endpoint.address.as_deref());
            }
            let pairs = types.iter().flat_map(|channel_type| addresses.iter().map(|address| (*channel_type, *address)));
            needs.addresses.extend(pairs.filter_map(|(channel_type, address)| Address::new(channel_type, address)));
        }
        needs
    }

    /// Applies the writes in order.
    ///
    /// `names` are the attribute names of the application and get those added; `next_number` goes to the first new
    /// endpoint. Panics when an application runs out of numbers.
    pub fn apply(self, names: &mut Names, next_number: EndpointNumber, now: &str) -> Changes {
        let mut touched = self.touched;
        touched.reserve(self.writes.len());
        let mut run = Run { touched, owner: self.owner, names, names_added: Vec::new(), next_number, now };
        let results = self.writes.into_iter().map(|write| run.write(write)).collect();
        let mut rows: Vec<_> = run.touched.slots.into_iter().filter_map(Slot::into_change).collect();
        rows.sort_unstable_by_key(|row| row.number);
        Changes { results, rows, names: run.names_added, next_number: run.next_number }
    }
}

/// An endpoint that a call touches. Kept as its document, which is small; most are written once and never read again.
#[derive(Debug)]
struct Slot {
    number: EndpointNumber,
    id: String,
    document: Vec<u8>,
    /// Whether the document is another than the stored one.
    changed: bool,
    before: Option<Places>,
    places: Places,
}

impl Slot {
    fn endpoint(&self) -> Endpoint {
        wire::endpoint::read(&self.document).expect("it was read when it was added, or written by us")
    }

    fn into_change(self) -> Option<Change> {
        let Self { number, id, document, changed, before, places } = self;
        changed.then_some(Change { number, id, document, before, after: places })
    }
}

/// A place in [`Touched::slots`].
type SlotIndex = usize;

/// The endpoints of a call and where to find them.
#[derive(Debug, Default)]
struct Touched {
    slots: Vec<Slot>,
    by_id: HashMap<String, SlotIndex>,
    by_user: HashMap<String, Vec<SlotIndex>>,
    by_address: HashMap<Address, Vec<SlotIndex>>,
}

impl Touched {
    fn find(&self, id: &str) -> Option<&Slot> {
        self.by_id.get(id).map(|&index| &self.slots[index])
    }

    fn reserve(&mut self, additional: usize) {
        self.slots.reserve(additional);
        self.by_id.reserve(additional);
        self.by_user.reserve(additional);
        self.by_address.reserve(additional);
    }

    fn push(&mut self, slot: Slot) -> SlotIndex {
        let index = self.slots.len();
        self.by_id.insert(slot.id.clone(), index);
        self.enter(index, &slot.places);
        self.slots.push(slot);
        index
    }

    /// Replaces an endpoint, given with its document.
    fn replace(&mut self, index: SlotIndex, endpoint: &Endpoint, document: Vec<u8>) {
        let slot = &mut self.slots[index];
        slot.document = document;
        slot.changed = true;
        let after = Places::of(endpoint);
        if slot.places != after {
            let before = std::mem::replace(&mut slot.places, after.clone());
            self.leave(index, &before);
            self.enter(index, &after);
        }
    }

    fn enter(&mut self, index: SlotIndex, places: &Places) {
        if let Some(user) = &places.user {
            self.by_user.entry(user.clone()).or_default().push(index);
        }
        if let Some(address) = places.found_at() {
            self.by_address.entry(address.clone()).or_default().push(index);
        }
    }

    fn leave(&mut self, index: SlotIndex, places: &Places) {
        if let Some(members) = places.user.as_ref().and_then(|user| self.by_user.get_mut(user)) {
            members.retain(|&member| member != index);
        }
        if let Some(members) = places.found_at().and_then(|address| self.by_address.get_mut(address)) {
            members.retain(|&member| member != index);
        }
    }
}

/// Members but for this one.
fn others(members: Option<&Vec<SlotIndex>>, except: Option<SlotIndex>) -> Vec<SlotIndex> {
    members.into_iter().flatten().copied().filter(|&index| Some(index) != except).collect()
}

/// Applies the writes of a call one after the other.
struct Run<'a> {
    touched: Touched,
    owner: Option<Owner>,
    names: &'a mut Names,
    names_added: Vec<(String, Groups)>,
    next_number: EndpointNumber,
    now: &'a str,
}

impl Run<'_> {
    /// Applies one write. Everything is worked out before anything is changed, so that a refusal changes nothing.
    fn write(&mut self, EndpointWrite { id, update }: EndpointWrite) -> Result<EndpointNumber, Refused> {
        let stored = self.touched.by_id.get(&id).copied();
        // First, so that nothing else is told of an endpoint of somebody else.
        self.check_owner(&update, stored)?;
        let names = self.new_names(&update)?;
        let mut endpoint = stored.map(|index| self.touched.slots[index].endpoint()).unwrap_or_default();
        let before = stored.map(|index| self.touched.slots[index].places.clone()).unwrap_or_default();

        let user = update.user.id.as_deref().or(before.user.as_deref()).filter(|user| !user.is_empty());
        let joins = user != before.user.as_deref();
        let shares = !update.user.attributes.is_empty();
        let mut companions = match user {
            Some(user) if joins || shares => others(self.touched.by_user.get(user), stored),
            _ => Vec::new(),
        };
        let mut evicted = None;
        if joins {
            if companions.len() >= USER_ENDPOINTS_MAX {
                let channel_type = update.channel_type.or(endpoint.channel_type);
                evicted = Some(self.oldest_push(channel_type, &companions).ok_or(Refused::TooManyUserEndpoints)?);
            }
            if let Some(&companion) = companions.first() {
                endpoint.user.attributes = self.touched.slots[companion].endpoint().user.attributes;
                // The endpoint may be one that the removal has passed already.
                endpoint.user.attributes.retain(|name, _| {
                    self.names.get(name).is_none_or(|groups| !groups.is_leaving(AttributeGroup::User))
                });
            } else if before.user.is_some() {
                endpoint.user.attributes.clear();
            }
            companions.retain(|&index| Some(index) != evicted);
        }
        let companions = self.share(&update.user.attributes, &companions)?;
        let names_address = update.address.is_some();
        endpoint.merge(update, self.now);
        let document = document_within_limit(&endpoint)?;

        // From here on nothing is refused.
        self.names.extend(names.iter().cloned());
        self.names_added.extend(names);
        if let Some(index) = evicted {
            let mut endpoint = self.touched.slots[index].endpoint();
            endpoint.status = EndpointStatus::Inactive;
            endpoint.user = User::default();
            self.save(index, &endpoint);
        }
        for (index, endpoint, document) in companions {
            self.touched.replace(index, &endpoint, document);
        }
        let index = match stored {
            Some(index) => {
                self.touched.replace(index, &endpoint, document);
                index
            }
            None => {
                let number = self.next_number;
                self.next_number = number.checked_add(1).expect("an application has fewer than 2^32 endpoints");
                let places = Places::of(&endpoint);
                self.touched.push(Slot { number, id, document, changed: true, before: None, places })
            }
        };
        let changes_address = self.touched.slots[index].places.address != before.address;
        if endpoint.status == EndpointStatus::Active && (names_address || changes_address) {
            self.silence_others(index);
        }
        Ok(self.touched.slots[index].number)
    }

    /// Whether this may be written on behalf of the owner, if there is one.
    fn check_owner(&self, update: &EndpointUpdate, stored: Option<SlotIndex>) -> Result<(), Refused> {
        let Some(owner) = &self.owner else { return Ok(()) };
        let was_theirs = match stored.map(|index| self.touched.slots[index].places.user.as_deref()) {
            None => true,
            Some(None) => owner.may_adopt,
            Some(Some(user)) => user == owner.user_id,
        };
        let stays_theirs = update.user.id.as_ref() == Some(&owner.user_id);
        if was_theirs && stays_theirs { Ok(()) } else { Err(Refused::NotOwned) }
    }

    /// The names an update brings that the application does not have yet, or not there.
    fn new_names(&self, update: &EndpointUpdate) -> Result<Vec<(String, Groups)>, Refused> {
        let lists = [(AttributeGroup::Endpoint, &update.attributes), (AttributeGroup::User, &update.user.attributes)];
        let of_lists = lists.into_iter().flat_map(|(group, lists)| {
            lists.iter().filter(|(_, values)| !values.is_empty()).map(move |(name, _)| (group, name))
        });
        let of_metrics = update.metrics.iter().filter(|(_, value)| value.is_some());
        let given = of_lists.chain(of_metrics.map(|(name, _)| (AttributeGroup::Metric, name)));
        let mut fresh: Vec<(String, Groups)> = Vec::new();
        let mut names = self.names.len();
        for (group, name) in given {
            let known = self.names.get(name).copied();
            if known.is_some_and(|groups| groups.is_in_use(group)) {
                continue;
            }
            if let Some((_, groups)) = fresh.iter_mut().find(|(other, _)| other == name) {
                groups.enter(group);
                continue;
            }
            if known.is_none() {
                if names >= ATTRIBUTE_NAMES_MAX {
                    return Err(Refused::TooManyAttributeNames { name: name.clone(), max: ATTRIBUTE_NAMES_MAX });
                }
                names += 1;
            }
            let mut groups = known.unwrap_or_default();
            groups.enter(group);
            fresh.push((name.clone(), groups));
        }
        Ok(fresh)
    }

    /// Which endpoint of a full user gives way to a new one of this channel type. None does to a write on behalf of an owner:
    /// whoever has a user's key would have all of the user's devices forgotten.
    fn oldest_push(&self, channel_type: Option<ChannelType>, members: &[SlotIndex]) -> Option<SlotIndex> {
        if self.owner.is_some() || !gives_way(channel_type) {
            return None;
        }
        members
            .iter()
            .map(|&index| (index, self.touched.slots[index].endpoint()))
            .filter(|(_, endpoint)| gives_way(endpoint.channel_type))
            // A date nobody can read counts as older than any other.
            .min_by_key(|(index, endpoint)| {
                (wire::instant::read(&endpoint.effective_date), self.touched.slots[*index].number)
            })
            .map(|(index, _)| index)
    }

    /// The user's other endpoints with these attributes merged in; those that stay as they are are left out.
    fn share(
        &self,
        attributes: &BTreeMap<String, Vec<String>>,
        companions: &[SlotIndex],
    ) -> Result<Vec<(SlotIndex, Endpoint, Vec<u8>)>, Refused> {
        let mut changed = Vec::new();
        for &index in companions.iter().filter(|_| !attributes.is_empty()) {
            let mut endpoint = self.touched.slots[index].endpoint();
            let stored = endpoint.user.attributes.clone();
            merge_attributes(&mut endpoint.user.attributes, attributes.clone());
            if endpoint.user.attributes != stored {
                let document = document_within_limit(&endpoint)?;
                changed.push((index, endpoint, document));
            }
        }
        Ok(changed)
    }

    /// Makes all other endpoints at this one's address inactive, but for those that an owner has no right to.
    fn silence_others(&mut self, taker: SlotIndex) {
        let Some(address) = &self.touched.slots[taker].places.address else { return };
        let may_silence = |index: SlotIndex| match &self.owner {
            Some(owner) if !address.channel_type.is_push() => {
                self.touched.slots[index].places.user.as_ref() == Some(&owner.user_id)
            }
            _ => true,
        };
        let mut silenced = others(self.touched.by_address.get(address), Some(taker));
        silenced.retain(|&index| may_silence(index));
        for index in silenced {
            let mut endpoint = self.touched.slots[index].endpoint();
            endpoint.status = EndpointStatus::Inactive;
            self.save(index, &endpoint);
        }
    }

    fn save(&mut self, index: SlotIndex, endpoint: &Endpoint) {
        self.touched.replace(index, endpoint, wire::endpoint::write(endpoint));
    }
}

fn document_within_limit(endpoint: &Endpoint) -> Result<Vec<u8>, Refused> {
    let document = wire::endpoint::write(endpoint);
    if document.len() > ENDPOINT_BYTES_MAX {
        return Err(Refused::TooLarge { bytes: document.len(), max: ENDPOINT_BYTES_MAX });
    }
    Ok(document)
}

/// Whether endpoints of this type take part in the replacement of a full user's oldest one. `APNS_SANDBOX` is missing
/// from the documented list; we treat it like `APNS`.
fn gives_way(channel_type: Option<ChannelType>) -> bool {
    channel_type.is_some_and(|channel_type| channel_type.is_push() && channel_type != ChannelType::Push)
}
