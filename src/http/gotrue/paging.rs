//! Pages of lists (GoTrue reference, 2.19): by number and size, with the total in headers.

use super::call::Call;
use crate::http::Reply;
use crate::recipes::gotrue::{Refusal, Result};

/// Which page is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Paging {
    /// From 1.
    page: i64,
    size: i64,
}

impl Paging {
    /// What the query asks for.
    ///
    /// # Errors
    /// [`Refusal`] for what is no number.
    pub fn of(call: &Call) -> Result<Self> {
        let number = |name, default: i64| {
            let Some(text) = call.param(name) else {
                return Ok(default);
            };
            let number = text.parse::<u32>().map(i64::from);
            number.map_err(|_| {
                let message = format!("Bad Pagination Parameters: {name} must be a whole number");
                Refusal::validation(message)
            })
        };
        Ok(Self {
            page: number("page", 1)?.max(1),
            size: number("per_page", 50)?,
        })
    }

    /// How many entries a page has at most.
    pub fn limit(self) -> i64 {
        self.size
    }

    /// How many entries come before it.
    pub fn offset(self) -> i64 {
        (self.page - 1) * self.size
    }

    /// Adds how many entries there are in all, and where the next page and the last one are. Clients read the number
    /// behind the first `=`, so `page` comes first.
    pub fn with_headers(self, call: &Call, reply: Reply, total: i64) -> Reply {
        let last = if self.size > 0 {
            (total + self.size - 1) / self.size
        } else {
            0
        };
        let mut others: Vec<_> = call
            .query
            .iter()
            .filter(|(name, _)| name != "page")
            .collect();
        others.sort();
        let rest = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(others)
            .finish();
        let rest = if rest.is_empty() {
            rest
        } else {
            format!("&{rest}")
        };
        let path = call.request.path;
        let link = |page: i64, name| format!("<{path}?page={page}{rest}>; rel=\"{name}\"");
        let mut links = Vec::new();
        if self.page < last {
            links.push(link(self.page + 1, "next"));
        }
        links.push(link(last, "last"));
        reply
            .with_header("X-Total-Count", total.to_string())
            .with_header("Link", links.join(", "))
    }
}
