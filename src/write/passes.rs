//! A table to a file, pass by pass: survey, cells, rows, then the sections about them.

use std::any::Any;
use std::path::Path;

use crate::codec::coding::ImageTransform;
use crate::codec::dct::errors::ImageErrors;
use crate::codec::dct::transform::check_cosine_shape;
use crate::error::{Error, Result};
use crate::files::file_system::FileSystem;
use crate::format::key_values;
use crate::format::schema::{Node, Schema};
use crate::format::sections::SectionKind;
use crate::summary::SUMMARIES;
use crate::summary::cells::labels::Labels;
use crate::summary::cells::plan::CellPlan;
use crate::summary::cells::spill::{Covariances, Limit, Totals};
use crate::summary::image_errors::image_errors_bytes;
use crate::summary::kind::{RowSums, SummaryColumns, SummaryKind};
use crate::summary::moments::summary::MomentsOfRows;
use crate::summary::statistics::table::StatisticsRows;
use crate::write::blocks::Blocks;
use crate::write::choose_cells::choose_cells;
use crate::write::classes::ByClass;
use crate::write::condensed_table::condensed_table;
use crate::write::coreset::coreset;
use crate::write::dictionaries::Dictionaries;
use crate::write::file::{FileWriter, SampleTable};
use crate::write::groups::{LOOKED_AT, coded_bits};
use crate::write::options::Options;
use crate::write::peeked::Peeked;
use crate::write::pipeline::Pipeline;
use crate::write::progress::Meter;
use crate::write::report::{ColumnRoles, Report};
use crate::write::roles::Roles;
use crate::write::segments::{Segments, segment_rows};
use crate::write::statistics;
use crate::write::summaries::{ClassOrder, write_class_order, write_covariances, write_summary};
use crate::write::survey;
use crate::write::table::Table;

/// True if a table of this schema is read more than once.
///
/// # Errors
/// `Argument` for columns that are not there.
pub(crate) fn needs_second_pass(schema: &Schema, options: &Options) -> Result<bool> {
    let roles = Roles::new(schema, options)?;
    Ok(survey::is_needed(schema, &roles, options) || options.summaries.coreset)
}

/// Writes a table into a file system.
pub(crate) fn write_table(
    file_system: &dyn FileSystem,
    path: &Path,
    table: &dyn Table,
    options: &Options,
    meter: &Meter,
) -> Result<Report> {
    let rows = segment_rows(table.schema(), options.layout.segment_rows.max(1));
    let table = &Peeked::new(table);
    let coded_bits = || coded_bits(&table.first_rows(LOOKED_AT)?, table.schema(), options.coding());
    let groups = options.layout.groups.labels(table.schema(), rows as u64, &coded_bits)?;
    let mut schema = table.schema().clone().with_groups(&groups);
    schema.forget_dictionaries();
    let mut roles = Roles::new(&schema, options)?;
    check_transform(&schema, options)?;
    let mut out = FileWriter::create(file_system, path, options.overwrite)?;
    let run = Run { table, options, meter };
    let mut findings = run.find(&mut roles)?;
    findings.dictionaries.name(&mut out, &mut schema)?;
    let class_labels = findings.class_labels.take();
    let mut pipeline = run.pipeline(&schema, &roles, &findings, &out)?;
    let classes = run.rows(&mut out, &mut pipeline, &roles, class_labels)?;
    let mut rows = Written::new(pipeline)?;
    out.end_rows();
    let samples = run.samples(&mut out, &schema, &findings, &rows)?;
    let statistics = statistics::encoded(rows.statistics.take(), &schema, options, out.written())?;
    out.tables(&schema, &rows.blocks, samples.as_ref(), statistics)?;
    run.summaries(&mut out, &roles, &rows)?;
    let classes = classes.map_or(Ok(0), |order| write_class_order(&mut out, order, rows.blocks.rows()))?;
    let (beta, cells) = findings.plan.as_ref().map_or((0, 0), CellPlan::size);
    let file_length = out.finish(&run.metadata(&schema, &rows)?)?;
    Ok(Report {
        rows: rows.blocks.rows(),
        segments: rows.blocks.segments(),
        file_length,
        beta,
        cells: cells as u64,
        classes,
        columns: findings.columns,
        left_out: Vec::new(),
    })
}

/// One table on its way into a file.
pub(crate) struct Run<'a> {
    pub table: &'a dyn Table,
    pub options: &'a Options,
    pub meter: &'a Meter<'a>,
}

/// Findings of the passes before the rows are written.
pub(crate) struct Findings {
    columns: Option<ColumnRoles>,
    pub plan: Option<CellPlan>,
    /// True if the condensed samples are stored, not computed by readers.
    stores_cells: bool,
    pub dictionaries: Dictionaries,
    class_labels: Option<Labels>,
}

impl Findings {
    /// The plan of condensed samples that are stored.
    fn stored(&self) -> Option<&CellPlan> {
        self.plan.as_ref().filter(|_| self.stores_cells)
    }
}

/// The rows of a file that is written, and their sums.
pub(crate) struct Written {
    pub blocks: Blocks,
    pub totals: Option<Totals>,
    pub covariances: Option<Covariances>,
    /// The summaries that are sums over the rows.
    pub summaries: Vec<(&'static SummaryKind, Box<dyn RowSums>)>,
    pub statistics: Option<StatisticsRows>,
    /// By storage group.
    pub image_errors: Vec<ImageErrors>,
}

impl Written {
    pub fn new(pipeline: Pipeline) -> Result<Self> {
        let Pipeline { mut totals, mut covariances, blocks, summaries, statistics, errors, .. } = pipeline;
        totals.as_mut().map_or(Ok(()), Totals::finish)?;
        covariances.as_mut().map_or(Ok(()), Covariances::finish)?;
        Ok(Self { blocks, totals, covariances, summaries, statistics, image_errors: errors })
    }
}

impl<'a> Run<'a> {
    /// Surveys the table and chooses its cells, as far as the options need it.
    pub fn find(&self, roles: &mut Roles) -> Result<Findings> {
        let (schema, summaries) = (self.table.schema(), &self.options.summaries);
        let mut findings = Findings {
            columns: None,
            plan: None,
            stores_cells: !summaries.recompute_condensed,
            dictionaries: Dictionaries::default(),
            class_labels: None,
        };
        if survey::is_needed(schema, roles, self.options) {
            let coding = self.options.coding();
            let mut survey = survey::survey(self.table, roles, coding, &self.meter.pass("surveying"))?;
            if !roles.are_given {
                survey.drop_empty_features(roles);
            }
            findings.columns = survey.columns(schema, roles);
            let progress = self.meter.pass("counting cells");
            findings.plan = choose_cells(self.table, &roles.features, &mut survey, self.options, &progress)?;
            (findings.dictionaries, findings.class_labels) = (survey.dictionaries, survey.class_labels);
        }
        if summaries.cell_covariances && findings.stored().is_none() {
            return Err(Error::argument(
                "covariances of cells are stored with condensed samples: name a target or their number",
            ));
        }
        Ok(findings)
    }

    /// The pipeline of the rows.
    pub fn pipeline<'p>(
        &self,
        schema: &'p Schema,
        roles: &Roles,
        findings: &'p Findings,
        out: &FileWriter,
    ) -> Result<Pipeline<'p>> {
        let stored = findings.stored();
        let scattered = stored.filter(|_| self.options.summaries.cell_covariances);
        let limit = || Limit { bytes: self.options.summaries.sums_in_memory, space: out.scratch_space() };
        let columns =
            SummaryColumns { schema, features: &roles.features, target: roles.target.map(|(t, _)| t) };
        let sums = |kind: &'static SummaryKind| Some((kind, (kind.sums)(&columns, &self.options.summaries)?));
        Ok(Pipeline {
            plan: stored,
            totals: stored.map(|p| p.totals(Some(limit()))).transpose()?,
            covariances: scattered.map(|p| p.covariances(limit())).transpose()?,
            summaries: SUMMARIES.iter().filter_map(sums).collect(),
            statistics: statistics::gathered(schema, self.options),
            ..Pipeline::new(schema, self.options, &findings.dictionaries)
        })
    }

    /// Writes the rows, class by class if the options name a class column.
    pub fn rows(
        &self,
        out: &mut FileWriter,
        pipeline: &mut Pipeline,
        roles: &Roles,
        labels: Option<Labels>,
    ) -> Result<Option<ClassOrder<'a>>> {
        let schema = self.table.schema();
        let most = segment_rows(pipeline.schema, self.options.layout.segment_rows.max(1));
        let (meter, before) = (self.meter.pass("writing"), pipeline.blocks.rows());
        let progress = |rows: u64| meter(rows - before);
        let Some((node, mut labels)) = roles.class.zip(labels) else {
            let rows = Segments::new(schema, self.table.batches()?, self.table.rows(), most);
            pipeline.run(out, rows, &progress)?;
            pipeline.finish(out)?;
            return Ok(None);
        };
        let stored_labels = labels.number();
        let (space, regrouping) = (out.scratch_space(), self.meter.pass("regrouping"));
        let rows = ByClass::regroup(self.table, node, &labels, &space, &regrouping)?;
        let mut segments = Vec::with_capacity(rows.rows.len());
        for (class, &count) in rows.rows.iter().enumerate() {
            let before = pipeline.blocks.segments();
            pipeline.run(out, Segments::new(schema, rows.batches(class), Some(count), most), &progress)?;
            segments.push(pipeline.blocks.segments() - before);
        }
        pipeline.finish(out)?;
        Ok(Some(ClassOrder { node, rows, labels: stored_labels, segments }))
    }

    /// Writes the condensed samples, if there are any and they are stored.
    fn samples(
        &self,
        out: &mut FileWriter,
        schema: &Schema,
        findings: &Findings,
        rows: &Written,
    ) -> Result<Option<SampleTable>> {
        let Some(plan) = &findings.plan else { return Ok(None) };
        let schema = plan.condensed_schema(schema)?;
        let blocks = match &rows.totals {
            Some(totals) => {
                let cells = totals.cells();
                condensed_table(out, &schema, self.options, cells, &|cells| totals.condensed(cells))?
            }
            None => Blocks::default(),
        };
        Ok(Some(SampleTable { schema, blocks, cells: plan.section(findings.stores_cells) }))
    }

    /// The metadata sections, in the order of the file.
    fn metadata(&self, schema: &Schema, rows: &Written) -> Result<Vec<(SectionKind, Vec<u8>)>> {
        let arrow = self.table.arrow_schema().map(|bytes| (SectionKind::ARROW_SCHEMA, bytes.to_vec()));
        let mut metadata = Vec::from_iter(arrow);
        let errors = image_errors(schema, &rows.image_errors);
        if !errors.is_empty() {
            metadata.push((SectionKind::IMAGE_ERRORS, image_errors_bytes(&errors)));
        }
        metadata.push((SectionKind::KEY_VALUES, key_values::to_bytes(&self.options.metadata)?));
        Ok(metadata)
    }

    /// Writes the sections that sum up the rows.
    fn summaries(&self, out: &mut FileWriter, roles: &Roles, rows: &Written) -> Result<()> {
        for (kind, sums) in &rows.summaries {
            out.section(kind.section, &sums.section())?;
            out.feature(kind.feature);
        }
        if let Some(covariances) = &rows.covariances {
            write_covariances(out, covariances)?;
        }
        if self.options.summaries.coreset {
            let moments = rows.summaries.iter().find_map(|(_, sums)| {
                let sums: &dyn Any = &**sums;
                sums.downcast_ref::<MomentsOfRows>()
            });
            let moments = moments.map(|sums| &sums.moments);
            if let Some(section) = coreset(self.table, roles, moments, self.meter)? {
                write_summary(out, &section)?;
            }
        }
        Ok(())
    }
}

/// Checks that the transform that the options ask for fits all images.
fn check_transform(schema: &Schema, options: &Options) -> Result<()> {
    let wanted = schema.nodes().iter().filter(|_| options.images.transform == ImageTransform::Dct);
    for (node, shape) in wanted.filter_map(|node| Some((node, node.image?))) {
        let checked = check_cosine_shape(&shape);
        checked.map_err(|e| e.at(format_args!("column \"{}\"", node.name)))?;
    }
    Ok(())
}

/// The errors of the columns whose images were changed, by node; `all` are by storage group.
pub(crate) fn image_errors(schema: &Schema, all: &[ImageErrors]) -> Vec<(u32, ImageErrors)> {
    // A table without rows has no blocks, and no errors.
    let of = |(node, n): (usize, &Node)| Some((node as u32, *all.get(n.group as usize)?));
    let images = schema.nodes().iter().enumerate().filter(|(_, n)| n.image.is_some());
    images.filter_map(of).filter(|(_, errors)| errors.values > 0).collect()
}
