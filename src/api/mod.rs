//! The API schema, through which PostgREST serves sign-up, sign-in and what users see of themselves.
//!
//! It is made of ordinary statements that its owner can read, keep and change: functions that hand their arguments to
//! `auth.rpc`, and views of the extension's views. All rules are behind these.

pub mod procedures;
mod views;

use procedures::{Callers, PROCEDURES, Procedure};
use views::{VIEWS, View};

/// What the comments of all objects end with: by it they are known as ours.
pub const MARK: &str = "(auth.create_api)";

/// For whom a schema has something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Functions to sign up, in and out, and views of what is the caller's.
    Users,
    /// Views of all of the app.
    Services,
}

impl Door {
    pub const ALL: [Self; 2] = [Self::Users, Self::Services];

    /// What callers call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Services => "services",
        }
    }
}

/// Whose schema is made.
pub struct Target<'a> {
    pub schema: &'a str,
    pub doors: Vec<Door>,
    pub tenant_id: &'a str,
    pub app_id: &'a str,
    pub roles: Roles<'a>,
}

/// The Postgres roles that PostgREST switches to.
pub struct Roles<'a> {
    /// Without a token.
    pub anon: &'a str,
    /// With the token of a user.
    pub authenticated: &'a str,
    /// With the key of a server.
    pub service: &'a str,
}

impl Roles<'_> {
    fn all(&self) -> String {
        [self.anon, self.authenticated, self.service]
            .map(identifier)
            .join(", ")
    }

    fn users(&self) -> String {
        [self.authenticated, self.service]
            .map(identifier)
            .join(", ")
    }
}

/// The statements that make an API schema.
pub fn sql(target: &Target) -> String {
    let (schema, roles) = (identifier(target.schema), &target.roles);
    let users = target.doors.contains(&Door::Users);
    let callers = match users {
        true => roles.all(),
        false => identifier(roles.service),
    };
    let mut text = format!(
        "CREATE SCHEMA IF NOT EXISTS {schema};\nGRANT USAGE ON SCHEMA {schema} TO {callers};\n"
    );
    // Views need no rights but their owner's.
    if users {
        for role in [roles.anon, roles.authenticated, roles.service] {
            text += &format!(
                "SELECT auth.grant_policies({});\n",
                literal(&identifier(role))
            );
        }
        text +=
            &format!("GRANT EXECUTE ON FUNCTION auth.rpc(text, jsonb, text, text) TO {callers};\n");
    }
    for procedure in PROCEDURES.iter().filter(|_| users) {
        text.push('\n');
        text += &function(target, procedure);
    }
    for view in VIEWS
        .iter()
        .filter(|view| target.doors.contains(&view.door))
    {
        text.push('\n');
        text += &view_sql(target, view);
    }
    text
}

/// A function by named arguments, and one that takes them all as one document.
fn function(target: &Target, procedure: &Procedure) -> String {
    let name = format!("{}.{}", identifier(target.schema), procedure.name);
    let parameters = procedure
        .arguments
        .iter()
        .map(|(name, kind)| format!("{} {kind} DEFAULT NULL", identifier(name)));
    let types = procedure.arguments.iter().map(|(_, kind)| *kind);
    let pairs = procedure
        .arguments
        .iter()
        .map(|(name, _)| format!("{}, {}", literal(name), identifier(name)));
    let (parameters, types) = (
        parameters.collect::<Vec<_>>().join(", "),
        types.collect::<Vec<_>>().join(", "),
    );
    let document = format!(
        "pg_catalog.jsonb_build_object({})",
        pairs.collect::<Vec<_>>().join(", ")
    );
    let mut text = one_function(target, procedure, &name, &parameters, &types, &document);
    if !procedure.arguments.is_empty() {
        text += &one_function(target, procedure, &name, "jsonb", "jsonb", "$1");
    }
    text
}

fn one_function(
    target: &Target,
    procedure: &Procedure,
    name: &str,
    parameters: &str,
    types: &str,
    document: &str,
) -> String {
    let (roles, comment) = (&target.roles, procedure.comment);
    let callers = match procedure.callers {
        Callers::Everybody => roles.all(),
        Callers::Users => roles.users(),
    };
    format!(
        "CREATE FUNCTION {name}({parameters}) RETURNS jsonb LANGUAGE sql AS $$\n    \
         SELECT auth.rpc({}, {document}, {}, {})\n$$;\n\
         REVOKE ALL ON FUNCTION {name}({types}) FROM PUBLIC;\n\
         GRANT EXECUTE ON FUNCTION {name}({types}) TO {callers};\n\
         COMMENT ON FUNCTION {name}({types}) IS {};\n",
        literal(procedure.name),
        literal(target.tenant_id),
        literal(target.app_id),
        literal(&format!("{comment} {MARK}")),
    )
}

fn view_sql(target: &Target, view: &View) -> String {
    let name = format!("{}.{}", identifier(target.schema), view.name);
    let (source, comment) = (view.source, view.comment);
    let role = match view.door {
        Door::Users => target.roles.authenticated,
        Door::Services => target.roles.service,
    };
    // Ids are unique over all apps, but whoever has another app's keys may name any.
    let app_id = literal(target.app_id);
    format!(
        "CREATE VIEW {name} WITH (security_barrier) AS SELECT * FROM auth.{source} WHERE app_id OPERATOR(pg_catalog.=) {app_id};\n\
         GRANT {} ON {name} TO {};\n\
         COMMENT ON VIEW {name} IS {};\n",
        view.privileges,
        identifier(role),
        literal(&format!("{comment} {MARK}")),
    )
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as it stands in SQL, whatever standard_conforming_strings is.
fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    match quoted.contains('\\') {
        true => format!("E'{}'", quoted.replace('\\', "\\\\")),
        false => format!("'{quoted}'"),
    }
}
