//! What went wrong on the line, as one of four codes.

use desk_app::ports::LinkFailure;
use desk_domain::code::Code;

pub(crate) fn garbled(detail: &str) -> LinkFailure {
    LinkFailure { code: Code::CentreGarbled, detail: detail.to_owned() }
}

pub(crate) fn status(status: reqwest::StatusCode) -> LinkFailure {
    LinkFailure { code: Code::CentreError, detail: format!("status {}", status.as_u16()) }
}

/// Before a connection stood nothing can have reached the centre; afterwards everything may have.
pub(crate) fn sending(error: &reqwest::Error) -> LinkFailure {
    let (code, detail) = if tls_refused(error) {
        (Code::CentreUnreachable, "certificate refused")
    } else if error.is_connect() {
        (Code::CentreUnreachable, "no connection")
    } else if error.is_timeout() {
        (Code::CentreLate, "no answer in time")
    } else {
        (Code::CentreLate, "cut before the answer was complete")
    };
    LinkFailure { code, detail: detail.to_owned() }
}

/// With TLS 1.3 the centre's refusal of our certificate arrives after our side has finished shaking hands.
fn tls_refused(error: &reqwest::Error) -> bool {
    matches!(tls_error(error), Some(rustls::Error::AlertReceived(_) | rustls::Error::InvalidCertificate(_)))
}

/// The TLS error inside, if there is one. An IO error hides what it wraps from `source`.
fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(tls);
    }
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    match inner {
        Some(inner) => tls_error(inner),
        None => error.source().and_then(tls_error),
    }
}
