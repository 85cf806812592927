//! Features of the processor. Kernels are compiled for the features that one of these functions asks for, and are called
//! after it alone: a processor, or a machine that hides some of its features, need not have all that came with another.

//!
//! The environment variable `GEDE_SIMD`, read once, allows fewer than the processor has: `avx2` no vectors of 64 bytes, and
//! any other value no kernels but the portable ones. Benches measure by it what other processors would do.

/// What `GEDE_SIMD` allows.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Allowed {
    Portable,
    Avx2,
    All,
}

#[cfg(target_arch = "x86_64")]
impl Allowed {
    fn new(variable: Option<&std::ffi::OsStr>) -> Self {
        match variable {
            None => Self::All,
            Some(value) if value == "avx2" => Self::Avx2,
            Some(_) => Self::Portable,
        }
    }

    fn get() -> Self {
        static ALLOWED: std::sync::OnceLock<Allowed> = std::sync::OnceLock::new();
        *ALLOWED.get_or_init(|| Self::new(std::env::var_os("GEDE_SIMD").as_deref()))
    }
}

/// Features that kernels on bits are compiled for: shifts and masks by any count, deposits, extracts and counts.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_bits() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has_avx2() && has!("bmi1") && has!("bmi2") && has!("popcnt") && has!("lzcnt")
}

/// Features that kernels on vectors of 32 bytes are compiled for.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx2() -> bool {
    Allowed::get() >= Allowed::Avx2 && std::arch::is_x86_feature_detected!("avx2")
}

/// Features that kernels on vectors of 64 bytes are compiled for; kernels on bits, too, also need `has_bits`.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx512() -> bool {
    Allowed::get() == Allowed::All && std::arch::is_x86_feature_detected!("avx512f")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::path::PathBuf;

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_variable_allows_what_it_names() {
        use super::Allowed;
        let allowed = |value: &str| Allowed::new(Some(value.as_ref()));
        assert!(Allowed::new(None) == Allowed::All && allowed("avx2") == Allowed::Avx2);
        assert!(["", "none", "AVX2", "avx512"].into_iter().all(|value| allowed(value) == Allowed::Portable));
    }

    /// The features that `has_bits` asks for; those of the others are one each.
    const BITS: [&str; 5] = ["avx2", "bmi1", "bmi2", "popcnt", "lzcnt"];

    fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => sources(&path, out),
                false => out.extend(path.extension().is_some_and(|e| e == "rs").then_some(path)),
            }
        }
    }

    #[test]
    fn kernels_are_compiled_for_what_is_asked_for_here_alone() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = Vec::new();
        sources(&root, &mut files);
        let mut kernels = 0;
        for path in files.iter().filter(|path| !path.ends_with("src/processor.rs")) {
            let text = std::fs::read_to_string(path).unwrap();
            assert!(!text.contains("is_x86_feature_detected"), "{}", path.display());
            for list in text.split("target_feature(enable = \"").skip(1) {
                let features: BTreeSet<&str> = list.split('"').next().unwrap().split(',').collect();
                let known = |feature: &&str| BITS.contains(feature) || *feature == "avx512f";
                assert!(features.iter().all(known), "{}: {features:?}", path.display());
                kernels += 1;
            }
        }
        assert!(kernels > 10, "{kernels}");
    }
}
