#include "engine/agents/tool.h"

const nt_tool_t nt_tools_search[] = { { .name = NULL } };
