#!/usr/bin/perl

# The clients of NodeTool's documentation: Python's requests, JavaScript's
# fetch and curl, against a worker with a token.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use NodeTool::Test;
use NodeTool::Workflows;

my $t = NodeTool::Test->new;
my $nodes = NodeTool::Workflows::slow_nodes($t);
my $e = $t->engine(args => ['--nodes', $nodes]);
my $ng = $t->nginx(<<'CONF', modules => ['base', 'auth', 'workflow']);
    nodetool_errors on;
    nodetool_engine unix:%%ENGINE%%;
    nodetool_auth static;
    nodetool_auth_token secret-token;
    location /workflows { nodetool_workflow; }
    location /jobs { nodetool_workflow; }
CONF

NodeTool::Workflows::store($t, $e, 'greet', NodeTool::Workflows::greet());
NodeTool::Workflows::store($t, $e, 'ticks',
    NodeTool::Workflows::ticks(count => 3, ms => 20));

my @env = ("NODETOOL_URL=http://127.0.0.1:$ng->{port}",
           'NODETOOL_TOKEN=secret-token');

# Runs a program with an argument file; its standard output, parsed as JSON.
sub client {
    my ($name, $program, $file, $source) = @_;

    my $path = $t->write_file($file, $source);
    open my $fh, '-|', 'env', @env, $program, $path or die "$program: $!";
    local $/;
    my $out = <$fh>;
    close $fh;
    is($?, 0, "$name: its status");
    my $result = eval { $t->decode($out) };
    diag("$name printed: $out") if !$result;
    return $result || {};
}

sub check {
    my ($name, $got) = @_;

    is($got->{run}{output}, 'Hello, Ada!', "$name: run");
    is($got->{run}{results}{output}, 'Hello, Ada!', "$name: its results");
    is($got->{run}{status}, 'completed', "$name: its status");
    is_deeply($got->{workflows}, ['greet', 'ticks'], "$name: list");
    is($got->{missing}{status}, 404, "$name: no such workflow");
    is($got->{missing}{body}{error}{message}, 'Workflow not found: invalid_id',
        "$name: its error");
    is($got->{no_token}, 401, "$name: no token");
    is($got->{stream}[0]{status}, 'running', "$name: the stream starts");
    is($got->{stream}[-1]{status}, 'completed', "$name: and ends");
    is(scalar(grep { $_->{type} eq 'output_update' } @{ $got->{stream} }), 3,
        "$name: three outputs");
    is($got->{done}, $JSON::PP::true, "$name: [DONE]");
    is($got->{job}{status}, 'completed', "$name: the job");
    is($got->{jobs}, 2, "$name: jobs so far");
    return;
}

# --- Python -------------------------------------------------------------------

# A Python that has requests: the system's, or one in a virtual environment.
sub python {
    return 'python3' if system('python3 -c "import requests" 2>/dev/null') == 0;
    my $venv = "$NodeTool::Test::BUILD/venv-requests";
    return "$venv/bin/python3"
        if system("$venv/bin/python3 -c 'import requests' 2>/dev/null") == 0;
    system("python3 -m venv $venv >/dev/null 2>&1 && "
        . "$venv/bin/pip install -q requests >/dev/null 2>&1");
    return $? == 0 ? "$venv/bin/python3" : undef;
}

SKIP: {
    my $python = python() or skip 'no PyPI: requests is not there', 1;
    check('requests', client('requests', $python, 'client.py', <<'PY'));
import json
import os

import requests

BASE_URL = os.environ["NODETOOL_URL"]
HEADERS = {"Authorization": f"Bearer {os.environ['NODETOOL_TOKEN']}"}
out = {}

# run a workflow
response = requests.post(
    f"{BASE_URL}/workflows/greet/run",
    headers=HEADERS,
    json={"params": {"name": "Ada"}},
)
response.raise_for_status()
out["run"] = response.json()

# run it and follow the events
out["stream"] = []
out["done"] = False
response = requests.post(
    f"{BASE_URL}/workflows/ticks/run/stream",
    headers=HEADERS,
    json={"params": {}},
    stream=True,
)
response.raise_for_status()
for line in response.iter_lines():
    if not line:
        continue
    line = line.decode("utf-8")
    if line.startswith("data: "):
        data = line[6:]
        if data == "[DONE]":
            out["done"] = True
            break
        out["stream"].append(json.loads(data))

# workflows and jobs
workflows = requests.get(f"{BASE_URL}/workflows", headers=HEADERS).json()
out["workflows"] = [w["id"] for w in workflows["workflows"]]
job_id = out["stream"][-1]["job_id"]
out["job"] = requests.get(f"{BASE_URL}/jobs/{job_id}", headers=HEADERS).json()
jobs = requests.get(f"{BASE_URL}/jobs", headers=HEADERS).json()
out["jobs"] = len(jobs["jobs"])

# errors
response = requests.post(
    f"{BASE_URL}/workflows/invalid_id/run", headers=HEADERS, json={"params": {}}
)
out["missing"] = {"status": response.status_code, "body": response.json()}
out["no_token"] = requests.get(f"{BASE_URL}/workflows").status_code

print(json.dumps(out))
PY
}

# --- JavaScript ------------------------------------------------------------------

SKIP: {
    skip 'no node with fetch', 1
        if system('node -e "process.exit(typeof fetch === \'function\' ? 0 : 1)"'
            . ' >/dev/null 2>&1') != 0;
    my $got = client('fetch', 'node', 'client.mjs', <<'JS');
const BASE_URL = process.env.NODETOOL_URL;
const headers = {
  Authorization: `Bearer ${process.env.NODETOOL_TOKEN}`,
  "Content-Type": "application/json",
};
const out = { stream: [], done: false };

// run a workflow
let response = await fetch(`${BASE_URL}/workflows/greet/run`, {
  method: "POST",
  headers,
  body: JSON.stringify({ params: { name: "Ada" } }),
});
out.run = await response.json();

// run it and follow the events
response = await fetch(`${BASE_URL}/workflows/ticks/run/stream`, {
  method: "POST",
  headers,
  body: JSON.stringify({ params: {} }),
});
const reader = response.body.getReader();
const decoder = new TextDecoder();
let buffer = "";
while (true) {
  const { done, value } = await reader.read();
  if (done) break;
  buffer += decoder.decode(value, { stream: true });
  const lines = buffer.split("\n");
  buffer = lines.pop();
  for (const line of lines) {
    if (!line.startsWith("data: ")) continue;
    const data = line.slice(6);
    if (data === "[DONE]") out.done = true;
    else out.stream.push(JSON.parse(data));
  }
}

// workflows and jobs
const get = async (path) =>
  (await fetch(`${BASE_URL}${path}`, { headers })).json();
out.workflows = (await get("/workflows")).workflows.map((w) => w.id);
out.job = await get(`/jobs/${out.stream.at(-1).job_id}`);
out.jobs = (await get("/jobs?limit=2")).jobs.length;

// errors
response = await fetch(`${BASE_URL}/workflows/invalid_id/run`, {
  method: "POST",
  headers,
  body: JSON.stringify({ params: {} }),
});
out.missing = { status: response.status, body: await response.json() };
out.no_token = (await fetch(`${BASE_URL}/workflows`)).status;

console.log(JSON.stringify(out));
JS
    check('fetch', $got);
}

# --- curl: a real workflow of NodeTool ---------------------------------------------

SKIP: {
    my $file = "$NodeTool::Test::ROOT/../shared/examples/"
        . 'Conditional Logic Engine.json';
    skip 'no ../shared/examples', 1 if !-f $file;

    my $url = "http://127.0.0.1:$ng->{port}/workflows/conditional";
    my @curl = ('curl', '-sS', '--max-time', 20, '-H',
        'Authorization: Bearer secret-token');
    my $curl = sub {
        open my $fh, '-|', @curl, @_ or die "curl: $!";
        local $/;
        return <$fh>;
    };

    my $out = $t->decode($curl->('-T', $file, "$url"));
    is($out->{name}, 'Conditional Logic Engine', 'curl -T: it is stored');
    is($out->{input_schema}{properties}{value}{type}, 'integer',
        'its input is an integer');

    for ([75, 'False', 'False'], [30, 'False', 'True'], [100, 'False', 'False'])
    {
        my ($value, $over, $under) = @$_;
        $out = $t->decode($curl->("$url/run", '-H',
            'Content-Type: application/json', '-d',
            qq({"params": {"value": $value}})));
        is($out->{status}, 'completed', "curl: run with $value")
            or diag($t->encode($out));
        my $text = $out->{output}{decision_result} || '';
        like($text, qr/\*\*Input Value:\*\* $value$/m, ' its value');
        like($text, qr/Greater than 100\? $over$/m, " over 100: $over");
        like($text, qr/Less than 50\? $under$/m, " under 50: $under");
        unlike($text, qr/\{\{/, ' the template is filled in');
    }
    is($t->decode($curl->("$url/run", '-X', 'POST'))->{status}, 'completed',
        'curl: run with the default');
    $out = $t->decode($curl->("$url/run", '-d', '{"params": {"value": 101}}',
        '-H', 'Content-Type: application/json'));
    is($out->{error}{code}, 422, 'curl: a value over its maximum');
    like($out->{error}{message}, qr/value.*100/, ' and the message says so');

    $out = $curl->('-N', '-X', 'POST', "$url/run/stream");
    like($out, qr/^id: 1\ndata: \{"type":"job_update","status":"running"/,
        'curl -N: the stream');
    like($out, qr/"status":"completed".*\n\ndata: \[DONE\]\n\n\z/, 'its end');
}

$t->done;
