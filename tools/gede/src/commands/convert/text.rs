//! The options of `gede convert` on tables of text.

use gede::arrow::{CsvInput, CsvType, InputOptions, TextEncoding};
use std::str::FromStr;

/// How CSV and LIBSVM text comes in.
#[derive(clap::Args)]
#[command(next_help_heading = "Options for CSV and LIBSVM text")]
pub struct Text {
    /// Separator of the fields of CSV text: one character, or tab. Files of any name are then read as CSV [default: tab for
    /// .tsv, otherwise detected from the first lines]
    #[arg(long, value_name = "CHAR")]
    delimiter: Option<Delimiter>,
    /// Read the first line of CSV text as a row, and name the columns c1, c2 and so on
    #[arg(long)]
    no_header: bool,
    /// Words of CSV text that are nulls, in addition to empty fields, in columns that are not text [default: NA, N/A, null,
    /// NaN, None, ?, - and the like]
    #[arg(long, value_name = "WORD,...", value_delimiter = ',', allow_hyphen_values = true)]
    null: Option<Vec<String>>,
    /// Type of a column of CSV text: text, bool, int8 to int64, uint8 to uint64, float32, float64, date, timestamp or
    /// decimal(precision,scale); repeat the option for more columns
    #[arg(long = "type", value_name = "COL=TYPE")]
    types: Vec<Typed>,
    /// Encoding of CSV text, such as utf-16, latin-1 or windows-1252 [default: by the byte-order mark, otherwise UTF-8]
    #[arg(long, value_name = "NAME")]
    encoding: Option<TextEncoding>,
    /// Accept LIBSVM text that becomes a table of more than 64 times its size
    #[arg(long)]
    dense: bool,
}

/// The value of `--delimiter`.
#[derive(Clone, Copy)]
struct Delimiter(u8);

impl FromStr for Delimiter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.as_bytes() {
            _ if matches!(text, "tab" | "\\t") => Ok(Self(b'\t')),
            [b'"' | b'\n' | b'\r'] => Err("quotes and ends of lines do not separate fields"),
            &[byte] if byte.is_ascii() => Ok(Self(byte)),
            _ => Err("neither one ASCII character nor tab"),
        }
    }
}

/// The value of `--type`.
#[derive(Clone)]
struct Typed(String, CsvType);

impl FromStr for Typed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, data_type) = text.rsplit_once('=').ok_or("not COL=TYPE")?;
        Ok(Self(name.to_owned(), data_type.parse()?))
    }
}

impl Text {
    /// Adds how text comes in.
    pub fn add_to(&self, options: &mut InputOptions) {
        let mut csv = CsvInput::default();
        csv.delimiter = self.delimiter.map(|d| d.0);
        csv.no_header = self.no_header;
        csv.nulls.clone_from(&self.null);
        csv.types =
            self.types.iter().map(|Typed(name, data_type)| (name.clone(), data_type.clone())).collect();
        csv.encoding = self.encoding;
        options.csv = csv;
        options.libsvm.dense = self.dense;
    }

    /// True if any of them is given.
    pub fn is_given(&self) -> bool {
        let mut options = InputOptions::default();
        self.add_to(&mut options);
        !options.csv.is_default() || options.libsvm.dense
    }
}
