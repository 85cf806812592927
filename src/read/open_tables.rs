//! The tables of a file when it is opened: the rows, and the items of lists below them.

use crate::codec::strings::dictionaries::Dictionaries;
use crate::error::{Error, Result};
use crate::format::directory::Directory;
use crate::format::schema::{Kind, Schema};
use crate::format::schema_rules::MAX_DEPTH;
use crate::format::sections::{Section, SectionKind};
use crate::format::tables::TableKind;
use crate::read::table::TableView;

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
    // Tables of items have larger numbers than those of their lists: when a list is met, its items are known.
    let mut open: Vec<(usize, TableView)> = Vec::new();
    for (number, table) in directory.tables.iter().enumerate().rev() {
        let is_open = [TableKind::ROWS, TableKind::ITEMS].contains(&table.kind());
        if !is_open || !is_below_known(directory, number) {
            continue;
        }
        let own = number as u32;
        let schema =
            directory.section_of(SectionKind::SCHEMA, own).ok_or_else(|| bad("a table has no schema"))?;
        let mut schema =
            Schema::from_bytes(&bytes(schema)?, |node, group| directory.unreadable(own, node, group))?;
        let is_item = |(child, _): &(usize, TableView)| {
            directory.tables[*child].list().is_some_and(|(parent, _)| parent == own)
        };
        let (mut items, others): (Vec<_>, Vec<_>) = open.into_iter().partition(is_item);
        open = others;
        items.reverse();
        let mut tables = Vec::new();
        for (child, view) in items {
            let (_, node) = directory.tables[child].list().ok_or_else(|| bad("items of no list"))?;
            let node = node as usize;
            // Items of a column that this reader does not know are as unknown.
            if schema.nodes().get(node).is_none_or(|n| n.kind != Kind::Unknown) {
                schema.set_items(node, view.schema.clone())?;
                tables.push((node, view));
            }
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

/// True if a table is that of the rows, or of items of tables that are known up to it.
fn is_below_known(directory: &Directory, number: usize) -> bool {
    let mut at = number;
    while let Some((parent, _)) = directory.tables[at].list() {
        at = parent as usize; // less than the number before
    }
    directory.tables[at].kind() == TableKind::ROWS
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
