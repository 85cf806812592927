//! The summary for people.

use gede::Result;

use super::rows::TableRow;
use gede_cli::output::{self, Table, count};

/// Prints the rows to standard output.
pub fn print(rows: &[TableRow]) -> Result<()> {
    let mut text = String::new();
    for of_set in rows.chunk_by(|a, b| a.set == b.set) {
        let Some(first) = of_set.first() else { continue };
        let (rows, columns) = (count(first.rows), first.columns);
        text += &format!("{}: {rows} rows of {columns} columns; sizes in % of 8 bytes a number\n", first.set);
        text += &table(of_set).render(2);
        text.push('\n');
    }
    output::print(&text)
}

fn table(rows: &[TableRow]) -> Table {
    let mut table = Table::new(2);
    table.row(["", "", "bytes", "size", "random row", "scan", "encode"]);
    for row in rows {
        table.push(vec![
            row.format.to_owned(),
            row.what.clone(),
            count(row.bytes),
            format!("{:.2} %", row.share),
            row.random_row_us.map_or(String::new(), |us| format!("{us:.2} µs")),
            row.scan_ms.map_or(String::new(), |ms| format!("{ms:.2} ms")),
            format!("{:.0} MB/s", row.encode_mb_s),
        ]);
    }
    table
}
