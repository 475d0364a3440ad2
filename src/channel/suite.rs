//! The suite that every adapter passes, against a provider that can be steered.
//!
//! It names everything through `crate::channel`, so that a black-box test can include this file too.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::channel::{Adapter, Content, Message, Origin, Outcome, Spec};
use crate::domain::{ActivityId, ApplicationId, CampaignId, ChannelType, TreatmentId};

/// What a provider is to do with a message.
#[derive(Clone, Copy, Debug)]
pub enum Behaviour {
    /// Take it; the number makes the message different from others.
    Accept(usize),
    /// Ask to slow down.
    Throttle,
    /// Say that the address will never work again.
    Gone,
    /// Take the request and never answer.
    Hang,
    /// Take the message, and break the connection instead of answering.
    Drop,
}

/// A provider and an adapter that is set up for it.
pub trait Provider {
    fn spec(&self) -> &'static Spec;

    /// The adapter under test; the same one at each call.
    fn adapter(&self) -> Arc<dyn Adapter>;

    /// A message that the provider treats so; `None` if it never behaves like that.
    fn message(&self, behaviour: Behaviour) -> Option<Message>;

    /// Messages the provider has taken so far.
    fn taken(&self) -> BoxFuture<'_, u64>;

    /// The wait that the provider asks for when it throttles.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// An adapter whose credentials the provider refuses, if it looks at any.
    fn refused_adapter(&self) -> Option<Arc<dyn Adapter>> {
        None
    }

    /// Ends when a message that is to hang has arrived. Needed if any can.
    fn hanging(&self) -> BoxFuture<'_, ()> {
        Box::pin(async { unreachable!("no message of this provider hangs") })
    }
}

/// Runs everything.
pub async fn run(provider: &dyn Provider) {
    check_sends_nothing(provider).await;
    outcomes_keep_the_order(provider).await;
    an_empty_batch_has_no_outcomes(provider).await;
    throttling_is_retryable(provider).await;
    a_dead_address_is_permanent(provider).await;
    our_fault_is_recognised(provider).await;
    a_cancelled_send_leaves_the_adapter_usable(provider).await;
    a_lost_connection_is_accounted_for(provider).await;
    a_long_batch_is_refused(provider).await;
}

async fn check_sends_nothing(provider: &dyn Provider) {
    let before = provider.taken().await;
    provider.adapter().check().await.expect("the provider is there and takes our credentials");
    assert_eq!(provider.taken().await, before, "a check sends nothing");
}

async fn outcomes_keep_the_order(provider: &dyn Provider) {
    let gone = provider.message(Behaviour::Gone);
    let before = provider.taken().await;
    let mut messages = Vec::new();
    for index in 0..20 {
        messages.push(match &gone {
            Some(gone) if index % 3 == 1 => gone.clone(),
            _ => accepted(provider, index),
        });
    }
    let mut outcomes = Vec::new();
    for batch in messages.chunks(provider.spec().batch_messages_max) {
        outcomes.extend(provider.adapter().send(batch).await);
    }
    assert_eq!(outcomes.len(), messages.len(), "one outcome a message");
    let mut successes = 0;
    for (index, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Outcome::Successful { .. } => successes += 1,
            Outcome::DeadAddress { .. } => assert!(gone.is_some() && index % 3 == 1, "outcome {index} is another's"),
            other => panic!("outcome {index}: {other:?}"),
        }
    }
    assert_eq!(provider.taken().await - before, successes, "the provider took what is reported, once each");
}

async fn an_empty_batch_has_no_outcomes(provider: &dyn Provider) {
    assert_eq!(provider.adapter().send(&[]).await, []);
}

async fn throttling_is_retryable(provider: &dyn Provider) {
    let Some(message) = provider.message(Behaviour::Throttle) else { return };
    let before = provider.taken().await;
    let outcome = send_one(&*provider.adapter(), message).await;
    assert!(matches!(outcome, Outcome::Throttled { .. }), "{outcome:?}");
    assert!(outcome.is_retryable());
    assert_eq!(outcome.retry_after(), provider.retry_after());
    assert_eq!(provider.taken().await, before, "one call is one attempt, and it was refused");
}

async fn a_dead_address_is_permanent(provider: &dyn Provider) {
    let Some(message) = provider.message(Behaviour::Gone) else { return };
    let outcome = send_one(&*provider.adapter(), message).await;
    assert!(matches!(outcome, Outcome::DeadAddress { .. }), "{outcome:?}");
    assert!(!outcome.is_retryable());
}

async fn our_fault_is_recognised(provider: &dyn Provider) {
    let Some(adapter) = provider.refused_adapter() else { return };
    let before = provider.taken().await;
    adapter.check().await.expect_err("the provider refuses our credentials");
    let outcome = send_one(&*adapter, accepted(provider, 0)).await;
    assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{outcome:?}");
    assert!(!outcome.is_retryable());
    assert_eq!(provider.taken().await, before);
}

async fn a_cancelled_send_leaves_the_adapter_usable(provider: &dyn Provider) {
    let Some(message) = provider.message(Behaviour::Hang) else { return };
    let adapter = provider.adapter();
    // More often than any pool or limit inside could hide.
    for _ in 0..10 {
        let batch = [message.clone()];
        tokio::select! {
            outcomes = adapter.send(&batch) => panic!("the provider does not answer, but: {outcomes:?}"),
            () = provider.hanging() => {}
        }
    }
    let outcome = send_one(&*adapter, accepted(provider, 1)).await;
    assert!(matches!(outcome, Outcome::Successful { .. }), "{outcome:?}");
}

async fn a_lost_connection_is_accounted_for(provider: &dyn Provider) {
    let Some(message) = provider.message(Behaviour::Drop) else { return };
    let (adapter, before) = (provider.adapter(), provider.taken().await);
    let outcome = send_one(&*adapter, message.clone()).await;
    assert!(matches!(outcome, Outcome::Unknown { .. }), "it was taken, and nobody said so: {outcome:?}");

    // Among others that are under way at the same time, maybe on the same connection.
    let messages: Vec<_> = (0..24).map(|i| if i % 8 == 3 { message.clone() } else { accepted(provider, i) }).collect();
    let sends = messages.chunks(1).map(|batch| adapter.send(batch));
    let outcomes: Vec<_> = futures_util::future::join_all(sends).await.into_iter().flatten().collect();
    assert_eq!(outcomes.len(), messages.len(), "one outcome a message");
    let count = |wanted: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| wanted(outcome)).count() as u64;
    let successful = count(|outcome| matches!(outcome, Outcome::Successful { .. }));
    let unknown = count(|outcome| matches!(outcome, Outcome::Unknown { .. }));
    let unsent = count(Outcome::is_retryable);
    assert_eq!(successful + unknown + unsent, messages.len() as u64, "{outcomes:?}");
    let taken = provider.taken().await - before - 1;
    assert!(successful <= taken && taken <= successful + unknown, "{taken} were taken: {outcomes:?}");

    let outcome = send_one(&*adapter, accepted(provider, 2)).await;
    assert!(matches!(outcome, Outcome::Successful { .. }), "{outcome:?}");
}

async fn a_long_batch_is_refused(provider: &dyn Provider) {
    let before = provider.taken().await;
    let adapter = provider.adapter();
    let batch: Vec<_> = (0..=provider.spec().batch_messages_max).map(|index| accepted(provider, index)).collect();
    let refused = AssertUnwindSafe(async { adapter.send(&batch).await }).catch_unwind().await;
    assert!(refused.is_err(), "a batch over the maximum is a broken promise");
    assert_eq!(provider.taken().await, before);
}

async fn send_one(adapter: &dyn Adapter, message: Message) -> Outcome {
    let [outcome] = adapter.send(&[message]).await.try_into().expect("one outcome a message");
    outcome
}

fn accepted(provider: &dyn Provider, index: usize) -> Message {
    provider.message(Behaviour::Accept(index)).expect("every provider takes messages")
}

/// A boring message.
pub fn message(channel_type: ChannelType, address: &str, content: Content) -> Message {
    Message {
        endpoint_id: format!("endpoint-of-{address}"),
        channel_type,
        address: address.into(),
        idempotency_key: format!("activity-1:{address}"),
        content,
        origin: Arc::new(Origin {
            application_id: ApplicationId::new("application-1"),
            campaign_id: CampaignId::new("campaign-1"),
            activity_id: Some(ActivityId::new("activity-1")),
            treatment_id: Some(TreatmentId::new("0")),
            scheduled_time: "2026-03-01T09:00:00.000Z".into(),
        }),
        reference: None,
    }
}
