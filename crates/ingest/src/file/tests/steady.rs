//! Files that change while they are read: what was read stays, what is no longer there is said.

use super::*;
use std::fs::{self, File, OpenOptions};
use std::path::Path;

/// Rows enough for several windows.
const ROWS: usize = 200_000;

fn row(at: usize) -> String {
    format!("view,{},{at},product number {at}\n", 1_700_000_000 + at)
}

fn write(path: &Path, rows: std::ops::Range<usize>) {
    let text: String = rows.map(row).collect();
    fs::write(path, format!("event,ts,user_id,product_name\n{text}")).expect("written");
}

/// Reads a frame, lets `change` happen, reads the rest: how many events came, whether each row came once, and the error.
fn read_while(change: impl FnOnce(&Path)) -> (usize, Option<String>) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("events.csv");
    write(&path, 0..ROWS);
    let options = FileOptions::new("events.csv", "main");
    let mut reader = FileReader::open_path(&path, options).expect("opens");
    let mut builder = FrameBuilder::new();
    let mut users = Vec::new();
    let mut change = Some(change);
    loop {
        let progress = reader.next_frame(&mut builder, ROWS_MAX, RECEIVED);
        let frame = builder.finish();
        assert_eq!(frame.rejected, []);
        let events = frame.events.events();
        users.extend(events.map(|event| event.text(Text::CustomerId).unwrap_or("-").to_owned()));
        if let Some(change) = change.take() {
            change(&path);
        }
        match progress {
            Ok(progress) if progress.done => break,
            Ok(_) => {}
            Err(error) => {
                assert_each_once(&users);
                assert_eq!(error.remedy, FileRemedy::MendFile);
                assert!(error.hint.contains("not counted twice"), "{}", error.hint);
                return (users.len(), Some(error.what));
            }
        }
    }
    assert_each_once(&users);
    (users.len(), None)
}

/// The rows read are the first ones of the file, each once.
fn assert_each_once(users: &[String]) {
    for (at, user) in users.iter().enumerate() {
        assert_eq!(*user, at.to_string());
    }
}

fn set_length(path: &Path, bytes: u64) {
    let file = OpenOptions::new().write(true).open(path).expect("opens");
    file.set_len(bytes).expect("cut");
}

#[test]
fn a_file_that_shrinks_says_so_and_its_cut_row_is_no_row() {
    let (rows, error) = read_while(|path| set_length(path, 3_000_017));
    let error = error.expect("it shrank");
    assert!(rows < ROWS / 2, "{rows}");
    assert!(
        error.starts_with("it became shorter while it was read, 3000017 bytes of"),
        "{error}"
    );
    assert!(error.ends_with(&format!(", after {rows} rows")), "{error}");
}

#[test]
fn a_file_cut_to_nothing_and_written_anew_says_so() {
    // Larger than before, so that its length alone does not tell.
    let (rows, error) = read_while(|path| write(path, 500_000..500_000 + 2 * ROWS));
    let error = error.expect("it was overwritten");
    assert!(rows < ROWS / 2, "{rows}");
    assert_eq!(
        error,
        format!("it was overwritten while it was read, after {rows} rows")
    );
}

#[test]
fn a_file_that_is_replaced_by_name_or_removed_is_read_to_its_end() {
    let replaced = read_while(|path| {
        let other = path.with_extension("new");
        write(&other, 900_000..900_010);
        fs::rename(other, path).expect("renamed");
    });
    assert_eq!(replaced, (ROWS, None));
    let removed = read_while(|path| fs::remove_file(path).expect("removed"));
    assert_eq!(removed, (ROWS, None));
}

#[test]
fn a_file_that_grows_is_read_to_its_new_end() {
    let grown = read_while(|path| {
        let mut file = OpenOptions::new().append(true).open(path).expect("opens");
        file.write_all(row(ROWS).as_bytes()).expect("written");
    });
    assert_eq!(grown, (ROWS + 1, None));
}

#[test]
fn what_is_no_regular_file_is_read_as_it_comes() {
    let file = File::open("/dev/null").expect("a device");
    let mut read = SteadyFile::new(file).expect("opens");
    assert_eq!(read.read(&mut [0; 8]).ok(), Some(0));
}
