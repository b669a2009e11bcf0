// Statements that may read many rows, by what their texts match, and why.
export const EXCEPTIONS = [
  {
    of: /^SELECT DISTINCT user_time_joined, user_id FROM auth\.login_method_tenants .* ORDER BY user_time_joined DESC, /,
    why: "a filter by recipe passes over users of other recipes, of whom the newest are many here",
  },
  {
    of: /^SELECT count\(DISTINCT user_id\) FROM auth\.login_method_tenants WHERE app_id = \$1 AND tenant_id = \$2 /,
    why: "counts all users of a tenant",
  },
  {
    of: /^SELECT count\(\*\) FROM auth\.users u WHERE u\.app_id = \$1 AND EXISTS /,
    why: "counts all users of an app",
  },
  {
    of: /^SELECT count\(\*\) FROM auth\.bulk_import_queue WHERE app_id = \$1 /,
    why: "counts all who wait in an app's queue",
  },
  {
    of: /^SELECT second \/ 60, .* FROM auth\.request_counts r, .* WHERE r\.app_id = \$1 AND r\.first_second >= \$2 /,
    why: "sums up all that an app has been asked in a day, which is as much as the table keeps",
  },
  {
    of: /^DELETE FROM ONLY "auth"\."\w+" WHERE \$1 OPERATOR\(pg_catalog\.=\) "app_id"$/,
    why: "removes all of an app, and there are two: a plan for either must expect half of the table",
  },
  {
    of: /^DELETE FROM auth\.request_counts WHERE app_id = \$1$/,
    why: "likewise",
  },
  {
    of: /^SELECT id, email, created_at FROM auth\.dashboard_users WHERE app_id = \$1 ORDER BY created_at, id$/,
    why: "lists all dashboard users of an app, and a plan for any app must expect the one that has them all",
  },
  {
    of: /^SELECT count\(\*\) FROM auth\.users u WHERE u\.app_id = \$1 AND u\.aud = \$2 /,
    why: "counts all users of an app",
  },
  {
    of: /^SELECT u\.id, .* FROM auth\.users u WHERE .* strpos\(u\.email, \$3\) .* LIMIT \$4 OFFSET \$5$/,
    why: "a part of an address is looked for from the newest user on, and may be anywhere",
  },
  {
    of: /^SELECT count\(\*\) FROM auth\.audit_log_entries a WHERE app_id = \$1 /,
    why: "counts all entries of an app, as the protocol wants it of each page",
  },
];
