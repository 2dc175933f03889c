package NodeTool::Console;

# A worker with the console, for browsers: nginx with a token, an engine with
# workflows of all kinds, a mock provider that takes its time.

use strict;
use warnings;

use File::Path qw(make_path);
use Time::HiRes qw(sleep);

use NodeTool::MockOpenAI;
use NodeTool::PNG;
use NodeTool::Test;
use NodeTool::Workflows;

our $TOKEN = 'console-test-token';

my $MARKDOWN = <<'MD';
## A plan

A *short* list, with **weight** and `code`:

1. First
2. Second
   - inside

| Language | Good at |
|---|---|
| C | servers |
| Perl | tests |

```c
return NGX_OK;
```

> A quote. <img src=x onerror="alert(1)"> stays text.

[A link](https://example.org/) and [none](javascript:alert(1)).
MD

# Models: "slow" sends a word each 30 ms, "markdown" a document, "error-429"
# an error, "broken" ends before its end.
sub provider {
    my ($c, $req) = @_;

    my $json = $req->{json} || {};
    my $model = $json->{model} || '';
    if ($req->{path} =~ m{/models$}) {
        return $c->json(200, { object => 'list', data => [
            map { { id => $_, object => 'model', created => 1700000000,
                    owned_by => 'mock' } } qw(broken error-429 markdown slow) ] });
    }
    return NodeTool::MockOpenAI::answer($c, $req) if $model =~ /^error/;

    my @words = $model eq 'markdown' ? $MARKDOWN =~ /(\S*\s*)/g
        : $model eq 'slow' ? map { "word $_. " } 1 .. 200 : ('Half a sent');
    my ($first, @rest) = NodeTool::MockOpenAI::chunks($model, \@words, $json);
    $c->stream;
    for my $chunk ($first, @rest) {
        $c->event($chunk) or return $c->close;
        sleep 0.03 if $model eq 'slow';
        return $c->close if $model eq 'broken' && $chunk != $first;
    }
    return $c->done;
}

# A workflow whose input is given on.
sub input {
    my ($name, $type, $data) = @_;

    return NodeTool::Workflows::chain($name,
        [$type, { name => 'value', %{ $data || {} } }],
        ['nodetool.output.Output', { name => 'output' }, 'value']);
}

sub workflows {
    my ($t, $engine) = @_;

    my $store = sub { NodeTool::Workflows::store($t, $engine, @_) };
    for my $name (qw(greeting temperature-check title-list)) {
        $store->($name, $t->decode($t->read_file(
            "$NodeTool::Test::ROOT/examples/$name.json")));
    }
    my $ticks = NodeTool::Workflows::ticks(count => 25, ms => 60, size => 8);
    $ticks->{description} = 'Sends a word from time to time.';
    $store->('ticks', $ticks);
    my $fails = NodeTool::Workflows::ticks(count => 3, ms => 20, size => 8,
        fail => \1);
    $store->('fails', { %$fails, name => 'Broken clock',
        description => 'A node of it fails.' });
    $store->('long', { %{ NodeTool::Workflows::slow(60_000) },
        name => 'Long', description => 'Takes a minute.' });
    $store->('picture', { %{ input('Picture',
        'nodetool.input.ImageInput') }, description => 'Shows an image.' });
    $store->('sound', { %{ input('Sound', 'nodetool.input.AudioInput') },
        description => 'Plays a sound.' });
    $store->('paper', { %{ input('Paper', 'nodetool.input.DocumentInput') },
        description => 'Gives a document on.' });
    $store->('table', { %{ input('Table', 'nodetool.input.DataframeInput') },
        description => 'Shows a table.' });
    $store->('data', { %{ input('Data', 'nodetool.constant.Dict',
        { value => { name => 'Ada', born => 1815, langs => ['en', 'fr'] } }) },
        description => 'Shows an object.' });
    $store->('kinds', kinds());
    return;
}

# All kinds of fields.
sub kinds {
    my @inputs = (
        ['Text', 'nodetool.input.StringInput', { value => "one\ntwo" }],
        ['Count', 'nodetool.input.IntegerInput',
            { value => 3, min => 1, max => 10 }],
        ['Share', 'nodetool.input.FloatInput',
            { value => 0.5, min => 0, max => 1 }],
        ['Sure', 'nodetool.input.BooleanInput', { value => \1 }],
        ['Colour', 'nodetool.input.SelectInput',
            { value => 'red', options => ['red', 'green', 'blue'] }],
        ['List', 'nodetool.input.StringListInput', { value => ['a', 'b'] }],
    );
    my (@nodes, @edges);
    for my $i (0 .. $#inputs) {
        my ($name, $type, $data) = @{ $inputs[$i] };
        push @nodes, { id => "in$i", type => $type,
            data => { name => lc $name, %$data } },
            { id => "out$i", type => 'nodetool.output.Output',
              data => { name => lc($name) . '_out' } };
        push @edges, { id => "e$i", source => "in$i",
            sourceHandle => 'output', target => "out$i",
            targetHandle => 'value' };
    }
    return { name => 'All kinds', description => 'A field of each kind.',
        graph => { nodes => \@nodes, edges => \@edges } };
}

# A small picture with something to see.
sub picture {
    my $size = 96;

    return NodeTool::PNG::encode($size, $size, 3, [map {
        my ($x, $y) = ($_ % $size, int($_ / $size));
        my $in = ($x - 48) ** 2 + ($y - 48) ** 2 < 1400;
        ($in ? 240 : 30 + $x, $in ? 180 - $y : 60 + $y, $in ? 60 : 200)
    } 0 .. $size * $size - 1]);
}

# What the http level needs, for both surfaces.
sub http {
    my ($engine) = @_;

    return <<"HTTP";
        upstream nodetool_engine { server unix:$engine->{socket}; keepalive 8; }
        map \$sent_http_content_type \$nodetool_storage_csp {
            default "";
            "~*html|xml|svg" sandbox;
        }
        nodetool_errors on;
        nodetool_model echo* echo;
HTTP
}

# Starts it all. { port, engine, ... } of nginx.
sub start {
    my ($t, %opt) = @_;

    my $mock = NodeTool::MockOpenAI->start($t, 'mock', \&provider);
    my $engine = $t->engine(store => 'redis',
        args => ['--nodes', NodeTool::Workflows::slow_nodes($t)]);
    workflows($t, $engine);
    # nginx and the engine share the store
    make_path("$engine->{home}/storage");
    symlink "$engine->{home}/storage", "$t->{dir}/storage" or die "symlink: $!";
    my $ng = $t->nginx(<<"CONF", http => http($engine) . <<"HTTP");
        nodetool_auth static;
        nodetool_auth_token $TOKEN;
        root $NodeTool::Test::ROOT;
        include %%ROOT%%/conf/nodetool-chat.conf;
        include %%ROOT%%/conf/nodetool-worker.conf;
        include %%ROOT%%/conf/nodetool-console.conf;
        location / { root /dev/null; try_files \$uri =404; }
CONF
        nodetool_provider mock { url http://127.0.0.1:$mock->{port}/v1; key k; }
        nodetool_model * mock;
HTTP
    $ng->{engine} = $engine;
    return $ng;
}

# An editor over the same engine, for this machine: nobody signs in.
sub editor {
    my ($t, $engine) = @_;

    return $t->nginx(<<"CONF", http => http($engine), name => 'nginx-editor');
        nodetool_auth local;
        root $NodeTool::Test::ROOT;
        include %%ROOT%%/conf/nodetool-chat.conf;
        include %%ROOT%%/conf/nodetool-editor.conf;
        include %%ROOT%%/conf/nodetool-console.conf;
        location / { root /dev/null; try_files \$uri =404; }
CONF
}

1;
