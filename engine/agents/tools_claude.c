#include "engine/agents/tool_run.h"

/* An argument that is not NULL tells Claude Code's parameters. */

static const char claude_read_schema[] = NT_TOOL_OBJECT(
    NT_TOOL_TEXT(
        "file_path",
        "The file, relative to the workspace") ","
                                               "\"offset\":{\"type\":"
                                               "\"integer\",\"description\":"
                                               "\"Line to start at, "
                                               "counted from "
                                               "1\"},\"limit\":{\"type\":"
                                               "\"integer\",\"description\":"
                                               "\"Number of lines\"}",
    "\"file_path\"");

static const char claude_write_schema[] = NT_TOOL_OBJECT(
    NT_TOOL_TEXT("file_path",
                 "The file, relative to the "
                 "workspace") "," NT_TOOL_TEXT("content",
                                               "What the file is to hold"),
    "\"file_path\",\"content\"");

static const char claude_edit_schema[] = NT_TOOL_OBJECT(
    NT_TOOL_TEXT(
        "file_path",
        "The file, relative to the "
        "workspace") "," NT_TOOL_TEXT("old_string",
                                      "The text to replace, as it stands "
                                      "there") "," NT_TOOL_TEXT("new_string",
                                                                "What comes "
                                                                "in its "
                                                                "place") ","
                                                                         "\""
                                                                         "re"
                                                                         "pl"
                                                                         "ac"
                                                                         "e_"
                                                                         "al"
                                                                         "l"
                                                                         "\""
                                                                         ":{"
                                                                         "\""
                                                                         "ty"
                                                                         "pe"
                                                                         "\""
                                                                         ":"
                                                                         "\""
                                                                         "bo"
                                                                         "ol"
                                                                         "ea"
                                                                         "n"
                                                                         "\""
                                                                         ","
                                                                         "\""
                                                                         "de"
                                                                         "fa"
                                                                         "ul"
                                                                         "t"
                                                                         "\""
                                                                         ":f"
                                                                         "al"
                                                                         "se"
                                                                         "}",
    "\"file_path\",\"old_string\",\"new_string\"");

static const char claude_glob_schema[] = NT_TOOL_OBJECT(
    NT_TOOL_TEXT("pattern",
                 "For example *.txt, or **/*.txt for "
                 "all folders") "," NT_TOOL_TEXT("path",
                                                 "The folder to look in; the "
                                                 "workspace if missing"),
    "\"pattern\"");

static const char claude_list_schema[] =
    NT_TOOL_OBJECT(NT_TOOL_TEXT("path",
                                "The folder, relative to the workspace"),
                   "\"path\"");

static const char claude_fetch_schema[] =
    NT_TOOL_OBJECT(NT_TOOL_TEXT("url", "The page's address"), "\"url\"");

static const char claude_bash_schema[] =
    NT_TOOL_OBJECT(NT_TOOL_TEXT("command", "The command") "," NT_TOOL_INT(
                       "timeout", "In milliseconds, at most 600000"),
                   "\"command\"");

static const char claude_search_schema[] =
    NT_TOOL_OBJECT(NT_TOOL_TEXT("query", "What to search for"), "\"query\"");

const nt_tool_t nt_tools_claude[] = {
    { .name = "Read",
      .description = "Reads a text file of the workspace, or some lines of it.",
      .parameters = claude_read_schema,
      .message = "Reading {file_path}",
      .run = nt_tool_read_file,
      .arg = "" },
    { .name = "Write",
      .description = "Writes a text file of the workspace, over one that is "
                     "there.",
      .parameters = claude_write_schema,
      .message = "Writing {file_path}",
      .run = nt_tool_write_file,
      .arg = "" },
    { .name = "Edit",
      .description = "Replaces a text in a file of the workspace.",
      .parameters = claude_edit_schema,
      .message = "Editing {file_path}",
      .run = nt_tool_edit_file },
    { .name = "Glob",
      .description = "Finds files of the workspace by their names.",
      .parameters = claude_glob_schema,
      .message = "Looking for {pattern}",
      .run = nt_tool_glob },
    { .name = "LS",
      .description = "Lists a folder of the workspace.",
      .parameters = claude_list_schema,
      .message = "Listing {path}",
      .run = nt_tool_list_folder },
    { .name = "Bash",
      .description = "Runs a command of Bash in a sandbox, whose folder is the "
                     "workspace.",
      .parameters = claude_bash_schema,
      .message = "Running {command}",
      .run = nt_tool_bash },
    { .name = "WebFetch",
      .description = "Fetches a web page and returns its text as Markdown.",
      .parameters = claude_fetch_schema,
      .message = "Reading {url}",
      .run = nt_tool_browse },
    { .name = "WebSearch",
      .description = "Searches the web with Google.",
      .parameters = claude_search_schema,
      .message = "Searching for {query}",
      .run = nt_tool_search },
    { .name = NULL }
};
