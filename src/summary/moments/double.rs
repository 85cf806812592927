//! Double-double arithmetic: a number as the unevaluated sum of two f64, some 106 bits. The same on
//! every machine, since it needs only rounded operations and a fused multiply-add.

/// `hi + lo`, where `lo` is small against `hi`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Double {
    hi: f64,
    lo: f64,
}

/// `a + b` rounded, and what the rounding lost.
fn two_sum(a: f64, b: f64) -> Double {
    let hi = a + b;
    let b_part = hi - a;
    Double { hi, lo: (a - (hi - b_part)) + (b - b_part) }
}

/// `a * b` rounded, and what the rounding lost.
fn two_product(a: f64, b: f64) -> Double {
    let hi = a * b;
    Double { hi, lo: a.mul_add(b, -hi) }
}

impl Double {
    /// The nearest f64.
    pub fn value(self) -> f64 {
        // An overflow leaves no meaning in the lower half.
        if self.hi.is_finite() { self.hi + self.lo } else { self.hi }
    }

    /// `10^exponent`, exact up to `10^44`.
    pub fn power_of_ten(exponent: u32) -> Self {
        let chunk = |exponent: u32| Self::from((0..exponent).fold(1.0, |power, _| power * 10.0));
        let full = (0..exponent / 22).fold(Self::from(1.0), |power, _| power.times(chunk(22)));
        full.times(chunk(exponent % 22))
    }

    /// One more term of a compensated sum: what rounding loses is kept aside.
    pub fn add(&mut self, term: f64) {
        let sum = two_sum(self.hi, term);
        *self = Self { hi: sum.hi, lo: self.lo + sum.lo };
    }

    pub fn plus(self, other: Self) -> Self {
        let (high, low) = (two_sum(self.hi, other.hi), self.lo + other.lo);
        two_sum(high.hi, high.lo + low)
    }

    pub fn minus(self, other: Self) -> Self {
        self.plus(Self { hi: -other.hi, lo: -other.lo })
    }

    pub fn times(self, other: Self) -> Self {
        let product = two_product(self.hi, other.hi);
        two_sum(product.hi, product.lo + (self.hi * other.lo + self.lo * other.hi))
    }

    pub fn over(self, other: Self) -> Self {
        let first = self.hi / other.hi;
        let left = self.minus(other.times(Self::from(first)));
        let second = left.hi / other.hi;
        let third = left.minus(other.times(Self::from(second))).hi / other.hi;
        two_sum(first, second).plus(Self::from(third))
    }
}

impl From<f64> for Double {
    fn from(x: f64) -> Self {
        Self { hi: x, lo: 0.0 }
    }
}

impl From<i128> for Double {
    fn from(x: i128) -> Self {
        let hi = x as f64;
        Self { hi, lo: x.wrapping_sub(hi as i128) as f64 }
    }
}
