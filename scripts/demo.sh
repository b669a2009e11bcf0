# shellcheck shell=bash
# What `make run` shows: one sign-up, session and refresh through HTTP, the same through SQL, and what to try next.
# Sourced by run.sh, after the cluster and the gateway are up.

# The value at a path of a JSON document: json '{"a": {"b": 1}}' a b. Postgres reads it, no other tool is needed.
json() {
    local document=$1 path
    shift
    path=$(IFS=, && printf '{%s}' "$*")
    sql app auth -At -v document="$document" -v path="$path" <<<"SELECT :'document'::jsonb #>> :'path'::text[]"
}

# Shows an answer that says OK as one line, with its long tokens cut; anything else ends the demonstration.
show() {
    local title=$1 status facts
    status=$(json "$REPLY" status 2>/dev/null) || status=
    [[ $status == OK ]] || {
        show_log "$CLUSTER/gateway.log"
        die "the demonstration failed at $title: $REPLY"
    }
    facts=$(sql app auth -At -v document="$REPLY" <<'EOF'
SELECT concat_ws(', ', 'user ' || (d #>> '{user,id}'), 'session ' || (d #>> '{session,handle}'),
                 'access token ' || left(d #>> '{accessToken,token}', 12) || '...',
                 'refresh token ' || left(d #>> '{refreshToken,token}', 12) || '...')
FROM (SELECT :'document'::jsonb) AS reply(d)
EOF
    )
    printf '    %-34s %s  %s\n' "$title" "$status" "$facts"
}

# POST to the gateway as a backend SDK does: post PATH BODY. The answer is in REPLY.
post() {
    REPLY=$(curl -sS -m 20 -X POST "$AUTH_URL$1" -H 'cdi-version: 5.4' -H 'content-type: application/json' -d "$2" 2>&1) ||
        die "the gateway did not answer POST $1: $REPLY"
    show "POST $1"
}

# Calls a function of the schema auth, with psql's variables as arguments: call EXPRESSION -v NAME=VALUE. The answer is in REPLY.
call() {
    local expression=$1
    shift
    REPLY=$(sql app auth -At "$@" <<<"SELECT auth.$expression" 2>&1) || die "SELECT auth.${expression%%(*}(...) failed: $REPLY"
    show "SELECT auth.${expression%%(*}(...)"
}

show_first_session() {
    local stamp password user
    stamp=$(date +%s)-$$
    password=$(head -c 12 /dev/urandom | base64 | tr '+/' '-_')

    if [[ $(sql app auth -At <<<"SELECT is_set FROM auth.settings WHERE key = 'api_keys'") == t ]]; then
        say 'API keys are set, which nobody can read: nothing is shown of the door that asks for them'
    else
        say "Through HTTP, $AUTH_URL: sign up demo+$stamp@example.org, open a session, refresh it"
        post /recipe/signup "{\"email\": \"demo+$stamp@example.org\", \"password\": \"$password\"}"
        user=$(json "$REPLY" user id)
        post /recipe/session "{\"userId\": \"$user\", \"userDataInJWT\": {}, \"userDataInDatabase\": {},
            \"enableAntiCsrf\": false, \"useDynamicSigningKey\": true}"
        post /recipe/session/refresh "{\"refreshToken\": \"$(json "$REPLY" refreshToken token)\",
            \"enableAntiCsrf\": false, \"useDynamicSigningKey\": true}"
    fi

    say "Through SQL, as the database's owner: the same for sql+$stamp@example.org"
    call "sign_up(email => :'email', password => :'password')" -v email="sql+$stamp@example.org" -v password="$password"
    user=$(json "$REPLY" user id)
    call "create_session(user_id => :'user_id')" -v user_id="$user"
    call "refresh(refresh_token => :'token')" -v token="$(json "$REPLY" refreshToken token)"
}

# What the GoTrue door needs to know before it can mail links; what is set stays.
set_gotrue_up() {
    sql app auth -v url="$AUTH_URL/auth/v1" <<'EOF' >/dev/null
SELECT auth.set_setting(key, to_jsonb(value)) FROM (VALUES
    ('api_external_url', :'url'), ('site_url', 'http://localhost:3000')) AS wanted (key, value)
WHERE NOT (SELECT is_set FROM auth.settings s WHERE s.key = wanted.key);
EOF
}

show_first_mail() {
    local address
    address=demo+$(date +%s)-$$@example.org
    set_gotrue_up
    say "As Supabase's clients do, $AUTH_URL/auth/v1: sign up $address, who has to confirm the address"
    REPLY=$(curl -sS -m 20 -X POST "$AUTH_URL/auth/v1/signup" -H 'content-type: application/json' \
        -d "{\"email\": \"$address\", \"password\": \"$(head -c 12 /dev/urandom | base64)\"}" 2>&1) ||
        die "the gateway did not answer POST /auth/v1/signup: $REPLY"
    [[ -n $(json "$REPLY" id) ]] || die "the demonstration failed at POST /auth/v1/signup: $REPLY"
    printf '    %-34s OK  user %s\n' 'POST /auth/v1/signup' "$(json "$REPLY" id)"
    for ((i = 0; i < 100; i++)); do
        show_new_mails
        ((MAILS_SHOWN == 0)) || return 0
        sleep 0.1
    done
    die "no mail has come: see $CLUSTER/gateway.log"
}

MAILS_SHOWN=0
# Mails and text messages that have come since the last look: no mail server is configured, so the gateway keeps them.
show_new_mails() {
    local file look=$RUN/mails.seen next=$RUN/mails.next
    [[ -e $look ]] || touch -d @0 "$look"
    touch "$next"
    while IFS= read -r file; do
        MAILS_SHOWN=$((MAILS_SHOWN + 1))
        printf '    Mail, kept as %s\n' "${file#"$ROOT"/}"
        # Quoted-printable joins its lines by "=" at their ends.
        sed -e ':a;/=\r\?$/{N;s/=\r\?\n//;ba}' -e 's/=3D/=/g; s/\r$//' "$file" |
            grep -E -m 4 '^(To|Subject): |[?&]token=|code: [0-9]+' | sed 's/^/        /' || true
    done < <(find "$CLUSTER/mail" -name '[!.]*' -type f -newer "$look" 2>/dev/null)
    mv "$next" "$look"
}

show_what_next() {
    local psql=psql
    command -v psql >/dev/null || psql=$CLUSTER_BIN/psql
    cat <<EOF

Running:  gateway $AUTH_URL   Postgres 127.0.0.1:$PG_PORT   data and logs in .run

Try next
  psql      $psql "host=$CLUSTER/socket port=$PG_PORT user=app dbname=auth"
            auth=> SELECT auth.sign_in('me@example.org', 'a password');
            auth=> SELECT jsonb_pretty(auth.list_users());
  your app  postgresql://app:$APP_PASSWORD@127.0.0.1:$PG_PORT/auth
  curl      curl $AUTH_URL/recipe/signup -H 'cdi-version: 5.4' -H 'content-type: application/json' \\
                 -d '{"email": "me@example.org", "password": "a password"}'
  Supabase  npm install @supabase/auth-js, then
            import { AuthClient } from "@supabase/auth-js";
            const auth = new AuthClient({ url: "$AUTH_URL/auth/v1" });
            await auth.signUp({ email: "me@example.org", password: "a password" });
            Mails are shown here and kept in ${CLUSTER#"$ROOT"/}/mail. A key that administers:
            auth=> SELECT auth.create_api_key('service_role');
  SDK       npm install supertokens-node, then in the server:
            import supertokens from "supertokens-node";
            import EmailPassword from "supertokens-node/recipe/emailpassword/index.js";
            import Session from "supertokens-node/recipe/session/index.js";
            supertokens.init({
              framework: "express",
              supertokens: { connectionURI: "$AUTH_URL" },
              appInfo: { appName: "demo", apiDomain: "http://localhost:3001", websiteDomain: "http://localhost:3000" },
              recipeList: [EmailPassword.init(), Session.init()],
              telemetry: false, // the SDK's own; nothing here sends any
            });

Ctrl-C stops the gateway and Postgres. The next make run finds the data again.
EOF
}
