//! The facts, for machines.

use super::{Facts, name};
use gede::read::{ByteSource, FilePart};
use gede::write::TargetKind;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

impl<S: ByteSource> Facts<'_, S> {
    pub fn json(&self) -> Value {
        let (reader, account) = (self.reader, &self.account);
        let columns = self.schema.fields().iter().zip(&self.columns.columns).map(|(field, bits)| {
            json!({
                "name": field.name(),
                "type": field.data_type().to_string(),
                "nullable": field.is_nullable(),
                "bytes": {
                    "deviations": bits.deviations.div_ceil(8) as u64,
                    "bases": bits.bases.div_ceil(8) as u64,
                    "minima": bits.minima.div_ceil(8) as u64,
                    "images": bits.images.div_ceil(8) as u64,
                },
            })
        });
        let groups = self.columns.groups.iter().map(|(columns, bits)| {
            let names = columns.iter().filter_map(|&c| self.schema.fields().get(c)).map(|f| f.name());
            json!({
                "columns": names.collect::<Vec<_>>(),
                "blocks": bits.blocks,
                "bases": bits.bases,
                "id_bytes": bits.ids.div_ceil(8) as u64,
            })
        });
        let parts = account.parts.iter().map(|(part, n)| (key(*part), json!(n)));
        let classes = reader.classes().map(|(node, classes)| {
            let column = reader.schema().nodes().get(node).map_or("", |n| n.name.as_str());
            json!({ "column": column, "classes": classes })
        });
        let condensed = self.condensed.as_ref().map(|c| {
            let target = c.target.as_ref().map(|(name, kind)| {
                let kind = if *kind == TargetKind::Class { "class" } else { "value" };
                json!({ "column": name, "kind": kind, "labels": c.labels })
            });
            json!({
                "samples": c.samples,
                "beta": c.beta,
                "stored": c.stored,
                "features": c.features,
                "target": target,
            })
        });
        let moments = self.moments.as_ref().map(|m| {
            json!({
                "columns": m.columns,
                "target": m.target,
                "exact": m.moments.is_exact(),
                "rows": m.moments.count(),
                "rows_left_out": m.moments.left_out(),
            })
        });
        let statistics = self.statistics.iter().map(|(column, own)| {
            json!({
                "column": column,
                "least": self.shown(column, own.least.as_ref()),
                "greatest": self.shown(column, own.greatest.as_ref()),
                "cut": own.is_cut,
                "nulls": own.nulls,
                "nans": own.nans,
                "distinct": own.distinct,
                "sum": own.sum.as_ref().map(ToString::to_string),
            })
        });
        let image_errors = self.image_errors.iter().map(|(column, errors)| {
            let psnr = Some(errors.psnr()).filter(|p| p.is_finite());
            json!({ "column": column, "largest": errors.largest, "psnr_db": psnr })
        });
        let (major, minor) = reader.version();
        json!({
            "version": format!("{major}.{minor}"),
            "created_by": reader.created_by(),
            "identity": reader.identity().to_string(),
            "metadata": self.metadata,
            "schema_metadata": self.schema.metadata().iter().collect::<BTreeMap<_, _>>(),
            "rows": reader.rows(),
            "parts": reader.parts(),
            "segments": reader.segments(),
            "columns": columns.collect::<Vec<_>>(),
            "storage_groups": self.together(),
            "code_groups": groups.collect::<Vec<_>>(),
            "features": reader.features().collect::<Vec<_>>(),
            "file_length": account.file_length,
            "bytes": parts.collect::<Map<_, _>>(),
            "raw": self.raw.map(|raw| json!({ "bytes": raw.bytes, "what": raw.what })),
            "bit_packing_only": account.plain_length,
            "equation_1": account.paper_bytes,
            "gain_of_bases_points": self.gain(),
            "image_errors": image_errors.collect::<Vec<_>>(),
            "bases": account.bases,
            "bits_per_row": { "before": account.bits_per_row.0, "after": account.bits_per_row.1 },
            "classes": classes,
            "condensed": condensed,
            "moments": moments,
            "statistics": statistics.collect::<Vec<_>>(),
        })
    }
}

fn key(part: FilePart) -> String {
    name(part).replace(", ", "_").replace(' ', "_")
}
