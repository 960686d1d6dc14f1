//! A file's bytes, as a window that moves over them: readers of rows see it, say how much they are done with, and see more.

use std::io::{self, Read};

/// Bytes looked at to begin with, and read at a time.
const WINDOW_BYTES: usize = 1 << 20;

/// The window.
pub(super) struct Window {
    read: Box<dyn Read + Send>,
    /// Room that is kept from one part of the file to the next: making it anew would fill it with zeros each time.
    room: Vec<u8>,
    /// What is to be read next lies between these two.
    at: usize,
    end: usize,
    is_complete: bool,
    /// The end of what there is is not the end of the file.
    is_growing: bool,
    failure: Option<io::Error>,
}

impl Window {
    pub(super) fn new(read: Box<dyn Read + Send>) -> Window {
        Window {
            read,
            room: Vec::new(),
            at: 0,
            end: 0,
            is_complete: false,
            is_growing: false,
            failure: None,
        }
    }

    /// A window on a file that is still written to.
    pub(super) fn growing(read: Box<dyn Read + Send>) -> Window {
        Window {
            is_growing: true,
            ..Window::new(read)
        }
    }

    /// Whether more may come behind the end of what there is.
    pub(super) fn is_growing(&self) -> bool {
        self.is_growing
    }

    /// From now on the end of what there is is the file's.
    pub(super) fn stop_growing(&mut self) {
        self.is_growing = false;
    }

    /// What is to be read next.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.room[self.at..self.end]
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.room.capacity()
    }

    /// Whether the file ends with the window.
    pub(super) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Done with the first bytes.
    pub(super) fn consume(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Adds to the window, a part of its size each time, so that a long row is not searched over and over; how many bytes came.
    /// A failed read shows once everything before it is done with.
    pub(super) fn grow(&mut self) -> io::Result<usize> {
        if self.is_complete {
            return Ok(0);
        }
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        self.room.copy_within(self.at..self.end, 0);
        self.end -= self.at;
        self.at = 0;
        let before = self.end;
        let more = WINDOW_BYTES.max(before);
        if self.room.len() < before + more {
            self.room.resize(before + more, 0);
        }
        self.fill(before + more);
        let came = self.end - before;
        if came == 0 {
            match self.failure.take() {
                Some(failure) => return Err(failure),
                // It may be long until more comes: a file that waits keeps no mebibyte.
                None => {
                    self.room.truncate(self.end);
                    self.room.shrink_to_fit();
                }
            }
        }
        Ok(came)
    }

    /// Reads until so much is in the window, or until the end or a failure.
    fn fill(&mut self, until: usize) {
        while self.end < until {
            match self.read.read(&mut self.room[self.end..until]) {
                Ok(0) => {
                    self.is_complete = !self.is_growing;
                    return;
                }
                Ok(read) => self.end += read,
                Err(failure) if failure.kind() == io::ErrorKind::Interrupted => {}
                Err(failure) => {
                    self.failure = Some(failure);
                    return;
                }
            }
        }
    }
}
