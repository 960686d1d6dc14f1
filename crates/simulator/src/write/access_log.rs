//! A web server's log in combined form. Whoever reads it sees pages, addresses and browsers; what was bought is not said.

use super::page::{referrer, write_path};
use super::text::{address, number, put};
use crate::event::SimEvent;
use crate::random::mix;

pub(super) fn write_line(event: &SimEvent<'_>, out: &mut Vec<u8>) {
    address(event.who.visitor.address, out);
    put(out, " - ");
    if event.who.is_signed_in {
        put(out, "cust_");
        number(u64::from(event.who.visitor.number), out);
    } else {
        out.push(b'-');
    }
    put(out, " [");
    event.time.write_log(out);
    put(out, "] \"GET /");
    write_path(event, out);
    put(out, " HTTP/1.1\" 200 ");
    // Pages weigh 4 to 68 kB; which one is the event's own affair.
    number(4_096 + mix(event.id as u64) % 65_536, out);
    put(out, " \"");
    put(out, referrer(event).unwrap_or("-"));
    put(out, "\" \"");
    put(out, event.who.agent().user_agent);
    put(out, "\"\n");
}
