// Package clients drives the gateway with the published SuperTokens SDK for Go, which speaks CDI 3.1.
//
// This file holds what the tests share: the SDK's configuration, the CDI by plain HTTP, and a few assertions.
package clients

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"sort"
	"testing"

	"github.com/supertokens/supertokens-golang/ingredients/emaildelivery"
	"github.com/supertokens/supertokens-golang/ingredients/smsdelivery"
	"github.com/supertokens/supertokens-golang/recipe/emailpassword"
	"github.com/supertokens/supertokens-golang/recipe/emailpassword/epmodels"
	"github.com/supertokens/supertokens-golang/recipe/multitenancy"
	"github.com/supertokens/supertokens-golang/recipe/multitenancy/multitenancymodels"
	"github.com/supertokens/supertokens-golang/recipe/passwordless"
	"github.com/supertokens/supertokens-golang/recipe/passwordless/plessmodels"
	"github.com/supertokens/supertokens-golang/recipe/session"
	"github.com/supertokens/supertokens-golang/recipe/session/sessmodels"
	"github.com/supertokens/supertokens-golang/recipe/thirdparty"
	"github.com/supertokens/supertokens-golang/recipe/usermetadata"
	"github.com/supertokens/supertokens-golang/supertokens"
)

const (
	apiDomain     = "http://localhost:3001"
	websiteDomain = "http://localhost:3000"
	password      = "correct horse 1"
	newPassword   = "battery staple 2"
	public        = "public"
	nobody        = "00000000-0000-4000-8000-000000000000"
	sdkVersion    = "3.1" // the CDI version that the SDK speaks
)

var authURL = os.Getenv("AUTH_URL")

type object = map[string]any

// What the SDK would have sent by e-mail, and as text messages.
var (
	mails []emaildelivery.EmailType
	texts []smsdelivery.SmsType
)

func emailDelivery() *emaildelivery.TypeInput {
	send := func(mail emaildelivery.EmailType, _ supertokens.UserContext) error {
		mails = append(mails, mail)
		return nil
	}
	return &emaildelivery.TypeInput{Service: &emaildelivery.EmailDeliveryInterface{SendEmail: &send}}
}

func smsDelivery() *smsdelivery.TypeInput {
	send := func(text smsdelivery.SmsType, _ supertokens.UserContext) error {
		texts = append(texts, text)
		return nil
	}
	return &smsdelivery.TypeInput{Service: &smsdelivery.SmsDeliveryInterface{SendSms: &send}}
}

// config says how a test wants the SDK; what is left out is as in initialise.
type config struct {
	connectionURI string
	session       *sessmodels.TypeInput
	passwordless  *plessmodels.TypeInput
	recipes       []supertokens.Recipe // beside those that every test has
}

// initialise sets up the SDK, a singleton, anew. The recipes that put claims into sessions are for the tests that ask
// for them: with these a session needs a user.
func initialise(c config) error {
	supertokens.ResetForTest()
	if c.connectionURI == "" {
		c.connectionURI = authURL
	}
	if c.passwordless == nil {
		c.passwordless = &plessmodels.TypeInput{FlowType: "USER_INPUT_CODE_AND_MAGIC_LINK"}
	}
	c.passwordless.ContactMethodEmailOrPhone.Enabled = true
	c.passwordless.EmailDelivery, c.passwordless.SmsDelivery = emailDelivery(), smsDelivery()
	return supertokens.Init(supertokens.TypeInput{
		Telemetry:   ptr(false),
		Supertokens: &supertokens.ConnectionInfo{ConnectionURI: c.connectionURI},
		AppInfo: supertokens.AppInfo{
			AppName:       "tests",
			APIDomain:     apiDomain,
			WebsiteDomain: websiteDomain,
		},
		RecipeList: append([]supertokens.Recipe{
			emailpassword.Init(&epmodels.TypeInput{EmailDelivery: emailDelivery()}),
			passwordless.Init(*c.passwordless),
			thirdparty.Init(nil),
			session.Init(c.session),
			usermetadata.Init(nil),
		}, c.recipes...),
	})
}

// with gives one test a configuration of its own.
func with(t *testing.T, c config) {
	t.Helper()
	noError(t, initialise(c))
	t.Cleanup(func() { noError(t, initialise(config{})) })
}

func TestMain(m *testing.M) {
	if authURL == "" {
		fmt.Fprintln(os.Stderr, "AUTH_URL must name a running gateway")
		os.Exit(1)
	}
	if err := initialise(config{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func ptr[T any](value T) *T { return &value }

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// must is the value of a call that must not fail: must(call())(t).
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		noError(t, err)
		return value
	}
}

// there is what a pointer points to, which must be something: there(t, answer.OK).
func there[T any](t *testing.T, pointer *T) T {
	t.Helper()
	if pointer == nil {
		t.Fatalf("there is no %T", *new(T))
	}
	return *pointer
}

// status names the outcome of an answer: the one of its members that is set.
func status(answer any) string {
	value := reflect.ValueOf(answer)
	for i := 0; i < value.NumField(); i++ {
		if !value.Field(i).IsNil() {
			return value.Type().Field(i).Name
		}
	}
	return "none"
}

func show(value any) string {
	if text, err := json.Marshal(value); err == nil {
		return string(text)
	}
	return fmt.Sprintf("%+v", value)
}

func equal[T any](t *testing.T, got, want T, about ...any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s\ngot:  %s\nwant: %s", fmt.Sprintln(about...), show(got), show(want))
	}
}

// sameMembers compares two lists whose order does not matter.
func sameMembers(t *testing.T, got, want []string, about ...any) {
	t.Helper()
	got, want = append([]string{}, got...), append([]string{}, want...)
	sort.Strings(got)
	sort.Strings(want)
	equal(t, got, want, about...)
}

func isTrue(t *testing.T, truth bool, about ...any) {
	t.Helper()
	if !truth {
		t.Fatal(about...)
	}
}

func matches(t *testing.T, text, pattern string) {
	t.Helper()
	if !regexp.MustCompile(pattern).MatchString(text) {
		t.Fatalf("does not match %q: %s", pattern, text)
	}
}

// fails says that a call failed, with a text that matches.
func fails(t *testing.T, err error, pattern string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, but expected one that matches %q", pattern)
	}
	matches(t, err.Error(), pattern)
}

// failsAs says that a call failed with an error of this type.
func failsAs[E error](t *testing.T, err error) E {
	t.Helper()
	var typed E
	if !errors.As(err, &typed) {
		t.Fatalf("expected an error of type %T, but got %T: %v", typed, err, err)
	}
	return typed
}

func randomText() string {
	bytes := make([]byte, 8)
	if _, err := rand.Read(bytes); err != nil {
		panic(err)
	}
	return fmt.Sprintf("%x", bytes)
}

// newEmail is an address that no other test uses.
func newEmail() string { return "user-" + randomText() + "@example.org" }

// newPhone is a number that no other test uses, and that the SDK takes for a mobile one.
func newPhone() string {
	number, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("+49151%08d", number)
}

// newID is an id for an app, a tenant, a user or a role that no other test uses.
func newID(name string) string { return name + "-" + randomText() }

func signUp(t *testing.T, tenantID string) epmodels.User {
	t.Helper()
	answer := must(emailpassword.SignUp(tenantID, newEmail(), password))(t)
	return there(t, answer.OK).User
}

func signInStatus(t *testing.T, tenantID, email, password string) string {
	t.Helper()
	return status(must(emailpassword.SignIn(tenantID, email, password))(t))
}

// call is a call of the CDI without the SDK: its code and its body.
func call(t *testing.T, version, method, path string, body any) (int, string) {
	t.Helper()
	request := must(http.NewRequest(method, authURL+path, bytes.NewReader(must(json.Marshal(body))(t))))(t)
	request.Header.Set("cdi-version", version)
	response := must(http.DefaultClient.Do(request))(t)
	defer response.Body.Close()
	return response.StatusCode, string(must(io.ReadAll(response.Body))(t))
}

// cdi is a call of the CDI as the SDK makes it, for what the SDK has no function for. It must answer 200.
func cdi(t *testing.T, method, path string, body any) object {
	t.Helper()
	return cdiVersion(t, sdkVersion, method, path, body)
}

func cdiVersion(t *testing.T, version, method, path string, body any) object {
	t.Helper()
	code, text := call(t, version, method, path, body)
	equal(t, code, http.StatusOK, method, path, text)
	var answer object
	noError(t, json.Unmarshal([]byte(text), &answer))
	return answer
}

// createApp creates an app and gives the connection URI for it.
func createApp(t *testing.T, coreConfig object) string {
	t.Helper()
	id := newID("app")
	body := object{"appId": id}
	if coreConfig != nil {
		body["coreConfig"] = coreConfig
	}
	answer := cdiVersion(t, "5.4", http.MethodPut, "/recipe/multitenancy/app/v2", body)
	equal(t, answer, object{"status": "OK", "createdNew": true})
	return authURL + "/appid-" + id
}

// createTenant creates a tenant in which every recipe is enabled.
func createTenant(t *testing.T, coreConfig object) string {
	t.Helper()
	id := newID("tenant")
	answer := must(multitenancy.CreateOrUpdateTenant(id, multitenancymodels.TenantConfig{
		EmailPasswordEnabled: ptr(true),
		PasswordlessEnabled:  ptr(true),
		ThirdPartyEnabled:    ptr(true),
		CoreConfig:           coreConfig,
	}))(t)
	equal(t, there(t, answer.OK).CreatedNew, true)
	return id
}
