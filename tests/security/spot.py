"""pgspot, with what it passes over or stops at. It changes nothing of what pgspot says of the rest."""

from pgspot import cli, visitors

SQL = visitors.SQLVisitor
PLPGSQL = visitors.PLPGSQLVisitor
create_function, visit = SQL.visit_CreateFunctionStmt, PLPGSQL.visit


def create_function_with_body(self, ancestors, node):
    """A body that is no text (RETURN ...) ends pgspot's run. It is bound when the function is made, under the search_path
    of the script and never again, so it is read like any other statement of the script: by visiting what is below."""
    return None if node.sql_body else create_function(self, ancestors, node)


def visit_with_elsif(self, node):
    """ELSIF is passed over."""
    if isinstance(node, dict) and "PLpgSQL_if_elsif" in node:
        branch = node["PLpgSQL_if_elsif"]
        visitors.visit_sql(self.state, "SELECT " + branch["cond"]["PLpgSQL_expr"]["query"])
        return visit(self, branch.get("stmts", []))
    if isinstance(node, dict) and "PLpgSQL_stmt_if" in node:
        visit_with_elsif(self, node["PLpgSQL_stmt_if"].get("elsif_list", []))
    return visit(self, node)


SQL.visit_CreateFunctionStmt = create_function_with_body
PLPGSQL.visit = visit_with_elsif
cli.run()
