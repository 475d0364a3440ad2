//! Segment groups: how sets of endpoints combine.

use roaring::RoaringBitmap;

use super::Predicate;

/// How sets combine: `ALL`, `ANY` or `NONE` of the API.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Combine {
    #[default]
    All,
    Any,
    None,
}

/// A segment a group starts from; the latest version if none is given.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    pub id: String,
    pub version: Option<u32>,
}

/// One group of a segment: the endpoints of its sources that match its dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub sources: Vec<Source>,
    pub source_type: Combine,
    pub predicates: Vec<Predicate>,
    pub combine: Combine,
}

impl Combine {
    /// The endpoints that are in all, in any or in none of the sets; without sets there is no restriction.
    pub fn apply<'a>(
        self,
        everyone: &RoaringBitmap,
        sets: impl IntoIterator<Item = &'a RoaringBitmap>,
    ) -> RoaringBitmap {
        let mut sets = sets.into_iter();
        let Some(first) = sets.next() else {
            return everyone.clone();
        };
        let first = first.clone();
        match self {
            Self::All => sets.fold(first, |all, set| all & set),
            Self::Any => sets.fold(first, |any, set| any | set),
            Self::None => everyone - sets.fold(first, |any, set| any | set),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_combine_in_three_ways() {
        let everyone: RoaringBitmap = (0..6).collect();
        let sets: [RoaringBitmap; 2] = [[0, 1, 2].into(), [2, 3].into()];
        let cases: [(Combine, &[u32]); 3] =
            [(Combine::All, &[2]), (Combine::Any, &[0, 1, 2, 3]), (Combine::None, &[4, 5])];
        for (combine, expected) in cases {
            let combined: Vec<u32> = combine.apply(&everyone, &sets).into_iter().collect();
            assert_eq!(combined, expected, "{combine:?}");
            assert_eq!(combine.apply(&everyone, []), everyone, "{combine:?} of nothing is no restriction");
        }
    }
}
