//! Attribute names of an application, and where they are in use.

use foldhash::HashMap;

use super::AttributeGroup;

/// All attribute names of an application.
pub type Names = HashMap<String, Groups>;

/// The groups a name is in use in, and those it is being removed from.
///
/// While a name leaves a group, some endpoints still have it there; a write that brings it again ends that.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Groups(u8);

impl Groups {
    /// Groups as [`bits`](Self::bits) gave them.
    pub fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// Bits to be stored: three for use, and above them three for leaving.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether the name is in use there and stays.
    pub fn is_in_use(self, group: AttributeGroup) -> bool {
        self.0 & bit(group) != 0
    }

    /// Whether the name is being removed from there.
    pub fn is_leaving(self, group: AttributeGroup) -> bool {
        self.0 & leaving_bit(group) != 0
    }

    /// Whether endpoints may have the name there.
    pub fn may_hold(self, group: AttributeGroup) -> bool {
        self.is_in_use(group) || self.is_leaving(group)
    }

    /// Whether the name is nowhere, and so is none any more.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// An endpoint gets the name.
    pub fn enter(&mut self, group: AttributeGroup) {
        self.0 = self.0 & !leaving_bit(group) | bit(group);
    }

    /// Removal begins.
    pub fn leave(&mut self, group: AttributeGroup) {
        self.0 = self.0 & !bit(group) | leaving_bit(group);
    }

    /// Removal is over; changes nothing if the name came back meanwhile.
    pub fn left(&mut self, group: AttributeGroup) {
        self.0 &= !leaving_bit(group);
    }
}

fn bit(group: AttributeGroup) -> u8 {
    match group {
        AttributeGroup::Endpoint => 1,
        AttributeGroup::Metric => 2,
        AttributeGroup::User => 4,
    }
}

fn leaving_bit(group: AttributeGroup) -> u8 {
    bit(group) << 3
}
