#include "cli/auth.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define NT_AUTH_MIB    1048576
#define NT_AUTH_NUMBER 100000000
#define NT_AUTH_CACHED 10000 /* tokens */

typedef struct {
    const char *name;
    bool        token; /* requests carry one */
    bool        issuer;
} nt_auth_provider_t;

static const nt_auth_provider_t providers[] = { { "none", false, false },
                                                { "local", false, false },
                                                { "static", true, false },
                                                { "supabase", true, true },
                                                { "oidc", true, true } };

/* Variables that stand in the configuration as they are. */
static const char *const texts[] = { "SUPABASE_URL",     "OIDC_ISSUER",
                                     "OIDC_AUDIENCE",    "OIDC_ADMIN_CLAIM",
                                     "OIDC_ADMIN_VALUE", "SSL_CERT_FILE" };

#define count(array) (sizeof(array) / sizeof((array)[0]))


static const nt_auth_provider_t *
find_provider(const char *name)
{
    for (size_t i = 0; i < count(providers); i++) {
        if (strcmp(name, providers[i].name) == 0) {
            return &providers[i];
        }
    }

    return NULL;
}


static bool
is_url(const char *text)
{
    return strncmp(text, "http://", 7) == 0 ||
           strncmp(text, "https://", 8) == 0;
}


/* A variable that `provider` cannot do without. */
static bool
require(const char *provider, const char *variable, const char *what)
{
    if (nt_cli_env(variable) != NULL) {
        return true;
    }

    nt_cli_say("AUTH_PROVIDER=%s needs %s: %s", provider, variable, what);

    return false;
}


static bool
check_url(const char *variable)
{
    const char *url = nt_cli_env(variable);

    if (is_url(url)) {
        return true;
    }

    nt_cli_say("%s must be an http:// or https:// URL, not \"%s\"", variable,
               url);

    return false;
}


static bool
check_supabase(void)
{
    if (!require("supabase", "SUPABASE_URL",
                 "the address of the project, https://NAME.supabase.co") ||
        !check_url("SUPABASE_URL"))
    {
        return false;
    }

    if (nt_cli_env("SUPABASE_JWT_SECRET") == NULL &&
        nt_cli_env("SUPABASE_KEY") == NULL)
    {
        nt_cli_say("without SUPABASE_JWT_SECRET and SUPABASE_KEY only tokens "
                   "are good that the project has signed with its asymmetric "
                   "keys");
    }

    return true;
}


static bool
check_oidc(void)
{
    bool claim = nt_cli_env("OIDC_ADMIN_CLAIM") != NULL;
    bool value = nt_cli_env("OIDC_ADMIN_VALUE") != NULL;

    if (!require("oidc", "OIDC_ISSUER",
                 "the URL before /.well-known/openid-configuration") ||
        !require("oidc", "OIDC_AUDIENCE",
                 "whom tokens must be made for, several with spaces") ||
        !check_url("OIDC_ISSUER"))
    {
        return false;
    }

    if (claim != value) {
        nt_cli_say("OIDC_ADMIN_CLAIM and OIDC_ADMIN_VALUE go together: the "
                   "claim that administrators have, and its value");
        return false;
    }

    return true;
}


static bool
check_number(const char *variable)
{
    long        n;
    const char *text = nt_cli_env(variable);

    if (text == NULL || nt_cli_number(text, NT_AUTH_NUMBER, &n)) {
        return true;
    }

    nt_cli_say("%s must be a number from 1 to %d, not \"%s\"", variable,
               NT_AUTH_NUMBER, text);

    return false;
}


static bool
check_issuer(const char *provider)
{
    for (size_t i = 0; i < count(texts); i++) {
        if (!nt_cli_plain(texts[i], nt_cli_env(texts[i]))) {
            return false;
        }
    }

    return check_number("AUTH_CACHE_TTL") && check_number("AUTH_CACHE_MAX") &&
           (strcmp(provider, "oidc") == 0 ? check_oidc() : check_supabase());
}


bool
nt_auth_choose(nt_cli_options_t *o)
{
    const char               *auth = nt_cli_env("AUTH_PROVIDER");
    const nt_auth_provider_t *provider;

    if (auth == NULL) {
        auth = nt_cli_loopback(o->host) ? "local" : "static";
    }

    provider = find_provider(auth);
    if (provider == NULL) {
        nt_cli_say("AUTH_PROVIDER must be none, local, static, supabase or "
                   "oidc, not \"%s\"",
                   auth);
        return false;
    }

    o->auth = provider->name;
    o->token = provider->token;
    o->issuer = provider->issuer;

    return !provider->issuer || check_issuer(auth);
}


/* --- nginx's configuration --- */

void
nt_auth_conf_http(nt_buf_t *conf, const nt_cli_options_t *o)
{
    long        max = NT_AUTH_CACHED;
    const char *ttl = nt_cli_env("AUTH_CACHE_TTL");
    const char *text = nt_cli_env("AUTH_CACHE_MAX");

    if (!o->issuer) {
        return;
    }

    /* entries are of some 300 bytes; the issuer's keys take room as well */
    if (text != NULL) {
        (void) nt_cli_number(text, NT_AUTH_NUMBER, &max);
    }

    nt_buf_printf(conf,
                  "    nodetool_auth_cache zone=nodetool_auth:%ldm "
                  "max=%ld",
                  1 + max * 512 / NT_AUTH_MIB, max);
    if (ttl != NULL) {
        nt_buf_printf(conf, " ttl=%ss", ttl);
    }

    nt_buf_append_str(conf, NT_STR(";\n"));
}


static void
conf_supabase(nt_buf_t *conf)
{
    nt_buf_printf(conf, "        nodetool_auth_issuer \"%s\";\n",
                  nt_cli_env("SUPABASE_URL"));

    if (nt_cli_env("SUPABASE_JWT_SECRET") != NULL) {
        nt_buf_append_str(conf, NT_STR("        nodetool_auth_secret "
                                       "env:SUPABASE_JWT_SECRET;\n"));
    }

    /* without the key the project does not say whose a token is */
    if (nt_cli_env("SUPABASE_KEY") != NULL) {
        nt_buf_append_str(conf, NT_STR("        nodetool_auth_apikey "
                                       "env:SUPABASE_KEY;\n"
                                       "        nodetool_auth_userinfo on;\n"));
    }
}


static void
conf_oidc(nt_buf_t *conf)
{
    char *list, *rest, *word;

    nt_buf_printf(conf,
                  "        nodetool_auth_issuer \"%s\";\n"
                  "        nodetool_auth_audience",
                  nt_cli_env("OIDC_ISSUER"));

    list = rest = nt_cli_strdup(nt_cli_env("OIDC_AUDIENCE"));
    while ((word = strsep(&rest, " ")) != NULL) {
        if (word[0] != '\0') {
            nt_buf_printf(conf, " \"%s\"", word);
        }
    }

    free(list);
    nt_buf_append_str(conf, NT_STR(";\n"));

    if (nt_cli_env("OIDC_ADMIN_CLAIM") != NULL) {
        nt_buf_printf(conf, "        nodetool_auth_admin \"%s\" \"%s\";\n",
                      nt_cli_env("OIDC_ADMIN_CLAIM"),
                      nt_cli_env("OIDC_ADMIN_VALUE"));
    }
}


void
nt_auth_conf_server(nt_buf_t *conf, const nt_cli_options_t *o,
                    const nt_home_t *home)
{
    const char *ca = nt_cli_env("SSL_CERT_FILE");

    nt_buf_printf(conf, "        nodetool_auth %s;\n", o->auth);

    if (!o->token) {
        return;
    }

    if (home->token != NULL) {
        nt_buf_printf(conf, "        nodetool_auth_token \"file:%s/token\";\n",
                      home->path);
    } else {
        nt_buf_append_str(conf, NT_STR("        nodetool_auth_token "
                                       "env:WORKER_AUTH_TOKEN;\n"));
    }

    nt_buf_printf(conf, "        nodetool_auth_keys \"%s/keys\";\n",
                  home->path);

    if (strcmp(o->auth, "supabase") == 0) {
        conf_supabase(conf);
    } else if (o->issuer) {
        conf_oidc(conf);
    }

    if (o->issuer && ca != NULL) {
        nt_buf_printf(conf,
                      "        nodetool_auth_trusted_certificate \"%s\";\n",
                      ca);
    }

    /* who tries tokens has to wait */
    nt_buf_append_str(conf, NT_STR("        nodetool_auth_limit "
                                   "zone=nodetool_auth_failures:1m "
                                   "rate=10r/m burst=20;\n"));
}
