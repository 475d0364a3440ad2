//! Makes records of what the store has of an application.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::campaign::definition::Document;
use crate::campaign::{batch, ledger};
use crate::domain::{ActivityId, ChannelType, EndpointNumber, Fate};
use crate::event::record::{self, Origin, Send};
use crate::event::sink::Record;
use crate::store::{self, Activity, EventRow, Frozen, LetterState, Outcome, Settled, Stage, Store};

/// Activities whose audiences are kept in memory.
const KNOWN_MAX: usize = 4;
/// Rows of the ledger that are read at once.
const ROWS_MAX: usize = 1_000;

pub(super) struct Source {
    store: Arc<dyn Store>,
    origin: Origin,
    /// Those asked for last, newest first.
    known: VecDeque<Arc<Known>>,
}

/// What does not change of an activity.
struct Known {
    activity: Activity,
    frozen: Frozen,
    /// Channel types whose messages go to a function or webhook of the campaign.
    custom: Vec<String>,
}

/// Records to be handed over.
#[derive(Default)]
pub(super) struct Bunch {
    pub records: Vec<Record>,
    /// When the first of them happened.
    pub oldest: Option<Timestamp>,
    /// What is stored and cannot be read.
    pub unreadable: u64,
    /// Endpoints that were deleted, and their ids with them.
    pub forgotten: u64,
}

/// Members of an audience with the status that is to be told.
type Page = Vec<(EndpointNumber, &'static str)>;

/// Fates of a whole audience, to be told page by page.
pub(super) struct Pages {
    known: Arc<Known>,
    pub at: Option<Timestamp>,
    rest: BTreeMap<&'static str, RoaringBitmap>,
}

impl Pages {
    /// The next members, up to so many.
    pub fn next(&mut self, members_max: usize) -> Option<Page> {
        let (status, mut members) = self.rest.pop_first()?;
        let page: Page = members.iter().take(members_max).map(|number| (number, status)).collect();
        members.remove_smallest(page.len() as u64);
        if !members.is_empty() {
            self.rest.insert(status, members);
        }
        Some(page)
    }
}

impl Source {
    pub fn new(store: Arc<dyn Store>, origin: Origin) -> Self {
        Self { store, origin, known: VecDeque::new() }
    }

    pub async fn of_events(&self, events: &[EventRow]) -> Result<Bunch, store::Error> {
        let mut bunch = Bunch::default();
        let mut endpoints = BTreeMap::new();
        for row in events {
            let id = row.event.endpoint_id.as_str();
            if !endpoints.contains_key(id) {
                endpoints.insert(id, self.store.endpoint(&self.origin.application_id, id).await?);
            }
            let document = endpoints[id].iter().next().map(|endpoint| endpoint.document);
            match record::of_event(row, document, &self.origin) {
                Ok(record) => bunch.records.push(record),
                Err(_) => bunch.unreadable += 1,
            }
        }
        Ok(bunch)
    }

    /// Adds the records of an outcome of a batch. Members who have no fate now are told later: they are redriven.
    pub async fn add_batch(&mut self, outcome: &Outcome, bunch: &mut Bunch) -> Result<(), store::Error> {
        let Settled::InBatch { index, members } = outcome.settled else { return Ok(()) };
        let Some(known) = self.known(&outcome.activity_id).await? else { return Ok(()) };
        let row = self.store.batches(&outcome.activity_id, index, 1).await?.into_iter().next();
        let Some(row) = row.filter(|row| row.index == index) else { return Ok(()) };
        let numbers = batch::members(&known.frozen, index);
        let told = numbers.into_iter().zip(&row.fates).enumerate().filter(|(place, _)| members >> place & 1 == 1);
        let page = told.filter_map(|(_, (number, &byte))| Some((number, Fate::from_byte(byte)?.send_status()?)));
        let page = page.collect();
        bunch.oldest.get_or_insert(row.at);
        self.add(&known, row.at, page, bunch).await
    }

    /// The members of an audience whose fates were settled without a batch.
    pub async fn pages(&mut self, outcome: &Outcome) -> Result<Pages, store::Error> {
        let Some(known) = self.known(&outcome.activity_id).await? else {
            return Err(store::Error::NotFound { kind: "activity", id: outcome.activity_id.to_string() });
        };
        let mut rest: BTreeMap<&'static str, RoaringBitmap> = BTreeMap::new();
        let mut at = known.activity.started_at;
        match outcome.settled {
            Settled::AtBegin => {
                for (fate, members) in &known.frozen.settled {
                    if let Some(status) = fate.send_status() {
                        *rest.entry(status).or_default() |= members;
                    }
                }
            }
            Settled::ByCancelling => {
                at = self.store.activity(&outcome.activity_id).await?.and_then(|activity| activity.ended_at);
                self.cancelled(&known, &mut rest).await?;
            }
            Settled::InBatch { .. } => {}
        }
        rest.retain(|_, members| !members.is_empty());
        Ok(Pages { known, at, rest })
    }

    pub async fn of_page(&self, pages: &Pages, page: Page) -> Result<Bunch, store::Error> {
        let mut bunch = Bunch::default();
        let at = pages.at.unwrap_or(pages.known.activity.scheduled_start);
        self.add(&pages.known, at, page, &mut bunch).await?;
        Ok(bunch)
    }

    /// Whom a cancelled activity did not come to, or was just about to send to.
    async fn cancelled(
        &self,
        known: &Known,
        rest: &mut BTreeMap<&'static str, RoaringBitmap>,
    ) -> Result<(), store::Error> {
        let id = &known.activity.id;
        let mut open: RoaringBitmap =
            known.frozen.waves.iter().fold(RoaringBitmap::new(), |all, wave| all | &wave.members);
        let mut from = 0;
        loop {
            let rows = self.store.batches(id, from, ROWS_MAX).await?;
            let Some(last) = rows.last() else { break };
            from = last.index + 1;
            for row in rows {
                let numbers = batch::members(&known.frozen, row.index);
                numbers.iter().for_each(|&number| _ = open.remove(number));
                if row.stage == Stage::Done {
                    continue;
                }
                // Of a redriven batch, all but those who were held were told before.
                let letter = self.store.dead_letter(id, row.index).await?;
                let redriven = letter.filter(|letter| letter.state == LetterState::Redriven);
                let untold = redriven.map_or(u64::MAX, |letter| letter.members);
                for (place, number) in numbers.into_iter().enumerate().take(row.fates.len()) {
                    let fate = ledger::cancelled_fate(&known.activity, &row, place)?;
                    if let (1, Some(status)) = (untold >> place & 1, fate.send_status()) {
                        rest.entry(status).or_default().insert(number);
                    }
                }
            }
        }
        if let Some(status) = Fate::Aborted.send_status() {
            *rest.entry(status).or_default() |= open;
        }
        Ok(())
    }

    async fn add(&self, known: &Known, at: Timestamp, page: Page, bunch: &mut Bunch) -> Result<(), store::Error> {
        let mut numbers: Vec<_> = page.iter().map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        let endpoints = self.store.load_endpoints(&self.origin.application_id, numbers).await?;
        for (number, status) in page {
            let Some(place) = endpoints.find(number) else {
                bunch.forgotten += 1;
                continue;
            };
            let endpoint = endpoints.get(place);
            let send = Send {
                endpoint_id: endpoint.id,
                campaign_id: &known.activity.campaign_id,
                activity_id: &known.activity.id,
                treatment_id: &known.activity.treatment_id,
                status,
                custom: &known.custom,
                at,
            };
            match record::of_send(&send, endpoint.document, &self.origin) {
                Ok(record) => bunch.records.push(record),
                Err(_) => bunch.unreadable += 1,
            }
        }
        Ok(())
    }

    async fn known(&mut self, id: &ActivityId) -> Result<Option<Arc<Known>>, store::Error> {
        if let Some(place) = self.known.iter().position(|known| known.activity.id == *id) {
            let known = self.known.remove(place).expect("it was found there");
            self.known.push_front(known.clone());
            return Ok(Some(known));
        }
        let Some(mut activity) = self.store.activity(id).await? else { return Ok(None) };
        let frozen = self.store.frozen(id).await?;
        let definition = activity.definition.take().unwrap_or_default();
        let custom = serde_json::from_str(&definition).map(|document| custom(&document, &activity)).unwrap_or_default();
        let known = Arc::new(Known { activity, frozen, custom });
        self.known.truncate(KNOWN_MAX - 1);
        self.known.push_front(known.clone());
        Ok(Some(known))
    }
}

/// The channel types whose messages an activity hands to a function or webhook of its own.
fn custom(document: &Document, activity: &Activity) -> Vec<String> {
    let campaign = &document.campaign;
    let treatment = activity.treatment_id.as_str().parse::<usize>().unwrap_or(0);
    let delivery = match treatment.checked_sub(1) {
        None => campaign.custom_delivery_configuration.as_ref(),
        Some(place) => campaign
            .additional_treatments
            .as_ref()
            .and_then(|treatments| treatments.get(place)?.custom_delivery_configuration.as_ref()),
    };
    let types = delivery.into_iter().flat_map(|delivery| delivery.endpoint_types.iter().flatten());
    let every_push = ChannelType::ALL.into_iter().filter(|channel_type| channel_type.is_push());
    let mut names = Vec::new();
    for name in types.map(|name| name.as_str()) {
        match name {
            "PUSH" => names.extend(every_push.clone().map(|channel_type| channel_type.as_str().to_owned())),
            name => names.push(name.to_owned()),
        }
    }
    names
}
