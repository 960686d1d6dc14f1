//! Lays the built dashboard down for `dashboard.rs` to embed, each file plain and compressed.
//! It does not build the dashboard; without `dashboard/dist` the built-in page is all there is.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    let dist = root.join("../../dashboard/dist");
    // Cargo looks at every file below. While the folder is missing the script runs at each build, to see it appear.
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=src/builtin.html");
    let mut files = Vec::new();
    if dist.join("index.html").is_file() {
        collect(&dist, "", &mut files)?;
    } else {
        files.push(("/index.html".to_owned(), root.join("src/builtin.html")));
    }
    files.sort();
    let mut code = String::from("static ASSETS: &[Asset] = &[\n");
    for (number, (path, file)) in files.iter().enumerate() {
        code.push_str(&lay_down(&out, number, path, &fs::read(file)?)?);
    }
    code.push_str("];\n");
    fs::write(out.join("dashboard.rs"), code)
}

/// Files below a folder, by the path they are served at.
fn collect(dir: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &path, files)?;
        } else {
            files.push((path, entry.path()));
        }
    }
    Ok(())
}

/// Copies a file beside its compressed form and gives the line that embeds both.
fn lay_down(out: &Path, number: usize, path: &str, bytes: &[u8]) -> io::Result<String> {
    fs::write(out.join(format!("{number}.plain")), bytes)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    let packed = encoder.finish()?;
    let embedded =
        |kind: &str| format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{number}.{kind}\"))");
    let gzip = if packed.len() < bytes.len() {
        fs::write(out.join(format!("{number}.gzip")), &packed)?;
        format!("Some({})", embedded("gzip"))
    } else {
        "None".to_owned()
    };
    let mut line = String::new();
    writeln!(
        line,
        "    Asset {{ path: {path:?}, content_type: {:?}, bytes: {}, gzip: {gzip}, etag: \"\\\"{:016x}\\\"\" }},",
        content_type(path),
        embedded("plain"),
        fnv_1a(bytes)
    )
    .expect("a string takes everything");
    Ok(line)
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

/// FNV-1a, 64 bit: tells versions of a file apart and protects nothing.
fn fnv_1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
