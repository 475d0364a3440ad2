use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use super::super::lane::Lane;
use super::*;
use crate::channel::{self, Adapter, Origin, PushContent, Section, Spec};
use crate::clock::Paused;
use crate::config::{Config, Sources};
use crate::domain::{ApplicationId, CampaignId};

const PRIMARY: &str = "primary";
const FALLBACK: &str = "fallback";

static WIDE: Spec = spec(50);
static NARROW: Spec = spec(10);
static SINGLE: Spec = spec(1);

const fn spec(batch_messages_max: usize) -> Spec {
    Spec { name: "fake", types: &[ChannelType::Gcm], batch_messages_max, in_flight_max: 1_000 }
}

/// One call of a provider.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Call {
    provider: &'static str,
    at: Duration,
    messages: usize,
}

/// A provider that does as told.
struct Provider {
    name: &'static str,
    in_flight: usize,
    clock: Arc<dyn Clock>,
    calls: Arc<Mutex<Vec<Call>>>,
    /// What becomes of messages, and how long that takes.
    behaviour: Mutex<(Outcome, Duration)>,
    /// Calls now, and the most at once.
    load: Mutex<(usize, usize)>,
}

impl Adapter for Provider {
    fn types(&self) -> &[ChannelType] {
        &[ChannelType::Gcm]
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }

    fn check(&self) -> BoxFuture<'_, Result<(), channel::Error>> {
        Box::pin(async { Ok(()) })
    }

    fn send<'a>(&'a self, batch: &'a [Message]) -> BoxFuture<'a, Vec<Outcome>> {
        Box::pin(async move {
            self.calls.lock().push(Call { provider: self.name, at: self.clock.elapsed(), messages: batch.len() });
            {
                let mut load = self.load.lock();
                load.0 += 1;
                load.1 = load.1.max(load.0);
            }
            let (outcome, takes) = self.behaviour.lock().clone();
            self.clock.sleep(takes).await;
            self.load.lock().0 -= 1;
            vec![outcome; batch.len()]
        })
    }
}

/// Two providers, and the way of one channel type through them.
struct World {
    clock: Arc<dyn Clock>,
    deliverer: Deliverer,
    ways: Ways,
    calls: Arc<Mutex<Vec<Call>>>,
    primary: Arc<Provider>,
    fallback: Arc<Provider>,
    attempts_max: u32,
    unknown: config::Unknown,
    patience: Duration,
}

/// How a world differs from the usual one.
struct Setup {
    settings: &'static str,
    specs: [&'static Spec; 2],
    in_flight: usize,
    has_fallback: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self { settings: "", specs: [&SINGLE, &SINGLE], in_flight: 1_000, has_fallback: true }
    }
}

impl World {
    /// Circuits open for 10 s when two of the last four attempts failed, and let one probe out.
    fn new(setup: Setup) -> Self {
        let settings = "[send]\npause_min = \"0s\"\npause_max = \"0s\"\n\
            [send.circuit]\nattempts = 4\nfailures = 2\nprobes = 1\n";
        let overlay = Some(format!("{settings}{}", setup.settings).parse().unwrap());
        let send = Config::load(Sources { overlay, ..Sources::default() }).unwrap().send;
        let clock: Arc<dyn Clock> = Arc::new(Paused::default());
        let calls = Arc::default();
        let provider = |name, in_flight| {
            Arc::new(Provider {
                name,
                in_flight,
                clock: clock.clone(),
                calls: Arc::clone(&calls),
                behaviour: Mutex::new((taken(), Duration::ZERO)),
                load: Mutex::default(),
            })
        };
        let (primary, fallback) = (provider(PRIMARY, setup.in_flight), provider(FALLBACK, setup.in_flight));
        let lane = |provider: &Arc<Provider>, spec| {
            let section = Section { name: provider.name.into(), spec, adapter: provider.clone() };
            Arc::new(Lane::of_section(&section, &send, &clock))
        };
        let [first, second] = setup.specs;
        let route = Route::new(lane(&primary, first), setup.has_fallback.then(|| lane(&fallback, second)));
        Self {
            deliverer: Deliverer::new(send, clock.clone()),
            ways: Ways::of_route(ChannelType::Gcm, route),
            clock,
            calls,
            primary,
            fallback,
            attempts_max: 3,
            unknown: config::Unknown::Resend,
            patience: Duration::ZERO,
        }
    }

    /// Delivers messages at once, unless the gate says no.
    async fn deliver_if(&self, messages: usize, may_send: bool) -> (Vec<Delivery>, Option<String>) {
        self.deliver_with(messages, may_send, &CancellationToken::new()).await
    }

    async fn deliver_until(&self, messages: usize, stop: &CancellationToken) -> (Vec<Delivery>, Option<String>) {
        self.deliver_with(messages, true, stop).await
    }

    async fn deliver_with(
        &self,
        messages: usize,
        may_send: bool,
        stop: &CancellationToken,
    ) -> (Vec<Delivery>, Option<String>) {
        let origin = Arc::new(Origin {
            application_id: ApplicationId::new("a"),
            campaign_id: CampaignId::new("c"),
            activity_id: None,
            treatment_id: None,
            scheduled_time: String::new(),
        });
        let message = |place: usize| Message {
            endpoint_id: place.to_string(),
            channel_type: ChannelType::Gcm,
            address: place.to_string(),
            idempotency_key: place.to_string(),
            content: Content::Push(PushContent::default()),
            origin: origin.clone(),
            reference: None,
        };
        let messages = (0..messages).map(|place| (place, message(place))).collect();
        let terms = Terms {
            rate: None,
            gate: &|_, _| if may_send { Ok(()) } else { Err(Fate::QuietTime) },
            attempts_max: self.attempts_max,
            unknown: self.unknown,
            patience: self.patience,
            deadline: None,
            stop,
        };
        let (deliveries, refused_by) = self.deliverer.deliver(&self.ways, messages, &terms).await;
        (deliveries, refused_by.map(ToString::to_string))
    }

    /// Delivers messages at once; all meet the same fate.
    async fn deliver(&self, messages: usize) -> Fate {
        let (deliveries, _) = self.deliver_if(messages, true).await;
        assert_eq!(deliveries.len(), messages);
        let fate = deliveries[0].fate.unwrap();
        assert!(deliveries.iter().all(|delivery| delivery.fate == Some(fate)), "{deliveries:?}");
        fate
    }

    /// Who was called since this was asked last.
    fn called(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.calls.lock()).into_iter().map(|call| call.provider).collect()
    }
}

impl Provider {
    fn does(&self, outcome: Outcome) {
        self.behaviour.lock().0 = outcome;
    }

    fn takes(&self, time: Duration) {
        self.behaviour.lock().1 = time;
    }
}

fn taken() -> Outcome {
    Outcome::successful(None)
}

fn down() -> Outcome {
    Outcome::TemporaryFailure { reason: "down".into(), retry_after: None }
}

fn refused() -> Outcome {
    Outcome::Misconfigured { reason: "who are you?".into() }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn the_fallback_is_used_while_the_primary_fails_and_probes_lead_back() {
    let world = World::new(Setup::default());
    world.primary.does(down());
    assert_eq!(world.deliver(1).await, Fate::Sent);
    assert_eq!(world.called(), [PRIMARY, PRIMARY, FALLBACK], "attempts of one message");
    assert_eq!(world.deliver(1).await, Fate::Sent);
    assert_eq!(world.called(), [FALLBACK]);

    world.clock.sleep(seconds(10)).await;
    assert_eq!(world.deliver(1).await, Fate::Sent);
    assert_eq!(world.called(), [PRIMARY, FALLBACK], "a probe fails");
    world.clock.sleep(seconds(19)).await;
    assert_eq!(world.deliver(1).await, Fate::Sent);
    assert_eq!(world.called(), [FALLBACK], "the circuit is open for twice as long");

    world.clock.sleep(seconds(1)).await;
    world.primary.does(taken());
    world.primary.takes(seconds(1));
    assert_eq!(world.deliver(3).await, Fate::Sent);
    assert_eq!(world.called(), [PRIMARY, FALLBACK, FALLBACK], "one probe at once");
    assert_eq!(world.deliver(3).await, Fate::Sent);
    assert_eq!(world.called(), [PRIMARY; 3]);
}

#[tokio::test(start_paused = true)]
async fn the_primary_is_used_when_both_fail() {
    let mut world = World::new(Setup::default());
    world.attempts_max = 8;
    world.primary.does(down());
    world.fallback.does(down());
    assert_eq!(world.deliver(1).await, Fate::TemporaryFailure);
    let (p, f) = (PRIMARY, FALLBACK);
    assert_eq!(world.called(), [p, p, f, f, p, p, p, p]);
}

#[tokio::test(start_paused = true)]
async fn without_a_fallback_a_circuit_changes_nothing() {
    let mut world = World::new(Setup { has_fallback: false, ..Setup::default() });
    world.attempts_max = 8;
    world.primary.does(down());
    assert_eq!(world.deliver(1).await, Fate::TemporaryFailure);
    assert_eq!(world.called(), [PRIMARY; 8]);
    world.primary.does(taken());
    assert_eq!(world.deliver(2).await, Fate::Sent);
    assert_eq!(world.called(), [PRIMARY; 2]);
}

#[tokio::test(start_paused = true)]
async fn what_says_nothing_of_the_provider_opens_nothing() {
    let mut world = World::new(Setup::default());
    world.attempts_max = 1;
    for outcome in [
        Outcome::Throttled { reason: "slow down".into(), retry_after: None },
        Outcome::DeadAddress { reason: "gone".into() },
        Outcome::PermanentFailure { reason: "too long".into() },
        Outcome::OptedOut { reason: "stop".into() },
    ] {
        world.primary.does(outcome);
        world.deliver(5).await;
        assert_eq!(world.called(), [PRIMARY; 5]);
    }
}

#[tokio::test(start_paused = true)]
async fn each_lane_keeps_its_rate_and_its_places() {
    let settings = "[send.rates]\nfallback = \"5/s\"";
    let world = World::new(Setup { settings, in_flight: 2, ..Setup::default() });
    world.primary.does(down());
    world.primary.takes(seconds(1));
    world.fallback.takes(seconds(1));
    assert_eq!(world.deliver(8).await, Fate::Sent);
    assert_eq!((world.primary.load.lock().1, world.fallback.load.lock().1), (2, 2));
    let calls = world.calls.lock().clone();
    let fallback = calls.iter().filter(|call| call.provider == FALLBACK);
    let times: Vec<u128> = fallback.map(|call| call.at.as_millis() / 100 * 100).collect();
    assert_eq!(times, [1_000, 1_200, 2_000, 2_200, 3_000, 3_200, 4_000, 4_200]);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_provider_that_fails_leaves_the_line() {
    let world = World::new(Setup { settings: "[send.rates]\nprimary = \"1/min\"", ..Setup::default() });
    world.primary.does(down());
    let start = world.clock.elapsed();
    assert_eq!(world.deliver(50).await, Fate::Sent);
    let took = world.clock.elapsed() - start;
    assert!((60..62).contains(&took.as_secs()), "the second failure opens the circuit after a minute: {took:?}");
    let called = world.called();
    assert_eq!(called[..2], [PRIMARY; 2]);
    assert_eq!(called[2..], [FALLBACK; 50]);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_fallback_leaves_the_line_when_the_primary_works_again() {
    let world = World::new(Setup { settings: "[send.rates]\nfallback = \"1/h\"", ..Setup::default() });
    world.primary.does(down());
    assert_eq!(world.deliver(1).await, Fate::Sent);
    world.called();
    world.primary.does(taken());
    let probe = async {
        world.clock.sleep(seconds(11)).await;
        world.deliver(1).await
    };
    let start = world.clock.elapsed();
    assert_eq!(tokio::join!(world.deliver(20), probe), (Fate::Sent, Fate::Sent));
    assert!(world.clock.elapsed() - start < seconds(12));
    assert_eq!(world.called(), [PRIMARY; 21]);
}

#[tokio::test(start_paused = true)]
async fn batches_fit_both_providers() {
    let world = World::new(Setup { specs: [&WIDE, &NARROW], ..Setup::default() });
    world.deliver(25).await;
    assert_eq!(world.calls.lock().iter().map(|call| call.messages).collect::<Vec<_>>(), [10, 10, 5]);
}

#[tokio::test(start_paused = true)]
async fn one_providers_retry_after_is_nothing_to_the_other() {
    for (asked, attempts_max) in [(30, 2), (3_600, 3)] {
        let mut world = World::new(Setup::default());
        let reason = "down".to_owned();
        world.primary.does(Outcome::TemporaryFailure { reason, retry_after: Some(seconds(asked)) });
        world.attempts_max = attempts_max;
        let start = world.clock.elapsed();
        assert_eq!(world.deliver(1).await, Fate::Sent, "{asked}");
        assert_eq!(world.called(), [PRIMARY, FALLBACK], "whatever the circuit says");
        assert_eq!((world.clock.elapsed() - start).as_secs(), 0, "{asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_one_provider_surely_did_not_send_is_tried_by_the_other() {
    let mut world = World::new(Setup::default());
    world.attempts_max = 1;
    for refusal in [down(), refused()] {
        world.primary.does(refusal);
        assert_eq!(world.deliver(1).await, Fate::Sent);
        assert_eq!(world.called(), [PRIMARY, FALLBACK]);
        world.primary.does(taken());
        assert_eq!(world.deliver(1).await, Fate::Sent);
        world.called();
    }
    let mut world = World::new(Setup::default());
    world.attempts_max = 1;
    world.primary.does(Outcome::Unknown { reason: "no answer".into() });
    assert_eq!(world.deliver(1).await, Fate::Unknown);
    assert_eq!(world.called(), [PRIMARY], "it may have been sent");
}

#[tokio::test(start_paused = true)]
async fn a_standstill_is_waited_out() {
    let alone = || Setup { has_fallback: false, in_flight: 4, ..Setup::default() };
    let mut world = World::new(alone());
    world.patience = seconds(60);
    world.primary.does(down());
    let mended = async {
        world.clock.sleep(seconds(25)).await;
        world.primary.does(taken());
    };
    let ((deliveries, _), ()) = tokio::join!(world.deliver_if(500, true), mended);
    let lost = deliveries.iter().filter(|delivery| delivery.fate != Some(Fate::Sent)).count();
    assert_eq!(lost, 0, "all wait for it, and probes do not pay");
    let calls = world.called().len();
    assert!(calls < 520, "who waits in line does not try a provider that fails: {calls} calls");
    assert!(world.clock.elapsed() < seconds(60));

    // For good: after the patience attempts are made all the same.
    let mut world = World::new(alone());
    world.patience = seconds(60);
    world.primary.does(down());
    assert_eq!(world.deliver(500).await, Fate::TemporaryFailure);
    let waited = world.clock.elapsed();
    assert!((seconds(60)..seconds(62)).contains(&waited), "{waited:?}");

    // Not for one that refuses us: a run has to stop then.
    let mut world = World::new(alone());
    world.patience = seconds(60);
    world.primary.does(refused());
    let (_, refused_by) = world.deliver_if(300, true).await;
    assert!(refused_by.is_some() && world.clock.elapsed() < seconds(1));
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_wait_for_a_place() {
    let world = World::new(Setup { in_flight: 1, ..Setup::default() });
    world.primary.takes(seconds(30));
    let stop = CancellationToken::new();
    let stopping = async {
        world.clock.sleep(seconds(1)).await;
        stop.cancel();
    };
    let ((deliveries, _), ()) = tokio::join!(world.deliver_until(20, &stop), stopping);
    let given_back = deliveries.iter().filter(|delivery| delivery.fate.is_none() && !delivery.was_unknown).count();
    assert_eq!((deliveries.len(), given_back), (20, 19), "the one in flight is finished");
}

#[tokio::test(start_paused = true)]
async fn a_run_is_stopped_when_all_providers_refuse_us() {
    let world = World::new(Setup::default());
    world.primary.does(refused());
    let (deliveries, refused_by) = world.deliver_if(300, true).await;
    assert!(deliveries.iter().all(|delivery| delivery.fate == Some(Fate::Sent)), "the fallback takes them");
    assert_eq!(refused_by, None);

    world.fallback.does(refused());
    let (deliveries, refused_by) = world.deliver_if(300, true).await;
    assert!(deliveries.iter().all(|delivery| delivery.fate == Some(Fate::PermanentFailure)));
    assert_eq!(refused_by.unwrap(), "`primary` (and its fallback `fallback`)");

    world.primary.does(taken());
    world.ways.forgive();
    world.called();
    assert_eq!(world.deliver_if(1, true).await.1, None);
    assert_eq!(world.called(), [PRIMARY], "its circuit is closed again");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_repeated_elsewhere_only_where_the_policy_allows_it() {
    let unknown = || Outcome::Unknown { reason: "no answer".into() };
    let mut world = World::new(Setup::default());
    world.primary.does(unknown());
    let (deliveries, _) = world.deliver_if(1, true).await;
    assert_eq!((deliveries[0].fate, deliveries[0].was_unknown), (Some(Fate::Sent), true));
    assert_eq!(world.called(), [PRIMARY, PRIMARY, FALLBACK]);

    world.ways.forgive();
    world.unknown = config::Unknown::Unknown;
    assert_eq!(world.deliver(1).await, Fate::Unknown);
    assert_eq!(world.called(), [PRIMARY]);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_not_made_leaves_its_place() {
    let world = World::new(Setup::default());
    world.primary.does(down());
    world.deliver(1).await;
    world.primary.does(taken());
    world.clock.sleep(seconds(10)).await;
    world.called();
    let (deliveries, _) = world.deliver_if(1, false).await;
    assert_eq!(deliveries[0].fate, Some(Fate::QuietTime));
    assert_eq!(world.deliver(1).await, Fate::Sent);
    assert_eq!(world.called(), [PRIMARY]);
}
