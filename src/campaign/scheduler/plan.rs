//! When each campaign is to be looked at next. Pure.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::Key;

/// Campaigns by the moment of the next look at them; each stands in it once.
#[derive(Debug, Default)]
pub struct Plan {
    by_time: BTreeSet<(Timestamp, Key)>,
    times: HashMap<Key, Timestamp>,
}

impl Plan {
    /// Looks at the campaign at that moment, and not at the one it had.
    pub fn set(&mut self, key: Key, moment: Timestamp) {
        if let Some(earlier) = self.times.insert(key.clone(), moment) {
            self.by_time.remove(&(earlier, key.clone()));
        }
        self.by_time.insert((moment, key));
    }

    /// The moment of the next look.
    pub fn next(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(moment, _)| *moment)
    }

    /// Takes a campaign that is due, with its moment.
    pub fn take_due(&mut self, now: Timestamp) -> Option<(Timestamp, Key)> {
        let due = self.next().is_some_and(|moment| moment <= now);
        let (moment, key) = due.then(|| self.by_time.pop_first()).flatten()?;
        self.times.remove(&key);
        Some((moment, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ApplicationId, CampaignId};

    #[test]
    fn campaigns_come_when_they_are_due_and_once() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let key = |id: &str| (ApplicationId::new("a"), CampaignId::new(id));
        let mut plan = Plan::default();
        assert_eq!((plan.next(), plan.take_due(at(0))), (None, None));
        plan.set(key("late"), at(30));
        plan.set(key("moved"), at(10));
        plan.set(key("early"), at(20));
        plan.set(key("moved"), at(25));
        assert_eq!(plan.next(), Some(at(20)));
        assert_eq!(plan.take_due(at(19)), None);
        assert_eq!(plan.take_due(at(25)), Some((at(20), key("early"))));
        assert_eq!(plan.take_due(at(25)), Some((at(25), key("moved"))));
        assert_eq!(plan.take_due(at(25)), None);
        assert_eq!(plan.next(), Some(at(30)));
    }
}
