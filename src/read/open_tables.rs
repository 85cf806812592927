//! The tables of a file when it is opened: the rows, and the items of lists below them.

use crate::codec;
use crate::codec::strings::dictionaries::Dictionaries;
use crate::error::{Error, Result};
use crate::format::appended;
use crate::format::directory::Directory;
use crate::format::schema::{Kind, Schema};
use crate::format::schema_rules::MAX_DEPTH;
use crate::format::sections::{Section, SectionKind};
use crate::format::tables::TableKind;
use crate::read::table::TableView;
use crate::summary;

/// The directory at an offset of a file.
///
/// # Errors
/// `Unsupported` or `Corrupt`.
pub(crate) fn read_directory(bytes: &[u8], offset: u64) -> Result<Directory> {
    let known = [codec::features(), summary::features(), vec![appended::FEATURE]].concat();
    let sections = summary::SUMMARIES.each_ref().map(|kind| kind.section);
    Directory::read(bytes, offset, &known, &sections)
}

/// The table of the rows, with those of the items of its lists. `bytes` reads a section of metadata.
///
/// # Errors
/// `Corrupt` for tables or schemas that do not go together; those of `bytes`.
pub(crate) fn open_tables(
    directory: &Directory,
    dictionaries: &Dictionaries,
    bytes: impl Fn(&Section) -> Result<Vec<u8>>,
) -> Result<TableView> {
    let bad = |what: &str| Error::corrupt(format!("directory: {what}"));
    check_levels(directory)?;
    let mut schemas = schemas(directory, bytes)?;
    // Tables of items have larger numbers than those of their lists: when a list is met, its items are known.
    let mut open: Vec<(usize, TableView)> = Vec::new();
    for (number, table) in directory.tables.iter().enumerate().rev() {
        let Some(mut schema) = schemas[number].take() else { continue };
        let own = number as u32;
        let is_item = |(child, _): &(usize, TableView)| {
            directory.tables[*child].list().is_some_and(|(parent, _)| parent == own)
        };
        let (mut items, others): (Vec<_>, Vec<_>) = open.into_iter().partition(is_item);
        open = others;
        items.reverse();
        let mut tables = Vec::new();
        for (child, view) in items {
            let (_, node) = directory.tables[child].list().ok_or_else(|| bad("items of no list"))?;
            schema.set_items(node as usize, view.schema.clone())?;
            tables.push((node as usize, view));
        }
        if schema.nodes().iter().any(|node| node.kind == Kind::List && node.items.is_none()) {
            return Err(bad("a list has no table of items"));
        }
        if schema.groups() != table.storage_groups() {
            return Err(Error::corrupt("the schema does not have the directory's storage groups"));
        }
        check_dictionaries(&schema, dictionaries)?;
        let unknown = (0..schema.groups()).filter(|&group| !directory.is_group_known(own, group)).collect();
        let blocks = directory.section_of(SectionKind::BLOCK_TABLE, own);
        let view = TableView::new(schema, table, blocks).with_unknown_groups(unknown).with_items(tables);
        open.push((number, view));
    }
    let (_, rows) = open.pop().ok_or_else(|| bad("there is no table of rows"))?;
    match rows.schema.broken_rule() {
        Some((column, rule)) => Err(Error::corrupt(format!("schema: column \"{column}\": {rule}"))),
        None => Ok(rows),
    }
}

/// The schemas of the rows and of the items of their lists, by table, but for those of items of columns that this reader
/// does not know.
fn schemas(
    directory: &Directory,
    bytes: impl Fn(&Section) -> Result<Vec<u8>>,
) -> Result<Vec<Option<Schema>>> {
    let mut schemas: Vec<Option<Schema>> = Vec::new();
    for (number, table) in (0..).zip(&directory.tables) {
        if let Some((parent, node)) = table.list() {
            if directory.tables[parent as usize].kind() == TableKind::CONDENSED {
                return Err(Error::corrupt("schema: items of a node that is no list"));
            }
            let lists = schemas[parent as usize].as_ref();
            let is_unknown = |lists: &Schema| {
                lists.nodes().get(node as usize).is_some_and(|node| node.kind == Kind::Unknown)
            };
            if lists.is_none_or(is_unknown) {
                schemas.push(None);
                continue;
            }
        } else if table.kind() != TableKind::ROWS {
            schemas.push(None);
            continue;
        }
        let section = directory.section_of(SectionKind::SCHEMA, number);
        let section = section.ok_or_else(|| Error::corrupt("directory: a table has no schema"))?;
        let unreadable = |node, group| directory.unreadable(number, node, group);
        schemas.push(Some(Schema::from_bytes(&bytes(section)?, unreadable)?));
    }
    Ok(schemas)
}

/// Lists of lists are no deeper than columns may be.
fn check_levels(directory: &Directory) -> Result<()> {
    let mut levels: Vec<usize> = Vec::new();
    for table in &directory.tables {
        let level = table.list().map_or(0, |(parent, _)| levels[parent as usize] + 1);
        if level > MAX_DEPTH {
            return Err(Error::corrupt(format!("directory: lists in lists of more than {MAX_DEPTH} levels")));
        }
        levels.push(level);
    }
    Ok(())
}

/// The file-wide dictionaries that nodes name are there.
///
/// # Errors
/// `Corrupt`.
pub(crate) fn check_dictionaries(schema: &Schema, dictionaries: &Dictionaries) -> Result<()> {
    for node in schema.nodes() {
        if let Some(number) = node.dictionary.filter(|&n| u64::from(n) >= dictionaries.count()) {
            let name = &node.name;
            let what = format!("schema: column \"{name}\" has the dictionary {number}, which is not there");
            return Err(Error::corrupt(what));
        }
    }
    Ok(())
}
