//! Rows behind those of a file: they become a part of their own, and what finds and sums up all rows is written anew.

use std::path::Path;

use crate::codec::coding::ImageTransform;
use crate::codec::dct::errors::ImageErrors;
use crate::error::{Error, ErrorKind, Result};
use crate::files::appended_file::AppendedFile;
use crate::files::byte_source::ByteSource;
use crate::files::file_system::FileSystem;
use crate::format::appended::MAX_PARTS;
use crate::format::key_values;
use crate::format::schema::{Node, Schema};
use crate::format::sections::SectionKind;
use crate::read::reader::Reader;
use crate::summary::SUMMARIES;
use crate::summary::cells::options::{CellLimit, TargetKind};
use crate::summary::cells::section::CellTarget;
use crate::summary::covariances::section::CovariancesSection;
use crate::summary::image_errors::image_errors_bytes;
use crate::summary::kind::{Summary, SummaryKind};
use crate::summary::moments::section::MomentsSection;
use crate::summary::statistics::StatisticsPolicy;
use crate::summary::statistics::layout::StatisticsLayout;
use crate::summary::statistics::table::StatisticsRows;
use crate::write::blocks::Blocks;
use crate::write::file::{FileWriter, SampleTable};
use crate::write::known_strings::KnownStrings;
use crate::write::merged::{Merged, Sections, add_sections, difference, sections_of, write_sections};
use crate::write::options::Options;
use crate::write::passes::{Findings, Run, Written, image_errors};
use crate::write::progress::Meter;
use crate::write::report::Report;
use crate::write::roles::Roles;
use crate::write::statistics;
use crate::write::table::{Table, for_each_batch};
use crate::write::taken_over::{FileRows, TakenOver};

/// The name of the new rows in messages.
const ROWS: &str = "the appended rows";

/// Appends the rows of a table to a file.
pub(crate) fn append_table(
    file_system: &dyn FileSystem,
    path: &Path,
    table: &dyn Table,
    options: &Options,
    meter: &Meter,
) -> Result<Report> {
    let file = AppendedFile::open(file_system, path)?;
    let reader = file.source().and_then(Reader::new).map_err(|e| e.at(path.display()))?;
    refuse(&reader, table.schema()).map_err(|e| e.at(path.display()))?;
    let new = table.rows().map_or_else(|| count(table, meter), Ok)?;
    if new == 0 {
        let (rows, segments, file_length) = (reader.rows(), reader.segments(), reader.file_length());
        return Ok(Report { rows, segments, file_length, ..Report::default() });
    }
    let taken = TakenOver::choose(&reader, new).map_err(|e| e.at(path.display()))?;
    let mut old = Old::new(&reader, &taken, options).map_err(|e| e.at(path.display()))?;
    let mut known = KnownStrings::find(&reader, &taken, table, &meter.pass("comparing strings"))?;
    let table = known.table(table);
    let run = Run { table: &table, options: &old.options, meter };
    let mut roles = old.roles;
    let findings = run.find(&mut roles)?;
    let (mut out, mut blocks) = FileWriter::resume(file, &reader, &taken)?;
    known.write(&mut out, old.options.coding())?;
    // Blocks use the dictionaries of their part; a node has one of the file only where all parts use it.
    let schema = known.schema(reader.schema());
    if !taken.rows.is_empty() {
        let rows = FileRows { reader: &reader, rows: taken.rows };
        (blocks, old.statistics) =
            rewrite(&mut out, &rows, &known, blocks, old.statistics, &old.options, meter)?;
    }
    let mut own = schema.clone();
    findings.dictionaries.name(&mut out, &mut own)?;
    let mut pipeline = run.pipeline(&own, &roles, &findings, &out)?;
    pipeline.resume(blocks);
    pipeline.statistics = old.statistics;
    run.rows(&mut out, &mut pipeline, &roles, None)?;
    let mut rows = Written::new(pipeline)?;
    out.end_rows();
    let mut sections = old.sections;
    let mut left_out = Vec::new();
    let new_sections = sums_of(&rows);
    let samples = match old.merged {
        Some(merged) => {
            let new = part(&schema, &findings, &rows, new_sections)?;
            let mut merged = merged.without_metadata().and(new, Path::new(ROWS))?;
            let samples = merged.write_samples(&mut out)?;
            (sections, left_out) = merged.into_summaries();
            Some(samples)
        }
        None => {
            left_out.extend(add_sections(&mut sections, &new_sections, &schema, ROWS)?);
            None
        }
    };
    let statistics = statistics::encoded(rows.statistics.take(), &schema, &old.options, out.written())?;
    out.tables(&schema, &rows.blocks, samples.as_ref(), statistics)?;
    write_sections(&mut out, &sections)?;
    let metadata = metadata(&reader, &schema, &rows.image_errors)?;
    let cells = samples.as_ref().map_or(0, |samples: &SampleTable| samples.cells.cells);
    let (rows, segments) = (rows.blocks.rows(), rows.blocks.segments());
    let file_length = out.finish(&metadata)?;
    Ok(Report { rows, segments, file_length, cells, left_out, ..Report::default() })
}

/// The rows of a table that does not know them.
fn count(table: &dyn Table, meter: &Meter) -> Result<u64> {
    let (progress, mut rows) = (meter.pass("counting rows"), 0);
    for_each_batch(table, |batch| {
        rows += batch.rows as u64;
        progress(rows)
    })?;
    Ok(rows)
}

/// Writes rows of the file again, behind blocks that stay. What sums up the file's rows has them already.
fn rewrite<S: ByteSource>(
    out: &mut FileWriter,
    rows: &FileRows<S>,
    known: &KnownStrings,
    blocks: Blocks,
    statistics: Option<StatisticsRows>,
    options: &Options,
    meter: &Meter,
) -> Result<(Blocks, Option<StatisticsRows>)> {
    let mut options = options.clone();
    options.summaries.cells = CellLimit::None;
    options.summaries.cell_covariances = false;
    // What pixels have lost they do not lose again.
    options.images.transform = ImageTransform::Auto;
    let mut schema = known.schema(rows.schema());
    let table = known.table(rows);
    let run = Run { table: &table, options: &options, meter };
    let mut roles = Roles::new(&schema, &options)?;
    (roles.features, roles.are_given) = (Vec::new(), true);
    let findings = run.find(&mut roles)?;
    findings.dictionaries.name(out, &mut schema)?;
    let mut pipeline = run.pipeline(&schema, &roles, &findings, out)?;
    pipeline.resume(blocks);
    pipeline.statistics = statistics;
    run.rows(out, &mut pipeline, &roles, None)?;
    Ok((pipeline.blocks, pipeline.statistics))
}

/// Refuses files that rows are not appended to, and tables of other columns.
fn refuse<S: ByteSource>(reader: &Reader<S>, table: &Schema) -> Result<()> {
    let refuse = |kind, what: String| Err(Error::new(kind, what));
    if let Some(feature) = reader.directory.unknown.first() {
        return refuse(ErrorKind::Unsupported, feature.reason());
    }
    if reader.classes().is_some() {
        let what = "stores its rows class by class, so that none can follow the last: convert all rows anew";
        return refuse(ErrorKind::Argument, what.to_owned());
    }
    if reader.rows() == 0 && reader.cells()?.is_some() {
        let what = "holds condensed samples of rows that are elsewhere; rows are not appended to those";
        return refuse(ErrorKind::Argument, what.to_owned());
    }
    let first = difference(reader.schema().nodes(), table.nodes());
    let first = first.map(|difference| difference.replace("first file", "file"));
    match first.or_else(|| other_type(reader.schema(), table)) {
        Some(difference) => refuse(ErrorKind::Type, format!("{ROWS}: {difference}")),
        None => Ok(()),
    }
}

/// The first column whose values have other nulls, digits, lengths or shapes.
fn other_type(file: &Schema, table: &Schema) -> Option<String> {
    let other = file.nodes().iter().zip(table.nodes()).find(|(file, own)| {
        let stored =
            |n: &Node| (n.nullable, n.precision, n.length, n.image, n.instances, n.lanes_per_instance);
        let items = file.items.as_deref().zip(own.items.as_deref());
        stored(file) != stored(own) || items.is_some_and(|(file, own)| other_type(file, own).is_some())
    });
    other.map(|(file, _)| {
        format!("have column \"{}\" with other nulls, digits, lengths or shapes than the file", file.name)
    })
}

/// The sums of a file's rows, and how more are written to it.
struct Old {
    options: Options,
    roles: Roles,
    statistics: Option<StatisticsRows>,
    /// Condensed samples and summaries; none without condensed samples.
    merged: Option<Merged>,
    sections: Sections,
}

impl Old {
    fn new<S: ByteSource>(reader: &Reader<S>, taken: &TakenOver, options: &Options) -> Result<Self> {
        if taken.rows.is_empty() && reader.parts() >= MAX_PARTS {
            let what = format!("has {MAX_PARTS} parts, and no file has more: gede optimize makes them one");
            return Err(Error::new(ErrorKind::Argument, what));
        }
        let schema = reader.schema();
        let mut options = options.clone();
        options.layout.class = None;
        let summaries = &mut options.summaries;
        (summaries.target, summaries.coreset) = (None, false);
        (summaries.cells, summaries.recompute_condensed) = (CellLimit::None, false);
        summaries.exclude.clear();
        let statistics = match statistics_rows(reader, taken)? {
            Some(rows) => Some(rows),
            None if reader.rows() == 0 => statistics::gathered(schema, &options),
            None => None,
        };
        if statistics.is_none() {
            options.summaries.statistics = StatisticsPolicy::Never;
        }
        let cells = reader.cells()?;
        let merged = cells.as_ref().map(|_| Merged::new(reader)).transpose()?;
        let sections = sections_of(reader)?;
        let mut roles = Roles::new(schema, &options)?;
        roles.are_given = reader.rows() > 0;
        if let Some(cells) = &cells {
            roles.features = cells.features.iter().map(|feature| feature.node.get() as usize).collect();
            roles.target = match cells.target {
                CellTarget::None => None,
                CellTarget::Value(node) => Some((node as usize, TargetKind::Value)),
                CellTarget::Class(node) => Some((node as usize, TargetKind::Class)),
            };
            options.summaries.cells = CellLimit::Share((cells.cells as f64 / reader.rows() as f64).min(1.0));
            options.summaries.low_entropy_cells = cells.low_entropy;
            options.summaries.cell_covariances = reader.cell_covariances()?.is_some();
        } else if let Some((features, target)) = moments_nodes(reader)? {
            roles.features = features;
            roles.target = target.map(|node| (node, TargetKind::Value));
        }
        Ok(Self { options, roles, statistics, merged, sections })
    }
}

/// The statistics of the segments of a file that stay, to which those of more are added; none if it has no statistics.
fn statistics_rows<S: ByteSource>(reader: &Reader<S>, taken: &TakenOver) -> Result<Option<StatisticsRows>> {
    let Some(layout) = StatisticsLayout::new(reader.schema()) else { return Ok(None) };
    let nodes: Vec<usize> = layout.measured.iter().map(|of| of.node).collect();
    let Some(mut segments) = reader.statistics_of(&nodes)? else { return Ok(None) };
    let all = segments.pop().filter(|_| taken.rows.is_empty());
    segments.truncate(taken.segments as usize);
    Ok(Some(StatisticsRows::resume(reader.schema(), layout, segments, all)))
}

/// The features and the target that a file's moments are of.
fn moments_nodes<S: ByteSource>(reader: &Reader<S>) -> Result<Option<(Vec<usize>, Option<usize>)>> {
    let Some(section) = reader.summary::<MomentsSection>()? else { return Ok(None) };
    let mut nodes: Vec<usize> = section.columns.iter().map(|column| column.0 as usize).collect();
    let target = if section.target { nodes.pop() } else { None };
    Ok(Some((nodes, target)))
}

/// The sums of the new rows that are sections.
fn sums_of(rows: &Written) -> Sections {
    let mut sections = Sections::default();
    for (own, kind) in sections.iter_mut().zip(&SUMMARIES) {
        let found = rows.summaries.iter().find(|(other, _)| other.section == kind.section);
        *own = found.map(|(_, sums)| sums.section());
    }
    sections
}

/// The condensed samples of the new rows.
fn part(schema: &Schema, findings: &Findings, rows: &Written, mut sections: Sections) -> Result<Merged> {
    let none = || Error::internal("the appended rows have no condensed samples");
    let (plan, totals) = findings.plan.as_ref().zip(rows.totals.as_ref()).ok_or_else(none)?;
    if let Some(covariances) = &rows.covariances {
        let all = covariances.of_cells(0..covariances.cells())?;
        let is_own = |kind: &SummaryKind| kind.section == CovariancesSection::SECTION;
        let at = SUMMARIES.iter().position(is_own).ok_or_else(none)?;
        sections[at] = Some(CovariancesSection(all).to_bytes());
    }
    Ok(Merged::of_rows(schema, plan.section(true), totals.condensed(0..totals.cells())?, sections))
}

/// The metadata sections of the file with the new rows.
fn metadata<S: ByteSource>(
    reader: &Reader<S>,
    schema: &Schema,
    new: &[ImageErrors],
) -> Result<Vec<(SectionKind, Vec<u8>)>> {
    let arrow = reader.arrow_schema().map(|bytes| (SectionKind::ARROW_SCHEMA, bytes.to_vec()));
    let mut metadata = Vec::from_iter(arrow);
    let mut errors = reader.image_errors()?;
    for (node, new) in image_errors(schema, new) {
        match errors.iter_mut().find(|(own, _)| *own == node) {
            Some((_, own)) => own.merge(&new),
            None => errors.push((node, new)),
        }
    }
    errors.sort_by_key(|(node, _)| *node);
    if !errors.is_empty() {
        metadata.push((SectionKind::IMAGE_ERRORS, image_errors_bytes(&errors)));
    }
    metadata.push((SectionKind::KEY_VALUES, key_values::to_bytes(&reader.metadata()?)?));
    Ok(metadata)
}
