//! Who gets a message: freezes the members of a segment into the audiences of a run's activities.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use rayon::prelude::*;
use roaring::RoaringBitmap;
use tokio::sync::oneshot;

use super::compose::Composer;
use super::definition::Definition;
use super::schedule;
use super::timetable::Turn;
use super::way::Ways;
use crate::config::QuietTime;
use crate::domain::{ApplicationId, ChannelType, Cohort, EndpointNumber, Fate, Share};
use crate::store::{self, EndpointPage, EndpointRef, EndpointStore, Frozen, Wave};
use crate::wire::endpoint::Head;

/// Endpoints judged at once.
const PAGE_ENDPOINTS: usize = 2_000;
/// Pages read ahead of the judging.
const PAGES_IN_FLIGHT: usize = 4;

/// What decides over an endpoint, apart from the endpoint itself.
#[derive(Clone)]
pub struct Rules {
    pub application_id: ApplicationId,
    pub definition: Arc<Definition>,
    pub ways: Arc<Ways>,
    pub now: Timestamp,
    /// Which treatments begin, and when each is due, by their places.
    pub turns: Vec<Option<Turn>>,
}

/// What a run does with an endpoint, before anything is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Verdict {
    /// The place of its treatment.
    pub treatment: usize,
    /// When its message is due, or why it gets none.
    pub due: Result<Timestamp, Fate>,
}

impl Rules {
    /// Judges an endpoint by the tests of `pinpoint-semantics` 5.7, numbers 5 to 11, in that order.
    ///
    /// Held-out endpoints count in the default treatment. Shape: `None` for one whose treatment does not begin.
    pub fn judge(&self, id: &str, head: &Head<'_>) -> Option<Verdict> {
        let share = self.definition.allotment.share(Cohort::of(self.application_id.as_str(), id));
        let treatment = match share {
            Share::Treatment(place) => place,
            Share::HeldOut => 0,
        };
        let turn = self.turns.get(treatment).copied().flatten()?;
        let due = self.eligible(treatment, head).and_then(|()| self.due(&turn, head)).and_then(|due| match share {
            Share::HeldOut => Err(Fate::Holdout),
            Share::Treatment(_) => self.after_quiet_time(&turn, due, head),
        });
        Some(Verdict { treatment, due })
    }

    /// Tests 5 to 9: what can change between the freeze and the sending is tested at both.
    pub fn eligible(&self, treatment: usize, head: &Head<'_>) -> Result<(), Fate> {
        if !head.is_active() {
            return Err(Fate::Inactive);
        }
        if head.is_opted_out() {
            return Err(Fate::OptOut);
        }
        let channel_type = head.channel_type().ok_or(Fate::NoAddress)?;
        if head.address().is_none() && channel_type != ChannelType::InApp {
            return Err(Fate::NoAddress);
        }
        let composer = &self.definition.treatments[treatment].composer;
        if !composer.has_message_for(channel_type) {
            return Err(Fate::NoMessage);
        }
        if serves(composer, &self.ways, channel_type) { Ok(()) } else { Err(Fate::ChannelDisabled) }
    }

    /// Test 10: when the message is due.
    fn due(&self, turn: &Turn, head: &Head<'_>) -> Result<Timestamp, Fate> {
        if !self.definition.treatments[turn.treatment].schedule.is_local_time {
            return Ok(turn.run.moment);
        }
        let zone = head.timezone().and_then(schedule::zone).ok_or(Fate::NoTimezone)?;
        let due = turn.run.due_in(&zone);
        // The zone's moment had passed when the campaign was made: its window is over before it began. A moment that passed
        // since then, while nobody served, only makes the messages late.
        if due < turn.since { Err(Fate::Expired) } else { Ok(due) }
    }

    /// The policy for test 14: when a message is due that would fall into quiet time. Who gets into it later, because the run
    /// is slow, meets it at the sending.
    fn after_quiet_time(&self, turn: &Turn, due: Timestamp, head: &Head<'_>) -> Result<Timestamp, Fate> {
        let quiet_time = self.definition.treatments[turn.treatment].schedule.quiet_time;
        let Some(quiet_time) = quiet_time.filter(|_| self.definition.quiet_time == QuietTime::Defer) else {
            return Ok(due);
        };
        let Some(zone) = head.timezone().and_then(schedule::zone) else { return Ok(due) };
        let Some(over) = quiet_time.ends_after(due.max(self.now), &zone) else { return Ok(due) };
        let window = self.definition.limits.duration_max;
        let is_too_late = window.is_some_and(|window| due.checked_add(window).is_ok_and(|end| over > end));
        if is_too_late { Err(Fate::QuietTime) } else { Ok(over) }
    }
}

/// Whether messages of that type exist and have a way out.
pub fn serves(composer: &Composer, ways: &Ways, channel_type: ChannelType) -> bool {
    let carried_as = if composer.is_custom(channel_type) { ChannelType::Custom } else { channel_type };
    ways.route(carried_as).is_some() && composer.has_message_for(channel_type)
}

/// Freezes the members of a segment.
///
/// Shape: one audience for each treatment, in their order, empty for those that do not begin; no two hold the same member.
/// All treatments at once hold every member.
pub async fn freeze(
    store: &dyn EndpointStore,
    rules: Arc<Rules>,
    members: &RoaringBitmap,
) -> Result<Vec<Frozen>, store::Error> {
    let sharing = Arc::new(store.endpoints_sharing_address(&rules.application_id).await? & members);
    let mut builder = Builder::new(&rules.turns);
    let mut numbers = members.iter();
    let pages = std::iter::from_fn(|| {
        let page: Vec<EndpointNumber> = numbers.by_ref().take(PAGE_ENDPOINTS).collect();
        (!page.is_empty()).then_some(page)
    });
    let mut judged = stream::iter(pages)
        .map(|page| {
            let (rules, sharing) = (rules.clone(), sharing.clone());
            async move {
                let loaded = store.load_endpoints(&rules.application_id, page.clone()).await?;
                Ok::<_, store::Error>((page, judge_page(rules, sharing, loaded).await?))
            }
        })
        .buffered(PAGES_IN_FLIGHT);
    while let Some((asked, judged)) = judged.try_next().await? {
        builder.add(&asked, judged);
    }
    drop(judged);
    Ok(builder.finish())
}

struct Judged {
    number: EndpointNumber,
    /// `None` for those whose treatment does not begin.
    verdict: Option<Verdict>,
    /// For endpoints that may share their address with another one.
    address: Option<(ChannelType, String)>,
}

/// Judges a page on the CPU pool.
async fn judge_page(
    rules: Arc<Rules>,
    sharing: Arc<RoaringBitmap>,
    page: EndpointPage,
) -> Result<Vec<Judged>, store::Error> {
    let (sender, receiver) = oneshot::channel();
    rayon::spawn(move || {
        let judged = (0..page.len()).into_par_iter().map(|i| judge_one(&rules, &sharing, page.get(i))).collect();
        // The receiver is gone when the run was cut off; nobody misses the answer.
        let _ = sender.send(judged);
    });
    receiver.await.expect("the CPU pool answers unless a judge panicked")
}

fn judge_one(rules: &Rules, sharing: &RoaringBitmap, endpoint: EndpointRef<'_>) -> Result<Judged, store::Error> {
    let head = Head::read(endpoint.document)
        .map_err(|error| store::Error::Damaged { what: format!("endpoint `{}`: {error}", endpoint.id) })?;
    let verdict = rules.judge(endpoint.id, &head);
    let is_due = verdict.is_some_and(|verdict| verdict.due.is_ok());
    let address = (is_due && sharing.contains(endpoint.number))
        .then(|| Some((head.channel_type()?, head.address()?.to_owned())))
        .flatten();
    Ok(Judged { number: endpoint.number, verdict, address })
}

/// Collects verdicts into audiences, and finds duplicates (test 12): of endpoints that share an address the one with
/// the lowest number is served.
struct Builder {
    treatments: Vec<(BTreeMap<Fate, RoaringBitmap>, BTreeMap<Timestamp, RoaringBitmap>)>,
    served: HashSet<(ChannelType, String)>,
    /// Whether the default treatment begins, with which those count whom nobody has.
    counts_missing: bool,
}

impl Builder {
    fn new(turns: &[Option<Turn>]) -> Self {
        Self {
            treatments: vec![Default::default(); turns.len()],
            served: HashSet::new(),
            counts_missing: turns.first().is_some_and(Option::is_some),
        }
    }

    fn add(&mut self, asked: &[EndpointNumber], judged: Vec<Judged>) {
        let mut gone = asked.iter().peekable();
        for Judged { number, verdict, address } in judged {
            while let Some(&missing) = gone.next_if(|&&asked| asked < number) {
                self.settle_missing(missing);
            }
            gone.next_if_eq(&&number);
            let Some(mut verdict) = verdict else { continue };
            if let Some((channel_type, address)) = address {
                let key = if channel_type == ChannelType::Email { address.to_lowercase() } else { address };
                if !self.served.insert((channel_type, key)) {
                    verdict.due = Err(Fate::DuplicateAddress);
                }
            }
            match verdict.due {
                Ok(due) => {
                    self.treatments[verdict.treatment].1.entry(due).or_default().insert(number);
                }
                Err(fate) => self.settle(verdict.treatment, fate, number),
            }
        }
        // Deleted since the segment was evaluated.
        for &missing in gone {
            self.settle_missing(missing);
        }
    }

    fn settle_missing(&mut self, number: EndpointNumber) {
        if self.counts_missing {
            self.settle(0, Fate::Inactive, number);
        }
    }

    fn settle(&mut self, treatment: usize, fate: Fate, number: EndpointNumber) {
        self.treatments[treatment].0.entry(fate).or_default().insert(number);
    }

    fn finish(self) -> Vec<Frozen> {
        self.treatments
            .into_iter()
            .map(|(settled, waves)| Frozen {
                settled: settled.into_iter().collect(),
                waves: waves.into_iter().map(|(due, members)| Wave { due, members }).collect(),
            })
            .collect()
    }
}
