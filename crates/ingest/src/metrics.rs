//! Every metric of this crate, with its unit in the name.

/// Files of watched folders read to their end, by folder.
const FILES_TAKEN: &str = "shopstream_files_taken_total";
/// Files of watched folders that cannot be read, by folder.
const FILES_FAILED: &str = "shopstream_files_failed_total";
/// Files that changed while they were read, by folder.
const FILES_CHANGED: &str = "shopstream_files_changed_total";
/// Rows of watched folders in the log, by folder.
const FILE_ROWS: &str = "shopstream_files_rows_total";
/// Bytes of watched folders that are not read yet, by folder.
const FILE_BYTES_BEHIND: &str = "shopstream_files_behind_bytes";

pub(crate) fn file_taken(folder: &str) {
    metrics::counter!(FILES_TAKEN, "folder" => folder.to_owned()).increment(1);
}

pub(crate) fn file_failed(folder: &str) {
    metrics::counter!(FILES_FAILED, "folder" => folder.to_owned()).increment(1);
}

pub(crate) fn file_changed(folder: &str) {
    metrics::counter!(FILES_CHANGED, "folder" => folder.to_owned()).increment(1);
}

pub(crate) fn file_rows(folder: &str, rows: u64) {
    metrics::counter!(FILE_ROWS, "folder" => folder.to_owned()).increment(rows);
}

pub(crate) fn bytes_behind(folder: &str, bytes: u64) {
    // Whole bytes are exact up to 8 PiB.
    metrics::gauge!(FILE_BYTES_BEHIND, "folder" => folder.to_owned()).set(bytes as f64);
}
