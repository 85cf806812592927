//! Eight 32-bit integers at a time, modulo 2^32: in an array, or in a register of AVX2.

/// Integers of a vector.
pub const LANES: usize = 8;

/// A vector of `LANES` integers.
///
/// A vector can be made only with a proof that the processor has its instructions; so the methods of a vector that is
/// there are safe. Proofs have no size, and cost nothing.
pub trait Lanes: Copy {
    /// The proof that the processor has the instructions.
    type Proof: Copy;

    /// The integers from `from` on.
    ///
    /// # Safety
    /// They are readable.
    unsafe fn load(proof: Self::Proof, from: *const i32) -> Self;

    /// Writes the integers from `to` on.
    ///
    /// # Safety
    /// They are writable.
    unsafe fn store(self, to: *mut i32);

    /// The same integer everywhere.
    fn splat(proof: Self::Proof, value: i32) -> Self;

    /// The sums.
    fn plus(self, other: Self) -> Self;

    /// The differences.
    fn minus(self, other: Self) -> Self;

    /// The products.
    fn times(self, other: Self) -> Self;

    /// The integers backwards.
    fn reversed(self) -> Self;
}

/// Lanes for any processor.
#[derive(Clone, Copy)]
pub struct Portable([i32; LANES]);

impl Portable {
    #[inline(always)]
    fn with(mut self, other: Self, operation: impl Fn(i32, i32) -> i32) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a = operation(*a, b));
        self
    }
}

impl Lanes for Portable {
    type Proof = ();

    #[inline(always)]
    unsafe fn load((): (), from: *const i32) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { from.cast::<[i32; LANES]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[i32; LANES]>().write(self.0) }
    }

    #[inline(always)]
    fn splat((): (), value: i32) -> Self {
        Self([value; LANES])
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.with(other, i32::wrapping_add)
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.with(other, i32::wrapping_sub)
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self.with(other, i32::wrapping_mul)
    }

    #[inline(always)]
    fn reversed(mut self) -> Self {
        self.0.reverse();
        self
    }
}

#[cfg(target_arch = "x86_64")]
pub use avx2::{Avx2, HasAvx2};

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::Lanes;

    /// Lanes for processors with AVX2.
    #[derive(Clone, Copy)]
    pub struct Avx2(__m256i);

    /// The proof that the processor has AVX2.
    #[derive(Clone, Copy)]
    pub struct HasAvx2(());

    impl HasAvx2 {
        /// Asks the processor.
        pub fn detect() -> Option<Self> {
            crate::processor::has_avx2().then_some(Self(()))
        }
    }

    impl Lanes for Avx2 {
        type Proof = HasAvx2;

        #[inline(always)]
        unsafe fn load(_: HasAvx2, from: *const i32) -> Self {
            // SAFETY: the proof, and the caller's promise of the pointer.
            Self(unsafe { _mm256_loadu_si256(from.cast()) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut i32) {
            // SAFETY: a vector is there, so the processor has AVX2; the pointer is the caller's promise.
            unsafe { _mm256_storeu_si256(to.cast(), self.0) }
        }

        #[inline(always)]
        fn splat(_: HasAvx2, value: i32) -> Self {
            // SAFETY: the proof.
            Self(unsafe { _mm256_set1_epi32(value) })
        }

        #[inline(always)]
        fn plus(self, other: Self) -> Self {
            // SAFETY: vectors are there, so the processor has AVX2.
            Self(unsafe { _mm256_add_epi32(self.0, other.0) })
        }

        #[inline(always)]
        fn minus(self, other: Self) -> Self {
            // SAFETY: as for the sums.
            Self(unsafe { _mm256_sub_epi32(self.0, other.0) })
        }

        #[inline(always)]
        fn times(self, other: Self) -> Self {
            // SAFETY: as for the sums.
            Self(unsafe { _mm256_mullo_epi32(self.0, other.0) })
        }

        #[inline(always)]
        fn reversed(self) -> Self {
            // SAFETY: as for the sums.
            Self(unsafe { _mm256_permutevar8x32_epi32(self.0, _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0)) })
        }
    }
}
