//! What every back end has to do, as tests that know nothing of any back end.
//!
//! A back end implements [`Place`] and calls [`suite!`] in its tests, which makes a test of each case.

pub mod application;
pub mod attribute;
pub mod dead_letter;
pub mod definition;
pub mod display;
pub mod endpoint;
pub mod event;
pub mod key;
pub mod ledger;
pub mod lookup;
pub mod outcome;
pub mod owner;
pub mod reader;
pub mod upsert;
pub mod version;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{Application, EndpointPage, EndpointRef, EndpointWrite, Refused, Store};
use crate::domain::{ApplicationId, ChannelType, Endpoint, EndpointNumber, EndpointUpdate};
use crate::wire;

/// Where a test keeps its data.
pub trait Place: Sync {
    /// Opens the data, empty at first. Whoever opened it before has dropped it.
    fn open(&self) -> BoxFuture<'_, Arc<dyn Store>>;
}

/// Makes a test of each case. Takes an expression that gives an empty [`Place`].
macro_rules! suite {
    ($place:expr) => {
        crate::store::suite::cases! { $place;
            application::a_removed_application_is_gone_at_once
            application::an_application_made_again_has_nothing_of_the_old_one
            application::others_write_while_an_application_is_cleared
            attribute::names_are_known_by_group
            attribute::attributes_are_removed_from_their_group_only
            attribute::removed_names_are_free_again
            attribute::names_stay_true_while_attributes_are_removed
            event::a_position_before_a_moment_misses_nothing_after_it
            event::events_read_back_after_reopening
            event::events_sent_again_are_passed_over_for_a_day
            event::events_of_many_tasks_are_kept_once_each
            event::events_are_read_on_from_a_position
            event::a_page_of_large_events_ends_early
            event::events_of_types_are_found_in_a_span_of_time
            event::old_events_are_removed
            event::endpoints_with_events_since_a_moment_are_active
            reader::readers_go_on_where_they_were
            display::displays_outlive_their_events
            display::sessions_after_a_display_are_known
            display::events_that_name_no_campaign_are_no_displays
            display::an_endpoint_keeps_its_newest_displays
            outcome::fates_at_the_beginning_and_the_end_are_noted
            outcome::a_batch_tells_fates_once
            outcome::a_redriven_batch_tells_of_those_who_were_held
            outcome::a_stream_tells_what_is_written_while_it_is_there
            outcome::a_stream_ends_with_much_to_tell
            version::a_write_replaces_the_latest_version_or_adds_one
            version::a_write_after_another_one_is_a_conflict
            version::of_concurrent_writers_one_wins_each_time
            version::definitions_are_paged_and_keep_their_places
            version::versions_are_paged
            version::the_active_version_is_the_chosen_one_or_the_latest
            version::the_number_of_a_removed_version_is_not_given_again
            version::the_members_of_a_removed_version_go_with_it
            definition::applications_are_created_and_replaced
            definition::versions_count_up_and_stay_readable
            definition::definitions_keep_apart
            definition::segment_members_read_back
            endpoint::endpoints_read_back_after_reopening
            endpoint::endpoints_are_found_by_their_ids
            endpoint::numbers_are_dense_and_never_reused
            endpoint::pages_ascend_and_load_what_is_asked_for
            endpoint::dead_addresses_are_deactivated_while_they_are_the_same
            endpoint::unknown_applications_are_empty_to_read_and_refused_to_write
            endpoint::sharing_an_address_is_seen
            endpoint::applications_keep_apart
            lookup::endpoints_are_found_after_many_writes_of_all_sizes
            ledger::activities_read_back_after_reopening
            ledger::activities_are_all_saved_or_none
            ledger::audiences_read_back
            ledger::batches_of_many_tasks_are_all_there
            ledger::batches_are_replaced_and_paged
            ledger::an_error_changes_nothing_and_spares_the_others
            dead_letter::a_held_batch_and_its_letter_read_back_after_reopening
            dead_letter::a_batch_is_held_with_its_letter_or_not_at_all
            dead_letter::a_redriven_batch_is_one_that_was_cut_off
            dead_letter::what_is_not_held_is_not_released
            dead_letter::a_batch_that_is_held_again_keeps_its_attempts
            dead_letter::a_dropped_batch_says_why
            dead_letter::letters_are_listed_by_page_and_kind
            dead_letter::letters_of_a_removed_application_are_gone
            upsert::updates_merge
            upsert::writes_of_a_call_see_each_other
            upsert::an_address_is_taken_over
            upsert::a_crowd_at_one_address_is_no_burden
            upsert::half_an_address_is_completed_from_what_is_stored
            upsert::an_inactive_endpoint_takes_no_address_over
            upsert::user_attributes_are_shared
            upsert::a_moved_endpoint_gets_the_attributes_of_its_new_user
            upsert::the_sixteenth_endpoint_is_refused
            upsert::the_sixteenth_endpoint_replaces_the_oldest_push_endpoint
            upsert::attribute_names_are_limited
            upsert::large_endpoints_are_refused
            upsert::a_refusal_spares_the_other_writes
            owner::users_write_their_own_endpoints_alone
            owner::a_refused_write_leaves_no_trace
            owner::of_two_who_claim_an_endpoint_one_gets_it
            owner::a_full_user_gets_no_endpoint_more
            owner::addresses_of_others_are_left_to_them
        }
    };
}
pub(crate) use suite;

macro_rules! cases {
    ($place:expr; $($room:ident::$case:ident)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::store::suite::$room::$case(&$place).await;
            }
        )+
    };
}
pub(crate) use cases;

/// When the writes of most cases happen.
const NOW: &str = "2026-03-01T09:00:00.000Z";

fn application_id() -> ApplicationId {
    ApplicationId::new("0123456789abcdef0123456789abcdef")
}

fn application(id: &ApplicationId) -> Application {
    Application {
        id: id.clone(),
        name: "shop".into(),
        settings: "{}".into(),
        tags: "{}".into(),
        creation_date: "2026-01-01T00:00:00.000Z".into(),
        last_modified_date: "2026-01-01T00:00:00.000Z".into(),
        revision: 0,
    }
}

/// Opens the place and gives it an application.
async fn with_application(place: &dyn Place) -> Arc<dyn Store> {
    let store = place.open().await;
    store.put_application(application(&application_id())).await.unwrap();
    store
}

/// An endpoint with nothing but an address.
fn at(id: &str, channel_type: ChannelType, address: &str) -> EndpointWrite {
    EndpointWrite {
        id: id.into(),
        update: EndpointUpdate {
            channel_type: Some(channel_type),
            address: Some(address.into()),
            ..EndpointUpdate::default()
        },
    }
}

/// An endpoint of a user.
fn of_user(id: &str, channel_type: ChannelType, user: &str) -> EndpointWrite {
    let mut write = at(id, channel_type, &format!("address of {id}"));
    write.update.user.id = Some(user.into());
    write
}

async fn upsert(store: &dyn Store, writes: Vec<EndpointWrite>) -> Vec<Result<EndpointNumber, Refused>> {
    store.upsert_endpoints(&application_id(), writes, NOW.into()).await.unwrap()
}

/// Writes that must not be refused.
async fn put(store: &dyn Store, writes: Vec<EndpointWrite>) -> Vec<EndpointNumber> {
    upsert(store, writes).await.into_iter().collect::<Result<_, _>>().unwrap()
}

fn read(endpoint: EndpointRef<'_>) -> Endpoint {
    wire::endpoint::read(endpoint.document).unwrap()
}

/// The endpoint of this id, which must be there.
async fn get(store: &dyn Store, id: &str) -> Endpoint {
    let page = store.endpoint(&application_id(), id).await.unwrap();
    assert_eq!(page.len(), 1, "endpoint {id}");
    assert_eq!(page.get(0).id, id);
    read(page.get(0))
}

fn ids(page: &EndpointPage) -> Vec<&str> {
    page.iter().map(|endpoint| endpoint.id).collect()
}

fn numbers(page: &EndpointPage) -> Vec<EndpointNumber> {
    page.iter().map(|endpoint| endpoint.number).collect()
}

fn text_lists(pairs: &[(&str, &[&str])]) -> std::collections::BTreeMap<String, Vec<String>> {
    pairs.iter().map(|(name, values)| ((*name).into(), values.iter().map(|value| (*value).into()).collect())).collect()
}
