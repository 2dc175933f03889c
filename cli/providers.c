#include "cli/providers.h"

#include <string.h>

#include "cli/cli.h"

#define NT_PATTERNS_MAX 7

typedef struct {
    const char *name; /* also of its dialect */
    const char *key;  /* variables; either makes it a provider */
    const char *url;
    bool        own;      /* a server of the owner's: the URL makes it one */
    const char *fallback; /* URL without that; NULL: the dialect's own */
    const char *drop;     /* what some write behind the URL, or NULL */
    const char *patterns[NT_PATTERNS_MAX]; /* of its models' names */
} provider_t;

/* In the order in which they are asked for a model that no pattern has. */
static const provider_t providers[] = {
    { .name = "openai",
      .key = "OPENAI_API_KEY",
      .url = "OPENAI_BASE_URL",
      .fallback = "https://api.openai.com/v1",
      .patterns = { "gpt-*", "chatgpt-*", "o1*", "o3*", "o4*" } },

    { .name = "anthropic",
      .key = "ANTHROPIC_API_KEY",
      .url = "ANTHROPIC_BASE_URL",
      .patterns = { "claude-*" } },

    { .name = "gemini",
      .key = "GEMINI_API_KEY",
      .url = "GEMINI_BASE_URL",
      .patterns = { "gemini-*" } },

    { .name = "mistral",
      .key = "MISTRAL_API_KEY",
      .url = "MISTRAL_BASE_URL",
      .patterns = { "mistral-*", "ministral-*", "magistral-*", "codestral-*",
                    "devstral-*", "pixtral-*" } },

    { .name = "ollama",
      .key = "OLLAMA_API_KEY",
      .url = "OLLAMA_API_URL",
      .own = true,
      .drop = "/v1" },
};

#define NT_PROVIDERS_N (sizeof(providers) / sizeof(providers[0]))


static bool
is_there(const provider_t *p)
{
    return nt_cli_env(p->url) != NULL ||
           (!p->own && nt_cli_env(p->key) != NULL);
}


static const provider_t *
find(const char *name)
{
    for (size_t i = 0; i < NT_PROVIDERS_N; i++) {
        if (strcmp(providers[i].name, name) == 0) {
            return &providers[i];
        }
    }

    return NULL;
}


void
nt_providers_names(nt_buf_t *names)
{
    for (size_t i = 0; i < NT_PROVIDERS_N; i++) {
        if (is_there(&providers[i])) {
            nt_buf_append_str(names, nt_str(providers[i].name));
            nt_buf_append_str(names, NT_STR(", "));
        }
    }

    nt_buf_append_str(names, NT_STR("echo"));
}


/* The URL without what is of no use at its end. */
static nt_str_t
trim(const provider_t *p, const char *url)
{
    nt_str_t s = nt_str(url);
    size_t   len = p->drop != NULL ? strlen(p->drop) : 0;

    while (s.len > 0 && s.data[s.len - 1] == '/') {
        s.len--;
    }

    if (len > 0 && s.len > len &&
        memcmp(s.data + s.len - len, p->drop, len) == 0) {
        s.len -= len;
    }

    return s;
}


static bool
conf_provider(nt_buf_t *conf, const provider_t *p)
{
    nt_str_t    trimmed;
    const char *url = nt_cli_env(p->url);

    if (url == NULL) {
        url = p->fallback;
    }

    if (url != NULL && ((strncmp(url, "http://", 7) != 0 &&
                         strncmp(url, "https://", 8) != 0) ||
                        strpbrk(url, "\"\\$;{} ") != NULL))
    {
        nt_cli_say("%s must be an http:// or https:// URL, not \"%s\"", p->url,
                   url);
        return false;
    }

    nt_buf_printf(conf,
                  "    nodetool_provider %s {\n"
                  "        dialect %s;\n",
                  p->name, p->name);

    if (url != NULL) {
        trimmed = trim(p, url);
        nt_buf_printf(conf, "        url \"%.*s\";\n", (int) trimmed.len,
                      trimmed.data);
    }

    if (nt_cli_env(p->key) != NULL) {
        nt_buf_printf(conf, "        key env:%s;\n", p->key);
    }

    nt_buf_append_str(conf, NT_STR("    }\n"));

    return true;
}


/* One provider has all models.  Of several, names that all know go to those
 * they are known for, and others are looked for in the providers' lists. */
static void
conf_rules(nt_buf_t *conf, const nt_cli_options_t *options)
{
    unsigned    n = 0;
    const char *other = options->provider;

    nt_buf_append_str(conf, NT_STR("    nodetool_model \"echo*\" echo;\n"));

    for (size_t i = 0; i < NT_PROVIDERS_N; i++) {
        n += is_there(&providers[i]);
    }

    for (size_t i = 0; i < NT_PROVIDERS_N; i++) {
        if (!is_there(&providers[i])) {
            continue;
        }

        if (n == 1 && other == NULL) {
            other = providers[i].name;
        }

        for (size_t k = 0; n > 1 && providers[i].patterns[k] != NULL; k++) {
            nt_buf_printf(conf, "    nodetool_model \"%s\" %s;\n",
                          providers[i].patterns[k], providers[i].name);
        }
    }

    if (other != NULL) {
        nt_buf_printf(conf, "    nodetool_model \"*\" %s;\n", other);
    }

    if (options->default_model != NULL) {
        nt_buf_printf(conf, "    nodetool_default_model \"%s\";\n",
                      options->default_model);
    }
}


static bool
check_option(const char *name)
{
    nt_buf_t          names = { 0 };
    const provider_t *p;

    if (name == NULL || strcmp(name, "echo") == 0) {
        return true;
    }

    p = find(name);

    if (p == NULL) {
        nt_providers_names(&names);
        nt_cli_say("--provider %s: there is no such provider; there are %.*s",
                   name, (int) names.len, names.data);
        nt_buf_free(&names);
        return false;
    }

    if (!is_there(p)) {
        nt_cli_say("--provider %s needs %s%s%s in the environment", name,
                   p->own ? "" : p->key, p->own ? "" : " or ", p->url);
        return false;
    }

    return true;
}


bool
nt_providers_conf(nt_buf_t *conf, const nt_cli_options_t *options)
{
    for (size_t i = 0; i < NT_PROVIDERS_N; i++) {
        if (is_there(&providers[i]) && !conf_provider(conf, &providers[i])) {
            return false;
        }
    }

    if (!check_option(options->provider)) {
        return false;
    }

    conf_rules(conf, options);

    return true;
}
