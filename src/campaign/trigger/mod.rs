//! Campaigns that events trigger: which events begin a run, and for whom.
//!
//! ```text
//! event kept → feed → terms → gather → prepare → activities, with the reader's position in the same write → driven as every run
//!  (store)   (pages)  (pure)  (pure)
//! ```
//!
//! Runs are begun for all events up to a position, each endpoint once a run; that position is written with their activities.
//! So no event triggers twice, and none is lost, wherever a process is killed. Who reads on is `scheduler/listen`.

mod feed;
mod gather;
mod prepare;
mod terms;

use std::time::Duration;

pub(super) use self::feed::{Feed, Feeds};
pub(super) use self::gather::{Gathered, Stretch};
pub(super) use self::prepare::turns;
pub(super) use self::terms::{Phase, Terms, check};

/// How old an event may be when it arrives, and how long after its arrival messages go out.
///
/// Source: Pinpoint user guide, "Step 4: Choose when to send the campaign"; that it counts from the event's time too is our
/// choice.
pub const WINDOW: Duration = Duration::from_secs(5 * 60);
