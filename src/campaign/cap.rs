//! Daily and total caps: reserved before the send, so that campaigns at the same moment cannot overshoot them together.
//!
//! There is no row per endpoint. Bitmaps hold who was reserved for or sent to in one minute of one campaign, once, twice and so
//! on; an endpoint's count is the number of bitmaps that hold it.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use parking_lot::Mutex;
use roaring::RoaringBitmap;

use super::definition::{CapScope, Limits};
use crate::domain::{ActivityId, ApplicationId, CampaignId, EndpointNumber, Fate};

/// The window of a daily cap: 24 hours, rolling. Our choice; the documentation says "24-hour period".
const WINDOW_MINUTES: i64 = 24 * 60;

/// Whose messages are counted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sender {
    pub application_id: ApplicationId,
    pub campaign_id: CampaignId,
    pub activity_id: ActivityId,
}

/// A place under the caps of one endpoint, to be settled once the endpoint's fate is known.
#[derive(Debug)]
#[must_use = "an unsettled reservation counts as a message for ever"]
pub struct Reservation {
    number: EndpointNumber,
    minute: i64,
    /// Whether it counts towards a total cap.
    is_of_total: bool,
}

/// Counts messages of all applications.
#[derive(Default)]
pub struct Caps {
    applications: Mutex<HashMap<ApplicationId, Book>>,
}

#[derive(Default)]
struct Book {
    /// By minute. Old minutes are dropped.
    daily: BTreeMap<i64, HashMap<CampaignId, Levels>>,
    /// Only of campaigns with a total cap.
    total: HashMap<CampaignId, Levels>,
    /// Whether messages from before this process are in `daily`.
    knows_daily: bool,
    /// Until they are: activities of which all messages are, with the minute of the last one. Old ones are dropped.
    counted: HashMap<ActivityId, i64>,
}

/// Who has at least 1, 2, … messages.
#[derive(Default)]
struct Levels(Vec<RoaringBitmap>);

impl Levels {
    fn count(&self, number: EndpointNumber) -> u32 {
        u32::try_from(self.0.iter().take_while(|level| level.contains(number)).count()).unwrap_or(u32::MAX)
    }

    fn add(&mut self, number: EndpointNumber) {
        if !self.0.iter_mut().any(|level| level.insert(number)) {
            self.0.push([number].into_iter().collect());
        }
    }

    fn remove(&mut self, number: EndpointNumber) {
        if let Some(highest) = self.0.iter_mut().rev().find(|level| level.contains(number)) {
            highest.remove(number);
        }
    }
}

/// Messages from before this process, gathered from the ledger.
#[derive(Debug, Default)]
pub struct Earlier(Vec<(Sender, Timestamp, Fate, RoaringBitmap)>);

impl Earlier {
    /// Adds who was sent to, or may have been, at that time.
    pub fn add(&mut self, sender: &Sender, at: Timestamp, fate: Fate, numbers: RoaringBitmap) {
        self.0.push((sender.clone(), at, fate, numbers));
    }
}

impl Caps {
    /// Whether the messages of the last day are counted.
    pub fn knows_daily(&self, application: &ApplicationId) -> bool {
        self.applications.lock().get(application).is_some_and(|book| book.knows_daily)
    }

    /// Whether the messages of the last day are counted of this activity, whatever is of others.
    pub fn knows_run(&self, application: &ApplicationId, activity: &ActivityId) -> bool {
        let applications = self.applications.lock();
        applications.get(application).is_some_and(|book| book.knows_daily || book.counted.contains_key(activity))
    }

    /// Whether all messages of the campaign are counted.
    pub fn knows_total(&self, application: &ApplicationId, campaign: &CampaignId) -> bool {
        self.applications.lock().get(application).is_some_and(|book| book.total.contains_key(campaign))
    }

    /// Counts the messages of the last day, of all campaigns but for activities that are known. Call it once, before the first
    /// reservation under a daily cap.
    pub fn learn_daily(&self, application: &ApplicationId, earlier: Earlier) {
        let mut applications = self.applications.lock();
        let book = applications.entry(application.clone()).or_default();
        book.learn(earlier);
        book.knows_daily = true;
        book.counted = HashMap::new();
    }

    /// Counts the messages of the last day of one activity. Call it once, before the activity's first reservation.
    pub fn learn_run(&self, application: &ApplicationId, activity: &ActivityId, earlier: Earlier, now: Timestamp) {
        let mut applications = self.applications.lock();
        let book = applications.entry(application.clone()).or_default();
        book.learn(earlier);
        book.note(activity, minute(now));
    }

    /// Counts all messages of a campaign. Call it once, before the campaign's first reservation.
    pub fn learn_total(&self, application: &ApplicationId, campaign: &CampaignId, earlier: Earlier) {
        let mut applications = self.applications.lock();
        let book = applications.entry(application.clone()).or_default();
        let total = book.total.entry(campaign.clone()).or_default();
        for (_, _, fate, numbers) in earlier.0 {
            if fate.counts_total() {
                numbers.iter().for_each(|number| total.add(number));
            }
        }
    }

    /// Drops what is counted of a campaign over all its runs, when it has none under way: the ledger has it all. What counts
    /// for the last day stays.
    pub fn forget_total(&self, application: &ApplicationId, campaign: &CampaignId) {
        if let Some(book) = self.applications.lock().get_mut(application) {
            book.total.remove(campaign);
        }
    }

    /// Drops all that is counted of an application that is gone.
    pub fn forget(&self, application: &ApplicationId) {
        self.applications.lock().remove(application);
    }

    /// Reserves a message for an endpoint, or says which cap forbids it. The total cap is tested first.
    pub fn reserve(
        &self,
        sender: &Sender,
        limits: &Limits,
        number: EndpointNumber,
        now: Timestamp,
    ) -> Result<Reservation, Fate> {
        let mut applications = self.applications.lock();
        let book = applications.entry(sender.application_id.clone()).or_default();
        let minute = minute(now);
        book.forget_before(minute - WINDOW_MINUTES);
        if let Some(total) = limits.total
            && book.total.get(&sender.campaign_id).is_some_and(|levels| levels.count(number) >= total)
        {
            return Err(Fate::TotalCap);
        }
        if let Some(daily) = limits.daily
            && book.daily_count(sender, daily.scope, number) >= daily.messages_max
        {
            return Err(Fate::DailyCap);
        }
        book.note(&sender.activity_id, minute);
        book.levels(minute, sender).add(number);
        // All runs of a campaign that are under way at once have the same limits.
        let is_of_total = limits.total.is_some();
        if is_of_total {
            book.total.entry(sender.campaign_id.clone()).or_default().add(number);
        }
        Ok(Reservation { number, minute, is_of_total })
    }

    /// Turns a reservation into a message sent now, or gives it back where the fate does not count.
    pub fn settle(&self, sender: &Sender, reservation: Reservation, fate: Fate, now: Timestamp) {
        let Reservation { number, minute: reserved, is_of_total } = reservation;
        let mut applications = self.applications.lock();
        let book = applications.entry(sender.application_id.clone()).or_default();
        book.note(&sender.activity_id, minute(now));
        book.levels(reserved, sender).remove(number);
        if fate.counts_daily() {
            book.levels(minute(now), sender).add(number);
        }
        if is_of_total
            && !fate.counts_total()
            && let Some(total) = book.total.get_mut(&sender.campaign_id)
        {
            total.remove(number);
        }
    }
}

impl Book {
    fn learn(&mut self, earlier: Earlier) {
        for (sender, at, fate, numbers) in earlier.0 {
            if fate.counts_daily() {
                let levels = self.levels(minute(at), &sender);
                numbers.iter().for_each(|number| levels.add(number));
            }
        }
    }

    /// Notes that all messages of the activity are in `daily`, as long as that matters.
    fn note(&mut self, activity: &ActivityId, minute: i64) {
        if self.knows_daily {
            return;
        }
        match self.counted.get_mut(activity) {
            Some(last) => *last = minute,
            None => {
                self.counted.insert(activity.clone(), minute);
            }
        }
    }

    fn levels(&mut self, minute: i64, sender: &Sender) -> &mut Levels {
        self.daily.entry(minute).or_default().entry(sender.campaign_id.clone()).or_default()
    }

    fn daily_count(&self, sender: &Sender, scope: CapScope, number: EndpointNumber) -> u32 {
        let minutes = self.daily.values();
        match scope {
            CapScope::Application => minutes.flat_map(HashMap::values).map(|levels| levels.count(number)).sum(),
            CapScope::Campaign => {
                minutes.filter_map(|minute| minute.get(&sender.campaign_id)).map(|levels| levels.count(number)).sum()
            }
        }
    }

    fn forget_before(&mut self, minute: i64) {
        let mut is_later = false;
        while let Some(first) = self.daily.first_entry()
            && *first.key() < minute
        {
            first.remove();
            is_later = true;
        }
        if is_later {
            self.counted.retain(|_, last| *last >= minute);
        }
    }
}

/// Whole minutes since 1970. A message counts from its minute's start to 24 hours after its minute's end at most.
fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::campaign::definition::DailyCap;

    fn sender(campaign: &str, activity: &str) -> Sender {
        Sender {
            application_id: ApplicationId::new("app"),
            campaign_id: CampaignId::new(campaign),
            activity_id: ActivityId::new(activity),
        }
    }

    fn daily(messages_max: u32, scope: CapScope) -> Limits {
        Limits { daily: Some(DailyCap { messages_max, scope }), ..Limits::default() }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_daily_cap_of_the_application_counts_all_campaigns_for_24_hours() {
        let caps = Caps::default();
        let limits = daily(2, CapScope::Application);
        let (one, two, three) = (sender("c1", "a1"), sender("c2", "a2"), sender("c3", "a3"));
        let first = caps.reserve(&one, &limits, 7, at("2026-03-01T09:00:30Z")).unwrap();
        caps.settle(&one, first, Fate::Sent, at("2026-03-01T09:05:00Z"));
        let second = caps.reserve(&two, &limits, 7, at("2026-03-01T12:00:00Z")).unwrap();
        assert_eq!(caps.reserve(&three, &limits, 7, at("2026-03-01T12:00:00Z")).unwrap_err(), Fate::DailyCap);
        assert!(caps.reserve(&three, &limits, 8, at("2026-03-01T12:00:00Z")).is_ok(), "others are not concerned");
        caps.settle(&two, second, Fate::Sent, at("2026-03-01T12:00:00Z"));
        assert_eq!(caps.reserve(&three, &limits, 7, at("2026-03-02T09:05:00Z")).unwrap_err(), Fate::DailyCap);
        assert!(caps.reserve(&three, &limits, 7, at("2026-03-02T09:06:00Z")).is_ok());
    }

    #[test]
    fn a_daily_cap_of_a_campaign_counts_only_its_own() {
        let caps = Caps::default();
        let now = at("2026-03-01T09:00:00Z");
        let other = caps.reserve(&sender("c1", "a1"), &Limits::default(), 7, now).unwrap();
        caps.settle(&sender("c1", "a1"), other, Fate::Sent, now);
        assert!(caps.reserve(&sender("c2", "a2"), &daily(1, CapScope::Campaign), 7, now).is_ok());
        assert!(caps.reserve(&sender("c2", "a3"), &daily(1, CapScope::Campaign), 7, now).is_err());
    }

    #[test]
    fn what_was_not_sent_is_given_back_but_quiet_time_counts_as_targeting() {
        let caps = Caps::default();
        let now = at("2026-03-01T09:00:00Z");
        let limits = Limits { total: Some(1), ..daily(1, CapScope::Campaign) };
        let run = |activity: &str, fate| {
            let sender = sender("c", activity);
            caps.reserve(&sender, &limits, 7, now).map(|place| caps.settle(&sender, place, fate, now))
        };
        assert_eq!(run("a1", Fate::TemporaryFailure), Ok(()));
        assert_eq!(run("a2", Fate::HookRemoved), Ok(()));
        assert_eq!(run("a3", Fate::QuietTime), Ok(()));
        assert_eq!(run("a4", Fate::Sent), Err(Fate::TotalCap));
    }

    #[test]
    fn a_campaign_that_is_over_leaves_only_its_day() {
        let caps = Caps::default();
        let now = at("2026-03-01T09:00:00Z");
        let (sender, limits) = (sender("c", "a1"), daily(1, CapScope::Campaign));
        caps.learn_total(&sender.application_id, &sender.campaign_id, Earlier::default());
        let place = caps.reserve(&sender, &limits, 7, now).unwrap();
        caps.settle(&sender, place, Fate::Sent, now);
        caps.forget_total(&sender.application_id, &sender.campaign_id);
        assert!(!caps.knows_total(&sender.application_id, &sender.campaign_id), "a next run reads the ledger again");
        assert_eq!(caps.reserve(&sender, &limits, 7, now).unwrap_err(), Fate::DailyCap);
        caps.forget(&sender.application_id);
        assert!(caps.reserve(&sender, &limits, 7, now).is_ok());
    }

    #[test]
    fn several_messages_of_a_campaign_in_a_minute_all_count() {
        let caps = Caps::default();
        let (now, limits) = (at("2026-03-01T09:00:00Z"), daily(2, CapScope::Campaign));
        let reserve = |activity: &str| caps.reserve(&sender("c", activity), &limits, 7, now);
        let (first, second) = (reserve("a1").unwrap(), reserve("a2").unwrap());
        assert_eq!(reserve("a3").unwrap_err(), Fate::DailyCap);
        caps.settle(&sender("c", "a1"), first, Fate::HookRemoved, now);
        caps.settle(&sender("c", "a2"), second, Fate::Sent, now);
        let third = reserve("a3").unwrap();
        caps.settle(&sender("c", "a3"), third, Fate::Sent, now);
        assert_eq!(reserve("a4").unwrap_err(), Fate::DailyCap);
        let later = caps.reserve(&sender("c", "a4"), &limits, 7, at("2026-03-02T09:01:00Z"));
        assert!(later.is_ok(), "both are a day old");
    }

    #[test]
    fn runs_without_caps_are_counted_once_whenever_the_ledger_is_read() {
        let caps = Caps::default();
        let (now, application) = (at("2026-03-01T09:00:00Z"), ApplicationId::new("app"));
        let (resumed, other) = (sender("c1", "a1"), sender("c2", "a2"));
        let earlier = |sender: &Sender| {
            let mut earlier = Earlier::default();
            earlier.add(sender, now, Fate::Sent, [7].into_iter().collect());
            earlier
        };
        caps.learn_run(&application, &resumed.activity_id, earlier(&resumed), now);
        let place = caps.reserve(&resumed, &Limits::default(), 8, now).unwrap();
        caps.settle(&resumed, place, Fate::Sent, now);
        let known = |sender: &Sender| caps.knows_run(&application, &sender.activity_id);
        assert_eq!((known(&resumed), known(&other), caps.knows_daily(&application)), (true, false, false));
        caps.learn_daily(&application, earlier(&other));
        assert!(known(&other) && caps.knows_daily(&application));
        let limits = daily(3, CapScope::Application);
        let third = caps.reserve(&sender("c3", "a3"), &limits, 7, now);
        assert!(third.is_ok(), "it had two");
        assert_eq!(caps.reserve(&sender("c3", "a4"), &limits, 7, now).unwrap_err(), Fate::DailyCap);
    }

    #[test]
    fn campaigns_at_the_same_moment_cannot_overshoot() {
        let caps = Caps::default();
        let now = at("2026-03-01T09:00:00Z");
        let limits = daily(3, CapScope::Application);
        let granted: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..10)
                .map(|i| {
                    let (caps, limits) = (&caps, &limits);
                    scope.spawn(move || {
                        let sender = sender(&format!("c{i}"), &format!("a{i}"));
                        (0..100).filter(|&number| caps.reserve(&sender, limits, number, now).is_ok()).count()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(granted, 300);
    }

    #[test]
    fn earlier_runs_count() {
        let caps = Caps::default();
        let numbers: RoaringBitmap = (0..10).collect();
        let mut earlier = Earlier::default();
        earlier.add(&sender("c", "a1"), at("2026-03-01T09:00:00Z"), Fate::Sent, numbers);
        let (application, campaign) = (ApplicationId::new("app"), CampaignId::new("c"));
        assert!(!caps.knows_total(&application, &campaign));
        caps.learn_total(&application, &campaign, earlier);
        assert!(caps.knows_total(&application, &campaign) && !caps.knows_daily(&application));
        let limits = Limits { total: Some(1), ..Limits::default() };
        let later = at("2026-06-01T09:00:00Z");
        assert_eq!(caps.reserve(&sender("c", "a2"), &limits, 3, later).unwrap_err(), Fate::TotalCap);
        assert!(caps.reserve(&sender("c", "a2"), &limits, 10, later).is_ok());
    }

    /// Ten campaigns of an application with a daily cap of 5; the first have total caps too. Beside the caps stands what they are
    /// to count: the ledger, which outlives a process, and what is under way.
    struct Ten {
        caps: Caps,
        counted: Vec<(Sender, EndpointNumber)>,
        under_way: Vec<(Sender, Reservation)>,
        /// Each message is one of another run.
        runs: u32,
    }

    impl Ten {
        const DAILY: usize = 5;
        const TOTAL: [Option<u32>; 10] = [Some(1), Some(2), Some(2), None, None, None, None, None, None, None];

        fn new() -> Self {
            Self { caps: Caps::default(), counted: Vec::new(), under_way: Vec::new(), runs: 0 }
        }

        /// Messages that are counted or may be, of all campaigns or of one.
        fn count(&self, campaign: Option<&CampaignId>, number: EndpointNumber) -> usize {
            let under_way = self.under_way.iter().map(|(sender, place)| (sender, place.number));
            let all = self.counted.iter().map(|(sender, number)| (sender, *number)).chain(under_way);
            let is_meant = |sender: &Sender| campaign.is_none_or(|campaign| sender.campaign_id == *campaign);
            all.filter(|(sender, to)| is_meant(sender) && *to == number).count()
        }

        fn reserve(&mut self, campaign: usize, number: EndpointNumber, now: Timestamp) {
            self.runs += 1;
            let sender = sender(&format!("c{campaign}"), &format!("a{}", self.runs));
            let limits = Limits { total: Self::TOTAL[campaign], ..daily(Self::DAILY as u32, CapScope::Application) };
            let of_campaign = self.count(Some(&sender.campaign_id), number);
            let expected = match limits.total.is_some_and(|total| of_campaign >= total as usize) {
                true => Some(Fate::TotalCap),
                false => (self.count(None, number) >= Self::DAILY).then_some(Fate::DailyCap),
            };
            match self.caps.reserve(&sender, &limits, number, now) {
                Ok(place) => {
                    assert_eq!(expected, None, "more than a cap allows");
                    self.under_way.push((sender, place));
                }
                Err(fate) => assert_eq!(Some(fate), expected, "less than the caps allow"),
            }
        }

        fn settle(&mut self, which: usize, fate: Fate, now: Timestamp) {
            if self.under_way.is_empty() {
                return;
            }
            let (sender, place) = self.under_way.swap_remove(which % self.under_way.len());
            let number = place.number;
            self.caps.settle(&sender, place, fate, now);
            if fate.counts_daily() && fate.counts_total() {
                self.counted.push((sender, number));
            }
        }

        /// The process ends and another begins: of what was under way every second one is past its intent, and of unknown outcome.
        fn restart(&mut self, now: Timestamp) {
            let cut_off = self.under_way.drain(..).step_by(2).map(|(sender, place)| (sender, place.number));
            self.counted.extend(cut_off);
            self.caps = Caps::default();
            let earlier = |is_meant: &dyn Fn(&Sender) -> bool| {
                let mut earlier = Earlier::default();
                for (sender, number) in self.counted.iter().filter(|(sender, _)| is_meant(sender)) {
                    earlier.add(sender, now, Fate::Unknown, [*number].into_iter().collect());
                }
                earlier
            };
            let application = ApplicationId::new("app");
            self.caps.learn_daily(&application, earlier(&|_| true));
            for campaign in (0..10).map(|campaign| CampaignId::new(format!("c{campaign}"))) {
                self.caps.learn_total(&application, &campaign, earlier(&|sender| sender.campaign_id == campaign));
            }
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Reserve(usize, EndpointNumber),
        Settle(usize, Fate),
        Restart,
    }

    fn any_step() -> impl Strategy<Value = Step> {
        let fates = vec![Fate::Sent, Fate::Unknown, Fate::TemporaryFailure, Fate::HookRemoved, Fate::Aborted];
        prop_oneof![
            8 => (0..10_usize, 0..4_u32).prop_map(|(campaign, number)| Step::Reserve(campaign, number)),
            6 => (any::<usize>(), select(fates)).prop_map(|(which, fate)| Step::Settle(which, fate)),
            1 => Just(Step::Restart),
        ]
    }

    proptest! {
        /// A reservation is granted exactly if the caps have room for it.
        #[test]
        fn ten_campaigns_keep_to_their_caps_in_any_order(steps in vec(any_step(), 1..300)) {
            let mut ten = Ten::new();
            for (second, step) in (0..).zip(steps) {
                let now = at("2026-03-01T09:00:00Z") + std::time::Duration::from_secs(second);
                match step {
                    Step::Reserve(campaign, number) => ten.reserve(campaign, number, now),
                    Step::Settle(which, fate) => ten.settle(which, fate, now),
                    Step::Restart => ten.restart(now),
                }
            }
            for number in 0..4 {
                assert!(ten.count(None, number) <= Ten::DAILY);
            }
        }
    }
}
