//! The HTTP door of the database: a request comes in as arguments, the reply goes out as a row. Nothing here
//! opens a socket; the gateway only carries.

mod cdi;
mod reply;
mod request;

pub use reply::Reply;
pub use request::Request;

/// Answers a request. Each family of paths has a door of its own.
pub fn serve(request: &Request) -> Reply {
    cdi::serve(request)
}
