//! A line of an access log as a page view: what was asked for, from where, by whom, and how it ended.

use super::NAME;
use super::line::{Line, Part};
use super::query;
use crate::dialect::json::{push_member, write_string};
use crate::event::{Event, Str};
use crate::schema::{Label, Text};
use crate::{EventType, hash_128};
use std::borrow::Cow;
use std::fmt::Write;

/// The request, in its three words.
struct Request<'a> {
    method: &'a str,
    url: &'a str,
    protocol: &'a str,
}

impl<'a> Request<'a> {
    /// Nothing where it is not of the form `GET /path HTTP/1.1`: attacks and broken clients send anything.
    fn parse(text: &'a str) -> Option<Request<'a>> {
        let (method, rest) = text.split_once(' ')?;
        let (url, protocol) = match rest.rsplit_once(' ') {
            Some((url, protocol)) if protocol.starts_with("HTTP/") => (url.trim(), protocol),
            _ => (rest.trim(), ""),
        };
        let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
        (is_method && !url.is_empty()).then_some(Request {
            method,
            url,
            protocol,
        })
    }
}

/// The event. Its id and position are the reader's.
pub(super) fn page_view<'a>(line: &Line<'a>) -> Event<'a> {
    let mut event = Event::new(EventType::PageView);
    let mut extra = String::new();
    event.time = Some(line.time);
    event.set_label(Label::Dialect, NAME);
    set_client(&mut event, line, &mut extra);
    set_request(&mut event, line, &mut extra);
    set_outcome(&mut event, line, &mut extra);
    set_part(
        &mut event,
        line.referrer.as_ref(),
        "referrer",
        |event, text| {
            event.set_text(Text::Referrer, text);
        },
    );
    set_part(
        &mut event,
        line.agent.as_ref(),
        "user_agent",
        |event, text| {
            event.set_label(Label::UserAgent, text);
        },
    );
    set_visitor(&mut event, line);
    if !matches!(line.rest, "" | "\"-\"") {
        keep(&mut extra, "rest", line.rest);
    }
    if !extra.is_empty() {
        event.set_text(Text::Extra, extra + "}");
    }
    event
}

fn keep(extra: &mut String, name: &str, value: &str) {
    push_member(extra, &[name], |out| write_string(out, value));
}

fn set_client<'a>(event: &mut Event<'a>, line: &Line<'a>, extra: &mut String) {
    if line.client.parse::<core::net::IpAddr>().is_ok() {
        event.set_text(Text::Ip, line.client);
    } else if line.client != "-" {
        keep(extra, "client", line.client);
    }
    if line.user != "-" {
        event.set_text(Text::CustomerId, line.user);
    }
}

fn set_request<'a>(event: &mut Event<'a>, line: &Line<'a>, extra: &mut String) {
    let Some(text) = line.request.value() else {
        return;
    };
    let request = match Request::parse(text) {
        // A url that was cut off is another url.
        Some(request) if !line.request.is_cut => request,
        _ => return keep(extra, "request", text),
    };
    query::set_fields(event, request.url);
    let url: Str<'a> = match (line.host, text) {
        (Some(host), _) if request.url.starts_with('/') => {
            Cow::Owned(format!("{}{}", origin(host), request.url))
        }
        (_, Cow::Borrowed(text)) => {
            let start = request.url.as_ptr() as usize - text.as_ptr() as usize;
            Cow::Borrowed(&text[start..start + request.url.len()])
        }
        _ => Cow::Owned(request.url.to_owned()),
    };
    event.set_text(Text::Url, url);
    keep(extra, "method", request.method);
    if !request.protocol.is_empty() {
        keep(extra, "protocol", request.protocol);
    }
}

/// `shop.example.com:443` is `https://shop.example.com`.
fn origin(host: &str) -> String {
    match host.rsplit_once(':') {
        Some((name, "443")) => format!("https://{name}"),
        Some((name, "80")) => format!("http://{name}"),
        _ => format!("http://{host}"),
    }
}

fn set_outcome(event: &mut Event<'_>, line: &Line<'_>, extra: &mut String) {
    let mut number = |name: &str, value: Option<u64>| {
        if let Some(value) = value {
            push_member(extra, &[name], |out| {
                write!(out, "{value}").expect("a string takes it");
            });
        }
    };
    number("status", line.status.map(u64::from));
    number("bytes", line.bytes);
    if let Some(status) = line.status.filter(|status| *status >= 400) {
        event.set_text(Text::ErrorCode, status.to_string());
    }
}

fn set_part<'a>(
    event: &mut Event<'a>,
    part: Option<&Part<'a>>,
    name: &'static str,
    set: impl FnOnce(&mut Event<'a>, Str<'a>),
) {
    let Some((part, text)) = part.and_then(|part| Some((part, part.value()?))) else {
        return;
    };
    set(event, text.clone());
    if part.is_cut {
        event.mark_inferred(name);
    }
}

/// Logs know no visitors. As tools for logs do, one address with one browser is taken for one, and marked as our guess.
fn set_visitor(event: &mut Event<'_>, line: &Line<'_>) {
    if line.client == "-" {
        return;
    }
    let agent = event.label(Label::UserAgent).unwrap_or_default();
    let visitor = hash_128(format!("{}\0{agent}", line.client).as_bytes());
    event.set_text(Text::AnonymousId, format!("{visitor:032x}"));
    event.mark_inferred(Text::AnonymousId.name());
}
