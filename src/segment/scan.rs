//! Which endpoints match which dimensions, found by reading them all.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use futures_util::stream::{FuturesUnordered, TryStreamExt};
use jiff::Timestamp;
use roaring::RoaringBitmap;

use super::narrow::Needs;
use super::{Error, Predicate, pool};
use crate::domain::{ApplicationId, EndpointNumber};
use crate::store::{self, EndpointPage, EndpointStore, EventStore};

/// Endpoints read from the store at once: about two megabytes.
const PAGE_ENDPOINTS: usize = 2_000;

/// The endpoints of an application, and those that match each predicate.
#[derive(Debug, PartialEq)]
pub(super) struct Matches {
    pub(super) everyone: RoaringBitmap,
    /// One for each predicate, in order.
    pub(super) matching: Vec<RoaringBitmap>,
}

/// Finds the endpoints that match each of the predicates, in one pass over all of them.
///
/// The one place that asks this question: an index may answer it instead of a scan.
/// Memory: a few pages and the bitmaps, whatever the size of the application. Pages are evaluated by rayon, never on
/// the caller's thread.
pub(super) async fn matching<S: EndpointStore + EventStore + ?Sized>(
    store: &S,
    application: &ApplicationId,
    predicates: Vec<Predicate>,
) -> Result<Matches, Error> {
    if predicates.iter().all(Predicate::is_everyone) {
        let everyone = store.endpoint_numbers(application).await?;
        let matching = vec![everyone.clone(); predicates.len()];
        return Ok(Matches { everyone, matching });
    }

    let question = Arc::new(Question::new(store, application, predicates).await?);
    let mut matches = question.nobody();
    let mut pages = FuturesUnordered::new();
    let pages_max = pool::ahead();
    let mut next = Some(0);
    while let Some(from) = next {
        let page = store.scan_endpoints(application, from, PAGE_ENDPOINTS).await?;
        next = page.iter().last().and_then(|endpoint| endpoint.number.checked_add(1));
        if page.is_empty() {
            break;
        }
        if pages.len() == pages_max
            && let Some(answer) = pages.try_next().await?
        {
            matches.add(answer);
        }
        let question = Arc::clone(&question);
        pages.push(pool::run(move || question.ask(&page)));
    }
    while let Some(answer) = pages.try_next().await? {
        matches.add(answer);
    }
    Ok(matches)
}

/// As [`matching`], for no more than these endpoints, each of which is read on its own: for a few.
pub(super) async fn matching_among<S: EndpointStore + EventStore + ?Sized>(
    store: &S,
    application: &ApplicationId,
    predicates: Vec<Predicate>,
    among: &RoaringBitmap,
) -> Result<Matches, Error> {
    let question = Arc::new(Question::new(store, application, predicates).await?);
    let mut matches = question.nobody();
    let mut numbers = among.iter();
    loop {
        let asked: Vec<EndpointNumber> = numbers.by_ref().take(PAGE_ENDPOINTS).collect();
        if asked.is_empty() {
            return Ok(matches);
        }
        let page = store.load_endpoints(application, asked).await?;
        let question = Arc::clone(&question);
        matches.add(pool::run(move || question.ask(&page)).await?);
    }
}

/// What is asked of each page.
pub(super) struct Question {
    predicates: Vec<Predicate>,
    needs: Needs,
    /// Who had an event since each moment that matters.
    active: BTreeMap<Timestamp, RoaringBitmap>,
}

impl Question {
    /// Asks the store who had events, if that matters.
    pub(super) async fn new<S: EventStore + ?Sized>(
        store: &S,
        application: &ApplicationId,
        predicates: Vec<Predicate>,
    ) -> Result<Self, store::Error> {
        let mut active = BTreeMap::new();
        for moment in predicates.iter().flat_map(Predicate::moments) {
            if let Entry::Vacant(unknown) = active.entry(moment) {
                unknown.insert(store.active_since(application, moment).await?);
            }
        }
        Ok(Self { needs: Needs::of(&predicates), predicates, active })
    }

    fn nobody(&self) -> Matches {
        Matches { everyone: RoaringBitmap::new(), matching: vec![RoaringBitmap::new(); self.predicates.len()] }
    }

    pub(super) fn ask(&self, page: &EndpointPage) -> Result<Matches, Error> {
        let mut matches = self.nobody();
        for endpoint in page.iter() {
            let number: EndpointNumber = endpoint.number;
            let view =
                self.needs.read(endpoint.document).map_err(|source| Error::DamagedEndpoint { number, source })?;
            matches.everyone.insert(number);
            let had_event_since = |moment| self.active.get(&moment).is_some_and(|active| active.contains(number));
            for (predicate, matching) in self.predicates.iter().zip(&mut matches.matching) {
                if predicate.matches(&view, had_event_since) {
                    matching.insert(number);
                }
            }
        }
        Ok(matches)
    }
}

impl Matches {
    fn add(&mut self, page: Self) {
        self.everyone |= page.everyone;
        for (all, matching) in self.matching.iter_mut().zip(page.matching) {
            *all |= matching;
        }
    }
}
