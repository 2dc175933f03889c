# Renders the templates of jinja2.json by Jinja2; one JSON line each.

import json
import sys

import jinja2

cases, values = (json.load(open(path)) for path in sys.argv[1:3])
env = jinja2.Environment()

for case in cases:
    if case.startswith("-- "):
        continue
    try:
        print(json.dumps({"output": env.from_string(case).render(**values)}))
    except Exception as e:
        print(json.dumps({"error": str(e)}))
