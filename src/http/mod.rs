//! The HTTP door of the database: a request comes in as arguments, the reply goes out as a row. Nothing here
//! opens a socket; the gateway only carries.

mod cdi;
mod reply;
mod request;
pub mod statistics;

pub use reply::Reply;
pub use request::Request;

/// Answers a request. Each family of paths has a door of its own.
pub fn serve(request: &Request) -> Reply {
    cdi::serve(request)
}

/// All operations: door, method and path.
pub fn routes() -> Vec<(&'static str, &'static str, &'static str)> {
    let cdi = cdi::routes().map(|(method, path)| ("cdi", method, path));
    cdi.collect()
}
