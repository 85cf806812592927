//! A table to a file, pass by pass.

use std::ops::Range;
use std::path::Path;

use zerocopy::IntoBytes;

use crate::codec::coding::ImageTransform;
use crate::codec::dct::errors::ImageErrors;
use crate::codec::dct::transform::check_cosine_shape;
use crate::codec::strings::encode::Dictionary;
use crate::error::{Error, Result};
use crate::files::file_system::{Disk, Storage};
use crate::format::directory::{Feature, SectionKind};
use crate::format::schema::{Node, Schema};
use crate::summary::cells::condensed::Condensed;
use crate::summary::cells::plan::condensed_batch;
use crate::summary::cells::spill::{Covariances, Limit, Totals};
use crate::summary::image_errors::image_errors_bytes;
use crate::summary::moments::plan::MomentPlan;
use crate::write::choose_cells::choose_cells;
use crate::write::classes::ByClass;
use crate::write::coreset::coreset;
use crate::write::file::{Blocks, FileWriter};
use crate::write::index::{class_table, write_index};
use crate::write::options::Options;
use crate::write::pipeline::Pipeline;
use crate::write::repeated::Repeated;
use crate::write::report::Report;
use crate::write::roles::Roles;
use crate::write::segments::{SEGMENT_ROWS, Segments, segment_rows};
use crate::write::survey;
use crate::write::table::Table;

/// Cells whose covariances are written at a time.
const COVARIANCES: usize = 1 << 8;

/// How far a writer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Name of the current pass.
    pub pass: &'static str,
    /// Rows of this pass that are done.
    pub rows: u64,
    /// Rows of the table, where they are known.
    pub of: Option<u64>,
}

/// Writes a table to a file. The file appears whole or not at all.
///
/// # Errors
/// `Argument` for options that do not fit the table or a file that exists; `Io`; whatever the
/// table's own reading gives.
pub fn write(path: impl AsRef<Path>, table: &dyn Table, options: &Options) -> Result<Report> {
    write_to(&Disk, path.as_ref(), table, options, &|_| {})
}

/// As `write`, into a storage, telling how far it has come.
///
/// # Errors
/// As `write`.
pub fn write_to(
    storage: &dyn Storage,
    path: &Path,
    table: &dyn Table,
    options: &Options,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build();
    let pool = pool.map_err(|e| Error::argument(format!("{} threads: {e}", options.threads)))?;
    pool.install(|| write_here(storage, path, &Repeated::new(table), options, progress))
}

fn write_here(
    storage: &dyn Storage,
    path: &Path,
    table: &dyn Table,
    options: &Options,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report> {
    let mut roles = Roles::of(table.schema(), options)?;
    check_transform(table.schema(), options)?;
    let mut schema = table.schema().clone();
    let mut out = FileWriter::create(storage, path, options.overwrite)?;
    let known = table.rows();
    let tell = |pass: &'static str| move |rows: u64| progress(Progress { pass, rows, of: known });

    let mut survey = match survey::is_needed(&schema, &roles, options) {
        true => Some(survey::survey(table, &roles, options.coding(), &tell("surveying"))?),
        false => None,
    };
    if let Some(survey) = &mut survey {
        survey.drop_empty_features(&mut roles);
    }
    let columns = survey.as_ref().and_then(|survey| survey.columns(&schema, &roles));
    let plan = match &mut survey {
        Some(survey) => choose_cells(table, &roles.features, survey, options, &tell("counting cells"))?,
        None => None,
    };
    let dictionaries = survey.as_mut().map(|s| std::mem::take(&mut s.dictionaries)).unwrap_or_default();
    name_dictionaries(&mut out, &mut schema, &dictionaries)?;
    let stored = plan.as_ref().filter(|_| !options.recompute_condensed);
    let scattered = stored.filter(|_| options.cell_covariances);
    if options.cell_covariances && scattered.is_none() {
        return Err(Error::argument(
            "covariances of cells are stored with condensed samples: name a target or their number",
        ));
    }
    let limit = || Limit { bytes: options.sums_in_memory, space: out.scratch_space() };
    let mut pipeline = Pipeline {
        schema: &schema,
        dictionaries: &dictionaries,
        coding: options.coding(),
        tau: options.tau,
        plan: stored,
        totals: stored.map(|p| p.totals(Some(limit()))).transpose()?,
        covariances: scattered.map(|p| p.covariances(limit())).transpose()?,
        moments: MomentPlan::new(&schema, &roles.features, roles.target.map(|(t, _)| t))
            .map(|plan| (plan.clone(), plan.zero())),
        images: options.images,
        errors: Vec::new(),
        blocks: Blocks::default(),
    };
    let rows_per_segment = segment_rows(&schema, options.segment_rows.max(1));
    let mut classes = None;
    match (roles.class, survey.as_mut().and_then(|s| s.class_labels.as_mut())) {
        (Some(node), Some(labels)) => {
            let stored_labels = labels.number();
            let space = out.scratch_space();
            let regrouped = ByClass::regroup(table, node, labels, &space, &tell("regrouping"))?;
            let mut segments = Vec::new();
            for (class, &rows) in regrouped.rows.iter().enumerate() {
                let before = pipeline.blocks.segments();
                let cut =
                    Segments::new(table.schema(), regrouped.batches(class), Some(rows), rows_per_segment);
                pipeline.run(&mut out, cut, &tell("writing"))?;
                segments.push(pipeline.blocks.segments() - before);
            }
            classes = Some((node, regrouped, stored_labels, segments));
        }
        _ => {
            let cut = Segments::new(table.schema(), table.batches()?, known, rows_per_segment);
            pipeline.run(&mut out, cut, &tell("writing"))?;
        }
    }
    let Pipeline { mut totals, mut covariances, blocks, moments, errors, .. } = pipeline;
    totals.as_mut().map_or(Ok(()), Totals::finish)?;
    covariances.as_mut().map_or(Ok(()), Covariances::finish)?;

    let mut condensed = Blocks::default();
    let mut metadata = vec![(SectionKind::SCHEMA, schema.to_bytes())];
    if let Some(plan) = &plan {
        let condensed_schema = plan.condensed_schema(&schema)?;
        if let Some(totals) = &totals {
            let part = |cells| totals.condensed(cells);
            condensed = condensed_table(&mut out, &condensed_schema, options, totals.cells(), &part)?;
        }
        metadata.push((SectionKind::CONDENSED_SCHEMA, condensed_schema.to_bytes()));
    }
    metadata.extend(table.arrow_schema().map(|bytes| (SectionKind::ARROW_SCHEMA, bytes.to_vec())));
    if let Some(plan) = &plan {
        metadata.push((SectionKind::CELLS, plan.section(stored.is_some()).to_bytes()));
        out.feature(Feature::CONDENSED_SAMPLES);
    }
    let errors = image_errors(&schema, &errors);
    if !errors.is_empty() {
        metadata.push((SectionKind::IMAGE_ERRORS, image_errors_bytes(&errors)));
    }
    out.tables(&blocks, &condensed)?;
    if let Some((plan, sums)) = &moments {
        out.section(SectionKind::MOMENTS, &plan.section(sums).to_bytes())?;
        out.feature(Feature::MOMENTS);
    }
    if let Some(covariances) = &covariances {
        let mut section = out.open_section(SectionKind::CELL_COVARIANCES);
        let cells = covariances.cells();
        for first in (0..cells).step_by(COVARIANCES) {
            let part = covariances.of_cells(first..cells.min(first + COVARIANCES))?;
            out.part(&mut section, part.as_bytes())?;
        }
        out.close_section(section);
        out.feature(Feature::CELL_COVARIANCES);
    }
    if options.coreset {
        let moments = moments.as_ref().map(|(_, moments)| moments);
        if let Some(section) = coreset(table, &roles, moments, &tell("choosing a coreset"))? {
            out.section(SectionKind::CORESET, &section.to_bytes())?;
            out.feature(Feature::CORESET);
        }
    }
    let mut report =
        Report { rows: blocks.rows(), segments: blocks.segments(), columns, ..Report::default() };
    if let Some((node, regrouped, labels, segments)) = classes
        && report.rows > 0
    {
        report.classes = labels.len() as u64;
        let rows = regrouped.rows.clone();
        write_index(&mut out, regrouped.codes, report.rows, report.classes)?;
        out.section(SectionKind::CLASS_TABLE, &class_table(node, &rows, &segments, &labels))?;
        out.feature(Feature::SAMPLE_INDEX);
    }
    (report.beta, report.cells) = plan.as_ref().map_or((0, 0), |p| (p.size().0, p.size().1 as u64));
    let metadata: Vec<_> = metadata.iter().map(|(kind, bytes)| (*kind, bytes.as_slice())).collect();
    report.file_length = out.finish(schema.groups(), &blocks, &condensed, &metadata)?;
    Ok(report)
}

/// Writes condensed samples, `m` of them, which are asked for in parts.
pub(crate) fn condensed_table(
    out: &mut FileWriter,
    schema: &Schema,
    options: &Options,
    m: usize,
    part: &(dyn Fn(Range<usize>) -> Result<Condensed> + Sync),
) -> Result<Blocks> {
    let mut pipeline = Pipeline {
        schema,
        dictionaries: &[],
        coding: options.coding(),
        tau: options.tau,
        plan: None,
        totals: None,
        covariances: None,
        moments: None,
        images: options.images,
        errors: Vec::new(),
        blocks: Blocks::default(),
    };
    let rows = segment_rows(schema, SEGMENT_ROWS);
    let parts =
        (0..m).step_by(rows).map(|start| Ok(condensed_batch(schema, &part(start..m.min(start + rows))?)));
    pipeline.run(out, parts, &|_| {})?;
    Ok(pipeline.blocks)
}

/// The errors of the columns whose images were changed, by node; `all` are by storage group.
/// Checks that all images may be in the transform that is asked for.
fn check_transform(schema: &Schema, options: &Options) -> Result<()> {
    let wanted = schema.nodes().iter().filter(|_| options.images == ImageTransform::Dct);
    for (node, shape) in wanted.filter_map(|node| Some((node, node.image?))) {
        let checked = check_cosine_shape(&shape);
        checked.map_err(|e| e.at(format_args!("column \"{}\"", node.name)))?;
    }
    Ok(())
}

fn image_errors(schema: &Schema, all: &[ImageErrors]) -> Vec<(u32, ImageErrors)> {
    let of = |(node, n): (usize, &Node)| Some((node as u32, *all.get(n.group as usize)?));
    let images = schema.nodes().iter().enumerate().filter(|(_, n)| n.image.is_some());
    images.filter_map(of).filter(|(_, errors)| errors.values > 0).collect()
}

/// Writes the file-wide dictionaries and names them in the schema.
fn name_dictionaries(out: &mut FileWriter, schema: &mut Schema, all: &[Option<Dictionary>]) -> Result<()> {
    for (node, dictionary) in all.iter().enumerate() {
        if let Some(d) = dictionary {
            let number = out.dictionary(&d.stored)?;
            schema.set_dictionary(node, Some(number));
        }
    }
    Ok(())
}
