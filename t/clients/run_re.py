# The regex nodes of NodeTool by Python's re: one JSON line for each case of
# re.json, [node, pattern, text, argument].

import json
import re
import sys


def run(node, pattern, text, arg=None):
    flags = 0
    if node in ("ExtractRegex", "FindAllRegex"):
        for name, flag in (("d", re.S), ("i", re.I), ("m", re.M)):
            flags |= flag if name in (arg or "") else 0
    if node == "ExtractRegex":
        match = re.search(pattern, text, flags)
        return list(match.groups()) if match else []
    if node == "FindAllRegex":
        return re.findall(pattern, text, flags)
    if node == "RegexMatch":
        return [m.group(arg or 0) for m in re.finditer(pattern, text)]
    if node == "RegexReplace":
        return re.sub(pattern, arg, text)
    if node == "RegexSplit":
        return re.split(pattern, text, maxsplit=arg or 0)
    return bool(re.match(pattern, text))


for case in json.load(open(sys.argv[1])):
    try:
        print(json.dumps({"output": run(*case)}))
    except re.error:
        print(json.dumps({"error": True}))
    except IndexError:
        print(json.dumps({"error": True}))
