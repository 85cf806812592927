//! The options and the input that a run depends on: a checkpoint is of one recipe.

use serde::{Deserialize, Serialize};

use super::train_config::{InputMode, TrainConfig};
use crate::error::Result;
use crate::sample::{Draw, Images, PixelFormat};

/// Name and value of everything that has to be the same for a run to be resumed. Not in it: how images come to the
/// network, threads, the checkpoint's path (none changes the weights), and the number of epochs, which may grow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Recipe(Vec<(String, String)>);

impl Recipe {
    /// The recipe of a run that draws `rows` rows an epoch.
    ///
    /// # Errors
    /// As [`Draw::rows`].
    pub fn new(config: &TrainConfig, images: &dyn Images, draw: &Draw, rows: u64) -> Result<Self> {
        // Destructured, so that a new option cannot be forgotten here.
        let TrainConfig {
            epochs: _,
            batch,
            learning_rate,
            schedule,
            sgd,
            format,
            augment,
            seed,
            input_mode: InputMode::Loader | InputMode::Resident,
            threads: _,
            checkpoint: _,
        } = config;
        let method = match draw {
            Draw::Uniform(_) => "uniform".to_owned(),
            Draw::Replacement(_) => "replacement".to_owned(),
            Draw::Walk(_) => "walk".to_owned(),
            Draw::Balanced(_) => "balanced".to_owned(),
            Draw::Weighted(_) => "weighted".to_owned(),
            Draw::WeightedOnce(_) => "weighted once".to_owned(),
            Draw::Listed(rows) => format!("listed {:08x}", fingerprint(rows)),
        };
        let (mean, deviation) = match format {
            PixelFormat::Bytes => ("none".to_owned(), "none".to_owned()),
            PixelFormat::Floats { mean, std } => (format!("{mean:?}"), format!("{std:?}")),
        };
        let augment = match augment {
            Some(augment) => format!("shift {}, mirror {}", augment.shift, augment.mirror),
            None => "none".to_owned(),
        };
        let (channels, height, width) = images.shape();
        let mut options = vec![
            ("images", format!("{channels} x {height} x {width}")),
            ("rows", draw.rows()?.to_string()),
            ("rows an epoch", rows.to_string()),
            ("method", method),
            ("batch", batch.to_string()),
            ("learning rate", learning_rate.to_string()),
            ("schedule", format!("{schedule:?}").to_lowercase()),
            ("momentum", sgd.momentum.to_string()),
            ("weight decay", sgd.weight_decay.to_string()),
            ("nesterov", sgd.nesterov.to_string()),
            ("mean", mean),
            ("deviation", deviation),
            ("augmentation", augment),
            ("seed", seed.to_string()),
        ];
        options.extend(images.identity().map(|identity| ("identity of the file", identity.to_string())));
        Ok(Self(options.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
    }

    /// The options that differ, one by one: `name: value there in the checkpoint, value here now`. None if all agree.
    pub fn differences(&self, now: &Self) -> Option<String> {
        let value = |all: &Self, name: &str| {
            let found = all.0.iter().find(|(own, _)| own == name);
            found.map_or("unknown".to_owned(), |(_, value)| value.clone())
        };
        let only_there = self.0.iter().filter(|(name, _)| now.0.iter().all(|(own, _)| own != name));
        let differences: Vec<String> = now
            .0
            .iter()
            .chain(only_there)
            .map(|(name, _)| (name, value(self, name), value(now, name)))
            .filter(|(_, there, here)| there != here)
            .map(|(name, there, here)| format!("{name}: {there} in the checkpoint, {here} now"))
            .collect();
        (!differences.is_empty()).then(|| differences.join("; "))
    }
}

/// CRC-32 of row numbers.
fn fingerprint(rows: &[u64]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    rows.iter().for_each(|row| crc.update(&row.to_le_bytes()));
    crc.finalize()
}
