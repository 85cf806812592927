#![allow(missing_docs, clippy::all, clippy::pedantic, clippy::unwrap_used)]
#[path = "../benches/sensor/mod.rs"]
#[allow(dead_code)]
mod sensor;
use gede::arrow::*;
use gede::read::*;
use gede::write::*;
use std::time::Instant;
fn med(mut v: Vec<f64>) -> f64 {
    v.sort_by(|a, b| a.total_cmp(b));
    v[v.len() / 2]
}
fn main() {
    let n: u64 = std::env::args().nth(1).map_or(1_000_000, |x| x.parse().unwrap());
    let threads: usize = 1;
    let path = "/tmp/perf.gede";
    let batches: Vec<_> = sensor::batches(1, n, 65536).collect();
    let table = ArrowTable::from_batches(sensor::schema(), batches).unwrap();
    let t = Instant::now();
    let r = write(path, &table, &Options { overwrite: true, threads, ..Options::default() }).unwrap();
    let s = t.elapsed().as_secs_f64();
    println!(
        "encode {:.1} MB/s, {:.3} of raw, {:?}",
        n as f64 * 60.0 / 1e6 / s,
        r.file_length as f64 / (n as f64 * 60.0),
        r
    );
    let rd = unsafe { Reader::map(path).unwrap() };
    let a = rd.account().unwrap();
    println!("{:?} plain {} bits {:?}", a.parts, a.plain_length, a.bits_per_row);
    let all = ArrowReader::new(&rd, &Projection::all(rd.schema())).unwrap();
    for _ in 0..5 {
        let t = Instant::now();
        let mut rows = 0;
        for b in all.scan(0..n, 8192).unwrap() {
            rows += b.unwrap().num_rows();
        }
        println!("scan {:.1} ms ({rows})", t.elapsed().as_secs_f64() * 1e3);
    }
    for c in 0..12 {
        let one = ArrowReader::new(&rd, &Projection::nodes_of(rd.schema(), &[c])).unwrap();
        let ts: Vec<f64> = (0..7)
            .map(|_| {
                let t = Instant::now();
                for b in one.scan(0..n, 8192).unwrap() {
                    b.unwrap();
                }
                t.elapsed().as_secs_f64()
            })
            .collect();
        print!("{c}: {:.1} ms  ", med(ts) * 1e3);
    }
    println!();
    let mut x = 88172645463325252u64;
    let mut rnd = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x % n
    };
    for k in [1usize, 100, 10_000] {
        for sorted in [false, true] {
            let ts: Vec<f64> = (0..200)
                .map(|_| {
                    let mut v: Vec<u64> = (0..k).map(|_| rnd()).collect();
                    if sorted {
                        v.sort();
                    }
                    let t = Instant::now();
                    let b = all.take(&v).unwrap();
                    assert_eq!(b.num_rows(), k);
                    t.elapsed().as_secs_f64()
                })
                .collect();
            println!("take {k} sorted={sorted}: {:.1} us", med(ts) * 1e6);
        }
    }
}
