//! What a condition may be of some rows: true, false or unknown.

/// The outcomes that a condition may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcomes {
    pub may_be_true: bool,
    pub may_be_false: bool,
    pub may_be_unknown: bool,
}

/// Whether rows pass a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    All,
    None,
    /// Some may, and some may not.
    Look,
}

impl Outcomes {
    /// Any outcome.
    pub const ANY: Self = Self { may_be_true: true, may_be_false: true, may_be_unknown: true };

    /// What they say of all rows.
    pub fn decision(self) -> Decision {
        match (self.may_be_true, self.may_be_false || self.may_be_unknown) {
            (false, _) => Decision::None,
            (true, false) => Decision::All,
            (true, true) => Decision::Look,
        }
    }

    /// Those of the opposite.
    pub fn negated(self) -> Self {
        Self { may_be_true: self.may_be_false, may_be_false: self.may_be_true, ..self }
    }

    /// Those of both of two conditions.
    pub fn and(self, other: Self) -> Self {
        let is_other_possible = self.may_be_true || self.may_be_unknown;
        let is_own_possible = other.may_be_true || other.may_be_unknown;
        Self {
            may_be_true: self.may_be_true && other.may_be_true,
            may_be_false: self.may_be_false || other.may_be_false,
            may_be_unknown: self.may_be_unknown && is_own_possible
                || other.may_be_unknown && is_other_possible,
        }
    }

    /// Those of either of two conditions.
    pub fn or(self, other: Self) -> Self {
        self.negated().and(other.negated()).negated()
    }
}
