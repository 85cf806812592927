//! Values to unsigned integers of few bits and back, bit for bit (spec, chapter 4.1).

use crate::format::schema::Kind;

/// Powers of ten that an f64 holds exactly.
pub(crate) const POW10: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// Values looked at before anything is tried on all of them.
pub(crate) const SAMPLE: usize = 1024;

/// Largest magnitude of a decimal's integer.
pub(crate) const MAX_DECIMAL: i64 = 1 << 53;

/// How raw bits of up to 64 bits map to unsigned integers that sort as the values do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Raw bits sort already.
    Unsigned,
    /// Flip the bits of this mask: the sign bit.
    Signed(u64),
    /// Flip the sign bit of positive values, all bits (the second mask) of negative ones.
    Float(u64, u64),
}

impl Order {
    /// The order of values of a kind and width.
    pub fn of(kind: Kind, bits: u16) -> Self {
        let top = 1u64 << (bits.clamp(1, 64) - 1);
        match kind {
            Kind::Signed | Kind::Decimal => Order::Signed(top),
            Kind::Float => Order::Float(top, top | (top - 1)),
            _ => Order::Unsigned,
        }
    }

    /// Raw bits to their place in order.
    #[inline(always)]
    pub fn ordered(self, raw: u64) -> u64 {
        match self {
            Order::Unsigned => raw,
            Order::Signed(top) => raw ^ top,
            Order::Float(top, all) => raw ^ if raw & top == 0 { top } else { all },
        }
    }

    /// The inverse of `ordered`.
    #[inline(always)]
    pub fn raw(self, ordered: u64) -> u64 {
        match self {
            Order::Unsigned => ordered,
            Order::Signed(top) => ordered ^ top,
            Order::Float(top, all) => ordered ^ if ordered & top != 0 { top } else { all },
        }
    }
}

/// Floats as f64, and back to their declared width.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Float {
    F16,
    F32,
    F64,
}

impl Float {
    /// The float type of a width.
    pub fn of(bits: u16) -> Self {
        match bits {
            16 => Float::F16,
            32 => Float::F32,
            _ => Float::F64,
        }
    }

    /// The value of raw bits.
    #[inline(always)]
    pub fn value(self, raw: u64) -> f64 {
        match self {
            Float::F16 => half::f16::from_bits(raw as u16).to_f64(),
            Float::F32 => f64::from(f32::from_bits(raw as u32)),
            Float::F64 => f64::from_bits(raw),
        }
    }

    /// The raw bits of a value, rounded to nearest, ties to even.
    #[inline(always)]
    pub fn raw(self, value: f64) -> u64 {
        match self {
            Float::F16 => u64::from(half_bits(value)),
            Float::F32 => u64::from((value as f32).to_bits()),
            Float::F64 => value.to_bits(),
        }
    }

    /// The raw bits of a decimal: its integer over its power of ten.
    #[inline(always)]
    pub fn of_decimal(self, q: f64, power: f64) -> u64 {
        self.raw(q / power)
    }

    /// The integer `q` with `q / 10^exponent` equal to the raw bits, if there is one.
    #[inline(always)]
    pub fn decimal(self, raw: u64, exponent: u8) -> Option<i64> {
        let power = POW10.get(usize::from(exponent)).copied()?;
        let scaled = self.value(raw) * power;
        let q = (scaled + 0.5f64.copysign(scaled)) as i64; // saturates, NaN to 0: caught by the comparison
        (q.unsigned_abs() <= MAX_DECIMAL as u64 && self.raw(q as f64 / power) == raw).then_some(q)
    }
}

/// The power of ten of an exponent up to 22.
pub(crate) fn power_of_ten(exponent: u8) -> f64 {
    POW10.get(usize::from(exponent)).copied().unwrap_or(1.0)
}

/// The f16 nearest to an f64, ties to even. `half` rounds twice or drops bits, as the machine has it.
fn half_bits(value: f64) -> u16 {
    let near = value as f32;
    let bits = near.to_bits();
    let exact = f64::from(near) == value || value.is_nan();
    // Rounded to odd, the f32 still tells on which side of a tie the value is.
    let odd = match (exact || bits & 1 == 1, f64::from(near).abs() < value.abs()) {
        (true, _) => bits,
        (false, true) => bits + 1,
        (false, false) => bits - 1,
    };
    half::f16::from_f32(f32::from_bits(odd)).to_bits()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn order_is_kept_and_undone(a: f64, b: f64, c: i32, d: i32) {
            let order = Order::of(Kind::Float, 64);
            prop_assert_eq!(order.raw(order.ordered(a.to_bits())), a.to_bits());
            if let Some(less) = a.partial_cmp(&b).filter(|_| a != b) {
                prop_assert_eq!(order.ordered(a.to_bits()).cmp(&order.ordered(b.to_bits())), less);
            }
            let order = Order::of(Kind::Signed, 32);
            let raw = |x: i32| u64::from(x as u32);
            prop_assert_eq!(order.raw(order.ordered(raw(c))), raw(c));
            prop_assert_eq!(order.ordered(raw(c)).cmp(&order.ordered(raw(d))), c.cmp(&d));
        }

        #[test]
        fn decimals_are_bit_exact(q in -(1i64 << 53)..=1 << 53, exponent in 0u8..=22) {
            let power = power_of_ten(exponent);
            for float in [Float::F16, Float::F32, Float::F64] {
                let raw = float.of_decimal(q as f64, power);
                if let Some(found) = float.decimal(raw, exponent) {
                    prop_assert_eq!(float.of_decimal(found as f64, power), raw);
                }
            }
            if q.abs() < 1 << 50 {
                prop_assert_eq!(Float::F64.decimal(Float::F64.of_decimal(q as f64, power), exponent), Some(q));
            }
        }
    }

    #[test]
    fn halves_are_rounded_once() {
        for low in 0..0x7BFFu16 {
            let value = |bits| half::f16::from_bits(bits).to_f64();
            let middle = (value(low) + value(low + 1)) / 2.0;
            assert_eq!(half_bits(middle.next_down()), low);
            assert_eq!(half_bits(middle), low + low % 2);
            assert_eq!(half_bits(middle.next_up()), low + 1);
            assert_eq!(half_bits(-middle.next_up()), 0x8000 | (low + 1));
            assert_eq!(half_bits(value(low)), low);
        }
        assert_eq!([1e300, -1e300, 65520.0, 65519.99].map(half_bits), [0x7C00, 0xFC00, 0x7C00, 0x7BFF]);
        // Software that drops the lower half of the f64 takes this for a tie.
        assert_eq!(Float::F16.of_decimal(667.0, 1e5), 0x1ED5);
    }

    #[test]
    fn odd_values_are_no_decimals() {
        for value in [f64::NAN, f64::INFINITY, -0.0, 1e300, 0.1 + 0.2] {
            assert!((0..=15).all(|p| Float::F64.decimal(value.to_bits(), p).is_none()), "{value}");
        }
    }
}
