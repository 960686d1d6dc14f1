//! Frames that wait for the writer thread, bounded by their bytes.
//! Every frame that enters is answered exactly once, even if the writer dies with it.

use parking_lot::{Condvar, Mutex};
use tokio::sync::Notify;

use crate::error::LogError;
use crate::frame::EncodedFrame;
use crate::writer::Appended;

pub(crate) type Answer = Box<dyn FnOnce(Result<Appended, LogError>) + Send>;

/// A frame and whom to tell.
pub(crate) struct Pending {
    pub frame: EncodedFrame,
    answer: Option<Answer>,
}

impl Pending {
    pub(crate) fn new(frame: EncodedFrame, answer: Answer) -> Self {
        Self {
            frame,
            answer: Some(answer),
        }
    }

    pub(crate) fn answer(mut self, result: Result<Appended, LogError>) {
        if let Some(answer) = self.answer.take() {
            answer(result);
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(answer) = self.answer.take() {
            answer(Err(LogError::Closed));
        }
    }
}

/// What became of a frame that was offered.
enum Offer {
    Taken,
    /// It stays with the caller, who waits for room.
    Full,
    Refused(LogError),
}

pub(crate) struct Queue {
    bytes_max: usize,
    state: Mutex<State>,
    work: Condvar,
    room: Condvar,
    async_room: Notify,
}

#[derive(Default)]
struct State {
    waiting: Vec<Pending>,
    bytes: usize,
    ended: Option<LogError>,
}

impl Queue {
    pub(crate) fn new(bytes_max: usize) -> Self {
        let (work, room, async_room) = (Condvar::new(), Condvar::new(), Notify::new());
        Self {
            bytes_max,
            state: Mutex::default(),
            work,
            room,
            async_room,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.state.lock().bytes
    }

    /// Waits for room on this thread.
    pub(crate) fn push_blocking(&self, pending: Pending) {
        let mut offered = Some(pending);
        let mut state = self.state.lock();
        let refusal = loop {
            match self.offer(&mut state, &mut offered) {
                Offer::Taken => return,
                Offer::Full => self.room.wait(&mut state),
                Offer::Refused(reason) => break reason,
            }
        };
        // Answers run code of the caller, so not under the lock.
        drop(state);
        refuse(offered, refusal);
    }

    /// Waits for room without holding a thread. Dropped before it is through, the frame is not appended.
    pub(crate) async fn push(&self, pending: Pending) {
        let mut offered = Some(pending);
        loop {
            // Made before looking: it hears every `notify_waiters` from now on.
            let room = self.async_room.notified();
            let offer = self.offer(&mut self.state.lock(), &mut offered);
            match offer {
                Offer::Taken => return,
                Offer::Full => room.await,
                Offer::Refused(reason) => return refuse(offered, reason),
            }
        }
    }

    fn offer(&self, state: &mut State, offered: &mut Option<Pending>) -> Offer {
        if let Some(reason) = &state.ended {
            return Offer::Refused(reason.clone());
        }
        let bytes = offered
            .as_ref()
            .map_or(0, |pending| pending.frame.stored_bytes());
        // One frame larger than the whole queue may pass alone.
        if !state.waiting.is_empty() && state.bytes + bytes > self.bytes_max {
            return Offer::Full;
        }
        state.bytes += bytes;
        state.waiting.extend(offered.take());
        self.work.notify_one();
        Offer::Taken
    }

    /// Everything that waits; nothing once the queue is closed and empty.
    pub(crate) fn take(&self) -> Option<Vec<Pending>> {
        let mut state = self.state.lock();
        self.work
            .wait_while(&mut state, |it| it.waiting.is_empty() && it.ended.is_none());
        state.bytes = 0;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        self.wake_producers();
        (!waiting.is_empty()).then_some(waiting)
    }

    /// Refuses what comes from now on; what already waits can still be taken.
    pub(crate) fn close(&self, reason: LogError) {
        self.state.lock().ended.get_or_insert(reason);
        self.work.notify_all();
        self.wake_producers();
    }

    fn wake_producers(&self) {
        self.room.notify_all();
        self.async_room.notify_waiters();
    }
}

fn refuse(offered: Option<Pending>, reason: LogError) {
    if let Some(pending) = offered {
        pending.answer(Err(reason));
    }
}
