// A small application with the SDK's middleware, and a client that keeps its tokens as a browser would.
package clients

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/supertokens/supertokens-golang/recipe/session"
	"github.com/supertokens/supertokens-golang/recipe/session/sessmodels"
	"github.com/supertokens/supertokens-golang/supertokens"
)

func reply(w http.ResponseWriter, value any) {
	w.Header().Set("content-type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		panic(err)
	}
}

func tell(w http.ResponseWriter, of sessmodels.SessionContainer) {
	reply(w, object{"userId": of.GetUserID(), "handle": of.GetHandle(), "payload": of.GetAccessTokenPayload()})
}

// guarded is a handler for those with a session.
func guarded(options *sessmodels.VerifySessionOptions) http.HandlerFunc {
	return session.VerifySession(options, func(w http.ResponseWriter, r *http.Request) {
		tell(w, session.GetSessionFromRequestContext(r.Context()))
	})
}

// byHand is a handler for a function of the recipe that takes a request and a response, and gives a session.
func byHand(make func(r *http.Request, w http.ResponseWriter) (sessmodels.SessionContainer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		of, err := make(r, w)
		if err == nil {
			tell(w, of)
		} else if err = supertokens.ErrorHandler(err, r, w); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}

// serve starts the application on a free port, and gives its URL.
func serve(t *testing.T, c config) string {
	t.Helper()
	with(t, c)
	routes := http.NewServeMux()
	routes.HandleFunc("/me", guarded(nil))
	routes.HandleFunc("/me/checked", guarded(&sessmodels.VerifySessionOptions{CheckDatabase: ptr(true)}))
	optional := &sessmodels.VerifySessionOptions{SessionRequired: ptr(false)}
	routes.HandleFunc("/visitor", session.VerifySession(optional, func(w http.ResponseWriter, r *http.Request) {
		reply(w, object{"known": session.GetSessionFromRequestContext(r.Context()) != nil})
	}))
	routes.HandleFunc("/me/payload", session.VerifySession(nil, func(w http.ResponseWriter, r *http.Request) {
		var change object
		of := session.GetSessionFromRequestContext(r.Context())
		err := json.NewDecoder(r.Body).Decode(&change)
		if err == nil {
			err = of.MergeIntoAccessTokenPayload(change)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		tell(w, of)
	}))
	routes.HandleFunc("/enter", byHand(func(r *http.Request, w http.ResponseWriter) (sessmodels.SessionContainer, error) {
		return session.CreateNewSession(r, w, public, r.FormValue("id"), object{"made": "by hand"}, object{"n": 1.0})
	}))
	routes.HandleFunc("/look", byHand(func(r *http.Request, w http.ResponseWriter) (sessmodels.SessionContainer, error) {
		return session.GetSession(r, w, nil)
	}))
	routes.HandleFunc("/again", byHand(func(r *http.Request, w http.ResponseWriter) (sessmodels.SessionContainer, error) {
		return session.RefreshSession(r, w)
	}))
	server := httptest.NewServer(supertokens.Middleware(routes))
	t.Cleanup(server.Close)
	return server.URL
}

// browser keeps tokens in cookies, or with mode "header" in the headers that SuperTokens has for them.
type browser struct {
	t                         *testing.T
	url, mode                 string
	client                    *http.Client
	access, refresh, antiCsrf string
	header                    map[string]string // sent with every call
}

func newBrowser(t *testing.T, url, mode string) *browser {
	t.Helper()
	jar := must(cookiejar.New(nil))(t)
	return &browser{t: t, url: url, mode: mode, client: &http.Client{Jar: jar}, header: map[string]string{}}
}

// cookie is the value of a cookie, or "". Refresh tokens go to one path only.
func (b *browser) cookie(name string) string {
	b.t.Helper()
	at := must(url.Parse(b.url + "/auth/session/refresh"))(b.t)
	for _, cookie := range b.client.Jar.Cookies(at) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

// thief has the tokens of this browser, and sends them in headers.
func (b *browser) thief() *browser {
	other := newBrowser(b.t, b.url, "header")
	other.access, other.refresh = b.access, b.refresh
	if b.mode == "cookie" {
		other.access, other.refresh = b.cookie("sAccessToken"), b.cookie("sRefreshToken")
	}
	return other
}

type response struct {
	code   int
	text   string
	json   object
	header http.Header
}

func (b *browser) call(method, path string, body any) response {
	b.t.Helper()
	content := must(json.Marshal(body))(b.t)
	request := must(http.NewRequest(method, b.url+path, bytes.NewReader(content)))(b.t)
	request.Header.Set("st-auth-mode", b.mode)
	request.Header.Set("content-type", "application/json")
	if b.antiCsrf != "" {
		request.Header.Set("anti-csrf", b.antiCsrf)
	}
	if b.mode == "header" {
		token := b.access
		if path == "/auth/session/refresh" || path == "/again" {
			token = b.refresh
		}
		if token != "" {
			request.Header.Set("authorization", "Bearer "+token)
		}
	}
	for name, value := range b.header {
		request.Header.Set(name, value)
	}
	got := must(b.client.Do(request))(b.t)
	defer got.Body.Close()
	answer := response{code: got.StatusCode, text: string(must(io.ReadAll(got.Body))(b.t)), header: got.Header}
	if strings.HasPrefix(answer.text, "{") {
		noError(b.t, json.Unmarshal([]byte(answer.text), &answer.json))
	}
	for name, token := range map[string]*string{
		"st-access-token": &b.access, "st-refresh-token": &b.refresh, "anti-csrf": &b.antiCsrf,
	} {
		if _, present := got.Header[http.CanonicalHeaderKey(name)]; present {
			*token = got.Header.Get(name)
		}
	}
	return answer
}

func (b *browser) get(path string) response {
	b.t.Helper()
	return b.call(http.MethodGet, path, nil)
}

func (b *browser) post(path string, body any) response {
	b.t.Helper()
	return b.call(http.MethodPost, path, body)
}

// form calls one of the SDK's APIs that take form fields; more are further members of the body.
func (b *browser) form(path string, fields map[string]string, more ...object) response {
	b.t.Helper()
	list := []object{}
	for id, value := range fields {
		list = append(list, object{"id": id, "value": value})
	}
	body := object{"formFields": list}
	for _, members := range more {
		for name, value := range members {
			body[name] = value
		}
	}
	return b.post("/auth"+path, body)
}

func (b *browser) enter(path, email, password string) response {
	b.t.Helper()
	return b.form(path, map[string]string{"email": email, "password": password})
}

// hasCode says that an answer has this code; if not, its text says why.
func hasCode(t *testing.T, answer response, code int) {
	t.Helper()
	equal(t, answer.code, code, answer.text)
}

// hasStatus says that an answer has code 200 and this status.
func hasStatus(t *testing.T, answer response, status string) {
	t.Helper()
	hasCode(t, answer, http.StatusOK)
	equal(t, answer.json["status"], any(status), answer.text)
}

// forEachMode runs a test with the tokens in cookies, and with the tokens in headers.
func forEachMode(t *testing.T, test func(t *testing.T, mode string)) {
	for _, mode := range []string{"cookie", "header"} {
		mode := mode
		t.Run(mode, func(t *testing.T) { test(t, mode) })
	}
}
