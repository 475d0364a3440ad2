//! One batch of a run, from load to record, in straight-line code.
//!
//! Before the first send the ledger holds an intent, after the last one the fates: a process that ends in between knows
//! afterwards who may have got a message.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::SemaphorePermit;

use super::address::AddressReport;
use super::batch::Batch;
use super::cap::Reservation;
use super::deliver::{Delivery, Terms};
use super::filter::{self, Candidate, Target};
use super::hold::Verdict;
use super::run::{Due, Loaded, Run};
use super::share::Place;
use super::sheet::Sheet;
use super::{Error, audience, compose, dead, schedule};
use crate::channel::Message;
use crate::config::Unknown;
use crate::domain::{ChannelType, EndpointNumber, Fate, Tally};
use crate::hook::{self, Caller, answer, event};
use crate::store::{self, BatchRow, EndpointPage, EndpointRef, Held, LetterState};
use crate::telemetry::metric;
use crate::wire::endpoint::Head;

/// Attempts at writing a row of the ledger, and the pause between them.
const RECORD_ATTEMPTS_MAX: u32 = 3;
const RECORD_PAUSE: Duration = Duration::from_millis(200);

/// How the work on a batch ended.
enum Worked {
    Done(Tally),
    /// A stop came first, or the activity holds itself: who has no fate yet is taken up again later.
    GivenBack,
}

impl Run {
    /// One batch, from load to record.
    pub(super) async fn work(self: Arc<Self>, loaded: Loaded, place: Place) -> Result<(), Error> {
        metric::batch_started(loaded.waiting.elapsed());
        self.progress.begin_batch();
        self.hold.begin_batch();
        let mut reservations: Vec<Option<Reservation>> = loaded.batch.members.iter().map(|_| None).collect();
        let worked = self.work_on(&loaded, &mut reservations).await;
        // Cut off by an error: whether these were sent to is the ledger's to tell. Until then they count as sent.
        for reservation in reservations.into_iter().flatten() {
            self.engine.caps.settle(&self.sender, reservation, Fate::Unknown, self.now());
        }
        self.hold.end_batch();
        self.progress.end_batch();
        metric::batch_ended(matches!(worked, Ok(Worked::Done(_))));
        drop(place);
        if let Worked::Done(tally) = worked? {
            for (fate, endpoints) in tally.iter() {
                metric::endpoints(fate, endpoints);
            }
            self.progress.add_done(1, &tally);
        }
        match (self.refused_by.get(), self.hook_fails()) {
            (Some(channel), _) => Err(Error::ChannelRefuses { channel: channel.clone() }),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(()),
        }
    }

    async fn work_on(&self, loaded: &Loaded, reservations: &mut [Option<Reservation>]) -> Result<Worked, Error> {
        let Loaded { batch, page, due, cut_off, .. } = loaded;
        let mut sheet = match cut_off {
            Some(row) => Sheet::reopen(row, batch.members.len())?,
            None => Sheet::new(batch.index, batch.members.len()),
        };
        if self.rules.definition.unknown == Unknown::Unknown {
            let reason = "the process ended while sending, and the policy is never to send twice";
            let unknown: Vec<usize> = sheet.open().filter(|&place| sheet.is_unknown(place)).collect();
            self.settle_all(&mut sheet, &unknown, Fate::Unknown, reason);
        }

        let candidates = match self.screen(batch, page, due, &mut sheet, reservations) {
            Ok(candidates) => candidates,
            Err(error) => {
                self.give_back(reservations);
                return Err(error);
            }
        };
        let Some(targets) = self.filter(due, candidates, &mut sheet).await else {
            self.give_back(reservations);
            return Ok(Worked::GivenBack);
        };
        let messages = self.compose(due, targets, &mut sheet);
        let mut reports = Vec::new();
        if !messages.is_empty() {
            let Some(_sending) = self.turn_to_send().await else {
                self.give_back(reservations);
                return Ok(Worked::GivenBack);
            };
            if let Err(error) = self.record(sheet.intent(self.now()), None).await {
                self.give_back(reservations);
                return Err(error);
            }
            reports = self.deliver(batch, page, due, messages, &mut sheet).await;
        }

        for (place, reservation) in reservations.iter_mut().enumerate() {
            let given_back = if sheet.is_unknown(place) { Fate::Unknown } else { Fate::Aborted };
            let fate = sheet.fate(place).unwrap_or(given_back);
            if let Some(reservation) = reservation.take() {
                self.engine.caps.settle(&self.sender, reservation, fate, self.now());
            }
        }
        if !reports.is_empty()
            && let Err(error) = self.engine.learn_addresses(&due.origin, reports).await
        {
            // The fates are true all the same, and the next message will meet the address again.
            tracing::warn!(activity.id = %self.activity.id, error = %error, "addresses stay as they are");
        }
        if !sheet.is_complete() {
            self.record(sheet.given_back(self.now()), None).await?;
            return Ok(Worked::GivenBack);
        }
        self.record(sheet.done(self.now()), sheet.letter()).await?;
        if sheet.letter().is_some() {
            metric::dead_letters(LetterState::Held.as_str(), 1);
        }
        Ok(Worked::Done(sheet.tally()))
    }

    /// Waits until the batch may go past its intent; `None` when a stop comes first.
    async fn turn_to_send(&self) -> Option<Option<SemaphorePermit<'_>>> {
        let Some(sending) = &self.sending else { return Some(None) };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            permit = sending.acquire() => Some(Some(permit.expect("it is never closed"))),
        }
    }

    fn give_back(&self, reservations: &mut [Option<Reservation>]) {
        for reservation in reservations.iter_mut().filter_map(Option::take) {
            self.engine.caps.settle(&self.sender, reservation, Fate::Aborted, self.now());
        }
    }

    /// Tests again what may have changed since the freeze, then what depends on the hour: window, caps, quiet time.
    fn screen<'a>(
        &self,
        batch: &Batch,
        page: &'a EndpointPage,
        due: &Due,
        sheet: &mut Sheet,
        reservations: &mut [Option<Reservation>],
    ) -> Result<Vec<Candidate<'a>>, Error> {
        let now = self.now();
        let open: Vec<usize> = sheet.open().collect();
        let mut candidates = Vec::with_capacity(open.len());
        for place in open {
            let number = batch.members[place];
            let Some(found) = page.find(number) else {
                sheet.settle(place, Fate::Inactive, Some("the endpoint was deleted".to_owned()));
                continue;
            };
            let endpoint = page.get(found);
            let head = read_head(endpoint)?;
            // A message that may have been sent holds its place under the caps already.
            let reserves = !sheet.is_unknown(place);
            match self.screen_one(number, &head, due, now, reserves, &mut reservations[place]) {
                Ok((channel_type, address)) => {
                    candidates.push(Candidate { place, endpoint, channel_type, address });
                }
                Err(fate) => sheet.settle(place, fate, None),
            }
        }
        Ok(candidates)
    }

    fn screen_one(
        &self,
        number: EndpointNumber,
        head: &Head<'_>,
        due: &Due,
        now: Timestamp,
        reserves: bool,
        reservation: &mut Option<Reservation>,
    ) -> Result<(ChannelType, String), Fate> {
        self.rules.eligible(self.treatment, head)?;
        if due.deadline.is_some_and(|deadline| now > deadline) {
            return Err(Fate::Expired);
        }
        if reserves {
            let limits = &self.rules.definition.limits;
            *reservation = Some(self.engine.caps.reserve(&self.sender, limits, number, now)?);
        }
        self.quiet(head, now)?;
        let channel_type = head.channel_type().ok_or(Fate::NoAddress)?;
        let address = head.address().ok_or(Fate::NoAddress)?;
        Ok((channel_type, address.to_owned()))
    }

    /// Test 14: whether it is quiet time where the endpoint is.
    fn quiet(&self, head: &Head<'_>, now: Timestamp) -> Result<(), Fate> {
        let Some(quiet_time) = self.rules.definition.treatments[self.treatment].schedule.quiet_time else {
            return Ok(());
        };
        match head.timezone().and_then(schedule::zone) {
            Some(zone) if quiet_time.is_quiet(now, &zone) => Err(Fate::QuietTime),
            _ => Ok(()),
        }
    }

    /// Asks the hook who stays and what changes; `None` when the batch is given back.
    async fn filter<'a>(
        &self,
        due: &Due,
        candidates: Vec<Candidate<'a>>,
        sheet: &mut Sheet,
    ) -> Option<Vec<Target<'a>>> {
        let Some(caller) = &self.caller else {
            return Some(candidates.into_iter().map(Target::unchanged).collect());
        };
        if candidates.is_empty() {
            return Some(Vec::new());
        }
        let dead::Asked { result, event, attempts } = self.ask_hook(caller, due, &candidates).await?;
        Some(match result {
            Ok(answer) => {
                self.report_oddities(&answer);
                let composer = &self.rules.definition.treatments[self.treatment].composer;
                let (targets, settled) =
                    filter::apply(candidates, answer, |channel| audience::serves(composer, &self.rules.ways, channel));
                for (place, fate, reason) in settled {
                    sheet.settle(place, fate, reason);
                }
                targets
            }
            Err(error) => {
                self.report(caller, &error);
                match filter::fate_of_failure(&error, self.rules.definition.hook_failure) {
                    None => candidates.into_iter().map(Target::unchanged).collect(),
                    Some(fate) => {
                        let places: Vec<usize> = candidates.iter().map(|candidate| candidate.place).collect();
                        self.settle_all(sheet, &places, fate, &error.to_string());
                        if fate == Fate::Held {
                            sheet.hold(dead::held(caller.function(), &error, event, attempts));
                        }
                        Vec::new()
                    }
                }
            }
        })
    }

    /// Calls the hook, and holds the activity back from losing people to one that fails. `None` when the batch is given back.
    async fn ask_hook(&self, caller: &Caller, due: &Due, candidates: &[Candidate<'_>]) -> Option<dead::Asked> {
        let call = self.hold.begin();
        let mut may_repeat = true;
        let mut earlier = Vec::new();
        loop {
            let (outages, successes) = (caller.outages(), caller.successes());
            let mut asked = self.call_hook(caller, due, candidates).await?;
            asked.attempts.splice(..0, earlier);
            let Err(error) = &asked.result else {
                if self.hold.succeeded(call) {
                    self.is_held_no_more().await;
                }
                return Some(asked);
            };
            let failed_alone = caller.successes() > successes;
            let verdict = {
                // Only another batch can tell.
                let _lent = self.seat.lend();
                self.hold.failed(call, error.kind(), error.to_string(), &self.stop).await
            };
            match verdict {
                // It failed while the function went down, or while nobody else succeeded, and the function works again. One that
                // was mended since the activity was held may take now what it refused before.
                Verdict::Works
                    if (error.is_retryable() || self.hold.was_held() && may_repeat)
                        && (caller.outages() > outages || !failed_alone && may_repeat) =>
                {
                    may_repeat = false;
                    self.hold.again(call);
                    earlier = asked.attempts;
                }
                Verdict::Works | Verdict::Alone => return Some(asked),
                Verdict::GiveBack => {
                    // No other batch begins.
                    self.stop.cancel();
                    return None;
                }
            }
        }
    }

    async fn call_hook(&self, caller: &Caller, due: &Due, candidates: &[Candidate<'_>]) -> Option<dead::Asked> {
        let sent: Vec<event::Member<'_>> = candidates.iter().map(|c| (c.endpoint.id, c.endpoint.document)).collect();
        let event = match due.event_head.event(&sent) {
            Ok(event) => event,
            Err(error) => return Some(dead::Asked::not_called(error)),
        };
        let called = caller.call(event.clone(), Some(&self.source), &self.stop).await?;
        let result = called.result.and_then(|answered| answer::decode(answered, &sent));
        Some(dead::Asked { result, event, attempts: called.attempts })
    }

    /// Logs answers that are no failures but hardly meant, at the pace of [`report`](Self::report).
    fn report_oddities(&self, answer: &answer::Answer) {
        if answer.unknown_ids == 0 || !(self.hook_oddities.fetch_add(1, Relaxed) + 1).is_power_of_two() {
            return;
        }
        let id = &self.activity.id;
        if answer.looks_wrapped {
            tracing::warn!(
                activity.id = %id,
                "the hook answered an envelope (`{{\"Endpoints\": …}}` or `{{\"statusCode\": …}}`) and not the bare map of \
                 endpoints: nobody of the batch is sent to"
            );
        } else {
            tracing::warn!(activity.id = %id, endpoints = answer.unknown_ids, "the hook answered endpoints it was not sent");
        }
    }

    /// Logs the first failure, then the second, fourth, eighth, …: a hook that is down fails for every batch. What was
    /// wrong stands in the ledger; an error's text may name endpoints.
    fn report(&self, caller: &Caller, error: &hook::Error) {
        let failures = self.hook_failures.fetch_add(1, Relaxed) + 1;
        if !failures.is_power_of_two() {
            return;
        }
        if let hook::Error::NotAllowed(reason) = error {
            // Names the function, the campaign and statements, and nobody else.
            tracing::warn!(
                campaign.id = %self.activity.campaign_id, activity.id = %self.activity.id,
                hook.function = caller.function(), hook.error = error.kind(), reason, batches = failures,
                "the hook may not be called for this campaign"
            );
        } else {
            tracing::warn!(
                campaign.id = %self.activity.campaign_id, activity.id = %self.activity.id,
                hook.function = caller.function(), hook.error = error.kind(), batches = failures,
                "the hook failed for a batch; `pinwheel activity show` has the reason"
            );
        }
    }

    /// Renders a message for each target.
    fn compose(&self, due: &Due, targets: Vec<Target<'_>>, sheet: &mut Sheet) -> Vec<(usize, Message)> {
        let now = self.now();
        let composer = &self.rules.definition.treatments[self.treatment].composer;
        let mut messages = Vec::with_capacity(targets.len());
        for target in targets {
            let composed = composer.compose(
                &compose::Target {
                    id: target.endpoint.id,
                    channel_type: target.channel_type,
                    document: &target.document,
                    overrides: compose::Overrides {
                        title: target.overrides.title.as_deref(),
                        body: target.overrides.body.as_deref(),
                        ..compose::Overrides::default()
                    },
                },
                now,
            );
            match composed.map(|content| self.rules.ways.complete(content)) {
                Ok(content) => {
                    let mut message = Message {
                        endpoint_id: target.endpoint.id.to_owned(),
                        channel_type: target.channel_type,
                        address: target.address,
                        idempotency_key: format!("{}-{}", self.activity.id, target.endpoint.number),
                        content,
                        origin: due.origin.clone(),
                        reference: None,
                    };
                    if let Some(references) = &self.references {
                        references.mark(&mut message);
                    }
                    messages.push((target.place, message));
                }
                Err(error) => sheet.settle(target.place, Fate::RenderFailed, Some(error.to_string())),
            }
        }
        messages
    }

    /// Sends, settles everybody who was sent to, and returns what providers say of addresses.
    async fn deliver(
        &self,
        batch: &Batch,
        page: &EndpointPage,
        due: &Due,
        messages: Vec<(usize, Message)>,
        sheet: &mut Sheet,
    ) -> Vec<AddressReport> {
        let receivers: BTreeMap<usize, (String, ChannelType, String)> = messages
            .iter()
            .map(|(place, message)| {
                (*place, (message.endpoint_id.clone(), message.channel_type, message.address.clone()))
            })
            .collect();
        let gate = |place: usize, now: Timestamp| {
            if due.deadline.is_some_and(|deadline| now > deadline) {
                return Err(Fate::Expired);
            }
            if self.rules.definition.treatments[self.treatment].schedule.quiet_time.is_none() {
                return Ok(());
            }
            let head = page.find(batch.members[place]).map(|found| read_head(page.get(found)));
            match head {
                Some(Ok(head)) => self.quiet(&head, now),
                _ => Ok(()),
            }
        };
        let terms = Terms {
            rate: self.rate.as_deref(),
            gate: &gate,
            attempts_max: self.engine.config.send.attempts_max,
            unknown: self.rules.definition.unknown,
            patience: self.engine.config.send.circuit.wait_max,
            deadline: due.deadline,
            stop: &self.stop,
        };
        let mut reports = Vec::new();
        let (deliveries, refused_by) = self.engine.deliverer.deliver(&self.rules.ways, messages, &terms).await;
        if let Some(route) = refused_by {
            self.refused_by.get_or_init(|| route.to_string());
        }
        for delivery in deliveries {
            let Delivery { place, fate, reason, was_unknown, news, .. } = delivery;
            if was_unknown {
                sheet.mark_unknown(place);
            }
            if let Some(news) = news {
                let (endpoint_id, channel_type, address) = receivers[&place].clone();
                let (number, reason) = (batch.members[place], reason.clone());
                reports.push(AddressReport { number, endpoint_id, channel_type, address, news, reason });
            }
            if let Some(fate) = fate {
                sheet.settle(place, fate, reason);
            }
        }
        reports
    }

    fn settle_all(&self, sheet: &mut Sheet, places: &[usize], fate: Fate, reason: &str) {
        for &place in places {
            sheet.settle(place, fate, Some(reason.to_owned()));
        }
    }

    /// Writes a row of the ledger, with the letter of a batch that is held; again where that may help, since messages may be out already.
    async fn record(&self, row: BatchRow, letter: Option<&Held>) -> Result<(), Error> {
        let (store, id) = (&self.engine.store, &self.activity.id);
        for attempt in 1.. {
            let recorded = match letter {
                Some(held) => store.hold_batch(id, row.clone(), held.clone()).await,
                None => store.record_batch(id, row.clone()).await,
            };
            match recorded {
                Err(error) if attempt < RECORD_ATTEMPTS_MAX && error.is_retryable() => {
                    self.engine.clock.sleep(RECORD_PAUSE).await;
                }
                recorded => {
                    recorded?;
                    if self.activity.is_streamed {
                        self.engine.streams.wake(&self.activity.application_id);
                    }
                    return Ok(());
                }
            }
        }
        unreachable!("the last attempt returns")
    }
}

fn read_head(endpoint: EndpointRef<'_>) -> Result<Head<'_>, store::Error> {
    Head::read(endpoint.document)
        .map_err(|error| store::Error::Damaged { what: format!("endpoint number {}: {error}", endpoint.number) })
}
