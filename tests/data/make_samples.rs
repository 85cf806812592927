//! Makes `tests/data/california.parquet` from the California Housing table as CSV:
//!
//!     cargo run --example make_samples -- california_housing.csv tests/data/california.parquet
//!
//! Every column becomes a float64, so that the file is the table of the paper's figures.

use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use arrow::csv::ReaderBuilder;
use arrow::csv::reader::Format;
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [csv, out] = &arguments[..] else {
        return Err("usage: make_samples CSV OUT".into());
    };
    let (found, _) = Format::default().with_header(true).infer_schema(File::open(csv)?, Some(1))?;
    let fields = found.fields().iter().map(|field| Field::new(field.name(), DataType::Float64, false));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let rows =
        ReaderBuilder::new(schema.clone()).with_header(true).build(BufReader::new(File::open(csv)?))?;
    let properties =
        WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(9)?)).build();
    let mut writer = ArrowWriter::try_new(File::create(out)?, schema, Some(properties))?;
    for batch in rows {
        writer.write(&batch?)?;
    }
    writer.close()?;
    Ok(())
}
