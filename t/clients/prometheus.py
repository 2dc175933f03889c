"""Reads a page of metrics, in both formats, with Prometheus' own parsers."""

import os
import sys
import urllib.request

from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics)
from prometheus_client.parser import text_string_to_metric_families as text

failed = False


def ok(good, name):
    global failed
    print(("" if good else "not ") + "ok - " + name)
    failed = failed or not good


def get(accept):
    request = urllib.request.Request(os.environ["METRICS_URL"],
                                     headers={"Accept": accept})
    with urllib.request.urlopen(request) as reply:
        return reply.headers["Content-Type"], reply.read().decode()


def samples(families):
    return {(s.name, tuple(sorted(s.labels.items()))): s.value
            for f in families for s in f.samples}


def histogram(families, name):
    """Of each set of labels: its buckets in order, and its count."""
    buckets, counts = {}, {}
    for sample in families[name].samples:
        labels = tuple(sorted((k, v) for k, v in sample.labels.items()
                              if k != "le"))
        if sample.name.endswith("_bucket"):
            buckets.setdefault(labels, []).append(
                (float(sample.labels["le"]), sample.value))
        elif sample.name.endswith("_count"):
            counts[labels] = sample.value
    return buckets, counts


kind, body = get("text/plain")
ok(kind == "text/plain; version=0.0.4; charset=utf-8", "text is what it says")
families = {f.name: f for f in text(body)}

kind, body = get("application/openmetrics-text;version=1.0.0")
ok(kind == "application/openmetrics-text; version=1.0.0; charset=utf-8",
   "OpenMetrics is what it says")
open_families = {f.name: f for f in openmetrics(body)}

ok(set(families) == set(open_families), "both have the same families")
ok(samples(families.values()) == samples(open_families.values()),
   "both have the same samples")

for name, family in open_families.items():
    ok(family.documentation != "" and family.type in
       ("counter", "gauge", "histogram"), name + " has a help and a type")

for name in ("gen_ai_client_operation_duration_seconds",
             "gen_ai_client_token_usage",
             "gen_ai_server_time_to_first_token_seconds",
             "gen_ai_server_time_per_output_token_seconds"):
    buckets, counts = histogram(open_families, name)
    ok(len(buckets) > 0, name + " has samples")
    ok(all(b == sorted(b) and [v for _, v in b] == sorted(v for _, v in b)
           and b[-1] == (float("inf"), counts[labels])
           for labels, b in buckets.items()),
       name + " has buckets that grow to its count")

users = {s.labels["nodetool_user"]
         for s in open_families["nodetool_user_requests"].samples}
ok('we"ird\\' in users, "labels are escaped")

sys.exit(failed)
