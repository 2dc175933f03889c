#include "engine/agents/tool_run.h"

/* An argument that is not NULL tells Claude Code's parameters. */

static const nt_tool_param_t claude_read_params[] = {
    { "file_path", "string", "The file, relative to the workspace", true },
    { "offset", "integer", "Line to start at, counted from 1", false },
    { "limit", "integer", "Number of lines", false },
    { NULL, NULL, NULL, false }
};

static const nt_tool_param_t claude_write_params[] = {
    { "file_path", "string", "The file, relative to the workspace", true },
    { "content", "string", "What the file is to hold", true },
    { NULL, NULL, NULL, false }
};

static const nt_tool_param_t claude_edit_params[] = {
    { "file_path", "string", "The file, relative to the workspace", true },
    { "old_string", "string", "The text to replace, as it stands there", true },
    { "new_string", "string", "What comes in its place", true },
    { "replace_all", "boolean", "In all places, not in the only one", false },
    { NULL, NULL, NULL, false }
};

static const nt_tool_param_t claude_glob_params[] = {
    { "pattern", "string", "For example *.txt, or **/*.txt for all folders",
      true },
    { "path", "string", "The folder to look in; the workspace if missing",
      false },
    { NULL, NULL, NULL, false }
};

static const nt_tool_param_t claude_list_params[] = {
    { "path", "string", "The folder, relative to the workspace", true },
    { NULL, NULL, NULL, false }
};

static const nt_tool_param_t claude_fetch_params[] = {
    { "url", "string", "The page's address", true }, { NULL, NULL, NULL, false }
};

static const nt_tool_param_t claude_bash_params[] = {
    { "command", "string", "The command", true },
    { "timeout", "integer", "In milliseconds, at most 600000", false },
    { NULL, NULL, NULL, false }
};

static const nt_tool_param_t claude_search_params[] = {
    { "query", "string", "What to search for", true },
    { NULL, NULL, NULL, false }
};

const nt_tool_t nt_tools_claude[] = {
    { .name = "Read",
      .description = "Reads a text file of the workspace, or some lines of it.",
      .params = claude_read_params,
      .message = "Reading {file_path}",
      .run = nt_tool_read_file,
      .arg = "" },
    { .name = "Write",
      .description = "Writes a text file of the workspace, over one that is "
                     "there.",
      .params = claude_write_params,
      .message = "Writing {file_path}",
      .run = nt_tool_write_file,
      .arg = "" },
    { .name = "Edit",
      .description = "Replaces a text in a file of the workspace.",
      .params = claude_edit_params,
      .message = "Editing {file_path}",
      .run = nt_tool_edit_file },
    { .name = "Glob",
      .description = "Finds files of the workspace by their names.",
      .params = claude_glob_params,
      .message = "Looking for {pattern}",
      .run = nt_tool_glob },
    { .name = "LS",
      .description = "Lists a folder of the workspace.",
      .params = claude_list_params,
      .message = "Listing {path}",
      .run = nt_tool_list_folder },
    { .name = "Bash",
      .description = "Runs a command of Bash in a sandbox, whose folder is the "
                     "workspace.",
      .params = claude_bash_params,
      .message = "Running {command}",
      .run = nt_tool_bash },
    { .name = "WebFetch",
      .description = "Fetches a web page and returns its text as Markdown.",
      .params = claude_fetch_params,
      .message = "Reading {url}",
      .run = nt_tool_browse },
    { .name = "WebSearch",
      .description = "Searches the web with Google.",
      .params = claude_search_params,
      .message = "Searching for {query}",
      .run = nt_tool_search },
    { .name = NULL }
};
