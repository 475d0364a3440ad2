//! Caps of in-app messages, counted over all endpoints of a user.

use jiff::{SignedDuration, Timestamp};

use crate::store::Display;

/// How long a display counts for daily caps.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How long after its newest display a session is taken to go on, unless another one is known. Sessions are the client's own
/// business and a request names none: who comes back later than this is in a new one.
const SESSION_GOES_ON: SignedDuration = SignedDuration::from_mins(1);

/// How often a message may be shown; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Caps {
    /// Of this message in one session of the app.
    pub session: u32,
    /// Of all in-app messages in 24 hours: who has seen so many does not see this one.
    pub daily: u32,
    /// Of this message.
    pub total: u32,
}

impl Caps {
    /// Whether any of them is a limit.
    pub fn is_limit(self) -> bool {
        self != Self::default()
    }
}

/// What a user was shown, seen from one of the user's endpoints.
pub struct Shown<'a> {
    /// Of all endpoints of the user, oldest first for each.
    displays: &'a [Display],
    endpoint_id: &'a str,
    now: Timestamp,
}

impl<'a> Shown<'a> {
    pub fn new(displays: &'a [Display], endpoint_id: &'a str, now: Timestamp) -> Self {
        Self { displays, endpoint_id, now }
    }

    /// The caps to hand over for this campaign; `None` when one of them is used up.
    ///
    /// A client counts what it shows itself, from the first day on, and knows nothing of the user's other endpoints. So what
    /// those have shown is taken off: `own count < cap - shown elsewhere` is `own count + shown elsewhere < cap`. To hand over
    /// what is left of the cap would be wrong, since the client's own displays would count twice. Sessions belong to one
    /// endpoint, so their cap stays. None of the caps comes to 0, which is no limit.
    pub fn left_of(&self, caps: Caps, campaign_id: &str) -> Option<Caps> {
        let is_of_campaign = |display: &Display| names(&display.campaign, campaign_id);
        let is_of_today = |display: &Display| !display.campaign.is_empty() && self.now.duration_since(display.at) < DAY;
        Some(Caps {
            session: (caps.session == 0 || self.in_session(campaign_id) < caps.session).then_some(caps.session)?,
            daily: self.left(caps.daily, is_of_today)?,
            total: self.left(caps.total, is_of_campaign)?,
        })
    }

    fn left(&self, cap: u32, counts: impl Fn(&Display) -> bool) -> Option<u32> {
        if cap == 0 {
            return Some(0);
        }
        let shown = self.displays.iter().filter(|display| counts(display));
        let (mut all, mut elsewhere) = (0, 0);
        for display in shown {
            all += 1;
            elsewhere += u32::from(display.endpoint_id != self.endpoint_id);
        }
        (all < cap).then(|| cap - elsewhere)
    }

    /// How often the message was shown in the endpoint's session that is still going on.
    fn in_session(&self, campaign_id: &str) -> u32 {
        let own = || self.displays.iter().filter(|display| display.endpoint_id == self.endpoint_id);
        let Some(newest) = own().next_back().filter(|newest| newest.session.is_some()) else { return 0 };
        if self.now.duration_since(newest.at) >= SESSION_GOES_ON {
            return 0;
        }
        let in_it = own().filter(|display| display.session == newest.session && names(&display.campaign, campaign_id));
        in_it.fold(0, |count, _| count + 1)
    }
}

/// Whether a client means this campaign: it says what it was given, the campaign's name, a hyphen and its id. The name may have
/// changed since.
fn names(reported: &str, campaign_id: &str) -> bool {
    reported.strip_suffix(campaign_id).is_some_and(|name| name.is_empty() || name.ends_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-03-02T12:00:00Z";

    fn display(endpoint_id: &str, campaign: &str, session: &str, ago_s: i64) -> Display {
        Display {
            endpoint_id: endpoint_id.into(),
            campaign: campaign.into(),
            session: (!session.is_empty()).then(|| session.into()),
            at: NOW.parse::<Timestamp>().unwrap() - SignedDuration::from_secs(ago_s),
        }
    }

    fn left(displays: &[Display], session: u32, daily: u32, total: u32) -> Option<[u32; 3]> {
        let caps = Caps { session, daily, total };
        let left = Shown::new(displays, "phone", NOW.parse().unwrap()).left_of(caps, "c1")?;
        Some([left.session, left.daily, left.total])
    }

    const DAY_S: i64 = 24 * 60 * 60;

    #[test]
    fn what_others_have_shown_is_taken_off_and_what_the_client_counts_is_not() {
        let displays = [
            display("phone", "sale-c1", "s", 2 * DAY_S),
            display("phone", "sale-c1", "s", 60),
            display("tablet", "renamed-c1", "t", 3 * DAY_S),
            display("tablet", "other-c2", "t", 60),
        ];
        assert_eq!(left(&displays, 0, 0, 0), Some([0, 0, 0]), "0 is no limit");
        assert_eq!(left(&displays, 0, 3, 4), Some([0, 2, 3]));
        assert_eq!(left(&displays, 0, 0, 3), None, "three of c1 over all days and endpoints");
        assert_eq!(left(&displays, 0, 2, 0), None, "two of any campaign in a day");
        assert_eq!(left(&displays, 9, 9, 9), Some([9, 8, 8]));
    }

    #[test]
    fn a_session_counts_while_it_goes_on() {
        let seen = display("phone", "sale-c1", "s", 30);
        assert_eq!(left(std::slice::from_ref(&seen), 1, 0, 0), None);
        assert_eq!(left(std::slice::from_ref(&seen), 2, 0, 0), Some([2, 0, 0]), "the client counts on");
        assert_eq!(left(&[display("phone", "sale-c1", "s", 60)], 1, 0, 0), Some([1, 0, 0]), "it is over");
        assert_eq!(left(&[display("tablet", "sale-c1", "s", 30)], 1, 0, 0), Some([1, 0, 0]), "another endpoint's");
        assert_eq!(left(&[display("phone", "sale-c1", "", 30)], 1, 0, 0), Some([1, 0, 0]), "no session is known");
        let began = display("phone", "", "later", 5);
        assert_eq!(left(&[seen, began], 1, 0, 0), Some([1, 0, 0]), "another session began");
        assert_eq!(left(&[display("phone", "", "later", 5)], 0, 1, 0), Some([0, 1, 0]), "that is no display");
    }

    #[test]
    fn campaigns_are_known_by_their_ids() {
        for (reported, expected) in
            [("a-c1", true), ("c1", true), ("a-b-c1", true), ("ac1", false), ("a-c1x", false), ("", false)]
        {
            assert_eq!(names(reported, "c1"), expected, "{reported}");
        }
    }
}
