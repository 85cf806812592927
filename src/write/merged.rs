//! Condensed samples and moments of several files in one, without their rows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::files::byte_source::ByteSource;
use crate::files::file_system::FileSystem;
use crate::format::key_values;
use crate::format::schema::{Node, Schema};
use crate::format::sections::SectionKind;
use crate::read::reader::Reader;
use crate::summary::SUMMARIES;
use crate::summary::cells::condensed::Condensed;
use crate::summary::cells::plan::CellPlan;
use crate::summary::cells::section::{CellTarget, CellsSection, MAX_CELLS};
use crate::write::blocks::Blocks;
use crate::write::condensed_table::condensed_table;
use crate::write::file::{FileWriter, SampleTable};
use crate::write::options::Options;
use crate::write::report::Report;

/// Writes a file of the condensed samples, weights and moments of gede files with the same columns, and of none of their
/// rows: what a site can hand out of its data. Samples are those of the files one after the other; moments add up, to what
/// those of all rows in one file are. The file appears whole or not at all.
///
/// # Errors
/// `Argument` for no files, for more than 2^21 samples and for a file that exists; `Input` for a file without condensed
/// samples; `Type` for one with other columns, features or target than the first; `Corrupt` and `Io`.
pub fn merge_condensed<P: AsRef<Path>>(
    file_system: &dyn FileSystem,
    path: &Path,
    files: &[P],
    overwrite: bool,
) -> Result<Report> {
    let mut merged: Option<Merged> = None;
    for file in files {
        let file = file.as_ref();
        let own = Reader::open(file).and_then(|reader| Merged::new(&reader));
        let added = own.and_then(|own| match merged.take() {
            None => Ok(own),
            Some(merged) => merged.and(own, file),
        });
        merged = Some(added.map_err(|e| e.at(file.display()))?);
    }
    let merged = merged.ok_or_else(|| Error::argument("no files to merge"))?;
    merged.write(FileWriter::create(file_system, path, overwrite)?)
}

/// The bytes of summaries, as `SUMMARIES` lists them; none if a file lacks one, or those of two do not add up.
pub(crate) type Sections = [Option<Vec<u8>>; SUMMARIES.len()];

/// Those of a file.
pub(crate) fn sections_of<S: ByteSource>(reader: &Reader<S>) -> Result<Sections> {
    let mut sections = Sections::default();
    for (own, kind) in sections.iter_mut().zip(&SUMMARIES) {
        *own = reader.bulk_section(kind.section)?;
    }
    Ok(sections)
}

/// Adds those of more rows, which `file` names, and says what is left out.
pub(crate) fn add_sections(
    own: &mut Sections,
    others: &Sections,
    schema: &Schema,
    file: &str,
) -> Result<Vec<String>> {
    let mut left_out = Vec::new();
    for ((own, other), kind) in own.iter_mut().zip(others).zip(&SUMMARIES) {
        let name = kind.feature.name;
        let (merged, why) = match (own.as_deref(), other.as_deref()) {
            (Some(own), Some(other)) => {
                let merged = (kind.merge)(own, other, schema)?;
                let why =
                    merged.is_none().then(|| format!("{name} are left out: those of {file} do not add up"));
                (merged, why)
            }
            (Some(_), None) => (None, Some(format!("{name} are left out: {file} has none"))),
            (None, Some(_)) => {
                (None, Some(format!("{name} of {file} are left out: files before it have none")))
            }
            (None, None) => (None, None),
        };
        *own = merged;
        left_out.extend(why);
    }
    Ok(left_out)
}

/// Writes them.
pub(crate) fn write_sections(out: &mut FileWriter, sections: &Sections) -> Result<()> {
    for (bytes, kind) in sections.iter().zip(&SUMMARIES) {
        if let Some(bytes) = bytes {
            out.section(kind.section, bytes)?;
            out.feature(kind.feature);
        }
    }
    Ok(())
}

/// Contents of one or several files.
pub(crate) struct Merged {
    schema: Schema,
    arrow_schema: Option<Vec<u8>>,
    /// Key-values that all files have.
    metadata: BTreeMap<String, String>,
    cells: CellsSection,
    samples: Condensed,
    summaries: Sections,
    /// The parts that some files have, and why the merged one has not.
    left_out: Vec<String>,
}

impl Merged {
    /// Those of a file.
    ///
    /// # Errors
    /// `Input` for a file without condensed samples; `Corrupt`.
    pub fn new<S: ByteSource>(reader: &Reader<S>) -> Result<Self> {
        let none = || {
            Error::new(ErrorKind::Input, "has no condensed samples; convert with --target or --max-condensed")
        };
        let (cells, samples) = (reader.cells()?.ok_or_else(none)?, reader.condensed()?.ok_or_else(none)?);
        let mut schema = reader.schema().clone();
        schema.forget_dictionaries();
        // They fit the cells, which their section alone does not show.
        reader.cell_covariances()?;
        let summaries = sections_of(reader)?;
        let arrow_schema = reader.arrow_schema().map(<[u8]>::to_vec);
        let samples = samples.samples;
        let metadata = reader.metadata()?;
        Ok(Self { schema, arrow_schema, metadata, cells, samples, summaries, left_out: Vec::new() })
    }

    /// Those of rows that are in no file yet.
    pub fn of_rows(schema: &Schema, cells: CellsSection, samples: Condensed, summaries: Sections) -> Self {
        let (schema, metadata) = (schema.clone(), BTreeMap::new());
        Self { schema, arrow_schema: None, metadata, cells, samples, summaries, left_out: Vec::new() }
    }

    /// The same without key-values.
    pub fn without_metadata(self) -> Self {
        Self { metadata: BTreeMap::new(), ..self }
    }

    /// The summaries, and what is left out of them.
    pub fn into_summaries(self) -> (Sections, Vec<String>) {
        (self.summaries, self.left_out)
    }

    /// Appends the samples of another file and adds its moments.
    ///
    /// # Errors
    /// `Type` for other columns, features or another target; `Argument` for too many samples.
    pub fn and(mut self, other: Self, file: &Path) -> Result<Self> {
        let refuse = |what: String| Err(Error::new(ErrorKind::Type, what));
        if let Some(difference) = difference(self.schema.nodes(), other.schema.nodes()) {
            return refuse(difference);
        }
        let name = |node: u32| self.schema.nodes().get(node as usize).map_or("", |n| n.name.as_str());
        let features = |cells: &CellsSection| -> Vec<&str> {
            cells.features.iter().map(|f| name(f.node.get())).collect()
        };
        let (own, others) = (features(&self.cells), features(&other.cells));
        if own != others {
            let [own, others] = [own, others].map(|names| names.join(", "));
            return refuse(format!(
                "has condensed samples of the features {others} where the first file has those of {own}; convert it with \
                 the same --target and --exclude"
            ));
        }
        if self.cells.target != other.cells.target {
            let target = |cells: &CellsSection| match cells.target {
                CellTarget::None => "no target".to_owned(),
                CellTarget::Value(node) => format!("the target {}:value", name(node)),
                CellTarget::Class(node) => format!("the target {}:class", name(node)),
            };
            let (own, others) = (target(&self.cells), target(&other.cells));
            return refuse(format!(
                "has {others} where the first file has {own}; convert it with the same --target"
            ));
        }
        let has_values = [&self.samples, &other.samples].map(features_with_values);
        for (i, (own, other)) in self.cells.features.iter_mut().zip(&other.cells.features).enumerate() {
            match has_values.each_ref().map(|with| with[i]) {
                [_, false] => continue,
                [false, true] => (own.lo, own.hi) = (other.lo, other.hi),
                [true, true] => {}
            }
            own.lo = own.lo.get().min(other.lo.get()).into();
            own.hi = own.hi.get().max(other.hi.get()).into();
        }
        // The cells of all files together were cut by no bits of their own.
        self.cells.bits.clear();
        self.add_samples(other.samples, &other.cells.labels);
        self.cells.cells = self.samples.len() as u64;
        if self.cells.cells > MAX_CELLS {
            return Err(Error::argument(format!(
                "more than {MAX_CELLS} condensed samples in one file; convert the files with a smaller --max-condensed"
            )));
        }
        self.keep_common(&other.metadata);
        let file = file.display().to_string();
        self.left_out.extend(add_sections(&mut self.summaries, &other.summaries, &self.schema, &file)?);
        Ok(self)
    }

    /// Keeps the key-values that `others` has, too.
    fn keep_common(&mut self, others: &BTreeMap<String, String>) {
        let all = self.metadata.keys().chain(others.keys());
        let differs = |key: &&String| self.metadata.get(*key) != others.get(*key);
        let keys: BTreeSet<String> = all.filter(differs).cloned().collect();
        self.metadata.retain(|key, _| !keys.contains(key));
        let note =
            |key| format!("the key-value \"{key}\" is left out: not all files have it, with one value");
        self.left_out.extend(keys.into_iter().map(note));
    }

    /// Appends the samples of `other`. Weights of a class target go to equal labels; new labels follow the others.
    fn add_samples(&mut self, other: Condensed, labels: &[Option<Vec<u8>>]) {
        let own = &mut self.samples;
        if own.classes > 0 {
            let mut places = Vec::with_capacity(labels.len());
            for label in labels {
                let place = self.cells.labels.iter().position(|own| own == label);
                places.push(place.unwrap_or(self.cells.labels.len()));
                if place.is_none() {
                    self.cells.labels.push(label.clone());
                }
            }
            let classes = self.cells.labels.len();
            let wide = |weights: &[u64], from: usize, places: &[usize]| -> Vec<u64> {
                let mut wide = vec![0; weights.len() / from.max(1) * classes];
                for (wide, weights) in wide.chunks_exact_mut(classes).zip(weights.chunks_exact(from.max(1))) {
                    for (&place, weight) in places.iter().zip(weights) {
                        wide[place] = *weight;
                    }
                }
                wide
            };
            let before: Vec<usize> = (0..own.classes).collect();
            own.weights = wide(&own.weights, own.classes, &before);
            own.weights.extend(wide(&other.weights, other.classes, &places));
            own.classes = classes;
        } else {
            own.weights.extend(other.weights);
        }
        own.means.extend(other.means);
        if let (Some(own), Some(other)) = (&mut own.target, other.target) {
            own.extend(other);
        }
    }

    /// Writes the samples as a table.
    ///
    /// # Errors
    /// `Io`.
    pub fn write_samples(&mut self, out: &mut FileWriter) -> Result<SampleTable> {
        self.cells.stored = true;
        let schema = CellPlan::from_section(&self.schema, &self.cells)?.condensed_schema(&self.schema)?;
        let (m, d, classes) = (self.samples.len(), self.samples.features, self.samples.classes.max(1));
        let part = |range: std::ops::Range<usize>| {
            Ok(Condensed {
                features: d,
                means: slice(&self.samples.means, range.start * d..range.end * d),
                target: self.samples.target.as_ref().map(|target| slice(target, range.clone())),
                weights: slice(&self.samples.weights, range.start * classes..range.end * classes),
                classes: self.samples.classes,
            })
        };
        let blocks = condensed_table(out, &schema, &Options::default(), m, &part)?;
        Ok(SampleTable { schema, blocks, cells: self.cells.clone() })
    }

    fn write(mut self, mut out: FileWriter) -> Result<Report> {
        out.end_rows();
        let samples = self.write_samples(&mut out)?;
        out.tables(&self.schema, &Blocks::new(&self.schema), Some(&samples), Vec::new())?;
        write_sections(&mut out, &self.summaries)?;
        let mut metadata = Vec::from_iter(self.arrow_schema.map(|bytes| (SectionKind::ARROW_SCHEMA, bytes)));
        metadata.push((SectionKind::KEY_VALUES, key_values::to_bytes(&self.metadata)?));
        let file_length = out.finish(&metadata)?;
        let (beta, cells, left_out) = (samples.cells.bits.len(), samples.cells.cells, self.left_out);
        Ok(Report { file_length, beta, cells, left_out, ..Report::default() })
    }
}

/// Which features have a finite value in any row: the extents of others say nothing.
fn features_with_values(samples: &Condensed) -> Vec<bool> {
    let has_values = |feature: usize| {
        samples.means.iter().skip(feature).step_by(samples.features.max(1)).any(|mean| !mean.is_nan())
    };
    (0..samples.features).map(has_values).collect()
}

/// The first difference between the columns of a file and those of the first.
pub(crate) fn difference(first: &[Node], own: &[Node]) -> Option<String> {
    let stored = |n: &Node| (n.parent, n.kind, n.bits, n.scale, n.unit);
    if let Some(missing) = first.iter().find(|n| !own.iter().any(|other| other.name == n.name)) {
        return Some(format!("lacks the column \"{}\", which the first file has", missing.name));
    }
    if let Some(more) = own.iter().find(|n| !first.iter().any(|other| other.name == n.name)) {
        return Some(format!("has a column \"{}\", which the first file lacks", more.name));
    }
    for (first, own) in first.iter().zip(own) {
        if first.name != own.name {
            let names = (&own.name, &first.name);
            return Some(format!(
                "has the column \"{}\" where the first file has \"{}\": the order differs",
                names.0, names.1
            ));
        }
        let items = |n: &Node| n.items.as_ref().map(|items| items.nodes().to_vec()).unwrap_or_default();
        if let Some(difference) = difference(&items(first), &items(own)) {
            return Some(format!("has lists in column \"{}\" whose items differ: it {difference}", own.name));
        }
        if stored(first) != stored(own) {
            let (own_type, first_type) = (type_name(own), type_name(first));
            return Some(format!(
                "has column \"{}\" as {own_type} where the first file has {first_type}",
                own.name
            ));
        }
    }
    (first.len() != own.len())
        .then(|| format!("has {} columns where the first file has {}", own.len(), first.len()))
}

/// A stored type, as messages name it.
fn type_name(node: &Node) -> String {
    let kind = format!("{:?}", node.kind).to_lowercase();
    let unit = if node.unit > 0 { format!(" in unit {}", node.unit) } else { String::new() };
    let scale = if node.scale != 0 { format!(" of scale {}", node.scale) } else { String::new() };
    match node.bits {
        0 => format!("{kind}{unit}"),
        bits => format!("{kind} of {bits} bits{unit}{scale}"),
    }
}

fn slice<T: Copy>(values: &[T], range: std::ops::Range<usize>) -> Vec<T> {
    values[range].to_vec()
}
