//! CSV text: every value comes back as it was, or the file is refused with the line.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/csv_input.rs"]
mod csv_input;
#[path = "common/input_folder.rs"]
mod input_folder;

use arrow::array::*;
use arrow::datatypes::*;
use csv_input::*;
use gede::ErrorKind;
use gede::arrow::{ArrowTable, CsvInput};
use gede::write::Table;
use input_folder::Folder;
use proptest::prelude::*;
use std::io::Write;

const AS_USUAL: fn(&mut CsvInput) = |_| {};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_cell_of_a_written_table_comes_back(
        columns in 1usize..5,
        cells in proptest::collection::vec("[ -~é\n\r\t]{0,6}|-?[0-9]{1,20}([.][0-9]{0,20})?|NA|NaN|true", 0..40),
        delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t'), Just(b'|')],
        crlf: bool,
    ) {
        let mut builder = csv::WriterBuilder::new();
        builder.delimiter(delimiter);
        if crlf {
            builder.terminator(csv::Terminator::CRLF);
        }
        let mut writer = builder.from_writer(Vec::new());
        writer.write_record((0..columns).map(|i| format!("name {i}"))).unwrap();
        // A word in each column keeps it text.
        writer.write_record((0..columns).map(|_| "word")).unwrap();
        let rows: Vec<&[String]> = cells.chunks_exact(columns).collect();
        rows.iter().for_each(|row| writer.write_record(*row).unwrap());
        let (batch, _) = read(writer.into_inner().unwrap(), |csv| csv.delimiter = Some(delimiter));
        prop_assert_eq!((batch.num_columns(), batch.num_rows()), (columns, rows.len() + 1));
        for column in 0..columns {
            let text = batch.column(column).as_string::<i32>();
            for (row, expected) in rows.iter().enumerate() {
                let value = text.is_valid(row + 1).then(|| text.value(row + 1));
                prop_assert_eq!(value, Some(expected[column].as_str()).filter(|v| !v.is_empty()));
            }
        }
    }

    #[test]
    fn decimals_are_never_rounded(whole in "0|-?[1-9][0-9]{0,17}", fraction in "[0-9]{1,20}") {
        let number = format!("{whole}.{fraction}");
        let (batch, _) = read(format!("a\n{number}\n"), AS_USUAL);
        let same = match batch.schema().field(0).data_type() {
            // The float is printed with as many digits: either it is the same number or the shortest form is.
            DataType::Float64 => {
                let float = batch.column(0).as_primitive::<Float64Type>().value(0);
                let digits = number.bytes().filter(u8::is_ascii_digit).collect::<Vec<_>>();
                let zeros = digits.iter().take_while(|&&b| b == b'0').count();
                let shortest: f64 = format!("{float:.*e}", (digits.len() - zeros).max(1) - 1).parse().unwrap();
                shortest.to_bits() == number.parse::<f64>().unwrap().to_bits()
            }
            DataType::Decimal128(..) => cells(&batch, 0)[0] == number,
            _ => batch.column(0).as_string::<i32>().value(0) == number,
        };
        prop_assert!(same, "{number}: {batch:?}");
    }
}

#[test]
fn an_open_quote_is_refused_with_the_line_where_it_opens() {
    let rows = |from: u32, to: u32| (from..to).map(|i| format!("{i},\"x\n{i}\"\n")).collect::<String>();
    // Lines: the header, then two a row.
    let text = format!(
        "n,s\n{}40,\"open\n{}",
        rows(0, 40),
        (41..90).map(|i| format!("{i},y\n")).collect::<String>()
    );
    says(&refused(&text, AS_USUAL), &["line 82:", "quote", "not closed"]);
    // The next quote closes it, and text follows there.
    let text = format!("n,s\n{}40,\"open\n{}", rows(0, 40), rows(41, 60));
    says(&refused(&text, AS_USUAL), &["line 82:", "line 83"]);
    says(&refused("a,b\n1,\"x\" y\n", AS_USUAL), &["line 2:", "twice"]);
    // It closes before a delimiter: the row has too few fields, and the lines it takes are named.
    says(
        &refused("a,b,c\n1,2,3\n4,\"5,6\n7,8\"\n", AS_USUAL),
        &["line 3:", "2 fields", "3 fields", "to line 4"],
    );
    says(&refused("\"a,b\n1,2\n", AS_USUAL), &["line 1:"]);
}

#[test]
fn rows_of_another_length_are_refused_with_their_line() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a,b", "1,\"x\ny\"", "2,z", "3", "4,w"].join(end);
        says(&refused(text, AS_USUAL), &["line 5", "1 field ", "2 fields"]);
    }
    says(&refused("a,b\n1,2,3,4\n", AS_USUAL), &["line 2", "4 fields", "2 fields"]);
    says(&refused("a\n1\n2,3\n", AS_USUAL), &["line 3", "2 fields", "1 field"]);
    says(&refused(",".repeat(70_000), AS_USUAL), &["line 1", "65535 columns"]);
}

#[test]
fn empty_lines_are_passed_over_and_said() {
    let (batch, notes) = read("a,b\n\n1,x\n\r\n2,y\n", AS_USUAL);
    assert_eq!(cells(&batch, 0), ["1", "2"]);
    said(&notes, &["2 empty lines", "line 2"]);
    // A quoted empty field is a row.
    let (batch, notes) = read("a\n1\n\"\"\n3\n", AS_USUAL);
    assert_eq!(cells(&batch, 0), ["1", "∅", "3"]);
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn values_are_of_the_first_type_that_changes_none() {
    use DataType::*;
    let time = |unit, zone: Option<&str>| Timestamp(unit, zone.map(Into::into));
    for (values, data_type) in [
        ("true FALSE", Boolean),
        ("true 1", Utf8),
        ("0 -1 9223372036854775807", Int64),
        ("9223372036854775808 1", Utf8),
        ("007 1", Utf8),
        ("+4930123456 1", Utf8),
        ("+0.5 1", Float64),
        ("-0 1", Float64),
        ("1 2.5", Float64),
        ("1e3 .5 5. NaN -inf Infinity", Float64),
        ("9007199254740993 2.5", Decimal128(17, 1)),
        ("0.12345678901234567890 1", Decimal128(21, 20)),
        ("1.000000000000000056e-01 2.5", Float64),
        ("0.30000000000000004 1", Float64),
        ("12345678901234567890.12345678901234567890 1", Utf8),
        ("0.12345678901234567890 1e3", Utf8),
        ("1e999 1", Utf8),
        ("1e-999 1", Utf8),
        ("0x10 1", Utf8),
        ("1_000 1", Utf8),
        ("1,5 1", Utf8),
        ("2020-02-29 1066-10-14", Date32),
        ("2021-02-29 2020-02-29", Utf8),
        ("2020-02-29 2020-02-29T12:30:00", time(TimeUnit::Second, None)),
        ("2020-02-29T12:30:00.120", time(TimeUnit::Millisecond, None)),
        ("2020-02-29T12:30:00.123456", time(TimeUnit::Microsecond, None)),
        ("2020-02-29T12:30:00.123456789", time(TimeUnit::Nanosecond, None)),
        ("2020-02-29T12:30:00.1234567891", Utf8),
        ("2020-02-29T12:30:00.123456789 9999-12-31", Utf8),
        ("2016-12-31T23:59:60 2017-01-01T00:00:00", Utf8),
        ("2016-12-31T23:59:60.5Z", Utf8),
        ("2020-02-29T12:30:00Z 2020-02-29T12:30:01Z", time(TimeUnit::Second, Some("UTC"))),
        (
            "2020-02-29T12:30:00+02:00 2020-02-29T12:30:00.5+02:00",
            time(TimeUnit::Millisecond, Some("+02:00")),
        ),
        ("2020-02-29T12:30:00Z 2020-02-29T12:30:00+02:00", time(TimeUnit::Second, Some("UTC"))),
        ("2020-02-29T12:30:00Z 2020-02-29T12:30:00", Utf8),
    ] {
        let rows: String = values.split(' ').map(|v| format!("\"{v}\"\n")).collect();
        let (batch, _) = read(format!("a\n{rows}"), AS_USUAL);
        assert_eq!(batch.schema().field(0).data_type(), &data_type, "{values}");
        if data_type == Utf8 {
            assert_eq!(cells(&batch, 0), values.split(' ').collect::<Vec<_>>());
        }
    }
}

#[test]
fn what_no_type_holds_is_said() {
    let (batch, notes) = read(
        "t,n,d,z\n2016-12-31T23:59:60,1e400,0.12345678901234567890,2020-01-01T00:00:00Z\n\
        2017-01-01T00:00:00,5,1.5,2020-01-01T01:00:00+01:00\n",
        AS_USUAL,
    );
    said(&notes, &["\"t\" is text", "2016-12-31T23:59:60 (line 2)"]);
    said(&notes, &["\"n\" is text", "1e400 (line 2)"]);
    said(&notes, &["\"d\"", "0.12345678901234567890 (line 2)", "--type d=float64"]);
    said(&notes, &["\"z\"", "several zones"]);
    assert_eq!(cells(&batch, 2), ["0.12345678901234567890", "1.50000000000000000000"]);
    assert_eq!(cells(&batch, 3), ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"]);
}

#[test]
fn words_for_null_count_beside_numbers_and_never_in_text() {
    let (batch, notes) = read(
        "n,f,d,b,s\n1,NaN,?,true,NA\n NA,2.5,2020-01-01,N/A,x\n?,null,2020-01-02,false,null\n",
        AS_USUAL,
    );
    assert_eq!(cells(&batch, 0), ["1", "∅", "∅"]);
    assert_eq!(cells(&batch, 1), ["NaN", "2.5", "∅"]);
    assert_eq!(cells(&batch, 2), ["∅", "2020-01-01", "2020-01-02"]);
    assert_eq!(cells(&batch, 3), ["true", "∅", "false"]);
    assert_eq!(cells(&batch, 4), ["NA", "x", "null"]);
    said(&notes, &["\"?\" is null", "1 in column \"n\"", "1 in column \"d\""]);
    said(&notes, &["\"null\" is null", "1 in column \"f\""]);
    said(&notes, &["spaces", "\"n\""]);
    assert!(!notes.iter().any(|n| n.contains("\"s\"") || n.contains("NaN")), "{notes:?}");
    // Integers have no NaN.
    let (batch, notes) = read("n\n1\nNaN\n", AS_USUAL);
    assert_eq!(
        (cells(&batch, 0), batch.schema().field(0).data_type()),
        (vec!["1".into(), "∅".into()], &DataType::Int64)
    );
    said(&notes, &["\"NaN\"", "\"n\""]);
    // Words alone are no numbers.
    assert_eq!(cells(&read("a,b\nNA,1\nNA,2\n", AS_USUAL).0, 0), ["NA", "NA"]);
}

#[test]
fn words_for_null_that_are_asked_for_replace_the_usual_ones() {
    let set = |csv: &mut CsvInput| csv.nulls = Some(vec!["-999".into(), "NaN".into(), "none".into()]);
    let (batch, notes) = read("n,f,s,t\n1,NaN,-999,none\n-999,2.5,x,none\n3,-999,NA,none\n", set);
    assert_eq!(cells(&batch, 0), ["1", "∅", "3"]);
    assert_eq!(cells(&batch, 1), ["∅", "2.5", "∅"]);
    assert_eq!(cells(&batch, 2), ["-999", "x", "NA"]);
    assert_eq!(batch.schema().field(3).data_type(), &DataType::Null);
    said(&notes, &["\"-999\"", "1 in column \"n\"", "1 in column \"f\""]);
    let (batch, notes) = read("n\n1\nNA\n", |csv| csv.nulls = Some(vec![]));
    assert_eq!(cells(&batch, 0), ["1", "NA"]);
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn a_column_that_is_nearly_numbers_is_named() {
    let text: String =
        (0..60).map(|i| format!("{i},{}\n", if i == 40 { "n.a.".into() } else { i.to_string() })).collect();
    let (_, notes) = read(format!("a,b\n{text}"), AS_USUAL);
    said(&notes, &["\"b\" is text", "1 of its 60 values", "n.a. (line 42)"]);
    assert_eq!(notes.len(), 1, "{notes:?}");
}

#[test]
fn the_delimiter_is_found_and_said() {
    for (text, delimiter) in [("a b;c\n1,5;2\n", "\";\""), ("a\tb\n1\t2\n", "tab"), ("a|b\n1|2\n", "\"|\"")] {
        let (batch, notes) = read(text, AS_USUAL);
        assert_eq!(batch.num_columns(), 2, "{text}");
        said(&notes, &["separated by", delimiter]);
    }
    assert!(read("a,b;c\n1,2;3\n", AS_USUAL).1.is_empty());
    let (batch, notes) = read("a;b\n1;2\n", |csv| csv.delimiter = Some(b','));
    assert_eq!((batch.num_columns(), notes.len()), (1, 0));
}

#[test]
fn headers_are_read_as_they_are_or_it_is_said() {
    let iris = "4.8,3.1,virginica\n6.1,2.9,setosa\n";
    let (batch, notes) = read(iris, AS_USUAL);
    assert_eq!(batch.num_rows(), 1);
    said(&notes, &["first line looks like a row", "\"4.8\"", "--no-header"]);
    let (batch, notes) = read(iris, |csv| csv.no_header = true);
    assert_eq!((batch.num_rows(), notes.len()), (2, 0));
    assert_eq!(batch.schema().field(2).name(), "c3");
    assert_eq!(cells(&batch, 0), ["4.8", "6.1"]);
    assert!(read("x1,y\n1,2\n", AS_USUAL).1.is_empty());
    let (batch, notes) = read("a,,a\n1,2,3\n", AS_USUAL);
    let schema = batch.schema();
    assert_eq!(schema.fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>(), ["a", "c2", "a_2"]);
    said(&notes, &["\"c2\""]);
    said(&notes, &["\"a_2\""]);
    // A comma at the end of each line.
    let (batch, _) = read("a,b,\n1,x,\n2,y,\n", AS_USUAL);
    assert_eq!(batch.schema().field(2).data_type(), &DataType::Null);
}

#[test]
fn types_are_as_asked_for_or_refused_with_line_and_column() {
    let with =
        |name: &'static str| move |csv: &mut CsvInput| csv.types = vec![("v".into(), name.parse().unwrap())];
    for (values, name, expected) in [
        ("007 12", "text", "007 12"),
        ("007 12", "int64", "7 12"),
        ("1 255", "uint8", "1 255"),
        ("0.12345678901234567890 1", "float64", "0.12345678901234568 1.0"),
        ("1 0.5", "float32", "1.0 0.5"),
        ("1 0 yes NA", "bool", "true false true ∅"),
        ("2 1.50 1e1", "decimal(5,2)", "2.00 1.50 10.00"),
        ("2020-02-29 NA", "date", "2020-02-29 ∅"),
        ("2020-02-29 2020-02-29T01:02:03", "timestamp", "2020-02-29T00:00:00 2020-02-29T01:02:03"),
    ] {
        let rows = values.replace(' ', ",x\n");
        let (batch, _) = read(format!("v,w\n{rows},x\n"), with(name));
        assert_eq!(cells(&batch, 0).join(" "), expected, "{values} as {name}");
    }
    for (values, name, at) in [
        ("1 2.5", "int64", "line 3: column \"v\": \"2.5\""),
        ("1 300", "uint8", "line 3: column \"v\": \"300\""),
        ("1e400", "float64", "line 2: column \"v\": \"1e400\""),
        ("1 1.005", "decimal(5,2)", "line 3: column \"v\": \"1.005\""),
        ("1000", "decimal(5,2)", "line 2: column \"v\": \"1000\""),
        ("maybe", "bool", "line 2: column \"v\": \"maybe\""),
        ("2020-02-29T00:00:00", "date", "line 2: column \"v\""),
        ("2020-02-29T00:00:00 noon", "timestamp", "line 3: column \"v\": \"noon\""),
        ("2020-02-29T00:00:60", "timestamp", "line 2: column \"v\""),
    ] {
        let rows = values.replace(' ', ",x\n");
        says(&refused(format!("v,w\n{rows},x\n"), with(name)), &[at]);
    }
    for name in ["number", "decimal", "decimal(39,2)", "decimal(3,4)", "decimal(3)", ""] {
        assert!(name.parse::<gede::arrow::CsvType>().is_err(), "{name}");
    }
    let folder = Folder::new();
    let path = folder.file("t.csv", "a\n1\n");
    let error = open(&path, |csv| csv.types = vec![("b".into(), "text".parse().unwrap())]).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Argument);
    says(&error.to_string(), &["\"b\"", "\"a\""]);
}

#[test]
fn text_in_other_encodings() {
    let text = "naïve,b\n1,zażółć 😀\n2,\"x\ny\"\n";
    let utf16 =
        |order: fn(u16) -> [u8; 2], text: &str| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let expected = read(text, AS_USUAL).0;
    let marked = [
        utf16(u16::to_le_bytes, &format!("\u{FEFF}{text}")),
        utf16(u16::to_be_bytes, &format!("\u{FEFF}{text}")),
    ];
    for bytes in &marked {
        let (batch, notes) = read(bytes, AS_USUAL);
        assert_eq!(batch, expected);
        said(&notes, &["UTF-16"]);
        assert_eq!(read(bytes, |csv| csv.encoding = Some("utf-16".parse().unwrap())).0, expected);
    }
    for (order, name) in
        [(u16::to_le_bytes as fn(u16) -> [u8; 2], "utf-16le"), (u16::to_be_bytes, "utf-16be")]
    {
        let bytes = utf16(order, text);
        assert_eq!(read(bytes, |csv| csv.encoding = Some(name.parse().unwrap())).0, expected);
        says(&refused(utf16(order, "a,b\n1,2\n"), AS_USUAL), &["line 1", "utf-16"]);
    }
    let latin = b"a,b\n1,na\xEFve\n2,\x80\n";
    says(&refused(latin, AS_USUAL), &["line 2", "column \"b\"", "--encoding"]);
    let cells_as = |name: &str| cells(&read(latin, |csv| csv.encoding = Some(name.parse().unwrap())).0, 1);
    assert_eq!(cells_as("latin-1"), ["naïve", "\u{80}"]);
    assert_eq!(cells_as("windows-1252"), ["naïve", "€"]);
    // Half of a pair in the second line.
    let mut broken = utf16(u16::to_le_bytes, "\u{FEFF}a\nb");
    broken.extend([0x00, 0xD8]);
    broken.extend(utf16(u16::to_le_bytes, "c\n"));
    says(&refused(broken, AS_USUAL), &["line 2", "UTF-16"]);
    says(&refused(b"\xFF\xFE\0\0a\0\0\0", AS_USUAL), &["UTF-32"]);
    // Parts of one character in two fields.
    says(&refused(b"a,b\n\xC3,\xA9\n", AS_USUAL), &["line 2", "column \"a\""]);
    assert!("utf-99".parse::<gede::arrow::TextEncoding>().is_err());
}

#[test]
fn compressed_text_is_read_as_plain_text() {
    let folder = Folder::new();
    let text: String = "n,s\n"
        .chars()
        .chain((0..50_000).flat_map(|i| format!("{i},s{}\n", i % 7).chars().collect::<Vec<_>>()))
        .collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    let expected = read(&text, AS_USUAL).0;
    for (name, bytes) in [("t.csv.gz", &gzip), ("t.csv.zst", &zstd), ("t.csv", &gzip)] {
        let table = ArrowTable::open(folder.file(name, bytes)).unwrap();
        assert_eq!(batch(&table), expected, "{name}");
        assert_eq!(batch(&table), expected, "{name}: a second pass");
    }
    let tabs = zstd::encode_all(text.replace(',', "\t").as_bytes(), 1).unwrap();
    assert_eq!(batch(&ArrowTable::open(folder.file("t.tsv.zst", tabs)).unwrap()), expected);
    let cut = ArrowTable::open(folder.file("cut.csv.gz", &gzip[..gzip.len() / 2])).err().unwrap();
    assert_eq!(cut.kind(), ErrorKind::Input);
    says(&cut.to_string(), &["cut.csv.gz", "cut short"]);
    let zip = ArrowTable::open(folder.file("t.csv", b"PK\x03\x04rest")).err().unwrap();
    says(&zip.to_string(), &["zip", "unpack"]);
}

#[test]
fn a_file_that_grows_between_passes_is_noticed() {
    let folder = Folder::new();
    let path = folder.file("t.csv", "a,b\n1,x\n");
    let table = ArrowTable::open(&path).unwrap();
    let mut passes = [table.batches().unwrap(), table.batches().unwrap()];
    assert_eq!(passes[0].next().unwrap().unwrap().rows, 1);
    assert!(passes[0].next().is_none());
    std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"2,y\n").unwrap();
    let failed = passes[1].by_ref().find_map(Result::err).unwrap();
    says(&failed.to_string(), &["t.csv", "changed", "from 8 to 12 bytes"]);
    says(&table.batches().err().unwrap().to_string(), &["changed"]);
}
