//! Where a browser may be sent with tokens in its hands (GoTrue, 1.7 and 4.16).
//!
//! An address is judged as the text that it is, and refused where a browser would read that text otherwise: with
//! blanks, backslashes, a user name or `..` in it. The one exception is a query right behind a host, which every
//! browser puts a slash in front of: it is put there before the list is asked, so that a host cannot be disguised as
//! the beginning of another (`https://evil?.example.com`).

mod glob;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;
use url::{Host, Url};

use glob::Glob;
pub use glob::GlobError;

/// Schemes that run or show something instead of leading to the application (as in 2.22): not even a list that has `**`
/// means them.
const REFUSED_SCHEMES: [&str; 6] = ["javascript", "data", "file", "vbscript", "about", "blob"];
/// Schemes whose hosts are names or addresses, and that browsers read in the lenient way of the web.
const WEB_SCHEMES: [&str; 5] = ["http", "https", "ws", "wss", "ftp"];

/// Why settings give no policy.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RedirectError {
    /// cfg.SITE_URL.
    #[error("SITE_URL is not an absolute URL")]
    SiteUrl,
    /// An entry of cfg.URI_ALLOW_LIST, and what is wrong with it.
    #[error("'{0}' in URI_ALLOW_LIST is no glob: {1}")]
    AllowList(String, GlobError),
}

/// The site, and where else browsers may be sent.
#[derive(Debug)]
pub struct RedirectPolicy {
    site: Url,
    site_text: String,
    allowed: Vec<Glob>,
}

impl RedirectPolicy {
    /// From cfg.SITE_URL and cfg.URI_ALLOW_LIST: globs with commas between them. A comma within braces belongs to its
    /// glob.
    ///
    /// # Errors
    /// [`RedirectError`], see there.
    pub fn new(site_url: &str, allow_list: &str) -> Result<Self, RedirectError> {
        let site = Url::parse(site_url).map_err(|_| RedirectError::SiteUrl)?;
        let allowed = split_list(allow_list)
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(|entry| {
                Glob::new(entry).map_err(|why| RedirectError::AllowList(entry.to_owned(), why))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            site,
            site_text: site_url.to_owned(),
            allowed,
        })
    }

    /// cfg.SITE_URL as it was given.
    pub fn site_url(&self) -> &str {
        &self.site_text
    }

    /// The first candidate that is allowed (`redirect_to`, then `Referer`), as it was given; else the site.
    pub fn resolve<'a>(&'a self, candidates: impl IntoIterator<Item = Option<&'a str>>) -> &'a str {
        candidates
            .into_iter()
            .flatten()
            .find(|candidate| self.allows(candidate))
            .unwrap_or(&self.site_text)
    }

    /// Whether a browser may be sent there.
    pub fn allows(&self, text: &str) -> bool {
        let Some(url) = parse(text) else {
            return false;
        };
        match judge_host(&url, text) {
            HostVerdict::Refused => self.is_the_site(&url),
            HostVerdict::Loopback => true,
            HostVerdict::AskTheList => self.is_the_site(&url) || self.is_listed(&url, text),
        }
    }

    /// Scheme, host and port are the site's; on this machine any port is.
    fn is_the_site(&self, url: &Url) -> bool {
        url.scheme() == self.site.scheme()
            && url.host() == self.site.host()
            && url.has_authority()
            && (url.port_or_known_default() == self.site.port_or_known_default()
                || url.host().is_some_and(|host| is_loopback(&host)))
    }

    fn is_listed(&self, url: &Url, text: &str) -> bool {
        let text = text.split('#').next().unwrap_or_default();
        let asked = match text.split_once('?') {
            Some((before, query)) if is_web(url) && before.matches('/').count() == 2 => {
                format!("{before}/?{query}")
            }
            _ => text.to_owned(),
        };
        self.allowed.iter().any(|glob| glob.matches(&asked))
    }
}

/// The entries between the commas that are in no braces.
fn split_list(list: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    let mut escaped = false;
    list.split(move |c| {
        let literal = escaped;
        escaped = c == '\\' && !literal;
        match c {
            '{' if !literal => depth += 1,
            '}' if !literal => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0 && !literal
    })
}

/// The address, unless a browser may read the text as another.
fn parse(text: &str) -> Option<Url> {
    let is_altered = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    if text.contains(is_altered) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let is_dots = |segment: &str| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        segment == "." || segment == ".."
    };
    let refused = REFUSED_SCHEMES.contains(&url.scheme())
        || path.split('/').any(is_dots)
        || authority(text).is_some_and(|authority| authority.contains('@'))
        || (is_web(&url) && authority(text).is_none());
    (!refused).then_some(url)
}

/// What stands between `://` and the path, the query or the fragment.
fn authority(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let rest = rest.strip_prefix("//")?;
    (!scheme.contains(['/', '?', '#'])).then(|| rest.split(['/', '?', '#']).next())?
}

fn is_web(url: &Url) -> bool {
    WEB_SCHEMES.contains(&url.scheme())
}

enum HostVerdict {
    /// May be the site, if the site is such a host itself.
    Refused,
    Loopback,
    AskTheList,
}

/// Judges the host in the text's own spelling: a browser takes `http://0x7f.1` for an address, too.
fn judge_host(url: &Url, text: &str) -> HostVerdict {
    let Some(authority) = authority(text) else {
        return HostVerdict::AskTheList;
    };
    let host = match authority
        .strip_prefix('[')
        .and_then(|v6| v6.split_once(']'))
    {
        Some((v6, _)) => v6,
        None => authority.split(':').next().unwrap_or_default(),
    };
    let address = if authority.starts_with('[') {
        host.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
    } else {
        host.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
    };
    let is_number = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_digit());
    match address {
        Some(address) if !address.is_loopback() => HostVerdict::Refused,
        // A page of this machine; what another scheme does there is for the list to say.
        Some(_) if matches!(url.scheme(), "http" | "https") => HostVerdict::Loopback,
        Some(_) => HostVerdict::AskTheList,
        None if is_number => HostVerdict::Refused,
        None if is_web(url) && !(is_name(host) && matches!(url.host(), Some(Host::Domain(_)))) => {
            HostVerdict::Refused
        }
        None => HostVerdict::AskTheList,
    }
}

/// `^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$`
fn is_name(host: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    host.bytes().all(is_inner)
        && host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host.ends_with(|c: char| c.is_ascii_alphanumeric())
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests;
