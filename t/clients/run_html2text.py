# HTML by html2text as NodeTool calls it: one JSON line for each case of
# html2text.json, [html, properties of HtmlToText].

import json
import sys

import html2text

for html, properties in json.load(open(sys.argv[1])):
    h = html2text.HTML2Text(baseurl=properties.get("base_url", ""),
                            bodywidth=properties.get("body_width", 1000))
    h.ignore_images = properties.get("ignore_images", True)
    h.ignore_mailto_links = properties.get("ignore_mailto_links", True)
    print(json.dumps({"output": h.handle(html)}))
