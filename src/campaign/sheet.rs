//! The sheet of a batch: what became of each member so far. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::{Fate, Tally};
use crate::store::{self, BatchRow, Held, Stage};

/// What became of each member of a batch so far. A member is open until it is settled, and it is settled once.
#[derive(Debug)]
pub struct Sheet {
    index: u32,
    fates: Vec<Option<Fate>>,
    /// Text, then the places it holds for: a failed hook gives fifty members one reason.
    reasons: BTreeMap<String, Vec<usize>>,
    unknown: u64,
    /// What is kept if somebody is held.
    held: Option<Held>,
}

impl Sheet {
    /// Everybody is open.
    pub fn new(index: u32, members: usize) -> Self {
        Self { index, fates: vec![None; members], reasons: BTreeMap::new(), unknown: 0, held: None }
    }

    /// A batch that was cut off after its intent: those about to be sent to are open again, and marked as unknown.
    ///
    /// Errors: a row that cannot be one of ours.
    pub fn reopen(row: &BatchRow, members: usize) -> Result<Self, store::Error> {
        let damaged = |what: String| store::Error::Damaged { what: format!("batch {}: {what}", row.index) };
        if row.fates.len() != members {
            return Err(damaged(format!("it has {} fates for {members} members", row.fates.len())));
        }
        let mut sheet = Self::new(row.index, members);
        sheet.unknown = row.unknown;
        for (place, &byte) in row.fates.iter().enumerate() {
            match byte {
                BatchRow::OPEN => {}
                BatchRow::TO_SEND => sheet.mark_unknown(place),
                byte => {
                    let fate = Fate::from_byte(byte).ok_or_else(|| damaged(format!("there is no fate {byte}")))?;
                    sheet.fates[place] = Some(fate);
                }
            }
        }
        if let Some(reasons) = &row.reasons {
            sheet.reasons = serde_json::from_str(reasons).map_err(|error| damaged(error.to_string()))?;
        }
        Ok(sheet)
    }

    /// Places without a fate.
    pub fn open(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.fates.len()).filter(|&place| self.fates[place].is_none())
    }

    /// Whether an earlier attempt at this member may or may not have reached it.
    pub fn is_unknown(&self, place: usize) -> bool {
        self.unknown >> place & 1 == 1
    }

    /// Notes that an attempt may or may not have reached the member.
    pub fn mark_unknown(&mut self, place: usize) {
        self.unknown |= 1 << place;
    }

    /// Gives an open member its fate. After an unknown attempt nothing but a success can be told for sure.
    ///
    /// Panics when the member has a fate already: nobody has two.
    pub fn settle(&mut self, place: usize, fate: Fate, reason: Option<String>) {
        assert!(self.fates[place].is_none(), "a member of a batch has one fate");
        let told = if self.is_unknown(place) && fate != Fate::Sent { Fate::Unknown } else { fate };
        self.fates[place] = Some(told);
        let reason =
            if told == fate { reason } else { Some(format!("an earlier attempt may have arrived; then {fate}")) };
        if let Some(reason) = reason {
            self.reasons.entry(reason).or_default().push(place);
        }
    }

    /// Notes what is to be kept of the batch for those whose fate is `HELD`.
    pub fn hold(&mut self, held: Held) {
        self.held = Some(held);
    }

    /// What is to be kept of the batch; `None` if nobody is held. After an unknown attempt nobody is.
    pub fn letter(&self) -> Option<&Held> {
        self.held.as_ref().filter(|_| self.fates.contains(&Some(Fate::Held)))
    }

    /// The fate of a settled member.
    pub fn fate(&self, place: usize) -> Option<Fate> {
        self.fates[place]
    }

    /// The row to write before the first send: everybody still open is about to be sent to.
    pub fn intent(&self, at: Timestamp) -> BatchRow {
        self.row(Stage::Intent, BatchRow::TO_SEND, at)
    }

    /// The row to write when the batch is given back before its end: nobody still open was sent to.
    pub fn given_back(&self, at: Timestamp) -> BatchRow {
        self.row(Stage::Intent, BatchRow::OPEN, at)
    }

    /// Whether everybody has a fate.
    pub fn is_complete(&self) -> bool {
        self.fates.iter().all(Option::is_some)
    }

    /// The row to write at the end. Panics if somebody is open.
    pub fn done(&self, at: Timestamp) -> BatchRow {
        assert!(self.is_complete(), "every member of a batch has a fate at its end");
        self.row(Stage::Done, BatchRow::TO_SEND, at)
    }

    fn row(&self, stage: Stage, open: u8, at: Timestamp) -> BatchRow {
        BatchRow {
            index: self.index,
            stage,
            fates: self.fates.iter().map(|fate| fate.map_or(open, Fate::as_byte)).collect(),
            unknown: self.unknown,
            reasons: (!self.reasons.is_empty())
                .then(|| serde_json::to_string(&self.reasons).expect("places and text are JSON")),
            at,
        }
    }

    /// The fates of the settled members.
    pub fn tally(&self) -> Tally {
        self.fates.iter().flatten().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_off_batch_reopens_those_about_to_be_sent_to() {
        let mut sheet = Sheet::new(3, 4);
        sheet.settle(1, Fate::OptOut, None);
        sheet.settle(2, Fate::RenderFailed, Some("no `Name`".into()));
        let row = sheet.intent(Timestamp::UNIX_EPOCH);
        assert_eq!(row.fates, [0xff, 12, 18, 0xff]);

        let mut again = Sheet::reopen(&row, 4).unwrap();
        assert_eq!(again.open().collect::<Vec<_>>(), [0, 3]);
        assert!(again.is_unknown(0) && !again.is_unknown(1) && again.is_unknown(3));
        again.settle(0, Fate::Sent, None);
        again.settle(3, Fate::QuietTime, None);
        let row = again.done(Timestamp::UNIX_EPOCH);
        assert_eq!(row.fates, [Fate::Sent as u8, 12, 18, Fate::Unknown as u8]);
        assert_eq!(row.unknown, 0b1001);
        assert!(row.reasons.unwrap().contains("QUIET_TIME"));
    }

    #[test]
    fn a_batch_given_back_reopens_as_if_nothing_had_happened() {
        let mut sheet = Sheet::new(0, 3);
        sheet.settle(0, Fate::Sent, None);
        sheet.mark_unknown(2);
        let row = sheet.given_back(Timestamp::UNIX_EPOCH);
        assert_eq!(row.fates, [Fate::Sent as u8, 0, 0]);
        let again = Sheet::reopen(&row, 3).unwrap();
        assert_eq!(again.open().collect::<Vec<_>>(), [1, 2]);
        assert!(!again.is_unknown(1) && again.is_unknown(2));
    }

    #[test]
    fn a_letter_is_kept_for_those_who_are_held() {
        let held = Held { function: "f".into(), error: "x".into(), attempts: Vec::new(), request: bytes::Bytes::new() };
        let mut sheet = Sheet::new(0, 2);
        sheet.mark_unknown(0);
        sheet.settle(0, Fate::Held, None);
        sheet.hold(held.clone());
        assert_eq!(sheet.letter(), None, "an earlier attempt may have reached this one");
        sheet.settle(1, Fate::Held, None);
        assert_eq!(sheet.letter(), Some(&held));
        assert_eq!(sheet.done(Timestamp::UNIX_EPOCH).fates, [Fate::Unknown as u8, Fate::Held as u8]);
    }

    #[test]
    fn rows_that_cannot_be_ours_are_refused() {
        let row = Sheet::new(0, 2).intent(Timestamp::UNIX_EPOCH);
        assert!(Sheet::reopen(&row, 3).is_err());
        assert!(Sheet::reopen(&BatchRow { fates: vec![99, 1], ..row }, 2).is_err());
    }

    #[test]
    #[should_panic(expected = "one fate")]
    fn nobody_has_two_fates() {
        let mut sheet = Sheet::new(0, 1);
        sheet.settle(0, Fate::Sent, None);
        sheet.settle(0, Fate::Sent, None);
    }

    #[test]
    #[should_panic(expected = "has a fate at its end")]
    fn nobody_is_left_out() {
        Sheet::new(0, 1).done(Timestamp::UNIX_EPOCH);
    }
}
