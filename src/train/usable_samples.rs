//! The condensed samples that models are trained on.

use crate::sample::CondensedSamples;

/// Condensed samples without the features that have no mean in any of them, and without the class of nulls.
pub(super) struct UsableSamples {
    pub features: Vec<String>,
    /// Row-major.
    pub means: Vec<f64>,
    /// Name of the target.
    pub target: Option<String>,
    /// The classes, as text.
    pub labels: Vec<String>,
    /// Rows of each class in each cell, row-major; of all rows if the target is no class.
    pub weights: Vec<f64>,
    /// Rows whose target is null, where it is a class.
    pub null_target: u64,
}

impl UsableSamples {
    pub fn new(condensed: &CondensedSamples) -> Self {
        let CondensedSamples { features, target, labels, null_class, samples, .. } = condensed;
        let (d, classes) = (samples.features, samples.classes.max(1));
        let rows = || samples.means.chunks_exact(d.max(1));
        let usable = |&i: &usize| samples.is_empty() || rows().any(|row| row[i].is_finite());
        let kept: Vec<usize> = (0..d).filter(usable).collect();
        let class_kept: Vec<usize> = (0..classes).filter(|&class| Some(class) != *null_class).collect();
        let counts = || samples.weights.chunks_exact(classes);
        Self {
            features: kept.iter().map(|&i| features[i].clone()).collect(),
            means: rows().flat_map(|row| kept.iter().map(|&i| row[i])).collect(),
            target: target.as_ref().map(|(name, _)| name.clone()),
            // Cells without classes have one count each, and no label.
            labels: class_kept.iter().filter_map(|&class| labels.get(class)).cloned().collect(),
            weights: counts().flat_map(|row| class_kept.iter().map(|&class| row[class] as f64)).collect(),
            null_target: null_class.map_or(0, |class| counts().map(|row| row[class]).sum()),
        }
    }
}
