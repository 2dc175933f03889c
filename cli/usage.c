#include "cli/usage.h"

#define NT_USAGE_HOME                                                          \
    "  --home DIR           workflows, assets, logs (default "                 \
    "$NODETOOL_HOME,\n"                                                        \
    "                       else ~/.local/share/nodetool)\n"

#define NT_USAGE_CHAT                                                          \
    "  --provider NAME      of models that no rule gives a provider:\n"        \
    "                       openai, anthropic, gemini, mistral, ollama\n"      \
    "                       or echo\n"                                         \
    "  --default-model M    of chats that name none\n"

#define NT_USAGE_ENGINE                                                        \
    "  --workflow FILE      serve this workflow as well; may be repeated\n"    \
    "  --redis URL          use this Redis instead of a private one "          \
    "(default\n"                                                               \
    "                       $NODETOOL_REDIS_URL)\n"                            \
    "  --http-allow LIST    networks that HTTP nodes may reach beside the\n"   \
    "                       Internet: \"private\" and CIDR blocks, with "      \
    "commas\n"                                                                 \
    "                       (default $NODETOOL_HTTP_ALLOW)\n"                  \
    "  --allow-code         run the code of nodetool.code nodes, in a "        \
    "sandbox\n"                                                                \
    "  --allow-code-network ... that has the network\n"                        \
    "  --store redis|memory memory: without Redis; jobs end with the "         \
    "server\n"                                                                 \
    "  --help\n"                                                               \
    "\n"                                                                       \
    "Behind -- stand options of nodetool-engine, such as --max-user 4; see\n"  \
    "nodetool-engine --help.\n"

#define NT_USAGE_ENVIRONMENT                                                   \
    "\n"                                                                       \
    "Environment:\n"                                                           \
    "  AUTH_PROVIDER        none, local, static, supabase, oidc; without it "  \
    "local on\n"                                                               \
    "                       a loopback address and static on any other\n"      \
    "  WORKER_AUTH_TOKEN    a token for the last three; else those of the "    \
    "home (see\n"                                                              \
    "                       nodetool token --help)\n"                          \
    "  SUPABASE_URL         of the project; SUPABASE_JWT_SECRET if it signs "  \
    "with one,\n"                                                              \
    "                       SUPABASE_KEY to ask it about tokens\n"             \
    "  OIDC_ISSUER, OIDC_AUDIENCE\n"                                           \
    "                       of tokens; OIDC_ADMIN_CLAIM and OIDC_ADMIN_VALUE " \
    "of those\n"                                                               \
    "                       of administrators\n"                               \
    "  AUTH_CACHE_TTL, AUTH_CACHE_MAX\n"                                       \
    "                       seconds that good tokens are remembered, and how " \
    "many\n"                                                                   \
    "  SSL_CERT_FILE        certificates of an authority of yours\n"           \
    "  X_API_KEY, X_BASE_URL for X = OPENAI, ANTHROPIC, GEMINI, MISTRAL;\n"    \
    "  OLLAMA_API_URL       providers of chat\n"

#define NT_USAGE_SETTINGS                                                      \
    "  SECRETS_MASTER_KEY   what secrets are encrypted with; else that of "    \
    "the\n"                                                                    \
    "                       home\n"                                            \
    "Nodes take keys and settings of their own from it.\n"

#define NT_USAGE_SIGNALS                                                       \
    "\n"                                                                       \
    "Ctrl-C and SIGTERM let streams end, then stop; SIGHUP reloads nginx.\n"

static const char usage_worker[] =
    "Usage: nodetool worker [OPTION]... [-- ENGINE-OPTION...]\n"
    "Serves chat, workflows and storage, with its own nginx, engine and "
    "Redis.\n"
    "\n"
    "  --host ADDRESS       where to listen (default 0.0.0.0)\n"
    "  --port PORT          (default $PORT, else 7777)\n" NT_USAGE_HOME
        NT_USAGE_CHAT NT_USAGE_ENGINE NT_USAGE_ENVIRONMENT NT_USAGE_SETTINGS
            NT_USAGE_SIGNALS;

static const char usage_editor[] =
    "Usage: nodetool serve [OPTION]... [-- ENGINE-OPTION...]\n"
    "Serves NodeTool's editor and the console at /console: the control plane,\n"
    "WebSockets, chat and storage, with its own nginx, engine and Redis. For "
    "a\n"
    "machine of one's own; deploy with nodetool worker.\n"
    "\n"
    "  --host ADDRESS       where to listen (default 127.0.0.1)\n"
    "  --port PORT          (default $PORT, else 7777)\n" NT_USAGE_HOME
        NT_USAGE_CHAT NT_USAGE_ENGINE NT_USAGE_ENVIRONMENT
    "  NODETOOL_ENABLE_TERMINAL_WS\n"
    "                       1: a shell of this machine at /terminal, never "
    "with\n"
    "                       ENV=production\n" NT_USAGE_SETTINGS
        NT_USAGE_SIGNALS;

static const char usage_chat[] =
    "Usage: nodetool chat-server [OPTION]...\n"
    "Serves chat, messages, responses, embeddings and models of /v1/, with "
    "its\n"
    "own nginx.\n"
    "\n"
    "  --host ADDRESS       where to listen (default 0.0.0.0)\n"
    "  --port PORT          (default $PORT, else 8080)\n"
    "  --home DIR           token, logs (default $NODETOOL_HOME,\n"
    "                       else ~/.local/share/nodetool)\n" NT_USAGE_CHAT
    "  --help\n" NT_USAGE_ENVIRONMENT NT_USAGE_SIGNALS;


const char *
nt_usage(nt_surface_t surface)
{
    switch (surface) {
    case NT_SURFACE_CHAT:
        return usage_chat;
    case NT_SURFACE_EDITOR:
        return usage_editor;
    default:
        return usage_worker;
    }
}
