//! Bad input and misuse: one clear line, exit 1 or 2, nothing half-written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::Folder;

/// Failed, misused.
const FAILED: i32 = 1;
const MISUSED: i32 = 2;

fn says(line: &str, parts: &[&str]) {
    for part in parts {
        assert!(line.contains(part), "{part:?} is not in {line:?}");
    }
}

#[test]
fn files_that_are_not_there() {
    let folder = Folder::new();
    for command in ["convert x.csv x.gede", "info x.gede", "verify x.gede", "head x.gede", "condensed x.gede"]
    {
        let line = folder.refused(command, FAILED);
        says(&line, &[command.split(' ').nth(1).unwrap(), "os error 2"]);
    }
    says(&folder.refused("take x.gede --rows 0", FAILED), &["x.gede"]);
    says(&folder.refused("train linear x.gede", FAILED), &["x.gede"]);
    folder.write("t.csv", "a\n1\n");
    says(&folder.refused("convert t.csv nowhere/t.gede", FAILED), &["nowhere"]);
}

#[test]
fn files_that_are_something_else() {
    let folder = Folder::new();
    folder.write("a.gede", "");
    folder.write("b.gede", [7; 5000]);
    folder.write("t.dat", [0, 159, 146, 150]);
    for file in ["a.gede", "b.gede"] {
        for command in ["info", "verify", "head", "condensed"] {
            says(&folder.refused(&format!("{command} {file}"), FAILED), &[file, "not a gede file"]);
        }
        says(&folder.refused(&format!("convert {file} t.csv"), FAILED), &[file, "not a gede file"]);
    }
    says(&folder.refused("convert t.dat t.gede", FAILED), &["t.dat", "Parquet"]);
    says(&folder.refused("head .", MISUSED), &["not a file"]);
}

#[test]
fn damaged_files() {
    let folder = Folder::new();
    folder.california();
    let whole = folder.read("c.gede");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 16;
    folder.write("flipped.gede", flipped);
    folder.write("cut.gede", &whole[..whole.len() - 1]);
    says(&folder.refused("verify flipped.gede", FAILED), &["flipped.gede", "checksum"]);
    says(&folder.refused("verify cut.gede", FAILED), &["cut.gede"]);
    says(&folder.refused("convert flipped.gede t.csv", FAILED), &["flipped.gede", "checksum"]);
    let output = folder.run("verify flipped.gede --json");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ok"], false);
    assert_eq!(output.status.code(), Some(FAILED));
}

#[test]
fn bad_tables() {
    let folder = Folder::new();
    folder.write("empty.csv", "");
    folder.write("ragged.csv", "a,b\n1,2\n3\n5,6\n");
    folder.write("bad.libsvm", "1 1:2.5\n0 x:1\n");
    says(&folder.refused("convert empty.csv t.gede", FAILED), &["empty.csv"]);
    says(&folder.refused("convert ragged.csv t.gede", FAILED), &["ragged.csv", "3"]);
    says(&folder.refused("convert bad.libsvm t.gede", FAILED), &["bad.libsvm", "2"]);
}

#[test]
fn options_that_do_not_fit_the_table() {
    let folder = Folder::new();
    folder.write("t.csv", "a,b,name\n1,2.5,x\n2,3.5,y\n3,4.5,z\n");
    let unknown = ["--target c", "--target c:class", "--exclude a,c", "--class c"];
    for option in unknown {
        let line = folder.refused(&format!("convert t.csv t.gede {option}"), MISUSED);
        says(&line, &["t.csv", "no column \"c\"", "a, b, name"]);
    }
    says(&folder.refused("convert t.csv t.gede --target name:value", MISUSED), &["t.csv", "name"]);
    says(&folder.refused("convert t.csv t.gede --layout tight", MISUSED), &["tight", "compact", "paper"]);
    says(&folder.refused("convert t.csv t.gede --max-condensed 101%", MISUSED), &["100%"]);
    says(&folder.refused("convert t.csv t.gede --max-condensed few", MISUSED), &["few"]);
    says(&folder.refused("convert t.csv t.gede --beta 3 --max-condensed 3", MISUSED), &["--beta"]);
    says(&folder.refused("convert t.csv t.gede --segment-rows 0", MISUSED), &["--segment-rows"]);
    says(&folder.refused("convert t.csv t.gede --groups a,,b", MISUSED), &["--groups", "a,b;c"]);
    says(&folder.refused("convert t.csv t.gede --groups a;c", MISUSED), &["no column \"c\""]);
    says(&folder.refused("convert t.csv t.gede --groups a,b;a", MISUSED), &["column \"a\" is named twice"]);
    says(&folder.refused("convert t.csv t.parquet", MISUSED), &["t.parquet", ".gede"]);
}

#[test]
fn files_that_are_there_already() {
    let folder = Folder::new();
    folder.write("t.csv", "a\n1\n");
    folder.write("t.gede", "mine");
    says(&folder.refused("convert t.csv t.gede", MISUSED), &["t.gede", "--overwrite"]);
    assert_eq!(folder.read("t.gede"), b"mine");
    folder.fine("convert t.csv t.gede --overwrite");
    folder.write("u.csv", "mine");
    says(&folder.refused("convert t.gede u.csv", MISUSED), &["u.csv", "--overwrite"]);
    folder.fine("convert t.gede u.csv --overwrite");
    assert_eq!(folder.read("u.csv"), b"a\n1\n");
    folder.fine("convert t.csv c.gede --max-condensed 1");
    says(&folder.refused("condensed c.gede u.csv", MISUSED), &["u.csv", "--overwrite"]);
}

#[test]
fn requests_that_do_not_fit_the_file() {
    let folder = Folder::new();
    folder.write("t.csv", "a,name\n1,x\n2,y\n");
    folder.fine("convert t.csv t.gede");
    says(&folder.refused("take t.gede --rows 0,2", MISUSED), &["t.gede", "no row 2", "2 rows"]);
    says(&folder.refused("take t.gede --rows -1", MISUSED), &["-1"]);
    says(&folder.refused("take t.gede", MISUSED), &["--rows"]);
    says(&folder.refused("take t.gede --rows 0 --columns b", MISUSED), &["no column \"b\"", "a, name"]);
    says(&folder.refused("head t.gede --columns b", MISUSED), &["t.gede", "no column \"b\""]);
    says(&folder.refused("condensed t.gede", MISUSED), &["t.gede", "--target"]);
    for method in ["condensed", "full", "mini-batch", "closed-form", "moments"] {
        let line = folder.refused(&format!("train linear t.gede --method {method}"), MISUSED);
        says(&line, &["t.gede", "--target"]);
    }
    says(&folder.refused("convert t.gede u.gede", MISUSED), &["t.gede", "already"]);
    says(&folder.refused("convert t.gede u.csv --target a", MISUSED), &["u.csv", "--target"]);
    says(&folder.refused("convert t.gede u.txt", MISUSED), &["u.txt", ".parquet"]);
    says(&folder.refused("frobnicate t.gede", MISUSED), &["frobnicate"]);
    says(&folder.refused("info t.gede --frobnicate", MISUSED), &["--frobnicate"]);
    assert_eq!(folder.run("").status.code(), Some(MISUSED));
}

#[test]
fn a_reader_that_leaves_early() {
    let folder = Folder::new();
    folder.california();
    for arguments in ["head c.gede -n 20640", "head c.gede -n 20640 --json", "condensed c.gede"] {
        let mut command = folder.command(arguments);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command.stdout(writer).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
        assert!(output.status.success(), "{arguments}: {}", output.status);
    }
}

/// Runs `convert` on a file of the folder, within 5 seconds of processor time and 64 MB of memory and four times the file,
/// and returns the line with which it refuses; none if the file is converted.
#[cfg(target_os = "linux")]
fn converted_within_limits(folder: &Folder, name: &str, options: &str) -> Option<String> {
    let length = std::fs::metadata(folder.path(name)).unwrap().len();
    let kilobytes = (64 << 10) + 4 * length / 1024;
    let gede = env!("CARGO_BIN_EXE_gede");
    let limited = format!(
        "ulimit -c 0; ulimit -t 5; ulimit -d {kilobytes}; exec {gede} convert {name} out.gede --overwrite {options}"
    );
    let output = std::process::Command::new("sh")
        .args(["-c", &limited])
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    let line = String::from_utf8(output.stderr).unwrap();
    match output.status.code() {
        Some(0) => None,
        Some(FAILED) => {
            assert!(line.starts_with("gede: ") && line.lines().count() == 1, "{name}: {line}");
            Some(line)
        }
        _ => panic!("{name}: {}: {line}", output.status),
    }
}

#[cfg(target_os = "linux")]
#[test]
fn text_that_claims_columns_or_expands_is_refused_within_limits() {
    let folder = Folder::new();
    let gzip = |bytes: &[u8]| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut out, bytes).unwrap();
        out.finish().unwrap()
    };
    let commas = [&[b','; 65_534][..], b"\n"].concat();
    folder.write("header.csv", &commas);
    folder.write("rows.csv", commas.repeat(20));
    folder.write("many.csv", vec![b','; 2_000_000]);
    folder.write("semicolons.csv", vec![b';'; 24_000]);
    folder.write("line.csv.gz", gzip(&vec![b'a'; 40 << 20]));
    folder.write("rows.csv.gz", gzip(&b"a,b\n".repeat(10 << 20)));
    folder.write("wide.svm", "1 1048575:1\n".repeat(2));
    folder.write("line.svm.gz", gzip(&vec![b' '; 40 << 20]));
    for (name, why) in [
        ("header.csv", "next to nothing a column"),
        ("rows.csv", "next to nothing a column"),
        ("many.csv", "more than 65535 columns"),
        ("line.csv.gz", "the row is longer than 4 MiB"),
        ("rows.csv.gz", "unpack it first"),
        ("wide.svm", "--dense"),
        ("line.svm.gz", "unpack it first"),
    ] {
        says(&converted_within_limits(&folder, name, "").expect(name), &[name, why]);
    }
    assert_eq!(converted_within_limits(&folder, "semicolons.csv", ""), None);
    // A table that is as wide and has the bytes for it.
    let row = (0..30_000).map(|i| format!("{i}")).collect::<Vec<_>>().join(",");
    folder.write("genes.csv", format!("{row}\n").repeat(40));
    folder.fine("convert genes.csv genes.gede");
}

#[cfg(target_os = "linux")]
#[test]
fn arrow_and_parquet_that_claim_memory_are_refused_within_limits() {
    use arrow::array::{ArrayRef, Float64Array, NullArray};
    use arrow::ipc::CompressionType;
    use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
    use arrow::record_batch::RecordBatch;
    use parquet::basic::Compression;
    use parquet::file::properties::WriterProperties;
    use std::sync::Arc;

    let folder = Folder::new();
    let stream = |column: ArrayRef, codec| {
        let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
        let options = IpcWriteOptions::default().try_with_compression(codec).unwrap();
        let mut out = StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options).unwrap();
        out.write(&batch).unwrap();
        out.into_inner().unwrap()
    };
    let patched = |mut bytes: Vec<u8>, from: u64, to: u64| {
        while let Some(at) = bytes.windows(8).position(|window| window == from.to_le_bytes()) {
            bytes[at..at + 8].copy_from_slice(&to.to_le_bytes());
        }
        bytes
    };
    let zeros = |rows| Arc::new(Float64Array::from(vec![0.0; rows])) as ArrayRef;
    let (lz4, zstd) = (Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD));
    folder.write("memory.arrows", stream(zeros(7 << 20), zstd));
    folder.write("expands.arrows", stream(zeros(9 << 20), zstd));
    folder.write("more.arrows", patched(stream(zeros(4_200_123), lz4), 8 * 4_200_123, 8 * 123_457));
    for (name, rows) in [("nulls.arrows", 1 << 40), ("negative.arrows", u64::MAX)] {
        folder.write(name, patched(stream(Arc::new(NullArray::new(1_234_567)), None), 1_234_567, rows));
    }

    let batch = RecordBatch::try_from_iter([("x", zeros(2 << 20))]).unwrap();
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_compression(Compression::ZSTD(Default::default()))
        .set_data_page_size_limit(64 << 20)
        .set_data_page_row_count_limit(usize::MAX)
        .set_statistics_enabled(parquet::file::properties::EnabledStatistics::None)
        .build();
    let mut out = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    out.write(&batch).unwrap();
    let mut file = out.into_inner().unwrap();
    // The first page's header: its type, then its length unpacked, a little more than 2^24 bytes.
    assert_eq!((&file[4..7], file[10] & 0x80), (&[0x15, 0, 0x15][..], 0));
    file[7..11].copy_from_slice(&[0xFE, 0xFF, 0xFF, 0x7F]);
    folder.write("page.parquet", file);
    let parquet =
        |footer: Vec<u8>| [b"PAR1", &footer[..], &(footer.len() as u32).to_le_bytes(), b"PAR1"].concat();
    // A version, a schema of a group without columns, no rows; then a list of 2^31 - 1 row groups.
    let head = [0x15, 2, 0x19, 0x1C, 0x48, 1, b'a', 0x15, 0, 0, 0x16, 0];
    let groups = [&head[..], &[0x19, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0]].concat();
    folder.write("groups.parquet", parquet(groups));
    // Groups in groups, 100,000 deep.
    let group = [0x35, 0, 0x18, 1, b'a', 0x15, 2, 0];
    let nested = [&[0x15, 2, 0x19, 0xFC, 0xA0, 0x8D, 6][..], &group.repeat(100_000), &[0x16, 0, 0]].concat();
    folder.write("nested.parquet", parquet(nested));

    for (name, why) in [
        ("memory.arrows", "of memory are needed"),
        ("expands.arrows", "1000 times the file"),
        ("more.arrows", "and has more"),
        ("nulls.arrows", "1099511627776 rows"),
        ("negative.arrows", "negative rows"),
        ("page.parquet", "column \"x\", row group 0: is damaged: a page of"),
        ("groups.parquet", "its footer is not whole"),
        ("nested.parquet", "the schema in its footer"),
    ] {
        says(&converted_within_limits(&folder, name, "").expect(name), &[name, why]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn pictures_that_claim_pixels_are_refused_within_limits() {
    let folder = Folder::new();
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let body = [&kind[..], data].concat();
        let mut crc = flate2::Crc::new();
        crc.update(&body);
        [&(data.len() as u32).to_be_bytes()[..], &body, &crc.sum().to_be_bytes()].concat()
    };
    let png = |side: u32, data: &[u8]| {
        let head = [&side.to_be_bytes()[..], &side.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
        let chunks = [chunk(b"IHDR", &head), chunk(b"IDAT", data), chunk(b"IEND", &[])].concat();
        [&b"\x89PNG\r\n\x1a\n"[..], &chunks].concat()
    };
    let zlib = |bytes: &[u8]| {
        let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut out, bytes).unwrap();
        out.finish().unwrap()
    };
    let mut bmp = b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
    bmp.extend([9000_u32, 9000, 1 | 24 << 16, 0, 0, 0, 0, 0, 0].iter().flat_map(|word| word.to_le_bytes()));
    for (name, bytes, why) in [
        ("claims/t.png", png(16_384, &zlib(&[0])), "bytes can hold"),
        ("expands/t.png", png(8192, &zlib(&vec![0; 8193 * 8192])), "of memory are needed"),
        ("claims_too/t.bmp", bmp, "bytes can hold"),
    ] {
        let (of, _) = name.split_once('/').unwrap();
        std::fs::create_dir(folder.path(of)).unwrap();
        folder.write(name, bytes);
        for options in ["", "--encoded"] {
            says(&converted_within_limits(&folder, of, options).expect(name), &[name, why]);
        }
    }
}
