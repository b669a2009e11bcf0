--
-- PostgreSQL database dump
--

\restrict RDh94Yr7ti3mg9hMwg7sgyyUzfT1SiVdcBYDT0bcOreapkmhoMdWpBbTBvTfr0p

-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: auth; Type: SCHEMA; Schema: -; Owner: auth_admin
--

CREATE SCHEMA auth;


ALTER SCHEMA auth OWNER TO auth_admin;

--
-- Name: SCHEMA auth; Type: COMMENT; Schema: -; Owner: auth_admin
--

COMMENT ON SCHEMA auth IS 'Users, sessions and everything else of the auth extension';


--
-- Name: auth; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION auth WITH SCHEMA auth VERSION '0.1.0';


--
-- Name: EXTENSION auth; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION auth IS 'auth: sign-up, sign-in, sessions and users, inside Postgres';


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: profile; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.profile (
    id uuid NOT NULL
);


ALTER TABLE public.profile OWNER TO postgres;

--
-- Data for Name: apps; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.apps (id, created_at) FROM stdin;
public	2026-11-22 02:04:50.016739+00
a1	2026-11-22 02:04:50.185793+00
door	2026-11-22 02:04:50.854788+00
\.


--
-- Data for Name: active_users; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.active_users (app_id, user_id, last_active_at, active_day) FROM stdin;
public	5dc40807-31f2-47b1-998e-9cf61b0437ea	2026-11-22 02:04:50.141+00	2026-11-22
door	7a37ef3a-0055-4375-83c5-c3d58389bebe	2026-11-22 02:04:50.926+00	2026-11-22
\.


--
-- Data for Name: audit_log_entries; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.audit_log_entries (id, app_id, payload, created_at, ip_address) FROM stdin;
6012e5d9-2cd7-4cff-9a14-0702c1fabebe	door	{"action": "user_signedup", "traits": {"provider": "email"}, "actor_id": "7a37ef3a-0055-4375-83c5-c3d58389bebe", "log_type": "team", "actor_via_sso": false, "actor_username": "grace@example.org"}	2026-11-22 02:04:50.926+00	
f4094b50-84d6-4a13-93ae-f7b903a9bebe	door	{"action": "login", "traits": {"provider": "email"}, "actor_id": "7a37ef3a-0055-4375-83c5-c3d58389bebe", "log_type": "account", "actor_via_sso": false, "actor_username": "grace@example.org"}	2026-11-22 02:04:50.926+00	
460fe50b-0bda-4cd5-af37-3738c512fa42	door	{"action": "user_modified", "traits": {"user_id": "7a37ef3a-0055-4375-83c5-c3d58389bebe", "user_email": "grace@example.org", "user_phone": ""}, "actor_id": "00000000-0000-0000-0000-000000000000", "log_type": "user", "actor_via_sso": false, "actor_username": "service_role"}	2026-11-22 02:04:51.591+00	
92498cc5-9fc8-417f-bef3-7c3cba16bebe	door	{"action": "factor_in_progress", "traits": {"factor_id": "46cf01e2-fa2a-46c9-b015-e5a0e7f4bebe"}, "actor_id": "7a37ef3a-0055-4375-83c5-c3d58389bebe", "log_type": "factor", "actor_via_sso": false, "actor_username": "grace@example.org"}	2026-11-22 02:04:51.747+00	
0ec34c5b-5342-4f85-8c7f-f977acccbebe	door	{"action": "challenge_created", "traits": {"factor_id": "46cf01e2-fa2a-46c9-b015-e5a0e7f4bebe", "factor_status": "unverified"}, "actor_id": "7a37ef3a-0055-4375-83c5-c3d58389bebe", "log_type": "factor", "actor_via_sso": false, "actor_username": "grace@example.org"}	2026-11-22 02:04:52.408+00	
f19163e7-6cb6-41c4-b3e8-f20a352abebe	door	{"action": "verification_attempted", "traits": {"factor_id": "46cf01e2-fa2a-46c9-b015-e5a0e7f4bebe", "factor_type": "totp", "challenge_id": "98b7fb57-0117-47a1-8085-7cdabeaebebe"}, "actor_id": "7a37ef3a-0055-4375-83c5-c3d58389bebe", "log_type": "factor", "actor_via_sso": false, "actor_username": "grace@example.org"}	2026-11-22 02:04:52.625+00	
772c1d37-3a29-4e6f-8870-c8e42b5abebe	door	{"action": "user_recovery_requested", "actor_id": "7a37ef3a-0055-4375-83c5-c3d58389bebe", "log_type": "user", "actor_via_sso": false, "actor_username": "grace@example.org"}	2026-11-22 02:04:52.851+00	
f8d240b4-8c2f-4627-9e18-3e38a461f906	door	{"action": "user_confirmation_requested", "traits": {"provider": "email"}, "actor_id": "0298f8e5-3654-4176-ac5d-a379cf7af906", "log_type": "user", "actor_via_sso": false, "actor_username": "alan@example.org"}	2026-11-22 02:04:53.145+00	
\.


--
-- Data for Name: bulk_import_queue; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.bulk_import_queue (id, app_id, sealed_user, status, error_message, created_at, updated_at) FROM stdin;
\.


--
-- Data for Name: dashboard_users; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.dashboard_users (id, app_id, email, password_hash, created_at) FROM stdin;
\.


--
-- Data for Name: dashboard_sessions; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.dashboard_sessions (id_hash, user_id, app_id, sealed_id, created_at, expires_at) FROM stdin;
\.


--
-- Data for Name: users; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.users (id, app_id, aud, role, email, phone, email_confirmed_at, phone_confirmed_at, invited_at, confirmation_sent_at, recovery_sent_at, reauthentication_sent_at, email_change, email_change_sent_at, email_change_confirm_status, phone_change, phone_change_sent_at, pending_password_hash, raw_app_meta_data, raw_user_meta_data, is_anonymous, is_sso_user, is_primary, merged_into, banned_until, deleted_at, last_sign_in_at, time_joined, created_at, updated_at) FROM stdin;
5dc40807-31f2-47b1-998e-9cf61b0437ea	public	authenticated	authenticated	ada@example.org	\N	\N	\N	\N	\N	\N	\N	\N	\N	0	\N	\N	\N	{}	{}	f	f	f	\N	\N	\N	2026-11-22 02:04:50.303+00	2026-11-22 02:04:50.136+00	2026-11-22 02:04:50.064218+00	2026-11-22 02:04:50.064218+00
7a37ef3a-0055-4375-83c5-c3d58389bebe	door	authenticated	editor	grace@example.org	\N	2026-11-22 02:04:50.926+00	\N	\N	\N	2026-11-22 02:04:52.851+00	\N	\N	\N	0	\N	\N	\N	{"plan": "gold", "provider": "email", "providers": ["email"]}	{"sub": "7a37ef3a-0055-4375-83c5-c3d58389bebe", "city": "Arlington", "email": "grace@example.org", "email_verified": true, "phone_verified": false}	f	f	t	\N	\N	\N	2026-11-22 02:04:50.926+00	2026-11-22 02:04:50.926+00	2026-11-22 02:04:50.926+00	2026-11-22 02:04:52.851+00
0298f8e5-3654-4176-ac5d-a379cf7af906	door	authenticated	authenticated	alan@example.org	\N	\N	\N	\N	2026-11-22 02:04:53.145+00	\N	\N	\N	\N	0	\N	\N	\N	{"provider": "email", "providers": ["email"]}	{"sub": "0298f8e5-3654-4176-ac5d-a379cf7af906", "email": "alan@example.org", "email_verified": false, "phone_verified": false}	f	f	f	\N	\N	\N	\N	2026-11-22 02:04:53.145+00	2026-11-22 02:04:53.145+00	2026-11-22 02:04:53.145+00
\.


--
-- Data for Name: flow_states; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.flow_states (id, app_id, user_id, authentication_method, provider_type, code_challenge, code_challenge_method, code_hash, code_issued_at, created_at) FROM stdin;
\.


--
-- Data for Name: tenants; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.tenants (app_id, id, email_password_enabled, third_party_enabled, passwordless_enabled, first_factors, required_secondary_factors, third_party_providers, created_at) FROM stdin;
public	public	t	t	t	\N	\N	[]	2026-11-22 02:04:50.016739+00
public	t1	t	t	t	{emailpassword}	\N	[]	2026-11-22 02:04:50.164561+00
a1	public	t	t	t	\N	\N	[]	2026-11-22 02:04:50.185793+00
door	public	t	t	t	\N	\N	[]	2026-11-22 02:04:50.854788+00
\.


--
-- Data for Name: hosts; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.hosts (host, app_id, tenant_id) FROM stdin;
\.


--
-- Data for Name: login_methods; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.login_methods (id, user_id, app_id, recipe, email, phone, third_party_id, third_party_user_id, password_hash, identity_data, time_joined) FROM stdin;
5dc40807-31f2-47b1-998e-9cf61b0437ea	5dc40807-31f2-47b1-998e-9cf61b0437ea	public	emailpassword	ada@example.org	\N	\N	\N	$argon2id$v=19$m=19456,t=2,p=1$BAkceuO1vslTNdxQ+DrL3A$UK+BvAMHuPV9X+/c4vJdnEuJcJGtoKaAogWG+l2Q7bY	{}	2026-11-22 02:04:50.136+00
7a37ef3a-0055-4375-83c5-c3d58389bebe	7a37ef3a-0055-4375-83c5-c3d58389bebe	door	emailpassword	grace@example.org	\N	\N	\N	$argon2id$v=19$m=19456,t=2,p=1$RoVmk7WuJaGc5AUSeb6XHg$nVMwZUjmQBE7MDjGHdpaYLz3yUiokEIuF8CPjioRXco	{"sub": "7a37ef3a-0055-4375-83c5-c3d58389bebe", "city": "Arlington", "email": "grace@example.org", "email_verified": false, "phone_verified": false}	2026-11-22 02:04:50.926+00
0298f8e5-3654-4176-ac5d-a379cf7af906	0298f8e5-3654-4176-ac5d-a379cf7af906	door	emailpassword	alan@example.org	\N	\N	\N	$argon2id$v=19$m=19456,t=2,p=1$Z83quJZqzTqzI6wucKTLEw$qVgRHJrESdEx6KsS51UNWxlS1nd7WDBgO970DrpEizo	{"sub": "0298f8e5-3654-4176-ac5d-a379cf7af906", "email": "alan@example.org", "email_verified": false, "phone_verified": false}	2026-11-22 02:04:53.145+00
\.


--
-- Data for Name: login_method_tenants; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.login_method_tenants (app_id, tenant_id, login_method_id, user_id, user_time_joined, recipe, email, phone, third_party_id, third_party_user_id) FROM stdin;
public	public	5dc40807-31f2-47b1-998e-9cf61b0437ea	5dc40807-31f2-47b1-998e-9cf61b0437ea	2026-11-22 02:04:50.136+00	emailpassword	ada@example.org	\N	\N	\N
door	public	7a37ef3a-0055-4375-83c5-c3d58389bebe	7a37ef3a-0055-4375-83c5-c3d58389bebe	2026-11-22 02:04:50.926+00	emailpassword	grace@example.org	\N	\N	\N
door	public	0298f8e5-3654-4176-ac5d-a379cf7af906	0298f8e5-3654-4176-ac5d-a379cf7af906	2026-11-22 02:04:53.145+00	emailpassword	alan@example.org	\N	\N	\N
\.


--
-- Data for Name: mfa_challenges; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.mfa_challenges (id, app_id, user_id, factor_id, ip_address, code_hash, wrong_attempts, created_at, verified_at) FROM stdin;
98b7fb57-0117-47a1-8085-7cdabeaebebe	door	7a37ef3a-0055-4375-83c5-c3d58389bebe	46cf01e2-fa2a-46c9-b015-e5a0e7f4bebe		\N	0	2026-11-22 02:04:52.408+00	2026-11-22 02:04:52.625+00
\.


--
-- Data for Name: one_time_codes; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.one_time_codes (user_id, kind, app_id, address, code_hash, link_hash, wrong_attempts, sent_at) FROM stdin;
7a37ef3a-0055-4375-83c5-c3d58389bebe	recovery	door	grace@example.org	\\xf6321ac2966054f5c0936f1a9b312b9b0d122bc0239ed86851d9d9c5d9d9af01	\\x34fcb8266564e748e01c08a92402d06337166162cb416f71ec33201f97a9e26e	0	2026-11-22 02:04:52.851+00
0298f8e5-3654-4176-ac5d-a379cf7af906	confirmation	door	alan@example.org	\\xfef41dec8bc7d0d361263ce64c9d90d7e8d64013bb2500f90cebdb61f3de82eb	\\x3d17b4e7ec0f991cf30219ed20b53dce37ab8a8cc2e682a71cb2546f66a97c28	0	2026-11-22 02:04:53.145+00
\.


--
-- Data for Name: one_time_tokens; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.one_time_tokens (id, app_id, tenant_id, kind, subject, email, token_hash, created_at, expires_at) FROM stdin;
63970342-ed40-4f37-8c4d-c0d93a2437ea	public	public	password_reset	5dc40807-31f2-47b1-998e-9cf61b0437ea	ada@example.org	\\xa04aed884a3097460239771f58650e92995ea97008c1059a233020815bbf3da6	2026-11-22 02:04:50.804265+00	2036-11-22 02:04:53.274605+00
\.


--
-- Data for Name: outbox; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.outbox (id, app_id, tenant_id, user_id, channel, kind, message, attempts, created_at, due_at, dead_at, error) FROM stdin;
9bb8ef7b-ea8e-4d88-bcb1-14feb160e362	door	public	0298f8e5-3654-4176-ac5d-a379cf7af906	email	signup	\\x6cd8632d2e44af7b48644a93949cf5cd2befee00750348dd9d26548a2e984f258273e63725a99d0a8cd9c43be3262bb169d8cdb4f9a60c5ce79f8e3df26e054ca8ea9fb89f592dd11aee392e340ed58919777bfe5d1a24b79739627385df74e5c9bad9336a0a930e3a7060bae6789a6bf937250eb44583e897813cfaea2e727236a1879880ff1ed6b1b3cad5bfbe8026d1ec41146d343b544812e707b58a3a9aaf5734b227d405d8a34d4fc5255c2e197ed01a25483a7c2d184c1591855810dd6aa86137cdecf5705653a593b254c91af3af3a90e47fcba374824db9f54f07dd1204ee6e4753e8fabbc170e40d6c0dd6c4777e27ca7e58d211204ab2076a403ee16ddbd558db0e9665a730344f610aa5934737348974dcf4c6ec856e719ee7862350017971ad1fc805a1f9d814a53144303ecf013c8450ed1fc8c0da393ff91700932f5f405bd6e21c15027395a08ba7ced2a964c839de2ecad9e6ccc84c3edc3ee9be7827b680ce81232099f0e6f738a8c264fe205dfdc3ff43c87da22db584996ea125156fc3cccfe53535855a5aa86b2cb98cd5d5f113c262a16ca613af955b339ebde5444c510cc6098e541a142f7fa9b3aec4d7d9ff635b8419d3b001ba8f9de7911e9bd2ee6af4ec74d9d925ae4717e9f96d4327b5efea74b6977d22f50b0119fff130fee2d196e935c47bbe4a0e545d7ca33d4ea6d7b5eae71152a285c16cca3ef0524b72eb8526941cf2c4485db2b220e2ca26f68170e2c2c58047db1ba824d0c54837dddce5d6fada0b2a4c666225cb6c07b56d1e5fc370d870a3040f334d24d826d8bf06432de2ccd6941d68ec9b72703e3f65c7e9d73a06ff88b2b9b03667d746064ceca4653bbc5e0ed333b94d25ed92da580eca7a9cfbe47208aee1b95807733d04d25758dd041753b7e8c128a643b85d3033fc974c3faa9bf84aca05bbe649dd47d101f873faccd87245ccd8d06c7a79aeab2db36cec296302c6a525e29e62d04593dbbd67dff9bb32f4f0197289d8cae1ce7b33765892cc1790319bbb406d8e56b3c215163f8fe32079420425c358eb23da67e0081f1524cdfc1fc7e79519ddb8844a28d6f6ca5a24931c846ecbb1671c291d4b91ea4d639c4119d76be78d2af9049b03ee5b593ef8632f8dd8904c869b6d0b5d7dc10b54c8a757df07767b80b515670a46ad55d6c69a1bc9230d44d48fbfaf48e1a3fc8d78bcfd6fc78d2214d42c1042885b8c93399fd6ac68db2e0f150fd6b8ae66505ac859a767bd35973e943ef69a47b00c039d3efac4399732b03c4843ce8f76aac839e3dfb2cdbeae5fc82641ed62dc59de871cfabb4bb888cd9af2d567fb9ba90828bf35e6c1f7d618b803c7fab6bd094206d37bb1378fd8b61c5b291b5152fd95cc322e188dde9b45402d734787c5a7b014ac051e31de7826304e1acb067898dc7d530e232e2528d7b2f4c881469b	0	2026-11-22 02:04:53.145+00	2026-11-22 03:04:53.138643+00	\N	\N
\.


--
-- Data for Name: passwordless_devices; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.passwordless_devices (app_id, tenant_id, id, email, phone, link_code_salt, failed_attempts, created_at) FROM stdin;
\.


--
-- Data for Name: passwordless_codes; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.passwordless_codes (id, app_id, tenant_id, device_id, link_code_hash, created_at) FROM stdin;
\.


--
-- Data for Name: phone_factors; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.phone_factors (id, app_id, user_id, friendly_name, phone, is_verified, created_at, updated_at, last_challenged_at) FROM stdin;
\.


--
-- Data for Name: primary_claims; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.primary_claims (app_id, tenant_id, kind, value, user_id) FROM stdin;
door	public	email	grace@example.org	7a37ef3a-0055-4375-83c5-c3d58389bebe
\.


--
-- Data for Name: provider_documents; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.provider_documents (url, document, fetched_at) FROM stdin;
\.


--
-- Data for Name: rate_limits; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.rate_limits (app_id, bucket, key_hash, tokens, updated_at) FROM stdin;
door	email_sent	\\x7075626c6963	29	2026-11-22 02:04:53.145+00
\.


--
-- Data for Name: request_counts; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.request_counts (app_id, first_second, backend, counts) FROM stdin;
\.


--
-- Data for Name: roles; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.roles (app_id, role) FROM stdin;
door	admiral
\.


--
-- Data for Name: role_permissions; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.role_permissions (app_id, role, permission) FROM stdin;
door	admiral	sail
\.


--
-- Data for Name: sessions; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.sessions (id, app_id, tenant_id, subject, user_id, refresh_hash, previous_refresh_hash, generation, refreshed_at, created_at, expires_at, expiry_day, use_static_key, payload, data, aal, amr, user_agent, ip, tag, factor_id, not_after) FROM stdin;
1e7e9125-9d93-4e39-95be-ef77287937ea	public	public	5dc40807-31f2-47b1-998e-9cf61b0437ea	5dc40807-31f2-47b1-998e-9cf61b0437ea	\\x457d70f060b403708d0a3750f4f2eb6328327a42d5ce716b468411b475e56d25	\N	0	\N	2026-11-22 02:04:50.333+00	2036-11-19 02:04:50.333+00	2036-11-19	f	{"a": 1}	{}	aal1	[]	\N	\N	\N	\N	\N
130a2b8f-6dbf-461f-8c4f-12d6a810bebe	door	public	7a37ef3a-0055-4375-83c5-c3d58389bebe	7a37ef3a-0055-4375-83c5-c3d58389bebe	\\x	\N	2	\N	2026-11-22 02:04:50.926+00	9999-12-31 23:59:59.999+00	9999-12-31	f	{}	{}	aal2	[{"method": "totp", "timestamp": 1795313092}, {"method": "password", "timestamp": 1795313090}]	\N	\N	\N	46cf01e2-fa2a-46c9-b015-e5a0e7f4bebe	\N
\.


--
-- Data for Name: setting_values; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.setting_values (app_id, tenant_id, key, value) FROM stdin;
public	public	refresh_token_validity	5256000
public	public	access_token_validity	86400000
public	public	access_token_dynamic_signing_key_update_interval	87600
public	public	jwt_exp	86400000
a1	public	access_token_validity	7200
public	public	password_reset_token_lifetime	7200000
door	public	site_url	"https://app.example.org"
door	public	api_external_url	"https://app.example.org/auth/v1"
door	public	jwt_secret	{"sealed": "bNhjLaZCx7lZwcXMLQE5J4ADbPKgzGM4m7pd/B5Vn7QukLnRko5jFgH1dtwC+2TpVxU8BcTwgTRSaUZB0gB0oB1FLSkybV0="}
door	public	smtp_host	"mail.example.org"
door	public	smtp_user	"door"
door	public	smtp_pass	{"sealed": "bNhjLfErFPGW8+KZjphuelhbNiiTUJxJNxe2mHrtHhj6wKFRipiam6YFsBYcuPGqfs2esDXRh3oTJpDuIsru"}
door	public	smtp_admin_email	"door@example.org"
door	public	mailer_autoconfirm	false
\.


--
-- Data for Name: signing_keys; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.signing_keys (app_id, kid, algorithm, kind, private_key, public_key, created_at) FROM stdin;
public	d-1795313090401-es256	ES256	dynamic	\\x6cd8632dd0f68a95252ba53477f46ce30b9ab07f07a3b458af45b84a5062f4663560732330cc5f435956040687bae6fb7d60423ab861d9e0159b818e8224fef6c0d3cf2446f0866863ed2d71e544c148cd6ba4668cca556016155129e8a2bf9a36076d2029bef34dec37854f0c78a4aa0c05ba46ede341d77128fd8c2e126751142d21f861a55ed0487f361ad1f478c45c8128ebaab0d162620a1bab5def8ffee1be997ee5e3a37aa8c5	{"x": "FywIVYmrGQvVVLcK0IDVDZRnDXfkaAvRFu9MN065uQs", "y": "gzFxoxWBGALFN2QG_m-3DxZ4wuaKVQKXsyyc1NzR7Kw", "alg": "ES256", "crv": "P-256", "kid": "d-1795313090401-es256", "kty": "EC", "use": "sig"}	2026-11-22 02:04:50.401+00
\.


--
-- Data for Name: totp_attempts; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.totp_attempts (app_id, tenant_id, user_id, created_at, used_code, expires_at, forget_at) FROM stdin;
door	public	7a37ef3a-0055-4375-83c5-c3d58389bebe	2026-11-22 02:04:52.633+00	\\xe93e116cb3b0dd821dd4920e79d9235b48bdf74805ded29ee33c15f3824c332b	2026-11-22 02:06:22.633+00	2026-11-22 02:36:22.633+00
\.


--
-- Data for Name: totp_devices; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.totp_devices (id, app_id, user_id, name, secret, period_s, skew, is_verified, created_at, updated_at, last_challenged_at) FROM stdin;
46cf01e2-fa2a-46c9-b015-e5a0e7f4bebe	door	7a37ef3a-0055-4375-83c5-c3d58389bebe	app	\\x6cd8632db045ec765946edb443a29790cb726a087de62af8bae4a8f1f937a7913f90fde51ec6faa7423d2432eb7dd46cbb327229	30	1	t	2026-11-22 02:04:51.747+00	2026-11-22 02:04:52.625+00	2026-11-22 02:04:52.408+00
\.


--
-- Data for Name: user_id_mappings; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.user_id_mappings (user_id, app_id, external_id, external_info) FROM stdin;
\.


--
-- Data for Name: user_metadata; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.user_metadata (app_id, user_id, metadata) FROM stdin;
door	7a37ef3a-0055-4375-83c5-c3d58389bebe	{"note": 1}
\.


--
-- Data for Name: user_roles; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.user_roles (app_id, tenant_id, user_id, role) FROM stdin;
door	public	7a37ef3a-0055-4375-83c5-c3d58389bebe	admiral
\.


--
-- Data for Name: verified_emails; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.verified_emails (app_id, user_id, email, verified_at) FROM stdin;
door	7a37ef3a-0055-4375-83c5-c3d58389bebe	grace@example.org	2026-11-22 02:04:50.919296+00
\.


--
-- Data for Name: webauthn_credentials; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.webauthn_credentials (app_id, relying_party_id, id, login_method_id, public_key, sign_count, aaguid, transports, backup_eligible, backed_up, created_at, updated_at) FROM stdin;
\.


--
-- Data for Name: webauthn_options; Type: TABLE DATA; Schema: auth; Owner: auth_admin
--

COPY auth.webauthn_options (id, app_id, tenant_id, relying_party_id, relying_party_name, origin, email, challenge, timeout_ms, user_verification, user_presence, accepted_assertion, created_at, expires_at) FROM stdin;
\.


--
-- Data for Name: profile; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.profile (id) FROM stdin;
5dc40807-31f2-47b1-998e-9cf61b0437ea
\.


--
-- Name: profile profile_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.profile
    ADD CONSTRAINT profile_pkey PRIMARY KEY (id);


--
-- Name: profile profile_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.profile
    ADD CONSTRAINT profile_id_fkey FOREIGN KEY (id) REFERENCES auth.users(id) ON DELETE CASCADE;


--
-- PostgreSQL database dump complete
--

\unrestrict RDh94Yr7ti3mg9hMwg7sgyyUzfT1SiVdcBYDT0bcOreapkmhoMdWpBbTBvTfr0p

