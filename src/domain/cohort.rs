//! Cohorts: who is held out and who gets which treatment.

use xxhash_rust::xxh3::xxh3_64;

/// One of a hundred equal shares of an application's endpoints, `0..100`.
///
/// Derived from the ids alone, so that it never changes and needs no storage.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cohort(u8);

impl Cohort {
    /// The cohort of an endpoint.
    pub fn of(application_id: &str, endpoint_id: &str) -> Self {
        let mut key = Vec::with_capacity(application_id.len() + endpoint_id.len() + 1);
        key.extend_from_slice(application_id.as_bytes());
        key.push(0);
        key.extend_from_slice(endpoint_id.as_bytes());
        Self((xxh3_64(&key) % 100) as u8)
    }

    /// The number, `0..100`.
    pub fn number(self) -> u8 {
        self.0
    }
}

/// What a campaign does with a cohort.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Share {
    /// The cohort gets no message.
    HeldOut,
    /// The cohort gets the treatment at this place: 0 is the default one, then the additional ones in their order.
    Treatment(usize),
}

/// How a campaign divides the hundred cohorts.
///
/// The cohorts are rotated by the campaign's id, so that it is not always the same people who are held out. First come
/// the held-out ones, then the additional treatments in order; the default treatment takes the rest.
#[derive(Clone, Debug)]
pub struct Allotment {
    offset: u8,
    holdout_percent: u8,
    treatment_percents: Vec<u8>,
}

impl Allotment {
    /// Shape: `treatment_percents` are those of the additional treatments.
    /// Errors: `None` when the shares make up more than a hundred percent.
    pub fn new(campaign_id: &str, holdout_percent: u8, treatment_percents: Vec<u8>) -> Option<Self> {
        let sum = u32::from(holdout_percent) + treatment_percents.iter().map(|&p| u32::from(p)).sum::<u32>();
        (sum <= 100).then(|| Self {
            offset: (xxh3_64(campaign_id.as_bytes()) % 100) as u8,
            holdout_percent,
            treatment_percents,
        })
    }

    /// Where this cohort stands once all are rotated, `0..100`.
    pub fn place(&self, cohort: Cohort) -> u8 {
        (cohort.0 + self.offset) % 100
    }

    /// What this cohort gets.
    pub fn share(&self, cohort: Cohort) -> Share {
        let mut place = self.place(cohort);
        if place < self.holdout_percent {
            return Share::HeldOut;
        }
        place -= self.holdout_percent;
        for (i, &percent) in self.treatment_percents.iter().enumerate() {
            if place < percent {
                return Share::Treatment(i + 1);
            }
            place -= percent;
        }
        Share::Treatment(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact_over_the_hundred_cohorts() {
        let allotment = Allotment::new("some-campaign", 10, vec![20, 30]).unwrap();
        let mut counts = [0; 4];
        for number in 0..100 {
            match allotment.share(Cohort(number)) {
                Share::HeldOut => counts[3] += 1,
                Share::Treatment(i) => counts[i] += 1,
            }
        }
        assert_eq!(counts, [40, 20, 30, 10]);
    }

    #[test]
    fn more_than_everyone_cannot_be_shared_out() {
        assert!(Allotment::new("c", 50, vec![51]).is_none());
        assert!(Allotment::new("c", 50, vec![50]).is_some());
    }

    #[test]
    fn cohorts_are_stable_and_about_even() {
        assert_eq!(Cohort::of("app", "endpoint"), Cohort::of("app", "endpoint"));
        let mut counts = [0u32; 100];
        for i in 0..100_000 {
            counts[usize::from(Cohort::of("app", &format!("endpoint-{i}")).number())] += 1;
        }
        assert!(counts.iter().all(|&n| (800..1200).contains(&n)), "{counts:?}");
    }
}
