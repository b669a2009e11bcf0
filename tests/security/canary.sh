#!/usr/bin/env bash
# Passwords and tokens must not show up in the server's log, its statistics, the gateway's log or a dump.
# The server logs every statement with its duration; parameters are left out as docs/install.md says.
set -euo pipefail
# shellcheck source=tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

value 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements' >/dev/null
password='canary-password-9F3aQ' wrong='canary-wrong-7KxW2' new='canary-new-4TzB8'
mail="canary@example.org"

# Through the gateway.
cdi POST /recipe/signup "{\"email\": \"$mail\", \"password\": \"$password\"}" >"$AUTH_TEST_DIR/up.json"
id=$(json user.id <"$AUTH_TEST_DIR/up.json")
cdi POST /recipe/signin "{\"email\": \"$mail\", \"password\": \"$wrong\"}" >/dev/null
cdi POST /recipe/signin "{\"email\": 7, \"password\": \"$password\"}" >/dev/null
session=$(cdi POST /recipe/session "{\"userId\": \"$id\", \"userDataInJWT\": {}, \"userDataInDatabase\": {}, \"enableAntiCsrf\": false}")
access=$(json accessToken.token <<<"$session") refresh=$(json refreshToken.token <<<"$session")
refreshed=$(cdi POST /recipe/session/refresh "{\"refreshToken\": \"$refresh\", \"enableAntiCsrf\": false, \"useDynamicSigningKey\": true}")
newer=$(json refreshToken.token <<<"$refreshed")
curl -s "$AUTH_URL/recipe/session?accessToken=$access" >/dev/null
reset=$(cdi POST /recipe/user/password/reset/token "{\"userId\": \"$id\", \"email\": \"$mail\"}" | json token)
cdi POST /recipe/user/password/reset "{\"method\": \"token\", \"token\": \"$reset\", \"newPassword\": \"$new\"}" >/dev/null
# A statement of ours that fails with the values at hand: the payload collides with the server's claims.
cdi POST /recipe/session "{\"userId\": \"$password\", \"userDataInJWT\": {\"sub\": \"$wrong\"}, \"userDataInDatabase\": {}, \"enableAntiCsrf\": false}" >/dev/null

# At the GoTrue door.
gotrue() { curl -s -X "$1" "$AUTH_URL/auth/v1$2" "${@:4}" ${3:+-d "$3"}; }
secret='canary-secret-of-tokens-and-more-Q2mZ' smtp='canary-smtp-8HvL5' second='canary-second-3RtY6'
value "SELECT auth.set_setting('jwt_secret', '\"$secret\"'), auth.set_setting('smtp_pass', '\"$smtp\"'),
    auth.set_setting('mailer_autoconfirm', 'true'), auth.set_setting('site_url', '\"https://app.example.org\"'),
    auth.set_setting('api_external_url', '\"$AUTH_URL/auth/v1\"')" >/dev/null
gotrue POST /signup "{\"email\": \"gotrue-$mail\", \"password\": \"$second\"}" >"$AUTH_TEST_DIR/gotrue.json"
bearer=$(json access_token <"$AUTH_TEST_DIR/gotrue.json") counter=$(json refresh_token <"$AUTH_TEST_DIR/gotrue.json")
gotrue POST '/token?grant_type=password' "{\"email\": \"gotrue-$mail\", \"password\": \"$wrong\"}" >/dev/null
gotrue POST '/token?grant_type=refresh_token' "{\"refresh_token\": \"$counter\"}" >/dev/null
gotrue PUT /user "{\"password\": \"$new\"}" -H "Authorization: Bearer $bearer" >/dev/null
gotrue POST /factors '{"factor_type": "totp"}' -H "Authorization: Bearer $bearer" >"$AUTH_TEST_DIR/factor.json"
totp=$(json totp.secret <"$AUTH_TEST_DIR/factor.json")

# As bind parameters of a SQL client.
bind() {
    local query=$1
    shift
    printf '%s\n' "$query" >"$AUTH_TEST_DIR/bound.sql"
    local variables=() n=0
    for argument in "$@"; do
        n=$((n + 1))
        variables+=(-D "p$n=$argument")
    done
    # pgbench sends its variables as parameters of the extended protocol.
    "$PGBIN/pgbench" -n -t 1 -M extended "${variables[@]}" -f "$AUTH_TEST_DIR/bound.sql" "$DATABASE_URL" >/dev/null 2>&1 || true
}
bind 'SELECT auth.sign_in(:p1, :p2);' "$mail" "$new"
bind 'SELECT auth.sign_up(:p1, :p2);' "other-$mail" "$password"
bind 'SELECT auth.verify_session(:p1, NULL, true);' "$access"
bind 'SELECT auth.refresh(:p1);' "$newer"
bind 'SELECT auth.import_user_with_password_hash(:p1, :p2);' "x@example.org" "$wrong"

key=$(value "SELECT auth.set_setting('firebase_password_hashing_signer_key', NULL)" >/dev/null; head -n 1 "$AUTH_CLUSTER/sealing.key")
statements=$AUTH_TEST_DIR/statements activity=$AUTH_TEST_DIR/activity dump=$AUTH_TEST_DIR/dump
value 'SELECT query FROM pg_stat_statements' >"$statements"
value 'SELECT query FROM pg_stat_activity' >"$activity"
"$PGBIN/pg_dump" -d "$DATABASE_URL" >"$dump"
is 'the log holds our statements' "$(grep -c 'auth.http' "$AUTH_CLUSTER/postgres.log" | sed 's/^[1-9].*/some/')" some
is 'so do the statistics' "$(grep -c 'auth.sessions' "$statements" | sed 's/^[1-9].*/some/')" some
is 'the dump holds the user' "$(grep -c "$mail" "$dump" | sed 's/^[1-9].*/some/')" some

for place in postgres.log:"$AUTH_CLUSTER/postgres.log" gateway.log:"$AUTH_CLUSTER/gateway.log" \
    pg_stat_statements:"$statements" pg_stat_activity:"$activity" dump:"$dump"; do
    name=${place%%:*} file=${place#*:}
    lacks "$name holds no password" "$file" "$password"
    lacks "$name holds no wrong password" "$file" "$wrong"
    lacks "$name holds no new password" "$file" "$new"
    lacks "$name holds no access token" "$file" "${access##*.}"
    lacks "$name holds no refresh token" "$file" "$refresh"
    lacks "$name holds no newer refresh token" "$file" "$newer"
    lacks "$name holds no reset token" "$file" "$reset"
    lacks "$name holds no sealing key" "$file" "$key"
    lacks "$name holds no password of the GoTrue door" "$file" "$second"
    lacks "$name holds no token of the GoTrue door" "$file" "${bearer##*.}"
    lacks "$name holds no refresh token of the GoTrue door" "$file" "$counter"
    lacks "$name holds no secret of a factor" "$file" "$totp"
done
# The statement that sets a secret is the administrator's own, and in what logs statements; a dump holds it sealed.
lacks 'dump holds no secret of tokens' "$dump" "$secret"
lacks 'dump holds no password of a mail server' "$dump" "$smtp"
done_testing
