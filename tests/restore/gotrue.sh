# shellcheck shell=bash
# The GoTrue door before the dump and after the restore, for run.sh. It is asked through SQL, as a gateway asks it: the new
# cluster has no gateway.

door_settings() {
    local key
    for key in "$@"; do printf "SELECT auth.set_setting('%s', '%s', app_id => 'door');\n" "${key%%=*}" "${key#*=}"; done
}

# A request to the door of the app `door` as a statement: to_door METHOD PATH [BODY] [TOKEN] [QUERY]
to_door() {
    local headers='[]'
    [[ -z ${4:-} ]] || headers="[[\"authorization\", \"Bearer $4\"]]"
    printf "SELECT convert_from(body, 'UTF8') FROM auth.http('%s', '/appid-door/auth/v1%s', '%s', '%s', '%s')\n" \
        "$1" "$2" "${5:-}" "$headers" "${3:-}"
}

door_sign_in() { to_door POST /token "{\"email\": \"$1\", \"password\": \"$2\"}" '' grant_type=password; }

# A member of a JSON document, or what there is in its place.
member() { json "$1" <<<"$2" 2>/dev/null || printf 'no %s in %s\n' "$1" "$2"; }

# The member of a token's claims.
claim() {
    python3 -c 'import base64, json, sys
payload = sys.argv[2].split(".")[1]
print(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))[sys.argv[1]])' "$1" "$2"
}

# The token of an administrator, signed with the secret of the door.
administrator() {
    python3 -c 'import base64, hashlib, hmac, json, sys
text = lambda value: base64.urlsafe_b64encode(value).rstrip(b"=")
message = b".".join(text(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, {"role": "service_role"}))
print((message + b"." + text(hmac.new(sys.argv[1].encode(), message, hashlib.sha256).digest())).decode())' "$1"
}

# What an authenticator app shows (RFC 6238), so many steps from now: totp SECRET STEPS
totp() {
    python3 -c 'import base64, hashlib, hmac, struct, sys, time
step = struct.pack(">Q", int(time.time()) // 30 + int(sys.argv[2]))
mac = hmac.new(base64.b32decode(sys.argv[1]), step, hashlib.sha1).digest()
at = mac[-1] & 15
print("%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff) % 1000000))' "$1" "$2"
}

# Answers a factor's question: answer_factor RUN FACTOR TOKEN CODE, where RUN is what runs a statement.
answer_factor() {
    local challenge
    challenge=$("$1" "$(to_door POST "/factors/$2/challenge" '{}' "$3")")
    "$1" "$(to_door POST "/factors/$2/verify" "{\"challenge_id\": \"$(member id "$challenge")\", \"code\": \"$4\"}" "$3")"
}

DOOR_SECRET='a secret of tokens that no dump tells' DOOR_SMTP='a password that no dump tells'

# Makes what is to be there afterwards.
prepare_door() {
    local session factor admin link
    value "SELECT auth.create_or_update_app('door', '{}')" >/dev/null
    value "$(door_settings 'site_url="https://app.example.org"' 'api_external_url="https://app.example.org/auth/v1"' \
        "jwt_secret=\"$DOOR_SECRET\"" 'smtp_host="mail.example.org"' 'smtp_user="door"' "smtp_pass=\"$DOOR_SMTP\"" \
        'smtp_admin_email="door@example.org"' 'mailer_autoconfirm=true')" >/dev/null

    session=$(value "$(to_door POST /signup '{"email": "grace@example.org", "password": "correct horse", "data": {"city": "Arlington"}}')")
    DOOR_ID=$(member user.id "$session") DOOR_ACCESS=$(member access_token "$session")
    admin=$(administrator "$DOOR_SECRET")
    value "$(to_door PUT "/admin/users/$DOOR_ID" '{"app_metadata": {"plan": "gold"}, "role": "editor"}' "$admin")" >/dev/null
    value "SELECT auth.update_user_metadata('$DOOR_ID', '{\"note\": 1}', app_id => 'door')" >/dev/null
    value "SELECT auth.create_role_or_add_permissions('admiral', ARRAY['sail'], app_id => 'door')" >/dev/null
    value "SELECT auth.add_user_role('$DOOR_ID', 'admiral', app_id => 'door')" >/dev/null

    factor=$(value "$(to_door POST /factors '{"factor_type": "totp", "friendly_name": "app"}' "$DOOR_ACCESS")")
    DOOR_FACTOR=$(member id "$factor") DOOR_TOTP=$(member totp.secret "$factor")
    answer_factor value "$DOOR_FACTOR" "$DOOR_ACCESS" "$(totp "$DOOR_TOTP" 0)" >"$AUTH_TEST_DIR/raised.json"
    DOOR_REFRESH=$(json refresh_token <"$AUTH_TEST_DIR/raised.json") # of a session of two factors

    link=$(value "$(to_door POST /admin/generate_link '{"type": "recovery", "email": "grace@example.org"}' "$admin")")
    DOOR_LINK=$(member hashed_token "$link")
    # A mail that no gateway takes before the dump: it is due in an hour from the moment that it is there.
    value "$(door_settings mailer_autoconfirm=false)" >/dev/null
    value "$(to_door POST /signup '{"email": "alan@example.org", "password": "correct horse"}');
        UPDATE auth.outbox SET due_at = now() + interval '1 h' WHERE app_id = 'door'" >/dev/null
    DOOR_AUDIT=$(value "$DOOR_AUDITED")
}

DOOR_AUDITED="SELECT string_agg(concat(id, payload, created_at AT TIME ZONE 'UTC', ip_address), ',' ORDER BY id) FROM auth.audit_log_entries WHERE app_id = 'door'"

# $dump is the file.
# shellcheck disable=SC2154
check_door() {
    local session user mail code raised
    # Nothing needs what is only cached.
    restored 'TRUNCATE auth.provider_documents, auth.rate_limits'
    is 'GoTrue: the audit log is there' "$(restored "$DOOR_AUDITED")" "$DOOR_AUDIT"
    like 'GoTrue: with who signed up' "$DOOR_AUDIT" 'user_signedup'
    lacks 'GoTrue: the secret of tokens is not in the dump' "$dump" "$DOOR_SECRET"
    lacks 'GoTrue: the password of the mail server is not in the dump' "$dump" "$DOOR_SMTP"
    lacks 'GoTrue: the secret of a factor is not in the dump' "$dump" "$DOOR_TOTP"
    is 'GoTrue: settings are there' "$(restored "SELECT auth.get_setting('site_url', app_id => 'door')")" '"https://app.example.org"'

    user=$(restored "$(to_door GET /user '' "$DOOR_ACCESS")")
    is 'GoTrue: the access token still verifies, with the secret that was sealed' "$(member id "$user")" "$DOOR_ID"
    is 'GoTrue: the metadata of the user are there' "$(member user_metadata.city "$user")" Arlington
    is 'GoTrue: so are those of administrators' "$(member app_metadata.plan "$user")" gold
    is 'GoTrue: so is the role' "$(member role "$user")" editor
    is 'metadata of SuperTokens are there' "$(restored "SELECT auth.get_user_metadata('$DOOR_ID', app_id => 'door') #>> '{metadata,note}'")" 1
    is 'so are roles' "$(restored "SELECT auth.list_user_roles('$DOOR_ID', app_id => 'door') ->> 'roles'")" '["admiral"]'
    is 'and permissions' "$(restored "SELECT auth.list_role_permissions('admiral', app_id => 'door') ->> 'permissions'")" '["sail"]'

    session=$(restored "$(to_door POST /token "{\"refresh_token\": \"$DOOR_REFRESH\"}" '' grant_type=refresh_token)")
    is 'GoTrue: the refresh token still works' "$(member user.id "$session")" "$DOOR_ID"
    is 'GoTrue: the session is still of two factors' "$(claim aal "$(member access_token "$session")")" aal2
    session=$(restored "$(door_sign_in grace@example.org 'correct horse')")
    is 'GoTrue: the password still works' "$(member user.id "$session")" "$DOOR_ID"
    is 'GoTrue: a wrong password still does not' \
        "$(member error_code "$(restored "$(door_sign_in grace@example.org other)")")" invalid_credentials
    # The code of this step may have been shown before.
    raised=$(answer_factor restored "$DOOR_FACTOR" "$(member access_token "$session")" "$(totp "$DOOR_TOTP" 1)")
    is 'GoTrue: the factor still verifies' "$(claim aal "$(member access_token "$raised")")" aal2

    session=$(restored "$(to_door POST /verify "{\"type\": \"recovery\", \"token_hash\": \"$DOOR_LINK\"}")")
    is 'GoTrue: a link that was pending works' "$(member user.id "$session")" "$DOOR_ID"
    is 'GoTrue: and once only' "$(member error_code "$(restored "$(to_door POST /verify "{\"type\": \"recovery\", \"token_hash\": \"$DOOR_LINK\"}")")")" otp_expired

    restored "UPDATE auth.outbox SET due_at = now() WHERE app_id = 'door'"
    mail=$(restored "SELECT to_jsonb(claimed) FROM auth.courier_claim(10, 60) AS claimed")
    is 'GoTrue: a mail that was not sent is, once' "$(grep -c alan@example.org <<<"$mail")" 1
    like 'GoTrue: it goes by the mail server that was set, with its password' "$mail" "$DOOR_SMTP"
    code=$(grep -oE '\b[0-9]{6}\b' <<<"$(member message.text "$mail")" | head -n 1)
    session=$(restored "$(to_door POST /verify "{\"type\": \"signup\", \"email\": \"alan@example.org\", \"token\": \"$code\"}")")
    is 'GoTrue: its code works' "$(member user.email "$session")" alan@example.org
}
